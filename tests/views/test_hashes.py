"""How the hash of a password comes up to date: at the next right login, and nothing else changes."""

import pytest
from werkzeug.security import generate_password_hash

import accounts
import resources
from models import Login, Patron, Staff, StaffLogin
from tests.cast import CARDS, METHOD, PASSWORD, STAFF
from tests.reader import Reader
from tests.records import kinds

STRONGER = "scrypt:1024:8:1"
CARD = CARDS["sato"][0]


@pytest.fixture
def stronger(monkeypatch):
    """From now on more work is asked than when the passwords of the cast were set."""
    monkeypatch.setattr(accounts, "METHOD", STRONGER)


def of_patron() -> str:
    return Patron.get(Patron.card_number == CARD).password_hash


def of_staff() -> str:
    return Staff.get(Staff.name == STAFF["ishida"][0]).password_hash


@pytest.mark.parametrize("weak", [METHOD, "pbkdf2:sha256:1000", "scrypt:512:1:1"])
def test_a_weak_hash_is_made_anew_at_the_next_right_login_and_other_logins_go_on(app, town, weak, stronger):
    Patron.update(password_hash=generate_password_hash(PASSWORD, weak)).execute()
    elsewhere = Reader(app)
    before, others = of_patron(), Patron.get(Patron.card_number == CARDS["tanaka"][0]).password_hash
    elsewhere.log_in("sato", status=401, password="wrong")
    assert of_patron() == before

    elsewhere.log_in("sato")
    strong = of_patron()
    Reader(app).log_in("sato")

    assert strong.startswith(STRONGER + "$") and of_patron() == strong, "and is left alone after that"
    assert Patron.get(Patron.card_number == CARDS["tanaka"][0]).password_hash == others
    elsewhere.get("/my")
    assert Login.select().count() == 2 and kinds() == []


def test_the_same_goes_for_the_staff(app, town, stronger):
    first = Reader(app).log_in_staff("ishida")
    strong = of_staff()
    Reader(app).log_in_staff("ishida")

    assert strong.startswith(STRONGER + "$") and of_staff() == strong
    first.get("/desk")
    assert StaffLogin.select().count() == 2 and kinds() == []


def test_a_hash_of_more_work_is_left_as_it_is(app, town):
    strong = generate_password_hash(PASSWORD, STRONGER)
    Patron.update(password_hash=strong).execute()

    Reader(app).log_in("sato")

    assert of_patron() == strong


def test_a_password_that_was_changed_meanwhile_is_not_undone(town, stronger):
    found = accounts.authenticate(CARD, PASSWORD)
    Patron.update(password_hash="another").where(Patron.id == found.id).execute()

    accounts.strengthen(found, PASSWORD)

    assert of_patron() == "another"


def test_whoever_has_no_password_has_none_afterwards(town, stronger):
    found = Patron.get_by_id(town.somebody())

    accounts.strengthen(found, "")

    assert Patron.get_by_id(found.id).password_hash is None


def test_what_a_served_library_asks_is_no_less_than_what_werkzeug_does():
    asked = resources.text("accounts.py")

    assert f'METHOD = "{generate_password_hash("").split("$")[0]}"' in asked
