"""昭和町: a total with smaller limits inside it, three renewals, and a block that takes in the family."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from policy_file import read_policy
from rules import (
    ALWAYS_OPEN,
    JAPAN,
    BibFacts,
    HoldState,
    Reason,
    decide_cancel,
    decide_hold,
    decide_loan,
    decide_pickup,
    decide_renewal,
    first_state,
    registration_at,
)
from tests.facts import (
    DESK,
    DISCS,
    MONDAYS_CLOSED,
    PHONE,
    SATO,
    TODAY,
    WEB,
    item,
    loan,
    on,
    row,
    said,
    title,
    with_holds,
    with_loans,
)

SHOWA = read_policy((Path(__file__).parent / "showa.toml").read_text("utf-8"))

NOVELS = tuple(title(n, due_on=TODAY) for n in range(201, 212))
COMICS = tuple(title(n, tags=frozenset({"コミック"}), due_on=TODAY) for n in range(221, 225))
MAGAZINES = tuple(title(n, "magazine", due_on=TODAY) for n in range(231, 237))
OUT_DISCS = tuple(title(n, "av", due_on=TODAY) for n in range(241, 244))
NOVEL_IN, COMIC_IN, MAGAZINE_IN = (
    title(251),
    title(252, tags=frozenset({"コミック"})),
    title(253, "magazine"),
)
# ナツメ's request: the library owns no copy
REQUESTED, REQUESTED_DISC = BibFacts(261, "book", request=True), BibFacts(262, "av", request=True)

LIMIT = Reason.LOAN_LIMIT


def borrowing(*bibs):
    return with_loans(SATO, *(loan(bib) for bib in bibs))


def lent(patron, bib, day=TODAY):
    return decide_loan(SHOWA, patron, bib, bib.items[0], on(DESK, day, branch="main"))


# ---- Loans ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "bib", "reasons"),
    [
        row("the tenth book is lent", NOVELS[:9], NOVEL_IN, ()),
        row("the eleventh is not", NOVELS[:10], NOVEL_IN, (LIMIT,)),
        row("a magazine is one of the ten", NOVELS[:10], MAGAZINE_IN, (LIMIT,)),
        row("the fifth magazine is lent", MAGAZINES[:4], MAGAZINE_IN, ()),
        row("the sixth is not", MAGAZINES[:5], MAGAZINE_IN, (LIMIT,)),
        row("but a book beside five magazines", MAGAZINES[:5], NOVEL_IN, ()),
        row("the third comic is lent", COMICS[:2], COMIC_IN, ()),
        row("the fourth is not", COMICS[:3], COMIC_IN, (LIMIT,)),
        row(
            "a fourth comic as the eleventh book meets both", COMICS[:3] + NOVELS[:7], COMIC_IN, (LIMIT,) * 2
        ),
        row("the second disc is lent beside ten books", (*NOVELS[:10], DISCS[0]), DISCS[1], ()),
        row("the third is not", DISCS[:2], DISCS[2], (LIMIT,)),
    ],
)
def test_ten_books_of_which_five_magazines_and_three_comics_and_two_discs(out, bib, reasons):
    assert lent(borrowing(*out), bib).reasons == reasons


@pytest.mark.parametrize(
    ("bib", "due_on"),
    [
        row("a book for fifteen days", NOVEL_IN, date(2026, 4, 16)),
        row("a magazine for fifteen days", MAGAZINE_IN, date(2026, 4, 16)),
        row("a disc for eight", DISCS[0], date(2026, 4, 9)),
    ],
)
def test_a_loan_ends_on_its_day(bib, due_on):
    assert lent(SATO, bib).due.on == due_on


def test_a_full_limit_inside_the_ten_is_said_by_its_own_name():
    assert said(SHOWA, lent(borrowing(*COMICS[:3]), COMIC_IN)) == [
        "コミックの貸出は3点までです(貸出中 3点)。お返しいただくと、借りられます。"
    ]


# ---- Blocks --------------------------------------------------------------------------------------------

JUST_UNDER, TWO_MONTHS = loan(NOVELS[0], date(2026, 2, 2)), loan(NOVELS[0], date(2026, 2, 1))


@pytest.mark.parametrize(
    ("patron", "reasons"),
    [
        row("a day less than two months late may borrow", with_loans(SATO, JUST_UNDER), ()),
        row("two months late may not", with_loans(SATO, TWO_MONTHS), (Reason.OVERDUE_BLOCK,)),
        row(
            "nor may one whose family is two months late",
            replace(SATO, family_loans=(TWO_MONTHS,)),
            (Reason.FAMILY_OVERDUE_BLOCK,),
        ),
        row("one whose family is a day less late may", replace(SATO, family_loans=(JUST_UNDER,)), ()),
        row(
            "late with the family is said once, as one's own",
            replace(with_loans(SATO, TWO_MONTHS), family_loans=(TWO_MONTHS,)),
            (Reason.OVERDUE_BLOCK,),
        ),
    ],
)
def test_two_months_overdue_stop_loans_in_the_family_too(patron, reasons):
    assert lent(patron, NOVEL_IN).reasons == reasons


def test_the_family_is_told_neither_whose_nor_how_many():
    assert said(SHOWA, lent(replace(SATO, family_loans=(TWO_MONTHS,)), NOVEL_IN)) == [
        "ご家族の方に返却期限を過ぎた資料があるため、貸出はできません。お返しいただくと、できるようになります。"
    ]


def test_who_may_not_borrow_may_still_hold():
    assert decide_hold(SHOWA, with_loans(SATO, TWO_MONTHS), NOVELS[1], on(WEB)).allowed


# ---- Renewal -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "day", "reasons", "due_on"),
    [
        row("a third time", {"renewals": 2}, date(2026, 4, 5), (), date(2026, 4, 20)),
        row("not a fourth", {"renewals": 3}, date(2026, 4, 5), (Reason.RENEWED,), None),
        row("not while somebody waits", {"waiting": 1}, date(2026, 4, 5), (Reason.HELD,), None),
        row("on the due date", {}, date(2026, 4, 8), (), date(2026, 4, 23)),
        row("not the day after", {}, date(2026, 4, 9), (Reason.OVERDUE,), None),
    ],
)
def test_three_renewals_unless_it_is_late_or_somebody_waits(facts, day, reasons, due_on):
    borrowed = loan(NOVELS[0], date(2026, 4, 8), **facts)

    decision = decide_renewal(SHOWA, with_loans(SATO, borrowed), borrowed, on(WEB, day))

    assert (decision.reasons, decision.due_on) == (reasons, due_on)


# ---- Holds ---------------------------------------------------------------------------------------------

HOLD_LIMIT = Reason.HOLD_LIMIT


@pytest.mark.parametrize(
    ("held", "bib", "reasons"),
    [
        row("what is out can be held", (), NOVELS[0], ()),
        row("what stands on the shelf cannot", (), NOVEL_IN, (Reason.ON_SHELF,)),
        row(
            "nor can a title of which one copy stands there",
            (),
            BibFacts(1, "book", (item(), item(due_on=TODAY))),
            (Reason.ON_SHELF,),
        ),
        row("the tenth hold, a disc", NOVELS[:9], OUT_DISCS[0], ()),
        row("the eleventh, a disc, passes the total", NOVELS[:10], OUT_DISCS[0], (HOLD_LIMIT,)),
        row("the eleventh, a book, passes that of books too", NOVELS[:10], NOVELS[10], (HOLD_LIMIT,) * 2),
        row("the third comic", COMICS[:2], COMICS[3], ()),
        row("not the fourth", COMICS[:3], COMICS[3], (HOLD_LIMIT,)),
        row("not a sixth magazine", MAGAZINES[:5], MAGAZINES[5], (HOLD_LIMIT,)),
        row("not a third disc", OUT_DISCS[:2], OUT_DISCS[2], (HOLD_LIMIT,)),
        row("a book that the library does not own", (), REQUESTED, ()),
        row("it is one of the ten", (*NOVELS[:9], REQUESTED), NOVELS[9], (HOLD_LIMIT,)),
        row("a disc that it does not own is not asked for", (), REQUESTED_DISC, (Reason.NOT_HOLDABLE,)),
    ],
)
def test_ten_holds_of_what_is_out_with_smaller_limits_inside(held, bib, reasons):
    assert decide_hold(SHOWA, with_holds(SATO, *held), bib, on(WEB)).reasons == reasons


def test_both_limits_that_an_eleventh_book_passes_are_said():
    assert said(SHOWA, decide_hold(SHOWA, with_holds(SATO, *NOVELS[:10]), NOVELS[10], on(WEB))) == [
        "予約とリクエストは、あわせて10点までです。",
        "図書の予約は10点までです(予約中 10点)。受け取りや取り消しで空きができると、予約できます。",
    ]


@pytest.mark.parametrize(
    ("contact", "reasons"),
    [
        row("told by mail", "mail", ()),
        row("told by phone", "phone", ()),
        row("told not at all", "none", (Reason.UNKNOWN_CONTACT,)),
    ],
)
def test_mail_or_phone(contact, reasons):
    assert decide_pickup(SHOWA, "main", contact, on(WEB)).reasons == reasons


@pytest.mark.parametrize(
    ("applied_at", "registered"),
    [
        row("before the library opens, that morning", "2026-04-01 08:00", "2026-04-01 09:30"),
        row("as it opens, the next morning", "2026-04-01 09:30", "2026-04-02 09:30"),
        row("while it is open, the next morning", "2026-04-01 12:00", "2026-04-02 09:30"),
        row("on the evening before a closed Monday, on Tuesday", "2026-04-05 20:00", "2026-04-07 09:30"),
    ],
)
def test_a_hold_from_the_web_is_an_application_until_the_library_opens_next(applied_at, registered):
    asked, runs = (datetime.fromisoformat(at).replace(tzinfo=JAPAN) for at in (applied_at, registered))

    assert registration_at(SHOWA, asked, MONDAYS_CLOSED) == runs


@pytest.mark.parametrize(
    ("channel", "state"),
    [
        row("from the web it is applied for", WEB, HoldState.APPLIED),
        row("at the desk it waits at once", DESK, HoldState.WAITING),
        row("and by phone", PHONE, HoldState.WAITING),
    ],
)
def test_only_what_comes_from_the_web_is_provisional(channel, state):
    assert first_state(SHOWA, on(channel)) is state


def test_what_is_only_applied_for_can_be_withdrawn_on_the_web():
    assert decide_cancel(SHOWA, HoldState.APPLIED, on(WEB)).allowed


def test_a_library_that_is_always_open_registers_the_next_day():
    asked = datetime(2026, 4, 6, 12, tzinfo=JAPAN)

    assert registration_at(SHOWA, asked, ALWAYS_OPEN) == datetime(2026, 4, 7, 9, 30, tzinfo=JAPAN)
