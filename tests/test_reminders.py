"""Patrons are reminded by mail: once each, in time, of what is still true when the mail goes out."""

import re
import threading
from datetime import date, timedelta

import pytest

import calendar_changes
import circulation
import hold_shelf
import jobs
import lending
import mail
import patrons
import reminders
from models import Event, Hold, Loan, MailAddress, Outbox, Patron, db
from rules import CalendarPlan, Channel, DayKind, HoldState
from tests.records import barcode, owed

CLERK = "1"
NOTHING_WRITTEN = (
    ("before_due = { days = 3 }", ""),
    ("last_day_of_hold = { days = 1 }", ""),
    ("overdue = { every = { days = 7 }, times = 4 }", ""),
    ("card_expires = { days = 30 }", ""),
)
LATE_MAY_RENEW = (('refused = ["overdue", "held"]', 'refused = ["held"]\nlate = { within = { days = 10 } }'),)
TWO_WAYS = (('contact = ["mail"]', 'contact = ["mail", "phone"]'),)
EXTENDABLE = (
    (
        "keep = { weeks = 1 } ",
        'keep = { weeks = 1 }\nextend = { times = 1, by = { days = 3 }, at = ["web"] } ',
    ),
)
KEPT_FOR_A_DAY = (("keep = { weeks = 1 } ", "keep = { days = 1 } "),)
WITH_PERIOD = (("[card]\n", "[card]\nvalid = [{ years = 3, renew = { days_before = 10 } }]\n"),)
NO_WEB_RENEWAL = (("[renewal]  ", '[renewal]\nat = ["desk"]\n#'),)


@pytest.fixture
def remind(town, policy, clock):
    return lambda: reminders.remind(policy, clock())


@pytest.fixture
def deliver(post_office, policy, clock):
    return lambda: post_office.postman(policy).deliver(clock())


@pytest.fixture
def letters(post_office, remind, deliver):
    """What comes of one day: the texts of its letters."""

    def letters() -> list[str]:
        before = len(post_office.letters)
        remind()
        deliver()
        return [text_of(letter) for letter in post_office.letters[before:]]

    return letters


def text_of(letter) -> str:
    return letter.get_content().replace("\r\n", "\n")


def ends(text: str) -> list[str]:
    """The lines of a letter that say how many end when."""
    return re.findall(r"^\d{4}年.*まで: .*$", text, re.MULTILINE)


# -- due soon ----------------------------------------------------------------------------------------------


def test_three_days_before_a_patron_is_reminded_by_one_letter_of_all_that_is_due(town, letters, post_office):
    town.lend(town.title("こころ"), "sato", due_in=3)
    town.lend(town.title("門"), "sato", due_in=3)
    town.lend(town.title("草枕"), "sato", due_in=2, branch="east")
    town.lend(town.title("明暗"), "sato", due_in=4)

    [text] = letters()

    assert post_office.recipients == ["sato@example.jp"]
    assert post_office.letters[0]["Subject"] == "返却期限のお知らせ(しおり町立図書館)"
    assert "資料3点の、返却期限日が近づきました。" in text
    assert ends(text) == [
        "2026年4月17日(金)まで: 1点(東分館)",
        "2026年4月18日(土)まで: 2点(本館)",
    ]
    assert "貸出更新ができるものは、同じページで、まとめて手続きできます。" in text
    assert "https://lib.example.jp/my/loans\n" in text
    whole = text + post_office.letters[0].as_string()
    assert not any(word in whole for word in ("こころ", "門", "サトウ", "100000011"))
    assert letters() == [] and owed() == [] and not Event.select().exists()


@pytest.mark.parametrize("changes", [NO_WEB_RENEWAL])
def test_where_the_web_renews_nothing_the_letter_does_not_speak_of_it(town, letters):
    town.lend(town.title("こころ"), "sato", due_in=1)

    [text] = letters()
    assert "更新" not in text


@pytest.mark.parametrize("due_in", [4, -1])
def test_earlier_or_when_it_is_late_nobody_is_told_that_it_is_due_soon(town, letters, due_in):
    town.lend(town.title("こころ"), "sato", due_in=due_in)

    assert letters() == []


def test_a_night_that_was_missed_is_caught_up_and_each_patron_gets_a_letter(
    town, letters, post_office, clock
):
    town.lend(town.title("こころ"), "sato", due_in=4)
    town.lend(town.title("門"), "tanaka", due_in=5)
    clock.forward(days=4)

    assert len(letters()) == 2 and sorted(post_office.recipients) == ["sato@example.jp", "tanaka@example.jp"]
    clock.forward(days=1)
    assert letters() == []


def test_what_was_renewed_is_reminded_of_before_its_new_day(town, letters, policy, clock):
    loan = town.lend(town.title("こころ"), "sato", due_in=3)
    assert len(letters()) == 1

    assert circulation.renew(policy, town.patrons["sato"], loan, Channel.WEB, clock()).decision.allowed
    assert letters() == []
    clock.to(Loan.get().due_on - timedelta(days=4))
    assert letters() == []
    clock.forward(days=1)
    [text] = letters()

    assert ends(text) == ["2026年5月2日(土)まで: 1点(本館)"]


def test_a_loan_of_one_day_is_not_reminded_of_on_the_day_of_the_loan(town, letters, policy, clock):
    kokoro = town.title("こころ", "av")
    lending.check_out(policy, town.patrons["sato"], barcode(kokoro), "main", clock(), CLERK)
    Loan.update(due_on=town.today + timedelta(days=1), due_by="09:30").execute()
    assert letters() == []

    clock.forward(hours=20)
    [text] = letters()
    assert ends(text) == ["2026年4月16日(木) 09:30まで: 1点(本館)"]


def test_what_is_found_at_midnight_goes_out_in_the_morning(town, remind, deliver, post_office, clock):
    town.lend(town.title("こころ"), "sato", due_in=3)
    clock.to(town.today, hour=0)
    assert remind() == 1 and deliver() == 0

    clock.to(town.today, hour=8)
    assert deliver() == 1


# -- what is not true any more when it goes out --------------------------------------------------------------


def test_of_what_came_back_in_between_nothing_is_said_and_no_row_tells_whose_it_was(
    town, remind, deliver, policy, clock
):
    kokoro, mon = town.title("こころ"), town.title("門")
    town.lend(kokoro, "sato", due_in=2)
    town.lend(mon, "sato", due_in=-7)
    assert remind() == 2 and sorted(owed()) == ["due_soon", "overdue"]

    for bib in (kokoro, mon):
        lending.take_back(policy, barcode(bib), "main", clock(), CLERK)

    assert Outbox.select().count() == 0 and deliver() == 0


def test_of_two_the_letter_then_names_one(town, remind, deliver, post_office, policy, clock):
    kokoro = town.title("こころ")
    loans = town.lend(kokoro, "sato", due_in=2), town.lend(town.title("門"), "sato", due_in=2)
    remind()
    lending.take_back(policy, barcode(kokoro), "main", clock(), CLERK)

    assert Outbox.get().numbers == str(loans[1]) and f":{loans[1]}:" in Outbox.get().key
    assert deliver() == 1 and "資料1点の" in text_of(post_office.letters[0])


def test_a_loan_that_was_renewed_in_between_is_not_called_due(town, remind, deliver, policy, clock):
    loan = town.lend(town.title("こころ"), "sato", due_in=2)
    remind()
    circulation.renew(policy, town.patrons["sato"], loan, Channel.WEB, clock())

    assert deliver() == 0 and owed() == []


def test_what_goes_out_a_day_late_calls_nothing_due_that_is_late_by_then(town, remind, deliver, clock):
    town.lend(town.title("こころ"), "sato", due_in=0)
    remind()
    clock.forward(days=1)

    assert deliver() == 0 and owed() == []


def test_the_loan_of_a_piece_that_somebody_else_has_by_then_is_not_theirs(
    town, remind, deliver, post_office, policy, clock
):
    kokoro = town.title("こころ")
    town.lend(kokoro, "sato", due_in=2)
    town.lend(town.title("門"), "sato", due_in=2)
    remind()
    lending.take_back(policy, barcode(kokoro), "main", clock(), CLERK)
    lending.check_out(policy, town.patrons["tanaka"], barcode(kokoro), "main", clock(), CLERK)

    assert deliver() == 1 and post_office.recipients == ["sato@example.jp"]
    assert "資料1点の" in text_of(post_office.letters[0])


def test_a_number_that_is_anothers_is_never_spoken_of(town, deliver, clock):
    loan = town.lend(town.title("こころ"), "tanaka", due_in=2)
    Loan.update(reminded_for=Loan.due_on).execute()
    mail.queue("due_soon", town.patrons["sato"], [loan], clock())

    assert deliver() == 0 and owed() == []


# -- late --------------------------------------------------------------------------------------------------


def test_a_loan_that_is_late_is_spoken_of_each_week_and_four_times(town, letters, post_office, clock):
    town.lend(town.title("こころ"), "sato", due_in=-1)
    told_after = []
    for day in range(1, 60):
        if letters():
            told_after.append(day)
        clock.forward(days=1)

    assert told_after == [7, 14, 21, 28] and Loan.get().overdue_told == 4


def test_the_letter_says_since_when_and_what_it_stops(town, letters, post_office):
    town.lend(town.title("こころ"), "suzuki", due_in=-7)
    town.lend(town.title("門"), "suzuki", due_in=-8, branch="west")
    town.lend(town.title("草枕"), "suzuki", due_in=-2)

    [text] = letters()

    assert post_office.letters[0]["Subject"] == "返却期限日を過ぎた資料があります(しおり町立図書館)"
    assert ends(text) == [
        "2026年4月7日(火)まで: 1点(西分館)",
        "2026年4月8日(水)まで: 1点(本館)",
    ]
    assert "・返却期限日を過ぎた資料は、更新できません。" in text and "ご容赦ください" in text
    assert "こころ" not in text and "スズキ" not in text


@pytest.mark.parametrize("source", ["source-2"])
def test_and_what_the_blocks_of_the_sheet_say(town, letters):
    town.lend(town.title("こころ"), "suzuki", due_in=-7)

    [text] = letters()
    assert "・返却期限を1日以上過ぎた資料が1点でもあると、貸出延長はご利用いただけません。" in text


def test_weeks_that_were_missed_are_made_up_for_by_one_letter(town, letters, clock):
    town.lend(town.title("こころ"), "sato", due_in=-24)
    assert len(letters()) == 1 and letters() == [] and Loan.get().overdue_told == 3

    clock.forward(days=3)
    assert letters() == []
    clock.forward(days=1)
    assert len(letters()) == 1


@pytest.mark.parametrize("changes", [LATE_MAY_RENEW])
def test_after_a_late_renewal_it_is_counted_anew(town, letters, policy, clock):
    loan = town.lend(town.title("こころ"), "sato", due_in=-8)
    assert len(letters()) == 1
    assert circulation.renew(policy, town.patrons["sato"], loan, Channel.WEB, clock()).decision.allowed

    assert Loan.get().overdue_told == 0
    due_on = Loan.get().due_on
    Loan.update(reminded_for=due_on).execute()
    clock.to(due_on + timedelta(days=6))
    assert letters() == []
    clock.forward(days=1)
    assert len(letters()) == 1


# -- the hold shelf ----------------------------------------------------------------------------------------


@pytest.fixture
def ready(town, policy, clock, deliver, post_office):
    """A hold whose patron has been told that it is ready; its last day is 2026-04-22."""

    def ready(title: str = "こころ", contact: str = "mail") -> int:
        bib = town.title(title)
        sato = town.patrons["sato"]
        hold = circulation.place_hold(policy, sato, bib, "main", contact, Channel.WEB, clock()).hold
        lending.take_back(policy, barcode(bib), "main", clock(), CLERK)
        deliver()
        hold_shelf.mark_told(policy, hold, clock(), CLERK)
        assert Hold.get_by_id(hold).collect_by == date(2026, 4, 22)
        return hold

    return ready


def test_a_day_before_the_last_one_whoever_has_not_come_is_reminded_once(ready, letters, clock, post_office):
    ready(), ready("門")
    for day in (16, 20):
        clock.to(date(2026, 4, day))
        assert letters() == []

    clock.to(date(2026, 4, 21))
    [text] = letters()

    assert post_office.letters[-1]["Subject"] == "取り置きの期限のお知らせ(しおり町立図書館)"
    assert ends(text) == ["2026年4月22日(水)まで: 2点(本館)"] and "/my/holds" in text
    assert "こころ" not in text and "サトウ" not in text
    assert letters() == []


@pytest.mark.parametrize("changes", [EXTENDABLE])
def test_a_day_that_was_put_off_is_reminded_of_again(town, ready, letters, policy, clock):
    hold = ready()
    clock.to(date(2026, 4, 21))
    assert len(letters()) == 1
    circulation.extend_hold(policy, town.patrons["sato"], hold, Channel.WEB, clock())

    assert letters() == []
    clock.to(date(2026, 4, 24))
    assert len(letters()) == 1


@pytest.mark.parametrize("changes", [EXTENDABLE])
def test_a_day_that_is_put_off_before_the_letter_goes_out_is_not_in_it(
    town, ready, remind, deliver, policy, clock
):
    hold = ready()
    clock.to(date(2026, 4, 21))
    assert remind() == 1
    circulation.extend_hold(policy, town.patrons["sato"], hold, Channel.WEB, clock())

    assert deliver() == 0 and owed() == []


def test_a_letter_that_goes_out_after_the_last_day_says_nothing(ready, remind, deliver, clock):
    ready()
    clock.to(date(2026, 4, 21))
    assert remind() == 1
    clock.to(date(2026, 4, 23), hour=11)

    assert deliver() == 0 and owed() == []


@pytest.mark.parametrize("changes", [KEPT_FOR_A_DAY])
def test_who_is_told_today_of_a_day_that_is_tomorrow_is_reminded_tomorrow(town, letters, policy, clock):
    kokoro = town.title("こころ")
    circulation.place_hold(policy, town.patrons["sato"], kokoro, "main", "mail", Channel.WEB, clock())
    lending.take_back(policy, barcode(kokoro), "main", clock(), CLERK)

    letters()
    assert Hold.get().collect_by == date(2026, 4, 16)
    assert letters() == []
    clock.forward(days=1)
    assert len(letters()) == 1


@pytest.mark.parametrize("changes", [TWO_WAYS])
def test_who_is_called_gets_no_letter(ready, remind, clock):
    ready(contact="phone")
    clock.to(date(2026, 4, 21))

    assert remind() == 0 and owed() == []


def test_who_has_come_in_between_is_not_reminded(town, ready, remind, deliver, policy, clock):
    number = ready()
    clock.to(date(2026, 4, 21), hour=0)
    assert remind() == 1
    clock.to(date(2026, 4, 21), hour=12)
    piece = Hold.get_by_id(number).item.barcode
    lending.check_out(policy, town.patrons["sato"], piece, "main", clock(), CLERK)

    assert owed() == [] and deliver() == 0


def test_a_hold_that_was_put_back_and_is_ready_again_is_reminded_of_for_its_new_day(
    ready, letters, policy, clock
):
    number = ready()
    clock.to(date(2026, 4, 21))
    assert len(letters()) == 1
    piece = Hold.get_by_id(number).item.barcode
    hold_shelf.put_back(number, clock(), CLERK)
    assert Hold.get_by_id(number).reminded_for is None

    lending.take_back(policy, piece, "main", clock(), CLERK)
    [text] = letters()
    assert "ご用意ができました" in text or "お受け取りいただけます" in text
    clock.to(date(2026, 4, 27))
    assert len(letters()) == 1


def test_a_hold_that_keeps_an_address_is_reminded_of_there(town, ready, letters, clock, post_office):
    number, other = ready(), ready("門")
    kept = MailAddress.get(MailAddress.address == "sato@example.jp")
    town.address(town.patrons["sato"], "new@example.jp")
    Hold.update(address=kept.id).where(Hold.id == number).execute()
    clock.to(date(2026, 4, 21))

    assert len(letters()) == 2 and other
    assert sorted(post_office.recipients[-2:]) == ["new@example.jp", "sato@example.jp"]


# -- the card ----------------------------------------------------------------------------------------------


@pytest.fixture
def card_until(town):
    def card_until(day: date) -> None:
        Patron.update(card_expires_on=day).where(Patron.id == town.patrons["sato"]).execute()

    return card_until


def test_thirty_days_before_a_card_ends_its_patron_is_reminded_once(card_until, letters, clock, post_office):
    card_until(date(2026, 5, 16))
    assert letters() == []
    clock.forward(days=1)

    [text] = letters()

    assert post_office.letters[0]["Subject"] == "利用券の有効期限のお知らせ(しおり町立図書館)"
    assert "有効期限: 2026年5月16日(土)\n" in text and "からできます" not in text
    clock.forward(days=20)
    assert letters() == []


@pytest.mark.parametrize("changes", [WITH_PERIOD])
def test_from_which_day_on_it_can_be_renewed_is_said_where_the_sheet_says_it(card_until, letters):
    card_until(date(2026, 5, 15))

    [text] = letters()
    assert "手続きは、2026年5月5日(火)からできます。" in text


@pytest.mark.parametrize("changes", [WITH_PERIOD])
def test_and_not_where_that_day_is_past(card_until, letters):
    card_until(date(2026, 4, 25))

    [text] = letters()
    assert "からできます" not in text


@pytest.mark.parametrize("changes", [WITH_PERIOD])
def test_a_card_that_was_renewed_in_between_does_not_end(
    town, card_until, remind, deliver, letters, policy, clock
):
    card_until(date(2026, 4, 16))
    remind()
    assert patrons.renew_card(policy, town.patrons["sato"], clock(), CLERK).allowed

    assert deliver() == 0 and owed() == []
    clock.to(Patron.get_by_id(town.patrons["sato"]).card_expires_on)
    assert len(letters()) == 1, "the next time it does"


def test_a_card_that_has_ended_before_the_letter_goes_out_is_not_spoken_of(
    town, card_until, remind, deliver, clock
):
    card_until(town.today)
    assert remind() == 1
    clock.forward(days=1)

    assert deliver() == 0 and owed() == []


def test_a_card_that_has_ended_is_not_spoken_of(town, letters):
    assert Patron.get_by_id(town.patrons["ito"]).card_expires_on == town.today - timedelta(days=1)
    assert letters() == []


# -- who is not reminded -----------------------------------------------------------------------------------


def test_who_has_no_address_is_reminded_when_there_is_one(town, letters, remind):
    town.lend(town.title("こころ"), "kato", due_in=3)
    assert remind() == 0 and owed() == [] and Loan.get().reminded_for is None

    town.address(town.patrons["kato"], "kato@example.jp")
    assert len(letters()) == 1


@pytest.fixture
def everything_ends(town, policy, clock, ready, card_until):
    """All four kinds are due for Sato on one day."""
    ready()
    clock.to(date(2026, 4, 21))
    town.lend(town.title("門"), "sato", due_in=3)
    town.lend(town.title("草枕"), "sato", due_in=-7)
    card_until(date(2026, 5, 21))


@pytest.mark.parametrize("unwanted", ["due_soon", "hold_last_day", "card_expires", ""])
def test_what_a_patron_does_without_is_not_sent_and_all_else_is(
    town, everything_ends, remind, policy, unwanted
):
    kinds = {"due_soon", "hold_last_day", "card_expires"}
    reminders.want(policy, town.patrons["sato"], kinds - {unwanted})

    remind()
    assert set(owed()) == {*kinds, "overdue"} - {unwanted}


def test_what_is_declined_before_it_goes_out_does_not_go_out(town, everything_ends, remind, deliver, policy):
    assert remind() == 4
    reminders.want(policy, town.patrons["sato"], set())

    assert deliver() == 1 and owed() == []


@pytest.mark.parametrize("changes", [NOTHING_WRITTEN])
def test_a_library_whose_sheet_says_nothing_sends_nothing(everything_ends, remind, policy, clock):
    assert remind() == 0 and jobs.run(policy, clock())["reminded"] == 0 and owed() == []


def test_what_a_library_sends_no_more_stays_declined(town, policy, clock):
    sato = town.patrons["sato"]
    Patron.update(unwanted="card_expires\nnew_arrivals").where(Patron.id == sato).execute()

    reminders.want(policy, sato, {"card_expires"})

    assert reminders.unwanted_by(Patron.get_by_id(sato)) == {"due_soon", "hold_last_day", "new_arrivals"}


# -- by itself ---------------------------------------------------------------------------------------------


def test_the_jobs_remind_once_a_day_and_a_second_run_finds_nothing(town, policy, clock):
    town.lend(town.title("こころ"), "sato", due_in=3)
    town.lend(town.title("門"), "tanaka", due_in=-7)

    assert jobs.run(policy, clock(), new_day=False)["reminded"] == 0
    assert jobs.run(policy, clock())["reminded"] == 2
    assert jobs.run(policy, clock())["reminded"] == 0 and len(owed()) == 2


def test_two_programs_at_once_owe_one_letter(town, policy, clock):
    town.lend(town.title("こころ"), "sato", due_in=3)
    town.lend(town.title("門"), "sato", due_in=-7)
    together, found = threading.Barrier(2), []

    def program(later: int) -> None:
        db.connect(reuse_if_open=True)
        together.wait()
        found.append(reminders.remind(policy, clock() + timedelta(seconds=later)))
        db.close()

    programs = [threading.Thread(target=program, args=(n,)) for n in range(2)]
    for one in programs:
        one.start()
    for one in programs:
        one.join(30)

    assert sum(found) == 2 and sorted(owed()) == ["due_soon", "overdue"]


def test_a_day_that_has_come_to_be_closed_is_left_before_anybody_is_reminded_of_it(
    town, policy, clock, deliver, post_office
):
    town.lend(town.title("こころ"), "sato", due_in=3)
    saturday = town.today + timedelta(days=3)
    plan = CalendarPlan(DayKind.CLOSED, saturday, saturday, None, "")
    calendar_changes.put_on_calendar(policy, plan, clock(), CLERK)
    Loan.update(due_on=saturday).execute()  # as if the closure had come from a new sheet

    done = jobs.run(policy, clock())
    assert (done["moved"], done["reminded"]) == (1, 0), "four days are left now"
    clock.forward(days=1)
    assert jobs.run(policy, clock())["reminded"] == 1 and deliver() == 1
    assert ends(text_of(post_office.letters[0])) == ["2026年4月19日(日)まで: 1点(本館)"]


def test_one_who_cannot_be_reminded_keeps_no_other_back(town, remind, caplog):
    town.lend(town.title("こころ"), "sato", due_in=3)
    town.lend(town.title("門"), "tanaka", due_in=3)
    db.execute_sql(
        "CREATE TRIGGER broken BEFORE INSERT ON outbox WHEN new.patron_id = "
        f"{town.patrons['sato']} BEGIN SELECT raise(ABORT, 'broken'); END"
    )

    assert remind() == 1 and "could not be reminded" in caplog.text
    assert Outbox.get().patron_id == town.patrons["tanaka"]
    sato_loan = Loan.get(Loan.patron == town.patrons["sato"])
    assert sato_loan.reminded_for is None, "the next run tries it again"


def test_a_cancelled_hold_and_one_that_waits_are_not_reminded_of(town, remind, clock):
    town.hold(town.title("こころ"), "sato", HoldState.WAITING)
    town.hold(town.title("門"), "sato", HoldState.EXPIRED, closed_at=clock(), collect_by=town.today)

    assert remind() == 0
