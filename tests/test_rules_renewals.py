"""Renewal under a sheet that says everything: ways, hours, obstacles, how often, and lending again."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from rules import (
    ALWAYS_OPEN,
    Act,
    HoldFacts,
    HoldState,
    Left,
    Occasion,
    Opens,
    Period,
    Reason,
    Refusal,
    RenewalDecision,
    Unit,
    decide_renewal,
    renewal_line,
    renewed_due_date,
)
from tests.facts import (
    BOTCHAN,
    DESK,
    EVERYTHING,
    EVERYTHING_TEXT,
    JAPAN,
    KIOSK,
    KOKORO,
    MARCH_ISSUE,
    MONDAYS_CLOSED,
    NEVER_OPEN,
    PHONE,
    SATO,
    SONGS,
    SOURCE_1_TEXT,
    WEB,
    item,
    loan,
    on,
    policy,
    row,
    said,
    title,
    with_loans,
)

CITY = replace(SATO, category="city", card_expires_on=None)
LENT, DUE = date(2026, 4, 3), date(2026, 4, 17)  # Fridays
OPENED = date(2026, 4, 11)  # six days before


def answer(
    borrowed=None,
    day=OPENED,
    at=WEB,
    clock="12:00",
    patron=CITY,
    library=EVERYTHING,
    opening=ALWAYS_OPEN,
    **facts,
):
    facts = {"lent_on": LENT, "branch": "central", **facts}
    borrowed = borrowed or loan(KOKORO, DUE, **facts)
    occasion = on(at, day, clock)
    return decide_renewal(library, with_loans(patron, borrowed), borrowed, occasion, opening)


def told(decision) -> list[tuple]:
    return [(refusal.reason, dict(refusal.facts), refusal.place) for refusal in decision.refusals]


# ---- By which way, at which hour, for whom -------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        row("on the web, from the day of the request", {}, ()),
        row(
            "by phone, which the sheet does not name",
            {"at": PHONE},
            [(Reason.NOT_RENEWABLE_HERE, {"what": [], "here": PHONE, "at": [WEB, DESK]}, "renewal.at")],
        ),
        row(
            "by phone at night, one reason is enough",
            {"at": PHONE, "clock": "03:00"},
            [(Reason.NOT_RENEWABLE_HERE, {"what": [], "here": PHONE, "at": [WEB, DESK]}, "renewal.at")],
        ),
        row(
            "on the web before half past eight",
            {"clock": "08:29"},
            [
                (
                    Reason.OUTSIDE_HOURS,
                    {"act": Act.RENEWAL, "opens": time(8, 30), "closes": time(20)},
                    "renewal.hours.web",
                )
            ],
        ),
        row(
            "held by two, with a copy free for one",
            {"waiting": 2, "free": 1},
            [(Reason.HELD, {"count": 2}, "renewal.refused")],
        ),
        row("held by two, with a copy for each", {"waiting": 2, "free": 2}, ()),
        row("held by one, with more copies than that", {"waiting": 1, "free": 3}, ()),
        row(
            "from another library",
            {"item": item(interlibrary=True)},
            [(Reason.INTERLIBRARY, {}, "renewal.refused")],
        ),
        row("a book for the second time", {"renewals": 1}, ()),
        row("and for the third", {"renewals": 2}, [(Reason.RENEWED, {"times": 2}, "renewal.times")]),
        row(
            "a week before, which is too soon",
            {"day": date(2026, 4, 10)},
            [(Reason.TOO_SOON, {"from_on": OPENED}, "renewal.opens")],
        ),
        row(
            "of the reading list",
            {"item": item(tags=frozenset({"課題図書"}))},
            [(Reason.NOT_RENEWABLE, {"what": ["課題図書"]}, "renewal.not[1]")],
        ),
        row(
            "new, on the web",
            {"item": item(added_on=LENT)},
            [
                (
                    Reason.NOT_RENEWABLE_HERE,
                    {"what": ["新刊"], "here": WEB, "at": [DESK, PHONE]},
                    "renewal.not[2]",
                )
            ],
        ),
        row("no longer new", {"item": item(added_on=date(2026, 1, 10))}, ()),
    ],
)
def test_a_renewal_is_answered(asked, expected):
    assert told(answer(**asked)) == list(expected)


@pytest.mark.parametrize(
    ("piece", "patron", "expected"),
    [
        row("a magazine, once", item("magazine"), CITY, ()),
        row(
            "a magazine to others than residents",
            item("magazine"),
            replace(CITY, category="outside"),
            [(Reason.ONLY_FOR, {"what": ["雑誌"], "act": Act.RENEWAL, "who": ["市内"]}, "renewal.only[1]")],
        ),
        row(
            "a disc, for which there is no line",
            item("av"),
            CITY,
            [(Reason.NO_RENEWAL_RULE, {"what": "視聴覚資料"}, "renewal.by")],
        ),
    ],
)
def test_what_a_line_names_is_renewed(piece, patron, expected):
    assert told(answer(patron=patron, item=piece)) == list(expected)


def test_a_magazine_is_renewed_as_often_as_the_sheet_says_for_all():
    assert told(answer(item=item("magazine"), renewals=1)) == [
        (Reason.RENEWED, {"times": 1}, "renewal.times")
    ]


def test_a_library_that_only_counts_renewals_names_no_other_obstacle():
    library = policy(
        EVERYTHING_TEXT, ('refused = ["held, no copy free", "interlibrary", "renewed"]', "refused = []")
    )

    assert answer(library=library, waiting=3, item=item(interlibrary=True)).allowed


def test_where_any_hold_is_in_the_way_a_free_copy_does_not_help():
    library = policy(EVERYTHING_TEXT, ('"held, no copy free"', '"held"'))

    assert told(answer(library=library, waiting=1, free=5)) == [
        (Reason.HELD, {"count": 1}, "renewal.refused")
    ]
    assert answer(library=library, free=0).allowed


def test_a_line_without_a_set_refuses_persons_and_ways():
    library = policy(
        EVERYTHING_TEXT, ('[[renewal.not]]\nof = ["set_reading"]', '[[renewal.not]]\nwho = ["city"]')
    )

    assert told(answer(library=library)) == [
        (Reason.NOT_FOR, {"what": [], "act": Act.RENEWAL, "who": ["市内"]}, "renewal.not[1]")
    ]
    assert answer(library=library, patron=replace(CITY, category="outside")).allowed


def test_a_sheet_with_only_and_without_not_obeys_it():
    start, end = EVERYTHING_TEXT.index("[[renewal.not]]"), EVERYTHING_TEXT.index("[[renewal.only]]")
    library = policy(EVERYTHING_TEXT, (EVERYTHING_TEXT[start:end], ""))

    outside = replace(CITY, category="outside")
    assert answer(library=library, patron=outside, item=item("magazine")).reasons == (Reason.ONLY_FOR,)
    assert answer(library=library, item=item(tags=frozenset({"課題図書"}))).allowed


def test_the_branch_that_lent_it_is_where_a_block_asks():
    library = policy(
        EVERYTHING_TEXT,
        (
            'when = { mark = "弁償" }\nstops = ["loan", "renewal"]\n\n',
            'when = { mark = "弁償" }\nstops = ["renewal"]\nbranch = ["station"]\n\n',
        ),
    )
    marked = replace(CITY, marks=frozenset({"弁償"}))

    assert answer(library=library, patron=marked, branch="station").reasons == (Reason.MARK_BLOCK,)
    assert answer(library=library, patron=marked, branch="central").allowed


# ---- How far -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "due_on"),
    [
        row("two weeks from the request", {"day": date(2026, 4, 12)}, date(2026, 4, 26)),
        row("on the due date", {"day": DUE}, date(2026, 5, 1)),
        row(
            "never past six weeks from the loan",
            {"day": DUE, "lent_on": date(2026, 3, 10)},
            date(2026, 4, 21),
        ),
        row(
            "a day late by the line for late ones, from the due date",
            {"day": date(2026, 4, 18)},
            date(2026, 4, 24),
        ),
        row(
            "and never past four weeks from the loan",
            {"day": date(2026, 4, 18), "lent_on": date(2026, 3, 25)},
            date(2026, 4, 22),
        ),
        row("ten days late would be overdue at once", {"day": date(2026, 4, 27)}, None),
        row(
            "to the open day before a closed one",
            {"day": date(2026, 4, 13), "opening": MONDAYS_CLOSED},
            date(2026, 4, 26),
        ),
        row(
            "not past the card's last day",
            {"patron": replace(CITY, card_expires_on=date(2026, 4, 20))},
            date(2026, 4, 20),
        ),
    ],
)
def test_a_renewal_goes_to(asked, due_on):
    library = policy(EVERYTHING_TEXT, ('stops = ["renewal"]\nat = ["web"]', 'stops = ["hold"]\nat = ["web"]'))

    assert answer(library=library, **asked).due_on == due_on


@pytest.mark.parametrize(
    ("change", "due_on"),
    [
        row(
            "eight open days from the request",
            ('of = ["book"]\nweeks = 2', 'of = ["book"]\nopen_days = 8'),
            date(2026, 4, 21),
        ),
        row(
            "never past fifteen open days from the loan",
            ("until = { weeks = 6,", "until = { open_days = 15,"),
            date(2026, 4, 21),
        ),
    ],
)
def test_open_days_are_those_of_the_branch(change, due_on):
    assert answer(library=policy(EVERYTHING_TEXT, change), opening=MONDAYS_CLOSED).due_on == due_on


LATE = (
    'late = { within = { days = 10 }, from = "due date", by = { weeks = 1 }, '
    'until = { weeks = 4, from = "loan date" } }'
)
UNBLOCKED = ('stops = ["renewal"]\nat = ["web"]', 'stops = ["hold"]\nat = ["web"]')


@pytest.mark.parametrize(
    ("late", "days_late", "expected"),
    [
        row("in ten days", LATE, 10, ((Reason.NO_DAY_GAINED,), None)),
        row("and not after", LATE, 11, ((Reason.OVERDUE,), None)),
        row(
            "from the request, where nothing else is said",
            LATE.replace('from = "due date", ', "").replace("weeks = 4", "weeks = 9"),
            10,
            ((), date(2026, 5, 4)),
        ),
        row(
            "as long as in time, where no other length is said",
            "late = { within = { days = 10 } }",
            3,
            ((), date(2026, 5, 4)),
        ),
        row(
            "no further than in time, where no other end is said",
            "late = { within = { days = 30 } }",
            25,
            ((), date(2026, 5, 15)),
        ),
        row(
            "however late, where nothing is said of that",
            "late = { by = { weeks = 1 } }",
            20,
            ((), date(2026, 5, 14)),
        ),
        row("never, where the sheet has no line for it", "", 1, ((Reason.OVERDUE,), None)),
    ],
)
def test_a_late_loan_is_renewed(late, days_late, expected):
    library = policy(EVERYTHING_TEXT, UNBLOCKED, (LATE, late))

    decision = answer(library=library, day=DUE + timedelta(days=days_late))

    assert (decision.reasons, decision.due_on) == expected


@pytest.mark.parametrize(
    ("late", "place"),
    [
        row("the line for late ones", LATE, "renewal.late"),
        row("or that there is none", "", "renewal.refused"),
    ],
)
def test_the_refusal_of_a_late_loan_says_how_late_and_why(late, place):
    library = policy(EVERYTHING_TEXT, UNBLOCKED, (LATE, late))

    assert told(answer(library=library, day=date(2026, 5, 1))) == [(Reason.OVERDUE, {"days": 14}, place)]


@pytest.mark.parametrize(
    ("day", "due_on"),
    [
        row("in time, two weeks from the request", DUE, date(2026, 5, 1)),
        row("late, one week from the due date", date(2026, 4, 18), date(2026, 4, 24)),
        row("and never past four weeks from the loan", date(2026, 4, 19), date(2026, 4, 24)),
    ],
)
def test_where_a_renewal_would_move_the_due_date(day, due_on):
    borrowed = loan(KOKORO, DUE, lent_on=LENT, branch="central")

    assert renewed_due_date(EVERYTHING, borrowed, on(WEB, day), ALWAYS_OPEN) == due_on


def test_where_a_renewal_would_move_the_due_date_of_a_late_disc_is_where_its_lines_for_late_ones_say():
    disc = loan(SONGS, DUE, lent_on=date(2026, 3, 26), branch="central")

    assert renewed_due_date(EVERYTHING, disc, on(WEB, DUE), ALWAYS_OPEN) is None
    assert renewed_due_date(EVERYTHING, disc, on(WEB, date(2026, 4, 18)), ALWAYS_OPEN) == date(2026, 4, 23)


def test_where_a_late_renewal_has_lines_of_its_own_they_say_how_often():
    own = LATE.replace("by = { weeks = 1 }", "by = [{ weeks = 1, times = 5 }]")
    library = policy(EVERYTHING_TEXT, UNBLOCKED, (LATE, own))

    assert answer(library=library, day=date(2026, 4, 18), renewals=4).allowed
    assert answer(library=library, day=DUE, renewals=4).reasons == (Reason.RENEWED,)


def test_the_line_of_the_patron_says_how_long():
    line = (
        '[[renewal.by]]\nof = ["book"]\nwho = ["city"]\nweeks = 4\n\n[[renewal.by]]\nof = ["book"]\nweeks = 2'
    )
    library = policy(EVERYTHING_TEXT, ('[[renewal.by]]\nof = ["book"]\nweeks = 2', line))
    outside = replace(CITY, category="outside")

    assert answer(library=library).due_on == date(2026, 5, 9)
    assert answer(library=library, patron=outside).due_on == date(2026, 4, 25)
    borrowed = loan(KOKORO, DUE, lent_on=LENT, branch="central")
    for patron, due_on in ((CITY, date(2026, 5, 9)), (outside, date(2026, 4, 25)), (None, date(2026, 4, 25))):
        assert renewed_due_date(library, borrowed, on(WEB, OPENED), ALWAYS_OPEN, None, patron) == due_on


def test_a_day_that_gains_for_the_patron_is_told():
    """Four weeks for residents gain at once where the two weeks of others would not."""
    line = (
        '[[renewal.by]]\nof = ["book"]\nwho = ["city"]\nweeks = 4\n\n[[renewal.by]]\nof = ["book"]\ndays = 4'
    )
    library = policy(
        EVERYTHING_TEXT,
        ('[[renewal.by]]\nof = ["book"]\nweeks = 2', line),
        ("opens = { days_before_due = 6 }", "opens = { days_before_due = 12 }"),
    )

    assert told(answer(library=library, day=LENT)) == [
        (Reason.TOO_SOON, {"from_on": date(2026, 4, 5)}, "renewal.opens")
    ]
    assert told(answer(library=library, day=LENT, patron=replace(CITY, category="outside"))) == [
        (Reason.TOO_SOON, {"from_on": date(2026, 4, 14)}, "renewal.opens")
    ]
    assert told(answer(library=library, day=date(2026, 4, 6), patron=replace(CITY, category="outside"))) == [
        (Reason.NO_DAY_GAINED, {"from_on": date(2026, 4, 14)}, "")
    ]


def test_the_first_day_that_gains_is_that_of_the_patron_who_asks():
    line = (
        '[[renewal.by]]\nof = ["book"]\nwho = ["city"]\ndays = 4\n\n[[renewal.by]]\nof = ["book"]\nweeks = 4'
    )
    library = policy(EVERYTHING_TEXT, ('[[renewal.by]]\nof = ["book"]\nweeks = 2', line))

    assert told(answer(library=library)) == [(Reason.NO_DAY_GAINED, {"from_on": date(2026, 4, 14)}, "")]
    assert answer(library=library, patron=replace(CITY, category="outside")).allowed


def test_too_soon_for_a_loan_that_never_gains_tells_the_day_on_which_it_opens():
    library = policy(EVERYTHING_TEXT, ('of = ["book"]\nweeks = 2\ntimes = 2', 'of = ["book"]\ndays = 1'))
    patron = replace(CITY, card_expires_on=DUE)

    assert told(answer(library=library, day=LENT, patron=patron)) == [
        (Reason.TOO_SOON, {"from_on": OPENED}, "renewal.opens")
    ]


def test_where_no_day_is_open_a_renewal_has_no_end():
    assert told(answer(opening=NEVER_OPEN)) == [(Reason.NO_OPEN_DAY, {}, "")]


def test_a_renewal_that_reaches_no_further_names_the_first_day_that_does():
    decision = answer(library=policy(EVERYTHING_TEXT, ("opens = { days_before_due = 6 }", "")), day=LENT)

    assert told(decision) == [(Reason.NO_DAY_GAINED, {"from_on": date(2026, 4, 4)}, "")]


@pytest.mark.parametrize(
    ("opens", "first"),
    [
        row("before the due date", Opens(days_before_due=3), date(2026, 4, 14)),
        row("on the due date", Opens(days_before_due=0), DUE),
        row("after the loan", Opens(days_after_loan=3), date(2026, 4, 6)),
        row("on the day of the loan", Opens(days_after_loan=0), LENT),
        row("when half is left", Opens(left=Left.HALF), date(2026, 4, 10)),
    ],
)
def test_renewal_opens(opens, first):
    assert opens.first_day(LENT, DUE) == first
    assert Opens(left=Left.HALF).first_day(LENT, DUE + timedelta(days=1)) == date(2026, 4, 11)


# ---- As lent -------------------------------------------------------------------------------------------

SOURCE_1_AS_LENT = ("by = { weeks = 2 }", 'by = "as lent"')


def test_a_renewal_as_lent_is_by_the_desk_s_line_whatever_way_it_is_asked_and_at_any_hour():
    lines = '[[loan.by]]\nof = ["book"]\nat = ["desk"]\nlent_from = "18:00"\nweeks = 5\n'
    library = policy(SOURCE_1_TEXT, SOURCE_1_AS_LENT, ("[[loan.limit]]\n", f"{lines}[[loan.limit]]\n"))

    line = renewal_line(library, item(), SATO, on(WEB, OPENED, "09:00"))

    assert line.period == Period(5, Unit.WEEKS)


def test_a_renewal_as_lent_is_as_long_as_the_patron_s_loan():
    library = policy(
        SOURCE_1_TEXT,
        SOURCE_1_AS_LENT,
        ("[[loan.limit]]\n", '[[loan.by]]\nwho = ["resident"]\nweeks = 5\n[[loan.limit]]\n'),
    )

    for category, weeks in (("resident", 5), ("commuter", 2)):
        patron = replace(SATO, category=category)
        assert renewal_line(library, item(), patron, on(WEB, OPENED)).period.n == weeks


def test_a_late_renewal_as_lent_beside_another_in_time():
    library = policy(EVERYTHING_TEXT, UNBLOCKED, (LATE, 'late = { by = "as lent" }'))

    assert answer(library=library, day=date(2026, 4, 18), item=item("av")).due_on == date(2026, 4, 25)
    assert answer(library=library, day=date(2026, 4, 17), item=item("av")).reasons == (
        Reason.NO_RENEWAL_RULE,
    )


# ---- Return and lend again at the desk -----------------------------------------------------------------


def at_the_desk(borrowed=None, day=OPENED, **asked):
    return answer(borrowed, day, at=DESK, **asked)


@pytest.mark.parametrize(
    ("asked", "due_on"),
    [
        row("for as long as a loan, from today", {}, date(2026, 4, 25)),
        row("as often as one likes", {"renewals": 9}, date(2026, 4, 25)),
        row("before its time", {"day": date(2026, 4, 4)}, date(2026, 4, 18)),
        row("at night, since the hours are those of the web", {"clock": "21:00"}, date(2026, 4, 25)),
        row(
            "a disc, which no line renews",
            {"item": item("av"), "patron": replace(CITY, born_on=date(1990, 1, 1))},
            date(2026, 4, 18),
        ),
        row("what is late, since it comes back", {"day": date(2026, 4, 20)}, date(2026, 5, 4)),
        row("to an open day", {"opening": MONDAYS_CLOSED, "day": date(2026, 4, 13)}, date(2026, 4, 26)),
        row(
            "of the reading list, which only a renewal refuses",
            {"item": item(tags=frozenset({"課題図書"}))},
            date(2026, 4, 25),
        ),
        row("what stands in the files as out", {"item": item(due_on=DUE)}, date(2026, 4, 25)),
    ],
)
def test_a_piece_is_lent_again(asked, due_on):
    assert at_the_desk(**asked) == RenewalDecision((), due_on)


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        row("while somebody waits whom no copy serves", {"waiting": 1}, (Reason.HELD,)),
        row("from another library", {"item": item(interlibrary=True)}, (Reason.INTERLIBRARY,)),
        row("of reference", {"item": item(call_number="R 8")}, (Reason.NOT_LENDABLE,)),
        row("both", {"waiting": 1, "item": item(call_number="R 8")}, (Reason.HELD, Reason.NOT_LENDABLE)),
        row("where no day is open", {"opening": NEVER_OPEN}, (Reason.NO_LAST_DAY,)),
        row(
            "to a patron who is stopped",
            {"patron": replace(CITY, marks=frozenset({"弁償"}))},
            (Reason.MARK_BLOCK,),
        ),
    ],
)
def test_a_piece_is_not_lent_again(asked, reasons):
    decision = at_the_desk(**asked)

    assert (decision.reasons, decision.due_on) == (reasons, None)


def test_the_piece_that_comes_back_fills_no_limit_and_is_no_late_one_but_the_others_do_and_are():
    ten = [loan(title(n), DUE, lent_on=LENT) for n in range(301, 311)]
    borrowed, *others = ten
    late = loan(BOTCHAN, LENT, item=item(interlibrary=True))

    def again(*loans):
        patron = with_loans(CITY, *loans)
        return decide_renewal(EVERYTHING, patron, borrowed, on(DESK, OPENED), ALWAYS_OPEN).reasons

    assert again(*ten) == ()
    assert again(*others, loan(KOKORO, DUE), borrowed) == (Reason.LOAN_LIMIT,)
    assert again(late, borrowed) == (Reason.OVERDUE_BLOCK,)


def test_nothing_is_lent_again_for_a_shorter_time_or_the_same():
    far, same = DUE + timedelta(days=60), date(2026, 4, 25)

    assert told(at_the_desk(borrowed=loan(KOKORO, far, lent_on=LENT))) == [
        (Reason.NO_DAY_GAINED, {"from_on": far - timedelta(days=13)}, "")
    ]
    assert told(at_the_desk(borrowed=loan(KOKORO, same, lent_on=LENT))) == [
        (Reason.NO_DAY_GAINED, {"from_on": OPENED + timedelta(days=1)}, "")
    ]


def test_it_is_lent_again_by_the_branch_that_lent_it():
    assert at_the_desk(branch="station", item=item("av")).reasons == (Reason.ONLY_AT_BRANCH,)
    assert at_the_desk(branch="central", item=item("av")).allowed


def test_elsewhere_than_at_the_desk_it_is_renewed():
    assert answer(at=WEB, renewals=2).reasons == (Reason.RENEWED,)
    assert answer(at=KIOSK).reasons == (Reason.NOT_RENEWABLE_HERE,)


def test_a_library_that_does_not_lend_again_renews_at_the_desk():
    library = policy(EVERYTHING_TEXT, ('desk = "return and lend again"', ""))

    assert answer(at=DESK, library=library, renewals=2).reasons == (Reason.RENEWED,)


def test_what_is_set_aside_for_another_is_not_lent_again_but_for_oneself_it_is():
    ready = replace(CITY, holds=(HoldFacts(KOKORO, HoldState.READY),))

    assert at_the_desk(item=item(set_aside=True)).reasons == (Reason.KEPT_FOR_ANOTHER,)
    assert at_the_desk(item=item(set_aside=True), patron=ready).allowed


# ---- Sentences -----------------------------------------------------------------------------------------


def test_the_sentences_say_what_to_do():
    assert said(EVERYTHING, answer(clock="21:00")) == [
        "貸出延長のお手続きは、8:30から20:00までです。その時間にもう一度お試しください。"
    ]
    assert said(EVERYTHING, answer(at=PHONE)) == ["お電話では延長できません。Webか窓口でお申し出ください。"]


def test_the_hour_is_that_of_the_library():
    moment = datetime(2026, 4, 11, 20, 0, tzinfo=JAPAN)
    borrowed = loan(KOKORO, DUE, lent_on=LENT, branch="central")

    decision = decide_renewal(
        EVERYTHING, with_loans(CITY, borrowed), borrowed, Occasion(WEB, moment), ALWAYS_OPEN
    )

    assert decision.refusals[0] == Refusal(
        Reason.OUTSIDE_HOURS, {"act": Act.RENEWAL, "opens": time(8, 30), "closes": time(20)}
    )


def test_magazines_and_discs_of_one_sheet():
    assert answer(loan(MARCH_ISSUE, DUE, lent_on=LENT, branch="central")).due_on == date(2026, 4, 18)
    assert not answer(loan(SONGS, DUE, lent_on=LENT, branch="central")).allowed


def test_what_is_lent_again_ends_with_the_card():
    ends = date(2026, 4, 21)

    assert at_the_desk(patron=replace(CITY, card_expires_on=ends)) == RenewalDecision((), ends)


def test_what_gains_no_day_names_no_day_for_an_exception_either():
    far = DUE + timedelta(days=60)

    def renewed_twice(due_on, day):
        borrowed = loan(KOKORO, due_on, renewals=2, lent_on=LENT, branch="central")
        decision = answer(borrowed, day)
        assert decision.reasons == (Reason.RENEWED,)
        return decision.overrulable, decision.despite

    assert renewed_twice(DUE, OPENED) == (True, date(2026, 4, 25))
    assert renewed_twice(far, far - timedelta(days=3)) == (False, None)


def test_what_the_card_cuts_short_never_gains_a_day_when_it_is_lent_again():
    far = DUE + timedelta(days=60)
    refused = at_the_desk(loan(KOKORO, far, lent_on=LENT), patron=replace(CITY, card_expires_on=far))

    assert told(refused) == [(Reason.NO_DAY_GAINED, {"from_on": None}, "")]
