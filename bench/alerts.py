"""What it costs to find whom new arrivals are told, as a multiple of reading all alerts from their table.

A library with patrons who have registered alerts of all kinds is made in a passing folder; then titles come
in.  Measured is what the job of a new day does outside its transaction, and the floor in the same run.
Ends with 1 where 20,000 alerts and 500 titles take more than ``SECONDS``, or where twice as many alerts or
titles take more than ``MOST_GROWTH`` times as long.
"""

import random
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import alerts  # noqa: E402
import migrations  # noqa: E402
import models  # noqa: E402
import search_index  # noqa: E402
from models import db  # noqa: E402

ALERTS, TITLES = 20_000, 500
SECONDS, MOST_GROWTH = 2, 3  # with the noise of a busy machine: the square would be 4
EACH = 10  # alerts of one patron
ROUNDS = 3
FAMILY = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "佐々木", "斎藤")
GIVEN = ("花子", "太郎", "一郎", "薫", "真琴", "葵", "誠", "遥", "楓", "海", "駿", "忍", "光")
WORDS = ("猫", "犬", "銀河", "料理", "歴史", "図鑑", "冒険", "手紙", "音楽", "数学", "旅", "物語")
SERIES = ["新書", "文庫", "叢書", "ライブラリー", "入門シリーズ", "全集"]


def fill(draw: random.Random, patrons_alerts: int, titles: int) -> None:
    """So many alerts and titles, in bulk."""
    day = date.today().isoformat()
    run = db.connection().executemany
    with db.atomic():
        run(
            "INSERT INTO patron (id, card_number, kana_name, category, mail, added_on)"
            " VALUES (?, ?, 'ナナシ', 'resident', 'n@example.jp', ?)",
            ((n, str(100000000 + n), day) for n in range(1, patrons_alerts // EACH + 1)),
        )
        run(
            "INSERT INTO alert (patron_id, author, ndc, keyword, series, branch, added_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((n // EACH + 1, *asked(draw, n), day) for n in range(patrons_alerts)),
        )
        run(
            "INSERT INTO bib (id, material, title, ndc, series, subjects, added_on)"
            " VALUES (?, 'book', ?, ?, ?, ?, ?)",
            (
                (n, f"{draw.choice(WORDS)}と{draw.choice(WORDS)}の{n}", str(draw.randrange(100, 1000)),
                 f"{draw.choice(WORDS)}{draw.choice(SERIES)}", draw.choice(WORDS), day)
                for n in range(1, titles + 1)
            ),
        )  # fmt: skip
        run(
            "INSERT INTO creator (bib_id, place, name) VALUES (?, 0, ?)",
            ((n, f"{draw.choice(FAMILY)} {draw.choice(GIVEN)}") for n in range(1, titles + 1)),
        )
        run(
            "INSERT INTO item (id, bib_id, barcode, branch, added_on) VALUES (?, ?, ?, 'main', ?)",
            ((n, n, str(300000000 + n), day) for n in range(1, titles + 1)),
        )
    search_index.reindex_all(db)
    db.execute_sql("ANALYZE")


def asked(draw: random.Random, n: int) -> tuple[str, str, str, str, str]:
    """The terms of an alert: one thing or two, most of which fit nothing; no two are alike."""
    author = f"{draw.choice(FAMILY)}{draw.choice(GIVEN)}{'衛門' * (n % 3)}"
    kinds = (
        (author, "", "", ""),
        (author, str(n % 10), "", ""),
        ("", "", f"{draw.choice(WORDS)} {draw.choice(WORDS)}{n % 500}", ""),
        ("", str(100 + n % 900), draw.choice(WORDS) * (1 + n % 2), ""),
        ("", "", draw.choice(WORDS), f"{draw.choice(SERIES)}{n % 500}"),
    )
    # A branch that differs from one to the next keeps them apart, and here as there nothing of it is missed.
    return (*kinds[n % len(kinds)], "main" if n % 4 == 0 else f"branch {n}" if n % 4 == 1 else "")


def seconds(call) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def measure(patrons_alerts: int, titles: int) -> tuple[float, float, int]:
    """Seconds to find who is told, seconds to read all alerts, and how many are told."""
    with tempfile.TemporaryDirectory() as folder:
        models.open_database(Path(folder) / "bench.db")
        migrations.migrate(db)
        fill(random.Random(4), patrons_alerts, titles)  # noqa: S311 - the same library each time
        told = len(alerts._who_is_told(0, titles))
        found = seconds(lambda: alerts._who_is_told(0, titles))
        floor = seconds(lambda: list(db.execute_sql(alerts._ALL_SQL)))
        models.db.close()
    return found, floor, told


def main() -> int:
    print("alerts  titles  seconds  times the floor  patrons told")
    took = {}
    for more_alerts, more_titles in ((1, 1), (2, 1), (4, 1), (1, 2), (1, 4)):
        n, titles = ALERTS * more_alerts, TITLES * more_titles
        found, floor, told = measure(n, titles)
        took[more_alerts, more_titles] = found
        print(f"{n:6}  {titles:6}  {found:7.2f}  {found / floor:15.1f}  {told:12}")
    pairs = (((1, 1), (2, 1)), ((2, 1), (4, 1)), ((1, 1), (1, 2)), ((1, 2), (1, 4)))
    growth = [took[larger] / took[smaller] for smaller, larger in pairs]
    print("each doubling takes so many times as long: " + ", ".join(f"{times:.1f}" for times in growth))
    return 1 if took[1, 1] > SECONDS or max(growth) > MOST_GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
