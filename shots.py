"""Takes the pictures: every page and state on a phone into shots/, and docs/phone.png for the README.

Started by `dev.py shots`, with the Python of .venv.  It makes a demo library of its own in a passing folder.
Look at the pictures: what a tool finds, the tests find already.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from demo import PASSWORD

ROOT = Path(__file__).resolve().parent
SHOTS = ROOT / "shots"
PICTURE = ROOT / "docs" / "phone.png"

WIDTH, HEIGHT = 360, 640
PHONE = {
    "viewport": {"width": WIDTH, "height": HEIGHT},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "locale": "ja-JP",
    "timezone_id": "Asia/Tokyo",
}
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_STARTS_WITHIN = 90  # seconds: the demo is made first

PUT_IN = 'form[action="/cart/add"] button'
NEW_ADDRESS = "form:has(#mail) button"
REGISTER = 'form[action="/cart/register"] button'
SUBMIT = "main form button"


def main() -> None:
    """Take all pictures.  Ends with a sentence where there is no browser or the demo does not start."""
    chromium = shutil.which(os.environ.get("CHROMIUM") or "chromium")
    if chromium is None:
        sys.exit("No Chromium was found. Set CHROMIUM to its path.")
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir()
    with demo_library() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        camera = Camera(browser, address)
        for subject in (front, catalogue, login, cart, my, loans, holds, staff, errors):
            subject(camera)
        browser.close()
    print(f"{camera.taken} pictures in {SHOTS.name}/, {PICTURE.name} {PICTURE.stat().st_size / 1000:.0f} KB")


@contextlib.contextmanager
def demo_library():
    """Serve a new demo library on a free port; gives its address.  SHIORI_POLICY is obeyed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        with open(log, "wb") as output:
            server = subprocess.Popen(  # noqa: S603 - a fixed command line
                [sys.executable, str(ROOT / "cli.py"), "demo", "--serve"],
                env={
                    **os.environ,
                    "SHIORI_DATA": folder,
                    "SHIORI_HOST": "127.0.0.1",
                    "SHIORI_PORT": str(port),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            address = f"http://127.0.0.1:{port}"
            if not answers(address, server):
                sys.exit(
                    f"The demo library did not start:\n{log.read_text(encoding='utf-8', errors='replace')}"
                )
            yield address
        finally:
            server.terminate()
            server.wait()


def answers(address: str, server: subprocess.Popen) -> bool:
    # Without a proxy, whatever the environment says: the server is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), opener.open(address + "/healthz", timeout=5):
            return True
        time.sleep(0.2)
    return False


class Camera:
    """Phones on one library, and the pictures taken of them."""

    def __init__(self, browser: Browser, address: str):
        self.browser, self.address, self.taken = browser, address, 0

    def phone(self, card: str | None = None) -> Page:
        """A new phone at the first page; with a card it has logged in."""
        page = self.browser.new_context(base_url=self.address, **PHONE).new_page()
        page.set_default_timeout(10_000)
        page.goto("/")
        if card:
            log_in(page, card)
        return page

    def take(self, page: Page, name: str, path: str | None = None) -> None:
        """The whole page as shots/name.png, of ``path`` or of what is there; says so where it is too wide."""
        if path is not None:
            page.goto(path)
        # As tall as the page: in a full-page picture of a small window the bar would lie across its middle.
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": WIDTH, "height": max(HEIGHT, height)})
        page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")
        self.taken += 1
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            print(f"{name}: wider than the phone")
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def log_in(page: Page, card: str, password: str = PASSWORD) -> None:
    page.goto("/login")
    fill_in_login(page, card, password)


def fill_in_login(page: Page, card: str, password: str = PASSWORD) -> None:
    page.fill("#card", card)
    page.fill("#password", password)
    press(page, SUBMIT)


def fill_in_staff_login(page: Page, name: str, password: str = PASSWORD) -> None:
    page.fill("#name", name)
    page.fill("#password", password)
    press(page, SUBMIT)


def press(page: Page, what: str) -> None:
    """Press what leads to another page, and wait until that is there."""
    with page.expect_navigation():
        page.locator(what).first.click()


def open_title(page: Page, title: str) -> None:
    page.goto(f"/search?q={title}")
    press(page, ".bibs a[href^='/bibs/']")


def put_in_cart(page: Page, title: str) -> None:
    page.goto(f"/search?q={title}")
    page.locator(PUT_IN).first.click()
    page.locator(".in-cart").first.wait_for()


# ---- the subjects


def front(camera: Camera) -> None:
    page = camera.phone()
    if not page.locator(".hours .closed").count():  # else the picture of the last open day stays
        page.screenshot(path=PICTURE)
    camera.take(page, "home")
    camera.take(camera.phone("100000001"), "home-loans-due", "/")
    camera.take(camera.phone("100000003"), "home-overdue", "/")
    camera.take(camera.phone("100000006"), "home-ready", "/")
    camera.take(page, "calendar", "/calendar")
    camera.take(page, "calendar-new-year", "/calendar?month=2026-12")
    camera.take(page, "rules", "/rules")


def catalogue(camera: Camera) -> None:
    page = camera.phone()
    camera.take(page, "search-empty", "/search")
    camera.take(page, "search", "/search?q=猫")
    camera.take(page, "search-page-2", "/search?q=の&page=2")
    camera.take(page, "search-nothing", "/search?q=ぬるぽがっ")
    camera.take(page, "search-too-many-words", "/search?q=あ い う え お か き く け こ")
    camera.take(page, "new", "/new")
    camera.take(page, "popular", "/popular")
    camera.take(page, "magazines", "/magazines")
    camera.take(page, "classes", "/classes")
    camera.take(page, "classes-91", "/classes/91")
    for name, title in (
        ("title", "坊っちゃん"),
        ("title-with-queue", "人間失格"),
        ("title-set-aside", "風の又三郎"),
        ("title-newest-issue", "月刊しおりの森"),
        ("title-weekly", "週刊まちの声"),
        ("title-reference", "しおり町統計年鑑"),
        ("title-local", "しおり町史"),
        ("title-kamishibai", "したきりすずめ"),
    ):
        open_title(page, title)
        camera.take(page, name)


def login(camera: Camera) -> None:
    page = camera.phone()
    camera.take(page, "login", "/login")
    log_in(page, "100000001", "wrong password")
    camera.take(page, "login-wrong")
    log_in(page, "070000001")
    camera.take(page, "login-barred")
    for _ in range(6):
        log_in(page, "199999999", "wrong password")
    camera.take(page, "login-slow")
    page.goto("/login")
    page.evaluate("document.querySelectorAll('input').forEach(input => input.required = false)")
    press(page, SUBMIT)
    camera.take(page, "login-empty")
    camera.take(page, "register-by-code", "/register/code")
    page.evaluate("document.querySelectorAll('input').forEach(input => input.required = false)")
    press(page, SUBMIT)
    camera.take(page, "register-by-code-empty")
    register(camera)


def register(camera: Camera) -> None:
    """The two steps by what the library knows, first with a mistake."""
    page = camera.phone()
    camera.take(page, "register", "/register")
    facts = {
        "card": "100000006",
        "kana_name": "コンドウ サチ",
        "birth_date": "19480503",
        "phone": "0300000007",
    }
    for name, typed in facts.items():
        page.fill(f"#{name}", typed)
    press(page, SUBMIT)
    camera.take(page, "register-not-proved")
    page.fill("#phone", "0300000006")
    press(page, SUBMIT)
    camera.take(page, "register-password")
    page.fill("#password", "password1")
    page.fill("#again", "password1")
    press(page, SUBMIT)
    camera.take(page, "register-common")


def cart(camera: Camera) -> None:
    page = camera.phone()
    camera.take(page, "cart-empty", "/cart")
    for title in ("吾輩は猫である", "月刊しおりの森"):
        put_in_cart(page, title)
    camera.take(page, "search-in-cart")
    camera.take(page, "cart-before-login", "/cart")
    press(page, "main .button.primary")
    fill_in_login(page, "100000001")
    camera.take(page, "cart-two-titles")
    page.click(REGISTER)
    page.locator(".done").wait_for()
    camera.take(page, "cart-registered")

    full = camera.phone("100000005")
    put_in_cart(full, "吾輩は猫である")
    put_in_cart(full, "したきりすずめ")
    camera.take(full, "cart-one-too-many", "/cart")
    full.click(REGISTER)
    full.locator(".done").wait_for()
    camera.take(full, "cart-partly-registered")

    stranger = camera.phone("100000002")
    camera.take(stranger, "search-may-not-hold", "/search?q=檸檬")

    # The button is there only where it works, so a form is bent to ask for what is refused.
    refused = camera.phone()
    open_title(refused, "しおり町史")
    number = refused.url.rsplit("/", 1)[1]
    refused.goto("/search?q=檸檬")
    with refused.expect_navigation():
        refused.evaluate(
            "number => { const form = document.querySelector('form[action=\"/cart/add\"]');"
            " form.bib.value = number; form.submit(); }",
            number,
        )
    camera.take(refused, "cart-refused")


def my(camera: Camera) -> None:
    for name, card in (("my", "100000001"), ("my-overdue", "100000003"), ("my-expired", "100000004")):
        camera.take(camera.phone(card), name, "/my")
    page = camera.phone("100000002")
    camera.take(page, "contact", "/my/contact")
    page.fill("#mail", "だれか@example.jp")
    page.evaluate("document.querySelector('form:has(#mail)').noValidate = true")
    press(page, NEW_ADDRESS)
    camera.take(page, "contact-wrong")
    page.fill("#mail", "mori..taro@example.jp")
    press(page, NEW_ADDRESS)
    camera.take(page, "contact-saved")
    camera.take(page, "alerts", "/my/alerts")
    camera.take(page, "alerts-new", "/my/alerts/new")
    press(page, SUBMIT)
    camera.take(page, "alerts-nothing-said")
    camera.take(page, "card", "/my/card")
    camera.take(page, "security", "/my/security")
    page.fill("#old", "wrong password")
    page.fill("#password", "100000002")
    page.fill("#again", "100000003")
    page.click("main form.stacked button")
    page.locator(".field-error").first.wait_for()
    camera.take(page, "security-wrong")
    camera.take(page, "data", "/my/data")
    camera.take(page, "data-delete", "/my/data/delete")
    camera.take(page, "privacy", "/privacy")
    press(page, "footer button")
    camera.take(page, "logged-out")


def loans(camera: Camera) -> None:
    page = camera.phone("100000001")
    camera.take(page, "loans", "/my/loans")
    camera.take(page, "loans-all-selected", "/my/loans?select=all")
    camera.take(page, "loans-confirm", "/my/loans/renew?loan=all")
    press(page, SUBMIT)
    camera.take(page, "loans-renewed")
    camera.take(page, "loans-nothing-chosen", "/my/loans/renew")
    camera.take(camera.phone("100000002"), "loans-of-one", "/my/loans")
    camera.take(camera.phone("100000003"), "loans-overdue", "/my/loans")
    camera.take(camera.phone("100000006"), "loans-none", "/my/loans")


def holds(camera: Camera) -> None:
    page = camera.phone("100000005")
    camera.take(page, "holds", "/my/holds")
    page.locator("summary").first.click()
    camera.take(page, "holds-change-pickup")
    page.locator("details button").first.click()
    page.locator(".done").wait_for()
    camera.take(page, "holds-pickup-changed")
    press(page, ".quiet")
    camera.take(page, "holds-cancel")
    press(page, SUBMIT)
    camera.take(page, "holds-cancelled")
    page = camera.phone("100000006")
    camera.take(page, "holds-ready", "/my/holds")
    camera.take(page, "holds-not-cancelled", f"/my/holds/{own_hold(page)}/cancel")
    camera.take(camera.phone("100000004"), "holds-none", "/my/holds")


def own_hold(page: Page) -> int:
    """The number of the one ready hold, which no link names.  Others' holds are not there for this card."""
    return next(n for n in range(1, 999) if page.request.get(f"/my/holds/{n}/cancel").status == 409)


def staff(camera: Camera) -> None:
    page = camera.phone()
    camera.take(page, "desk-login", "/desk/login")
    fill_in_staff_login(page, "admin", "wrong password")
    camera.take(page, "desk-login-wrong")
    fill_in_staff_login(page, "admin")
    camera.take(page, "desk-audit", "/desk/admin/audit")
    camera.take(page, "desk-jobs", "/desk/admin/jobs")
    camera.take(page, "desk-export", "/desk/admin/export")
    camera.take(page, "desk-import", "/desk/admin/import")
    camera.take(page, "desk-audit-nothing", "/desk/admin/audit?day=2000-01-01")
    clerk = camera.phone()
    clerk.goto("/desk/login")
    fill_in_staff_login(clerk, "desk")
    camera.take(clerk, "desk-for-administrators", "/desk/admin/audit")
    clerk.goto("/desk/patrons?q=100000002")
    press(clerk, "ul.scans a")
    clerk.fill("#why", "長く連絡がつかないため")
    press(clerk, "form[action$='/stop'] button")
    camera.take(clerk, "desk-stopped")
    press(clerk, "form[action$='/code'] button")
    camera.take(clerk, "desk-code")
    clerk.goto("/desk")
    clerk.fill("#code", "100000006")
    clerk.locator(".scan button").click()
    clerk.locator(".visitor").wait_for()
    camera.take(clerk, "desk-visit")
    camera.take(clerk, "desk-loans", "/desk/loans")
    camera.take(clerk, "desk-holds", "/desk/holds")
    press(clerk, "ul.scans a")
    camera.take(clerk, "desk-one-hold")
    for page in (
        "return",
        "shelf",
        "transfers",
        "pull",
        "hold?q=猫",
        "requests",
        "requests/new?q=新しい本",
        "mail",
        "more",
    ):
        camera.take(clerk, f"desk-{page.partition('?')[0].replace('/', '-')}", f"/desk/{page}")
    camera.take(clerk, "desk-titles", "/desk/titles?q=猫")
    press(clerk, "main li a")
    camera.take(clerk, "desk-title")
    camera.take(clerk, "desk-labels", "/desk/labels")
    camera.take(clerk, "desk-calendar", "/desk/calendar")
    camera.take(clerk, "desk-notices", "/desk/notices")
    camera.take(clerk, "desk-notice-new", "/desk/notices/new")
    camera.take(clerk, "desk-day", "/desk/day")
    camera.take(clerk, "desk-statistics", "/desk/statistics")
    camera.take(clerk, "desk-terminal", "/desk/terminal")
    press(clerk, SUBMIT)
    terminal(camera, clerk)


def terminal(camera: Camera, page: Page) -> None:
    """A machine that a clerk has just made a shared terminal."""
    camera.take(page, "terminal-login")
    fill_in_login(page, "100000001")
    page.evaluate("document.getElementById('login-end').hidden = false")  # as a minute before the end
    camera.take(page, "terminal-my")
    press(page, ".terminal button")
    camera.take(page, "terminal-finished")


def errors(camera: Camera) -> None:
    page = camera.phone()
    camera.take(page, "not-found", "/bibs/999999999")
    camera.take(page, "wrong-method", "/logout")
    page.goto("/login")
    page.evaluate("document.querySelector('[name=csrf_token]').value = 'old'")
    fill_in_login(page, "100000001")
    camera.take(page, "stale-form")


if __name__ == "__main__":
    main()
