"""What other programs are told of a title: at which branch it can be had, in the words of the Calil library
API, which programs that compare libraries know."""

import json
from collections.abc import Collection, Iterable
from enum import StrEnum

import catalogue
from catalogue import Title
from folding import isbn13
from models import db
from rules import Availability, Branch

MOST = 100  # numbers in one question
_KNOWN_SQL = "SELECT isbn, id FROM bib WHERE isbn IN (SELECT value FROM json_each(?))"


class Word(StrEnum):
    """The words of the API, the best first.  蔵書あり, of which nothing more is known, is never needed."""

    LOANABLE = "貸出可"
    IN_LIBRARY_ONLY = "館内のみ"
    ON_LOAN = "貸出中"
    ON_HOLD = "予約中"
    BEING_PREPARED = "準備中"
    CLOSED = "休館中"
    NOT_HELD = "蔵書なし"


class NotUnderstood(Exception):
    """The question is none; its text is the word for what is wrong."""


def asked_numbers(typed: str) -> dict[str, str]:
    """The ISBNs of a list with commas, each as typed with its thirteen digits.  Raises NotUnderstood."""
    numbers = [one.strip() for one in typed.split(",", MOST + 1) if one.strip()]
    if not numbers:
        raise NotUnderstood("missing")
    if len(numbers) > MOST:
        raise NotUnderstood("too_many")
    known = {one: isbn13(one) for one in numbers}
    if not all(known.values()):
        raise NotUnderstood("not_an_isbn")
    return known


def titles_with(isbns: Collection[str]) -> dict[str, list[Title]]:
    """The titles with each of these numbers, which may be several; hidden ones are left out."""
    ids: dict[str, list[int]] = {}
    for isbn, number in db.execute_sql(_KNOWN_SQL, (json.dumps(list(isbns)),)):
        ids.setdefault(isbn, []).append(number)
    known = {title.id: title for title in catalogue.titles([one for some in ids.values() for one in some])}
    return {isbn: [known[number] for number in some if number in known] for isbn, some in ids.items()}


def words(titles: Iterable[Title], branches: Iterable[Branch], closed: Collection[str]) -> dict[str, Word]:
    """For each branch by its name the best word that one of its pieces has; ``closed``: those that do not
    open for a week or more."""
    said: dict[str, list[Word]] = {}
    for title in titles:
        for item in title.items:
            word = _word(item.availability, title.waiting)
            shut = item.branch in closed and word is Word.LOANABLE
            said.setdefault(item.branch, []).append(Word.CLOSED if shut else word)
    order = list(Word)
    return {branch.name: min(said.get(branch.id, [Word.NOT_HELD]), key=order.index) for branch in branches}


def _word(state: Availability, waiting: int) -> Word:
    match state:
        case Availability.AVAILABLE:
            return Word.ON_HOLD if waiting else Word.LOANABLE  # it will be fetched for who waits
        case Availability.ON_LOAN:
            return Word.ON_HOLD if waiting else Word.ON_LOAN
        case Availability.SET_ASIDE:
            return Word.ON_HOLD
        case Availability.IN_LIBRARY_ONLY:
            return Word.IN_LIBRARY_ONLY
        case Availability.NOT_THERE:
            return Word.NOT_HELD
