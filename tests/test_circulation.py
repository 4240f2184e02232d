"""The verbs against a real database: what they change, what they note, and what they leave alone."""

from datetime import timedelta

import peewee
import pytest

import circulation
from circulation import NotThere
from models import CartEntry, Event, Hold, Loan, Outbox, Patron, db
from rules import Channel, HoldState, Reason
from standing import holds_of

WEB = Channel.WEB


def events() -> list[tuple[str, str, str, int]]:
    return list(Event.select(Event.kind, Event.channel, Event.actor, Event.number).tuples())


def owed() -> list[tuple[str, str]]:
    return list(Outbox.select(Outbox.kind, Outbox.numbers).tuples())


@pytest.fixture
def place(policy, clock, town):
    def place(bib, name, pickup="main", contact="mail"):
        clock.forward(minutes=1)
        return circulation.place_hold(policy, town.patrons[name], bib, pickup, contact, WEB, clock())

    return place


@pytest.fixture
def submit(policy, clock, town):
    def submit(name, pickup="main", contact="mail"):
        return circulation.submit_cart(policy, town.patrons[name], pickup, contact, WEB, clock())

    return submit


@pytest.fixture
def renew(policy, clock, town):
    def renew(loan, name, **options):
        return circulation.renew(policy, town.patrons[name], loan, WEB, clock(), **options)

    return renew


# -- placing a hold ---------------------------------------------------------------------------------------


def test_a_hold_is_one_row_one_event_and_one_message(town, place):
    kokoro = town.title("こころ")

    answer = place(kokoro, "sato", pickup="east")

    hold = Hold.get()
    assert answer.decision.allowed and answer.hold == hold.id
    assert (hold.state, hold.pickup_branch, hold.contact) == (HoldState.WAITING, "east", "mail")
    assert events() == [("hold_placed", "web", "patron", hold.id)]
    assert owed() == [("hold_registered", str(hold.id))]


def test_the_branch_that_was_chosen_is_remembered(town, place):
    place(town.title("こころ"), "sato", pickup="west")

    assert Patron.get_by_id(town.patrons["sato"]).pickup_branch == "west"


def test_five_patrons_stand_in_the_order_in_which_they_came(town, place):
    kokoro = town.title("こころ")
    people = [town.somebody() for _ in range(5)]
    for person in people:
        town.hold(kokoro, person)

    assert [(row.place, row.waiting) for person in people for row in holds_of(person)] == [
        (1, 5),
        (2, 5),
        (3, 5),
        (4, 5),
        (5, 5),
    ]


@pytest.mark.parametrize("leaves", [0, 2, 4], ids=["the first", "the middle one", "the last"])
def test_places_close_up_when_somebody_leaves_the_queue(town, policy, clock, leaves):
    kokoro = town.title("こころ")
    people = [town.somebody() for _ in range(5)]
    holds = [town.hold(kokoro, person) for person in people]

    circulation.cancel_hold(policy, people[leaves], holds[leaves], WEB, clock())

    stay = [person for n, person in enumerate(people) if n != leaves]
    assert [row.place for person in stay for row in holds_of(person)] == [1, 2, 3, 4]


def test_a_ready_hold_leaves_the_numbered_queue(town):
    kokoro = town.title("こころ")
    first, second = town.somebody(), town.somebody()
    town.ready(kokoro, first)
    town.hold(kokoro, second)

    assert [(row.place, row.waiting) for row in holds_of(second)] == [(1, 1)]


def test_the_same_title_is_not_held_twice(town, place):
    kokoro = town.title("こころ")
    place(kokoro, "sato")

    again = place(kokoro, "sato")

    assert again.decision.reasons == (Reason.ALREADY_HELD,)
    assert Hold.select().count() == 1 and len(events()) == 1 and len(owed()) == 1


def test_a_hold_that_was_cancelled_can_be_placed_again_at_the_end(town, place, policy, clock):
    kokoro = town.title("こころ")
    mine = place(kokoro, "sato").hold
    place(kokoro, "tanaka")
    circulation.cancel_hold(policy, town.patrons["sato"], mine, WEB, clock())

    assert place(kokoro, "sato").decision.allowed
    assert [row.place for row in holds_of(town.patrons["sato"])] == [2]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("mori", Reason.CATEGORY_MAY_NOT_HOLD),
        ("ito", Reason.CARD_EXPIRED),
        ("kato", Reason.NO_MAIL),
    ],
)
def test_who_may_not_hold_changes_nothing(town, place, name, reason):
    answer = place(town.title("こころ"), name)

    assert answer.decision.reasons == (reason,)
    assert Hold.select().count() == 0 and events() == [] and owed() == []


def test_a_place_that_is_no_branch_is_refused(town, place):
    answer = place(town.title("こころ"), "sato", pickup="moon", contact="pigeon")

    assert answer.decision.reasons == (Reason.UNKNOWN_PICKUP, Reason.UNKNOWN_CONTACT)
    assert Hold.select().count() == 0


def test_a_title_that_nobody_may_see_cannot_be_held(town, place):
    with pytest.raises(NotThere):
        place(town.title("秘密", hidden=True), "sato")


# -- the cart ---------------------------------------------------------------------------------------------


def test_what_fits_is_registered_in_its_order_and_the_sixth_book_stays(town, submit, clock):
    titles = [town.title(f"本 {n}") for n in range(1, 7)]
    circulation.put_in_cart(town.patrons["sato"], titles, clock())

    answers = submit("sato")

    assert [answer.bib for answer in answers] == titles, "the summary lists all of them"
    assert [answer.decision.allowed for answer in answers] == [True] * 5 + [False]
    refusal = answers[5].decision.refusals[0]
    assert (refusal.reason, refusal.facts["most"], refusal.facts["held"]) == (Reason.HOLD_LIMIT, 5, 5)
    assert circulation.cart_of(town.patrons["sato"]) == titles[5:]
    assert [hold.bib_id for hold in Hold.select().order_by(Hold.id)] == titles[:5]


def test_one_message_tells_of_all_holds_of_a_cart_and_each_has_its_event(town, submit, clock):
    circulation.put_in_cart(town.patrons["sato"], [town.title("一"), town.title("二")], clock())

    holds = [str(answer.hold) for answer in submit("sato")]

    assert owed() == [("hold_registered", ",".join(holds))]
    assert [number for _, _, _, number in events()] == [int(hold) for hold in holds]


def test_sending_the_cart_again_makes_nothing_twice(town, submit, clock):
    circulation.put_in_cart(town.patrons["sato"], [town.title("一")], clock())
    submit("sato")

    assert submit("sato") == []
    assert Hold.select().count() == 1 and len(owed()) == 1


def test_a_title_that_became_unholdable_stays_with_its_reason_and_the_others_go(town, submit, clock):
    lost, fine = town.title("なくした本", state="missing"), town.title("ある本")
    circulation.put_in_cart(town.patrons["sato"], [lost, fine], clock())

    answers = submit("sato")

    assert [answer.decision.reasons for answer in answers] == [(Reason.NO_ITEM,), ()]
    assert circulation.cart_of(town.patrons["sato"]) == [lost]


def test_a_title_that_was_hidden_meanwhile_breaks_nothing(town, submit, clock):
    gone, fine = town.title("かくした本"), town.title("ある本")
    circulation.put_in_cart(town.patrons["sato"], [gone, fine], clock())
    db.execute_sql("UPDATE bib SET hidden = 1 WHERE id = ?", (gone,))

    assert [answer.decision.allowed for answer in submit("sato")] == [False, True]


def test_putting_in_twice_keeps_one_entry_in_its_place(town, clock):
    one, two = town.title("一"), town.title("二")
    sato = town.patrons["sato"]
    for bib in (one, two, one):
        circulation.put_in_cart(sato, [bib], clock())

    assert circulation.cart_of(sato) == [one, two]
    assert CartEntry.select().count() == 2


# -- cancelling, changing the branch ----------------------------------------------------------------------


def test_cancelling_frees_the_place_under_the_limit_and_notes_one_event(town, policy, clock, submit):
    titles = [town.title(f"本 {n}") for n in range(1, 7)]
    circulation.put_in_cart(town.patrons["sato"], titles, clock())
    first = submit("sato")[0].hold

    decision = circulation.cancel_hold(policy, town.patrons["sato"], first, WEB, clock())

    assert decision.allowed
    assert Hold.get_by_id(first).state is HoldState.CANCELLED
    assert events()[-1] == ("hold_cancelled", "web", "patron", first)
    assert submit("sato")[0].decision.allowed, "the sixth book fits now"


def test_a_ready_hold_is_cancelled_at_the_desk_but_not_on_the_web(town, policy, clock):
    kokoro = town.title("こころ")
    hold = town.ready(kokoro, "sato")

    web = circulation.cancel_hold(policy, town.patrons["sato"], hold, WEB, clock())
    desk = circulation.cancel_hold(policy, town.patrons["sato"], hold, Channel.DESK, clock(), "staff 1")

    assert web.reasons == (Reason.NOT_CANCELLABLE,)
    assert web.refusals[0].facts["at"] == [Channel.DESK, Channel.PHONE]
    assert desk.allowed and Hold.get_by_id(hold).item is None
    assert events() == [("hold_cancelled", "desk", "staff 1", hold)]


def test_cancelling_a_queued_hold_makes_nobody_ready(town, policy, clock):
    kokoro = town.title("こころ")
    mine = town.hold(kokoro, "sato")
    other = town.hold(kokoro, "tanaka")

    circulation.cancel_hold(policy, town.patrons["sato"], mine, WEB, clock())

    assert Hold.get_by_id(other).state is HoldState.WAITING


def test_another_branch_can_be_chosen_while_the_hold_waits(town, policy, clock):
    hold = town.hold(town.title("こころ"), "sato")

    decision = circulation.change_pickup(policy, town.patrons["sato"], hold, "west", WEB, clock())

    assert decision.allowed and Hold.get_by_id(hold).pickup_branch == "west"
    assert events() == [("pickup_changed", "web", "patron", hold)]


def test_what_is_ready_goes_on_its_way_when_another_branch_is_chosen_at_the_desk(town, policy, clock):
    hold = town.ready(town.title("こころ"), "sato")

    decision = circulation.change_pickup(
        policy, town.patrons["sato"], hold, "west", Channel.DESK, clock(), "staff 1"
    )

    row = Hold.get_by_id(hold)
    assert decision.allowed and row.item is not None
    assert (row.state, row.pickup_branch) == (HoldState.IN_TRANSIT, "west")
    assert (row.ready_on, row.collect_by) == (None, None), "the days are named anew where it arrives"
    assert events() == [("pickup_changed", "desk", "staff 1", hold)]


@pytest.mark.parametrize("verb", ["cancel", "pickup", "renew"])
def test_what_is_anothers_is_not_there(town, policy, clock, verb):
    kokoro = town.title("こころ", copies=2)
    hold, loan = town.hold(kokoro, "sato"), town.lend(town.title("それから"), "sato")
    stranger = town.patrons["tanaka"]

    with pytest.raises(NotThere):
        match verb:
            case "cancel":
                circulation.cancel_hold(policy, stranger, hold, WEB, clock())
            case "pickup":
                circulation.change_pickup(policy, stranger, hold, "west", WEB, clock())
            case "renew":
                circulation.renew(policy, stranger, loan, WEB, clock())

    assert events() == []


# -- renewing ---------------------------------------------------------------------------------------------


def test_a_renewal_moves_the_due_date_counts_once_and_notes_one_event(town, renew):
    loan = town.lend(town.title("こころ"), "sato", due_in=7)

    answer = renew(loan, "sato")

    row = Loan.get_by_id(loan)
    assert answer.due_on == row.due_on == town.today + timedelta(days=21)
    assert row.renewals == 1
    assert events() == [("loan_renewed", "web", "patron", loan)]


def test_a_second_renewal_is_refused_and_changes_nothing(town, renew):
    loan = town.lend(town.title("こころ"), "sato")
    due_on = renew(loan, "sato").due_on

    again = renew(loan, "sato")

    assert again.decision.reasons == (Reason.RENEWED,)
    assert (Loan.get_by_id(loan).due_on, Loan.get_by_id(loan).renewals) == (due_on, 1)


def test_an_echo_of_a_renewal_is_answered_as_done_and_renews_nothing(town, renew):
    loan = town.lend(town.title("こころ"), "sato")
    first = renew(loan, "sato", seen=0)

    echo = renew(loan, "sato", seen=0)

    assert echo.already and echo.decision.allowed and echo.due_on == first.due_on
    assert Loan.get_by_id(loan).renewals == 1 and len(events()) == 1


def test_somebody_who_waits_for_the_title_stops_its_renewal(town, renew):
    kokoro = town.title("こころ")
    loan = town.lend(kokoro, "sato")
    town.hold(kokoro, "tanaka")

    assert renew(loan, "sato").decision.reasons == (Reason.HELD,)


def test_a_hold_whose_copy_is_set_aside_already_stops_no_renewal(town, renew):
    kokoro = town.title("こころ", copies=2)
    town.ready(kokoro, "tanaka")
    loan = town.lend(kokoro, "sato")

    assert renew(loan, "sato").decision.allowed


def test_of_five_loans_three_are_renewed_and_two_say_why_not(town, policy, clock):
    titles = [town.title(f"本 {n}") for n in range(5)]
    loans = [town.lend(bib, "sato", renewals=int(n == 3)) for n, bib in enumerate(titles)]
    town.hold(titles[4], "tanaka")

    answers, gone = circulation.renew_chosen(policy, town.patrons["sato"], dict.fromkeys(loans), WEB, clock())

    assert [answer.decision.reasons for answer in answers] == [(), (), (), (Reason.RENEWED,), (Reason.HELD,)]
    assert gone == 0 and len(events()) == 3


def test_a_loan_that_was_returned_meanwhile_is_told_and_the_others_go_on(town, policy, clock):
    stays, returned = town.lend(town.title("一"), "sato"), town.lend(town.title("二"), "sato")
    Loan.update(returned_at=clock(), patron=None).where(Loan.id == returned).execute()

    answers, gone = circulation.renew_chosen(
        policy, town.patrons["sato"], {returned: 0, stays: 0}, WEB, clock()
    )

    assert [answer.loan for answer in answers] == [stays] and answers[0].decision.allowed and gone == 1


def test_one_loan_of_somebody_else_among_ones_own_renews_none(town, policy, clock):
    mine, others = town.lend(town.title("一"), "sato"), town.lend(town.title("二"), "tanaka")

    with pytest.raises(NotThere):
        circulation.renew_chosen(policy, town.patrons["sato"], {mine: 0, others: 0}, WEB, clock())

    assert {loan.renewals for loan in Loan.select()} == {0} and events() == []


@pytest.mark.parametrize("source", ["source-2"])
def test_under_the_second_sheet_one_overdue_item_stops_every_renewal(town, renew):
    town.lend(town.title("遅れた本"), "suzuki", due_in=-3)
    other = town.lend(town.title("ほかの本"), "suzuki")

    answer = renew(other, "suzuki")

    assert answer.decision.reasons == (Reason.OVERDUE_BLOCK,)
    assert answer.decision.refusals[0].facts["count"] == 1


# -- what the database itself guarantees ------------------------------------------------------------------


def test_the_database_refuses_a_second_open_loan_of_an_item_and_a_second_open_hold_of_a_title(town):
    kokoro = town.title("こころ")
    loan = Loan.get_by_id(town.lend(kokoro, "sato"))
    town.hold(kokoro, "tanaka")

    with pytest.raises(peewee.IntegrityError):
        Loan.insert(
            item=loan.item_id,
            patron=town.patrons["tanaka"],
            branch="main",
            lent_on=town.today,
            due_on=town.today,
        ).execute()
    with pytest.raises(peewee.IntegrityError):
        town.hold(kokoro, "tanaka")


def test_the_database_refuses_a_returned_loan_that_still_says_whose_it_was(town, clock):
    loan = town.lend(town.title("こころ"), "sato")

    with pytest.raises(peewee.IntegrityError):
        Loan.update(returned_at=clock()).where(Loan.id == loan).execute()


def test_nothing_is_half_done_when_the_message_cannot_be_queued(town, submit, clock):
    circulation.put_in_cart(town.patrons["sato"], [town.title("一")], clock())
    db.execute_sql("CREATE TRIGGER broken BEFORE INSERT ON outbox BEGIN SELECT raise(ABORT, 'full'); END")

    with pytest.raises(Exception, match="full"):
        submit("sato")

    assert Hold.select().count() == 0 and events() == []
    assert len(circulation.cart_of(town.patrons["sato"])) == 1


def test_a_cancelled_hold_stays_for_its_patron_to_see(town, policy, clock):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "sato")

    circulation.cancel_hold(policy, town.patrons["sato"], hold, WEB, clock())

    row = Hold.get_by_id(hold)
    assert (row.patron_id, row.bib_id, row.item_id) == (town.patrons["sato"], kokoro, None)
    assert (row.state, row.closed_at) == (HoldState.CANCELLED, clock())


def test_ones_own_hold_on_another_copy_stops_no_renewal(town, renew):
    kokoro = town.title("こころ", copies=2)
    town.hold(kokoro, "sato")
    loan = town.lend(kokoro, "sato")

    assert renew(loan, "sato").decision.allowed
