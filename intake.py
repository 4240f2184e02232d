"""Catalogue import: whichever of the known lists a file is, its titles are read, weighed and stored.

A list is read a row at a time and a bad row never stops the rest: it is refused with its line and a reason,
whose text is in the translations.  ``accession.py`` decides what a record changes.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import aozora
import marc
import marc_files
import stock_list
import title_list
from accession import Accession
from columns import LOOKED_AT, Header, find_header
from rules import Policy
from sheets import DELIMITERS, Row, Sheet, Unreadable, from_lines, open_sheet, unpacking
from spreadsheet import csv_file
from stock_list import Choices
from title_records import RefusedRow, TitleRecord

__all__ = ["Choices", "Unreadable", "open_titles", "read_titles", "refused_rows", "store", "weigh"]


class UnknownFormat(Exception):
    """The file is none of the lists that can be read; ``columns`` are the first names of its header."""

    def __init__(self, header: list[str]):
        self.columns = ", ".join(name[:40] for name in header[:5])
        super().__init__(self.columns)


# ---- recognising a file


@dataclass(frozen=True, slots=True)
class TitleList:
    """A file that was recognised: what it is, and its records, each time from the first on.

    ``header`` is None where no columns are to be chosen, ``sheet`` where there is no table.
    """

    encoding: str
    delimiter: str
    rows: int
    records: Callable[[], Iterator[TitleRecord | RefusedRow]]
    sheet: Sheet | None = None
    names: tuple[str, ...] = ()  # of the columns
    header: Header | None = None
    digits: tuple[int, int] | None = None  # the shortest and the longest number of a piece

    def __iter__(self) -> Iterator[TitleRecord | RefusedRow]:
        return self.records()


def open_titles(
    path: Path | str,
    policy: Policy | None = None,
    choices: Choices | None = None,
    encoding: str | None = None,
) -> TitleList:
    """Whichever of the known lists a file is, plain or gzip.

    Raises UnknownFormat or Unreadable, or OSError for a file that is not there, before the first record is
    asked for: the whole file has been read once by then.
    """
    choices = choices or Choices()
    if marc_list := _marc_list(Path(path), policy):
        return marc_list
    sheet = open_sheet(Path(path), encoding)
    first = _first_rows(sheet)
    names = tuple(first[0].cells) if first else ()
    for columns, read in ((aozora.COLUMNS, aozora.read), (_OWN, _read_own)):
        if set(columns) <= set(names) and not choices.columns:
            rows = sum(1 for _ in sheet.rows()) - 1
            return TitleList(sheet.encoding, sheet.delimiter, rows, partial(read, sheet), sheet, names)
    header = find_header(first, choices.columns)
    if header is None:
        raise UnknownFormat(list(names))
    survey = _survey(sheet, header)
    if not choices.digits and survey.zeros:
        choices = replace(choices, digits=survey.longest)
    return TitleList(
        sheet.encoding,
        sheet.delimiter,
        survey.rows,
        partial(stock_list.read, sheet, header, policy, choices),
        sheet,
        header.names,
        header,
        (survey.shortest, survey.longest) if survey.longest else None,
    )


# What each record has once.
_ENDS = {"marc21": re.compile(marc_files.END_OF_RECORD), "marcxml": re.compile(rb"<(?:\w+:)?record[\s>]")}


def _marc_list(path: Path, policy: Policy | None) -> TitleList | None:
    """A file of MARC, which is known by how it begins."""
    unpack = unpacking(path)
    materials = [material.id for material in policy.materials] if policy else ()
    try:
        with unpack(path, "rb") as file:
            start = file.read(_START)
            if marc_files.looks_like_marc(start):
                name, read = "marc21", marc.read_marc
            elif marc_files.looks_like_xml(start):
                name, read = "marcxml", marc.read_marcxml
            else:
                return None
            file.seek(0)
            rows = sum(len(_ENDS[name].findall(block)) for block in _blocks(file))
    except (EOFError, zlib.error, gzip.BadGzipFile) as damage:
        raise Unreadable("import.file_damaged") from damage

    def records() -> Iterator[TitleRecord | RefusedRow]:
        with unpack(path, "rb") as file:
            yield from read(file, materials)

    return TitleList("", name, rows, records)


_START, _BLOCK = 4096, 1 << 20


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


_OWN = ("source", "title")


def read_titles(lines: Iterable[str]) -> Iterator[TitleRecord | RefusedRow]:
    """Records of our own list, which samples/README.md describes."""
    return title_list.read(_rows(lines))


def _read_own(sheet: Sheet) -> Iterator[TitleRecord | RefusedRow]:
    return title_list.read(_named(sheet))


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str] | None]]:
    """The rows of our own list, as ``title_list.read`` takes them."""
    return _named(from_lines(lines))


def _named(sheet: Sheet) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Each row with its line: its cells by the names of the first row, or None where it is broken."""
    first = next(sheet.rows(), None)
    names = [name.lstrip("\ufeff") for name in first.cells] if first else []
    for row in sheet.rows(len(names)):
        if first and row.line > first.line:
            yield row.line, dict(zip(names, row.cells, strict=True)) if row.is_whole else None


def _first_rows(sheet: Sheet) -> list[Row]:
    """The first rows, cut by the delimiter that makes the most of them."""
    if not sheet.encoding:
        return list(islice(sheet.rows(), LOOKED_AT))
    tried = {}
    for delimiter in DELIMITERS:
        sheet.delimiter = delimiter
        rows = list(islice(sheet.rows(), LOOKED_AT))
        header = find_header(rows)
        tried[delimiter] = (header.known if header else 0, max((len(row.cells) for row in rows), default=0))
    sheet.delimiter = max(tried, key=tried.get)
    return list(islice(sheet.rows(), LOOKED_AT))


@dataclass(slots=True)
class _Survey:
    """What a list is like as a whole: its rows, and how long the numbers of its pieces are."""

    rows: int = 0
    shortest: int = 0
    longest: int = 0
    zeros: bool = False  # some number begins with 0, and these are as long as the longest


def _survey(sheet: Sheet, header: Header) -> _Survey:
    survey = _Survey()
    places = [place for place, column in enumerate(header.columns) if column == "barcode"]
    with_zeros = set()
    for row in sheet.rows(header.width):
        if row.line < header.rows_from:
            continue
        survey.rows += 1
        number = next((row.cells[place] for place in places if row.is_whole and row.cells[place]), "")
        if number.isascii() and number.isdecimal():
            length = len(number)
            survey.longest = max(survey.longest, length)
            survey.shortest = min(survey.shortest or length, length)
            if number.startswith("0"):
                with_zeros.add(length)
    survey.zeros = with_zeros == {survey.longest}
    return survey


# ---- storing


@dataclass(slots=True)
class Stored:
    """What an import did, or would do, in numbers of titles and of pieces; and every row that was refused."""

    added: int = 0
    updated: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    same: int = 0
    pieces_added: int = 0
    pieces_updated: int = 0
    noted: list[RefusedRow] = field(default_factory=list)  # of what was taken without a part of it


_BATCH = 500  # rows a transaction: the desk waits less than half a second


def store(
    db,
    records: Iterable[TitleRecord | RefusedRow],
    today: date,
    progress: Callable[[int], None] | None = None,
    policy: Policy | None = None,
) -> Stored:
    """Put records into the catalogue and its index, some hundred a transaction.

    Broken off, it leaves whole batches; the same list once more does the rest, since what is there already
    stays one.  ``progress`` is told how many rows are done.
    """
    return _run(db, records, today, progress, policy, dry=False)


def weigh(
    db,
    records: Iterable[TitleRecord | RefusedRow],
    today: date,
    progress: Callable[[int], None] | None = None,
    policy: Policy | None = None,
) -> Stored:
    """What ``store`` would do with these records; nothing is written."""
    return _run(db, records, today, progress, policy, dry=True)


def _run(db, records, today, progress, policy, dry) -> Stored:
    done, stored = 0, Stored()
    accession = Accession(db, today, policy, stored)
    rows = iter(records)
    while batch := list(islice(rows, _BATCH)):
        stored.refused += [row for row in batch if isinstance(row, RefusedRow)]
        titles = [row for row in batch if isinstance(row, TitleRecord)]
        stored.noted += [RefusedRow(title.line, note) for title in titles for note in title.notes]
        if dry:
            accession.plan(titles)
        else:
            with db.atomic():
                accession.plan(titles).write()
        done += len(batch)
        if progress:
            progress(done)
    return stored


# ---- what was refused


def refused_rows(
    found: TitleList, refused: Iterable[RefusedRow], say: Callable[[RefusedRow], str], words
) -> bytes:
    """The refused rows as a table to be put right and imported again: line and reason stand before the row's
    own cells, under the names of the list.  ``words``: what these two columns are called."""
    reasons: dict[int, list[str]] = {}
    for row in sorted(refused, key=lambda row: row.line):
        sentence = say(row)
        if sentence not in reasons.setdefault(row.line, []):
            reasons[row.line].append(sentence)
    if found.sheet is None:
        return csv_file([words, *((line, " ".join(said)) for line, said in reasons.items())])
    rows: list = [(*words, *found.names)]
    for row in found.sheet.rows(len(found.names)):
        if row.line in reasons:
            rows.append((row.line, " ".join(reasons[row.line]), *row.cells))
    return csv_file(rows)
