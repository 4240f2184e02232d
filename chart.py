"""Where the bars of a chart stand: two years beside each other, month by month, in the chart's own units."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

WIDTH, HEIGHT = 340, 160
_LEFT, _TOP, _BOTTOM = 44, 10, 140  # the figures stand on the left, the months below
_LINES = 4  # at most, above the ground


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """``lines`` are heights with the number that each stands for, ``months`` the middles of the groups."""

    lines: tuple[tuple[float, int], ...]
    months: tuple[float, ...]
    before: tuple[Bar, ...]
    now: tuple[Bar, ...]
    pace: float | None = None  # the height of a line across, where there is one
    left: int = _LEFT
    width: int = WIDTH
    height: int = HEIGHT


def of_two_years(now: Sequence[int], before: Sequence[int], pace: float = 0) -> Chart:
    """A bar for each number; the two of a month stand beside each other, the earlier year first.  ``pace``:
    how many a month are wanted."""
    most = max(*now, *before, math.ceil(pace))
    step = _step(most)
    top = step * max(1, -(-most // step))
    group = (WIDTH - _LEFT) / len(now)

    def bar(place: float, n: int) -> Bar:
        height = round((_BOTTOM - _TOP) * n / top, 1)
        return Bar(
            round(_LEFT + group * place, 1), round(_BOTTOM - height, 1), round(group * 0.36, 1), height
        )

    return Chart(
        lines=tuple((round(_BOTTOM - (_BOTTOM - _TOP) * n / top, 1), n) for n in range(0, top + 1, step)),
        months=tuple(round(_LEFT + group * (place + 0.5), 1) for place in range(len(now))),
        before=tuple(bar(place + 0.12, n) for place, n in enumerate(before)),
        now=tuple(bar(place + 0.52, n) for place, n in enumerate(now)),
        pace=round(_BOTTOM - (_BOTTOM - _TOP) * pace / top, 1) if pace else None,
    )


def _step(most: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 and so on with which a few lines reach the largest number."""
    steps = (figure * 10**zeros for zeros in count() for figure in (1, 2, 5))
    return next(step for step in steps if step * _LINES >= most)
