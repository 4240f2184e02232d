"""What is kept and for how long: holds that ended, the record of what was done, patrons who come no more."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from policy_file import PolicyMistakes, read_policy
from rules import (
    BibFacts,
    Channel,
    HoldFacts,
    HoldState,
    ItemFacts,
    LoanFacts,
    Period,
    Privacy,
    Unit,
    end_of,
    first_kept_day,
    is_forgotten,
    last_known_day,
    month_of,
)
from tests.facts import EVERYTHING, EVERYTHING_TEXT, SATO, SOURCE_1, TODAY, edited, row

FIVE_YEARS_AGO = date(TODAY.year - 5, TODAY.month, TODAY.day)
LONG_AGO = FIVE_YEARS_AGO - timedelta(days=1)  # its five years ended yesterday


# -- how long ------------------------------------------------------------------------------------------------


def test_a_file_that_says_nothing_keeps_ended_holds_two_weeks_and_events_a_year():
    assert SOURCE_1.privacy == Privacy(Period(14, Unit.DAYS), Period(1, Unit.YEARS))


def test_a_library_writes_its_own_lengths():
    assert EVERYTHING.privacy == Privacy(Period(1, Unit.MONTHS), Period(2, Unit.YEARS), Period(35, Unit.DAYS))


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        row("none at all", "{ days = 0 }", "policy.not_period"),
        row("a bare number", "14", "policy.not_period"),
        row("open days, where there is no branch", "{ open_days = 14 }", "policy.no_branch_for_open_days"),
        row("hours", "{ hours = 4 }", "policy.hours_lend_only"),
    ],
)
def test_what_is_no_length_is_reported_at_its_place(written, problem):
    text = edited(EVERYTHING_TEXT, ("ended_holds = { months = 1 }", f"ended_holds = {written}"))

    with pytest.raises(PolicyMistakes) as raised:
        read_policy(text)

    assert [(one.path, one.problem) for one in raised.value.mistakes] == [("privacy.ended_holds", problem)]


@pytest.mark.parametrize(
    ("period", "today", "first"),
    [
        row("days", Period(14, Unit.DAYS), date(2026, 4, 15), date(2026, 4, 1)),
        row("with the first one counted", Period(14, Unit.DAYS, True), date(2026, 4, 15), date(2026, 4, 2)),
        row("a month", Period(1, Unit.MONTHS), date(2026, 4, 15), date(2026, 3, 15)),
        # What ended on the 28th to the 31st of January is kept through the 28th of February.
        row("on the last day of a short month", Period(1, Unit.MONTHS), date(2026, 2, 28), date(2026, 1, 28)),
        row("on the day after it", Period(1, Unit.MONTHS), date(2026, 3, 1), date(2026, 2, 1)),
        row("a year from a leap day", Period(1, Unit.YEARS), date(2025, 2, 28), date(2024, 2, 28)),
        row("longer than there are days", Period(9999, Unit.YEARS), date(2026, 4, 15), date.min),
    ],
)
def test_the_first_day_of_which_something_is_kept(period, today, first):
    assert first_kept_day(period, today) == first
    if first > date.min:
        assert end_of(period, first) >= today > end_of(period, first - timedelta(days=1))


# -- who is forgotten ----------------------------------------------------------------------------------------


def test_of_a_use_the_month_is_kept():
    assert (month_of(date(2026, 4, 1)), month_of(date(2026, 4, 30))) == ("2026-04", "2026-04")


@pytest.mark.parametrize(
    ("expires_on", "used_in", "added_on", "last"),
    [
        row("used after the card ended", date(2020, 5, 5), "2020-06", date(2018, 1, 1), date(2020, 6, 30)),
        row(
            "the card ended after the last use",
            date(2020, 5, 5),
            "2020-02",
            date(2018, 1, 1),
            date(2020, 5, 5),
        ),
        row("a card without end", None, "2020-02", date(2018, 1, 1), date(2020, 2, 29)),
        row("never used, and without end", None, None, date(2018, 1, 1), date(2018, 1, 1)),
    ],
)
def test_the_last_day_that_is_known_of_a_patron(expires_on, used_in, added_on, last):
    assert last_known_day(expires_on, used_in, added_on) == last


def forgotten(patron=SATO, last=LONG_AGO, policy=EVERYTHING) -> bool:
    return is_forgotten(policy, patron, last, TODAY)


def test_whose_time_is_over_is_forgotten_and_nobody_a_day_early():
    assert forgotten()
    assert not forgotten(last=FIVE_YEARS_AGO)


def test_a_library_that_names_no_time_forgets_nobody():
    assert SOURCE_1.card.forget_after is None and not forgotten(policy=SOURCE_1, last=date(1990, 1, 1))


LOAN = LoanFacts(1, 1, ItemFacts("book"), "central", LONG_AGO, LONG_AGO)


def hold(state: HoldState) -> HoldFacts:
    return HoldFacts(BibFacts(1, "book"), state, Channel.WEB, LONG_AGO, "central")


@pytest.mark.parametrize(
    ("facts", "goes"),
    [
        row("something out", {"loans": (LOAN,)}, False),
        row("something that waits at the counter", {"holds": (hold(HoldState.READY),)}, False),
        row("something on its way", {"holds": (hold(HoldState.IN_TRANSIT),)}, False),
        row("a place in a queue", {"holds": (hold(HoldState.WAITING),)}, True),
        row("a stop without end", {"stopped_for": "弁償"}, False),
        row("a stop until today", {"stopped_for": "弁償", "stopped_until": TODAY}, False),
        row("a stop that has ended", {"stopped_for": "弁償", "stopped_until": LONG_AGO}, True),
        row("a late return that still costs", {"penalty_until": TODAY}, False),
        row("a late return that cost once", {"penalty_until": LONG_AGO}, True),
    ],
)
def test_what_keeps_a_patron_from_being_forgotten(facts, goes):
    assert forgotten(replace(SATO, **facts)) is goes
