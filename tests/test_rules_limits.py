"""How many: which limits bind, what counts in them, and which of two lines with one question decides."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules import (
    BibFacts,
    HoldFacts,
    HoldState,
    Policy,
    Reason,
    Refusal,
    Room,
    decide_hold,
    decide_loan,
    decide_title_hold,
    plan_cart,
    room_for_holds,
    room_for_loans,
)
from tests.facts import (
    BOOKS,
    BOTCHAN,
    DESK,
    EVERYTHING,
    EVERYTHING_TEXT,
    KIOSK,
    KOKORO,
    MANGA,
    MARCH_ISSUE,
    SANSHIRO,
    SATO,
    SONGS,
    SOURCE_1_TEXT,
    TANAKA,
    TODAY,
    WEB,
    YESTERDAY,
    item,
    loan,
    on,
    policy,
    row,
    said,
    title,
    with_holds,
    with_loans,
)

LOANS = SOURCE_1_TEXT[SOURCE_1_TEXT.index("[[loan.limit]]") : SOURCE_1_TEXT.index("[renewal] ")]
HOLDS = SOURCE_1_TEXT[SOURCE_1_TEXT.index("[[hold.limit]]") : SOURCE_1_TEXT.index("[hold.shelf] ")]
CHILD = '[[people]]\nid = "child"\nname = "お子さん"\nwhen = { school_to = "elementary" }\n\n'
NATSUME = replace(SATO, born_on=date(2018, 6, 1))


def limits(*lines: str, act: str = "loan") -> Policy:
    """Source document 1 with other limits, on loans or on holds; ``;`` stands between the keys of a line."""
    heading = f"[[{act}.limit]]\n"
    written = "".join(heading + line.replace("; ", "\n") + "\n" for line in lines)
    return policy(
        SOURCE_1_TEXT,
        (LOANS if act == "loan" else HOLDS, written),
        ("[[material]]   ", f"{CHILD}[[material]]   "),
        ('"manga", "weekly"', '"weekly"'),
    )


def lend(library, patron, bib, at=DESK, branch="main", day=TODAY):
    return decide_loan(library, patron, bib, bib.items[0], on(at, day, branch=branch))


def borrowing(*bibs, patron=SATO, **facts):
    return with_loans(patron, *(loan(bib, **facts) for bib in bibs))


BOOK, M, ANY = 'of = ["book"]', 'of = ["manga"]', 'of = ["book", "magazine", "av", "kamishibai"]'
R, C, T = 'who = ["resident"]', 'who = ["child"]', 'who = ["commuter"]'


# ---- Which limits bind ---------------------------------------------------------------------------------


def rooms(library, patron=SATO, at=DESK, branch="main"):
    return [
        (list(room.names), room.most, room.place)
        for room in room_for_loans(library, patron, on(at, branch=branch))
    ]


@pytest.mark.parametrize(
    ("lines", "patron", "asked", "expected"),
    [
        row(
            "lines with other questions each bind",
            (f"{BOOK}; most = 5", f"{ANY}; most = 8"),
            SATO,
            {},
            [5, 8],
        ),
        row("of one question the smaller binds", (f"{BOOK}; most = 5", f"{BOOK}; most = 4"), SATO, {}, [4]),
        row("whichever comes first", (f"{BOOK}; most = 4", f"{BOOK}; most = 5"), SATO, {}, [4]),
        row("a number before unlimited", (f'{BOOK}; most = "unlimited"', f"{BOOK}; most = 5"), SATO, {}, [5]),
        row("unlimited after a number", (f"{BOOK}; most = 5", f'{BOOK}; most = "unlimited"'), SATO, {}, [5]),
        row("two unlimited are one", (f'{BOOK}; most = "unlimited"',) * 2, SATO, {}, [None]),
        row(
            "the one that names the patron, even if it is looser",
            (f"{BOOK}; most = 5", f"{BOOK}; {R}; most = 8"),
            SATO,
            {},
            [8],
        ),
        row("even if it comes first", (f"{BOOK}; {R}; most = 8", f"{BOOK}; most = 5"), SATO, {}, [8]),
        row(
            "even if it is unlimited",
            (f"{BOOK}; most = 5", f'{BOOK}; {R}; most = "unlimited"'),
            SATO,
            {},
            [None],
        ),
        row(
            "of two that name the patron the smaller",
            (f"{BOOK}; {R}; most = 8", f"{BOOK}; {C}; most = 6", f"{BOOK}; most = 5"),
            NATSUME,
            {},
            [6],
        ),
        row("for others the line for all", (f"{BOOK}; most = 5", f"{BOOK}; {R}; most = 8"), TANAKA, {}, [5]),
        row("a line for others alone binds nobody else", (f"{BOOK}; {R}; most = 8",), TANAKA, {}, []),
        row(
            "whose age is not known is no child",
            (f"{BOOK}; most = 5", f"{BOOK}; {C}; most = 2"),
            SATO,
            {},
            [5],
        ),
        row(
            "the order of a set is no question",
            ('of = ["book", "av"]; most = 5', 'of = ["av", "book"]; most = 4'),
            SATO,
            {},
            [4],
        ),
        row(
            "nor is the order of branches",
            ('branch = ["main", "east"]; most = 5', 'branch = ["east", "main"]; most = 4'),
            SATO,
            {},
            [4],
        ),
        row(
            "by this way",
            (f'{BOOK}; at = ["desk"]; most = 5', f'{BOOK}; at = ["kiosk"]; most = 2'),
            SATO,
            {},
            [5],
        ),
        row(
            "by the other",
            (f'{BOOK}; at = ["desk"]; most = 5', f'{BOOK}; at = ["kiosk"]; most = 2'),
            SATO,
            {"at": KIOSK},
            [2],
        ),
        row(
            "a way is a question", (f'{BOOK}; at = ["desk"]; most = 5', f"{BOOK}; most = 2"), SATO, {}, [5, 2]
        ),
        row(
            "here",
            (f'{BOOK}; branch = ["main"]; most = 5', f'{BOOK}; branch = ["east"]; most = 2'),
            SATO,
            {},
            [5],
        ),
        row(
            "there",
            (f'{BOOK}; branch = ["main"]; most = 5', f'{BOOK}; branch = ["east"]; most = 2'),
            SATO,
            {"branch": "east"},
            [2],
        ),
        row(
            "everywhere while no branch is chosen",
            (f'{BOOK}; branch = ["main"]; most = 5', f'{BOOK}; branch = ["east"]; most = 2'),
            SATO,
            {"branch": None},
            [5, 2],
        ),
        row(
            "what counts as one is a question",
            (f"{BOOK}; most = 5", f'{BOOK}; most = 2; count = "titles"'),
            SATO,
            {},
            [5, 2],
        ),
        row(
            "and so is within what it counts",
            (f"{BOOK}; most = 5", f'{BOOK}; most = 2; per = "day"'),
            SATO,
            {},
            [5, 2],
        ),
        row(
            "where one counts alone, the page shows all of them",
            (f"{BOOK}; most = 5", f"{M}; most = 1; alone = true"),
            SATO,
            {},
            [5, 1],
        ),
    ],
)
def test_the_limits_that_bind_are(lines, patron, asked, expected):
    assert [most for _, most, _ in rooms(limits(*lines), patron, **asked)] == expected


def test_a_room_names_its_set_and_its_line_and_the_smaller_line_gives_its_place():
    library = limits(f"{BOOK}; most = 5", "most = 9", f"{BOOK}; most = 4")

    assert rooms(library) == [(["図書"], 4, "loan.limit[3]"), ([], 9, "loan.limit[2]")]


def test_of_two_lines_that_say_the_same_the_first_is_the_one_that_is_named():
    assert rooms(limits(f"{BOOK}; most = 5", f"{BOOK}; most = 5")) == [(["図書"], 5, "loan.limit[1]")]


# ---- What counts ---------------------------------------------------------------------------------------

SET = title(201, volumes=10)
TWICE = (loan(KOKORO), replace(loan(KOKORO), number=999))


@pytest.mark.parametrize(
    ("line", "patron", "asked", "used"),
    [
        row("nothing while nothing is out", f"{BOOK}; most = 5", SATO, {}, 0),
        row("each piece", f"{BOOK}; most = 5", borrowing(KOKORO, BOTCHAN, SONGS), {}, 2),
        row("of every set that is named", 'of = ["book", "av"]; most = 5', borrowing(KOKORO, SONGS), {}, 2),
        row("of none that is not", 'of = ["manga"]; most = 5', borrowing(KOKORO, MANGA), {}, 1),
        row("everything where no set is named", "most = 5", borrowing(KOKORO, SONGS, MARCH_ISSUE), {}, 3),
        row("two copies of a title are two pieces", f"{BOOK}; most = 5", with_loans(SATO, *TWICE), {}, 2),
        row("and one title", f'{BOOK}; most = 5; count = "titles"', with_loans(SATO, *TWICE), {}, 1),
        row("a set behind one barcode is one piece", f"{BOOK}; most = 50", borrowing(SET), {}, 1),
        row("one title", f'{BOOK}; most = 50; count = "titles"', borrowing(SET), {}, 1),
        row("and ten volumes", f'{BOOK}; most = 50; count = "volumes"', borrowing(SET, KOKORO), {}, 11),
        row("what was lent at any branch", f"{BOOK}; most = 5", borrowing(KOKORO, branch="east"), {}, 1),
        row(
            "or only what was lent here",
            f'{BOOK}; most = 5; per = "branch"',
            borrowing(BOTCHAN, patron=borrowing(KOKORO, branch="east")),
            {},
            1,
        ),
        row(
            "or there",
            f'{BOOK}; most = 5; per = "branch"',
            borrowing(KOKORO, branch="east"),
            {"branch": "east"},
            1,
        ),
        row(
            "or nowhere, while no branch is chosen",
            f'{BOOK}; most = 5; per = "branch"',
            borrowing(KOKORO, branch="east"),
            {"branch": None},
            0,
        ),
        row(
            "a line of a branch counts only what is there",
            f'{BOOK}; branch = ["main"]; most = 5',
            borrowing(BOTCHAN, patron=borrowing(KOKORO, branch="east")),
            {},
            1,
        ),
        row(
            "a line of two branches what is at either",
            f'{BOOK}; branch = ["main", "east"]; most = 5',
            borrowing(BOTCHAN, patron=borrowing(KOKORO, branch="east")),
            {},
            2,
        ),
        row(
            "or only what was lent today",
            f'{BOOK}; most = 5; per = "day"',
            borrowing(BOTCHAN, patron=borrowing(KOKORO, lent_on=TODAY), lent_on=YESTERDAY),
            {},
            1,
        ),
        row(
            "a loan counts by whatever way it came",
            f'{BOOK}; at = ["desk"]; most = 5',
            borrowing(KOKORO),
            {},
            1,
        ),
    ],
)
def test_so_much_of_a_limit_on_loans_is_used(line, patron, asked, used):
    (room,) = room_for_loans(limits(line), patron, on(DESK, **{"branch": "main", **asked}))

    assert room.held == used
    assert room.left == room.most - used


def test_what_counts_alone_counts_in_no_other_limit():
    library = limits(f"{BOOK}; most = 5", f"{M}; most = 1; alone = true", "most = 9")

    held = [room.held for room in room_for_loans(library, borrowing(KOKORO, MANGA, SONGS), on(DESK))]

    assert held == [1, 1, 2]


def test_what_counts_alone_for_some_counts_with_the_others_for_everybody_else():
    lines = (f"{BOOK}; most = 2", f"{M}; {C}; most = 1; alone = true")
    loans, holds = limits(*lines), limits(*lines, act="hold")
    for patron, held, refused in ((SATO, [2], True), (NATSUME, [1, 1], False)):
        borrower, waiter = borrowing(KOKORO, MANGA, patron=patron), with_holds(patron, KOKORO, MANGA)

        assert [room.held for room in room_for_loans(loans, borrower, on(DESK))] == held
        assert [room.held for room in room_for_holds(holds, waiter, on(WEB))] == held
        assert lend(loans, borrower, BOTCHAN).reasons == ((Reason.LOAN_LIMIT,) if refused else ())
        assert decide_hold(holds, waiter, BOTCHAN, on(WEB)).reasons == (
            (Reason.HOLD_LIMIT,) if refused else ()
        )


def test_two_that_count_alone_each_count_what_they_are_about():
    library = limits(f"{M}; most = 1; alone = true", f"{BOOK}; most = 2; alone = true", "most = 9")

    held = [room.held for room in room_for_loans(library, borrowing(KOKORO, MANGA, SONGS), on(DESK))]

    assert held == [1, 2, 1]


def test_what_belongs_to_a_set_only_for_a_time_counts_in_it_for_that_time():
    new = title(301, added_on=TODAY - timedelta(days=90))
    library = policy(EVERYTHING_TEXT, ('of = ["kit"]\nmost = 1\nper = "day"', 'of = ["new"]\nmost = 1'))
    patron = borrowing(new, patron=replace(SATO, category="city"))

    for day, held in ((TODAY, 1), (TODAY + timedelta(days=1), 0)):
        occasion = on(DESK, day, branch="central")
        (room,) = [room for room in room_for_loans(library, patron, occasion) if room.names == ("新刊",)]
        assert room.held == held
        another = title(302, added_on=day)
        answer = decide_loan(library, patron, another, another.items[0], occasion)
        assert answer.allowed is (held == 0)


# ---- One more loan -------------------------------------------------------------------------------------

FULL = Reason.LOAN_LIMIT


@pytest.mark.parametrize(
    ("lines", "patron", "bib", "asked", "reasons"),
    [
        row("the last that fits", (f"{BOOK}; most = 2",), borrowing(KOKORO), BOTCHAN, {}, ()),
        row("one more", (f"{BOOK}; most = 2",), borrowing(KOKORO, SANSHIRO), BOTCHAN, {}, (FULL,)),
        row(
            "more than were ever allowed",
            (f"{BOOK}; most = 1",),
            borrowing(KOKORO, SANSHIRO),
            BOTCHAN,
            {},
            (FULL,),
        ),
        row(
            "a limit that it is not about",
            (f"{BOOK}; most = 0", f"{ANY}; most = 3"),
            borrowing(KOKORO),
            SONGS,
            {},
            (),
        ),
        row(
            "both limits that are full",
            (f"{BOOK}; most = 1", f"{ANY}; most = 1"),
            borrowing(KOKORO),
            BOTCHAN,
            {},
            (FULL, FULL),
        ),
        row("unlimited", (f'{BOOK}; most = "unlimited"',), borrowing(*BOOKS[1:]), KOKORO, {}, ()),
        row("no limit speaks of it", (f"{BOOK}; most = 5",), SATO, SONGS, {}, (Reason.NO_LOAN_RULE,)),
        row("none of this patron", (f"{BOOK}; {T}; most = 5",), SATO, KOKORO, {}, (Reason.NO_LOAN_RULE,)),
        row(
            "none by this way",
            (f'{BOOK}; at = ["kiosk"]; most = 5',),
            SATO,
            KOKORO,
            {},
            (Reason.NO_LOAN_RULE,),
        ),
        row(
            "a second copy is no second title",
            (f'{BOOK}; most = 1; count = "titles"',),
            borrowing(KOKORO),
            KOKORO,
            {},
            (),
        ),
        row(
            "another title is",
            (f'{BOOK}; most = 1; count = "titles"',),
            borrowing(KOKORO),
            BOTCHAN,
            {},
            (FULL,),
        ),
        row("a set of ten where ten fit", (f'{BOOK}; most = 10; count = "volumes"',), SATO, SET, {}, ()),
        row("where nine fit", (f'{BOOK}; most = 9; count = "volumes"',), SATO, SET, {}, (FULL,)),
        row(
            "beside one book where eleven fit",
            (f'{BOOK}; most = 11; count = "volumes"',),
            borrowing(KOKORO),
            SET,
            {},
            (),
        ),
        row(
            "where ten fit and one is out",
            (f'{BOOK}; most = 10; count = "volumes"',),
            borrowing(KOKORO),
            SET,
            {},
            (FULL,),
        ),
        row("a set is one piece where pieces count", (f"{BOOK}; most = 1",), SATO, SET, {}, ()),
        row(
            "at this branch one is out",
            (f'{BOOK}; most = 1; per = "branch"',),
            borrowing(KOKORO),
            BOTCHAN,
            {},
            (FULL,),
        ),
        row(
            "at another it does not count",
            (f'{BOOK}; most = 1; per = "branch"',),
            borrowing(KOKORO),
            BOTCHAN,
            {"branch": "east"},
            (),
        ),
        row(
            "today one was lent",
            (f'{BOOK}; most = 1; per = "day"',),
            borrowing(KOKORO, lent_on=TODAY),
            BOTCHAN,
            {},
            (FULL,),
        ),
        row(
            "tomorrow it does not count",
            (f'{BOOK}; most = 1; per = "day"',),
            borrowing(KOKORO, lent_on=TODAY),
            BOTCHAN,
            {"day": TODAY + timedelta(days=1)},
            (),
        ),
        row(
            "what counts alone passes no other limit",
            (f"{BOOK}; most = 1", f"{M}; most = 2; alone = true"),
            borrowing(KOKORO),
            MANGA,
            {},
            (),
        ),
        row(
            "but its own",
            (f"{BOOK}; most = 5", f"{M}; most = 1; alone = true"),
            borrowing(MANGA),
            title(401, call_number="M"),
            {},
            (FULL,),
        ),
        row(
            "and fills no other",
            (f"{BOOK}; most = 1", f"{M}; most = 2; alone = true"),
            borrowing(MANGA),
            KOKORO,
            {},
            (),
        ),
        row(
            "nor one that asks the same of everything",
            ("most = 1", f"{M}; most = 2; alone = true"),
            borrowing(MANGA),
            KOKORO,
            {},
            (),
        ),
    ],
)
def test_one_more_loan_is_answered(lines, patron, bib, asked, reasons):
    assert lend(limits(*lines), patron, bib, **asked).reasons == reasons


def test_the_refusal_says_of_what_how_many_and_how_many_are_out_in_the_sheet_s_words():
    library = limits(f'{BOOK}; most = 1; say = "一冊まで"')

    (refusal,) = lend(library, borrowing(KOKORO), BOTCHAN).refusals

    assert refusal == Refusal(FULL, {"what": ["図書"], "most": 1, "held": 1}, "一冊まで")
    assert refusal.place == "loan.limit[1]"


def test_what_no_limit_speaks_of_is_named():
    decision = lend(limits(f"{BOOK}; most = 5"), SATO, SONGS)

    assert decision.refusals == (Refusal(Reason.NO_LOAN_RULE, {"what": "視聴覚資料"}),)


def test_the_missing_limit_is_said_only_where_nothing_else_refuses():
    out = title(402, "av", due_on=TODAY)

    assert lend(limits(f"{BOOK}; most = 5"), SATO, out).reasons == (Reason.OUT,)


# ---- Holds ---------------------------------------------------------------------------------------------


def holding(*bibs, patron=SATO, **facts):
    holds = tuple(HoldFacts(bib, HoldState.WAITING, **facts) for bib in bibs)
    return replace(patron, holds=(*patron.holds, *holds))


def hold(library, patron, bib, at=WEB, branch="main"):
    return decide_hold(library, patron, bib, on(at, branch=branch)).reasons


HOLDS_FULL = Reason.HOLD_LIMIT


@pytest.mark.parametrize(
    ("lines", "patron", "bib", "asked", "reasons"),
    [
        row(
            "a hold from the kiosk counts at the kiosk",
            ('at = ["kiosk"]; most = 1', f"{BOOK}; most = 9"),
            holding(KOKORO, at=KIOSK),
            BOTCHAN,
            {"at": KIOSK},
            (HOLDS_FULL,),
        ),
        row(
            "one from the web does not",
            ('at = ["kiosk"]; most = 1', f"{BOOK}; most = 9"),
            holding(KOKORO, at=WEB),
            BOTCHAN,
            {"at": KIOSK},
            (),
        ),
        row(
            "nor does the kiosk's limit bind on the web",
            ('at = ["kiosk"]; most = 1', f"{BOOK}; most = 9"),
            holding(KOKORO, at=KIOSK),
            BOTCHAN,
            {"at": WEB},
            (),
        ),
        row(
            "on the day on which it was placed",
            (f'{BOOK}; most = 1; per = "day"',),
            holding(KOKORO, placed_on=TODAY),
            BOTCHAN,
            {},
            (HOLDS_FULL,),
        ),
        row(
            "and not a day later",
            (f'{BOOK}; most = 1; per = "day"',),
            holding(KOKORO, placed_on=YESTERDAY),
            BOTCHAN,
            {},
            (),
        ),
        row(
            "for the branch where it will be collected",
            (f'{BOOK}; most = 1; per = "branch"',),
            holding(KOKORO, branch="main"),
            BOTCHAN,
            {},
            (HOLDS_FULL,),
        ),
        row(
            "and for no other",
            (f'{BOOK}; most = 1; per = "branch"',),
            holding(KOKORO, branch="east"),
            BOTCHAN,
            {},
            (),
        ),
        row(
            "a line of a branch",
            (f'{BOOK}; branch = ["main"]; most = 1',),
            holding(KOKORO, branch="main"),
            BOTCHAN,
            {},
            (HOLDS_FULL,),
        ),
        row(
            "a line of a branch counts nothing of another",
            (f'{BOOK}; branch = ["main"]; most = 1',),
            holding(KOKORO, branch="east"),
            BOTCHAN,
            {},
            (),
        ),
        row(
            "and speaks of no hold there",
            (f'{BOOK}; branch = ["main"]; most = 1',),
            SATO,
            BOTCHAN,
            {"branch": "east"},
            (Reason.NO_HOLD_RULE,),
        ),
        row(
            "the volumes of the smallest piece count",
            (f'{BOOK}; most = 3; count = "volumes"',),
            SATO,
            BibFacts(501, "book", (item(volumes=5), item(volumes=3))),
            {},
            (),
        ),
        row(
            "and not fewer",
            (f'{BOOK}; most = 2; count = "volumes"',),
            SATO,
            BibFacts(501, "book", (item(volumes=5), item(volumes=3))),
            {},
            (HOLDS_FULL,),
        ),
        row(
            "a title without pieces counts as one volume",
            (f'{BOOK}; most = 1; count = "volumes"',),
            holding(BibFacts(502, "book")),
            BOTCHAN,
            {},
            (HOLDS_FULL,),
        ),
        row(
            "and not as two",
            (f'{BOOK}; most = 2; count = "volumes"',),
            holding(BibFacts(502, "book")),
            BOTCHAN,
            {},
            (),
        ),
        row(
            "one title is held",
            (f'{BOOK}; most = 1; count = "titles"',),
            holding(KOKORO),
            BOTCHAN,
            {},
            (HOLDS_FULL,),
        ),
        row(
            "the line of others binds nobody else, even if it is smaller",
            (f"{BOOK}; most = 5", f"{BOOK}; {T}; most = 1"),
            holding(KOKORO),
            BOTCHAN,
            {},
            (),
        ),
        row(
            "a request counts among the requests",
            (f"{BOOK}; most = 9", 'of = ["request"]; most = 1'),
            holding(BibFacts(503, "book", request=True)),
            BibFacts(504, "book", request=True),
            {},
            (HOLDS_FULL,),
        ),
        row(
            "and not among the books",
            (f"{BOOK}; most = 1", 'of = ["request"]; most = 9'),
            holding(BibFacts(503, "book", request=True)),
            BOTCHAN,
            {},
            (),
        ),
        row(
            "nor in a limit that names no set",
            ("most = 1", 'of = ["request"]; most = 9'),
            holding(BibFacts(503, "book", request=True)),
            BOTCHAN,
            {},
            (),
        ),
        row(
            "so no such limit speaks of a request",
            ("most = 1",),
            SATO,
            BibFacts(503, "book", request=True),
            {},
            (Reason.NO_HOLD_RULE,),
        ),
        row(
            "the smaller line of one question, even after a looser one",
            (f"{BOOK}; most = 2", f"{BOOK}; most = 1"),
            holding(KOKORO),
            BOTCHAN,
            {},
            (HOLDS_FULL,),
        ),
        row(
            "the line that names the patron",
            (f"{BOOK}; most = 1", f"{BOOK}; {R}; most = 2"),
            holding(KOKORO),
            BOTCHAN,
            {},
            (),
        ),
    ],
)
def test_one_more_hold_is_answered(lines, patron, bib, asked, reasons):
    assert hold(limits(*lines, act="hold"), patron, bib, **asked) == reasons


def test_the_room_for_holds_is_that_of_the_way_the_day_the_branch_and_the_patron():
    library = limits(
        'at = ["kiosk"]; most = 3; per = "day"',
        f"{BOOK}; {R}; most = 4",
        f"{BOOK}; {T}; most = 5",
        'branch = ["east"]; most = 6',
        act="hold",
    )
    patron = holding(KOKORO, at=KIOSK, placed_on=TODAY, branch="main")

    at_the_kiosk = room_for_holds(library, patron, on(KIOSK, branch="main"))
    a_day_later = room_for_holds(library, patron, on(KIOSK, TODAY + timedelta(days=1), branch="main"))
    on_the_web = room_for_holds(library, replace(patron, category="commuter"), on(WEB, branch="east"))

    assert at_the_kiosk == [Room((), 3, 1), Room(("図書",), 4, 1)]
    assert [room.place for room in at_the_kiosk] == ["hold.limit[1]", "hold.limit[2]"]
    assert a_day_later == [Room((), 3, 0), Room(("図書",), 4, 1)]
    assert on_the_web == [Room(("図書",), 5, 1), Room((), 6, 0)]


def test_what_is_new_today_takes_room_today():
    library = policy(EVERYTHING_TEXT, ('of = ["set_reading"]\nmost = 2', 'of = ["new"]\nmost = 2'))
    patron = holding(title(505, added_on=TODAY - timedelta(days=90)))

    for day, held in ((TODAY, 1), (TODAY + timedelta(days=1), 0)):
        rooms = room_for_holds(library, patron, on(WEB, day, branch="central"))
        assert [room.held for room in rooms if room.names == ("新刊",)] == [held]


def test_a_visitor_who_has_not_logged_in_is_told_of_no_limit_that_another_has():
    library = limits(f"{BOOK}; {R}; most = 4", act="hold")

    assert decide_title_hold(library, KOKORO, on(WEB)).allowed
    assert decide_title_hold(library, KOKORO, on(WEB), TANAKA).refusals == (
        Refusal(Reason.NO_HOLD_RULE, {"what": "図書"}),
    )


def test_a_cart_counts_what_it_registers_by_this_way_on_this_day_and_for_this_branch():
    kiosk = limits('at = ["kiosk"]; most = 2; per = "day"', f"{BOOK}; most = 9", act="hold")
    branch = limits(f'{BOOK}; branch = ["main"]; most = 1; per = "branch"', act="hold")

    two, one = (
        plan_cart(kiosk, SATO, BOOKS[:3], on(KIOSK)),
        plan_cart(branch, SATO, BOOKS[:2], on(WEB, branch="main")),
    )

    assert [answer.allowed for answer in two] == [True, True, False]
    assert [answer.allowed for answer in one] == [True, False]


def test_a_cart_of_one_title_twice_registers_it_once():
    once, twice = plan_cart(
        EVERYTHING, replace(SATO, category="city"), [OUT_BOOK] * 2, on(WEB, branch="central")
    )

    assert once.allowed
    assert twice.reasons == (Reason.ALREADY_HELD,)


OUT_BOOK = title(601, due_on=TODAY)


def test_the_sentence_of_a_full_limit_is_the_sheet_s_own():
    patron = with_holds(replace(SATO, category="city"), *(reading(n) for n in (701, 702)))

    decision = decide_hold(EVERYTHING, patron, reading(703), on(WEB, branch="central"))

    assert said(EVERYTHING, decision) == ["課題図書の予約は、おひとり2点までです。"]
    assert [refusal.place for refusal in decision.refusals] == ["hold.limit[2]"]


def reading(number: int) -> BibFacts:
    """A title of the reading list, which is out."""
    return title(number, tags=frozenset({"課題図書"}), due_on=TODAY)
