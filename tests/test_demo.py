"""The demo library: every account in the state that its number promises, on any day and under both sheets."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from werkzeug.security import check_password_hash

import demo
import demo_counts
import models
import resources
import staffing
import standing
from models import Bib, DayCount, Hold, Item, Loan, Patron, Tally, db
from opening import Calendar
from policy_file import read_policy
from rules import (
    BibFacts,
    Channel,
    HoldState,
    ItemFacts,
    Reason,
    Role,
    decide_hold,
    decide_login,
    decide_renewal,
    fiscal_year,
    library_day,
)
from tallies import KINDS
from tests.facts import on

# An ordinary day, one on which the library is closed, the last open day of a year, one inside the year-end
# closure, and the day before a leap day.
DAYS = [date(2026, 11, 22), date(2026, 11, 30), date(2026, 12, 27), date(2027, 1, 2), date(2028, 2, 28)]


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


@pytest.fixture(scope="module", params=DAYS, ids=str)
def day(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "shiori.db"
    demo.make(path, read_policy(resources.text("policies/source-1.toml")), noon(request.param))
    models.open_database(path)
    yield request.param
    db.close()


@pytest.fixture(params=["source-1", "source-2"])
def policy(request):
    return read_policy(resources.text(f"policies/{request.param}.toml"))


def facts(card):
    return standing.patron_facts(Patron.get(Patron.card_number == card))


def renewals(policy, card, day):
    calendar = Calendar(policy, day)
    patron = facts(card)
    return [
        decide_renewal(policy, patron, loan, on(Channel.WEB, day), calendar.of(loan.branch))
        for loan in patron.loans
    ]


def a_book():
    return BibFacts(0, "book", (ItemFacts("book"),))


def test_the_first_has_four_loans_of_which_two_can_be_renewed_and_each_other_says_why_not(day, policy):
    answers = renewals(policy, "100000001", day)

    assert sorted(answer.reasons for answer in answers) == [(), (), (Reason.HELD,), (Reason.RENEWED,)]
    assert decide_hold(policy, facts("100000001"), a_book(), on(Channel.WEB, day)).allowed


def test_the_second_is_a_reciprocal_borrower_and_may_not_hold(day, policy):
    decision = decide_hold(policy, facts("100000002"), a_book(), on(Channel.WEB, day))

    assert decision.reasons == (Reason.CATEGORY_MAY_NOT_HOLD,)


def test_the_third_has_one_item_overdue(day, policy):
    patron = facts("100000003")

    assert sum(loan.days_overdue(day) > 0 for loan in patron.loans) == 1
    assert any(Reason.OVERDUE in answer.reasons for answer in renewals(policy, "100000003", day))


def test_the_fourth_has_a_card_that_expired(day, policy):
    decision = decide_hold(policy, facts("100000004"), a_book(), on(Channel.WEB, day))

    assert decision.reasons == (Reason.CARD_EXPIRED,)


def test_the_fifth_holds_five_books_which_is_the_limit_where_there_is_one(day, policy):
    decision = decide_hold(policy, facts("100000005"), a_book(), on(Channel.WEB, day))

    assert len(facts("100000005").holds) == 5
    limited = policy.hold.limits[0].most.n is not None
    assert decision.reasons == ((Reason.HOLD_LIMIT,) if limited else ())


def test_the_sixth_has_a_hold_on_the_shelf_that_can_still_be_collected(day, policy):
    (hold,) = standing.holds_of(Patron.get(Patron.card_number == "100000006").id)

    assert hold.state is HoldState.READY and hold.ready_on <= day <= hold.collect_by
    assert Calendar(policy, day).of(hold.pickup_branch).is_open(hold.collect_by)


def test_the_seventh_is_barred_and_the_others_are_not(day, policy):
    barred = [card for card in demo.ACCOUNTS if not decide_login(policy, card).allowed]

    assert barred == ["070000001"]


def test_one_clerk_and_one_administrator_work_at_the_desk_with_the_same_password(day):
    assert (
        {one.name: one.role for one in staffing.everyone()}
        == demo.STAFF
        == {
            "desk": Role.CLERK,
            "admin": Role.ADMINISTRATOR,
        }
    )
    assert all(check_password_hash(one.password_hash, demo.PASSWORD) for one in staffing.everyone())


def test_nothing_is_lent_or_due_on_a_closed_day(day, policy):
    calendar = Calendar(policy, date(2000, 1, 1), until=day + timedelta(days=60))

    for branch, lent_on, due_on in Loan.select(Loan.branch, Loan.lent_on, Loan.due_on).tuples():
        assert calendar.of(branch).is_open(lent_on) and calendar.of(branch).is_open(due_on)
        assert lent_on <= day


def test_there_are_real_titles_of_every_kind_and_several_branches(day):
    assert Bib.select().count() > 3000
    assert {material for (material,) in Bib.select(Bib.material).distinct().tuples()} == {
        "book",
        "magazine",
        "av",
        "kamishibai",
    }
    assert Item.select(Item.branch).distinct().count() == 3
    assert Hold.select().where(Hold.state == HoldState.WAITING).count() > 50


def test_two_years_are_counted_on_open_days_only_and_days_and_months_agree(day):
    policy = read_policy(resources.text("policies/source-1.toml"))
    first = date(fiscal_year(day) - 1, 4, 1)
    calendar = Calendar(policy, first)
    days = list(DayCount.select().order_by(DayCount.day).tuples())
    in_days, in_months = Counter(), Counter()
    for on_day, kind, branch, n in days:
        assert calendar.of(branch).is_open(on_day) and n > 0
        in_days[f"{on_day:%Y-%m}", kind, branch] += n
    for month, kind, branch, _, _, n in Tally.select().tuples():
        in_months[month, kind, branch] += n

    assert in_days == in_months
    assert {kind for _, kind, _ in in_months} == set(KINDS)
    assert first <= days[0][0] < first + timedelta(days=7) and day - timedelta(days=8) < days[-1][0] <= day


def test_the_counts_of_a_day_are_the_same_each_time(database, policy):
    made = []
    for _ in range(2):
        demo_counts.make(policy, DAYS[0], Random(1))  # noqa: S311 - the same each time
        made.append([sorted(table.select().tuples()) for table in (Tally, DayCount)])
        for table in (Tally, DayCount):
            table.delete().execute()

    assert made[0] == made[1] and made[0][0]


def test_a_demo_is_made_once_a_day_and_a_real_library_is_never_touched(tmp_path):
    policy = read_policy(resources.text("policies/source-1.toml"))
    path = tmp_path / "shiori.db"
    today, now = library_day(noon(DAYS[0])), noon(DAYS[0])
    assert not demo.is_current(path, today)

    demo.make(path, policy, now)
    assert demo.is_current(path, today)
    assert not demo.is_current(path, DAYS[1])
    assert [file.name for file in tmp_path.iterdir()] == ["shiori.db"], "nothing else is left lying about"

    models.open_database(path)
    db.execute_sql("DELETE FROM meta WHERE key = 'demo_day'")
    db.close()
    before = path.read_bytes()
    with pytest.raises(demo.CannotMake):
        demo.make(path, policy, now)
    assert path.read_bytes() == before
