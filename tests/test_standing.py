"""The facts that rules ask for, as they are read from the tables."""

from datetime import date, timedelta

import pytest

from catalogue import title
from models import Bib, Item, ItemState, Patron
from rules import Channel, HoldState
from standing import patron_facts


@pytest.fixture
def facts(town):
    def facts(name, **columns):
        if columns:
            Patron.update(**columns).where(Patron.id == town.patrons[name]).execute()
        return patron_facts(Patron.get_by_id(town.patrons[name]))

    return facts


def test_what_the_desk_wrote_down_about_a_patron_is_what_rules_see(facts):
    until = date(2026, 5, 1)

    sato = facts("sato", born_on=date(2014, 4, 2), marks="弁償\n読み聞かせ", penalty_until=until)

    assert sato.born_on == date(2014, 4, 2)
    assert sato.marks == {"弁償", "読み聞かせ"}
    assert sato.penalty_until == until
    assert facts("tanaka").marks == frozenset() and facts("tanaka").born_on is None


def test_a_loan_tells_its_piece_who_waits_and_which_copies_could_serve_them(town, facts):
    kokoro = town.title("こころ", copies=5, volumes=3)
    town.lend(kokoro, "sato")
    town.lend(kokoro, "tanaka")
    town.hold(kokoro, "mori")
    town.hold(kokoro, "kato")
    missing, not_for_loan = list(Item.select().order_by(-Item.id).limit(2))
    Item.update(state=ItemState.MISSING).where(Item.id == missing).execute()
    Item.update(not_for_loan=True).where(Item.id == not_for_loan).execute()

    [loan] = facts("sato").loans

    assert (loan.waiting, loan.free) == (2, 1)
    assert (loan.item.volumes, loan.item.added_on) == (3, town.today)


def test_a_copy_that_is_set_aside_serves_nobody_else(town, facts):
    kokoro = town.title("こころ", copies=2)
    town.ready(kokoro, "tanaka")
    town.lend(kokoro, "sato")
    town.hold(kokoro, "mori")

    [loan] = facts("sato").loans

    assert (loan.waiting, loan.free) == (1, 0)


def test_a_hold_tells_how_it_was_placed_when_and_where_it_will_be(town, facts):
    town.hold(town.title("こころ"), "sato", HoldState.APPLIED)

    [hold] = facts("sato").holds

    assert (hold.at, hold.placed_on, hold.branch) == (Channel.WEB, town.today, "main")
    assert hold.state is HoldState.APPLIED


def test_the_loans_of_a_household_are_those_of_the_others_and_asked_for_only_there(town, facts):
    town.lend(town.title("こころ"), "sato")
    town.lend(town.title("門"), "tanaka", due_in=-70)
    town.lend(town.title("草枕"), "mori", due_in=-70)
    facts("tanaka", household="7")

    assert facts("sato").family_loans == ()
    [loan] = facts("sato", household="7").family_loans
    assert loan.days_overdue(town.today) == 70
    assert len(facts("sato").loans) == 1


def test_a_title_that_opens_later_tells_the_moment(town, clock):
    kokoro = town.title("こころ")
    opens_at = clock() + timedelta(days=1)
    Bib.update(holdable_from=opens_at).where(Bib.id == kokoro).execute()

    assert title(kokoro).facts.holdable_from == opens_at
