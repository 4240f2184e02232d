"""The code that the desk gives a patron, who sets a password with it: once, within two weeks.

Only a hash of it is kept, and a slow one: a code has fifty bits, so that a person can type it, and whoever
came by the database could try that many against a fast hash within the two weeks.  It is checked as a
password is, so a wrong card, a wrong code and one that is over all take as long.
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
    Policy,
    card_number,
    code_expires_at,
    code_is_good,
    code_last_day,
    decide_login,
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


def set_password(typed_number: str, typed_code: str, password: str, now: datetime) -> Patron | None:
    """The patron with this card and code, whose password this is from now on; None where they do not fit.

    The code is used up, and whoever was logged in with the old password is out.
    """
    number = card_number(typed_number)
    given = Activation.select().join(Patron).where(Patron.card_number == number).first()
    right = accounts.is_right(given.code_hash if given else None, password_code(typed_code))
    if not right or not code_is_good(given.expires_at, now):
        return None
    hashed = accounts.hash_of_secret(password)
    with db.atomic():
        patron = patron_of_card(number)
        if patron is None or not _use_up(patron.id, given.code_hash):
            return None
        Patron.update(password_hash=hashed).where(Patron.id == patron.id).execute()
        Login.delete().where(Login.patron == patron.id).execute()
        note("password_set", NO_NUMBER, Channel.WEB, PATRON, now)
        return patron


def _use_up(patron_id: int, code_hash: str) -> bool:
    """Whether this code was still there to be used: of two who come with it at once, one finds it gone."""
    mine = (Activation.patron == patron_id, Activation.code_hash == code_hash)
    return Activation.delete().where(*mine).execute() == 1
