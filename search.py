"""Finding titles: what a query finds, how many there are, and in which order.  No page, no sentence.

Relevance is where the words stand, and among equals what the library has before what it has not, the newest
first; that is the order of the index's row numbers (``search_index.py``).  A short list is put in full order
from the text of its titles; a long one is read from the index a tier at a time, no further than the page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from folding import isbn13
from hits import Hits, in_columns
from pairs import END, any_of, begins, flat, pattern
from queries import Query, Sort, Word, understood
from search_index import (
    ID_BITS,
    READING,
    SUBTITLE,
    TITLE,
    Titles,
    begins_with,
    of_family,
    of_person,
)

SORTED_UP_TO = 5000  # titles; more are not put in an order that the index does not have


@dataclass(frozen=True, slots=True)
class Found:
    """A page of numbers of titles, and how many there are in all; where that is not ``exact``, at least so
    many.  ``terms`` were used, ``ignored`` were not; ``sort`` is the order in which the titles stand."""

    ids: list[int]
    total: int
    terms: list[str]
    ignored: list[str]
    exact: bool = True
    sort: Sort = Sort.RELEVANCE


def find(db, asked: Query | str, limit: int, offset: int = 0) -> Found:
    """The titles that a query finds, in its order: those of one page, and how many there are.

    ``asked`` may be words as a patron types them.  Never fails, whatever was typed: signs mean nothing, and
    blanks alone find nothing and give no terms.
    """
    limit, offset = (min(max(number, 0), 10**9) for number in (limit, offset))
    query = understood({"q": asked}) if isinstance(asked, str) else asked
    ignored = list(query.ignored)
    if not query.asks:
        return Found([], 0, [], ignored)
    if isbn := _isbn_alone(query):
        ids = [row[0] for row in db.execute_sql(_ISBN_SQL, (isbn,))]
        if ids or query.isbn:
            return Found(ids[offset : offset + limit], len(ids), [isbn], ignored)
    hits = Hits(db, query)
    total, exact = hits.count()
    sort = query.sort
    if sort not in (Sort.RELEVANCE, Sort.NEWEST) and (total > SORTED_UP_TO or not exact):
        sort = Sort.NEWEST
    if total == 0:
        ids = []
    elif sort is Sort.RELEVANCE and (query.words or query.isbn):
        ids = _by_relevance(hits, total, exact, limit, offset)
    elif sort in (Sort.RELEVANCE, Sort.NEWEST):
        ids = hits.newest(limit, offset)
    else:
        ids = _sorted(hits, sort)[offset : offset + limit]
    return Found(ids, total, query.terms, ignored, exact, sort)


_ISBN_SQL = "SELECT id FROM bib WHERE isbn = ? AND NOT hidden ORDER BY pub_year DESC, id DESC"


def _isbn_alone(query: Query) -> str | None:
    """The ISBN, where nothing else is asked for; one that stands among words, too."""
    if query.without or query.narrowed:
        return None
    if query.isbn:
        return None if query.words else query.isbn
    [text, *more] = query.texts
    return None if more or text.column else isbn13(text.typed)


# ---- ranking

_CANDIDATES = 100  # titles that are put in full order
_HEADINGS = 50  # that begin like the query; where there are more, the index of beginnings is asked instead


def _by_relevance(hits: Hits, total: int, exact: bool, limit: int, offset: int) -> list[int]:
    if total <= _CANDIDATES and exact:
        rows = hits.with_rows("k.id, k.t, k.a", "bib_key AS k ON k.id = hit.number", _CANDIDATES)
        return _by_place(rows, hits)[offset : offset + limit]
    order: dict[int, None] = {}
    for tier in _tiers(hits, limit + offset):
        order.update(dict.fromkeys(tier))
        if len(order) >= limit + offset:
            break
    return list(order)[offset : offset + limit]


class _Sought:
    """The forms of a text, to be compared with folded values."""

    def __init__(self, text: Word, alternatives: tuple[str, ...]):
        column = text.column
        self._may_be_part = len(text.typed) > 1  # 森 is sooner a word than a name
        self._whole = frozenset(alternatives)
        # Where no Latin letter is at an end, a form may stand anywhere, and no pattern is needed.
        self._plain = tuple(form for form in alternatives if not (form[0] + form[-1]).isascii())
        self._plain = tuple(f for f in self._plain if not f[0].isascii() and not f[-1].isascii())
        others = [form for form in alternatives if form not in self._plain]
        self._pattern = pattern(others) if others else None
        self._in_titles, self._in_names = column in ("", "t"), column in ("", "a")

    def _begins(self, text: str) -> bool:
        return text.startswith(self._plain) or bool(self._pattern and self._pattern.match(text))

    def _stands(self, text: str) -> bool:
        return any(form in text for form in self._plain) or bool(self._pattern and self._pattern.search(text))

    def _ends(self, text: str) -> bool:
        return text.endswith(self._plain) or bool(
            self._pattern and any(one.end() == len(text) for one in self._pattern.finditer(text))
        )

    def place(self, text: str, titles: str, names: str) -> int:
        """How well a title answers, 0 the best: the catalogue's order of relevance, from the title down.

        ``titles`` and ``names`` are its columns t and a, ``text`` is t as it was indexed.
        """
        if not (self._in_titles and self._stands(text)):
            # Most rows end here, before their title is taken apart.
            return self._place_of_name(names) if self._in_names and self._stands(names) else 12
        known = Titles(titles)
        persons = names.split(END) if self._in_names and self._stands(names) else []
        if any(form.startswith(known.title) for form in self._whole) and self._whole & known.titles:
            return 0
        if self._whole & {*known.readings, *known.sound}:
            return 1
        if persons and self._is_name_of(persons):
            return 2
        if self._begins(known.title):
            return 3
        if known.subtitle and self._begins(known.subtitle):
            return 4
        if self._begins(known.reading):
            return 5
        if self._stands(known.title):
            return 6
        if (known.volume or known.subtitle) and self._stands(known.full):
            return 7
        if any(map(self._stands, persons)):
            return 8
        if self._stands(known.original):
            return 9
        # Inside a reading it is often chance, いのしし in あいのししゅう; at the end it is a word.
        if any(map(self._ends, known.readings)):
            return 10
        return 11 if self._stands(known.reading) else 12

    def _place_of_name(self, names: str) -> int:
        return 2 if self._is_name_of(names.split(END)) else 8

    def _is_name_of(self, persons: list[str]) -> bool:
        """Whether it is the name of one of these, who are named in both orders, or a family or given name."""
        if not self._whole.isdisjoint(persons):
            return True
        return self._may_be_part and any(
            name.startswith(form) and name[len(form) :].lstrip(" ") + " " * (" " in name) + form in persons
            for form in self._whole
            for name in persons
        )


def _by_place(rows: list[tuple], hits: Hits) -> list[int]:
    """A short list in full order: by where all that was typed stands, then its words, then the newest."""
    query = hits.query
    texts = [_Sought(text, hits.forms[text]) for text in query.texts]
    parts = [
        _Sought(word, hits.forms[word])
        for word in query.words
        if not any(hits.forms[word] == hits.forms[text] for text in query.texts)
    ]
    order = []
    for newness, (bib_id, t, a) in enumerate(rows):
        text = flat(t)
        whole, others = (sum(one.place(text, t, a) for one in some) for some in (texts, parts))
        order.append((whole, others, newness, bib_id))
    return [place[-1] for place in sorted(order)]


_LAST = chr(0x10FFFF)  # stands behind every text
_EXACT_SQL = f"""SELECT rid, kind FROM heading WHERE key = :whole AND kind IN ({TITLE}, {READING})
  ORDER BY kind, rid DESC LIMIT 1000"""  # noqa: S608 - of constants
# What it is the whole title or reading of, then what somebody of this name made, then whole subtitles.
_NAMED_SQL = f"""SELECT rid, CASE kind WHEN {SUBTITLE} THEN {READING + 2} ELSE kind END
    FROM heading WHERE key = :whole
  UNION ALL SELECT rowid, {READING + 1}
    FROM (SELECT rowid FROM bib_fts WHERE bib_fts MATCH :named ORDER BY rowid DESC LIMIT :enough)
  ORDER BY 2, 1 DESC LIMIT :enough"""  # noqa: S608 - of constants
# Titles, subtitles and readings that begin so.
_BEGUN_SQL = f"""SELECT rid, kind, key FROM heading WHERE key > :whole AND key < :after
  LIMIT {_HEADINGS + 1}"""  # noqa: S608 - of a constant


def _tiers(hits: Hits, enough: int) -> Iterator[list[int]]:
    """A long list in coarser order: headings first, then titles, names and the rest.

    No tier is read further than the page: what a tier is asked for beyond that stands in a better one.
    """
    text = hits.query.texts[0] if hits.query.texts else Word("", "-")
    whole = hits.forms.get(text, ("",))[0]
    if text.column in ("", "t"):
        yield from _titles_that_are_or_begin(hits, whole, enough)
    elif text.column == "a":
        yield hits.newest(enough, match=_by(hits, whole))
    if text.column == "":
        yield hits.newest(enough, match=hits.expression("t"))
        yield hits.newest(enough, match=hits.expression("t a"))
    yield hits.newest(enough)


def _titles_that_are_or_begin(hits: Hits, whole: str, enough: int) -> Iterator[list[int]]:
    """Titles that are what was typed, then those of a person of this name, then those that begin so."""
    is_anywhere = not hits.query.texts[0].column
    if hits.is_plain and is_anywhere:
        named = hits.headings(_NAMED_SQL, whole=whole, named=_by(hits, whole), enough=enough)
        yield [_number(rid) for rid, _ in named]
        begun = hits.headings(_BEGUN_SQL, whole=whole, after=whole + _LAST)
        if len(begun) <= _HEADINGS:
            begun.sort(key=lambda row: (row[1], -row[0]))
            yield [_number(rid) for rid, _, key in begun if begins(key, whole)]
            return
    else:
        yield [_number(rid) for rid, _ in hits.headings(_EXACT_SQL, whole=whole)]
        if is_anywhere:
            yield hits.newest(enough, match=_by(hits, whole))
    first = (
        f'f : "{begins_with(whole)}"'
        if _is_one_character(whole)
        else in_columns("t", any_of([whole], start=True))
    )
    yield hits.newest(enough, match=hits.expression(first=first))


def _by(hits: Hits, whole: str) -> str:
    """The query for titles of a person who has exactly this name, or family or given name."""
    named = [of_person(whole)]
    if len(hits.query.texts[0].typed) > 1:  # 森 is sooner a word
        named.append(of_family(whole))
    return hits.expression(first="f : (" + " OR ".join(f'"{word}"' for word in named) + ")")


def _is_one_character(whole: str) -> bool:
    """Whether the pairs of the index cannot tell where it stands."""
    return len(whole) == 1 and not whole.isascii()


def _number(rid: int) -> int:
    return rid & (1 << ID_BITS) - 1


# ---- other orders

_FIRST_CREATOR = """(SELECT CASE reading WHEN '' THEN name ELSE reading END FROM creator
  WHERE creator.bib_id = bib.id ORDER BY place LIMIT 1)"""
_SORT_COLUMNS = {
    Sort.OLDEST: "coalesce(pub_year, substr(issued_on, 1, 4)), coalesce(pub_month, substr(issued_on, 6, 2))",
    Sort.ARRIVAL: "added_on, bib.id",
    Sort.TITLE: "CASE title_kana WHEN '' THEN title ELSE title_kana END, volume",
    Sort.AUTHOR: f"{_FIRST_CREATOR}, CASE title_kana WHEN '' THEN title ELSE title_kana END",
}
_HIRAGANA = str.maketrans({code: chr(code - 0x60) for code in range(ord("ァ"), ord("ヶ") + 1)} | {" ": ""})


def _sorted(hits: Hits, sort: Sort) -> list[int]:
    """All hits in one of the orders that the index does not have; what lacks the key stands last."""
    columns = f"bib.id, {_SORT_COLUMNS[sort]}"
    rows = hits.with_rows(columns, "bib ON bib.id = hit.number", SORTED_UP_TO)
    if sort is Sort.ARRIVAL:
        return [row[0] for row in sorted(rows, key=lambda row: row[1:], reverse=True)]
    if sort is Sort.OLDEST:
        return [row[0] for row in sorted(rows, key=lambda row: (int(row[1] or 9999), int(row[2] or 0)))]
    return [row[0] for row in sorted(rows, key=lambda row: (not row[1], _kana(row[1]), _volume(row[2])))]


def _kana(text: str | None) -> str:
    return (text or "").translate(_HIRAGANA)


def _volume(text: str) -> list[tuple[int, str]]:
    """A volume, or a title, so that 2 stands before 10."""
    return [(int(part), "") if part.isdecimal() else (0, _kana(part)) for part in re.split("([0-9]+)", text)]
