"""What is asked of an invented catalogue, drawn from its own titles; and what a reading of every title finds.

How the program is asked stands here alone.
"""

import random
import re
from bisect import bisect_right
from collections import Counter

import catalogue
import hits
import queries
import search
from folding import fold, forms
from models import db
from pairs import flat

# Always asked, beside what is drawn.
_SINGLES = ("の", "日", "学", "人", "ん", "社")
_READINGS = ("ねこ", "れきし", "にほん")
_LONGER = ("図書館", "心理学", "日本の", "殺人事件", "出版社")
_SAMPLE = 4000


# ---- how the program is asked


def find(words: str, limit: int = 20) -> search.Found:
    return search.find(db, words, limit, 0)


def page(words: str) -> list:
    """What the page of a search shows, before it is written as HTML."""
    return catalogue.titles(find(words).ids)


def match(words: str) -> str:
    """The question to FTS5 that the words come down to."""
    return hits.Hits(db, queries.understood({"q": words})).match


def newest(asked: str, limit: int) -> list[int]:
    sql = "SELECT rowid & 16777215 FROM bib_fts WHERE bib_fts MATCH ? ORDER BY rowid DESC LIMIT ?"
    return [row[0] for row in db.execute_sql(sql, (asked, limit))]


def count(asked: str) -> int:
    return db.execute_sql("SELECT count(*) FROM bib_fts WHERE bib_fts MATCH ?", (asked,)).fetchone()[0]


def rows(ids: list[int]) -> list[tuple]:
    """The rows of a page of titles with what is out and on hold, as they come from the database."""
    return db.execute_sql(catalogue._TITLES_SQL, (str(ids),)).fetchall()


# ---- what is asked


_TITLES_SQL = """
SELECT id, title, title_kana FROM bib WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id
"""
_PERSONS_SQL = """
SELECT bib_id, name, reading FROM creator WHERE bib_id IN (SELECT value FROM json_each(?)) ORDER BY id
"""


def draw(seed: int, truth: "Truth") -> dict[str, list[str]]:
    """Questions by class; the same for the same seed and catalogue."""
    chance = random.Random(seed)  # noqa: S311 - nothing is guarded by it
    most = db.execute_sql("SELECT max(id) FROM bib").fetchone()[0]
    numbers = str([chance.randrange(1, most + 1) for _ in range(_SAMPLE)])
    of_titles = (
        "SELECT id, title, title_kana FROM bib WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    )
    of_persons = "SELECT bib_id, name, reading FROM creator WHERE bib_id IN (SELECT value FROM json_each(?))"
    titles = db.execute_sql(of_titles, (numbers,)).fetchall()
    persons = {bib: (name, read) for bib, name, read in db.execute_sql(of_persons, (numbers,))}
    known = "\n".join(title for _, title, _ in titles)
    singles = sorted(set(re.findall("[一-鿿]", known)) - set(_SINGLES))
    pairs = Counter(known[at : at + 2] for at in range(len(known)))
    pairs = Counter({pair: n for pair, n in pairs.items() if re.fullmatch("[一-鿿ァ-ヴ]{2}", pair)})
    common = [pair for pair, _ in pairs.most_common(60)]
    rare = [pair for pair in sorted(pairs) if pairs[pair] == 1]
    chance.shuffle(rare)
    longer = [word for word in sorted(set(re.findall("[一-鿿]{3,4}", known))) if word not in _LONGER]
    whole = [title for _, title, _ in titles if len(title) >= 7]
    read = sorted({part for *_, kana in titles for part in kana.split() if len(part) >= 3})
    names = sorted({name.split()[0] for _, name in persons.values()})
    together = [f"{persons[bib][0].split()[0]} {title[:2]}" for bib, title, _ in titles]
    classes = {
        "s1": chance.sample(singles, 30),
        "s1x": list(_SINGLES),
        "b_common": chance.sample(common, 20),
        "b_rare": [pair for pair in rare[:200] if truth.count(pair) <= 20][:30],
        "kana": [*_READINGS, *chance.sample(read, 14), *chance.sample(names, 13)],
        "tri": [*_LONGER, *chance.sample(longer, 20)],
        "long": chance.sample(whole, 30),
        "and2": [
            "日本 歴史",
            *(" ".join(chance.sample(common, 2)) for _ in range(14)),
            *chance.sample(together, 15),
        ],
        "zero": [],
        "latin": _latin(known, chance),
    }
    classes["and2"] += chance.sample(together, 15)
    while len(classes["zero"]) < 30:
        nowhere = "".join(chance.sample(singles, 3))
        if truth.count(nowhere) == 0:
            classes["zero"].append(nowhere)
    return classes


def _latin(known: str, chance: random.Random) -> list[str]:
    found = sorted(set(re.findall("[A-Za-z]{2,}", known)))
    phrases = sorted(set(re.findall("[A-Za-z]{2,}[一-鿿ァ-ヴ]{2}", known)))
    begun = [word[: max(2, len(word) - 2)] for word in found]
    return list(dict.fromkeys([*found, *begun, *chance.sample(phrases, min(6, len(phrases)))]))[:16]


# ---- what is true


class Truth:
    """All the folded text, to be read from end to end: slow, and without an index that could be wrong."""

    def __init__(self):
        keys = db.execute_sql("SELECT id, t, a, s, p, r FROM bib_key ORDER BY id")
        self._ids, self._starts, parts, at = [], [], [], 0
        for number, *columns in keys:
            text = "\ue000".join(map(flat, columns)) + "\n"
            self._ids.append(number)
            self._starts.append(at)
            parts.append(text)
            at += len(text)
        self._starts.append(at)
        self._text = "".join(parts)

    def count(self, words: str) -> int:
        return len(self.having(words))

    def having(self, words: str) -> set[int]:
        """The titles in which each of the words stands, or all of them as one text."""
        typed = [word for word in words.split() if fold(word)]
        each = [set().union(*map(self._standing, forms(word))) for word in typed]
        found = set.intersection(*each)
        if len(typed) > 1:
            found = found.union(*map(self._standing, forms(words)))
        return {self._ids[record] for record in found}

    def _standing(self, form: str) -> set[int]:
        """Where a folded text stands: Latin words from their beginning, figures and single letters whole."""
        found, at = set(), 0
        latin = [re.match("[a-z0-9]", form), re.search("[a-z0-9]$", form)]
        if any(latin):
            before = "(?<![a-z0-9])" if latin[0] else ""
            after = "(?![a-z0-9])" if latin[1] and not re.search("[a-z0-9][a-z]$", form) else ""
            places = re.finditer(before + re.escape(form) + after, self._text)
            return {bisect_right(self._starts, place.start()) - 1 for place in places}
        while (at := self._text.find(form, at)) >= 0:
            record = bisect_right(self._starts, at) - 1
            found.add(record)
            at = self._starts[record + 1]
        return found
