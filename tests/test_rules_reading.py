"""読書記録 and 目標, as the rules see them: offered or not, which year a loan counts for, goals and notes."""

from dataclasses import replace
from datetime import date

import pytest

from policy_file import PolicyMistakes, read_policy
from rules import (
    GOAL_AT_MOST,
    READING_NOTE_AT_MOST,
    Channel,
    CountsFrom,
    GoalYear,
    ReadingPolicy,
    Reason,
    Refusal,
    begins_with_open_loans,
    decide_goal,
    decide_reading_note,
    decide_record,
    goal_years,
    is_recorded,
    reading_months,
    reading_year,
)
from tests.facts import EVERYTHING, EVERYTHING_TEXT, SOURCE_1, edited

NOT_OFFERED = replace(SOURCE_1, reading_record=ReadingPolicy(offered=False))


def test_a_file_that_says_nothing_offers_a_record_from_the_setting_on_by_fiscal_years():
    assert ReadingPolicy() == SOURCE_1.reading_record
    assert ReadingPolicy() == ReadingPolicy(True, CountsFrom.SETTING, GoalYear.APRIL)
    assert EVERYTHING.reading_record == ReadingPolicy(True, CountsFrom.OPEN_LOANS, GoalYear.JANUARY)


@pytest.mark.parametrize(
    ("policy", "kept", "at", "reasons"),
    [
        (SOURCE_1, False, Channel.WEB, ()),
        (SOURCE_1, True, Channel.WEB, ()),
        (NOT_OFFERED, False, Channel.WEB, (Reason.NO_READING_RECORD,)),
        (NOT_OFFERED, True, Channel.WEB, ()),
        (SOURCE_1, True, Channel.KIOSK, (Reason.NOT_AT_A_TERMINAL,)),
        (SOURCE_1, False, Channel.KIOSK, (Reason.NOT_AT_A_TERMINAL,)),
    ],
)
def test_a_record_is_seen_where_it_is_offered_or_kept_and_never_at_a_terminal(policy, kept, at, reasons):
    assert decide_record(policy, kept, at).reasons == reasons


def test_a_library_that_stops_offering_it_records_no_more_loans():
    assert is_recorded(SOURCE_1) and not is_recorded(NOT_OFFERED)


def test_a_record_begins_with_what_is_out_only_where_the_policy_says_so():
    assert begins_with_open_loans(EVERYTHING) and not begins_with_open_loans(SOURCE_1)


@pytest.mark.parametrize(
    ("day", "april", "january"),
    [
        (date(2026, 3, 31), 2025, 2026),
        (date(2026, 4, 1), 2026, 2026),
        (date(2026, 12, 31), 2026, 2026),
        (date(2027, 1, 1), 2026, 2027),
    ],
)
def test_a_loan_counts_for_the_year_of_its_day(day, april, january):
    assert (reading_year(SOURCE_1, day), reading_year(EVERYTHING, day)) == (april, january)


def test_the_months_of_a_year_are_twelve_and_all_of_that_year():
    for policy, first, last in (
        (SOURCE_1, date(2026, 4, 1), date(2027, 3, 1)),
        (EVERYTHING, date(2026, 1, 1), date(2026, 12, 1)),
    ):
        months = reading_months(policy, 2026)
        assert (months[0], months[-1], len(set(months))) == (first, last, 12)
        assert months == sorted(months) and {reading_year(policy, month) for month in months} == {2026}


@pytest.mark.parametrize(
    ("year", "goal", "refusals"),
    [
        (2026, 1, ()),
        (2026, GOAL_AT_MOST, ()),
        (2027, 50, ()),
        (2026, None, ()),
        (2026, 0, (Refusal(Reason.GOAL_OUT_OF_RANGE, {"most": GOAL_AT_MOST}),)),
        (2026, GOAL_AT_MOST + 1, (Refusal(Reason.GOAL_OUT_OF_RANGE, {"most": GOAL_AT_MOST}),)),
        (2025, 50, (Refusal(Reason.GOAL_YEAR_OVER),)),
        (2028, None, (Refusal(Reason.GOAL_YEAR_OVER),)),
        (
            2025,
            0,
            (Refusal(Reason.GOAL_YEAR_OVER), Refusal(Reason.GOAL_OUT_OF_RANGE, {"most": GOAL_AT_MOST})),
        ),
    ],
)
def test_a_goal_is_a_number_for_this_year_or_the_next(year, goal, refusals):
    assert decide_goal(SOURCE_1, year, goal, date(2026, 4, 1)).refusals == refusals


def test_until_the_end_of_march_a_goal_is_the_old_years():
    assert goal_years(SOURCE_1, date(2027, 3, 31)) == (2026, 2027)
    assert goal_years(SOURCE_1, date(2027, 4, 1)) == (2027, 2028)


def test_a_note_is_kept_up_to_its_length():
    assert decide_reading_note("あ" * READING_NOTE_AT_MOST).allowed
    facts = {"most": READING_NOTE_AT_MOST, "length": READING_NOTE_AT_MOST + 1}
    long = decide_reading_note("あ" * (READING_NOTE_AT_MOST + 1))
    assert long.refusals == (Refusal(Reason.NOTE_LONG, facts),)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('counts_from = "the beginning"', "policy.not_one_of"),
        ('goal_year = "may"', "policy.not_one_of"),
        ("offered = 1", "policy.not_bool"),
    ],
)
def test_what_the_policy_cannot_mean_is_told_with_its_place(line, problem):
    key = line.partition(" ")[0]
    known = {"counts_from": '"open loans"', "goal_year": '"january"', "offered": "true"}[key]
    before = '[reading_record]\noffered = true\ncounts_from = "open loans"\ngoal_year = "january"'
    after = before.replace(f"{key} = {known}", line)

    with pytest.raises(PolicyMistakes) as wrong:
        read_policy(edited(EVERYTHING_TEXT, (before, after)))

    assert [(one.path, one.problem) for one in wrong.value.mistakes] == [(f"reading_record.{key}", problem)]
