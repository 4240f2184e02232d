"""Seasons of a ``library.toml``: their tables laid over the sheet's, for every set of them that can meet."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, timedelta

from policy_tables import PLACE, Mistake, as_text, day_of, note
from rules import Season

# Tables that are one value.
_VALUES = ("by", "opens", "until", "late", "keep", "extend", "unreached", "registered_at")


def seasons_apart(tables: dict) -> tuple[list, list[dict]]:
    """The names and days of the seasons, and what each changes."""
    seasons = tables.get("season")
    if not isinstance(seasons, list) or not all(isinstance(season, dict) for season in seasons):
        return seasons, []
    own = {entry.metadata.get("key", entry.name) for entry in fields(Season)} | {PLACE}
    heads = [{key: season[key] for key in season.keys() & own} for season in seasons]
    changes = [{key: season[key] for key in season.keys() - own} for season in seasons]
    return heads, changes


def season_days(heads: list[dict], mistakes: list[Mistake]) -> None:
    """The first and the last day of a season are both of every year, or two dates in order."""
    for n, head in enumerate(heads, start=1):
        try:
            first, last = day_of(head["from"]), day_of(head["to"])
        except (KeyError, ValueError, TypeError, AttributeError):
            continue  # told already
        if type(first) is not type(last) or (isinstance(first, date) and first > last):
            note(mistakes, f"season[{n}]", "policy.season_days")


def meetings(seasons: Sequence[Season]) -> Iterator[frozenset[int]]:
    """Every set of seasons, by their numbers, that is running together on some day.

    Which run changes only on a first day and on the day after a last one; years that no date names are alike.
    """
    dates = [day for season in seasons for day in (season.first, season.last) if isinstance(day, date)]
    years = {2000, 2001} | {day.year + n for day in dates for n in (-1, 0, 1)}
    turns = set()
    for season in seasons:
        for year in years:
            turns |= {_in_year(season.first, year), _in_year(season.last, year) + timedelta(days=1)}
    met = {frozenset(n for n, season in enumerate(seasons) if season.covers(day)) for day in turns}
    alone = {frozenset({n}) for n in range(len(seasons))}  # so that each can be shown by itself
    yield from sorted((met | alone) - {frozenset()}, key=sorted)


def _in_year(day: tuple[int, int] | date, year: int) -> date:
    """A day of every year in this one; 29 February is 1 March where there is none.  A date is itself."""
    if isinstance(day, date):
        return day
    leap = date(year, 2, 28) + timedelta(days=1)
    return leap if day == (2, 29) else date(year, *day)


def collisions(running: frozenset[int], changes: list[dict], mistakes: list[Mistake]) -> None:
    """Two seasons that say the same line on one day; a whole list and one of its lines are the same."""
    said = {n: dict(_sayings(changes[n], ())) for n in sorted(running)}
    for n, own in said.items():
        for key, place in own.items():
            for other in (other for other in said if other < n):
                if any(key[: len(theirs)] == theirs[: len(key)] for theirs in said[other]):
                    here, there = f"season[{n + 1}].{place}", f"season[{other + 1}]"
                    note(mistakes, here, "policy.seasons_collide", other=there)


def _sayings(value: dict, path: tuple) -> Iterator[tuple[tuple, str]]:
    """What a season says, each under the key by which it would take another's place."""
    for key, entry in value.items():
        here = (*path, key)
        if isinstance(entry, dict) and key not in _VALUES:
            yield from _sayings(entry, here)
        elif isinstance(entry, list) and entry and isinstance(entry[0], dict):
            yield from (((*here, as_text(line)), f"{'.'.join(here)}[{n}]") for n, line in enumerate(entry, 1))
        elif key != PLACE:
            yield here, ".".join(here)


def laid_over(tables: dict, change: dict) -> dict:
    """The tables with a season's laid over: a line takes the place of the one with the same questions."""
    laid = dict(tables)
    for key, value in change.items():
        before = laid.get(key)
        if isinstance(value, dict) and isinstance(before, dict) and key not in _VALUES:
            laid[key] = laid_over(before, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines = [before] if isinstance(before, dict) else before if isinstance(before, list) else []
            instead = {as_text(line): line for line in value}
            laid[key] = [instead.pop(as_text(line), line) for line in lines] + list(instead.values())
        else:
            laid[key] = value
    return laid
