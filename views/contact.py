"""連絡方法: where the library writes to and calls, and the link that proves whose an address is."""

from flask import Blueprint, Response, current_app, g, request, session

import attempts
import contact
import reminders
import rules
import terminal
import tickets
from forms import AddressForm, CartForm, LettersForm, PhoneForm, RemindersForm
from models import Patron
from rules import MailLanguage, TicketKind, TitlesInMail, has_odd_dots
from views import answers
from views.answers import patron_only

pages = Blueprint("contact", __name__)


@pages.get("/my/contact")
@patron_only(page="contact.index")
def index(patron: Patron) -> Response:
    typed = answers.kept_form("contact.index").get("mail", [""])[0]
    return _show(patron, AddressForm(mail=typed, for_contact=True, for_holds=True))


@pages.post("/my/contact")
@patron_only(page="contact.index")
def add(patron: Patron) -> Response:
    form = AddressForm(request.form)
    if not form.validate():
        return _show(patron, form, 422)
    # Each asks for a mail to an address that may be a stranger's: nobody's mailbox is filled from here.
    sends = answers.sends_mail()
    sender = answers.guesser("address", patron.card_number)
    if wait := attempts.wait(sender, g.now) if sends else 0:
        return _show(patron, form, 429, wait=wait)
    at = terminal.channel()
    choices = {"for_contact": form.for_contact.data, "for_holds": form.for_holds.data}
    answer = contact.add(g.policy, patron.id, form.mail.data, g.now, sends=sends, channel=at, **choices)
    if not answer.decision.allowed:
        form.mail.errors = list(answer.decision.refusals)
        return _show(patron, form, 422)
    if sends:
        attempts.tried(sender, g.now)
    dotted = has_odd_dots(form.mail.data)
    return _done("contact.waits" if answer.waits else "contact.saved", dotted=dotted)


@pages.post("/my/contact/<number:address_id>/use")
@patron_only(page="contact.index", keep_form=False)
def use(patron: Patron, address_id: int) -> Response:
    contact.use(patron.id, address_id, "for_holds" in request.form, g.now, terminal.channel())
    return _done("contact.used")


@pages.post("/my/contact/<number:address_id>/remove")
@patron_only(page="contact.index", keep_form=False)
def remove(patron: Patron, address_id: int) -> Response:
    decision = contact.remove(g.policy, patron.id, address_id, g.now, terminal.channel())
    if not decision.allowed:
        return _show(patron, AddressForm(), 409, refusals=decision.refusals)
    return _done("contact.removed")


@pages.post("/my/contact/waiting/<number:ticket_id>/stop")
@patron_only(page="contact.index", keep_form=False)
def stop_waiting(patron: Patron, ticket_id: int) -> Response:
    contact.stop_waiting(patron.id, ticket_id)
    return _done("contact.stopped")


@pages.post("/my/contact/phone")
@patron_only(page="contact.index", keep_form=False)
def change_phone(patron: Patron) -> Response:
    form = PhoneForm(request.form)
    if form.validate():
        decision = contact.change_phone(patron.id, form.phone.data, g.now, terminal.channel())
        if decision.allowed:
            return _done("contact.phone_saved")
        form.phone.errors = list(decision.refusals)
    return _show(patron, AddressForm(), 422, phone=form)


@pages.post("/my/contact/choices")
@patron_only(page="contact.index", keep_form=False)
def choose(patron: Patron) -> Response:
    form = CartForm.of(g.policy, patron, request.form.to_dict(flat=False))
    if not form.validate():
        return _show(patron, AddressForm(), 422, choices=form)
    contact.choose(g.policy, patron.id, form.pickup.data, form.contact.data, g.now)
    return _done("contact.chosen")


@pages.post("/my/contact/letters")
@patron_only(page="contact.index", keep_form=False)
def choose_letters(patron: Patron) -> Response:
    form = LettersForm.of(g.policy, patron, request.form.to_dict())
    if not form.validate():
        return _show(patron, AddressForm(), 422, letters=form)
    contact.choose_letters(patron.id, MailLanguage(form.language.data), TitlesInMail(form.titles.data))
    return _done("letters.saved")


@pages.post("/my/contact/kinds")
@patron_only(page="contact.index", keep_form=False)
def choose_kinds(patron: Patron) -> Response:
    reminders.want(g.policy, patron.id, RemindersForm(g.policy, request.form).wanted)
    return _done("contact.kinds_saved")


@pages.get("/contact/<token>")
def link(token: str) -> Response:
    """The link of a mail only asks: programs that look into mails open links too."""
    ticket = tickets.find(TicketKind.ADDRESS, tickets.number(current_app.secret_key, token), g.now)
    return answers.page("contact/link.html", 200 if ticket else 404, ticket=ticket)


@pages.post("/contact/<token>")
def confirm(token: str) -> Response:
    address = contact.confirm(tickets.number(current_app.secret_key, token), g.now, terminal.channel())
    if address is None:
        return answers.page("contact/link.html", 404, ticket=None)
    return answers.page("contact/confirmed.html", address=address)


def _done(sentence: str, dotted: bool = False) -> Response:
    session["contact_done"] = [sentence, *(["contact.dotted"] if dotted else [])]
    return answers.go("contact.index", next=answers.local_path(request.form.get("next")))


def _show(
    patron: Patron,
    form: AddressForm,
    status: int = 200,
    phone: PhoneForm | None = None,
    choices: CartForm | None = None,
    letters: LettersForm | None = None,
    refusals=(),
    wait: int = 0,
) -> Response:
    own = contact.own_addresses(g.policy, patron.id, g.now)
    known = {row.address for row, _ in own.kept}
    return answers.page(
        "contact/index.html",
        status,
        wait=wait,
        form=form,
        phone=phone or PhoneForm(phone=patron.phone or ""),
        choices=choices or CartForm.of(g.policy, patron, {}),
        letters=letters or LettersForm.of(g.policy, patron, {}),
        kinds=RemindersForm(g.policy, unwanted=reminders.unwanted_by(patron)),
        lengths=rules.optional_reminders(g.policy),
        addresses=own.kept,
        one_more=own.one_more,
        waiting=[one for one in own.waiting if one.address not in known],
        asked={one.address for one in own.waiting},
        sends=answers.sends_mail(),
        refusals=refusals,
        done=session.pop("contact_done", []) if status == 200 else [],
        destination=answers.local_path(request.values.get("next")),
    )
