"""What is kept no longer: holds that ended, the record of what was done, logins and codes whose time is over,
and patrons who have not come for years.

As in ``circulation.py``: one verb a function, one transaction each, decided by ``rules.py``.  Each finds what
is over and leaves the rest, so a second run, or another process, finds none.
"""

import logging
from datetime import datetime, time

import patrons
from events import JOBS
from models import (
    Activation,
    Event,
    Hold,
    Loan,
    Login,
    Outbox,
    Patron,
    StaffLogin,
    Ticket,
    db,
)
from rules import (
    JAPAN,
    LONGEST_LOGIN,
    TOLD_WHILE_OPEN,
    Policy,
    first_kept_day,
    is_forgotten,
    last_known_day,
    library_day,
    month_of,
)
from standing import patron_facts

_AT_A_TIME = 500
_log = logging.getLogger("shiori.forgetting")


def forget_logins(now: datetime) -> None:
    """Delete logins whose longest time is over, and codes and links that are."""
    _delete(Login, Login.started_at < now - LONGEST_LOGIN)
    _delete(StaffLogin, StaffLogin.started_at < now - LONGEST_LOGIN)
    _delete(Activation, Activation.expires_at <= now)
    _delete(Ticket, Ticket.expires_at <= now)


def forget_ended_holds(policy: Policy, now: datetime) -> int:
    """Of holds that were not collected it is kept no longer whose they were and of what, once their days are
    over; a word that is still owed of what is over goes after as many.  Returns how many holds."""
    before = _start(first_kept_day(policy.privacy.ended_holds, library_day(now)))
    _delete(Outbox, (Outbox.queued_at < before) & Outbox.kind.not_in(TOLD_WHILE_OPEN))
    over = (Hold.closed_at < before) & Hold.patron.is_null(False)
    if not Hold.select().where(over).exists():
        return 0
    return Hold.update(patron=None, bib=None).where(over).execute()


def forget_events(policy: Policy, now: datetime) -> int:
    """Delete the record of what was done, once its time is over, with the loans and holds that it is of and
    that ended as long ago.  What was counted stays.  Returns how many events."""
    before = _start(first_kept_day(policy.privacy.events, library_day(now)))
    gone = _delete(Event, Event.at < before)
    _delete(Loan, Loan.returned_at < before)
    _delete(Hold, (Hold.closed_at < before) & Hold.patron.is_null())
    return gone


def forget_patrons(policy: Policy, now: datetime) -> int:
    """Delete every patron whose card has been neither good nor used for as long as the policy says, with all
    that is theirs.  Returns how many.  One that fails keeps no other back."""
    today, period = library_day(now), policy.card.forget_after
    if period is None:
        return 0
    day = first_kept_day(period, today)
    long_ago = Patron.select(Patron.id).where(
        Patron.added_on < day,
        Patron.card_expires_on.is_null() | (Patron.card_expires_on < day),
        Patron.last_used_in.is_null() | (Patron.last_used_in < month_of(day)),
    )
    gone = 0
    for patron in list(long_ago.order_by(Patron.id)):
        try:
            gone += _forget_patron(policy, patron.id, now)
        except Exception:
            _log.exception("a patron could not be forgotten")
    return gone


def _forget_patron(policy: Policy, patron_id: int, now: datetime) -> bool:
    """Look again inside the transaction: they may have come, or been deleted by another process."""
    with db.atomic():
        patron = Patron.get_or_none(Patron.id == patron_id)
        if patron is None:
            return False
        last = last_known_day(patron.card_expires_on, patron.last_used_in, patron.added_on)
        if not is_forgotten(policy, patron_facts(patron), last, library_day(now)):
            return False
        patrons.remove(policy, patron_id, now, JOBS, JOBS)
        return True


def _start(day) -> datetime:
    """The first moment of a day in the library."""
    return datetime.combine(day, time.min, JAPAN)


def _delete(table, over) -> int:
    """Delete the rows that are over, some hundred at a time, so that the desk can write in between.  Where
    there are none, and that is nearly always, nobody waits for it."""
    gone, number = 0, table._meta.primary_key
    while table.select().where(over).exists():
        some = table.select(number).where(over).limit(_AT_A_TIME)
        gone += table.delete().where(number.in_(some)).execute()
    return gone
