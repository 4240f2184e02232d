"""What stands between the library and the web: TLS, hosts, headers, forms, sizes, and ways back."""

import http.client
import re
from contextlib import contextmanager
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

import models
from app import create_app
from models import Patron
from server import listen
from tests.cast import CARDS, PASSWORD
from tests.conftest import COMPILED
from tests.reader import Reader, said
from tests.served import served

HSTS = "Strict-Transport-Security"


@contextmanager
def asking(app, proxies: int = 0):
    """A running server; gives how to ask it: a path and headers."""

    def ask(path: str, **headers) -> http.client.HTTPResponse:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        line.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = line.getresponse()
        answer.said = answer.read().decode()
        line.close()
        return answer

    with served(listen(app, "127.0.0.1", 0, proxies)) as port:
        yield ask


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
    with asking(app, proxies) as ask:
        page, picture = ask("/login", **headers), ask("/static/icon.svg", **headers)

    cookie = page.getheader("Set-Cookie")
    assert cookie.startswith("shiori=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert ("Secure" in cookie) is is_secure
    for answer in (page, picture):
        assert answer.status == 200
        assert answer.getheader(HSTS) == ("max-age=31536000" if is_secure else None)


def test_two_words_of_a_proxy_about_tls_are_understood_as_none(app):
    with asking(app, 2) as ask:
        assert ask("/", X_Forwarded_Proto="https, http").status == 400


def test_a_host_that_a_proxy_header_names_is_never_believed(app, town):
    with asking(app, 1) as ask:
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
    with asking(of_url(None)) as ask:
        for host in ("anything.example", "192.0.2.6:1", "[::2]", "[:::::1]", "two words"):
            assert ask("/", Host=host).status == 200, host


def test_the_program_is_asked_for_its_health_by_loopback_whatever_the_public_address_is(of_url):
    with asking(of_url("https://lib.example.jp")) as ask:
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


# -- what each answer carries ------------------------------------------------------------------------------

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def busy_town(town):
    """A town in which number 1 of everything is there."""
    town.lend(town.title("こころ"), "sato")
    bib = town.title("猫の本")
    town.hold(bib, "sato")
    return town


def visitors(app) -> dict[str, Reader]:
    return {
        "a stranger": Reader(app),
        "a patron": Reader(app).log_in("sato"),
        "a clerk": Reader(app).log_in_staff("ishida"),
        "an administrator": Reader(app).log_in_staff("murakami"),
    }


def addresses(app, method: str = "GET") -> list[str]:
    """Each address of the program, with the number 1 wherever it asks for one."""
    rules = [rule.rule for rule in app.url_map.iter_rules() if method in rule.methods]
    return sorted(re.sub(r"<number:\w+>", "1", rule).replace("<path:name>", "style.css") for rule in rules)


def everything() -> dict[str, list[tuple]]:
    """All that stands in the tables."""
    return {table.__name__: list(table.select().tuples()) for table in models._Table.__subclasses__()}


def check_headers(answer, of: str) -> None:
    policy = answer.headers["Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["default-src"] == "'self'" and "unsafe" not in policy and "http" not in policy, of
    assert parts["base-uri"] == parts["frame-ancestors"] == "'none'" and parts["form-action"] == "'self'", of
    assert "script-src" not in parts and "style-src" not in parts, f"{of}: 'self' is all there is"
    for name, value in HEADERS.items():
        assert answer.headers.getlist(name) == [value], f"{of}: {name}"
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert cookie.startswith("shiori="), of
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")), of
    assert "Server" not in answer.headers and "X-Powered-By" not in answer.headers


def test_every_answer_to_everybody_carries_the_armour_and_what_is_personal_is_kept_nowhere(app, busy_town):
    pages = 0
    for who, reader in visitors(app).items():
        for address in addresses(app):
            answer = reader.browser.get(address)
            of = f"{who} at {address}: {answer.status_code}"
            check_headers(answer, of)
            assert answer.status_code < 500, of
            pages += answer.status_code == 200
            kept = answer.headers["Cache-Control"]
            if address.startswith(("/static/", "/feeds/", "/opensearch.xml")):
                assert kept.startswith("public"), of
            elif who != "a stranger" or address.startswith(
                ("/login", "/register", "/contact", "/alerts", "/desk", "/availability")
            ):
                assert kept == "no-store", of
            else:
                assert kept == "private, no-cache", of
    assert pages > 100


def test_what_goes_wrong_carries_the_armour_too(app, town, monkeypatch):
    browser = app.test_client()
    check_headers(browser.get("/nowhere"), "404")
    check_headers(browser.put("/login"), "405")
    check_headers(browser.post("/login"), "400")
    check_headers(browser.get("/my//loans"), "308")
    monkeypatch.setattr("views.home.catalogue.new_arrivals", lambda _n: 1 / 0)
    broken = browser.get("/")
    assert broken.status_code == 500
    check_headers(broken, "500")


# -- forms of others ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "planted", "of another"])
def test_no_form_passes_without_the_token_of_this_browser_whoever_has_logged_in(app, busy_town, token):
    other = Reader(app)
    other.get("/login")
    fields = {} if token is None else {"csrf_token": other.token if token == "of another" else token}
    known = visitors(app)
    before = everything()

    for who, reader in known.items():
        for address in addresses(app, "POST"):
            answer = reader.browser.post(address, data=fields)
            assert answer.status_code == 400, f"{who} at {address}"
            assert "もう一度お願いします" in answer.text

    assert everything() == before


def test_nothing_is_changed_by_a_link(app, busy_town):
    """A page of another site can send anybody to an address; there a GET has to be harmless."""
    known = visitors(app)
    before = everything()

    for reader in known.values():
        for address in addresses(app):
            reader.browser.get(address, query_string={"bib": 1, "loan": "all", "scan": "300000001"})

    assert everything() == before


# -- how large a form may be -------------------------------------------------------------------------------


def encoded(token: str, content: bytes) -> dict:
    body = f"csrf_token={token}&".encode() + content
    return {"data": body, "content_type": "application/x-www-form-urlencoded"}


def many_parts(token: str) -> dict:
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = part.format("csrf_token", token) + "".join(part.format("a", n) for n in range(1200)) + "--b--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=b"}


def one_long_part(token: str) -> dict:
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = part.format("csrf_token", token) + part.format("mail", "a" * 300_000) + "--b--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize(
    "body",
    [
        lambda token: encoded(token, b"mail=" + b"a" * 262_144),
        lambda token: encoded(token, b"a=1&" * 70_000),
        many_parts,
        one_long_part,
    ],
    ids=["one long field", "many fields", "many parts", "one long part"],
)
def test_a_form_that_is_too_large_is_answered_in_words_and_changes_nothing(app, town, body):
    sato = Reader(app).log_in("sato")
    sato.get("/my/contact")

    answer = sato.browser.post("/my/contact", **body(sato.token))

    assert answer.status_code == 413
    assert "送られた内容が大きすぎます。" in answer.text
    check_headers(answer, "413")
    assert Patron.get(Patron.card_number == CARDS["sato"][0]).mail == "sato@example.jp"


def test_a_form_that_is_just_not_too_large_is_understood(app, town):
    sato = Reader(app).log_in("sato")

    page = sato.post("/my/contact", status=422, mail="a" * 200_000)

    assert page.select_one(".field-error")


# -- the way back ------------------------------------------------------------------------------------------

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example",
    "https:evil.example",
    "HTTPS:/evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,evil",
    "evil.example",
    "@evil.example",
    "/my\\evil.example",
    "/my\0//evil.example",
    "/my\r\nSet-Cookie: evil=1",
    "",
]


def leads_away(address: str) -> bool:
    """Whether a browser that is told to go here would leave this host."""
    seen = re.sub(r"[\t\r\n]", "", address).strip("\0 ").replace("\\", "/")
    return not seen.startswith("/") or seen.startswith("//")


@pytest.mark.parametrize("away", ELSEWHERE)
def test_the_login_of_patrons_leads_nowhere_else(app, town, away):
    reader = Reader(app)
    page = reader.browser.get("/login", query_string={"next": away})
    assert "evil" not in page.text

    reader.log_in("sato", next=away)
    assert reader.went_to == "/my"

    reader.browser.get("/login", query_string={"next": away})
    again = reader.browser.get("/login", query_string={"next": away})
    assert again.headers["Location"] == "/my" and "Set-Cookie: evil" not in str(again.headers)


@pytest.mark.parametrize("away", ELSEWHERE)
def test_neither_do_the_login_of_the_desk_and_the_forms_that_lead_back(app, busy_town, away):
    desk = Reader(app)
    assert "evil" not in desk.browser.get("/desk/login", query_string={"next": away}).text
    desk.log_in_staff("ishida", next=away)
    assert desk.went_to == "/desk"
    assert desk.browser.get("/desk/login", query_string={"next": away}).headers["Location"] == "/desk"

    sato = Reader(app).log_in("sato")
    page = BeautifulSoup(sato.browser.get("/my/contact", query_string={"next": away}).text, "html.parser")
    notice = page.select_one("#login-end").extract()  # it leads back to this very page, with its question
    assert notice["data-leads"].startswith("/login?next=/my/contact")
    assert "evil" not in str(page)
    sato.post("/my/contact", mail="hana@example.jp", next=away, back=away)
    assert sato.went_to == "/my/contact"
    bib = busy_town.title("坊っちゃん")
    for address in ("/cart/add", "/cart/remove"):
        sato.post(address, bib=bib, back=away)
        assert sato.went_to == f"/bibs/{bib}"
    hold = busy_town.ready(busy_town.title("三四郎"), "kato")
    desk.post(f"/desk/shelf/{hold}/told", back=away)
    assert desk.went_to == "/desk/shelf"


def test_what_is_only_written_like_another_host_stays_a_path_here(app, town):
    for inside in (
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/.//evil.example",
        "/search?q=https://a.example",
    ):
        reader = Reader(app).log_in("sato", next=inside)
        assert reader.went_to.startswith("/") and not leads_away(reader.went_to), inside
    browser = app.test_client()
    assert browser.get("/my//loans").headers["Location"] == "http://localhost/my/loans"
    slashes = browser.get("/", environ_overrides={"PATH_INFO": "//evil.example/my"})
    assert slashes.status_code == 404 and "//evil" not in slashes.text


# -- whoever comes too often -------------------------------------------------------------------------------


def test_each_door_that_slows_says_when_to_come_again_and_the_work_of_the_desk_is_never_slowed(app, town):
    desk = Reader(app).log_in_staff("ishida")
    stranger, sato = Reader(app), Reader(app).log_in("sato")
    card, wrong = CARDS["sato"][0], "ひまわりの丘 2025"
    again = {"password": wrong, "again": wrong}
    doors = {
        "/login": (stranger, {"card": card, "password": wrong}),
        "/register/code": (stranger, {"card": card, "code": "ABCDEFGH23", **again}),
        "/register": (
            Reader(app),
            {
                "card": CARDS["tanaka"][0],
                "kana_name": "タナカ",
                "birth_date": "19480503",
                "phone": "0312345678",
            },
        ),
        "/my/security": (sato, {"old": wrong, "password": "another one", "again": "another one"}),
    }
    for address, (reader, form) in doors.items():
        reader.token = None
        for _ in range(5):
            reader.post(address, status=401, **form)
        reader.post(address, status=429, **form)
        assert int(reader.response.headers["Retry-After"]) > 0, address
        check_headers(reader.response, address)
    form = {"name": "石田", "password": wrong, "branch": "main"}
    for _ in range(30):
        stranger.post("/desk/login", status=401, **form)
    stranger.post("/desk/login", status=429, **{**form, "password": PASSWORD})
    assert int(stranger.response.headers["Retry-After"]) > 0

    for n in range(40):
        desk.post("/desk/scan", status=422, code=str(399999000 + n))
        desk.post("/desk/return/scan", status=422, code=str(399999000 + n))
    desk.get("/desk")
