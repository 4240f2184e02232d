"""The demo library: real titles, invented items, patrons, loans and holds, made relative to today.

The accounts below keep their numbers and their states; the states hold under both ready policies.
"""

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from werkzeug.security import generate_password_hash

import demo_counts
import demo_reading
import intake
import migrations
import models
import resources
import rules
import search_index
from models import (
    Alert,
    Bib,
    CalendarEntry,
    Creator,
    Hold,
    Item,
    Loan,
    MailAddress,
    Meta,
    Notice,
    Patron,
    Serial,
    Staff,
    db,
)
from opening import Calendar
from rules import HoldState, ItemFacts, PatronEntry, Policy, Role, book_mark, library_day

ACCOUNTS = ("100000001", "100000002", "100000003", "100000004", "100000005", "100000006", "070000001")
STAFF = {"desk": Role.CLERK, "admin": Role.ADMINISTRATOR}  # by name
PASSWORD = "shiori2026"  # noqa: S105 - everybody may know it: nothing here is real
FACTS = PatronEntry("コンドウ サチ", "resident", born_on=date(1948, 5, 3), phone="0300000006")  # of 100000006
VERSION = "5"  # of what is made below

_SEED = 20261122
_NEIGHBOURS = 80  # invented patrons without a password, who keep the others company in the queues
_NEEDED = {
    "material": ("book", "magazine", "av", "kamishibai"),
    "patron": ("resident", "commuter", "reciprocal"),
}

# Invented; the numbers are how many months or weeks apart the issues are.
_MAGAZINES = (
    ("月刊しおりの森", "ゲッカン シオリ ノ モリ", "しおり出版", 30, False),
    ("暮らしと台所", "クラシ ト ダイドコロ", "海辺書房", 30, False),
    ("こどものひろば", "コドモ ノ ヒロバ", "しおり出版", 61, False),
    ("週刊まちの声", "シュウカン マチ ノ コエ", "まちの声社", 7, True),
)
_ISSUES = 8
# Title, kana, material, call number, tags, for use in the library only.
_LOCAL_TITLES = (
    ("かさじぞう", "カサ ジゾウ", "kamishibai", "紙 カ", "", False),
    ("ももたろう", "モモタロウ", "kamishibai", "紙 モ", "", False),
    ("ねずみのよめいり", "ネズミ ノ ヨメイリ", "kamishibai", "紙 ネ", "", False),
    ("さるかにがっせん", "サル カニ ガッセン", "kamishibai", "紙 サ", "", False),
    ("したきりすずめ", "シタキリ スズメ", "kamishibai", "紙 シ", "", False),
    (
        "大型紙芝居 おむすびころりん",
        "オオガタ カミシバイ オムスビ コロリン",
        "kamishibai",
        "紙 オ",
        "団体貸出用",
        False,
    ),
    (
        "大型絵本 おおきな木の一年",
        "オオガタ エホン オオキナ キ ノ イチネン",
        "book",
        "E オ",
        "団体貸出用",
        False,
    ),
    ("しおり町のあゆみ(DVD)", "シオリチョウ ノ アユミ", "av", "778 シ", "館内用", False),
    ("しおり町史 通史編", "シオリチョウ シ ツウシヘン", "book", "A 213 シ", "", False),
    ("しおり町の昔ばなし", "シオリチョウ ノ ムカシバナシ", "book", "A 388 シ", "", False),
    ("まんが しおり町の歴史 1", "マンガ シオリチョウ ノ レキシ 1", "book", "M シ", "", False),
    ("しおり町統計年鑑", "シオリチョウ トウケイ ネンカン", "book", "R 351 シ", "", True),
    ("図解 国語のしるべ", "ズカイ コクゴ ノ シルベ", "book", "R 810 ズ", "", True),
)
_FAMILY_NAMES = (
    "アオキ",
    "イノウエ",
    "ウエダ",
    "エトウ",
    "オカモト",
    "カトウ",
    "キムラ",
    "クドウ",
    "シミズ",
    "ナカムラ",
)
_GIVEN_NAMES = (
    "アキコ",
    "イチロウ",
    "カオル",
    "ケンジ",
    "サクラ",
    "シゲル",
    "タエコ",
    "ナオミ",
    "ハルト",
    "レン",
)


class CannotMake(Exception):
    """Why there can be no demo here: the key of a sentence, with its facts."""

    def __init__(self, key: str, **facts):
        super().__init__(key)
        self.key, self.facts = key, facts


def is_current(path: Path, today: date) -> bool:
    """Whether there is a demo library of this day in this form.  Raises CannotMake for a real library."""
    if not path.exists():
        return False
    made = _made_of(path)
    if "demo_day" not in made:
        raise CannotMake("demo.not_a_demo", given=path)
    return (made["demo_day"], made.get("demo_version")) == (today.isoformat(), _version())


def _version() -> str:
    return f"{VERSION}.{len(migrations.STEPS)}.{search_index.FOLD_VERSION}"


def _made_of(path: Path) -> dict[str, str]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        try:
            return dict(database.execute("SELECT key, value FROM meta"))
        except sqlite3.DatabaseError:
            return {}


def make(path: Path, policy: Policy, now: datetime) -> None:
    """Make the demo library at a path, in the place of an older demo; it is there whole or not at all."""
    _check(policy)
    is_current(path, library_day(now))
    new = path.with_suffix(".new")
    for old in (new, *_companions(new)):
        old.unlink(missing_ok=True)
    models.open_database(new)
    db.pragma("synchronous", "off")  # until it is whole, nothing in it is worth a wait
    migrations.migrate(db)
    search_index.create(db)
    _Library(policy, now).build()
    db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    for old in (path, *_companions(path), *_companions(new)):
        old.unlink(missing_ok=True)
    new.replace(path)


def _companions(path: Path) -> tuple[Path, Path]:
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def _check(policy: Policy) -> None:
    have = {
        "material": {material.id for material in policy.materials},
        "patron": {category.id for category in policy.patron_categories},
    }
    for table, ids in _NEEDED.items():
        for id_ in ids:
            if id_ not in have[table]:
                raise CannotMake("demo.policy_lacks", table=table, given=id_)


@dataclass
class _Library:
    policy: Policy
    now: datetime

    def build(self) -> None:
        self.today = library_day(self.now)
        self.random = random.Random(_SEED)  # noqa: S311 - the same library each time
        self.barcode = 300000000
        self.taken: set[int] = set()  # items that are out, titles that a story needs
        with db.atomic():
            self._calendar()
            self._catalogue()
            self._neighbours()
            self._accounts()
            self._queues()
            demo_counts.make(self.policy, self.today, self.random)
            yamada = Patron.get(Patron.card_number == ACCOUNTS[0]).id
            demo_reading.make(self.policy, yamada, self.today, self.random)
            Meta.insert(key="demo_version", value=_version()).execute()
            Meta.insert(key="demo_day", value=self.today.isoformat()).execute()
        db.execute_sql("ANALYZE")

    # -- days ---------------------------------------------------------------------------------------------

    def _calendar(self) -> None:
        """An event each coming Saturday, a day of stock-taking next month, and the notices of the season."""
        next_month = (self.today.replace(day=1) + timedelta(days=32)).replace(day=1)
        wednesday = next_month + timedelta(days=(2 - next_month.weekday()) % 7 + 14)
        CalendarEntry.insert(day=wednesday, kind="closed", label="図書整理日").execute()
        until = self.today + timedelta(days=60)
        for title, body in (
            (
                "おはなし会を開いています",
                "毎週土曜日の14時から、本館のえほんコーナーで開いています。申し込みはいりません。",
            ),
            ("図書整理日の休館", f"{wednesday.month}月{wednesday.day}日は、図書整理のため全館お休みします。"),
        ):
            Notice.insert(
                title=title, body=body, from_on=self.today - timedelta(days=7), until_on=until
            ).execute()
        self.calendar = Calendar(self.policy, self.today - timedelta(days=400))
        self.main = next(branch.id for branch in self.policy.branches if branch.main)
        saturday = self.today + timedelta(days=(5 - self.today.weekday()) % 7)
        for week in range(6):
            day = saturday + timedelta(weeks=week)
            if self.calendar.of(self.main).is_open(day):
                CalendarEntry.insert(day=day, kind="event", label="おはなし会 14時から(本館)").execute()
        self.others = [branch.id for branch in self.policy.branches if not branch.main] or [self.main]

    def _open(self, day: date, branch: str | None = None) -> date:
        return self.calendar.of(branch or self.main).next_open(day)

    def _open_before(self, day: date, branch: str | None = None) -> date:
        return self.calendar.of(branch or self.main).previous_open(day)

    # -- titles and items ---------------------------------------------------------------------------------

    def _catalogue(self) -> None:
        intake.store(db, intake.read_titles(resources.text("samples/titles.csv").splitlines()), self.today)
        books = list(Bib.select(Bib.id, Bib.material, Bib.ndc, Bib.subjects).order_by(Bib.id).tuples())
        readings = dict(Creator.select(Creator.bib, Creator.reading).where(Creator.place == 0).tuples())
        pieces = []
        for bib, material, ndc, subjects in books:
            shelf = "CD" if material == "av" else "E" if "絵本" in subjects else ndc or "913.6"
            for _ in range(self.random.choice((1, 1, 1, 2, 2, 3))):
                label = f"{shelf} {book_mark(readings.get(bib, ''))}".strip()
                pieces.append((bib, label, *self._place(), self.today.isoformat()))
        db.connection().executemany(_PIECE_SQL, pieces)
        self._date_arrivals([bib for bib, *_ in books])
        for title, kana, material, call_number, tags, in_library in _LOCAL_TITLES:
            bib = self._bib(material, title, kana, added_on=self.today - timedelta(days=200))
            self._item(bib, call_number, tags=tags, not_for_loan=in_library)
        for magazine in _MAGAZINES:
            self._magazine(*magazine)
        search_index.reindex(db, *(row[0] for row in Bib.select(Bib.id).tuples()))

    def _date_arrivals(self, bibs: list[int]) -> None:
        """The newest dozen came in on the last open days; the rest over ten years before."""
        recent = {
            bib: self._open_before(self.today - timedelta(days=n // 4))
            for n, bib in enumerate(self.random.sample([row[0] for row in db.execute_sql(_RECENT_SQL)], 24))
        }
        for bib in bibs:
            day = recent.get(bib) or self.today - timedelta(days=self.random.randrange(40, 3650))
            db.execute_sql("UPDATE bib SET added_on = ? WHERE id = ?", (day.isoformat(), bib))
            db.execute_sql("UPDATE item SET added_on = ? WHERE bib_id = ?", (day.isoformat(), bib))

    def _magazine(self, title: str, kana: str, publisher: str, days: int, weekly: bool) -> None:
        serial = Serial.insert(title=title, title_kana=kana, publisher=publisher).execute()
        for back in reversed(
            range(_ISSUES)
        ):  # as they came, so that of two alike the later has the later number
            on = self.today - timedelta(days=back * days + 3)
            number = f"{on.year}年{on.month}月{on.day}日号" if weekly else f"{on.year}年{on.month}月号"
            bib = self._bib(
                "magazine",
                title,
                kana,
                volume=number,
                publisher=publisher,
                pub_year=on.year,
                pub_month=on.month,
                serial=serial,
                issued_on=on,
                added_on=self._open_before(on),
            )
            self._item(bib, f"雑誌 {kana[0]}", tags="週刊誌" if weekly else "")

    def _bib(self, material: str, title: str, kana: str, **columns) -> int:
        return Bib.insert(material=material, title=title, title_kana=kana, **columns).execute()

    def _item(self, bib: int, call_number: str, branch: str | None = None, **columns) -> int:
        barcode, drawn = self._place(branch)
        return Item.insert(
            bib=bib,
            barcode=barcode,
            branch=drawn,
            call_number=call_number,
            added_on=self.today,
            **columns,
        ).execute()

    def _place(self, branch: str | None = None) -> tuple[str, str]:
        """The next barcode, and the branch; one is drawn if none is given."""
        self.barcode += 1
        drawn = branch or (self.main if self.random.random() < 0.7 else self.random.choice(self.others))
        return str(self.barcode), drawn

    # -- patrons ------------------------------------------------------------------------------------------

    def _patron(self, card: str, name: str, category: str, password: str | None = None, **columns) -> int:
        columns.setdefault("card_expires_on", self.today + timedelta(days=500))
        patron = Patron.insert(
            card_number=card,
            kana_name=name,
            category=category,
            password_hash=password,
            added_on=self.today - timedelta(days=900),
            mail=f"card{card}@example.jp",
            **columns,
        ).execute()
        MailAddress.insert(patron=patron, address=f"card{card}@example.jp", added_at=self.now).execute()
        return patron

    def _neighbours(self) -> None:
        self.neighbours = []
        for n in range(_NEIGHBOURS):
            name = f"{self.random.choice(_FAMILY_NAMES)} {self.random.choice(_GIVEN_NAMES)}"
            category = self.random.choice(("resident", "resident", "commuter"))
            self.neighbours.append(self._patron(f"2000{n:05}", name, category))

    def _accounts(self) -> None:
        """Who is printed at the start: the staff, and patrons in the state that each number promises."""
        hashed = generate_password_hash(
            PASSWORD
        )  # one for all: this is a demo, and making each takes a while
        for name, role in STAFF.items():
            Staff.insert(name=name, role=role, password_hash=hashed, added_on=self.today).execute()
        expired = self.today - timedelta(days=20)
        people = {
            "100000001": ("ヤマダ ハナコ", "resident", {}),
            "100000002": ("モリ タロウ", "reciprocal", {}),
            "100000003": ("スズキ イチロウ", "resident", {}),
            "100000004": ("イトウ フミコ", "resident", {"card_expires_on": expired}),
            "100000005": ("ワタナベ ヨシオ", "commuter", {}),
            "100000006": ("コンドウ サチ", "resident", {"born_on": FACTS.born_on, "phone": FACTS.phone}),
            "070000001": ("ハラダ マサル", "resident", {}),
        }
        ids = {
            card: self._patron(card, name, category, hashed, **columns)
            for card, (name, category, columns) in people.items()
        }
        soon = self._open(self.today + timedelta(days=3))
        for title in ("坊っちゃん", "銀河鉄道の夜"):  # can be renewed
            self._lend(self._story_item(title), ids["100000001"], soon)
        held = self._story_item("こころ")
        self._lend(held, ids["100000001"], soon)
        self._wait(held[1], self.neighbours[0])
        self._lend(self._story_item("走れメロス"), ids["100000001"], soon, renewals=1)
        self._lend(self._story_item("羅生門"), ids["100000002"], self._open(self.today + timedelta(days=5)))
        self._lend(
            self._story_item("高瀬舟"), ids["100000003"], self._open_before(self.today - timedelta(days=4))
        )
        self._lend(self._story_item("山月記"), ids["100000003"], self._open(self.today + timedelta(days=6)))
        for place, title in enumerate(("人間失格", "ヴィヨンの妻", "蜘蛛の糸", "ごん狐", "手袋を買いに")):
            item = self._story_item(title)
            self._lend(item, self.neighbours[place + 1], soon)
            for ahead in range(place % 3):
                self._wait(item[1], self.neighbours[10 + place * 3 + ahead])
            self._wait(item[1], ids["100000005"])
        self._ready(self._story_item("風の又三郎"), ids["100000006"])
        self._alerts(ids["100000001"])

    def _alerts(self, patron: int) -> None:
        """What somebody is told of: an author, and a genre with a word."""
        for terms in ({"author": "夏目漱石"}, {"ndc": "9", "keyword": "猫"}):
            Alert.insert(patron=patron, added_at=self.now, **terms).execute()

    def _story_item(self, title: str) -> tuple[int, int, str]:
        """A copy of a title that every sample has; its other copies go, so that the story stays true."""
        bib = db.execute_sql(_STORY_SQL, (title,)).fetchone()[0]
        Item.delete().where(Item.bib == bib).execute()
        self.taken.add(bib)
        mark = book_mark(Creator.get(Creator.bib == bib, Creator.place == 0).reading)
        return self._item(bib, f"913.6 {mark}", branch=self.main), bib, self.main

    def _lend(self, item: tuple[int, int, str], patron: int, due_on: date, renewals: int = 0) -> None:
        number, _, branch = item
        days = 28 if renewals else 14
        lent_on = self._open_before(min(self.today, due_on - timedelta(days=days)), branch)
        Loan.insert(
            item=number, patron=patron, branch=branch, lent_on=lent_on, due_on=due_on, renewals=renewals
        ).execute()

    def _wait(self, bib: int, patron: int) -> None:
        """One more at the end of a queue."""
        self.requests = getattr(self, "requests", 0) + 1
        Hold.insert(
            bib=bib,
            patron=patron,
            state=HoldState.WAITING,
            channel=rules.Channel.WEB.value,
            pickup_branch=self.random.choice([self.main, *self.others]),
            contact=self.policy.hold.contact[0].value,
            requested_at=self.now - timedelta(days=20) + timedelta(minutes=self.requests),
        ).execute()

    def _ready(self, item: tuple[int, int, str], patron: int) -> None:
        number, bib, branch = item
        told_on = self._open_before(self.today - timedelta(days=1), branch)
        contact = self.policy.hold.contact[0]
        shelf = rules.ShelfFacts(contact, branch, told_on, told_on, told_on)
        Hold.insert(
            bib=bib,
            patron=patron,
            item=number,
            state=HoldState.READY,
            channel=rules.Channel.WEB.value,
            pickup_branch=branch,
            contact=contact.value,
            requested_at=self.now - timedelta(days=9),
            ready_on=told_on,
            collect_by=rules.collect_by(self.policy, shelf, self.calendar.of(branch)),
        ).execute()

    def _queues(self) -> None:
        """What the neighbours have out, and the few titles that everybody waits for."""
        items = [row for row in db.execute_sql(_FREE_SQL) if row[1] not in self.taken]
        for n, (item, _, branch, material) in enumerate(self.random.sample(items, 420)):
            opening = self.calendar.of(branch)
            lent_on = opening.previous_open(self.today - timedelta(days=self.random.randrange(0, 18)))
            noon = datetime.combine(lent_on, time(12), rules.JAPAN)
            desk = rules.Occasion(rules.Channel.DESK, noon, branch)
            due = rules.due(self.policy, ItemFacts(material), desk, opening)
            Loan.insert(
                item=item,
                patron=self.neighbours[n % _NEIGHBOURS],
                branch=branch,
                lent_on=lent_on,
                due_on=due.on,
            ).execute()
        out = [row[0] for row in db.execute_sql(_ALL_OUT_SQL)]
        for bib in self.random.sample(out, min(40, len(out))):
            if bib not in self.taken:
                for patron in self._who_do_not_have(bib, self.random.choice((1, 1, 1, 2, 2, 3, 6))):
                    self._wait(bib, patron)

    def _who_do_not_have(self, bib: int, how_many: int) -> Iterator[int]:
        borrowers = {row[0] for row in db.execute_sql(_BORROWERS_SQL, (bib,))}
        return iter(self.random.sample([one for one in self.neighbours if one not in borrowers], how_many))


# Thousands at once: the ORM would take most of the time in which a demo is made.
_PIECE_SQL = "INSERT INTO item (bib_id, call_number, barcode, branch, added_on) VALUES (?, ?, ?, ?, ?)"
_RECENT_SQL = "SELECT id FROM bib WHERE source GLOB 'isbn:*' ORDER BY id"
_STORY_SQL = """
SELECT bib.id FROM bib JOIN creator ON creator.bib_id = bib.id AND creator.place = 0
WHERE title = ? AND material = 'book' AND creator.name IN
  ('夏目 漱石', '宮沢 賢治', '太宰 治', '芥川 竜之介', '森 鴎外', '中島 敦', '新美 南吉')
ORDER BY bib.id LIMIT 1
"""
_FREE_SQL = """
SELECT item.id, item.bib_id, item.branch, bib.material FROM item JOIN bib ON bib.id = item.bib_id
WHERE NOT item.not_for_loan AND item.tags = '' AND item.call_number NOT GLOB '[RAM] *'
  AND NOT EXISTS (SELECT 1 FROM loan WHERE item_id = item.id) ORDER BY item.id
"""
_ALL_OUT_SQL = """
SELECT bib_id FROM item GROUP BY bib_id
HAVING count(*) = (SELECT count(*) FROM loan JOIN item AS lent ON lent.id = loan.item_id
                   WHERE lent.bib_id = item.bib_id AND loan.returned_at IS NULL)
ORDER BY bib_id
"""
_BORROWERS_SQL = """
SELECT patron_id FROM loan JOIN item ON item.id = loan.item_id WHERE item.bib_id = ? AND returned_at IS NULL
"""
