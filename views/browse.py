"""Lists in which titles are come upon: new, waited for, magazines, classes.  For everybody."""

from datetime import date

from flask import Blueprint, Response, g, request

import browsing
import catalogue
import ndc
from browsing import Choice
from views import answers
from views.catalog import PER_PAGE, cart_answers, last_page, page_number

pages = Blueprint("browse", __name__)

_NEWEST = 100  # titles, where nothing came in lately


@pages.get("/new")
def new_arrivals() -> Response:
    """What came in lately, by week, class and material; where nothing did, what came in last."""
    chosen = _choice()
    asked = page_number(request.args.get("page"))
    found = browsing.arrivals(chosen, g.today, PER_PAGE, (asked - 1) * PER_PAGE)
    number = min(asked, last := last_page(found.total))
    if number != asked:
        found = browsing.arrivals(chosen, g.today, PER_PAGE, (number - 1) * PER_PAGE)
    titles = catalogue.titles(found.ids)
    if not found.total and chosen == Choice():
        number = min(asked, last := last_page(catalogue.arrivals_count(_NEWEST)))
        titles = catalogue.new_arrivals(PER_PAGE, (number - 1) * PER_PAGE)
    return answers.page(
        "browse/new.html",
        chosen=chosen,
        found=found,
        titles=titles,
        number=number,
        last=last,
        **cart_answers(titles),
    )


@pages.get("/popular")
def popular() -> Response:
    titles = catalogue.titles(browsing.waited_for())
    often = catalogue.titles(browsing.lent_often())
    return answers.page("browse/popular.html", titles=titles, often=often, **cart_answers(titles))


@pages.get("/magazines")
def magazines() -> Response:
    ids = browsing.newest_issues()
    last = last_page(len(ids))
    number = min(page_number(request.args.get("page")), last)
    titles = catalogue.titles(ids[(number - 1) * PER_PAGE : number * PER_PAGE])
    return answers.page("browse/magazines.html", titles=titles, number=number, last=last)


@pages.get("/classes")
def classes() -> Response:
    return answers.page("browse/classes.html", above=[], classes=browsing.class_counts())


@pages.get("/classes/<above>")
def classes_below(above: str) -> Response:
    """The classes below one, so far as there are any."""
    if not ndc.below(above):
        return answers.error(404)
    return answers.page("browse/classes.html", above=ndc.path(above), classes=browsing.class_counts(above))


def _choice() -> Choice:
    """What the address chooses; what makes no sense chooses nothing."""
    try:
        week = browsing.week_of(date.fromisoformat(request.args.get("week", "")))
    except (ValueError, OverflowError):
        week = None
    figure, material = request.args.get("ndc", ""), request.args.get("type", "")
    return Choice(
        week=week if week and 1900 <= week.year < 9999 else None,
        ndc=figure if figure in {one.number for one in ndc.below()} else "",
        material=material if material in {one.id for one in g.policy.materials} else "",
    )
