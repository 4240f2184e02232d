"""The verbs of the hold shelf: its patrons are told, slips changed, holds put back, and what was not
collected is cleared.

As in ``circulation.py``: one verb a function, one transaction each, decided by ``rules.py``.
"""

import logging
from datetime import date, datetime

import allocation
import mail
from allocation import expire, pass_on
from circulation import NotThere
from events import JOBS, note
from models import Hold, Item, db
from opening import Calendar
from rules import (
    QUEUED_HOLD_STATES,
    Channel,
    Contact,
    Decision,
    HoldState,
    Policy,
    ShelfFacts,
    collect_by,
    decide_putting_back,
    ends_uncollected,
    ends_unserved,
    library_day,
)

_log = logging.getLogger("shiori.hold_shelf")


def last_day_told(policy: Policy, hold: Hold, day: date) -> date | None:
    """The last day of a ready hold whose patron is told on this day, if no other has been named already."""
    if hold.collect_by is not None:
        return hold.collect_by
    facts = _facts(hold, told_on=day)
    return collect_by(policy, facts, Calendar(policy, hold.ready_on).of(facts.branch))


def mark_told(
    policy: Policy, hold_id: int, now: datetime, actor: str, channel: Channel | str = Channel.DESK
) -> date | None:
    """Note that the patron of a ready hold has been told today; from this day on the shelf is counted.

    Once counted, it is not counted anew.  Returns the last day.  Raises NotThere.
    """
    with db.atomic():
        hold = Hold.get_or_none(Hold.id == hold_id, Hold.state == HoldState.READY)
        if hold is None:
            raise NotThere
        if hold.collect_by is None:
            hold.collect_by = last_day_told(policy, hold, library_day(now))
            if hold.collect_by is not None:
                hold.save(only=[Hold.collect_by])
                note("hold_told", hold_id, channel, actor, now)
        mail.told_otherwise(hold.patron_id, hold_id)
        return hold.collect_by


def change_slip(hold_id: int) -> None:
    """The piece that is kept for a hold has its own slip now.  Raises NotThere."""
    with db.atomic():
        if not Hold.select().where(Hold.id == hold_id, Hold.item.is_null(False)).exists():
            raise NotThere
        Hold.update(slip_due=False).where(Hold.id == hold_id).execute()


def put_back(hold_id: int, now: datetime, actor: str) -> Decision:
    """A hold that has a piece waits again, in the place that its request gives it; the piece is kept for
    nobody any more and is to be shelved.  One that waits already stays as it is.  Raises NotThere."""
    with db.atomic():
        hold = Hold.get_or_none(Hold.id == hold_id, Hold.closed_at.is_null())
        if hold is None:
            raise NotThere
        decision = decide_putting_back(hold.state)
        if decision.allowed and hold.item_id is not None:
            Item.update(to_shelve_at=hold.pickup_branch).where(Item.id == hold.item_id).execute()
            allocation.put_back(hold, now, Channel.DESK, actor)
        return decision


def clear(policy: Policy, now: datetime) -> list[int]:
    """End the ready holds that were not collected in time, each by itself; its piece goes to whoever waits
    next, with a full new period, or is to be shelved.  Nothing ends on a day on which its branch is closed.
    Holds that wait and are not wanted any more end first.

    Returns their numbers; a second run finds none.  One that fails keeps no other back.
    """
    today = library_day(now)
    unwanted = Hold.state.in_(QUEUED_HOLD_STATES) & Hold.needed_by.is_null(False)
    may_end = Hold.select(Hold.id).where(unwanted | (Hold.state == HoldState.READY))
    holds = list(may_end.order_by(Hold.state == HoldState.READY, Hold.collect_by, Hold.id))
    calendar = Calendar(policy, today) if holds else None
    ended = []
    for hold in holds:
        try:
            if _end(policy, hold.id, calendar, now):
                ended.append(hold.id)
        except Exception:
            _log.exception("hold %s could not be ended", hold.id)
    return ended


def _end(policy: Policy, hold_id: int, calendar: Calendar, now: datetime) -> bool:
    today = library_day(now)
    with db.atomic():
        hold = Hold.get_or_none(Hold.id == hold_id, Hold.closed_at.is_null())
        if hold is None:
            return False
        if hold.state is HoldState.READY:
            opening = calendar.of(hold.pickup_branch)
            ends = ends_uncollected(policy, _facts(hold), today, opening)
        else:
            ends = hold.state in QUEUED_HOLD_STATES and ends_unserved(hold.needed_by, today)
        if not ends:
            return False
        expire(hold, now, JOBS, JOBS)
        pass_on(policy, hold, now, JOBS, JOBS)
        return True


def _facts(hold: Hold, told_on: date | None = None) -> ShelfFacts:
    return ShelfFacts(
        Contact(hold.contact),
        hold.pickup_branch,
        hold.ready_on,
        told_on=told_on,
        collect_by=hold.collect_by,
        needed_by=hold.needed_by,
    )
