"""Throws broken lists at the import: python3 -m bench.fuzz_import --seconds 20

Every reader is given lists that were cut off, changed in single bytes, mixed or made up.  What comes of it
is a title, a refused row, or a file that cannot be read; never a fault, and never half a title.
"""

import argparse
import csv
import gzip
import io
import random
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

import intake
import marc
import marc_own
import migrations
import models
import search_index
import title_list
from policy_file import read_policy
from resources import text
from sheets import Unreadable

TESTS = Path(__file__).resolve().parent.parent / "tests"
LISTS, MARC = TESTS / "lists", TESTS / "marc"
TODAY = date(2026, 4, 1)
_WORDS = (
    "書名",
    "著者",
    "ISBN",
    "資料番号",
    '"',
    ",",
    "\t",
    "\n",
    "\0",
    "9.78E+12",
    "平成99年",
    "／著",
    "\ufeff",
    "𠮷",
)


def seeds() -> list[bytes]:
    """Whole lists of every kind, in every encoding."""
    from openpyxl import Workbook

    made = []
    for path in sorted(LISTS.glob("*.?sv")):
        content = path.read_text("utf-8")
        made += [
            content.encode(name, "replace") for name in ("utf-8", "utf-8-sig", "cp932", "utf-16", "euc_jp")
        ]
        made.append(gzip.compress(content.encode()))
        book = Workbook()
        for row in csv.reader(io.StringIO(content), delimiter="\t" if path.suffix == ".tsv" else ","):
            book.active.append(["".join(sign for sign in cell if sign.isprintable()) for cell in row])
        packed = io.BytesIO()
        book.save(packed)
        made.append(packed.getvalue())
    records = [path for path in MARC.iterdir() if path.suffix not in (".md", ".csv")]
    made += [path.read_bytes() for path in sorted(records)]
    titles = [one for one in marc.read_marc((MARC / "japanmarc.mrc").read_bytes()) if hasattr(one, "title")]
    ours = "".join(title_list.text(titles)).encode()
    return [*made, ours, b"".join(marc_own.xml(titles)), b"".join(map(marc_own.iso2709, titles))]


def broken(content: bytes, chance: random.Random) -> bytes:
    """A list in which something went wrong."""
    kind = chance.randrange(6)
    if kind == 0:
        return content[: chance.randrange(len(content))]
    if kind == 1:
        return content[chance.randrange(len(content)) :]
    if kind == 2:
        return bytes(chance.randrange(256) for _ in range(chance.randrange(400)))
    made = bytearray(content)
    for _ in range(chance.choice((1, 3, 30, 300))):
        place = chance.randrange(len(made))
        if kind == 3:
            made[place] = chance.randrange(256)
        elif kind == 4:
            made[place:place] = chance.choice(_WORDS).encode(
                chance.choice(("utf-8", "cp932", "utf-16")), "replace"
            )
        else:
            other = chance.randrange(len(made))
            made[place : place + 20] = made[other : other + 20]
    return bytes(made)


def whole_titles_only() -> None:
    """Each title has its index, each piece and each person its title."""
    for sql in (
        "SELECT count(*) FROM bib WHERE title = '' OR material = ''",
        "SELECT count(*) FROM bib WHERE NOT hidden AND id NOT IN (SELECT id FROM bib_key)",
        "SELECT count(*) FROM creator WHERE name = ''",
        "SELECT count(*) FROM item WHERE barcode = '' OR branch NOT IN ('main', 'east', 'west')",
    ):
        assert models.db.execute_sql(sql).fetchone()[0] == 0, sql  # noqa: S101


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=20)
    arguments.add_argument("--seed", type=int, default=None)
    chosen = arguments.parse_args()
    seed = time.time_ns() % 10**9 if chosen.seed is None else chosen.seed
    chance, policy, came_of = random.Random(seed), read_policy(text("policies/source-1.toml")), Counter()  # noqa: S311
    until, kinds = time.monotonic() + chosen.seconds, seeds()
    with tempfile.TemporaryDirectory() as folder:
        models.open_database(Path(folder) / "shiori.db")
        models.db.execute_sql("PRAGMA synchronous = off")
        migrations.migrate(models.db)
        search_index.create(models.db)
        path = Path(folder) / "list"
        while time.monotonic() < until:
            content = broken(chance.choice(kinds), chance)
            path.write_bytes(content)
            try:
                found = intake.open_titles(path, policy)
                stored = intake.store(models.db, found, TODAY, policy=policy)
                intake.refused_rows(found, stored.refused, lambda row: row.reason, ("行", "理由"))
                whole_titles_only()
                came_of["read"] += 1
                came_of["titles"] += stored.added + stored.updated + stored.same
                came_of["refused rows"] += len(stored.refused)
            except intake.UnknownFormat:
                came_of["no list"] += 1
            except Unreadable:
                came_of["unreadable"] += 1
            except Exception:
                Path("fuzz-import.bin").write_bytes(content)
                print(f"seed {seed}: the list is kept in fuzz-import.bin")
                raise
        models.db.close()
    print(f"seed {seed}:", ", ".join(f"{n:,} {what}" for what, n in came_of.most_common()))


if __name__ == "__main__":
    main()
