"""The desk's pages about patrons: finding one, registering, what is known of them, their card, deleting.

Names stand on these pages and nowhere else: not in an address, not in a title, not in a log.  What somebody
searched for is therefore sent by POST.
"""

from flask import Blueprint, Response, g, request, session

import activation
import contact
import patrons
import standing
from catalogue import pieces
from circulation import NotThere
from forms_desk import CardForm, NewPatronForm, PatronForm, StopForm
from models import Patron
from rules import (
    Channel,
    Decision,
    Occasion,
    Refusal,
    asks_for_birth_dates,
    asks_for_households,
    card_has_expired,
    decide_card_renewal,
    decide_code,
    decide_deletion,
    decide_login,
    decide_patron_loan,
    facts_asked,
    is_stopped,
    marks_of,
)
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only

pages = Blueprint("patrons", __name__)

_LONGEST = 60  # characters of what is searched for
_RELEASED_AT_MOST = 20  # pieces named after a deletion; a cookie holds no more


@pages.get("/desk/patrons")
@staff_only()
def index(_staff: AtDesk) -> Response:
    released = session.pop("desk_released", [])
    return _show_found(
        request.args.get("q"),
        deleted=session.pop("desk_deleted", False),
        released=released,
        pieces=pieces([item for item, _, _ in released]),
    )


@pages.post("/desk/patrons")
@staff_only()
def find(_staff: AtDesk) -> Response:
    return _show_found(request.form.get("q", ""))


@pages.get("/desk/patrons/new")
@staff_only()
def new(_staff: AtDesk) -> Response:
    return _show_new(NewPatronForm(g.policy, g.today))


@pages.post("/desk/patrons/new")
@staff_only()
def register(staff: AtDesk) -> Response:
    form = NewPatronForm(g.policy, g.today, request.form)
    if not form.validate():
        return _show_new(form, 422)
    answer = patrons.register(g.policy, form.card.data, form.entry, staff.branch, g.now, staff.actor)
    if not answer.decision.allowed:
        return _show_new(form, 409, answer.decision.refusals)
    return _done("registered", answer.patron)


@pages.get("/desk/patrons/<number:patron_id>")
@staff_only()
def patron(staff: AtDesk, patron_id: int) -> Response:
    return _show_patron(staff, patron_id, done=session.pop("desk_done", None))


@pages.post("/desk/patrons/<number:patron_id>")
@staff_only()
def change(staff: AtDesk, patron_id: int) -> Response:
    form = PatronForm(g.policy, g.today, request.form)
    if not form.validate():
        return _show_patron(staff, patron_id, 422, form=form)
    decision = patrons.change(g.policy, patron_id, form.entry, g.now, staff.actor)
    if not decision.allowed:
        return _show_patron(staff, patron_id, 409, form=form, refused=decision.refusals)
    return _done("changed", patron_id)


@pages.post("/desk/patrons/<number:patron_id>/renew-card")
@staff_only()
def renew_card(staff: AtDesk, patron_id: int) -> Response:
    decision = patrons.renew_card(g.policy, patron_id, g.now, staff.actor)
    if not decision.allowed:
        return _show_patron(staff, patron_id, 409, refused=decision.refusals)
    return _done("renewed", patron_id)


@pages.post("/desk/patrons/<number:patron_id>/replace-card")
@staff_only()
def replace_card(staff: AtDesk, patron_id: int) -> Response:
    form = CardForm(request.form)
    if not form.validate():
        return _show_patron(staff, patron_id, 422, card_form=form)
    decision = patrons.replace_card(g.policy, patron_id, form.card.data, g.now, staff.actor)
    if not decision.allowed:
        return _show_patron(staff, patron_id, 409, card_form=form, refused=decision.refusals)
    return _done("replaced", patron_id)


@pages.post("/desk/patrons/<number:patron_id>/mark")
@staff_only()
def put_mark(staff: AtDesk, patron_id: int) -> Response:
    decision = patrons.put_mark(g.policy, patron_id, request.form.get("mark", ""), g.now, staff.actor)
    if not decision.allowed:
        return _show_patron(staff, patron_id, 409, refused=decision.refusals)
    return _done("marked", patron_id)


@pages.post("/desk/patrons/<number:patron_id>/unmark")
@staff_only()
def take_mark(staff: AtDesk, patron_id: int) -> Response:
    patrons.take_mark(patron_id, request.form.get("mark", ""), g.now, staff.actor)
    return _done("unmarked", patron_id)


@pages.post("/desk/patrons/<number:patron_id>/stop")
@staff_only()
def stop(staff: AtDesk, patron_id: int) -> Response:
    form = StopForm(g.today, request.form)
    if not form.validate():
        return _show_patron(staff, patron_id, 422, stop_form=form)
    decision = patrons.stop(patron_id, form.why.data, form.until.data, g.now, staff.actor)
    if not decision.allowed:
        return _show_patron(staff, patron_id, 409, stop_form=form, refused=decision.refusals)
    return _done("stopped", patron_id)


@pages.post("/desk/patrons/<number:patron_id>/unstop")
@staff_only()
def lift_stop(staff: AtDesk, patron_id: int) -> Response:
    patrons.lift_stop(patron_id, g.now, staff.actor)
    return _done("stop_lifted", patron_id)


@pages.post("/desk/patrons/<number:patron_id>/code")
@staff_only()
def give_code(staff: AtDesk, patron_id: int) -> Response:
    """A code that lets the patron set a password; the next page shows it, once."""
    answer = activation.give_code(g.policy, patron_id, g.now, staff.actor)
    if not answer.decision.allowed:
        return _show_patron(staff, patron_id, 409, refused=answer.decision.refusals)
    # Until that page is there, the clerk's own cookie is the only place that has it.
    session["desk_code"] = [patron_id, answer.code]
    return answers.go("patrons.code", patron_id=patron_id)


@pages.get("/desk/patrons/<number:patron_id>/code")
@staff_only()
def code(_staff: AtDesk, patron_id: int) -> Response:
    """The slip with the code, to be printed; no name on it.  A second look only says that one is out."""
    here = _patron(patron_id)
    given_to, given = session.pop("desk_code", (None, None))
    until = activation.code_until(patron_id, g.now)
    shown = given if until and given_to == patron_id else None
    return answers.page("desk/patron_code.html", visitor=here, code=shown, until=until)


@pages.get("/desk/patrons/<number:patron_id>/delete")
@staff_only()
def confirm_deletion(_staff: AtDesk, patron_id: int) -> Response:
    return _show_deletion(patron_id)


@pages.post("/desk/patrons/<number:patron_id>/delete")
@staff_only()
def delete(staff: AtDesk, patron_id: int) -> Response:
    answer = patrons.delete(g.policy, patron_id, g.now, staff.actor)
    if not answer.decision.allowed:
        return _show_deletion(patron_id, 409)
    released = [(piece.item, piece.branch, piece.state.value) for piece in answer.released]
    session["desk_deleted"], session["desk_released"] = True, released[:_RELEASED_AT_MOST]
    return answers.go("patrons.index")


def _done(what: str, patron_id: int) -> Response:
    session["desk_done"] = what
    return answers.go("patrons.patron", patron_id=patron_id)


def _show_found(asked: str | None, **context) -> Response:
    """What was found for what was asked, if anything was; with 422 for nothing that could be found."""
    asked = None if asked is None else asked[:_LONGEST].strip()
    found, more = patrons.find(asked) if asked else ([], False)
    return answers.page(
        "desk/patrons.html",
        422 if asked == "" else 200,
        asked=asked,
        found=found,
        more=more,
        most=patrons.MOST_FOUND,
        expired={one.id for one in found if card_has_expired(one.card_expires_on, g.today)},
        **{"deleted": False, "released": [], "pieces": {}, **context},
    )


def _show_new(form: NewPatronForm, status: int = 200, refused: tuple[Refusal, ...] = ()) -> Response:
    return answers.page("desk/patron_new.html", status, form=form, refused=refused, **_asked_by_rules())


def _show_patron(
    staff: AtDesk,
    patron_id: int,
    status: int = 200,
    form: PatronForm | None = None,
    card_form: CardForm | None = None,
    stop_form: StopForm | None = None,
    refused: tuple[Refusal, ...] = (),
    done: str | None = None,
) -> Response:
    here = _patron(patron_id)
    facts = standing.patron_facts(here)
    barred = decide_login(g.policy, here.card_number).refusals
    stopped = (
        *barred,
        *decide_patron_loan(g.policy, facts, Occasion(Channel.DESK, g.now, staff.branch)).refusals,
    )
    return answers.page(
        "desk/patron.html",
        status,
        visitor=here,
        facts=facts,
        category=g.policy.patron_category(here.category),
        expired=card_has_expired(here.card_expires_on, g.today),
        late=[loan for loan in facts.loans if loan.days_overdue(g.today)],
        stopped=Decision(stopped).refusals,
        renewal=decide_card_renewal(g.policy, facts, g.today),
        marks=sorted(facts.marks),
        more_marks=[mark for mark in marks_of(g.policy) if mark not in facts.marks],
        form=form or PatronForm(g.policy, g.today, obj=here),
        card_form=card_form or CardForm(),
        stop_form=stop_form or _stop_form(here),
        is_stopped=is_stopped(here.stopped_for, here.stopped_until, g.today),
        no_code=decide_code(g.policy, here.card_number).refusals,
        code_until=activation.code_until(patron_id, g.now),
        did_not_take=contact.did_not_take(patron_id),
        refused=refused,
        done=done,
        **_asked_by_rules(),
    )


def _show_deletion(patron_id: int, status: int = 200) -> Response:
    here, goes = _patron(patron_id), patrons.belongings(patron_id)
    return answers.page(
        "desk/patron_delete.html",
        status,
        visitor=here,
        goes=goes,
        refusals=decide_deletion(goes.loans).refusals,
    )


def _asked_by_rules() -> dict[str, bool]:
    """Which facts are asked for because a rule of this library needs them."""
    return {
        "needs_birth": asks_for_birth_dates(g.policy),
        "needs_household": asks_for_households(g.policy),
        "proofs": facts_asked(g.policy),
    }


def _stop_form(here: Patron) -> StopForm:
    """With what stops the patron now; what has ended is not said again."""
    if not is_stopped(here.stopped_for, here.stopped_until, g.today):
        return StopForm(g.today)
    return StopForm(g.today, why=here.stopped_for, until=here.stopped_until)


def _patron(patron_id: int) -> Patron:
    found = Patron.get_or_none(Patron.id == patron_id)
    if found is None:
        raise NotThere
    return found
