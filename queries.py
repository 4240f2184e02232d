"""What a search asks for, understood from what was typed.  Pure: no table, no request.

``understood`` never fails: what makes no sense is left out and named in ``ignored``, so that the page can
say so.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from folding import fold, isbn13

MAX_WORDS = 8
MAX_LENGTH = 200  # of what a patron typed; a longer title is found by its beginning

# The fields of the form by the columns of the index; the first is every column.
FIELDS = {"q": "", "title": "t", "author": "a", "subject": "s", "publisher": "p", "series": "r"}


class Sort(StrEnum):
    """In which order the results stand; the value is what the address says."""

    RELEVANCE = ""
    NEWEST = "new"
    OLDEST = "old"
    TITLE = "title"
    AUTHOR = "author"
    ARRIVAL = "added"


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a phrase as it was typed, and the column in which it must stand; nothing: in any."""

    typed: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """What a search asks for.  ``texts`` are what each field was given, without what is excluded: all of it
    may stand in a title as it is.  Years are inclusive."""

    words: tuple[Word, ...] = ()
    without: tuple[Word, ...] = ()
    texts: tuple[Word, ...] = ()
    isbn: str | None = None
    ndc: str = ""  # figures only, the beginning of a class: 9136 of 913.6
    material: str = ""
    branch: str = ""
    available: bool = False
    year_from: int | None = None
    year_to: int | None = None
    sort: Sort = Sort.RELEVANCE
    ignored: tuple[str, ...] = ()

    @property
    def terms(self) -> list[str]:
        """What was looked for, as it was typed."""
        return [word.typed for word in self.words] + [self.isbn] * bool(self.isbn)

    @property
    def narrowed(self) -> bool:
        """Whether more is asked for than that words stand somewhere."""
        return bool(
            self.ndc or self.material or self.branch or self.available or self.year_from or self.year_to
        )

    @property
    def asks(self) -> bool:
        """Whether anything is asked for at all."""
        return bool(self.words or self.without or self.isbn or self.narrowed)

    def widened(self) -> "Query":
        """The words alone, without what narrows them."""
        return replace(self, ndc="", material="", branch="", available=False, year_from=None, year_to=None)


def understood(asked: Mapping[str, str]) -> Query:
    """A query from the fields of a form or an address; fields that are not known are passed over.

    In each field of words a minus before a word excludes it, and quotation marks keep words together.
    """
    words, without, texts = [], [], []
    for field, column in FIELDS.items():
        if not asked.get(field):
            continue
        wanted, unwanted, text = _words(asked[field])
        words += [Word(word, column) for word in wanted]
        without += [Word(word, column) for word in unwanted]
        texts += [Word(text, column)] * bool(wanted)
    ignored = [word.typed for word in words[MAX_WORDS:] + without[MAX_WORDS:]]
    isbn, ndc = None, _figures(asked.get("ndc", ""))
    if typed := _plain(asked.get("isbn", "")):
        isbn = isbn13(typed)
        ignored += [typed] * (isbn is None)
    if typed := _plain(asked.get("ndc", "")):
        ignored += [typed] * (not ndc)
    years = {}
    for field in ("year_from", "year_to"):
        typed = _plain(asked.get(field, ""))
        years[field] = int(typed) if re.fullmatch("[0-9]{1,4}", typed) and int(typed) else None
        ignored += [typed] * bool(typed and years[field] is None)
    sort = asked.get("sort", "")
    return Query(
        words=tuple(words[:MAX_WORDS]),
        without=tuple(without[:MAX_WORDS]),
        texts=tuple(texts),
        isbn=isbn,
        ndc=ndc,
        material=_plain(asked.get("type", "")),
        branch=_plain(asked.get("branch", "")),
        available=_plain(asked.get("available", "")) not in ("", "0"),
        sort=Sort(sort) if sort in set(Sort) else Sort.RELEVANCE,
        ignored=tuple(ignored),
        **years,
    )


_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # half characters too: they cannot be stored or sent
_QUOTES = str.maketrans("“”„＂", '""""')
_PART = re.compile(r'(?<!\S)([-－−]?)"([^"]*)"|(\S+)')
_EXCLUDED = re.compile(r"[-－−](?=[^\W_])")


def _words(typed: str) -> tuple[list[str], list[str], str]:
    """The words that must stand somewhere, those that may stand nowhere, and the text without these."""
    text = _CONTROL.sub(" ", typed[:MAX_LENGTH]).translate(_QUOTES)
    wanted, unwanted = [], []
    for minus, phrase, word in _PART.findall(text):
        if word and _EXCLUDED.match(word):
            minus, word = word[0], word[1:]
        part = (phrase or word).strip('" ')
        if fold(part):
            (unwanted if minus else wanted).append(part)
    return wanted, unwanted, " ".join(wanted)


def _plain(typed: str) -> str:
    return typed and unicodedata.normalize("NFKC", _CONTROL.sub("", typed[:MAX_LENGTH])).strip()


def _figures(typed: str) -> str:
    """The beginning of a class number: 9136 of 913.6, nothing of what is none."""
    found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{0,6}))?", _plain(typed))
    return found[1] + (found[2] or "") if found else ""
