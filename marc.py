"""MARC records as plain title records: MARC 21 as the national library of Japan and others write it.

JAPAN/MARC has the title in 245 and its readings in 880, in katakana and in Latin letters; the Library of
Congress has the Latin letters in 245 and the title itself in 880.  Both give the same record.  UNIMARC, and
JAPAN/MARC before 2012 which was made after it, are told and refused.
"""

import io
import re
from collections.abc import Collection, Iterable, Iterator
from typing import BinaryIO

from pymarc import Field

import isbd
import marc_files
import marc_own
from folding import isbn13
from marc_fields import NDL, Reading, clean, joined, name, parts, series_name, title_parts
from title_records import CreatorRecord, ItemRecord, RefusedRow, TitleRecord

_BOOK = "book"
# What the leader calls a record, as policies may call it; the first that the policy knows is taken.
_KINDS = {
    "magazine": ("magazine",),
    "j": ("cd", "av"),  # music
    "i": ("cd", "av"),  # other sound
    "g": ("dvd", "av"),  # films and pictures to be shown
}
_NO_TITLES = "uvwxyzq"  # holdings, authorities, classes, community
_PEOPLE = ("100", "110", "111", "700", "710", "711")
_SUBJECTS = ("600", "610", "611", "630", "647", "648", "650", "651", "653", "655")
_CHILDREN = "児童書"


def read_marc(file: BinaryIO | bytes, materials: Collection[str] = ()) -> Iterator[TitleRecord | RefusedRow]:
    """The records of a file of ISO 2709.  ``line`` is the number of the record in it.

    ``materials`` are those of the policy; a kind that is none of them is a book.
    """
    return _titles(marc_files.records(_opened(file)), materials)


def read_marcxml(
    file: BinaryIO | bytes, materials: Collection[str] = ()
) -> Iterator[TitleRecord | RefusedRow]:
    """The records of a MARCXML file, one at a time."""
    return _titles(marc_files.xml_records(_opened(file)), materials)


def _opened(file: BinaryIO | bytes) -> BinaryIO:
    return io.BytesIO(file) if isinstance(file, bytes) else file


def _titles(records: Iterable, materials: Collection[str]) -> Iterator[TitleRecord | RefusedRow]:
    for number, record in enumerate(records, 1):
        if isinstance(record, str):
            yield RefusedRow(number, record)
        elif marc_own.is_own(record):
            yield marc_own.title_of(record, number)
        else:
            yield _title(Reading(record), number, materials)


def _title(reading: Reading, number: int, materials: Collection[str]) -> TitleRecord | RefusedRow:
    record = reading.record
    leader = str(record.leader)
    if leader[5] == "d":
        return RefusedRow(number, "import.marc_deleted")
    if leader[6] in _NO_TITLES:
        return RefusedRow(number, "import.marc_no_title")
    field = reading.first("245")
    if field is None:
        return RefusedRow(number, _why_without_title(reading))
    written, kana, roman = reading.as_written(field), reading.kana(field), reading.roman(field)
    title, subtitle, parallel, volume = title_parts(written)
    if not title:
        return RefusedRow(number, "import.no_title")
    isbn, damaged = _isbn(reading)
    source = _source(reading, isbn)
    if not source:
        return RefusedRow(number, "import.no_number")
    title_kana, subtitle_kana, _, _ = title_parts(kana) if kana else ("", "", "", "")
    statement = joined(written, "c")
    year, month = _published(reading)
    series = [reading.as_written(one) for one in reading.fields("440", "490") or reading.fields("830")]
    series_kana = [reading.kana(one) for one in reading.fields("440", "490") or reading.fields("830")]
    notes = ("import.note_isbn",) * damaged + ("import.note_damaged",) * bool(record.damaged)
    return TitleRecord(
        line=number,
        source=source,
        title=title,
        material=_material(leader, materials),
        title_kana=title_kana,
        subtitle=subtitle,
        subtitle_kana=subtitle_kana,
        original_title=_original(reading)
        or parallel
        or (title_parts(roman)[0] if _is_latin(reading, roman) else ""),
        volume=volume,
        publisher=_publisher(reading),
        pub_year=year,
        pub_month=month,
        isbn=isbn,
        ndc=_ndc(reading),
        series=" / ".join(filter(None, map(series_name, series))),
        series_kana=" / ".join(filter(None, map(series_name, filter(None, series_kana)))),
        subjects="、".join(_subjects(reading)),
        extent=joined(reading.first("300"), "abce"),
        language=_language(reading),
        creators=tuple(_creators(reading, statement)),
        items=tuple(_items(reading)),
        notes=notes,
    )


def _is_latin(reading: Reading, roman: Field | None) -> bool:
    """Whether the record is one of those that have Latin letters where the title is asked for."""
    return roman is not None and not reading.readings_beside


def _why_without_title(reading: Reading) -> str:
    if "245" in reading.record.damaged:
        return "import.bad_text"
    # UNIMARC has its title in 200, JAPAN/MARC until 2011 in 251.
    return "import.marc_unimarc" if reading.first("200", "251") else "import.no_title"


def _original(reading: Reading) -> str:
    """The title of what was translated, else the one that stands beside the title in another language."""
    for note in reading.fields("500"):
        if found := re.match(r"原(?:タイトル|書名) *[::] *(.+)", joined(note, "a")):
            return re.sub(r"( 原著[^ ]*版)?の(抄|全|部分)?[翻邦]?訳$", "", found[1]).rstrip(". ")
    for tag in ("765", "534"):
        if (field := reading.first(tag)) and (title := joined(field, "t")):
            return title
    uniform = reading.first("240")
    if uniform and any("h" in field for field in reading.fields("041")) and (title := joined(uniform, "a")):
        return title
    parallel = (
        field for field in reading.fields("246") if field.indicators[1] == "1" or field.indicators[0] == "2"
    )
    return next(filter(None, (joined(reading.as_written(field), "ab") for field in parallel)), "")


def _source(reading: Reading, isbn: str | None) -> str:
    """Who made the record and its number there."""
    number, maker = reading.control("001"), reading.control("003")
    if number:
        return f"ndl:{number}" if maker == NDL else f"{maker.lower() or 'marc'}:{number}"
    other = reading.first("035")
    if other and (number := joined(other, "a")):
        return f"marc:{number}"
    return f"isbn:{isbn}" if isbn else ""


def _isbn(reading: Reading) -> tuple[str | None, bool]:
    """The first ISBN that is right, the volume's before the set's; and whether all are damaged."""
    found, damaged = [], False
    for field in reading.fields("020"):
        for text in field.get_subfields("a"):
            number = re.match(r"[0-9０-９][0-9０-９Xxー‐-―−\- ]*", text.strip())
            isbn = isbn13(number[0]) if number else None
            if isbn:
                about = " ".join([text, *field.get_subfields("q", "c")])
                found.append((bool(re.search("セット|set", about)), isbn))
            elif number:
                damaged = True
    return min(found, key=lambda one: one[0], default=(0, None))[1], damaged and not found


def _published(reading: Reading) -> tuple[int | None, int | None]:
    for field in _publications(reading):
        for written in (reading.as_written(field), field):
            year, month = isbd.published(joined(written, "c"))
            if year:
                return year, month
    coded = reading.control_at("008", 7, 4)
    return (int(coded), None) if re.fullmatch("1[4-9][0-9]{2}|20[0-9]{2}", coded) else (None, None)


def _publications(reading: Reading) -> list[Field]:
    """Where and when it came out, what is said of the copyright or the printer last."""
    fields = reading.fields("260", "264")
    return sorted(fields, key=lambda field: field.tag == "264" and field.indicators[1] != "1")


def _publisher(reading: Reading) -> str:
    for field in _publications(reading):
        if names := parts(reading.as_written(field), "b"):
            return isbd.publisher(names[0])
    return ""


def _ndc(reading: Reading) -> str:
    """The class of the 9th edition, whose names ndc.py knows, else of the 10th or an older one."""
    found = {}
    for field in reading.fields("084", "082", "083"):
        scheme = re.fullmatch("(?:njb|ndc|jndc)(?:/?0?([0-9]{1,2}))?", field.get("2", "").strip().lower())
        if scheme and (number := joined(field, "a")):
            found.setdefault(scheme[1] or "", number)
    return next((found[edition] for edition in ("9", "10", "8", *found) if edition in found), "")


def _subjects(reading: Reading) -> Iterator[str]:
    found = []
    if _is_for_children(reading):
        found.append(_CHILDREN)
    for field in reading.fields(*_SUBJECTS):
        field = reading.as_written(field)
        if field.tag == "653" or field.get("6", "").startswith("653"):
            found += map(clean, field.get_subfields("a"))
            continue
        parts = [
            isbd.person(text) if code == "a" else clean(text)
            for code, text in field.subfields
            if code in "abtvxyz"
        ]
        found.append("--".join(filter(None, parts)))
    return filter(None, dict.fromkeys(found))


def _is_for_children(reading: Reading) -> bool:
    """As the class of the national library or the record itself says."""
    ndlc = [joined(field, "a") for field in reading.fields("084") if field.get("2") == "kktb"]
    is_text = str(reading.record.leader)[6] in "at"
    return any(re.fullmatch("Y([1-9]|1[0-8])", number) for number in ndlc) or (
        is_text and reading.control_at("008", 22) in tuple("abcj")
    )


def _language(reading: Reading) -> str:
    coded = reading.control_at("008", 35, 3)
    for field in reading.fields("041"):
        if (found := parts(field, "a")) and not coded.isalpha():
            coded = found[0][:3]
    coded = coded.lower()
    return coded if re.fullmatch("[a-z]{3}", coded) and coded not in ("und", "zxx", "mul") else ""


def _material(leader: str, materials: Collection[str]) -> str:
    kind = "magazine" if leader[6] in "at" and leader[7] in "sbi" else leader[6]
    known = _KINDS.get(kind, (_BOOK,))
    if not materials:
        return known[-1]
    return next((one for one in known if one in materials), _BOOK)


def _creators(reading: Reading, statement: str) -> Iterator[CreatorRecord]:
    named = {}
    for field in reading.fields(*_PEOPLE):
        if "t" in field or "5" in field:  # a work of theirs; or about one copy
            continue
        person = name(reading.as_written(field))
        if person and person not in named:
            kana, roman = reading.kana(field), reading.roman(field)
            role = isbd.role_of(statement, person) or joined(field, "e")
            named[person] = CreatorRecord(
                person,
                name(kana) if kana else "",
                name(roman) if roman else "",
                isbd.ROLES.get(role, role),
            )
    if named:
        return iter(named.values())
    stated = dict.fromkeys(isbd.named(statement))
    return (CreatorRecord(person, role=role) for person, role in stated if person)


def _items(reading: Reading) -> Iterator[ItemRecord]:
    """The pieces, where the file names their barcodes."""
    found = {}
    for field in reading.fields("852", "876", "949"):
        barcode = joined(field, "p")
        if barcode and barcode not in found:
            call_number = " ".join(filter(None, (joined(field, code) for code in "khijm")))
            found[barcode] = ItemRecord(barcode, branch=joined(field, "b"), call_number=call_number or None)
    return iter(found.values())
