"""What happens by itself: applications become holds, and dates leave days that have come to be closed."""

import socket
import threading
from datetime import date, timedelta

import pytest

import calendar_changes
import circulation
import jobs
import mail
from models import CalendarEntry, Event, Hold, Loan, db
from rules import CalendarPlan, Channel, DayKind, HoldState
from settings import Smtp
from standing import holds_of

CONTACT = 'contact = ["mail"]'
TWICE_A_DAY = ((CONTACT, f'{CONTACT}\nregistered_at = ["8:30", "18:00"]'),)
AT_OPENING = ((CONTACT, f'{CONTACT}\nregistered_at = ["opening"]'),)
KEPT_AS_THEY_ARE = (('[loan]\non_closed = "next open day"', '[loan]\non_closed = "keep"'),)
THURSDAY, FRIDAY = date(2026, 4, 23), date(2026, 4, 24)


def events(kind: str) -> list[tuple[str, str, int]]:
    query = Event.select(Event.channel, Event.actor, Event.number).where(Event.kind == kind)
    return list(query.tuples())


@pytest.fixture
def ask(policy, clock, town):
    """Sato asks for a title on the web, or at the desk."""

    def ask(bib, name="sato", channel=Channel.WEB):
        return circulation.place_hold(policy, town.patrons[name], bib, "main", "mail", channel, clock()).hold

    return ask


# -- applications ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [TWICE_A_DAY])
def test_what_is_asked_for_on_the_web_is_applied_for_until_the_next_run(policy, clock, town, ask):
    hold = ask(town.title("こころ"))
    assert Hold.get_by_id(hold).state is HoldState.APPLIED

    clock.to(town.today, hour=17)
    early = jobs.run(policy, clock())
    clock.to(town.today, hour=18)
    in_time = jobs.run(policy, clock())
    again = jobs.run(policy, clock())

    assert (early["registered"], in_time["registered"], again["registered"]) == (0, 1, 0)
    assert Hold.get_by_id(hold).state is HoldState.WAITING
    assert events("hold_registered") == [("jobs", "jobs", hold)]


@pytest.mark.parametrize("changes", [TWICE_A_DAY])
def test_what_is_asked_for_at_the_desk_waits_at_once(town, ask):
    hold = ask(town.title("こころ"), channel=Channel.DESK)

    assert Hold.get_by_id(hold).state is HoldState.WAITING


@pytest.mark.parametrize("changes", [TWICE_A_DAY])
def test_an_application_keeps_its_place_before_a_hold_that_was_asked_for_later(policy, clock, town, ask):
    kokoro = town.title("こころ")
    first = ask(kokoro, "sato")
    clock.forward(minutes=5)
    ask(kokoro, "tanaka", Channel.DESK)
    clock.forward(days=1)

    jobs.run(policy, clock())

    [row] = holds_of(town.patrons["sato"])
    assert (row.id, row.place, row.waiting) == (first, 1, 2)


@pytest.mark.parametrize("changes", [AT_OPENING])
def test_over_a_closed_day_an_application_waits_for_the_next_opening(policy, clock, town, ask):
    clock.to(date(2026, 4, 19), hour=20)  # a Sunday; the library is closed on Mondays
    hold = ask(town.title("こころ"))

    clock.to(date(2026, 4, 20), hour=20)
    on_monday = jobs.run(policy, clock())["registered"]
    clock.to(date(2026, 4, 21), hour=10)
    on_tuesday = jobs.run(policy, clock())["registered"]

    assert (on_monday, on_tuesday) == (0, 1)
    assert Hold.get_by_id(hold).state is HoldState.WAITING


def test_an_application_that_was_left_over_from_another_sheet_waits_at_the_next_run(policy, clock, town):
    hold = town.hold(town.title("こころ"), "sato", HoldState.APPLIED)

    jobs.run(policy, clock())

    assert Hold.get_by_id(hold).state is HoldState.WAITING


@pytest.mark.parametrize("changes", [TWICE_A_DAY])
def test_an_application_that_was_cancelled_is_not_registered(policy, clock, town, ask):
    hold = ask(town.title("こころ"))
    circulation.cancel_hold(policy, town.patrons["sato"], hold, Channel.DESK, clock())
    clock.forward(days=1)

    assert jobs.run(policy, clock())["registered"] == 0
    assert Hold.get_by_id(hold).state is HoldState.CANCELLED


# -- closed days -------------------------------------------------------------------------------------------


@pytest.fixture
def out(town):
    """Two loans of Sato's that are due on a Thursday, one of them at the east branch, one renewed."""
    due_in = (THURSDAY - town.today).days
    return {
        "main": town.lend(town.title("こころ"), "sato", due_in=due_in, renewals=1),
        "east": town.lend(town.title("門", branch="east"), "sato", due_in=due_in, branch="east"),
    }


@pytest.fixture
def close(policy, clock, town):
    """Somebody at the desk closes a branch, or all of them, on these days; what was moved."""

    def close(branch, first, last=None, label="停電"):
        plan = CalendarPlan(DayKind.CLOSED, first, last or first, branch, label)
        return calendar_changes.put_on_calendar(policy, plan, clock(), "staff 1").followed

    return close


def test_a_closure_that_comes_later_moves_what_is_due_on_it_and_keeps_the_count_of_renewals(town, out, close):
    moved = close("main", THURSDAY).moved

    here, elsewhere = Loan.get_by_id(out["main"]), Loan.get_by_id(out["east"])
    assert (here.due_on, here.renewals) == (FRIDAY, 1)
    assert elsewhere.due_on == THURSDAY
    assert [(one.kind, one.number, one.before, one.after) for one in moved] == [
        ("loan_moved", here.id, THURSDAY, FRIDAY)
    ]
    assert events("loan_moved") == [("jobs", "staff 1", here.id)]


def test_a_closure_of_every_branch_that_runs_into_a_closing_day_moves_to_the_day_after_both(town, out, close):
    moved = close(None, THURSDAY, THURSDAY + timedelta(days=3)).moved  # to Sunday; Monday is closed anyway

    assert {one.after for one in moved} == {date(2026, 4, 28)} and len(moved) == 2
    assert CalendarEntry.select().where(CalendarEntry.kind == "closed").count() == 4


def test_a_shelf_deadline_moves_with_the_pick_up_branch(town, close):
    hold = town.ready(town.title("こころ"), "sato")
    last = Hold.get_by_id(hold).collect_by

    close("main", last)

    assert Hold.get_by_id(hold).collect_by == last + timedelta(days=1)
    assert events("deadline_moved") == [("jobs", "staff 1", hold)]


def test_running_twice_is_running_once(policy, clock, town, out):
    CalendarEntry.insert(branch=None, day=THURSDAY, kind="closed", label="停電").execute()

    first, second = jobs.run(policy, clock()), jobs.run(policy, clock())

    assert (first["moved"], second["moved"]) == (2, 0)
    assert len(events("loan_moved")) == 2


def test_what_was_due_on_a_day_that_is_past_stays_overdue(policy, clock, town, close):
    yesterday, monday = town.today - timedelta(days=1), town.today - timedelta(days=2)
    loans = [town.lend(town.title("こころ"), "sato", due_in=-n) for n in (1, 2)]  # Mondays are closed
    CalendarEntry.insert(branch=None, day=yesterday, kind="closed", label="雪").execute()

    by_itself = jobs.run(policy, clock())["moved"]
    with_the_closure_of_today = close("main", town.today).moved

    assert (by_itself, with_the_closure_of_today) == (0, ())
    assert [Loan.get_by_id(loan).due_on for loan in loans] == [yesterday, monday]


def test_what_another_library_lends_goes_back_by_its_own_day(town, close):
    kokoro = town.title("こころ", interlibrary=True, send_back_by=THURSDAY)
    loan = town.lend(kokoro, "sato", due_in=(THURSDAY - town.today).days)

    assert close(None, THURSDAY).moved == () and Loan.get_by_id(loan).due_on == THURSDAY


@pytest.mark.parametrize("changes", [KEPT_AS_THEY_ARE])
def test_where_the_sheet_keeps_closed_days_loans_stay(town, out, close):
    assert close(None, THURSDAY).moved == ()
    assert Loan.get_by_id(out["main"]).due_on == THURSDAY


def test_a_library_that_never_opens_again_moves_nothing_and_lists_what_stays(town, out, close):
    for n in range(1, 1500):
        day = THURSDAY + timedelta(days=n)
        CalendarEntry.insert(branch=None, day=day, kind="closed", label="閉館").execute()

    followed = close(None, THURSDAY)

    assert followed.moved == ()
    assert [(one.branch, one.day, one.n, one.later) for one in followed.staying] == [
        ("east", THURSDAY, 1, None),
        ("main", THURSDAY, 1, None),
    ]
    assert Loan.get_by_id(out["main"]).due_on == THURSDAY


# -- the thread --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [TWICE_A_DAY])
def test_while_the_library_is_served_applications_are_registered_without_anybody(
    policy, clock, town, ask, database
):
    hold = ask(town.title("こころ"))
    clock.forward(days=1)
    asked, stop = threading.Event(), []

    def clock_that_tells():
        if len(stop) == 1:
            asked.set()  # the second look at the clock: the first run is over
        stop.append(True)
        return clock()

    jobs.EVERY, before = 0.01, jobs.EVERY
    try:
        with jobs.running(policy, clock_that_tells):
            assert asked.wait(20)
    finally:
        jobs.EVERY = before

    assert Hold.get_by_id(hold).state is HoldState.WAITING


def test_a_job_that_fails_is_told_to_the_log_and_stops_nothing(policy, clock, town, caplog):
    asked = threading.Event()
    looks = []

    def clock_that_breaks_once():
        looks.append(True)
        if len(looks) > 2:
            asked.set()
        return clock() if len(looks) > 1 else None

    jobs.EVERY, before = 0.01, jobs.EVERY
    try:
        with jobs.running(policy, clock_that_breaks_once):
            assert asked.wait(20)
    finally:
        jobs.EVERY = before

    assert "a job failed" in caplog.text
    assert db.is_closed() is False


def test_while_the_library_is_served_mail_goes_out_by_itself_and_a_server_that_is_away_is_told_to_the_log(
    policy, clock, town, post_office, caplog
):
    mail.queue("address_changed", town.patrons["sato"], [1], clock())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = Smtp("127.0.0.1", free.getsockname()[1])
    postman = post_office.postman(policy)
    postman.smtp = nowhere
    asked = threading.Event()

    def clock_that_tells():
        if "could not be reached" in caplog.text:
            postman.smtp = post_office.smtp
            asked.set()
        return clock()

    jobs.MAIL_AGAIN, before = 0.01, jobs.MAIL_AGAIN
    try:
        with jobs.running(policy, clock_that_tells, postman):
            assert asked.wait(20) and post_office.came.wait(20)
    finally:
        jobs.MAIL_AGAIN = before

    assert post_office.recipients == ["sato@example.jp"]
