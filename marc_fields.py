"""What the fields of a MARC record say: which of them has a text in which script, and the text, cleaned."""

import re
import unicodedata
from functools import lru_cache

from pymarc import Field

import isbd
from marc_files import Marc

NDL = "JTNDL"
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f]"
)  # control signs, and those that turn the writing round


class Reading:
    """A record, and which field of it has a text as on the title page, in kana, in Latin letters."""

    def __init__(self, record: Marc):
        self.record = record
        self.linked: dict[str, list[tuple[str, Field]]] = {}
        for field in record.get_fields("880"):
            link = re.match(r"([0-9]{3})-([0-9]{2})(?:/(.*))?", field.get("6", ""))
            if link:
                self.linked.setdefault(f"{link[1]}-{link[2]}", []).append((link[3] or "", field))
        scripts = {script[:2] for fields in self.linked.values() for script, _ in fields}
        self.readings_beside = "(B" in scripts or self.control("003") == NDL

    def control(self, tag: str) -> str:
        field = self.record.get(tag)
        return (field.data or "").strip() if field else ""

    def control_at(self, tag: str, at: int, length: int = 1) -> str:
        """What stands at a place of a control field, which may be cut off at either end."""
        field = self.record.get(tag)
        return (field.data or "")[at : at + length] if field else ""

    def fields(self, *tags: str) -> list[Field]:
        return self.record.get_fields(*tags)

    def first(self, *tags: str) -> Field | None:
        return next((self.record[tag] for tag in tags if tag in self.record), None)

    def _beside(self, field: Field) -> list[tuple[str, Field]]:
        link = re.match("880-([0-9]{2})", field.get("6", ""))
        return self.linked.get(f"{field.tag}-{link[1]}", []) if link else []

    def as_written(self, field: Field) -> Field:
        """The field in the script of the title page."""
        if not self.readings_beside:
            for _, other in self._beside(field):
                return other
        return field

    def kana(self, field: Field) -> Field | None:
        if self.readings_beside:
            return next((other for script, other in self._beside(field) if script.startswith("$1")), None)
        return None

    def roman(self, field: Field) -> Field | None:
        if self.readings_beside:
            return next((other for script, other in self._beside(field) if script.startswith("(B")), None)
        return None if self.as_written(field) is field else field


@lru_cache(maxsize=4096)  # publishers, series and names come again and again
def clean(text: str) -> str:
    """A text without signs that are not seen, and without the punctuation that leads on."""
    return isbd.plain(_UNSEEN.sub("", unicodedata.normalize("NFC", text)))


def parts(field: Field, codes: str) -> list[str]:
    """The texts of these subfields in their order, without empty ones."""
    return list(filter(None, map(clean, field.get_subfields(*codes))))


def joined(field: Field | None, codes: str) -> str:
    """The same as one text, in which the punctuation between them stands."""
    return clean(" ".join(field.get_subfields(*codes))) if field else ""


def title_parts(field: Field | None) -> tuple[str, str, str, str]:
    """Title, subtitle, the title in another language, and the volume."""
    title, subtitle, parallel, volume = [], [], [], []
    before = ""
    for code, text in field.subfields if field else ():
        if code == "a":
            title.append(clean(text))
        elif code == "b" and before.endswith("="):
            other, _, below = clean(text).partition(" : ")
            # 題 = Title : subtitle; but 題 = Title : 副題
            parallel.append(other if isbd.is_japanese(below) else clean(text))
            subtitle += [below] if isbd.is_japanese(below) else []
        elif code == "b":
            subtitle.append(clean(text))
        elif code in "np":
            volume.append(clean(text))
        before = text.rstrip()
    name, more, other = isbd.title_parts(" ; ".join(filter(None, title)))
    *below, another = isbd.title_parts(" : ".join(filter(None, (more, *subtitle))))
    beside = " = ".join(filter(None, (other, another, *parallel)))
    return name, " : ".join(filter(None, below)), beside, " ".join(filter(None, volume))


def series_name(field: Field) -> str:
    """叢書. 部編 ; 7"""
    name = clean(". ".join(parts(field, "anp")))
    number = joined(field, "v")
    return f"{name} ; {number}" if name and number else name


def name(field: Field) -> str:
    """A person without dates, or a body with its parts."""
    tag = field.get("6", "")[:3] if field.tag == "880" else field.tag
    return isbd.person(joined(field, "a")) if tag in ("100", "700") else " ".join(parts(field, "abn"))
