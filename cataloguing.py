"""The verbs of the desk that change titles: add, change, hide, show, delete.  Pieces are in ``stock.py``.

As in ``circulation.py``: one verb a function, one transaction and one event each, decided by ``rules.py``.
Answering twice what was done already changes nothing and notes nothing.  The search index is brought up to
date in the transaction that changes what it holds.
"""

from dataclasses import dataclass, fields
from datetime import datetime

import holdings
import search_index
from circulation import NotThere
from events import NO_NUMBER, note
from models import Bib, CartEntry, Creator, Hold, Item, Loan, Serial, db
from rules import (
    Channel,
    CreatorEntry,
    Decision,
    Policy,
    TitleEntry,
    decide_title,
    decide_title_deletion,
    library_day,
)

_AS_TYPED = tuple(
    field.name for field in fields(TitleEntry) if field.name not in ("creators", "serial", "new_serial")
)
# What an import may have brought beside these, which is no longer true once its neighbour is another.
_BESIDE = {
    "subtitle": {"subtitle_kana": ""},
    "series": {"series_kana": ""},
    "pub_year": {"pub_month": None},
}


@dataclass(frozen=True, slots=True)
class TitleAnswer:
    """What became of a title.  ``again``: this very title was written down today already."""

    decision: Decision
    bib: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Stakes:
    """What goes with a title, in numbers; what is out or asked for keeps it from going."""

    items: int
    loans: int
    holds: int
    carts: int


def add_title(policy: Policy, entry: TitleEntry, now: datetime, actor: str) -> TitleAnswer:
    """A title enters the catalogue, still without a piece."""
    today = library_day(now)
    with db.atomic():
        again = _written_today(entry, now)
        if again is not None:
            return TitleAnswer(Decision(), again, again=True)
        decision = decide_title(policy, entry, today, _isbn_taken(entry))
        if not decision.allowed:
            return TitleAnswer(decision)
        bib = Bib.insert(added_on=today, serial=_serial(entry), **_columns(entry)).execute()
        _name_creators(bib, entry.creators)
        search_index.reindex(db, bib)
        note("title_added", NO_NUMBER, Channel.DESK, actor, now)
        return TitleAnswer(decision, bib)


def change_title(policy: Policy, bib_id: int, entry: TitleEntry, now: datetime, actor: str) -> Decision:
    """Write down anew what is known of a title.  Raises NotThere."""
    with db.atomic():
        bib = existing_title(bib_id)
        isbn_taken = entry.isbn != bib.isbn and _isbn_taken(entry)
        decision = decide_title(policy, entry, library_day(now), isbn_taken)
        if not decision.allowed:
            return decision
        columns = {**_columns(entry), "serial_id": _serial(entry)}
        differing = {name: value for name, value in columns.items() if getattr(bib, name) != value}
        for name in _BESIDE.keys() & differing.keys():
            differing |= _BESIDE[name]
        people = holdings.creators(bib_id) != list(entry.creators)
        if differing:
            Bib.update(differing).where(Bib.id == bib_id).execute()
        if people:
            _name_creators(bib_id, entry.creators)
        if differing or people:
            _forget_magazines_without_issues()
            search_index.reindex(db, bib_id)
            note("title_changed", NO_NUMBER, Channel.DESK, actor, now)
        return decision


def hide_title(bib_id: int, now: datetime, actor: str) -> None:
    """Patrons no longer find the title; what is out or on hold stays as it is."""
    _set_hidden(bib_id, True, "title_hidden", now, actor)


def show_title(bib_id: int, now: datetime, actor: str) -> None:
    """Patrons find the title again."""
    _set_hidden(bib_id, False, "title_shown", now, actor)


def stakes(bib_id: int) -> Stakes:
    """What would go with a title.  Raises NotThere."""
    existing_title(bib_id)
    lent = Loan.select().join(Item).where(Item.bib == bib_id, Loan.returned_at.is_null())
    return Stakes(
        items=Item.select().where(Item.bib == bib_id).count(),
        loans=lent.count(),
        holds=Hold.select().where(Hold.bib == bib_id, Hold.closed_at.is_null()).count(),
        carts=CartEntry.select().where(CartEntry.bib == bib_id).count(),
    )


def delete_title(bib_id: int, now: datetime, actor: str) -> Decision:
    """A title goes with its pieces.  Raises NotThere.

    Loans that ended name no patron any more, but they still name the piece, which would keep it here for
    ever: they go too.  How often something was lent stays counted in ``tally``, by month, branch, material
    and class.
    """
    with db.atomic():
        at_stake = stakes(bib_id)
        decision = decide_title_deletion(at_stake.loans, at_stake.holds)
        if decision.allowed:
            pieces = Item.select(Item.id).where(Item.bib == bib_id)
            Loan.delete().where(Loan.item.in_(pieces)).execute()
            # Open ones refuse this; of those that ended nobody sees any more what they were for.
            Hold.update(patron=None, bib=None).where(Hold.bib == bib_id).execute()
            Item.delete().where(Item.bib == bib_id).execute()
            Bib.delete().where(Bib.id == bib_id).execute()
            _forget_magazines_without_issues()
            search_index.reindex(db, bib_id)
            note("title_deleted", NO_NUMBER, Channel.DESK, actor, now)
        return decision


def existing_title(bib_id: int) -> Bib:
    """The title with this number, hidden or not.  Raises NotThere."""
    found = Bib.get_or_none(Bib.id == bib_id)
    if found is None:
        raise NotThere
    return found


def _columns(entry: TitleEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in _AS_TYPED}


def _isbn_taken(entry: TitleEntry) -> bool:
    """Whether this volume is there.  The volumes of a set may share one ISBN."""
    same = Bib.select().where(Bib.isbn == entry.isbn, Bib.volume == entry.volume)
    return entry.isbn is not None and same.exists()


def _written_today(entry: TitleEntry, now: datetime) -> int | None:
    """The same title in every word, written down today: a form that was sent twice."""
    serial = _known_serial(entry)
    if entry.new_serial and serial is None:
        return None
    asked = {**_columns(entry), "serial": serial, "added_on": library_day(now)}
    conditions = [
        getattr(Bib, name).is_null() if value is None else getattr(Bib, name) == value
        for name, value in asked.items()
    ]
    same = [number for (number,) in Bib.select(Bib.id).where(*conditions).tuples()]
    return next((number for number in same if holdings.creators(number) == list(entry.creators)), None)


def _known_serial(entry: TitleEntry) -> int | None:
    """The magazine that an issue names, if it is there."""
    named = Serial.title == entry.new_serial if entry.new_serial else Serial.id == entry.serial
    found = Serial.get_or_none(named)
    return found and found.id


def _serial(entry: TitleEntry) -> int | None:
    """The magazine of an issue, which begins with its first one."""
    known = _known_serial(entry)
    if known is None and entry.new_serial:
        return Serial.insert(title=entry.new_serial, publisher=entry.publisher).execute()
    if known is None and entry.serial is not None:
        raise NotThere
    return known


def _forget_magazines_without_issues() -> None:
    named = Bib.select(Bib.serial).where(Bib.serial.is_null(False))
    Serial.delete().where(Serial.id.not_in(named)).execute()


def _name_creators(bib_id: int, creators: tuple[CreatorEntry, ...]) -> None:
    """Who made a title.  A name in Latin letters that an import brought stays with its person."""
    people = Creator.select(Creator.name, Creator.roman).where(Creator.bib == bib_id)
    roman = dict(people.tuples())
    Creator.delete().where(Creator.bib == bib_id).execute()
    for place, one in enumerate(creators):
        Creator.insert(
            bib=bib_id,
            place=place,
            name=one.name,
            reading=one.reading,
            role=one.role,
            roman=roman.get(one.name, ""),
        ).execute()


def _set_hidden(bib_id: int, hidden: bool, kind: str, now: datetime, actor: str) -> None:
    with db.atomic():
        if existing_title(bib_id).hidden is not hidden:
            Bib.update(hidden=hidden).where(Bib.id == bib_id).execute()
            search_index.reindex(db, bib_id)
            note(kind, NO_NUMBER, Channel.DESK, actor, now)
