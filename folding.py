"""What counts as the same when words are compared: one folding for titles, readings, names and queries.

Pure text in, pure text out.  The rules follow what patrons type at a catalogue: any kana, any width, old
and new characters, marks and long-vowel signs left out.  Which record holds a word is ``search.py``'s.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import product

import resources

# ---- characters

_KANJI = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
# 霞ヶ関 and 霞が関, 十二ヶ月 and 十二か月 are one; only between kanji, since か and が are words elsewhere.
_KA_BETWEEN_KANJI = re.compile(f"(?<=[{_KANJI}0-9])[かがヶ](?=[{_KANJI}])")
_STARTS_WITH_KA = re.compile(f"[かがヶ](?=[{_KANJI}]|$)")
_ENDS_WITH_KA = re.compile(f"(?<![^{_KANJI}0-9])[かがヶ]$")

_LONE_KE = re.compile(f"(?<![{_KANJI}0-9])ヶ|ヶ(?![{_KANJI}])")

_SMALL_KANA = dict(zip("ぁぃぅぇぉっゃゅょゎゕ", "あいうえおつやゆよわか", strict=True))
_OLD_KANA = {"ゐ": "い", "ゑ": "え", "を": "お", "ぢ": "じ", "づ": "ず", "ゔ": "ぶ"}
_OTHER_KANA = {"ヷ": "ば", "ヸ": "び", "ヹ": "べ", "ヺ": "ぼ", "ヶ": "ヶ", "ケ": "ヶ", "ゖ": "ヶ"}
# These mean a Latin letter and do not come apart by themselves.
_LATIN = {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}

_VU = re.compile("[ヴゔ]([ァィェォャュョぁぃぇぉゃゅょ])")
_VU_VOWEL = dict(zip("ァィェォぁぃぇぉ", "ばびべぼばびべぼ", strict=True))
_LATIN_ACCENTS = re.compile("[\u0300-\u036f]")
_REPEAT = re.compile("[々〻ゝゞヽヾ]")
_NO_LETTER = re.compile(r"[\W_ー]+")
_BLANK_BESIDE_JAPANESE = re.compile("(?<![a-z0-9]) | (?![a-z0-9])")


_TO_KATAKANA = ord("ァ") - ord("ぁ")


@lru_cache(maxsize=1)
def _one_for_one() -> dict[int, str]:
    """The table of single characters: katakana to hiragana, small kana to large, variants to one form."""
    table = dict(_LATIN)
    for row in resources.text("reference/variants.tsv").splitlines()[1:]:
        canonical, members = row.split("\t")
        table |= dict.fromkeys(members, canonical)
    for code in range(ord("ぁ"), ord("ゖ") + 1):
        kana = chr(code)
        folded = _SMALL_KANA.get(kana) or _OLD_KANA.get(kana) or kana
        table |= {kana: folded, chr(code + _TO_KATAKANA): folded}
    return str.maketrans(table | _OTHER_KANA)


# ---- folding


@lru_cache(maxsize=8192)  # publishers, subjects and names come again and again, and so do queries
def fold(text: str) -> str:
    """The form in which two texts are compared; empty where the text has neither letter nor figure.

    Folding what is folded changes nothing.  A blank stands only between two Latin words or numbers.
    """
    return _close(_open(text))


def forms(text: str) -> tuple[str, ...]:
    """Every folded form in which a text may stand inside a longer one; the first is ``fold(text)``.

    There are several only where the neighbour decides: ヶ at an end may have been between two kanji, ヴ may
    have been the start of ヴァ; and a long kana text also has its phonetic form.
    """
    opened = _open(text)
    folded = _close(opened)
    if not folded:
        return ()
    first, last = {folded[0]}, {folded[-1]}
    if _STARTS_WITH_KA.match(opened):
        first.add("ヶ")
    if _ENDS_WITH_KA.search(opened):
        last.add("ヶ")
    typed = unicodedata.normalize("NFKC", text).strip()
    if typed[:1] in _VU_VOWEL:
        first.add(_VU_VOWEL[typed[0]])
    if typed[-1:] in ("ヴ", "ゔ"):
        last.update("ばびべぼ")
    found = [folded]
    if len(folded) == 1:
        found += sorted((first | last) - {folded})
    else:
        found += sorted({a + folded[1:-1] + z for a, z in product(first, last)} - {folded})
    if len(folded) >= _LONG_ENOUGH and phonetic(folded) != folded:
        found.append(phonetic(folded))
    return tuple(found)


# What folds together: signs that are folded one by one; a kana with the voicing mark on it, and ヴ with the
# small vowel behind it; a letter with its accents.
_VOICING = "[\u3099\u309a゛゜ﾞﾟ]"
_TOGETHER = re.compile(
    f"([ぁ-ゔァ-ヲンヵ一-鿿]+(?!{_VOICING}|[\u0300-\u036f]))"
    f"|(?:[ヴゔ][ァィェォャュョぁぃぇぉゃゅょ]|[ぁ-ヿｦ-ﾝ]){_VOICING}*|.[\u0300-\u036f]*",
    re.DOTALL,
)


@lru_cache(maxsize=4096)  # what is popular is shown again and again
def aligned(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text folded, and from where to where in the text each folded character comes."""
    written, places, gap = "", [], None
    for one in _TOGETHER.finditer(text):
        if one[1]:
            written, gap = written + one[1].translate(_one_for_one()), None
            places += [(at, at + 1) for at in range(*one.span())]
            continue
        sign = one[0]
        if _REPEAT.match(sign):
            sign = _repeated(unicodedata.normalize("NFKC", _with_marks(text[: one.end()])))[-1:]
        folded = _piece(sign)
        if not folded:
            gap = one.span() if gap is None else gap
        elif gap and written and (written[-1] + folded[0]).isascii():
            written, places = written + " ", [*places, gap]
        if folded:
            written, gap = written + folded, None
            places += [one.span()] * len(folded)
    return _close(written), places


@lru_cache(maxsize=8192)
def _piece(text: str) -> str:
    return _open(text)


# Shorter words would meet too many others: わな (snare) and はな (flower) must stay apart.
_LONG_ENOUGH = 5
_ONLY_KANA = re.compile("[ぁ-ゖ]+")
_SOUNDS = str.maketrans("はわへえ", "ゎゎぇぇ")


def phonetic(folded: str) -> str:
    """A folded reading with は and わ, へ and え as one: わがはいわねこである meets わがはいはねこである.

    Cataloguing rules write the particles as they sound, other lists as they are spelled.  Readings are
    indexed in both forms, since folding the reading alone would let わな find はな.  The small kana in which
    this form is written occur in no folded text, so that it meets nothing but its like.
    """
    return folded.translate(_SOUNDS) if _ONLY_KANA.fullmatch(folded) else folded


def _open(text: str) -> str:
    """All of the folding but the last step: ヶ, か and が between kanji are still apart."""
    text = unicodedata.normalize("NFKD", _with_marks(text))
    text = unicodedata.normalize("NFKC", _LATIN_ACCENTS.sub("", text).casefold())
    if _REPEAT.search(text):
        text = _repeated(text)
    text = _VU.sub(lambda found: _VU_VOWEL.get(found[1], "び" + found[1]), text)
    text = _NO_LETTER.sub(" ", text.translate(_one_for_one()))
    return _BLANK_BESIDE_JAPANESE.sub("", text)


def _with_marks(text: str) -> str:
    """A text in which a separate voicing mark belongs to the kana before it."""
    return text.replace("゛", "\u3099").replace("゜", "\u309a")


def _close(opened: str) -> str:
    return _LONE_KE.sub("け", _KA_BETWEEN_KANJI.sub("ヶ", opened))


def _repeated(text: str) -> str:
    """佐々木 as 佐佐木, すゝめ as すすめ, いすゞ as いすず.  A mark that has nothing to repeat is dropped."""
    written = ""
    for character in text:
        if not _REPEAT.match(character):
            written += character
        elif written:
            written += _REPEATED_AS.get(character, lambda before: before)(written[-1])
    return written


def _unvoiced(kana: str) -> str:
    return unicodedata.normalize("NFD", kana)[0]


def _voiced(kana: str) -> str:
    return unicodedata.normalize("NFC", _unvoiced(kana) + "\u3099")[0]


_REPEATED_AS = {"ゝ": _unvoiced, "ヽ": _unvoiced, "ゞ": _voiced, "ヾ": _voiced}


# ---- ISBN


def isbn13(text: str) -> str | None:
    """The thirteen digits of an ISBN, old or new, hyphens and full-width figures allowed; None for all else.

    The check digit is proved, so that a telephone number or a mistyped ISBN is not taken for one.  The method
    is that of the ISBN Users' Manual (ISO 2108).
    """
    digits = re.sub(r"[\s\-‐-―−ー]", "", unicodedata.normalize("NFKC", text)).upper()
    if re.fullmatch("[0-9]{9}[0-9X]", digits):
        weighed = sum(
            weight * "0123456789X".index(digit)
            for weight, digit in zip(range(10, 0, -1), digits, strict=True)
        )
        if weighed % 11 == 0:
            digits = "978" + digits[:9]
            return digits + _check_digit(digits)
    if re.fullmatch("97[89][0-9]{10}", digits) and digits[12] == _check_digit(digits[:12]):
        return digits
    return None


def _check_digit(twelve: str) -> str:
    return str(-sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(twelve)) % 10)
