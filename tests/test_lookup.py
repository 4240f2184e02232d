"""What services outside know of an ISBN: a good answer fills the form, a bad one costs a few seconds."""

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lookup_answers
from lookup import Answer, Lookup
from models import Bib
from settings import BadSetting, LookupSource, from_environment
from title_records import CreatorRecord

HERE = Path(__file__).resolve().parent / "lookup"
SERIES, VOLUME, SUBTITLE = "9784062881173", "9784062165938", "9784797350999"
IN_OPENBD, NOWHERE = "9784794970756", "9784101010137"
NOTHING = b"""<searchRetrieveResponse xmlns="http://www.loc.gov/zing/srw/">
<version>1.2</version><numberOfRecords>0</numberOfRecords></searchRetrieveResponse>"""


def answer(name: str) -> bytes:
    return (HERE / name).read_bytes()


NDL = {
    SERIES: answer("ndl_series.xml"),
    VOLUME: answer("ndl_volume.xml"),
    SUBTITLE: answer("ndl_subtitle.xml"),
}


class Services(ThreadingHTTPServer):
    """Both services on this machine; ``mood`` says how the national library behaves today."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.mood, self.asked, self.close_now = "well", [], threading.Event()

    def handle_error(self, request, client_address):
        """Whoever asked has gone."""

    def sources(self, *names: str) -> list[LookupSource]:
        return [LookupSource(name, f"http://127.0.0.1:{self.server_port}/{name}") for name in names]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        asked = urlsplit(self.path)
        fields = parse_qs(asked.query)
        self.server.asked.append((asked.path, fields))
        if asked.path == "/openbd":
            known = fields["isbn"] == [IN_OPENBD]
            return self.send(answer("openbd.json") if known else b"[null]")
        isbn = fields.get("query", [""])[0].removeprefix('isbn="').removesuffix('"')
        return getattr(self, self.server.mood)(NDL.get(isbn, NOTHING))

    def send(self, content: bytes, status: int = 200, **headers: str):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    well = send

    def never(self, _content):
        self.server.close_now.wait(20)

    def in_drops(self, content):
        self.send_response(200)
        self.end_headers()
        for byte in content:
            if self.server.close_now.wait(0.01):
                return
            self.wfile.write(bytes([byte]))

    def cut_off(self, content):
        self.send(content[:500], Content_Length=str(len(content)))

    def half(self, content):
        self.send(content[: len(content) // 2])

    def broken(self, _content):
        self.send(b"<h1>Internal Server Error</h1>", 500)

    def a_page(self, _content):
        self.send(b"<!DOCTYPE html><title>Maintenance</title>")

    def no_text(self, _content):
        self.send(b"\xff\xfe\x00\x81" * 40)

    def huge(self, _content):
        self.send_response(200)
        self.end_headers()
        block = b" " * (1 << 16)
        while not self.server.close_now.is_set():
            self.wfile.write(block)

    def elsewhere(self, _content):
        self.server.mood = "well"
        self.send(b"", 302, Location=f"http://localhost:{self.server.server_port}{self.path}")

    def moved(self, _content):
        self.server.mood = "well"
        self.send(b"", 302, Location=self.path)

    def diagnosis(self, _content):
        self.send(b"<diagnostics><message>Query syntax error</message></diagnostics>")

    def entities(self, content):
        self.send(content.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "aaaa">]>', 1))

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def services():
    server = Services()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.close_now.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


def ask(services, isbn: str, *names: str, **seconds) -> Answer:
    found = Lookup(services.sources(*(names or ("ndl",))), **{"pause": 0, **seconds})
    return found.find(isbn)


# ---- good answers


def test_the_national_library_is_asked_for_the_number_alone(services):
    title = ask(services, SERIES).title

    assert (title.title, title.title_kana) == ("未曾有と想定外", "ミゾウ ト ソウテイガイ")
    assert (title.subtitle, title.subtitle_kana) == (
        "東日本大震災に学ぶ",
        "ヒガシニホン ダイシンサイ ニ マナブ",
    )
    assert (title.series, title.publisher, title.ndc) == ("講談社現代新書 ; 2117", "講談社", "369.31")
    assert (title.pub_year, title.pub_month, title.extent) == (2011, 7, "194p ; 18cm")
    assert (title.isbn, title.language) == (SERIES, "jpn")
    assert title.subjects == "東日本大震災 (2011)、福島第一原発事故 (2011)"
    assert title.creators == (CreatorRecord("畑村 洋太郎", "ハタムラ ヨウタロウ", role="著者"),)
    [(path, fields)] = services.asked
    assert (path, fields["query"]) == ("/ndl", [f'isbn="{SERIES}"'])


def test_an_answer_that_is_packed_as_text_is_read_too(services):
    title = ask(services, VOLUME).title
    assert (title.title, title.volume) == ("地のはてから", "上")
    assert title.creators[0] == CreatorRecord("乃南 アサ", "ノナミ アサ", role="著者")
    assert ask(services, SUBTITLE).title.ndc == "007.1"


def test_openbd_knows_readings_and_parts(services):
    found = ask(services, IN_OPENBD, "openbd")
    title = found.title
    assert found.source == "openbd"
    assert (title.title, title.title_kana) == ("これからの本の話をしよう", "コレカラノホンノハナシヲシヨウ")
    assert (title.subtitle, title.volume, title.series) == ("副題", "上", "叢書")
    assert (title.publisher, title.pub_year, title.pub_month) == ("晶文社", 2019, 2)
    assert title.creators == (
        CreatorRecord("萩野 正昭", "ハギノ マサアキ", role="著者"),
        CreatorRecord("甲野 乙子", role="翻訳者・写真"),
    )


def test_where_only_a_line_names_the_authors_they_are_read_from_it():
    entry = json.loads(answer("openbd.json"))
    del entry[0]["onix"]["DescriptiveDetail"]["Contributor"]
    entry[0]["summary"]["pubdate"] = "2019-02"
    title = lookup_answers.of_openbd(json.dumps(entry).encode(), IN_OPENBD)
    assert title.creators == (
        CreatorRecord("萩野正昭", role="著者"),
        CreatorRecord("甲野乙子", role="翻訳者"),
    )
    assert (title.pub_year, title.pub_month) == (2019, 2)


def test_the_second_service_is_asked_where_the_first_does_not_know(services):
    found = ask(services, IN_OPENBD, "ndl", "openbd")
    assert (found.source, [path for path, _ in services.asked]) == ("openbd", ["/ndl", "/openbd"])
    assert ask(services, NOWHERE, "ndl", "openbd") == Answer(unknown=("ndl", "openbd"))


def test_the_first_that_knows_is_enough(services):
    assert ask(services, SERIES, "ndl", "openbd").source == "ndl"
    assert len(services.asked) == 1


# ---- bad answers


@pytest.mark.parametrize(
    "mood",
    [
        *("cut_off", "half", "broken", "a_page", "no_text", "huge", "elsewhere", "diagnosis", "entities"),
    ],
)
def test_an_answer_that_is_none_is_passed_over_and_the_next_service_asked(services, mood):
    begun = time.monotonic()
    services.mood = mood
    assert ask(services, SERIES, each=30, whole=30) == Answer(silent=("ndl",))
    services.mood = mood
    assert ask(services, IN_OPENBD, "ndl", "openbd", each=30, whole=30).source == "openbd"
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("mood", ["never", "in_drops"])
def test_nobody_waits_for_a_service_that_does_not_answer_in_time(services, mood):
    services.mood = mood
    found = Lookup(services.sources("ndl", "openbd"), each=0.3, whole=0.3, pause=0)
    assert found.find(IN_OPENBD) == Answer(silent=("ndl", "openbd"))


def test_after_an_answer_that_came_too_slowly_the_service_can_be_asked_again(services):
    services.mood = "in_drops"
    found = Lookup(services.sources("ndl"), each=0.4, whole=3, pause=0)
    assert found.find(SERIES) == Answer(silent=("ndl",))
    services.mood = "well"
    assert found.find(SERIES).title


def test_within_the_service_it_goes_where_it_is_sent(services):
    services.mood = "moved"
    assert ask(services, SERIES).title.title == "未曾有と想定外"


def test_a_service_that_is_away_is_told_from_one_that_does_not_know(services):
    services.shutdown()
    services.server_close()
    assert ask(services, SERIES) == Answer(silent=("ndl",))


def test_an_answer_about_another_book_is_not_taken():
    assert lookup_answers.of_ndl(answer("ndl_series.xml"), VOLUME) is None
    with pytest.raises(ValueError):
        lookup_answers.of_openbd(answer("openbd.json"), VOLUME)


def test_there_is_a_second_between_two_questions(services):
    now, waited = [100.0], []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    found = Lookup(services.sources("ndl"), clock=lambda: now[0], sleep=sleep)
    for later in (0, 0.25, 2):
        now[0] += later
        assert found.find(SERIES).title

    assert waited == [0.75]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["onix", "summary", "isbn", "title", "DescriptiveDetail", "Contributor"]),
                inner,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_comes_as_json_is_a_title_nothing_or_an_error_of_value(content):
    for one in (content, [content], [{"summary": {"isbn": IN_OPENBD, "title": "題"}, "onix": content}]):
        with suppress(ValueError):
            lookup_answers.of_openbd(json.dumps(one).encode(), IN_OPENBD)


# ---- at the desk


@pytest.fixture
def desk(reader, services):
    """A clerk's browser in a library that looks books up."""

    def use(*names: str, **seconds) -> None:
        reader.app.config["LOOKUP"] = Lookup(services.sources(*names), **{"pause": 0, **seconds})

    use("ndl", "openbd")
    reader.use = use
    return reader.log_in_staff("ishida")


def filled(page) -> dict[str, str]:
    return {field["name"]: field.get("value", "") for field in page.select("form.roomy input[name]")}


def test_the_form_comes_filled_and_nothing_is_stored_before_it_is_saved(desk, town):
    page = desk.get(f"/desk/titles/new?isbn={SERIES}")

    form = filled(page)
    assert (form["title"], form["title_kana"], form["pub_year"]) == (
        "未曾有と想定外",
        "ミゾウ ト ソウテイガイ",
        "2011",
    )
    assert (form["creators-0-name"], form["creators-0-role"], form["isbn"]) == ("畑村 洋太郎", "著者", SERIES)
    assert "国立国会図書館サーチ" in page.main.text and "まだ登録していません" in page.main.text
    assert Bib.select().count() == 0

    form.pop("csrf_token")
    desk.post("/desk/titles/new", material="book", **form)
    assert [(bib.title, bib.isbn, bib.ndc) for bib in Bib.select()] == [("未曾有と想定外", SERIES, "369.31")]


def test_what_the_library_has_is_not_asked_for(desk, town, services):
    town.title("こころ", isbn=NOWHERE)
    desk.get(f"/desk/titles/new?isbn={NOWHERE}", 303)
    desk.get("/desk/titles/new?isbn=")
    desk.get("/desk/titles/new?isbn=123", 422)
    assert services.asked == []


def test_what_nobody_knows_is_written_by_hand_into_a_form_with_its_isbn(desk, services):
    services.mood = "broken"
    page = desk.get(f"/desk/titles/new?isbn={NOWHERE}")
    assert filled(page)["isbn"] == NOWHERE and filled(page)["title"] == ""
    told = [line.text for line in page.select("div.note p")]
    assert told == [
        "openBDには、このISBNの書誌がありませんでした。",
        "国立国会図書館サーチから、読める答えがありませんでした。",
        "手もとの資料を見て書いてください。",
    ]


def test_a_library_that_does_not_wish_it_asks_nobody(reader):
    reader.log_in_staff("ishida")
    page = reader.get(f"/desk/titles/new?isbn={NOWHERE}")
    assert not page.select("div.note")
    assert "openBD" not in reader.get("/desk/titles/new").main.text


def test_the_first_page_says_who_will_be_asked(desk):
    assert "国立国会図書館サーチ、openBDで書誌を探し" in desk.get("/desk/titles/new").main.text


# ---- the setting


def lookup_of(text: str, tmp_path) -> list[tuple[str, str]]:
    return [
        (source.name, source.address) for source in from_environment({"SHIORI_LOOKUP": text}, tmp_path).lookup
    ]


def test_services_are_asked_in_the_order_of_the_setting_and_by_default_none(tmp_path):
    assert (
        from_environment({}, tmp_path).lookup
        == ()
        == from_environment({"SHIORI_LOOKUP": ""}, tmp_path).lookup
    )
    assert lookup_of("openbd, ndl", tmp_path) == [
        ("openbd", "https://api.openbd.jp/v1/get"),
        ("ndl", "https://ndlsearch.ndl.go.jp/api/sru"),
    ]
    assert lookup_of("ndl=https://mirror.example.jp/sru", tmp_path) == [
        ("ndl", "https://mirror.example.jp/sru")
    ]
    assert lookup_of("ndl=http://127.0.0.1:8099/sru", tmp_path) == [("ndl", "http://127.0.0.1:8099/sru")]


@pytest.mark.parametrize(
    "text",
    [
        *("google", "ndl,ndl", "ndl=", "ndl=http://mirror.example.jp/", "ndl=file:///etc/passwd"),
        *("ndl=ftp://127.0.0.1/", "ndl=https://", "ndl=https://a:99999/", "ndl=https://me:pw@example.jp/"),
        *("ndl=https://example.jp/?q=1",),
    ],
)
def test_a_service_that_makes_no_sense_stops_the_start(text, tmp_path):
    with pytest.raises(BadSetting) as stopped:
        lookup_of(text, tmp_path)
    assert stopped.value.key == "setting.bad_lookup"
