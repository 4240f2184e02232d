"""The town that tests speak of: who lives there, what they read, and what the library has."""

from datetime import date, timedelta

from werkzeug.security import generate_password_hash

import search_index
from models import Bib, Creator, Hold, Item, Loan, MailAddress, Patron, Serial, Staff, db
from rules import HoldState, Policy, Role, library_day

PASSWORD = "ひまわりの丘 2026"
# The weakest form of the real thing: the tests log in often.
METHOD = "scrypt:512:8:1"
_HASH = generate_password_hash(PASSWORD, METHOD)

_OF_ITEM = {
    "branch",
    "call_number",
    "tags",
    "state",
    "not_for_loan",
    "interlibrary",
    "volumes",
    "send_back_by",
}

CARDS = {
    "sato": ("100000011", "サトウ ハナ", "resident"),  # in good standing
    "tanaka": ("100000012", "タナカ レン", "commuter"),  # in good standing, another one
    "mori": ("100000013", "モリ ケン", "reciprocal"),
    "suzuki": ("100000014", "スズキ ユウ", "resident"),  # something is overdue
    "ito": ("100000015", "イトウ フミ", "resident"),  # the card has expired
    "kato": ("100000016", "カトウ ジュン", "resident"),  # no mail address
    "hara": ("070000017", "ハラ マサル", "resident"),  # a barred card
}

STAFF = {
    "ishida": ("石田", Role.CLERK),
    "murakami": ("村上", Role.ADMINISTRATOR),
}


class Town:
    """Builders that return numbers; what they make stands in the database at once."""

    def __init__(self, clock, policy: Policy):
        self.clock, self.policy = clock, policy
        self.barcode = 0
        self.patrons: dict[str, int] = {}
        for name in CARDS:
            self.patrons[name] = self._patron(name)
        self.staff: dict[str, int] = {}
        for short, (name, role) in STAFF.items():
            self.staff[short] = Staff.insert(
                name=name, role=role, password_hash=_HASH, added_on=self.today
            ).execute()

    @property
    def today(self) -> date:
        return library_day(self.clock())

    def _patron(self, name: str) -> int:
        number, kana, category = CARDS[name]
        patron = Patron.insert(
            card_number=number,
            kana_name=kana,
            category=category,
            card_expires_on=self.today + timedelta(days=-1 if name == "ito" else 400),
            password_hash=_HASH,
            added_on=self.today - timedelta(days=100),
        ).execute()
        if name != "kato":
            self.address(patron, f"{name}@example.jp")
        return patron

    def address(self, patron: int, address: str, confirmed: bool = False) -> int:
        """An address of a patron's; messages go to it."""
        at = self.clock() if confirmed else None
        row = MailAddress.create(patron=patron, address=address, added_at=self.clock(), confirmed_at=at)
        Patron.update(mail=address).where(Patron.id == patron).execute()
        return row.id

    def somebody(self) -> int:
        """One more patron, whose name does not matter."""
        number = 200000000 + len(self.patrons)
        self.patrons[str(number)] = Patron.insert(
            card_number=str(number),
            kana_name="ナナシ",
            category="resident",
            added_on=self.today,
        ).execute()
        self.address(self.patrons[str(number)], "n@example.jp")
        return self.patrons[str(number)]

    def title(self, title: str, material: str = "book", copies: int = 1, by: str = "", **columns) -> int:
        """A title with so many copies at the main library; item columns are told from those of the title."""
        of_item = {name: columns.pop(name) for name in _OF_ITEM & columns.keys()}
        with db.atomic():
            bib = Bib.insert(material=material, title=title, **{"added_on": self.today, **columns}).execute()
            if by:
                Creator.insert(bib=bib, place=0, name=by).execute()
            search_index.reindex(db, bib)
            for _ in range(copies):
                self.copy(bib, **of_item)
        return bib

    def copy(self, bib: int, branch: str = "main", **columns) -> int:
        self.barcode += 1
        with db.atomic():
            item = Item.insert(
                bib=bib,
                barcode=str(300000000 + self.barcode),
                branch=branch,
                added_on=self.today,
                **{"call_number": "913.6 ナ", **columns},
            ).execute()
            search_index.reindex(db, bib)
        return item

    def issues(self, title: str, *days: date, **columns) -> list[int]:
        """A magazine with an issue for each of these days."""
        serial = Serial.insert(title=title).execute()
        return [
            self.title(f"{title} {day.month}月号", "magazine", serial=serial, issued_on=day, **columns)
            for day in days
        ]

    def lend(
        self, bib: int, name: str | int, due_in: int = 7, renewals: int = 0, branch: str = "main"
    ) -> int:
        """A copy of the title goes out and is due in so many days."""
        taken = Loan.select(Loan.item).where(Loan.returned_at.is_null()) | Hold.select(Hold.item).where(
            Hold.item.is_null(False)
        )
        free = Item.select(Item.id).where(Item.bib == bib, Item.id.not_in(taken))
        due_on = self.today + timedelta(days=due_in)
        return Loan.insert(
            item=free.order_by(Item.id).first().id,
            patron=self.patrons.get(name, name),
            branch=branch,
            lent_on=min(self.today, due_on - timedelta(days=14)),
            due_on=due_on,
            renewals=renewals,
        ).execute()

    def hold(self, bib: int, name: str | int, state: HoldState = HoldState.WAITING, **columns) -> int:
        self.clock.forward(minutes=1)
        return Hold.insert(
            bib=bib,
            patron=self.patrons.get(name, name),
            state=state,
            channel="web",
            pickup_branch="main",
            contact="mail",
            requested_at=self.clock(),
            **columns,
        ).execute()

    def ready(self, bib: int, name: str | int) -> int:
        """A hold whose copy stands on the hold shelf."""
        item = Item.get(Item.bib == bib).id
        collect_by = self.today + timedelta(days=6)
        return self.hold(bib, name, HoldState.READY, item=item, ready_on=self.today, collect_by=collect_by)
