"""The catalogue: search, one title, new arrivals.  For everybody, whether logged in or not."""

from flask import Blueprint, Response, g, request

import accounts
import catalogue
import search
import standing
from catalogue import Title
from models import db
from rules import Channel, Decision, decide_cart
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
        cart_decisions=cart_decisions(titles),
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
        cart_decisions=cart_decisions([found]),
    )


@pages.get("/new")
def new_arrivals() -> Response:
    total = catalogue.arrivals_count()
    last = last_page(total)
    number = min(page_number(request.args.get("page")), last)
    titles = catalogue.new_arrivals(PER_PAGE, (number - 1) * PER_PAGE)
    return answers.page(
        "catalog/new.html", titles=titles, cart_decisions=cart_decisions(titles), number=number, last=last
    )


def cart_decisions(titles: list[Title]) -> dict[int, Decision]:
    """For each title whether it may go into the cart of whoever looks: the button and the answer to it."""
    here = accounts.patron()
    facts = standing.patron_facts(here) if here and titles else None
    in_cart = len(accounts.cart())
    return {
        title.id: decide_cart(g.policy, facts, title.facts, Channel.WEB, g.today, in_cart) for title in titles
    }


def page_number(asked: str | None) -> int:
    """A page that exists: what is no number, or too small, is the first."""
    if asked and asked.isascii() and asked.isdecimal():
        return min(max(int(asked[:9]), 1), LAST_PAGE)
    return 1


def last_page(total: int) -> int:
    return min(max(1, -(-total // PER_PAGE)), LAST_PAGE)
