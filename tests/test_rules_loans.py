"""Lending: the piece itself, how long, for some hours, overnight, within the card's life, on an open day."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from rules import (
    ALWAYS_OPEN,
    JAPAN,
    Act,
    Closure,
    Due,
    HoldFacts,
    HoldState,
    ItemState,
    LoanDecision,
    Occasion,
    OnHolidays,
    OpeningDays,
    Reason,
    Refusal,
    decide_loan,
    decide_patron_loan,
    decide_renewal,
    due,
    is_book_trade_barcode,
    item_barcode,
    loan_line,
    renewed_due_date,
)
from tests.facts import (
    BOTCHAN,
    DESK,
    EVERYTHING,
    EVERYTHING_TEXT,
    ITO,
    KIOSK,
    KOKORO,
    MONDAYS_CLOSED,
    NEVER_OPEN,
    PHONE,
    SATO,
    SOURCE_1,
    SOURCE_1_TEXT,
    SUZUKI,
    TODAY,
    TOMORROW,
    WEB,
    YESTERDAY,
    item,
    loan,
    on,
    policy,
    row,
    said,
    title,
    with_loans,
)

CITY = replace(SATO, category="city")


def lend(piece, patron=SATO, library=SOURCE_1, bib=KOKORO, opening=ALWAYS_OPEN, **more):
    return decide_loan(library, patron, bib, piece, on(DESK, branch="main"), opening, **more)


# ---- The piece -----------------------------------------------------------------------------------------

IN_LIBRARY = Refusal(Reason.NO_ITEM, {"in_library": True, "act": Act.LOAN})
GONE, OUT, KEPT = Refusal(Reason.GONE), Refusal(Reason.OUT), Refusal(Reason.KEPT_FOR_ANOTHER)


@pytest.mark.parametrize(
    ("facts", "refusals"),
    [
        row("on the shelf", {}, ()),
        row("for use in the library", {"not_for_loan": True}, (IN_LIBRARY,)),
        row("missing", {"state": ItemState.MISSING}, (GONE,)),
        row("withdrawn", {"state": ItemState.WITHDRAWN}, (GONE,)),
        row(
            "missing says more than for use in the library",
            {"state": ItemState.MISSING, "not_for_loan": True},
            (GONE,),
        ),
        row("out", {"due_on": TOMORROW}, (OUT,)),
        row("kept for another", {"set_aside": True}, (KEPT,)),
        row(
            "everything at once",
            {"not_for_loan": True, "due_on": TODAY, "set_aside": True},
            (IN_LIBRARY, OUT, KEPT),
        ),
    ],
)
def test_a_piece_is_lent_that_is_there_and_free(facts, refusals):
    assert lend(item(**facts)).refusals == refusals


@pytest.mark.parametrize(
    ("hold", "kept_for_patron", "reasons"),
    [
        row("the title is ready for this patron", (KOKORO, HoldState.READY), None, ()),
        row("this patron still waits for it", (KOKORO, HoldState.WAITING), None, (Reason.KEPT_FOR_ANOTHER,)),
        row("another title is ready", (BOTCHAN, HoldState.READY), None, (Reason.KEPT_FOR_ANOTHER,)),
        row(
            "the piece itself is known to be another's",
            (KOKORO, HoldState.READY),
            False,
            (Reason.KEPT_FOR_ANOTHER,),
        ),
        row("the piece itself is known to be this patron's", (KOKORO, HoldState.WAITING), True, ()),
    ],
)
def test_a_piece_that_is_set_aside_is_lent_to_whom_it_is_set_aside_for(hold, kept_for_patron, reasons):
    bib, state = hold
    patron = replace(SATO, holds=(HoldFacts(bib, state),))

    assert lend(item(set_aside=True), patron, kept_for_patron=kept_for_patron).reasons == reasons


def test_a_piece_on_the_shelf_is_lent_to_whoever_comes_even_if_it_is_kept_for_nobody():
    assert lend(item(), kept_for_patron=False).allowed


# ---- The patron ----------------------------------------------------------------------------------------

OVERDUE_BOOKS = '[[block]]\nwhen = { overdue = { days = 1 } }\nstops = ["loan"]\n'
BLOCK = "[[block]]                                 # 期限の切れた利用券\n"


def test_a_block_that_stops_one_set_stops_its_loans_and_not_the_patron():
    library = policy(SOURCE_1_TEXT, (BLOCK, f'{OVERDUE_BOOKS}of = ["av"]\n{BLOCK}'))
    disc = title(301, "av")

    assert decide_patron_loan(library, SUZUKI, on(DESK, branch="main")).allowed
    assert lend(item(), SUZUKI, library).allowed
    assert lend(disc.items[0], SUZUKI, library, disc).reasons == (Reason.OVERDUE_BLOCK,)


def test_a_block_that_stops_everything_is_said_once_and_first():
    library = policy(SOURCE_1_TEXT, (BLOCK, OVERDUE_BOOKS + BLOCK))

    decision = lend(item(due_on=TODAY), SUZUKI, library)

    assert decide_patron_loan(library, SUZUKI, on(DESK, branch="main")).reasons == (Reason.OVERDUE_BLOCK,)
    assert decision.reasons == (Reason.OVERDUE_BLOCK, Reason.OUT)


@pytest.mark.parametrize("at", [DESK, KIOSK])
def test_an_expired_card_borrows_nothing(at):
    decision = decide_patron_loan(SOURCE_1, ITO, on(at, branch="main"))

    assert decision.refusals == (Refusal(Reason.CARD_EXPIRED, {"day": YESTERDAY}),)


def test_a_line_that_names_persons_and_no_set_is_said_of_the_patron():
    library = policy(
        SOURCE_1_TEXT, ("[[loan.limit]]\n", '[[loan.not]]\nwho = ["resident"]\n[[loan.limit]]\n')
    )

    decision = decide_patron_loan(library, SATO, on(DESK, branch="main"))

    assert decision.reasons == (Reason.NOT_FOR,)
    assert lend(item(), SATO, library).refusals == decision.refusals


# ---- Until when ----------------------------------------------------------------------------------------

FRIDAY = date(2026, 4, 3)


def lent(
    library, piece, patron, day=FRIDAY, clock="12:00", opening=MONDAYS_CLOSED, branch="central", at=DESK
):
    return due(library, piece, on(at, day, clock, branch), opening, patron)


def test_a_card_that_ended_and_that_no_block_stops_cuts_no_loan_short():
    expired = replace(ITO, card_expires_on=FRIDAY - timedelta(days=1))
    never = replace(ITO, card_expires_on=None)

    assert lent(EVERYTHING, item(), expired) == lent(EVERYTHING, item(), never)
    assert lent(EVERYTHING, item(), expired).on > FRIDAY


def test_on_a_closed_day_a_card_that_ends_with_it_leaves_no_day_to_bring_the_piece_back():
    monday = date(2026, 4, 6)

    assert lent(EVERYTHING, item(), replace(ITO, card_expires_on=monday), day=monday) is None
    assert lent(EVERYTHING, item(), replace(ITO, card_expires_on=FRIDAY)).on == FRIDAY


MAP, KIT, NEW = item(call_number="291"), item("kit"), item(added_on=FRIDAY)


@pytest.mark.parametrize(
    ("piece", "patron", "occasion", "expected"),
    [
        row("a book for two weeks", item(), CITY, {}, Due(date(2026, 4, 17))),
        row("a magazine for eight days with the first", item("magazine"), CITY, {}, Due(date(2026, 4, 10))),
        row("a new book for one", NEW, CITY, {}, Due(date(2026, 4, 10))),
        row(
            "a book to a senior for three",
            item(),
            replace(CITY, born_on=date(1961, 4, 3)),
            {},
            Due(date(2026, 4, 24)),
        ),
        row(
            "a day before that birthday for two",
            item(),
            replace(CITY, born_on=date(1961, 4, 4)),
            {},
            Due(date(2026, 4, 17)),
        ),
        row(
            "on a closed Monday, to the open day before",
            item(),
            CITY,
            {"day": date(2026, 4, 6)},
            Due(date(2026, 4, 19)),
        ),
        row(
            "never past the card's last day",
            item(),
            replace(CITY, card_expires_on=date(2026, 4, 12)),
            {},
            Due(date(2026, 4, 12)),
        ),
        row(
            "nor to a closed one",
            item(),
            replace(CITY, card_expires_on=date(2026, 4, 13)),
            {},
            Due(date(2026, 4, 12)),
        ),
        row(
            "to somebody without a card's end",
            item(),
            replace(CITY, card_expires_on=None),
            {},
            Due(date(2026, 4, 17)),
        ),
        row("nobody in particular", item(), None, {}, Due(date(2026, 4, 17))),
        row("a tool, for which there is no period", item("tool"), CITY, {}, None),
        row("a toy for three hours", KIT, CITY, {}, Due(FRIDAY, time(15))),
        row("to the minute", KIT, CITY, {"clock": "10:07"}, Due(FRIDAY, time(13, 7))),
        row("as long as the branch is open", KIT, CITY, {"clock": "16:00"}, Due(FRIDAY, time(19))),
        row("and no longer", KIT, CITY, {"clock": "16:01"}, Due(FRIDAY, time(19))),
        row("not into the next day", KIT, CITY, {"clock": "22:00"}, Due(FRIDAY, time(19))),
        row(
            "at the station as long as that is open",
            KIT,
            CITY,
            {"clock": "17:30", "branch": "station"},
            Due(FRIDAY, time(20, 30)),
        ),
        row("and there no longer", KIT, CITY, {"clock": "18:30", "branch": "station"}, Due(FRIDAY, time(21))),
        row(
            "where no branch is named, as in the main library",
            KIT,
            CITY,
            {"clock": "18:00", "branch": None},
            Due(FRIDAY, time(19)),
        ),
        row(
            "a card that ends today takes nothing from hours",
            KIT,
            replace(CITY, card_expires_on=FRIDAY),
            {},
            Due(FRIDAY, time(15)),
        ),
        row("not at the kiosk, for which there is no line", KIT, CITY, {"at": KIOSK}, None),
        row(
            "a map from six in the evening to ten in the morning",
            MAP,
            CITY,
            {"clock": "18:00"},
            Due(date(2026, 4, 4), time(10)),
        ),
        row(
            "of the next open day",
            MAP,
            CITY,
            {"clock": "18:30", "day": date(2026, 4, 5)},
            Due(date(2026, 4, 7), time(10)),
        ),
        row("before six as other books", MAP, CITY, {"clock": "17:59"}, Due(date(2026, 4, 17))),
        row(
            "and at the station too",
            MAP,
            CITY,
            {"clock": "18:00", "branch": "station"},
            Due(date(2026, 4, 17)),
        ),
    ],
)
def test_a_loan_ends(piece, patron, occasion, expected):
    assert lent(EVERYTHING, piece, patron, **occasion) == expected


def test_a_loan_of_hours_ends_by_the_library_s_clock_whatever_clock_the_moment_came_from():
    moment = datetime(2026, 4, 3, 3, 0, tzinfo=UTC)

    assert due(EVERYTHING, KIT, Occasion(DESK, moment, "central"), ALWAYS_OPEN) == Due(FRIDAY, time(15))
    late = Occasion(DESK, datetime(2026, 4, 2, 15, 30, tzinfo=UTC), "central")  # half past midnight
    assert due(EVERYTHING, KIT, late, ALWAYS_OPEN) == Due(FRIDAY, time(3, 30))


def test_a_loan_of_hours_past_midnight_ends_with_the_branch_s_day():
    occasion = Occasion(DESK, datetime(2026, 4, 3, 23, 30, tzinfo=JAPAN), "station")

    assert due(EVERYTHING, KIT, occasion, ALWAYS_OPEN) == Due(FRIDAY, time(21))


@pytest.mark.parametrize(
    ("at_any_hour", "clock", "place"),
    [
        row("in the morning the line of the evening is none", False, "09:00", "material[1].loan"),
        row("in the evening it is", False, "18:00", "loan.by[4]"),
        row("unless it is asked for any hour", True, "09:00", "loan.by[4]"),
    ],
)
def test_a_line_of_the_evening_lends_from_its_hour(at_any_hour, clock, place):
    occasion = on(DESK, FRIDAY, clock, "central")

    assert loan_line(EVERYTHING, MAP, CITY, occasion, at_any_hour).place == place


def test_the_loan_says_until_when_and_a_refusal_does_not():
    assert lend(item()) == LoanDecision((), Due(date(2026, 4, 15)))
    assert lend(item(due_on=TODAY)) == LoanDecision((OUT,))


def test_a_loan_ends_within_the_card_s_life_and_on_an_open_day():
    patron = replace(SATO, card_expires_on=date(2026, 4, 6))

    assert lend(item(), patron, opening=MONDAYS_CLOSED).due == Due(date(2026, 4, 5))


def test_where_no_day_is_open_nothing_is_lent():
    decision = lend(item(), replace(SATO, card_expires_on=None), opening=NEVER_OPEN)

    assert decision == LoanDecision((Refusal(Reason.NO_LAST_DAY),))
    assert said(SOURCE_1, decision) == [
        "期限にできる開館日がないため、期限を決められません。窓口でおたずねください。"
    ]


TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 5, day) for day in (5, 6, 7))


@pytest.mark.parametrize(
    ("holidays", "last_day", "due_on"),
    [
        row("Monday is made up for on Tuesday", (4,), TUESDAY, WEDNESDAY),
        row("Monday and Tuesday on Wednesday", (4, 5), WEDNESDAY, THURSDAY),
        row("and on no Tuesday", (4, 5), TUESDAY, TUESDAY),
        row("Tuesday, which is no closing day, on none", (5,), WEDNESDAY, WEDNESDAY),
    ],
)
def test_a_last_day_that_makes_up_for_a_holiday_moves_on(holidays, last_day, due_on):
    opening = OpeningDays(
        (Closure(weekday=0),),
        on_holidays=OnHolidays.MADE_UP,
        holidays=frozenset(date(2026, 5, day) for day in holidays),
    )
    lent_on = last_day - timedelta(weeks=2)

    assert due(SOURCE_1, item(), on(DESK, lent_on, branch="main"), opening).on == due_on


def test_a_library_that_closes_for_good_lends_nothing_beyond_unless_the_card_ends_first():
    closed_for_good = OpeningDays(closed=frozenset(TODAY + timedelta(days=n) for n in range(1, 1000)))

    without_end = lend(item(), replace(SATO, card_expires_on=None), opening=closed_for_good)
    with_end = lend(item(), SATO, opening=closed_for_good)

    assert without_end.reasons == (Reason.NO_LAST_DAY,)
    assert with_end.due == Due(TODAY)


@pytest.mark.parametrize(
    ("piece", "at", "clock", "refusals"),
    [
        row(
            "a tool, which no line lends",
            item("tool"),
            DESK,
            "12:00",
            (Refusal(Reason.NO_LOAN_RULE, {"what": "小道具"}),),
        ),
        row("a toy at the desk", KIT, DESK, "12:00", ()),
        row(
            "a toy by phone is refused by the line that says only",
            KIT,
            PHONE,
            "12:00",
            (Refusal(Reason.NOT_LENDABLE_HERE, {"what": ["おもちゃ"], "here": PHONE, "at": [DESK]}),),
        ),
    ],
)
def test_what_no_line_lends_is_not_lent(piece, at, clock, refusals):
    bib = title(401, piece.material)

    decision = decide_loan(EVERYTHING, CITY, bib, piece, on(at, FRIDAY, clock, "central"))

    assert decision.refusals == refusals


def test_a_line_that_lends_only_to_some_lends_to_them():
    library = policy(
        EVERYTHING_TEXT, ('of = ["kit"]\nat = ["desk"]\nhours = 3', 'of = ["tool"]\nwho = ["city"]\ndays = 2')
    )
    tool = title(402, "tool")

    for category, reasons in (("city", ()), ("outside", (Reason.NO_LOAN_RULE,))):
        patron = replace(CITY, category=category)
        decision = decide_loan(library, patron, tool, tool.items[0], on(DESK, FRIDAY, branch="central"))
        assert decision.reasons == reasons
        assert decision.due == (Due(FRIDAY + timedelta(days=2)) if not reasons else None)


def test_what_is_new_is_lent_as_new_for_as_long_as_it_is():
    book = title(403, added_on=date(2026, 1, 3))

    for day, due_on in ((FRIDAY, date(2026, 4, 10)), (date(2026, 4, 4), date(2026, 4, 18))):
        decision = decide_loan(EVERYTHING, CITY, book, book.items[0], on(DESK, day, branch="central"))
        assert decision.due == Due(due_on)


def test_what_is_no_longer_new_is_not_stopped_or_excluded_as_new():
    of_new = ('of = ["av"]\nwho = ["city", "outside"]', 'of = ["new"]\nwho = ["city", "outside"]')
    not_new = (
        '[[loan.not]]\nof = ["reference"]',
        '[[loan.not]]\nof = ["new"]\n\n[[loan.not]]\nof = ["reference"]',
    )
    stopped, excluded = policy(EVERYTHING_TEXT, of_new), policy(EVERYTHING_TEXT, not_new)
    book = title(404, added_on=date(2026, 1, 3))
    patron = replace(CITY, penalty_until=date(2026, 5, 1))

    for library, reason in ((stopped, Reason.PENALTY), (excluded, Reason.NOT_LENDABLE)):
        for day, reasons in ((FRIDAY, (reason,)), (date(2026, 4, 4), ())):
            decision = decide_loan(library, patron, book, book.items[0], on(DESK, day, branch="central"))
            assert [each for each in decision.reasons if each is reason] == list(reasons)


def test_a_second_loan_of_the_day_counts_today():
    toy, other = title(405, "kit"), title(406, "kit")
    patron = with_loans(CITY, loan(toy, FRIDAY, lent_on=FRIDAY, branch="central"))

    today, tomorrow = (
        decide_loan(EVERYTHING, patron, other, other.items[0], on(DESK, day, branch="central"))
        for day in (FRIDAY, date(2026, 4, 4))
    )

    assert today.reasons == (Reason.LOAN_LIMIT,)
    assert Reason.LOAN_LIMIT not in tomorrow.reasons


def test_what_is_asked_for_by_web_is_answered_by_the_lines_of_the_web():
    library = policy(EVERYTHING_TEXT, ('of = ["newest issue"]\nat = ["kiosk"]', 'at = ["web"]'))

    assert decide_patron_loan(library, CITY, on(WEB, FRIDAY)).reasons == (Reason.NOT_LENDABLE_HERE,)
    assert decide_patron_loan(library, CITY, on(DESK, FRIDAY)).allowed


# ---- Barcodes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scanned", "kept"),
    [
        row("figures as they are", "200000017", "200000017"),
        row("with the letters of the barcode", "A200000017A", "200000017"),
        row("full-width, with a blank and the scanner's line end", "２０００ ００００１７\r\n", "2000000017"),
    ],
)
def test_the_number_of_a_piece_is_kept_as_that_of_a_card_is(scanned, kept):
    assert item_barcode(scanned) == kept


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        row("an ISBN", "9784101010014", True),
        row("an ISBN of the newer kind", "9798888888888", True),
        row("the second row of a Japanese book", "1920193003706", True),
        row("the second row of a magazine's kind", "1910000000000", True),
        row("a third", "1930193003706", False),
        row("a magazine", "4910076110463", True),
        row("a magazine with its price", "491007611046300980", True),
        row("a magazine with half of it", "4910076110463009", False),
        row("no other article", "4901234567894", False),
        row("a figure less", "978410101001", False),
        row("a figure more", "97841010100140", False),
        row("letters", "978410101001X", False),
        row("a piece of the library", "200000017", False),
        row("nothing", "", False),
    ],
)
def test_what_a_publisher_prints_is_no_number_of_a_piece(code, is_one):
    assert is_book_trade_barcode(code) is is_one


def test_a_loan_of_hours_renewed_as_lent_gains_no_day():
    by = EVERYTHING_TEXT[EVERYTHING_TEXT.index("[[renewal.by]]") : EVERYTHING_TEXT.index("[[renewal.not]]")]
    library = policy(EVERYTHING_TEXT, (by, ""), ("opens = { days_before_due = 6 }\n", ""))
    toy = loan(title(501, "kit"), FRIDAY, lent_on=FRIDAY, branch="central")

    decision = decide_renewal(library, with_loans(CITY, toy), toy, on(WEB, FRIDAY), ALWAYS_OPEN)

    assert decision.reasons == (Reason.NO_DAY_GAINED,)
    assert renewed_due_date(library, toy, on(WEB, FRIDAY), ALWAYS_OPEN) == FRIDAY
