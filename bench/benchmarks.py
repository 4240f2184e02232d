"""Writes docs/benchmarks.md and its charts from what the benches kept: no figure there is typed by hand."""

import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.append(str(HERE))

import catalogues  # noqa: E402
from goals import GOALS  # noqa: E402
from growth import chart  # noqa: E402
from peers import PEERS, ratio  # noqa: E402
from results import kept, quantile  # noqa: E402

DOCS = HERE.parent / "docs"
CLASSES = {
    "s1": "one character (猫, 海 …)",
    "s1x": "the most frequent characters (の, 日 …)",
    "b_common": "frequent words of two",
    "b_rare": "rare words of two",
    "kana": "readings",
    "tri": "three and four characters",
    "long": "whole titles",
    "and2": "two words",
    "zero": "nothing found",
    "latin": "Latin words and beginnings",
}
_HEAD = """\
# Benchmarks of the catalogue

What a search, its page and an import cost, as multiples of floors that were measured in the same run:
figures in milliseconds are true of one machine, ratios nearly of all. This page is written by `python3
dev.py bench benchmarks` from the results that the benches keep; it is not edited by hand.

```
python3 dev.py bench search --size 200k     # 20k, 200k or 1m; makes the catalogue at first
python3 dev.py bench intake --size 200k
python3 dev.py bench peers --size 20k       # installs programs of others into bench/.data
python3 dev.py bench benchmarks
```

Catalogues are invented (`bench/catalogues.py`), the same for the same size: words, places and names of the
dictionary IPADIC by a Zipf law beside some eighty head words, 1.3 pieces a title, subtitles on 30 %, series
on 30 %, some pieces out and some titles on hold. の stands in six records of ten, 日本 in about one of five.
Questions are drawn from the titles with a new seed in each run, which is told below. Every answer is
compared with a reading of all the folded text.

**F** of a question is what no program can leave out: the newest twenty rows of the index, the exact count,
and the rows of these twenty titles with what is out and on hold. *Search* is what the program does for a
page before it is written: the titles in their order, the count, the titles with their state. Both are
processor times of a thread, the best of five. *Page* is HTML from the real server over one kept connection,
as processor time of both ends, the best of five; *empty* is a page of the same layout with nothing in it,
asked for in the same moments.
"""


def table(heads: list[str], rows: list[list[str]]) -> str:
    line = "| {} |".format
    return "\n".join(line(" | ".join(cells)) for cells in (heads, ["---"] * len(heads), *rows))


def both(values: list[float]) -> str:
    return f"{quantile(values, 0.5):.2f} / {quantile(values, 0.95):.2f}"


def goals(found: dict[str, dict]) -> str:
    """The goals of a search at each size that was measured; what is missed stands in bold."""
    rows = []
    for key, goal in GOALS.items():
        cells = [goal.name]
        for size, of in found.items():
            is_now, most = of["measured"][key], goal.most[size]
            said = f"{is_now:.2f} (≤ {most:g})"
            cells.append(f"**{said}**" if is_now > most else said)
        rows.append(cells)
    return table(["goal", *found], rows)


def of_search(size: str, found: dict) -> str:
    rows = []
    for name, of in found["costs"].items():
        pages = found["pages"][name]
        parts = ("newest", "count", "floor", "find", "whole", "ratio")
        rows.append(
            [
                f"`{name}` {CLASSES[name]}",
                *(both([cost[part] for cost in of]) for part in parts),
                both([page for page, _ in pages]),
                both([page / empty for page, empty in pages]),
            ]
        )
    heads = ["questions", "newest 20", "count", "F", "find", "search", "search / F", "page", "page / empty"]
    detail, empty = (statistics.median(of) for of in zip(*found["details"], strict=True))
    stored, mega = found["stored"], 1024 * 1024
    told = (
        f"The empty page takes {empty:.2f} ms, the page of a title {detail:.2f} ms. Reading the text without "
        f"an index takes {found['scan']:.0f} ms, {found['scan_ratio']:.0f} times a search of one and two "
        f"characters. Folded text {stored['text'] / mega:.0f} MB, index {stored['index'] / mega:.0f} MB, "
        f"headings {stored['headings'] / mega:.0f} MB, whole file {stored['file'] / mega:.0f} MB. A title "
        f"changed and committed takes {found['edit']['plain']:.2f} ms, with its index "
        f"{found['edit']['indexed']:.2f} ms."
    )
    measured = (
        f"{found['machine']}; {found['on']}; seed {found['seed']}. Milliseconds, p50 / p95 of the class."
    )
    return f"\n## {catalogues.SIZES[size]:,} titles\n\n{measured}\n\n{table(heads, rows)}\n\n{told}\n"


def of_intake(size: str, found: dict) -> list[str]:
    each = [f"{found[key]:.1f} s" for key in ("ours", "read", "write")]
    return [f"{found['titles']:,}", *each, f"{found['ratio']:.2f}"]


def of_peers(size: str, found: dict) -> str:
    rows = [
        [PEERS[name].replace("==", " "), what, f"{ours:.2f}", f"{theirs:.2f}", ratio(ours, theirs)]
        for name in PEERS
        for what, (ours, theirs) in found.get(name, {}).items()
    ]
    left_out = "".join(f"\nLeft out: {line}." for line in found["left_out"])
    heads = ["program", "questions", "ours, ms", "theirs, ms", "theirs / ours"]
    titles = f"{catalogues.SIZES[size]:,} titles"
    return f"\n{titles}; {found['machine']}; {found['on']}.\n\n{table(heads, rows)}\n{left_out}"


_PEERS = """
## Beside other programs

The same titles in other programs, asked in the same run. calibre-web and Datasette over HTTP beside our
page, by the clock, the best of four on both sides: calibre-web reads all its books, and shows covers and a
side bar besides; Datasette answers JSON, finds three characters and more by a trigram index and shorter
words by reading, without facets.

tantivy was given our words and asked for twenty titles by relevance and an exact count: medians of processor
times of a class, beside our search without the titles' rows, and beside the newest twenty and the count as
the database alone gives them. It has no Japanese of its own, and shares no transaction with loans.
"""


def main() -> int:
    sizes = list(catalogues.SIZES)
    searches = {size: found for size in sizes if (found := kept(f"search-{size}"))}
    intakes = {size: found for size in sizes if (found := kept(f"intake-{size}"))}
    peers = {size: found for size in sizes if (found := kept(f"peers-{size}"))}
    text = [_HEAD]
    if len(searches) == len(sizes):
        text.append(
            "\n![How a search grows](benchmarks-search.svg)\n\n![How a page grows](benchmarks-page.svg)\n"
        )
        draw(searches)
    text.append(f"\n## Goals\n\nWhat is missed stands in bold.\n\n{goals(searches)}\n")
    text += [of_search(size, found) for size, found in searches.items()]
    if intakes:
        heads = ["MARC records", "taken in", "read alone", "rows written alone", "taken in / floor (≤ 2)"]
        rows = [of_intake(size, found) for size, found in intakes.items()]
        text.append(f"\n## Taking in MARC records\n\nProcessor times.\n\n{table(heads, rows)}\n")
    if peers:
        text += [_PEERS, *(of_peers(size, found) for size, found in peers.items())]
    (DOCS / "benchmarks.md").write_text("".join(text), "utf-8")
    return 0


def draw(searches: dict[str, dict]) -> None:
    sizes = [catalogues.SIZES[size] for size in searches]
    calls = {
        name: [statistics.median(cost["whole"] for cost in of["costs"][name]) for of in searches.values()]
        for name in CLASSES
    }
    pages = {
        name: [statistics.median(page for page, _ in of["pages"][name]) for of in searches.values()]
        for name in CLASSES
    }
    (DOCS / "benchmarks-search.svg").write_text(chart("A search, median by class", sizes, calls), "utf-8")
    (DOCS / "benchmarks-page.svg").write_text(chart("Its page, median by class", sizes, pages), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
