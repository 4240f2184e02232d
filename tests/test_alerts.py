"""新着資料案内: who is owed a mail, once a day and once in all; and what it says when it is sent."""

import threading
from datetime import timedelta

import pytest

import alerts
import jobs
import search_index
from models import Alert, Bib, Creator, Event, Item, Meta, Outbox, Patron, db
from rules import ARRIVALS_TOLD_AT_MOST, AlertTerms
from tests.post_office import SECRET, URL
from tests.records import owed

SOSEKI = AlertTerms(author="なつめ そうせき")
NOT_OFFERED = (("[password]", "[alerts]\noffered = false\n\n[password]"),)
HOSTILE = "=<script>{{ 1234*5678 }}{% raise %}\r\nBcc: x@y"


@pytest.fixture
def begun(town, policy, clock):
    """A library that has some titles, and has told its patrons of them or not; a new day begins."""
    town.title("こころ", by="夏目 漱石")
    alerts.announce(policy, clock())
    clock.forward(days=1)


@pytest.fixture
def register(town, clock):
    def register(name: str = "sato", terms: AlertTerms = SOSEKI) -> int:
        assert alerts.register(town.patrons[name], terms, clock()).allowed
        return Alert.select().order_by(Alert.id.desc()).get().id

    return register


@pytest.fixture
def arrive(town):
    """A title comes in, by Soseki."""

    def arrive(title: str = "門", **columns) -> int:
        bib = town.title(title, **columns)
        Creator.insert(bib=bib, place=0, name="夏目 漱石", reading="なつめ そうせき").execute()
        search_index.reindex(db, bib)
        return bib

    return arrive


@pytest.fixture
def deliver(post_office, policy, clock):
    return lambda: post_office.postman(policy).deliver(clock())


# -- who is owed one ---------------------------------------------------------------------------------------


def test_the_first_time_nobody_is_told_of_all_that_there_is(town, register, policy, clock):
    register(terms=AlertTerms(keyword="こころ"))
    town.title("こころ")

    assert alerts.announce(policy, clock()) == 0 and owed() == []
    clock.forward(days=1)
    assert alerts.announce(policy, clock()) == 0 and owed() == []


def test_who_has_a_fitting_alert_is_owed_one_message_and_only_once(begun, register, arrive, policy, clock):
    register()
    register(terms=AlertTerms(keyword="門"))
    register("tanaka", AlertTerms(keyword="草枕"))
    arrive("門")
    arrive("明暗")

    assert jobs.run(policy, clock())["told_of_arrivals"] == 1
    assert owed() == ["new_arrivals"]
    assert jobs.run(policy, clock())["told_of_arrivals"] == 0, "the same day"
    clock.forward(days=1)
    assert jobs.run(policy, clock())["told_of_arrivals"] == 0, "nothing came in since"
    assert owed() == ["new_arrivals"]


def test_what_comes_in_later_on_the_day_is_told_the_next(begun, register, arrive, policy, clock):
    register()
    arrive("門")
    alerts.announce(policy, clock())
    arrive("明暗")

    assert alerts.announce(policy, clock()) == 0
    clock.forward(days=1)
    assert alerts.announce(policy, clock()) == 1 and owed() == ["new_arrivals"] * 2


def test_two_patrons_are_owed_one_each(begun, register, arrive, policy, clock, town):
    for name in ("sato", "tanaka"):
        register(name)
    arrive()

    assert alerts.announce(policy, clock()) == 2
    assert {message.patron_id for message in Outbox.select()} == {
        town.patrons["sato"],
        town.patrons["tanaka"],
    }


def test_who_has_no_address_or_no_good_card_is_owed_none(begun, register, arrive, policy, clock, town):
    register("ito")
    register("sato")
    Patron.update(mail=None).where(Patron.id == town.patrons["sato"]).execute()
    arrive()

    assert alerts.announce(policy, clock()) == 0 and owed() == []


def test_the_message_keeps_numbers_and_no_title_and_nothing_is_noted(begun, register, arrive, policy, clock):
    register()
    after = Item.select().count()
    arrive()
    alerts.announce(policy, clock())

    assert Outbox.get().numbers == f"{after},{after + 1}" and Event.select().count() == 0


@pytest.mark.parametrize("changes", [NOT_OFFERED])
def test_a_library_that_does_not_offer_it_tells_nobody(begun, register, arrive, policy, clock):
    register()
    arrive()

    assert alerts.announce(policy, clock()) == 0 and owed() == []


def test_where_the_newest_piece_was_deleted_nothing_is_told_twice(begun, register, arrive, policy, clock):
    register()
    gone = arrive("門")
    alerts.announce(policy, clock())
    Item.delete().where(Item.bib == gone).execute()
    clock.forward(days=1)
    arrive("明暗")

    assert alerts.announce(policy, clock()) == 1
    clock.forward(days=1)
    assert alerts.announce(policy, clock()) == 0 and len(owed()) == 2


def test_of_two_processes_one_tells(begun, register, arrive, policy, clock):
    register()
    arrive()
    together, done = threading.Barrier(2), []

    def process():
        db.connect(reuse_if_open=True)
        together.wait()
        done.append(alerts.announce(policy, clock()))
        db.close()

    threads = [threading.Thread(target=process) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == [0, 1] and owed() == ["new_arrivals"]


def test_another_process_that_told_meanwhile_is_not_repeated(
    begun, register, arrive, policy, clock, monkeypatch
):
    register()
    arrive()
    who = alerts._who_is_told

    def slowly(after: int, upto: int) -> list[int]:
        found = who(after, upto)
        Meta.update(value=f"{clock().date()} {upto}").where(Meta.key == "arrivals_told").execute()
        return found

    monkeypatch.setattr(alerts, "_who_is_told", slowly)

    assert alerts.announce(policy, clock()) == 0 and owed() == []


# -- the mail ----------------------------------------------------------------------------------------------


def test_one_mail_lists_every_alert_with_its_titles_and_a_link_to_stop_it(
    begun, register, arrive, policy, clock, deliver, post_office
):
    first = register(terms=AlertTerms(author="夏目", ndc="913", branch="main"))
    second = register(terms=AlertTerms(keyword="猫"))
    register(terms=AlertTerms(series="文庫"))
    arrive("吾輩は猫である", volume="上", ndc="913.6", publisher="しおり書房", pub_year=2026)
    arrive("門", ndc="913.6")
    alerts.announce(policy, clock())

    assert deliver() == 1 and deliver() == 0

    [letter] = post_office.letters
    text = letter.get_content().replace("\r\n", "\n")
    assert letter["Subject"] == "新着資料のお知らせ(しおり町立図書館)"
    assert post_office.recipients == ["sato@example.jp"]
    assert "登録された条件に合う資料が、新しく2点入りました。" in text
    assert "■ キーワード: 猫" in text and "シリーズ" not in text
    assert "■ 著者: 夏目\nジャンル: 913 小説．物語\n館: 本館\n" in text
    assert "・吾輩は猫である 上\n  夏目 漱石 / しおり書房 / 2026" in text and "・門\n  夏目 漱石\n" in text
    assert text.index("キーワード: 猫") < text.index("著者: 夏目"), "what found least comes first"
    for alert in (first, second):
        assert f"{URL}/alerts/stop/{alerts.stop_token(SECRET, alert)}\n" in text
    assert f"{URL}/new\n" in text and "サトウ" not in text and "こころ" not in text
    assert "\n\n\n" not in text and owed() == []


def test_what_is_said_is_true_when_it_is_sent(begun, register, arrive, policy, clock, deliver, post_office):
    stopped = register(terms=AlertTerms(keyword="門"))
    register()
    hidden = arrive("門")
    arrive("明暗")
    alerts.announce(policy, clock())
    alerts.stop(stopped)
    Bib.update(hidden=True).where(Bib.id == hidden).execute()
    search_index.reindex(db, hidden)
    deliver()

    text = post_office.letters[0].get_content()
    assert "新しく1点" in text and "明暗" in text and "門" not in text


def test_where_all_alerts_are_stopped_meanwhile_no_mail_goes_out(
    begun, register, arrive, policy, clock, deliver, post_office
):
    alert = register()
    arrive()
    alerts.announce(policy, clock())
    alerts.stop(alert)

    assert deliver() == 0 and post_office.letters == [] and owed() == []


def test_of_many_titles_fifty_are_named_and_the_rest_counted(
    begun, register, arrive, policy, clock, deliver, post_office
):
    register(terms=AlertTerms(keyword="本"))
    register(terms=AlertTerms(keyword="珍しい"))
    for n in range(ARRIVALS_TOLD_AT_MOST + 3):
        arrive(f"ただの本 {n}")
    arrive("珍しいもの")
    alerts.announce(policy, clock())
    deliver()

    text = post_office.letters[0].get_content()
    assert "新しく54点" in text and text.count("\n・") == 50 and "・珍しいもの" in text
    assert "ほか 4点" in text


def test_a_days_mails_that_could_not_go_out_are_two_and_repeat_nothing(
    begun, register, arrive, policy, clock, deliver, post_office
):
    register()
    arrive("門")
    alerts.announce(policy, clock())
    clock.forward(days=1)
    arrive("明暗")
    alerts.announce(policy, clock())

    assert deliver() == 2
    first, second = (letter.get_content() for letter in post_office.letters)
    assert "門" in first and "明暗" not in first and "明暗" in second and "門" not in second


def test_hostile_words_are_words_in_a_mail(begun, town, register, policy, clock, deliver, post_office):
    Alert.insert(patron=town.patrons["sato"], keyword="門", author=HOSTILE, added_at=clock()).execute()
    town.title(f"門 {HOSTILE}", by=HOSTILE, publisher=HOSTILE)
    alerts.announce(policy, clock())

    assert deliver() == 1
    [letter] = post_office.letters
    text = letter.get_content()
    assert "<script>{{ 1234*5678 }}{% raise %} Bcc: x@y" in text and "7006652" not in text
    assert letter["Bcc"] is None and "\nBcc" not in text and post_office.recipients == ["sato@example.jp"]


# -- the verbs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["夏目漱石", "夏目　漱石", "夏目 漱石"])
def test_the_same_is_registered_once(town, register, clock, other):
    register(terms=AlertTerms(author="夏目 漱石"))

    assert alerts.register(town.patrons["sato"], AlertTerms(author=other), clock()).allowed
    assert Alert.select().count() == 1


def test_by_default_a_patron_looks_back_over_ninety_days(town, arrive):
    for days in (0, 90, 91):
        arrive(f"門 {days}", added_on=town.today - timedelta(days=days))
    arrive("道草", copies=0)

    found = alerts.lately(SOSEKI, town.today, 1)

    assert (found.since, found.n) == (town.today - timedelta(days=90), 2)
    assert [title.title for title in found.newest] == ["門 0"]


def test_where_everything_came_in_at_once_it_says_since_when_it_looked(town, arrive, monkeypatch):
    monkeypatch.setattr(alerts.arrivals, "LOOKED_AT", 2)
    for days in (0, 1, 2):
        arrive(f"門 {days}", added_on=town.today - timedelta(days=days))

    found = alerts.lately(SOSEKI, town.today, 20)

    assert (found.since, found.n) == (town.today - timedelta(days=1), 2)
