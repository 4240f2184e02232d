"""The desk's pages about titles: finding, writing down, changing, hiding and deleting them."""

from datetime import UTC, date, datetime

import pytest
from playhouse.test_utils import count_queries

import catalogue
import search
from models import Bib, CartEntry, Creator, Hold, Item, Loan, Serial, db
from rules import ItemState
from tests.cast import CARDS
from tests.reader import said
from tests.records import kinds_without_numbers as kinds

LIST = "/desk/titles"
ISBN = "9784101010014"
KOKORO = {
    "material": "book",
    "title": "こころ",
    "title_kana": "こころ",
    "subtitle": "改版",
    "volume": "上",
    "creators__0__name": "夏目 漱石",
    "creators__0__reading": "なつめ そうせき",
    "creators__0__role": "著者",
    "creators__1__name": " ",
    "creators__2__name": "山田 花子",
    "creators__2__role": "画家",
    "publisher": "しおり書房",
    "pub_year": "平成25年",
    "isbn": "978-4-10-101001-4",
    "ndc": "９１３．６",
    "series": "しおり文庫",
    "subjects": "明治時代 小説",
    "extent": "253p",
}


def found(words: str) -> list[int]:
    return search.find(db, words, 20).ids


def form_of(page) -> dict:
    """What a form about a title sends if nobody touches it."""
    form = page.select_one("form.stacked")
    sent = {field["name"].replace("-", "__"): field.get("value", "") for field in form.select("input[name]")}
    for select in form.select("select"):
        chosen = select.select_one("option[selected]")
        sent[select["name"]] = chosen["value"] if chosen else ""
    sent.pop("csrf_token")
    return sent


# -- finding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [ISBN, "978-4-10-101001-4", "９７８４１０１０１００１４", "4101010013"])
def test_an_isbn_opens_the_title_also_a_hidden_one(town, desk, typed):
    bib = town.title("こころ", isbn=ISBN, hidden=True)

    desk.get(f"{LIST}?q={typed}", status=303)

    assert desk.went_to == f"{LIST}/{bib}"


@pytest.mark.parametrize("typed", ["300000001", "A300000001A", " ３０００-００００１"])
def test_a_barcode_opens_the_piece(town, desk, typed):
    item = Item.get(Item.bib == town.title("こころ"))

    desk.get(f"{LIST}?q={typed}", status=303)

    assert desk.went_to == f"/desk/items/{item.id}"


def test_words_find_titles_and_hidden_ones_too(town, desk):
    shown = town.title("吾輩は猫である", by="夏目 漱石", copies=2)
    hidden = town.title("猫の事務所", title_kana="ねこのじむしょ", hidden=True)
    town.title("犬", hidden=True)

    page = desk.get(f"{LIST}?q=ねこ")
    by_kanji = desk.get(f"{LIST}?q=猫")

    assert [link["href"] for link in by_kanji.select(".scans a")] == [f"{LIST}/{shown}", f"{LIST}/{hidden}"]
    assert "公開していません" in by_kanji.select(".scans li")[1].text
    assert "所蔵 2点" in by_kanji.select(".scans li")[0].text
    assert [link["href"] for link in page.select(".scans a")] == [f"{LIST}/{hidden}"]


def test_two_titles_with_one_isbn_are_both_shown(town, desk):
    both = [town.title("全集", volume=volume, isbn=ISBN) for volume in ("1", "2")]

    page = desk.get(f"{LIST}?q={ISBN}")

    assert [link["href"] for link in page.select(".scans a")] == [f"{LIST}/{bib}" for bib in both]


def test_an_isbn_that_is_not_there_leads_on_to_writing_the_title_down(desk):
    page = desk.get(f"{LIST}?q={ISBN}")

    assert "見つかりませんでした。" in said(page)
    assert page.find("a", string="このISBNで登録する")["href"] == f"{LIST}/new?isbn={ISBN}"


@pytest.mark.parametrize("address", [f"{LIST}?q=", f"{LIST}/new?isbn="])
def test_the_second_row_of_a_book_is_told_from_its_isbn(desk, address):
    page = desk.get(f"{address}1920193006004", status=422)

    assert "978か979で始まる、上の段を読んでください。" in page.select_one("main [role=alert].problem").text


@pytest.mark.parametrize("typed", ["", "%20%E3%80%80", "%00"])
def test_nothing_typed_is_said(desk, typed):
    assert (
        "ことばを入れるか、" in desk.get(f"{LIST}?q={typed}", status=422).select_one("main [role=alert]").text
    )


def test_whatever_is_typed_finds_something_or_nothing(town, desk):
    town.title("猫", hidden=True)
    for typed in ("'%22", "*", "猫" * 500, "%F0%9F%90%88", "NEAR(", "-"):
        desk.get(f"{LIST}?q={typed}")
    assert desk.get(LIST).select_one("#q").has_attr("autofocus")


# -- writing down ------------------------------------------------------------------------------------------


def test_an_isbn_that_is_there_leads_to_its_title(town, desk):
    bib = town.title("こころ", isbn=ISBN)

    desk.get(f"{LIST}/new?isbn=978-4-10-101001-4", status=303)
    page = desk.get(desk.went_to)

    assert desk.response.request.path == f"{LIST}/{bib}"
    assert page.select_one("[role=status]").text.strip() == (
        "このISBNの資料は登録されています。所蔵を追加してください。"
    )
    assert not desk.get(f"{LIST}/{bib}").select("[role=status]"), "it is said once"


@pytest.mark.parametrize("typed", ["9784101010015", "97841010", "abc", "978410101001４５"])
def test_a_mistyped_isbn_is_not_taken(desk, typed):
    page = desk.get(f"{LIST}/new?isbn={typed}", status=422)

    assert "ISBNとして読み取れませんでした。" in page.select_one("main [role=alert]").text
    assert page.select_one("#isbn")["value"] == typed


def test_a_misread_isbn_is_not_searched_for_as_words(town, desk):
    page = desk.get(f"{LIST}?q=9784101010015", status=422)

    assert "ISBNとして読み取れませんでした。" in page.select_one("main [role=alert]").text


def test_a_title_is_written_down_and_found_at_once(town, desk, clock):
    page = desk.get(f"{LIST}/new?isbn={ISBN}")
    assert page.select_one("#isbn")["value"] == ISBN and page.select_one("#title").has_attr("autofocus")

    desk.post(f"{LIST}/new", **KOKORO)
    bib = Bib.get()

    assert desk.went_to == f"{LIST}/{bib.id}"
    assert (bib.title, bib.subtitle, bib.volume, bib.material) == ("こころ", "改版", "上", "book")
    assert (bib.pub_year, bib.isbn, bib.ndc, bib.extent) == (2013, ISBN, "913.6", "253p")
    assert (bib.series, bib.subjects, bib.publisher) == ("しおり文庫", "明治時代 小説", "しおり書房")
    assert (bib.added_on, bib.serial_id, bib.hidden) == (town.today, None, False)
    people = Creator.select(Creator.place, Creator.name, Creator.reading, Creator.role)
    assert list(people.tuples()) == [
        (0, "夏目 漱石", "なつめ そうせき", "著者"),
        (1, "山田 花子", "", "画家"),
    ]
    assert found("漱石 こころ") == found("なつめそうせき") == [bib.id]
    assert kinds() == ["title_added"]
    assert "続けて、所蔵を追加してください。" in said(desk.get(desk.went_to))


def test_the_same_form_sent_twice_makes_one_title(desk):
    for _ in range(2):
        desk.post(f"{LIST}/new", **KOKORO)
        assert desk.went_to == f"{LIST}/{Bib.get().id}"

    assert Bib.select().count() == 1 and len(kinds()) == 1


def test_two_books_of_one_name_by_two_people_are_two_titles(desk):
    for name in ("秋山 一", "冬木 二"):
        desk.post(f"{LIST}/new", material="book", title="詩集", creators__0__name=name)

    assert Bib.select().count() == 2


def test_an_isbn_is_taken_once_but_for_the_volumes_of_a_set(town, desk):
    town.title("全集", volume="1", isbn=ISBN)

    same = {"material": "book", "title": "別の本", "isbn": ISBN, "volume": "1"}
    page = desk.post(f"{LIST}/new", status=409, **same)
    desk.post(f"{LIST}/new", **{**same, "title": "全集", "volume": "2"})

    assert "このISBNの資料は登録されています。" in page.select_one("main [role=alert]").text
    assert page.select_one("#title")["value"] == "別の本"
    assert Bib.select().where(Bib.isbn == ISBN).count() == 2


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": " \u3000\x00"}, "書名を入れてください。"),
        ({"title": "長" * 301}, "長すぎます。短くしてください。"),
        ({"material": "stone"}, "資料種別を選んでください。"),
        ({"isbn": "9784101010015"}, "ISBNとして読み取れませんでした。"),
        ({"ndc": "K913"}, "分類記号は、"),
        ({"pub_year": "去年"}, "出版年を西暦の4けたか、"),
        ({"pub_year": "1399"}, "出版年を、1400年から2027年までで入れてください。"),
        ({"creators__1__reading": "なつめ"}, "読みだけの行があります。"),
        ({"creators__0__name": "長" * 101}, "長すぎます。短くしてください。"),
        ({"new_serial": "月刊 朝"}, "雑誌の号には、発行日も入れてください。"),
        ({"issued_on": "2026-04-01"}, "どの雑誌の号かも選んでください。"),
        ({"issued_on": "2026-02-30"}, "日付として読み取れませんでした。"),
        ({"serial": "99", "issued_on": "2026-04-01"}, "雑誌を選び直してください。"),
        ({"serial": "1 OR 1", "issued_on": "2026-04-01"}, "雑誌を選び直してください。"),
        ({"holdable_from": "あした"}, "日付として読み取れませんでした。"),
    ],
)
def test_what_cannot_be_right_is_said_at_its_field_and_changes_nothing(desk, wrong, sentence):
    page = desk.post(f"{LIST}/new", status=422, **{**KOKORO, **wrong})

    assert sentence in " ".join(error.text for error in page.select(".field-error"))
    assert page.select("[aria-invalid]") or page.select(".field-error")
    assert page.select_one("#publisher")["value"] == "しおり書房", "the form comes back as it was filled in"
    assert Bib.select().count() == Serial.select().count() == 0 and kinds() == []


def test_every_mistake_is_said_at_once_with_the_cursor_in_the_first(desk):
    wrong = {"title": "", "pub_year": "去年", "ndc": "小説", "issued_on": "2026-04-01"}
    page = desk.post(f"{LIST}/new", status=422, **{**KOKORO, **wrong})

    assert [error["id"] for error in page.select(".field-error")] == [
        "title-error",
        "pub_year-error",
        "ndc-error",
        "serial-error",
    ]
    assert page.select_one("[autofocus]")["id"] == "title"


def test_the_class_is_named_when_the_form_comes_back(desk):
    page = desk.post(f"{LIST}/new", status=422, **{**KOKORO, "title": ""})

    assert page.select_one("#ndc")["value"] == "913.6"
    assert page.select_one("#ndc-hint").text == "913.6 小説．物語"


def test_a_title_with_a_hostile_name_is_shown_as_it_is(desk):
    desk.post(f"{LIST}/new", material="book", title='<script>alert("x")</script>{{ 7 }}')

    page = desk.get(desk.went_to)
    desk.get(f"{LIST}/{Bib.get().id}/edit")

    assert page.select_one("h1").text == '<script>alert("x")</script>{{ 7 }}'


# -- magazines ---------------------------------------------------------------------------------------------


def test_the_first_issue_names_its_magazine_and_the_newest_follows_from_the_day(town, desk):
    issue = {
        "material": "magazine",
        "title": "月刊 朝 4月号",
        "new_serial": "月刊 朝",
        "issued_on": "2026-04-01",
    }
    desk.post(f"{LIST}/new", **issue)
    serial = Serial.get()
    assert "最新号" in said(desk.get(desk.went_to))

    page = desk.get(f"{LIST}/new?isbn=")
    assert page.select_one(f'#serial option[value="{serial.id}"]').text == "月刊 朝"
    desk.post(
        f"{LIST}/new",
        material="magazine",
        title="月刊 朝 5月号",
        serial=serial.id,
        issued_on="2026-05-01",
    )
    april, may = Bib.select().order_by(Bib.id)

    assert Serial.select().count() == 1 and april.serial_id == may.serial_id == serial.id
    assert "最新号" not in said(desk.get(f"{LIST}/{april.id}")).split("書誌")[0]
    assert "最新号" in said(desk.get(f"{LIST}/{may.id}")).split("書誌")[0]
    assert [title.newest_issue for title in catalogue.titles([april.id, may.id])] == [False, True]


def test_a_magazine_that_is_there_is_not_made_twice_and_not_named_twice(town, desk):
    town.issues("月刊 朝", date(2026, 3, 1))
    serial = Serial.get()
    issue = {"material": "magazine", "title": "4月号", "new_serial": "月刊 朝", "issued_on": "2026-04-01"}

    desk.post(f"{LIST}/new", status=422, **issue, serial=serial.id)
    desk.post(f"{LIST}/new", **issue)

    assert Serial.select().count() == 1 and Bib.select().where(Bib.serial == serial).count() == 2


def test_a_magazine_goes_with_its_last_issue(town, desk):
    first, second = town.issues("月刊 朝", date(2026, 3, 1), date(2026, 4, 1))

    desk.post(f"{LIST}/{first}/delete")
    assert Serial.select().count() == 1
    desk.post(f"{LIST}/{second}/delete")
    assert Serial.select().count() == 0


# -- changing ----------------------------------------------------------------------------------------------


def test_a_change_is_kept_and_found_under_its_new_words(town, desk):
    bib = town.title("こゝろ", by="夏目 漱石", isbn=ISBN, pub_year=2013, pub_month=4, copies=0)
    sent = form_of(desk.get(f"{LIST}/{bib}/edit"))

    desk.post(f"{LIST}/{bib}/edit", **{**sent, "title": "坊っちゃん", "creators__0__name": "森 鴎外"})

    assert Bib.get().title == "坊っちゃん" and Creator.get().name == "森 鴎外"
    assert found("漱石") == [] and found("鴎外") == found("坊っちゃん") == [bib]
    assert Bib.get().pub_month == 4 and kinds() == ["title_changed"]
    assert "資料の内容を変更しました。" in said(desk.get(desk.went_to))


def test_saving_what_is_there_changes_nothing(town, desk):
    [bib] = town.issues(
        "月刊 朝",
        date(2026, 4, 1),
        by="夏目 漱石",
        isbn=ISBN,
        original_title="Kokoro",
        subtitle="副",
        subtitle_kana="ふく",
        holdable_from=datetime(2026, 4, 20, 1, tzinfo=UTC),
    )
    Creator.update(roman="Natsume", role="著者").execute()
    before = Bib.get().__data__

    page = desk.get(f"{LIST}/{bib}/edit")
    desk.post(f"{LIST}/{bib}/edit", **form_of(page))

    assert page.select_one("#holdable_from")["value"] == "2026-04-20T10:00"
    assert Bib.get().__data__ == before and Creator.get().roman == "Natsume" and kinds() == []


def test_readings_that_no_longer_fit_go_and_names_in_latin_letters_stay(town, desk):
    bib = town.title(
        "本", by="夏目 漱石", subtitle="副", subtitle_kana="ふく", series="叢", series_kana="そう"
    )
    Creator.update(roman="Natsume, Soseki").execute()
    sent = form_of(desk.get(f"{LIST}/{bib}/edit"))

    desk.post(f"{LIST}/{bib}/edit", **{**sent, "subtitle": "別の副", "creators__0__reading": "なつめ"})

    assert (Bib.get().subtitle_kana, Bib.get().series_kana) == ("", "そう")
    assert (Creator.get().roman, Creator.get().reading) == ("Natsume, Soseki", "なつめ")


def test_a_title_with_many_people_keeps_them_all(town, desk):
    bib = town.title("論集")
    for place in range(8):
        Creator.insert(bib=bib, place=place, name=f"著者 {place}").execute()

    page = desk.get(f"{LIST}/{bib}/edit")
    desk.post(f"{LIST}/{bib}/edit", **{**form_of(page), "creators__8__name": "著者 8"})

    assert [one.name for one in Creator.select().order_by(Creator.place)] == [f"著者 {n}" for n in range(9)]


def test_holds_begin_at_an_hour_in_japan(town, desk, reader):
    bib = town.title("新刊")
    sent = form_of(desk.get(f"{LIST}/{bib}/edit"))

    desk.post(f"{LIST}/{bib}/edit", **{**sent, "holdable_from": "2026-04-20T10:00"})

    assert Bib.get().holdable_from == datetime(2026, 4, 20, 1, tzinfo=UTC)
    assert "2026年4月20日(月) 10:00" in said(desk.get(f"{LIST}/{bib}"))
    assert "予約の受付は、2026年4月20日(月) 10:00からです。" in said(reader.get(f"/bibs/{bib}"))


def test_a_wrong_change_is_refused_with_the_form_as_it_was(town, desk):
    town.title("全集", isbn=ISBN)
    bib = town.title("こころ")
    sent = form_of(desk.get(f"{LIST}/{bib}/edit"))

    desk.post(f"{LIST}/{bib}/edit", status=422, **{**sent, "title": ""})
    page = desk.post(f"{LIST}/{bib}/edit", status=409, **{**sent, "title": "新しい名", "isbn": ISBN})

    assert page.select_one("#title")["value"] == "新しい名"
    assert Bib.get_by_id(bib).title == "こころ" and kinds() == []


# -- hiding ------------------------------------------------------------------------------------------------


def test_a_hidden_title_is_found_by_nobody_but_the_desk_until_it_is_shown(town, desk):
    bib = town.title("こころ")

    for _ in range(2):
        desk.post(f"{LIST}/{bib}/hide")
    assert found("こころ") == [] and Bib.get().hidden
    desk.get(f"/bibs/{bib}", status=404)
    assert "公開していません" in said(desk.get(f"{LIST}/{bib}"))

    desk.post(f"{LIST}/{bib}/show")
    assert found("こころ") == [bib] and kinds() == ["title_hidden", "title_shown"]


# -- deleting ----------------------------------------------------------------------------------------------


def test_a_title_goes_with_its_pieces_after_it_was_said_what_goes(town, desk, clock):
    bib, other = town.title("こころ", copies=2, by="夏目 漱石"), town.title("門")
    past = Loan.get_by_id(town.lend(bib, "sato"))
    Loan.update(returned_at=clock(), patron=None).where(Loan.id == past.id).execute()
    kept = town.lend(other, "sato")
    CartEntry.insert(patron=town.patrons["sato"], bib=bib, added_at=clock()).execute()

    page = said(desk.get(f"{LIST}/{bib}/delete"))
    assert "所蔵 2点" in page and "予約カートに入っているもの 1点" in page and "元に戻せません" in page
    assert Bib.select().count() == 2, "so far it was only said"
    desk.post(f"{LIST}/{bib}/delete")

    assert desk.went_to == LIST and "資料を削除しました。" in said(desk.get(LIST))
    assert [one.id for one in Bib.select()] == [other]
    assert [one.bib_id for one in Item.select()] == [other]
    assert [one.id for one in Loan.select()] == [kept], "only the loans of its own pieces go"
    assert Creator.select().count() == CartEntry.select().count() == 0
    assert found("こころ") == [] and kinds() == ["title_deleted"]
    desk.post(f"{LIST}/{bib}/delete", status=404)


def test_what_is_out_or_on_hold_keeps_its_title(town, desk):
    bib = town.title("こころ", copies=2)
    town.lend(bib, "sato")
    town.hold(bib, "tanaka")
    town.hold(bib, "kato")

    for page in (desk.get(f"{LIST}/{bib}/delete"), desk.post(f"{LIST}/{bib}/delete", status=409)):
        assert [reason.text for reason in page.select(".reason li")] == [
            "貸出中の資料が1点あるため、削除できません。返却が済んでから、もう一度お試しください。",
            "予約が2件あるため、削除できません。予約が終わってから、もう一度お試しください。",
        ]
        assert not page.select("form.stacked")
    assert Bib.select().count() == 1 and Hold.select().count() == 2 and kinds() == []


# -- the page ----------------------------------------------------------------------------------------------


def test_the_page_says_where_each_piece_is_and_never_with_whom(town, desk):
    bib = town.title("こころ", copies=5, ndc="913.6", publisher="しおり書房", by="夏目 漱石")
    pieces = [item.id for item in Item.select().order_by(Item.id)]
    town.ready(bib, "tanaka")
    Item.update(state=ItemState.MISSING).where(Item.id == pieces[2]).execute()
    Item.update(state=ItemState.WITHDRAWN).where(Item.id == pieces[3]).execute()
    Item.update(not_for_loan=True, tags="週刊誌").where(Item.id == pieces[4]).execute()
    town.lend(bib, "suzuki", due_in=-3)

    page = desk.get(f"{LIST}/{bib}")
    states = [" ".join(state.text.split()) for state in page.select(".state")]

    assert states == [
        "取り置き中(本館)",
        "貸出中 4/12(日)まで 期限が過ぎています",
        "不明",
        "在架 禁帯出",
        "除籍",
    ]
    assert "分類 913.6 小説．物語" in said(page)
    for name in ("tanaka", "suzuki"):
        assert CARDS[name][0] not in page.text and CARDS[name][1] not in page.text


@pytest.mark.parametrize("number", ["9999", "0", "x"])
def test_a_title_that_is_not_there_is_not_found(desk, number):
    for what in ("", "/edit", "/delete"):
        desk.get(f"{LIST}/{number}{what}", status=404)
    for what in ("/edit", "/delete", "/hide", "/show"):
        desk.post(f"{LIST}/{number}{what}", status=404, **KOKORO)
    desk.post(f"{LIST}/{number}/items", status=404, barcode="300000099", branch="main", volumes="1")


def test_a_page_asks_the_database_a_few_things_however_much_there_is(town, desk):
    counts = []
    for _ in range(2):
        for n in range(6):
            bib = town.title(f"猫の本 {n}", by="夏目 漱石", copies=4, hidden=n % 2 == 0)
            town.lend(bib, "sato")
        for address in (f"{LIST}?q=猫", f"{LIST}/{bib}", f"{LIST}/{bib}/edit", f"{LIST}/new?isbn="):
            with count_queries() as counter:
                desk.get(address)
            counts.append(counter.count)

    assert counts[:4] == counts[4:] and max(counts) <= 10, counts


def test_the_desk_has_a_place_for_titles(desk):
    assert desk.get(LIST).select_one(f'.desk-places a[href="{LIST}"][aria-current=page]').text == "資料"
