"""A year of a library, day by day, and whether the books balance at the end of it.

Each day the desk is open its patrons borrow, return, renew, ask for titles, change their minds and collect;
clerks fetch, unpack the boxes of the other branches and make calls.  Each night the jobs run, but for nights
without power; each hour the postman comes, to a mail server that has bad days of every kind.  Then every loan
has been returned or is open, every hold has one end, every message was sent once or is known not to have
been, and nothing ended on a day on which its branch was closed.  Chance is seeded: a year that went wrong can
be had again.

Run as a script it is a year under each of the two ready policies; ``tests/test_year.py`` has two months.
"""

import logging
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import calendar_changes  # noqa: E402
import circulation  # noqa: E402
import hold_shelf  # noqa: E402
import jobs  # noqa: E402
import lending  # noqa: E402
import migrations  # noqa: E402
import models  # noqa: E402
import pull_list  # noqa: E402
import resources  # noqa: E402
import search_index  # noqa: E402
import undelivered  # noqa: E402
from lending import Returned  # noqa: E402
from models import Bib, Event, Hold, Item, Loan, MailAddress, Outbox, Patron, db  # noqa: E402
from opening import Calendar  # noqa: E402
from policy_file import read_policy  # noqa: E402
from postman import Postman  # noqa: E402
from rules import (  # noqa: E402
    CLOSED_HOLD_STATES,
    JAPAN,
    TOLD_WHILE_OPEN,
    TOLD_WHILE_OUT,
    CalendarPlan,
    Channel,
    DayKind,
    HoldState,
)
from settings import Smtp  # noqa: E402
from tests.post_office import PostOffice  # noqa: E402

FIRST = date(2026, 4, 1)
DAYS, PATRONS, TITLES, SEED = 365, 2000, 4000, 20260401
CLERK = "1"
CLOSED_PORT = Smtp("127.0.0.1", 9)  # nobody listens there
# What becomes of messages, written down beside the program by the database itself.
_WATCH = (
    "CREATE TEMP TABLE owed (id INTEGER PRIMARY KEY, kind TEXT, end TEXT)",
    "CREATE TEMP TRIGGER queued AFTER INSERT ON outbox BEGIN"
    " INSERT INTO owed VALUES (new.id, new.kind, NULL); END",
    "CREATE TEMP TRIGGER gone AFTER DELETE ON outbox BEGIN UPDATE owed SET end ="
    " CASE WHEN old.reason <> '' THEN 'told' WHEN old.tried_at IS NULL THEN 'withdrawn' ELSE 'tried' END"
    " WHERE id = old.id; END",
)


class Year:
    """A generated library, and chance."""

    def __init__(self, policy, office: PostOffice, patrons: int, titles: int, seed: int):
        self.policy, self.office, self.chance = policy, office, random.Random(seed)  # noqa: S311
        self.counts = Counter()  # by whoever made it happen, and not by the program
        self.wrong: list[str] = []
        self.branches = [branch.id for branch in policy.branches]
        self.home: dict[int, date] = {}  # item → the day on which its borrower means to bring it back
        self._fill(patrons, titles)
        for statement in _WATCH:
            db.execute_sql(statement)
        self.postman = office.postman(policy)

    def _fill(self, patrons: int, titles: int) -> None:
        categories = [category.id for category in self.policy.patron_categories]
        with db.atomic():
            self.patrons = []
            for n in range(1, patrons + 1):
                address = f"reader{n}@example.jp"
                patron = Patron.insert(
                    card_number=str(100000000 + n),
                    kana_name="ナナシ",
                    category=self.chance.choice(categories),
                    card_expires_on=FIRST + timedelta(days=self.chance.randint(60, 900)),
                    mail=address if self.chance.random() < 0.9 else None,
                    phone="0300000000",
                    added_on=FIRST,
                ).execute()
                if Patron.get_by_id(patron).mail:
                    now = self.at(FIRST, 0)
                    MailAddress.insert(patron=patron, address=address, added_at=now).execute()
                self.patrons.append(patron)
            for n in range(1, titles + 1):
                bib = Bib.insert(material="book", title=f"だい{n}", added_on=FIRST).execute()
                for copy in range(1 if self.chance.random() < 0.9 else 2):
                    Item.insert(
                        bib=bib,
                        barcode=str(300000000 + 2 * n + copy),
                        branch=self.chance.choice(self.branches),
                        call_number="913.6 ナ",
                        added_on=FIRST,
                    ).execute()
        self.barcodes = dict(Item.select(Item.id, Item.barcode).tuples())
        self.items = list(self.barcodes)
        self.titles = [bib for (bib,) in Bib.select(Bib.id).tuples()]

    @staticmethod
    def at(day: date, hour: int, minute: int = 0) -> datetime:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=JAPAN)

    # -- a day ---------------------------------------------------------------------------------------------

    def live(self, days: int) -> None:
        for n in range(days):
            self.day(FIRST + timedelta(days=n))
        self.after(FIRST + timedelta(days=days))

    def day(self, day: date) -> None:
        weather = self.chance.choices(("fair", "away", "greylist", "cut", "no power"), (80, 5, 6, 6, 3))[0]
        if weather != "no power":
            self.jobs_run(self.at(day, 0, 10))
        if day.day == 10:
            self.close_some_days(day)
        opening = Calendar(self.policy, day)
        is_open = [branch for branch in self.branches if opening.of(branch).is_open(day)]
        for hour in range(9, 20):
            if is_open and 10 <= hour < 17:
                self.desk(is_open, self.at(day, hour))
            if weather != "no power":
                self.mail(weather, self.at(day, hour, 30))
        if weather == "no power":
            self.jobs_run(self.at(day, 21))  # as soon as somebody has mended the fuse

    def after(self, day: date) -> None:
        """A week in which nobody comes: what was owed goes out, or is given up."""
        for n in range(3):
            for hour in range(0, 24, 2):
                self.mail("fair", self.at(day + timedelta(days=n), hour))

    def jobs_run(self, now: datetime) -> None:
        done = jobs.run_due(self.policy, now)
        again = jobs.run_due(self.policy, now)
        self.counts["failed jobs"] += len(done.failures)
        if any(not job.often and job.name in again.counts for job in jobs.JOBS):
            self.wrong.append(f"a job was done twice on {now}")

    def close_some_days(self, day: date) -> None:
        first = day + timedelta(days=self.chance.randint(1, 20))
        length = self.chance.randint(0, 6)
        branch = self.chance.choice([*self.branches, None])
        plan = CalendarPlan(DayKind.CLOSED, first, first + timedelta(days=length), branch, "点検")
        moved = calendar_changes.put_on_calendar(self.policy, plan, self.at(day, 9), CLERK).followed.moved
        self.counts["moved by a closure"] += len(moved)

    # -- the mail ------------------------------------------------------------------------------------------

    def mail(self, weather: str, now: datetime) -> None:
        office, chance = self.office, self.chance
        office.answers = {f"reader{n}@example.jp": "550 5.1.1 unknown" for n in range(7, 9999, 50)}
        if weather == "greylist" and now.hour < 15:
            office.answers |= {f"reader{n}@example.jp": "451 4.7.1 later" for n in range(1, 9999, 2)}
        office.hangs_up = weather == "cut" and chance.random() < 0.3
        postman = self.postman
        if weather == "away":
            postman = Postman(CLOSED_PORT, postman.writer)
        with suppress(OSError):
            self.counts["sent"] += postman.deliver(now)

    # -- the desk and its patrons --------------------------------------------------------------------------

    def desk(self, is_open: list[str], now: datetime) -> None:
        busy = max(1, len(self.patrons) // 250)
        self.boxes_and_shelves(is_open, now)
        self.come_back(is_open, now)
        for _ in range(self.chance.randint(0, 2 * busy)):
            self.lend(self.chance.choice(self.patrons), self.chance.choice(self.items), is_open, now)
        for _ in range(self.chance.randint(0, busy)):
            self.ask(self.chance.choice(self.patrons), now)
        if now.hour % 3 == 0:
            self.renew_some(busy, now)
            self.change_minds(busy, now)
        if now.hour == 16:
            self.calls(now)

    def boxes_and_shelves(self, is_open: list[str], now: datetime) -> None:
        """What came from other branches, what waits to be collected, what is to be fetched."""
        if now.hour not in (10, 14):
            return
        for hold in list(Hold.select().where(Hold.closed_at.is_null(), Hold.item.is_null(False))):
            branch = hold.pickup_branch
            if branch not in is_open:
                continue
            if hold.state is HoldState.IN_TRANSIT and self.chance.random() < 0.7:
                self.scan(hold.item_id, branch, now)
            elif hold.state is HoldState.READY and self.chance.random() < 0.12:
                self.lend(hold.patron_id, hold.item_id, [branch], now)
        for branch in is_open:
            for pull in pull_list.to_fetch(self.policy, branch, now.astimezone(JAPAN).date()):
                self.scan_code(pull.barcode, branch, now)

    def come_back(self, is_open: list[str], now: datetime) -> None:
        today = now.date()
        due = [item for item, day in self.home.items() if day <= today]
        for item in self.chance.sample(due, min(len(due), 1 + len(due) // 4)):
            self.scan(item, self.chance.choice(is_open), now)

    def scan(self, item: int, branch: str, now: datetime) -> None:
        self.scan_code(self.barcodes[item], branch, now)

    def scan_code(self, code: str, branch: str, now: datetime) -> None:
        answer = lending.take_back(self.policy, code, branch, now, CLERK)
        if answer.was is Returned.OUT:
            self.counts["returned"] += 1
            self.home.pop(answer.item, None)

    def lend(self, patron: int, item: int, is_open: list[str], now: datetime) -> None:
        branch = self.chance.choice(is_open)
        answer = lending.check_out(self.policy, patron, self.barcodes[item], branch, now, CLERK)
        if answer.decision.allowed and not answer.again:
            if item in self.home:  # out by another card: it came back unseen
                self.counts["returned"] += 1
            self.counts["lent"] += 1
            self.home[item] = now.date() + timedelta(days=self.chance.randint(0, 20))
        elif not answer.decision.allowed:
            self.counts["refused loans"] += 1

    def ask(self, patron: int, now: datetime) -> None:
        # Some titles are asked for by many.
        few = self.titles[: max(5, len(self.titles) // 40)]
        bib = self.chance.choice(few if self.chance.random() < 0.5 else self.titles)
        contact = self.chance.choice([str(one) for one in self.policy.hold.contact])
        where = self.chance.choice(self.branches)
        channel = self.chance.choice((Channel.WEB, Channel.WEB, Channel.DESK))
        answer = circulation.place_hold(self.policy, patron, bib, where, contact, channel, now)
        self.counts["asked" if answer.hold else "refused holds"] += 1

    def renew_some(self, most: int, now: datetime) -> None:
        out = list(Loan.select(Loan.id, Loan.patron, Loan.item).where(Loan.returned_at.is_null()))
        for loan in self.chance.sample(out, min(len(out), most)):
            answer = circulation.renew(self.policy, loan.patron_id, loan.id, Channel.WEB, now)
            self.counts["renewed"] += answer.decision.allowed and not answer.already

    def change_minds(self, most: int, now: datetime) -> None:
        holds = list(Hold.select(Hold.id, Hold.patron).where(Hold.closed_at.is_null()))
        for hold in self.chance.sample(holds, min(len(holds), max(1, most // 3))):
            decision = circulation.cancel_hold(self.policy, hold.patron_id, hold.id, Channel.WEB, now)
            self.counts["cancelled"] += decision.allowed

    def calls(self, now: datetime) -> None:
        """Whoever cannot be reached by mail is called, most days."""
        if self.chance.random() < 0.3:
            return
        for message in undelivered.undelivered(now):
            self.counts["told by phone"] += undelivered.mark_told(self.policy, message.id, now, CLERK)
        untold = Hold.select().where(
            Hold.state == HoldState.READY, Hold.collect_by.is_null(), Hold.contact != "mail"
        )
        for hold in list(untold):
            hold_shelf.mark_told(self.policy, hold.id, now, CLERK)

    # -- the end -------------------------------------------------------------------------------------------

    def balance(self) -> list[str]:
        """What does not balance, one line each; nothing: all does."""
        wrong, n = list(self.wrong), self.counts
        open_loans = Loan.select().where(Loan.returned_at.is_null()).count()
        if n["lent"] != n["returned"] + open_loans:
            wrong.append(f"lent {n['lent']}, returned {n['returned']}, open {open_loans}")
        twice = db.execute_sql(
            "SELECT count(*) FROM (SELECT item_id FROM loan WHERE returned_at IS NULL"
            " GROUP BY item_id HAVING count(*) > 1)"
        ).fetchone()[0]
        if twice:
            wrong.append(f"{twice} pieces are out twice")
        wrong += self._holds() + self._messages() + self._closed_days()
        if n["failed jobs"]:
            wrong.append(f"{n['failed jobs']} jobs failed")
        if (checked := db.execute_sql("PRAGMA integrity_check").fetchone()[0]) != "ok":
            wrong.append(f"integrity_check: {checked}")
        if broken := db.execute_sql("PRAGMA foreign_key_check").fetchall():
            wrong.append(f"foreign_key_check: {broken[:3]}")
        return wrong

    def _holds(self) -> list[str]:
        """Each hold that was asked for is open, or has ended once and in one way."""
        wrong, states = [], Counter(state for (state,) in Hold.select(Hold.state).tuples())
        if sum(states.values()) != self.counts["asked"]:
            wrong.append(f"asked for {self.counts['asked']}, there are {sum(states.values())}")
        for state in CLOSED_HOLD_STATES:
            ended = [
                number
                for (number,) in Event.select(Event.number).where(Event.kind == f"hold_{state}").tuples()
            ]
            if len(ended) != len(set(ended)) or len(ended) != states[state]:
                wrong.append(f"{state}: {states[state]} holds, {len(ended)} events of {len(set(ended))}")
        self.counts |= Counter({f"hold {state}": n for state, n in states.items()})
        return wrong

    def _messages(self) -> list[str]:
        """Each message was sent once, given up and listed or told, withdrawn with its hold or loan, or was
        not true any more when its turn came."""
        wrong = []
        ends = Counter(end for (end,) in db.execute_sql("SELECT coalesce(end, 'kept') FROM owed"))
        kept = Counter(reason.split(" ")[0] for (reason,) in Outbox.select(Outbox.reason).tuples())
        letters = Counter(letter["Message-ID"] for letter in self.office.letters)
        if letters and max(letters.values()) > 1:
            wrong.append(f"{sum(n > 1 for n in letters.values())} letters were sent twice")
        if len(letters) != self.counts["sent"]:
            wrong.append(f"sent {self.counts['sent']}, arrived {len(letters)}")
        if ends["kept"] != sum(kept.values()) or kept[""]:
            wrong.append(f"{ends['kept']} messages are kept, of these {kept['']} wait still")
        gone = db.execute_sql("SELECT kind FROM owed WHERE end = 'withdrawn'")
        lost = sum(kind not in TOLD_WHILE_OPEN | TOLD_WHILE_OUT for (kind,) in gone)
        if lost:
            wrong.append(f"{lost} messages are gone that nobody withdrew")
        self.counts["nothing to say any more"] = ends["tried"] - self.counts["sent"]
        if self.counts["nothing to say any more"] < 0:
            wrong.append("more was sent than was owed")
        self.counts |= Counter({f"message {end}": n for end, n in ends.items()})
        self.counts |= Counter({f"given up: {why}": n for why, n in kept.items() if why})
        return wrong

    def _closed_days(self) -> list[str]:
        opening = Calendar(self.policy, FIRST)
        branch_of = dict(Hold.select(Hold.id, Hold.pickup_branch).tuples())
        wrong = []
        for event in Event.select().where(Event.kind == "hold_expired"):
            day = event.at.astimezone(JAPAN).date()
            if not opening.of(branch_of[event.number]).is_open(day):
                wrong.append(f"hold {event.number} ended on {day}, when {branch_of[event.number]} was closed")
        return wrong


def simulate(
    policy, path: Path, days: int, patrons: int, titles: int, seed: int = SEED
) -> tuple[Counter, list[str]]:
    """Live so many days on a database of their own.  What was counted, and what does not balance."""
    models.open_database(path)
    migrations.migrate(db)
    search_index.create(db)
    db.execute_sql("PRAGMA synchronous = off")  # nobody pulls the plug of this library
    office = PostOffice()
    office.controller.start()
    try:
        year = Year(policy, office, patrons, titles, seed)
        year.live(days)
        return year.counts, year.balance()
    finally:
        office.controller.stop()
        db.close()


def main() -> int:
    logging.disable(logging.WARNING)  # what the mail server refuses is counted below
    status = 0
    for source in ("source-1", "source-2"):
        policy = read_policy(resources.text(f"policies/{source}.toml"))
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            counts, wrong = simulate(policy, Path(folder) / "shiori.db", DAYS, PATRONS, TITLES)
        print(f"{source}: a year in {time.perf_counter() - began:.0f} s")
        for what, n in sorted(counts.items()):
            print(f"  {n:7} {what}")
        for line in wrong:
            print(f"  WRONG: {line}")
        status |= bool(wrong)
    return status


if __name__ == "__main__":
    sys.exit(main())
