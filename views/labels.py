"""Labels for pieces: which ones, and the sheet to be printed."""

from flask import Blueprint, Response, g, request

import holdings
import nw7
from forms_catalogue import A_SHEET, MOST_LABELS, LabelForm
from holdings import Labelled
from rules import spine_rows
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only

pages = Blueprint("labels", __name__)


@pages.get("/desk/labels")
@staff_only()
def index(_staff: AtDesk) -> Response:
    return _show(LabelForm(request.args))


@pages.get("/desk/labels/sheet")
@staff_only()
def sheet(staff: AtDesk) -> Response:
    form = LabelForm(request.args)
    if not form.validate():
        return _show(form, 422)
    pieces = _chosen(form, staff)
    if not pieces:
        return _show(form, 422, problem="labels.none_found")
    if len(pieces) > MOST_LABELS:
        return _show(form, 422, problem="labels.too_many")
    places = [None] * (form.skip.data or 0)
    for piece in pieces:
        if form.kind.data != "spine":
            places.append({"barcode": piece.barcode, "drawn": nw7.bars(piece.barcode)})
        if form.kind.data != "barcode":
            places.append({"rows": spine_rows(piece.call_number, piece.volume), "barcode": piece.barcode})
    known = {piece.barcode for piece in pieces}
    return answers.page(
        "desk/label_sheet.html",
        sheets=[places[start : start + A_SHEET] for start in range(0, len(places), A_SHEET)],
        count=len(places) - (form.skip.data or 0),
        unknown=[code for code in form.barcodes if code not in known] if form.of.data == "codes" else [],
        not_drawn=[piece.barcode for piece in pieces if nw7.bars(piece.barcode) is None],
        again=request.args,
    )


def _chosen(form: LabelForm, staff: AtDesk) -> list[Labelled]:
    """The pieces that were chosen, and one more than can be printed at once if there are too many."""
    if form.of.data == "range":
        return holdings.labels_between(*form.between, MOST_LABELS + 1)
    if form.of.data == "today":
        return holdings.labels_added_on(g.today, staff.branch, MOST_LABELS + 1)
    return holdings.labels_of(form.barcodes)


def _show(form: LabelForm, status: int = 200, problem: str | None = None) -> Response:
    return answers.page(
        "desk/labels.html", status, form=form, problem=problem, most=MOST_LABELS, a_sheet=A_SHEET
    )
