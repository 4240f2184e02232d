"""What a list says of a title: plain records between the readers of lists and those who store or write them.

A reader yields a ``TitleRecord`` or a ``RefusedRow`` for each row or record, in the order of the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from rules import ItemState

# Begins the ``source`` by which an export names a title that no import has brought; its number follows.
OWN_NUMBER = "shiori:"


@dataclass(frozen=True, slots=True)
class CreatorRecord:
    """A person or body as the list names it: 夏目 漱石, なつめ そうせき, "Natsume, Soseki", 著者."""

    name: str
    reading: str = ""
    roman: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """A piece of the title as the list names it; what the list does not say stays as the library has it."""

    barcode: str
    branch: str = ""  # an id of the policy
    call_number: str | None = None
    tags: tuple[str, ...] | None = None
    state: ItemState | None = None
    not_for_loan: bool | None = None
    volumes: int | None = None
    added_on: date | None = None


@dataclass(frozen=True, slots=True)
class TitleRecord:
    """One title as read from a list; ``source`` names the list and the number there, for the next import.

    What is empty the list does not say.  Without ``source`` a title is known by its pieces, its ISBN or its
    words; without ``title`` only what is there already can get a piece.
    """

    line: int
    source: str
    title: str
    material: str = "book"  # nothing: as it is, and a book where the title is new
    title_kana: str = ""
    subtitle: str = ""
    subtitle_kana: str = ""
    original_title: str = ""
    volume: str = ""
    publisher: str = ""
    pub_year: int | None = None
    pub_month: int | None = None
    isbn: str | None = None
    ndc: str = ""
    series: str = ""
    series_kana: str = ""
    subjects: str = ""
    extent: str = ""
    language: str = ""  # three letters as in MARC: jpn, eng; nothing: Japanese, or not known
    creators: tuple[CreatorRecord, ...] = ()
    serial: str = ""  # the magazine, where the title is an issue of one
    serial_kana: str = ""
    issued_on: date | None = None
    items: tuple[ItemRecord, ...] = ()
    # What only an export of this program says; None: as the library has it.
    added_on: date | None = None
    hidden: bool | None = None
    holdable_from: datetime | None = None
    notes: tuple[str, ...] = ()  # keys of what was left out of a record that is taken


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not taken, with its line in the file and the key of the reason's text, and its facts.

    Where a file is made of records and not of lines, ``line`` is the number of the record, here and above.
    """

    line: int
    reason: str
    facts: Mapping[str, object] = field(default_factory=dict, compare=False)
