"""The administrator's page for lists of titles: put in, looked at, imported, and what was not taken."""

import contextlib

from flask import Blueprint, Response, current_app, g, request, session

import importing
import intake
import preview
from columns import COLUMNS
from forms_catalogue import ListForm
from rules import Role, one_line
from staff_accounts import AtDesk
from title_records import RefusedRow
from views import answers
from views.answers import staff_only

pages = Blueprint("imports", __name__)

_LONGEST_NAME = 100


@pages.get("/desk/admin/import")
@staff_only(Role.ADMINISTRATOR)
def index(_staff: AtDesk) -> Response:
    return _show(done=session.pop("import_done", None))


@pages.post("/desk/admin/import")
@staff_only(Role.ADMINISTRATOR)
def put_in(_staff: AtDesk) -> Response:
    upload = request.files.get("list")
    if upload is None or not upload.filename:
        return _show(422, ("import.no_file", {}))
    name = one_line(upload.filename.replace("\\", "/").rpartition("/")[2])[:_LONGEST_NAME]
    with contextlib.closing(upload):
        return _try(lambda: importing.put_in(g.policy, _folder(), upload.stream, name, g.now, _say))


@pages.post("/desk/admin/import/look")
@staff_only(Role.ADMINISTRATOR)
def look_again(_staff: AtDesk) -> Response:
    form = ListForm(g.policy, request.form)
    if not form.validate():
        return _show(422, form=form)
    run = importing.current(g.now)
    names = [name for name, _ in run.told["header"]] if run else []
    chosen = {
        "columns": {
            name: request.form[f"column-{place}"]
            for place, name in enumerate(names)
            if name and request.form.get(f"column-{place}") in ("", *COLUMNS)
        },
        "branch": form.branch.data or "",
        "material": form.material.data or "",
        "digits": form.length,
    }
    mark = request.form.get("mark", "")
    return _try(lambda: importing.look_again(g.policy, _folder(), mark, chosen, g.now, _say))


@pages.post("/desk/admin/import/start")
@staff_only(Role.ADMINISTRATOR)
def start(staff: AtDesk) -> Response:
    mark, clock = request.form.get("mark", ""), current_app.config["CLOCK"]
    words = (g.wording.t("import.line_word"), g.wording.t("import.reason_word"))
    return _try(lambda: importing.start(g.policy, _folder(), mark, clock, staff.actor, _sayer(), words))


@pages.post("/desk/admin/import/close")
@staff_only(Role.ADMINISTRATOR)
def close(_staff: AtDesk) -> Response:
    def put_away() -> None:
        importing.close(_folder(), request.form.get("mark", ""), g.now)
        session["import_done"] = "import.closed"

    return _try(put_away)


@pages.get("/desk/admin/import/refused")
@staff_only(Role.ADMINISTRATOR)
def refused(_staff: AtDesk) -> Response:
    content = importing.refused(_folder())
    if content is None:
        return answers.go("imports.index")  # they have been put away
    return answers.download(content, "text/csv", "refused.csv")


def _try(act) -> Response:
    """Do it, and go back to the page; or say there why not."""
    try:
        act()
    except importing.Busy:
        return _show(409, ("import.busy", {}))
    except importing.Changed:
        return _show(409, ("import.changed", {}))
    except intake.UnknownFormat as error:
        key = "import.unknown_format" if error.columns else "import.unknown_format_empty"
        return _show(422, (key, {"columns": error.columns}))
    except intake.Unreadable as error:
        return _show(422, (error.key, {}))
    return answers.go("imports.index")


def _show(status: int = 200, problem=None, form: ListForm | None = None, done: str | None = None) -> Response:
    run = importing.current(g.now)
    if form is None and run is not None:
        form = ListForm(g.policy, **{name: run.chosen.get(name) for name in ("branch", "material", "digits")})
    return answers.page_or_part(
        "desk/import.html",
        "desk/_import.html",
        status,
        run=run,
        form=form,
        columns=COLUMNS,
        shown=_shown(run),
        problem=problem,
        done=done,
        most=importing.MOST_MB,
        has_refused=importing.refused(_folder()) is not None,
    )


def _shown(run: importing.Run | None) -> list[str]:
    """The columns in which the first rows say something."""
    first = [known for _, known in run.told["first"] if isinstance(known, dict)] if run else []
    return [name for name in preview.SHOWN if any(name in known for known in first)]


def _folder():
    return current_app.config["SETTINGS"].folder


def _say(row: RefusedRow) -> str:
    return g.wording.t(row.reason, **row.facts)


def _sayer():
    """The same for a thread, which has no request."""
    wording = g.wording
    return lambda row: wording.t(row.reason, **row.facts)
