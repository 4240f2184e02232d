"""My holds: what is ready, what is on its way, what waits and in which place."""

from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, g, request, session

import catalogue
import circulation
import shelf
import standing
import terminal
from catalogue import Title
from forms import TimingForm
from models import Patron
from opening import Calendar
from rules import (
    QUEUED_HOLD_STATES,
    Decision,
    ExtensionDecision,
    HoldState,
    Reason,
    Wait,
    decide_cancel,
    decide_extension,
    decide_pickup_change,
    decide_timing,
    first_kept_day,
    waiting_time,
)
from standing import HoldRow
from views import answers
from views.answers import occasion, patron_only, registration_at

pages = Blueprint("holds", __name__)

_OF_THE_SHELF = 5  # titles that are shown below the holds, of those that the patron wants to read


class Row(NamedTuple):
    """A hold with what can be done about it; for an application when it will be registered, and for one that
    waits how long it will."""

    hold: HoldRow
    may_cancel: Decision
    may_change: Decision
    may_extend: ExtensionDecision
    may_time: Decision
    registered_at: datetime | None
    wait: Wait | None


@pages.get("/my/holds")
@patron_only(page="holds.index")
def index(patron: Patron) -> Response:
    return _show(patron)


@pages.get("/my/holds/<number:hold_id>/cancel")
@patron_only(page="holds.index")
def confirm_cancel(patron: Patron, hold_id: int) -> Response:
    """A place in the queue cannot be had back: say so before it is given up."""
    hold = _mine(patron, hold_id)
    decision = decide_cancel(g.policy, hold.state, occasion())
    if not decision.allowed:
        return _show(patron, 409, refused=(hold_id, decision))
    return answers.page("holds/cancel.html", hold=hold)


@pages.post("/my/holds/<number:hold_id>/cancel")
@patron_only(page="holds.index")
def cancel(patron: Patron, hold_id: int) -> Response:
    decision = circulation.cancel_hold(g.policy, patron.id, hold_id, terminal.channel(), g.now)
    if not decision.allowed:
        return _show(patron, 409, refused=(hold_id, decision))
    return _done(patron, "holds.cancelled")


@pages.post("/my/holds/<number:hold_id>/pickup")
@patron_only(page="holds.index")
def change_pickup(patron: Patron, hold_id: int) -> Response:
    decision = circulation.change_pickup(
        g.policy, patron.id, hold_id, request.form.get("pickup"), terminal.channel(), g.now
    )
    if not decision.allowed:
        status = 422 if Reason.UNKNOWN_PICKUP in decision.reasons else 409
        return _show(patron, status, refused=(hold_id, decision))
    return _done(patron, "holds.pickup_changed")


@pages.post("/my/holds/<number:hold_id>/extend")
@patron_only(page="holds.index")
def extend(patron: Patron, hold_id: int) -> Response:
    decision = circulation.extend_hold(g.policy, patron.id, hold_id, terminal.channel(), g.now)
    if not decision.allowed:
        return _show(patron, 409, refused=(hold_id, decision))
    return _done(patron, "holds.extended")


@pages.post("/my/holds/<number:hold_id>/timing")
@patron_only(page="holds.index")
def set_timing(patron: Patron, hold_id: int) -> Response:
    """From when on the hold is wanted, and until when."""
    _mine(patron, hold_id)
    form = TimingForm(request.form)
    if not form.validate():
        return _show(patron, 422, refused=(hold_id, Decision()), timing_form=form)
    decision = circulation.set_timing(g.policy, patron.id, hold_id, form.asked, terminal.channel(), g.now)
    if not decision.allowed:
        return _show(patron, 409, refused=(hold_id, decision))
    return _done(patron, "holds.timed")


def _done(patron: Patron, what: str) -> Response:
    """The list with what was done on top: as a part at once, as a page after going there."""
    session["hold_done"] = what
    return _show(patron) if answers.wants_part() else answers.go("holds.index")


def _show(
    patron: Patron,
    status: int = 200,
    refused: tuple[int, Decision] | None = None,
    timing_form: TimingForm | None = None,
) -> Response:
    calendar = Calendar(g.policy, g.today)
    holds = standing.holds_of(patron.id)
    queued = [hold.bib for hold in holds if hold.state in QUEUED_HOLD_STATES]
    titles = {title.id: title for title in catalogue.titles(queued)}
    rows = [
        Row(
            hold,
            decide_cancel(g.policy, hold.state, occasion()),
            decide_pickup_change(g.policy, hold.state, occasion()),
            decide_extension(g.policy, hold.on_shelf, occasion(), calendar.of(hold.pickup_branch)),
            decide_timing(g.policy, hold.state, hold.timing, hold.timing, occasion()),
            registration_at(hold.requested_at) if hold.state is HoldState.APPLIED else None,
            _wait(hold, titles.get(hold.bib)),
        )
        for hold in holds
    ]
    return answers.page_or_part(
        "holds/index.html",
        "holds/_holds.html",
        status,
        rows=rows,
        ended=standing.ended_holds_of(patron.id, first_kept_day(g.policy.privacy.ended_holds, g.today)),
        refused=refused,
        timing_form=timing_form,
        done=session.pop("hold_done", None),
        wanted=[] if answers.wants_part() else shelf.entries_of(patron.id)[:_OF_THE_SHELF],
    )


def _wait(hold: HoldRow, title: Title | None) -> Wait | None:
    """How long until it is ready, for one that waits in a queue; a pause would make it longer."""
    if title is None or hold.timing.is_paused(g.today):
        return None
    return waiting_time(g.policy, title.items, hold.place, g.today)


def _mine(patron: Patron, hold_id: int) -> HoldRow:
    found = next((hold for hold in standing.holds_of(patron.id) if hold.id == hold_id), None)
    if found is None:
        raise circulation.NotThere
    return found
