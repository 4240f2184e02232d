"""Lists as libraries keep them: what their columns are called, what stands in their cells, real excerpts."""

from datetime import date
from pathlib import Path

import pytest

import cells
import columns
import intake
from policy_file import read_policy
from resources import text
from rules import ItemState
from sheets import Row
from title_records import CreatorRecord, ItemRecord, RefusedRow, TitleRecord
from wording import messages

LISTS = Path(__file__).parent / "lists"
POLICY = read_policy(text("policies/source-1.toml"))


def titles(tmp_path, content, **chosen):
    (tmp_path / "list.csv").write_text(content, encoding="utf-8")
    return list(intake.open_titles(tmp_path / "list.csv", POLICY, intake.Choices(**chosen)))


def one(tmp_path, header, row, **chosen):
    [record] = titles(tmp_path, f"{header}\n{row}\n", **chosen)
    return record


# ---- names of columns


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("ＩＳＢＮ", "isbn"),
        ("Isbn 13", "isbn"),
        ("書　名", "title"),
        ("（資料番号）", "barcode"),
        ("著者名", "author"),
        ("ﾀｲﾄﾙ", "title"),
        ("出版年月", "pub_year"),
        ("禁帯出", "not_for_loan"),
        ("帯出区分", "for_loan"),
        ("ITEM_IDENTIFIER", "barcode"),
        ("分類(NDC9)", "ndc"),
        ("寄贈者", None),
        ("価格", None),
        ("", None),
    ],
)
def test_a_column_is_known_however_it_is_written(name, column):
    assert columns.find_header([Row(1, ["書名", name])]).columns[1] == column


def test_every_column_has_its_word_and_no_name_means_two_things():
    assert all(f"import.column.{name}" in messages("ja") for name in columns.COLUMNS)
    names = [columns.folded(word) for words in columns.COLUMNS.values() for word in words.split()]
    assert sorted(names) == sorted(set(names))


def test_what_is_not_known_is_told_and_can_be_said(tmp_path):
    (tmp_path / "list.csv").write_text("本のなまえ,書名,ばん\n門,x,7\n", encoding="utf-8")
    assert intake.open_titles(tmp_path / "list.csv").header.passed_over == ["本のなまえ", "ばん"]
    chosen = {"本のなまえ": "title", "書名": "", "ばん": "barcode"}
    [record] = titles(tmp_path, "本のなまえ,書名,ばん\n門,x,7\n", columns=chosen, branch="east", digits=4)
    assert record.title == "門" and record.items == (ItemRecord("0007", "east"),)


# ---- cells


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2009.5", (2009, 5)),
        ("2009", (2009, None)),
        ("２００９年５月", (2009, 5)),
        ("2016/04/01", (2016, 4)),
        ("2001-1-1", (2001, 1)),
        ("200904", (2009, 4)),
        ("20090401", (2009, 4)),
        ("H25", (2013, None)),
        ("H25.4", (2013, 4)),
        ("平成25年4月", (2013, 4)),
        ("昭和元年", (1926, None)),
        ("令和6年4月", (2024, 4)),
        ("1957（昭和32）年5月20日", (1957, 5)),
        ("c2001", (2001, None)),
        ("[2001]", (2001, None)),
        ("-", (None, None)),
        ("0", (None, None)),
        ("[201-]", (None, None)),
        ("不明", (None, None)),
    ],
)
def test_years_are_read_in_either_calendar(cell, found):
    assert cells.year_and_month(cell) == found


@pytest.mark.parametrize("cell", ["昔", "H99", "13", "2.009E+3", "99999"])
def test_what_names_no_year_is_refused(cell):
    with pytest.raises(cells.Refused, match="wrong_year"):
        cells.year_and_month(cell)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("978-4-00-310103-2", "9784003101032"),
        ("９７８４００３１０１０３２", "9784003101032"),
        ("ISBN 4-00-310101-4", "9784003101018"),
        ("4-10-353422-8", "9784103534228"),  # the 978 was cut off, and the check digit stayed
        ("0-306-40615-2", "9780306406157"),
        ("306406152", "9780306406157"),  # the 0 in front was taken for nothing
        ("9784003101032.0", "9784003101032"),
        ("4-8401-1440-4 // 4-8401-1440-4", "9784840114400"),
        ("978-4-7949-7075-6 :", "9784794970756"),
        ("9784003101032 (上) ; 9784003101018", "9784003101032"),
        ("-", None),
        ("", None),
    ],
)
def test_isbns_are_put_right_where_they_tell_how(cell, found):
    assert cells.isbn(cell) == found


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("9.78E+12", "spoilt"), ("9.78400E+12", "spoilt"), ("9784003101039", "wrong"), ("abc", "wrong")],
)
def test_an_isbn_that_is_lost_is_refused_with_what_happened_to_it(cell, reason):
    with pytest.raises(cells.Refused, match=f"{reason}_isbn"):
        cells.isbn(cell)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("夏目漱石", [("夏目漱石", "")]),
        ("夏目漱石著", [("夏目漱石", "著者")]),
        ("村上 春樹／著", [("村上 春樹", "著者")]),
        ("甲野 一郎; 乙野 二郎", [("甲野 一郎", ""), ("乙野 二郎", "")]),
        ("甲野 一郎／著　乙野 二郎／訳", [("甲野 一郎", "著者"), ("乙野 二郎", "翻訳者")]),
        ("甲野 一郎、乙野 二郎／著", [("甲野 一郎", "著者"), ("乙野 二郎", "著者")]),
        ("甲野，乙野", [("甲野", ""), ("乙野", "")]),
        ("原 ゆたか／さく・え", [("原 ゆたか", "さく・え")]),
        ("井田 齊／監修・執筆", [("井田 齊", "監修・執筆")]),
        ("冲方, 丁, 1977-", [("冲方 丁", "")]),
        ("Osborne, Mary Pope, 1949- // 食野, 雅子, 1944-", [("Osborne, Mary Pope", ""), ("食野 雅子", "")]),
        ("test||author//test1||illustrator", [("test", "著者"), ("test1", "絵")]),
        ("夏目漱石 [著]", [("夏目漱石", "著者")]),
        ("甲野?乙野", [("甲野", ""), ("乙野", "")]),
        ("-", []),
    ],
)
def test_several_people_in_one_cell_are_told_apart(cell, found):
    assert [(person.name, person.role) for person in cells.people(cell)] == found


def test_readings_stand_beside_their_people():
    people = cells.with_readings(cells.people("甲野 一郎; 乙野 二郎"), "こうの いちろう; おつの じろう")
    assert [person.reading for person in people] == ["こうの いちろう", "おつの じろう"]
    people = cells.with_readings(cells.people("甲野 一郎; 乙野 二郎"), "こうの いちろう")
    assert [person.reading for person in people] == ["こうの いちろう", ""]


@pytest.mark.parametrize(
    ("column", "cell", "found"),
    [
        ("禁帯出", "○", True),
        ("禁帯出", "1", True),
        ("禁帯出", "禁帯出", True),
        ("禁帯出", "×", False),
        ("禁帯出", "0", False),
        ("禁帯出", "", None),
        ("貸出可否", "○", False),
        ("貸出可否", "×", True),
        ("帯出区分", "禁帯出", True),
        ("帯出区分", "帯出可", False),
        ("貸出区分", "館内のみ", True),
    ],
)
def test_what_may_not_be_taken_home_is_read_from_either_column(tmp_path, column, cell, found):
    [piece] = one(tmp_path, f"書名,資料番号,{column}", f"門,7,{cell}").items
    assert piece.not_for_loan is found


def test_a_sign_that_says_neither_is_refused(tmp_path):
    assert one(tmp_path, "書名,資料番号,禁帯出", "門,7,?") == RefusedRow(2, "import.bad_sign")


@pytest.mark.parametrize(
    ("header", "row", "call_number"),
    [
        ("請求記号", "R 813 コ", "R 813 コ"),
        ("請求記号", "007|A", "007 A"),
        ("別置,分類,図書記号", "R,813,コ", "R 813 コ"),
        ("分類,図書記号", "913.6,ナ", "913.6 ナ"),
        ("分類", "913.6", None),
    ],
)
def test_a_call_number_stands_in_one_cell_or_in_three(tmp_path, header, row, call_number):
    [piece] = one(tmp_path, f"書名,資料番号,{header}", f"門,7,{row}").items
    assert piece.call_number == call_number


@pytest.mark.parametrize(
    ("column", "cell", "state"),
    [
        ("状態", "除籍", ItemState.WITHDRAWN),
        ("状態", "所在不明", ItemState.MISSING),
        ("状態", "在庫", ItemState.IN_STOCK),
        ("状態", "貸出中", None),
        ("除籍", "○", ItemState.WITHDRAWN),
        ("除籍", "2020/3/31", ItemState.WITHDRAWN),
        ("除籍", "", None),
    ],
)
def test_the_state_of_a_piece_is_read(tmp_path, column, cell, state):
    [piece] = one(tmp_path, f"書名,資料番号,{column}", f"門,7,{cell}").items
    assert piece.state is state


def test_branch_and_material_go_by_name_or_id_and_unknown_ones_are_refused_with_what_is_known(tmp_path):
    header = "書名,資料番号,所蔵館,資料区分"
    record = one(tmp_path, header, "門,7,東分館,児童書")
    assert (record.items[0].branch, record.material) == ("east", "book")
    assert one(tmp_path, header, "門,7,WEST,DVD").material == "av"
    refused = one(tmp_path, header, "門,7,中央館,")
    assert refused.reason == "import.unknown_branch" and "東分館" in refused.facts["known"]
    refused = one(tmp_path, header, "門,7,,巻物")
    assert refused.reason == "import.unknown_material" and "図書" in refused.facts["known"]


def test_numbers_that_lost_their_zeros_get_them_back_where_the_list_shows_how_long_they_are(tmp_path):
    records = titles(tmp_path, "書名,資料番号\n門,0012345\n明暗,67\n道草,A9\n")
    assert [record.items[0].barcode for record in records] == ["0012345", "0000067", "A9"]
    records = titles(tmp_path, "書名,資料番号\n門,12345\n明暗,67\n")
    assert [record.items[0].barcode for record in records] == ["12345", "67"], "they may be that short"
    assert one(tmp_path, "書名,資料番号", "門,1.2E+06").reason == "import.spoilt_barcode"


def test_what_is_longer_than_any_cell_is_refused(tmp_path):
    assert one(tmp_path, "書名,著者", f"{'長' * 2001},甲").reason == "import.too_long"


def test_money_and_whoever_gave_a_book_are_never_taken(tmp_path):
    record = one(tmp_path, "書名,資料番号,価格,寄贈者", "門,7,1200,寄贈 太郎")
    assert "寄贈" not in repr(record) and "1200" not in repr(record)


# ---- real lists


def read(name):
    return intake.open_titles(LISTS / name, POLICY)


def test_enjus_sample_is_read_as_its_notes_ask():
    """○ loads, × fails, △ loads the piece.  Where we differ: docs/import.md."""
    found = list(read("enju_resources.tsv"))
    by_line = {record.line: record for record in found}

    assert (by_line[4].title, by_line[4].ndc, by_line[4].pub_year) == ("test2", "007", 2001)
    assert [(one.name, one.role) for one in by_line[4].creators] == [("test", "著者"), ("test1", "絵")]
    assert by_line[4].items == (ItemRecord("10101"),)
    assert by_line[5] == RefusedRow(5, "import.skipped")
    assert by_line[6].series == "主シリーズ" and by_line[6].source == "101"
    assert by_line[11] == RefusedRow(11, "import.wrong_isbn")
    assert by_line[18].title == 'ダブル"クォート"を含む資料'
    assert by_line[20].title == "" and by_line[20].items[0].barcode == "11113"


def test_a_list_of_patrons_is_no_list_of_titles():
    with pytest.raises(intake.UnknownFormat):
        read("enju_users.tsv")


@pytest.mark.parametrize("name", ["kinan_children", "kinan_general", "main_children", "main_general"])
def test_a_whole_description_in_one_cell_is_taken_apart(name):
    records = list(read(f"wakayama_{name}.csv"))
    assert len(records) == 20
    assert all(record.title and record.pub_year and record.publisher for record in records)
    assert sum(bool(record.creators) for record in records) >= 18


def test_isbns_whose_978_was_cut_off_are_right_again():
    records = list(read("wakayama_all_parsed.csv"))
    assert records[0] == TitleRecord(
        line=2,
        source="",
        title="1Q84 BOOK1",
        material="book",
        publisher="新潮社",
        pub_year=2009,
        pub_month=5,
        isbn="9784103534228",
        ndc="913.6",
        extent="554p",
        creators=(CreatorRecord("村上 春樹", role="著者"),),
    )
    assert not [record for record in records if isinstance(record, RefusedRow)]


def test_answers_of_the_national_library_as_a_table_are_read():
    records = list(read("ndl_books.csv"))
    assert records[0].creators[0].name == "Osborne, Mary Pope"
    assert all(isinstance(record, TitleRecord) for record in records)
    camus = next(record for record in records if record.title == "アルベール・カミュ : 海と牢獄")
    assert camus.creators == (CreatorRecord("Quilliot, Roger"), CreatorRecord("室 淳介", "ムロ ジュンスケ"))
    assert {record.reason for record in read("ndl_all.csv") if isinstance(record, RefusedRow)} == {
        "import.no_title"
    }


def test_columns_that_nobody_knows_are_named_by_whoever_imports():
    with pytest.raises(intake.UnknownFormat, match="title_245ab_n_p"):
        read("japanmarc.csv")
    chosen = {"title_245ab_n_p": "title", "isbn_020a": "isbn", "date_260c": "pub_year", "ndc9": "ndc"}
    records = list(intake.open_titles(LISTS / "japanmarc.csv", POLICY, intake.Choices(chosen)))
    assert len(records) == 10 and records[0].isbn == "9784794970756" and records[0].pub_year == 2019


def test_the_index_of_aozora_bunko_is_known_by_its_header():
    found = read("aozora.csv")
    assert found.header is None and all(record.source.startswith("aozora:") for record in found)


def test_the_day_of_a_piece_is_read_in_either_calendar():
    assert cells.day("H28.4.1") == cells.day("2016年4月1日") == cells.day("20160401") == date(2016, 4, 1)
    assert cells.day("2016/13/1") is None and cells.day("昔") is None
