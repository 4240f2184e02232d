"""How a database gets its schema, and what happens to one that is newer than the program."""

import sqlite3

import pytest

import migrations
import models
from models import db


@pytest.fixture
def new_database(tmp_path):
    models.open_database(tmp_path / "shiori.db")
    yield tmp_path / "shiori.db"
    db.close()


def test_a_new_database_gets_every_step_and_a_second_start_none(new_database):
    assert migrations.migrate(db) == len(migrations.STEPS)
    assert migrations.migrate(db) == 0
    assert migrations.version(db) == len(migrations.STEPS)


def test_a_step_that_fails_leaves_the_database_as_it_was(new_database, monkeypatch):
    migrations.migrate(db)

    def breaks(db):
        db.execute_sql("CREATE TABLE half (id INTEGER)")
        db.execute_sql("no such statement")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, breaks))
    with pytest.raises(Exception, match="syntax"):
        migrations.migrate(db)

    assert migrations.version(db) == len(migrations.STEPS) - 1
    assert not db.table_exists("half")


def test_a_library_of_the_first_version_keeps_its_rows_and_gets_what_rules_ask_for(new_database, monkeypatch):
    with monkeypatch.context() as first_version:
        first_version.setattr(migrations, "STEPS", migrations.STEPS[:1])
        migrations.migrate(db)
    db.execute_sql("INSERT INTO bib (material, title, added_on) VALUES ('book', 'こころ', '2026-04-01')")
    db.execute_sql(
        "INSERT INTO item (bib_id, barcode, branch, added_on) VALUES (1, '1', 'main', '2026-04-01')"
    )
    db.execute_sql(
        "INSERT INTO patron (card_number, kana_name, category, added_on)"
        " VALUES ('100000011', 'サトウ ハナ', 'resident', '2026-04-01')"
    )
    db.execute_sql(
        "INSERT INTO hold (bib_id, patron_id, state, channel, pickup_branch, contact, requested_at)"
        " VALUES (1, 1, 'waiting', 'web', 'main', 'mail', '2026-04-01T03:00:00.000000+00:00')"
    )

    assert migrations.migrate(db) == len(migrations.STEPS) - 1

    patron, item, hold = models.Patron.get(), models.Item.get(), models.Hold.get()
    assert (patron.card_number, patron.born_on, patron.marks, patron.household) == (
        "100000011",
        None,
        "",
        None,
    )
    assert (item.volumes, hold.extended, models.Bib.get().holdable_from) == (1, 0, None)


def test_a_newer_database_is_left_alone(new_database):
    migrations.migrate(db)
    db.execute_sql(f"PRAGMA user_version = {len(migrations.STEPS) + 1}")

    with pytest.raises(migrations.NewerDatabase):
        migrations.migrate(db)


def test_what_was_answered_survives_a_power_cut_and_what_was_deleted_is_gone(new_database):
    settings = {
        name: db.execute_sql(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
    }

    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_writing_begins_with_the_lock_so_that_reading_first_loses_nothing(new_database):
    migrations.migrate(db)
    with db.atomic():
        other = sqlite3.connect(new_database, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
