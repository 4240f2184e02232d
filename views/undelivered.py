"""Mail that did not arrive, for the desk to tell its patrons by phone or in person."""

from flask import Blueprint, Response, g, session

import undelivered
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only

pages = Blueprint("undelivered", __name__)


@pages.get("/desk/mail")
@staff_only()
def index(_staff: AtDesk) -> Response:
    return answers.page(
        "desk/mail.html",
        messages=undelivered.undelivered(g.now),
        most=undelivered.LONGEST,
        sends=answers.sends_mail(),
        done=session.pop("mail_done", None),
    )


@pages.post("/desk/mail/<number:message_id>/told")
@staff_only()
def told(staff: AtDesk, message_id: int) -> Response:
    """Told by now, whoever pressed the button first."""
    undelivered.mark_told(g.policy, message_id, g.now, staff.actor)
    session["mail_done"] = "undelivered.done"
    return answers.go("undelivered.index")
