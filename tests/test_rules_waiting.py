"""How long one waits: an honest estimate, from the place in the queue and the copies that serve it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import ItemFacts, ItemState, Period, Policy, Unit, Wait, waiting_time
from tests.facts import EVERYTHING, SOURCE_1, SOURCE_2, TODAY, row

ON_SHELF = ItemFacts("book", "main", "913.6 ナ")
SHELF, LOAN, HANDS = 4, 14, 2  # half a week on the hold shelf, two weeks at home, two days between


def out(days: int) -> ItemFacts:
    return replace(ON_SHELF, due_on=TODAY + timedelta(days=days))


def days(*items: ItemFacts, place: int = 1, policy: Policy = SOURCE_1) -> int | None:
    wait = waiting_time(policy, items, place, TODAY)
    return wait and wait.days


@pytest.mark.parametrize(
    ("items", "place", "expected"),
    [
        row("the first waits for the first copy to come back", [out(5), out(9)], 1, 5 + HANDS),
        row("the second for the second", [out(5), out(9)], 2, 9 + HANDS),
        row(
            "the third until the first has had it",
            [out(5), out(9)],
            3,
            5 + HANDS + SHELF + LOAN + HANDS,
        ),
        row("a copy on the shelf is fetched", [ON_SHELF], 1, HANDS),
        row(
            "a copy set aside is collected and read before",
            [replace(ON_SHELF, set_aside=True)],
            1,
            SHELF + LOAN + HANDS,
        ),
        row("a late copy comes back some time", [out(-100)], 1, 7 + HANDS),
        row(
            "what cannot be lent helps nobody",
            [
                out(30),
                replace(ON_SHELF, not_for_loan=True),
                replace(ON_SHELF, state=ItemState.MISSING),
                replace(ON_SHELF, state=ItemState.WITHDRAWN),
                replace(ON_SHELF, call_number="R 031 ヒ"),
                replace(ON_SHELF, branch="closed for ever"),
            ],
            1,
            30 + HANDS,
        ),
    ],
)
def test_each_copy_goes_to_the_next_in_the_queue(items, place, expected):
    assert days(*items, place=place) == expected


def test_nothing_is_said_where_no_copy_serves_the_queue():
    assert days() is None
    assert days(replace(ON_SHELF, state=ItemState.MISSING)) is None
    assert days(ON_SHELF, place=0) is None


def test_what_was_reckoned_with_can_be_told():
    assert waiting_time(SOURCE_1, [out(5), out(9)], 3, TODAY) == Wait(
        5 + HANDS + SHELF + LOAN + HANDS, 3, 2, LOAN, SHELF, HANDS
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, Period(1, Unit.WEEKS)),
        (7, Period(1, Unit.WEEKS)),
        (8, Period(2, Unit.WEEKS)),
        (49, Period(7, Unit.WEEKS)),
        (50, Period(2, Unit.MONTHS)),
        (61, Period(3, Unit.MONTHS)),
        (330, Period(11, Unit.MONTHS)),
        (331, Period(1, Unit.YEARS)),
        (4000, Period(1, Unit.YEARS)),
    ],
)
def test_an_estimate_is_said_in_coarse_words_and_never_shorter_than_it_is(days, expected):
    assert Wait(days, 1, 1, 14, 4).about == expected


COPIES = st.builds(
    lambda due, aside, material: replace(
        ON_SHELF,
        material=material,
        due_on=None if due is None or aside else TODAY + timedelta(days=due),
        set_aside=aside,
    ),
    st.none() | st.integers(-30, 60),
    st.booleans(),
    st.sampled_from(["book", "av"]),
)
SHEETS = st.sampled_from([SOURCE_1, SOURCE_2, EVERYTHING])


@given(SHEETS, st.lists(COPIES, max_size=6), st.integers(1, 400))
def test_who_stands_further_back_never_waits_shorter(policy, items, place):
    branch = policy.main_branch.id
    items = [replace(item, branch=branch) for item in items]
    here, behind = (days(*items, place=at, policy=policy) for at in (place, place + 1))

    assert here == behind is None or here <= behind


@given(SHEETS, st.lists(COPIES, max_size=6), COPIES, st.integers(1, 400))
def test_one_copy_more_never_makes_the_wait_longer(policy, items, another, place):
    branch = policy.main_branch.id
    items = [replace(item, branch=branch) for item in items]
    with_it = days(*items, replace(another, branch=branch), place=place, policy=policy)
    without = days(*items, place=place, policy=policy)

    assert without is None or with_it <= without
    assert with_it is not None or without is None


@given(st.integers(0, 4000))
def test_a_longer_wait_is_never_said_in_shorter_words(days):
    length = {Unit.WEEKS: 7, Unit.MONTHS: 30, Unit.YEARS: 365}
    said = [Wait(n, 1, 1, 14, 4).about for n in (days, days + 1)]
    assert said[0].n * length[said[0].unit] <= said[1].n * length[said[1].unit]
