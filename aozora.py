"""The index of Aozora Bunko, 公開中 作家別作品一覧拡充版, which has a row for each work and person."""

import re
from collections import Counter
from collections.abc import Iterator

from cells import published
from sheets import Sheet
from title_records import CreatorRecord, RefusedRow, TitleRecord

COLUMNS = (
    *(
        "作品ID",
        "作品名",
        "作品名読み",
        "副題",
        "副題読み",
        "原題",
        "分類番号",
        "底本出版社名1",
        "底本初版発行年1",
    ),
    *(
        "人物ID",
        "姓",
        "名",
        "姓読み",
        "名読み",
        "姓ローマ字",
        "名ローマ字",
        "役割フラグ",
        "生年月日",
        "没年月日",
    ),
)


def read(sheet: Sheet) -> Iterator[TitleRecord | RefusedRow]:
    """A record for each work, in the place of its first row; its rows are spread over the whole list."""
    works: dict[str, list[tuple[int, dict[str, str]]]] = {}
    rows = sheet.rows()
    header = next(rows).cells
    for line, cells, is_whole in sheet.rows(len(header)):
        row = dict(zip(header, cells, strict=False))
        if not is_whole or not row.get("作品ID"):
            yield RefusedRow(line, "import.no_number" if is_whole else "import.broken_row")
        elif cells != header:
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
    year, month = published(row["底本初版発行年1"])
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
