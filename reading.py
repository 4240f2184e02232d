"""読書記録 and 目標: the verbs of what a patron has read, kept for that patron alone, and reading it.

As in ``circulation.py``: one verb a function, one transaction each, decided by ``rules.py``.  No verb notes
an event, nothing here is counted, and no page of the desk reads these tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from peewee import JOIN

import rewriting
from catalogue import CREATORS_SQL
from circulation import NotThere, existing_patron
from models import Bib, Loan, ReadingEntry, ReadingGoal, ReadingRecord, db, empty_the_log
from rules import (
    Channel,
    Decision,
    Policy,
    begins_with_open_loans,
    decide_goal,
    decide_reading_note,
    decide_record,
    is_recorded,
    library_day,
)

# Asked at every scan that lends: one statement that finds nothing to write for nearly all.
_RECORD_SQL = f"""
INSERT INTO reading_entry
  (patron_id, lent_on, title, volume, creators, publisher, isbn, ndc, material, bib_id)
SELECT record.patron_id, :day, b.title, b.volume, coalesce({CREATORS_SQL}, ''), b.publisher, b.isbn, b.ndc,
  b.material, b.id
FROM reading_record AS record JOIN bib AS b ON b.id = :bib WHERE record.patron_id = :patron
"""  # noqa: S608 - made of constants
_MONTHS_SQL = """
SELECT substr(lent_on, 1, 7), count(*) FROM reading_entry WHERE patron_id = ? GROUP BY 1
"""
# A title is what the catalogue calls one: lent under another record before, it is found by its number.
_LAST_SQL = """
SELECT bib_id, max(lent_on) FROM reading_entry WHERE patron_id = ? AND bib_id IS NOT NULL GROUP BY bib_id
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of the switch, and how many entries went with it."""

    decision: Decision
    gone: int = 0


def record_of(patron_id: int) -> ReadingRecord | None:
    """Since when a patron keeps a record; None where none is kept."""
    return ReadingRecord.get_or_none(ReadingRecord.patron == patron_id)


def entries_of(patron_id: int, first: date = date.min, last: date = date.max) -> list[ReadingEntry]:
    """What a patron has borrowed from one day to another, the last first."""
    asked = (
        ReadingEntry.select(ReadingEntry, Bib.id, Bib.hidden)
        .join(Bib, JOIN.LEFT_OUTER)
        .where(ReadingEntry.patron == patron_id, ReadingEntry.lent_on.between(first, last))
    )
    return list(asked.order_by(ReadingEntry.lent_on.desc(), ReadingEntry.id.desc()))


def entry_of(patron_id: int, entry_id: int) -> ReadingEntry:
    """One of them.  Raises NotThere where it is not, or another's."""
    found = ReadingEntry.get_or_none(ReadingEntry.id == entry_id, ReadingEntry.patron == patron_id)
    if found is None:
        raise NotThere
    return found


def by_month(patron_id: int) -> dict[str, int]:
    """How many loans in each month of all years: {"2026-04": 3}."""
    return dict(db.execute_sql(_MONTHS_SQL, (patron_id,)).fetchall())


def last_lent(patron_id: int) -> dict[int, date]:
    """When a patron last borrowed each title that is in the record, by the title's number."""
    rows = db.execute_sql(_LAST_SQL, (patron_id,))
    return {bib: date.fromisoformat(day) for bib, day in rows}


def goals_of(patron_id: int) -> dict[int, int]:
    """How many a patron wanted to read, by year."""
    goals = ReadingGoal.select(ReadingGoal.year, ReadingGoal.goal).where(ReadingGoal.patron == patron_id)
    return dict(goals.order_by(ReadingGoal.year).tuples())


def turn_on(policy: Policy, patron_id: int, agreed_to: str, channel: Channel, now: datetime) -> Decision:
    """Begin a record for a patron who agreed to these sentences.  One that is kept already stays as it is."""
    with db.atomic():
        existing_patron(patron_id)
        kept = record_of(patron_id) is not None
        decision = decide_record(policy, kept, channel)
        if decision.allowed and not kept:
            ReadingRecord.insert(patron=patron_id, since=now, agreed_to=agreed_to).execute()
            if begins_with_open_loans(policy):
                for loan in Loan.select().where(Loan.patron == patron_id).order_by(Loan.lent_on, Loan.id):
                    _record(patron_id, loan.item.bib_id, loan.lent_on)
        return decision


def turn_off(patron_id: int, now: datetime) -> int:
    """Keep no record any more: every entry and every goal goes at once, and no byte of it stays.

    Returns how many entries went; 0 as well where none was kept.
    """
    with db.atomic():
        gone = forget(patron_id)
    _leave_no_bytes(gone, now)
    return gone


def forget(patron_id: int) -> int:
    """Delete all that a patron's record is, in the transaction of the caller; returns how many entries."""
    gone = ReadingEntry.delete().where(ReadingEntry.patron == patron_id).execute()
    ReadingRecord.delete().where(ReadingRecord.patron == patron_id).execute()  # and with it the goals
    if gone:
        rewriting.ask()
    return gone


def record_loan(policy: Policy, patron_id: int, bib_id: int, day: date) -> None:
    """Write a loan into the record of a patron who keeps one, in the transaction that makes the loan."""
    if is_recorded(policy):
        _record(patron_id, bib_id, day)


def write_note(patron_id: int, entry_id: int, note: str) -> Decision:
    """Write another note, or none.  Raises NotThere."""
    with db.atomic():
        entry_of(patron_id, entry_id)
        decision = decide_reading_note(note)
        if decision.allowed:
            ReadingEntry.update(note=note).where(ReadingEntry.id == entry_id).execute()
        return decision


def delete(patron_id: int, entry_ids: Sequence[int], now: datetime) -> int:
    """Take entries out of the record; returns how many.  What is gone already is none.

    Raises NotThere where one is another's, and deletes nothing.
    """
    with db.atomic():
        asked = ReadingEntry.id.in_(list(entry_ids))
        if ReadingEntry.select().where(asked, ReadingEntry.patron != patron_id).exists():
            raise NotThere
        gone = ReadingEntry.delete().where(asked).execute()
        if gone:
            rewriting.ask()
    _leave_no_bytes(gone, now)
    return gone


def set_goal(policy: Policy, patron_id: int, year: int, goal: int | None, now: datetime) -> Decision:
    """Want to read so many in a year; None: no goal.  Raises NotThere where no record is kept."""
    with db.atomic():
        if record_of(patron_id) is None:
            raise NotThere
        decision = decide_goal(policy, year, goal, library_day(now))
        if decision.allowed and goal is None:
            ReadingGoal.delete().where(ReadingGoal.patron == patron_id, ReadingGoal.year == year).execute()
        elif decision.allowed:
            ReadingGoal.replace(patron=patron_id, year=year, goal=goal).execute()
        return decision


def _record(patron_id: int, bib_id: int, day: date) -> None:
    db.execute_sql(_RECORD_SQL, {"patron": patron_id, "bib": bib_id, "day": day.isoformat()})


def _leave_no_bytes(gone: int, now: datetime) -> None:
    """Where somebody is writing at this moment, the jobs do it within half a minute."""
    if gone:
        rewriting.rewrite_if_asked(now)
    empty_the_log()
