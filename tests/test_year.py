"""Two months of a generated library: the books balance; and they would tell if they did not."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

import mail
from allocation import expire
from events import JOBS
from models import Hold, Loan, Outbox, db

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

import year


def test_two_months_of_a_library_balance(policy, tmp_path):
    counts, wrong = year.simulate(policy, tmp_path / "shiori.db", days=60, patrons=100, titles=150)

    assert wrong == []
    happened = ("lent", "renewed", "hold collected", "hold expired", "hold cancelled", "moved by a closure")
    assert min(counts[what] for what in (*happened, "sent", "told by phone")) > 0


@pytest.fixture
def small(policy, database, post_office):
    """A library after ten days, whose books balance."""
    small = year.Year(policy, post_office, patrons=60, titles=60, seed=2)
    small.live(10)
    assert small.balance() == [] and small.counts["lent"] > 0 and small.counts["sent"] > 0
    return small


def lose_a_loan(small):
    Loan.delete().where(Loan.id == Loan.select().where(Loan.returned_at.is_null()).first().id).execute()


def lose_a_hold(small):
    Hold.delete().where(Hold.id == Hold.select().first().id).execute()


def end_a_hold_without_an_event(small):
    hold = Hold.select().where(Hold.closed_at.is_null()).first()
    Hold.update(state="expired", closed_at=hold.requested_at, item=None).where(Hold.id == hold.id).execute()


def end_a_hold_on_a_monday(small):
    hold = Hold.select().where(Hold.closed_at.is_null()).first()
    monday = small.at(year.FIRST + timedelta(days=5), 0, 10)
    with db.atomic():
        expire(hold, monday, JOBS, JOBS)


def lose_a_message(small):
    mail.queue("password_set", small.patrons[0], [1], small.at(year.FIRST, 12))
    Outbox.delete().where(Outbox.kind == "password_set").execute()


def leave_a_message(small):
    mail.queue("password_set", small.patrons[0], [1], small.at(year.FIRST, 12))


def send_twice(small):
    small.office.letters.append(small.office.letters[0])
    small.counts["sent"] += 1


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lose_a_loan, "lent "),
        (lose_a_hold, "asked for "),
        (end_a_hold_without_an_event, "expired: "),
        (end_a_hold_on_a_monday, " was closed"),
        (lose_a_message, " are gone that nobody withdrew"),
        (leave_a_message, " wait still"),
        (send_twice, " were sent twice"),
    ],
)
def test_the_books_tell_what_is_wrong(small, harm, told):
    harm(small)

    assert [line for line in small.balance() if told in line]
