"""My loans: one by one, several, all at once, and each that could not be renewed says why."""

from datetime import timedelta

import pytest

from models import Loan


@pytest.fixture
def four_loans(town):
    """Two that can be renewed, one that somebody waits for, one that was renewed already."""
    titles = [town.title(title) for title in ("坊っちゃん", "草枕", "こころ", "それから")]
    loans = [town.lend(bib, "sato", due_in=7, renewals=int(n == 3)) for n, bib in enumerate(titles)]
    town.hold(titles[2], "tanaka")
    return loans


def rows(soup) -> dict[str, object]:
    return {row.select_one(".row-title").get_text(strip=True): row for row in soup.select("ol.loans > li")}


def test_each_row_says_when_where_and_what_and_what_a_renewal_would_do(town, reader, four_loans):
    page = reader.log_in("sato").get("/my/loans")

    assert "4点(1/1ページ)" in page.text
    botchan = " ".join(rows(page)["坊っちゃん"].get_text(" ", strip=True).split())
    assert "あと7日 返却期限 4/22(水)" in botchan
    assert "貸出 4/8(水) 本館 図書" in botchan
    assert "更新すると 5/6(水)まで" in botchan


def test_where_renewal_is_refused_there_is_no_box_and_no_button_but_the_reason(town, reader, four_loans):
    page = rows(reader.log_in("sato").get("/my/loans"))

    assert page["坊っちゃん"].find("input", type="checkbox") and page["坊っちゃん"].find("button")
    for title, reason in (
        ("こころ", "更新できません。予約待ちの方が1人います。期限までにお返しください。"),
        ("それから", "更新回数に達しました(1回まで)。期限までにお返しください。"),
    ):
        assert not page[title].find("input", type="checkbox") and not page[title].find("button")
        assert page[title].select_one(".reason").text == reason


def test_select_all_and_none_are_links_that_work_without_javascript(town, reader, four_loans):
    page = reader.log_in("sato").get("/my/loans")
    all_, none = (link["href"] for link in page.select(".select a"))

    assert [box["value"] for box in reader.get(all_).select("input[checked]")] == [
        str(n) for n in four_loans[:2]
    ]
    assert not reader.get(none).select("input[checked]")
    assert reader.get(all_, part=True).select("#loans input[checked]")


def test_one_is_renewed_by_the_button_in_its_row(town, reader, four_loans):
    reader.log_in("sato").post(f"/my/loans/{four_loans[0]}/renew")
    page = reader.get(reader.went_to)

    assert "1点の貸出更新を行いました" in page.select_one(".done").text
    assert "更新しました。5/6(水)まで" in rows(page)["坊っちゃん"].text
    assert Loan.get_by_id(four_loans[0]).due_on == town.today + timedelta(days=21)


def test_the_confirmation_shows_the_old_and_the_new_date_of_each(town, reader, four_loans):
    page = reader.log_in("sato").get(f"/my/loans/renew?loan={four_loans[0]}&loan={four_loans[2]}")

    assert "借りている資料は、1点につき1回のみ貸出更新が行えます。" in page.text
    first, second = page.select("ul.confirm li")
    assert "4/22(水)" in first.text and "5/6(水)" in first.text
    assert "予約待ちの方が1人います" in second.text
    assert [field["value"] for field in page.select("input[name=loan]")] == [str(four_loans[0])]
    assert {loan.renewals for loan in Loan.select()} == {0, 1}, "looking changes nothing"


@pytest.mark.parametrize("part", [False, True])
def test_all_that_can_be_renewed_are_and_the_others_say_why_not(town, reader, four_loans, part):
    reader.log_in("sato")
    confirm = reader.get("/my/loans/renew?loan=all")
    chosen = [field["value"] for field in confirm.select("input[name=loan]")]
    assert chosen == [str(loan) for loan in four_loans[:2]]

    page = reader.post("/my/loans/renew", status=200 if part else 303, part=part, loan=chosen)
    if not part:
        page = reader.get(reader.went_to)

    assert "2点の貸出更新を行いました" in page.text
    assert page.text.count("更新しました。5/6(水)まで") == 2
    assert [loan.renewals for loan in Loan.select().order_by(Loan.id)] == [1, 1, 0, 1]


def test_a_batch_with_one_that_cannot_be_renewed_renews_the_rest(town, reader, four_loans):
    reader.log_in("sato").post("/my/loans/renew", loan=four_loans)
    page = reader.get(reader.went_to)

    assert "2点の貸出更新を行いました" in page.text and "2点は更新できませんでした" in page.text


def test_sending_the_confirmation_twice_renews_once_and_says_so_kindly(town, reader, four_loans):
    loan = four_loans[0]
    reader.log_in("sato")
    for _ in range(2):
        reader.post("/my/loans/renew", loan=[loan], **{f"seen-{loan}": "0"})

    page = reader.get("/my/loans")

    assert "1点の貸出更新を行いました" in page.text
    assert Loan.get_by_id(loan).renewals == 1


def test_nothing_ticked_changes_nothing_and_says_what_to_do(town, reader, four_loans):
    reader.log_in("sato")

    for page in (reader.get("/my/loans/renew", status=422), reader.post("/my/loans/renew", status=422)):
        assert "更新する資料を選んでください" in page.select_one("[role=alert].problem").text

    assert sum(loan.renewals for loan in Loan.select()) == 1


def test_a_single_refusal_answers_409_with_the_reason_in_the_row(town, reader, four_loans):
    page = reader.log_in("sato").post(f"/my/loans/{four_loans[2]}/renew", status=409)

    assert "1点は更新できませんでした" in page.text
    assert "予約待ちの方が1人います" in rows(page)["こころ"].text


@pytest.mark.parametrize("part", [False, True])
def test_a_strangers_loan_is_not_there(town, reader, four_loans, part):
    reader.log_in("tanaka")

    reader.post(f"/my/loans/{four_loans[0]}/renew", status=404, part=part)
    reader.post("/my/loans/renew", status=404, part=part, loan=[four_loans[0]])
    reader.post("/my/loans/99999/renew", status=404, part=part)
    reader.get(f"/my/loans/renew?loan={four_loans[0]}", status=422)

    assert sum(loan.renewals for loan in Loan.select()) == 1


def test_a_due_date_that_a_form_brings_along_is_ignored(town, reader, four_loans):
    reader.log_in("sato").post(
        f"/my/loans/{four_loans[0]}/renew", due_on="2099-12-31", renewals="0", patron="2"
    )

    assert Loan.get_by_id(four_loans[0]).due_on == town.today + timedelta(days=21)


def test_a_renewal_never_ends_on_a_closed_day(town, reader):
    monday = town.today + timedelta(days=(7 - town.today.weekday()) % 7 + 7)
    loan = town.lend(town.title("本"), "sato", due_in=(monday - town.today).days - 14 + 14)

    page = reader.log_in("sato").get("/my/loans")

    assert "更新すると 5/12(火)まで" in page.text, "two weeks on is Monday 11 May, which is closed"
    assert loan


def test_overdue_is_said_first_in_words_with_what_to_do(town, reader):
    town.lend(town.title("もうすぐ"), "suzuki", due_in=2)
    town.lend(town.title("おくれた"), "suzuki", due_in=-3)

    page = reader.log_in("suzuki").get("/my/loans")

    assert next(iter(rows(page))) == "おくれた"
    late = rows(page)["おくれた"].text
    assert "期限を3日過ぎています" in late and "図書館へお返しください" in late
    assert rows(page)["もうすぐ"].find("button"), (
        "under the first sheet only the overdue item itself is stopped"
    )


@pytest.mark.parametrize("source", ["source-2"])
def test_under_the_second_sheet_an_overdue_item_stops_all_and_the_words_are_its_own(town, reader):
    town.lend(town.title("もうすぐ"), "suzuki", due_in=2)
    town.lend(town.title("おくれた"), "suzuki", due_in=-3)

    page = reader.log_in("suzuki").get("/my/loans")

    assert not page.select("input[type=checkbox]") and not page.select("ol.loans button")
    assert "返却期限を過ぎた資料が1点あるため、貸出延長はできません" in rows(page)["もうすぐ"].text


@pytest.mark.parametrize("source", ["source-2"])
def test_under_the_second_sheet_a_renewal_counts_from_today(town, reader):
    book = town.lend(town.title("本"), "sato", due_in=3)
    disc = town.lend(town.title("音楽", "av"), "sato", due_in=3)

    reader.log_in("sato").post("/my/loans/renew", loan=[book, disc])

    assert Loan.get_by_id(book).due_on == town.today + timedelta(days=14)
    assert Loan.get_by_id(disc).due_on == town.today + timedelta(days=7)


def test_an_expired_card_shows_the_loans_and_says_why_none_can_be_renewed(town, reader):
    town.lend(town.title("本"), "ito", due_in=3)

    page = reader.log_in("ito").get("/my/loans")

    assert not page.select("ol.loans button")
    assert "窓口で利用券を更新すると、ご利用いただけます" in page.select_one("ol.loans").text


def test_nothing_out_has_its_own_words(town, reader):
    assert "いま借りている資料はありません" in reader.log_in("tanaka").get("/my/loans").text


def test_many_loans_come_in_pages_of_fifty(town, reader):
    for n in range(51):
        town.lend(town.title(f"本 {n:02}"), "sato")
    reader.log_in("sato")

    page = reader.get("/my/loans")

    assert "51点(1/2ページ)" in page.text and len(rows(page)) == 50
    assert len(rows(reader.get("/my/loans?page=2"))) == 1
    assert len(reader.get("/my/loans/renew?loan=all").select("ul.confirm li")) == 51


@pytest.mark.parametrize("loan", ["abc", "-1", "", "１", "9" * 40])
def test_a_number_of_no_loan_is_not_there(town, reader, four_loans, loan):
    reader.log_in("sato").post("/my/loans/renew", status=404, loan=[loan, four_loans[0]])

    assert Loan.get_by_id(four_loans[0]).renewals == 0


def test_a_loan_that_ends_within_the_day_says_at_what_time(town, reader):
    loan = town.lend(town.title("住宅地図"), "sato", due_in=1)
    Loan.update(due_by="10:00").where(Loan.id == loan).execute()

    due = reader.log_in("sato").get("/my/loans").select_one(".due").get_text(" ", strip=True)
    assert "返却期限 4/16(木) 10:00" in due
