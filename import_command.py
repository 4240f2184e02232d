"""The command ``shiori import``: what it asks, what it says, and the bar that tells how far it is."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import intake
import models
import preview
from columns import COLUMNS, folded
from rules import Policy, library_day
from title_records import RefusedRow
from wording import Wording

_LONGEST_BARCODE = 20
_TOLD = 20  # rows that are refused, where they are not written to a file
_BAR = 30  # signs


class CannotImport(Exception):
    """What was asked for makes no sense or cannot be done: the exit status, the key of a sentence, facts."""

    def __init__(self, status: int, key: str, **facts):
        super().__init__(key)
        self.status, self.key, self.facts = status, key, facts


def add_arguments(parser: ArgumentParser, wording: Wording) -> None:
    def add(name: str, text: str, **how) -> None:
        parser.add_argument(name, help=wording.t(f"cli.import_{text}"), **how)

    add("file", "file", type=Path, metavar="FILE")
    add("--dry-run", "dry_run", action="store_true")
    add("--column", "column", action="append", default=[], metavar="NAME=COLUMN")
    add("--branch", "branch", default="", metavar="ID")
    add("--material", "material", default="", metavar="ID")
    add("--encoding", "encoding", metavar="NAME")
    add("--barcode-length", "barcode_length", type=int, default=0, metavar="N")
    add("--refused", "refused", type=Path, metavar="PATH")


def run(asked, policy: Policy, wording: Wording) -> int:
    """Import, or only say what would come of it.  Exit status 1 where rows were refused."""

    def say(row: RefusedRow) -> str:
        return wording.t(row.reason, **row.facts)

    choices = _choices(asked, policy)
    found = _found(asked, policy, choices)
    if asked.dry_run:
        _tell_understood(found, policy, choices, wording, say)
    act = intake.weigh if asked.dry_run else intake.store
    today = library_day(datetime.now(UTC))
    stored = act(models.db, found, today, _bar(wording, found.rows), policy)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    key = "cli.would_import" if asked.dry_run else "cli.imported"
    print(wording.t(key, **preview.counts(stored)))
    for sentence, n, line in preview.reasons(stored.noted, say):
        print("  " + wording.t("cli.refused_for", reason=sentence, n=n, line=line))
    if not stored.refused:
        return 0
    for sentence, n, line in preview.reasons(stored.refused, say):
        print("  " + wording.t("cli.refused_for", reason=sentence, n=n, line=line))
    if asked.dry_run:
        return 1
    path = asked.refused or Path(f"{asked.file}.refused.csv")
    words = (wording.t("import.line_word"), wording.t("import.reason_word"))
    path.write_bytes(intake.refused_rows(found, stored.refused, say, words))
    print(wording.t("cli.refused_written", given=path))
    return 1


def _choices(asked, policy: Policy) -> intake.Choices:
    columns = {}
    for pair in asked.column:
        name, equals, column = pair.rpartition("=")
        if not equals or (column and column not in COLUMNS):
            raise CannotImport(2, "cli.import_bad_column", given=pair, known=list(COLUMNS))
        columns[name] = column
    if asked.branch and policy.branch(asked.branch) is None:
        known = [branch.id for branch in policy.branches]
        raise CannotImport(2, "cli.import_bad_branch", given=asked.branch, known=known)
    if asked.material and policy.material(asked.material) is None:
        known = [material.id for material in policy.materials]
        raise CannotImport(2, "cli.import_bad_material", given=asked.material, known=known)
    if not 0 <= asked.barcode_length <= _LONGEST_BARCODE:
        raise CannotImport(2, "cli.import_bad_length", most=_LONGEST_BARCODE)
    return intake.Choices(columns, asked.branch, asked.material, asked.barcode_length)


def _found(asked, policy: Policy, choices: intake.Choices) -> intake.TitleList:
    try:
        found = intake.open_titles(asked.file, policy, choices, asked.encoding)
    except intake.UnknownFormat as error:
        raise CannotImport(1, "cli.unknown_format", given=asked.file, columns=error.columns) from error
    except intake.Unreadable as error:
        raise CannotImport(1, error.key) from error
    except LookupError as error:  # of what Python knows by this name
        raise CannotImport(2, "cli.import_bad_encoding", given=asked.encoding) from error
    names = {folded(name) for name in found.header.names} if found.header else set()
    for name in choices.columns:
        if folded(name) not in names:
            raise CannotImport(2, "cli.import_no_column", given=name)
    return found


def _tell_understood(found, policy: Policy, choices, wording: Wording, say) -> None:
    if found.encoding:
        print(wording.t("import.encoding", given=found.encoding))
    print(wording.t(f"import.delimiter.{preview.delimiter(found)}"))
    print(wording.t("import.rows", n=found.rows))
    if found.header:
        print(wording.t("cli.import_header", n=found.header.line))
        for name, column in zip(found.header.names, found.header.columns, strict=True):
            if name:
                key = f"import.column.{column}" if column else "import.not_taken"
                print(f"  {name} → {wording.t(key)}" + (f" ({column})" if column else ""))
    for key, facts in preview.hints(found, choices.digits):
        print(wording.t(key, **facts))
    print(wording.t("import.first_rows", n=preview.FIRST))
    for row in preview.first_rows(found, policy):
        if isinstance(row, RefusedRow):
            print("  " + wording.t("cli.refused_row", line=row.line, reason=say(row)))
        else:
            line, known = row
            cells = (f"{wording.t(f'import.column.{name}')} {cell}" for name, cell in known.items())
            print("  " + wording.t("cli.refused_row", line=line, reason=" / ".join(cells)))


def _bar(wording: Wording, total: int) -> Callable[[int], None]:
    """A bar that grows in place, where somebody is looking."""

    def show(done: int) -> None:
        if sys.stderr.isatty():
            full = _BAR * done // max(total, done, 1)
            told = wording.t("cli.import_progress", n=done, total=max(total, done))
            print(f"\r[{'#' * full}{'.' * (_BAR - full)}] {told}", end="", file=sys.stderr, flush=True)

    return show
