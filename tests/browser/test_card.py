"""The library card as a scanner meets it: on the glass of a phone, upright and sideways."""

import pytest
from playwright.sync_api import expect

import nw7
from tests.cast import CARDS, PASSWORD

CARD = CARDS["sato"][0]
UPRIGHT, SIDEWAYS = {"width": 360, "height": 640}, {"width": 640, "height": 360}


@pytest.fixture
def page(phone):
    """The phone of somebody who has logged in."""
    page = phone.open("/login")
    page.get_by_label("利用券の番号").fill(CARD)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="送信").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("利用者のページ")
    return page


@pytest.mark.parametrize(("turned", "pixels"), [(UPRIGHT, 1), (SIDEWAYS, 2)])
def test_each_bar_is_of_whole_pixels_and_the_white_beside_them_is_wide_enough(page, turned, pixels):
    page.set_viewport_size(turned)
    page.goto("/my/card")

    boxes = page.eval_on_selector_all(
        ".card rect",
        "bars => bars.map(bar => { const box = bar.getBoundingClientRect();"
        " return [box.left, box.width, box.height]; })",
    )
    left = boxes[0][0]
    assert [(x - left, width) for x, width, _ in boxes] == [
        (x * pixels, width * pixels) for x, width in nw7.bars(CARD).bars
    ]
    assert left == int(left) and min(width for _, width, _ in boxes) >= 2
    assert {height for *_, height in boxes} == {112}
    white = 10 * nw7.NARROW * pixels
    assert left >= white and boxes[-1][0] + boxes[-1][1] + white <= turned["width"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_card_is_black_on_white_where_everything_else_is_dark(page):
    page.emulate_media(color_scheme="dark", forced_colors="active")
    page.goto("/my/card")

    expect(page.locator(".card")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator(".card rect").first).to_have_css("fill", "rgb(0, 0, 0)")
    expect(page.locator(".card-number")).to_have_css("color", "rgb(0, 0, 0)")


def test_what_is_copied_of_the_card_is_its_number(page):
    page.goto("/my/card")

    page.locator(".card-number").evaluate("number => getSelection().selectAllChildren(number)")
    assert page.evaluate("getSelection().toString()") == CARD
