"""`shiori mail test ADDRESS`: what the mail server answers, step by step, for the person who set it down."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TO = "volunteer@example.jp"


@pytest.fixture
def mail_test(tmp_path, post_office):
    """The command, with a server in its settings."""
    here = f"smtp://{post_office.smtp.host}:{post_office.smtp.port}"

    def mail_test(address: str = TO, server: str | None = here, status: int = 0) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIORI_")}
        settings = {"SHIORI_SMTP": server, "SHIORI_URL": "https://lib.example.jp"} if server else {}
        done = subprocess.run(
            [sys.executable, str(ROOT / "cli.py"), "mail", "test", address],
            env={**kept, "SHIORI_DATA": str(tmp_path), "PYTHONUTF8": "1", **settings},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return mail_test


def test_a_server_that_takes_it_is_told_step_by_step(mail_test, post_office):
    told = mail_test()

    assert [line.split(":")[0].strip() for line in told.splitlines()[1:-1]] == [
        "つなぐ",
        "暗号化する",
        "名乗る",
        "差出人を告げる",
        "あて先を告げる",
        "本文を渡す",
    ]
    assert f"サーバーは {TO} あてのメールを受け取りました。" in told
    [letter] = post_office.letters
    assert letter["To"] == TO and letter["Subject"] == "メールの試し(しおり町立図書館)"


def test_a_refusal_is_told_with_the_words_of_the_server_and_what_to_look_at(mail_test, post_office):
    post_office.answers[TO] = "550 relaying denied"

    told = mail_test(status=1)

    assert "あて先を告げる: できませんでした  550 relaying denied" in told
    assert "送ってよいアドレスかを確かめてください" in told and post_office.letters == []


def test_not_now_is_told_as_that(mail_test, post_office):
    post_office.answers[TO] = "451 greylisted"

    assert "しばらくしてから、もう一度試してください" in mail_test(status=1)


def test_a_server_that_is_not_there_is_told(mail_test):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"smtp://127.0.0.1:{free.getsockname()[1]}"

    told = mail_test(server=nowhere, status=1)

    assert "つなぐ: できませんでした" in told and "サーバーにつながりません。" in told


def test_a_password_is_kept_back_where_nothing_is_encrypted(mail_test, post_office):
    server = f"smtp://library:himitsu@127.0.0.1:{post_office.smtp.port}"

    told = mail_test(server=server, status=1)

    assert "パスワードを渡していません" in told and "himitsu" not in told


def test_a_server_that_speaks_no_tls_is_told_where_tls_is_asked_for(mail_test, post_office):
    told = mail_test(server=f"smtps://127.0.0.1:{post_office.smtp.port}", status=1)

    assert "つなぐ: できませんでした" in told


def test_without_a_server_and_for_what_is_no_address_it_says_so_at_once(mail_test):
    assert "SHIORI_SMTP と SHIORI_URL を書いてください" in mail_test(server=None, status=2)
    assert "メールアドレスの形になっていません" in mail_test(address="volunteer", status=2)
