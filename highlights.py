"""Marks in a text the places that a search has found: as plain text in, as safe HTML out."""

from collections.abc import Callable

from markupsafe import Markup, escape

from folding import aligned, forms
from pairs import pattern
from queries import Query

_NOTHING, _BEGIN, _END = Markup(""), Markup("<mark>"), Markup("</mark>")

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
        parts, done = [], 0
        for found in sought.finditer(folded):
            start, end = places[found.start()][0], places[found.end() - 1][1]
            if start >= done:
                parts += [escape(text[done:start]), _BEGIN, escape(text[start:end]), _END]
                done = end
        return _NOTHING.join([*parts, escape(text[done:])]) if parts else escape(text)

    return mark
