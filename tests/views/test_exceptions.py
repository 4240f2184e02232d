"""Exceptions at the desk: who makes them, with which remark, and what the record keeps of them."""

from datetime import timedelta

import pytest

from models import Event, Hold, Loan, db
from rules import HoldState
from tests.cast import CARDS
from tests.records import barcode

SHELF = "[hold.shelf]                              # 取り置き"
UNLIMITED = 'most = "unlimited"                        # きまりに点数の定めがないため'
TWO_LOANS = (UNLIMITED, "most = 2")
LATE_ONES = (
    'of = ["kamishibai"]\nmost = 2',
    'of = ["kamishibai"]\nmost = 2\n\n[[block]]\nwhen = { overdue = { days = 1 } }\nstops = ["loan", "hold"]',
)
WORDS = '["loan limit", "hold limit", "overdue", "card expired"]'
BY_ADMINISTRATORS = (SHELF, f'[overrule]\nreasons = {WORDS}\nby = "administrator"\n\n{SHELF}')
BY_CLERKS = (SHELF, f'[overrule]\nreasons = {WORDS}\nby = "clerk"\n\n{SHELF}')
ONLY_LIMITS = (SHELF, f'[overrule]\nreasons = ["loan limit"]\nby = "clerk"\n\n{SHELF}')
SHEET = (TWO_LOANS, LATE_ONES, BY_ADMINISTRATORS)
REMARK = "夏休みの調べもののため"

sheet = pytest.mark.parametrize("changes", [SHEET])


@pytest.fixture
def full(town):
    """Somebody with as many loans as the sheet allows, and one more piece."""
    for title in ("三四郎", "それから"):
        town.lend(town.title(title), "sato")
    return barcode(town.title("こころ"))


@pytest.fixture
def at_desk(reader):
    """Who works scans somebody's card."""

    def at_desk(who, name):
        reader.log_in_staff(who).post("/desk/scan", code=CARDS[name][0])
        return reader

    return at_desk


def exceptions(page):
    return page.select("form[action='/desk/overrule']")


def recorded() -> list[tuple]:
    events = Event.select(Event.kind, Event.actor, Event.overruled, Event.remark)
    return list(events.order_by(Event.id).tuples())


# -- lending -----------------------------------------------------------------------------------------------


@sheet
def test_an_administrator_lends_over_the_limit_with_a_remark_and_the_record_says_so(town, full, at_desk):
    desk = at_desk("murakami", "sato")

    refused = desk.post("/desk/scan", status=409, code=full)
    [form] = exceptions(refused)
    assert "図書、雑誌、視聴覚資料、紙芝居の貸出は2点までです" in refused.select_one(".scans").text
    assert "氏名や資料名は書かないでください。" in form.text and form.select_one("[name=remark]").has_attr(
        "required"
    )
    assert [field["name"] for field in refused.select("[autofocus]")] == ["code"]
    desk.post("/desk/overrule", code=form.select_one("[name=code]")["value"], remark=f" {REMARK}　\n")

    row = desk.get("/desk").select_one("ol.scans > li").text
    assert "例外として貸出 2026年4月29日(水)まで" in " ".join(row.split())
    loan = Loan.select().order_by(Loan.id.desc()).first()
    assert (loan.patron_id, loan.due_on) == (town.patrons["sato"], town.today + timedelta(days=14))
    assert recorded() == [("loan_made", str(town.staff["murakami"]), "loan limit", REMARK)]


@sheet
def test_a_clerk_without_the_right_sees_who_has_it_and_is_refused(town, full, at_desk):
    desk = at_desk("ishida", "sato")

    refused = desk.post("/desk/scan", status=409, code=full)
    assert exceptions(refused) == []
    assert "この理由は、管理者なら例外にできます。" in refused.select_one(".scans").text
    desk.post("/desk/overrule", status=403, code=full, remark=REMARK)

    assert Loan.select().count() == 2 and recorded() == []


@pytest.mark.parametrize("changes", [(TWO_LOANS, BY_CLERKS)])
def test_a_clerk_may_where_the_sheet_says_so(full, at_desk):
    at_desk("ishida", "sato").post("/desk/overrule", code=full, remark=REMARK)

    assert Loan.select().count() == 3


@pytest.mark.parametrize("changes", [(TWO_LOANS,)])
@pytest.mark.parametrize("who", ["ishida", "murakami"])
def test_without_exceptions_in_the_sheet_nobody_makes_one(full, at_desk, who):
    desk = at_desk(who, "sato")

    refused = desk.post("/desk/scan", status=409, code=full)
    assert exceptions(refused) == [] and "例外" not in refused.main.text
    desk.post("/desk/overrule", status=403, code=full, remark=REMARK)

    assert Loan.select().count() == 2


@sheet
@pytest.mark.parametrize(
    ("remark", "sentence"),
    [
        ("", "例外にする理由を、ことばで書いてください。"),
        (" \u3000\x00", "例外にする理由を、ことばで書いてください。"),
        ("あ" * 101, "理由は、100字までで書いてください。"),
        ("３００００００１２", "番号が入っています。"),
    ],
)
def test_a_remark_that_says_nothing_comes_back_at_its_field(full, at_desk, remark, sentence):
    desk = at_desk("murakami", "sato")
    desk.post("/desk/scan", status=409, code=full)

    page = desk.post("/desk/overrule", status=422, code=full, remark=remark)

    field = page.select_one("[name=remark]")
    assert sentence in page.select_one(".field-error").text
    assert page.select_one(".field-error")["id"] in field["aria-describedby"]
    assert len(field["value"]) in (0, 9, 101)
    assert [field["name"] for field in page.select("[autofocus]")] == ["code"]
    assert Loan.select().count() == 2


@sheet
def test_a_form_that_is_sent_twice_lends_once(full, at_desk):
    desk = at_desk("murakami", "sato")
    for _ in range(2):
        desk.post("/desk/overrule", code=full, remark=REMARK)

    assert Loan.select().count() == 3 and len(recorded()) == 1
    assert "貸出済み" in desk.get("/desk").select_one("ol.scans").text


@sheet
def test_what_is_refused_no_more_is_lent_as_always_and_the_remark_is_not_kept(full, at_desk):
    desk = at_desk("murakami", "sato")
    desk.post("/desk/scan", status=409, code=full)
    desk.post("/desk/return/scan", code=barcode(1))

    desk.post("/desk/overrule", code=full, remark=REMARK)

    assert recorded()[-1][0::2] == ("loan_made", "") and recorded()[-1][3] == ""
    assert "例外" not in desk.get("/desk").select_one("ol.scans").text


@sheet
def test_a_second_reason_is_overruled_with_the_first_and_both_are_kept(town, full, at_desk):
    Loan.update(due_on=town.today - timedelta(days=3)).execute()
    desk = at_desk("murakami", "sato")
    desk.post("/desk/overrule", code=full, remark=REMARK)

    assert recorded() == [("loan_made", str(town.staff["murakami"]), "loan limit,overdue", REMARK)]
    page = desk.get("/desk/admin/audit").select_one("tbody").text
    assert "貸出の点数、返却期限を過ぎた資料" in page and f"理由: {REMARK}" in page
    assert "サトウ" not in page and "こころ" not in page


@pytest.mark.parametrize("changes", [(TWO_LOANS, LATE_ONES, ONLY_LIMITS)])
def test_one_reason_that_the_sheet_does_not_name_keeps_the_piece_here(town, full, at_desk):
    Loan.update(due_on=town.today - timedelta(days=3)).execute()
    desk = at_desk("murakami", "sato")

    page = desk.post("/desk/overrule", status=409, code=full, remark=REMARK)

    assert exceptions(page) == [] and Loan.select().count() == 2


@sheet
@pytest.mark.parametrize("name", ["sato", "hara"])
def test_what_is_out_or_for_a_card_that_is_barred_is_lent_by_nobody(town, at_desk, name):
    kokoro = town.title("こころ")
    if name == "sato":
        town.lend(kokoro, "mori")
    desk = at_desk("murakami", name)

    page = desk.post("/desk/overrule", status=409, code=barcode(kokoro), remark=REMARK)

    assert exceptions(page) == [] and Loan.select().where(Loan.patron == town.patrons[name]).count() == 0


@sheet
def test_an_expired_card_borrows_once_with_the_usual_period(town, at_desk):
    kokoro = town.title("こころ")
    desk = at_desk("murakami", "ito")
    desk.post("/desk/overrule", code=barcode(kokoro), remark=REMARK)

    assert Loan.get().due_on == town.today + timedelta(days=14)
    assert recorded()[0][2] == "card expired"


@sheet
def test_without_a_card_there_is_nobody_to_lend_to(full, reader):
    reader.log_in_staff("murakami").post("/desk/overrule", status=409, code=full, remark=REMARK)

    assert Loan.select().count() == 2


@sheet
def test_a_code_that_is_none_changes_nothing(at_desk):
    desk = at_desk("murakami", "sato")

    desk.post("/desk/overrule", status=422, code="999999999", remark=REMARK)
    desk.post("/desk/overrule", status=422, remark=REMARK)

    assert Loan.select().count() == 0


def test_a_piece_from_the_shelf_goes_to_who_brings_it_and_the_queue_stays_as_it_is(town, at_desk):
    kokoro = town.title("こころ")
    for name in ("tanaka", "kato"):
        town.hold(kokoro, name)
    before = list(Hold.select().order_by(Hold.id).tuples())
    desk = at_desk("ishida", "sato")

    desk.post("/desk/scan", code=barcode(kokoro))

    assert "予約して待っている方が2人います。" in desk.get("/desk").select_one("ol.scans").text
    assert list(Hold.select().order_by(Hold.id).tuples()) == before
    assert Loan.get().patron_id == town.patrons["sato"]


def test_of_those_who_wait_the_borrower_is_none(town, at_desk):
    kokoro = town.title("こころ", copies=2)
    for name in ("tanaka", "sato"):
        town.hold(kokoro, name)
    desk = at_desk("ishida", "sato")

    desk.post("/desk/scan", code=barcode(kokoro))
    assert "予約して待っている方が1人います。" in desk.get("/desk").select_one("ol.scans").text
    Hold.update(state=HoldState.CANCELLED, closed_at="2026-04-15").execute()
    desk.post("/desk/scan", code=CARDS["mori"][0])
    desk.post("/desk/scan", code=barcode(kokoro, 1))
    assert "待っている" not in desk.get("/desk").select_one("ol.scans").text


# -- holds -------------------------------------------------------------------------------------------------


@pytest.fixture
def five(town):
    for n in range(5):
        town.hold(town.title(f"本 {n}"), "sato")
    return town.title("こころ")


@sheet
def test_a_sixth_hold_is_an_exception_with_a_remark_at_the_end_of_the_queue(town, five, at_desk):
    town.hold(five, "tanaka")
    desk = at_desk("murakami", "sato")

    page = desk.get("/desk/hold?q=こころ")
    [form] = page.select("form[action='/desk/hold'][method=post]")
    assert form.select_one("[name=remark]") and page.select_one("details.exception")
    desk.post("/desk/hold", status=409, bib=five, pickup="main", contact="mail", q="こころ")
    unclear = desk.post(
        "/desk/hold", status=422, bib=five, pickup="east", contact="mail", q="こころ", remark=" "
    )
    assert unclear.select_one("details[open] .field-error")
    assert unclear.select_one("select[name=pickup] option[selected]")["value"] == "east"
    desk.post("/desk/hold", bib=five, pickup="east", contact="mail", q="こころ", remark=REMARK)

    assert "「こころ」を予約しました。2番目、受取館 東分館" in desk.get("/desk").text
    assert recorded() == [("hold_placed", str(town.staff["murakami"]), "hold limit", REMARK)]


@sheet
def test_a_clerk_without_the_right_makes_no_sixth_hold(five, at_desk):
    desk = at_desk("ishida", "sato")

    page = desk.get("/desk/hold?q=こころ")
    assert "この理由は、管理者なら例外にできます。" in page.text and not page.select("[name=remark]")
    desk.post("/desk/hold", status=403, bib=five, pickup="main", contact="mail", remark=REMARK)

    assert Hold.select().count() == 5


@sheet
def test_an_exception_needs_a_pickup_branch_like_any_hold(five, at_desk):
    desk = at_desk("murakami", "sato")

    page = desk.post(
        "/desk/hold", status=409, bib=five, pickup="moon", contact="mail", q="こころ", remark=REMARK
    )

    assert "受取希望館を選んでください。" in page.text and Hold.select().count() == 5


@sheet
def test_a_hold_by_phone_is_one_and_counts_with_the_others(town, at_desk):
    first, second = town.title("こころ"), town.title("坊っちゃん")
    for n in range(3):
        town.hold(town.title(f"本 {n}"), "sato")
    desk = at_desk("ishida", "sato")

    page = desk.get("/desk/hold?q=こころ&at=phone")
    assert page.select_one(".ways [aria-current]").text == "電話"
    assert page.select_one("form[method=post] [name=at]")["value"] == "phone"
    desk.post("/desk/hold", bib=first, pickup="main", contact="mail", at="phone")
    desk.post("/desk/hold", bib=second, pickup="main", contact="mail", at="desk")
    desk.post("/desk/hold", status=409, bib=town.title("門"), pickup="main", contact="mail", at="phone")

    held = dict(Hold.select(Hold.bib, Hold.channel).where(Hold.bib.in_([first, second])).tuples())
    assert held == {first: "phone", second: "desk"}
    assert [row[0] for row in db.execute_sql("SELECT channel FROM event ORDER BY id")] == ["phone", "desk"]


@pytest.mark.parametrize("at", ["web", "kiosk", "x", ""])
def test_no_other_way_comes_from_the_form(town, at_desk, at):
    at_desk("ishida", "sato").post("/desk/hold", bib=town.title("門"), pickup="main", contact="mail", at=at)

    assert Hold.get().channel == "desk"


# -- the page of rules -------------------------------------------------------------------------------------


@sheet
def test_patrons_read_what_may_be_an_exception(reader):
    assert (
        "貸出の点数、予約の点数、返却期限を過ぎた資料、利用券の有効期限については、窓口で、職員の判断で例外とすることがあります。"
        in reader.get("/rules").text
    )


def test_where_there_are_none_they_read_of_none(reader):
    assert "例外" not in reader.get("/rules").main.text
