"""請求記号: in which order pieces stand on the shelf.  Pure.

A call number is 別置記号, 分類記号 and 図書記号, each of which may be missing: 「R 813 コ」, 「913.6 ナ 2」,
「E サ」, nothing.  What opens with letters or kana stands apart; then come classes as decimal figures, marks
as kana are sorted, volumes as numbers; pieces with one mark, or with none at all, stand by title.
"""

import re
import unicodedata

_SEPARATOR = " "  # below every other character, so that R ends before RA begins
_AFTER = "!"  # the character behind the separator
_LONGEST = 30  # of a title: beyond that nobody looks
_VOLUMES = {"上": 1, "中": 2, "下": 3, "前": 1, "後": 2, "正": 1, "続": 2}
_KATAKANA = {sign: sign + 0x60 for sign in range(ord("ぁ"), ord("ゖ") + 1)}
_NO_VOICE = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", "\u3099\u309aー・")
_NO_LETTERS = re.compile(r"\W")
_FIGURES = re.compile(r"\d+")
_PARTS = re.compile(
    # R of R813 コ, 雑誌 of 雑誌 シ, E of Eサ and of E alone
    r"(?:(?P<before>[^\d\s/]+?)[\s/]*(?=\d)|(?P<apart>[^\d\s/]+)[\s/]+(?=\S)|(?P<letters>[A-Z]+)(?=[ァ-ヺ]|$))?"
    r"(?P<number>\d+(?:\.\d+)?)?[\s/]*"
    r"(?P<mark>[A-Z]+\d+|[^\d\s/]+)?[\s/]*(?P<rest>.*)"  # ナ, and N58 of the tables, which is a decimal
)


def shelf_key(call_number: str, title: str = "", volume: str = "") -> str:
    """A text by which pieces sort as they stand; ``title`` is its reading, where one is known.

    It begins with the 別置記号 and a blank, so that what stands together is one stretch of the order.
    """
    parts = _PARTS.fullmatch(_plain(call_number)).groupdict("")
    prefix = parts["before"] or parts["apart"] or parts["letters"]
    mark = parts["mark"]
    fields = (
        prefix,
        parts["number"],
        _as_sorted(mark),
        mark,  # after ハ comes バ
        _counted(parts["rest"]),
        _as_sorted(_plain(title))[:_LONGEST],
        _counted(_plain(volume)),
    )
    return _SEPARATOR.join(",".join(field.split()) for field in fields)


def stretch(key: str) -> tuple[str, str]:
    """From which key on, and before which, everything has the 別置記号 of this one."""
    prefix = key.partition(_SEPARATOR)[0]
    return prefix + _SEPARATOR, prefix + _AFTER


# What stands in ``item.shelf_key``, by the function that ``register`` teaches.
KEYS_SQL = """
shelf_key(call_number,
  (SELECT CASE title_kana WHEN '' THEN title ELSE title_kana END FROM bib WHERE id = bib_id),
  (SELECT volume FROM bib WHERE id = bib_id))
"""


def register(db) -> None:
    """Teach a database the function by which its triggers keep ``item.shelf_key`` as it has to be."""
    db.register_function(shelf_key, "shelf_key", 3, deterministic=True)


def arrange(db) -> None:
    """Write anew each key that is not as it has to be."""
    with db.atomic():
        db.execute_sql(f"UPDATE item SET shelf_key = {KEYS_SQL} WHERE shelf_key <> {KEYS_SQL}")  # noqa: S608


def _plain(text: str) -> str:
    """Wide letters, half-width kana and hiragana in the one form that labels have."""
    text = " ".join(unicodedata.normalize("NFKC", text).split()).upper()
    return text.translate(_KATAKANA)


def _as_sorted(text: str) -> str:
    """Kana without voicing, size and length: ばっぐ sorts as ハツク."""
    bare = unicodedata.normalize("NFD", text).translate(_NO_VOICE)
    return _NO_LETTERS.sub("", unicodedata.normalize("NFC", bare))


def _counted(text: str) -> str:
    """The numbers in a text so that 2 comes before 10, and 上 before 下; 第3巻 is 3."""
    numbers = [str(_VOLUMES[text])] if text in _VOLUMES else _FIGURES.findall(text)
    return "-".join(number.lstrip("0").zfill(9) for number in numbers) or text
