"""Which browser is a shared terminal of the library (館内の端末), where the next patron is never far.

A clerk puts a signed cookie there that says so and at which branch, and takes it away again.  Whoever copies
it gains nothing: what it changes is that logins are short and that nothing is left of them.
"""

from datetime import timedelta

from flask import Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer

from rules import Channel

DEVICE = "terminal"  # how a login names this kind of device
_COOKIE = "shiori_terminal"
_KEPT = timedelta(days=400)  # as long as browsers keep any cookie


def branch() -> str | None:
    """The branch at which this browser is a shared terminal; None: it is somebody's own."""
    if "terminal" not in g:
        try:
            g.terminal = _signed().loads(request.cookies.get(_COOKIE, ""))
        except BadSignature:
            g.terminal = None
    return g.terminal


def channel() -> Channel:
    """By which way a patron comes who uses this browser."""
    return Channel.KIOSK if branch() else Channel.WEB


def autocomplete(word: str) -> str:
    """How a browser may fill in a field: at a shared terminal not at all, and it is to keep no password."""
    if not branch():
        return word
    return "new-password" if word.endswith("password") else "off"


def begin(response: Response, at_branch: str) -> Response:
    """Make the browser that gets this answer a shared terminal, or let it stay one."""
    g.terminal = at_branch
    response.set_cookie(
        _COOKIE,
        _signed().dumps(at_branch),
        max_age=_KEPT,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response


def end(response: Response) -> Response:
    """Make it somebody's own browser again."""
    g.terminal = None
    response.delete_cookie(_COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _signed() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key, salt=_COOKIE)
