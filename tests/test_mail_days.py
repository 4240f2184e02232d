"""Days of a mail server that is not well: at last each message has arrived once, or is on the desk's list."""

import socket
from collections import Counter
from contextlib import suppress

import pytest

import mail
import undelivered
from models import MailAddress, Outbox
from postman import Postman
from settings import Smtp


@pytest.fixture
def everybody(town, clock):
    """Each of ten patrons is owed two messages, about what only they are."""

    def everybody() -> list[str]:
        addresses = []
        for n in range(10):
            patron = town.somebody()
            address = f"reader{n}@example.jp"
            town.address(patron, address)
            for number in (2 * patron, 2 * patron + 1):
                mail.queue("address_changed", patron, [number], clock())
            addresses += [address, address]
        return sorted(addresses)

    return everybody


@pytest.fixture
def nowhere(post_office, policy):
    """A postman who finds nobody behind the server's door."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Postman(Smtp("127.0.0.1", free.getsockname()[1]), post_office.postman(policy).writer)


def listed(clock) -> list[str]:
    return [str(one.why) for one in undelivered.undelivered(clock())]


def test_a_server_that_is_away_for_a_day_gets_every_message_once(
    everybody, post_office, policy, clock, nowhere
):
    addresses = everybody()
    for _ in range(24):
        with pytest.raises(OSError):
            nowhere.deliver(clock())
        clock.forward(hours=1)
    assert {row.failures for row in Outbox.select()} == {0}, "nothing has been tried"

    assert post_office.postman(policy).deliver(clock()) == 20
    assert post_office.postman(policy).deliver(clock()) == 0
    assert sorted(post_office.recipients) == addresses
    assert listed(clock) == [] and Outbox.select().count() == 0


def test_one_that_is_away_for_longer_than_two_days_leaves_all_of_it_to_the_desk(
    everybody, post_office, policy, clock, nowhere
):
    everybody()
    for _ in range(49):
        with suppress(OSError):
            nowhere.deliver(clock())
        clock.forward(hours=1)

    assert post_office.postman(policy).deliver(clock()) == 0 and post_office.letters == []
    assert Counter(listed(clock)) == {"late": 20}


def test_a_server_that_defers_everybody_once_gets_every_message_once(everybody, post_office, policy, clock):
    addresses = everybody()
    post_office.answers = dict.fromkeys(addresses, "450 4.7.1 greylisted")
    postman = post_office.postman(policy)
    assert postman.deliver(clock()) == 0

    post_office.answers.clear()
    assert postman.deliver(clock()) == 0, "not before its time"
    clock.forward(minutes=5)
    assert postman.deliver(clock()) == 20 and postman.deliver(clock()) == 0
    assert sorted(post_office.recipients) == addresses and listed(clock) == []
    states = MailAddress.select().where(MailAddress.address.startswith("reader"))
    assert {row.delivery for row in states} == {"sent"}


def test_of_many_some_are_refused_for_good_and_the_others_arrive(everybody, post_office, policy, clock):
    addresses = everybody()
    post_office.answers = {"reader3@example.jp": "550 5.1.1 unknown", "reader7@example.jp": "552 5.2.2 full"}
    postman = post_office.postman(policy)
    for _ in range(60):
        postman.deliver(clock())
        clock.forward(hours=1)

    arrive = [one for one in addresses if one not in post_office.answers]
    assert sorted(post_office.recipients) == arrive
    assert Counter(listed(clock)) == {"no_such_address": 2, "mailbox_full": 2}


def test_a_connection_that_is_cut_in_the_middle_of_a_text_costs_that_one_alone(
    everybody, post_office, policy, clock
):
    addresses = everybody()
    post_office.cut_in_the_middle_of = 3
    postman = post_office.postman(policy)
    delivered = [postman.deliver(clock()) for _ in range(3)]

    assert delivered == [2, 17, 0]
    assert listed(clock) == ["unsure"], "the desk asks whether it arrived"
    assert Counter(addresses) - Counter(post_office.recipients) == {"reader1@example.jp": 1}
    assert len(post_office.recipients) == 19


def test_a_server_that_takes_the_text_and_is_cut_before_it_says_so_does_not_get_it_twice(
    everybody, post_office, policy, clock
):
    addresses = everybody()
    post_office.silent_after = 3
    postman = post_office.postman(policy)
    for _ in range(60):
        postman.deliver(clock())
        clock.forward(hours=1)

    assert sorted(post_office.recipients) == addresses, "each once"
    assert listed(clock) == ["unsure"]


def test_a_bad_week_ends_with_each_message_sent_once_or_on_the_list(
    everybody, town, post_office, policy, clock, nowhere
):
    owed = []
    for day in range(7):
        owed += [f"{address}" for address in everybody()]
        post_office.answers = {
            "reader1@example.jp": "451 4.3.0 busy" if day % 2 else "250 OK",
            "reader2@example.jp": "550 5.1.1 unknown",
            "reader4@example.jp": "451 4.2.2 full",
        }
        post_office.answers = {to: said for to, said in post_office.answers.items() if said[0] != "2"}
        for hour in range(24):
            post_office.hangs_up = (day, hour) == (3, 5)
            with suppress(OSError):
                (nowhere if day == 2 else post_office.postman(policy)).deliver(clock())
            clock.forward(hours=1)
    post_office.answers = dict.fromkeys(["reader2@example.jp"], "550 5.1.1 unknown")
    for _ in range(72):
        post_office.postman(policy).deliver(clock())
        clock.forward(hours=1)

    sent, left = Counter(post_office.recipients), Outbox.select().where(Outbox.reason != "").count()
    assert Outbox.select().where(Outbox.reason == "").count() == 0
    assert sum(sent.values()) + left == len(owed) == 140
    keys = Counter(letter["Message-ID"] for letter in post_office.letters)
    assert max(keys.values()) == 1, "none twice"
