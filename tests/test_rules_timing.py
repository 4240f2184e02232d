"""When a hold is wanted, when it ends by itself, and whether it can wait again: by the rules alone."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules import (
    ALWAYS_OPEN,
    Channel,
    Contact,
    HoldState,
    HoldTiming,
    OpeningDays,
    Reason,
    ShelfFacts,
    collect_by,
    decide_putting_back,
    decide_timing,
    ends_uncollected,
    ends_unserved,
)
from tests.facts import SOURCE_1, SOURCE_1_TEXT, on, policy

WEDNESDAY = date(2026, 4, 15)
TIMED = policy(
    SOURCE_1_TEXT,
    ('on_shelf = "yes"\n', 'on_shelf = "yes"\ntiming = { later = { months = 2 }, at = ["web", "desk"] }\n'),
)
ANY_WAY = policy(
    SOURCE_1_TEXT, ('on_shelf = "yes"\n', 'on_shelf = "yes"\ntiming = { later = { days = 10 } }\n')
)
UNREACHED = policy(SOURCE_1_TEXT, ("keep = { weeks = 1 }", "keep = { weeks = 1 }\nunreached = { days = 10 }"))
NEVER = HoldTiming()


def day(n: int) -> date:
    return WEDNESDAY + timedelta(days=n)


def reasons(
    paused=None, needed=None, before=NEVER, state=HoldState.WAITING, at=Channel.WEB, sheet=TIMED
) -> tuple[Reason, ...]:
    days = [None if n is None else day(n) for n in (paused, needed)]
    return decide_timing(sheet, state, HoldTiming(*days), before, on(at, WEDNESDAY)).reasons


@pytest.mark.parametrize(
    ("paused", "needed", "refused"),
    [
        (0, None, ()),
        (61, None, ()),  # 15 June
        (62, None, (Reason.PAUSED_TOO_LONG,)),
        (-1, None, (Reason.DAY_PAST,)),
        (None, 0, ()),
        (None, 400, ()),
        (None, -1, (Reason.DAY_PAST,)),
        (5, 6, ()),
        (5, 5, (Reason.NEVER_WANTED,)),
        (-2, -1, (Reason.DAY_PAST,)),
        (70, -1, (Reason.DAY_PAST, Reason.PAUSED_TOO_LONG, Reason.NEVER_WANTED)),
    ],
)
def test_a_hold_is_put_off_so_far_at_the_most_and_ends_after_that(paused, needed, refused):
    assert reasons(paused, needed) == refused


def test_what_had_been_said_before_stays_allowed_and_can_be_taken_back():
    before = HoldTiming(day(-3), day(90))

    assert reasons(paused=-3, needed=90, before=before) == ()
    assert reasons(before=before) == ()
    assert reasons(paused=70, before=HoldTiming(day(70), None)) == ()
    assert reasons(paused=71, before=HoldTiming(day(70), None)) == (Reason.PAUSED_TOO_LONG,)


@pytest.mark.parametrize("state", HoldState)
def test_only_what_waits_is_put_off(state):
    waits = state in (HoldState.APPLIED, HoldState.WAITING)

    assert reasons(3, state=state) == (() if waits else (Reason.NOT_WAITING,))


@pytest.mark.parametrize("at", Channel)
def test_it_is_said_by_the_ways_of_the_sheet(at):
    named = at in (Channel.WEB, Channel.DESK)

    assert reasons(3, at=at) == (() if named else (Reason.TIMING_FIXED,))
    assert reasons(3, at=at, sheet=ANY_WAY) == ()
    assert reasons(3, at=at, sheet=SOURCE_1) == (Reason.TIMING_FIXED,)


def test_a_refusal_names_the_ways_and_the_farthest_day():
    [by_phone] = decide_timing(TIMED, HoldState.WAITING, NEVER, NEVER, on(Channel.PHONE, WEDNESDAY)).refusals
    [nowhere] = decide_timing(SOURCE_1, HoldState.WAITING, NEVER, NEVER, on(Channel.WEB, WEDNESDAY)).refusals
    too_far = HoldTiming(day(11))
    [far] = decide_timing(ANY_WAY, HoldState.WAITING, too_far, NEVER, on(Channel.WEB, WEDNESDAY)).refusals

    assert by_phone.facts == {"here": Channel.PHONE, "at": [Channel.WEB, Channel.DESK]}
    assert by_phone.place == nowhere.place == far.place == "hold.timing"
    assert nowhere.facts["at"] == [] and far.facts == {"day": day(10)}
    [prepared] = decide_timing(TIMED, HoldState.READY, NEVER, NEVER, on(Channel.WEB, WEDNESDAY)).refusals
    assert prepared.facts == {"state": HoldState.READY}


READY = ShelfFacts(Contact.MAIL, "main", WEDNESDAY, told_on=WEDNESDAY)


@pytest.mark.parametrize(("needed", "kept"), [(None, 7), (3, 3), (7, 7), (20, 7)])
def test_the_shelf_ends_with_the_patrons_own_day_if_that_comes_first(needed, kept):
    hold = replace(READY, needed_by=None if needed is None else day(needed))

    assert collect_by(SOURCE_1, hold, ALWAYS_OPEN) == day(kept)


def test_a_shelf_that_finds_no_open_day_ends_with_the_patrons_own_day_not_before_it_is_ready():
    never_open = OpeningDays(closed=frozenset(day(n) for n in range(-10, 4000)))

    assert collect_by(SOURCE_1, READY, never_open) is None
    assert collect_by(SOURCE_1, replace(READY, needed_by=day(5)), never_open) == day(5)
    assert collect_by(SOURCE_1, replace(READY, needed_by=day(-5)), never_open) == WEDNESDAY


def test_a_ready_hold_ends_the_day_after_its_last_if_the_branch_is_open():
    hold = replace(READY, collect_by=day(7))
    closed = OpeningDays(closed=frozenset({day(8)}))

    assert [ends_uncollected(SOURCE_1, hold, day(n), ALWAYS_OPEN) for n in (7, 8)] == [False, True]
    assert [ends_uncollected(SOURCE_1, hold, day(n), closed) for n in (8, 9)] == [False, True]


def test_who_could_not_be_told_is_waited_for_as_long_as_the_sheet_says():
    untold = replace(READY, told_on=None)

    assert [ends_uncollected(UNREACHED, untold, day(n), ALWAYS_OPEN) for n in (10, 11)] == [False, True]
    assert not ends_uncollected(SOURCE_1, untold, day(1000), ALWAYS_OPEN)


def test_what_waits_ends_the_day_after_the_last_on_which_it_is_wanted():
    assert [ends_unserved(day(3), day(n)) for n in (3, 4)] == [False, True]
    assert not ends_unserved(None, day(1000))


@pytest.mark.parametrize("state", HoldState)
def test_what_has_a_piece_or_waits_already_can_wait_again(state):
    can = state in (HoldState.WAITING, HoldState.IN_TRANSIT, HoldState.READY)

    assert decide_putting_back(state).reasons == (() if can else (Reason.NOT_SET_ASIDE,))


def test_a_season_may_let_holds_be_put_off():
    summer = policy(
        SOURCE_1_TEXT,
        (
            "[[block]] ",
            '[[season]]\nname = "夏"\nfrom = "07-01"\nto = "08-31"\n'
            "hold.timing = { later = { days = 10 } }\n\n[[block]] ",
        ),
    )

    for month, allowed in ((4, False), (7, True)):
        today = date(2026, month, 15)
        asked = HoldTiming(today + timedelta(days=3))
        decision = decide_timing(summer, HoldState.WAITING, asked, NEVER, on(Channel.WEB, today))
        assert decision.allowed is allowed


def test_a_hold_is_passed_over_up_to_and_including_its_day():
    assert [HoldTiming(day(3)).is_paused(day(n)) for n in (-1, 3, 4)] == [True, True, False]
    assert not NEVER.is_paused(WEDNESDAY)
