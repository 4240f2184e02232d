"""柳川市 (source document 2): from the loan to the renewal, beside tests/test_rules_source_2.py."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules import (
    ALWAYS_OPEN,
    Contact,
    Reason,
    ShelfFacts,
    collect_by,
    decide_hold,
    decide_loan,
    decide_renewal,
)
from tests.facts import (
    BOTCHAN,
    DESK,
    ITO,
    KIOSK,
    KOKORO,
    MARCH_ISSUE,
    MONDAYS_CLOSED,
    MORI,
    PHONE,
    SATO,
    SONGS,
    SOURCE_2,
    SUZUKI,
    TODAY,
    TOMORROW,
    WEB,
    loan,
    on,
    row,
    said,
    title,
    with_loans,
)

THIRTY_BOOKS = with_loans(SATO, *(loan(title(n)) for n in range(201, 231)))
MONDAY, TUESDAY = date(2021, 1, 11), date(2021, 1, 12)


def lent(patron, bib, day=TODAY, opening=ALWAYS_OPEN):
    return decide_loan(SOURCE_2, patron, bib, bib.items[0], on(DESK, day, branch="main"), opening)


# ---- Loans ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bib", "lent_on", "opening", "due_on"),
    [
        row("a book of fifteen days with the first", KOKORO, MONDAY, ALWAYS_OPEN, date(2021, 1, 25)),
        row("a magazine of eight", MARCH_ISSUE, MONDAY, ALWAYS_OPEN, date(2021, 1, 18)),
        row("a disc of eight", SONGS, MONDAY, ALWAYS_OPEN, date(2021, 1, 18)),
        row("a fifteenth day on a closed Monday moves to Tuesday", KOKORO, MONDAY, MONDAYS_CLOSED,
            date(2021, 1, 26)),
    ],
)  # fmt: skip
def test_a_loan_ends_on_its_day(bib, lent_on, opening, due_on):
    assert lent(replace(SATO, card_expires_on=None), bib, lent_on, opening).due.on == due_on


@pytest.mark.parametrize(
    ("patron", "reasons"),
    [
        row("the sheet names no number: a thirty-first book", THIRTY_BOOKS, ()),
        row("who is late renews nothing, but borrows", SUZUKI, ()),
        row("a blue card borrows", MORI, ()),
        row("an expired card does not", ITO, (Reason.CARD_EXPIRED,)),
    ],
)
def test_to_whom_a_book_is_lent(patron, reasons):
    assert lent(patron, KOKORO).reasons == reasons


# ---- Renewal -------------------------------------------------------------------------------------------


def test_a_loan_is_renewed_once_from_the_day_of_the_procedure_and_past_a_closed_monday():
    lent_until = lent(SATO, KOKORO, TUESDAY, MONDAYS_CLOSED).due.on
    borrowed = loan(KOKORO, lent_until, lent_on=TUESDAY)

    first = decide_renewal(SOURCE_2, SATO, borrowed, on(WEB, date(2021, 1, 25)), MONDAYS_CLOSED)
    again = replace(borrowed, due_on=first.due_on, renewals=1)
    second = decide_renewal(SOURCE_2, SATO, again, on(WEB, date(2021, 2, 1)), MONDAYS_CLOSED)

    assert (lent_until, first.due_on) == (date(2021, 1, 26), date(2021, 2, 9))
    assert said(SOURCE_2, second) == ["延長回数に達しました(1回まで)。期限までにお返しください。"]


def test_all_that_is_chosen_together_is_renewed_today_and_nothing_of_it_tomorrow_when_one_is_late():
    chosen = (loan(KOKORO, TODAY), loan(MARCH_ISSUE), loan(SONGS))
    patron = with_loans(SATO, *chosen)

    today = [decide_renewal(SOURCE_2, patron, borrowed, on(WEB, TODAY)) for borrowed in chosen]
    tomorrow = [decide_renewal(SOURCE_2, patron, borrowed, on(WEB, TOMORROW)) for borrowed in chosen]

    assert [answer.due_on for answer in today] == [TODAY + timedelta(days=14), None, None]
    assert [answer.reasons for answer in today] == [(), (Reason.NO_DAY_GAINED,), (Reason.NO_DAY_GAINED,)]
    assert [answer.reasons for answer in tomorrow] == [
        (Reason.OVERDUE_BLOCK, Reason.OVERDUE),
        (Reason.OVERDUE_BLOCK,),
        (Reason.OVERDUE_BLOCK,),
    ]


@pytest.mark.parametrize("channel", [WEB, DESK, PHONE, KIOSK])
def test_what_came_from_another_library_is_renewed_by_no_way(channel):
    borrowed = loan(title(301, interlibrary=True))

    decision = decide_renewal(SOURCE_2, with_loans(SATO, borrowed), borrowed, on(channel, TODAY))

    assert decision.reasons == (Reason.INTERLIBRARY,)


# ---- Holds ---------------------------------------------------------------------------------------------


def test_only_residents_commuters_and_students_hold():
    commuter = replace(SATO, category="commuter")

    assert decide_hold(SOURCE_2, commuter, BOTCHAN, on(WEB)).allowed
    assert said(SOURCE_2, decide_hold(SOURCE_2, MORI, BOTCHAN, on(WEB))) == [
        SOURCE_2.patron_category("reciprocal").say
    ]


def test_a_ready_hold_is_kept_for_a_week_from_the_mail():
    ready = ShelfFacts(Contact.MAIL, "west", date(2021, 1, 6), date(2021, 1, 11))

    assert collect_by(SOURCE_2, ready, MONDAYS_CLOSED) == date(2021, 1, 19)
