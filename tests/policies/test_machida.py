"""町田市 (R06): one new magazine, recordings at one branch, renewal that is late, a summer's reading list."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from rules import ALWAYS_OPEN, Reason, decide_hold, decide_loan, decide_renewal, due
from tests.facts import (
    DESK,
    DISCS,
    KIOSK,
    KOKORO,
    MAGAZINES,
    MONDAYS_CLOSED,
    MORI,
    PHONE,
    SATO,
    TANAKA,
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

MACHIDA = read_policy(Path(__file__).with_name("machida.toml").read_text("utf-8"))

BOOKS = tuple(title(n) for n in range(101, 111))
NEW_1, NEW_2 = (title(n, "magazine", tags=frozenset({"新刊雑誌"})) for n in (111, 112))
REFERENCE = title(113, tags=frozenset({"貸出用レファレンス"}))
AV = (*DISCS, title(114, "av"))
LIST_1, LIST_2, LIST_3 = (title(n, tags=frozenset({"課題図書"})) for n in (121, 122, 123))

# 小林, in his last days at elementary school, and 高橋, a year ahead of him
KOBAYASHI = replace(SATO, category="child", born_on=date(2014, 4, 1))
TAKAHASHI = replace(SATO, born_on=date(2013, 4, 1))
LAST_SCHOOL_DAY, FIRST_SCHOOL_DAY = date(2026, 3, 31), date(2026, 4, 1)


@pytest.mark.parametrize(
    ("out", "asked", "reasons"),
    [
        row("nine books, and a magazine as the tenth", BOOKS[:9], MAGAZINES[0], ()),
        row("ten books, and no magazine", BOOKS, MAGAZINES[0], (Reason.LOAN_LIMIT,)),
        row("a new magazine", (), NEW_1, ()),
        row("no second new magazine", (NEW_1,), NEW_2, (Reason.LOAN_LIMIT,)),
        row("an older magazine beside a new one", (NEW_1,), MAGAZINES[0], ()),
        row("a new magazine is one of the ten", (*BOOKS[:9], NEW_1), KOKORO, (Reason.LOAN_LIMIT,)),
        row("a work of reference is one of the ten", BOOKS, REFERENCE, (Reason.LOAN_LIMIT,)),
        row("two recordings, and a third", AV[:2], AV[2], ()),
        row("three recordings, and no fourth", AV[:3], AV[3], (Reason.LOAN_LIMIT,)),
        row("ten books leave room for a recording", BOOKS, AV[0], ()),
    ],
)
def test_ten_books_and_magazines_may_be_borrowed_and_three_recordings(out, asked, reasons):
    patron = with_loans(SATO, *(loan(bib, branch="central") for bib in out))

    decision = decide_loan(MACHIDA, patron, asked, asked.items[0], on(DESK, branch="central"))

    assert decision.reasons == reasons


@pytest.mark.parametrize(
    ("bib", "due_on"),
    [
        row("a book for two weeks", KOKORO, date(2021, 1, 25)),
        row("a magazine for two weeks", MAGAZINES[0], date(2021, 1, 25)),
        row("a new magazine for one week", NEW_1, date(2021, 1, 18)),
        row("a work of reference for one week", REFERENCE, date(2021, 1, 18)),
        row("a recording for one week", AV[0], date(2021, 1, 18)),
    ],
)
def test_a_loan_of_monday_11_january_ends_by_its_kind(bib, due_on):
    assert due(MACHIDA, bib.items[0], on(DESK, date(2021, 1, 11)), ALWAYS_OPEN, SATO).on == due_on


ONLY_FOR, ONLY_AT = Reason.ONLY_FOR, Reason.ONLY_AT_BRANCH


@pytest.mark.parametrize(
    ("patron", "day", "branch", "reasons"),
    [
        row("a pupil on the last day of the sixth year", KOBAYASHI, LAST_SCHOOL_DAY, "central", (ONLY_FOR,)),
        row("the same pupil the day after", KOBAYASHI, FIRST_SCHOOL_DAY, "central", ()),
        row("one a year ahead", TAKAHASHI, LAST_SCHOOL_DAY, "central", ()),
        row("the same at another branch", TAKAHASHI, LAST_SCHOOL_DAY, "station", (ONLY_AT,)),
        row("neither old enough nor there", KOBAYASHI, LAST_SCHOOL_DAY, "station", (ONLY_FOR, ONLY_AT)),
        row("one whose birth date is not known", SATO, LAST_SCHOOL_DAY, "central", ()),
    ],
)
def test_recordings_are_lent_at_the_central_library_from_junior_high_school_on(patron, day, branch, reasons):
    decision = decide_loan(MACHIDA, patron, AV[0], AV[0].items[0], on(DESK, day, branch=branch))

    assert decision.reasons == reasons


def test_books_are_lent_to_pupils_and_at_every_branch():
    occasion = on(DESK, LAST_SCHOOL_DAY, branch="station")

    assert decide_loan(MACHIDA, KOBAYASHI, KOKORO, KOKORO.items[0], occasion).allowed


def test_the_desk_says_for_whom_and_where_recordings_are():
    occasion = on(DESK, LAST_SCHOOL_DAY, branch="station")

    assert said(MACHIDA, decide_loan(MACHIDA, KOBAYASHI, AV[0], AV[0].items[0], occasion)) == [
        "視聴覚資料の貸出は、中学生以上の方に限ります。",
        "視聴覚資料の貸出は、中央図書館でお受けしています。",
    ]


def renewal(bib, day, channel=WEB, opening=ALWAYS_OPEN, **facts):
    """Of a loan of 11 January that is due on the 25th, unless the facts say otherwise."""
    ordinary = {"due_on": date(2021, 1, 25), "lent_on": date(2021, 1, 11), "branch": "central"}
    borrowed = loan(bib, **{**ordinary, **facts})
    return decide_renewal(MACHIDA, with_loans(SATO, borrowed), borrowed, on(channel, day), opening)


@pytest.mark.parametrize(
    ("day", "facts", "due_on"),
    [
        row("in time, from the request", date(2021, 1, 20), {}, date(2021, 2, 3)),
        row("on the last day, from the request", date(2021, 1, 25), {}, date(2021, 2, 8)),
        row("late, from the due date", date(2021, 1, 28), {}, date(2021, 2, 8)),
        row(
            "late, not past four weeks from the loan",
            date(2021, 1, 28), {"due_on": date(2021, 1, 27)}, date(2021, 2, 8),
        ),
        row(
            "late, from a due date that a card had brought forward",
            date(2021, 1, 22), {"due_on": date(2021, 1, 20)}, date(2021, 2, 3),
        ),
        row(
            "in time, past four weeks from the loan",
            date(2021, 1, 27), {"due_on": date(2021, 1, 27)}, date(2021, 2, 10),
        ),
    ],
)  # fmt: skip
def test_a_renewal_ends_two_weeks_later_and_a_late_one_within_four_weeks_of_the_loan(day, facts, due_on):
    decision = renewal(KOKORO, day, **facts)

    assert (decision.reasons, decision.due_on) == ((), due_on)


def test_the_four_weeks_may_end_on_a_closed_day_and_then_last_one_day_longer():
    decision = renewal(KOKORO, date(2021, 1, 28), opening=MONDAYS_CLOSED)

    assert decision.due_on == date(2021, 2, 9)


ELSEWHERE, NEVER = (Reason.NOT_RENEWABLE_HERE,), (Reason.NOT_RENEWABLE,)
FROM_ANOTHER_LIBRARY = title(131, interlibrary=True)


@pytest.mark.parametrize(
    ("bib", "channel", "facts", "reasons"),
    [
        row("a magazine", MAGAZINES[0], WEB, {}, ()),
        row("a second time", KOKORO, WEB, {"renewals": 1}, (Reason.RENEWED,)),
        row("a new magazine", NEW_1, WEB, {}, NEVER),
        row("a work of reference", REFERENCE, DESK, {}, NEVER),
        row("a recording", AV[0], DESK, {}, NEVER),
        row("of another library, on the web", FROM_ANOTHER_LIBRARY, WEB, {}, ELSEWHERE),
        row("of another library, by phone", FROM_ANOTHER_LIBRARY, PHONE, {}, ELSEWHERE),
        row("of another library, at the kiosk", FROM_ANOTHER_LIBRARY, KIOSK, {}, ELSEWHERE),
        row("of another library, at the desk", FROM_ANOTHER_LIBRARY, DESK, {}, ()),
    ],
)
def test_what_may_be_renewed_and_by_which_way(bib, channel, facts, reasons):
    assert renewal(bib, date(2021, 1, 20), channel, **facts).reasons == reasons


def test_an_item_of_another_library_is_sent_to_the_desk():
    assert said(MACHIDA, renewal(FROM_ANOTHER_LIBRARY, date(2021, 1, 20))) == [
        "Webでは延長できません(ほかの図書館から取り寄せた資料)。窓口でお申し出ください。"
    ]


CHILD = replace(SATO, category="child")
BEFORE, FIRST, LAST, AFTER = date(2018, 7, 11), date(2018, 7, 12), date(2018, 8, 31), date(2018, 9, 1)
FULL = (Reason.HOLD_LIMIT,)


@pytest.mark.parametrize(
    ("patron", "day", "held", "reasons"),
    [
        row("a child on the first day, with one", CHILD, FIRST, (LIST_1,), ()),
        row("a child on the first day, with two", CHILD, FIRST, (LIST_1, LIST_2), FULL),
        row("a child on the last day, with two", CHILD, LAST, (LIST_1, LIST_2), FULL),
        row("a child the day before, with two", CHILD, BEFORE, (LIST_1, LIST_2), ()),
        row("a child the day after, with two", CHILD, AFTER, (LIST_1, LIST_2), ()),
        row("a grown-up in the season", SATO, FIRST, (), (ONLY_FOR,)),
        row("a grown-up the day before", SATO, BEFORE, (), ()),
        row("a grown-up the day after", SATO, AFTER, (), ()),
    ],
)
def test_in_the_summer_of_2018_the_reading_list_is_for_children_s_cards_and_two_at_most(
    patron, day, held, reasons
):
    assert decide_hold(MACHIDA, with_holds(patron, *held), LIST_3, on(WEB, day)).reasons == reasons


@pytest.mark.parametrize(
    "patron",
    [
        row("a resident", SATO),
        row("a child", CHILD),
        row("a commuter", TANAKA),
        row("a resident of a neighbouring city", MORI),
    ],
)
def test_other_books_may_be_held_in_the_season_by_all_as_many_as_they_like(patron):
    patron = with_holds(patron, *BOOKS, LIST_1, LIST_2)

    assert decide_hold(MACHIDA, patron, KOKORO, on(WEB, FIRST)).allowed
