"""A code from the desk, and the password that a patron sets with it: once, in time, and nobody else."""

import logging
import re
import threading
from datetime import date, datetime, timedelta

import pytest
from playhouse.test_utils import count_queries

import accounts
import activation
import patrons
from circulation import NotThere
from models import Activation, Event, Login, Patron, db
from rules import CODE_CHARACTERS, JAPAN
from tests.cast import CARDS, PASSWORD
from tests.reader import Reader, said
from tests.records import kinds

CLERK = "1"
CARD = CARDS["sato"][0]
NEW = "あたらしい ことば 2026"
WRONG = "利用券の番号と、窓口で受け取った番号の組み合わせを確かめられませんでした。"


@pytest.fixture
def web(app, town):
    """The browser of somebody at home."""
    return Reader(app)


@pytest.fixture
def sato(town):
    return f"/desk/patrons/{town.patrons['sato']}"


@pytest.fixture
def give(town, policy, clock):
    """The verb of the desk; gives the code."""

    def give(name="sato"):
        return activation.give_code(policy, town.patrons[name], clock(), CLERK).code

    return give


def register(browser: Reader, code: str, status: int = 303, **fields):
    """The form as somebody fills it in."""
    form = {"card": CARD, "code": code, "password": NEW, "again": NEW, **fields}
    browser.get("/register/code")
    page = browser.post("/register/code", status=status, **form)
    browser.token = None
    return page


def has_new_password(name="sato") -> bool:
    return accounts.authenticate(CARDS[name][0], NEW) is not None


# -- the slip ----------------------------------------------------------------------------------------------


def test_the_slip_shows_the_code_its_last_day_and_the_way_but_no_name(town, desk, sato):
    page = desk.get(sato)
    assert page.select_one(f'form[action="{sato}/code"] button').text == "パスワード登録の番号を出す"

    desk.post(f"{sato}/code")
    assert desk.went_to == f"{sato}/code"
    page = desk.get(desk.went_to)

    code = page.select_one(".code").text
    assert re.fullmatch(f"[{CODE_CHARACTERS}]{{5}}-[{CODE_CHARACTERS}]{{5}}", code)
    assert "しおり町立図書館" in said(page) and "2026年4月29日(水)まで使えます" in said(page)
    assert "/register/code を開きます。" in said(page) and len(page.select("ol.steps li")) == 3
    assert "末尾 0011" in said(page)
    assert "サトウ" not in str(page) and CARD not in str(page)
    assert desk.response.headers["Cache-Control"] == "no-store"
    assert list(Event.select(Event.kind, Event.channel, Event.actor, Event.number).tuples()) == [
        ("patron_code_given", "desk", str(town.staff["ishida"]), 0)
    ]


def test_the_code_is_shown_once_and_then_only_that_it_is_out(desk, sato):
    desk.post(f"{sato}/code")
    code = desk.get(f"{sato}/code").select_one(".code").text

    for page in (desk.get(f"{sato}/code"), desk.get(sato)):
        assert code not in str(page) and page.select_one(".code") is None
        assert "番号を出してあります。2026年4月29日(水)まで使えます。" in said(page)


def test_the_slip_of_one_patron_is_not_shown_under_another(town, desk, sato, give):
    give("tanaka")
    desk.post(f"{sato}/code")

    page = desk.get(f"/desk/patrons/{town.patrons['tanaka']}/code")

    assert page.select_one(".code") is None and "番号を出してあります。" in said(page)


def test_where_no_code_is_out_the_page_says_so_and_whether_there_is_a_password(town, desk, sato):
    assert "使える番号はありません。" in said(desk.get(f"{sato}/code"))
    assert "登録されています。" in said(desk.get(sato))
    Patron.update(password_hash=None).where(Patron.id == town.patrons["sato"]).execute()
    assert "まだ登録されていません。" in said(desk.get(sato))


def test_the_code_stands_nowhere_in_the_database_and_in_no_log(database, desk, web, sato, caplog):
    caplog.set_level(logging.DEBUG)
    desk.post(f"{sato}/code")
    code = desk.get(f"{sato}/code").select_one(".code").text
    register(web, code)

    content = b"".join(file.read_bytes() for file in database.parent.glob("shiori.db*"))
    for secret in (code, code.replace("-", ""), NEW):
        assert secret.encode() not in content and secret not in caplog.text
    assert b"patron_code_given" in content, "the file that was read is the right one"


def test_what_is_kept_of_a_code_is_a_slow_hash_and_its_end(give):
    code = give()

    [kept] = Activation.select()
    assert kept.code_hash.startswith("scrypt:") and accounts.is_right(kept.code_hash, code)
    assert kept.expires_at == datetime(2026, 4, 30, tzinfo=JAPAN)


def test_two_codes_are_never_alike(give):
    assert give() != give("tanaka") != give()


def test_a_card_that_may_not_log_in_gets_no_code_and_the_page_says_why(town, desk):
    hara = f"/desk/patrons/{town.patrons['hara']}"
    assert desk.get(hara).select_one(f'form[action="{hara}/code"]') is None

    page = desk.post(f"{hara}/code", status=409)

    assert "図書館で利用券の更新をお願いします" in page.select_one("main [role=alert]").text
    assert Activation.select().count() == 0 and kinds() == []


def test_only_the_desk_gives_codes_and_only_to_who_is_there(town, reader, sato, policy, clock):
    for who in (None, "sato"):
        if who:
            reader.log_in(who)
        reader.post(f"{sato}/code")
        assert reader.went_to.startswith("/desk/login")
        reader.get(f"{sato}/code", status=303)
    reader.log_in_staff("ishida")
    reader.post("/desk/patrons/9999/code", status=404)
    reader.get("/desk/patrons/9999/code", status=404)
    with pytest.raises(NotThere):
        activation.give_code(policy, 9999, clock(), CLERK)
    assert Activation.select().count() == 0 and kinds() == []


# -- the password ------------------------------------------------------------------------------------------


def test_a_patron_without_a_password_sets_one_and_is_logged_in(town, web, give):
    Patron.update(password_hash=None).where(Patron.id == town.patrons["sato"]).execute()
    link = web.get("/login").select_one('main a[href="/register"]')
    assert link.text == "パスワード登録"

    register(web, give())

    assert web.went_to == "/my"
    page = web.get("/my")
    assert page.select_one("main [role=status]").text.startswith("パスワードを登録しました。")
    assert web.get("/my").select_one("main [role=status]") is None
    assert has_new_password() and Activation.select().count() == 0
    assert Login.get().patron_id == town.patrons["sato"]
    assert kinds() == ["patron_code_given", "password_set"]
    last = Event.select().order_by(Event.id.desc()).first()
    assert (last.channel, last.actor, last.number) == ("web", "patron", 0)
    web.log_out()
    assert web.log_in("sato", password=NEW).went_to == "/my"


def test_a_forgotten_password_is_replaced_and_every_old_login_ends(web, app, give):
    elsewhere, other = Reader(app).log_in("sato"), Reader(app).log_in("tanaka")
    before = web.get("/register/code") and web.browser.get_cookie("shiori").value

    register(web, give())

    assert web.browser.get_cookie("shiori").value != before
    elsewhere.get("/my", status=303)
    other.get("/my")
    assert accounts.authenticate(CARD, PASSWORD) is None and has_new_password()
    assert Login.select().count() == 2


WIDE = {ord(character): ord(character) + 0xFEE0 for character in CODE_CHARACTERS}


@pytest.mark.parametrize(
    ("typed", "letters"),
    [
        ("{}-{}", str.lower),
        (" {} {} ", str),
        ("{}ー\u3000{}", lambda code: code.translate(WIDE)),
        ("{}\0{}", str),
    ],
)
def test_a_code_is_understood_however_it_is_typed(web, give, typed, letters):
    code = letters(give())

    register(web, typed.format(code[:5], code[5:]), card="１００-０００ ０１１")

    assert has_new_password()


def test_the_cart_of_this_browser_becomes_the_patrons(town, web, give):
    kokoro = town.title("こころ")
    web.post("/cart/add", bib=kokoro)

    register(web, give())

    assert "こころ" in said(web.get("/cart"))


@pytest.mark.parametrize("name", ["ito", "mori"])
def test_an_expired_and_a_blue_card_set_a_password_too(web, give, name):
    register(web, give(name), card=CARDS[name][0])

    assert web.went_to == "/my" and has_new_password(name)


def test_somebody_whom_the_desk_stops_sets_a_password_too(town, web, give, clock):
    patrons.stop(town.patrons["sato"], "弁償のため", None, clock(), CLERK)

    register(web, give())

    assert web.went_to == "/my"


# -- what does not fit -------------------------------------------------------------------------------------


def refused_alike(browser, code, **fields) -> None:
    """One sentence for whatever does not fit, and nothing has changed."""
    before = list(Activation.select(Activation.patron, Activation.code_hash).tuples())
    page = register(browser, code, status=401, **fields)
    [problem] = page.select("main [role=alert]")
    assert problem.text.startswith(WRONG) and page.select(".field-error") == []
    assert page.select_one("#card")["value"] == fields.get("card", CARD)
    assert not page.select_one("#password").has_attr("value")
    assert not page.select_one("#again").has_attr("value")
    assert list(Activation.select(Activation.patron, Activation.code_hash).tuples()) == before
    assert not has_new_password() and not has_new_password("tanaka") and "password_set" not in kinds()
    assert Login.select().count() == 0


def test_a_wrong_card_a_wrong_code_and_no_code_at_all_are_answered_alike(web, give, clock):
    for code in ("ABCDEFGH23", "x", "%", "' OR 1=1 --", "０"):
        refused_alike(web, code)
    clock.forward(minutes=15)  # whoever tries that often waits
    right = give()
    refused_alike(web, right, card="999999999")
    refused_alike(web, right, card="%")
    for code in (right[:-1], right + "A", PASSWORD):
        refused_alike(web, code)
        clock.forward(minutes=15)
    register(web, right)


def test_the_code_of_another_patron_opens_nothing(web, give):
    give()
    of_tanaka = give("tanaka")

    refused_alike(web, of_tanaka)
    register(web, of_tanaka, card=CARDS["tanaka"][0])

    assert has_new_password("tanaka") and not has_new_password()


def test_a_code_works_once(web, app, give):
    code = give()
    register(web, code)

    page = register(Reader(app), code, status=401, password="もういちど ことば", again="もういちど ことば")

    assert page.select_one("main [role=alert]").text.startswith(WRONG)
    assert has_new_password() and kinds().count("password_set") == 1


def test_a_second_code_kills_the_first(web, give):
    first, second = give(), give()

    refused_alike(web, first)
    register(web, second)

    assert has_new_password()


def test_a_code_works_to_the_end_of_its_last_day_and_not_a_moment_longer(web, give, clock):
    code = give()
    clock.now = datetime(2026, 4, 30, tzinfo=JAPAN)
    refused_alike(web, code)

    clock.now -= timedelta(microseconds=1)
    register(web, code)

    assert has_new_password()


def test_a_code_that_is_over_is_forgotten_when_the_next_is_given(town, desk, give, sato, clock):
    give()
    clock.to(date(2026, 4, 30), hour=0)
    desk.log_in_staff("ishida")
    assert "番号を出してあります。" not in said(desk.get(sato))

    give("tanaka")

    assert [row.patron_id for row in Activation.select()] == [town.patrons["tanaka"]]


def test_a_lost_card_takes_its_number_along_but_not_the_code(town, web, give, policy, clock):
    code = give()
    patrons.replace_card(policy, town.patrons["sato"], "100000099", clock(), CLERK)

    refused_alike(web, code)
    register(web, code, card="100000099")

    assert accounts.authenticate("100000099", NEW)


def test_a_barred_card_is_told_so_whatever_the_code(web, give):
    code = give()
    for typed in (code, "ABCDEFGH23"):
        page = register(web, typed, status=409, card=CARDS["hara"][0])
        assert "図書館で利用券の更新をお願いします" in page.select_one("main [role=alert]").text
    assert not has_new_password("hara")


def test_every_wrong_answer_has_checked_one_hash(town, give, policy, clock, monkeypatch):
    """The time of one scrypt is all that can be measured from outside, so each answer takes just that."""
    code, checked = give(), []
    real = accounts.check_password_hash
    monkeypatch.setattr(accounts, "check_password_hash", lambda *asked: checked.append(1) or real(*asked))
    after = clock() + timedelta(days=20)

    for number, typed, now in (
        ("999999999", code, clock()),
        (CARDS["tanaka"][0], code, clock()),
        (CARD, "ABCDEFGH23", clock()),
        (CARD, code, after),
    ):
        checked.clear()
        assert activation.set_password(policy, number, typed, NEW, now) is None
        assert len(checked) == 1


@pytest.mark.parametrize(
    ("filled", "field", "sentence"),
    [
        ({"card": " "}, "card", "利用券の番号を入れてください。"),
        ({"code": "\0"}, "code", "窓口で受け取った番号を入れてください。"),
        ({"code": "A" * 41}, "code", "窓口で受け取った番号を入れてください。"),
        ({"password": "", "again": ""}, "password", "パスワードを入れてください。"),
        ({"password": "1234567", "again": "1234567"}, "password", "パスワードは8文字以上にしてください。"),
        ({"password": " 123456 ", "again": " 123456 "}, "password", "パスワードは8文字以上にしてください。"),
        ({"password": "12345678\0", "again": "12345678\0"}, "password", "使えない文字"),
        ({"password": "a" * 201, "again": "a" * 201}, "password", "パスワードが長すぎます。"),
        ({"again": ""}, "again", "もう一度入れてください。"),
        ({"again": NEW + " "}, "again", "2つのパスワードが違います。"),
    ],
)
def test_what_cannot_be_understood_is_said_at_its_field_and_uses_nothing_up(
    web, give, filled, field, sentence
):
    page = register(web, status=422, **{"code": give(), **filled})

    assert page.select_one(".field-error")["id"] == f"{field}-error"
    assert sentence in page.select_one(f"#{field}-error").text
    assert [one["id"] for one in page.select("[autofocus]")] == [field]
    assert not page.select_one("#password").has_attr("value")
    assert NEW not in str(page)
    assert Activation.select().count() == 1 and "password_set" not in kinds()


def test_every_reason_against_a_password_is_said_at_once(web, give):
    page = register(web, give(), status=422, password="1\0", again="2")

    assert [(error["id"], error.text) for error in page.select(".field-error")] == [
        (
            "password-error",
            "パスワードは8文字以上にしてください。パスワードに使えない文字が入っています。",
        ),
        ("again-error", "2つのパスワードが違います。同じものを入れてください。"),
    ]


@pytest.mark.parametrize(
    "password", ["%' OR ''=' \"; --", "ひまわり　の　おか", "  k2m9 x7q4  ", "🌻🍀🌸🌼🌷🌹🌺💐"]
)
def test_a_password_is_kept_as_it_was_typed(web, give, password):
    register(web, give(), password=password, again=password)

    assert accounts.authenticate(CARD, password) and not accounts.authenticate(CARD, password + " ")


def test_the_form_helps_a_keeper_of_passwords_and_says_what_is_asked_for(web):
    page = web.get("/register/code")

    assert page.select_one("#card")["autocomplete"] == "username" and page.select_one("#card[autofocus]")
    for name in ("password", "again"):
        field = page.select_one(f"#{name}")
        assert field["autocomplete"] == "new-password" and not field.has_attr("maxlength")
    assert "8文字以上" in page.select_one("#password-hint").text


def test_a_form_that_was_made_elsewhere_sets_nothing(app, give):
    answer = app.test_client().post(
        "/register/code", data={"card": CARD, "code": give(), "password": NEW, "again": NEW}
    )

    assert answer.status_code == 400 and not has_new_password()


# -- at once, and gone -------------------------------------------------------------------------------------


def test_of_two_who_come_with_one_code_at_once_one_sets_the_password(app, web, give):
    for _ in range(5):
        browsers, code, together, statuses = [Reader(app), Reader(app)], give(), threading.Barrier(2), []
        for browser in browsers:
            browser.get("/register/code")

        def come(browser, word, code=code, together=together, statuses=statuses):
            form = {"csrf_token": browser.token, "card": CARD, "code": code, "password": word, "again": word}
            together.wait()
            statuses.append((browser.browser.post("/register/code", data=form).status_code, word))
            db.close()

        threads = [
            threading.Thread(target=come, args=(browser, word))
            for browser, word in zip(browsers, ("ひとりめの ことば", "ふたりめの ことば"), strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(status for status, _ in statuses) == [303, 401]
        [winner] = [word for status, word in statuses if status == 303]
        assert accounts.authenticate(CARD, winner)
    assert kinds().count("password_set") == 5


def test_a_code_goes_with_its_patron(policy, town, web, give, clock):
    code = give()

    patrons.delete(policy, town.patrons["sato"], clock(), CLERK)

    assert Activation.select().count() == 0
    register(web, code, status=401)


def test_the_pages_ask_the_database_a_few_things(town, desk, sato, web):
    desk.post(f"{sato}/code")
    for browser, address in ((desk, sato), (desk, f"{sato}/code"), (web, "/register/code")):
        with count_queries() as counter:
            browser.get(address)
        assert counter.count <= 10


def test_the_record_says_that_a_code_was_given_and_a_password_set(desk, web, sato, reader):
    desk.post(f"{sato}/code")
    register(web, desk.get(f"{sato}/code").select_one(".code").text)
    desk.log_out_staff()

    page = reader.log_in_staff("murakami").get("/desk/admin/audit")

    rows = [[cell.text for cell in row.select("th, td")][1:] for row in page.select("tbody tr")]
    assert rows == [
        ["パスワードの登録", "利用者", "Web", "", ""],
        ["パスワード登録の番号の発行", "石田", "窓口", "", ""],
    ]
