"""When patrons are reminded: of what is due soon, of what is late, of the last day of a hold and a card."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from policy_file import read_policy
from rules import (
    JAPAN,
    TOLD_WHILE_OPEN,
    TOLD_WHILE_OUT,
    OverdueReminders,
    Period,
    Reminder,
    ReminderPolicy,
    Unit,
    is_reminded_of,
    is_reminded_of_loan,
    optional_reminders,
    overdue_reminders,
    reminded_until,
    reminders_leave_at,
    renews_on_the_web,
)
from tests.facts import EVERYTHING, SOURCE_1, SOURCE_1_TEXT, SOURCE_2, TODAY, policy, row

DAY = timedelta(days=1)
LONG_AGO = TODAY - 30 * DAY


def days(n: int) -> Period:
    return Period(n, Unit.DAYS)


def reminding(**lines):
    return replace(SOURCE_1, reminder=ReminderPolicy(**lines))


def late_by(overdue_days: int, every: Period, times: int) -> int:
    library = reminding(overdue=OverdueReminders(every, times))
    return overdue_reminders(library, TODAY - overdue_days * DAY, TODAY)


# -- what a library writes ---------------------------------------------------------------------------------


def test_the_ready_policies_remind_of_all_four():
    said = ReminderPolicy(days(3), OverdueReminders(days(7), 4), days(1), days(30))
    assert SOURCE_1.reminder == SOURCE_2.reminder == said


def test_a_file_that_says_nothing_sends_nothing():
    [table] = [part for part in SOURCE_1_TEXT.split("\n\n") if part.startswith("[reminder]")]
    library = read_policy(SOURCE_1_TEXT.replace(table, ""))

    assert library.reminder == ReminderPolicy() and optional_reminders(library) == {}
    assert not is_reminded_of_loan(library, LONG_AGO, TODAY, None, TODAY)
    assert overdue_reminders(library, LONG_AGO, TODAY) == 0
    assert reminded_until(library.reminder.card_expires, TODAY) is None


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("before_due", {Reminder.HOLD_LAST_DAY: days(1), Reminder.CARD_EXPIRES: days(30)}),
        ("last_day_of_hold", {Reminder.DUE_SOON: days(3), Reminder.CARD_EXPIRES: days(30)}),
        ("card_expires", {Reminder.DUE_SOON: days(3), Reminder.HOLD_LAST_DAY: days(1)}),
        ("overdue", dict.fromkeys(Reminder)),
    ],
)
def test_a_line_that_is_struck_out_is_that_reminder_and_no_other(line, left):
    library = policy(SOURCE_1_TEXT, (f"\n{line} = ", f"\n# {line} = "))

    if line == "overdue":
        assert library.reminder == replace(SOURCE_1.reminder, overdue=None)
    else:
        assert optional_reminders(library) == left and library.reminder.overdue


def test_that_something_is_late_cannot_be_done_without():
    assert Reminder.OVERDUE not in optional_reminders(EVERYTHING)
    assert optional_reminders(EVERYTHING) == {
        Reminder.DUE_SOON: days(2),
        Reminder.HOLD_LAST_DAY: days(2),
        Reminder.CARD_EXPIRES: Period(1, Unit.MONTHS),
    }


# -- due soon ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due_in", "reminded"),
    [
        row("three days before, where the sheet says two", 3, False),
        row("two days before", 2, True),
        row("a day before, since a night was missed", 1, True),
        row("on the day itself, since two were", 0, True),
        row("when it is late", -1, False),
    ],
)
def test_of_a_loan_its_patron_is_reminded(due_in, reminded):
    library = reminding(before_due=days(2))
    due_on = TODAY + due_in * DAY

    assert is_reminded_of_loan(library, LONG_AGO, due_on, None, TODAY) is reminded
    assert not is_reminded_of_loan(library, LONG_AGO, due_on, due_on, TODAY), "once"


def test_a_loan_that_was_renewed_is_reminded_of_again_before_its_new_day():
    library, new = reminding(before_due=days(2)), TODAY + 14 * DAY

    assert not is_reminded_of_loan(library, LONG_AGO, new, TODAY, TODAY)
    assert is_reminded_of_loan(library, LONG_AGO, new, TODAY, new - 2 * DAY)


def test_what_was_lent_for_a_day_is_not_reminded_of_on_the_day_on_which_it_was_lent():
    library, due_on = reminding(before_due=days(3)), TODAY + DAY

    assert not is_reminded_of_loan(library, TODAY, due_on, None, TODAY)
    assert is_reminded_of_loan(library, TODAY, due_on, None, TODAY + DAY)


@pytest.mark.parametrize(
    ("period", "last"),
    [
        row("days", days(3), date(2026, 4, 4)),
        row("weeks", Period(2, Unit.WEEKS), date(2026, 4, 15)),
        row("months", Period(1, Unit.MONTHS), date(2026, 5, 1)),
        row("more years than there are", Period(9999, Unit.YEARS), date.max),
    ],
)
def test_the_farthest_day_that_is_reminded_of_is_the_last_of_the_period(period, last):
    assert reminded_until(period, TODAY) == last
    assert is_reminded_of(period, last, None, TODAY)
    if last < date.max:
        assert not is_reminded_of(period, last + DAY, None, TODAY)


def test_of_a_day_that_was_put_off_it_is_reminded_again_and_of_none_that_is_past():
    assert is_reminded_of(days(1), TODAY + DAY, TODAY, TODAY)
    assert not is_reminded_of(days(1), TODAY - DAY, None, TODAY)
    assert not is_reminded_of(None, TODAY, None, TODAY)


# -- late --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overdue_days", "said"),
    [(-3, 0), (0, 0), (1, 0), (6, 0), (7, 1), (8, 1), (13, 1), (14, 2), (21, 3), (28, 3), (400, 3)],
)
def test_it_is_said_at_each_multiple_and_so_many_times(overdue_days, said):
    assert late_by(overdue_days, days(7), 3) == said


def test_once_is_once_and_months_are_months():
    assert [late_by(n, days(1), 1) for n in (0, 1, 2, 30)] == [0, 1, 1, 1]
    assert [late_by(n, Period(1, Unit.MONTHS), 2) for n in (30, 31, 58, 59, 60)] == [0, 1, 1, 2, 2]
    assert late_by(400, Period(9999, Unit.YEARS), 4) == 0


# -- when, and where ---------------------------------------------------------------------------------------


def test_what_is_found_at_midnight_leaves_in_the_morning_and_what_is_found_later_at_once():
    midnight = datetime(2026, 4, 1, 0, 0, 20, tzinfo=JAPAN).astimezone(UTC)
    morning = datetime(2026, 4, 1, 8, tzinfo=JAPAN)

    assert reminders_leave_at(midnight) == morning
    assert reminders_leave_at(morning) == morning
    assert reminders_leave_at(morning + timedelta(hours=1)) == morning + timedelta(hours=1)


def test_renewing_is_offered_where_the_sheet_lets_the_web_do_it():
    assert renews_on_the_web(SOURCE_1) and renews_on_the_web(EVERYTHING)
    assert not renews_on_the_web(policy(SOURCE_1_TEXT, ("times = 1\n", "times = 0\n")))
    assert not renews_on_the_web(policy(SOURCE_1_TEXT, ("times = 1\n", 'times = 1\nat = ["desk"]\n')))


def test_the_messages_that_go_with_a_hold_or_a_loan_are_known_by_their_words():
    assert {Reminder.DUE_SOON, Reminder.OVERDUE} == TOLD_WHILE_OUT
    assert Reminder.HOLD_LAST_DAY in TOLD_WHILE_OPEN
