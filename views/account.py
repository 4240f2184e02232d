"""Logging in and out, the patron's first page, and where the library writes to."""

from flask import Blueprint, Response, g, redirect, request, session, url_for

import accounts
import activation
import attempts
import demo
import standing
from forms import ContactForm, LoginForm, PasswordForm
from models import Patron
from rules import HoldState, card_has_expired, card_number, decide_login, decide_mail_address, is_stopped
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
    accounts.log_in(patron)
    return redirect(destination or url_for("account.my"), 303)


@pages.post("/logout")
def log_out() -> Response:
    accounts.log_out()
    session["farewell"] = True
    return answers.go("account.login")


@pages.get("/register")
def register() -> Response:
    """Setting a password with the code from the desk, the first one or another."""
    return _show_register(PasswordForm(g.policy))


@pages.post("/register")
def set_password() -> Response:
    form = PasswordForm(g.policy, request.form)
    if not form.validate():
        return _show_register(form, 422)
    number = card_number(form.card.data)
    barred = decide_login(g.policy, number)
    if not barred.allowed:
        return _show_register(form, 409, barred.refusals)
    guesser = answers.guesser("register", number)
    if wait := attempts.wait(guesser, g.now):
        return _show_register(form, 429, wait=wait)
    answer = activation.set_password(g.policy, form.card.data, form.code.data, form.password.data, g.now)
    if answer is None:
        wait = attempts.failed(guesser, g.now)
        return _show_register(form, 429 if wait else 401, wrong=not wait, wait=wait)
    attempts.succeeded(guesser)
    if not answer.decision.allowed:
        form.password.errors = list(answer.decision.refusals)
        return _show_register(form, 422)
    accounts.log_in(answer.patron)
    session["password_set"] = True
    return answers.go("account.my")


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
        expired=card_has_expired(patron.card_expires_on, g.today),
        stopped=is_stopped(patron.stopped_for, patron.stopped_until, g.today),
        password_set=session.pop("password_set", False),
    )


@pages.get("/my/contact")
@patron_only(page="account.contact")
def contact(patron: Patron) -> Response:
    kept = answers.kept_form("account.contact").get("mail", [patron.mail or ""])
    return _show_contact(ContactForm(mail=kept[0]), done=session.pop("contact_saved", False))


@pages.post("/my/contact")
@patron_only(page="account.contact")
def save_contact(patron: Patron) -> Response:
    form = ContactForm(request.form)
    if form.validate() and (form.mail.data or form.remove.data):
        mail = None if form.remove.data else form.mail.data
        decision = decide_mail_address(mail) if mail else None
        if decision is None or decision.allowed:
            Patron.update(mail=mail).where(Patron.id == patron.id).execute()
            session["contact_saved"] = True
            return answers.go("account.contact", next=answers.local_path(request.form.get("next")))
        form.mail.errors = [refusal.reason.value for refusal in decision.refusals]
    return _show_contact(form, 422)


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
        farewell=session.pop("farewell", False) if status == 200 else False,
        demo_accounts=demo.ACCOUNTS if answers.is_demo() else (),
        demo_password=demo.PASSWORD,
    )
    return answers.not_before(wait, shown) if wait else shown


def _show_register(
    form: PasswordForm, status: int = 200, refusals=(), wrong=False, wait: int = 0
) -> Response:
    shown = answers.page(
        "account/register.html", status, form=form, refusals=refusals, wrong=wrong, wait=wait
    )
    return answers.not_before(wait, shown) if wait else shown


def _show_contact(form: ContactForm, status: int = 200, done: bool = False) -> Response:
    destination = answers.local_path(request.values.get("next"))
    return answers.page("account/contact.html", status, form=form, done=done, destination=destination)
