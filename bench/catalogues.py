"""Invented catalogues of three sizes, the same for the same seed: what the benches of the catalogue measure.

Words stand in them about as often as in the catalogues of public libraries: の in six titles of ten, 日本 in
one of five records, a long tail of rare words.  They are made once and kept in ``.data``.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate, islice
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import migrations  # noqa: E402
import models  # noqa: E402
import resources  # noqa: E402
import search_index  # noqa: E402
from models import db  # noqa: E402

sys.path.append(str(HERE))
from words import DATA, Word, words  # noqa: E402

SIZES = {"20k": 20_000, "200k": 200_000, "1m": 1_000_000}
# Raise it with each change to what is made.
VERSION = 1
SEED = 20261124
TODAY = date(2026, 4, 15)

# What titles are about, with a weight each; the long tail is of the dictionary.
_ABOUT = """
日本 ニホン 165|歴史 レキシ 90|世界 セカイ 72|研究 ケンキュウ 125|文化 ブンカ 45|社会 シャカイ 50
経済 ケイザイ 45|教育 キョウイク 45|科学 カガク 35|文学 ブンガク 40|美術 ビジュツ 25|音楽 オンガク 25
料理 リョウリ 35|猫 ネコ 9|犬 イヌ 14|花 ハナ 22|海 ウミ 20|山 ヤマ 20|空 ソラ 14|星 ホシ 14
人間 ニンゲン 25|人生 ジンセイ 25|子ども コドモ 40|心理学 シンリガク 22|図書館 トショカン 16
殺人事件 サツジンジケン 14|経営 ケイエイ 28|政治 セイジ 28|法律 ホウリツ 22|医療 イリョウ 20
健康 ケンコウ 28|環境 カンキョウ 24|戦争 センソウ 22|平和 ヘイワ 12|宗教 シュウキョウ 16
哲学 テツガク 18|昭和 ショウワ 16|江戸 エド 16|東京 トウキョウ 22|京都 キョウト 18|中国 チュウゴク 26
アメリカ アメリカ 22|英語 エイゴ 24|旅 タビ 18|夢 ユメ 14|愛 アイ 18|恋 コイ 14|家族 カゾク 16
物語 モノガタリ 32|絵本 エホン 22|写真 シャシン 14|数学 スウガク 16|物理 ブツリ 10|生物 セイブツ 12
動物 ドウブツ 16|植物 ショクブツ 12|宇宙 ウチュウ 12|地球 チキュウ 10|仕事 シゴト 24|会社 カイシャ 14
企業 キギョウ 16|情報 ジョウホウ 20|技術 ギジュツ 20|コンピュータ コンピュータ 14|データ データ 10
介護 カイゴ 14|福祉 フクシ 16|保育 ホイク 10|学校 ガッコウ 16|大学 ダイガク 14|思想 シソウ 16
言葉 コトバ 12|Python パイソン 4|Java ジャバ 3|Web ウェブ 5|AI エーアイ 6|IT アイティー 5
Excel エクセル 4|SDGs エスディージーズ 2|DNA ディーエヌエー 2
"""
_PATTERNS = (  # of {a} and {b}: as it is written, as it is read, weight
    ("{a}の{b}", "{a} ノ {b}", 34),
    ("{a}と{b}", "{a} ト {b}", 8),
    ("{a}{b}", "{a} {b}", 14),
    ("{a}入門", "{a} ニュウモン", 5.5),
    ("はじめての{a}", "ハジメテ ノ {a}", 3),
    ("{a}を読む", "{a} オ ヨム", 3),
    ("{a}の{b}を考える", "{a} ノ {b} オ カンガエル", 5),
    ("{a}{b}論", "{a} {b} ロン", 4),
    ("{a}", "{a}", 6),
    ("{a}のための{b}", "{a} ノ タメ ノ {b}", 6),
    ("{a}がわかる本", "{a} ガ ワカル ホン", 3),
    ("図解{a}", "ズカイ {a}", 2),
    ("{a}学の現在", "{a}ガク ノ ゲンザイ", 2),
    ("{a}は{b}である", "{a} ワ {b} デ アル", 3),
)
_HOUSES = (
    ("書店", 20),
    ("出版社", 14),
    ("書房", 16),
    ("社", 20),
    ("出版", 14),
    ("新聞社", 4),
    ("館", 8),
    ("堂", 4),
)
_SERIES = (("文庫", 45), ("新書", 20), ("選書", 8), ("叢書", 9), ("ブックス", 8), ("シリーズ", 10))
_ROLES = ("著", "著", "著", "著", "編", "監修", "訳")
_FORMS = (("book", 90), ("av", 5), ("magazine", 3), ("kamishibai", 2))


def ready(size: str) -> Path:
    """The file of a catalogue of this size, made if there is none."""
    path = DATA / "catalogues" / f"{size}-{VERSION}.db"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        half.unlink(missing_ok=True)
        _make(half, SIZES[size])
        half.rename(path)
    return path


def open_ready(size: str) -> Path:
    """Connect to it as the program does: an index of another version is made anew first."""
    path = ready(size)
    models.open_database(path)
    migrations.migrate(db)
    search_index.create(db)
    return path


def _make(path: Path, titles: int) -> None:
    models.open_database(path)
    migrations.migrate(db)
    db.execute_sql("PRAGMA synchronous = off")
    began = time.perf_counter()
    catalogue = Catalogue(words(), SEED)
    with db.atomic():
        catalogue.fill(titles)
    db.execute_sql("ANALYZE")
    made = time.perf_counter()
    search_index.reindex_all(db)
    db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    ended = time.perf_counter()
    db.close()
    print(f"{titles:,} titles made in {made - began:.0f} s, indexed in {ended - made:.0f} s")


def _flow(chance: random.Random, values: list, weights: list[float]) -> Iterator:
    """Values without end, drawn by weight; thousands at a time, since one draw costs most of a title."""
    sums = list(accumulate(weights))
    while True:
        yield from chance.choices(values, cum_weights=sums, k=4096)


def _zipf(chance: random.Random, values: list) -> Iterator:
    """The first values often, the last hardly ever."""
    return _flow(chance, values, [1 / (place + 25) for place in range(len(values))])


class Catalogue:
    """Draws titles, and writes them in bulk."""

    def __init__(self, known: dict[str, list[Word]], seed: int):
        chance = self.chance = random.Random(seed)  # noqa: S311 - nothing is guarded by it
        about = [entry.split() for line in _ABOUT.split("\n") for entry in line.split("|") if entry]
        heads = [(written, read) for written, read, _ in about]
        self.heads = _flow(chance, heads, [int(weight) for *_, weight in about])
        self.tail = _zipf(chance, known["noun"])
        self.places = _zipf(chance, known["place"])
        self.patterns = _flow(chance, [row[:2] for row in _PATTERNS], [row[2] for row in _PATTERNS])
        self.surnames = _zipf(chance, known["surname"])
        self.given = _zipf(chance, known["given"])
        houses = _flow(chance, *map(list, zip(*_HOUSES, strict=True)))
        kinds = _flow(chance, *map(list, zip(*_SERIES, strict=True)))
        names = [next(self.tail if chance.random() < 0.5 else self.places)[0] for _ in range(3000)]
        self.publishers = _zipf(chance, [name + next(houses) for name in names[:1800]])
        self.series = _zipf(chance, [name + next(kinds) for name in names[1800:]])
        self.persons = _zipf(chance, [self._person() for _ in range(60_000)])
        self.forms = _flow(chance, *map(list, zip(*_FORMS, strict=True)))
        self.roles = _flow(chance, list(_ROLES), [1] * len(_ROLES))
        classes = sorted(key for key in json.loads(resources.text("reference/ndc9.json")) if len(key) == 3)
        self.classes = _zipf(chance, chance.sample(classes, len(classes)))
        self.pieces = _flow(chance, [1, 2, 3], [75, 20, 5])
        self.many = _flow(chance, [0, 1, 2, 3], [40, 35, 17, 8])

    def fill(self, titles: int) -> None:
        run = db.connection().executemany
        chance, barcode = self.chance, 300_000_000
        for first in range(1, titles + 1, 5000):
            numbers = range(first, min(first + 5000, titles + 1))
            bibs, creators, items, loans, holds = [], [], [], [], []
            for number in numbers:
                bib = self._bib(number)
                bibs.append(bib)
                for place in range(1 + (chance.random() < 0.25)):
                    creators.append((number, place, *next(self.persons), next(self.roles)))
                for _ in range(next(self.pieces)):
                    barcode += 1
                    branch = "main" if chance.random() < 0.7 else "east"
                    label = f"{bib[8]} {bib[2][:1]}"
                    items.append((barcode, number, str(barcode), branch, label, bib[-1]))
                    if chance.random() < 0.08:
                        due = TODAY + timedelta(days=chance.randrange(-10, 14))
                        lent = due - timedelta(days=14)
                        loans.append((barcode, chance.randrange(1, 5001), "main", str(lent), str(due)))
                if chance.random() < 0.01:
                    holds.append((number, chance.randrange(1, 5001)))
            if first == 1:
                run(_PATRON_SQL, ((n, str(100_000_000 + n), str(TODAY)) for n in range(1, 5001)))
            run(_BIB_SQL, bibs)
            run(_CREATOR_SQL, creators)
            run(_ITEM_SQL, items)
            run(_LOAN_SQL, loans)
            run(_HOLD_SQL, holds)

    def _person(self) -> tuple[str, str]:
        surname, given = next(self.surnames), next(self.given)
        return f"{surname[0]} {given[0]}", f"{surname[1]} {given[1]}"

    def _topic(self) -> Word:
        drawn = self.chance.random()
        return next(self.heads if drawn < 0.36 else self.places if drawn < 0.45 else self.tail)

    def _phrase(self) -> tuple[str, str]:
        (written_a, read_a), (written_b, read_b) = self._topic(), self._topic()
        written, read = next(self.patterns)
        return written.format(a=written_a, b=written_b), read.format(a=read_a, b=read_b)

    def _bib(self, number: int) -> tuple:
        chance = self.chance
        title, kana = self._phrase()
        if chance.random() < 0.12:
            name, reading = next(self.places)
            title, kana = f"{name}の{title}", f"{reading} ノ {kana}"
        subtitle, subtitle_kana = self._phrase() if chance.random() < 0.3 else ("", "")
        subjects = [next(self.heads)[0] for _ in range(next(self.many))]
        if subjects and chance.random() < 0.2:
            subjects[0] = f"{subjects[0]} -- 歴史" if chance.random() < 0.3 else f"日本 -- {subjects[0]}"
        # Most titles are of late years, and no novel of Japan is rare.
        year = 2026 - int(chance.expovariate(1 / 14)) % 100
        ndc = "913.6" if chance.random() < 0.28 else next(self.classes)
        return (
            number,
            next(self.forms),
            title,
            kana,
            subtitle,
            subtitle_kana,
            str(chance.randrange(1, 13)) if chance.random() < 0.1 else "",
            next(self.publishers),
            ndc,
            year,
            chance.randrange(1, 13) if chance.random() < 0.8 else None,
            _isbn(number) if chance.random() < 0.75 else None,
            next(self.series) if chance.random() < 0.3 else "",
            " ; ".join(subjects),
            f"{chance.randrange(60, 600)}p",
            f"bench:{number}",
            str(TODAY - timedelta(days=number % 5000)),
        )


def _isbn(number: int) -> str:
    twelve = f"9784{number:08}"
    weighed = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(twelve))
    return twelve + str(-weighed % 10)


def _insert(table: str, columns: str) -> str:
    marks = ", ".join("?" * len(columns.split(",")))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - of the names below


_BIB_SQL = _insert(
    "bib",
    "id, material, title, title_kana, subtitle, subtitle_kana, volume, publisher, ndc, pub_year, pub_month,"
    "isbn, series, subjects, extent, source, added_on",
)
_CREATOR_SQL = _insert("creator", "bib_id, place, name, reading, role")
_ITEM_SQL = _insert("item", "id, bib_id, barcode, branch, call_number, added_on")
_LOAN_SQL = _insert("loan", "item_id, patron_id, branch, lent_on, due_on")
_PATRON_SQL = (
    "INSERT INTO patron (id, card_number, added_on, kana_name, category)"
    " VALUES (?, ?, ?, 'ナナシ', 'resident')"
)
_HOLD_SQL = (
    "INSERT INTO hold (bib_id, patron_id, state, channel, pickup_branch, contact, requested_at)"
    " VALUES (?, ?, 'waiting', 'web', 'main', 'mail', '2026-04-10T03:00:00.000000+00:00')"
)

RATES = ("の", "日本", "歴史", "研究", "世界", "入門", "猫")


def rates() -> dict[str, float]:
    """In how many of a hundred records each of these words stands, in the catalogue that is open."""
    total = db.execute_sql("SELECT count(*) FROM bib").fetchone()[0]
    whole = (
        "title || subtitle || subjects || publisher || series || coalesce((SELECT group_concat(name)"
        " FROM creator WHERE bib_id = bib.id), '')"
    )
    sql = f"SELECT count(*) FROM bib WHERE instr({whole}, ?)"  # noqa: S608 - of the names above
    return {word: 100 * db.execute_sql(sql, (word,)).fetchone()[0] / total for word in RATES}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="20k")
    size = parser.parse_args().size
    open_ready(size)
    print(size, ", ".join(f"{word} {rate:.1f} %" for word, rate in rates().items()))
    for row in islice(db.execute_sql("SELECT title, subtitle, publisher, series FROM bib LIMIT 12"), 12):
        print("  " + " / ".join(filter(None, row)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
