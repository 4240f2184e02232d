"""The tables of a ``library.toml`` as they stand in the file, before they become the classes of ``rules.py``.

What reading, seasons and contradictions share: where a line stands, how lists and values are found, what a
line asks, and how a mistake is told.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from rules import Unit

PLACE = "@"  # beside a line's own keys: where it stands in the file, seasons included
PERIOD_KEYS = {*(unit.value for unit in Unit), "count_first"}
_ONE_LINE = re.compile(r"(?:^|\.)(?:loan|renewal|late)\.by$")  # a table in the place of a list of lines
_QUESTIONS = ("of", "who", "at", "branch", "per", "count", "contact", "when", "stops", "by", "under", "text")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something in a policy that cannot be meant: where it stands, and the key of a sentence about it."""

    path: str
    problem: str
    facts: Mapping[str, object] = field(default_factory=dict)


def note(mistakes: list[Mistake], path: str, problem: str, **facts) -> None:
    mistakes.append(Mistake(path, problem, facts))


def place_lines(value, path: str) -> None:
    """Write into every line of the file where it stands, so that a season's line knows it in any sheet."""
    if isinstance(value, dict):
        for key, entry in value.items():
            place_lines(entry, joined(path, key))
            if isinstance(entry, dict) and _ONE_LINE.search(joined(path, key)):
                entry[PLACE] = joined(path, key)
    elif isinstance(value, list):
        for n, entry in enumerate(value, start=1):
            if isinstance(entry, dict):
                place_lines(entry, f"{path}[{n}]")
                entry[PLACE] = f"{path}[{n}]"


def value_at(tables: dict, path: str, otherwise):
    """What stands at a path of the file, if it is of the same kind as ``otherwise``."""
    found = tables
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, type(otherwise)) else otherwise


def lines_at(tables: dict, path: str) -> list[dict]:
    """The lines of a list; a single table in its place is a list of one."""
    single = value_at(tables, path, {})
    lines = value_at(tables, path, [{**single, PLACE: path}] if single else [])
    return [line for line in lines if isinstance(line, dict)]


def question(line: dict) -> dict[str, object]:
    """What a line asks, lists in order; a line takes the place of one that asks the same."""
    asked = {key: line[key] for key in _QUESTIONS if key in line}
    return {key: sorted(value, key=str) if isinstance(value, list) else value for key, value in asked.items()}


def as_text(line: dict) -> str:
    return json.dumps(question(line), sort_keys=True, default=str)


def joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def day_of(value: str) -> tuple[int, int] | date:
    """A date, or without its year a (month, day) of every year."""
    if len(value.strip()) > 5:
        return date.fromisoformat(value.strip())
    day = date.fromisoformat(f"2000-{value.strip()}")  # a leap year, so that 02-29 can be named
    return day.month, day.day
