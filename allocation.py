"""Which hold a piece goes to: set aside where it will be collected, sent on its way there, passed on when a
hold ends, or left to be shelved where nobody waits.

These run inside the transaction of the verb that calls them: a return, a loan, a cancellation, the night's
jobs.  A piece that was set aside shows free to nobody in between.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

import mail
import tallies
from catalogue import NEWEST_ISSUE_SQL, item_facts
from events import note
from models import QUEUED, Hold, Item, db
from opening import Calendar
from requested import let_go
from rules import (
    TOLD_WHILE_OPEN,
    Channel,
    Contact,
    HoldState,
    ItemFacts,
    Policy,
    ShelfFacts,
    collect_by,
    library_day,
    serves_holds,
)

# All that a scan asks about a piece, in one statement.
_PIECE = f"""
SELECT item.id, b.id, b.material, {NEWEST_ISSUE_SQL},
  item.branch, item.call_number, item.tags, item.state, item.not_for_loan, item.interlibrary, item.volumes,
  item.added_on, loan.due_on, hold.id IS NOT NULL,
  loan.id, loan.patron_id,
  hold.id, hold.patron_id, hold.state, hold.pickup_branch, hold.collect_by, loan.due_by,
  item.to_shelve_at IS NOT NULL, coalesce(hold.slip_due, 0),
  item.send_back_by,
  (SELECT count(*) FROM hold AS queued WHERE queued.bib_id = b.id AND queued.closed_at IS NULL
     AND queued.state IN {QUEUED})
FROM item JOIN bib AS b ON b.id = item.bib_id
  LEFT JOIN loan ON loan.item_id = item.id AND loan.returned_at IS NULL
  LEFT JOIN hold ON hold.item_id = item.id AND hold.closed_at IS NULL
"""  # noqa: S608 - made of constants
_BY_BARCODE_SQL = f"{_PIECE} WHERE item.barcode = ?"
_BY_NUMBER_SQL = f"{_PIECE} WHERE item.id = ?"

_NEXT_SQL = """
SELECT id FROM hold WHERE bib_id = ? AND state = 'waiting'
  AND (paused_until IS NULL OR paused_until < ?)
ORDER BY requested_at, id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece with the loan and the hold that it is bound to; whether it stands on a hold shelf for nobody,
    or for somebody whom its slip does not name."""

    item: int
    bib: int
    facts: ItemFacts
    loan: int | None
    borrower: int | None
    hold: int | None
    holder: int | None
    hold_state: HoldState | None
    pickup: str | None
    collect_by: date | None
    due_by: time | None
    to_shelve: bool
    slip_due: bool
    waiting: int  # how many wait for the title


def piece_with_barcode(barcode: str) -> Piece | None:
    return _piece(_BY_BARCODE_SQL, barcode)


def piece_with(number: int) -> Piece | None:
    return _piece(_BY_NUMBER_SQL, number)


def allocate(
    policy: Policy, piece: Piece, branch: str, now: datetime, channel: Channel | str, actor: str
) -> int | None:
    """Give a piece that lies at a branch to the hold that it is for: the one it is set aside for, else the
    first that waits.  Returns its number, or None.

    At the branch where it will be collected it is ready; elsewhere it goes on its way there.
    """
    hold_id = piece.hold
    if hold_id is None:
        if not serves_holds(policy, piece.facts, library_day(now)):
            return None
        hold_id = _next(piece.bib, now)
        if hold_id is None:
            return None
    elif piece.hold_state is HoldState.READY:
        return hold_id
    hold = Hold.get_by_id(hold_id)
    if hold.pickup_branch != branch:
        _send(hold, piece.item, branch, now, channel, actor)
        return hold_id
    hold.state, hold.item, hold.ready_on, hold.sent_from = (
        HoldState.READY,
        piece.item,
        library_day(now),
        None,
    )
    facts = ShelfFacts(Contact(hold.contact), branch, hold.ready_on, needed_by=hold.needed_by)
    hold.collect_by = collect_by(policy, facts, Calendar(policy, hold.ready_on).of(branch))
    hold.save(only=[Hold.state, Hold.item, Hold.ready_on, Hold.collect_by, Hold.sent_from])
    mail.queue("hold_ready", hold.patron_id, [hold_id], now, each_time=True)
    note("hold_ready", hold_id, channel, actor, now)
    return hold_id


def end_hold(hold: Hold, state: HoldState, now: datetime, channel: Channel | str, actor: str) -> None:
    """Close a hold.  Of one that was collected nobody needs to know any more who wanted what; another its
    patron still sees for some days (``forgetting.py``).  What only this one asked for goes."""
    gone = {"item": None, "sent_from": None, "address": None, "slip_due": False}
    if state is HoldState.COLLECTED:
        gone |= {"patron": None, "bib": None}
    Hold.update(state=state, closed_at=now, **gone).where(Hold.id == hold.id).execute()
    mail.take_back(TOLD_WHILE_OPEN, hold.patron_id, hold.id)
    let_go(hold.bib_id)
    note(f"hold_{state}", hold.id, channel, actor, now)


def put_back(hold: Hold, now: datetime, channel: Channel | str, actor: str) -> None:
    """A hold that has a piece waits again, in the place that its request gives it."""
    hold.state, hold.item, hold.ready_on, hold.collect_by = HoldState.WAITING, None, None, None
    hold.extended, hold.sent_from, hold.slip_due, hold.reminded_for = 0, None, False, None
    hold.save()
    note("hold_put_back", hold.id, channel, actor, now)


def expire(hold: Hold, now: datetime, channel: Channel | str, actor: str) -> None:
    """End a hold that was not collected in time, and owe its patron a word of it."""
    address = hold.address.address if hold.address else None
    tallies.count("hold_expired", hold.pickup_branch, now, hold.bib_id)
    end_hold(hold, HoldState.EXPIRED, now, channel, actor)
    mail.queue("hold_expired", hold.patron_id, [hold.id], now, address=address)


def pass_on(policy: Policy, ended: Hold, now: datetime, channel: Channel | str, actor: str) -> int | None:
    """The piece that was set aside for a hold, as it was before it ended, goes to whoever waits next.

    Nobody has it in hand at this moment, so its slip is to be changed.  Where nobody waits it is to be
    shelved.  Returns the number of the next hold, or None.
    """
    if ended.item_id is None:
        return None
    piece = piece_with(ended.item_id)
    if ended.state is HoldState.READY:
        next_id = allocate(policy, piece, ended.pickup_branch, now, channel, actor)
    else:
        next_id = _divert(policy, piece, ended.sent_from, now, channel, actor)
    if next_id is None:
        Item.update(to_shelve_at=ended.pickup_branch).where(Item.id == piece.item).execute()
    else:
        Hold.update(slip_due=True).where(Hold.id == next_id).execute()
    return next_id


def _divert(
    policy: Policy, piece: Piece, sent_from: str | None, now: datetime, channel: Channel | str, actor: str
) -> int | None:
    """A piece that is on its way goes on to the next hold; where it arrives it is ready, or sent further."""
    hold_id = _next(piece.bib, now)
    if hold_id is None or not serves_holds(policy, piece.facts, library_day(now)):
        return None
    _send(Hold.get_by_id(hold_id), piece.item, sent_from, now, channel, actor)
    return hold_id


def _next(bib: int, now: datetime) -> int | None:
    """The hold that has waited longest and is not to be passed over today."""
    row = db.execute_sql(_NEXT_SQL, (bib, library_day(now).isoformat())).fetchone()
    return row[0] if row else None


def _send(
    hold: Hold, item: int, sent_from: str | None, now: datetime, channel: Channel | str, actor: str
) -> None:
    on_its_way = hold.state is HoldState.IN_TRANSIT
    hold.state, hold.item, hold.sent_from = HoldState.IN_TRANSIT, item, sent_from
    hold.save(only=[Hold.state, Hold.item, Hold.sent_from])
    if not on_its_way:
        note("hold_in_transit", hold.id, channel, actor, now)


def _piece(sql: str, asked: str | int) -> Piece | None:
    row = next(iter(db.execute_sql(sql, (asked,))), None)
    if row is None:
        return None
    item, bib, material, newest = row[:4]
    state = HoldState(row[18]) if row[18] else None
    last = date.fromisoformat(row[20]) if row[20] else None
    due_by = time.fromisoformat(row[21]) if row[21] else None
    to_shelve, slip_due = bool(row[22]), bool(row[23])
    facts = item_facts(material, bool(newest), *row[4:14], send_back_by=row[24])
    return Piece(item, bib, facts, *row[14:18], state, row[19], last, due_by, to_shelve, slip_due, row[25])
