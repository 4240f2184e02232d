"""The catalogue: search and one title.  For everybody, whether logged in or not."""

from functools import partial

from flask import Blueprint, Response, g, request, url_for

import accounts
import catalogue
import facets
import highlights
import ndc
import queries
import search
import standing
import suggestions
from catalogue import Title
from models import db
from rules import Decision, decide_cart, decide_patron_hold
from views import answers

pages = Blueprint("catalog", __name__)

PER_PAGE = 20
LAST_PAGE = 100  # nobody reads on; a narrower search helps more


# What an address of a search may ask, in the order in which it stands there.
_TEXTS = ("q", "title", "author", "subject", "publisher", "series", "isbn", "ndc", "year_from", "year_to")
_CHOICES = ("type", "branch", "available", "sort")


@pages.get("/search")
def find() -> Response:
    asked, unknown = asked_for()
    query = queries.understood(asked)
    number = page_number(request.args.get("page"))
    found = search.find(db, query, PER_PAGE, (number - 1) * PER_PAGE)
    last = last_page(found.total)
    if number > last:
        number = last
        found = search.find(db, query, PER_PAGE, (number - 1) * PER_PAGE)
    titles = catalogue.titles(found.ids)
    counted = facets.counted(db, query) if request.args.get("narrow") and found.total else None
    return answers.page_or_part(
        "catalog/search.html",
        "catalog/_results.html",
        words=asked.get("q", ""),
        asked=asked,
        query=query,
        found=found,
        ignored=[*found.ignored, *unknown],
        titles=titles,
        mark=highlights.marker(query),
        facets=counted,
        facet_links=_facet_links(asked, counted) if counted else [],
        near=[] if found.total else suggestions.near(db, query),
        wider=_wider(query) if query.narrowed and not found.total else 0,
        form_open=bool(request.args.get("fields")),
        search_with=partial(_search_with, asked),
        orders=list(queries.Sort),
        **cart_answers(titles),
        number=number,
        last=last,
    )


def asked_for() -> tuple[dict[str, str], list[str]]:
    """What the address asks, without what is empty; and the choices that this library does not have."""
    given = {name: request.args.get(name, "").strip()[: queries.MAX_LENGTH] for name in (*_TEXTS, *_CHOICES)}
    known = {
        "type": {material.id for material in g.policy.materials},
        "branch": {branch.id for branch in g.policy.branches},
        "sort": set(queries.Sort),
    }
    unknown = [name for name, values in known.items() if given[name] and given[name] not in values]
    asked = {name: value for name, value in given.items() if value and name not in unknown}
    return asked, [given[name] for name in unknown]


def _search_with(asked: dict[str, str], **changes) -> str:
    """The address of the same search with some things changed; what is empty is left out."""
    kept = {name: value for name, value in {**asked, **changes}.items() if value not in ("", None)}
    return url_for("catalog.find", **kept)


def _facet_links(asked: dict[str, str], counted: facets.Facets) -> list[tuple[str, list]]:
    """For each heading what narrows the list: its name, how many titles have it, and the address."""

    def links(pairs, field: str, name) -> list[tuple]:
        more = [] if field in asked else pairs
        return [(name(value), n, _search_with(asked, narrow=1, **{field: value})) for value, n in more]

    classes = [
        (f"{number} {ndc.label(number) or ''}", n, _search_with(asked, narrow=1, ndc=number))
        for figures, n in counted.classes
        for number in [figures if len(figures) < 4 else f"{figures[:3]}.{figures[3:]}"]
    ]
    years = [
        (
            g.wording.t("search.decade" if step == 10 else "search.year", year=year),
            n,
            _search_with(asked, narrow=1, year_from=year, year_to=year + step - 1),
        )
        for year, n in counted.years
        for step in [counted.years_together]
    ]
    return [
        ("search.field.type", links(counted.materials, "type", lambda id_: g.policy.names([id_])[0])),
        ("search.field.branch", links(counted.branches, "branch", answers.branch_name)),
        ("search.field.ndc", classes),
        ("search.field.years", years if len(years) > 1 else []),
        ("search.field.author", links(counted.authors, "author", str)),
    ]


def _wider(query: queries.Query) -> int:
    """How many titles the words alone find."""
    return search.find(db, query.widened(), 0).total


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
