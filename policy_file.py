"""Reads a ``library.toml`` into the classes of ``rules.py``, and tells every mistake in it at once.

The classes are the language: their fields are its keys, their types say what may stand there.  This module
walks them.  What each line may say by itself is found while reading; what it may not say beside the others,
afterwards, by asking the file as it stands.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import date, time
from enum import StrEnum
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

from policy_contradictions import contradictions
from policy_seasons import collisions, laid_over, meetings, season_days, seasons_apart
from policy_tables import PERIOD_KEYS, PLACE, Mistake, day_of, joined, note, place_lines
from rules import (
    OPENING,
    Batches,
    Cause,
    Closure,
    Hours,
    Idle,
    Left,
    Most,
    Obstacle,
    Opens,
    Period,
    Policy,
    Unit,
    Until,
    When,
    WhoWhen,
)


class PolicyMistakes(Exception):
    """A policy that cannot be obeyed, with every mistake that was found and the text it was found in."""

    def __init__(self, mistakes: Sequence[Mistake], source: str):
        super().__init__("; ".join(f"{mistake.path}: {mistake.problem}" for mistake in mistakes))
        self.mistakes, self.source = tuple(mistakes), source


def read_policy(source: str) -> Policy:
    """A ``library.toml`` as a Policy.  Raises PolicyMistakes with every mistake, each with its key's path."""
    try:
        tables = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise PolicyMistakes([Mistake("", "policy.syntax", {"detail": str(error)})], source) from error
    place_lines(tables, "")
    heads, changes = seasons_apart(tables)
    reader = _Reader()
    policy = reader.read(Policy, {**tables, "season": heads} if heads else tables, "")
    for n, change in enumerate(changes, start=1):
        reader.read_changes(change, f"season[{n}]")
    reader.mistakes += contradictions({**tables, "season": changes} if changes else tables)
    season_days(heads if changes else [], reader.mistakes)
    if reader.mistakes:
        raise PolicyMistakes(reader.mistakes, source)
    return _with_seasons(policy, tables, changes, source)


def _with_seasons(policy: Policy, tables: dict, changes: list[dict], source: str) -> Policy:
    """The sheet, and one for each set of seasons that can meet: their tables laid over the file's."""
    sheets: dict[frozenset[int], Policy] = {}
    plain = replace(policy, in_season=sheets)
    sheets[frozenset()] = plain
    reader = _Reader()
    for running in meetings(policy.seasons):
        collisions(running, changes, reader.mistakes)
        laid = tables
        for n in sorted(running):
            laid = laid_over(laid, changes[n])
        reader.mistakes += contradictions({key: laid[key] for key in laid.keys() - {"season"}})
        sheet = reader.read(Policy, {key: laid[key] for key in laid.keys() - {"season"}}, "")
        if reader.mistakes:
            raise PolicyMistakes(reader.mistakes, source)
        sheets[running] = replace(sheet, seasons=policy.seasons, in_season=sheets)
    return plain


# ---- the walk over the classes ---------------------------------------------------------------------------

_CHANGEABLE = ("loan", "renewal", "hold", "block", "note")  # what a season may change


class _Reader:
    """Reads values as the types that fields ask for.  A mistake is noted, and reading goes on."""

    def __init__(self):
        self.mistakes: list[Mistake] = []
        self.only_changes = False  # of a season: what it leaves out stays as it is

    def read(self, kind, value, path: str):
        if kind in _OWN_FORMS:
            return self._own_form(kind, value, path)
        if get_origin(kind) in (Union, UnionType):  # X | None: absence is the default's business
            kind = next(part for part in get_args(kind) if part is not type(None))
            return self.read(kind, value, path)
        if get_origin(kind) is Mapping:
            return self._mapping(kind, value, path)
        if get_origin(kind) in (tuple, frozenset):
            return self._list(kind, value, path)
        if is_dataclass(kind):
            return self._table(kind, value, path)
        if issubclass(kind, StrEnum):
            return self._member(kind, value, path)
        if type(value) is not kind:  # a bool is no number here
            return self.note(path, f"policy.not_{kind.__name__}")
        if kind is str and not value.strip():
            return self.note(path, "policy.blank")
        if kind is int and value < 0:
            return self.note(path, "policy.negative")
        return value

    def read_changes(self, tables: dict, path: str) -> None:
        """What a season changes, for its mistakes only."""
        kinds = get_type_hints(Policy)
        keys = {entry.metadata.get("key", entry.name): entry.name for entry in fields(Policy)}
        self.only_changes = True
        for key, value in tables.items():
            if key in _CHANGEABLE:
                self.read(kinds[keys[key]], value, joined(path, key))
            elif key != PLACE:
                self._unknown_key(path, key, ["name", "from", "to", *_CHANGEABLE])
        self.only_changes = False
        if not tables.keys() - {PLACE}:
            self.note(path, "policy.season_changes_nothing")

    def note(self, path: str, problem: str, **facts) -> None:
        note(self.mistakes, path, problem, **facts)

    def _own_form(self, kind, value, path: str):
        form, expected = _OWN_FORMS[kind]
        try:
            read = form(value)
        except (ValueError, TypeError, AttributeError):
            return self.note(path, f"policy.not_{expected}", given=value)
        if isinstance(read, Period) and read.unit is Unit.HOURS and not _LENDS.search(path):
            return self.note(path, "policy.hours_lend_only")
        if isinstance(read, Period) and read.unit is Unit.OPEN_DAYS and not _AT_A_BRANCH.search(path):
            return self.note(path, "policy.no_branch_for_open_days")
        if isinstance(read, Period) and read.count_first and _REMINDS.match(path):
            return self.note(path, "policy.no_first_day")  # "so long before" a day has none
        return read

    def _member(self, kind, value, path: str):
        fitting = [member for member in kind if value in (member.value, member.value.replace("_", " "))]
        allowed = [member.value for member in kind]  # as they are written in the file, not as pages say them
        return fitting[0] if fitting else self.note(path, "policy.not_one_of", allowed=allowed)

    def _table(self, kind, table, path: str):
        if not isinstance(table, dict):
            return self.note(path, "policy.not_table")
        kinds, values, keys = get_type_hints(kind), {}, {PLACE}
        for entry in fields(kind):
            key = entry.metadata.get("key", entry.name)
            if entry.name == "place":
                values["place"] = table.get(PLACE, path)
            elif entry.metadata.get("spread"):
                own = {key: table[key] for key in table.keys() & PERIOD_KEYS}
                keys |= PERIOD_KEYS
                if own or entry.default is MISSING:
                    values[entry.name] = self.read(kinds[entry.name], own, path)
            elif key is not None:
                keys.add(key)
                if key in table:
                    values[entry.name] = self.read(kinds[entry.name], table[key], joined(path, key))
                elif (
                    entry.default is MISSING and entry.default_factory is MISSING and not self._may_lack(kind)
                ):
                    self.note(joined(path, key), "policy.missing")
        for key in sorted(table.keys() - keys):
            self._unknown_key(path, key, keys - {PLACE})
        if not table.keys() - {PLACE} and kind in (When, WhoWhen, Cause):
            self.note(path, "policy.blank")  # a condition that names nothing would fit everything
        return None if self.mistakes or self._may_lack(kind) else kind(**values)

    def _may_lack(self, kind) -> bool:
        """A season's tables say only what they change; its lines are whole."""
        return self.only_changes and "place" not in {entry.name for entry in fields(kind)}

    def _unknown_key(self, path: str, key: str, known) -> None:
        nearest = difflib.get_close_matches(key, sorted(known), n=1)
        self.note(joined(path, key), "policy.unknown_key", nearest=nearest[0] if nearest else None)

    def _list(self, kind, entries, path: str):
        inner = get_args(kind)[0]
        if path.endswith(".by") and entries == "as lent":
            return ()
        single = isinstance(entries, dict) and (path.endswith(".by") or inner in (When, WhoWhen))
        if single:
            return (self.read(inner, entries, path),)  # one for all, without a list
        if not isinstance(entries, list):
            return self.note(path, "policy.not_list")
        if not entries and inner is not Obstacle:
            return self.note(path, "policy.blank")
        return get_origin(kind)(
            self.read(inner, entry, f"{path}[{n}]") for n, entry in enumerate(entries, start=1)
        )

    def _mapping(self, kind, table, path: str):
        if not isinstance(table, dict):
            return self.note(path, "policy.not_table")
        key_kind, value_kind = get_args(kind)
        return {
            self.read(key_kind, key, joined(path, key)): self.read(value_kind, value, joined(path, key))
            for key, value in table.items()
        }


# ---- values with a form of their own ---------------------------------------------------------------------

# The periods that belong to a branch, whose open days can be counted.
_AT_A_BRANCH = re.compile(
    r"(?:^|\.)(?:(?:loan|renewal|late)\.(?:by|until)|material|shelf\.(?:keep|by|extend))\b"
)
_LENDS = re.compile(r"(?:^|\.)(?:loan\.by|material)\b")  # the only periods that may be hours
_REMINDS = re.compile(r"reminder\.")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NTH = ("last", "1st", "2nd", "3rd", "4th", "5th")


def _period(table: dict) -> Period:
    units = [unit for unit in Unit if unit.value in table]
    if len(units) != 1 or table.keys() - {units[0].value, "count_first"}:
        raise ValueError
    n, count_first = table[units[0].value], table.get("count_first", False)
    if type(n) is not int or not 1 <= n <= 9999 or type(count_first) is not bool:
        raise ValueError
    return Period(n, units[0], count_first)


def _idle(table: dict) -> Idle:
    """Long enough to read a page, and no longer than somebody may be away from what they have left open."""
    if table.keys() != {"minutes"} or type(table["minutes"]) is not int or not 1 <= table["minutes"] <= 60:
        raise ValueError
    return Idle(table["minutes"])


def _opens(table: dict) -> Opens:
    (key, value), *others = table.items()
    if others or (key == "left") != (value == Left.HALF.value):
        raise ValueError
    if key != "left" and (type(value) is not int or value < 0):
        raise ValueError
    return Opens(**{key: Left.HALF if key == "left" else value})


def _until(table: dict) -> Until:
    if table.get("from") != "loan date":
        raise ValueError
    return Until(_period({key: value for key, value in table.items() if key != "from"}))


def _most(value) -> Most:
    if value == "unlimited":
        return Most(None)
    if type(value) is not int or value < 0:
        raise ValueError
    return Most(value)


def _time(value: str) -> time:
    read = time.fromisoformat(value.strip().zfill(5))
    if read.tzinfo is not None:
        raise ValueError
    return read


def _hours(value: str) -> Hours:
    opens, closes = (_time(part) for part in value.split("-"))
    if opens >= closes:
        raise ValueError
    return Hours(opens, closes)


def _closure(value: str) -> Closure:
    *nth, weekday = value.lower().split()
    if weekday in _WEEKDAYS and len(nth) <= 1:
        return Closure(_WEEKDAYS.index(weekday), _NTH.index(nth[0]) or -1 if nth else None)
    first, last = (value.split("..") * 2)[:2] if value.count("..") == 0 else value.split("..")
    first, last = day_of(first), day_of(last)
    if isinstance(first, date) and first > last:
        raise ValueError
    if isinstance(first, date) != isinstance(last, date):
        raise ValueError
    return Closure(first=first, last=last)


def _batches(value) -> Batches:
    by_weekday = value if isinstance(value, dict) else {"else": value}
    if by_weekday.keys() - {*_WEEKDAYS, "else"} or not all(by_weekday.values()):
        raise ValueError
    times = {
        weekday: tuple(OPENING if at == OPENING else _time(at) for at in given)
        for weekday, given in by_weekday.items()
    }
    return Batches(tuple(times.get(weekday, times.get("else", ())) for weekday in _WEEKDAYS))


# Kinds of value with a form of their own, and how a sentence names the form.
_OWN_FORMS = {
    Period: (_period, "period"),
    Idle: (_idle, "idle"),
    Opens: (_opens, "opens"),
    Until: (_until, "until"),
    Most: (_most, "most"),
    time: (_time, "time"),
    Hours: (_hours, "hours"),
    Closure: (_closure, "closure"),
    Batches: (_batches, "batches"),
    tuple[int, int] | date: (day_of, "day"),
}
