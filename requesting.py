"""The verbs of the desk about requests: a title that the library does not own is asked for, cannot be got, is
borrowed from another library, goes back there.

As in ``circulation.py``: one verb a function, one transaction each, decided by ``rules.py``.
"""

from dataclasses import dataclass
from datetime import date, datetime

import mail
import requested
from allocation import end_hold
from circulation import HoldAnswer, NotThere, existing_patron, insert_hold
from events import NO_NUMBER, note
from models import Bib, Creator, Hold, Item, Loan, Patron, db
from requested import RequestEntry
from rules import (
    BibFacts,
    Channel,
    Decision,
    HoldState,
    Occasion,
    Policy,
    decide_borrowing,
    decide_declining,
    decide_pickup,
    decide_request,
    decide_sending_back,
    first_state,
    item_barcode,
    library_day,
)
from standing import patron_facts


@dataclass(frozen=True, slots=True)
class BorrowAnswer:
    """What became of a piece that another library lends: the decision, and the number of what is here now."""

    decision: Decision
    item: int | None = None


def place_request(
    policy: Policy,
    patron_id: int,
    entry: RequestEntry,
    pickup: str | None,
    contact: str | None,
    channel: Channel,
    now: datetime,
    actor: str,
) -> HoldAnswer:
    """A patron asks for a title that the library does not own, and waits for it as for any other.

    Whoever asks for the same title stands in the same queue.  If the library has it after all, the answer
    names the title that can be held instead.
    """
    with db.atomic():
        patron = existing_patron(patron_id)
        owned = requested.owned(entry.isbn)
        known = requested.same(entry)
        bib = BibFacts(known.id, known.material) if known else BibFacts(0, entry.material)
        occasion = Occasion(channel, now, pickup)
        decision = decide_request(policy, patron_facts(patron), bib, occasion, owned=owned is not None)
        if owned is None:
            form = decide_pickup(policy, pickup, contact, occasion)
            decision = Decision(decision.refusals + form.refusals)
        if not decision.allowed:
            return HoldAnswer(owned or bib.number, decision)
        number = known.id if known else _insert_title(entry, library_day(now))
        state = first_state(policy, occasion)
        hold = insert_hold(patron, number, state, pickup, contact, channel, now, actor)
        mail.queue("hold_registered", patron_id, [hold], now)
        return HoldAnswer(number, decision, hold)


def decline(bib_id: int, now: datetime, actor: str) -> Decision:
    """A title cannot be got: everybody who asked for it is owed a message, and the wish is forgotten."""
    with db.atomic():
        asked = requested.asked_title(bib_id)
        if asked is None:
            raise NotThere
        decision = decide_declining(asked.borrowed)
        if not decision.allowed:
            return decision
        waiting = Hold.select().where(Hold.bib == bib_id, Hold.closed_at.is_null())
        for hold in list(waiting.order_by(Hold.id)):
            mail.queue("request_declined", hold.patron_id, [hold.id], now)
            end_hold(hold, HoldState.CANCELLED, now, Channel.DESK, actor)
        requested.let_go(bib_id)
        note("request_declined", NO_NUMBER, Channel.DESK, actor, now)
        return decision


def borrow(
    policy: Policy,
    bib_id: int,
    typed_number: str,
    library: str,
    send_back_by: date,
    branch: str,
    now: datetime,
    actor: str,
) -> BorrowAnswer:
    """A piece that another library lends for a title that is asked for has come to a branch.

    Scanned as a return it goes to whoever waits longest; the catalogue does not show it.
    """
    today, number = library_day(now), item_barcode(typed_number)
    with db.atomic():
        if requested.asked_title(bib_id) is None:
            raise NotThere
        taken = Item.select().where(Item.barcode == number).exists()
        is_a_card = Patron.select().where(Patron.card_number == number).exists()
        decision = decide_borrowing(policy, number, send_back_by, today, taken, is_a_card)
        if not decision.allowed:
            return BorrowAnswer(decision)
        item = Item.insert(
            bib=bib_id,
            barcode=number,
            branch=branch,
            interlibrary=True,
            borrowed_from=library,
            send_back_by=send_back_by,
            added_on=today,
        ).execute()
        note("item_borrowed", NO_NUMBER, Channel.DESK, actor, now)
        return BorrowAnswer(decision, item)


def send_back(item_id: int, now: datetime, actor: str) -> Decision:
    """A piece of another library goes back there.

    It is in no catalogue of ours any more, so its row goes, and with it its closed loans, which point to it
    and say of nobody that they had it; the month's counts stay.
    """
    with db.atomic():
        piece = requested.borrowed_piece(item_id)
        if piece is None:
            raise NotThere
        decision = decide_sending_back(out=piece.due_on is not None, set_aside=piece.set_aside)
        if decision.allowed:
            Loan.delete().where(Loan.item == item_id).execute()
            Item.delete().where(Item.id == item_id).execute()
            requested.let_go(piece.bib)
            note("item_sent_back", NO_NUMBER, Channel.DESK, actor, now)
        return decision


def _insert_title(entry: RequestEntry, today: date) -> int:
    """The record that stands for the wish, hidden until the library has a piece of its own."""
    bib = Bib.insert(
        material=entry.material,
        title=entry.title,
        publisher=entry.publisher,
        pub_year=entry.pub_year,
        isbn=entry.isbn,
        added_on=today,
        hidden=True,
        requested=True,
    ).execute()
    if entry.creator:
        Creator.insert(bib=bib, place=0, name=entry.creator).execute()
    return bib
