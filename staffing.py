"""Who works at the desk: taken on with a name, a role and a password, until the account is closed.

Nobody is ever deleted: the record of what was done goes on naming them.
"""

from datetime import date

from peewee import IntegrityError
from werkzeug.security import generate_password_hash

import security_log
from models import Staff, StaffLogin, db
from rules import Role, plain_line

LONGEST_NAME, LONGEST_PASSWORD = 40, 200  # as the forms of the login take them


class NameTaken(Exception):
    """Somebody has this name, or had it."""


def staff_name(typed: str) -> str:
    """A name however it was typed: one kind of letter and blank, and nothing that nobody sees."""
    return plain_line(typed)


def find(name: str) -> Staff | None:
    return Staff.get_or_none(Staff.name == staff_name(name))


def everyone() -> list[Staff]:
    """All of them, with those who have left, in the order in which they came."""
    return list(Staff.select().order_by(Staff.id))


def add(name: str, role: Role, password: str, today: date) -> int:
    """Take somebody on.  Raises NameTaken."""
    hashed = generate_password_hash(password)
    try:
        with db.atomic():
            added = Staff.insert(
                name=staff_name(name), role=role, password_hash=hashed, added_on=today
            ).execute()
    except IntegrityError as error:
        raise NameTaken from error
    security_log.note("staff_added", staff=added)
    return added


def set_password(staff_id: int, password: str) -> None:
    """A new password; logins that were begun with the old one end."""
    hashed = generate_password_hash(password)
    with db.atomic():
        Staff.update(password_hash=hashed).where(Staff.id == staff_id).execute()
        _end_logins(staff_id)
    security_log.note("staff_password_set", staff=staff_id)


def close(staff_id: int, today: date) -> None:
    """Close an account and end its logins.  One that is closed already stays as it was."""
    with db.atomic():
        closed = (
            Staff.update(closed_on=today).where(Staff.id == staff_id, Staff.closed_on.is_null()).execute()
        )
        _end_logins(staff_id)
    if closed:
        security_log.note("staff_closed", staff=staff_id)


def _end_logins(staff_id: int) -> None:
    StaffLogin.delete().where(StaffLogin.staff == staff_id).execute()
