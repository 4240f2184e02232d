"""The verbs that change loans and holds.

One verb a function, one transaction each: read again, decide by ``rules.py``, write, owe the mail, note one
event.  Pages, the desk, jobs and commands all call these; nobody else writes to these tables.  A refusal is
an answer with its reasons; only what is not there, or is another's, is an exception (``NotThere``).
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import mail
from catalogue import titles
from models import CartEntry, Event, Hold, Loan, Patron, db
from opening import Calendar
from rules import (
    BibFacts,
    Channel,
    Decision,
    HoldState,
    Policy,
    Reason,
    Refusal,
    RenewalDecision,
    decide_cancel,
    decide_hold,
    decide_pickup,
    decide_pickup_change,
    decide_renewal,
    library_day,
    plan_cart,
)
from standing import patron_facts

PATRON = "patron"  # the actor of an event, never which one


class NotThere(Exception):
    """There is no such thing, or it is somebody else's; the two are answered alike."""


@dataclass(frozen=True, slots=True)
class HoldAnswer:
    """What became of one title: the decision, and the number of the hold where one was made."""

    bib: int
    decision: Decision
    hold: int | None = None


@dataclass(frozen=True, slots=True)
class RenewalAnswer:
    """What became of one loan.  ``already`` means that this very request had been carried out before."""

    loan: int
    decision: RenewalDecision
    due_on: date
    already: bool = False


def place_hold(
    policy: Policy,
    patron_id: int,
    bib_id: int,
    pickup: str | None,
    contact: str | None,
    channel: Channel,
    now: datetime,
    actor: str = PATRON,
) -> HoldAnswer:
    """Register one hold, at the end of the title's queue."""
    with db.atomic():
        patron = _patron(patron_id)
        facts = _bib_facts(bib_id)
        decision = decide_hold(policy, patron_facts(patron), facts, channel, library_day(now))
        decision = Decision(decision.refusals + decide_pickup(policy, pickup, contact).refusals)
        if not decision.allowed:
            return HoldAnswer(bib_id, decision)
        hold = _insert_hold(patron, bib_id, pickup, contact, channel, now, actor)
        mail.queue("hold_registered", patron_id, [hold], now)
        return HoldAnswer(bib_id, decision, hold)


def submit_cart(
    policy: Policy,
    patron_id: int,
    pickup: str | None,
    contact: str | None,
    channel: Channel,
    now: datetime,
    actor: str = PATRON,
) -> list[HoldAnswer]:
    """Register what fits of a patron's cart, in its order; the rest stays in it, each with its reasons.

    One message tells of all holds that were made.  An empty cart gives an empty answer, so sending the same
    form twice makes nothing twice.
    """
    with db.atomic():
        patron = _patron(patron_id)
        in_cart = cart_of(patron_id)
        form = decide_pickup(policy, pickup, contact)
        found = {title.id: title.facts for title in titles(in_cart)}
        facts = [found.get(bib, BibFacts(bib, "")) for bib in in_cart]
        plan = plan_cart(policy, patron_facts(patron), facts, channel, library_day(now))
        answers = []
        for bib, decision in zip(in_cart, plan, strict=True):
            decision = Decision(decision.refusals + form.refusals)
            hold = None
            if decision.allowed:
                hold = _insert_hold(patron, bib, pickup, contact, channel, now, actor)
                CartEntry.delete().where(CartEntry.patron == patron_id, CartEntry.bib == bib).execute()
            answers.append(HoldAnswer(bib, decision, hold))
        placed = [answer.hold for answer in answers if answer.hold is not None]
        if placed:
            mail.queue("hold_registered", patron_id, placed, now)
        return answers


def cancel_hold(
    policy: Policy, patron_id: int, hold_id: int, channel: Channel, now: datetime, actor: str = PATRON
) -> Decision:
    """Cancel an open hold of this patron where the policy lets this way do it; the queue closes up."""
    with db.atomic():
        hold = _open_hold(patron_id, hold_id)
        decision = decide_cancel(policy, hold.state, channel)
        if decision.allowed:
            # Nobody needs to know any more who wanted what.
            Hold.update(state=HoldState.CANCELLED, closed_at=now, patron=None, bib=None, item=None).where(
                Hold.id == hold_id
            ).execute()
            _note("hold_cancelled", hold_id, channel, actor, now)
        return decision


def change_pickup(
    policy: Policy,
    patron_id: int,
    hold_id: int,
    branch_id: str | None,
    channel: Channel,
    now: datetime,
    actor: str = PATRON,
) -> Decision:
    """Have an open hold of this patron kept at another branch."""
    with db.atomic():
        hold = _open_hold(patron_id, hold_id)
        refusals = decide_pickup_change(policy, hold.state, channel).refusals
        if policy.branch(branch_id or "") is None:
            refusals += (Refusal(Reason.UNKNOWN_PICKUP),)
        if not refusals and hold.pickup_branch != branch_id:
            hold.pickup_branch = branch_id
            hold.save(only=[Hold.pickup_branch])
            _note("pickup_changed", hold.id, channel, actor, now)
        return Decision(refusals)


def renew(
    policy: Policy,
    patron_id: int,
    loan_id: int,
    channel: Channel,
    now: datetime,
    seen: int | None = None,
    actor: str = PATRON,
) -> RenewalAnswer:
    """Renew one open loan of this patron.

    ``seen`` is how often the loan had been renewed when the patron looked at it.  If it has been renewed
    since, the request is an echo of one that was carried out: it is answered as done and changes nothing.
    """
    with db.atomic():
        patron = patron_facts(_patron(patron_id))
        loan = next((loan for loan in patron.loans if loan.number == loan_id), None)
        if loan is None:
            raise NotThere
        if seen is not None and seen < loan.renewals:
            return RenewalAnswer(loan_id, RenewalDecision((), loan.due_on), loan.due_on, already=True)
        today = library_day(now)
        opening = Calendar(policy, today).of(loan.branch)
        decision = decide_renewal(policy, patron, loan, channel, today, opening)
        if not decision.allowed:
            return RenewalAnswer(loan_id, decision, loan.due_on)
        Loan.update(due_on=decision.due_on, renewals=Loan.renewals + 1).where(Loan.id == loan_id).execute()
        _note("loan_renewed", loan_id, channel, actor, now)
        return RenewalAnswer(loan_id, decision, decision.due_on)


def renew_chosen(
    policy: Policy, patron_id: int, chosen: Mapping[int, int | None], channel: Channel, now: datetime
) -> tuple[list[RenewalAnswer], int]:
    """Renew several loans, each by itself: one that cannot be renewed does not keep the others back.

    ``chosen`` gives for each loan how often it had been renewed when the patron looked, if known.  Returns
    the answers, and how many were returned meanwhile.  With a loan of somebody else none is: NotThere.
    """
    known = {
        number: returned_at
        for number, returned_at in Loan.select(Loan.id, Loan.returned_at)
        .where(Loan.id.in_(list(chosen)), (Loan.patron == patron_id) | Loan.returned_at.is_null(False))
        .tuples()
    }
    if not chosen or known.keys() != chosen.keys():
        raise NotThere
    answers = []
    for loan_id, seen in chosen.items():
        with contextlib.suppress(NotThere):
            answers.append(renew(policy, patron_id, loan_id, channel, now, seen))
    return answers, len(chosen) - len(answers)


def put_in_cart(patron_id: int, bib_ids: Sequence[int], now: datetime) -> None:
    """Add titles to the end of a patron's cart; those that are in it keep their place."""
    with db.atomic():
        there = {title.id for title in titles(bib_ids)}
        for bib_id in bib_ids:
            if bib_id in there:
                CartEntry.insert(patron=patron_id, bib=bib_id, added_at=now).on_conflict_ignore().execute()


def take_from_cart(patron_id: int, bib_id: int) -> None:
    with db.atomic():
        CartEntry.delete().where(CartEntry.patron == patron_id, CartEntry.bib == bib_id).execute()


def cart_of(patron_id: int) -> list[int]:
    """The titles in a patron's cart, in the order in which they were put there."""
    query = CartEntry.select(CartEntry.bib).where(CartEntry.patron == patron_id).order_by(CartEntry.id)
    return [bib for (bib,) in query.tuples()]


def _patron(patron_id: int) -> Patron:
    patron = Patron.get_or_none(Patron.id == patron_id)
    if patron is None:
        raise NotThere
    return patron


def _bib_facts(bib_id: int) -> BibFacts:
    found = titles([bib_id])
    if not found:
        raise NotThere
    return found[0].facts


def _open_hold(patron_id: int, hold_id: int) -> Hold:
    hold = Hold.get_or_none(Hold.id == hold_id, Hold.patron == patron_id, Hold.closed_at.is_null())
    if hold is None:
        raise NotThere
    return hold


def _insert_hold(
    patron: Patron, bib_id: int, pickup: str, contact: str, channel: Channel, now: datetime, actor: str
) -> int:
    hold = Hold.insert(
        bib=bib_id,
        patron=patron.id,
        state=HoldState.WAITING,
        channel=channel.value,
        pickup_branch=pickup,
        contact=contact,
        requested_at=now,
    ).execute()
    Patron.update(pickup_branch=pickup).where(Patron.id == patron.id).execute()
    _note("hold_placed", hold, channel, actor, now)
    return hold


def _note(kind: str, number: int, channel: Channel, actor: str, now: datetime) -> None:
    """The event of a change: that it happened, to which number; never to whom, never what."""
    Event.insert(kind=kind, at=now, channel=channel.value, actor=actor, number=number).execute()
