"""The page of a search: its fields, what narrows the list, what is said of it, and its feed."""

from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from rules import library_day

ATOM = "{http://www.w3.org/2005/Atom}"


def titles(page):
    return [one.get_text(strip=True) for one in page.select(".row-title")]


def link(page, text):
    return next(one["href"] for one in page.select("main a") if text in one.get_text())


@pytest.fixture
def cats(town):
    bib = town.title("吾輩は猫である", by="夏目 漱石", ndc="913.6", pub_year=1990)
    town.copy(bib, branch="east")
    lent = town.title("猫の育て方", by="佐藤 薫", ndc="645.7", pub_year=2015)
    town.lend(lent, "sato")
    town.title("猫のうた", "av", ndc="767", pub_year=2011)
    return bib


def test_each_field_finds_in_its_place_and_comes_back_filled(cats, reader):
    page = reader.get("/search?title=猫&author=夏目&fields=1")

    assert titles(page) == ["吾輩は猫である"]
    assert page.select_one("#title")["value"] == "猫" and page.select_one("#author")["value"] == "夏目"
    assert page.select_one("details.fields").has_attr("open")


def test_the_list_is_narrowed_by_links_that_keep_what_was_asked(cats, reader):
    page = reader.get("/search?q=猫&narrow=1")
    panel = page.select_one(".facets").get_text(" ", strip=True)

    assert "図書 2件" in panel and "本館 3件" in panel and "東分館 1件" in panel
    assert "6 産業 1件" in panel and "2010年代 2件" in panel and "夏目 漱石 1件" in panel

    narrowed = reader.get(link(page, "2010年代"))
    assert set(titles(narrowed)) == {"猫の育て方", "猫のうた"}
    again = reader.get(link(narrowed, "図書"))
    assert titles(again) == ["猫の育て方"]
    asked = parse_qs(urlsplit(link(again, "2010年から")).query)
    assert asked == {"q": ["猫"], "type": ["book"], "year_to": ["2019"]}


def test_a_condition_is_taken_off_by_its_chip(cats, reader):
    page = reader.get("/search?q=猫&branch=east")
    assert titles(page) == ["吾輩は猫である"]

    wider = reader.get(page.select_one(".chips a")["href"])
    assert len(titles(wider)) == 3 and not wider.select(".chips")


def test_what_is_on_loan_can_be_left_out(cats, reader):
    page = reader.get(link(reader.get("/search?q=猫"), "いま貸出できるものだけ"))

    assert set(titles(page)) == {"吾輩は猫である", "猫のうた"}


def test_the_list_stands_in_the_order_that_is_chosen(cats, reader):
    page = reader.get("/search?q=猫")
    assert titles(reader.get(link(page, "出版年の古い順")))[0] == "吾輩は猫である"
    newest = reader.get(link(page, "出版年の新しい順"))
    assert titles(newest)[0] == "猫の育て方"
    assert newest.select_one(".order [aria-current]").get_text() == "出版年の新しい順"


def test_what_was_found_is_marked_and_nothing_typed_becomes_html(town, reader):
    town.title("<b>猫</b>の本", by="夏目 漱石")

    page = reader.get("/search?q=猫 <b> 漱石&author=夏目")
    assert [one.get_text() for one in page.select("mark")].count("漱石") == 1
    assert not page.select(".row-title b")


def test_where_nothing_is_found_the_page_says_what_may_have_been_meant(cats, reader):
    page = reader.get("/search?q=夏目漱右")

    assert "「夏目漱右」に合う資料は見つかりませんでした。" in page.select_one("[role=status]").get_text()
    assert titles(reader.get(link(page, "夏目 漱石"))) == ["吾輩は猫である"]


def test_where_narrowing_leaves_nothing_the_way_back_says_how_many_there_are(cats, reader):
    page = reader.get("/search?q=猫&type=magazine")

    assert titles(reader.get(link(page, "しぼりこみをはずすと 3件"))) != []


def test_what_could_not_be_used_and_what_was_left_out_is_said(cats, reader):
    page = reader.get("/search?q=猫 -うた&type=papyrus&year_from=むかし").get_text()

    assert "「むかし」「papyrus」は、探すことばに使えませんでした。" in page
    assert "「うた」が入っているものを除いて探しました。" in page


def test_a_class_is_found_by_its_number_and_named(cats, reader):
    page = reader.get("/search?ndc=913")
    assert titles(page) == ["吾輩は猫である"]
    assert "分類: 913 小説" in page.select_one(".chips").get_text()


def test_pages_keep_every_condition(town, reader):
    for n in range(25):
        town.title(f"猫 {n}", ndc="645")

    page = reader.get("/search?q=猫&ndc=645&sort=new")
    following = parse_qs(urlsplit(page.select_one("a[rel=next]")["href"]).query)
    assert following == {"q": ["猫"], "ndc": ["645"], "sort": ["new"], "page": ["2"]}


def test_a_search_is_a_feed_of_what_came_in_last(cats, town, clock, app):
    clock.forward(days=1)
    town.title("猫の新刊", added_on=library_day(clock()))

    answer = app.test_client().get("/feeds/search.atom?q=猫")
    feed = ElementTree.fromstring(answer.data)  # noqa: S314 - our own
    entries = [one.findtext(f"{ATOM}title") for one in feed.iter(f"{ATOM}entry")]
    assert answer.mimetype == "application/atom+xml"
    assert entries[0] == "猫の新刊" and len(entries) == 4
    assert feed.findtext(f"{ATOM}title").startswith("「猫」の新着")
    assert "Set-Cookie" not in answer.headers


def test_a_feed_of_nothing_is_empty_and_no_error(app):
    for asked in ("", "?q=", "?q=%00", "?q=無い&page=99&sort=x"):
        answer = app.test_client().get(f"/feeds/search.atom{asked}")
        assert answer.status_code == 200
        feed = ElementTree.fromstring(answer.data)  # noqa: S314 - our own
        assert list(feed.iter(f"{ATOM}entry")) == []
