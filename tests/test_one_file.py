"""The one file as a library gets it: in an empty folder, started by a Python that has nothing else."""

import ast
import contextlib
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

import onefile

ROOT = Path(__file__).resolve().parent.parent
HIRAGANA = re.compile("[ぁ-ん]")


class Page(HTMLParser):
    """What these tests ask of an answer: its status, its text, its links and its form fields."""

    def __init__(self, status, html):
        super().__init__()
        self.status, self.html = status, html
        self.tags, self.links, self.fields = set(), [], {}
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.add(tag)
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        if tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value") or ""


class Visitor:
    """A browser without JavaScript: it keeps cookies and follows redirects."""

    def __init__(self, address):
        self.address = address
        # Without a proxy, whatever the environment says: the server is on this machine.
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def fetch(self, path, form=None):
        """Give status, headers and body; with `form` it is a POST."""
        data = None if form is None else urllib.parse.urlencode(form).encode()
        try:
            with self.opener.open(self.address + path, data, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.headers, refusal.read()

    def page(self, path, form=None):
        status, _, body = self.fetch(path, form)
        return Page(status, body.decode())


@pytest.fixture(scope="session")
def one_file(tmp_path_factory):
    out = tmp_path_factory.mktemp("one file") / "shiori.pyz"
    onefile.build(out)
    return out


@pytest.fixture(scope="session")
def archive(one_file):
    with zipfile.ZipFile(io.BytesIO(one_file.read_bytes())) as archive:
        yield archive


@pytest.fixture(scope="module")
def visitor(one_file, tmp_path_factory):
    folder, data = tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("data")
    with serving(one_file, folder, data) as visitor:
        yield visitor
    assert list(folder.iterdir()) == [], "the one file left something in the folder it was started from"


@contextlib.contextmanager
def serving(file, folder, data):
    """A visitor of the one file, which a Python without any site-packages serves from an empty folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ours = ("PYTHON", "SHIORI_", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    log = data / "log.txt"
    with open(log, "wb") as output:
        server = subprocess.Popen(
            [sys._base_executable, "-I", "-S", str(file), "serve"],
            cwd=folder,
            env={**environment, "SHIORI_DATA": str(data), "SHIORI_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        visitor = Visitor(f"http://127.0.0.1:{port}")
        wait_for_health(visitor, server, log)
        yield visitor
    finally:
        stop(server)


def stop(server):
    server.terminate()
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
        raise


def wait_for_health(visitor, server, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if visitor.fetch("/healthz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    state = "did not answer in time" if server.poll() is None else f"ended with {server.returncode}"
    pytest.fail(f"The server {state}. It said:\n{log.read_text(encoding='utf-8', errors='replace')}")


def test_it_goes_on_when_a_new_version_is_put_in_its_place(one_file, tmp_path):
    file, folder, data = tmp_path / "shiori.pyz", tmp_path / "empty", tmp_path / "data"
    shutil.copy(one_file, file)
    folder.mkdir()
    data.mkdir()

    with serving(file, folder, data) as visitor:
        file.write_bytes(b"another version, half copied")

        for path in ("/", "/search?q=%E7%8C%AB", "/rules", "/calendar", "/cart", "/new"):
            assert visitor.page(path).status == 200, path
        assert visitor.page("/bibs/1").status == 404
        login = visitor.page("/login")
        assert visitor.page("/login", {**login.fields, "card": "1", "password": "x"}).status == 401
        for link in login.links:
            if link.startswith("/static/"):
                assert visitor.fetch(link)[0] == 200, link


def test_it_shows_the_first_page(visitor):
    page = visitor.page("/")

    assert page.status == 200
    assert "h1" in page.tags
    assert HIRAGANA.search(page.html)


def test_it_serves_the_files_that_the_page_links(visitor):
    files = [link for link in visitor.page("/").links if link.startswith("/static/")]

    assert files
    for file in files:
        status, _, body = visitor.fetch(file)
        assert (status, len(body) > 0) == (200, True), file


def test_it_names_the_faults_of_a_form_in_japanese(visitor):
    empty = visitor.page("/login")
    assert empty.status == 200
    assert empty.fields.get("csrf_token")

    refused = visitor.page(
        "/login", {name: "" for name in empty.fields} | {"csrf_token": empty.fields["csrf_token"]}
    )

    assert refused.status == 422
    added = set(re.findall(r"[^<>]+", refused.html)) - set(re.findall(r"[^<>]+", empty.html))
    assert any(HIRAGANA.search(text) for text in added)


def test_the_same_sources_give_the_same_bytes(one_file, tmp_path):
    again = tmp_path / "again.pyz"
    elsewhere = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}

    subprocess.run(
        [sys.executable, str(ROOT / "onefile.py"), str(again)], cwd=tmp_path, env=elsewhere, check=True
    )

    assert again.read_bytes() == one_file.read_bytes()


def test_it_holds_the_program_and_nothing_that_cannot_be_used(archive):
    names = archive.namelist()

    assert {"app.py", "rules.py", "cli.py", "LICENSE", "templates/", "policies/source-1.toml"} <= set(names)
    for name in names:
        assert not name.endswith((".so", ".pyd", ".dll")), name
        assert "tests" not in name.split("/"), name
        assert "__pycache__" not in name.split("/"), name
    assert not {"dev.py", "onefile.py"} & set(names)


def test_every_folder_of_the_repository_is_in_it_or_known_to_be_the_developers():
    developers = {"bench", "dist", "docs", "shots", "tests", "__pycache__"}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}

    assert folders - developers == set(onefile.FOLDERS)


def test_every_folder_has_its_entry(archive):
    names = set(archive.namelist())
    folders = {f"{parent.as_posix()}/" for name in names for parent in Path(name).parents} - {"./"}

    assert "flask/sansio/" in folders
    assert folders <= names


def test_every_module_is_there_as_source_and_compiled(archive):
    names = set(archive.namelist())
    sources = {name for name in names if name.endswith(".py")}

    assert {name + "c" for name in sources} == {name for name in names if name.endswith(".pyc")}


def test_the_licence_of_every_package_is_in_it(archive):
    names = archive.namelist()
    packages = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)

    assert packages
    for package in packages:
        records = re.compile(
            re.escape(package).replace(r"\-", "[-_]") + r"-[\d.]+\.dist-info/.*LICEN[SC]E", re.I
        )
        assert any(map(records.match, names)), package


def test_no_module_hides_one_of_the_standard_library(archive):
    top = {re.sub(r"\.pyc?$", "", name.split("/")[0]) for name in archive.namelist()}

    assert not top & sys.stdlib_module_names


def test_an_old_python_gets_a_sentence(archive):
    source = archive.read("__main__.py").decode()
    first, second, *_ = ast.parse(source, feature_version=(3, 4)).body

    assert ast.unparse(first) == "import sys"
    assert ast.unparse(second.test) == "sys.version_info < (3, 11)"
    assert "Python 3.11" in ast.unparse(second.body[0])
