"""A list that an administrator puts in by the page: looked at, imported in the background, put away.

There is one at a time, in ``SHIORI_DATA/import`` and in the row of ``import_run``.  The file is kept only
until it has been imported; the refused rows until they are put away, another list comes or a week is over.
"""

import json
import logging
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import intake
import preview
from events import NO_NUMBER, note
from models import ImportRun, db
from rules import Channel, Policy, library_day
from title_records import RefusedRow

MOST_MB = 50  # of a file that is put in: a list of 200,000 pieces has twenty
FOLDER = "import"
_QUIET = timedelta(seconds=30)  # of another process: after that it does no more
_WEIGHED = 30_000  # rows that are weighed before: somebody waits for the page
_KEPT = timedelta(days=7)  # of a list that nobody has put away
_PROCESS = secrets.token_hex(4)
_log = logging.getLogger("shiori.import")
_worker: threading.Thread | None = None

Say = Callable[[RefusedRow], str]


class Busy(Exception):
    """A list is being imported."""


class Changed(Exception):
    """Somebody else has put in another list, or chosen otherwise."""


@dataclass(frozen=True, slots=True)
class Run:
    """The list that is put in.  ``told``: what was found in it, what would come of it or came of it."""

    name: str
    state: str  # looked_at, running, stopped, failed, done
    total: int
    done: int
    chosen: dict
    told: dict

    @property
    def choices(self) -> intake.Choices:
        return intake.Choices(**self.chosen)


def current(now: datetime) -> Run | None:
    """The list that is put in, if there is one."""
    row = ImportRun.get_or_none(ImportRun.id == 1)
    if row is None:
        return None
    told, state = json.loads(row.told), row.state
    if state == "running" and not _is_at_work(told.get("by"), row.at, now):
        state = "stopped"
    return Run(row.name, state, row.total, row.done, json.loads(row.chosen), told)


def _is_at_work(by: str | None, at: datetime, now: datetime) -> bool:
    if by == _PROCESS:
        return _worker is not None and _worker.is_alive()
    return now - at < _QUIET


def put_in(policy: Policy, folder: Path, upload: BinaryIO, name: str, now: datetime, say: Say) -> None:
    """Keep a file and look at it.  Raises Busy, and intake's UnknownFormat and Unreadable; what was there
    before then stays."""
    _free(now)
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    new = place / f"list-{secrets.token_hex(4)}"
    try:
        with open(new, "wb") as file:
            shutil.copyfileobj(upload, file)
        told = _look(policy, new, intake.Choices(), now, say)
    except Exception:
        new.unlink(missing_ok=True)
        raise
    _write(now, name=name, chosen={}, told=told, total=told["rows"])
    for old in place.iterdir():
        if old != new:
            old.unlink(missing_ok=True)


def look_again(policy: Policy, folder: Path, mark: str, chosen: Mapping, now: datetime, say: Say) -> None:
    """Look at the list with other choices.  Raises Busy, Changed, and what ``put_in`` raises."""
    run = _free(now, mark)
    file = _file(folder, run)
    told = _look(policy, file, intake.Choices(**chosen), now, say)
    _write(now, name=run.name, chosen=chosen, told=told, total=told["rows"])


def _look(policy: Policy, file: Path, choices: intake.Choices, now: datetime, say: Say) -> dict:
    found = intake.open_titles(file, policy, choices)
    stored = intake.weigh(db, islice(found, _WEIGHED), library_day(now), policy=policy)
    first = [
        [row.line, say(row)] if isinstance(row, RefusedRow) else list(row)
        for row in preview.first_rows(found, policy)
    ]
    header = found.header
    return {
        "file": file.name,
        "mark": secrets.token_hex(8),
        "encoding": found.encoding,
        "delimiter": preview.delimiter(found),
        "rows": found.rows,
        "weighed": min(found.rows, _WEIGHED),
        "header": [list(pair) for pair in zip(header.names, header.columns, strict=True)] if header else [],
        "first": first,
        "hints": preview.hints(found, choices.digits),
        **_outcome(stored, say),
    }


def _outcome(stored: intake.Stored, say: Say) -> dict:
    return {
        "counts": preview.counts(stored),
        "reasons": preview.reasons(stored.refused, say),
        "notes": preview.reasons(stored.noted, say),
    }


def _free(now: datetime, mark: str | None = None) -> Run | None:
    """The list that is put in and may be changed now; with ``mark`` only the one that somebody has seen."""
    run = current(now)
    if run and run.state == "running":
        raise Busy
    if mark is not None and (run is None or run.told.get("mark") != mark):
        raise Changed
    return run


def _file(folder: Path, run: Run) -> Path:
    file = folder / FOLDER / Path(run.told["file"]).name
    if run.state == "done" or not file.is_file():
        raise Changed
    return file


def _write(now: datetime, **columns) -> None:
    columns = {
        name: json.dumps(value) if isinstance(value, dict) else value for name, value in columns.items()
    }
    ImportRun.replace(id=1, state="looked_at", done=0, at=now, **columns).execute()


def start(
    policy: Policy, folder: Path, mark: str, clock: Callable[[], datetime], actor: str, say: Say, words
) -> None:
    """Import the list that was seen, in the background; once, if sent twice.  Raises Busy, Changed."""
    global _worker
    now = clock()
    with db.atomic():
        run = current(now)
        if run and run.told.get("mark") == mark and run.state in ("running", "done"):
            return
        run = _free(now, mark)
        file = _file(folder, run)
        told = json.dumps(run.told | {"by": _PROCESS})
        ImportRun.update(state="running", done=0, told=told, at=now).where(ImportRun.id == 1).execute()
        note("list_imported", NO_NUMBER, Channel.DESK, actor, now)
        _worker = threading.Thread(
            target=_work, args=(policy, file, run, clock, say, words), name="import", daemon=True
        )
    _worker.start()


def wait() -> None:
    """Until the import that this process has begun is over."""
    if _worker is not None:
        _worker.join()


def _work(policy: Policy, file: Path, run: Run, clock: Callable, say: Say, words) -> None:
    """In a thread of its own, with a connection of its own."""
    db.connect(reuse_if_open=True)
    row = ImportRun.id == 1

    def progress(done: int) -> None:
        ImportRun.update(done=done, at=clock()).where(row).execute()

    try:
        found = intake.open_titles(file, policy, run.choices)
        stored = intake.store(db, found, library_day(clock()), progress, policy)
        if stored.refused or stored.noted:
            refused = intake.refused_rows(found, [*stored.refused, *stored.noted], say, words)
            (file.parent / "refused.csv").write_bytes(refused)
        told = run.told | _outcome(stored, say) | {"first": [], "header": [], "hints": []}
        ImportRun.update(state="done", told=json.dumps(told), at=clock()).where(row).execute()
        file.unlink(missing_ok=True)
    except Exception:
        _log.exception("an import failed")
        ImportRun.update(state="failed", at=clock()).where(row).execute()
    finally:
        db.close()


def refused(folder: Path) -> bytes | None:
    """The rows that were not taken, as a table; None where all were."""
    file = folder / FOLDER / "refused.csv"
    return file.read_bytes() if file.is_file() else None


def close(folder: Path, mark: str, now: datetime) -> None:
    """Put the list and its refused rows away.  Raises Busy, Changed; what is put away already stays so."""
    if current(now) is None:
        return
    _free(now, mark)
    _put_away(folder)


def forget(folder: Path, now: datetime) -> int:
    """Put away what nobody has looked at for a week: its cells may say who gave a book."""
    run = current(now)
    if run is None or run.state == "running" or now - ImportRun.get().at < _KEPT:
        return 0
    _put_away(folder)
    return 1


def _put_away(folder: Path) -> None:
    ImportRun.delete().execute()
    for file in (folder / FOLDER).glob("*"):
        file.unlink(missing_ok=True)
