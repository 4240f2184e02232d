"""Two programs on one database file, at the same moment."""

import subprocess
import sys
from pathlib import Path

import pytest

from models import Event, Hold, Outbox, db

ROUNDS = 12
ROOT = Path(__file__).resolve().parent.parent

# Opens the database, says that it is there, waits for the word, and does its one thing.
RACER = """
import sys
from datetime import UTC, datetime
import circulation, models, resources
from policy_file import (read_policy)
from rules import (Channel)

path, verb, patron, number = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
policy = read_policy(resources.text("policies/source-1.toml"))
models.open_database(path)
print("there", flush=True)
sys.stdin.readline()
now = datetime(2026, 4, 15, 3, tzinfo=UTC)
if verb == "hold":
    answer = circulation.place_hold(policy, patron, number, "main", "mail", Channel.WEB, now)
else:
    answer = circulation.renew(policy, patron, number, Channel.WEB, now)
print("yes" if answer.decision.allowed else ",".join(answer.decision.reasons), flush=True)
"""


def race(database, *runs: tuple) -> list[str]:
    """Start one process for each run, let them go together, and give what each was answered."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(database), *(str(part) for part in run)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for run in runs
    ]
    for racer in racers:
        assert racer.stdout.readline() == "there\n", racer.stderr.read()
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = []
    for racer in racers:
        said, errors = racer.communicate(timeout=60)
        assert racer.returncode == 0, errors
        answers.append(said.strip())
    return answers


@pytest.fixture
def sato_has_four_holds(town):
    for n in range(4):
        town.hold(town.title(f"本 {n}"), "sato")


def test_two_requests_for_the_last_place_under_the_limit_and_one_is_accepted(
    town, database, sato_has_four_holds
):
    sato = town.patrons["sato"]
    for n in range(ROUNDS):
        titles = town.title(f"右 {n}"), town.title(f"左 {n}")

        answers = race(database, *(("hold", sato, bib) for bib in titles))

        assert sorted(answers) == ["reason.hold_limit", "yes"]
        placed = Hold.select().where(Hold.bib.in_(titles))
        assert placed.count() == 1
        Outbox.delete().execute()
        Event.delete().execute()
        placed_id = placed.get().id
        db.execute_sql("DELETE FROM hold WHERE id = ?", (placed_id,))


def test_the_same_hold_asked_for_twice_at_once_is_made_once(town, database):
    sato, kokoro = town.patrons["sato"], town.title("こころ")

    answers = race(database, ("hold", sato, kokoro), ("hold", sato, kokoro))

    assert sorted(answers) == ["reason.already_held", "yes"]
    assert Hold.select().count() == 1 and Event.select().count() == 1


def test_a_renewal_and_anothers_hold_come_in_one_order_or_the_other(town, database):
    for n in range(ROUNDS):
        bib = town.title(f"本 {n}")
        loan = town.lend(bib, "sato")

        renewal, hold = race(
            database, ("renew", town.patrons["sato"], loan), ("hold", town.patrons["tanaka"], bib)
        )

        kinds = [kind for (kind,) in Event.select(Event.kind).order_by(Event.id).tuples()]
        assert hold == "yes"
        if renewal == "yes":
            assert kinds == ["loan_renewed", "hold_placed"], "never renewed after the hold was confirmed"
        else:
            assert (renewal, kinds) == ("reason.held", ["hold_placed"])
        Event.delete().execute()
        db.execute_sql("DELETE FROM hold")
        db.execute_sql("DELETE FROM outbox")
