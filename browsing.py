"""Lists in which titles are come upon: what is new, what many wait for, magazines, classes.  Reads only.

Each is read from an index that holds all it asks for, so that it costs little in a large catalogue too.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import ndc
from folding import fold
from models import QUEUED, db

WEEKS = 8  # how far back the list of new titles goes
_POPULAR = 30
_LENT_OFTEN = 5  # below that a list could say what one reader reads; the index begins there too

_ARRIVED_SQL = """
SELECT added_on, material, substr(ndc, 1, 1), count(*)
FROM bib WHERE NOT hidden AND added_on >= ? AND added_on < ? GROUP BY 1, 2, 3
"""
_ARRIVALS_SQL = """
SELECT id FROM bib WHERE NOT hidden AND added_on >= :since AND added_on < :until
  AND (:class = '' OR substr(ndc, 1, 1) = :class) AND (:material = '' OR material = :material)
ORDER BY added_on DESC, id DESC LIMIT :limit OFFSET :offset
"""
_WAITED_FOR_SQL = f"""
SELECT bib_id FROM hold JOIN bib ON bib.id = hold.bib_id
WHERE hold.closed_at IS NULL AND state IN {QUEUED} AND NOT hidden
GROUP BY bib_id ORDER BY count(*) DESC, bib_id DESC LIMIT ?
"""  # noqa: S608 - made of a constant
_LENT_SQL = f"""
SELECT id FROM bib WHERE lent >= {_LENT_OFTEN} AND NOT hidden ORDER BY lent DESC, id DESC LIMIT ?
"""  # noqa: S608 - made of a constant
_SERIALS_SQL = """
SELECT title, title_kana, (SELECT id FROM bib WHERE serial_id = serial.id AND NOT hidden
  ORDER BY issued_on DESC, id DESC LIMIT 1) AS newest
FROM serial WHERE newest IS NOT NULL
"""
_CLASSES_SQL = """
SELECT ndc, count(*) FROM bib WHERE NOT hidden AND ndc >= ? AND ndc < ? GROUP BY ndc
"""
_BEHIND_FIGURES = ":"  # the character behind 9


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the new titles are asked for; what is not said is all of it."""

    week: date | None = None
    ndc: str = ""  # the figure of a main class
    material: str = ""

    def fits(self, row: "_Arrived") -> bool:
        return self.ndc in ("", row.ndc) and self.material in ("", row.material)


@dataclass(frozen=True, slots=True)
class _Arrived:
    week: date
    material: str
    ndc: str
    n: int


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A page of new titles with how many there are of each week, class and material beside what is chosen."""

    ids: list[int]
    total: int
    weeks: Counter  # by Monday
    classes: Counter  # by figure
    materials: Counter


def arrivals(chosen: Choice, today: date, limit: int, offset: int) -> Arrivals:
    """The newest first: those of one week, or of the last weeks."""
    since, until = week_of(today) - timedelta(weeks=WEEKS - 1), date.max
    rows = _arrived(since, until)
    if chosen.week is not None:
        if chosen.week < since:
            rows += _arrived(chosen.week, chosen.week + timedelta(weeks=1))
        since, until = chosen.week, chosen.week + timedelta(weeks=1)
    here = [row for row in rows if since <= row.week < until]
    asked = {
        **{"since": since.isoformat(), "until": until.isoformat(), "limit": limit, "offset": offset},
        **{"class": chosen.ndc, "material": chosen.material},
    }
    return Arrivals(
        ids=[row[0] for row in db.execute_sql(_ARRIVALS_SQL, asked)],
        total=sum(row.n for row in here if chosen.fits(row)),
        weeks=_sums((row.week, row.n) for row in rows if chosen.fits(row)),
        classes=_sums((row.ndc, row.n) for row in here if chosen.material in ("", row.material)),
        materials=_sums((row.material, row.n) for row in here if chosen.ndc in ("", row.ndc)),
    )


def _arrived(since: date, until: date) -> list[_Arrived]:
    rows = db.execute_sql(_ARRIVED_SQL, (since.isoformat(), until.isoformat()))
    return [_Arrived(week_of(date.fromisoformat(row[0])), *row[1:]) for row in rows]


def _sums(counts: Iterable[tuple]) -> Counter:
    sums: Counter = Counter()
    for key, n in counts:
        sums[key] += n
    return sums


def waited_for() -> list[int]:
    """The titles that most people wait for."""
    return [row[0] for row in db.execute_sql(_WAITED_FOR_SQL, (_POPULAR,))]


def lent_often() -> list[int]:
    """The titles that have been lent most often, ever."""
    return [row[0] for row in db.execute_sql(_LENT_SQL, (_POPULAR,))]


def newest_issues() -> list[int]:
    """Of each magazine the newest issue, in the order of their readings."""
    rows = db.execute_sql(_SERIALS_SQL).fetchall()
    return [newest for *_, newest in sorted(rows, key=lambda row: (fold(row[1] or row[0]), row[2]))]


def class_counts(above: str = "") -> list[tuple[ndc.Class, int]]:
    """The classes right below one, or the ten, with how many titles each has."""
    rows = db.execute_sql(_CLASSES_SQL, (above or "0", above + _BEHIND_FIGURES))
    counts = _sums((number[: len(above) + 1], n) for number, n in rows)
    return [(below, counts[below.number]) for below in ndc.below(above)]
