"""The first page, the calendar, the rules of the library, and what belongs to the site itself."""

from datetime import date

from flask import Blueprint, Response, g, make_response, request

import accounts
import catalogue
import notices
import rule_sheet
import rules
import standing
from models import Notice
from opening import Calendar, month_of, next_month, previous_month
from views import answers

pages = Blueprint("home", __name__)

_ARRIVALS = 6


@pages.get("/")
def index() -> Response:
    here = accounts.patron()
    loans = standing.loans_of(here.id) if here else []
    holds = standing.holds_of(here.id) if here else []
    return answers.page(
        "home/index.html",
        arrivals=catalogue.new_arrivals(_ARRIVALS),
        notices=notices.running(g.today),
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
    first = month_of(request.args.get("month"), g.today)
    return answers.page("home/calendar.html", **_two_months(first, due))


@pages.get("/rules")
def the_rules() -> Response:
    opening = Calendar(g.policy, g.today).of(g.policy.main_branch.id)
    sections = rule_sheet.sections(g.policy, g.wording, answers.occasion(), opening)
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


def _two_months(start: date, due: list[date]) -> dict:
    """This month and the next, with whether each branch is open today."""
    first = start.replace(day=1)
    second = next_month(first)
    calendar = Calendar(g.policy, min(first, g.today), until=next_month(second))
    return {
        "months": [
            (month, calendar.month(month.year, month.month, g.today, due)) for month in (first, second)
        ],
        "later": next_month(second),
        "earlier": previous_month(previous_month(first)),
        "open_today": [(branch, calendar.of(branch.id).is_open(g.today)) for branch in g.policy.branches],
    }
