"""What happens by itself: safe to run at any time, twice, and by two processes at once.

Each job is a verb of another module that finds what is due and leaves the rest; a second run finds none.
What is done once a day is claimed in the table ``job_run`` before it is begun, so that of two processes one
does it; what came of it stands there for the page of the administrator.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from smtplib import SMTPException

import alerts
import attempts
import calendar_changes
import circulation
import forgetting
import hold_shelf
import importing
import reminders
import rewriting
from models import JobRun, db, empty_the_log
from postman import Postman
from rules import LastRun, Policy, job_day, job_is_due, job_is_running, library_day, next_run

EVERY = 30  # seconds
MAIL_EVERY = 3  # seconds: somebody waits for a link
MAIL_AGAIN = 60  # seconds, where the mail server could not be reached
_WRITTEN_DOWN = timedelta(minutes=10)  # how often at least, of what is done often
_log = logging.getLogger("shiori.jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """Something that happens by itself; ``act`` returns how many it found.

    ``often``: twice a minute, else once a day; ``at_start``: also when the program starts, since its policy
    may have changed.
    """

    name: str
    act: Callable[[Policy, datetime], int]
    often: bool = False
    at_start: bool = False


def _forget_logins(_policy: Policy, now: datetime) -> int:
    attempts.forget(now)
    forgetting.forget_logins(now)
    rewriting.rewrite_if_asked(now)
    return 0  # how many people logged in is nobody's concern


# In the order in which they are done.
JOBS = (
    Job("logins_forgotten", _forget_logins, often=True),
    Job("registered", lambda policy, now: len(circulation.register_applied(policy, now)), often=True),
    Job("moved", lambda policy, now: len(calendar_changes.follow_calendar(policy, now).moved), at_start=True),
    Job("ended", lambda policy, now: len(hold_shelf.clear(policy, now))),
    Job("reminded", reminders.remind),  # of the days that stand now
    Job("told_of_arrivals", alerts.announce),
    Job("holds_forgotten", forgetting.forget_ended_holds),
    Job("events_forgotten", forgetting.forget_events),
    Job("patrons_forgotten", forgetting.forget_patrons),
    Job("lists_forgotten", lambda _policy, now: importing.forget(Path(db.database).parent, now)),
    Job("rewritten", lambda _policy, now: int(rewriting.rewrite(now))),
)


@dataclass(slots=True)
class Done:
    """What came of a run: of each job that was done how many, of each that failed the class of its error."""

    counts: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.counts.get(name, 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """A job as the administrator sees it: ``next_at`` is None for what is done all the time."""

    name: str
    last: datetime | None
    done: int
    failure: str
    running: bool
    next_at: datetime | None
    is_due: bool


def run(policy: Policy, now: datetime, new_day: bool = True) -> Done:
    """Do everything at once, whatever the time of day and whatever has been done today already; without
    ``new_day`` only what is done often.  What somebody else is at is left to them."""
    return _do(policy, now, [job for job in JOBS if new_day or job.often], at_once=True)


def run_due(policy: Policy, now: datetime, starting: bool = False) -> Done:
    """Do what is due at this moment, and what a start asks for."""
    at_once = [job for job in JOBS if starting and job.at_start]
    done = _do(policy, now, at_once, at_once=True)
    others = _do(policy, now, [job for job in JOBS if job not in at_once])
    return Done(done.counts | others.counts, done.failures | others.failures)


def _do(policy: Policy, now: datetime, jobs: Iterable[Job], at_once: bool = False) -> Done:
    """One that fails stops no other.

    At the end the write-ahead log is emptied, so that what was erased since, at a return as well, is gone
    from there too.
    """
    done = Done()
    try:
        for job in jobs:
            if not job.often and not _claim(policy, job, now, at_once):
                continue
            try:
                done.counts[job.name] = job.act(policy, now)
            except Exception as error:
                _log.exception("a job failed: %s", job.name)
                done.failures[job.name] = type(error).__name__
            _write_down(job, now, done[job.name], done.failures.get(job.name, ""))
        return done
    finally:
        empty_the_log()


def _claim(policy: Policy, job: Job, now: datetime, at_once: bool) -> bool:
    """Whether the job is ours to do: of two who want to, one finds that the row has changed since."""
    row = JobRun.get_or_none(JobRun.name == job.name)
    if row is None:
        JobRun.insert(name=job.name).on_conflict_ignore().execute()
        row = JobRun.get_by_id(job.name)
    last = _last(row)
    if job_is_running(last, now) if at_once else not job_is_due(policy, last, now):
        return False
    as_it_was = (JobRun.name == job.name, _is(JobRun.started_at, row), _is(JobRun.finished_at, row))
    ours = {"day": job_day(policy, now), "started_at": now, "finished_at": None, "done": 0, "failure": ""}
    return bool(JobRun.update(ours).where(*as_it_was).execute())


def _is(column, row: JobRun):
    value = getattr(row, column.name)
    return column.is_null() if value is None else column == value


def _write_down(job: Job, now: datetime, done: int, failure: str) -> None:
    """What came of it.  Of what is done often, a write each time that nothing was due would be too many."""
    row = {"finished_at": now, "done": done, "failure": failure}
    if not job.often:
        JobRun.update(row).where(JobRun.name == job.name, JobRun.started_at == now).execute()
        return
    last = JobRun.get_or_none(JobRun.name == job.name)
    is_news = last is None or done or last.failure != failure
    if is_news or not timedelta(0) <= now - last.finished_at < _WRITTEN_DOWN:
        JobRun.replace(name=job.name, day=library_day(now), started_at=now, **row).execute()


def _last(row: JobRun) -> LastRun:
    return LastRun(row.day, row.started_at, row.finished_at, bool(row.failure))


def overview(policy: Policy, now: datetime) -> list[Entry]:
    """All jobs, with when each was done last and will be next."""
    rows = {row.name: row for row in JobRun.select()}
    return [_entry(policy, job, rows.get(job.name) or JobRun(name=job.name), now) for job in JOBS]


def _entry(policy: Policy, job: Job, row: JobRun, now: datetime) -> Entry:
    last = _last(row)
    next_at = None if job.often else next_run(policy, last, now)
    return Entry(
        name=job.name,
        last=row.finished_at or row.started_at,
        done=row.done,
        failure=row.failure,
        running=job_is_running(last, now),
        next_at=next_at,
        is_due=next_at is not None and next_at <= now,
    )


@contextmanager
def running(policy: Policy, clock: Callable[[], datetime], postman: Postman | None = None):
    """Run the jobs twice a minute, and carry the mail where there is a postman, as long as the block lasts;
    each in a thread of its own, since a mail server may be slow.

    What fails is written to the log and tried again the next time; it stops nothing.
    """
    over, starting = threading.Event(), True

    def run_jobs() -> int:
        nonlocal starting
        run_due(policy, clock(), starting)
        starting = False
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
