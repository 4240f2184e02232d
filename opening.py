"""Which days each branch is open: the yearly rules of the policy, and the single days that differ."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from models import db
from rules import OpeningDays, Policy

_ENTRIES_SQL = "SELECT branch, day, kind, label FROM calendar_entry WHERE day >= ? ORDER BY day, id"


@dataclass(frozen=True, slots=True)
class Day:
    """A day on the calendar page.  ``closed`` holds the branches that are closed, ``due`` one's own loans."""

    date: date
    closed: tuple[str, ...]
    events: tuple[str, ...]
    due: int
    today: bool


class Calendar:
    """The opening days of all branches from some day on, read once."""

    def __init__(self, policy: Policy, since: date):
        self.policy = policy
        self.entries = [
            (branch, date.fromisoformat(day), kind, label)
            for branch, day, kind, label in db.execute_sql(_ENTRIES_SQL, (since.isoformat(),))
        ]

    def of(self, branch_id: str) -> OpeningDays:
        """The opening days of one branch.  A branch that the policy no longer names is never closed."""
        branch = self.policy.branch(branch_id)
        return OpeningDays(
            closures=branch.closures if branch else (),
            closed=self._days("closed", branch_id),
            opened=self._days("open", branch_id),
        )

    def _days(self, kind: str, branch_id: str) -> frozenset[date]:
        return frozenset(
            day
            for branch, day, entry_kind, _ in self.entries
            if entry_kind == kind and branch in (None, branch_id)
        )

    def month(self, year: int, month: int, today: date, due: Iterable[date] = ()) -> list[list[Day | None]]:
        """The weeks of a month from Sunday to Saturday; None stands for days of other months."""
        due = list(due)
        opening = {branch.id: self.of(branch.id) for branch in self.policy.branches}
        day = date(year, month, 1)
        row: list[Day | None] = [None] * ((day.weekday() + 1) % 7)
        weeks = []
        while day.month == month:
            closed = tuple(id_ for id_, days in opening.items() if not days.is_open(day))
            events = tuple(label for _, on, kind, label in self.entries if kind == "event" and on == day)
            row.append(Day(day, closed, events, due.count(day), day == today))
            if len(row) == 7:
                weeks.append(row)
                row = []
            day += timedelta(days=1)
        if row:
            weeks.append(row + [None] * (7 - len(row)))
        return weeks
