"""The commands of Shiori: ``shiori serve | demo | import | export | jobs | reindex | check | mail test |
staff … | policy …``.

Exit status 0: done.  1: it could not be done.  2: what was asked for, or a setting, makes no sense.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path

import call_numbers
import demo
import import_command
import migrations
import models
import policy_advice
import policy_diff
import policy_explain
import search_index
import settings as setting
import staff_commands
from policy_file import PolicyMistakes, read_policy
from policy_lines import line_of
from policy_tables import Mistake
from rules import (
    JAPAN,
    Channel,
    Occasion,
    Policy,
    Role,
    card_number,
    decide_mail_address,
    library_day,
)
from settings import BadSetting, Settings
from wording import LANGUAGES, POLICY_LANGUAGES, Wording

_wording = Wording()


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a character shows another in its place instead of stopping the program.
        stream.reconfigure(errors="replace")
    asked = _parser().parse_args(arguments)
    wording = Wording(getattr(asked, "language", LANGUAGES[0]))
    try:
        settings = setting.from_environment(os.environ, Path.cwd())
        if "policy" in asked:
            settings = replace(settings, policy=str(asked.policy))
        return asked.command(asked, settings, settings.read_policy())
    except BadSetting as error:
        return _fail(2, error.key, wording, **error.facts)
    except PolicyMistakes as error:
        return _tell_mistakes(settings.policy, error, wording)
    except migrations.NewerDatabase:
        return _fail(1, "cli.newer_database", wording, given=settings.database)
    except demo.CannotMake as error:
        return _fail(1, error.key, **error.facts)
    except OSError as error:
        detail = error.strerror or str(error)
        return _fail(1, "cli.os_error", wording, given=error.filename or "", detail=detail)
    except (KeyboardInterrupt, EOFError):  # the end of the input where a password was asked for
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shiori", description=_wording.t("cli.about"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, command: Callable | None = None, to=commands, about: str | None = None
    ) -> argparse.ArgumentParser:
        about = _wording.t(f"cli.{about or name}")
        sub = to.add_parser(name, help=about, description=about)
        sub.set_defaults(command=command)
        return sub

    add("serve", _serve)
    add("demo", _demo).add_argument("--serve", action="store_true", help=_wording.t("cli.demo_serve"))
    import_command.add_arguments(add("import", _import), _wording)
    export = add("export", _export)
    export.add_argument("file", type=Path, help=_wording.t("cli.export_file"))
    export.add_argument("--format", choices=["csv", "xml", "mrc"], help=_wording.t("cli.export_format"))
    jobs = add("jobs", _jobs_at_once).add_subparsers(metavar="COMMAND")
    add("run", _jobs_run, jobs, about="jobs_run").add_argument(
        "--now", action="store_true", help=_wording.t("cli.jobs_now")
    )
    add("list", _jobs_list, jobs, about="jobs_list")
    add("reindex", _reindex)
    add("check", _check_all, about="check_all")
    mail = add("mail").add_subparsers(required=True, metavar="COMMAND")
    add("test", _mail_test, mail, about="mail_test").add_argument(
        "address", metavar="ADDRESS", help=_wording.t("cli.mail_address")
    )
    staff = add("staff").add_subparsers(required=True, metavar="COMMAND")
    for name, command in staff_commands.COMMANDS.items():
        sub = add(name, partial(_with_database, command), staff, about=f"staff_{name}")
        if name != "list":
            sub.add_argument("name", metavar="NAME", help=_wording.t("cli.staff_name"))
        if name == "add":
            sub.add_argument(
                "--role", required=True, choices=list(Role), type=Role, help=_wording.t("cli.staff_role")
            )
    policy = add("policy").add_subparsers(required=True, metavar="COMMAND")
    check, explain, diff = (
        add(name, command, policy)
        for name, command in (("check", _check), ("explain", _explain), ("diff", _diff))
    )
    check.add_argument("policy", metavar="FILE", help=_wording.t("cli.check_file"))
    explain.add_argument("policy", metavar="FILE", help=_wording.t("cli.check_file"))
    explain.add_argument("--card", required=True, metavar="NUMBER", help=_wording.t("cli.explain_card"))
    explain.add_argument(
        "--bib", required=True, type=int, metavar="NUMBER", help=_wording.t("cli.explain_bib")
    )
    explain.add_argument("--on", metavar="DATE", help=_wording.t("cli.explain_on"))
    explain.add_argument(
        "--at", choices=list(Channel), type=Channel, default=Channel.WEB, help=_wording.t("cli.explain_at")
    )
    explain.add_argument("--branch", metavar="ID", help=_wording.t("cli.explain_branch"))
    diff.add_argument("policy", metavar="FILE", help=_wording.t("cli.diff_before"))
    diff.add_argument("other", metavar="OTHER", help=_wording.t("cli.diff_after"))
    for command in (check, explain, diff):
        command.add_argument(
            "--language", choices=POLICY_LANGUAGES, default=LANGUAGES[0], help=_wording.t("cli.language")
        )
    return parser


def _serve(_asked, settings: Settings, policy: Policy) -> int:
    # The web parts are loaded here, so that the other commands start quickly.
    import jobs
    from app import create_app, read_ahead
    from server import serve

    settings.folder.mkdir(parents=True, exist_ok=True)
    app = create_app(settings, policy)
    read_ahead(app)

    def ready() -> None:
        address = f"http://{settings.host}:{settings.port}/"
        print(_wording.t("cli.serving", name=policy.library.name, address=address), flush=True)

    try:
        with jobs.running(policy, lambda: datetime.now(UTC), _postman(settings, policy)):
            serve(app, settings.host, settings.port, settings.database, ready, settings.proxies)
    except (OSError, ValueError) as error:  # ValueError: a host that no address can be found for
        detail = getattr(error, "strerror", None) or error
        return _fail(1, "cli.port_taken", host=settings.host, port=settings.port, detail=detail)
    return 0


def _postman(settings: Settings, policy: Policy):
    """Who carries the mail, where the settings name a server for it."""
    if settings.smtp is None:
        return None
    from messages import Writer
    from postman import Postman

    return Postman(settings.smtp, Writer(policy, settings.url, settings.secret(), settings.own_mail))


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
    print(_wording.t("cli.demo_staff"))
    for name in demo.STAFF:
        print(f"  {name}  " + _wording.t(f"demo.staff.{name}"))
    sys.stdout.flush()
    return _serve(asked, settings, policy) if asked.serve else 0


def _import(asked, settings: Settings, policy: Policy) -> int:
    _open(settings)
    try:
        return import_command.run(asked, policy.on(library_day(datetime.now(UTC))), _wording)
    except import_command.CannotImport as error:
        return _fail(error.status, error.key, **error.facts)


def _export(asked, settings: Settings, policy: Policy) -> int:
    """All of the catalogue as a file.  Exit status 1 where the format has no room for a title."""
    import export

    kind = asked.format or asked.file.suffix.lower().removeprefix(".")
    if kind not in export.FORMATS:
        return _fail(2, "cli.export_which", given=asked.file)
    if not settings.database.exists():
        return _fail(1, "explain.no_database", given=settings.database)
    _open(settings)
    saved = export.save(asked.file, kind, _progress("cli.export_progress", total=export.count()))
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(_wording.t("cli.exported", given=asked.file, n=saved.titles))
    if saved.left_out:
        print("\n".join(f"  {source}" for source in saved.left_out), file=sys.stderr)
        return _fail(1, "cli.export_too_long", n=len(saved.left_out))
    return 0


def _jobs_at_once(_asked, settings: Settings, policy: Policy) -> int:
    import jobs

    _open(settings)
    return _tell_done(jobs.run(policy, datetime.now(UTC)))


def _jobs_run(asked, settings: Settings, policy: Policy) -> int:
    """For cron: what is due, and nothing that another process has done today or is at."""
    import jobs

    _open(settings)
    return _tell_done((jobs.run if asked.now else jobs.run_due)(policy, datetime.now(UTC)))


def _tell_done(done) -> int:
    """A line for each job; exit status 1 where one failed."""
    for name, n in done.counts.items():
        if name not in done.failures:
            print(_line(name, _what(name, n)))
    for name, failure in done.failures.items():
        print(_line(name, _what(name, 0, failure)), file=sys.stderr)
    return 1 if done.failures else 0


def _line(name: str, what: str) -> str:
    return _wording.t("jobs.line", name=_wording.t(f"jobs.name.{name}"), what=what)


def _what(name: str, n: int, failure: str = "") -> str:
    if failure:
        return f"{_wording.t('jobs.failed')} ({failure})"
    return _wording.t(f"jobs.did.{name}" if n else "jobs.none", n=n)


def _jobs_list(_asked, settings: Settings, policy: Policy) -> int:
    """Each job with what came of it last, and when it is done next."""
    import jobs

    _open(settings)
    for entry in jobs.overview(policy, datetime.now(UTC)):
        if entry.running or entry.last is None:
            print(_line(entry.name, _wording.t("jobs.running" if entry.running else "jobs.never")))
        else:
            print(_line(entry.name, _what(entry.name, entry.done, entry.failure)))
            print("  " + _wording.t("jobs.line_last", at=entry.last.astimezone(JAPAN)))
        next_at = entry.next_at and entry.next_at.astimezone(JAPAN)
        always = _wording.t("jobs.always" if next_at is None else "jobs.at_once")
        print("  " + (_wording.t("jobs.line_next", at=next_at) if next_at and not entry.is_due else always))
    return 0


def _reindex(_asked, settings: Settings, policy: Policy) -> int:
    _open(settings)
    search_index.reindex_all(models.db, _progress("cli.reindex_progress"))
    call_numbers.arrange(models.db)
    print(file=sys.stderr)
    print(_wording.t("cli.reindexed"))
    return 0


def _mail_test(asked, settings: Settings, policy: Policy) -> int:
    """Send one mail, and say what the server answers at each step."""
    decision = decide_mail_address(policy, asked.address)
    if not decision.allowed:
        return _fail(2, decision.refusals[0].reason.value)
    settings.folder.mkdir(parents=True, exist_ok=True)
    postman = _postman(settings, policy)
    if postman is None:
        return _fail(2, "cli.mail_no_server")
    print(_wording.t("cli.mail_server", host=settings.smtp.host, port=settings.smtp.port), flush=True)
    for heard in postman.trial(asked.address, datetime.now(UTC)):
        step = _wording.t(f"cli.mail_step.{heard.step}")
        if heard.trouble:
            print(_wording.t("cli.mail_stopped", step=step, said=heard.said), file=sys.stderr)
            return _fail(1, f"cli.mail_trouble.{heard.trouble}")
        print(_wording.t("cli.mail_passed", step=step, said=heard.said).rstrip(), flush=True)
    print(_wording.t("cli.mail_sent", address=asked.address))
    return 0


def _with_database(command: Callable, asked, settings: Settings, policy: Policy) -> int:
    """Run a command that speaks of the people at the desk; what it cannot do is told like everything else."""
    _open(settings)
    try:
        print(command(asked, policy, library_day(datetime.now(UTC))))
    except staff_commands.CannotDo as error:
        return _fail(error.status, error.key, **error.facts)
    return 0


def _open(settings: Settings) -> None:
    settings.folder.mkdir(parents=True, exist_ok=True)
    models.open_database(settings.database)
    migrations.migrate(models.db)
    search_index.create(models.db)


def _progress(key: str, **facts) -> Callable[[int], None]:
    """One line that counts up in place, where somebody is looking."""

    def show(done: int) -> None:
        if sys.stderr.isatty():
            print("\r" + _wording.t(key, n=done, **facts), end="", file=sys.stderr, flush=True)

    return show


def _check(asked, settings: Settings, policy: Policy) -> int:
    """The policy has been read by now: had it a mistake, that would have been told instead."""
    _tell_advice(settings, policy, Wording(asked.language))
    return 0


def _tell_advice(settings: Settings, policy: Policy, wording: Wording) -> None:
    """That a policy has no mistake, and what in it may be worth another look."""
    source = setting.policy_text(settings.policy)
    found = policy_advice.advice(policy, library_day(datetime.now(UTC)))
    print(wording.t("cli.policy_right", given=settings.policy, name=policy.library.name))
    if found:
        print(wording.t("cli.advice", n=len(found)))
        for line in _with_lines(found, source, wording):
            print(f"  {line}")


def _check_all(_asked, settings: Settings, policy: Policy) -> int:
    """The policy and all that check.py looks at.  Exit status 1 where something is to be put right."""
    import check

    _tell_advice(settings, policy, _wording)
    found = list(check.findings(settings, policy))
    for finding in found:
        print(_wording.t(finding.key, **finding.facts))
    print(_wording.t("cli.check_found", n=len(found)) if found else _wording.t("cli.check_right"))
    return 1 if found else 0


def _explain(asked, settings: Settings, policy: Policy) -> int:
    """Why one patron may or may not: every answer with the line of the policy that gave it."""
    wording = Wording(asked.language, policy.words)
    source = setting.policy_text(settings.policy)
    try:
        now = datetime.now(UTC)
        moment = datetime.combine(date.fromisoformat(asked.on), time(12), JAPAN) if asked.on else now
    except ValueError:
        return _fail(2, "explain.bad_date", wording, given=asked.on)
    if asked.branch is not None and policy.branch(asked.branch) is None:
        return _fail(2, "policy.unknown_branch", wording, given=asked.branch)
    if not settings.database.exists():
        return _fail(1, "explain.no_database", wording, given=settings.database)
    _open(settings)
    occasion = Occasion(asked.at, moment, asked.branch)
    explanation = policy_explain.Explanation(
        policy, wording, occasion, lambda place: _where(wording, source, place)
    )
    try:
        told = explanation.lines(card_number(asked.card), asked.bib)
    except policy_explain.NothingThere as error:
        return _fail(1, str(error), wording)
    print("\n".join(told))
    return 0


def _diff(asked, settings: Settings, policy: Policy) -> int:
    """What would change for patrons, and which lines differ.  Exit status 0 also where something does."""
    wording = Wording(asked.language)
    sources = [setting.policy_text(settings.policy), setting.policy_text(asked.other)]
    try:
        read_policy(sources[1])
    except PolicyMistakes as error:
        return _tell_mistakes(asked.other, error, wording)
    told = policy_diff.differences(*sources, Occasion(Channel.WEB, datetime.now(UTC)), asked.language)
    print("\n".join(told) if told else wording.t("diff.none"))
    return 0


def _tell_mistakes(file: str, error: PolicyMistakes, wording: Wording) -> int:
    """Every mistake of a policy with its line, in the order of the file."""
    print(wording.t("cli.policy_wrong", given=file), file=sys.stderr)
    for line in _with_lines(error.mistakes, error.source, wording):
        print(f"  {line}", file=sys.stderr)
    return 2


def _with_lines(found: Sequence[Mistake], source: str, wording: Wording) -> list[str]:
    """What was found in a policy, in the order of the file, each behind the number of its line."""
    told = [
        (line_of(source, one.path, str(one.facts.get("detail", ""))) or 0, wording.mistake(one))
        for one in found
    ]
    return [
        (wording.t("cli.line", n=line) if line else "") + sentence
        for line, sentence in sorted(told, key=lambda entry: entry[0])
    ]


def _where(wording: Wording, source: str, place: str) -> str:
    line = line_of(source, place)
    return (wording.t("cli.line", n=line) if line else "") + place


def _fail(status: int, key: str, wording: Wording = _wording, **facts) -> int:
    print(wording.t(key, **facts), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
