"""今度読みたい本: what a patron wants to read some day, by its verbs."""

import pytest

import cataloguing
import own_data
import patrons
import shelf
from circulation import NotThere
from models import Bib, Event, Hold, ShelfEntry
from rules import OWN_SHELF_AT_MOST, SHELF_NOTE_AT_MOST, Channel, Reason
from shelf import Step
from tests.cast import PASSWORD


@pytest.fixture
def sato(town):
    return town.patrons["sato"]


@pytest.fixture
def three(town, sato, clock):
    """Three titles that Sato wants to read, by their entries."""
    for title in ("こころ", "門", "草枕"):
        assert shelf.put(sato, town.title(title), f"{title}のメモ", clock()).allowed
    return [entry.id for entry in shelf.entries_of(sato)]


def listed(patron: int) -> list[str]:
    return [entry.title for entry in shelf.entries_of(patron)]


def test_titles_stand_in_the_order_in_which_they_were_put_there(three, sato, town):
    assert listed(sato) == ["こころ", "門", "草枕"]
    assert [entry.note for entry in shelf.entries_of(sato)] == ["こころのメモ", "門のメモ", "草枕のメモ"]
    assert shelf.entries_of(sato)[0].added_on == town.today
    assert listed(town.patrons["tanaka"]) == []


def test_putting_a_title_there_again_changes_nothing(three, sato, clock):
    first = shelf.entries_of(sato)[0]

    assert shelf.put(sato, first.bib, "ほかのメモ", clock()).allowed

    assert shelf.entries_of(sato)[0] == first and len(listed(sato)) == 3


def test_a_title_without_a_page_cannot_be_put_there(town, sato, clock):
    for bib in (town.title("幻影の盾", hidden=True), 999):
        with pytest.raises(NotThere):
            shelf.put(sato, bib, "", clock())
    assert ShelfEntry.select().count() == 0


def test_a_full_list_takes_no_more_and_says_how_many_it_holds(town, sato, clock):
    one, more = town.title("一"), town.title("もう一冊")
    for number in range(OWN_SHELF_AT_MOST - 1):
        bib = Bib.insert(material="book", title=f"本{number}", added_on=town.today).execute()
        ShelfEntry.insert(patron=sato, bib=bib, place=number, added_at=clock()).execute()

    assert shelf.put(sato, one, "", clock()).allowed
    refused = shelf.put(sato, more, "", clock())

    assert refused.reasons == (Reason.OWN_SHELF_FULL,) and refused.refusals[0].facts == {"most": 200}
    assert len(listed(sato)) == OWN_SHELF_AT_MOST
    assert shelf.put(sato, one, "", clock()).allowed, "it is there already"
    assert shelf.put(town.patrons["tanaka"], more, "", clock()).allowed, "each has a list of one's own"


def test_a_note_of_so_many_characters_is_kept_and_a_longer_one_is_not(three, sato, town, clock):
    longest = "あ" * SHELF_NOTE_AT_MOST

    assert shelf.write_note(sato, three[0], longest).allowed
    assert shelf.write_note(sato, three[0], longest + "い").reasons == (Reason.NOTE_LONG,)
    assert shelf.put(sato, town.title("明暗"), longest + "い", clock()).reasons == (Reason.NOTE_LONG,)

    assert shelf.entries_of(sato)[0].note == longest and len(listed(sato)) == 3


def test_titles_change_places_and_a_click_that_was_sent_twice_moves_once(three, sato):
    kokoro, mon, _ = shelf.entries_of(sato)

    shelf.move(sato, mon.id, Step.UP, mon.place)
    shelf.move(sato, mon.id, Step.UP, mon.place)
    assert listed(sato) == ["門", "こころ", "草枕"]

    now = shelf.entry_of(sato, kokoro.id)
    shelf.move(sato, kokoro.id, Step.DOWN, now.place)
    shelf.move(sato, kokoro.id, Step.DOWN, now.place)
    assert listed(sato) == ["門", "草枕", "こころ"]


def test_the_first_goes_no_higher_and_the_last_no_lower(three, sato, town, clock):
    others = [f"明暗 {number}" for number in range(5)]
    for title in others:
        shelf.put(town.patrons["tanaka"], town.title(title), "", clock())
    first, _, last = shelf.entries_of(sato)

    shelf.move(sato, first.id, Step.UP, first.place)
    shelf.move(sato, last.id, Step.DOWN, last.place)

    assert listed(sato) == ["こころ", "門", "草枕"] and listed(town.patrons["tanaka"]) == others
    assert [entry.place for entry in shelf.entries_of(sato)] == [1, 2, 3]


def test_a_gap_that_a_removed_title_left_is_no_place(three, sato, town, clock):
    shelf.remove(sato, three[1])
    shelf.remove(sato, three[1])
    last = shelf.entries_of(sato)[1]

    shelf.move(sato, last.id, Step.UP, last.place)
    assert listed(sato) == ["草枕", "こころ"]

    shelf.put(sato, town.title("明暗"), "", clock())
    assert listed(sato) == ["草枕", "こころ", "明暗"]


def test_nobody_touches_what_is_anothers(three, sato, town):
    tanaka = town.patrons["tanaka"]

    with pytest.raises(NotThere):
        shelf.write_note(tanaka, three[0], "見ました")
    with pytest.raises(NotThere):
        shelf.move(tanaka, three[1], Step.UP, 2)
    with pytest.raises(NotThere):
        shelf.entry_of(tanaka, three[0])
    with pytest.raises(NotThere):
        shelf.remove(tanaka, three[0])

    assert listed(sato) == ["こころ", "門", "草枕"]
    assert shelf.entries_of(sato)[0].note == "こころのメモ"


def test_no_event_says_anything_of_it(three, sato):
    shelf.write_note(sato, three[0], "")
    shelf.remove(sato, three[0])

    assert Event.select().count() == 0


def test_a_title_that_is_deleted_goes_from_the_list_and_a_hidden_one_stays(three, sato, town, clock):
    kokoro, mon, _ = [entry.bib for entry in shelf.entries_of(sato)]
    held = town.hold(town.title("明暗"), "sato")
    Bib.update(hidden=True).where(Bib.id == mon).execute()

    assert cataloguing.delete_title(kokoro, clock(), "1").allowed

    assert listed(sato) == ["門", "草枕"]
    assert Hold.get_by_id(held).patron_id == sato


def test_it_is_in_the_file_of_ones_own_data_and_goes_with_the_account(three, sato, town, clock):
    tanaka = town.patrons["tanaka"]
    shelf.put(tanaka, town.title("明暗"), "", clock())

    rows = own_data.everything(sato, Channel.WEB)["shelf"]
    assert [(row["title"], row["note"]) for row in rows][:2] == [
        ("こころ", "こころのメモ"),
        ("門", "門のメモ"),
    ]
    assert own_data.at_stake(sato).shelf == 3

    assert own_data.delete_account(sato, PASSWORD, clock())
    assert listed(sato) == [] and listed(tanaka) == ["明暗"]


def test_it_goes_with_a_patron_whom_the_desk_deletes(three, town, sato, clock, policy):
    patrons.remove(policy, sato, clock(), Channel.DESK, "1")

    assert ShelfEntry.select().count() == 0
