"""The desk's calendar: a month with what ends on each day, and closing, opening and events.

Whatever is written or taken back is shown first, with what it moves, and done only then.
"""

from datetime import date

from flask import Blueprint, Response, g, request, session
from werkzeug.datastructures import MultiDict

import calendar_changes
from calendar_changes import DEADLINE, LOAN, Ending, Followed
from forms_desk import CalendarForm
from opening import Calendar, month_of, next_month, previous_month
from rules import DayKind, Refusal
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only

pages = Blueprint("desk_calendar", __name__)


@pages.get("/desk/calendar")
@staff_only()
def month(_staff: AtDesk) -> Response:
    """A month; ``branch`` shows one branch only, ``day`` fills that day into the form."""
    branch = _asked_branch()
    form = CalendarForm(g.policy, g.today, first=_asked_day(), branch=branch)
    first, done = month_of(request.args.get("month"), g.today), session.pop("desk_calendar", None)
    return _show(first, branch, form, done=done)


@pages.get("/desk/calendar/confirm")
@staff_only()
def confirm(_staff: AtDesk) -> Response:
    """What writing this would do; nothing is written yet."""
    return _answer(request.args, None)


@pages.post("/desk/calendar")
@staff_only()
def put_on(staff: AtDesk) -> Response:
    return _answer(request.form, staff)


@pages.get("/desk/calendar/<number:entry_id>/remove")
@staff_only()
def confirm_removal(_staff: AtDesk, entry_id: int) -> Response:
    entry = calendar_changes.existing_entry(entry_id)
    return answers.page(
        "desk/calendar_remove.html",
        entry=entry,
        **_effect(calendar_changes.taking_off_would_move(g.policy, entry, g.now)),
    )


@pages.post("/desk/calendar/<number:entry_id>/remove")
@staff_only()
def take_off(staff: AtDesk, entry_id: int) -> Response:
    entry = calendar_changes.existing_entry(entry_id)
    followed = calendar_changes.take_off_calendar(g.policy, entry_id, g.now, staff.actor)
    _keep("removed", entry.kind, [entry.day], entry.branch, followed)
    return _back_to(entry.day, entry.branch)


def _answer(filled: MultiDict, staff: AtDesk | None) -> Response:
    """The same form twice: shown with what it would do, then, by somebody of the staff, carried out."""
    form = CalendarForm(g.policy, g.today, filled)
    if not form.validate():
        shown = form.first.data if isinstance(form.first.data, date) else g.today
        return _show(month_of(f"{shown:%Y-%m}", g.today), form.branch.data or "", form, 422)
    plan = form.plan
    if staff is None:
        decision = calendar_changes.decide(g.policy, plan, g.now)
    else:
        answer = calendar_changes.put_on_calendar(g.policy, plan, g.now, staff.actor)
        decision = answer.decision
    if not decision.allowed:
        return _show(plan.first.replace(day=1), plan.branch or "", form, 409, decision.refusals)
    if staff is None:
        effect = _effect(calendar_changes.would_move(g.policy, plan, g.now))
        return answers.page("desk/calendar_confirm.html", plan=plan, days=decision.days, **effect)
    _keep("put_on", plan.kind, decision.days, plan.branch, answer.followed)
    return _back_to(plan.first, plan.branch)


def _effect(endings: list[Ending]) -> dict:
    """What would move and what would stay, by branch, and which of the two the sheet never moves."""
    moving = calendar_changes.moves(g.policy, g.today)
    at = {branch.id: [] for branch in g.policy.branches}
    for ending in endings:
        at.setdefault(ending.branch, []).append(ending)  # a branch that is none any more may have loans
    return {
        "by_branch": [(branch, those) for branch, those in at.items() if those],
        "moving": {
            kind: sum(one.n for one in endings if one.kind == kind and one.later) for kind in (LOAN, DEADLINE)
        },
        "staying": sum(one.n for one in endings if one.later is None),
        "kept": [kind for kind, may_move in moving.items() if not may_move],
    }


def _keep(what: str, kind: str, days: list[date], branch: str | None, followed: Followed) -> None:
    """What was done, to be said on the next page."""
    moved = [one.kind for one in followed.moved]
    session["desk_calendar"] = {
        "what": what,
        "kind": str(kind),
        "first": days[0].isoformat(),
        "n": len(days),
        "branch": branch,
        "moved": {kind: moved.count(kind) for kind in (LOAN, DEADLINE)},
        "staying": sum(one.n for one in followed.staying),
    }


def _back_to(day: date, branch: str | None) -> Response:
    return answers.go("desk_calendar.month", month=f"{day:%Y-%m}", branch=branch)


def _asked_branch() -> str:
    """The branch that is looked at, or nothing for all of them."""
    asked = request.args.get("branch", "")
    return asked if g.policy.branch(asked) else ""


def _asked_day() -> date | None:
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None


def _show(
    first: date,
    branch: str,
    form: CalendarForm,
    status: int = 200,
    refused: tuple[Refusal, ...] = (),
    done: dict | None = None,
) -> Response:
    branch = branch if g.policy.branch(branch) else ""
    later = next_month(first)
    calendar = Calendar(g.policy, first, until=later)
    weeks = calendar.month(first.year, first.month, g.today)
    days = [day for week in weeks for day in week if day]
    ends = calendar_changes.last_days(days[0].date, days[-1].date, branch or None)
    return answers.page(
        "desk/calendar.html",
        status,
        first=first,
        earlier=previous_month(first),
        later=later,
        weeks=weeks,
        shown=branch,
        looked_at=[branch] if branch else [one.id for one in g.policy.branches],
        entries=calendar_changes.entries_between(days[0].date, days[-1].date, branch or None),
        loans=ends[LOAN],
        deadlines=ends[DEADLINE],
        kinds=list(DayKind),
        form=form,
        refused=refused,
        done=done,
    )
