"""What goes by itself: ended holds, the record, logins and codes that are over, patrons of long ago."""

import sqlite3
import threading
from datetime import date, timedelta

import pytest

import activation
import cataloguing
import circulation
import forgetting
import hold_shelf
import jobs
import lending
import mail
import patrons
import rewriting
from models import (
    Activation,
    Bib,
    CartEntry,
    Event,
    Hold,
    Item,
    Loan,
    Login,
    Meta,
    Outbox,
    Patron,
    Staff,
    StaffLogin,
    Tally,
    db,
    note_use,
)
from rules import Channel, HoldState
from tests.cast import CARDS
from tests.records import barcode, kinds, owed

CLERK = "1"
MAIL = "mail"
FIVE_YEARS = (("[card]\n", "[card]\nforget_after = { years = 5 }\n"),)


def ten_days(key: str):
    return (("[password]", f"[privacy]\n{key} = {{ days = 10 }}\n\n[password]"),)


@pytest.fixture
def run(policy, clock):
    """The jobs of a new day run."""
    return lambda: jobs.run(policy, clock())


@pytest.fixture
def cancel(policy, clock, town):
    def cancel(hold, name="sato"):
        return circulation.cancel_hold(policy, town.patrons[name], hold, Channel.WEB, clock())

    return cancel


# -- holds -------------------------------------------------------------------------------------------------


def test_a_cancelled_hold_is_kept_two_weeks_and_then_says_nothing_of_anybody(town, clock, cancel, run):
    hold = town.hold(town.title("こころ"), "sato")
    cancel(hold)

    clock.forward(days=14)
    in_time = run()
    kept = Hold.get_by_id(hold)
    clock.forward(days=1)
    over, again = run(), run()

    assert (in_time["holds_forgotten"], over["holds_forgotten"], again["holds_forgotten"]) == (0, 1, 0)
    assert kept.patron_id == town.patrons["sato"] and kept.bib_id
    gone = Hold.get_by_id(hold)
    assert (gone.patron_id, gone.bib_id, gone.state) == (None, None, HoldState.CANCELLED)


@pytest.mark.parametrize("changes", [ten_days("ended_holds")])
def test_a_library_says_itself_how_long(town, clock, cancel, run):
    cancel(town.hold(town.title("こころ"), "sato"))
    clock.forward(days=10)
    assert run()["holds_forgotten"] == 0

    clock.forward(days=1)

    assert run()["holds_forgotten"] == 1


def test_with_an_ended_hold_goes_the_word_that_is_still_owed_of_it_and_no_other(town, clock, policy, run):
    one, other = (town.ready(town.title(title), name) for title, name in (("門", "sato"), ("草枕", "tanaka")))
    Hold.update(collect_by=town.today - timedelta(days=1)).where(Hold.id == one).execute()
    hold_shelf.clear(policy, clock())
    mail.queue("hold_ready", town.patrons["tanaka"], [other], clock(), each_time=True)
    assert owed() == ["hold_expired", "hold_ready"]
    Hold.update(collect_by=town.today + timedelta(days=90)).where(Hold.id == other).execute()
    mail.queue("request_declined", town.patrons["mori"], [99], clock())

    clock.forward(days=14)
    run()
    in_time = owed()
    clock.forward(days=1)
    run()

    assert in_time == ["hold_expired", "hold_ready", "request_declined"] and owed() == ["hold_ready"]
    assert Hold.get_by_id(other).patron_id == town.patrons["tanaka"], "what is open is not touched"


def test_what_a_hold_was_for_is_forgotten_at_once_when_it_is_collected(town, clock, policy):
    kokoro = town.title("こころ")
    hold = circulation.place_hold(
        policy, town.patrons["sato"], kokoro, "main", MAIL, Channel.WEB, clock()
    ).hold
    code = barcode(kokoro)
    lending.take_back(policy, code, "main", clock(), CLERK)
    assert owed() == ["hold_registered", "hold_ready"]

    lending.check_out(policy, town.patrons["sato"], code, "main", clock(), CLERK)

    row = Hold.get_by_id(hold)
    assert (row.state, row.patron_id, row.bib_id) == (HoldState.COLLECTED, None, None)
    # A message that named hold and patron, and the events of the same second, would still say what it was.
    assert owed() == []


def test_a_message_about_two_holds_is_still_owed_about_the_one_that_is_open(town, clock, policy, cancel):
    sato = town.patrons["sato"]
    circulation.put_in_cart(sato, [town.title("こころ"), town.title("門")], clock())
    first, second = (
        answer.hold for answer in circulation.submit_cart(policy, sato, "main", MAIL, Channel.WEB, clock())
    )

    cancel(first)
    [message] = Outbox.select()
    assert (message.numbers, message.key) == (str(second), f"hold_registered:{second}")
    cancel(second)

    assert owed() == []


def test_a_title_that_is_deleted_takes_along_who_had_it_on_hold(town, clock, cancel):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "sato")
    cancel(hold)

    decision = cataloguing.delete_title(kokoro, clock(), CLERK)

    assert decision.allowed and Bib.select().count() == 0
    assert Hold.get_by_id(hold).patron_id is None
    assert db.execute_sql("PRAGMA foreign_key_check").fetchall() == []


# -- the record of what was done ---------------------------------------------------------------------------


def test_after_a_year_the_record_goes_and_what_was_counted_stays(town, clock, policy, cancel, run):
    kokoro = town.title("こころ")
    code = barcode(kokoro)
    lending.check_out(policy, town.patrons["sato"], code, "main", clock(), CLERK)
    lending.take_back(policy, code, "main", clock(), CLERK)
    cancel(town.hold(town.title("門"), "sato"))
    town.lend(town.title("草枕"), "tanaka")
    counts = list(Tally.select().order_by(Tally.kind).tuples())
    Patron.update(card_expires_on=None).execute()

    clock.to(date(2027, 4, 15))
    in_time = run()
    before = kinds()
    clock.to(date(2027, 4, 16))
    over, again = run(), run()

    assert before == ["loan_made", "loan_returned", "hold_cancelled"]
    assert (in_time["events_forgotten"], over["events_forgotten"], again["events_forgotten"]) == (0, 3, 0)
    assert kinds() == []
    [still_out] = Loan.select()
    assert still_out.patron_id == town.patrons["tanaka"] and Hold.select().count() == 0
    assert list(Tally.select().order_by(Tally.kind).tuples()) == counts
    assert Bib.get_by_id(kokoro).lent == 1


@pytest.mark.parametrize("changes", [ten_days("events")])
def test_many_events_go_in_many_steps(town, clock, run):
    day = clock().isoformat(timespec="microseconds")
    with db.atomic():
        for number in range(1200):
            Event.insert(kind="loan_made", at=day, channel="desk", actor="1", number=number).execute()
    clock.forward(days=11)

    assert run()["events_forgotten"] == 1200 and Event.select().count() == 0


# -- logins and codes --------------------------------------------------------------------------------------


def test_logins_and_codes_whose_time_is_over_are_deleted_and_no_others(town, clock, policy):
    activation.give_code(policy, town.patrons["sato"], clock(), CLERK)
    Login.insert(token_hash="old", patron=town.patrons["sato"], started_at=clock()).execute()
    StaffLogin.insert(token_hash="old", staff=Staff.get().id, branch="main", started_at=clock()).execute()
    clock.forward(hours=12)
    Login.insert(token_hash="new", patron=town.patrons["sato"], started_at=clock()).execute()
    jobs.run(policy, clock(), new_day=False)
    assert Login.select().count() == 2 and StaffLogin.select().count() == Activation.select().count() == 1

    clock.forward(minutes=1)
    jobs.run(policy, clock(), new_day=False)
    assert Login.get().token_hash == "new" and StaffLogin.select().count() == 0

    clock.forward(days=15)
    jobs.run(policy, clock(), new_day=False)
    assert Login.select().count() == Activation.select().count() == 0


# -- patrons who come no more ------------------------------------------------------------------------------


@pytest.fixture
def old(town, clock):
    """Somebody whose card ended five years and a day ago, and who has not come since."""
    number = town.somebody()
    ended = date(2021, 4, 14)
    Patron.update(added_on=date(2018, 4, 1), card_expires_on=ended, last_used_in="2020-11").where(
        Patron.id == number
    ).execute()
    return number


def is_there(patron: int) -> bool:
    return Patron.get_or_none(Patron.id == patron) is not None


@pytest.mark.parametrize("changes", [FIVE_YEARS])
def test_whose_card_ended_long_ago_is_forgotten_with_everything_and_nobody_else_is(
    town, clock, policy, old, run
):
    kokoro = town.title("こころ")
    first, second = town.hold(kokoro, old), town.hold(kokoro, "sato")
    circulation.put_in_cart(old, [town.title("門")], clock())
    mail.queue("hold_registered", old, [first], clock())
    others = Patron.select().count() - 1
    before = len(kinds())

    done, again = run(), run()

    assert (done["patrons_forgotten"], again["patrons_forgotten"]) == (1, 0)
    assert not is_there(old) and Patron.select().count() == others
    assert Hold.get_by_id(first).state is HoldState.CANCELLED and Hold.get_by_id(first).patron_id is None
    assert Hold.get_by_id(second).state is HoldState.WAITING
    assert CartEntry.select().count() == Outbox.select().count() == 0
    assert kinds()[before:] == ["hold_cancelled", "patron_deleted"]
    assert {(event.channel, event.actor) for event in Event.select()} == {("jobs", "jobs")}


@pytest.mark.parametrize("changes", [FIVE_YEARS])
@pytest.mark.parametrize(
    "columns",
    [
        {"card_expires_on": date(2021, 4, 15)},
        {"last_used_in": "2021-04"},
        {"card_expires_on": None, "last_used_in": "2021-04"},
        {"stopped_for": "弁償"},
        {"added_on": date(2021, 4, 15), "card_expires_on": None, "last_used_in": None},
    ],
)
def test_nobody_is_forgotten_a_day_early_or_with_something_open(old, run, columns):
    Patron.update(columns).where(Patron.id == old).execute()

    assert run()["patrons_forgotten"] == 0 and is_there(old)


@pytest.mark.parametrize("changes", [FIVE_YEARS])
def test_with_a_loan_or_a_piece_on_the_shelf_nobody_is_forgotten(town, old, run):
    other = town.somebody()
    Patron.update(added_on=date(2018, 4, 1), last_used_in="2018-04").where(Patron.id == other).execute()
    town.lend(town.title("こころ"), old, due_in=-3000)
    town.ready(town.title("門"), other)

    assert run()["patrons_forgotten"] == 0 and is_there(old) and is_there(other)


def test_without_a_word_in_the_policy_nobody_is_forgotten(old, run):
    assert run()["patrons_forgotten"] == 0 and is_there(old)


@pytest.mark.parametrize("changes", [FIVE_YEARS])
def test_one_patron_whose_row_is_broken_keeps_no_other(town, old, run, caplog):
    other = town.somebody()
    Patron.update(added_on=date(2018, 4, 1), last_used_in="0").where(Patron.id == old).execute()
    Patron.update(added_on=date(2018, 4, 1), last_used_in="2018-04").where(Patron.id == other).execute()

    assert run()["patrons_forgotten"] == 1
    assert is_there(old) and not is_there(other)
    assert "a patron could not be forgotten" in caplog.text and "ナナシ" not in caplog.text


@pytest.mark.parametrize("changes", [FIVE_YEARS])
def test_two_programs_at_once_forget_everything_once(town, clock, policy, cancel, database):
    for _ in range(5):
        number = town.somebody()
        Patron.update(added_on=date(2018, 4, 1), last_used_in="2018-04").where(Patron.id == number).execute()
    cancel(town.hold(town.title("こころ"), "sato"))
    clock.forward(days=15)
    together, done = threading.Barrier(2), []

    def program():
        db.connect(reuse_if_open=True)
        together.wait()
        done.append(
            (forgetting.forget_ended_holds(policy, clock()), forgetting.forget_patrons(policy, clock()))
        )
        db.close()

    programs = [threading.Thread(target=program) for _ in range(2)]
    for one in programs:
        one.start()
    for one in programs:
        one.join(30)

    assert tuple(map(sum, zip(*done, strict=True))) == (1, 5)
    assert kinds().count("patron_deleted") == 5


# -- what counts as use ------------------------------------------------------------------------------------


def used(name: str = "sato") -> str | None:
    return Patron.get(Patron.card_number == CARDS[name][0]).last_used_in


def test_a_login_a_loan_a_return_a_renewal_and_a_hold_are_uses_and_reading_is_none(
    town, clock, policy, reader
):
    sato = town.patrons["sato"]
    code = barcode(town.title("こころ"))

    def forget():
        Patron.update(last_used_in=None).execute()

    reader.get("/search?q=こころ")
    assert used() is None
    reader.log_in("sato")
    assert used() == "2026-04" and used("tanaka") is None
    forget()
    reader.get("/my")
    assert used() is None
    lending.check_out(policy, sato, code, "main", clock(), CLERK)
    assert used() == "2026-04"
    forget()
    clock.forward(days=7)
    assert circulation.renew(policy, sato, Loan.get().id, Channel.WEB, clock()).decision.allowed
    assert used() == "2026-04"
    clock.to(date(2026, 5, 1), 1)
    lending.take_back(policy, code, "main", clock(), CLERK)
    assert used() == "2026-05"
    forget()
    circulation.place_hold(policy, sato, town.title("門"), "main", MAIL, Channel.WEB, clock())
    assert used() == "2026-05"


def test_the_row_of_a_patron_is_written_once_a_month(town, clock, reader):
    reader.log_in("sato")
    changes = db.execute_sql("SELECT total_changes()").fetchone()[0]

    note_use(town.patrons["sato"], town.today)

    assert db.execute_sql("SELECT total_changes()").fetchone()[0] == changes


# -- the file ----------------------------------------------------------------------------------------------


def test_once_a_week_the_file_is_written_anew_and_loses_what_was_deleted(town, clock, database, run):
    run()
    with db.atomic():
        for number in range(3000):
            Patron.insert(
                card_number=f"3{number * 7919 % 100003:08d}",
                kana_name=f"ノコリ {'ア' * (number % 40)}",
                category="resident",
                mail=f"trace{number:05d}@example.jp",
                added_on=town.today,
            ).execute()
    Patron.delete().where(Patron.kana_name.startswith("ノコリ")).execute()

    def free_pages() -> int:
        return db.execute_sql("PRAGMA freelist_count").fetchone()[0]

    clock.forward(days=6)
    run()
    early, left_over = Meta.get(Meta.key == "rewritten_on").value, free_pages()
    clock.forward(days=1)
    run()

    assert (early, Meta.get(Meta.key == "rewritten_on").value) == ("2026-04-15", "2026-04-22")
    assert left_over > 0 and free_pages() == 0
    assert b"trace0" not in database.read_bytes()


def test_while_somebody_writes_the_file_is_left_as_it_is(town, clock, database):
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    assert rewriting.rewrite(clock()) is False and Meta.get_or_none(Meta.key == "rewritten_on") is None
    other.execute("ROLLBACK")
    other.close()
    assert rewriting.rewrite(clock()) is True


def test_what_the_desk_deletes_takes_ended_holds_along(town, clock, policy, cancel):
    hold = town.hold(town.title("こころ"), "sato")
    cancel(hold)

    patrons.delete(policy, town.patrons["sato"], clock(), CLERK)

    assert Hold.get_by_id(hold).bib_id is None and Item.select().count() == 1
