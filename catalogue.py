"""Titles as pages show them: the record, its items and their live status, from one statement.

Reads only.  Which of them a search finds is ``search.py``'s business; what may be done with one is
``rules.py``'s.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import call_numbers
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

# The same people one by one, for a page that leads to what else they wrote.
_PEOPLE_SQL = """
  (SELECT json_group_array(json_array(name, role)) FROM (
    SELECT name, role FROM creator WHERE bib_id = b.id ORDER BY place))
"""

# A title that somebody asked for and no piece of the library's own stands for.
REQUEST_SQL = """
  b.requested AND NOT EXISTS (
    SELECT 1 FROM item AS own WHERE own.bib_id = b.id AND NOT own.interlibrary AND own.state <> 'withdrawn')
"""

_TITLES_SQL = f"""
WITH title AS (
  SELECT b.*, {_PEOPLE_SQL} AS people, {NEWEST_ISSUE_SQL} AS newest_issue,
    (SELECT count(*) FROM hold WHERE bib_id = b.id AND closed_at IS NULL
       AND state IN {QUEUED}) AS waiting
  FROM bib AS b WHERE b.id IN (SELECT value FROM json_each(?)) AND NOT b.hidden)
SELECT title.id, material, title, subtitle, volume, people, publisher, pub_year, isbn, ndc, series,
  subjects, extent, original_title, title_kana, language, serial_id, issued_on, newest_issue, waiting,
  title.added_on, holdable_from, item.id, item.branch, call_number, tags, state, not_for_loan, interlibrary,
  volumes, item.added_on,
  (SELECT due_on FROM loan WHERE item_id = item.id AND returned_at IS NULL),
  EXISTS (SELECT 1 FROM hold WHERE item_id = item.id AND closed_at IS NULL), item.shelf_key
FROM title LEFT JOIN item ON item.bib_id = title.id AND item.state <> 'withdrawn'
ORDER BY title.id, item.shelf_key, item.id
"""  # noqa: S608 - made of the constants above

_PIECES_SQL = """
SELECT item.id, bib.id, barcode, title || CASE volume WHEN '' THEN '' ELSE ' ' || volume END, material,
  branch, call_number, interlibrary, borrowed_from, send_back_by
FROM item JOIN bib ON bib.id = item.bib_id WHERE item.id IN (SELECT value FROM json_each(?))
"""
_ARRIVALS_SQL = "SELECT id FROM bib WHERE NOT hidden ORDER BY added_on DESC, id DESC LIMIT ? OFFSET ?"
# From a piece on, away from it: several of one title, and some that no visitor sees, are passed over.
_NEIGHBOURS_SQL = """
SELECT b.id, b.title, b.volume, near.call_number, b.language,
  (SELECT name FROM creator WHERE bib_id = b.id ORDER BY place LIMIT 1)
FROM (SELECT * FROM item WHERE branch = :branch AND shelf_key {side}
  AND state <> 'withdrawn' AND NOT interlibrary ORDER BY shelf_key {order}, id {order} LIMIT 40) AS near
CROSS JOIN bib AS b ON b.id = near.bib_id
WHERE NOT b.hidden AND b.id <> :bib AND b.serial_id IS NULL ORDER BY near.shelf_key {order}, near.id {order}
"""
_BEFORE_SQL = _NEIGHBOURS_SQL.format(side=">= :first AND shelf_key < :key", order="DESC")
_AFTER_SQL = _NEIGHBOURS_SQL.format(side=">= :key AND shelf_key < :last", order="ASC")
_ISSUES_SQL = "SELECT id FROM bib WHERE serial_id = ? AND NOT hidden ORDER BY issued_on DESC, id DESC LIMIT ?"


_SCHEMA = {
    **{"": "author", "著者": "author", "作": "author", "文": "author"},
    **{"翻訳者": "translator", "訳者": "translator", "訳": "translator"},
    **{"編者": "editor", "編": "editor", "絵": "illustrator"},
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who is responsible for a title, and as what: 翻訳者; nothing for the author."""

    name: str
    role: str

    @property
    def schema(self) -> str:
        """The word of schema.org for it."""
        return _SCHEMA.get(self.role, "contributor")

    @property
    def credit(self) -> str:
        return self.name if self.role in ("", "著者") else f"{self.name}({self.role})"


@dataclass(frozen=True, slots=True)
class Place:
    """Pieces of a title under one call number at one branch."""

    call_number: str
    states: dict[Availability, int]
    back_on: dict[Availability, date]  # the first day on which one of those that are out should be back


# Not frozen: twenty of them are made for each page of a list, which takes three times as long frozen.
@dataclass(slots=True, eq=False)
class Title:
    """One title with what a row or a page says of it; ``facts`` is what the rules ask for, ``items`` what
    visitors see: pieces of other libraries are here for one patron and no part of the catalogue."""

    id: int
    material: str
    title: str
    subtitle: str
    volume: str
    people: tuple[Person, ...]
    publisher: str
    pub_year: int | None
    isbn: str | None
    ndc: str
    series: str
    subjects: str
    extent: str
    original_title: str
    title_kana: str
    language: str
    serial: int | None
    issued_on: date | None
    newest_issue: bool
    waiting: int
    added_on: date
    facts: BibFacts
    stands: tuple[tuple[str, str], ...] = ()  # branch and key of each of its pieces on the shelves

    @property
    def shelf(self) -> tuple[str, str] | None:
        """Branch and key of most of its pieces, where its neighbours are."""
        return Counter(self.stands).most_common(1)[0][0] if self.stands else None

    @property
    def creators(self) -> str:
        return "、".join(person.credit for person in self.people)

    @property
    def headings(self) -> list[str]:
        """The subjects, one by one."""
        return [subject for part in re.split("[、;；]", self.subjects) if (subject := part.strip())]

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

    def places(self) -> dict[str, list["Place"]]:
        """Where the pieces stand, by branch, with how many of each call number can be had or not."""
        places: dict[str, dict[str, Place]] = {}
        for item in self.items:
            shelves = places.setdefault(item.branch, {})
            place = shelves.setdefault(item.call_number, Place(item.call_number, {}, {}))
            state = item.availability
            place.states[state] = place.states.get(state, 0) + 1
            if item.due_on:
                place.back_on[state] = min(item.due_on, place.back_on.get(state, item.due_on))
        return {branch: list(shelves.values()) for branch, shelves in places.items()}

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


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A title that stands beside another one."""

    id: int
    title: str
    volume: str
    call_number: str
    language: str
    creator: str


def neighbours(beside: Title, each_side: int = 4) -> tuple[list[Neighbour], list[Neighbour]]:
    """What stands before and after a title where it has most pieces, with its 別置記号, in the shelf's order.

    An issue of a magazine has none: it stands among its like.
    """
    if beside.shelf is None or beside.serial is not None:
        return [], []
    branch, key = beside.shelf
    first, last = call_numbers.stretch(key)
    asked = {"branch": branch, "key": key, "first": first, "last": last, "bib": beside.id}
    before, after = (
        list({row[0]: Neighbour(*row[:5], row[5] or "") for row in db.execute_sql(sql, asked)}.values())
        for sql in (_BEFORE_SQL, _AFTER_SQL)
    )
    return before[:each_side][::-1], after[:each_side]


def _title(rows: list[tuple]) -> Title:
    """One title from its joined rows, one for each item (or one without any)."""
    first = rows[0]
    material, newest = first[1], bool(first[18])
    items = tuple(item_facts(material, newest, *row[23:33]) for row in rows if row[22] is not None)
    people = _people(first[5])
    issued_on = date.fromisoformat(first[17]) if first[17] else None
    added_on = date.fromisoformat(first[20])
    holdable_from = datetime.fromisoformat(first[21]) if first[21] else None
    facts = BibFacts(first[0], material, items, holdable_from)
    stands = tuple((row[23], row[33]) for row in rows if row[22] is not None and not row[28])
    return Title(*first[:5], people, *first[6:17], issued_on, newest, first[19], added_on, facts, stands)


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
        material,
        branch,
        call_number,
        _tags(tags),
        newest_issue,
        bool(interlibrary),
        _STATES[state],
        bool(not_for_loan),
        volumes,
        _day(added_on),
        _day(due_on) if due_on else None,
        bool(set_aside),
        _day(send_back_by) if send_back_by else None,
    )


# A page of titles asks for the same few of them again and again.
_STATES = {state.value: state for state in ItemState}


@lru_cache(maxsize=4096)
def _people(column: str) -> tuple[Person, ...]:
    return tuple(Person(*one) for one in json.loads(column))


@lru_cache(maxsize=1024)
def _tags(column: str) -> frozenset[str]:
    return frozenset(column.split("\n")) - {""}


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    return date.fromisoformat(text)
