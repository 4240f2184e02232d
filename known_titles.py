"""The titles that the records of a list may be about, and which of them each is about.

In this order: the one with the record's ``source``, or with the number that our own export has given it; the
one of its piece, where ISBN or title agree; the one with its ISBN and volume; the one that an earlier list
without numbers brought in the same words.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from title_records import OWN_NUMBER, CreatorRecord, TitleRecord

SAID = (
    *("material", "title", "title_kana", "subtitle", "subtitle_kana", "original_title", "volume"),
    *("publisher", "pub_year", "pub_month", "isbn", "ndc", "series", "series_kana", "subjects", "extent"),
    *("language", "issued_on"),
)
COLUMNS = (*SAID, "source", "serial_id")
_FOUND_SQL = f"""
SELECT id, requested, {", ".join(COLUMNS)} FROM bib WHERE id IN (
  SELECT id FROM bib WHERE id IN (SELECT value FROM json_each(:ids))
  UNION SELECT id FROM bib WHERE source IN (SELECT value FROM json_each(:sources))
  UNION SELECT id FROM bib WHERE isbn IN (SELECT value FROM json_each(:isbns))
  UNION SELECT id FROM bib WHERE title IN (SELECT value FROM json_each(:titles))
  UNION SELECT bib_id FROM item WHERE barcode IN (SELECT value FROM json_each(:barcodes)))
ORDER BY hidden, id
"""  # noqa: S608 - made of the names above
_CREATORS_SQL = """
SELECT bib_id, name, reading, roman, role FROM creator
WHERE bib_id IN (SELECT value FROM json_each(?)) ORDER BY bib_id, place
"""
_SERIALS_SQL = "SELECT title, id FROM serial WHERE title IN (SELECT value FROM json_each(?)) ORDER BY id DESC"


# ---- what makes two records one title


def plain(text: str) -> str:
    """What two lists would both write; simpler than a search's folding, since it must never change."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def identity(record: TitleRecord) -> str:
    """What takes the place of a number where a list has none: the same for the same title in every list."""
    if record.isbn:
        volume = plain(record.volume)
        return f"isbn:{record.isbn}" + (f"/{volume}" if volume else "")
    author = plain(record.creators[0].name) if record.creators else ""
    words = "|".join((plain(record.title), author, str(record.pub_year or ""), plain(record.volume)))
    return f"list:{hashlib.sha256(words.encode()).hexdigest()[:20]}"


def has_own_number(source: str | None) -> bool:
    return source is not None and not source.startswith(("isbn:", "list:"))


def own_number(record: TitleRecord) -> int | None:
    """The number here of a title that has none of its own, where our own export names it by that."""
    found = re.fullmatch(rf"{OWN_NUMBER}([0-9]{{1,8}})", record.source)
    return int(found[1]) if found else None


def _alike(one: str, other: str) -> bool:
    """Whether a title may be another with a mistake put right, or with its subtitle."""
    one, other = plain(one), plain(other)
    return one in other or other in one or SequenceMatcher(None, one, other).ratio() >= 0.5


# ---- titles of a batch


@dataclass(slots=True, eq=False)
class Title:
    """A title as it stands in the catalogue, or will; a new one has a number below 0 until it is written."""

    number: int
    values: dict[str, object]
    creators: list[CreatorRecord]
    is_requested: bool = False
    record: TitleRecord | None = None  # of a new one
    serial: TitleRecord | None = None  # names a magazine that is not there yet
    is_changed: bool = False
    has_other_people: bool = False
    has_other_pieces: bool = False

    def __getitem__(self, column: str):
        return self.values[column]


@dataclass(slots=True)
class KnownTitles:
    """What is known of the titles that a batch of records may be about."""

    by_number: dict[int, Title] = field(default_factory=dict)
    by_source: dict[str, Title] = field(default_factory=dict)
    by_isbn: dict[str, list[Title]] = field(default_factory=dict)
    by_title: dict[str, list[Title]] = field(default_factory=dict)
    serials: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(
        cls, db, records: list[TitleRecord], names: Collection[str], numbers: list[int]
    ) -> "KnownTitles":
        """Those that have one of these names or numbers, or an ISBN, a title or a piece of the records."""
        asked = {
            "ids": [*numbers, *filter(None, map(own_number, records))],
            "sources": list(names),
            "isbns": [record.isbn for record in records if record.isbn],
            "titles": [record.title for record in records if not record.isbn and not record.source],
            "barcodes": [piece.barcode for record in records for piece in record.items],
        }
        known = cls()
        for number, requested, *values in db.execute_sql(
            _FOUND_SQL, {name: json.dumps(values) for name, values in asked.items()}
        ):
            known._add(Title(number, dict(zip(COLUMNS, values, strict=True)), [], bool(requested)))
        for number, *person in db.execute_sql(_CREATORS_SQL, (json.dumps(list(known.by_number)),)):
            known.by_number[number].creators.append(CreatorRecord(*person))
        if magazines := list({record.serial for record in records} - {""}):
            known.serials = dict(db.execute_sql(_SERIALS_SQL, (json.dumps(magazines),)))
        return known

    def _add(self, title: Title) -> None:
        self.by_number[title.number] = title
        if title["source"]:
            self.by_source[title["source"]] = title
        if title["isbn"]:
            self.by_isbn.setdefault(title["isbn"], []).append(title)
        self.by_title.setdefault(title["title"], []).append(title)

    def about(
        self,
        record: TitleRecord,
        made: str,
        title_of: Callable[[str], int | None],
        of_run: Collection[int],
    ) -> Title | None:
        """The title that a record is about, if it is there.

        ``made``: its identity; ``title_of``: whose a barcode is; ``of_run``: titles that the list has spoken
        of already, which others of its rows are about only where they name them in the same way.
        """
        by_piece, by_isbn = self._of_piece(record, title_of), self._of_isbn(record, of_run)
        if record.source:
            free = (one for one in (by_piece, by_isbn) if one and not has_own_number(one["source"]))
            earlier = (one for one in free if one.number not in of_run)
            return self.by_source.get(record.source) or self._of_own(record) or next(earlier, None)
        by_name = self.by_source.get(made) if record.title else None
        return by_piece or by_isbn or by_name or self._of_words(record, of_run)

    def _of_own(self, record: TitleRecord) -> Title | None:
        """The title that our own export has named by its number here, and not one of another library."""
        title = self.by_number.get(own_number(record))
        here = title is not None and title["source"] is None and plain(title["title"]) == plain(record.title)
        return title if here else None

    def _of_piece(self, record: TitleRecord, title_of: Callable[[str], int | None]) -> Title | None:
        """The title of one of the pieces, where the record does not speak of another title."""
        for piece in record.items:
            title = self.by_number.get(title_of(piece.barcode))
            if title is None:
                continue
            if record.isbn and title["isbn"]:
                agrees = record.isbn == title["isbn"]
            else:
                agrees = not record.title or _alike(record.title, title["title"])
            if agrees:
                return title
        return None

    def _of_isbn(self, record: TitleRecord, of_run: Collection[int]) -> Title | None:
        """The title with this ISBN and volume; or the only one with it, where the list names no volume."""
        titles = self.by_isbn.get(record.isbn, []) if record.isbn else []
        volume = plain(record.volume)
        for title in titles:
            if plain(title["volume"]) == volume:
                return title
        earlier = [title for title in titles if title.number not in of_run]
        if len(titles) == len(earlier) == 1 and (not volume or earlier[0].is_requested):
            return earlier[0]
        return None

    def _of_words(self, record: TitleRecord, of_run: Collection[int]) -> Title | None:
        """A title of earlier days in the same words, where neither author, year nor volume are others."""
        if record.isbn:
            return None
        author = plain(record.creators[0].name) if record.creators else ""
        for title in self.by_title.get(record.title, []):
            years = {record.pub_year or title["pub_year"], title["pub_year"] or record.pub_year}
            names = [plain(one.name) for one in title.creators]
            same = plain(title["volume"]) == plain(record.volume) and len(years) == 1
            if same and title.number not in of_run and (not names or not author or author in names):
                return title
        return None
