"""What other programs read: feeds, the description of the search, availability.  Nothing of anybody, and no
cookie: the answers are the same for everyone, so that they may be kept on the way."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from xml.etree import ElementTree

from flask import Blueprint, Response, g, jsonify, make_response, request

import atom
import availability
import catalogue
import queries
import search
from atom import Entry, Link
from catalogue import Title
from models import db
from opening import Calendar
from rules import JAPAN
from views import answers, catalog

pages = Blueprint("programs", __name__)

_NEWEST = 50
_A_WHILE = 15 * 60  # seconds that a feed may be kept
_LONG_CLOSURE = timedelta(days=7)
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"


@pages.get("/feeds/new.atom")
def new_arrivals() -> Response:
    here = answers.public_address("programs.new_arrivals")
    page = answers.public_address("browse.new_arrivals")
    name = g.policy.library.name
    content = atom.feed(
        title=g.wording.t("feeds.new", library=name),
        id=page,
        links=[Link(here, "self", atom.MEDIA_TYPE), Link(page)],
        entries=[entry(title, _morning(title.added_on)) for title in catalogue.new_arrivals(_NEWEST)],
        author=name,
    )
    return public(content, atom.MEDIA_TYPE, keep=_A_WHILE)


@pages.get("/feeds/search.atom")
def found() -> Response:
    """What a search finds, the last that came in first; where it finds too much to sort, the newest books."""
    asked, _ = catalog.asked_for()
    query = replace(queries.understood(asked), sort=queries.Sort.ARRIVAL)
    titles = catalogue.titles(search.find(db, query, _NEWEST).ids)
    here = answers.public_address("programs.found", **asked)
    page = answers.public_address("catalog.find", **asked)
    name = g.policy.library.name
    content = atom.feed(
        title=g.wording.t("feeds.found", words=" ".join(query.terms), library=name),
        id=page,
        links=[Link(here, "self", atom.MEDIA_TYPE), Link(page)],
        entries=[entry(title, _morning(title.added_on)) for title in titles],
        author=name,
    )
    return public(content, atom.MEDIA_TYPE, keep=_A_WHILE)


@pages.get("/opensearch.xml")
def opensearch() -> Response:
    """How a browser or another program searches here."""
    page = answers.public_address("catalog.find")
    root = ElementTree.Element("OpenSearchDescription", xmlns=_OPENSEARCH)
    for name, text in (
        ("ShortName", g.policy.library.name[:16]),  # no more is allowed
        ("LongName", g.policy.library.name[:48]),
        ("Description", g.wording.t("feeds.search", library=g.policy.library.name)),
        ("InputEncoding", "UTF-8"),
        ("OutputEncoding", "UTF-8"),
        ("Language", "ja"),
        ("SyndicationRight", "open"),
    ):
        ElementTree.SubElement(root, name).text = text
    feed = answers.public_address("programs.found")
    for media_type, address in (("text/html", page), (atom.MEDIA_TYPE, feed)):
        template = f"{address}?q={{searchTerms}}&page={{startPage?}}"
        ElementTree.SubElement(root, "Url", type=media_type, template=template)
    return public(atom.document(root), "application/opensearchdescription+xml", keep=_A_WHILE)


@pages.get("/availability")
def available() -> Response:
    """At which branch books can be had now, by ISBN; or what is wrong with the question."""
    try:
        asked = availability.asked_numbers(request.args.get("isbn", ""))
    except availability.NotUnderstood as problem:
        sentence = g.wording.t(f"availability.{problem}", most=availability.MOST)
        return _open(make_response(jsonify(error=str(problem), message=sentence), 400))
    found = availability.titles_with(set(asked.values()))
    closed = _closed_for_long()
    books = {}
    for typed, isbn in asked.items():
        titles = found.get(isbn, [])
        page = answers.public_address("catalog.title", bib_id=titles[0].id) if titles else ""
        books[typed] = {
            "isbn": isbn,
            "status": "OK",
            "reserveurl": page,
            "waiting": sum(title.waiting for title in titles),
            "libkey": availability.words(titles, g.policy.branches, closed),
        }
    return _open(jsonify(library=g.policy.library.name, at=g.now.isoformat(timespec="seconds"), books=books))


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(0), JAPAN)


def entry(title: Title, updated: datetime) -> Entry:
    """A title in a feed."""
    page = answers.public_address("catalog.title", bib_id=title.id)
    return Entry(
        title=f"{title.title} {title.volume}".strip(),
        id=page,
        updated=updated,
        links=[Link(page)],
        authors=[person.name for person in title.people],
        summary="　".join(str(part) for part in (title.publisher, title.pub_year) if part),
    )


def public(content: bytes, media_type: str, keep: int) -> Response:
    """An answer that anybody on the way may keep for so many seconds, and then ask whether it still holds."""
    response = make_response(content)
    response.mimetype = media_type
    response.headers["Cache-Control"] = f"public, max-age={keep}"
    response.add_etag()
    return response.make_conditional(request)


def _open(response: Response) -> Response:
    """An answer for the pages of others too, and only for this moment."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response


def _closed_for_long() -> set[str]:
    """The branches that do not open today nor in the days after."""
    calendar = Calendar(g.policy, g.today)
    last = g.today + _LONG_CLOSURE
    opens = {branch.id: calendar.of(branch.id).next_open(g.today) for branch in g.policy.branches}
    return {branch for branch, day in opens.items() if day is None or day > last}
