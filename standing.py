"""What a patron has out and has asked for: as the rules ask for it, and as the patron's own pages show it.

Reads only.  The verbs in ``circulation.py`` read the same facts again inside their transactions, so that a
page's button and the answer to it come from one decision.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from catalogue import CREATORS_SQL, NEWEST_ISSUE_SQL, REQUEST_SQL, item_facts
from models import QUEUED, InstantField, Patron, db
from rules import (
    JAPAN,
    BibFacts,
    Channel,
    Contact,
    HoldFacts,
    HoldState,
    HoldTiming,
    LoanFacts,
    PatronFacts,
    ShelfFacts,
    days_overdue,
    library_day,
    shelf_is_over,
)

# Everything the rules may ask about a patron, in one statement: a row for each loan, and for each item of
# each title held, since limits may count by what the items are.
_ITEM = """
  item.branch, item.call_number, item.tags, item.state, item.not_for_loan, item.interlibrary, item.volumes,
  item.added_on"""
# Copies of a title that stand on a shelf and could serve whoever waits for it.
_FREE = """
  (SELECT count(*) FROM item AS copy
   WHERE copy.bib_id = b.id AND copy.state = 'in_stock' AND NOT copy.not_for_loan
     AND NOT EXISTS (SELECT 1 FROM loan WHERE item_id = copy.id AND returned_at IS NULL)
     AND NOT EXISTS (SELECT 1 FROM hold WHERE item_id = copy.id AND closed_at IS NULL))
"""
_LENT_SQL = f"""
SELECT loan.id, b.id, b.material, {NEWEST_ISSUE_SQL}, {_ITEM}, NULL,
  loan.branch, loan.lent_on, loan.due_on, loan.renewals,
  (SELECT count(*) FROM hold WHERE bib_id = b.id AND closed_at IS NULL AND patron_id <> loan.patron_id
     AND state IN {QUEUED}), {_FREE}, item.send_back_by
FROM loan JOIN item ON item.id = loan.item_id JOIN bib AS b ON b.id = item.bib_id
WHERE loan.returned_at IS NULL AND loan.patron_id
"""  # noqa: S608 - made of constants
_FACTS_SQL = f"""
{_LENT_SQL} = :patron
UNION ALL
SELECT hold.id, b.id, b.material, {NEWEST_ISSUE_SQL}, {_ITEM}, hold.state,
  hold.channel, hold.requested_at, hold.pickup_branch, {REQUEST_SQL}, NULL, NULL, NULL
FROM hold JOIN bib AS b ON b.id = hold.bib_id
  LEFT JOIN item ON item.bib_id = b.id AND item.state <> 'withdrawn'
WHERE hold.patron_id = :patron AND hold.closed_at IS NULL
"""  # noqa: S608 - made of constants
# Only asked for a patron whom the desk has put into a household, which some libraries' blocks need.
_FAMILY_SQL = f"""
{_LENT_SQL} IN (SELECT id FROM patron WHERE household = :household AND id <> :patron)
"""  # noqa: S608 - made of constants

_KEPT = """
SELECT hold.id, bib.title || CASE bib.volume WHEN '' THEN '' ELSE ' ' || bib.volume END, item.call_number,
  item.barcode, hold.state, hold.pickup_branch, hold.contact, hold.ready_on, hold.collect_by,
  substr(patron.card_number, -4), patron.kana_name, hold.sent_from, hold.slip_due
FROM hold JOIN item ON item.id = hold.item_id JOIN bib ON bib.id = hold.bib_id
  JOIN patron ON patron.id = hold.patron_id
WHERE hold.closed_at IS NULL"""
_KEPT_SQL = f"{_KEPT} AND hold.id IN (SELECT value FROM json_each(?))"  # noqa: S608 - made of constants
_KEPT_AT_SQL = f"""{_KEPT} AND hold.pickup_branch = ?
ORDER BY hold.collect_by IS NULL DESC, hold.collect_by, hold.id"""
_SENT_FROM_SQL = f"""{_KEPT} AND hold.state = 'in_transit' AND hold.sent_from = ?
ORDER BY hold.pickup_branch, item.call_number, hold.id"""

_LOANS_SQL = f"""
SELECT loan.id, b.id, b.title, b.volume, {CREATORS_SQL}, b.material, loan.branch, loan.lent_on, loan.due_on,
  loan.renewals, loan.due_by, b.hidden
FROM loan JOIN item ON item.id = loan.item_id JOIN bib AS b ON b.id = item.bib_id
WHERE loan.patron_id = ? AND loan.returned_at IS NULL
ORDER BY loan.due_on, loan.id
"""  # noqa: S608 - made of constants

_HOLDS_SQL = f"""
SELECT hold.id, b.id, b.title, b.volume, {CREATORS_SQL}, b.material, hold.state, hold.pickup_branch,
  hold.contact, hold.ready_on, hold.collect_by,
  (SELECT count(*) FROM hold AS ahead WHERE ahead.bib_id = b.id AND ahead.closed_at IS NULL
     AND ahead.state IN {QUEUED}
     AND (ahead.requested_at, ahead.id) <= (hold.requested_at, hold.id)),
  (SELECT count(*) FROM hold AS queued WHERE queued.bib_id = b.id AND queued.closed_at IS NULL
     AND queued.state IN {QUEUED}),
  hold.requested_at, hold.extended,
  (SELECT count(*) FROM hold AS other WHERE other.bib_id = b.id AND other.closed_at IS NULL
     AND other.state IN {QUEUED} AND other.patron_id <> hold.patron_id),
  hold.paused_until, hold.needed_by, {REQUEST_SQL}, b.hidden
FROM hold JOIN bib AS b ON b.id = hold.bib_id
WHERE hold.patron_id = ? AND hold.closed_at IS NULL
ORDER BY CASE hold.state WHEN 'ready' THEN 0 WHEN 'in_transit' THEN 1 ELSE 2 END,
  hold.collect_by, hold.requested_at, hold.id
"""  # noqa: S608 - made of constants

_ENDED_SQL = """
SELECT hold.id, b.id, b.title, b.volume, hold.state, hold.closed_at, b.hidden
FROM hold JOIN bib AS b ON b.id = hold.bib_id
WHERE hold.patron_id = ? AND hold.closed_at IS NOT NULL AND hold.closed_at >= ?
ORDER BY hold.closed_at DESC, hold.id DESC
"""


@dataclass(frozen=True, slots=True)
class LoanRow:
    """An open loan as its row on the page."""

    id: int
    bib: int
    title: str
    volume: str
    creators: str
    material: str
    branch: str
    lent_on: date
    due_on: date
    renewals: int
    due_by: str | None = None  # the time of that day, where the loan ends within it
    hidden: bool = False  # the title has no page

    def days_overdue(self, today: date) -> int:
        return days_overdue(self.due_on, today)


@dataclass(frozen=True, slots=True)
class HoldRow:
    """An open hold as its row on the page; ``place`` counts from 1 among those who wait, ``others`` of whom
    are other people.  ``request``: the library does not own the title; ``hidden``: it has no page."""

    id: int
    bib: int
    title: str
    volume: str
    creators: str
    material: str
    state: HoldState
    pickup_branch: str
    contact: str
    ready_on: date | None
    collect_by: date | None
    place: int
    waiting: int
    requested_at: datetime
    extended: int
    others: int
    timing: HoldTiming
    request: bool
    hidden: bool

    @property
    def on_shelf(self) -> ShelfFacts:
        """What the rules ask about a hold that is ready."""
        return ShelfFacts(
            contact=Contact(self.contact),
            branch=self.pickup_branch,
            ready_on=self.ready_on,
            collect_by=self.collect_by,
            extended=self.extended,
            waiting=self.others,
            needed_by=self.timing.needed_by,
        )


@dataclass(frozen=True, slots=True)
class EndedHold:
    """A hold that was cancelled or not collected, as its patron still sees it for some days."""

    id: int
    bib: int
    title: str
    volume: str
    state: HoldState
    closed_on: date
    hidden: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A hold with its piece, as the desk sees it."""

    id: int
    title: str
    call_number: str
    barcode: str
    state: HoldState
    pickup_branch: str
    contact: str
    ready_on: date | None
    collect_by: date | None
    card_end: str
    kana_name: str  # for the slip of a library whose slips show names, and for nothing else
    sent_from: str | None
    slip_due: bool

    def is_over(self, today: date) -> bool:
        return shelf_is_over(self.collect_by, today)


def kept(hold_ids: Sequence[int]) -> list[Kept]:
    """Open holds with a piece set aside, by their numbers."""
    if not hold_ids:
        return []
    return _kept(_KEPT_SQL, json.dumps(list(hold_ids)))


def kept_at(branch: str) -> list[Kept]:
    """What is kept at a branch and what is on its way to it: what ends first at the top."""
    return _kept(_KEPT_AT_SQL, branch)


def sent_from(branch: str) -> list[Kept]:
    """What is on its way from a branch to others, by where it goes and where it stood."""
    return _kept(_SENT_FROM_SQL, branch)


def _kept(sql: str, asked: str) -> list[Kept]:
    return [
        Kept(*row[:4], HoldState(row[4]), *row[5:7], _day(row[7]), _day(row[8]), *row[9:12], bool(row[12]))
        for row in db.execute_sql(sql, (asked,))
    ]


def loans_of(patron_id: int) -> list[LoanRow]:
    """The open loans of a patron, the one due first at the top."""
    return [
        LoanRow(*row[:4], row[4] or "", *row[5:7], _day(row[7]), _day(row[8]), *row[9:])
        for row in db.execute_sql(_LOANS_SQL, (patron_id,))
    ]


def holds_of(patron_id: int) -> list[HoldRow]:
    """The open holds of a patron: ready ones first, then those on their way, then by request."""
    return [
        HoldRow(
            *row[:4],
            row[4] or "",
            row[5],
            HoldState(row[6]),
            *row[7:9],
            _day(row[9]),
            _day(row[10]),
            *row[11:13],
            datetime.fromisoformat(row[13]),
            *row[14:16],
            HoldTiming(_day(row[16]), _day(row[17])),
            bool(row[18]),
            bool(row[19]),
        )
        for row in db.execute_sql(_HOLDS_SQL, (patron_id,))
    ]


def ended_holds_of(patron_id: int, since: date) -> list[EndedHold]:
    """The holds of a patron that ended uncollected on this day or later, the last one first."""
    start = InstantField().db_value(datetime.combine(since, time.min, JAPAN))
    return [
        EndedHold(*row[:4], HoldState(row[4]), library_day(datetime.fromisoformat(row[5])), bool(row[6]))
        for row in db.execute_sql(_ENDED_SQL, (patron_id, start))
    ]


def open_hold(hold_id: int) -> tuple[int, HoldRow] | None:
    """Whose an open hold is, and its row; None where there is none."""
    row = db.execute_sql(
        "SELECT patron_id FROM hold WHERE id = ? AND closed_at IS NULL", (hold_id,)
    ).fetchone()
    if row is None:
        return None
    return row[0], next(hold for hold in holds_of(row[0]) if hold.id == hold_id)


def patron_facts(patron: Patron) -> PatronFacts:
    """All that the rules may ask about a patron."""
    loans, held = [], {}
    for row in db.execute_sql(_FACTS_SQL, {"patron": patron.id}):
        state = row[12]
        if state is None:
            loans.append(_loan_facts(row))
            continue
        number, bib, material, newest = row[:4]
        channel, requested_at, pickup, request = row[13:17]
        items = () if row[4] is None else (item_facts(material, bool(newest), *row[4:12]),)
        before = held[number].bib.items if number in held else ()
        held[number] = HoldFacts(
            BibFacts(bib, material, before + items, request=bool(request)),
            HoldState(state),
            Channel(channel),
            library_day(datetime.fromisoformat(requested_at)),
            pickup,
        )
    family = []
    if patron.household is not None:
        asked = {"patron": patron.id, "household": patron.household}
        family = [_loan_facts(row) for row in db.execute_sql(_FAMILY_SQL, asked)]
    return PatronFacts(
        category=patron.category,
        card_expires_on=patron.card_expires_on,
        has_mail=bool(patron.mail),
        loans=tuple(loans),
        holds=tuple(held.values()),
        born_on=patron.born_on,
        marks=frozenset(patron.marks.split("\n")) - {""},
        family_loans=tuple(family),
        penalty_until=patron.penalty_until,
        stopped_for=patron.stopped_for,
        stopped_until=patron.stopped_until,
    )


def _loan_facts(row: tuple) -> LoanFacts:
    number, bib, material, newest = row[:4]
    branch, lent_on, due_on, renewals, waiting, free, send_back_by = row[13:]
    item = item_facts(material, bool(newest), *row[4:12], send_back_by=send_back_by)
    return LoanFacts(number, bib, item, branch, _day(lent_on), _day(due_on), renewals, waiting, free)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
