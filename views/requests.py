"""The desk's pages about what the library does not own: requests, and pieces of other libraries.

The list is for whoever buys: titles and how many wait, never who.
"""

from flask import Blueprint, Response, g, request, session

import requested
import requesting
from circulation import NotThere
from folding import isbn13
from forms_desk import BorrowForm, RequestForm
from models import Patron
from requested import Asked, Borrowed
from rules import Channel, Decision, Reason, decide_declining, decide_sending_back
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only
from views.visit import visitor, way

pages = Blueprint("requests", __name__)


@pages.get("/desk/requests")
@staff_only()
def index(_staff: AtDesk) -> Response:
    return _show_list()


@pages.get("/desk/requests/new")
@staff_only()
def new(staff: AtDesk) -> Response:
    """A title that nothing was found for, in the words that were searched for."""
    patron = visitor()
    if patron is None:
        return answers.go("desk.lend")
    words = request.args.get("q", "")[:200]
    known = {"isbn": words} if isbn13(words) else {"title": words}
    form = RequestForm(
        g.policy,
        at=way().value,
        material=g.policy.materials[0].id,
        pickup=patron.pickup_branch or staff.branch,
        contact=g.policy.hold.contact[0].value,
        **known,
    )
    return _show_new(patron, form)


@pages.post("/desk/requests/new")
@staff_only()
def place(staff: AtDesk) -> Response:
    patron = visitor()
    if patron is None:
        return answers.go("desk.lend")
    form = RequestForm(g.policy, request.form)
    if not form.validate():
        return _show_new(patron, form, 422)
    answer = requesting.place_request(
        g.policy,
        patron.id,
        form.entry,
        form.pickup.data,
        form.contact.data,
        Channel(form.at.data),
        g.now,
        staff.actor,
    )
    if not answer.decision.allowed:
        return _show_new(patron, form, 409, answer.decision)
    session["desk_held"] = answer.hold
    return answers.go("desk.lend")


@pages.get("/desk/requests/<number:bib_id>/decline")
@staff_only()
def confirm_decline(_staff: AtDesk, bib_id: int) -> Response:
    """Who asked cannot be found again afterwards: say how many are told before it is done."""
    asked = _asked(bib_id)
    return _show_decline(asked, decide_declining(asked.borrowed))


@pages.post("/desk/requests/<number:bib_id>/decline")
@staff_only()
def decline(staff: AtDesk, bib_id: int) -> Response:
    decision = requesting.decline(bib_id, g.now, staff.actor)
    if not decision.allowed:
        return _show_decline(_asked(bib_id), decision)
    return _done("declined")


@pages.get("/desk/requests/<number:bib_id>/borrow")
@staff_only()
def new_borrowed(_staff: AtDesk, bib_id: int) -> Response:
    return _show_borrow(_asked(bib_id), BorrowForm())


@pages.post("/desk/requests/<number:bib_id>/borrow")
@staff_only()
def borrow(staff: AtDesk, bib_id: int) -> Response:
    form = BorrowForm(request.form)
    if not form.validate():
        return _show_borrow(_asked(bib_id), form, 422)
    answer = requesting.borrow(
        g.policy,
        bib_id,
        form.barcode.data,
        form.library.data,
        form.send_back_by.data,
        staff.branch,
        g.now,
        staff.actor,
    )
    if not answer.decision.allowed:
        return _show_borrow(_asked(bib_id), form, 409, answer.decision)
    return _done("borrowed")


@pages.get("/desk/requests/borrowed/<number:item_id>/send-back")
@staff_only()
def confirm_send_back(_staff: AtDesk, item_id: int) -> Response:
    return _show_send_back(_borrowed(item_id))


@pages.post("/desk/requests/borrowed/<number:item_id>/send-back")
@staff_only()
def send_back(staff: AtDesk, item_id: int) -> Response:
    if not requesting.send_back(item_id, g.now, staff.actor).allowed:
        return _show_send_back(_borrowed(item_id))
    return _done("sent_back")


def _asked(bib_id: int) -> Asked:
    asked = requested.asked_title(bib_id)
    if asked is None:
        raise NotThere
    return asked


def _borrowed(item_id: int) -> Borrowed:
    piece = requested.borrowed_piece(item_id)
    if piece is None:
        raise NotThere
    return piece


def _done(what: str) -> Response:
    session["requests_done"] = what
    return answers.go("requests.index")


def _show_list() -> Response:
    return answers.page(
        "desk/requests.html",
        asked=[title for title in requested.asked() if title.patrons],
        borrowed=requested.borrowed(),
        done=session.pop("requests_done", None),
    )


def _show_new(
    patron: Patron, form: RequestForm, status: int = 200, refused: Decision | None = None
) -> Response:
    owned = refused is not None and Reason.OWNED in refused.reasons
    return answers.page(
        "desk/request_new.html", status, visitor=patron, form=form, refused=refused, owned=owned
    )


def _show_decline(asked: Asked, decision: Decision) -> Response:
    status = 200 if decision.allowed else 409
    return answers.page("desk/request_decline.html", status, asked=asked, refusals=decision.refusals)


def _show_borrow(
    asked: Asked, form: BorrowForm, status: int = 200, refused: Decision | None = None
) -> Response:
    return answers.page("desk/request_borrow.html", status, asked=asked, form=form, refused=refused)


def _show_send_back(piece: Borrowed) -> Response:
    decision = decide_sending_back(piece.due_on is not None, piece.set_aside)
    status = 200 if decision.allowed else 409
    return answers.page("desk/send_back.html", status, piece=piece, refusals=decision.refusals)
