"""How every view answers: a page or its part, a refusal, an error, the way to the login and back."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import cache, wraps
from urllib.parse import urlsplit

from flask import (
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.exceptions import RequestEntityTooLarge

import accounts
import attempts
import resources
import rules
import security_log
import staff_accounts
import terminal
from catalogue import Title
from models import Meta, db
from opening import Calendar
from rules import Occasion, Role

DESK = "/desk"  # its first page, and how all its addresses begin
_COMPRESSED_FROM = 500  # bytes; below this the header costs more than it saves
_BLOCK = 1 << 16  # bytes of a long file that go out together
_KEPT_FIELDS, _KEPT_LENGTH = 60, 60  # what a cookie has room for
_KEPT_IN_FEW = 600  # characters of all fields together, where they are so few that each may be longer


def wants_part() -> bool:
    """Whether htmx asked for a part of the page that it shows already."""
    return request.headers.get("HX-Request-Type") == "partial"


def page_or_part(page: str, part: str, status: int = 200, **context) -> Response:
    """The whole page, or only the part of it that htmx asked for; both from the same context."""
    return make_response(render_template(part if wants_part() else page, **context), status)


def page(template: str, status: int = 200, wait: int = 0, **context) -> Response:
    """A page; where the next try has to ``wait`` so many seconds, the answer says so to programs too."""
    response = make_response(render_template(template, wait=wait, **context), status)
    if wait:
        security_log.note("slowed")
        response.headers["Retry-After"] = str(wait)
    return response


def guesser(door: str, card: str | None = None) -> attempts.Keys:
    """Under which keys a try to log in from this browser is counted."""
    return attempts.keys(current_app.secret_key, door, request.remote_addr, card)


def sends_mail() -> bool:
    """Whether a server takes the library's mail, so that an address can be asked to prove itself."""
    return current_app.config["SETTINGS"].smtp is not None


def masked(address: str) -> str:
    """An address as its owner knows it and others do not read it: h…@example.jp"""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def go(endpoint: str, **values) -> Response:
    """After a POST: to a page that a reload does not send again."""
    return redirect(url_for(endpoint, **values), 303)


def back_or(endpoint: str, **values) -> Response:
    """To the page that the form says it came from, if that is one of ours."""
    here = local_path(request.form.get("back"))
    return redirect(here, 303) if here else go(endpoint, **values)


def local_path(address: str | None) -> str | None:
    """An address of this site without its host, or None for anything that could lead elsewhere."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    if any(ord(character) < 0x20 for character in address) or "\\" in address:
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc else address


def patron_only(page: str, keep_form: bool = True) -> Callable:
    """Who may enter: a patron who has logged in.  ``page`` is where a form of this view belongs.

    Whoever is not logged in goes to the login first and comes back there, with the filled form kept; but for
    one that holds a password, since what is kept lies in the cookie, readable.
    """

    def guard(view: Callable) -> Callable:
        @wraps(view)
        def guarded(**values):
            patron = accounts.patron()
            if patron:
                return view(patron, **values)
            if request.method == "POST":
                if keep_form:
                    _keep_form(page)
                return log_in_first(url_for(page))
            return log_in_first(request.full_path.rstrip("?"))

        return guarded

    return guard


def staff_only(role: Role = Role.CLERK) -> Callable:
    """Who may enter: somebody of the staff who has logged in and has the rights of this role.

    Whoever is not logged in goes to the desk's login first; from there back here, after a form to the desk.
    """

    def guard(view: Callable) -> Callable:
        @wraps(view)
        def guarded(**values):
            here = staff_accounts.staff()
            if here is None:
                destination = DESK if request.method == "POST" else request.full_path.rstrip("?")
                return log_in_first(destination, login="staff.login")
            if here.may(role):
                return view(here, **values)
            security_log.note("right_missing", staff=here.staff.id)
            return error(403)

        return guarded

    return guard


def is_at_desk() -> bool:
    """Whether this address is one of the desk's."""
    return request.path == DESK or request.path.startswith(DESK + "/")


def log_in_first(destination: str | None = None, login: str = "account.login") -> Response:
    """To the login, and from there to where somebody was going."""
    return _to_login(url_for(login, next=destination or request.path))


def begin_anew() -> Response:
    """To the login, and to nothing that whoever was here before had on the screen."""
    return _to_login(url_for("staff.login" if is_at_desk() else "account.login"))


def _to_login(address: str) -> Response:
    if wants_part():
        return Response(status=401, headers={"HX-Redirect": address})
    return redirect(address, 303)


def _keep_form(page: str) -> None:
    """Keep what was filled in, for the patron whose login ended and for nobody else at this terminal."""
    filled = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and not name.startswith("seen-")
    ]
    length = max(_KEPT_LENGTH, _KEPT_IN_FEW // max(1, len(filled)))
    fields = [(name, value[:length]) for name, value in filled]
    session.permanent = True
    session["kept"] = {"patron": accounts.whose_login_ended(), "page": page, "fields": fields[:_KEPT_FIELDS]}


def kept_form(page: str) -> dict[str, list[str]]:
    """What was filled in on this page before a login came between, once."""
    if session.get("kept", {}).get("page") != page or accounts.patron() is None:
        return {}
    form: dict[str, list[str]] = {}
    for name, value in session.pop("kept")["fields"]:
        form.setdefault(name, []).append(value)
    return form


def occasion() -> Occasion:
    """What the rules ask of a patron's request: by which way it comes, and when."""
    return Occasion(terminal.channel(), g.now)


def registration_at(applied_at: datetime) -> datetime | None:
    """When a hold that was applied for at this moment is registered; None where holds wait at once."""
    if g.policy.hold.registered_at is None:
        return None
    opening = Calendar(g.policy, g.today).of(g.policy.main_branch.id)
    return rules.registration_at(g.policy, applied_at, opening)


def number(text: str | None) -> int | None:
    """A number as a form or an address brings it, or None for what is none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 16 else None


def download(content: bytes, media_type: str, name: str) -> Response:
    """A file.  Its name says of whom it is to nobody who sees it in a folder."""
    response = make_response(content)
    response.mimetype = media_type
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def stream(content: Iterable[bytes], media_type: str, name: str) -> Response:
    """A long file, sent while it is made."""
    response = make_response(Response(_in_blocks(content), mimetype=media_type))
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _in_blocks(content: Iterable[bytes]) -> Iterator[bytes]:
    """Many small pieces as a few large ones: each is a call to the network."""
    waiting = bytearray()
    for piece in content:
        waiting += piece
        if len(waiting) >= _BLOCK:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def error(status: int, kind: str | None = None, **facts) -> Response:
    """What went wrong and what to do, in plain words.

    After a crash the page says so without asking any table who is here: that might be what crashed.
    """
    g.crashed = status >= 500
    known = {400, 403, 404, 405, 413, 500}
    key = kind or (str(status) if status in known else "400" if status < 500 else "500")
    part = "_error.html" if wants_part() else "error.html"
    return make_response(render_template(part, key=f"error.{key}", facts=facts), status)


def for_every_template() -> dict:
    """What each template may say: words, days, who is here and what is in the cart."""
    wording = g.wording
    return {
        "t": wording.t,
        "say": wording.say,
        "write": wording.write,
        "day": wording.day,
        "short_day": wording.short_day,
        "wait_in_words": wording.wait,
        "about": wording.about,
        "waiting_time": waiting_time,
        "in_japan": lambda instant: instant.astimezone(rules.JAPAN),
        "length": wording.length,
        "iso_day": lambda text: wording.day(date.fromisoformat(text)),
        "language": wording.language,
        "policy": g.policy,
        "today": g.today,
        "patron": lambda: None if g.get("crashed") else accounts.patron(),
        "at_desk": lambda: None if g.get("crashed") else staff_accounts.staff(),
        "is_at_desk": is_at_desk(),
        "cart": lambda: [] if g.get("crashed") else accounts.cart(),
        "may_note": lambda: rules.decide_own_shelf(len(accounts.own_shelf())),
        "own_shelf": lambda: [] if g.get("crashed") else accounts.own_shelf(),
        "branch_name": branch_name,
        "public_address": public_address,
        "login_end": lambda: None if g.get("crashed") else accounts.login_end(),
        "terminal": terminal.branch,
        "autocomplete": terminal.autocomplete,
        "stay": rules.stay_of_patron(g.policy, terminal.channel()),
        "is_demo": is_demo,
        "here": _here(),
        "is_part": wants_part(),
    }


def _here() -> str:
    """The address of this page, where a form of it is to lead back to."""
    try:
        came_from = local_path(request.form.get("back"))
    except RequestEntityTooLarge:  # what the page that is shown now will say
        came_from = None
    return came_from or request.full_path.rstrip("?")


def branch_name(id_: str) -> str:
    """A branch by its name; one that the policy no longer names by its id."""
    branch = g.policy.branch(id_)
    return branch.name if branch else id_


def is_demo() -> bool:
    """Whether this database is the demo library, which says so on every page."""
    kept = current_app.extensions
    if "shiori_demo" not in kept:
        if g.get("crashed") or db.is_closed():
            return False
        kept["shiori_demo"] = Meta.get_or_none(Meta.key == "demo_day") is not None
    return kept["shiori_demo"]


def waiting_time(title: Title) -> rules.Wait | None:
    """How long somebody would wait who asked for the title now, behind all who wait already."""
    return rules.waiting_time(g.policy, title.items, title.waiting + 1, g.today)


def public_address(endpoint: str, **values) -> str:
    """An address to be printed: under the public address of the library, else under the one asked for now."""
    url = current_app.config["SETTINGS"].url
    if url:
        return f"{url}{url_for(endpoint, **values)}"
    return url_for(endpoint, **values, _external=True)


def title_address(number: int) -> str:
    """Where a title's page is.  A list asks for many, and the way to all of them is one."""
    if "titles_at" not in g:
        g.titles_at = url_for("catalog.title", bib_id=0).removesuffix("0")
    return f"{g.titles_at}{number}"


def static_address(name: str) -> str:
    """The address of a static file, with its fingerprint so that browsers may keep it for ever."""
    return url_for("home.static", name=name, v=resources.static_file(name)[2])


def static_file(name: str) -> Response:
    """A file under ``static/``, kept by browsers for ever under its fingerprint."""
    content, media_type, fingerprint = resources.static_file(name)
    response = Response(content, mimetype=media_type)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.set_etag(fingerprint)
    return response


def compress(response: Response) -> Response:
    """The answer in gzip where the browser takes it and it is worth it."""
    if (
        "gzip" not in request.accept_encodings
        or response.direct_passthrough
        or response.status_code in (204, 304)
        or "Content-Encoding" in response.headers
        or response.mimetype not in resources.TEXT_TYPES | {"text/html", "application/json"}
        or (response.content_length or 0) < _COMPRESSED_FROM
    ):
        return response
    if request.endpoint == "home.static":
        response.set_data(compressed_static(request.view_args["name"]))
        response.set_etag(f"{resources.static_file(request.view_args['name'])[2]}-gzip")
    else:
        response.set_data(gzip.compress(response.get_data(), 5))
    response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response


@cache
def compressed_static(name: str) -> bytes:
    """A file under ``static/`` in gzip."""
    return gzip.compress(resources.static_file(name)[0], 9, mtime=0)
