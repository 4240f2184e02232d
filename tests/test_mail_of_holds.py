"""What a patron is told of holds: once each, in time, and with it the days of the hold shelf begin."""

from datetime import date, timedelta

import pytest

import circulation
import hold_shelf
import lending
import requesting
from models import Event, Hold, MailAddress, Outbox, Patron
from requested import RequestEntry
from rules import Channel, HoldState
from tests.records import barcode, owed

CLERK = "1"
REFUSED, LATER = "550 No such user", "451 Try again later"
TWO_WAYS = (('contact = ["mail"]', 'contact = ["mail", "phone"]'),)
READY = "予約された資料のご用意ができました(しおり町立図書館)"


@pytest.fixture
def deliver(post_office, policy, clock):
    return lambda: post_office.postman(policy).deliver(clock())


@pytest.fixture
def hold(town, policy, clock):
    """Somebody holds a title and is told that they do."""

    def hold(bib: int, name: str = "sato", pickup: str = "main", contact: str = "mail") -> int:
        patron = town.patrons[name]
        return circulation.place_hold(policy, patron, bib, pickup, contact, Channel.WEB, clock()).hold

    return hold


@pytest.fixture
def ready(town, policy, clock, hold, deliver, post_office):
    """A hold whose piece has just been set aside; what was said before that has been sent."""

    def ready(name: str = "sato", contact: str = "mail") -> int:
        kokoro = town.title("こころ")
        number = hold(kokoro, name, contact=contact)
        deliver()
        post_office.letters.clear()
        post_office.recipients.clear()
        lending.take_back(policy, barcode(kokoro), "main", clock(), CLERK)
        assert Hold.get_by_id(number).state is HoldState.READY
        return number

    return ready


def text(post_office, n: int = -1) -> str:
    return post_office.letters[n].get_content()


def test_the_mail_names_branch_and_last_day_and_that_day_is_kept_from_then_on(
    town, ready, deliver, post_office
):
    number = ready()
    assert Hold.get_by_id(number).collect_by is None

    assert deliver() == 1

    [letter] = post_office.letters
    assert letter["Subject"] == READY and post_office.recipients == ["sato@example.jp"]
    assert "資料が1点、本館で" in text(post_office)
    assert "受け取りの期限: 2026年4月22日(水)" in text(post_office)
    assert Hold.get_by_id(number).collect_by == town.today + timedelta(days=7) == date(2026, 4, 22)
    last = Event.select().order_by(-Event.id).get()
    assert (last.kind, last.channel, last.actor) == ("hold_told", "jobs", "jobs")
    assert deliver() == 0 and owed() == []


def test_no_title_and_no_name_stands_in_a_mail(ready, deliver, post_office):
    ready()
    deliver()

    letter = post_office.letters[0].as_string() + text(post_office)
    assert "こころ" not in letter and "サトウ" not in letter and "100000011" not in letter


def test_what_goes_out_a_day_later_names_the_day_that_then_counts(ready, deliver, post_office, clock):
    number = ready()
    clock.to(date(2026, 4, 16))
    deliver()

    assert "受け取りの期限: 2026年4月23日(木)" in text(post_office)
    assert Hold.get_by_id(number).collect_by == date(2026, 4, 23)


def test_while_the_server_does_not_take_it_the_days_do_not_begin_and_it_is_tried_more_and_more_seldom(
    ready, deliver, post_office, clock
):
    number = ready()
    post_office.answers["sato@example.jp"] = LATER
    assert deliver() == 0 and deliver() == 0
    assert (Outbox.get().failures, Hold.get_by_id(number).collect_by) == (1, None)
    for failures, minutes in ((2, 5), (3, 10), (4, 20)):
        clock.forward(minutes=minutes, seconds=-1)
        deliver()
        assert Outbox.get().failures == failures - 1
        clock.forward(seconds=1)
        deliver()
        assert Outbox.get().failures == failures
    assert MailAddress.get(MailAddress.address == "sato@example.jp").delivery == "failed"

    post_office.answers.clear()
    clock.forward(minutes=40)
    assert deliver() == 1 and deliver() == 0
    assert post_office.recipients == ["sato@example.jp"] and Hold.get_by_id(number).collect_by


def test_after_two_days_nobody_tries_any_more_and_the_desk_tells_the_patron(
    ready, deliver, post_office, clock, policy
):
    number = ready()
    post_office.answers["sato@example.jp"] = LATER
    for _ in range(60):
        deliver()
        clock.forward(hours=1)
    post_office.answers.clear()

    assert deliver() == 0 and post_office.letters == []
    assert Hold.get_by_id(number).collect_by is None
    assert hold_shelf.mark_told(policy, number, clock(), CLERK) == date(2026, 4, 25)


def test_an_address_that_is_none_is_tried_once(ready, deliver, post_office, clock):
    number = ready()
    post_office.answers["sato@example.jp"] = REFUSED
    deliver()
    clock.forward(hours=12)

    assert deliver() == 0 and Hold.get_by_id(number).collect_by is None
    assert MailAddress.get(MailAddress.address == "sato@example.jp").delivery == "refused"


def test_a_server_that_falls_silent_with_the_text_in_its_hands_is_not_given_it_again(
    ready, deliver, post_office, clock
):
    number = ready()
    post_office.hangs_up = True
    deliver()
    post_office.hangs_up = False
    clock.forward(hours=6)

    assert deliver() == 0 and Hold.get_by_id(number).collect_by is None


@pytest.mark.parametrize("changes", [TWO_WAYS])
def test_who_wants_to_be_called_gets_no_mail(ready, deliver, post_office):
    ready(contact="phone")

    assert deliver() == 0 and post_office.letters == [] and owed() == []


def test_who_has_no_address_gets_none_and_the_desk_still_has_to_tell(town, ready, deliver, post_office):
    number = ready()
    Patron.update(mail=None).where(Patron.id == town.patrons["sato"]).execute()

    assert deliver() == 0 and post_office.letters == []
    assert Hold.get_by_id(number).collect_by is None


def test_of_what_was_put_back_or_taken_home_nothing_is_said(town, ready, deliver, post_office, policy, clock):
    hold_shelf.put_back(ready(), clock(), CLERK)
    assert deliver() == 0
    ready("tanaka")
    piece = Hold.get(Hold.patron == town.patrons["tanaka"]).item.barcode
    assert lending.check_out(policy, town.patrons["tanaka"], piece, "main", clock(), CLERK).decision.allowed

    assert deliver() == 0 and post_office.letters == []


def test_a_later_ready_hold_is_told_anew(town, ready, deliver, post_office, policy, clock):
    number = ready()
    deliver()
    piece = Hold.get_by_id(number).item.barcode
    hold_shelf.put_back(number, clock(), CLERK)
    clock.forward(days=1)
    lending.take_back(policy, piece, "main", clock(), CLERK)

    assert deliver() == 1 and len(post_office.letters) == 2
    assert Hold.get_by_id(number).collect_by == date(2026, 4, 23)


def test_a_hold_that_keeps_an_address_is_told_there(town, ready, deliver, post_office):
    number = ready()
    kept = MailAddress.get(MailAddress.address == "sato@example.jp")
    town.address(town.patrons["sato"], "new@example.jp")
    Hold.update(address=kept.id).where(Hold.id == number).execute()

    deliver()

    assert post_office.recipients == ["sato@example.jp"]


def test_a_cart_is_confirmed_with_one_mail(town, deliver, post_office, policy, clock):
    sato = town.patrons["sato"]
    circulation.put_in_cart(sato, [town.title(name) for name in ("こころ", "門", "草枕")], clock())
    circulation.submit_cart(policy, sato, "east", "mail", Channel.WEB, clock())

    assert deliver() == 1
    assert "予約を3点、受け付けました。" in text(post_office) and "受取館: 東分館" in text(post_office)


def test_who_did_not_come_is_told_that_the_hold_has_ended(ready, deliver, post_office, policy, clock):
    ready()
    deliver()
    clock.to(date(2026, 4, 23), hour=0)
    hold_shelf.clear(policy, clock())

    assert deliver() == 1
    assert "受け取りの期限を過ぎたため、本館でお受け取りの予約1点が、取り消しになりました。" in text(
        post_office
    )


def test_and_so_is_who_wanted_it_no_longer(town, hold, deliver, post_office, policy, clock):
    kokoro = town.title("こころ")
    town.lend(kokoro, "tanaka")
    Hold.update(needed_by=town.today).where(Hold.id == hold(kokoro)).execute()
    deliver()
    clock.forward(days=1)
    hold_shelf.clear(policy, clock())

    assert deliver() == 1 and "必要な最後の日を過ぎたため" in text(post_office)


def test_another_branch_chosen_at_the_desk_is_told(town, hold, deliver, post_office, policy, clock):
    number = hold(town.title("こころ"))
    deliver()
    sato = town.patrons["sato"]
    circulation.change_pickup(policy, sato, number, "west", Channel.DESK, clock(), CLERK)

    assert deliver() == 1 and "受取館が、西分館に変わりました。" in text(post_office)


REQUESTS = (('of = ["book"]\nmost = 5', 'of = ["book", "request"]\nmost = 5'),)


@pytest.mark.parametrize("changes", [REQUESTS])
def test_a_request_that_cannot_be_met_is_told(town, deliver, post_office, policy, clock):
    entry = RequestEntry("book", "ないほん")
    answer = requesting.place_request(
        policy, town.patrons["sato"], entry, "main", "mail", Channel.DESK, clock(), CLERK
    )
    deliver()
    requesting.decline(answer.bib, clock(), CLERK)

    assert deliver() == 1
    assert "リクエスト1点は、ご用意できませんでした。" in text(post_office)
    assert "ないほん" not in text(post_office)
