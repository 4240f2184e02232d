"""船橋市 (R04): limits within a total that requests share, renewal from the sixth day before, open days."""

from datetime import date
from pathlib import Path

import pytest

from rules import (
    ALWAYS_OPEN,
    BibFacts,
    Contact,
    HoldState,
    Reason,
    ShelfFacts,
    collect_by,
    decide_hold,
    decide_loan,
    decide_renewal,
    due,
)
from tests.facts import (
    DESK,
    KASAJIZO,
    KATO,
    KOKORO,
    MARCH_ISSUE,
    MONDAYS_CLOSED,
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
    with_holds,
    with_loans,
)

FUNABASHI = read_policy(Path(__file__).with_name("funabashi.toml").read_text("utf-8"))

BOOKS = tuple(title(n) for n in range(101, 111))
TAPES = tuple(title(n, "cassette") for n in range(111, 114))
VIDEO, DVD_1, DVD_2 = title(121, "video"), title(122, "dvd"), title(123, "dvd")
DISCS = tuple(title(n, "cd") for n in range(131, 134))
REQUESTED_BOOK, REQUESTED_CD, REQUESTED_DVD, REQUESTED_VIDEO, REQUESTED_TAPE = (
    BibFacts(n, material, request=True)
    for n, material in enumerate(("book", "cd", "dvd", "video", "cassette"), 141)
)
OF_ALL_KINDS = (KASAJIZO, MARCH_ISSUE, *TAPES[:2], VIDEO, DVD_1, *DISCS[:2], *BOOKS[:2])
LIMIT, HOLD_LIMIT = Reason.LOAN_LIMIT, Reason.HOLD_LIMIT


@pytest.mark.parametrize(
    ("out", "asked", "reasons"),
    [
        row("nine books, and a tenth", BOOKS[:9], KOKORO, ()),
        row("ten books, and no eleventh", BOOKS, KOKORO, (LIMIT,)),
        row("ten books, and no disc beside them", BOOKS, DISCS[0], (LIMIT,)),
        row("ten of three kinds, and no eleventh", (*BOOKS[:8], KASAJIZO, MARCH_ISSUE), KOKORO, (LIMIT,)),
        row("one cassette, and a second", TAPES[:1], TAPES[1], ()),
        row("two cassettes, and no third", TAPES[:2], TAPES[2], (LIMIT,)),
        row("two cassettes do not keep a disc away", TAPES[:2], DISCS[0], ()),
        row("a video and a DVD are two of one kind", (VIDEO, DVD_1), DVD_2, (LIMIT,)),
        row("one video leaves room for a DVD", (VIDEO,), DVD_1, ()),
        row("one CD, and a second", DISCS[:1], DISCS[1], ()),
        row("two CDs, and no third", DISCS[:2], DISCS[2], (LIMIT,)),
        row("both limits are named where both are full", (*BOOKS[:8], *DISCS[:2]), DISCS[2], (LIMIT, LIMIT)),
    ],
)
def test_ten_may_be_borrowed_and_two_of_each_kind_of_recording_among_them(out, asked, reasons):
    patron = with_loans(SATO, *(loan(bib) for bib in out))

    assert decide_loan(FUNABASHI, patron, asked, asked.items[0], on(DESK)).reasons == reasons


def test_a_full_limit_names_its_kinds():
    patron = with_loans(SATO, loan(VIDEO), loan(DVD_1))

    assert said(FUNABASHI, decide_loan(FUNABASHI, patron, DVD_2, DVD_2.items[0], on(DESK))) == [
        "DVD、ビデオテープの貸出は2点までです(貸出中 2点)。お返しいただくと、借りられます。"
    ]


@pytest.mark.parametrize(
    ("material", "due_on"),
    [
        row("a book for two weeks", "book", date(2021, 1, 25)),
        row("a kamishibai for two weeks", "kamishibai", date(2021, 1, 25)),
        row("a magazine for two weeks", "magazine", date(2021, 1, 25)),
        row("a cassette for two weeks", "cassette", date(2021, 1, 25)),
        row("a DVD for one week", "dvd", date(2021, 1, 18)),
        row("a video for one week", "video", date(2021, 1, 18)),
        row("a CD for one week", "cd", date(2021, 1, 18)),
    ],
)
def test_a_loan_of_monday_11_january_ends_by_its_kind(material, due_on):
    assert due(FUNABASHI, item(material), on(DESK, date(2021, 1, 11)), ALWAYS_OPEN, SATO).on == due_on


@pytest.mark.parametrize(
    ("bib", "day", "facts", "reasons", "due_on"),
    [
        row("on the sixth day before", KOKORO, date(2021, 1, 19), {}, (), date(2021, 2, 2)),
        row("on the last day", KOKORO, date(2021, 1, 25), {}, (), date(2021, 2, 8)),
        row("on the seventh day before", KOKORO, date(2021, 1, 18), {}, (Reason.TOO_SOON,), None),
        row("a second time", KOKORO, date(2021, 1, 25), {"renewals": 1}, (Reason.RENEWED,), None),
        row("while somebody waits", KOKORO, date(2021, 1, 25), {"waiting": 1}, (Reason.HELD,), None),
        row("a cassette", TAPES[0], date(2021, 1, 25), {}, (Reason.NOT_RENEWABLE,), None),
        row("a video", VIDEO, date(2021, 1, 25), {}, (Reason.NOT_RENEWABLE,), None),
        row("a DVD", DVD_1, date(2021, 1, 25), {}, (Reason.NOT_RENEWABLE,), None),
        row("a CD", DISCS[0], date(2021, 1, 25), {}, (Reason.NOT_RENEWABLE,), None),
        row(
            "what came from another library",
            title(9, interlibrary=True), date(2021, 1, 25), {}, (Reason.INTERLIBRARY,), None,
        ),
    ],
)  # fmt: skip
def test_what_is_due_on_25_january_is_renewed_once_by_two_weeks(bib, day, facts, reasons, due_on):
    borrowed = loan(bib, date(2021, 1, 25), **facts)

    decision = decide_renewal(FUNABASHI, with_loans(SATO, borrowed), borrowed, on(WEB, day))

    assert (decision.reasons, decision.due_on) == (reasons, due_on)


@pytest.mark.parametrize(
    ("held", "asked", "reasons"),
    [
        row("nine books, and a tenth", BOOKS[:9], KOKORO, ()),
        row("ten books, and no eleventh", BOOKS, KOKORO, (HOLD_LIMIT,)),
        row("ten books, and no cassette", BOOKS, TAPES[0], (HOLD_LIMIT,)),
        row("ten of all kinds, and no eleventh", OF_ALL_KINDS, KOKORO, (HOLD_LIMIT,)),
        row("nine of all kinds, and a tenth", OF_ALL_KINDS[:9], KOKORO, ()),
        row("nine books, and a request", BOOKS[:9], REQUESTED_BOOK, ()),
        row("ten books, and no request", BOOKS, REQUESTED_BOOK, (HOLD_LIMIT,)),
        row("nine books and a request are ten", (*BOOKS[:9], REQUESTED_BOOK), KOKORO, (HOLD_LIMIT,)),
        row("one cassette, and a second", TAPES[:1], TAPES[1], ()),
        row("two cassettes, and no third", TAPES[:2], TAPES[2], (HOLD_LIMIT,)),
        row("one DVD, and a second", (DVD_1,), DVD_2, ()),
        row("a video and a DVD are two of one kind", (VIDEO, DVD_1), DVD_2, (HOLD_LIMIT,)),
        row("one CD, and a second", DISCS[:1], DISCS[1], ()),
        row("two CDs, and no third", DISCS[:2], DISCS[2], (HOLD_LIMIT,)),
        row("a CD that is not owned", (), REQUESTED_CD, (Reason.NOT_HOLDABLE,)),
        row("a DVD that is not owned", (), REQUESTED_DVD, (Reason.NOT_HOLDABLE,)),
        row("a video that is not owned", (), REQUESTED_VIDEO, (Reason.NOT_HOLDABLE,)),
        row("a cassette that is not owned", (), REQUESTED_TAPE, (Reason.NOT_HOLDABLE,)),
    ],
)
def test_ten_may_be_on_hold_with_requests_among_them(held, asked, reasons):
    assert decide_hold(FUNABASHI, with_holds(SATO, *held), asked, on(WEB)).reasons == reasons


def test_what_is_ready_still_counts_among_the_ten():
    patron = with_holds(SATO, *BOOKS, state=HoldState.READY)

    assert decide_hold(FUNABASHI, patron, KOKORO, on(WEB)).reasons == (HOLD_LIMIT,)


def test_a_request_for_a_recording_is_refused_in_a_sentence():
    assert said(FUNABASHI, decide_hold(FUNABASHI, SATO, REQUESTED_CD, on(WEB))) == [
        "予約できません(視聴覚資料のリクエスト)。"
    ]


@pytest.mark.parametrize(
    "patron",
    [
        row("a resident", SATO),
        row("a commuter", TANAKA),
        row("a resident without a mail address", KATO),
    ],
)
def test_holds_are_for_those_who_live_work_or_learn_in_the_city(patron):
    assert decide_hold(FUNABASHI, patron, KOKORO, on(WEB, TODAY)).allowed


@pytest.mark.parametrize(
    ("told_on", "opening", "expected"),
    [
        row("told on Friday, over a Monday", date(2021, 1, 8), MONDAYS_CLOSED, date(2021, 1, 16)),
        row("without a closed day", date(2021, 1, 8), ALWAYS_OPEN, date(2021, 1, 15)),
        row("told on Saturday, over the same Monday", date(2021, 1, 9), MONDAYS_CLOSED, date(2021, 1, 17)),
        row("nobody told yet", None, MONDAYS_CLOSED, None),
    ],
)
def test_the_shelf_keeps_seven_open_days_from_the_day_after_the_contact(told_on, opening, expected):
    hold = ShelfFacts(Contact.PHONE, "main", ready_on=date(2021, 1, 7), told_on=told_on)

    assert collect_by(FUNABASHI, hold, opening) == expected
