"""The desk's pages about titles and their pieces: finding, writing down, hiding, withdrawing, deleting."""

from flask import Blueprint, Response, current_app, g, request, session

import cataloguing
import holdings
import search
import stock
from folding import isbn13
from forms_catalogue import ItemForm, TitleForm
from lookup import Answer
from models import Bib, db
from rules import (
    JAPAN,
    ItemState,
    Refusal,
    decide_missing,
    decide_title_deletion,
    decide_withdrawal,
    is_book_trade_barcode,
    item_barcode,
    one_line,
    suggested_call_number,
)
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only

pages = Blueprint("cataloguing", __name__)

_LONGEST = 200  # characters of what is searched for
_FOUND = 30  # titles; narrower words help more than a second page


@pages.get("/desk/titles")
@staff_only()
def index(_staff: AtDesk) -> Response:
    """One field for words, an ISBN, or the barcode of a piece; what is meant by one thing alone is opened."""
    typed = request.args.get("q")
    if typed is None:
        return _show_found(done=session.pop("catalogued", None))
    asked = one_line(typed[:_LONGEST])
    code, isbn = item_barcode(asked), isbn13(asked)
    item = holdings.item_with(code)
    if item is not None:
        return answers.go("cataloguing.item", item_id=item)
    if isbn is None and is_book_trade_barcode(code):
        return _show_found(asked, 422, problem=_no_isbn(asked))
    if isbn is not None:
        ids = holdings.with_isbn(isbn)
        if len(ids) == 1:
            return answers.go("cataloguing.title", bib_id=ids[0])
        return _show_found(asked, ids=ids, total=len(ids), isbn=isbn)
    if not asked:
        return _show_found("", 422, problem="cataloguing.nothing_typed")
    found, hidden = search.find(db, asked, _FOUND), holdings.hidden_like(asked, _FOUND)
    return _show_found(asked, ids=[*found.ids, *hidden], total=found.total + len(hidden))


@pages.get("/desk/titles/new")
@staff_only()
def new(_staff: AtDesk) -> Response:
    """First the ISBN: what is there already only needs another piece."""
    typed = request.args.get("isbn")
    if typed is None:
        return _show_isbn("")
    typed = one_line(typed[:_LONGEST])
    isbn = isbn13(typed)
    if typed and isbn is None:
        return _show_isbn(typed, 422, _no_isbn(typed))
    there = holdings.with_isbn(isbn) if isbn else []
    if there:
        return _done("known", there[0])
    if not (isbn and current_app.config["LOOKUP"].sources):
        return _show_new(TitleForm(g.policy, g.today, isbn=isbn or ""))
    answer = current_app.config["LOOKUP"].find(isbn)
    form = TitleForm.found(g.policy, g.today, answer.title) if answer.title else None
    return _show_new(form or TitleForm(g.policy, g.today, isbn=isbn), looked_up=answer)


@pages.post("/desk/titles/new")
@staff_only()
def add(staff: AtDesk) -> Response:
    form = TitleForm(g.policy, g.today, request.form)
    if not form.validate():
        return _show_new(form, 422)
    answer = cataloguing.add_title(g.policy, form.entry, g.now, staff.actor)
    if not answer.decision.allowed:
        return _show_new(form, 409, answer.decision.refusals)
    return _done("added", answer.bib)


@pages.get("/desk/titles/<number:bib_id>")
@staff_only()
def title(staff: AtDesk, bib_id: int) -> Response:
    return _show_title(staff, bib_id, done=session.pop("catalogued", None))


@pages.get("/desk/titles/<number:bib_id>/edit")
@staff_only()
def edit(_staff: AtDesk, bib_id: int) -> Response:
    bib = cataloguing.existing_title(bib_id)
    return _show_edit(bib, TitleForm.of(g.policy, g.today, bib))


@pages.post("/desk/titles/<number:bib_id>/edit")
@staff_only()
def change(staff: AtDesk, bib_id: int) -> Response:
    bib = cataloguing.existing_title(bib_id)
    form = TitleForm(g.policy, g.today, request.form)
    if not form.validate():
        return _show_edit(bib, form, 422)
    decision = cataloguing.change_title(g.policy, bib_id, form.entry, g.now, staff.actor)
    if not decision.allowed:
        return _show_edit(bib, form, 409, decision.refusals)
    return _done("changed", bib_id)


@pages.post("/desk/titles/<number:bib_id>/hide")
@staff_only()
def hide(staff: AtDesk, bib_id: int) -> Response:
    cataloguing.hide_title(bib_id, g.now, staff.actor)
    return _done("hidden", bib_id)


@pages.post("/desk/titles/<number:bib_id>/show")
@staff_only()
def show(staff: AtDesk, bib_id: int) -> Response:
    cataloguing.show_title(bib_id, g.now, staff.actor)
    return _done("shown", bib_id)


@pages.get("/desk/titles/<number:bib_id>/delete")
@staff_only()
def confirm_deletion(_staff: AtDesk, bib_id: int) -> Response:
    return _show_deletion(bib_id)


@pages.post("/desk/titles/<number:bib_id>/delete")
@staff_only()
def delete(staff: AtDesk, bib_id: int) -> Response:
    if not cataloguing.delete_title(bib_id, g.now, staff.actor).allowed:
        return _show_deletion(bib_id, 409)
    session["catalogued"] = {"what": "deleted"}
    return answers.go("cataloguing.index")


@pages.post("/desk/titles/<number:bib_id>/items")
@staff_only()
def add_item(staff: AtDesk, bib_id: int) -> Response:
    form = ItemForm(g.policy, request.form)
    if not form.validate():
        return _show_title(staff, bib_id, 422, form=form)
    answer = stock.add_item(g.policy, bib_id, form.entry, g.now, staff.actor)
    if not answer.decision.allowed:
        form.barcode.data = ""  # or the next scan would be written behind this one
        return _show_title(staff, bib_id, 409, form=form, refused=answer.decision.refusals)
    return _done("item_added", bib_id, barcode=form.entry.barcode, waiting=answer.waiting)


@pages.get("/desk/items/<number:item_id>")
@staff_only()
def item(_staff: AtDesk, item_id: int) -> Response:
    return _show_item(item_id, done=session.pop("catalogued", None))


@pages.post("/desk/items/<number:item_id>")
@staff_only()
def change_item(staff: AtDesk, item_id: int) -> Response:
    form = ItemForm(g.policy, request.form)
    if not form.validate():
        return _show_item(item_id, 422, form=form)
    decision = stock.change_item(g.policy, item_id, form.entry, g.now, staff.actor)
    if not decision.allowed:
        return _show_item(item_id, 409, form=form, refused=decision.refusals)
    return _item_done("item_changed", item_id)


@pages.post("/desk/items/<number:item_id>/withdraw")
@staff_only()
def withdraw(staff: AtDesk, item_id: int) -> Response:
    decision = stock.withdraw(item_id, g.now, staff.actor)
    if not decision.allowed:
        return _show_item(item_id, 409, refused=decision.refusals)
    return _item_done("item_withdrawn", item_id)


@pages.post("/desk/items/<number:item_id>/restore")
@staff_only()
def restore(staff: AtDesk, item_id: int) -> Response:
    stock.restore(item_id, g.now, staff.actor)
    return _item_done("item_restored", item_id)


@pages.post("/desk/items/<number:item_id>/missing")
@staff_only()
def miss(staff: AtDesk, item_id: int) -> Response:
    answer = stock.mark_missing(item_id, g.now, staff.actor)
    if not answer.decision.allowed:
        return _show_item(item_id, 409, refused=answer.decision.refusals)
    return _item_done("item_put_back" if answer.put_back else "item_missing", item_id)


@pages.post("/desk/items/<number:item_id>/found")
@staff_only()
def found(staff: AtDesk, item_id: int) -> Response:
    decision = stock.mark_found(item_id, g.now, staff.actor)
    if not decision.allowed:
        return _show_item(item_id, 409, refused=decision.refusals)
    return _item_done("item_found", item_id)


def _no_isbn(typed: str) -> str:
    """Why this is no ISBN: it was misread, or it is another of the barcodes that publishers print."""
    code = item_barcode(typed)
    other = is_book_trade_barcode(code) and not code.startswith(("978", "979"))
    return "cataloguing.second_row" if other else "form.isbn_form"


def _done(what: str, bib_id: int, **facts) -> Response:
    session["catalogued"] = {"what": what, **facts}
    return answers.go("cataloguing.title", bib_id=bib_id)


def _item_done(what: str, item_id: int) -> Response:
    session["catalogued"] = {"what": what}
    return answers.go("cataloguing.item", item_id=item_id)


def _show_found(
    asked: str | None = None,
    status: int = 200,
    problem: str | None = None,
    ids: list[int] | tuple = (),
    total: int = 0,
    isbn: str | None = None,
    done: dict | None = None,
) -> Response:
    return answers.page(
        "desk/titles.html",
        status,
        asked=asked,
        problem=problem,
        found=holdings.rows(ids),
        total=total,
        isbn=isbn,
        done=done,
    )


def _show_isbn(typed: str, status: int = 200, problem: str | None = None) -> Response:
    sources = [g.wording.t(f"lookup.name.{source.name}") for source in current_app.config["LOOKUP"].sources]
    return answers.page("desk/title_isbn.html", status, typed=typed, problem=problem, sources=sources)


def _show_new(
    form: TitleForm,
    status: int = 200,
    refused: tuple[Refusal, ...] = (),
    looked_up: Answer | None = None,
) -> Response:
    return answers.page("desk/title_new.html", status, form=form, refused=refused, looked_up=looked_up)


def _show_edit(bib: Bib, form: TitleForm, status: int = 200, refused: tuple[Refusal, ...] = ()) -> Response:
    return answers.page("desk/title_edit.html", status, bib=bib, form=form, refused=refused)


def _show_title(
    staff: AtDesk,
    bib_id: int,
    status: int = 200,
    form: ItemForm | None = None,
    refused: tuple[Refusal, ...] = (),
    done: dict | None = None,
) -> Response:
    bib, copies = cataloguing.existing_title(bib_id), holdings.copies(bib_id)
    people = holdings.creators(bib_id)
    return answers.page(
        "desk/title.html",
        status,
        bib=bib,
        people=people,
        copies=copies,
        waiting=holdings.waiting(bib_id),
        newest=bib.serial_id is not None and holdings.is_newest_issue(bib_id, bib.serial_id),
        serial=bib.serial,
        holdable_from=bib.holdable_from and bib.holdable_from.astimezone(JAPAN),
        form=form or _new_item(staff, bib, copies, people),
        refused=refused,
        done=done,
    )


def _new_item(staff: AtDesk, bib: Bib, copies: list[holdings.Copy], people: list) -> ItemForm:
    """What a further piece is likely to be: at this branch, at the place of the others."""
    if copies:
        call_number = copies[-1].call_number
    else:
        reading = (people and people[0].reading) or bib.title_kana
        call_number = suggested_call_number(bib.ndc, reading)
    return ItemForm(g.policy, branch=staff.branch, call_number=call_number)


def _show_deletion(bib_id: int, status: int = 200) -> Response:
    at_stake = cataloguing.stakes(bib_id)
    return answers.page(
        "desk/title_delete.html",
        status,
        bib=cataloguing.existing_title(bib_id),
        goes=at_stake,
        refusals=decide_title_deletion(at_stake.loans, at_stake.holds).refusals,
    )


def _show_item(
    item_id: int,
    status: int = 200,
    form: ItemForm | None = None,
    refused: tuple[Refusal, ...] = (),
    done: dict | None = None,
) -> Response:
    copy = stock.existing_piece(item_id)
    return answers.page(
        "desk/item.html",
        status,
        bib=cataloguing.existing_title(copy.bib),
        copy=copy,
        waiting=holdings.waiting(copy.bib),
        form=form or ItemForm.of(g.policy, copy),
        refused=refused,
        done=done,
        withdrawn=copy.state is ItemState.WITHDRAWN,
        missing=copy.state is ItemState.MISSING,
        withdrawal=decide_withdrawal(copy.facts),
        may_be_missing=decide_missing(copy.facts).allowed,
    )
