"""What is kept of patrons and for how long, for everybody to read; a patron's own data to take along; and
deleting the account on the web."""

import json
from datetime import date, datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, Response, current_app, g, request, session

import accounts
import attempts
import own_data
import rewriting
import rules
import spreadsheet
import terminal
import undelivered
from forms import OwnDeletionForm
from models import Patron
from rules import JAPAN, Period, Unit
from views import answers
from views.answers import patron_only

pages = Blueprint("privacy", __name__)


class Kept(NamedTuple):
    """One thing that is kept: its word, and the lengths that its sentence names."""

    what: str
    lengths: dict[str, str]


@pages.get("/privacy")
def index() -> Response:
    """Written from the numbers of the policy and of the program, so that it says what happens."""
    return answers.page(
        "privacy/index.html",
        kept=_kept(),
        forget_after=g.policy.card.forget_after,
        idle=_in_words(rules.stay_of_patron(g.policy, rules.Channel.WEB).idle),
        longest=_in_words(rules.LONGEST_LOGIN),
        cookie=_in_words(current_app.permanent_session_lifetime),
        cookie_name=current_app.config["SESSION_COOKIE_NAME"],
        rewritten=_in_words(timedelta(days=rewriting.EVERY)),
        backups=g.policy.privacy.backups,
        deleted=session.pop("account_deleted", False),
    )


@pages.get("/my/data")
@patron_only(page="privacy.data")
def data(patron: Patron) -> Response:
    sections = own_data.everything(patron.id, terminal.channel())
    return answers.page("privacy/data.html", sections=sections)


# A login is enough for these: it ends soon, it shows loans and holds anyway, and no secret is among them.


@pages.get("/my/data.csv")
@patron_only(page="privacy.data")
def as_csv(patron: Patron) -> Response:
    """For everybody: a spreadsheet shows it, one fact a line."""
    t = g.wording.t
    lines = [[t("mydata.section"), t("mydata.fact"), t("mydata.content")]]
    for section, rows in own_data.everything(patron.id, terminal.channel()).items():
        for n, row in enumerate(rows, start=1):
            name = t(f"mydata.section.{section}") + (f" {n}" if len(rows) > 1 else "")
            lines += [[name, t(f"mydata.fact.{fact}"), _read(fact, value)] for fact, value in row.items()]
    return answers.download(spreadsheet.csv_file(lines), "text/csv", "my-data.csv")


@pages.get("/my/data.json")
@patron_only(page="privacy.data")
def as_json(patron: Patron) -> Response:
    """For programs: the same, as it is kept."""
    written = json.dumps(
        own_data.everything(patron.id, terminal.channel()), ensure_ascii=False, indent=2, default=_plain
    )
    return answers.download(f"{written}\n".encode(), "application/json", "my-data.json")


@pages.get("/my/data/delete")
@patron_only(page="privacy.data")
def confirm_deletion(patron: Patron) -> Response:
    """An account cannot be had back as it was: say what goes and what stays."""
    return _show_deletion(patron, OwnDeletionForm())


@pages.post("/my/data/delete")
@patron_only(page="privacy.data", keep_form=False)
def delete(patron: Patron) -> Response:
    form = OwnDeletionForm(request.form)
    if not form.validate():
        return _show_deletion(patron, form, 422)
    # Counted with the password's change: both ask for the old one, and two pages give no more guesses.
    guesser = answers.guesser("change", patron.card_number)
    if wait := attempts.wait(guesser, g.now):
        return _show_deletion(patron, form, 429, wait)
    if not own_data.delete_account(patron.id, form.password.data, g.now):
        form.password.errors = ["security.old_wrong"]
        wait = attempts.failed(guesser, g.now)
        return _show_deletion(patron, form, 429 if wait else 401, wait)
    attempts.succeeded(guesser)
    accounts.log_out()
    session["account_deleted"] = True
    return answers.go("privacy.index")


def _kept() -> list[Kept]:
    privacy, code = g.policy.privacy, timedelta(days=rules.CODE_DAYS)
    lengths = {
        "patron": {},
        "password": {},
        "addresses": {},
        "letters": {},
        "tickets": {"length": _in_words(rules.LINK_GOOD_FOR)},
        "loans": {},
        "holds": {"length": g.wording.length(privacy.ended_holds)},
        "cart": {"length": _in_words(current_app.permanent_session_lifetime)},
        "shelf": {},
        "reading": {},
        "alerts": {},
        "messages": {"length": g.wording.length(privacy.ended_holds)},
        "logins": {"length": _in_words(rules.LONGEST_LOGIN)},
        "failures": {"length": _in_words(rules.FAILURES_KEPT)},
        "codes": {"length": _in_words(code)},
        "events": {"length": g.wording.length(privacy.events)},
        "returned": {"length": g.wording.length(privacy.events)},
        "counts": {},
    }
    return [Kept(what, words) for what, words in lengths.items()]


def _in_words(length: timedelta) -> str:
    """A length of the program in the words of a policy's: 30分, 12時間, 7日"""
    if length < timedelta(hours=1):
        return g.wording.wait(int(length.total_seconds()))
    if length < timedelta(days=1) or length % timedelta(days=1):
        return g.wording.length(Period(int(length / timedelta(hours=1)), Unit.HOURS))
    return g.wording.length(Period(length.days, Unit.DAYS))


def _show_deletion(patron: Patron, form: OwnDeletionForm, status: int = 200, wait: int = 0) -> Response:
    at_stake = own_data.at_stake(patron.id)
    return answers.page("privacy/delete.html", status, form=form, at_stake=at_stake, wait=wait)


def _read(fact: str, value) -> str:
    """A fact as a patron reads it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return g.wording.t("mydata.yes" if value else "mydata.no")
    if fact == "category":
        category = g.policy.patron_category(value)
        return category.name if category else value
    if fact == "reason":
        return g.wording.t(f"mydata.reason.{undelivered.why(value)}")
    if fact == "material":
        return g.policy.names([value])[0]
    if fact in ("branch", "pickup_branch", "at_branch"):
        return answers.branch_name(value)
    if fact == "unwanted":
        return g.wording.write([g.wording.t(f"mydata.message.{kind}") for kind in value.split()])
    if fact in _WORDS:
        return g.wording.t(f"{_WORDS[fact]}.{value}")
    return g.wording.write(_in_japan(value)).replace("\n", "、")


# Facts that are one of a few words, and the key of these words' sentences.
_WORDS = {
    "state": "mydata.state",
    "channel": "channel",
    "contact": "contact",
    "device": "device",
    "kind": "mydata.message",
    "delivery": "mydata.delivery",
    "mail_language": "letters.language",
    "mail_titles": "letters.titles",
}


def _in_japan(value):
    return value.astimezone(JAPAN) if isinstance(value, datetime) else value


def _plain(value: date | datetime) -> str:
    return _in_japan(value).isoformat()
