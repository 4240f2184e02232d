"""The record of changes: one event for each, written in the transaction that makes the change.

It says that something happened, when, by which way, and which of the staff did it; never to whom, never what.
"""

from datetime import datetime

from models import Event

PATRON = "patron"  # the actor of an event, never which one
NO_NUMBER = 0  # of an event about a patron, a title or a piece: that it happened, never to whom or what
JOBS = "jobs"  # the channel and the actor of what happens by itself


def note(kind: str, number: int, channel: str, actor: str, now: datetime) -> None:
    """The event of a change: that it happened, to which number; never to whom, never what."""
    Event.insert(kind=kind, at=now, channel=str(channel), actor=actor, number=number).execute()
