"""Titles that patrons have asked for and the library does not own, and pieces borrowed from other libraries.

Reads for the desk's list and for the verbs in ``requesting.py``; and ``let_go``, by which a record goes with
the last who waited for it: nothing stays of what somebody wished for.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime

import search_index
from catalogue import CREATORS_SQL, REQUEST_SQL
from folding import fold
from models import QUEUED, Bib, Hold, db
from rules import library_day, may_stay

_OF_OPEN_HOLDS = "FROM hold WHERE bib_id = b.id AND closed_at IS NULL"
_ASKED = f"""
SELECT b.id, b.material, b.title, {CREATORS_SQL}, b.publisher, b.pub_year, b.isbn,
  (SELECT count(*) {_OF_OPEN_HOLDS}), (SELECT min(requested_at) {_OF_OPEN_HOLDS}), b.added_on,
  (SELECT count(*) FROM item WHERE bib_id = b.id AND interlibrary)
FROM bib AS b WHERE b.requested AND {REQUEST_SQL}
"""  # noqa: S608 - made of constants
_ALL_ASKED_SQL = f"{_ASKED} ORDER BY 9, b.id"
_ONE_ASKED_SQL = f"{_ASKED} AND b.id = ?"
_BORROWED = f"""
SELECT item.id, b.id, item.barcode, b.title || CASE b.volume WHEN '' THEN '' ELSE ' ' || b.volume END,
  item.branch, item.borrowed_from, item.send_back_by, item.state,
  (SELECT due_on FROM loan WHERE item_id = item.id AND returned_at IS NULL),
  EXISTS (SELECT 1 FROM hold WHERE item_id = item.id AND closed_at IS NULL),
  (SELECT count(*) FROM hold WHERE bib_id = b.id AND closed_at IS NULL AND state IN {QUEUED})
FROM item JOIN bib AS b ON b.id = item.bib_id
WHERE item.interlibrary
"""  # noqa: S608 - made of constants
_ALL_BORROWED_SQL = f"{_BORROWED} ORDER BY item.send_back_by IS NULL, item.send_back_by, item.id"
_ONE_BORROWED_SQL = f"{_BORROWED} AND item.id = ?"
_OWNED_SQL = """
SELECT b.id FROM bib AS b WHERE b.isbn = ? AND NOT b.hidden
  AND EXISTS (SELECT 1 FROM item WHERE bib_id = b.id AND NOT interlibrary AND state <> 'withdrawn')
ORDER BY b.id LIMIT 1
"""
_NOBODYS_SQL = """
SELECT b.id FROM bib AS b WHERE b.id IN (SELECT value FROM json_each(?)) AND b.requested
  AND NOT EXISTS (SELECT 1 FROM item WHERE bib_id = b.id)
  AND NOT EXISTS (SELECT 1 FROM hold WHERE bib_id = b.id AND closed_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class RequestEntry:
    """What is known of a title that somebody asks for."""

    material: str
    title: str
    creator: str = ""
    publisher: str = ""
    pub_year: int | None = None
    isbn: str | None = None

    @property
    def folded(self) -> tuple[str, str, str]:
        """What two people would both call it, however they write it."""
        return self.material, *(fold(text) or text for text in (self.title, self.creator))


@dataclass(frozen=True, slots=True)
class Asked:
    """A title that is asked for: how many patrons wait for it and since when, never who; and how many pieces
    of it other libraries have lent."""

    id: int
    material: str
    title: str
    creators: str
    publisher: str
    pub_year: int | None
    isbn: str | None
    patrons: int
    since: date
    borrowed: int


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A piece of another library, where it has to go back to; ``waiting``: how many wait for its title."""

    item: int
    bib: int
    barcode: str
    title: str
    branch: str
    library: str | None
    send_back_by: date | None
    state: str
    due_on: date | None
    set_aside: bool
    waiting: int

    def is_over(self, today: date) -> bool:
        return not may_stay(self.send_back_by, today)


def asked() -> list[Asked]:
    """Every title that is asked for, the longest wait first."""
    return [_asked(row) for row in db.execute_sql(_ALL_ASKED_SQL)]


def asked_title(bib_id: int) -> Asked | None:
    return next((_asked(row) for row in db.execute_sql(_ONE_ASKED_SQL, (bib_id,))), None)


def borrowed() -> list[Borrowed]:
    """Every piece of another library, what has to go back first at the top."""
    return [_borrowed(row) for row in db.execute_sql(_ALL_BORROWED_SQL)]


def borrowed_piece(item_id: int) -> Borrowed | None:
    return next((_borrowed(row) for row in db.execute_sql(_ONE_BORROWED_SQL, (item_id,))), None)


def owned(isbn: str | None) -> int | None:
    """The title with this ISBN of which the library has a piece."""
    row = db.execute_sql(_OWNED_SQL, (isbn,)).fetchone()
    return row and row[0]


def same(entry: RequestEntry) -> Asked | None:
    """What somebody else has asked for already: the same ISBN, or the same title by the same person where
    one of them has none."""
    for other in asked():
        if entry.isbn and other.isbn:
            if entry.isbn == other.isbn:
                return other
        elif RequestEntry(other.material, other.title, other.creators).folded == entry.folded:
            return other
    return None


def let_go(*bib_ids: int) -> None:
    """Delete those of these titles that were only asked for, once nobody waits and no piece is there.

    Call it in the transaction that closes a hold or sends a piece back, after the change.
    """
    gone = [bib for (bib,) in db.execute_sql(_NOBODYS_SQL, (json.dumps(bib_ids),))]
    if gone:
        Hold.update(patron=None, bib=None).where(Hold.bib.in_(gone)).execute()
        Bib.delete().where(Bib.id.in_(gone)).execute()
        search_index.reindex(db, *gone)


def _asked(row: tuple) -> Asked:
    since = library_day(datetime.fromisoformat(row[8])) if row[8] else date.fromisoformat(row[9])
    return Asked(*row[:3], row[3] or "", *row[4:8], since, row[10])


def _borrowed(row: tuple) -> Borrowed:
    send_back_by, state, due_on = row[6:9]
    return Borrowed(*row[:6], _day(send_back_by), state, _day(due_on), bool(row[9]), row[10])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
