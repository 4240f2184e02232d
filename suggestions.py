"""「もしかして」: what to try where a search finds nothing, from the library's own titles and authors.

Each word that finds nothing is compared with headings that share pairs of characters with it.  Latin letters
are also read as Japanese (Hepburn and the cabinet's romanisation).
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import search
from folding import fold
from pairs import cut, phrase
from queries import Query, understood

MOST = 3  # suggestions
_LOOKED_AT = 2000  # titles a pair of characters, the newest
_COMPARED = 80  # titles that share the most pairs
_ALIKE = 0.6  # by which two texts are alike at least; 1 is the same

_HEADINGS_SQL = """
SELECT title, title_kana FROM bib WHERE id IN (SELECT value FROM json_each(?1))
UNION SELECT name, reading FROM creator WHERE bib_id IN (SELECT value FROM json_each(?1))
"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words to try, and how many titles they find."""

    words: str
    total: int


def near(db, query: Query) -> list[Suggestion]:
    """What may have been meant with words that found nothing, the likeliest first; each finds something."""
    typed = [word.typed for word in query.words if not word.column]
    if not typed:
        return []
    tried = [_romanised(" ".join(typed)), *_corrected(db, typed)]
    found: dict[str, Suggestion] = {}
    for words in tried:
        if (folded := fold(words)) and folded not in found:
            total = search.find(db, _with(query, words), 0).total
            if total:
                found[folded] = Suggestion(words, total)
    return list(found.values())[:MOST]


def _with(query: Query, words: str) -> Query:
    """The query with other words in the place of those that may stand anywhere."""
    new = understood({"q": words})
    others = tuple(word for word in query.words if word.column)
    texts = tuple(text for text in query.texts if text.column)
    return replace(query, words=new.words + others, texts=new.texts + texts, without=query.without)


def _corrected(db, typed: list[str]) -> list[str]:
    """The words with each that finds nothing replaced by headings like it."""
    missing = [word for word in typed if not search.find(db, word, 0).total]
    if not missing:
        return []
    ways = [[near, *(word for word in typed if word not in missing)] for near in _like(db, missing[0])]
    if len(missing) == 1:
        return [" ".join(way) for way in ways]
    others = [like[0] for word in missing[1:] if (like := _like(db, word))]
    return [" ".join([*way, *others]) for way in ways] if len(others) == len(missing) - 1 else []


def _like(db, word: str) -> list[str]:
    """Headings like a word, the likeliest first, as the library writes them."""
    folded = fold(word)
    shared: Counter = Counter()
    sql = "SELECT rowid & 16777215 FROM bib_fts WHERE bib_fts MATCH ? ORDER BY rowid DESC LIMIT ?"
    for pair in dict.fromkeys(cut(folded)):
        match = f"{{t a}} : {phrase(pair)}"
        shared.update(row[0] for row in db.execute_sql(sql, (match, _LOOKED_AT)))
    ids = [number for number, _ in shared.most_common(_COMPARED)]
    best: dict[str, float] = {}
    compared = SequenceMatcher(autojunk=False)
    compared.set_seq2(folded)
    for written, reading in db.execute_sql(_HEADINGS_SQL, (json.dumps(ids),)):
        for text in filter(None, (fold(written), fold(reading))):
            compared.set_seq1(text)
            if compared.real_quick_ratio() >= _ALIKE and (ratio := compared.ratio()) >= _ALIKE:
                best[written] = max(ratio, best.get(written, 0))
    return sorted(best, key=lambda written: (-best[written], written))[:MOST]


# ---- Latin letters read as Japanese

_VOWELS = "aiueo"
_ROWS = {
    "": "あいうえお", "k": "かきくけこ", "s": "さしすせそ", "t": "たちつてと", "n": "なにぬねの",
    "h": "はひふへほ", "m": "まみむめも", "r": "らりるれろ", "g": "がぎぐげご", "z": "ざじずぜぞ",
    "d": "だぢづでど", "b": "ばびぶべぼ", "p": "ぱぴぷぺぽ",
}  # fmt: skip
_SYLLABLES = (
    {row + vowel: kana for row, line in _ROWS.items() for vowel, kana in zip(_VOWELS, line, strict=True)}
    | {"ya": "や", "yu": "ゆ", "yo": "よ", "wa": "わ", "wo": "を", "shi": "し", "chi": "ち", "tsu": "つ"}
    | {"fu": "ふ", "ji": "じ", "fa": "ふぁ", "fi": "ふぃ", "fe": "ふぇ", "fo": "ふぉ", "n": "ん", "n'": "ん"}
    | {
        start + "y" + vowel: line[1] + small
        for start, line in _ROWS.items()
        if start
        for vowel, small in zip("auo", "ゃゅょ", strict=True)
    }
    | {
        start + vowel: kana + small
        for start, kana in (("sh", "し"), ("ch", "ち"), ("j", "じ"))
        for vowel, small in zip("auo", "ゃゅょ", strict=True)
    }
)
_LONG = str.maketrans("āīūēōâîûêô", "aiueoaiueo")
_DOUBLED = re.compile(r"([kstpgzdbcjfh])(?=\1)|t(?=ch)")
_M_AS_N = re.compile("m(?=[mbp])")
_SYLLABLE = re.compile("|".join(sorted(map(re.escape, _SYLLABLES), key=len, reverse=True)) + "|っ|.")


def _romanised(text: str) -> str:
    """Latin letters as kana, or nothing where they are no syllables: kokoro is こころ."""
    letters = text.casefold().translate(_LONG)
    if not re.fullmatch("[a-z' -]+", letters):
        return ""
    letters = _M_AS_N.sub("n", _DOUBLED.sub("っ", re.sub("[ -]+", "", letters)))
    kana = "".join(_SYLLABLES.get(one, one) for one in _SYLLABLE.findall(letters))
    return "" if re.search("[a-z']", kana) else kana
