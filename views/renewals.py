"""Renewing at the desk: the loans of whoever's visit it is, in person or on the phone."""

from flask import Blueprint, Response, g, request, session

import circulation
from forms_desk import RemarkForm
from rules import Channel, Occasion
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only
from views.loans import outcome_of, with_decisions
from views.visit import may_make_exceptions, overruling, remark_of_form, visitor, way

pages = Blueprint("renewals", __name__)


@pages.get("/desk/loans")
@staff_only()
def index(staff: AtDesk) -> Response:
    """What the visitor has out, each with the day to which it would be renewed or the reasons why not."""
    return _show(staff)


@pages.post("/desk/loans/renew")
@staff_only()
def renew_chosen(staff: AtDesk) -> Response:
    """Renew what is ticked; each loan gets its own answer."""
    patron = visitor()
    if patron is None:
        return answers.go("desk.lend")
    chosen = [answers.number(asked) for asked in request.form.getlist("loan")]
    if None in chosen:
        raise circulation.NotThere
    if not chosen:
        return _show(staff, 422, nothing_chosen=True)
    seen = {loan_id: _seen(loan_id) for loan_id in chosen}
    renewed = circulation.renew_chosen(g.policy, patron.id, seen, way(), g.now, staff.actor)
    return _answer(staff, outcome_of(*renewed))


@pages.post("/desk/loans/<number:loan_id>/renew")
@staff_only()
def renew(staff: AtDesk, loan_id: int) -> Response:
    """Renew one loan, with a remark where that is an exception."""
    patron, form = visitor(), remark_of_form()
    if patron is None:
        return answers.go("desk.lend")
    if form and not may_make_exceptions(staff):
        return answers.error(403)
    if form and not form.validate():
        return _show(staff, 422, unclear=(loan_id, form))
    exception = overruling(staff, form)
    renewed = circulation.renew(
        g.policy, patron.id, loan_id, way(), g.now, _seen(loan_id), staff.actor, exception
    )
    return _answer(staff, outcome_of([renewed], 0))


def _seen(loan_id: int) -> int | None:
    return answers.number(request.form.get(f"seen-{loan_id}"))


def _answer(staff: AtDesk, outcome: dict) -> Response:
    if not outcome["done"]:
        return _show(staff, 409, outcome)
    session["desk_renewal"] = outcome
    return answers.go("renewals.index", at=way() if way() is Channel.PHONE else None)


def _show(
    staff: AtDesk,
    status: int = 200,
    outcome: dict | None = None,
    nothing_chosen: bool = False,
    unclear: tuple[int, RemarkForm] | None = None,
) -> Response:
    patron = visitor()
    if patron is None:
        return answers.go("desk.lend")
    rows = with_decisions(patron, Occasion(way(), g.now))
    return answers.page(
        "desk/loans.html",
        status,
        visitor=patron,
        rows=rows,
        renewable=sum(decision.allowed for _, decision in rows),
        at=way(),
        outcome=outcome or session.pop("desk_renewal", None),
        nothing_chosen=nothing_chosen,
        may_overrule=may_make_exceptions(staff),
        unclear=unclear,
    )
