"""What the desk writes down of a patron: the entry, the card's number, its renewal, marks and deletion."""

from dataclasses import replace
from datetime import date

import pytest

from rules import (
    LONGEST_KANA_NAME,
    CardDecision,
    Decision,
    PatronEntry,
    Reason,
    Refusal,
    as_kept,
    asks_for_birth_dates,
    asks_for_households,
    decide_card,
    decide_card_renewal,
    decide_deletion,
    decide_entry,
    decide_mark,
    decide_registration,
    marks_of,
    phone_number,
    plain_line,
)
from tests.facts import (
    EVERYTHING,
    EVERYTHING_TEXT,
    SATO,
    SOURCE_1,
    SOURCE_1_TEXT,
    TODAY,
    YESTERDAY,
    policy,
    row,
)

# ---- The entry -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        row("as it is", "サトウ ハナ", "サトウ ハナ"),
        row("in half-width kana", "ｻﾄｳ ﾊﾅ", "サトウ ハナ"),
        row("with wide and many blanks", " サトウ\u3000 ハナ ", "サトウ ハナ"),
        row("with what nobody sees", "サトウ\u200b ハナ\x00", "サトウ ハナ"),
        row("nothing but that", "\u200b \u3000", ""),
    ],
)
def test_a_line_is_kept_plain(typed, kept):
    assert plain_line(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        row("figures", "0877123456", "0877123456"),
        row("with hyphens", "0877-12-3456", "0877123456"),
        row("with brackets and blanks", "(0877) 12 3456", "0877123456"),
        row("full-width", "（０９０）１２３４－５６７８", "09012345678"),
        row("with a plus sign, which stays", "+81 90", "+8190"),
    ],
)
def test_a_telephone_number_is_kept_in_figures(typed, kept):
    assert phone_number(typed) == kept


HANA = PatronEntry("サトウ ハナ", "city", date(2000, 4, 1), "09012345678", "hana@example.jp")


def test_an_entry_is_kept_plain():
    typed = PatronEntry(
        " ｻﾄｳ　ﾊﾅ", "city", date(2000, 4, 1), "090-1234-5678", " hana@example.jp ", " 佐藤　家 "
    )

    assert as_kept(EVERYTHING, typed) == replace(HANA, household="佐藤 家")


def test_what_is_left_out_is_nothing():
    nothing = PatronEntry("サトウ", "city", None, None, None, None)

    assert as_kept(EVERYTHING, replace(nothing, phone=" - ", mail="  ", household=" ")) == nothing
    assert as_kept(EVERYTHING, nothing) == nothing


def test_a_household_is_kept_only_where_a_block_asks_for_families():
    assert as_kept(SOURCE_1, replace(HANA, household="佐藤家")).household is None
    assert asks_for_households(EVERYTHING)
    assert not asks_for_households(SOURCE_1)


BEFORE_PEOPLE = "[[material]]                              # 資料種別と貸出期間\n"


@pytest.mark.parametrize(
    ("addition", "asks"),
    [
        row("nothing", "", False),
        row("a category of patrons", 'patron = "resident"', False),
        row("a mark", 'mark = "団体"', False),
        row("an age from on", "age_from = 65", True),
        row("an age from birth on", "age_from = 0", True),
        row("an age up to", "age_to = 12", True),
        row("a school from on", 'school_from = "high school"', True),
        row("a school up to", 'school_to = "high school"', True),
    ],
)
def test_a_birth_date_is_asked_for_where_something_hangs_on_it(addition, asks):
    people = f'[[people]]\nid = "some"\nwhen = {{ {addition} }}\n\n' if addition else ""
    library = policy(SOURCE_1_TEXT, (BEFORE_PEOPLE, people + BEFORE_PEOPLE))

    assert asks_for_birth_dates(library) is asks


def test_a_card_that_ends_on_a_birthday_asks_for_it():
    for start, asks in (("birthday", True), ("issue", False), ("last use", False)):
        line = f'[[card.valid]]\nyears = 3\nfrom = "{start}"\n\n[password]'
        assert asks_for_birth_dates(policy(SOURCE_1_TEXT, ("[password]", line))) is asks


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        row("as it should be", {}, ()),
        row("only what must be there", {"born_on": None, "phone": None, "mail": None}, ()),
        row("one kana", {"kana_name": "ア"}, ()),
        row("with a long vowel and a middle dot", {"kana_name": "メアリー・スー"}, ()),
        row("vu is a kana", {"kana_name": "ヴァン"}, ()),
        row("no name", {"kana_name": ""}, (Reason.NAME_FORM,)),
        row("a dot alone", {"kana_name": "・ー"}, (Reason.NAME_FORM,)),
        row("hiragana", {"kana_name": "さとう"}, (Reason.NAME_FORM,)),
        row("kanji", {"kana_name": "佐藤"}, (Reason.NAME_FORM,)),
        row("a name of sixty", {"kana_name": "ア" * LONGEST_KANA_NAME}, ()),
        row("a name of sixty-one", {"kana_name": "ア" * 61}, (Reason.NAME_FORM,)),
        row("of a category that is not there", {"category": "ghost"}, (Reason.UNKNOWN_CATEGORY,)),
        row("born today", {"born_on": TODAY}, ()),
        row("born tomorrow", {"born_on": date(2026, 4, 2)}, (Reason.BIRTH_DATE,)),
        row("130 years old", {"born_on": date(1895, 4, 2)}, ()),
        row("131 years old", {"born_on": date(1895, 4, 1)}, (Reason.BIRTH_DATE,)),
        row("a number of ten figures", {"phone": "0877123456"}, ()),
        row("of nine", {"phone": "087712345"}, (Reason.PHONE_FORM,)),
        row("of twelve", {"phone": "090123456789"}, (Reason.PHONE_FORM,)),
        row("with a letter", {"phone": "0877A23456"}, (Reason.PHONE_FORM,)),
        row("an address that is none", {"mail": "hana"}, (Reason.MAIL_AT,)),
        row(
            "everything wrong at once",
            {"kana_name": "", "category": "", "born_on": date(2027, 1, 1), "phone": "1", "mail": "@"},
            (
                Reason.NAME_FORM,
                Reason.UNKNOWN_CATEGORY,
                Reason.BIRTH_DATE,
                Reason.PHONE_FORM,
                Reason.MAIL_AT,
            ),
        ),
    ],
)
def test_an_entry_is_right(facts, reasons):
    decision = decide_entry(EVERYTHING, replace(HANA, **facts), TODAY)

    assert decision.refusals == tuple(Refusal(reason) for reason in reasons)


# ---- The card ------------------------------------------------------------------------------------------

DIGITS = Refusal(Reason.CARD_DIGITS, {"digits": 8})
STARTS = Refusal(Reason.CARD_STARTS, {"starts": ["1", "2"]})


@pytest.mark.parametrize(
    ("number", "refusals"),
    [
        row("eight figures that begin with 1", "10000001", ()),
        row("or with 2", "20000001", ()),
        row("that begin with 3", "30000001", (STARTS,)),
        row("a figure less", "1000001", (DIGITS,)),
        row("a figure more", "100000001", (DIGITS,)),
        row("a letter among them", "1000000A", (DIGITS,)),
        row("nothing", "", (DIGITS, STARTS)),
    ],
)
def test_a_card_has_the_number_that_the_sheet_describes(number, refusals):
    decision = decide_card(EVERYTHING, number)

    assert decision.refusals == refusals
    assert {refusal.place for refusal in decision.refusals} <= {"card.number"}


@pytest.mark.parametrize(
    ("number", "reasons"),
    [
        row("figures", "100000001", ()),
        row("letters", "ABC", ()),
        row("one", "1", ()),
        row("twenty", "1" * 20, ()),
        row("twenty-one", "1" * 21, (Reason.CARD_FORM,)),
        row("nothing", "", (Reason.CARD_FORM,)),
        row("a small letter", "a1", (Reason.CARD_FORM,)),
        row("of a barred series", "071", (Reason.BARRED_CARD,)),
        row("what a publisher prints", "9784101010014", (Reason.CARD_IS_A_PIECE,)),
    ],
)
def test_where_the_sheet_describes_none_a_card_has_figures_and_letters(number, reasons):
    assert decide_card(SOURCE_1, number).reasons == reasons


def test_a_number_that_somebody_has_or_that_is_a_piece_s_is_refused():
    assert decide_card(SOURCE_1, "1", taken=True) == Decision((Refusal(Reason.CARD_TAKEN),))
    assert decide_card(SOURCE_1, "1", is_a_piece=True) == Decision((Refusal(Reason.CARD_IS_A_PIECE),))
    assert decide_card(SOURCE_1, "", True, True).reasons == (
        Reason.CARD_FORM,
        Reason.CARD_TAKEN,
        Reason.CARD_IS_A_PIECE,
    )


def test_where_any_figures_may_begin_a_number_only_their_count_is_asked():
    digits_alone = policy(EVERYTHING_TEXT, ('starts = ["1", "2"]', 'starts = ["1"]'))
    library = replace(
        digits_alone,
        card=replace(digits_alone.card, number=replace(digits_alone.card.number, starts=())),
    )

    assert decide_card(library, "90000001").allowed
    assert decide_card(library, "9").reasons == (Reason.CARD_DIGITS,)


@pytest.mark.parametrize(
    ("entry", "facts", "expected"),
    [
        row("a resident, for three years", HANA, {}, CardDecision((), date(2029, 4, 1))),
        row("others for one", replace(HANA, category="outside"), {}, CardDecision((), date(2027, 4, 1))),
        row(
            "a child of others, to a birthday",
            replace(HANA, category="outside", born_on=date(2018, 6, 1)),
            {},
            CardDecision((), date(2029, 6, 1)),
        ),
        row(
            "with a number that is taken", HANA, {"taken": True}, CardDecision((Refusal(Reason.CARD_TAKEN),))
        ),
        row(
            "that is a piece's",
            HANA,
            {"is_a_piece": True},
            CardDecision((Refusal(Reason.CARD_IS_A_PIECE),)),
        ),
        row(
            "with a wrong number and a wrong entry, both are said",
            replace(HANA, kana_name=""),
            {"number": "1"},
            CardDecision((DIGITS, Refusal(Reason.NAME_FORM))),
        ),
        row(
            "born after today",
            replace(HANA, born_on=date(2026, 4, 2)),
            {},
            CardDecision((Refusal(Reason.BIRTH_DATE),)),
        ),
    ],
)
def test_somebody_becomes_a_patron(entry, facts, expected):
    assert (
        decide_registration(EVERYTHING, entry=entry, today=TODAY, **{"number": "10000001", **facts})
        == expected
    )


def test_a_card_of_a_sheet_that_says_nothing_of_it_has_no_end():
    decision = decide_registration(SOURCE_1, "1", replace(HANA, category="resident"), TODAY)

    assert decision == CardDecision((), None)


CITY = replace(SATO, category="city")


@pytest.mark.parametrize(
    ("patron", "expected"),
    [
        row(
            "45 days before the last, counted from today",
            replace(CITY, card_expires_on=date(2026, 5, 16)),
            CardDecision((), date(2029, 4, 1)),
        ),
        row(
            "46 days before it, not yet",
            replace(CITY, card_expires_on=date(2026, 5, 17)),
            CardDecision((Refusal(Reason.CARD_RENEWABLE_FROM, {"day": date(2026, 4, 2)}),)),
        ),
        row("an expired one", replace(CITY, card_expires_on=YESTERDAY), CardDecision((), date(2029, 4, 1))),
        row(
            "one that is good for longer, neither yet nor for anything",
            replace(CITY, card_expires_on=date(2029, 4, 1)),
            CardDecision(
                (
                    Refusal(Reason.CARD_RENEWABLE_FROM, {"day": date(2029, 2, 15)}),
                    Refusal(Reason.CARD_NO_DAY_GAINED, {"day": date(2029, 4, 1)}),
                )
            ),
        ),
        row(
            "of a sheet's line that names no day, whenever a day is gained",
            replace(CITY, category="outside", card_expires_on=date(2027, 3, 31)),
            CardDecision((), date(2027, 4, 1)),
        ),
        row(
            "and not where none is",
            replace(CITY, category="outside", card_expires_on=date(2027, 4, 1)),
            CardDecision((Refusal(Reason.CARD_NO_DAY_GAINED, {"day": date(2027, 4, 1)}),)),
        ),
        row(
            "one without an end, where the sheet gives one",
            replace(CITY, card_expires_on=None),
            CardDecision((), date(2029, 4, 1)),
        ),
    ],
)
def test_a_card_is_renewed(patron, expected):
    decision = decide_card_renewal(EVERYTHING, patron, TODAY)

    assert decision == expected
    early = [each for each in decision.refusals if each.reason is Reason.CARD_RENEWABLE_FROM]
    assert all(refusal.place == "card.valid" for refusal in early)


def test_in_a_library_whose_cards_have_no_end_one_with_an_end_loses_it():
    assert decide_card_renewal(SOURCE_1, SATO, TODAY) == CardDecision((), None)
    without_end = replace(SATO, card_expires_on=None)
    assert decide_card_renewal(SOURCE_1, without_end, TODAY) == CardDecision(
        (Refusal(Reason.CARD_WITHOUT_END),)
    )


# ---- Marks and deletion --------------------------------------------------------------------------------


def test_the_marks_are_those_that_a_block_or_a_set_of_people_asks_for():
    assert marks_of(EVERYTHING) == ["弁償", "読み聞かせ"]
    assert marks_of(SOURCE_1) == []
    twice = policy(EVERYTHING_TEXT, ('{ mark = "読み聞かせ" }', '{ mark = "弁償" }'))
    assert marks_of(twice) == ["弁償"]


@pytest.mark.parametrize(
    ("mark", "allowed"), [("弁償", True), ("読み聞かせ", True), ("うるさい", False), ("", False)]
)
def test_only_a_word_that_some_rule_asks_for_is_put_on_a_patron(mark, allowed):
    assert decide_mark(EVERYTHING, mark) == (
        Decision() if allowed else Decision((Refusal(Reason.UNKNOWN_MARK),))
    )


def test_a_patron_is_deleted_once_everything_has_come_back():
    assert decide_deletion(0) == Decision()
    assert decide_deletion(2) == Decision((Refusal(Reason.OPEN_LOANS, {"count": 2}),))


def test_a_postal_address_is_kept_on_one_line_and_has_120_characters_at_the_most():
    assert (
        as_kept(EVERYTHING, replace(HANA, postal_address=" しおり町\n1-2-3  ")).postal_address
        == "しおり町 1-2-3"
    )
    assert decide_entry(EVERYTHING, replace(HANA, postal_address="町" * 120), TODAY).allowed
    long = decide_entry(EVERYTHING, replace(HANA, postal_address="町" * 121), TODAY)
    assert long.refusals == (Refusal(Reason.POSTAL_ADDRESS_LONG, {"most": 120}),)
