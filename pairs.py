"""Folded text cut into pairs of characters: what the index holds of it, and how the index is asked for it.

Japanese has no blanks between words, so any part of a text is found as a phrase of overlapping pairs.  Latin
words and numbers stand whole.  Pure text in, pure text out.
"""

import re
from collections.abc import Iterable

# A folded word never holds these: folding drops all private characters.
END = "\ue000"  # between two values; no phrase crosses it
JOINT = "\ue001"  # between title and subtitle; phrases cross it, as when a patron types both in one

_RUNS = re.compile("[a-z0-9]+|[^a-z0-9 ]+")
_JOINT_OF_LATIN = re.compile(f"(?<=[a-z0-9]){JOINT}+(?=[a-z0-9])")


def flat(column: str) -> str:
    """A column with title and subtitle as one text."""
    return _JOINT_OF_LATIN.sub(" ", column).replace(JOINT, "") if JOINT in column else column


def cut(value: str) -> list[str]:
    """What is indexed of a value: Latin words and numbers whole, the rest in pairs and its last character."""
    words = []
    for run in _RUNS.findall(value):
        if run[0].isascii():
            words.append(run)
        else:
            words += [run[place : place + 2] for place in range(len(run))]
    return words


def cut_column(column: str) -> str:
    """The words of a column, and at its end every other character once: so that one character finds it."""
    text = flat(column)
    if not text:
        return ""
    words = f" {END} ".join(" ".join(cut(value)) for value in text.split(END)).split()
    known = {*words, " "}
    singles = [single for single in dict.fromkeys(text) if single not in known and not single.isascii()]
    return " ".join([*words, END, *singles])


def any_of(alternatives: Iterable[str], start: bool = False) -> str:
    """The FTS5 query that finds a text in any of its forms; with ``start`` only where a column begins."""
    return "(" + " OR ".join(phrase(form, start) for form in alternatives) + ")"


def phrase(form: str, start: bool = False) -> str:
    """The FTS5 phrase that finds a folded text anywhere; figures and single letters only as whole words."""
    words = cut(form)
    last = _RUNS.findall(form)[-1]
    if last[0].isascii():
        begun = _is_open(form)
    else:
        begun = len(words) > 1 and len(last) == 1  # 3年: the pair that begins with 年 is not known
        words = words if len(last) == 1 else words[:-1]
    return "^ " * start + '"' + " ".join(words) + '"' + " *" * begun


def _is_open(form: str) -> bool:
    """Whether a folded text may go on at its end inside a Latin word, as py does in python."""
    return re.search("[a-z0-9][a-z]$", form) is not None


def begins(text: str, form: str) -> bool:
    """Whether ``phrase`` finds a form at the beginning of a text that begins so: Latin words only whole."""
    following = text[len(form) : len(form) + 1]
    return _is_open(form) or not (form[-1].isascii() and following.isascii() and following.isalnum())


def pattern(alternatives: Iterable[str]) -> re.Pattern:
    """What ``phrase`` finds, as a regular expression."""
    return re.compile("|".join(map(_expression, alternatives)))


def _expression(form: str) -> str:
    before = "(?<![a-z0-9])" if form[0].isascii() else ""
    after = "(?![a-z0-9])" if form[-1].isascii() and not _is_open(form) else ""
    return before + re.escape(form) + after
