"""読書記録 on its pages: turned on and off, a year in numbers, notes, goals, files, and nobody else."""

import csv
import io
from datetime import date, timedelta

import pytest

import reading
from models import ReadingEntry, ReadingRecord
from rules import Channel
from tests.reader import Reader, said


@pytest.fixture
def sato(town, reader):
    return reader.log_in("sato")


@pytest.fixture
def keeps(sato, town, policy, clock):
    """Sato, who keeps a record."""
    reading.turn_on(policy, town.patrons["sato"], "残します。", Channel.WEB, clock())
    return sato


@pytest.fixture
def read(town):
    """Writes an entry of Sato's; gives its number."""

    def do(title: str, day: date | None = None, **columns) -> int:
        row = {"patron": town.patrons["sato"], "title": title, "lent_on": day or town.today}
        return ReadingEntry.insert(**row, **columns).execute()

    return do


def kept(town) -> list[str]:
    return [entry.title for entry in reading.entries_of(town.patrons["sato"])]


def table(page, caption: str) -> list[list[str]]:
    for one in page.select("table.figures"):
        if one.caption.text == caption:
            rows = one.select("tbody tr, tfoot tr")
            return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in rows]
    raise AssertionError(caption)


# -- on and off --------------------------------------------------------------------------------------------


def test_it_is_off_until_its_patron_chooses_it_in_the_words_of_the_source(sato, town):
    page = sato.get("/my/reading")
    assert "いまは、記録を残していません。" in said(page) and "職員も見ることができません" in said(page)
    assert page.select_one('a.button[href="/my/reading/setting"]').text == "変更"

    page = sato.get("/my/reading/setting")
    assert page.select_one("input[name=keep][value=no]").has_attr("checked")
    assert page.select_one("main form button").text == "更新する"
    sato.post("/my/reading/setting", keep="yes")

    assert sato.went_to == "/my/reading"
    page = sato.get("/my/reading")
    assert "これから借りる資料を記録します。" in said(page)
    assert "2026年4月15日(水)から、借りた資料を記録しています。" in said(page)
    assert "これから借りる資料の題名、著者、借りた日を" in ReadingRecord.get().agreed_to
    assert "記録します。" not in said(sato.get("/my/reading")), "said once"


def test_choosing_neither_is_answered_with_what_to_do(sato):
    page = sato.post("/my/reading/setting", status=422)

    assert "「残す」か「残さない」を選んでください。" in said(page) and not ReadingRecord.select().exists()


def test_off_says_how_many_entries_go_and_asks_once(keeps, town, read):
    for title in ("こころ", "門", "草枕"):
        read(title)

    keeps.post("/my/reading/setting", keep="no")
    assert keeps.went_to == "/my/reading/off" and len(kept(town)) == 3, "nothing goes before it is confirmed"
    page = keeps.get("/my/reading/off")
    assert "3件の記録をすべて消します。元に戻せません。" in said(page)
    assert page.select_one("main form button").text == "記録を消して、残さない"
    assert page.select_one('main a.button[href="/my/reading"]').text.startswith("やめる")

    keeps.post("/my/reading/off")
    page = keeps.get("/my/reading")
    assert "3件の記録を消しました。これからは残しません。" in said(page)
    assert kept(town) == [] and not ReadingRecord.select().exists()


def test_sent_twice_off_still_says_how_many_went(keeps, read):
    read("こころ")
    for _ in range(2):
        keeps.post("/my/reading/off")

    assert "1件の記録を消しました。" in said(keeps.get("/my/reading"))


def test_off_with_nothing_recorded_speaks_of_no_number(keeps):
    assert "消える記録はありません。" in said(keeps.get("/my/reading/off"))
    keeps.post("/my/reading/off")
    assert "これからは記録を残しません。" in said(keeps.get("/my/reading"))


def test_where_none_is_kept_there_is_nothing_to_end_and_nothing_else_to_see(sato):
    sato.get("/my/reading/off", status=303)
    for address in ("/my/reading.csv", "/my/reading/notebook", "/my/reading/delete?all=1"):
        sato.get(address, status=404)
    sato.post("/my/reading/goal", status=404, year="2026", goal="50")


# -- a year in numbers ------------------------------------------------------------------------------------


def test_the_months_of_the_fiscal_year_stand_in_a_chart_and_in_a_table_beside_last_years(keeps, read):
    for day, times in ((date(2026, 4, 1), 3), (date(2026, 4, 15), 1), (date(2026, 3, 31), 2)):
        for _ in range(times):
            read("こころ", day, ndc="913.6")
    read("星の本", date(2025, 4, 2), ndc="443")

    page = keeps.get("/my/reading")

    rows = table(page, "月ごとの冊数")
    assert [row[0] for row in rows] == [*(f"{n}月" for n in (*range(4, 13), 1, 2, 3)), "合計"]
    assert rows[0] == ["4月", "4", "1"] and rows[1] == ["5月", "", "0"] and rows[11] == ["3月", "", "2"]
    assert rows[12] == ["合計", "4", "3"]
    assert page.select_one(".read-number b").text == "4" and "2025年度は3冊" in said(page)
    assert len(page.select("svg.chart rect.now")) == 1 and len(page.select("svg.chart rect.before")) == 2
    assert table(page, "分類ごとの冊数") == [["9 文学", "4"]]
    assert table(page, "年ごとの冊数") == [["2026年度", "4", ""], ["2025年度", "3", ""]]
    last = keeps.get("/my/reading?year=2025")
    assert last.select_one(".read-number b").text == "3" and "目標を決める" not in said(last)


def test_a_month_is_shown_with_its_entries_the_last_first_and_others_a_tap_away(keeps, read, town):
    kokoro = town.title("こころ")
    read("門", date(2026, 4, 2))
    read("こころ", date(2026, 4, 3), volume="上", creators="夏目 漱石", bib=kokoro)
    read("草枕", date(2026, 1, 9))
    read("幻影の盾", date(2026, 4, 1), bib=town.title("幻影の盾", hidden=True))

    page = keeps.get("/my/reading")

    assert "2026年4月に借りた資料 3冊" in said(page)
    assert [row.h3.text for row in page.select("ul.readings > li")] == ["こころ 上", "門", "幻影の盾"]
    assert "2026年4月3日(金)に借りました" in said(page)
    assert [link["href"] for link in page.select("ul.readings h3 a")] == [f"/bibs/{kokoro}"]
    january = keeps.get("/my/reading?month=2026-01")
    assert [row.h3.text for row in january.select("ul.readings > li")] == ["草枕"]
    assert january.select_one("h2#of-year").text == "2025年度"
    assert "この月の記録はありません。" in said(keeps.get("/my/reading?month=2026-05"))


@pytest.mark.parametrize(
    "asked", ["year=0", "year=99999999", "year=ねこ", "month=2026-13", "month=%00", "year="]
)
def test_what_names_no_time_is_the_present_year(keeps, asked):
    assert keeps.get(f"/my/reading?{asked}").select_one("h2#of-year").text == "2026年度"


@pytest.mark.parametrize("changes", [[('goal_year = "april"', 'goal_year = "january"')]])
def test_a_library_may_count_by_the_calendars_year(keeps, read, changes):
    read("こころ", date(2026, 1, 5))
    read("門", date(2025, 12, 31))

    page = keeps.get("/my/reading")

    assert page.select_one("h2#of-year").text == "2026年"
    rows = table(page, "月ごとの冊数")
    assert rows[0] == ["1月", "1", "0"] and rows[11] == ["12月", "", "1"]


# -- goals ------------------------------------------------------------------------------------------------


def test_a_goal_is_set_and_the_page_says_how_far_it_is(keeps, read):
    for n in range(12):
        read(f"本{n}")

    keeps.post("/my/reading/goal", year="2026", goal="50冊")
    page = keeps.get(keeps.went_to)
    assert "目標を決めました。" in said(page) and "目標は50冊。あと38冊です。" in said(page)
    bar = page.select_one("progress")
    assert (bar["max"], bar["value"]) == ("50", "12") and page.select("svg.chart line.pace")

    keeps.post("/my/reading/goal", year="2026", goal="10")
    page = keeps.get(keeps.went_to)
    assert "目標の10冊になりました。" in said(page) and page.select_one("progress")["value"] == "10"
    keeps.post("/my/reading/goal", year="2026", goal=" ")
    page = keeps.get(keeps.went_to)
    assert "目標を取りやめました。" in said(page) and not page.select("progress")


@pytest.mark.parametrize(
    ("goal", "status", "sentence"),
    [
        ("たくさん", 422, "目標は数字で書いてください"),
        ("-3", 422, "目標は数字で書いてください"),
        ("0", 409, "目標は1冊から9999冊までの数で書いてください。"),
        ("10000", 409, "目標は1冊から9999冊までの数で書いてください。"),
    ],
)
def test_a_goal_that_cannot_be_meant_is_told_at_its_field_and_changes_nothing(
    keeps, town, goal, status, sentence
):
    page = keeps.post("/my/reading/goal", status=status, year="2026", goal=goal)

    assert sentence in page.select_one("#goal-error").text and page.select_one("#goal")["value"] == goal
    assert reading.goals_of(town.patrons["sato"]) == {}


def test_last_years_goal_stays_as_it_was(keeps, town):
    page = keeps.post("/my/reading/goal", status=409, year="2025", goal="99")

    assert "終わった年と、再来年からあとの目標は変えられません。" in said(page)
    assert reading.goals_of(town.patrons["sato"]) == {}


# -- notes and deleting -----------------------------------------------------------------------------------


def test_a_note_is_written_and_shown_where_it_was_written(keeps, read):
    old = read("こころ", date(2026, 1, 9))

    keeps.post(f"/my/reading/{old}/note", note="  二度目で\r\nわかった\x00 ")

    assert keeps.went_to == f"/my/reading?month=2026-01#entry-{old}"
    page = keeps.get("/my/reading?month=2026-01")
    assert page.select_one(".own-note").text == "二度目で わかった" and "メモを保存しました。" in said(page)


def test_a_note_that_is_too_long_comes_back_at_its_entry(keeps, read):
    old = read("こころ", date(2026, 1, 9))

    page = keeps.post(f"/my/reading/{old}/note", status=422, note="あ" * 501)

    field = page.select_one(f"textarea#note-{old}")
    assert len(field.text) == 501 and "メモは500文字までです" in page.select_one(f"#note-{old}-error").text
    assert ReadingEntry.get_by_id(old).note == ""


def test_what_is_deleted_is_shown_before_and_counted_after(keeps, read, town):
    one, _two, three = (read(title) for title in ("こころ", "門", "草枕"))

    page = keeps.get(f"/my/reading/delete?entry={one}&entry={three}")
    assert "この2件の記録を消します。元に戻せません。" in said(page)
    assert "草枕" in said(page) and "門" not in [row.text for row in page.select("ul.facts li")]
    keeps.post("/my/reading/delete", entry=[str(one), str(three)])
    assert "2件の記録を消しました。" in said(keeps.get("/my/reading")) and kept(town) == ["門"]

    read("道草", date(2024, 5, 1))
    page = keeps.get("/my/reading/delete?all=1")
    assert "2件の記録をすべて消します。" in said(page)
    keeps.post("/my/reading/delete", entry=[field["value"] for field in page.select("input[name=entry]")])
    assert kept(town) == [] and ReadingRecord.select().exists(), "what comes is recorded again"


def test_with_nothing_ticked_the_page_says_what_to_do(keeps, read):
    read("こころ")

    assert "消す記録を選んでください。" in said(keeps.get("/my/reading/delete", status=422))
    assert "消す記録を選んでください。" in said(keeps.get("/my/reading/delete?entry=ねこ", status=422))


# -- to take along, and to print -----------------------------------------------------------------------------


def test_the_file_has_every_entry_in_its_order_and_runs_nothing(keeps, read):
    read("=HYPERLINK(1)", date(2026, 4, 2), material="book", ndc="913.6", isbn="9784000000000", note="よい")
    read("門", date(2025, 4, 2), material="av")

    keeps.get("/my/reading.csv")

    answer = keeps.response
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert rows[0] == ["借りた日", "題名", "巻", "著者など", "出版者", "ISBN", "分類", "種類", "メモ"]
    assert rows[1][:2] == ["2025-04-02", "門"] and rows[1][7] == "視聴覚資料"
    assert rows[2][1].startswith("'=") and rows[2][5:] == ["9784000000000", "913.6", "図書", "よい"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == "attachment; filename=my-reading.csv"


def test_the_notebook_lists_a_year_in_its_order_and_names_nobody(keeps, read, town):
    for title, day in (("門", date(2026, 4, 2)), ("こころ", date(2026, 4, 1)), ("草枕", date(2026, 3, 31))):
        read(title, day, note="よかった")

    page = keeps.get("/my/reading/notebook")

    assert [row.td.text for row in page.select("tbody tr")] == ["1", "2"]
    assert [row.b.text for row in page.select("tbody tr")] == ["こころ", "門"]
    assert "全部で2冊" in said(page) and "サトウ" not in page.text
    last = keeps.get("/my/reading/notebook?year=2025")
    assert [row.b.text for row in last.select("tbody tr")] == ["草枕"]


# -- nobody else ------------------------------------------------------------------------------------------


def test_anothers_entries_are_not_there(keeps, app, town, policy, clock, read):
    entry = read("こころ")
    tanaka = Reader(app).log_in("tanaka")
    reading.turn_on(policy, town.patrons["tanaka"], "残します。", Channel.WEB, clock())

    tanaka.post(f"/my/reading/{entry}/note", status=404, note="のぞき見")
    tanaka.get(f"/my/reading/delete?entry={entry}", status=404)
    tanaka.post("/my/reading/delete", status=404, entry=entry)
    assert "こころ" not in said(tanaka.get("/my/reading")) and kept(town) == ["こころ"]


def test_the_desk_sees_that_somebody_is_here_and_nothing_of_what_they_read(keeps, app, town, read):
    read("モモンガの本", note="ひみつのメモ")
    desk = Reader(app).log_in_staff("murakami")
    desk.post("/desk/scan", code="100000011")

    sato = town.patrons["sato"]
    for address in ("/desk", f"/desk/patrons/{sato}", "/desk/admin/audit", "/desk/statistics", "/desk/loans"):
        text = desk.get(address).text
        assert "モモンガ" not in text and "ひみつ" not in text and "読書記録" not in text, address


def test_a_terminal_in_the_library_shows_nothing_of_it(app, town, keeps, read):
    kokoro = town.title("こころ")
    entry = read("こころ", bib=kokoro)
    machine = Reader(app).log_in_staff("ishida")
    machine.post("/desk/terminal")
    machine.token = None
    machine.log_in("sato")

    for address in ("", "/setting", "/off", "/notebook", ".csv", "/delete?all=1"):
        page = machine.get(f"/my/reading{address}", status=403)
        assert "読書記録は、館内の端末では見られません。" in said(page) and "こころ" not in said(page)
    machine.post("/my/reading/off", status=403)
    machine.post("/my/reading/delete", status=403, entry=entry)
    assert kept(town) == ["こころ"]
    assert not machine.get("/my").select('a[href="/my/reading"]')
    assert "読書記録" not in said(machine.get("/my/data"))
    machine.get("/my/data.json")
    assert "reading" not in machine.response.json
    machine.post("/my/shelf/new", bib=kokoro, note="")
    assert "前に借りた資料です" not in said(machine.get("/my/shelf"))


@pytest.mark.parametrize("changes", [[("offered = true", "offered = false")]])
def test_a_library_that_offers_none_has_no_page_of_it_but_for_who_keeps_one(sato, town, changes, clock):
    sato.get("/my/reading", status=404)
    sato.get("/my/reading/setting", status=404)
    sato.post("/my/reading/setting", status=404, keep="yes")
    assert not sato.get("/my").select('a[href="/my/reading"]')

    ReadingRecord.insert(patron=town.patrons["sato"], since=clock(), agreed_to="残します。").execute()
    ReadingEntry.insert(patron=town.patrons["sato"], title="門", lent_on=town.today).execute()
    assert "門" in said(sato.get("/my/reading"))
    assert sato.get("/my/data").select('a[href="/my/reading"]'), "where it is found"
    sato.post("/my/reading/off")
    assert not ReadingRecord.select().exists()
    sato.get("/my/reading", status=404)


def test_a_title_to_be_read_says_when_it_was_borrowed_before(keeps, town, read):
    kokoro, mon = town.title("こころ"), town.title("門")
    read("こころ", date(2026, 1, 9), bib=kokoro)
    read("こころ", date(2026, 2, 9), bib=kokoro)
    for bib in (kokoro, mon):
        keeps.post("/my/shelf/new", bib=bib, note="")

    rows = keeps.get("/my/shelf").select("ol.own-shelf > li")

    assert "前に借りた資料です(2026年2月9日(月))" in rows[0].text and "前に借りた" not in rows[1].text


def test_a_note_written_when_the_login_had_ended_is_still_in_its_field(keeps, clock, read):
    entry = read("こころ", date(2026, 1, 9))
    keeps.get("/my/reading?month=2026-01")
    clock.forward(hours=1)

    keeps.post(f"/my/reading/{entry}/note", entry=str(entry), note="二度目で")
    keeps.token = None
    keeps.log_in("sato", next="/my/reading")

    page = keeps.get("/my/reading")
    assert page.select_one(f"textarea#note-{entry}").text.strip() == "二度目で"


def test_a_month_of_another_year_is_that_years(keeps, read, town):
    read("こころ", town.today - timedelta(days=200))

    assert "この年の記録は、まだありません。" in said(keeps.get("/my/reading"))
