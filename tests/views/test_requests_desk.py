"""Requests for what the library does not own, and pieces of other libraries, at the desk."""

import logging
from datetime import timedelta

import pytest
from playhouse.test_utils import count_queries

import circulation
import patrons
import pull_list
import requested
import search
import standing
from models import Bib, Creator, Event, Hold, Item, Loan, Outbox, Patron, Tally, db
from rules import Channel, HoldState, ItemState
from tests.cast import CARDS
from tests.reader import said
from tests.test_lending import barcode, kinds

NEW = "/desk/requests/new"
LIST = "/desk/requests"
# Requests count with books, as some neighbours' printed rules say.
WITH_REQUESTS = (('of = ["book"]\nmost = 5', 'of = ["book", "request"]\nmost = 5'),)
ISBN = "9784003101018"
ASKED = {
    "title": "銀河の鉄道",
    "creator": "山川 陽",
    "material": "book",
    "pickup": "main",
    "contact": "mail",
    "at": "desk",
}


@pytest.fixture
def changes():
    return WITH_REQUESTS


@pytest.fixture
def visit(desk):
    """A visit at the desk begins."""

    def visit(name: str):
        desk.post("/desk/scan", code=CARDS[name][0])
        return desk

    return visit


@pytest.fixture
def ask(visit):
    """Somebody asks at the desk for a title that the library does not own; gives its number."""

    def ask(name: str, **fields) -> int:
        visit(name).post(NEW, **{**ASKED, **fields})
        return Bib.select(Bib.id).where(Bib.requested).order_by(Bib.id.desc()).scalar()

    return ask


@pytest.fixture
def borrow(desk, town):
    """A piece for a request comes from another library; gives its barcode."""

    def borrow(bib: int, number: str = "B7001", days: int = 30) -> str:
        day = town.today + timedelta(days=days)
        desk.post(
            f"{LIST}/{bib}/borrow", barcode=number, library="となり町の図書館", send_back_by=day.isoformat()
        )
        return number

    return borrow


# -- asking ------------------------------------------------------------------------------------------------


def test_where_nothing_fits_the_words_that_were_searched_for_begin_a_request(visit, town):
    page = visit("sato").get("/desk/hold?q=銀河の鉄道")

    link = page.find("a", string="図書館にない資料をリクエストする")
    form = visit("sato").get(link["href"])

    title = form.find("input", {"name": "title"})
    assert title["value"] == "銀河の鉄道" and title.has_attr("autofocus")
    assert "サトウ ハナ" in said(form) and "サトウ" not in form.title.text
    assert (
        visit("sato").get(f"{NEW}?q=978-4-00-310101-8").find("input", {"name": "isbn"})["value"]
        == "978-4-00-310101-8"
    )


def test_a_title_that_the_library_does_not_own_is_asked_for_and_waits(visit, town, clock):
    desk = visit("sato")

    desk.post(NEW, **ASKED, publisher="朝日川書房", pub_year="２０２４年", isbn="978-4-00-310101-8")

    bib, hold = Bib.get(), Hold.get()
    assert (bib.title, bib.material, bib.publisher, bib.pub_year, bib.isbn) == (
        "銀河の鉄道",
        "book",
        "朝日川書房",
        2024,
        ISBN,
    )
    assert bib.requested and bib.hidden and Creator.get().name == "山川 陽"
    assert (hold.bib_id, hold.patron_id, hold.state) == (bib.id, town.patrons["sato"], HoldState.WAITING)
    assert (hold.channel, hold.pickup_branch, hold.contact, hold.requested_at) == (
        "desk",
        "main",
        "mail",
        clock(),
    )
    assert kinds()[-1:] == ["hold_placed"] and Outbox.get().kind == "hold_registered"
    assert desk.went_to == "/desk" and "「銀河の鉄道」のリクエストを受け付けました。1番目" in said(
        desk.get("/desk")
    )


def test_a_request_by_phone_is_written_down_as_one(ask):
    ask("sato", at="phone")

    assert Hold.get().channel == "phone" and Event.get(Event.kind == "hold_placed").channel == "phone"


def test_nobody_finds_a_title_that_is_only_asked_for(ask, reader):
    bib = ask("sato", isbn=ISBN)

    assert search.find(db, "銀河の鉄道", 20, 0).ids == [] and search.find(db, ISBN, 20, 0).ids == []
    reader.get(f"/bibs/{bib}", status=404)
    assert "銀河" not in said(reader.get("/new")) and reader.get("/").find(string="銀河の鉄道") is None


@pytest.mark.parametrize(
    "other",
    [
        {"title": "ぎんがの鉄道", "isbn": ISBN, "creator": ""},
        {"title": "銀河ノ鉄道", "creator": "山川　陽"},
    ],
    ids=["the same ISBN", "the same title by the same person"],
)
def test_whoever_asks_for_the_same_title_stands_in_the_same_queue(ask, town, clock, other):
    ask("sato", isbn=ISBN)
    clock.forward(minutes=1)

    ask("tanaka", **other) if "isbn" in other else ask("tanaka", **{**other, "title": "銀河の鉄道"})

    assert Bib.select().count() == 1
    assert [hold.place for hold in standing.holds_of(town.patrons["tanaka"])] == [2]


@pytest.mark.parametrize("other", [{"isbn": "9784101010014"}, {"material": "av"}, {"creator": "海野 光"}])
def test_what_only_sounds_alike_is_another_title(ask, other):
    ask("sato", isbn=ISBN)

    ask("tanaka", **other) if "material" not in other else ask("tanaka", isbn="", **other)

    assert Bib.select().where(Bib.requested).count() == 2


def test_the_same_form_sent_twice_asks_once(visit):
    desk = visit("sato")
    desk.post(NEW, **ASKED)

    page = desk.post(NEW, status=409, **ASKED)

    assert "すでに予約しています。" in said(page)
    assert (Bib.select().count(), Hold.select().count(), kinds().count("hold_placed")) == (1, 1, 1)


def test_what_the_library_has_is_held_instead(visit, town):
    town.title("銀河の鉄道", isbn=ISBN)

    page = visit("sato").post(NEW, status=409, **ASKED, isbn=ISBN)

    assert "この図書館にある資料です。" in said(page)
    assert page.find("a", string="この資料の予約を受ける")["href"] == f"/desk/hold?q={ISBN}"
    assert Hold.select().count() == 0 and not Bib.get().requested


def test_a_title_whose_last_copy_is_withdrawn_can_be_asked_for(ask, town):
    town.title("銀河の鉄道", isbn=ISBN, state=ItemState.WITHDRAWN)

    bib = ask("sato", isbn=ISBN)

    assert Bib.get_by_id(bib).requested and Hold.get().bib_id == bib


@pytest.mark.parametrize("changes", [()])
def test_a_library_without_a_line_for_requests_says_plainly_that_it_takes_none(visit):
    page = visit("sato").post(NEW, status=409, **ASKED)

    assert "所蔵していない資料のリクエストは、受け付けていません。" in said(page)
    assert page.find("input", {"name": "title"})["value"] == "銀河の鉄道", "what was typed is still there"
    assert Bib.select().count() == Hold.select().count() == Outbox.select().count() == 0


def test_requests_share_the_room_with_the_materials_of_their_line(visit, town):
    for n in range(4):
        town.hold(town.title(f"本 {n}"), "sato")
    desk = visit("sato")
    desk.post(NEW, **ASKED)

    page = desk.post(NEW, status=409, **{**ASKED, "title": "もう一つ"})

    assert "予約は5点までです(予約中 5点)。" in said(page) and Bib.select().where(Bib.requested).count() == 1
    assert "5点のうち 5点 予約中" in said(desk.get("/desk/hold"))


def test_a_request_that_got_a_copy_of_the_librarys_own_counts_as_that(ask, town, borrow):
    bib = ask("sato")
    patron = Patron.get_by_id(town.patrons["sato"])

    assert standing.patron_facts(patron).holds[0].bib.request
    borrow(bib)
    assert standing.patron_facts(patron).holds[0].bib.request, "a piece of another library changes nothing"
    town.copy(bib)
    assert not standing.patron_facts(patron).holds[0].bib.request
    assert not standing.holds_of(patron.id)[0].request


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("title", "", "書名を入れてください。"),
        ("title", " 　\x00", "書名を入れてください。"),
        ("title", "長" * 201, "書名は200字までで入れてください。"),
        ("creator", "長" * 101, "著者は100字までで入れてください。"),
        ("publisher", "長" * 101, "出版社は100字までで入れてください。"),
        ("pub_year", "昭和", "出版年は、西暦4けたの数字で入れてください。"),
        ("pub_year", "20245", "出版年は、西暦4けたの数字で入れてください。"),
        ("isbn", "9784003101011", "ISBNとして読み取れませんでした。"),
        ("material", "tapestry", "資料の種類を選んでください。"),
        ("pickup", "moon", "受取希望館を選んでください。"),
        ("contact", "pigeon", "連絡方法を選んでください。"),
        ("at", "web", "申し込みの方法を選んでください。"),
    ],
)
def test_a_form_that_is_not_understood_comes_back_filled_and_changes_nothing(visit, field, typed, sentence):
    page = visit("sato").post(NEW, status=422, **{**ASKED, field: typed})

    assert sentence in page.find(id=f"{field}-error").text
    assert page.find("input", {"name": "creator"})["value"] in (ASKED["creator"], typed)
    assert Bib.select().count() == Hold.select().count() == 0 and kinds() == []


def test_without_a_visit_there_is_nobody_to_ask(desk):
    for answer in (desk.get(NEW, status=303), desk.post(NEW, **ASKED)):
        assert desk.went_to == "/desk", answer
    assert Bib.select().count() == 0


def test_no_log_says_what_somebody_asks_for(ask, caplog):
    with caplog.at_level(logging.DEBUG):
        ask("sato")

    assert not [
        record for record in caplog.records if "銀河" in record.getMessage() and record.name != "peewee"
    ]


# -- the patron's own pages --------------------------------------------------------------------------------


def test_a_patron_sees_the_request_among_the_holds_without_a_page_to_go_to(ask, reader):
    ask("sato")
    reader.log_in("sato")

    [row] = reader.get("/my/holds").select("ul.holds li")

    assert "リクエスト" in row.text and "1番目(1人中)" in row.text
    assert row.h2.text == "銀河の鉄道" and row.h2.a is None


def test_the_last_who_cancels_takes_the_wish_along(ask, town, reader, clock):
    bib = ask("sato", isbn=ISBN)
    ask("tanaka", isbn=ISBN)
    reader.log_in("sato")
    mine = Hold.get(Hold.patron == town.patrons["sato"]).id

    reader.post(f"/my/holds/{mine}/cancel")
    assert Bib.get_by_id(bib).title == "銀河の鉄道", "somebody else waits"
    [other] = Hold.select(Hold.id).where(Hold.closed_at.is_null())
    circulation.cancel_hold(town.policy, town.patrons["tanaka"], other.id, Channel.DESK, clock())

    assert Bib.select().count() == Creator.select().count() == 0
    assert [hold.bib_id for hold in Hold.select()] == [None, None]
    assert kinds().count("hold_cancelled") == 2


def test_the_wish_goes_with_a_patron_who_is_deleted(ask, policy, town, clock):
    ask("sato")

    patrons.delete(policy, town.patrons["sato"], clock(), "1")

    assert Bib.select().count() == Creator.select().count() == 0


def test_a_title_of_the_library_stays_whoever_cancels(town, clock):
    kokoro = town.title("こころ", copies=0)
    hold = town.hold(kokoro, "sato")

    circulation.cancel_hold(town.policy, town.patrons["sato"], hold, Channel.DESK, clock())

    assert Bib.get().id == kokoro


# -- the list for whoever buys -----------------------------------------------------------------------------


def test_the_list_names_titles_and_how_many_wait_and_nobody(ask, desk, clock):
    ask("sato", isbn=ISBN)
    clock.forward(days=1)
    desk.log_in_staff("ishida")
    ask("tanaka", isbn=ISBN)
    bib = ask("tanaka", title="夜の地図", creator="")

    page = desk.get(LIST)

    first, second = page.select("#asked ~ ul li")
    assert (
        "銀河の鉄道" in first.text
        and "待っている方 2人" in first.text
        and "2026年4月15日(水)から" in first.text
    )
    assert f"ISBN {ISBN}" in first.text and "ISBN" not in second.text
    assert [link["href"] for link in second.find_all("a")] == [
        f"/desk/titles/{bib}",
        f"{LIST}/{bib}/borrow",
        f"{LIST}/{bib}/decline",
    ]
    assert "サトウ" not in page.text and CARDS["sato"][0] not in page.text
    assert desk.get("/desk/more").find("a", href=LIST)


def test_a_title_that_cannot_be_got_is_declined_and_everybody_told(ask, desk, town):
    bib = ask("sato", isbn=ISBN)
    ask("tanaka", isbn=ISBN)
    holds = {hold.patron_id: hold.id for hold in Hold.select()}

    assert "待っている方が2人います。" in said(desk.get(f"{LIST}/{bib}/decline"))
    assert Hold.select().where(Hold.closed_at.is_null()).count() == 2, "looking declines nothing"
    desk.post(f"{LIST}/{bib}/decline")

    assert "お断りしました。" in said(desk.get(LIST)) and "銀河" not in said(desk.get(LIST))
    assert Bib.select().count() == 0
    assert {(hold.state, hold.patron_id, hold.bib_id) for hold in Hold.select()} == {
        (HoldState.CANCELLED, None, None)
    }
    told = Outbox.select().where(Outbox.kind == "request_declined")
    assert {(row.patron_id, row.numbers) for row in told} == {(who, str(hold)) for who, hold in holds.items()}
    assert kinds()[-3:] == ["hold_cancelled", "hold_cancelled", "request_declined"]
    desk.post(f"{LIST}/{bib}/decline", status=404)
    assert Outbox.select().where(Outbox.kind == "request_declined").count() == 2


def test_nothing_of_the_librarys_own_is_declined_or_lent_by_others(desk, town):
    bib = town.title("こころ")
    hold = town.hold(bib, "sato")

    for what in ("decline", "borrow"):
        desk.get(f"{LIST}/{bib}/{what}", status=404)
        desk.get(f"{LIST}/999/{what}", status=404)
    desk.post(f"{LIST}/{bib}/decline", status=404)
    desk.post(f"{LIST}/{bib}/borrow", status=404, barcode="B1", library="となり", send_back_by="2026-05-01")
    desk.post(f"{LIST}/borrowed/{Item.get().id}/send-back", status=404)

    assert Hold.get_by_id(hold).state is HoldState.WAITING and Item.select().count() == 1


def test_a_first_copy_of_ones_own_serves_who_asked(ask, town, desk):
    """The title was on order without a copy; the first that comes serves the queue."""
    bib = ask("sato")
    town.copy(bib)

    page = desk.post("/desk/return/scan", code=barcode(bib)) and desk.get("/desk/return")

    assert "予約があります。この館の取り置き棚へ" in said(page) and Hold.get().state is HoldState.READY
    assert Outbox.select().where(Outbox.kind == "hold_ready").count() == 1


# -- pieces of other libraries -----------------------------------------------------------------------------


def test_a_piece_of_another_library_is_taken_in_and_goes_to_who_asked(ask, desk, borrow, town):
    bib = ask("sato")

    borrow(bib, "Ａ9001Ａ")

    item = Item.get()
    assert (item.barcode, item.bib_id, item.branch, item.state) == ("9001", bib, "main", ItemState.IN_STOCK)
    assert item.interlibrary and item.borrowed_from == "となり町の図書館"
    assert item.send_back_by == town.today + timedelta(days=30) and kinds()[-1] == "item_borrowed"
    assert "となり町の図書館" in said(desk.get(LIST)) and "「返却」で読み取って" in said(desk.get(LIST))
    desk.post("/desk/return/scan", code="9001")
    assert "予約があります。この館の取り置き棚へ" in said(desk.get("/desk/return"))
    assert Hold.get().state is HoldState.READY and "予約の方のために取り置いています。" in said(
        desk.get(LIST)
    )


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"barcode": ""}, 422, "資料番号のバーコードを読み取るか、番号を入れてください。"),
        ({"barcode": "本"}, 409, "20字までの数字とアルファベット"),
        ({"barcode": ISBN}, 409, "これは出版社のバーコードです。"),
        ({"barcode": "300000001"}, 409, "この資料番号は、ほかの資料に付いています。"),
        ({"barcode": CARDS["mori"][0]}, 409, "これは利用券の番号です。"),
        ({"library": " "}, 422, "借りた図書館の名前を"),
        ({"send_back_by": ""}, 422, "返送の期限を入れてください。"),
        ({"send_back_by": "あした"}, 422, "日付として読み取れませんでした。"),
        ({"send_back_by": "2026-04-14"}, 409, "返送の期限が、過ぎた日になっています。"),
    ],
)
def test_a_piece_of_another_library_that_cannot_be_taken_in(ask, desk, town, fields, status, sentence):
    town.title("こころ")
    bib = ask("sato")
    whole = {"barcode": "B1", "library": "となり町の図書館", "send_back_by": "2026-05-15"}

    page = desk.post(f"{LIST}/{bib}/borrow", status=status, **{**whole, **fields})

    assert sentence in said(page) and Item.select().count() == 1 and "item_borrowed" not in kinds()
    assert desk.post(f"{LIST}/{bib}/borrow", **{**whole, "send_back_by": "2026-04-15"}) is not None


def test_a_loan_ends_before_the_piece_has_to_go_back(ask, visit, borrow, town):
    bib = ask("sato")
    borrow(bib, days=5)
    visit("sato").post("/desk/scan", code="B7001")

    # 20 April is a Monday, on which the library is closed: the open day before.
    assert Loan.get().due_on == town.today + timedelta(days=4)


def test_a_piece_that_ought_to_be_on_its_way_back_is_not_lent_nor_set_aside(ask, visit, borrow, clock, desk):
    bib = ask("sato")
    borrow(bib, days=5)
    clock.forward(days=6)
    desk.log_in_staff("ishida")

    page = visit("sato").post("/desk/scan", status=409, code="B7001")
    desk.post("/desk/return/scan", code="B7001")

    assert "返送の期限(2026年4月20日(月))を過ぎています。" in said(page) and Loan.select().count() == 0
    assert Hold.get().state is HoldState.WAITING
    assert "他館の資料です。となり町の図書館へ返送してください。" in said(desk.get("/desk/return"))


def test_what_is_returned_goes_back_to_its_library_unless_somebody_waits(ask, visit, borrow, desk):
    bib = ask("sato")
    borrow(bib)
    visit("sato").post("/desk/scan", code="B7001")
    ask("tanaka")

    desk.post("/desk/return/scan", code="B7001")
    assert "予約があります。" in said(desk.get("/desk/return")) and "返送してください" not in said(
        desk.get("/desk/return")
    )
    visit("tanaka").post("/desk/scan", code="B7001")
    desk.post("/desk/return/scan", code="B7001")

    page = said(desk.get("/desk/return"))
    assert "他館の資料です。となり町の図書館へ返送してください。" in page and "棚へ戻して" not in page
    assert Tally.get(Tally.kind == "return").n == 2, "it counts like any other"


def test_what_is_sent_back_leaves_nothing_but_counts(ask, visit, borrow, desk):
    bib = ask("sato")
    borrow(bib)
    visit("sato").post("/desk/scan", code="B7001")
    address = f"{LIST}/borrowed/{Item.get().id}/send-back"

    assert "いま貸出中の資料です。" in said(desk.get(address, status=409))
    assert "いま貸出中の資料です。" in said(desk.post(address, status=409)) and Item.select().count() == 1
    assert desk.get(LIST).find("a", href=address) is None
    desk.post("/desk/return/scan", code="B7001")
    assert "登録は消えます。" in said(desk.get(address))
    desk.post(address)

    assert "返送を記録しました。" in said(desk.get(LIST))
    assert Item.select().count() == Loan.select().count() == Bib.select().count() == 0
    assert kinds()[-1] == "item_sent_back" and Tally.get(Tally.kind == "loan").n == 1
    desk.post(address, status=404)
    desk.post("/desk/return/scan", status=422, code="B7001")


def test_what_is_kept_for_somebody_is_not_sent_back(ask, borrow, desk):
    bib = ask("sato")
    borrow(bib)
    desk.post("/desk/return/scan", code="B7001")

    page = desk.post(f"{LIST}/borrowed/{Item.get().id}/send-back", status=409)

    assert "取り置いている資料です。" in said(page) and Item.select().count() == 1


def test_who_still_waits_keeps_waiting_when_the_piece_goes_back(ask, borrow, desk, town):
    bib = ask("sato")
    borrow(bib)
    address = f"{LIST}/borrowed/{Item.get().id}/send-back"

    assert "他館から借りた資料が1点あるため、お断りできません。" in said(
        desk.get(f"{LIST}/{bib}/decline", status=409)
    )
    desk.post(f"{LIST}/{bib}/decline", status=409)
    assert "待っている方が、まだ1人います。" in said(desk.get(address))
    desk.post(address)

    assert Hold.get().state is HoldState.WAITING and Bib.get().id == bib and Item.select().count() == 0
    assert borrow(bib) and Item.get().barcode == "B7001", "the number is free again"


def test_the_record_stays_for_the_piece_when_its_patron_cancels(ask, borrow, town, clock, desk):
    bib = ask("sato")
    borrow(bib)

    circulation.cancel_hold(town.policy, town.patrons["sato"], Hold.get().id, Channel.DESK, clock())

    assert Bib.get().id == bib and [piece.title for piece in requested.borrowed()] == ["銀河の鉄道"]
    assert "リクエストされている資料はありません。" in said(desk.get(LIST))
    desk.post(f"{LIST}/borrowed/{Item.get().id}/send-back")
    assert Bib.select().count() == 0


def test_a_piece_of_another_library_is_no_part_of_the_catalogue(town, reader):
    kokoro = town.title("こころ", copies=0)
    town.copy(kokoro, interlibrary=True)
    town.hold(kokoro, "sato")

    page = reader.get(f"/bibs/{kokoro}")

    assert "貸出できます" not in said(page)
    assert "貸出できます" not in said(reader.get("/search?q=こころ"))
    assert pull_list.to_fetch(town.policy, "main", town.today) == []
    Item.update(interlibrary=False).execute()
    assert "貸出できます" in said(reader.get(f"/bibs/{kokoro}"))
    assert len(pull_list.to_fetch(town.policy, "main", town.today)) == 1


RENEWABLE = (
    *WITH_REQUESTS,
    ('refused = ["overdue", "held", "renewed"]', 'refused = ["overdue", "held", "renewed", "interlibrary"]'),
)


def lent(town, visit, ask, borrow, days: int = 30) -> int:
    borrow(ask("sato"), days=days)
    visit("sato").post("/desk/scan", code="B7001")
    return Loan.get().id


@pytest.mark.parametrize("source", ["source-2"])
@pytest.mark.parametrize("changes", [()])
def test_a_renewal_of_what_is_another_librarys_is_refused_before_the_click(town, reader):
    kokoro = town.title("こころ", interlibrary=True)
    loan = town.lend(kokoro, "sato")
    reader.log_in("sato")

    page = reader.get("/my/loans")

    assert "ほかの図書館から取り寄せた資料です。" in said(page) and not page.find(
        "form", action=f"/my/loans/{loan}/renew"
    )
    reader.post(f"/my/loans/{loan}/renew", status=409)
    assert Loan.get().renewals == 0
    Item.update(interlibrary=False).execute()
    assert reader.get("/my/loans").find("form", action=f"/my/loans/{loan}/renew")


def test_where_the_policy_renews_them_a_renewal_ends_before_the_piece_has_to_go_back(
    town, visit, ask, borrow, reader
):
    borrow(ask("sato"), days=20)
    visit("sato").post("/desk/scan", code="B7001")
    loan = Loan.get().id
    reader.log_in("sato")

    row = reader.get("/my/loans").select_one(".loans li")
    reader.post(f"/my/loans/{loan}/renew")

    assert row.h2.a is None, "the title has no page"
    # Two weeks after the due date would be 13 May; the piece has to leave on 5 May.
    assert Loan.get().due_on == town.today + timedelta(days=20)


def test_the_list_asks_the_database_a_few_things_however_much_there_is(ask, borrow, desk):
    counts = []
    for n in range(1, 4):
        borrow(ask("sato", title=f"本 {n}"), f"B{n}")
        with count_queries() as counter:
            desk.get(LIST)
        counts.append(counter.count)

    assert counts[1] == counts[2] <= 10
