"""The desk sees which messages did not arrive, tells their patrons, and says so."""

import pytest
from playhouse.test_utils import count_queries

import mail
from models import Hold, MailAddress, Outbox, Patron
from rules import HoldState
from tests.cast import CARDS
from tests.reader import said
from tests.records import kinds
from undelivered import Why

PAGE = "/desk/mail"


@pytest.fixture
def smtp(post_office):
    return post_office.smtp


@pytest.fixture
def desk(reader):
    return reader.log_in_staff("ishida")


@pytest.fixture
def refused(town, policy, clock, post_office):
    """The word that Sato's hold is ready, which the server refused."""
    hold = town.ready(town.title("ひみつの本"), "sato")
    Hold.update(collect_by=None).where(Hold.id == hold).execute()
    Patron.update(phone="09000000011").where(Patron.id == town.patrons["sato"]).execute()
    mail.queue("hold_ready", town.patrons["sato"], [hold], clock())
    post_office.answers["sato@example.jp"] = "550 5.1.1 <sato@example.jp> unknown"
    post_office.postman(policy).deliver(clock())
    return hold


def rows(page) -> list[str]:
    return [" ".join(row.get_text(" ", strip=True).split()) for row in page.select("ul.scans > li")]


def test_the_list_says_whom_to_call_what_about_and_why_and_never_which_title(town, desk, refused):
    page = desk.get(PAGE)

    [row] = rows(page)
    assert row.startswith("サトウ ハナ 番号 0011 電話 09000000011 資料が用意できました 受取館: 本館")
    assert "あて先のアドレスがありません。アドレスが変わっていないか、お尋ねください。" in row
    assert "サーバーの返事: 550 5.1.1" in row and "取り置きの期限は、きょうから数えます。" in row
    assert page.select_one("ul.scans a")["href"] == f"/desk/patrons/{town.patrons['sato']}"
    assert "ひみつの本" not in str(page)


def test_the_button_begins_the_days_of_the_shelf_and_takes_the_row_off(town, desk, refused):
    action = desk.get(PAGE).select_one("ul.scans form")["action"]
    desk.post(action)
    assert desk.went_to == PAGE
    page = desk.get(PAGE)

    assert "一覧から消しました。" in said(page) and "届かなかったお知らせは、ありません。" in said(page)
    assert (Hold.get_by_id(refused).collect_by - town.today).days == 7
    before = kinds()
    desk.post(action)
    assert kinds() == before, "pressed twice, or by two clerks"


def test_the_first_page_of_the_desk_has_the_number_and_only_where_there_is_one(
    town, desk, clock, policy, post_office
):
    link = f'a[href="{PAGE}"]'
    assert not desk.get("/desk").select(link)
    mail.queue("address_changed", town.patrons["sato"], [1], clock())
    post_office.answers["sato@example.jp"] = "550 5.2.2 full"
    post_office.postman(policy).deliver(clock())

    assert desk.get("/desk").select_one(link).text == "届かなかったお知らせが1通あります。"
    desk.post("/desk/scan", code=CARDS["sato"][0])
    assert not desk.get("/desk").select(link), "while somebody stands at the desk there is no time for it"


def test_list_and_first_page_ask_as_little_however_many_there_are(town, desk, clock):
    asked = []
    for n in range(2):
        for number in range(30 * n, 30 * n + 30):
            mail.queue("address_changed", town.patrons["sato"], [number], clock())
        Outbox.update(reason="late", tried_at=clock()).execute()
        counts = []
        for address in (PAGE, "/desk"):
            with count_queries() as counter:
                desk.get(address)
            counts.append(counter.count)
        asked.append(counts)

    assert asked[0] == asked[1] and max(asked[1]) <= 4


def test_a_long_list_says_that_it_is_the_first_part(town, desk, clock):
    for number in range(105):
        mail.queue("address_changed", town.patrons["sato"], [number], clock())
    Outbox.update(reason="late").execute()

    page = desk.get(PAGE)
    assert len(rows(page)) == 100 and "はじめの100通を出しています。" in said(page)


@pytest.mark.parametrize("reason", [*Why, "refused 550", "not_allowed 550 5.7.1"])
def test_each_reason_has_its_words_for_the_desk_and_for_the_patron(town, desk, clock, reason):
    mail.queue("address_changed", town.patrons["kato"], [1], clock())
    Outbox.update(reason=reason).execute()

    [row] = rows(desk.get(PAGE))
    assert "カトウ ジュン 番号 0016 電話番号なし お知らせの送り先が変わりました" in row
    desk.log_out_staff()
    assert desk.log_in("kato").browser.get("/my/data.csv").status_code == 200


def test_patron_and_desk_see_at_the_address_that_the_last_mail_did_not_arrive(town, desk, refused, app):
    page = said(desk.get(f"/desk/patrons/{town.patrons['sato']}"))
    assert "2026年4月15日(水) 12:01のメールは、sato@example.jp に届きませんでした。" in page
    assert "届きませんでした" not in said(desk.get(f"/desk/patrons/{town.patrons['tanaka']}"))
    desk.log_out_staff()

    sato = desk.log_in("sato")
    assert "前回のメールが届きませんでした。アドレスをお確かめください。" in said(sato.get("/my"))
    assert "お送りしましたが、届きませんでした。" in said(sato.get("/my/contact"))
    sato.log_out()
    assert "届きませんでした" not in said(sato.log_in("tanaka").get("/my"))


def test_an_address_that_messages_do_not_go_to_is_no_worry_on_the_first_page(town, desk, refused, clock):
    town.address(town.patrons["sato"], "new@example.jp")
    desk.log_out_staff()

    assert MailAddress.get(MailAddress.address == "sato@example.jp").delivery == "refused"
    assert "届きませんでした" not in said(desk.log_in("sato").get("/my"))


def test_a_patron_who_takes_the_own_data_along_reads_why_a_message_did_not_arrive(town, desk, refused):
    desk.log_out_staff()

    file = desk.log_in("sato").browser.get("/my/data.csv").get_data().decode("utf-8-sig")
    assert "届かなかったわけ,あて先のアドレスがない" in file.replace('"', "")


class TestWithoutAServer:
    @pytest.fixture
    def smtp(self):
        return None

    def test_the_page_leads_to_the_hold_shelf_and_lists_nothing_that_was_never_to_be_sent(
        self, town, desk, clock
    ):
        hold = town.ready(town.title("こころ"), "sato")
        mail.queue("hold_ready", town.patrons["sato"], [hold], clock())
        clock.forward(minutes=20)

        page = desk.get(PAGE)
        assert "メールを送らない設定です。" in said(page) and rows(page) == []
        assert page.select_one("main p.note a")["href"] == "/desk/shelf"
        assert Hold.get_by_id(hold).state is HoldState.READY
