"""What `shiori check` looks at: whether what the library has made or keeps is as it has to be.

Each check is a function that gives what it found, one finding a sentence that says what to do; CHECKS lists
them in the order in which they are told.
"""

import contextlib
import difflib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateSyntaxError, meta, nodes
from markupsafe import escape

import call_numbers
import letters
import migrations
import models
import search_index
from letters import Letter, Unusable
from messages import KINDS, Writer
from rules import MailLanguage, Policy
from settings import Settings

_NOWHERE = "https://library.example"  # where no address is set, the texts are tried with this one
_FRAME = "frame.html"
_IN_FRAME = {"lang", "subject", "paragraphs", "foot"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is to be put right: the key of its sentence, and the facts in it."""

    key: str
    facts: Mapping[str, object]


def findings(settings: Settings, policy: Policy) -> Iterator[Finding]:
    for check in CHECKS:
        yield from check(settings, policy)


def own_mail(settings: Settings, policy: Policy) -> Iterator[Finding]:
    """The library's own texts of mails: each is tried with all that can be said, and with as little as can
    be."""
    folder = settings.own_mail
    writer = Writer(policy, settings.url or _NOWHERE, b"", folder)
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.name.startswith("."):
            yield from _text(writer, path, path.relative_to(folder).as_posix())


def index(settings: Settings, _policy: Policy) -> Iterator[Finding]:
    """The search index: whether it holds of each title what the catalogue says."""
    if not settings.database.exists():
        return
    db = models.open_database(settings.database)
    if migrations.version(db) != len(migrations.STEPS):
        return  # the program that starts next brings both up to date
    stale = sum(len(search_index.stale(db, *ids)) for ids in search_index.batches(db))
    if stale:
        yield Finding("check.index", {"n": f"{stale:,}"})


def shelf_order(settings: Settings, policy: Policy) -> Iterator[Finding]:
    """The order of the shelves: whether each piece has the key that its call number gives."""
    if not settings.database.is_file():
        return
    address = f"{settings.database.resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as database:
        database.create_function("shelf_key", 3, call_numbers.shelf_key, deterministic=True)
        if "shelf_key" not in {row[1] for row in database.execute("PRAGMA table_info(item)")}:
            return  # the program that wrote it knew of none; the next start will
        wrong = f"SELECT count(*) FROM item WHERE shelf_key <> {call_numbers.KEYS_SQL}"  # noqa: S608
        (n,) = database.execute(wrong).fetchone()
    if n:
        yield Finding("check.shelf_order", {"n": n})


CHECKS: tuple[Callable[[Settings, Policy], Iterator[Finding]], ...] = (own_mail, index, shelf_order)


def _text(writer: Writer, path: Path, name: str) -> Iterator[Finding]:
    file = {"file": str(path)}
    if name not in letters.names():
        nearest = difflib.get_close_matches(name, letters.names(), n=1)
        if nearest:
            yield Finding("check.unknown.nearest", file | {"nearest": nearest[0]})
        else:
            yield Finding("check.unknown", file)
        return
    try:
        source = path.read_text(encoding="utf-8-sig")
        tree = writer.letters.own.parse(source)
        writer.letters.own.compile(tree)  # finds what is no filter and no test
    except OSError as error:
        yield Finding("check.unreadable", file | {"detail": error.strerror or ""})
    except UnicodeDecodeError:
        yield Finding("check.not_utf8", file)
    except TemplateSyntaxError as error:
        yield Finding("check.syntax", file | {"line": error.lineno, "detail": error.message})
    else:
        yield from _names(writer, tree, name, file) or _tries(writer, path, name)


def _names(writer: Writer, tree: nodes.Template, name: str, file: Mapping[str, str]) -> list[Finding]:
    """The names that nothing stands for, also where the examples do not come by."""
    in_each = [set(facts) for _, _, facts in _examples(writer, name)]
    known = _IN_FRAME if name == _FRAME else set.intersection(*in_each)
    lines: dict[str, int] = {}
    for one in tree.find_all(nodes.Name):
        lines.setdefault(one.name, one.lineno)
    unknown = sorted(meta.find_undeclared_variables(tree) - known, key=lambda one: lines[one])
    return [
        Finding("check.name", file | {"line": lines[one], "name": one, "known": sorted(known)})
        for one in unknown
    ]


def _tries(writer: Writer, path: Path, name: str) -> list[Finding]:
    """What goes wrong where letters are made with the text; each thing once."""
    file, found = {"file": str(path)}, []
    for language, kind, facts in _examples(writer, name):
        try:
            letter = writer.letters.try_own(language, kind, facts)
        except Unusable as error:
            of_this = name == f"{language}/{kind}.txt"
            finding = Finding(f"check.no_{error}", file) if of_this else None
        except Exception as error:  # whatever the text makes of its facts
            line = letters.line_of(error, path)
            finding = Finding("check.fails", file | {"line": line, "detail": str(error)}) if line else None
        else:
            finding = Finding("check.frame", file) if name == _FRAME and _lacks_text(letter) else None
        if finding and finding not in found:
            found.append(finding)
    return found


def _lacks_text(letter: Letter) -> bool:
    lines = [line.strip() for line in letter.text.split("\n") if line != letters.FOOT]
    return any(str(escape(line)) not in letter.html for line in lines)


def _examples(writer: Writer, name: str) -> list[tuple[MailLanguage, str, dict[str, object]]]:
    """The letters in which a text stands, with the facts of each: those of its kind, or of each kind of which
    it is a part."""
    return [
        (language, kind, facts)
        for language in MailLanguage
        for kind in (*KINDS, "trial")
        if name in {_FRAME, f"{language}/{kind}.txt", *letters.parts_of(language, kind)}
        for facts in writer.examples(language, kind)
    ]
