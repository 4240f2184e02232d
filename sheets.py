"""Tables in files: CSV and TSV in the encodings that are met in Japan, packed with gzip or not, and Excel.

A file is read through once when it is opened, so that what is broken off or damaged is known before anything
is taken from it; its rows are then read one at a time, as often as they are asked for.
"""

import codecs
import csv
import gzip
import io
import json
import re
import tempfile
import warnings
import weakref
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

DELIMITERS = (",", "\t", ";")
LARGEST = 512 * 1024 * 1024  # bytes once unpacked: forty times what a library of 200,000 pieces writes
_GZIP, _ZIP, _OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_LONGEST_ROW = 50  # lines; further on a quotation mark was never closed
_UNREADABLE = "\ufffd"  # stands for bytes that are no text; its row is refused
_CHUNK = 1024 * 1024
_ENOUGH = 4  # chunks that tell an encoding


class Unreadable(Exception):
    """The file cannot be read: the key of a sentence that says why."""

    def __init__(self, key: str):
        super().__init__(key)
        self.key = key


class Row(NamedTuple):
    """A row with the number of its first line.  The cells of a broken one are only to be shown."""

    line: int
    cells: list[str]
    is_whole: bool = True


@dataclass(slots=True, weakref_slot=True)
class Sheet:
    """A table; ``encoding`` is nothing where the file is Excel's."""

    encoding: str
    read: Callable[[], Iterator[str]]
    delimiter: str = ","

    def rows(self, width: int | None = None) -> Iterator[Row]:
        """Every row that is not blank, from the first line on; where the width is known one of another width
        is broken."""
        if not self.encoding:
            return _spooled_rows(self.read(), width)
        return _rows(self.read(), self.delimiter, width)


def from_lines(lines: Iterable[str]) -> Sheet:
    """A table that is there as text already."""
    kept = list(lines)
    return Sheet("utf-8", lambda: iter(kept))


def unpacking(path: Path) -> Callable:
    """What opens a file: as it is, or unpacked where it was packed with gzip."""
    with open(path, "rb") as file:
        return gzip.open if file.read(len(_GZIP)) == _GZIP else open


def open_sheet(path: Path, encoding: str | None = None) -> Sheet:
    """The table in a file; its delimiter is still to be found.

    Raises Unreadable, OSError, or LookupError for an encoding that there is not.
    """
    if encoding:
        io.TextIOWrapper(io.BytesIO(), encoding)
    with open(path, "rb") as file:
        begins = file.read(4)
    if begins == _OLD_EXCEL:
        raise Unreadable("import.file_xls")
    if begins == _ZIP:
        return _workbook(path)
    unpack = unpacking(path)
    try:
        with unpack(path, "rb") as file:
            found = encoding or _encoding_of(file)
            _read_through(file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as damage:
        raise Unreadable("import.file_damaged") from damage

    def lines() -> Iterator[str]:
        with io.TextIOWrapper(unpack(path, "rb"), found, errors="replace", newline="") as text:
            yield from text

    return Sheet(found, lines)


# ---- encodings

_JAPANESE = re.compile("[ぁ-ヿ一-鿿]+")
_HALF_WIDTH = re.compile("[｡-ﾟ]+")  # what other encodings make of Japanese when they are taken for CP932
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _encoding_of(file: BinaryIO) -> str:
    """UTF-8 where hardly any of it is broken; else what makes the most Japanese of it."""
    begins = file.read(4096)
    for mark, name in _BOMS:
        if begins.startswith(mark):
            return name
    at_even, at_odd = begins[::2].count(0), begins[1::2].count(0)
    if max(at_even, at_odd) * 50 > len(begins) and min(at_even, at_odd) * 4 < max(at_even, at_odd):
        return "utf-16-le" if at_odd > at_even else "utf-16-be"
    utf8 = _tried("utf-8", file, begins)
    if utf8.broken * 4 <= utf8.japanese:
        return "utf-8"
    others = [utf8]
    for name in ("cp932", "euc_jp"):
        file.seek(0)
        others.append(_tried(name, file, file.read(1)))
    return max(others, key=lambda one: one.score).name


def _tried(name: str, file: BinaryIO, begins: bytes) -> "_Tried":
    """How a file reads in an encoding, as far as it takes to tell: UTF-8 may be broken late, others not."""
    tried = _Tried(name)
    for number, chunk in enumerate(_chunks(file, begins)):
        tried.read(chunk)
        if number > _ENOUGH and (name != "utf-8" or tried.broken > tried.japanese):
            break
    return tried


class _Tried:
    """How well a file reads in an encoding."""

    def __init__(self, name: str):
        self.name = name
        self.decoder = codecs.getincrementaldecoder(name)("replace")
        self.broken = self.japanese = self.half_width = 0

    def read(self, chunk: bytes) -> None:
        text = self.decoder.decode(chunk)
        self.broken += text.count(_UNREADABLE)
        self.japanese += sum(map(len, _JAPANESE.findall(text)))
        self.half_width += sum(map(len, _HALF_WIDTH.findall(text)))

    @property
    def score(self) -> int:
        return self.japanese - self.half_width - 4 * self.broken


def _chunks(file: BinaryIO, first: bytes = b"") -> Iterator[bytes]:
    size = len(first)
    chunk = first
    while chunk:
        yield chunk
        chunk = file.read(_CHUNK)
        size += len(chunk)
        if size > LARGEST:
            raise Unreadable("import.file_large")


def _read_through(file: BinaryIO) -> None:
    """To the end, where a packed file proves that it is whole."""
    for _ in _chunks(file, file.read(1)):
        pass


# ---- rows of text


def _rows(lines: Iterator[str], delimiter: str, width: int | None) -> Iterator[Row]:
    """Cells may hold line breaks.  An open quotation mark costs its own line only: reading goes on there."""
    waiting: deque[str] = deque()
    number = 1

    def has(count: int) -> bool:
        while len(waiting) < count:
            line = next(lines, None)
            if line is None:
                return False
            waiting.append(line.replace("\0", ""))
        return True

    while has(1):
        height = 1
        is_open = waiting[0].count('"') % 2 == 1
        while is_open and height < _LONGEST_ROW and has(height + 1):
            is_open = waiting[height].count('"') % 2 == 0
            height += 1
        cells = None if is_open else _cells([waiting[place] for place in range(height)], delimiter)
        if cells is None or _UNREADABLE in "".join(cells) or (any(cells) and width not in (None, len(cells))):
            height = 1
            yield Row(number, [cell.strip() for cell in waiting[0].split(delimiter)], False)
        elif any(cells):
            yield Row(number, cells)
        for _ in range(height):
            waiting.popleft()
        number += height


def _cells(lines: list[str], delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return [cell.strip() for row in rows for cell in row]


# ---- Excel


def _workbook(path: Path) -> Sheet:
    """The first sheet of a workbook that holds something, copied to a file beside: read once, and proved."""
    from openpyxl import load_workbook  # loaded here: few imports need it, and it takes a while

    spool = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed with the sheet
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST:
                raise Unreadable("import.file_large")
        with warnings.catch_warnings(), open(path, "rb") as file:
            warnings.simplefilter("ignore")  # of parts of Excel that openpyxl leaves out: none holds a cell
            book = load_workbook(file, read_only=True, data_only=True)
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # what the file says of its size need not be true
                if _spool(sheet.iter_rows(), spool):
                    break
    except Exception as damage:  # a broken workbook fails in as many ways as it has parts
        spool.close()
        if isinstance(damage, Unreadable):
            raise
        raise Unreadable("import.file_damaged") from damage

    def lines() -> Iterator[str]:
        spool.seek(0)
        yield from iter(spool.readline, "")

    sheet = Sheet("", lines)
    weakref.finalize(sheet, spool.close)
    return sheet


def _spool(rows: Iterable[Sequence], spool) -> bool:
    """A line for each row with something in it; says whether there was one."""
    written = 0
    for number, row in enumerate(rows, start=1):
        cells = [_cell_text(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            written += spool.write(json.dumps([number, cells], ensure_ascii=True) + "\n")
        if written > LARGEST:
            raise Unreadable("import.file_large")
    return written > 0


def _spooled_rows(lines: Iterable[str], width: int | None) -> Iterator[Row]:
    for line in lines:
        number, cells = json.loads(line)
        if width is not None:
            cells += [""] * (width - len(cells))
        yield Row(number, cells, width in (None, len(cells)))


def _cell_text(cell) -> str:
    """A cell as it is seen: 9784003101018 and not 9784003101018.0, 0012 where its format shows the zeros."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int):
        zeros = re.fullmatch('"?(0+)"?', cell.number_format or "")
        return str(value).zfill(len(zeros[1])) if zeros else str(value)
    if isinstance(value, datetime):
        value = value.date() if value.time() == value.min.time() else value
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value).replace("\0", "").replace("_x000D_", "").strip()
