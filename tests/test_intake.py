"""Catalogue import: what is read from a list, what is refused, and that a second import doubles nothing."""

import csv
import gzip
import io
from datetime import date

import pytest

import intake
import models
import ndc
import resources
import search
from aozora import COLUMNS as AOZORA_COLUMNS
from aozora import read as read_aozora
from sheets import Unreadable, from_lines
from title_records import CreatorRecord, RefusedRow, TitleRecord

TODAY = date(2026, 4, 1)
LATER = date(2026, 5, 1)

AOZORA_HEADER = AOZORA_COLUMNS
WORK = {
    "作品ID": "000789",
    "作品名": "吾輩は猫である",
    "作品名読み": "わがはいはねこである",
    "分類番号": "NDC 913",
    "底本出版社名1": "ちくま文庫、筑摩書房",
    "底本初版発行年1": "1987（昭和62）年9月29日",
    "人物ID": "000148",
    "姓": "夏目",
    "名": "漱石",
    "姓読み": "なつめ",
    "名読み": "そうせき",
    "姓ローマ字": "Natsume",
    "名ローマ字": "Soseki",
    "役割フラグ": "著者",
    "生年月日": "1867-02-09",
    "没年月日": "1916-12-09",
}


@pytest.fixture
def catalogue(database):
    """An empty catalogue with its index, in a file."""
    return models.db


def sheet(header, *rows):
    """Rows as the text of a CSV; a row that is text already stands as it is."""
    text = io.StringIO()
    lines = csv.DictWriter(text, header, restval="", extrasaction="raise", lineterminator="\n")
    lines.writeheader()
    for row in rows:
        if isinstance(row, str):
            text.write(row + "\n")
        else:
            lines.writerow(row)
    return text.getvalue()


def aozora(*rows):
    """What is read of a list whose rows differ from WORK by these cells."""
    changed = [row if isinstance(row, str) else WORK | row for row in rows]
    return list(read_aozora(from_lines(io.StringIO(sheet(AOZORA_HEADER, *changed)))))


def own(*rows, header=("source", "title", "isbn", "pub_year", "pub_month", "creators")):
    return list(intake.read_titles(io.StringIO(sheet(header, *rows))))


# ---- the index of Aozora Bunko


def test_a_work_is_read_with_all_its_fields():
    assert aozora({}) == [
        TitleRecord(
            line=2,
            source="aozora:000789",
            title="吾輩は猫である",
            title_kana="わがはいはねこである",
            publisher="筑摩書房",
            series="ちくま文庫",
            pub_year=1987,
            pub_month=9,
            ndc="913",
            creators=(CreatorRecord("夏目 漱石", "なつめ そうせき", "Natsume, Soseki", "著者"),),
        )
    ]


def test_the_rows_of_one_work_are_brought_together_where_the_first_stands():
    translator = {
        "人物ID": "2",
        "姓": "矢崎",
        "名": "源九郎",
        "役割フラグ": "翻訳者",
        "生年月日": "",
        "没年月日": "",
    }
    first, second = aozora(
        {"作品ID": "7", "作品名": "マッチ売りの少女"},
        {"作品ID": "8", "作品名": "門"},
        {"作品ID": "7"} | translator,
    )
    assert (first.title, second.title) == ("マッチ売りの少女", "門")
    assert [(person.name, person.role) for person in first.creators] == [
        ("夏目 漱石", "著者"),
        ("矢崎 源九郎", "翻訳者"),
    ]


def test_authors_stand_before_translators_whatever_the_list_says():
    dates = {"生年月日": "", "没年月日": ""}
    [work] = aozora(
        {"人物ID": "1", "名": "甲", "役割フラグ": "翻訳者"} | dates,
        {"人物ID": "2", "名": "乙", "役割フラグ": "著者"} | dates,
    )
    assert [person.name for person in work.creators] == ["夏目 乙", "夏目 甲"]


def test_the_same_man_under_two_names_is_one_author_and_another_name():
    tayama = {"姓": "田山", "生年月日": "1872-01-22", "没年月日": "1930-05-13"}
    first, _ = aozora(
        {"人物ID": "2", "名": "録弥"} | tayama,
        {"人物ID": "1", "名": "花袋"} | tayama,
        {"作品ID": "9", "人物ID": "1", "名": "花袋"} | tayama,
    )
    assert [(person.name, person.role) for person in first.creators] == [
        ("田山 花袋", "著者"),
        ("田山 録弥", "別名"),
    ]


def test_a_person_with_two_parts_in_a_work_is_named_once():
    [work] = aozora({}, {"役割フラグ": "編者"})
    assert [(person.name, person.role) for person in work.creators] == [("夏目 漱石", "著者・編者")]


@pytest.mark.parametrize(
    ("family", "given", "family_kana", "given_kana", "name", "reading"),
    [
        (
            "ポー",
            "エドガー・アラン",
            "ポー",
            "エドガー・アラン",
            "エドガー・アラン・ポー",
            "エドガー・アラン・ポー",
        ),
        ("魯迅", "", "ろじん", "", "魯迅", "ろじん"),
        ("ヴォルテール", "", "ヴォルテール", "", "ヴォルテール", "ヴォルテール"),
        ("夏目", "漱石", "なつめ", "そうせき", "夏目 漱石", "なつめ そうせき"),
        ("サトウ", "ハチロー", "さとう", "はちろー", "サトウ ハチロー", "さとう はちろー"),
    ],
)
def test_names_are_put_in_the_order_in_which_they_are_said(
    family, given, family_kana, given_kana, name, reading
):
    [work] = aozora({"姓": family, "名": given, "姓読み": family_kana, "名読み": given_kana})
    assert (work.creators[0].name, work.creators[0].reading) == (name, reading)


@pytest.mark.parametrize(
    ("cell", "published"),
    [
        ("1957（昭和32）年5月20日", (1957, 5)),
        ("1999(平成11)年10月20日", (1999, 10)),
        ("\u30001988（昭和63）年6月30日", (1988, 6)),
        ("昭和11（1936）年1月1日", (1936, 1)),
        ("1914（大正3）年10月号", (1914, 10)),
        ("1979(昭和54)年10月1日、1996（平成8）年11月10日復刻版", (1979, 10)),
        ("1989年", (1989, None)),
        ("平成元年1月8日", (1989, 1)),
        ("昭和６３年", (1988, None)),
        ("", (None, None)),
        ("\u3000", (None, None)),
        ("不明", (None, None)),
    ],
)
def test_dates_are_read_in_either_calendar(cell, published):
    [work] = aozora({"底本初版発行年1": cell})
    assert (work.pub_year, work.pub_month) == published


@pytest.mark.parametrize(
    ("cell", "ndc_number", "subjects"),
    [
        ("NDC 913", "913", ""),
        ("NDC K913", "913", "児童書"),
        ("NDC 756 914", "756", ""),
        ("NDC 756 K914", "756", "児童書"),
        ("NDC", "", ""),
        ("", "", ""),
    ],
)
def test_classes_are_read_and_childrens_books_marked(cell, ndc_number, subjects):
    [work] = aozora({"分類番号": cell})
    assert (work.ndc, work.subjects) == (ndc_number, subjects)


@pytest.mark.parametrize(
    ("cell", "series", "publisher"),
    [
        ("新潮文庫、新潮社", "新潮文庫", "新潮社"),
        ("岩波書店", "", "岩波書店"),
        ("日本児童文庫、復刻版、名著普及会", "日本児童文庫、復刻版", "名著普及会"),
        ("興文社、文藝春秋社", "", "興文社、文藝春秋社"),
        ("", "", ""),
    ],
)
def test_series_and_publisher_are_parted(cell, series, publisher):
    [work] = aozora({"底本出版社名1": cell})
    assert (work.series, work.publisher) == (series, publisher)


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ("八※［＃小書き片仮名ガ］岳登山記", "八ガ岳登山記"),
        ("※［＃「口＋世」、U+546D、12-3］の話", "\u546dの話"),
        ("※［＃「土へん＋竒」］", "〓"),
        ("上<br>下", "上 下"),
    ],
)
def test_notes_on_characters_are_taken_out_of_titles(cell, title):
    [work] = aozora({"作品名": cell})
    assert work.title == title


# ---- our own list


def test_creators_are_read_with_their_signs():
    [title] = own(
        {"source": "1", "title": "題", "creators": r"甲 乙|こう おつ|Ko, Otsu|著者;A\|B\;C\\D;|無名"}
    )
    assert title.creators == (
        CreatorRecord("甲 乙", "こう おつ", "Ko, Otsu", "著者"),
        CreatorRecord(r"A|B;C\D"),
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"source": "1"}, "import.no_title"),
        ({"title": "題"}, "import.no_number"),
        ({"source": "1", "title": "題", "isbn": "9784003101019"}, "import.bad_isbn"),
        ({"source": "1", "title": "題", "isbn": "9.784E+12"}, "import.bad_isbn"),
        ({"source": "1", "title": "題", "pub_year": "平成元"}, "import.bad_year"),
        ({"source": "1", "title": "題", "pub_month": "13"}, "import.bad_year"),
        ("1,題", "import.broken_row"),
        ("1,題,,,,,,", "import.broken_row"),
        ('1,"題,,,,', "import.broken_row"),
        ("1,題\ufffd,,,,", "import.broken_row"),
        (f"1,{'長' * 200_000},,,,", "import.broken_row"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_while_the_rest_is_read(row, reason):
    before, refused, after = own({"source": "0", "title": "前"}, row, {"source": "2", "title": "後"})
    assert refused == RefusedRow(3, reason)
    assert (before.title, after.title) == ("前", "後")


def test_an_open_quotation_mark_costs_its_own_line_only():
    rows = own('1,"開く,,,,', {"source": "2", "title": "二"}, '3,開"く,,,,', {"source": "4", "title": "四"})
    assert [row for row in rows if isinstance(row, RefusedRow)] == [
        RefusedRow(2, "import.broken_row"),
        RefusedRow(4, "import.broken_row"),
    ]
    assert [row.title for row in rows if isinstance(row, TitleRecord)] == ["二", "四"]


def test_blank_lines_are_passed_over_and_counted():
    assert [
        row.line for row in own({"source": "1", "title": "一"}, "", ",,,,,", {"source": "2", "title": "二"})
    ] == [2, 5]


# ---- files


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_file_is_recognised_plain_or_packed_and_in_excels_encoding(tmp_path, pack, encoding):
    lists = {
        "own": sheet(["title", "source"], {"source": "1", "title": "題名"}),
        "aozora": sheet(AOZORA_HEADER, WORK),
    }
    for name, text in lists.items():
        path = tmp_path / name
        path.write_bytes(pack(text.encode(encoding)))
        [title] = intake.open_titles(path)
        assert title.title in ("題名", "吾輩は猫である")


def test_a_broken_byte_costs_its_own_row_only(tmp_path):
    path = tmp_path / "broken.csv"
    rows = [{"source": str(number), "title": f"題名{number}"} for number in range(9)]
    path.write_bytes(
        sheet(["source", "title"], *rows).encode().replace("題名4".encode(), "題名4".encode()[:-2])
    )
    assert [row for row in intake.open_titles(path) if isinstance(row, RefusedRow)] == [
        RefusedRow(6, "import.broken_row")
    ]


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"id,name,price\n1,a,3\n", "作品ID,作品名\n".encode(), bytes(range(256))]
)
def test_another_file_is_refused_by_its_header_before_any_row(tmp_path, content):
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(intake.UnknownFormat) as refusal:
        intake.open_titles(path)
    assert refusal.value.columns.count(",") < 5


def test_the_first_names_of_an_unknown_header_are_told(tmp_path):
    (tmp_path / "other.csv").write_text("a,b,c,d,e,f\n", encoding="utf-8")
    with pytest.raises(intake.UnknownFormat, match="a, b, c, d, e"):
        intake.open_titles(tmp_path / "other.csv")


def test_a_packed_file_that_ends_early_cannot_be_read(tmp_path):
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(sheet(AOZORA_HEADER, WORK).encode())[:-20])
    with pytest.raises(Unreadable, match="file_damaged"):
        intake.open_titles(path)


# ---- storing


def test_titles_are_stored_with_their_creators_and_found(catalogue):
    assert intake.store(catalogue, aozora({}), TODAY) == intake.Stored(1, 0, [])
    [bib] = models.Bib.select()
    assert (bib.title, bib.material, bib.source, bib.added_on) == (
        "吾輩は猫である",
        "book",
        "aozora:000789",
        TODAY,
    )
    assert [person.name for person in bib.creators] == ["夏目 漱石"]
    assert search.find(catalogue, "猫", 20).ids == [bib.id]


def test_a_second_import_updates_and_never_doubles(catalogue):
    intake.store(catalogue, aozora({}), TODAY)
    changed = aozora({"作品名": "吾輩は犬である", "名": "金之助"}, {"作品ID": "1", "作品名": "門"})
    assert intake.store(catalogue, changed, LATER) == intake.Stored(1, 1, [])
    bib = models.Bib.get(source="aozora:000789")
    assert (bib.title, bib.added_on) == ("吾輩は犬である", TODAY)
    assert [person.name for person in bib.creators] == ["夏目 金之助"]
    assert search.find(catalogue, "猫", 20).total == 0
    assert search.find(catalogue, "犬", 20).ids == [bib.id]


def test_the_same_import_again_changes_nothing_in_the_index(catalogue):
    intake.store(catalogue, aozora({}), TODAY)
    before = (
        catalogue.execute_sql("SELECT * FROM bib_key").fetchall(),
        catalogue.execute_sql("SELECT count(*), sum(length(block)) FROM bib_fts_data").fetchall(),
    )
    intake.store(catalogue, aozora({}), LATER)
    after = (
        catalogue.execute_sql("SELECT * FROM bib_key").fetchall(),
        catalogue.execute_sql("SELECT count(*), sum(length(block)) FROM bib_fts_data").fetchall(),
    )
    assert after == before


def test_a_hidden_title_stays_hidden_when_it_is_imported_again(catalogue):
    intake.store(catalogue, aozora({}), TODAY)
    models.Bib.update(hidden=True).execute()
    intake.store(catalogue, aozora({"作品名": "吾輩は猫"}), LATER)
    bib = models.Bib.get()
    assert bib.hidden and bib.title == "吾輩は猫"
    assert search.find(catalogue, "猫", 20).total == 0


def test_one_number_twice_in_a_list_is_one_title_to_which_the_later_row_only_adds(catalogue):
    rows = own({"source": "1", "title": "先"}, {"source": "1", "title": "後", "pub_year": "1999"})
    assert intake.store(catalogue, rows, TODAY) == intake.Stored(1, 0, [])
    assert [(bib.title, bib.pub_year) for bib in models.Bib.select()] == [("先", 1999)]


def test_refused_rows_are_told_by_line_and_reason(catalogue):
    rows = own({"source": "1", "title": "一"}, {"source": "2"}, {"source": "3", "title": "三"})
    assert intake.store(catalogue, rows, TODAY) == intake.Stored(2, 0, [RefusedRow(3, "import.no_title")])


def test_a_long_import_tells_how_far_it_is(catalogue):
    told = []
    rows = own(*({"source": str(number), "title": f"題{number}"} for number in range(1201)))
    assert intake.store(catalogue, rows, TODAY, told.append).added == 1201
    assert told == [500, 1000, 1201]


def test_an_import_that_breaks_off_keeps_whole_batches_and_can_be_repeated(catalogue):
    rows = own(*({"source": str(number), "title": f"題{number}"} for number in range(700)))

    def cut_off():
        yield from rows[:600]
        raise OSError

    with pytest.raises(OSError):
        intake.store(catalogue, cut_off(), TODAY)
    kept = models.Bib.select().count()
    assert kept == 500 == search.find(catalogue, "題", 1).total
    assert intake.store(catalogue, rows, TODAY) == intake.Stored(200, 0, [], same=500)


# ---- the sample and the classes


def test_the_sample_is_read_without_a_refusal_and_holds_what_the_demo_needs():
    titles = list(intake.read_titles(io.StringIO(resources.text("samples/titles.csv"))))
    assert len(titles) >= 3000
    assert all(isinstance(title, TitleRecord) for title in titles)
    assert {title.material for title in titles} == {"book", "av"}
    assert sum(title.material == "av" for title in titles) >= 20
    assert len({title.source for title in titles}) == len(titles)
    isbns = [title.isbn for title in titles if title.isbn]
    assert len(isbns) == len(set(isbns)) >= 400
    assert all(title.creators or title.material == "av" or title.isbn or title.publisher for title in titles)


@pytest.mark.parametrize(
    ("number", "label"),
    [
        ("913.6", "小説．物語"),
        ("913", "小説．物語"),
        ("K913", "小説．物語"),
        ("5", "技術．工学"),
        ("999.9", "国際語による文学"),
        ("E", None),
        ("", None),
    ],
)
def test_the_nearest_class_above_a_number_is_named(number, label):
    assert ndc.label(number) == label
