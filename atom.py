"""Atom feeds (RFC 4287), for programs that look at a list now and then."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

MEDIA_TYPE = "application/atom+xml"
_NAMESPACE = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # of a feed without entries


@dataclass(frozen=True, slots=True)
class Link:
    """``rel``: self for the feed's own address, alternate for the page that says the same."""

    href: str
    rel: str = "alternate"
    type: str = "text/html"


@dataclass(frozen=True, slots=True)
class Entry:
    """``id`` is an address that never changes; ``updated`` when it became what it is."""

    title: str
    id: str
    updated: datetime
    links: Sequence[Link] = ()
    authors: Sequence[str] = ()
    summary: str = ""


def feed(
    title: str,
    id: str,
    links: Sequence[Link],
    entries: Iterable[Entry],
    author: str = "",
    updated: datetime | None = None,
) -> bytes:
    """A feed as a document.  ``author`` speaks for entries without one; without ``updated`` the feed is as
    new as its newest entry."""
    entries = list(entries)
    root = ElementTree.Element("feed", xmlns=_NAMESPACE)
    _text(root, "title", title)
    _text(root, "id", id)
    _text(root, "updated", _instant(updated or max((entry.updated for entry in entries), default=_NEVER)))
    _authors(root, [author or title])
    _links(root, links)
    for entry in entries:
        element = ElementTree.SubElement(root, "entry")
        _text(element, "title", entry.title)
        _text(element, "id", entry.id)
        _text(element, "updated", _instant(entry.updated))
        _authors(element, entry.authors)
        _links(element, entry.links)
        if entry.summary:
            _text(element, "summary", entry.summary)
    return document(root)


def document(root: ElementTree.Element) -> bytes:
    """The bytes of an XML document, to be sent as they are."""
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _authors(parent: ElementTree.Element, names: Iterable[str]) -> None:
    for name in names:
        _text(ElementTree.SubElement(parent, "author"), "name", name)


def _links(parent: ElementTree.Element, links: Iterable[Link]) -> None:
    for link in links:
        ElementTree.SubElement(parent, "link", rel=link.rel, type=link.type, href=_clean(link.href))


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = _clean(text)


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold at all."""
    return _NOT_XML.sub("", text)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
