"""A visit at the desk: whose it is, by which way they ask, and the exception that is made for them."""

from flask import g, request, session

from forms_desk import RemarkForm
from models import Patron, patron_with
from rules import Channel, Overruling, may_overrule
from staff_accounts import AtDesk


def visitor() -> Patron | None:
    """Whose card was scanned last, until the visit is over; read once a request."""
    number = session.get("desk_patron", 0)
    if "visitor" not in g or g.visitor[0] != number:
        g.visitor = number, patron_with(number)
    return g.visitor[1]


def way() -> Channel:
    """In person, unless the clerk has said that somebody is on the phone."""
    return Channel.PHONE if request.values.get("at") == Channel.PHONE else Channel.DESK


def may_make_exceptions(staff: AtDesk) -> bool:
    return may_overrule(g.policy, staff.staff.role)


def remark_of_form() -> RemarkForm | None:
    """The remark that was sent; None for a form that asks for no exception."""
    return RemarkForm(request.form) if "remark" in request.form else None


def overruling(staff: AtDesk, form: RemarkForm | None) -> Overruling | None:
    return Overruling(staff.staff.role, form.remark.data) if form else None
