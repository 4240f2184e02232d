"""What is left in the bytes: plants somebody who can be recognised, lets them use the library, and reads the
database, its log and its index of the log as an intruder would.

The patron's number is so large that its six bytes stand nowhere by chance: where they are, some row says
that it is this patron's.  Nothing here empties the log itself; the program does.
"""

from datetime import timedelta
from random import Random

import pytest

import jobs
import reading
import tickets
from models import Event, Hold, Item, Loan, MailAddress, Patron, ReadingEntry, Staff, db
from rules import Channel, HoldState, TicketKind
from tests.cast import _HASH, PASSWORD
from tests.reader import Reader
from tests.records import barcode, owed

NUMBER = 0x5EC2E7AFE5D1
BYTES = NUMBER.to_bytes(6, "big")  # as a cell of a row holds it
CARD = "198765432"
TRACES = {
    "name": "ジャコウジカ ムササビ",
    "card": CARD,
    "mail": "musasabi.jakoujika@example.jp",
    "phone": "08098761234",
    "another mail": "kodomo.no.musasabi@example.jp",
    "a mail that waits": "machi.musasabi@example.jp",
}


@pytest.fixture
def desk(reader):
    return reader.log_in_staff("ishida")


@pytest.fixture
def somebody(town):
    Patron.insert(
        id=NUMBER,
        card_number=CARD,
        kana_name=TRACES["name"],
        category="resident",
        mail=TRACES["mail"],
        phone=TRACES["phone"],
        password_hash=_HASH,
        card_expires_on=town.today + timedelta(days=400),
        added_on=town.today,
    ).execute()
    # The counter of patrons goes on, so that it does not name this one.
    Patron.insert(
        id=NUMBER + 1, card_number="200000099", kana_name="ナナシ", category="resident", added_on=town.today
    ).execute()
    return NUMBER


@pytest.fixture
def addresses(town, somebody):
    """More than one, and one that waits for its link."""
    for address in (TRACES["mail"], TRACES["another mail"]):
        MailAddress.insert(patron=NUMBER, address=address, added_at=town.clock()).execute()
    tickets.issue(TicketKind.ADDRESS, NUMBER, town.clock(), TRACES["a mail that waits"])


@pytest.fixture
def content(database):
    def content() -> bytes:
        return b"".join(file.read_bytes() for file in sorted(database.parent.glob("shiori.db*")))

    return content


@pytest.fixture
def ties(content):
    """How often the bytes say that something is this patron's, beside the index that finds the card."""
    return lambda: content().count(BYTES) - 1


@pytest.fixture
def jobs_run(policy, clock):
    """What the running program does twice a minute, or with a new day."""
    return lambda new_day=False: jobs.run(policy, clock(), new_day)


@pytest.fixture
def lend(desk):
    def lend(bib):
        desk.post("/desk/scan", code=CARD)
        desk.post("/desk/scan", code=barcode(bib))
        assert Loan.get(Loan.returned_at.is_null()).patron_id == NUMBER

    return lend


def rows_that_say(*values) -> dict[str, list]:
    """Every row of every table that holds one of these values, by its table."""
    found = {}
    real = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    for (table,) in db.execute_sql(real).fetchall():
        rows = db.execute_sql(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608 - our own tables
        said = [row for row in rows if any(value in row for value in values)]
        if said:
            found[table] = said
    return found


def test_after_a_return_no_row_and_no_byte_ties_the_patron_to_the_title(
    town, desk, somebody, lend, ties, jobs_run
):
    kokoro = town.title("こころ")
    lend(kokoro)
    jobs_run()
    assert ties() > 0 and set(rows_that_say(NUMBER)) == {"patron", "loan"}

    desk.post("/desk/return/scan", code=barcode(kokoro))
    jobs_run()

    assert set(rows_that_say(NUMBER)) == {"patron"}
    assert ties() == 0


def test_a_late_return_leaves_no_more(town, desk, clock, somebody, lend, ties, jobs_run):
    kokoro = town.title("こころ")
    lend(kokoro)
    clock.forward(days=60)
    desk.log_in_staff("ishida")

    desk.post("/desk/return/scan", code=barcode(kokoro))
    jobs_run()

    assert set(rows_that_say(NUMBER)) == {"patron"} and ties() == 0


def test_a_reminder_that_waits_to_go_out_says_no_more_whose_a_returned_loan_was(
    town, desk, clock, somebody, lend, ties, jobs_run
):
    kokoro = town.title("こころ")
    lend(kokoro)
    for days, kind in ((12, "due_soon"), (9, "overdue")):
        clock.forward(days=days)
        jobs_run(new_day=True)
        assert kind in owed()
    assert set(rows_that_say(NUMBER)) == {"patron", "loan", "outbox"}
    desk.log_in_staff("ishida")

    desk.post("/desk/return/scan", code=barcode(kokoro))
    jobs_run()

    assert set(rows_that_say(NUMBER)) == {"patron"} and ties() == 0


def test_after_a_hold_is_collected_and_brought_back_nothing_says_whose_it_was(
    town, desk, somebody, lend, ties, jobs_run
):
    kokoro = town.title("こころ")
    desk.post("/desk/scan", code=CARD)
    desk.post("/desk/hold", bib=kokoro, pickup="main", contact="mail")
    desk.post("/desk/return/scan", code=barcode(kokoro))
    assert Hold.get().state is HoldState.READY and set(rows_that_say(NUMBER)) == {"patron", "hold", "outbox"}

    lend(kokoro)
    jobs_run()
    assert Hold.get().state is HoldState.COLLECTED and set(rows_that_say(NUMBER)) == {"patron", "loan"}

    desk.post("/desk/return/scan", code=barcode(kokoro))
    jobs_run()
    assert set(rows_that_say(NUMBER)) == {"patron"} and ties() == 0


def test_when_the_days_of_a_cancelled_hold_are_over_nothing_says_whose_it_was(
    town, desk, clock, somebody, ties, jobs_run
):
    desk.post("/desk/scan", code=CARD)
    desk.post("/desk/hold", bib=town.title("こころ"), pickup="main", contact="mail")
    desk.post(f"/desk/holds/{Hold.get().id}/cancel")
    jobs_run(new_day=True)
    assert set(rows_that_say(NUMBER)) == {"patron", "hold"} and ties() > 0

    clock.forward(days=15)
    jobs_run(new_day=True)

    assert set(rows_that_say(NUMBER)) == {"patron"} and ties() == 0


def test_of_a_patron_whom_the_desk_deletes_nothing_is_left_anywhere(
    town, desk, app, reader, somebody, addresses, lend, content, caplog, database
):
    at_home = Reader(app)
    at_home.post("/login", card=CARD, password=PASSWORD)
    at_home.token = None
    at_home.post("/cart/add", bib=town.title("草枕"))
    at_home.post("/my/shelf/new", bib=town.title("明暗"), note="姉のすすめ")
    at_home.post("/my/reading/setting", keep="yes")
    at_home.post("/my/alerts/new", keyword="兄のすすめ")
    kokoro = town.title("こころ")
    lend(kokoro)
    desk.post("/desk/return/scan", code=barcode(kokoro))
    desk.post("/desk/hold", bib=town.title("門"), pickup="main", contact="mail")
    desk.post(f"/desk/patrons/{NUMBER}/code")
    everywhere = {"patron", "mail_address", "ticket", "hold", "outbox", "login"}
    everywhere |= {"cart_entry", "shelf_entry", "activation", "alert", "reading_record", "reading_entry"}
    assert set(rows_that_say(NUMBER)) == everywhere

    desk.post(f"/desk/patrons/{NUMBER}/delete")

    left = content()
    assert rows_that_say(NUMBER, *TRACES.values()) == {} and BYTES not in left
    assert [what for what, trace in TRACES.items() if trace.encode() in left] == []
    assert not any(trace in caplog.text for trace in (*TRACES.values(), str(NUMBER)))
    assert "姉のすすめ".encode() not in left and "兄のすすめ".encode() not in left
    assert Item.select().count() == 4 and Event.select().count() > 0


def test_of_an_account_that_its_patron_deletes_no_address_and_no_title_is_left(
    town, app, desk, somebody, addresses, content, ties, caplog
):
    at_home = Reader(app)
    at_home.post("/login", card=CARD, password=PASSWORD)
    at_home.token = None
    at_home.post("/cart/add", bib=town.title("草枕"))
    at_home.post("/my/shelf/new", bib=town.title("明暗"), note="姉のすすめ")
    at_home.post("/my/reading/setting", keep="yes")
    at_home.post("/my/reading/goal", year="2026", goal="50")
    at_home.post("/my/alerts/new", keyword="兄のすすめ")
    desk.post("/desk/scan", code=CARD)
    desk.post("/desk/hold", bib=town.title("門"), pickup="main", contact="mail")
    desk.post(f"/desk/holds/{Hold.get().id}/cancel")
    desk.post(f"/desk/patrons/{NUMBER}/code")
    everywhere = {"patron", "mail_address", "ticket", "hold", "login"}
    everywhere |= {"cart_entry", "shelf_entry", "activation", "alert", "reading_record", "reading_goal"}
    assert set(rows_that_say(NUMBER)) == everywhere

    at_home.get("/my/data/delete")
    at_home.post("/my/data/delete", password=PASSWORD)

    left = content()
    assert set(rows_that_say(NUMBER)) == {"patron"} and ties() == 0
    assert [what for what, trace in TRACES.items() if "mail" in what and trace.encode() in left] == []
    # The cast of the town has the very same hash.
    others = sum(table.select().where(table.password_hash == _HASH).count() for table in (Patron, Staff))
    assert left.count(_HASH.encode()) == others
    assert TRACES["phone"].encode() in left, "the card stays the library's"
    assert not any(trace in caplog.text for trace in (*TRACES.values(), str(NUMBER)))


def test_of_a_reading_record_that_is_turned_off_no_title_no_note_and_no_byte_is_left(
    town, app, somebody, content, ties, clock, policy
):
    """Among other records that grow and shrink beside it, so that rows were moved from page to page."""
    at_home = Reader(app)
    at_home.post("/login", card=CARD, password=PASSWORD)
    at_home.token = None
    at_home.post("/my/reading/setting", keep="yes")
    others = [town.somebody() for _ in range(4)]
    for patron in others:
        reading.turn_on(policy, patron, "残します。", Channel.WEB, clock())
    titles = [f"モモンガ文庫の冒険 {n}。" for n in range(150)]  # withdrawn long ago: no catalogue has them
    note = "ヤマネに借りた気がする"
    chance = Random(7)  # noqa: S311 - the same each time
    entries = []
    for title in titles:
        of_somebody = {"patron": NUMBER, "lent_on": town.today, "title": title, "note": note}
        ReadingEntry.insert(of_somebody).execute()
        for patron in others:
            row = {"patron": patron, "lent_on": town.today, "title": "ほか"}
            entries.append(ReadingEntry.insert(row).execute())
    for entry in chance.sample(entries, len(entries) // 2):
        ReadingEntry.update(note="長いメモ" * chance.randrange(60)).where(ReadingEntry.id == entry).execute()
    for entry in chance.sample(entries, len(entries) * 4 // 5):
        ReadingEntry.delete().where(ReadingEntry.id == entry).execute()
    assert all(trace.encode() in content() for trace in (*titles, note))
    at_home.post("/my/reading/goal", year="2026", goal="50")

    at_home.get("/my/reading/off")
    at_home.post("/my/reading/off")

    left = content()
    assert [trace for trace in (*titles, note) if trace.encode() in left] == []
    # SQLite overwrites what it deletes, but not each copy that it made when it moved rows: the file is new.
    assert db.execute_sql("PRAGMA freelist_count").fetchone() == (0,)
    assert set(rows_that_say(NUMBER)) == {"patron", "login"}
    at_home.get("/my")
    at_home.log_out()
    jobs.run(policy, clock(), False)
    assert set(rows_that_say(NUMBER)) == {"patron"} and ties() == 0


def test_of_one_entry_that_is_deleted_no_byte_is_left_either(town, app, somebody, content):
    at_home = Reader(app)
    at_home.post("/login", card=CARD, password=PASSWORD)
    at_home.token = None
    at_home.post("/my/reading/setting", keep="yes")
    for n in range(30):
        row = {"patron": NUMBER, "lent_on": town.today, "title": f"モモンガ文庫の冒険 {n}。"}
        ReadingEntry.insert(**row, note=f"ヤマネ {n}。").execute()
    one = ReadingEntry.get(ReadingEntry.title == "モモンガ文庫の冒険 17。")

    at_home.post("/my/reading/delete", entry=one.id)

    left = content()
    assert "モモンガ文庫の冒険 17。".encode() not in left and "ヤマネ 17。".encode() not in left
    assert "モモンガ文庫の冒険 16。".encode() in left
