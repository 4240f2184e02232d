"""A chart of how times grow with the catalogue, as a picture of lines: both scales are logarithmic."""

import math

_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 600, 50, 370
_COLOURS = (
    *("#0017c1", "#c2410c", "#047857", "#7e22ce", "#b91c1c"),
    *("#0e7490", "#a16207", "#be185d", "#4d7c0f", "#334155"),
)
_APART = 15  # of the names at the ends of the lines


def chart(heading: str, sizes: list[int], lines: dict[str, list[float]]) -> str:
    """``lines`` has milliseconds for each size; the name of each stands at its end."""
    every = [value for values in lines.values() for value in values]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))

    def x(size: int) -> float:
        return _LEFT + (_RIGHT - _LEFT) * math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])

    def y(value: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (math.log10(value) - low) / (high - low)

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="13">',
        f"<title>{heading}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="26" font-size="16" font-weight="bold">{heading}</text>',
    ]
    for power in range(low, high + 1):
        at = y(10**power)
        drawn.append(f'<path d="M{_LEFT} {at:.1f}H{_RIGHT}" stroke="#ddd"/>')
        drawn.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10**power:g} ms</text>')
    for size in sizes:
        at = x(size)
        drawn.append(f'<path d="M{at:.1f} {_TOP}V{_BOTTOM}" stroke="#ddd"/>')
        drawn.append(f'<text x="{at:.1f}" y="{_BOTTOM + 22}" text-anchor="middle">{size:,} titles</text>')
    ends = _spread({name: y(values[-1]) for name, values in lines.items()})
    for (name, values), colour in zip(lines.items(), _COLOURS, strict=False):
        points = [(x(size), y(value)) for size, value in zip(sizes, values, strict=True)]
        way = "L".join(f"{across:.1f} {down:.1f}" for across, down in points)
        drawn.append(f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [f'<circle cx="{a:.1f}" cy="{d:.1f}" r="3" fill="{colour}"/>' for a, d in points]
        drawn.append(f'<text x="{_RIGHT + 12}" y="{ends[name] + 4:.1f}" fill="{colour}">{name}</text>')
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _spread(wanted: dict[str, float]) -> dict[str, float]:
    """The heights of names, moved down where one would stand upon another."""
    placed: dict[str, float] = {}
    last = -math.inf
    for name, at in sorted(wanted.items(), key=lambda pair: pair[1]):
        last = placed[name] = max(at, last + _APART)
    return placed
