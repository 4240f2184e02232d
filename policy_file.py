"""Reads a ``library.toml`` into the classes of ``rules.py``, and tells every mistake in it at once.

The classes are the language: their fields are its keys, their types say what may stand there.  This module
walks them.  What each line may say by itself is found while reading; what it may not say beside the others,
afterwards, by asking the file as it stands.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from datetime import date, time, timedelta
from enum import StrEnum
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

from rules import (
    BUILT_IN_SETS,
    CLOSED_HOLD_STATES,
    HELD,
    OPENING,
    Batches,
    Cause,
    Closure,
    Hours,
    Left,
    Most,
    Obstacle,
    Opens,
    Period,
    Policy,
    School,
    Season,
    Unit,
    Until,
    When,
    WhoWhen,
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something in a policy that cannot be meant: where it stands, and the key of a sentence about it."""

    path: str
    problem: str
    facts: Mapping[str, object] = field(default_factory=dict)


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
    _place_lines(tables, "")
    heads, changes = _seasons_apart(tables)
    reader = _Reader()
    policy = reader.read(Policy, {**tables, "season": heads} if heads else tables, "")
    for n, change in enumerate(changes, start=1):
        reader.read_changes(change, f"season[{n}]")
    reader.mistakes += _contradictions({**tables, "season": changes} if changes else tables)
    _season_days(heads if changes else [], reader)
    if reader.mistakes:
        raise PolicyMistakes(reader.mistakes, source)
    return _with_seasons(policy, tables, changes, source)


# ---- the walk over the classes ---------------------------------------------------------------------------

_PLACE = "@"  # beside a line's own keys: where it stands in the file, seasons included
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
                self.read(kinds[keys[key]], value, _join(path, key))
            elif key != _PLACE:
                self._unknown_key(path, key, ["name", "from", "to", *_CHANGEABLE])
        self.only_changes = False
        if not tables.keys() - {_PLACE}:
            self.note(path, "policy.season_changes_nothing")

    def note(self, path: str, problem: str, **facts) -> None:
        self.mistakes.append(Mistake(path, problem, facts))

    def _own_form(self, kind, value, path: str):
        form, expected = _OWN_FORMS[kind]
        try:
            read = form(value)
        except (ValueError, TypeError, AttributeError):
            return self.note(path, f"policy.not_{expected}", given=value)
        if isinstance(read, Period) and read.unit is Unit.HOURS and not _LENDS.search(path):
            return self.note(path, "policy.hours_lend_only")
        return read

    def _member(self, kind, value, path: str):
        fitting = [member for member in kind if value in (member.value, member.value.replace("_", " "))]
        allowed = [member.value for member in kind]  # as they are written in the file, not as pages say them
        return fitting[0] if fitting else self.note(path, "policy.not_one_of", allowed=allowed)

    def _table(self, kind, table, path: str):
        if not isinstance(table, dict):
            return self.note(path, "policy.not_table")
        kinds, values, keys = get_type_hints(kind), {}, {_PLACE}
        for entry in fields(kind):
            key = entry.metadata.get("key", entry.name)
            if entry.name == "place":
                values["place"] = table.get(_PLACE, path)
            elif entry.metadata.get("spread"):
                own = {key: table[key] for key in table.keys() & PERIOD_KEYS}
                keys |= PERIOD_KEYS
                if own or entry.default is MISSING:
                    values[entry.name] = self.read(kinds[entry.name], own, path)
            elif key is not None:
                keys.add(key)
                if key in table:
                    values[entry.name] = self.read(kinds[entry.name], table[key], _join(path, key))
                elif (
                    entry.default is MISSING and entry.default_factory is MISSING and not self._may_lack(kind)
                ):
                    self.note(_join(path, key), "policy.missing")
        for key in sorted(table.keys() - keys):
            self._unknown_key(path, key, keys - {_PLACE})
        if not table.keys() - {_PLACE} and kind in (When, WhoWhen, Cause):
            self.note(path, "policy.blank")  # a condition that names nothing would fit everything
        return None if self.mistakes or self._may_lack(kind) else kind(**values)

    def _may_lack(self, kind) -> bool:
        """A season's tables say only what they change; its lines are whole."""
        return self.only_changes and "place" not in {entry.name for entry in fields(kind)}

    def _unknown_key(self, path: str, key: str, known) -> None:
        nearest = difflib.get_close_matches(key, sorted(known), n=1)
        self.note(_join(path, key), "policy.unknown_key", nearest=nearest[0] if nearest else None)

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
            self.read(key_kind, key, _join(path, key)): self.read(value_kind, value, _join(path, key))
            for key, value in table.items()
        }


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


# ---- values with a form of their own ---------------------------------------------------------------------

PERIOD_KEYS = {*(unit.value for unit in Unit), "count_first"}
_LENDS = re.compile(r"(?:^|\.)(?:loan\.by|material)\b")  # the only periods that may be hours
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
    return time.fromisoformat(value.strip().zfill(5))


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
    first, last = _day(first), _day(last)
    if isinstance(first, date) and first > last:
        raise ValueError
    if isinstance(first, date) != isinstance(last, date):
        raise ValueError
    return Closure(first=first, last=last)


def _day(value: str) -> tuple[int, int] | date:
    """A date, or without its year a (month, day) of every year."""
    if len(value.strip()) > 5:
        return date.fromisoformat(value.strip())
    day = date.fromisoformat(f"2000-{value.strip()}")  # a leap year, so that 02-29 can be named
    return day.month, day.day


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
    Opens: (_opens, "opens"),
    Until: (_until, "until"),
    Most: (_most, "most"),
    time: (_time, "time"),
    Hours: (_hours, "hours"),
    Closure: (_closure, "closure"),
    Batches: (_batches, "batches"),
    tuple[int, int] | date: (_day, "day"),
}


# ---- seasons ---------------------------------------------------------------------------------------------


_ONE_LINE = re.compile(r"(?:^|\.)(?:loan|renewal|late)\.by$")  # a table in the place of a list of lines


def _place_lines(value, path: str) -> None:
    """Write into every line of the file where it stands, so that a season's line knows it in any sheet."""
    if isinstance(value, dict):
        for key, entry in value.items():
            _place_lines(entry, _join(path, key))
            if isinstance(entry, dict) and _ONE_LINE.search(_join(path, key)):
                entry[_PLACE] = _join(path, key)
    elif isinstance(value, list):
        for n, entry in enumerate(value, start=1):
            if isinstance(entry, dict):
                _place_lines(entry, f"{path}[{n}]")
                entry[_PLACE] = f"{path}[{n}]"


def _seasons_apart(tables: dict) -> tuple[list, list[dict]]:
    """The names and days of the seasons, and what each changes."""
    seasons = tables.get("season")
    if not isinstance(seasons, list) or not all(isinstance(season, dict) for season in seasons):
        return seasons, []
    own = {entry.metadata.get("key", entry.name) for entry in fields(Season)} | {_PLACE}
    heads = [{key: season[key] for key in season.keys() & own} for season in seasons]
    changes = [{key: season[key] for key in season.keys() - own} for season in seasons]
    return heads, changes


def _season_days(heads: list[dict], reader: _Reader) -> None:
    """The first and the last day of a season are both of every year, or two dates in order."""
    for n, head in enumerate(heads, start=1):
        try:
            first, last = _day(head["from"]), _day(head["to"])
        except (KeyError, ValueError, TypeError, AttributeError):
            continue  # told already
        if type(first) is not type(last) or (isinstance(first, date) and first > last):
            reader.note(f"season[{n}]", "policy.season_days")


def _with_seasons(policy: Policy, tables: dict, changes: list[dict], source: str) -> Policy:
    """The sheet, and one for each set of seasons that can meet: their tables laid over the file's."""
    sheets: dict[frozenset[int], Policy] = {}
    plain = replace(policy, in_season=sheets)
    sheets[frozenset()] = plain
    reader = _Reader()
    for running in _meetings(policy.seasons):
        _collisions(running, changes, reader)
        laid = tables
        for n in sorted(running):
            laid = _laid_over(laid, changes[n])
        reader.mistakes += _contradictions({key: laid[key] for key in laid.keys() - {"season"}})
        sheet = reader.read(Policy, {key: laid[key] for key in laid.keys() - {"season"}}, "")
        if reader.mistakes:
            raise PolicyMistakes(reader.mistakes, source)
        sheets[running] = replace(sheet, seasons=policy.seasons, in_season=sheets)
    return plain


def _meetings(seasons: Sequence[Season]) -> Iterator[frozenset[int]]:
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


def _collisions(running: frozenset[int], changes: list[dict], reader: _Reader) -> None:
    """Two seasons that say the same line on one day; a whole list and one of its lines are the same."""
    said = {n: dict(_sayings(changes[n], ())) for n in sorted(running)}
    for n, own in said.items():
        for key, place in own.items():
            for other in (other for other in said if other < n):
                if any(key[: len(theirs)] == theirs[: len(key)] for theirs in said[other]):
                    reader.note(
                        f"season[{n + 1}].{place}", "policy.seasons_collide", other=f"season[{other + 1}]"
                    )


def _sayings(value: dict, path: tuple) -> Iterator[tuple[tuple, str]]:
    """What a season says, each under the key by which it would take another's place."""
    for key, entry in value.items():
        here = (*path, key)
        if isinstance(entry, dict) and key not in _VALUES:
            yield from _sayings(entry, here)
        elif isinstance(entry, list) and entry and isinstance(entry[0], dict):
            yield from (
                ((*here, _question(line)), f"{'.'.join(here)}[{n}]") for n, line in enumerate(entry, 1)
            )
        elif key != _PLACE:
            yield here, ".".join(here)


# Tables that are one value.
_VALUES = ("by", "opens", "until", "late", "keep", "extend", "unreached", "registered_at")
_QUESTIONS = ("of", "who", "at", "branch", "per", "count", "contact", "when", "stops", "under", "text")


def question(line: dict) -> dict[str, object]:
    """What a line asks, lists in order; a line takes the place of one that asks the same."""
    asked = {key: line[key] for key in _QUESTIONS if key in line}
    return {key: sorted(value, key=str) if isinstance(value, list) else value for key, value in asked.items()}


def _question(line: dict) -> str:
    return json.dumps(question(line), sort_keys=True, default=str)


def _laid_over(tables: dict, change: dict) -> dict:
    """The tables with a season's laid over: a line takes the place of the one with the same questions."""
    laid = dict(tables)
    for key, value in change.items():
        before = laid.get(key)
        if isinstance(value, dict) and isinstance(before, dict) and key not in _VALUES:
            laid[key] = _laid_over(before, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines = [before] if isinstance(before, dict) else before if isinstance(before, list) else []
            instead = {_question(line): line for line in value}
            laid[key] = [instead.pop(_question(line), line) for line in lines] + list(instead.values())
        else:
            laid[key] = value
    return laid


# ---- what lines may not say beside the others ------------------------------------------------------------

_LISTS_OF = ("limit", "by", "not", "only")  # under loan, renewal, hold and their seasons


def _contradictions(tables: dict) -> list[Mistake]:
    """What each line may say, but not beside the others: ids given twice, ids never given, no main branch.

    Asks the file as it stands, so that a mistake in one line does not hide one in another.
    """
    reader = _Reader()
    ids = {
        path: [line["id"] for line in _lines(tables, path) if isinstance(line.get("id"), str)]
        for path in ("branch", "patron", "people", "material", "category")
    }
    for path, given in ids.items():
        # Materials and categories are what lines are "of"; patron categories and people are "who".
        beside = {"category": ids["material"], "people": ids["patron"]}.get(path, [])
        for id_ in sorted({id_ for id_ in given if (given + beside).count(id_) > 1 or id_ in BUILT_IN_SETS}):
            reader.note(path, "policy.duplicate_id", given=id_)
    branches = _lines(tables, "branch")
    if branches and sum(line.get("main") is True for line in branches) != 1:
        reader.note("branch", "policy.one_main_branch")

    sets = [*ids["material"], *ids["category"], *(word for word in BUILT_IN_SETS if word != HELD)]
    people = [*ids["patron"], *ids["people"]]
    for line in _question_lines(tables):
        place = line[_PLACE]
        _unknown(reader, f"{place}.of", line.get("of"), sets)
        _unknown(reader, f"{place}.who", line.get("who"), people, "who")
        _unknown(reader, f"{place}.branch", line.get("branch"), ids["branch"], "branch")
        if ".only[" in place and not line.keys() & {"who", "at", "branch"}:
            reader.note(place, "policy.only_asks_nothing")
    for line in [*_lines(tables, "block"), *_of_seasons(tables, "block")]:
        when = line.get("when")
        if isinstance(when, dict):
            _unknown(reader, f"{line[_PLACE]}.when.of", when.get("of"), [*sets, HELD])
            if ("returned_late" in when) != ("lasts" in line):
                reader.note(line[_PLACE], "policy.late_return_lasts")
            if (
                when
                and not when.keys() & {"overdue", "returned_late", "card", "mark"}
                and when.get("lost") is not True
            ):
                reader.note(f"{line[_PLACE]}.when", "policy.no_cause")
        lasts = line.get("lasts")
        if isinstance(lasts, dict):
            per_day = lasts.get("per_day_late")
            if ("per_day_late" in lasts) == bool(lasts.keys() & PERIOD_KEYS):
                reader.note(f"{line[_PLACE]}.lasts", "policy.one_length")
            elif isinstance(per_day, dict) and per_day.keys() != {"days"}:
                reader.note(f"{line[_PLACE]}.lasts.per_day_late", "policy.days_only")
    for line in _lines(tables, "card.valid"):
        for key in sorted(line.keys() & {"of", "at", "branch", "say"}):
            reader.note(f"{line[_PLACE]}.{key}", "policy.unknown_key")
    for path, asked, known, kind in (
        ("category", "material", ids["material"], "of"),
        ("category", "branch", ids["branch"], "branch"),
        ("people", "patron", ids["patron"], "who"),
    ):
        for line in _lines(tables, path):
            when = line.get("when")
            for condition in when if isinstance(when, list) else [when]:
                if isinstance(condition, dict) and asked in condition:
                    _unknown(reader, f"{line[_PLACE]}.when.{asked}", [condition[asked]], known, kind)
                if isinstance(condition, dict):
                    _empty_range(reader, f"{line[_PLACE]}.when", condition)

    renewal = _at(tables, "renewal", {})
    refused = _at(tables, "renewal.refused", [])
    if "late" in renewal and Obstacle.OVERDUE.value in refused:
        reader.note("renewal.late", "policy.late_and_overdue")
    if {Obstacle.HELD.value, Obstacle.HELD_NO_COPY_FREE.value} <= {
        word for word in refused if type(word) is str
    }:
        reader.note("renewal.refused", "policy.held_twice")
    ended = {state.value for state in CLOSED_HOLD_STATES}
    for path in ("hold.cancel", "hold.change"):
        for channel, states in _at(tables, path, {}).items():
            if isinstance(states, list) and ended & {state for state in states if isinstance(state, str)}:
                reader.note(f"{path}.{channel}", "policy.closed_state")
    return reader.mistakes


def _empty_range(reader: _Reader, path: str, condition: dict) -> None:
    """A range of ages or schools that ends before it begins."""
    schools = [stage.value for stage in School]
    for kind, order in (("age", lambda age: age), ("school", schools.index)):
        try:
            empty = order(condition[f"{kind}_from"]) > order(condition[f"{kind}_to"])
        except (KeyError, ValueError, TypeError):
            continue
        if empty:
            reader.note(path, "policy.empty_range")


def _question_lines(tables: dict) -> Iterator[dict]:
    """Every line of the file that asks of, who, at or branch."""
    paths = [f"{act}.{kind}" for act in ("loan", "renewal", "hold") for kind in _LISTS_OF]
    for path in [*paths, "renewal.late.by", "hold.shelf.by", "card.valid", "block"]:
        yield from _lines(tables, path)
        yield from _of_seasons(tables, path)


def _of_seasons(tables: dict, path: str) -> Iterator[dict]:
    for season in _at(tables, "season", []):
        yield from _lines(season, path)


def _at(tables: dict, path: str, otherwise):
    """What stands at a path of the file, if it is of the same kind as ``otherwise``."""
    found = tables
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, type(otherwise)) else otherwise


def _lines(tables: dict, path: str) -> list[dict]:
    """The lines of a list; a single table in its place is a list of one."""
    single = _at(tables, path, {})
    lines = _at(tables, path, [{**single, _PLACE: path}] if single else [])
    return [line for line in lines if isinstance(line, dict)]


def _unknown(reader: _Reader, path: str, given, known: Sequence[str], kind: str = "of") -> None:
    """A mistake for each id that nothing bears."""
    problem = {"of": "policy.unknown_id", "who": "policy.unknown_who", "branch": "policy.unknown_branch"}[
        kind
    ]
    for id_ in given if isinstance(given, list) else ():
        if isinstance(id_, str) and id_.strip() and id_ not in known:
            nearest = difflib.get_close_matches(id_, known, n=1)
            reader.note(path, problem, given=id_, nearest=nearest[0] if nearest else None)
