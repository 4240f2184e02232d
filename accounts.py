"""Who is at the other end: logging in and out, and how long that lasts.

A login is a row with a hash of its token; the browser's cookie holds the token.  Logging out deletes the row,
so a copied cookie is worth nothing afterwards.  A browser is a patron's or the desk's, never both; the desk's
half is in ``staff_accounts.py``.
"""

import hashlib
import json
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from math import prod

from flask import g, has_request_context, request, session
from flask_login import UserMixin, current_user, login_user, logout_user
from werkzeug.security import check_password_hash, generate_password_hash

import circulation
import security_log
import terminal
from circulation import NotThere
from models import Login, Patron, Staff, StaffLogin, db, note_use, without_waiting
from rules import (
    JAPAN,
    LONGEST_LOGIN,
    SEEN_EVERY,
    Channel,
    Stay,
    card_number,
    decide_login,
    login_ends_at,
    login_lasts,
    login_may_last,
    stay_of_patron,
)

# Asked on every page of somebody who has logged in, so it brings the cart and 今度読みたい本 along.
_LOGIN_SQL = """
SELECT patron.*, login.started_at, login.seen_at, login.device, (SELECT json_group_array(bib_id) FROM (
    SELECT bib_id FROM cart_entry WHERE patron_id = patron.id ORDER BY id)) AS cart,
  (SELECT json_group_array(bib_id) FROM shelf_entry WHERE patron_id = patron.id) AS shelf
FROM patron JOIN login ON login.patron_id = patron.id
WHERE login.token_hash = ?
"""

_LOGINS_SQL = """
SELECT id, device, started_at, coalesce(seen_at, started_at), token_hash = ? FROM login
WHERE patron_id = ? ORDER BY 5 DESC, 4 DESC, id DESC
"""

DESK_TOKEN = "desk:"  # noqa: S105 - how the token of a login at the desk begins

# All that is read of what a browser says of itself; the first that fits.
_DEVICES = {
    "iPhone": "iphone",
    "iPad": "ipad",
    "Android": "android",
    "Windows": "windows",
    "Macintosh": "mac",
}

# How a hash is made today.  One that was made with less is made anew at the next login, see ``strengthen``.
METHOD = "scrypt:32768:8:1"

_SEEN_IN_PARTS = 30  # of the time that a login may lie unused: so seldom its cookie is written anew
_ASKS_ONLY = "account.left"  # the address at which a page asks how long its login lasts: that is no use of it

# Each check takes 32 MB and a good part of a second: two at a time keep a small machine alive.
_checks = threading.BoundedSemaphore(2)


class Account(UserMixin):
    """A patron who has logged in.  ``get_id`` is the token of this login, not the patron's number."""

    def __init__(self, patron: Patron, token: str):
        self.patron, self.token = patron, token

    def get_id(self) -> str:
        return self.token


def present() -> bool:
    """Whether somebody has logged in here, a patron or one of the staff."""
    return has_request_context() and bool(current_user) and current_user.is_authenticated


def patron() -> Patron | None:
    """The patron who has logged in, if any."""
    return getattr(current_user, "patron", None) if present() else None


def authenticate(typed_number: str, password: str) -> Patron | None:
    """The patron with this card and password.  An unknown card takes as long as a wrong password."""
    found = Patron.get_or_none(Patron.card_number == card_number(typed_number))
    return found if is_right(found.password_hash if found else None, password) else None


def is_right(stored: str | None, password: str) -> bool:
    """Whether a password is the one with this hash.  Finding no hash takes as long as a wrong password."""
    with _checks:
        right = check_password_hash(stored or _hash_of_nobody(), password)
    return right and bool(stored)


def hash_of_secret(secret: str) -> str:
    """The hash by which a password or a code is found to be the right one."""
    with _checks:
        return generate_password_hash(secret, METHOD)


def strengthen(found: Patron | Staff, password: str) -> None:
    """Make the hash of a password that was just right anew, if it costs a guesser less than one of today.

    It stays the same password: logins go on, and where another was set meanwhile that one stays.
    """
    weak = found.password_hash
    if weak and _cost(weak) < _cost(METHOD):
        table, hashed = type(found), hash_of_secret(password)
        table.update(password_hash=hashed).where(table.id == found.id, table.password_hash == weak).execute()


def _cost(method: str) -> int:
    """What a guess at a hash of this method costs; nothing where it is not of scrypt."""
    name, _, numbers = method.split("$")[0].partition(":")
    return prod(map(int, numbers.split(":"))) if name == "scrypt" else 0


@cache
def _hash_of_nobody() -> str:
    return generate_password_hash(secrets.token_urlsafe(), METHOD)


def log_in(found: Patron) -> None:
    """Start a login under a new session; the cart that was filled before it becomes the patron's."""
    cart, kept = session.get("cart", []), session.get("kept")
    token = secrets.token_urlsafe(32)
    device = terminal.DEVICE if terminal.branch() else device_of(request.user_agent.string)
    begin_login(Login, token, patron=found.id, device=device)
    note_use(found.id, g.today)
    if kept and kept["patron"] == found.id:
        session["kept"] = kept
    circulation.put_in_cart(found.id, cart, g.now)
    login_user(Account(found, token))
    security_log.note("login")


def begin_login(table: type[Login | StaffLogin], token: str, **columns) -> None:
    """A new session with a login of its own; whatever this browser held before has ended."""
    end_login()
    session.clear()
    session.permanent = not terminal.branch()
    _note_use()
    with db.atomic():
        table.delete().where(table.started_at < g.now - LONGEST_LOGIN).execute()
        table.insert(token_hash=hash_of(token), started_at=g.now, **columns).execute()


def log_out() -> None:
    """End the login here and on the server."""
    if present():
        security_log.note("logout")
    end_login()
    logout_user()
    session.clear()


def whose_login_ended() -> int | None:
    """The number of the patron who was logged in here last, if that login has ended by itself."""
    token = session.get("_user_id")
    ended = Login.get_or_none(Login.token_hash == hash_of(token)) if token else None
    return ended.patron_id if ended else None


def has_ended() -> bool:
    """Whether a patron was logged in here and is no longer, without having logged out."""
    return not present() and not session.get("_user_id", DESK_TOKEN).startswith(DESK_TOKEN)


def was_left() -> bool:
    """Whether the time of whoever used this shared terminal is over: a login has ended, or nobody has touched
    the cart for as long as a login may lie unused."""
    if present():
        return False
    if "_user_id" in session:
        return True
    if not session.get("cart"):
        return False
    over = g.now - _seen_at() > stay_of_patron(g.policy, Channel.KIOSK).idle
    _note_use()
    return over


def end_login() -> None:
    token = session.get("_user_id")
    for table in (Login, StaffLogin) if token else ():
        table.delete().where(table.token_hash == hash_of(token)).execute()


def load(token: str) -> Account | None:
    """The account of a patron's token, while its login lasts."""
    found = next(iter(Patron.raw(_LOGIN_SQL, hash_of(token))), None)
    if found is None or not decide_login(g.policy, found.card_number).allowed:
        return None  # logged out elsewhere, or the sheet bars such cards by now
    if not still_lasts(_stay(found.device), found.started_at):
        return None
    if request.endpoint != _ASKS_ONLY:
        _note_seen(token, found.seen_at or found.started_at)
    g.cart, g.own_shelf = json.loads(found.cart), json.loads(found.shelf)
    return Account(found, token)


def _note_seen(token: str, noted_at: str) -> None:
    """Note that this login is in use, once in some minutes; a page that is read never waits for it."""
    if g.now - datetime.fromisoformat(noted_at) >= SEEN_EVERY:
        with without_waiting():
            Login.update(seen_at=g.now).where(Login.token_hash == hash_of(token)).execute()


def _stay(device: str) -> Stay:
    """How long a login lasts that began on such a device; at a terminal short, though its cookie be gone."""
    return stay_of_patron(g.policy, Channel.KIOSK if device == terminal.DEVICE else terminal.channel())


@dataclass(frozen=True, slots=True)
class LoginEnd:
    """In how many seconds this login ends if nothing is done, how many before that the page says so, and
    whether it can still be put off."""

    left: int
    warning: int
    can_go_on: bool


def login_end() -> LoginEnd | None:
    """When the login of the patron who is here ends by itself."""
    return g.get("login_end") if patron() else None


def still_lasts(stay: Stay, started_at: str) -> bool:
    """Whether the login of this session lasts; if so, it has just been seen."""
    began = datetime.fromisoformat(started_at)
    if not login_lasts(stay, began, _seen_at(), g.now):
        return False
    if g.now - _seen_at() >= stay.idle / _SEEN_IN_PARTS and request.endpoint != _ASKS_ONLY:
        _note_use()
    ends_at = login_ends_at(stay, began, _seen_at())
    g.login_end = LoginEnd(
        left=int((ends_at - g.now).total_seconds()),
        warning=int(stay.warned_before.total_seconds()),
        can_go_on=ends_at < began + stay.longest,
    )
    return True


def _seen_at() -> datetime:
    return datetime.fromtimestamp(session.get("seen", 0), UTC)


def _note_use() -> None:
    """Whoever uses this browser has just done something."""
    session["seen"] = int(g.now.timestamp())


@dataclass(frozen=True, slots=True)
class OwnLogin:
    """A login of a patron as the patron sees it.  ``seen_at`` is true to some minutes."""

    id: int
    device: str
    started_at: datetime
    seen_at: datetime
    is_this: bool


def own_logins(patron_id: int) -> list[OwnLogin]:
    """The patron's logins that may still last: this one first, then the one seen last."""
    rows = db.execute_sql(_LOGINS_SQL, (hash_of(current_user.get_id()), patron_id)).fetchall()
    logins = [
        OwnLogin(id_, device, _in_japan(started_at), _in_japan(seen_at), bool(is_this))
        for id_, device, started_at, seen_at, is_this in rows
    ]
    return [
        one
        for one in logins
        if one.is_this or login_may_last(_stay(one.device), one.started_at, one.seen_at, g.now)
    ]


def _in_japan(instant: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(JAPAN)


def end_own_login(patron_id: int, login_id: int | None) -> None:
    """End one login of the patron.  Raises NotThere where there is none with this number."""
    if not Login.delete().where(Login.id == login_id, Login.patron == patron_id).execute():
        raise NotThere


def end_other_logins(patron_id: int) -> None:
    """End every login of the patron but this one."""
    this = hash_of(current_user.get_id())
    Login.delete().where(Login.patron == patron_id, Login.token_hash != this).execute()


def device_of(user_agent: str) -> str:
    """The kind of device in one word; nothing else is kept of what the browser says of itself."""
    return next((word for name, word in _DEVICES.items() if name in user_agent), "other")


def cart() -> list[int]:
    """The numbers in the hold cart: the patron's, or before login those of this browser."""
    here = patron()
    if "cart" not in g:
        g.cart = circulation.cart_of(here.id) if here else session.get("cart", [])
    return g.cart


def own_shelf() -> list[int]:
    """The numbers of the titles that the patron who is here wants to read, as they were when the page was
    asked for."""
    return g.get("own_shelf", []) if patron() else []


def put_in_cart(bib_id: int) -> None:
    here = patron()
    if here:
        circulation.put_in_cart(here.id, [bib_id], g.now)
    elif bib_id not in cart():
        session.permanent = not terminal.branch()
        _note_use()
        session["cart"] = [*cart(), bib_id]
    g.pop("cart", None)


def take_from_cart(bib_id: int) -> None:
    here = patron()
    if here:
        circulation.take_from_cart(here.id, bib_id)
    else:
        session["cart"] = [bib for bib in cart() if bib != bib_id]
    g.pop("cart", None)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
