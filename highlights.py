"""Marks in a text the places that a search has found: as plain text in, as safe HTML out."""

from collections.abc import Callable

from markupsafe import Markup, escape

from folding import aligned, forms
from pairs import pattern
from queries import Query

Marker = Callable[[str, str], Markup]


def marker(query: Query) -> Marker:
    """A function that marks in a text what the words of a query found; ``column`` says whose text it is."""
    patterns = {}
    for column in ("t", "a", "s", "p", "r"):
        found = [
            form
            for word in (*query.texts, *query.words)
            if word.column in ("", column)
            for form in forms(word.typed)
        ]
        patterns[column] = pattern(dict.fromkeys(found)) if found else None

    def mark(text: str, column: str = "t") -> Markup:
        sought = patterns[column]
        if sought is None or not text:
            return escape(text)
        folded, places = aligned(text)
        marked, done = Markup(""), 0
        for found in sought.finditer(folded):
            start, end = places[found.start()][0], places[found.end() - 1][1]
            if start >= done:
                marked += escape(text[done:start]) + Markup("<mark>{}</mark>").format(text[start:end])
                done = end
        return marked + escape(text[done:])

    return mark
