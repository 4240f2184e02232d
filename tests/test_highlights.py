"""Marks at the places that a search found: in the words as the record writes them, as safe HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from folding import aligned, fold
from highlights import marker
from queries import understood


def marked(q: str, text: str, column: str = "t") -> str:
    return str(marker(understood({"q": q}))(text, column))


@pytest.mark.parametrize(
    ("q", "text", "expected"),
    [
        ("猫", "吾輩は猫である", "吾輩は<mark>猫</mark>である"),
        ("ネコ", "ねこのはなし", "<mark>ねこ</mark>のはなし"),
        ("髙橋", "高橋と髙橋", "<mark>高橋</mark>と<mark>髙橋</mark>"),
        ("ささき", "佐々木", "佐々木"),
        ("佐佐木", "佐々木", "<mark>佐々木</mark>"),
        ("すすめ", "学問のすゝめ", "学問の<mark>すゝめ</mark>"),
        ("バイオリン", "ヴァイオリンの夜", "<mark>ヴァイオリン</mark>の夜"),
        ("エドガーアラン", "エドガー・アラン・ポー", "<mark>エドガー・アラン</mark>・ポー"),
        ("sea", "The SEA, the sea", "The <mark>SEA</mark>, the <mark>sea</mark>"),
        ("ea", "The sea", "The sea"),
        ("霞が関", "霞ヶ関の春", "<mark>霞ヶ関</mark>の春"),
        ("パン", "ﾊﾟﾝ屋", "<mark>ﾊﾟﾝ</mark>屋"),
        ("b", "<b>&amp;", "&lt;<mark>b</mark>&gt;&amp;amp;"),
        ("amp", "A & B", "A &amp; B"),
        ("山 川", "山川草木", "<mark>山川</mark>草木"),
    ],
)
def test_what_was_found_is_marked_as_the_record_writes_it(q, text, expected):
    assert marked(q, text) == expected


def test_a_field_marks_only_its_own_texts():
    mark = marker(understood({"author": "夏目"}))
    assert mark("夏目のこと", "t") == "夏目のこと"
    assert mark("夏目 漱石", "a") == "<mark>夏目</mark> 漱石"


@given(st.text(max_size=30), st.text(alphabet="あいかが猫ヶヴァ々ゝABab 　・<>&\"'ー", max_size=40))
def test_whatever_is_marked_the_text_stays_and_is_escaped(q, text):
    html = marked(q, text)
    assert html.replace("<mark>", "").replace("</mark>", "") == str(escape(text))


@given(st.lists(st.sampled_from([*"あいかがヶヴァ々ゝゞー・、Aaé１ 　猫國", "ｶﾞ", "ﾊﾟ", "か゛"]), max_size=30))
def test_parts_fold_as_the_whole_does(parts):
    text = "".join(parts)
    folded, places = aligned(text)
    assert len(folded) == len(places)
    assert folded == fold(text)


def test_every_title_of_the_sample_folds_part_by_part(sample):
    for row in sample.execute_sql("SELECT title, subtitle, title_kana, publisher FROM bib"):
        for text in row:
            assert aligned(text)[0] == fold(text)
