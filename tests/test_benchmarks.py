"""What the benches compare answers with, a reading of all the text, and a chart that can be read."""

import re
import sys
import xml.etree.ElementTree as xml
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path

import pytest

from models import db

BENCH = Path(__file__).resolve().parent.parent / "bench"
sys.path.append(str(BENCH))

import asked  # noqa: E402
import growth  # noqa: E402

# Not by its name, which is that of the program's own module.
_spec = spec_from_file_location("bench_search", BENCH / "search.py")
bench_search = module_from_spec(_spec)
_spec.loader.exec_module(bench_search)

QUESTIONS = (
    "日",
    "日本",
    "日本 歴史",
    "れきし",
    "にほんのれきし",
    "霞ヶ関",
    "py",
    "python",
    "1",
    "12",
    "ない言葉",
)


@pytest.fixture
def shelves(town):
    town.title("日本の歴史", title_kana="ニホン ノ レキシ", volume="1")
    town.title("歴史の日", subtitle="日本", volume="12")
    town.title("Python入門", by="夏目 漱石")
    town.title("霞が関の人びと", series="日本歴史叢書")


@pytest.mark.parametrize("words", QUESTIONS)
def test_reading_all_the_text_finds_what_the_index_finds(shelves, words):
    found = asked.find(words)

    assert asked.Truth().having(words) == set(found.ids)
    assert set(asked.newest(asked.match(words), 100)) == set(found.ids)
    assert asked.count(asked.match(words)) == found.total


def test_an_index_that_has_lost_something_is_told(shelves):
    truth = asked.Truth()
    right = [bench_search.wrong(words, truth) for words in QUESTIONS]
    db.execute_sql("INSERT INTO bib_fts (bib_fts) VALUES ('delete-all')")

    assert right == [[]] * len(QUESTIONS)
    assert bench_search.wrong("日本", truth) == ["日本: 0 too many, 3 missing", "日本: 0 told, 3 are there"]
    assert bench_search.wrong("ない言葉", truth) == []


def test_the_names_in_a_chart_stand_apart_and_each_line_ends_beside_its_own():
    lines = {"one": [1.0, 2.0, 3.0], "two": [1.0, 2.0, 3.01], "three": [10.0, 20.0, 90.0]}

    drawn = xml.fromstring(growth.chart("Growth", [10, 100, 1000], lines))  # noqa: S314 - our own

    texts = [e for e in drawn.iter() if e.tag.endswith("text") and e.text in lines]
    heights = {text.text: float(text.get("y")) for text in texts}
    assert heights.keys() == lines.keys()
    assert sorted(heights, key=heights.get) == ["three", "two", "one"]
    between = sorted(heights.values())
    assert all(after - before >= 15 for before, after in pairwise(between))
    ways = [e.get("d") for e in drawn.iter() if e.get("stroke-width") == "2"]
    assert [len(re.findall("[ML]", way)) for way in ways] == [3, 3, 3]
