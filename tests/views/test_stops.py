"""A patron is stopped at the desk, with a reason and an end: what the clerk does, what the patron reads."""

from datetime import date

import pytest

import circulation
import patrons
from circulation import NotThere
from models import Event, Hold, Loan, Patron
from rules import Channel, Reason
from tests.cast import CARDS
from tests.reader import Reader, said
from tests.records import kinds

WHY = "連絡がつかないため"
UNTIL = "2026-04-30"
SENTENCE = "図書館が利用を止めています(理由: 連絡がつかないため)。2026年4月30日(木)まで、"
CLERK = "1"


@pytest.fixture
def sato(town):
    return f"/desk/patrons/{town.patrons['sato']}"


@pytest.fixture
def row(town):
    """What is kept of 佐藤 about a stop."""

    def row():
        kept = Patron.get_by_id(town.patrons["sato"])
        return kept.stopped_for, kept.stopped_until

    return row


@pytest.fixture
def stop(town, clock):
    """The verb, as the clerk does it."""

    def stop(name="sato", why=WHY, until=date(2026, 4, 30)):
        return patrons.stop(town.patrons[name], why, until, clock(), CLERK)

    return stop


# -- at the desk -------------------------------------------------------------------------------------------


def test_a_clerk_stops_a_patron_and_the_page_says_why_and_until_when(desk, sato, row, town):
    assert "止めていません。" in said(desk.get(sato))

    desk.post(f"{sato}/stop", why=f"　{WHY}\n", until=UNTIL)
    page = desk.get(desk.went_to)

    assert row() == (WHY, date(2026, 4, 30))
    assert page.select_one("main [role=status]").text == "利用を止めました。"
    assert f"{SENTENCE}貸出はできません。" in page.select_one(".visitor .problem").text
    assert "2026年4月30日(木)まで止めています。 理由 連絡がつかないため" in said(page)
    assert list(Event.select(Event.kind, Event.channel, Event.actor, Event.number).tuples()) == [
        ("patron_stopped", "desk", str(town.staff["ishida"]), 0)
    ]


def test_a_stop_without_an_end_lasts_until_it_is_lifted(desk, sato, row, clock):
    desk.post(f"{sato}/stop", why=WHY, until="")
    clock.forward(days=1000)
    desk.log_in_staff("ishida")

    page = desk.get(sato)
    assert row() == (WHY, None)
    assert "いまは、貸出はできません。" in page.select_one(".visitor .problem").text
    assert page.select_one(f'form[action="{sato}/unstop"] button').text == "停止を解く"

    desk.post(f"{sato}/unstop")
    page = desk.get(desk.went_to)

    assert row() == ("", None) and "止めていません。" in said(page)
    assert page.select_one("main [role=status]").text == "利用の停止を解き、理由を消しました。"
    assert kinds() == ["patron_stopped", "stop_lifted"]


def test_after_its_last_day_a_stop_has_ended_by_itself_and_the_page_says_so(desk, sato, row, clock):
    desk.post(f"{sato}/stop", why=WHY, until="2026-04-15")
    assert desk.get(sato).select_one(".visitor .problem")

    clock.to(date(2026, 4, 16), hour=0)
    desk.log_in_staff("ishida")
    page = desk.get(sato)

    assert page.select_one(".visitor .problem") is None and "貸出できます。" in said(page)
    assert "2026年4月15日(水)で終わりました。いまは止めていません。" in said(page)
    assert page.select_one("#why")["value"] == "" and page.select_one("#until")["value"] == ""
    desk.post(f"{sato}/unstop")
    assert row() == ("", None), "the reason can be forgotten"


def test_doing_it_again_changes_nothing_and_another_reason_is_another_stop(desk, sato, row):
    for _ in range(2):
        desk.post(f"{sato}/stop", why=WHY, until=UNTIL)
    assert kinds() == ["patron_stopped"]

    desk.post(f"{sato}/stop", why="弁償のため", until="")
    for _ in range(2):
        desk.post(f"{sato}/unstop")

    assert row() == ("", None) and kinds() == ["patron_stopped", "patron_stopped", "stop_lifted"]


@pytest.mark.parametrize(
    ("filled", "field", "sentence"),
    [
        ({"why": ""}, "why", "利用を止める理由を、60字までで入れてください。"),
        ({"why": " 　\u200b"}, "why", "利用を止める理由を、60字までで入れてください。"),
        ({"why": "\0"}, "why", "利用を止める理由を、60字までで入れてください。"),
        ({"why": "あ" * 61}, "why", "利用を止める理由を、60字までで入れてください。"),
        ({"why": "あ" * 10_000}, "why", "利用を止める理由を、60字までで入れてください。"),
        ({"until": "2026-04-14"}, "until", "終わりの日には、きょうか、それより先の日を選んでください。"),
        ({"until": "きのう"}, "until", "日付として読み取れませんでした。"),
        ({"until": "10000-01-01"}, "until", "日付として読み取れませんでした。"),
    ],
)
def test_what_cannot_be_understood_is_said_at_its_field_and_the_rest_stays(
    desk, sato, row, filled, field, sentence
):
    page = desk.post(f"{sato}/stop", status=422, **{"why": WHY, "until": UNTIL, **filled})

    assert [error["id"] for error in page.select(".field-error")] == [f"{field}-error"]
    assert sentence in page.select_one(f"#{field}-error").text
    assert page.select_one(f"#{field}")["aria-invalid"] == "true"
    assert [one["id"] for one in page.select("[autofocus]")] == [field]
    other = {"why": ("until", UNTIL), "until": ("why", WHY)}[field]
    assert page.select_one(f"#{other[0]}")["value"] == other[1]
    assert row() == ("", None) and kinds() == []


def test_today_is_a_last_day_and_sixty_characters_are_a_reason(desk, sato, row):
    desk.post(f"{sato}/stop", why="あ" * 60, until="2026-04-15")

    assert row() == ("あ" * 60, date(2026, 4, 15))


def test_what_fails_while_a_stop_runs_is_changed_in_place(desk, sato, row):
    desk.post(f"{sato}/stop", why=WHY, until=UNTIL)
    form = desk.get(sato).select_one("details:not([open])")
    assert form.select_one("#why")["value"] == WHY and form.select_one("#until")["value"] == UNTIL

    page = desk.post(f"{sato}/stop", status=422, why="", until=UNTIL)

    assert page.select_one("details[open] #why-error") and row() == (WHY, date(2026, 4, 30))


def test_a_reason_is_shown_as_it_was_typed(desk, sato):
    desk.post(f"{sato}/stop", why="<b>弁償</b> & '7'", until="")

    page = desk.get(sato)

    assert "(理由: <b>弁償</b> & '7')" in page.select_one(".visitor .problem").text
    assert page.main.b is None


def test_only_the_desk_stops_and_only_who_is_there_is_stopped(reader, sato, row, town):
    for who in (None, "sato"):
        if who:
            reader.log_in(who)
        for what in ("stop", "unstop"):
            reader.post(f"{sato}/{what}", why=WHY)
            assert reader.went_to.startswith("/desk/login")
    reader.log_in_staff("ishida")
    for what in ("stop", "unstop"):
        reader.post(f"/desk/patrons/9999/{what}", status=404, why=WHY)
    assert row() == ("", None) and kinds() == []


def test_the_verbs_know_who_is_not_there(town, clock):
    with pytest.raises(NotThere):
        patrons.stop(9999, WHY, None, clock(), CLERK)
    with pytest.raises(NotThere):
        patrons.lift_stop(9999, clock(), CLERK)


def test_a_verb_that_is_asked_for_what_the_form_would_not_let_through_changes_nothing(stop, row):
    decision = stop(why=" ", until=date(2026, 4, 14))

    assert decision.reasons == (Reason.STOP_WITHOUT_CAUSE, Reason.STOP_OVER)
    assert row() == ("", None) and kinds() == []


def test_the_record_says_that_somebody_was_stopped_and_not_who(desk, sato, reader):
    desk.post(f"{sato}/stop", why=WHY, until=UNTIL)
    desk.post(f"{sato}/unstop")
    desk.log_out_staff()
    page = reader.log_in_staff("murakami").get("/desk/admin/audit")

    rows = [[cell.text for cell in row.select("th, td")][1:] for row in page.select("tbody tr")]
    assert rows == [
        ["利用の停止の解除", "石田", "窓口", "", ""],
        ["利用の停止", "石田", "窓口", "", ""],
    ]
    assert WHY not in str(page)


# -- what is refused ---------------------------------------------------------------------------------------


def test_nothing_is_lent_held_or_renewed_and_each_answer_says_why(town, reader, app, stop):
    kokoro, mon = town.title("こころ"), town.title("門")
    loan = town.lend(mon, "sato", due_in=1)
    stop()

    web = Reader(app).log_in("sato")
    page = web.post("/cart/add", status=409, bib=kokoro)
    assert f"{SENTENCE}予約はできません。" in said(page)
    page = web.get("/my/loans")
    assert f"{SENTENCE}貸出更新はできません。" in said(page)
    web.post(f"/my/loans/{loan}/renew", status=409, seen=0)

    desk = reader.log_in_staff("ishida")
    desk.post("/desk/scan", code=CARDS["sato"][0])
    page = desk.post("/desk/scan", status=409, code="300000001")
    assert f"{SENTENCE}貸出はできません。" in page.select_one(".scans").text
    page = desk.post("/desk/hold", status=409, bib=kokoro, q="こころ", pickup="main", contact="mail")
    assert f"{SENTENCE}予約はできません。" in said(page)

    assert Loan.select().count() == 1 and Loan.get().renewals == 0 and Hold.select().count() == 0


def test_a_cart_that_was_filled_before_keeps_its_titles_with_the_reason(town, reader, stop, clock):
    kokoro = town.title("こころ")
    reader.log_in("sato").post("/cart/add", bib=kokoro)
    stop()

    page = reader.get("/cart")
    reader.post("/cart/register", status=409, pickup="main", contact="mail")

    assert f"{SENTENCE}予約はできません。" in said(page)
    assert Hold.select().count() == 0 and circulation.cart_of(town.patrons["sato"]) == [kokoro]


def test_the_day_after_the_same_patron_borrows(town, reader, stop, clock):
    town.title("こころ")
    stop(until=date(2026, 4, 15))
    clock.to(date(2026, 4, 16))
    desk = reader.log_in_staff("ishida")

    desk.post("/desk/scan", code=CARDS["sato"][0])
    desk.post("/desk/scan", code="300000001")

    assert Loan.get().patron_id == town.patrons["sato"]


def test_somebody_else_is_not_stopped(town, stop, clock, policy):
    stop()

    answer = circulation.place_hold(
        policy, town.patrons["tanaka"], town.title("こころ"), "main", "mail", Channel.WEB, clock()
    )

    assert answer.decision.allowed


# -- what the patron reads ---------------------------------------------------------------------------------


def test_the_patron_logs_in_and_reads_why(town, reader, stop):
    stop()

    reader.log_in("sato")

    alert = reader.get("/my").select_one("[role=alert].problem").text
    assert alert == f"{SENTENCE}貸出、予約、貸出更新はできません。窓口でおたずねください。"
    link = reader.get("/").select_one(".attention a")
    assert link["href"] == "/my" and "ご利用を止めています" in link.text
    for address in ("/my/loans", "/my/holds", "/my/contact"):
        reader.get(address)


def test_without_an_end_and_after_it_the_page_says_so_and_nothing(town, reader, stop, clock):
    stop(until=None)
    alert = reader.log_in("sato").get("/my").select_one("[role=alert].problem").text
    assert "いまは、貸出、予約、貸出更新はできません。" in alert

    stop(until=date(2026, 4, 15))
    clock.to(date(2026, 4, 16))
    reader.log_in("sato")

    assert reader.get("/my").select_one(".problem") is None
    assert reader.get("/").select_one(".attention") is None
