"""西宮市 (R10): a book outside every limit, smaller limits within a total, a shelf that starts three ways."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from rules import (
    ALWAYS_OPEN,
    JAPAN,
    BibFacts,
    Contact,
    Reason,
    ShelfFacts,
    card_expires_on,
    collect_by,
    decide_hold,
    decide_loan,
    decide_pickup,
    decide_renewal,
    due,
)
from tests.facts import (
    DESK,
    ITO,
    KATO,
    KOKORO,
    MONDAYS_CLOSED,
    MORI,
    SATO,
    TODAY,
    WEB,
    loan,
    on,
    read_policy,
    row,
    said,
    title,
    with_holds,
    with_loans,
)

NISHINOMIYA = read_policy(Path(__file__).with_name("nishinomiya.toml").read_text("utf-8"))

BOOKS = tuple(title(n) for n in range(101, 121))
DISCS = tuple(title(n, "cd") for n in range(131, 134))
BIG_BOOKS = tuple(title(n, tags=frozenset({"大型絵本"})) for n in (141, 142))
COMICS = tuple(title(n, tags=frozenset({"コミック"})) for n in range(151, 156))
LIST = tuple(title(n, tags=frozenset({"課題図書"})) for n in range(161, 164))
REQUESTED = BibFacts(171, "book", request=True)
SPRING, SUMMER = TODAY, date(2026, 7, 20)
LIMIT, HOLD_LIMIT = (Reason.LOAN_LIMIT,), (Reason.HOLD_LIMIT,)


@pytest.mark.parametrize(
    ("out", "asked", "reasons"),
    [
        row("fourteen books, and a fifteenth", BOOKS[:14], KOKORO, ()),
        row("fifteen books, and no sixteenth", BOOKS[:15], KOKORO, LIMIT),
        row("fifteen books, and a disc", BOOKS[:15], DISCS[0], ()),
        row("one disc, and a second", DISCS[:1], DISCS[1], ()),
        row("two discs, and no third", DISCS[:2], DISCS[2], LIMIT),
        row("fifteen books, and a big one outside the number", BOOKS[:15], BIG_BOOKS[0], ()),
        row("a big book takes no place of the fifteen", (*BOOKS[:14], BIG_BOOKS[0]), KOKORO, ()),
        row("one big book, and no second", BIG_BOOKS[:1], BIG_BOOKS[1], LIMIT),
        row("a comic is one of the fifteen", BOOKS[:15], COMICS[0], LIMIT),
    ],
)
def test_fifteen_books_two_discs_and_one_big_book_may_be_borrowed(out, asked, reasons):
    patron = with_loans(SATO, *(loan(bib) for bib in out))

    assert decide_loan(NISHINOMIYA, patron, asked, asked.items[0], on(DESK)).reasons == reasons


@pytest.mark.parametrize(
    ("bib", "due_on"),
    [
        row("a book for two weeks", KOKORO, date(2021, 1, 25)),
        row("a disc for two weeks", DISCS[0], date(2021, 1, 25)),
        row("a big book for one week", BIG_BOOKS[0], date(2021, 1, 18)),
    ],
)
def test_a_loan_of_monday_11_january_ends_by_its_kind(bib, due_on):
    assert due(NISHINOMIYA, bib.items[0], on(DESK, date(2021, 1, 11)), ALWAYS_OPEN, SATO).on == due_on


@pytest.mark.parametrize(
    ("bib", "day", "facts", "reasons", "due_on"),
    [
        row("a book", KOKORO, date(2021, 1, 20), {}, (), date(2021, 2, 3)),
        row("a big book by two weeks too", BIG_BOOKS[0], date(2021, 1, 20), {}, (), date(2021, 2, 3)),
        row("while somebody waits", KOKORO, date(2021, 1, 20), {"waiting": 1}, (Reason.HELD,), None),
        row("a day late", KOKORO, date(2021, 1, 26), {}, (Reason.OVERDUE,), None),
        row(
            "what came from another library",
            title(9, interlibrary=True), date(2021, 1, 20), {}, (Reason.INTERLIBRARY,), None,
        ),
    ],
)  # fmt: skip
def test_what_is_due_on_25_january_is_renewed_by_two_weeks_from_the_request(bib, day, facts, reasons, due_on):
    borrowed = loan(bib, date(2021, 1, 25), **facts)

    decision = decide_renewal(NISHINOMIYA, with_loans(SATO, borrowed), borrowed, on(WEB, day))

    assert (decision.reasons, decision.due_on) == (reasons, due_on)


@pytest.mark.parametrize(
    ("day", "held", "asked", "reasons"),
    [
        row("nineteen books, and a twentieth", SPRING, BOOKS[:19], KOKORO, ()),
        row("twenty books, and no more", SPRING, BOOKS, KOKORO, HOLD_LIMIT),
        row("nineteen books, and a request", SPRING, BOOKS[:19], REQUESTED, ()),
        row("twenty books, and no request", SPRING, BOOKS, REQUESTED, HOLD_LIMIT),
        row("nineteen books and a request are twenty", SPRING, (*BOOKS[:19], REQUESTED), KOKORO, HOLD_LIMIT),
        row("three comics, and a fourth", SPRING, COMICS[:3], COMICS[3], ()),
        row("four comics, and no fifth", SPRING, COMICS[:4], COMICS[4], HOLD_LIMIT),
        row("a comic is one of the twenty", SPRING, BOOKS, COMICS[0], HOLD_LIMIT),
        row("a big book", SPRING, (), BIG_BOOKS[0], ()),
        row("no second big book", SPRING, BIG_BOOKS[:1], BIG_BOOKS[1], HOLD_LIMIT),
        row("a big book is one of the twenty", SPRING, BOOKS, BIG_BOOKS[0], HOLD_LIMIT),
        row("twenty books, and a disc", SPRING, BOOKS, DISCS[0], ()),
        row("one disc, and a second", SPRING, DISCS[:1], DISCS[1], ()),
        row("two discs, and no third", SPRING, DISCS[:2], DISCS[2], HOLD_LIMIT),
        row("of the reading list one, and a second in summer", SUMMER, LIST[:1], LIST[1], ()),
        row("of the reading list no third in summer", SUMMER, LIST[:2], LIST[2], HOLD_LIMIT),
        row("of the reading list a third in spring", SPRING, LIST[:2], LIST[2], ()),
        row("the other limits stand in summer", SUMMER, COMICS[:4], COMICS[4], HOLD_LIMIT),
    ],
)
def test_twenty_may_be_on_hold_with_smaller_limits_within(day, held, asked, reasons):
    assert decide_hold(NISHINOMIYA, with_holds(SATO, *held), asked, on(WEB, day)).reasons == reasons


def test_a_full_limit_says_which_it_is():
    held = with_holds(SATO, *COMICS[:4])

    assert said(NISHINOMIYA, decide_hold(NISHINOMIYA, held, COMICS[4], on(WEB))) == [
        "コミックの予約は4点までです(予約中 4点)。受け取りや取り消しで空きができると、予約できます。"
    ]


@pytest.mark.parametrize(
    ("clock", "reasons"),
    [
        row("a minute before", "09:59", (Reason.NOT_HOLDABLE_YET,)),
        row("from the minute on", "10:00", ()),
    ],
)
def test_a_title_opens_for_holds_at_its_own_time(clock, reasons):
    bib = replace(KOKORO, holdable_from=datetime(2026, 4, 1, 10, 0, tzinfo=JAPAN))

    assert decide_hold(NISHINOMIYA, SATO, bib, on(WEB, TODAY, clock)).reasons == reasons


NOT_YET_OWN_PASSWORD = replace(SATO, marks=frozenset({"仮パスワード"}))


@pytest.mark.parametrize(
    ("patron", "channel", "reasons"),
    [
        row("a resident", SATO, WEB, ()),
        row("one of the seven cities and the town around", MORI, WEB, ()),
        row("one without a mail address", KATO, WEB, ()),
        row("one whose password is provisional", NOT_YET_OWN_PASSWORD, WEB, (Reason.MARK_BLOCK,)),
        row("the same at the desk", NOT_YET_OWN_PASSWORD, DESK, ()),
        row("one whose card has expired", ITO, WEB, (Reason.CARD_EXPIRED,)),
    ],
)
def test_who_may_hold(patron, channel, reasons):
    assert decide_hold(NISHINOMIYA, patron, KOKORO, on(channel)).reasons == reasons


@pytest.mark.parametrize(
    ("contact", "reasons"),
    [
        row("mail", "mail", ()),
        row("none", "none", ()),
        row("phone, which only the desk offers", "phone", (Reason.UNKNOWN_CONTACT,)),
    ],
)
def test_on_the_web_mail_is_chosen_or_nothing(contact, reasons):
    assert decide_pickup(NISHINOMIYA, "main", contact, on(WEB)).reasons == reasons


READY = date(2021, 1, 7)


@pytest.mark.parametrize(
    ("contact", "told_on", "opening", "expected"),
    [
        row("mail on Friday, over Monday", Contact.MAIL, date(2021, 1, 8), MONDAYS_CLOSED, date(2021, 1, 16)),
        row("a call on Friday, likewise", Contact.PHONE, date(2021, 1, 8), MONDAYS_CLOSED, date(2021, 1, 16)),
        row("mail without a closed day", Contact.MAIL, date(2021, 1, 8), ALWAYS_OPEN, date(2021, 1, 15)),
        row("nobody reached by phone yet", Contact.PHONE, None, MONDAYS_CLOSED, None),
        row("ready on Thursday, and nobody told", Contact.NONE, None, MONDAYS_CLOSED, date(2021, 1, 15)),
    ],
)
def test_the_shelf_keeps_seven_open_days_from_the_day_after(contact, told_on, opening, expected):
    assert collect_by(NISHINOMIYA, ShelfFacts(contact, "main", READY, told_on), opening) == expected


@pytest.mark.parametrize("patron", [row("a resident", SATO), row("a neighbour", MORI)])
def test_a_card_is_good_for_three_years(patron):
    assert card_expires_on(NISHINOMIYA, patron, date(2026, 4, 1)) == date(2029, 4, 1)


def test_no_loan_ends_after_the_card():
    patron = replace(SATO, card_expires_on=TODAY + timedelta(days=5))

    decision = decide_loan(NISHINOMIYA, patron, KOKORO, KOKORO.items[0], on(DESK))

    assert decision.due.on == TODAY + timedelta(days=5)
