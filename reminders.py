"""Reminders by mail: something is due soon or late, a hold is kept no longer, a card ends.

As in ``circulation.py``: decided by ``rules.py``, one transaction a patron.  Of what has been reminded stands
on the row that it is about, so that a second run or another process finds nothing and a night that was missed
is caught up.  No event is noted: nothing is done to the loan.
"""

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

import mail
import rule_sheet
from circulation import existing_patron
from models import Bib, Hold, Item, Loan, Outbox, Patron, db, patron_with
from naming import EXAMPLES, Named, named
from rules import (
    Channel,
    Contact,
    HoldState,
    Occasion,
    Policy,
    Reminder,
    Shown,
    card_renewable_from,
    is_reminded_of,
    is_reminded_of_loan,
    library_day,
    optional_reminders,
    overdue_reminders,
    reminded_until,
    reminders_leave_at,
    renews_on_the_web,
    shown_in_mail,
)
from standing import patron_facts
from wording import Wording

# Where it is kept what has been said.
_SAID = {
    Reminder.DUE_SOON: Loan.reminded_for,
    Reminder.OVERDUE: Loan.overdue_told,
    Reminder.HOLD_LAST_DAY: Hold.reminded_for,
    Reminder.CARD_EXPIRES: Patron.card_reminded_for,
}
_log = logging.getLogger("shiori.reminders")


@dataclass(frozen=True, slots=True)
class _Owed:
    """One message: of which loans, holds or card, and what is kept of each as said."""

    kind: Reminder
    said: dict[int, date | int]


@dataclass(frozen=True, slots=True)
class _Ending:
    """One loan or hold: when it ends, where, and what it is called."""

    day: date
    by: str
    branch: str
    named: list[Named]


@dataclass(frozen=True, slots=True)
class End:
    """What ends on one day at one branch, as a letter says it: ``n`` is 0, ``branch`` empty where it is not
    said."""

    day: str
    n: int
    branch: str
    named: list[Named]


def remind(policy: Policy, now: datetime) -> int:
    """Owe every patron the reminders of this day, one message a kind.  Returns how many.

    One that fails keeps no other back.
    """
    owed = 0
    for patron_id in _may_be_reminded(policy, library_day(now)):
        try:
            owed += _remind(policy, patron_id, now)
        except Exception:
            _log.exception("a patron could not be reminded")
    return owed


def unwanted_by(patron: Patron) -> frozenset[str]:
    """The reminders that a patron does without."""
    return frozenset(patron.unwanted.split())


def want(policy: Policy, patron_id: int, wanted: Collection[str]) -> None:
    """Which reminders the patron wants, of those that may be done without; one that the library does not send
    now stays as it was chosen."""
    with db.atomic():
        offered = {str(kind) for kind in optional_reminders(policy)}
        unwanted = (unwanted_by(existing_patron(patron_id)) - offered) | (offered - set(wanted))
        Patron.update(unwanted="\n".join(sorted(unwanted))).where(Patron.id == patron_id).execute()


def facts(policy: Policy, owed: Outbox, wording: Wording, today: date) -> dict[str, object] | None:
    """What the text of a reminder names, at the moment when it is sent; None where it is true no more.

    ``n`` is 0 where how many is not said.
    """
    kind, patron = Reminder(owed.kind), owed.patron
    if kind in unwanted_by(patron):
        return None
    if kind is Reminder.CARD_EXPIRES:
        return _about_the_card(policy, patron, wording, today)
    numbers = [int(number) for number in owed.numbers.split(",")]
    shown = shown_in_mail(policy, patron.mail_titles)
    sheet = policy.on(today)
    if kind is Reminder.HOLD_LAST_DAY:
        ending, more = _holds(patron, numbers, today, shown), {}
    elif kind is Reminder.DUE_SOON:
        ending = _loans(patron, numbers, today, False, shown)
        more = {"renewal": policy.words.renewal if renews_on_the_web(sheet) else ""}
    else:
        ending = _loans(patron, numbers, today, True, shown)
        occasion = Occasion(Channel.WEB, owed.queued_at)
        more = {"stops": rule_sheet.because_of_lateness(sheet, wording, occasion)}
    n = len(ending) if Shown.HOW_MANY in shown else 0
    return {"n": n, "ends": _by_day(policy, ending, shown, wording), **more} if ending else None


def examples(kind: str, wording: Wording, day: date, branch: str) -> Iterator[dict[str, object]]:
    """The same as they might be, for whoever tries a text: all that can be said, and as little as can be."""
    until = wording.day(day)
    if kind == Reminder.CARD_EXPIRES:
        yield {"until": until, "renewable_from": until}
        yield {"until": until, "renewable_from": ""}
        return
    more, less = {
        Reminder.HOLD_LAST_DAY: ({}, {}),
        Reminder.DUE_SOON: ({"renewal": wording.words["renewal"]}, {"renewal": ""}),
        Reminder.OVERDUE: ({"stops": [until]}, {"stops": []}),
    }[Reminder(kind)]
    of_loans = [replace(one, number=None) for one in EXAMPLES]
    called = EXAMPLES if kind == Reminder.HOLD_LAST_DAY else of_loans
    yield {"n": 2, "ends": [End(until, 2, branch, called)], **more}
    yield {"n": 0, "ends": [End(until, 0, "", [])], **less}


def _remind(policy: Policy, patron_id: int, now: datetime) -> int:
    today = library_day(now)
    if not _owed(policy, patron_id, today):
        return 0  # nearly always, and then nobody waits for the lock
    with db.atomic():
        messages = _owed(policy, patron_id, today)
        for message in messages:
            field = _SAID[message.kind]
            for number, said in message.said.items():
                field.model.update({field: said}).where(field.model.id == number).execute()
            numbers, at = sorted(message.said), reminders_leave_at(now)
            mail.queue(message.kind, patron_id, numbers, now, each_time=True, not_before=at)
        return len(messages)


def _may_be_reminded(policy: Policy, today: date) -> list[int]:
    """The patrons to look at more closely."""
    rule = policy.reminder
    last_due, last_kept, last_of_card = (
        reminded_until(period, today) or today
        for period in (rule.before_due, rule.last_day_of_hold, rule.card_expires)
    )
    loans = Loan.select(Loan.patron).where(Loan.returned_at.is_null(), Loan.due_on <= last_due)
    holds = Hold.select(Hold.patron).where(Hold.state == HoldState.READY, Hold.collect_by <= last_kept)
    card = Patron.card_expires_on.between(today, last_of_card)
    query = Patron.select(Patron.id).where(Patron.id.in_(loans) | Patron.id.in_(holds) | card)
    return [patron.id for patron in query.order_by(Patron.id)]


def _owed(policy: Policy, patron_id: int, today: date) -> list[_Owed]:
    """What is to be said to a patron today, and can be."""
    patron, rule = patron_with(patron_id), policy.reminder
    if patron is None:
        return []
    found = [_Owed(Reminder.HOLD_LAST_DAY, said) for said in _kept_no_longer(policy, patron, today)]
    if patron.mail:
        loans = list(Loan.select().where(Loan.patron == patron_id, Loan.returned_at.is_null()))
        soon = {
            loan.id: loan.due_on
            for loan in loans
            if is_reminded_of_loan(policy, loan.lent_on, loan.due_on, loan.reminded_for, today)
        }
        times = {loan.id: overdue_reminders(policy, loan.due_on, today) for loan in loans}
        late = {loan.id: times[loan.id] for loan in loans if times[loan.id] > loan.overdue_told}
        last, card = patron.card_expires_on, {}
        if last and is_reminded_of(rule.card_expires, last, patron.card_reminded_for, today):
            card = {patron.id: last}
        found += [
            _Owed(Reminder.DUE_SOON, soon),
            _Owed(Reminder.OVERDUE, late),
            _Owed(Reminder.CARD_EXPIRES, card),
        ]
    unwanted = unwanted_by(patron)
    return [message for message in found if message.said and message.kind not in unwanted]


def _kept_no_longer(policy: Policy, patron: Patron, today: date) -> Iterable[dict[int, date]]:
    """The holds whose days on the shelf end, by the address that their patron is told at."""
    ready = (Hold.patron == patron.id, Hold.state == HoldState.READY, Hold.contact == Contact.MAIL)
    by_address: dict[int | None, dict[int, date]] = {}
    for hold in Hold.select().where(*ready, Hold.collect_by.is_null(False), Hold.ready_on < today):
        told_somewhere = hold.address_id or patron.mail
        period = policy.reminder.last_day_of_hold
        if told_somewhere and is_reminded_of(period, hold.collect_by, hold.reminded_for, today):
            by_address.setdefault(hold.address_id, {})[hold.id] = hold.collect_by
    return by_address.values()


def _about_the_card(
    policy: Policy, patron: Patron, wording: Wording, today: date
) -> dict[str, object] | None:
    last = patron.card_expires_on
    if last is None or last < today or patron.card_reminded_for != last:
        return None  # renewed meanwhile
    opens = card_renewable_from(policy, patron_facts(patron))
    return {
        "until": wording.day(last),
        "renewable_from": wording.day(opens) if opens and opens > today else "",
    }


def _holds(patron: Patron, numbers: list[int], today: date, shown: frozenset[Shown]) -> list[_Ending]:
    still = (
        Hold.id.in_(numbers),
        Hold.patron == patron.id,
        Hold.state == HoldState.READY,
        Hold.contact == Contact.MAIL,
        Hold.collect_by >= today,
        Hold.reminded_for == Hold.collect_by,
    )
    holds = Hold.select(Hold, Bib).join(Bib).where(*still).order_by(Hold.id)
    return [
        _Ending(hold.collect_by, "", hold.pickup_branch, named(hold.bib, hold.id, shown)) for hold in holds
    ]


def _loans(
    patron: Patron, numbers: list[int], today: date, late: bool, shown: frozenset[Shown]
) -> list[_Ending]:
    still = Loan.due_on < today if late else (Loan.due_on >= today) & (Loan.reminded_for == Loan.due_on)
    theirs = (Loan.id.in_(numbers), Loan.patron == patron.id, still)
    loans = Loan.select(Loan, Item, Bib).join(Item).join(Bib).where(*theirs).order_by(Loan.id)
    return [
        _Ending(loan.due_on, loan.due_by or "", loan.branch, named(loan.item.bib, None, shown))
        for loan in loans
    ]


def _by_day(policy: Policy, ending: list[_Ending], shown: frozenset[Shown], wording: Wording) -> list[End]:
    """What ends on which day, at which branch; the day with its hour, where that matters."""
    together: dict[tuple[date, str, str], list[_Ending]] = {}
    for one in ending:
        branch = one.branch if Shown.BRANCH in shown else ""
        together.setdefault((one.day, one.by, branch), []).append(one)
    ends = []
    for (day, by, branch), those in sorted(together.items()):
        known = policy.branch(branch)
        place = known.name if known else branch and policy.library.name
        n = len(those) if Shown.HOW_MANY in shown else 0
        called = [name for one in those for name in one.named]
        ends.append(End(f"{wording.day(day)} {by}".strip(), n, place, called))
    return ends
