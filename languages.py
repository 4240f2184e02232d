"""Languages as catalogues write them, three letters of MARC, and as pages do, by BCP 47."""

import re

# Where BCP 47 has a shorter word than MARC, or another one.
_TAGS = {
    "ara": "ar",
    "chi": "zh",
    "dut": "nl",
    "eng": "en",
    "fin": "fi",
    "fre": "fr",
    "ger": "de",
    "hin": "hi",
    "ind": "id",
    "ita": "it",
    "kor": "ko",
    "lat": "la",
    "may": "ms",
    "mya": "my",
    "bur": "my",
    "nep": "ne",
    "per": "fa",
    "por": "pt",
    "rus": "ru",
    "spa": "es",
    "swe": "sv",
    "tgl": "tl",
    "tha": "th",
    "tur": "tr",
    "ukr": "uk",
    "vie": "vi",
}
# Those with a name in the translations.
NAMED = {*_TAGS} - {"mya"}
_NO_LANGUAGE = {"mul", "und", "zxx", "mis"}  # several, unknown, none, another


def is_foreign(code: str) -> bool:
    return code not in ("", "jpn")


def tag(code: str) -> str:
    """The language of a title for an attribute ``lang``; nothing for Japanese, which the page is anyway."""
    if not is_foreign(code) or code in _NO_LANGUAGE or not re.fullmatch("[a-z]{3}", code):
        return ""
    return _TAGS.get(code, code)
