"""The desk's pages about patrons as a clerk uses them; names stand on them and nowhere else."""

import logging
from datetime import date

import pytest

import circulation
from models import Event, Hold, Loan, Login, Patron
from rules import HoldState
from tests.cast import CARDS
from tests.reader import Reader, said
from tests.test_patrons import FAMILIES, MARKS, SCHOOLS, THREE_YEARS, before_passwords

NEW = {"card": "100000099", "kana_name": "オカダ ミサキ", "category": "resident"}
MORE = {"born_on": "1990-05-05", "phone": "03-1234-5678", "mail": "okada@example.jp"}
LIST = "/desk/patrons"


@pytest.fixture
def of(town):
    """The address of somebody's page, or of what is done there."""

    def of(name, what=""):
        return f"{LIST}/{town.patrons[name]}{what}"

    return of


def facts_of(name_or_row) -> dict[str, str]:
    """What the form of a page sends if nobody touches it."""
    row = Patron.get(Patron.card_number == CARDS[name_or_row][0])
    return {"kana_name": row.kana_name, "category": row.category, "mail": row.mail or ""}


# -- who may enter -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [None, "sato"])
def test_a_stranger_and_a_patron_are_sent_to_the_desks_login(town, reader, of, who):
    if who:
        reader.log_in(who)
    for address in (LIST, f"{LIST}/new", of("sato"), of("sato", "/delete")):
        reader.get(address, status=303)
        assert reader.went_to.startswith("/desk/login")
    for what in ("", "/renew-card", "/replace-card", "/mark", "/unmark", "/delete"):
        reader.post(of("sato", what), **NEW)
        assert reader.went_to.startswith("/desk/login")

    assert Patron.select().count() == len(CARDS) and Event.select().count() == 0


@pytest.mark.parametrize("number", ["9999", "0", "x", "1%20"])
def test_a_patron_who_is_not_there_is_not_found(desk, number):
    desk.get(f"{LIST}/{number}", status=404)
    for what in ("/renew-card", "/mark", "/unmark", "/delete"):
        desk.post(f"{LIST}/{number}{what}", status=404)
    desk.post(f"{LIST}/{number}", status=404, **NEW)
    desk.post(f"{LIST}/{number}/replace-card", status=404, card="100000099")


def test_the_desk_has_a_place_for_patrons_and_the_visitor_a_link(desk, of):
    desk.post("/desk/scan", code=CARDS["sato"][0])

    page = desk.get("/desk")

    assert page.select_one(f'.desk-places a[href="{LIST}"]').text == "利用者"
    assert page.select_one(f'.visitor a[href="{of("sato")}"]').text == "利用者の内容"


# -- finding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["さとう", "ｻﾄｳ", "サトウ　ハナ", "はな", "100000011", "A100000011A", "0011"]
)
def test_a_search_forgives_kana_width_and_blanks(desk, of, typed):
    page = desk.post(LIST, status=200, q=typed)

    [link] = page.select("ul.scans a")
    assert link["href"] == of("sato") and link.text == "サトウ ハナ"
    assert "1人見つかりました。" in said(page)


def test_a_search_finds_the_end_of_a_phone_number_and_says_whose_card_has_expired(town, desk):
    Patron.update(phone="0312345678").where(Patron.id == town.patrons["ito"]).execute()

    [row] = desk.post(LIST, status=200, q="５６７８").select("ul.scans li")

    assert "イトウ フミ" in row.text and "有効期限切れ(2026年4月14日(火))" in row.text

    Patron.update(card_expires_on=date(2026, 4, 15)).where(Patron.id == town.patrons["ito"]).execute()
    [row] = desk.post(LIST, status=200, q="５６７８").select("ul.scans li")

    assert "有効期限切れ" not in row.text, "the last day is a good one"


def test_an_address_can_ask_too(desk, of):
    assert desk.get(f"{LIST}?q=ito").select("ul.scans a") == []
    assert desk.get(f"{LIST}?q=100000015").select_one("ul.scans a")["href"] == of("ito")


def test_more_than_fifty_are_said_to_be_more(town, desk):
    for _ in range(60):
        town.somebody()

    page = desk.post(LIST, status=200, q="ナナシ")

    assert len(page.select("ul.scans li")) == 50 and "50人より多いため" in said(page)


def test_nothing_found_and_nothing_typed_are_said(desk):
    assert "見つかりませんでした。" in said(desk.post(LIST, status=200, q="カラス"))
    page = desk.post(LIST, status=422, q=" 　")
    assert "名前のよみか、電話番号を入れてください。" in page.select_one("main [role=alert]").text


# -- registering -------------------------------------------------------------------------------------------


def test_somebody_is_registered_and_can_borrow_at_once(town, desk):
    assert desk.get(f"{LIST}/new").select_one("#card").has_attr("autofocus")

    desk.post(f"{LIST}/new", **NEW, **MORE)
    row = Patron.get(Patron.card_number == "100000099")
    page = desk.get(desk.went_to)

    assert page.select_one("main [role=status]").text == "登録しました。"
    assert page.select_one("#visitor").text == "オカダ ミサキ"
    assert (row.born_on, row.phone, row.mail) == (date(1990, 5, 5), "0312345678", "okada@example.jp")
    assert desk.get(f"{LIST}/{row.id}").select_one("main [role=status]") is None
    lend = page.select_one('form[action="/desk/scan"]')
    desk.post("/desk/scan", code=lend.select_one("[name=code]")["value"])
    assert desk.get("/desk").select_one("#visitor").text == "オカダ ミサキ"


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"card": ""}, "card", "利用券の番号を入れてください。"),
        ({"card": "1" * 41}, "card", "番号が長すぎます。"),
        ({"kana_name": " "}, "kana_name", "名前をカタカナで入れてください。"),
        ({"kana_name": "岡田 美咲"}, "kana_name", "カタカナで60字までで"),
        ({"category": "nobody"}, "category", "利用者区分を選んでください。"),
        ({"category": ""}, "category", "利用者区分を選んでください。"),
        ({"born_on": "2026-04-16"}, "born_on", "これからの日"),
        ({"born_on": "きのう"}, "born_on", "日付として読み取れませんでした。"),
        ({"phone": "5678"}, "phone", "10けたか11けたの数字"),
        ({"mail": "okada@"}, "mail", "メールアドレスの形になっていません。"),
    ],
)
def test_what_cannot_be_understood_is_said_at_its_field_and_the_rest_stays(
    town, desk, wrong, field, sentence
):
    page = desk.post(f"{LIST}/new", status=422, **{**NEW, **MORE, **wrong})

    element = page.select_one(f"#{field}")
    assert element["aria-invalid"] == "true" and f"{field}-error" in element["aria-describedby"]
    assert sentence in page.select_one(f"#{field}-error").text
    assert len(page.select(".field-error")) == 1
    assert [one["id"] for one in page.select("[autofocus]")] == [field]
    kept = {**NEW, **MORE, **wrong}
    assert page.select_one("#mail")["value"] == kept["mail"]
    assert page.select_one("#born_on")["value"] == kept["born_on"]
    assert Patron.select().count() == len(CARDS)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("A100000011A", "すでに登録されています。"),
        ("070000099", "「07」で始まる利用券"),
        ("9784101010014", "資料のバーコードです。"),
    ],
)
def test_a_number_that_cannot_be_given_is_answered_with_409_and_its_reason(desk, number, sentence):
    page = desk.post(f"{LIST}/new", status=409, **{**NEW, "card": number})

    assert sentence in page.select_one("main [role=alert]").text
    assert page.select_one("#card")["value"] == number
    assert page.select_one("#kana_name")["value"] == "オカダ ミサキ"
    assert Patron.select().count() == len(CARDS)


@pytest.mark.parametrize("source", ["source-2"])
def test_a_number_that_the_policy_does_not_know_gets_every_reason(desk):
    page = desk.post(f"{LIST}/new", status=409, **{**NEW, "card": "41"})

    assert "利用カードの番号は、数字9けたです。" in said(page)
    assert "利用カードの番号の始まりは、100、200、300です。" in said(page)


def test_only_what_rules_need_is_asked_for(desk):
    page = desk.get(f"{LIST}/new")

    assert page.select_one("#household") is None
    assert page.select_one('label[for="born_on"]').get_text(" ", strip=True) == "生年月日 任意"


@pytest.mark.parametrize("changes", SCHOOLS)
def test_the_birth_date_is_asked_for_where_school_matters(desk):
    page = desk.get(f"{LIST}/new")

    assert "任意" not in page.select_one('label[for="born_on"]').text
    assert "年齢や学年で変わるきまり" in page.select_one("#born_on-hint").text


@pytest.mark.parametrize("changes", FAMILIES)
def test_the_household_is_asked_for_where_families_are_stopped_together(desk):
    desk.post(f"{LIST}/new", **NEW, household="１２")

    row = Patron.get(Patron.card_number == "100000099")
    assert row.household == "12"
    assert desk.get(f"{LIST}/{row.id}").select_one("#household")["value"] == "12"


# -- the page of a patron ----------------------------------------------------------------------------------


def test_the_page_tells_numbers_and_reasons_but_no_title(town, desk, of):
    kokoro, mon = town.title("こころ"), town.title("門")
    town.lend(kokoro, "ito", due_in=-2)
    town.ready(mon, "ito")

    page = desk.get(of("ito"))

    assert page.select_one("#visitor").text == "イトウ フミ"
    assert "利用券の有効期限(2026年4月14日(火))が過ぎています。" in page.select_one(".problem").text
    assert "貸出中 1点 うち期限切れ 1点 予約中 1点" in said(page)
    assert "こころ" not in str(page) and "門" not in said(page)
    assert "貸出できます。" not in said(page)


def test_a_patron_in_good_standing_may_borrow(desk, of):
    assert "貸出できます。" in desk.get(of("sato")).select_one(".visitor").text


def test_facts_are_changed_on_the_page(desk, of):
    desk.post(of("sato"), **{**facts_of("sato"), "phone": "090-1234-5678", "category": "commuter"})
    assert desk.went_to == of("sato")
    page = desk.get(desk.went_to)

    assert page.select_one("main [role=status]").text == "登録の内容を変更しました。"
    assert page.select_one("#phone")["value"] == "09012345678"
    assert page.select_one("#category option[selected]")["value"] == "commuter"
    assert [event.kind for event in Event.select()] == ["patron_changed"]


def test_a_change_that_cannot_be_understood_changes_nothing(desk, of):
    page = desk.post(of("sato"), status=422, **{**facts_of("sato"), "kana_name": "さとう", "phone": "1"})

    assert [error["id"] for error in page.select(".field-error")] == ["kana_name-error", "phone-error"]
    assert page.select_one("#kana_name")["value"] == "さとう"
    assert page.select_one("#visitor").text == "サトウ ハナ"
    assert Event.select().count() == 0


# -- the card ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", THREE_YEARS)
def test_a_card_is_renewed_until_the_day_on_the_button(desk, of):
    button = desk.get(of("ito")).select_one(f'form[action="{of("ito", "/renew-card")}"] button')
    assert button.text == "2029年4月15日(日)まで更新する"

    desk.post(of("ito", "/renew-card"))
    page = desk.get(desk.went_to)

    assert page.select_one("main [role=status]").text == "利用券を更新しました。"
    assert "有効期限 2029年4月15日(日)" in said(page) and "貸出できます。" in said(page)


@pytest.mark.parametrize("changes", THREE_YEARS)
def test_before_its_day_a_card_is_not_renewed_and_the_page_says_from_when(desk, of):
    page = desk.get(of("sato"))
    assert page.select_one(f'form[action="{of("sato", "/renew-card")}"]') is None
    assert "この利用券を更新できるのは、2027年4月20日(火)からです。" in said(page)

    refused = desk.post(of("sato", "/renew-card"), status=409)

    assert "2027年4月20日(火)からです。" in refused.select_one("main [role=alert]").text
    assert Event.select().count() == 0


def test_a_lost_card_is_replaced(town, desk, of, app):
    desk.post(of("sato", "/replace-card"), card="A100000099A")

    page = desk.get(desk.went_to)

    assert "前の利用券は、もう使えません。" in page.select_one("main [role=status]").text
    assert Patron.get_by_id(town.patrons["sato"]).card_number == "100000099"
    page = desk.post("/desk/scan", status=422, code=CARDS["sato"][0])
    assert "このバーコードは登録されていません。" in said(page)


def test_a_new_number_that_cannot_be_given_leaves_the_old_one(town, desk, of):
    page = desk.post(of("sato", "/replace-card"), status=409, card=CARDS["tanaka"][0])
    assert "すでに登録されています。" in page.select_one("main [role=alert]").text
    page = desk.post(of("sato", "/replace-card"), status=422, card=" ")
    assert "番号を入れてください。" in page.select_one("#card-error").text

    assert Patron.get_by_id(town.patrons["sato"]).card_number == CARDS["sato"][0]


# -- marks -------------------------------------------------------------------------------------------------


def test_where_no_rule_asks_for_marks_there_are_none_on_the_page(desk, of):
    assert desk.get(of("sato")).select_one("#marks") is None
    page = desk.post(of("sato", "/mark"), status=409, mark="こわい")
    assert "利用のきまりで使っていない印です。" in page.select_one("main [role=alert]").text


@pytest.mark.parametrize("changes", MARKS)
def test_a_mark_stops_its_patron_until_it_is_taken_off(desk, of):
    assert [one["value"] for one in desk.get(of("sato")).select("#mark option")] == ["弁償", "読み聞かせ"]

    desk.post(of("sato", "/mark"), mark="弁償")
    page = desk.get(desk.went_to)
    assert "「弁償」のお手続きが済んでいないため" in page.select_one(".visitor .problem").text
    assert [one["value"] for one in page.select("#mark option")] == ["読み聞かせ"]

    desk.post(of("sato", "/unmark"), mark="弁償")
    page = desk.get(desk.went_to)
    assert page.select_one("main [role=status]").text == "印を外しました。" and "貸出できます。" in said(page)


# -- deleting ----------------------------------------------------------------------------------------------


def test_the_confirmation_says_what_will_go_in_numbers(town, desk, of, clock):
    mon = town.title("門")
    town.ready(mon, "sato")
    town.hold(town.title("草枕"), "sato")
    circulation.put_in_cart(town.patrons["sato"], [town.title("こころ")], clock())

    page = desk.get(of("sato", "/delete"))

    assert "サトウ ハナ" in said(page) and "草枕" not in said(page)
    assert "予約 2件(そのうち1件は、" in said(page) and "予約カート 1点" in said(page)
    assert Patron.get_or_none(Patron.id == town.patrons["sato"])


def test_after_a_deletion_the_page_names_the_piece_that_is_free_once(town, desk, of):
    town.ready(town.title("門", call_number="913.6 ソ"), "sato")
    desk.post("/desk/scan", code=CARDS["sato"][0])

    desk.post(of("sato", "/delete"))
    assert desk.went_to == LIST
    page = desk.get(LIST)

    status = page.select_one("main [role=status]").get_text(" ", strip=True)
    assert "利用者を削除しました。" in status
    assert "1点あります。" in status and "門 913.6 ソ　本館の取り置き棚" in " ".join(status.split(" "))
    assert "サトウ" not in str(page)
    assert desk.get(LIST).select_one("main [role=status]") is None
    assert Hold.get().state is HoldState.CANCELLED and Hold.get().patron_id is None
    assert "サトウ" not in str(desk.get("/desk"))
    desk.get(of("sato"), status=404)


def test_a_page_deletes_down_to_the_bytes(database, desk):
    desk.post(f"{LIST}/new", **{**NEW, "kana_name": "ジャコウジカ ムササビ"}, **MORE)
    address = desk.went_to
    desk.get(address)

    desk.post(f"{address}/delete")

    content = b"".join(file.read_bytes() for file in database.parent.glob("shiori.db*"))
    assert [
        fact for fact in ("ジャコウジカ", "0312345678", "okada@example.jp") if fact.encode() in content
    ] == []


def test_with_loans_open_there_is_no_button_and_a_409(town, desk, of):
    town.lend(town.title("こころ"), "sato")

    for page in (desk.get(of("sato", "/delete")), desk.post(of("sato", "/delete"), status=409)):
        assert "貸出中の資料が1点あるため、削除できません。" in page.select_one("main [role=alert]").text
        assert page.select_one("main form") is None

    assert Patron.get_or_none(Patron.id == town.patrons["sato"]) and Loan.get().patron_id
    assert Event.select().count() == 0


def test_whoever_is_deleted_is_logged_out_and_cannot_log_in(town, app, desk, of):
    sato = Reader(app).log_in("sato")

    desk.post(of("sato", "/delete"))

    sato.get("/my", status=303)
    assert Login.select().count() == 0
    sato.log_in("sato", status=401)


# -- names stay on the page --------------------------------------------------------------------------------


def test_nothing_personal_stands_in_an_address_a_title_or_the_log(town, desk, of, caplog):
    caplog.set_level(logging.INFO)
    desk.post(f"{LIST}/new", **NEW, **MORE)
    address = desk.went_to
    pages = [
        desk.get(LIST),
        desk.post(LIST, status=200, q="おかだ"),
        desk.get(f"{LIST}/new"),
        desk.post(f"{LIST}/new", status=409, **NEW, **MORE),
        desk.get(address),
        desk.get(f"{address}/delete"),
        desk.get("/desk"),
    ]

    personal = ("オカダ", "ミサキ", "おかだ", "5678", "okada", "100000099", "1990-05-05")
    addresses = [
        element.get(attribute, "")
        for page in pages
        for element in page.find_all()
        for attribute in ("href", "action", "src")
    ]
    told = " ".join([address, caplog.text, *addresses, *(page.title.text for page in pages)])
    assert [fact for fact in personal if fact in told] == []
    assert {page.title.text.split(" — ")[0] for page in pages[:-1]} == {"利用者"}
    for page in pages[:4]:
        assert page.select_one("main form[method=post]") and not page.select("main form[method=get]")
    assert desk.response.headers["Cache-Control"] == "no-store"


def test_a_name_with_markup_is_shown_as_it_was_typed(desk):
    page = desk.post(f"{LIST}/new", status=422, **{**NEW, "kana_name": '"><b>{{7*7}}'})

    assert page.select_one("#kana_name")["value"] == '"><b>{{7*7}}' and page.main.b is None


def test_what_was_done_stands_in_the_record(desk, of, reader):
    desk.post(f"{LIST}/new", **NEW)
    desk.post(of("sato", "/replace-card"), card="100000098")
    desk.log_out_staff()
    reader.log_in_staff("murakami")

    kinds = [row.th.text for row in reader.get("/desk/admin/audit").select("tbody tr")]

    assert kinds == ["利用券の再発行", "利用者の登録"]


@pytest.mark.parametrize("changes", before_passwords("[[card.valid]]", "years = 3"))
def test_the_button_for_renewal_is_gone_once_it_is_done(desk, of):
    desk.post(of("ito", "/renew-card"))

    page = desk.get(of("ito"))

    assert page.select_one(f'form[action="{of("ito", "/renew-card")}"]') is None
    assert "いま更新しても、有効期限(2029年4月15日(日))は延びません。" in said(page)
