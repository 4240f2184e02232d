"""A list of titles and pieces as a library keeps it, one row a piece or a title: its rows as plain records.

What the columns may be called is in ``columns.py``, what may stand in them in ``cells.py``.  The list that we
write ourselves is ``title_list.py``'s.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import cells
from columns import Header, folded
from rules import ItemState, Policy, item_barcode
from sheets import Sheet
from title_records import CreatorRecord, ItemRecord, RefusedRow, TitleRecord


@dataclass(frozen=True, slots=True)
class Choices:
    """What whoever imports says beside the list: what its columns are, and what counts where it is silent."""

    columns: Mapping[str, str] = field(default_factory=dict)  # names of the list, to ours
    branch: str = ""
    material: str = ""
    digits: int = 0  # of a barcode, where a spreadsheet has taken the zeros in front


# ---- reading

# How each cell is read.
_TITLE_CELLS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(
        (
            "source",
            "title",
            "title_kana",
            "subtitle",
            "subtitle_kana",
            "original_title",
            "volume",
            "publisher",
        ),
        cells.text,
    ),
    **dict.fromkeys(("series", "series_kana", "extent", "serial", "serial_kana"), cells.text),
    "subjects": cells.terms,
    "language": cells.language,
    "ndc": cells.ndc,
}
_ITEM_CELLS: dict[str, Callable[[str], object]] = {
    "call_number": lambda cell: cells.text(cell.replace("|", " ")),
    "tags": cells.tags,
    "not_for_loan": cells.kept_in,
    "state": cells.state,
    "item_added_on": cells.day,
}


def read(
    sheet: Sheet, header: Header, policy: Policy | None = None, choices: Choices | None = None
) -> Iterator[TitleRecord | RefusedRow]:
    """A record for each row below the header.  Without a policy its words for branches and materials are not
    looked up."""
    reader = _Reader(header, policy, choices or Choices())
    for row in sheet.rows(header.width):
        if row.line < header.rows_from:
            continue
        if not row.is_whole:
            yield RefusedRow(row.line, "import.broken_row")
            continue
        try:
            yield reader.record(row.line, row.cells)
        except cells.Refused as refusal:
            yield RefusedRow(row.line, refusal.reason, refusal.facts)


_FORMULA = re.compile("'[=+\\-@＝＋－＠]")


class _Reader:
    """Reads the rows of one list."""

    def __init__(self, header: Header, policy: Policy | None, choices: Choices):
        self.policy, self.choices = policy, choices
        self.places: dict[str, list[int]] = {}
        for place, column in enumerate(header.columns):
            if column is not None:
                self.places.setdefault(column, []).append(place)

    def record(self, line: int, row: list[str]) -> TitleRecord:
        found = {}
        for column, places in self.places.items():
            cell = next((row[place] for place in places if row[place]), "")
            if len(cell) > cells.MOST:
                raise cells.Refused("import.too_long", most=cells.MOST)
            if cell:
                # A table that we wrote for a spreadsheet has ' before what would be a formula there.
                found[column] = cell[1:] if cell[0] == "'" and _FORMULA.match(cell) else cell
        if found.get("skip"):
            raise cells.Refused("import.skipped")
        title = self._title(found)
        items = self._items(found)
        if not title.get("title") and not items:
            raise cells.Refused("import.no_title")
        return TitleRecord(line=line, items=items, **{"source": "", "title": "", **title})

    def _title(self, found: dict[str, str]) -> dict[str, object]:
        title: dict[str, object] = cells.statement(found["statement"]) if "statement" in found else {}
        title["material"] = self._material(found.get("material", ""))
        for column, understand in _TITLE_CELLS.items():
            if column in found:
                title[column] = understand(found[column])
        if title.get("serial", "").casefold() in ("true", "false", "t", "f", "1", "0"):
            del title["serial"]  # Enju's mark that the title is a magazine
        if "isbn" in found:
            title["isbn"] = cells.isbn(found["isbn"])
        if "pub_year" in found:
            title["pub_year"], title["pub_month"] = cells.year_and_month(found["pub_year"])
        if "pub_month" in found:
            title["pub_month"] = cells.month(found["pub_month"])
        if "issued_on" in found:
            title["issued_on"] = cells.day(found["issued_on"])
            if title["issued_on"] is None:
                raise cells.Refused("import.wrong_day", given=found["issued_on"][:40])
        if creators := self._creators(found):
            title["creators"] = creators
        return title

    def _creators(self, found: dict[str, str]) -> tuple[CreatorRecord, ...]:
        creators = cells.people(found.get("author", ""))
        if "author_kana" in found:
            creators = cells.with_readings(creators, found["author_kana"])
        for column, role in (("translator", "翻訳者"), ("editor", "編者"), ("illustrator", "絵")):
            creators += cells.people(found.get(column, ""), role)
        return creators

    def _items(self, found: dict[str, str]) -> tuple[ItemRecord, ...]:
        barcode = item_barcode(found.get("barcode", "")).removesuffix(".0")
        if not barcode:
            return ()
        if re.fullmatch(r"[0-9](\.[0-9]+)?E\+?[0-9]+", barcode):
            raise cells.Refused("import.spoilt_barcode", given=found["barcode"][:40])
        if barcode.isdecimal():
            barcode = barcode.zfill(self.choices.digits)
        item = {
            column: understand(found[column]) for column, understand in _ITEM_CELLS.items() if column in found
        }
        if "call_number" not in item and ("book_mark" in found or "class_prefix" in found):
            parts = (found.get(column, "") for column in ("class_prefix", "ndc", "book_mark"))
            item["call_number"] = " ".join(filter(None, map(cells.text, parts)))
        if "for_loan" in found and "not_for_loan" not in item:
            item["not_for_loan"] = cells.lendable(found["for_loan"])
        if "withdrawn" in found and (gone := cells.withdrawn(found["withdrawn"])) is ItemState.WITHDRAWN:
            item["state"] = gone
        if "volumes" in found:
            item["volumes"] = cells.number(found["volumes"])
            if not item["volumes"]:
                raise cells.Refused("import.wrong_volumes", given=found["volumes"][:40])
        item["added_on"] = item.pop("item_added_on", None)
        return (ItemRecord(barcode=barcode, branch=self._branch(found), **item),)

    def _branch(self, found: dict[str, str]) -> str:
        """The branch that the row names by its id or its name; a shelf may be called like a branch too."""
        branches = self.policy.branches if self.policy else ()
        given = found.get("branch", "")
        if given and self.policy:
            branch = _named(branches, given)
            if branch is None:
                known = [one.name for one in branches]
                raise cells.Refused("import.unknown_branch", given=given[:40], known=known)
            return branch
        return given or _named(branches, found.get("shelf", "")) or self.choices.branch

    def _material(self, given: str) -> str:
        if not given:
            return self.choices.material
        if self.policy is None:
            return given
        materials = self.policy.materials
        found = _named(materials, given)
        if found is None:
            word = folded(given)
            meant = next((id_ for id_, words in _KINDS.items() if word in map(folded, words.split())), "")
            found = _named(materials, meant)
        if found is None:
            raise cells.Refused(
                "import.unknown_material", given=given[:40], known=[one.name for one in materials]
            )
        return found


# What lists call the kinds that most policies name.
_KINDS = {
    "book": "図書 本 書籍 一般 一般書 一般図書 児童 児童書 児童図書 成人 文庫 新書 単行本 和書 洋書 絵本"
    " book volume",
    "magazine": "雑誌 逐次刊行物 定期刊行物 magazine periodical serial",
    "av": "CD DVD AV AV資料 視聴覚 視聴覚資料 ビデオ 録音資料 映像資料 audio_disc video_disc",
}


def _named(known: Iterable, given: str) -> str | None:
    """The id of the branch or material that goes by this id or name."""
    key = folded(given)
    return next((one.id for one in known if key and key in (folded(one.id), folded(one.name))), None)
