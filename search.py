"""The search index: SQLite FTS5 over folded text cut into pairs of characters.  No other module knows of it.

Japanese has no blanks between words, so the text is cut into overlapping pairs here, and any part of a title
is found as a phrase of pairs.  ``bib_key`` keeps exactly what was indexed, because FTS5 removes a row only
if it is told the same words again.  Relevance is where the words stand, the newest first among equals; the
row numbers begin with year and month of publication, so that reading them backwards is that order.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from folding import fold, forms, isbn13, phonetic

# Raise it with each change to folding.py, the variants or what is indexed: it rebuilds the index.
FOLD_VERSION = "1"

MAX_WORDS = 8
MAX_LENGTH = 200  # of what a patron typed; a longer title is found by its beginning

# ---- tables

# A word never holds these two: folding drops all private characters.
_END = "\ue000"  # between two values; no phrase crosses it
_JOINT = "\ue001"  # between title and subtitle; phrases cross it, as when a patron types both in one

_ID_BITS = 24  # of a row number, below year and month; 16777215 in the statements is their mask

_TABLES = (
    # t titles and readings, a persons, s subjects, p publisher, r series and magazine: folded, not yet cut.
    # A title that is deleted without a word to reindex() fails at the commit instead of haunting the results.
    """CREATE TABLE bib_key (
      id INTEGER PRIMARY KEY REFERENCES bib (id) DEFERRABLE INITIALLY DEFERRED,
      rid INTEGER NOT NULL,
      t TEXT NOT NULL, a TEXT NOT NULL, s TEXT NOT NULL, p TEXT NOT NULL, r TEXT NOT NULL)""",
    # 標目: whole titles (0), subtitles (1) and readings (2), for what is exactly or begins like the query.
    """CREATE TABLE heading (key TEXT NOT NULL, kind INTEGER NOT NULL, rid INTEGER NOT NULL,
      PRIMARY KEY (key, kind, rid)) WITHOUT ROWID""",
    "CREATE VIRTUAL TABLE bib_fts USING fts5(t, a, s, p, r, tokenize='ascii', content='', columnsize=0)",
)
_TITLE, _SUBTITLE, _READING = range(3)


def create(db) -> None:
    """Make the index where there is none, and make it anew where it was folded by other rules.

    Not within a transaction: a rebuild takes several.
    """
    done = db.execute_sql("SELECT value FROM meta WHERE key = 'fold_version'").fetchone()
    if done is None or done[0] != FOLD_VERSION:
        reindex_all(db)


# ---- indexing

_BATCH = 1000

_TITLES_SQL = """
SELECT b.id,
  coalesce(b.pub_year, substr(b.issued_on, 1, 4), 0), coalesce(b.pub_month, substr(b.issued_on, 6, 2), 0),
  b.title, b.volume, b.subtitle, b.title_kana, b.subtitle_kana, b.original_title,
  b.subjects, b.publisher, b.series, b.series_kana, coalesce(m.title, ''), coalesce(m.title_kana, '')
FROM bib AS b LEFT JOIN serial AS m ON m.id = b.serial_id
WHERE b.id IN (SELECT value FROM json_each(?)) AND NOT b.hidden
"""
_CREATORS_SQL = """
SELECT bib_id, name, reading, roman FROM creator
WHERE bib_id IN (SELECT value FROM json_each(?)) ORDER BY bib_id, place
"""
_KEYS_SQL = "SELECT id, rid, t, a, s, p, r FROM bib_key WHERE id IN (SELECT value FROM json_each(?))"


def reindex(db, *bib_ids: int) -> None:
    """Bring the index up to date with these titles: new, changed, hidden, shown again or deleted.

    Call it in the transaction that changes them, after the change.
    """
    wanted = json.dumps(bib_ids)
    persons: dict[int, list[str]] = {}
    for bib_id, *names in db.execute_sql(_CREATORS_SQL, (wanted,)):
        persons.setdefault(bib_id, []).extend(order for name in names for order in _both_orders(name))
    old = {row[0]: row for row in db.execute_sql(_KEYS_SQL, (wanted,))}
    new = {row[0]: _key(row, persons.get(row[0], [])) for row in db.execute_sql(_TITLES_SQL, (wanted,))}
    _remove(db, [row for bib_id, row in old.items() if new.get(bib_id) != row])
    _add(db, [row for bib_id, row in new.items() if old.get(bib_id) != row])


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
    done = last = 0
    batch = "SELECT id FROM bib WHERE id > ? ORDER BY id LIMIT ?"
    while ids := [row[0] for row in db.execute_sql(batch, (last, _BATCH))]:
        with db.atomic():
            reindex(db, *ids)
        done, last = done + len(ids), ids[-1]
        if progress:
            progress(done)
    _merge(db)
    with db.atomic():
        db.execute_sql("REPLACE INTO meta (key, value) VALUES ('fold_version', ?)", (FOLD_VERSION,))


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


def _key(row: tuple, persons: list[str]) -> tuple:
    """A title's row of bib_key."""
    bib_id, year, month, *texts = row
    title, volume, subtitle, kana, subtitle_kana, original, subjects, publisher, *series = map(fold, texts)
    rid = (min(max(int(year), 0), 9999) * 12 + int(month)) << _ID_BITS | bib_id
    titles = [_JOINT.join((title, volume, subtitle)), _JOINT.join((kana, subtitle_kana)), original]
    if (sound := phonetic(kana + subtitle_kana)) != kana + subtitle_kana:
        titles.append(sound)
    names = _END.join(["", *dict.fromkeys(persons), ""]) if persons else ""
    return (bib_id, rid, _END.join(titles), names, subjects, publisher, _END.join(series))


def _both_orders(name: str) -> list[str]:
    """A name folded, family name first and last: of 夏目 漱石, Poe, Edgar Allan, エドガー・アラン・ポー."""
    for separator in (",", None, "・"):
        parts = [part for part in name.split(separator) if part.strip()]
        if len(parts) > 1:
            return [fold(" ".join(parts)), fold(" ".join(parts[-1:] + parts[:-1]))]
    return [folded] if (folded := fold(name)) else []


def _add(db, keys: list[tuple]) -> None:
    """Index these rows of bib_key.  Whole lists at once: the ORM would take most of an import's time."""
    run = db.connection().executemany
    run("INSERT INTO bib_key (id, rid, t, a, s, p, r) VALUES (?, ?, ?, ?, ?, ?, ?)", keys)
    run("REPLACE INTO heading (key, kind, rid) VALUES (?, ?, ?)", _headings(keys))
    run("INSERT INTO bib_fts (rowid, t, a, s, p, r) VALUES (?, ?, ?, ?, ?, ?)", map(_cut_row, keys))


def _remove(db, keys: list[tuple]) -> None:
    run = db.connection().executemany
    run("DELETE FROM bib_key WHERE id = ?", [key[:1] for key in keys])
    run("DELETE FROM heading WHERE key = ? AND kind = ? AND rid = ?", _headings(keys))
    delete = "INSERT INTO bib_fts (bib_fts, rowid, t, a, s, p, r) VALUES ('delete', ?, ?, ?, ?, ?, ?)"
    run(delete, map(_cut_row, keys))


def _headings(keys: list[tuple]) -> list[tuple[str, int, int]]:
    rows = []
    for _, rid, t, *_ in keys:
        known = _Titles(t)
        rows += [(text, _TITLE, rid) for text in known.titles]
        rows += [(text, _READING, rid) for text in known.readings]
        rows += [(known.subtitle, _SUBTITLE, rid)] * bool(known.subtitle)
    return rows


class _Titles:
    """The column t taken apart again: what counts as the whole title, and where the subtitle begins."""

    def __init__(self, t: str):
        titles, readings, self.original, *self.sound = t.split(_END)
        title, volume, self.subtitle = titles.split(_JOINT)
        self.title, self.full, self.reading = title, _flat(titles), _flat(readings)
        without_volume, without_subtitle = (
            _flat(title + _JOINT + self.subtitle),
            _flat(title + _JOINT + volume),
        )
        self.titles = {title, without_volume, without_subtitle, self.full} - {""}
        self.readings = {readings.split(_JOINT)[0], self.reading} - {""}


# ---- cutting into pairs

_RUNS = re.compile("[a-z0-9]+|[^a-z0-9 ]+")
_JOINT_OF_LATIN = re.compile(f"(?<=[a-z0-9]){_JOINT}+(?=[a-z0-9])")


def _flat(column: str) -> str:
    return _JOINT_OF_LATIN.sub(" ", column).replace(_JOINT, "")


def _cut(value: str) -> list[str]:
    """What is indexed of a value: Latin words and numbers whole, the rest in pairs and its last character."""
    cut = []
    for run in _RUNS.findall(value):
        if run[0].isascii():
            cut.append(run)
        else:
            cut += [run[place : place + 2] for place in range(len(run))]
    return cut


def _cut_row(key: tuple) -> tuple:
    return (key[1], *map(_cut_column, key[2:]))


def _cut_column(column: str) -> str:
    """The words of a column, and at its end every other character once: so that one character finds it."""
    flat = _flat(column)
    if not flat:
        return ""
    words = f" {_END} ".join(" ".join(_cut(value)) for value in flat.split(_END)).split()
    known = {*words, " "}
    singles = [single for single in dict.fromkeys(flat) if single not in known and not single.isascii()]
    return " ".join([*words, _END, *singles])


# ---- asking


@dataclass(frozen=True, slots=True)
class Found:
    """A page of numbers of titles, how many there are in all, and the words that were and were not used."""

    ids: list[int]
    total: int
    terms: list[str]
    ignored: list[str]


_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # half characters too: they cannot be stored or sent
_CANDIDATES = 200
_FIRST_SQL = """
SELECT k.id, k.t, k.a FROM bib_fts CROSS JOIN bib_key AS k ON k.id = bib_fts.rowid & 16777215
WHERE bib_fts MATCH ? ORDER BY bib_fts.rowid DESC LIMIT ?
"""


def find(db, words: str, limit: int, offset: int = 0) -> Found:
    """The titles in which all the words stand, in the order of relevance; or those with the ISBN.

    Never fails, whatever was typed: signs mean nothing, blanks alone find nothing and give no terms.
    """
    limit, offset = (min(max(number, 0), 10**9) for number in (limit, offset))
    text = _CONTROL.sub(" ", words[:MAX_LENGTH])
    if isbn := isbn13(text):
        same = "SELECT id FROM bib WHERE isbn = ? AND NOT hidden ORDER BY pub_year DESC, id DESC"
        if ids := [row[0] for row in db.execute_sql(same, (isbn,))]:
            return Found(ids[offset : offset + limit], len(ids), [isbn], [])
    typed = [word for word in text.split() if fold(word)]
    terms, ignored = typed[:MAX_WORDS], typed[MAX_WORDS:]
    if not terms:
        return Found([], 0, [], [])
    wanted = [forms(word) for word in terms]
    # A reading may be written in words with its particles as they sound, which only the whole of it shows.
    whole = forms(text)
    match = " AND ".join(map(_any_of, wanted))
    if len(typed) > 1:
        match = f"({match}) OR {_any_of(whole)}"
    rows = db.execute_sql(_FIRST_SQL, (match, _CANDIDATES + 1)).fetchall()
    if len(rows) <= _CANDIDATES:
        return Found(_by_place(rows, whole, wanted)[offset : offset + limit], len(rows), terms, ignored)
    total = db.execute_sql("SELECT count(*) FROM bib_fts WHERE bib_fts MATCH ?", (match,)).fetchone()[0]
    return Found(_by_tier(db, match, whole[0], limit, offset), total, terms, ignored)


def _any_of(alternatives: Iterable[str]) -> str:
    return "(" + " OR ".join(map(_phrase, alternatives)) + ")"


def _phrase(form: str) -> str:
    """The FTS5 phrase that finds a folded text anywhere; figures and single letters only as whole words."""
    cut = _cut(form)
    last = _RUNS.findall(form)[-1]
    if last[0].isascii():
        begun = _is_open(form)
    else:
        begun = len(cut) > 1 and len(last) == 1  # 3年: the pair that begins with 年 is not known
        cut = cut if len(last) == 1 else cut[:-1]
    return '"' + " ".join(cut) + '"' + " *" * begun


def _is_open(form: str) -> bool:
    """Whether a folded text may go on at its end inside a Latin word, as py does in python."""
    return re.search("[a-z0-9][a-z]$", form) is not None


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
            words=_flat(t) + _END + s, persons=tuple(name for name in a.split(_END) if name), series=r
        )
        for row in rows
        for t, a, s, r in [(row[2], row[3], row[4], row[6])]
    }


# ---- ranking


def _by_place(rows: list[tuple], whole: tuple[str, ...], wanted: list[tuple[str, ...]]) -> list[int]:
    """A short list in full order: by where the whole query stands, then where its words do, then newest."""
    parts = [alternatives for alternatives in wanted if alternatives != whole]
    patterns = [pattern(alternatives) for alternatives in (whole, *parts)]
    order = []
    for newness, (bib_id, t, a) in enumerate(rows):
        known, persons = _Titles(t), a.split(_END)
        first, *others = (_place(one, known, persons) for one in patterns)
        order.append((first, sum(others), newness, bib_id))
    return [place[-1] for place in sorted(order)]


def _place(pattern: re.Pattern, known: _Titles, persons: list[str]) -> int:
    """How well a title answers, 0 the best: the catalogue's order of relevance, from the title down."""
    if any(map(pattern.fullmatch, known.titles)):
        return 0
    if any(map(pattern.fullmatch, [*known.readings, *known.sound])):
        return 1
    if any(map(pattern.fullmatch, persons)):
        return 2
    if pattern.match(known.title):
        return 3
    if known.subtitle and pattern.match(known.subtitle):
        return 4
    if pattern.match(known.reading):
        return 5
    if pattern.search(known.title):
        return 6
    if pattern.search(known.full):
        return 7
    if any(map(pattern.search, persons)):
        return 8
    if pattern.search(known.original):
        return 9
    # Inside a reading it is often chance, いのしし in あいのししゅう; at the end it is a word.
    if any(found.end() == len(reading) for reading in known.readings for found in pattern.finditer(reading)):
        return 10
    return 11 if pattern.search(known.reading) else 12


def pattern(alternatives: Iterable[str]) -> re.Pattern:
    """What ``_phrase`` finds, as a regular expression."""
    return re.compile("|".join(map(_expression, alternatives)))


def _expression(form: str) -> str:
    before = "(?<![a-z0-9])" if form[0].isascii() else ""
    after = "(?![a-z0-9])" if form[-1].isascii() and not _is_open(form) else ""
    return before + re.escape(form) + after


_RANKED_SQL = """
WITH ranked (rid, tier) AS (
  SELECT rid, CASE WHEN key = :whole AND kind <> 1 THEN kind ELSE 4 + kind END FROM heading
    WHERE key >= :whole AND key < :whole || char(0x10FFFF)
      AND (key = :whole OR substr(key, length(:whole) + 1) GLOB :rest)
  UNION ALL SELECT rowid, 3 FROM (SELECT rowid FROM bib_fts(:person) ORDER BY rowid DESC LIMIT :enough)
  UNION ALL SELECT rowid, 7 FROM (SELECT rowid FROM bib_fts(:titles) ORDER BY rowid DESC LIMIT :enough)
  UNION ALL SELECT rowid, 8 FROM (SELECT rowid FROM bib_fts(:names) ORDER BY rowid DESC LIMIT :enough)
  UNION ALL SELECT rowid, 9 FROM (SELECT rowid FROM bib_fts(:all) ORDER BY rowid DESC LIMIT :enough))
SELECT rid & 16777215 FROM ranked GROUP BY rid ORDER BY min(tier), rid DESC LIMIT :limit OFFSET :offset
"""


def _by_tier(db, match: str, whole: str, limit: int, offset: int) -> list[int]:
    """One page of a long list, in coarser order: headings first, then titles, names and the rest.

    No tier is read further than the page: what a tier is asked for beyond that stands in a better one.
    """
    asked = {
        "whole": whole,
        "rest": "*" if _is_open(whole) or not whole[-1].isascii() else "[^a-z0-9]*",
        "person": f'a : "{_END} {" ".join(_cut(whole))} {_END}"',
        "titles": f"t : ({match})",
        "names": f"{{t a}} : ({match})",
        "all": match,
        "enough": limit + offset,
        "limit": limit,
        "offset": offset,
    }
    return [row[0] for row in db.execute_sql(_RANKED_SQL, asked)]
