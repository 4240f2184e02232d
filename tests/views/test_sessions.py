"""How long a login lasts, the notice before its end, and the terminals that patrons share in the library."""

import re

import pytest

import activation
from models import Event, Hold, Login, Patron, StaffLogin
from policy_file import read_policy
from tests.cast import CARDS, PASSWORD
from tests.facts import SOURCE_1_TEXT, edited
from tests.reader import Reader, said
from tests.records import kinds

PASSWORDS = "[password]\nat_least = 8\n"
SHORT = ((PASSWORDS, f"{PASSWORDS}\n[login]\nstays = {{ minutes = 10 }}\nkiosk = {{ minutes = 1 }}\n"),)
CONTACT = 'contact = ["mail"]'
NOT_AT_THE_TERMINAL = (
    (
        "[[hold.not]]                              # 予約できない資料",
        '[[hold.not]]\nof = ["book"]\nat = ["kiosk"]\n\n[[hold.not]]',
    ),
)
ALL_OF_IT_THERE = (
    (
        'cancel.web = ["waiting"]',
        'change.kiosk = ["waiting"]\ncancel.kiosk = ["waiting"]\ncancel.web = ["waiting"]',
    ),
)
TWICE_A_DAY = ((CONTACT, f'{CONTACT}\nregistered_at = ["8:30", "18:00"]'),)


@pytest.fixture
def sato(town, reader):
    """The patron's browser at home."""
    return reader.log_in("sato")


@pytest.fixture
def terminal(town, app):
    """A machine in the east branch that a clerk has left to the patrons."""
    machine = Reader(app).log_in_staff("ishida", branch="east")
    machine.get("/desk/terminal")
    machine.post("/desk/terminal")
    machine.token = None
    return machine


def notice(page):
    """What the page knows of the end of its login."""
    return page.select_one("#login-end")


def left(browser: Reader, status: int = 200) -> dict | None:
    browser.get("/my/left", status=status, part=True)
    return browser.response.get_json() if status == 200 else None


def session_of(browser: Reader) -> dict:
    with browser.browser.session_transaction() as session:
        return dict(session)


def _cookie(answer, name: str = "shiori_terminal") -> str:
    """What an answer says of one cookie."""
    [cookie] = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith(f"{name}=")]
    return cookie


# -- how long a login lasts, and the notice ----------------------------------------------------------------


def test_each_page_of_who_has_logged_in_knows_when_the_login_ends(sato):
    for address in ("/my", "/my/loans", "/search", "/"):
        end = notice(sato.get(address))
        assert (end["data-left"], end["data-warning"], end["role"]) == ("1800", "60", "alert")
        assert end.has_attr("hidden") and end["data-leads"] == f"/login?next={address}"
        assert end.form["action"] == "/my/stay" and end.form.button.text == "ログインしたままにする"
    assert "あと1分で自動的にログアウトします" in end.text


def test_nobody_who_has_not_logged_in_and_nobody_at_the_desk_is_warned(town, reader):
    assert notice(reader.get("/")) is None
    reader.log_in_staff("ishida")

    assert notice(reader.get("/desk")) is None and notice(reader.get("/")) is None


@pytest.mark.parametrize("changes", [SHORT])
def test_the_sheet_says_how_long_a_login_lasts_and_patrons_can_read_it(sato, clock):
    assert notice(sato.get("/my"))["data-left"] == "600"
    rules = said(sato.get("/rules"))
    assert "ログインは、10分のあいだ操作がないと、自動で終わります。1分前にお知らせが出て" in rules
    assert "館内の端末のログインは、1分のあいだ操作がないと、自動で終わります。30秒前に" in rules
    assert "10分使わないと、ログインは自動で終わります" in said(sato.get("/my/security"))
    clock.forward(minutes=10)
    sato.get("/my")
    clock.forward(minutes=10, seconds=1)

    sato.get("/my", status=303)


@pytest.mark.parametrize("changes", [SHORT])
def test_the_login_at_the_desk_keeps_its_length_whatever_the_sheet_says(town, reader, clock):
    reader.log_in_staff("ishida")
    clock.forward(minutes=30)

    reader.get("/desk")


def test_to_ask_how_long_it_lasts_is_no_use_of_it(sato, clock):
    sato.get("/my")
    clock.forward(minutes=20)
    assert left(sato) == {"left": 600, "warning": 60, "can_go_on": True}
    assert Login.get().seen_at is None, "it was not noted as seen either"
    clock.forward(minutes=9)
    assert left(sato)["left"] == 60
    clock.forward(minutes=1, seconds=1)

    assert left(sato, status=401) is None
    assert sato.response.headers["HX-Redirect"] == "/login?next=/my/left"


def test_a_page_in_another_tab_is_use_of_it(sato, clock):
    clock.forward(minutes=29)
    sato.get("/bibs/1", status=404)

    assert left(sato)["left"] == 1800


def test_the_button_puts_the_end_off(sato, clock):
    sato.get("/my")
    clock.forward(minutes=29, seconds=30)

    sato.post("/my/stay", status=200, part=True)
    assert sato.response.get_json()["left"] == 1800
    clock.forward(minutes=29)
    sato.post("/my/stay", back="/my/loans")
    assert sato.went_to == "/my/loans", "without JavaScript it is a form like any other"
    clock.forward(minutes=29)
    sato.get("/my")


def test_the_button_after_the_end_leads_to_the_login_and_keeps_nothing(sato, clock):
    sato.get("/my")
    clock.forward(minutes=31)

    sato.post("/my/stay", status=401, part=True)

    assert sato.response.headers["HX-Redirect"] == "/login?next=/my"
    assert "kept" not in session_of(sato)


def test_after_half_a_day_the_end_can_be_put_off_no_more_and_the_page_is_told(sato, clock):
    for _ in range(25):
        clock.forward(minutes=28)
        sato.get("/my")
    assert left(sato) == {"left": 1200, "warning": 60, "can_go_on": False}

    clock.forward(minutes=19)
    sato.post("/my/stay", status=200, part=True)

    assert sato.response.get_json() == {"left": 60, "warning": 60, "can_go_on": False}


def test_the_login_page_says_that_the_login_has_ended_and_what_is_kept(sato, clock):
    sato.get("/my/contact")
    clock.forward(minutes=31)
    sato.post("/my/contact", mail="new@example.jp")

    page = sato.get(sato.went_to)

    assert "ログインが終わりました。" in said(page) and "入力した内容は残っています。" in said(page)
    assert page.select_one("input[name=next]")["value"] == "/my/contact"
    assert not page.select(".attention a"), "that page is the patron's alone"
    sato.token = None
    sato.log_in("sato", next="/my/contact")
    assert sato.get("/my/contact").select_one("#mail")["value"] == "new@example.jp"


def test_from_a_page_for_everyone_one_may_go_on_without_a_login(sato, clock):
    clock.forward(minutes=31)

    page = sato.get("/login?next=/search%3Fq%3Dねこ")

    assert page.select_one(".attention a")["href"] == "/search?q=ねこ"
    assert "入力した内容は残っています" not in said(page)


def test_who_never_logged_in_or_has_logged_out_reads_nothing_of_an_end(town, reader):
    assert not reader.get("/login?next=/my/loans").select(".attention")
    reader.log_in("sato").log_out()

    assert not reader.get("/login?next=/my/loans").select(".attention")


def test_a_login_that_was_ended_elsewhere_says_so_too(app, sato):
    elsewhere = Reader(app).log_in("sato")
    elsewhere.get("/my/security")
    elsewhere.post("/my/security/end-others")

    sato.get("/my/loans", status=303)

    assert "ほかの端末で終わらせたためです" in said(sato.get(sato.went_to))
    elsewhere.get("/my")


# -- a machine becomes a terminal --------------------------------------------------------------------------


def test_a_clerk_makes_a_terminal_and_the_login_at_the_desk_ends_with_it(desk):
    page = desk.get("/desk/terminal")
    assert desk.get("/desk/more").select_one('a[href="/desk/terminal"]')
    assert "3分操作がないと" in said(page) and "本館の館内の端末にする" in said(page)

    desk.post("/desk/terminal")

    cookie = _cookie(desk.response)
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Max-Age=34560000" in cookie
    assert "Secure" not in cookie and StaffLogin.select().count() == 0
    page = desk.get(desk.went_to)
    assert page.h1.text == "ログイン" and "この端末を、館内の利用者用にしました。" in said(page)
    assert page.select_one(".terminal b").text == "館内の端末" and "本館" in page.select_one(".terminal").text
    desk.get("/desk", status=303)


def test_where_the_request_came_by_tls_the_cookie_is_secure(terminal):
    answer = terminal.browser.get("/login", base_url="https://localhost")

    assert "Secure" in _cookie(answer)


def test_a_clerk_undoes_it_at_the_same_machine(terminal):
    terminal.log_in_staff("ishida")
    page = terminal.get("/desk/terminal")
    assert "この端末は、いま、東分館の館内の端末です。" in said(page)

    terminal.post("/desk/terminal/end")

    assert "館内の端末をやめました。" in said(terminal.get(terminal.went_to))
    assert terminal.browser.get_cookie("shiori_terminal") is None
    terminal.log_out_staff()
    terminal.log_in("sato")
    assert notice(terminal.get("/my"))["data-left"] == "1800" and not terminal.get("/my").select(".terminal")


def test_a_login_at_the_desk_that_is_left_open_there_ends_as_patrons_do(terminal, clock):
    terminal.log_in_staff("ishida")
    clock.forward(minutes=3, seconds=1)

    terminal.get("/desk/terminal", status=303)

    assert terminal.went_to == "/desk/login" and StaffLogin.select().count() == 0


def test_nobody_makes_a_terminal_with_a_cookie_of_their_own(app, town, reader):
    reader.log_in("sato").get("/my")
    for forged in ("east", '"east"', '"east".AAAA', reader.browser.get_cookie("shiori").value):
        reader.browser.set_cookie("shiori_terminal", forged)
        assert not reader.get("/").select(".terminal")


def test_a_terminal_of_a_branch_that_is_no_more_stays_a_terminal(terminal, app):
    app.config["POLICY"] = read_policy(
        re.sub(
            r'\[\[branch\]\]\nid = "east".*?\n\n',
            "",
            SOURCE_1_TEXT,
            flags=re.DOTALL,
        )
    )

    assert "館内の端末" in terminal.get("/").select_one(".terminal").text


# -- at the terminal ---------------------------------------------------------------------------------------


def test_a_login_at_a_terminal_ends_after_three_minutes_without_use(terminal, clock):
    terminal.log_in("sato")
    end = notice(terminal.get("/my/loans"))
    assert (end["data-left"], end["data-warning"], end["data-leads"]) == ("180", "60", "/login")
    assert not end.has_attr("data-keeps")
    clock.forward(minutes=3)
    terminal.get("/my")
    clock.forward(minutes=3, seconds=1)

    terminal.get("/my/loans", status=303)

    assert terminal.went_to == "/login", "the next one does not come to where the last one was"
    assert Login.select().count() == 0
    assert said(terminal.get("/login")).startswith("ログイン 利用券の番号")


def test_time_can_be_added_ten_times_and_then_the_login_ends(terminal, clock):
    terminal.log_in("sato").get("/my")
    for _ in range(10):
        clock.forward(minutes=2, seconds=59)
        assert left(terminal) == {"left": 1, "warning": 60, "can_go_on": True}
        terminal.post("/my/stay", status=200, part=True)
    clock.forward(minutes=2, seconds=59)
    terminal.get("/my")
    assert left(terminal) == {"left": 11, "warning": 60, "can_go_on": False}
    clock.forward(seconds=12)

    terminal.get("/my", status=303)


def test_who_takes_the_cookie_of_a_terminal_away_has_no_longer_login_by_it(terminal, clock):
    terminal.log_in("sato").get("/my")
    terminal.browser.delete_cookie("shiori_terminal")
    clock.forward(minutes=3, seconds=1)

    terminal.get("/my", status=303)


def test_who_closes_the_browser_of_a_terminal_closes_the_login(terminal, reader):
    for browser, lasts in ((terminal, False), (reader, True)):
        browser.log_in("sato")
        [cookie] = [
            one for one in browser.response.headers.getlist("Set-Cookie") if one.startswith("shiori=")
        ]
        assert ("Expires" in cookie) is lasts


def test_a_terminal_that_is_in_use_stays_one(terminal):
    terminal.get("/login")

    assert any("shiori_terminal" in one for one in terminal.response.headers.getlist("Set-Cookie"))


def test_a_form_that_comes_after_the_end_is_kept_for_nobody(terminal, clock):
    terminal.log_in("sato").get("/my/contact")
    clock.forward(minutes=4)

    terminal.post("/my/contact", mail="secret@example.jp")

    assert terminal.went_to == "/login"
    assert "kept" not in session_of(terminal) and Patron.get_by_id(1).mail == "sato@example.jp"
    terminal.token = None
    terminal.log_in("sato")
    assert "secret@" not in str(terminal.get("/my/contact"))


def test_a_part_that_comes_after_the_end_leads_the_page_to_the_empty_login(terminal, clock):
    terminal.log_in("sato").get("/my/loans")
    clock.forward(minutes=4)

    terminal.get("/my/loans?select=all", status=401, part=True)

    assert terminal.response.headers["HX-Redirect"] == "/login"


def test_the_cart_before_the_login_is_empty_once_nobody_has_touched_it(terminal, town, clock):
    terminal.post("/cart/add", bib=town.title("ひみつの本"))
    clock.forward(minutes=2)
    assert "ひみつの本" in said(terminal.get("/cart"))
    assert terminal.get("/cart").select_one(".terminal button").text == "おわる"
    clock.forward(minutes=3, seconds=1)

    terminal.get("/cart", status=303)

    assert terminal.went_to == "/login" and "ひみつの本" not in said(terminal.get("/cart"))


def test_the_cart_goes_along_into_the_login_of_who_filled_it(terminal, town):
    terminal.post("/cart/add", bib=town.title("こころ"))

    terminal.log_in("sato")

    assert "こころ" in said(terminal.get("/cart"))


def test_of_who_was_at_the_terminal_before_nothing_is_left_for_the_next(terminal, town):
    """Scenario 131, at the terminal itself."""
    town.lend(town.title("かりた本"), "sato")
    town.hold(town.title("まちどおしい本"), "sato")
    terminal.post("/cart/add", bib=town.title("ひみつの本"))
    terminal.log_in("sato")
    own = ("/my", "/my/loans", "/my/holds", "/cart", "/my/contact", "/my/security", "/search?q=本")
    for address in own:
        page = terminal.get(address)
        assert page.select_one(".terminal button").text == "おわる"
        assert terminal.response.headers["Cache-Control"] == "no-store"
    during = terminal.browser.get_cookie("shiori").value

    terminal.post("/logout")
    terminal.token = None
    page = terminal.get(terminal.went_to)
    assert "この端末には、何も残っていません。" in said(page) and not page.select(".terminal button")
    assert terminal.response.headers["Cache-Control"] == "no-store"
    terminal.log_in("tanaka")

    for address in own:
        page = str(terminal.get(address))
        assert "100000011" not in page and "sato@" not in page and "サトウ" not in page
        assert "search" in address or not re.search("かりた本|まちどおしい本|ひみつの本", page)
    terminal.log_out()
    terminal.browser.set_cookie("shiori", during)
    terminal.get("/my", status=303)
    assert terminal.went_to == "/login", "a cookie that was copied is worth nothing"


ANYBODYS = ("/", "/login", "/register", "/register/code", "/search", "/desk/login")
OWN_PAGES_WITH_FIELDS = ("/my/contact", "/my/security", "/my/holds", "/cart", "/my/data/delete")


def test_no_field_at_a_terminal_is_filled_in_or_kept_by_the_browser(terminal, town):
    town.hold(town.title("まちどおしい本"), "sato")
    pages = [terminal.get(address) for address in ANYBODYS]
    terminal.log_in("sato")
    pages += [terminal.get(address) for address in OWN_PAGES_WITH_FIELDS]

    typed = [
        field
        for page in pages
        for field in page.select("input, textarea")
        if field.get("type", "text") not in ("hidden", "radio", "checkbox") or field.has_attr("autocomplete")
    ]

    assert len(typed) > 12
    assert {field.get("autocomplete") for field in typed} == {"off", "new-password"}
    assert all(one["autocomplete"] == "new-password" for one in typed if one.get("type") == "password")


def test_at_home_the_browser_may_help(town, reader):
    page = reader.get("/login")

    assert [one["autocomplete"] for one in page.select("main input[autocomplete]")] == [
        "username",
        "current-password",
    ]


def test_without_javascript_the_page_itself_leads_to_the_login_when_the_time_is_over(terminal, sato):
    refresh = terminal.log_in("sato").get("/my").select_one("noscript meta")

    assert refresh["http-equiv"] == "refresh" and refresh["content"] == "182; url=/login"
    assert not sato.get("/my").select("noscript meta"), "at home nobody is led away"


def test_ones_own_logins_name_the_terminal_and_end_it_from_home(terminal, sato):
    terminal.log_in("sato")
    page = sato.get("/my/security")
    assert [device.text for device in page.select("ul.confirm b")] == ["そのほかの機器", "館内の端末"]

    sato.post("/my/security/end-others")

    terminal.get("/my", status=303)
    assert terminal.went_to == "/login"


def test_a_login_at_a_terminal_is_not_listed_when_it_must_be_over(terminal, sato, clock):
    terminal.log_in("sato")
    clock.forward(minutes=9)

    assert len(sato.get("/my/security").select("ul.confirm > li")) == 1


# -- by which way ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [ALL_OF_IT_THERE])
def test_what_is_done_at_a_terminal_is_on_record_as_done_there(terminal, town, policy, clock):
    loan = town.lend(town.title("こころ"), "sato", due_in=3)
    terminal.post("/cart/add", bib=town.title("それから"))
    terminal.log_in("sato").get("/cart")

    terminal.post("/cart/register", pickup="main", contact="mail")
    hold = Hold.get()
    terminal.post(f"/my/holds/{hold.id}/pickup", pickup="east")
    terminal.post(f"/my/loans/{loan}/renew")
    terminal.post(f"/my/holds/{hold.id}/cancel")
    new = "あたらしい ことば 2026"
    terminal.get("/my/security")
    terminal.post("/my/security", old=PASSWORD, password=new, again=new)
    terminal.get("/my")
    terminal.post("/logout")
    terminal.token = None
    code = activation.give_code(policy, town.patrons["tanaka"], clock(), "1").code
    terminal.post("/register/code", card=CARDS["tanaka"][0], code=code, password=new, again=new)

    assert hold.channel == "kiosk"
    assert kinds() == [
        "hold_placed",
        "pickup_changed",
        "loan_renewed",
        "hold_cancelled",
        "password_set",
        "patron_code_given",
        "password_set",
    ]
    assert {one.channel for one in Event.select() if one.kind != "patron_code_given"} == {"kiosk"}


def test_what_is_done_at_home_is_on_record_as_done_on_the_web(sato, town):
    sato.post("/cart/add", bib=town.title("それから"))
    sato.post("/cart/register", pickup="main", contact="mail")

    assert Hold.get().channel == "web" and Event.get().channel == "web"


@pytest.mark.parametrize("changes", [NOT_AT_THE_TERMINAL])
def test_a_line_for_terminals_holds_there_and_not_at_home(terminal, sato, town):
    bib = town.title("こころ")
    terminal.log_in("sato")
    assert "予約カートに入れる" not in said(terminal.get(f"/bibs/{bib}"))
    assert "館内の端末では予約できません" in said(terminal.get(f"/bibs/{bib}"))
    terminal.post("/cart/add", status=409, bib=bib)

    sato.post("/cart/add", bib=bib)
    assert "予約できません" not in said(sato.get("/cart"))
    assert "館内の端末では予約できません" in said(terminal.get("/cart"))
    terminal.post("/cart/register", status=409, pickup="main", contact="mail")
    assert Hold.select().count() == 0


@pytest.mark.parametrize("changes", [TWICE_A_DAY])
def test_where_holds_of_the_web_are_applied_for_those_of_a_terminal_wait_at_once(terminal, sato, town):
    """The sheet speaks of what comes over the internet; at the terminal one stands in the library."""
    sato.post("/cart/add", bib=town.title("こころ"))
    assert sato.get("/cart").select("#cart form .note")

    terminal.log_in("sato")
    page = terminal.get("/cart")
    terminal.post("/cart/register", pickup="main", contact="mail")

    assert not page.select("#cart form .note")
    assert Hold.get().state == "waiting" and "1点を予約しました" in said(terminal.get("/cart"))


# -- cards -------------------------------------------------------------------------------------------------


def test_a_blue_card_reads_on_its_page_that_it_holds_nothing_and_what_it_can_do(town, reader):
    page = said(reader.log_in("mori").get("/my"))

    assert "広域利用者(青色のカード)の方は、予約はご利用いただけません。" in page
    assert "資料は窓口でお借りいただけます。" in page


def test_who_may_hold_reads_nothing_of_that(sato):
    assert "ご利用いただけません" not in said(sato.get("/my"))


def test_a_card_that_the_sheet_bars_while_it_is_logged_in_is_out_and_told_at_the_login(app, sato):
    app.config["POLICY"] = read_policy(edited(SOURCE_1_TEXT, ('prefix = "07"', 'prefix = "10"')))

    sato.get("/my", status=303)

    page = sato.post("/login", status=409, card=CARDS["sato"][0], password=PASSWORD)
    assert "図書館で利用券の更新をお願いします。" in said(page)
