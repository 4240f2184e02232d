"""What the desk may write into the calendar, and which days of it change."""

from datetime import date, timedelta

import pytest

from rules import (
    ALWAYS_OPEN,
    CalendarPlan,
    DayKind,
    OpeningDays,
    Reason,
    decide_days,
    decide_plan,
)
from tests.facts import MONDAYS_CLOSED, TODAY, YESTERDAY, row

CLOSED, OPEN, EVENT = DayKind.CLOSED, DayKind.OPEN, DayKind.EVENT
MONDAY = date(2026, 4, 6)
TUESDAY, SUNDAY = MONDAY + timedelta(days=1), MONDAY - timedelta(days=1)


def plan(
    kind: DayKind, first: date = TODAY, last: date | None = None, label: str = "蔵書点検"
) -> CalendarPlan:
    return CalendarPlan(kind, first, last or first, None, label)


def later(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.mark.parametrize(
    ("planned", "reasons"),
    [
        row("today can be closed", plan(CLOSED), set()),
        row("yesterday cannot", plan(CLOSED, YESTERDAY), {Reason.DAYS_PAST}),
        row("nor a range that begins there", plan(CLOSED, YESTERDAY, later(3)), {Reason.DAYS_PAST}),
        row("yesterday cannot be opened", plan(OPEN, YESTERDAY), {Reason.DAYS_PAST}),
        row("an event may have been", plan(EVENT, YESTERDAY), set()),
        row("an event has a name", plan(EVENT, label=""), {Reason.EVENT_UNNAMED}),
        row("a closure needs none", plan(CLOSED, label=""), set()),
        row("sixty days at once", plan(CLOSED, TODAY, later(59)), set()),
        row("sixty-one are too many", plan(CLOSED, TODAY, later(60)), {Reason.TOO_MANY_DAYS}),
        row("the last day is not before the first", plan(CLOSED, later(2), later(1)), {Reason.DAYS_REVERSED}),
        row("five years ahead", plan(CLOSED, date(2031, 12, 31)), set()),
        row("not six", plan(CLOSED, date(2032, 1, 1)), {Reason.DAYS_FAR_OFF}),
        row(
            "not over the end of it",
            plan(CLOSED, date(2031, 12, 31), date(2032, 1, 1)),
            {Reason.DAYS_FAR_OFF},
        ),
        row("five years back", plan(EVENT, date(2021, 1, 1)), set()),
        row("not six back", plan(EVENT, date(2020, 12, 31)), {Reason.DAYS_FAR_OFF}),
        row(
            "every reason is said",
            plan(EVENT, date(2040, 1, 2), date(2040, 1, 1), ""),
            {Reason.DAYS_REVERSED, Reason.DAYS_FAR_OFF, Reason.EVENT_UNNAMED},
        ),
    ],
)
def test_a_plan_is_one_that_can_be_meant(planned, reasons):
    assert {refusal.reason for refusal in decide_plan(planned, TODAY).refusals} == reasons


@pytest.mark.parametrize(
    ("planned", "openings", "days"),
    [
        row(
            "a closure leaves closed days out",
            plan(CLOSED, SUNDAY, TUESDAY),
            [MONDAYS_CLOSED],
            [SUNDAY, TUESDAY],
        ),
        row("unless a branch is open", plan(CLOSED, MONDAY), [MONDAYS_CLOSED, ALWAYS_OPEN], [MONDAY]),
        row("an opening leaves open days out", plan(OPEN, SUNDAY, TUESDAY), [MONDAYS_CLOSED], [MONDAY]),
        row("unless a branch is closed", plan(OPEN, MONDAY), [MONDAYS_CLOSED, ALWAYS_OPEN], [MONDAY]),
        row("an event is on any day", plan(EVENT, SUNDAY, MONDAY), [MONDAYS_CLOSED], [SUNDAY, MONDAY]),
    ],
)
def test_only_days_that_differ_are_written(planned, openings, days):
    decision = decide_days(planned, openings)

    assert decision.allowed and list(decision.days) == days


@pytest.mark.parametrize(
    ("planned", "reason", "facts"),
    [
        row("closed", plan(CLOSED, MONDAY), Reason.CLOSED_ALREADY, {"first": MONDAY, "last": None}),
        row("open", plan(OPEN, SUNDAY), Reason.OPEN_ALREADY, {"first": SUNDAY, "last": None}),
        row("event", plan(EVENT, MONDAY), Reason.EVENT_ALREADY, {"first": MONDAY, "last": None}),
        row(
            "a range",
            plan(EVENT, MONDAY, TUESDAY),
            Reason.EVENT_ALREADY,
            {"first": MONDAY, "last": TUESDAY},
        ),
    ],
)
def test_what_is_so_already_is_said(planned, reason, facts):
    decision = decide_days(planned, [MONDAYS_CLOSED], planned.days)

    [refusal] = decision.refusals
    assert (refusal.reason, refusal.facts, decision.days) == (reason, facts, ())


def test_a_day_that_was_opened_on_purpose_is_not_closed_over_it():
    opened = OpeningDays(opened=frozenset({MONDAY}))

    decision = decide_days(plan(CLOSED, SUNDAY, TUESDAY), [ALWAYS_OPEN, opened])

    [refusal] = decision.refusals
    assert (refusal.reason, refusal.facts) == (Reason.OPENED_ON_PURPOSE, {"on": [MONDAY]})
    assert decide_days(plan(EVENT, MONDAY), [opened]).allowed
