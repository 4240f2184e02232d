"""What happens by itself, for the administrator: whether it was done, and how the mail fares."""

from flask import Blueprint, Response, current_app, g, session

import jobs
import undelivered
from messages import KINDS
from rules import Role
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only

pages = Blueprint("jobs", __name__)


@pages.get("/desk/admin/jobs")
@staff_only(Role.ADMINISTRATOR)
def index(_staff: AtDesk) -> Response:
    entries = jobs.overview(g.policy, g.now)
    return answers.page(
        "desk/jobs.html",
        entries=entries,
        failed=any(entry.failure for entry in entries),
        mail=undelivered.mail_state(KINDS, g.now),
        undelivered=undelivered.count(g.now),
        smtp=current_app.config["SETTINGS"].smtp,
        done=session.pop("jobs_done", None),
    )


@pages.post("/desk/admin/jobs/run")
@staff_only(Role.ADMINISTRATOR)
def run(_staff: AtDesk) -> Response:
    """Everything at once, as often as somebody likes: each job finds only what is due."""
    done = jobs.run(current_app.config["POLICY"], g.now)
    session["jobs_done"] = "jobs.ran_with_failure" if done.failures else "jobs.ran"
    return answers.go("jobs.index")
