"""The hold shelf of a branch, what to fetch and what to send for it, and each hold as the desk sees it.

Of whose a hold is, these pages show the end of the card's number, and what the library's slips show.
"""

from flask import Blueprint, Response, g, request, session

import circulation
import hold_shelf
import pull_list
import standing
from catalogue import pieces, to_shelve_at
from circulation import NotThere
from forms import TimingForm
from opening import Calendar
from rules import (
    Contact,
    Decision,
    HoldState,
    Occasion,
    Shown,
    decide_cancel,
    decide_extension,
    decide_pickup_change,
    decide_putting_back,
    decide_timing,
    shown_by,
)
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only
from views.visit import visitor, way

pages = Blueprint("hold_shelf", __name__)


@pages.get("/desk/shelf")
@staff_only()
def index(staff: AtDesk) -> Response:
    """What is kept at this branch, in the order of what is to be done about it."""
    kept = standing.kept_at(staff.branch)
    ready = [hold for hold in kept if hold.state is HoldState.READY]
    return answers.page(
        "desk/shelf.html",
        slips=[hold for hold in ready if hold.slip_due],
        over=[hold for hold in ready if hold.is_over(g.today)],
        to_shelve=list(pieces(to_shelve_at(staff.branch)).values()),
        ready=[hold for hold in ready if not hold.is_over(g.today)],
        coming=[hold for hold in kept if hold.state is HoldState.IN_TRANSIT],
        by_phone=[word for word in Shown if word in (shown_by(g.policy, Contact.PHONE) or ())],
        done=session.pop("shelf_done", None),
    )


@pages.post("/desk/shelf/<number:hold_id>/told")
@staff_only()
def told(staff: AtDesk, hold_id: int) -> Response:
    hold_shelf.mark_told(g.policy, hold_id, g.now, staff.actor)
    session["shelf_done"] = "desk.now_told"
    return answers.back_or("hold_shelf.index")


@pages.get("/desk/shelf/<number:hold_id>/slip")
@staff_only()
def slip(_staff: AtDesk, hold_id: int) -> Response:
    """The slip that goes into a piece that is set aside."""
    found = next((hold for hold in standing.kept([hold_id])), None)
    if found is None:
        raise NotThere
    return answers.page("desk/shelf_slip.html", hold=found)


@pages.post("/desk/shelf/<number:hold_id>/slip")
@staff_only()
def change_slip(_staff: AtDesk, hold_id: int) -> Response:
    """To the slip, which from now on is the one in the piece."""
    hold_shelf.change_slip(hold_id)
    return answers.go("hold_shelf.slip", hold_id=hold_id)


@pages.get("/desk/pull")
@staff_only()
def pull(staff: AtDesk) -> Response:
    """What to fetch from the shelves of this branch for those who wait, to be printed."""
    return answers.page("desk/pull.html", pieces=pull_list.to_fetch(g.policy, staff.branch, g.today))


@pages.get("/desk/transfers")
@staff_only()
def transfers(staff: AtDesk) -> Response:
    """What goes from this branch to each of the others, and what comes from them, to be printed."""
    sent, coming = standing.sent_from(staff.branch), standing.kept_at(staff.branch)
    by_branch: dict[str, list[standing.Kept]] = {}
    for hold in sent:
        by_branch.setdefault(hold.pickup_branch, []).append(hold)
    return answers.page(
        "desk/transfers.html",
        going=by_branch,
        coming=[hold for hold in coming if hold.state is HoldState.IN_TRANSIT],
    )


# -- one hold, in person or by phone -----------------------------------------------------------------------


@pages.get("/desk/holds")
@staff_only()
def of_visitor(_staff: AtDesk) -> Response:
    """The holds of the patron at the desk."""
    patron = visitor()
    if patron is None:
        return answers.go("desk.lend")
    return answers.page(
        "desk/holds.html",
        visitor=patron,
        holds=standing.holds_of(patron.id),
        done=session.pop("shelf_done", None),
    )


@pages.get("/desk/holds/<number:hold_id>")
@staff_only()
def hold(_staff: AtDesk, hold_id: int) -> Response:
    return _show_hold(hold_id)


@pages.get("/desk/holds/<number:hold_id>/cancel")
@staff_only()
def confirm_cancel(_staff: AtDesk, hold_id: int) -> Response:
    _, found = _open_hold(hold_id)
    decision = decide_cancel(g.policy, found.state, _occasion())
    if not decision.allowed:
        return _show_hold(hold_id, 409, decision)
    return answers.page("desk/hold_cancel.html", hold=found, at=way())


@pages.post("/desk/holds/<number:hold_id>/cancel")
@staff_only()
def cancel(staff: AtDesk, hold_id: int) -> Response:
    patron_id, _ = _open_hold(hold_id)
    decision = circulation.cancel_hold(g.policy, patron_id, hold_id, way(), g.now, staff.actor)
    if not decision.allowed:
        return _show_hold(hold_id, 409, decision)
    session["shelf_done"] = "holds.cancelled"
    return answers.go("hold_shelf.of_visitor" if _is_visitor(patron_id) else "hold_shelf.index")


@pages.post("/desk/holds/<number:hold_id>/pickup")
@staff_only()
def change_pickup(staff: AtDesk, hold_id: int) -> Response:
    patron_id, _ = _open_hold(hold_id)
    pickup = request.form.get("pickup")
    decision = circulation.change_pickup(g.policy, patron_id, hold_id, pickup, way(), g.now, staff.actor)
    return _answer(hold_id, decision, "desk.pickup_changed")


@pages.post("/desk/holds/<number:hold_id>/extend")
@staff_only()
def extend(staff: AtDesk, hold_id: int) -> Response:
    patron_id, _ = _open_hold(hold_id)
    decision = circulation.extend_hold(g.policy, patron_id, hold_id, way(), g.now, staff.actor)
    return _answer(hold_id, decision, "holds.extended")


@pages.post("/desk/holds/<number:hold_id>/timing")
@staff_only()
def set_timing(staff: AtDesk, hold_id: int) -> Response:
    patron_id, _ = _open_hold(hold_id)
    form = TimingForm(request.form)
    if not form.validate():
        return _show_hold(hold_id, 422, timing_form=form)
    decision = circulation.set_timing(g.policy, patron_id, hold_id, form.asked, way(), g.now, staff.actor)
    return _answer(hold_id, decision, "holds.timed")


@pages.post("/desk/holds/<number:hold_id>/put-back")
@staff_only()
def put_back(staff: AtDesk, hold_id: int) -> Response:
    decision = hold_shelf.put_back(hold_id, g.now, staff.actor)
    return _answer(hold_id, decision, "desk.put_back")


def _answer(hold_id: int, decision: Decision, done: str) -> Response:
    if not decision.allowed:
        return _show_hold(hold_id, 409, decision)
    session["shelf_done"] = done
    return answers.go("hold_shelf.hold", hold_id=hold_id, at=way().value)


def _show_hold(
    hold_id: int, status: int = 200, refused: Decision | None = None, timing_form: TimingForm | None = None
) -> Response:
    patron_id, found = _open_hold(hold_id)
    occasion = _occasion()
    opening = Calendar(g.policy, g.today).of(found.pickup_branch)
    return answers.page(
        "desk/hold_of_patron.html",
        status,
        hold=found,
        kept=next(iter(standing.kept([hold_id])), None),
        patron_id=patron_id,
        at=way(),
        is_visitor=_is_visitor(patron_id),
        may_cancel=decide_cancel(g.policy, found.state, occasion),
        may_change=decide_pickup_change(g.policy, found.state, occasion),
        may_extend=decide_extension(g.policy, found.on_shelf, occasion, opening),
        may_time=decide_timing(g.policy, found.state, found.timing, found.timing, occasion),
        timing_form=timing_form,
        may_put_back=decide_putting_back(found.state),
        refused=refused.refusals if refused else (),
        done=session.pop("shelf_done", None) if status == 200 else None,
    )


def _occasion() -> Occasion:
    return Occasion(way(), g.now)


def _is_visitor(patron_id: int) -> bool:
    here = visitor()
    return here is not None and here.id == patron_id


def _open_hold(hold_id: int) -> tuple[int, standing.HoldRow]:
    found = standing.open_hold(hold_id)
    if found is None:
        raise NotThere
    return found
