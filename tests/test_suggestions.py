"""「もしかして」: what is offered where nothing was found, from the library's own headings."""

import pytest

import search
import suggestions
from queries import understood


def near(db, **asked):
    query = understood(asked)
    return [(one.words, one.total) for one in suggestions.near(db, query)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("山椒太夫", "山椒大夫"),
        ("夏目漱右", "夏目 漱石"),
        ("銀河鉄道の昼", "銀河鉄道の夜"),
        ("こころろ", "こころ"),
        ("夏目漱右 こころ", "夏目 漱石 こころ"),
        ("Wagahai wa neko de aru", "わがはいわねこである"),
        ("kokoro", "こころ"),
        ("Hashire Merosu", "はしれめろす"),
    ],
)
def test_the_first_suggestion_is_what_was_meant_and_finds_something(sample, typed, meant):
    assert search.find(sample, typed, 1).total == 0
    words, total = near(sample, q=typed)[0]
    assert words == meant
    assert total == search.find(sample, meant, 0).total > 0


def test_suggestions_keep_to_the_other_fields(sample):
    assert [words for words, _ in near(sample, q="こころろ", author="夏目漱石")][:1] == ["こころ"]
    assert near(sample, q="こころろ", author="宮沢賢治", year_from="2020") == []


@pytest.mark.parametrize("typed", ["", "qwrtp", "〇〇〇〇〇〇〇〇", "😀", "a" * 200, "ぎゅべぽゑ" * 30])
def test_what_is_like_nothing_gets_no_suggestion(sample, typed):
    assert near(sample, q=typed) == []


def test_there_are_three_at_most_and_no_two_that_find_the_same(sample):
    found = near(sample, q="ころろ")
    assert len(found) <= suggestions.MOST
    assert len(found) == len({words for words, _ in found})


@pytest.mark.parametrize(
    ("letters", "kana"),
    [
        ("shimbun", "しんぶん"),
        ("Gakkō", "がっこ"),
        ("matcha", "まっちゃ"),
        ("jun'ichi", "じゅんいち"),
        ("syasin", "しゃしん"),
        ("shashin", "しゃしん"),
        ("tsuki to fune", "つきとふね"),
        ("hello", ""),
        ("python3", ""),
    ],
)
def test_latin_letters_are_read_by_both_romanisations(letters, kana):
    assert suggestions._romanised(letters) == kana
