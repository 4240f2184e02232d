"""The hold shelf: from when and for how long, putting the last day off, and those who cannot be told."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules import (
    ALWAYS_OPEN,
    Contact,
    Decision,
    HoldState,
    Period,
    Reason,
    Refusal,
    ShelfFacts,
    ShelfFrom,
    Unit,
    collect_by,
    decide_cancel,
    decide_extension,
    decide_pickup,
    decide_pickup_change,
    shelf_is_over,
    shelf_terms,
    unreached_on,
)
from tests.facts import (
    DESK,
    EVERYTHING,
    EVERYTHING_TEXT,
    KIOSK,
    MONDAYS_CLOSED,
    NEVER_OPEN,
    PHONE,
    SOURCE_1,
    WEB,
    on,
    policy,
    row,
    said,
)

FRIDAY = date(2026, 4, 3)  # the branch is closed on Mondays


def ready(contact=Contact.MAIL, branch="central", told_on=FRIDAY, **facts) -> ShelfFacts:
    """Set aside on Thursday, told on Friday unless the facts say otherwise."""
    return ShelfFacts(contact, branch, FRIDAY - timedelta(days=1), told_on, **facts)


# ---- From when and for how long ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hold", "expected"),
    [
        row("seven open days after the mail", ready(), date(2026, 4, 11)),
        row("not while nobody was told", ready(told_on=None), None),
        row(
            "who is not told, ten days from when it was set aside",
            ready(Contact.NONE, told_on=None),
            date(2026, 4, 12),
        ),
        row("at the station one open day more, for the van", ready(branch="station"), date(2026, 4, 12)),
        row(
            "both at once",
            ready(Contact.NONE, branch="station", told_on=None),
            date(2026, 4, 14),
        ),
    ],
)
def test_a_ready_hold_is_kept_until(hold, expected):
    assert collect_by(EVERYTHING, hold, MONDAYS_CLOSED) == expected


SEEN = policy(
    EVERYTHING_TEXT, ('keep = { open_days = 7 }\nfrom = "contact"', 'keep = { days = 3 }\nfrom = "seen"')
)


def test_the_clock_may_start_when_the_patron_sees_it_on_the_page():
    assert collect_by(SEEN, ready(seen_on=date(2026, 4, 8)), ALWAYS_OPEN) == date(2026, 4, 11)
    assert collect_by(SEEN, ready(), ALWAYS_OPEN) is None


def test_where_no_day_is_open_there_is_no_last_day():
    assert collect_by(EVERYTHING, ready(), NEVER_OPEN) is None


def test_who_is_not_to_be_told_has_it_from_when_it_was_set_aside_even_where_others_are_told():
    library = policy(EVERYTHING_TEXT, ('from = "ready"\nkeep = { days = 10 }', "keep = { days = 10 }"))
    untold = ready(Contact.NONE, told_on=None)

    assert collect_by(library, untold, ALWAYS_OPEN) == date(2026, 4, 12)
    assert collect_by(library, replace(untold, contact=Contact.PHONE), ALWAYS_OPEN) is None


def test_what_is_added_counts_the_open_days_of_the_branch():
    library = policy(EVERYTHING_TEXT, ("plus = { open_days = 1 }", "plus = { open_days = 2 }"))
    hold = ready(branch="station", told_on=date(2026, 4, 4))  # kept to Sunday without them

    assert collect_by(library, hold, MONDAYS_CLOSED) == date(2026, 4, 15)


LINES = """[[hold.shelf.by]]
contact = ["phone"]
branch = ["station"]
keep = { days = 4 }

[[hold.shelf.by]]
contact = ["phone", "none"]
from = "ready"
keep = { days = 10 }
plus = { days = 2 }
"""
SEVERAL = policy(
    EVERYTHING_TEXT,
    ('[[hold.shelf.by]]\ncontact = ["none"]\nfrom = "ready"\nkeep = { days = 10 }\n', LINES),
)


@pytest.mark.parametrize(
    ("contact", "branch", "start", "keep", "plus"),
    [
        row("by mail in the centre no line fits", "mail", "central", "contact", 7, None),
        row("by phone at the station the first line says how long", "phone", "station", "ready", 4, 2),
        row("by phone in the centre the second does", "phone", "central", "ready", 10, 2),
        row("by mail at the station the third adds a day", "mail", "station", "contact", 7, 1),
        row("who is not told at the station has the second line", "none", "station", "ready", 10, 2),
    ],
)
def test_of_several_lines_the_first_that_says_a_thing_decides(contact, branch, start, keep, plus):
    terms = shelf_terms(SEVERAL, Contact(contact), branch)

    assert (terms.start, terms.keep.n) == (ShelfFrom(start), keep)
    assert (terms.plus and terms.plus.n) == plus


@pytest.mark.parametrize(
    ("on_closed", "expected"),
    [
        row("the next open day", "next open day", date(2026, 4, 14)),
        row("the previous open day", "previous open day", date(2026, 4, 12)),
        row("the closed day itself", "keep", date(2026, 4, 13)),
    ],
)
def test_a_last_day_on_a_closed_monday_is(on_closed, expected):
    library = policy(
        EVERYTHING_TEXT,
        (
            'keep = { open_days = 7 }\nfrom = "contact"\non_closed = "next open day"',
            f'keep = {{ days = 10 }}\nfrom = "contact"\non_closed = "{on_closed}"',
        ),
    )

    assert collect_by(library, ready(), MONDAYS_CLOSED) == expected


@pytest.mark.parametrize(
    ("last_day", "over"),
    [
        row("on its last day it is not over", date(2026, 4, 11), False),
        row("a day later it is", date(2026, 4, 10), True),
        row("while the clock has not started it never is", None, False),
    ],
)
def test_a_shelf_is_over_after_its_last_day(last_day, over):
    assert shelf_is_over(last_day, date(2026, 4, 11)) is over


# ---- Who cannot be told --------------------------------------------------------------------------------


def test_a_hold_of_somebody_who_cannot_be_told_is_kept_for_twenty_days():
    assert unreached_on(EVERYTHING, ready(told_on=None)) == date(2026, 4, 22)


def test_a_sheet_that_does_not_say_it_keeps_it():
    assert unreached_on(SOURCE_1, ready(branch="main", told_on=None)) is None


SUMMER_SHELF = policy(
    EVERYTHING_TEXT,
    (
        '[[season.hold.limit]]\nof = ["set_reading"]\nmost = 1\n',
        '[[season.hold.limit]]\nof = ["set_reading"]\nmost = 1\n'
        "[season.hold.shelf]\nkeep = { days = 2 }\nunreached = { days = 5 }\n"
        "extend = { times = 2, by = { days = 1 } }\n",
    ),
)


def test_the_season_in_which_it_was_set_aside_says_how_long():
    in_summer, before = (
        ShelfFacts(Contact.MAIL, "central", day, date(2026, 7, 14))
        for day in (date(2026, 7, 13), date(2026, 7, 11))
    )

    assert collect_by(SUMMER_SHELF, in_summer, ALWAYS_OPEN) == date(2026, 7, 16)
    assert collect_by(SUMMER_SHELF, before, ALWAYS_OPEN) == date(2026, 7, 21)
    assert unreached_on(SUMMER_SHELF, in_summer) == date(2026, 7, 18)
    assert unreached_on(SUMMER_SHELF, before) == date(2026, 7, 31)


# ---- Putting the last day off --------------------------------------------------------------------------

SATURDAY = date(2026, 4, 11)
KEPT = ready(collect_by=SATURDAY)


def put_off(hold, at=WEB, library=EVERYTHING, opening=MONDAYS_CLOSED):
    return decide_extension(library, hold, on(at, SATURDAY), opening)


@pytest.mark.parametrize(
    ("hold", "at", "expected"),
    [
        row("by two open days on the web", KEPT, WEB, date(2026, 4, 14)),
        row("and at the desk", KEPT, DESK, date(2026, 4, 14)),
        row("over a closed Monday", replace(KEPT, collect_by=date(2026, 4, 12)), WEB, date(2026, 4, 15)),
    ],
)
def test_the_last_day_is_put_off(hold, at, expected):
    decision = put_off(hold, at)

    assert (decision.refusals, decision.collect_by) == ((), expected)


@pytest.mark.parametrize(
    ("hold", "at", "refusals"),
    [
        row(
            "by phone, which the sheet does not name",
            KEPT,
            PHONE,
            [(Reason.NOT_EXTENDABLE, {"here": PHONE, "at": [WEB, DESK]})],
        ),
        row(
            "after the last day",
            replace(KEPT, collect_by=FRIDAY),
            WEB,
            [(Reason.SHELF_OVER, {"day": FRIDAY})],
        ),
        row(
            "at a kiosk",
            KEPT,
            KIOSK,
            [(Reason.NOT_EXTENDABLE, {"here": KIOSK, "at": [WEB, DESK]})],
        ),
        row(
            "while there is no last day, not by any way",
            ready(),
            WEB,
            [(Reason.NOT_EXTENDABLE, {"here": WEB, "at": []})],
        ),
        row("a second time", replace(KEPT, extended=1), WEB, [(Reason.EXTENDED, {"times": 1})]),
        row("while others wait", replace(KEPT, waiting=2), WEB, [(Reason.OTHERS_WAIT, {"count": 2})]),
        row(
            "both at once",
            replace(KEPT, extended=1, waiting=1),
            WEB,
            [(Reason.EXTENDED, {"times": 1}), (Reason.OTHERS_WAIT, {"count": 1})],
        ),
    ],
)
def test_the_last_day_is_not_put_off(hold, at, refusals):
    decision = put_off(hold, at)

    assert [(refusal.reason, refusal.facts) for refusal in decision.refusals] == refusals
    assert {refusal.place for refusal in decision.refusals} == {"hold.shelf.extend"}
    assert decision.collect_by is None


def test_the_refusal_says_where_it_can_be_put_off():
    assert said(EVERYTHING, put_off(KEPT, PHONE)) == [
        "取り置きの期限は、お電話では延ばせません。Webか窓口でお申し出ください。"
    ]


def test_a_sheet_without_a_line_puts_nothing_off_by_any_way():
    decision = put_off(replace(KEPT, branch="main"), DESK, library=SOURCE_1)

    assert decision.refusals == (Refusal(Reason.NOT_EXTENDABLE, {"here": DESK, "at": []}),)


def test_where_no_day_is_open_nothing_is_put_off():
    decision = put_off(KEPT, opening=NEVER_OPEN)

    assert decision.refusals == (Refusal(Reason.NO_LAST_DAY),)
    assert decision.refusals[0].place == "hold.shelf.extend"


@pytest.mark.parametrize(
    ("line", "hold", "expected"),
    [
        row(
            "twice, where the sheet says so",
            "times = 2, by = { days = 2 }",
            replace(KEPT, extended=1),
            (None, date(2026, 4, 14)),
        ),
        row(
            "but not a third time",
            "times = 2, by = { days = 2 }",
            replace(KEPT, extended=2),
            (Reason.EXTENDED, None),
        ),
        row(
            "even if others wait",
            "times = 1, by = { days = 1 }, even_if_held = true",
            replace(KEPT, waiting=3),
            (None, date(2026, 4, 12)),
        ),
        row("never, where times is 0", "times = 0, by = { days = 1 }", KEPT, (Reason.EXTENDED, None)),
    ],
)
def test_how_often_and_how_far_is_the_sheet_s(line, hold, expected):
    library = policy(
        EVERYTHING_TEXT,
        (
            'extend = { times = 1, by = { open_days = 2 }, at = ["web", "desk"], even_if_held = false }',
            f"extend = {{ {line} }}",
        ),
    )

    decision = put_off(hold, library=library)

    assert (decision.reasons[0] if decision.reasons else None, decision.collect_by) == expected


def test_the_season_of_the_day_on_which_it_is_asked_says_how_far_and_by_every_way_if_none_is_named():
    in_summer = replace(KEPT, collect_by=date(2026, 7, 20), extended=1)

    decision = decide_extension(SUMMER_SHELF, in_summer, on(KIOSK, date(2026, 7, 18)), ALWAYS_OPEN)

    assert decision.collect_by == date(2026, 7, 21)
    assert not decide_extension(SUMMER_SHELF, in_summer, on(KIOSK, date(2026, 7, 11)), ALWAYS_OPEN).allowed


# ---- Cancelling, changing and choosing -----------------------------------------------------------------

SUMMER_DESK = policy(
    EVERYTHING_TEXT,
    (
        '[[season.hold.limit]]\nof = ["set_reading"]\nmost = 1\n',
        '[[season.hold.limit]]\nof = ["set_reading"]\nmost = 1\n'
        '[season.hold]\ncancel.web = ["applied"]\nchange.web = ["applied"]\ncontact = ["mail"]\n',
    ),
)


@pytest.mark.parametrize(
    ("decide", "place", "reason"),
    [
        row("cancelling", decide_cancel, "hold.cancel.web", Reason.NOT_CANCELLABLE),
        row("changing the pick-up branch", decide_pickup_change, "hold.change.web", Reason.PICKUP_FIXED),
    ],
)
def test_what_is_ready_is_refused_on_the_web_by_the_line_of_the_web_and_sent_to_the_desk(
    decide, place, reason
):
    decision = decide(EVERYTHING, HoldState.READY, on(WEB))

    assert decision.refusals == (Refusal(reason, {"state": HoldState.READY, "here": WEB, "at": [DESK]}),)
    assert decision.refusals[0].place == place


@pytest.mark.parametrize("decide", [decide_cancel, decide_pickup_change])
def test_the_day_on_which_it_is_asked_says_what_may_be_cancelled_and_changed(decide):
    assert decide(SUMMER_DESK, HoldState.WAITING, on(WEB, date(2026, 7, 11))).allowed
    assert not decide(SUMMER_DESK, HoldState.WAITING, on(WEB, date(2026, 7, 12))).allowed
    assert decide(SUMMER_DESK, HoldState.APPLIED, on(WEB, date(2026, 7, 12))).allowed


def test_by_a_way_that_the_sheet_does_not_name_nothing_is_cancelled():
    for decide in (decide_cancel, decide_pickup_change):
        assert decide(EVERYTHING, HoldState.WAITING, on(PHONE)).refusals[0].facts["at"] == [WEB, DESK]


def test_an_unknown_branch_and_an_unknown_way_of_telling_are_both_said():
    decision = decide_pickup(EVERYTHING, "north", "pigeon", on(WEB))

    assert decision == Decision((Refusal(Reason.UNKNOWN_PICKUP), Refusal(Reason.UNKNOWN_CONTACT)))
    assert [refusal.place for refusal in decision.refusals] == ["", "hold.contact"]
    assert decide_pickup(EVERYTHING, "station", "phone", on(WEB)).allowed


def test_the_ways_of_telling_are_those_of_the_day():
    assert decide_pickup(SUMMER_DESK, "central", "phone", on(WEB, date(2026, 7, 11))).allowed
    assert decide_pickup(SUMMER_DESK, "central", "phone", on(WEB, date(2026, 7, 12))).reasons == (
        Reason.UNKNOWN_CONTACT,
    )


def test_a_period_that_counts_its_first_day_is_kept_as_it_is_written():
    library = policy(
        EVERYTHING_TEXT, ("keep = { open_days = 7 }", "keep = { open_days = 7, count_first = true }")
    )

    assert shelf_terms(library, Contact.MAIL, "central").keep == Period(7, Unit.OPEN_DAYS, True)
    assert collect_by(library, ready(), MONDAYS_CLOSED) == date(2026, 4, 10)
