"""The library's own list, which samples/README.md describes: title records as rows of a table, and back.

A title has a row for each of its pieces, with what is said of the title on each of them, so that the rows can
be sorted and cut in a spreadsheet; a title without pieces has one row.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import date, datetime

from folding import isbn13
from rules import ItemState
from spreadsheet import FORMULA
from title_records import CreatorRecord, ItemRecord, RefusedRow, TitleRecord

_ELSEWHERE = ("line", "items", "notes")
TITLE_COLUMNS = tuple(field.name for field in fields(TitleRecord) if field.name not in _ELSEWHERE)
ITEM_COLUMNS = tuple("item_" + field.name for field in fields(ItemRecord))
_NUMBERS = {"pub_year": 9999, "pub_month": 12}
_DAYS = ("issued_on", "added_on")


class _Mistake(Exception):
    """A row that is not taken: the key of the reason."""


# ---- writing


def text(records: Iterable[TitleRecord]) -> Iterator[str]:
    """The list of these titles as CSV, a title at a time."""
    yield _lines([(*TITLE_COLUMNS, *ITEM_COLUMNS)])
    for record in records:
        yield _lines(rows(record))


def _lines(cells: Iterable[Iterable[str]]) -> str:
    sheet = io.StringIO(newline="")
    csv.writer(sheet, lineterminator="\n").writerows(cells)
    return sheet.getvalue()


def rows(record: TitleRecord) -> Iterator[list[str]]:
    """The rows of a title."""
    title = [_cell(getattr(record, name)) for name in TITLE_COLUMNS]
    for item in record.items:
        yield title + [_cell(getattr(item, field.name)) for field in fields(item)]
    if not record.items:
        yield title + [""] * len(ITEM_COLUMNS)


def _cell(value) -> str:
    """A value as a spreadsheet shows it and runs nothing: what begins like a formula has ' before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, ItemState):
        return value.value
    if isinstance(value, tuple):
        value = ";".join(map(_part, value))
    return f"'{value}" if re.match(f"'*{FORMULA}", str(value)) else str(value)


def _part(value: CreatorRecord | str) -> str:
    if isinstance(value, str):
        return _escaped(value)
    parts = [value.name, value.reading, value.roman, value.role]
    while parts and not parts[-1]:
        parts.pop()
    return "|".join(map(_escaped, parts))


def _escaped(text: str) -> str:
    return re.sub(r"([\\|;])", r"\\\1", text)


# ---- reading


def read(lines: Iterable[tuple[int, dict[str, str] | None]]) -> Iterator[TitleRecord | RefusedRow]:
    """The records of rows that come with the numbers of their lines; None is a row that cannot be read.

    Rows that follow each other and say the same of a title are its pieces.
    """
    waiting: TitleRecord | None = None
    for line, row in lines:
        found = _record(line, row)
        if isinstance(waiting, TitleRecord) and isinstance(found, TitleRecord) and _same(waiting, found):
            waiting = replace(waiting, items=waiting.items + found.items)
            continue
        if waiting is not None:
            yield waiting
        waiting = found
    if waiting is not None:
        yield waiting


def _same(one: TitleRecord, other: TitleRecord) -> bool:
    return bool(one.items and other.items) and replace(one, items=()) == replace(
        other, items=(), line=one.line
    )


def _record(line: int, row: dict[str, str] | None) -> TitleRecord | RefusedRow:
    if row is None:
        return RefusedRow(line, "import.broken_row")
    cells = {name: _text(cell) for name, cell in row.items()}
    try:
        title = {name: _value(name, cells[name]) for name in TITLE_COLUMNS if cells.get(name)}
        item = {name: cells[name] for name in ITEM_COLUMNS if name in cells}
        items = (_item(item),) if item.get("item_barcode") else ()
    except _Mistake as mistake:
        return RefusedRow(line, str(mistake))
    if "title" not in title:
        return RefusedRow(line, "import.no_title")
    if "source" not in title:
        return RefusedRow(line, "import.no_number")
    return TitleRecord(line=line, items=items, **title)


def _value(name: str, cell: str):
    """What a cell of a title says."""
    if name == "isbn":
        return _must(isbn13(cell), "import.bad_isbn")
    if name in _NUMBERS:
        if not re.fullmatch("[0-9]{1,4}", cell) or not 1 <= int(cell) <= _NUMBERS[name]:
            raise _Mistake("import.bad_year")
        return int(cell)
    if name in _DAYS:
        return _day(cell)
    if name == "holdable_from":
        with_zone = _read(datetime.fromisoformat, cell, "import.bad_day")
        return with_zone if with_zone.tzinfo else _must(None, "import.bad_day")
    if name == "hidden":
        return _yes_or_no(cell)
    if name == "creators":
        people = (map(_unescaped, _split(person, "|")[:4]) for person in _split(cell, ";"))
        return tuple(person for person in (CreatorRecord(*parts) for parts in people) if person.name)
    return cell


def _item(cells: dict[str, str]) -> ItemRecord:
    """A piece; a cell that is empty empties its place only where there may be nothing."""
    state, volumes, added_on, fixed = (
        cells.get(f"item_{name}") for name in ("state", "volumes", "added_on", "not_for_loan")
    )
    if volumes and not re.fullmatch("[1-9][0-9]{0,3}", volumes):
        raise _Mistake("import.bad_volumes")
    tags = cells.get("item_tags")
    return ItemRecord(
        barcode=cells["item_barcode"],
        branch=cells.get("item_branch", ""),
        call_number=cells.get("item_call_number"),
        tags=None if tags is None else tuple(filter(None, map(_unescaped, _split(tags, ";")))),
        state=_read(ItemState, state, "import.bad_state") if state else None,
        not_for_loan=_yes_or_no(fixed) if fixed else None,
        volumes=int(volumes) if volumes else None,
        added_on=_day(added_on) if added_on else None,
    )


def _text(cell: str) -> str:
    return cell[1:] if re.match(f"'+{FORMULA}", cell) else cell


def _yes_or_no(cell: str) -> bool:
    if cell not in ("0", "1"):
        raise _Mistake("import.bad_mark")
    return cell == "1"


def _day(cell: str) -> date:
    return _read(date.fromisoformat, cell, "import.bad_day")


def _read(reading, cell: str, reason: str):
    try:
        return reading(cell)
    except ValueError:
        raise _Mistake(reason) from None


def _must(value, reason: str):
    if value is None:
        raise _Mistake(reason)
    return value


def _split(text: str, separator: str) -> list[str]:
    """Cut at each separator that has no backslash before it."""
    parts = [""]
    for piece in re.findall(r"\\.|.", text, re.DOTALL):
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
