"""What happens by itself: safe to run at any time, twice, and by two processes at once.

Each job is a verb of ``circulation.py``, ``calendar_changes.py``, ``hold_shelf.py``, ``reminders.py``,
``alerts.py``, ``attempts.py`` or ``forgetting.py`` that finds what is due and leaves the rest; a second run
finds none.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from smtplib import SMTPException

import alerts
import attempts
import calendar_changes
import circulation
import forgetting
import hold_shelf
import reminders
import rewriting
from models import db, empty_the_log
from postman import Postman
from rules import Policy, library_day

EVERY = 30  # seconds
MAIL_EVERY = 3  # seconds: somebody waits for a link
MAIL_AGAIN = 60  # seconds, where the mail server could not be reached
_log = logging.getLogger("shiori.jobs")


@dataclass(frozen=True, slots=True)
class Done:
    """How many holds were registered, how many loans and holds were moved off a closed day, and how many
    holds ended because they were not collected; how many holds that had ended, events and patrons were
    forgotten; how many reminders are owed, and how many patrons will be told of new arrivals."""

    registered: int
    moved: int
    ended: int
    holds_forgotten: int = 0
    events_forgotten: int = 0
    patrons_forgotten: int = 0
    reminded: int = 0
    told_of_arrivals: int = 0


def run(policy: Policy, now: datetime, new_day: bool = True) -> Done:
    """Do all that is due at this moment; what is due once a day only on a new day.

    At the end the write-ahead log is emptied, so that what was erased since, at a return as well, is gone
    from there too.
    """
    try:
        attempts.forget(now)
        forgetting.forget_logins(now)
        rewriting.rewrite_if_asked(now)
        registered = len(circulation.register_applied(policy, now))
        if not new_day:
            return Done(registered, 0, 0)
        moved = len(calendar_changes.follow_calendar(policy, now).moved)
        ended = len(hold_shelf.clear(policy, now))
        reminded = reminders.remind(policy, now)  # of the days that stand now
        holds = forgetting.forget_ended_holds(policy, now)
        events = forgetting.forget_events(policy, now)
        patrons = forgetting.forget_patrons(policy, now)
        told = alerts.announce(policy, now)
        rewriting.rewrite(now)
        return Done(registered, moved, ended, holds, events, patrons, reminded, told)
    finally:
        empty_the_log()


@contextmanager
def running(policy: Policy, clock: Callable[[], datetime], postman: Postman | None = None):
    """Run the jobs twice a minute, and carry the mail where there is a postman, as long as the block lasts;
    each in a thread of its own, since a mail server may be slow.

    What fails is written to the log and tried again the next time; it stops nothing.
    """
    over, ran_on = threading.Event(), None

    def run_jobs() -> int:
        nonlocal ran_on
        now = clock()
        run(policy, now, new_day=library_day(now) != ran_on)
        ran_on = library_day(now)
        return EVERY

    def carry_mail() -> int:
        try:
            postman.deliver(clock())
        except (OSError, SMTPException) as error:
            _log.warning("the mail server could not be reached: %s", type(error).__name__)
            return MAIL_AGAIN
        return MAIL_EVERY

    threads = [threading.Thread(target=_keep, args=(run_jobs, over), name="jobs", daemon=True)]
    if postman:
        threads.append(threading.Thread(target=_keep, args=(carry_mail, over), name="mail", daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(10)


def _keep(act: Callable[[], int], over: threading.Event) -> None:
    """Do it again and again, after as many seconds as it says, until it is over."""
    db.connect(reuse_if_open=True)
    pause = EVERY
    while True:
        try:
            pause = act()
        except Exception:
            _log.exception("a job failed")
        if over.wait(pause):
            break
    db.close()
