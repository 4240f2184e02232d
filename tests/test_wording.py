"""The English of the policy commands beside the Japanese, and how counts and lists are written."""

import os
import re
import string
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

import policy_diff
import rule_sheet
import wording
from rules import Channel, Period, Unit
from tests.facts import EVERYTHING, EVERYTHING_TEXT, MONDAYS_CLOSED, SOURCE_1_TEXT, SOURCE_2_TEXT, WEB, on
from wording import Wording, messages

ROOT = Path(__file__).resolve().parent.parent
JAPANESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
OWN_WORDS = {"card", "renewal", "renew"}  # of a policy: any sentence may use them

PRINTED = (
    *(
        "date.",
        "period.",
        "length.",
        "wait.",
        "list.",
        "people.",
        "channel.",
        "act.",
        "set.",
        "overrulable.",
        "holdstate.",
        "fact.",
        "shown.",
    ),
    *("contact.mail", "contact.phone", "contact.none"),
    *("rules.", "reason.", "policy.", "advice.", "explain.", "diff.", "setting."),
    *("cli.line", "cli.policy_right", "cli.policy_wrong", "cli.advice", "cli.newer_database", "cli.os_error"),
)


def is_printed(key: str) -> bool:
    return any(key.startswith(one) if one.endswith(".") else key == one for one in PRINTED)


def base(key: str) -> str:
    """Of a variant that Japanese does not need: the key that it belongs to."""
    return key if key in messages("ja") else re.sub(r"\.(one|last)$", "", key)


def facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_english_has_what_policy_commands_print_in_the_order_of_the_japanese():
    english = dict.fromkeys(map(base, messages("en")))

    assert list(english) == [key for key in messages("ja") if is_printed(key)]
    assert set(english) <= set(messages("en"))
    assert {key for key in messages("en") if key.endswith(".last")} == {"list.and.last", "list.or.last"}


def test_no_english_sentence_has_a_japanese_character():
    assert {key: said for key, said in messages("en").items() if JAPANESE.search(said)} == {}


def test_an_english_sentence_asks_for_no_fact_that_the_japanese_one_lacks():
    strange = {
        key: facts(said) - facts(messages("ja")[base(key)]) - OWN_WORDS
        for key, said in messages("en").items()
    }

    assert {key: names for key, names in strange.items() if names} == {}


def test_a_sentence_about_one_belongs_to_a_sentence_that_counts():
    singular = [key for key in messages("en") if key.endswith(".one") and key not in messages("ja")]

    assert singular
    for key in singular:
        assert facts(messages("en")[base(key)]) & set(wording._COUNTS), key


@pytest.mark.parametrize(
    ("key", "given", "expected"),
    [
        ("length.weeks", {"n": 1}, "1 week"),
        ("length.weeks", {"n": 2}, "2 weeks"),
        ("rules.count.items", {"n": 1}, "1 item"),
        ("rules.times", {"n": 1}, "Each item can be renewed only once."),
        ("rules.times", {"n": 3}, "Each item can be renewed at most 3 times."),
        (
            "reason.held",
            {"count": 1},
            "This item cannot be renewed: 1 person is waiting for it. Please return it by the due date.",
        ),
        (
            "reason.held",
            {"count": 2},
            "This item cannot be renewed: 2 people are waiting for it. Please return it by the due date.",
        ),
        (
            "reason.overdue",
            {"days": 1},
            "This item cannot be renewed: it is 1 day overdue. Please return it to the library.",
        ),
        ("date.yearly", {"month": 1, "day": 1}, "01-01"),
        ("advice.limit_inside", {"other": "loan.limit[1]", "most": 1},
         "The limit of loan.limit[1] (1) is always reached first, so this line never counts."),
    ],
)  # fmt: skip
def test_one_is_said_otherwise_than_many(key, given, expected):
    assert Wording("en").t(key, **given) == expected


def test_japanese_needs_no_sentence_about_one():
    assert Wording("ja").t("length.weeks", n=1) == "1週間"
    assert Wording("ja").t("rules.limit.one", what=["図書"], count="1点") == "図書は、1点までです。"


@pytest.mark.parametrize(
    ("fact", "english", "japanese"),
    [
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a、b"),
        (["a", "b", "c"], "a, b and c", "a、b、c"),
        ([Channel.DESK, Channel.PHONE], "at the desk or by phone", "窓口かお電話"),
        (
            [Channel.WEB, Channel.DESK, Channel.PHONE],
            "on the web, at the desk or by phone",
            "Webか窓口かお電話",
        ),
        ([], "", ""),
        (date(2026, 4, 1), "2026-04-01 (Wed)", "2026年4月1日(水)"),
        (datetime(2026, 12, 31, 9, 5), "2026-12-31 (Thu) 9:05", "2026年12月31日(木) 9:05"),
        (Period(1, Unit.DAYS, True), "1 day (counting the first day)", "その日を含めて1日間"),
    ],
)
def test_lists_dates_and_periods_are_written_in_both_languages(fact, english, japanese):
    assert Wording("en").write(fact) == english
    assert Wording("ja").write(fact) == japanese


def test_the_english_sheet_has_a_sentence_for_every_japanese_one():
    english, japanese = (
        rule_sheet.sections(EVERYTHING, Wording(language, EVERYTHING.words), on(WEB), MONDAYS_CLOSED)
        for language in ("en", "ja")
    )

    def shape(sections) -> list:
        return [[len(part.sentences) for part in section.parts] for section in sections]

    assert shape(english) == shape(japanese)


def test_sentences_built_from_parts_come_out_right():
    said = [sentence for _, sentence in rule_sheet.sentences(EVERYTHING, Wording("en"), on(WEB))]

    for sentence in (
        "For 65歳以上の市内の方: Limit for 図書 and 雑誌 together: 15 items",
        "Limit for 駅前分室の本: at each branch, 12 volumes",
        "At 中央図書館: The loan period of 地図 is 1 open day.",
        "We offer loans of おもちゃ only at the desk.",
        "If it is overdue: Renewing adds 1 week to the due date.",
        "You can put off the pick-up date by 2 open days, only once, on the web or at the desk.",
        "For 市内 and 市外: At 中央図書館 and 駅前分室: If you return an item 1 day or more late, "
        "for 2 days for each day late, loans of 視聴覚資料 are not available. This lasts at most 30 days.",
    ):
        assert sentence in said


def test_differences_are_told_in_english():
    told = policy_diff.differences(SOURCE_1_TEXT, SOURCE_2_TEXT, on(WEB), "en")

    assert "  + Renewals: Items from other libraries cannot be renewed." in told
    assert "Lines of the files" in told
    assert policy_diff.differences(EVERYTHING_TEXT, EVERYTHING_TEXT, on(WEB), "en") == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--on", "someday"], "Please write the date like 2026-12-01 (someday cannot be read)."),
        (["--branch", "north"], "There is no branch “north”."),
        ([], "There is no database "),
    ],
)
def test_what_explain_cannot_do_is_told_in_the_language_that_was_asked_for(tmp_path, arguments, expected):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIORI_")}
    asked = ["policy", "explain", "source-1", "--language", "en", "--card", "1", "--bib", "1", *arguments]
    told = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *asked],
        env={**kept, "PYTHONUTF8": "1", "SHIORI_DATA": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )

    assert told.returncode in (1, 2) and told.stderr.startswith(expected)
