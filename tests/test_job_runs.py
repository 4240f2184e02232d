"""What happens once a day is done once a day: at its time, by one of two processes, after nights without
power, and again where it failed."""

import subprocess
import sys
import threading
from datetime import date, datetime, timedelta

import pytest

import jobs
import rewriting
from models import CalendarEntry, Event, Hold, JobRun, Loan, Outbox, db
from rules import JAPAN, HoldState
from tests.records import kinds
from tests.test_staff_commands import ROOT, environment

AT_FIVE = (("[password]", '[jobs]\nat = "5:00"\n\n[password]'),)
DAILY = [job.name for job in jobs.JOBS if not job.often]
OFTEN = [job.name for job in jobs.JOBS if job.often]
DAY = date(2026, 4, 15)


def on(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=JAPAN)


def close(day: date) -> None:
    """A day that was closed without asking the calendar's verb, as by another policy."""
    CalendarEntry.insert(branch=None, day=day, kind="closed", label="点検").execute()


def test_what_is_done_once_a_day_is_done_once_and_the_rest_each_time(policy, clock, town):
    first, second = jobs.run_due(policy, clock()), jobs.run_due(policy, clock())
    clock.forward(days=1)
    third = jobs.run_due(policy, clock())

    assert list(first.counts) == [job.name for job in jobs.JOBS] == list(third.counts)
    assert list(second.counts) == OFTEN
    assert {row.day for row in JobRun.select().where(JobRun.name.in_(DAILY))} == {town.today}


def test_of_two_processes_that_come_at_once_one_does_each_job(policy, clock, town):
    together, dones = threading.Barrier(4), []

    def come():
        db.connect()
        together.wait()
        dones.append(jobs.run_due(policy, clock()))
        db.close()

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(name for done in dones for name in done.counts if name in DAILY) == sorted(DAILY)
    assert [done.failures for done in dones] == [{}] * 4


@pytest.mark.parametrize("changes", [AT_FIVE])
def test_nothing_is_begun_before_its_time_of_day(policy, clock, town):
    jobs.run_due(policy, clock())
    hold = town.ready(town.title("こころ"), "sato")
    clock.to(date(2026, 4, 22), hour=4)  # the day after its last
    jobs.run(policy, on(12, day=date(2026, 4, 21)))
    early = jobs.run_due(policy, clock())
    assert Hold.get_by_id(hold).state is HoldState.READY

    clock.to(date(2026, 4, 22), hour=5)
    done = jobs.run_due(policy, clock())

    assert "ended" not in early.counts and done["ended"] == 1
    assert Hold.get_by_id(hold).state is HoldState.EXPIRED


def test_after_nights_without_power_all_that_became_due_is_done_with_the_next_run(policy, clock, town):
    jobs.run_due(policy, clock())
    hold = town.ready(town.title("こころ"), "sato")
    old = town.hold(town.title("門"), "tanaka", HoldState.EXPIRED, closed_at=clock())
    clock.forward(days=20)
    loan = town.lend(town.title("草枕"), "sato", due_in=2)
    CalendarEntry.insert(
        branch=None, day=town.today + timedelta(days=2), kind="closed", label="点検"
    ).execute()

    done = jobs.run_due(policy, clock())

    assert (done["ended"], done["moved"], done["holds_forgotten"]) == (1, 1, 1)
    assert Hold.get_by_id(hold).state is HoldState.EXPIRED and Hold.get_by_id(old).patron_id is None
    assert Loan.get_by_id(loan).due_on == town.today + timedelta(days=3)
    assert kinds().count("hold_expired") == 1
    assert sorted(message.kind for message in Outbox.select()) == ["due_soon", "hold_expired"]
    assert list(jobs.run_due(policy, clock()).counts) == OFTEN


def test_what_was_stopped_in_the_middle_is_taken_up_anew_some_hours_later(policy, clock, town):
    JobRun.insert(name="ended", day=town.today, started_at=clock()).execute()
    hold = town.ready(town.title("こころ"), "sato")
    Hold.update(collect_by=town.today - timedelta(days=1)).where(Hold.id == hold).execute()

    clock.forward(hours=1)
    early = [jobs.run_due(policy, clock()), jobs.run(policy, clock())]
    clock.forward(hours=1)
    late = jobs.run_due(policy, clock())

    assert ["ended" in done.counts for done in early] == [False, False], "somebody may be at it still"
    assert late["ended"] == 1 and JobRun.get_by_id("ended").finished_at == clock()


@pytest.fixture
def broken(town, clock):
    """The record cannot be cleared, for whatever reason."""
    Event.insert(
        kind="loan_made", at=clock() - timedelta(days=900), channel="desk", actor="1", number=1
    ).execute()
    db.execute_sql("CREATE TRIGGER broken BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'ひみつ'); END")
    yield
    db.execute_sql("DROP TRIGGER IF EXISTS broken")


def test_one_that_fails_stops_no_other_and_is_tried_again_in_half_an_hour(policy, clock, broken, caplog):
    done = jobs.run_due(policy, clock())

    assert done.failures == {"events_forgotten": "IntegrityError"}
    assert list(done.counts) == [job.name for job in jobs.JOBS if job.name != "events_forgotten"]
    row = JobRun.get_by_id("events_forgotten")
    assert (row.failure, row.finished_at) == ("IntegrityError", clock())
    assert "a job failed: events_forgotten" in caplog.text

    db.execute_sql("DROP TRIGGER broken")
    clock.forward(minutes=29)
    assert "events_forgotten" not in jobs.run_due(policy, clock()).counts
    clock.forward(minutes=1)
    assert jobs.run_due(policy, clock())["events_forgotten"] == 1
    assert (JobRun.get_by_id("events_forgotten").failure, Event.select().count()) == ("", 0)


def test_a_start_follows_the_calendar_of_a_policy_that_may_have_changed(policy, clock, town):
    jobs.run_due(policy, clock())
    loan = town.lend(town.title("こころ"), "sato", due_in=1)
    close(town.today + timedelta(days=1))

    assert "moved" not in jobs.run_due(policy, clock()).counts
    assert jobs.run_due(policy, clock(), starting=True)["moved"] == 1
    assert Loan.get_by_id(loan).due_on == town.today + timedelta(days=2)


def test_that_nothing_was_due_often_is_not_written_down_each_time(policy, clock, town):
    for _ in range(20):
        jobs.run_due(policy, clock())
        clock.forward(seconds=30)
    first = JobRun.get_by_id("registered").finished_at
    clock.forward(minutes=1)
    jobs.run_due(policy, clock())

    assert first == clock() - timedelta(minutes=11)
    assert JobRun.get_by_id("registered").finished_at == clock()


# -- the command -------------------------------------------------------------------------------------------


@pytest.fixture
def command(database):
    def command(*arguments: str) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [sys.executable, str(ROOT / "cli.py"), "jobs", *arguments],
            env=environment(database.parent),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        assert "Traceback" not in done.stderr or "a job failed" in done.stderr, done.stderr
        return done

    return command


def test_cron_does_what_is_due_once_and_now_does_it_again(command, town):
    first, second, again, alone = command("run"), command("run"), command("run", "--now"), command()

    assert [done.returncode for done in (first, second, again, alone)] == [0, 0, 0, 0]
    assert "受け取られなかった予約を取り消す: することはありませんでした" in first.stdout
    assert "データベースを書きなおす: 書きなおしました" in first.stdout
    assert "取り消す" not in second.stdout and "受け付ける" in second.stdout
    assert "取り消す" in again.stdout and "取り消す" in alone.stdout


def test_the_list_says_when_each_was_done_and_will_be(command, town):
    before = command("list").stdout
    command("run")
    after = command("list").stdout

    assert before.count("まだ行っていません") == len(jobs.JOBS) and "まもなく" in before
    assert after.count("前回 ") == len(jobs.JOBS) and after.count("次回 ") == len(DAILY)
    assert after.count("30秒ごと") == len(OFTEN)


def test_one_that_fails_is_told_to_cron_by_the_exit_status(command, town, broken):
    db.execute_sql("UPDATE event SET at = '2001-01-01T00:00:00.000000+00:00'")
    done = command("run")

    assert done.returncode == 1
    assert "古い操作の記録を消す: できませんでした。30分後にもう一度行います (IntegrityError)" in done.stderr
    assert "受け取られなかった予約を取り消す" in done.stdout


def test_the_database_is_rewritten_once_a_week_however_often_the_jobs_run(policy, clock, town):
    rewritten = []
    for _ in range(14):
        rewritten.append(jobs.run_due(policy, clock())["rewritten"])
        clock.forward(days=1)

    assert rewritten == [1, *[0] * (rewriting.EVERY - 1)] * 2
