"""Titles as pages show them: the record, its items and their live status, from one statement.

Reads only.  Which of them a search finds is ``search.py``'s business; what may be done with one is
``rules.py``'s.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models import QUEUED, db
from rules import Availability, BibFacts, ItemFacts, ItemState

# An issue is the newest of its magazine while no later one is in the catalogue; this is never typed in.
NEWEST_ISSUE_SQL = """
  b.serial_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM bib AS later WHERE later.serial_id = b.serial_id AND NOT later.hidden
      AND (later.issued_on, later.id) > (b.issued_on, b.id))
"""

CREATORS_SQL = """
  (SELECT group_concat(credit, '、') FROM (
    SELECT name || CASE WHEN role IN ('', '著者') THEN '' ELSE '(' || role || ')' END AS credit
      FROM creator WHERE bib_id = b.id ORDER BY place))
"""

# A title that somebody asked for and no piece of the library's own stands for.
REQUEST_SQL = """
  b.requested AND NOT EXISTS (
    SELECT 1 FROM item AS own WHERE own.bib_id = b.id AND NOT own.interlibrary AND own.state <> 'withdrawn')
"""

_TITLES_SQL = f"""
WITH title AS (
  SELECT b.*, {CREATORS_SQL} AS creators, {NEWEST_ISSUE_SQL} AS newest_issue,
    (SELECT count(*) FROM hold WHERE bib_id = b.id AND closed_at IS NULL
       AND state IN {QUEUED}) AS waiting
  FROM bib AS b WHERE b.id IN (SELECT value FROM json_each(?)) AND NOT b.hidden)
SELECT title.id, material, title, subtitle, volume, creators, publisher, pub_year, isbn, ndc, series,
  subjects, extent, original_title, title_kana, serial_id, issued_on, newest_issue, waiting, holdable_from,
  item.id, item.branch, call_number, tags, state, not_for_loan, interlibrary, volumes, item.added_on,
  (SELECT due_on FROM loan WHERE item_id = item.id AND returned_at IS NULL),
  EXISTS (SELECT 1 FROM hold WHERE item_id = item.id AND closed_at IS NULL)
FROM title LEFT JOIN item ON item.bib_id = title.id AND item.state <> 'withdrawn'
ORDER BY title.id, call_number, item.id
"""  # noqa: S608 - made of the constants above

_PIECES_SQL = """
SELECT item.id, bib.id, barcode, title || CASE volume WHEN '' THEN '' ELSE ' ' || volume END, material,
  branch, call_number, interlibrary, borrowed_from, send_back_by
FROM item JOIN bib ON bib.id = item.bib_id WHERE item.id IN (SELECT value FROM json_each(?))
"""
_ARRIVALS_SQL = "SELECT id FROM bib WHERE NOT hidden ORDER BY added_on DESC, id DESC LIMIT ? OFFSET ?"
_ISSUES_SQL = "SELECT id FROM bib WHERE serial_id = ? AND NOT hidden ORDER BY issued_on DESC, id DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class Title:
    """One title with what a row or a page says of it; ``facts`` is what the rules ask for, ``items`` what
    visitors see: pieces of other libraries are here for one patron and no part of the catalogue."""

    id: int
    material: str
    title: str
    subtitle: str
    volume: str
    creators: str
    publisher: str
    pub_year: int | None
    isbn: str | None
    ndc: str
    series: str
    subjects: str
    extent: str
    original_title: str
    title_kana: str
    serial: int | None
    issued_on: date | None
    newest_issue: bool
    waiting: int
    facts: BibFacts

    @property
    def items(self) -> tuple[ItemFacts, ...]:
        return tuple(item for item in self.facts.items if not item.interlibrary)

    def free_by_branch(self) -> dict[str, int]:
        """How many copies stand on the shelf, by branch."""
        free: dict[str, int] = {}
        for item in self.items:
            if item.availability is Availability.AVAILABLE:
                free[item.branch] = free.get(item.branch, 0) + 1
        return free

    def back_on(self) -> date | None:
        """The first day on which a copy that is out should be back."""
        return min((item.due_on for item in self.items if item.due_on), default=None)


def titles(ids: Sequence[int]) -> list[Title]:
    """The titles with these numbers in this order.  Hidden and unknown ones are left out."""
    if not ids:
        return []
    rows: dict[int, list[tuple]] = {}
    for row in db.execute_sql(_TITLES_SQL, (json.dumps(list(ids)),)):
        rows.setdefault(row[0], []).append(row)
    return [_title(rows[number]) for number in ids if number in rows]


def title(number: int) -> Title | None:
    found = titles([number])
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece as the desk names it; ``borrowed_from`` may be unknown of one that is another library's."""

    id: int
    bib: int
    barcode: str
    title: str
    material: str
    branch: str
    call_number: str
    interlibrary: bool
    borrowed_from: str | None
    send_back_by: date | None


def pieces(ids: Sequence[int]) -> dict[int, Piece]:
    """Pieces by their numbers, for the desk: also those whose title is hidden."""
    if not ids:
        return {}
    rows = db.execute_sql(_PIECES_SQL, (json.dumps(list(ids)),))
    return {row[0]: Piece(*row[:9], date.fromisoformat(row[9]) if row[9] else None) for row in rows}


def to_shelve_at(branch: str) -> list[int]:
    """The pieces on the hold shelf of a branch that are kept for nobody any more."""
    sql = "SELECT id FROM item WHERE to_shelve_at = ? ORDER BY call_number, id"
    return [row[0] for row in db.execute_sql(sql, (branch,))]


def new_arrivals(limit: int, offset: int = 0) -> list[Title]:
    """What came in last, newest first."""
    return titles([row[0] for row in db.execute_sql(_ARRIVALS_SQL, (limit, offset))])


def arrivals_count(most: int) -> int:
    """How many titles there are to show as new, which are never more than so many."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM bib WHERE NOT hidden LIMIT ?)"
    return db.execute_sql(sql, (most,)).fetchone()[0]


def issues(serial: int, limit: int = 24) -> list[Title]:
    """The issues of a magazine, newest first."""
    return titles([row[0] for row in db.execute_sql(_ISSUES_SQL, (serial, limit))])


def _title(rows: list[tuple]) -> Title:
    """One title from its joined rows, one for each item (or one without any)."""
    first = rows[0]
    material, newest = first[1], bool(first[17])
    items = tuple(item_facts(material, newest, *row[21:]) for row in rows if row[20] is not None)
    issued_on = date.fromisoformat(first[16]) if first[16] else None
    holdable_from = datetime.fromisoformat(first[19]) if first[19] else None
    facts = BibFacts(first[0], material, items, holdable_from)
    return Title(*first[:5], first[5] or "", *first[6:16], issued_on, newest, first[18], facts)


def item_facts(
    material: str,
    newest_issue: bool,
    branch: str,
    call_number: str,
    tags: str,
    state: str,
    not_for_loan: int,
    interlibrary: int,
    volumes: int,
    added_on: str,
    due_on: str | None = None,
    set_aside: int = 0,
    send_back_by: str | None = None,
) -> ItemFacts:
    """An item's columns as the rules ask for them."""
    return ItemFacts(
        material=material,
        branch=branch,
        call_number=call_number,
        tags=frozenset(tags.split("\n")) - {""},
        newest_issue=newest_issue,
        interlibrary=bool(interlibrary),
        state=ItemState(state),
        not_for_loan=bool(not_for_loan),
        volumes=volumes,
        added_on=date.fromisoformat(added_on),
        due_on=date.fromisoformat(due_on) if due_on else None,
        set_aside=bool(set_aside),
        send_back_by=date.fromisoformat(send_back_by) if send_back_by else None,
    )
