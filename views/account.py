"""Logging in and out, and the patron's first page."""

from dataclasses import asdict

from flask import Blueprint, Response, g, jsonify, redirect, request, session, url_for

import accounts
import attempts
import contact
import demo
import standing
import terminal
from forms import LoginForm
from models import Patron
from rules import (
    HoldState,
    PatronFacts,
    Reason,
    Refusal,
    card_has_expired,
    card_number,
    decide_login,
    decide_patron_hold,
    is_stopped,
)
from views import answers
from views.answers import patron_only

pages = Blueprint("account", __name__)


@pages.get("/login")
def login() -> Response:
    destination = answers.local_path(request.args.get("next"))
    if accounts.patron():
        return redirect(destination or url_for("account.my"), 303)
    return _show_login(LoginForm(), destination)


@pages.post("/login")
def log_in() -> Response:
    form = LoginForm(request.form)
    destination = answers.local_path(request.form.get("next"))
    if not form.validate():
        return _show_login(form, destination, 422)
    number = card_number(form.card.data)
    barred = decide_login(g.policy, number)
    if not barred.allowed:
        return _show_login(form, destination, 409, barred.refusals)
    guesser = answers.guesser("login", number)
    if wait := attempts.wait(guesser, g.now):
        return _show_login(form, destination, 429, wait=wait)
    patron = accounts.authenticate(form.card.data, form.password.data)
    # A right guess among many that were sent at once has to wait as the wrong ones do.
    if wait := attempts.wait(guesser, g.now) if patron else attempts.failed(guesser, g.now):
        return _show_login(form, destination, 429, wait=wait)
    if patron is None:
        return _show_login(form, destination, 401, wrong=True)
    attempts.succeeded(guesser)
    accounts.strengthen(patron, form.password.data)
    accounts.log_in(patron)
    return redirect(destination or url_for("account.my"), 303)


@pages.post("/logout")
def log_out() -> Response:
    accounts.log_out()
    session["farewell"] = "terminal.farewell" if terminal.branch() else "login.farewell"
    return answers.go("account.login")


@pages.get("/my/left")
@patron_only(page="account.my")
def left(_patron: Patron) -> Response:
    """How long this login still lasts.  To ask does not keep it alive, so that a page may ask for itself."""
    return jsonify(asdict(accounts.login_end()))


@pages.post("/my/stay")
@patron_only(page="account.my", keep_form=False)
def stay(_patron: Patron) -> Response:
    """The patron goes on with this login; that it was asked for has put its end off."""
    return jsonify(asdict(accounts.login_end())) if answers.wants_part() else answers.back_or("account.my")


@pages.get("/my")
@patron_only(page="account.my")
def my(patron: Patron) -> Response:
    loans, holds = standing.loans_of(patron.id), standing.holds_of(patron.id)
    return answers.page(
        "account/my.html",
        loans=loans,
        overdue=[loan for loan in loans if loan.days_overdue(g.today)],
        holds=holds,
        ready=[hold for hold in holds if hold.state is HoldState.READY],
        category=g.policy.patron_category(patron.category),
        may_not_hold=_against_category(patron),
        expired=card_has_expired(patron.card_expires_on, g.today),
        stopped=is_stopped(patron.stopped_for, patron.stopped_until, g.today),
        mail_refused=_is_refused(patron),
        registered=session.pop("registered", None),
    )


def _is_refused(patron: Patron) -> bool:
    """Whether the last mail did not reach the address that messages go to."""
    refused = [row.address for row in contact.did_not_take(patron.id) if row.delivery == "refused"]
    return patron.mail in refused


def _against_category(patron: Patron) -> list[Refusal]:
    """Why nobody of the patron's category may hold; the rest is said where a title is asked for."""
    decision = decide_patron_hold(g.policy, PatronFacts(patron.category), answers.occasion())
    return [refusal for refusal in decision.refusals if refusal.reason is Reason.CATEGORY_MAY_NOT_HOLD]


def _show_login(
    form: LoginForm, destination: str | None, status: int = 200, refusals=(), wrong=False, wait: int = 0
) -> Response:
    shown = answers.page(
        "account/login.html",
        status,
        form=form,
        destination=destination,
        refusals=refusals,
        wrong=wrong,
        wait=wait,
        farewell=session.pop("farewell", None) if status == 200 else None,
        ended=bool(destination) and accounts.has_ended(),
        is_kept="kept" in session,
        demo_accounts=demo.ACCOUNTS if answers.is_demo() else (),
        demo_password=demo.PASSWORD,
    )
    if terminal.branch():  # whose last patron is gone; and so it stays one as long as it is in use
        terminal.begin(shown, terminal.branch())
    return shown
