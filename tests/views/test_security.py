"""A patron's own logins, told apart and ended, and a new password for the old one."""

import sqlite3
from datetime import timedelta

import pytest

import accounts
import activation
from models import Activation, Login, Patron, db
from tests.cast import CARDS, PASSWORD
from tests.reader import Reader, said
from tests.records import kinds

CARD = CARDS["sato"][0]
NEW = "あたらしい ことば 2026"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari"
PC = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/150.0"


@pytest.fixture
def sato(town, reader):
    """The patron's browser at home."""
    return reader.log_in("sato")


def browser_of(app, name: str, user_agent: str = "") -> Reader:
    """Another browser in which somebody logs in."""
    elsewhere = Reader(app)
    if user_agent:
        elsewhere.browser.environ_base["HTTP_USER_AGENT"] = user_agent
    return elsewhere.log_in(name)


def rows(page) -> list[str]:
    """What is said of each login."""
    return [" ".join(row.get_text(" ", strip=True).split()) for row in page.select("ul.confirm > li")]


def change(browser: Reader, status: int = 303, **fields):
    browser.get("/my/security")
    form = {"old": PASSWORD, "password": NEW, "again": NEW, **fields}
    page = browser.post("/my/security", status=status, **form)
    browser.token = None
    return page


def has_new_password() -> bool:
    return accounts.authenticate(CARD, NEW) is not None


# -- the logins --------------------------------------------------------------------------------------------


def test_the_page_tells_the_own_logins_apart_and_which_one_is_this(app, town, clock):
    browser_of(app, "sato", IPHONE)
    browser_of(app, "tanaka", PC)
    clock.forward(minutes=10)
    here = browser_of(app, "sato", PC)

    page = here.get("/my/security")

    assert rows(page) == [
        "Windows このログイン 2026年4月15日(水) 12:10にログイン",
        "iPhone 2026年4月15日(水) 12:00にログイン 最後に使ったのは、2026年4月15日(水) 12:00ごろ 終わらせる",
    ]
    assert here.response.headers["Cache-Control"] == "no-store"
    assert here.get("/my").select_one('a[href="/my/security"]').text == "ログインとパスワード"


def test_who_has_one_login_reads_that_there_is_no_other(sato):
    page = sato.get("/my/security")

    assert len(rows(page)) == 1 and "ほかのログインはありません。" in said(page)
    assert not page.select('form[action^="/my/security/end"]')


@pytest.mark.parametrize(
    ("user_agent", "word"),
    [
        (IPHONE, "iphone"),
        ("Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X)", "ipad"),
        ("Mozilla/5.0 (Linux; Android 16; K) Chrome/140", "android"),
        (PC, "windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "mac"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)", "other"),
        ("<b>\x7f' OR 1=1", "other"),
    ],
)
def test_of_a_browser_one_word_is_kept_and_nothing_else(app, town, database, user_agent, word):
    browser_of(app, "sato", user_agent)

    [columns] = Login.select().dicts()
    assert columns.keys() == {"id", "token_hash", "patron", "started_at", "seen_at", "device"}
    assert columns["device"] == word
    content = b"".join(file.read_bytes() for file in database.parent.glob("shiori.db*"))
    assert user_agent.encode() not in content and b"127.0.0.1" not in content


def test_when_a_login_was_seen_is_noted_once_in_five_minutes_and_of_that_login_only(app, sato, clock):
    other = browser_of(app, "sato")
    for minutes, noted in ((4, None), (5, 5), (9, 5), (10, 10)):
        clock.to(clock().date())
        clock.forward(minutes=minutes)
        sato.get("/my")
        first, second = Login.select().order_by(Login.id)
        assert second.seen_at is None
        assert (first.seen_at and (first.seen_at - first.started_at).seconds // 60) == noted
    assert "最後に使ったのは、2026年4月15日(水) 12:10ごろ" in said(other.get("/my/security"))


def test_a_page_is_read_while_somebody_else_writes_and_the_next_one_notes_it(sato, clock, database):
    clock.forward(minutes=6)
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    sato.get("/my")
    assert Login.get().seen_at is None
    assert db.execute_sql("PRAGMA busy_timeout").fetchone() == (5000,)

    writer.rollback()
    writer.close()
    sato.get("/my")

    assert Login.get().seen_at == clock()


def test_a_login_that_is_over_is_not_listed_and_one_that_may_last_is(app, sato, clock):
    browser_of(app, "sato", IPHONE)
    for minutes, listed in ((20, True), (15, True), (1, False)):
        clock.forward(minutes=minutes)
        assert any("iPhone" in row for row in rows(sato.get("/my/security"))) is listed


def test_a_login_is_not_listed_after_twelve_hours_though_it_was_in_use(app, sato, clock):
    browser_of(app, "sato", IPHONE)
    Login.update(started_at=clock() - timedelta(hours=12), seen_at=clock()).where(
        Login.device == "iphone"
    ).execute()
    assert len(rows(sato.get("/my/security"))) == 2

    clock.forward(minutes=1)

    assert len(rows(sato.get("/my/security"))) == 1


def test_one_of_the_others_is_ended_and_no_further(app, sato):
    phone, pc = browser_of(app, "sato", IPHONE), browser_of(app, "sato", PC)
    row = next(
        row for row in sato.get("/my/security").select("ul.confirm > li") if "iPhone" in row.get_text()
    )

    sato.post("/my/security/end", login=row.select_one('[name="login"]')["value"])

    page = sato.get(sato.went_to)
    assert page.select_one("[role=status]").text == "ログインを終わらせました。"
    assert sato.get("/my/security").select_one("[role=status]") is None
    phone.get("/my", status=303)
    pc.get("/my")
    assert Login.select().count() == 2


def test_all_the_others_are_ended_at_once_and_again_changes_nothing(app, sato):
    elsewhere = [browser_of(app, "sato", IPHONE), browser_of(app, "sato", PC)]
    tanaka = browser_of(app, "tanaka")

    for _ in range(2):
        sato.post("/my/security/end-others")
        assert "ほかのログインをすべて終わらせました。" in said(sato.get(sato.went_to))

    for browser in elsewhere:
        browser.get("/my", status=303)
    tanaka.get("/my")
    assert Login.select().count() == 2


def test_the_login_of_another_and_one_that_is_not_there_are_not_found(app, sato, town):
    tanaka = browser_of(app, "tanaka")
    of_tanaka = Login.get(Login.patron == town.patrons["tanaka"]).id

    for number in (of_tanaka, 99999, "", "x", "１", "-1", "0", "1 OR 1=1", "\0", "9" * 400):
        sato.post("/my/security/end", status=404, login=number)

    sato.post("/my/security/end", status=404)
    tanaka.get("/my")
    assert Login.select().count() == 2


def test_a_stranger_and_the_desk_are_sent_to_the_login_and_end_nothing(app, sato, town):
    clerk = Reader(app).log_in_staff("ishida")
    for browser in (Reader(app), clerk):
        browser.get("/my/security", status=303)
        browser.post("/cart/add", bib=town.title("こころ"))
        for address in ("/my/security", "/my/security/end", "/my/security/end-others"):
            browser.post(address, login=Login.get().id, old=PASSWORD, password=NEW, again=NEW)
            assert browser.went_to == "/login?next=/my/security"

    sato.get("/my")
    assert not has_new_password() and kinds() == []


# -- the password ------------------------------------------------------------------------------------------


def test_a_new_password_ends_the_other_logins_and_this_one_goes_on_under_a_new_session(app, sato, town):
    elsewhere, tanaka = browser_of(app, "sato", IPHONE), browser_of(app, "tanaka")
    before = sato.browser.get_cookie("shiori").value

    change(sato)

    assert sato.went_to == "/my/security"
    page = sato.get(sato.went_to)
    assert page.select_one("[role=status]").text.startswith("パスワードを変えました。")
    assert has_new_password() and accounts.authenticate(CARD, PASSWORD) is None
    elsewhere.get("/my", status=303)
    tanaka.get("/my")
    copy = Reader(app)
    copy.browser.set_cookie("shiori", before)
    copy.get("/my", status=303)
    assert kinds() == ["password_set"] and Login.select().count() == 2
    assert accounts.authenticate(CARDS["tanaka"][0], PASSWORD)


def test_the_cart_and_a_code_from_the_desk_survive_a_new_password(sato, town, policy, clock):
    activation.give_code(policy, town.patrons["sato"], clock(), "1")
    sato.post("/cart/add", bib=town.title("こころ"))

    change(sato)

    assert "こころ" in said(sato.get("/cart")) and Activation.select().count() == 1


def test_at_a_login_that_was_left_open_nobody_guesses_the_password_for_long(sato, clock):
    for _ in range(5):
        change(sato, status=401, old="違うパスワード")

    page = change(sato, status=429, old=PASSWORD)
    assert "少しお待ちいただいています" in page.select_one(".problem").text
    assert int(sato.response.headers["Retry-After"]) > 0

    clock.forward(minutes=1)
    change(sato, status=303, old=PASSWORD)


def test_a_wrong_old_password_is_said_at_its_field_and_changes_nothing(app, sato):
    elsewhere = browser_of(app, "sato")

    page = change(sato, status=401, old="違うパスワード")

    assert page.select_one("#old-error").text == "いまのパスワードが違います。もう一度お確かめください。"
    assert [one["id"] for one in page.select("[autofocus]")] == ["old"]
    assert len(page.select(".field-error")) == 1 and len(rows(page)) == 2
    elsewhere.get("/my")
    assert not has_new_password() and kinds() == []


@pytest.mark.parametrize(
    ("filled", "field", "sentence"),
    [
        ({"old": ""}, "old", "パスワードを入れてください。"),
        ({"old": "a" * 201}, "old", "パスワードが長すぎます。"),
        ({"password": "", "again": ""}, "password", "パスワードを入れてください。"),
        ({"password": "1234567", "again": "1234567"}, "password", "8文字以上にしてください。"),
        ({"password": "12345678\0", "again": "12345678\0"}, "password", "使えない文字"),
        ({"password": "a" * 201, "again": "a" * 201}, "password", "パスワードが長すぎます。"),
        ({"password": PASSWORD, "again": PASSWORD}, "password", "いまのパスワードと同じです。"),
        ({"password": CARD, "again": CARD}, "password", "利用券の番号は、"),
        ({"password": "1985年04月05日", "again": "1985年04月05日"}, "password", "生年月日は、"),
        ({"password": "０９０-0000-0011", "again": "０９０-0000-0011"}, "password", "電話番号は、"),
        ({"again": ""}, "again", "もう一度入れてください。"),
        ({"again": NEW + " "}, "again", "2つのパスワードが違います。"),
    ],
)
def test_what_cannot_be_a_new_password_is_said_at_its_field(town, sato, filled, field, sentence):
    Patron.update(born_on="1985-04-05", phone="09000000011").execute()

    page = change(sato, status=422, **filled)

    assert page.select_one(".field-error")["id"] == f"{field}-error"
    assert len(page.select(".field-error")) == (2 if filled.get("password") == "" else 1)
    assert sentence in page.select_one(f"#{field}-error").text
    assert [one["id"] for one in page.select("[autofocus]")] == [field]
    assert not [one for one in page.select("[type=password]") if one.has_attr("value")]
    assert accounts.authenticate(CARD, PASSWORD) and kinds() == []


def test_a_password_that_was_changed_meanwhile_is_the_old_one_no_longer(policy, town, clock, monkeypatch):
    """Between the slow check and the transaction somebody else may have set another."""
    hash_of_secret = accounts.hash_of_secret

    def meanwhile(secret):
        Patron.update(password_hash="another").where(Patron.id == town.patrons["sato"]).execute()
        return hash_of_secret(secret)

    monkeypatch.setattr(accounts, "hash_of_secret", meanwhile)

    assert activation.change_password(policy, town.patrons["sato"], PASSWORD, NEW, clock()) is None
    assert not has_new_password() and kinds() == []


def test_a_password_that_comes_after_the_login_ended_is_not_kept_in_the_cookie(sato, clock):
    sato.get("/my/security")
    clock.forward(minutes=31)

    sato.post("/my/security", old=PASSWORD, password=NEW, again=NEW)

    assert sato.went_to == "/login?next=/my/security"
    with sato.browser.session_transaction() as session:
        assert "kept" not in session
    assert not has_new_password()


def test_the_form_helps_a_keeper_of_passwords_and_says_what_is_asked_for(sato):
    page = sato.get("/my/security")

    kept = {one["name"]: one["autocomplete"] for one in page.select("main input[autocomplete]")}
    assert kept == {
        "username": "username",
        "old": "current-password",
        "password": "new-password",
        "again": "new-password",
    }
    assert "8文字以上" in page.select_one("#password-hint").text
    assert "電話番号は使えません" in page.select_one("#password-hint").text


# -- with the code from the desk ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "sentence"),
    [(CARD, "利用券の番号は、"), ("19850405", "生年月日は、"), ("090-0000-0011", "電話番号は、")],
)
def test_a_number_of_ones_own_is_refused_with_a_code_too_and_the_code_stays_good(
    town, reader, policy, clock, password, sentence
):
    Patron.update(born_on="1985-04-05", phone="09000000011").where(Patron.card_number == CARD).execute()
    code = activation.give_code(policy, town.patrons["sato"], clock(), "1").code
    form = {"card": CARD, "code": code}

    page = reader.post("/register/code", status=422, password=password, again=password, **form)

    assert page.select_one("#password-error").text.startswith(sentence)
    assert accounts.authenticate(CARD, PASSWORD) and "password_set" not in kinds()
    reader.post("/register/code", password=NEW, again=NEW, **form)
    assert has_new_password()


def test_whose_number_it_is_is_not_told_to_who_has_no_code(town, reader):
    page = reader.post("/register/code", status=401, card=CARD, code="ABCDEFGH23", password=CARD, again=CARD)

    assert page.select(".field-error") == []
