"""The bars of a chart stand inside it and are as high as what they stand for."""

import pytest

import chart


@pytest.mark.parametrize(
    ("most", "lines"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (9, [0, 5, 10]),
        (100, [0, 50, 100]),
        (3877, [0, 1000, 2000, 3000, 4000]),
        (25190, [0, 10000, 20000, 30000]),
    ],
)
def test_a_few_lines_at_round_numbers_reach_the_highest_bar(most, lines):
    drawn = chart.of_two_years([0] * 11 + [most], [0] * 12)

    assert [n for _, n in drawn.lines] == lines
    heights = [height for height, _ in drawn.lines]
    assert heights == sorted(heights, reverse=True) and heights[-1] == 10


def test_the_bars_of_a_month_stand_beside_each_other_on_the_ground():
    now, before = [n * 10 for n in range(12)], [55] * 12

    drawn = chart.of_two_years(now, before)

    ground, top = drawn.lines[0][0], drawn.lines[-1]
    for bar, n in zip((*drawn.now, *drawn.before), (*now, *before), strict=True):
        assert round(bar.y + bar.height, 1) == ground
        assert bar.height == pytest.approx((ground - top[0]) * n / top[1], abs=0.1)
    edges = [
        edge
        for pair in zip(drawn.before, drawn.now, strict=True)
        for bar in pair
        for edge in (bar.x, bar.x + bar.width)
    ]
    assert edges == sorted(edges) and drawn.left <= edges[0] and edges[-1] <= drawn.width
    for left, right, middle in zip(drawn.before, drawn.now, drawn.months, strict=True):
        assert left.x + left.width <= middle <= right.x
