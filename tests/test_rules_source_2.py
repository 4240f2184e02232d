"""Source document 2 (貸出期間延長) as tables: one sentence a row, under its number in docs/rules.md."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules import (
    ALWAYS_OPEN,
    Act,
    OpeningDays,
    Reason,
    Refusal,
    card_number,
    decide_cart,
    decide_hold,
    decide_login,
    decide_renewal,
    decide_title_hold,
    plan_cart,
    room_for_holds,
)
from tests.facts import (
    ALL_TITLES,
    BOOKS,
    BOTCHAN,
    CAST,
    DESK,
    ITO,
    KASAJIZO,
    KIOSK,
    KOKORO,
    MARCH_ISSUE,
    MONDAYS_CLOSED,
    NEVER_OPEN,
    PHONE,
    SANSHIRO,
    SATO,
    SONGS,
    SOURCE_2,
    SOURCE_2_TEXT,
    SUZUKI,
    TODAY,
    TOMORROW,
    WATANABE,
    WEB,
    YESTERDAY,
    due_date,
    item,
    loan,
    on,
    policy,
    renewed_due_date,
    row,
    said,
    title,
    with_loans,
)

JANUARY = date(2021, 1, 1)  # the document's own pictures are of January 2021


def january(day: int) -> date:
    return JANUARY + timedelta(days=day - 1)


def renewal(borrowed, today=TODAY, patron=SATO, channel=WEB, opening=ALWAYS_OPEN, library=SOURCE_2):
    """The answer for one loan of a patron who has no other."""
    return decide_renewal(library, with_loans(patron, borrowed), borrowed, on(channel, today), opening)


# ---- How long (B1) -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bib", "lent_on", "expected"),
    [
        row("B1 a book of fifteen days, as in the picture", KOKORO, january(11), january(25)),
        row("B1 a magazine of eight days", MARCH_ISSUE, january(11), january(18)),
        row("B1 an audio-visual item of eight days", SONGS, january(11), january(18)),
        row("B1 a kamishibai of fifteen days", KASAJIZO, january(11), january(25)),
    ],
)  # fmt: skip
def test_the_day_of_lending_is_the_first_day_of_a_loan(bib, lent_on, expected):
    assert due_date(SOURCE_2, bib.items[0], lent_on, ALWAYS_OPEN) == expected


@pytest.mark.parametrize(
    ("bib", "asked_on", "expected"),
    [
        row("B1 a book, renewed on the last day but one", KOKORO, january(24), date(2021, 2, 7)),
        row("B1 a book, renewed on the last day", KOKORO, january(25), date(2021, 2, 8)),
        row("B1 a book, renewed on the day after the loan", KOKORO, january(12), january(26)),
        row("B1 a magazine, renewed on the last day but one", MARCH_ISSUE, january(24), january(31)),
        row("B1 an audio-visual item, renewed on the last day but one", SONGS, january(24), january(31)),
    ],
)
def test_the_day_of_the_procedure_is_the_first_day_of_a_renewal(bib, asked_on, expected):
    borrowed = loan(bib, january(25))

    decision = renewal(borrowed, asked_on)

    assert decision.allowed
    assert decision.due_on == expected


@pytest.mark.parametrize(
    ("facts", "today", "reasons"),
    [
        row("B1 within the loan period it is renewed", {}, january(20), []),
        row("B1 on the last day it is renewed", {}, january(25), []),
        row("B1 a day late it is not", {}, january(26), [Reason.OVERDUE_BLOCK, Reason.OVERDUE]),
        row("B1 a second time it is not", {"renewals": 1}, january(20), [Reason.RENEWED]),
        row("B6 held by somebody it is not", {"waiting": 1}, january(20), [Reason.HELD]),
        row("B6 renewed already it is not", {"renewals": 1}, january(20), [Reason.RENEWED]),
        row(
            "B6 borrowed from another library it is not",
            {"item": item(interlibrary=True)},
            january(20),
            [Reason.INTERLIBRARY],
        ),
        row(
            "B6 held, renewed and from another library gives all three reasons",
            {"waiting": 2, "renewals": 1, "item": item(interlibrary=True)},
            january(20),
            [Reason.RENEWED, Reason.HELD, Reason.INTERLIBRARY],
        ),
        row(
            "B7 overdue, renewed and held gives three reasons and the block of the patron",
            {"renewals": 1, "waiting": 1},
            january(28),
            [Reason.OVERDUE_BLOCK, Reason.OVERDUE, Reason.RENEWED, Reason.HELD],
        ),
    ],
)
def test_a_renewal_is_answered_as_the_sheet_says(facts, today, reasons):
    decision = renewal(loan(KOKORO, january(25), **facts), today)

    assert list(decision.reasons) == reasons
    assert (decision.due_on is None) is bool(reasons)


def test_b6_each_refusal_is_said_in_this_library_s_own_words():
    borrowed = loan(KOKORO, january(25), waiting=2, renewals=1, item=item(interlibrary=True))

    decision = renewal(borrowed, january(28))

    assert said(SOURCE_2, decision) == [
        "返却期限を過ぎた資料が1点あるため、貸出延長はできません。お返しいただくと、できるようになります。",
        "延長できません。返却期限を3日過ぎています。図書館へお返しください。",
        "延長回数に達しました(1回まで)。期限までにお返しください。",
        "延長できません。予約待ちの方が2人います。期限までにお返しください。",
        "延長できません。ほかの図書館から取り寄せた資料です。窓口でおたずねください。",
    ]


def test_b6_a_library_that_does_not_name_interlibrary_renews_what_came_from_another():
    library = policy(
        SOURCE_2_TEXT,
        ('["overdue", "held", "renewed", "interlibrary"]', '["overdue", "held", "renewed"]'),
    )
    borrowed = loan(KOKORO, january(25), item=item(interlibrary=True))

    assert renewal(borrowed, january(20), library=library).allowed


# ---- No day gained -------------------------------------------------------------------------------------


def test_b1_a_book_lent_today_is_not_renewed_today_but_from_tomorrow():
    due_on = due_date(SOURCE_2, KOKORO.items[0], TODAY, ALWAYS_OPEN)

    decision = renewal(loan(KOKORO, due_on))

    assert decision.refusals == (Refusal(Reason.NO_DAY_GAINED, {"from_on": TOMORROW}),)
    assert said(SOURCE_2, decision) == ["いま延長しても期限が延びません。2026年4月2日(木)から延長できます。"]


def test_the_day_that_the_refusal_names_is_the_first_that_gains():
    # Lent on a Tuesday for fifteen days; the last day is closed, so one day comes as a present.
    lent_on = date(2026, 4, 7)
    closed = OpeningDays(closed=frozenset({date(2026, 4, 21)}))
    borrowed = loan(KOKORO, due_date(SOURCE_2, KOKORO.items[0], lent_on, closed))

    refused = renewal(borrowed, lent_on, opening=closed)
    from_on = refused.refusals[0].facts["from_on"]

    assert borrowed.due_on == date(2026, 4, 22)
    assert from_on == date(2026, 4, 9)
    for day in range(7, 9):
        assert renewal(borrowed, date(2026, 4, day), opening=closed).reasons == (Reason.NO_DAY_GAINED,)
    assert renewal(borrowed, from_on, opening=closed).due_on == date(2026, 4, 23)


def test_a_magazine_with_a_long_loan_is_not_renewed_while_that_would_shorten_it():
    borrowed = loan(MARCH_ISSUE, january(25))

    decision = renewal(borrowed, january(11))

    assert decision.reasons == (Reason.NO_DAY_GAINED,)
    assert decision.refusals[0].facts == {"from_on": january(19)}
    assert renewal(borrowed, january(18)).reasons == (Reason.NO_DAY_GAINED,)
    assert renewal(borrowed, january(19)).due_on == january(26)


def test_the_last_day_of_the_loan_may_be_the_first_that_gains():
    # One day, the day of the procedure: on the due date itself it still gains nothing.
    one_day = policy(SOURCE_2_TEXT, ('of = ["book"]\ndays = 15', 'of = ["book"]\ndays = 1'))
    two_days = policy(SOURCE_2_TEXT, ('of = ["book"]\ndays = 15', 'of = ["book"]\ndays = 2'))
    borrowed = loan(KOKORO, january(25))

    never = renewal(borrowed, january(20), library=one_day)
    on_the_last_day = renewal(borrowed, january(20), library=two_days)

    assert never.refusals[0].facts == {"from_on": None}
    assert on_the_last_day.refusals[0].facts == {"from_on": january(25)}


def test_a_card_that_ends_first_leaves_no_day_that_gains():
    borrowed = loan(KOKORO, january(25))

    decision = renewal(borrowed, january(11), patron=replace(SATO, card_expires_on=january(25)))

    assert decision.refusals == (Refusal(Reason.NO_DAY_GAINED, {"from_on": None}),)


def test_the_day_that_the_refusal_names_is_never_one_on_which_the_card_has_expired():
    # Nothing stops the expired card here, so it could be renewed in full then; that is no promise to make.
    unblocked = policy(
        SOURCE_2_TEXT,
        ('when = { card = "expired" }\nstops = ["loan", "hold", "renewal"]',
         'when = { card = "expired" }\nstops = ["loan"]'),
    )  # fmt: skip
    patron = replace(SATO, card_expires_on=january(20))

    decision = renewal(loan(KOKORO, january(25)), january(18), patron=patron, library=unblocked)

    assert decision.refusals == (Refusal(Reason.NO_DAY_GAINED, {"from_on": None}),)


def test_a_library_that_closes_for_good_before_a_day_gains_names_none():
    closed_for_good = OpeningDays(closed=frozenset(january(day) for day in range(31, 1000)))
    borrowed = loan(KOKORO, january(30))
    patron = replace(SATO, card_expires_on=None)

    decision = renewal(borrowed, january(10), patron=patron, opening=closed_for_good)

    assert decision.refusals == (Refusal(Reason.NO_DAY_GAINED, {"from_on": None}),)


@pytest.mark.parametrize(
    "card_expires_on", [None, TODAY + timedelta(days=400)], ids=["no end", "a card's end"]
)
def test_where_no_day_is_open_there_is_no_new_due_date(card_expires_on):
    patron = replace(SATO, card_expires_on=card_expires_on)

    decision = renewal(loan(KOKORO), patron=patron, opening=NEVER_OPEN)

    assert decision.refusals == (Refusal(Reason.NO_OPEN_DAY),)
    assert said(SOURCE_2, decision) == [
        "延長できません。開館日が決まっていないため、窓口でおたずねください。"
    ]


# ---- Closed days and the card's end --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked_on", "expires_on", "expected"),
    [
        row("the fifteenth day is open", date(2026, 4, 8), date(2027, 4, 1), date(2026, 4, 22)),
        row("a fifteenth day on a Monday moves on", date(2026, 4, 13), date(2027, 4, 1), date(2026, 4, 28)),
        row("the card ends before it", date(2026, 4, 8), date(2026, 4, 21), date(2026, 4, 21)),
        row("the card ends on a Monday before it", date(2026, 4, 8), date(2026, 4, 20), date(2026, 4, 19)),
        row("the fifteenth day and the card's last are one Monday", date(2026, 4, 13), date(2026, 4, 27),
            date(2026, 4, 26)),
    ],
)  # fmt: skip
def test_a_renewed_loan_ends_on_an_open_day_within_the_card_s_life(asked_on, expires_on, expected):
    borrowed = loan(KOKORO, date(2026, 4, 15))

    decision = renewal(
        borrowed, asked_on, patron=replace(SATO, card_expires_on=expires_on), opening=MONDAYS_CLOSED
    )

    assert decision.due_on == expected


@pytest.mark.parametrize("channel", [WEB, DESK, PHONE, KIOSK])
def test_an_expired_card_renews_nothing_by_any_way(channel):
    decision = renewal(loan(KOKORO), patron=ITO, channel=channel)

    assert decision.refusals == (Refusal(Reason.CARD_EXPIRED, {"day": YESTERDAY}),)
    assert "利用カードの有効期限(2026年3月31日(火))" in said(SOURCE_2, decision)[0]


def test_a_card_is_good_until_the_end_of_its_last_day():
    borrowed = loan(KOKORO, TODAY)

    last_day = renewal(borrowed, patron=replace(SATO, card_expires_on=TODAY))
    day_before = renewal(borrowed, patron=replace(SATO, card_expires_on=TOMORROW))

    assert last_day.reasons == (Reason.NO_DAY_GAINED,)
    assert day_before.due_on == TOMORROW


# ---- The list and the confirmation (B4, B5): the decisions behind them ---------------------------------


def test_b4_only_the_loans_that_can_be_renewed_get_a_box():
    loans = (
        loan(KOKORO),
        loan(BOTCHAN, renewals=1),
        loan(SANSHIRO, waiting=1),
        loan(title(99, interlibrary=True)),
        loan(KASAJIZO),
        loan(MARCH_ISSUE, TODAY),
    )
    patron = with_loans(SATO, *loans)

    boxes = [decide_renewal(SOURCE_2, patron, borrowed, on(WEB, TODAY)).allowed for borrowed in loans]

    assert boxes == [True, False, False, False, False, True]


def test_b5_what_was_renewed_once_is_not_renewed_again():
    borrowed = loan(KOKORO, january(25))
    first = renewal(borrowed, january(24))

    renewed = replace(borrowed, due_on=first.due_on, renewals=borrowed.renewals + 1)
    second = renewal(renewed, january(25))

    assert first.due_on == date(2021, 2, 7)
    assert second.refusals == (Refusal(Reason.RENEWED, {"times": 1}),)


# ---- Who cannot renew at all (B7) ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overdue_kind", "asked_kind"),
    [
        row("B7 an overdue disc stops the renewal of a book", SONGS, KOKORO),
        row("B7 an overdue book stops the renewal of a magazine", KOKORO, MARCH_ISSUE),
        row("B7 an overdue kamishibai stops the renewal of a disc", KASAJIZO, SONGS),
    ],
)
@pytest.mark.parametrize("channel", [WEB, DESK, PHONE, KIOSK])
def test_one_overdue_item_of_any_kind_stops_every_renewal(overdue_kind, asked_kind, channel):
    in_time = loan(asked_kind, TODAY)
    patron = with_loans(SATO, loan(overdue_kind, YESTERDAY), in_time)

    decision = decide_renewal(SOURCE_2, patron, in_time, on(channel, TODAY))

    assert decision.refusals == (Refusal(Reason.OVERDUE_BLOCK, {"count": 1, "stop": Act.RENEWAL}),)


def test_b7_on_its_due_date_an_item_is_not_overdue_and_stops_nothing():
    in_time = loan(KOKORO)
    patron = with_loans(SATO, loan(SONGS, TODAY), in_time)

    assert decide_renewal(SOURCE_2, patron, in_time, on(WEB, TODAY)).allowed
    assert not decide_renewal(SOURCE_2, patron, in_time, on(WEB, TOMORROW)).allowed


def test_b7_all_that_suzuki_has_is_refused_and_the_sentence_counts_what_is_late():
    loans = (*SUZUKI.loans, loan(KOKORO), loan(MARCH_ISSUE, YESTERDAY))
    patron = replace(SUZUKI, loans=loans)

    for borrowed in loans:
        decision = decide_renewal(SOURCE_2, patron, borrowed, on(WEB, TODAY))
        assert said(SOURCE_2, decision)[0].startswith("返却期限を過ぎた資料が2点あるため、貸出延長は")


def test_b7_an_overdue_item_does_not_keep_from_holding():
    assert decide_hold(SOURCE_2, SUZUKI, KOKORO, on(WEB, TODAY)).allowed


# ---- Which line of the policy fits an item -------------------------------------------------------------


def test_what_no_line_names_is_not_renewed_and_is_named_in_the_refusal():
    decision = renewal(loan(KASAJIZO))

    assert decision.refusals == (Refusal(Reason.NO_RENEWAL_RULE, {"what": "紙芝居"}),)
    assert said(SOURCE_2, decision) == ["延長できません。紙芝居は貸出延長の対象外です。"]
    assert renewed_due_date(SOURCE_2, loan(KASAJIZO), TODAY) is None


FOR_BOOKS = '[[renewal.by]]\nof = ["book"]\ndays = 15\ncount_first = true\n'


def by_lines(*lines: str):
    """The policy with these lines for books in the place of its own."""
    return policy(SOURCE_2_TEXT, (FOR_BOOKS, "".join(f"[[renewal.by]]\n{line}\n" for line in lines)))


@pytest.mark.parametrize(
    ("lines", "bib", "days"),
    [
        row("a category's line beats its material's, though longer",
            ('of = ["book"]\ndays = 7', 'of = ["manga"]\ndays = 20'), title(9, call_number="M"), 20),
        row("a category's line beats its material's, though shorter",
            ('of = ["manga"]\ndays = 12', 'of = ["book"]\ndays = 20'), title(9, call_number="M"), 12),
        row("other books keep their material's line",
            ('of = ["book"]\ndays = 12', 'of = ["manga"]\ndays = 20'), KOKORO, 12),
        row("a material's line beats the line for all",
            ("days = 9", 'of = ["book"]\ndays = 20'), KOKORO, 20),
        row("the line for all takes what no other names",
            ("days = 9", 'of = ["book"]\ndays = 20'), KASAJIZO, 9),
        row("of two lines for a material the shorter",
            ('of = ["book"]\ndays = 20', 'of = ["book"]\ndays = 12'), KOKORO, 12),
        row("of two categories the shorter",
            ('of = ["manga"]\ndays = 20', 'of = ["group_loan"]\ndays = 12'),
            title(9, call_number="M", tags=frozenset({"団体貸出用"})), 12),
        row("a line with two sets of one item",
            ('of = ["manga", "group_loan"]\ndays = 12',),
            title(9, call_number="M", tags=frozenset({"団体貸出用"})), 12),
        row("units are compared by what they come to: a week before ten days",
            ('of = ["book"]\ndays = 10', 'of = ["book"]\nweeks = 1'), KOKORO, 7),
        row("units are compared by what they come to: three weeks before a month",
            ('of = ["book"]\nmonths = 1', 'of = ["book"]\nweeks = 3'), KOKORO, 21),
        row("of the same length, the first line",
            ('of = ["book"]\ndays = 14', 'of = ["book"]\nweeks = 2'), KOKORO, 14),
    ],
)  # fmt: skip
def test_the_closest_line_decides_how_long_a_renewal_is(lines, bib, days):
    borrowed = loan(bib, TODAY)

    assert renewal(borrowed, library=by_lines(*lines)).due_on == TODAY + timedelta(days=days)


# ---- Holds and the cart under this policy --------------------------------------------------------------


def test_this_sheet_names_no_number_of_holds_so_all_six_books_fit():
    plan = plan_cart(SOURCE_2, SATO, BOOKS, on(WEB, TODAY))

    assert all(answer.allowed for answer in plan)
    assert decide_hold(SOURCE_2, WATANABE, KOKORO, on(WEB, TODAY)).allowed
    assert [(room.most, room.held, room.left) for room in room_for_holds(SOURCE_2, WATANABE, on(WEB))] == [
        (None, 5, None)
    ]


@pytest.mark.parametrize("name", CAST)
def test_the_cart_takes_what_may_be_held_but_for_reasons_that_mend(name):
    mendable = {Reason.HOLD_LIMIT, Reason.NO_MAIL}

    for bib in ALL_TITLES:
        into_cart = decide_cart(SOURCE_2, CAST[name], bib, on(WEB, TODAY))
        hold = decide_hold(SOURCE_2, CAST[name], bib, on(WEB, TODAY))

        assert into_cart.refusals == tuple(no for no in hold.refusals if no.reason not in mendable)


def test_before_login_the_cart_asks_only_about_the_title():
    for bib in ALL_TITLES:
        assert decide_cart(SOURCE_2, None, bib, on(WEB, TODAY)) == decide_title_hold(SOURCE_2, bib, on(WEB))


# ---- The card's number (B8, as far as it is used to log in) --------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        row("B8 the number printed between A and A", "A100000001A", "100000001"),
        row("B8 the number alone", "200000002", "200000002"),
        row("B8 small letters from a keyboard", "a300000003a", "300000003"),
        row("B8 full-width, as a Japanese keyboard writes it", "Ａ３０００００００３Ａ", "300000003"),
    ],
)
def test_a_number_is_kept_without_its_letters(typed, kept):
    assert card_number(typed) == kept
    assert decide_login(SOURCE_2, card_number(typed)).allowed


def test_an_old_card_is_told_so_although_its_number_has_the_wrong_beginning_too():
    decision = decide_login(SOURCE_2, card_number("A070000001A"))

    assert decision.reasons == (Reason.BARRED_CARD,)
    assert said(SOURCE_2, decision)[0].startswith("番号が「07」で始まるカードは、以前のカードです。")
