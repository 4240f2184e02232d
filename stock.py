"""The verbs of the desk that change pieces: add, change, withdraw, restore, call missing and found.

As in ``circulation.py``: one verb a function, one transaction and one event each, decided by ``rules.py``.
Answering twice what was done already changes nothing and notes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

import holdings
import search_index
from allocation import put_back
from cataloguing import existing_title
from circulation import NotThere
from events import NO_NUMBER, note
from models import Bib, Hold, Item, Patron, db
from rules import (
    Channel,
    Decision,
    ItemEntry,
    ItemState,
    Policy,
    decide_barcode,
    decide_item,
    decide_missing,
    decide_withdrawal,
    library_day,
)


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What became of a piece, and how many wait for its title."""

    decision: Decision
    item: int | None = None
    waiting: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True)
class MissingAnswer:
    """What became of a piece that cannot be found.  ``put_back``: whoever it was kept for waits again."""

    decision: Decision
    put_back: bool = False


def add_item(policy: Policy, bib_id: int, entry: ItemEntry, now: datetime, actor: str) -> ItemAnswer:
    """A title gets a piece.  Raises NotThere."""
    with db.atomic():
        bib = existing_title(bib_id)
        columns = _item_columns(entry)
        there = Item.get_or_none(Item.barcode == entry.barcode, Item.bib == bib_id)
        if there is not None and all(getattr(there, name) == value for name, value in columns.items()):
            return ItemAnswer(Decision(), there.id, holdings.waiting(bib_id), again=True)
        refusals = decide_barcode(policy, entry.barcode, *_knows(entry.barcode)).refusals
        refusals += decide_item(policy, entry).refusals
        if refusals:
            return ItemAnswer(Decision(refusals))
        item = Item.insert(bib=bib_id, added_on=library_day(now), **columns).execute()
        _is_ours_now(bib, entry)
        search_index.reindex(db, bib_id)
        note("item_added", NO_NUMBER, Channel.DESK, actor, now)
        return ItemAnswer(Decision(), item, holdings.waiting(bib_id))


def change_item(policy: Policy, item_id: int, entry: ItemEntry, now: datetime, actor: str) -> Decision:
    """Write down anew what is known of a piece, its branch and barcode too.  Raises NotThere."""
    with db.atomic():
        item = Item.get_or_none(Item.id == item_id)
        if item is None:
            raise NotThere
        refusals = decide_item(policy, entry).refusals
        if entry.barcode != item.barcode:
            refusals = decide_barcode(policy, entry.barcode, *_knows(entry.barcode)).refusals + refusals
        columns = _item_columns(entry)
        differing = {name: value for name, value in columns.items() if getattr(item, name) != value}
        if not refusals and differing:
            Item.update(differing).where(Item.id == item_id).execute()
            _is_ours_now(existing_title(item.bib_id), entry)
            search_index.reindex(db, item.bib_id)
            note("item_changed", NO_NUMBER, Channel.DESK, actor, now)
        return Decision(refusals)


def withdraw(item_id: int, now: datetime, actor: str) -> Decision:
    """除籍: the piece leaves the stock; what was written down of it stays.  Raises NotThere."""
    with db.atomic():
        copy = existing_piece(item_id)
        decision = decide_withdrawal(copy.facts)
        if decision.allowed and copy.state is not ItemState.WITHDRAWN:
            _set_state(item_id, ItemState.WITHDRAWN, "item_withdrawn", now, actor)
        return decision


def restore(item_id: int, now: datetime, actor: str) -> None:
    """A piece that was withdrawn is in stock again.  Raises NotThere."""
    with db.atomic():
        if existing_piece(item_id).state is ItemState.WITHDRAWN:
            _set_state(item_id, ItemState.IN_STOCK, "item_restored", now, actor)


def mark_missing(item_id: int, now: datetime, actor: str) -> MissingAnswer:
    """A piece cannot be found.  Lent, it stays lent: its borrower says it is lost.  Raises NotThere.

    Whoever it was set aside for waits again, at the place that follows from when they asked.
    """
    with db.atomic():
        copy = existing_piece(item_id)
        decision = decide_missing(copy.facts)
        if not decision.allowed or copy.state is ItemState.MISSING:
            return MissingAnswer(decision)
        kept_for = Hold.get_or_none(Hold.item == item_id, Hold.closed_at.is_null())
        if kept_for is not None:
            put_back(kept_for, now, Channel.DESK, actor)
        _set_state(item_id, ItemState.MISSING, "item_missing", now, actor)
        return MissingAnswer(decision, kept_for is not None)


def mark_found(item_id: int, now: datetime, actor: str) -> Decision:
    """A piece that was missing is here again; where it was lent, it still is.  Raises NotThere."""
    with db.atomic():
        copy = existing_piece(item_id)
        decision = decide_missing(copy.facts)
        if copy.state is ItemState.MISSING:
            _set_state(item_id, ItemState.IN_STOCK, "item_found", now, actor)
        return decision


def existing_piece(item_id: int) -> holdings.Copy:
    """The piece with this number.  Raises NotThere."""
    found = holdings.copy(item_id)
    if found is None:
        raise NotThere
    return found


def _item_columns(entry: ItemEntry) -> dict[str, object]:
    return {
        "barcode": entry.barcode,
        "branch": entry.branch,
        "call_number": entry.call_number,
        "tags": "\n".join(dict.fromkeys(entry.tags)),
        "not_for_loan": entry.not_for_loan,
        "interlibrary": entry.interlibrary,
        "volumes": entry.volumes,
    }


def _knows(barcode: str) -> tuple[bool, bool]:
    """Whether a piece has this barcode, and whether somebody has a card with this number."""
    return (
        Item.select().where(Item.barcode == barcode).exists(),
        Patron.select().where(Patron.card_number == barcode).exists(),
    )


def _is_ours_now(bib: Bib, entry: ItemEntry) -> None:
    """A title that somebody asked for, once the library has a piece of its own, is one like any other."""
    if bib.requested and not entry.interlibrary:
        Bib.update(requested=False, hidden=False).where(Bib.id == bib.id).execute()


def _set_state(item_id: int, state: ItemState, kind: str, now: datetime, actor: str) -> None:
    """With its new state a piece stands on no hold shelf any more."""
    Item.update(state=state, to_shelve_at=None).where(Item.id == item_id).execute()
    search_index.reindex(db, Item.get_by_id(item_id).bib_id)
    note(kind, NO_NUMBER, Channel.DESK, actor, now)
