"""Values of a library.toml that stand in the wrong order or in the wrong form are reported at their place."""

from datetime import time

import pytest

from policy_file import PolicyMistakes, read_policy
from tests.facts import EVERYTHING_TEXT, edited, row

CLOSED = '"2027-02-01..2027-02-10"]'
LOST = "when = { lost = true }"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        row(
            "a closure that ends before it begins",
            CLOSED,
            '"2027-02-10..2027-02-01"]',
            "branch[1].closed[4]: policy.not_closure",
        ),
        row(
            "a closure from a day of one year to a day of every year",
            CLOSED,
            '"2027-02-01..02-10"]',
            "branch[1].closed[4]: policy.not_closure",
        ),
        row(
            "a closure from a day of every year to a day of one",
            CLOSED,
            '"02-01..2027-02-10"]',
            "branch[1].closed[4]: policy.not_closure",
        ),
        row(
            "a block whose cause is a word",
            LOST,
            'when = "lost"',
            "block[4].when: policy.not_table",
        ),
    ],
)
def test_a_value_of_the_wrong_form_is_reported_at_its_place(old, new, expected):
    with pytest.raises(PolicyMistakes) as raised:
        read_policy(edited(EVERYTHING_TEXT, (old, new)))

    assert [f"{mistake.path}: {mistake.problem}" for mistake in raised.value.mistakes] == [expected]


def test_a_closure_of_one_day_is_one():
    library = read_policy(edited(EVERYTHING_TEXT, (CLOSED, '"2027-02-01..2027-02-01"]')))

    closure = library.branch("central").closures[3]
    assert closure.first == closure.last


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("at = 5", "jobs.at: policy.not_time"),
        ('at = "25:00"', "jobs.at: policy.not_time"),
        ('at = "05:00+09:00"', "jobs.at: policy.not_time"),
        ('at = "morning"', "jobs.at: policy.not_time"),
        ('hour = "05:00"', "jobs.hour: policy.unknown_key"),
    ],
)
def test_the_time_of_the_jobs_is_a_time_of_day_in_japan(new, expected):
    with pytest.raises(PolicyMistakes) as raised:
        read_policy(edited(EVERYTHING_TEXT, ('at = "05:00"', new)))

    assert [f"{mistake.path}: {mistake.problem}" for mistake in raised.value.mistakes] == [expected]


def test_the_time_of_the_jobs_may_be_written_with_one_figure():
    library = read_policy(edited(EVERYTHING_TEXT, ('at = "05:00"', 'at = "5:00"')))

    assert library.jobs.at == time(5) == read_policy(EVERYTHING_TEXT).jobs.at
