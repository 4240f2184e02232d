"""パスワード登録: by facts that the library knows, a code from the desk, or a link in a mail."""

from flask import Blueprint, Response, current_app, g, request, session

import accounts
import activation
import attempts
import contact
import demo
import terminal
import tickets
from circulation import existing_patron
from forms import FIELD_OF_FACT, CodeForm, NewPasswordForm, ProofForm
from models import Ticket
from rules import FirstPassword, TicketKind, card_number, decide_login
from views import answers

pages = Blueprint("registration", __name__)


@pages.get("/register")
def begin() -> Response:
    if FirstPassword.FACTS not in g.policy.registration.first_password:
        return answers.go("registration.code")
    return _show_proof(ProofForm(g.policy), over=session.pop("proof_over", False))


@pages.post("/register")
def prove() -> Response:
    """The first step: who somebody is, by what the library knows of them."""
    if FirstPassword.FACTS not in g.policy.registration.first_password:
        return answers.error(404)
    form = ProofForm(g.policy, request.form)
    if not form.validate():
        return _show_proof(form, 422)
    number = card_number(form.card.data)
    barred = decide_login(g.policy, number)
    if not barred.allowed:
        return _show_proof(form, 409, barred.refusals)
    guesser = answers.guesser("register", number)
    if wait := attempts.wait(guesser, g.now):
        return _show_proof(form, 429, wait=wait)
    proof = activation.prove(g.policy, form.card.data, form.typed, g.now, answers.sends_mail())
    if proof is None:
        wait = attempts.failed(guesser, g.now)
        return _show_proof(form, 429 if wait else 401, wrong=not wait, wait=wait)
    if proof.sent_to:
        attempts.tried(guesser, g.now)  # counted, so that nobody's mailbox is filled
        session["link_sent_to"] = answers.masked(proof.sent_to)
        return answers.go("registration.sent")
    attempts.succeeded(guesser)
    session["proven"] = proof.ticket
    return answers.go("registration.password")


@pages.get("/register/sent")
def sent() -> Response:
    """Where a confirmed address is known: the rest waits for the link."""
    if "link_sent_to" not in session:
        return answers.go("registration.begin")
    return answers.page("registration/sent.html", address=session["link_sent_to"])


@pages.get("/register/password")
def password() -> Response:
    """The second step, for whoever has proved who they are."""
    return _ask_for_password(TicketKind.PROVEN, session.get("proven"))


@pages.post("/register/password")
def set_password() -> Response:
    return _set_password(TicketKind.PROVEN, session.get("proven"))


@pages.get("/register/<token>")
def link(token: str) -> Response:
    """The link of a mail only shows the form: programs that look into mails open links too."""
    return _ask_for_password(TicketKind.PASSWORD, _number_in(token))


@pages.post("/register/<token>")
def set_password_by_link(token: str) -> Response:
    return _set_password(TicketKind.PASSWORD, _number_in(token))


@pages.get("/register/code")
def code() -> Response:
    """Setting a password with the code from the desk, the first one or another."""
    if FirstPassword.CODE not in g.policy.registration.first_password:
        return answers.error(404)
    return _show_code(CodeForm(g.policy))


@pages.post("/register/code")
def set_password_by_code() -> Response:
    form = CodeForm(g.policy, request.form)
    if not form.validate():
        return _show_code(form, 422)
    number = card_number(form.card.data)
    barred = decide_login(g.policy, number)
    if not barred.allowed:
        return _show_code(form, 409, barred.refusals)
    guesser = answers.guesser("register", number)
    if wait := attempts.wait(guesser, g.now):
        return _show_code(form, 429, wait=wait)
    answer = activation.set_password(
        g.policy, form.card.data, form.code.data, form.password.data, g.now, terminal.channel()
    )
    if answer is None:
        wait = attempts.failed(guesser, g.now)
        return _show_code(form, 429 if wait else 401, wrong=not wait, wait=wait)
    attempts.succeeded(guesser)
    if not answer.decision.allowed:
        form.password.errors = list(answer.decision.refusals)
        return _show_code(form, 422)
    return _enter(answer)


def _number_in(token: str) -> int | None:
    return tickets.number(current_app.secret_key, token)


def _ask_for_password(kind: TicketKind, number: int | None) -> Response:
    ticket = tickets.find(kind, number, g.now)
    if ticket is None:
        return _over(kind)
    own = activation.own_numbers(existing_patron(ticket.patron_id))
    return _show_password(NewPasswordForm(g.policy, own), ticket)


def _set_password(kind: TicketKind, number: int | None) -> Response:
    ticket = tickets.find(kind, number, g.now)
    if ticket is None:
        return _over(kind)
    own = activation.own_numbers(existing_patron(ticket.patron_id))
    form = NewPasswordForm(g.policy, own, request.form)
    if not form.validate():
        return _show_password(form, ticket, 422)
    answer = activation.set_password_by(
        g.policy, kind, ticket.id, form.password.data, g.now, terminal.channel()
    )
    if answer is None:
        return _over(kind)
    if not answer.decision.allowed:
        form.password.errors = list(answer.decision.refusals)
        return _show_password(form, ticket, 422)
    return _enter(answer, _add_address(answer.patron.id, form))


def _add_address(patron_id: int, form: NewPasswordForm) -> str:
    """What became of the address that came with the password, as the end of a message key."""
    if not form.mail.data:
        return "done"
    answer = contact.add(
        g.policy,
        patron_id,
        form.mail.data,
        g.now,
        for_contact=form.for_contact.data,
        for_holds=form.for_holds.data,
        sends=answers.sends_mail(),
        message="registration_link",
        channel=terminal.channel(),
    )
    if not answer.decision.allowed:
        return "done_without_mail"
    return "done_mail_waits" if answer.waits else "done_with_mail"


def _enter(answer: activation.PasswordAnswer, end: str = "done") -> Response:
    accounts.log_in(answer.patron)
    session["registered"] = f"register.{end}"
    return answers.go("account.my")


def _over(kind: TicketKind) -> Response:
    """What was proved is proved no longer: back to the beginning.  A link that is over says so."""
    if kind is TicketKind.PASSWORD:
        return answers.page("registration/over.html", 404)
    session.pop("proven", None)
    session["proof_over"] = True
    return answers.go("registration.begin")


def _show_proof(
    form: ProofForm, status: int = 200, refusals=(), wrong=False, wait: int = 0, over: bool = False
) -> Response:
    return answers.page(
        "registration/proof.html",
        status,
        form=form,
        names=[name for name in ("card", *FIELD_OF_FACT.values()) if name in form],
        demo_facts=demo.FACTS if answers.is_demo() else None,
        demo_card=demo.ACCOUNTS[5],
        by_code=FirstPassword.CODE in g.policy.registration.first_password,
        refusals=refusals,
        wrong=wrong,
        wait=wait,
        over=over,
    )


def _show_password(form: NewPasswordForm, ticket: Ticket, status: int = 200) -> Response:
    before = existing_patron(ticket.patron_id).mail
    return answers.page(
        "registration/password.html",
        status,
        form=form,
        before=answers.masked(before) if before else None,
        by_link=ticket.kind is TicketKind.PASSWORD,
        most_addresses=g.policy.contact.mail_addresses,
    )


def _show_code(form: CodeForm, status: int = 200, refusals=(), wrong=False, wait: int = 0) -> Response:
    return answers.page(
        "registration/code.html", status, form=form, refusals=refusals, wrong=wrong, wait=wait
    )
