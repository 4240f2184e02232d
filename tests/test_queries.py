"""What was typed, understood: words, phrases, exclusions, fields, and what makes no sense is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries import FIELDS, MAX_WORDS, Query, Sort, Word, understood


@pytest.mark.parametrize(
    ("typed", "words", "without"),
    [
        ("猫 犬", ["猫", "犬"], []),
        ("猫　-犬", ["猫"], ["犬"]),
        ("猫 －犬 −鳥", ["猫"], ["犬", "鳥"]),
        ('"the old man" sea', ["the old man", "sea"], []),
        ("“銀河 鉄道” ＂夜＂", ["銀河 鉄道", "夜"], []),
        ('猫 -"黒い 犬"', ["猫"], ["黒い 犬"]),
        ("-", [], []),
        ('"', [], []),
        ('猫"', ["猫"], []),
        ("1-2", ["1-2"], []),
        ("ーズ", ["ーズ"], []),
        ("- 猫", ["猫"], []),
    ],
)
def test_words_phrases_and_what_is_excluded_are_told_apart(typed, words, without):
    query = understood({"q": typed})
    assert [word.typed for word in query.words] == words
    assert [word.typed for word in query.without] == without


def test_each_field_of_words_is_a_column_of_the_index():
    query = understood({"title": "こころ", "author": "夏目 -門", "publisher": "岩波", "page": "3", "x": "y"})
    assert query.words == (Word("こころ", "t"), Word("夏目", "a"), Word("岩波", "p"))
    assert query.without == (Word("門", "a"),)


def test_words_beyond_the_eighth_are_named_whatever_field_they_stand_in():
    query = understood({"q": "い ろ は に ほ へ", "title": "と ち り ぬ"})
    assert len(query.words) == MAX_WORDS and query.ignored == ("り", "ぬ")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"ndc": "９１３．６"}, Query(ndc="9136")),
        ({"ndc": "9"}, Query(ndc="9")),
        ({"ndc": "文学"}, Query(ignored=("文学",))),
        ({"ndc": "9136"}, Query(ignored=("9136",))),
        ({"year_from": "２００１", "year_to": "2010"}, Query(year_from=2001, year_to=2010)),
        ({"year_from": "むかし"}, Query(ignored=("むかし",))),
        ({"year_to": "0"}, Query(ignored=("0",))),
        ({"isbn": "4-00-310101-4"}, Query(isbn="9784003101018")),
        ({"isbn": "4-00-310101-5"}, Query(ignored=("4-00-310101-5",))),
        ({"available": "1", "sort": "new"}, Query(available=True, sort=Sort.NEWEST)),
        ({"available": "0", "sort": "best"}, Query()),
    ],
)
def test_what_makes_no_sense_is_left_out_and_named(asked, expected):
    assert understood(asked) == expected


@given(st.dictionaries(st.sampled_from([*FIELDS, "isbn", "ndc", "year_from", "year_to", "sort"]), st.text()))
def test_no_address_whatever_fails(asked):
    query = understood(asked)
    assert len(query.words) <= MAX_WORDS and len(query.without) <= MAX_WORDS
