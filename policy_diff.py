"""What changes between two policies: in the sentences that patrons read, and in the lines of the files."""

import tomllib
from collections.abc import Iterator

import rule_sheet
from policy_file import read_policy
from policy_tables import PERIOD_KEYS, question
from rules import Occasion
from wording import Wording


def differences(before: str, after: str, occasion: Occasion, language: str) -> list[str]:
    """The two policies (as TOML) compared, in lines to be printed; empty where they say the same.

    A line is told by its id or by what it asks, so that one that only stands elsewhere is no difference.
    """
    wording = Wording(language)
    said = _sentences_changed(before, after, occasion, language)
    written = list(_changed(tomllib.loads(before), tomllib.loads(after), ""))
    told = []
    if said:
        told += [wording.t("diff.sentences"), *("  " + line for line in said)]
    if written:
        told += [wording.t("diff.lines"), *("  " + line for line in written)]
    return told


def _sentences_changed(before: str, after: str, occasion: Occasion, language: str) -> list[str]:
    """Both sheets in the words of the first, so that another name for the card changes no rule."""
    policies = [read_policy(source) for source in (before, after)]
    wording = Wording(language, policies[0].words)
    old, new = (rule_sheet.sentences(policy.in_season[frozenset()], wording, occasion) for policy in policies)
    gone = [f"- {title}: {sentence}" for title, sentence in old if (title, sentence) not in new]
    return gone + [f"+ {title}: {sentence}" for title, sentence in new if (title, sentence) not in old]


def _changed(before: dict, after: dict, path: str) -> Iterator[str]:
    for key in dict.fromkeys([*before, *after]):
        here = f"{path}.{key}" if path else key
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict) and not (old | new).keys() & PERIOD_KEYS:
            yield from _changed(old, new, here)
        elif _is_lines(old) or _is_lines(new):
            yield from _lines_changed(old, new, here)
        elif key not in after:
            yield f"- {here} = {_toml(old)}"
        elif key not in before:
            yield f"+ {here} = {_toml(new)}"
        elif old != new:
            yield f"{here}: {_toml(old)} → {_toml(new)}"


def _is_lines(value) -> bool:
    return isinstance(value, list) and any(isinstance(line, dict) for line in value)


def _lines_changed(before, after, path: str) -> Iterator[str]:
    """Lines by their names; one that is on one side only is shown whole."""
    old, new = (
        {_name(line): line for line in lines} if _is_lines(lines) else {"": lines} if lines else {}
        for lines in (before, after)
    )
    for name in dict.fromkeys([*old, *new]):
        if name in old and name in new and isinstance(old[name], dict) and isinstance(new[name], dict):
            yield from _changed(old[name], new[name], f"{path}[{name}]")
        else:
            yield from (f"- {path} = {_toml(old[name])}",) if name in old else ()
            yield from (f"+ {path} = {_toml(new[name])}",) if name in new else ()


def _name(line: dict) -> str:
    """An id, or what the line asks."""
    for key in ("id", "name", "prefix"):
        if key in line:
            return str(line[key])
    return ", ".join(f"{key} = {_toml(value)}" for key, value in question(line).items())


def _toml(value) -> str:
    """A value as a clerk would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + " }"
    return str(value)
