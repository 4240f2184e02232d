"""A patron's own logins, and a new password."""

from flask import Blueprint, Response, g, request, session

import accounts
import activation
import attempts
import terminal
from forms import PasswordChangeForm
from models import Patron
from views import answers
from views.answers import patron_only

pages = Blueprint("security", __name__)


@pages.get("/my/security")
@patron_only(page="security.index")
def index(patron: Patron) -> Response:
    return _show(patron, PasswordChangeForm(g.policy, activation.own_numbers(patron)))


@pages.post("/my/security")
@patron_only(page="security.index", keep_form=False)
def change_password(patron: Patron) -> Response:
    form = PasswordChangeForm(g.policy, activation.own_numbers(patron), request.form)
    if not form.validate():
        return _show(patron, form, 422)
    guesser = answers.guesser("change", patron.card_number)
    if wait := attempts.wait(guesser, g.now):
        return _show(patron, form, 429, wait)
    decision = activation.change_password(
        g.policy, patron.id, form.old.data, form.password.data, g.now, terminal.channel()
    )
    if decision is None:
        form.old.errors = ["security.old_wrong"]
        wait = attempts.failed(guesser, g.now)
        return _show(patron, form, 429 if wait else 401, wait)
    attempts.succeeded(guesser)
    if not decision.allowed:
        form.password.errors = list(decision.refusals)
        return _show(patron, form, 422)
    accounts.log_in(patron)
    return _done("security.password_changed")


@pages.post("/my/security/end")
@patron_only(page="security.index", keep_form=False)
def end_login(patron: Patron) -> Response:
    accounts.end_own_login(patron.id, answers.number(request.form.get("login")))
    return _done("security.ended")


@pages.post("/my/security/end-others")
@patron_only(page="security.index", keep_form=False)
def end_others(patron: Patron) -> Response:
    accounts.end_other_logins(patron.id)
    return _done("security.others_ended")


def _done(sentence: str) -> Response:
    session["security_done"] = sentence
    return answers.go("security.index")


def _show(patron: Patron, form: PasswordChangeForm, status: int = 200, wait: int = 0) -> Response:
    return answers.page(
        "security/index.html",
        status,
        wait=wait,
        logins=accounts.own_logins(patron.id),
        form=form,
        done=session.pop("security_done", None) if status == 200 else None,
    )
