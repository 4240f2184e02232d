"""The pieces of the records that come in: which barcode is whose, what becomes another, what is refused."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from rules import (
    ItemEntry,
    ItemFacts,
    ItemState,
    Policy,
    Reason,
    decide_barcode,
    decide_item,
    decide_withdrawal,
)
from title_records import ItemRecord, RefusedRow, TitleRecord

_COLUMNS = ("branch", "call_number", "tags", "state", "not_for_loan", "volumes")
_KNOWN_SQL = f"""
SELECT item.id, item.bib_id, barcode, {", ".join(f"item.{name}" for name in _COLUMNS)}, interlibrary,
  loan.due_on, hold.id IS NOT NULL
FROM item LEFT JOIN loan ON loan.item_id = item.id AND loan.returned_at IS NULL
  LEFT JOIN hold ON hold.item_id = item.id AND hold.closed_at IS NULL
WHERE barcode IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - made of the names above
_CARDS_SQL = "SELECT card_number FROM patron WHERE card_number IN (SELECT value FROM json_each(?))"
_ADD_SQL = f"""
INSERT INTO item (bib_id, barcode, {", ".join(_COLUMNS)}, added_on)
VALUES (?, ?, {", ".join("?" * len(_COLUMNS))}, ?)
"""  # noqa: S608 - made of the names above
# In another state a piece stands on no hold shelf any more.
_CHANGE_SQL = f"""
UPDATE item SET to_shelve_at = CASE WHEN state = ? THEN to_shelve_at END,
  {", ".join(f"{name} = ?" for name in _COLUMNS)} WHERE id = ?
"""  # noqa: S608 - made of the names above


@dataclass(slots=True)
class Piece:
    """A piece as it will stand; without a number it is new."""

    barcode: str
    values: dict[str, object]
    number: int | None = None
    bib: int = 0
    added_on: date | None = None
    interlibrary: bool = False
    due_on: date | None = None
    is_set_aside: bool = False
    is_changed: bool = False

    @property
    def is_new(self) -> bool:
        return self.number is None


@dataclass(slots=True)
class _Batch:
    known: dict[str, Piece] = field(default_factory=dict)
    cards: set[str] = field(default_factory=set)
    kept: list[Piece] = field(default_factory=list)


class Pieces:
    """The pieces of one run over a list."""

    def __init__(self, db, today: date, policy: Policy | None):
        self.db, self.today, self.policy = db, today, policy
        self.of_run: dict[str, int] = {}  # barcodes that the list has named, to the numbers of their titles
        self.batch = _Batch()

    def read(self, records: list[TitleRecord]) -> None:
        """Look up what is known of the barcodes of a batch."""
        self.batch = _Batch()
        barcodes = [piece.barcode for record in records for piece in record.items]
        if not barcodes:
            return
        for number, bib, barcode, *values, interlibrary, due_on, set_aside in self.db.execute_sql(
            _KNOWN_SQL, (json.dumps(barcodes),)
        ):
            piece = Piece(barcode, dict(zip(_COLUMNS, values, strict=True)), number, bib)
            piece.interlibrary, piece.is_set_aside = bool(interlibrary), bool(set_aside)
            piece.due_on = date.fromisoformat(due_on) if due_on else None
            self.batch.known[barcode] = piece
        new = [barcode for barcode in barcodes if barcode not in self.batch.known]
        self.batch.cards = {row[0] for row in self.db.execute_sql(_CARDS_SQL, (json.dumps(new),))}

    def title_of(self, barcode: str) -> int | None:
        """The title of a piece that is there, and that this list has not named before."""
        known = self.batch.known.get(barcode)
        return known.bib if known and barcode not in self.of_run else None

    def weigh(
        self, record: TitleRecord, bib: int, words: Callable[[int], str]
    ) -> tuple[list[Piece], list[RefusedRow]]:
        """The pieces of a record that can be kept with this title, and why others cannot.  ``words``: what a
        title is called."""
        planned, refused = [], []
        for item in record.items:
            found = self._weigh(record.line, item, bib, words)
            if isinstance(found, Piece):
                planned.append(found)
            else:
                refused += found
        return planned, refused

    def _weigh(
        self, line: int, item: ItemRecord, bib: int, words: Callable[[int], str]
    ) -> Piece | list[RefusedRow]:
        known = self.batch.known.get(item.barcode)
        owner = self.of_run.get(item.barcode)
        if owner is not None and owner != bib:
            return [RefusedRow(line, "import.barcode_twice", {"barcode": item.barcode})]
        if known and known.bib != bib:
            facts = {"barcode": item.barcode, "title": words(known.bib)}
            return [RefusedRow(line, "import.barcode_taken", facts)]
        if known and known.interlibrary:
            return [RefusedRow(line, "import.piece_of_others", {"barcode": item.barcode})]
        if owner is not None:
            return Piece(item.barcode, {}, number=0, bib=bib)  # said twice
        said = _said(item)
        piece = known or Piece(item.barcode, self._of_new(), added_on=item.added_on or self.today)
        reasons = self._refusals(line, piece, {**piece.values, **said}, item)
        if reasons:
            return reasons
        piece.is_changed = bool(known) and any(piece.values[name] != value for name, value in said.items())
        piece.values = {**piece.values, **said}
        return piece

    def _of_new(self) -> dict[str, object]:
        branch = self.policy.main_branch.id if self.policy else ""
        state = ItemState.IN_STOCK.value
        return dict(zip(_COLUMNS, (branch, "", "", state, 0, 1), strict=True))

    def _refusals(self, line: int, piece: Piece, values: dict, item: ItemRecord) -> list[RefusedRow]:
        refusals = ()
        if self.policy:
            if self.policy.branch(values["branch"]) is None and (piece.is_new or item.branch):
                known = [branch.name for branch in self.policy.branches]
                facts = {"given": values["branch"], "known": known}
                return [RefusedRow(line, "import.unknown_branch", facts)]
            if piece.is_new:
                refusals += decide_barcode(
                    self.policy, piece.barcode, is_a_card=piece.barcode in self.batch.cards
                ).refusals
            entry = ItemEntry(piece.barcode, values["branch"], volumes=values["volumes"])
            refusals += tuple(
                one
                for one in decide_item(self.policy, entry).refusals
                if one.reason is not Reason.UNKNOWN_BRANCH
            )
        was, state = piece.values["state"], values["state"]
        if state != was and state == ItemState.WITHDRAWN:
            facts = ItemFacts("", state=ItemState(was), due_on=piece.due_on, set_aside=piece.is_set_aside)
            refusals += decide_withdrawal(facts).refusals
        if state != was and state == ItemState.MISSING and piece.is_set_aside:
            return [RefusedRow(line, "import.piece_kept", {"barcode": piece.barcode})]
        return [RefusedRow(line, refusal.reason.value, refusal.facts) for refusal in refusals]

    def keep(self, piece: Piece, bib: int) -> None:
        """The piece is this title's."""
        self.of_run[piece.barcode] = bib
        piece.bib = bib
        if piece.is_new:
            self.batch.known[piece.barcode] = piece
        if piece.is_new or piece.is_changed:
            self.batch.kept.append(piece)

    def write(self, number_of: Callable[[int], int]) -> None:
        """Write the pieces of the batch.  ``number_of``: the number of a title that has just got one."""
        run = self.db.connection().executemany
        new = [piece for piece in self.batch.kept if piece.is_new]
        run(
            _ADD_SQL,
            [
                (
                    number_of(piece.bib),
                    piece.barcode,
                    *(piece.values[name] for name in _COLUMNS),
                    piece.added_on.isoformat(),
                )
                for piece in new
            ],
        )
        changed = [piece for piece in self.batch.kept if piece.is_changed and not piece.is_new]
        run(
            _CHANGE_SQL,
            [
                (piece.values["state"], *(piece.values[name] for name in _COLUMNS), piece.number)
                for piece in changed
            ],
        )
        for piece in new:
            self.of_run[piece.barcode] = number_of(piece.bib)


def _said(item: ItemRecord) -> dict[str, object]:
    """What a list says of a piece, as the table holds it."""
    said = {
        "branch": item.branch or None,
        "call_number": item.call_number,
        "tags": None if item.tags is None else "\n".join(item.tags),
        "state": None if item.state is None else item.state.value,
        "not_for_loan": None if item.not_for_loan is None else int(item.not_for_loan),
        "volumes": item.volumes,
    }
    return {name: value for name, value in said.items() if value is not None}
