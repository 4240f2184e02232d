"""今度読みたい本 on a phone, with JavaScript and without: from the results to the list and on to a hold."""

import pytest
from playwright.sync_api import expect

from tests.cast import CARDS, PASSWORD


@pytest.fixture
def page(phone, town):
    """The phone of somebody who has logged in, in a town with three books."""
    for title in ("草枕", "野分", "明暗"):
        town.title(title, by="夏目 漱石")
    page = phone.open("/login?next=/search?q=夏目")
    page.get_by_label("利用券の番号").fill(CARDS["sato"][0])
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="送信").click()
    expect(page.locator("li.bib")).to_have_count(3)
    return page


def test_titles_are_noted_put_in_order_and_taken_to_the_cart(page, phone):
    # results → noted, in place where that works
    for title in ("草枕", "野分"):
        row = page.locator("li.bib").filter(has_text=title)
        row.get_by_role("button", name="今度読みたい本").click()
        if not phone.javascript:
            page.get_by_label("メモ").fill(f"{title}を夏休みに")
            page.get_by_role("button", name="登録する").click()
            page.goto("/search?q=夏目")
        row = page.locator("li.bib").filter(has_text=title)
        expect(row.get_by_role("link", name="今度読みたい本に入っています")).to_be_visible()
    if phone.javascript:
        expect(row.get_by_role("link", name="今度読みたい本に入っています")).to_be_focused()

    # the list: a note, the order
    page.locator(".is-noted a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("今度読みたい本")
    rows = page.locator("ol.own-shelf > li")
    expect(rows.nth(1)).to_contain_text("野分")
    rows.nth(1).locator("summary").click()
    rows.nth(1).get_by_label("メモ").fill("冬に")
    rows.nth(1).get_by_role("button", name="メモを保存する").click()
    expect(rows.nth(1).locator(".own-note")).to_have_text("冬に")
    rows.nth(1).get_by_role("button", name="上へ").click()
    expect(rows.nth(0)).to_contain_text("野分")

    # both into the cart
    for row in (rows.nth(0), rows.nth(1)):
        row.get_by_label("選ぶ").check()
    page.get_by_role("button", name="選んだ資料を予約カートに入れる").click()
    expect(page.locator(".done")).to_contain_text("2点を予約カートに入れました。")
    expect(page.locator("#cart-count")).to_contain_text("2")

    # and on hold
    page.get_by_role("link", name="予約カートへ").click()
    page.get_by_label("本館").check()
    page.get_by_label("メール").check()
    page.get_by_role("button", name="2点を登録する").click()
    expect(page.get_by_role("heading", name="2点を予約しました")).to_be_visible()
    page.goto("/my/holds")
    expect(page.locator("ul.holds > li")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
