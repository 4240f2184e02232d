"""How a patron comes by a password: with facts that the library knows, with a code from the desk, once and
within two weeks, or with the old one.

Whoever proves the facts may set a password for half an hour.  Where the patron has confirmed a mail address,
that is not enough, since family and friends know the facts too: a link in a mail to that address is needed.

Only a hash of a code is kept, and a slow one: a code has fifty bits, so that a person can type it, and
whoever came by the database could try that many against a fast hash within the two weeks.  It is checked as
a password is, so a wrong card, a wrong code and one that is over all take as long.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

import accounts
import contact
import mail
import passwords
import security_log
import tickets
from circulation import existing_patron
from events import NO_NUMBER, PATRON, note
from models import Activation, Login, Patron, Ticket, db, patron_of_card
from rules import (
    CODE_CHARACTERS,
    CODE_LENGTH,
    Channel,
    Decision,
    OwnNumbers,
    PatronEntry,
    Policy,
    ProvenBy,
    TicketKind,
    card_number,
    code_expires_at,
    code_is_good,
    code_last_day,
    decide_code,
    password_code,
    proves,
)


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """What became of the wish for a code, and the code itself: it is known nowhere else."""

    decision: Decision
    code: str | None = None


def give_code(policy: Policy, patron_id: int, now: datetime, actor: str) -> CodeAnswer:
    """A new code for a patron; one that was given before is good no longer.

    A card that may not log in gets none.
    """
    code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
    hashed = accounts.hash_of_secret(code)  # slow, so not while others wait to write
    with db.atomic():
        decision = decide_code(policy, existing_patron(patron_id).card_number)
        if not decision.allowed:
            return CodeAnswer(decision)
        Activation.delete().where(Activation.expires_at <= now).execute()
        Activation.replace(patron=patron_id, code_hash=hashed, expires_at=code_expires_at(now)).execute()
        note("patron_code_given", NO_NUMBER, Channel.DESK, actor, now)
    security_log.note("code_given", staff=int(actor))
    return CodeAnswer(decision, code)


def code_until(patron_id: int, now: datetime) -> date | None:
    """The last day of the code that a patron has been given and not used, if there is one."""
    given = Activation.get_or_none(Activation.patron == patron_id)
    return code_last_day(given.expires_at) if given and code_is_good(given.expires_at, now) else None


@dataclass(frozen=True, slots=True)
class PasswordAnswer:
    """Whose password it is now, or what the rules have against it."""

    patron: Patron
    decision: Decision


def set_password(
    policy: Policy,
    typed_number: str,
    typed_code: str,
    password: str,
    now: datetime,
    channel: Channel = Channel.WEB,
) -> PasswordAnswer | None:
    """Set the password of the patron with this card and code; None where they do not fit.

    The code is used up, and whoever was logged in with the old password is out.  A password that the rules
    refuse uses up nothing.
    """
    number = card_number(typed_number)
    given = Activation.select().join(Patron).where(Patron.card_number == number).first()
    right = accounts.is_right(given.code_hash if given else None, password_code(typed_code))
    if not right or not code_is_good(given.expires_at, now):
        return None
    hashed = accounts.hash_of_secret(password)
    with db.atomic():
        patron = patron_of_card(number)
        if patron is None or not _is_out(patron.id, given.code_hash):
            return None
        answer = _set_anew(policy, patron, password, hashed, now, channel)
    if answer.decision.allowed:
        security_log.note("password_set")
    return answer


_FACTS_SQL = "SELECT id, kana_name, born_on, phone FROM patron WHERE card_number = ?"
_NOBODY = (None, "ダレ デモナイ", "1900-01-01", "0000000000")  # of a card that nobody has


@dataclass(frozen=True, slots=True)
class Proof:
    """Somebody is who they say; the number of the ticket to set a password with, or, where a link to it has
    been sent, the address that it went to."""

    ticket: int | None = None
    sent_to: str | None = None


def prove(policy: Policy, typed_number: str, typed: ProvenBy, now: datetime, sends: bool) -> Proof | None:
    """Whether these facts are the patron's with this card; None where they are not, or where nobody has it.

    Where the library ``sends`` mail and the patron has confirmed an address, a link to it is owed.
    """
    found = db.execute_sql(_FACTS_SQL, (card_number(typed_number),)).fetchone()
    patron_id, name, born_on, phone = found or _NOBODY
    known = PatronEntry(name, "", date.fromisoformat(born_on) if born_on else None, phone)
    # Compared for nobody too: the time it takes tells nothing.
    if not proves(policy, typed, known) or patron_id is None:
        return None
    with db.atomic():
        address = contact.confirmed_address(patron_id) if sends else None
        if address is None:
            return Proof(ticket=tickets.issue(TicketKind.PROVEN, patron_id, now))
        ticket = tickets.issue(TicketKind.PASSWORD, patron_id, now)
        mail.queue("password_link", patron_id, [ticket], now, address=address)
        return Proof(sent_to=address)


def set_password_by(
    policy: Policy,
    kind: TicketKind,
    ticket_id: int | None,
    password: str,
    now: datetime,
    channel: Channel = Channel.WEB,
) -> PasswordAnswer | None:
    """Set the password of the patron with this ticket; None where it is good no longer.

    It is used up, with every other way in that was given before, and whoever was logged in is out.  A
    password that the rules refuse uses up nothing.
    """
    if tickets.find(kind, ticket_id, now) is None:
        return None
    hashed = accounts.hash_of_secret(password)  # slow, so not while others wait to write
    with db.atomic():
        ticket = tickets.find(kind, ticket_id, now)
        if ticket is None:
            return None
        answer = _set_anew(policy, existing_patron(ticket.patron_id), password, hashed, now, channel)
    if answer.decision.allowed:
        security_log.note("password_set")
    return answer


def change_password(
    policy: Policy, patron_id: int, old: str, password: str, now: datetime, channel: Channel = Channel.WEB
) -> Decision | None:
    """Give a patron who knows the old password a new one; None where the old one is wrong.

    Every login of the patron ends.
    """
    known = existing_patron(patron_id).password_hash
    if not accounts.is_right(known, old):
        return None
    hashed = accounts.hash_of_secret(password)
    with db.atomic():
        patron = existing_patron(patron_id)
        if patron.password_hash != known:  # changed meanwhile, so the old one is right no longer
            return None
        decision = passwords.decide(policy, password, own_numbers(patron), old)
        if decision.allowed:
            _store(patron.id, hashed, now, channel)
    if decision.allowed:
        security_log.note("password_set")
    return decision


def own_numbers(patron: Patron) -> OwnNumbers:
    return OwnNumbers(patron.card_number, patron.born_on, patron.phone)


def _set_anew(
    policy: Policy, patron: Patron, password: str, hashed: str, now: datetime, channel: Channel
) -> PasswordAnswer:
    """The password of a patron who has proved who they are, if the rules have nothing against it."""
    decision = passwords.decide(policy, password, own_numbers(patron))
    if decision.allowed:
        _close_the_ways(patron.id)
        _store(patron.id, hashed, now, channel)
    return PasswordAnswer(patron, decision)


def _store(patron_id: int, password_hash: str, now: datetime, channel: Channel) -> None:
    """The new password; whoever was logged in with the old one is out.

    Where the patron has an address, a message tells of it, whoever did it.
    """
    Patron.update(password_hash=password_hash).where(Patron.id == patron_id).execute()
    Login.delete().where(Login.patron == patron_id).execute()
    address = contact.confirmed_address(patron_id) or existing_patron(patron_id).mail
    if address:
        mail.queue("password_set", patron_id, [patron_id], now, each_time=True, address=address)
    note("password_set", NO_NUMBER, channel, PATRON, now)


def _close_the_ways(patron_id: int) -> None:
    """No code and no link that was given before sets a password any more."""
    Activation.delete().where(Activation.patron == patron_id).execute()
    ways = (TicketKind.PROVEN, TicketKind.PASSWORD)
    Ticket.delete().where(Ticket.patron == patron_id, Ticket.kind.in_(ways)).execute()


def _is_out(patron_id: int, code_hash: str) -> bool:
    """Whether this code is still there to be used: of two who come with it at once, one finds it gone."""
    return (
        Activation.select().where(Activation.patron == patron_id, Activation.code_hash == code_hash).exists()
    )
