"""How a patron comes by a password: with a code from the desk, once, within two weeks; or with the old one.

Only a hash of a code is kept, and a slow one: a code has fifty bits, so that a person can type it, and
whoever came by the database could try that many against a fast hash within the two weeks.  It is checked as
a password is, so a wrong card, a wrong code and one that is over all take as long.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

import accounts
from circulation import existing_patron
from events import NO_NUMBER, PATRON, note
from models import Activation, Login, Patron, db, patron_of_card
from rules import (
    CODE_CHARACTERS,
    CODE_LENGTH,
    Channel,
    Decision,
    OwnNumbers,
    Policy,
    card_number,
    code_expires_at,
    code_is_good,
    code_last_day,
    decide_login,
    decide_password,
    password_code,
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
        decision = decide_login(policy, existing_patron(patron_id).card_number)
        if not decision.allowed:
            return CodeAnswer(decision)
        Activation.delete().where(Activation.expires_at <= now).execute()
        Activation.replace(patron=patron_id, code_hash=hashed, expires_at=code_expires_at(now)).execute()
        note("patron_code_given", NO_NUMBER, Channel.DESK, actor, now)
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
    policy: Policy, typed_number: str, typed_code: str, password: str, now: datetime
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
        decision = decide_password(policy, password, own_numbers(patron))
        if decision.allowed:
            Activation.delete().where(Activation.patron == patron.id).execute()
            _store(patron.id, hashed, now)
        return PasswordAnswer(patron, decision)


def change_password(
    policy: Policy, patron_id: int, old: str, password: str, now: datetime
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
        decision = decide_password(policy, password, own_numbers(patron), old)
        if decision.allowed:
            _store(patron.id, hashed, now)
        return decision


def own_numbers(patron: Patron) -> OwnNumbers:
    return OwnNumbers(patron.card_number, patron.born_on, patron.phone)


def _store(patron_id: int, password_hash: str, now: datetime) -> None:
    """The new password; whoever was logged in with the old one is out."""
    Patron.update(password_hash=password_hash).where(Patron.id == patron_id).execute()
    Login.delete().where(Login.patron == patron_id).execute()
    note("password_set", NO_NUMBER, Channel.WEB, PATRON, now)


def _is_out(patron_id: int, code_hash: str) -> bool:
    """Whether this code is still there to be used: of two who come with it at once, one finds it gone."""
    return (
        Activation.select().where(Activation.patron == patron_id, Activation.code_hash == code_hash).exists()
    )
