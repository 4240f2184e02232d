"""A patron whom the desk stops, and the code that lets a patron set a password."""

import math
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from rules import (
    CODE_CHARACTERS,
    CODE_LENGTH,
    JAPAN,
    LONGEST_CAUSE,
    Act,
    Channel,
    Decision,
    Reason,
    Refusal,
    code_expires_at,
    code_is_good,
    code_last_day,
    decide_hold,
    decide_loan,
    decide_login,
    decide_patron_hold,
    decide_patron_loan,
    decide_renewal,
    decide_stop,
    is_stopped,
    password_code,
)
from tests.facts import (
    BOTCHAN,
    DESK,
    EVERYTHING,
    KOKORO,
    SATO,
    SOURCE_1,
    SOURCE_2,
    TODAY,
    TOMORROW,
    WEB,
    YESTERDAY,
    item,
    loan,
    on,
    row,
    said,
    with_loans,
)

STOPPED = replace(SATO, stopped_for="連絡がつかないため", stopped_until=TODAY)
FOR_NOW = replace(STOPPED, stopped_until=None)


def stop(act, patron=STOPPED):
    facts = {"why": patron.stopped_for, "until": patron.stopped_until, "stop": act}
    return Refusal(Reason.STOPPED, facts)


@pytest.mark.parametrize(
    ("why", "until", "stopped"),
    [
        row("until yesterday", "弁償のため", YESTERDAY, False),
        row("until today, and that is a day of it", "弁償のため", TODAY, True),
        row("until tomorrow", "弁償のため", TOMORROW, True),
        row("until further notice", "弁償のため", None, True),
        row("not at all", "", None, False),
        row("not at all, whatever day stands there", "", TOMORROW, False),
    ],
)
def test_the_desk_stops_a_patron_up_to_and_including_the_last_day(why, until, stopped):
    assert is_stopped(why, until, TODAY) is stopped
    patron = replace(SATO, stopped_for=why, stopped_until=until)
    assert decide_patron_loan(SOURCE_1, patron, on(DESK, branch="main")).allowed is not stopped


@pytest.mark.parametrize("library", [SOURCE_1, SOURCE_2, EVERYTHING])
@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("patron", [STOPPED, FOR_NOW])
def test_loans_holds_and_renewals_are_refused_in_every_library_and_by_every_way(library, channel, patron):
    occasion = on(channel, branch=library.main_branch.id)
    borrowed = loan(BOTCHAN, branch=library.main_branch.id)
    patron = with_loans(patron, borrowed)

    for decision in (
        decide_patron_loan(library, patron, occasion),
        decide_loan(library, patron, KOKORO, item(), occasion),
    ):
        assert decision.refusals.count(stop(Act.LOAN, patron)) == 1
    for decision in (
        decide_patron_hold(library, patron, occasion),
        decide_hold(library, patron, KOKORO, occasion),
    ):
        assert decision.refusals.count(stop(Act.HOLD, patron)) == 1
    [refusal] = [
        one
        for one in decide_renewal(library, patron, borrowed, occasion).refusals
        if one.reason is Reason.STOPPED
    ]
    lends_again = channel is DESK and library.renewal.desk is not None
    assert refusal == stop(Act.LOAN if lends_again else Act.RENEWAL, patron)


def test_the_day_after_all_is_as_before():
    patron = with_loans(STOPPED, borrowed := loan(BOTCHAN, TOMORROW))
    asked = on(WEB, TOMORROW)

    assert decide_hold(SOURCE_1, patron, KOKORO, asked).allowed
    assert decide_renewal(SOURCE_1, patron, borrowed, asked).allowed
    assert decide_loan(SOURCE_1, patron, KOKORO, item(), on(DESK, TOMORROW, branch="main")).allowed


def test_what_stops_by_itself_is_said_beside_it():
    late = with_loans(STOPPED, loan(BOTCHAN, YESTERDAY))

    reasons = decide_patron_hold(SOURCE_1, replace(late, card_expires_on=YESTERDAY), on(WEB)).reasons

    assert reasons[0] is Reason.STOPPED and Reason.CARD_EXPIRED in reasons


def test_a_stopped_patron_may_log_in():
    assert decide_login(SOURCE_1, "100000001") == Decision()


def test_the_sentence_says_why_until_when_and_what_to_do():
    occasion = on(DESK, branch="main")

    assert said(SOURCE_1, decide_patron_loan(SOURCE_1, STOPPED, occasion)) == [
        "図書館が利用を止めています(理由: 連絡がつかないため)。2026年4月1日(水)まで、貸出はできません。"
        "窓口でおたずねください。"
    ]
    assert said(SOURCE_1, decide_patron_loan(SOURCE_1, FOR_NOW, occasion)) == [
        "図書館が利用を止めています(理由: 連絡がつかないため)。いまは、貸出はできません。"
        "窓口でおたずねください。"
    ]


@pytest.mark.parametrize(
    ("why", "until", "reasons"),
    [
        row("for a reason, without an end", "弁償のため", None, ()),
        row("until today", "弁償のため", TODAY, ()),
        row("until yesterday", "弁償のため", YESTERDAY, (Reason.STOP_OVER,)),
        row("for no reason", "", None, (Reason.STOP_WITHOUT_CAUSE,)),
        row("for the longest reason", "あ" * LONGEST_CAUSE, None, ()),
        row("for a longer one", "あ" * (LONGEST_CAUSE + 1), None, (Reason.STOP_WITHOUT_CAUSE,)),
        row("neither", "", YESTERDAY, (Reason.STOP_WITHOUT_CAUSE, Reason.STOP_OVER)),
    ],
)
def test_a_stop_has_a_reason_and_no_end_in_the_past(why, until, reasons):
    assert decide_stop(why, until, TODAY).reasons == reasons


# ---- The code ------------------------------------------------------------------------------------------


def test_a_code_is_too_long_to_be_guessed_and_has_no_two_letters_alike():
    assert CODE_LENGTH * math.log2(len(set(CODE_CHARACTERS))) >= 45
    assert not set(CODE_CHARACTERS) & set("01OIL") and password_code(CODE_CHARACTERS) == CODE_CHARACTERS


@pytest.mark.parametrize(
    "typed", ["ABCDE-FGH23", "abcdefgh23", "ＡＢＣＤＥ－ＦＧＨ２３", " ab cde\u3000fgh-23 ", "ABCDEーFGH23"]
)
def test_a_code_is_understood_however_it_is_typed(typed):
    assert password_code(typed) == "ABCDEFGH23"


@pytest.mark.parametrize("hour", [0, 12, 23])
def test_a_code_is_good_to_the_end_of_the_fourteenth_day_in_japan(hour):
    given_at = datetime(2026, 4, 1, hour, 30, tzinfo=JAPAN)
    midnight = datetime(2026, 4, 16, tzinfo=JAPAN)

    expires_at = code_expires_at(given_at)

    assert expires_at == midnight and code_last_day(expires_at) == date(2026, 4, 15)
    assert code_is_good(expires_at, midnight - timedelta(microseconds=1))
    assert not code_is_good(expires_at, midnight)


def test_a_cause_has_one_letter_at_least_and_the_refusal_says_how_many_at_most():
    assert decide_stop("弁", None, TODAY).allowed
    assert decide_stop("", None, TODAY).refusals == (
        Refusal(Reason.STOP_WITHOUT_CAUSE, {"most": LONGEST_CAUSE}),
    )
