"""A table as a file that a spreadsheet opens: CSV that Excel reads as UTF-8, and that runs nothing there."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

# A cell that begins with one of these is a formula to some spreadsheet, also in full width.
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FORMULA = f"[{''.join(map(re.escape, _BEGINS_A_FORMULA))}]"


def csv_file(rows: Iterable[Sequence[str | int]]) -> bytes:
    """With the mark by which Excel knows UTF-8, and the line ends that it writes itself."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_BEGINS_A_FORMULA) else cell
