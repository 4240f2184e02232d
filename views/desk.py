"""The desk: lending to whoever's card was scanned, taking back, and the shelf of what is kept.

One field has the cursor and knows whether a card or a piece was scanned.  What was scanned for the patron at
the desk stays in the session as numbers and sentences until the next card.
"""

from flask import Blueprint, Response, g, request, session

import catalogue
import circulation
import lending
import search
import standing
import undelivered
from catalogue import pieces
from circulation import NotThere
from forms_desk import RemarkForm
from lending import Returned
from models import db, patron_of_card
from rules import (
    Channel,
    Decision,
    HoldState,
    Occasion,
    Overruling,
    card_has_expired,
    card_number,
    decide_hold,
    decide_login,
    decide_patron_loan,
    is_book_trade_barcode,
    room_for_holds,
    room_for_loans,
)
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only
from views.visit import may_make_exceptions, overruling, remark_of_form, visitor, way

pages = Blueprint("desk", __name__)

_KEPT = 8  # scans on the page; a cookie holds no more
_LONGEST = 40  # characters of a code
_FOUND = 20  # titles; narrower words help more than a second page


@pages.get("/desk")
@staff_only()
def lend(staff: AtDesk) -> Response:
    return _show_lend(staff)


@pages.post("/desk/scan")
@staff_only()
def scan(staff: AtDesk) -> Response:
    """A card begins a visit; a piece is lent to whoever's visit it is."""
    code = _typed()
    if not code:
        return _show_lend(staff, 422, "desk.nothing_typed")
    patron = patron_of_card(card_number(code))
    if patron is not None:
        session["desk_patron"], session["desk_scans"] = patron.id, []
        return _show_lend(staff) if answers.wants_part() else answers.go("desk.lend")
    return _lend(staff, code)


@pages.post("/desk/overrule")
@staff_only()
def overrule(staff: AtDesk) -> Response:
    """Lend all the same what was refused, with a remark."""
    form, code = RemarkForm(request.form), _typed()
    if not may_make_exceptions(staff):
        return answers.error(403)
    if not form.validate():
        return _show_lend(staff, 422, unclear=(code, form))
    return _lend(staff, code, overruling(staff, form))


def _lend(staff: AtDesk, code: str, exception: Overruling | None = None) -> Response:
    here = visitor()
    try:
        if here is None:
            lending.scanned(code)
            return _show_lend(staff, 409, "desk.card_first")
        answer = lending.check_out(g.policy, here.id, code, staff.branch, g.now, staff.actor, exception)
    except NotThere:
        return _show_lend(staff, 422, _unknown(code))
    decision = answer.decision
    said = {"item": answer.item, "kind": "refused"}
    if decision.allowed:
        said = {
            "item": answer.item,
            "kind": "again" if answer.again else "lent",
            "due": decision.due.on.isoformat(),
            "by": decision.due.by.isoformat("minutes") if decision.due.by else None,
            "released": answer.released is not None,
            "waiting": answer.waiting,
            "exception": bool(answer.overruled),
        }
    else:
        said["why"] = [g.wording.say(refusal) for refusal in decision.refusals]
        said["overrulable"] = decision.overrulable
    _keep("desk_scans", said)
    if not decision.allowed:
        return _show_lend(staff, 409)
    return _show_lend(staff) if answers.wants_part() else answers.go("desk.lend")


@pages.post("/desk/finish")
@staff_only()
def finish(_staff: AtDesk) -> Response:
    """The visit is over: nothing of it stays on the screen."""
    session.pop("desk_patron", None)
    session.pop("desk_scans", None)
    return answers.go("desk.lend")


@pages.get("/desk/slip")
@staff_only()
def slip(_staff: AtDesk) -> Response:
    """What was lent in this visit and until when, to be printed; no name on it."""
    lent = [scan for scan in session.get("desk_scans", []) if scan["kind"] in ("lent", "again")]
    if not lent:
        return answers.go("desk.lend")
    once = list({scan["item"]: scan for scan in lent}.values())
    return answers.page("desk/slip.html", **_with_pieces(once))


@pages.get("/desk/return")
@staff_only()
def take_back(staff: AtDesk) -> Response:
    return _show_return(staff)


@pages.post("/desk/return/scan")
@staff_only()
def scan_return(staff: AtDesk) -> Response:
    code = _typed()
    if not code:
        return _show_return(staff, 422, "desk.nothing_typed")
    try:
        answer = lending.take_back(g.policy, code, staff.branch, g.now, staff.actor)
    except NotThere:
        is_card = patron_of_card(card_number(code)) is not None
        return _show_return(staff, 422, "desk.is_a_card" if is_card else _unknown(code))
    until = answer.penalty_until.isoformat() if answer.penalty_until else None
    _keep(
        "desk_returns",
        {
            "item": answer.item,
            "was": answer.was.value,
            "late": answer.days_overdue,
            "until": until,
            "expired": answer.expired,
            "hold": answer.hold,
        },
    )
    if answer.was is Returned.WITHDRAWN:
        return _show_return(staff, 409)
    return _show_return(staff) if answers.wants_part() else answers.go("desk.take_back")


@pages.get("/desk/hold")
@staff_only()
def find_to_hold(staff: AtDesk) -> Response:
    """Titles that the patron at the desk asks for, each with whether it may be held."""
    return _show_hold(staff)


@pages.post("/desk/hold")
@staff_only()
def hold(staff: AtDesk) -> Response:
    """A hold in person or on the phone, counted like those from the web."""
    patron, bib = visitor(), answers.number(request.form.get("bib"))
    if patron is None:
        return answers.go("desk.lend")
    if bib is None:
        raise NotThere
    form = remark_of_form()
    if form and not may_make_exceptions(staff):
        return answers.error(403)
    if form and not form.validate():
        return _show_hold(staff, 422, unclear=(bib, form))
    pickup, contact = request.form.get("pickup"), request.form.get("contact")
    exception = overruling(staff, form)
    answer = circulation.place_hold(
        g.policy, patron.id, bib, pickup, contact, way(), g.now, staff.actor, exception
    )
    if not answer.decision.allowed:
        return _show_hold(staff, 409, (bib, answer.decision))
    session["desk_held"] = answer.hold
    return answers.go("desk.lend")


def _show_hold(
    staff: AtDesk, status: int = 200, refused: tuple | None = None, unclear: tuple | None = None
) -> Response:
    patron = visitor()
    if patron is None:
        return answers.go("desk.lend")
    words = request.values.get("q", "")[:200]
    found = search.find(db, words, _FOUND, 0).ids if words.strip() else []
    if refused and refused[0] not in found:
        found = [refused[0], *found]  # its reasons stand beside it
    titles = catalogue.titles(found)
    facts = standing.patron_facts(patron)
    occasion = Occasion(way(), g.now, staff.branch)
    decisions = {title.id: decide_hold(g.policy, facts, title.facts, occasion) for title in titles}
    return answers.page(
        "desk/hold.html",
        status,
        visitor=patron,
        words=words,
        titles=titles,
        decisions=decisions,
        refused=refused,
        rooms=room_for_holds(g.policy, facts, occasion),
        at=way(),
        may_overrule=may_make_exceptions(staff),
        unclear=unclear,
    )


def _typed() -> str:
    code = request.form.get("code", "")[:_LONGEST]
    return "".join(character for character in code if character.isprintable()).strip()


def _unknown(code: str) -> str:
    return "desk.book_trade_barcode" if is_book_trade_barcode(card_number(code)) else "desk.unknown"


def _keep(name: str, scan: dict) -> None:
    """The newest on top; a piece that is scanned again stands once."""
    others = [kept for kept in session.get(name, []) if kept["item"] != scan["item"]]
    session[name] = [scan, *others][:_KEPT]


def _with_pieces(scans: list[dict]) -> dict:
    """Scans with their pieces; a piece may have left the library since it was scanned."""
    there = pieces([scan["item"] for scan in scans])
    return {"scans": [scan for scan in scans if scan["item"] in there], "pieces": there}


def _show_lend(
    staff: AtDesk, status: int = 200, problem: str | None = None, unclear: tuple | None = None
) -> Response:
    patron = visitor()
    scans = session.get("desk_scans", []) if patron else []
    context = {"facts": None}
    if patron is not None:
        facts = standing.patron_facts(patron)
        occasion = Occasion(Channel.DESK, g.now, staff.branch)
        holds, placed = standing.holds_of(patron.id), session.pop("desk_held", None)
        stopped = (
            *decide_login(g.policy, patron.card_number).refusals,
            *decide_patron_loan(g.policy, facts, occasion).refusals,
        )
        context = {
            "facts": facts,
            "stopped": Decision(stopped).refusals,
            "category": g.policy.patron_category(patron.category),
            "expired": card_has_expired(patron.card_expires_on, g.today),
            "ready": [hold for hold in holds if hold.state is HoldState.READY],
            "held": next((hold for hold in holds if hold.id == placed), None),
            "rooms": room_for_loans(g.policy, facts, occasion),
            "late": [loan for loan in facts.loans if loan.days_overdue(g.today)],
        }
    return answers.page_or_part(
        "desk/lend.html",
        "desk/_visit.html",
        status,
        visitor=patron,
        problem=problem,
        **_with_pieces(scans),
        may_overrule=may_make_exceptions(staff),
        unclear=unclear,
        undelivered=0 if patron or answers.wants_part() else undelivered.count(g.now),
        **context,
    )


def _show_return(staff: AtDesk, status: int = 200, problem: str | None = None) -> Response:
    scans = session.get("desk_returns", [])
    holds = {hold.id: hold for hold in standing.kept([scan["hold"] for scan in scans if scan["hold"]])}
    return answers.page_or_part(
        "desk/return.html",
        "desk/_returns.html",
        status,
        holds=holds,
        problem=problem,
        **_with_pieces(scans),
    )
