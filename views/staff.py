"""Logging in and out at the desk, and the record of what was done there."""

from datetime import date

from flask import Blueprint, Response, g, redirect, request, session

import accounts
import attempts
import audit
import demo
import staff_accounts
import staffing
from forms_desk import StaffLoginForm
from rules import Role
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only

pages = Blueprint("staff", __name__)

_RECORD_YEARS = 100  # each way


@pages.get("/desk/login")
def login() -> Response:
    destination = answers.local_path(request.args.get("next"))
    if staff_accounts.staff():
        return redirect(destination or answers.DESK, 303)
    return _show_login(StaffLoginForm.of(g.policy, branch=staff_accounts.branch_of_browser()), destination)


@pages.post("/desk/login")
def log_in() -> Response:
    form = StaffLoginForm.of(g.policy, request.form)
    destination = answers.local_path(request.form.get("next"))
    if not form.validate():
        return _show_login(form, destination, 422)
    guesser = answers.guesser("desk")
    if wait := attempts.wait(guesser, g.now):
        return _show_login(form, destination, 429, wait=wait)
    found = staff_accounts.authenticate(form.name.data, form.password.data)
    # A right guess among many that were sent at once has to wait as the wrong ones do.
    if wait := attempts.wait(guesser, g.now) if found else attempts.failed(guesser, g.now):
        return _show_login(form, destination, 429, wait=wait)
    if found is None:
        return _show_login(form, destination, 401, wrong=True)
    accounts.strengthen(found, form.password.data)
    staff_accounts.log_in(found, form.branch.data)
    return redirect(destination or answers.DESK, 303)


@pages.post("/desk/logout")
@staff_only()
def log_out(_here: AtDesk) -> Response:
    staff_accounts.log_out()
    session["farewell"] = "login.farewell"
    return answers.go("staff.login")


@pages.get("/desk/more")
@staff_only()
def more(_here: AtDesk) -> Response:
    """What is not needed at every scan."""
    return answers.page("desk/more.html")


@pages.get("/desk/admin/audit")
@staff_only(Role.ADMINISTRATOR)
def record(_here: AtDesk) -> Response:
    """The last events; ``who`` is the number of one of the staff, or patron or jobs."""
    who, day = request.args.get("who") or None, _asked_day()
    return answers.page(
        "desk/audit.html",
        entries=audit.entries(who, day),
        most=audit.LONGEST,
        everyone=staffing.everyone(),
        who=who,
        on=day,
    )


def _asked_day() -> date | None:
    try:
        asked = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None
    return asked if abs(asked.year - g.today.year) <= _RECORD_YEARS else None


def _show_login(
    form: StaffLoginForm, destination: str | None, status: int = 200, wrong: bool = False, wait: int = 0
) -> Response:
    return answers.page(
        "desk/login.html",
        status,
        form=form,
        destination=destination,
        wrong=wrong,
        wait=wait,
        farewell=session.pop("farewell", None) if status == 200 else None,
        demo_accounts=demo.STAFF if answers.is_demo() else (),
        demo_password=demo.PASSWORD,
    )
