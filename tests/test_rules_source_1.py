"""Source document 1 (利用者のページ) as tables: one sentence a row, under its number in docs/rules.md."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

import rules
from rules import (
    ALWAYS_OPEN,
    Act,
    Availability,
    BibFacts,
    Channel,
    Closure,
    HoldFacts,
    HoldState,
    ItemState,
    OpeningDays,
    Reason,
    Refusal,
    Room,
    card_number,
    decide_cancel,
    decide_cart,
    decide_hold,
    decide_login,
    decide_mail_address,
    decide_password,
    decide_patron_hold,
    decide_pickup,
    decide_pickup_change,
    decide_renewal,
    decide_title_hold,
    is_mail_address,
    item_is,
    location_prefix,
    plan_cart,
    room_for_holds,
)
from tests.facts import (
    ALL_TITLES,
    APRIL_ISSUE,
    BIG_KAMISHIBAI,
    BIG_PICTURE_BOOK,
    BOOKS,
    BOTCHAN,
    CAST,
    DESK,
    DICTIONARY,
    DISCS,
    FEBRUARY_ISSUE,
    IN_LIBRARY_DVD,
    ITO,
    JANUARY_ISSUE,
    KAMISHIBAI,
    KASAJIZO,
    KATO,
    KIOSK,
    KOKORO,
    MAGAZINES,
    MANGA,
    MARCH_ISSUE,
    MONDAYS_CLOSED,
    MORI,
    NEVER_OPEN,
    PHONE,
    SATO,
    SONATAS,
    SONGS,
    SOURCE_1,
    SOURCE_1_TEXT,
    SUZUKI,
    TANAKA,
    TODAY,
    TOWN_HISTORY,
    WATANABE,
    WEB,
    WEEKLY,
    YESTERDAY,
    collect_by,
    due_date,
    edited,
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

# ---- Who may use the page, with which card and password (A2 to A5) --------------------------------------


def test_a2_a_reciprocal_borrower_logs_in_renews_and_is_refused_only_the_hold():
    borrowed = loan(KOKORO)
    mori = with_loans(MORI, borrowed)

    login = decide_login(SOURCE_1, "100000013")
    renewal = decide_renewal(SOURCE_1, mori, borrowed, on(WEB, TODAY))
    hold = decide_hold(SOURCE_1, mori, BOTCHAN, on(WEB, TODAY))

    assert login.allowed
    assert renewal.allowed
    assert said(SOURCE_1, hold) == [SOURCE_1.patron_category("reciprocal").say]


@pytest.mark.parametrize(
    ("typed", "allowed"),
    [
        row("A3 a number that begins with 07 is refused", "070000001", False),
        row("A3 the two figures alone are refused", "07", False),
        row("A3 full-width figures and hyphens do not get round it", "０７-0000-001", False),
        row("A3 the letters of the barcode do not get round it", "A070000001A", False),
        row("A3 a 07 further on is no matter", "100700701", True),
        row("A3 a number that begins with 7 is no matter", "700000001", True),
        row("A3 any other number is let through", "100000001", True),
    ],
)
def test_cards_of_the_old_series_are_renewed_at_the_library_first(typed, allowed):
    assert decide_login(SOURCE_1, card_number(typed)).allowed is allowed


def test_a3_a_barred_number_is_answered_by_its_first_figures_alone_with_the_library_s_sentence():
    # Nothing else is asked: no patron, no password, no number of digits.
    decision = decide_login(SOURCE_1, "07")

    assert decision.refusals == (Refusal(Reason.BARRED_CARD, {"prefix": "07"}, SOURCE_1.card.barred[0].say),)
    assert said(SOURCE_1, decision)[0].startswith("番号が「07」で始まる利用券は")


@pytest.mark.parametrize(
    "typed",
    [
        row("figures as they are", "100000001"),
        row("full-width figures", "１０００００００１"),
        row("blanks around and between", " 100 000 001 "),
        row("an ideographic blank", "100\u3000000001"),
        row("a tab and a line end from a scanner", "100000001\t\r\n"),
        row("hyphens", "100-000-001"),
        row("a full-width hyphen", "100－000－001"),
        row("a long-vowel sign typed for a hyphen", "100ー000ー001"),
        row("a half-width long-vowel sign", "100ｰ000ｰ001"),
        row("a minus sign and a dash", "100−000—001"),
        row("the letters of the barcode", "A100000001A"),
        row("small letters", "a100000001a"),
        row("full-width letters", "Ａ１０００００００１Ａ"),
        row("letters with blanks", "A 100000001 A"),
        row("other start and stop letters", "B100000001D"),
    ],
)
def test_a_card_number_is_the_same_however_it_is_typed(typed):
    assert card_number(typed) == "100000001"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        row("one letter is no frame", "A100000001", "A100000001"),
        row("E is no letter of NW-7", "E100000001E", "E100000001E"),
        row("a frame around nothing stays", "AA", "AA"),
        row("a letter inside stays", "12a34", "12A34"),
        row("zeros in front stay", "070000001", "070000001"),
        row("nothing stays nothing", " \u3000", ""),
    ],
)
def test_what_is_no_frame_of_a_barcode_is_kept(typed, kept):
    assert card_number(typed) == kept


SHORT, UNPRINTABLE = Reason.PASSWORD_SHORT, Reason.PASSWORD_UNPRINTABLE


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        row("A4 eight letters and figures", "abcd1234", ()),
        row("A4 eight letters only", "abcdefgh", ()),
        row("A4 eight figures only", "12345679", ()),
        row("A4 seven are too few", "abc1234", (SHORT,)),
        row("A4 none are too few", "", (SHORT,)),
        row("A4 signs and quotes are welcome", "%'\"<>&;\\", ()),
        row("A4 eight Japanese characters are welcome", "ひまわりの丘二〇", ()),
        row("A4 seven Japanese characters are too few", "ひまわりの丘に", (SHORT,)),
        row("A4 a blank inside counts", "abcd 123", ()),
        row("A4 blanks at the ends do not count", " abc1234 ", (SHORT,)),
        row("A4 eight between blanks are enough", " abcd1234 ", ()),
        row("A4 eight blanks are none", " " * 8, (SHORT,)),
        row("A4 a tab is refused", "abcd\t1234", (UNPRINTABLE,)),
        row("A4 a NUL is refused", "abcd\x001234", (UNPRINTABLE,)),
        row("A4 a line end is refused", "abcd1234\n", (UNPRINTABLE,)),
        row("A4 short and unprintable are both said", "abc\x1b", (SHORT, UNPRINTABLE)),
    ],
)
def test_a_password_is_what_the_sheet_asks_for(password, expected):
    assert decide_password(SOURCE_1, password).reasons == expected


def test_a4_the_sentence_names_how_many_characters_the_policy_asks_for():
    ten = policy(SOURCE_1_TEXT, ("at_least = 8", "at_least = 10"))

    decision = decide_password(ten, "123456789")

    assert said(ten, decision) == ["パスワードは10文字以上にしてください。"]
    assert decide_password(ten, "1234567890").allowed


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        row("A7 an ordinary address", "hana@example.jp", True),
        row("A7 signs that addresses may have", "hana.sato+shiori_2026@example.jp", True),
        row("A7 dots in a row, as phone companies once gave out", "hana..sato@docomo.example.jp", True),
        row("A7 a dot before the at sign, likewise", "hana.@example.jp", True),
        row("A7 a domain of many parts", "h@lib.town.shiori.kagawa.jp", True),
        row("A7 a domain with a hyphen", "h@shiori-town.jp", True),
        row("A7 64 characters before the at sign", "a" * 64 + "@example.jp", True),
        row("A7 65 characters before the at sign", "a" * 65 + "@example.jp", False),
        row("A7 254 characters", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 58}.jp", True),
        row("A7 255 characters", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 59}.jp", False),
        row("A7 64 characters in a part of the domain", f"hana@{'b' * 64}.jp", False),
        row("A7 nothing", "", False),
        row("A7 no at sign", "hana.example.jp", False),
        row("A7 two at signs", "hana@sato@example.jp", False),
        row("A7 nothing before the at sign", "@example.jp", False),
        row("A7 nothing after it", "hana@", False),
        row("A7 a host without a dot", "hana@localhost", False),
        row("A7 two dots in the domain", "hana@example..jp", False),
        row("A7 a dot at the end", "hana@example.jp.", False),
        row("A7 a hyphen at the end of a part", "hana@example-.jp", False),
        row("A7 figures as the last part", "hana@192.168.0.1", False),
        row("A7 one letter as the last part", "hana@example.j", False),
        row("A7 full-width letters", "ｈａｎａ@example.jp", False),
        row("A7 a full-width at sign", "hana＠example.jp", False),
        row("A7 a blank inside", "hana sato@example.jp", False),
        row("A7 a line end, which would start a new header", "hana@example.jp\nBcc: x@example.jp", False),
        row("A7 a line end after it", "hana@example.jp\n", False),
        row("A7 a comma, which would make two addresses", "hana@example.jp,taro@example.jp", False),
        row("A7 a name with angle brackets", "Hana <hana@example.jp>", False),
    ],
)
def test_a_mail_address_has_a_form_that_can_be_delivered_to(address, allowed):
    assert decide_mail_address(SOURCE_1, address).allowed is allowed
    assert is_mail_address(address) is allowed


# ---- What can be held, by whom, by which way (A2, A5, A7, A9, A14) --------------------------------------

NOT_HERE, NOT_AT_ALL = Reason.NOT_HOLDABLE_HERE, Reason.NOT_HOLDABLE

HOLDS = [
    row("A2 a reciprocal borrower is refused on the web", MORI, KOKORO, WEB, [Reason.CATEGORY_MAY_NOT_HOLD]),
    row(
        "A2 a reciprocal borrower is refused at the desk", MORI, KOKORO, DESK, [Reason.CATEGORY_MAY_NOT_HOLD]
    ),
    row("A5 a resident may hold", SATO, KOKORO, WEB, []),
    row("A5 a commuter or student may hold", TANAKA, KOKORO, WEB, []),
    row(
        "A5 a patron of a category that the policy does not know is refused",
        replace(SATO, category="visitor"),
        KOKORO,
        WEB,
        [Reason.CATEGORY_MAY_NOT_HOLD],
    ),
    row("A7 without a mail address nothing is held", KATO, KOKORO, WEB, [Reason.NO_MAIL]),
    row("A7 without a mail address nothing is held at the desk", KATO, KOKORO, DESK, [Reason.NO_MAIL]),
    row("A9 the newest issue of a magazine is refused on the web", SATO, APRIL_ISSUE, WEB, [NOT_HERE]),
    row("A9 nor at a terminal", SATO, APRIL_ISSUE, KIOSK, [NOT_HERE]),
    row("A9 the newest issue of a magazine is allowed at the desk", SATO, APRIL_ISSUE, DESK, []),
    row("A9 the newest issue of a magazine is allowed by phone", SATO, APRIL_ISSUE, PHONE, []),
    row("A9 the issue before the newest is allowed on the web", SATO, MARCH_ISSUE, WEB, []),
    row("A14 the newest issue of a magazine is not held on the web", SATO, APRIL_ISSUE, WEB, [NOT_HERE]),
    row("A14 a work of reference is not held on the web", SATO, DICTIONARY, WEB, [NOT_AT_ALL]),
    row("A14 a work of reference is not held at the desk", SATO, DICTIONARY, DESK, [NOT_AT_ALL]),
    row("A14 a local document is not held on the web", SATO, TOWN_HISTORY, WEB, [NOT_AT_ALL]),
    row("A14 a local document is not held at the desk", SATO, TOWN_HISTORY, DESK, [NOT_AT_ALL]),
    row("A14 a manga is not held on the web", SATO, MANGA, WEB, [NOT_AT_ALL]),
    row("A14 a manga is not held at the desk", SATO, MANGA, DESK, [NOT_AT_ALL]),
    row("A14 a weekly is not held on the web", SATO, WEEKLY, WEB, [NOT_AT_ALL]),
    row("A14 a weekly is not held at the desk", SATO, WEEKLY, DESK, [NOT_AT_ALL]),
    row("A14 a DVD for the library only is not held on the web", SATO, IN_LIBRARY_DVD, WEB, [NOT_AT_ALL]),
    row("A14 a DVD for the library only is not held at the desk", SATO, IN_LIBRARY_DVD, DESK, [NOT_AT_ALL]),
    row(
        "A14 a big picture book for groups is not held on the web", SATO, BIG_PICTURE_BOOK, WEB, [NOT_AT_ALL]
    ),
    row(
        "A14 a big picture book for groups is not held at the desk",
        SATO,
        BIG_PICTURE_BOOK,
        DESK,
        [NOT_AT_ALL],
    ),
    row("A14 a big kamishibai for groups is not held on the web", SATO, BIG_KAMISHIBAI, WEB, [NOT_AT_ALL]),
    row("A14 a big kamishibai for groups is not held at the desk", SATO, BIG_KAMISHIBAI, DESK, [NOT_AT_ALL]),
    row("A14 nor by phone", SATO, DICTIONARY, PHONE, [NOT_AT_ALL]),
    row("A14 nor at a kiosk", SATO, DICTIONARY, KIOSK, [NOT_AT_ALL]),
    row("A14 an ordinary book is held", SATO, KOKORO, WEB, []),
    row("A14 a kamishibai for one family is held", SATO, KASAJIZO, WEB, []),
    row("A14 a disc that goes home is held", SATO, SONGS, WEB, []),
    row("A14 a call number of AV is not local", SATO, title(91, call_number="AV 778"), WEB, []),
    row("A14 a call number of RB is not reference", SATO, title(92, call_number="RB 1"), WEB, []),
    row("A14 an R further on is not reference", SATO, title(93, call_number="913 R"), WEB, []),
    row("A14 a small full-width r is reference", SATO, title(94, call_number="ｒ 813"), WEB, [NOT_AT_ALL]),
    row(
        "A14 a book with the mark of those DVDs is not one of them",
        SATO,
        title(95, tags=frozenset({"館内用"})),
        WEB,
        [],
    ),
    row(
        "A14 the newest issue of a weekly has both reasons, and nobody is sent to a desk that refuses",
        SATO,
        title(96, "magazine", tags=frozenset({"週刊誌"}), newest_issue=True),
        WEB,
        [NOT_AT_ALL, NOT_AT_ALL],
    ),
    row("a card that has expired holds nothing", ITO, KOKORO, WEB, [Reason.CARD_EXPIRED]),
    row("a card that has expired holds nothing at the desk", ITO, KOKORO, DESK, [Reason.CARD_EXPIRED]),
    row("on the card's last day it holds", replace(SATO, card_expires_on=TODAY), KOKORO, WEB, []),
    row("a card without a last day holds", replace(SATO, card_expires_on=None), KOKORO, WEB, []),
    row("an overdue item does not keep from holding", SUZUKI, KOKORO, WEB, []),
    row(
        "a title that is held already is refused",
        WATANABE,
        BOTCHAN,
        WEB,
        [
            Reason.ALREADY_HELD,
            Reason.HOLD_LIMIT,
        ],
    ),
    row("a title that is out to the patron is refused", SUZUKI, SONATAS, WEB, [Reason.ALREADY_ON_LOAN]),
]


@pytest.mark.parametrize(("patron", "bib", "channel", "expected"), HOLDS)
def test_a_hold_is_answered_as_the_sheet_says(patron, bib, channel, expected):
    decision = decide_hold(SOURCE_1, patron, bib, on(channel, TODAY))

    assert list(decision.reasons) == expected
    assert decision.allowed is (not expected)


@pytest.mark.parametrize("name", CAST)
@pytest.mark.parametrize("channel", [WEB, DESK])
def test_what_stands_against_every_hold_of_a_patron_stands_against_each(name, channel):
    in_general = decide_patron_hold(SOURCE_1, CAST[name], on(channel, TODAY))

    for bib in ALL_TITLES:
        one = decide_hold(SOURCE_1, CAST[name], bib, on(channel, TODAY))
        assert one.refusals[: len(in_general.refusals)] == in_general.refusals


@pytest.mark.parametrize(
    ("patron", "expected"),
    [
        row("A2 a reciprocal borrower holds nothing", MORI, (Reason.CATEGORY_MAY_NOT_HOLD,)),
        row("an expired card holds nothing", ITO, (Reason.CARD_EXPIRED,)),
        row(
            "an expired card of a reciprocal borrower holds nothing for both reasons",
            replace(MORI, card_expires_on=YESTERDAY),
            (Reason.CARD_EXPIRED, Reason.CATEGORY_MAY_NOT_HOLD),
        ),
        row("a full limit is no matter of every title", WATANABE, ()),
        row("nor is a missing address, which mends in the cart", KATO, ()),
        row("A5 a resident may hold", SATO, ()),
    ],
)
def test_whether_a_patron_may_hold_at_all(patron, expected):
    assert decide_patron_hold(SOURCE_1, patron, on(WEB, TODAY)).reasons == expected


def test_a7_a_library_that_does_not_ask_for_an_address_lets_hold_without_one():
    library = policy(SOURCE_1_TEXT, ("needs_mail = true", "needs_mail = false"))

    assert decide_hold(library, KATO, KOKORO, on(WEB, TODAY)).allowed


def test_a9_the_refusal_of_the_newest_issue_sends_the_patron_to_the_desk():
    decision = decide_title_hold(SOURCE_1, APRIL_ISSUE, on(WEB))

    assert said(SOURCE_1, decision) == ["雑誌の最新号は、Webでは予約できません。窓口でお申し込みください。"]
    assert decision.refusals[0].facts == {"what": ["newest issue"], "here": WEB, "at": [DESK, PHONE]}


@pytest.mark.parametrize(
    ("bib", "name"),
    [
        row("A14 reference", DICTIONARY, "参考資料"),
        row("A14 local", TOWN_HISTORY, "郷土資料"),
        row("A14 manga", MANGA, "マンガ"),
        row("A14 weekly", WEEKLY, "週刊誌"),
        row("A14 in-library DVD", IN_LIBRARY_DVD, "DVD(館内用)"),
        row("A14 group loan, a book", BIG_PICTURE_BOOK, "団体貸出用資料(大型絵本・大型紙芝居)"),
        row("A14 group loan, a kamishibai", BIG_KAMISHIBAI, "団体貸出用資料(大型絵本・大型紙芝居)"),
    ],
)
def test_a_kind_that_cannot_be_held_is_named(bib, name):
    decision = decide_title_hold(SOURCE_1, bib, on(WEB))

    assert said(SOURCE_1, decision) == [f"予約できません({name})。"]


def test_a14_a_title_of_which_one_copy_can_be_held_can_be_held():
    both = BibFacts(1, "book", (*DICTIONARY.items, *KOKORO.items))

    assert decide_title_hold(SOURCE_1, both, on(WEB)).allowed


def test_a14_a_title_of_which_no_copy_can_be_held_gives_each_reason_once():
    copies = (*DICTIONARY.items, *MANGA.items, *DICTIONARY.items)

    decision = decide_title_hold(SOURCE_1, BibFacts(1, "book", copies), on(WEB))

    assert said(SOURCE_1, decision) == ["予約できません(参考資料)。", "予約できません(マンガ)。"]


@pytest.mark.parametrize(
    ("call_number", "prefix"),
    [
        ("R 813 コ", "R"),
        ("R813", "R"),
        ("Ｒ 813", "R"),
        ("r 813", "R"),
        ("  R 813", "R"),
        ("\u3000R 813", "R"),
        ("AV 778", "AV"),
        ("913 ナ", ""),
        ("913.6 R", ""),
        ("紙 カ", ""),
        ("シ 1", "シ"),
        ("ｶﾞ 1", "ガ"),
        ("ビデオ 7", "ビデオ"),
        ("カー 1", "カー"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_the_letters_or_kana_that_a_call_number_opens_with_say_where_it_stands(call_number, prefix):
    assert location_prefix(call_number) == prefix


@pytest.mark.parametrize("written", ["R", "r", "Ｒ", "ｒ", " R "])
def test_a_clerk_may_write_the_letter_of_a_call_number_in_any_width(written):
    library = policy(
        SOURCE_1_TEXT, ('when = { call_number = "R" }', f'when = {{ call_number = "{written}" }}')
    )

    assert item_is(library, DICTIONARY.items[0], "reference", TODAY)
    assert not item_is(library, KOKORO.items[0], "reference", TODAY)
    assert not item_is(library, item(call_number="RB 1"), "reference", TODAY)


@pytest.mark.parametrize(
    ("name", "facts", "belongs"),
    [
        row("a material has its items, whatever their categories", "book", {"call_number": "R 8"}, True),
        row("and no others", "book", {"material": "av"}, False),
        row("a category by material and tag needs both: here are both", "in_library_dvd",
            {"material": "av", "tags": frozenset({"館内用"})}, True),
        row("here is the tag alone", "in_library_dvd", {"tags": frozenset({"館内用"})}, False),
        row("here is the material alone", "in_library_dvd", {"material": "av"}, False),
        row("one tag among others is enough", "weekly", {"tags": frozenset({"週刊誌", "新刊"})}, True),
        row("part of a tag is not", "weekly", {"tags": frozenset({"週刊誌別冊"})}, False),
        row("the newest issue is a built-in word", "newest issue", {"newest_issue": True}, True),
        row("other issues are not", "newest issue", {"newest_issue": False}, False),
    ],
)  # fmt: skip
def test_an_item_belongs_to_what_a_line_names(name, facts, belongs):
    assert item_is(SOURCE_1, item(**facts), name, TODAY) is belongs


# ---- How many (A15) ------------------------------------------------------------------------------------

LIMITS = [
    row("A15 books, of which five fit", BOOKS, 5, "図書"),
    row("A15 magazines, of which two fit", MAGAZINES, 2, "雑誌"),
    row("A15 audio-visual items, of which two fit", DISCS, 2, "視聴覚資料"),
    row("A15 kamishibai, of which two fit", KAMISHIBAI, 2, "紙芝居"),
]


@pytest.mark.parametrize("channel", [WEB, DESK])
@pytest.mark.parametrize(("bibs", "most", "name"), LIMITS)
def test_the_last_that_fits_is_taken_and_the_next_is_refused(bibs, most, name, channel):
    *before, last = bibs[:most]
    one_left = with_holds(SATO, *before)
    full = with_holds(one_left, last)

    fits = decide_hold(SOURCE_1, one_left, last, on(channel, TODAY))
    too_many = decide_hold(SOURCE_1, full, bibs[most], on(channel, TODAY))

    assert fits.allowed
    assert too_many.refusals == (Refusal(Reason.HOLD_LIMIT, {"what": [name], "most": most, "held": most}),)
    assert said(SOURCE_1, too_many)[0].startswith(f"{name}の予約は{most}点までです(予約中 {most}点)。")


@pytest.mark.parametrize("state", [state for state in HoldState if state not in rules.CLOSED_HOLD_STATES])
def test_a15_a_hold_counts_as_long_as_it_is_open_desk_and_web_together(state):
    # Facts of a hold do not even say by which way it was placed: the counter cannot tell them apart.
    full = with_holds(SATO, *DISCS[:2], state=state)

    for channel in Channel:
        assert decide_hold(SOURCE_1, full, SONATAS, on(channel, TODAY)).reasons == (Reason.HOLD_LIMIT,)


def test_a15_a_full_limit_leaves_the_other_kinds_alone():
    for bib in (MARCH_ISSUE, SONGS, KASAJIZO):
        assert decide_hold(SOURCE_1, WATANABE, bib, on(WEB, TODAY)).allowed


def test_a15_the_room_that_is_left_is_shown_before_anything_is_pressed():
    patron = with_holds(WATANABE, SONGS)

    rooms = room_for_holds(SOURCE_1, patron, on(WEB))

    assert rooms == [
        Room(("図書",), 5, 5),
        Room(("雑誌",), 2, 0),
        Room(("視聴覚資料",), 2, 1),
        Room(("紙芝居",), 2, 0),
    ]
    assert [room.left for room in rooms] == [0, 2, 1, 2]


def test_a15_more_holds_than_the_limit_leave_no_room_and_not_less_than_none():
    # The limit may have been lowered since.
    assert Room(("図書",), 2, 5).left == 0


def test_a15_a_title_without_copies_still_counts_as_its_material():
    gone = tuple(BibFacts(n, "av") for n in (51, 52))

    decision = decide_hold(SOURCE_1, with_holds(SATO, *gone), SONGS, on(WEB, TODAY))

    assert decision.reasons == (Reason.HOLD_LIMIT,)


BOOK_LIMIT = 'of = ["book"]\nmost = 5'


@pytest.mark.parametrize(
    ("line", "held", "expected"),
    [
        row("0 is none", 'of = ["book"]\nmost = 0', (), [Reason.HOLD_LIMIT]),
        row("unlimited is no bound", 'of = ["book"]\nmost = "unlimited"', BOOKS[1:], []),
        row("no line at all refuses", 'of = ["manga"]\nmost = 5', (), [Reason.NO_HOLD_RULE]),
        row("1 admits one", 'of = ["book"]\nmost = 1', (), []),
        row("1 refuses the second", 'of = ["book"]\nmost = 1', BOOKS[1:2], [Reason.HOLD_LIMIT]),
    ],
)
def test_zero_unlimited_and_no_line_are_three_things(line, held, expected):
    library = policy(SOURCE_1_TEXT, (BOOK_LIMIT, line))

    decision = decide_hold(library, with_holds(SATO, *held), KOKORO, on(WEB, TODAY))

    assert list(decision.reasons) == expected


def test_a_kind_for_which_there_is_no_limit_line_is_named_in_the_refusal():
    library = policy(SOURCE_1_TEXT, ('of = ["kamishibai"]\nmost = 2', 'of = ["weekly"]\nmost = 2'))

    decision = decide_title_hold(library, KASAJIZO, on(WEB))

    assert said(library, decision) == ["紙芝居は、予約を受け付けていません。"]


def test_the_missing_limit_line_is_said_only_where_nothing_else_refuses():
    library = policy(SOURCE_1_TEXT, (BOOK_LIMIT, 'of = ["weekly"]\nmost = 5'))

    assert decide_title_hold(library, DICTIONARY, on(WEB)).reasons == (Reason.NOT_HOLDABLE,)


def test_an_unlimited_room_has_no_number_left():
    library = policy(SOURCE_1_TEXT, (BOOK_LIMIT, 'of = ["book"]\nmost = "unlimited"'))

    assert room_for_holds(library, WATANABE, on(WEB))[0] == Room(("図書",), None, 5)
    assert room_for_holds(library, WATANABE, on(WEB))[0].left is None


def test_a_total_and_a_smaller_limit_inside_it_both_apply():
    library = policy(
        SOURCE_1_TEXT,
        (BOOK_LIMIT, 'of = ["book", "magazine", "av", "kamishibai"]\nmost = 3'),
    )
    two_discs = with_holds(SATO, SONGS, DISCS[1])

    with_two_discs = decide_hold(library, two_discs, SONATAS, on(WEB, TODAY))
    full = decide_hold(library, with_holds(two_discs, KOKORO), SONATAS, on(WEB, TODAY))

    assert [refusal.facts["most"] for refusal in with_two_discs.refusals] == [2]
    assert [refusal.facts["most"] for refusal in full.refusals] == [3, 2]


def test_a_limit_may_count_a_category_that_crosses_materials():
    library = policy(
        SOURCE_1_TEXT,
        ('"manga", "weekly"', '"weekly"'),
        (BOOK_LIMIT, f'{BOOK_LIMIT}\n[[hold.limit]]\nof = ["manga"]\nmost = 1'),
    )
    one_manga = with_holds(SATO, MANGA)

    second_manga = decide_hold(library, one_manga, title(98, call_number="M"), on(WEB, TODAY))
    manga_on_a_disc = decide_hold(library, one_manga, title(99, "av", call_number="M"), on(WEB, TODAY))

    assert [refusal.facts["what"] for refusal in second_manga.refusals] == [["マンガ"]]
    assert manga_on_a_disc.reasons == (Reason.HOLD_LIMIT,)
    assert decide_hold(library, one_manga, KOKORO, on(WEB, TODAY)).allowed


# ---- The cart and its registration (A12) ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("pickup", "contact", "expected"),
    [
        row("A12 the main library and mail", "main", "mail", ()),
        row("A12 the east branch and mail", "east", "mail", ()),
        row("A12 the west branch and mail", "west", "mail", ()),
        row("A12 no other contact than mail", "main", "phone", (Reason.UNKNOWN_CONTACT,)),
        row("A12 not even none", "main", "none", (Reason.UNKNOWN_CONTACT,)),
        row("A12 a branch that is not there", "north", "mail", (Reason.UNKNOWN_PICKUP,)),
        row("A12 nothing chosen", None, None, (Reason.UNKNOWN_PICKUP, Reason.UNKNOWN_CONTACT)),
        row("A12 blanks", "", "", (Reason.UNKNOWN_PICKUP, Reason.UNKNOWN_CONTACT)),
    ],
)
def test_the_cart_is_registered_with_a_branch_and_a_contact_of_the_library(pickup, contact, expected):
    assert decide_pickup(SOURCE_1, pickup, contact, on(WEB)).reasons == expected


def test_a12_of_six_books_five_fit_in_the_listed_order_and_the_sixth_stays_with_its_reason():
    plan = plan_cart(SOURCE_1, SATO, BOOKS, on(WEB, TODAY))

    assert [answer.allowed for answer in plan] == [True] * 5 + [False]
    assert plan[5].refusals == (Refusal(Reason.HOLD_LIMIT, {"what": ["図書"], "most": 5, "held": 5}),)


def test_a12_the_order_of_the_cart_decides_which_book_stays():
    plan = plan_cart(SOURCE_1, SATO, BOOKS[::-1], on(WEB, TODAY))

    assert [answer.allowed for answer in plan] == [True] * 5 + [False]


def test_a12_what_is_refused_takes_no_room_and_each_kind_has_its_own():
    cart = {
        KOKORO: (),
        APRIL_ISSUE: (Reason.NOT_HOLDABLE_HERE,),
        JANUARY_ISSUE: (),
        SONGS: (),
        DICTIONARY: (Reason.NOT_HOLDABLE,),
        FEBRUARY_ISSUE: (),
        MARCH_ISSUE: (Reason.HOLD_LIMIT,),
        BOTCHAN: (),
        KASAJIZO: (),
        SONATAS: (),
        DISCS[1]: (Reason.HOLD_LIMIT,),
    }

    plan = plan_cart(SOURCE_1, SATO, list(cart), on(WEB, TODAY))

    assert [answer.reasons for answer in plan] == list(cart.values())


def test_a12_a_title_that_is_in_the_list_twice_is_held_once():
    plan = plan_cart(SOURCE_1, SATO, [KOKORO, KOKORO], on(WEB, TODAY))

    assert [answer.reasons for answer in plan] == [(), (Reason.ALREADY_HELD,)]


def test_a12_an_empty_cart_has_an_empty_plan():
    assert plan_cart(SOURCE_1, SATO, [], on(WEB, TODAY)) == []


@pytest.mark.parametrize("name", CAST)
@pytest.mark.parametrize("channel", [WEB, DESK])
def test_the_cart_takes_what_may_be_held_but_for_reasons_that_mend(name, channel):
    mendable = {Reason.HOLD_LIMIT, Reason.NO_MAIL}

    for bib in ALL_TITLES:
        into_cart = decide_cart(SOURCE_1, CAST[name], bib, on(channel, TODAY))
        hold = decide_hold(SOURCE_1, CAST[name], bib, on(channel, TODAY))

        assert into_cart.refusals == tuple(no for no in hold.refusals if no.reason not in mendable)


def test_a_full_limit_and_a_missing_address_keep_nothing_out_of_the_cart():
    assert decide_cart(SOURCE_1, WATANABE, KOKORO, on(WEB, TODAY)).allowed
    assert decide_cart(SOURCE_1, KATO, KOKORO, on(WEB, TODAY)).allowed
    assert not decide_cart(SOURCE_1, MORI, KOKORO, on(WEB, TODAY)).allowed


def test_before_login_the_cart_asks_only_about_the_title():
    for bib in ALL_TITLES:
        for channel in Channel:
            visitor = decide_cart(SOURCE_1, None, bib, on(channel, TODAY))

            assert visitor == decide_title_hold(SOURCE_1, bib, on(channel))
    assert decide_cart(SOURCE_1, None, KOKORO, on(WEB, TODAY)).allowed
    assert not decide_cart(SOURCE_1, None, DICTIONARY, on(WEB, TODAY)).allowed


@pytest.mark.parametrize("patron", [None, SATO], ids=["before login", "after login"])
def test_the_cart_holds_fifty_titles(patron):
    fiftieth = decide_cart(SOURCE_1, patron, KOKORO, on(WEB, TODAY), in_cart=49)
    next_one = decide_cart(SOURCE_1, patron, KOKORO, on(WEB, TODAY), in_cart=50)
    not_holdable = decide_cart(SOURCE_1, patron, DICTIONARY, on(WEB, TODAY), in_cart=51)

    assert fiftieth.allowed
    assert next_one.refusals == (Refusal(Reason.CART_FULL, {"most": 50}),)
    assert not_holdable.reasons == (Reason.NOT_HOLDABLE, Reason.CART_FULL)


def test_everything_that_stands_against_a_hold_is_said_at_once():
    patron = replace(
        MORI,
        card_expires_on=YESTERDAY,
        has_mail=False,
        holds=(HoldFacts(KOKORO, HoldState.WAITING), HoldFacts(BOTCHAN, HoldState.READY)),
        loans=(loan(APRIL_ISSUE),),
    )
    full = with_holds(patron, APRIL_ISSUE, MARCH_ISSUE)

    decision = decide_hold(SOURCE_1, full, APRIL_ISSUE, on(WEB, TODAY))

    assert decision.reasons == (
        Reason.CARD_EXPIRED,
        Reason.CATEGORY_MAY_NOT_HOLD,
        Reason.NO_MAIL,
        Reason.NOT_HOLDABLE_HERE,
        Reason.ALREADY_HELD,
        Reason.ALREADY_ON_LOAN,
        Reason.HOLD_LIMIT,
    )
    assert len(set(said(SOURCE_1, decision))) == 7


# ---- Renewal (A18) -------------------------------------------------------------------------------------

DUE = date(2021, 1, 25)


@pytest.mark.parametrize("days_before", [0, 1, 5, 13, 14])
def test_a18_two_weeks_from_the_first_due_date_whichever_day_until_then_it_is_asked(days_before):
    borrowed = loan(KOKORO, DUE)

    decision = decide_renewal(
        SOURCE_1, with_loans(SATO, borrowed), borrowed, on(WEB, DUE - timedelta(days=days_before))
    )

    assert decision.allowed
    assert decision.due_on == date(2021, 2, 8)


@pytest.mark.parametrize("bib", [KOKORO, MARCH_ISSUE, SONGS, KASAJIZO], ids=lambda bib: bib.material)
def test_a18_the_two_weeks_are_the_same_for_every_material(bib):
    borrowed = loan(bib, DUE)

    decision = decide_renewal(SOURCE_1, with_loans(SATO, borrowed), borrowed, on(WEB, DUE))

    assert decision.due_on == DUE + timedelta(days=14)


CANNOT, USED_UP = "更新できません", "更新回数に達しました"


@pytest.mark.parametrize(
    ("facts", "reasons", "sentences"),
    [
        row("A18 a loan in time is renewed", {}, [], []),
        row("A18 on its last day it is renewed", {"due_on": TODAY}, [], []),
        row("A18 a day late it is not", {"due_on": YESTERDAY}, [Reason.OVERDUE], [CANNOT]),
        row("A18 renewed once it is not", {"renewals": 1}, [Reason.RENEWED], [USED_UP]),
        row("A18 renewed more often than allowed it is not", {"renewals": 2}, [Reason.RENEWED], [USED_UP]),
        row("A18 waited for by somebody it is not", {"waiting": 1}, [Reason.HELD], [CANNOT]),
        row(
            "A18 late and renewed has both reasons",
            {"due_on": YESTERDAY, "renewals": 1},
            [Reason.OVERDUE, Reason.RENEWED],
            [CANNOT, USED_UP],
        ),
        row(
            "A18 late, renewed and waited for has all three",
            {"due_on": YESTERDAY, "renewals": 1, "waiting": 2},
            [Reason.OVERDUE, Reason.RENEWED, Reason.HELD],
            [CANNOT, USED_UP, CANNOT],
        ),
    ],
)  # fmt: skip
def test_a_renewal_is_answered_as_the_sheet_says(facts, reasons, sentences):
    borrowed = loan(KOKORO, **facts)

    decision = decide_renewal(SOURCE_1, with_loans(SATO, borrowed), borrowed, on(WEB, TODAY))

    assert list(decision.reasons) == reasons
    pairs = zip(said(SOURCE_1, decision), sentences, strict=True)
    assert [sentence[: len(begin)] for sentence, begin in pairs] == sentences
    assert (decision.due_on is None) is bool(reasons)


def test_a18_the_sentences_give_the_numbers():
    borrowed = loan(KOKORO, TODAY - timedelta(days=3), renewals=1, waiting=2)

    decision = decide_renewal(SOURCE_1, with_loans(SATO, borrowed), borrowed, on(WEB, TODAY))

    assert said(SOURCE_1, decision) == [
        "更新できません。返却期限を3日過ぎています。図書館へお返しください。",
        "更新回数に達しました(1回まで)。期限までにお返しください。",
        "更新できません。予約待ちの方が2人います。期限までにお返しください。",
    ]


def test_a18_another_item_that_is_overdue_does_not_stand_in_the_way():
    borrowed = loan(KOKORO)

    assert decide_renewal(SOURCE_1, with_loans(SUZUKI, borrowed), borrowed, on(WEB, TODAY)).allowed


def test_a18_an_item_from_another_library_is_renewed_since_this_sheet_does_not_exclude_it():
    borrowed = loan(title(1, interlibrary=True))

    assert decide_renewal(SOURCE_1, with_loans(SATO, borrowed), borrowed, on(WEB, TODAY)).allowed


def test_a18_where_the_policy_does_not_name_holds_a_title_is_renewed_though_somebody_waits():
    library = policy(SOURCE_1_TEXT, ('refused = ["overdue", "held"]', 'refused = ["overdue"]'))
    borrowed = loan(KOKORO, waiting=3)

    assert decide_renewal(library, with_loans(SATO, borrowed), borrowed, on(WEB, TODAY)).allowed


@pytest.mark.parametrize("times", [0, 1, 3])
def test_a18_a_policy_of_n_times_allows_exactly_n(times):
    library = policy(SOURCE_1_TEXT, ("times = 1", f"times = {times}"))

    answers = [
        decide_renewal(library, SATO, loan(KOKORO, renewals=renewals), on(WEB, TODAY)).allowed
        for renewals in range(5)
    ]

    assert answers == [True] * times + [False] * (5 - times)


def test_a18_a_new_due_date_on_a_closed_day_moves_to_the_next_open_day():
    closed = OpeningDays((Closure(weekday=0),), closed=frozenset({date(2021, 2, 9)}))

    decision = decide_renewal(SOURCE_1, SATO, loan(KOKORO, DUE), on(WEB, DUE), closed)

    assert decision.due_on == date(2021, 2, 10)


def test_a18_without_an_open_day_ahead_there_is_no_new_due_date():
    decision = decide_renewal(
        SOURCE_1, replace(SATO, card_expires_on=None), loan(KOKORO), on(WEB, TODAY), NEVER_OPEN
    )

    assert decision.reasons == (Reason.NO_OPEN_DAY,)
    assert decision.due_on is None
    assert said(SOURCE_1, decision)[0].startswith(CANNOT)


# ---- Expired cards -------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", [WEB, DESK])
def test_an_expired_card_renews_nothing_and_the_sentence_names_its_last_day(channel):
    borrowed = loan(KOKORO)

    decision = decide_renewal(SOURCE_1, with_loans(ITO, borrowed), borrowed, on(channel, TODAY))

    assert decision.refusals == (Refusal(Reason.CARD_EXPIRED, {"day": YESTERDAY}),)
    assert "利用券の有効期限(2026年3月31日(火))" in said(SOURCE_1, decision)[0]


EXPIRED_BLOCK = 'when = { card = "expired" }\nstops = ["loan", "hold", "renewal"]'


def test_where_no_block_stops_an_expired_card_its_loans_are_renewed_in_full():
    library = policy(SOURCE_1_TEXT, (EXPIRED_BLOCK, 'when = { card = "expired" }\nstops = ["loan"]'))
    borrowed = loan(KOKORO)

    decision = decide_renewal(library, with_loans(ITO, borrowed), borrowed, on(WEB, TODAY))

    assert decision.allowed
    assert decision.due_on == borrowed.due_on + timedelta(days=14)


def test_a_renewal_ends_with_the_card():
    borrowed = loan(KOKORO)
    expires_on = borrowed.due_on + timedelta(days=4)
    patron = replace(SATO, card_expires_on=expires_on, loans=(borrowed,))

    assert decide_renewal(SOURCE_1, patron, borrowed, on(WEB, TODAY)).due_on == expires_on


def test_a_renewal_that_the_card_s_last_day_leaves_no_day_is_refused_without_a_day_to_come_back():
    borrowed = loan(KOKORO)
    patron = replace(SATO, card_expires_on=borrowed.due_on, loans=(borrowed,))

    decision = decide_renewal(SOURCE_1, patron, borrowed, on(WEB, TODAY))

    assert decision.refusals == (Refusal(Reason.NO_DAY_GAINED, {"from_on": None}),)
    assert said(SOURCE_1, decision) == [
        "更新できません。これより先に期限を延ばせません。窓口でおたずねください。"
    ]


APRIL = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("lent_on", "expires_on", "expected"),
    [
        row("a card that outlives the loan cuts nothing", APRIL, date(2026, 4, 16), date(2026, 4, 15)),
        row("a card that ends on the due date cuts nothing", APRIL, date(2026, 4, 15), date(2026, 4, 15)),
        row("a card that ends earlier ends the loan", APRIL, date(2026, 4, 14), date(2026, 4, 14)),
        row("one that ends on a Monday: the Sunday before", APRIL, date(2026, 4, 13), date(2026, 4, 12)),
        row(
            "a due Monday moves to Tuesday while the card lives",
            date(2026, 3, 30), date(2026, 4, 14), date(2026, 4, 14),
        ),
        row(
            "a due Monday that is the card's last day moves back",
            date(2026, 3, 30), date(2026, 4, 13), date(2026, 4, 12),
        ),
    ],
)  # fmt: skip
def test_a_loan_ends_on_an_open_day_within_the_card_s_life(lent_on, expires_on, expected):
    assert due_date(SOURCE_1, KOKORO.items[0], lent_on, MONDAYS_CLOSED, expires_on) == expected


@pytest.mark.parametrize(
    ("bib", "days"),
    [(KOKORO, 14), (MARCH_ISSUE, 14), (SONGS, 7), (KASAJIZO, 14)],
    ids=["books two weeks", "magazines two weeks", "audio-visual items one", "kamishibai two weeks"],
)
def test_a_loan_is_as_long_as_its_material_says(bib, days):
    assert due_date(SOURCE_1, bib.items[0], APRIL, ALWAYS_OPEN) == APRIL + timedelta(days=days)


# ---- Blocks by overdue items, which this sheet does not know but its neighbours do ---------------------


def with_block(*lines: str):
    return policy(SOURCE_1_TEXT, (EXPIRED_BLOCK, "\n".join(lines)))


def late(days: int):
    return with_loans(SATO, loan(SONGS, TODAY - timedelta(days=days)))


@pytest.mark.parametrize(
    ("days_late", "allowed"),
    [
        row("on the due date there is no block", 0, True),
        row("the day after is free", 1, True),
        row("the second day is stopped", 2, False),
        row("and so are those that follow", 30, False),
    ],
)
def test_a_block_of_two_days_begins_on_the_second_day(days_late, allowed):
    library = with_block("when = { overdue = { days = 2 } }", 'stops = ["loan", "hold"]')

    decision = decide_hold(library, late(days_late), KOKORO, on(WEB, TODAY))

    assert decision.reasons == (() if allowed else (Reason.OVERDUE_BLOCK,))


def test_a_block_counts_every_overdue_item_and_says_what_it_stops():
    library = with_block("when = { overdue = { days = 2 } }", 'stops = ["hold"]')
    patron = with_loans(late(2), loan(KASAJIZO, YESTERDAY), loan(BOTCHAN, TODAY))

    decision = decide_hold(library, patron, KOKORO, on(WEB, TODAY))

    assert decision.refusals == (Refusal(Reason.OVERDUE_BLOCK, {"count": 2, "stop": Act.HOLD}),)
    assert said(library, decision) == [
        "返却期限を過ぎた資料が2点あるため、予約はできません。お返しいただくと、できるようになります。"
    ]


def test_a_block_stops_only_what_it_names():
    library = with_block("when = { overdue = { days = 1 } }", 'stops = ["hold"]')
    borrowed = loan(KOKORO)
    patron = with_loans(SUZUKI, borrowed)

    assert not decide_hold(library, patron, BOTCHAN, on(WEB, TODAY)).allowed
    assert decide_renewal(library, patron, borrowed, on(WEB, TODAY)).allowed


def test_a_block_holds_only_by_the_ways_that_it_names_and_speaks_its_own_sentence():
    library = with_block(
        "when = { overdue = { days = 1 } }", 'stops = ["renewal"]', 'at = ["web"]', 'say = "お電話でどうぞ。"'
    )
    borrowed = loan(KOKORO)
    patron = with_loans(SUZUKI, borrowed)

    on_the_web = decide_renewal(library, patron, borrowed, on(WEB, TODAY))

    assert on_the_web.reasons == (Reason.OVERDUE_BLOCK,)
    assert said(library, on_the_web) == ["お電話でどうぞ。"]
    for channel in (DESK, PHONE, KIOSK):
        assert decide_renewal(library, patron, borrowed, on(channel, TODAY)).allowed


@pytest.mark.parametrize(
    ("patron", "expected"),
    [
        row("an overdue item alone does not stop", SUZUKI, ()),
        row("an expired card alone does not stop", ITO, ()),
        row(
            "both together stop, and both are said",
            replace(ITO, loans=SUZUKI.loans),
            (Reason.OVERDUE_BLOCK, Reason.CARD_EXPIRED),
        ),
    ],
)
def test_a_block_that_names_two_causes_needs_both(patron, expected):
    library = with_block('when = { overdue = { days = 1 }, card = "expired" }', 'stops = ["hold"]')

    assert decide_hold(library, patron, KOKORO, on(WEB, TODAY)).reasons == expected


def test_every_block_is_tried():
    library = with_block(
        "when = { overdue = { days = 1 } }",
        'stops = ["hold"]',
        "[[block]]",
        'when = { card = "expired" }',
        'stops = ["hold"]',
    )

    decision = decide_hold(library, replace(ITO, loans=SUZUKI.loans), KOKORO, on(WEB, TODAY))

    assert decision.reasons == (Reason.OVERDUE_BLOCK, Reason.CARD_EXPIRED)


# ---- Live status, and who goes first (A20) -------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        row("A20 on the shelf", {}, Availability.AVAILABLE),
        row("A20 out", {"due_on": TODAY}, Availability.ON_LOAN),
        row("A20 set aside for a hold", {"set_aside": True}, Availability.SET_ASIDE),
        row("A20 for use in the library", {"not_for_loan": True}, Availability.IN_LIBRARY_ONLY),
        row("A20 missing", {"state": ItemState.MISSING}, Availability.NOT_THERE),
        row("A20 withdrawn", {"state": ItemState.WITHDRAWN}, Availability.NOT_THERE),
        row(
            "A20 missing says more than out",
            {"state": ItemState.MISSING, "due_on": TODAY},
            Availability.NOT_THERE,
        ),
        row("A20 out says more than set aside", {"due_on": TODAY, "set_aside": True}, Availability.ON_LOAN),
        row(
            "A20 set aside says more than for use in the library",
            {"set_aside": True, "not_for_loan": True},
            Availability.SET_ASIDE,
        ),
    ],
)
def test_a_piece_has_one_status(facts, expected):
    assert item(**facts).availability is expected


def test_a20_a_title_on_the_shelf_may_be_held_and_stays_available_to_the_visitor():
    # The hold is only a place in the queue: nothing of the piece on the shelf changes by it.
    assert decide_hold(SOURCE_1, SATO, KOKORO, on(WEB, TODAY)).allowed
    assert KOKORO.items[0].availability is Availability.AVAILABLE


def shelf(*, there: int, out: int, set_aside: int = 0) -> BibFacts:
    copies = [item()] * there + [item(due_on=TODAY)] * out + [item(set_aside=True)] * set_aside
    return BibFacts(1, "book", tuple(copies))


@pytest.mark.parametrize(
    ("mode", "bib", "allowed"),
    [
        row("yes: all on the shelf", "yes", shelf(there=2, out=0), True),
        row("no: all on the shelf", "no", shelf(there=2, out=0), False),
        row("no: one out", "no", shelf(there=1, out=1), True),
        row("no: one set aside", "no", shelf(there=1, out=0, set_aside=1), True),
        row("no: all out", "no", shelf(there=0, out=2), True),
        row("none on the shelf: all there", "when none is on the shelf", shelf(there=2, out=0), False),
        row("none on the shelf: one there", "when none is on the shelf", shelf(there=1, out=1), False),
        row("none on the shelf: all out", "when none is on the shelf", shelf(there=0, out=2), True),
        row(
            "none on the shelf: but for one that never leaves",
            "when none is on the shelf",
            BibFacts(1, "book", (item(due_on=TODAY), item(not_for_loan=True))),
            True,
        ),
        row(
            "none on the shelf: the last is set aside",
            "when none is on the shelf",
            shelf(there=0, out=1, set_aside=1),
            True,
        ),
    ],
)
def test_whether_a_title_on_the_shelf_may_be_held_is_the_library_s_choice(mode, bib, allowed):
    library = policy(SOURCE_1_TEXT, ('on_shelf = "yes"', f'on_shelf = "{mode}"'))

    decision = decide_title_hold(library, bib, on(WEB))

    assert decision.reasons == (() if allowed else (Reason.ON_SHELF,))


@pytest.mark.parametrize(
    ("bib", "in_library"),
    [
        row("only for use in the library", title(1, not_for_loan=True), True),
        row("missing", title(1, state=ItemState.MISSING), False),
        row("withdrawn", title(1, state=ItemState.WITHDRAWN), False),
        row("no copy at all", BibFacts(1, "book"), False),
    ],
)
def test_a_title_of_which_nothing_is_lent_is_refused_and_the_sentence_says_why(bib, in_library):
    decision = decide_title_hold(SOURCE_1, bib, on(WEB))

    assert decision.refusals == (Refusal(Reason.NO_ITEM, {"in_library": in_library}),)
    assert said(SOURCE_1, decision) == [
        "貸出していない資料です。館内でご利用ください。"
        if in_library
        else "予約できる資料が、いまは図書館にありません。窓口でおたずねください。"
    ]


@pytest.mark.parametrize("mode", ["yes", "no", "when none is on the shelf"])
def test_a_title_of_which_nothing_is_lent_is_never_said_to_stand_on_the_shelf(mode):
    library = policy(SOURCE_1_TEXT, ('on_shelf = "yes"', f'on_shelf = "{mode}"'))

    decision = decide_title_hold(library, title(1, not_for_loan=True), on(WEB))

    assert decision.reasons == (Reason.NO_ITEM,)


def test_a14_a_work_of_reference_that_never_leaves_the_library_gives_both_reasons():
    decision = decide_title_hold(SOURCE_1, title(1, call_number="R 813", not_for_loan=True), on(WEB))

    assert said(SOURCE_1, decision) == [
        "貸出していない資料です。館内でご利用ください。",
        "予約できません(参考資料)。",
    ]


def test_a_copy_that_is_missing_gives_no_reason_of_its_own():
    copies = (item(call_number="R 813", state=ItemState.MISSING), item(not_for_loan=True))

    assert decide_title_hold(SOURCE_1, BibFacts(1, "book", copies), on(WEB)).reasons == (Reason.NO_ITEM,)


def test_a_copy_that_never_leaves_does_not_make_up_for_one_that_cannot_be_held():
    copies = (*MANGA.items, item(not_for_loan=True))

    assert decide_title_hold(SOURCE_1, BibFacts(1, "book", copies), on(WEB)).reasons == (NOT_AT_ALL,)


@pytest.mark.parametrize(
    ("facts", "lendable"),
    [
        row("on the shelf", {}, True),
        row("out, since it comes back", {"due_on": TODAY}, True),
        row("set aside, likewise", {"set_aside": True}, True),
        row("for use in the library", {"not_for_loan": True}, False),
        row("missing", {"state": ItemState.MISSING}, False),
        row("withdrawn", {"state": ItemState.WITHDRAWN}, False),
    ],
)
def test_a_piece_is_one_that_is_lent_whether_or_not_it_is_there_now(facts, lendable):
    assert item(**facts).lendable is lendable


def test_one_copy_that_is_lent_is_enough_to_hold_a_title():
    copies = (item(state=ItemState.MISSING), item(not_for_loan=True), item(due_on=TODAY))

    assert decide_title_hold(SOURCE_1, BibFacts(1, "book", copies), on(WEB)).allowed


# ---- Cancelling and changing (A21), who is queued (A22) ------------------------------------------------

S = HoldState


@pytest.mark.parametrize(
    ("state", "channel", "allowed"),
    [
        row("A21 a ready hold is not cancelled on the web", S.READY, WEB, False),
        row("A21 a ready hold is cancelled at the desk", S.READY, DESK, True),
        row("A21 a ready hold is cancelled by phone", S.READY, PHONE, True),
        row("A21 a waiting hold is cancelled on the web", S.WAITING, WEB, True),
        row("A21 a hold on its way is not cancelled on the web", S.IN_TRANSIT, WEB, False),
        row("A21 a hold on its way is cancelled at the desk", S.IN_TRANSIT, DESK, True),
        row("A21 a waiting hold is not cancelled at a kiosk, which no line names", S.WAITING, KIOSK, False),
        row("A21 a collected hold is not cancelled anywhere", S.COLLECTED, DESK, False),
        row("A21 an expired hold is not cancelled anywhere", S.EXPIRED, DESK, False),
        row("A21 a cancelled hold is not cancelled again", S.CANCELLED, DESK, False),
    ],
)
def test_a_hold_is_cancelled_in_the_states_that_its_way_allows(state, channel, allowed):
    decision = decide_cancel(SOURCE_1, state, on(channel))

    assert decision.reasons == (() if allowed else (Reason.NOT_CANCELLABLE,))


def test_a21_the_refusal_says_where_a_ready_hold_can_be_cancelled():
    ready = decide_cancel(SOURCE_1, S.READY, on(WEB))
    over = decide_cancel(SOURCE_1, S.EXPIRED, on(WEB))

    assert ready.refusals[0].facts == {"state": S.READY, "here": WEB, "at": [DESK, PHONE]}
    assert said(SOURCE_1, ready) == ["この予約は、Webでは取り消せません。窓口かお電話で取り消せます。"]
    assert said(SOURCE_1, over) == ["この予約は、取り消せません。窓口でおたずねください。"]


@pytest.mark.parametrize(
    ("state", "channel", "allowed"),
    [
        row("applied, on the web", S.APPLIED, WEB, True),
        row("waiting, on the web", S.WAITING, WEB, True),
        row("on its way, on the web", S.IN_TRANSIT, WEB, False),
        row("ready, on the web", S.READY, WEB, False),
        row("ready, at the desk", S.READY, DESK, True),
        row("waiting, at a kiosk, which no line names", S.WAITING, KIOSK, False),
        row("collected, at the desk", S.COLLECTED, DESK, False),
    ],
)
def test_the_pick_up_branch_is_changed_in_the_states_that_its_way_allows(state, channel, allowed):
    decision = decide_pickup_change(SOURCE_1, state, on(channel))

    assert decision.reasons == (() if allowed else (Reason.PICKUP_FIXED,))


def test_the_refusal_of_a_change_says_where_it_can_be_made():
    assert said(SOURCE_1, decide_pickup_change(SOURCE_1, S.READY, on(WEB))) == [
        "受取館は、もうWebでは変えられません。窓口かお電話でお申し出ください。"
    ]
    assert said(SOURCE_1, decide_pickup_change(SOURCE_1, S.COLLECTED, on(WEB))) == [
        "受取館は、もう変えられません。窓口でおたずねください。"
    ]


def test_a22_those_who_wait_are_the_applied_and_the_waiting():
    # A copy that is ready or on its way to somebody is that patron's; nobody waits behind it for that copy.
    assert set(rules.QUEUED_HOLD_STATES) == {S.APPLIED, S.WAITING}


def test_a22_every_state_of_a_hold_is_either_open_or_closed():
    assert set([state for state in HoldState if state not in rules.CLOSED_HOLD_STATES]) == {
        S.APPLIED,
        S.WAITING,
        S.IN_TRANSIT,
        S.READY,
    }
    assert set(rules.CLOSED_HOLD_STATES) == {S.COLLECTED, S.EXPIRED, S.CANCELLED}
    assert {
        *[state for state in HoldState if state not in rules.CLOSED_HOLD_STATES],
        *rules.CLOSED_HOLD_STATES,
    } == set(HoldState)


# ---- The hold shelf (A24) ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told_on", "opening", "expected"),
    [
        row("A24 told on Friday, until the next Friday", date(2021, 1, 8), MONDAYS_CLOSED, date(2021, 1, 15)),
        row("A24 a last Monday moves to Tuesday", date(2021, 1, 11), MONDAYS_CLOSED, date(2021, 1, 19)),
        row(
            "A24 a last day in the New Year closure moves behind it and the Monday after",
            date(2026, 12, 25), OpeningDays(SOURCE_1.branch("main").closures), date(2027, 1, 5),
        ),
    ],
)  # fmt: skip
def test_a_ready_hold_is_collected_within_a_week_of_the_mail(told_on, opening, expected):
    assert collect_by(SOURCE_1, told_on, opening) == expected


def test_a24_a_library_that_never_opens_has_no_last_day():
    assert collect_by(SOURCE_1, TODAY, NEVER_OPEN) is None


def test_the_helper_that_rewrites_a_policy_refuses_a_place_that_is_not_there_once():
    with pytest.raises(ValueError, match="0 times"):
        edited(SOURCE_1_TEXT, ("nowhere", "anywhere"))
