"""Titles that the library does not own, and pieces that belong to another one: what the rules say of them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

import rules
from rules import (
    ALWAYS_OPEN,
    BibFacts,
    Reason,
    decide_borrowing,
    decide_declining,
    decide_loan,
    decide_renewal,
    decide_request,
    decide_sending_back,
    serves_holds,
)
from tests.facts import (
    DESK,
    KOKORO,
    MONDAYS_CLOSED,
    NEVER_OPEN,
    PHONE,
    SATO,
    SOURCE_1,
    SOURCE_1_TEXT,
    TODAY,
    item,
    loan,
    on,
    policy,
    row,
    said,
    with_holds,
)

REQUESTS = policy(SOURCE_1_TEXT, ('of = ["book"]\nmost = 5', 'of = ["book", "request"]\nmost = 5'))
WISH = BibFacts(0, "book")


def lent(days: int | None, opening=ALWAYS_OPEN, patron=SATO, library=SOURCE_1) -> date | tuple[Reason, ...]:
    """What is answered about a piece that has to leave in so many days."""
    leaves = None if days is None else TODAY + timedelta(days=days)
    piece = item(interlibrary=True, send_back_by=leaves)
    decision = decide_loan(library, patron, KOKORO, piece, on(DESK), opening)
    return decision.due.on if decision.allowed else decision.reasons


@pytest.mark.parametrize(
    ("days", "opening", "expected"),
    [
        row("a piece that may stay ends as the rules say", None, ALWAYS_OPEN, 14),
        row("one that may stay longer, too", 15, ALWAYS_OPEN, 14),
        row("one that may stay as long", 14, ALWAYS_OPEN, 14),
        row("one that has to leave earlier ends with that day", 13, ALWAYS_OPEN, 13),
        row("one that leaves on a closed day ends on the open day before", 5, MONDAYS_CLOSED, 4),
        row("one that leaves today ends today", 0, ALWAYS_OPEN, 0),
    ],
)
def test_a_loan_ends_before_the_piece_has_to_be_sent_back(days, opening, expected):
    assert lent(days, opening) == TODAY + timedelta(days=expected)


def test_the_card_and_the_day_of_leaving_both_cut_a_loan_short():
    assert lent(9, patron=replace(SATO, card_expires_on=TODAY + timedelta(days=3))) == TODAY + timedelta(
        days=3
    )
    assert lent(3, patron=replace(SATO, card_expires_on=TODAY + timedelta(days=9))) == TODAY + timedelta(
        days=3
    )


def test_what_had_to_leave_yesterday_is_not_lent_and_serves_nobody():
    assert lent(-1) == (Reason.TO_BE_SENT_BACK,)
    for days, serves in ((-1, False), (0, True)):
        piece = item(interlibrary=True, send_back_by=TODAY + timedelta(days=days))
        assert serves_holds(SOURCE_1, piece, TODAY) is serves
    assert lent(0, NEVER_OPEN) == (Reason.NO_LAST_DAY,)


@pytest.mark.parametrize(("days", "expected"), [(30, 21), (10, 10), (7, None), (3, None)])
def test_a_renewal_ends_before_the_piece_has_to_be_sent_back(days, expected):
    """Source document 1 renews by two weeks from the due date, which is in a week."""
    piece = item(interlibrary=True, send_back_by=TODAY + timedelta(days=days))
    borrowed = loan(KOKORO, TODAY + timedelta(days=7), item=piece)

    decision = decide_renewal(SOURCE_1, SATO, borrowed, on(DESK))

    assert decision.due_on == (expected and TODAY + timedelta(days=expected))
    assert decision.reasons == (() if expected else (Reason.NO_DAY_GAINED,))


def test_a_request_is_answered_by_the_lines_that_speak_of_requests():
    full = with_holds(SATO, *(replace(KOKORO, number=n) for n in range(101, 106)))

    assert decide_request(REQUESTS, SATO, WISH, on(PHONE)).allowed
    assert decide_request(REQUESTS, full, WISH, on(DESK)).reasons == (Reason.HOLD_LIMIT,)
    assert said(SOURCE_1, decide_request(SOURCE_1, SATO, WISH, on(DESK))) == [
        "所蔵していない資料のリクエストは、受け付けていません。"
    ]
    assert decide_request(REQUESTS, SATO, WISH, on(DESK), owned=True).reasons == (Reason.OWNED,)


@pytest.mark.parametrize(
    ("number", "facts", "reasons"),
    [
        ("B7001", {}, ()),
        ("12345678901234567890", {}, ()),
        ("123456789012345678901", {}, (Reason.BARCODE_FORM,)),
        ("", {}, (Reason.BARCODE_FORM,)),
        ("B-1", {}, (Reason.BARCODE_FORM,)),
        ("9784003101018", {}, (Reason.BARCODE_OF_TRADE,)),
        ("1920093001234", {}, (Reason.BARCODE_OF_TRADE,)),
        ("B7001", {"taken": True}, (Reason.BARCODE_TAKEN,)),
        ("B7001", {"is_a_card": True}, (Reason.BARCODE_IS_A_CARD,)),
    ],
)
def test_the_number_of_a_piece_of_another_library(number, facts, reasons):
    assert decide_borrowing(SOURCE_1, number, TODAY, TODAY, **facts).reasons == reasons


def test_a_piece_is_taken_in_until_today_at_the_earliest_and_goes_back_when_nobody_has_it():
    assert decide_borrowing(SOURCE_1, "B1", TODAY - timedelta(days=1), TODAY).reasons == (
        Reason.SEND_BACK_PAST,
    )
    assert decide_sending_back(out=False, set_aside=False).allowed
    assert decide_sending_back(out=True, set_aside=False).reasons == (Reason.OUT,)
    assert decide_sending_back(out=False, set_aside=True).reasons == (Reason.KEPT_FOR_ANOTHER,)
    assert decide_declining(0).allowed
    assert decide_declining(2).refusals == (rules.Refusal(Reason.BORROWED_FOR_THEM, {"count": 2}),)


def test_what_is_wrong_with_a_borrowed_piece_is_said_with_its_day_and_all_at_once():
    gone_by = item(interlibrary=True, send_back_by=TODAY - timedelta(days=1))
    refused = decide_loan(SOURCE_1, SATO, KOKORO, gone_by, on(DESK)).refusals
    both = decide_borrowing(SOURCE_1, "B-1", TODAY - timedelta(days=1), TODAY)

    assert [one.facts for one in refused if one.reason is Reason.TO_BE_SENT_BACK] == [
        {"day": TODAY - timedelta(days=1)}
    ]
    assert both.reasons == (Reason.BARCODE_FORM, Reason.SEND_BACK_PAST)
