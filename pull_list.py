"""Which pieces stand on a branch's shelves and should be fetched, because somebody waits for their title.

Reads only.  A piece that has been fetched is scanned where returns are scanned, and goes to whoever waits
longest; until then a visitor may take it first.  Pieces of other libraries stand on no shelf of ours.
"""

from dataclasses import dataclass, replace
from datetime import date

from catalogue import NEWEST_ISSUE_SQL, item_facts
from models import db
from rules import Policy, serves_holds

_QUEUES_SQL = """
SELECT bib_id, pickup_branch FROM hold
WHERE state = 'waiting' AND (paused_until IS NULL OR paused_until < ?) ORDER BY bib_id, requested_at, id
"""
_ON_SHELF_SQL = f"""
SELECT b.id, item.id, item.barcode, b.title || CASE b.volume WHEN '' THEN '' ELSE ' ' || b.volume END,
  b.material, {NEWEST_ISSUE_SQL}, item.branch, item.call_number, item.tags, item.state, item.not_for_loan,
  item.interlibrary, item.volumes, item.added_on, item.to_shelve_at
FROM item JOIN bib AS b ON b.id = item.bib_id
WHERE item.state = 'in_stock' AND NOT item.interlibrary
  AND b.id IN (SELECT bib_id FROM hold WHERE state = 'waiting')
  AND NOT EXISTS (SELECT 1 FROM loan WHERE item_id = item.id AND returned_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM hold WHERE item_id = item.id AND closed_at IS NULL)
ORDER BY item.id
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class Pull:
    """A piece to fetch, the branch at which it is wanted, and whether it still stands on the hold shelf."""

    barcode: str
    title: str
    branch: str
    call_number: str
    pickup_branch: str
    to_shelve: bool = False


def to_fetch(policy: Policy, branch: str, today: date) -> list[Pull]:
    """The pieces to fetch at a branch, by call number: one for each hold that waits, and each piece once.

    A hold is served from the branch where it will be collected, if a piece stands there.
    """
    on_shelf: dict[int, list[Pull]] = {}
    for bib, _, barcode, title, material, newest, *columns, stands_at in db.execute_sql(_ON_SHELF_SQL):
        if serves_holds(policy, item_facts(material, bool(newest), *columns), today):
            at, call_number = stands_at or columns[0], columns[1]
            piece = Pull(barcode, title, at, call_number, "", stands_at is not None)
            on_shelf.setdefault(bib, []).append(piece)
    fetched = []
    for bib, pickup in db.execute_sql(_QUEUES_SQL, (today.isoformat(),)):
        pieces = on_shelf.get(bib)
        if pieces:
            piece = next((piece for piece in pieces if piece.branch == pickup), pieces[0])
            pieces.remove(piece)
            if piece.branch == branch:
                fetched.append(replace(piece, pickup_branch=pickup))
    return sorted(fetched, key=lambda piece: (piece.call_number, piece.title, piece.barcode))
