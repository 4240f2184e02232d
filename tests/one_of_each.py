"""A town in which there is one of everything that an address can name, and the browsers of who comes there.

It is made once and put back before each request, so that a whole table of requests can be tried in it.
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Flask

import activation
import alerts
import models
import reading
import tickets
from models import (
    Alert,
    CalendarEntry,
    CartEntry,
    ImportRun,
    Item,
    Login,
    MailAddress,
    Notice,
    Outbox,
    Patron,
    ReadingEntry,
    ShelfEntry,
    db,
)
from rules import Channel, HoldState, ItemState, TicketKind
from tests.addresses import STAFF, Line
from tests.cast import CARDS, PASSWORD, Town
from tests.reader import Reader
from tests.records import barcode
from tests.test_patrons import MARKS

_KEEP, _ON_SHELF = "keep = { weeks = 1 }", 'on_shelf = "yes"\n'
_LIMIT = 'of = ["book"]\nmost = 5'
_SHELF = "[hold.shelf]                              # 取り置き"
# A sheet by which something can be done at every address.
CHANGES = (
    *MARKS[0],
    (_KEEP, f'{_KEEP}\nextend = {{ times = 1, by = {{ days = 3 }}, at = ["web", "desk"] }}'),
    (_ON_SHELF, f'{_ON_SHELF}timing = {{ later = {{ months = 2 }}, at = ["web", "desk"] }}\n'),
    (_LIMIT, 'of = ["book", "request"]\nmost = 9'),
    (_SHELF, f'[overrule]\nreasons = ["loan limit"]\nby = "administrator"\n\n{_SHELF}'),
)
WHO = {"other": "sato", "owner": "tanaka", "clerk": "ishida", "administrator": "murakami"}
# What nobody but Tanaka and the desk may read.
OF_TANAKA = (*CARDS["tanaka"][:2], "tanaka@example.jp", "09000000012")
WISH_OF_TANAKA = "姉のすすめ"  # a note that nobody else may read, nor the desk
READ_BY_TANAKA = "二度目でわかった"
TITLES_OF_TANAKA = ("三四郎", "それから", "門", "野分")  # out or on hold

Dump = dict[str, list[tuple]]


def fill(town: Town, secret: bytes) -> dict[str, object]:
    """One of everything; gives what the table calls each of them.  By the ``secret`` links are signed."""
    kokoro = town.title("こころ", copies=2)
    sanshiro, later = town.title("三四郎"), town.title("それから")
    loan = town.lend(sanshiro, "tanaka")
    town.lend(later, "suzuki")
    waiting = town.hold(later, "tanaka")
    ready = town.ready(town.title("門"), "tanaka")
    untold = town.ready(town.title("明暗"), "suzuki")
    models.Hold.update(collect_by=None, slip_due=True).where(models.Hold.id == untold).execute()
    on_its_way = town.title("道草", branch="east")
    town.hold(on_its_way, "suzuki", HoldState.IN_TRANSIT, item=_item(on_its_way), sent_from="east")
    carted = town.title("行人")
    for name in ("sato", "tanaka"):
        CartEntry.insert(patron=town.patrons[name], bib=carted, added_at=town.clock()).execute()
    wished = town.title("永日小品")
    wishes = [
        ShelfEntry.insert(
            patron=town.patrons["tanaka"], bib=bib, note=WISH_OF_TANAKA, place=place, added_at=town.clock()
        ).execute()
        for place, bib in enumerate((wished, carted), start=1)
    ]
    for name in ("sato", "tanaka"):
        reading.turn_on(town.policy, town.patrons[name], "同意した文", Channel.WEB, town.clock())
    reading.record_loan(town.policy, town.patrons["tanaka"], town.title("硝子戸の中"), town.today)
    read = reading.entries_of(town.patrons["tanaka"])[0].id
    ReadingEntry.update(note=READ_BY_TANAKA).execute()
    terms = {"author": "夏目 漱石", "ndc": "9", "keyword": "小品", "series": "文庫", "branch": "main"}
    alert = Alert.insert(patron=town.patrons["tanaka"], added_at=town.clock(), **terms).execute()
    asked = town.title("野分", copies=0, requested=True)
    town.hold(asked, "tanaka")
    borrowed_for = town.title("坑夫", copies=0, requested=True)
    town.hold(borrowed_for, "suzuki")
    borrowed = town.copy(borrowed_for, interlibrary=True)
    of_other = {"borrowed_from": "となり町", "send_back_by": town.today + timedelta(days=30)}
    Item.update(barcode="B7001", **of_other).where(Item.id == borrowed).execute()
    Patron.update(phone="09000000012", born_on="1985-04-05", marks="読み聞かせ").where(
        Patron.id == town.patrons["tanaka"]
    ).execute()
    Patron.update(stopped_for="弁償のため").where(Patron.id == town.patrons["mori"]).execute()
    given = activation.give_code(town.policy, town.patrons["kato"], town.clock(), "1")
    tanaka, now = town.patrons["tanaka"], town.clock()
    second = {"address": "second@example.jp", "added_at": now, "confirmed_at": now}
    ticket = tickets.issue(TicketKind.ADDRESS, tanaka, now, "third@example.jp", for_contact=True)
    link = tickets.issue(TicketKind.PASSWORD, tanaka, now)
    days = {"from_on": town.today, "until_on": town.today}
    return {
        "kokoro": kokoro,
        "item": _item(kokoro),
        "first_piece": barcode(kokoro),
        "piece": barcode(kokoro, 1),
        "lent_by_clerk": barcode(town.title("文鳥")),
        "lent_by_administrator": barcode(town.title("草枕")),
        "loan": loan,
        "out": barcode(sanshiro),
        "waiting": waiting,
        "ready": ready,
        "untold": untold,
        "carted": carted,
        "wished": wished,
        "entry_of_shelf": wishes[0],
        "read": read,
        "alert": alert,
        "stop_link": alerts.stop_token(secret, alert),
        "asked": asked,
        "borrowed": borrowed,
        "bare": town.title("二百十日", copies=0),
        "hidden": town.title("幻影の盾", hidden=True),
        "missing": _item(town.title("虞美人草", state=ItemState.MISSING)),
        "withdrawn": _item(town.title("彼岸過迄", state=ItemState.WITHDRAWN)),
        "patron": town.patrons["tanaka"],
        "leaver": town.patrons["kato"],
        "expired": town.patrons["ito"],
        "stopped": town.patrons["mori"],
        "notice": Notice.insert(title="蔵書点検", body="お休みします。", **days).execute(),
        "undelivered": Outbox.insert(
            kind="hold_ready",
            patron=town.patrons["suzuki"],
            key="undelivered",
            numbers=str(untold),
            queued_at=now,
            tried_at=now,
            reason="no_such_address 550 5.1.1",
        ).execute(),
        "list": _list(now),
        "entry": CalendarEntry.insert(day=date(2026, 5, 12), kind="closed", label="点検").execute(),
        "card": CARDS["suzuki"][0],
        "coded": CARDS["kato"][0],
        "code": given.code,
        "card_of_owner": CARDS["tanaka"][0],
        "kana_of_owner": CARDS["tanaka"][1],
        "address": MailAddress.insert(patron=tanaka, **second).execute(),
        "waiting_address": ticket,
        "address_link": tickets.token(secret, ticket),
        "password_link": tickets.token(secret, link),
        "clerk": "石田",
        "password": PASSWORD,
        "new": "あたらしい ことば 2026",
    }


def _list(now) -> str:
    """A list that has been put in, whose file is gone."""
    counts = dict.fromkeys(("added", "updated", "same", "pieces_added", "pieces_updated", "refused"), 1)
    told = {
        "mark": "seen",
        "file": "list",
        "encoding": "cp932",
        "delimiter": "comma",
        "rows": 3,
        "weighed": 3,
    }
    told |= {
        "counts": counts,
        "reasons": [],
        "notes": [],
        "hints": [],
        "first": [[2, {"title": "門"}]],
        "header": [],
    }
    ImportRun.insert(
        id=1, name="蔵書.csv", state="looked_at", total=3, told=json.dumps(told), at=now
    ).execute()
    return told["mark"]


def _item(bib: int) -> int:
    return Item.select().where(Item.bib == bib).order_by(Item.id).first().id


@dataclass(frozen=True)
class Browser:
    """What the browser of somebody holds: the cookie, and the token for its forms."""

    cookie: str
    token: str


class Square:
    """Where all of them come: each request finds the town as it was at first."""

    def __init__(self, app: Flask, town: Town):
        self.app, self.town = app, town
        self.known = fill(town, app.secret_key)
        self.browsers = {"stranger": self._browser(Reader(app))}
        for who, name in WHO.items():
            here = Reader(app)
            if who in STAFF:
                here.log_in_staff(name).post("/desk/scan", code=CARDS["tanaka"][0])
                here.post("/desk/scan", code=self.known[f"lent_by_{who}"])
            else:
                here.log_in(name)
            self.browsers[who] = self._browser(here)
        for name in ("sato", "tanaka"):
            Reader(app).log_in(name)  # elsewhere, too
        self.known["login"] = Login.select().order_by(Login.id.desc()).first().id
        self.first = sqlite3.connect(":memory:")
        db.connection().backup(self.first)

    def _browser(self, here: Reader) -> Browser:
        here.get("/register")  # it has a form for everybody
        return Browser(here.browser.get_cookie("shiori").value, here.token)

    def put_back(self) -> None:
        self.first.backup(db.connection())

    def ask(self, line: Line, who: str, part: bool = False, token: bool = True, more: dict | None = None):
        """What somebody is answered there, in the town as it was at first; ``more``: fields besides."""
        self.put_back()
        client = self.app.test_client()
        client.set_cookie("shiori", self.browsers[who].cookie)
        headers = {"HX-Request-Type": "partial", "HX-Request": "true"} if part else {}
        address, fields = line.address(self.known), line.fields(self.known)
        if line.method == "GET":
            answer = client.get(address, query_string={**fields, **(more or {})}, headers=headers)
        else:
            form = {**fields, **(more or {})}
            if token:
                form["csrf_token"] = self.browsers[who].token
            answer = client.post(address, data=form, query_string=more, headers=headers)
        cookie = client.get_cookie("shiori")
        answer.cookie = cookie.value if cookie else ""
        return answer


def dump(*without: str) -> Dump:
    """All that stands in the database, but for these tables."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    names = {name for (name,) in db.execute_sql(tables)}
    return {
        name: db.execute_sql(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608 - our own tables
        for name in names - {*without}
    }
