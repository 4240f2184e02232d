"""Holds: titles, requests, patrons, the cart, and when an application is registered."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from rules import (
    ALWAYS_OPEN,
    CART_AT_MOST,
    Act,
    BibFacts,
    HoldFacts,
    HoldState,
    ItemState,
    OpeningDays,
    Reason,
    Refusal,
    decide_cart,
    decide_hold,
    decide_own_shelf,
    decide_patron_hold,
    decide_shelf_note,
    decide_title_hold,
    first_state,
    plan_cart,
    plan_filling,
    registration_at,
    serves_holds,
)
from tests.facts import (
    DESK,
    EVERYTHING,
    EVERYTHING_TEXT,
    JAPAN,
    KIOSK,
    MONDAYS_CLOSED,
    NEVER_OPEN,
    PHONE,
    SATO,
    TODAY,
    TOMORROW,
    WEB,
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

CITY = replace(SATO, category="city")
NOVEL = title(1, due_on=TODAY)  # out, as the sheet asks: on_shelf = "no"


def told(decision) -> list[tuple]:
    return [
        (refusal.reason, dict(refusal.facts), refusal.say, refusal.place) for refusal in decision.refusals
    ]


# ---- The title -----------------------------------------------------------------------------------------

ADDED = TODAY - timedelta(days=90)
NEW_NOT = (
    '[[hold.not]]\nof = ["reference"]',
    '[[hold.not]]\nof = ["new"]\n\n[[hold.not]]\nof = ["reference"]',
)


@pytest.mark.parametrize(
    ("bib", "day", "reasons"),
    [
        row("new for its last day", title(1, added_on=ADDED, due_on=TODAY), TODAY, (Reason.NOT_HOLDABLE,)),
        row("and no longer", title(1, added_on=ADDED, due_on=TODAY), TOMORROW, ()),
        row(
            "a title without pieces has no set but its material",
            BibFacts(1, "book"),
            TODAY,
            (Reason.NO_ITEM,),
        ),
    ],
)
def test_what_is_new_today_is_refused_today(bib, day, reasons):
    library = policy(EVERYTHING_TEXT, NEW_NOT)

    assert decide_title_hold(library, bib, on(WEB, day)).reasons == reasons


@pytest.mark.parametrize(
    ("request_for", "expected"),
    [
        row("a book may be asked for", "book", []),
        row(
            "a disc may not",
            "av",
            [
                (Reason.NOT_HOLDABLE, {"what": ["視聴覚資料のリクエスト"]}, None, "hold.not[4]"),
            ],
        ),
    ],
)
def test_a_request_is_refused_by_what_names_requests_alone(request_for, expected):
    asked = BibFacts(1, request_for, request=True)

    assert told(decide_title_hold(EVERYTHING, asked, on(WEB))) == expected


def test_a_request_that_is_stopped_is_stopped_as_a_request():
    stopping = (
        'when = { mark = "弁償" }\nstops = ["loan", "renewal"]\n\n',
        'when = { mark = "弁償" }\nstops = ["hold"]\nof = ["request"]\n\n',
    )
    library = policy(EVERYTHING_TEXT, stopping)
    marked = replace(CITY, marks=frozenset({"弁償"}))

    asked = decide_hold(library, marked, BibFacts(1, "book", request=True), on(WEB))

    assert told(asked) == [(Reason.MARK_BLOCK, {"mark": "弁償", "stop": Act.HOLD}, None, "block[5]")]
    assert decide_hold(library, marked, NOVEL, on(WEB)).allowed
    assert decide_patron_hold(library, marked, on(WEB)).allowed


TEN = datetime(2026, 4, 1, 10, 0, tzinfo=JAPAN)


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        row("a second before", "09:59:59", [(Reason.NOT_HOLDABLE_YET, {"from_at": TEN}, None, "")]),
        row("at that moment", "10:00", []),
        row("later", "10:01", []),
    ],
)
def test_a_new_title_may_be_held_from_its_moment(clock, expected):
    bib = replace(NOVEL, holdable_from=TEN.astimezone(UTC))

    decision = decide_title_hold(EVERYTHING, bib, on(WEB, clock=clock))

    assert told(decision) == expected
    assert all(refusal.facts["from_at"].utcoffset() == timedelta(hours=9) for refusal in decision.refusals)


def test_the_moment_is_told_in_the_library_s_time_and_the_line_of_the_shelf_is_named():
    bib = replace(title(1), holdable_from=TEN.astimezone(UTC))

    decision = decide_title_hold(EVERYTHING, bib, on(WEB, clock="09:00"))

    assert [refusal.place for refusal in decision.refusals] == ["", "hold.on_shelf"]
    assert said(EVERYTHING, decision)[0] == "予約の受付は、2026年4月1日(水) 10:00からです。"


@pytest.mark.parametrize(
    ("patron", "allowed"),
    [
        row("a visitor", None, True),
        row("whom the limit names", CITY, True),
        row("whom it does not", replace(CITY, category="outside"), False),
    ],
)
def test_a_title_that_only_some_may_hold_is_told_to_the_others(patron, allowed):
    library = policy(
        EVERYTHING_TEXT,
        ('of = ["book", "magazine", "request"]\nmost = 10', 'of = ["book"]\nwho = ["city"]\nmost = 10'),
    )

    assert told(decide_title_hold(library, NOVEL, on(WEB), patron)) == (
        [] if allowed else [(Reason.NO_HOLD_RULE, {"what": "図書"}, None, "")]
    )


# ---- The patron ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patron", "expected"),
    [
        row(
            "a guest, in the sheet's own words",
            replace(CITY, category="guest"),
            [
                (
                    Reason.CATEGORY_MAY_NOT_HOLD,
                    {"what": "相互利用"},
                    "相互利用の方の予約は、お住まいの図書館でお願いします。",
                    "patron",
                )
            ],
        ),
        row(
            "of no category of the sheet",
            replace(CITY, category="ghost"),
            [(Reason.CATEGORY_MAY_NOT_HOLD, {"what": ""}, None, "patron")],
        ),
        row(
            "a child, at another way",
            replace(CITY, born_on=date(2021, 4, 1)),
            [
                (
                    Reason.NOT_FOR_HERE,
                    {
                        "what": [],
                        "act": Act.HOLD,
                        "who": ["就学前のお子さん、読み聞かせの会の方"],
                        "here": WEB,
                        "at": [DESK, PHONE],
                    },
                    "読み聞かせの会の方は、窓口でご予約ください。",
                    "hold.not[3]",
                )
            ],
        ),
        row("a resident", CITY, []),
    ],
)
def test_a_patron_may_hold(patron, expected):
    assert told(decide_patron_hold(EVERYTHING, patron, on(WEB))) == expected


def test_a_patron_is_asked_for_an_address_only_where_the_sheet_does():
    library = policy(EVERYTHING_TEXT, ("needs_mail = false", "needs_mail = true"))
    patron = replace(CITY, has_mail=False)

    assert told(decide_hold(library, patron, NOVEL, on(WEB))) == [
        (Reason.NO_MAIL, {}, None, "hold.needs_mail")
    ]
    assert decide_hold(library, CITY, NOVEL, on(WEB)).allowed
    assert decide_hold(EVERYTHING, patron, NOVEL, on(WEB)).allowed


def test_everything_that_stands_against_a_hold_is_said_in_order():
    bib = title(2, call_number="R 8")
    patron = replace(
        with_loans(with_holds(CITY, bib), loan(bib)), category="guest", card_expires_on=date(2026, 3, 1)
    )

    assert decide_hold(EVERYTHING, patron, bib, on(KIOSK, clock="08:00")).reasons == (
        Reason.CARD_EXPIRED,
        Reason.CATEGORY_MAY_NOT_HOLD,
        Reason.OUTSIDE_HOURS,
        Reason.NOT_HOLDABLE,
        Reason.ON_SHELF,
        Reason.ALREADY_HELD,
        Reason.ALREADY_ON_LOAN,
    )


def test_holds_of_another_day_leave_a_limit_of_the_day_alone():
    new = ('[[hold.limit]]\nat = ["kiosk"]\nmost = 2\nper = "day"', '[[hold.limit]]\nof = ["new"]\nmost = 1')
    library = policy(EVERYTHING_TEXT, new)
    patron = with_holds(CITY, title(3, added_on=ADDED))
    bib = title(4, added_on=TODAY - timedelta(days=10), due_on=TODAY)

    assert decide_hold(library, patron, bib, on(WEB, TODAY)).reasons == (Reason.HOLD_LIMIT,)
    assert decide_hold(library, patron, bib, on(WEB, TOMORROW)).allowed


# ---- The cart ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("in_cart", "reasons"),
    [
        row("the first", 0, ()),
        row("the last that fits", CART_AT_MOST - 1, ()),
        row("one more", CART_AT_MOST, (Reason.CART_FULL,)),
        row("many more", CART_AT_MOST + 9, (Reason.CART_FULL,)),
    ],
)
def test_a_cart_holds_fifty(in_cart, reasons):
    decision = decide_cart(EVERYTHING, CITY, NOVEL, on(WEB), in_cart)

    assert decision.reasons == reasons
    assert all(refusal.facts == {"most": 50} for refusal in decision.refusals)


def test_a_cart_is_filled_as_far_as_it_goes_and_what_cannot_be_held_takes_no_place():
    titles = [BibFacts(1, "book"), NOVEL, title(3, added_on=date(2020, 1, 1), due_on=TODAY)]

    plan = plan_filling(EVERYTHING, CITY, titles, on(WEB), CART_AT_MOST - 1)

    assert [answer.reasons for answer in plan] == [(Reason.NO_ITEM,), (), (Reason.CART_FULL,)]
    [refused] = plan_filling(EVERYTHING, replace(CITY, category="guest"), titles[1:2], on(WEB), 0)
    assert Reason.CATEGORY_MAY_NOT_HOLD in refused.reasons


@pytest.mark.parametrize(("on_it", "fits"), [(0, True), (199, True), (200, False), (300, False)])
def test_two_hundred_titles_may_be_noted_to_be_read_some_day(on_it, fits):
    refused = () if fits else (Refusal(Reason.OWN_SHELF_FULL, {"most": 200}),)

    assert decide_own_shelf(on_it).refusals == refused


@pytest.mark.parametrize(("length", "fits"), [(0, True), (200, True), (201, False)])
def test_a_note_on_such_a_title_has_two_hundred_characters(length, fits):
    refused = () if fits else (Refusal(Reason.NOTE_LONG, {"most": 200, "length": length}),)

    assert decide_shelf_note("𠮟" * length).refusals == refused


@pytest.mark.parametrize(
    ("patron", "bib", "at", "clock", "reasons"),
    [
        row(
            "a full limit keeps nothing out",
            with_holds(CITY, *(title(n, "av", due_on=TODAY) for n in (11, 12))),
            title(13, "av", due_on=TODAY),
            WEB,
            "12:00",
            (),
        ),
        row("nor does the hour", CITY, NOVEL, KIOSK, "08:00", ()),
        row(
            "a title that cannot be held is kept out",
            CITY,
            title(14, call_number="R 1", due_on=TODAY),
            WEB,
            "12:00",
            (Reason.NOT_HOLDABLE,),
        ),
        row(
            "whoever asks",
            None,
            title(14, call_number="R 1", due_on=TODAY),
            WEB,
            "12:00",
            (Reason.NOT_HOLDABLE,),
        ),
        row("a visitor is asked nothing of persons", None, NOVEL, WEB, "12:00", ()),
        row(
            "a guest is",
            replace(CITY, category="guest"),
            NOVEL,
            WEB,
            "12:00",
            (Reason.CATEGORY_MAY_NOT_HOLD,),
        ),
    ],
)
def test_what_cannot_change_keeps_a_title_out_of_the_cart(patron, bib, at, clock, reasons):
    assert decide_cart(EVERYTHING, patron, bib, on(at, clock=clock, branch="central")).reasons == reasons


def test_one_title_more_without_a_number_is_the_first_of_a_cart():
    assert decide_cart(EVERYTHING, CITY, NOVEL, on(WEB)).allowed


def test_a_plan_answers_each_title_and_counts_only_what_it_takes():
    discs = [title(n, "av", due_on=TODAY) for n in (11, 12, 13)]
    not_held = title(14, "av", call_number="R 1", due_on=TODAY)

    plan = plan_cart(EVERYTHING, CITY, [not_held, *discs], on(WEB, branch="central"))

    assert [answer.reasons for answer in plan] == [(Reason.NOT_HOLDABLE,), (), (), (Reason.HOLD_LIMIT,)]


# ---- When an application is registered -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "state"),
    [
        row("on the web it is an application", WEB, HoldState.APPLIED),
        row("at the desk it waits", DESK, HoldState.WAITING),
        row("at a kiosk too", KIOSK, HoldState.WAITING),
    ],
)
def test_a_hold_begins_as(at, state):
    assert first_state(EVERYTHING, on(at)) is state


def registered(day: int, clock: str, opening: OpeningDays = ALWAYS_OPEN, library=EVERYTHING):
    """On which day of April 2026 and at which time; the 6th is a Monday."""
    runs_at = registration_at(library, on(WEB, date(2026, 4, day), clock).moment, opening)
    return runs_at and (runs_at.date().day, runs_at.time())


@pytest.mark.parametrize(
    ("day", "clock", "opening", "expected"),
    [
        row("before the first time of the day", 7, "08:29", ALWAYS_OPEN, (7, time(8, 30))),
        row("at that time it is the next", 7, "08:30", ALWAYS_OPEN, (7, time(18))),
        row("between the two", 7, "12:00", ALWAYS_OPEN, (7, time(18))),
        row("in the evening, the next morning", 7, "18:00", ALWAYS_OPEN, (8, time(8, 30))),
        row("on Sunday evening, as the library opens on Monday", 5, "19:00", ALWAYS_OPEN, (6, time(9, 30))),
        row("or on Tuesday morning, where it does not", 5, "19:00", MONDAYS_CLOSED, (7, time(8, 30))),
        row("on Monday after it has opened, on Tuesday", 6, "09:30", ALWAYS_OPEN, (7, time(8, 30))),
        row("times that are named hold on closed days too", 7, "12:00", NEVER_OPEN, (7, time(18))),
    ],
)
def test_an_application_is_registered_at_the_first_time_after_it(day, clock, opening, expected):
    assert registered(day, clock, opening) == expected


def batches(value: str):
    return policy(EVERYTHING_TEXT, ('{ monday = ["opening"], else = ["8:30", "18:00"] }', value))


def test_times_in_any_order_are_taken_in_that_of_the_day():
    assert registered(7, "08:00", library=batches('["18:00", "8:30"]')) == (7, time(8, 30))


def test_opening_stands_beside_times():
    library = batches('["18:00", "opening"]')

    assert registered(6, "08:00", library=library) == (6, time(9, 30))
    assert registered(6, "08:00", MONDAYS_CLOSED, library) == (6, time(18))


def test_a_library_that_opens_no_more_registers_nothing():
    assert registered(7, "08:00", NEVER_OPEN, batches('["opening"]')) is None


def test_the_search_for_an_opening_ends_after_a_year():
    library, start = batches('["opening"]'), date(2026, 4, 7)

    for closed_days, found in ((399, True), (400, False)):
        opening = OpeningDays(closed=frozenset(start + timedelta(days=n) for n in range(closed_days)))
        assert (registration_at(library, on(WEB, start, "08:00").moment, opening) is not None) is found


def test_the_day_of_an_application_is_the_library_s_whatever_clock_it_came_from():
    late_on_sunday = datetime(2026, 4, 5, 14, 30, tzinfo=UTC)  # half past eleven at night

    assert registration_at(EVERYTHING, late_on_sunday, ALWAYS_OPEN) == datetime(
        2026, 4, 6, 9, 30, tzinfo=JAPAN
    )
    early_on_monday = datetime(2026, 4, 5, 23, 30, tzinfo=UTC)
    assert registration_at(EVERYTHING, early_on_monday, ALWAYS_OPEN) == datetime(
        2026, 4, 6, 9, 30, tzinfo=JAPAN
    )
    monday_evening = datetime(2026, 4, 6, 15, 30, tzinfo=UTC)  # Tuesday, half past midnight
    assert registration_at(EVERYTHING, monday_evening, ALWAYS_OPEN) == datetime(
        2026, 4, 7, 8, 30, tzinfo=JAPAN
    )


# ---- What comes in -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("piece", "day", "serves"),
    [
        row("an ordinary piece", item(), TODAY, True),
        row("one that stays in the library", item(not_for_loan=True), TODAY, False),
        row("one that is missing", item(state=ItemState.MISSING), TODAY, False),
        row("one of reference", item(call_number="R 8"), TODAY, False),
        row("the newest issue, which only the web refuses", item("magazine", newest_issue=True), TODAY, True),
        row("a disc, whose branch is asked later", item("av"), TODAY, True),
        row("new on its last day", item(added_on=ADDED), TODAY, False),
        row("and no longer", item(added_on=ADDED), TOMORROW, True),
    ],
)
def test_a_piece_that_comes_in_serves_whoever_waits(piece, day, serves):
    assert serves_holds(policy(EVERYTHING_TEXT, NEW_NOT), piece, day) is serves


def test_what_a_season_excludes_serves_nobody_while_it_runs():
    end = '[[season.hold.limit]]\nof = ["set_reading"]\nmost = 1\n'
    library = policy(
        EVERYTHING_TEXT,
        (
            end,
            f'{end}[[season.hold.not]]\nof = ["book"]\n'
            '[[season.hold.only]]\nof = ["magazine"]\nat = ["web"]\n',
        ),
    )

    for day, serves in ((date(2026, 7, 11), True), (date(2026, 7, 12), False)):
        assert serves_holds(library, item(), day) is serves
        assert serves_holds(library, item("magazine"), day) is serves


# ---- Facts ---------------------------------------------------------------------------------------------


def test_a_hold_is_of_the_web_unless_it_says_otherwise():
    assert HoldFacts(NOVEL, HoldState.WAITING).at is WEB
    assert Refusal(Reason.OUT) == Refusal(Reason.OUT, {}, None, "anywhere")
