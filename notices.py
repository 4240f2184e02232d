"""お知らせ: the verbs that put a notice on the home page, change it and take it away, and reading them."""

from dataclasses import dataclass
from datetime import date, datetime

from circulation import NotThere
from events import note
from models import Notice, db
from rules import Channel

PAST_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Notices:
    """The notices of the library as seen from some day; of the past ones only the last."""

    running: list[Notice]
    coming: list[Notice]
    past: list[Notice]


def running(today: date) -> list[Notice]:
    """What the home page shows, the newest on top."""
    shown = (Notice.from_on <= today, Notice.until_on >= today)
    return list(Notice.select().where(*shown).order_by(-Notice.id))


def listed(today: date) -> Notices:
    """Every notice that runs or comes, and the last of the past."""
    coming = Notice.select().where(Notice.from_on > today).order_by(Notice.from_on, Notice.id)
    past = Notice.select().where(Notice.until_on < today).order_by(-Notice.until_on, -Notice.id)
    return Notices(running(today), list(coming), list(past.limit(PAST_SHOWN)))


def add(title: str, body: str, from_on: date, until_on: date, now: datetime, actor: str) -> int:
    """Put a notice on the home page for these days.  One that is there word for word is not put twice."""
    columns = {"title": title, "body": body, "from_on": from_on, "until_on": until_on}
    with db.atomic():
        there = Notice.get_or_none(**columns)
        if there is not None:
            return there.id
        number = Notice.insert(**columns).execute()
        note("notice_added", number, Channel.DESK, actor, now)
        return number


def change(
    notice_id: int, title: str, body: str, from_on: date, until_on: date, now: datetime, actor: str
) -> None:
    """Write a notice anew.  Raises NotThere."""
    columns = {"title": title, "body": body, "from_on": from_on, "until_on": until_on}
    with db.atomic():
        there = existing_notice(notice_id)
        if any(getattr(there, name) != value for name, value in columns.items()):
            Notice.update(**columns).where(Notice.id == notice_id).execute()
            note("notice_changed", notice_id, Channel.DESK, actor, now)


def remove(notice_id: int, now: datetime, actor: str) -> None:
    """Take a notice away for good.  Raises NotThere."""
    with db.atomic():
        existing_notice(notice_id).delete_instance()
        note("notice_removed", notice_id, Channel.DESK, actor, now)


def existing_notice(notice_id: int) -> Notice:
    """The notice with this number.  Raises NotThere."""
    notice = Notice.get_or_none(Notice.id == notice_id)
    if notice is None:
        raise NotThere
    return notice
