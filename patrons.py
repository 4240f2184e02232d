"""The verbs of the desk that change who is a patron, and finding one.

As in ``circulation.py``: one verb a function, one transaction and one event each, decided by ``rules.py``.
Answering twice what was done already changes nothing and notes nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime

import contact
import reading
import rewriting
import tallies
from allocation import end_hold, pass_on
from circulation import existing_patron
from events import NO_NUMBER, note
from folding import fold
from models import (
    Activation,
    Alert,
    CartEntry,
    Hold,
    Item,
    Loan,
    Login,
    MailAddress,
    Outbox,
    Patron,
    ShelfEntry,
    Ticket,
    db,
    empty_the_log,
)
from rules import (
    CardDecision,
    Channel,
    Decision,
    HoldState,
    PatronEntry,
    Policy,
    as_kept,
    asks_for_households,
    card_number,
    decide_card,
    decide_card_renewal,
    decide_deletion,
    decide_entry,
    decide_mark,
    decide_registration,
    decide_stop,
    library_day,
    phone_number,
    plain_line,
)
from standing import patron_facts

MOST_FOUND = 50

_FOUND = "SELECT id, card_number, kana_name, category, card_expires_on FROM patron"
_BY_NUMBER_SQL = f"""{_FOUND}
WHERE card_number = :card
  OR (:figures <> '' AND (substr(card_number, -length(:figures)) = :figures
                          OR substr(phone, -length(:figures)) = :figures))
ORDER BY kana_name, id LIMIT :most"""
_BY_ID_SQL = f"""{_FOUND}
WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY kana_name, id LIMIT :most"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Found:
    """A patron as one line of a search."""

    id: int
    card_number: str
    kana_name: str
    category: str
    card_expires_on: date | None


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """What became of a card: the decision, and whose it is where it was allowed."""

    decision: CardDecision
    patron: int | None = None


@dataclass(frozen=True, slots=True)
class Belongings:
    """What goes with a patron, in numbers; open loans keep them from going."""

    loans: int
    holds: int
    kept: int
    cart: int
    messages: int
    logins: int


@dataclass(frozen=True, slots=True)
class Released:
    """A piece that is set aside for nobody any more: on the hold shelf of a branch, or on its way there."""

    item: int
    branch: str
    state: HoldState


@dataclass(frozen=True, slots=True)
class DeletionAnswer:
    """What became of a deletion, and the pieces that had been set aside for the patron."""

    decision: Decision
    released: tuple[Released, ...] = ()


def find(typed: str) -> tuple[list[Found], bool]:
    """Patrons by card number, by the end of it or of the phone number, or by a part of the name; and whether
    there are more than are shown.  Kana, width and blanks are forgiven."""
    figures = phone_number(typed)
    asked = {
        "card": card_number(typed),
        "figures": figures if figures.isascii() and figures.isdecimal() else "",
        "most": MOST_FOUND + 1,
    }
    rows = db.execute_sql(_BY_NUMBER_SQL, asked).fetchall()
    folded = fold(typed)
    if not rows and folded and not asked["figures"]:
        names = db.execute_sql("SELECT id, kana_name FROM patron")
        ids = [str(id_) for id_, name in names if folded in fold(name)]
        rows = db.execute_sql(_BY_ID_SQL, {"ids": f"[{','.join(ids)}]", "most": MOST_FOUND + 1}).fetchall()
    found = [Found(*row[:4], date.fromisoformat(row[4]) if row[4] else None) for row in rows]
    return found[:MOST_FOUND], len(found) > MOST_FOUND


def register(
    policy: Policy, typed_number: str, entry: PatronEntry, branch: str, now: datetime, actor: str
) -> CardAnswer:
    """Somebody becomes a patron and gets a card; ``branch`` is where."""
    today, number = library_day(now), card_number(typed_number)
    entry = as_kept(policy.on(today), entry)
    with db.atomic():
        decision = decide_registration(policy, number, entry, today, *_knows(number))
        if not decision.allowed:
            return CardAnswer(decision)
        patron = Patron.insert(
            card_number=number,
            card_issued_on=today,
            card_expires_on=decision.expires_on,
            added_on=today,
            **_columns(entry),
        ).execute()
        contact.write_down(existing_patron(patron), entry.mail, now)
        tallies.count("card", branch, now)
        note("patron_registered", NO_NUMBER, Channel.DESK, actor, now)
        return CardAnswer(decision, patron)


def change(policy: Policy, patron_id: int, entry: PatronEntry, now: datetime, actor: str) -> Decision:
    """Write down anew what is known of a patron.  A household that no rule asks for stays as it is."""
    policy = policy.on(library_day(now))
    entry = as_kept(policy, entry)
    with db.atomic():
        patron = existing_patron(patron_id)
        decision = decide_entry(policy, entry, library_day(now))
        columns = _columns(entry)
        if not asks_for_households(policy):
            del columns["household"]
        differing = {name: value for name, value in columns.items() if getattr(patron, name) != value}
        if decision.allowed and (differing or patron.mail != entry.mail):
            if differing:
                Patron.update(differing).where(Patron.id == patron_id).execute()
            contact.write_down(patron, entry.mail, now)
            note("patron_changed", NO_NUMBER, Channel.DESK, actor, now)
        return decision


def renew_card(policy: Policy, patron_id: int, now: datetime, actor: str) -> CardDecision:
    """The card of a patron is good for as long as a new one would be."""
    today = library_day(now)
    with db.atomic():
        decision = decide_card_renewal(policy, patron_facts(existing_patron(patron_id)), today)
        if decision.allowed:
            Patron.update(card_expires_on=decision.expires_on, card_issued_on=today).where(
                Patron.id == patron_id
            ).execute()
            note("card_renewed", NO_NUMBER, Channel.DESK, actor, now)
        return decision


def replace_card(policy: Policy, patron_id: int, typed_number: str, now: datetime, actor: str) -> Decision:
    """A new card in the place of a lost one, good for as long as that was.

    From now on the old number is nobody's, and whoever had logged in with it is out.
    """
    today, number = library_day(now), card_number(typed_number)
    with db.atomic():
        existing_patron(patron_id)
        decision = decide_card(policy.on(today), number, *_knows(number))
        if decision.allowed:
            Patron.update(card_number=number, card_issued_on=today).where(Patron.id == patron_id).execute()
            Login.delete().where(Login.patron == patron_id).execute()
            note("card_replaced", NO_NUMBER, Channel.DESK, actor, now)
        return decision


def put_mark(policy: Policy, patron_id: int, mark: str, now: datetime, actor: str) -> Decision:
    """Put a word on a patron that a rule asks for."""
    with db.atomic():
        marks = patron_facts(existing_patron(patron_id)).marks
        decision = decide_mark(policy.on(library_day(now)), mark)
        if decision.allowed and mark not in marks:
            _set_marks(patron_id, marks | {mark})
            note("patron_marked", NO_NUMBER, Channel.DESK, actor, now)
        return decision


def take_mark(patron_id: int, mark: str, now: datetime, actor: str) -> None:
    """Take a word off a patron again, also one that no rule asks for any more."""
    with db.atomic():
        marks = patron_facts(existing_patron(patron_id)).marks
        if mark in marks:
            _set_marks(patron_id, marks - {mark})
            note("patron_unmarked", NO_NUMBER, Channel.DESK, actor, now)


def stop(patron_id: int, why: str, until: date | None, now: datetime, actor: str) -> Decision:
    """Stop a patron, until a last day or until further notice; said again, for another reason or day."""
    stopped = {"stopped_for": plain_line(why), "stopped_until": until}
    with db.atomic():
        patron = existing_patron(patron_id)
        decision = decide_stop(stopped["stopped_for"], until, library_day(now))
        if decision.allowed and any(getattr(patron, name) != value for name, value in stopped.items()):
            Patron.update(stopped).where(Patron.id == patron_id).execute()
            note("patron_stopped", NO_NUMBER, Channel.DESK, actor, now)
        return decision


def lift_stop(patron_id: int, now: datetime, actor: str) -> None:
    """Stop a patron no longer; also of one that has ended, the reason goes."""
    with db.atomic():
        if existing_patron(patron_id).stopped_for:
            Patron.update(stopped_for="", stopped_until=None).where(Patron.id == patron_id).execute()
            note("stop_lifted", NO_NUMBER, Channel.DESK, actor, now)


def belongings(patron_id: int) -> Belongings:
    """What would go with a patron.  Raises NotThere."""
    existing_patron(patron_id)
    holds = Hold.select().where(Hold.patron == patron_id, Hold.closed_at.is_null())
    return Belongings(
        loans=Loan.select().where(Loan.patron == patron_id).count(),
        holds=holds.count(),
        kept=holds.where(Hold.item.is_null(False)).count(),
        cart=CartEntry.select().where(CartEntry.patron == patron_id).count(),
        messages=Outbox.select().where(Outbox.patron == patron_id).count(),
        logins=Login.select().where(Login.patron == patron_id).count(),
    )


def delete(policy: Policy, patron_id: int, now: datetime, actor: str) -> DeletionAnswer:
    """Everything about a patron goes at once; of their loans only the counts stay, as they were.

    Pieces that were set aside for them go to whoever waits next.
    """
    with db.atomic():
        decision = decide_deletion(belongings(patron_id).loans)
        if not decision.allowed:
            return DeletionAnswer(decision)
        released = remove(policy, patron_id, now, Channel.DESK, actor)
    rewriting.rewrite_if_asked(now)
    empty_the_log()
    return DeletionAnswer(decision, released)


def remove(
    policy: Policy, patron_id: int, now: datetime, channel: Channel | str, actor: str
) -> tuple[Released, ...]:
    """Delete a patron with all that is theirs, in the transaction of a caller who saw no open loan."""
    theirs = Hold.patron == patron_id
    holds = list(Hold.select().where(theirs, Hold.closed_at.is_null()).order_by(Hold.id))
    for hold in holds:
        end_hold(hold, HoldState.CANCELLED, now, channel, actor)
        pass_on(policy, hold, now, channel, actor)
    Hold.update(patron=None, bib=None).where(theirs).execute()
    reading.forget(patron_id)
    for table in (CartEntry, ShelfEntry, Alert, Login, Outbox, Activation, Ticket, MailAddress):
        table.delete().where(table.patron == patron_id).execute()
    Patron.delete().where(Patron.id == patron_id).execute()
    note("patron_deleted", NO_NUMBER, channel, actor, now)
    kept = [hold for hold in holds if hold.item_id is not None]
    return tuple(Released(hold.item_id, hold.pickup_branch, hold.state) for hold in kept)


def _knows(number: str) -> tuple[bool, bool]:
    """Whether somebody has a card with this number, and whether a piece has it as its barcode."""
    return (
        Patron.select().where(Patron.card_number == number).exists(),
        Item.select().where(Item.barcode == number).exists(),
    )


def _columns(entry: PatronEntry) -> dict[str, object]:
    return {
        "kana_name": entry.kana_name,
        "category": entry.category,
        "born_on": entry.born_on,
        "phone": entry.phone,
        "household": entry.household,
        "postal_address": entry.postal_address,
    }


def _set_marks(patron_id: int, marks: frozenset[str]) -> None:
    Patron.update(marks="\n".join(sorted(marks))).where(Patron.id == patron_id).execute()
