"""What a feed says, so that any reader of feeds understands it."""

from datetime import UTC, datetime
from xml.etree import ElementTree

from atom import Entry, Link, feed

HERE = "https://lib.example.jp/feeds/new.atom"
MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, 12, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


def texts(document: bytes, path: str) -> list[str]:
    root = ElementTree.fromstring(document)  # noqa: S314 - our own
    return [element.text for element in root.findall("/".join(ATOM + part for part in path.split("/")))]


def made(*entries: Entry) -> bytes:
    return feed("新着図書", "urn:new", [Link(HERE, "self")], entries, author="しおり町立図書館")


def test_a_feed_is_as_new_as_its_newest_entry():
    days = {"こころ": MARCH, "門": APRIL, "三四郎": MARCH}
    document = made(*(Entry(title, f"urn:{title}", day) for title, day in days.items()))

    assert texts(document, "updated") == ["2026-04-01T12:00:00Z"]
    assert texts(document, "entry/title") == ["こころ", "門", "三四郎"]


def test_an_empty_feed_has_all_that_a_feed_needs():
    document = made()

    for needed in ("id", "title", "updated", "author/name"):
        assert len(texts(document, needed)) == 1, needed


def test_signs_of_xml_are_words_like_any_other_and_what_xml_cannot_hold_is_left_out():
    document = made(Entry("<b>A&B\x00\x0b\ud800</b>", "urn:1", MARCH, authors=["R&D"], summary='"x"'))

    assert texts(document, "entry/title") == ["<b>A&B</b>"]
    assert texts(document, "entry/author/name") == ["R&D"]
