"""新宮町 (R14): periods that count their first day, what is never renewed, a block by any overdue item."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from rules import (
    ALWAYS_OPEN,
    Contact,
    HoldFacts,
    HoldState,
    Reason,
    ShelfFacts,
    collect_by,
    decide_hold,
    decide_loan,
    decide_pickup,
    decide_renewal,
    due,
)
from tests.facts import (
    APRIL_ISSUE,
    DESK,
    KASAJIZO,
    KATO,
    KIOSK,
    KOKORO,
    MARCH_ISSUE,
    MONDAYS_CLOSED,
    MORI,
    PHONE,
    SATO,
    TODAY,
    WEB,
    YESTERDAY,
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

SHINGU = read_policy(Path(__file__).with_name("shingu.toml").read_text("utf-8"))

BOOKS = tuple(title(n) for n in range(101, 111))
CD_1, CD_2, DVD = title(121, "cd"), title(122, "cd"), title(123, "dvd")
PROP_1, PROP_2 = title(131, "prop"), title(132, "prop")
BIG_BOOK = title(133, tags=frozenset({"大型絵本"}))
LISTED = title(134, tags=frozenset({"課題図書"}))
LIMIT = Reason.LOAN_LIMIT


@pytest.mark.parametrize(
    ("out", "asked", "reasons"),
    [
        row("nine of three kinds, and a tenth", (*BOOKS[:7], MARCH_ISSUE, KASAJIZO), KOKORO, ()),
        row("ten of three kinds, and no eleventh", (*BOOKS[:8], MARCH_ISSUE, KASAJIZO), KOKORO, (LIMIT,)),
        row("ten books, and a disc", BOOKS, CD_1, ()),
        row("one disc, and a second", (CD_1,), DVD, ()),
        row("two discs, and no third", (CD_1, DVD), CD_2, (LIMIT,)),
        row("ten books and a disc, and a prop as the twelfth", (*BOOKS, CD_1), PROP_1, ()),
        row("ten books and two discs, and no prop", (*BOOKS, CD_1, DVD), PROP_1, (LIMIT,)),
        row("nine books, two discs, a prop, and no book", (*BOOKS[:9], CD_1, DVD, PROP_1), KOKORO, (LIMIT,)),
    ],
)
def test_ten_and_two_discs_may_be_borrowed_twelve_together(out, asked, reasons):
    patron = with_loans(SATO, *(loan(bib) for bib in out))

    assert decide_loan(SHINGU, patron, asked, asked.items[0], on(DESK)).reasons == reasons


@pytest.mark.parametrize(
    ("material", "due_on"),
    [
        row("a book for 15 days", "book", date(2021, 1, 25)),
        row("a magazine for 15 days", "magazine", date(2021, 1, 25)),
        row("a kamishibai for 15 days", "kamishibai", date(2021, 1, 25)),
        row("a CD for 8 days", "cd", date(2021, 1, 18)),
        row("a DVD for 8 days", "dvd", date(2021, 1, 18)),
    ],
)
def test_a_loan_of_monday_11_january_counts_that_day(material, due_on):
    assert due(SHINGU, item(material), on(DESK, date(2021, 1, 11)), ALWAYS_OPEN, SATO).on == due_on


def renewal(bib, day, patron=SATO, channel=WEB, **facts):
    borrowed = loan(bib, **{"due_on": day + timedelta(days=1), **facts})
    return decide_renewal(SHINGU, with_loans(patron, borrowed), borrowed, on(channel, day))


@pytest.mark.parametrize(
    ("day", "due_on"),
    [
        row("of 24 January", date(2021, 1, 24), date(2021, 2, 7)),
        row("of the last day", date(2021, 1, 25), date(2021, 2, 8)),
    ],
)
def test_a_renewal_lasts_fifteen_days_with_the_day_of_the_request(day, due_on):
    decision = renewal(KOKORO, day, due_on=date(2021, 1, 25))

    assert (decision.reasons, decision.due_on) == ((), due_on)


NEVER, SUMMER, SPRING = (Reason.NOT_RENEWABLE,), date(2026, 7, 20), TODAY


@pytest.mark.parametrize(
    ("bib", "day", "facts", "reasons"),
    [
        row("a kamishibai", KASAJIZO, SPRING, {}, ()),
        row("a second time", KOKORO, SPRING, {"renewals": 1}, (Reason.RENEWED,)),
        row("a CD", CD_1, SPRING, {}, NEVER),
        row("a DVD", DVD, SPRING, {}, NEVER),
        row("a big picture book", BIG_BOOK, SPRING, {}, NEVER),
        row("a prop", PROP_1, SPRING, {}, NEVER),
        row("of the reading list, in summer", LISTED, SUMMER, {}, NEVER),
        row("of the reading list, on the last day of summer", LISTED, date(2026, 8, 31), {}, NEVER),
        row("of the reading list, the day after", LISTED, date(2026, 9, 1), {}, ()),
        row("of the reading list, in spring", LISTED, SPRING, {}, ()),
        row("a CD in summer, when the other line stands too", CD_1, SUMMER, {}, NEVER),
        row("from another library", title(9, interlibrary=True), SPRING, {}, (Reason.INTERLIBRARY,)),
        row("while somebody waits", KOKORO, SPRING, {"waiting": 1}, (Reason.HELD,)),
    ],
)
def test_what_may_be_renewed(bib, day, facts, reasons):
    assert renewal(bib, day, **facts).reasons == reasons


def test_a_listed_book_is_refused_by_its_name_in_summer():
    assert said(SHINGU, renewal(LISTED, SUMMER)) == ["延長できません(課題図書)。"]


@pytest.mark.parametrize(
    ("patron", "channel", "reasons"),
    [
        row("another is due today", with_loans(SATO, loan(CD_1, TODAY)), WEB, ()),
        row("another is a day late", with_loans(SATO, loan(CD_1, YESTERDAY)), WEB, (Reason.OVERDUE_BLOCK,)),
        row("the same at the desk", with_loans(SATO, loan(CD_1, YESTERDAY)), DESK, (Reason.OVERDUE_BLOCK,)),
        row(
            "late on another card of the household",
            replace(SATO, family_loans=(loan(CD_1, YESTERDAY),)), WEB, (),
        ),
    ],
)  # fmt: skip
def test_any_overdue_item_on_the_card_stops_every_renewal(patron, channel, reasons):
    assert renewal(KOKORO, TODAY, patron, channel).reasons == reasons


def test_a_loan_that_is_late_itself_gives_both_reasons():
    decision = renewal(KOKORO, TODAY, due_on=YESTERDAY)

    assert decision.reasons == (Reason.OVERDUE_BLOCK, Reason.OVERDUE)


@pytest.mark.parametrize(
    ("patron", "bib", "channel", "reasons"),
    [
        row("the latest issue on the web", SATO, APRIL_ISSUE, WEB, (Reason.NOT_HOLDABLE_HERE,)),
        row("the latest issue by phone", SATO, APRIL_ISSUE, PHONE, (Reason.NOT_HOLDABLE_HERE,)),
        row("the latest issue at the kiosk", SATO, APRIL_ISSUE, KIOSK, (Reason.NOT_HOLDABLE_HERE,)),
        row("the latest issue at the desk", SATO, APRIL_ISSUE, DESK, ()),
        row("an older issue on the web", SATO, MARCH_ISSUE, WEB, ()),
        row("a book that stands on the shelf", SATO, KOKORO, WEB, ()),
        row("a book that is out", SATO, title(8, due_on=TODAY), WEB, ()),
        row("somebody from the region around Fukuoka", MORI, KOKORO, WEB, ()),
        row("somebody without a mail address", KATO, KOKORO, WEB, (Reason.NO_MAIL,)),
    ],
)
def test_what_may_be_held_and_by_whom(patron, bib, channel, reasons):
    assert decide_hold(SHINGU, patron, bib, on(channel)).reasons == reasons


def test_no_number_of_holds_is_named():
    assert decide_hold(SHINGU, with_holds(SATO, *BOOKS, CD_1, CD_2), DVD, on(WEB)).allowed


def test_the_latest_issue_is_sent_to_the_desk():
    assert said(SHINGU, decide_hold(SHINGU, SATO, APRIL_ISSUE, on(WEB))) == [
        "Webでは予約できません(最新号)。窓口でお申し込みください。"
    ]


@pytest.mark.parametrize(
    ("contact", "reasons"),
    [
        row("by mail", "mail", ()),
        row("by phone", "phone", (Reason.UNKNOWN_CONTACT,)),
        row("not at all", "none", (Reason.UNKNOWN_CONTACT,)),
    ],
)
def test_patrons_are_told_by_mail_only(contact, reasons):
    assert decide_pickup(SHINGU, "main", contact, on(WEB)).reasons == reasons


@pytest.mark.parametrize(
    ("told_on", "expected"),
    [
        row("the mail on Friday, until the next Friday", date(2021, 1, 8), date(2021, 1, 15)),
        row("the mail on a Monday, until the next, which is closed", date(2021, 1, 11), date(2021, 1, 19)),
        row("no mail yet", None, None),
    ],
)
def test_the_shelf_keeps_eight_days_with_the_day_of_the_mail(told_on, expected):
    hold = ShelfFacts(Contact.MAIL, "main", ready_on=date(2021, 1, 7), told_on=told_on)

    assert collect_by(SHINGU, hold, MONDAYS_CLOSED) == expected


def test_what_is_ready_is_lent_to_whom_it_is_for_before_the_mail_and_to_nobody_else():
    ready = title(141, set_aside=True)
    sato = replace(SATO, holds=(HoldFacts(ready, HoldState.READY),))

    assert decide_loan(SHINGU, sato, ready, ready.items[0], on(DESK)).allowed
    assert decide_loan(SHINGU, MORI, ready, ready.items[0], on(DESK)).reasons == (Reason.KEPT_FOR_ANOTHER,)
