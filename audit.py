"""Reads who did what at the desk, and what happened otherwise: the events, newest first.

No title and no patron is shown: a number only where it is that of a loan or a hold.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from events import JOBS
from models import InstantField, db
from rules import JAPAN, Channel, Overrulable

LONGEST = 200
_LOANS_AND_HOLDS = ("loan_", "hold_", "pickup_", "deadline_")  # how the kinds begin that number these

_EVENTS_SQL = """
SELECT event.kind, event.at, event.channel, event.actor, staff.name, event.number,
  event.overruled, event.remark
FROM event LEFT JOIN staff ON CAST(staff.id AS TEXT) = event.actor
WHERE (:actor IS NULL OR event.actor = :actor)
  AND (:since IS NULL OR event.at >= :since AND event.at < :until)
ORDER BY event.id DESC LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event.  ``channel`` is None for what happened by itself, ``staff`` is who of them did it; of an
    exception, what was overruled and why."""

    kind: str
    at: datetime
    channel: Channel | None
    actor: str
    staff: str | None
    number: int | None
    overruled: tuple[Overrulable, ...] = ()
    remark: str = ""


def entries(actor: str | None = None, day: date | None = None) -> list[Entry]:
    """The last events, of one actor or of one day in Japan where these are given."""
    midnight = datetime.combine(day, time(), JAPAN) if day else None
    instant = InstantField().db_value
    asked = {
        "actor": actor,
        "since": instant(midnight),
        "until": instant(midnight and midnight + timedelta(days=1)),
        "most": LONGEST,
    }
    return [
        Entry(
            *(kind, _in_japan(at), _channel(channel), actor, name, _number(kind, number)),
            tuple(Overrulable(word) for word in overruled.split(",") if word),
            remark,
        )
        for kind, at, channel, actor, name, number, overruled, remark in db.execute_sql(_EVENTS_SQL, asked)
    ]


def _in_japan(stored: str) -> datetime:
    return datetime.fromisoformat(stored).astimezone(JAPAN)


def _number(kind: str, number: int) -> int | None:
    return number if kind.startswith(_LOANS_AND_HOLDS) else None


def _channel(stored: str) -> Channel | None:
    return None if stored == JOBS else Channel(stored)
