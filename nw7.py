"""NW-7, the barcode of libraries (JIS X 0506, also called Codabar): a number as bars and gaps.

Each sign is seven elements, bar and gap in turn, narrow or wide; a narrow gap stands between two signs.  The
table is small and fixed: see ``docs/decisions/0008-own-nw7-table.md``.
"""

from dataclasses import dataclass

NARROW, WIDE = 2, 5  # 1 : 2.5, in the middle of what the standard allows

_TABLE = {
    "0": "0000011",
    "1": "0000110",
    "2": "0001001",
    "3": "1100000",
    "4": "0010010",
    "5": "1000010",
    "6": "0100001",
    "7": "0100100",
    "8": "0110000",
    "9": "1001000",
    "-": "0001100",
    "$": "0011000",
    ":": "1000101",
    "/": "1010001",
    ".": "1010100",
    "+": "0010101",
    "A": "0011010",
    "B": "0101001",
    "C": "0001011",
    "D": "0001110",
}


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars from the left, each with its place and width, and the width of the whole."""

    width: int
    bars: tuple[tuple[int, int], ...]


def bars(number: str) -> Bars | None:
    """A number between A and A; None where it holds something that NW-7 has no sign for."""
    if not number or set(number) - set("0123456789-$:/.+"):
        return None
    drawn, place = [], 0
    for sign in f"A{number}A":
        for element, wide in enumerate(_TABLE[sign]):
            width = WIDE if wide == "1" else NARROW
            if element % 2 == 0:
                drawn.append((place, width))
            place += width
        place += NARROW
    return Bars(place - NARROW, tuple(drawn))
