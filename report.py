"""Reads what ``tallies.py`` has counted: a day of each branch, a fiscal year by month, material and class.

What the library holds is counted when it is asked for; everything else was counted when it happened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from models import db
from rules import Policy, fiscal_year

_YEARS_SQL = """
SELECT DISTINCT CAST(substr(month, 1, 4) AS INTEGER) - CASE WHEN substr(month, 6) < '04' THEN 1 ELSE 0 END
FROM tally
"""
_BRANCHES_SQL = "SELECT DISTINCT branch FROM tally ORDER BY branch"
_DAY_SQL = "SELECT branch, kind, n FROM day_count WHERE day = ?"
_OF_BRANCH = "(:branch IS NULL OR branch = :branch)"
_MONTHS_SQL = f"""
SELECT month, kind, sum(n) FROM tally
WHERE month BETWEEN :before AND :last AND {_OF_BRANCH} GROUP BY month, kind
"""  # noqa: S608 - made of constants
_PARTS_SQL = f"""
SELECT {{column}}, coalesce(sum(n) FILTER (WHERE month >= :first), 0),
  coalesce(sum(n) FILTER (WHERE month < :first), 0)
FROM tally
WHERE month BETWEEN :before AND :last AND kind = :kind AND {_OF_BRANCH} GROUP BY {{column}}
"""  # noqa: S608 - made of constants
_MATERIALS_SQL, _CLASSES_SQL = (_PARTS_SQL.format(column=column) for column in ("material", "class"))
_LINES_SQL = """
SELECT month, branch, kind, material, class, n FROM tally WHERE month BETWEEN :first AND :last
ORDER BY month, branch, kind, material, class
"""
# What another library has lent to this one is not held by it.
_HOLDINGS_SQL = f"""
SELECT branch, material, count(*) FILTER (WHERE state <> 'withdrawn'),
  count(*) FILTER (WHERE item.added_on BETWEEN :first_day AND :last_day),
  count(*) FILTER (WHERE state = 'withdrawn')
FROM item JOIN bib ON bib.id = item.bib_id WHERE NOT interlibrary AND {_OF_BRANCH} GROUP BY branch, material
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class Part:
    """How many of one material or class there were in a year, and in the year before."""

    what: str
    n: int
    before: int


@dataclass(frozen=True, slots=True)
class Line:
    """A month's count of one kind at one branch."""

    month: date
    branch: str
    kind: str
    material: str
    ndc: str
    n: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a branch holds of a material today, what came in the year, and what was ever withdrawn."""

    branch: str
    material: str
    held: int
    added: int
    withdrawn: int


def years(today: date) -> list[int]:
    """The fiscal years in which something was counted, and the present one; the newest first."""
    return sorted({year for (year,) in db.execute_sql(_YEARS_SQL)} | {fiscal_year(today)}, reverse=True)


def branches(policy: Policy) -> list[str]:
    """The branches of the policy, and after them those that something was counted at before they left it."""
    known = [branch.id for branch in policy.branches]
    return known + [id_ for (id_,) in db.execute_sql(_BRANCHES_SQL) if id_ not in known]


def months(year: int) -> list[date]:
    """The first days of the months of a fiscal year, from April to March."""
    return [date(year + (n >= 12), n % 12 + 1, 1) for n in range(3, 15)]


def on(day: date) -> Mapping[tuple[str, str], int]:
    """What was done on a day, by branch and kind."""
    return {(branch, kind): n for branch, kind, n in db.execute_sql(_DAY_SQL, (day.isoformat(),))}


def by_month(year: int, branch: str | None = None) -> Mapping[tuple[date, str], int]:
    """What was done in each month of a fiscal year and of the one before, by month and kind."""
    rows = db.execute_sql(_MONTHS_SQL, _asked(year, branch))
    return {(_first_day(month), kind): n for month, kind, n in rows}


def by_material(policy: Policy, kind: str, year: int, branch: str | None = None) -> list[Part]:
    """In the order of the policy; what it no longer names comes last."""
    return _parts(_MATERIALS_SQL, kind, year, branch, _material_order(policy))


def by_class(kind: str, year: int, branch: str | None = None) -> list[Part]:
    """From 0 to 9; the class of what has none comes last and is empty."""
    return _parts(_CLASSES_SQL, kind, year, branch, list("0123456789"))


def lines(year: int) -> Iterable[Line]:
    """Everything that was counted in a fiscal year."""
    for month, *rest in db.execute_sql(_LINES_SQL, _asked(year, None)):
        yield Line(_first_day(month), *rest)


def holdings(policy: Policy, year: int, branch: str | None = None) -> list[Holdings]:
    """Of each branch and material, in the order of the policy."""
    asked = {"first_day": date(year, 4, 1).isoformat(), "last_day": date(year + 1, 3, 31).isoformat()}
    rows = [Holdings(*row) for row in db.execute_sql(_HOLDINGS_SQL, {**asked, "branch": branch})]
    at, of = _place_in([one.id for one in policy.branches]), _place_in(_material_order(policy))
    return sorted(rows, key=lambda row: (at(row.branch), of(row.material)))


def _parts(sql: str, kind: str, year: int, branch: str | None, order: list[str]) -> list[Part]:
    rows = [Part(*row) for row in db.execute_sql(sql, {**_asked(year, branch), "kind": kind})]
    place = _place_in(order)
    return sorted(rows, key=lambda part: place(part.what))


def _material_order(policy: Policy) -> list[str]:
    return [material.id for material in policy.materials]


def _place_in(order: list[str]):
    places = {id_: n for n, id_ in enumerate(order)}
    return lambda id_: (places.get(id_, len(places)), id_)


def _asked(year: int, branch: str | None) -> dict[str, str | None]:
    """The months of a fiscal year, from the first of the one before."""
    return {"before": f"{year - 1}-04", "first": f"{year}-04", "last": f"{year + 1}-03", "branch": branch}


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
