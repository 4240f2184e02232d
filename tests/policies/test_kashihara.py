"""橿原市: more and longer loans at the end of the year, renewed for as long as they were lent."""

from datetime import date
from pathlib import Path

import pytest

from policy_file import read_policy
from rules import (
    ALWAYS_OPEN,
    Contact,
    Reason,
    Room,
    ShelfFacts,
    collect_by,
    decide_loan,
    decide_renewal,
    room_for_loans,
)
from tests.facts import (
    DESK,
    KOKORO,
    MONDAYS_CLOSED,
    SATO,
    SONGS,
    TODAY,
    WEB,
    loan,
    on,
    row,
    said,
    title,
    with_loans,
)

KASHIHARA = read_policy((Path(__file__).parent / "kashihara.toml").read_text("utf-8"))

NOVELS = tuple(title(n) for n in range(201, 211))
DISCS = tuple(title(n, "av") for n in range(221, 225))
BEFORE, FIRST, LAST, AFTER = (date(2026, 12, day) for day in (14, 15, 28, 29))


def borrowing(*bibs, due_on=date(2027, 1, 20)):
    return with_loans(SATO, *(loan(bib, due_on) for bib in bibs))


def lent(patron, bib, day):
    return decide_loan(KASHIHARA, patron, bib, bib.items[0], on(DESK, day, branch="main"))


def renewed(borrowed, day):
    return decide_renewal(KASHIHARA, with_loans(SATO, borrowed), borrowed, on(WEB, day))


# ---- Loans, and the campaign ---------------------------------------------------------------------------

LIMIT = (Reason.LOAN_LIMIT,)


@pytest.mark.parametrize(
    ("out", "bib", "day", "reasons"),
    [
        row("the fifth book", NOVELS[:4], KOKORO, BEFORE, ()),
        row("not the sixth, the day before the campaign", NOVELS[:5], KOKORO, BEFORE, LIMIT),
        row("the sixth, on its first day", NOVELS[:5], KOKORO, FIRST, ()),
        row("the tenth, on its last day", NOVELS[:9], KOKORO, LAST, ()),
        row("not the eleventh", NOVELS[:10], KOKORO, LAST, LIMIT),
        row("not the sixth, the day after", NOVELS[:5], KOKORO, AFTER, LIMIT),
        row("the second disc beside five books", (*NOVELS[:5], DISCS[0]), SONGS, BEFORE, ()),
        row("not the third", DISCS[:2], SONGS, BEFORE, LIMIT),
        row("the fourth, in the campaign", DISCS[:3], SONGS, FIRST, ()),
        row("not the fifth", DISCS[:4], SONGS, LAST, LIMIT),
    ],
)
def test_five_and_two_and_in_the_campaign_ten_and_four(out, bib, day, reasons):
    assert lent(borrowing(*out), bib, day).reasons == reasons


@pytest.mark.parametrize(
    ("bib", "day", "due_on"),
    [
        row("a book, the day before", KOKORO, BEFORE, date(2026, 12, 28)),
        row("a book, on the first day", KOKORO, FIRST, date(2027, 1, 12)),
        row("a disc, on the last day", SONGS, LAST, date(2027, 1, 25)),
        row("a disc, the day after", SONGS, AFTER, date(2027, 1, 12)),
        row("in another year's December", KOKORO, date(2025, 12, 20), date(2026, 1, 3)),
    ],
)
def test_two_weeks_and_in_the_campaign_four(bib, day, due_on):
    assert lent(SATO, bib, day).due.on == due_on


def test_what_was_lent_in_the_campaign_is_over_the_limit_after_it():
    patron = borrowing(*NOVELS[:7])

    decision = lent(patron, KOKORO, AFTER)

    assert said(KASHIHARA, decision) == [
        "図書の貸出は5点までです(貸出中 7点)。お返しいただくと、借りられます。"
    ]
    assert room_for_loans(KASHIHARA, patron, on(DESK, AFTER))[0] == Room(("図書",), 5, 7)
    assert room_for_loans(KASHIHARA, patron, on(DESK, LAST))[0] == Room(("図書",), 10, 7)


# ---- Renewal -------------------------------------------------------------------------------------------

IN_DECEMBER = loan(KOKORO, date(2026, 12, 24), lent_on=date(2026, 12, 10))
IN_THE_CAMPAIGN = loan(KOKORO, date(2027, 1, 17), lent_on=date(2026, 12, 20))


@pytest.mark.parametrize(
    ("borrowed", "day", "due_on"),
    [
        row("two weeks for what was lent for two", loan(KOKORO, TODAY), TODAY, date(2026, 4, 15)),
        row("four weeks for what was lent in the campaign, though it is over", IN_THE_CAMPAIGN,
            date(2027, 1, 10), date(2027, 2, 7)),
        row("two weeks in the campaign for what was lent before it", IN_DECEMBER, date(2026, 12, 20),
            date(2027, 1, 3)),
    ],
)  # fmt: skip
def test_a_renewal_is_as_long_as_the_loan_was(borrowed, day, due_on):
    assert renewed(borrowed, day).due_on == due_on


@pytest.mark.parametrize(
    ("borrowed", "reasons"),
    [
        row("once, not twice", loan(KOKORO, renewals=1), (Reason.RENEWED,)),
        row("not while somebody waits", loan(KOKORO, waiting=1), (Reason.HELD,)),
        row("no disc", loan(SONGS), (Reason.NOT_RENEWABLE,)),
    ],
)
def test_what_is_not_renewed(borrowed, reasons):
    assert renewed(borrowed, TODAY).reasons == reasons


def test_a_disc_is_named_in_its_refusal():
    assert said(KASHIHARA, renewed(loan(SONGS), TODAY)) == ["延長できません(視聴覚資料)。"]


# ---- The hold shelf ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told_on", "opening", "last_day"),
    [
        row("told on a Friday, Mondays closed", date(2021, 1, 8), MONDAYS_CLOSED, date(2021, 1, 16)),
        row("the day itself is the first of the eight", date(2021, 1, 8), ALWAYS_OPEN, date(2021, 1, 15)),
        row("told on a closed Monday, which is none of them", date(2021, 1, 11), MONDAYS_CLOSED,
            date(2021, 1, 20)),
        row("not told yet, the clock has not started", None, MONDAYS_CLOSED, None),
    ],
)  # fmt: skip
def test_eight_open_days_with_the_day_of_the_mail(told_on, opening, last_day):
    ready = ShelfFacts(Contact.MAIL, "main", date(2021, 1, 7), told_on)

    assert collect_by(KASHIHARA, ready, opening) == last_day
