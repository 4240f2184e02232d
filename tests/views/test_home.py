"""The first page, the calendar, the rules, and what belongs to the site itself."""

import sqlite3
from datetime import date, timedelta

import pytest

import models
import resources
from app import create_app
from models import CalendarEntry, Notice
from policy_file import read_policy
from settings import Settings
from tests.reader import Reader


def test_the_first_page_says_whether_it_is_open_today(town, reader, clock):
    page = reader.get("/")
    assert "きょう 2026年4月15日(水)" in page.text and "10:00–18:00" in page.text

    clock.to(date(2026, 4, 20))

    assert [place.get_text(strip=True) for place in reader.get("/").select(".hours .closed")] == ["休館"] * 3


def test_a_closure_says_why_and_where(town, reader):
    CalendarEntry.insert(day=date(2026, 4, 23), kind="closed", label="停電", branch="east").execute()
    CalendarEntry.insert(day=date(2026, 4, 20), kind="open", label="読書週間").execute()
    CalendarEntry.insert(day=date(2026, 4, 25), kind="event", label="おはなし会", branch="west").execute()

    rows = [" ".join(row.text.split()) for row in reader.get("/calendar").select("ul.facts li")]

    assert "4/23(木) 停電のため休館(東分館)" in rows
    assert "4/20(月) 読書週間のため開館" in rows and "4/25(土) おはなし会(西分館)" in rows


def test_two_months_show_closed_days_events_and_ones_own_due_dates(town, reader):
    CalendarEntry.insert(day=date(2026, 4, 18), kind="event", label="おはなし会").execute()
    CalendarEntry.insert(day=date(2026, 4, 20), kind="open", label="特別開館").execute()
    CalendarEntry.insert(day=date(2026, 5, 1), kind="closed", branch="east").execute()
    town.lend(town.title("本"), "sato", due_in=7)

    page = reader.log_in("sato").get("/calendar")

    april, may = page.select("table.month")
    assert "2026年4月" in april.caption.text and "2026年5月" in may.caption.text
    day = {cell.select_one(".n").text: cell for cell in april.select("td:has(.n)")}
    assert "休" in day["13"].text and "休" not in day["20"].text
    assert "催" in day["18"].text and "返" in day["22"].text
    assert (
        "一部休" in next(cell for cell in may.select("td:has(.n)") if cell.select_one(".n").text == "1").text
    )
    assert "東分館は休館" in page.text and "おはなし会" in page.text


@pytest.mark.parametrize(
    "month", ["2026-13", "x", "", "99999-01", "0000-01", "0001-01", "9999-12", "2026-04-01"]
)
def test_a_month_that_is_none_is_this_one(reader, month):
    page = reader.get(f"/calendar?month={month}")

    assert "2026年4月" in page.select_one("table.month caption").text


def test_notices_show_between_their_days(town, reader):
    for title, from_on, until_on in (("今", -1, 1), ("過ぎた", -9, -1), ("まだ", 1, 9)):
        Notice.insert(
            title=title,
            body="…",
            from_on=town.today + timedelta(days=from_on),
            until_on=town.today + timedelta(days=until_on),
        ).execute()

    assert [notice.text for notice in reader.get("/").select("summary")] == ["今"]


def test_what_needs_attention_is_said_above_everything_and_only_when_it_does(town, reader):
    assert not reader.log_in("sato").get("/").select(".attention")
    town.ready(town.title("届いた本"), "sato")
    town.lend(town.title("あす返す本"), "sato", due_in=1)
    town.lend(town.title("おくれた本"), "sato", due_in=-2)

    said = [line.get_text(strip=True) for line in reader.get("/").select(".attention li")]

    assert said == [
        "受け取れる予約の資料があります。本館で 2026年4月21日(火) まで",
        "返却期限を過ぎた資料が 1点 あります",
        "返却期限の近い資料が 1点 あります。いちばん早いものは 4/16(木) です",
    ]


@pytest.mark.parametrize(
    ("source", "sentences"),
    [
        (
            "source-1",
            [
                "図書は、5点まで",
                "雑誌は、2点まで",
                "返却期限日から2週間、延ばせます。",
                "貸出更新は、1点につき1回までです。",
                "ご用意ができたことをお知らせしてから1週間、取り置きます。",
                "町内在住の方は、予約できます。",
                "広域利用者(青色のカード)の方は、予約できません。",
                "団体貸出用資料(大型絵本・大型紙芝居)",
            ],
        ),
        (
            "source-2",
            [
                "図書は、手続きをした日から数えて、その日を含めて15日間借りられます。",
                "雑誌、視聴覚資料は、手続きをした日から数えて、その日を含めて8日間借りられます。",
                "ほかの図書館から取り寄せた資料は、延長できません。",
                "返却期限を1日以上過ぎた資料が1点でもあると、貸出延長はご利用いただけません。",
            ],
        ),
    ],
)
def test_the_rules_are_read_from_the_policy_that_is_in_force(reader, sentences):
    said = reader.get("/rules").text

    for sentence in sentences:
        assert sentence in said


def test_the_rules_say_until_when_what_is_borrowed_today(reader):
    table = reader.get("/rules").table

    until = [row.select("td")[1].text for row in table.select("tbody tr")]
    assert until == ["4/29(水)まで", "4/29(水)まで", "4/22(水)まで", "4/29(水)まで"]


def test_every_answer_carries_the_headers_that_keep_others_out(reader):
    reader.get("/")

    headers = reader.response.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "object-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    cookie = reader.app.test_client().get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    by_tls = reader.app.test_client().get("/login", base_url="https://localhost")
    assert "Secure" in by_tls.headers["Set-Cookie"]


def test_a_static_file_is_kept_for_ever_under_its_fingerprint_and_nothing_else_is_served(reader):
    address = reader.get("/").select_one("link[rel=stylesheet]")["href"]

    answer = reader.browser.get(address)

    assert "immutable" in answer.headers["Cache-Control"] and answer.mimetype == "text/css"
    assert reader.browser.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    for outside in ("../app.py", "..%2Fapp.py", "", "nothing.css", "/etc/passwd", "a\\..\\b"):
        assert reader.browser.get(f"/static/{outside}").status_code in (404, 308)


def test_a_crash_shows_a_number_and_nothing_of_its_inside(reader, caplog):
    reader.app.view_functions["home.index"] = lambda: 1 / 0

    page = reader.get("/", status=500)

    number = page.select_one("#error").text.split("受付番号 ")[1].split()[0]
    assert number in caplog.text and "ZeroDivisionError" in caplog.text
    assert "ZeroDivision" not in page.text


def test_a_database_that_is_being_written_to_for_long_says_to_try_again_and_changes_nothing(
    town, reader, database
):
    kokoro = town.title("こころ")
    reader.log_in("sato").post("/cart/add", bib=kokoro)
    models.db.execute_sql("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    page = reader.post("/cart/register", status=503, pickup="main", contact="mail")
    other.rollback()
    other.close()

    assert "何も変わっていません" in page.text
    reader.post("/cart/register", pickup="main", contact="mail")
    assert reader.went_to == "/cart"


def test_health_is_one_word(reader):
    assert reader.browser.get("/healthz").get_data(as_text=True) == "ok\n"


@pytest.mark.parametrize("address", ["/", "/search?q=猫", "/bibs/1"])
def test_a_first_visit_weighs_at_most_thirty_kilobytes(town, reader, address):
    for n in range(20):
        town.title(
            f"猫の本のながいながい題名その {n}",
            by="夏目 漱石",
            publisher="岩波書店",
            copies=2,
            added_on=town.today,
        )

    page = reader.get(address)
    files = [link["href"] for link in page.select("link[rel=stylesheet], link[rel=icon]")]
    files += [script["src"] for script in page.select("script")]
    weight = 0
    for part in [address, *files]:
        answer = reader.browser.get(part, headers={"Accept-Encoding": "gzip"})
        assert answer.headers.get("Content-Encoding") == "gzip" or len(answer.data) < 500
        weight += len(answer.data) + len(str(answer.headers))

    assert weight <= 30 * 1024


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("opens = { days_before_due = 6 }", "更新できるのは、返却期限日の6日前からです。"),
        ("opens = { days_after_loan = 1 }", "更新できるのは、借りた日の1日後からです。"),
        ('opens = { left = "half" }', "更新できるのは、貸出期間の残りが半分になってからです。"),
        (
            'until = { weeks = 4, from = "loan date" }',
            "更新しても、借りた日から4週間を超えることはありません。",
        ),
        ("late = {}", "返却期限日を過ぎた資料も、更新できます。"),
        ("late = { within = { days = 3 } }", "返却期限日を過ぎた資料は、3日以内なら更新できます。"),
        ('[[renewal.not]]\nof = ["av", "manga"]', "視聴覚資料、マンガは、更新できません。"),
        ('[[renewal.not]]\nof = ["av"]\nsay = "CDは1回だけです。"', "CDは1回だけです。"),
    ],
)
def test_the_rules_page_says_what_a_library_decided_about_renewal(database, clock, lines, sentence):
    text = resources.text("policies/source-1.toml").replace(
        'refused = ["overdue", "held"]', f"refused = []\n{lines}"
    )
    settings = Settings(database.parent, "own", "127.0.0.1", 8000)

    said = Reader(create_app(settings, read_policy(text), clock)).get("/rules").text

    assert sentence in said
