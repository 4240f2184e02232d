"""受入: what a record of a list changes in the catalogue, decided for a batch of records and then written.

Which title a record is about, in this order: the one with its ``source``; the one of its piece, where ISBN
or title agree; the one with its ISBN and volume; the one that an earlier list without numbers brought in the
same words.  Else it is new.  What a record does not say stays as it is, and so does whether it is hidden.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import SequenceMatcher

import search
from models import InstantField
from pieces import Piece, Pieces
from rules import Policy
from title_records import CreatorRecord, RefusedRow, TitleRecord

_SAID = (
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
    "issued_on",
)
_COLUMNS = (*_SAID, "source", "serial_id")
_MAY_BE_NULL = ("pub_year", "pub_month", "isbn", "issued_on", "source", "serial_id")
# What is no longer true once its neighbour is another.
_BESIDE = {"subtitle": "subtitle_kana", "series": "series_kana", "pub_year": "pub_month"}

_FOUND_SQL = f"""
SELECT id, requested, {", ".join(_COLUMNS)} FROM bib WHERE id IN (
  SELECT id FROM bib WHERE id IN (SELECT value FROM json_each(:ids))
  UNION SELECT id FROM bib WHERE source IN (SELECT value FROM json_each(:sources))
  UNION SELECT id FROM bib WHERE isbn IN (SELECT value FROM json_each(:isbns))
  UNION SELECT id FROM bib WHERE title IN (SELECT value FROM json_each(:titles))
  UNION SELECT bib_id FROM item WHERE barcode IN (SELECT value FROM json_each(:barcodes)))
ORDER BY hidden, id
"""  # noqa: S608 - made of the names above
_CREATORS_SQL = """
SELECT bib_id, name, reading, roman, role FROM creator
WHERE bib_id IN (SELECT value FROM json_each(?)) ORDER BY bib_id, place
"""
_SERIALS_SQL = "SELECT title, id FROM serial WHERE title IN (SELECT value FROM json_each(?)) ORDER BY id DESC"
_ADD_SERIAL_SQL = "INSERT INTO serial (title, title_kana, publisher) VALUES (?, ?, ?) RETURNING id"
_FORGET_SERIALS_SQL = """
DELETE FROM serial WHERE id IN (SELECT value FROM json_each(?))
  AND NOT EXISTS (SELECT 1 FROM bib WHERE serial_id = serial.id)
"""
_ADD_SQL = f"""
INSERT INTO bib ({", ".join(_COLUMNS)}, added_on, hidden, holdable_from)
VALUES ({", ".join("?" * (len(_COLUMNS) + 3))}) RETURNING id
"""  # noqa: S608 - made of the names above
_CHANGE_SQL = f"UPDATE bib SET {', '.join(f'{name} = ?' for name in _COLUMNS)} WHERE id = ?"  # noqa: S608
_OURS_SQL = "UPDATE bib SET requested = 0, hidden = 0 WHERE id = ?"
_UNNAMED_SQL = "DELETE FROM creator WHERE bib_id IN (SELECT value FROM json_each(?))"
_CREATOR_SQL = "INSERT INTO creator (bib_id, place, name, reading, roman, role) VALUES (?, ?, ?, ?, ?, ?)"


# ---- what makes two records one title


def _plain(text: str) -> str:
    """What two lists would both write; simpler than a search's folding, since it must never change."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def identity(record: TitleRecord) -> str:
    """What takes the place of a number where a list has none: the same for the same title in every list."""
    if record.isbn:
        volume = _plain(record.volume)
        return f"isbn:{record.isbn}" + (f"/{volume}" if volume else "")
    author = _plain(record.creators[0].name) if record.creators else ""
    words = "|".join((_plain(record.title), author, str(record.pub_year or ""), _plain(record.volume)))
    return f"list:{hashlib.sha256(words.encode()).hexdigest()[:20]}"


def _has_own_number(source: str | None) -> bool:
    return source is not None and not source.startswith(("isbn:", "list:"))


def _alike(one: str, other: str) -> bool:
    """Whether a title may be another with a mistake put right, or with its subtitle."""
    one, other = _plain(one), _plain(other)
    return one in other or other in one or SequenceMatcher(None, one, other).ratio() >= 0.5


# ---- titles of a batch


@dataclass(slots=True, eq=False)
class Title:
    """A title as it stands in the catalogue, or will; a new one has a number below 0 until it is written."""

    number: int
    values: dict[str, object]
    creators: list[CreatorRecord]
    is_requested: bool = False
    record: TitleRecord | None = None  # of a new one
    serial: TitleRecord | None = None  # names a magazine that is not there yet
    is_changed: bool = False
    has_other_people: bool = False
    has_other_pieces: bool = False

    def __getitem__(self, column: str):
        return self.values[column]


@dataclass(slots=True)
class _Found:
    """The titles that the records of a batch may be about."""

    by_number: dict[int, Title] = field(default_factory=dict)
    by_source: dict[str, Title] = field(default_factory=dict)
    by_isbn: dict[str, list[Title]] = field(default_factory=dict)
    by_title: dict[str, list[Title]] = field(default_factory=dict)
    serials: dict[str, int] = field(default_factory=dict)


class Accession:
    """One run over a list: plans a batch, writes it, and remembers what the list has said already."""

    def __init__(self, db, today: date, policy: Policy | None, stored):
        self.db, self.today, self.policy, self.stored = db, today, policy, stored
        self.pieces = Pieces(db, today, policy)
        self.seen: dict[str, int] = {}  # identities of this run, to numbers of titles
        self.of_run: set[int] = set()
        self.numbers: dict[int, int] = {}  # of new titles, once they are written
        self.new = 0
        self.found = _Found()
        self.left: set[int] = set()  # magazines that issues have left

    def plan(self, records: list[TitleRecord]) -> "Accession":
        """Decide what these records change.  Reads, and writes nothing."""
        made = [identity(record) for record in records]
        self.pieces.read(records)
        self.found = self._find(records, made)
        for record, identity_ in zip(records, made, strict=True):
            self._take(record, identity_)
        return self

    def _find(self, records: list[TitleRecord], made: list[str]) -> _Found:
        named = {record.source for record in records} | set(made)
        asked = {
            "ids": [self._number(self.seen[name]) for name in named if name in self.seen],
            "sources": list(named - {""}),
            "isbns": [record.isbn for record in records if record.isbn],
            "titles": [record.title for record in records if not record.isbn and not record.source],
            "barcodes": [piece.barcode for record in records for piece in record.items],
        }
        rows = self.db.execute_sql(_FOUND_SQL, {name: json.dumps(known) for name, known in asked.items()})
        found = _Found()
        for number, requested, *values in rows:
            title = Title(number, dict(zip(_COLUMNS, values, strict=True)), [], bool(requested))
            found.by_number[number] = title
            if title["source"]:
                found.by_source[title["source"]] = title
            if title["isbn"]:
                found.by_isbn.setdefault(title["isbn"], []).append(title)
            found.by_title.setdefault(title["title"], []).append(title)
        for number, *person in self.db.execute_sql(_CREATORS_SQL, (json.dumps(list(found.by_number)),)):
            found.by_number[number].creators.append(CreatorRecord(*person))
        if magazines := list({record.serial for record in records} - {""}):
            found.serials = dict(self.db.execute_sql(_SERIALS_SQL, (json.dumps(magazines),)))
        return found

    def _number(self, number: int) -> int:
        return self.numbers.get(number, number)

    # ---- one record

    def _take(self, record: TitleRecord, made: str) -> None:
        refused = self._refusal(record)
        title = None if refused else self._title(record, made)
        if title is None and not refused and not record.title:
            refused = RefusedRow(record.line, "import.no_title")
        if refused:
            self.stored.refused.append(refused)
            return
        is_new = title is None
        if is_new:
            title = self._new(record, made)
        planned, refusals = self.pieces.weigh(record, title.number, self._words)
        self.stored.refused += refusals
        if refusals and not planned:
            return  # the row is put right and imported again; until then nothing of it is there
        if is_new:
            self.found.by_number[title.number] = title
        is_first = title.number not in self.of_run
        self._remember(record, made, title)
        if not is_new:
            self._merge(title, record, fill=not is_first)
        self._keep_pieces(title, planned)
        if is_first:
            self.stored.added += is_new
            self.stored.updated += not is_new and (title.is_changed or title.has_other_people)
            self.stored.same += not is_new and not (title.is_changed or title.has_other_people)

    def _refusal(self, record: TitleRecord) -> RefusedRow | None:
        if bool(record.serial) is not (record.issued_on is not None):
            reason = "reason.issue_in_part" + ("" if record.serial else ".no_serial")
            return RefusedRow(record.line, reason)
        if self.policy and record.material not in ("", "book") and not self.policy.material(record.material):
            known = [material.name for material in self.policy.materials]
            return RefusedRow(
                record.line, "import.unknown_material", {"given": record.material, "known": known}
            )
        return None

    def _title(self, record: TitleRecord, made: str) -> Title | None:
        """The title that the record is about, if it is there."""
        found = self.found
        seen = self.seen.get(record.source or made)
        if seen is not None:
            return found.by_number.get(self._number(seen)) or self._unwritten(seen)
        if record.source:
            known = found.by_source.get(record.source)
            others = [self._of_piece(record), self._of_isbn(record)]
            return known or next((one for one in others if one and not _has_own_number(one["source"])), None)
        candidates = (
            self._of_piece(record),
            self._of_isbn(record),
            found.by_source.get(made) if record.title else None,
            self._of_words(record),
        )
        return next((one for one in candidates if one), None)

    def _unwritten(self, number: int) -> Title:
        """A title that an earlier batch would have made, where nothing is written."""
        return Title(number, dict.fromkeys(_COLUMNS, ""), [])

    def _of_piece(self, record: TitleRecord) -> Title | None:
        """The title of one of the pieces, where the record does not speak of another title."""
        for piece in record.items:
            title = self.found.by_number.get(self.pieces.title_of(piece.barcode))
            if title is None:
                continue
            if record.isbn and title["isbn"]:
                agrees = record.isbn == title["isbn"]
            else:
                agrees = not record.title or _alike(record.title, title["title"])
            if agrees:
                return title
        return None

    def _of_isbn(self, record: TitleRecord) -> Title | None:
        """The title with this ISBN and volume; or the only one with it, where the list names no volume."""
        titles = self.found.by_isbn.get(record.isbn, []) if record.isbn else []
        volume = _plain(record.volume)
        for title in titles:
            if _plain(title["volume"]) == volume:
                return title
        earlier = [title for title in titles if title.number not in self.of_run]
        if len(titles) == len(earlier) == 1 and (not volume or earlier[0].is_requested):
            return earlier[0]
        return None

    def _of_words(self, record: TitleRecord) -> Title | None:
        """A title of earlier days in the same words, where neither author, year nor volume are others."""
        if record.isbn:
            return None
        author = _plain(record.creators[0].name) if record.creators else ""
        for title in self.found.by_title.get(record.title, []):
            years = {record.pub_year or title["pub_year"], title["pub_year"] or record.pub_year}
            names = [_plain(one.name) for one in title.creators]
            same = _plain(title["volume"]) == _plain(record.volume) and len(years) == 1
            if same and title.number not in self.of_run and (not names or not author or author in names):
                return title
        return None

    def _words(self, number: int) -> str:
        """What a title is called, to whoever is told that a number is taken by it."""
        title = self.found.by_number.get(self._number(number))
        return str(title["title"])[:60] if title else ""

    def _new(self, record: TitleRecord, made: str) -> Title:
        values = {name: None if name in _MAY_BE_NULL else "" for name in _COLUMNS} | _said(record)
        values["source"] = record.source or made
        known = self.policy is None or self.policy.material(values["material"] or "book")
        values["material"] = (values["material"] or "book") if known else self.policy.materials[0].id
        self.new += 1
        title = Title(-self.new, values, list(record.creators), record=record)
        self._name_serial(title, record)
        return title

    def _remember(self, record: TitleRecord, made: str, title: Title) -> None:
        self.of_run.add(title.number)
        for name in (record.source, made if record.title else ""):
            if name:
                self.seen.setdefault(name, title.number)

    def _merge(self, title: Title, record: TitleRecord, fill: bool) -> None:
        """What the record says that the title does not say yet; with ``fill`` only where it says nothing."""
        said = _said(record)
        if record.source and not _has_own_number(title["source"]):
            said["source"] = record.source
        if self.policy and not self.policy.material(record.material):
            said.pop("material", None)
        differing = {
            name: value
            for name, value in said.items()
            if title[name] != value and not (fill and title[name] not in ("", None))
        }
        for name in differing.keys() & _BESIDE.keys():
            beside = _BESIDE[name]
            differing.setdefault(beside, said.get(beside, None if beside in _MAY_BE_NULL else ""))
        title.values |= differing
        title.is_changed |= bool(differing)
        title.is_changed |= self._name_serial(title, record)
        people = _with_known(record.creators, title.creators)
        if people and people != title.creators and not (fill and title.creators):
            title.creators, title.has_other_people = people, True

    def _name_serial(self, title: Title, record: TitleRecord) -> bool:
        known = self.found.serials.get(record.serial) if record.serial else None
        if not record.serial or (known is not None and title["serial_id"] == known):
            return False
        if title["serial_id"] is not None:
            self.left.add(title["serial_id"])
        title.values["serial_id"], title.serial = known, record if known is None else None
        return True

    def _keep_pieces(self, title: Title, planned: Iterable[Piece]) -> None:
        for piece in planned:
            self.pieces.keep(piece, title.number)
            title.has_other_pieces |= piece.is_new or piece.is_changed
            self.stored.pieces_added += piece.is_new
            self.stored.pieces_updated += piece.is_changed

    # ---- writing

    def write(self) -> None:
        """Write what was planned.  Call it in the transaction in which it was planned."""
        titles = self.found.by_number.values()
        new = [title for title in titles if title.number < 0]
        changed = [title for title in titles if title.number > 0 and title.is_changed]
        for title in (*new, *changed):
            if title.serial is not None:
                title.values["serial_id"] = self._serial(title.serial)
        for title in new:
            written = self._insert(title)
            self.numbers[title.number] = written
            self.of_run -= {title.number}
            self.of_run.add(written)
            title.number = written
        run = self.db.connection().executemany
        run(_CHANGE_SQL, [(*(title[name] for name in _COLUMNS), title.number) for title in changed])
        named = [*new, *(title for title in titles if title.has_other_people)]
        self.db.execute_sql(_UNNAMED_SQL, (json.dumps([title.number for title in named]),))
        run(_CREATOR_SQL, [row for title in named for row in _people(title)])
        self.pieces.write(self._number)
        ours = [title for title in titles if title.is_requested and title.has_other_pieces]
        run(_OURS_SQL, [(title.number,) for title in ours])
        if self.left:
            self.db.execute_sql(_FORGET_SERIALS_SQL, (json.dumps(list(self.left)),))
            self.left.clear()
        other = {title.number for title in (*named, *changed)}
        other |= {title.number for title in titles if title.has_other_pieces}
        if other:
            search.reindex(self.db, *sorted(other))

    def _insert(self, title: Title) -> int:
        record = title.record
        added_on, hidden = record.added_on or self.today, bool(record.hidden)
        from_at = InstantField().db_value(record.holdable_from)
        values = (*(title[name] for name in _COLUMNS), added_on.isoformat(), hidden, from_at)
        return self.db.execute_sql(_ADD_SQL, values).fetchone()[0]

    def _serial(self, record: TitleRecord) -> int:
        if record.serial not in self.found.serials:
            row = (record.serial, record.serial_kana, record.publisher)
            self.found.serials[record.serial] = self.db.execute_sql(_ADD_SERIAL_SQL, row).fetchone()[0]
        return self.found.serials[record.serial]


def _said(record: TitleRecord) -> dict[str, object]:
    """What a record says, as the table holds it."""
    said = {name: getattr(record, name) for name in _SAID}
    return {
        name: value.isoformat() if isinstance(value, date | datetime) else value
        for name, value in said.items()
        if value not in ("", None)
    }


def _with_known(people: tuple[CreatorRecord, ...], known: list[CreatorRecord]) -> list[CreatorRecord]:
    """People with what is known of them beside what the list says."""
    by_name = {_plain(one.name): one for one in known}
    merged = []
    for one in people:
        other = by_name.get(_plain(one.name), one)
        merged.append(
            CreatorRecord(
                one.name, one.reading or other.reading, one.roman or other.roman, one.role or other.role
            )
        )
    return merged


def _people(title: Title) -> list[tuple]:
    return [
        (title.number, place, one.name, one.reading, one.roman, one.role)
        for place, one in enumerate(title.creators)
    ]
