"""読書記録 on a phone, with JavaScript and without: turned on, filled at the desk, turned off again."""

import pytest
from playwright.sync_api import expect

import lending
from tests.cast import CARDS, PASSWORD
from tests.records import barcode


@pytest.fixture
def page(phone, town):
    page = phone.open("/login?next=/my")
    page.get_by_label("利用券の番号").fill(CARDS["sato"][0])
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="送信").click()
    page.locator("main").get_by_role("link", name="読書記録").click()
    return page


def test_a_record_is_turned_on_shows_what_the_desk_lends_and_is_gone_when_turned_off(
    page, town, policy, clock
):
    # 「読書記録」→「変更」→「読書記録を残す」→「更新する」
    page.get_by_role("link", name="変更").click()
    page.get_by_label("読書記録を残す").check()
    page.get_by_role("button", name="更新する").click()
    expect(page.locator(".done")).to_have_text("これから借りる資料を記録します。")
    expect(page.locator("svg.chart rect.now")).to_have_count(0)

    # at the desk
    kokoro = town.title("こころ", by="夏目 漱石", ndc="913.6")
    lending.check_out(policy, town.patrons["sato"], barcode(kokoro), "main", clock(), "1")

    # the bar, the entry, a note
    page.reload()
    expect(page.locator("svg.chart rect.now")).to_have_count(1)
    expect(page.locator(".read-number")).to_have_text("1冊")
    entry = page.locator("ul.readings > li")
    entry.locator("summary").click()
    entry.get_by_label("メモ").fill("姉のすすめ")
    entry.get_by_role("button", name="メモを保存する").click()
    expect(entry.locator(".own-note")).to_have_text("姉のすすめ")

    # a goal
    page.locator("summary", has_text="目標を決める").click()
    page.get_by_label("借りて読みたい冊数").fill("12")
    page.get_by_role("button", name="目標を登録する").click()
    expect(page.locator(".goal")).to_contain_text("あと11冊です。")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # off, after one question
    page.get_by_role("link", name="変更").click()
    page.get_by_label("読書記録を残さない").check()
    page.get_by_role("button", name="更新する").click()
    expect(page.locator("main")).to_contain_text("1件の記録をすべて消します。元に戻せません。")
    page.get_by_role("button", name="記録を消して、残さない").click()
    expect(page.locator(".done")).to_have_text("1件の記録を消しました。これからは残しません。")
    expect(page.locator("main")).not_to_contain_text("こころ")
