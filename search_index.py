"""The search index: SQLite FTS5 over folded text cut into pairs of characters.  ``search.py`` asks it.

``bib_key`` keeps exactly what was indexed, because FTS5 removes a row only if it is told the same words
again.  The row numbers begin with whether the library has a copy, then year and month of publication, so
that reading them backwards is the order among equals: what is here first, then the newest.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from folding import fold, phonetic
from pairs import END, JOINT, cut_column, flat

# Raise it with each change to folding.py, the variants or what is indexed: it rebuilds the index.
FOLD_VERSION = "2"

# ---- tables

ID_BITS = 24  # of a row number; 16777215 in the statements is their mask
_OWNED = 1 << 41  # of a row number, above year and month

_TABLES = (
    # t titles and readings, a persons, s subjects, p publisher, r series and magazine: folded, not yet cut;
    # f what a list can be narrowed by, as words that nobody can type.
    # A title that is deleted without a word to reindex() fails at the commit instead of haunting the results.
    """CREATE TABLE bib_key (
      id INTEGER PRIMARY KEY REFERENCES bib (id) DEFERRABLE INITIALLY DEFERRED,
      rid INTEGER NOT NULL, t TEXT NOT NULL,
      a TEXT NOT NULL, s TEXT NOT NULL, p TEXT NOT NULL, r TEXT NOT NULL, f TEXT NOT NULL)""",
    # 標目: whole titles (0), subtitles (1) and readings (2), for what is exactly or begins like the query.
    """CREATE TABLE heading (key TEXT NOT NULL, kind INTEGER NOT NULL, rid INTEGER NOT NULL,
      PRIMARY KEY (key, kind, rid)) WITHOUT ROWID""",
    "CREATE VIRTUAL TABLE bib_fts USING fts5(t, a, s, p, r, f, tokenize='ascii', content='', columnsize=0)",
)
TITLE, SUBTITLE, READING = range(3)  # kinds of heading


def create(db) -> None:
    """Make the index where there is none, and make it anew where it was folded by other rules.

    Not within a transaction: a rebuild takes several.
    """
    done = db.execute_sql("SELECT value FROM meta WHERE key = 'fold_version'").fetchone()
    if done is None or done[0] != FOLD_VERSION:
        reindex_all(db)


# ---- what a list is narrowed by

EVERY, _MATERIAL, _BRANCH, _CLASS = "\ue002", "\ue003", "\ue004", "\ue005"
_BEGINNING, _PERSON, _PART = "\ue007", "\ue008", "\ue009"


def of_material(material: str) -> str:
    """The word by which titles of a material are found."""
    return _MATERIAL + _plain(material)


def at_branch(branch: str) -> str:
    """The word by which titles are found of which a branch has a copy."""
    return _BRANCH + _plain(branch)


def in_class(figures: str) -> str:
    """The word by which titles are found whose class begins with these figures: 9, 91, 913, 9136."""
    return _CLASS + figures


def begins_with(character: str) -> str:
    """The word by which titles are found whose first character this is, when folded."""
    return _BEGINNING + character


def of_person(name: str) -> str:
    """The word by which titles are found of somebody whose folded name this is, in either order."""
    return _PERSON + name.replace(" ", JOINT)


def of_family(name: str) -> str:
    """The word by which titles are found of somebody whose family or given name, folded, this is."""
    return _PART + name.replace(" ", JOINT)


def _plain(name: str) -> str:
    """A name as one word of the index, which splits at ASCII signs and knows no capitals."""
    return "".join(
        sign if not sign.isascii() or sign.isdigit() or sign.islower() else f"\ue006{ord(sign)}\ue006"
        for sign in name
    )


def _narrowing(title: str, persons: "Persons", material: str, ndc: str, branches: Iterable[str]) -> str:
    figures = "".join(sign for sign in ndc if sign.isascii() and sign.isdigit())
    classes = [in_class(figures[:length]) for length in range(1, len(figures) + 1)]
    beginning = [begins_with(first) for first in title[:1] if not first.isascii()]
    kinds = [of_material(material), *map(at_branch, branches), *classes]
    people = [*map(of_person, persons.names), *map(of_family, persons.parts)]
    return " ".join([EVERY, *beginning, *kinds, *people])


# ---- indexing

_BATCH = 1000

_TITLES_SQL = """
SELECT b.id,
  coalesce(b.pub_year, substr(b.issued_on, 1, 4), 0), coalesce(b.pub_month, substr(b.issued_on, 6, 2), 0),
  b.material, b.ndc, b.title, b.volume, b.subtitle, b.title_kana, b.subtitle_kana, b.original_title,
  b.subjects, b.publisher, b.series, b.series_kana, coalesce(m.title, ''), coalesce(m.title_kana, '')
FROM bib AS b LEFT JOIN serial AS m ON m.id = b.serial_id
WHERE b.id IN (SELECT value FROM json_each(?)) AND NOT b.hidden
"""
_CREATORS_SQL = """
SELECT bib_id, name, reading, roman FROM creator
WHERE bib_id IN (SELECT value FROM json_each(?)) ORDER BY bib_id, place
"""
_BRANCHES_SQL = """
SELECT DISTINCT bib_id, branch FROM item
WHERE bib_id IN (SELECT value FROM json_each(?)) AND state <> 'withdrawn' AND NOT interlibrary
ORDER BY bib_id, branch
"""
_KEYS_SQL = "SELECT id, rid, t, a, s, p, r, f FROM bib_key WHERE id IN (SELECT value FROM json_each(?))"


def reindex(db, *bib_ids: int) -> None:
    """Bring the index up to date with these titles: new, changed, hidden, shown again or deleted, and where
    there are copies of them.

    Call it in the transaction that changes them or their items, after the change.
    """
    wanted = json.dumps(bib_ids)
    old = {row[0]: row for row in db.execute_sql(_KEYS_SQL, (wanted,))}
    new = _current(db, wanted)
    _remove(db, [row for bib_id, row in old.items() if new.get(bib_id) != row])
    _add(db, [row for bib_id, row in new.items() if old.get(bib_id) != row])


def stale(db, *bib_ids: int) -> list[int]:
    """Those of these titles of which the index holds something else than the catalogue says."""
    wanted = json.dumps(bib_ids)
    old = {row[0]: row for row in db.execute_sql(_KEYS_SQL, (wanted,))}
    new = _current(db, wanted)
    return [bib_id for bib_id in bib_ids if old.get(bib_id) != new.get(bib_id)]


def reindex_all(db, progress: Callable[[int], None] | None = None) -> None:
    """Make the index anew from the catalogue, in short transactions: the desk can work meanwhile.

    ``progress`` is told how many titles are done.  What is broken off starts over with the next ``create``,
    since the version is noted last.
    """
    with db.atomic():
        db.execute_sql("DELETE FROM meta WHERE key = 'fold_version'")
        for table in ("bib_key", "heading", "bib_fts"):
            db.execute_sql(f"DROP TABLE IF EXISTS {table}")
        for statement in _TABLES:
            db.execute_sql(statement)
    done = 0
    for ids in batches(db):
        with db.atomic():
            reindex(db, *ids)
        done += len(ids)
        if progress:
            progress(done)
    _merge(db)
    with db.atomic():
        db.execute_sql("REPLACE INTO meta (key, value) VALUES ('fold_version', ?)", (FOLD_VERSION,))


def batches(db) -> Iterator[list[int]]:
    """The numbers of all titles, hidden ones too, some hundred at a time."""
    last, sql = 0, "SELECT id FROM bib WHERE id > ? ORDER BY id LIMIT ?"
    while ids := [row[0] for row in db.execute_sql(sql, (last, _BATCH))]:
        yield ids
        last = ids[-1]


def _merge(db) -> None:
    """Merge what the batches left, a piece a transaction; FTS5's 'optimize' would hold the desk up in one."""
    pages = -500  # negative: begin a new merge of everything
    while True:
        before = db.connection().total_changes
        with db.atomic():
            db.execute_sql("INSERT INTO bib_fts (bib_fts, rank) VALUES ('merge', ?)", (pages,))
        if db.connection().total_changes - before < 2:  # says the documentation of 'merge'
            return
        pages = 500


def _current(db, wanted: str) -> dict[int, tuple]:
    """What the index should hold of these titles: their rows of bib_key by number."""
    persons: dict[int, Persons] = {}
    for bib_id, *names in db.execute_sql(_CREATORS_SQL, (wanted,)):
        persons.setdefault(bib_id, Persons()).add(*names)
    branches: dict[int, list[str]] = {}
    for bib_id, branch in db.execute_sql(_BRANCHES_SQL, (wanted,)):
        branches.setdefault(bib_id, []).append(branch)
    rows = db.execute_sql(_TITLES_SQL, (wanted,))
    return {row[0]: _key(row, persons.get(row[0], Persons()), branches.get(row[0], [])) for row in rows}


def _key(row: tuple, persons: "Persons", branches: list[str]) -> tuple:
    """A title's row of bib_key."""
    bib_id, year, month, material, ndc, *texts = row
    title, volume, subtitle, kana, subtitle_kana, original, subjects, publisher, *series = map(fold, texts)
    rid = (min(max(int(year), 0), 9999) * 13 + int(month)) << ID_BITS | bib_id | bool(branches) * _OWNED
    titles = [JOINT.join((title, volume, subtitle)), JOINT.join((kana, subtitle_kana)), original]
    if (sound := phonetic(kana + subtitle_kana)) != kana + subtitle_kana:
        titles.append(sound)
    narrowing = _narrowing(title, persons, material, ndc, branches)
    return (
        bib_id,
        rid,
        END.join(titles),
        END.join(persons.names),
        subjects,
        publisher,
        END.join(series),
        narrowing,
    )


class Persons:
    """The persons of a title, folded: their names in both orders, and family and given names alone."""

    def __init__(self):
        self.names: dict[str, None] = {}
        self.parts: dict[str, None] = {}

    def add(self, name: str, reading: str, roman: str) -> None:
        for written in (name, reading, roman):
            given, family = _parts(written)
            if given and family:
                self.names |= {fold(f"{given} {family}"): None, fold(f"{family} {given}"): None}
            elif folded := fold(written):
                self.names[folded] = None
            if written is not roman and given and family:
                self.parts |= {folded: None for part in (family, given) if (folded := fold(part))}


def _parts(name: str) -> tuple[str, str]:
    """A name in two, of which one is the family's: of 夏目 漱石, Poe, Edgar Allan, エドガー・アラン・ポー."""
    for separator in (",", None, "・"):
        parts = [part for part in name.split(separator) if part.strip()]
        if len(parts) > 1:
            return " ".join(parts[:-1]), parts[-1]
    return "", ""


def _add(db, keys: list[tuple]) -> None:
    """Index these rows of bib_key.  Whole lists at once: the ORM would take most of an import's time."""
    run = db.connection().executemany
    run("INSERT INTO bib_key (id, rid, t, a, s, p, r, f) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", keys)
    run("REPLACE INTO heading (key, kind, rid) VALUES (?, ?, ?)", _headings(keys))
    run("INSERT INTO bib_fts (rowid, t, a, s, p, r, f) VALUES (?, ?, ?, ?, ?, ?, ?)", map(_cut_row, keys))


def _remove(db, keys: list[tuple]) -> None:
    run = db.connection().executemany
    run("DELETE FROM bib_key WHERE id = ?", [key[:1] for key in keys])
    run("DELETE FROM heading WHERE key = ? AND kind = ? AND rid = ?", _headings(keys))
    delete = "INSERT INTO bib_fts (bib_fts, rowid, t, a, s, p, r, f) VALUES ('delete', ?, ?, ?, ?, ?, ?, ?)"
    run(delete, map(_cut_row, keys))


def _cut_row(key: tuple) -> tuple:
    return (key[1], *map(cut_column, key[2:7]), key[7])


def _headings(keys: list[tuple]) -> list[tuple[str, int, int]]:
    rows = []
    for _, rid, t, *_ in keys:
        known = Titles(t)
        rows += [(text, TITLE, rid) for text in known.titles]
        rows += [(text, READING, rid) for text in known.readings]
        rows += [(known.subtitle, SUBTITLE, rid)] * bool(known.subtitle)
    return rows


class Titles:
    """The column t taken apart again: what counts as the whole title, and where the subtitle begins."""

    __slots__ = ("_readings", "_titles", "original", "sound", "subtitle", "title", "volume")

    def __init__(self, t: str):
        self._titles, self._readings, self.original, *self.sound = t.split(END)
        self.title, self.volume, self.subtitle = self._titles.split(JOINT)

    @property
    def full(self) -> str:
        return flat(self._titles)

    @property
    def titles(self) -> set[str]:
        """With and without volume and subtitle."""
        without_volume = flat(self.title + JOINT + self.subtitle)
        without_subtitle = flat(self.title + JOINT + self.volume)
        return {self.title, without_volume, without_subtitle, self.full} - {""}

    @property
    def reading(self) -> str:
        return flat(self._readings)

    @property
    def readings(self) -> set[str]:
        """With and without that of the subtitle."""
        return {self._readings.partition(JOINT)[0], self.reading} - {""}


# ---- comparing


@dataclass(frozen=True, slots=True)
class Folded:
    """The words of a title as they are indexed; what ``folding.forms`` gives may stand in them."""

    words: str  # titles, readings and subjects; nothing that is asked for crosses from one to the next
    persons: tuple[str, ...]  # each name in both orders, each reading too
    series: str


def folded(db, bib_ids: Iterable[int]) -> dict[int, Folded]:
    """The words of titles by their numbers, for who compares them with more than one query.  Hidden and
    unknown titles are left out."""
    rows = db.execute_sql(_KEYS_SQL, (json.dumps(list(bib_ids)),))
    return {
        row[0]: Folded(
            words=flat(t) + END + s, persons=tuple(name for name in a.split(END) if name), series=r
        )
        for row in rows
        for t, a, s, r in [(row[2], row[3], row[4], row[6])]
    }
