"""The library card on the phone, and what lets the home screen of a phone open these pages."""

from flask import Blueprint, Response, g, jsonify, url_for

import nw7
from models import Patron
from rules import card_has_expired, is_stopped
from views import answers
from views.answers import patron_only

pages = Blueprint("card", __name__)

# A scanner finds the first bar by the white in front of it: ten narrow bars wide on either side.
_QUIET = 10 * nw7.NARROW
_COLOUR, _PAPER = "#0017c1", "#ffffff"  # as in the style sheet


@pages.get("/my/card")
@patron_only(page="card.show")
def show(patron: Patron) -> Response:
    """The number and its bars.  No name: the counter asks for the number, and others may see the screen."""
    drawn = nw7.bars(patron.card_number)
    return answers.page(
        "account/card.html",
        groups=_in_groups(patron.card_number),
        drawn=drawn,
        quiet=_QUIET,
        width=drawn.width + 2 * _QUIET if drawn else 0,
        expired=card_has_expired(patron.card_expires_on, g.today),
        stopped=is_stopped(patron.stopped_for, patron.stopped_until, g.today),
    )


@pages.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a phone asks for before it puts the library on its home screen."""
    name = g.policy.library.name
    answer = jsonify(
        {
            "name": name,
            "short_name": name,
            "lang": g.wording.language,
            "id": "/my",
            "start_url": url_for("account.my"),
            "scope": "/",
            "display": "standalone",
            "theme_color": _COLOUR,
            "background_color": _PAPER,
            "icons": [
                {"src": answers.static_address("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
                {"src": answers.static_address("icon-180.png"), "sizes": "180x180", "type": "image/png"},
                {
                    "src": answers.static_address("icon-512.png"),
                    "sizes": "512x512",
                    "type": "image/png",
                    "purpose": "any maskable",
                },
            ],
            "shortcuts": [
                {"name": g.wording.t(key), "url": url_for(endpoint)}
                for key, endpoint in (
                    ("card.title", "card.show"),
                    ("my.loans", "loans.index"),
                    ("my.holds", "holds.index"),
                )
            ],
        }
    )
    answer.mimetype = "application/manifest+json"
    return answer


def _in_groups(number: str) -> list[str]:
    """A number in threes, as it is read aloud; a single sign at the end stays with those before it."""
    groups = [number[start : start + 3] for start in range(0, len(number), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = ["".join(groups[-2:])]
    return groups
