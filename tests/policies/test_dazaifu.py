"""太宰府市: books without a number, two titles of videos and DVDs, and a block that looks at who waits."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from policy_file import read_policy
from rules import (
    PatronFacts,
    Reason,
    card_expires_on,
    decide_hold,
    decide_loan,
)
from tests.facts import (
    DESK,
    KOKORO,
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

DAZAIFU = read_policy((Path(__file__).parent / "dazaifu.toml").read_text("utf-8"))

# 佐藤 lives in the city, 大野 in a city nearby, 東 somewhere else
ONO, AZUMA = replace(SATO, category="area"), replace(SATO, category="outside")

NOVELS = tuple(title(n) for n in range(201, 261))
CDS = tuple(title(n, "cd") for n in range(301, 312))
DVDS = tuple(title(n, "dvd") for n in range(321, 324))
VIDEO = title(331, "video")


def lent(patron, bib, day=TODAY):
    return decide_loan(DAZAIFU, patron, bib, bib.items[0], on(DESK, day, branch="main"))


def discs_of(bib, count):
    """A title in so many discs, all of them out."""
    return tuple(loan(bib, number=bib.number * 10 + n) for n in range(count))


# ---- Loans ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "bib", "reasons"),
    [
        row("a sixty-first book is lent", tuple(map(loan, NOVELS)), KOKORO, ()),
        row("the tenth CD is lent", tuple(map(loan, CDS[:9])), CDS[9], ()),
        row("the eleventh is not", tuple(map(loan, CDS[:10])), CDS[10], (Reason.LOAN_LIMIT,)),
        row("but a book beside ten CDs", tuple(map(loan, CDS[:10])), KOKORO, ()),
        row("a DVD is one of the ten", tuple(map(loan, CDS[:10])), DVDS[0], (Reason.LOAN_LIMIT,)),
        row("the second title, a DVD beside a video", (loan(VIDEO),), DVDS[0], ()),
        row("not a third title", (loan(VIDEO), loan(DVDS[0])), DVDS[1], (Reason.LOAN_LIMIT,)),
        row("a set of three discs is one title", discs_of(DVDS[0], 3), DVDS[1], ()),
        row("its fourth disc beside a second title", (*discs_of(DVDS[0], 3), loan(VIDEO)), DVDS[0], ()),
        row("but each disc is one of the ten", discs_of(DVDS[0], 10), DVDS[0], (Reason.LOAN_LIMIT,)),
        row(
            "ten, two of them titles: a third title meets both",
            (*discs_of(DVDS[0], 9), loan(VIDEO)),
            DVDS[1],
            (Reason.LOAN_LIMIT,) * 2,
        ),
    ],
)
def test_books_without_a_number_ten_discs_and_two_titles_of_film(out, bib, reasons):
    assert lent(with_loans(SATO, *out), bib).reasons == reasons


def test_two_titles_are_said_as_titles():
    assert said(DAZAIFU, lent(with_loans(SATO, loan(VIDEO), loan(DVDS[0])), DVDS[1])) == [
        "ビデオとDVDの貸出は、あわせて2タイトルまでです。"
    ]


def test_a_book_is_lent_for_two_weeks():
    assert lent(SATO, KOKORO).due.on == date(2026, 4, 15)


# ---- Blocks --------------------------------------------------------------------------------------------

STOPPED = (Reason.OVERDUE_BLOCK,)
FROM_ELSEWHERE = title(401, interlibrary=True)


@pytest.mark.parametrize(
    ("out", "reasons"),
    [
        row("a day late with what nobody waits for", loan(NOVELS[0], YESTERDAY), ()),
        row("a day late with what somebody waits for", loan(NOVELS[0], YESTERDAY, waiting=1), STOPPED),
        row("in time with what somebody waits for", loan(NOVELS[0], TODAY, waiting=1), ()),
        row("a day late with a book of another library", loan(FROM_ELSEWHERE, YESTERDAY), STOPPED),
        row("in time with a book of another library", loan(FROM_ELSEWHERE, TODAY), ()),
        row("a day less than two months late", loan(NOVELS[0], date(2026, 2, 2)), ()),
        row("two months late", loan(NOVELS[0], date(2026, 2, 1)), STOPPED),
    ],
)
def test_who_lets_others_wait_borrows_nothing_from_the_first_day_on_and_others_from_two_months(out, reasons):
    assert lent(with_loans(SATO, out), KOKORO).reasons == reasons


def test_only_the_late_ones_that_somebody_waits_for_are_counted():
    patron = with_loans(SATO, loan(NOVELS[0], YESTERDAY, waiting=1), loan(NOVELS[1], YESTERDAY))

    assert said(DAZAIFU, lent(patron, KOKORO)) == [
        "返却期限を過ぎた資料が1点あるため、貸出はできません。お返しいただくと、できるようになります。"
    ]


def test_who_may_not_borrow_may_still_hold():
    patron = with_loans(SATO, loan(NOVELS[0], YESTERDAY, waiting=1))

    assert decide_hold(DAZAIFU, patron, KOKORO, on(WEB)).allowed


# ---- Cards ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "issued_on", "expires_on"),
    [
        row("three years for who lives in the city", "resident", date(2026, 4, 1), date(2029, 4, 1)),
        row("one year for the cities nearby", "area", date(2026, 4, 1), date(2027, 4, 1)),
        row("one year for anybody else", "outside", date(2026, 4, 1), date(2027, 4, 1)),
        row("from a leap day to the end of February", "resident", date(2024, 2, 29), date(2027, 2, 28)),
    ],
)
def test_how_long_a_card_is_good(category, issued_on, expires_on):
    assert card_expires_on(DAZAIFU, PatronFacts(category), issued_on) == expires_on


def test_a_card_that_has_expired_borrows_nothing():
    assert lent(replace(SATO, card_expires_on=YESTERDAY), KOKORO).reasons == (Reason.CARD_EXPIRED,)


# ---- Who may hold --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patron", "reasons"),
    [
        row("who lives in the city", SATO, ()),
        row("who lives in a city nearby", ONO, ()),
        row("nobody else", AZUMA, (Reason.CATEGORY_MAY_NOT_HOLD,)),
    ],
)
def test_the_cities_around_may_hold(patron, reasons):
    bib = title(501, due_on=TODAY)

    assert decide_hold(DAZAIFU, patron, bib, on(WEB)).reasons == reasons


def test_a_set_in_two_boxes_is_counted_by_its_title_and_not_by_its_volumes():
    box = title(502, "dvd", volumes=5)
    patron = with_loans(SATO, loan(box), loan(VIDEO, item=item("video", volumes=2)))

    assert lent(patron, DVDS[0]).reasons == (Reason.LOAN_LIMIT,)
    assert lent(with_loans(SATO, loan(box)), DVDS[0]).allowed
