"""The calendar at the desk: closures with what they move, exceptional openings, events, taking them back."""

from datetime import date, timedelta

import pytest
from playhouse.test_utils import count_queries

import calendar_changes
from models import CalendarEntry, Event, Hold, Item, Loan
from opening import Calendar
from rules import CalendarPlan, DayKind
from tests.cast import CARDS
from tests.reader import said

MONTH, CONFIRM = "/desk/calendar", "/desk/calendar/confirm"
THURSDAY, FRIDAY, MONDAY = date(2026, 4, 23), date(2026, 4, 24), date(2026, 4, 27)
LOANS_STAY = ('[loan]\non_closed = "next open day"', '[loan]\non_closed = "keep"')
DEADLINES_STAY = (
    'on_closed = "next open day"\n',
    'on_closed = "keep"\n',
)  # of the hold shelf: the loans' line has a remark
ONLY_MONDAYS = (
    (
        'closed = ["monday", "12-28..01-04"]       # 「last',
        'closed = ["monday"]       # 「last',
    ),
)


def cell(page, day: date):
    return next(td for td in page.select(".plan td:has(.n)") if td.select_one(".n").text == str(day.day))


def events(kind: str) -> int:
    return Event.select().where(Event.kind == kind).count()


def entries() -> list[tuple]:
    fields = CalendarEntry.branch, CalendarEntry.day, CalendarEntry.kind, CalendarEntry.label
    return list(CalendarEntry.select(*fields).order_by(CalendarEntry.id).tuples())


def asked(
    kind: str, first: date | str, last: date | str = "", branch: str = "", label: str = "蔵書点検"
) -> dict:
    return {"kind": kind, "first": str(first), "last": str(last), "branch": branch, "label": label}


@pytest.fixture
def confirm(desk):
    """The page that says what a form would do."""

    def confirm(status: int = 200, **form):
        address = "&".join(f"{name}={value}" for name, value in form.items())
        return desk.get(f"{CONFIRM}?{address}", status=status)

    return confirm


@pytest.fixture
def out(town):
    """Loans due on the same Thursday, two at the main library and one in the east; a hold to collect."""
    due_in = (THURSDAY - town.today).days
    hold = town.ready(town.title("門"), "tanaka")
    Hold.update(collect_by=THURSDAY).where(Hold.id == hold).execute()
    return {
        "main": town.lend(town.title("こころ"), "sato", due_in=due_in, renewals=1),
        "too": town.lend(town.title("三四郎"), "tanaka", due_in=due_in),
        "east": town.lend(town.title("草枕", branch="east"), "sato", due_in=due_in, branch="east"),
        "hold": hold,
    }


def ends(out) -> dict[str, date]:
    days = {name: Loan.get_by_id(number).due_on for name, number in out.items() if name != "hold"}
    return days | {"hold": Hold.get_by_id(out["hold"]).collect_by}


# -- who may -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [None, "sato"])
def test_anyone_reads_the_month_and_only_the_staff_changes_it(town, reader, out, who):
    if who:
        reader.log_in(who)
    kept = CalendarEntry.insert(day=FRIDAY, kind="event", label="おはなし会").execute()

    assert "おはなし会" in reader.get("/calendar").text
    for address in (MONTH, CONFIRM, f"{MONTH}/{kept}/remove"):
        reader.get(address, status=303)
        assert reader.went_to.startswith("/desk/login")
    reader.post(MONTH, **asked("closed", THURSDAY))
    assert reader.went_to.startswith("/desk/login")
    reader.post(f"{MONTH}/{kept}/remove")
    assert reader.went_to.startswith("/desk/login")

    assert entries() == [(None, FRIDAY, "event", "おはなし会")]
    assert set(ends(out).values()) == {THURSDAY} and Event.select().count() == 0


# -- the month ---------------------------------------------------------------------------------------------


def test_a_month_says_of_each_day_what_it_is_and_what_ends_on_it(desk, out):
    CalendarEntry.insert(day=date(2026, 4, 16), kind="closed", label="図書整理日").execute()
    CalendarEntry.insert(day=date(2026, 4, 17), kind="closed", branch="east", label="停電").execute()
    CalendarEntry.insert(day=date(2026, 4, 20), kind="open", label="特別開館").execute()
    CalendarEntry.insert(day=date(2026, 4, 25), kind="event", label="おはなし会").execute()

    page = desk.get(MONTH)

    assert page.h1.text == "開館カレンダー 2026年4月"
    assert "定期休館" in cell(page, date(2026, 4, 13)).text
    assert cell(page, date(2026, 4, 16)).select_one(".state-of-day").text == "休館"
    assert "図書整理日" in cell(page, date(2026, 4, 16)).text
    assert cell(page, date(2026, 4, 17)).select_one(".state-of-day").text == "東分館は休館"
    assert "特別開館" in cell(page, date(2026, 4, 20)).text
    assert cell(page, date(2026, 4, 20)).select_one(".state-of-day") is None
    assert "おはなし会" in cell(page, date(2026, 4, 25)).text
    assert "昭和の日" in cell(page, date(2026, 4, 29)).text
    assert cell(page, THURSDAY).select_one(".ends").get_text(" ", strip=True) == "貸出 3 取り置き 1"
    assert "こころ" not in page.text and "サトウ" not in page.text


def test_a_month_of_one_branch_shows_its_own_days_and_numbers(desk, out):
    CalendarEntry.insert(day=date(2026, 4, 17), kind="closed", branch="east", label="停電").execute()

    main, east = desk.get(f"{MONTH}?branch=main"), desk.get(f"{MONTH}?branch=east")

    assert cell(main, THURSDAY).select_one(".ends").get_text(" ", strip=True) == "貸出 2 取り置き 1"
    assert cell(east, THURSDAY).select_one(".ends").get_text(" ", strip=True) == "貸出 1"
    assert "停電" not in main.text
    assert cell(east, date(2026, 4, 17)).select_one(".state-of-day").text == "休館"
    assert east.select_one(".at-branch [aria-current]").text == "東分館"


def test_each_day_leads_to_the_form_with_that_day_filled_in(desk):
    page = desk.get(f"{MONTH}?month=2026-05&branch=east")

    page = desk.get(cell(page, date(2026, 5, 14)).a["href"])

    assert page.select_one("#first")["value"] == "2026-05-14"
    assert page.select_one("#branch [selected]")["value"] == "east"
    assert page.select_one("[autofocus]")["id"] == "kind-closed"
    later = page.select(".paging a")[1]["href"]
    assert desk.get(later).h1.text == "開館カレンダー 2026年6月"


@pytest.mark.parametrize(
    "query",
    ["month=2026-13", "month=", "month=9999-12", "branch=north", "day=x", "day=9999-12-31", "month=%00"],
)
def test_an_address_that_asks_for_nothing_there_is_shows_this_month(desk, query):
    assert desk.get(f"{MONTH}?{query}").h1.text == "開館カレンダー 2026年4月"


def test_a_month_and_a_confirmation_ask_the_database_a_few_things_however_much_there_is(
    town, desk, confirm, out
):
    for n in range(12):
        town.lend(town.title("本", branch="west"), "sato", due_in=n, branch="west")
        CalendarEntry.insert(day=town.today + timedelta(days=n), kind="event", label="会").execute()

    with count_queries() as month:
        desk.get(MONTH)
    with count_queries() as confirmation:
        confirm(**asked("closed", THURSDAY, THURSDAY + timedelta(days=20)))

    assert month.count <= 10 and confirmation.count <= 10


def test_the_place_of_the_calendar_is_among_what_is_seldom_needed(desk):
    assert desk.get("/desk/more").select_one(f'a[href="{MONTH}"]').text == "開館カレンダー"


# -- closing -----------------------------------------------------------------------------------------------


def test_before_a_closure_its_effect_is_shown_by_branch_and_nothing_is_changed(confirm, out):
    page = confirm(**asked("closed", THURSDAY))

    assert page.h1.text == "休館にします"
    assert "貸出 3件と取り置き 1件の期限を、次の開館日に移します。" in said(page)
    by_branch = {
        part.h3.text: [" ".join(line.text.split()) for line in part.select("li")]
        for part in page.select(".effects section")
    }
    assert by_branch == {
        "本館": ["4/23(木)が期限の貸出 2件 → 4/24(金)", "4/23(木)が期限の取り置き 1件 → 4/24(金)"],
        "東分館": ["4/23(木)が期限の貸出 1件 → 4/24(金)"],
    }
    assert "こころ" not in page.text and "サトウ" not in page.text
    assert entries() == [] and set(ends(out).values()) == {THURSDAY} and Event.select().count() == 0


def test_a_closure_moves_what_was_announced_and_says_so(desk, confirm, out):
    page = confirm(**asked("closed", THURSDAY))
    fields = {field["name"]: field["value"] for field in page.select("main form input")}

    desk.post(MONTH, **{name: value for name, value in fields.items() if name != "csrf_token"})

    assert set(ends(out).values()) == {FRIDAY}
    assert Loan.get_by_id(out["main"]).renewals == 1
    assert entries() == [(None, THURSDAY, "closed", "蔵書点検")]
    assert (events("calendar_closed"), events("loan_moved"), events("deadline_moved")) == (1, 3, 1)
    page = desk.get(desk.went_to)
    assert "すべての館の2026年4月23日(木)を休館にしました。" in said(page)
    assert "貸出 3件と取り置き 1件の期限を、次の開館日に移しました。" in said(page)
    assert "休館にしました" not in said(desk.get(MONTH)), "it is said once"


def test_a_closure_of_one_branch_moves_nothing_elsewhere(desk, confirm, out):
    page = confirm(**asked("closed", THURSDAY, branch="east"))
    assert "貸出 1件と取り置き 0件の期限を、次の開館日に移します。" in said(page)

    desk.post(MONTH, **asked("closed", THURSDAY, branch="east"))

    assert ends(out) == {"main": THURSDAY, "too": THURSDAY, "hold": THURSDAY, "east": FRIDAY}
    assert entries() == [("east", THURSDAY, "closed", "蔵書点検")]
    assert "東分館の2026年4月23日(木)を休館にしました。" in said(desk.get(desk.went_to))


def test_a_closure_of_several_days_goes_over_the_closed_monday_and_writes_only_days_that_change(
    desk, confirm, out
):
    page = confirm(**asked("closed", THURSDAY, MONDAY))
    assert "もとから休館の1日を除いた、4日を休館にします。" in said(page)

    desk.post(MONTH, **asked("closed", THURSDAY, MONDAY))

    assert set(ends(out).values()) == {MONDAY + timedelta(days=1)}
    assert [day for _, day, _, _ in entries()] == [THURSDAY + timedelta(days=n) for n in range(4)]
    assert events("calendar_closed") == 1


@pytest.mark.parametrize("changes", [ONLY_MONDAYS])
def test_a_closure_over_new_year_goes_on_to_the_first_open_day_after_the_monday(town, desk, clock):
    clock.to(date(2026, 12, 16))
    desk.log_out_staff()
    desk.log_in_staff("ishida")
    loans = [town.lend(town.title("本"), "sato", due_in=n) for n in (12, 13, 14, 18, 20)]
    before = [Loan.get_by_id(loan).due_on for loan in loans]
    assert before == [
        date(2026, 12, 28),
        date(2026, 12, 29),
        date(2026, 12, 30),
        date(2027, 1, 3),
        date(2027, 1, 5),
    ]

    desk.post(MONTH, **asked("closed", "2026-12-29", "2027-01-03", branch="main", label="年末年始"))

    tuesday = date(2027, 1, 5)  # after the closing Monday
    assert [Loan.get_by_id(loan).due_on for loan in loans] == [tuesday] * 5
    assert len(entries()) == 6


@pytest.mark.parametrize(
    ("changes", "loan_on", "hold_on", "sentences"),
    [
        ((), FRIDAY, FRIDAY, []),
        ((LOANS_STAY,), THURSDAY, FRIDAY, ["利用のきまりで、返却期限日は休館日でも動かしません。"]),
        ((DEADLINES_STAY,), FRIDAY, THURSDAY, ["利用のきまりで、取り置きの期限は休館日でも動かしません。"]),
        (
            (LOANS_STAY, DEADLINES_STAY),
            THURSDAY,
            THURSDAY,
            [
                "移る期限はありません。",
                "利用のきまりで、返却期限日は休館日でも動かしません。",
                "利用のきまりで、取り置きの期限は休館日でも動かしません。",
            ],
        ),
    ],
)
def test_what_the_sheet_keeps_on_closed_days_stays_and_the_page_says_so(
    desk, confirm, out, loan_on, hold_on, sentences
):
    page = confirm(**asked("closed", THURSDAY))
    every = {
        "移る期限はありません。",
        *(f"利用のきまりで、{what}は休館日でも動かしません。" for what in ("返却期限日", "取り置きの期限")),
    }
    assert {sentence for sentence in every if sentence in said(page)} == set(sentences)

    desk.post(MONTH, **asked("closed", THURSDAY))

    assert ends(out) == {"main": loan_on, "too": loan_on, "east": loan_on, "hold": hold_on}


def test_a_library_that_is_closed_for_years_keeps_the_dates_and_lists_them(desk, confirm, out):
    for n in range(1, 1500):
        CalendarEntry.insert(day=THURSDAY + timedelta(days=n), kind="closed", label="改築").execute()

    page = confirm(**asked("closed", THURSDAY))
    assert "4/23(木)が期限の貸出 2件 1年より先まで開館日がないため、そのままです" in said(page)
    assert "移る期限はありません。" not in said(page)
    desk.post(MONTH, **asked("closed", THURSDAY))

    assert set(ends(out).values()) == {THURSDAY}
    assert "1年より先まで開館日がないため、期限を移せないものが4件あります。" in said(desk.get(desk.went_to))


def test_what_would_move_is_what_moves(town, clock, policy, out):
    plan = CalendarPlan(DayKind.CLOSED, THURSDAY - timedelta(days=3), MONDAY, None, "台風")
    town.lend(town.title("本"), "sato", due_in=9)

    announced = calendar_changes.would_move(policy, plan, clock())
    done = calendar_changes.put_on_calendar(policy, plan, clock(), "1").followed.moved

    assert sorted((one.kind, one.day, one.later) for one in announced for _ in range(one.n)) == sorted(
        (one.kind, one.before, one.after) for one in done
    )
    assert len(done) == 5


# -- opening and events ------------------------------------------------------------------------------------


def test_an_exceptional_opening_moves_nothing_and_the_page_says_so(desk, confirm, out, policy):
    page = confirm(**asked("open", MONDAY, label="特別開館"))
    assert "すでに決まっている期限は動きません。" in said(page)

    desk.post(MONTH, **asked("open", MONDAY, label="特別開館"))

    assert entries() == [(None, MONDAY, "open", "特別開館")] and set(ends(out).values()) == {THURSDAY}
    assert Calendar(policy, MONDAY).of("main").is_open(MONDAY)
    assert events("calendar_opened") == 1 and events("loan_moved") == 0
    assert "臨時開館にしました。 移した期限はありません。" in said(desk.get(desk.went_to))


@pytest.mark.parametrize(("opened", "due_on"), [(False, date(2026, 5, 12)), (True, date(2026, 5, 11))])
def test_what_would_be_due_on_a_monday_is_due_on_the_next_open_day_unless_that_monday_is_opened(
    town, desk, clock, opened, due_on
):
    piece = Item.get(Item.bib == town.title("こころ")).barcode
    if opened:
        desk.post(MONTH, **asked("open", "2026-05-11", branch="main"))
    clock.to(date(2026, 4, 27))  # two weeks before Monday, 11 May
    desk.log_in_staff("ishida")

    desk.post("/desk/scan", code=CARDS["sato"][0])
    desk.post("/desk/scan", code=piece)

    assert Loan.get().due_on == due_on


def test_an_event_is_shown_to_patrons_and_moves_nothing(town, desk, confirm, out):
    form = asked("event", "2026-04-25", "2026-04-26", label="  古本\u3000市 \x00")
    assert "開館日も期限も変わりません。" in said(confirm(**{**form, "label": "古本市"}))

    desk.post(MONTH, **form)

    assert [(day, label) for _, day, _, label in entries()] == [
        (date(2026, 4, 25), "古本 市"),
        (date(2026, 4, 26), "古本 市"),
    ]
    assert "古本 市" in desk.get("/calendar").text and set(ends(out).values()) == {THURSDAY}
    assert events("calendar_event") == 1


def test_an_event_may_be_of_yesterday(town, desk):
    desk.post(MONTH, **asked("event", town.today - timedelta(days=1), label="おはなし会"))

    assert len(entries()) == 1


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (asked("closed", MONDAY), "2026年4月27日(月)は、すでに休館です。"),
        (asked("open", THURSDAY), "2026年4月23日(木)は、すでに開館です。"),
        (asked("open", THURSDAY, FRIDAY), "2026年4月23日(木)から2026年4月24日(金)までは、すでに開館です。"),
        (asked("closed", "2026-05-01", branch="east"), "2026年5月1日(金)は、すでに休館です。"),
        (asked("event", "2026-05-02", label="古本市"), "2026年5月2日(土)には、同じ催しがすでにあります。"),
        (
            asked("closed", "2026-05-11"),
            "臨時開館にしてある日は、休館にできません(2026年5月11日(月))。先に臨時開館を取り消してください。",
        ),
    ],
)
def test_a_day_that_is_so_already_is_refused_and_not_doubled(desk, confirm, form, sentence):
    CalendarEntry.insert(day=date(2026, 5, 1), kind="closed", branch="east", label="停電").execute()
    CalendarEntry.insert(day=date(2026, 5, 2), kind="event", label="古本市").execute()
    CalendarEntry.insert(day=date(2026, 5, 11), kind="open", branch="east", label="特別開館").execute()

    shown, posted = confirm(409, **form), desk.post(MONTH, status=409, **form)

    for page in (shown, posted):
        assert sentence in said(page) and "何も変わっていません" in said(page)
        assert page.select_one("#first")["value"] == form["first"]
        assert page.select_one("[name=kind][checked]")["value"] == form["kind"]
    assert len(entries()) == 3 and Event.select().count() == 0


def test_a_form_that_is_sent_twice_closes_once(desk, out):
    desk.post(MONTH, **asked("closed", THURSDAY))
    desk.post(MONTH, status=409, **asked("closed", THURSDAY))

    assert len(entries()) == 1 and set(ends(out).values()) == {FRIDAY}
    assert (events("calendar_closed"), events("loan_moved")) == (1, 3)


def test_a_day_that_another_clerk_closed_meanwhile_is_refused(desk, confirm, clock, policy, out):
    confirm(**asked("closed", THURSDAY, branch="main"))
    plan = CalendarPlan(DayKind.CLOSED, THURSDAY, THURSDAY, None, "台風")
    calendar_changes.put_on_calendar(policy, plan, clock(), "2")

    page = desk.post(MONTH, status=409, **asked("closed", THURSDAY, branch="main"))

    assert "すでに休館です。" in said(page) and len(entries()) == 1


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        (asked("closed", "2026-04-14"), "first", "過ぎた日の開館と休館は変えられません。"),
        (asked("open", "2026-04-13"), "first", "過ぎた日の開館と休館は変えられません。"),
        (asked("closed", "2026-04-14", "2026-04-16"), "first", "きょうか、それより後の日を入れてください。"),
        (asked("closed", "2026-04-20", "2026-06-19"), "last", "一度に入れられるのは60日までです。"),
        (asked("closed", "2026-04-24", "2026-04-23"), "last", "終わりの日は、始めの日か"),
        (asked("closed", "9999-12-31"), "first", "前後5年まで"),
        (asked("event", "0001-01-01"), "first", "前後5年まで"),
        (asked("closed", "1000-01-01", "9999-12-31"), "first", "過ぎた日の開館と休館は変えられません。"),
        (asked("closed", ""), "first", "始めの日を入れてください。"),
        (asked("closed", "あした"), "first", "日付として読み取れませんでした。"),
        (asked("closed", "2026-02-30"), "first", "日付として読み取れませんでした。"),
        (asked("closed", "2026-04-23", "x"), "last", "日付として読み取れませんでした。"),
        (asked("event", THURSDAY, label=" 　\x00"), "label", "催しの名前を入れてください。"),
        (asked("closed", THURSDAY, label="長" * 61), "label", "名前は60字までで入れてください。"),
        (asked("closed", THURSDAY, branch="north"), "branch", "館を選んでください。"),
        (asked("shut", THURSDAY), "kind", "休館、臨時開館、催しのどれかを選んでください。"),
        ({}, "first", "始めの日を入れてください。"),
    ],
)
def test_a_form_that_cannot_be_meant_comes_back_with_the_reason_at_the_field(
    desk, out, form, field, sentence
):
    page = desk.post(MONTH, status=422, **form)

    assert sentence in page.select_one(f"#{field}-error").text
    assert entries() == [] and set(ends(out).values()) == {THURSDAY} and Event.select().count() == 0
    assert page.select_one("#label")["value"] == form.get("label", "").strip(" 　\x00")


def test_a_confirmation_refuses_what_saving_would(confirm):
    page = confirm(422, **asked("closed", "2026-04-14"))

    assert page.select_one("#first-error") and page.select_one("#first[aria-invalid][autofocus]")
    confirm(422)


def test_a_name_with_markup_is_shown_as_it_was_typed(desk):
    desk.post(MONTH, **asked("event", THURSDAY, label="<b>{{7*7}}"))

    page = desk.get(desk.went_to)
    assert "<b>{{7*7}}" in page.text and not page.select(".plan b")


# -- the library's day -------------------------------------------------------------------------------------


def test_today_can_be_closed_to_its_last_minute_and_no_longer(town, desk, clock):
    """What counts is the day in Japan: 15:00 in UTC is midnight there."""
    loan = town.lend(town.title("こころ"), "sato", due_in=0)
    clock.to(town.today, hour=23)
    clock.forward(minutes=59)
    desk.log_in_staff("ishida")
    today = town.today

    desk.post(MONTH, **asked("closed", today, branch="main"))
    clock.forward(minutes=1)
    desk.post(MONTH, status=422, **asked("closed", today, branch="east"))

    assert town.today == today + timedelta(days=1)
    assert Loan.get_by_id(loan).due_on == town.today and len(entries()) == 1


def test_what_is_due_today_is_overdue_from_midnight_in_japan(town, reader, clock):
    town.lend(town.title("こころ"), "sato", due_in=0)
    clock.to(town.today, hour=23)
    clock.forward(minutes=59)
    late = "返却期限を過ぎた資料が 1点 あります"

    assert late not in reader.log_in("sato").get("/").text
    clock.forward(minutes=1)
    assert late in reader.get("/").text


# -- taking back -------------------------------------------------------------------------------------------


def test_a_closure_that_is_taken_back_leaves_the_dates_where_they_are(desk, out):
    desk.post(MONTH, **asked("closed", THURSDAY))
    [entry] = CalendarEntry.select()

    page = desk.get(desk.get(MONTH).select_one(".entry a")["href"])
    assert "2026年4月23日(木)の休館を取り消します。動かした期限は、元に戻りません。" in said(page)
    assert len(entries()) == 1, "nothing is taken back by looking"
    desk.post(f"{MONTH}/{entry.id}/remove")

    assert entries() == [] and set(ends(out).values()) == {FRIDAY}
    assert events("calendar_entry_removed") == 1
    assert "すべての館の2026年4月23日(木)の休館を取り消しました。 移した期限はありません。" in said(
        desk.get(desk.went_to)
    )


def test_an_opening_that_is_taken_back_moves_what_was_made_due_on_that_day(town, desk, out):
    desk.post(MONTH, **asked("open", MONDAY, branch="main"))
    loan = town.lend(town.title("本"), "sato", due_in=(MONDAY - town.today).days)
    [entry] = CalendarEntry.select()

    page = desk.get(f"{MONTH}/{entry.id}/remove")
    assert "4/27(月)が期限の貸出 1件 → 4/28(火)" in said(page)
    desk.post(f"{MONTH}/{entry.id}/remove")

    assert Loan.get_by_id(loan).due_on == MONDAY + timedelta(days=1)
    assert events("loan_moved") == 1 and set(ends(out).values()) == {THURSDAY}


def test_an_entry_that_is_gone_is_not_found(desk):
    entry = CalendarEntry.insert(day=THURSDAY, kind="event", label="会").execute()
    desk.post(f"{MONTH}/{entry}/remove")

    desk.get(f"{MONTH}/{entry}/remove", status=404)
    desk.post(f"{MONTH}/{entry}/remove", status=404)
    desk.get(f"{MONTH}/x/remove", status=404)

    assert events("calendar_entry_removed") == 1


def test_what_was_done_stands_in_the_record(desk, reader, out):
    desk.post(MONTH, **asked("closed", THURSDAY, branch="east"))
    desk.post(MONTH, **asked("open", MONDAY))
    desk.post(MONTH, **asked("event", FRIDAY))
    desk.post(f"{MONTH}/{CalendarEntry.get(CalendarEntry.kind == 'event').id}/remove")
    desk.log_out_staff()
    reader.log_in_staff("murakami")

    rows = [
        " ".join(row.get_text(" ", strip=True).split()[2:])
        for row in reader.get("/desk/admin/audit").select("tbody tr")
    ]

    assert rows == [
        "カレンダーの取り消し 石田 窓口",
        "催しの追加 石田 窓口",
        "臨時開館の追加 石田 窓口",
        f"返却期限日の移動(休館日のため) 石田 {out['east']}",
        "休館日の追加 石田 窓口",
    ]
