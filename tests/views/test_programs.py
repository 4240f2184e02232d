"""What other programs read: feeds, the description of the search, and availability by ISBN."""

from datetime import date
from xml.etree import ElementTree

import pytest

from app import create_app
from models import CalendarEntry
from settings import Settings

KOKORO, MON = "9784003101018", "9784003101025"
ATOM, OPENSEARCH = "{http://www.w3.org/2005/Atom}", "{http://a9.com/-/spec/opensearch/1.1/}"
ADDRESSES = ["/feeds/new.atom", "/opensearch.xml", f"/availability?isbn={KOKORO}"]


@pytest.fixture
def program(app):
    """A program that asks: no browser, no cookie."""
    return app.test_client(use_cookies=False)


def xml(answer) -> ElementTree.Element:
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.data)  # noqa: S314 - our own


def books(program, isbn: str) -> dict:
    answer = program.get("/availability", query_string={"isbn": isbn})
    assert answer.status_code == 200, answer.json
    return answer.json["books"]


def words(program, isbn: str = KOKORO) -> list[str]:
    """The words of a book at main, east and west."""
    said = books(program, isbn)[isbn]["libkey"]
    return [said[branch] for branch in ("本館", "東分館", "西分館")]


# ---- feeds and the search


def test_the_feed_of_new_titles_leads_to_their_pages(town, program):
    old = town.title("三四郎", added_on=date(2026, 4, 1), volume="上", by="夏目 漱石", publisher="しおり出版")
    new = town.title("こころ", added_on=date(2026, 4, 14))
    town.title("かくした本", hidden=True)

    feed = xml(program.get("/feeds/new.atom"))

    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["こころ", "三四郎 上"]
    assert [entry.find(f"{ATOM}link").get("href") for entry in entries] == [
        f"http://localhost/bibs/{new}",
        f"http://localhost/bibs/{old}",
    ]
    assert entries[1].findtext(f"{ATOM}author/{ATOM}name") == "夏目 漱石"
    assert entries[1].findtext(f"{ATOM}summary") == "しおり出版"
    assert feed.findtext(f"{ATOM}updated") == "2026-04-13T15:00:00Z", "midnight in Japan"


def test_the_list_of_new_titles_says_where_its_feed_is(town, reader):
    link = reader.get("/new").find("link", rel="alternate")

    assert (link["type"], link["href"]) == ("application/atom+xml", "/feeds/new.atom")


def test_a_browser_learns_from_every_page_how_to_search_here(town, reader, program):
    link = reader.get("/").find("link", rel="search")

    described = xml(program.get(link["href"]))

    templates = {url.get("type"): url.get("template") for url in described.findall(f"{OPENSEARCH}Url")}
    assert templates == {
        "text/html": "http://localhost/search?q={searchTerms}&page={startPage?}",
        "application/atom+xml": "http://localhost/feeds/search.atom?q={searchTerms}&page={startPage?}",
    }
    assert len(described.findtext(f"{OPENSEARCH}ShortName")) <= 16


def test_addresses_are_the_public_ones_where_the_library_has_one(town, database, policy, clock):
    settings = Settings(database.parent, "source-1", "127.0.0.1", 8000, url="https://lib.example.jp")
    town.title("こころ", isbn=KOKORO)
    program = create_app(settings, policy, clock).test_client()
    at = {"base_url": "https://lib.example.jp"}

    for address in ADDRESSES:
        said = program.get(address, **at).get_data(as_text=True)
        assert "https://lib.example.jp/" in said and "localhost" not in said, address


@pytest.mark.parametrize("address", ["/feeds/new.atom", "/opensearch.xml"])
def test_what_has_not_changed_is_not_sent_again(town, program, address):
    first = program.get(address)

    again = program.get(address, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    town.title("こころ")
    changed = program.get("/feeds/new.atom", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_programs_get_no_cookie_and_the_same_answer_as_everybody(town, app, reader, address):
    town.title("こころ", isbn=KOKORO)
    stranger = app.test_client().get(address)
    reader.log_in("sato")
    patron = reader.browser.get(address)

    assert patron.data == stranger.data
    for answer in (stranger, patron):
        assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers.get("Vary", "")


# ---- availability


def test_an_isbn_of_ten_or_thirteen_digits_is_answered_as_it_was_asked(town, program):
    bib = town.title("こころ", isbn=KOKORO)

    said = books(program, f"4003101014, 978-4-00-310101-8,{MON}")

    assert list(said) == ["4003101014", "978-4-00-310101-8", MON]
    for typed in ("4003101014", "978-4-00-310101-8"):
        assert said[typed] == {
            "isbn": KOKORO,
            "status": "OK",
            "reserveurl": f"http://localhost/bibs/{bib}",
            "waiting": 0,
            "libkey": {"本館": "貸出可", "東分館": "蔵書なし", "西分館": "蔵書なし"},
        }
    assert said[MON]["reserveurl"] == "" and set(said[MON]["libkey"].values()) == {"蔵書なし"}


def test_each_branch_says_what_is_with_its_pieces(town, program):
    bib = town.title("こころ", isbn=KOKORO)
    town.copy(bib, branch="east", not_for_loan=True)
    town.copy(bib, branch="west", state="missing")
    assert words(program) == ["貸出可", "館内のみ", "蔵書なし"]

    town.lend(bib, "sato")
    assert words(program) == ["貸出中", "館内のみ", "蔵書なし"]

    town.hold(bib, "tanaka")
    assert words(program) == ["予約中", "館内のみ", "蔵書なし"]


def test_a_piece_on_the_hold_shelf_is_another_s(town, program):
    bib = town.title("こころ", isbn=KOKORO)
    town.ready(bib, "sato")

    assert words(program)[0] == "予約中"


def test_of_several_pieces_and_titles_the_best_word_counts(town, program):
    first = town.title("こころ", isbn=KOKORO, copies=2)
    town.lend(first, "sato")
    assert words(program) == ["貸出可", "蔵書なし", "蔵書なし"]

    town.title("こころ", isbn=KOKORO, branch="east")
    assert words(program) == ["貸出可", "貸出可", "蔵書なし"]


def test_a_branch_that_stays_closed_for_more_than_a_week_says_so(town, program, clock):
    town.title("こころ", isbn=KOKORO)
    for day in range(15, 23):
        CalendarEntry.insert(branch="main", day=date(2026, 4, day), kind="closed").execute()
    assert words(program)[0] == "休館中"

    clock.forward(days=1)
    assert words(program)[0] == "貸出可"


def test_nobody_learns_of_hidden_titles_or_of_pieces_of_other_libraries(town, program):
    town.title("かくした本", isbn=KOKORO, hidden=True)
    town.title("借りた本", isbn=MON, interlibrary=True)

    assert set(words(program)) == set(words(program, MON)) == {"蔵書なし"}


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("", "missing"),
        (" , ,", "missing"),
        ("9784003101019", "not_an_isbn"),
        (f"{KOKORO},こころ", "not_an_isbn"),
        ("\x00", "not_an_isbn"),
        ("9" * 5000, "not_an_isbn"),
        (",".join([KOKORO] * 101), "too_many"),
    ],
)
def test_what_is_no_question_is_told_what_is_wrong(town, program, asked, problem):
    answer = program.get("/availability", query_string={"isbn": asked})

    assert (answer.status_code, answer.mimetype) == (400, "application/json")
    assert answer.json["error"] == problem and answer.json["message"].endswith("ください。")


def test_without_a_question_too(town, program):
    assert program.get("/availability").status_code == 400


def test_a_hundred_are_answered_at_once(town, program):
    town.title("こころ", isbn=KOKORO)

    assert list(books(program, ",".join([KOKORO] * 100))) == [KOKORO]


def test_pages_of_other_sites_may_ask_and_nobody_keeps_the_answer(town, program):
    answer = program.get(f"/availability?isbn={KOKORO}")

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    assert program.post("/availability").status_code in (400, 405)
    assert "Access-Control-Allow-Origin" not in program.get("/").headers
