"""The browser: one Chromium for all tests of this folder, and a phone for each."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from shots import FLAGS

FOLDER = Path(__file__).parent
# Refusals that belong to a journey: not signed in, a rule said no, a form not understood, too often.
EXPECTED = frozenset({401, 409, 422, 429})


def pytest_collection_modifyitems(items):
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium():
    """A started Chromium; without one the test is skipped, or fails where BROWSER_TESTS=required."""
    path = os.environ.get("CHROMIUM")
    if not path:
        absent = "no Chromium: set CHROMIUM to its path, or start the tests with `python3 dev.py test`"
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(f"BROWSER_TESTS=required, but {absent}")
        pytest.skip(f"BROWSER TESTS ARE SKIPPED, {absent}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Phone:
    """A patron's phone with the site in it.

    `open` gives a new page (tab).  Whatever goes wrong in any page of it comes into `trouble`: errors in the
    console, exceptions of scripts, answers of 400 and above, requests to other hosts.
    """

    def __init__(self, browser, address, javascript):
        self.address = address
        self.javascript = javascript
        self.trouble = []
        self.expected = set(EXPECTED)
        self.context = browser.new_context(
            base_url=address,
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            viewport={"width": 360, "height": 640},
            is_mobile=True,
            has_touch=True,
            java_script_enabled=javascript,
        )
        self.context.set_default_timeout(10_000)
        self.context.on("console", self._note_message)
        self.context.on("weberror", lambda error: self.trouble.append(f"script: {error.error}"))
        self.context.on("request", self._note_stranger)
        self.context.on("response", self._note_refusal)

    def open(self, path="/"):
        page = self.context.new_page()
        page.goto(path)
        return page

    def expect(self, *statuses):
        """Let these statuses pass in this test, besides those of EXPECTED."""
        self.expected.update(statuses)

    def _note_message(self, message):
        # Chromium's own line about an answer of 400 and above; _note_refusal judges those.
        if message.type == "error" and "the server responded with a status of" not in message.text:
            self.trouble.append(f"console: {message.text}")

    def _note_stranger(self, request):
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.netloc != urlsplit(self.address).netloc:
            self.trouble.append(f"request to another host: {request.url}")

    def _note_refusal(self, response):
        if response.status >= 400 and response.status not in self.expected:
            self.trouble.append(f"answer {response.status}: {response.url}")


@pytest.fixture(params=[True, False], ids=["javascript", "plain"])
def phone(request, chromium, live):
    """A Phone on the running server `live`; the test runs with JavaScript and without.

    A test for one of the two says `@pytest.mark.parametrize("phone", [True], indirect=True)`.
    """
    phone = Phone(chromium, live, javascript=request.param)
    yield phone
    phone.context.close()
    assert phone.trouble == []
