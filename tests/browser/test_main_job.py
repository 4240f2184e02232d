"""The main job on a phone, from the first page to the last renewal, with JavaScript and without."""

import re
import shutil

import pytest
from playwright.sync_api import expect

import demo
import models
import resources
from app import create_app
from policy_file import read_policy
from settings import Settings
from tests.conftest import TODAY, Clock


@pytest.fixture(scope="module")
def demo_library(tmp_path_factory):
    """What a newcomer sees is what is tested; made once, copied for each test."""
    path = tmp_path_factory.mktemp("demo") / "shiori.db"
    demo.make(path, read_policy(resources.text("policies/source-1.toml")), Clock(TODAY)())
    return path


@pytest.fixture
def app(demo_library, tmp_path, policy, source, clock):
    shutil.copy(demo_library, tmp_path / "shiori.db")
    yield create_app(Settings(tmp_path, source, "127.0.0.1", 8000), policy, clock)
    models.db.close()


def search(page, words):
    page.get_by_role("searchbox").fill(words)
    page.get_by_role("button", name="探す").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("資料を探す")


def cart_count(page):
    return page.locator("#cart-count")


def test_from_search_to_hold_and_renewal(phone, clock):
    page = phone.open("/")

    # home → search → detail → cart
    search(page, "猫")
    expect(page.locator("#results [role=status]")).to_contain_text(re.compile(r"\d+件"))
    expect(page.locator("li.bib").first).to_contain_text("宮沢 賢治")
    page.locator("li.bib").first.get_by_role("link", name="猫", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("猫")
    page.get_by_role("button", name="予約カートに入れる").click()
    expect(page.locator(".in-cart")).to_contain_text("カートに入っています")
    expect(cart_count(page)).to_contain_text("1")

    # a second title by its kana reading
    page.get_by_role("navigation", name="主なページ").get_by_role("link", name="探す").click()
    search(page, "ちゅうもんのおおいりょうりてん")
    row = page.locator("li.bib").filter(has_text="注文の多い料理店").first
    row.get_by_role("button", name="予約カートに入れる").click()
    expect(row.locator(".in-cart")).to_be_visible()
    expect(cart_count(page)).to_contain_text("2")

    # login → the cart still holds both
    page.get_by_role("link", name="予約カート").first.click()
    expect(page.locator("ol.cart > li")).to_have_count(2)
    page.get_by_role("link", name="ログインして予約に進む").click()
    page.get_by_label("利用券の番号").fill("100000001")
    page.get_by_label("パスワード").fill(demo.PASSWORD)
    page.get_by_role("button", name="送信").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("予約カート")
    expect(page.locator("ol.cart > li")).to_have_count(2)

    # pick-up branch → registered
    expect(page.locator(".room")).to_contain_text("図書 あと5点予約できます(上限5点)")
    page.get_by_label("東分館").check()
    page.get_by_role("button", name="2点を登録する").click()
    expect(page.get_by_role("heading", name="2点を予約しました")).to_be_visible()
    expect(page.get_by_text("1番目、受取館 東分館").first).to_be_visible()
    if phone.javascript:
        expect(page.get_by_role("heading", name="2点を予約しました")).to_be_focused()

    # my holds shows both with their place in the queue
    page.get_by_role("link", name="予約の一覧へ").click()
    holds = page.locator("ul.holds > li")
    expect(holds).to_have_count(2)
    for title in ("猫", "注文の多い料理店"):
        hold = holds.filter(has=page.get_by_role("link", name=title, exact=True))
        expect(hold).to_contain_text(re.compile(r"\d+番目\(\d+人中\)"))
        expect(hold).to_contain_text("受取館 東分館")

    # my loans → renew two of four at once, the other two say why not
    page.get_by_role("navigation", name="主なページ").get_by_role("link", name="貸出").click()
    loans = page.locator("ol.loans > li")
    expect(loans).to_have_count(4)
    expect(loans.filter(has_text="こころ")).to_contain_text("予約待ちの方が1人います")
    expect(loans.filter(has_text="走れメロス")).to_contain_text("更新回数に達しました")
    page.get_by_role("link", name="全選択").click()
    expect(page.locator("input[name=loan]:checked")).to_have_count(2)
    page.get_by_role("button", name="選んだ資料を一括貸出更新").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("貸出更新の確認")
    expect(page.locator("ul.confirm li")).to_have_count(2)
    expect(page.locator("ul.confirm")).to_contain_text("→")
    page.get_by_role("button", name="2点を更新する").click()
    expect(page.get_by_role("heading", name="2点の貸出更新を行いました")).to_be_visible()
    expect(page.locator("ol.loans .ok")).to_have_count(2)
    expect(page.locator("ol.loans input[type=checkbox]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_three_taps_renew_everything_that_can_be(phone):
    page = log_in(phone)

    page.get_by_role("navigation", name="主なページ").get_by_role("link", name="貸出").click()
    page.get_by_role("link", name="まとめて更新する(2点)").click()
    page.get_by_role("button", name="2点を更新する").click()

    expect(page.get_by_role("heading", name="2点の貸出更新を行いました")).to_be_visible()


def test_one_is_renewed_in_its_row_and_the_page_goes_on_there(phone):
    page = log_in(phone)
    page.goto("/my/loans")
    row = page.locator("ol.loans > li").filter(has_text="坊っちゃん")

    row.get_by_role("button", name="貸出更新").click()

    expect(page.get_by_role("heading", name="1点の貸出更新を行いました")).to_be_visible()
    expect(row).to_contain_text("更新回数に達しました")
    if phone.javascript:
        expect(page.get_by_role("heading", name="1点の貸出更新を行いました")).to_be_focused()


def test_back_shows_whole_pages_and_nothing_of_the_one_before(phone):
    page = log_in(phone)
    page.goto("/search?q=猫")
    page.locator("li.bib").get_by_role("button", name="予約カートに入れる").first.click()
    expect(cart_count(page)).to_contain_text("1")
    page.goto("/my/loans")
    page.get_by_role("button", name="ログアウト").click()
    expect(page.get_by_text("ログアウトしました。")).to_be_visible()

    page.go_back()

    expect(page.get_by_role("heading", level=1)).to_have_text("ログイン")
    expect(page.get_by_text("坊っちゃん")).to_have_count(0)


def test_the_pickup_branch_is_changed_and_a_place_given_up(phone):
    page = log_in(phone, "100000005")
    page.goto("/my/holds")
    hold = page.locator("ul.holds > li").filter(has_text="ごん狐")

    hold.get_by_text("受取館を変える").click()
    hold.get_by_label("受取希望館").select_option("西分館")
    hold.get_by_role("button", name="変える").click()
    expect(page.get_by_role("heading", name="受取館を変えました")).to_be_visible()
    expect(hold).to_contain_text("受取館 西分館")

    hold.get_by_role("link", name="予約を取り消す").click()
    page.get_by_role("button", name="予約を取り消す").click()
    expect(page.get_by_role("heading", name="予約を取り消しました")).to_be_visible()
    expect(page.locator("ul.holds > li")).to_have_count(4)


@pytest.mark.parametrize("phone", [True], indirect=True)
def test_a_network_that_goes_away_in_the_middle_of_a_tap_says_so(phone):
    page = phone.open("/search?q=猫")
    page.context.set_offline(True)

    page.locator("li.bib").get_by_role("button", name="予約カートに入れる").first.click()

    expect(page.get_by_role("alert")).to_contain_text("通信できませんでした")
    page.context.set_offline(False)
    page.locator("li.bib").get_by_role("button", name="予約カートに入れる").first.click()
    expect(cart_count(page)).to_contain_text("1")
    expect(page.locator("#trouble")).to_be_hidden()
    phone.trouble.clear()


@pytest.mark.parametrize("phone", [True], indirect=True)
def test_a_login_that_ended_leads_back_from_a_part_to_the_whole_page(phone, clock):
    page = log_in(phone)
    page.goto("/my/loans")
    clock.forward(minutes=31)

    page.get_by_role("link", name="全選択").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("ログイン")


def test_no_page_is_wider_than_the_phone(phone):
    page = log_in(phone)
    for address in (
        "/",
        "/search?q=猫",
        "/bibs/1",
        "/new",
        "/new?ndc=9",
        "/popular",
        "/magazines",
        "/classes",
        "/classes/91",
        "/calendar",
        "/rules",
        "/cart",
        "/my",
        "/my/loans",
        "/my/card",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def log_in(phone, card="100000001"):
    page = phone.open("/login")
    page.get_by_label("利用券の番号").fill(card)
    page.get_by_label("パスワード").fill(demo.PASSWORD)
    page.get_by_role("button", name="送信").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("利用者のページ")
    return page
