"""What is kept, said to everybody; what is kept of one patron, to take along; and the account deleted."""

import csv
import io
import json
import re
import threading
from datetime import timedelta

import pytest

import activation
import alerts
import circulation
import mail
import own_data
import patrons
import shelf
from models import Activation, Alert, CartEntry, Hold, Login, Outbox, Patron, ShelfEntry, db
from rules import AlertTerms, Channel, HoldState
from tests.cast import CARDS, PASSWORD
from tests.reader import Reader, said
from tests.records import kinds
from wording import messages

CARD = CARDS["sato"][0]
LENGTHS = (
    (
        "[password]",
        "[privacy]\nended_holds = { days = 60 }\nevents = { months = 18 }\nbackups = { days = 35 }\n\n"
        "[password]",
    ),
    ("[card]\n", "[card]\nforget_after = { years = 10 }\n"),
)


@pytest.fixture
def sato(town, reader):
    return reader.log_in("sato")


def table(page) -> dict[str, str]:
    """Until when each thing is kept."""
    return {row.th.text.split("(")[0]: row.td.text for row in page.select("table.told tbody tr")}


# -- the page for everybody --------------------------------------------------------------------------------


def test_everybody_reads_what_is_kept_and_the_numbers_are_those_of_the_policy_and_the_program(app, reader):
    page = reader.get("/privacy")

    until = table(page)
    assert until["予約した資料"].endswith("終わってから14日まで。")
    assert until["窓口などで何をしたかの記録"].startswith("1年。")
    assert until["利用券の登録"] == "窓口で削除するまで。"
    assert until["ログインの失敗の回数"].startswith("1日。")
    assert until["使用中のログイン"].endswith("12時間です。")
    assert "7日で消えます" in until["予約カートの中身"]
    assert until["今度読みたい本"] == "ご自分ではずすか、Webの登録を消すまで。"
    assert "ログインは、30分何もしないと切れます。続けて使っても12時間までです。" in said(page)
    assert "「shiori」という名前のCookie" in said(page)
    assert "その写しを捨てると、写しからもなくなります。" in said(page)


@pytest.mark.parametrize("changes", [LENGTHS])
def test_another_librarys_numbers_stand_there_too_and_on_the_page_of_rules(app, reader):
    page = reader.get("/privacy")

    until = table(page)
    assert until["予約した資料"].endswith("終わってから60日まで。")
    assert until["窓口などで何をしたかの記録"].startswith("18か月。")
    assert until["利用券の登録"].endswith("そのあと10年のあいだご利用がないときは、すべて削除します。")
    assert "写しは35日で捨てるので" in said(page)
    rules_page = said(reader.get("/rules"))
    assert "終わってから60日のあいだ、ご本人のページで見られます。" in rules_page


def test_no_length_is_written_in_a_sentence_where_it_could_become_untrue():
    sentences = {key: text for key, text in messages("ja").items() if key.startswith("privacy.")}

    assert len(sentences) > 50
    assert [
        key for key, text in sentences.items() if re.search(r"[2-9]|\d\d|\d(時間|日|年|か月|週間)", text)
    ] == []


def test_one_cookie_is_all_that_a_browser_is_given(sato, town):
    sato.post("/cart/add", bib=town.title("こころ"))
    sato.get("/my/data")

    assert [cookie.key for cookie in sato.browser._cookies.values()] == ["shiori"]


@pytest.mark.parametrize("address", ["/", "/rules", "/register/code", "/privacy"])
def test_the_page_is_a_link_away(app, town, reader, address):
    assert reader.get(address).select('a[href="/privacy"]')


# -- ended holds -------------------------------------------------------------------------------------------


def test_a_patron_sees_what_became_of_a_hold_for_two_weeks(sato, town, clock, policy):
    kokoro, mon = town.title("こころ"), town.title("門", hidden=True)
    holds = town.hold(kokoro, "sato"), town.hold(mon, "sato")
    circulation.cancel_hold(policy, town.patrons["sato"], holds[0], Channel.DESK, clock())
    Hold.update(state=HoldState.EXPIRED, closed_at=clock()).where(Hold.id == holds[1]).execute()

    page = sato.get("/my/holds")

    assert "予約中の資料はありません" in said(page) or not page.select("ul.holds")
    ended = [" ".join(row.get_text(" ", strip=True).split()) for row in page.select("#holds ul.entries > li")]
    assert ended == [
        "門 2026年4月15日(水)に、期限が過ぎたため終わりました。",
        "こころ 2026年4月15日(水)に取り消されました。",
    ]
    assert page.select(f'a[href="/bibs/{kokoro}"]') and not page.select(f'a[href="/bibs/{mon}"]')
    assert "終わってから14日のあいだ表示し" in said(page)

    clock.to(town.today + timedelta(days=14))
    assert sato.log_in("sato").get("/my/holds").select("#holds ul.entries > li")
    clock.to(town.today + timedelta(days=1))
    assert not sato.log_in("sato").get("/my/holds").select("#holds ul.entries > li"), "before the jobs, too"


def test_nobody_sees_the_ended_holds_of_another_and_neither_does_the_desk(app, town, clock, policy):
    hold = town.hold(town.title("こころ"), "sato")
    circulation.cancel_hold(policy, town.patrons["sato"], hold, Channel.WEB, clock())

    assert "こころ" not in Reader(app).log_in("tanaka").get("/my/holds").text
    desk = Reader(app).log_in_staff("ishida")
    desk.get(f"/desk/holds/{hold}", status=404)
    assert "こころ" not in desk.get(f"/desk/patrons/{town.patrons['sato']}").text


# -- one's own data ----------------------------------------------------------------------------------------


@pytest.fixture
def rich(sato, town, clock, policy):
    """Sato has something of everything."""
    number = town.patrons["sato"]
    more = {"phone": "0312345678", "marks": "音訳\n弁償", "kana_name": "=サトウ ハナ"}
    more["unwanted"] = "card_expires\ndue_soon"
    Patron.update(more).where(Patron.id == number).execute()
    town.lend(town.title("こころ"), "sato")
    town.lend(town.title("それから"), "sato")
    town.hold(town.title("門"), "sato")
    hold = town.hold(town.title("草枕"), "sato")
    circulation.cancel_hold(policy, number, hold, Channel.WEB, clock())
    circulation.put_in_cart(number, [town.title("三四郎")], clock())
    shelf.put(number, town.title("明暗"), "=姉のすすめ", clock())
    alerts.register(number, AlertTerms(author="=夏目", ndc="913", branch="east"), clock())
    mail.queue("hold_registered", number, [1], clock())
    Activation.insert(patron=number, code_hash="secret-hash", expires_at=clock()).execute()
    town.lend(town.title("坊っちゃん"), "tanaka")
    return sato


def as_csv(browser) -> list[list[str]]:
    browser.get("/my/data.csv")
    return list(csv.reader(io.StringIO(browser.response.get_data().decode("utf-8-sig"))))


def test_a_patron_takes_everything_along_as_a_table(rich):
    lines = as_csv(rich)

    assert lines[0] == ["分類", "項目", "内容"]
    told = {(section, fact): value for section, fact, value in lines[1:]}
    assert told["利用券の登録", "番号"] == CARD
    assert told["利用券の登録", "名前のよみ"] == "'=サトウ ハナ", "no cell is a formula"
    assert told["利用券の登録", "利用者区分"] == "町内在住"
    assert told["利用券の登録", "窓口で付けた印"] == "音訳、弁償"
    assert told["利用券の登録", "最後にご利用になった月"] == "2026-04"
    assert (
        told["Webの登録", "メールアドレス"] == "sato@example.jp" and told["Webの登録", "パスワード"] == "あり"
    )
    declined = "利用券の有効期限が近づきました、返却期限日が近づきました"
    assert told["Webの登録", "受け取らないお知らせ"] == declined
    assert told["借りている資料 1", "題名"] == "こころ" and told["借りている資料 2", "題名"] == "それから"
    assert told["借りている資料 1", "返却期限日"] == "2026年4月22日(水)"
    assert told["予約中の資料", "題名"] == "門" and told["終わった予約", "題名"] == "草枕"
    assert told["終わった予約", "いまの様子"] == "取り消されました"
    assert told["予約カート", "題名"] == "三四郎" and told["ログイン", "機器の種類"] == "そのほかの機器"
    assert told["今度読みたい本", "題名"] == "明暗" and told["今度読みたい本", "メモ"] == "'=姉のすすめ"
    assert told["新着資料案内", "著者"] == "'=夏目" and told["新着資料案内", "分類番号"] == "913"
    assert told["新着資料案内", "館"] == "東分館"
    assert told["お送りする前のお知らせ", "何のお知らせか"] == "予約を受け付けました"
    assert "坊っちゃん" not in str(lines)


def test_a_patron_takes_everything_along_for_programs_and_no_secret(rich):
    rich.get("/my/data.json")

    text = rich.response.get_data(as_text=True)
    told = json.loads(text)
    assert told["card"][0]["card_number"] == CARD and told["card"][0]["phone"] == "0312345678"
    assert [loan["title"] for loan in told["loans"]] == ["こころ", "それから"]
    assert told["loans"][0]["due_on"] == "2026-04-22"
    assert told["ended_holds"][0]["closed_at"].endswith("+09:00") and told["holds"][0]["state"] == "waiting"
    stored = Patron.get_by_id(Patron.get(Patron.card_number == CARD).id).password_hash
    secrets = [stored, "secret-hash", *(login.token_hash for login in Login.select())]
    assert not any(secret in text for secret in secrets) and "坊っちゃん" not in text


@pytest.mark.parametrize("name", ["data.csv", "data.json"])
def test_a_file_names_nobody_and_is_kept_nowhere(sato, name):
    sato.get(f"/my/{name}")

    headers = sato.response.headers
    assert headers["Content-Disposition"] == f"attachment; filename=my-{name}"
    assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_counts_what_there_is(rich):
    page = said(rich.get("/my/data"))

    assert "借りている資料 2点 予約中の資料 1件 終わった予約 1件 予約カート 1点 " in page
    assert "今度読みたい本 1点 読書記録の設定 0件 読書記録 0件 読書の目標 0件 新着資料案内 1件" in page
    assert rich.get("/my").select('a[href="/my/data"]')


def test_every_table_with_something_of_a_patron_is_in_the_file_and_in_the_deletion(database):
    """A new table that points at the patron has to be thought of here, in own_data.py and in patrons.py."""
    pointing = {
        table
        for (table,) in db.execute_sql("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        if any(key[2] == "patron" for key in db.execute_sql(f'PRAGMA foreign_key_list("{table}")'))
    }

    assert pointing == {
        "loan",
        "hold",
        "cart_entry",
        "shelf_entry",
        "reading_record",
        "alert",
        "login",
        "activation",
        "outbox",
        "mail_address",
        "ticket",
    }


# -- the account deleted -----------------------------------------------------------------------------------


def delete(browser, status: int = 303, password: str = PASSWORD):
    browser.get("/my/data/delete")
    return browser.post("/my/data/delete", status=status, password=password)


def test_before_it_is_done_the_page_says_what_goes_and_what_stays(rich):
    page = said(rich.get("/my/data/delete"))

    assert (
        "メールアドレス 1件 ログイン 1件(この機器も含みます) "
        "予約カートの資料 1点 今度読みたい本 1点 新着資料案内の条件 1件 終わった予約の表示 1件" in page
    )
    assert "まだお送りしていないお知らせ 1件" in page
    assert "借りている資料 2点。期限までにお返しください。 予約 1件。順番は変わりません。" in page
    assert "資料が用意できても、メールではお知らせできません。" in page
    assert kinds() == ["hold_cancelled"], "looking deletes nothing"


def test_who_has_nothing_on_hold_is_not_warned(sato):
    page = said(sato.get("/my/data/delete"))

    assert "お知らせできません" not in page and "0点。期限まで" not in page


def test_the_account_goes_everywhere_and_the_card_its_loans_and_open_holds_stay(app, rich, town):
    elsewhere = Reader(app).log_in("sato")

    delete(rich)

    sato = Patron.get_by_id(town.patrons["sato"])
    assert (sato.password_hash, sato.mail, sato.pickup_branch, sato.unwanted) == (None, None, None, "")
    assert (sato.card_number, sato.phone, len(own_data.everything(sato.id, Channel.WEB)["loans"])) == (
        CARD,
        "0312345678",
        2,
    )
    assert [
        table.select().count() for table in (CartEntry, ShelfEntry, Alert, Login, Outbox, Activation)
    ] == [0] * 6
    states = {hold.state: (hold.patron_id, hold.bib_id is None) for hold in Hold.select()}
    assert states == {HoldState.WAITING: (sato.id, False), HoldState.CANCELLED: (None, True)}
    assert kinds()[-1] == "account_deleted"
    assert rich.went_to == "/privacy" and "Webの登録を消しました。" in said(rich.get("/privacy"))
    assert "Webの登録を消しました。" not in said(rich.get("/privacy"))
    for browser in (rich, elsewhere):
        browser.get("/my", status=303)
    rich.token = None
    rich.post("/login", status=401, card=CARD, password=PASSWORD)


def test_a_wrong_password_deletes_nothing_and_many_wrong_ones_wait(sato, town):
    page = delete(sato, status=401, password="違うことば 2026")
    assert "いまのパスワードが違います。" in said(page) and Patron.get_by_id(town.patrons["sato"]).mail
    delete(sato, status=422, password="")
    for _ in range(4):
        delete(sato, status=401, password="違うことば")

    page = delete(sato, status=429)

    assert "秒" in said(page) and Patron.get_by_id(town.patrons["sato"]).password_hash
    assert "account_deleted" not in kinds()


def test_the_tries_are_counted_with_those_of_the_password_page(sato):
    for _ in range(5):
        sato.get("/my/security")
        new = "あたらしい ことば 2026"
        sato.post("/my/security", status=401, old="違うことば", password=new, again=new)

    delete(sato, status=429)


def test_a_form_that_is_sent_again_does_nothing(app, sato, town, clock):
    sato.get("/my/data/delete")
    form = {"csrf_token": sato.token, "password": PASSWORD}
    delete(sato)
    before = kinds()

    again = sato.browser.post("/my/data/delete", data=form)

    assert again.status_code in (303, 400) and kinds() == before
    assert own_data.delete_account(town.patrons["sato"], PASSWORD, clock()) is False and kinds() == before


def test_of_two_who_delete_at_once_one_finds_it_done(town, clock):
    together, done = threading.Barrier(2), []

    def browser():
        db.connect(reuse_if_open=True)
        together.wait()
        done.append(own_data.delete_account(town.patrons["sato"], PASSWORD, clock()))
        db.close()

    browsers = [threading.Thread(target=browser) for _ in range(2)]
    for one in browsers:
        one.start()
    for one in browsers:
        one.join(30)

    assert sorted(done) == [False, True] and kinds() == ["account_deleted"]


def test_afterwards_a_code_from_the_desk_opens_it_again(app, sato, town, clock, policy):

    delete(sato)
    given = activation.give_code(policy, town.patrons["sato"], clock(), "1")
    sato.token = None
    sato.get("/register/code")
    sato.post("/register/code", card=CARD, code=given.code, password=PASSWORD, again=PASSWORD)

    assert "0点" in said(sato.get("/my")) and patrons.belongings(town.patrons["sato"]).logins == 1
