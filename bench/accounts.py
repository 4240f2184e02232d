"""Whether a login tells which cards there are, and whether who guesses slows the others.

First, in one process: wrong tries at the doors for a card (a name) that there is and for one that there
is not, in turn, each from an address of its own so that none waits.  The answers must be the same bytes but
for the form's token and what was typed.  Of the times: the chance that a try for a known card took longer
than one for an unknown card, which is the area under the curve of Mann and Whitney, must be within
``MOST_TOLD`` of a half.  With ``PAIRS`` pairs its standard error is 0.033, so chance alone leaves that bound
once in some hundred runs; a check that is skipped, or made twice, gives 0 or 1.

Second, with the server in a process of its own: a patron reads two pages, in blocks with and without somebody
who sends 500 wrong logins a minute from one address, so that a machine that is slower for a while is so for
both.  Each page's median with them may be ``MOST_SLOWER`` times that without.
"""

import collections
import http.client
import http.cookies
import json
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import accounts  # noqa: E402
import demo  # noqa: E402
import models  # noqa: E402
import resources  # noqa: E402
import server  # noqa: E402
from app import create_app, read_ahead  # noqa: E402
from models import Activation, Patron, Staff, db  # noqa: E402
from policy_file import read_policy  # noqa: E402
from settings import DATABASE, Settings  # noqa: E402

PAIRS, MOST_TOLD = 150, 0.1
BLOCKS, BLOCK_SECONDS, PAUSE = 6, 12, 0.05
A_MINUTE, MOST_SLOWER = 500, 1.2
PAGES = ("/search?q=%E7%8C%AB", "/my/loans")
PASSWORD = "bench"  # noqa: S105 - of a library that lives for a minute


# ---- which cards there are


def site(folder: str):
    return create_app(Settings(Path(folder), "source-1", "127.0.0.1", 0), policy())


def policy():
    return read_policy(resources.text("policies/source-1.toml"))


def fill() -> None:
    """A patron, with a code, and one of the staff for each try."""
    hashed = accounts.hash_of_secret(PASSWORD)
    with db.atomic():
        for n in range(1, PAIRS + 1):
            patron = Patron.insert(
                card_number=str(100000000 + n),
                kana_name="ナナシ",
                category="resident",
                born_on="1970-01-01",
                phone="09000000099",
                password_hash=hashed,
                added_on=date.today(),
            ).execute()
            until = datetime.now(UTC) + timedelta(days=1)
            Activation.insert(patron=patron, code_hash=hashed, expires_at=until).execute()
            Staff.insert(name=f"a{n:04}", role="clerk", password_hash=hashed, added_on=date.today()).execute()


def card(n: int, known: bool) -> str:
    return str((100000000 if known else 800000000) + n)


def name(n: int, known: bool) -> str:
    return f"{'a' if known else 'z'}{n:04}"


FACTS = {"kana_name": "チガウ ヒト", "birth_date": "1985-04-05", "phone": "09000000011"}
NEW = {"code": "ABCDEFGH23", "password": "himawari no oka", "again": "himawari no oka"}
DOORS = {
    "/login": lambda n, known: {"card": card(n, known), "password": "wrong"},
    "/register": lambda n, known: {"card": card(n, known), **FACTS},
    "/register/code": lambda n, known: {"card": card(n, known), **NEW},
    "/desk/login": lambda n, known: {"name": name(n, known), "password": "wrong", "branch": "main"},
}


class Door:
    """Wrong tries at one of the doors: how long each took, and what was answered."""

    def __init__(self, app, address: str):
        self.browser, self.address = app.test_client(), address
        self.token = token_of(self.browser.get(address).get_data(as_text=True))

    def try_once(self, n: int, known: bool) -> tuple[float, tuple]:
        typed = DOORS[self.address](n, known)
        # In an address only the network counts that it is from: each try has one of its own.
        here = {"REMOTE_ADDR": f"10.{'12'[known]}.{n // 250}.{n % 250}"}
        began = time.perf_counter()
        answer = self.browser.post(
            self.address, data={"csrf_token": self.token, **typed}, environ_overrides=here
        )
        took = time.perf_counter() - began
        text = answer.get_data(as_text=True).replace(next(iter(typed.values())), "TYPED")
        text = re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", text)
        return took, (answer.status_code, tuple(answer.headers.keys()), text)


def token_of(page: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def longer(some: list[float], others: list[float]) -> float:
    """How likely one of some is longer than one of the others; a half: nothing can be told from it."""
    won = sum((one > other) + (one == other) / 2 for one in some for other in others)
    return won / (len(some) * len(others))


def doors() -> bool:
    """Whether all doors keep to themselves whom they know."""
    with tempfile.TemporaryDirectory() as folder:
        app = site(folder)
        read_ahead(app)
        fill()
        kept = True
        for address in DOORS:
            door = Door(app, address)
            door.try_once(0, known=False)  # the hash of nobody is made at the first
            times: dict[bool, list[float]] = {True: [], False: []}
            said = collections.Counter()
            for n in range(1, PAIRS + 1):
                for known in random.sample((True, False), 2):
                    took, answer = door.try_once(n, known)
                    times[known].append(took)
                    said[answer] += 1
            told = longer(times[True], times[False])
            same = len(said) == 1 and next(iter(said))[0] == 401
            kept &= same and abs(told - 0.5) <= MOST_TOLD
            known, unknown = (statistics.median(times[which]) * 1000 for which in (True, False))
            print(
                f"{address}: {'the same answer' if same else 'THE ANSWERS DIFFER'}; known {known:.1f} ms, "
                f"unknown {unknown:.1f} ms, known takes longer in {told:.0%} of all pairs "
                f"({0.5 - MOST_TOLD:.0%} to {0.5 + MOST_TOLD:.0%})"
            )
        models.db.close()
    return kept


# ---- the others


def serve(folder: str) -> None:
    """The demo library on a free port, until told to stop."""
    demo.make(Path(folder, DATABASE), policy(), datetime.now(UTC))
    app = site(folder)
    read_ahead(app)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listening = server.listen(app, "127.0.0.1", 0)
    print(listening.effective_port, flush=True)
    listening.run()


class Browser:
    """One connection that stays open, and its cookie."""

    def __init__(self, port: int):
        self.connection, self.cookie = http.client.HTTPConnection("127.0.0.1", port, timeout=60), ""

    def ask(self, address: str, **fields) -> tuple[int, str]:
        headers = {"Cookie": f"shiori={self.cookie}"}
        body = urllib.parse.urlencode(fields) if fields else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request("POST" if body else "GET", address, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        cookies = http.cookies.SimpleCookie(answer.headers.get("Set-Cookie", ""))
        self.cookie = cookies["shiori"].value if "shiori" in cookies else self.cookie
        return answer.status, text


def attack(port: int) -> None:
    """Each line that comes in is a number of wrong logins to send, evenly; tells how they were answered."""
    browser = Browser(port)
    token = token_of(browser.ask("/login")[1])
    for line in sys.stdin:
        began, answers = time.monotonic(), collections.Counter()
        for n in range(int(line)):
            time.sleep(max(0.0, began + n * 60 / A_MINUTE - time.monotonic()))
            typed = {"card": str(random.randint(100000001, 100000006)), "password": str(n)}  # noqa: S311
            answers[browser.ask("/login", csrf_token=token, **typed)[0]] += 1
        print(json.dumps(answers), flush=True)


def block(browser: Browser) -> dict[str, list[float]]:
    """How long the pages took for a patron who reads on for a while."""
    took: dict[str, list[float]] = {page: [] for page in PAGES}
    until = time.monotonic() + BLOCK_SECONDS
    while time.monotonic() < until:
        for page in PAGES:
            began = time.perf_counter()
            status, _ = browser.ask(page)
            took[page].append(time.perf_counter() - began)
            if status != 200:
                sys.exit(f"{page} answered {status}")
            time.sleep(PAUSE)
    return took


def start(*arguments, **pipes) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)], stdout=subprocess.PIPE, text=True, **pipes
    )


def others() -> bool:
    """Whether somebody who guesses leaves the others in peace."""
    with tempfile.TemporaryDirectory() as folder:
        running = start("--serve", folder)
        guesser = None
        try:
            port = int(running.stdout.readline())
            guesser = start("--attack", port, stdin=subprocess.PIPE)
            patron = Browser(port)
            token = token_of(patron.ask("/login")[1])
            patron.ask("/login", csrf_token=token, card="100000001", password=demo.PASSWORD)
            block(patron)  # the first pages are slower
            times = {(page, under): [] for page in PAGES for under in (False, True)}
            answered = collections.Counter()
            for n in range(2 * BLOCKS):
                under = n % 2 == 1
                if under:
                    print(BLOCK_SECONDS * A_MINUTE // 60, file=guesser.stdin, flush=True)
                for page, took in block(patron).items():
                    times[page, under] += took
                if under:
                    answered.update(json.loads(guesser.stdout.readline()))
        finally:
            for process in filter(None, (guesser, running)):
                process.terminate()
                process.wait()
    told = ", ".join(f"{n} with {status}" for status, n in sorted(answered.items()))
    print(f"{sum(answered.values())} wrong logins, {A_MINUTE} a minute, answered: {told}")
    slower = {}
    for page in PAGES:
        alone, under = (statistics.median(times[page, which]) * 1000 for which in (False, True))
        slower[page] = under / alone
        print(
            f"{urllib.parse.unquote(page)}: {alone:.1f} ms alone, {under:.1f} ms beside them, "
            f"{slower[page]:.2f} times (at most {MOST_SLOWER})"
        )
    return max(slower.values()) <= MOST_SLOWER and set(answered) <= {"401", "429"}


def main() -> int:
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    elif sys.argv[1:2] == ["--attack"]:
        attack(int(sys.argv[2]))
    else:
        return 0 if all([doors(), others()]) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
