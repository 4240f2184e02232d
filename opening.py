"""Which days each branch is open: the policy's yearly rules, national holidays, single days that differ."""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import jpholiday

from models import db
from rules import OpeningDays, Policy

Entry = tuple[str | None, date, str, str]  # branch, day, kind, label, as a row of calendar_entry
_CALENDAR_YEARS = 5  # each way

_ENTRIES_SQL = "SELECT branch, day, kind, label FROM calendar_entry WHERE day >= ? ORDER BY day, id"


@dataclass(frozen=True, slots=True)
class Day:
    """A day on the calendar page.  ``closed`` holds the branches that are closed, ``due`` one's own loans,
    ``named`` the entries that have a name: their kind, the name, and the branch where it is only one."""

    date: date
    closed: tuple[str, ...]
    named: tuple[tuple[str, str, str | None], ...]
    holiday: str | None
    due: int
    today: bool

    @property
    def has_event(self) -> bool:
        return any(kind == "event" for kind, _, _ in self.named)


@cache
def _holidays(year: int) -> Mapping[date, str]:
    """The national holidays of a year with their names; looking them up takes a while."""
    return dict(jpholiday.between(date(year, 1, 1), date(year, 12, 31)))


class Calendar:
    """The opening days of all branches around some day, read once.

    ``until`` is the last day that will be asked for, if that is more than two years on.
    """

    def __init__(self, policy: Policy, since: date, until: date | None = None):
        self.policy = policy
        self.entries = [
            (branch, date.fromisoformat(day), kind, label)
            for branch, day, kind, label in db.execute_sql(_ENTRIES_SQL, (since.isoformat(),))
        ]
        years = range(since.year - 1, max(since.year + 2, until.year if until else 0) + 1)
        self.holidays = {day: name for year in years for day, name in _holidays(year).items()}

    def of(self, branch_id: str) -> OpeningDays:
        """The opening days of one branch.  A branch that the policy no longer names is never closed."""
        branch = self.policy.branch(branch_id)
        return OpeningDays(
            closures=branch.closures if branch else (),
            closed=self._days("closed", branch_id),
            opened=self._days("open", branch_id),
            on_holidays=branch.holidays if branch else None,
            holidays=frozenset(self.holidays),
        )

    def if_changed(self, added: Iterable[Entry] = (), removed: Iterable[Entry] = ()) -> "Calendar":
        """The calendar as it would be with these entries more and those less."""
        other = copy(self)
        other.entries = [entry for entry in self.entries if entry not in removed] + list(added)
        return other

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
            named = tuple((kind, label, at) for at, on, kind, label in self.entries if on == day and label)
            holiday = self.holidays.get(day)
            row.append(Day(day, closed, named, holiday, due.count(day), day == today))
            if len(row) == 7:
                weeks.append(row)
                row = []
            day += timedelta(days=1)
        if row:
            weeks.append(row + [None] * (7 - len(row)))
        return weeks


def month_of(text: str | None, today: date) -> date:
    """The first day of the month that an address asks for (2026-04); of this one where it asks for none."""
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        asked = today
    return (asked if abs(asked.year - today.year) <= _CALENDAR_YEARS else today).replace(day=1)


def next_month(first: date) -> date:
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def previous_month(first: date) -> date:
    return first.replace(year=first.year - (first.month == 1), month=(first.month - 2) % 12 + 1)
