"""The log of the doors: every kind of line is driven once, and nothing that was planted is found in it."""

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import activation
import attempts
import security_log
import staffing
from app import create_app
from models import Attempt, Patron, Staff
from rules import Role
from tests.cast import CARDS, PASSWORD
from tests.reader import Reader

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "203.0.113.77"
PLANTED = {
    "card": "199999977",
    "name": "うえさか",
    "password": "planted-password",
    "query": "planted-query",
    "token": "planted-token",
    "title": "うえられた本",
}


@pytest.fixture
def lines(caplog):
    """What was logged of the doors since it was asked last."""
    caplog.set_level(logging.DEBUG)

    def lines() -> list[str]:
        told = [record.getMessage() for record in caplog.records if record.name == "shiori.security"]
        caplog.clear()
        return told

    return lines


@pytest.fixture
def browser(app, town):
    def browser() -> Reader:
        found = Reader(app)
        found.browser.environ_base["REMOTE_ADDR"] = ADDRESS
        found.browser.environ_base["HTTP_USER_AGENT"] = PLANTED["token"]
        return found

    return browser


def test_a_patron_who_comes_fails_waits_and_goes_leaves_a_line_each(browser, lines):
    here = browser()
    here.log_in("sato")
    here.log_out()
    here.log_out()
    assert lines() == [
        "login by POST /login from 203.0.113.0/24",
        "logout by POST /logout from 203.0.113.0/24",
    ]

    for _ in range(5):
        here.post("/login", status=401, card=PLANTED["card"], password=PLANTED["password"])
    here.post("/login", status=429, card=PLANTED["card"], password=PLANTED["password"])
    assert lines() == 5 * ["login_failed by POST /login from 203.0.113.0/24"] + [
        "slowed by POST /login from 203.0.113.0/24"
    ]


def test_a_try_that_is_not_judged_since_others_failed_meanwhile_is_no_failure(app, town, clock, lines):
    keys = attempts.keys(app.secret_key, "login", ADDRESS, PLANTED["card"])

    waits = [attempts.failed(keys, clock()) for _ in range(7)]

    assert waits.count(0) == len(lines()) == 5


def test_a_code_and_the_passwords_that_follow_leave_a_line_each(browser, town, lines):
    desk, home = browser().log_in_staff("ishida"), browser()
    lines()
    sato = town.patrons["sato"]
    desk.post(f"/desk/patrons/{sato}/code")
    code = "".join(desk.get(desk.went_to).select_one(".code").text.split("-"))
    clerk = f"staff {town.staff['ishida']}"
    assert lines() == [
        f"code_given {clerk} by POST /desk/patrons/<number:patron_id>/code from 203.0.113.0/24"
    ]

    form = {"card": CARDS["sato"][0], "password": PLANTED["password"], "again": PLANTED["password"]}
    home.post("/register/code", status=401, code="ABCDEFGH23", **form)
    home.post("/register/code", code=code, **form)
    home.token = None
    changed = {"password": PLANTED["token"], "again": PLANTED["token"]}
    home.post("/my/security", status=401, old=PLANTED["query"], **changed)
    home.post("/my/security", old=PLANTED["password"], **changed)
    at, there = "from 203.0.113.0/24", "by POST /my/security from 203.0.113.0/24"
    assert lines() == [
        f"login_failed by POST /register/code {at}",
        f"password_set by POST /register/code {at}",
        f"login by POST /register/code {at}",
        f"login_failed {there}",
        f"password_set {there}",
        f"login {there}",
    ]


def test_a_card_that_gets_no_code_leaves_no_line(policy, town, clock, lines):
    assert not activation.give_code(policy, town.patrons["hara"], clock(), "1").decision.allowed
    assert lines() == []


def test_the_desk_leaves_its_number_and_whoever_lacks_a_right_too(browser, town, lines):
    here = browser()
    here.post("/desk/login", status=401, name=PLANTED["name"], password=PLANTED["password"], branch="main")
    here.log_in_staff("ishida")
    here.get("/desk/admin/audit?who=" + PLANTED["query"], status=403)
    here.log_out_staff()

    number, at = town.staff["ishida"], "from 203.0.113.0/24"
    assert lines() == [
        f"login_failed by POST /desk/login {at}",
        f"login staff {number} by POST /desk/login {at}",
        f"right_missing staff {number} by GET /desk/admin/audit {at}",
        f"logout by POST /desk/logout {at}",
    ]


def test_what_is_done_to_accounts_of_the_staff_at_this_machine_names_no_route(database, clock, lines):
    added = staffing.add(PLANTED["name"], Role.CLERK, PLANTED["password"], clock().date())
    staffing.set_password(added, PLANTED["token"])
    staffing.close(added, clock().date())
    staffing.close(added, clock().date())

    assert [line.split(" by ")[0] for line in lines()] == [
        f"staff_added staff {added}",
        f"staff_password_set staff {added}",
        f"staff_closed staff {added}",
    ], "and closing again what is closed is nothing"


def test_a_form_without_its_token_and_another_host_leave_a_line_each(app, policy, clock, lines, browser):
    here = browser()
    here.browser.post("/cart/add", data={"bib": PLANTED["query"], "csrf_token": PLANTED["token"]})
    of_url = create_app(replace(app.config["SETTINGS"], url="https://lib.example.jp"), policy, clock)
    stranger = of_url.test_client()
    stranger.environ_base["REMOTE_ADDR"] = "2001:db8:1:2:3::4"
    stranger.get("/search?q=" + PLANTED["query"], headers={"Host": PLANTED["query"]})
    stranger.get("/" + PLANTED["query"], headers={"Host": PLANTED["query"]})

    assert lines() == [
        "token_missing by POST /cart/add from 203.0.113.0/24",
        "host_refused by GET /search from 2001:db8:1::/48",
        "host_refused by - from 2001:db8:1::/48",
    ]


def test_nothing_personal_is_in_any_log_whatever_is_done(app, town, policy, clock, browser, caplog):
    caplog.set_level(logging.INFO)
    bib = town.title(PLANTED["title"])
    Patron.update(card_number=PLANTED["card"], kana_name=PLANTED["name"]).where(
        Patron.id == town.patrons["tanaka"]
    ).execute()
    Staff.update(name=PLANTED["name"]).where(Staff.id == town.staff["ishida"]).execute()
    here, desk = browser(), browser()
    here.post("/login", status=401, card=PLANTED["card"], password=PLANTED["password"])
    here.post("/login", card=PLANTED["card"], password=PASSWORD, next=f"/search?q={PLANTED['query']}")
    here.token = None
    session = here.browser.get_cookie("shiori").value
    here.get("/search?q=" + PLANTED["query"])
    here.post("/cart/add", bib=bib)
    here.browser.post("/cart/add", data={"bib": bib, "csrf_token": PLANTED["token"]})
    here.log_out()
    desk.post("/desk/login", name=PLANTED["name"], password=PASSWORD, branch="main")
    desk.token = None
    desk.get("/desk/patrons?q=" + PLANTED["name"])
    desk.get("/desk/admin/audit?who=" + PLANTED["name"], status=403)
    desk.post(f"/desk/patrons/{town.patrons['tanaka']}/code")
    code = desk.get(desk.went_to).select_one(".code").text
    desk.log_out_staff()

    assert caplog.text.count("shiori.security") == 8
    for secret in (*PLANTED.values(), PASSWORD, ADDRESS, session, code, code.replace("-", "")):
        assert secret not in caplog.text
    assert Attempt.select().count() > 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.99", "192.0.2.0/24"),
        ("2001:db8:aaaa:bbbb::1", "2001:db8:aaaa::/48"),
        ("::ffff:192.0.2.99", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("planted\nline", "-"),
        ("", "-"),
        (None, "-"),
    ],
)
def test_of_an_address_only_the_network_is_left(address, network):
    assert security_log.network_of(address) == network


def test_a_program_that_serves_writes_the_lines_to_stderr_with_their_time():
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import server, security_log; server.log_to_stderr(); security_log.note('login')",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "" and told.stderr.endswith(" shiori.security login\n")
    assert told.stderr[:2] == "20" and len(told.stderr.splitlines()) == 1
