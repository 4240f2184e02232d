"""今度読みたい本: what a patron wants to read some day, with a note, in the patron's own order."""

from datetime import date
from typing import NamedTuple

from flask import Blueprint, Response, g, request, session

import accounts
import catalogue
import circulation
import reading
import shelf
import spreadsheet
import standing
import terminal
from catalogue import Title
from forms import ShelfForm
from models import Patron
from rules import SHELF_NOTE_AT_MOST, Decision, plan_filling
from shelf import Entry, Step
from views import answers
from views.answers import patron_only
from views.catalog import cart_answers

pages = Blueprint("shelf", __name__)


class Row(NamedTuple):
    """An entry with its title while it can be had here, whether that can go into the hold cart, and when its
    patron borrowed it last, if that is on record."""

    entry: Entry
    title: Title | None
    decision: Decision
    lent_on: date | None


@pages.get("/my/shelf")
@patron_only(page="shelf.index")
def index(patron: Patron) -> Response:
    kept = answers.kept_form("shelf.index")
    entry = answers.number(_first(kept, "entry"))
    typed = {entry: ShelfForm(data={"note": _first(kept, "note")})} if entry else {}
    return _show(patron, typed=typed, ticked=kept.get("bib", []))


@pages.get("/my/shelf/new")
@patron_only(page="shelf.new")
def new(patron: Patron) -> Response:
    """The page on which a title is noted where the button cannot do it in place."""
    kept = answers.kept_form("shelf.new")
    title = _asked_title(_first(kept, "bib") or request.args.get("bib"))
    return _show_new(title, ShelfForm(data={"note": _first(kept, "note")}))


@pages.post("/my/shelf/new")
@patron_only(page="shelf.new")
def put(patron: Patron) -> Response:
    """A title's button does it in place; without JavaScript it leads to the page that asks for a note."""
    title = _asked_title(request.form.get("bib"))
    if not answers.wants_part() and "note" not in request.form:
        return answers.go("shelf.new", bib=title.id)
    form = ShelfForm(request.form)
    if not form.validate():
        return _show_new(title, form, 422)
    decision = shelf.put(patron.id, title.id, form.note.data, g.now)
    if answers.wants_part():
        return answers.page(
            "shelf/_shelf_action.html",
            200 if decision.allowed else 409,
            title=title,
            put=decision.allowed,
            shelf_refusals=decision.refusals,
        )
    return _done("registered") if decision.allowed else _show_new(title, form, 409, decision)


@pages.post("/my/shelf/<number:entry_id>/note")
@patron_only(page="shelf.index")
def write_note(patron: Patron, entry_id: int) -> Response:
    form = ShelfForm(request.form)
    if not form.validate():
        shelf.entry_of(patron.id, entry_id)
        return _show(patron, 422, typed={entry_id: form})
    shelf.write_note(patron.id, entry_id, form.note.data)
    return _done("noted", entry_id)


@pages.post("/my/shelf/<number:entry_id>/move")
@patron_only(page="shelf.index", keep_form=False)
def move(patron: Patron, entry_id: int) -> Response:
    asked = request.form.get("step")
    if asked not in tuple(Step):
        return answers.error(400)
    shelf.move(patron.id, entry_id, Step(asked), answers.number(request.form.get("place")))
    return _done("moved", entry_id)


@pages.get("/my/shelf/<number:entry_id>/remove")
@patron_only(page="shelf.index")
def confirm_removal(patron: Patron, entry_id: int) -> Response:
    """A note cannot be had back: say so before it is given up."""
    return answers.page("shelf/remove.html", entry=shelf.entry_of(patron.id, entry_id))


@pages.post("/my/shelf/<number:entry_id>/remove")
@patron_only(page="shelf.index", keep_form=False)
def remove(patron: Patron, entry_id: int) -> Response:
    shelf.remove(patron.id, entry_id)
    return _done("removed")


@pages.post("/my/shelf/cart")
@patron_only(page="shelf.index")
def to_cart(patron: Patron) -> Response:
    """Put what was ticked into the hold cart; what does not fit stays, with its reason."""
    ticked = request.form.getlist("bib")
    asked = {answers.number(text) for text in ticked} & set(accounts.own_shelf())
    if not asked:
        return _show(patron, 422, problem="own_shelf.choose_one")
    in_cart = accounts.cart()
    titles = [
        title
        for title in catalogue.titles([entry.bib for entry in shelf.entries_of(patron.id)])
        if title.id in asked and title.id not in in_cart
    ]
    plan = plan_filling(
        g.policy,
        standing.patron_facts(patron),
        [title.facts for title in titles],
        answers.occasion(),
        len(in_cart),
    )
    fitting = [title.id for title, decision in zip(titles, plan, strict=True) if decision.allowed]
    if titles and not fitting:
        return _show(patron, 409, ticked=ticked, problem="own_shelf.none_fitted")
    circulation.put_in_cart(patron.id, fitting, g.now)
    if titles:  # else it was sent twice, and what the first one did is still to be said
        session["shelf_carted"] = (len(fitting), len(titles) - len(fitting))
    return answers.go("shelf.index")


@pages.get("/my/shelf.csv")
@patron_only(page="shelf.index")
def as_csv(patron: Patron) -> Response:
    columns = ("title", "volume", "creators", "note", "added_on")
    lines = [[g.wording.t(f"own_shelf.file.{column}") for column in columns]]
    for entry in shelf.entries_of(patron.id):
        lines.append([str(getattr(entry, column)) for column in columns])
    return answers.download(spreadsheet.csv_file(lines), "text/csv", "my-shelf.csv")


def _done(what: str, entry_id: int | None = None) -> Response:
    """To the list, which says what was done; where it was done in the middle of it, to that place."""
    session["shelf_done"] = what
    return answers.go("shelf.index", _anchor=f"entry-{entry_id}" if entry_id else None)


def _show(
    patron: Patron,
    status: int = 200,
    typed: dict[int, ShelfForm] | None = None,
    ticked: list[str] = (),
    problem: str | None = None,
) -> Response:
    entries = shelf.entries_of(patron.id)
    titles = [title for title in catalogue.titles([entry.bib for entry in entries]) if title.items]
    answered = cart_answers(titles)
    there = {title.id: title for title in titles}
    lent = {} if terminal.branch() else reading.last_lent(patron.id)
    decisions = answered["cart_decisions"]
    return answers.page(
        "shelf/index.html",
        status,
        rows=[
            Row(entry, there.get(entry.bib), decisions.get(entry.bib), lent.get(entry.bib))
            for entry in entries
        ],
        against_all=answered["against_all"],
        can_be_chosen=any(
            decision.allowed and bib not in accounts.cart() for bib, decision in decisions.items()
        ),
        typed=typed or {},
        ticked={answers.number(text) for text in ticked},
        problem=problem,
        done=session.pop("shelf_done", None),
        carted=session.pop("shelf_carted", None),
        most=SHELF_NOTE_AT_MOST,
    )


def _show_new(title: Title, form: ShelfForm, status: int = 200, decision: Decision | None = None) -> Response:
    refusals = decision.refusals if decision else ()
    return answers.page(
        "shelf/new.html", status, title=title, form=form, refusals=refusals, most=SHELF_NOTE_AT_MOST
    )


def _first(kept: dict[str, list[str]], field: str) -> str | None:
    return next(iter(kept.get(field, [])), None)


def _asked_title(asked: str | None) -> Title:
    number = answers.number(asked)
    found = catalogue.title(number) if number is not None else None
    if found is None:
        raise circulation.NotThere
    return found
