"""Titles and pieces as the desk sees them: hidden titles and withdrawn pieces too, and never whose loan.

Reads only.  What patrons see is ``catalogue.py``'s business.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from catalogue import CREATORS_SQL, item_facts
from folding import fold
from models import QUEUED, Creator, Serial, db
from rules import CreatorEntry, HoldState, ItemFacts, ItemState, days_overdue

_ROWS_SQL = f"""
SELECT b.id, material, title, subtitle, volume, {CREATORS_SQL}, publisher, pub_year, hidden,
  (SELECT count(*) FROM item WHERE bib_id = b.id AND state <> 'withdrawn')
FROM bib AS b WHERE b.id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - made of constants
_COPIES = """
SELECT item.id, item.bib_id, barcode, item.branch, call_number, tags, item.state, not_for_loan, interlibrary,
  volumes, item.added_on, loan.due_on, hold.state, hold.pickup_branch
FROM item LEFT JOIN loan ON loan.item_id = item.id AND loan.returned_at IS NULL
  LEFT JOIN hold ON hold.item_id = item.id AND hold.closed_at IS NULL
"""
_COPIES_SQL = f"{_COPIES} WHERE item.bib_id = ? ORDER BY item.state = 'withdrawn', call_number, item.id"
_COPY_SQL = f"{_COPIES} WHERE item.id = ?"
_BARCODE_SQL = "SELECT id FROM item WHERE barcode = ?"
_ISBN_SQL = "SELECT id FROM bib WHERE isbn = ? ORDER BY hidden, id"
_HIDDEN_SQL = "SELECT id, title, subtitle, title_kana FROM bib WHERE hidden ORDER BY id DESC"
_WAITING_SQL = f"""
SELECT count(*) FROM hold WHERE bib_id = ? AND closed_at IS NULL AND state IN {QUEUED}
"""  # noqa: S608 - made of constants
_NEWEST_SQL = """
SELECT id FROM bib WHERE serial_id = ? AND NOT hidden ORDER BY issued_on DESC, id DESC LIMIT 1
"""
_LABELLED = """
SELECT item.id, barcode, call_number, volume FROM item JOIN bib ON bib.id = item.bib_id
"""
_LABELS_OF_SQL = f"{_LABELLED} WHERE barcode IN (SELECT value FROM json_each(?))"  # noqa: S608 - a constant
_LABELS_BETWEEN_SQL = f"""{_LABELLED}
WHERE item.state <> 'withdrawn' AND length(barcode) = length(:first) AND barcode BETWEEN :first AND :last
ORDER BY barcode LIMIT :most"""
_LABELS_ADDED_SQL = f"""{_LABELLED}
WHERE item.state <> 'withdrawn' AND item.added_on = :day AND item.branch = :branch
ORDER BY item.id LIMIT :most"""


@dataclass(frozen=True, slots=True)
class Row:
    """A title as one line of a list."""

    id: int
    material: str
    title: str
    subtitle: str
    volume: str
    creators: str | None
    publisher: str
    pub_year: int | None
    hidden: bool
    copies: int


@dataclass(frozen=True, slots=True)
class Copy:
    """A piece: where it is, until when it is out, what it is kept for; never for whom."""

    id: int
    bib: int
    barcode: str
    branch: str
    call_number: str
    tags: tuple[str, ...]
    state: ItemState
    not_for_loan: bool
    interlibrary: bool
    volumes: int
    added_on: date
    due_on: date | None
    hold_state: HoldState | None
    pickup_branch: str | None

    def days_overdue(self, today: date) -> int:
        return days_overdue(self.due_on, today)

    @property
    def facts(self) -> ItemFacts:
        """As the rules ask for it; what hangs on the title is left out."""
        return ItemFacts("", state=self.state, due_on=self.due_on, set_aside=self.hold_state is not None)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A piece as its labels name it."""

    id: int
    barcode: str
    call_number: str
    volume: str


def rows(ids: Sequence[int]) -> list[Row]:
    """The titles with these numbers in this order, hidden ones too."""
    found = {row[0]: Row(*row[:8], bool(row[8]), row[9]) for row in _asked(_ROWS_SQL, (json.dumps([*ids]),))}
    return [found[number] for number in ids if number in found]


def item_with(barcode: str) -> int | None:
    """The piece with this barcode."""
    return next((number for (number,) in _asked(_BARCODE_SQL, (barcode,))), None)


def with_isbn(isbn: str) -> list[int]:
    """The titles with this ISBN, hidden ones last."""
    return [number for (number,) in _asked(_ISBN_SQL, (isbn,))]


def hidden_like(words: str, most: int) -> list[int]:
    """Hidden titles in which all the words stand.  They are few, and the search index leaves them out."""
    wanted = [folded for word in words.split() if (folded := fold(word))]
    found = []
    for number, *texts in _asked(_HIDDEN_SQL) if wanted else ():
        text = [fold(part) for part in texts]
        if all(any(word in part for part in text) for word in wanted):
            found.append(number)
    return found[:most]


def copies(bib_id: int) -> list[Copy]:
    """Every piece of a title, withdrawn ones last."""
    return [_copy(row) for row in _asked(_COPIES_SQL, (bib_id,))]


def copy(item_id: int) -> Copy | None:
    return next((_copy(row) for row in _asked(_COPY_SQL, (item_id,))), None)


def creators(bib_id: int) -> list[CreatorEntry]:
    """Who made a title, in the order of the title page."""
    people = Creator.select(Creator.name, Creator.reading, Creator.role).where(Creator.bib == bib_id)
    return [CreatorEntry(*row) for row in people.order_by(Creator.place).tuples()]


def waiting(bib_id: int) -> int:
    """How many wait for a title."""
    return _asked(_WAITING_SQL, (bib_id,))[0][0]


def is_newest_issue(bib_id: int, serial_id: int) -> bool:
    return [(bib_id,)] == _asked(_NEWEST_SQL, (serial_id,))


def serials() -> list[tuple[int, str]]:
    """The magazines, by number and name."""
    named = Serial.select(Serial.id, Serial.title).order_by(Serial.title_kana, Serial.title, Serial.id)
    return list(named.tuples())


def labels_of(barcodes: Sequence[str]) -> list[Labelled]:
    """The pieces with these barcodes in this order; unknown ones are left out."""
    found = {row[1]: Labelled(*row) for row in _asked(_LABELS_OF_SQL, (json.dumps([*barcodes]),))}
    return [found[barcode] for barcode in barcodes if barcode in found]


def labels_between(first: str, last: str, most: int) -> list[Labelled]:
    """The pieces whose barcodes are as long as these and lie between them."""
    asked = {"first": first, "last": last, "most": most}
    return [Labelled(*row) for row in _asked(_LABELS_BETWEEN_SQL, asked)]


def labels_added_on(day: date, branch: str, most: int) -> list[Labelled]:
    """What a branch got on a day."""
    asked = {"day": day.isoformat(), "branch": branch, "most": most}
    return [Labelled(*row) for row in _asked(_LABELS_ADDED_SQL, asked)]


def _asked(sql: str, values: Sequence | dict = ()) -> list[tuple]:
    return db.execute_sql(sql, values).fetchall()


def _copy(row: tuple) -> Copy:
    facts = item_facts("", False, *row[3:12])
    state = HoldState(row[12]) if row[12] else None
    tags = tuple(tag for tag in row[5].split("\n") if tag)
    kept = (facts.state, facts.not_for_loan, facts.interlibrary, facts.volumes, facts.added_on, facts.due_on)
    return Copy(*row[:5], tags, *kept, state, row[13])
