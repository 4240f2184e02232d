"""Seasons: on which days other lines stand in, which lines they replace, and what was lent stays as lent."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules import (
    ALWAYS_OPEN,
    HoldState,
    OnClosed,
    Policy,
    Reason,
    Season,
    decide_cart,
    decide_hold,
    decide_loan,
    decide_patron_hold,
    decide_renewal,
    decide_title_hold,
    due,
    first_state,
    plan_cart,
    registration_at,
    renewed_due_date,
    room_for_holds,
    room_for_loans,
)
from tests.facts import (
    BOTCHAN,
    DESK,
    EVERYTHING,
    KOKORO,
    MON,
    RASHOMON,
    SANSHIRO,
    SATO,
    SONGS,
    SOREKARA,
    SOURCE_1,
    SOURCE_1_TEXT,
    WEB,
    loan,
    on,
    policy,
    row,
    with_holds,
    with_loans,
)

PATRON = replace(SATO, card_expires_on=None)


def seasons(*lines: str, base: tuple[tuple[str, str], ...] = ()) -> Policy:
    """Source document 1 with seasons at its end, each after its name."""
    end = 'stops = ["loan", "hold", "renewal"]\n'
    written = "".join(f'\n[[season]]\nname = "期間{n}"\n{each}\n' for n, each in enumerate(lines, start=1))
    return policy(SOURCE_1_TEXT, (end, end + written), *base)


def days(first: str, last: str) -> str:
    return f'from = "{first}"\nto = "{last}"\n'


# ---- On which days -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "day", "runs"),
    [
        row("the day before", "07-12", "08-31", date(2026, 7, 11), False),
        row("the first day", "07-12", "08-31", date(2026, 7, 12), True),
        row("a later day of an earlier month", "07-12", "08-31", date(2026, 6, 20), False),
        row("an earlier day of a later month", "07-12", "08-31", date(2026, 8, 1), True),
        row("the last day", "07-12", "08-31", date(2026, 8, 31), True),
        row("the day after", "07-12", "08-31", date(2026, 9, 1), False),
        row("in every other year too", "07-12", "08-31", date(2031, 8, 1), True),
        row("over New Year: the day before", "12-20", "01-10", date(2026, 12, 19), False),
        row("over New Year: the first day", "12-20", "01-10", date(2026, 12, 20), True),
        row("over New Year: New Year's Day", "12-20", "01-10", date(2027, 1, 1), True),
        row("over New Year: the last day", "12-20", "01-10", date(2027, 1, 10), True),
        row("over New Year: the day after", "12-20", "01-10", date(2027, 1, 11), False),
        row("over New Year: in summer", "12-20", "01-10", date(2026, 7, 1), False),
        row("to 29 February: in a leap year", "02-01", "02-29", date(2028, 2, 29), True),
        row("to 29 February: in a common year to the 28th", "02-01", "02-29", date(2027, 2, 28), True),
        row("to 29 February: and not to 1 March", "02-01", "02-29", date(2027, 3, 1), False),
        row("from 29 February: in a leap year", "02-29", "03-05", date(2028, 2, 29), True),
        row("from 29 February: in a common year from 1 March", "02-29", "03-05", date(2027, 3, 1), True),
        row("from 29 February: and not from the 28th", "02-29", "03-05", date(2027, 2, 28), False),
        row("29 February alone", "02-29", "02-29", date(2028, 2, 29), True),
        row("is no day of a common year", "02-29", "02-29", date(2027, 3, 1), False),
        row("of one year: the first day", "2026-12-12", "2027-01-15", date(2026, 12, 12), True),
        row("of one year: the day before", "2026-12-12", "2027-01-15", date(2026, 12, 11), False),
        row("of one year: the last day", "2026-12-12", "2027-01-15", date(2027, 1, 15), True),
        row("of one year: the day after", "2026-12-12", "2027-01-15", date(2027, 1, 16), False),
        row("of one year: a year later", "2026-12-12", "2027-01-15", date(2027, 12, 20), False),
        row("a single day", "2026-12-12", "2026-12-12", date(2026, 12, 12), True),
    ],
)
def test_a_season_runs(first, last, day, runs):
    library = seasons(days(first, last) + "renewal.times = 7")

    assert (library.on(day).renewal.times.n == 7) is runs
    assert library.seasons[0].covers(day) is runs


def test_a_sheet_without_seasons_is_the_same_on_every_day():
    assert SOURCE_1.on(date(2026, 7, 12)) is SOURCE_1


def test_the_sheet_of_a_season_is_the_same_sheet_when_it_is_asked_for_its_day_again():
    summer = EVERYTHING.on(date(2026, 7, 12))

    assert summer is not EVERYTHING
    assert summer.on(date(2026, 7, 13)) is summer
    assert summer.on(date(2026, 9, 1)) == EVERYTHING
    assert summer.seasons == EVERYTHING.seasons


def test_a_set_of_seasons_that_no_sheet_was_made_for_leaves_the_sheet_as_it_is():
    never = Season("夏", date(2026, 7, 12), date(2026, 7, 13))
    library = replace(SOURCE_1, seasons=(never,))

    assert library.on(date(2026, 7, 12)) is library


# ---- Which lines ---------------------------------------------------------------------------------------

SUMMER = days("07-12", "08-31")
INSIDE, OUTSIDE = date(2026, 8, 1), date(2026, 9, 1)


def lent_for(library, day, bib=KOKORO) -> int:
    return (due(library, bib.items[0], on(DESK, day, branch="main"), ALWAYS_OPEN, PATRON).on - day).days


def renewed_for(library, day, bib=KOKORO, **facts) -> int:
    """Of a loan that is due on the day it is renewed."""
    borrowed = loan(bib, day, **facts)
    decision = decide_renewal(library, with_loans(PATRON, borrowed), borrowed, on(WEB, day))
    return (decision.due_on - day).days


def test_a_line_of_a_season_stands_beside_the_one_line_for_all():
    library = seasons(SUMMER + '[[season.renewal.by]]\nof = ["book"]\nweeks = 5')

    assert (renewed_for(library, OUTSIDE), renewed_for(library, OUTSIDE, SONGS)) == (14, 14)
    assert (renewed_for(library, INSIDE), renewed_for(library, INSIDE, SONGS)) == (35, 14)


def test_one_line_for_all_of_a_season_takes_the_place_of_the_sheet_s():
    library = seasons(SUMMER + "renewal.by = { weeks = 5 }")

    assert (renewed_for(library, INSIDE), renewed_for(library, INSIDE, SONGS)) == (35, 35)
    assert renewed_for(library, OUTSIDE) == 14


def test_a_season_renews_as_lent_where_it_says_so():
    library = seasons(SUMMER + 'renewal.by = "as lent"')

    assert (renewed_for(library, INSIDE), renewed_for(library, INSIDE, SONGS)) == (14, 7)
    assert renewed_for(library, OUTSIDE, SONGS) == 14


def test_a_line_of_the_same_question_is_replaced_and_another_is_added():
    limits = (
        '[[season.hold.limit]]\nof = ["book"]\nmost = 1\n'
        '[[season.hold.limit]]\nof = ["book", "magazine"]\nmost = 4'
    )
    library = seasons(SUMMER + limits)

    def rooms(day):
        return [(room.names, room.most, room.place) for room in room_for_holds(library, SATO, on(WEB, day))]

    outside, inside = rooms(OUTSIDE), rooms(INSIDE)
    assert [most for _, most, _ in outside] == [5, 2, 2, 2]
    assert [most for _, most, _ in inside] == [1, 2, 2, 2, 4]
    assert [place for _, _, place in inside] == [
        "season[1].hold.limit[1]",
        "hold.limit[2]",
        "hold.limit[3]",
        "hold.limit[4]",
        "season[1].hold.limit[2]",
    ]


def test_a_season_takes_a_refusal_away_or_adds_one():
    library = seasons(
        SUMMER + 'renewal.refused = []\nhold.on_shelf = "no"\nhold.needs_mail = false\n'
        'hold.hours.web = "8:00-9:00"\n[[season.hold.not]]\nwho = ["commuter"]'
    )
    held = loan(KOKORO, OUTSIDE, waiting=1)
    tanaka = replace(PATRON, category="commuter", has_mail=False)

    assert decide_renewal(library, with_loans(PATRON, held), held, on(WEB, OUTSIDE)).reasons == (Reason.HELD,)
    held = replace(held, due_on=INSIDE, lent_on=INSIDE - timedelta(days=14))
    assert decide_renewal(library, with_loans(PATRON, held), held, on(WEB, INSIDE)).allowed
    assert decide_hold(library, tanaka, KOKORO, on(WEB, OUTSIDE)).reasons == (Reason.NO_MAIL,)
    assert decide_hold(library, tanaka, KOKORO, on(WEB, INSIDE)).reasons == (
        Reason.NOT_FOR,
        Reason.OUTSIDE_HOURS,
        Reason.ON_SHELF,
    )
    assert decide_patron_hold(library, tanaka, on(WEB, INSIDE)).reasons == (
        Reason.NOT_FOR,
        Reason.OUTSIDE_HOURS,
    )
    assert decide_title_hold(library, KOKORO, on(WEB, INSIDE)).reasons == (Reason.ON_SHELF,)
    assert decide_cart(library, None, KOKORO, on(WEB, INSIDE)).reasons == (Reason.ON_SHELF,)
    assert decide_cart(library, tanaka, KOKORO, on(WEB, INSIDE)).reasons == (Reason.NOT_FOR, Reason.ON_SHELF)


def test_a_season_s_block_stops_and_its_limit_counts_while_it_runs():
    library = seasons(
        SUMMER + '[[season.block]]\nwhen = { mark = "弁償" }\nstops = ["loan", "hold"]\n'
        '[[season.loan.limit]]\nof = ["book"]\nmost = 1'
    )
    marked = replace(PATRON, marks=frozenset({"弁償"}))
    one_out = with_loans(PATRON, loan(BOTCHAN, INSIDE + timedelta(days=90)))

    def lend(patron, day):
        return decide_loan(library, patron, KOKORO, KOKORO.items[0], on(DESK, day, branch="main")).reasons

    assert (lend(marked, INSIDE), lend(marked, OUTSIDE)) == ((Reason.MARK_BLOCK,), ())
    assert (lend(one_out, INSIDE), lend(one_out, OUTSIDE)) == ((Reason.LOAN_LIMIT,), ())
    assert [len(room_for_loans(library, PATRON, on(DESK, day))) for day in (INSIDE, OUTSIDE)] == [2, 1]


def test_a_cart_is_registered_by_the_sheet_of_its_day():
    library = seasons(SUMMER + '[[season.hold.limit]]\nof = ["book"]\nmost = 2')
    books = [KOKORO, BOTCHAN, SANSHIRO]

    for day, allowed in ((INSIDE, [True, True, False]), (OUTSIDE, [True] * 3)):
        assert [answer.allowed for answer in plan_cart(library, PATRON, books, on(WEB, day))] == allowed


def test_applications_are_registered_at_the_times_of_the_day_on_which_they_came():
    library = seasons(SUMMER + 'hold.registered_at = ["9:00"]')
    occasion, before = on(WEB, INSIDE, "12:00"), on(WEB, OUTSIDE, "12:00")

    assert first_state(library, occasion) is HoldState.APPLIED
    assert first_state(library, before) is HoldState.WAITING
    assert registration_at(library, before.moment, ALWAYS_OPEN) is None
    runs_at = registration_at(library, occasion.moment, ALWAYS_OPEN)
    assert (runs_at.date(), runs_at.hour) == (INSIDE + timedelta(days=1), 9)


# ---- Two at once ---------------------------------------------------------------------------------------

TWO = seasons(
    days("07-12", "08-31") + '[[season.loan.by]]\nof = ["book"]\nweeks = 3',
    days("08-13", "08-15")
    + '[[season.loan.by]]\nof = ["av"]\nweeks = 6\n[[season.hold.limit]]\nof = ["av"]\nmost = 5',
)


@pytest.mark.parametrize(
    ("day", "book", "disc"),
    [
        row("before both", date(2026, 7, 11), 14, 7),
        row("in the first", date(2026, 8, 12), 21, 7),
        row("in both", date(2026, 8, 13), 21, 42),
        row("on the last day of the second", date(2026, 8, 15), 21, 42),
        row("in the first again", date(2026, 8, 16), 21, 7),
        row("after both", date(2026, 9, 1), 14, 7),
    ],
)
def test_two_seasons_that_meet_both_stand(day, book, disc):
    assert (lent_for(TWO, day), lent_for(TWO, day, SONGS)) == (book, disc)


def test_two_seasons_on_29_february_meet_only_there():
    library = seasons(
        days("02-20", "02-29") + "renewal.times = 3", days("02-29", "03-10") + "loan.on_closed = 'keep'"
    )

    both, first, second = (library.on(date(*day)) for day in ((2028, 2, 29), (2027, 2, 28), (2027, 3, 1)))
    assert (both.renewal.times.n, both.loan.on_closed) == (3, OnClosed.KEEP)
    assert (first.renewal.times.n, first.loan.on_closed) == (3, OnClosed.NEXT)
    assert (second.renewal.times.n, second.loan.on_closed) == (1, OnClosed.KEEP)


def test_a_season_over_new_year_meets_one_of_a_single_year():
    library = seasons(
        days("12-20", "01-10") + "renewal.times = 3",
        days("2027-01-04", "2027-01-06") + "loan.on_closed = 'keep'",
    )

    met = library.on(date(2027, 1, 5))
    assert (met.renewal.times.n, met.loan.on_closed) == (3, OnClosed.KEEP)
    assert library.on(date(2028, 1, 5)).loan.on_closed is OnClosed.NEXT


# ---- What was lent stays as lent -----------------------------------------------------------------------

AS_LENT = seasons(
    SUMMER + '[[season.loan.by]]\nof = ["book"]\nweeks = 4',
    base=(("by = { weeks = 2 }\n", ""),),
)


@pytest.mark.parametrize(
    ("lent_on", "days_long", "renewed"),
    [
        row("lent on the last day of the season, four weeks", date(2026, 8, 31), 28, 28),
        row("lent on the day after, two", date(2026, 9, 1), 14, 14),
        row("lent on the day before it began, two", date(2026, 7, 11), 14, 14),
        row("lent on its first day, four", date(2026, 7, 12), 28, 28),
    ],
)
def test_the_day_of_the_loan_says_how_long_it_is_and_how_long_it_is_renewed_as_lent(
    lent_on, days_long, renewed
):
    assert lent_for(AS_LENT, lent_on) == days_long

    due_on = lent_on + timedelta(days=days_long)
    assert renewed_for(AS_LENT, due_on, lent_on=lent_on) == renewed
    borrowed = loan(KOKORO, due_on, lent_on=lent_on)
    assert renewed_due_date(AS_LENT, borrowed, on(WEB, due_on), ALWAYS_OPEN) == due_on + timedelta(
        days=renewed
    )


def test_five_holds_of_summer_stay_but_leave_no_room():
    library = seasons(SUMMER + '[[season.hold.limit]]\nof = ["book"]\nmost = 2')
    patron = with_holds(PATRON, BOTCHAN, SANSHIRO, SOREKARA, MON)

    inside, outside = (decide_hold(library, patron, RASHOMON, on(WEB, day)) for day in (INSIDE, OUTSIDE))
    assert (inside.reasons, outside.reasons) == ((Reason.HOLD_LIMIT,), ())
    assert room_for_holds(library, patron, on(WEB, INSIDE))[0].left == 0
