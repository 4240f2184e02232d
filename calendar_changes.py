"""The verbs that change on which days a branch is open, and move what ends on a day that is closed since.

As in ``circulation.py``: one verb a function, one transaction and one event each, decided by ``rules.py``.
What would move is found by the same function that finds what does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from peewee import fn

from circulation import NotThere
from events import JOBS, note
from models import CalendarEntry, Hold, Item, Loan, db
from opening import Calendar
from rules import (
    FARTHEST_YEARS,
    CalendarDecision,
    CalendarPlan,
    Channel,
    DayKind,
    HoldState,
    OnClosed,
    Policy,
    decide_days,
    decide_plan,
    library_day,
)

LOAN, DEADLINE = "loan_moved", "deadline_moved"  # what ends on a day, as the event of its move is called
# What another library lends goes back there by its own day, whatever is closed here.
_OURS = Loan.item.not_in(Item.select(Item.id).where(Item.send_back_by.is_null(False)))
_ENDS = {
    LOAN: (Loan.due_on, Loan.branch, Loan.returned_at.is_null() & _OURS),
    DEADLINE: (Hold.collect_by, Hold.pickup_branch, Hold.state == HoldState.READY),
}
_NOTED = {
    DayKind.CLOSED: "calendar_closed",
    DayKind.OPEN: "calendar_opened",
    DayKind.EVENT: "calendar_event",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """So many open loans or ready holds of a branch that end on a day on which it is closed.

    ``later`` is its next open day; where there is none within a year they stay.
    """

    kind: str
    branch: str
    day: date
    n: int
    later: date | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A loan or a hold whose last day was moved because the library is closed on it."""

    kind: str
    number: int
    before: date
    after: date


@dataclass(frozen=True, slots=True)
class Followed:
    """What was moved off closed days, and what stays on them because no open day comes."""

    moved: tuple[Moved, ...] = ()
    staying: tuple[Ending, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """What became of a plan: the decision, with the days that were written, and what that moved."""

    decision: CalendarDecision
    followed: Followed = Followed()


def put_on_calendar(policy: Policy, plan: CalendarPlan, now: datetime, actor: str) -> CalendarAnswer:
    """Close a branch, or all of them, on some days, or open it, or write an event there.

    What ends on a day that is closed now is moved; a day that is opened leaves every last day as it is.
    """
    with db.atomic():
        decision = decide(policy, plan, now)
        if not decision.allowed:
            return CalendarAnswer(decision)
        numbers = [
            CalendarEntry.insert(branch=plan.branch, day=day, kind=plan.kind, label=plan.label).execute()
            for day in decision.days
        ]
        note(_NOTED[plan.kind], numbers[0], Channel.DESK, actor, now)
        followed = follow_calendar(policy, now, actor) if plan.kind is DayKind.CLOSED else Followed()
        return CalendarAnswer(decision, followed)


def decide(policy: Policy, plan: CalendarPlan, now: datetime) -> CalendarDecision:
    """Which days a plan would change, or why it may not."""
    today = library_day(now)
    refusals = decide_plan(plan, today).refusals
    if refusals:
        return CalendarDecision(refusals)
    calendar = _calendar(policy, min(today, plan.first))
    branches = [plan.branch] if plan.branch else [branch.id for branch in policy.branches]
    event = (plan.branch, DayKind.EVENT, plan.label)
    there = {day for branch, day, kind, label in calendar.entries if (branch, kind, label) == event}
    return decide_days(plan, [calendar.of(branch) for branch in branches], there)


def would_move(policy: Policy, plan: CalendarPlan, now: datetime) -> list[Ending]:
    """What a plan that is allowed would move, and what would stay for want of an open day."""
    if plan.kind is not DayKind.CLOSED:
        return []
    added = [(plan.branch, day, plan.kind, plan.label) for day in decide(policy, plan, now).days]
    calendar = _calendar(policy, library_day(now)).if_changed(added=added)
    return list(_on_closed_days(policy, calendar, library_day(now)))


def take_off_calendar(policy: Policy, entry_id: int, now: datetime, actor: str) -> Followed:
    """Take an entry back.  A closure leaves last days where it moved them; a day that was opened is closed
    again, and what ends on it moves.  Raises NotThere."""
    with db.atomic():
        entry = existing_entry(entry_id)
        entry.delete_instance()
        note("calendar_entry_removed", entry_id, Channel.DESK, actor, now)
        return follow_calendar(policy, now, actor) if entry.kind == DayKind.OPEN else Followed()


def taking_off_would_move(policy: Policy, entry: CalendarEntry, now: datetime) -> list[Ending]:
    """What would move if this entry were taken back."""
    if entry.kind != DayKind.OPEN:
        return []
    removed = [(entry.branch, entry.day, entry.kind, entry.label)]
    calendar = _calendar(policy, library_day(now)).if_changed(removed=removed)
    return list(_on_closed_days(policy, calendar, library_day(now)))


def follow_calendar(policy: Policy, now: datetime, actor: str = JOBS) -> Followed:
    """Move every open due date and shelf deadline from today on that has come to lie on a closed day.

    Each goes to the branch's next open day; how often a loan was renewed stays.  Where the policy keeps such
    days as they are, they stay too.  A second run moves nothing.
    """
    today = library_day(now)
    moved, staying = [], []
    with db.atomic():
        for ending in list(_on_closed_days(policy, _calendar(policy, today), today)):
            if ending.later is None:
                staying.append(ending)
            else:
                moved += _move(ending)
        for change in moved:
            note(change.kind, change.number, JOBS, actor, now)
    return Followed(tuple(moved), tuple(staying))


def moves(policy: Policy, today: date) -> Mapping[str, bool]:
    """Whether the sheet lets last days move off a closed day, for loans and for shelf deadlines."""
    sheet = policy.on(today)
    return {
        LOAN: sheet.loan.on_closed is not OnClosed.KEEP,
        DEADLINE: sheet.hold.shelf.on_closed is not OnClosed.KEEP,
    }


def last_days(first: date, last: date, branch_id: str | None) -> dict[str, dict[date, int]]:
    """How many open loans and ready holds end on each of these days, at a branch or (None) anywhere."""
    found = {}
    for kind, (ends, branch, is_open) in _ENDS.items():
        query = ends.model.select(ends, fn.COUNT()).where(is_open, ends.between(first, last)).group_by(ends)
        found[kind] = dict((query.where(branch == branch_id) if branch_id else query).tuples())
    return found


def entries_between(first: date, last: date, branch_id: str | None) -> list[CalendarEntry]:
    """The entries of these days, in their order: those for all branches and, of one or of any, its own."""
    query = CalendarEntry.select().where(CalendarEntry.day.between(first, last))
    if branch_id:
        query = query.where(CalendarEntry.branch.is_null() | (CalendarEntry.branch == branch_id))
    return list(query.order_by(CalendarEntry.day, CalendarEntry.id))


def existing_entry(entry_id: int) -> CalendarEntry:
    """The entry with this number.  Raises NotThere."""
    entry = CalendarEntry.get_or_none(CalendarEntry.id == entry_id)
    if entry is None:
        raise NotThere
    return entry


def _calendar(policy: Policy, since: date) -> Calendar:
    """With the holidays of as many years as can be planned, and of the year after."""
    return Calendar(policy, since, since + timedelta(days=366 * (FARTHEST_YEARS + 1)))


def _on_closed_days(policy: Policy, calendar: Calendar, since: date) -> Iterator[Ending]:
    """What ends on a closed day of its branch, where the sheet does not keep it there."""
    moving = moves(policy, since)
    openings = {}
    for kind, (ends, branch, is_open) in _ENDS.items():
        if not moving[kind]:
            continue
        query = ends.model.select(branch, ends, fn.COUNT()).where(is_open, ends >= since)
        for at, day, n in query.group_by(branch, ends).order_by(ends, branch).tuples():
            openings.setdefault(at, calendar.of(at))
            later = openings[at].next_open(day)
            if later != day:
                yield Ending(kind, at, day, n, later)


def _move(ending: Ending) -> list[Moved]:
    ends, branch, is_open = _ENDS[ending.kind]
    table = ends.model
    those = (is_open, branch == ending.branch, ends == ending.day)
    numbers = [number for (number,) in table.select(table.id).where(*those).order_by(table.id).tuples()]
    table.update({ends: ending.later}).where(*those).execute()
    return [Moved(ending.kind, number, ending.day, ending.later) for number in numbers]
