"""Where the library writes to and calls: the verbs that add, confirm, choose and remove a patron's addresses.

As in ``circulation.py``: one verb a function, one transaction each, decided by ``rules.py``.  ``Patron.mail``
is always one of the patron's addresses: the one that messages go to.
"""

from dataclasses import dataclass
from datetime import datetime

import mail
import tickets
from circulation import NotThere, existing_patron
from events import NO_NUMBER, PATRON, note
from models import Hold, MailAddress, Patron, Ticket, db
from rules import (
    Channel,
    Decision,
    MailLanguage,
    Occasion,
    Policy,
    TicketKind,
    TitlesInMail,
    decide_address_removal,
    decide_new_address,
    decide_one_more_address,
    decide_phone,
    decide_pickup,
    phone_number,
)


@dataclass(frozen=True, slots=True)
class AddressAnswer:
    """What became of a new address; ``waits``: it counts once the link in a mail to it has been used."""

    decision: Decision
    waits: bool = False


def addresses_of(patron_id: int) -> list[MailAddress]:
    """A patron's addresses, the oldest first."""
    return list(MailAddress.select().where(MailAddress.patron == patron_id).order_by(MailAddress.id))


def did_not_take(patron_id: int) -> list[MailAddress]:
    """Those of a patron's addresses to which the last mail could not be sent."""
    return [row for row in addresses_of(patron_id) if row.delivery in ("refused", "failed")]


def waiting(patron_id: int, now: datetime) -> list[Ticket]:
    """The addresses that wait for their link to be used."""
    of_patron = (Ticket.patron == patron_id, Ticket.kind == TicketKind.ADDRESS, Ticket.expires_at > now)
    return list(Ticket.select().where(*of_patron).order_by(Ticket.id))


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """A patron's addresses, whether each may be removed; those that wait; whether one more may come."""

    kept: list[tuple[MailAddress, Decision]]
    waiting: list[Ticket]
    one_more: Decision


def own_addresses(policy: Policy, patron_id: int, now: datetime) -> OwnAddresses:
    """What the patron's page shows: every button by the decision that its form will meet."""
    rows, waits = addresses_of(patron_id), waiting(patron_id, now)
    removal = _decide_removal(policy, patron_id, rows)
    known = {one.address for one in [*rows, *waits]}
    return OwnAddresses([(row, removal) for row in rows], waits, decide_one_more_address(policy, len(known)))


def confirmed_address(patron_id: int) -> str | None:
    """An address that has proved to be the patron's, the one for messages first."""
    confirmed = [row.address for row in addresses_of(patron_id) if row.confirmed_at]
    chosen = Patron.get_by_id(patron_id).mail
    return chosen if chosen in confirmed else next(iter(confirmed), None)


def add(
    policy: Policy,
    patron_id: int,
    address: str,
    now: datetime,
    *,
    for_contact: bool,
    for_holds: bool,
    sends: bool,
    message: str = "address_link",
    channel: Channel = Channel.WEB,
) -> AddressAnswer:
    """One more address of a patron.  Where the library ``sends`` mail, it counts once the link in a message
    to it has been used; sent again for one that waits, and the earlier link is good no longer.
    """
    with db.atomic():
        patron = existing_patron(patron_id)
        rows, waits = addresses_of(patron_id), waiting(patron_id, now)
        confirmed = {row.address for row in rows if row.confirmed_at}
        known = {one.address for one in [*rows, *waits]}
        # What waits, or was only written down at the desk, may be asked to be confirmed again.
        again = sends and address in known - confirmed
        decision = Decision() if again else decide_new_address(policy, address, known)
        if decision.allowed and sends:
            choices = {"for_contact": for_contact, "for_holds": for_holds}
            ticket = tickets.issue(TicketKind.ADDRESS, patron_id, now, address, **choices)
            mail.queue(message, patron_id, [ticket], now, address=address)
        elif decision.allowed:
            row = _insert(patron, address, now)
            _take_up(patron, row, for_contact, for_holds, now, channel)
        return AddressAnswer(decision, waits=decision.allowed and sends)


def confirm(ticket_id: int | None, now: datetime, channel: Channel = Channel.WEB) -> str | None:
    """The address of a link counts from now on.  Returns it, or None where the link is good no longer."""
    with db.atomic():
        ticket = tickets.find(TicketKind.ADDRESS, ticket_id, now)
        if ticket is None:
            return None
        patron = existing_patron(ticket.patron_id)
        row = MailAddress.get_or_none(MailAddress.patron == patron.id, MailAddress.address == ticket.address)
        row = row or _insert(patron, ticket.address, now)
        MailAddress.update(confirmed_at=now).where(MailAddress.id == row.id).execute()
        ticket.delete_instance()
        _take_up(patron, row, ticket.for_contact, ticket.for_holds, now, channel)
        return row.address


def stop_waiting(patron_id: int, ticket_id: int | None) -> None:
    """Forget an address that waits for its link.  Raises NotThere."""
    of_patron = (Ticket.patron == patron_id, Ticket.kind == TicketKind.ADDRESS)
    if not Ticket.delete().where(Ticket.id == ticket_id, *of_patron).execute():
        raise NotThere


def use(
    patron_id: int, address_id: int | None, for_holds: bool, now: datetime, channel: Channel = Channel.WEB
) -> None:
    """Messages go to this address of the patron from now on.  Raises NotThere."""
    with db.atomic():
        _use(existing_patron(patron_id), _existing(patron_id, address_id), for_holds, now, channel)


def remove(
    policy: Policy, patron_id: int, address_id: int | None, now: datetime, channel: Channel = Channel.WEB
) -> Decision:
    """Forget an address.  If it was the one for messages, the oldest of the others is.  Raises NotThere."""
    with db.atomic():
        patron, row = existing_patron(patron_id), _existing(patron_id, address_id)
        rows = addresses_of(patron_id)
        others = [one for one in rows if one.id != row.id]
        decision = _decide_removal(policy, patron_id, rows)
        if decision.allowed:
            if patron.mail == row.address and others:
                _use(patron, others[0], True, now, channel)
            elif patron.mail == row.address:
                Patron.update(mail=None).where(Patron.id == patron_id).execute()
                _tell_the_old(patron, now)
            MailAddress.delete().where(MailAddress.id == row.id).execute()
            note("address_removed", NO_NUMBER, channel, PATRON, now)
        return decision


def change_phone(patron_id: int, typed: str, now: datetime, channel: Channel = Channel.WEB) -> Decision:
    """Where the library calls the patron."""
    phone = phone_number(typed)
    with db.atomic():
        decision = decide_phone(phone)
        if decision.allowed and existing_patron(patron_id).phone != phone:
            Patron.update(phone=phone).where(Patron.id == patron_id).execute()
            note("phone_changed", NO_NUMBER, channel, PATRON, now)
        return decision


def choose(policy: Policy, patron_id: int, pickup: str, contact: str, now: datetime) -> Decision:
    """Where the patron likes to pick up holds, and how to be told, until a hold says otherwise."""
    with db.atomic():
        existing_patron(patron_id)
        decision = decide_pickup(policy, pickup, contact, Occasion(Channel.WEB, now, pickup))
        if decision.allowed:
            Patron.update(pickup_branch=pickup, contact=contact).where(Patron.id == patron_id).execute()
        return decision


def choose_letters(patron_id: int, language: MailLanguage, titles: TitlesInMail) -> None:
    """In which language messages are written, and how much of a title they may say; where the policy allows
    less, less is said."""
    with db.atomic():
        existing_patron(patron_id)
        Patron.update(mail_language=language, mail_titles=titles).where(Patron.id == patron_id).execute()


def write_down(patron: Patron, address: str | None, now: datetime) -> None:
    """The address that somebody at the desk wrote down takes the place of the one for messages, in the
    caller's transaction."""
    if address == patron.mail:
        return
    rows = {row.address: row for row in addresses_of(patron.id)}
    if address is None:
        left = [row for row in rows.values() if row.address != patron.mail]
        new = left[0] if left else None
    else:
        new = rows.get(address) or _insert(patron, address, now)
    if patron.mail is not None:
        _tell_the_old(patron, now)
        MailAddress.delete().where(
            MailAddress.patron == patron.id, MailAddress.address == patron.mail
        ).execute()
    Patron.update(mail=new.address if new else None).where(Patron.id == patron.id).execute()


def note_delivery(patron_id: int, address: str, delivery: str, now: datetime) -> None:
    """What became of the last mail to an address, if it is still the patron's."""
    MailAddress.update(delivery=delivery, delivery_at=now).where(
        MailAddress.patron == patron_id, MailAddress.address == address
    ).execute()


def _insert(patron: Patron, address: str, now: datetime) -> MailAddress:
    return MailAddress.create(patron=patron.id, address=address, added_at=now)


def _take_up(
    patron: Patron, row: MailAddress, for_contact: bool, for_holds: bool, now: datetime, channel: Channel
) -> None:
    """A new address is there; the first one is for messages whatever was ticked."""
    note("address_added", NO_NUMBER, channel, PATRON, now)
    if for_contact or patron.mail is None:
        _use(patron, row, for_holds, now, channel)


def _use(patron: Patron, row: MailAddress, for_holds: bool, now: datetime, channel: Channel) -> None:
    """Messages go to this address; those about the open holds too, or else to where they went until now."""
    holds = _open_holds(patron.id)
    if for_holds:
        Hold.update(address=None).where(Hold.id.in_(holds)).execute()
    elif patron.mail not in (None, row.address):
        before = MailAddress.get(MailAddress.patron == patron.id, MailAddress.address == patron.mail)
        Hold.update(address=before.id).where(Hold.id.in_(holds), Hold.address.is_null()).execute()
    if patron.mail != row.address:
        Patron.update(mail=row.address).where(Patron.id == patron.id).execute()
        _tell_the_old(patron, now)
        note("contact_changed", NO_NUMBER, channel, PATRON, now)


def _tell_the_old(patron: Patron, now: datetime) -> None:
    """Whoever reads the mail of the old address learns that messages do not come there any more."""
    if patron.mail is not None:
        mail.queue("address_changed", patron.id, [patron.id], now, each_time=True, address=patron.mail)


def _decide_removal(policy: Policy, patron_id: int, rows: list[MailAddress]) -> Decision:
    """Whether any one of a patron's addresses may be removed."""
    return decide_address_removal(policy, len(rows) - 1, _open_holds(patron_id).count())


def _open_holds(patron_id: int):
    return Hold.select(Hold.id).where(Hold.patron == patron_id, Hold.closed_at.is_null())


def _existing(patron_id: int, address_id: int | None) -> MailAddress:
    row = MailAddress.get_or_none(MailAddress.id == address_id, MailAddress.patron == patron_id)
    if row is None:
        raise NotThere
    return row
