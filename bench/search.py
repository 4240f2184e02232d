"""What a search costs, as multiples of what the database alone takes for it, measured in one run.

The floor F of a question is what no program can leave out: the newest twenty rows, the exact count, and the
twenty titles with what is out and on hold.  Times of calls are processor times of the thread, the best of
five.  Times of pages are processor times of the whole process, of the real server and of who asks it over one
kept connection; a page is told as a multiple of an empty one asked for in the same moment.  Every answer is
compared with a reading of all the text.  Ends with 1 where a goal is missed.
"""

import argparse
import contextlib
import http.client
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.append(str(HERE))

import asked  # noqa: E402
import catalogues  # noqa: E402
import results  # noqa: E402
from goals import GOALS  # noqa: E402
from measuring import ROUNDS, best, library  # noqa: E402
from results import quantile  # noqa: E402

import search_index  # noqa: E402
import server  # noqa: E402
from models import db  # noqa: E402
from tests.served import served  # noqa: E402

SHORT = ("s1", "s1x", "b_common", "b_rare")  # one and two characters, as most are asked


# ---- calls


def cost_of(words: str) -> dict[str, float]:
    """The parts of the floor of a question, and what the program takes for it."""
    match = asked.match(words)
    ids = asked.newest(match, 20)
    parts = {
        "newest": best(lambda: asked.newest(match, 20)),
        "count": best(lambda: asked.count(match)),
        "fetch": best(lambda: asked.rows(ids)),
        "find": best(lambda: asked.find(words)),
        "whole": best(lambda: asked.page(words)),
    }
    floor = parts["newest"] + parts["count"] + parts["fetch"]
    return {**parts, "floor": floor, "ratio": parts["whole"] / floor}


def wrong(words: str, truth: asked.Truth) -> list[str]:
    """What an answer has that it should not have, or lacks."""
    found, true = asked.find(words), truth.having(words)
    hits = set(asked.newest(asked.match(words), 10**9))
    faults = [f"{words}: {len(hits - true)} too many, {len(true - hits)} missing"] * (hits != true)
    if found.total != len(true) or not true.issuperset(found.ids):
        faults.append(f"{words}: {found.total} told, {len(true)} are there")
    return faults


def scan(words: str) -> None:
    """The same text read without an index."""
    like = f"%{words}%"
    sql = "SELECT count(*) FROM bib_key WHERE t LIKE ? OR a LIKE ? OR s LIKE ? OR p LIKE ? OR r LIKE ?"
    db.execute_sql(sql, (like,) * 5).fetchone()


def edit_costs(rounds: int = 40) -> tuple[float, float]:
    """Milliseconds by the clock for a title changed and committed: without the index, and with it."""
    plain, indexed = [], []
    number = "SELECT id FROM bib WHERE id >= ? LIMIT 1"
    for n in range(rounds):
        bib = db.execute_sql(number, (1 + n * 397,)).fetchone()[0]
        title = db.execute_sql("SELECT title FROM bib WHERE id = ?", (bib,)).fetchone()[0]
        for written in (title + "改", title):
            began = time.perf_counter()
            with db.atomic():
                db.execute_sql("UPDATE bib SET title = ? WHERE id = ?", (written, bib))
            plain.append(time.perf_counter() - began)
        for written in (title + "改", title):
            began = time.perf_counter()
            with db.atomic():
                db.execute_sql("UPDATE bib SET title = ? WHERE id = ?", (written, bib))
                search_index.reindex(db, bib)
            indexed.append(time.perf_counter() - began)
    return statistics.median(plain) * 1000, statistics.median(indexed) * 1000


def sizes() -> dict[str, int]:
    """Bytes of the index, of the headings, and of the folded text that they were made of."""
    stored = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB ?"
    text = "SELECT sum(length(CAST(t || a || s || p || r AS BLOB))) FROM bib_key"
    return {
        "index": db.execute_sql(stored, ("bib_fts*",)).fetchone()[0],
        "headings": db.execute_sql(stored, ("*heading*",)).fetchone()[0],
        "text": db.execute_sql(text).fetchone()[0],
        "file": db.execute_sql("SELECT sum(pgsize) FROM dbstat").fetchone()[0],
    }


# ---- pages


class Visitor:
    """Somebody with one kept connection."""

    def __init__(self, port: int):
        self._line = http.client.HTTPConnection("127.0.0.1", port)

    def get(self, address: str) -> float:
        """Milliseconds of this process until the whole answer is there."""
        began = time.process_time()
        self._line.request("GET", address)
        answer = self._line.getresponse()
        answer.read()
        spent = time.process_time() - began
        if answer.status != 200:
            sys.exit(f"{address} was answered {answer.status}")
        return spent * 1000

    def close(self) -> None:
        self._line.close()
        time.sleep(0.2)  # until the server has seen it

    def beside_empty(self, address: str) -> tuple[float, float]:
        """The page and the empty page, the best of some rounds, asked for in turn."""
        rounds = [(self.get(address), self.get("/empty")) for _ in range(ROUNDS)]
        return tuple(map(min, zip(*rounds, strict=True)))


def statements(app, address: str) -> int:
    """How many statements a page asks; what FTS5 asks within them is not counted."""
    said = []
    browser = app.test_client()
    browser.get(address)
    db.connection().set_trace_callback(said.append)
    browser.get(address)
    db.connection().set_trace_callback(None)
    return sum(not sql.startswith("--") for sql in said)


def pages(app, classes: dict[str, list[str]], seed: int) -> dict:
    """Pairs of a page and the empty page, for each question and for some titles."""
    chance = random.Random(seed)  # noqa: S311 - nothing is guarded by it
    most = db.execute_sql("SELECT max(id) FROM bib").fetchone()[0]
    with served(server.listen(app, "127.0.0.1", 0)) as port, contextlib.closing(Visitor(port)) as visitor:
        for address in ("/search?q=" + quote("日本"), "/search?q=" + quote("々々々"), "/bibs/1"):
            visitor.beside_empty(address)  # what is compiled at first is compiled now
        shown = {
            name: [visitor.beside_empty("/search?q=" + quote(words)) for words in questions]
            for name, questions in classes.items()
        }
        details = [visitor.beside_empty(f"/bibs/{chance.randrange(1, most + 1)}") for _ in range(30)]
    return {"pages": shown, "details": details}


# ---- all of it


def measure(size: str, seed: int) -> dict:
    database = catalogues.open_ready(size)
    truth = asked.Truth()
    classes = asked.draw(seed, truth)
    every = [words for questions in classes.values() for words in questions]
    faults = [fault for words in every for fault in wrong(words, truth)]
    del truth
    costs = {name: [cost_of(words) for words in questions] for name, questions in classes.items()}
    scans = statistics.median(best(lambda words=words: scan(words)) for words in classes["b_common"][:3])
    stored, (plain, indexed) = sizes(), edit_costs()
    with tempfile.TemporaryDirectory() as folder:
        app = library(database, Path(folder))
        shown = pages(app, classes, seed)
        asks = [statements(app, "/search?q=" + quote(words)) for words in every[::5]]
    ratios = {name: [cost["ratio"] for cost in of] for name, of in costs.items()}
    short = [page / empty for name in SHORT for page, empty in shown["pages"][name]]
    ours = [cost["whole"] for of in costs.values() for cost in of]
    short_calls = [cost["whole"] for name in SHORT for cost in costs[name]]
    return {
        "size": size,
        "seed": seed,
        "questions": classes,
        "costs": costs,
        **shown,
        "scan": scans,
        "scan_ratio": scans / statistics.median(short_calls),
        "stored": stored,
        "edit": {"plain": plain, "indexed": indexed},
        "faults": faults,
        "measured": {
            "ratio": statistics.median(ratio for of in ratios.values() for ratio in of),
            "worst": max(quantile(of, 0.95) for of in ratios.values()),
            "p95": quantile(ours, 0.95),
            "page": statistics.median(short),
            "detail": statistics.median(page / empty for page, empty in shown["details"]),
            "size": stored["index"] / stored["text"],
            "edit": indexed / plain,
            "wrong": len(faults),
            "statements": max(asks),
        },
    }


def tell(found: dict) -> None:
    print(f"{found['size']}, seed {found['seed']}: milliseconds, p50 / p95")
    heads = ("newest 20", "count", "F", "find", "search", "search / F", "page", "page / empty")
    print(" " * 10 + "".join(f"{head:>16}" for head in heads))
    for name, of in found["costs"].items():
        parts = [
            [cost[part] for cost in of] for part in ("newest", "count", "floor", "find", "whole", "ratio")
        ]
        parts.append([page for page, _ in found["pages"][name]])
        parts.append([page / empty for page, empty in found["pages"][name]])
        cells = [f"{quantile(values, 0.5):.2f} / {quantile(values, 0.95):.2f}" for values in parts]
        print(f"{name:10}" + "".join(f"{cell:>16}" for cell in cells))
    detail, empty = (statistics.median(of) for of in zip(*found["details"], strict=True))
    print(f"empty page {empty:.2f} ms, page of a title {detail:.2f} ms")
    print(
        f"a scan takes {found['scan']:.0f} ms, {found['scan_ratio']:.0f} times a search of 1 and 2 characters"
    )
    for fault in found["faults"][:10]:
        print("WRONG: " + fault)


def missed(found: dict) -> int:
    """Tells the goals; how many are missed."""
    count = 0
    for key, goal in GOALS.items():
        most, is_now = goal.most[found["size"]], found["measured"][key]
        count += is_now > most
        print(f"{'MISSED' if is_now > most else 'ok':7}{goal.name}: {is_now:.2f}, at most {most:g}")
    return count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=catalogues.SIZES, default="20k")
    parser.add_argument("--seed", type=int, default=None, help="of the questions; a new one each time")
    options = parser.parse_args()
    seed = time.time_ns() // 10**6 % 10**6 if options.seed is None else options.seed
    found = measure(options.size, seed)
    results.keep(f"search-{options.size}", found)
    tell(found)
    return missed(found) > 0


if __name__ == "__main__":
    sys.exit(main())
