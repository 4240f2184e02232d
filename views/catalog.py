"""The catalogue: search and one title.  For everybody, whether logged in or not."""

from flask import Blueprint, Response, g, request

import accounts
import catalogue
import search
import standing
from catalogue import Title
from models import db
from rules import Decision, decide_cart, decide_patron_hold
from views import answers

pages = Blueprint("catalog", __name__)

PER_PAGE = 20
LAST_PAGE = 100  # nobody reads on; a narrower search helps more


@pages.get("/search")
def find() -> Response:
    words = request.args.get("q", "")
    asked = page_number(request.args.get("page"))
    found = search.find(db, words, PER_PAGE, (asked - 1) * PER_PAGE)
    last = last_page(found.total)
    if asked > last:
        asked = last
        found = search.find(db, words, PER_PAGE, (asked - 1) * PER_PAGE)
    titles = catalogue.titles(found.ids)
    return answers.page_or_part(
        "catalog/search.html",
        "catalog/_results.html",
        words=words,
        found=found,
        titles=titles,
        **cart_answers(titles),
        number=asked,
        last=last,
    )


@pages.get("/bibs/<number:bib_id>")
def title(bib_id: int) -> Response:
    found = catalogue.title(bib_id)
    if found is None:
        return answers.error(404)
    issues = catalogue.issues(found.serial) if found.serial else []
    return answers.page(
        "catalog/title.html",
        title=found,
        issues=issues,
        neighbours=catalogue.neighbours(found),
        decision=cart_decision(found),
    )


def cart_answers(titles: list[Title]) -> dict:
    """For templates: what putting each title into the cart would be answered, and what stands against all.

    One decision gives the button and the answer to it.  What stands against every title of a list, since it
    is about the patron, is said once above the list.
    """
    here = accounts.patron()
    facts = standing.patron_facts(here) if here and titles else None
    in_cart = len(accounts.cart())
    occasion = answers.occasion()
    return {
        "cart_decisions": {
            title.id: decide_cart(g.policy, facts, title.facts, occasion, in_cart) for title in titles
        },
        "against_all": decide_patron_hold(g.policy, facts, occasion).refusals if facts else (),
    }


def cart_decision(title: Title) -> Decision:
    return cart_answers([title])["cart_decisions"][title.id]


def page_number(asked: str | None) -> int:
    """A page that exists: what is no number, or too small, is the first."""
    return min(max(answers.number(asked) or 1, 1), LAST_PAGE)


def last_page(total: int) -> int:
    return min(max(1, -(-total // PER_PAGE)), LAST_PAGE)
