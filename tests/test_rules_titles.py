"""What the desk writes down of titles and pieces: years, classes and barcodes, and what may go."""

from dataclasses import replace
from datetime import date

import pytest

from rules import (
    Decision,
    ItemEntry,
    ItemState,
    Reason,
    Refusal,
    TitleEntry,
    book_mark,
    decide_barcode,
    decide_item,
    decide_missing,
    decide_title,
    decide_title_deletion,
    decide_withdrawal,
    one_line,
    spine_rows,
    suggested_call_number,
    tags_of,
    year_of,
)
from tests.facts import EVERYTHING, SOURCE_1, SOURCE_2, TODAY, item, row

KOKORO = TitleEntry("book", "こころ", pub_year=1914, ndc="913.6")
PIECE = ItemEntry("300000001", "main")


# ---- Titles --------------------------------------------------------------------------------------------


def test_a_plain_title_is_taken():
    assert decide_title(SOURCE_1, KOKORO, TODAY) == Decision()


@pytest.mark.parametrize(
    ("typed", "year"),
    [
        row("four figures", "2013", 2013),
        row("full-width, with 年", "２０１３年", 2013),
        row("a letter", "H25", 2013),
        row("a small full-width letter and a point", "ｈ.25", 2013),
        row("the name of an era", "平成25年", 2013),
        row("with blanks", " 平成 25 年 ", 2013),
        row("its first year", "令和元年", 2019),
        row("its first year as a figure", "R1", 2019),
        row("the last of 昭和", "S64", 1989),
        row("one that 昭和 never had", "昭和65年", None),
        row("the last of 明治", "明治45", 1912),
        row("one that 大正 never had", "T16", None),
        row("the last of 大正", "大正15年", 1926),
        row("the last of 平成", "H31", 2019),
        row("one that 平成 never had", "H32", None),
        row("no year at all", "平成", None),
        row("year naught", "H0", None),
        row("an era nobody knows", "X5", None),
        row("a month too", "2013.4", None),
        row("three figures", "201", None),
        row("nothing", "", None),
    ],
)
def test_a_year_may_be_written_as_western_or_as_of_an_era(typed, year):
    assert year_of(typed) == year


@pytest.mark.parametrize(
    ("ndc", "is_one"),
    [
        row("a class", "9", True),
        row("a division", "91", True),
        row("a section", "913", True),
        row("with what follows", "913.68", True),
        row("none", "", True),
        row("a point with nothing behind", "913.", False),
        row("a point too early", "91.3", False),
        row("four figures", "9136", False),
        row("letters", "K913", False),
        row("two of them", "913 914", False),
        row("figures that are no ascii", "９１３", False),
    ],
)
def test_a_class_is_figures_and_a_point(ndc, is_one):
    decision = decide_title(SOURCE_1, replace(KOKORO, ndc=ndc), TODAY)

    assert decision == Decision(() if is_one else (Refusal(Reason.NDC_FORM),))


@pytest.mark.parametrize(
    ("year", "may_be"), [(1399, False), (1400, True), (2026, True), (2027, True), (2028, False)]
)
def test_nothing_was_printed_before_print_or_after_next_year(year, may_be):
    refused = Refusal(Reason.PUB_YEAR, {"first": 1400, "last": 2027})

    decision = decide_title(SOURCE_1, replace(KOKORO, pub_year=year), TODAY)

    assert decision == Decision(() if may_be else (refused,))


def test_an_issue_has_its_magazine_and_its_day_or_neither():
    named = replace(KOKORO, new_serial="月刊 朝")
    known = replace(KOKORO, serial=1)
    dated = replace(KOKORO, issued_on=TODAY)

    for whole in (replace(named, issued_on=TODAY), replace(known, issued_on=TODAY)):
        assert decide_title(SOURCE_1, whole, TODAY).allowed
    for half in (named, known):
        assert decide_title(SOURCE_1, half, TODAY).refusals == (
            Refusal(Reason.ISSUE_IN_PART, {"serial": True}),
        )
    assert decide_title(SOURCE_1, dated, TODAY).refusals == (
        Refusal(Reason.ISSUE_IN_PART, {"serial": False}),
    )


def test_every_reason_against_a_title_is_given():
    wrong = TitleEntry("stone", "こころ", pub_year=1, ndc="x", issued_on=TODAY)

    assert decide_title(SOURCE_1, wrong, TODAY, isbn_taken=True).reasons == (
        Reason.UNKNOWN_MATERIAL,
        Reason.NDC_FORM,
        Reason.PUB_YEAR,
        Reason.ISSUE_IN_PART,
        Reason.ISBN_TAKEN,
    )


def test_a_title_goes_when_nobody_has_it_or_waits_for_it():
    assert decide_title_deletion(0, 0) == Decision()
    assert decide_title_deletion(2, 3).refusals == (
        Refusal(Reason.TITLE_OUT, {"count": 2}),
        Refusal(Reason.TITLE_HELD, {"count": 3}),
    )
    assert decide_title_deletion(0, 1).reasons == (Reason.TITLE_HELD,)


def test_a_line_keeps_its_full_width_signs_and_loses_what_nobody_sees():
    assert one_line("  Ｃ言語！\u3000入門\t第２版\x00\u200b \n") == "Ｃ言語！ 入門 第２版"


# ---- Pieces --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("barcode", "reasons"),
    [
        row("nine figures", "300000001", ()),
        row("letters too", "K12A", ()),
        row("twenty signs", "1" * 20, ()),
        row("one more", "1" * 21, (Reason.BARCODE_FORM,)),
        row("a sign", "12*3", (Reason.BARCODE_FORM,)),
        row("nothing", "", (Reason.BARCODE_FORM,)),
        row("the ISBN on the cover", "9784101010014", (Reason.BARCODE_OF_TRADE,)),
        row("the price on the cover", "1920193006004", (Reason.BARCODE_OF_TRADE,)),
        row("the cover of a magazine", "4910076110463", (Reason.BARCODE_OF_TRADE,)),
    ],
)
def test_a_barcode_is_the_librarys_own(barcode, reasons):
    assert decide_barcode(SOURCE_1, barcode).reasons == reasons


def test_a_barcode_that_a_piece_or_a_card_has_is_refused():
    assert decide_barcode(SOURCE_1, "1", taken=True, is_a_card=True).reasons == (
        Reason.BARCODE_IS_A_CARD,
        Reason.BARCODE_TAKEN,
    )


@pytest.mark.parametrize(
    ("barcode", "like_a_card"),
    [("200000099", True), ("400000099", False), ("20000009", False), ("2000000999", False)],
)
def test_a_barcode_that_looks_like_a_card_is_refused_where_cards_have_a_beginning(barcode, like_a_card):
    expected = (Reason.BARCODE_IS_A_CARD,) if like_a_card else ()

    assert decide_barcode(SOURCE_2, barcode).reasons == expected
    assert decide_barcode(SOURCE_1, barcode).allowed, "here cards may begin with anything"


def test_a_piece_has_a_branch_of_this_library_and_counts_for_something():
    assert decide_item(SOURCE_1, PIECE) == Decision()
    assert decide_item(SOURCE_1, replace(PIECE, volumes=999)).allowed
    for volumes in (0, -1, 1000):
        assert decide_item(SOURCE_1, replace(PIECE, branch="moon", volumes=volumes)).refusals == (
            Refusal(Reason.UNKNOWN_BRANCH),
            Refusal(Reason.VOLUMES, {"most": 999}),
        )


def test_what_is_out_or_kept_is_not_withdrawn():
    assert decide_withdrawal(item()) == Decision()
    assert decide_withdrawal(item(state=ItemState.MISSING)).allowed
    assert decide_withdrawal(item(due_on=TODAY, set_aside=True)).refusals == (
        Refusal(Reason.PIECE_OUT, {"day": TODAY}),
        Refusal(Reason.PIECE_KEPT),
    )


def test_what_is_out_or_kept_can_be_missing_and_what_is_withdrawn_cannot():
    assert decide_missing(item(due_on=TODAY, set_aside=True)).allowed
    assert decide_missing(item(state=ItemState.WITHDRAWN)).reasons == (Reason.PIECE_WITHDRAWN,)


def test_the_tags_are_those_that_categories_ask_for_in_any_season():
    assert tags_of(SOURCE_1) == ["週刊誌", "団体貸出用", "館内用"]
    assert "課題図書" in tags_of(EVERYTHING)
    assert len(tags_of(EVERYTHING)) == len(set(tags_of(EVERYTHING)))


@pytest.mark.parametrize(
    ("ndc", "reading", "call_number"),
    [
        ("913.6", "なつめ そうせき", "913.6 ナ"),
        ("913.6", "ナツメ", "913.6 ナ"),
        ("913.6", "ﾅﾂﾒ", "913.6 ナ"),
        ("933", "「ぽー", "933 ポ"),
        ("933", "Poe", "933 P"),
        ("913.6", "", "913.6"),
        ("", "なつめ", ""),
    ],
)
def test_a_call_number_is_suggested_from_class_and_first_kana(ndc, reading, call_number):
    assert suggested_call_number(ndc, reading) == call_number


def test_the_mark_of_a_book_is_a_single_kana():
    assert [book_mark(reading) for reading in ("ゖげ", "・あ", "")] == ["ヶ", "ア", ""]


@pytest.mark.parametrize(
    ("call_number", "volume", "rows"),
    [
        ("913.6 ナ", "", ["913.6", "ナ"]),
        ("913.6 ナ", "2", ["913.6", "ナ", "2"]),
        ("913.6 ナ 2", "2", ["913.6", "ナ", "2"]),
        ("R 813 コ", "", ["R 813", "コ"]),
        ("R 813 コ", "上", ["R 813", "コ", "上"]),
        ("E オ", "", ["E", "オ"]),
        ("E", "", ["E"]),
        ("雑誌 ア", "", ["雑誌", "ア"]),
        ("A 213 シ 1 付", "3", ["A 213", "シ", "1 付 3"]),
        ("", "2", []),
    ],
)
def test_a_spine_label_has_up_to_three_rows(call_number, volume, rows):
    assert spine_rows(call_number, volume) == rows


def test_years_are_counted_from_the_day_that_is_given():
    assert decide_title(SOURCE_1, replace(KOKORO, pub_year=2031), date(2030, 1, 1)).allowed


def test_a_label_has_three_rows_at_most():
    assert spine_rows("R 813") == ["R 813"]
    assert spine_rows("913.6 ナ") == ["913.6", "ナ"]
    assert spine_rows("913.6 上", "上") == ["913.6", "上"]
    assert spine_rows("913.6 ナ 1 2") == ["913.6", "ナ", "1 2"]
    assert spine_rows("913.6 ナ 1 2 3") == ["913.6", "ナ", "1 2 3"]


def test_a_book_mark_is_a_kana_or_the_letter_as_it_is():
    assert [book_mark(reading) for reading in ("ぁい", "Yの悲劇", "ア")] == ["ァ", "Y", "ア"]
