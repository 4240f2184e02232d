"""A list as it was understood, before anything of it is stored: for the command and for the page."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice

from intake import Stored, TitleList
from rules import Policy
from title_records import RefusedRow, TitleRecord

FIRST = 10  # rows that are shown
SHOWN = (
    *("title", "volume", "author", "publisher", "pub_year", "isbn", "ndc", "material"),
    *("barcode", "branch", "call_number", "not_for_loan"),
)
_DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon"}


def delimiter(found: TitleList) -> str:
    """What stands between the cells, as the end of a sentence's key."""
    if found.sheet is None:
        return "none"
    return _DELIMITERS[found.delimiter] if found.encoding else "excel"


def first_rows(found: TitleList, policy: Policy) -> list[tuple[int, dict[str, str]] | RefusedRow]:
    """The first records by what is known of them, without what is empty; or why they are refused."""
    return [
        row if isinstance(row, RefusedRow) else (row.line, _known(row, policy))
        for row in islice(found.records(), FIRST)
    ]


def _known(record: TitleRecord, policy: Policy) -> dict[str, str]:
    piece = record.items[0] if record.items else None
    material = policy.material(record.material)
    year = str(record.pub_year or "")
    known = {
        "title": " ".join(filter(None, (record.title, record.subtitle))),
        "volume": record.volume,
        "author": "、".join(f"{one.name}({one.role})" if one.role else one.name for one in record.creators),
        "publisher": record.publisher,
        "pub_year": f"{year}.{record.pub_month}" if record.pub_month else year,
        "isbn": record.isbn or "",
        "ndc": record.ndc,
        "material": material.name if material else record.material,
    }
    if piece:
        branch = policy.branch(piece.branch)
        known |= {
            "barcode": piece.barcode,
            "branch": branch.name if branch else piece.branch,
            "call_number": piece.call_number or "",
            "not_for_loan": "○" if piece.not_for_loan else "",
        }
    return {name: known[name] for name in SHOWN if known.get(name)}


def hints(found: TitleList, digits: int) -> list[tuple[str, dict[str, object]]]:
    """What is worth a second look: keys of sentences with their facts."""
    told = []
    if found.header and found.header.passed_over:
        told.append(("import.passed_over", {"names": found.header.passed_over[:20]}))
    if found.header and "branch" not in found.header.columns and "barcode" in found.header.columns:
        told.append(("import.no_branch", {}))
    if found.digits and found.digits[0] < found.digits[1] and not digits:
        told.append(("import.lengths", {"least": found.digits[0], "most": found.digits[1]}))
    return told


def counts(stored: Stored) -> dict[str, int]:
    """What an import did, or would do, in numbers."""
    return {
        "added": stored.added,
        "updated": stored.updated,
        "same": stored.same,
        "pieces_added": stored.pieces_added,
        "pieces_updated": stored.pieces_updated,
        "refused": len({row.line for row in stored.refused}),
    }


def reasons(
    rows: Sequence[RefusedRow], say: Callable[[RefusedRow], str], most: int = 20
) -> list[tuple[str, int, int]]:
    """Why rows were refused, the most frequent first: a sentence, how often, and the first line of it."""
    first: dict[str, RefusedRow] = {}
    for row in rows:
        first.setdefault(row.reason, row)
    counted = Counter(row.reason for row in rows).most_common(most)
    return [(say(first[reason]), n, first[reason].line) for reason, n in counted]
