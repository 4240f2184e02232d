"""Mail that did not arrive: given up, listed for the desk, and told in another way.

Of such a message no more is kept than of one that is still to be sent, and why: a word and the number that
the mail server said, never its text, which may repeat the address.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import hold_shelf
from circulation import NotThere
from events import NO_NUMBER, note
from models import InstantField, Meta, Outbox, db
from rules import MAIL_KEPT_FOR, Channel, Policy

LONGEST = 100
_NEVER_HEARD_OF = timedelta(hours=1)  # claimed so long ago: whoever tried it was stopped in the middle


class Why(StrEnum):
    """Why a message did not arrive, or may not have."""

    NO_SUCH_ADDRESS = "no_such_address"
    MAILBOX_FULL = "mailbox_full"
    NOT_ALLOWED = "not_allowed"  # by what the other side thinks of the sender or of mail in general
    REFUSED = "refused"
    NOWHERE = "nowhere"  # there is no address
    UNSURE = "unsure"
    LATE = "late"
    UNWRITTEN = "unwritten"


# What the second and third figures of RFC 3463 mean, where a server says them: 5.1.1 and the like.
_SUBJECTS = (
    (re.compile(r"5\.1\.(0|1|2|3|4|6|10)$"), Why.NO_SUCH_ADDRESS),
    (re.compile(r"5\.2\.1$"), Why.NO_SUCH_ADDRESS),
    (re.compile(r"5\.2\.2$"), Why.MAILBOX_FULL),
    (re.compile(r"5\.7\.\d+$"), Why.NOT_ALLOWED),
)
_ENHANCED = re.compile(rb"\s*(5\.\d{1,3}\.\d{1,3})\b")


def refused(code: int, said: bytes) -> str:
    """Why a server refused a message for good: a word, its code, and the finer one that some servers say."""
    found = _ENHANCED.match(said)
    finer = found[1].decode() if found else ""
    word = next((word for pattern, word in _SUBJECTS if pattern.match(finer)), Why.REFUSED)
    return f"{word} {code} {finer}".rstrip()


def why(reason: str) -> Why:
    """What a row says of it, without the server's number."""
    return Why(reason.split(" ")[0])


def give_up(kinds: Sequence[str], now: datetime) -> None:
    """What could not go out for two days is not tried any more, nor is what was begun and never heard of.

    A link that was not sent in that time has died meanwhile: of it there is nothing to tell.
    """
    begun = Outbox.tried_at <= now - _NEVER_HEARD_OF
    late = Outbox.tried_at.is_null() & (Outbox.queued_at <= now - MAIL_KEPT_FOR)
    over = Outbox.kind.endswith("_link") & (Outbox.queued_at <= now - MAIL_KEPT_FOR)
    open_ = (Outbox.kind.in_(kinds), Outbox.reason == "")
    if not Outbox.select().where(*open_, begun | late).exists():
        return
    with db.atomic():
        Outbox.delete().where(*open_, over).execute()
        Outbox.update(reason=Why.UNSURE).where(*open_, begun).execute()
        Outbox.update(reason=Why.LATE).where(*open_, late).execute()


# A word that is still true: of a hold that is ready, and of a link that has not died.  That somebody is told
# of new arrivals is nobody else's business.
_OPEN = """
FROM outbox JOIN patron ON patron.id = outbox.patron_id
WHERE outbox.reason <> '' AND outbox.kind <> 'new_arrivals'
  AND (outbox.kind <> 'hold_ready' OR EXISTS (SELECT 1 FROM hold
    WHERE hold.patron_id = outbox.patron_id AND hold.closed_at IS NULL AND hold.state = 'ready'
      AND instr(',' || outbox.numbers || ',', ',' || hold.id || ',')))
  AND (outbox.kind NOT GLOB '*_link' OR EXISTS (SELECT 1 FROM ticket
    WHERE ticket.id = CAST(outbox.numbers AS INTEGER) AND ticket.expires_at > :now))
"""
_COUNT_SQL = f"SELECT count(*) {_OPEN}"
_LIST_SQL = f"""
SELECT outbox.id, outbox.kind, outbox.queued_at, outbox.tried_at, outbox.reason, patron.id,
  patron.kana_name, substr(patron.card_number, -4), patron.phone,
  (SELECT hold.pickup_branch FROM hold
   WHERE (outbox.kind GLOB 'hold_*' OR outbox.kind IN ('pickup_changed', 'request_declined'))
     AND hold.patron_id = outbox.patron_id
     AND instr(',' || outbox.numbers || ',', ',' || hold.id || ',') LIMIT 1)
{_OPEN} ORDER BY outbox.kind <> 'hold_ready', outbox.id LIMIT {LONGEST}
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message that did not arrive, with whom to tell.  Titles are not among it: it is read aloud by phone,
    and the patron's page has them."""

    id: int
    kind: str
    queued_at: datetime
    tried_at: datetime | None
    why: Why
    code: str
    patron_id: int
    kana_name: str
    card_end: str
    phone: str | None
    branch: str | None


def count(now: datetime) -> int:
    """How many messages there are of which somebody has to be told in another way."""
    return db.execute_sql(_COUNT_SQL, {"now": InstantField().db_value(now)}).fetchone()[0]


def undelivered(now: datetime) -> list[Undelivered]:
    """These messages, what waits on the hold shelf first, else the oldest."""
    rows = db.execute_sql(_LIST_SQL, {"now": InstantField().db_value(now)}).fetchall()
    return [
        Undelivered(
            *(id_, kind, datetime.fromisoformat(queued), tried and datetime.fromisoformat(tried)),
            *(why(reason), reason.partition(" ")[2]),
            *rest,
        )
        for id_, kind, queued, tried, reason, *rest in rows
    ]


def mark_told(policy: Policy, message_id: int, now: datetime, actor: str) -> bool:
    """Note that the patron has been told otherwise; of a hold that is ready the days of the shelf begin.

    Returns whether there was such a message still: somebody else may have told the patron meanwhile.
    """
    with db.atomic():
        owed = Outbox.get_or_none(Outbox.id == message_id, Outbox.reason != "")
        if owed is None:
            return False
        owed.delete_instance()
        if owed.kind == "hold_ready":
            for number in owed.numbers.split(","):
                # Put back, collected or cancelled meanwhile; or a row that made no sense.
                with suppress(NotThere, ValueError):
                    hold_shelf.mark_told(policy, int(number), now, actor)
        note("mail_told", NO_NUMBER, Channel.DESK, actor, now)
        return True


# -- the mail server ---------------------------------------------------------------------------------------

_REACHED, _AWAY = "mail_reached_at", "mail_away_since"  # keys of the table of small facts


@dataclass(frozen=True, slots=True)
class MailState:
    """How the mail fares: how many messages wait, since when and until when; when the server was reached
    last; since when it could not be, and why in one word."""

    waiting: int
    since: datetime | None
    next_at: datetime | None  # nothing: at once
    reached_at: datetime | None
    away_since: datetime | None
    trouble: str


def note_reached(now: datetime) -> None:
    """The mail server has answered."""
    with db.atomic():
        Meta.replace(key=_REACHED, value=now.isoformat()).execute()
        Meta.delete().where(Meta.key == _AWAY).execute()


def note_away(now: datetime, trouble: str) -> None:
    """There is no talking to the mail server; since when is kept, and why."""
    kept = Meta.get_or_none(Meta.key == _AWAY)
    since = kept.value.split(" ")[0] if kept else now.isoformat()
    if kept is None or kept.value != f"{since} {trouble}":
        Meta.replace(key=_AWAY, value=f"{since} {trouble}").execute()


def mail_state(kinds: Sequence[str], now: datetime) -> MailState:
    """How the mail fares, for the administrator."""
    waiting = list(
        Outbox.select(Outbox.queued_at, Outbox.next_at)
        .where(Outbox.kind.in_(kinds), Outbox.tried_at.is_null(), Outbox.reason == "")
        .order_by(Outbox.queued_at)
    )
    all_later = all(one.next_at is not None and one.next_at > now for one in waiting)
    kept = dict(Meta.select(Meta.key, Meta.value).where(Meta.key.in_([_REACHED, _AWAY])).tuples())
    since, _, trouble = kept.get(_AWAY, "").partition(" ")
    reached = kept.get(_REACHED)
    return MailState(
        waiting=len(waiting),
        since=waiting[0].queued_at if waiting else None,
        next_at=min((one.next_at for one in waiting), default=None) if all_later else None,
        reached_at=datetime.fromisoformat(reached) if reached else None,
        away_since=datetime.fromisoformat(since) if since else None,
        trouble=trouble,
    )
