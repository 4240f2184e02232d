"""The notice before a login ends, and what is left of the page then: the browser's clock moves too."""

import pytest
from playwright.sync_api import expect

from tests.cast import CARDS, PASSWORD, STAFF

WITH_JAVASCRIPT = pytest.mark.parametrize("phone", [True], indirect=True)
A_MINUTE = pytest.mark.parametrize(
    "changes", [(("[card]\n", "[login]\nkiosk = { minutes = 1 }\n\n[card]\n"),)]
)
PLAIN = pytest.mark.parametrize("phone", [False], indirect=True)


def log_in(page, name="sato"):
    page.goto("/login")
    page.get_by_label("利用券の番号").fill(CARDS[name][0])
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="送信").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("利用者のページ")


@pytest.fixture
def pass_time(clock):
    """Time passes, on the server and in the browser."""

    def passes(page, minutes, seconds=0):
        clock.forward(minutes=minutes, seconds=seconds)
        page.clock.fast_forward((minutes * 60 + seconds) * 1000)

    return passes


@pytest.fixture
def page(town, phone):
    """Sato's phone, whose clock can be moved."""
    page = phone.open("/")
    if phone.javascript:
        page.clock.install()
    log_in(page)
    return page


@pytest.fixture
def terminal(town, phone):
    """A shared terminal with Sato in front of it."""
    page = phone.open("/desk/login")
    page.get_by_label("名前").fill(STAFF["ishida"][0])
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="ログインする").click()
    page.goto("/desk/terminal")
    page.get_by_role("button", name="館内の端末にする").click()
    expect(page.get_by_text("この端末を、館内の利用者用にしました。")).to_be_visible()
    if phone.javascript:
        page.clock.install()
    log_in(page)
    return page


def warning(page):
    return page.get_by_role("alert").filter(has_text="しばらく操作がないため、あと1分で")


@WITH_JAVASCRIPT
def test_a_minute_before_the_end_the_page_says_so_and_a_key_puts_it_off(page, pass_time):
    page.goto("/my/contact")
    page.get_by_label("追加するメールアドレス").focus()
    pass_time(page, 28, 50)
    expect(warning(page)).to_have_count(0)

    pass_time(page, 0, 15)
    expect(warning(page)).to_be_visible()
    expect(page.get_by_label("追加するメールアドレス")).to_be_focused()  # nobody is torn from what they write
    button = page.get_by_role("button", name="ログインしたままにする")
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")

    expect(warning(page)).to_have_count(0)
    pass_time(page, 28, 50)
    expect(warning(page)).to_have_count(0)
    pass_time(page, 0, 15)
    expect(warning(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@WITH_JAVASCRIPT
def test_use_in_another_tab_counts(page, phone, pass_time, clock):
    clock.forward(minutes=20)
    other = phone.open("/my/loans")
    page.clock.fast_forward(20 * 60_000)

    with page.expect_response("**/my/left"):
        pass_time(page, 9, 5)

    expect(warning(page)).to_have_count(0)
    pass_time(page, 20)
    expect(warning(page)).to_be_visible()
    other.close()


@WITH_JAVASCRIPT
def test_at_the_end_nothing_of_the_patron_is_on_the_screen_and_the_login_leads_back(page, pass_time):
    page.goto("/my/contact")
    expect(page.get_by_text("sato@example.jp")).to_be_visible()
    pass_time(page, 29, 5)
    expect(warning(page)).to_be_visible()

    pass_time(page, 1)

    expect(page.get_by_role("heading", level=1)).to_have_text("ログイン")
    expect(page.get_by_text("ログインが終わりました。")).to_be_visible()
    page.get_by_label("利用券の番号").fill(CARDS["sato"][0])
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="送信").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("連絡方法")


@WITH_JAVASCRIPT
def test_what_was_typed_outlasts_the_login_and_is_there_after_the_next(page, pass_time):
    page.goto("/my/contact")
    page.get_by_label("追加するメールアドレス").fill("new@example.jp")
    pass_time(page, 29, 5)
    expect(warning(page)).to_be_visible()

    pass_time(page, 1)
    expect(page.get_by_role("alert").filter(has_text="ログアウトしました。入力した内容は")).to_be_visible()
    page.get_by_role("button", name="登録する").click()

    expect(page.get_by_text("入力した内容は残っています。")).to_be_visible()
    page.get_by_label("利用券の番号").fill(CARDS["sato"][0])
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="送信").click()
    expect(page.get_by_label("追加するメールアドレス")).to_have_value("new@example.jp")


@WITH_JAVASCRIPT
def test_a_password_that_was_typed_does_not_stay_on_the_screen(page, pass_time):
    page.goto("/my/security")
    page.get_by_label("いまのパスワード").fill(PASSWORD)
    pass_time(page, 29, 5)
    expect(warning(page)).to_be_visible()

    pass_time(page, 1)

    expect(page.get_by_role("heading", level=1)).to_have_text("ログイン")


@WITH_JAVASCRIPT
def test_without_the_network_the_page_goes_by_its_own_count(page, phone, pass_time):
    page.goto("/my/loans")
    page.context.set_offline(True)
    pass_time(page, 29, 5)
    expect(warning(page)).to_be_visible()

    page.get_by_role("button", name="ログインしたままにする").click()

    expect(page.get_by_role("alert").filter(has_text="通信できませんでした")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="ログインしたままにする").click()
    expect(warning(page)).to_have_count(0)
    phone.trouble.clear()


@WITH_JAVASCRIPT
def test_at_a_terminal_the_end_leaves_an_empty_login_whatever_was_typed(terminal, pass_time):
    terminal.goto("/my/contact")
    terminal.get_by_label("追加するメールアドレス").fill("secret@example.jp")
    pass_time(terminal, 2, 5)
    expect(warning(terminal)).to_be_visible()

    pass_time(terminal, 1)

    expect(terminal.get_by_role("heading", level=1)).to_have_text("ログイン")
    assert terminal.url.endswith("/login")
    terminal.go_back()
    expect(terminal.get_by_role("heading", level=1)).to_have_text("ログイン")
    assert "example.jp" not in terminal.content()


@WITH_JAVASCRIPT
@A_MINUTE
def test_when_the_longest_login_ends_the_notice_says_so_and_offers_no_button(terminal, clock, pass_time):
    for _ in range(11):
        clock.forward(seconds=55)
        terminal.goto("/my/loans")

    pass_time(terminal, 0, 30)

    told = terminal.get_by_role("alert").filter(has_text="ログインしてから長くたったため、あと30秒で")
    expect(told).to_be_visible()
    expect(told.get_by_role("button")).to_have_count(0)
    expect(told.get_by_text("しばらく操作がないため")).to_be_hidden()
    pass_time(terminal, 0, 30)
    expect(terminal.get_by_role("heading", level=1)).to_have_text("ログイン")


def test_who_presses_the_big_button_leaves_nothing_behind(terminal):
    terminal.goto("/my/contact")
    button = terminal.get_by_role("button", name="おわる")
    assert button.bounding_box()["height"] >= 44
    assert terminal.evaluate("document.documentElement.scrollWidth <= innerWidth")

    button.click()

    expect(terminal.get_by_text("この端末には、何も残っていません。")).to_be_visible()
    terminal.go_back()
    expect(terminal.get_by_role("heading", level=1)).to_have_text("ログイン")
    assert "sato@" not in terminal.content()


@PLAIN
def test_without_javascript_a_form_that_came_too_late_is_there_after_the_login(page, clock):
    page.goto("/my/contact")
    page.get_by_label("追加するメールアドレス").fill("new@example.jp")
    expect(page.locator("#login-end")).to_be_hidden()
    clock.forward(minutes=31)

    page.get_by_role("button", name="登録する").click()

    page.get_by_label("利用券の番号").fill(CARDS["sato"][0])
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="送信").click()
    expect(page.get_by_label("追加するメールアドレス")).to_have_value("new@example.jp")


@PLAIN
@A_MINUTE
def test_without_javascript_a_terminal_is_led_to_the_login_by_the_page_itself(terminal):
    refresh = terminal.locator("noscript meta")

    assert refresh.get_attribute("content") == "62; url=/login"
