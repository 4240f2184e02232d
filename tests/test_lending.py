"""The desk's verbs against a real database: lending, taking back, and setting aside for whoever waits."""

from datetime import date, time, timedelta

import pytest
from peewee import IntegrityError

import circulation
import hold_shelf
import lending
from circulation import NotThere
from lending import Returned
from models import Bib, DayCount, Event, Hold, Item, Loan, Outbox, Patron, Tally, db
from rules import Channel, HoldState, ItemState, Reason
from standing import holds_of
from tests.records import barcode, kinds

CLERK = "1"
EXPIRED = 'when = { card = "expired" }\nstops = ["loan", "hold", "renewal"]'
LATE_RETURNS_COST = (
    (
        f"[[block]]                                 # 期限の切れた利用券\n{EXPIRED}",
        f"[[block]]\n{EXPIRED}\n\n[[block]]\nwhen = {{ returned_late = {{ days = 1 }} }}\n"
        'stops = ["loan"]\nlasts = { per_day_late = { days = 2 } }',
    ),
)
LENT_FOR_HOURS = (("loan = { weeks = 1 }", "loan = { hours = 3 }"),)
FROM_READY = (("keep = { weeks = 1 }", 'from = "ready"\nkeep = { weeks = 1 }'),)


@pytest.fixture
def lend(policy, clock, town):
    def lend(name, code, branch="main"):
        return lending.check_out(policy, town.patrons[name], code, branch, clock(), CLERK)

    return lend


@pytest.fixture
def take_back(policy, clock, town):
    def take_back(code, branch="main"):
        return lending.take_back(policy, code, branch, clock(), CLERK)

    return take_back


# -- lending -----------------------------------------------------------------------------------------------


def test_a_loan_is_one_row_one_event_and_two_counts_without_a_name(town, lend):
    kokoro = town.title("こころ", ndc="913.6")

    answer = lend("sato", barcode(kokoro))

    loan = Loan.get()
    assert answer.decision.allowed and answer.decision.due.on == town.today + timedelta(days=14)
    assert (loan.patron_id, loan.branch, loan.due_on) == (
        town.patrons["sato"],
        "main",
        town.today + timedelta(days=14),
    )
    assert list(Event.select(Event.kind, Event.channel, Event.actor, Event.number).tuples()) == [
        ("loan_made", "desk", CLERK, loan.id)
    ]
    assert Bib.get_by_id(kokoro).lent == 1
    counted = Tally.select(Tally.month, Tally.kind, Tally.branch, Tally.material, Tally.ndc, Tally.n).tuples()
    assert list(counted) == [("2026-04", "loan", "main", "book", "9", 1)]


@pytest.mark.parametrize("typed", [" {} ", "A{}A", "{}\r\n"])
def test_a_scan_with_blanks_or_the_letters_of_its_barcode_is_the_same_piece(town, lend, typed):
    kokoro = town.title("こころ")

    assert lend("sato", typed.format(barcode(kokoro))).decision.allowed


def test_half_a_barcode_is_nothing(town, lend):
    kokoro = town.title("こころ")

    with pytest.raises(NotThere):
        lend("sato", barcode(kokoro)[:-1])
    assert Loan.select().count() == 0


def test_scanning_a_piece_again_lends_nothing_twice(town, lend):
    kokoro = town.title("こころ")
    first = lend("sato", barcode(kokoro))

    again = lend("sato", barcode(kokoro))

    assert again.again and again.decision.due == first.decision.due
    assert Loan.select().count() == 1 and kinds() == ["loan_made"]


@pytest.mark.parametrize("changes", [LENT_FOR_HOURS])
def test_scanning_a_piece_again_still_says_at_what_time_it_must_be_back(town, lend):
    songs = town.title("歌の本", "av")
    first = lend("sato", barcode(songs))

    again = lend("sato", barcode(songs))

    assert first.decision.due.by == time(15) and again.decision.due == first.decision.due


def test_a_piece_whose_title_patrons_do_not_see_is_lent_all_the_same(town, lend):
    kokoro = town.title("こころ", hidden=True)

    assert lend("sato", barcode(kokoro)).decision.allowed


def test_a_piece_that_another_has_out_is_refused_and_stays_theirs(town, lend):
    kokoro = town.title("こころ")
    lend("tanaka", barcode(kokoro))

    answer = lend("sato", barcode(kokoro))

    assert answer.decision.reasons == (Reason.OUT,)
    assert Loan.get().patron_id == town.patrons["tanaka"]


def test_a_card_that_has_expired_takes_nothing_home(town, lend):
    answer = lend("ito", barcode(town.title("こころ")))

    assert answer.decision.reasons == (Reason.CARD_EXPIRED,)
    assert Loan.select().count() == 0 and kinds() == []


def test_a_card_of_a_barred_series_takes_nothing_home_before_it_is_renewed(town, lend):
    answer = lend("hara", barcode(town.title("こころ")))

    assert answer.decision.reasons == (Reason.BARRED_CARD,)
    assert Loan.select().count() == 0


def test_a_visitor_may_take_a_copy_though_somebody_waits_and_the_queue_stays(town, lend):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "tanaka")

    assert lend("sato", barcode(kokoro)).decision.allowed
    assert Hold.get_by_id(hold).state is HoldState.WAITING


def test_a_copy_that_is_set_aside_goes_to_nobody_else_even_if_they_have_one_of_their_own(town, lend):
    kokoro = town.title("こころ", copies=2)
    mine, others = Item.select().where(Item.bib == kokoro).order_by(Item.id)
    town.hold(kokoro, "sato", HoldState.READY, item=mine.id, ready_on=town.today)
    town.hold(kokoro, "tanaka", HoldState.READY, item=others.id, ready_on=town.today)

    refused = lend("sato", others.barcode)
    own = lend("sato", mine.barcode)

    assert refused.decision.reasons == (Reason.KEPT_FOR_ANOTHER,)
    assert own.decision.allowed
    assert Hold.select().where(Hold.state == HoldState.COLLECTED).count() == 1


def test_what_was_held_is_collected_and_nobody_can_tell_any_more_who_wanted_it(town, lend):
    kokoro = town.title("こころ")
    hold = town.ready(kokoro, "sato")

    lend("sato", barcode(kokoro))

    ended = Hold.get_by_id(hold)
    assert (ended.state, ended.patron, ended.bib, ended.item) == (HoldState.COLLECTED, None, None, None)
    assert kinds() == ["loan_made", "hold_collected"]


def test_another_copy_than_the_one_set_aside_frees_that_one_and_says_so(town, lend, take_back):
    kokoro = town.title("こころ", copies=2)
    kept, taken = Item.select().where(Item.bib == kokoro).order_by(Item.id)
    town.hold(kokoro, "sato", HoldState.READY, item=kept.id, ready_on=town.today)
    waits = town.hold(kokoro, "tanaka")

    answer = lend("sato", taken.barcode)

    assert answer.decision.allowed and answer.released == kept.id
    assert take_back(kept.barcode).hold == waits


# -- taking back -------------------------------------------------------------------------------------------


def test_a_return_erases_whose_loan_it_was_in_the_same_moment(town, take_back):
    kokoro = town.title("こころ", ndc="913.6")
    loan = town.lend(kokoro, "sato")

    answer = take_back(barcode(kokoro))

    ended = Loan.get_by_id(loan)
    assert (answer.was, answer.days_overdue, answer.hold) == (Returned.OUT, 0, None)
    assert ended.patron_id is None and ended.returned_at is not None
    assert kinds() == ["loan_returned"]
    assert Tally.get(Tally.kind == "return").n == 1


def test_a_return_says_how_late_it_was(town, take_back):
    kokoro = town.title("こころ")
    town.lend(kokoro, "sato", due_in=-3)

    assert take_back(barcode(kokoro)).days_overdue == 3
    assert Patron.get_by_id(town.patrons["sato"]).penalty_until is None


@pytest.mark.parametrize("changes", [LATE_RETURNS_COST])
def test_where_late_returns_cost_the_borrower_is_stopped_for_so_long_and_no_longer(
    town, clock, lend, take_back
):
    kokoro = town.title("こころ")
    town.lend(kokoro, "sato", due_in=-3)

    penalty = take_back(barcode(kokoro)).penalty_until
    stopped = lend("sato", barcode(kokoro))
    clock.forward(days=7)
    free = lend("sato", barcode(kokoro))

    assert penalty == date(2026, 4, 21)
    assert stopped.decision.reasons == (Reason.PENALTY,)
    assert free.decision.allowed


def test_a_piece_that_was_not_out_changes_nothing(town, take_back):
    kokoro = town.title("こころ")

    assert take_back(barcode(kokoro)).was is Returned.NOT_OUT
    assert kinds() == []


def test_a_missing_piece_that_is_scanned_is_found(town, take_back):
    kokoro = town.title("こころ", state=ItemState.MISSING)

    assert take_back(barcode(kokoro)).was is Returned.MISSING
    assert Item.get().state is ItemState.IN_STOCK and kinds() == ["item_found"]


def test_a_withdrawn_piece_stays_withdrawn(town, take_back):
    kokoro = town.title("こころ", state=ItemState.WITHDRAWN)
    town.hold(kokoro, "sato")

    answer = take_back(barcode(kokoro))

    assert (answer.was, answer.hold) == (Returned.WITHDRAWN, None)
    assert Item.get().state is ItemState.WITHDRAWN


# -- from the queue to the shelf ---------------------------------------------------------------------------


def test_a_piece_that_comes_back_is_set_aside_for_the_first_who_waits_with_one_message(town, take_back):
    kokoro = town.title("こころ")
    town.lend(kokoro, "mori")
    first, second = town.hold(kokoro, "sato"), town.hold(kokoro, "tanaka")

    answer = take_back(barcode(kokoro))

    hold = Hold.get_by_id(first)
    assert answer.hold == first
    assert (hold.state, hold.item_id, hold.ready_on, hold.collect_by) == (
        HoldState.READY,
        Item.get().id,
        town.today,
        None,  # the clock starts when Sato is told
    )
    assert Hold.get_by_id(second).state is HoldState.WAITING
    assert [(row.kind, row.patron_id) for row in Outbox.select()] == [("hold_ready", town.patrons["sato"])]
    [row] = holds_of(town.patrons["tanaka"])
    assert (row.place, row.waiting) == (1, 1)


def test_scanning_it_again_sets_nobody_else_aside_and_sends_no_second_message(town, take_back):
    kokoro = town.title("こころ")
    first = town.hold(kokoro, "sato")
    town.hold(kokoro, "tanaka")
    take_back(barcode(kokoro))

    again = take_back(barcode(kokoro))

    assert (again.was, again.hold) == (Returned.NOT_OUT, first)
    assert Outbox.select().count() == 1 and kinds() == ["hold_ready"]


def test_a_second_copy_goes_to_the_second_patron(town, take_back):
    kokoro = town.title("こころ", copies=2)
    first, second = town.hold(kokoro, "sato"), town.hold(kokoro, "tanaka")

    answers = [take_back(barcode(kokoro, n)).hold for n in (0, 1)]

    assert answers == [first, second]


def test_a_hold_for_another_branch_goes_on_its_way_and_is_ready_where_it_arrives(town, take_back):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "sato")
    Hold.update(pickup_branch="east").execute()

    leaves = take_back(barcode(kokoro), "main")
    on_its_way = Hold.get_by_id(hold).state
    scanned_again = take_back(barcode(kokoro), "west")
    still_on_its_way = Hold.get_by_id(hold).state
    arrives = take_back(barcode(kokoro), "east")

    assert leaves.hold == scanned_again.hold == arrives.hold == hold
    assert (on_its_way, still_on_its_way) == (HoldState.IN_TRANSIT, HoldState.IN_TRANSIT)
    assert Hold.get_by_id(hold).state is HoldState.READY
    assert kinds() == ["hold_in_transit", "hold_ready"]


@pytest.mark.parametrize(
    "columns", [{"not_for_loan": True}, {"call_number": "R 813 コ"}, {"state": ItemState.WITHDRAWN}]
)
def test_a_piece_that_cannot_be_held_serves_nobody(town, take_back, columns):
    kokoro = town.title("こころ", **columns)
    hold = town.hold(kokoro, "sato")

    assert take_back(barcode(kokoro)).hold is None
    assert Hold.get_by_id(hold).state is HoldState.WAITING


def test_an_application_is_not_served_before_it_is_registered(town, take_back):
    kokoro = town.title("こころ")
    town.hold(kokoro, "sato", HoldState.APPLIED)

    assert take_back(barcode(kokoro)).hold is None


def test_the_shelf_is_counted_from_the_day_the_patron_was_told_and_only_once(policy, clock, town, take_back):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "sato")
    take_back(barcode(kokoro))
    clock.forward(days=2)

    told = hold_shelf.mark_told(policy, hold, clock(), CLERK)
    clock.forward(days=1)
    again = hold_shelf.mark_told(policy, hold, clock(), CLERK)

    assert told == again == date(2026, 4, 24) == Hold.get_by_id(hold).collect_by
    assert kinds() == ["hold_ready", "hold_told"]


@pytest.mark.parametrize("changes", [FROM_READY])
def test_where_the_sheet_counts_from_ready_the_last_day_is_known_at_once(town, take_back):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "sato")

    take_back(barcode(kokoro))

    assert Hold.get_by_id(hold).collect_by == town.today + timedelta(days=7)


def test_what_was_not_collected_in_time_goes_to_the_next_with_a_full_new_period(
    policy, clock, town, take_back
):
    kokoro = town.title("こころ")
    first, second = town.hold(kokoro, "sato"), town.hold(kokoro, "tanaka")
    take_back(barcode(kokoro))
    last = hold_shelf.mark_told(policy, first, clock(), CLERK)

    clock.to(last)
    in_time = take_back(barcode(kokoro))
    clock.to(last + timedelta(days=1))
    over = take_back(barcode(kokoro))

    assert (in_time.expired, in_time.hold) == (False, first)
    assert (over.expired, over.hold) == (True, second)
    ended, served = Hold.get_by_id(first), Hold.get_by_id(second)
    assert (ended.state, ended.patron_id, ended.item) == (HoldState.EXPIRED, town.patrons["sato"], None)
    assert (served.state, served.collect_by) == (HoldState.READY, None)
    assert kinds() == ["hold_ready", "hold_told", "hold_expired", "hold_ready"]


def test_what_was_not_collected_and_nobody_else_wants_goes_back_to_its_shelf(policy, clock, town, take_back):
    kokoro = town.title("こころ")
    town.ready(kokoro, "sato")
    clock.forward(days=20)

    over = take_back(barcode(kokoro))

    assert (over.expired, over.hold) == (True, None)


def test_a_hold_that_becomes_ready_again_at_another_branch_is_told_again(policy, clock, town, take_back):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "sato")
    take_back(barcode(kokoro))
    circulation.change_pickup(policy, town.patrons["sato"], hold, "east", Channel.DESK, clock())
    clock.forward(days=1)

    take_back(barcode(kokoro), "east")

    assert Hold.get_by_id(hold).state is HoldState.READY
    assert [row.kind for row in Outbox.select()] == ["hold_ready", "hold_ready"]


def test_nobody_is_told_of_what_is_not_ready(policy, clock, town):
    hold = town.hold(town.title("こころ"), "sato")

    with pytest.raises(NotThere):
        hold_shelf.mark_told(policy, hold, clock(), CLERK)


def test_a_failure_in_the_middle_of_a_return_leaves_nothing_half_done(town, take_back):
    kokoro = town.title("こころ")
    loan = town.lend(kokoro, "mori")
    hold = town.hold(kokoro, "sato")
    db.execute_sql("CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END")

    with pytest.raises(IntegrityError, match="full"):
        take_back(barcode(kokoro))

    assert Loan.get_by_id(loan).returned_at is None and Loan.get_by_id(loan).patron_id
    assert Hold.get_by_id(hold).state is HoldState.WAITING
    assert kinds() == [] and Tally.select().count() == DayCount.select().count() == 0


def test_cancelling_what_merely_waits_makes_nobody_ready(policy, clock, town):
    kokoro = town.title("こころ")
    first, second = town.hold(kokoro, "sato"), town.hold(kokoro, "tanaka")

    circulation.cancel_hold(policy, town.patrons["sato"], first, Channel.DESK, clock())

    assert Hold.get_by_id(second).state is HoldState.WAITING
