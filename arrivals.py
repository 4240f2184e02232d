"""新着資料案内: which titles are new, and which of them fit the terms of an alert.

Words are compared as a search compares them: in any kana and width, in old and new characters, names in both
orders.  Many alerts are asked of few titles, so these are indexed by what they hold: each alert then looks
only at titles that may fit.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

import pairs
import search_index
from folding import fold, forms
from models import db
from queries import MAX_WORDS
from rules import AlertTerms
from search_index import Folded

# A piece that the library owns and that is there, of which alone a title may be new.
_THERE = "NOT interlibrary AND state = 'in_stock'"
_COLUMNS = f"""
  b.id, b.ndc, b.added_on, (SELECT json_group_array(branch) FROM item WHERE bib_id = b.id AND {_THERE})
"""  # noqa: S608 - made of constants
# Numbers of pieces only grow.  A title that had a piece before, even one that is withdrawn, is not new.
_BETWEEN_SQL = f"""
SELECT {_COLUMNS}
FROM (SELECT DISTINCT bib_id FROM item WHERE id > :after AND id <= :upto AND {_THERE}) AS new
JOIN bib AS b ON b.id = new.bib_id
WHERE NOT b.hidden AND NOT EXISTS (
  SELECT 1 FROM item AS older WHERE older.bib_id = b.id AND older.id <= :after AND NOT older.interlibrary)
ORDER BY b.id DESC
"""  # noqa: S608 - made of constants
_SINCE_SQL = f"""
SELECT {_COLUMNS}
FROM bib AS b
WHERE b.added_on >= :since AND NOT b.hidden
  AND EXISTS (SELECT 1 FROM item WHERE bib_id = b.id AND {_THERE})
ORDER BY b.added_on DESC, b.id DESC LIMIT :most
"""  # noqa: S608 - made of constants
LOOKED_AT = 10_000  # titles: after all its titles came in at once, a library looks back over fewer days


@dataclass(frozen=True, slots=True)
class Arrival:
    """A title that came in, as far as alerts ask for it."""

    id: int
    ndc: str  # the figures of its class number, three at most
    added_on: date
    branches: frozenset[str]
    folded: Folded


def last_piece() -> int:
    """The number of the newest piece: what comes in later has a greater one."""
    return db.execute_sql("SELECT coalesce(max(id), 0) FROM item").fetchone()[0]


def between(after: int, upto: int) -> list[Arrival]:
    """The titles whose first piece has a number above the first and not above the second, newest first."""
    return _read(_BETWEEN_SQL, {"after": after, "upto": upto})


def since(day: date) -> list[Arrival]:
    """The titles that came in on this day or later and are there, newest first; LOOKED_AT of them at most."""
    return _read(_SINCE_SQL, {"since": day.isoformat(), "most": LOOKED_AT})


def _read(sql: str, asked: dict) -> list[Arrival]:
    rows = db.execute_sql(sql, asked).fetchall()
    words = search_index.folded(db, [row[0] for row in rows])
    return [
        Arrival(number, _figures(ndc), date.fromisoformat(day), frozenset(json.loads(at)), words[number])
        for number, ndc, day, at in rows
        if number in words
    ]


def _figures(ndc: str) -> str:
    """How a class number begins: 913 of 913.6, and of K913 too."""
    return re.match(r"\D*(\d{0,3})", ndc)[1]


Alternatives = tuple[str, ...]  # the folded forms of one word, any of which may stand somewhere


class Asked:
    """The terms of one alert, folded once."""

    def __init__(self, terms: AlertTerms):
        self.terms = terms
        self.author = forms(terms.author)
        self.keyword, self.series = _words(terms.keyword), _words(terms.series)

    def fits(self, title: Arrival) -> bool:
        """Whether all that is filled in fits this title."""
        terms = self.terms
        return (
            title.ndc.startswith(terms.ndc)
            and (not terms.branch or terms.branch in title.branches)
            and (not terms.author or any(_is_named(title, form) for form in self.author))
            and (not terms.keyword or _stand(self.keyword, title.folded.words))
            and (not terms.series or _stand(self.series, title.folded.series))
        )


def fitting(terms: AlertTerms, titles: Iterable[Arrival]) -> list[Arrival]:
    """Those of the titles that fit the terms, in their order."""
    asked = Asked(terms)
    return [title for title in titles if asked.fits(title)]


def _words(text: str) -> list[list[Alternatives]]:
    """In which ways what was typed may stand in a title: each of its words somewhere, or the whole of it."""
    typed = [word for word in text.split() if fold(word)][:MAX_WORDS]
    ways = [[forms(word) for word in typed]] if typed else []
    return [*ways, [forms(text)]] if len(typed) > 1 else ways


def _stand(ways: list[list[Alternatives]], text: str) -> bool:
    return any(all(any(_stands(form, text) for form in word) for word in words) for words in ways)


def _stands(form: str, text: str) -> bool:
    """Whether a folded form stands in a text; Latin words and figures only as words."""
    if form not in text:
        return False
    return not (form[0].isascii() or form[-1].isascii()) or bool(pairs.pattern([form]).search(text))


def _is_named(title: Arrival, form: str) -> bool:
    """Whether somebody's name, family name first or last, begins so; a Latin name with whole words."""
    return any(name.startswith(form) and _ends_there(name, form) for name in title.folded.persons)


def _ends_there(name: str, form: str) -> bool:
    return not form[-1].isascii() or name[len(form) : len(form) + 1] in ("", " ")


class Index:
    """New titles by what they hold, so that thousands of alerts are asked of them in a second or two."""

    def __init__(self, titles: Sequence[Arrival]):
        self.titles = titles
        self._classes, self._at = defaultdict(set), defaultdict(set)
        self._words, self._series = defaultdict(set), defaultdict(set)
        for place, title in enumerate(titles):
            for length in range(1, len(title.ndc) + 1):
                self._classes[title.ndc[:length]].add(place)
            for branch in title.branches:
                self._at[branch].add(place)
            for held, text in ((self._words, title.folded.words), (self._series, title.folded.series)):
                for piece in _pieces(text):
                    held[piece].add(place)
        self._persons = sorted(
            (name, place) for place, title in enumerate(titles) for name in title.folded.persons
        )

    def fitting(self, terms: AlertTerms) -> list[Arrival]:
        """What ``fitting`` finds among all of the titles."""
        asked, may = Asked(terms), []
        if terms.ndc:
            may.append(self._classes.get(terms.ndc, set()))
        if terms.branch:
            may.append(self._at.get(terms.branch, set()))
        if terms.author:
            may.append(self._named(asked.author))
        if terms.keyword:
            may.append(_holding(self._words, asked.keyword))
        if terms.series:
            may.append(_holding(self._series, asked.series))
        places = reduce(set.intersection, sorted(may, key=len)) if may else ()
        return [self.titles[place] for place in sorted(places) if asked.fits(self.titles[place])]

    def _named(self, author: Alternatives) -> set[int]:
        found = set()
        for form in author:
            first = bisect_left(self._persons, (form,))
            last = bisect_right(self._persons, (form + chr(0x10FFFF),))
            found |= {place for _, place in self._persons[first:last]}
        return found


def _holding(held: dict[str, set[int]], ways: list[list[Alternatives]]) -> set[int]:
    """Which titles may hold these words: those that hold all pairs of characters of one form of each."""
    found = set()
    for words in ways:
        of_each = [set().union(*(_all_of(held, form) for form in word)) for word in words]
        found |= reduce(set.intersection, sorted(of_each, key=len))
    return found


def _all_of(held: dict[str, set[int]], form: str) -> set[int]:
    pieces = _pairs(form) or [form]
    return reduce(set.intersection, sorted((held.get(piece, set()) for piece in pieces), key=len))


def _pairs(text: str) -> list[str]:
    return [text[place : place + 2] for place in range(len(text) - 1)]


def _pieces(text: str) -> set[str]:
    """The characters of a text and its pairs of them."""
    return {*text, *_pairs(text)}
