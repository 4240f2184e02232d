"""豊島区 (R08): more for residents, no renewal on the day of the loan, a block from the second day on."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from rules import (
    ALWAYS_OPEN,
    Act,
    HoldFacts,
    HoldState,
    Reason,
    Refusal,
    Room,
    decide_hold,
    decide_loan,
    decide_renewal,
    due,
    room_for_loans,
)
from tests.facts import (
    DESK,
    KOKORO,
    MARCH_ISSUE,
    SATO,
    TANAKA,
    TODAY,
    WEB,
    item,
    loan,
    on,
    read_policy,
    row,
    said,
    title,
    with_loans,
)

TOSHIMA = read_policy(Path(__file__).with_name("toshima.toml").read_text("utf-8"))

BOOKS = tuple(title(n) for n in range(101, 121))
CDS = tuple(title(n, "cd") for n in range(131, 135))
VIDEO, DVD_1, DVD_2 = title(141, "video"), title(142, "dvd"), title(143, "dvd")
LIMIT = (Reason.LOAN_LIMIT,)


@pytest.mark.parametrize(
    ("patron", "out", "asked", "reasons"),
    [
        row("a resident with nineteen", SATO, BOOKS[:19], MARCH_ISSUE, ()),
        row("a resident with twenty", SATO, BOOKS, MARCH_ISSUE, LIMIT),
        row("a commuter with fourteen", TANAKA, BOOKS[:14], MARCH_ISSUE, ()),
        row("a commuter with fifteen", TANAKA, BOOKS[:15], MARCH_ISSUE, LIMIT),
        row("a resident with two CDs", SATO, CDS[:2], CDS[2], ()),
        row("a resident with three CDs", SATO, CDS[:3], CDS[3], LIMIT),
        row("a commuter with three CDs", TANAKA, CDS[:3], CDS[3], LIMIT),
        row("a resident with a video", SATO, (VIDEO,), DVD_1, ()),
        row("a resident with a video and a DVD", SATO, (VIDEO, DVD_1), DVD_2, LIMIT),
        row("a resident with twenty books asks for a CD", SATO, BOOKS, CDS[0], ()),
    ],
)
def test_residents_borrow_twenty_and_others_fifteen(patron, out, asked, reasons):
    patron = with_loans(patron, *(loan(bib) for bib in out))

    assert decide_loan(TOSHIMA, patron, asked, asked.items[0], on(DESK)).reasons == reasons


@pytest.mark.parametrize(
    ("patron", "most"),
    [row("a resident", SATO, 20), row("a commuter", TANAKA, 15)],
)
def test_each_sees_the_limit_that_is_theirs_and_no_other(patron, most):
    assert room_for_loans(TOSHIMA, with_loans(patron, loan(KOKORO)), on(WEB)) == [
        Room(("図書", "雑誌"), most, 1),
        Room(("CD",), 3, 0),
        Room(("ビデオ", "DVD"), 2, 0),
    ]


@pytest.mark.parametrize("material", ["book", "magazine", "cd", "video", "dvd"])
def test_everything_is_lent_for_fifteen_days(material):
    lent = due(TOSHIMA, item(material), on(DESK, date(2021, 1, 11)), ALWAYS_OPEN, SATO)

    assert lent.on == date(2021, 1, 26)


@pytest.mark.parametrize(
    ("day", "facts", "reasons", "due_on"),
    [
        row("on the day of the loan", date(2021, 1, 11), {}, (Reason.TOO_SOON,), None),
        row("on the day after", date(2021, 1, 12), {}, (), date(2021, 1, 27)),
        row("on the last day", date(2021, 1, 26), {}, (), date(2021, 2, 10)),
        row("a day late", date(2021, 1, 27), {}, (Reason.OVERDUE,), None),
        row("a second time", date(2021, 1, 20), {"renewals": 1}, (Reason.RENEWED,), None),
        row("while somebody waits", date(2021, 1, 20), {"waiting": 2}, (Reason.HELD,), None),
        row(
            "while somebody waits and a copy is free",
            date(2021, 1, 20), {"waiting": 1, "free": 1}, (Reason.HELD,), None,
        ),
    ],
)  # fmt: skip
def test_what_was_lent_on_11_january_is_renewed_once_from_the_day_after_on(day, facts, reasons, due_on):
    borrowed = loan(KOKORO, date(2021, 1, 26), lent_on=date(2021, 1, 11), **facts)

    decision = decide_renewal(TOSHIMA, with_loans(SATO, borrowed), borrowed, on(WEB, day))

    assert (decision.reasons, decision.due_on) == (reasons, due_on)


def test_what_came_from_another_library_is_not_renewed():
    borrowed = loan(title(9, interlibrary=True))

    decision = decide_renewal(TOSHIMA, with_loans(SATO, borrowed), borrowed, on(DESK))

    assert decision.reasons == (Reason.INTERLIBRARY,)


def test_too_soon_is_told_with_the_day_after():
    borrowed = loan(KOKORO, TODAY + timedelta(days=15), lent_on=TODAY)

    decision = decide_renewal(TOSHIMA, with_loans(SATO, borrowed), borrowed, on(WEB))

    assert said(TOSHIMA, decision) == ["まだ延長できません。2026年4月2日(木)から延長できます。"]


def late(days: int):
    return with_loans(SATO, loan(CDS[0], TODAY - timedelta(days=days)))


@pytest.mark.parametrize(
    ("days_late", "reasons"),
    [
        row("on the due date", 0, ()),
        row("the day after", 1, ()),
        row("the second day", 2, (Reason.OVERDUE_BLOCK,)),
        row("a month later", 30, (Reason.OVERDUE_BLOCK,)),
    ],
)
def test_from_the_second_day_after_the_due_date_neither_loans_nor_holds(days_late, reasons):
    patron = late(days_late)

    for channel in (WEB, DESK):
        assert decide_hold(TOSHIMA, patron, KOKORO, on(channel)).reasons == reasons
    assert decide_loan(TOSHIMA, patron, KOKORO, KOKORO.items[0], on(DESK)).reasons == reasons


def test_the_block_stops_the_loan_of_what_is_ready_too():
    ready = title(151, set_aside=True)
    patron = with_loans(SATO, loan(CDS[0], TODAY - timedelta(days=2)))
    holds = (HoldFacts(ready, HoldState.READY),)

    decision = decide_loan(TOSHIMA, replace(patron, holds=holds), ready, ready.items[0], on(DESK))

    assert decision.refusals == (Refusal(Reason.OVERDUE_BLOCK, {"count": 1, "stop": Act.LOAN}),)


def test_the_block_does_not_stop_the_renewal_of_another_loan():
    borrowed = loan(KOKORO)

    assert decide_renewal(TOSHIMA, with_loans(late(5), borrowed), borrowed, on(WEB)).allowed


@pytest.mark.parametrize("patron", [row("a resident", SATO), row("a commuter", TANAKA)])
def test_who_has_nothing_overdue_may_hold(patron):
    assert decide_hold(TOSHIMA, patron, KOKORO, on(WEB)).allowed


def test_the_block_says_what_ends_it():
    assert said(TOSHIMA, decide_hold(TOSHIMA, late(2), KOKORO, on(WEB))) == [
        "返却期限を過ぎた資料が1点あるため、予約はできません。お返しいただくと、できるようになります。"
    ]
