"""The same catalogue in programs of others, asked the same in one run: how many times what ours takes.

calibre-web and Datasette are asked over HTTP beside our page, by the clock, the best of some on both sides;
tantivy is given our words and asked for twenty titles and an exact count, by processor time; and SQLite reads
the text without an index.  Each is installed into an environment of its own under ``.data``; one that cannot
be had is left out with a sentence.
"""

import argparse
import contextlib
import http.client
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.append(str(HERE))

import asked  # noqa: E402
import catalogues  # noqa: E402
import results  # noqa: E402
from measuring import best, library  # noqa: E402
from words import DATA  # noqa: E402

import server  # noqa: E402
from folding import fold  # noqa: E402
from models import db  # noqa: E402
from pairs import END, cut_column, phrase  # noqa: E402
from tests.served import served  # noqa: E402

PEERS = {"calibreweb": "calibreweb==0.6.27", "datasette": "datasette==0.65.5", "tantivy": "tantivy==0.27.0"}
OVER_HTTP = ("猫", "日本", "図書館", "殺人事件")
ROUNDS = 4
SEED = 4


class NotThere(Exception):
    """A peer that could not be installed or started, with why."""


# ---- the peers


def environment(name: str) -> Path:
    """The programs of a peer's own environment, installed if need be."""
    folder = DATA / "peers" / name
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    if not (folder / ".ready").exists():
        print(f"Installing {PEERS[name]} …", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        if subprocess.call([programs / "python", "-m", "pip", "install", "-q", PEERS[name]]):
            raise NotThere(f"{PEERS[name]} cannot be installed here")
        (folder / ".ready").touch()
    return programs


@contextlib.contextmanager
def running(command: list, port: int, folder: Path) -> Iterator[None]:
    """A server of a peer, until the block ends."""
    with open(folder / "said.txt", "wb") as said:
        process = subprocess.Popen([*map(str, command)], stdout=said, stderr=said, cwd=folder)
        try:
            for _ in range(120):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                if process.poll() is not None:
                    raise NotThere(f"{command[0]} ended at once")
                time.sleep(0.5)
            yield
        finally:
            process.terminate()
            process.wait(20)


def a_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        return opened.getsockname()[1]


def get(port: int, address: str) -> float:
    """Milliseconds until the whole answer is there, wherever it leads."""
    began = time.perf_counter()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for _ in range(5):
        line.request("GET", address)
        answer = line.getresponse()
        answer.read()
        if answer.status not in (301, 302, 303, 307, 308):
            break
        address = answer.headers["Location"]
    line.close()
    if answer.status != 200:
        raise NotThere(f"{address} was answered {answer.status}")
    return (time.perf_counter() - began) * 1000


def in_turn(ours: int, theirs: int, address: Callable[[str], str]) -> dict[str, tuple[float, float]]:
    """For each question our page and theirs, the best of some."""
    found = {}
    for words in OVER_HTTP:
        rounds = [
            (get(ours, "/search?q=" + quote(words)), get(theirs, address(words))) for _ in range(ROUNDS + 1)
        ]
        found[words] = tuple(map(min, zip(*rounds[1:], strict=True)))
    return found


def with_calibreweb(ours: int, folder: Path) -> dict:
    programs, port = environment("calibreweb"), a_port()
    with open(folder / "books.jsonl", "w", encoding="utf-8") as file:
        for row in db.execute_sql(_BOOKS_SQL):
            file.write(json.dumps((*row[:2], row[2].split("\n")), ensure_ascii=False) + "\n")
    made = subprocess.call([programs / "python", HERE / "peer_calibre.py", folder / "books.jsonl", folder])
    if made:
        raise NotThere("the library of calibre-web could not be made")
    command = [programs / "cps", "-p", folder / "app.db", "-i", "127.0.0.1", "-o", folder / "log.txt"]
    with running(
        command, 8083, folder
    ):  # at its first start it makes its settings, with the port that it has
        pass
    with contextlib.closing(sqlite3.connect(folder / "app.db")) as settings, settings:
        settings.execute(_CALIBRE_SETTINGS_SQL, (port, str(folder)))
    with running(command, port, folder):
        return in_turn(ours, port, lambda words: "/search/stored?query=" + quote(words))


_BOOKS_SQL = """
SELECT id, title || ' ' || subtitle, (SELECT group_concat(name, char(10)) FROM creator WHERE bib_id = bib.id)
FROM bib
"""
_CALIBRE_SETTINGS_SQL = """
UPDATE settings SET config_port = ?, config_calibre_dir = ?, config_anonbrowse = 1, config_books_per_page = 20
"""


def with_datasette(ours: int, folder: Path) -> dict:
    programs, port = environment("datasette"), a_port()
    with contextlib.closing(sqlite3.connect(folder / "peer.db")) as made, made:
        made.execute("CREATE TABLE titles (id INTEGER PRIMARY KEY, t TEXT, a TEXT, s TEXT, p TEXT, r TEXT)")
        keys = db.execute_sql("SELECT id, t, a, s, p, r FROM bib_key")
        made.executemany("INSERT INTO titles VALUES (?, ?, ?, ?, ?, ?)", keys)
        made.execute(
            "CREATE VIRTUAL TABLE titles_fts USING fts5(t, a, s, p, r, tokenize='trigram', content='titles',"
            " content_rowid='id')"
        )
        made.execute("INSERT INTO titles_fts (titles_fts) VALUES ('rebuild')")

    def address(words: str) -> str:
        # Its index knows nothing of fewer than three characters; these it has to look for in the text.
        how = f"_search={quote(words)}" if len(words) > 2 else f"t__contains={quote(words)}"
        return f"/peer/titles.json?{how}&_size=20&_nosuggest=1"

    with running([programs / "datasette", "serve", folder / "peer.db", "-p", port], port, folder):
        return in_turn(ours, port, address)


def with_tantivy(classes: dict[str, list[str]], folder: Path) -> dict:
    programs = environment("tantivy")
    with open(folder / "words.jsonl", "w", encoding="utf-8") as file:
        for number, *columns in db.execute_sql("SELECT id, t, a, s, p, r FROM bib_key"):
            file.write(json.dumps((number, f" {END} ".join(map(cut_column, columns)))) + "\n")
    phrases = {
        name: [[phrase(fold(word)).strip('"').split() for word in words.split()] for words in questions]
        for name, questions in classes.items()
    }
    (folder / "asked.json").write_text(json.dumps(phrases), "utf-8")
    command = [
        programs / "python",
        HERE / "peer_tantivy.py",
        folder / "words.jsonl",
        folder / "asked.json",
    ]
    said = subprocess.run(command, capture_output=True, encoding="utf-8")
    if said.returncode:
        raise NotThere(f"tantivy could not index: {said.stderr[-300:]}")
    found = {}
    for name, theirs in json.loads(said.stdout).items():
        ours, bare, differ = [], [], 0
        for words, (_, count) in zip(classes[name], theirs, strict=True):
            match = asked.match(words)
            ours.append(best(lambda words=words: asked.find(words)))
            bare.append(best(lambda match=match: (asked.newest(match, 20), asked.count(match))))
            differ += asked.count(match) != count
        their_time = statistics.median(spent for spent, _ in theirs)
        told = f", of which {differ} have another count there" * bool(differ)
        found[f"{name}, by relevance{told}"] = (statistics.median(ours), their_time)
        found[f"{name}, the newest"] = (statistics.median(bare), their_time)
    return found


# ---- all of it


def measure(size: str) -> dict:
    database = catalogues.open_ready(size)
    classes = asked.draw(SEED, asked.Truth())
    # Latin words are begun words to us and whole words to others.
    classes = {name: of for name, of in classes.items() if name != "latin"}
    found: dict = {"size": size, "left_out": []}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app = library(database, folder)
        ours = stack.enter_context(served(server.listen(app, "127.0.0.1", 0)))
        for name, call in (
            ("tantivy", lambda at: with_tantivy(classes, at)),
            ("datasette", lambda at: with_datasette(ours, at)),
            ("calibreweb", lambda at: with_calibreweb(ours, at)),
        ):
            at = folder / name
            at.mkdir()
            try:
                found[name] = call(at)
            except NotThere as why:
                found["left_out"].append(f"{PEERS[name]}: {why}")
            shutil.rmtree(at, ignore_errors=True)
    return found


def ratio(ours: float, theirs: float) -> str:
    """How many times ours theirs takes: 12, or 1/3 where it is the quicker."""
    return f"{theirs / ours:.1f}" if theirs >= ours else f"1/{ours / theirs:.1f}"


def tell(found: dict) -> None:
    for name in PEERS:
        for what, (ours, theirs) in found.get(name, {}).items():
            times = f"ours {ours:8.2f} ms, theirs {theirs:8.2f} ms: {ratio(ours, theirs):>6}"
            print(f"{PEERS[name]:20}{what:24} {times}")
    for line in found["left_out"]:
        print("left out: " + line)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=catalogues.SIZES, default="20k")
    found = measure(parser.parse_args().size)
    results.keep(f"peers-{found['size']}", found)
    tell(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
