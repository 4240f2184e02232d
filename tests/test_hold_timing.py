"""When a hold is wanted: passed over for a while without losing its place, and ended after its last day."""

from datetime import timedelta

import pytest

import circulation
import jobs
import lending
import pull_list
from models import Hold, Item, Outbox
from rules import Channel, HoldState, HoldTiming, Reason
from standing import holds_of
from tests.records import kinds

CLERK = "1"
ON_SHELF = 'on_shelf = "yes"\n'
TIMED = ((ON_SHELF, f'{ON_SHELF}timing = {{ later = {{ months = 2 }}, at = ["web", "desk"] }}\n'),)
TIMED_FROM_READY = (*TIMED, ("keep = { weeks = 1 }", 'from = "ready"\nkeep = { weeks = 1 }'))


@pytest.fixture
def set_timing(policy, clock, town):
    """Sato says when a hold is wanted: so many days from today."""

    def set_timing(hold, paused=None, needed=None, channel=Channel.WEB):
        days = [None if n is None else town.today + timedelta(days=n) for n in (paused, needed)]
        return circulation.set_timing(policy, town.patrons["sato"], hold, HoldTiming(*days), channel, clock())

    return set_timing


@pytest.fixture
def take_back(policy, clock):
    def take_back(code):
        return lending.take_back(policy, code, "main", clock(), CLERK).hold

    return take_back


# -- later -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [TIMED])
def test_who_is_away_is_passed_over_keeps_the_place_and_is_served_when_back(
    policy, clock, town, set_timing, take_back
):
    kokoro = town.title("こころ", copies=2)
    first, second = town.hold(kokoro, "sato"), town.hold(kokoro, "tanaka")
    codes = [item.barcode for item in Item.select().order_by(Item.id)]

    assert set_timing(first, paused=10).allowed
    served_meanwhile = [take_back(code) for code in codes]
    place = [(row.place, row.waiting) for row in holds_of(town.patrons["sato"])]
    clock.to(town.today + timedelta(days=10))
    still = take_back(codes[1])
    clock.forward(days=1)

    assert served_meanwhile == [second, None] and place == [(1, 1)] and still is None
    assert [pull.barcode for pull in pull_list.to_fetch(policy, "main", town.today)] == [codes[1]]
    assert take_back(codes[1]) == first
    assert kinds() == ["hold_timed", "hold_ready", "hold_ready"]


@pytest.mark.parametrize("changes", [TIMED])
def test_who_is_passed_over_has_nothing_fetched_from_the_shelf(policy, town, set_timing):
    hold = town.hold(town.title("こころ"), "sato")

    set_timing(hold, paused=0)

    assert pull_list.to_fetch(policy, "main", town.today) == []


@pytest.mark.parametrize("changes", [TIMED])
def test_what_was_said_can_be_taken_back_and_said_again_without_a_second_event(town, set_timing, take_back):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "sato")

    set_timing(hold, paused=10)
    set_timing(hold, paused=10)
    set_timing(hold)

    assert take_back(Item.get().barcode) == hold
    assert kinds() == ["hold_timed", "hold_timed", "hold_ready"]


@pytest.mark.parametrize("changes", [TIMED])
@pytest.mark.parametrize(
    ("days", "reasons"),
    [
        ({"paused": 61}, ()),  # 15 June: two months
        ({"paused": 62}, (Reason.PAUSED_TOO_LONG,)),
        ({"paused": -1}, (Reason.DAY_PAST,)),
        ({"needed": -1}, (Reason.DAY_PAST,)),
        ({"needed": 0}, ()),
        ({"paused": 5, "needed": 5}, (Reason.NEVER_WANTED,)),
        ({"paused": 5, "needed": 6}, ()),
        ({"paused": 70, "needed": -1}, (Reason.DAY_PAST, Reason.PAUSED_TOO_LONG, Reason.NEVER_WANTED)),
    ],
)
def test_a_day_that_makes_no_sense_is_refused_with_every_reason(town, set_timing, days, reasons):
    hold = town.hold(town.title("こころ"), "sato")

    decision = set_timing(hold, **days)

    assert decision.reasons == reasons
    assert (Hold.get().paused_until or Hold.get().needed_by) is None if reasons else kinds() == ["hold_timed"]


@pytest.mark.parametrize("changes", [TIMED])
def test_what_is_being_prepared_can_be_put_off_no_more(town, set_timing):
    hold = town.ready(town.title("こころ"), "sato")

    assert set_timing(hold, paused=3).reasons == (Reason.NOT_WAITING,)


@pytest.mark.parametrize(("changes", "channel"), [(TIMED, Channel.PHONE), ((), Channel.WEB)])
def test_by_a_way_that_the_sheet_does_not_name_nothing_is_put_off(town, set_timing, channel):
    hold = town.hold(town.title("こころ"), "sato")

    assert set_timing(hold, paused=3, channel=channel).reasons == (Reason.TIMING_FIXED,)


# -- no longer than ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [TIMED])
def test_what_is_not_wanted_any_more_ends_and_its_patron_is_told(policy, clock, town, set_timing):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "sato")
    set_timing(hold, needed=3)

    clock.forward(days=3)
    on_its_last_day = jobs.run(policy, clock())["ended"]
    clock.forward(days=1)

    assert on_its_last_day == 0 and jobs.run(policy, clock())["ended"] == 1
    assert Hold.get().state is HoldState.EXPIRED and Item.get().to_shelve_at is None
    assert [(row.kind, row.patron_id) for row in Outbox.select()] == [("hold_expired", town.patrons["sato"])]


@pytest.mark.parametrize("changes", [TIMED_FROM_READY])
@pytest.mark.parametrize(("needed", "kept"), [(3, 3), (7, 7), (20, 7)])
def test_the_shelf_ends_with_the_patrons_own_last_day_if_that_comes_first(
    town, set_timing, take_back, needed, kept
):
    hold = town.hold(town.title("こころ"), "sato")
    set_timing(hold, needed=needed)

    take_back(Item.get().barcode)

    assert Hold.get().collect_by == town.today + timedelta(days=kept)


# -- on the pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [TIMED])
def test_a_patron_says_on_the_page_when_the_hold_is_wanted(town, reader):
    hold = town.hold(town.title("こころ"), "sato")
    later = town.today + timedelta(days=9)  # a Friday
    reader.log_in("sato")

    form = reader.get("/my/holds").select_one(f"form[action='/my/holds/{hold}/timing']")
    part = reader.post(f"/my/holds/{hold}/timing", status=200, part=True, paused_until=later.isoformat())
    page = reader.get("/my/holds")

    assert form.select_one("input[name=paused_until][type=date]")
    assert "受け取りの時期を変えました" in part.text
    assert "4/24(金)まで、次の方を先にしています。" in page.text and Hold.get().paused_until == later


@pytest.mark.parametrize("changes", [TIMED])
def test_the_pages_say_so_up_to_and_including_the_last_day_and_no_longer(town, reader, clock):
    hold = town.hold(town.title("こころ"), "sato")
    Hold.update(paused_until=town.today).execute()
    pages = (("/my/holds", reader.log_in, "sato"), (f"/desk/holds/{hold}", reader.log_in_staff, "ishida"))

    for days, told in ((0, True), (1, False)):
        clock.forward(days=days)
        for address, log_in, who in pages:
            log_in(who)
            assert ("次の方を先にしています" in reader.get(address).text) is told, address


@pytest.mark.parametrize("changes", [TIMED])
def test_a_day_that_is_no_day_is_said_at_its_field_and_one_too_far_with_the_last_that_works(town, reader):
    hold = town.hold(town.title("こころ"), "sato")
    reader.log_in("sato")

    wrong = reader.post(f"/my/holds/{hold}/timing", status=422, needed_by="2026-02-30")
    far = reader.post(f"/my/holds/{hold}/timing", status=409, paused_until="2026-07-01")

    assert wrong.select_one(f"#needed_by-{hold}-error") and wrong.select_one("details[open]")
    assert "2026年6月15日(月)" in far.select_one(".problem").text
    assert Hold.get().paused_until is None and kinds() == []


def test_where_the_sheet_offers_no_choice_there_is_no_form(town, reader):
    hold = town.hold(town.title("こころ"), "sato")
    reader.log_in("sato")

    page = reader.get("/my/holds")
    reader.post(f"/my/holds/{hold}/timing", status=409, paused_until=town.today.isoformat())

    assert not page.select("form[action$='/timing']") and Hold.get().paused_until is None


@pytest.mark.parametrize("changes", [TIMED])
def test_the_desk_says_it_for_the_patron_but_not_by_phone_where_the_sheet_leaves_that_out(town, reader):
    hold = town.hold(town.title("こころ"), "sato")
    reader.log_in_staff("ishida")

    assert reader.get(f"/desk/holds/{hold}").select("form[action$='/timing']")
    assert not reader.get(f"/desk/holds/{hold}?at=phone").select("form[action$='/timing']")
    reader.post(f"/desk/holds/{hold}/timing", needed_by="2026-05-01")
    assert "5/1(金)を過ぎると、予約は終わります。" in reader.get(reader.went_to).text
    assert reader.post(f"/desk/holds/{hold}/timing", status=422, needed_by="x").select_one(".field-error")


@pytest.mark.parametrize("changes", [TIMED])
def test_anothers_hold_is_not_there(town, reader):
    hold = town.hold(town.title("こころ"), "tanaka")
    reader.log_in("sato")

    reader.post(f"/my/holds/{hold}/timing", status=404, paused_until=town.today.isoformat())

    assert Hold.get().paused_until is None
