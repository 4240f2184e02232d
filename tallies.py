"""Counts what the library does, in the transaction that does it: by month, material and class, and by day.

Only how often: no patron, no title and no hour; how many different people came is never counted.  Holds count
where they will be collected, a renewal where the piece was lent, all else at the branch that did it.
"""

from datetime import datetime

from models import db
from rules import library_day

OF_TITLES = ("loan", "renewal", "return", "hold", "hold_collected", "hold_expired")
KINDS = (*OF_TITLES, "card")

# The class is the first figure of the title's NDC; an aggregate answers also where there is no title.
_MONTH_SQL = """
INSERT INTO tally (month, kind, branch, material, class, n)
SELECT :month, :kind, :branch, coalesce(max(material), ''),
  coalesce(max(CASE WHEN substr(ndc, 1, 1) BETWEEN '0' AND '9' THEN substr(ndc, 1, 1) END), ''), 1
FROM bib WHERE id = :bib
ON CONFLICT (month, kind, branch, material, class) DO UPDATE SET n = tally.n + 1
"""
_DAY_SQL = """
INSERT INTO day_count (day, kind, branch, n) VALUES (:day, :kind, :branch, 1)
ON CONFLICT (day, kind, branch) DO UPDATE SET n = day_count.n + 1
"""


def count(kind: str, branch: str, now: datetime, bib: int | None = None) -> None:
    """One more of a kind; ``bib`` is the title that it was about, if it was about one."""
    day = library_day(now).isoformat()
    db.execute_sql(_MONTH_SQL, {"month": day[:7], "kind": kind, "branch": branch, "bib": bib})
    db.execute_sql(_DAY_SQL, {"day": day, "kind": kind, "branch": branch})
