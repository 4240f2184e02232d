"""What a line asks (of, who, at, branch): which items and patrons it takes in, and which is the closer."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules import (
    Act,
    BibFacts,
    Channel,
    Policy,
    Reason,
    School,
    age,
    bib_is,
    decide_hold,
    decide_loan,
    decide_patron_hold,
    decide_title_hold,
    due,
    item_is,
    loan_is,
    loan_line,
    patron_is,
    school,
)
from tests.facts import (
    ALWAYS_OPEN,
    DESK,
    DICTIONARY,
    EVERYTHING,
    EVERYTHING_TEXT,
    KIOSK,
    KOKORO,
    MANGA,
    PHONE,
    SATO,
    SONGS,
    SOURCE_1_TEXT,
    TANAKA,
    TODAY,
    WEB,
    item,
    loan,
    on,
    policy,
    row,
    said,
    title,
)

# ---- People --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born_on", "day", "years"),
    [
        row("on the birthday a year is full", date(2014, 5, 10), date(2026, 5, 10), 12),
        row("on the day before it is not", date(2014, 5, 10), date(2026, 5, 9), 11),
        row("nor in an earlier month with a later day", date(2014, 5, 10), date(2026, 4, 30), 11),
        row("in a later month with an earlier day it is", date(2014, 5, 10), date(2026, 6, 1), 12),
        row("born on 29 February, on 28 February of a common year", date(2012, 2, 29), date(2026, 2, 28), 13),
        row("on 1 March", date(2012, 2, 29), date(2026, 3, 1), 14),
        row("on 29 February of a leap year", date(2012, 2, 29), date(2028, 2, 29), 16),
        row("on 28 February of a leap year", date(2012, 2, 29), date(2028, 2, 28), 15),
        row("on the day of birth", date(2026, 4, 1), date(2026, 4, 1), 0),
    ],
)
def test_an_age_is_the_years_that_are_full(born_on, day, years):
    assert age(born_on, day) == years


B, E, J, H, A = School


@pytest.mark.parametrize(
    ("born_on", "day", "stage"),
    [
        row("born on 1 April, school begins on the sixth birthday", date(2020, 4, 1), date(2026, 4, 1), E),
        row("and not on the day before", date(2020, 4, 1), date(2026, 3, 31), B),
        row("born on 2 April, it begins a year later", date(2020, 4, 2), date(2026, 4, 1), B),
        row("when six is full", date(2020, 4, 2), date(2027, 4, 1), E),
        row("born on 1 May", date(2020, 5, 1), date(2026, 4, 1), B),
        row("born on 31 March, with those of 1 April", date(2020, 3, 31), date(2026, 4, 1), E),
        row("born on 29 February", date(2020, 2, 29), date(2026, 4, 1), E),
        row(
            "on New Year's Day the school year is that of the April before",
            date(2020, 4, 1),
            date(2027, 1, 1),
            E,
        ),
        row("six years of elementary school: the last day", date(2020, 4, 1), date(2032, 3, 31), E),
        row("junior high school: the first day", date(2020, 4, 1), date(2032, 4, 1), J),
        row("the last of three years", date(2020, 4, 1), date(2035, 3, 31), J),
        row("high school: the first day", date(2020, 4, 1), date(2035, 4, 1), H),
        row("the last of three years there", date(2020, 4, 1), date(2038, 3, 31), H),
        row("after school", date(2020, 4, 1), date(2038, 4, 1), A),
        row("born on 2 April, junior high school a year later", date(2020, 4, 2), date(2032, 4, 1), E),
        row("before birth nobody asks, but nobody goes to school", date(2030, 4, 1), date(2026, 4, 1), B),
    ],
)
def test_a_school_year_begins_on_1_april(born_on, day, stage):
    assert school(born_on, day) is stage


CITY = replace(SATO, category="city")


def born(year: int, month: int = 4, day: int = 1, **facts):
    return replace(CITY, born_on=date(year, month, day), **facts)


PEOPLE = policy(
    EVERYTHING_TEXT,
    (
        'when = { school_to = "elementary" }',
        'when = { school_from = "elementary", school_to = "junior high" }',
    ),
    ('when = { patron = "city", age_from = 65 }', 'when = { patron = "city", age_from = 18, age_to = 20 }'),
)
UP_TO_20, PUPILS, JUNIOR_UP, YOUNGEST = "senior", "小学生まで", "中学生以上", "youngest"


@pytest.mark.parametrize(
    ("patron", "name", "belongs"),
    [
        row("a patron category has its patrons", CITY, "city", True),
        row("and no others", CITY, "outside", False),
        row("at 17 not yet", born(2008, 4, 2), UP_TO_20, False),
        row("18 is included", born(2008), UP_TO_20, True),
        row("20 is included", born(2005, 4, 2), UP_TO_20, True),
        row("21 is not", born(2005), UP_TO_20, False),
        row("of the age but of another category", born(2007, category="outside"), UP_TO_20, False),
        row("of another category and of no known age", replace(CITY, category="outside"), UP_TO_20, False),
        row("of the category and of no known age", CITY, UP_TO_20, None),
        row("before school", born(2020, 4, 2), PUPILS, False),
        row("in the first year of elementary school", born(2020), PUPILS, True),
        row("in the last year of junior high school", born(2011, 4, 2), PUPILS, True),
        row("in high school", born(2010), PUPILS, False),
        row("in elementary school", born(2014, 4, 2), JUNIOR_UP, False),
        row("in junior high school", born(2013), JUNIOR_UP, True),
        row("long after school", born(1960), JUNIOR_UP, True),
        row("of no known age at any school", CITY, JUNIOR_UP, None),
        row("six years old, as one of two conditions", born(2020), YOUNGEST, True),
        row("seven years old", born(2019), YOUNGEST, False),
        row("with the mark, of whatever age", born(1960, marks=frozenset({"読み聞かせ"})), YOUNGEST, True),
        row(
            "with the mark and of no known age",
            replace(CITY, marks=frozenset({"読み聞かせ"})),
            YOUNGEST,
            True,
        ),
        row("with another mark", born(1960, marks=frozenset({"弁償"})), YOUNGEST, False),
        row("of no known age, as one of two conditions", CITY, YOUNGEST, None),
    ],
)
def test_a_patron_belongs_to_what_a_line_names(patron, name, belongs):
    assert patron_is(PEOPLE, patron, name, TODAY) is belongs


@pytest.mark.parametrize(
    ("condition", "patron", "belongs"),
    [
        row("a category alone", 'patron = "city"', CITY, True),
        row("another category alone", 'patron = "guest"', CITY, False),
        row("a mark alone", 'mark = "団体"', replace(CITY, marks=frozenset({"団体"})), True),
        row("without the mark", 'mark = "団体"', CITY, False),
        row(
            "the mark of a patron of another category",
            'mark = "団体", patron = "guest"',
            replace(CITY, marks=frozenset({"団体"})),
            False,
        ),
        row("a school from on", 'school_from = "high school"', born(2011, 4, 2), False),
        row("that school itself", 'school_from = "high school"', born(2011), True),
        row("a school up to", 'school_to = "high school"', born(2008), False),
        row("that school itself, up to", 'school_to = "high school"', born(2008, 4, 2), True),
        row("an age up to", "age_to = 12", born(2013), False),
        row("that age itself", "age_to = 12", born(2013, 4, 2), True),
        row("age 0 is an age", "age_to = 0", born(2026), True),
    ],
)
def test_every_condition_that_is_named_must_fit(condition, patron, belongs):
    library = policy(EVERYTHING_TEXT, ('when = { school_to = "elementary" }', f"when = {{ {condition} }}"))

    assert patron_is(library, patron, PUPILS, TODAY) is belongs


# ---- Items and titles ----------------------------------------------------------------------------------

ADDED = TODAY - timedelta(days=90)  # 1 January


@pytest.mark.parametrize(
    ("facts", "name", "day", "belongs"),
    [
        row("a call number that begins with the figures", {"call_number": "291.1 シ"}, "地図", TODAY, True),
        row("with other figures", {"call_number": "292"}, "地図", TODAY, False),
        row("with the figures further on", {"call_number": "R 291"}, "地図", TODAY, False),
        row("or the other condition whole", {"tags": frozenset({"住宅地図"})}, "地図", TODAY, True),
        row("half of it", {"material": "av", "tags": frozenset({"住宅地図"})}, "地図", TODAY, False),
        row("new for three months, that day included", {"added_on": ADDED}, "new", TODAY, True),
        row("and on the day after no longer", {"added_on": ADDED}, "new", TODAY + timedelta(1), False),
        row("new, but a magazine", {"material": "magazine", "added_on": ADDED}, "new", TODAY, False),
        row("not known since when", {}, "new", TODAY, False),
        row("the branch that it stands in", {"branch": "station"}, "station_books", TODAY, True),
        row("another branch", {"branch": "central"}, "station_books", TODAY, False),
        row("borrowed from another library", {"interlibrary": True}, "interlibrary", TODAY, True),
        row("our own", {}, "interlibrary", TODAY, False),
        row(
            "the newest issue is not from another library",
            {"newest_issue": True},
            "interlibrary",
            TODAY,
            False,
        ),
        row(
            "what is from another library is no newest issue",
            {"interlibrary": True},
            "newest issue",
            TODAY,
            False,
        ),
        row("a piece is no request", {"material": "av"}, "av_request", TODAY, False),
        row("nor by the built-in word", {}, "request", TODAY, False),
        row("a name that nothing bears", {}, "nothing", TODAY, False),
    ],
)
def test_an_item_belongs_to_a_category(facts, name, day, belongs):
    assert item_is(EVERYTHING, item(**facts), name, day) is belongs


@pytest.mark.parametrize(
    ("written", "call_number", "belongs"),
    [
        row("letters and figures are a beginning", "R 8", "R 813", True),
        row("in any width and with any blanks", " Ｒ  8", "r\u3000 8", True),
        row("with more blanks than were written", "R 8", "R   813", True),
        row("or with fewer", "R   8", "R 813", True),
        row("other figures are not", "R 8", "R 913", False),
        row("the letters alone are not", "R 8", "R", False),
        row("kana are letters", "ビデオ", "ビデオ 7", True),
        row("and no beginning of other kana", "ビ", "ビデオ 7", False),
    ],
)
def test_a_call_number_may_be_named_by_letters_or_by_its_beginning(written, call_number, belongs):
    library = policy(EVERYTHING_TEXT, ('call_number = "291"', f'call_number = "{written}"'))

    assert item_is(library, item("magazine", call_number=call_number), "地図", TODAY) is belongs


REQUESTS = policy(
    EVERYTHING_TEXT,
    (
        'when = { request = true, material = "av" }',
        'when = [{ request = true, material = "av" }, { material = "book" }]',
    ),
    ('when = { tag = "課題図書" }', "when = { request = true }"),
)


@pytest.mark.parametrize(
    ("bib", "name", "belongs"),
    [
        row("a request is a request", BibFacts(1, "book", request=True), "request", True),
        row("and of no material", BibFacts(1, "book", request=True), "book", False),
        row("a title that we own is none", KOKORO, "request", False),
        row("a request for a disc", BibFacts(1, "av", request=True), "av_request", True),
        row("a request for a book is not one", BibFacts(1, "book", request=True), "av_request", False),
        row("though a book that we own would be", KOKORO, "av_request", True),
        row("a request for anything", BibFacts(1, "book", request=True), "set_reading", True),
        row("is no book that we own", KOKORO, "set_reading", False),
        row(
            "a category that says nothing of requests", BibFacts(1, "book", request=True), "reference", False
        ),
        row("a title without items belongs to its material", BibFacts(1, "book"), "book", True),
        row("and to no other", BibFacts(1, "book"), "av", False),
        row(
            "a title belongs where one of its items does",
            BibFacts(1, "book", (item(), item(call_number="R 1"))),
            "reference",
            True,
        ),
        row("though its material is another", BibFacts(1, "book", (item("av"),)), "av", True),
        row("new, by the day", BibFacts(1, "book", (item(added_on=ADDED),)), "new", True),
    ],
)
def test_a_title_belongs_to_what_a_line_names(bib, name, belongs):
    assert bib_is(REQUESTS, bib, name, TODAY) is belongs


def test_a_loan_is_held_while_others_wait_and_else_belongs_as_its_item_does():
    waited_for, new = loan(KOKORO, waiting=1), loan(title(1, added_on=ADDED))

    assert loan_is(EVERYTHING, waited_for, "held", TODAY)
    assert not loan_is(EVERYTHING, new, "held", TODAY)
    assert loan_is(EVERYTHING, new, "new", TODAY)
    assert not loan_is(EVERYTHING, new, "new", TODAY + timedelta(days=1))


# ---- The closer line decides ---------------------------------------------------------------------------

LOANS = '[[loan.limit]]\nof = ["book", "magazine", "av", "kamishibai"]'
CHILD = '[[people]]\nid = "child"\nname = "お子さん"\nwhen = { school_to = "elementary" }\n\n'


def with_lines(lines: str) -> Policy:
    """Source document 1 with some lines more under [loan], and with children."""
    return policy(SOURCE_1_TEXT, (LOANS, f"{lines}\n{LOANS}"), ("[[material]]   ", f"{CHILD}[[material]]   "))


def by(*lines: str) -> Policy:
    """... under loan.by; ``;`` stands between the keys of a line."""
    return with_lines("".join("[[loan.by]]\n" + line.replace("; ", "\n") + "\n" for line in lines))


DICTIONARY_MANGA = title(1, call_number="R 8", tags=frozenset({"団体貸出用"}))
NATSUME = replace(SATO, born_on=date(2018, 6, 1))
R, C, BOOK, M = 'who = ["resident"]', 'who = ["child"]', 'of = ["book"]', 'of = ["manga"]'


@pytest.mark.parametrize(
    ("lines", "bib", "patron", "occasion", "days"),
    [
        row("who before of", (f"{R}; days = 9", f"{M}; days = 3"), MANGA, SATO, on(DESK), 9),
        row(
            "who before of, whichever comes first",
            (f"{M}; days = 3", f"{R}; days = 9"),
            MANGA,
            SATO,
            on(DESK),
            9,
        ),
        row(
            "a line for others is none",
            ('who = ["commuter"]; days = 9', f"{M}; days = 3"),
            MANGA,
            SATO,
            on(DESK),
            3,
        ),
        row(
            "nor for nobody, who has not logged in",
            (f"{R}; days = 9", f"{M}; days = 3"),
            MANGA,
            None,
            on(DESK),
            3,
        ),
        row(
            "one of two groups is enough",
            ('who = ["commuter", "child"]; days = 9',),
            KOKORO,
            NATSUME,
            on(DESK),
            9,
        ),
        row(
            "whose age is not known is no child",
            (f"{C}; days = 9", f"{M}; days = 3"),
            MANGA,
            SATO,
            on(DESK),
            3,
        ),
        row(
            "who and category before who and material",
            (f"{R}; {BOOK}; days = 3", f"{R}; {M}; days = 9"),
            MANGA,
            SATO,
            on(DESK),
            9,
        ),
        row("category before material", (f"{M}; days = 9", f"{BOOK}; days = 3"), MANGA, SATO, on(DESK), 9),
        row(
            "of another category it is the material's",
            (f"{M}; days = 9", f"{BOOK}; days = 3"),
            KOKORO,
            SATO,
            on(DESK),
            3,
        ),
        row(
            "a list is as close as its closest",
            ('of = ["book", "manga"]; days = 9', f"{BOOK}; days = 3"),
            MANGA,
            SATO,
            on(DESK),
            9,
        ),
        row(
            "of what it names that fits",
            ('of = ["book", "manga"]; days = 9', f"{BOOK}; days = 3"),
            KOKORO,
            SATO,
            on(DESK),
            3,
        ),
        row(
            "category before branch",
            (f"{M}; days = 9", f'{BOOK}; branch = ["main"]; days = 3'),
            MANGA,
            SATO,
            on(DESK, branch="main"),
            9,
        ),
        row(
            "branch before none",
            (f'{BOOK}; branch = ["main"]; days = 9', f"{BOOK}; days = 3"),
            KOKORO,
            SATO,
            on(DESK, branch="main"),
            9,
        ),
        row(
            "at another branch it is no line",
            (f'{BOOK}; branch = ["main"]; days = 9', f"{BOOK}; days = 3"),
            KOKORO,
            SATO,
            on(DESK, branch="east"),
            3,
        ),
        row(
            "nor where no branch is chosen",
            (f'{BOOK}; branch = ["main"]; days = 9', f"{BOOK}; days = 3"),
            KOKORO,
            SATO,
            on(DESK),
            3,
        ),
        row(
            "branch before way",
            (f'{BOOK}; branch = ["main"]; days = 9', f'{BOOK}; at = ["desk"]; days = 3'),
            KOKORO,
            SATO,
            on(DESK, branch="main"),
            9,
        ),
        row(
            "way before none",
            (f'{BOOK}; at = ["desk"]; days = 9', f"{BOOK}; days = 3"),
            KOKORO,
            SATO,
            on(DESK),
            9,
        ),
        row(
            "by another way it is no line",
            (f'{BOOK}; at = ["desk"]; days = 9', f"{BOOK}; days = 3"),
            KOKORO,
            SATO,
            on(KIOSK),
            3,
        ),
        row(
            "of equally close ones the shorter",
            ('of = ["reference"]; days = 9', 'of = ["group_loan"]; days = 3'),
            DICTIONARY_MANGA,
            SATO,
            on(DESK),
            3,
        ),
        row(
            "whichever comes first",
            ('of = ["group_loan"]; days = 3', 'of = ["reference"]; days = 9'),
            DICTIONARY_MANGA,
            SATO,
            on(DESK),
            3,
        ),
        row(
            "shorter in days, whatever the unit",
            ('of = ["reference"]; weeks = 2', 'of = ["group_loan"]; days = 13'),
            DICTIONARY_MANGA,
            SATO,
            on(DESK),
            13,
        ),
        row(
            "thirty days are shorter than a month",
            ('of = ["reference"]; months = 1', 'of = ["group_loan"]; days = 30'),
            DICTIONARY_MANGA,
            SATO,
            on(DESK),
            30,
        ),
        row(
            "a line that names neither patron nor item is farther than the material's own",
            ('at = ["desk"]; days = 9',),
            KOKORO,
            SATO,
            on(DESK),
            2,
        ),
        row(
            "so is one that names a branch",
            ('branch = ["main"]; days = 9',),
            KOKORO,
            SATO,
            on(DESK, branch="main"),
            2,
        ),
        row("but one that names the patron is closer", (f"{R}; days = 9",), KOKORO, SATO, on(DESK), 9),
        row("and one that names the item", (f"{BOOK}; days = 9",), KOKORO, SATO, on(DESK), 9),
    ],
)
def test_of_several_lines_the_closer_decides(lines, bib, patron, occasion, days):
    line = loan_line(by(*lines), bib.items[0], patron, occasion)

    assert line.period.n == days


def test_what_a_category_holds_changes_with_the_day_and_so_does_the_closer_line():
    new = item(added_on=ADDED)
    library = policy(EVERYTHING_TEXT, ('of = ["new"]\nweeks = 1', 'of = ["new"]\nweeks = 7'))

    def weeks(day):
        return loan_line(library, new, replace(CITY, category="outside"), on(DESK, day)).period.n

    assert (weeks(TODAY), weeks(TODAY + timedelta(days=1))) == (7, 2)


def test_of_two_new_books_lines_the_day_says_which_is_close():
    library = policy(
        EVERYTHING_TEXT,
        (
            'of = ["new"]\nweeks = 1',
            'of = ["book", "new"]\nweeks = 7\n\n[[loan.by]]\nof = ["book"]\nweeks = 3',
        ),
    )
    new = item(added_on=ADDED)

    assert loan_line(library, new, None, on(DESK, TODAY)).period.n == 7
    assert loan_line(library, new, None, on(DESK, TODAY + timedelta(days=1))).period.n == 3


def test_a_material_without_a_period_has_the_line_that_names_nothing_and_else_none():
    library = policy(
        EVERYTHING_TEXT,
        ('of = ["kit"]\nat = ["desk"]\nhours = 3', 'at = ["desk"]\ndays = 4'),
    )

    assert loan_line(library, item("kit"), CITY, on(DESK)).period.n == 4
    assert loan_line(library, item("kit"), CITY, on(KIOSK)) is None
    assert due(library, item("kit"), on(KIOSK), ALWAYS_OPEN, CITY) is None
    assert loan_line(library, item("kit"), CITY, on(DESK)).place == "loan.by[3]"
    assert loan_line(library, item("magazine"), CITY, on(KIOSK)).place == "material[2].loan"
    assert loan_line(library, item("magazine"), CITY, on(KIOSK)).of == ("magazine",)


# ---- not and only --------------------------------------------------------------------------------------


def lent(lines: str, bib=MANGA, patron=SATO, at=DESK, branch="main") -> list[tuple]:
    """What stands against a loan, under such lines, each with its facts, its own sentence and its place."""
    decision = decide_loan(with_lines(lines), patron, bib, bib.items[0], on(at, branch=branch))
    return [
        (refusal.reason, dict(refusal.facts), refusal.say, refusal.place) for refusal in decision.refusals
    ]


NOT, ONLY = "[[loan.not]]\n", "[[loan.only]]\n"
SAY = 'say = "窓口へ"\n'
LOAN = Act.LOAN
NOT_MANGA = {"what": ["マンガ"]}
FOR_RESIDENTS = {"who": ["町内在住"], "act": LOAN}
MAIN = {"branch": ["本館"], "act": LOAN}


@pytest.mark.parametrize(
    ("lines", "asked", "refusals"),
    [
        row(
            "of a set, by no way",
            f"{NOT}{M}\n{SAY}",
            {},
            [(Reason.NOT_LENDABLE, NOT_MANGA, "窓口へ", "loan.not[1]")],
        ),
        row("what is not of the set", f"{NOT}{M}", {"bib": KOKORO}, []),
        row(
            "of several sets, only what it is is named",
            f'{NOT}of = ["reference", "manga", "book"]',
            {},
            [(Reason.NOT_LENDABLE, {"what": ["マンガ", "図書"]}, None, "loan.not[1]")],
        ),
        row(
            "by one way, the others being open",
            f'{NOT}{M}\nat = ["kiosk"]\n{SAY}',
            {"at": KIOSK},
            [
                (
                    Reason.NOT_LENDABLE_HERE,
                    {**NOT_MANGA, "here": KIOSK, "at": [DESK, PHONE]},
                    "窓口へ",
                    "loan.not[1]",
                )
            ],
        ),
        row("by another way than that", f'{NOT}{M}\nat = ["kiosk"]', {"at": DESK}, []),
        row(
            "nobody is sent to a desk that another line closes",
            f'{NOT}{M}\nat = ["kiosk"]\n{NOT}{M}\nat = ["desk"]',
            {"at": KIOSK},
            [(Reason.NOT_LENDABLE_HERE, {**NOT_MANGA, "here": KIOSK, "at": [PHONE]}, None, "loan.not[1]")],
        ),
        row(
            "nor told a sentence that would send there",
            f'{NOT}{M}\nat = ["kiosk"]\n{SAY}{NOT}{M}\nat = ["desk", "phone"]\n',
            {"at": KIOSK},
            [(Reason.NOT_LENDABLE, NOT_MANGA, None, "loan.not[1]")],
        ),
        row(
            "a line that closes every way says its sentence all the same",
            f'{NOT}{M}\nat = ["kiosk"]\n{SAY}{NOT}{M}\nsay = "いつも"\n',
            {"at": KIOSK},
            [
                (Reason.NOT_LENDABLE, NOT_MANGA, None, "loan.not[1]"),
                (Reason.NOT_LENDABLE, NOT_MANGA, "いつも", "loan.not[2]"),
            ],
        ),
        row(
            "a line of another way hides none after it",
            f'{NOT}{M}\nat = ["kiosk"]\n{NOT}{M}\nat = ["desk"]',
            {"at": DESK},
            [
                (
                    Reason.NOT_LENDABLE_HERE,
                    {**NOT_MANGA, "here": DESK, "at": [PHONE]},
                    None,
                    "loan.not[2]",
                )
            ],
        ),
        row(
            "a line of another branch closes no desk here",
            f'{NOT}{M}\nat = ["kiosk"]\n{NOT}{M}\nat = ["desk", "phone"]\nbranch = ["east"]',
            {"at": KIOSK},
            [
                (
                    Reason.NOT_LENDABLE_HERE,
                    {**NOT_MANGA, "here": KIOSK, "at": [DESK, PHONE]},
                    None,
                    "loan.not[1]",
                )
            ],
        ),
        row(
            "nor one for others",
            f'{NOT}{M}\nat = ["kiosk"]\n{NOT}{M}\nat = ["desk", "phone"]\nwho = ["commuter"]',
            {"at": KIOSK},
            [
                (
                    Reason.NOT_LENDABLE_HERE,
                    {**NOT_MANGA, "here": KIOSK, "at": [DESK, PHONE]},
                    None,
                    "loan.not[1]",
                )
            ],
        ),
        row(
            "to some patrons",
            f"{NOT}{M}\n{R}\n{SAY}",
            {},
            [(Reason.NOT_FOR, {**NOT_MANGA, **FOR_RESIDENTS}, "窓口へ", "loan.not[1]")],
        ),
        row("and not to the others", f"{NOT}{M}\n{R}", {"patron": TANAKA}, []),
        row(
            "to some by one way",
            f'{NOT}{M}\n{R}\nat = ["kiosk"]\n{SAY}',
            {"at": KIOSK},
            [
                (
                    Reason.NOT_FOR_HERE,
                    {**NOT_MANGA, **FOR_RESIDENTS, "here": KIOSK, "at": [DESK, PHONE]},
                    "窓口へ",
                    "loan.not[1]",
                )
            ],
        ),
        row(
            "to some by every way that is left",
            f'{NOT}{M}\n{R}\nat = ["kiosk"]\n{NOT}{M}\n{R}\nat = ["desk", "phone"]',
            {"at": KIOSK},
            [(Reason.NOT_FOR, {**NOT_MANGA, **FOR_RESIDENTS}, None, "loan.not[1]")],
        ),
        row("to whom nobody knows to be a child it is lent", f"{NOT}{M}\n{C}", {}, []),
        row(
            "to a child it is not",
            f"{NOT}{M}\n{C}",
            {"patron": NATSUME},
            [(Reason.NOT_FOR, {**NOT_MANGA, "act": LOAN, "who": ["お子さん"]}, None, "loan.not[1]")],
        ),
        row(
            "at a branch",
            f'{NOT}{M}\nbranch = ["main"]\n{SAY}',
            {},
            [(Reason.NOT_AT_BRANCH, {**NOT_MANGA, **MAIN}, "窓口へ", "loan.not[1]")],
        ),
        row("and not at another", f'{NOT}{M}\nbranch = ["main"]', {"branch": "east"}, []),
        row(
            "nothing at all to some",
            f"{NOT}{R}",
            {"bib": KOKORO},
            [(Reason.NOT_FOR, {"what": [], **FOR_RESIDENTS}, None, "loan.not[1]")],
        ),
        row(
            "nothing at all by one way",
            f'{NOT}at = ["kiosk"]',
            {"bib": KOKORO, "at": KIOSK},
            [
                (
                    Reason.NOT_LENDABLE_HERE,
                    {"what": [], "here": KIOSK, "at": [DESK, PHONE]},
                    None,
                    "loan.not[1]",
                )
            ],
        ),
        row(
            "each line that fits, first those that name no set, in order",
            f"{NOT}{BOOK}\n{NOT}{R}\n{NOT}{M}",
            {},
            [
                (Reason.NOT_FOR, {"what": [], **FOR_RESIDENTS}, None, "loan.not[2]"),
                (Reason.NOT_LENDABLE, {"what": ["図書"]}, None, "loan.not[1]"),
                (Reason.NOT_LENDABLE, NOT_MANGA, None, "loan.not[3]"),
            ],
        ),
    ],
)
def test_what_a_line_under_not_refuses(lines, asked, refusals):
    assert lent(lines, **asked) == refusals


OF_AV = 'of = ["av"]\n'
AV = {"what": ["視聴覚資料"]}


@pytest.mark.parametrize(
    ("lines", "asked", "refusals"),
    [
        row(
            "to others",
            f'{ONLY}{OF_AV}who = ["commuter"]\n{SAY}',
            {},
            [(Reason.ONLY_FOR, {**AV, "act": LOAN, "who": ["在勤・在学"]}, "窓口へ", "loan.only[1]")],
        ),
        row("to those whom it names", f"{ONLY}{OF_AV}{R}", {}, []),
        row("of another set", f'{ONLY}{OF_AV}who = ["commuter"]', {"bib": KOKORO}, []),
        row("to whom nobody knows not to be a child", f"{ONLY}{OF_AV}{C}", {}, []),
        row(
            "to a grown-up",
            f"{ONLY}{OF_AV}{C}",
            {"patron": replace(SATO, born_on=date(1980, 1, 1))},
            [(Reason.ONLY_FOR, {**AV, "act": LOAN, "who": ["お子さん"]}, None, "loan.only[1]")],
        ),
        row(
            "at another branch",
            f'{ONLY}{OF_AV}branch = ["main"]\n{SAY}',
            {"branch": "east"},
            [(Reason.ONLY_AT_BRANCH, {**AV, **MAIN}, "窓口へ", "loan.only[1]")],
        ),
        row("at the branch", f'{ONLY}{OF_AV}branch = ["main"]', {}, []),
        row("while no branch is chosen", f'{ONLY}{OF_AV}branch = ["main"]', {"branch": None}, []),
        row(
            "by another way",
            f'{ONLY}{OF_AV}at = ["phone", "desk"]\n{SAY}',
            {"at": KIOSK},
            [
                (
                    Reason.NOT_LENDABLE_HERE,
                    {**AV, "here": KIOSK, "at": [DESK, PHONE]},
                    "窓口へ",
                    "loan.only[1]",
                )
            ],
        ),
        row("by the way", f'{ONLY}{OF_AV}at = ["phone", "desk"]', {}, []),
        row(
            "for all three reasons, and a second line",
            f'{ONLY}{OF_AV}who = ["commuter"]\nbranch = ["main"]\nat = ["desk"]\n{SAY}'
            f'{ONLY}{OF_AV}at = ["web"]\n',
            {"branch": "east", "at": KIOSK},
            [
                (Reason.ONLY_FOR, {**AV, "act": LOAN, "who": ["在勤・在学"]}, "窓口へ", "loan.only[1]"),
                (Reason.ONLY_AT_BRANCH, {**AV, **MAIN}, "窓口へ", "loan.only[1]"),
                (Reason.NOT_LENDABLE_HERE, {**AV, "here": KIOSK, "at": [DESK]}, "窓口へ", "loan.only[1]"),
                (Reason.NOT_LENDABLE_HERE, {**AV, "here": KIOSK, "at": [WEB]}, None, "loan.only[2]"),
            ],
        ),
        row(
            "anything to others",
            f'{ONLY}who = ["commuter"]',
            {},
            [(Reason.ONLY_FOR, {"what": [], "act": LOAN, "who": ["在勤・在学"]}, None, "loan.only[1]")],
        ),
        row(
            "a line that is not about it hides none after it",
            f'{ONLY}{M}\nat = ["web"]\n{ONLY}{OF_AV}at = ["web"]',
            {},
            [(Reason.NOT_LENDABLE_HERE, {**AV, "here": DESK, "at": [WEB]}, None, "loan.only[2]")],
        ),
        row(
            "not before only",
            f'{ONLY}{OF_AV}at = ["web"]\n{NOT}{OF_AV}',
            {},
            [
                (Reason.NOT_LENDABLE, AV, None, "loan.not[1]"),
                (Reason.NOT_LENDABLE_HERE, {**AV, "here": DESK, "at": [WEB]}, None, "loan.only[1]"),
            ],
        ),
    ],
)
def test_what_a_line_under_only_refuses(lines, asked, refusals):
    assert lent(lines, **{"bib": SONGS, **asked}) == refusals


HOLD_LIMITS = "[[hold.limit]]                            # 予約できる点数(窓口とインターネットをあわせて)"


@pytest.mark.parametrize(
    ("patron", "reasons"),
    [
        row("to a visitor who has not logged in nothing is said of persons", None, ()),
        row("a resident is told of both", SATO, (Reason.NOT_FOR, Reason.ONLY_FOR)),
        row("a commuter of the only", TANAKA, (Reason.ONLY_FOR,)),
    ],
)
def test_a_title_is_shown_to_a_visitor_by_what_holds_for_anybody(patron, reasons):
    library = policy(
        SOURCE_1_TEXT,
        (
            HOLD_LIMITS,
            f'[[hold.not]]\n{BOOK}\n{R}\n[[hold.only]]\n{BOOK}\nwho = ["reciprocal"]\n{HOLD_LIMITS}',
        ),
    )

    decision = decide_title_hold(library, KOKORO, on(WEB), patron)

    assert decision.reasons == reasons
    assert all(refusal.facts["act"] is Act.HOLD for refusal in decision.refusals)


def test_a_refusal_for_some_persons_is_said_with_their_name():
    library = with_lines(f"{NOT}{M}\n{C}")

    decision = decide_loan(library, NATSUME, MANGA, MANGA.items[0], on(DESK, branch="main"))

    assert said(library, decision) == ["お子さんの方は、マンガの貸出はご利用いただけません。"]


def test_what_bears_no_name_is_called_as_it_is_written():
    assert EVERYTHING.names(["book", "reference", "地図", "newest issue"]) == [
        "図書",
        "参考図書",
        "地図",
        "newest issue",
    ]
    assert EVERYTHING.who_names(["city", "senior", "小学生まで", "ghost"]) == [
        "市内",
        "65歳以上の市内の方",
        "小学生まで",
        "ghost",
    ]
    assert EVERYTHING.branch_names(["station", "north"]) == ["駅前分室", "north"]


# ---- Hours ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "clock", "is_open"),
    [
        row("before the kiosk opens", KIOSK, "09:29:59", False),
        row("as it opens", KIOSK, "09:30", True),
        row("in its last second", KIOSK, "18:59:59", True),
        row("as it closes", KIOSK, "19:00", False),
        row("by a way without hours, at night", WEB, "03:00", True),
    ],
)
def test_a_way_is_open_for_a_part_of_the_day(at, clock, is_open):
    decision = decide_patron_hold(EVERYTHING, CITY, on(at, clock=clock))

    assert decision.allowed is is_open
    if not is_open:
        (refusal,) = decision.refusals
        hours = EVERYTHING.hold.hours[Channel.KIOSK]
        assert refusal.reason is Reason.OUTSIDE_HOURS
        assert refusal.facts == {"act": Act.HOLD, "opens": hours.opens, "closes": hours.closes}
        assert refusal.place == "hold.hours.kiosk"


def test_what_stands_against_a_hold_of_a_set_and_of_everything_is_said_each_once():
    decision = decide_hold(EVERYTHING, born(2021), DICTIONARY, on(WEB, branch="central"))

    assert [refusal.place for refusal in decision.refusals] == ["hold.not[3]", "hold.not[1]", "hold.on_shelf"]
