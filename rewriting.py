"""Writes the database file anew, so that no byte is left of what was deleted from it."""

import logging
from datetime import date, datetime

from peewee import OperationalError

from models import Meta, db, without_waiting
from rules import library_day

EVERY = 7  # days
_REWRITTEN = "rewritten_on"  # the key of the day in the table of small facts
_ASKED = "rewrite_asked"  # the key of a rewriting that is not to wait for its day
_log = logging.getLogger("shiori.rewriting")


def rewrite(now: datetime) -> bool:
    """Write the whole file anew, once a week.

    What is deleted is overwritten at once (``secure_delete``), but where SQLite has moved rows from one page
    to another before, the first may keep a copy of a row that is deleted later.  Only this removes it.
    While it lasts nobody else can write (two to three seconds for 200,000 titles; whoever reads does not
    wait), so it is begun on a new day, and left for the next where somebody does write.
    """
    today = library_day(now)
    last = Meta.get_or_none(Meta.key == _REWRITTEN)
    if last and (today - date.fromisoformat(last.value)).days < EVERY:
        return False
    return _rewrite(now)


def ask() -> None:
    """Have the file written anew without waiting for its day, in the caller's transaction: a patron has
    deleted what was to be read by nobody."""
    Meta.replace(key=_ASKED, value="1").execute()


def rewrite_if_asked(now: datetime) -> bool:
    """Write the file anew where somebody has asked for it and nobody writes at this moment."""
    return Meta.select().where(Meta.key == _ASKED).exists() and _rewrite(now)


def _rewrite(now: datetime) -> bool:
    try:
        with without_waiting():
            db.execute_sql("VACUUM")
            Meta.replace(key=_REWRITTEN, value=library_day(now).isoformat()).execute()
            Meta.delete().where(Meta.key == _ASKED).execute()
            return True
    except OperationalError:  # the disk has no room for a second copy
        _log.exception("the database could not be rewritten")
    return False
