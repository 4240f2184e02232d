"""What a circulation system is judged by, from the patron's phone to the desk and back, request by request.

Quotas, the queue, a return that sets a piece aside, what is ready and what becomes of it, the calendar.  Each
looks at the rows afterwards; where a library decides, both ways are told.
"""

import sqlite3
from datetime import date, timedelta

import pytest

import jobs
from models import Bib, CalendarEntry, Event, Hold, Item, Loan, db
from rules import HoldState, ItemState
from tests.cast import CARDS
from tests.reader import Reader, scans
from tests.records import barcode, kinds, owed

BOOKS = (
    "[[hold.limit]]                            # 予約できる点数(窓口とインターネットをあわせて)\n"
    'of = ["book"]\nmost = 5\n'
)
OVERALL = ((BOOKS, f"[[hold.limit]]\nmost = 3\n\n{BOOKS.replace('most = 5', 'most = 99')}"),)
NONE = ((BOOKS, BOOKS.replace("most = 5", "most = 0")),)
UNLIMITED = ((BOOKS, BOOKS.replace("most = 5", 'most = "unlimited"')),)
NO_LINE = ((BOOKS, ""),)
TWO_A_DAY = ((BOOKS, f'[[hold.limit]]\nmost = 2\nper = "day"\n\n{BOOKS}'),)
SPECIFIC = (
    (BOOKS, BOOKS.replace('["book"]', '["book"]\nwho = ["commuter"]') + "\n" + BOOKS.replace("= 5", "= 1")),
)
FROM_READY = ("keep = { weeks = 1 }", 'from = "ready"\nkeep = { weeks = 1 }')
OPEN_DAYS = ("keep = { weeks = 1 }", 'from = "ready"\nkeep = { open_days = 7 }')
WEB_CANCELS_READY = (('cancel.web = ["waiting"]', 'cancel.web = ["waiting", "ready"]'),)
OVERRULED = (("[hold]  ", '[overrule]\nreasons = ["hold limit"]\nby = "administrator"\n\n[hold]  '),)


@pytest.fixture
def web(app):
    """Somebody's phone, logged in."""

    def web(name) -> Reader:
        return Reader(app).log_in(name)

    return web


@pytest.fixture
def ask(web):
    """Somebody puts titles into the cart as far as that goes, registers them, and looks at the cart."""

    def ask(name, *bibs):
        phone = web(name)
        phone.get("/cart")
        for bib in bibs:
            phone.browser.post("/cart/add", data={"csrf_token": phone.token, "bib": bib})
        form = {"csrf_token": phone.token, "pickup": "main", "contact": "mail"}
        phone.browser.post("/cart/register", data=form)
        return phone.get("/cart")

    return ask


@pytest.fixture
def take_back(desk):
    def take_back(code):
        desk.post("/desk/return/scan", code=code)
        return scans(desk.get("/desk/return"))[0]

    return take_back


@pytest.fixture
def lend(desk):
    def lend(name, code, status=303):
        desk.post("/desk/scan", code=CARDS[name][0])
        desk.post("/desk/scan", status=status, code=code)
        return scans(desk.get("/desk"))[0]

    return lend


@pytest.fixture
def night(policy, clock):
    """So many days later, after the jobs of each night have run."""

    def night(days):
        for _ in range(days):
            clock.forward(days=1)
            jobs.run(policy, clock())

    return night


def places(bib) -> list[str]:
    """Who waits, the first first."""
    query = Hold.select().where(Hold.bib == bib, Hold.state == HoldState.WAITING)
    return [CARDS_BY_NUMBER[hold.patron.card_number] for hold in query.order_by(Hold.requested_at, Hold.id)]


CARDS_BY_NUMBER = {number: name for name, (number, *_) in CARDS.items()}


def states() -> list[HoldState]:
    return [hold.state for hold in Hold.select().order_by(Hold.id)]


# -- quotas ------------------------------------------------------------------------------------------------


def test_a_full_limit_names_itself_and_another_class_is_taken(town, ask):
    for n in range(5):
        town.hold(town.title(f"本 {n}"), "sato")

    page = ask("sato", town.title("こころ"), town.title("月刊しおり", "magazine"))

    assert "図書の予約は5点までです(予約中 5点)" in page.text
    assert [hold.bib.material for hold in Hold.select().order_by(Hold.id)][5:] == ["magazine"]


@pytest.mark.parametrize("changes", [OVERALL])
def test_the_limit_over_everything_refuses_what_its_own_class_would_take(town, ask):
    ask("sato", *(town.title(f"本 {n}") for n in range(4)))

    assert Hold.select().count() == 3


@pytest.mark.parametrize(("changes", "placed"), [(NONE, 0), (UNLIMITED, 7), (NO_LINE, 0)])
def test_none_is_none_unlimited_is_unlimited_and_no_line_is_a_refusal(town, ask, placed):
    ask("sato", *(town.title(f"本 {n}") for n in range(7)))

    assert Hold.select().count() == placed


@pytest.mark.parametrize("changes", [SPECIFIC])
def test_the_closer_line_decides_even_if_it_is_the_looser_one(town, ask):
    titles = [town.title(f"本 {n}", copies=2) for n in range(3)]

    ask("sato", *titles)
    ask("tanaka", *titles)

    by_whom = [CARDS_BY_NUMBER[hold.patron.card_number] for hold in Hold.select().order_by(Hold.id)]
    assert by_whom == ["sato", "tanaka", "tanaka", "tanaka"]


@pytest.mark.parametrize("changes", [TWO_A_DAY])
def test_what_was_asked_for_yesterday_does_not_count_today(town, ask, clock):
    clock.to(town.today, hour=23)
    ask("sato", town.title("きのうの本"))
    clock.forward(hours=2)  # in UTC it is the same day still

    ask("sato", *(town.title(f"本 {n}") for n in range(3)))

    assert Hold.select().count() == 3


@pytest.mark.parametrize("changes", [OVERRULED])
def test_a_limit_is_overruled_with_a_right_and_a_remark_and_that_is_on_record(town, reader):
    for n in range(5):
        town.hold(town.title(f"本 {n}"), "sato")
    sixth = town.title("こころ")
    asked = {"bib": sixth, "pickup": "main", "contact": "mail", "remark": "調べもののため"}

    reader.log_in_staff("ishida").post("/desk/scan", code=CARDS["sato"][0])
    reader.post("/desk/hold", status=403, **asked)
    reader.log_out_staff()
    reader.log_in_staff("murakami").post("/desk/scan", code=CARDS["sato"][0])
    reader.post("/desk/hold", status=422, **{**asked, "remark": " "})
    assert Hold.select().count() == 5
    reader.post("/desk/hold", **asked)

    assert Hold.get(Hold.bib == sixth).state is HoldState.WAITING
    [event] = Event.select().where(Event.kind == "hold_placed")
    assert (event.overruled, event.remark) == ("hold limit", "調べもののため")


# -- the queue ---------------------------------------------------------------------------------------------


FIVE = ("sato", "tanaka", "suzuki", "kato", "ito")


@pytest.mark.parametrize("leaves", FIVE)
def test_five_stand_in_a_row_and_close_up_when_one_leaves(town, web, leaves):
    kokoro = town.title("こころ")
    holds = {name: town.hold(kokoro, name) for name in FIVE}
    stay = [name for name in FIVE if name != leaves]

    web(leaves).post(f"/my/holds/{holds[leaves]}/cancel")

    assert places(kokoro) == stay
    for n, name in enumerate(stay, start=1):
        assert f"{n}番目(4人中)" in web(name).get("/my/holds").text


def test_who_is_served_leaves_the_numbered_queue_and_the_count_that_visitors_see(town, web, take_back):
    kokoro = town.title("こころ")
    for name in ("sato", "tanaka", "suzuki"):
        town.hold(kokoro, name)

    take_back(barcode(kokoro))

    assert "1番目(2人中)" in web("tanaka").get("/my/holds").text
    assert "予約待ち 2人" in web("mori").get(f"/bibs/{kokoro}").text


# -- a return sets a piece aside ---------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [(FROM_READY,)])
def test_a_return_makes_the_first_ready_once_however_often_it_is_scanned(town, web, take_back):
    kokoro = town.title("こころ")
    town.lend(kokoro, "mori")
    first, second = town.hold(kokoro, "sato"), town.hold(kokoro, "tanaka")

    said = take_back(barcode(kokoro))
    again = take_back(barcode(kokoro))

    hold = Hold.get_by_id(first)
    assert "末尾 0011" in said and "末尾 0011" in again
    assert (hold.state, hold.item_id, hold.collect_by) == (
        HoldState.READY,
        Item.get().id,
        town.today + timedelta(days=7),
    )
    assert states() == [HoldState.READY, HoldState.WAITING] and owed() == ["hold_ready"]
    assert "4月22日(水)まで" in web("sato").get("/my/holds").text
    assert kinds().count("hold_ready") == 1 and second


def test_the_second_copy_goes_to_the_second_patron(town, take_back):
    kokoro = town.title("こころ", copies=2)
    for name in ("sato", "tanaka"):
        town.hold(kokoro, name)

    assert "末尾 0011" in take_back(barcode(kokoro, 0)) and "末尾 0012" in take_back(barcode(kokoro, 1))
    assert states() == [HoldState.READY, HoldState.READY]


def test_what_is_ready_for_one_is_lent_to_no_other(town, lend):
    kokoro = town.title("こころ")
    town.ready(kokoro, "sato")

    said = lend("tanaka", barcode(kokoro), status=409)

    assert "ほかの方の予約のために取り置いている資料です" in said
    assert states() == [HoldState.READY] and Loan.select().count() == 0


def test_a_visitor_may_take_a_shelf_copy_is_told_who_waits_and_the_queue_stays(town, lend):
    kokoro = town.title("こころ")
    for name in ("sato", "tanaka"):
        town.hold(kokoro, name)

    said = lend("suzuki", barcode(kokoro))

    assert "2" in said and Loan.get().patron_id == town.patrons["suzuki"]
    assert places(kokoro) == ["sato", "tanaka"] and states() == [HoldState.WAITING] * 2


@pytest.mark.parametrize("typed", ["A{}A", " {} ", "ａ{}ａ"])
def test_a_barcode_is_read_in_any_form_but_never_in_part(town, desk, take_back, typed):
    kokoro = town.title("こころ")
    town.lend(kokoro, "sato")
    code = barcode(kokoro)

    desk.post("/desk/return/scan", status=422, code=code[:-1])
    assert Loan.get().returned_at is None
    assert "返却しました" in take_back(typed.format(code))


def test_what_is_out_is_lent_to_nobody_else_and_to_its_borrower_a_renewal_is_offered(town, desk, lend):
    kokoro = town.title("こころ")
    town.lend(kokoro, "sato")

    refused = lend("tanaka", barcode(kokoro), status=409)
    again = lend("sato", barcode(kokoro))

    assert "貸出できません" in refused and "貸出済み" in again
    assert desk.get("/desk").select_one("ol.scans a[href='/desk/loans']")
    assert Loan.select().count() == 1


def test_a_missing_piece_that_is_scanned_is_found(town, take_back):
    kokoro = town.title("こころ", state=ItemState.MISSING)

    assert "見つかりました" in take_back(barcode(kokoro)) and Item.get().state is ItemState.IN_STOCK


def test_a_new_copy_for_those_who_wait_is_saved_and_its_first_scan_serves_them(town, desk, take_back):
    kokoro = town.title("こころ")
    town.lend(kokoro, "mori")
    town.hold(kokoro, "sato")
    new = {"barcode": "400000001", "branch": "main", "call_number": "913.6 ナ", "volumes": "1"}

    desk.post(f"/desk/titles/{kokoro}/items", **new)
    assert states() == [HoldState.WAITING]

    assert "末尾 0011" in take_back("400000001") and states() == [HoldState.READY]


@pytest.mark.parametrize("bound", ["loan", "hold"])
def test_a_title_that_somebody_has_or_waits_for_is_not_deleted(town, desk, bound):
    kokoro = town.title("こころ")
    town.lend(kokoro, "sato") if bound == "loan" else town.hold(kokoro, "sato")

    page = desk.post(f"/desk/titles/{kokoro}/delete", status=409)

    assert page.select_one(".problem, .reason") and Bib.select().count() == 1


def test_a_failure_in_the_middle_of_a_return_leaves_nothing_half_done(town, desk):
    kokoro = town.title("こころ")
    town.lend(kokoro, "mori")
    town.hold(kokoro, "sato")
    db.execute_sql("CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END")

    desk.post("/desk/return/scan", status=500, code=barcode(kokoro))

    assert Loan.get().returned_at is None and states() == [HoldState.WAITING] and kinds() == []
    db.execute_sql("DROP TRIGGER full")
    desk.post("/desk/return/scan", code=barcode(kokoro))
    assert Loan.get().returned_at is not None and states() == [HoldState.READY]


# -- ready, and what becomes of it -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "kept"),
    [((OPEN_DAYS,), 9), ((FROM_READY,), 7)],  # a Monday, and a day that is closed besides
)
def test_closed_days_are_counted_or_not_as_the_sheet_says(town, take_back, kept):
    kokoro = town.title("こころ")
    town.hold(kokoro, "sato")
    CalendarEntry.insert(branch="main", day=town.today + timedelta(days=3), kind="closed").execute()

    take_back(barcode(kokoro))

    assert Hold.get().collect_by == town.today + timedelta(days=kept)


@pytest.mark.parametrize("changes", [(FROM_READY,)])
def test_a_last_day_that_is_closed_goes_to_the_next_open_one(town, take_back):
    kokoro = town.title("こころ")
    town.hold(kokoro, "sato")
    CalendarEntry.insert(day=town.today + timedelta(days=7), kind="closed").execute()

    take_back(barcode(kokoro))

    assert Hold.get().collect_by == town.today + timedelta(days=8)


@pytest.mark.parametrize("changes", [(FROM_READY,)])
def test_what_is_not_collected_goes_to_the_next_in_the_night_and_is_never_free(town, web, take_back, night):
    kokoro = town.title("こころ")
    for name in ("sato", "tanaka"):
        town.hold(kokoro, name)
    take_back(barcode(kokoro))

    night(7)
    assert states() == [HoldState.READY, HoldState.WAITING]
    night(1)

    assert states() == [HoldState.EXPIRED, HoldState.READY]
    assert Hold.get(Hold.state == HoldState.READY).collect_by == town.today + timedelta(days=7)
    assert owed() == ["hold_expired", "hold_ready"]
    assert "貸出できます" not in web("mori").get(f"/bibs/{kokoro}").select_one(".items").text


@pytest.mark.parametrize("changes", [(FROM_READY,)])
def test_nothing_ends_on_a_closed_day_and_the_night_after_it_does(town, take_back, night):
    kokoro = town.title("こころ")
    town.hold(kokoro, "sato")
    take_back(barcode(kokoro))
    last = Hold.get().collect_by
    CalendarEntry.insert(day=last + timedelta(days=1), kind="closed").execute()

    night(8)
    assert states() == [HoldState.READY]
    night(1)
    assert states() == [HoldState.EXPIRED] and Item.get().to_shelve_at == "main"


def test_who_cancels_frees_a_place_under_the_limit(town, web, ask):
    holds = [town.hold(town.title(f"本 {n}"), "sato") for n in range(5)]
    web("sato").post(f"/my/holds/{holds[0]}/cancel")

    ask("sato", town.title("こころ"))

    assert states() == [HoldState.CANCELLED, *[HoldState.WAITING] * 5]


@pytest.mark.parametrize(
    ("changes", "status", "after"),
    [
        ((), 409, [HoldState.READY, HoldState.WAITING]),
        (WEB_CANCELS_READY, 303, [HoldState.CANCELLED, HoldState.READY]),
    ],
)
def test_what_is_ready_is_cancelled_on_the_web_or_not_as_the_sheet_says(town, web, desk, status, after):
    kokoro = town.title("こころ")
    first = town.ready(kokoro, "sato")
    town.hold(kokoro, "tanaka")

    web("sato").post(f"/my/holds/{first}/cancel", status=status)

    assert states() == after
    assert ("予約票を差しかえる資料" in desk.get("/desk/shelf").text) == (status == 303)


def test_once_the_last_who_waited_has_cancelled_the_copy_lends_to_anyone(town, web, lend):
    kokoro = town.title("こころ")
    first, second = town.hold(kokoro, "sato"), town.hold(kokoro, "tanaka")
    for name, hold in (("sato", first), ("tanaka", second)):
        web(name).post(f"/my/holds/{hold}/cancel")
        assert HoldState.READY not in states(), "cancelling what waits makes nobody ready"

    said = lend("suzuki", barcode(kokoro))

    assert "貸出 2026年4月29日(水)まで" in said and owed() == []


# -- while somebody else is writing ------------------------------------------------------------------------


def test_who_comes_while_another_writes_too_long_is_asked_to_try_again_and_nothing_is_lost(
    town, web, desk, database
):
    kokoro = town.title("こころ")
    loan = town.lend(kokoro, "sato", due_in=3)
    due_on, phone = Loan.get_by_id(loan).due_on, web("sato")
    phone.get("/my/loans")
    db.execute_sql("PRAGMA busy_timeout = 0")  # else each waits five seconds first
    other = sqlite3.connect(database)
    other.execute("BEGIN IMMEDIATE")

    for answer in (
        phone.post(f"/my/loans/{loan}/renew", status=503),
        desk.post("/desk/return/scan", status=503, code=barcode(kokoro)),
    ):
        assert "もう一度" in answer.text
    assert (Loan.get_by_id(loan).due_on, Loan.get_by_id(loan).returned_at) == (due_on, None)

    other.rollback()
    other.close()
    phone.post(f"/my/loans/{loan}/renew")
    assert Loan.get_by_id(loan).renewals == 1 and kinds() == ["loan_renewed"]


# -- the calendar ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "closed", "opened", "due"),
    [
        (date(2026, 4, 13), [], [], date(2026, 4, 28)),  # a Monday is closed: Tuesday
        (date(2026, 4, 13), [], [date(2026, 4, 27)], date(2026, 4, 27)),  # but not this one
        (date(2026, 12, 16), [date(2026, 12, 30)], [], date(2027, 1, 5)),  # the new year, then a Monday
    ],
)
def test_a_loan_ends_on_an_open_day(town, clock, lend, desk, day, closed, opened, due):
    clock.to(day)
    for on in closed:
        CalendarEntry.insert(day=on, kind="closed").execute()
    for on in opened:
        CalendarEntry.insert(day=on, kind="open").execute()
    desk.log_in_staff("ishida")

    lend("sato", barcode(town.title("こころ")))

    assert Loan.get().due_on == due


def test_a_loan_is_due_until_midnight_in_japan(town, web, clock):
    town.lend(town.title("こころ"), "sato", due_in=0)
    clock.to(town.today, hour=23)
    clock.forward(minutes=59)

    assert "過ぎて" not in web("sato").get("/my/loans").text
    clock.forward(minutes=1)
    assert "1日過ぎて" in web("sato").get("/my/loans").text


# -- at one terminal ---------------------------------------------------------------------------------------


def test_of_who_was_here_before_nothing_is_left_for_the_next(town, app):
    town.lend(town.title("ひみつの本"), "sato")
    town.hold(town.title("まちどおしい本"), "sato")
    terminal = Reader(app).log_in("sato")
    own = ("/my", "/my/loans", "/my/holds", "/my/contact", "/cart", "/")
    for address in own:
        terminal.get(address)
        assert terminal.response.headers["Cache-Control"] == "no-store"
    terminal.log_out()

    terminal.log_in("tanaka")

    for address in own:
        page = terminal.get(address).text
        assert "サトウ" not in page and "sato@" not in page
        assert address == "/" or not ("ひみつ" in page or "まちどおしい" in page)  # new arrivals are for all
