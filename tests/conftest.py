"""A town with a library for each test: a real database file, a clock to move, a patron's browser."""

import io
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import ClassVar

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from peewee import SqliteDatabase
from waitress.server import create_server
from werkzeug.routing import Rule

import accounts
import intake
import migrations
import models
import resources
import search_index
from app import create_app
from policy_file import read_policy
from rules import JAPAN, Policy
from settings import Settings
from tests.cast import METHOD, Town
from tests.facts import edited
from tests.one_of_each import CHANGES, Square
from tests.post_office import URL, PostOffice
from tests.reader import Reader
from tests.served import served

# A Wednesday; the libraries of the ready policies are closed on Mondays.
TODAY = date(2026, 4, 15)


class Compiled(BytecodeCache):
    """Templates that were compiled for one test, kept in memory for the next."""

    def __init__(self):
        self.kept = {}

    def load_bytecode(self, bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class Address(Rule):
    """An address whose builder was compiled for one application, kept in memory for the next.

    There are two hundred of them, and an application is made for each test.
    """

    kept: ClassVar[dict[tuple, Callable]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable:
        key = (self.subdomain, self.rule, repr(self.defaults), append_unknown)
        if key not in self.kept:
            self.kept[key] = super()._compile_builder(append_unknown)
        return self.kept[key]


Flask.url_rule_class = Address

accounts.METHOD = METHOD


class Clock:
    """The time that the program sees."""

    def __init__(self, day: date):
        self.to(day)

    def __call__(self) -> datetime:
        return self.now

    def to(self, day: date, hour: int = 12) -> None:
        self.now = datetime(day.year, day.month, day.day, hour, tzinfo=JAPAN).astimezone(UTC)

    def forward(self, **length) -> None:
        self.now += timedelta(**length)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """The schema, made once and copied for each test."""
    path = tmp_path_factory.mktemp("schema") / "shiori.db"
    models.open_database(path)
    migrations.migrate(models.db)
    search_index.create(models.db)
    models.db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    models.db.close()
    return path


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The whole sample catalogue, to be read only; a connection of its own, since tests open other files."""
    path = tmp_path_factory.mktemp("sample") / "sample.db"
    db = SqliteDatabase(
        path, pragmas={"foreign_keys": 1, "synchronous": 0}, lock_type="IMMEDIATE", autoconnect=False
    )
    db.connect()
    migrations.migrate(db)
    search_index.create(db)
    intake.store(db, intake.read_titles(io.StringIO(resources.text("samples/titles.csv"))), TODAY)
    yield db
    db.close()


@pytest.fixture
def clock():
    return Clock(TODAY)


@pytest.fixture
def source():
    """Which of the two ready policies is in force; a test names the other by parametrising this."""
    return "source-1"


@pytest.fixture
def changes():
    """What a clerk has rewritten in it: pairs of old and new text; a test parametrises this too."""
    return ()


@cache
def sheet(source: str, changes: tuple) -> Policy:
    """A policy, read once: nobody can change it."""
    return read_policy(edited(resources.text(f"policies/{source}.toml"), *changes))


@pytest.fixture
def policy(source, changes):
    return sheet(source, tuple(changes))


@pytest.fixture
def database(empty_database, tmp_path):
    path = tmp_path / "shiori.db"
    shutil.copy(empty_database, path)
    models.open_database(path)
    # Nobody pulls the plug of a test; without this each would wait for the disk.
    models.db.execute_sql("PRAGMA synchronous = off")
    yield path
    models.db.close()


@pytest.fixture
def town(database, clock, policy):
    """Titles, items and the named cast."""
    return Town(clock, policy)


@pytest.fixture
def smtp():
    """The server that takes the library's mail; a test module that sends some names its own."""
    return None


@pytest.fixture
def post_office():
    """A mail server that is really there."""
    office = PostOffice()
    office.controller.start()
    yield office
    office.controller.stop()
    for letter in office.every:
        letter.check()


@pytest.fixture
def app(town, database, source, policy, clock, smtp):
    settings = Settings(database.parent, source, "127.0.0.1", 8000, url=URL if smtp else None, smtp=smtp)
    app = create_app(settings, policy, clock)
    app.jinja_env.bytecode_cache = COMPILED
    models.db.execute_sql("PRAGMA synchronous = off")
    return app


@pytest.fixture
def reader(app):
    """Somebody with a browser, who checks each page that comes."""
    return Reader(app)


@pytest.fixture(scope="session")
def one_of_each(empty_database, tmp_path_factory):
    """A town with one of everything, made once; ``square`` puts it back."""
    path = tmp_path_factory.mktemp("square") / "shiori.db"
    shutil.copy(empty_database, path)
    policy, clock = read_policy(edited(resources.text("policies/source-1.toml"), *CHANGES)), Clock(TODAY)
    app = create_app(Settings(path.parent, "source-1", "127.0.0.1", 8000), policy, clock)
    app.jinja_env.bytecode_cache = COMPILED
    models.db.execute_sql("PRAGMA synchronous = off")
    square = Square(app, Town(clock, policy))
    models.db.close()
    return square


@pytest.fixture
def square(one_of_each):
    """Where everybody comes with a browser, in the town with one of everything as it was at first."""
    models.open_database(one_of_each.app.config["SETTINGS"].database)
    models.db.execute_sql("PRAGMA synchronous = off")
    one_of_each.put_back()
    yield one_of_each
    models.db.close()


@pytest.fixture
def live(app):
    """The address of a running server on this test's library."""
    with served(create_server(app, host="127.0.0.1", port=0, threads=4)) as port:
        yield f"http://127.0.0.1:{port}"
