"""読書記録, by its verbs: begun, written at the desk's scan, corrected, ended; and who sees nothing of it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import cataloguing
import circulation
import lending
import own_data
import patrons
import reading
from circulation import NotThere
from models import Bib, Creator, Event, Loan, ReadingEntry, ReadingGoal, ReadingRecord
from rules import Channel, CountsFrom, GoalYear, ReadingPolicy, Reason
from tests.cast import PASSWORD
from tests.records import barcode


@pytest.fixture
def sato(town):
    return town.patrons["sato"]


@pytest.fixture
def keeps(town, sato, policy, clock):
    """Sato keeps a record."""
    assert reading.turn_on(policy, sato, "残します。", Channel.WEB, clock()).allowed
    return sato


@pytest.fixture
def borrow(policy, clock):
    """The desk lends a title to a patron, and takes it back."""

    def do(patron: int, bib: int, back: bool = True) -> None:
        assert lending.check_out(policy, patron, barcode(bib), "main", clock(), "1").decision.allowed
        if back:
            lending.take_back(policy, barcode(bib), "main", clock(), "1")

    return do


def read(patron: int) -> list[str]:
    return [entry.title for entry in reading.entries_of(patron)]


def test_nothing_is_recorded_of_somebody_who_did_not_ask_for_it(town, sato, borrow):
    borrow(sato, town.title("こころ"))

    assert ReadingEntry.select().count() == ReadingRecord.select().count() == 0


def test_from_the_setting_on_each_loan_is_one_entry_that_says_what_it_was(town, sato, policy, clock, borrow):
    before, after = town.title("門"), town.title("こころ", by="夏目 漱石", isbn="9784000000000", ndc="913.6")
    Bib.update(volume="上", publisher="岩波書店").where(Bib.id == after).execute()
    Creator.insert(bib=after, place=1, name="山田 花", role="解説").execute()
    borrow(sato, before, back=False)

    reading.turn_on(policy, sato, "残します。", Channel.WEB, clock())
    assert read(sato) == [], "what is out already was lent before"
    clock.forward(days=1)
    borrow(sato, after)

    [entry] = reading.entries_of(sato)
    assert (entry.title, entry.volume, entry.creators) == ("こころ", "上", "夏目 漱石、山田 花(解説)")
    assert (entry.publisher, entry.isbn, entry.ndc) == ("岩波書店", "9784000000000", "913.6")
    assert (entry.material, entry.lent_on, entry.bib_id) == ("book", town.today, after)
    record = reading.record_of(sato)
    assert record.agreed_to == "残します。" and record.since == clock() - timedelta(days=1)


def test_a_record_may_begin_with_what_is_out(town, sato, policy, clock, borrow):
    borrow(sato, town.title("門"))
    borrow(sato, town.title("こころ"), back=False)
    from_open = replace(policy, reading_record=ReadingPolicy(counts_from=CountsFrom.OPEN_LOANS))

    reading.turn_on(from_open, sato, "残します。", Channel.WEB, clock())
    reading.turn_on(from_open, sato, "もう一度", Channel.WEB, clock())

    assert read(sato) == ["こころ"] and reading.record_of(sato).agreed_to == "残します。"


def test_the_same_title_lent_twice_is_two_entries_and_a_renewal_is_none(town, keeps, policy, clock, borrow):
    kokoro = town.title("こころ")
    borrow(keeps, kokoro)
    borrow(keeps, kokoro, back=False)
    lending.check_out(policy, keeps, barcode(kokoro), "main", clock(), "1")  # scanned twice
    [loan] = Loan.select(Loan.id).where(Loan.patron == keeps)
    renewed = circulation.renew(policy, keeps, loan.id, Channel.WEB, clock())

    assert renewed.decision.allowed and read(keeps) == ["こころ", "こころ"]
    assert reading.last_lent(keeps) == {kokoro: town.today}


def test_a_loan_that_was_refused_is_no_entry(town, keeps, policy, clock):
    kokoro = town.title("こころ", not_for_loan=True)

    answer = lending.check_out(policy, keeps, barcode(kokoro), "main", clock(), "1")

    assert not answer.decision.allowed and read(keeps) == []


def test_an_entry_outlives_its_title(town, keeps, borrow, clock):
    kokoro = town.title("こころ")
    borrow(keeps, kokoro)
    assert cataloguing.delete_title(kokoro, clock(), "1").allowed

    [entry] = reading.entries_of(keeps)
    assert entry.title == "こころ" and entry.bib_id is None and reading.last_lent(keeps) == {}


def test_no_entry_knows_of_which_piece_it_was():
    assert not [name for name in ReadingEntry._meta.fields if "item" in name or "loan" in name]


def test_where_the_library_offers_none_any_more_nothing_is_begun_or_added(town, sato, keeps, policy, clock):
    none = replace(policy, reading_record=ReadingPolicy(offered=False))
    tanaka = town.patrons["tanaka"]

    assert reading.turn_on(none, tanaka, "残します。", Channel.WEB, clock()).reasons == (
        Reason.NO_READING_RECORD,
    )
    lending.check_out(none, sato, barcode(town.title("こころ")), "main", clock(), "1")

    assert read(sato) == [] and reading.record_of(tanaka) is None
    assert reading.turn_off(sato, clock()) == 0 and reading.record_of(sato) is None


def test_turned_off_everything_goes_with_its_number_said_and_turned_on_again_it_is_empty(
    town, keeps, policy, clock, borrow
):
    tanaka = town.patrons["tanaka"]
    reading.turn_on(policy, tanaka, "残します。", Channel.WEB, clock())
    for title in ("こころ", "門"):
        borrow(keeps, town.title(title))
    borrow(tanaka, town.title("草枕"))
    for patron in (keeps, tanaka):
        reading.set_goal(policy, patron, 2026, 50, clock())

    assert reading.turn_off(keeps, clock()) == 2
    assert reading.turn_off(keeps, clock()) == 0, "sent twice"

    assert reading.record_of(keeps) is None and reading.goals_of(keeps) == {} and read(keeps) == []
    assert read(tanaka) == ["草枕"] and reading.goals_of(tanaka) == {2026: 50}
    reading.turn_on(policy, keeps, "また残します。", Channel.WEB, clock())
    assert read(keeps) == []


def test_entries_are_deleted_one_or_several_and_never_anothers(town, keeps, policy, clock, borrow):
    tanaka = town.patrons["tanaka"]
    reading.turn_on(policy, tanaka, "残します。", Channel.WEB, clock())
    for title in ("こころ", "門", "草枕"):
        borrow(keeps, town.title(title))
    borrow(tanaka, town.title("明暗"))
    theirs = [entry.id for entry in reading.entries_of(keeps)]
    [other] = [entry.id for entry in reading.entries_of(tanaka)]

    with pytest.raises(NotThere):
        reading.delete(keeps, [theirs[0], other], clock())
    assert len(read(keeps)) == 3
    assert reading.delete(keeps, theirs[:1], clock()) == 1
    assert reading.delete(keeps, theirs, clock()) == 2, "the first is gone already"

    assert read(keeps) == [] and read(tanaka) == ["明暗"] and reading.record_of(keeps)


def test_a_note_is_the_patrons_own(town, keeps, borrow):
    borrow(keeps, town.title("こころ"))
    [entry] = reading.entries_of(keeps)

    assert reading.write_note(keeps, entry.id, "二度目でわかった").allowed
    assert reading.write_note(keeps, entry.id, "あ" * 501).reasons == (Reason.NOTE_LONG,)
    with pytest.raises(NotThere):
        reading.write_note(town.patrons["tanaka"], entry.id, "のぞき見")

    assert reading.entry_of(keeps, entry.id).note == "二度目でわかった"


def test_a_goal_is_set_changed_and_taken_back_and_needs_a_record(town, keeps, policy, clock):
    assert reading.set_goal(policy, keeps, 2026, 50, clock()).allowed
    assert reading.set_goal(policy, keeps, 2026, 60, clock()).allowed
    assert reading.set_goal(policy, keeps, 2027, 70, clock()).allowed
    assert not reading.set_goal(policy, keeps, 2025, 80, clock()).allowed
    assert reading.goals_of(keeps) == {2026: 60, 2027: 70}
    assert reading.set_goal(policy, keeps, 2026, None, clock()).allowed
    assert reading.goals_of(keeps) == {2027: 70}
    with pytest.raises(NotThere):
        reading.set_goal(policy, town.patrons["tanaka"], 2026, 50, clock())
    assert ReadingGoal.select().count() == 1


def test_months_are_counted_by_the_day_of_the_loan(town, keeps, clock, borrow):
    for title, days in (("こころ", 0), ("門", 20), ("草枕", 0)):
        clock.forward(days=days)
        borrow(keeps, town.title(title))

    assert reading.by_month(keeps) == {"2026-04": 1, "2026-05": 2}


def test_it_is_in_the_file_of_ones_own_data_and_goes_with_the_account_and_with_the_card(
    town, keeps, policy, clock, borrow
):
    borrow(keeps, town.title("こころ"))
    reading.set_goal(policy, keeps, 2026, 50, clock())
    [entry] = reading.entries_of(keeps)
    reading.write_note(keeps, entry.id, "よかった")

    rows = own_data.everything(keeps, Channel.WEB)
    assert rows["reading"][0]["title"] == "こころ" and rows["reading"][0]["note"] == "よかった"
    assert rows["reading_goals"] == [{"year": 2026, "goal": 50}]
    assert rows["reading_record"][0]["agreed_to"] == "残します。"
    at_a_terminal = own_data.everything(keeps, Channel.KIOSK)
    assert not [name for name in at_a_terminal if name.startswith("reading")] and "shelf" in at_a_terminal
    assert own_data.at_stake(keeps).reading == 1

    assert own_data.delete_account(keeps, PASSWORD, clock())
    assert [table.select().count() for table in (ReadingRecord, ReadingEntry, ReadingGoal)] == [0, 0, 0]

    reading.turn_on(policy, keeps, "残します。", Channel.WEB, clock())
    borrow(keeps, town.title("門"))
    assert patrons.delete(policy, keeps, clock(), "1").decision.allowed
    assert ReadingRecord.select().count() == ReadingEntry.select().count() == 0


def test_no_event_tells_that_anything_was_read_or_deleted(town, keeps, policy, clock, borrow):
    borrow(keeps, town.title("こころ"))
    said = Event.select().count()
    [entry] = reading.entries_of(keeps)
    reading.set_goal(policy, keeps, 2026, 50, clock())
    reading.write_note(keeps, entry.id, "よかった")
    reading.delete(keeps, [entry.id], clock())
    reading.turn_off(keeps, clock())

    assert Event.select().count() == said


def test_no_module_of_the_desk_reads_it():
    """Only what writes a loan down, what deletes with a patron, and the patron's own pages know of it."""
    root = Path(reading.__file__).parent
    known = {
        str(path.relative_to(root))
        for path in (*root.glob("*.py"), *root.glob("views/*.py"))
        if "import reading\n" in path.read_text("utf-8") or "ReadingEntry" in path.read_text("utf-8")
    }

    assert known == {
        *("demo_reading.py", "lending.py", "models.py", "own_data.py", "patrons.py", "reading.py"),
        *("views/reading.py", "views/shelf.py"),
    }


def test_where_goals_go_by_the_calendars_year_january_begins_one(town, keeps, policy, clock):
    by_january = replace(policy, reading_record=ReadingPolicy(goal_year=GoalYear.JANUARY))
    clock.forward(days=300)  # February

    assert reading.set_goal(by_january, keeps, 2027, 50, clock()).allowed
    assert not reading.set_goal(by_january, keeps, 2026, 50, clock()).allowed
    assert reading.set_goal(policy, keeps, 2026, 50, clock()).allowed
