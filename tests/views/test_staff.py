"""The desk's login, who may enter where, and the record of what was done."""

import ast
import hashlib
import logging
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from playhouse.test_utils import count_queries

import audit
import circulation
import demo
import events
import staffing
from models import CartEntry, Event, Login, Meta, Staff, StaffLogin
from rules import CLOSED_HOLD_STATES, Channel
from tests.cast import PASSWORD
from tests.reader import Reader, said
from wording import messages

ROOT = Path(__file__).resolve().parent.parent.parent
RECORD = "/desk/admin/audit"


def rows(page) -> list[str]:
    return [" ".join(row.get_text(" ", strip=True).split()) for row in page.select("tbody tr")]


# -- logging in and out ------------------------------------------------------------------------------------


def test_ishida_logs_in_at_a_branch_and_the_page_says_who_works_where(town, reader):
    assert reader.get("/desk/login").select_one("option[selected]")["value"] == "main"

    reader.log_in_staff("ishida", branch="west")
    page = reader.get(RECORD, status=403)

    assert page.select_one(".at-desk").get_text(" ", strip=True) == "西分館 石田 さん"
    assert StaffLogin.get().branch == "west"


@pytest.mark.parametrize("typed", ["石田", " 石田 ", "　石田　", "石\u200b田"])
def test_a_name_is_understood_with_blanks_around_it(town, reader, typed):
    reader.log_in_staff("ishida", name=typed)

    assert reader.went_to == "/desk"


@pytest.mark.parametrize(
    ("name", "password"),
    [("石田", "違うパスワード"), ("吉田", PASSWORD), ("石田", PASSWORD + " "), ("%", "%"), ("1", PASSWORD)],
)
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(town, reader, name, password):
    page = reader.post("/desk/login", status=401, name=name, password=password, branch="main")

    assert page.select_one("[role=alert].problem").text.startswith("名前かパスワードが違います")
    assert page.select_one("#name")["value"] == name
    assert not page.select_one("#password").has_attr("value")
    assert StaffLogin.select().count() == 0


def test_an_empty_form_says_at_each_field_what_is_missing(town, reader):
    page = reader.post("/desk/login", status=422, name="", password="", branch="moon")

    assert [error.text for error in page.select(".field-error")] == [
        "職員の名前を入れてください。",
        "パスワードを入れてください。",
        "働く館を選んでください。",
    ]


def test_the_login_leads_to_where_one_was_going_and_nowhere_else(town, reader):
    reader.get(f"{RECORD}?who=patron", status=303)
    assert reader.went_to == f"/desk/login?next={RECORD}?who%3Dpatron"

    reader.log_in_staff("murakami", next=f"{RECORD}?who=patron")
    assert reader.went_to == f"{RECORD}?who=patron"
    for elsewhere in ("https://example.com/", "//example.com/", "/\\example.com", "/\t/example.com"):
        assert Reader(reader.app).log_in_staff("ishida", next=elsewhere).went_to == "/desk"
        reader.get("/desk/login?next=" + elsewhere, status=303)
        assert reader.went_to == "/desk"


def test_a_part_leads_the_page_to_the_login_and_a_form_comes_back_to_the_desk(town, reader):
    reader.get(RECORD, status=401, part=True)
    assert reader.response.headers["HX-Redirect"] == f"/desk/login?next={RECORD}"

    reader.post("/desk/logout")
    assert reader.went_to == "/desk/login?next=/desk"


def test_the_session_changes_at_login_and_ends_on_the_server_at_logout(town, reader):
    reader.get("/desk/login")
    before = reader.browser.get_cookie("shiori").value
    reader.log_in_staff("murakami")
    during = reader.browser.get_cookie("shiori").value
    reader.post("/desk/logout")

    assert "ログアウトしました" in said(reader.get(reader.went_to))
    assert before != during and StaffLogin.select().count() == 0
    reader.browser.set_cookie("shiori", during)
    reader.get(RECORD, status=303)


def test_the_browser_of_a_branch_offers_that_branch_again(town, reader):
    reader.log_in_staff("ishida", branch="west").log_out_staff()

    assert reader.get("/desk/login").select_one("option[selected]")["value"] == "west"


def test_a_login_ends_half_an_hour_after_the_last_page_and_after_half_a_day_at_the_latest(
    town, reader, clock
):
    reader.log_in_staff("murakami")
    for _ in range(20):
        clock.forward(minutes=29)
        reader.get(RECORD)

    clock.forward(minutes=31)
    reader.get(RECORD, status=303)

    reader.log_in_staff("murakami")
    for _ in range(26):
        clock.forward(minutes=28)
        last = reader.browser.get(RECORD).status_code
    assert last == 303, "twelve hours are over"


def test_a_closed_account_neither_logs_in_nor_goes_on(town, reader):
    reader.log_in_staff("murakami")

    staffing.close(town.staff["murakami"], town.today)

    reader.get(RECORD, status=303)
    assert StaffLogin.select().count() == 0
    page = reader.log_in_staff("murakami", status=401).get("/desk/login")
    assert page.h1.text == "職員のログイン"


def test_an_account_that_is_closed_in_the_table_alone_is_closed_all_the_same(town, reader):
    reader.log_in_staff("murakami")

    Staff.update(closed_on=town.today).execute()

    reader.get(RECORD, status=303)


def test_a_new_password_ends_the_logins_that_were_begun_with_the_old_one(town, reader):
    reader.log_in_staff("murakami")

    staffing.set_password(town.staff["murakami"], "あたらしい 2026")

    reader.get(RECORD, status=303)
    reader.log_in_staff("murakami", status=401)
    reader.log_in_staff("murakami", password="あたらしい 2026")


def test_a_login_at_a_branch_that_is_no_more_ends(town, reader):
    reader.log_in_staff("murakami")

    StaffLogin.update(branch="moon").execute()

    reader.get(RECORD, status=303)


# -- patrons and the staff ---------------------------------------------------------------------------------


def test_one_of_the_staff_is_no_patron(town, reader):
    reader.log_in_staff("murakami")

    reader.get("/my/loans", status=303)
    assert reader.went_to == "/login?next=/my/loans"
    assert reader.get("/login").h1.text == "ログイン", "and is not sent round in a circle"
    assert reader.get("/").select_one("header a[href='/desk']").text == "窓口へ戻る"


def test_a_patron_is_none_of_the_staff(town, reader):
    reader.log_in("sato")

    reader.get(RECORD, status=303)
    assert reader.get("/desk/login").h1.text == "職員のログイン"


def test_a_login_of_one_kind_ends_that_of_the_other(town, reader):
    kokoro = town.title("こころ")
    reader.log_in("sato").post("/cart/add", bib=kokoro)
    patrons = reader.browser.get_cookie("shiori").value

    reader.log_in_staff("ishida")

    assert (Login.select().count(), StaffLogin.select().count()) == (0, 1)
    assert not reader.get("/cart").select("ul.cart li"), "and nothing of hers is there any more"
    assert CartEntry.select().count() == 1, "what she put into her cart stays hers"
    desks = reader.browser.get_cookie("shiori").value

    reader.log_in("tanaka")

    assert (Login.select().count(), StaffLogin.select().count()) == (1, 0)
    for copied, address in ((patrons, "/my"), (desks, RECORD)):
        reader.browser.set_cookie("shiori", copied)
        reader.get(address, status=303)


def test_the_logout_of_patrons_ends_a_login_at_the_desk_too(town, reader):
    reader.log_in_staff("ishida").log_out()

    assert StaffLogin.select().count() == 0


def test_a_form_of_a_patron_that_lay_open_is_not_kept_for_the_next_one(town, reader):
    reader.log_in_staff("ishida").post("/my/contact", mail="private@example.jp")

    reader.log_in("tanaka", next="/my/contact")

    assert "private" not in str(reader.get("/my/contact"))


def test_a_clerk_is_told_that_the_record_is_for_administrators(town, reader):
    page = reader.log_in_staff("ishida").get(RECORD, status=403)

    assert page.h1.text == "この操作は、管理者の方だけができます"
    assert not page.select(f"a[href='{RECORD}']")
    assert reader.response.headers["Cache-Control"] == "no-store"
    reader.get(RECORD, status=403, part=True)


@pytest.mark.parametrize("name", ["ishida", "murakami"])
def test_a_clerk_and_an_administrator_lend_and_take_back(town, reader, name):
    reader.log_in_staff(name)

    for address in ("/desk", "/desk/return"):
        assert reader.get(address).select_one("nav [aria-current]")["href"] == address


def test_neither_password_nor_token_is_in_any_page_log_or_table(town, reader, caplog):
    caplog.set_level(logging.DEBUG)
    pages = [reader.post("/desk/login", status=401, name="石田", password=PASSWORD + "!", branch="main")]
    pages.append(reader.post("/desk/login", status=422, name="", password=PASSWORD, branch="main"))
    reader.log_in_staff("murakami")
    with reader.browser.session_transaction() as session:
        token = session["_user_id"]
    pages += [reader.get(address) for address in ("/", "/search?q=猫", RECORD)]

    told = caplog.text + "".join(map(str, pages))
    assert PASSWORD not in told and token not in told and token.removeprefix("desk:") not in told
    assert StaffLogin.get().token_hash == hashlib.sha256(token.encode()).hexdigest()


# -- the record --------------------------------------------------------------------------------------------


@pytest.fixture
def record(town, reader, clock):
    """Three things happen on two days: Sato's, Ishida's, and one by itself."""
    events.note("hold_placed", 1, Channel.WEB, events.PATRON, clock())
    events.note("loan_renewed", 2, Channel.DESK, str(town.staff["ishida"]), clock())
    clock.forward(days=1)
    events.note("deadline_moved", 3, events.JOBS, events.JOBS, clock())
    return reader.log_in_staff("murakami")


def test_the_record_says_who_did_what_and_when_the_newest_first(record):
    assert rows(record.get(RECORD)) == [
        "2026年4月16日(木) 12:00 取り置きの期限の移動(休館日のため) 自動 3",
        "2026年4月15日(水) 12:00 貸出期間の延長 石田 窓口 2",
        "2026年4月15日(水) 12:00 予約の申し込み 利用者 Web 1",
    ]


def test_the_record_is_shown_of_one_person_or_of_one_day(town, record):
    def numbers(asked: str) -> list[str]:
        return [row.split()[-1] for row in rows(record.get(RECORD + asked))]

    assert numbers(f"?who={town.staff['ishida']}") == ["2"]
    assert numbers("?who=patron&day=") == ["1"]
    assert numbers("?day=2026-04-15") == ["2", "1"]
    assert numbers("?day=2026-04-15&who=jobs") == []
    assert numbers("?day=9999-12-31") == numbers("?day=yesterday") == ["3", "2", "1"]
    page = record.get(f"{RECORD}?who=patron&day=2026-04-15")
    assert [option.text for option in page.select("option[selected]")] == ["利用者"]
    assert page.select_one("#day")["value"] == "2026-04-15"


def test_a_day_of_the_record_is_a_day_in_japan(town, reader, clock):
    clock.to(date(2026, 4, 16), hour=0)
    events.note("hold_placed", 1, Channel.WEB, events.PATRON, clock() - timedelta(minutes=1))
    events.note("hold_placed", 2, Channel.WEB, events.PATRON, clock())

    reader.log_in_staff("murakami")

    assert rows(reader.get(f"{RECORD}?day=2026-04-16")) == [
        "2026年4月16日(木) 0:00 予約の申し込み 利用者 Web 2"
    ]


def test_the_record_goes_on_naming_somebody_who_has_left(town, record):
    staffing.close(town.staff["ishida"], town.today)

    page = record.get(RECORD)

    assert "石田" in rows(page)[1]
    assert "石田(いまはいません)" in [option.text for option in page.select("option")]


def test_the_record_names_neither_a_title_nor_a_patron(town, reader, policy, clock):
    kokoro = town.title("ひみつの本")
    circulation.place_hold(policy, town.patrons["sato"], kokoro, "main", "mail", Channel.WEB, clock())

    page = str(reader.log_in_staff("murakami").get(RECORD))

    assert Event.select().count() == 1 and "予約の申し込み" in page
    assert "ひみつの本" not in page and "サトウ" not in page and "100000011" not in page


def test_the_number_of_a_patron_or_a_piece_is_not_shown(town, reader, clock):
    for kind in ("patron_changed", "card_renewed", "item_found"):
        events.note(kind, 777, Channel.DESK, str(town.staff["ishida"]), clock())

    assert "777" not in str(reader.log_in_staff("murakami").get(RECORD))


def test_of_a_long_record_the_last_are_shown_in_as_few_questions(town, reader, clock):
    reader.log_in_staff("murakami")
    asked = []
    for first in (1, 2):
        for number in range(first, audit.LONGEST * first):
            events.note("hold_placed", number, Channel.WEB, events.PATRON, clock())
        with count_queries() as counter:
            page = reader.get(RECORD)
        asked.append(counter.count)

    assert asked[0] == asked[1] <= 4
    assert len(rows(page)) == audit.LONGEST and "新しいものから200件" in said(page)


def test_every_kind_of_event_has_its_sentence():
    """The kinds are the first thing that is handed to ``note``, and to what hands it on."""
    kinds = set()
    for path in ROOT.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                handed_on = call.func.id in ("note", "_off_closed_days") and call.args
                if handed_on and isinstance(call.args[0], ast.Constant):
                    kinds.add(call.args[0].value)

    kinds |= {f"hold_{state}" for state in CLOSED_HOLD_STATES}
    assert len(kinds) > 7
    assert {kind for kind in kinds if f"event.{kind}" not in messages("ja")} == set()


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/desk", "貸出"),
        ("/desk/return", "返却"),
        ("/desk/shelf", "取り置き"),
        ("/desk/transfers", "取り置き"),
        ("/desk/patrons/new", "利用者"),
        ("/desk/labels", "資料"),
        ("/desk/calendar", "その他"),
        ("/desk/statistics", "その他"),
        ("/desk/admin/audit", "その他"),
    ],
)
def test_the_bar_says_to_which_place_a_page_belongs(reader, address, place):
    page = reader.log_in_staff("murakami").get(address)

    assert [here.text for here in page.select(".desk-places [aria-current]")] == [place]


# -- the demo ----------------------------------------------------------------------------------------------


def test_a_real_library_names_nobody_at_its_login(town, reader):
    assert not re.search(r"shiori2026|見本の職員", str(reader.get("/desk/login")))


def test_the_demo_says_with_which_names_one_can_log_in(town, reader):
    Meta.insert(key="demo_day", value=town.today.isoformat()).execute()

    page = reader.get("/desk/login")

    assert [name.text for name in page.select("section dt")] == list(demo.STAFF)
    assert demo.PASSWORD in page.text and "見本の職員" in page.text
