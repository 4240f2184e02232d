"""How long the next try to log in waits after so many that failed."""

from datetime import UTC, datetime, timedelta

import pytest

from rules import (
    PATIENCE_WITH_ADDRESS,
    PATIENCE_WITH_CARD,
    PATIENCE_WITH_CARD_AND_ADDRESS,
    failures_left,
    seconds_to_wait,
)

NOON = datetime(2026, 4, 15, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("patience", "waits"),
    [
        (
            PATIENCE_WITH_CARD_AND_ADDRESS,
            {1: 0, 4: 0, 5: 10, 6: 20, 7: 40, 8: 80, 11: 640, 12: 900, 99: 900, 10**6: 900},
        ),
        (PATIENCE_WITH_ADDRESS, {1: 0, 29: 0, 30: 10, 31: 20, 32: 40, 33: 60, 10**6: 60}),
        (PATIENCE_WITH_CARD, {1: 0, 4: 0, 5: 1, 6: 2, 7: 3, 8: 3, 10**6: 3}),
    ],
)
def test_the_wait_doubles_with_each_failure_up_to_its_most(patience, waits):
    assert {n: seconds_to_wait(patience, n, NOON, NOON) for n in waits} == waits


@pytest.mark.parametrize(
    ("passed", "left"), [(0, 10), (0.1, 10), (1, 9), (9, 1), (9.5, 1), (10, 0), (11, 0), (-1, 9), (-3600, 0)]
)
def test_the_wait_runs_down_in_whole_seconds_and_a_clock_that_was_put_back_does_not_prolong_it(passed, left):
    now = NOON + timedelta(seconds=passed)

    assert seconds_to_wait(PATIENCE_WITH_CARD_AND_ADDRESS, 5, NOON, now) == left


@pytest.mark.parametrize(
    ("patience", "passed", "left"),
    [
        (PATIENCE_WITH_ADDRESS, timedelta(seconds=59), 20),
        (PATIENCE_WITH_ADDRESS, timedelta(seconds=60), 19),
        (PATIENCE_WITH_ADDRESS, timedelta(minutes=12), 8),
        (PATIENCE_WITH_ADDRESS, timedelta(hours=1), 0),
        (PATIENCE_WITH_ADDRESS, timedelta(seconds=-1), 20),
        (PATIENCE_WITH_CARD_AND_ADDRESS, timedelta(hours=23, minutes=59), 20),
        (PATIENCE_WITH_CARD_AND_ADDRESS, timedelta(hours=24), 0),
        (PATIENCE_WITH_CARD, timedelta(hours=23, minutes=59), 20),
        (PATIENCE_WITH_CARD, timedelta(hours=24), 0),
    ],
)
def test_of_an_address_one_failure_fades_in_a_minute_and_after_a_day_nothing_counts(patience, passed, left):
    assert failures_left(patience, 20, NOON, NOON + passed) == left
