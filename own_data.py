"""What the library keeps of one patron, for that patron: to take along, and to delete the account on the web.

The account is what the pages need: the password, the addresses, logins, cart, the list of what to read, the
reading record, alerts of what comes in, codes and messages.  The card is the library's, and with it loans
and open holds; deleting it is the desk's work (``patrons.py``).
"""

from dataclasses import dataclass
from datetime import date, datetime

import accounts
import reading
import rewriting
from circulation import existing_patron
from events import NO_NUMBER, PATRON, note
from models import (
    Activation,
    Alert,
    Bib,
    CartEntry,
    Hold,
    Item,
    Loan,
    Login,
    MailAddress,
    Outbox,
    Patron,
    ReadingEntry,
    ReadingGoal,
    ReadingRecord,
    ShelfEntry,
    Ticket,
    db,
    empty_the_log,
)
from rules import Channel, MailLanguage, TitlesInMail

# The tables whose rows are the account's and nobody else's; they go with it.
_OF_THE_ACCOUNT = (Login, CartEntry, ShelfEntry, Alert, Activation, Outbox, Ticket, MailAddress)

_OF_THE_CARD = (
    Patron.card_number,
    Patron.kana_name,
    Patron.category,
    Patron.card_issued_on,
    Patron.card_expires_on,
    Patron.added_on,
    Patron.born_on,
    Patron.phone,
    Patron.postal_address,
    Patron.household,
    Patron.marks,
    Patron.stopped_for,
    Patron.stopped_until,
    Patron.penalty_until,
    Patron.last_used_in,
    Patron.pickup_branch,
    Patron.contact,
)
_OF_AN_ADDRESS = (
    MailAddress.address,
    MailAddress.added_at,
    MailAddress.confirmed_at,
    MailAddress.delivery,
    MailAddress.delivery_at,
)
_OF_A_LOAN = (
    Bib.title,
    Bib.volume,
    Item.barcode,
    Loan.branch,
    Loan.lent_on,
    Loan.due_on,
    Loan.due_by,
    Loan.renewals,
)
_OF_A_HOLD = (
    Bib.title,
    Bib.volume,
    Hold.state,
    Hold.channel,
    Hold.pickup_branch,
    Hold.contact,
    Hold.requested_at,
    Hold.ready_on,
    Hold.collect_by,
    Hold.extended,
    Hold.paused_until,
    Hold.needed_by,
)
_OF_AN_ENDED_HOLD = (Bib.title, Bib.volume, Hold.state, Hold.requested_at, Hold.closed_at)
_OF_THE_CART = (Bib.title, Bib.volume, CartEntry.added_at)
_OF_A_READING = (
    ReadingEntry.lent_on,
    ReadingEntry.title,
    ReadingEntry.volume,
    ReadingEntry.creators,
    ReadingEntry.publisher,
    ReadingEntry.isbn,
    ReadingEntry.ndc,
    ReadingEntry.material,
    ReadingEntry.note,
)
_OF_THE_SHELF = (Bib.title, Bib.volume, ShelfEntry.note, ShelfEntry.added_at)
_OF_A_MESSAGE = (Outbox.kind, Outbox.address, Outbox.queued_at, Outbox.tried_at, Outbox.reason)

_OF_AN_ALERT = (
    Alert.author,
    Alert.ndc,
    Alert.keyword,
    Alert.series,
    Alert.branch.alias("at_branch"),
    Alert.added_at,
)
# In the order of AtStake.
_AT_STAKE_SQL = """
SELECT
  (SELECT count(*) FROM mail_address WHERE patron_id = :patron),
  (SELECT count(*) FROM login WHERE patron_id = :patron),
  (SELECT count(*) FROM cart_entry WHERE patron_id = :patron),
  (SELECT count(*) FROM shelf_entry WHERE patron_id = :patron),
  (SELECT count(*) FROM reading_entry WHERE patron_id = :patron),
  (SELECT count(*) FROM alert WHERE patron_id = :patron),
  (SELECT count(*) FROM outbox WHERE patron_id = :patron),
  (SELECT count(*) FROM hold WHERE patron_id = :patron AND closed_at IS NOT NULL),
  (SELECT count(*) FROM loan WHERE patron_id = :patron),
  (SELECT count(*) FROM hold WHERE patron_id = :patron AND closed_at IS NULL)
"""

Fact = str | int | bool | date | datetime | None
Rows = list[dict[str, Fact]]


@dataclass(frozen=True, slots=True)
class AtStake:
    """What goes with the account, in numbers, and what stays with the card."""

    addresses: int
    logins: int
    cart: int
    shelf: int
    reading: int
    alerts: int
    messages: int
    ended_holds: int
    loans: int
    holds: int


# What no terminal in the library shows, since the next one there might see it.
_NOT_AT_A_TERMINAL = ("reading_record", "reading", "reading_goals")


def everything(patron_id: int, at: Channel) -> dict[str, Rows]:
    """Every row that is a patron's, in sections, as far as it may be shown there; of a secret only that
    there is one.  Raises NotThere."""
    patron = existing_patron(patron_id)
    theirs = Hold.patron == patron_id
    sections = {
        "card": list(Patron.select(*_OF_THE_CARD).where(Patron.id == patron_id).dicts()),
        "account": [
            {
                "mail": patron.mail,
                "password": patron.password_hash is not None,
                "mail_language": patron.mail_language,
                "mail_titles": patron.mail_titles,
                "unwanted": patron.unwanted,
            }
        ],
        "addresses": _rows(MailAddress, patron_id, *_OF_AN_ADDRESS),
        "tickets": _rows(Ticket, patron_id, Ticket.kind, Ticket.address, Ticket.expires_at),
        "loans": _in_order(
            Loan.select(*_OF_A_LOAN).join(Item).join(Bib).where(Loan.patron == patron_id), Loan.id
        ),
        "holds": _in_order(
            Hold.select(*_OF_A_HOLD).join(Bib).where(theirs, Hold.closed_at.is_null()), Hold.id
        ),
        "ended_holds": _in_order(
            Hold.select(*_OF_AN_ENDED_HOLD).join(Bib).where(theirs, Hold.closed_at.is_null(False)), Hold.id
        ),
        "cart": _in_order(
            CartEntry.select(*_OF_THE_CART).join(Bib).where(CartEntry.patron == patron_id), CartEntry.id
        ),
        "shelf": _in_order(
            ShelfEntry.select(*_OF_THE_SHELF).join(Bib).where(ShelfEntry.patron == patron_id),
            ShelfEntry.place,
        ),
        "reading_record": _rows(ReadingRecord, patron_id, ReadingRecord.since, ReadingRecord.agreed_to),
        "reading": _rows(ReadingEntry, patron_id, *_OF_A_READING),
        "reading_goals": _rows(ReadingGoal, patron_id, ReadingGoal.year, ReadingGoal.goal),
        "alerts": _in_order(Alert.select(*_OF_AN_ALERT).where(Alert.patron == patron_id), Alert.id),
        "logins": _rows(Login, patron_id, Login.device, Login.started_at, Login.seen_at),
        "codes": _rows(Activation, patron_id, Activation.expires_at),
        "messages": _rows(Outbox, patron_id, *_OF_A_MESSAGE),
    }
    if at is Channel.KIOSK:
        return {name: rows for name, rows in sections.items() if name not in _NOT_AT_A_TERMINAL}
    return sections


def at_stake(patron_id: int) -> AtStake:
    """What a deletion of the account would mean.  Raises NotThere."""
    existing_patron(patron_id)
    return AtStake(*db.execute_sql(_AT_STAKE_SQL, {"patron": patron_id}).fetchone())


def delete_account(patron_id: int, password: str, now: datetime) -> bool:
    """Delete the account of a patron who knows its password; False where it is wrong, or gone already.

    Loans and open holds go on; of a hold that becomes ready no mail can tell any more.
    """
    known = existing_patron(patron_id).password_hash
    if not accounts.is_right(known, password):
        return False
    with db.atomic():
        if existing_patron(patron_id).password_hash != known:  # changed or deleted meanwhile
            return False
        reading.forget(patron_id)
        for table in _OF_THE_ACCOUNT:
            table.delete().where(table.patron == patron_id).execute()
        ended = Hold.closed_at.is_null(False)  # only the account showed them
        Hold.update(patron=None, bib=None).where(Hold.patron == patron_id, ended).execute()
        nothing = dict.fromkeys(("password_hash", "mail", "pickup_branch", "contact"))
        as_at_first = {
            "mail_language": MailLanguage.JAPANESE,
            "mail_titles": TitlesInMail.NONE,
            "unwanted": "",
        }
        Patron.update({**nothing, **as_at_first}).where(Patron.id == patron_id).execute()
        note("account_deleted", NO_NUMBER, Channel.WEB, PATRON, now)
    rewriting.rewrite_if_asked(now)
    empty_the_log()
    return True


def _in_order(query, order) -> Rows:
    return list(query.order_by(order).dicts())


def _rows(table, patron_id: int, *columns) -> Rows:
    return list(table.select(*columns).where(table.patron == patron_id).order_by(*columns).dicts())
