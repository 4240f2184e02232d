"""Two programs on one database file, at the same moment, many times over."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

import resources
from models import Hold, Item, Loan, Outbox, Tally, db
from rules import HoldState
from tests.facts import edited
from tests.records import barcode, kinds

ROUNDS = 200
ROOT = Path(__file__).resolve().parent.parent
FIVE_LOANS = (('most = "unlimited" ', "most = 5 "),)

# For each line it does what the line asks for and says what it was answered.  The first line of a test names
# the database, which stays open until the next.
RACER = """
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import circulation
import hold_shelf
import jobs
import lending
import models
from policy_file import read_policy
from rules import Channel

now = datetime(2026, 4, 15, 3, tzinfo=UTC)


def enter(database, sheet):
    global policy
    models.open_database(database)
    models.db.execute_sql("PRAGMA synchronous = off")
    policy = read_policy(Path(sheet).read_text("utf-8"))
    return "there"


def said(decision):
    return "yes" if decision.allowed else ",".join(decision.reasons)


def hold(patron, bib):
    return said(circulation.place_hold(policy, patron, bib, "main", "mail", Channel.WEB, now).decision)


def cancel(patron, hold):
    return said(circulation.cancel_hold(policy, patron, hold, Channel.WEB, now))


def renew(patron, loan):
    return said(circulation.renew(policy, patron, loan, Channel.WEB, now).decision)


def lend(patron, code, branch):
    return said(lending.check_out(policy, patron, code, branch, now, "1").decision)


def take_back(code, branch):
    answer = lending.take_back(policy, code, branch, now, "1")
    return answer.was + ",expired" * answer.expired


def clear():
    return str(jobs.run(policy, now)["ended"])


def put_back(hold):
    return said(hold_shelf.put_back(hold, now, "1"))


verbs = {f.__name__: f for f in (enter, hold, cancel, renew, lend, take_back, clear, put_back)}
for line in sys.stdin:
    verb, *asked = json.loads(line)
    try:
        print(verbs[verb](*asked), flush=True)
    except circulation.NotThere:
        print("not there", flush=True)
    except Exception as broken:
        print(repr(broken), flush=True)
"""


class Racers:
    """Two programs that wait for a line each."""

    def __init__(self, *programs: subprocess.Popen):
        self.programs = programs
        self.races = 0
        self.outcomes = set()

    def __call__(self, *asked: tuple) -> list[str]:
        """Give both their lines at once, now this one's first, now the other's; what each was answered."""
        lines = list(zip(self.programs, asked, strict=True))
        for program, words in lines if self.races % 2 else reversed(lines):
            program.stdin.write(json.dumps(words) + "\n")
            program.stdin.flush()
        self.races += 1
        answers = [self.heard(program) for program in self.programs]
        self.outcomes.add(tuple(answers))
        return answers

    def heard(self, program: subprocess.Popen) -> str:
        line = program.stdout.readline()
        assert line, program.stderr.read()
        return line.strip()


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen]:
    """A program that ends with the block, since its input does."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, encoding="utf-8", **pipes) as program:
        try:
            yield program
        finally:
            program.stdin.close()
            program.wait(60)


@pytest.fixture(scope="module")
def racers():
    command = (sys.executable, "-c", RACER)
    with running(*command) as left, running(*command) as right:
        yield Racers(left, right)


@pytest.fixture
def race(racers, database, source, changes, tmp_path):
    """The two of them in this test's library."""
    sheet = tmp_path / "policy.toml"
    sheet.write_text(edited(resources.text(f"policies/{source}.toml"), *changes), "utf-8")
    library = ("enter", str(database), str(sheet))
    assert racers(library, library) == ["there", "there"]
    racers.outcomes.clear()
    return racers


CHANGED = ("loan", "hold", "event", "outbox", "tally")


def rounds(race: Racers) -> Iterator[None]:
    """Each round begins as the library stands when the first does; in the end each has been first."""
    for table in CHANGED:
        db.execute_sql(f"CREATE TEMP TABLE first_{table} AS SELECT * FROM {table}")  # noqa: S608 - constants
    for _ in range(ROUNDS):
        yield
        with db.atomic():
            for table in CHANGED:
                db.execute_sql(f"DELETE FROM {table}")  # noqa: S608 - constants
                db.execute_sql(f"INSERT INTO {table} SELECT * FROM first_{table}")  # noqa: S608 - constants
    assert len(race.outcomes) == 2


def owed() -> list[tuple[str, int]]:
    return list(Outbox.select(Outbox.kind, Outbox.patron).order_by(Outbox.id).tuples())


def counted(kind: str) -> int:
    return sum(row.n for row in Tally.select().where(Tally.kind == kind))


def states(*holds: int) -> list[HoldState]:
    return [Hold.get_by_id(hold).state for hold in holds]


def open_loans() -> list[int]:
    """Whose loans are open."""
    return [patron for (patron,) in Loan.select(Loan.patron).where(Loan.returned_at.is_null()).tuples()]


def set_aside() -> list[tuple[int, HoldState]]:
    """Which holds have a piece, and whether it is ready."""
    return list(Hold.select(Hold.id, Hold.state).where(Hold.item.is_null(False)).tuples())


# -- on the web --------------------------------------------------------------------------------------------


def test_two_requests_for_the_last_place_under_the_limit_and_one_is_accepted(town, race):
    sato = town.patrons["sato"]
    for n in range(4):
        town.hold(town.title(f"本 {n}"), "sato")
    right, left = town.title("右"), town.title("左")

    for _ in rounds(race):
        answers = race(("hold", sato, right), ("hold", sato, left))

        assert sorted(answers) == ["reason.hold_limit", "yes"]
        assert Hold.select().where(Hold.bib.in_((right, left))).count() == 1
        assert kinds() == ["hold_placed"] and owed() == [("hold_registered", sato)]


def test_the_same_hold_asked_for_twice_at_once_is_made_once(town, race):
    sato, kokoro = town.patrons["sato"], town.title("こころ")

    for _ in rounds(race):
        answers = race(("hold", sato, kokoro), ("hold", sato, kokoro))

        assert sorted(answers) == ["reason.already_held", "yes"]
        assert Hold.select().count() == 1
        assert kinds() == ["hold_placed"] and owed() == [("hold_registered", sato)]


def test_a_renewal_and_anothers_hold_come_in_one_order_or_the_other(town, race):
    kokoro = town.title("こころ")
    loan = town.lend(kokoro, "sato")

    for _ in rounds(race):
        renewal, hold = race(("renew", town.patrons["sato"], loan), ("hold", town.patrons["tanaka"], kokoro))

        assert hold == "yes"
        if renewal == "yes":
            assert kinds() == ["loan_renewed", "hold_placed"], "never renewed after the hold was confirmed"
        else:
            assert (renewal, kinds()) == ("reason.held", ["hold_placed"])


# -- two desks ---------------------------------------------------------------------------------------------


def test_two_desks_lend_one_copy_at_once_and_one_of_them_does(town, race):
    code = barcode(town.title("こころ"))
    sato, tanaka = town.patrons["sato"], town.patrons["tanaka"]

    for _ in rounds(race):
        answers = race(("lend", sato, code, "main"), ("lend", tanaka, code, "east"))

        assert sorted(answers) == ["reason.out", "yes"]
        assert open_loans() == [sato if answers[0] == "yes" else tanaka], "whoever was told so has it"
        assert kinds() == ["loan_made"] and counted("loan") == 1


@pytest.mark.parametrize("changes", [FIVE_LOANS])
def test_two_desks_lend_two_pieces_for_the_last_place_under_the_limit_and_one_of_them_does(town, race):
    sato = town.patrons["sato"]
    for n in range(4):
        town.lend(town.title(f"本 {n}"), "sato")
    right, left = barcode(town.title("右")), barcode(town.title("左"))

    for _ in rounds(race):
        answers = race(("lend", sato, right, "main"), ("lend", sato, left, "east"))

        assert sorted(answers) == ["reason.loan_limit", "yes"]
        assert open_loans() == [sato] * 5
        assert kinds() == ["loan_made"] and counted("loan") == 1


def test_two_desks_take_one_piece_back_at_once_and_it_is_returned_once(town, race):
    kokoro = town.title("こころ")
    town.lend(kokoro, "mori")
    first, second = town.hold(kokoro, "sato"), town.hold(kokoro, "tanaka")
    back = ("take_back", barcode(kokoro), "main")

    for _ in rounds(race):
        answers = race(back, back)

        assert sorted(answers) == ["not_out", "out"]
        assert open_loans() == [] and counted("return") == 1
        assert states(first, second) == [HoldState.READY, HoldState.WAITING]
        assert kinds() == ["loan_returned", "hold_ready"]
        assert owed() == [("hold_ready", town.patrons["sato"])]


# -- the desk and somebody else ----------------------------------------------------------------------------


def test_a_return_and_the_cancelling_of_the_first_hold_leave_one_of_the_two_ready(town, race):
    kokoro = town.title("こころ")
    town.lend(kokoro, "mori")
    first, second = town.hold(kokoro, "sato"), town.hold(kokoro, "tanaka")
    sato, tanaka = town.patrons["sato"], town.patrons["tanaka"]

    for _ in rounds(race):
        returned, cancelled = race(("take_back", barcode(kokoro), "main"), ("cancel", sato, first))

        assert returned == "out" and open_loans() == []
        if cancelled == "yes":
            assert states(first, second) == [HoldState.CANCELLED, HoldState.READY]
            assert kinds() == ["hold_cancelled", "loan_returned", "hold_ready"]
            assert owed() == [("hold_ready", tanaka)]
        else:
            assert cancelled == "reason.not_cancellable", "it was ready by then"
            assert states(first, second) == [HoldState.READY, HoldState.WAITING]
            assert kinds() == ["loan_returned", "hold_ready"]
            assert owed() == [("hold_ready", sato)]


@pytest.fixture
def uncollected(town):
    """Sato's hold of こころ, whose last day was yesterday; its copy still stands on the hold shelf."""
    kokoro = town.title("こころ")
    days = {"ready_on": town.today - timedelta(days=8), "collect_by": town.today - timedelta(days=1)}
    return town.hold(kokoro, "sato", HoldState.READY, item=Item.get(Item.bib == kokoro).id, **days)


def test_what_was_not_collected_is_lent_late_or_goes_to_the_next_but_never_both(town, race, uncollected):
    kokoro = Hold.get_by_id(uncollected).bib_id
    waiting = town.hold(kokoro, "tanaka")
    code = barcode(kokoro)

    for _ in rounds(race):
        cleared, lent = race(("take_back", code, "main"), ("lend", town.patrons["sato"], code, "east"))

        if lent == "yes":  # first; then what was scanned at the shelf was a return
            assert cleared == "out"
            assert states(uncollected, waiting) == [HoldState.COLLECTED, HoldState.READY]
            assert kinds() == ["loan_made", "hold_collected", "loan_returned", "hold_ready"]
            assert owed() == [("hold_ready", town.patrons["tanaka"])]
        else:
            assert (cleared, lent) == ("not_out,expired", "reason.kept_for_another")
            assert states(uncollected, waiting) == [HoldState.EXPIRED, HoldState.READY]
            assert kinds() == ["hold_expired", "hold_ready"]
            assert owed() == [
                ("hold_expired", town.patrons["sato"]),
                ("hold_ready", town.patrons["tanaka"]),
            ]
        assert open_loans() == [] and set_aside() == [(waiting, HoldState.READY)]


def test_what_was_not_collected_and_nobody_waits_for_is_lent_before_or_after_its_hold_ends(
    town, race, uncollected
):
    code = barcode(Hold.get_by_id(uncollected).bib_id)
    sato = town.patrons["sato"]

    for _ in rounds(race):
        cleared, lent = race(("take_back", code, "main"), ("lend", sato, code, "east"))

        assert lent == "yes" and set_aside() == []
        if cleared == "out":
            assert states(uncollected) == [HoldState.COLLECTED] and open_loans() == []
            assert kinds() == ["loan_made", "hold_collected", "loan_returned"]
        else:
            assert cleared == "not_out,expired"
            assert states(uncollected) == [HoldState.EXPIRED] and open_loans() == [sato]
            assert kinds() == ["hold_expired", "loan_made"]


def test_the_night_ends_a_hold_or_its_patron_collects_it_and_never_are_two_served(town, race, uncollected):
    kokoro = Hold.get_by_id(uncollected).bib_id
    waiting = town.hold(kokoro, "tanaka")
    sato = town.patrons["sato"]

    for _ in rounds(race):
        ended, lent = race(("clear",), ("lend", sato, barcode(kokoro), "main"))

        if lent == "yes":
            assert ended == "0" and states(uncollected, waiting) == [HoldState.COLLECTED, HoldState.WAITING]
            assert (open_loans(), set_aside(), owed()) == ([sato], [], [])
        else:
            assert (ended, lent) == ("1", "reason.kept_for_another")
            assert states(uncollected, waiting) == [HoldState.EXPIRED, HoldState.READY]
            assert open_loans() == [] and set_aside() == [(waiting, HoldState.READY)]


def test_the_jobs_of_two_programs_end_a_hold_once(town, race, uncollected):
    waiting = town.hold(Hold.get_by_id(uncollected).bib_id, "tanaka")

    for _ in rounds(race):
        assert sorted(race(("clear",), ("clear",))) == ["0", "1"]

        assert states(uncollected, waiting) == [HoldState.EXPIRED, HoldState.READY]
        assert kinds() == ["hold_expired", "hold_ready"]


def test_a_hold_is_put_back_or_ends_and_its_piece_is_kept_for_nobody_twice(town, race, uncollected):
    for _ in rounds(race):
        ended, put_back = race(("clear",), ("put_back", uncollected))

        if put_back == "yes":
            assert ended == "0" and states(uncollected) == [HoldState.WAITING]
        else:
            assert (ended, put_back) == ("1", "not there") and states(uncollected) == [HoldState.EXPIRED]
        assert set_aside() == [] and Item.get().to_shelve_at == "main"
