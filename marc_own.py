"""Title records as MARC 21 records of our own, and back, so that nothing is lost on the way.

What MARC has a field for stands there, as JAPAN/MARC writes it and without the punctuation of ISBD; readings
are in 880.  For the rest there are two fields of our own, which docs/operate.md lists: 990 for the title and
991 for each piece.  The mark of a record of ours is SHIORI in 003.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from xml.etree import ElementTree

from pymarc import Field, Indicators, Leader, Record, Subfield
from pymarc.marcxml import MARC_XML_NS, record_to_xml_node

from rules import ItemState
from title_records import CreatorRecord, ItemRecord, RefusedRow, TitleRecord

_MAKER = "SHIORI"
_LEADER = "00000nam a2200000 u 4500"
_KANA, _ROMAN = "$1", "(B"
_LONGEST_RECORD, _LONGEST_FIELD = 99_999, 9_999  # bytes; ISO 2709 has no room for longer numbers
# What neither XML nor ISO 2709 can hold, or would change.
_NOT_HELD = re.compile("[^\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class TooLong(Exception):
    """A record for which ISO 2709 has no room; its ``source``."""


def is_own(record: Record) -> bool:
    maker = record.get("003")
    return maker is not None and maker.data == _MAKER


# ---- writing


def xml(titles: Iterable[TitleRecord]) -> Iterator[bytes]:
    """A MARCXML file, a record at a time."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="{MARC_XML_NS}">\n'.encode()
    for title in titles:
        yield ElementTree.tostring(record_to_xml_node(record_of(title)), "utf-8") + b"\n"
    yield b"</collection>\n"


def iso2709(title: TitleRecord) -> bytes:
    """A record for a file of ISO 2709.  Raises TooLong."""
    record = record_of(title)
    content = record.as_marc()
    fields = (field.as_marc("utf-8") for field in record)
    if len(content) > _LONGEST_RECORD or any(len(field) > _LONGEST_FIELD for field in fields):
        raise TooLong(title.source)
    return content


def record_of(title: TitleRecord) -> Record:
    """The record of a title; its fields in the order of their tags."""
    making = _Making()
    making.control("001", title.source)
    making.control("003", _MAKER)
    making.control("008", _coded(title))
    making.add("020", "  ", a=title.isbn)
    making.add("084", "  ", a=title.ndc, **({"2": "njb/09"} if title.ndc else {}))
    making.add("240", "10", a=title.original_title)
    making.add(
        "245",
        "10",
        {_KANA: {"a": title.title_kana, "b": title.subtitle_kana}},
        a=title.title,
        b=title.subtitle,
        n=title.volume,
    )
    making.add("264", " 1", b=title.publisher, c=_date(title.pub_year, title.pub_month))
    making.add("300", "  ", a=title.extent)
    making.add("490", "0 ", {_KANA: {"a": title.series_kana}}, a=title.series)
    for subject in title.subjects.split("、") if title.subjects else ():
        making.add("653", "0 ", keep=True, a=subject)
    for person in title.creators:
        turned = "," not in person.name + person.reading
        name, reading = (_turned(text) if turned else text for text in (person.name, person.reading))
        beside = {_KANA: {"a": reading}, _ROMAN: {"a": person.roman}}
        making.add("700", f"{int(turned)} ", beside, a=name, e=person.role)
    making.add("773", "0 ", {_KANA: {"t": title.serial_kana}}, t=title.serial)
    for item in title.items:
        making.add("852", "  ", b=item.branch, h=item.call_number, p=item.barcode)
    making.finish()
    making.add(
        "990",
        "  ",
        a=title.material,
        b=_flag(title.hidden),
        c=title.added_on,
        d=title.holdable_from and title.holdable_from.isoformat(),
        e=title.issued_on,
        l=title.language,
    )
    for item in title.items:
        making.add(
            "991",
            "  ",
            p=item.barcode,
            s=item.state and item.state.value,
            n=_flag(item.not_for_loan),
            v=item.volumes,
            d=item.added_on,
            t=item.tags,
        )
    return making.record


class _Making:
    """A record that is being written; readings wait until the 880s are due."""

    def __init__(self):
        self.record = Record()
        self.record.leader = Leader(_LEADER)
        self._linked: list[Field] = []
        self._links = 0

    def control(self, tag: str, text: str) -> None:
        self.record.add_field(Field(tag, data=_held(text)))

    def add(
        self, tag: str, indicators: str, readings: dict | None = None, keep: bool = False, **subfields
    ) -> None:
        """A field without its empty subfields, and not at all where all of them are empty."""
        own = _subfields(subfields, keep)
        beside = {script: found for script, texts in (readings or {}).items() if (found := _subfields(texts))}
        if not own and not beside:
            return
        first = []
        if beside:
            self._links += 1
            first = [Subfield("6", f"880-{self._links:02}")]
        for script, found in beside.items():
            link = Subfield("6", f"{tag}-{self._links:02}/{script}")
            self._linked.append(Field("880", Indicators(*indicators), [link, *found]))
        self.record.add_field(Field(tag, Indicators(*indicators), [*first, *own]))

    def finish(self) -> None:
        self.record.add_field(*self._linked)


def _subfields(texts: dict, keep: bool = False) -> list[Subfield]:
    found = []
    for code, value in texts.items():
        for one in value if isinstance(value, tuple) else (value,):
            text = "" if one is None else _held(str(one))
            if text or keep:
                found.append(Subfield(code, text))
    return found


def _held(text: str) -> str:
    return _NOT_HELD.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _coded(title: TitleRecord) -> str:
    year = f"{title.pub_year:04}" if title.pub_year and title.pub_year <= 9999 else "    "
    language = title.language if re.fullmatch("[a-z]{3}", title.language) else "und"
    return f"      s{year}    |||           |||||| |{language}  "


def _date(year: int | None, month: int | None) -> str:
    return f"{year or ''}" + (f".{month}" if month else "")


def _flag(value: bool | None) -> str:
    return "" if value is None else str(int(value))


def _turned(name: str) -> str:
    """夏目, 漱石 as headings are written; the first indicator says that it can be turned back."""
    return name.replace(" ", ", ", 1)


# ---- reading


def title_of(record: Record, number: int) -> TitleRecord | RefusedRow:
    """The title of a record of ours; somebody may have changed it since."""
    try:
        title = _title(record, number)
    except ValueError:
        return RefusedRow(number, "import.marc_broken")
    if not title.title:
        return RefusedRow(number, "import.no_title")
    return title if title.source else RefusedRow(number, "import.no_number")


def _title(record: Record, number: int) -> TitleRecord:
    readings = {}
    for field in record.get_fields("880"):
        link, _, script = field.get("6", "").partition("/")
        readings[link, script] = field

    def reading(field: Field | None, code: str, script: str = _KANA) -> str:
        link = field.get("6", "").removeprefix("880-") if field else ""
        beside = readings.get((f"{field.tag}-{link}", script)) if link else None
        return beside.get(code, "") if beside else ""

    def text(tag: str, code: str = "a") -> str:
        field = record.get(tag)
        return field.get(code, "") if field else ""

    year, _, month = text("264", "c").partition(".")
    more = {field.get("p", ""): field for field in record.get_fields("991")}
    return TitleRecord(
        line=number,
        source=record["001"].data or "" if "001" in record else "",
        title=text("245"),
        material=text("990") or "book",
        title_kana=reading(record.get("245"), "a"),
        subtitle=text("245", "b"),
        subtitle_kana=reading(record.get("245"), "b"),
        original_title=text("240"),
        volume=text("245", "n"),
        publisher=text("264", "b"),
        pub_year=int(year) if year else None,
        pub_month=int(month) if month else None,
        isbn=text("020") or None,
        ndc=text("084"),
        series=text("490"),
        series_kana=reading(record.get("490"), "a"),
        subjects="、".join(field.get("a", "") for field in record.get_fields("653")),
        extent=text("300"),
        language=text("990", "l"),
        creators=tuple(
            CreatorRecord(
                _as_said(field, field.get("a", "")),
                _as_said(field, reading(field, "a")),
                reading(field, "a", _ROMAN),
                field.get("e", ""),
            )
            for field in record.get_fields("700")
        ),
        serial=text("773", "t"),
        serial_kana=reading(record.get("773"), "t"),
        issued_on=_day(text("990", "e")),
        items=tuple(_item(field, more.get(field.get("p", ""))) for field in record.get_fields("852")),
        added_on=_day(text("990", "c")),
        hidden=_is_set(text("990", "b")),
        holdable_from=datetime.fromisoformat(text("990", "d")) if text("990", "d") else None,
    )


def _item(field: Field, more: Field | None) -> ItemRecord:
    def text(code: str) -> str:
        return more.get(code, "") if more else ""

    return ItemRecord(
        barcode=field.get("p", ""),
        branch=field.get("b", ""),
        call_number=field.get("h", ""),
        tags=tuple(more.get_subfields("t")) if more else None,
        state=ItemState(text("s")) if text("s") else None,
        not_for_loan=_is_set(text("n")),
        volumes=int(text("v")) if text("v") else None,
        added_on=_day(text("d")),
    )


def _as_said(field: Field, heading: str) -> str:
    return heading.replace(", ", " ", 1) if field.indicators.first == "1" else heading


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _is_set(text: str) -> bool | None:
    return text == "1" if text else None
