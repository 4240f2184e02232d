"""The hold shelf as a clerk sees it: what to fetch, to send, to hand out, to put away, and each hold."""

from datetime import timedelta

import pytest

import jobs
from models import Event, Hold, Item, Outbox
from rules import HoldState, ItemState
from tests.cast import CARDS
from tests.reader import said, scans
from tests.records import barcode

NAMES_ON_SLIPS = (("[hold.shelf]", '[hold.shelf]\nslip = "name"'),)


def lists(page) -> dict[str, str]:
    """What stands under each heading of the shelf."""
    rows = page.main.select("ul.scans")
    return {h2.text: ul.text for h2, ul in zip(page.main.select("h2"), rows, strict=True)}


# -- the hold shelf ----------------------------------------------------------------------------------------


def test_the_shelf_shows_what_is_over_what_is_kept_and_what_is_coming(town, desk, clock):
    over, kept, coming = (town.title(title) for title in ("過ぎた本", "待つ本", "来る本"))
    late = town.ready(over, "sato")
    Hold.update(collect_by=town.today - timedelta(days=1)).where(Hold.id == late).execute()
    town.ready(kept, "tanaka")
    on_its_way = town.hold(coming, "kato", HoldState.IN_TRANSIT, item=Item.get(Item.bib == coming).id)

    page = desk.get("/desk/shelf")

    lists = dict(zip([h2.text for h2 in page.main.select("h2")], page.main.select("ul.scans"), strict=True))
    assert [title for title in lists] == ["期限の過ぎた取り置き", "取り置き中", "こちらへ回送中"]
    assert "過ぎた本" in lists["期限の過ぎた取り置き"].text and "0011" in lists["期限の過ぎた取り置き"].text
    assert "待つ本" in lists["取り置き中"].text and "来る本" in lists["こちらへ回送中"].text
    assert not any(name in page.text for name in ("サトウ", "タナカ", "カトウ"))
    desk.get(f"/desk/shelf/{on_its_way}/slip")


def test_telling_a_patron_starts_the_shelf_and_their_own_page_says_until_when(town, desk, reader):
    kokoro = town.title("こころ")
    hold = town.hold(kokoro, "sato")
    desk.post("/desk/return/scan", code=barcode(kokoro))

    assert "まだ連絡していません" in desk.get("/desk/shelf").text
    desk.post(f"/desk/shelf/{hold}/told")
    page = desk.get("/desk/shelf")

    assert "連絡した日として、きょうを記録しました。" in page.text and "4/22(水)まで" in page.text
    assert "まだ連絡していません" not in page.text
    reader.log_in("sato")
    assert "本館で 2026年4月22日(水)まで" in reader.get("/my/holds").text


def test_a_number_that_is_no_ready_hold_is_not_there(town, desk):
    hold = town.hold(town.title("こころ"), "sato")

    desk.post(f"/desk/shelf/{hold}/told", status=404)
    desk.get(f"/desk/shelf/{hold}/slip", status=404)
    desk.get("/desk/shelf/99/slip", status=404)


def test_an_empty_shelf_says_so(desk):
    assert "取り置いている資料はありません。" in desk.get("/desk/shelf").text


# -- fetching from the shelves -----------------------------------------------------------------------------


def pulled(page) -> list[str]:
    return [" ".join(row.get_text(" ", strip=True).split()) for row in page.select("ol.scans > li")]


def test_the_list_to_fetch_goes_along_the_shelf_and_counts_each_piece_once(town, desk):
    second = town.title("門", call_number="914 ナ")
    first = town.title("こころ", call_number="913.6 ナ", copies=3)
    for name in ("sato", "tanaka"):
        town.hold(first, name)
    town.hold(second, "sato")

    page = desk.get("/desk/pull")

    assert [row.split()[2] for row in pulled(page)] == ["こころ", "こころ", "門"]
    assert len({row.split()[3] for row in pulled(page)}) == 3


@pytest.mark.parametrize(
    "columns", [{"not_for_loan": True}, {"state": ItemState.MISSING}, {"call_number": "R 813 コ"}]
)
def test_what_cannot_serve_is_not_fetched(town, desk, columns):
    town.hold(town.title("こころ", **columns), "sato")

    assert "棚から取り出す資料はありません。" in desk.get("/desk/pull").text


def test_what_is_out_set_aside_or_only_applied_for_is_not_fetched(town, desk):
    out, aside, applied = (town.title(title) for title in ("出ている本", "取り置きの本", "申し込みの本"))
    town.lend(out, "mori")
    town.hold(out, "sato")
    town.ready(aside, "tanaka")
    town.hold(aside, "sato")
    town.hold(applied, "sato", HoldState.APPLIED)

    assert pulled(desk.get("/desk/pull")) == []


def test_a_hold_is_served_from_where_it_is_collected_and_each_branch_has_its_own_list(town, desk):
    kokoro = town.title("こころ")
    town.copy(kokoro, "east")
    town.hold(kokoro, "sato")
    Hold.update(pickup_branch="east").execute()

    assert pulled(desk.get("/desk/pull")) == []
    town.hold(kokoro, "tanaka")
    [row] = pulled(desk.get("/desk/pull"))
    assert "こころ" in row


def test_what_was_fetched_and_scanned_is_no_longer_on_the_list(town, desk):
    kokoro = town.title("こころ")
    town.hold(kokoro, "sato")
    assert len(pulled(desk.get("/desk/pull"))) == 1

    desk.post("/desk/return/scan", code=barcode(kokoro))

    assert pulled(desk.get("/desk/pull")) == []
    assert scans(desk.get("/desk/return"))[0].startswith("予約があります。この館の取り置き棚へ")


# -- what the night has changed ----------------------------------------------------------------------------


def test_in_the_morning_the_slip_of_what_went_to_the_next_is_changed(policy, town, desk, clock):
    kokoro = town.title("こころ")
    first, second = town.ready(kokoro, "sato"), town.hold(kokoro, "tanaka")
    clock.forward(days=7)
    jobs.run(policy, clock())
    desk.log_in_staff("ishida")

    morning = lists(desk.get("/desk/shelf"))
    slip = desk.get(desk_goes_to(desk, f"/desk/shelf/{second}/slip"))

    assert "末尾 0012" in morning["予約票を差しかえる資料"] and "0011" not in morning["取り置き中"]
    assert slip.select_one(".huge").text == CARDS["tanaka"][0][-4:]
    assert "予約票を差しかえる資料" not in lists(desk.get("/desk/shelf"))
    desk.get(f"/desk/shelf/{first}/slip", status=404)


def desk_goes_to(desk, address: str) -> str:
    desk.post(address)
    return desk.went_to


def test_what_nobody_waits_for_is_on_the_list_to_shelve_until_it_is_scanned(policy, town, desk, clock):
    kokoro = town.title("こころ")
    town.ready(kokoro, "sato")
    clock.forward(days=7)
    jobs.run(policy, clock())
    desk.log_in_staff("ishida")

    assert "こころ" in lists(desk.get("/desk/shelf"))["棚に戻す資料"]
    desk.post("/desk/return/scan", code=barcode(kokoro))

    assert "取り置いている資料はありません。" in desk.get("/desk/shelf").text
    assert Item.get().to_shelve_at is None


def test_what_is_lent_from_the_list_to_shelve_is_off_it(policy, town, desk, clock):
    town.ready(town.title("こころ"), "sato")
    clock.forward(days=7)
    jobs.run(policy, clock())
    desk.log_in_staff("ishida")

    desk.post("/desk/scan", code=CARDS["tanaka"][0])
    desk.post("/desk/scan", code=Item.get().barcode)

    assert Item.get().to_shelve_at is None and "棚に戻す資料" not in desk.get("/desk/shelf").text


def test_what_is_wanted_again_before_it_is_shelved_is_fetched_from_the_hold_shelf(policy, town, desk, clock):
    kokoro = town.title("こころ", branch="east")
    town.ready(kokoro, "sato")
    clock.forward(days=7)
    jobs.run(policy, clock())
    town.hold(kokoro, "tanaka")
    desk.log_in_staff("ishida")

    [row] = scans(desk.get("/desk/pull"))

    assert "こころ" in row and "取り置き棚にあります。" in row


# -- between the branches ----------------------------------------------------------------------------------


def test_what_leaves_is_listed_by_where_it_goes_and_what_comes_by_itself(town, desk):
    going, coming = town.title("行く本"), town.title("来る本", branch="east")
    town.hold(going, "sato")
    Hold.update(pickup_branch="east").execute()
    desk.post("/desk/return/scan", code=barcode(going))
    item = Item.get(Item.bib == coming).id
    town.hold(coming, "tanaka", HoldState.IN_TRANSIT, item=item, sent_from="east")

    page = desk.get("/desk/transfers")

    headings = [" ".join(h2.text.split()) for h2 in page.main.select("h2")]
    assert headings == ["東分館へ 1点", "こちらへ回送中 1点"]
    assert ["行く本" in scans(page)[0], "来る本" in scans(page)[1]] == [True, True]
    assert "サトウ" not in page.text and "末尾 0011" in scans(page)[0]
    assert "東分館から" in desk.get("/desk/shelf").text


def test_what_cannot_travel_is_kept_at_the_main_library_and_its_patron_is_told(town, desk):
    """Source document 1: 受取館が本館に変更となる場合 (A23)."""
    kokoro = town.title("大きな本")
    hold = town.hold(kokoro, "sato")
    Hold.update(pickup_branch="east").execute()
    desk.post("/desk/return/scan", code=barcode(kokoro))
    assert desk.get("/desk/return").select_one(f"a[href='/desk/holds/{hold}']")

    desk.post(f"/desk/holds/{hold}/pickup", pickup="main")
    page = desk.get(desk.went_to)

    assert "受取館を変えました。ご本人にお知らせします。" in page.text
    assert Hold.get().pickup_branch == "main"
    assert [(row.kind, row.patron_id) for row in Outbox.select()] == [
        ("pickup_changed", town.patrons["sato"])
    ]
    desk.post("/desk/return/scan", code=barcode(kokoro))
    assert Hold.get().state is HoldState.READY


# -- one hold ----------------------------------------------------------------------------------------------


def test_the_desk_sees_the_holds_of_the_patron_who_stands_there(town, desk):
    town.ready(town.title("門"), "sato")
    town.hold(town.title("こころ"), "sato")
    town.hold(town.title("草枕"), "tanaka")
    desk.get("/desk/holds", status=303)

    desk.post("/desk/scan", code=CARDS["sato"][0])
    page = desk.get("/desk/holds")

    assert "予約中の資料 2点" in desk.get("/desk").text
    assert [a.text for a in page.select("ul.scans a")] == ["門", "こころ"]


def test_a_ready_hold_is_cancelled_at_the_desk_and_goes_to_the_next(town, desk):
    kokoro = town.title("こころ")
    first, second = town.ready(kokoro, "sato"), town.hold(kokoro, "tanaka")

    sure = desk.get(f"/desk/holds/{first}/cancel")
    desk.post(f"/desk/holds/{first}/cancel", at="phone")
    page = desk.get(desk.went_to)

    assert "次に待っている方がいれば、その方の取り置きになります。" in sure.text
    assert "予約を取り消しました" in page.text and "末尾 0012" in lists(page)["予約票を差しかえる資料"]
    assert [hold.state for hold in Hold.select().order_by(Hold.id)] == [HoldState.CANCELLED, HoldState.READY]
    assert [(row.kind, row.channel) for row in Event.select()] == [
        ("hold_cancelled", "phone"),
        ("hold_ready", "phone"),
    ]
    assert Hold.get_by_id(second).item_id == Item.get().id


DESK_ONLY = (('cancel.phone = ["applied", "waiting", "in transit", "ready"]', 'cancel.phone = ["waiting"]'),)


@pytest.mark.parametrize("changes", [DESK_ONLY])
def test_what_may_be_cancelled_only_in_person_is_refused_by_phone_with_where_it_can(town, desk):
    hold = town.ready(town.title("こころ"), "sato")

    by_phone = desk.get(f"/desk/holds/{hold}?at=phone")
    refused = desk.post(f"/desk/holds/{hold}/cancel", status=409, at="phone")
    in_person = desk.get(f"/desk/holds/{hold}")

    cancel = f"a[href^='/desk/holds/{hold}/cancel']"
    assert (
        not by_phone.select(cancel) and "窓口" in by_phone.select_one("[aria-labelledby=cancel-title]").text
    )
    assert refused.select_one(".problem") and in_person.select_one(cancel)
    assert Hold.get().state is HoldState.READY


def test_a_ready_hold_that_is_put_back_is_first_again_and_its_piece_is_kept_for_nobody(town, desk):
    kokoro = town.title("こころ")
    first, second = town.ready(kokoro, "sato"), town.hold(kokoro, "tanaka")

    desk.post(f"/desk/holds/{first}/put-back")
    page = desk.get(desk.went_to)
    desk.post(f"/desk/holds/{first}/put-back")  # a second press

    hold = Hold.get_by_id(first)
    assert "待ちに戻しました。" in page.text and "1番目(2人中)" in page.text
    assert (hold.state, hold.item, hold.ready_on, hold.collect_by) == (HoldState.WAITING, None, None, None)
    assert Hold.get_by_id(second).state is HoldState.WAITING
    assert [row.kind for row in Event.select()] == ["hold_put_back"]
    desk.post("/desk/scan", code=CARDS["suzuki"][0])
    desk.post("/desk/scan", code=barcode(kokoro))  # kept for nobody: whoever stands there may have it


def test_an_application_cannot_be_put_back_and_what_has_ended_is_not_there(town, desk):
    hold = town.hold(town.title("こころ"), "sato", HoldState.APPLIED)

    page = desk.post(f"/desk/holds/{hold}/put-back", status=409)

    assert "まだ受付の前です" in page.select_one(".problem").text
    gone = {"state": HoldState.CANCELLED, "closed_at": town.clock(), "patron": None, "bib": None}
    Hold.update(gone).execute()
    for address in ("", "/cancel"):
        desk.get(f"/desk/holds/{hold}{address}", status=404)
    for action in ("cancel", "pickup", "extend", "put-back"):
        desk.post(f"/desk/holds/{hold}/{action}", status=404)


def test_an_unknown_branch_is_refused_and_nothing_changes(town, desk):
    hold = town.hold(town.title("こころ"), "sato")

    page = desk.post(f"/desk/holds/{hold}/pickup", status=409, pickup="north")

    assert page.select_one(".problem") and Hold.get().pickup_branch == "main"
    assert Event.select().count() == Outbox.select().count() == 0


# -- slips -------------------------------------------------------------------------------------------------


def test_a_slip_shows_the_end_of_the_number_and_never_the_name(town, desk):
    hold = town.ready(town.title("こころ"), "sato")

    for address in (f"/desk/shelf/{hold}/slip", "/desk/shelf", "/desk/transfers"):
        assert "サトウ" not in desk.get(address).text
    assert desk.get(f"/desk/shelf/{hold}/slip").select_one(".huge").text == "0011"


@pytest.mark.parametrize("changes", [NAMES_ON_SLIPS])
def test_where_the_library_wants_it_a_slip_shows_the_name(town, desk):
    hold = town.ready(town.title("こころ"), "sato")

    assert desk.get(f"/desk/shelf/{hold}/slip").select_one(".huge").text == "サトウ ハナ"
    assert "サトウ ハナ 様" in lists(desk.get("/desk/shelf"))["取り置き中"]


@pytest.mark.parametrize(
    "changes", [(("[password]", '[[notice]]\nby = "phone"\nshows = ["branch", "how many"]\n\n[password]'),)]
)
def test_what_may_be_said_in_a_call_stands_above_those_who_are_to_be_told(reader, town):
    desk = reader.log_in_staff("ishida")
    assert "お電話で" not in said(desk.get("/desk/shelf"))

    town.ready(town.title("こころ"), "sato")

    assert "取り置き中 お電話でお伝えできるのは、点数、受取館です。" in said(desk.get("/desk/shelf"))


def test_where_the_rules_say_nothing_of_calls_the_page_says_nothing(reader, town):
    town.ready(town.title("こころ"), "sato")

    assert "お電話で" not in said(reader.log_in_staff("ishida").get("/desk/shelf"))
