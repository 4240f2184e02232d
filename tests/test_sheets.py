"""Tables in files: every encoding, delimiter and kind of file that is met, and files that are broken."""

import contextlib
import csv
import datetime
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

import intake
from sheets import Unreadable, from_lines, open_sheet
from title_records import RefusedRow, TitleRecord

TABLE = [
    ["書名", "著者", "ISBN"],
    ["坊っちゃん", "夏目 漱石", "9784003101032"],
    ["門\n(前編)", "夏目 漱石", ""],
]


def text(rows, delimiter=",", ends="\r\n"):
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=ends, quoting=csv.QUOTE_ALL).writerows(rows)
    return written.getvalue()


def read(path):
    return [title.title for title in intake.open_titles(path)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp932", "cp932"),
        ("euc_jp", "euc_jp"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_encoding_and_delimiter_are_found(tmp_path, encoding, told, delimiter, pack):
    path = tmp_path / "list"
    path.write_bytes(pack(text(TABLE, delimiter).encode(encoding)))
    found = intake.open_titles(path)

    assert (found.encoding, found.delimiter, found.rows) == (told, delimiter, 2)
    assert [title.title for title in found] == ["坊っちゃん", "門 (前編)"]


@pytest.mark.parametrize("ends", ["\n", "\r", "\r\n"])
def test_lines_may_end_in_any_way(tmp_path, ends):
    path = tmp_path / "list.csv"
    path.write_bytes(text(TABLE, ends=ends).encode())
    assert read(path) == ["坊っちゃん", "門 (前編)"]


def test_an_encoding_that_is_named_is_taken_as_it_is_named(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(text(TABLE).encode("euc_jp"))
    assert intake.open_titles(path, encoding="euc_jp").encoding == "euc_jp"


def test_the_header_may_stand_below_the_title_of_the_list(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(text([["しおり文庫の蔵書"], [], ["2026年4月1日現在", "3冊"], *TABLE]).encode("cp932"))
    found = intake.open_titles(path)
    assert found.header.line == 4 and found.rows == 2
    assert [title.line for title in found] == [5, 6]


def test_a_half_character_at_the_end_of_a_row_costs_that_row_only_in_cp932_too(tmp_path):
    path = tmp_path / "list.csv"
    rows = "".join(f"題名{number}\r\n" for number in range(9)).encode("cp932")
    path.write_bytes("書名\r\n".encode("cp932") + rows.replace("名4".encode("cp932"), b"\x96\r\n", 1))
    records = list(intake.open_titles(path))
    assert sum(isinstance(row, TitleRecord) for row in records) >= 8


# ---- Excel


def workbook(path, rows, **sheets):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(row)
    book.save(path)


def test_a_workbook_is_read_as_it_is_seen(tmp_path):
    book = Workbook()
    book.active.append(["蔵書一覧"])
    book.active.append([])
    book.active.append(["資料番号", "書名", "ISBN", "出版年", "受入日", "禁帯出", "分類"])
    book.active.append([12, "こころ", 9784003101018, 1950.0, datetime.datetime(2024, 4, 1), True, 913.6])
    book.active["A4"].number_format = "0000000"
    path = tmp_path / "list.xlsx"
    book.save(path)
    found = intake.open_titles(path)

    assert (found.encoding, found.rows, found.header.line) == ("", 1, 3)
    [title] = found
    assert (title.line, title.title, title.isbn, title.pub_year) == (4, "こころ", "9784003101018", 1950)
    [piece] = title.items
    assert (piece.barcode, piece.not_for_loan) == ("0000012", True)
    assert (piece.added_on, title.ndc) == (datetime.date(2024, 4, 1), "913.6")


def test_the_first_sheet_that_holds_something_is_read_and_short_rows_are_filled(tmp_path):
    path = tmp_path / "list.xlsx"
    workbook(path, [], 蔵書=[["書名", "著者", "備考"], ["門", "夏目 漱石"], ["明暗"]])
    assert read(path) == ["門", "明暗"]


def test_a_workbook_can_be_read_twice(tmp_path):
    path = tmp_path / "list.xlsx"
    workbook(path, TABLE)
    found = intake.open_titles(path)
    assert list(found) == list(found)


# ---- broken files


def broken_files(tmp_path):
    workbook(tmp_path / "good.xlsx", TABLE * 50)
    whole = (tmp_path / "good.xlsx").read_bytes()
    packed = gzip.compress(text(TABLE * 50).encode())
    yield "cut.xlsx", whole[: len(whole) // 2], "import.file_damaged"
    yield "flipped.xlsx", whole[:800] + bytes([whole[800] ^ 255]) + whole[801:], "import.file_damaged"
    yield "cut.gz", packed[:-9], "import.file_damaged"
    yield "flipped.gz", packed[:40] + bytes([packed[40] ^ 255]) + packed[41:], "import.file_damaged"
    yield "old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "import.file_xls"


@pytest.mark.parametrize("place", range(5))
def test_a_broken_file_is_known_before_anything_is_taken_from_it(tmp_path, place):
    name, content, reason = list(broken_files(tmp_path))[place]
    (tmp_path / name).write_bytes(content)
    for encoding in (None, "utf-8"):  # named, it is not looked for, and the file is read through all the same
        with pytest.raises(Unreadable, match=reason):
            intake.open_titles(tmp_path / name, encoding=encoding)


def test_what_unpacks_to_more_than_a_library_can_have_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sheets.LARGEST", 1000)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"a" * 2_000_000))
    workbook(tmp_path / "bomb.xlsx", TABLE * 500)
    for name in ("bomb.gz", "bomb.xlsx"):
        with pytest.raises(Unreadable, match="file_large"):
            open_sheet(tmp_path / name)


# ---- anything at all

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
LIKE_A_LIST = st.lists(
    st.lists(
        st.sampled_from(["書名", "著者", '"', '""', "\n", ",", "\t", "\0", "門", "9.78E+12", "H99"]),
        max_size=6,
    ),
    max_size=12,
).map(lambda rows: "\n".join(",".join(row) for row in rows))


@settings(max_examples=100, deadline=None)
@given(st.one_of(ANY_TEXT, LIKE_A_LIST))
def test_rows_of_any_text_are_read_without_a_fault_and_in_order(anything):
    sheet = from_lines(("書名,著者,ISBN\n" + anything).splitlines(keepends=True))
    rows = list(intake.read_titles(iter(sheet.read())))
    assert all(isinstance(row, TitleRecord | RefusedRow) for row in rows)
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines)) and all(line > 1 for line in lines)


@settings(max_examples=100, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=300), LIKE_A_LIST.map(lambda made: ("書名,著者\n" + made).encode("cp932"))
    )
)
def test_any_bytes_are_a_list_or_are_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "list"
    path.write_bytes(content)
    with contextlib.suppress(intake.UnknownFormat, Unreadable):
        assert all(isinstance(row, TitleRecord | RefusedRow) for row in intake.open_titles(path))
