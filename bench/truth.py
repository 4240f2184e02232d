"""The search truth on the whole index of Aozora Bunko: how many of its queries find first what they should.

    python3 bench/truth.py list_person_all_extended_utf8.csv.gz

The list is what Aozora Bunko offers for download; tests ask the same of the works in the sample.  Ends with 1
where a query that must pass does not, or one of one or two characters, or one of a kana reading, or more than
one in twenty of all.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import intake  # noqa: E402
import migrations  # noqa: E402
import models  # noqa: E402
import search  # noqa: E402
import search_index  # noqa: E402

TRUTH = ROOT / "tests/search_truth_aozora.json"
_SHORT = 2


def passes(query: dict, first: list[str], total: int) -> bool:
    """Whether the first ten works are those that ``meta`` in the truth file asks for."""
    expected = set(query["expect_ids"])
    there = expected & set(first)
    good = {
        "all": there == expected,
        "any": bool(there),
        "top10_in": len(there) >= query.get("min_hits", 0),
        "none": total == 0,
        "none_or_few": total <= query.get("max_hits", 0),
    }[query["match"]]
    if "rank_max" in query:
        good = good and bool(expected & set(first[: query["rank_max"]]))
    for lower in set(query.get("must_outrank", ())) & set(first):
        good = good and bool(there) and first.index(lower) > max(map(first.index, there))
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    with tempfile.TemporaryDirectory() as folder:
        db = models.open_database(Path(folder) / "truth.db")
        migrations.migrate(db)
        search_index.create(db)
        stored = intake.store(db, intake.open_titles(parser.parse_args().list), date.today())
        works = {
            number: source.removeprefix("aozora:")
            for number, source in db.execute_sql("SELECT id, source FROM bib")
        }
        asked, passed = Counter(), Counter()
        for query in json.loads(TRUTH.read_text("utf-8"))["queries"]:
            found = search.find(db, query["query"], 10)
            good = passes(query, [works[number] for number in found.ids], found.total)
            groups = ["all", query["level"], query["kind"], *["short"] * (len(query["query"]) <= _SHORT)]
            for group in groups:
                asked[group] += 1
                passed[group] += good
            if not good:
                print(f"does not pass: {query['query']} ({query['level']}, {query['kind']})")
        db.close()
    print(f"{stored.added:,} works")
    for group, n in asked.most_common():
        print(f"{group:24} {passed[group]:3} of {n}")
    whole = all(passed[group] == asked[group] for group in ("must", "short", "kana_reading"))
    return 0 if whole and passed["all"] * 20 >= asked["all"] * 19 else 1


if __name__ == "__main__":
    sys.exit(main())
