"""Lists in which titles are come upon, and the page of a title with all that leads on from it."""

from datetime import date, timedelta

import pytest
from playhouse.test_utils import count_queries

from models import Bib, Creator, Item, Serial
from tests.reader import said


def rows(page) -> list[str]:
    return [row.get_text(strip=True) for row in page.select("li.bib .row-title")]


def chips(page) -> dict[str, str]:
    """What the list can be narrowed down to, and by which address."""
    return {" ".join(chip.get_text(" ", strip=True).split()): chip["href"] for chip in page.select("a.chip")}


def call_numbers(page) -> list[str]:
    return [line.select_one(".call").text for line in page.select("ol.beside > li")]


# ---- new arrivals


@pytest.fixture
def arrivals(town):
    """Today is Wednesday, April 15."""
    town.title("きのうの小説", ndc="913.6", added_on=date(2026, 4, 14))
    town.title("きのうの図鑑", ndc="480", added_on=date(2026, 4, 14))
    town.title("先週の小説", ndc="913.6", added_on=date(2026, 4, 12))
    town.title("先週の映画", "av", added_on=date(2026, 4, 6))
    town.title("去年の小説", ndc="913.6", added_on=date(2025, 6, 4))


def test_new_arrivals_are_those_of_the_last_weeks_and_each_week_has_its_count(arrivals, reader):
    page = reader.get("/new")

    assert rows(page) == ["きのうの図鑑", "きのうの小説", "先週の小説", "先週の映画"]
    assert {"4月13日の週 2", "4月6日の週 2", "4 自然科学 1", "9 文学 2", "視聴覚資料 1"} <= chips(page).keys()


def test_a_week_and_a_class_are_an_address_that_can_be_kept(arrivals, reader):
    week = reader.get(chips(reader.get("/new"))["4月6日の週 2"])
    assert rows(week) == ["先週の小説", "先週の映画"]

    novels = reader.get(chips(week)["9 文学 1"])
    assert rows(novels) == ["先週の小説"]
    assert "week=2026-04-06" in reader.response.request.url and "ndc=9" in reader.response.request.url
    assert [chip.get_text(" ", strip=True) for chip in novels.select("a.chip[aria-current]")] == [
        "4月6日の週 1",
        "9 文学 1",
    ]


def test_a_day_stands_for_its_week_however_long_ago(arrivals, reader):
    assert rows(reader.get("/new?week=2025-06-07")) == ["去年の小説"]


def test_films_alone(arrivals, reader):
    assert rows(reader.get("/new?type=av")) == ["先週の映画"]


@pytest.mark.parametrize(
    "nonsense", ["week=soon", "week=9999-12-31", "week=0001-01-01", "ndc=x", "ndc=91", "type=ship", "page=x"]
)
def test_what_makes_no_sense_chooses_nothing(arrivals, reader, nonsense):
    assert len(rows(reader.get(f"/new?{nonsense}"))) == 4


def test_where_nothing_of_these_came_in_the_page_says_so(arrivals, reader):
    assert "この条件の新着図書はありません" in said(reader.get("/new?ndc=0"))


def test_where_nothing_came_in_lately_the_last_that_came_are_shown(town, reader):
    town.title("去年の小説", added_on=date(2025, 6, 4))
    town.title("かくした本", hidden=True)

    assert rows(reader.get("/new")) == ["去年の小説"]


# ---- what many wait for


def test_the_title_that_most_wait_for_stands_first_with_its_copies(town, reader):
    one, two, none = (
        town.title("一人が待つ本"),
        town.title("二人が待つ本", copies=3),
        town.title("だれも待たない本"),
    )
    hidden = town.title("かくした本", hidden=True)
    for bib, who in ((one, "sato"), (two, "sato"), (two, "tanaka"), (hidden, "sato"), (hidden, "kato")):
        town.hold(bib, who)
    town.ready(none, "sato")

    page = reader.get("/popular")

    assert rows(page) == ["二人が待つ本", "一人が待つ本"]
    assert "予約待ち 2人" in said(page) and "所蔵 3点" in said(page)


def test_what_few_have_borrowed_is_in_no_list_of_what_is_lent_often(town, reader):
    town.title("よく出る本", lent=9)
    town.title("もっと出る本", lent=20)
    town.title("四回だけ出た本", lent=4)

    assert rows(reader.get("/popular")) == ["もっと出る本", "よく出る本"]


# ---- magazines


def test_magazines_stand_in_the_order_of_their_readings_each_with_its_newest_issue(town, reader):
    for title, kana in (("山の暮らし", "やまのくらし"), ("海の暮らし", "うみのくらし")):
        town.issues(title, date(2026, 2, 1), date(2026, 3, 1))
        Serial.update(title_kana=kana).where(Serial.title == title).execute()
    town.issues("号のない雑誌", date(2026, 3, 1), hidden=True)

    assert rows(reader.get("/magazines")) == ["海の暮らし 3月号", "山の暮らし 3月号"]


def test_many_magazines_are_several_pages(town, reader):
    for n in range(21):
        town.issues(f"雑誌{n:02}", date(2026, 3, 1))

    assert len(rows(reader.get("/magazines"))) == 20
    assert rows(reader.get("/magazines?page=99")) == ["雑誌20 3月号"]


# ---- classes


def test_the_classes_lead_down_to_a_search_with_how_many_there_are(town, reader):
    for ndc in ("913.6", "913.6", "914", "210.1"):
        town.title("本", ndc=ndc)
    town.title("かくした本", ndc="913", hidden=True)

    def step(page, name):
        link = next(link for link in page.select(".classes a") if name in link.text)
        return link["href"], link.select_one(".many").text

    address, n = step(reader.get("/classes"), "文学")
    assert n == "3件"
    address, n = step(reader.get(address), "日本文学")
    assert n == "3件"
    page = reader.get(address)
    assert step(page, "小説") == ("/search?ndc=913", "2件")
    assert [one.text for one in page.select(".trail a")] == ["分類から探す", "9 文学"]
    assert page.select_one("main .button")["href"] == "/search?ndc=91"


@pytest.mark.parametrize("nonsense", ["x", "913", "99999", "%00", "９"])
def test_what_is_no_class_is_not_there(town, reader, nonsense):
    reader.get(f"/classes/{nonsense}", status=404)


# ---- the page of a title


def test_everybody_who_made_it_and_all_that_it_is_about_lead_on(town, reader):
    bib = town.title("こころ", ndc="913.6", series="しおり文庫", subjects="友情、明治時代")
    for place, (name, role) in enumerate([("夏目 漱石", "著者"), ("山田 花子", "翻訳者")]):
        Creator.insert(bib=bib, place=place, name=name, role=role).execute()

    page = reader.get(f"/bibs/{bib}")

    links = {link.get_text(strip=True): link["href"] for link in page.select("main article a")}
    assert links["夏目 漱石"] == "/search?author=%E5%A4%8F%E7%9B%AE+%E6%BC%B1%E7%9F%B3"
    assert "山田 花子" in links and "(翻訳者)" in page.select_one(".people").text
    assert links["しおり文庫"].startswith("/search?series=")
    assert links["友情"].startswith("/search?subject=") and "明治時代" in links
    assert [links[name] for name in links if "文学" in name or "小説" in name] == [
        "/search?ndc=9",
        "/search?ndc=91",
        "/search?ndc=913",
    ]


def test_the_page_says_to_programs_what_it_is_about(town, reader):
    bib = town.title("Heart", isbn="9784003101018", publisher="Shiori", pub_year=1990, by="Natsume")
    page = reader.get(f"/bibs/{bib}")

    def told(name):
        element = page.select_one(f"[itemprop={name}]")
        return element.get("content") or element.get("href") or element.get_text(strip=True)

    assert page.article["itemtype"] == "https://schema.org/Book"
    assert [told(name) for name in ("isbn", "publisher", "datePublished", "author", "inLanguage")] == [
        *("9784003101018", "Shiori", "1990", "Natsume", "ja"),
    ]
    assert told("availability") == "https://schema.org/InStock"
    town.lend(bib, "sato")
    page = reader.get(f"/bibs/{bib}")
    assert told("availability") == "https://schema.org/OutOfStock"


@pytest.mark.parametrize(
    ("code", "lang", "name"),
    [("eng", "en", "英語"), ("chi", "zh", "中国語"), ("epo", "epo", "epo"), ("mul", None, "mul")],
)
def test_a_title_in_another_language_says_so_and_is_read_aloud_in_it(town, reader, code, lang, name):
    page = reader.get(f"/bibs/{town.title('Heart', language=code)}")

    assert page.h1.get("lang") == lang
    assert f"言語 {name}" in said(page)


@pytest.mark.parametrize("code", ["", "jpn"])
def test_of_japanese_nothing_is_said(town, reader, code):
    page = reader.get(f"/bibs/{town.title('こころ', language=code)}")

    assert "lang" not in page.h1.attrs and "言語" not in said(page)


def test_a_branch_says_how_many_of_its_copies_can_be_had(town, reader):
    bib = town.title("こころ", copies=3)
    town.copy(bib, call_number="B 913 ナ")
    town.lend(bib, "sato", due_in=7)

    line = reader.get(f"/bibs/{bib}").select_one("ul.items li").get_text(" ", strip=True)

    assert " ".join(line.split()) == (
        "本館 913.6 ナ 貸出中 1点 4/22(水)まで 貸出できます 2点 B 913 ナ 貸出できます"
    )


def test_what_stands_beside_it_is_shown_in_the_order_of_the_shelf(town, reader):
    for call_number in ("913.6 テ", "913.6 ナ 10", "210 ア", "R 913 ア", "E ア", "913.6 ト", "914 ア"):
        town.title(f"本 {call_number}", call_number=call_number)
    town.title("別の館の本", call_number="913.6 ナ 1", branch="east")
    for state in ({"hidden": True}, {"state": "withdrawn"}, {"interlibrary": True}):
        town.title("見えない本", call_number="913.6 ナ 3", **state)
    here = town.title("ここ", call_number="913.6 ナ 2", copies=2)

    page = reader.get(f"/bibs/{here}")

    assert call_numbers(page) == ["210 ア", "913.6 テ", "913.6 ト", "913.6 ナ 2", "913.6 ナ 10", "914 ア"]
    assert "ここ" in page.select_one("ol.beside [aria-current]").text


def test_there_are_four_neighbours_on_each_side_at_most(town, reader):
    bibs = [town.title(f"本 {n}", call_number=f"913.6 ナ {n}", copies=2) for n in range(1, 12)]

    assert call_numbers(reader.get(f"/bibs/{bibs[5]}")) == [f"913.6 ナ {n}" for n in range(2, 11)]


def test_a_corrected_call_number_moves_it_on_the_shelf(town, reader):
    here, there = town.title("ここ", call_number="913.6 ナ"), town.title("そこ", call_number="913.6 ハ")
    assert call_numbers(reader.get(f"/bibs/{here}")) == ["913.6 ナ", "913.6 ハ"]

    Item.update(call_number="913.6 ア").where(Item.bib == there).execute()

    assert call_numbers(reader.get(f"/bibs/{here}")) == ["913.6 ア", "913.6 ナ"]


def test_who_waits_is_told_how_long_and_how_that_is_reckoned(town, reader):
    bib = town.title("こころ")
    town.lend(bib, "sato", due_in=7)
    assert "どう計算していますか" not in said(reader.get(f"/bibs/{bib}"))
    town.hold(bib, "tanaka")

    page = reader.get(f"/bibs/{bib}")

    # Seven days until it is back, two to set it aside; then four on the hold shelf, fourteen, two again.
    assert "いま予約すると、ご用意できるまで、およそ5週間の見込みです。" in said(page)
    reckoned = page.find("summary", string="どう計算していますか").parent.get_text(" ", strip=True)
    for part in ("1人いる", "2番目", "1点", "14日", "4日", "2日", "29日後"):
        assert part in reckoned, part
    assert "予約待ち 1人 およそ5週間" in said(reader.get("/search?q=こころ"))


def test_whoever_waits_sees_how_long_beside_the_place(town, reader):
    bib = town.title("こころ")
    town.lend(bib, "sato", due_in=7)
    town.hold(bib, "tanaka")
    paused = town.title("門")
    town.hold(paused, "tanaka", paused_until=town.today + timedelta(days=30))

    page = said(reader.log_in("tanaka").get("/my/holds"))

    assert page.count("ご用意できるまで") == 1 and "ご用意できるまで、およそ2週間の見込みです。" in page


def test_a_queue_for_what_nobody_can_lend_is_given_no_hope(town, reader):
    bib = town.title("こころ", state="missing")
    town.hold(bib, "tanaka")

    assert "およそ" not in said(reader.get(f"/bibs/{bib}"))


def test_the_page_of_a_title_asks_six_things_of_the_database_and_no_more(town, reader):
    bib = town.title("こころ", by="夏目 漱石", copies=3, series="しおり文庫")
    issue = town.issues("月刊しおり", *(date(2026, month, 1) for month in range(1, 4)))[1]
    for n in range(10):
        town.title(f"本 {n}", call_number=f"913.6 ナ {n}")
    Bib.update(subjects="友情").execute()

    for who in (None, "sato"):
        if who:
            reader.log_in(who)
        for number in (bib, issue):
            with count_queries() as counter:
                reader.get(f"/bibs/{number}")
            assert counter.count <= 6, (who, number)


def test_picture_books_are_a_list_by_title(town, reader):
    town.title("わにさんどきっ", title_kana="わにさんどきっ", subjects="児童書、絵本")
    town.title("あおくんときいろちゃん", title_kana="あおくんときいろちゃん", subjects="絵本")
    town.title("絵本の読み方", subjects="読書")

    page = reader.get("/")
    link = next(one["href"] for one in page.select(".ways a") if one.get_text() == "絵本")
    titles = [one.get_text(strip=True) for one in reader.get(link).select(".row-title")]
    assert titles == ["あおくんときいろちゃん", "わにさんどきっ"]
