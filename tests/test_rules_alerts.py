"""新着資料案内: who may register what, and who is told (source document 1)."""

import pytest

from policy_file import read_policy
from rules import (
    AlertTerms,
    Reason,
    Refusal,
    decide_alert,
    decide_alert_change,
    decide_alert_word,
    decide_alerts,
    is_told_of_arrivals,
)
from tests.facts import SOURCE_1_TEXT, TODAY, TOMORROW, YESTERDAY, edited, row

MAIL = "sato@example.jp"
NOT_OFFERED = ("[password]", "[alerts]\noffered = false\n\n[password]")


def reasons(decision) -> list[Reason]:
    return [refusal.reason for refusal in decision.refusals]


@pytest.mark.parametrize(
    ("registered", "mail", "expected"),
    [
        row("the first one", 0, MAIL, []),
        row("the thirtieth", 29, MAIL, []),
        row("one more than thirty", 30, MAIL, [Reason.ALERTS_FULL]),
        row("no address", 0, None, [Reason.ALERT_NEEDS_ADDRESS]),
        row("an address that is none", 0, "", [Reason.ALERT_NEEDS_ADDRESS]),
        row("neither an address nor room", 30, None, [Reason.ALERT_NEEDS_ADDRESS, Reason.ALERTS_FULL]),
    ],
)
def test_the_address_comes_first_and_there_are_thirty_at_most(registered, mail, expected):
    decision = decide_alerts(registered, mail)

    assert reasons(decision) == expected
    full = [refusal for refusal in decision.refusals if refusal.reason is Reason.ALERTS_FULL]
    assert [refusal.facts for refusal in full] == [{"most": 30}] * len(full)


@pytest.mark.parametrize("field", ["author", "ndc", "keyword", "series"])
def test_one_thing_is_enough(field):
    assert decide_alert(AlertTerms(**{field: "9"})).allowed


@pytest.mark.parametrize("terms", [AlertTerms(), AlertTerms(branch="main")])
def test_a_branch_alone_would_be_all_that_it_buys(terms):
    assert reasons(decide_alert(terms)) == [Reason.ALERT_EMPTY]


@pytest.mark.parametrize(("length", "allowed"), [(0, True), (100, True), (101, False)])
def test_a_word_has_a_hundred_characters_at_most(length, allowed):
    decision = decide_alert_word("𠮟" * length)

    assert decision.allowed is allowed
    long = Refusal(Reason.ALERT_WORD_LONG, {"most": 100, "length": length})
    assert decision.refusals == (() if allowed else (long,))


def test_two_alike_would_tell_everything_twice():
    assert reasons(decide_alert_change(same_as_another=True)) == [Reason.ALERT_TWICE]
    assert decide_alert_change(same_as_another=False).allowed


@pytest.mark.parametrize(
    ("mail", "expires_on", "told"),
    [
        row("an address and a card that does not end", MAIL, None, True),
        row("on the last day of the card", MAIL, TODAY, True),
        row("the day after", MAIL, YESTERDAY, False),
        row("no address", None, TOMORROW, False),
    ],
)
def test_told_is_who_has_an_address_and_a_card_that_is_good(mail, expires_on, told):
    assert is_told_of_arrivals(read_policy(SOURCE_1_TEXT), mail, expires_on, TODAY) is told


def test_a_library_may_do_without_and_does_where_nothing_is_written():
    assert read_policy(SOURCE_1_TEXT).alerts.offered is True
    without = read_policy(edited(SOURCE_1_TEXT, NOT_OFFERED))
    assert without.alerts.offered is False and not is_told_of_arrivals(without, MAIL, None, TODAY)
