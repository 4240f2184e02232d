"""Search, a title's page, new arrivals: what a visitor reads before logging in."""

from datetime import date, timedelta

import pytest


def row(soup, title):
    """The row of a title in a list."""
    return next(
        row
        for row in soup.select("li.bib")
        if row.select_one(".row-title").get_text().strip().startswith(title)
    )


def test_a_title_is_found_by_part_of_it_with_where_it_stands(town, reader):
    bib = town.title("吾輩は猫である", copies=2, by="夏目 漱石")
    town.copy(bib, branch="east")

    page = reader.get("/search?q=猫")

    assert "1件" in page.select_one("#results [role=status]").text
    found = row(page, "吾輩は猫である")
    assert "貸出できます" in found.text and "本館 2 · 東分館 1" in found.text
    assert "夏目 漱石" in found.text


def test_a_row_says_until_when_it_is_out_and_how_many_wait(town, reader):
    kokoro = town.title("こころ")
    town.lend(kokoro, "sato", due_in=7)
    town.hold(kokoro, "tanaka")
    town.hold(kokoro, "suzuki")

    found = row(reader.get("/search?q=こころ"), "こころ")

    assert "貸出中" in found.text and "4/22(水)まで" in found.text and "予約待ち 2人" in found.text


def test_a_ready_hold_is_not_counted_among_those_who_wait(town, reader):
    kokoro = town.title("こころ")
    town.ready(kokoro, "sato")
    town.hold(kokoro, "tanaka")

    found = row(reader.get("/search?q=こころ"), "こころ")

    assert "予約待ち 1人" in found.text and "取り置き中" in found.text


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"call_number": "R 031 ヒ"}, "予約できません(参考資料)。"),
        ({"call_number": "A 213 シ"}, "予約できません(郷土資料)。"),
        ({"call_number": "M ナ"}, "予約できません(マンガ)。"),
        ({"tags": "団体貸出用"}, "予約できません(団体貸出用資料(大型絵本・大型紙芝居))。"),
        ({"material": "av", "tags": "館内用"}, "予約できません(DVD(館内用))。"),
        ({"material": "magazine", "tags": "週刊誌"}, "予約できません(週刊誌)。"),
        ({"not_for_loan": True}, "貸出していない資料です。館内でご利用ください。"),
        ({"state": "missing"}, "予約できる資料が、いまは図書館にありません。窓口でおたずねください。"),
    ],
)
def test_where_a_title_cannot_be_held_the_reason_stands_in_the_place_of_the_button(
    town, reader, columns, reason
):
    town.title("予約できない本", **columns)

    found = row(reader.get("/search?q=予約できない本"), "予約できない本")

    assert found.select_one(".reason").get_text(strip=True) == reason
    assert not found.find("button")


def test_only_the_newest_issue_is_for_the_desk_and_it_changes_by_itself(town, reader):
    town.issues("月刊しおり", date(2026, 2, 1), date(2026, 3, 1))
    before = reader.get("/search?q=月刊しおり")
    assert "最新号は、Webでは予約できません" in row(before, "月刊しおり 3月号").text
    assert row(before, "月刊しおり 2月号").find("button")

    from models import Bib

    town.title("月刊しおり 4月号", "magazine", serial=Bib.get().serial_id, issued_on=date(2026, 4, 1))

    after = reader.get("/search?q=月刊しおり")
    assert row(after, "月刊しおり 3月号").find("button")
    assert "窓口でお申し込みください" in row(after, "月刊しおり 4月号").text


def test_the_page_of_a_magazine_shows_its_issues_newest_first(town, reader):
    first, second = town.issues("月刊しおり", date(2026, 2, 1), date(2026, 3, 1))

    page = reader.get(f"/bibs/{second}")

    assert "最新号" in page.select_one(".kind").text
    assert [item.text for item in page.select(".compact .row-title")] == [
        "月刊しおり 3月号",
        "月刊しおり 2月号",
    ]
    assert "最新号" not in reader.get(f"/bibs/{first}").select_one(".kind").text


def test_the_page_of_a_title_has_a_line_for_each_copy(town, reader):
    kokoro = town.title(
        "こころ", by="夏目 漱石", publisher="岩波書店", pub_year=1990, isbn="9784003101017", ndc="913.6"
    )
    town.copy(kokoro, branch="west", call_number="B 913 ナ")
    town.lend(kokoro, "sato", due_in=7)

    page = reader.get(f"/bibs/{kokoro}")

    lines = [" ".join(line.get_text(" ", strip=True).split()) for line in page.select("ul.items li")]
    assert lines == ["本館 913.6 ナ 貸出中 4/22(水)まで", "西分館 B 913 ナ 貸出できます"]
    about = page.select_one("dl.about").text
    assert "岩波書店" in about and "9784003101017" in about and "小説" in about


def test_no_page_of_a_title_puts_it_into_its_address_or_its_name(town, reader):
    page = reader.get(f"/bibs/{town.title('だれにも知られたくない本')}")

    assert "知られたくない" not in page.title.text


def test_nobody_reaches_a_hidden_title(town, reader):
    bib = town.title("かくした本", hidden=True)

    assert not reader.get("/search?q=かくした本").select("li.bib")
    assert not reader.get("/new").select("li.bib")
    reader.get(f"/bibs/{bib}", status=404)
    reader.post("/cart/add", status=404, bib=bib)


def test_what_staff_note_is_in_no_page(town, reader):
    bib = town.title("こころ")

    assert "300000001" not in str(reader.get(f"/bibs/{bib}")), "the barcode is the library's own business"


def test_new_arrivals_come_newest_first(town, reader):
    for days, title in ((3, "三日前"), (1, "きのう"), (2, "おととい")):
        town.title(title, added_on=town.today - timedelta(days=days))

    titles = [heading.text for heading in reader.get("/new").select("li.bib .row-title")]

    assert titles == ["きのう", "おととい", "三日前"]


def test_pages_of_a_list_can_be_turned_without_javascript(town, reader):
    for n in range(45):
        town.title(f"猫の本 {n:02}")

    first = reader.get("/search?q=猫")
    last = reader.get(first.select_one("a[rel=next]")["href"].replace("page=2", "page=3"))

    assert len(first.select("li.bib")) == 20 and len(last.select("li.bib")) == 5
    assert not last.select("a[rel=next]") and "q=" in last.select_one("a[rel=prev]")["href"]


@pytest.mark.parametrize("page", ["0", "-1", "999", "abc", "", "１", "9" * 400])
def test_a_page_that_does_not_exist_is_the_first_or_the_last(town, reader, page):
    for n in range(25):
        town.title(f"猫の本 {n:02}")

    found = reader.get(f"/search?q=猫&page={page}")

    assert len(found.select("li.bib")) == (5 if page == "999" else 20)


@pytest.mark.parametrize(
    "words",
    [
        "%",
        "_",
        '"',
        "*",
        "\0",
        "a\0b",
        "'",
        "<b>",
        "あ" * 2048,
        "   ",
        "　　",
        "-",
        "AND OR NOT",
        "(",
        ":",
        "{{7*7}}",
        "🐈",
    ],
)
def test_any_words_are_answered_with_a_sentence(town, reader, words):
    town.title("こころ")

    page = reader.browser.get("/search", query_string={"q": words})

    assert page.status_code == 200
    assert 'role="status"' in page.get_data(as_text=True)
    assert "<b>" not in page.get_data(as_text=True).replace('<b id="cart-count"', "")


def test_what_was_not_found_is_said_with_what_to_try(town, reader):
    page = reader.get("/search?q=こんな本はない")

    assert "見つかりませんでした" in page.select_one("#results").text
    assert "ひらがな" in page.select_one("#results").text


@pytest.mark.parametrize(
    "address", ["/bibs/0", "/bibs/-1", "/bibs/abc", "/bibs/99999", "/bibs/1e9", "/bibs/" + "9" * 30]
)
def test_a_number_that_is_none_is_not_found(reader, address):
    reader.get(address, status=404)


def test_a_hostile_title_is_shown_as_it_is_written(town, reader):
    bib = town.title("<script>alert(1)</script>{{ 7 * 7 }}", by='"><img src=x>')

    text = str(reader.get(f"/bibs/{bib}").main)

    assert "&lt;script&gt;" in text and "{{ 7 * 7 }}" in text and "<img" not in text


def test_what_stands_against_every_title_of_a_list_is_said_once_above_it(town, reader):
    for n in range(3):
        town.title(f"猫の本 {n}")
    reader.log_in("mori")

    page = reader.get("/search?q=猫")

    assert page.text.count("予約はご利用いただけません") == 1
    assert not page.select("li.bib .cart-action button") and not page.select("li.bib .reason")
    assert "予約はご利用いただけません" in reader.get(page.select_one(".row-title a")["href"]).text
