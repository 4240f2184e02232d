"""In which order pieces stand on the shelf, and that the order follows whatever is written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import migrations
import models
from call_numbers import shelf_key, stretch
from models import Bib, Item, db

CALL_NUMBERS = st.text("RBJE 913.62/・ナなザざー０９ａ\t", max_size=12)


@pytest.mark.parametrize(
    "shelf",
    [
        pytest.param(["007 ア", "210.1 ア", "49 ア", "5 ア", "913.12 ア", "913.6 ア"], id="decimals"),
        pytest.param(["913 ア", "913 カ", "913 ハ", "913 バ", "913 パ", "913 ヒ"], id="kana, voiced after"),
        pytest.param(["913 ナ", "913 ナ 2", "913 ナ 10"], id="volumes as numbers"),
        pytest.param(["210 ニ 上", "210 ニ 中", "210 ニ 下"], id="上 before 中 before 下"),
        pytest.param(["913.6 N5", "913.6 N58", "913.6 N6"], id="marks with figures as decimals"),
        pytest.param(["913 ナ", "B 913 ア", "E ア", "R 031 ア"], id="what stands apart, after the rest"),
        pytest.param(["R 031 ア", "RA 031 ア"], id="one 別置記号 does not run into another"),
    ],
)
def test_pieces_sort_as_they_stand(shelf):
    assert sorted(reversed(shelf), key=shelf_key) == shelf


@pytest.mark.parametrize(
    "written", ["R 813 コ", "R813 コ", "Ｒ　８１３　ｺ", "r 813 こ", "R/813/コ", " R  813  コ "]
)
def test_one_call_number_written_in_several_ways_is_one_place(written):
    assert shelf_key(written) == shelf_key("R 813 コ")


def test_picture_books_without_a_label_stand_by_title():
    titles = ["ああ", "ぐりとぐら", "くんくん", "はなび"]

    assert sorted(reversed(titles), key=lambda title: shelf_key("", title)) == titles


def test_volumes_of_one_work_stand_in_their_order():
    keys = [shelf_key("913.6 ナ", "わがはい", volume) for volume in ("1", "2", "第3巻", "10")]

    assert keys == sorted(keys)


@given(CALL_NUMBERS, CALL_NUMBERS)
def test_what_stands_together_is_one_stretch(one, other):
    first, last = stretch(shelf_key(one))
    same = shelf_key(one).split(" ")[0] == shelf_key(other).split(" ")[0]

    assert (first <= shelf_key(other) < last) is same


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_any_text_has_its_place(call_number, title, volume):
    assert shelf_key(call_number, title, volume).count(" ") == 6


def test_the_place_follows_whoever_changes_a_call_number_or_a_title(town):
    bib = town.title("こころ", call_number="913.6 ナ")

    Item.update(call_number="R 813 コ").execute()
    assert Item.get().shelf_key == shelf_key("R 813 コ", "こころ")
    Bib.update(title_kana="ココロ", volume="2").where(Bib.id == bib).execute()

    assert Item.get().shelf_key == shelf_key("R 813 コ", "ココロ", "2")


def test_a_library_from_before_gets_its_places(tmp_path, monkeypatch):
    models.open_database(tmp_path / "shiori.db")
    with monkeypatch.context() as before:
        before.setattr(migrations, "STEPS", migrations.STEPS[: migrations.STEPS.index(migrations.SHELVES)])
        migrations.migrate(db)
    db.execute_sql("INSERT INTO bib (material, title, added_on) VALUES ('book', 'こころ', '2026-04-01')")
    db.execute_sql(
        "INSERT INTO item (bib_id, barcode, branch, call_number, added_on)"
        " VALUES (1, '1', 'main', '913.6 ナ', '2026-04-01')"
    )

    migrations.migrate(db)

    assert Item.get().shelf_key == shelf_key("913.6 ナ", "こころ")
    db.close()
