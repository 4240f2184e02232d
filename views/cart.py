"""The hold cart: putting in, taking out, and registering what fits."""

from flask import Blueprint, Response, g, redirect, request, session, url_for

import accounts
import catalogue
import circulation
import standing
import terminal
from forms import CartForm
from models import Patron
from rules import BibFacts, Decision, HoldState, Reason, first_state, plan_cart, room_for_holds, shelf_terms
from views import answers
from views.answers import occasion, patron_only
from views.catalog import cart_answers, cart_decision

pages = Blueprint("cart", __name__)


@pages.get("/cart")
def index() -> Response:
    kept = answers.kept_form("cart.index")
    here = accounts.patron()
    form = CartForm.of(g.policy, here, kept) if here else None
    return _show(form)


@pages.post("/cart/add")
def add() -> Response:
    title = _asked_title()
    decision = cart_decision(title)
    if title.id in accounts.cart():
        return _answer(title)  # pressing twice is no mistake
    if not decision.allowed:
        return answers.page_or_part(
            "cart/refused.html", "catalog/_cart_action.html", 409, title=title, decision=decision
        )
    accounts.put_in_cart(title.id)
    return _answer(title)


@pages.post("/cart/remove")
def remove() -> Response:
    asked = answers.number(request.form.get("bib"))
    if asked is None:
        raise circulation.NotThere
    accounts.take_from_cart(asked)
    if request.form.get("from") == "cart":
        if answers.wants_part():
            return index()
        return answers.go("cart.index")
    return _answer(_asked_title())


@pages.post("/cart/register")
@patron_only(page="cart.index")
def register(patron: Patron) -> Response:
    form = CartForm.of(g.policy, patron, request.form.to_dict(flat=False))
    if not accounts.cart():
        return redirect(url_for("holds.index"), 303)  # sent again: what was registered is there
    if not form.validate():
        return _show(form, 422)
    done = circulation.submit_cart(
        g.policy, patron.id, form.pickup.data, form.contact.data, terminal.channel(), g.now
    )
    g.pop("cart", None)
    placed = [answer.hold for answer in done if answer.hold]
    if not placed:
        return _show(form, 409)
    session["registered"] = placed
    return index() if answers.wants_part() else answers.go("cart.index")


def _show(form: CartForm | None, status: int = 200) -> Response:
    """The cart with the answer that each title would get, in its order, before anything is pressed."""
    here = accounts.patron()
    in_cart = accounts.cart()
    titles = {title.id: title for title in catalogue.titles(in_cart)}
    plan: list[Decision] = []
    room, holds = [], []
    if here:
        facts = standing.patron_facts(here)
        room = room_for_holds(g.policy, facts, occasion())
        bibs = [titles[bib].facts if bib in titles else BibFacts(bib, "") for bib in in_cart]
        plan = plan_cart(g.policy, facts, bibs, occasion())
        placed = session.pop("registered", [])
        holds = [hold for hold in standing.holds_of(here.id) if hold.id in placed] if placed else []
    else:
        by_title = cart_answers(list(titles.values()))["cart_decisions"]
        plan = [by_title.get(bib, Decision()) for bib in in_cart]
    return answers.page_or_part(
        "cart/index.html",
        "cart/_cart.html",
        status,
        rows=[(bib, titles.get(bib), decision) for bib, decision in zip(in_cart, plan, strict=True)],
        fitting=sum(decision.allowed for decision in plan),
        mail_is_missing=any(Reason.NO_MAIL in decision.reasons for decision in plan),
        room=room,
        form=form,
        placed=holds,
        keep=shelf_terms(g.policy, holds[0].on_shelf.contact, holds[0].pickup_branch).keep if holds else None,
        registered_at=answers.registration_at(g.now) if here and _applies() else None,
    )


def _applies() -> bool:
    """Whether a hold from here is only an application at first."""
    return first_state(g.policy, occasion()) is HoldState.APPLIED


def _answer(title: catalogue.Title) -> Response:
    """After putting in or taking out: the title's own part, or back to where the form was."""
    if answers.wants_part():
        decision = cart_decision(title)
        return answers.page("catalog/_cart_action.html", title=title, decision=decision, changed=True)
    return answers.back_or("catalog.title", bib_id=title.id)


def _asked_title() -> catalogue.Title:
    asked = answers.number(request.form.get("bib"))
    found = catalogue.title(asked) if asked is not None else None
    if found is None:
        raise circulation.NotThere
    return found
