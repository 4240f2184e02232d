"""The verbs of the desk: lending a piece, taking it back, and setting it aside for whoever waits.

As in ``circulation.py``: one verb a function, one transaction each, decided by ``rules.py``.  Scanning the
same thing twice is no mistake: it is answered again and changes nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

import mail
from catalogue import NEWEST_ISSUE_SQL, item_facts
from circulation import NotThere, existing_patron
from events import note
from models import Bib, Hold, Item, Loan, Patron, db
from opening import Calendar
from rules import (
    BibFacts,
    Channel,
    Contact,
    Due,
    HoldState,
    ItemFacts,
    ItemState,
    LoanDecision,
    Occasion,
    Policy,
    ShelfFacts,
    collect_by,
    days_overdue,
    decide_loan,
    decide_login,
    item_barcode,
    library_day,
    penalty_ends_on,
    serves_holds,
    shelf_is_over,
)
from standing import patron_facts

# All that a scan asks about a piece, in one statement.
_SCANNED_SQL = f"""
SELECT item.id, b.id, b.material, b.ndc, {NEWEST_ISSUE_SQL},
  item.branch, item.call_number, item.tags, item.state, item.not_for_loan, item.interlibrary, item.volumes,
  item.added_on, loan.due_on, hold.id IS NOT NULL,
  loan.id, loan.patron_id,
  hold.id, hold.patron_id, hold.state, hold.pickup_branch, hold.collect_by, loan.due_by
FROM item JOIN bib AS b ON b.id = item.bib_id
  LEFT JOIN loan ON loan.item_id = item.id AND loan.returned_at IS NULL
  LEFT JOIN hold ON hold.item_id = item.id AND hold.closed_at IS NULL
WHERE item.barcode = ?
"""  # noqa: S608 - made of constants

_NEXT_SQL = """
SELECT id FROM hold WHERE bib_id = ? AND state = 'waiting' ORDER BY requested_at, id LIMIT 1
"""


_COUNT_SQL = """
INSERT INTO tally (month, kind, branch, material, class, n) VALUES (?, ?, ?, ?, ?, 1)
ON CONFLICT (month, kind, branch, material, class) DO UPDATE SET n = n + 1
"""


@dataclass(frozen=True, slots=True)
class Scanned:
    """A piece as it was scanned, with the loan and the hold that it is bound to."""

    item: int
    bib: int
    ndc: str
    facts: ItemFacts
    loan: int | None
    borrower: int | None
    hold: int | None
    holder: int | None
    hold_state: HoldState | None
    pickup: str | None
    collect_by: date | None
    due_by: time | None


@dataclass(frozen=True, slots=True)
class LoanAnswer:
    """What became of a piece that somebody wants to take home.  ``again``: it was lent to them already;
    ``released``: another piece had been set aside for them, and is free now."""

    item: int
    decision: LoanDecision
    again: bool = False
    released: int | None = None


class Returned(StrEnum):
    """What a piece that came back had been."""

    OUT = "out"
    NOT_OUT = "not_out"
    MISSING = "missing"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ReturnAnswer:
    """What became of a piece that came back: how late it was, until when that stops its borrower, whether a
    hold on it had not been collected in time, and for which hold it is set aside now."""

    item: int
    was: Returned
    days_overdue: int = 0
    penalty_until: date | None = None
    expired: bool = False
    hold: int | None = None


def scanned(code: str) -> Scanned:
    """The piece with this barcode.  Raises NotThere."""
    row = next(iter(db.execute_sql(_SCANNED_SQL, (item_barcode(code),))), None)
    if row is None:
        raise NotThere
    item, bib, material, ndc, newest = row[:5]
    state = HoldState(row[19]) if row[19] else None
    last = date.fromisoformat(row[21]) if row[21] else None
    due_by = time.fromisoformat(row[22]) if row[22] else None
    facts = item_facts(material, bool(newest), *row[5:15])
    return Scanned(item, bib, ndc, facts, *row[15:19], state, row[20], last, due_by)


def check_out(
    policy: Policy, patron_id: int, code: str, branch: str, now: datetime, actor: str
) -> LoanAnswer:
    """Lend a piece to a patron.  A hold of theirs on the title is collected with it.

    Raises NotThere for a barcode or a patron that does not exist.
    """
    with db.atomic():
        piece = scanned(code)
        patron = existing_patron(patron_id)
        if piece.borrower == patron_id:
            return LoanAnswer(piece.item, LoanDecision((), Due(piece.facts.due_on, piece.due_by)), again=True)
        facts = patron_facts(patron)
        decision = decide_loan(
            policy,
            facts,
            BibFacts(piece.bib, piece.facts.material),
            piece.facts,
            Occasion(Channel.DESK, now, branch),
            Calendar(policy, library_day(now)).of(branch),
            kept_for_patron=piece.holder == patron_id,
        )
        barred = decide_login(policy, patron.card_number)  # an old card is renewed first, at the desk too
        if barred.refusals or not decision.allowed:
            return LoanAnswer(piece.item, LoanDecision(barred.refusals + decision.refusals))
        loan = Loan.insert(
            item=piece.item,
            patron=patron_id,
            branch=branch,
            lent_on=library_day(now),
            due_on=decision.due.on,
            due_by=decision.due.by.isoformat("minutes") if decision.due.by else None,
        ).execute()
        Bib.update(lent=Bib.lent + 1).where(Bib.id == piece.bib).execute()
        _count("loan", piece, branch, now)
        note("loan_made", loan, Channel.DESK, actor, now)
        released = None
        if any(hold.bib.number == piece.bib for hold in facts.holds):
            kept = _collect(patron_id, piece.bib, now, actor)
            released = kept if kept != piece.item else None
        return LoanAnswer(piece.item, decision, released=released)


def take_back(policy: Policy, code: str, branch: str, now: datetime, actor: str) -> ReturnAnswer:
    """Take a piece back: whose loan it was is erased, and it goes to whoever waits longest.

    A piece that was not out is looked at all the same: one that was missing is found, one on its way has
    arrived, one that is set aside stays so, unless it was not collected in time: then that hold ends.
    Raises NotThere for a barcode that does not exist.
    """
    with db.atomic():
        piece = scanned(code)
        if piece.facts.state is ItemState.WITHDRAWN:
            return ReturnAnswer(piece.item, Returned.WITHDRAWN)
        was, late, penalty = Returned.NOT_OUT, 0, None
        if piece.facts.state is ItemState.MISSING:
            was = Returned.MISSING
            Item.update(state=ItemState.IN_STOCK).where(Item.id == piece.item).execute()
            note("item_found", piece.item, Channel.DESK, actor, now)
        if piece.loan is not None:
            was = Returned.OUT if was is Returned.NOT_OUT else was
            late, penalty = _end_loan(policy, piece, branch, now, actor)
        expired = piece.hold is not None and shelf_is_over(piece.collect_by, library_day(now))
        if expired:
            _close(piece.hold, HoldState.EXPIRED, "hold_expired", now, actor)
        hold = _set_aside(policy, scanned(code), branch, now, actor)
        return ReturnAnswer(piece.item, was, late, penalty, expired, hold)


def mark_told(policy: Policy, hold_id: int, now: datetime, actor: str) -> date | None:
    """Note that the patron of a ready hold has been told today; from this day on the shelf is counted.

    Once counted, it is not counted anew.  Returns the last day.  Raises NotThere.
    """
    with db.atomic():
        hold = Hold.get_or_none(Hold.id == hold_id, Hold.state == HoldState.READY)
        if hold is None:
            raise NotThere
        if hold.collect_by is None:
            today = library_day(now)
            facts = ShelfFacts(Contact(hold.contact), hold.pickup_branch, hold.ready_on, told_on=today)
            opening = Calendar(policy, hold.ready_on).of(hold.pickup_branch)
            hold.collect_by = collect_by(policy, facts, opening)
            if hold.collect_by is not None:
                hold.save(only=[Hold.collect_by])
                note("hold_told", hold_id, Channel.DESK, actor, now)
        return hold.collect_by


def _end_loan(
    policy: Policy, piece: Scanned, branch: str, now: datetime, actor: str
) -> tuple[int, date | None]:
    """Close the loan without a trace of whose it was; what lateness costs is kept as a day and no more."""
    today = library_day(now)
    late = days_overdue(piece.facts.due_on, today)
    penalty = None
    if late:
        borrower = Patron.get_by_id(piece.borrower)
        facts = patron_facts(borrower)
        [ended] = [loan for loan in facts.loans if loan.number == piece.loan]
        penalty = penalty_ends_on(policy, facts, ended, today)
        if penalty != borrower.penalty_until:
            Patron.update(penalty_until=penalty).where(Patron.id == borrower.id).execute()
    Loan.update(returned_at=now, patron=None).where(Loan.id == piece.loan).execute()
    _count("return", piece, branch, now)
    note("loan_returned", piece.loan, Channel.DESK, actor, now)
    return late, penalty


def _set_aside(policy: Policy, piece: Scanned, branch: str, now: datetime, actor: str) -> int | None:
    """Give a piece to the hold that it is for: the one it is set aside for, else the first that waits.

    At the branch where it will be collected it is ready; elsewhere it goes on its way there.
    """
    hold_id = piece.hold
    if hold_id is None:
        if not serves_holds(policy, piece.facts, library_day(now)):
            return None
        waiting = next(iter(db.execute_sql(_NEXT_SQL, (piece.bib,))), None)
        if waiting is None:
            return None
        (hold_id,) = waiting
    elif piece.hold_state is HoldState.READY:
        return hold_id
    hold = Hold.get_by_id(hold_id)
    if hold.pickup_branch != branch:
        if hold.state is not HoldState.IN_TRANSIT:
            hold.state, hold.item = HoldState.IN_TRANSIT, piece.item
            hold.save(only=[Hold.state, Hold.item])
            note("hold_in_transit", hold_id, Channel.DESK, actor, now)
        return hold_id
    hold.state, hold.item, hold.ready_on = HoldState.READY, piece.item, library_day(now)
    facts = ShelfFacts(Contact(hold.contact), branch, hold.ready_on)
    hold.collect_by = collect_by(policy, facts, Calendar(policy, hold.ready_on).of(branch))
    hold.save(only=[Hold.state, Hold.item, Hold.ready_on, Hold.collect_by])
    mail.queue("hold_ready", hold.patron_id, [hold_id], now, each_time=True)
    note("hold_ready", hold_id, Channel.DESK, actor, now)
    return hold_id


def _collect(patron_id: int, bib: int, now: datetime, actor: str) -> int | None:
    """End the patron's hold on a title that they take home; nobody needs to know any more who wanted it.

    Returns the piece that was set aside for it, if one was.
    """
    hold = Hold.get(Hold.patron == patron_id, Hold.bib == bib, Hold.closed_at.is_null())
    _close(hold.id, HoldState.COLLECTED, "hold_collected", now, actor)
    return hold.item_id


def _close(hold_id: int, state: HoldState, kind: str, now: datetime, actor: str) -> None:
    closed = Hold.update(state=state, closed_at=now, patron=None, bib=None, item=None)
    closed.where(Hold.id == hold_id).execute()
    note(kind, hold_id, Channel.DESK, actor, now)


def _count(kind: str, piece: Scanned, branch: str, now: datetime) -> None:
    """One more in the month's counts."""
    month = f"{library_day(now):%Y-%m}"
    db.execute_sql(_COUNT_SQL, (month, kind, branch, piece.facts.material, piece.ndc[:1]))
