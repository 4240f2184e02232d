"""The catalogue as a file: everything that is the library's, nothing that is a patron's."""

import io
import os
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import export
import intake
import marc
import models
import resources
import search_index
import title_list
from models import Bib, Creator, Item, Serial
from rules import ItemState
from tests.cast import CARDS

LATER = date(2026, 9, 1)
ROOT = Path(__file__).resolve().parent.parent
READERS = {
    "csv": lambda content: title_list.read(
        intake._rows(io.StringIO(content.decode("utf-8-sig"), newline=""))
    ),
    "xml": marc.read_marcxml,
    "mrc": marc.read_marc,
}


def written(kind: str) -> bytes:
    return b"".join(export.content(kind, export.records()))


def read(kind: str, content: bytes) -> list:
    return list(READERS[kind](content))


@pytest.fixture
def shelves(town):
    """Titles of every sort."""
    town.title(
        "こころ",
        by="夏目 漱石",
        copies=2,
        isbn="9784101010137",
        title_kana="ココロ",
        source="ndl:1",
        tags="参考\n郷土",
        language="jpn",
        holdable_from=datetime(2026, 5, 1, 0, 30, tzinfo=UTC),
    )
    town.issues("暮しの手帖", date(2026, 3, 1), date(2026, 4, 1))
    Serial.update(title_kana="クラシノテチョウ").execute()
    town.title("隠した本", hidden=True, state=ItemState.WITHDRAWN, not_for_loan=True, volumes=3)
    town.title("本だけ", copies=0)
    return town


@pytest.mark.parametrize("kind", export.FORMATS)
def test_a_catalogue_that_is_read_into_an_empty_library_is_written_the_same_again(shelves, policy, kind):
    before = written(kind)
    titles = read(kind, before)
    models.db.execute_sql("DELETE FROM bib_key")  # the search index
    for table in (Creator, Item, Bib, Serial):
        table.delete().execute()
    search_index.reindex_all(models.db)
    stored = intake.store(models.db, titles, LATER, policy=policy)

    assert (stored.added, stored.pieces_added, stored.refused) == (5, 5, [])

    assert [title.title for title in titles] == [
        *("こころ", "暮しの手帖 3月号", "暮しの手帖 4月号", "隠した本", "本だけ")
    ]
    assert written(kind) == before


@pytest.mark.parametrize("kind", export.FORMATS)
def test_read_into_the_same_library_an_export_changes_nothing_and_doubles_nothing(
    shelves, policy, tmp_path, kind
):
    before = written(kind)
    file = tmp_path / f"catalogue.{kind}"
    file.write_bytes(before)

    stored = intake.store(models.db, intake.open_titles(file, policy), LATER, policy=policy)

    assert (stored.added, stored.updated, stored.same, stored.refused) == (0, 0, 5, [])
    assert (stored.pieces_added, stored.pieces_updated) == (0, 0)
    assert Bib.select().count() == 5 and written(kind) == before


def test_an_export_of_another_library_is_not_taken_for_our_own_titles(shelves, policy, tmp_path):
    file = tmp_path / "catalogue.csv"
    file.write_bytes(written("csv").replace("本だけ".encode(), "別の図書館の本".encode()))

    assert intake.store(models.db, intake.open_titles(file, policy), LATER, policy=policy).added == 1
    assert Bib.select().where(Bib.title == "本だけ").exists()


@pytest.mark.parametrize("kind", ["csv", "xml"])
def test_the_sample_catalogue_comes_back_the_same(database, kind):
    intake.store(
        models.db,
        intake.read_titles(io.StringIO(resources.text("samples/titles.csv"))),
        date(2026, 4, 1),
    )
    before = list(export.records())

    assert len(before) > 3000
    for line, (back, title) in enumerate(zip(read(kind, written(kind)), before, strict=True)):
        assert back.source == title.source, line
        for field in fields(title):
            if field.name != "line":
                assert getattr(back, field.name) == getattr(title, field.name), (title.source, field.name)


def test_hidden_titles_and_withdrawn_pieces_are_marked_and_magazines_are_named(shelves):
    kokoro, _, issue, hidden, _ = export.records()

    assert [item.tags for item in kokoro.items] == [("参考", "郷土"), ("参考", "郷土")]
    assert (issue.serial, issue.serial_kana, issue.issued_on) == (
        *("暮しの手帖", "クラシノテチョウ"),
        date(2026, 4, 1),
    )
    assert (hidden.hidden, hidden.items[0].state) == (True, ItemState.WITHDRAWN)


def test_nothing_is_said_of_any_patron(shelves):
    bib = Bib.get(Bib.title == "こころ")
    shelves.lend(bib.id, "tanaka")
    asked_for = shelves.title("だれかのリクエスト", copies=0, requested=True)
    shelves.copy(asked_for, interlibrary=True, borrowed_from="となりの図書館")
    lent_to_us = shelves.copy(bib.id, interlibrary=True, borrowed_from="となりの図書館")
    barcode = Item.get_by_id(lent_to_us).barcode
    Bib.update(lent=7).execute()

    for kind in export.FORMATS:
        content = written(kind).decode()
        for word in ("だれかのリクエスト", "となりの図書館", barcode):
            assert word not in content
        for card, name, _ in CARDS.values():
            assert card not in content and name not in content
    assert export.count() == len(list(export.records())) == 5


def test_a_title_that_was_asked_for_is_the_catalogues_once_the_library_has_it(shelves):
    asked_for = shelves.title("だれかのリクエスト", copies=0, requested=True)
    shelves.copy(asked_for)

    assert [title.title for title in export.records()][-1] == "だれかのリクエスト"


def test_a_title_of_the_desk_has_a_number_that_no_import_has_brought(shelves):
    own = Bib.get(Bib.title == "本だけ")
    Bib.update(source=f"shiori:{own.id}").where(Bib.title == "こころ").execute()

    sources = [title.source for title in export.records()]

    assert f"shiori:{own.id}+" in sources and len(set(sources)) == len(sources)


# ---- the command


def shiori(folder: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIORI_")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "export", *arguments],
        env={**kept, "SHIORI_DATA": str(folder), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == status, done.stderr
    return done


@pytest.mark.parametrize("kind", export.FORMATS)
def test_the_command_writes_what_the_ending_says_and_leaves_nothing_unfinished(shelves, database, kind):
    path = database.parent / f"out.{kind.upper()}"
    done = shiori(database.parent, str(path))

    assert path.read_bytes() == written(kind)
    assert done.stdout == f"{path} に 5件の書誌を書き出しました。\n"
    assert not list(database.parent.glob("*.part"))


def test_the_format_may_be_named_and_an_unknown_ending_is_refused(shelves, database):
    path = database.parent / "out.txt"
    refused = shiori(database.parent, str(path), status=2)
    assert "--format" in refused.stderr and not path.exists()

    shiori(database.parent, str(path), "--format", "xml")
    assert path.read_bytes() == written("xml")


def test_a_title_for_which_marc_has_no_room_is_told(shelves, database):
    Bib.update(subtitle="長" * 5000).where(Bib.title == "こころ").execute()
    done = shiori(database.parent, str(database.parent / "out.mrc"), status=1)

    assert "ndl:1" in done.stderr and "4件" in done.stdout


def test_where_nothing_can_be_written_the_older_file_stays(shelves, database):
    path = database.parent / "out.csv"
    path.write_bytes(b"older")
    (database.parent / "out.csv.part").mkdir()
    done = shiori(database.parent, str(path), status=1)

    assert "out.csv.part" in done.stderr and path.read_bytes() == b"older"


def test_an_export_of_no_library_makes_none(tmp_path):
    done = shiori(tmp_path, str(tmp_path / "out.csv"), status=1)

    assert "SHIORI_DATA" in done.stderr and not list(tmp_path.iterdir())


# ---- the page


def test_an_administrator_takes_the_files_and_a_clerk_does_not(shelves, reader):
    reader.log_in_staff("ishida")
    reader.get("/desk/admin/export", 403)
    reader.get("/desk/admin/export/csv", 403)
    reader.log_out_staff()
    reader.log_in_staff("murakami")

    assert "5件" in reader.get("/desk/admin/export").main.text
    for kind in ("csv", "xml"):
        answer = reader.browser.get(f"/desk/admin/export/{kind}")
        assert answer.data == written(kind)
        assert answer.headers["Content-Disposition"] == f"attachment; filename=shiori-2026-04-15.{kind}"
        assert answer.headers["Cache-Control"] == "no-store"
    reader.get("/desk/admin/export/mrc", 404)
