"""What the person who runs Shiori may set, and the sentence for each mistake."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import settings
from settings import BadSetting, Smtp
from wording import Wording

ROOT = Path(__file__).resolve().parent.parent


def test_without_settings_the_database_lies_here_and_only_this_machine_is_served(tmp_path):
    found = settings.from_environment({"HOME": "/", "PATH": "/bin"}, tmp_path)

    assert (found.database, found.policy) == (tmp_path / "shiori.db", "source-1")
    assert (found.host, found.port) == ("127.0.0.1", 8000)
    assert found.proxies == 0, "nobody's word about an address is taken"


def test_how_many_proxies_are_in_front_is_a_setting(tmp_path):
    assert settings.from_environment({"SHIORI_PROXY": "2"}, tmp_path).proxies == 2


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://lib.example.jp", "https://lib.example.jp"),
        ("https://LIB.example.jp/", "https://lib.example.jp"),
        ("http://192.0.2.5:8000", "http://192.0.2.5:8000"),
        ("https://[2001:db8::5]:8443/", "https://[2001:db8::5]:8443"),
        ("", None),
    ],
)
def test_the_public_address_is_a_setting(tmp_path, given, url):
    assert settings.from_environment({"SHIORI_URL": given}, tmp_path).url == url


def test_requests_may_ask_for_the_public_host_the_own_address_and_loopback(tmp_path):
    environ = {"SHIORI_URL": "https://[2001:db8::5]:8443", "SHIORI_HOST": "2001:DB8::6"}
    found = settings.from_environment(environ, tmp_path)

    assert found.hosts == {"[2001:db8::5]", "[2001:db8::6]", "localhost", "127.0.0.1", "[::1]"}
    assert settings.from_environment({}, tmp_path).hosts is None


def test_a_library_toml_beside_the_database_is_the_policy(tmp_path):
    own = tmp_path / "library.toml"
    own.write_text(
        (ROOT / "policies/source-2.toml").read_text("utf-8").replace("しおり町立図書館", "みなと図書館"),
        "utf-8",
    )

    found = settings.from_environment({"SHIORI_DATA": str(tmp_path)}, Path("elsewhere"))

    assert found.read_policy().library.name == "みなと図書館"


def test_a_file_that_windows_saved_with_a_byte_order_mark_is_read(tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text((ROOT / "policies/source-1.toml").read_text("utf-8"), "utf-8-sig")

    assert settings.from_environment({"SHIORI_POLICY": str(own)}, tmp_path).read_policy()


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"SHIORI_PROT": "8000"}, "setting.unknown"),
        ({"SHIORI_PORT": "eighty"}, "setting.bad_port"),
        ({"SHIORI_PORT": "0"}, "setting.bad_port"),
        ({"SHIORI_PORT": "65536"}, "setting.bad_port"),
        ({"SHIORI_PORT": "８０"}, "setting.bad_port"),
        ({"SHIORI_HOST": "http://here/"}, "setting.bad_host"),
        ({"SHIORI_HOST": "two words"}, "setting.bad_host"),
        ({"SHIORI_PROXY": "nginx"}, "setting.bad_proxy"),
        ({"SHIORI_PROXY": "-1"}, "setting.bad_proxy"),
        ({"SHIORI_PROXY": "10"}, "setting.bad_proxy"),
        ({"SHIORI_PROXY": "１"}, "setting.bad_proxy"),
        ({"SHIORI_URL": "lib.example.jp"}, "setting.bad_url"),
        ({"SHIORI_SMTP": "mail.example.jp"}, "setting.bad_smtp"),
        ({"SHIORI_SMTP": "smtp://"}, "setting.bad_smtp"),
        ({"SHIORI_SMTP": "smtp://a:%E5%90%88@mail.example.jp"}, "setting.smtp_not_ascii"),
        ({"SHIORI_SMTP": "https://mail.example.jp"}, "setting.bad_smtp"),
        ({"SHIORI_SMTP": "smtp://mail.example.jp"}, "setting.smtp_no_url"),
        ({"SHIORI_URL": "//lib.example.jp"}, "setting.bad_url"),
        ({"SHIORI_URL": "ftp://lib.example.jp"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://lib.example.jp/shiori"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://lib.example.jp?"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://lib.example.jp#a"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://somebody@lib.example.jp"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://lib.example.jp:port"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://lib.example.jp:0"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://lib.example.jp:70000"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://図書館.example"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://two words.example"}, "setting.bad_url"),
        ({"SHIORI_URL": "https://[2001:db8::5"}, "setting.bad_url"),
        ({"SHIORI_DATA": __file__}, "setting.not_a_folder"),
    ],
)
def test_a_setting_that_makes_no_sense_is_told_by_its_name(tmp_path, environ, key):
    with pytest.raises(BadSetting) as caught:
        settings.from_environment(environ, tmp_path)

    assert caught.value.key == key
    assert next(iter(environ)) in Wording().t(key, **caught.value.facts)


@pytest.mark.parametrize(
    ("given", "server"),
    [
        ("smtp://mail.example.jp", Smtp("mail.example.jp", 587)),
        ("smtps://mail.example.jp", Smtp("mail.example.jp", 465, tls=True)),
        ("smtp://127.0.0.1:2525", Smtp("127.0.0.1", 2525)),
        (
            "smtp://library:hi%40mi%2Ftsu@mail.example.jp:25",
            Smtp("mail.example.jp", 25, user="library", password="hi@mi/tsu"),
        ),
    ],
)
def test_the_server_for_mail_is_one_address(tmp_path, given, server):
    url = {"SHIORI_URL": "https://lib.example.jp"}
    assert settings.from_environment({**url, "SHIORI_SMTP": given}, tmp_path).smtp == server


def test_a_password_for_the_mail_server_is_never_said_again(tmp_path):
    with pytest.raises(BadSetting) as caught:
        settings.from_environment({"SHIORI_SMTP": "smtp://library:himitsu@mail example"}, tmp_path)

    assert "himitsu" not in Wording().t(caught.value.key, **caught.value.facts)


def test_mail_needs_a_sender_in_the_policy(tmp_path):
    own = tmp_path / "library.toml"
    text = (ROOT / "policies/source-1.toml").read_text("utf-8")
    own.write_text(text.replace('sender = "library@city.example.jp"', ""), "utf-8")
    environ = {"SHIORI_SMTP": "smtp://127.0.0.1", "SHIORI_URL": "https://lib.example.jp"}

    with pytest.raises(BadSetting, match="smtp_no_sender"):
        settings.from_environment({**environ, "SHIORI_POLICY": str(own)}, tmp_path).read_policy()
    assert settings.from_environment({**environ, "SHIORI_POLICY": "source-1"}, tmp_path).read_policy()


def start(tmp_path, **environ) -> subprocess.CompletedProcess:
    """The program as somebody starts it, with these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIORI_")}
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "serve"],
        env={**kept, "SHIORI_DATA": str(tmp_path), "PYTHONUTF8": "1", **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.mark.parametrize(
    ("environ", "sentences"),
    [
        ({"SHIORI_PORT": "x"}, ["SHIORI_PORT には、1から65535までの数字を書いてください"]),
        ({"SHIORI_POLICY": "nowhere.toml"}, ["きまりのファイル nowhere.toml を読めません"]),
    ],
)
def test_the_program_stops_with_a_sentence_and_no_traceback(tmp_path, environ, sentences):
    stopped = start(tmp_path, **environ)

    assert stopped.returncode == 2
    assert all(sentence in stopped.stderr for sentence in sentences)
    assert "Traceback" not in stopped.stderr


def test_a_wrong_policy_stops_the_start_with_every_key_and_what_is_expected(tmp_path):
    wrong = (ROOT / "policies/source-1.toml").read_text("utf-8")
    wrong = wrong.replace("times = 1", "tims = 1").replace("most = 5", 'most = "five"')
    own = tmp_path / "library.toml"
    own.write_text(wrong, "utf-8")

    stopped = start(tmp_path)

    def line(text: str) -> int:
        return wrong[: wrong.index(text)].count("\n") + 1

    assert stopped.returncode == 2 and "Traceback" not in stopped.stderr
    lines = [line.strip() for line in stopped.stderr.splitlines()[1:]]
    assert lines == [
        f"{line('[renewal]')}行目 renewal.times: ここに値が必要です。",
        f"{line('tims')}行目 renewal.tims: この項目はありません。「times」のことでしょうか。",
        f'{line("five")}行目 hold.limit[1].most: 0以上の数か、制限がなければ "unlimited" と書いてください。',
    ]
    assert not (tmp_path / "shiori.db").exists(), "nothing was begun"


def test_a_port_that_is_taken_is_told(tmp_path, live):
    stopped = start(tmp_path, SHIORI_PORT=live.rsplit(":", 1)[1])

    assert stopped.returncode == 1 and "番では公開できません" in stopped.stderr
    assert "Traceback" not in stopped.stderr
