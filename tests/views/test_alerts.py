"""The pages of 新着資料案内: registering what one wants to be told of, and stopping it by a link."""

import pytest

import alerts
import tickets
from models import Alert, Event, Patron
from rules import ALERT_WORD_AT_MOST, ALERTS_AT_MOST
from tests.reader import Reader, said

NOT_OFFERED = (("[password]", "[alerts]\noffered = false\n\n[password]"),)


@pytest.fixture
def sato(town, reader):
    return reader.log_in("sato")


def stored() -> tuple:
    return tuple(Alert.select(Alert.author, Alert.ndc, Alert.keyword, Alert.series, Alert.branch).tuples())


def test_a_patron_registers_what_is_to_be_told_and_sees_where_it_goes(sato):
    page = sato.get("/my/alerts")
    assert "sato@example.jp" in said(page) and "まだ登録してありません" in said(page)
    assert page.select('a[href="/my/alerts/new"]') and page.select('a[href="/my/contact?next=/my/alerts"]')

    sato.get("/my/alerts/new")
    sato.post(
        "/my/alerts/new", author="　夏目  漱石\x00", ndc="913", keyword="ね\tこ", series="文庫", branch="east"
    )

    assert sato.went_to == "/my/alerts"
    assert stored() == (("夏目 漱石", "913", "ね こ", "文庫", "east"),)
    page = said(sato.get("/my/alerts"))
    assert "登録しました。" in page and "1件 登録してあります" in page
    assert "著者 夏目 漱石 ジャンル 913 小説．物語 キーワード ね こ シリーズ 文庫 館 東分館" in page
    assert Event.select().count() == 0


def test_the_same_sent_twice_is_registered_once(sato):
    for _ in range(2):
        sato.post("/my/alerts/new", author="夏目漱石")

    assert Alert.select().count() == 1


def test_genres_are_picked_from_three_levels_by_name(sato):
    page = sato.get("/my/alerts/new")

    assert len(page.select("fieldset.genres > details")) == 10
    japanese = page.select_one('input[value="91"]')
    assert japanese.find_parent("details").summary.text == "9 文学" and "91 日本文学" in japanese.parent.text
    assert page.select_one('input[name="ndc"][checked]')["value"] == "" and not page.select("details[open]")
    assert not page.select('input[value="913"]'), "a thousand of them would be a heavy page"

    page = sato.post("/my/alerts/preview", status=200, ndc="91")
    assert "913 小説．物語" in page.select_one('details[open] input[value="913"]').parent.text
    assert page.select_one('input[name="ndc"][checked]')["value"] == "91" and not page.select(
        'input[value="490"]'
    )


def test_without_an_address_it_says_what_to_do_first(app, town):
    kato = Reader(app).log_in("kato")

    for address in ("/my/alerts", "/my/alerts/new"):
        page = kato.get(address)
        assert "先にメールアドレスを登録してください" in said(page)
        assert page.select('a[href^="/my/contact?next="]') and not page.select('input[name="author"]')
    kato.post("/my/alerts/new", status=409, author="夏目")
    assert Alert.select().count() == 0


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "どれか1つを入れてください"),
        ({"branch": "east"}, "どれか1つを入れてください"),
        ({"author": "　"}, "どれか1つを入れてください"),
        ({"author": "・・"}, "文字か数字を入れてください"),
        ({"keyword": "あ" * (ALERT_WORD_AT_MOST + 1)}, "100文字までです(いま101文字)"),
        ({"ndc": "9x"}, "ジャンルを選びなおしてください"),
        ({"author": "森", "branch": "north"}, "館を選びなおしてください"),
    ],
)
def test_what_says_nothing_comes_back_filled_in_with_a_sentence(sato, fields, sentence):
    page = sato.post("/my/alerts/new", status=422, **{"series": "", **fields})
    assert sentence in said(page) and Alert.select().count() == 0
    sato.post("/my/alerts/preview", status=422, **fields)
    if fields.get("keyword"):
        assert page.select_one("#keyword")["value"] == fields["keyword"]


def test_there_are_thirty_and_not_one_more(sato, town, clock):
    Alert.insert_many(
        [
            {"patron": town.patrons["sato"], "author": f"著者{n}", "added_at": clock()}
            for n in range(ALERTS_AT_MOST)
        ]
    ).execute()

    page = said(sato.post("/my/alerts/new", status=409, author="夏目"))

    assert "30件まで登録できます" in page and Alert.select().count() == ALERTS_AT_MOST
    assert not sato.get("/my/alerts").select('a[href="/my/alerts/new"]')


def test_before_it_is_registered_it_says_what_it_would_have_found(sato, town):
    town.title("門", by="夏目 漱石")
    town.title("雁", by="森 鷗外")

    page = sato.post("/my/alerts/preview", status=200, author="夏目")

    assert "2026年1月15日(木)からきょうまでに入った資料で、この条件に合うものは 1点です。" in said(page)
    assert [row.a.text for row in page.select("ul.found li")] == ["門"]
    assert page.select_one("#author")["value"] == "夏目" and Alert.select().count() == 0
    assert page.select_one("form.stacked")["action"] == "/my/alerts/new"
    sato.post("/my/alerts/new", author="夏目")
    assert "1点です" in said(sato.get(f"/my/alerts/{Alert.get().id}"))


def test_an_alert_is_changed_and_deleted(sato):
    sato.post("/my/alerts/new", author="夏目", ndc="913")
    sato.post("/my/alerts/new", keyword="猫")
    first, second = (alert.id for alert in Alert.select().order_by(Alert.id))
    page = sato.get(f"/my/alerts/{first}/edit")
    assert page.select_one("#author")["value"] == "夏目" and len(page.select("details[open]")) == 1
    assert page.select_one("input[name=ndc][checked]")["value"] == "913"
    page = sato.post("/my/alerts/preview", status=200, alert=str(first), author="森")
    assert page.select_one("form.stacked")["action"] == f"/my/alerts/{first}/edit"

    sato.post(f"/my/alerts/{first}/edit", author="森", ndc="")
    assert Alert.get_by_id(first).author == "森" and Alert.get_by_id(first).ndc == ""
    sato.post(f"/my/alerts/{first}/edit", status=409, keyword="猫")
    sato.post(f"/my/alerts/{first}/edit", status=422, keyword="")
    assert Alert.get_by_id(first).author == "森"

    for _ in range(2):
        sato.post(f"/my/alerts/{first}/remove")
    assert [alert.id for alert in Alert.select()] == [second]
    sato.get(f"/my/alerts/{first}", status=404)


def test_anothers_alert_is_not_there(app, sato):
    sato.post("/my/alerts/new", author="夏目")
    number = Alert.get().id
    tanaka = Reader(app).log_in("tanaka")

    for address in (f"/my/alerts/{number}", f"/my/alerts/{number}/edit"):
        tanaka.get(address, status=404)
    tanaka.post(f"/my/alerts/{number}/edit", status=404, author="森")
    tanaka.post(f"/my/alerts/{number}/remove", status=404)
    tanaka.post("/my/alerts/preview", status=404, alert=str(number), author="森")
    assert stored() == (("夏目", "", "", "", ""),)


def test_what_was_typed_outlasts_the_login(app, sato, town):
    sato.post("/my/alerts/new", keyword="犬")
    number = Alert.get().id
    sato.get("/my/alerts/new")
    app.config["CLOCK"].forward(hours=2)
    sato.post(f"/my/alerts/{number}/edit", alert=str(number), author="夏目", ndc="913")
    assert sato.went_to == "/login?next=/my/alerts/new"

    page = sato.log_in("sato").get("/my/alerts/new")

    assert page.select_one("#author")["value"] == "夏目"
    assert page.select_one('input[name="ndc"][checked]')["value"] == "913"
    assert page.select_one("form.stacked")["action"] == f"/my/alerts/{number}/edit"


def test_whose_card_has_expired_is_told_that_nothing_is_sent(app, town):
    assert "有効期限が切れているため" in said(Reader(app).log_in("ito").get("/my/alerts"))
    assert "有効期限が切れているため" not in said(Reader(app).log_in("sato").get("/my/alerts"))


def test_the_pages_are_a_link_away(sato, reader):
    for address in ("/", "/my", "/new"):
        assert sato.get(address).select('a[href="/my/alerts"]'), address


@pytest.mark.parametrize("changes", [NOT_OFFERED])
def test_a_library_may_do_without(sato):
    for address in ("/", "/my", "/new"):
        assert not sato.get(address).select('a[href="/my/alerts"]'), address
    sato.get("/my/alerts", status=404)
    sato.post("/my/alerts/new", status=404, author="夏目")
    assert "新着資料案内" not in said(sato.get("/rules"))


def test_the_rules_say_so(reader):
    assert "登録できるのは30件までです。" in said(reader.get("/rules"))


# -- the link of a mail ------------------------------------------------------------------------------------


@pytest.fixture
def link(app, sato):
    sato.post("/my/alerts/new", author="夏目")
    sato.post("/my/alerts/new", author="森")
    return f"/alerts/stop/{alerts.stop_token(app.secret_key, Alert.get(Alert.author == '夏目').id)}"


def test_the_link_stops_that_one_without_a_login_and_only_when_the_button_is_pressed(app, link, caplog):
    anybody = Reader(app)

    page = anybody.get(link)
    assert "著者 夏目" in said(page) and Alert.select().count() == 2
    assert anybody.response.headers["Cache-Control"] == "no-store"
    for _ in range(2):
        assert "止まっています" in said(anybody.post(link, status=200))
        assert [alert.author for alert in Alert.select()] == ["森"]
    assert "止まっています" in said(anybody.get(link)) and "夏目" not in said(anybody.get(link))
    assert link.rpartition("/")[2] not in "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("shiori")
    )


def test_a_made_up_link_stops_nothing(app, link):
    anybody, number = Reader(app), Alert.get().id
    of_another_kind = tickets.token(app.secret_key, number)
    signed, _, signature = link.rpartition("/")[2].rpartition(".")

    for token in (str(number), f"{signed}.{signature[::-1]}", of_another_kind, "."):
        assert "このリンクは使えません" in said(anybody.get(f"/alerts/stop/{token}", status=404))
        anybody.post(f"/alerts/stop/{token}", status=404)
    assert Alert.select().count() == 2


def test_at_a_terminal_nothing_is_left_for_the_next_patron(app, town, clock):
    Reader(app).log_in("sato").post("/my/alerts/new", author="夏目")
    clerk = Reader(app).log_in_staff("ishida")
    clerk.post("/desk/terminal")
    clerk.token = None
    page = clerk.log_in("sato").get("/my/alerts")
    assert "夏目" in said(page) and clerk.response.headers["Cache-Control"] == "no-store"
    assert clerk.get("/my/alerts/new").select_one("#author")["autocomplete"] == "off"

    clock.forward(minutes=10)
    clerk.get("/my/alerts", status=303)
    assert clerk.went_to == "/login"
    assert Patron.get_by_id(town.patrons["sato"]).mail
