"""The schema of the database as an append-only list of steps.

A step that has landed is never edited: what must change becomes a new step at the end.  The version of a
database is the number of steps that ran, kept in SQLite's own ``user_version``.  The search index is not
here: it belongs to ``search.py`` and can be rebuilt from these tables at any time.
"""

from collections.abc import Callable

import call_numbers
from call_numbers import KEYS_SQL

FIRST_TABLES = """
CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE serial (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL, title_kana TEXT NOT NULL DEFAULT '', publisher TEXT NOT NULL DEFAULT '');

CREATE TABLE bib (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  material TEXT NOT NULL,
  title TEXT NOT NULL, title_kana TEXT NOT NULL DEFAULT '',
  subtitle TEXT NOT NULL DEFAULT '', subtitle_kana TEXT NOT NULL DEFAULT '',
  original_title TEXT NOT NULL DEFAULT '',
  volume TEXT NOT NULL DEFAULT '',
  publisher TEXT NOT NULL DEFAULT '',
  pub_year INTEGER, pub_month INTEGER,
  isbn TEXT, ndc TEXT NOT NULL DEFAULT '',
  series TEXT NOT NULL DEFAULT '', series_kana TEXT NOT NULL DEFAULT '',
  subjects TEXT NOT NULL DEFAULT '', extent TEXT NOT NULL DEFAULT '',
  source TEXT UNIQUE,
  serial_id INTEGER REFERENCES serial (id), issued_on TEXT,
  added_on TEXT NOT NULL,
  hidden INTEGER NOT NULL DEFAULT 0,
  CHECK ((serial_id IS NULL) = (issued_on IS NULL)),
  CHECK (title <> ''), CHECK (pub_month BETWEEN 1 AND 12));
CREATE INDEX bib_isbn ON bib (isbn) WHERE isbn IS NOT NULL;
CREATE INDEX bib_ndc ON bib (ndc, id);
CREATE INDEX bib_added ON bib (added_on, id);
CREATE INDEX bib_serial ON bib (serial_id, issued_on, id) WHERE serial_id IS NOT NULL;

CREATE TABLE creator (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  bib_id INTEGER NOT NULL REFERENCES bib (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  name TEXT NOT NULL, reading TEXT NOT NULL DEFAULT '', roman TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX creator_place ON creator (bib_id, place);

CREATE TABLE item (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  bib_id INTEGER NOT NULL REFERENCES bib (id),
  barcode TEXT NOT NULL UNIQUE,
  branch TEXT NOT NULL,
  call_number TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'in_stock' CHECK (state IN ('in_stock', 'missing', 'withdrawn')),
  not_for_loan INTEGER NOT NULL DEFAULT 0,
  interlibrary INTEGER NOT NULL DEFAULT 0,
  added_on TEXT NOT NULL);
CREATE INDEX item_bib ON item (bib_id);

CREATE TABLE patron (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  card_number TEXT NOT NULL UNIQUE,
  kana_name TEXT NOT NULL,
  category TEXT NOT NULL,
  card_expires_on TEXT,
  password_hash TEXT,
  mail TEXT,
  pickup_branch TEXT,
  added_on TEXT NOT NULL);

CREATE TABLE loan (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  item_id INTEGER NOT NULL REFERENCES item (id),
  patron_id INTEGER REFERENCES patron (id),
  branch TEXT NOT NULL,
  lent_on TEXT NOT NULL, due_on TEXT NOT NULL,
  renewals INTEGER NOT NULL DEFAULT 0,
  returned_at TEXT,
  CHECK (due_on >= lent_on),
  -- whose loan it was ends with the return, in the same transaction
  CHECK ((patron_id IS NULL) = (returned_at IS NOT NULL)));
CREATE UNIQUE INDEX loan_open_item ON loan (item_id) WHERE returned_at IS NULL;
CREATE INDEX loan_open_patron ON loan (patron_id) WHERE returned_at IS NULL;
CREATE INDEX loan_open_due ON loan (due_on, id) WHERE returned_at IS NULL;

CREATE TABLE hold (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  bib_id INTEGER REFERENCES bib (id),
  patron_id INTEGER REFERENCES patron (id),
  item_id INTEGER REFERENCES item (id),
  state TEXT NOT NULL CHECK (state IN
    ('applied', 'waiting', 'in_transit', 'ready', 'collected', 'expired', 'cancelled')),
  channel TEXT NOT NULL,
  pickup_branch TEXT NOT NULL, contact TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  ready_on TEXT, collect_by TEXT, closed_at TEXT,
  CHECK (closed_at IS NOT NULL OR (bib_id IS NOT NULL AND patron_id IS NOT NULL)),
  CHECK ((state IN ('collected', 'expired', 'cancelled')) = (closed_at IS NOT NULL)),
  CHECK ((state IN ('in_transit', 'ready')) = (item_id IS NOT NULL)),
  CHECK (state <> 'ready' OR ready_on IS NOT NULL));
CREATE UNIQUE INDEX hold_open_title ON hold (patron_id, bib_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX hold_open_item ON hold (item_id) WHERE closed_at IS NULL AND item_id IS NOT NULL;
CREATE INDEX hold_queue ON hold (bib_id, requested_at, id) WHERE closed_at IS NULL;

CREATE TABLE cart_entry (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  patron_id INTEGER NOT NULL REFERENCES patron (id) ON DELETE CASCADE,
  bib_id INTEGER NOT NULL REFERENCES bib (id) ON DELETE CASCADE,
  added_at TEXT NOT NULL);
CREATE UNIQUE INDEX cart_entry_title ON cart_entry (patron_id, bib_id);

CREATE TABLE login (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  token_hash TEXT NOT NULL UNIQUE,
  patron_id INTEGER NOT NULL REFERENCES patron (id) ON DELETE CASCADE,
  started_at TEXT NOT NULL);

CREATE TABLE event (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL, at TEXT NOT NULL, channel TEXT NOT NULL,
  actor TEXT NOT NULL, number INTEGER NOT NULL);

CREATE TABLE outbox (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  patron_id INTEGER NOT NULL REFERENCES patron (id) ON DELETE CASCADE,
  key TEXT NOT NULL UNIQUE,
  numbers TEXT NOT NULL,
  queued_at TEXT NOT NULL);

CREATE TABLE notice (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL, body TEXT NOT NULL, from_on TEXT NOT NULL, until_on TEXT NOT NULL);

CREATE TABLE calendar_entry (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  branch TEXT,
  day TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('closed', 'open', 'event')),
  label TEXT NOT NULL DEFAULT '');
CREATE INDEX calendar_entry_day ON calendar_entry (day);
"""

# What a policy may ask of a patron, an item, a title or a hold.  The desk asks a patron for none of it unless
# the library's own rules need it.
FACTS_FOR_POLICIES = """
ALTER TABLE patron ADD COLUMN born_on TEXT;
ALTER TABLE patron ADD COLUMN marks TEXT NOT NULL DEFAULT '';
ALTER TABLE patron ADD COLUMN household TEXT;
ALTER TABLE patron ADD COLUMN penalty_until TEXT;
CREATE INDEX patron_household ON patron (household) WHERE household IS NOT NULL;
ALTER TABLE item ADD COLUMN volumes INTEGER NOT NULL DEFAULT 1 CHECK (volumes >= 1);
ALTER TABLE bib ADD COLUMN holdable_from TEXT;
ALTER TABLE hold ADD COLUMN extended INTEGER NOT NULL DEFAULT 0;
CREATE INDEX hold_applied ON hold (requested_at, id) WHERE state = 'applied';
CREATE INDEX hold_ready ON hold (collect_by, id) WHERE state = 'ready';
"""

# The desk: who works there, and what is left of a loan when it ends: counts, and no more.
DESK = """
CREATE TABLE staff (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('clerk', 'administrator')),
  password_hash TEXT NOT NULL,
  added_on TEXT NOT NULL,
  closed_on TEXT,
  CHECK (name <> ''));
CREATE TABLE staff_login (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  token_hash TEXT NOT NULL UNIQUE,
  staff_id INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
  branch TEXT NOT NULL,
  started_at TEXT NOT NULL);
ALTER TABLE loan ADD COLUMN due_by TEXT;
ALTER TABLE bib ADD COLUMN lent INTEGER NOT NULL DEFAULT 0;
CREATE TABLE tally (
  month TEXT NOT NULL, kind TEXT NOT NULL, branch TEXT NOT NULL, material TEXT NOT NULL, class TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (month, kind, branch, material, class)) WITHOUT ROWID;
"""

# What the desk writes down of a patron beside the name: where to call, and since when this card is theirs.
PATRONS_AT_THE_DESK = """
ALTER TABLE patron ADD COLUMN phone TEXT;
ALTER TABLE patron ADD COLUMN card_issued_on TEXT;
"""

# The rest of the desk.  Of a decision that was overruled: which reasons, and the clerk's remark, never what
# or whom.  Of a piece: the branch that sent it on, or on whose hold shelf it stands for nobody, and whether
# its slip names somebody else.  Of a hold: until when it is passed over, and the last day on which it is
# wanted.  Of a patron: why the desk stops them and until when, and the hash of the code
# that lets them set a password once.
REST_OF_THE_DESK = """
ALTER TABLE event ADD COLUMN overruled TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN remark TEXT NOT NULL DEFAULT '';
ALTER TABLE hold ADD COLUMN sent_from TEXT;
ALTER TABLE hold ADD COLUMN slip_due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hold ADD COLUMN paused_until TEXT;
ALTER TABLE hold ADD COLUMN needed_by TEXT;
ALTER TABLE item ADD COLUMN to_shelve_at TEXT;
CREATE INDEX item_to_shelve ON item (to_shelve_at) WHERE to_shelve_at IS NOT NULL;
ALTER TABLE bib ADD COLUMN requested INTEGER NOT NULL DEFAULT 0;
ALTER TABLE patron ADD COLUMN stopped_for TEXT NOT NULL DEFAULT '';
ALTER TABLE patron ADD COLUMN stopped_until TEXT;
CREATE TABLE activation (
  patron_id INTEGER NOT NULL PRIMARY KEY REFERENCES patron (id) ON DELETE CASCADE,
  code_hash TEXT NOT NULL,
  expires_at TEXT NOT NULL);
CREATE TABLE day_count (
  day TEXT NOT NULL, kind TEXT NOT NULL, branch TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (day, kind, branch)) WITHOUT ROWID;
"""

# Of a piece of another library: which one, and by which day it has to be sent back.
OTHER_LIBRARIES = """
ALTER TABLE item ADD COLUMN borrowed_from TEXT;
ALTER TABLE item ADD COLUMN send_back_by TEXT;
CREATE INDEX item_borrowed ON item (send_back_by, id) WHERE interlibrary;
CREATE INDEX bib_requested ON bib (id) WHERE requested;
"""

# Of a patron's login: when it was seen last, and the kind of device in one word, so that a patron can tell
# the own logins apart.
LOGINS_TOLD_APART = """
ALTER TABLE login ADD COLUMN seen_at TEXT;
ALTER TABLE login ADD COLUMN device TEXT NOT NULL DEFAULT 'other';
"""

# Logins that failed, for a day: how many by which key, and neither card nor address.
FAILED_LOGINS = """
CREATE TABLE attempt (
  key_hash TEXT NOT NULL PRIMARY KEY,
  failures INTEGER NOT NULL CHECK (failures > 0),
  last_at TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX attempt_last_at ON attempt (last_at);
"""

# Where the library writes to: up to some addresses of a patron, each with what became of the last mail to it;
# for an open hold the one that was meant then, where it is not the patron's own choice of today.  What a
# patron may do once: set a password, or confirm an address; its number, signed, is the link in a mail.  Of a
# message that was tried: when, and to whom where that is not to be found otherwise.
ADDRESSES_AND_TICKETS = """
CREATE TABLE mail_address (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  patron_id INTEGER NOT NULL REFERENCES patron (id) ON DELETE CASCADE,
  address TEXT NOT NULL CHECK (address <> ''),
  added_at TEXT NOT NULL,
  confirmed_at TEXT,
  delivery TEXT NOT NULL DEFAULT '' CHECK (delivery IN ('', 'sent', 'refused', 'failed')),
  delivery_at TEXT,
  UNIQUE (patron_id, address));
INSERT INTO mail_address (patron_id, address, added_at)
  SELECT id, mail, added_on || 'T00:00:00.000000+00:00' FROM patron WHERE mail IS NOT NULL AND mail <> '';
CREATE TABLE ticket (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('proven', 'password', 'address')),
  patron_id INTEGER NOT NULL REFERENCES patron (id) ON DELETE CASCADE,
  address TEXT NOT NULL DEFAULT '',
  for_contact INTEGER NOT NULL DEFAULT 0,
  for_holds INTEGER NOT NULL DEFAULT 0,
  expires_at TEXT NOT NULL,
  UNIQUE (patron_id, kind, address));
CREATE INDEX ticket_expires_at ON ticket (expires_at);
ALTER TABLE hold ADD COLUMN address_id INTEGER REFERENCES mail_address (id) ON DELETE SET NULL;
CREATE INDEX hold_address ON hold (address_id) WHERE address_id IS NOT NULL;
ALTER TABLE patron ADD COLUMN postal_address TEXT;
ALTER TABLE patron ADD COLUMN contact TEXT;
ALTER TABLE outbox ADD COLUMN address TEXT;
ALTER TABLE outbox ADD COLUMN tried_at TEXT;
CREATE INDEX outbox_untried ON outbox (id) WHERE tried_at IS NULL;
"""

# When a card was used last, as a month, so that who has not come for years is forgotten; nobody's time begins
# before this was kept.  A hold that ended uncollected still says whose it was and of what, for some days.
WHAT_IS_KEPT = """
ALTER TABLE patron ADD COLUMN last_used_in TEXT;
UPDATE patron SET last_used_in = strftime('%Y-%m', 'now');
CREATE INDEX hold_ended ON hold (patron_id, closed_at) WHERE closed_at IS NOT NULL AND patron_id IS NOT NULL;
"""

# Of a message that the mail server did not take for the time being: how often, and when it is tried again.
TRIED_AGAIN = """
ALTER TABLE outbox ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN next_at TEXT;
"""

# 今度読みたい本: the titles that a patron wants to read some day, in the patron's own order.
OWN_SHELF = """
CREATE TABLE shelf_entry (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  patron_id INTEGER NOT NULL REFERENCES patron (id) ON DELETE CASCADE,
  bib_id INTEGER NOT NULL REFERENCES bib (id) ON DELETE CASCADE,
  note TEXT NOT NULL DEFAULT '',
  place INTEGER NOT NULL,
  added_at TEXT NOT NULL);
CREATE UNIQUE INDEX shelf_entry_title ON shelf_entry (patron_id, bib_id);
CREATE INDEX shelf_entry_bib ON shelf_entry (bib_id);
"""

# 読書記録: the loans of patrons who want them kept, in words of their own; what these patrons agreed to; and
# how many they want to read in a year.
READING_RECORD = """
CREATE TABLE reading_record (
  patron_id INTEGER NOT NULL PRIMARY KEY REFERENCES patron (id) ON DELETE CASCADE,
  since TEXT NOT NULL,
  agreed_to TEXT NOT NULL CHECK (agreed_to <> ''));
CREATE TABLE reading_entry (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  patron_id INTEGER NOT NULL REFERENCES reading_record (patron_id) ON DELETE CASCADE,
  lent_on TEXT NOT NULL,
  title TEXT NOT NULL,
  volume TEXT NOT NULL DEFAULT '',
  creators TEXT NOT NULL DEFAULT '',
  publisher TEXT NOT NULL DEFAULT '',
  isbn TEXT,
  ndc TEXT NOT NULL DEFAULT '',
  material TEXT NOT NULL DEFAULT '',
  bib_id INTEGER REFERENCES bib (id) ON DELETE SET NULL,
  note TEXT NOT NULL DEFAULT '');
CREATE INDEX reading_entry_patron ON reading_entry (patron_id, lent_on);
CREATE INDEX reading_entry_bib ON reading_entry (bib_id) WHERE bib_id IS NOT NULL;
CREATE TABLE reading_goal (
  patron_id INTEGER NOT NULL REFERENCES reading_record (patron_id) ON DELETE CASCADE,
  year INTEGER NOT NULL,
  goal INTEGER NOT NULL CHECK (goal > 0),
  PRIMARY KEY (patron_id, year)) WITHOUT ROWID;
"""

# In which language a patron is written to, and how much of a title may stand in the mail.
WRITTEN_TO = """
ALTER TABLE patron ADD COLUMN mail_language TEXT NOT NULL DEFAULT 'ja';
ALTER TABLE patron ADD COLUMN mail_titles TEXT NOT NULL DEFAULT 'none';
"""

# Reminders: the last day of a loan, a hold or a card of which its patron has been reminded; how often it has
# been said of a loan that it is late; and which reminders a patron does without.
REMINDERS = """
ALTER TABLE loan ADD COLUMN reminded_for TEXT;
ALTER TABLE loan ADD COLUMN overdue_told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hold ADD COLUMN reminded_for TEXT;
ALTER TABLE patron ADD COLUMN card_reminded_for TEXT;
ALTER TABLE patron ADD COLUMN unwanted TEXT NOT NULL DEFAULT '';
"""

# 新着資料案内: by which terms a patron wants to be told of what comes in; nothing of what was found or sent.
ALERTS = """
CREATE TABLE alert (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  patron_id INTEGER NOT NULL REFERENCES patron (id) ON DELETE CASCADE,
  author TEXT NOT NULL DEFAULT '',
  ndc TEXT NOT NULL DEFAULT '',
  keyword TEXT NOT NULL DEFAULT '',
  series TEXT NOT NULL DEFAULT '',
  branch TEXT NOT NULL DEFAULT '',
  added_at TEXT NOT NULL,
  CHECK (author <> '' OR ndc <> '' OR keyword <> '' OR series <> ''));
CREATE UNIQUE INDEX alert_terms ON alert (patron_id, author, ndc, keyword, series, branch);
"""

# What is done by itself: of each job the day that it was done for last, when, and what came of it; nothing of
# anybody.  Whoever does it has written so here first.  Of a message that is not tried any more: why, as a
# word and the number that the mail server said, so that the desk tells its patron.
JOBS_AND_WHAT_DID_NOT_ARRIVE = """
CREATE TABLE job_run (
  name TEXT NOT NULL PRIMARY KEY,
  day TEXT,
  started_at TEXT,
  finished_at TEXT,
  done INTEGER NOT NULL DEFAULT 0,
  failure TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
ALTER TABLE outbox ADD COLUMN reason TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_given_up ON outbox (id) WHERE reason <> '';
"""


# The language of a title, so that a page can say it and a screen reader speak it.
LANGUAGE = """
ALTER TABLE bib ADD COLUMN language TEXT NOT NULL DEFAULT '';
"""

# The order of the shelves, for the neighbours of a title: kept by triggers, so that nobody who writes down a
# piece or a title can forget it.  And what the lists read: what came in when and of which class, how many
# titles a class has, and what has been lent often.
SHELVES_AND_LISTS = f"""
ALTER TABLE item ADD COLUMN shelf_key TEXT NOT NULL DEFAULT '';
UPDATE item SET shelf_key = {KEYS_SQL};
CREATE INDEX item_shelf ON item (branch, shelf_key);
CREATE TRIGGER item_shelf_new AFTER INSERT ON item BEGIN
  UPDATE item SET shelf_key = {KEYS_SQL} WHERE id = new.id; END;
CREATE TRIGGER item_shelf_changed AFTER UPDATE OF call_number, bib_id ON item BEGIN
  UPDATE item SET shelf_key = {KEYS_SQL} WHERE id = new.id; END;
CREATE TRIGGER bib_shelf_changed AFTER UPDATE OF title, title_kana, volume ON bib
  WHEN (old.title, old.title_kana, old.volume) <> (new.title, new.title_kana, new.volume) BEGIN
  UPDATE item SET shelf_key = {KEYS_SQL} WHERE bib_id = new.id; END;
CREATE INDEX bib_arrival ON bib (added_on, material, substr(ndc, 1, 1)) WHERE NOT hidden;
CREATE INDEX bib_class ON bib (ndc) WHERE NOT hidden;
CREATE INDEX bib_lent ON bib (lent, id) WHERE lent >= 5 AND NOT hidden;
"""  # noqa: S608 - made of a constant

# The list that is being imported, so that a second administrator sees it and a restart does not forget it;
# and the index by which a list without numbers finds its titles again.
LISTS = """
CREATE TABLE import_run (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('looked_at', 'running', 'done', 'failed')),
  total INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  chosen TEXT NOT NULL DEFAULT '{}',
  told TEXT NOT NULL DEFAULT '{}',
  at TEXT NOT NULL
);
CREATE INDEX bib_title ON bib (title);
"""


def _statements(script: str) -> list[str]:
    """The single statements of a script, so that a step runs inside the caller's transaction."""
    return [statement for statement in script.split(";\n") if statement.strip()]


def _script(script: str) -> Callable:
    """A step that runs the statements of a script."""

    def run(db) -> None:
        for statement in _statements(script):
            db.execute_sql(statement)

    return run


SHELVES = _script(SHELVES_AND_LISTS)

STEPS: tuple[Callable, ...] = (
    _script(FIRST_TABLES),
    _script(FACTS_FOR_POLICIES),
    _script(DESK),
    _script(PATRONS_AT_THE_DESK),
    _script(REST_OF_THE_DESK),
    _script(OTHER_LIBRARIES),
    _script(LOGINS_TOLD_APART),
    _script(FAILED_LOGINS),
    _script(ADDRESSES_AND_TICKETS),
    _script(WHAT_IS_KEPT),
    _script(TRIED_AGAIN),
    _script(OWN_SHELF),
    _script(READING_RECORD),
    _script(WRITTEN_TO),
    _script(REMINDERS),
    _script(ALERTS),
    _script(JOBS_AND_WHAT_DID_NOT_ARRIVE),
    _script(LANGUAGE),
    SHELVES,
    _script(LISTS),
)


class NewerDatabase(Exception):
    """The database was written by a newer Shiori; this one must leave it alone."""


def version(db) -> int:
    return db.execute_sql("PRAGMA user_version").fetchone()[0]


def migrate(db) -> int:
    """Bring an open database up to this program, each step in a transaction of its own.

    Returns the number of steps that ran.  Two processes may call it at once: the version is read again
    inside the write lock.  Raises NewerDatabase where the file is ahead of the program.
    """
    call_numbers.register(db)
    ran = 0
    if version(db) > len(STEPS):
        raise NewerDatabase
    while version(db) < len(STEPS):
        with db.atomic():
            done = version(db)
            if done >= len(STEPS):
                break
            STEPS[done](db)
            db.execute_sql(f"PRAGMA user_version = {done + 1}")
            ran += 1
    if ran:
        # A new index is not chosen before ANALYZE has seen it.
        db.execute_sql("ANALYZE")
    return ran
