"""連絡方法: a patron's addresses, confirmed by a link; the phone; what is chosen for the next hold."""

import pytest

import contact
from models import Hold, MailAddress, Patron, Ticket
from rules import HoldState
from tests.cast import PASSWORD
from tests.reader import Reader, said
from tests.records import kinds

NEW = "hana@example.jp"
BOTH = {"for_contact": "y", "for_holds": "y"}


@pytest.fixture
def sato(reader):
    return reader.log_in("sato")


def addresses(name: str, town) -> list[str]:
    return [row.address for row in contact.addresses_of(town.patrons[name])]


def mail_of(name: str, town) -> str | None:
    return Patron.get_by_id(town.patrons[name]).mail


def row_of(address: str) -> int:
    return MailAddress.get(MailAddress.address == address).id


# -- a library that sends no mail --------------------------------------------------------------------------


def test_without_a_mail_server_an_address_counts_at_once(sato, town):
    sato.post("/my/contact", mail=NEW, **BOTH)

    page = sato.get(sato.went_to)
    assert "登録しました" in said(page) and addresses("sato", town) == ["sato@example.jp", NEW]
    assert mail_of("sato", town) == NEW
    assert kinds() == ["address_added", "contact_changed"]


def test_three_are_the_most_and_the_page_then_says_so(sato, town):
    for n in (1, 2):
        sato.post("/my/contact", mail=f"hana{n}@example.jp")
    page = sato.get("/my/contact")
    assert page.select_one("#mail") is None and "メールアドレスは3つまで登録できます。" in said(page)

    page = sato.post("/my/contact", status=422, mail="hana3@example.jp")
    assert page.select_one("#mail-error").text.startswith("メールアドレスは3つまで登録できます。")
    assert len(addresses("sato", town)) == 3


def test_one_that_is_there_is_not_added_again(sato, town):
    page = sato.post("/my/contact", status=422, mail="SATO@example.jp")

    assert page.select_one("#mail-error").text == "このアドレスは、すでに登録されています。"


def test_dots_side_by_side_are_warned_of_and_taken(sato, town):
    sato.post("/my/contact", mail="ha..na@example.jp", for_contact="y")

    assert "メールが届かないことがあります" in said(sato.get(sato.went_to))
    assert mail_of("sato", town) == "ha..na@example.jp"


@pytest.mark.parametrize("changes", [(('dotted_addresses = "warn"', 'dotted_addresses = "refuse"'),)])
def test_or_refused_where_the_policy_says_so(sato, town):
    page = sato.post("/my/contact", status=422, mail="ha..na@example.jp")

    assert "ほかのアドレスをお使いください" in page.select_one("#mail-error").text
    assert page.select_one("#mail")["value"] == "ha..na@example.jp"
    assert "ドット(.)が続くアドレスや、@のすぐ前にドットがあるアドレスは登録できません。" in said(page)


def test_another_one_is_chosen_and_one_removed(sato, town):
    sato.post("/my/contact", mail=NEW)
    assert mail_of("sato", town) == "sato@example.jp"

    sato.post(f"/my/contact/{row_of(NEW)}/use", for_holds="y")
    assert mail_of("sato", town) == NEW and "連絡先を変更しました" in said(sato.get(sato.went_to))
    sato.post(f"/my/contact/{row_of(NEW)}/remove")
    assert mail_of("sato", town) == "sato@example.jp", "the other one takes its place"
    sato.post(f"/my/contact/{row_of('sato@example.jp')}/remove")
    assert mail_of("sato", town) is None and "まだ登録されていません" in said(sato.get("/my/contact"))


def test_the_last_address_stays_while_something_is_on_hold(sato, town):
    town.hold(town.title("こころ"), "sato", HoldState.WAITING)

    remove = f"/my/contact/{row_of('sato@example.jp')}/remove"
    page = sato.get("/my/contact")
    assert not page.select(f'form[action="{remove}"]')
    assert "予約が1件あるため、最後のメールアドレスは削除できません" in said(page)

    page = sato.post(remove, status=409)

    assert "予約が1件あるため、最後のメールアドレスは削除できません" in said(page)
    assert mail_of("sato", town) == "sato@example.jp"


def test_a_hold_that_keeps_an_address_loses_it_with_the_address(sato, town):
    hold = town.hold(town.title("こころ"), "sato")
    sato.post("/my/contact", mail=NEW, for_contact="y")
    assert Hold.get_by_id(hold).address.address == "sato@example.jp"

    sato.post(f"/my/contact/{row_of('sato@example.jp')}/remove")

    assert Hold.get_by_id(hold).address_id is None


def test_the_addresses_of_others_are_not_there(sato, town):
    of_tanaka = row_of("tanaka@example.jp")

    for act in ("use", "remove"):
        sato.post(f"/my/contact/{of_tanaka}/{act}", status=404)

    assert addresses("tanaka", town) == ["tanaka@example.jp"] == [mail_of("tanaka", town)]


def test_the_phone_number_is_changed_and_a_wrong_one_told(sato, town):
    page = sato.post("/my/contact/phone", status=422, phone="12-34")
    assert page.select_one("#phone-error") and page.select_one("#phone")["value"] == "12-34"

    sato.post("/my/contact/phone", phone="０３（１２３４）５６７８")
    assert Patron.get_by_id(town.patrons["sato"]).phone == "0312345678"
    assert kinds() == ["phone_changed"]
    sato.post("/my/contact/phone", phone="03-1234-5678")
    assert kinds() == ["phone_changed"], "nothing changed"


def test_the_usual_branch_is_what_the_cart_begins_with(sato, town):
    sato.post("/my/contact/choices", pickup="east", contact="mail")
    sato.post("/cart/add", bib=town.title("こころ"))

    assert sato.get("/cart").select_one("input[name=pickup][checked]")["value"] == "east"
    sato.post("/my/contact/choices", status=422, pickup="moon", contact="mail")
    assert Patron.get_by_id(town.patrons["sato"]).pickup_branch == "east"


TWO_WAYS = (('contact = ["mail"]', 'contact = ["mail", "phone"]'),)


@pytest.mark.parametrize("changes", [TWO_WAYS])
def test_so_is_the_usual_way_to_be_told_and_a_hold_remembers_the_last_one(sato, town):
    sato.post("/my/contact/choices", pickup="main", contact="phone")
    sato.post("/cart/add", bib=town.title("こころ"))
    assert sato.get("/cart").select_one("input[name=contact][checked]")["value"] == "phone"

    sato.post("/cart/register", pickup="west", contact="mail")
    page = sato.get("/my/contact")
    assert page.select_one("input[name=contact][checked]")["value"] == "mail"
    assert page.select_one("input[name=pickup][checked]")["value"] == "west"


KINDS = ("due_soon", "hold_last_day", "card_expires")


def ticked(page) -> list[str]:
    return [box["name"] for box in page.select('form[action="/my/contact/kinds"] input[checked]')]


def test_whoever_has_chosen_nothing_gets_every_reminder(sato):
    page = sato.get("/my/contact")

    assert ticked(page) == list(KINDS)
    assert "返却期限日の3日前のお知らせ" in said(page) and "利用券の有効期限の30日前のお知らせ" in said(page)
    assert "予約の受付とご用意のお知らせは、予約のときに連絡方法で選びます。" in said(page)
    assert "返却期限日を過ぎた資料のお知らせは、止められません。" in said(page)


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_of_reminder_is_turned_off_and_on_again_and_no_other_is(sato, town, kind):
    others = [one for one in KINDS if one != kind]
    sato.post("/my/contact/kinds", **dict.fromkeys(others, "y"))

    page = sato.get(sato.went_to)
    assert "受け取るお知らせを変更しました。" in said(page) and ticked(page) == others
    assert Patron.get_by_id(town.patrons["sato"]).unwanted == kind
    assert Patron.get_by_id(town.patrons["tanaka"]).unwanted == ""
    sato.post("/my/contact/kinds", **dict.fromkeys(KINDS, "y"))
    assert ticked(sato.get("/my/contact")) == list(KINDS) and kinds() == []


def test_none_is_ticked_where_all_are_turned_off_and_what_is_no_kind_changes_nothing(sato, town):
    sato.post("/my/contact/kinds", overdue="y", hold_ready="y", **{"due_soon\x00": "y"})

    assert ticked(sato.get("/my/contact")) == []
    assert set(Patron.get_by_id(town.patrons["sato"]).unwanted.split()) == set(KINDS)


@pytest.mark.parametrize("changes", [(("last_day_of_hold = { days = 1 }", ""), ("overdue = {", "# {"))])
def test_what_the_library_does_not_send_is_not_offered(sato, town):
    page = sato.get("/my/contact")
    assert ticked(page) == ["due_soon", "card_expires"] and "止められません" not in said(page)

    sato.post("/my/contact/kinds", card_expires="y")
    assert Patron.get_by_id(town.patrons["sato"]).unwanted == "due_soon"


@pytest.mark.parametrize(
    "changes",
    [(("before_due = {", "# {"), ("last_day_of_hold = {", "# {"), ("card_expires = {", "# {"))],
)
def test_and_where_there_is_nothing_to_choose_nothing_is_said_of_it(sato):
    assert "受け取るお知らせ" not in said(sato.get("/my/contact"))


def test_what_only_the_desk_changes_is_shown_and_no_form_changes_it(sato, town):
    Patron.update(born_on="1948-05-03", postal_address="しおり町1-2-3").where(
        Patron.id == town.patrons["sato"]
    ).execute()
    page = sato.get("/my/contact")

    assert "窓口で変更できます" in said(page)
    for fact in ("サトウ ハナ", "1948年5月3日", "しおり町1-2-3"):
        assert fact in said(page)
    names = {field["name"] for field in page.select("main input[name]")}
    own = {"mail", "for_contact", "for_holds", "pickup", "contact", "phone", "language"}
    assert names == {"csrf_token", *own, "due_soon", "hold_last_day", "card_expires"}


def test_the_senders_address_to_allow_is_shown(sato):
    assert "library@city.example.jp からお送りします" in said(sato.get("/my/contact"))


# -- one that does -----------------------------------------------------------------------------------------


class TestByMail:
    @pytest.fixture
    def smtp(self, post_office):
        return post_office.smtp

    @pytest.fixture
    def deliver(self, app, post_office, policy, clock):
        return lambda: post_office.postman(policy, app.secret_key).deliver(clock())

    def test_a_new_address_waits_for_its_link_and_a_look_confirms_nothing(
        self, sato, app, town, deliver, post_office
    ):
        sato.post("/my/contact", mail=NEW, **BOTH)
        page = sato.get(sato.went_to)
        assert "確認待ち" in said(page) and addresses("sato", town) == ["sato@example.jp"]
        deliver()
        assert post_office.recipients == [NEW]

        phone, link = Reader(app), post_office.link()
        for _ in range(3):
            assert NEW in said(phone.get(link))
        assert mail_of("sato", town) == "sato@example.jp" and Ticket.select().count() == 1
        phone.post(link, status=200)

        assert mail_of("sato", town) == NEW and MailAddress.get_by_id(row_of(NEW)).confirmed_at
        deliver()
        assert post_office.recipients == [NEW, "sato@example.jp"], "the old one is told"
        assert "届くことを確認しています" in said(sato.get("/my/contact"))
        phone.post(link, status=404)

    def test_what_became_of_the_last_mail_is_shown(self, sato, deliver, post_office):
        post_office.answers["sato@example.jp"] = "550 No such user"
        sato.post("/my/contact", mail="sato@example.jp")
        deliver()

        assert "届きませんでした。アドレスをお確かめください" in said(sato.get("/my/contact"))

    def test_an_address_of_the_desk_is_confirmed_by_its_owner_without_changing_what_it_is_for(
        self, sato, app, town, deliver, post_office
    ):
        assert "届くことは、まだ確認していません" in said(sato.get("/my/contact"))
        sato.post("/my/contact", mail="sato@example.jp")
        deliver()
        Reader(app).post(post_office.link(), status=200)

        assert addresses("sato", town) == ["sato@example.jp"] and mail_of("sato", town) == "sato@example.jp"
        assert MailAddress.get_by_id(row_of("sato@example.jp")).confirmed_at

    def test_what_is_there_already_is_asked_to_be_confirmed_however_many_there_are(self, sato, town):
        for n in (1, 2):
            sato.post("/my/contact", mail=f"hana{n}@example.jp")
        sato.post("/my/contact", status=422, mail="hana3@example.jp")

        sato.post("/my/contact", mail="sato@example.jp")
        sato.post("/my/contact", mail="hana2@example.jp")
        assert Ticket.select().count() == 3

    def test_waiting_can_be_ended_and_nobody_elses(self, sato, app, town):
        sato.post("/my/contact", mail=NEW)
        ticket = Ticket.get().id
        Reader(app).log_in("tanaka").post(f"/my/contact/waiting/{ticket}/stop", status=404)
        sato.post(f"/my/contact/waiting/{ticket}/stop")

        assert Ticket.select().count() == 0 and "登録をやめました" in said(sato.get("/my/contact"))

    def test_strangers_mailboxes_are_not_filled(self, sato, clock):
        for _ in range(5):
            sato.post("/my/contact", mail=NEW)
        page = sato.post("/my/contact", status=429, mail=NEW)

        assert sato.response.headers["Retry-After"] == "10" and "10秒たってから" in said(page)

    def test_a_link_of_another_kind_or_made_up_is_over(self, reader):
        for token in ("MQ.x", "1", "a" * 500):
            page = reader.get(f"/contact/{token}", status=404)
            assert "このページは、もう使えません。" in said(page)
            reader.post(f"/contact/{token}", status=404)

    def test_a_link_does_not_outlive_its_patron(self, sato, app, town, deliver, post_office):
        sato.post("/my/contact", mail=NEW)
        deliver()
        Patron.delete().where(Patron.id == town.patrons["sato"]).execute()

        Reader(app).post(post_office.link(), status=404)
        assert MailAddress.select().where(MailAddress.address == NEW).count() == 0


# -- how messages are written ------------------------------------------------------------------------------

TITLES = (("[password]", '[[notice]]\nby = "mail"\nshows = ["title", "how many"]\n\n[password]'),)
STARTS = (("[password]", '[[notice]]\nby = "mail"\nshows = ["start of title"]\n\n[password]'),)


def written(name: str, town) -> tuple[str, str]:
    patron = Patron.get_by_id(town.patrons[name])
    return patron.mail_language, patron.mail_titles


def chosen(page, name: str) -> list[str]:
    return [one["value"] for one in page.select(f"input[name={name}][checked]")]


def choices(page, name: str) -> list[str]:
    return [one["value"] for one in page.select(f"input[name={name}]")]


def test_the_language_of_messages_is_chosen_and_shown_as_chosen(sato, town):
    page = sato.get("/my/contact")
    assert choices(page, "language") == ["ja", "ja-easy", "en"] and chosen(page, "language") == ["ja"]
    assert page.select_one("label[lang=en]").text.strip() == "English"

    sato.post("/my/contact/letters", language="en")

    page = sato.get(sato.went_to)
    assert "お知らせのメールの書き方を変更しました。" in said(page) and chosen(page, "language") == ["en"]
    assert written("sato", town) == ("en", "none") and written("tanaka", town) == ("ja", "none")
    assert kinds() == [], "of how somebody is written to nothing is recorded"


def test_where_no_title_may_be_said_none_can_be_asked_for(sato, town):
    page = sato.get("/my/contact")
    assert not choices(page, "titles") and "予約や期限のお知らせに、書名は書きません。" in said(page)

    sato.post("/my/contact/letters", language="ja", titles="whole")

    assert written("sato", town) == ("ja", "none")


@pytest.mark.parametrize("changes", [TITLES])
def test_a_title_is_asked_for_with_a_word_of_who_may_read_it(sato, town):
    page = sato.get("/my/contact")
    assert choices(page, "titles") == ["none", "start", "whole"] and chosen(page, "titles") == ["none"]
    assert "メールを見る人に、借りている本や予約した本がわかります" in page.select_one("#about-titles").text

    sato.post("/my/contact/letters", language="ja-easy", titles="whole")

    assert written("sato", town) == ("ja-easy", "whole")
    assert chosen(sato.get("/my/contact"), "titles") == ["whole"]


@pytest.mark.parametrize("changes", [STARTS])
def test_no_more_is_taken_than_the_sheet_allows_and_an_old_choice_is_shown_as_what_it_comes_to(sato, town):
    page = sato.post("/my/contact/letters", status=422, language="en", titles="whole")
    assert page.select_one("#titles-error").text == "書名を書くかどうかを選んでください。"
    assert chosen(page, "language") == ["en"] and written("sato", town) == ("ja", "none")

    Patron.update(mail_titles="whole").where(Patron.id == town.patrons["sato"]).execute()
    assert chosen(sato.get("/my/contact"), "titles") == ["start"]


@pytest.mark.parametrize("language", ["", "fr", "ja\0", "ja " * 500, "EN", "en"])
def test_a_language_that_is_none_changes_nothing(sato, town, language):
    status = 303 if language == "en" else 422
    page = sato.post("/my/contact/letters", status=status, language=language)

    if status == 422:
        assert page.select_one("#language-error").text == "メールのことばを選んでください。"
        assert written("sato", town) == ("ja", "none")


def test_a_deleted_account_is_written_to_as_at_first_and_the_choice_was_in_the_file(sato, town):
    sato.post("/my/contact/letters", language="ja-easy")
    Patron.update(mail_titles="start").where(Patron.id == town.patrons["sato"]).execute()
    sato.get("/my/data.csv")
    told = sato.response.get_data().decode("utf-8-sig")
    assert "メールのことば,やさしい日本語(にほんご)" in told
    assert "メールに書く書名,書名のはじめの数文字だけを書く" in told
    sato.get("/my/data.json")
    assert '"mail_language": "ja-easy"' in sato.response.get_data(as_text=True)

    sato.get("/my/data/delete")
    sato.post("/my/data/delete", password=PASSWORD)

    assert written("sato", town) == ("ja", "none")
