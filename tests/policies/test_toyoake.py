"""豊明市 (source document 1): from the loan to the shelf, beside tests/test_rules_source_1.py."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules import (
    ALWAYS_OPEN,
    Contact,
    HoldState,
    Reason,
    Refusal,
    ShelfFacts,
    collect_by,
    decide_extension,
    decide_loan,
    decide_pickup_change,
    decide_renewal,
    first_state,
)
from tests.facts import (
    APRIL_ISSUE,
    DESK,
    ITO,
    KASAJIZO,
    KOKORO,
    MONDAYS_CLOSED,
    MORI,
    SATO,
    SONGS,
    SOURCE_1,
    SUZUKI,
    TANAKA,
    TODAY,
    WEB,
    YESTERDAY,
    loan,
    on,
    row,
    said,
    title,
    with_holds,
    with_loans,
)

KEPT_FOR_SATO = title(301, set_aside=True)
READY_FOR_SATO = with_holds(SATO, KEPT_FOR_SATO, state=HoldState.READY)
THIRTY_BOOKS = with_loans(SATO, *(loan(title(n)) for n in range(201, 231)))


def lent(patron, bib, day=TODAY, opening=ALWAYS_OPEN):
    return decide_loan(SOURCE_1, patron, bib, bib.items[0], on(DESK, day, branch="main"), opening)


# ---- Loans ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patron", "bib", "reasons"),
    [
        row("a blue card may not hold, but borrows", MORI, KOKORO, ()),
        row("the sheet names no number: a thirty-first book", THIRTY_BOOKS, KOKORO, ()),
        row("the newest issue is lent though it is not held on the web", SATO, APRIL_ISSUE, ()),
        row("a late item stops no other loan", SUZUKI, KOKORO, ()),
        row("what is ready for somebody is lent to nobody else", TANAKA, KEPT_FOR_SATO,
            (Reason.KEPT_FOR_ANOTHER,)),
        row("but to whom it is ready for", READY_FOR_SATO, KEPT_FOR_SATO, ()),
        row("with an expired card not even what is ready",
            replace(READY_FOR_SATO, card_expires_on=YESTERDAY), KEPT_FOR_SATO, (Reason.CARD_EXPIRED,)),
        row("what stays in the library is not lent", SATO, title(302, not_for_loan=True),
            (Reason.NO_ITEM,)),
    ],
)  # fmt: skip
def test_what_is_lent_and_to_whom(patron, bib, reasons):
    assert lent(patron, bib).reasons == reasons


def test_an_expired_card_is_told_its_last_day_at_the_desk():
    assert said(SOURCE_1, lent(ITO, KOKORO)) == [
        "利用券の有効期限(2026年3月31日(火))が過ぎています。窓口で利用券を更新すると、ご利用いただけます。"
    ]


# ---- From the loan to the renewal ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bib", "due_on", "renewed_until"),
    [
        row("a disc goes for a week and two more", SONGS, date(2026, 4, 8), date(2026, 4, 22)),
        row("a kamishibai for two weeks and two more", KASAJIZO, date(2026, 4, 15), date(2026, 4, 29)),
    ],
)
def test_a_loan_is_renewed_once_from_the_day_it_was_due(bib, due_on, renewed_until):
    borrowed = loan(bib, lent(SATO, bib).due.on, lent_on=TODAY)

    first = decide_renewal(SOURCE_1, with_loans(SATO, borrowed), borrowed, on(WEB, TODAY))
    again = replace(borrowed, due_on=first.due_on, renewals=1)
    second = decide_renewal(SOURCE_1, with_loans(SATO, again), again, on(DESK, first.due_on))

    assert (borrowed.due_on, first.due_on) == (due_on, renewed_until)
    assert second.refusals == (Refusal(Reason.RENEWED, {"times": 1}),)


# ---- From the hold to the shelf ------------------------------------------------------------------------

WEDNESDAY, FRIDAY = date(2021, 1, 6), date(2021, 1, 8)


@pytest.mark.parametrize(
    ("told_on", "last_day"),
    [
        row("a week from the mail, not from the day it was set aside", FRIDAY, date(2021, 1, 15)),
        row("without a mail the week has not begun", None, None),
        row("a week that ends on a closed Monday ends on Tuesday", date(2021, 1, 11), date(2021, 1, 19)),
    ],
)
def test_the_week_begins_with_the_mail(told_on, last_day):
    assert (
        collect_by(SOURCE_1, ShelfFacts(Contact.MAIL, "east", WEDNESDAY, told_on), MONDAYS_CLOSED) == last_day
    )


def test_the_week_is_not_put_off():
    ready = ShelfFacts(Contact.MAIL, "main", FRIDAY, FRIDAY, collect_by=FRIDAY + timedelta(days=7))

    assert decide_extension(SOURCE_1, ready, on(DESK, FRIDAY), ALWAYS_OPEN).reasons == (
        Reason.NOT_EXTENDABLE,
    )


def test_a_hold_waits_as_soon_as_it_is_registered_on_the_web():
    assert first_state(SOURCE_1, on(WEB)) is HoldState.WAITING


def test_what_does_not_fit_the_van_is_sent_for_to_the_main_library_by_the_desk_and_not_by_the_patron():
    assert decide_pickup_change(SOURCE_1, HoldState.IN_TRANSIT, on(DESK)).allowed
    assert decide_pickup_change(SOURCE_1, HoldState.IN_TRANSIT, on(WEB)).reasons == (Reason.PICKUP_FIXED,)
