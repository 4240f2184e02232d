"""The notices on the home page as the desk writes them."""

from datetime import date, timedelta

import pytest

from models import Notice
from tests.reader import Reader, said
from tests.records import kinds

LIST, NEW = "/desk/notices", "/desk/notices/new"
BODY = "　次の日は、お休みします。\n\n・5月11日(月)\n・5月12日(火)"
FILLED = {"title": "空調の工事", "body": BODY, "from_on": "2026-04-15", "until_on": "2026-04-29"}


@pytest.fixture
def hang(town):
    """A notice that hangs from one day to another, counted from today."""

    def hang(title, from_in=0, until_in=14):
        days = [town.today + timedelta(days=n) for n in (from_in, until_in)]
        return Notice.insert(title=title, body="…", from_on=days[0], until_on=days[1]).execute()

    return hang


@pytest.mark.parametrize("who", [None, "sato"])
def test_a_stranger_and_a_patron_write_no_notices(reader, hang, who):
    if who:
        reader.log_in(who)
    notice = hang("お休み")

    for address in (LIST, NEW, f"{LIST}/{notice}", f"{LIST}/{notice}/remove"):
        reader.get(address, status=303)
        assert reader.went_to.startswith("/desk/login")
    for address in (NEW, f"{LIST}/{notice}", f"{LIST}/{notice}/remove"):
        reader.post(address, **FILLED)
        assert reader.went_to.startswith("/desk/login")

    assert [one.title for one in Notice.select()] == ["お休み"] and kinds() == []


def test_a_new_notice_runs_for_two_weeks_unless_somebody_says_otherwise(desk):
    page = desk.get(NEW)

    days = [page.select_one(f"#{name}")["value"] for name in ("from_on", "until_on")]
    assert days == ["2026-04-15", "2026-04-29"]
    assert page.select_one("[autofocus]")["id"] == "title"


def test_a_notice_is_shown_on_the_home_page_with_its_lines(app, desk):
    desk.post(NEW, **{**FILLED, "body": BODY.replace("\n", "\r\n") + " \r\n\r\n"})

    notice = Notice.get()
    assert (notice.title, notice.body) == ("空調の工事", BODY)
    assert (notice.from_on, notice.until_on) == (date(2026, 4, 15), date(2026, 4, 29))
    assert kinds() == ["notice_added"]
    text = Reader(app).get("/").select_one("details .as-typed")
    assert text.text == BODY
    assert "お知らせを保存しました。" in said(desk.get(desk.went_to))


def test_both_days_are_days_on_which_it_is_shown(app, desk, clock):
    desk.post(NEW, **{**FILLED, "from_on": "2026-04-16", "until_on": "2026-04-17"})

    shown = []
    for day in (15, 16, 17, 18):
        clock.to(date(2026, 4, day))
        shown.append(len(Reader(app).get("/").select("summary")))

    assert shown == [0, 1, 1, 0]


def test_the_list_tells_what_runs_what_comes_and_what_is_past(desk, hang):
    hang("もっと前", -19, -11)
    hang("過ぎた", -9, -1)
    hang("きょうまで", -3, 0)
    hang("きょうから", 0, 3)
    hang("あさって", 2, 3)
    hang("あした", 1, 9)

    page = desk.get(LIST)

    listed = {
        heading.text: [title.text for title in heading.find_next("ul").select("strong")]
        for heading in page.select("h2")
    }
    assert listed == {
        "掲示中": ["きょうから", "きょうまで"],
        "これから": ["あした", "あさって"],
        "終わったもの": ["過ぎた", "もっと前"],
    }
    assert "新しいものから" not in said(page)


def test_of_the_past_only_the_last_are_listed(desk, hang):
    for n in range(31):
        hang(f"お休み{n}", -50, -n - 1)

    page = desk.get(LIST)

    assert len(page.select(".entry")) == 30 and "新しいものから30件です。" in said(page)
    assert "いま掲示しているお知らせはありません。" in said(page)


def test_a_notice_is_changed_and_an_unchanged_one_notes_nothing(desk, hang):
    notice = hang("お休み")
    page = desk.get(f"{LIST}/{notice}")
    same = {
        "title": page.select_one("#title")["value"],
        "body": page.select_one("#body").text.removeprefix("\n"),
        "from_on": page.select_one("#from_on")["value"],
        "until_on": page.select_one("#until_on")["value"],
    }

    desk.post(f"{LIST}/{notice}", **same)
    assert kinds() == []
    desk.post(f"{LIST}/{notice}", **FILLED)

    changed = Notice.get()
    assert (changed.id, changed.title, changed.body) == (notice, "空調の工事", BODY)
    assert kinds() == ["notice_changed"]


def test_a_form_that_is_sent_twice_hangs_one_notice(desk):
    desk.post(NEW, **FILLED)
    desk.post(NEW, **FILLED)

    assert Notice.select().count() == 1 and kinds() == ["notice_added"]


def test_a_notice_is_deleted_only_after_it_was_shown_once_more(desk, hang):
    notice, other = hang("お休み"), hang("古本市", 3)

    page = desk.get(f"{LIST}/{notice}/remove")
    assert "いま利用者のページに出ているお知らせです。 削除すると、元に戻せません。" in said(page)
    assert "いまは利用者のページに出ていません。" in said(desk.get(f"{LIST}/{other}/remove"))
    assert Notice.select().count() == 2
    desk.post(f"{LIST}/{notice}/remove")

    assert [one.title for one in Notice.select()] == ["古本市"] and kinds() == ["notice_removed"]
    assert "お知らせを削除しました。" in said(desk.get(desk.went_to))


def test_a_notice_that_is_gone_is_not_found(desk, hang):
    notice = hang("お休み")
    desk.post(f"{LIST}/{notice}/remove")

    for address in (f"{LIST}/{notice}", f"{LIST}/{notice}/remove", f"{LIST}/x"):
        desk.get(address, status=404)
    desk.post(f"{LIST}/{notice}", status=404, **FILLED)
    desk.post(f"{LIST}/{notice}/remove", status=404)

    assert kinds() == ["notice_removed"]


@pytest.mark.parametrize(
    ("filled", "field", "sentence"),
    [
        ({"title": " 　\x00"}, "title", "見出しを入れてください。"),
        ({"title": "長" * 61}, "title", "見出しは60字までで入れてください。"),
        ({"body": " \r\n\x00\r\n"}, "body", "本文を入れてください。"),
        ({"body": "長" * 1001}, "body", "本文は1,000字までで入れてください。"),
        ({"from_on": ""}, "from_on", "始めの日を入れてください。"),
        ({"until_on": ""}, "until_on", "終わりの日を入れてください。"),
        ({"until_on": "2026-02-30"}, "until_on", "日付として読み取れませんでした。"),
        ({"until_on": "2026-04-14"}, "until_on", "終わりの日は、始めの日か、それより後の日にしてください。"),
    ],
)
@pytest.mark.parametrize("change", [False, True])
def test_a_notice_that_cannot_be_meant_comes_back_as_it_was_filled_in(
    desk, hang, filled, field, sentence, change
):
    address = f"{LIST}/{hang('お休み')}" if change else NEW

    page = desk.post(address, status=422, **{**FILLED, **filled})

    assert sentence in page.select_one(f"#{field}-error").text
    assert page.select_one("[autofocus]")["id"] == field
    if field != "body":
        assert page.select_one("#body").text.removeprefix("\n") == BODY
    assert [one.title for one in Notice.select()] == (["お休み"] if change else []) and kinds() == []


def test_the_longest_notice_on_one_day_is_taken(desk):
    longest = "長" * 499 + "\r\n\r\n" + "文" * 499
    desk.post(NEW, **{**FILLED, "title": "長" * 60, "body": longest, "until_on": "2026-04-15"})

    assert len(Notice.get().body) == 1000


def test_what_nobody_sees_and_markup_do_no_harm(app, desk):
    desk.post(NEW, **{**FILLED, "title": "<b>{{7*7}}\x00", "body": "<script>\x00</script>\t\u202e終わり"})

    page = Reader(app).get("/")
    assert page.summary.text == "<b>{{7*7}}" and not page.select("details script")
    assert Notice.get().body == "<script></script> 終わり"


def test_what_was_done_stands_in_the_record(desk, reader):
    desk.post(NEW, **FILLED)
    notice = Notice.get().id
    desk.post(f"{LIST}/{notice}", **{**FILLED, "title": "工事"})
    desk.post(f"{LIST}/{notice}/remove")
    desk.log_out_staff()
    reader.log_in_staff("murakami")

    names = [row.th.text for row in reader.get("/desk/admin/audit").select("tbody tr")]

    assert names == ["お知らせの削除", "お知らせの変更", "お知らせの掲示"]
