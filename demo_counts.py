"""The counts of the demo library: this fiscal year and the last, invented day by day."""

from collections import Counter
from datetime import date, timedelta
from random import Random

import tallies
from models import db
from opening import Calendar
from rules import Policy, fiscal_year

_LOANS = 64  # on an ordinary day at the main library
_OTHER_BRANCH = 0.36  # of what the main library does
_LAST_YEAR = 0.93  # of what is done this year
# How many of each kind there are to one loan.
_TO_ONE_LOAN = {
    "loan": 1,
    "renewal": 0.14,
    "return": 0.98,
    "hold": 0.19,
    "hold_collected": 0.16,
    "hold_expired": 0.012,
    "card": 0.015,
}
_SEASON = (0.9, 0.92, 1.02, 1, 0.98, 0.96, 1.16, 1.24, 1, 1.02, 1.04, 0.9)  # from January
_WEEKDAY = (0.8, 0.85, 0.95, 0.85, 0.95, 1.4, 1.35)  # from Monday
# Material, class, and how many of a hundred loans.
_TITLES = (
    ("book", "9", 34),
    ("book", "", 11),
    ("book", "7", 10),
    ("book", "3", 7),
    ("book", "5", 7),
    ("book", "4", 5),
    ("book", "2", 5),
    ("book", "1", 3),
    ("book", "6", 2),
    ("book", "8", 2),
    ("book", "0", 2),
    ("magazine", "", 6),
    ("av", "7", 4),
    ("kamishibai", "", 2),
)


def make(policy: Policy, today: date, random: Random) -> None:
    """Write the counts of every open day from the first of the last fiscal year until today."""
    year = fiscal_year(today)
    day = date(year - 1, 4, 1)
    calendar = Calendar(policy, day)
    opening = {branch: calendar.of(branch.id) for branch in policy.branches}
    days, months = Counter(), Counter()
    while day <= today:
        busy = _LOANS * _SEASON[day.month - 1] * _WEEKDAY[day.weekday()]
        busy *= 1 if fiscal_year(day) == year else _LAST_YEAR
        for branch, open_days in opening.items():
            for kind in tallies.KINDS if open_days.is_open(day) else ():
                much = busy * _TO_ONE_LOAN[kind] * (1 if branch.main else _OTHER_BRANCH)
                n = int(much * random.uniform(0.8, 1.2) + random.random())
                days[day.isoformat(), kind, branch.id] += n
                months[f"{day:%Y-%m}", kind, branch.id] += n
        day += timedelta(days=1)
    write = db.connection().executemany
    write("INSERT INTO day_count VALUES (?, ?, ?, ?)", [(*key, n) for key, n in days.items() if n])
    write(
        "INSERT INTO tally VALUES (?, ?, ?, ?, ?, ?)",
        [(*key, *of, n) for key, total in months.items() for of, n in _split(key[1], total, random).items()],
    )


def _split(kind: str, n: int, random: Random) -> Counter:
    """So many of a kind, by material and class."""
    if kind not in tallies.OF_TITLES:
        return Counter({("", ""): n}) if n else Counter()
    return Counter(random.choices([row[:2] for row in _TITLES], [row[2] for row in _TITLES], k=n))
