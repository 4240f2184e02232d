"""Days: opening days, periods, last days and the library's midnight; tables first, then what always holds."""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rules import (
    ALWAYS_OPEN,
    STAY_AT_DESK,
    Act,
    Block,
    CardState,
    Cause,
    Channel,
    Closure,
    OnClosed,
    OnHolidays,
    OpeningDays,
    Period,
    Reason,
    Unit,
    card_has_expired,
    decide_hold,
    decide_renewal,
    end_of,
    fiscal_year,
    is_due_soon,
    library_day,
    login_lasts,
    plan_cart,
    settle,
)
from tests.facts import (
    ALL_TITLES,
    CAST,
    KOKORO,
    MARCH_ISSUE,
    MONDAYS_CLOSED,
    NEVER_OPEN,
    SATO,
    SOURCE_1,
    SOURCE_1_TEXT,
    SOURCE_2,
    SOURCE_2_TEXT,
    TODAY,
    WEB,
    collect_by,
    due_date,
    loan,
    on,
    policy,
    row,
    title,
    with_loans,
)


def closed_on(*days: date, closures: tuple[Closure, ...] = ()) -> OpeningDays:
    return OpeningDays(closures, closed=frozenset(days))


# ---- Which days are open -------------------------------------------------------------------------------


def opening_of(*closed: str) -> OpeningDays:
    """The opening days of a branch whose policy says so."""
    lines = 'main = true\nclosed = ["monday", "12-28..01-04"]'
    written = ", ".join(f'"{rule}"' for rule in closed)
    library = policy(SOURCE_1_TEXT, (lines, f"main = true\nclosed = [{written}]"))
    return OpeningDays(library.branch("main").closures)


@pytest.mark.parametrize(
    ("rule", "day", "is_open"),
    [
        row("monday: a Monday", "monday", date(2026, 4, 6), False),
        row("monday: the Tuesday after", "monday", date(2026, 4, 7), True),
        row("monday: the Sunday before", "monday", date(2026, 4, 5), True),
        row("monday: every one of the month", "monday", date(2026, 4, 27), False),
        row("Monday with a capital", "Monday", date(2026, 4, 6), False),
        row("sunday: a Sunday", "sunday", date(2026, 4, 5), False),
        row("last thursday: the fifth of a month that has five", "last thursday", date(2026, 4, 30), False),
        row("last thursday: not the fourth of it", "last thursday", date(2026, 4, 23), True),
        row("last thursday: the fourth of a month that has four", "last thursday", date(2026, 2, 26), False),
        row("last thursday: no other weekday at the month's end", "last thursday", date(2026, 5, 29), True),
        row("last thursday: in December", "last thursday", date(2026, 12, 31), False),
        row("3rd wednesday: the 15th at the earliest", "3rd wednesday", date(2026, 4, 15), False),
        row("3rd wednesday: the 21st at the latest", "3rd wednesday", date(2026, 1, 21), False),
        row("3rd wednesday: not the second", "3rd wednesday", date(2026, 4, 8), True),
        row("3rd wednesday: not the fourth", "3rd wednesday", date(2026, 4, 22), True),
        row("1st friday: the first day of a month", "1st friday", date(2026, 5, 1), False),
        row("1st friday: the seventh day of a month", "1st friday", date(2026, 8, 7), False),
        row("2nd tuesday: the eighth day of a month", "2nd tuesday", date(2026, 9, 8), False),
        row("4th saturday", "4th saturday", date(2026, 4, 25), False),
        row("5th saturday: where there is one", "5th saturday", date(2026, 5, 30), False),
        row("5th saturday: the fourth is open", "5th saturday", date(2026, 4, 25), True),
        row("New Year: the day before", "12-28..01-04", date(2026, 12, 27), True),
        row("New Year: the first day", "12-28..01-04", date(2026, 12, 28), False),
        row("New Year: New Year's Eve", "12-28..01-04", date(2026, 12, 31), False),
        row("New Year: New Year's Day", "12-28..01-04", date(2027, 1, 1), False),
        row("New Year: the last day", "12-28..01-04", date(2027, 1, 4), False),
        row("New Year: the day after", "12-28..01-04", date(2027, 1, 5), True),
        row("New Year: in summer", "12-28..01-04", date(2026, 7, 1), True),
        row("a closure in one year: the day before", "05-03..05-05", date(2026, 5, 2), True),
        row("a closure in one year: the first day", "05-03..05-05", date(2026, 5, 3), False),
        row("a closure in one year: the last day", "05-03..05-05", date(2026, 5, 5), False),
        row("a closure in one year: the day after", "05-03..05-05", date(2026, 5, 6), True),
        row("one day a year", "12-28", date(2026, 12, 28), False),
        row("one day a year: the next", "12-28", date(2026, 12, 29), True),
        row("one day a year: the month after", "12-28", date(2027, 1, 28), True),
        row("a leap day can be named", "02-29", date(2028, 2, 29), False),
    ],
)
def test_a_closure_of_the_policy_closes_these_days(rule, day, is_open):
    assert opening_of(rule).is_open(day) is is_open


def test_several_closures_each_close_their_days():
    opening = opening_of("monday", "last thursday", "12-28..01-04")

    closed = [day for day in range(1, 31) if not opening.is_open(date(2026, 4, day))]

    assert closed == [6, 13, 20, 27, 30]


def test_a_branch_without_closures_is_always_open():
    assert all(ALWAYS_OPEN.is_open(TODAY + timedelta(days=n)) for n in range(400))


def test_an_exceptional_opening_beats_the_weekly_closure():
    monday = date(2026, 5, 4)
    opening = OpeningDays((Closure(weekday=0),), opened=frozenset({monday}))

    assert opening.is_open(monday)
    assert not opening.is_open(monday + timedelta(days=7))
    assert opening.next_open(monday) == monday


def test_an_exceptional_opening_beats_a_single_closed_day():
    assert OpeningDays(closed=frozenset({TODAY}), opened=frozenset({TODAY})).is_open(TODAY)


def test_a_single_day_may_be_closed():
    opening = closed_on(TODAY)

    assert not opening.is_open(TODAY)
    assert opening.next_open(TODAY) == TODAY + timedelta(days=1)
    assert opening.previous_open(TODAY) == TODAY - timedelta(days=1)


def test_an_open_day_is_its_own_next_and_previous():
    assert MONDAYS_CLOSED.next_open(TODAY) == TODAY
    assert MONDAYS_CLOSED.previous_open(TODAY) == TODAY


def test_a_closure_of_days_that_touches_the_weekly_one_is_left_behind_as_a_whole():
    opening = opening_of("monday", "12-29..01-03")  # 4 January 2027 is a Monday

    assert opening.next_open(date(2026, 12, 29)) == date(2027, 1, 5)
    assert opening.previous_open(date(2027, 1, 4)) == date(2026, 12, 27)  # the 28th is a Monday too


def test_the_search_for_an_open_day_ends_after_a_year():
    days = [TODAY + timedelta(days=n) for n in range(-400, 400)]

    assert NEVER_OPEN.next_open(TODAY) is None
    assert NEVER_OPEN.previous_open(TODAY) is None
    assert closed_on(*days[400:-1]).next_open(TODAY) == days[-1]
    assert closed_on(*days[400:]).next_open(TODAY) is None
    assert closed_on(*days[2:401]).previous_open(TODAY) == days[1]
    assert closed_on(*days[1:401]).previous_open(TODAY) is None


# ---- Periods -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "start", "expected"),
    [
        row("15 days", Period(15, Unit.DAYS), date(2021, 1, 11), date(2021, 1, 26)),
        row("15 days with the first", Period(15, Unit.DAYS, True), date(2021, 1, 11), date(2021, 1, 25)),
        row("1 day with the first is that day", Period(1, Unit.DAYS, True), TODAY, TODAY),
        row("2 weeks", Period(2, Unit.WEEKS), date(2021, 1, 11), date(2021, 1, 25)),
        row("2 weeks with the first", Period(2, Unit.WEEKS, True), date(2021, 1, 11), date(2021, 1, 24)),
        row("1 month: the same day", Period(1, Unit.MONTHS), date(2021, 1, 15), date(2021, 2, 15)),
        row("1 month with the first", Period(1, Unit.MONTHS, True), date(2021, 1, 15), date(2021, 2, 14)),
        row("1 month from 31 January", Period(1, Unit.MONTHS), date(2021, 1, 31), date(2021, 2, 28)),
        row("1 month from 30 January", Period(1, Unit.MONTHS), date(2021, 1, 30), date(2021, 2, 28)),
        row("the same in a leap year", Period(1, Unit.MONTHS), date(2024, 1, 31), date(2024, 2, 29)),
        row("1 month from 31 March", Period(1, Unit.MONTHS), date(2021, 3, 31), date(2021, 4, 30)),
        row("1 month from 28 February", Period(1, Unit.MONTHS), date(2021, 2, 28), date(2021, 3, 28)),
        row("1 month from November", Period(1, Unit.MONTHS), date(2021, 11, 30), date(2021, 12, 30)),
        row("1 month over New Year", Period(1, Unit.MONTHS), date(2021, 12, 31), date(2022, 1, 31)),
        row("2 months over New Year", Period(2, Unit.MONTHS), date(2021, 12, 31), date(2022, 2, 28)),
        row("13 months", Period(13, Unit.MONTHS), date(2021, 12, 31), date(2023, 1, 31)),
        row("3 years", Period(3, Unit.YEARS), date(2021, 4, 1), date(2024, 4, 1)),
        row("3 years with the first", Period(3, Unit.YEARS, True), date(2021, 4, 1), date(2024, 3, 31)),
        row("1 year from a leap day", Period(1, Unit.YEARS), date(2024, 2, 29), date(2025, 2, 28)),
    ],
)
def test_a_period_ends_on(period, start, expected):
    assert end_of(period, start) == expected


@pytest.mark.parametrize(
    ("n", "count_first", "start", "expected"),
    [
        row("7 open days from the next day", 7, False, date(2021, 1, 8), date(2021, 1, 16)),
        row("8 open days with the first", 8, True, date(2021, 1, 8), date(2021, 1, 16)),
        row("1 open day with the first is that day", 1, True, date(2021, 1, 8), date(2021, 1, 8)),
        row("1 open day from Sunday is Tuesday", 1, False, date(2021, 1, 10), date(2021, 1, 12)),
        row("a closed first day cannot count", 1, True, date(2021, 1, 11), date(2021, 1, 12)),
        row("from a closed day", 1, False, date(2021, 1, 11), date(2021, 1, 12)),
    ],
)
def test_open_days_leave_out_the_mondays(n, count_first, start, expected):
    assert end_of(Period(n, Unit.OPEN_DAYS, count_first), start, MONDAYS_CLOSED) == expected


def test_open_days_in_a_library_that_never_opens_come_to_an_end_but_to_no_last_day():
    day = end_of(Period(7, Unit.OPEN_DAYS), TODAY, NEVER_OPEN)

    assert settle(day, OnClosed.NEXT, NEVER_OPEN, None) is None


def test_open_days_that_a_library_about_to_close_cannot_give_are_not_given():
    closed_for_good = closed_on(*(TODAY + timedelta(days=n) for n in range(1, 1000)))

    day = end_of(Period(7, Unit.OPEN_DAYS), TODAY, closed_for_good)

    assert settle(day, OnClosed.NEXT, closed_for_good, None) is None


# ---- The vectors of docs/rules.md that the language of policies can say --------------------------------

DUE = date(2021, 1, 25)
FRIDAY = date(2021, 1, 8)


def lent(period: str, lent_on: date, opening: OpeningDays = ALWAYS_OPEN) -> date | None:
    """When a book is due that is lent for so long, with the next open day where that one is closed."""
    library = policy(
        SOURCE_1_TEXT, ('name = "図書"\nloan = { weeks = 2 }', f'name = "図書"\nloan = {period}')
    )
    return due_date(library, KOKORO.items[0], lent_on, opening)


def renewed(base: str, period: str, asked_on: date) -> date | None:
    """Until when a book due on 25 January 2021 is renewed, for so long from one of the two days."""
    library = policy(
        SOURCE_1_TEXT, ('from = "due date"', f'from = "{base}"'), ("by = { weeks = 2 }", f"by = {period}")
    )
    borrowed = loan(KOKORO, DUE)
    return decide_renewal(library, with_loans(SATO, borrowed), borrowed, on(WEB, asked_on)).due_on


def kept(period: str, told_on: date = FRIDAY, opening: OpeningDays = MONDAYS_CLOSED) -> date | None:
    """Until when a book waits on the hold shelf."""
    library = policy(SOURCE_1_TEXT, ("keep = { weeks = 1 }", f"keep = {period}"))
    return collect_by(library, told_on, opening)


FIFTEEN, EIGHT = "{ days = 15, count_first = true }", "{ days = 8, count_first = true }"
CLOSED_24_NOVEMBER = closed_on(date(2015, 11, 24))


P, D = "day of request", "due date"
TWO_WEEKS, THREE_WEEKS = "{ weeks = 2 }", "{ weeks = 3 }"
EIGHT_OPEN = "{ open_days = 8, count_first = true }"


@pytest.mark.parametrize(
    ("date_of", "facts", "expected"),
    [
        row("source document 2: a book lent", lent, (FIFTEEN, date(2021, 1, 11)), date(2021, 1, 25)),
        row("source document 2: a book renewed", renewed, (P, FIFTEEN, date(2021, 1, 24)), date(2021, 2, 7)),
        row("source document 2: as a magazine", renewed, (P, EIGHT, date(2021, 1, 24)), date(2021, 1, 31)),
        row("source document 1: early", renewed, (D, TWO_WEEKS, date(2021, 1, 11)), date(2021, 2, 8)),
        row("source document 1: on the last day", renewed, (D, TWO_WEEKS, DUE), date(2021, 2, 8)),
        row("Machida: in time", renewed, (P, TWO_WEEKS, date(2021, 1, 20)), date(2021, 2, 3)),
        row("Chita: read one way", renewed, (D, FIFTEEN, DUE), date(2021, 2, 8)),
        row("Chita: read the other way", renewed, (D, "{ days = 15 }", DUE), date(2021, 2, 9)),
        row("Funabashi: 7 open days from the next", kept, ("{ open_days = 7 }",), date(2021, 1, 16)),
        row("Kashihara: 8 open days with the first", kept, (EIGHT_OPEN,), date(2021, 1, 16)),
        row("Toyoake: a week from the mail", kept, ("{ weeks = 1 }",), date(2021, 1, 15)),
        row("Shingu: 8 days with the first", kept, (EIGHT,), date(2021, 1, 15)),
        row("ten days on the shelf, to a Monday", kept, ("{ days = 10 }",), date(2021, 1, 19)),
        row(
            "Narita: three weeks to a closed day",
            lent,
            (THREE_WEEKS, date(2015, 11, 3), CLOSED_24_NOVEMBER),
            date(2015, 11, 25),
        ),
    ],
)
def test_a_real_library_s_date(date_of, facts, expected):
    assert date_of(*facts) == expected


@pytest.mark.parametrize("days_before", range(15))
def test_from_the_due_date_the_new_one_is_the_same_on_every_day_of_the_loan(days_before):
    assert renewed(D, TWO_WEEKS, DUE - timedelta(days=days_before)) == date(2021, 2, 8)


def test_after_the_due_date_neither_way_of_counting_renews():
    assert renewed(D, TWO_WEEKS, DUE + timedelta(days=3)) is None
    assert renewed(P, TWO_WEEKS, DUE + timedelta(days=3)) is None


@pytest.mark.parametrize(
    ("on_closed", "expected"),
    [
        row("keep", OnClosed.KEEP, date(2026, 4, 13)),
        row("the next open day", OnClosed.NEXT, date(2026, 4, 14)),
        row("the previous open day", OnClosed.PREVIOUS, date(2026, 4, 12)),
    ],
)
def test_a_last_day_on_a_closed_monday_becomes(on_closed, expected):
    assert settle(date(2026, 4, 13), on_closed, MONDAYS_CLOSED, None) == expected


@pytest.mark.parametrize(
    ("on_closed", "expected"),
    [
        row("keep", OnClosed.KEEP, date(2026, 4, 13)),
        row("the next open day would be after the card's last", OnClosed.NEXT, date(2026, 4, 12)),
        row("the previous open day", OnClosed.PREVIOUS, date(2026, 4, 12)),
    ],
)
def test_a_last_day_after_the_card_s_last_monday_becomes(on_closed, expected):
    assert settle(date(2026, 4, 20), on_closed, MONDAYS_CLOSED, date(2026, 4, 13)) == expected


@pytest.mark.parametrize("on_closed", [OnClosed.NEXT, OnClosed.PREVIOUS])
@pytest.mark.parametrize("card_expires_on", [None, TODAY + timedelta(days=30)])
def test_without_any_open_day_there_is_no_last_day(on_closed, card_expires_on):
    assert settle(TODAY, on_closed, NEVER_OPEN, card_expires_on) is None


# ---- The library's midnight ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        row("23:59 in Tokyo is still the day", datetime(2026, 4, 1, 14, 59, tzinfo=UTC), date(2026, 4, 1)),
        row("00:00 in Tokyo is the next", datetime(2026, 4, 1, 15, 0, tzinfo=UTC), date(2026, 4, 2)),
        row("noon in London is the same day", datetime(2026, 4, 1, 12, tzinfo=UTC), date(2026, 4, 1)),
        row("midnight in London is nine in the morning", datetime(2026, 4, 1, tzinfo=UTC), date(2026, 4, 1)),
        row(
            "a server in New York is a day behind",
            datetime(2026, 4, 1, 20, tzinfo=timezone(timedelta(hours=-4))),
            date(2026, 4, 2),
        ),
        row("the year turns in Tokyo", datetime(2026, 12, 31, 15, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)  # fmt: skip
def test_the_library_s_day_is_tokyo_s(instant, expected):
    assert library_day(instant) == expected


def test_a_loan_is_overdue_from_midnight_in_tokyo_and_not_a_minute_before():
    borrowed = loan(KOKORO, date(2026, 4, 1))
    last_minute = library_day(datetime(2026, 4, 1, 14, 59, tzinfo=UTC))
    midnight = library_day(datetime(2026, 4, 1, 15, 0, tzinfo=UTC))

    assert borrowed.days_overdue(last_minute) == 0
    assert borrowed.days_overdue(midnight) == 1
    assert Reason.OVERDUE not in decide_renewal(SOURCE_1, SATO, borrowed, on(WEB, last_minute)).reasons
    assert Reason.OVERDUE in decide_renewal(SOURCE_1, SATO, borrowed, on(WEB, midnight)).reasons


@pytest.mark.parametrize(
    ("began", "last_page", "lasts"),
    [
        row("a page a minute ago", {"hours": 1}, {"minutes": 1}, True),
        row("half an hour without a page", {"hours": 1}, {"minutes": 30}, True),
        row("a second more", {"hours": 1}, {"minutes": 30, "seconds": 1}, False),
        row("half a day with many pages", {"hours": 12}, {"minutes": 1}, True),
        row("a second more, however busy", {"hours": 12, "seconds": 1}, {"minutes": 1}, False),
    ],
)
def test_a_login_lasts(began, last_page, lasts):
    now = datetime(2026, 4, 1, 3, tzinfo=UTC)

    assert login_lasts(STAY_AT_DESK, now - timedelta(**began), now - timedelta(**last_page), now) is lasts


def test_days_overdue_are_counted_from_the_day_after_and_are_never_negative():
    borrowed = loan(KOKORO, TODAY)

    assert [borrowed.days_overdue(TODAY + timedelta(days=n)) for n in (-7, 0, 1, 30)] == [0, 0, 1, 30]


# ---- What always holds ---------------------------------------------------------------------------------

unhurried = settings(deadline=None)  # the machine may be busy with other things

DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
SOME_DAYS = st.frozensets(DAYS, max_size=8)
WEEKLY = st.builds(Closure, weekday=st.integers(0, 6), nth=st.sampled_from([None, -1, 1, 2, 3, 4, 5]))
MONTH_AND_DAY = DAYS.map(lambda day: (day.month, day.day))
YEARLY = st.builds(Closure, first=MONTH_AND_DAY, last=MONTH_AND_DAY)
# Any calendar, mad ones too: closed on all days but one of the year, or on every weekday.
OPENINGS = st.one_of(
    st.just(NEVER_OPEN),
    st.builds(OpeningDays, st.lists(WEEKLY | YEARLY, max_size=7).map(tuple), SOME_DAYS, SOME_DAYS),
)
# A library that is open on four days of the week at least, but for single days.
SANE_OPENINGS = st.builds(OpeningDays, st.lists(WEEKLY, max_size=3).map(tuple), SOME_DAYS, SOME_DAYS)
MOST_OF_UNIT = {Unit.DAYS: 60, Unit.WEEKS: 9, Unit.MONTHS: 26, Unit.YEARS: 3, Unit.OPEN_DAYS: 40}
PERIODS = st.sampled_from(list(MOST_OF_UNIT)).flatmap(
    lambda unit: st.builds(Period, st.integers(1, MOST_OF_UNIT[unit]), st.just(unit), st.booleans())
)


@unhurried
@given(OPENINGS, DAYS)
def test_the_next_and_the_previous_open_day_are_the_nearest(opening, day):
    later, earlier = opening.next_open(day), opening.previous_open(day)

    for n in range(400):
        after, before = day + timedelta(days=n), day - timedelta(days=n)
        assert opening.is_open(after) <= (later is not None and later <= after)
        assert opening.is_open(before) <= (earlier is not None and earlier >= before)
    assert later is None or opening.is_open(later)
    assert earlier is None or opening.is_open(earlier)


@unhurried
@given(DAYS, st.sampled_from(list(OnClosed)), OPENINGS, st.none() | DAYS)
def test_a_settled_day_is_never_closed_unless_kept_and_never_after_the_card(
    day, on_closed, opening, expires_on
):
    settled = settle(day, on_closed, opening, expires_on)

    if on_closed is OnClosed.KEEP:
        assert settled == min(day, expires_on or day)
    if settled is not None:
        assert on_closed is OnClosed.KEEP or opening.is_open(settled)
        assert expires_on is None or settled <= expires_on
        assert on_closed is not OnClosed.PREVIOUS or settled <= day


@unhurried
@given(DAYS, SANE_OPENINGS, st.none() | DAYS)
def test_a_library_that_opens_at_times_always_has_a_last_day(day, opening, expires_on):
    settled = settle(day, OnClosed.NEXT, opening, expires_on)

    last = day if expires_on is None else min(day, expires_on)
    assert settled is not None
    if settled > last:
        assert not any(opening.is_open(last + timedelta(days=n)) for n in range((settled - last).days))
    if settled < last:
        assert settled == opening.previous_open(last)
        assert expires_on is not None and opening.next_open(last) > expires_on


@unhurried
@given(PERIODS, DAYS, SANE_OPENINGS)
def test_a_longer_period_ends_later(period, start, opening):
    longer = replace(period, n=period.n + 1)

    assert end_of(period, start, opening) < end_of(longer, start, opening)


@unhurried
@given(PERIODS, DAYS, SANE_OPENINGS)
def test_counting_the_first_day_never_ends_later(period, start, opening):
    with_first, without = replace(period, count_first=True), replace(period, count_first=False)

    assert start <= end_of(with_first, start, opening) <= end_of(without, start, opening)


@unhurried
@given(st.integers(1, 60), st.booleans(), DAYS, SANE_OPENINGS)
def test_a_period_of_open_days_has_that_many(n, count_first, start, opening):
    last = end_of(Period(n, Unit.OPEN_DAYS, count_first), start, opening)

    first = 0 if count_first else 1
    days = [start + timedelta(days=n) for n in range(first, (last - start).days + 1)]
    assert sum(map(opening.is_open, days)) == n
    assert opening.is_open(last)


@unhurried
@given(st.integers(1, 40), DAYS)
def test_months_end_on_the_same_day_or_on_the_month_s_last(n, start):
    last = end_of(Period(n, Unit.MONTHS), start)

    assert (last.year * 12 + last.month) - (start.year * 12 + start.month) == n
    assert last.day == min(start.day, monthrange(last.year, last.month)[1])


EXPIRED_BLOCK = 'when = { card = "expired" }\nstops = ["loan", "hold", "renewal"]'
LOANS_ONLY = 'when = { card = "expired" }\nstops = ["loan"]'
LIBRARIES = (
    SOURCE_1,
    SOURCE_2,
    policy(SOURCE_1_TEXT, (EXPIRED_BLOCK, LOANS_ONLY)),
    policy(SOURCE_2_TEXT, (EXPIRED_BLOCK, LOANS_ONLY)),
    policy(SOURCE_1_TEXT, ("by = { weeks = 2 }", "by = { open_days = 3 }")),
    policy(SOURCE_2_TEXT, ("[loan]\non_closed = ", "[loan]\non_closed = 'previous open day' # ")),
)


@unhurried
@given(
    library=st.sampled_from(LIBRARIES),
    bib=st.sampled_from([KOKORO, MARCH_ISSUE]),
    due_in=st.integers(-3, 40),
    today=DAYS,
    expires_in=st.none() | st.integers(-10, 60),
    opening=OPENINGS,
)
def test_a_renewal_never_shortens_a_loan(library, bib, due_in, today, expires_in, opening):
    expires_on = None if expires_in is None else today + timedelta(days=expires_in)
    borrowed = loan(bib, today + timedelta(days=due_in))
    patron = replace(SATO, card_expires_on=expires_on, loans=(borrowed,))

    decision = decide_renewal(library, patron, borrowed, on(WEB, today), opening)

    assert decision.allowed is (decision.due_on is not None)
    if decision.allowed:
        assert decision.due_on > borrowed.due_on
        assert opening.is_open(decision.due_on)
        assert expires_on is None or expires_on < today or decision.due_on <= expires_on
    if decision.reasons == (Reason.NO_DAY_GAINED,) and decision.refusals[0].facts["from_on"]:
        from_on = decision.refusals[0].facts["from_on"]
        assert today < from_on <= borrowed.due_on
        assert decide_renewal(library, patron, borrowed, on(WEB, from_on), opening).allowed
        day_before = from_on - timedelta(days=1)
        assert not decide_renewal(library, patron, borrowed, on(WEB, day_before), opening).allowed


@unhurried
@given(st.integers(0, 12), st.integers(0, 4), st.sampled_from(list(Channel)))
def test_a_limit_of_n_admits_exactly_n(most, more, channel):
    library = policy(SOURCE_1_TEXT, ('of = ["book"]\nmost = 5', f'of = ["book"]\nmost = {most}'))
    wanted = [title(n) for n in range(most + more)]

    plan = plan_cart(library, SATO, wanted, on(channel, TODAY))

    assert [answer.allowed for answer in plan] == [True] * most + [False] * more
    assert all(answer.reasons == (Reason.HOLD_LIMIT,) for answer in plan[most:])


def flags(members):
    return st.frozensets(st.sampled_from(list(members)), min_size=1)


CAUSES = st.builds(
    Cause,
    overdue=st.none() | st.builds(Period, st.integers(1, 5), st.just(Unit.DAYS)),
    card=st.none() | st.just(CardState.EXPIRED),
).filter(lambda cause: cause != Cause())
BLOCKS = st.builds(Block, when=CAUSES, stops=flags(Act), at=flags(Channel))


@unhurried
@given(
    blocks=st.lists(BLOCKS, max_size=3),
    block=BLOCKS,
    name=st.sampled_from(list(CAST)),
    bib=st.sampled_from(ALL_TITLES),
    channel=st.sampled_from(list(Channel)),
    due_in=st.integers(-4, 10),
)
def test_one_more_block_never_allows_more(blocks, block, name, bib, channel, due_in):
    borrowed = loan(bib, TODAY + timedelta(days=due_in))
    patron = with_loans(CAST[name], borrowed)
    library = replace(SOURCE_1, blocks=tuple(blocks))
    stricter = replace(SOURCE_1, blocks=(*blocks, block))

    hold = decide_hold(library, patron, bib, on(channel, TODAY))
    stricter_hold = decide_hold(stricter, patron, bib, on(channel, TODAY))
    renewal = decide_renewal(library, patron, borrowed, on(channel, TODAY))
    stricter_renewal = decide_renewal(stricter, patron, borrowed, on(channel, TODAY))

    assert set(hold.reasons) <= set(stricter_hold.reasons)
    assert renewal.allowed or not stricter_renewal.allowed


@unhurried
@given(block=BLOCKS, channel=st.sampled_from(list(Channel)), stop=st.sampled_from([Act.HOLD, Act.RENEWAL]))
def test_a_patron_without_a_cause_is_stopped_by_no_block(block, channel, stop):
    assume(stop in block.stops)
    library = replace(SOURCE_1, blocks=(block,))
    borrowed = loan(MARCH_ISSUE, TODAY)

    if stop is Act.HOLD:
        decision = decide_hold(library, with_loans(SATO, borrowed), KOKORO, on(channel, TODAY))
    else:
        decision = decide_renewal(library, with_loans(SATO, borrowed), borrowed, on(channel, TODAY))

    assert decision.allowed


# -- national holidays ------------------------------------------------------------------------------------

# Golden Week of 2026: Sunday 3 May, Monday 4, Tuesday 5 and Wednesday 6 are holidays.
GOLDEN_WEEK = frozenset({date(2026, 4, 29), *(date(2026, 5, day) for day in (3, 4, 5, 6))})


def mondays_closed(on_holidays, holidays=GOLDEN_WEEK, **others):
    return OpeningDays((Closure(weekday=0),), on_holidays=on_holidays, holidays=holidays, **others)


@pytest.mark.parametrize(
    ("on_holidays", "closed"),
    [
        pytest.param(None, [4, 11], id="holidays change nothing"),
        pytest.param(OnHolidays.OPEN, [11], id="a Monday that is a holiday is open"),
        pytest.param(OnHolidays.CLOSED, [3, 4, 5, 6, 11], id="every holiday is closed, and so is Monday"),
        pytest.param(OnHolidays.MADE_UP, [7, 11], id="the Thursday after the holidays makes up for Monday"),
    ],
)
def test_a_holiday_on_a_closing_day(on_holidays, closed):
    opening = mondays_closed(on_holidays)

    assert [day for day in range(3, 13) if not opening.is_open(date(2026, 5, day))] == closed


def test_a_holiday_on_another_day_is_made_up_for_by_none():
    opening = mondays_closed(OnHolidays.MADE_UP, frozenset({date(2026, 4, 29)}))

    assert opening.is_open(date(2026, 4, 29)) and opening.is_open(date(2026, 4, 30))


def test_a_weekend_does_not_make_up_for_a_holiday_but_the_weekday_after_it():
    fridays = OpeningDays(
        (Closure(weekday=4),), on_holidays=OnHolidays.MADE_UP, holidays=frozenset({date(2026, 5, 29)})
    )

    assert fridays.is_open(date(2026, 5, 29))
    assert fridays.is_open(date(2026, 5, 30)) and fridays.is_open(date(2026, 5, 31))
    assert not fridays.is_open(date(2026, 6, 1))


@pytest.mark.parametrize("on_holidays", [None, *OnHolidays])
def test_the_year_end_stays_closed_and_single_days_decide_before_everything(on_holidays):
    new_year = frozenset({date(2026, 1, 1), *GOLDEN_WEEK})
    opening = OpeningDays(
        (Closure(weekday=0), Closure(first=(12, 28), last=(1, 4))),
        closed=frozenset({date(2026, 5, 5)}),
        opened=frozenset({date(2026, 5, 11)}),
        on_holidays=on_holidays,
        holidays=new_year,
    )

    assert not opening.is_open(date(2026, 1, 1))
    assert not opening.is_open(date(2026, 5, 5)) and opening.is_open(date(2026, 5, 11))


@pytest.mark.parametrize(("days", "soon"), [(-1, False), (0, True), (3, True), (4, False)])
def test_the_first_page_reminds_on_the_last_day_and_three_days_before(days, soon):
    assert is_due_soon(TODAY + timedelta(days=days), TODAY) is soon


@pytest.mark.parametrize(("days", "expired"), [(-1, True), (0, False), (1, False)])
def test_a_card_is_good_until_the_end_of_its_last_day(days, expired):
    assert card_has_expired(TODAY + timedelta(days=days), TODAY) is expired
    assert not card_has_expired(None, TODAY)


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 3, 31), 2025),
        (date(2026, 4, 1), 2026),
        (date(2026, 12, 31), 2026),
        (date(2027, 1, 1), 2026),
    ],
)
def test_a_fiscal_year_begins_in_april(day, year):
    assert fiscal_year(day) == year
