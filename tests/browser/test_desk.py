"""The desk by keyboard and scanner alone: no mouse, and the cursor is always where the next scan goes."""

import pytest
from playwright.sync_api import expect

from models import Loan
from tests.cast import CARDS, PASSWORD, STAFF
from tests.records import barcode


@pytest.fixture
def desk(phone):
    """The desk's wide screen, on which somebody has logged in with the keyboard."""
    page = phone.open("/desk/login")
    page.set_viewport_size({"width": 1200, "height": 800})
    page.get_by_label("名前").focus()
    page.keyboard.type(STAFF["ishida"][0])
    page.get_by_label("パスワード").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("貸出")
    return page


def scan(page, code):
    """A scanner types fast into whatever has the cursor, and ends with Enter."""
    expect(page.locator("#code")).to_be_focused()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()


def test_three_pieces_go_out_and_come_back_and_one_is_reserved(town, desk):
    bibs = [town.title(title) for title in ("こころ", "門", "草枕")]
    first = desk.locator("ol.scans > li").first

    scan(desk, CARDS["sato"][0])
    expect(desk.locator(".visitor h2")).to_have_text("サトウ ハナ")
    for bib, title in zip(bibs, ("こころ", "門", "草枕"), strict=True):
        scan(desk, barcode(bib))
        expect(first).to_contain_text("貸出 2026年4月29日(水)まで")
        expect(first).to_contain_text(title)
    expect(desk.locator("ol.scans > li")).to_have_count(3)
    town.hold(bibs[1], "tanaka")

    # to the page of returns by keyboard: the link is reached with Tab from the top
    for _ in range(30):
        desk.keyboard.press("Shift+Tab")
        if desk.evaluate("document.activeElement.getAttribute('href')") == "/desk/return":
            break
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("返却")
    for bib, said in zip(bibs, ("返却しました", "予約があります", "返却しました"), strict=True):
        scan(desk, barcode(bib))
        expect(first).to_contain_text(said)
    reserved = desk.locator("ol.scans > li.is-held")
    expect(reserved).to_have_count(1)
    expect(reserved).to_contain_text("この館の取り置き棚へ")
    assert Loan.select().where(Loan.patron.is_null(False)).count() == 0


@pytest.mark.parametrize("phone", [True], indirect=True)
def test_who_scans_faster_than_the_answers_come_is_answered_in_turn(town, desk):
    bibs = [town.title(title) for title in ("こころ", "門", "草枕")]
    kept_by_the_browser = desk.evaluate("document.getElementById('code').isConnected")

    for code in (CARDS["sato"][0], *map(barcode, bibs)):
        desk.keyboard.type(code)
        desk.keyboard.press("Enter")

    expect(desk.locator("ol.scans > li")).to_have_count(3)
    expect(desk.locator("ol.scans > li").first).to_contain_text("草枕")
    expect(desk.locator("#code")).to_be_focused()
    expect(desk.locator("#code")).to_have_value("")
    assert kept_by_the_browser and desk.url.endswith("/desk")
    assert Loan.select().where(Loan.patron == town.patrons["sato"]).count() == 3


@pytest.mark.parametrize("phone", [True], indirect=True)
def test_a_login_that_ended_in_the_middle_of_a_visit_is_asked_for_again(town, desk):
    scan(desk, CARDS["sato"][0])
    town.clock.forward(hours=9)

    desk.keyboard.type(barcode(town.title("こころ")))
    desk.keyboard.press("Enter")

    expect(desk.get_by_role("heading", level=1)).to_have_text("職員のログイン")
    assert Loan.select().count() == 0


def test_a_wrong_scan_says_so_and_the_next_one_goes_on(town, desk):
    scan(desk, CARDS["sato"][0])
    scan(desk, "9784101010014")
    expect(desk.get_by_role("alert")).to_contain_text("本の裏表紙のバーコード")
    scan(desk, barcode(town.title("こころ")))

    expect(desk.locator("ol.scans > li").first).to_contain_text("貸出")
    assert desk.locator("#scan-problem").count() == 0


@pytest.mark.parametrize("phone", [True], indirect=True)
def test_the_key_on_a_button_presses_it(town, desk):
    scan(desk, CARDS["sato"][0])
    desk.keyboard.press("F8")

    expect(desk.locator(".visitor")).to_have_count(0)
    expect(desk.locator("#code")).to_be_focused()
