"""What taking in a file of MARC records costs, as a multiple of reading it and writing its rows bare.

The floor is made in the same run: the library pymarc reads every record and throws it away, and SQLite writes
the same rows into the same tables, index included, as text that lay ready.  All are processor times.  Ends
with 1 where taking in is more than ``MOST`` times that.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.append(str(HERE))

import catalogues  # noqa: E402
import results  # noqa: E402
from pymarc import Field, Indicators, MARCReader, Record, Subfield  # noqa: E402

import intake  # noqa: E402
import marc  # noqa: E402
import migrations  # noqa: E402
import models  # noqa: E402
import search_index  # noqa: E402
from models import db  # noqa: E402
from pairs import cut_column  # noqa: E402

MOST = 2.0  # times the floor
_BATCH = 500  # rows a transaction, as the program writes them
_TITLES_SQL = """
SELECT id, title, title_kana, subtitle, volume, publisher, pub_year, isbn, ndc, series, subjects, extent
FROM bib
"""
_CREATORS_SQL = "SELECT name, reading FROM creator WHERE bib_id = ? ORDER BY place"


# ---- the file


def marc_file(size: str) -> Path:
    """The catalogue of this size as MARC 21 with readings in 880, made if there is none."""
    path = catalogues.ready(size).with_suffix(".mrc")
    if not path.exists():
        models.open_database(catalogues.ready(size))
        half = path.with_suffix(".half")
        with open(half, "wb") as file:
            for row in db.execute_sql(_TITLES_SQL):
                persons = db.execute_sql(_CREATORS_SQL, (row[0],)).fetchall()
                file.write(record(row, persons).as_marc())
        half.rename(path)
        db.close()
    return path


def record(row: tuple, persons: list[tuple[str, str]]) -> Record:
    number, title, kana, subtitle, volume, publisher, year, isbn, ndc, series, subjects, extent = row
    made = Record(force_utf8=True)
    made.add_field(Field("001", data=f"bench{number:09}"), Field("003", data="JTNDL"))
    made.add_field(Field("008", data=f"260415s{year}    ja            000 0 jpn  "))
    if isbn:
        made.add_field(_field("020", a=isbn))
    made.add_field(_field("084", a=ndc, **{"2": "njb/09"}))
    linked = 1
    for place, (name, reading) in enumerate(persons):
        tag = "100" if place == 0 else "700"
        made.add_field(_field(tag, **{"6": f"880-{linked:02}", "a": name.replace(" ", ", ")}))
        made.add_field(_field("880", **{"6": f"{tag}-{linked:02}/$1", "a": reading.replace(" ", ", ")}))
        linked += 1
    by = persons[0][0].replace(" ", "") + " 著"
    made.add_field(
        _field("245", **{"6": f"880-{linked:02}", "a": title, "b": subtitle, "n": volume, "c": by})
    )
    made.add_field(_field("880", **{"6": f"245-{linked:02}/$1", "a": kana}))
    made.add_field(_field("260", a="東京", b=publisher, c=f"{year}."), _field("300", a=extent))
    if series:
        made.add_field(_field("490", a=series))
    for subject in filter(None, subjects.split(" ; ")):
        made.add_field(_field("650", a=subject))
    return made


def _field(tag: str, **parts: str) -> Field:
    return Field(tag, Indicators(" ", " "), [Subfield(code, text) for code, text in parts.items() if text])


# ---- the floor


def read_alone(path: Path) -> None:
    with open(path, "rb") as file:
        for _ in MARCReader(file):
            pass


def written_rows() -> dict[str, list[tuple]]:
    """What the program wrote, as rows that can be written again without a thought."""
    rows = {
        table: db.execute_sql(f"SELECT * FROM {table} ORDER BY 1").fetchall()  # noqa: S608 - of the names here
        for table in ("bib", "creator", "bib_key", "heading")
    }
    keys = db.execute_sql("SELECT rid, t, a, s, p, r, f FROM bib_key ORDER BY id")
    rows["bib_fts"] = [(rid, *map(cut_column, texts), f) for rid, *texts, f in keys]
    return rows


def write_bare(rows: dict[str, list[tuple]]) -> None:
    for table, of in rows.items():
        columns = "(rowid, t, a, s, p, r, f) " * (table == "bib_fts")
        marks = ", ".join("?" * len(of[0]))
        sql = f"INSERT INTO {table} {columns}VALUES ({marks})"
        waiting = iter(of)
        while some := list(islice(waiting, _BATCH)):
            with db.atomic():
                db.connection().executemany(sql, some)


# ---- all of it


def in_new_library(folder: Path, name: str) -> None:
    models.open_database(folder / name)
    migrations.migrate(db)
    search_index.create(db)


def take_in(path: Path) -> intake.Stored:
    with open(path, "rb") as file:
        return intake.store(db, marc.read_marc(file), catalogues.TODAY)


def seconds(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=catalogues.SIZES, default="20k")
    size = parser.parse_args().size
    path = marc_file(size)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        in_new_library(folder, "ours.db")
        stored = []
        ours = seconds(lambda: stored.append(take_in(path)))
        rows = written_rows()
        in_new_library(folder, "bare.db")
        read, write = seconds(lambda: read_alone(path)), seconds(lambda: write_bare(rows))
        db.close()
    titles = catalogues.SIZES[size]
    if stored[0].added != titles or stored[0].refused:
        print(f"WRONG: of {titles} records {stored[0].added} were taken, {len(stored[0].refused)} refused")
        return 1
    ratio = ours / (read + write)
    results.keep(
        f"intake-{size}",
        {"size": size, "titles": titles, "ours": ours, "read": read, "write": write, "ratio": ratio},
    )
    alone = f"pymarc alone {read:.1f} s, rows written {write:.1f} s"
    print(f"{titles:,} MARC records taken in: {ours:.1f} s; {alone}")
    print(f"{'MISSED' if ratio > MOST else 'ok':7}taking in / floor: {ratio:.2f}, at most {MOST:g}")
    return ratio > MOST


if __name__ == "__main__":
    sys.exit(main())
