"""Folding: what counts as the same word, as the catalogue's readers type it."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import folding
from folding import fold, forms, isbn13, phonetic

KANA_AND_KANJI = "あがかヶケヵゖゝゞヽヾ々ヴァィェォャュぢづゐゑをーっ゛゜´ 一二八三国國岳沢澤崎埼〇A1aé・-"
ANY_TEXT = st.text() | st.text(alphabet=KANA_AND_KANJI)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ねこ", "ネコ"),
        ("ｶﾞｯｺｳ", "がっこう"),
        ("ＡＢＣ１２３", "abc123"),
        ("Brontë", "bronte"),
        ("Ærø", "aero"),
        ("Straße", "STRASSE"),
        ("ちょうしや", "チヨウシヤ"),
        ("ゐる", "いる"),
        ("ゑほん", "えほん"),
        ("をとこ", "おとこ"),
        ("あぢさゐ", "アジサイ"),
        ("みかづき", "みかずき"),
        ("ヴァイオリン", "バイオリン"),
        ("ベートーヴェン", "ベートーベン"),
        ("ヴュルツブルク", "ビュルツブルク"),
        ("ゴ―シュ", "ゴーシュ"),
        ("コンピューター", "コンピュータ"),
        ("ドグラ・マグラ", "ドグラマグラ"),
        ("〔雨ニモマケズ〕", "雨にもまけず"),
        ("にほん　の れきし", "にほんのれきし"),
        ("佐々木", "佐佐木"),
        ("こゝろ", "こころ"),
        ("いすゞ", "いすず"),
        ("バナヽ", "バナナ"),
        ("少しづゝ", "少しずつ"),
        ("か゛く", "がく"),
        ("が", "か\u3099"),
        ("國語", "国語"),
        ("髙橋", "高橋"),
        ("渡邊", "渡辺"),
        ("齋藤", "斉藤"),
        ("山﨑", "山崎"),
        ("霞ヶ関", "霞が関"),
        ("霞ケ関", "霞ヶ関"),
        ("十二ヵ月", "十二か月"),
        ("３カ月", "3ヶ月"),
        ("Ⅱ", "ii"),
        ("A\x00B\x1f", "A B"),
        ("辻\U000e0100", "辻"),
    ],
)
def test_these_are_one_word(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("かき", "かぎ"),
        ("はな", "わな"),
        ("受け皿", "受か皿"),
        ("埼", "崎"),
        ("にほん", "にっぽん"),
        ("C 3", "c3"),
        ("大夫", "太夫"),
    ],
)
def test_these_stay_two_words(one, other):
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    "nothing", ["", " ", "\u3000", "・", "ー", "!?", "%_*\"'", "\x00", "々", "★", "\ue000", "\ud800"]
)
def test_signs_alone_fold_to_nothing(nothing):
    assert fold(nothing) == ""
    assert forms(nothing) == ()


def test_a_blank_stays_only_between_two_latin_words():
    assert fold("U.S.A. の 歴史 -- vol. 2") == "u s aの歴史vol 2"


@given(ANY_TEXT)
@example("İstanbul")
@example("ケ゛")
@example("一ヶヶ一")
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
def test_a_folded_text_holds_letters_figures_and_inner_blanks_only(text):
    folded = fold(text)
    assert folded == folded.strip()
    assert "  " not in folded
    assert all(character == " " or character.isalnum() for character in folded)
    assert not re.search("[ァ-ケゲ-ヵヷ-ヺーぁぃぅぇぉっゃゅょゎゐゑをぢづ々ゝゞA-Z]", folded)


@given(st.text(alphabet="あがかヶケーヴァィ々ゝ・一二国 ", min_size=1), st.data())
def test_every_part_of_a_text_has_a_form_that_stands_in_the_folded_text(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    part = text[start : data.draw(st.integers(start + 1, len(text)))]
    if fold(part):
        assert any(form in fold(text) for form in forms(part)), (fold(text), forms(part))


def test_a_word_cut_at_a_doubtful_sign_has_several_forms():
    assert forms("我が") == ("我が", "我ヶ")
    assert forms("ヶ淵")[0] != forms("ヶ淵")[1]
    assert "べとべ" in forms("ベートーヴ")
    assert forms("ねこ") == ("ねこ",)


def test_a_long_kana_text_also_has_its_sound():
    assert phonetic("わがはいわねこである") == phonetic("わがはいはねこである")
    assert phonetic("わがはいわねこである") in forms("ワガハイ ワ ネコ デ アル")
    assert forms("わな") == ("わな",)
    assert phonetic("吾輩は猫である") == "吾輩は猫である"


def test_no_character_has_two_canonical_forms():
    table = folding._one_for_one()
    assert all(table.get(ord(to), to) == to for to in table.values() if len(to) == 1)


@pytest.mark.parametrize(
    "written",
    [
        "9784003101018",
        "978-4-00-310101-8",
        "４００３１０１０１４",
        "4-00-310101-4",
        " 978 4 00 310101 8 ",
        "978ー4ー00ー310101ー8",
    ],
)
def test_an_isbn_is_known_however_it_is_written(written):
    assert isbn13(written) == "9784003101018"


def test_an_isbn_10_may_end_in_x():
    assert isbn13("4-10-101003-x") == isbn13("410101003X") == "9784101010038"


@pytest.mark.parametrize(
    "other", ["", "4003101015", "9784003101019", "491000310101", "1234567890123", "吾輩", "4-00-31010"]
)
def test_other_numbers_are_no_isbn(other):
    assert isbn13(other) is None
