"""The record of changes: one event for each, written in the transaction that makes the change.

It says that something happened, when, by which way, and which of the staff did it; never to whom, never what.
"""

from collections.abc import Sequence
from datetime import datetime

from models import InstantField, db
from rules import Overrulable, Overruling

PATRON = "patron"  # the actor of an event, never which one
NO_NUMBER = 0  # of an event about a patron, a title or a piece: that it happened, never to whom or what
JOBS = "jobs"  # the channel and the actor of what happens by itself

# Written with every change, at every scan.
_NOTE_SQL = """
INSERT INTO event (kind, at, channel, actor, number, overruled, remark) VALUES (?, ?, ?, ?, ?, ?, ?)
"""


def note(
    kind: str,
    number: int,
    channel: str,
    actor: str,
    now: datetime,
    overruled: Sequence[Overrulable] = (),
    overruling: Overruling | None = None,
) -> None:
    """The event of a change: that it happened, to which number; never to whom, never what.

    Of an exception also what was overruled, and why; where nothing was, the remark is not kept either.
    """
    why = overruling.remark if overruled and overruling else ""
    row = (kind, InstantField().db_value(now), str(channel), actor, number, ",".join(overruled), why)
    db.execute_sql(_NOTE_SQL, row)
