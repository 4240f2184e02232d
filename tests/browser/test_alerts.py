"""新着資料案内 on a phone, with JavaScript and without: a genre is chosen, tried and registered."""

from playwright.sync_api import expect

from tests.cast import CARDS, PASSWORD


def test_a_genre_is_picked_seen_and_registered(phone, town):
    for title, ndc in (("草枕", "913.6"), ("草花図鑑", "470")):
        town.title(title, by="夏目 漱石", ndc=ndc)
    page = phone.open("/login?next=/my/alerts")
    page.get_by_label("利用券の番号").fill(CARDS["sato"][0])
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="送信").click()
    page.get_by_role("link", name="新規に登録する").click()

    # three levels: what is opened is seen, and the third comes for what was chosen
    expect(page.get_by_label("91 日本文学")).to_be_hidden()
    page.locator("summary", has_text="9 文学").first.click()
    page.get_by_label("91 日本文学").check()
    page.get_by_role("button", name="合う資料を確かめる").click()
    page.get_by_label("913 小説．物語").check()
    page.get_by_label("キーワード").fill("草")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="合う資料を確かめる").click()
    expect(page.locator("ul.found > li")).to_have_count(1)
    expect(page.locator("ul.found")).to_contain_text("草枕")

    # what was chosen is still chosen, and seen
    expect(page.get_by_label("913 小説．物語")).to_be_checked()
    expect(page.get_by_label("913 小説．物語")).to_be_visible()
    page.get_by_role("button", name="登録する").click()
    expect(page.locator(".done")).to_contain_text("登録しました。")
    expect(page.locator("ul.alerts > li")).to_contain_text("ジャンル 913 小説．物語")

    page.get_by_role("button", name="削除する").click()
    expect(page.get_by_text("まだ登録してありません")).to_be_visible()
