"""板橋区: what stops renewal on the web and not by phone or at the desk."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from policy_file import read_policy
from rules import ItemState, Reason, decide_loan, decide_renewal
from tests.facts import (
    DESK,
    KAMISHIBAI,
    KASAJIZO,
    KOKORO,
    MARCH_ISSUE,
    PHONE,
    SATO,
    TODAY,
    WEB,
    YESTERDAY,
    item,
    loan,
    on,
    row,
    said,
    title,
    with_loans,
)

ITABASHI = read_policy((Path(__file__).parent / "itabashi.toml").read_text("utf-8"))

# 佐藤 is in good standing, 鈴木 has a disc that is late, 高橋 has not paid for what was lost
SUZUKI = with_loans(SATO, loan(title(301, "cd"), YESTERDAY))
TAKAHASHI = replace(SATO, marks=frozenset({"弁償"}))

NOVELS = tuple(title(n) for n in range(201, 221))
CDS = tuple(title(n, "cd") for n in range(311, 317))
STORIES = (*KAMISHIBAI, title(321, "kamishibai"))


def lent(bib, *out):
    patron = with_loans(SATO, *(loan(other) for other in out))
    return decide_loan(ITABASHI, patron, bib, bib.items[0], on(DESK, TODAY, branch="main"))


def renewed(patron, borrowed, channel=WEB, day=TODAY):
    return decide_renewal(ITABASHI, with_loans(patron, borrowed), borrowed, on(channel, day))


# ---- Loans ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "bib", "reasons"),
    [
        row("the twentieth book is lent", NOVELS[:19], KOKORO, ()),
        row("the twenty-first is not", NOVELS, KOKORO, (Reason.LOAN_LIMIT,)),
        row("nor is a magazine beside twenty books", NOVELS, MARCH_ISSUE, (Reason.LOAN_LIMIT,)),
        row("the third set of pictures is lent beside twenty books", (*NOVELS, *STORIES[:2]), STORIES[2], ()),
        row("the fourth is not", STORIES[:3], STORIES[3], (Reason.LOAN_LIMIT,)),
        row("the fifth CD is lent", CDS[:4], CDS[4], ()),
        row("the sixth is not", CDS[:5], CDS[5], (Reason.LOAN_LIMIT,)),
    ],
)
def test_twenty_books_and_magazines_three_sets_of_pictures_five_discs(out, bib, reasons):
    assert lent(bib, *out).reasons == reasons


def test_two_copies_of_one_story_are_two_sets():
    again = loan(KASAJIZO, number=901)
    patron = with_loans(SATO, loan(KASAJIZO), again, loan(STORIES[1]))

    decision = decide_loan(ITABASHI, patron, STORIES[2], STORIES[2].items[0], on(DESK))

    assert decision.reasons == (Reason.LOAN_LIMIT,)
    assert said(ITABASHI, decision) == ["紙芝居の貸出は、3組までです。"]


def test_a_book_that_was_lost_is_still_one_of_the_twenty():
    lost = loan(NOVELS[19], item=item(state=ItemState.MISSING))
    patron = with_loans(SATO, *(loan(bib) for bib in NOVELS[:19]), lost)

    assert decide_loan(ITABASHI, patron, KOKORO, KOKORO.items[0], on(DESK)).reasons == (Reason.LOAN_LIMIT,)


@pytest.mark.parametrize("bib", [KOKORO, MARCH_ISSUE, KASAJIZO, CDS[0]], ids=lambda bib: bib.material)
def test_everything_is_lent_for_two_weeks(bib):
    assert lent(bib).due.on == date(2026, 4, 15)


# ---- Renewal -------------------------------------------------------------------------------------------

BLOCKED = (Reason.OVERDUE_BLOCK,)
BOOK, FROM_ELSEWHERE = loan(KOKORO), loan(title(401, interlibrary=True))


@pytest.mark.parametrize(
    ("patron", "borrowed", "channel", "reasons"),
    [
        row("on the web", SATO, BOOK, WEB, ()),
        row("once, not twice", SATO, replace(BOOK, renewals=1), WEB, (Reason.RENEWED,)),
        row("one late item stops every renewal on the web", SUZUKI, BOOK, WEB, BLOCKED),
        row("not by phone", SUZUKI, BOOK, PHONE, ()),
        row("and not at the desk", SUZUKI, BOOK, DESK, ()),
        row("an unpaid loss stops every renewal on the web", TAKAHASHI, BOOK, WEB, (Reason.MARK_BLOCK,)),
        row("not by phone either", TAKAHASHI, BOOK, PHONE, ()),
        row("and not at the desk either", TAKAHASHI, BOOK, DESK, ()),
        row("a book of another library is renewed at the desk", SATO, FROM_ELSEWHERE, DESK, ()),
        row("not on the web", SATO, FROM_ELSEWHERE, WEB, (Reason.NOT_RENEWABLE_HERE,)),
        row("nor by phone", SATO, FROM_ELSEWHERE, PHONE, (Reason.NOT_RENEWABLE_HERE,)),
        row(
            "the late item itself is not renewed at the desk", SATO, SUZUKI.loans[0], DESK, (Reason.OVERDUE,)
        ),
        row(
            "on the web all is said at once",
            replace(TAKAHASHI, loans=SUZUKI.loans),
            FROM_ELSEWHERE,
            WEB,
            (Reason.OVERDUE_BLOCK, Reason.MARK_BLOCK, Reason.NOT_RENEWABLE_HERE),
        ),
    ],
)
def test_what_stops_a_renewal_on_the_web_and_not_elsewhere(patron, borrowed, channel, reasons):
    assert renewed(patron, borrowed, channel).reasons == reasons


def test_two_weeks_from_the_day_of_the_procedure():
    assert renewed(SATO, loan(KOKORO, date(2021, 1, 25)), WEB, date(2021, 1, 20)).due_on == date(2021, 2, 3)


def test_each_refusal_sends_the_patron_to_where_it_can_be_done():
    patron = replace(TAKAHASHI, loans=SUZUKI.loans)

    assert said(ITABASHI, renewed(patron, FROM_ELSEWHERE)) == [
        "延滞中の資料があるため、Webでは延長できません。お電話か窓口でお申し込みください。",
        "弁償が済んでいない資料があるため、Webでは延長できません。お電話か窓口でお申し込みください。",
        "ほかの図書館から借りた資料の延長は、窓口でお申し出ください。",
    ]


def test_neither_stops_a_loan():
    for patron in (SUZUKI, TAKAHASHI):
        assert decide_loan(ITABASHI, patron, KOKORO, KOKORO.items[0], on(DESK)).allowed
