"""My holds: places, the hold shelf, another branch, and giving a place up."""

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


def test_no_hold_has_its_own_words(town, reader):
    assert "いま予約している資料はありません" in reader.log_in("tanaka").get("/my/holds").text
