"""Who is at the other end: logging in and out, and how long that lasts.

A login is a row with a hash of its token; the browser's cookie holds the token.  Logging out deletes the row,
so a copied cookie is worth nothing afterwards.
"""

import hashlib
import json
import secrets
import threading
from datetime import UTC, datetime, timedelta
from functools import cache

from flask import g, has_request_context, session
from flask_login import UserMixin, current_user, login_user, logout_user
from werkzeug.security import check_password_hash, generate_password_hash

import circulation
from models import Login, Patron, db
from rules import LONGEST_LOGIN, card_number, login_lasts

# Asked on every page of somebody who has logged in, so it brings the cart along.
_LOGIN_SQL = """
SELECT patron.*, login.started_at, (SELECT json_group_array(bib_id) FROM (
    SELECT bib_id FROM cart_entry WHERE patron_id = patron.id ORDER BY id)) AS cart
FROM patron JOIN login ON login.patron_id = patron.id
WHERE login.token_hash = ?
"""

# Each check takes 32 MB and a good part of a second: two at a time keep a small machine alive.
_checks = threading.BoundedSemaphore(2)


class Account(UserMixin):
    """A patron who has logged in.  ``get_id`` is the token of this login, not the patron's number."""

    def __init__(self, patron: Patron, token: str):
        self.patron, self.token = patron, token

    def get_id(self) -> str:
        return self.token


def present() -> bool:
    return has_request_context() and bool(current_user) and current_user.is_authenticated


def patron() -> Patron | None:
    """The patron who has logged in, if any."""
    return current_user.patron if present() else None


def authenticate(typed_number: str, password: str) -> Patron | None:
    """The patron with this card and password.  An unknown card takes as long as a wrong password."""
    found = Patron.get_or_none(Patron.card_number == card_number(typed_number))
    stored = found.password_hash if found is not None and found.password_hash else _hash_of_nobody()
    with _checks:
        right = check_password_hash(stored, password)
    return found if right and found is not None and found.password_hash else None


@cache
def _hash_of_nobody() -> str:
    return generate_password_hash(secrets.token_urlsafe())


def log_in(found: Patron) -> None:
    """Start a login under a new session; the cart that was filled before it becomes the patron's."""
    cart, kept = session.get("cart", []), session.get("kept")
    end_login()
    session.clear()
    session.permanent = True
    if kept and kept["patron"] == found.id:
        session["kept"] = kept
    token = secrets.token_urlsafe(32)
    with db.atomic():
        Login.delete().where(Login.started_at < g.now - LONGEST_LOGIN).execute()
        Login.insert(token_hash=_hash(token), patron=found.id, started_at=g.now).execute()
    circulation.put_in_cart(found.id, cart, g.now)
    session["seen"] = int(g.now.timestamp())
    login_user(Account(found, token))


def log_out() -> None:
    """End the login here and on the server."""
    end_login()
    logout_user()
    session.clear()


def whose_login_ended() -> int | None:
    """The number of the patron who was logged in here last, if that login was not ended by logging out."""
    token = session.get("_user_id")
    ended = Login.get_or_none(Login.token_hash == _hash(token)) if token else None
    return ended.patron_id if ended else None


def end_login() -> None:
    token = session.get("_user_id")
    if token:
        Login.delete().where(Login.token_hash == _hash(token)).execute()


def load(token: str) -> Account | None:
    """The account of a token, while its login lasts."""
    found = next(iter(Patron.raw(_LOGIN_SQL, _hash(token))), None)
    if found is None:
        return None
    seen_at = datetime.fromtimestamp(session.get("seen", 0), UTC)
    if not login_lasts(datetime.fromisoformat(found.started_at), seen_at, g.now):
        return None
    g.cart = json.loads(found.cart)
    if g.now - seen_at >= timedelta(minutes=1):
        session["seen"] = int(g.now.timestamp())
    return Account(found, token)


def cart() -> list[int]:
    """The numbers in the hold cart: the patron's, or before login those of this browser."""
    here = patron()
    if "cart" not in g:
        g.cart = circulation.cart_of(here.id) if here else session.get("cart", [])
    return g.cart


def put_in_cart(bib_id: int) -> None:
    here = patron()
    if here:
        circulation.put_in_cart(here.id, [bib_id], g.now)
    elif bib_id not in cart():
        session.permanent = True
        session["cart"] = [*cart(), bib_id]
    g.pop("cart", None)


def take_from_cart(bib_id: int) -> None:
    here = patron()
    if here:
        circulation.take_from_cart(here.id, bib_id)
    else:
        session["cart"] = [bib for bib in cart() if bib != bib_id]
    g.pop("cart", None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
