"""The desk as a clerk uses it: one field, a card, some pieces, and what the screen says to each."""

from datetime import timedelta

import pytest
from playhouse.test_utils import count_queries

from models import Hold, Loan, Patron
from rules import HoldState, ItemState
from tests.cast import CARDS
from tests.reader import scans
from tests.records import barcode

UNCHANGED = "何も変わっていません"


@pytest.fixture
def visit(desk):
    """Somebody's card is scanned."""

    def visit(name):
        desk.post("/desk/scan", code=CARDS[name][0])
        return desk.get("/desk")

    return visit


# -- the patron at the desk --------------------------------------------------------------------------------


def test_the_field_has_the_cursor_on_every_page_of_the_desk(desk):
    for address in ("/desk", "/desk/return"):
        field = desk.get(address).select_one("input[name=code]")
        assert field.has_attr("autofocus") and field["autocomplete"] == "off"


def test_a_card_shows_who_it_is_what_is_out_and_what_may_be_borrowed(town, visit):
    town.lend(town.title("こころ"), "sato", due_in=-2)
    town.ready(town.title("門"), "sato")

    page = visit("sato").select_one(".visitor")

    assert "サトウ ハナ" in page.h2.text and "町内在住" in page.text
    assert "貸出できます。" in page.text
    assert "期限を過ぎた資料が 1点 あります。" in page.text
    assert "取り置きの資料が 1点 あります。" in page.text and "門" in page.text
    assert "図書、雑誌、視聴覚資料、紙芝居 1点 貸出中(制限なし)" in page.text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("ito", "利用券の有効期限"), ("hara", "番号が「07」で始まる利用券は、そのままでは使えません。")],
)
def test_what_stops_a_patron_is_said_at_once(visit, name, sentence):
    panel = visit(name).select_one(".visitor")

    assert sentence in panel.select_one(".problem").text
    assert "貸出できます。" not in panel.text


@pytest.mark.parametrize("typed", ["A100000011A", "１０００００011", " 100-000-011 "])
def test_a_card_is_read_in_any_form(desk, typed):
    desk.post("/desk/scan", code=typed)

    assert "サトウ ハナ" in desk.get("/desk").text


def test_the_next_card_begins_anew_and_the_end_of_a_visit_leaves_nothing_on_the_screen(town, desk, visit):
    visit("sato")
    desk.post("/desk/scan", code=barcode(town.title("こころ")))
    page = visit("tanaka")

    assert "サトウ ハナ" not in page.text and scans(page) == []
    desk.post("/desk/finish")
    assert "タナカ レン" not in desk.get("/desk").text


# -- lending -----------------------------------------------------------------------------------------------


def test_each_piece_is_answered_at_once_the_newest_on_top(town, desk, visit):
    visit("sato")
    for title in ("こころ", "門"):
        desk.post("/desk/scan", code=barcode(town.title(title)))

    rows = scans(desk.get("/desk"))

    assert [row.split(" 913.6")[0] for row in rows] == [
        "貸出 2026年4月29日(水)まで 門",
        "貸出 2026年4月29日(水)まで こころ",
    ]
    assert Loan.select().where(Loan.patron == town.patrons["sato"]).count() == 2


def test_a_piece_scanned_twice_says_that_it_is_lent_already(town, desk, visit):
    visit("sato")
    code = barcode(town.title("こころ"))
    desk.post("/desk/scan", code=code)
    desk.post("/desk/scan", code=code)

    [row] = scans(desk.get("/desk"))

    assert row.startswith("貸出済み 2026年4月29日(水)まで")
    assert Loan.select().count() == 1


def test_what_cannot_be_lent_says_why_with_409_and_the_cursor_is_back(town, desk, visit):
    kokoro = town.title("こころ", call_number="R 813 コ", not_for_loan=True)
    visit("sato")

    page = desk.post("/desk/scan", status=409, code=barcode(kokoro))

    [row] = scans(page)
    assert row.startswith("貸出できません こころ") and "貸出していない資料です。" in row
    assert page.select_one("input[name=code]").has_attr("autofocus")
    assert Loan.select().count() == 0


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        ("999999999", 422, "このバーコードは登録されていません。"),
        ("30000000", 422, "このバーコードは登録されていません。"),
        ("9784101010014", 422, "これは本の裏表紙のバーコードです。"),
        ("1920193006004", 422, "これは本の裏表紙のバーコードです。"),
        ("", 422, "何も読み取れませんでした。"),
        ("  \u3000", 422, "何も読み取れませんでした。"),
        ("<b>1", 422, "このバーコードは登録されていません。"),
    ],
)
@pytest.mark.parametrize("address", ["/desk", "/desk/return"])
def test_a_strange_barcode_gets_a_sentence_and_changes_nothing(
    town, desk, visit, address, code, status, sentence
):
    town.title("こころ")
    visit("sato")

    page = desk.post(f"{address}/scan", status=status, code=code)

    assert sentence in page.select_one("#scan-problem").text
    assert page.select_one("input[name=code]").has_attr("autofocus")
    assert Loan.select().count() == 0


def test_a_piece_before_a_card_is_not_lent_to_anybody(town, desk):
    page = desk.post("/desk/scan", status=409, code=barcode(town.title("こころ")))

    assert "先に利用券を読んでください。" in page.text and UNCHANGED in page.text
    assert Loan.select().count() == 0


def test_the_slip_says_what_until_when_and_not_for_whom(town, desk, visit):
    visit("sato")
    desk.post("/desk/scan", code=barcode(town.title("こころ")))

    slip = desk.get("/desk/slip").main.text

    assert "こころ" in slip and "2026年4月29日(水)" in slip
    assert "サトウ" not in slip and "100000011" not in slip
    desk.post("/desk/finish")
    desk.get("/desk/slip", status=303)


def test_a_long_visit_keeps_its_page_and_its_cookie_small(town, desk, visit):
    page = visit("sato")
    for n in range(14):
        desk.post("/desk/scan", status=409, code=barcode(town.title(f"本 {n}", not_for_loan=True)))

    page = desk.get("/desk")

    assert len(scans(page)) == 8
    assert len(desk.response.headers.get("Set-Cookie", "")) < 4000


def test_the_desk_asks_the_database_a_few_things_however_much_a_patron_has(town, desk, visit):
    counts = []
    for _ in range(2):
        for _ in range(6):
            town.lend(town.title("本"), "sato")
            town.hold(town.title("待つ本"), "sato")
        visit("sato")
        code = barcode(town.title("こころ"))
        with count_queries() as scanned:
            desk.browser.post("/desk/scan", data={"csrf_token": desk.token, "code": code})
        with count_queries() as shown:
            desk.get("/desk")
        counts.append((scanned.count, shown.count))

    assert counts[0] == counts[1]
    assert counts[0][1] <= 6, "the page"
    assert counts[0][0] <= 14, "a scan that lends: seven questions, and what it writes"


# -- a scan replaces a part of the page --------------------------------------------------------------------


def test_what_a_scan_replaces_is_what_the_page_shows(town, desk):
    kokoro = town.title("こころ")

    visit = desk.post("/desk/scan", status=200, part=True, code=CARDS["sato"][0])
    lent = desk.post("/desk/scan", status=200, part=True, code=barcode(kokoro))
    page = desk.get("/desk")
    back = desk.post("/desk/return/scan", status=200, part=True, code=barcode(kokoro))
    returns = desk.get("/desk/return")

    assert visit.select_one(".visitor h2").text == "サトウ ハナ"
    assert scans(lent) == scans(page) and "貸出 2026年4月29日(水)まで" in scans(page)[0]
    assert scans(back) == scans(returns) and "返却しました" in scans(returns)[0]


@pytest.mark.parametrize("address", ["/desk/scan", "/desk/return/scan"])
def test_a_refused_scan_replaces_it_too_and_the_next_takes_the_refusal_away(town, desk, address):
    kokoro = town.title("こころ")
    desk.post("/desk/scan", code=CARDS["sato"][0])

    refused = desk.post(address, status=422, part=True, code="999")
    next_one = desk.post(address, status=200, part=True, code=barcode(kokoro))

    assert UNCHANGED in refused.select_one("#scan-problem[role=alert]").text
    assert not next_one.select("#scan-problem")


# -- taking back -------------------------------------------------------------------------------------------


def test_pieces_come_back_one_after_the_other(town, desk):
    codes = []
    for title, days in (("こころ", 3), ("門", -4)):
        bib = town.title(title)
        town.lend(bib, "sato", due_in=days)
        codes.append(barcode(bib))
    for code in codes:
        desk.post("/desk/return/scan", code=code)

    late, in_time = scans(desk.get("/desk/return"))

    assert late.startswith("返却しました 棚へ戻してください。 門") and "期限を4日過ぎていました。" in late
    assert in_time.startswith("返却しました 棚へ戻してください。 こころ") and "過ぎ" not in in_time
    assert Loan.select().where(Loan.patron.is_null(False)).count() == 0


def test_a_return_that_somebody_waits_for_says_in_large_where_it_goes_and_never_the_name(town, desk):
    kokoro = town.title("こころ")
    town.lend(kokoro, "mori")
    hold = town.hold(kokoro, "sato")
    desk.post("/desk/return/scan", code=barcode(kokoro))

    page = desk.get("/desk/return")
    [row] = scans(page)

    assert row.startswith("予約があります。この館の取り置き棚へ")
    assert "利用券の番号の末尾 0011" in row
    assert "サトウ" not in page.text and "100000011" not in page.text and "モリ" not in page.text
    slip = desk.get(f"/desk/shelf/{hold}/slip").main.text
    assert "0011" in slip and "本館" in slip and "サトウ" not in slip


def test_a_return_for_another_branch_says_which(town, desk):
    kokoro = town.title("こころ")
    town.hold(kokoro, "sato")
    Hold.update(pickup_branch="east").execute()

    desk.post("/desk/return/scan", code=barcode(kokoro))

    assert scans(desk.get("/desk/return"))[0].startswith("予約があります。東分館へ回送")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "貸出中ではありません"),
        ({"state": ItemState.MISSING}, "見つかりました"),
        ({"branch": "west"}, "貸出中ではありません 西分館の資料です。"),
    ],
)
def test_a_piece_that_was_not_out_says_what_it_was(town, desk, columns, said):
    desk.post("/desk/return/scan", code=barcode(town.title("こころ", **columns)))

    assert scans(desk.get("/desk/return"))[0].startswith(said)


def test_a_withdrawn_piece_is_refused(town, desk):
    kokoro = town.title("こころ", state=ItemState.WITHDRAWN)

    page = desk.post("/desk/return/scan", status=409, code=barcode(kokoro))

    assert "除籍した資料です。" in scans(page)[0]


def test_a_card_on_the_page_of_returns_is_told_to_be_one(desk):
    page = desk.post("/desk/return/scan", status=422, code=CARDS["sato"][0])

    assert "これは利用券です。" in page.text and "サトウ" not in page.text


def test_a_whole_day_from_hold_to_shelf_to_home_and_back(town, desk, reader, visit):
    kokoro = town.title("こころ")
    reader.log_in("sato").post("/cart/add", bib=kokoro)
    reader.post("/cart/register", pickup="main", contact="mail")
    reader.log_out()

    reader.log_in_staff("ishida").post("/desk/return/scan", code=barcode(kokoro))
    page = visit("sato")
    assert "取り置きの資料が 1点 あります。" in page.text
    reader.post("/desk/scan", code=barcode(kokoro))
    reader.post("/desk/return/scan", code=barcode(kokoro))

    assert Loan.get().patron_id is None and Hold.get().state is HoldState.COLLECTED
    assert Patron.get_by_id(town.patrons["sato"]).mail


# -- holds in person ---------------------------------------------------------------------------------------


def test_a_hold_in_person_counts_like_one_from_the_web(town, desk, visit):
    for n in range(4):
        town.hold(town.title(f"本 {n}"), "sato")
    fifth, sixth = town.title("こころ"), town.title("門")
    visit("sato")

    page = desk.get("/desk/hold?q=こころ")
    assert "図書 5点のうち 4点 予約中" in page.text
    desk.post("/desk/hold", bib=fifth, pickup="east", contact="mail", q="こころ")
    told = desk.get("/desk")
    refused = desk.post("/desk/hold", status=409, bib=sixth, pickup="main", contact="mail", q="門")

    assert "「こころ」を予約しました。1番目、受取館 東分館" in told.text
    assert "図書の予約は5点までです(予約中 5点)" in refused.select_one(".problem[role=alert]").text
    hold = Hold.get(Hold.bib == fifth)
    assert (hold.channel, hold.state, hold.pickup_branch) == ("desk", HoldState.WAITING, "east")


def test_a_refusal_is_shown_though_nothing_was_searched_for(town, desk, visit):
    kokoro = town.title("こころ")
    town.hold(kokoro, "sato")
    visit("sato")

    page = desk.post("/desk/hold", status=409, bib=kokoro, pickup="main", contact="mail")

    assert "こころ" in page.text and page.select_one(".problem[role=alert]").text.strip()


def test_the_newest_issue_is_held_at_the_desk(town, desk, visit):
    *_, newest = town.issues("月刊しおり", town.today - timedelta(days=30), town.today)
    visit("sato")

    desk.post("/desk/hold", bib=newest, pickup="main", contact="mail")

    assert Hold.get().bib_id == newest


def test_a_reciprocal_borrower_is_told_why_not_before_anything_is_pressed(town, desk, visit):
    town.title("こころ")
    visit("mori")

    page = desk.get("/desk/hold?q=こころ")

    assert "広域利用者(青色のカード)の方は、予約はご利用いただけません。" in page.text
    assert not page.select("form[action='/desk/hold'][method=post]")


def test_without_a_patron_at_the_desk_there_is_nothing_to_hold(town, desk):
    kokoro = town.title("こころ")

    desk.get("/desk/hold", status=303)
    desk.post("/desk/hold", bib=kokoro, pickup="main", contact="mail")

    assert Hold.select().count() == 0


@pytest.mark.parametrize(("bib", "status"), [("99", 404), ("x", 404)])
def test_a_title_that_is_not_there_cannot_be_held(town, desk, visit, bib, status):
    visit("sato")

    desk.post("/desk/hold", status=status, bib=bib, pickup="main", contact="mail")


@pytest.mark.parametrize("words", ["%", '"', "*", "\x00", "　", "あ" * 2000])
def test_any_words_are_searched_for(desk, visit, words):
    visit("sato")

    assert desk.browser.get("/desk/hold", query_string={"q": words}).status_code == 200
