"""A patron sets a password by what the library knows of them, step by step; and where an address has been
confirmed, by a link that goes there."""

import re

import pytest

import accounts
import activation
from models import Attempt, Hold, Login, MailAddress, Outbox, Patron, Ticket
from rules import TicketKind
from tests.cast import CARDS, PASSWORD
from tests.reader import Reader, said
from tests.records import kinds, owed

FACTS = {
    "card": CARDS["sato"][0],
    "kana_name": "さとう はな",
    "birth_date": "1948年5月3日",
    "phone": "03-1234-5678",
}
NEW = "あさがおの丘 2026"
TWICE = {"password": NEW, "again": NEW}
NOT_PROVED = "入れていただいた内容では、ご本人と確かめられませんでした。"


@pytest.fixture(autouse=True)
def sato(town):
    Patron.update(born_on="1948-05-03", phone="0312345678").where(Patron.id == town.patrons["sato"]).execute()
    return town.patrons["sato"]


def has_new_password(name: str = "sato") -> bool:
    return accounts.authenticate(CARDS[name][0], NEW) is not None


def test_two_steps_lead_from_the_login_to_ones_own_page(reader, sato):
    way = reader.get("/login").select_one('main a[href="/register"]')
    assert way.text == "パスワード登録"
    page = reader.get("/register")
    assert "手順 1/2" in said(page)
    assert [field["name"] for field in page.select("main form input:not([type=hidden])")] == list(FACTS)

    reader.post("/register", **FACTS)
    assert reader.went_to == "/register/password"
    page = reader.get(reader.went_to)
    assert "手順 2/2" in said(page) and "s…@example.jp" in said(page) and "sato@" not in str(page)
    assert len(page.select("input[type=checkbox][checked]")) == 2
    reader.post("/register/password", **TWICE)

    assert reader.went_to == "/my" and has_new_password()
    assert reader.get("/my").select_one("main [role=status]").text.startswith("パスワードを登録しました。")
    assert kinds() == ["password_set"] and owed() == ["password_set"]
    assert (
        Ticket.select().count() == 0 and MailAddress.select().where(MailAddress.patron == sato).count() == 1
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"card": "199999999"},
        {"card": CARDS["tanaka"][0]},
        {"kana_name": "サトウ ハル"},
        {"birth_date": "19480504"},
        {"phone": "0312345679"},
    ],
)
def test_every_failure_is_answered_alike_and_opens_nothing(reader, wrong):
    page = reader.post("/register", status=401, **{**FACTS, **wrong})

    assert page.select_one("main [role=alert]").text.strip().startswith(NOT_PROVED)
    assert page.select(".field-error") == [] and Ticket.select().count() == 0
    assert page.select_one("#phone")["value"] == {**FACTS, **wrong}["phone"], "what was typed is kept"
    reader.get("/register/password", status=303)
    assert reader.went_to == "/register"


def test_a_known_and_an_unknown_card_are_answered_byte_for_byte_alike(app):
    pages = []
    for card in (FACTS["card"], "199999999"):
        browser = Reader(app)
        browser.post("/register", status=401, **{**FACTS, "card": card, "phone": "0399999999"})
        text = browser.response.get_data(as_text=True).replace(card, "")
        pages.append(re.sub(r'name="csrf_token" value="[^"]*"', "", text))

    assert pages[0] == pages[1]


def test_the_facts_of_nobody_prove_nothing(reader):
    _, name, born_on, phone = activation._NOBODY

    reader.post("/register", status=401, card="199999999", kana_name=name, birth_date=born_on, phone=phone)

    assert Ticket.select().count() == 0


def test_a_patron_of_whom_the_library_does_not_know_every_fact_comes_to_the_desk(reader, town):
    Patron.update(born_on=None).where(Patron.id == town.patrons["sato"]).execute()

    page = reader.post("/register", status=401, **FACTS)

    assert "図書館の窓口へ利用券をお持ちください" in said(page)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("card", "", "利用券の番号を入れてください。"),
        ("kana_name", " ", "名前をカタカナで入れてください。"),
        ("birth_date", "五月三日", "生年月日として読み取れませんでした。"),
        ("phone", "", "電話番号を入れてください。"),
        ("kana_name", "ア" * 121, "長すぎます。"),
    ],
)
def test_what_cannot_be_understood_is_said_at_its_field_and_is_no_guess(reader, field, typed, sentence):
    page = reader.post("/register", status=422, **{**FACTS, field: typed})

    assert page.select_one(f"#{field}-error").text.startswith(sentence)
    assert page.select_one("[autofocus]")["id"] == field and Attempt.select().count() == 0


def test_a_barred_card_is_told_what_to_do_first(reader):
    page = reader.post("/register", status=409, **{**FACTS, "card": CARDS["hara"][0]})

    assert "図書館で利用券の更新をお願いします" in said(page)


def test_guesses_are_slowed_as_at_the_login_and_apart_from_it(reader, clock):
    for _ in range(5):
        reader.post("/register", status=401, **{**FACTS, "phone": "0399999999"})
    page = reader.post("/register", status=429, **FACTS)

    assert reader.response.headers["Retry-After"] == "10" and "10秒たってから" in said(page)
    reader.log_in("sato").log_out()
    clock.forward(seconds=10)
    reader.post("/register", **FACTS)


def test_a_proof_is_good_for_half_an_hour_and_for_one_password(reader, app, clock):
    reader.post("/register", **FACTS)
    clock.forward(minutes=30)
    reader.post("/register/password", **TWICE)
    assert reader.went_to == "/register" and not has_new_password()
    assert "時間がたったため、はじめからお願いします。" in said(reader.get("/register"))

    reader.post("/register", **FACTS)
    cookie = reader.browser.get_cookie("shiori").value
    reader.post("/register/password", **TWICE)
    thief = Reader(app)
    thief.browser.set_cookie("shiori", cookie)
    thief.get("/register/password", status=303)
    assert thief.went_to == "/register" and Login.select().count() == 1


def test_a_browser_that_has_proved_nothing_sets_nothing(reader, sato):
    Ticket.create(kind=TicketKind.PROVEN, patron=sato, expires_at="2099-01-01T00:00:00.000000+00:00")

    reader.post("/register/password", proven="1", **TWICE)

    assert reader.went_to == "/register" and not has_new_password()


@pytest.mark.parametrize(
    ("filled", "field", "sentence"),
    [
        ({"password": "", "again": ""}, "password", "パスワードを入れてください。"),
        ({"password": "short1", "again": "short1"}, "password", "パスワードは8文字以上にしてください。"),
        ({"password": "password1", "again": "password1"}, "password", "よく使われるパスワードか、"),
        ({"password": "19480503", "again": "19480503"}, "password", "生年月日は、パスワードには使えません。"),
        (
            {"password": "03-1234-5678", "again": "03-1234-5678"},
            "password",
            "電話番号は、パスワードには使えません。",
        ),
        ({"again": NEW + "x"}, "again", "2つのパスワードが違います。"),
        ({"mail": "hana＠example.jp"}, "mail", "メールアドレスの形になっていません。"),
    ],
)
def test_a_second_step_that_is_wrong_says_so_and_uses_nothing_up(reader, filled, field, sentence):
    reader.post("/register", **FACTS)
    page = reader.post("/register/password", status=422, **{**TWICE, **filled})

    assert page.select_one(f"#{field}-error").text.startswith(sentence)
    assert NEW not in str(page) and not has_new_password()
    reader.post("/register/password", **TWICE)
    assert has_new_password()


def test_the_address_comes_along_with_its_two_check_boxes(reader, town, sato):
    hold = town.hold(town.title("こころ"), "sato")
    reader.post("/register", **FACTS)
    reader.post("/register/password", mail="hana@example.jp", for_contact="y", **TWICE)

    assert Patron.get_by_id(sato).mail == "hana@example.jp"
    assert Hold.get_by_id(hold).address.address == "sato@example.jp", "the second box was not ticked"
    assert "メールアドレスを登録しました" in said(reader.get("/my"))


def test_who_was_logged_in_with_the_old_password_is_out(reader, app, sato):
    elsewhere = Reader(app).log_in("sato")
    reader.post("/register", **FACTS)
    reader.post("/register/password", **TWICE)

    elsewhere.get("/my", status=303)
    assert (
        elsewhere.went_to == "/login?next=/my" and accounts.authenticate(CARDS["sato"][0], PASSWORD) is None
    )


def test_a_code_that_lies_about_is_good_no_longer_once_a_password_is_set(reader, app, policy, sato, clock):
    code = activation.give_code(policy, sato, clock(), "1").code
    reader.post("/register", **FACTS)
    reader.post("/register/password", **TWICE)

    Reader(app).post("/register/code", status=401, card=CARDS["sato"][0], code=code, **TWICE)


@pytest.mark.parametrize("changes", [(('["facts", "code from the desk"]', '["code from the desk"]'),)])
def test_a_library_that_knows_only_codes_asks_for_one(reader):
    reader.get("/register", status=303)
    assert reader.went_to == "/register/code"
    assert reader.get("/register/code").select_one('main a[href="/register"]') is None
    reader.post("/register", status=404, **FACTS)


@pytest.mark.parametrize("changes", [(('["facts", "code from the desk"]', '["facts"]'),)])
def test_a_library_that_gives_no_codes_has_no_page_for_them(reader, town):
    assert reader.get("/register").select_one('main a[href="/register/code"]') is None
    reader.get("/register/code", status=404)
    desk, sato = reader.log_in_staff("ishida"), f"/desk/patrons/{town.patrons['sato']}"
    page = desk.get(sato)
    assert not page.select(f'form[action="{sato}/code"]') and "番号はお渡ししていません" in said(page)
    desk.post(f"{sato}/code", status=409)


@pytest.mark.parametrize(
    "changes", [(('["card", "kana name", "birth date", "phone"]', '["card", "phone"]'),)]
)
def test_only_what_the_policy_asks_for_is_a_field(reader):
    page = reader.get("/register")
    assert [field["name"] for field in page.select("main form input:not([type=hidden])")] == ["card", "phone"]

    reader.post("/register", card=FACTS["card"], phone=FACTS["phone"])
    assert reader.went_to == "/register/password"


# -- where an address has been confirmed -------------------------------------------------------------------


class TestByMail:
    @pytest.fixture
    def smtp(self, post_office):
        return post_office.smtp

    @pytest.fixture
    def deliver(self, app, post_office, policy, clock):
        return lambda: post_office.postman(policy, app.secret_key).deliver(clock())

    @pytest.fixture(autouse=True)
    def confirmed(self, sato, clock):
        MailAddress.update(confirmed_at=clock()).where(MailAddress.patron == sato).execute()

    def test_the_change_waits_for_the_link_which_a_look_does_not_use_up(
        self, reader, app, deliver, post_office
    ):
        reader.post("/register", **FACTS)
        assert reader.went_to == "/register/sent"
        page = reader.get("/register/sent")
        assert "s…@example.jp にメールをお送りしました。" in said(page) and "sato@" not in str(page)
        reader.get("/register/password", status=303)
        assert deliver() == 1 and post_office.recipients == ["sato@example.jp"]

        phone, link = Reader(app), post_office.link()
        for _ in range(2):
            assert "手順 2/2" in said(phone.get(link))
        assert not has_new_password()
        phone.post(link, **TWICE)

        assert phone.went_to == "/my" and has_new_password()
        deliver()
        assert post_office.letters[-1]["Subject"].startswith("パスワードを登録しました")
        page = Reader(app).get(link, status=404)
        assert "このページは、もう使えません。" in said(page)

    def test_a_second_link_kills_the_first_and_a_day_kills_each(
        self, reader, app, deliver, post_office, clock
    ):
        for _ in range(2):
            reader.post("/register", **FACTS)
            deliver()
        first, second = post_office.link(0), post_office.link(1)

        phone = Reader(app)
        phone.post(first, status=404, **TWICE)
        clock.forward(hours=24)
        phone.post(second, status=404, **TWICE)
        assert not has_new_password()

    def test_nobodys_mailbox_is_filled(self, reader, deliver, post_office, clock):
        for _ in range(5):
            reader.post("/register", **FACTS)
        reader.post("/register", status=429, **FACTS)

        deliver()
        assert len(post_office.letters) == 1, "and of five links the last is the only one that counts"

    def test_an_address_that_only_the_desk_wrote_down_is_told_afterwards(
        self, reader, sato, deliver, post_office
    ):
        MailAddress.update(confirmed_at=None).execute()
        reader.post("/register", **FACTS)
        assert reader.went_to == "/register/password"
        reader.post("/register/password", mail="hana@example.jp", for_contact="y", **TWICE)

        deliver()
        assert post_office.recipients == ["sato@example.jp", "hana@example.jp"]
        assert post_office.letters[1]["Subject"].startswith("パスワード登録の受付")
        assert Patron.get_by_id(sato).mail == "sato@example.jp", "until the link has been used"

    def test_a_made_up_link_opens_nothing(self, reader, sato):
        reader.post("/register", **FACTS)
        for token in ("1", "MQ.x", "a" * 2000, "%00", f"{Ticket.get().id}"):
            reader.get(f"/register/{token}", status=404)

    def test_a_link_for_an_address_sets_no_password(self, reader, deliver, post_office, sato):
        reader.log_in("sato").post("/my/contact", mail="hana@example.jp")
        deliver()
        token = post_office.link().removeprefix("/contact/")

        reader.get(f"/register/{token}", status=404)
        reader.post(f"/register/{token}", status=404, **TWICE)
        assert not has_new_password()


def test_nothing_of_a_proof_stands_in_the_outbox_without_a_server(reader):
    reader.post("/register", **FACTS)

    assert Outbox.select().count() == 0
