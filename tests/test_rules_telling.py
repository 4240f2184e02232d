"""How much a message about a hold says: what the policy allows, and what its patron asks for."""

import pytest

from policy_file import read_policy
from rules import (
    Contact,
    MailLanguage,
    Shown,
    TitlesInMail,
    shown_by,
    shown_in_mail,
    start_of_title,
    title_choice,
    title_choices,
)
from tests.facts import EVERYTHING, SOURCE_1, SOURCE_1_TEXT, SOURCE_2, edited, row

NONE, START, WHOLE = TitlesInMail
TITLE, BEGINNING, NUMBER, HOW_MANY, BRANCH = Shown


def sheet(*shows: str, by: str = "mail"):
    line = f'[[notice]]\nby = "{by}"\nshows = {list(shows)}'
    return read_policy(edited(SOURCE_1_TEXT, ("[password]", f"{line}\n\n[password]")))


@pytest.mark.parametrize("policy", [SOURCE_1, SOURCE_2, sheet("title", by="phone")])
@pytest.mark.parametrize("chosen", TitlesInMail)
def test_a_sheet_that_says_nothing_of_mails_lets_them_say_how_many_and_where(policy, chosen):
    assert shown_in_mail(policy, chosen) == {HOW_MANY, BRANCH}
    assert title_choices(policy) == (NONE,)


@pytest.mark.parametrize(
    ("shows", "choices", "none", "start", "whole"),
    [
        row("the title", ["title", "branch"], (NONE, START, WHOLE), set(), {BEGINNING}, {TITLE}),
        row("its start", ["start of title", "branch"], (NONE, START), set(), {BEGINNING}, {BEGINNING}),
        row("both", ["start of title", "title", "branch"], (NONE, START, WHOLE), set(), {BEGINNING}, {TITLE}),
        row("neither", ["branch"], (NONE,), set(), set(), set()),
    ],
)
def test_of_a_title_a_mail_says_what_was_chosen_and_never_more_than_the_sheet_allows(
    shows, choices, none, start, whole
):
    policy = sheet(*shows)

    assert title_choices(policy) == choices
    said = [shown_in_mail(policy, chosen) - {BRANCH} for chosen in TitlesInMail]
    assert said == [none, start, whole]
    assert all(title_choice(policy, chosen) in choices for chosen in TitlesInMail)


def test_what_a_sheet_leaves_out_is_not_said():
    policy = sheet("hold number")

    assert shown_in_mail(policy, WHOLE) == {NUMBER}


def test_of_a_call_a_sheet_says_what_may_be_said_or_nothing():
    assert shown_by(SOURCE_1, Contact.PHONE) is None
    assert shown_by(EVERYTHING, Contact.PHONE) == {BEGINNING}
    assert shown_by(EVERYTHING, Contact.MAIL) == {TITLE, NUMBER, HOW_MANY, BRANCH}


@pytest.mark.parametrize(
    ("title", "start"),
    [
        row("five characters of a long one", "吾輩は猫である 上", "吾輩は猫…"),
        row("no more than five", "ドグラ・マグラのすべてを語る", "ドグラ・マ…"),
        row("half of a short one", "それから", "それ…"),
        row("one of three", "こころ", "こ…"),
        row("nothing of one character, which would be all of it", "門", "…"),
    ],
)
def test_the_start_of_a_title_is_never_the_whole(title, start):
    assert start_of_title(title) == start


def test_each_language_has_the_tag_that_browsers_know():
    assert [language.tag for language in MailLanguage] == ["ja", "ja", "en"]
