"""What happens by itself: safe to run at any time, twice, and by two processes at once.

Each job is a verb of ``circulation.py``, ``calendar_changes.py``, ``hold_shelf.py`` or ``attempts.py`` that
finds what is due and leaves the rest; a second run finds none.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import attempts
import calendar_changes
import circulation
import hold_shelf
from models import db
from rules import Policy, library_day

EVERY = 30  # seconds
_log = logging.getLogger("shiori.jobs")


@dataclass(frozen=True, slots=True)
class Done:
    """How many holds were registered, how many loans and holds were moved off a closed day, and how many
    holds ended because they were not collected."""

    registered: int
    moved: int
    ended: int


def run(policy: Policy, now: datetime, new_day: bool = True) -> Done:
    """Do all that is due at this moment; what is due once a day only on a new day."""
    attempts.forget(now)
    registered = circulation.register_applied(policy, now)
    moved = calendar_changes.follow_calendar(policy, now).moved if new_day else ()
    ended = hold_shelf.clear(policy, now) if new_day else []
    return Done(len(registered), len(moved), len(ended))


@contextmanager
def running(policy: Policy, clock: Callable[[], datetime]):
    """Run the jobs twice a minute in a thread of their own, as long as the block lasts.

    One that fails is written to the log and tried again the next time; it stops nothing.
    """
    over = threading.Event()

    def keep_running() -> None:
        db.connect(reuse_if_open=True)
        ran_on = None
        while True:
            try:
                now = clock()
                run(policy, now, new_day=library_day(now) != ran_on)
                ran_on = library_day(now)
            except Exception:
                _log.exception("a job failed")
            if over.wait(EVERY):
                break
        db.close()

    thread = threading.Thread(target=keep_running, name="jobs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)
