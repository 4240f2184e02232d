"""The library card on the phone: what the counter's scanner finds, and what is said beside it."""

import struct
from datetime import timedelta

import pytest

import nw7
import resources
from models import Patron
from rules import card_number
from tests.cast import CARDS
from tests.reader import said

CARD = CARDS["sato"][0]


@pytest.fixture
def sato(town, reader):
    return reader.log_in("sato")


def bars_of(page) -> list[tuple[int, int]]:
    return [(int(bar["x"]), int(bar["width"])) for bar in page.select(".card rect")]


def test_the_card_shows_its_number_whole_and_its_last_day_and_no_name(sato):
    page = sato.get("/my/card")

    number = page.select_one(".card-number")
    assert number.get_text() == CARD, "nothing between the groups, so that a copy is the number"
    assert [group.text for group in number.select("span")] == ["100", "000", "011"]
    assert "有効期限 2027年5月20日(木)" in said(page)
    assert "しおり町立図書館" in page.select_one(".card").text
    assert CARDS["sato"][1] not in str(page)
    assert page.select(".problem") == []
    assert CARD not in page.title.text
    assert sato.response.headers["Cache-Control"] == "no-store"


def test_the_bars_are_those_of_the_number_with_white_of_ten_narrow_bars_on_both_sides(sato):
    page = sato.get("/my/card")

    drawn, quiet = nw7.bars(CARD), 10 * nw7.NARROW
    assert bars_of(page) == [(quiet + x, width) for x, width in drawn.bars]
    svg = page.select_one(".card svg")
    assert svg["viewbox"] == f"0 0 {drawn.width + 2 * quiet} 112"
    last, width = bars_of(page)[-1]
    assert last + width + quiet == drawn.width + 2 * quiet
    # One unit is one pixel of a phone (an em of sixteen), so a narrow bar is of two: 0.36 mm of a usual one.
    assert float(svg["width"].removesuffix("em")) * 16 == drawn.width + 2 * quiet <= 360
    assert svg["role"] == "img" and CARD not in svg["aria-label"]
    assert svg["shape-rendering"] == "crispEdges"


def test_the_desk_takes_what_its_scanner_reads_from_the_screen():
    assert card_number(f"A{CARD}A") == CARD


def test_the_card_stays_black_on_white_whatever_colours_the_browser_is_told_to_use():
    style = resources.text("static/style.css")
    rule = style[style.index("\n.card {") :].split("}")[0]

    for part in ("color: #000", "background: #fff", "color-scheme: only light", "forced-color-adjust: none"):
        assert part in rule


@pytest.mark.parametrize(
    ("number", "groups"),
    [
        ("1234", ["1234"]),
        ("1234567", ["123", "4567"]),
        ("12345678", ["123", "456", "78"]),
        ("1234567890123", ["123", "456", "789", "0123"]),
        ("7", ["7"]),
    ],
)
def test_a_number_of_any_length_is_shown_in_groups_that_can_be_read_aloud(sato, number, groups):
    Patron.update(card_number=number).where(Patron.card_number == CARD).execute()

    page = sato.get("/my/card")

    assert [group.text for group in page.select(".card-number span")] == groups
    assert len(bars_of(page)) == 4 * (len(number) + 2)


def test_a_number_that_nw7_cannot_write_is_shown_without_bars(sato):
    Patron.update(card_number="K-12あ").where(Patron.card_number == CARD).execute()

    page = sato.get("/my/card")

    assert page.select("svg rect") == [] and "バーコードにできません" in said(page)
    assert page.select_one(".card-number").text == "K-12あ"
    assert "読み取れないときは" not in said(page)


def test_a_card_that_has_expired_is_shown_and_says_so(town, reader):
    page = reader.log_in("ito").get("/my/card")

    assert "有効期限(2026年4月14日(火))が過ぎています" in page.select_one(".problem").text
    assert len(bars_of(page)) == 44


def test_a_card_without_a_last_day_names_none(sato):
    Patron.update(card_expires_on=None).execute()

    assert "有効期限" not in said(sato.get("/my/card"))


def test_a_patron_whom_the_desk_has_stopped_reads_that_beside_the_card(sato, clock):
    Patron.update(stopped_for="未返却", stopped_until=clock().date() + timedelta(days=3)).execute()

    problem = sato.get("/my/card").select_one(".problem").text
    assert "図書館が利用を止めています(理由: 未返却)。2026年4月18日(土)まで" in problem


def test_a_card_that_became_one_of_a_barred_series_meanwhile_is_shown_no_more(sato):
    Patron.update(card_number="070000011").where(Patron.card_number == CARD).execute()

    sato.get("/my/card", status=303)

    assert sato.went_to == "/login?next=/my/card"


@pytest.mark.parametrize("source", ["source-2"])
def test_the_card_is_called_as_the_library_calls_it(sato, policy):
    page = sato.get("/my/card")

    assert page.h1.text == f"{policy.words.card}の表示"
    assert sato.get("/my").select_one('main a[href="/my/card"]').text == f"{policy.words.card}を表示する"


def test_every_page_of_a_patron_leads_to_the_card_and_no_page_of_a_stranger(app, sato):
    for address in ("/", "/search", "/my/loans"):
        assert sato.get(address).select_one('footer a[href="/my/card"]')
    sato.log_out()
    assert not sato.get("/").select_one('a[href="/my/card"]')


# -- the home screen ---------------------------------------------------------------------------------------


def test_the_home_screen_opens_the_own_page_under_the_librarys_name(reader):
    page = reader.get("/")
    assert page.select_one('link[rel="manifest"]')["href"] == "/manifest.webmanifest"
    assert page.select_one('meta[name="theme-color"]')["content"] == "#0017c1"

    reader.get("/manifest.webmanifest")
    answer = reader.response

    assert answer.mimetype == "application/manifest+json" and "Set-Cookie" not in answer.headers
    told = answer.get_json()
    assert (told["name"], told["lang"], told["start_url"]) == ("しおり町立図書館", "ja", "/my")
    assert told["display"] == "standalone"
    assert [one["url"] for one in told["shortcuts"]] == ["/my/card", "/my/loans", "/my/holds"]
    assert told["shortcuts"][0]["name"] == "利用券の表示"


def test_the_pictures_for_the_home_screen_are_there_and_as_large_as_they_say(reader):
    told = reader.browser.get("/manifest.webmanifest").get_json()
    touch = reader.get("/").select_one('link[rel="apple-touch-icon"]')["href"]
    pictures = {one["src"]: one["sizes"] for one in told["icons"] if one["type"] == "image/png"}

    assert touch in pictures and "512x512" in pictures.values()
    for address, size in pictures.items():
        picture = reader.browser.get(address)
        assert picture.status_code == 200 and picture.mimetype == "image/png"
        assert picture.data[:8] == b"\x89PNG\r\n\x1a\n" and len(picture.data) < 3000
        assert "{}x{}".format(*struct.unpack(">II", picture.data[16:24])) == size


def test_the_desk_is_not_put_on_a_home_screen(app, town, desk):
    assert not desk.get("/desk").select('link[rel="manifest"], link[rel="apple-touch-icon"]')
