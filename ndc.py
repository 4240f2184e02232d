"""Names of the classes of the Nippon Decimal Classification, ninth edition: ten, a hundred, a thousand."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache

import resources


def label(number: str) -> str | None:
    """The name of the nearest class above a number: 913.6 gives that of 913; None where there is none.

    Catalogues hold numbers that the table has not, so the longest prefix answers.
    """
    digits = re.match(r"\D*(\d{0,3})", number)[1]
    names = _names()
    return next((names[digits[:length]] for length in (3, 2, 1) if digits[:length] in names), None)


@dataclass(frozen=True, slots=True)
class Class:
    """A class with those below it."""

    number: str
    name: str
    below: tuple["Class", ...] = ()


@lru_cache(maxsize=1)
def tree() -> tuple[Class, ...]:
    """The ten classes, each with its ten and they with theirs, as far as they have names."""
    return _below("")


def below(number: str = "") -> tuple[Class, ...]:
    """The classes right below one; without one the ten."""
    classes = tree()
    for length in range(1, len(number) + 1):
        classes = next((one.below for one in classes if one.number == number[:length]), ())
    return classes


def path(number: str) -> list[Class]:
    """The classes that a number stands in, from the widest on: 9, 91 and 913 of 913.6."""
    digits = re.match(r"\D*(\d{0,3})", number)[1]
    names = _names()
    return [
        Class(digits[:length], names[digits[:length]])
        for length in range(1, len(digits) + 1)
        if digits[:length] in names
    ]


def is_class(number: str) -> bool:
    return number in _names()


def _below(number: str) -> tuple[Class, ...]:
    numbers = [below for below in (f"{number}{figure}" for figure in range(10)) if below in _names()]
    return tuple(Class(below, _names()[below], _below(below)) for below in numbers)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return json.loads(resources.text("reference/ndc9.json"))
