"""What a test looks up in the tables afterwards."""

from events import NO_NUMBER
from models import Event, Item, Outbox


def barcode(bib: int, n: int = 0) -> str:
    """The barcode of a piece of the title, the first one if no other is meant."""
    return Item.select().where(Item.bib == bib).order_by(Item.id)[n].barcode


def kinds() -> list[str]:
    """What happened, in order."""
    return [kind for (kind,) in Event.select(Event.kind).order_by(Event.id).tuples()]


def kinds_without_numbers() -> list[str]:
    """What happened, in order; about a title or a piece never which."""
    about = Event.select(Event.kind, Event.number).order_by(Event.id).tuples()
    assert all(number == NO_NUMBER for kind, number in about if not kind.startswith("hold_"))
    return [kind for kind, _ in about]


def owed() -> list[str]:
    """The messages that are owed, in order."""
    return [kind for (kind,) in Outbox.select(Outbox.kind).order_by(Outbox.id).tuples()]
