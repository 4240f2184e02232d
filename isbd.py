"""Texts as cataloguers write them: the punctuation of ISBD, names with their dates, roles, and dates.

Pure functions, used on MARC records and on the answers of the national library.
"""

import re
import unicodedata
from collections.abc import Iterable

ROLES = {"著": "著者", "編": "編者", "訳": "翻訳者", "原作": "原作者"}
# Roles as a statement of responsibility ends with them, longer ones first.
_DEED = "[原共編監校翻著訳作画]|編集|監修|責任|文|絵|写真|構成|解説|校訂|校注|撮影|作曲|作詞|演奏|監督"
_ROLE = re.compile(rf"[ 　]*\[?((?:{_DEED})+|cho|hen|yaku)\]?$")
_JAPANESE = re.compile(r"[぀-ヿ一-鿿㐀-䶿豈-﫿々〆]|[\U00020000-\U0003ffff]")
_WESTERN_YEAR = re.compile(r"(?<![0-9])(1[4-9]|20)[0-9]{2}(?![0-9])")
_FIRST_YEARS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_YEAR = re.compile(f"({'|'.join(_FIRST_YEARS)}) *(元|[0-9]{{1,2}})")
# What keeps its full stop at the end: initials, dots that stand for something, a few short words.
_ABBREVIATION = re.compile(
    r"((^|[ .\-(])[A-Z]|\.\.|\b([Vv]ol|[Ee]tc|[Ee]d|[Nn]o|Inc|Co|Ltd|Jr|Sr|Bros|Dr|St))\.$"
)
_LEADS_ON = tuple("/=+:;,،")
_LEADING_ON = re.compile(r" +[/=+]$| *[:;,،]$")
_PARALLEL = re.compile(r" = ([^:]+?)(?= [=:] |$)")
_NOBODY = re.compile(r"s\.? ?n\.?|出版者不明|発行者不明|publisher not identified", re.IGNORECASE)


def is_japanese(text: str) -> bool:
    """Whether kana or kanji stand in it."""
    return _JAPANESE.search(text) is not None


def plain(text: str) -> str:
    """A part of a description without the sign that leads on to the next part, or closes the area."""
    text = " ".join(text.split())
    if text[-1:] in _LEADS_ON:  # else looking for it takes most of an import's time
        text = _LEADING_ON.sub("", text)
    if text.endswith(".") and not _ABBREVIATION.search(text):
        text = text[:-1]
    return text.strip()


def title_parts(text: str) -> tuple[str, str, str]:
    """Title, subtitle and the title in another language of 書名 = Title : 副書名."""
    whole = plain(text)
    parallel = ""
    if " = " in whole:
        parallel = " = ".join(_PARALLEL.findall(whole))
        whole = _PARALLEL.sub("", whole)
    title, _, subtitle = whole.partition(" : ")
    return title.strip(), subtitle.strip(), parallel


def person(heading: str) -> str:
    """夏目 漱石 of 夏目, 漱石, 1867-1916; foreign names keep their comma."""
    name = re.sub(
        r"[ ,]*(?:approximately |active |ca\. |[bd]\. )?[0-9]{3,4}\??-[0-9]*\??", "", plain(heading)
    )
    name = plain(unicodedata.normalize("NFC", name)).strip(" ,")
    return re.sub(", *", " ", name) if is_japanese(name) else name


def publisher(text: str) -> str:
    """The publisher without the distributor and without brackets of the cataloguer."""
    name = re.split(" [;:] ", plain(text))[0].strip(" ,[]")
    name = re.sub(r" ?[(（](発売|ハツバイ|hatsubai|制作|頒布)[)）]$", "", name)
    name = name.strip(" ,[]")
    return "" if _NOBODY.fullmatch(name) else name


def role_of(statement: str, name: str) -> str:
    """The part that the statement of responsibility gives a person: 翻訳者 of 矢崎源九郎 訳."""
    wanted = re.sub("[ 　,・]", "", name)
    for part in credits(statement):
        names, role = _parted(part)
        if role and wanted in re.sub("[ 　,・]", "", names):
            return ROLES.get(role, role)
    return ""


def named(statement: str) -> Iterable[tuple[str, str]]:
    """Who the statement names, with what they did, where there is no heading for them."""
    for part in credits(statement):
        names, role = _parted(part)
        for name in re.split("[,，、] *", names) if is_japanese(names) else [names]:
            if name.strip(" []"):
                yield re.sub(r" ?\[?ほか\]?$", "", name.strip(" []")), ROLES.get(role, role)


def credits(statement: str) -> list[str]:
    return [part for part in re.split(" ?[;；] ?", plain(statement)) if part]


def _parted(credit: str) -> tuple[str, str]:
    found = _ROLE.search(credit)
    if found and found.start():
        return credit[: found.start()], found[1]
    names, blank, role = credit.rpartition(" ")
    return (names, role.strip("[]")) if blank and is_japanese(role) and len(role) < 12 else (credit, "")


def published(text: str) -> tuple[int | None, int | None]:
    """Year and month of 2019.2, 1999-12, c1987, 平成 11 [1999]."""
    text = unicodedata.normalize("NFKC", text)
    if western := _WESTERN_YEAR.search(text):
        month = re.match(r"[.\-/]([0-9]{1,2})(?![0-9])", text[western.end() :])
        return int(western[0]), int(month[1]) if month and 1 <= int(month[1]) <= 12 else None
    if era := _ERA_YEAR.search(text):
        return _FIRST_YEARS[era[1]] + (1 if era[2] == "元" else int(era[2])), None
    return None, None
