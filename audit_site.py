"""Looks at Shiori from outside: a scanner over the running demo library, and known faults of its packages.

Started by `dev.py audit`, with the Python of .venv; the scanner (wapiti) and pip-audit are in .audit.  Of
these only pip-audit asks another host: for known faults of packages, by name and version.

It is scanned as a stranger, as a patron, and as a clerk with a patron at the desk, each in a demo library of
its own that is thrown away.  What is found and not explained in docs/audit.md is a fault.
Exit status: 0 nothing unexplained, 1 something, 2 it could not be done, 3 as 0, but the source of known
faults of packages could not be reached.
"""

import collections
import contextlib
import http.cookiejar
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".audit" / ("Scripts" if os.name == "nt" else "bin")
EXPLAINED = ROOT / "docs" / "audit.md"
PINS = ("requirements.txt", "requirements-dev.txt")
UNREACHED = 3

# docs/audit.md says which are left out, and why.
MODULES = (
    *("backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers"),
    *("permanentxss", "redirect", "shellshock", "spring4shell", "sql", "timesql", "upload", "xss"),
)
CRAWL_SECONDS, MODULE_SECONDS = 60, 60
LEFT_OUT = ("logout", "desk/logout", "static/*")  # a scan that logs out sees nothing any more
ONE_TITLE_IN = 200  # is shown: each is a page and a form like all others
DEMO = {"card": "100000001", "name": "desk", "password": "shiori2026", "branch": "main"}


class CannotAudit(Exception):
    """What is missing or wrong, as a sentence."""


@dataclass(frozen=True, order=True)
class Finding:
    """What the scanner says, and of which address; numbers of records are written N."""

    kind: str
    where: str
    says: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}: {self.says}"


@dataclass(frozen=True)
class Scan:
    """What came of one scan, and what it cost."""

    findings: list[Finding]
    pages: int
    requests: int
    crashes: int
    stopped: list[str]  # modules that were not through in their time
    log: str


# ---- the site


def serve(folder: Path) -> None:
    """A demo library on a free port of this machine, until told to stop; tells its port, then what it did."""
    import app
    import demo
    import models
    import server
    import settings

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it tells of a moment with many requests

    here = settings.Settings(folder, settings.READY_POLICIES[0], "127.0.0.1", 0)
    policy = here.read_policy()
    demo.make(here.database, policy, datetime.now(UTC))
    answered: collections.Counter = collections.Counter()
    site = app.create_app(here, policy)
    models.Bib.update(hidden=True).where(models.Bib.id % ONE_TITLE_IN != 0).execute()

    def counted(environ, start_response):
        def start(status, *more):
            answered[status[:3]] += 1
            return start_response(status, *more)

        return site(environ, start)

    listening = server.listen(counted, here.host, 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(listening.effective_port, flush=True)
    with contextlib.suppress(SystemExit, KeyboardInterrupt):
        listening.run()
    print(json.dumps(answered), flush=True)


@contextlib.contextmanager
def site():
    """A running demo library: its process, and its address."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, __file__, "--serve", folder], stdout=subprocess.PIPE, stderr=log, text=True
        )
        process.log = log
        try:
            port = process.stdout.readline().strip()
            if not port:
                log.seek(0)
                raise CannotAudit(f"The demo library did not start:\n{log.read()}")
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()


def log_in(base: str, who: str) -> str:
    """The cookie of somebody; a stranger has one too, for the forms."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def send(address: str, page: str, **fields) -> None:
        text = browser.open(base + page).read().decode()
        token = re.search(r'name="csrf_token" value="([^"]+)"', text)[1]
        form = urllib.parse.urlencode({"csrf_token": token, **fields}).encode()
        browser.open(base + address, form).read()

    if who == "patron":
        send("/login", "/login", card=DEMO["card"], password=DEMO["password"])
    elif who == "clerk":
        send("/desk/login", "/desk/login", **{name: DEMO[name] for name in ("name", "password", "branch")})
        send("/desk/scan", "/desk", code=DEMO["card"])
    else:
        browser.open(base + "/login").read()
    return next(cookie.value for cookie in jar if cookie.name == "shiori")


def still_in(base: str, page: str, cookie: str) -> bool:
    """Whether the login was there until the end; where it got lost, the rest of the scan saw little."""
    browser = urllib.request.build_opener()
    browser.addheaders = [("Cookie", f"shiori={cookie}")]
    return urllib.parse.urlsplit(browser.open(base + page).url).path == page


# ---- the scanner

FIRST_PAGE = {"stranger": "/", "patron": "/my", "clerk": "/desk"}


def scan(who: str) -> Scan:
    """Crawl and attack a demo library of its own as somebody."""
    with site() as (process, base), tempfile.TemporaryDirectory() as folder:
        cookie = log_in(base, who)
        kept = {"value": cookie, "expires": None, "secure": False, "port": None, "version": 0}
        jar, report = Path(folder, "cookie.json"), Path(folder, "report.json")
        jar.write_text(json.dumps({"127.0.0.1": {"/": {"shiori": kept}}}))
        run = subprocess.run(
            [TOOLS / "wapiti", *options(base, FIRST_PAGE[who], folder), "-c", jar, "-o", report],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
        if not report.exists():
            raise CannotAudit(f"The scanner ended without a report:\n{(run.stdout + run.stderr)[-3000:]}")
        if not still_in(base, FIRST_PAGE[who], cookie):
            raise CannotAudit(f"The login of the {who} was lost during the scan.")
        process.terminate()
        answered = json.loads(process.stdout.read() or "{}")
        process.log.seek(0)
        return read(
            json.loads(report.read_text("utf-8")),
            answered,
            re.findall(r"Max attack time was reached for module (\w+)", run.stdout),
            process.log.read(),
        )


def options(base: str, first: str, folder: str) -> list[str]:
    return [
        *("-u", base + first, "--scope", "domain", "-m", ",".join(MODULES), "--skip", "csrf_token"),
        *("-d", "6", "--max-links-per-page", "100", "--max-files-per-dir", "20", "-t", "20"),
        *("--max-scan-time", str(CRAWL_SECONDS), "--max-attack-time", str(MODULE_SECONDS)),
        *("--store-session", folder, "--store-config", folder, "--no-bugreport", "-f", "json", "-v", "1"),
        *(part for address in LEFT_OUT for part in ("-x", f"{base}/{address}")),
    ]


def read(report: dict, answered: dict[str, int], stopped: list[str], log: str) -> Scan:
    """What the scanner's report holds, each finding once."""
    found = {
        Finding(kind, f"{one['method']} {without_numbers(one['path'])}", one["info"].split(" via ")[0])
        for part in ("vulnerabilities", "anomalies")
        for kind, those in report[part].items()
        for one in those
    }
    crashes = sum(n for status, n in answered.items() if status.startswith("5") and status != "503")
    return Scan(
        sorted(found),
        report["infos"]["crawled_pages_nbr"] or 0,
        sum(answered.values()),
        crashes,
        stopped,
        log,
    )


def without_numbers(path: str) -> str:
    return re.sub(r"/\d+(?=/|$)", "/N", path)


def explained(text: str) -> list[tuple[str, str]]:
    """The findings of the table in docs/audit.md: how the words begin, and where, or * for everywhere."""
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", text, re.MULTILINE)


def unexplained(findings: list[Finding], known: list[tuple[str, str]]) -> list[Finding]:
    return [
        one
        for one in findings
        if not any(
            f"{one.kind}: {one.says}".startswith(words) and where in (one.where, "*")
            for words, where in known
        )
    ]


# ---- the packages


def ask_for_faults(pins: Path) -> str:
    """What pip-audit answers about what is pinned there; it installs nothing."""
    options = ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    run = subprocess.run(
        [TOOLS / "pip-audit", "--requirement", pins, *options, "--timeout", "15"],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    return run.stdout


def faults_in(answer: str) -> tuple[int, list[str]]:
    """The status, and the lines to be told.

    pip-audit ends well too where it could look up nothing: it says of each package that it left it out.  One
    that was not looked up is no clean bill, and no answer is none either.
    """
    try:
        packages = json.loads(answer)["dependencies"]
    except ValueError:
        return UNREACHED, ["no answer"]
    faults = [
        f"{one['name']} {one['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or '-'}"
        for one in packages
        for fault in one.get("vulns", ())
    ]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    if faults:
        return 1, faults
    return (UNREACHED, [f"not looked up: {', '.join(skipped)}"]) if skipped or not packages else (0, [])


# ---- all of it


def audit_packages() -> int:
    statuses = set()
    for name in PINS:
        status, lines = faults_in(ask_for_faults(ROOT / name))
        print(f"{name}: " + {0: "no known fault", 1: "KNOWN FAULTS", UNREACHED: "NOT LOOKED UP"}[status])
        print("".join(f"    {line}\n" for line in lines), end="")
        statuses.add(status)
    if UNREACHED in statuses:
        print(
            "The source of known faults could not be reached from here: nobody looked whether there are any."
        )
    return worst(*statuses)


def worst(*statuses: int) -> int:
    return max(statuses, key=(0, UNREACHED, 1).index)


def audit_site() -> int:
    known, status = explained(EXPLAINED.read_text("utf-8")), 0
    for who in FIRST_PAGE:
        began = time.monotonic()
        done = scan(who)
        new = unexplained(done.findings, known)
        print(
            f"as a {who}: {done.pages} pages and forms, {done.requests} requests, {len(MODULES)} modules, "
            f"{time.monotonic() - began:.0f} s; {len(done.findings)} findings, {len(new)} of them unexplained"
        )
        for one in done.findings:
            print(f"    {'UNEXPLAINED' if one in new else 'explained'}  {one}")
        if done.stopped:
            print(f"    not through in {MODULE_SECONDS} s: {', '.join(done.stopped)}")
        if done.crashes or done.log.strip():
            print(f"    {done.crashes} answers of 500 and above; the log says:\n{done.log}")
        status |= bool(new or done.crashes or done.log.strip())
        sys.stdout.flush()
    return status


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--serve"]:
        serve(Path(arguments[1]))
        return 0
    if arguments:
        print("usage: python3 dev.py audit", file=sys.stderr)
        return 2
    try:
        return worst(audit_site(), audit_packages())
    except CannotAudit as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
