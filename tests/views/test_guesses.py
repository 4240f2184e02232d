"""Whoever guesses passwords is slowed down, and nobody else for longer than some seconds."""

import http.client
import re
import threading
from urllib.parse import urlencode

import pytest

import accounts
import activation
import attempts
import jobs
from models import Attempt, Login, StaffLogin, db
from server import listen
from tests.cast import CARDS, PASSWORD
from tests.reader import Reader, said
from tests.served import served

SATO, TANAKA = CARDS["sato"][0], CARDS["tanaka"][0]
UNKNOWN = "199999999"
WRONG = "ひまわりの丘 2025"
SLOW = "ログインの失敗が続いたため"
HOME, ELSEWHERE = "192.0.2.10", "198.51.100.20"


@pytest.fixture
def at(app, town):
    """A browser at an address."""

    def at(address: str) -> Reader:
        found = Reader(app)
        found.browser.environ_base["REMOTE_ADDR"] = address
        return found

    return at


@pytest.fixture
def home(at):
    return at(HOME)


def guess(browser: Reader, card: str = SATO, times: int = 1, status: int = 401, **fields):
    for _ in range(times):
        page = browser.post("/login", status=status, **{"card": card, "password": WRONG, **fields})
    return page


@pytest.fixture
def failures_there(app, clock):
    """So many cards that nobody has were tried at the door of patrons here; each page would take its time."""

    def failures_there(n: int, **apart):
        for card in range(110000000, 110000000 + n):
            keys = attempts.keys(app.secret_key, "login", HOME, str(card))
            assert attempts.failed(keys, clock()) == 0
            clock.forward(**apart)

    return failures_there


def guess_at_desk(browser: Reader, times: int = 1, status: int = 401, password: str = WRONG):
    for _ in range(times):
        page = browser.post("/desk/login", status=status, name="石田", password=password, branch="main")
    return page


def enters(browser: Reader, card: str = SATO) -> Reader:
    browser.post("/login", card=card, password=PASSWORD)
    browser.token = None
    return browser


def waits(browser: Reader, card: str = SATO, password: str = PASSWORD) -> int:
    """The seconds that this browser is told to wait, although it comes with the right password."""
    guess(browser, card, status=429, password=password)
    return int(browser.response.headers["Retry-After"])


# -- one card from one address -----------------------------------------------------------------------------


def test_after_five_failures_of_a_card_even_the_right_password_waits_longer_each_time(home, clock):
    guess(home, times=5)

    for seconds in (10, 20, 40, 80, 160, 320, 640, 900, 900):
        assert waits(home) == seconds
        clock.forward(seconds=seconds - 1)
        assert waits(home) == 1
        clock.forward(seconds=1)
        guess(home)
    assert Login.select().count() == 0

    clock.forward(seconds=900)
    assert enters(home).went_to == "/my"


def test_the_page_says_how_long_and_what_else_can_be_done_and_keeps_the_card_but_not_the_password(
    home, clock
):
    guess(home, times=4)
    assert "違います" in said(guess(home))
    page = guess(home, status=429, next="/my/loans")

    assert f"{SLOW}、少しお待ちいただいています。10秒たってから、もう一度お試しください。" in said(page)
    assert "違います" not in said(page) and "パスワードをお忘れのときは、「パスワード登録」から" in said(page)
    assert page.select_one("#card")["value"] == SATO and not page.select_one("#password").has_attr("value")
    assert page.select_one("input[name=next]")["value"] == "/my/loans"
    assert WRONG not in str(page) and home.response.headers["Retry-After"] == "10"

    for seconds in (10, 20, 40):
        clock.forward(seconds=seconds)
        guess(home)
    assert "2分たってから" in said(guess(home, status=429)), "80 seconds, in words that nobody has to count"


def test_while_somebody_waits_further_tries_are_not_counted(home, clock):
    guess(home, times=5)
    guess(home, times=20, status=429)

    clock.forward(seconds=10)
    assert enters(home).went_to == "/my"


def test_other_cards_from_this_address_and_pages_without_a_login_are_not_slowed(home, at):
    guess(home, times=5)

    home.get("/search?q=猫")
    assert enters(at(HOME), TANAKA).went_to == "/my"


def test_a_success_clears_the_failures_of_this_card_at_this_address(home, clock):
    guess(home, times=4)
    enters(home).log_out()

    for _ in range(4):
        guess(home)
        clock.forward(seconds=3)
    assert enters(home).went_to == "/my", "eight altogether, but only four since the success"


def test_somebody_who_logs_in_at_once_leaves_no_row(home):
    enters(home)

    assert Attempt.select().count() == 0


def test_a_card_counts_however_it_is_typed(home):
    for typed in (SATO, "１００００００１１", "100-000-011", "A100000011A", " 100000011 "):
        guess(home, typed)

    assert waits(home) == 10


def test_an_unknown_card_is_answered_as_a_known_one(home, at, clock):
    answers = []
    for card, browser in ((SATO, home), (UNKNOWN, at("192.0.2.11"))):
        for _ in range(12):
            answer = browser.browser.post(
                "/login", data={"csrf_token": token(browser), "card": card, "password": WRONG}
            )
            page = re.sub(r'value="[^"]*"', "", answer.get_data(as_text=True))
            answers.append((card, answer.status_code, answer.headers.get("Retry-After"), page))
            clock.forward(seconds=4)

    known, unknown = ([row[1:] for row in answers if row[0] == card] for card in (SATO, UNKNOWN))
    assert known == unknown and {429, 401} == {status for status, _, _ in known}


def token(browser: Reader) -> str:
    if browser.token is None:
        browser.get("/login")
    return browser.token


def test_no_password_is_looked_at_while_somebody_waits(home, monkeypatch):
    guess(home, times=5)
    guess_at_desk(home, times=30)

    def looked_at(*_):
        raise AssertionError

    monkeypatch.setattr(accounts, "is_right", looked_at)
    assert waits(home) == 10
    guess_at_desk(home, status=429)


def test_a_form_that_is_not_understood_and_a_barred_card_are_no_guesses(home):
    for _ in range(6):
        guess(home, "", status=422)
        guess(home, CARDS["hara"][0], status=409)

    assert Attempt.select().count() == 0


def test_of_many_guesses_at_once_no_more_are_answered_than_one_by_one(app, at):
    browsers = [at(HOME) for _ in range(8)]
    guess(browsers[0], times=4)
    together, statuses = threading.Barrier(len(browsers)), []

    def come(browser):
        form = {"csrf_token": browser.token, "card": SATO, "password": WRONG}
        together.wait()
        statuses.append(browser.browser.post("/login", data=form).status_code)
        db.close()

    for browser in browsers:
        browser.get("/login")
    threads = [threading.Thread(target=come, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [401] + [429] * 7


def test_a_right_guess_is_not_told_where_a_wrong_one_beside_it_has_to_wait(home, monkeypatch, app, clock):
    guess(home, times=4)
    look = accounts.authenticate

    def slowly(card, password):
        keys = attempts.keys(app.secret_key, "login", HOME, card)
        attempts.failed(keys, clock())  # of a guess that was sent together with this one
        return look(card, password)

    monkeypatch.setattr(accounts, "authenticate", slowly)
    assert waits(home) == 10 and Login.select().count() == 0


# -- a card from many addresses, and many cards from one ---------------------------------------------------


def test_a_stranger_elsewhere_keeps_nobody_out_for_more_than_three_seconds(home, at, clock):
    stranger = at(ELSEWHERE)
    for _ in range(12):
        guess(stranger)
        clock.forward(seconds=waits(stranger) if Attempt.get_or_none(Attempt.failures >= 5) else 0)
    guess(stranger)
    assert waits(stranger) == 900

    assert waits(home) == 3
    clock.forward(seconds=3)
    assert enters(home).went_to == "/my" and waits(stranger) > 800


def test_from_however_many_addresses_a_card_is_guessed_it_waits_three_seconds_at_most(at, home, clock):
    for n in range(40):
        guess(at(f"203.0.113.{n}"))
        clock.forward(seconds=3)
    guess(at(ELSEWHERE))

    assert waits(home) == 3


def test_thirty_failures_of_many_cards_from_one_address_slow_all_logins_there_by_a_minute_at_most(
    at, clock, failures_there
):
    terminal = at(HOME)
    failures_there(29)
    guess(terminal, UNKNOWN)
    for seconds in (10, 20, 40):
        assert waits(terminal) == seconds
        clock.forward(seconds=seconds)
        guess(terminal, str(120000000 + seconds))
    assert waits(terminal) == 60
    assert enters(at(ELSEWHERE)).went_to == "/my"

    clock.forward(seconds=60)
    assert enters(terminal).went_to == "/my"


def test_the_mistakes_of_a_busy_terminal_do_not_add_up_over_the_day(at, failures_there):
    failures_there(90, minutes=1)

    assert enters(at(HOME)).went_to == "/my"


def test_a_guesser_with_a_card_of_their_own_cannot_begin_anew_with_it(at, failures_there):
    terminal = at(HOME)
    failures_there(29)
    enters(terminal, TANAKA).log_out()
    guess(terminal, UNKNOWN)

    assert waits(terminal, TANAKA) == 10


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.10", "192.0.2.10", True),
        ("192.0.2.10", "192.0.2.11", False),
    ],
)
def test_of_ipv6_the_network_is_counted(at, one, other, together):
    guess(at(one), times=5)

    assert waits(at(other)) == (10 if together else 1)


# -- the code of /register, and the desk -------------------------------------------------------------------


def test_the_code_for_a_password_is_guessed_as_slowly_and_apart_from_the_login(home, at, policy, town, clock):
    code = activation.give_code(policy, town.patrons["sato"], clock(), "1").code
    form = {"card": SATO, "password": "あたらしい ことば", "again": "あたらしい ことば"}
    home.get("/register/code")
    for _ in range(5):
        home.post("/register/code", status=401, code="AAAAA-AAAAA", **form)
    page = home.post("/register/code", status=429, code=code, **form)

    assert home.response.headers["Retry-After"] == "10" and "10秒たってから" in said(page)
    assert page.select_one("#card")["value"] == SATO and "あたらしい" not in str(page)
    assert accounts.authenticate(SATO, PASSWORD), "nothing has been set"
    for _ in range(5):
        guess(at(HOME))

    clock.forward(seconds=10)
    home.post("/register/code", code=code, **form)
    assert accounts.authenticate(SATO, "あたらしい ことば")


def test_the_login_of_the_desk_is_slowed_by_its_address_only_and_gently(at, clock):
    clerk, stranger = at(HOME), at(ELSEWHERE)
    guess_at_desk(stranger, times=29)
    guess_at_desk(stranger)
    page = guess_at_desk(stranger, status=429, password=PASSWORD)

    assert stranger.response.headers["Retry-After"] == "10" and f"{SLOW}、" in said(page)
    assert page.select_one("#name")["value"] == "石田" and not page.select_one("#password").has_attr("value")
    assert StaffLogin.select().count() == 0

    guess_at_desk(clerk, status=303, password=PASSWORD)
    clock.forward(seconds=10)
    guess_at_desk(stranger, status=303, password=PASSWORD)
    assert StaffLogin.select().count() == 2


def test_what_patrons_guess_at_a_terminal_does_not_slow_the_desk_and_its_work_never_waits(
    at, desk, failures_there
):
    desk.browser.environ_base["REMOTE_ADDR"] = HOME
    failures_there(30)
    guess_at_desk(at(HOME), status=303, password=PASSWORD)

    guess_at_desk(at(HOME), times=30)
    desk.post("/desk/scan", code=SATO)
    assert "サトウ" in said(desk.get(desk.went_to))


# -- what is kept ------------------------------------------------------------------------------------------


def test_the_file_holds_neither_card_nor_address_nor_name_nor_password(home, database):
    guess(home, "155555551", times=5, password="himitsu no kotoba")
    guess_at_desk(home, password="himitsu no kotoba")
    assert Attempt.select().count() == 4

    db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = b"".join(path.read_bytes() for path in database.parent.glob("shiori.db*"))
    for plain in ("155555551", HOME, "himitsu"):
        assert plain.encode() not in kept


def test_another_library_has_other_hashes_of_the_same_card():
    one, other = (attempts.keys(secret, "login", HOME, SATO) for secret in (b"one", b"other"))

    assert len(one) == 3 and not one.keys() & other.keys()


@pytest.mark.parametrize("by", ["the next failure", "the jobs"])
def test_after_a_day_nothing_is_left_of_a_failure(home, at, clock, policy, by):
    guess(home, times=5)
    before = {row.key_hash for row in Attempt.select()}
    clock.forward(hours=23, minutes=59)
    jobs.run(policy, clock())
    assert {row.key_hash for row in Attempt.select()} == before
    clock.forward(minutes=1)

    jobs.run(policy, clock()) if by == "the jobs" else guess(at(ELSEWHERE), TANAKA)

    assert not before & {row.key_hash for row in Attempt.select()}
    guess(home, times=5)
    assert waits(home) == 10, "and counting begins anew"


# -- behind a proxy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "seconds"),
    [
        (0, [None] * 5 + ["10", "7"]),
        (1, [None] * 5 + ["10", None]),
    ],
)
def test_the_address_that_a_proxy_tells_is_believed_only_where_a_setting_says_so(
    app, clock, proxies, seconds
):
    """A guesser writes another address each time; the proxy adds the true one at the end."""
    true = [HOME] * 6 + [ELSEWHERE]
    with served(listen(app, "127.0.0.1", 0, proxies)) as port:
        assert post_through(port, true, clock) == seconds


def post_through(port: int, true: list[str], clock) -> list[str | None]:
    """How long each guess is told to wait."""
    answered = []
    for n, address in enumerate(true):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        line.request("GET", "/login")
        answer = line.getresponse()
        cookie = answer.getheader("Set-Cookie").split(";")[0]
        form = {
            "csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', answer.read().decode())[1],
            "card": SATO,
            "password": WRONG,
        }
        head = {
            "Cookie": cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": f"203.0.113.{n}, {address}",
        }
        line.request("POST", "/login", urlencode(form), head)
        answered.append(line.getresponse().getheader("Retry-After"))
        line.close()
        if n == 5:
            clock.forward(seconds=3)  # of the card, wherever it is guessed
    return answered
