"""MARC records become titles: what each field says, in whatever characters, and what a damaged file costs."""

import csv
import io
import re
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymarc import Field, Indicators, Leader, Record, Subfield
from pymarc.marc8_mapping import CODESETS

import marc
import marc_files
from folding import isbn13
from title_records import CreatorRecord, ItemRecord, RefusedRow, TitleRecord
from wording import messages

HERE = Path(__file__).resolve().parent / "marc"
JAPANMARC = (HERE / "japanmarc.mrc").read_bytes()
RECORDS = [chunk + b"\x1d" for chunk in JAPANMARC.split(b"\x1d")[:-1]]


def field(tag: str, text: str, indicators: str = "  ") -> Field:
    """A field as it is printed: $6880-01$aDentō wagei /"""
    subfields = [Subfield(part[0], part[1:]) for part in re.split(r"(?<!-\d\d/)\$(?=[a-z0-9])", text)[1:]]
    return Field(tag, Indicators(*indicators), subfields)


def record(*fields: Field, leader: str = "00000nam a2200000 a 4500", number: str = "77") -> bytes:
    made = Record()
    made.leader = Leader(leader)
    if number:
        made.add_field(Field("001", data=number))
    made.add_field(*fields)
    written = made.as_marc()
    return written[:5] + leader[5:10].encode() + written[10:]


def titled(*fields: Field, **more) -> bytes:
    return record(field("245", "$a題 /$c某 著."), *fields, **more)


def read(content: bytes, *materials: str) -> list:
    return list(marc.read_marc(content, materials))


def one(content: bytes, *materials: str) -> TitleRecord | RefusedRow:
    [found] = read(content, *materials)
    return found


def rewritten(chunk: bytes, charset) -> bytes:
    """The record in other characters, with the lengths that it then has."""
    length = int(chunk[12:17])
    directory, content = chunk[24 : length - 1], chunk[length:-2]
    fields = [text.decode() for text in content.split(b"\x1e")]
    encoded = [charset(text) + b"\x1e" for text in fields]
    tags = [directory[at : at + 3] for at in range(0, len(directory), 12)]
    entries, start = b"", 0
    for tag, text in zip(tags, encoded, strict=True):
        entries += tag + b"%04d%05d" % (len(text), start)
        start += len(text)
    begin = 24 + len(entries) + 1
    whole = entries + b"\x1e" + b"".join(encoded) + b"\x1d"
    return b"%05d" % (24 + len(whole)) + chunk[5:12] + b"%05d" % begin + chunk[17:24] + whole


# ---- JAPAN/MARC


def test_a_record_of_the_national_library_is_read_with_its_readings():
    assert read(JAPANMARC)[0] == TitleRecord(
        line=1,
        source="ndl:029455884",
        title="これからの本の話をしよう",
        title_kana="コレカラ ノ ホン ノ ハナシ オ シヨウ",
        publisher="晶文社",
        pub_year=2019,
        pub_month=2,
        isbn="9784794970756",
        ndc="023",
        subjects="電子書籍、電子出版",
        extent="301p ; 19cm",
        language="jpn",
        creators=(CreatorRecord("萩野 正昭", "ハギノ マサアキ", "Hagino, Masaki", "著者"),),
    )


def test_every_record_says_what_the_same_records_say_as_a_table():
    def flat(text: str) -> str:
        return re.sub(r"[\s/:.;=]", "", text)

    rows = list(csv.DictReader((HERE / "japanmarc.csv").read_text("utf-8").splitlines()))
    titles = read(JAPANMARC)

    assert len(titles) == len(rows) == 28
    for row, title in zip(rows, titles, strict=True):
        assert title.source == f"ndl:{row['001']}"
        beside = flat(title.original_title)
        kana = flat(row["title_kana"]).replace(beside, "", 1)
        assert flat(title.title + title.subtitle + title.volume) in (
            flat(row["title_245ab_n_p"]),
            flat(row["title_245ab_n_p"]).replace(beside, "", 1),
        )
        assert kana.startswith(flat(title.title_kana + title.subtitle_kana))
        assert bool(title.title_kana) == bool(row["title_kana"])
        isbn = re.match("[0-9X-]*", row["isbn_020a"])[0]
        assert title.isbn == (isbn13(isbn) if isbn else None)
        assert title.publisher == row["publisher_260b"].split(" ; ")[0].strip(" ,[]")
        assert title.pub_year == int(re.search("[0-9]{4}", row["date_260c"])[0])
        assert title.ndc == (row["ndc9"] or row["ndc10"])
        assert flat(title.series).replace(",", "") == flat(row["series_490"]).replace(",", "")
        for name in row["author_100_700"].split(" // ") if row["author_100_700"] else ():
            name = re.sub(", [0-9]{4}-.*", "", name).strip("., ")
            name = name if name.isascii() else name.replace(", ", " ")
            assert name in [person.name for person in title.creators]


def test_the_original_title_is_found_in_the_note_and_the_parallel_one_beside_the_title():
    titles = {title.source: title for title in read(JAPANMARC)}
    originals = {title.original_title for title in titles.values()}
    assert {"Atlas of Human Anatomy", "BURNING THE PAGE"} & originals
    assert (
        one(titled(field("500", "$a原タイトル: The library book 原著第2版の翻訳."))).original_title
        == "The library book"
    )
    assert one(record(field("245", "$a題 =$bA title /$c某 著."))).original_title == "A title"
    below = one(record(field("245", "$a題 =$bA title : 副題.")))
    assert (below.title, below.subtitle, below.original_title) == ("題", "副題", "A title")
    latin = one(record(field("245", "$a題 =$bA title : a report.")))
    assert (latin.title, latin.subtitle, latin.original_title) == ("題", "", "A title : a report")
    beside = one(record(field("245", "$a題 = A title :$b副題.")))
    assert (beside.title, beside.subtitle, beside.original_title) == ("題", "副題", "A title")


def test_volume_subtitle_and_series_lose_their_punctuation():
    title = one(
        record(
            field("245", "$a叢書 :$b副題.$n第2巻,$p各論 /$c某 著."),
            field("490", "$a文庫.$a青 ;$v7", "0 "),
            field("300", "$a94p ;$c21cm +$e録音ディスク(1枚)."),
        )
    )
    assert (title.title, title.subtitle, title.volume) == ("叢書", "副題", "第2巻 各論")
    assert (title.series, title.extent) == ("文庫. 青 ; 7", "94p ; 21cm + 録音ディスク(1枚)")


@pytest.mark.parametrize(
    ("fields", "ndc"),
    [
        (["$aY93$2kktb"], ""),
        (["$a007.6$2njb/10", "$a007$2njb/09", "$a549$2njb/8"], "007"),
        (["$a549$2njb/8", "$a007.6$2njb/10"], "007.6"),
        (["$a324.52$2njb/9"], "324.52"),
        (["$a913.6$2ndc"], "913.6"),
    ],
)
def test_of_several_classes_the_one_of_the_ninth_edition_is_taken(fields, ndc):
    assert one(titled(*(field("084", text) for text in fields))).ndc == ndc


@pytest.mark.parametrize(
    ("fields", "isbn", "notes"),
    [
        (["$a978-4-7949-7075-6 :$c1700円"], "9784794970756", ()),
        (["$a978-4-00-310101-8 (セット)", "$a978-4-7949-7075-6"], "9784794970756", ()),
        (["$a4794970756"], None, ("import.note_isbn",)),
        (["$a978-4-7949-7075-7", "$a978-4-7949-7075-6"], "9784794970756", ()),
        (["$z978-4-7949-7075-6"], None, ()),
        (["$aセット :$c3000円"], None, ()),
    ],
)
def test_a_damaged_isbn_is_left_out_and_told_and_the_title_taken(fields, isbn, notes):
    title = one(titled(*(field("020", text) for text in fields)))
    assert (title.title, title.isbn, title.notes) == ("題", isbn, notes)


@pytest.mark.parametrize(
    ("statement", "people"),
    [
        ("某 著 ; 何某 訳.", [("某", "著者"), ("何某", "翻訳者")]),
        ("阿部主計著", [("阿部主計", "著者")]),
        ("山崎博樹, 李士永 著", [("山崎博樹", "著者"), ("李士永", "著者")]),
        ("『旅』編集部 [編]", [("『旅』編集部", "編者")]),
        ("ほか編", []),
    ],
)
def test_without_headings_people_are_read_from_the_title_page(statement, people):
    title = one(record(field("245", f"$a題 /$c{statement}")))
    assert [(person.name, person.role) for person in title.creators] == people


def test_works_of_theirs_and_owners_of_a_copy_are_no_creators():
    title = one(
        titled(
            field("700", "$a夏目, 漱石,$d1867-1916.", "1 "),
            field("700", "$a森, 鴎外.$t舞姫.", "12"),
            field("710", "$a某文庫$5DLC", "2 "),
            field("710", "$a日本.$b文化庁.", "1 "),
        )
    )
    assert [person.name for person in title.creators] == ["夏目 漱石", "日本 文化庁"]


@pytest.mark.parametrize(
    ("leader", "known", "material"),
    [
        ("00000nam a2200000 a 4500", (), "book"),
        ("00000nas a2200000 a 4500", (), "magazine"),
        ("00000nas a2200000 a 4500", ("book", "magazine"), "magazine"),
        ("00000nas a2200000 a 4500", ("book",), "book"),
        ("00000njm a2200000 a 4500", ("book", "av"), "av"),
        ("00000njm a2200000 a 4500", ("book", "cd", "av"), "cd"),
        ("00000ngm a2200000 a 4500", ("book",), "book"),
        ("00000nem a2200000 a 4500", ("book", "av"), "book"),
    ],
)
def test_the_kind_is_one_of_the_policys_and_a_book_where_it_knows_none(leader, known, material):
    assert one(titled(leader=leader), *known).material == material


@pytest.mark.parametrize(
    ("fields", "number", "source"),
    [
        ([Field("003", data="JTNDL")], "0123", "ndl:0123"),
        ([Field("003", data="DLC")], "   00271342 ", "dlc:00271342"),
        ([], "77", "marc:77"),
        ([field("035", "$a(JP-ToTOH)33876043")], "", "marc:(JP-ToTOH)33876043"),
        ([field("020", "$a9784794970756")], "", "isbn:9784794970756"),
    ],
)
def test_a_title_is_known_by_who_made_its_record_and_the_number_there(fields, number, source):
    assert one(titled(*fields, number=number)).source == source


def test_childrens_books_are_marked_and_subjects_put_together():
    title = one(
        titled(
            field("084", "$aY9$2kktb"),
            field("650", "$a日本$x歴史.$2ndlsh", " 7"),
            field("600", "$a夏目, 漱石,$d1867-1916", "14"),
            field("653", "$a英語$a和訳"),
        )
    )
    assert title.subjects == "児童書、日本--歴史、夏目 漱石、英語、和訳"


def test_pieces_come_with_the_title_where_their_numbers_are_named():
    title = one(titled(field("852", "$b中央$h913.6$iナ$p300000001"), field("852", "$bDLC$hPL898")))
    assert title.items == (ItemRecord("300000001", branch="中央", call_number="913.6 ナ"),)


# ---- the Library of Congress: Latin letters first, the title itself in 880

ROMANIZED = (
    field("041", "$ajpn$heng", "1 "),
    field("100", "$6880-01$aAbe, Kazue,$d1909-", "1 "),
    field("245", "$6880-02$aDentō wagei kōdan no subete :$bfukudai /$cAbe Kazue cho.", "10"),
    field("260", "$6880-03$aTōkyō :$bYūzankaku,$cHeisei 11 [1999]"),
    field("440", "$6880-04$aMaruzen bukkusu ;$v081", " 0"),
    field("880", "$6100-01/$1$a阿部主計,$d1909-", "1 "),
    field("880", "$6245-02/$1$a伝統話芸・講談のすべて :$b副題 /$c阿部主計著.", "10"),
    field("880", "$6260-03/$1$a東京 :$b雄山閣,$c平成 11 [1999]"),
    field("880", "$6440-04/$1$a丸善ブックス ;$v081", " 0"),
    field("880", "$6500-00/$1$aどこにも属さない注記"),
)


def test_where_latin_letters_stand_first_the_title_is_the_one_in_kanji():
    title = one(record(*ROMANIZED, leader="00000cam a2200000 a 4500"))
    assert (title.title, title.subtitle, title.title_kana) == ("伝統話芸・講談のすべて", "副題", "")
    assert title.original_title == "Dentō wagei kōdan no subete"
    assert (title.publisher, title.pub_year, title.series) == ("雄山閣", 1999, "丸善ブックス ; 081")
    assert title.creators == (CreatorRecord("阿部主計", "", "Abe, Kazue", "著者"),)


def test_a_uniform_title_of_a_translation_is_the_original_one():
    title = one(record(field("240", "$aÉléments de droit pénal.$lJapanese", "10"), *ROMANIZED))
    assert title.original_title == "Éléments de droit pénal"


def test_a_title_that_is_latin_in_japan_too_stays_as_it_is():
    title = one(
        record(
            field("245", "$6880-01$aClean Architecture."),
            field("880", "$6245-01/$1$aクリーン アーキテクチャ."),
            field("880", "$6245-01/(B$aKurin akitekucha."),
        )
    )
    assert (title.title, title.title_kana) == ("Clean Architecture", "クリーン アーキテクチャ")


# ---- characters


def eacc(text: str) -> bytes:
    """Text in MARC-8, with kanji and kana in EACC."""
    codes = {chr(sign): code for code, (sign, _) in CODESETS[0x31].items()}
    written = b""
    for sign in text:
        if sign.isascii():
            written += sign.encode()
        else:
            written += b"\x1b$1" + codes[sign].to_bytes(3, "big") + b"\x1b(B"
    return written


@pytest.mark.parametrize("charset", ["iso2022_jp", "cp932", "euc_jp", "utf-8"])
@pytest.mark.parametrize("lies", [b"a", b" "])
def test_japanese_codes_are_found_whatever_the_leader_says(charset, lies):
    # The library's own record of a title in Hangul has characters that the old codes lack.
    kept = [chunk for chunk in RECORDS if charset == "utf-8" or encodable(chunk, charset)]
    content = b"".join(rewritten(chunk, lambda text: text.encode(charset)) for chunk in kept)
    content = b"".join(chunk[:9] + lies + chunk[10:] for chunk in re.findall(rb"[^\x1d]+\x1d", content))

    assert len(kept) >= 20
    assert read(content) == read(b"".join(kept))


def encodable(chunk: bytes, charset: str) -> bool:
    try:
        return chunk.decode().encode(charset).decode(charset) == chunk.decode()
    except UnicodeEncodeError:
        return False


def test_marc_8_is_read_with_its_kanji_and_its_accents():
    chunk = rewritten(titled(field("700", "$a夏目, 漱石", "1 ")), eacc)
    chunk = chunk.replace(b"$c", b"$c")[:9] + b" " + chunk[10:]
    latin = titled(field("700", "$aDvorak, Antonin", "1 "), leader="00000nam  2200000 a 4500")
    latin = latin.replace("題".encode(), b"T" + b"\xe5o").replace("某 著".encode(), b"comp" + b"\xe2e")

    first, second = read(chunk + latin)

    assert (first.title, first.creators[0].name) == ("題", "夏目 漱石")
    assert second.title == "Tō"


def test_a_field_of_which_the_characters_are_broken_is_left_out_and_told():
    broken = titled(field("260", "$a東京 :$b雄山閣")).replace("雄".encode(), b"\xff\xfe\xff")
    title = one(broken)
    assert (title.title, title.publisher, title.notes) == ("題", "", ("import.note_damaged",))


def test_a_kanji_of_marc_8_that_is_cut_costs_its_field():
    chunk = rewritten(titled(field("260", "$b社")), eacc)
    cut = chunk.replace(eacc("社"), eacc("社")[:5] + b"\x1b(B")
    title = one(cut[:9] + b" " + cut[10:])
    assert (title.title, title.publisher, title.notes) == ("題", "", ("import.note_damaged",))


def test_a_title_of_which_the_characters_are_broken_is_refused_and_the_next_is_taken():
    found = read(titled().replace("題".encode(), b"\xff\xfe\xff") + titled())
    assert [type(row).__name__ for row in found] == ["RefusedRow", "TitleRecord"]
    assert found[0] == RefusedRow(1, "import.bad_text")


# ---- damaged files


def test_a_wrong_length_costs_nothing_since_records_end_with_a_sign():
    wrong = [b"99999" + RECORDS[0][5:], b"00010" + RECORDS[1][5:], b"     " + RECORDS[2][5:], RECORDS[3]]
    assert read(b"".join(wrong)) == read(JAPANMARC)[:4]


def test_wrong_places_in_the_directory_cost_nothing_where_the_order_tells():
    chunk = RECORDS[0]
    spoilt = chunk[:12] + b"00000" + chunk[17:27] + b"9999" + chunk[31:]
    assert read(spoilt + RECORDS[1]) == read(JAPANMARC)[:2]


def test_a_record_without_sense_is_refused_alone():
    spoilt = RECORDS[1][:40] + b"\x1e" + RECORDS[1][40:]
    assert read(RECORDS[0] + spoilt + RECORDS[2] + RECORDS[3][:300]) == [
        read(JAPANMARC)[0],
        RefusedRow(2, "import.marc_broken"),
        read(RECORDS[0] + RECORDS[1] + RECORDS[2])[2],
        RefusedRow(4, "import.marc_cut"),
    ]


def test_what_editors_and_old_systems_leave_between_records_is_passed_over():
    content = b"\xef\xbb\xbf" + RECORDS[0] + b"\r\n" + RECORDS[1] + b"\0\0\n" + RECORDS[2] + b"\x1a"
    assert read(content) == read(JAPANMARC)[:3]


def test_a_sign_where_a_code_should_be_costs_its_subfield():
    title = one(titled(field("260", "$a東京$b社")).replace(b"\x1fb", b"\x1f\xff"))
    assert (title.title, title.publisher) == ("題", "")
    assert (
        one(titled(field("260", "$a東京$b社")).replace(b"\x1fb\xe7", b"\x1f\xe2\x80\x81\xe7")).publisher == ""
    )


def test_fields_may_stand_in_another_order_than_the_directory():
    chunk = RECORDS[0]
    begin = int(chunk[12:17])
    entries = [chunk[at : at + 12] for at in range(24, begin - 1, 12)]
    turned = chunk[:24] + b"".join(reversed(entries)) + chunk[begin - 1 :]
    assert one(turned).title == "これからの本の話をしよう"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (titled(leader="00000dam a2200000 a 4500"), "import.marc_deleted"),
        (record(field("100", "$a夏目"), leader="00000nz  a2200000 a 4500"), "import.marc_no_title"),
        (record(field("200", "$aTitre"), number="1"), "import.marc_unimarc"),
        (record(field("251", "$A題名$F著者"), number="1"), "import.marc_unimarc"),
        (record(field("100", "$a夏目")), "import.no_title"),
        (titled(number=""), "import.no_number"),
        (b"no marc at all", "import.marc_cut"),
    ],
)
def test_what_is_no_title_is_refused_with_its_reason(content, reason):
    assert one(content) == RefusedRow(1, reason)


@pytest.mark.parametrize(
    ("name", "taken", "refused"),
    [
        ("pymarc__bad_marc8_escape.dat", 1, []),
        ("pymarc__bad_records.mrc", 0, ["import.marc_broken"] + ["import.no_number"] * 7),
        ("pymarc__bad_subfield_code.dat", 1, []),
        ("pymarc__bad_tag.xml", 0, ["import.no_number"]),
        ("pymarc__batch.xml", 2, []),
        ("pymarc__testunimarc.dat", 0, ["import.marc_unimarc"]),
        ("pymarc__utf8_errors.dat", 1, []),
        ("pymarc__utf8_invalid.mrc", 1, []),
        ("traject__880_with_no_6.utf8.marc", 1, []),
        ("traject__test_data.utf8.mrc", 29, ["import.marc_deleted"]),
    ],
)
def test_the_odd_records_that_other_programs_are_tried_with_are_taken_or_refused_one_by_one(
    name, taken, refused
):
    content = (HERE / name).read_bytes()
    reading = marc.read_marcxml if marc_files.looks_like_xml(content) else marc.read_marc
    found = list(reading(content))
    assert [row.line for row in found] == list(range(1, len(found) + 1))
    assert sum(isinstance(row, TitleRecord) for row in found) == taken
    assert sorted(row.reason for row in found if isinstance(row, RefusedRow)) == refused


def test_a_file_of_marc_is_told_from_its_beginning():
    assert marc_files.looks_like_marc(JAPANMARC[:2000])
    assert marc_files.looks_like_marc(b"\xef\xbb\xbf" + RECORDS[3][:2000])
    for other in (b"source,title\n1,x\n", b"<collection>", b"", b"PK\x03\x04" + bytes(40)):
        assert not marc_files.looks_like_marc(other)
    for xml in ("<?xml", "\n <collection"):
        for charset in ("utf-8", "utf-8-sig", "utf-16"):
            assert marc_files.looks_like_xml(xml.encode(charset))
    assert not marc_files.looks_like_xml(JAPANMARC[:2000])


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_happens_to_the_bytes_each_record_is_taken_or_refused(data):
    content = bytearray(b"".join(RECORDS[:3]))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 40))
        content[at : at + length] = data.draw(st.binary(max_size=6))

    known = messages("ja")
    found = read(bytes(content))

    assert [row.line for row in found] == list(range(1, len(found) + 1))
    for row in found:
        assert row.title and row.source if isinstance(row, TitleRecord) else row.reason in known


# ---- MARCXML

XML = """<?xml version="1.0" encoding="{charset}"?>
<m:collection xmlns:m="http://www.loc.gov/MARC21/slim">
 <m:record>
  <m:leader>00000nam a2200000 a 4500</m:leader>
  <m:controlfield tag="001">1</m:controlfield>
  <m:datafield tag="245" ind1="0" ind2="0">
   <m:subfield code="a">題 :</m:subfield><m:subfield code="b">副題</m:subfield>
  </m:datafield>
 </m:record>
 <m:record>
  <m:leader>00000nam a2200000 a 4500</m:leader>
  <m:controlfield>2</m:controlfield>
  <m:datafield tag="245"><m:subfield code="a">番号の欄が壊れた題</m:subfield></m:datafield>
 </m:record>
 <m:record>
  <m:controlfield tag="001">3</m:controlfield>
  <m:datafield tag="245"><m:subfield code="a">頭のない題</m:subfield></m:datafield>
 </m:record>
</m:collection>
"""


def read_xml(text: str | bytes) -> list:
    return list(marc.read_marcxml(text if isinstance(text, bytes) else text.encode()))


@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_records_of_marcxml_are_read_and_a_bad_one_is_refused_alone(charset):
    first, bad, last = read_xml(XML.format(charset=charset).encode(charset))
    assert (first.title, first.subtitle, first.source) == ("題", "副題", "marc:1")
    assert bad == RefusedRow(2, "import.marc_broken")
    assert (last.title, last.line) == ("頭のない題", 3)


def test_records_inside_an_answer_of_another_service_are_found():
    inner = XML.format(charset="utf-8").partition("?>")[2]
    answer = f"<response><record><recordData>{inner}</recordData></record></response>"
    assert [row.line for row in read_xml(answer)] == [1, 2, 3]


def test_where_the_xml_breaks_off_what_came_before_is_taken():
    first, end = read_xml(
        XML.format(charset="utf-8").partition(
            "<m:record>\n  <m:leader>00000nam a2200000 a 4500</m:leader>\n  <m:controlfield>2"
        )[0]
        + "<m:rec"
    )
    assert (first.title, end) == ("題", RefusedRow(2, "import.xml_broken"))


@pytest.mark.parametrize("charset", ["UF-8", "shift_jis", "latin-1\0"])
def test_xml_in_characters_that_are_not_known_is_refused(charset):
    text = XML.format(charset=charset)
    assert read_xml(text) == [RefusedRow(1, "import.xml_broken")]


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE c [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE c SYSTEM "http://127.0.0.1:1/c.dtd">',
        '<!DOCTYPE c [<!ENTITY % x SYSTEM "http://127.0.0.1:1/c.dtd"> %x;]>',
    ],
)
def test_an_xml_file_that_declares_a_document_type_is_not_read(declared):
    text = XML.format(charset="utf-8").replace("<m:collection", f"{declared}<m:collection", 1)
    assert read_xml(text) == [RefusedRow(1, "import.xml_document_type")]


class Endless(io.RawIOBase):
    """A file without an end; more than a few blocks of it would not be waited for."""

    def __init__(self, begin: bytes, again: bytes):
        self.waiting, self.again, self.asked = begin, again, 0

    def seek(self, at: int) -> None:
        self.asked = 0

    def read(self, size: int = -1) -> bytes:
        self.asked += size
        assert size > 0 and self.asked < 1 << 24
        while len(self.waiting) < size:
            self.waiting += self.again * 100
        block, self.waiting = self.waiting[:size], self.waiting[size:]
        return block


def test_records_are_handed_on_while_the_file_is_read():
    xml = XML.format(charset="utf-8").encode()
    head, first, _ = re.split(rb"(<m:record>.*?</m:record>)", xml, maxsplit=1, flags=re.DOTALL)
    assert len(list(islice(marc.read_marcxml(Endless(head, first)), 500))) == 500
    assert len(list(islice(marc.read_marc(Endless(b"", RECORDS[0])), 500))) == 500
