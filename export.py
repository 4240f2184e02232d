"""All of the catalogue as a file: titles, who made them, magazines and pieces; nothing of any patron.

Left out is what is here for one patron: titles that somebody asked for and the library does not own, and
pieces of other libraries.  So is what passes: loans, holds, how often something was lent.  A file that is
read into an empty library and written anew is the same, byte for byte (but a ``.mrc``, whose records have no
room for everything).
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import marc_own
import title_list
from catalogue import REQUEST_SQL
from models import db
from rules import ItemState
from title_records import OWN_NUMBER, CreatorRecord, ItemRecord, TitleRecord

FORMATS = {"csv": "text/csv", "xml": "application/marcxml+xml", "mrc": "application/marc"}
_BATCH = 500

_OF_TITLES = (
    *(
        "material",
        "title",
        "title_kana",
        "subtitle",
        "subtitle_kana",
        "original_title",
        "volume",
        "publisher",
    ),
    *("pub_year", "pub_month", "isbn", "ndc", "series", "series_kana", "subjects", "extent", "language"),
)
_OWN = f"NOT ({REQUEST_SQL})"
_COUNT_SQL = f"SELECT count(*) FROM bib AS b WHERE {_OWN}"  # noqa: S608 - made of constants
_TITLES_SQL = f"""
SELECT b.id, b.source, b.issued_on, b.added_on, b.hidden, b.holdable_from, serial.title, serial.title_kana,
  {", ".join(f"b.{name}" for name in _OF_TITLES)}
FROM bib AS b LEFT JOIN serial ON serial.id = b.serial_id
WHERE b.id > ? AND {_OWN} ORDER BY b.id LIMIT {_BATCH}
"""  # noqa: S608 - made of constants
_CREATORS_SQL = """
SELECT bib_id, name, reading, roman, role FROM creator WHERE bib_id BETWEEN ? AND ? ORDER BY bib_id, place
"""
_ITEMS_SQL = """
SELECT bib_id, barcode, branch, call_number, tags, state, not_for_loan, volumes, added_on
FROM item WHERE bib_id BETWEEN ? AND ? AND NOT interlibrary ORDER BY bib_id, id
"""
_TAKEN_SQL = f"SELECT source FROM bib WHERE source LIKE '{OWN_NUMBER}%'"  # noqa: S608 - of a constant


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written; ``left_out`` names titles for which the format has no room."""

    titles: int
    left_out: tuple[str, ...]


def count() -> int:
    """How many titles an export holds."""
    return db.execute_sql(_COUNT_SQL).fetchone()[0]


def records() -> Iterator[TitleRecord]:
    """Every title in the order in which it came, some hundred read at once."""
    taken = {source for (source,) in db.execute_sql(_TAKEN_SQL)}
    last = 0
    while rows := db.execute_sql(_TITLES_SQL, (last,)).fetchall():
        first, last = rows[0][0], rows[-1][0]
        people = _by_title(_CREATORS_SQL, first, last)
        pieces = _by_title(_ITEMS_SQL, first, last)
        for row in rows:
            number = row[0]
            yield TitleRecord(
                line=0,
                source=row[1] or _own_number(number, taken),
                issued_on=_day(row[2]),
                added_on=_day(row[3]),
                hidden=bool(row[4]),
                holdable_from=datetime.fromisoformat(row[5]) if row[5] else None,
                serial=row[6] or "",
                serial_kana=row[7] or "",
                creators=tuple(CreatorRecord(*person) for person in people.get(number, ())),
                items=tuple(map(_item, pieces.get(number, ()))),
                **dict(zip(_OF_TITLES, row[8:], strict=True)),
            )


def _by_title(sql: str, first: int, last: int) -> dict[int, list[tuple]]:
    rows = db.execute_sql(sql, (first, last)).fetchall()
    return {number: [row[1:] for row in group] for number, group in groupby(rows, itemgetter(0))}


def _own_number(number: int, taken: set[str]) -> str:
    """What a title that the desk wrote down is found by again; an import may have brought that number."""
    source = f"{OWN_NUMBER}{number}"
    while source in taken:
        source += "+"
    return source


def _item(row: tuple) -> ItemRecord:
    barcode, branch, call_number, tags, state, not_for_loan, volumes, added_on = row
    return ItemRecord(
        barcode,
        branch,
        call_number,
        tuple(filter(None, tags.split("\n"))),
        ItemState(state),
        bool(not_for_loan),
        volumes,
        _day(added_on),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# ---- files


def content(kind: str, titles: Iterable[TitleRecord], left_out: list[str] | None = None) -> Iterator[bytes]:
    """A file of one of FORMATS, in pieces.  ``left_out`` gathers what it has no room for."""
    if kind == "csv":
        return _csv(titles)
    return marc_own.xml(titles) if kind == "xml" else _iso2709(titles, [] if left_out is None else left_out)


def _csv(titles: Iterable[TitleRecord]) -> Iterator[bytes]:
    yield "\ufeff".encode()  # by which Excel knows UTF-8
    yield from map(str.encode, title_list.text(titles))


def _iso2709(titles: Iterable[TitleRecord], left_out: list[str]) -> Iterator[bytes]:
    for title in titles:
        try:
            yield marc_own.iso2709(title)
        except marc_own.TooLong:
            left_out.append(title.source)


def save(path: Path, kind: str, progress: Callable[[int], None] | None = None) -> Saved:
    """Write the whole catalogue to a file, which has its name only when it is complete."""
    done, left_out = 0, []

    def counted() -> Iterator[TitleRecord]:
        nonlocal done
        for title in records():
            yield title
            done += 1
            if progress and done % _BATCH == 0:
                progress(done)

    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.writelines(content(kind, counted(), left_out))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    if progress:
        progress(done)
    return Saved(done - len(left_out), tuple(left_out))
