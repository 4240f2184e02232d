"""The first page, the calendar, the rules of the library, and what belongs to the site itself."""

from datetime import date

from flask import Blueprint, Response, g, make_response, request

import accounts
import catalogue
import rule_sheet
import rules
import standing
from models import Notice
from opening import Calendar
from views import answers

pages = Blueprint("home", __name__)

_ARRIVALS = 6
_CALENDAR_YEARS = 5  # each way


@pages.get("/")
def index() -> Response:
    here = accounts.patron()
    loans = standing.loans_of(here.id) if here else []
    holds = standing.holds_of(here.id) if here else []
    return answers.page(
        "home/index.html",
        arrivals=catalogue.new_arrivals(_ARRIVALS),
        notices=Notice.select()
        .where(Notice.from_on <= g.today, Notice.until_on >= g.today)
        .order_by(-Notice.id),
        ready=[hold for hold in holds if hold.state is rules.HoldState.READY],
        stopped=here is not None and rules.is_stopped(here.stopped_for, here.stopped_until, g.today),
        overdue=[loan for loan in loans if loan.days_overdue(g.today)],
        due_soon=[loan for loan in loans if rules.is_due_soon(loan.due_on, g.today)],
        **_two_months(g.today, [loan.due_on for loan in loans]),
    )


@pages.get("/calendar")
def calendar() -> Response:
    """Two months from the one that is asked for."""
    here = accounts.patron()
    due = [loan.due_on for loan in standing.loans_of(here.id)] if here else []
    return answers.page("home/calendar.html", **_two_months(_asked_month(), due))


@pages.get("/rules")
def the_rules() -> Response:
    opening = Calendar(g.policy, g.today).of(g.policy.main_branch.id)
    sections = rule_sheet.sections(g.policy, g.wording, answers.on_the_web(), opening)
    return answers.page("home/rules.html", sections=sections)


@pages.get("/healthz")
def health() -> Response:
    Notice.select().limit(1).tuples().execute()
    return make_response("ok\n", 200, {"Content-Type": "text/plain"})


@pages.get("/static/<path:name>")
def static(name: str) -> Response:
    try:
        return answers.static_file(name).make_conditional(request)
    except FileNotFoundError:
        return answers.error(404)


def _asked_month() -> date:
    try:
        asked = date.fromisoformat(f"{request.args.get('month', '')}-01")
    except ValueError:
        return g.today
    return asked if abs(asked.year - g.today.year) <= _CALENDAR_YEARS else g.today


def _two_months(start: date, due: list[date]) -> dict:
    """This month and the next, with whether each branch is open today."""
    first = start.replace(day=1)
    second = _next_month(first)
    calendar = Calendar(g.policy, min(first, g.today), until=_next_month(second))
    return {
        "months": [
            (month, calendar.month(month.year, month.month, g.today, due)) for month in (first, second)
        ],
        "later": _next_month(second),
        "earlier": _previous_month(_previous_month(first)),
        "open_today": [(branch, calendar.of(branch.id).is_open(g.today)) for branch in g.policy.branches],
    }


def _next_month(first: date) -> date:
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def _previous_month(first: date) -> date:
    return first.replace(year=first.year - (first.month == 1), month=(first.month - 2) % 12 + 1)
