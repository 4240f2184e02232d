"""What stands between the library and the web: TLS, hosts, headers, forms, sizes, and ways back."""

import http.client
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app import create_app
from server import listen
from tests.conftest import COMPILED
from tests.reader import Reader, said

HSTS = "Strict-Transport-Security"


@contextmanager
def served(app, proxies: int = 0):
    """A running server; gives how to ask it: a path and headers."""
    server = listen(app, "127.0.0.1", 0, proxies)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()

    def ask(path: str, **headers) -> http.client.HTTPResponse:
        line = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=20)
        line.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = line.getresponse()
        answer.said = answer.read().decode()
        line.close()
        return answer

    try:
        yield ask
    finally:
        server.close()
        thread.join(5)


# -- TLS in front ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "headers", "is_secure"),
    [
        (1, {"X_Forwarded_Proto": "https"}, True),
        (1, {"X_Forwarded_Proto": "HTTPS", "X_Forwarded_For": "192.0.2.1"}, True),
        (2, {"X_Forwarded_Proto": "https"}, True),
        (1, {"X_Forwarded_Proto": "http"}, False),
        (1, {}, False),
        (1, {"Forwarded": "proto=https", "X_Forwarded_Ssl": "on", "X_Forwarded_Port": "443"}, False),
        (0, {"X_Forwarded_Proto": "https"}, False),
    ],
)
def test_cookies_are_secure_and_tls_is_kept_to_where_a_believed_proxy_says_that_it_came_by_tls(
    app, proxies, headers, is_secure
):
    with served(app, proxies) as ask:
        page, picture = ask("/login", **headers), ask("/static/icon.svg", **headers)

    cookie = page.getheader("Set-Cookie")
    assert cookie.startswith("shiori=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert ("Secure" in cookie) is is_secure
    for answer in (page, picture):
        assert answer.status == 200
        assert answer.getheader(HSTS) == ("max-age=31536000" if is_secure else None)


def test_two_words_of_a_proxy_about_tls_are_understood_as_none(app):
    with served(app, 2) as ask:
        assert ask("/", X_Forwarded_Proto="https, http").status == 400


def test_a_host_that_a_proxy_header_names_is_never_believed(app, town):
    with served(app, 1) as ask:
        answer = ask("//search", X_Forwarded_Host="evil.example", Host="lib.example.jp")

    assert "evil" not in str(answer.headers) + answer.said


def test_behind_tls_a_browser_that_hides_where_it_comes_from_can_log_in(app, town):
    browser = Reader(app)
    app.config["PREFERRED_URL_SCHEME"] = "https"  # so the test's browser speaks it, and sends no Referer

    browser.log_in("sato")

    cookies = browser.response.headers.getlist("Set-Cookie")
    assert len(cookies) == 1 and "Secure" in cookies[0]


# -- the public address ------------------------------------------------------------------------------------


@pytest.fixture
def of_url(app, policy, clock):
    """The same library, made known under an address."""

    def of_url(url: str | None, host: str = "192.0.2.5"):
        known = create_app(replace(app.config["SETTINGS"], url=url, host=host), policy, clock)
        known.jinja_env.bytecode_cache = COMPILED
        return known

    return of_url


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("lib.example.jp", 200),
        ("LIB.Example.JP", 200),
        ("lib.example.jp:8443", 200),
        ("localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("192.0.2.5:8000", 200),
        ("evil.example", 400),
        ("lib.example.jp.evil.example", 400),
        ("evil.example:80@lib.example.jp", 400),
        ("xlib.example.jp", 400),
        ("192.0.2.6", 400),
        ("lib.example.jp/evil", 400),
        ("", 400),
    ],
)
def test_where_the_public_address_is_set_other_hosts_are_refused_in_plain_words(of_url, host, status):
    browser = of_url("https://lib.example.jp").test_client()

    answer = browser.get("/", headers={"Host": host})

    assert answer.status_code == status
    if status == 400:
        assert "このアドレスでは、ご利用になれません。" in answer.text
        assert answer.mimetype == "text/plain" and "Location" not in answer.headers
        assert "evil" not in answer.text + str(answer.headers)
        assert "Set-Cookie" not in answer.headers and answer.headers["X-Content-Type-Options"] == "nosniff"


def test_another_host_is_refused_before_anything_is_done_or_looked_up(of_url, town):
    browser = of_url("https://lib.example.jp").test_client()

    for path in ("/my", "/desk", "/nowhere", "//search", "/static/icon.svg"):
        assert browser.get(path, headers={"Host": "evil.example"}).status_code == 400, path
    assert browser.post("/login", headers={"Host": "evil.example"}).mimetype == "text/plain"


def test_without_a_public_address_every_host_is_answered(of_url):
    with served(of_url(None)) as ask:
        for host in ("anything.example", "192.0.2.6:1", "[::2]", "[:::::1]", "two words"):
            assert ask("/", Host=host).status == 200, host


def test_the_program_is_asked_for_its_health_by_loopback_whatever_the_public_address_is(of_url):
    with served(of_url("https://lib.example.jp")) as ask:
        assert ask("/healthz").said == "ok\n"
        assert ask("/healthz", Host="evil.example").status == 400
        assert ask("/healthz", Host="[:::::1]").status == 400


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("https://lib.example.jp", "https://lib.example.jp/register"),
        (None, "http://localhost/register"),
    ],
)
def test_the_slip_with_a_code_prints_the_public_address(of_url, town, url, printed):
    desk = Reader(of_url(url)).log_in_staff("ishida")

    desk.post(f"/desk/patrons/{town.patrons['sato']}/code")

    assert printed in said(desk.get(desk.went_to))
