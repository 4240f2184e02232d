"""Logging in and out, the patron's own page, and the address that the library writes to."""

from datetime import timedelta

import pytest

from models import Login, Patron
from tests.cast import CARDS, PASSWORD
from tests.reader import Reader


@pytest.mark.parametrize(
    "typed", ["100000011", "１００００００１１", "100-000-011", " 100 000 011 ", "A100000011A", "a100000011b"]
)
def test_a_card_number_is_understood_however_it_is_typed_or_scanned(town, reader, typed):
    reader.post("/login", card=typed, password=PASSWORD)

    assert reader.went_to == "/my"


@pytest.mark.parametrize(
    ("card", "password"),
    [
        ("100000011", "違うパスワード"),
        ("999999999", PASSWORD),
        ("100000011", PASSWORD + " "),
        ("%", "%"),
        ("\0", "x"),
    ],
)
def test_a_wrong_number_or_password_is_answered_alike_and_keeps_what_was_typed(town, reader, card, password):
    page = reader.post("/login", status=401 if card.strip("\0") else 422, card=card, password=password)

    if card.strip("\0"):
        assert "利用券の番号かパスワードが違います" in page.select_one("[role=alert].problem").text
        assert page.select_one("#card")["value"] == card
    assert not page.select_one("#password").has_attr("value")
    assert Login.select().count() == 0


def test_an_empty_form_says_at_each_field_what_is_missing(town, reader):
    page = reader.post("/login", status=422, card="", password="")

    assert [error.text for error in page.select(".field-error")] == [
        "利用券の番号を入れてください。",
        "パスワードを入れてください。",
    ]
    assert page.select_one("#card")["aria-invalid"] == "true"


def test_a_barred_card_is_told_so_before_any_password_is_looked_at(town, reader):
    for password in (PASSWORD, "違うパスワード"):
        page = reader.post("/login", status=409, card=CARDS["hara"][0], password=password)
        assert "図書館で利用券の更新をお願いします" in page.select_one("[role=alert].problem").text

    assert Login.select().count() == 0


@pytest.mark.parametrize("name", ["mori", "ito"])
def test_a_blue_card_and_an_expired_card_log_in(town, reader, name):
    reader.log_in(name)

    assert reader.get("/my").h1.text == "利用者のページ"


def test_an_expired_card_reads_so_on_its_page(town, reader):
    page = reader.log_in("ito").get("/my")

    assert "有効期限(2026年4月14日(火))が過ぎています" in page.select_one("[role=alert].problem").text


def test_login_leads_to_where_one_was_going_and_nowhere_else(town, reader):
    reader.get("/my/loans?select=all", status=303)
    assert reader.went_to == "/login?next=/my/loans?select%3Dall"

    reader.log_in("sato", next="/my/loans?select=all")
    assert reader.went_to == "/my/loans?select=all"
    for elsewhere in (
        "https://example.com/",
        "//example.com/",
        "/\\example.com",
        "/\t/example.com",
        "javascript:0",
    ):
        assert Reader(reader.app).log_in("sato", next=elsewhere).went_to == "/my"
        reader.get("/login?next=" + elsewhere, status=303)
        assert reader.went_to == "/my"


def test_a_part_for_somebody_who_is_not_logged_in_leads_the_page_to_the_login(town, reader):
    reader.get("/my/loans", status=401, part=True)

    assert reader.response.headers["HX-Redirect"] == "/login?next=/my/loans"


def test_the_session_changes_at_login_and_ends_on_the_server_at_logout(town, reader):
    reader.get("/login")
    before = reader.browser.get_cookie("shiori").value
    reader.log_in("sato")
    during = reader.browser.get_cookie("shiori").value
    reader.log_out()

    assert before != during and Login.select().count() == 0
    reader.browser.set_cookie("shiori", during)
    reader.get("/my", status=303)


def test_a_login_ends_half_an_hour_after_the_last_page_and_after_half_a_day_at_the_latest(
    town, reader, clock
):
    reader.log_in("sato")
    for _ in range(20):
        clock.forward(minutes=29)
        reader.get("/my")

    clock.forward(minutes=31)
    reader.get("/my", status=303)

    reader.log_in("sato")
    for _ in range(26):
        clock.forward(minutes=28)
        last = reader.browser.get("/my").status_code
    assert last == 303, "twelve hours are over"


def test_the_next_one_at_the_same_terminal_sees_nothing_of_the_one_before(town, reader):
    town.lend(town.title("ひみつの本"), "sato", due_in=1)
    reader.log_in("sato")
    assert "ひみつの本" in reader.get("/my/loans").text
    assert reader.response.headers["Cache-Control"] == "no-store"
    reader.log_out()

    reader.log_in("tanaka")

    assert not reader.get("/").select(".attention")
    for address in ("/my", "/my/loans", "/my/holds", "/cart", "/my/contact"):
        page = reader.get(address).text
        assert "ひみつの本" not in page and "100000011" not in page and "sato@" not in page


def test_a_form_that_lay_open_too_long_says_what_to_do_and_changes_nothing(town, reader):
    reader.log_in("sato")
    reader.token = "old"

    page = reader.post("/my/contact", status=400, mail="new@example.jp")

    assert "ページを開いてから時間がたったため" in page.text
    assert Patron.get_by_id(town.patrons["sato"]).mail == "sato@example.jp"


def test_the_patrons_page_counts_what_is_out_and_held(town, reader):
    town.lend(town.title("一"), "sato", due_in=3)
    town.ready(town.title("二"), "sato")

    page = reader.log_in("sato").get("/my")

    entries = [" ".join(entry.get_text(" ", strip=True).split()) for entry in page.select("ul.entries li")]
    assert entries[0] == "貸出中の資料 1点 次の返却期限は 2026年4月18日(土) です。"
    assert entries[1] == "予約中の資料 1点 受け取れる資料が 1点 あります"
    assert "100000011" in page.text and "町内在住" in page.text


@pytest.mark.parametrize(
    "mail", ["a@example.jp", "first.last+tag@sub.example.co.jp", "  spaced@example.jp  "]
)
def test_an_address_is_kept_as_it_was_meant(town, reader, mail):
    reader.log_in("sato").post("/my/contact", mail=mail, for_contact="y")

    assert Patron.get_by_id(town.patrons["sato"]).mail == mail.strip()
    assert "登録しました" in reader.get(reader.went_to).text


@pytest.mark.parametrize(
    "mail",
    [
        "",
        "sato",
        "a@b",
        "ａ@example.jp",
        "a b@example.jp",
        "a@example.jp\nBcc: x@example.jp",
        "@",
        "a" * 300 + "@example.jp",
    ],
)
def test_an_address_that_cannot_be_one_is_told_at_its_field(town, reader, mail):
    page = reader.log_in("sato").post("/my/contact", status=422, mail=mail)

    assert page.select_one(".field-error")
    assert Patron.get_by_id(town.patrons["sato"]).mail == "sato@example.jp"


def test_the_address_of_nobody_else_is_changed_by_what_a_form_adds(town, reader):
    reader.log_in("sato").post(
        "/my/contact", mail="x@example.jp", patron=town.patrons["tanaka"], card="100000012"
    )

    assert Patron.get_by_id(town.patrons["tanaka"]).mail == "tanaka@example.jp"
    assert Patron.get_by_id(town.patrons["sato"]).category == "resident"


def test_a_due_today_is_not_late_until_midnight_in_tokyo(town, reader, clock):
    town.lend(town.title("本"), "sato", due_in=0)
    clock.to(town.today, hour=23)
    reader.log_in("sato")
    assert "きょうまで" in reader.get("/my/loans").text

    clock.forward(minutes=61)
    reader.log_in("sato")

    assert "期限を1日過ぎています" in reader.get("/my/loans").text
    assert clock().date() < town.today + timedelta(days=1), "on the server it is still the day before"


def test_a_form_that_was_kept_for_one_patron_is_never_shown_to_another(town, reader, clock):
    reader.log_in("sato").get("/my/contact")
    clock.forward(minutes=31)
    reader.post("/my/contact", mail="sato.private@example.jp")
    assert reader.went_to == "/login?next=/my/contact"

    reader.log_in("tanaka", next="/my/contact")

    assert "sato.private" not in str(reader.get("/my/contact"))


def test_a_form_that_was_kept_comes_back_to_the_patron_who_filled_it_in(town, reader, clock):
    reader.log_in("sato").get("/my/contact")
    clock.forward(minutes=31)
    reader.post("/my/contact", mail="new@example.jp")

    reader.log_in("sato", next="/my/contact")

    assert reader.get("/my/contact").select_one("#mail")["value"] == "new@example.jp"
    assert reader.get("/my/contact").select_one("#mail")["value"] == "", "once"
