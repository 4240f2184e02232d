"""The catalogue as a file, for the administrator: to keep, to move to another system, to look through."""

from flask import Blueprint, Response, abort, g

import export
from rules import Role
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only

pages = Blueprint("export", __name__)

_OFFERED = ("csv", "xml")  # a .mrc may lack titles, which only the command can tell


@pages.get("/desk/admin/export")
@staff_only(Role.ADMINISTRATOR)
def index(_staff: AtDesk) -> Response:
    return answers.page("desk/export.html", titles=export.count(), kinds=_OFFERED)


@pages.get("/desk/admin/export/<kind>")
@staff_only(Role.ADMINISTRATOR)
def file(_staff: AtDesk, kind: str) -> Response:
    """The file itself, sent while it is read."""
    if kind not in _OFFERED:
        abort(404)
    name = f"shiori-{g.today.isoformat()}.{kind}"
    return answers.stream(export.content(kind, export.records()), export.FORMATS[kind], name)
