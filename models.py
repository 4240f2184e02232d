"""The tables, and the questions that more than one page asks of them.  No rule, no transaction, no request.

The tables themselves are made by ``migrations.py``; the classes here let the rest of the program speak of
them.  Questions that a busy page asks are fixed SQL text beside the tables they read, because building a
query costs more than running it (see ``docs/decisions/0003-fixed-sql.md``).
"""

from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from peewee import (
    AutoField,
    BooleanField,
    Check,
    CompositeKey,
    DateField,
    ForeignKeyField,
    IntegerField,
    Model,
    OperationalError,
    SqliteDatabase,
    TextField,
)
from playhouse.fields import EnumField

from rules import (
    QUEUED_HOLD_STATES,
    HoldState,
    ItemState,
    MailLanguage,
    Role,
    TicketKind,
    TitlesInMail,
    month_of,
)

# Immediate, so that a transaction which reads first and writes later waits its turn instead of failing.
db = SqliteDatabase(None, lock_type="IMMEDIATE", timeout=5, autoconnect=False)

_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",  # an answered request survives a power cut
    "foreign_keys": 1,
    "secure_delete": 1,  # what is deleted leaves no bytes in the file
    "busy_timeout": 5000,
    "temp_store": "memory",
    "cache_size": -2000,
    "journal_size_limit": 64 * 1024 * 1024,
}


def open_database(path: Path | str) -> SqliteDatabase:
    """Point the models at a database file and connect this thread; ``migrations`` makes its schema."""
    if not db.is_closed():
        db.close()
    db.init(str(path), pragmas=_PRAGMAS)
    db.connect()
    return db


# The states of those who stand in a queue, as fixed statements name them.
QUEUED = "({})".format(", ".join(f"'{state}'" for state in QUEUED_HOLD_STATES))


@contextmanager
def without_waiting():
    """What is written here is left out where somebody else is writing: it is not worth a wait."""
    db.execute_sql("PRAGMA busy_timeout = 0")
    try:
        yield
    except OperationalError as error:
        if "locked" not in str(error):
            raise
    finally:
        db.execute_sql(f"PRAGMA busy_timeout = {_PRAGMAS['busy_timeout']}")


def empty_the_log() -> None:
    """Leave no older copy of what was deleted in the write-ahead log: write it into the database and cut it.

    Where somebody reads from the log or writes, it stays as it is, and the jobs come back to it within a
    minute.
    """
    with without_waiting():
        db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")


class InstantField(TextField):
    """A moment, kept as UTC text of one fixed length so that text order is time order."""

    def db_value(self, value):
        if value is None or isinstance(value, str):
            return value
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def python_value(self, value):
        return value if value is None else datetime.fromisoformat(value)


class _Table(Model):
    class Meta:
        database = db
        legacy_table_names = False


class Meta(_Table):
    """Small facts about the database itself, such as the rules by which the search index was folded."""

    key = TextField(primary_key=True)
    value = TextField()


class Serial(_Table):
    """逐次刊行物: the magazine that issues belong to."""

    id = AutoField()
    title = TextField()
    title_kana = TextField(default="")
    publisher = TextField(default="")


class Bib(_Table):
    """書誌: one title, or one issue of a magazine; what a hold asks for."""

    id = AutoField()
    material = TextField()
    title = TextField()
    title_kana = TextField(default="")
    subtitle = TextField(default="")
    subtitle_kana = TextField(default="")
    original_title = TextField(default="")
    volume = TextField(default="")
    publisher = TextField(default="")
    pub_year = IntegerField(null=True)
    pub_month = IntegerField(null=True)
    isbn = TextField(null=True)  # thirteen digits, no hyphens
    ndc = TextField(default="")
    series = TextField(default="")
    series_kana = TextField(default="")
    subjects = TextField(default="")
    extent = TextField(default="")
    language = TextField(default="")  # three letters as in MARC; nothing: Japanese, or not known
    source = TextField(null=True, unique=True)  # where an import found it, so that it is found again
    serial = ForeignKeyField(Serial, null=True, backref="issues")
    issued_on = DateField(null=True)
    added_on = DateField()
    hidden = BooleanField(default=False)
    holdable_from = InstantField(null=True)
    lent = IntegerField(default=0)  # how often, ever; no day stays behind
    requested = BooleanField(default=False)  # the library does not own it yet; a patron has asked for it


class Creator(_Table):
    """A person or body responsible for a title, in the order of the title page."""

    id = AutoField()
    bib = ForeignKeyField(Bib, backref="creators", on_delete="CASCADE")
    place = IntegerField()
    name = TextField()
    reading = TextField(default="")
    roman = TextField(default="")
    role = TextField(default="")


class Item(_Table):
    """所蔵: one piece with one barcode.  Whether it is out or set aside is read from loans and holds."""

    id = AutoField()
    bib = ForeignKeyField(Bib, backref="items")
    barcode = TextField(unique=True)
    branch = TextField()
    call_number = TextField(default="")
    tags = TextField(default="")  # one a line
    state = EnumField(ItemState, default=ItemState.IN_STOCK)
    not_for_loan = BooleanField(default=False)
    interlibrary = BooleanField(default=False)
    volumes = IntegerField(default=1)  # what the one barcode counts for, where a limit counts volumes
    added_on = DateField()
    to_shelve_at = TextField(null=True)  # the branch on whose hold shelf it stands, kept for nobody any more
    borrowed_from = TextField(null=True)  # the library that it belongs to, where that is another one
    send_back_by = DateField(null=True)  # the last day on which it may be here
    shelf_key = TextField(default="")  # where it stands among the others; triggers write it


class Patron(_Table):
    """利用者.  Nothing here is shown to anyone but the patron and the desk."""

    id = AutoField()
    card_number = TextField(unique=True)
    kana_name = TextField()
    category = TextField()
    card_expires_on = DateField(null=True)
    card_issued_on = DateField(null=True)
    password_hash = TextField(null=True)
    mail = TextField(null=True)  # which of the patron's addresses messages go to
    phone = TextField(null=True)  # figures only
    postal_address = TextField(null=True)
    pickup_branch = TextField(null=True)  # the one chosen last
    contact = TextField(null=True)  # how to be told of a hold, chosen last
    mail_language = EnumField(MailLanguage, default=MailLanguage.JAPANESE)
    mail_titles = EnumField(TitlesInMail, default=TitlesInMail.NONE)  # as chosen; the policy may allow less
    born_on = DateField(null=True)
    marks = TextField(default="")  # one a line; words that the desk has put on the patron
    household = TextField(null=True)
    penalty_until = DateField(null=True)
    added_on = DateField()
    stopped_for = TextField(default="")  # why the desk stops the patron; nothing: it does not
    stopped_until = DateField(null=True)  # the last day of it, where it has one
    last_used_in = TextField(null=True)  # the month, as 2026-04; a day could tell which loan it was for
    unwanted = TextField(default="")  # one a line: the reminders that the patron does without
    card_reminded_for = DateField(null=True)  # the card's last day of which the patron has been reminded


# Asked at every scan and every tap.
_PATRON_SQL = "SELECT * FROM patron WHERE id = ?"
_PATRON_OF_CARD_SQL = "SELECT * FROM patron WHERE card_number = ?"


def patron_with(number: int) -> Patron | None:
    """The patron with this number."""
    return next(iter(Patron.raw(_PATRON_SQL, number)), None)


def patron_of_card(card_number: str) -> Patron | None:
    """The patron with this card."""
    return next(iter(Patron.raw(_PATRON_OF_CARD_SQL, card_number)), None)


# Written at every scan and login, and the row changes once a month.
_USED_SQL = "UPDATE patron SET last_used_in = :month WHERE id = :patron AND last_used_in IS NOT :month"


def note_use(patron_id: int, day: date) -> None:
    """Note that a patron has lent, returned, asked for something or logged in, in the month of this day."""
    db.execute_sql(_USED_SQL, {"month": month_of(day), "patron": patron_id})


class MailAddress(_Table):
    """An address of a patron that mail may go to; ``Patron.mail`` says to which of them it does.

    Without ``confirmed_at`` somebody at the desk wrote it down, or no mail was sent in those days.
    """

    id = AutoField()
    patron = ForeignKeyField(Patron, backref="addresses", on_delete="CASCADE")
    address = TextField()
    added_at = InstantField()
    confirmed_at = InstantField(null=True)
    delivery = TextField(default="")  # of the last mail: sent, refused, failed; nothing: none
    delivery_at = InstantField(null=True)


class Ticket(_Table):
    """Something that a patron may do once, until some moment; another takes the place of one of its kind."""

    id = AutoField()
    kind = EnumField(TicketKind)
    patron = ForeignKeyField(Patron, on_delete="CASCADE")
    address = TextField(default="")  # the one to be confirmed
    for_contact = BooleanField(default=False)  # messages go to it from then on
    for_holds = BooleanField(default=False)  # those about the holds that are open already, too
    expires_at = InstantField()


class Loan(_Table):
    """貸出.  Open while ``returned_at`` is empty; whose it was is erased with the return."""

    id = AutoField()
    item = ForeignKeyField(Item, backref="loans")
    patron = ForeignKeyField(Patron, null=True, backref="loans")
    branch = TextField()
    lent_on = DateField()
    due_on = DateField()
    due_by = TextField(null=True)  # the time of that day, where it ends within the day: 09:30
    renewals = IntegerField(default=0)
    returned_at = InstantField(null=True)
    reminded_for = DateField(null=True)  # the last day of which the patron has been reminded
    overdue_told = IntegerField(default=0)  # how often the patron has been told that it is late


class Hold(_Table):
    """予約.  Places in the queue are never stored: they follow from ``requested_at`` and the number.

    One that was collected says at once no more whose it was and of what; one that ended otherwise still does
    for the days that the policy names.
    """

    id = AutoField()
    bib = ForeignKeyField(Bib, null=True, backref="holds")
    patron = ForeignKeyField(Patron, null=True, backref="holds")
    item = ForeignKeyField(Item, null=True, backref="holds")
    state = EnumField(HoldState)
    channel = TextField()
    pickup_branch = TextField()
    contact = TextField()
    requested_at = InstantField()
    ready_on = DateField(null=True)
    collect_by = DateField(null=True)
    extended = IntegerField(default=0)  # how often the patron has put ``collect_by`` off
    closed_at = InstantField(null=True)
    sent_from = TextField(null=True)  # the branch that sends the piece, while it is on its way
    slip_due = BooleanField(default=False)  # the slip in the piece is still another's
    paused_until = DateField(null=True)  # the last day on which the queue passes it over
    needed_by = DateField(null=True)  # the last day on which the patron wants it
    address = ForeignKeyField(
        MailAddress, null=True, on_delete="SET NULL"
    )  # nothing: the patron's of the day
    reminded_for = DateField(null=True)  # the ``collect_by`` of which the patron has been reminded


class CartEntry(_Table):
    """A title in the hold cart of a patron who has logged in."""

    id = AutoField()
    patron = ForeignKeyField(Patron, backref="cart", on_delete="CASCADE")
    bib = ForeignKeyField(Bib, on_delete="CASCADE")
    added_at = InstantField()


class ShelfEntry(_Table):
    """今度読みたい本: a title that a patron wants to read some day.  Nobody but the patron sees it."""

    id = AutoField()
    patron = ForeignKeyField(Patron, on_delete="CASCADE")
    bib = ForeignKeyField(Bib, on_delete="CASCADE")
    note = TextField(default="")
    place = IntegerField()  # in the patron's order; only which is smaller counts
    added_at = InstantField()


class ReadingRecord(_Table):
    """読書記録: that a patron keeps one: since when, and the sentences that were agreed to then."""

    patron = ForeignKeyField(Patron, primary_key=True, on_delete="CASCADE")
    since = InstantField()
    agreed_to = TextField()


class ReadingEntry(_Table):
    """One loan in a patron's reading record.  It says what was lent in its own words, so that it outlives
    the title, and of which piece it never says.  Nobody but the patron sees it."""

    id = AutoField()
    patron = ForeignKeyField(Patron, on_delete="CASCADE")
    lent_on = DateField()
    title = TextField()
    volume = TextField(default="")
    creators = TextField(default="")
    publisher = TextField(default="")
    isbn = TextField(null=True)
    ndc = TextField(default="")
    material = TextField(default="")
    bib = ForeignKeyField(Bib, null=True, on_delete="SET NULL")  # its page, while it has one
    note = TextField(default="")


class ReadingGoal(_Table):
    """目標: how many a patron wants to read in a year, which is named by the year in which it begins."""

    patron = ForeignKeyField(Patron, on_delete="CASCADE")
    year = IntegerField()
    goal = IntegerField()

    class Meta:
        primary_key = CompositeKey("patron", "year")


class Alert(_Table):
    """新着資料案内: by which terms a patron is told of new titles.  Nobody but the patron sees it."""

    id = AutoField()
    patron = ForeignKeyField(Patron, on_delete="CASCADE")
    author = TextField(default="")
    ndc = TextField(default="")  # how the class number begins
    keyword = TextField(default="")
    series = TextField(default="")
    branch = TextField(default="")  # nothing: all of them
    added_at = InstantField()


class Login(_Table):
    """A login that has not ended.  Only a hash of its token is kept, and of the browser one word."""

    id = AutoField()
    token_hash = TextField(unique=True)
    patron = ForeignKeyField(Patron, backref="logins", on_delete="CASCADE")
    started_at = InstantField()
    seen_at = InstantField(null=True)  # to some minutes; nothing: not since it began
    device = TextField(default="other")  # a word of accounts.device_of, or terminal.DEVICE


class Staff(_Table):
    """Who works at the desk.  ``closed_on``: no longer."""

    id = AutoField()
    name = TextField(unique=True)
    role = EnumField(Role)
    password_hash = TextField()
    added_on = DateField()
    closed_on = DateField(null=True)


class StaffLogin(_Table):
    """A login at the desk that has not ended, and at which branch.  Only a hash of its token is kept."""

    id = AutoField()
    token_hash = TextField(unique=True)
    staff = ForeignKeyField(Staff, backref="logins", on_delete="CASCADE")
    branch = TextField()
    started_at = InstantField()


class Event(_Table):
    """That a loan, hold, patron, title or piece changed: kind, when, by which way, staff number or "patron",
    and the number of a loan or hold.

    Of a loan or hold never whose and never what: those stand on the open row only and go with it.  Of a
    patron, title or piece never which, or two events of one moment could say what somebody had on hold.
    """

    id = AutoField()
    kind = TextField()
    at = InstantField()
    channel = TextField()
    actor = TextField()
    number = IntegerField()
    overruled = TextField(default="")  # the reasons that somebody with the right set aside, with commas
    remark = TextField(default="")  # why, in their words


class Outbox(_Table):
    """A message that is owed to a patron.  Its text is made when it is sent, from the numbers kept here."""

    id = AutoField()
    kind = TextField()
    patron = ForeignKeyField(Patron, on_delete="CASCADE")
    key = TextField(unique=True)  # one event, one message
    numbers = TextField()  # of holds, loans or a ticket, with commas
    queued_at = InstantField()
    address = TextField(null=True)  # where to, if not where the patron's messages go
    tried_at = InstantField(null=True)  # somebody is trying, or has, and it is not to be tried again
    failures = IntegerField(default=0)  # how often the server did not take it for the time being
    next_at = InstantField(null=True)  # not before
    reason = TextField(default="")  # why it is not tried any more: undelivered.Why, and the server's number


class JobRun(_Table):
    """What is done by itself: when it was done last, and what came of it; nothing of anybody."""

    name = TextField(primary_key=True)
    day = DateField(null=True)  # the day that it was done for
    started_at = InstantField(null=True)
    finished_at = InstantField(null=True)  # nothing: somebody is at it, or was stopped in the middle
    done = IntegerField(default=0)  # how many of what it does
    failure = TextField(default="")  # the class of what went wrong, nothing else


class ImportRun(_Table):
    """The list that an administrator has put in: looked at, being imported, or done; there is one at most."""

    id = AutoField()
    name = TextField()  # of the file
    state = TextField()  # looked_at, running, done, failed
    total = IntegerField(default=0)  # rows
    done = IntegerField(default=0)
    chosen = TextField(default="{}")  # what was chosen beside the list, as JSON
    told = TextField(default="{}")  # what was found in it and what came of it, as JSON
    at = InstantField()  # of the last sign of life


class Tally(_Table):
    """What is left of loans, holds and the rest: how many in a month, by branch, material and class."""

    month = TextField()  # 2026-04
    kind = TextField()
    branch = TextField()
    material = TextField()
    ndc = TextField(column_name="class")  # the first figure, or nothing
    n = IntegerField()

    class Meta:
        primary_key = CompositeKey("month", "kind", "branch", "material", "ndc")


class DayCount(_Table):
    """How many of what a branch did on one day; no title, class or patron."""

    day = DateField()
    kind = TextField()
    branch = TextField()
    n = IntegerField()

    class Meta:
        primary_key = CompositeKey("day", "kind", "branch")


class Activation(_Table):
    """The code that the desk gave a patron to set a password with, once.  Only a hash of it is kept."""

    patron = ForeignKeyField(Patron, primary_key=True, on_delete="CASCADE")
    code_hash = TextField()
    expires_at = InstantField()


class Attempt(_Table):
    """Logins that failed: how many for a card, an address or both, which only a keyed hash names."""

    key_hash = TextField(primary_key=True)
    failures = IntegerField()
    last_at = InstantField()


class Notice(_Table):
    """お知らせ on the home page, both days included."""

    id = AutoField()
    title = TextField()
    body = TextField()
    from_on = DateField()
    until_on = DateField()


class CalendarEntry(_Table):
    """A day that differs from the week's rule, or an event.  Without a branch it holds for all of them."""

    id = AutoField()
    branch = TextField(null=True)
    day = DateField()
    kind = TextField(constraints=[Check("kind IN ('closed', 'open', 'event')")])
    label = TextField(default="")
