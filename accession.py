"""受入: what a record of a list changes in the catalogue, decided for a batch of records and then written.

``known_titles.py`` tells which title a record is about; else it is new.  What a record does not say stays as
it is, and so does whether a title is hidden.
"""

import json
from collections.abc import Iterable
from datetime import date, datetime

import search_index
from known_titles import COLUMNS, SAID, KnownTitles, Title, has_own_number, identity, own_number, plain
from models import InstantField
from pieces import Piece, Pieces
from rules import Policy
from title_records import CreatorRecord, RefusedRow, TitleRecord

_MAY_BE_NULL = ("pub_year", "pub_month", "isbn", "issued_on", "source", "serial_id")
# What is no longer true once its neighbour is another.
_BESIDE = {"subtitle": "subtitle_kana", "series": "series_kana", "pub_year": "pub_month"}

_ADD_SERIAL_SQL = "INSERT INTO serial (title, title_kana, publisher) VALUES (?, ?, ?) RETURNING id"
_FORGET_SERIALS_SQL = """
DELETE FROM serial WHERE id IN (SELECT value FROM json_each(?))
  AND NOT EXISTS (SELECT 1 FROM bib WHERE serial_id = serial.id)
"""
_ADD_SQL = f"""
INSERT INTO bib ({", ".join(COLUMNS)}, added_on, hidden, holdable_from)
VALUES ({", ".join("?" * (len(COLUMNS) + 3))}) RETURNING id
"""  # noqa: S608 - made of the names above
_CHANGE_SQL = f"UPDATE bib SET {', '.join(f'{name} = ?' for name in COLUMNS)} WHERE id = ?"  # noqa: S608
_OURS_SQL = "UPDATE bib SET requested = 0, hidden = 0 WHERE id = ?"
_UNNAMED_SQL = "DELETE FROM creator WHERE bib_id IN (SELECT value FROM json_each(?))"
_CREATOR_SQL = "INSERT INTO creator (bib_id, place, name, reading, roman, role) VALUES (?, ?, ?, ?, ?, ?)"


class Accession:
    """One run over a list: plans a batch, writes it, and remembers what the list has said already."""

    def __init__(self, db, today: date, policy: Policy | None, stored):
        self.db, self.today, self.policy, self.stored = db, today, policy, stored
        self.pieces = Pieces(db, today, policy)
        self.seen: dict[str, int] = {}  # identities of this run, to numbers of titles
        self.of_run: set[int] = set()
        self.numbers: dict[int, int] = {}  # of new titles, once they are written
        self.new = 0
        self.found = KnownTitles()
        self.left: set[int] = set()  # magazines that issues have left

    def plan(self, records: list[TitleRecord]) -> "Accession":
        """Decide what these records change.  Reads, and writes nothing."""
        made = [identity(record) for record in records]
        self.pieces.read(records)
        named = {record.source for record in records} | set(made)
        seen = [self._number(self.seen[name]) for name in named if name in self.seen]
        self.found = KnownTitles.read(self.db, records, named - {""}, seen)
        for record, identity_ in zip(records, made, strict=True):
            self._take(record, identity_)
        return self

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
        seen = self.seen.get(record.source or made)
        if seen is not None:
            return self.found.by_number.get(self._number(seen)) or self._unwritten(seen)
        return self.found.about(record, made, self.pieces.title_of, self.of_run)

    def _unwritten(self, number: int) -> Title:
        """A title that an earlier batch would have made, where nothing is written."""
        return Title(number, dict.fromkeys(COLUMNS, ""), [])

    def _words(self, number: int) -> str:
        """What a title is called, to whoever is told that a number is taken by it."""
        title = self.found.by_number.get(self._number(number))
        return str(title["title"])[:60] if title else ""

    def _new(self, record: TitleRecord, made: str) -> Title:
        values = {name: None if name in _MAY_BE_NULL else "" for name in COLUMNS} | _said(record)
        values["source"] = record.source or made
        known = self.policy is None or self.policy.material(values["material"] or "book")
        values["material"] = (values["material"] or "book") if known else self.policy.materials[0].id
        self.new += 1
        title = Title(-self.new, values, _named(record.creators), record=record)
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
        if record.source and not has_own_number(title["source"]) and own_number(record) != title.number:
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
        people = _with_known(_named(record.creators), title.creators)
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
        run(_CHANGE_SQL, [(*(title[name] for name in COLUMNS), title.number) for title in changed])
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
            search_index.reindex(self.db, *sorted(other))

    def _insert(self, title: Title) -> int:
        record = title.record
        # A title whose piece came years ago is no new arrival.
        came = min((piece.added_on for piece in record.items if piece.added_on), default=self.today)
        added_on, hidden = record.added_on or min(came, self.today), bool(record.hidden)
        from_at = InstantField().db_value(record.holdable_from)
        values = (*(title[name] for name in COLUMNS), added_on.isoformat(), hidden, from_at)
        return self.db.execute_sql(_ADD_SQL, values).fetchone()[0]

    def _serial(self, record: TitleRecord) -> int:
        if record.serial not in self.found.serials:
            row = (record.serial, record.serial_kana, record.publisher)
            self.found.serials[record.serial] = self.db.execute_sql(_ADD_SERIAL_SQL, row).fetchone()[0]
        return self.found.serials[record.serial]


def _said(record: TitleRecord) -> dict[str, object]:
    """What a record says, as the table holds it."""
    said = {name: getattr(record, name) for name in SAID}
    return {
        name: value.isoformat() if isinstance(value, date | datetime) else value
        for name, value in said.items()
        if value not in ("", None)
    }


def _with_known(people: tuple[CreatorRecord, ...], known: list[CreatorRecord]) -> list[CreatorRecord]:
    """People with what is known of them beside what the list says."""
    by_name = {plain(one.name): one for one in known}
    merged = []
    for one in people:
        other = by_name.get(plain(one.name), one)
        merged.append(
            CreatorRecord(
                one.name, one.reading or other.reading, one.roman or other.roman, one.role or other.role
            )
        )
    return merged


def _named(people: Iterable[CreatorRecord]) -> list[CreatorRecord]:
    """Those who have a name; a damaged file has others too."""
    return [one for one in people if one.name]


def _people(title: Title) -> list[tuple]:
    return [
        (title.number, place, one.name, one.reading, one.roman, one.role)
        for place, one in enumerate(title.creators)
    ]
