"""The commands of Shiori: ``shiori serve | demo | import | reindex | policy check``.

Exit status 0: done.  1: it could not be done.  2: what was asked for, or a setting, makes no sense.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import demo
import intake
import migrations
import models
import search
import settings as setting
from policy_lines import line_of
from rules import Policy, PolicyMistakes, library_day
from settings import BadSetting, Settings
from wording import Wording

_wording = Wording()


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a character shows another in its place instead of stopping the program.
        stream.reconfigure(errors="replace")
    asked = _parser().parse_args(arguments)
    try:
        settings = setting.from_environment(os.environ, Path.cwd())
        if "policy" in asked:
            settings = replace(settings, policy=str(asked.policy))
        return asked.command(asked, settings, settings.read_policy())
    except BadSetting as error:
        return _fail(2, error.key, **error.facts)
    except PolicyMistakes as error:
        return _tell_mistakes(settings.policy, error)
    except migrations.NewerDatabase:
        return _fail(1, "cli.newer_database", given=settings.database)
    except demo.CannotMake as error:
        return _fail(1, error.key, **error.facts)
    except OSError as error:
        return _fail(1, "cli.os_error", given=error.filename or "", detail=error.strerror or str(error))
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shiori", description=_wording.t("cli.about"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable | None = None, to=commands) -> argparse.ArgumentParser:
        about = _wording.t(f"cli.{name}")
        sub = to.add_parser(name, help=about, description=about)
        sub.set_defaults(command=command)
        return sub

    add("serve", _serve)
    add("demo", _demo).add_argument("--serve", action="store_true", help=_wording.t("cli.demo_serve"))
    add("import", _import).add_argument("file", type=Path, help=_wording.t("cli.import_file"))
    add("reindex", _reindex)
    policy = add("policy").add_subparsers(required=True, metavar="COMMAND")
    add("check", _check, policy).add_argument("policy", type=Path, help=_wording.t("cli.check_file"))
    return parser


def _serve(_asked, settings: Settings, policy: Policy) -> int:
    # The web parts are loaded here, so that the other commands start quickly.
    from app import create_app, read_ahead
    from server import serve

    settings.folder.mkdir(parents=True, exist_ok=True)
    app = create_app(settings, policy)
    read_ahead(app)

    def ready() -> None:
        address = f"http://{settings.host}:{settings.port}/"
        print(_wording.t("cli.serving", name=policy.library.name, address=address), flush=True)

    try:
        serve(app, settings.host, settings.port, settings.database, ready)
    except (OSError, ValueError) as error:  # ValueError: a host that no address can be found for
        detail = getattr(error, "strerror", None) or error
        return _fail(1, "cli.port_taken", host=settings.host, port=settings.port, detail=detail)
    return 0


def _demo(asked, settings: Settings, policy: Policy) -> int:
    settings.folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    if demo.is_current(settings.database, library_day(now)):
        print(_wording.t("cli.demo_current", day=library_day(now)))
    else:
        print(_wording.t("cli.demo_making"), flush=True)
        demo.make(settings.database, policy, now)
    print(_wording.t("cli.demo_accounts", password=demo.PASSWORD))
    own_words = Wording(words=policy.words)
    for card in demo.ACCOUNTS:
        print(f"  {card}  " + own_words.t(f"demo.account.{card}"))
    sys.stdout.flush()
    return _serve(asked, settings, policy) if asked.serve else 0


def _import(asked, settings: Settings, policy: Policy) -> int:
    _open(settings)
    try:
        records = intake.open_titles(asked.file)
        stored = intake.store(
            models.db, records, library_day(datetime.now(UTC)), _progress("cli.import_progress")
        )
    except intake.UnknownFormat as error:
        return _fail(1, "cli.unknown_format", given=asked.file, columns=error.columns)
    print(file=sys.stderr)
    print(_wording.t("cli.imported", added=stored.added, updated=stored.updated, refused=len(stored.refused)))
    for line, reason in stored.refused:
        print("  " + _wording.t("cli.refused_row", line=line, reason=_wording.t(reason)), file=sys.stderr)
    return 0


def _reindex(_asked, settings: Settings, policy: Policy) -> int:
    _open(settings)
    search.reindex_all(models.db, _progress("cli.reindex_progress"))
    print(file=sys.stderr)
    print(_wording.t("cli.reindexed"))
    return 0


def _open(settings: Settings) -> None:
    settings.folder.mkdir(parents=True, exist_ok=True)
    models.open_database(settings.database)
    migrations.migrate(models.db)
    search.create(models.db)


def _progress(key: str) -> Callable[[int], None]:
    """One line that counts up in place, where somebody is looking."""

    def show(done: int) -> None:
        if sys.stderr.isatty():
            print("\r" + _wording.t(key, n=done), end="", file=sys.stderr, flush=True)

    return show


def _check(_asked, settings: Settings, policy: Policy) -> int:
    """The policy has been read by now: had it a mistake, that would have been told instead."""
    print(_wording.t("cli.policy_right", given=settings.policy, name=policy.library.name))
    return 0


def _tell_mistakes(file: str, error: PolicyMistakes) -> int:
    """Every mistake of a policy with its line, in the order of the file."""
    print(_wording.t("cli.policy_wrong", given=file), file=sys.stderr)
    told = [
        (line_of(error.source, mistake.path, str(mistake.facts.get("detail", ""))) or 0, mistake)
        for mistake in error.mistakes
    ]
    for line, mistake in sorted(told, key=lambda entry: entry[0]):
        where = _wording.t("cli.line", n=line) if line else ""
        print(f"  {where}{_wording.mistake(mistake)}", file=sys.stderr)
    return 2


def _fail(status: int, key: str, **facts) -> int:
    print(_wording.t(key, **facts), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
