"""From when on something that is done once a day is due, and whether somebody is at it."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from rules import JAPAN, Jobs, LastRun, job_day, job_is_due, job_is_running, next_run
from tests.facts import SOURCE_1

AT_FIVE = replace(SOURCE_1, jobs=Jobs(at=time(5)))
DAY = date(2026, 4, 15)


def on(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=JAPAN)


def run(day: date, began: datetime, ended: datetime | None = None, failed: bool = False) -> LastRun:
    return LastRun(day, began, ended, failed)


YESTERDAY, TOMORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)
DONE_YESTERDAY = run(YESTERDAY, on(5, 0, YESTERDAY), on(5, 1, YESTERDAY))
FAILED = run(DAY, on(5), on(5, 1), failed=True)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        pytest.param(LastRun(), on(3), on(5, day=YESTERDAY), id="never done: at once, whatever the hour"),
        pytest.param(DONE_YESTERDAY, on(4, 59), on(5), id="too early"),
        pytest.param(DONE_YESTERDAY, on(5), on(5), id="on time"),
        pytest.param(run(DAY, on(5), on(5, 1)), on(23, 59), on(5, day=TOMORROW), id="done today"),
        pytest.param(
            run(YESTERDAY - timedelta(days=9), on(5, 0, date(2026, 4, 5)), on(5, 1, date(2026, 4, 5))),
            on(2),
            on(5, day=date(2026, 4, 6)),
            id="the server was off for days: as soon as it runs",
        ),
        pytest.param(run(DAY, on(5)), on(6, 59), on(7), id="somebody is at it"),
        pytest.param(run(DAY, on(5)), on(7), on(7), id="whoever began it was stopped"),
        pytest.param(FAILED, on(5, 30), on(5, 31), id="failed: not at once again"),
        pytest.param(FAILED, on(5, 31), on(5, 31), id="failed: half an hour later"),
        pytest.param(
            run(date(2036, 1, 1), on(5, 0, date(2036, 1, 1)), on(5, 1, date(2036, 1, 1))),
            on(6),
            on(5),
            id="the clock was ten years ahead once",
        ),
        pytest.param(run(DAY, on(5, 0, TOMORROW)), on(6), on(5), id="begun, it says, tomorrow"),
        pytest.param(run(DAY, on(7), on(7)), on(6), on(5, day=TOMORROW), id="done by a clock an hour ahead"),
        pytest.param(run(DAY, on(7), on(7, 1)), on(6), on(5), id="done by a clock more than an hour ahead"),
    ],
)
def test_when_a_job_is_due(last, now, due):
    assert next_run(AT_FIVE, last, now) == due
    assert job_is_due(AT_FIVE, last, now) is (due <= now)


def test_without_a_time_of_its_own_the_day_begins_soon_after_midnight():
    done = run(YESTERDAY, on(0, 5, YESTERDAY), on(0, 6, YESTERDAY))

    assert not job_is_due(SOURCE_1, done, on(0, 4)) and job_is_due(SOURCE_1, done, on(0, 5))


@pytest.mark.parametrize(
    ("now", "day"),
    [(on(4, 59), YESTERDAY), (on(5), DAY), (on(23, 59), DAY), (on(0, day=TOMORROW), DAY)],
)
def test_before_its_time_of_day_the_jobs_are_still_yesterdays(now, day):
    assert job_day(AT_FIVE, now) == day


@pytest.mark.parametrize(
    ("last", "at_it"),
    [
        (LastRun(), False),
        (run(DAY, on(5), on(5, 1)), False),
        (run(DAY, on(5)), True),
        (run(DAY, on(4, 1)), True),
        (run(DAY, on(4)), False),  # two hours ago: stopped
        (run(DAY, on(7)), True),  # by a clock that is an hour ahead
        (run(DAY, on(7, 1)), False),
    ],
)
def test_somebody_is_at_a_job_that_was_begun_and_not_so_long_ago_that_they_were_stopped(last, at_it):
    assert job_is_running(last, on(6)) is at_it
