"""The desk's pages about pieces: adding one, changing it, withdrawing, missing and finding it."""

import pytest

import search
from models import Bib, Hold, Item, Loan, db
from rules import HoldState, ItemState
from tests.cast import CARDS
from tests.reader import said
from tests.records import kinds_without_numbers as kinds

NEW = {"barcode": "400000001", "branch": "main", "call_number": "913.6 ナ", "volumes": "1"}


@pytest.fixture
def bib(town):
    """A title that has no piece yet."""
    return town.title("こころ", copies=0, ndc="913.6", title_kana="こころ")


@pytest.fixture
def add(desk, bib):
    """The address at which its pieces are added."""

    def add(status=303, to=bib, **fields):
        return desk.post(f"/desk/titles/{to}/items", status=status, **{**NEW, **fields})

    return add


@pytest.fixture
def piece(town):
    """A piece of another title, by its number."""
    return Item.get(Item.bib == town.title("門")).id


# -- adding ------------------------------------------------------------------------------------------------


def test_a_piece_is_added_by_one_scan_with_what_is_suggested(town, desk, bib):
    page = desk.get(f"/desk/titles/{bib}")
    assert page.select_one("#barcode").has_attr("autofocus")
    assert page.select_one("#call_number")["value"] == "913.6 コ"
    assert page.select_one("#branch option[selected]")["value"] == "main"

    desk.post(
        f"/desk/titles/{bib}/items",
        barcode="Ａ４０００-００００１Ａ",
        branch="main",
        call_number="913.6 コ",
        volumes="1",
    )
    item = Item.get()

    assert (item.barcode, item.branch, item.call_number) == ("400000001", "main", "913.6 コ")
    assert (item.tags, item.not_for_loan, item.interlibrary, item.volumes) == ("", False, False, 1)
    assert (item.added_on, item.state) == (town.today, ItemState.IN_STOCK)
    assert kinds() == ["item_added"]
    page = desk.get(desk.went_to)
    assert "所蔵を追加しました。" in said(page) and "予約が" not in said(page)
    assert page.find("a", string="ラベルを印刷する")["href"] == "/desk/labels?codes=400000001"
    assert page.select_one("#barcode").get("value") == "", "the next one is waited for"


def test_everything_about_a_piece_is_kept(add):
    add(
        branch="east",
        tags=["週刊誌", "館内用", "知らない"],
        more_tags="大活字\r\n\r\n 大型\u3000絵本 \r\n週刊誌",
        not_for_loan="y",
        interlibrary="y",
        volumes="１２",
    )
    item = Item.get()

    assert item.tags.split("\n") == ["週刊誌", "館内用", "大活字", "大型 絵本"]
    assert (item.branch, item.not_for_loan, item.interlibrary, item.volumes) == ("east", True, True, 12)


def test_the_tags_that_the_rules_ask_for_are_offered(desk, bib):
    boxes = desk.get(f"/desk/titles/{bib}").select("input[name=tags]")

    assert [box["value"] for box in boxes] == ["週刊誌", "団体貸出用", "館内用"]


def test_a_form_sent_twice_adds_one_piece(add):
    for _ in range(2):
        add()

    assert Item.select().count() == 1 and len(kinds()) == 1


@pytest.mark.parametrize(
    ("barcode", "sentence"),
    [
        ("300000001", "この資料番号は、ほかの資料に付いています。"),
        (CARDS["sato"][0], "これは利用券の番号です。"),
        (f"A{CARDS['sato'][0]}A", "これは利用券の番号です。"),
        ("9784101010014", "これは出版社のバーコードです。"),
        ("1920193006004", "これは出版社のバーコードです。"),
        ("4910076110463", "これは出版社のバーコードです。"),
        ("12*45", "20字までの数字とアルファベットで"),
    ],
)
def test_a_barcode_that_is_not_for_this_piece_is_refused_with_its_reason(desk, add, piece, barcode, sentence):
    page = add(status=409, barcode=barcode, call_number="手で直した")

    assert sentence in page.select_one("main [role=alert].problem").text
    assert page.select_one("#call_number")["value"] == "手で直した"
    assert page.select_one("#barcode")["value"] == "", "the next scan stands alone"
    assert Item.select().count() == 1 and kinds() == []


@pytest.mark.parametrize("source", ["source-2"])
def test_a_barcode_that_looks_like_a_card_is_refused_in_the_librarys_words(add):
    page = add(status=409, barcode="200000099")

    assert "これは利用カードの番号です。" in page.select_one("main [role=alert].problem").text


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"barcode": " \x00"}, "資料番号のバーコードを読み取るか、"),
        ({"barcode": "4" * 41}, "長すぎます。"),
        ({"branch": "moon"}, "所蔵館を選んでください。"),
        ({"volumes": "0"}, "冊数を、1から999までの数字で入れてください。"),
        ({"volumes": "二"}, "冊数を数字で入れてください。"),
        ({"volumes": ""}, "冊数を数字で入れてください。"),
        ({"volumes": "9" * 5000}, "冊数を数字で入れてください。"),
        ({"call_number": "長" * 61}, "長すぎます。"),
        ({"more_tags": "長" * 31}, "資料区分は1行に30字まで、"),
    ],
)
def test_a_form_about_a_piece_says_what_is_wrong_at_its_field(add, wrong, sentence):
    page = add(status=422, **wrong)

    assert sentence in page.select_one(".field-error").text
    assert page.select_one("[aria-invalid]").has_attr("autofocus")
    assert Item.select().count() == 0


def test_a_new_copy_of_what_is_waited_for_says_how_it_reaches_the_first(town, desk, add, bib):
    for name in ("sato", "tanaka"):
        town.hold(bib, name)

    add()
    page = said(desk.get(desk.went_to))
    assert "予約が 2件 あります。「返却」で読み取ってください。" in page
    desk.post("/desk/return/scan", code=NEW["barcode"])

    assert Hold.get(Hold.patron == town.patrons["sato"]).state is HoldState.READY


def test_a_further_copy_is_suggested_the_place_of_the_first(desk, add, bib):
    add(call_number="K 913 ナ")

    assert desk.get(f"/desk/titles/{bib}").select_one("#call_number")["value"] == "K 913 ナ"


# -- what was asked for ------------------------------------------------------------------------------------


@pytest.fixture
def requested(town):
    """A title that the library does not own; somebody asked for it."""
    return town.title("遠い本", copies=0, hidden=True, requested=True)


def test_a_requested_title_is_one_like_any_other_once_the_library_has_it(add, requested):
    add(to=requested)

    bib = Bib.get_by_id(requested)
    assert not bib.requested and not bib.hidden
    assert search.find(db, "遠い本", 5).ids == [requested]


def test_a_requested_title_from_another_library_stays_hidden_until_there_is_one_of_our_own(
    desk, add, requested
):
    add(to=requested, interlibrary="y")
    assert Bib.get_by_id(requested).requested and Bib.get_by_id(requested).hidden
    assert "リクエストの資料" in said(desk.get(f"/desk/titles/{requested}"))

    desk.post(f"/desk/items/{Item.get().id}", **NEW)
    assert not Bib.get_by_id(requested).requested
    assert search.find(db, "遠い本", 5).ids == [requested]


def test_a_title_that_the_desk_has_hidden_stays_hidden(town, add):
    hidden = town.title("秘本", copies=0, hidden=True)

    add(to=hidden)

    assert Bib.get_by_id(hidden).hidden


# -- changing ----------------------------------------------------------------------------------------------


def test_a_piece_moves_to_another_branch_with_a_new_label(desk, piece):
    page = desk.get(f"/desk/items/{piece}")
    assert page.select_one("#barcode")["value"] == "300000001"

    desk.post(f"/desk/items/{piece}", **{**NEW, "branch": "east", "more_tags": "大活字"})

    item = Item.get()
    assert (item.barcode, item.branch, item.tags) == ("400000001", "east", "大活字")
    assert kinds() == ["item_changed"]
    assert desk.get(desk.went_to).select_one("#more_tags").text.strip() == "大活字"


def test_saving_a_piece_as_it_is_changes_nothing(desk, piece):
    desk.post(f"/desk/items/{piece}", barcode="300000001", branch="main", call_number="913.6 ナ", volumes="1")

    assert kinds() == []


def test_a_changed_barcode_is_looked_at_like_a_new_one(town, desk, piece):
    town.title("それから")

    for taken in ("300000002", CARDS["sato"][0], "9784101010014"):
        desk.post(f"/desk/items/{piece}", status=409, **{**NEW, "barcode": taken})
    desk.post(f"/desk/items/{piece}", status=422, **{**NEW, "branch": ""})

    assert Item.get_by_id(piece).barcode == "300000001" and kinds() == []


# -- withdrawing -------------------------------------------------------------------------------------------


def test_a_withdrawn_piece_leaves_the_stock_and_can_come_back(desk, piece):
    for _ in range(2):
        desk.post(f"/desk/items/{piece}/withdraw")
    assert Item.get().state is ItemState.WITHDRAWN
    assert "除籍しました。" in said(desk.get(f"/desk/items/{piece}"))
    desk.get(f"/bibs/{Item.get().bib_id}").find("p", string="この資料は、いまは図書館にありません。")

    for _ in range(2):
        desk.post(f"/desk/items/{piece}/restore")
    assert Item.get().state is ItemState.IN_STOCK
    assert kinds() == ["item_withdrawn", "item_restored"]


def test_a_withdrawn_piece_is_on_no_shelf_any_more(desk, piece):
    Item.update(to_shelve_at="main").execute()

    desk.post(f"/desk/items/{piece}/withdraw")

    assert Item.get().to_shelve_at is None


def test_what_is_lent_cannot_be_withdrawn(town, desk, piece):
    town.lend(Item.get().bib_id, "sato", due_in=7)

    page = desk.post(f"/desk/items/{piece}/withdraw", status=409)

    assert (
        "貸出中(2026年4月22日(水)まで)のため、除籍できません。" in page.select_one("main [role=alert]").text
    )
    assert Item.get().state is ItemState.IN_STOCK and kinds() == []
    assert not desk.get(f"/desk/items/{piece}").select(f'form[action="/desk/items/{piece}/withdraw"]')


def test_what_is_set_aside_for_somebody_cannot_be_withdrawn(town, desk, piece):
    town.ready(Item.get().bib_id, "sato")

    page = desk.post(f"/desk/items/{piece}/withdraw", status=409)

    assert "予約の方のために取り置いているか、" in page.select_one("main [role=alert]").text
    assert Item.get().state is ItemState.IN_STOCK


# -- missing and found -------------------------------------------------------------------------------------


def test_a_missing_piece_is_not_lent_until_it_is_found(town, desk, piece):
    for _ in range(2):
        desk.post(f"/desk/items/{piece}/missing")
    assert Item.get().state is ItemState.MISSING
    assert "不明にしました。" in said(desk.get(desk.went_to))

    for _ in range(2):
        desk.post(f"/desk/items/{piece}/found")
    assert Item.get().state is ItemState.IN_STOCK
    assert kinds() == ["item_missing", "item_found"]


def test_a_lost_loan_stays_a_loan_and_comes_back_like_any_other(town, desk, piece):
    loan = town.lend(Item.get().bib_id, "sato")

    desk.post(f"/desk/items/{piece}/missing")
    page = said(desk.get(desk.went_to))
    assert "不明 貸出中のまま(期限 2026年4月22日(水))" in page
    assert Loan.get_by_id(loan).patron_id == town.patrons["sato"]

    desk.post("/desk/return/scan", code="300000001")
    assert Item.get().state is ItemState.IN_STOCK and Loan.get_by_id(loan).patron_id is None


def test_whoever_a_missing_piece_was_kept_for_waits_again_at_the_old_place(town, desk, piece):
    bib = Item.get().bib_id
    kept = town.ready(bib, "sato")
    town.hold(bib, "tanaka")

    desk.post(f"/desk/items/{piece}/missing")

    hold = Hold.get_by_id(kept)
    assert hold.state is HoldState.WAITING
    assert (hold.item_id, hold.ready_on, hold.collect_by) == (None, None, None)
    assert kinds() == ["hold_put_back", "item_missing"]
    assert "元の順番の待ちに戻りました。" in said(desk.get(desk.went_to))
    town.copy(bib)
    desk.post("/desk/return/scan", code="300000002")
    assert Hold.get_by_id(kept).state is HoldState.READY, "the first is the first again"


def test_what_is_withdrawn_is_neither_missing_nor_found(desk, piece):
    desk.post(f"/desk/items/{piece}/withdraw")

    for what in ("missing", "found"):
        page = desk.post(f"/desk/items/{piece}/{what}", status=409)
        assert "先に除籍を取り消してください。" in page.select_one("main [role=alert]").text
    assert Item.get().state is ItemState.WITHDRAWN and len(kinds()) == 1


@pytest.mark.parametrize("number", ["9999", "0", "x"])
def test_a_piece_that_is_not_there_is_not_found(desk, number):
    desk.get(f"/desk/items/{number}", status=404)
    for what in ("", "/withdraw", "/restore", "/missing", "/found"):
        desk.post(f"/desk/items/{number}{what}", status=404, **NEW)


# -- the record --------------------------------------------------------------------------------------------


def test_the_record_says_what_was_done_and_never_to_what(desk, add, bib, reader):
    add()
    item = Item.get().id
    for what in ("withdraw", "restore", "missing", "found"):
        desk.post(f"/desk/items/{item}/{what}")
    desk.post(f"/desk/items/{item}", **{**NEW, "branch": "east"})
    for what in ("hide", "show", "delete"):
        desk.post(f"/desk/titles/{bib}/{what}")
    desk.post("/desk/titles/new", material="book", title="門")
    desk.post(f"/desk/titles/{Bib.get().id}/edit", material="book", title="それから")

    page = reader.log_in_staff("murakami").get("/desk/admin/audit")

    assert [row.th.text for row in page.select("tbody tr")] == [
        "資料の登録内容の変更",
        "資料の登録",
        "資料の削除",
        "資料の公開",
        "資料を公開しないことにする",
        "所蔵の内容の変更",
        "不明だった資料の発見",
        "資料を不明にする",
        "除籍の取り消し",
        "除籍",
        "所蔵の追加",
    ]
    assert {row.select("td")[-1].text for row in page.select("tbody tr")} == {""}
    assert "門" not in page.text and "400000001" not in page.text
