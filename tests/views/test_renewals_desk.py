"""Renewing at the desk: in person or on the phone, one loan or several, decided by the same rules."""

from datetime import timedelta

import pytest
from playhouse.test_utils import count_queries

from models import Event, Item, Loan
from rules import JAPAN
from tests.cast import CARDS

SHELF = "[hold.shelf]                              # 取り置き"
TIMES = "times = 1\n"
BY_CLERKS = (SHELF, f'[overrule]\nreasons = ["renewed", "overdue"]\nby = "clerk"\n\n{SHELF}')
BY_ADMINISTRATORS = (SHELF, f'[overrule]\nreasons = ["renewed"]\nby = "administrator"\n\n{SHELF}')
REMARK = "研究会の発表まで"


@pytest.fixture
def visit(reader):
    """A clerk, and somebody's card."""
    reader.log_in_staff("ishida")

    def visit(name="sato"):
        reader.post("/desk/scan", code=CARDS[name][0])
        return reader

    return visit


@pytest.fixture
def lent(town):
    def lent(title="こころ", name="sato", **facts):
        return town.lend(town.title(title), name, **facts)

    return lent


def state(loan: int) -> tuple:
    return Loan.select(Loan.due_on, Loan.renewals).where(Loan.id == loan).tuples().first()


def rows(page) -> dict[str, str]:
    return {
        row.strong.text: " ".join(row.get_text(" ", strip=True).split())
        for row in page.select("ol.renewals > li")
    }


def events() -> list[tuple]:
    return list(
        Event.select(Event.kind, Event.channel, Event.actor, Event.number).order_by(Event.id).tuples()
    )


def test_the_visitor_s_loans_are_listed_each_with_its_new_date_or_its_reasons(town, visit, lent):
    lent("こころ", due_in=3)
    lent("門", due_in=4, renewals=1)
    waited = town.title("明暗")
    town.lend(waited, "sato", due_in=5, renewals=1)
    town.hold(waited, "tanaka")
    lent("三四郎", "tanaka")

    listed = rows(visit().get("/desk/loans"))

    assert list(listed) == ["こころ", "門", "明暗"]
    assert "返却期限 4/18(土)" in listed["こころ"] and "更新する → 5/2(土)" in listed["こころ"]
    assert (
        "更新回数に達しました(1回まで)" in listed["門"]
        and "更新 1回" in listed["門"]
        and "→" not in listed["門"]
    )
    assert "更新回数に達しました" in listed["明暗"] and "予約待ちの方が1人います" in listed["明暗"]


def test_a_renewal_at_the_desk_is_one_row_one_event_and_whoever_did_it(town, visit, lent):
    loan = lent(due_in=3)
    desk = visit()

    desk.post(f"/desk/loans/{loan}/renew", at="desk", **{f"seen-{loan}": "0"})

    assert state(loan) == (town.today + timedelta(days=17), 1)
    assert events() == [("loan_renewed", "desk", str(town.staff["ishida"]), loan)]
    page = desk.get("/desk/loans")
    assert "1点の貸出更新を行いました" in page.text and "更新しました。5/2(土)まで" in page.text
    assert "行いました" not in desk.get("/desk/loans").text


def test_a_renewal_on_the_phone_is_kept_as_one(visit, lent):
    loan = lent()
    desk = visit()

    page = desk.get("/desk/loans?at=phone")
    assert page.select_one(".ways [aria-current]").text == "電話"
    assert {field["value"] for field in page.select("[name=at]")} == {"phone"}
    desk.post(f"/desk/loans/{loan}/renew", at="phone")

    assert events()[0][1] == "phone" and desk.went_to.endswith("?at=phone")


@pytest.mark.parametrize("changes", [((TIMES, 'times = 1\nat = ["web", "desk"]\n'),)])
def test_where_the_sheet_takes_no_calls_the_page_and_the_answer_say_so(visit, lent):
    loan = lent()
    desk = visit()

    assert "お電話では更新できません。" in rows(desk.get("/desk/loans?at=phone"))["こころ"]
    desk.post(f"/desk/loans/{loan}/renew", status=409, at="phone")
    assert state(loan)[1] == 0
    desk.post(f"/desk/loans/{loan}/renew", at="desk")
    assert state(loan)[1] == 1


def test_as_often_as_the_sheet_allows_and_not_once_more(visit, lent):
    loan = lent()
    desk = visit()

    desk.post(f"/desk/loans/{loan}/renew", **{f"seen-{loan}": "0"})
    desk.post(f"/desk/loans/{loan}/renew", status=409, **{f"seen-{loan}": "1"})

    assert state(loan)[1] == 1 and len(events()) == 1


def test_a_button_pressed_twice_renews_once(visit, lent):
    loan = lent()
    desk = visit()
    due_on = []
    for _ in range(2):
        desk.post(f"/desk/loans/{loan}/renew", **{f"seen-{loan}": "0"})
        due_on.append(state(loan))

    assert due_on[0] == due_on[1] and due_on[0][1] == 1 and len(events()) == 1


def test_what_the_form_says_of_dates_and_counts_is_not_listened_to(town, visit, lent):
    loan = lent(due_in=3)

    visit().post(f"/desk/loans/{loan}/renew", due_on="2030-01-01", renewals="0", days="99")

    assert state(loan) == (town.today + timedelta(days=17), 1)


def test_five_loans_of_which_three_can_be_renewed(town, visit, lent):
    can = [lent(title, due_in=3) for title in ("一", "二", "三")]
    cannot = [lent("四", renewals=1), lent("五", due_in=-1)]
    desk = visit()

    page = desk.get("/desk/loans")
    assert [int(box["value"]) for box in page.select("[name=loan][checked]")] == can
    desk.post("/desk/loans/renew", loan=[*can, *cannot], **{f"seen-{loan}": "0" for loan in can})

    assert [state(loan)[1] for loan in (*can, *cannot)] == [1, 1, 1, 1, 0]
    page = desk.get("/desk/loans")
    assert "3点の貸出更新を行いました" in page.text and "2点" in page.select_one(".done").text
    assert "返却期限を1日過ぎています" in rows(page)["五"]


def test_with_nothing_ticked_nothing_happens_and_it_says_so(visit, lent):
    loans = [lent("一"), lent("二")]

    page = visit().post("/desk/loans/renew", status=422)

    assert page.select_one(".problem[role=alert]")
    assert [state(loan)[1] for loan in loans] == [0, 0]


@pytest.mark.parametrize("address", ["/desk/loans/{}/renew", "/desk/loans/renew"])
def test_somebody_else_s_loan_is_not_there(visit, lent, address):
    loan = lent("門", "tanaka")
    desk = visit("sato")

    desk.post(address.format(loan), status=404, loan=str(loan))
    desk.post("/desk/loans/renew", status=404, loan=["x"])

    assert state(loan)[1] == 0 and events() == []


def test_what_came_back_meanwhile_is_not_renewed(visit, lent):
    loan = lent()
    desk = visit()
    desk.post("/desk/return/scan", code=Item.get().barcode)

    desk.post(f"/desk/loans/{loan}/renew", status=404)
    assert "返却" in desk.post("/desk/loans/renew", status=409, loan=str(loan)).select_one(".problem").text

    assert [kind for kind, *_ in events()] == ["loan_returned"]


def test_without_a_visit_there_is_nothing_to_show(reader, lent):
    loan = lent()
    reader.log_in_staff("ishida")

    reader.get("/desk/loans", status=303)
    reader.post(f"/desk/loans/{loan}/renew")
    reader.post("/desk/loans/renew", loan=str(loan))

    assert reader.went_to == "/desk" and state(loan)[1] == 0


def test_an_expired_card_is_renewed_first(visit, lent):
    loan = lent(name="ito")

    page = visit("ito").post(f"/desk/loans/{loan}/renew", status=409)

    assert "利用券の有効期限" in rows(page)["こころ"] and state(loan)[1] == 0


@pytest.mark.parametrize("changes", [(('stops = ["loan", "hold", "renewal"]', 'stops = ["loan", "hold"]'),)])
def test_with_the_switch_an_expired_card_renews_but_borrows_nothing(town, visit, lent):
    loan = lent(name="ito")
    desk = visit("ito")

    desk.post(f"/desk/loans/{loan}/renew")
    town.title("門")
    desk.post("/desk/scan", status=409, code=Item.select().order_by(Item.id.desc()).first().barcode)

    assert state(loan)[1] == 1 and Loan.select().count() == 1


@pytest.mark.parametrize("changes", [(('from = "due date"  ', 'from = "day of request"  '),)])
def test_a_renewal_that_gains_no_day_counts_nothing(visit, lent):
    loan = lent(due_in=14)

    page = visit().post(f"/desk/loans/{loan}/renew", status=409)

    assert "いま更新しても期限が延びません。" in rows(page)["こころ"] and state(loan)[1] == 0


def test_a_piece_scanned_again_offers_its_renewal(town, visit):
    kokoro = town.title("こころ")
    town.lend(kokoro, "sato", due_in=3)
    desk = visit()
    desk.post("/desk/scan", code=Item.get(Item.bib == kokoro).barcode)

    row = desk.get("/desk").select_one("ol.scans > li")

    assert "貸出済み 2026年4月18日(土)まで" in row.text
    assert row.select_one("a[href='/desk/loans']")
    assert Loan.select().count() == 1 and events() == []


def test_to_somebody_else_a_piece_that_is_out_is_refused(town, visit):
    kokoro = town.title("こころ")
    town.lend(kokoro, "tanaka")

    page = visit("sato").post("/desk/scan", status=409, code=Item.get(Item.bib == kokoro).barcode)

    assert "いま貸出中の資料です。" in page.text and Loan.select().count() == 1
    assert not page.select("a[href='/desk/loans']")


@pytest.mark.parametrize("changes", [((TIMES, 'times = 1\ndesk = "return and lend again"\n'),)])
def test_where_a_desk_lends_again_it_does_so_as_often_as_one_likes_while_days_are_gained(town, visit, lent):
    loan = lent(due_in=3, renewals=5)
    desk = visit()

    assert "更新する → 4/29(水)" in rows(desk.get("/desk/loans"))["こころ"]
    assert "更新回数に達しました" in rows(desk.get("/desk/loans?at=phone"))["こころ"]
    desk.post(f"/desk/loans/{loan}/renew")

    assert state(loan) == (town.today + timedelta(days=14), 6)
    assert "いま更新しても期限が延びません。" in rows(desk.get("/desk/loans"))["こころ"]
    desk.post(f"/desk/loans/{loan}/renew", status=409)
    assert state(loan)[1] == 6


# -- exceptions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [(BY_CLERKS,)])
def test_one_more_renewal_is_an_exception_with_a_remark(town, visit, lent):
    loan = lent(due_in=3, renewals=1)
    desk = visit()

    page = desk.get("/desk/loans")
    assert "例外として更新する → 5/2(土)" in rows(page)["こころ"]
    unclear = desk.post(f"/desk/loans/{loan}/renew", status=422, remark="")
    assert unclear.select_one("details[open] .field-error") and state(loan)[1] == 1
    for _ in range(2):
        desk.post(f"/desk/loans/{loan}/renew", remark=REMARK, **{f"seen-{loan}": "1"})

    assert state(loan) == (town.today + timedelta(days=17), 2)
    assert list(Event.select(Event.kind, Event.overruled, Event.remark).tuples()) == [
        ("loan_renewed", "renewed", REMARK)
    ]


@pytest.mark.parametrize("changes", [(BY_ADMINISTRATORS,)])
def test_a_clerk_without_the_right_renews_no_more(visit, lent):
    loan = lent(renewals=1)
    desk = visit()

    page = desk.get("/desk/loans")
    assert "この理由は、管理者なら例外にできます。" in page.text and not page.select("[name=remark]")
    desk.post(f"/desk/loans/{loan}/renew", status=403, remark=REMARK)

    assert state(loan)[1] == 1


@pytest.mark.parametrize("changes", [(BY_CLERKS,)])
def test_somebody_who_waits_is_passed_over_by_no_exception(town, visit):
    kokoro = town.title("こころ")
    loan = town.lend(kokoro, "sato", renewals=1)
    town.hold(kokoro, "tanaka")

    page = visit().post(f"/desk/loans/{loan}/renew", status=409, remark=REMARK)

    assert not page.select("[name=remark]") and state(loan)[1] == 1


def test_the_page_asks_the_database_a_few_things_however_much_is_out(town, visit, lent):
    counts = []
    for _ in range(2):
        for n in range(6):
            lent(f"本 {n}")
        desk = visit()
        with count_queries() as counter:
            desk.get("/desk/loans")
        counts.append(counter.count)

    assert counts[0] == counts[1] <= 6


def test_the_day_is_that_of_the_library(reader, visit, lent, clock):
    loan = lent(due_in=0)
    clock.now = clock.now.astimezone(JAPAN).replace(hour=23, minute=59)
    reader.log_in_staff("ishida")
    desk = visit()

    assert "更新する → 4/29(水)" in rows(desk.get("/desk/loans"))["こころ"]
    clock.forward(minutes=2)
    assert "返却期限を1日過ぎています" in rows(desk.get("/desk/loans"))["こころ"]
    assert state(loan)[1] == 0
