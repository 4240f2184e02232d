"""宇都宮市: renewal at certain hours, applications registered twice a day, a shelf that counts from ready."""

from datetime import date, datetime
from pathlib import Path

import pytest

from policy_file import read_policy
from rules import (
    ALWAYS_OPEN,
    JAPAN,
    Contact,
    HoldState,
    Reason,
    ShelfFacts,
    card_number,
    collect_by,
    decide_extension,
    decide_hold,
    decide_login,
    decide_renewal,
    first_state,
    registration_at,
)
from tests.facts import (
    DESK,
    KOKORO,
    MONDAYS_CLOSED,
    PHONE,
    SATO,
    TODAY,
    WEB,
    loan,
    on,
    row,
    said,
    with_loans,
)

UTSUNOMIYA = read_policy((Path(__file__).parent / "utsunomiya.toml").read_text("utf-8"))

CLOSED_HOUR = (Reason.OUTSIDE_HOURS,)


def renewed(channel, clock, day=TODAY, due_on=date(2026, 4, 8)):
    borrowed = loan(KOKORO, due_on)
    return decide_renewal(UTSUNOMIYA, with_loans(SATO, borrowed), borrowed, on(channel, day, clock))


# ---- Cards ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "reasons"),
    [
        row("a card of the old series", "P1234567", (Reason.BARRED_CARD,)),
        row("in a small letter", "p1234567", (Reason.BARRED_CARD,)),
        row("in full width", "Ｐ１２３４５６７", (Reason.BARRED_CARD,)),
        row("a card of today", "01234567", ()),
    ],
)
def test_an_old_card_is_refused(typed, reasons):
    assert decide_login(UTSUNOMIYA, card_number(typed)).reasons == reasons


def test_who_has_an_old_card_is_sent_to_the_desk():
    assert said(UTSUNOMIYA, decide_login(UTSUNOMIYA, "P1234567")) == [
        "番号が「P」で始まる利用券は、以前のものです。窓口でお取り替えください。"
    ]


# ---- Renewal -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "clock", "reasons"),
    [
        row("a minute before half past eight", WEB, "08:29", CLOSED_HOUR),
        row("at half past eight", WEB, "08:30", ()),
        row("a minute before eight in the evening", WEB, "19:59", ()),
        row("at eight it is too late", WEB, "20:00", CLOSED_HOUR),
        row("at night", WEB, "00:00", CLOSED_HOUR),
        row("the desk has no such hours", DESK, "20:00", ()),
        row("nor has the phone", PHONE, "08:29", ()),
    ],
)
def test_renewal_on_the_web_has_hours(channel, clock, reasons):
    assert renewed(channel, clock).reasons == reasons


def test_the_hours_are_said():
    assert said(UTSUNOMIYA, renewed(WEB, "20:00")) == [
        "貸出延長のお手続きは、8:30から20:00までです。その時間にもう一度お試しください。"
    ]


def test_two_weeks_from_the_day_of_the_procedure():
    assert renewed(WEB, "12:00", date(2021, 1, 20), date(2021, 1, 25)).due_on == date(2021, 2, 3)


# ---- Holds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("applied_at", "registered"),
    [
        row("at night, in the morning", "2026-04-01 03:00", "2026-04-01 08:30"),
        row("a minute before the morning run", "2026-04-01 08:29", "2026-04-01 08:30"),
        row("at the morning run, in the evening", "2026-04-01 08:30", "2026-04-01 18:00"),
        row("at the evening run, the next morning", "2026-04-01 18:00", "2026-04-02 08:30"),
        row("on New Year's Eve, the next year", "2026-12-31 23:59", "2027-01-01 08:30"),
    ],
)
def test_an_application_is_registered_by_the_next_of_two_runs(applied_at, registered):
    asked, runs = (datetime.fromisoformat(at).replace(tzinfo=JAPAN) for at in (applied_at, registered))

    assert registration_at(UTSUNOMIYA, asked, ALWAYS_OPEN) == runs


@pytest.mark.parametrize(
    ("channel", "state"),
    [
        row("from the web it is applied for", WEB, HoldState.APPLIED),
        row("at the desk it waits at once", DESK, HoldState.WAITING),
        row("and by phone", PHONE, HoldState.WAITING),
    ],
)
def test_only_what_comes_from_the_web_is_an_application(channel, state):
    assert first_state(UTSUNOMIYA, on(channel)) is state


def test_holds_are_taken_at_any_hour():
    assert decide_hold(UTSUNOMIYA, SATO, KOKORO, on(WEB, TODAY, "03:00")).allowed


# ---- The hold shelf ------------------------------------------------------------------------------------

FRIDAY, SATURDAY = date(2021, 1, 8), date(2021, 1, 9)


@pytest.mark.parametrize(
    ("told_on", "opening", "last_day"),
    [
        row("ten days from the day it is ready", FRIDAY, ALWAYS_OPEN, date(2021, 1, 18)),
        row("the mail of the next morning starts no other clock", SATURDAY, ALWAYS_OPEN, date(2021, 1, 18)),
        row("nor does a mail that never went out", None, ALWAYS_OPEN, date(2021, 1, 18)),
        row("a tenth day on a closed Monday moves to Tuesday", SATURDAY, MONDAYS_CLOSED, date(2021, 1, 19)),
    ],
)
def test_a_hold_is_kept_for_ten_days_from_when_it_is_ready(told_on, opening, last_day):
    assert collect_by(UTSUNOMIYA, ShelfFacts(Contact.MAIL, "main", FRIDAY, told_on), opening) == last_day


def test_the_shelf_is_not_extended():
    ready = ShelfFacts(Contact.MAIL, "main", FRIDAY, SATURDAY, collect_by=date(2021, 1, 18))

    decision = decide_extension(UTSUNOMIYA, ready, on(WEB, SATURDAY), ALWAYS_OPEN)

    assert decision.reasons == (Reason.NOT_EXTENDABLE,)
    assert said(UTSUNOMIYA, decision) == ["取り置きの期限は、延ばせません。"]
