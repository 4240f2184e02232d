"""At the desk: making the machine at which one sits a shared terminal for patrons, and undoing it."""

from flask import Blueprint, Response, session

import staff_accounts
import terminal
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only

pages = Blueprint("terminal", __name__)


@pages.get("/desk/terminal")
@staff_only()
def index(_here: AtDesk) -> Response:
    return answers.page("desk/terminal.html", ended=session.pop("terminal_ended", False))


@pages.post("/desk/terminal")
@staff_only()
def begin(here: AtDesk) -> Response:
    """From now on for patrons: the login at the desk ends with it."""
    staff_accounts.log_out()
    session["farewell"] = "terminal.begun"
    return terminal.begin(answers.go("account.login"), here.branch)


@pages.post("/desk/terminal/end")
@staff_only()
def end(_here: AtDesk) -> Response:
    session["terminal_ended"] = True
    return terminal.end(answers.go("terminal.index"))
