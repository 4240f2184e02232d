"""The web application: settings, database, login, errors and headers come together here.  Read this first."""

import logging
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

import flask
from flask import Flask, g, request
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import FunctionLoader, StrictUndefined
from peewee import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.routing import BaseConverter

import accounts
import folding
import importing
import languages
import migrations
import models
import ndc
import resources
import search_index
import security_log
import staff_accounts
import terminal
import views
from circulation import NotThere
from lookup import Lookup
from rules import Policy, Role, library_day
from settings import Settings
from views import answers
from wording import Wording

log = logging.getLogger("shiori")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Where somebody says who they are before they have logged in; the desk's pages are kept nowhere anyway.
_DOORS = {
    *("account.login", "account.log_in", "contact.link", "contact.confirm"),
    *("alerts.stop_link", "alerts.stop"),
}
_HSTS = 365 * 24 * 3600


class NumberConverter(BaseConverter):
    """The number of a record in an address; anything else there is not found."""

    regex = r"[1-9][0-9]{0,14}"

    def to_python(self, value: str) -> int:
        return int(value)


class _SecureWhereTLS(SecureCookieSessionInterface):
    """Cookies are ``Secure`` where the request came by TLS; a desk on a plain LAN still works.

    Answers for other programs set none, and nobody's life is made longer by them.
    """

    def save_session(self, app: Flask, session, response: flask.Response) -> None:
        if not _is_for_programs():
            super().save_session(app, session, response)

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def create_app(
    settings: Settings, policy: Policy, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Flask:
    """A ready application on an open, migrated database.

    ``clock`` gives the present moment, time-zone aware; everything that depends on the day asks it.
    """
    app = Flask("shiori", static_folder=None, template_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret(),
        CLOCK=clock,
        POLICY=policy,
        SETTINGS=settings,
        LOOKUP=Lookup(settings.lookup),
        SESSION_COOKIE_NAME="shiori",
        SESSION_COOKIE_SAMESITE="Lax",
        # The cart before login lives as long as this; a login ends much sooner, see accounts.py.
        PERMANENT_SESSION_LIFETIME=7 * 24 * 3600,
        MAX_CONTENT_LENGTH=256 * 1024,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session itself
        # Behind TLS it would refuse browsers that hide where they come from; the token is enough.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.session_interface = _SecureWhereTLS()
    app.url_map.converters["number"] = NumberConverter
    app.before_request(lambda: security_log.begin(_route(), request.remote_addr))
    _templates(app, policy)
    _host(app, settings)
    _database(app, settings)
    _lists(app)
    CSRFProtect(app)
    _shared_terminal(app)
    login = LoginManager(app)
    login.session_protection = None  # it would trust an address that the browser can invent
    login.user_loader(staff_accounts.load)
    login.unauthorized_handler(answers.log_in_first)
    for blueprint in views.BLUEPRINTS:
        app.register_blueprint(blueprint)
    _errors(app)
    app.after_request(_finish)
    return app


def _templates(app: Flask, policy: Policy) -> None:
    """Templates are read through ``resources``, so that they are found inside the one file too."""

    def source(name: str):
        try:
            return resources.template(name), name, lambda: True
        except FileNotFoundError:
            return None

    app.jinja_options = {"loader": FunctionLoader(source), "undefined": StrictUndefined}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        ndc_label=ndc.label,
        ndc_path=ndc.path,
        title_address=answers.title_address,
        static=answers.static_address,
        lang_tag=languages.tag,
        is_foreign=languages.is_foreign,
        named_languages=languages.NAMED,
    )
    app.context_processor(answers.for_every_template)


def read_ahead(app: Flask) -> None:
    """Read now what requests will ask for: a new version may be put in the place of the running file."""
    for name in resources.names("templates"):
        resources.template(name.removeprefix("templates/"))  # to compile them all would take a second or two
    for name in resources.names("static"):
        answers.compressed_static(name.removeprefix("static/"))
    Wording(words=app.config["POLICY"].words)
    ndc.label("0")
    folding.fold("栞")


def _route() -> str:
    """What is asked for, as a log may say it: the address itself may hold what somebody searched for."""
    return f"{request.method} {request.url_rule.rule}" if request.url_rule else "-"


def _is_for_programs() -> bool:
    """Whether the answer is the same for everybody, and may be kept on the way."""
    return request.blueprint == "programs"


def _host(app: Flask, settings: Settings) -> None:
    """Where the public address is set, nothing is answered to who asks for another host: it would be a trap.

    Flask's own TRUSTED_HOSTS would leave the error page without addresses, and knows no IPv6.
    """
    known = settings.hosts
    if known is None:
        return

    @app.before_request
    def asks_for_us() -> flask.Response | None:
        if re.sub(r":\d+$", "", request.host.lower()) in known:
            return None
        g.crashed = True  # nobody is looked up to be answered this
        security_log.note("host_refused")
        sentence = Wording(words=app.config["POLICY"].words).t("error.host")
        return flask.Response(sentence + "\n", 400, mimetype="text/plain")


def _database(app: Flask, settings: Settings) -> None:
    models.open_database(settings.database)
    migrations.migrate(models.db)
    search_index.create(models.db)

    @app.before_request
    def ready() -> None:
        # One connection a thread stays open: opening costs more than most pages ask of it.
        if request.endpoint != "home.static":
            models.db.connect(reuse_if_open=True)
        g.now = app.config["CLOCK"]()
        g.today = library_day(g.now)
        g.wording = Wording(words=app.config["POLICY"].words)
        g.policy = app.config["POLICY"].on(g.today)

    @app.teardown_request
    def roll_back(_error) -> None:
        if not models.db.is_closed() and models.db.in_transaction():
            models.db.rollback()


def _lists(app: Flask) -> None:
    """Who may put in a list of titles may send a file of its size; nobody else can make us read one."""

    @app.before_request
    def room_for_a_list() -> None:
        if request.endpoint == "imports.put_in" and request.method == "POST":
            here = staff_accounts.staff()
            if here is not None and here.may(Role.ADMINISTRATOR):
                request.max_content_length = (importing.MOST_MB + 1) * 1024 * 1024


def _shared_terminal(app: Flask) -> None:
    """At a terminal in the library the next one begins at the login, with nothing of who was there before."""

    @app.before_request
    def begin_anew():
        if request.endpoint == "home.static" or not terminal.branch() or not accounts.was_left():
            return None
        accounts.log_out()
        return None if request.endpoint in ("account.login", "staff.login") else answers.begin_anew()


def _errors(app: Flask) -> None:
    """One table of what goes wrong, one way to show it."""

    @app.errorhandler(NotThere)
    def not_there(_error):
        return answers.error(404)

    @app.errorhandler(CSRFError)
    def stale_form(_error):
        security_log.note("token_missing")
        return answers.error(400, "stale")

    @app.errorhandler(OperationalError)
    def database(error: OperationalError):
        # Somebody else has been writing for longer than we wait; nothing of ours was written.
        return answers.error(503, "busy") if "locked" in str(error) else crashed(error)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException):
        if isinstance(error, InternalServerError):
            return crashed(error.original_exception or error)
        if error.code is None or error.code < 400:
            return error
        return answers.error(error.code)

    @app.errorhandler(Exception)
    def crashed(error: Exception):
        number = secrets.token_hex(4)
        log.error("%s %s", number, _route(), exc_info=error)
        return answers.error(500, number=number)


def _finish(response: flask.Response) -> flask.Response:
    """Headers for every answer, and compression where the browser can undo it."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_HSTS}"
    if request.endpoint != "home.static" and not _is_for_programs():
        response.vary.add("HX-Request-Type")
        response.vary.add("Cookie")
        # A page of somebody who has logged in is kept nowhere, so that Back shows nothing to the next one.
        # At a terminal so is every page: the next one might see what was searched for.
        at_a_door = request.endpoint in _DOORS or request.blueprint == "registration"
        personal = answers.is_at_desk() or at_a_door or terminal.branch()
        personal = personal or (not g.get("crashed") and accounts.present())
        response.headers.setdefault("Cache-Control", "no-store" if personal else "private, no-cache")
    return answers.compress(response)
