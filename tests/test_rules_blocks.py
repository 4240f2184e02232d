"""Blocks: each cause, the family, what came back late and for how long, and what a block stops."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules import (
    Act,
    ItemState,
    Penalty,
    Period,
    Policy,
    Reason,
    Refusal,
    Unit,
    days_overdue,
    decide_hold,
    decide_loan,
    decide_patron_hold,
    decide_patron_loan,
    decide_renewal,
    penalty_ends_on,
)
from tests.facts import (
    BOTCHAN,
    DESK,
    EVERYTHING,
    EVERYTHING_TEXT,
    KOKORO,
    SANSHIRO,
    SATO,
    SONGS,
    SOURCE_1_TEXT,
    TODAY,
    TOMORROW,
    WEB,
    YESTERDAY,
    item,
    loan,
    on,
    policy,
    row,
    title,
    with_loans,
)

CITY = replace(SATO, category="city")
BLOCK = SOURCE_1_TEXT[SOURCE_1_TEXT.index("[[block]]") :]
CHILD = '[[people]]\nid = "child"\nname = "お子さん"\nwhen = { school_to = "elementary" }\n\n'


def blocks(*lines: str) -> Policy:
    """Source document 1 with other blocks; ``;`` stands between the keys of one."""
    written = "".join("[[block]]\n" + line.replace("; ", "\n") + "\n" for line in lines)
    return policy(SOURCE_1_TEXT, (BLOCK, written), ("[[material]]   ", f"{CHILD}[[material]]   "))


def stops(library, patron, at=WEB, day=TODAY, branch="main"):
    """What stops every hold of this patron."""
    return decide_patron_hold(library, patron, on(at, day, branch=branch)).refusals


def owing(*loans, patron=SATO, **facts):
    return replace(with_loans(patron, *loans), **facts)


def late(days: int, bib=KOKORO, **facts):
    """A loan that should have been back so many days ago."""
    return loan(bib, TODAY - timedelta(days=days), **facts)


HOLD = 'stops = ["hold"]'


# ---- Causes --------------------------------------------------------------------------------------------


def overdue(count):
    return (Refusal(Reason.OVERDUE_BLOCK, {"count": count, "stop": Act.HOLD}),)


FAMILY = (Refusal(Reason.FAMILY_OVERDUE_BLOCK, {"stop": Act.HOLD}),)


@pytest.mark.parametrize(
    ("when", "patron", "expected"),
    [
        row("a day late", "overdue = { days = 1 }", owing(late(1)), overdue(1)),
        row("due today is not late", "overdue = { days = 1 }", owing(late(0)), ()),
        row("six days are less than seven", "overdue = { days = 7 }", owing(late(6)), ()),
        row("seven are seven", "overdue = { days = 7 }", owing(late(7)), overdue(1)),
        row(
            "one late by so much is enough, and every late one is counted",
            "overdue = { days = 7 }",
            owing(late(7), late(1, BOTCHAN), late(0, SANSHIRO)),
            overdue(2),
        ),
        row("a month late", "overdue = { months = 1 }", owing(late(31)), overdue(1)),
        row("a day less than a month", "overdue = { months = 1 }", owing(late(30)), ()),
        row(
            "with the first day counted, due today is one day but not late",
            "overdue = { days = 1, count_first = true }",
            owing(late(0)),
            (),
        ),
        row("a day late is two", "overdue = { days = 2, count_first = true }", owing(late(1)), overdue(1)),
        row("of a set: a disc", 'overdue = { days = 1 }, of = ["av"]', owing(late(1, SONGS)), overdue(1)),
        row("of a set: a book", 'overdue = { days = 1 }, of = ["av"]', owing(late(1)), ()),
        row(
            "of a set: only its own are counted",
            'overdue = { days = 1 }, of = ["av"]',
            owing(late(1), late(2, SONGS)),
            overdue(1),
        ),
        row(
            "that somebody waits for",
            'overdue = { days = 1 }, of = ["held"]',
            owing(late(1, waiting=1)),
            overdue(1),
        ),
        row("that nobody waits for", 'overdue = { days = 1 }, of = ["held"]', owing(late(1)), ()),
        row(
            "or that is from another library",
            'overdue = { days = 1 }, of = ["held", "interlibrary"]',
            owing(late(1, item=item(interlibrary=True))),
            overdue(1),
        ),
        row(
            "the family's, where the sheet takes it in",
            "overdue = { days = 7 }, family = true",
            owing(family_loans=(late(7),)),
            FAMILY,
        ),
        row(
            "the family's a day less",
            "overdue = { days = 7 }, family = true",
            owing(family_loans=(late(6),)),
            (),
        ),
        row(
            "the family's, where the sheet does not",
            "overdue = { days = 7 }",
            owing(family_loans=(late(7),)),
            (),
        ),
        row(
            "one's own says more than the family's",
            "overdue = { days = 7 }, family = true",
            owing(late(7), family_loans=(late(7, BOTCHAN),)),
            overdue(1),
        ),
        row(
            "the family's of a set",
            'overdue = { days = 1 }, of = ["av"], family = true',
            owing(family_loans=(late(1, SONGS),)),
            FAMILY,
        ),
        row(
            "the family's of another set",
            'overdue = { days = 1 }, of = ["av"], family = true',
            owing(family_loans=(late(1),)),
            (),
        ),
        row(
            "the family's that is due today, with the first day counted",
            "overdue = { days = 1, count_first = true }, family = true",
            owing(family_loans=(late(0),)),
            (),
        ),
        row("nothing lost", "lost = true", owing(loan(KOKORO)), ()),
        row(
            "one lost",
            "lost = true",
            owing(loan(KOKORO), loan(BOTCHAN, item=item(state=ItemState.MISSING))),
            (Refusal(Reason.LOST_BLOCK, {"count": 1, "stop": Act.HOLD}),),
        ),
        row(
            "two lost",
            "lost = true",
            owing(*(loan(bib, item=item(state=ItemState.MISSING)) for bib in (KOKORO, BOTCHAN))),
            (Refusal(Reason.LOST_BLOCK, {"count": 2, "stop": Act.HOLD}),),
        ),
        row(
            "withdrawn is not lost",
            "lost = true",
            owing(loan(KOKORO, item=item(state=ItemState.WITHDRAWN))),
            (),
        ),
        row(
            "marked",
            'mark = "弁償"',
            owing(marks=frozenset({"弁償", "団体"})),
            (Refusal(Reason.MARK_BLOCK, {"mark": "弁償", "stop": Act.HOLD}),),
        ),
        row("marked with another word", 'mark = "弁償"', owing(marks=frozenset({"団体"})), ()),
        row(
            "expired",
            'card = "expired"',
            owing(card_expires_on=YESTERDAY),
            (Refusal(Reason.CARD_EXPIRED, {"day": YESTERDAY}),),
        ),
        row("on the card's last day", 'card = "expired"', owing(card_expires_on=TODAY), ()),
        row("a card without an end", 'card = "expired"', owing(card_expires_on=None), ()),
        row(
            "two causes in one line need both",
            'lost = true, mark = "弁償"',
            owing(marks=frozenset({"弁償"})),
            (),
        ),
        row(
            "both",
            'card = "expired", mark = "弁償"',
            owing(card_expires_on=YESTERDAY, marks=frozenset({"弁償"})),
            (
                Refusal(Reason.CARD_EXPIRED, {"day": YESTERDAY}),
                Refusal(Reason.MARK_BLOCK, {"mark": "弁償", "stop": Act.HOLD}),
            ),
        ),
    ],
)
def test_a_cause_stops_a_patron(when, patron, expected):
    refusals = stops(blocks(f"when = {{ {when} }}; {HOLD}"), patron)

    assert refusals == expected
    assert {refusal.place for refusal in refusals} <= {"block[1]"}


@pytest.mark.parametrize(
    ("until", "stopped"),
    [
        row("until yesterday", YESTERDAY, False),
        row("until today, that day included", TODAY, True),
        row("until tomorrow", TOMORROW, True),
        row("nothing came back late", None, False),
    ],
)
def test_a_penalty_stops_to_the_end_of_its_last_day(until, stopped):
    library = blocks(f"when = {{ returned_late = {{ days = 1 }} }}; {HOLD}; lasts = {{ days = 9 }}")

    refusals = stops(library, replace(SATO, penalty_until=until))

    assert refusals == ((Refusal(Reason.PENALTY, {"until": until, "stop": Act.HOLD}),) if stopped else ())


# ---- What a block asks, and what it stops --------------------------------------------------------------

LATE_LINE = f"when = {{ overdue = {{ days = 1 }} }}; {HOLD}"


@pytest.mark.parametrize(
    ("line", "asked", "stopped"),
    [
        row("whoever and however, where it asks nothing", LATE_LINE, {}, True),
        row("by this way", f'{LATE_LINE}; at = ["web"]', {}, True),
        row("by no other", f'{LATE_LINE}; at = ["desk"]', {}, False),
        row("here", f'{LATE_LINE}; branch = ["main", "east"]', {}, True),
        row("not there", f'{LATE_LINE}; branch = ["main", "east"]', {"branch": "west"}, False),
        row("not while no branch is chosen", f'{LATE_LINE}; branch = ["main"]', {"branch": None}, False),
        row("a resident", f'{LATE_LINE}; who = ["resident"]', {}, True),
        row("nobody else", f'{LATE_LINE}; who = ["commuter"]', {}, False),
        row("nobody whose age is not known", f'{LATE_LINE}; who = ["child"]', {}, False),
        row("no act that it does not name", LATE_LINE.replace("hold", "loan"), {}, False),
        row("not everything, where it names a set", f'{LATE_LINE}; of = ["book"]', {}, False),
    ],
)
def test_a_block_stops(line, asked, stopped):
    assert bool(stops(blocks(line), owing(late(1)), **asked)) is stopped


@pytest.mark.parametrize(
    ("bib", "reasons"),
    [
        row("a book of the set", SANSHIRO, (Reason.OVERDUE_BLOCK,)),
        row("a disc, which is not of it", SONGS, ()),
    ],
)
def test_a_block_of_a_set_stops_that_set_whatever_is_late(bib, reasons):
    every_act = LATE_LINE.replace('["hold"]', '["hold", "loan", "renewal"]')
    library = blocks(f'{every_act}; of = ["book"]')
    borrowed = loan(bib)
    patron = owing(late(1, BOTCHAN), borrowed)

    assert decide_hold(library, owing(late(1, BOTCHAN)), bib, on(WEB, branch="main")).reasons == reasons
    assert decide_loan(library, patron, bib, bib.items[0], on(DESK, branch="main")).reasons == reasons
    assert decide_renewal(library, patron, borrowed, on(WEB)).reasons == reasons
    assert decide_patron_loan(library, patron, on(DESK, branch="main")).allowed


def test_what_is_no_longer_of_the_set_is_not_stopped():
    new = title(99, added_on=TODAY - timedelta(days=90), due_on=TODAY)
    library = policy(
        EVERYTHING_TEXT,
        (
            'when = { lost = true }\nstops = ["loan", "hold", "renewal"]',
            'when = { lost = true }\nstops = ["hold"]\nof = ["new"]',
        ),
    )
    patron = owing(loan(BOTCHAN, TODAY + timedelta(days=30), item=item(state=ItemState.MISSING)), patron=CITY)

    assert decide_hold(library, patron, new, on(WEB, TODAY)).reasons == (Reason.LOST_BLOCK,)
    assert decide_hold(library, patron, new, on(WEB, TOMORROW)).reasons == ()


def test_a_renewal_of_what_is_no_longer_of_the_set_is_not_stopped():
    library = policy(
        EVERYTHING_TEXT,
        (
            'when = { lost = true }\nstops = ["loan", "hold", "renewal"]',
            'when = { lost = true }\nstops = ["renewal"]\nof = ["new"]',
        ),
        ('of = ["new"]\nat = ["web"]', 'of = ["reference"]\nat = ["web"]'),
    )
    borrowed = loan(KOKORO, TOMORROW, item=item(added_on=TODAY - timedelta(days=90)))
    lost = loan(BOTCHAN, TODAY + timedelta(days=30), item=item(state=ItemState.MISSING))
    patron = owing(borrowed, lost, patron=CITY)

    assert decide_renewal(library, patron, borrowed, on(WEB, TODAY)).reasons == (Reason.LOST_BLOCK,)
    assert decide_renewal(library, patron, borrowed, on(WEB, TOMORROW)).reasons == ()


def test_a_late_loan_of_what_is_no_longer_of_the_set_is_no_cause():
    library = policy(EVERYTHING_TEXT, ('of = ["held", "interlibrary"] }', 'of = ["new"] }'))
    was_new = late(3, item=item(added_on=TODAY - timedelta(days=90)))
    patron = owing(was_new, patron=CITY)

    assert decide_patron_loan(library, patron, on(DESK, TODAY)).reasons == (Reason.OVERDUE_BLOCK,)
    assert decide_patron_loan(library, patron, on(DESK, TOMORROW)).allowed


def test_nor_is_one_of_the_family():
    library = policy(
        EVERYTHING_TEXT,
        ("overdue = { months = 2 }, family = true", 'overdue = { days = 1 }, of = ["new"], family = true'),
    )
    was_new = late(3, item=item(added_on=TODAY - timedelta(days=90)))
    patron = owing(patron=CITY, family_loans=(was_new,))

    assert decide_patron_loan(library, patron, on(DESK, TODAY)).reasons == (Reason.FAMILY_OVERDUE_BLOCK,)
    assert decide_patron_loan(library, patron, on(DESK, TOMORROW)).allowed


def test_the_age_of_the_day_says_whom_a_block_names():
    library = blocks(f'{LATE_LINE}; who = ["child"]')
    natsume = owing(late(3), born_on=date(2014, 4, 1))  # leaves elementary school on 31 March 2026

    assert [refusal.reason for refusal in stops(library, natsume, day=YESTERDAY)] == [Reason.OVERDUE_BLOCK]
    assert stops(library, natsume, day=TODAY) == ()


def test_every_line_is_tried_and_each_refusal_is_said_once():
    library = blocks(
        LATE_LINE,
        f"when = {{ lost = true }}; {HOLD}; say = 'なくした資料があります。'",
        LATE_LINE.replace("days = 1", "days = 2"),
        f"when = {{ overdue = {{ days = 1 }} }}; {HOLD}; say = '返してください。'",
    )
    patron = owing(late(3), loan(BOTCHAN, item=item(state=ItemState.MISSING)))

    refusals = stops(library, patron)

    assert [(refusal.reason, refusal.say, refusal.place) for refusal in refusals] == [
        (Reason.OVERDUE_BLOCK, None, "block[1]"),
        (Reason.LOST_BLOCK, "なくした資料があります。", "block[2]"),
        (Reason.OVERDUE_BLOCK, "返してください。", "block[4]"),
    ]


def test_the_refusal_names_the_act_that_is_stopped():
    library = blocks("when = { overdue = { days = 1 } }; stops = ['hold', 'loan', 'renewal']")
    patron, borrowed = owing(late(1)), loan(BOTCHAN)

    hold = decide_hold(library, patron, SANSHIRO, on(WEB, branch="main"))
    lent = decide_loan(library, patron, SANSHIRO, SANSHIRO.items[0], on(DESK, branch="main"))
    renewed = decide_renewal(library, with_loans(patron, borrowed), borrowed, on(WEB))

    assert [decision.refusals[0].facts["stop"] for decision in (hold, lent, renewed)] == [
        Act.HOLD,
        Act.LOAN,
        Act.RENEWAL,
    ]


@pytest.mark.parametrize(("days", "overdue"), [(-1, 0), (0, 0), (1, 1), (40, 40)])
def test_days_overdue(days, overdue):
    assert days_overdue(TODAY, TODAY + timedelta(days=days)) == overdue


# ---- What a late return costs --------------------------------------------------------------------------

PER_DAY = Penalty(per_day_late=Period(2, Unit.DAYS))


@pytest.mark.parametrize(
    ("penalty", "days_late", "ends_on"),
    [
        row("a fixed time, however late", Penalty(period=Period(7, Unit.DAYS)), 30, date(2026, 4, 8)),
        row("a month", Penalty(period=Period(1, Unit.MONTHS)), 1, date(2026, 5, 1)),
        row("two days for each day", PER_DAY, 3, date(2026, 4, 7)),
        row("for one day two", PER_DAY, 1, date(2026, 4, 3)),
        row(
            "thirty at the most: not yet", replace(PER_DAY, most=Period(30, Unit.DAYS)), 14, date(2026, 4, 29)
        ),
        row("thirty at the most", replace(PER_DAY, most=Period(30, Unit.DAYS)), 15, date(2026, 5, 1)),
        row("and not more", replace(PER_DAY, most=Period(30, Unit.DAYS)), 16, date(2026, 5, 1)),
    ],
)
def test_a_penalty_ends_on(penalty, days_late, ends_on):
    assert penalty.ends_on(TODAY, days_late) == ends_on


@pytest.mark.parametrize(
    ("patron", "facts", "expected"),
    [
        row("a day late, two days", CITY, {"late": 1}, date(2026, 4, 3)),
        row("in time, nothing", CITY, {"late": 0}, None),
        row("a fortnight late, the month of the other line", CITY, {"late": 14}, date(2026, 5, 1)),
        row("a day less, twice that", CITY, {"late": 13}, date(2026, 4, 27)),
        row("forty days late, the most", CITY, {"late": 40}, date(2026, 5, 1)),
        row(
            "a penalty that runs longer goes on",
            replace(CITY, penalty_until=date(2026, 6, 1)),
            {"late": 1},
            date(2026, 6, 1),
        ),
        row(
            "even if nothing comes to it",
            replace(CITY, penalty_until=date(2026, 6, 1)),
            {"late": 0},
            date(2026, 6, 1),
        ),
        row(
            "one that runs shorter does not",
            replace(CITY, penalty_until=TODAY),
            {"late": 1},
            date(2026, 4, 3),
        ),
        row("a guest, whom that line does not name", replace(CITY, category="guest"), {"late": 1}, None),
        row(
            "nor is a guest spared the other", replace(CITY, category="guest"), {"late": 14}, date(2026, 5, 1)
        ),
    ],
)
def test_a_late_return_stops_until(patron, facts, expected):
    borrowed = late(facts["late"])

    assert penalty_ends_on(EVERYTHING, patron, borrowed, TODAY) == expected


def penalty(when: str, lasts="days = 5", more="") -> Policy:
    return policy(
        EVERYTHING_TEXT,
        (
            '[[block]]\nwhen = { card = "expired" }',
            f'[[block]]\nwhen = {{ {when} }}\nstops = ["hold"]\nlasts = {{ {lasts} }}\n{more}\n'
            '[[block]]\nwhen = { card = "expired" }',
        ),
    )


GUEST = replace(CITY, category="guest")


@pytest.mark.parametrize(
    ("library", "borrowed", "expected"),
    [
        row(
            "of a set: a disc",
            penalty('returned_late = { days = 2 }, of = ["av"]'),
            late(2, SONGS),
            TODAY + timedelta(days=5),
        ),
        row("of a set: a book", penalty('returned_late = { days = 2 }, of = ["av"]'), late(2), None),
        row("too little late", penalty('returned_late = { days = 2 }, of = ["av"]'), late(1, SONGS), None),
        row(
            "what was new",
            penalty('returned_late = { days = 1 }, of = ["new"]'),
            late(1, item=item(added_on=TODAY - timedelta(days=90))),
            TODAY + timedelta(days=5),
        ),
        row(
            "what was no longer new",
            penalty('returned_late = { days = 1 }, of = ["new"]'),
            late(1, item=item(added_on=TODAY - timedelta(days=91))),
            None,
        ),
        row(
            "of a child, and nobody knows of one",
            penalty("returned_late = { days = 1 }", more='who = ["小学生まで"]'),
            late(1),
            None,
        ),
    ],
)
def test_a_late_return_of_a_set_stops_until(library, borrowed, expected):
    assert penalty_ends_on(library, GUEST, borrowed, TODAY) == expected


SUMMER = '[[season.hold.limit]]\nof = ["set_reading"]\nmost = 1\n'
SUMMER_BLOCK = """[[season.block]]
when = { returned_late = { days = 14 } }
stops = ["hold"]
lasts = { days = 2 }
"""


def test_the_season_of_the_return_says_what_it_costs():
    library = policy(EVERYTHING_TEXT, (SUMMER, SUMMER + SUMMER_BLOCK))

    for returned_on, ends_on in (
        (date(2026, 7, 11), date(2026, 8, 11)),
        (date(2026, 7, 12), date(2026, 7, 14)),
    ):
        borrowed = loan(KOKORO, returned_on - timedelta(days=14))
        assert penalty_ends_on(library, GUEST, borrowed, returned_on) == ends_on


def test_the_age_on_the_day_of_the_return_says_whom_a_line_names():
    library = penalty("returned_late = { days = 1 }", more='who = ["小学生まで"]')
    natsume = replace(GUEST, born_on=date(2014, 4, 1))  # leaves elementary school on 31 March 2026

    assert penalty_ends_on(library, natsume, late(2), YESTERDAY) == YESTERDAY + timedelta(days=5)
    assert penalty_ends_on(library, natsume, late(2), TODAY) is None


def test_what_came_back_on_its_last_day_costs_nothing_even_where_the_first_day_counts():
    library = penalty("returned_late = { days = 1, count_first = true }")

    assert penalty_ends_on(library, GUEST, late(0), TODAY) is None
    assert penalty_ends_on(library, GUEST, late(1), TODAY) == TODAY + timedelta(days=5)


def test_a_sheet_without_penalties_costs_nothing():
    assert penalty_ends_on(blocks(LATE_LINE), SATO, late(30), TODAY) is None
