"""受入: which title a row is about, what becomes of its piece, and that nothing is doubled or lost."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

import cataloguing
import intake
import search
from models import Bib, Creator, Item, Serial, db
from rules import HoldState, ItemState
from tests.records import barcode
from title_records import CreatorRecord, TitleRecord

BOTCHAN, KOKORO = "9784003101032", "9784003101018"


@pytest.fixture
def take(town, tmp_path):
    """Imports the rows of a list; gives what was done."""

    def take(header, *rows, **chosen):
        path = tmp_path / "list.csv"
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        found = intake.open_titles(path, town.policy, intake.Choices(**chosen))
        weighed = intake.weigh(db, found, town.today, policy=town.policy)
        stored = intake.store(db, found, town.today, policy=town.policy)
        assert weighed == stored, "what was foretold is what was done"
        return stored

    return take


def found(words):
    return search.find(db, words, 20).ids


def reasons(stored):
    return [(row.line, row.reason) for row in stored.refused]


# ---- one title, several pieces


def test_rows_of_one_title_are_one_title_with_its_pieces(take):
    stored = take(
        "書名,著者,ISBN,資料番号,所蔵館",
        f"坊っちゃん,夏目漱石,{BOTCHAN},1001,本館",
        "吾輩は猫である,夏目漱石,,1002,本館",
        f"坊っちゃん,夏目漱石,{BOTCHAN},1003,東分館",
        "吾輩は猫である,夏目漱石,,1004,東分館",
    )
    assert (stored.added, stored.pieces_added, stored.refused) == (2, 4, [])
    assert {bib.title: [item.barcode for item in bib.items] for bib in Bib.select()} == {
        "坊っちゃん": ["1001", "1003"],
        "吾輩は猫である": ["1002", "1004"],
    }


def test_the_volumes_of_a_set_stay_apart_though_they_share_an_isbn(take):
    take("書名,巻次,ISBN", f"道草,上,{BOTCHAN}", f"道草,下,{BOTCHAN}", f"道草,上,{BOTCHAN}")
    assert sorted(bib.volume for bib in Bib.select()) == ["上", "下"]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("書名,ISBN,資料番号", f"坊っちゃん,{BOTCHAN},1001"),
        ("書名,著者,出版年,資料番号", "坊っちゃん,夏目漱石,1950,1001"),
        ("書名,著者", "坊っちゃん,夏目漱石"),
        ("source,title", "町:1,坊っちゃん"),
    ],
)
def test_the_same_list_again_changes_nothing(take, header, row):
    take(header, row)
    before = list(db.execute_sql("SELECT * FROM bib")), list(db.execute_sql("SELECT * FROM item"))
    stored = take(header, row)
    assert (stored.added, stored.updated, stored.same, stored.pieces_added, stored.pieces_updated) == (
        0,
        0,
        1,
        0,
        0,
    )
    assert before == (list(db.execute_sql("SELECT * FROM bib")), list(db.execute_sql("SELECT * FROM item")))


def test_across_batches_rows_still_find_their_title(take):
    many = [f"題{number},甲野 一郎,{number:05}" for number in range(600)]
    stored = take("書名,著者,資料番号", *many, "題0,甲野 一郎,90000", "題0,甲野 一郎,00001")
    assert (stored.added, stored.pieces_added) == (600, 601)
    assert reasons(stored) == [(603, "import.barcode_twice")]
    assert Item.get(barcode="90000").bib.title == "題0"


def test_a_title_came_when_its_piece_did(take, town):
    take("書名,資料番号,受入日", "坊っちゃん,1001,平成17年4月1日", "門,1002,")
    assert {bib.title: str(bib.added_on) for bib in Bib.select()} == {
        "坊っちゃん": "2005-04-01",
        "門": str(town.today),
    }
    assert str(Item.get(barcode="1001").added_on) == "2005-04-01"


# ---- updating


def test_a_title_is_found_by_its_piece_and_corrected(take):
    take("書名,資料番号", "坊ちゃん,1001")
    stored = take("書名,著者,資料番号", "坊っちゃん,夏目 漱石,1001")
    assert (stored.added, stored.updated) == (0, 1)
    [bib] = Bib.select()
    assert bib.title == "坊っちゃん" and found("坊っちゃん 漱石") == [bib.id]


def test_what_a_list_does_not_say_stays(take):
    take(
        "書名,ヨミ,著者,著者ヨミ,ISBN,出版社",
        f"坊っちゃん,ぼっちゃん,夏目 漱石,なつめ そうせき,{BOTCHAN},栞書房",
    )
    take("書名,著者,ISBN,出版社", f"坊っちゃん,夏目 漱石著,{BOTCHAN},")
    [bib], [person] = Bib.select(), Creator.select()
    assert (bib.title_kana, bib.publisher) == ("ぼっちゃん", "栞書房")
    assert (person.reading, person.role) == ("なつめ そうせき", "著者")


def test_a_title_of_the_desk_is_filled_and_not_doubled(take, town):
    bib = town.title("坊っちゃん", copies=0, isbn=BOTCHAN)
    take("書名,ISBN,出版社,資料番号", f"坊っちゃん,{BOTCHAN},栞書房,1001")
    [kept] = Bib.select()
    assert (kept.id, kept.publisher, Item.get(barcode="1001").bib_id) == (bib, "栞書房", bib)


def test_what_was_hidden_at_the_desk_stays_hidden(take, town):
    take("書名,資料番号", "坊ちゃん,1001")
    cataloguing.hide_title(Bib.get().id, town.clock(), "1")
    take("書名,資料番号", "坊っちゃん,1001")
    assert Bib.get().hidden and Bib.get().title == "坊っちゃん" and found("坊っちゃん") == []


def test_a_title_that_a_patron_asked_for_is_filled_and_is_there_with_its_first_piece(take, town):
    asked = town.title("ぼっちゃん", copies=0, requested=True, hidden=True, isbn=BOTCHAN)
    hold = town.hold(asked, "sato")
    take("書名,ISBN", f"坊っちゃん,{BOTCHAN}")
    assert Bib.get().title == "坊っちゃん" and Bib.get().requested
    take("書名,ISBN,資料番号", f"坊っちゃん,{BOTCHAN},1001")
    [bib] = Bib.select()
    assert (bib.id, bib.requested, bib.hidden) == (asked, False, False)
    assert found("坊っちゃん") == [asked] and bib.holds[0].id == hold


def test_a_list_with_numbers_of_its_own_takes_over_a_title_that_had_none(take):
    take("書名,ISBN", f"坊っちゃん,{BOTCHAN}")
    take("source,title,isbn", f"町:1,坊っちゃん,{BOTCHAN}")
    take("source,title,isbn", f"町:1,坊っちゃん改版,{BOTCHAN}")
    assert [(bib.source, bib.title) for bib in Bib.select()] == [("町:1", "坊っちゃん改版")]


@pytest.mark.parametrize("between", [0, 600])
def test_two_numbers_of_a_list_are_two_titles_though_they_share_an_isbn(take, between):
    others = [f"他:{number},題{number}," for number in range(between)]
    stored = take("source,title,isbn", f"町:1,坊っちゃん,{BOTCHAN}", *others, f"町:2,こころ,{BOTCHAN}")
    assert stored.added == 2 + between
    assert [bib.title for bib in Bib.select().where(Bib.isbn == BOTCHAN).order_by(Bib.id)] == [
        "坊っちゃん",
        "こころ",
    ]


def test_a_number_of_one_list_is_not_taken_over_by_another(take):
    take("source,title,isbn", f"町:1,坊っちゃん,{BOTCHAN}")
    take("source,title,isbn", f"県:9,坊っちゃん,{BOTCHAN}")
    assert {bib.source for bib in Bib.select()} == {"県:9", "町:1"}


def test_a_volume_of_what_was_asked_for_without_one_fills_it(take, town):
    asked = town.title("道草", copies=0, requested=True, isbn=BOTCHAN)
    take("書名,巻次,ISBN,資料番号", f"道草,上,{BOTCHAN},1001", f"道草,下,{BOTCHAN},1002")
    assert (Bib.get_by_id(asked).volume, Bib.get_by_id(asked).requested) == ("上", False)
    assert Bib.select().count() == 2


def test_an_issue_begins_its_magazine_once(take):
    stored = take(
        "source,title,volume,serial,issued_on",
        "1,月刊しおり,5月号,月刊しおり,2026-05-01",
        "2,月刊しおり,6月号,月刊しおり,2026-06-01",
        "3,月刊しおり,7月号,月刊しおり,",
    )
    assert reasons(stored) == [(4, "reason.issue_in_part")]
    assert [serial.title for serial in Serial.select()] == ["月刊しおり"]
    assert Bib.select().where(Bib.serial.is_null(False)).count() == 2


# ---- pieces


def test_a_number_of_another_title_is_refused_and_the_rest_loads(take):
    take("書名,ISBN,資料番号", f"坊っちゃん,{BOTCHAN},1001")
    stored = take("書名,ISBN,資料番号", f"こころ,{KOKORO},1001", "草枕,,1001", "門,,1002")
    assert reasons(stored) == [(2, "import.barcode_taken"), (3, "import.barcode_taken")]
    assert stored.refused[0].facts == {"barcode": "1001", "title": "坊っちゃん"}
    assert {bib.title for bib in Bib.select()} == {"坊っちゃん", "門"}, "a refused row leaves nothing behind"


def test_a_number_twice_in_a_list_is_refused_the_second_time(take):
    stored = take("書名,資料番号", "坊っちゃん,1001", "坊っちゃん改,1001", "坊っちゃん,1001")
    assert reasons(stored) == [(3, "import.barcode_twice")]
    assert (Bib.get().title, Item.select().count()) == ("坊っちゃん", 1)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("9784003101032", "reason.barcode_of_trade"),
        ("100000011", "reason.barcode_is_a_card"),
        ("ア1", "reason.barcode_form"),
        ("1" * 21, "reason.barcode_form"),
    ],
)
def test_a_number_that_no_piece_can_have_is_refused(take, number, reason):
    stored = take("書名,資料番号", f"坊っちゃん,{number}")
    assert reason in [reason for _, reason in reasons(stored)] and Item.select().count() == 0


def test_without_a_branch_new_pieces_are_the_main_ones_and_known_ones_stay_where_they_are(take):
    take("書名,資料番号,所蔵館", "坊っちゃん,1001,東分館")
    take("書名,資料番号", "坊っちゃん,1001", "門,1002")
    assert {item.barcode: item.branch for item in Item.select()} == {"1001": "east", "1002": "main"}
    take("書名,資料番号", "坊っちゃん,1001", branch="west")
    assert Item.get(barcode="1001").branch == "west"


def test_a_piece_that_is_out_may_change_its_call_number_and_not_be_withdrawn(take, town):
    bib = town.title("坊っちゃん")
    town.lend(bib, "sato")
    code = barcode(bib)
    stored = take("書名,資料番号,請求記号", f"坊っちゃん,{code},913.6 ソ")
    assert stored.pieces_updated == 1 and Item.get().call_number == "913.6 ソ"
    stored = take("書名,資料番号,請求記号,状態", f"坊っちゃん,{code},913.7,除籍")
    assert reasons(stored) == [(2, "reason.piece_out")]
    assert (Item.get().state, Item.get().call_number) == (ItemState.IN_STOCK, "913.6 ソ")


def test_a_piece_that_is_kept_for_somebody_cannot_go_missing_by_a_list(take, town):
    bib = town.title("坊っちゃん")
    town.ready(bib, "sato")
    stored = take("書名,資料番号,状態", f"坊っちゃん,{barcode(bib)},所在不明")
    assert reasons(stored) == [(2, "import.piece_kept")] and Item.get().state is ItemState.IN_STOCK


def test_what_another_library_has_lent_is_left_alone(take, town):
    bib = town.title("坊っちゃん", copies=0)
    piece = town.copy(bib, interlibrary=True)
    Item.update(barcode="B1", borrowed_from="となり町", send_back_by=town.today + timedelta(9)).where(
        Item.id == piece
    ).execute()
    assert reasons(take("書名,資料番号,所蔵館", "坊っちゃん,B1,西分館")) == [(2, "import.piece_of_others")]


def test_without_a_title_a_row_adds_a_piece_to_what_is_there_and_begins_nothing(take):
    take("書名,ISBN", f"坊っちゃん,{BOTCHAN}")
    stored = take("書名,ISBN,資料番号", f",{BOTCHAN},1001", f",{KOKORO},1002", f",{BOTCHAN},")
    assert reasons(stored) == [(4, "import.no_title"), (3, "import.no_title")]
    assert [item.bib.title for item in Item.select()] == ["坊っちゃん"]


def test_a_new_piece_is_not_given_to_whoever_waits_before_it_is_scanned(take, town):
    bib = town.title("坊っちゃん", copies=0)
    hold = town.hold(bib, "sato")
    take("書名,資料番号", "坊っちゃん,1001")
    [waiting] = Bib.get_by_id(bib).holds
    assert (waiting.id, waiting.state) == (hold, HoldState.WAITING)


# ---- the refused rows


def test_refused_rows_can_be_mended_and_imported_again(take, town, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes('書名,ISBN\n門,1\n"題\n二",9784003101018\n"=SUM(A1)",2\n'.encode("cp932"))
    found = intake.open_titles(path, town.policy)
    stored = intake.store(db, found, town.today, policy=town.policy)
    written = intake.refused_rows(found, stored.refused, lambda row: row.reason, ("行", "理由"))
    assert written.decode("utf-8-sig").splitlines() == [
        "行,理由,書名,ISBN",
        "2,import.wrong_isbn,門,1",
        "5,import.wrong_isbn,'=SUM(A1),2",
    ]
    path.write_bytes(written.replace(b",1\r", b",\r").replace(b",2\r", b",\r"))
    intake.store(db, intake.open_titles(path, town.policy), town.today, policy=town.policy)
    assert {bib.title for bib in Bib.select()} == {"門", "題 二", "=SUM(A1)"}


# ---- broken off

ROWS = 6000


def test_a_process_that_is_killed_leaves_whole_titles_and_a_second_run_does_the_rest(tmp_path):
    path = tmp_path / "list.csv"
    rows = (f"題{number},甲野 一郎,{number:06},913.6" for number in range(ROWS))
    path.write_text("書名,著者,資料番号,請求記号\n" + "\n".join(rows) + "\n", encoding="utf-8")
    command = [sys.executable, str(Path(intake.__file__).with_name("cli.py")), "import", str(path)]
    environment = {**os.environ, "SHIORI_DATA": str(tmp_path), "SHIORI_POLICY": "source-1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    database = tmp_path / "shiori.db"

    def count(table):
        try:
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as reading:
                return reading.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        except sqlite3.OperationalError:
            return 0

    while count("item") < 500 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert 0 < count("bib") < ROWS, "it was killed in the middle"
    assert count("bib") == count("item") == count("creator") == count("bib_key")
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert count("bib") == count("item") == count("creator") == count("bib_key") == ROWS


def test_a_person_without_a_name_is_left_out_whatever_file_says_so(town):
    people = (CreatorRecord("", role="編者"), CreatorRecord("夏目 漱石"))
    record = TitleRecord(1, "test:1", "こころ", creators=people)
    for _ in range(2):
        intake.store(db, [record], town.today, policy=town.policy)

    assert [name for (name,) in Creator.select(Creator.name).tuples()] == ["夏目 漱石"]
