"""The administrator sees what was done by itself, what failed, and how the mail fares."""

import socket
from datetime import timedelta

import pytest

import jobs
import mail
from models import Hold, db
from postman import Postman
from rules import HoldState
from settings import Smtp
from tests.reader import said
from tests.test_job_runs import broken  # noqa: F401 - a fixture

PAGE = "/desk/admin/jobs"


@pytest.fixture
def admin(reader):
    return reader.log_in_staff("murakami")


def row(page, name: str) -> str:
    [found] = [tr for tr in page.select("table.jobs tbody tr") if tr.th.text == name]
    return " ".join(found.get_text(" ", strip=True).split())


def test_before_anything_was_done_all_is_due(admin):
    page = admin.get(PAGE)

    assert len(page.select("table.jobs tbody tr")) == len(jobs.JOBS)
    assert row(page, "受け取られなかった予約を取り消す").endswith("まだ行っていません まもなく")
    assert "1日に1回、0:05を過ぎると" in said(page)


def test_the_button_does_everything_at_once_and_a_second_time_nothing_more(town, admin, policy, clock):
    jobs.run_due(policy, clock())
    hold = town.ready(town.title("こころ"), "sato")
    Hold.update(collect_by=town.today - timedelta(days=1)).where(Hold.id == hold).execute()
    admin.post(f"{PAGE}/run")
    assert admin.went_to == PAGE
    page = admin.get(PAGE)

    assert Hold.get_by_id(hold).state is HoldState.EXPIRED
    assert page.select_one("p.done").text == "実行しました。"
    told = row(page, "受け取られなかった予約を取り消す")
    assert "2026年4月15日(水) 12:01 1件 取り消しました 2026年4月16日(木) 0:05" in told

    admin.post(f"{PAGE}/run")
    assert "することはありませんでした" in row(admin.get(PAGE), "受け取られなかった予約を取り消す")
    assert Hold.get_by_id(hold).state is HoldState.EXPIRED


def test_what_failed_is_said_in_plain_words_and_no_more_of_it_than_its_kind(admin, broken):  # noqa: F811
    admin.post(f"{PAGE}/run")
    page = admin.get(PAGE)

    assert "実行しましたが、できなかった仕事があります。" in said(page)
    assert "できませんでした。30分後にもう一度行います IntegrityError" in row(page, "古い操作の記録を消す")
    assert "ひみつ" not in str(page), "an error may say what it was about"

    db.execute_sql("DROP TRIGGER broken")
    admin.post(f"{PAGE}/run")
    page = admin.get(PAGE)
    assert "できませんでした" not in said(page) and "1件 消しました" in row(page, "古い操作の記録を消す")


def test_a_clerk_may_neither_look_nor_run(reader):
    clerk = reader.log_in_staff("ishida")

    clerk.get(PAGE, status=403)
    clerk.post(f"{PAGE}/run", status=403)
    assert not clerk.get("/desk/more").select(f'a[href="{PAGE}"]')


def test_where_no_mail_is_sent_the_page_says_what_to_set(admin):
    assert "SHIORI_SMTP と SHIORI_URL を設定して" in said(admin.get(PAGE))


class TestWithAServer:
    @pytest.fixture
    def smtp(self, post_office):
        return post_office.smtp

    def test_it_says_when_the_server_was_reached_and_that_nothing_waits(
        self, town, admin, post_office, policy, clock
    ):
        assert "前回の接続 まだありません" in said(admin.get(PAGE))
        mail.queue("address_changed", town.patrons["sato"], [1], clock())
        assert "送信待ち 1通 いちばん古いものは2026年4月15日(水) 12:00から 次の送信 まもなく" in said(
            admin.get(PAGE)
        )
        post_office.postman(policy).deliver(clock())
        clock.forward(minutes=20)

        page = said(admin.get(PAGE))
        assert "前回の接続 2026年4月15日(水) 12:00 送信待ち 0通 届かなかった分 0通" in page
        assert f"127.0.0.1:{post_office.smtp.port}" in page

    def test_one_that_is_tried_again_says_when(self, town, admin, post_office, policy, clock):
        post_office.answers["sato@example.jp"] = "451 Try again later"
        mail.queue("address_changed", town.patrons["sato"], [1], clock())
        post_office.postman(policy).deliver(clock())

        assert "次の送信 2026年4月15日(水) 12:05" in said(admin.get(PAGE))

    def test_while_the_server_is_away_it_says_since_when_and_what_to_look_at(
        self, town, admin, post_office, policy, clock
    ):
        postman = post_office.postman(policy)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            nowhere = Postman(Smtp("127.0.0.1", free.getsockname()[1]), postman.writer)
        mail.queue("address_changed", town.patrons["sato"], [1], clock())
        for _ in range(3):
            with pytest.raises(OSError):
                nowhere.deliver(clock())
            clock.forward(minutes=10)

        page = said(admin.get(PAGE))
        assert "2026年4月15日(水) 12:00から、メールサーバーとやりとりできません。" in page
        assert "サーバーにつながりません。名前と番号、" in page

        postman.deliver(clock())
        assert "やりとりできません" not in said(admin.get(PAGE))
