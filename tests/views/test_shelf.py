"""今度読みたい本: noting titles from results and title pages, and the patron's list of them."""

import csv
import io

import pytest

import circulation
import shelf
from models import Bib, CartEntry, Item, ShelfEntry
from rules import CART_AT_MOST, OWN_SHELF_AT_MOST, ItemState
from tests.reader import Reader, said


@pytest.fixture
def sato(town, reader):
    return reader.log_in("sato")


@pytest.fixture
def put(town, clock):
    """Notes a title for Sato; gives the number of its entry."""

    def do(bib: int, note: str = "") -> int:
        assert shelf.put(town.patrons["sato"], bib, note, clock()).allowed
        return ShelfEntry.get(ShelfEntry.bib == bib).id

    return do


def listed(town) -> list[tuple[str, str]]:
    return [(entry.title, entry.note) for entry in shelf.entries_of(town.patrons["sato"])]


def rows(page) -> list:
    return page.select("ol.own-shelf > li")


# -- noting a title ----------------------------------------------------------------------------------------


def test_one_tap_in_the_results_notes_a_title_in_place(sato, town):
    bib = town.title("草枕")
    form = sato.get("/search?q=草枕").select_one(".shelf-action form")
    assert form["hx-target"] == f"#shelf-{bib}" and form.button.text.startswith("今度読みたい本")

    part = sato.post("/my/shelf/new", bib=bib, part=True, status=200)

    noted = part.select_one(f'#shelf-{bib} a[href="/my/shelf"]')
    assert noted.text.startswith("今度読みたい本に入っています")
    assert listed(town) == [("草枕", "")]
    for address in ("/search?q=草枕", f"/bibs/{bib}", "/new"):
        action = sato.get(address).select_one(f"#shelf-{bib}")
        assert "今度読みたい本に入っています" in action.text and not action.form


def test_without_javascript_the_button_leads_to_a_page_that_asks_for_a_note(sato, town):
    bib = town.title("草枕")

    sato.post("/my/shelf/new", bib=bib)
    assert sato.went_to == f"/my/shelf/new?bib={bib}" and listed(town) == []

    page = sato.get(sato.went_to)
    assert "草枕" in said(page) and page.select_one("main form button").text == "登録する"
    assert "草枕" not in page.title.text
    sato.post("/my/shelf/new", bib=bib, note="  夏休みに\r\n読む\x00 ")
    assert sato.went_to == "/my/shelf" and listed(town) == [("草枕", "夏休みに 読む")]
    assert "登録しました。" in said(sato.get("/my/shelf"))
    assert "登録しました。" not in said(sato.get("/my/shelf"))


def test_sending_the_form_twice_notes_the_title_once_and_keeps_the_first_note(sato, town):
    bib = town.title("草枕")

    for note in ("はじめ", "あと"):
        sato.post("/my/shelf/new", bib=bib, note=note)

    assert listed(town) == [("草枕", "はじめ")]
    page = sato.get(f"/my/shelf/new?bib={bib}")
    assert "もう登録してあります" in said(page) and not page.select('form[action="/my/shelf/new"]')


def test_who_has_not_logged_in_comes_back_to_the_title_after_the_login(reader, town):
    bib = town.title("草枕")
    link = reader.get(f"/bibs/{bib}").select_one(".shelf-action a")["href"]

    reader.get(link, status=303)
    assert reader.went_to.startswith("/login?next=")
    reader.log_in("sato", next=link)

    assert reader.went_to == link
    assert reader.get(link).select('form[action="/my/shelf/new"]')


def test_what_was_typed_outlasts_a_login_that_ended(sato, town, clock):
    bib, long = town.title("草枕"), "".join(chr(0x4E00 + 7 * n) for n in range(200))
    page = sato.get(f"/my/shelf/new?bib={bib}")
    clock.forward(hours=2)

    sato.post("/my/shelf/new", bib=bib, note=long)
    assert len(sato.browser.get_cookie("shiori").value) < 3000, "a browser keeps 4096 bytes"
    assert sato.went_to.startswith("/login?next=") and listed(town) == []

    page = sato.log_in("sato").get("/my/shelf/new")
    assert "草枕" in said(page) and page.select_one("textarea").text == long


def test_a_note_of_the_list_outlasts_a_login_that_ended_too(sato, town, put, clock):
    entry = put(town.title("草枕"), "まえ")
    sato.get("/my/shelf")
    clock.forward(hours=2)

    sato.post(f"/my/shelf/{entry}/note", entry=entry, note="あと")

    row = rows(sato.log_in("sato").get("/my/shelf"))[0]
    assert row.select_one("details[open] textarea").text == "あと" and listed(town) == [("草枕", "まえ")]


def test_a_note_that_is_too_long_comes_back_with_its_reason(sato, town):
    bib, long = town.title("草枕"), "あ" * 201

    page = sato.post("/my/shelf/new", bib=bib, note=long, status=422)

    assert page.select_one("textarea").text == long
    assert "メモは200文字までです(いま201文字)。" in page.select_one(".field-error").text
    assert listed(town) == []


def test_a_full_list_is_said_in_place_and_on_the_page(sato, town, clock):
    for number in range(OWN_SHELF_AT_MOST):
        bib = Bib.insert(material="book", title=f"本{number}", added_on=town.today).execute()
        ShelfEntry.insert(patron=town.patrons["sato"], bib=bib, place=number, added_at=clock()).execute()
    more = town.title("草枕")
    for address in (f"/bibs/{more}", "/search?q=草枕", f"/my/shelf/new?bib={more}"):
        page = sato.get(address)
        assert not page.select('form[action="/my/shelf/new"]'), "no button that would be refused"
        assert "「今度読みたい本」には200点まで登録できます。" in said(page)

    part = sato.post("/my/shelf/new", bib=more, part=True, status=409)
    page = sato.post("/my/shelf/new", bib=more, note="", status=409)

    for answer in (part, page):
        assert "「今度読みたい本」には200点まで登録できます。" in answer.text
    assert len(listed(town)) == OWN_SHELF_AT_MOST


@pytest.mark.parametrize("bib", ["", "九", "999999", "0", "1\x00", "9" * 40])
def test_a_title_that_is_not_there_cannot_be_noted(sato, town, bib):
    town.title("草枕")

    sato.get("/my/shelf/new", status=404)
    sato.post("/my/shelf/new", bib=bib, note="", status=404)

    assert listed(town) == []


def test_the_desk_is_shown_no_such_button(reader, town):
    bib = town.title("草枕")
    desk = reader.log_in_staff("ishida")

    assert not desk.get(f"/bibs/{bib}").select(".shelf-action a, .shelf-action form")


# -- the list ----------------------------------------------------------------------------------------------


def test_the_list_shows_each_title_with_its_state_its_note_and_what_can_be_done(sato, town, put):
    free, out = town.title("草枕"), town.title("門")
    town.lend(out, "tanaka")
    put(free, "夏休みに")
    put(out)

    page = sato.get("/my/shelf")

    first, second = rows(page)
    assert "貸出できます" in first.text and "貸出中" in second.text
    assert first.select_one(".own-note").text == "夏休みに" and not second.select(".own-note")
    assert second.select('form[action="/cart/add"]') and second.select('input[type="checkbox"]')
    assert first.select('form[action$="/move"] [value="down"]') and not first.select('[value="up"]')
    assert "夏休みに" not in page.title.text


def test_an_empty_list_says_how_it_is_filled(sato):
    page = sato.get("/my/shelf")

    assert "まだ何も登録してありません。" in said(page) and page.select('main a[href="/search"]')


def test_a_note_is_changed_and_one_that_is_too_long_stays_in_its_field(sato, town, put):
    entry = put(town.title("草枕"), "まえ")

    sato.post(f"/my/shelf/{entry}/note", note="あと")
    assert sato.went_to == f"/my/shelf#entry-{entry}" and listed(town) == [("草枕", "あと")]

    page = sato.post(f"/my/shelf/{entry}/note", note="い" * 201, status=422)
    assert rows(page)[0].select_one("details[open] textarea").text == "い" * 201
    assert "いま201文字" in rows(page)[0].text
    assert listed(town) == [("草枕", "あと")]


def test_the_order_is_changed_by_buttons_and_a_reload_moves_nothing_more(sato, town, put):
    for title in ("一", "二", "三"):
        put(town.title(title))
    form = rows(sato.get("/my/shelf"))[2].select_one('input[value="up"]').parent
    fields = {field["name"]: field["value"] for field in form.select("input")}
    del fields["csrf_token"]

    sato.post(form["action"], **fields)
    sato.post(form["action"], **fields)

    assert [title for title, _ in listed(town)] == ["一", "三", "二"]
    sato.post(form["action"], step="sideways", place=2, status=400)
    ends = rows(sato.get("/my/shelf"))
    assert not ends[0].select('input[value="up"]') and not ends[2].select('input[value="down"]')


def test_a_title_without_a_note_goes_at_once_and_one_with_a_note_after_a_question(sato, town, put):
    bare, noted = put(town.title("草枕")), put(town.title("門"), "姉のすすめ")
    first, second = rows(sato.get("/my/shelf"))
    assert first.select(f'form[action="/my/shelf/{bare}/remove"]')
    assert second.select(f'a[href="/my/shelf/{noted}/remove"]')

    page = sato.get(f"/my/shelf/{noted}/remove")
    assert "門" in said(page) and "1点をはずします。このメモも消え、元には戻せません。" in said(page)
    assert len(listed(town)) == 2, "looking removes nothing"
    for entry in (bare, noted, noted):
        sato.post(f"/my/shelf/{entry}/remove")

    assert listed(town) == [] and "はずしました。" in said(sato.get("/my/shelf"))


def test_what_the_library_has_no_more_stays_with_a_word_and_without_a_link(sato, town, put):
    hidden, withdrawn = town.title("幻影の盾"), town.title("薤露行")
    put(hidden, "いつか")
    put(withdrawn)
    Bib.update(hidden=True).where(Bib.id == hidden).execute()
    Item.update(state=ItemState.WITHDRAWN).where(Item.bib == withdrawn).execute()

    page = sato.get("/my/shelf")

    for row, title in zip(rows(page), ("幻影の盾", "薤露行"), strict=True):
        assert title in row.text and "いまはこの図書館にありません" in row.text
        assert not row.select('a[href^="/bibs/"], form[action="/cart/add"], input[type="checkbox"]')
    assert not page.select("#to-cart")
    assert "幻影の盾" in sato.get("/my/holds").select_one("#own-shelf").text
    sato.get("/my/shelf.csv")


def test_nobody_else_finds_it_and_neither_does_the_desk(app, town, put):
    entry = put(town.title("草枕"), "姉のすすめ")
    tanaka, desk = Reader(app).log_in("tanaka"), Reader(app).log_in_staff("murakami")

    assert "草枕" not in tanaka.get("/my/shelf").text + tanaka.get("/my/holds").text
    tanaka.get(f"/my/shelf/{entry}/remove", status=404)
    for act in ("remove", "note", "move"):
        tanaka.post(f"/my/shelf/{entry}/{act}", note="見ました", step="up", status=404)
    for address in (f"/desk/patrons/{town.patrons['sato']}", "/desk/admin/audit"):
        assert "姉のすすめ" not in desk.get(address).text and "今度読みたい" not in desk.get(address).text
    assert listed(town) == [("草枕", "姉のすすめ")]


# -- into the hold cart ------------------------------------------------------------------------------------


def test_what_is_ticked_goes_into_the_cart_in_the_order_of_the_list(sato, town, put):
    one, two, three = (town.title(title) for title in ("一", "二", "三"))
    for bib in (three, one, two):
        put(bib)

    for _ in range(2):
        sato.post("/my/shelf/cart", bib=[str(one), str(three)])

    assert circulation.cart_of(town.patrons["sato"]) == [three, one]
    page = sato.get(sato.went_to)
    assert "2点を予約カートに入れました。" in said(page) and page.select('main a[href="/cart"]')
    assert ["カートに入っています" in row.text for row in rows(page)] == [True, True, False]
    assert len(listed(town)) == 3, "it stays in the list"
    assert CartEntry.select().count() == 2


def test_what_cannot_be_held_has_its_reason_and_no_button(sato, town, put):
    fine, inside = town.title("草枕"), town.title("事典", not_for_loan=True)
    put(fine)
    put(inside)
    row = rows(sato.get("/my/shelf"))[1]
    assert row.select(".reason") and not row.select('form[action="/cart/add"], input[type="checkbox"]')

    sato.post("/my/shelf/cart", bib=[str(fine), str(inside)])
    told = said(sato.get("/my/shelf"))
    assert "1点を予約カートに入れました。 ほかの1点は入れられませんでした。" in told

    page = sato.post("/my/shelf/cart", bib=str(inside), status=409)
    assert "選んだ資料は、予約カートに入れられませんでした。" in said(page)
    assert circulation.cart_of(town.patrons["sato"]) == [fine]


def test_the_cart_takes_no_more_than_it_holds(sato, town, put, clock):
    filling = [town.title(f"本{number}") for number in range(CART_AT_MOST - 1)]
    circulation.put_in_cart(town.patrons["sato"], filling, clock())
    fits, too_many = town.title("一"), town.title("二")
    put(fits)
    put(too_many)

    sato.post("/my/shelf/cart", bib=[str(fits), str(too_many)])

    assert circulation.cart_of(town.patrons["sato"]) == [*filling, fits]
    assert f"予約カートには{CART_AT_MOST}点まで入ります。" in rows(sato.get("/my/shelf"))[1].text


@pytest.mark.parametrize("ticked", [[], ["九"], ["999"], ["1\x00"]])
def test_nothing_ticked_is_said(sato, town, put, ticked):
    put(town.title("草枕"))
    other = town.title("門")

    page = sato.post("/my/shelf/cart", bib=[*ticked, str(other)], status=422)

    assert "予約カートに入れる資料を選んでください。" in said(page)
    assert CartEntry.select().count() == 0


# -- where it is found, and as a file ----------------------------------------------------------------------


def test_it_is_found_from_ones_own_page_below_the_holds_and_at_the_foot_of_each_page(sato, town, put):
    for number in range(7):
        put(town.title(f"本{number}"))

    entry = sato.get("/my").select_one('ul.entries a[href="/my/shelf"]')
    assert "7点" in entry.text
    below = sato.get("/my/holds").select_one("#own-shelf")
    assert len(below.select("li")) == 5 and "7点をすべて見る" in below.text
    assert sato.get("/").select('footer a[href="/my/shelf"]')
    sato.log_out()
    assert not sato.get("/").select('footer a[href="/my/shelf"]')


def test_the_list_is_a_table_that_runs_nothing_and_names_nobody(sato, town, put):
    put(town.title("=1+1", by="夏目 漱石", volume="上"), "＝HYPERLINK(1)")
    put(town.title("草枕"))

    sato.get("/my/shelf.csv")

    headers = sato.response.headers
    assert headers["Content-Disposition"] == "attachment; filename=my-shelf.csv"
    assert headers["Cache-Control"] == "no-store" and sato.response.mimetype == "text/csv"
    lines = list(csv.reader(io.StringIO(sato.response.get_data().decode("utf-8-sig"))))
    assert lines[0] == ["題名", "巻", "著者など", "メモ", "登録した日"]
    assert lines[1] == ["'=1+1", "上", "夏目 漱石", "'＝HYPERLINK(1)", "2026-04-15"]
    assert [line[0] for line in lines[2:]] == ["草枕"]
