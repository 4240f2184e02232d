"""Dates that were worked out by hand from real libraries' sheets, one row each.

Where none of the policies here is that library's, one of the two ready ones has the line of its sheet.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pytest

from policy_file import read_policy
from rules import ALWAYS_OPEN, OpeningDays, decide_loan, decide_renewal
from tests.facts import (
    DESK,
    KOKORO,
    MARCH_ISSUE,
    MONDAYS_CLOSED,
    SATO,
    SOURCE_1,
    SOURCE_1_TEXT,
    SOURCE_2,
    WEB,
    collect_by,
    loan,
    on,
    policy,
    row,
    with_loans,
)

LENT_ON, DUE_ON, FRIDAY = date(2021, 1, 11), date(2021, 1, 25), date(2021, 1, 8)


def january(day: int) -> date:
    return date(2021, 1, day)


def february(day: int) -> date:
    return date(2021, 2, day)


def lent(library, bib, day, opening=ALWAYS_OPEN) -> date:
    """The last day of a loan made at the desk."""
    return decide_loan(library, SATO, bib, bib.items[0], on(DESK, day, branch="main"), opening).due.on


def renewed(library, bib, day) -> date | None:
    """The new due date of what was lent for two weeks on 11 January."""
    borrowed = loan(bib, DUE_ON, lent_on=LENT_ON)
    return decide_renewal(library, with_loans(SATO, borrowed), borrowed, on(WEB, day)).due_on


def each(answers: Iterable[date]) -> date:
    """What they all are."""
    (answer,) = set(answers)
    return answer


MACHIDA, FUNABASHI, KASHIHARA, SHINGU = (
    read_policy((Path(__file__).parent / f"{name}.toml").read_text("utf-8"))
    for name in ("machida", "funabashi", "kashihara", "shingu")
)

FROM_REQUEST = ('from = "due date"', 'from = "day of request"')
REFUSED, KEEP = 'refused = ["overdue", "held"]', "keep = { weeks = 1 }"
# Two weeks from the request, less the days that it is late: that is two weeks from the due date.
ITO_CITY = policy(
    SOURCE_1_TEXT,
    FROM_REQUEST,
    (REFUSED, 'refused = ["held"]\nlate = { within = { days = 13 }, from = "due date" }'),
)
CHITA = policy(SOURCE_1_TEXT, ("by = { weeks = 2 }", "by = { days = 15 }"))
CHITA_WITH_THE_FIRST = policy(SOURCE_1_TEXT, ("by = { weeks = 2 }", "by = { days = 15, count_first = true }"))

KANDA = policy(SOURCE_1_TEXT, (KEEP, "keep = { days = 8, count_first = true }"))
TEN_DAYS = policy(SOURCE_1_TEXT, (KEEP, "keep = { days = 10 }"))

NARITA = policy(SOURCE_1_TEXT, ('name = "図書"\nloan = { weeks = 2 }', 'name = "図書"\nloan = { weeks = 3 }'))
CLOSED_THAT_TUESDAY = OpeningDays(closed=frozenset({date(2015, 11, 24)}))

VECTORS = [
    row(
        "source document 2, a book lent on the 11th",
        lambda: lent(SOURCE_2, KOKORO, LENT_ON),
        january(25),
    ),
    row(
        "source document 2, a book renewed on the 24th",
        lambda: renewed(SOURCE_2, KOKORO, january(24)),
        february(7),
    ),
    row(
        "source document 2, a magazine renewed on the 24th",
        lambda: renewed(SOURCE_2, MARCH_ISSUE, january(24)),
        january(31),
    ),
    row(
        "source document 1, renewed on any day until the 25th, when it is due",
        lambda: each(renewed(SOURCE_1, KOKORO, LENT_ON + timedelta(days=n)) for n in range(15)),
        february(8),
    ),
    row(
        "町田 in time, renewed on the 20th",
        lambda: renewed(MACHIDA, KOKORO, january(20)),
        february(3),
    ),
    row(
        "町田 late, renewed on the 28th",
        lambda: renewed(MACHIDA, KOKORO, january(28)),
        february(8),
    ),
    row(
        "伊東 three days late, renewed on the 28th",
        lambda: renewed(ITO_CITY, KOKORO, january(28)),
        february(8),
    ),
    row(
        "知多, fifteen days after the due date",
        lambda: renewed(CHITA, KOKORO, DUE_ON),
        february(9),
    ),
    row(
        "知多, fifteen days with the due date as the first",
        lambda: renewed(CHITA_WITH_THE_FIRST, KOKORO, DUE_ON),
        february(8),
    ),
    row(
        "船橋's shelf, seven open days from the day after Friday the 8th, Mondays closed",
        lambda: collect_by(FUNABASHI, FRIDAY, MONDAYS_CLOSED),
        january(16),
    ),
    row(
        "橿原's shelf, eight open days with that Friday",
        lambda: collect_by(KASHIHARA, FRIDAY, MONDAYS_CLOSED),
        january(16),
    ),
    row(
        "豊明's shelf, a week from the mail of that Friday",
        lambda: collect_by(SOURCE_1, FRIDAY, MONDAYS_CLOSED),
        january(15),
    ),
    row(
        "新宮's shelf, eight days with that Friday",
        lambda: collect_by(SHINGU, FRIDAY, MONDAYS_CLOSED),
        january(15),
    ),
    row(
        "苅田's shelf, the same",
        lambda: collect_by(KANDA, FRIDAY, MONDAYS_CLOSED),
        january(15),
    ),
    row(
        "ten days on the shelf end on a closed Monday, so on Tuesday",
        lambda: collect_by(TEN_DAYS, FRIDAY, MONDAYS_CLOSED),
        january(19),
    ),
    row(
        "成田, three weeks from 3 November 2015 end on a closed Tuesday, so on Wednesday",
        lambda: lent(NARITA, KOKORO, date(2015, 11, 3), CLOSED_THAT_TUESDAY),
        date(2015, 11, 25),
    ),
]


@pytest.mark.parametrize(("answer", "expected"), VECTORS)
def test_a_date_that_was_worked_out_by_hand(answer, expected):
    assert answer() == expected


def test_who_is_two_weeks_late_in_ito_renews_no_more():
    assert renewed(ITO_CITY, KOKORO, february(7)) == february(8)
    assert renewed(ITO_CITY, KOKORO, february(8)) is None
