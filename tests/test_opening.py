"""Opening days as pages ask for them: the policy, national holidays, and the entries of the calendar."""

from datetime import date

import pytest

from models import CalendarEntry
from opening import Calendar

# As the Cabinet Office announces them for 2027.
HOLIDAYS_2027 = {
    date(2027, 1, 1): "元日",
    date(2027, 1, 11): "成人の日",
    date(2027, 2, 11): "建国記念の日",
    date(2027, 2, 23): "天皇誕生日",
    date(2027, 3, 21): "春分の日",
    date(2027, 3, 22): "春分の日 振替休日",
    date(2027, 4, 29): "昭和の日",
    date(2027, 5, 3): "憲法記念日",
    date(2027, 5, 4): "みどりの日",
    date(2027, 5, 5): "こどもの日",
    date(2027, 7, 19): "海の日",
    date(2027, 8, 11): "山の日",
    date(2027, 9, 20): "敬老の日",
    date(2027, 9, 23): "秋分の日",
    date(2027, 10, 11): "スポーツの日",
    date(2027, 11, 3): "文化の日",
    date(2027, 11, 23): "勤労感謝の日",
}


def test_the_national_holidays_of_a_year_are_known_with_their_names(database, policy):
    calendar = Calendar(policy, date(2026, 4, 15))

    assert {day: name for day, name in calendar.holidays.items() if day.year == 2027} == HOLIDAYS_2027


def test_a_monday_that_is_a_holiday_is_open_under_both_ready_policies(database, policy):
    opening = Calendar(policy, date(2027, 1, 1)).of("main")

    assert opening.is_open(date(2027, 1, 11)) and not opening.is_open(date(2027, 1, 18))


@pytest.mark.parametrize(("branch", "open_on"), [("main", [True, False]), ("east", [False, True])])
def test_single_days_differ_by_branch_and_decide_before_holidays(database, policy, branch, open_on):
    CalendarEntry.insert(day=date(2027, 1, 11), kind="closed", branch="east").execute()
    CalendarEntry.insert(day=date(2027, 1, 18), kind="open", branch="east").execute()

    opening = Calendar(policy, date(2027, 1, 1)).of(branch)

    assert [opening.is_open(date(2027, 1, 11)), opening.is_open(date(2027, 1, 18))] == open_on


def test_the_calendar_page_names_holidays_and_knows_those_of_years_to_come(reader):
    page = reader.get("/calendar?month=2030-05")

    named = [" ".join(line.text.split()) for line in page.select("ul.facts li")]
    assert named == [
        "5/3(金) 憲法記念日",
        "5/4(土) みどりの日",
        "5/5(日) こどもの日",
        "5/6(月) こどもの日 振替休日",
    ]
    sixth = next(cell for cell in page.table.select("td:has(.n)") if cell.select_one(".n").text == "6")
    assert "祝" in sixth.text and "休" not in sixth.text
