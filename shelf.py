"""今度読みたい本: the verbs of what a patron wants to read some day, and reading it.

As in ``circulation.py``: one verb a function, one transaction each, decided by ``rules.py``.  No verb notes
an event: what somebody wants to read is their own business, and nothing of it is done with the library.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from catalogue import CREATORS_SQL, titles
from circulation import NotThere, existing_patron
from models import ShelfEntry, db
from rules import Decision, decide_own_shelf, decide_shelf_note, library_day

_ENTRIES_SQL = f"""
SELECT entry.id, b.id, b.title, b.volume, {CREATORS_SQL}, entry.note, entry.place, entry.added_at
FROM shelf_entry AS entry JOIN bib AS b ON b.id = entry.bib_id
WHERE entry.patron_id = ? ORDER BY entry.place, entry.id
"""  # noqa: S608 - made of constants


class Step(StrEnum):
    """Which way a title is moved in the list."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Entry:
    """One title in the list as its patron sees it, also while it has no page."""

    id: int
    bib: int
    title: str
    volume: str
    creators: str
    note: str
    place: int
    added_on: date


def entries_of(patron_id: int) -> list[Entry]:
    """What a patron wants to read, in the patron's order."""
    return [
        Entry(*row[:4], row[4] or "", *row[5:7], library_day(datetime.fromisoformat(row[7])))
        for row in db.execute_sql(_ENTRIES_SQL, (patron_id,))
    ]


def entry_of(patron_id: int, entry_id: int) -> Entry:
    """One of them.  Raises NotThere where it is not, or another's."""
    found = next((entry for entry in entries_of(patron_id) if entry.id == entry_id), None)
    if found is None:
        raise NotThere
    return found


def put(patron_id: int, bib_id: int, note: str, now: datetime) -> Decision:
    """Put a title at the end of the list; one that is in it stays as it is.  Raises NotThere."""
    with db.atomic():
        existing_patron(patron_id)
        theirs = ShelfEntry.patron == patron_id
        if ShelfEntry.select().where(theirs, ShelfEntry.bib == bib_id).exists():
            return Decision()
        if not titles([bib_id]):
            raise NotThere
        places = [place for (place,) in ShelfEntry.select(ShelfEntry.place).where(theirs).tuples()]
        refusals = decide_own_shelf(len(places)).refusals + decide_shelf_note(note).refusals
        if not refusals:
            last = max(places, default=0)
            ShelfEntry.insert(patron=patron_id, bib=bib_id, note=note, place=last + 1, added_at=now).execute()
        return Decision(refusals)


def write_note(patron_id: int, entry_id: int, note: str) -> Decision:
    """Write another note, or none.  Raises NotThere."""
    with db.atomic():
        _existing(patron_id, entry_id)
        decision = decide_shelf_note(note)
        if decision.allowed:
            ShelfEntry.update(note=note).where(ShelfEntry.id == entry_id).execute()
        return decision


def move(patron_id: int, entry_id: int, step: Step, seen_at: int | None) -> None:
    """Let a title change places with the one before or behind it.  Raises NotThere.

    ``seen_at`` is the place at which the page showed it: where it stands at another by now, the click was
    sent twice or the list was changed elsewhere, and nothing moves.
    """
    with db.atomic():
        entry = _existing(patron_id, entry_id)
        if entry.place != seen_at:
            return
        up = step is Step.UP
        beyond = ShelfEntry.place < entry.place if up else ShelfEntry.place > entry.place
        order = ShelfEntry.place.desc() if up else ShelfEntry.place
        other = ShelfEntry.select().where(ShelfEntry.patron == patron_id, beyond).order_by(order).first()
        if other is not None:
            ShelfEntry.update(place=other.place).where(ShelfEntry.id == entry.id).execute()
            ShelfEntry.update(place=entry.place).where(ShelfEntry.id == other.id).execute()


def remove(patron_id: int, entry_id: int) -> None:
    """Take a title out of the list; what is out stays out.  Raises NotThere where it is another's."""
    with db.atomic():
        found = ShelfEntry.get_or_none(ShelfEntry.id == entry_id)
        if found is not None and found.patron_id != patron_id:
            raise NotThere
        ShelfEntry.delete().where(ShelfEntry.id == entry_id).execute()


def _existing(patron_id: int, entry_id: int) -> ShelfEntry:
    found = ShelfEntry.get_or_none(ShelfEntry.id == entry_id, ShelfEntry.patron == patron_id)
    if found is None:
        raise NotThere
    return found
