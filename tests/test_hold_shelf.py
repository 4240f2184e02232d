"""The hold shelf against a real database: what ends by itself, what goes to the next, what is put back."""

from datetime import date, timedelta

import pytest

import circulation
import hold_shelf
import jobs
import lending
import patrons
from circulation import NotThere
from models import CalendarEntry, Hold, Item, db
from rules import Channel, HoldState
from standing import holds_of
from tests.records import kinds, owed

CLERK = "1"
WEB_MAY_CANCEL_READY = (('cancel.web = ["waiting"]', 'cancel.web = ["waiting", "ready", "in transit"]'),)
FROM_READY = (("keep = { weeks = 1 }", 'from = "ready"\nkeep = { weeks = 1 }'),)
UNREACHED = (("keep = { weeks = 1 }", "keep = { weeks = 1 }\nunreached = { days = 10 }"),)


def states() -> list[HoldState]:
    return [hold.state for hold in Hold.select().order_by(Hold.id)]


@pytest.fixture
def night(policy, clock):
    """The jobs of the night before this day run."""

    def night(day):
        clock.to(day, hour=0)
        return jobs.run(policy, clock())["ended"]

    return night


def after(town, days: int) -> date:
    return town.today + timedelta(days=days)


# -- not collected in time ---------------------------------------------------------------------------------


def test_on_its_last_day_a_hold_is_kept_and_the_day_after_it_has_ended(town, night):
    town.ready(town.title("こころ"), "sato")  # until the Tuesday after
    last = Hold.get().collect_by

    assert night(last) == 0 and states() == [HoldState.READY]
    assert night(last + timedelta(days=1)) == 1 and states() == [HoldState.EXPIRED]
    assert night(last + timedelta(days=1)) == 0
    assert kinds() == ["hold_expired"] and owed() == ["hold_expired"]


def test_the_next_has_a_full_new_period_and_a_message_and_the_piece_was_never_free(town, policy, night):
    kokoro = town.title("こころ")
    town.ready(kokoro, "sato")
    second = town.hold(kokoro, "tanaka")
    day = after(town, 7)

    night(day)

    hold = Hold.get_by_id(second)
    assert (hold.state, hold.item_id, hold.ready_on, hold.collect_by) == (
        HoldState.READY,
        Item.get().id,
        day,
        None,  # the clock starts when Tanaka is told
    )
    assert hold.slip_due and owed() == ["hold_expired", "hold_ready"]
    assert kinds() == ["hold_expired", "hold_ready"]
    assert hold_shelf.mark_told(policy, second, town.clock(), CLERK) == day + timedelta(days=7)


@pytest.mark.parametrize("changes", [FROM_READY])
def test_where_the_sheet_counts_from_ready_the_full_new_period_begins_that_day(town, night):
    kokoro = town.title("こころ")
    town.ready(kokoro, "sato")
    second, day = town.hold(kokoro, "tanaka"), after(town, 7)

    night(day)

    assert Hold.get_by_id(second).collect_by == day + timedelta(days=7)


def test_what_the_next_collects_elsewhere_is_sent_there_and_not_ready_before_it_arrives(town, policy, night):
    kokoro = town.title("こころ")
    town.ready(kokoro, "sato")
    second = town.hold(kokoro, "tanaka")
    Hold.update(pickup_branch="east").where(Hold.id == second).execute()

    night(after(town, 7))
    sent = Hold.get_by_id(second)
    lending.take_back(policy, Item.get().barcode, "east", town.clock(), CLERK)

    assert (sent.state, sent.sent_from, sent.slip_due) == (HoldState.IN_TRANSIT, "main", True)
    arrived = Hold.get_by_id(second)
    assert (arrived.state, arrived.sent_from, arrived.slip_due) == (HoldState.READY, None, False)


def test_nothing_ends_on_a_day_on_which_the_branch_is_closed(town, night):
    town.ready(town.title("こころ"), "sato")
    saturday = town.today + timedelta(days=3)
    Hold.update(collect_by=saturday).execute()
    sunday, monday, tuesday = (saturday + timedelta(days=n) for n in (1, 2, 3))
    CalendarEntry.insert(branch="main", day=sunday, kind="closed", label="停電").execute()

    assert [night(day) for day in (sunday, monday)] == [0, 0]
    assert states() == [HoldState.READY]
    assert night(tuesday) == 1


def test_a_closure_of_another_branch_keeps_nothing_here(town, night):
    town.ready(town.title("こころ"), "sato")
    over = Hold.get().collect_by + timedelta(days=1)
    CalendarEntry.insert(branch="east", day=over, kind="closed").execute()

    assert night(over) == 1


def test_with_nobody_next_the_piece_is_to_be_shelved_and_anybody_may_take_it(town, policy, night):
    town.ready(town.title("こころ"), "sato")

    night(after(town, 7))
    listed = Item.get().to_shelve_at
    answer = lending.check_out(
        policy, town.patrons["tanaka"], Item.get().barcode, "main", town.clock(), CLERK
    )

    assert listed == "main" and answer.decision.allowed and Item.get().to_shelve_at is None


def test_who_has_not_been_told_is_waited_for_where_the_sheet_names_no_end(town, night):
    town.ready(town.title("こころ"), "sato")
    Hold.update(collect_by=None).execute()

    assert night(after(town, 60)) == 0


@pytest.mark.parametrize("changes", [UNREACHED])
def test_who_could_not_be_told_for_too_long_is_waited_for_no_longer(town, night):
    town.ready(town.title("こころ"), "sato")
    Hold.update(collect_by=None).execute()

    assert night(after(town, 10)) == 0
    assert night(after(town, 11)) == 1


def test_a_hold_that_cannot_be_ended_keeps_no_other_back(town, night, caplog):
    broken = town.ready(town.title("こころ"), "sato")
    town.ready(town.title("門"), "tanaka")
    db.execute_sql(
        f"CREATE TRIGGER broken BEFORE UPDATE ON hold WHEN old.id = {broken} "
        "BEGIN SELECT RAISE(ABORT, 'damaged'); END"
    )

    assert night(after(town, 7)) == 1

    assert states() == [HoldState.READY, HoldState.EXPIRED]
    assert "サトウ" not in caplog.text and owed() == ["hold_expired"]


# -- to the next -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [WEB_MAY_CANCEL_READY])
def test_where_the_web_may_cancel_what_is_ready_the_next_gets_it_at_once(policy, clock, town):
    kokoro = town.title("こころ")
    first, second = town.ready(kokoro, "sato"), town.hold(kokoro, "tanaka")

    circulation.cancel_hold(policy, town.patrons["sato"], first, Channel.WEB, clock())

    assert states() == [HoldState.CANCELLED, HoldState.READY] and Hold.get_by_id(second).slip_due
    assert owed() == ["hold_ready"]


def test_what_is_on_its_way_when_its_hold_is_cancelled_goes_on_to_the_next(policy, clock, town):
    kokoro = town.title("こころ")
    item = Item.get().id
    first = town.hold(kokoro, "sato", HoldState.IN_TRANSIT, item=item, sent_from="east")
    second = town.hold(kokoro, "tanaka")

    circulation.cancel_hold(policy, town.patrons["sato"], first, Channel.DESK, clock(), CLERK)
    on_its_way = Hold.get_by_id(second)
    lending.take_back(policy, Item.get().barcode, "main", clock(), CLERK)

    assert (on_its_way.state, on_its_way.item_id, on_its_way.sent_from) == (
        HoldState.IN_TRANSIT,
        item,
        "east",
    )
    assert Hold.get_by_id(second).state is HoldState.READY
    assert kinds() == ["hold_cancelled", "hold_in_transit", "hold_ready"]


def test_what_arrives_and_nobody_wants_any_more_is_to_be_shelved(policy, clock, town):
    kokoro = town.title("こころ", branch="east")
    hold = town.hold(kokoro, "sato", HoldState.IN_TRANSIT, item=Item.get().id, sent_from="east")

    circulation.cancel_hold(policy, town.patrons["sato"], hold, Channel.DESK, clock(), CLERK)
    answer = lending.take_back(policy, Item.get().barcode, "main", clock(), CLERK)

    assert answer.hold is None and Item.get().to_shelve_at is None


def test_who_takes_another_copy_home_lets_the_next_have_the_one_that_was_kept(policy, clock, town):
    kokoro = town.title("こころ", copies=2)
    town.ready(kokoro, "sato")
    second = town.hold(kokoro, "tanaka")
    kept, other = Item.select().order_by(Item.id)

    answer = lending.check_out(policy, town.patrons["sato"], other.barcode, "main", clock(), CLERK)

    assert answer.released == kept.id
    assert states() == [HoldState.COLLECTED, HoldState.READY] and Hold.get_by_id(second).item_id == kept.id


def test_what_was_kept_for_a_patron_who_is_deleted_goes_to_the_next(policy, clock, town):
    kokoro = town.title("こころ")
    town.ready(kokoro, "sato")
    second = town.hold(kokoro, "tanaka")

    patrons.delete(policy, town.patrons["sato"], clock(), CLERK)

    assert Hold.get_by_id(second).state is HoldState.READY and owed() == ["hold_ready"]


# -- put back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [HoldState.READY, HoldState.IN_TRANSIT])
def test_what_is_put_back_waits_first_and_the_next_scan_serves_it_again(policy, clock, town, state):
    kokoro = town.title("こころ")
    first = town.ready(kokoro, "sato")
    if state is HoldState.IN_TRANSIT:
        Hold.update(state=state, ready_on=None, collect_by=None, sent_from="east").execute()
    town.hold(kokoro, "tanaka")

    decision = hold_shelf.put_back(first, clock(), CLERK)
    [row] = holds_of(town.patrons["sato"])
    listed = Item.get().to_shelve_at
    served = lending.take_back(policy, Item.get().barcode, "main", clock(), CLERK).hold

    assert decision.allowed and (row.state, row.place, row.waiting) == (HoldState.WAITING, 1, 2)
    assert listed == "main" and served == first


def test_what_is_not_there_is_neither_put_back_nor_given_a_slip(clock, town):
    waiting = town.hold(town.title("こころ"), "sato")

    with pytest.raises(NotThere):
        hold_shelf.put_back(999, clock(), CLERK)
    with pytest.raises(NotThere):
        hold_shelf.change_slip(waiting)
    assert hold_shelf.put_back(waiting, clock(), CLERK).allowed and kinds() == []


# -- at another branch -------------------------------------------------------------------------------------


def test_what_was_ready_here_is_sent_from_here_with_a_new_slip(policy, clock, town):
    hold = town.ready(town.title("こころ"), "sato")

    circulation.change_pickup(policy, town.patrons["sato"], hold, "east", Channel.DESK, clock(), CLERK)

    moved = Hold.get_by_id(hold)
    assert (moved.state, moved.sent_from, moved.slip_due) == (HoldState.IN_TRANSIT, "main", True)
    assert (moved.ready_on, moved.collect_by) == (None, None) and owed() == ["pickup_changed"]


def test_a_patron_who_changes_the_branch_needs_no_message_of_it(policy, clock, town):
    hold = town.hold(town.title("こころ"), "sato")

    circulation.change_pickup(policy, town.patrons["sato"], hold, "east", Channel.WEB, clock())

    assert Hold.get().pickup_branch == "east" and owed() == [] and not Hold.get().slip_due
