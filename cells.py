"""What stands in the cells of lists that people keep: years of an era, damaged ISBNs, several authors in one.

Pure text in, values out.  A cell that cannot be meant raises ``Refused`` with the reason's key.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache

from folding import isbn13
from rules import ItemState, one_line, plain_line, year_of
from title_records import CreatorRecord

MOST = 2000  # characters of a cell: what is longer is a quotation mark that was never closed


class Refused(Exception):
    """A cell that cannot be meant: the key of the reason, and its facts."""

    def __init__(self, reason: str, **facts):
        super().__init__(reason)
        self.reason, self.facts = reason, facts


# A list says the same of many titles: who, which publisher, what year.
_KEPT = lru_cache(maxsize=10_000)


def _flat(cell: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", cell))


# ---- texts and numbers


_NOTHING = re.compile("[-‐-―−ー*＊]+|なし|[Nn]/[Aa]|#N/A")


def text(cell: str) -> str:
    """A line as it was written; - and the like are what people write into a cell that has nothing to say."""
    kept = _line(cell)
    return "" if len(kept) < 5 and _NOTHING.fullmatch(kept) else kept


def _line(cell: str) -> str:
    """``rules.one_line``, which most cells are already: a list has millions of them."""
    return cell.strip() if cell.isprintable() and "  " not in cell else one_line(cell)


def terms(cell: str) -> str:
    """Several subjects in one cell, as they are kept: 日本--歴史、地理"""
    return "、".join(filter(None, map(text, re.split("//|[;；、|\n]", cell))))


_LANGUAGES = {
    **dict.fromkeys(("jpn", "ja", "japanese", "日本語", "和"), "jpn"),
    **dict.fromkeys(("eng", "en", "english", "英語", "英"), "eng"),
    **dict.fromkeys(("chi", "zh", "zho", "chinese", "中国語"), "chi"),
    **dict.fromkeys(("kor", "ko", "korean", "韓国語", "朝鮮語", "ハングル"), "kor"),
    **dict.fromkeys(("fre", "fr", "fra", "french", "フランス語"), "fre"),
    **dict.fromkeys(("ger", "de", "deu", "german", "ドイツ語"), "ger"),
    **dict.fromkeys(("spa", "es", "spanish", "スペイン語"), "spa"),
    **dict.fromkeys(("por", "pt", "portuguese", "ポルトガル語"), "por"),
}


def language(cell: str) -> str:
    """Three letters as in MARC; nothing for a word that names no language we know."""
    word = _flat(cell).casefold()
    return _LANGUAGES.get(word) or (word if re.fullmatch("[a-z]{3}", word) else "")


def number(cell: str) -> int | None:
    """How many; a number with its counter, 3冊, is one."""
    found = re.fullmatch("([0-9]{1,4})[^0-9]?", _flat(cell))
    return int(found[1]) if found else None


# ---- days and years

_ERA = "(?:明治|大正|昭和|平成|令和|[MTSHR])[.]?(?:元|[0-9]{1,2})"
_NO_YEAR = re.compile(
    "[-‐-―−ー?？〔〕\\[\\]]*|0+|\\[?[12][0-9]{1,2}[-?]+\\]?|不明|未詳|刊年不明|出版年不明|なし"
)
_FIRST_YEAR, _LAST_YEAR = 1000, 2200


@_KEPT
def published(cell: str) -> tuple[int | None, int | None]:
    """Year and month of 2009.5, 1957（昭和32）年5月20日, 平成元年1月, H25, 令和6年4月, c2001, 2016/04/01.

    Nothing for a cell that names no year; a number that was spoilt on the way, 9.78E+12, names none.
    """
    plain = _flat(cell).upper()
    month = re.search("([0-9]{1,2})月", plain)
    if western := re.search("(?<![0-9.])(1[0-9]|20|21)[0-9]{2}(?![0-9])", plain):
        behind = re.match(r"年?[./\-年](0?[1-9]|1[0-2])(?![0-9])", plain[western.end() :])
        month = month or behind
        year = int(western[0])
    elif whole := re.fullmatch("((?:1[0-9]|20|21)[0-9]{2})(0[1-9]|1[0-2])(?:[0-3][0-9])?", plain):
        return int(whole[1]), int(whole[2])
    elif era := re.search(_ERA, plain):
        year = year_of(era[0])
        month = month or re.match(r"年?[./\-年](0?[1-9]|1[0-2])(?![0-9])", plain[era.end() :])
    else:
        return None, None
    if year is None:
        return None, None
    named = int(month[1]) if month else 0
    return year, named if 1 <= named <= 12 else None


def year_and_month(cell: str) -> tuple[int | None, int | None]:
    """As ``published``, of a column that is for it.  Raises Refused where a cell says something else."""
    found = published(cell)
    if found[0] is None and not _NO_YEAR.fullmatch(_flat(cell)):
        raise Refused("import.wrong_year", given=cell[:40])
    return found


def month(cell: str) -> int | None:
    found = re.fullmatch("([0-9]{1,2})月?", _flat(cell))
    if not found or not 1 <= int(found[1]) <= 12:
        raise Refused("import.wrong_year", given=cell[:40])
    return int(found[1])


def day(cell: str) -> date | None:
    """The day of 2016-04-01, 2016/4/1, 2016年4月1日, 平成28年4月1日, H28.4.1; None for anything less."""
    plain = _flat(cell).upper()
    found = re.match(rf"({_ERA}|[0-9]{{4}})年?[./\-年]?([0-9]{{1,2}})[./\-月]([0-9]{{1,2}})日?", plain)
    found = found or re.fullmatch("([0-9]{4})([0-9]{2})([0-9]{2})", plain)
    year = year_of(found[1]) if found else None
    try:
        return date(year, int(found[2]), int(found[3])) if year else None
    except ValueError:
        return None


# ---- numbers of titles and pieces


def isbn(cell: str) -> str | None:
    """Thirteen figures; of several the first that is right.  What a spreadsheet has cut off is put back: the
    978 in front, of which the check digit still tells, and the 0 of an old English one."""
    plain = one_line(cell)
    if not text(plain) or re.fullmatch("0+|不明", _flat(plain)):
        return None
    for part in (plain, *re.split(r"//|[;；,，、/／|()（） ]", plain)):
        figures = re.sub(
            r"[\s\-‐-―−ー:：]|^ISBN(?:1[03])?|[.]0$", "", unicodedata.normalize("NFKC", part).upper()
        )
        for whole in (figures, f"978{figures}", figures.zfill(10) if len(figures) == 9 else ""):
            if found := isbn13(whole):
                return found
    if re.fullmatch(r"[0-9](?:[.][0-9]+)?E[+]?[0-9]+", _flat(plain).upper()):
        raise Refused("import.spoilt_isbn", given=cell[:40])
    raise Refused("import.wrong_isbn", given=cell[:40])


@_KEPT
def ndc(cell: str) -> str:
    """The class number of 913.6, NDC9:913.6, K913, 7.6 (007.6 as a spreadsheet leaves it); nothing of E."""
    plain = plain_line(cell).upper()
    found = re.search(
        r"(?<![0-9.])([0-9]{1,3})([.][0-9]+)?(?![0-9])", re.sub("NDC *[0-9]*[:： ]*", "", plain)
    )
    if not found:
        return ""
    return found[1].zfill(3) + found[2] if found[2] else found[1]


# ---- what is said of a piece

_YES = {"○", "◯", "〇", "●", "◎", "1", "yes", "y", "true", "t", "はい", "有", "あり", "レ", "✓", "✔", "x印"}
_NO = {"×", "✕", "✗", "x", "0", "no", "n", "false", "f", "いいえ", "無", "なし", "-", "―", "ー"}


def _sign(cell: str) -> bool | None:
    word = _flat(cell).casefold()
    return True if word in _YES else False if word in _NO else None


def _lendable_word(cell: str) -> bool | None:
    """Whether a piece may be lent, where the cell says so in words: 禁帯出, 貸出不可, 館内のみ, 帯出可."""
    word = _flat(cell)
    if re.search("禁|不可|館内|閲覧のみ|できない|できません|しない", word):
        return False
    return True if re.search("可|一般|通常|普通|自由|できる|できます", word) else None


def kept_in(cell: str) -> bool | None:
    """禁帯出: ○ and 1 say that it is not lent, × and 0 that it is; None: the cell does not say."""
    words = _lendable_word(cell)
    return _read("not_for_loan", cell, _sign(cell) if words is None else not words)


def lendable(cell: str) -> bool | None:
    """帯出区分, 貸出可否: the other way round."""
    words = _lendable_word(cell)
    found = _read("for_loan", cell, _sign(cell) if words is None else words)
    return None if found is None else not found


def _read(column: str, cell: str, found: bool | None) -> bool | None:
    if found is None and cell:
        raise Refused("import.bad_sign", given=cell[:40])
    return found


_STATES = (
    ("除籍|廃棄|除架|withdrawn|discard", ItemState.WITHDRAWN),
    ("不明|紛失|亡失|missing|lost", ItemState.MISSING),
    ("在庫|在架|所蔵|配架|利用可|貸出可|可$|available|in_?stock|on_?shelf", ItemState.IN_STOCK),
)


def state(cell: str) -> ItemState | None:
    """What the library knows of the piece; that it is out or kept is said by loans and holds alone."""
    word = _flat(cell).casefold()
    return next((found for words, found in _STATES if re.search(words, word)), None)


def withdrawn(cell: str) -> ItemState | None:
    """除籍: ○, 1, 除籍済, or the day of it."""
    if _sign(cell) is False:
        return ItemState.IN_STOCK
    return ItemState.WITHDRAWN if cell else None


def tags(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(text, re.split("[;；、|\n]", cell)))))


# ---- people

_ROLES = {"著": "著者", "編": "編者", "訳": "翻訳者", "原作": "原作者", "author": "著者"}
_ROLES |= {"translator": "翻訳者", "editor": "編者", "illustrator": "絵"}
_ROLE = (
    "著者|著作|共著|編著|編集|編者|編|共編|著|訳者|翻訳|共訳|監訳|訳|監修|監|原作|原著|作|脚本|絵|え|文|ぶん|さく|画|"
    "写真|撮影|校訂|校注|解説|構成|執筆|選|author|translator|editor|illustrator"
)
_ONLY_ROLES = re.compile(
    rf"[\[(〔（]?(?:ほか|他)?((?:{_ROLE})(?:[・,，、と](?:{_ROLE}))*)(?:ほか|他)?[\])〕）]?"
)
_ENDS_IN_ROLE = re.compile(rf"(.+?)[\s]*[\[(〔（／/ ]((?:{_ROLE})(?:[・と](?:{_ROLE}))*)[\])〕）]?")
_ENDS_LIKE_ROLE = re.compile("(..+?)(編著|共著|監修|監訳|著|訳|編)")  # 夏目漱石著: no name ends like that
_BETWEEN = re.compile(r"//|[;；／/，、|\n?？]|,(?! )")
_HEADING = re.compile(r"([^\s,]{1,4}|[ァ-ヺー]+), ([^\s,]{1,4}|[ァ-ヺー]+)(?:, *[0-9]{4}-(?:[0-9]{4})?)?")


@_KEPT
def people(cell: str, role: str = "") -> tuple[CreatorRecord, ...]:
    """The people of 夏目漱石著, 村上 春樹／著, 甲; 乙訳, 沖方, 丁, 1977-, with their roles."""
    if not cell:
        return ()
    found: list[tuple[str, str]] = []
    waiting = 0  # from which on the role still to come counts
    for part in _people_in(unicodedata.normalize("NFC", cell)):
        if found and (only := _ONLY_ROLES.fullmatch(part)):
            found[waiting:] = [(name, known or _role(only[1])) for name, known in found[waiting:]]
            waiting = len(found)
            continue
        name, own = _name_and_role(part)
        if name:
            found.append((name, own))
        if own:
            waiting = len(found)
    return tuple(CreatorRecord(name, role=own or role) for name, own in dict.fromkeys(found))


def _people_in(cell: str) -> list[str]:
    cell = cell.replace("||", " ／")
    parts = []
    for part in _BETWEEN.split(cell):
        part = part.strip(" \u3000.")
        if heading := _HEADING.fullmatch(part):
            parts.append(f"{heading[1]} {heading[2]}")
        elif re.search(r"[^\s　] [^\s]", part) and "\u3000" in part:  # 甲 一郎　乙 二郎
            parts += part.split("\u3000")
        else:
            parts.append(re.sub(r", *[0-9]{4}-(?:[0-9]{4})?$", "", part))
    return [one for one in (_line(part) for part in parts) if text(one)]


def _name_and_role(part: str) -> tuple[str, str]:
    if (found := _ENDS_IN_ROLE.fullmatch(part)) or (found := _ENDS_LIKE_ROLE.fullmatch(part)):
        return found[1].strip(" []()〔〕（）"), _role(found[2])
    return re.sub("(?:ほか|他)$", "", part).strip(" []〔〕"), ""


def _role(word: str) -> str:
    return _ROLES.get(word, word)


@_KEPT
def with_readings(creators: tuple[CreatorRecord, ...], cell: str) -> tuple[CreatorRecord, ...]:
    """The readings of a cell beside their people: of all, or of those in Japanese, where there are as many;
    else of the first."""
    readings = [one for one, _ in map(_name_and_role, _people_in(cell))]
    read = list(creators)
    if len(readings) != len(read):
        read = [one for one in creators if not one.name.isascii()]
    if len(readings) != len(read):
        read = read[:1]
    known = dict(zip(read, readings, strict=False))
    return tuple(CreatorRecord(one.name, known.get(one, ""), one.roman, one.role) for one in creators)


# ---- a whole description in one cell


def statement(cell: str) -> dict[str, object]:
    """The fields of 下町ロケット　[1]　池井戸 潤／著　小学館　2010.11　20cm　407p, as reports print them."""
    parts = [part for part in cell.replace("\u3000\u3000", "\u3000").split("\u3000") if part]
    year = next(
        (
            n
            for n in range(len(parts) - 1, 0, -1)
            if re.fullmatch(r"[\[c]?[0-9]{4}([.][0-9]{1,2})?\]?", parts[n])
        ),
        0,
    )
    if not year:
        return {"title": text(cell)}
    by = next((n for n in range(year - 1, 0, -1) if re.search("／[^／]+$", parts[n])), None)
    before = parts[: by if by is not None else year - 1]
    series = next((part for part in before[1:] if re.fullmatch("（.*）", part)), "")
    title = [part for part in before if part != series or part == before[0]]
    volume = (
        title.pop() if len(title) > 1 and re.fullmatch(r"\[?[0-9上中下前後続編巻.]+\]?", title[-1]) else ""
    )
    found: dict[str, object] = {
        "title": " ".join(title),
        "volume": volume.strip("[]"),
        "series": series.strip("（）"),
        "publisher": parts[year - 1] if by is None or by < year - 1 else "",
        "extent": " ; ".join(reversed(parts[year + 1 :])),
        "creators": people(parts[by]) if by is not None else (),
    }
    found["pub_year"], found["pub_month"] = published(parts[year])
    return found
