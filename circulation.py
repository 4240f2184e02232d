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
import tallies
from allocation import end_hold, pass_on
from catalogue import titles
from events import JOBS, PATRON, note
from models import CartEntry, Hold, Loan, Patron, db, note_use, patron_with
from opening import Calendar
from rules import (
    BibFacts,
    Channel,
    Decision,
    ExtensionDecision,
    HoldState,
    HoldTiming,
    Occasion,
    Overrulable,
    Overruling,
    Policy,
    Reason,
    Refusal,
    RenewalDecision,
    decide_cancel,
    decide_extension,
    decide_hold,
    decide_overruling,
    decide_pickup,
    decide_pickup_change,
    decide_renewal,
    decide_timing,
    first_state,
    library_day,
    month_of,
    plan_cart,
    registration_at,
    what_is_overruled,
)
from standing import holds_of, patron_facts


class NotThere(Exception):
    """There is no such thing, or it is somebody else's; the two are answered alike."""


@dataclass(frozen=True, slots=True)
class HoldAnswer:
    """What became of one title: the decision, and the number of the hold where one was made.  ``overruled``:
    what was overruled for it."""

    bib: int
    decision: Decision
    hold: int | None = None
    overruled: tuple[Overrulable, ...] = ()


@dataclass(frozen=True, slots=True)
class RenewalAnswer:
    """What became of one loan.  ``already`` means that this very request had been carried out before."""

    loan: int
    decision: Decision
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
    overruling: Overruling | None = None,
) -> HoldAnswer:
    """Register one hold, at the end of the title's queue; an exception made at the desk changes no place."""
    with db.atomic():
        patron = existing_patron(patron_id)
        facts = bib_facts(bib_id)
        occasion = Occasion(channel, now, pickup)
        refused = decide_hold(policy, patron_facts(patron), facts, occasion)
        stands = decide_overruling(policy, refused, overruling).refusals
        decision = Decision(stands + decide_pickup(policy, pickup, contact, occasion).refusals)
        if not decision.allowed:
            return HoldAnswer(bib_id, decision)
        state, overruled = first_state(policy, occasion), what_is_overruled(refused)
        hold = insert_hold(patron, bib_id, state, pickup, contact, channel, now, actor, overruled, overruling)
        mail.queue("hold_registered", patron_id, [hold], now)
        return HoldAnswer(bib_id, decision, hold, overruled)


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
        patron = existing_patron(patron_id)
        in_cart = cart_of(patron_id)
        occasion = Occasion(channel, now, pickup)
        form = decide_pickup(policy, pickup, contact, occasion)
        found = {title.id: title.facts for title in titles(in_cart)}
        facts = [found.get(bib, BibFacts(bib, "")) for bib in in_cart]
        plan, state = plan_cart(policy, patron_facts(patron), facts, occasion), first_state(policy, occasion)
        answers = []
        for bib, decision in zip(in_cart, plan, strict=True):
            decision = Decision(decision.refusals + form.refusals)
            hold = None
            if decision.allowed:
                hold = insert_hold(patron, bib, state, pickup, contact, channel, now, actor)
                CartEntry.delete().where(CartEntry.patron == patron_id, CartEntry.bib == bib).execute()
            answers.append(HoldAnswer(bib, decision, hold))
        placed = [answer.hold for answer in answers if answer.hold is not None]
        if placed:
            mail.queue("hold_registered", patron_id, placed, now)
        return answers


def cancel_hold(
    policy: Policy, patron_id: int, hold_id: int, channel: Channel, now: datetime, actor: str = PATRON
) -> Decision:
    """Cancel an open hold of this patron where the policy lets this way do it; the queue closes up.

    A piece that was set aside for it goes to whoever waits next.
    """
    with db.atomic():
        hold = _open_hold(patron_id, hold_id)
        decision = decide_cancel(policy, hold.state, Occasion(channel, now))
        if decision.allowed:
            end_hold(hold, HoldState.CANCELLED, now, channel, actor)
            pass_on(policy, hold, now, channel, actor)
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
    """Have an open hold of this patron kept at another branch.

    What was ready is then on its way there, and its last day is named anew where it arrives.  A patron who
    did not do it is told.
    """
    with db.atomic():
        hold = _open_hold(patron_id, hold_id)
        refusals = decide_pickup_change(policy, hold.state, Occasion(channel, now)).refusals
        if policy.branch(branch_id or "") is None:
            refusals += (Refusal(Reason.UNKNOWN_PICKUP),)
        if not refusals and hold.pickup_branch != branch_id:
            if hold.state is HoldState.READY:
                hold.state, hold.ready_on, hold.collect_by = HoldState.IN_TRANSIT, None, None
                hold.sent_from = hold.pickup_branch
            hold.pickup_branch = branch_id
            hold.slip_due = hold.item_id is not None
            hold.save()
            note("pickup_changed", hold.id, channel, actor, now)
            if actor != PATRON:
                mail.queue("pickup_changed", patron_id, [hold.id], now, each_time=True)
        return Decision(refusals)


def extend_hold(
    policy: Policy, patron_id: int, hold_id: int, channel: Channel, now: datetime, actor: str = PATRON
) -> ExtensionDecision:
    """Put the last day of a ready hold of this patron off, where the policy lets this way do it."""
    with db.atomic():
        hold = next((hold for hold in holds_of(patron_id) if hold.id == hold_id), None)
        if hold is None:
            raise NotThere
        opening = Calendar(policy, library_day(now)).of(hold.pickup_branch)
        decision = decide_extension(policy, hold.on_shelf, Occasion(channel, now), opening)
        if decision.allowed:
            Hold.update(collect_by=decision.collect_by, extended=Hold.extended + 1).where(
                Hold.id == hold_id
            ).execute()
            note("hold_extended", hold_id, channel, actor, now)
        return decision


def set_timing(
    policy: Policy,
    patron_id: int,
    hold_id: int,
    asked: HoldTiming,
    channel: Channel,
    now: datetime,
    actor: str = PATRON,
) -> Decision:
    """Have a waiting hold of this patron passed over until a day, and end after another; both can be taken
    back.  Its place in the queue stays."""
    with db.atomic():
        hold = _open_hold(patron_id, hold_id)
        before = HoldTiming(hold.paused_until, hold.needed_by)
        decision = decide_timing(policy, hold.state, asked, before, Occasion(channel, now))
        if decision.allowed and asked != before:
            hold.paused_until, hold.needed_by = asked.paused_until, asked.needed_by
            hold.save(only=[Hold.paused_until, Hold.needed_by])
            note("hold_timed", hold_id, channel, actor, now)
        return decision


def register_applied(policy: Policy, now: datetime) -> list[int]:
    """Let those holds wait in their queues that were applied for and whose time of registration has come.

    Their places follow from when they were asked for.  Returns their numbers; a second run finds none.
    """
    applied = Hold.select(Hold.id, Hold.requested_at).where(Hold.state == HoldState.APPLIED)
    if not applied.exists():
        return []  # nearly always, and then nobody waits for the lock
    opening = Calendar(policy, library_day(now)).of(policy.main_branch.id)
    with db.atomic():
        due = []
        for hold in applied.order_by(Hold.requested_at, Hold.id):
            runs_at = registration_at(policy, hold.requested_at, opening)
            if runs_at is None or runs_at <= now:
                due.append(hold.id)
                Hold.update(state=HoldState.WAITING).where(Hold.id == hold.id).execute()
                note("hold_registered", hold.id, JOBS, JOBS, now)
    return due


def renew(
    policy: Policy,
    patron_id: int,
    loan_id: int,
    channel: Channel,
    now: datetime,
    seen: int | None = None,
    actor: str = PATRON,
    overruling: Overruling | None = None,
) -> RenewalAnswer:
    """Renew one open loan of this patron.

    ``seen`` is how often the loan had been renewed when the patron looked at it.  If it has been renewed
    since, the request is an echo of one that was carried out: it is answered as done and changes nothing.
    """
    with db.atomic():
        patron = patron_facts(existing_patron(patron_id))
        loan = next((loan for loan in patron.loans if loan.number == loan_id), None)
        if loan is None:
            raise NotThere
        if seen is not None and seen < loan.renewals:
            return RenewalAnswer(loan_id, RenewalDecision((), loan.due_on), loan.due_on, already=True)
        opening = Calendar(policy, library_day(now)).of(loan.branch)
        decision = decide_renewal(policy, patron, loan, Occasion(channel, now), opening)
        stands = decide_overruling(policy, decision, overruling)
        if not stands.allowed:
            return RenewalAnswer(loan_id, stands, loan.due_on)
        due_on = decision.due_on or decision.despite
        renewed = {"due_on": due_on, "renewals": Loan.renewals + 1, "overdue_told": 0}
        Loan.update(renewed).where(Loan.id == loan_id).execute()
        note_use(patron_id, library_day(now))
        tallies.count("renewal", loan.branch, now, loan.bib)
        note("loan_renewed", loan_id, channel, actor, now, what_is_overruled(decision), overruling)
        return RenewalAnswer(loan_id, stands, due_on)


def renew_chosen(
    policy: Policy,
    patron_id: int,
    chosen: Mapping[int, int | None],
    channel: Channel,
    now: datetime,
    actor: str = PATRON,
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
            answers.append(renew(policy, patron_id, loan_id, channel, now, seen, actor))
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


def existing_patron(patron_id: int) -> Patron:
    """The patron with this number.  Raises NotThere."""
    patron = patron_with(patron_id)
    if patron is None:
        raise NotThere
    return patron


def bib_facts(bib_id: int) -> BibFacts:
    found = titles([bib_id])
    if not found:
        raise NotThere
    return found[0].facts


def _open_hold(patron_id: int, hold_id: int) -> Hold:
    hold = Hold.get_or_none(Hold.id == hold_id, Hold.patron == patron_id, Hold.closed_at.is_null())
    if hold is None:
        raise NotThere
    return hold


def insert_hold(
    patron: Patron,
    bib_id: int,
    state: HoldState,
    pickup: str,
    contact: str,
    channel: Channel,
    now: datetime,
    actor: str,
    overruled: Sequence[Overrulable] = (),
    overruling: Overruling | None = None,
) -> int:
    """A patron queues for a title, in the caller's transaction; branch and contact are those chosen last."""
    hold = Hold.insert(
        bib=bib_id,
        patron=patron.id,
        state=state,
        channel=channel.value,
        pickup_branch=pickup,
        contact=contact,
        requested_at=now,
    ).execute()
    chosen = {"pickup_branch": pickup, "contact": contact, "last_used_in": month_of(library_day(now))}
    Patron.update(chosen).where(Patron.id == patron.id).execute()
    tallies.count("hold", pickup, now, bib_id)
    note("hold_placed", hold, channel, actor, now, overruled, overruling)
    return hold
