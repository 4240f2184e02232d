"""What is owed goes out by a real mail server, once, and what became of it is known."""

import smtplib
import socket
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

import contact
import mail
import tickets
from messages import KINDS
from models import Alert, Hold, Item, Loan, MailAddress, Outbox, Patron, Ticket, db
from postman import Postman
from rules import HoldState, TicketKind
from settings import Smtp
from tests.post_office import SECRET, URL

NEW = "hana.sato@example.jp"


@pytest.fixture
def postman(post_office, policy):
    return post_office.postman(policy)


@pytest.fixture
def add(town, policy, clock):
    def add(
        address: str, name: str = "sato", for_contact: bool = True, for_holds: bool = True, sends: bool = True
    ):
        choices = {"for_contact": for_contact, "for_holds": for_holds, "sends": sends}
        return contact.add(policy, town.patrons[name], address, clock(), **choices)

    return add


def delivery(address: str) -> str:
    return MailAddress.get(MailAddress.address == address).delivery


def test_a_letter_has_the_librarys_name_the_senders_address_and_the_link(
    town, add, postman, post_office, clock
):
    add(NEW)

    assert postman.deliver(clock()) == 1

    [letter] = post_office.letters
    assert post_office.recipients == [NEW] and letter["To"] == NEW
    assert letter["From"] == "しおり町立図書館 <library@city.example.jp>"
    assert letter["Subject"] == "メールアドレスの確認(しおり町立図書館)"
    assert letter["Auto-Submitted"] == "auto-generated" and letter["Message-ID"].endswith("@city.example.jp>")
    assert (
        f"\n{URL}/contact/" in letter.get_content() and "2026年4月16日(木) 12:00まで" in letter.get_content()
    )
    assert Outbox.select().count() == 0, "what has been sent is not kept"


def test_the_link_of_a_letter_opens_the_ticket_and_no_other_key_makes_one(add, postman, post_office, clock):
    add(NEW)
    postman.deliver(clock())
    token = post_office.link().removeprefix("/contact/")

    assert tickets.number(SECRET, token) == Ticket.get().id
    assert tickets.number(b"another key", token) is None
    for forged in ("", "MQ", token[:-1], f"x{token}", "..", tickets.token(b"another key", Ticket.get().id)):
        assert tickets.number(SECRET, forged) is None


def test_each_message_goes_out_once(add, postman, post_office, clock):
    add(NEW)
    postman.deliver(clock())
    postman.deliver(clock())

    assert len(post_office.letters) == 1


def test_of_two_postmen_who_come_at_once_one_carries_each_letter(add, policy, post_office, clock):
    for n in range(2):
        add(f"hana{n}@example.jp")
    together = threading.Barrier(2)

    def come():
        db.connect()
        together.wait()
        post_office.postman(policy).deliver(clock())
        db.close()

    threads = [threading.Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(post_office.recipients) == ["hana0@example.jp", "hana1@example.jp"]


def test_one_that_was_claimed_when_the_plug_was_pulled_is_never_sent_twice(add, postman, post_office, clock):
    add(NEW)
    Outbox.update(tried_at=clock()).execute()

    assert postman.deliver(clock()) == 0 and post_office.letters == []


@pytest.mark.parametrize(
    ("answer", "became"), [("550 No such user", "refused"), ("451 Try again later", "failed")]
)
def test_what_the_server_says_at_once_is_kept_with_the_address_and_the_log_does_not_name_it(
    town, policy, clock, postman, post_office, caplog, answer, became
):
    post_office.answers["sato@example.jp"] = f"{answer} <sato@example.jp>"
    mail.queue("address_changed", town.patrons["sato"], [1], clock())
    mail.queue("address_changed", town.patrons["tanaka"], [2], clock())

    assert postman.deliver(clock()) == 1

    assert post_office.recipients == ["tanaka@example.jp"], "one that is not taken keeps no other back"
    assert (delivery("sato@example.jp"), delivery("tanaka@example.jp")) == (became, "sent")
    assert answer[:3] in caplog.text and "sato" not in caplog.text
    assert postman.deliver(clock()) == 0, "one attempt a message"


def test_a_row_that_makes_no_sense_keeps_no_other_back_and_is_not_tried_for_ever(
    town, clock, postman, post_office, caplog
):
    Outbox.insert(
        kind="password_link", patron=town.patrons["sato"], key="broken", numbers="?", queued_at=clock()
    ).execute()
    mail.queue("address_changed", town.patrons["tanaka"], [2], clock())

    assert postman.deliver(clock()) == 1 and post_office.recipients == ["tanaka@example.jp"]
    assert "(password_link) cannot be written: ValueError" in caplog.text
    assert Outbox.get(Outbox.key == "broken").tried_at and postman.deliver(clock()) == 0


def test_a_server_that_hangs_up_has_tried_one_and_the_rest_wait(town, clock, postman, post_office):
    for name in ("sato", "tanaka"):
        mail.queue("address_changed", town.patrons[name], [town.patrons[name]], clock())
    post_office.hangs_up = True
    assert postman.deliver(clock()) == 0

    post_office.hangs_up = False
    assert postman.deliver(clock()) == 1
    assert post_office.recipients == ["tanaka@example.jp"] and delivery("sato@example.jp") == "failed"


def test_while_the_server_is_away_nothing_is_tried_and_nothing_lost(add, policy, postman, post_office, clock):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = Postman(Smtp("127.0.0.1", free.getsockname()[1]), postman.writer)
    add(NEW)
    with pytest.raises(OSError):
        nowhere.deliver(clock())

    clock.forward(hours=20)
    assert postman.deliver(clock()) == 1 and post_office.recipients == [NEW]


def test_a_password_is_not_told_to_a_server_that_does_not_encrypt(add, postman, post_office, clock):
    add(NEW)
    with_password = Postman(replace(post_office.smtp, user="library", password="himitsu"), postman.writer)

    with pytest.raises(smtplib.SMTPNotSupportedError):
        with_password.deliver(clock())

    assert post_office.letters == [] and Outbox.get().tried_at is None
    assert "himitsu" not in repr(with_password.smtp)


def test_what_could_not_go_out_for_two_days_is_not_sent_any_more(town, clock, postman, post_office):
    mail.queue("address_changed", town.patrons["sato"], [1], clock())
    clock.forward(days=2)

    assert postman.deliver(clock()) == 0 and post_office.letters == []


def test_a_link_that_is_over_before_it_is_sent_is_not_sent(add, clock, postman, post_office):
    add(NEW)
    clock.forward(hours=24)

    assert postman.deliver(clock()) == 0 and post_office.letters == [] and Outbox.select().count() == 0


def test_what_somebody_has_written_no_text_for_stays_owed(town, clock, postman):
    mail.queue("due_tomorrow", town.patrons["sato"], [1], clock())

    assert postman.deliver(clock()) == 0 and Outbox.get().tried_at is None


@pytest.mark.parametrize(
    "changes",
    [(('name = "しおり町立図書館"', 'name = "{{ 7 * 7 }}<b>\\r\\nBcc: x@example.jp"'),)],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_name_is_shown_as_it_stands_and_makes_no_header(town, clock, postman, post_office, kind):
    sato = town.patrons["sato"]
    Patron.update(kana_name="{{ 7 * 7 }}\r\nBcc: y@example.jp").where(Patron.id == sato).execute()
    bib, ended = town.title("{{ 7 * 7 }}<b>"), {"hold_expired": "expired", "request_declined": "cancelled"}
    if kind in ended:
        hold = town.hold(bib, "sato", HoldState(ended[kind]), closed_at=clock())
    else:
        hold = town.ready(bib, "sato")
    about = [tickets.issue(TicketKind.ADDRESS, sato, clock(), NEW) if kind.endswith("_link") else hold]
    if kind in ("due_soon", "overdue"):
        about = [town.lend(town.title("門"), "sato", due_in=1 if kind == "due_soon" else -1)]
        Loan.update(reminded_for=Loan.due_on).execute()
    if kind == "new_arrivals":
        Alert.insert(patron=sato, keyword="{{ 7 * 7 }}", added_at=clock()).execute()
        about = [0, Item.select().count()]
    Hold.update(reminded_for=Hold.collect_by).execute()
    Patron.update(card_reminded_for=Patron.card_expires_on).execute()
    mail.queue(kind, sato, about, clock(), address=NEW)

    postman.deliver(clock())

    [letter] = post_office.letters
    assert letter["Bcc"] is None and post_office.recipients == [NEW]
    assert "{{ 7 * 7 }}<b>" in letter.get_content() and "49" not in letter.get_content()


def test_an_address_with_two_dots_gets_its_letter(add, clock, postman, post_office):
    add("ha..na@example.jp")

    assert postman.deliver(clock()) == 1 and post_office.recipients == ["ha..na@example.jp"]


# -- the verbs ---------------------------------------------------------------------------------------------


def test_an_address_that_was_confirmed_takes_over_and_the_old_one_is_told(
    town, add, policy, postman, post_office, clock
):
    sato, before = town.patrons["sato"], MailAddress.get(MailAddress.address == "sato@example.jp")
    hold = town.hold(town.title("こころ"), "sato")
    add(NEW, for_holds=False)
    assert Patron.get_by_id(sato).mail == "sato@example.jp", "the old one stays until the new is confirmed"

    assert contact.confirm(Ticket.get().id, clock()) == NEW

    assert Patron.get_by_id(sato).mail == NEW and Hold.get_by_id(hold).address_id == before.id
    postman.deliver(clock())
    assert post_office.recipients == ["sato@example.jp"], "the link was not needed any more"
    assert post_office.letters[0]["Subject"].startswith("お知らせの送り先が変わりました")
    assert contact.confirm(1, clock()) is None, "a link works once"


def test_the_holds_go_along_where_that_was_ticked(town, add, clock):
    hold = town.hold(town.title("こころ"), "sato")
    Hold.update(address=MailAddress.get(MailAddress.address == "sato@example.jp").id).execute()
    add(NEW)

    contact.confirm(Ticket.get().id, clock())

    assert Hold.get_by_id(hold).address_id is None


def test_a_link_dies_after_a_day_and_a_second_one_kills_the_first(town, add, clock):
    add(NEW)
    first = Ticket.get().id
    add(NEW)
    assert contact.confirm(first, clock()) is None

    clock.forward(hours=24)
    assert contact.confirm(Ticket.get().id, clock()) is None
    assert tickets.find(TicketKind.ADDRESS, first + 1, clock() - timedelta(microseconds=1))


def test_the_first_address_is_for_messages_whatever_was_ticked(town, add):
    add("kato@example.jp", name="kato", for_contact=False, sends=False)

    assert Patron.get_by_id(town.patrons["kato"]).mail == "kato@example.jp"


def test_the_message_address_is_always_one_of_the_patrons(town, add, policy, clock):
    """Whatever is done in whatever order."""
    sato = town.patrons["sato"]

    def holds() -> bool:
        known = {row.address for row in contact.addresses_of(sato)}
        chosen = Patron.get_by_id(sato).mail
        return chosen in known if known else chosen is None

    add(NEW, for_contact=False, sends=False)
    ids = {row.address: row.id for row in contact.addresses_of(sato)}
    assert holds()
    contact.remove(policy, sato, ids["sato@example.jp"], clock())
    assert holds() and Patron.get_by_id(sato).mail == NEW
    contact.write_down(Patron.get_by_id(sato), "desk@example.jp", clock())
    assert holds() and [row.address for row in contact.addresses_of(sato)] == ["desk@example.jp"]
    contact.write_down(Patron.get_by_id(sato), None, clock())
    assert holds() and contact.addresses_of(sato) == []
