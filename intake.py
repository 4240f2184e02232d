"""Catalogue import: readers turn a list into plain title records, and one function stores them.

A list is read a row at a time and a bad row never stops the rest: it is refused with its line and a reason,
whose text is in the translations.  Two lists are known: the index of Aozora Bunko, and the one that
``samples/README.md`` describes.
"""

import contextlib
import csv
import errno
import gzip
import io
import json
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from itertools import islice

import search
from folding import isbn13
from title_records import CreatorRecord, RefusedRow, TitleRecord

# ---- storing and reading


@dataclass(frozen=True, slots=True)
class Stored:
    """What an import did.  ``refused`` holds pairs of line and reason key."""

    added: int
    updated: int
    refused: list[tuple[int, str]]


class UnknownFormat(Exception):
    """The file is none of the lists that can be read; ``columns`` are the first names of its header."""

    def __init__(self, header: list[str]):
        self.columns = ", ".join(header[:5])
        super().__init__(self.columns)


_NOT_HERE = ("line", "serial", "serial_kana", "issued_on", "items")
_NOT_HERE += ("added_on", "hidden", "holdable_from", "notes")
_COLUMNS = tuple(field.name for field in fields(TitleRecord) if field.name not in _NOT_HERE)

# ---- files


def open_titles(path) -> Iterator[TitleRecord | RefusedRow]:
    """The records of a file, plain or gzip, whichever of the known lists it is.

    Raises UnknownFormat, or OSError for a file that cannot be read, before the first record is asked for.
    """
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (EOFError, zlib.error) as damage:
            raise OSError(errno.EIO, "damaged gzip file", str(path)) from damage
    text = _text(content)
    header = next(csv.reader(io.StringIO(text)), [])
    if set(header) >= set(_AOZORA_HEADER.split()):
        return read_aozora(io.StringIO(text))
    if set(header) >= {"source", "title"}:
        return read_titles(io.StringIO(text))
    raise UnknownFormat(header)


_UNREADABLE = "\ufffd"  # stands for bytes that are no text; its row is refused


def _text(content: bytes) -> str:
    """UTF-8, or CP932 as Excel saves a CSV, whose bytes make hardly any Japanese as UTF-8."""
    text = content.decode("utf-8-sig", errors="replace")
    if text.count(_UNREADABLE) * 4 > len(re.findall("[ぁ-ヿ一-鿿]", text)):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode("cp932")
    return text


_LONGEST_ROW = 50  # lines; further on a quotation mark was never closed


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Each row with the number of its first line: its cells by column name, or None where it is broken.

    Cells may hold line breaks.  An open quotation mark costs its own line only: reading goes on behind it.
    """
    waiting = [line.replace("\0", "") for line in lines]
    header = next(csv.reader(waiting[:1]), [])
    header = [name.strip().lstrip("\ufeff") for name in header]
    number = 1
    while number < len(waiting):
        cells, height = None, 0
        for end in range(number + 1, min(number + _LONGEST_ROW, len(waiting)) + 1):
            if "".join(waiting[number:end]).count('"') % 2 == 0:
                cells, height = _cells(waiting[number:end]), end - number
                break
        if cells is None or (any(cells) and len(cells) != len(header)) or _UNREADABLE in "".join(cells):
            yield number + 1, None
            height = 1
        elif any(cells):
            yield number + 1, dict(zip(header, cells, strict=True))
        number += height


def _cells(lines: list[str]) -> list[str] | None:
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error:
        return None
    return [cell.strip() for row in rows for cell in row]


# ---- our own list


def read_titles(lines: Iterable[str]) -> Iterator[TitleRecord | RefusedRow]:
    """Records of the list described in samples/README.md, whose columns are named as in TitleRecord."""
    for line, row in _rows(lines):
        yield RefusedRow(line, "import.broken_row") if row is None else _title(line, row)


def _title(line: int, row: dict[str, str]) -> TitleRecord | RefusedRow:
    cells: dict = {name: row[name] for name in _COLUMNS if row.get(name)}
    if "title" not in cells:
        return RefusedRow(line, "import.no_title")
    if "source" not in cells:
        return RefusedRow(line, "import.no_number")
    if "isbn" in cells:
        cells["isbn"] = isbn13(cells["isbn"])
        if cells["isbn"] is None:
            return RefusedRow(line, "import.bad_isbn")
    for name, last in (("pub_year", 9999), ("pub_month", 12)):
        if name in cells:
            if not re.fullmatch("[0-9]{1,4}", cells[name]) or not 1 <= int(cells[name]) <= last:
                return RefusedRow(line, "import.bad_year")
            cells[name] = int(cells[name])
    people = (map(_unescaped, _split(person, "|")[:4]) for person in _split(cells.pop("creators", ""), ";"))
    creators = (CreatorRecord(*person) for person in people)
    return TitleRecord(line=line, creators=tuple(person for person in creators if person.name), **cells)


def write_titles(records: Iterable[TitleRecord], stream) -> None:
    """Write records as the list that ``read_titles`` reads; ``stream`` is a text file with ``newline=""``."""
    sheet = csv.writer(stream, lineterminator="\n")
    sheet.writerow(_COLUMNS)
    for record in records:
        people = (
            "|".join(map(_escaped, (person.name, person.reading, person.roman, person.role))).rstrip("|")
            for person in record.creators
        )
        cells = [getattr(record, name) for name in _COLUMNS[:-1]]
        sheet.writerow(["" if cell is None else cell for cell in cells] + [";".join(people)])


def _split(text: str, separator: str) -> list[str]:
    """Cut at each separator that has no backslash before it."""
    parts = [""]
    for piece in re.findall(r"\\.|.", text, re.DOTALL):
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _escaped(text: str) -> str:
    return re.sub(r"([\\|;])", r"\\\1", text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


# ---- the index of Aozora Bunko

_AOZORA_HEADER = """
作品ID 作品名 作品名読み 副題 副題読み 原題 分類番号 底本出版社名1 底本初版発行年1
人物ID 姓 名 姓読み 名読み 姓ローマ字 名ローマ字 役割フラグ 生年月日 没年月日
"""


def read_aozora(lines: Iterable[str]) -> Iterator[TitleRecord | RefusedRow]:
    """Records of 公開中 作家別作品一覧拡充版, which has a row for each work and person.

    A work stands where its first row stands; the rows of one work are spread over the whole list.
    """
    works: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in _rows(lines):
        if row is None or not row.get("作品ID"):
            yield RefusedRow(line, "import.broken_row" if row is None else "import.no_number")
        else:
            works.setdefault(row["作品ID"], []).append((line, row))
    # A man with two names stands first under the one by which more of his works go.
    known_by = Counter(row["人物ID"] for rows in works.values() for _, row in rows)
    for rows in works.values():
        yield _work(rows[0][0], [row for _, row in rows], known_by)


def _work(line: int, rows: list[dict[str, str]], known_by: Counter) -> TitleRecord | RefusedRow:
    row = rows[0]
    title = _without_notes(row["作品名"])
    if not title:
        return RefusedRow(line, "import.no_title")
    year, month = _published(row["底本初版発行年1"])
    series, publisher = _publisher(row["底本出版社名1"])
    classes = re.findall("(K?)([0-9]{3})", row["分類番号"])  # NDC 913, NDC K913, NDC 756 914, or NDC alone
    return TitleRecord(
        line=line,
        source=f"aozora:{row['作品ID']}",
        title=title,
        title_kana=_without_notes(row["作品名読み"]),
        subtitle=_without_notes(row["副題"]),
        subtitle_kana=_without_notes(row["副題読み"]),
        original_title=_without_notes(row["原題"]),
        publisher=publisher,
        pub_year=year,
        pub_month=month,
        ndc=classes[0][1] if classes else "",
        series=series,
        subjects="児童書" if any(juvenile for juvenile, _ in classes) else "",
        creators=tuple(_people(rows, known_by)),
    )


_ROLES = ("著者", "編者", "校訂者", "翻訳者")


def _people(rows: list[dict[str, str]], known_by: Counter) -> Iterator[CreatorRecord]:
    """The people of a work, authors first; the second name of the same man follows the first as 別名."""
    roles: dict[str, list[str]] = {}
    for row in rows:
        roles.setdefault(row["人物ID"], []).append(row["役割フラグ"])
    people = {row["人物ID"]: row for row in sorted(rows, key=lambda row: -known_by[row["人物ID"]])}
    lives = {}
    for number, row in people.items():
        dates = (row["生年月日"], row["没年月日"])
        lives.setdefault(dates if all(dates) else number, []).append(number)
    place = {row["人物ID"]: at for at, row in reversed(list(enumerate(rows)))}

    def order(numbers: list[str]) -> tuple[int, int]:
        role = roles[numbers[0]][0]
        return (_ROLES.index(role) if role in _ROLES else len(_ROLES), min(map(place.get, numbers)))

    for numbers in sorted(lives.values(), key=order):
        yield _person(people[numbers[0]], "・".join(dict.fromkeys(roles[numbers[0]])))
        for number in numbers[1:]:
            yield _person(people[number], "別名")


def _person(row: dict[str, str], role: str) -> CreatorRecord:
    family, given = row["姓"], row["名"]
    family_kana, given_kana = row["姓読み"], row["名読み"]
    # The list turns foreign names round: 姓=ポー 名=エドガー・アラン.  Their readings are in katakana.
    if given and re.fullmatch("[ァ-ヺー・＝ ]+", family_kana):
        name, reading = f"{given}・{family}", f"{given_kana}・{family_kana}"
    else:
        name, reading = f"{family} {given}".strip(), f"{family_kana} {given_kana}".strip()
    roman = ", ".join(filter(None, (row["姓ローマ字"], row["名ローマ字"])))
    return CreatorRecord(name, reading, roman, role)


_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}


def _published(text: str) -> tuple[int | None, int | None]:
    """Year and month of 1957（昭和32）年5月20日, 昭和11（1936）年1月, 平成元年 and the like."""
    text = unicodedata.normalize("NFKC", text)
    month = re.search("([0-9]{1,2})月", text)
    month = int(month[1]) if month and 1 <= int(month[1]) <= 12 else None
    if western := re.search("(?<![0-9])(1[5-9]|20)[0-9]{2}(?![0-9])", text):
        return int(western[0]), month
    if era := re.search(f"({'|'.join(_ERAS)})(元|[0-9]{{1,2}})", text):
        return _ERAS[era[1]] + (1 if era[2] == "元" else int(era[2])), month
    return None, None


def _publisher(cell: str) -> tuple[str, str]:
    """Series and publisher of 新潮文庫、新潮社.  What ends like a publisher's name is a second publisher."""
    series, _, publisher = _without_notes(cell).rpartition("、")
    if re.search("(社|書店|美術館|記念館)$", series):
        return "", f"{series}、{publisher}"
    return series, publisher


def _without_notes(text: str) -> str:
    """A cell without its line breaks and notes on characters: ※［＃小書き片仮名ガ］ becomes ガ."""
    text = re.sub("<br ?/?>", " ", text)
    return re.sub("※［＃(.*?)］", _noted_character, text).strip()


def _noted_character(note: re.Match) -> str:
    if code := re.search(r"U\+([0-9A-Fa-f]{4,5})", note[1]):
        return chr(int(code[1], 16))
    small = re.fullmatch("小書き(?:片|平)仮名(.)", note[1])
    return small[1] if small else "〓"


# ---- storing

_BATCH = 500  # titles a transaction: the desk waits less than half a second
_STORED = _COLUMNS[:-1]
_STORE_SQL = f"""
INSERT INTO bib ({", ".join(_STORED)}, added_on) VALUES ({", ".join("?" * len(_STORED))}, ?)
ON CONFLICT (source) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _STORED)}
RETURNING id
"""  # noqa: S608 - made of the column names above
_KNOWN_SQL = "SELECT source FROM bib WHERE source IN (SELECT value FROM json_each(?))"
_UNNAMED_SQL = "DELETE FROM creator WHERE bib_id IN (SELECT value FROM json_each(?))"
_CREATOR_SQL = "INSERT INTO creator (bib_id, place, name, reading, roman, role) VALUES (?, ?, ?, ?, ?, ?)"


def store(
    db,
    records: Iterable[TitleRecord | RefusedRow],
    today: date,
    progress: Callable[[int], None] | None = None,
) -> Stored:
    """Put records into the catalogue and its index, some hundred a transaction.

    A title that an earlier import brought is updated, found by its ``source``; when it came and whether it is
    hidden stay.  ``progress`` is told how many rows are done.
    """
    added = updated = done = 0
    refused = []
    rows = iter(records)
    while batch := list(islice(rows, _BATCH)):
        refused += [(row.line, row.reason) for row in batch if isinstance(row, RefusedRow)]
        titles = [row for row in batch if isinstance(row, TitleRecord)]
        with db.atomic():
            sources = [title.source for title in titles]
            known = {row[0] for row in db.execute_sql(_KNOWN_SQL, (json.dumps(sources),))}
            _store_titles(db, titles, today)
        new = len(set(sources) - known)
        added, updated = added + new, updated + len(sources) - new
        done += len(batch)
        if progress:
            progress(done)
    return Stored(added, updated, refused)


def _store_titles(db, titles: list[TitleRecord], today: date) -> None:
    people = {}
    for title in titles:
        values = [getattr(title, name) for name in _STORED]
        number = db.execute_sql(_STORE_SQL, (*values, today.isoformat())).fetchone()[0]
        people[number] = title.creators
    db.execute_sql(_UNNAMED_SQL, (json.dumps(list(people)),))
    creators = [
        (number, place, person.name, person.reading, person.roman, person.role)
        for number, persons in people.items()
        for place, person in enumerate(persons)
    ]
    db.connection().executemany(_CREATOR_SQL, creators)
    search.reindex(db, *people)
