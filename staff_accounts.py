"""Who works at this browser: the desk's half of ``accounts.py``, where the rows of logins are explained."""

import secrets
from dataclasses import dataclass

from flask import g, session
from flask_login import UserMixin, current_user, login_user

import accounts
import security_log
import staffing
import terminal
from accounts import DESK_TOKEN
from models import Staff, StaffLogin
from rules import STAY_AT_DESK, Channel, Role, stay_of_patron

_LOGIN_SQL = """
SELECT staff.*, staff_login.branch, staff_login.started_at
FROM staff JOIN staff_login ON staff_login.staff_id = staff.id
WHERE staff_login.token_hash = ? AND staff.closed_on IS NULL
"""


@dataclass(frozen=True, slots=True)
class AtDesk:
    """Somebody of the staff, and the branch at which they work now."""

    staff: Staff
    branch: str

    @property
    def actor(self) -> str:
        """How an event names who did it."""
        return str(self.staff.id)

    def may(self, role: Role) -> bool:
        """Whether they have the rights of a role; an administrator has those of everybody."""
        return self.staff.role in (role, Role.ADMINISTRATOR)


class StaffAccount(UserMixin):
    """One of the staff who has logged in.  ``get_id`` is the token of this login."""

    def __init__(self, at_desk: AtDesk, token: str):
        self.at_desk, self.token = at_desk, token

    def get_id(self) -> str:
        return self.token


def staff() -> AtDesk | None:
    """Who of the staff has logged in, if anybody."""
    return getattr(current_user, "at_desk", None) if accounts.present() else None


def authenticate(name: str, password: str) -> Staff | None:
    """The one with this name and password.  An unknown or closed name takes as long as a wrong password."""
    found = staffing.find(name)
    if found is not None and found.closed_on is not None:
        found = None
    return found if accounts.is_right(found.password_hash if found else None, password) else None


def log_in(found: Staff, branch: str) -> None:
    """Start a login at a branch under a new session; a patron's login in this browser ends."""
    token = DESK_TOKEN + secrets.token_urlsafe(32)
    accounts.begin_login(StaffLogin, token, staff=found.id, branch=branch)
    login_user(StaffAccount(AtDesk(found, branch), token))
    security_log.note("login", staff=found.id)


def log_out() -> None:
    """End the login here and on the server; the browser only keeps at which branch it stands."""
    here = staff()
    accounts.log_out()
    if here:
        session.permanent = True
        session["desk_branch"] = here.branch


def branch_of_browser() -> str:
    """The branch at which somebody worked here last, else the main library."""
    last = session.get("desk_branch")
    return last if last and g.policy.branch(last) else g.policy.main_branch.id


def load(token: str) -> StaffAccount | accounts.Account | None:
    """The account of a token, the desk's or a patron's, while its login lasts.

    A login at a branch that the policy no longer names has ended.
    """
    if not token.startswith(DESK_TOKEN):
        return accounts.load(token)
    found = next(iter(Staff.raw(_LOGIN_SQL, accounts.hash_of(token))), None)
    if found is None or not g.policy.branch(found.branch):
        return None
    # At a terminal for patrons nobody of the staff works; a login that is left open there ends as theirs do.
    stay = stay_of_patron(g.policy, Channel.KIOSK) if terminal.branch() else STAY_AT_DESK
    if not accounts.still_lasts(stay, found.started_at):
        return None
    return StaffAccount(AtDesk(found, found.branch), token)
