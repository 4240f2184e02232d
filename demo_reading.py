"""What the first account of the demo library keeps: two years of a reading record, and titles to be read."""

from datetime import date, datetime, time, timedelta
from random import Random

import reading
from models import Bib, ReadingEntry, ReadingGoal, ReadingRecord, ShelfEntry, db
from rules import JAPAN, Policy, reading_year
from wording import Wording

_A_MONTH = (2, 3, 4, 1, 5, 3, 2, 6, 2, 3, 1, 4)  # from January
_GOALS = (30, 36)  # last year's, and this year's
_NOTES = ("もう一度読みたい。", "図書館の方のおすすめ。", "孫といっしょに。", "続きも借りる。")
_TO_READ = (("友だちにすすめられた。", 2), ("", 3), ("冬休みに。", 1))  # notes, and for how many titles
_BOOKS_SQL = """
SELECT id FROM bib WHERE material = 'book' AND NOT hidden
  AND EXISTS (SELECT 1 FROM item WHERE bib_id = bib.id) ORDER BY id
"""


def make(policy: Policy, patron: int, today: date, random: Random) -> None:
    """Write them for a patron, until yesterday."""
    year = reading_year(policy, today)
    day = date(year - 1, 4, 1)
    since = datetime.combine(day, time(10), JAPAN)
    agreed_to = Wording(words=policy.words).t("reading.agreement")
    ReadingRecord.insert(patron=patron, since=since, agreed_to=agreed_to).execute()
    for of, goal in zip((year - 1, year), _GOALS, strict=True):
        ReadingGoal.insert(patron=patron, year=of, goal=goal).execute()
    books = [bib for (bib,) in db.execute_sql(_BOOKS_SQL)]
    while day < today:
        if random.random() < _A_MONTH[day.month - 1] / 30:
            reading.record_loan(policy, patron, random.choice(books), day)
        day += timedelta(days=1)
    entries = list(ReadingEntry.select().order_by(ReadingEntry.id.desc()))
    for note, entry in zip(_NOTES, entries[1::4], strict=False):
        ReadingEntry.update(note=note).where(ReadingEntry.id == entry.id).execute()
    _want_to_read(patron, [entry.bib_id for entry in entries], books, since, random)


def _want_to_read(patron: int, read: list[int], books: list[int], since: datetime, random: Random) -> None:
    """Some titles to be read, one of which was before."""
    wanted = [read[0], *random.sample([bib for bib in books if bib not in read], 5)]
    notes = [note for note, times in _TO_READ for _ in range(times)]
    for place, (bib, note) in enumerate(zip(wanted, notes, strict=True), start=1):
        ShelfEntry.insert(
            patron=patron, bib=Bib.get_by_id(bib), note=note, place=place, added_at=since
        ).execute()
