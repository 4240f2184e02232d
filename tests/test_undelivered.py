"""Mail that did not arrive: why is kept in a word, the desk sees it, and who was told by phone is told."""

from datetime import date, timedelta

import pytest

import circulation
import hold_shelf
import lending
import mail
import tickets
import undelivered
from messages import KINDS
from models import Hold, MailAddress, Outbox, Patron, Ticket
from rules import Channel, HoldState, TicketKind
from tests.records import barcode, kinds
from undelivered import Why

CLERK = "1"
FROM_READY = (('from = "contact"', 'from = "ready"'),)


@pytest.fixture
def deliver(post_office, policy, clock):
    return lambda: post_office.postman(policy).deliver(clock())


@pytest.fixture
def refuse(post_office):
    """A server that answers so to Sato's address."""

    def refuse(answer: str) -> None:
        post_office.answers["sato@example.jp"] = answer

    return refuse


@pytest.fixture
def ready(town, policy, clock, deliver, post_office):
    """A hold of Sato's whose piece has just been set aside, and of which no word has gone out."""
    kokoro = town.title("こころ")
    sato = town.patrons["sato"]
    hold = circulation.place_hold(policy, sato, kokoro, "main", "mail", Channel.WEB, clock()).hold
    Outbox.delete().execute()
    lending.take_back(policy, barcode(kokoro), "main", clock(), CLERK)
    return hold


def listed(clock) -> list[tuple[str, str, str]]:
    found = undelivered.undelivered(clock())
    assert len(found) == undelivered.count(clock())
    return [(one.kind, str(one.why), one.code) for one in found]


def told(policy, clock, kind: str) -> bool:
    number = Outbox.get(Outbox.kind == kind).id
    return undelivered.mark_told(policy, number, clock(), CLERK)


@pytest.mark.parametrize(
    ("answer", "why", "code"),
    [
        ("550 5.1.1 <sato@example.jp>: user unknown", "no_such_address", "550 5.1.1"),
        ("550 5.1.10 null MX", "no_such_address", "550 5.1.10"),
        ("553 5.1.3 bad address syntax", "no_such_address", "553 5.1.3"),
        ("550 5.2.1 mailbox disabled", "no_such_address", "550 5.2.1"),
        ("552 5.2.2 over quota", "mailbox_full", "552 5.2.2"),
        ("550 5.7.1 blocked", "not_allowed", "550 5.7.1"),
        ("554 5.7.26 unauthenticated", "not_allowed", "554 5.7.26"),
        ("550 No such user 5.1.1", "refused", "550"),
        ("550 4.1.1 says one thing and means another", "refused", "550"),
        ("550 5.99.999999 nonsense", "refused", "550"),
        ("550 5.1.15 nothing of ours", "refused", "550 5.1.15"),
    ],
)
def test_why_a_server_refused_is_kept_as_a_word_and_its_number(
    ready, deliver, refuse, clock, answer, why, code
):
    refuse(answer)
    deliver()

    assert listed(clock) == [("hold_ready", why, code)]
    assert "sato" not in Outbox.get().reason, "what a server says may repeat the address"


def test_what_was_sent_or_is_tried_again_is_not_listed(town, ready, deliver, refuse, clock):
    mail.queue("address_changed", town.patrons["tanaka"], [1], clock())
    refuse("451 4.2.2 over quota")
    deliver()

    assert listed(clock) == [] and Outbox.get().kind == "hold_ready"


def test_what_could_not_go_out_for_two_days_is_listed_then(ready, deliver, refuse, clock, post_office):
    refuse("451 4.2.2 over quota")
    deliver()
    clock.forward(days=2, seconds=-1)
    deliver()
    assert listed(clock) == []
    clock.forward(seconds=1)
    deliver()

    assert listed(clock) == [("hold_ready", "late", "")]
    post_office.answers.clear()
    clock.forward(days=1)
    assert deliver() == 0 and post_office.letters == []


def test_one_that_may_have_arrived_is_listed_as_that(ready, deliver, post_office, clock):
    post_office.hangs_up = True
    deliver()

    assert listed(clock) == [("hold_ready", "unsure", "")]


def test_so_is_one_that_was_claimed_when_the_plug_was_pulled(ready, deliver, clock):
    Outbox.update(tried_at=clock()).execute()
    clock.forward(minutes=59)
    deliver()
    assert listed(clock) == [], "somebody may be at it"
    clock.forward(minutes=1)
    deliver()

    assert listed(clock) == [("hold_ready", "unsure", "")]


@pytest.mark.parametrize("kind", ["hold_ready", "hold_registered", "pickup_changed"])
def test_who_wanted_mail_and_has_no_address_any_more_is_listed(town, ready, deliver, clock, kind):
    sato = town.patrons["sato"]
    Outbox.update(kind=kind).execute()
    Patron.update(mail=None).where(Patron.id == sato).execute()
    MailAddress.delete().where(MailAddress.patron == sato).execute()
    deliver()

    assert listed(clock) == [(kind, "nowhere", "")]


def test_one_that_cannot_be_written_is_given_up_and_stops_no_other(town, ready, deliver, clock, policy):
    Outbox.update(numbers="?").execute()
    mail.queue("address_changed", town.patrons["tanaka"], [1], clock())

    assert deliver() == 1
    assert [(one.reason, one.kind) for one in Outbox.select()] == [(Why.UNWRITTEN, "hold_ready")]
    assert told(policy, clock, "hold_ready") and Outbox.select().count() == 0


def test_a_sender_whom_the_server_does_not_like_is_no_fault_of_the_patrons(
    ready, deliver, post_office, clock
):
    post_office.dislikes_sender = "553 5.7.1 sender rejected"
    assert deliver() == 0

    assert listed(clock) == [] and Outbox.get().failures == 1
    assert MailAddress.get(MailAddress.address == "sato@example.jp").delivery == "failed"
    post_office.dislikes_sender = ""
    clock.forward(minutes=5)
    assert deliver() == 1, "somebody has mended it"


def test_a_link_that_has_died_is_nothing_to_tell(town, deliver, refuse, clock):
    sato = town.patrons["sato"]
    ticket = tickets.issue(TicketKind.PASSWORD, sato, clock())
    mail.queue("password_link", sato, [ticket], clock())
    refuse("550 5.1.1 unknown")
    deliver()
    assert listed(clock) == [("password_link", "no_such_address", "550 5.1.1")]

    clock.forward(hours=24)
    assert listed(clock) == []


def test_a_link_that_was_never_sent_goes_after_two_days(town, deliver, refuse, clock):
    sato = town.patrons["sato"]
    mail.queue("password_link", sato, [tickets.issue(TicketKind.PASSWORD, sato, clock())], clock())
    refuse("451 later")
    deliver()
    Ticket.delete().execute()
    clock.forward(days=2)
    deliver()

    assert Outbox.select().count() == 0


# -- told by phone -----------------------------------------------------------------------------------------


def test_with_the_call_the_days_of_the_shelf_begin_and_the_message_goes(
    ready, deliver, refuse, clock, policy, town
):
    refuse("550 5.1.1 unknown")
    deliver()
    clock.to(date(2026, 4, 17))
    assert Hold.get_by_id(ready).collect_by is None

    assert told(policy, clock, "hold_ready")

    assert Hold.get_by_id(ready).collect_by == date(2026, 4, 24)
    assert Outbox.select().count() == 0 and kinds()[-2:] == ["hold_told", "mail_told"]


def test_told_twice_is_told_once(ready, deliver, refuse, clock, policy):
    refuse("550 5.1.1 unknown")
    deliver()
    number = Outbox.get().id
    first = undelivered.mark_told(policy, number, clock(), CLERK)
    before = kinds()
    clock.forward(days=3)
    second = undelivered.mark_told(policy, number, clock(), CLERK)

    assert (first, second) == (True, False) and kinds() == before
    assert Hold.get_by_id(ready).collect_by == date(2026, 4, 22)


def test_what_is_still_to_be_sent_is_not_taken_back_by_a_number_in_an_address(ready, clock, policy):
    assert not undelivered.mark_told(policy, Outbox.get().id, clock(), CLERK)
    assert Outbox.select().count() == 1 and Hold.get_by_id(ready).collect_by is None


def test_who_was_told_at_the_hold_shelf_is_not_called_again(ready, deliver, refuse, clock, policy):
    refuse("550 5.1.1 unknown")
    deliver()
    hold_shelf.mark_told(policy, ready, clock(), CLERK)

    assert listed(clock) == [] and Outbox.select().count() == 0


def test_what_was_put_back_collected_or_cancelled_is_nothing_to_tell(
    ready, deliver, refuse, clock, policy, town
):
    refuse("550 5.1.1 unknown")
    deliver()
    town.ready(town.title("門"), "sato")  # another one, told of in time
    hold_shelf.put_back(ready, clock(), CLERK)

    assert Hold.get_by_id(ready).state is HoldState.WAITING and listed(clock) == []
    assert told(policy, clock, "hold_ready") and Hold.get_by_id(ready).collect_by is None


@pytest.mark.parametrize("kind", ["hold_expired", "password_set", "address_changed"])
def test_any_other_message_is_told_and_goes(town, deliver, refuse, clock, policy, kind):
    hold = town.hold(town.title("門"), "sato", HoldState.EXPIRED, closed_at=clock())
    mail.queue(kind, town.patrons["sato"], [hold], clock())
    refuse("550 5.1.1 unknown")
    deliver()
    assert [one[0] for one in listed(clock)] == [kind] and kind in KINDS

    assert told(policy, clock, kind) and listed(clock) == [] and kinds() == ["mail_told"]


def test_what_waits_on_the_shelf_stands_first(town, ready, deliver, refuse, clock):
    mail.queue("address_changed", town.patrons["sato"], [1], clock() - timedelta(hours=1))
    Outbox.update(id=99).where(Outbox.kind == "hold_ready").execute()
    refuse("550 5.1.1 unknown")
    deliver()

    assert [kind for kind, *_ in listed(clock)] == ["hold_ready", "address_changed"]
