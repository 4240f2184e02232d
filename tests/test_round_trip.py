"""Whatever the catalogue holds comes back from each kind of file that it is written to."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import intake
import marc
import marc_own
import title_list
from folding import isbn13
from rules import ItemState
from title_records import CreatorRecord, ItemRecord, TitleRecord


def through_csv(records):
    written = io.StringIO("".join(title_list.text(records)), newline="")
    return list(title_list.read(intake._rows(written)))


def through_xml(records):
    return list(marc.read_marcxml(b"".join(marc_own.xml(records))))


def through_iso2709(records):
    return list(marc.read_marc(b"".join(map(marc_own.iso2709, records))))


every_way = pytest.mark.parametrize("through", [through_csv, through_xml, through_iso2709])

# Texts as the forms and the readers of lists leave them: signs of every kind, no control characters,
# no blanks at the ends.  U+FFFD stands for what could not be read.
SIGNS = st.one_of(
    st.sampled_from([*"=+-@'\"\\|;,、/:.$#ーヴ々𠮟が゙〜～ é\u200b＝" + "\n", "/ ", " :", ", ", "880-01"]),
    st.characters(exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="\ufffd"),
)
texts = st.lists(SIGNS, max_size=12).map("".join).map(str.strip)
some_text = texts.filter(bool)
days = st.dates(date(1868, 1, 1), date(2100, 1, 1))
isbns = st.integers(0, 10**9 - 1).map(
    lambda n: next(filter(None, (isbn13(f"978{n:09}{check}") for check in range(10))))
)
people = st.builds(CreatorRecord, some_text, texts, texts, texts)
items = st.builds(
    ItemRecord,
    barcode=st.integers(1, 10**9).map(str),
    branch=st.sampled_from(["main", "east"]),
    call_number=texts,
    tags=st.lists(some_text.filter(lambda tag: "\n" not in tag), max_size=3).map(tuple),
    state=st.sampled_from(ItemState),
    not_for_loan=st.booleans(),
    volumes=st.integers(1, 99),
    added_on=days,
)
titles = st.builds(
    TitleRecord,
    line=st.just(0),
    source=some_text,
    title=some_text,
    material=st.sampled_from(["book", "magazine", "av"]),
    **{
        name: texts
        for name in (
            *("title_kana", "subtitle", "subtitle_kana", "original_title", "volume", "publisher", "ndc"),
            *("series", "series_kana", "subjects", "extent", "serial", "serial_kana"),
        )
    },
    pub_year=st.none() | st.integers(1, 9999),
    pub_month=st.none() | st.integers(1, 12),
    isbn=st.none() | isbns,
    language=st.sampled_from(["", "jpn", "eng"]),
    creators=st.lists(people, max_size=3).map(tuple),
    issued_on=st.none() | days,
    items=st.lists(items, max_size=3, unique_by=lambda item: item.barcode).map(tuple),
    added_on=days,
    hidden=st.booleans(),
    holdable_from=st.none() | st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC)),
)
lists = st.lists(titles, min_size=1, max_size=3, unique_by=lambda title: title.source)


def numbered(records):
    return [replace(record, line=0) for record in records]


@every_way
@given(records=lists)
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_back_whatever_it_says(through, records):
    assert numbered(through(records)) == records


FULL = TitleRecord(
    line=0,
    source="ndl:029455884",
    title="これからの本の話をしよう /",
    material="magazine",
    title_kana="コレカラ ノ ホン ノ ハナシ オ シヨウ",
    subtitle="副題 : 副題.",
    subtitle_kana="フクダイ",
    original_title="From now on, books",
    volume="上",
    publisher="晶文社,",
    pub_year=2019,
    pub_month=2,
    isbn="9784794970756",
    ndc="023",
    series="叢書 ; 7",
    series_kana="ソウショ",
    subjects="電子書籍、、出版--日本",
    extent="301p ; 19cm",
    language="jpn",
    creators=(
        CreatorRecord("夏目 漱石", "ナツメ ソウセキ", "Natsume, Soseki", "著者"),
        CreatorRecord("ミュラー, F", "", "", "翻訳者"),
        CreatorRecord("Burke, Peter"),
    ),
    serial="本の雑誌",
    serial_kana="ホン ノ ザッシ",
    issued_on=date(2019, 2, 1),
    items=(
        ItemRecord("1001", "main", "023 ハ", ("参考", "a;b"), ItemState.MISSING, True, 2, date(2020, 4, 1)),
        ItemRecord("1002", "east", "", (), ItemState.IN_STOCK, False, 1, date(2021, 4, 1)),
    ),
    added_on=date(2020, 4, 1),
    hidden=True,
    holdable_from=datetime(2020, 5, 1, 0, 30, tzinfo=UTC),
)


@every_way
def test_a_title_with_everything_comes_back_with_everything(through):
    plain = replace(FULL, source="2", items=(), hidden=False, holdable_from=None)
    assert numbered(through([FULL, plain])) == [FULL, plain]


def test_a_list_shows_each_piece_in_a_row_and_runs_nothing_in_a_spreadsheet():
    written = "".join(title_list.text([replace(FULL, title="=1+1", publisher="'@x")]))
    header, first, second = written.splitlines()
    assert header.startswith("source,title,") and header.endswith("item_added_on")
    assert (
        "'=1+1" in first
        and "''@x" in first
        and first.endswith("1001,main,023 ハ,参考;a\\;b,missing,1,2,2020-04-01")
    )
    assert second.endswith("1002,east,,,in_stock,0,1,2021-04-01")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ({"title": ""}, "import.no_title"),
        ({"source": ""}, "import.no_number"),
        ({"isbn": "9784794970757"}, "import.bad_isbn"),
        ({"pub_month": "13"}, "import.bad_year"),
        ({"issued_on": "2019-02-30"}, "import.bad_day"),
        ({"holdable_from": "2020-05-01T00:30"}, "import.bad_day"),
        ({"hidden": "yes"}, "import.bad_mark"),
        ({"item_state": "eaten"}, "import.bad_state"),
        ({"item_volumes": "0"}, "import.bad_volumes"),
        ({"item_not_for_loan": "○"}, "import.bad_mark"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_and_the_next_is_taken(cell, reason):
    names = (*title_list.TITLE_COLUMNS, *title_list.ITEM_COLUMNS)
    good = dict(zip(names, next(title_list.rows(FULL)), strict=True))
    bad, after = title_list.read([(2, good | cell), (3, good | {"item_barcode": "1003"})])
    assert (bad.line, bad.reason) == (2, reason)
    assert [item.barcode for item in after.items] == ["1003"]


def test_rows_of_one_title_that_say_different_things_of_it_are_not_put_together():
    names = (*title_list.TITLE_COLUMNS, *title_list.ITEM_COLUMNS)
    first, second = (dict(zip(names, row, strict=True)) for row in title_list.rows(FULL))
    found = list(title_list.read([(2, first), (3, second | {"title": "別の題"})]))
    assert [(title.title, len(title.items)) for title in found] == [(FULL.title, 1), ("別の題", 1)]


def test_other_systems_find_names_turned_round_and_foreign_ones_as_they_are():
    written = b"".join(marc_own.xml([FULL])).decode()
    for heading in ("夏目, 漱石", "ナツメ, ソウセキ", "Natsume, Soseki", "ミュラー, F", "Burke, Peter"):
        assert f'<subfield code="a">{heading}</subfield>' in written


def test_a_record_for_which_iso_2709_has_no_room_is_told_and_xml_holds_it():
    long = replace(FULL, title="長" * 4000)
    with pytest.raises(marc_own.TooLong):
        marc_own.iso2709(long)
    assert numbered(through_xml([long])) == [long]


def test_a_record_of_ours_that_somebody_spoilt_is_refused_alone():
    written = b"".join(marc_own.xml([FULL, replace(FULL, source="2")]))
    spoilt = written.replace(b">missing<", b">eaten<", 1)
    bad, good = marc.read_marcxml(spoilt)
    assert (bad.line, bad.reason) == (1, "import.marc_broken")
    assert good.source == "2"
