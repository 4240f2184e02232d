"""Somebody with a browser, who notices what is wrong with a page without being asked.

Every page and every part that a test fetches is checked, so that nobody has to remember these rules.
"""

import re
from html.parser import HTMLParser

from bs4 import BeautifulSoup

from tests.cast import CARDS, PASSWORD, STAFF
from wording import messages

VOID = {"meta", "link", "input", "br", "hr", "img", "path", "rect"}
_KEY = re.compile(r"\b[a-z_]+\.[a-z_]+(?:\.[a-z_]+)*\b")


def said(page: BeautifulSoup) -> str:
    """All that the page says, on one line."""
    return " ".join(page.main.get_text(" ", strip=True).split())


def scans(page: BeautifulSoup) -> list[str]:
    """What the desk says of each scan, the newest first."""
    return [" ".join(row.get_text(" ", strip=True).split()) for row in page.select("ol.scans > li")]


class Reader:
    """``get`` and ``post`` take the status that is expected, and give the page as a soup."""

    def __init__(self, app):
        self.app = app
        self.browser = app.test_client()
        self.token = None
        self.response = None

    def get(self, address: str, status: int = 200, part: bool = False) -> BeautifulSoup:
        return self._read(self.browser.get(address, headers=_headers(part)), status, part)

    def post(self, address: str, status: int = 303, part: bool = False, **fields) -> BeautifulSoup:
        """A field that is a list is sent once for each of its values."""
        if self.token is None:
            # The login of somebody who has logged in leads to the own page, which has a form too.
            self._read(self.browser.get("/login", follow_redirects=True), 200, part=False)
        fields = {name.replace("__", "-"): value for name, value in fields.items()}
        form = {"csrf_token": self.token, **fields}
        return self._read(self.browser.post(address, data=form, headers=_headers(part)), status, part)

    def log_in(self, name: str, status: int = 303, **fields) -> "Reader":
        self.post("/login", status=status, **{"card": CARDS[name][0], "password": PASSWORD, **fields})
        self.token = None
        return self

    def log_in_staff(self, who: str, status: int = 303, **fields) -> "Reader":
        known = {"name": STAFF[who][0], "password": PASSWORD, "branch": "main"}
        self.post("/desk/login", status=status, **{**known, **fields})
        self.token = None
        return self

    def log_out_staff(self) -> None:
        self.post("/desk/logout")
        self.token = None

    def log_out(self) -> None:
        self.post("/logout")
        self.token = None

    @property
    def went_to(self) -> str:
        return self.response.headers["Location"]

    def _read(self, response, status: int, part: bool) -> BeautifulSoup:
        self.response = response
        text = response.get_data(as_text=True)
        soup = BeautifulSoup(text, "html.parser")
        said = " ".join((soup.main or soup).get_text(" ", strip=True).split())
        assert response.status_code == status, f"{response.status_code} instead of {status}: {said}"
        if response.mimetype == "text/html" and status not in (301, 302, 303) and text:
            assert bool(soup.html) is not part, "a part was asked for and a page came, or the other way round"
            assert "HX-Request-Type" in response.headers["Vary"]
            _check(text, soup)
        field = soup.find("input", {"name": "csrf_token"})
        if field:
            self.token = field["value"]
        return soup


def _headers(part: bool) -> dict[str, str]:
    return {"HX-Request-Type": "partial", "HX-Request": "true"} if part else {}


_TOKEN = re.compile(r'(name="csrf_token"[^>]* value=")[^"]*')
_CHECKED: set[int] = set()


def _check(text: str, soup: BeautifulSoup) -> None:
    """Look at a page or a part.  One that was found to be right is so for the next test that meets it: the
    same text but for the token in its forms."""
    seen = hash(_TOKEN.sub(r"\1", text))
    if seen not in _CHECKED:
        _well_formed(text)
        check_page(soup) if soup.html else check_part(soup)
        _CHECKED.add(seen)


def check_page(soup: BeautifulSoup) -> None:
    assert soup.html["lang"] == "ja"
    assert len(soup.find_all("h1")) == 1
    title = soup.title.get_text().split(" — ")[0]
    assert title, "a page without a title"
    assert soup.find("main") and soup.find("header") and soup.find("footer")
    ids = {element["id"] for element in soup.find_all(id=True)}
    for element in soup.find_all():
        if element.get("hx-target", "").startswith("#"):
            assert element["hx-target"][1:] in ids, f"no {element['hx-target']} on this page"
        for attribute in ("aria-describedby", "aria-labelledby"):
            assert set(element.get(attribute, "").split()) <= ids, f"{attribute} of nothing: {element}"
    _check_elements(soup)


def check_part(soup: BeautifulSoup) -> None:
    roots = [element for element in soup.find_all(recursive=False) if element.name != "hx-partial"]
    assert len(roots) == 1 and roots[0].get("id"), "a part has one root, and the root an id"
    _check_elements(soup)


def _check_elements(soup: BeautifulSoup) -> None:
    elements = soup.find_all()
    named: dict[str, list] = {}
    for element in elements:
        named.setdefault(element.name, []).append(element)
    ids = [element["id"] for element in elements if element.has_attr("id")]
    assert len(ids) == len(set(ids)), f"ids twice: {sorted(id_ for id_ in ids if ids.count(id_) > 1)}"
    assert "style" not in named
    assert all(script.get("src") for script in named.get("script", ()))
    for element in elements:
        written = [name for name in element.attrs if name == "style" or name.startswith("on")]
        assert not written, f"style or script within: {element}"
    assert not soup.select("li[role]"), "a row of a list that says it is something else"
    for form in named.get("form", ()):
        assert form.get("action") and form.get("method"), f"a form that does not say where it goes: {form}"
        if form["method"] == "post":
            assert form.find("input", {"name": "csrf_token"}), f"a form without its token: {form['action']}"
    labels = {label.get("for") for label in named.get("label", ())}
    for field in (field for name in ("input", "select", "textarea") for field in named.get(name, ())):
        if field.get("type") != "hidden":
            labelled = field.get("aria-label") or field.get("id") in labels - {None}
            assert labelled or field.find_parent("label"), f"a field without a label: {field}"
    for element in elements:
        if element.has_attr("hx-get"):
            plain = element.get("href") or (element.name == "form" and element.get("action"))
            assert plain == element["hx-get"], f"does nothing without JavaScript: {element}"
        if element.has_attr("hx-post"):
            assert element.name == "form" and element["method"] == "post"
            assert element["action"] == element["hx-post"]
    said = soup.get_text(" ")
    left = [key for key in _KEY.findall(said) if key in messages("ja")]
    assert not left, f"keys instead of sentences: {left}"
    assert "None" not in said and not re.search(r"\{\w*\}", said), "something without a sentence came through"


class _Balance(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open and self.open[-1] == tag, f"</{tag}> closes <{self.open[-1:]}>"
            self.open.pop()


def _well_formed(text: str) -> None:
    parser = _Balance()
    parser.feed(text)
    assert parser.open == [], f"never closed: {parser.open}"
