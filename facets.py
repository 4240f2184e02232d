"""What a list of titles can be narrowed by: materials, branches, classes, years and authors, with numbers.

Reads only.  The newest LOOKED_AT titles of a list are counted; where there are more, each number is the least
that there are.
"""

from collections import Counter
from dataclasses import dataclass

from hits import Hits
from queries import Query

LOOKED_AT = 5000
_AUTHORS, _CLASSES = 8, 10  # the most frequent

_TITLES = "bib.material, bib.ndc, coalesce(bib.pub_year, substr(bib.issued_on, 1, 4))"
_ITEMS = """item ON item.bib_id = hit.number AND item.state <> 'withdrawn' AND NOT item.interlibrary"""


@dataclass(frozen=True, slots=True)
class Facets:
    """Pairs of a value and how many titles have it.  ``years`` are decades by their first year, or single
    years within one; ``classes`` are the figures one level below the class that is asked for."""

    materials: list[tuple[str, int]]
    branches: list[tuple[str, int]]
    classes: list[tuple[str, int]]
    years: list[tuple[int, int]]
    authors: list[tuple[str, int]]
    years_together: int
    complete: bool


def counted(db, query: Query) -> Facets:
    """What the titles that a query finds can be narrowed by."""
    hits = Hits(db, query)
    rows = hits.with_rows(_TITLES, "bib ON bib.id = hit.number", LOOKED_AT + 1)
    copies = hits.with_rows("item.branch, item.bib_id", _ITEMS, LOOKED_AT)
    people = hits.with_rows("creator.name", "creator ON creator.bib_id = hit.number", LOOKED_AT)
    seen = rows[:LOOKED_AT]
    level = len(query.ndc) + 1
    classes = Counter(figures[:level] for _, ndc, _ in seen if len(figures := _figures(ndc)) >= level)
    step = 1 if _within_a_decade(query) else 10
    years = Counter(int(year) // step * step for _, _, year in seen if year)
    return Facets(
        materials=Counter(row[0] for row in seen).most_common(),
        branches=Counter(branch for branch, _ in set(copies)).most_common(),
        classes=sorted(classes.most_common(_CLASSES)),
        years=sorted(years.items(), reverse=True),
        authors=Counter(name for (name,) in people).most_common(_AUTHORS),
        years_together=step,
        complete=len(rows) <= LOOKED_AT,
    )


def _figures(ndc: str) -> str:
    return "".join(sign for sign in ndc if sign.isascii() and sign.isdigit())


def _within_a_decade(query: Query) -> bool:
    return bool(query.year_from and query.year_to and query.year_to - query.year_from < 10)
