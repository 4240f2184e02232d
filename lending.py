"""The verbs of the desk: lending a piece, and taking it back, which gives it to whoever waits.

As in ``circulation.py``: one verb a function, one transaction each, decided by ``rules.py``.  Scanning the
same thing twice is no mistake: it is answered again and changes nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import mail
import reading
import tallies
from allocation import Piece, allocate, end_hold, expire, pass_on, piece_with_barcode
from circulation import NotThere, existing_patron
from events import NO_NUMBER, note
from models import Hold, Item, Loan, Patron, db, note_use
from opening import Calendar
from rules import (
    QUEUED_HOLD_STATES,
    TOLD_WHILE_OUT,
    BibFacts,
    Channel,
    Due,
    HoldState,
    ItemState,
    LoanDecision,
    Occasion,
    Overrulable,
    Overruling,
    Policy,
    days_overdue,
    decide_loan,
    decide_login,
    decide_overruling,
    item_barcode,
    library_day,
    penalty_ends_on,
    shelf_is_over,
    what_is_overruled,
)
from standing import patron_facts

# Written at every scan that lends.
_LEND_SQL = """
INSERT INTO loan (item_id, patron_id, branch, lent_on, due_on, due_by) VALUES (?, ?, ?, ?, ?, ?)
"""
_LENT_SQL = "UPDATE bib SET lent = lent + 1 WHERE id = ?"


@dataclass(frozen=True, slots=True)
class LoanAnswer:
    """What became of a piece that somebody wants to take home.  ``again``: it was lent to them already;
    ``released``: another piece had been set aside for them, and is free now; ``waiting``: so many others wait
    for the title, and go on waiting; ``overruled``: what was overruled for it."""

    item: int
    decision: LoanDecision
    again: bool = False
    released: int | None = None
    waiting: int = 0
    overruled: tuple[Overrulable, ...] = ()


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


def scanned(code: str) -> Piece:
    """The piece with this barcode.  Raises NotThere."""
    piece = piece_with_barcode(item_barcode(code))
    if piece is None:
        raise NotThere
    return piece


def check_out(
    policy: Policy,
    patron_id: int,
    code: str,
    branch: str,
    now: datetime,
    actor: str,
    overruling: Overruling | None = None,
) -> LoanAnswer:
    """Lend a piece to a patron, if need be by an exception.  A hold of theirs on the title is collected with
    it; whoever else waits for the title keeps their place.

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
        if barred.refusals:
            return LoanAnswer(piece.item, LoanDecision(barred.refusals + decision.refusals))
        stands = decide_overruling(policy, decision, overruling)
        if not stands.allowed:
            refused = LoanDecision(stands.refusals, overrulable=decision.overrulable)
            return LoanAnswer(piece.item, refused)
        ends, overruled = decision.due or decision.despite, what_is_overruled(decision)
        until = ends.by.isoformat("minutes") if ends.by else None
        row = (piece.item, patron_id, branch, library_day(now).isoformat(), ends.on.isoformat(), until)
        loan = db.execute_sql(_LEND_SQL, row).lastrowid
        db.execute_sql(_LENT_SQL, (piece.bib,))
        note_use(patron_id, library_day(now))
        reading.record_loan(policy, patron_id, piece.bib, library_day(now))
        tallies.count("loan", branch, now, piece.bib)
        note("loan_made", loan, Channel.DESK, actor, now, overruled, overruling)
        _is_in_hand(piece)
        released, waiting = None, piece.waiting
        if any(hold.bib.number == piece.bib for hold in facts.holds):
            released = _collect(policy, patron_id, piece, now, actor)
            tallies.count("hold_collected", branch, now, piece.bib)
            waiting -= any(
                hold.bib.number == piece.bib and hold.state in QUEUED_HOLD_STATES for hold in facts.holds
            )
        return LoanAnswer(piece.item, LoanDecision((), ends), False, released, waiting, overruled)


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
            note("item_found", NO_NUMBER, Channel.DESK, actor, now)
        if piece.loan is not None:
            was = Returned.OUT if was is Returned.NOT_OUT else was
            late, penalty = _end_loan(policy, piece, branch, now, actor)
        expired = piece.hold is not None and shelf_is_over(piece.collect_by, library_day(now))
        if expired:
            expire(Hold.get_by_id(piece.hold), now, Channel.DESK, actor)
        _is_in_hand(piece)
        hold = allocate(policy, scanned(code), branch, now, Channel.DESK, actor)
        return ReturnAnswer(piece.item, was, late, penalty, expired, hold)


def _end_loan(
    policy: Policy, piece: Piece, branch: str, now: datetime, actor: str
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
    mail.take_back(TOLD_WHILE_OUT, piece.borrower, piece.loan)
    note_use(piece.borrower, today)
    tallies.count("return", branch, now, piece.bib)
    note("loan_returned", piece.loan, Channel.DESK, actor, now)
    return late, penalty


def _collect(policy: Policy, patron_id: int, piece: Piece, now: datetime, actor: str) -> int | None:
    """End the patron's hold on a title that they take home.

    Returns the piece that was set aside for it, if that is another one; it goes to whoever waits next.
    """
    hold = Hold.get(Hold.patron == patron_id, Hold.bib == piece.bib, Hold.closed_at.is_null())
    end_hold(hold, HoldState.COLLECTED, now, Channel.DESK, actor)
    if hold.item_id in (None, piece.item):
        return None
    pass_on(policy, hold, now, Channel.DESK, actor)
    return hold.item_id


def _is_in_hand(piece: Piece) -> None:
    """Whoever has the piece in hand shelves it, or puts the right slip in."""
    if piece.to_shelve:
        Item.update(to_shelve_at=None).where(Item.id == piece.item).execute()
    if piece.slip_due:
        Hold.update(slip_due=False).where(Hold.id == piece.hold).execute()
