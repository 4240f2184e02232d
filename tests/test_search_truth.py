"""The search truth: queries as patrons type them, with the works that must come in the first ten.

It is made from the whole index of Aozora Bunko; of the works that it expects, those in the sample catalogue
are asked for.  Its ``meta`` explains the fields.
"""

import json
from pathlib import Path

import pytest

import search

TRUTH = json.loads((Path(__file__).parent / "search_truth_aozora.json").read_text(encoding="utf-8"))
QUERIES = {query["query"]: query for query in TRUTH["queries"]}

# None of these is a "must".  Each would need more than folding, and costs other searches what it gives.
NOT_PROMISED = {
    "山椒太夫": "a misspelling: 太夫 and 大夫 are two words",
    "僕ちゃん": "another title than the one that is meant; only a suggestion could help",
    "シェイクスピア": "ェイ and ェー are two spellings, and only the translator's is in the list",
    "Wagahai wa neko de aru": "the list has no titles in Roman letters",
}


@pytest.fixture(scope="module")
def works(sample):
    """The sample catalogue and the number of each Aozora work in it."""
    rows = sample.execute_sql("SELECT id, source FROM bib").fetchall()
    return sample, {number: source.removeprefix("aozora:") for number, source in rows}


@pytest.mark.parametrize("words", sorted(QUERIES.keys() - NOT_PROMISED.keys()))
def test_the_expected_works_come_first(works, words):
    db, names = works
    query = QUERIES[words]
    found = search.find(db, words, 10)
    first = [names[number] for number in found.ids]
    expected = set(query["expect_ids"]) & set(names.values())
    there = expected & set(first)
    match query["match"]:
        case "all":
            assert there == expected
        case "any":
            assert there
        case "top10_in":
            assert len(there) >= query["min_hits"]
        case "none":
            assert found.total == 0
        case "none_or_few":
            assert found.total <= query["max_hits"]
    if "rank_max" in query:
        assert expected & set(first[: query["rank_max"]])
    for lower in query.get("must_outrank", ()):
        assert lower not in first or first.index(lower) > max(map(first.index, there))


def test_every_query_that_must_pass_is_asked():
    assert not [words for words in NOT_PROMISED if QUERIES[words]["level"] == "must"]


def test_the_sample_holds_every_work_that_is_asked_for_by_name(works):
    _, names = works
    asked = {
        work for query in QUERIES.values() if query["match"] in ("all", "any") for work in query["expect_ids"]
    }
    assert asked <= set(names.values())
