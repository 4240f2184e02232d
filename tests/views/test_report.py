"""What the day sheet, the statistics and their file say of what was counted."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from playhouse.test_utils import count_queries

import tallies
from models import Bib, Item
from rules import JAPAN, ItemState
from tests.cast import CARDS
from tests.reader import said

DAY, YEAR, FILE = "/desk/day", "/desk/statistics", "/desk/statistics.csv"
WEST_HAS_CLOSED = (('id = "west"', 'id = "north"'), ('"西分館"', '"北分館"'))


def table(page, name: str) -> dict[str, list[str]]:
    """The rows of the table with this name, by what stands first in each."""
    found = page.find(class_="scroll", attrs={"aria-label": name}) or page.find(
        lambda tag: tag.name == "table" and tag.caption and tag.caption.text == name
    )
    cells = [[cell.text for cell in row.select("th, td")] for row in found.select("tr")]
    return {row[0]: row[1:] for row in cells}


def japan(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=JAPAN).astimezone(UTC)


def counted(kind: str, day: date, n: int, branch: str = "main", bib: int | None = None) -> None:
    for _ in range(n):
        tallies.count(kind, branch, japan(day.year, day.month, day.day, 12), bib)


# -- the day sheet -----------------------------------------------------------------------------------------


def test_the_day_sheet_shows_today_by_branch_with_a_total(town, desk):
    counted("loan", town.today, 2, "east")
    counted("hold", town.today, 1, "west")
    kokoro = town.title("こころ")
    desk.post("/desk/scan", code=CARDS["sato"][0])
    desk.post("/desk/scan", code=Item.get(Item.bib == kokoro).barcode)

    page = desk.get(DAY)

    assert "2026年4月15日(水) すべての館" in said(page)
    assert table(page, "日報")["項目"] == ["本館", "東分館", "西分館", "合計"]
    assert table(page, "日報")["貸出"] == ["1", "2", "0", "3"]
    assert table(page, "日報")["予約"] == ["0", "0", "1", "1"]
    assert page.select_one("#day")["value"] == "2026-04-15"


def test_one_goes_to_the_day_before_and_back_but_not_to_tomorrow(town, desk):
    counted("return", town.today - timedelta(days=1), 5)

    page = desk.get(DAY)
    assert "この日に数えたものは、まだありません。" in said(page)
    assert not page.select("[rel=next]")
    page = desk.get(page.select_one("[rel=prev]")["href"])

    assert "2026年4月14日(火)" in said(page) and table(page, "日報")["返却"][-1] == "5"
    assert "まだありません" not in said(page)
    assert "2026年4月15日(水)" in said(desk.get(page.select_one("[rel=next]")["href"]))


def test_the_day_sheet_of_one_branch_leaves_the_others_out(town, desk):
    counted("loan", town.today, 2, "east")
    counted("loan", town.today, 7, "main")

    page = desk.get(f"{DAY}?branch=east")

    assert table(page, "日報")["貸出"] == ["2"] and table(page, "日報")["項目"] == ["東分館"]
    assert [option["value"] for option in page.select("option[selected]")] == ["east"]
    assert "branch=east" in page.select_one("[rel=prev]")["href"]
    assert table(desk.get(f"{DAY}?branch="), "日報")["貸出"] == ["7", "2", "0", "9"]


@pytest.mark.parametrize(
    "asked",
    [
        "day=", "day=yesterday", "day=2026-02-30", "day=2026-04-16", "day=9999-12-31", "day=0001-01-01",
        "day=２０２６-04-01", "day=%00", "day=" + "9" * 5000, "branch=moon", "branch=%00&day=%FF",
        "branch=%27%20OR%201%3D1",
    ],
)  # fmt: skip
def test_a_day_or_a_branch_that_is_none_is_answered_with_today_and_all(town, desk, asked):
    counted("loan", town.today, 1, "east")

    page = desk.get(f"{DAY}?{asked}")

    assert "2026年4月15日(水) すべての館" in said(page)
    assert table(page, "日報")["貸出"] == ["0", "1", "0", "1"]


# -- the statistics ----------------------------------------------------------------------------------------


def test_a_fiscal_year_runs_from_the_first_of_april_to_the_end_of_march(town, desk):
    counted("loan", date(2025, 3, 31), 1)
    counted("loan", date(2025, 4, 1), 10)
    counted("loan", date(2026, 3, 31), 100)
    counted("loan", date(2026, 4, 1), 1000)

    page = desk.get(f"{YEAR}?year=2025")
    months = table(page, "月ごとの件数")

    assert list(months)[1:-2] == [
        *(f"2025年{month}月" for month in range(4, 13)),
        *(f"2026年{month}月" for month in range(1, 4)),
    ]
    assert (months["2025年4月"][0], months["2026年3月"][0]) == ("10", "100")
    assert (months["合計"][0], months["前年度の合計"][0]) == ("110", "1")
    assert [option.text for option in page.select("[name=year] option")] == [
        "2026年度",
        "2025年度",
        "2024年度",
    ]
    assert page.select_one("[name=year] option[selected]").text == "2025年度"


def test_the_year_is_the_present_one_unless_another_is_asked_for(town, clock, desk):
    counted("loan", date(2026, 3, 31), 4)
    clock.now = japan(2026, 3, 31, 23, 59)
    assert "2025年度の統計" in said(desk.get(YEAR))
    clock.now = japan(2026, 4, 1)

    page = desk.get(YEAR)

    assert "2026年度の統計" in said(page) and "2026年4月1日(水)までの件数です。" in said(page)
    assert table(page, "月ごとの件数")["前年度の合計"][0] == "4"
    assert "までの件数です。" not in said(desk.get(f"{YEAR}?year=2025"))


def test_a_month_that_is_yet_to_come_is_empty_and_one_without_work_is_zero(town, desk):
    months = table(desk.get(YEAR), "月ごとの件数")

    assert set(months["2026年4月"]) == {"0"} and set(months["2026年5月"]) == {""}


def test_each_kind_has_its_column(town, desk):
    for n, kind in enumerate(tallies.KINDS, 1):
        counted(kind, town.today, n)

    months = table(desk.get(YEAR), "月ごとの件数")

    assert months["月"] == [
        "貸出", "貸出更新", "返却", "予約", "予約の貸出", "取り置き期限切れ", "新規登録"
    ]  # fmt: skip
    assert months["2026年4月"] == months["合計"] == ["1", "2", "3", "4", "5", "6", "7"]


def test_the_statistics_of_one_branch_leave_the_others_out(town, desk):
    kokoro = town.title("こころ", ndc="913.6")
    counted("loan", town.today, 2, "east", kokoro)
    counted("loan", town.today, 1200, "main", kokoro)

    one, all_ = desk.get(f"{YEAR}?branch=east"), desk.get(f"{YEAR}?branch=")

    for page, n in ((one, "2"), (all_, "1,202")):
        assert table(page, "月ごとの件数")["合計"][0] == n
        assert table(page, "月ごとの貸出")["2026"][0] == n
        assert table(page, "資料種別ごと")["図書"] == table(page, "分類ごと")["9 文学"] == [n, "0"]


def test_a_kind_is_shown_by_material_and_class_beside_the_year_before(town, desk):
    kokoro, issue = town.title("こころ", ndc="913.6"), town.title("暮らし", "magazine")
    stars = town.title("星の本", ndc="440")
    counted("loan", town.today, 3, bib=kokoro)
    counted("loan", town.today, 2, bib=issue)
    counted("loan", date(2026, 3, 31), 5, bib=stars)
    counted("loan", date(2025, 3, 31), 99, bib=stars)
    counted("hold", town.today, 1, bib=issue)

    page = desk.get(YEAR)
    assert table(page, "資料種別ごと") == {
        "資料種別": ["2026年度", "2025年度"],
        "図書": ["3", "5"],
        "雑誌": ["2", "0"],
    }
    assert list(table(page, "分類ごと").items())[1:] == [
        ("4 自然科学", ["0", "5"]),
        ("9 文学", ["3", "0"]),
        ("分類なし", ["2", "0"]),
    ]

    page = desk.get(f"{YEAR}?kind=hold")
    assert "予約の内訳" in said(page)
    assert list(table(page, "資料種別ごと").items())[1:] == [("雑誌", ["1", "0"])]
    assert "この年度と前の年度に、返却の件数はありません。" in said(desk.get(f"{YEAR}?kind=return"))


@pytest.mark.parametrize(
    "asked",
    ["year=1999", "year=-1", "year=２０２５", "year=%00", "year=" + "9" * 5000, "year=2026.5", "branch=moon",
     "kind=card", "kind=%27", "year=&branch=&kind="],
)  # fmt: skip
def test_a_year_a_branch_or_a_kind_that_is_none_is_answered_with_the_usual(town, desk, asked):
    counted("loan", town.today, 1, "east")

    page = desk.get(f"{YEAR}?{asked}")
    desk.get(f"{FILE}?{asked}")

    assert "2026年度の統計" in said(page) and "貸出の内訳" in said(page)
    assert table(page, "月ごとの件数")["合計"][0] == "1"
    assert "statistics-2026.csv" in desk.response.headers["Content-Disposition"]


def test_the_chart_has_a_bar_for_each_month_in_which_something_was_lent(town, desk):
    counted("loan", date(2025, 4, 3), 50)
    counted("loan", date(2026, 3, 3), 100)
    counted("loan", date(2026, 4, 3), 25)

    page = desk.get(YEAR)

    height = {
        name: [float(bar["height"]) for bar in page.select(f"svg rect.{name}")] for name in ("before", "now")
    }
    assert height["before"] == [65.0, 130.0] and height["now"] == [32.5]
    assert table(page, "月ごとの貸出")["2025"] == ["50", *["0"] * 10, "100", "150"]
    assert page.svg["role"] == "img" and page.svg["aria-label"]


def test_a_library_that_has_counted_nothing_yet_has_its_pages(town, desk):
    page = desk.get(YEAR)

    assert [option.text for option in page.select("[name=year] option")] == ["2026年度"]
    assert not page.select("svg rect") and "所蔵資料はまだ登録されていません。" in said(page)
    assert "この年度と前の年度に、貸出の件数はありません。" in said(page)
    desk.get(DAY)


def test_what_the_library_holds_is_counted_by_branch_and_material(town, desk):
    kokoro = town.title("こころ", copies=2)
    town.copy(kokoro, "east")
    town.copy(kokoro, state=ItemState.MISSING)
    town.copy(kokoro, state=ItemState.WITHDRAWN)
    town.copy(kokoro, interlibrary=True)
    town.title("暮らし", "magazine")
    Item.update(added_on=date(2026, 3, 31)).where(Item.branch == "east").execute()

    page = desk.get(YEAR)
    rows = [[cell.text for cell in row.select("th, td")] for row in page.select("table")[-1].select("tr")]

    assert rows[0] == ["館", "資料種別", "所蔵", "2026年度の受入", "除籍(これまで)"]
    assert rows[1:] == [
        ["本館", "図書", "3", "4", "1"],
        ["雑誌", "1", "1", "0"],
        ["東分館", "図書", "1", "0", "0"],
        ["合計", "5", "5", "1"],
    ]
    assert table(desk.get(f"{YEAR}?branch=east"), "所蔵数")["合計"] == ["1", "0", "0"]
    counted("loan", date(2026, 3, 31), 1)
    assert table(desk.get(f"{YEAR}?year=2025"), "所蔵数")["合計"] == ["5", "1", "1"]


@pytest.mark.parametrize("changes", [WEST_HAS_CLOSED])
def test_a_branch_and_a_material_that_the_policy_no_longer_names_still_have_their_counts(town, desk):
    counted("loan", town.today, 3, "west", town.title("古いテープ", "tape"))

    assert table(desk.get(DAY), "日報")["項目"] == ["本館", "東分館", "北分館", "west", "合計"]
    page = desk.get(f"{YEAR}?branch=west")
    assert table(page, "月ごとの件数")["合計"][0] == "3"
    assert table(page, "資料種別ごと")["tape"] == ["3", "0"]


def test_the_pages_ask_the_database_a_few_things_however_much_was_counted(town, desk):
    asked = []
    for years in (1, 4):
        for n in range(years):
            for branch in ("main", "east", "west", "north"):
                for kind in tallies.KINDS:
                    counted(kind, town.today - timedelta(days=365 * n), 2, branch, town.title("本"))
        each = []
        for address in (DAY, YEAR, FILE):
            with count_queries() as counter:
                desk.get(address)
            each.append(counter.count)
        asked.append(each)

    assert asked[0] == asked[1] and max(asked[0]) <= 10


def test_both_pages_are_linked_from_the_page_of_what_is_seldom_needed(desk):
    links = [link["href"] for link in desk.get("/desk/more").select("main .entries a")]

    assert {DAY, YEAR} <= set(links)
    for link in (DAY, YEAR):
        desk.get(link)


# -- the file ----------------------------------------------------------------------------------------------


def lines(response) -> list[list[str]]:
    text = response.get_data().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_the_file_has_a_line_for_each_count_of_the_year_in_words(town, desk):
    kokoro, issue = town.title("こころ", ndc="913.6"), town.title("暮らし", "magazine")
    counted("loan", date(2026, 3, 31), 4, bib=kokoro)
    counted("loan", date(2026, 4, 1), 3, "east", kokoro)
    counted("renewal", date(2026, 4, 1), 1, bib=issue)
    counted("card", date(2026, 4, 2), 2)

    desk.get(f"{FILE}?year=2026")

    assert lines(desk.response) == [
        ["月", "館", "項目", "資料種別", "分類記号", "分類", "件数"],
        ["2026年4月", "東分館", "貸出", "図書", "9", "文学", "3"],
        ["2026年4月", "本館", "新規登録", "", "", "", "2"],
        ["2026年4月", "本館", "貸出更新", "雑誌", "", "分類なし", "1"],
    ]
    desk.get(f"{FILE}?year=2025")
    assert lines(desk.response)[1:] == [["2026年3月", "本館", "貸出", "図書", "9", "文学", "4"]]


def test_the_file_is_one_that_excel_opens_and_that_nobody_keeps(town, desk):
    counted("loan", town.today, 1, bib=town.title("こころ"))
    page = desk.get(YEAR)

    desk.get(page.select_one("main a.button")["href"])

    headers, content = desk.response.headers, desk.response.get_data()
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"] == "attachment; filename=statistics-2026.csv"
    assert headers["Cache-Control"] == "no-store"
    assert content.startswith("\ufeff月,".encode()) and content.count(b"\n") == content.count(b"\r\n") == 2


@pytest.mark.parametrize("changes", [(('name = "東分館"', "name = '=HYPERLINK(\"x\")'"),)])
def test_a_name_that_looks_like_a_formula_is_none_in_the_file(town, desk):
    counted("loan", town.today, 1, "east", town.title("こころ", "@material"))

    desk.get(FILE)

    assert lines(desk.response)[1][1:4] == ['\'=HYPERLINK("x")', "貸出", "'@material"]
    assert Bib.get().material == "@material"
