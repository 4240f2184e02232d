"""My holds: places, the hold shelf, another branch, and giving a place up."""

from datetime import timedelta

import pytest

from models import Hold
from rules import HoldState


def test_a_waiting_hold_tells_its_place_and_where_it_will_be(town, reader):
    kokoro = town.title("こころ")
    town.hold(kokoro, "tanaka")
    town.hold(kokoro, "sato")

    page = reader.log_in("sato").get("/my/holds")

    assert "2番目(2人中)" in page.text and "受取館 本館" in page.text


def test_a_ready_hold_comes_first_with_branch_and_last_day_and_says_how_to_cancel(town, reader):
    town.hold(town.title("待つ本"), "sato")
    town.ready(town.title("届いた本"), "sato")

    first = reader.log_in("sato").get("/my/holds").select_one("ul.holds li")

    assert "届いた本" in first.text and "本館で 2026年4月21日(火)まで" in first.text
    assert "Webでは取り消せません。窓口かお電話で取り消せます。" in first.text
    assert not first.select("a[href$=cancel]")


def test_giving_a_place_up_is_asked_before_and_done_once(town, reader):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "sato")
    reader.log_in("sato")

    page = reader.get(f"/my/holds/{hold}/cancel")
    assert "いま1番目です。取り消すと、順番は元に戻せません。" in page.text
    assert Hold.get_by_id(hold).state is HoldState.WAITING
    reader.post(f"/my/holds/{hold}/cancel")

    assert "予約を取り消しました" in reader.get("/my/holds").text
    reader.post(f"/my/holds/{hold}/cancel", status=404)


def test_a_ready_hold_is_refused_by_page_and_by_form_alike(town, reader):
    hold = town.ready(town.title("届いた本"), "sato")
    reader.log_in("sato")

    for page in (
        reader.get(f"/my/holds/{hold}/cancel", status=409),
        reader.post(f"/my/holds/{hold}/cancel", status=409),
        reader.post(f"/my/holds/{hold}/cancel", status=409, part=True),
    ):
        assert "Webでは取り消せません" in page.select_one("[role=alert].problem").text
    assert Hold.get_by_id(hold).state is HoldState.READY


@pytest.mark.parametrize("part", [False, True])
def test_another_branch_is_chosen_in_place(town, reader, part):
    hold = town.hold(town.title("こころ"), "sato")
    reader.log_in("sato")

    page = reader.post(f"/my/holds/{hold}/pickup", status=200 if part else 303, part=part, pickup="west")
    page = page if part else reader.get(reader.went_to)

    assert "受取館を変えました" in page.text and "受取館 西分館" in page.text


@pytest.mark.parametrize("pickup", ["moon", ""])
def test_a_branch_that_does_not_exist_is_not_understood(town, reader, pickup):
    hold = town.hold(town.title("こころ"), "sato")

    page = reader.log_in("sato").post(f"/my/holds/{hold}/pickup", status=422, pickup=pickup)

    assert "受取希望館を選んでください" in page.text
    assert Hold.get_by_id(hold).pickup_branch == "main"


@pytest.mark.parametrize("part", [False, True])
def test_a_strangers_hold_is_not_there(town, reader, part):
    hold = town.hold(town.title("こころ"), "sato")
    reader.log_in("tanaka")

    reader.post(f"/my/holds/{hold}/cancel", status=404, part=part)
    reader.post(f"/my/holds/{hold}/pickup", status=404, part=part, pickup="west")
    reader.get(f"/my/holds/{hold}/cancel", status=404)

    assert Hold.get_by_id(hold).pickup_branch == "main"
    assert Hold.get_by_id(hold).state is HoldState.WAITING


CONTACT = 'contact = ["mail"]'
TWICE_A_DAY = ((CONTACT, f'{CONTACT}\nregistered_at = ["8:30", "18:00"]'),)
KEEP = "keep = { weeks = 1 }"
ONE_EXTENSION = ((KEEP, f'{KEEP}\nextend = {{ times = 1, by = {{ days = 3 }}, at = ["web"] }}'),)


@pytest.mark.parametrize("changes", [TWICE_A_DAY])
def test_an_application_says_when_it_will_be_registered_and_can_be_changed(town, reader):
    hold = town.hold(town.title("こころ"), "sato", HoldState.APPLIED)

    page = reader.log_in("sato").get("/my/holds")

    assert "お申し込み中です" in page.text
    assert "2026年4月15日(水) 18:00 に、予約として受け付けます。" in page.text
    assert page.select_one(f"form[action='/my/holds/{hold}/pickup']")


@pytest.mark.parametrize("changes", [TWICE_A_DAY])
@pytest.mark.parametrize("part", [False, True])
def test_the_cart_says_before_and_after_that_holds_are_registered_later(town, reader, part):
    kokoro = town.title("こころ")
    reader.log_in("sato").post("/cart/add", bib=kokoro)

    before = reader.get("/cart").text
    page = reader.post(
        "/cart/register", status=200 if part else 303, part=part, pickup="main", contact="mail"
    )
    after = page.text if part else reader.get("/cart").text

    assert "お申し込みは、2026年4月15日(水) 18:00 に予約として受け付けます。" in before
    assert "1点のお申し込みを受け取りました" in after
    assert Hold.get().state is HoldState.APPLIED


@pytest.mark.parametrize("changes", [ONE_EXTENSION])
@pytest.mark.parametrize("part", [False, True])
def test_the_last_day_is_put_off_once_and_then_the_page_says_why_not(town, reader, part):
    hold = town.ready(town.title("届いた本"), "sato")
    before = Hold.get_by_id(hold).collect_by
    reader.log_in("sato")

    button = reader.get("/my/holds").select_one(f"form[action='/my/holds/{hold}/extend'] button")
    page = reader.post(f"/my/holds/{hold}/extend", status=200 if part else 303, part=part)
    page = page if part else reader.get(reader.went_to)

    assert "4/24(金)まで延ばす" in button.text
    assert Hold.get_by_id(hold).collect_by == before + timedelta(days=3)
    assert "取り置きの期限を延ばしました" in page.text
    assert "取り置きの期限を延ばせるのは、1回までです。" in page.text
    assert not page.select("form[action$=extend]")
    reader.post(f"/my/holds/{hold}/extend", status=409, part=part)
    assert Hold.get_by_id(hold).collect_by == before + timedelta(days=3)


@pytest.mark.parametrize("changes", [ONE_EXTENSION])
def test_nobody_keeps_a_book_from_those_who_wait(town, reader):
    bib = town.title("届いた本")
    hold = town.ready(bib, "sato")
    town.hold(bib, "tanaka")

    page = reader.log_in("sato").get("/my/holds")

    assert "次にお待ちの方が1人いるため、取り置きの期限は延ばせません。" in page.text
    reader.post(f"/my/holds/{hold}/extend", status=409)


@pytest.mark.parametrize("changes", [ONE_EXTENSION])
def test_what_was_not_collected_in_time_is_not_put_off_any_more(town, reader, clock):
    hold = town.ready(town.title("届いた本"), "sato")
    clock.forward(days=20)

    page = reader.log_in("sato").get("/my/holds")

    assert "取り置きの期限(2026年4月21日(火))が過ぎています。窓口でおたずねください。" in page.text
    reader.post(f"/my/holds/{hold}/extend", status=409)


def test_where_the_sheet_knows_no_extension_there_is_no_button_and_no_reason(town, reader):
    hold = town.ready(town.title("届いた本"), "sato")

    page = reader.log_in("sato").get("/my/holds")

    assert "延ば" not in page.text
    assert "取り置きの期限は、延ばせません。" in reader.post(f"/my/holds/{hold}/extend", status=409).text


@pytest.mark.parametrize("changes", [ONE_EXTENSION])
def test_a_strangers_last_day_is_not_put_off(town, reader):
    hold = town.ready(town.title("届いた本"), "sato")
    before = Hold.get_by_id(hold).collect_by

    reader.log_in("tanaka").post(f"/my/holds/{hold}/extend", status=404)

    assert Hold.get_by_id(hold).collect_by == before


def test_no_hold_has_its_own_words(town, reader):
    assert "いま予約している資料はありません" in reader.log_in("tanaka").get("/my/holds").text
