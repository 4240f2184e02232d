"""The desk's verbs about patrons against a real database: who becomes one, what changes, and what is gone."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from playhouse.test_utils import count_queries

import accounts
import circulation
import lending
import mail
import patrons
import standing
from circulation import NotThere
from events import NO_NUMBER
from models import CartEntry, Event, Hold, Item, Loan, Login, Outbox, Patron, Tally, db
from rules import HoldState, PatronEntry, Reason, asks_for_birth_dates
from tests.cast import CARDS, PASSWORD
from tests.records import kinds

CLERK = "1"
NEW = "100000099"
OKADA = PatronEntry("オカダ ミサキ", "resident", date(1990, 5, 5), "0312345678", "okada@example.jp")


def before_passwords(*lines: str):
    """A policy with these lines more."""
    return ((("[password]", "\n".join((*lines, "", "[password]"))),),)


THREE_YEARS = before_passwords("[[card.valid]]", "years = 3", "renew = { days_before = 30 }")
BIRTHDAYS = before_passwords("[[card.valid]]", "years = 3", 'from = "birthday"')
FAMILIES = before_passwords(
    "[[block]]", "when = { overdue = { days = 1 }, family = true }", 'stops = ["loan"]'
)
MARKS = before_passwords(
    "[[block]]",
    'when = { mark = "弁償" }',
    'stops = ["loan"]',
    "[[people]]",
    'id = "読み聞かせの会"',
    'when = { mark = "読み聞かせ" }',
)
SCHOOLS = before_passwords("[[people]]", 'id = "小学生まで"', 'when = { school_to = "elementary" }')


@pytest.fixture
def register(policy, clock, town):
    def register(number=NEW, entry=OKADA):
        return patrons.register(policy, number, entry, "main", clock(), CLERK)

    return register


@pytest.fixture
def okada(register):
    return register().patron


# -- registering -------------------------------------------------------------------------------------------


def test_a_registration_is_one_row_and_one_event_of_the_desk(town, register):
    answer = register()

    row = Patron.get_by_id(answer.patron)
    assert answer.decision.allowed
    assert (row.card_number, row.kana_name, row.category) == (NEW, "オカダ ミサキ", "resident")
    assert (row.born_on, row.phone, row.mail) == (date(1990, 5, 5), "0312345678", "okada@example.jp")
    assert (row.card_issued_on, row.added_on, row.card_expires_on) == (town.today, town.today, None)
    assert (row.marks, row.password_hash, row.household) == ("", None, None)
    assert list(Event.select(Event.kind, Event.channel, Event.actor, Event.number).tuples()) == [
        ("patron_registered", "desk", CLERK, NO_NUMBER)
    ]


def test_a_number_a_name_and_a_category_are_enough(register):
    row = Patron.get_by_id(register(entry=PatronEntry("オカダ", "commuter", None, "", " ")).patron)

    assert (row.born_on, row.phone, row.mail) == (None, None, None)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ｵｶﾀﾞ ﾐｻｷ", "オカダ ミサキ"),
        ("　オカダ　　ミサキ ", "オカダ ミサキ"),
        ("ジョン・スミス", "ジョン・スミス"),
        ("ヴェーラ", "ヴェーラ"),
        ("オカ\u200bダ", "オカダ"),
    ],
)
def test_a_name_is_kept_in_one_form_however_it_is_typed(register, typed, kept):
    assert Patron.get_by_id(register(entry=PatronEntry(typed, "resident")).patron).kana_name == kept


@pytest.mark.parametrize(
    "name", ["岡田", "おかだ", "Okada", "オカダ 2", "", " ", "ー", "・", "オ<b>", "ア" * 61]
)
def test_a_name_in_other_characters_is_refused(register, name):
    answer = register(entry=PatronEntry(name, "resident"))

    assert answer.decision.reasons == (Reason.NAME_FORM,)
    assert not Patron.select().where(Patron.card_number == NEW).exists() and kinds() == []


@pytest.mark.parametrize("typed", ["０３-1234-5678", "03 (1234) 5678", "03ー1234ー5678", "0312345678"])
def test_a_phone_number_is_kept_as_figures(register, typed):
    entry = PatronEntry("オカダ", "resident", phone=typed)

    assert Patron.get_by_id(register(entry=entry).patron).phone == "0312345678"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"phone": "12345678"}, Reason.PHONE_FORM),
        ({"phone": "031234567890"}, Reason.PHONE_FORM),
        ({"phone": "+81312345678"}, Reason.PHONE_FORM),
        ({"phone": "٠١٢٣٤٥٦٧٨٩"}, Reason.PHONE_FORM),
        ({"mail": "okada"}, Reason.MAIL_AT),
        ({"born_on": date(2026, 4, 16)}, Reason.BIRTH_DATE),
        ({"born_on": date(1890, 1, 1)}, Reason.BIRTH_DATE),
        ({"category": "nobody"}, Reason.UNKNOWN_CATEGORY),
    ],
)
def test_a_fact_that_cannot_be_right_is_refused(town, register, facts, reason):
    entry = PatronEntry(**{"kana_name": "オカダ", "category": "resident", **facts})

    assert register(entry=entry).decision.reasons == (reason,)


def test_somebody_born_today_can_be_registered(town, register):
    assert register(entry=PatronEntry("オカダ", "resident", town.today)).decision.allowed


def test_all_that_is_wrong_is_said_at_once(town, register):
    answer = register(CARDS["sato"][0], PatronEntry("岡田", "nobody", phone="1"))

    assert answer.decision.reasons == (
        Reason.CARD_TAKEN,
        Reason.NAME_FORM,
        Reason.UNKNOWN_CATEGORY,
        Reason.PHONE_FORM,
    )


@pytest.mark.parametrize("typed", ["100000011", "A100000011A", "１００-０００-０１１"])
def test_a_number_that_somebody_has_is_refused_in_any_form(town, register, typed):
    assert register(typed).decision.reasons == (Reason.CARD_TAKEN,)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("070000099", Reason.BARRED_CARD),
        ("", Reason.CARD_FORM),
        ("10*", Reason.CARD_FORM),
        ("9" * 21, Reason.CARD_FORM),
        ("9784101010014", Reason.CARD_IS_A_PIECE),
    ],
)
def test_a_number_that_no_card_can_have_is_refused(register, number, reason):
    assert register(number).decision.reasons == (reason,)


@pytest.mark.parametrize("source", ["source-2"])
@pytest.mark.parametrize(
    ("number", "reasons"),
    [
        ("10000009", (Reason.CARD_DIGITS,)),
        ("400000099", (Reason.CARD_STARTS,)),
        ("P1", (Reason.CARD_DIGITS, Reason.CARD_STARTS)),
        ("070000099", (Reason.CARD_STARTS, Reason.BARRED_CARD)),
        ("300000099", ()),
    ],
)
def test_a_number_follows_the_policy(register, number, reasons):
    assert register(number).decision.reasons == reasons


def test_the_barcode_of_a_piece_cannot_become_a_card_since_the_desk_could_not_tell_them_apart(town, register):
    kokoro = town.title("こころ")

    assert register(Item.get(Item.bib == kokoro).barcode).decision.reasons == (Reason.CARD_IS_A_PIECE,)


@pytest.mark.parametrize("changes", THREE_YEARS)
def test_a_new_card_is_good_as_long_as_the_policy_says(town, register):
    assert Patron.get_by_id(register().patron).card_expires_on == date(2029, 4, 15)


@pytest.mark.parametrize("changes", BIRTHDAYS)
def test_a_card_that_ends_on_a_birthday_asks_for_it(policy, register):
    assert Patron.get_by_id(register().patron).card_expires_on == date(2028, 5, 5)
    assert asks_for_birth_dates(policy)


@pytest.mark.parametrize(
    ("changes", "asks"), [((), False), (SCHOOLS[0], True), (MARKS[0], False)], ids=["plain", "school", "mark"]
)
def test_birth_dates_are_asked_for_only_where_a_rule_hangs_on_them(policy, asks):
    assert asks_for_birth_dates(policy) is asks


def test_a_household_is_not_kept_where_no_rule_asks_for_it(register):
    entry = PatronEntry("オカダ", "resident", household="12")

    assert Patron.get_by_id(register(entry=entry).patron).household is None


@pytest.mark.parametrize("changes", FAMILIES)
def test_what_is_late_in_the_family_stops_whoever_has_the_same_household(policy, town, clock, register):
    first = register(entry=PatronEntry("オカダ ミサキ", "resident", household=" １２ ")).patron
    second = register("100000098", PatronEntry("オカダ ジロウ", "resident", household="12")).patron
    town.lend(town.title("こころ"), first, due_in=-2)
    code = Item.get(Item.bib == town.title("門")).barcode

    answer = lending.check_out(policy, second, code, "main", clock(), CLERK)

    assert answer.decision.reasons == (Reason.FAMILY_OVERDUE_BLOCK,)


# -- changing ----------------------------------------------------------------------------------------------


def test_a_change_writes_down_what_is_new_and_notes_it_once(policy, clock, okada):
    entry = PatronEntry("オカダ ミサキ", "commuter", None, "09012345678", "")

    for _ in range(2):  # sent twice, it is done once
        assert patrons.change(policy, okada, entry, clock(), CLERK).allowed

    row = Patron.get_by_id(okada)
    assert (row.category, row.born_on, row.phone, row.mail) == ("commuter", None, "09012345678", None)
    assert row.card_number == NEW
    assert kinds() == ["patron_registered", "patron_changed"]
    assert Event.select().order_by(Event.id.desc()).first().number == NO_NUMBER


def test_a_change_that_is_refused_changes_nothing(policy, clock, okada):
    answer = patrons.change(policy, okada, PatronEntry("岡田", "resident"), clock(), CLERK)

    assert answer.reasons == (Reason.NAME_FORM,)
    assert Patron.get_by_id(okada).kana_name == "オカダ ミサキ" and kinds() == ["patron_registered"]


def test_a_household_from_other_days_stays_where_no_rule_asks_for_it(policy, clock, okada):
    Patron.update(household="12").where(Patron.id == okada).execute()

    patrons.change(policy, okada, PatronEntry("オカダ", "resident", household="13"), clock(), CLERK)

    assert Patron.get_by_id(okada).household == "12"


# -- the card ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", THREE_YEARS)
def test_a_card_is_renewed_from_today(policy, clock, town):
    answer = patrons.renew_card(policy, town.patrons["ito"], clock(), CLERK)

    row = Patron.get_by_id(town.patrons["ito"])
    assert answer.allowed and answer.expires_on == row.card_expires_on == date(2029, 4, 15)
    assert row.card_issued_on == town.today and kinds() == ["card_renewed"]


@pytest.mark.parametrize("changes", THREE_YEARS)
def test_a_card_is_not_renewed_too_early_and_the_day_is_told(policy, clock, town):
    sato = town.patrons["sato"]
    ends_on = Patron.get_by_id(sato).card_expires_on

    answer = patrons.renew_card(policy, sato, clock(), CLERK)
    assert answer.reasons == (Reason.CARD_RENEWABLE_FROM,)
    assert answer.refusals[0].facts["day"] == ends_on - timedelta(days=30)
    assert Patron.get_by_id(sato).card_expires_on == ends_on and kinds() == []

    clock.to(ends_on - timedelta(days=30))
    assert patrons.renew_card(policy, sato, clock(), CLERK).allowed


@pytest.mark.parametrize("changes", before_passwords("[[card.valid]]", "years = 3"))
def test_renewing_twice_on_a_day_renews_once(policy, clock, town):
    patrons.renew_card(policy, town.patrons["ito"], clock(), CLERK)

    again = patrons.renew_card(policy, town.patrons["ito"], clock(), CLERK)

    assert again.reasons == (Reason.CARD_NO_DAY_GAINED,) and kinds() == ["card_renewed"]


def test_where_cards_have_no_end_a_renewed_one_has_none_and_needs_no_other_renewal(policy, clock, town):
    ito = town.patrons["ito"]

    assert patrons.renew_card(policy, ito, clock(), CLERK).allowed
    assert Patron.get_by_id(ito).card_expires_on is None
    again = patrons.renew_card(policy, ito, clock(), CLERK)
    assert again.reasons == (Reason.CARD_WITHOUT_END,) and kinds() == ["card_renewed"]


def test_a_lost_card_stops_at_once_and_its_logins_end(policy, app, town, reader, clock):
    reader.log_in("sato")
    reader.get("/my")
    ends_on = Patron.get_by_id(town.patrons["sato"]).card_expires_on

    answer = patrons.replace_card(policy, town.patrons["sato"], "A100000099A", clock(), CLERK)

    row = Patron.get_by_id(town.patrons["sato"])
    assert answer.allowed and row.card_number == NEW
    assert (row.card_expires_on, row.card_issued_on) == (ends_on, town.today)
    assert Login.select().count() == 0
    reader.get("/my", status=303)
    assert accounts.authenticate(CARDS["sato"][0], PASSWORD) is None
    assert accounts.authenticate(NEW, PASSWORD).id == town.patrons["sato"]
    assert kinds() == ["card_replaced"]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (CARDS["tanaka"][0], Reason.CARD_TAKEN),
        (CARDS["sato"][0], Reason.CARD_TAKEN),
        ("070000099", Reason.BARRED_CARD),
    ],
)
def test_a_new_number_is_refused_as_at_the_registration_and_the_old_one_stays(
    policy, town, clock, number, reason
):
    answer = patrons.replace_card(policy, town.patrons["sato"], number, clock(), CLERK)

    assert answer.reasons == (reason,)
    assert Patron.get_by_id(town.patrons["sato"]).card_number == CARDS["sato"][0] and kinds() == []


# -- marks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", MARKS)
def test_marks_are_put_on_and_taken_off_once_each(policy, town, clock):
    sato = town.patrons["sato"]
    for mark in ("弁償", "弁償", "読み聞かせ"):
        assert patrons.put_mark(policy, sato, mark, clock(), CLERK).allowed
    assert standing.patron_facts(Patron.get_by_id(sato)).marks == {"弁償", "読み聞かせ"}

    for _ in range(2):
        patrons.take_mark(sato, "弁償", clock(), CLERK)

    assert Patron.get_by_id(sato).marks == "読み聞かせ"
    assert kinds() == ["patron_marked", "patron_marked", "patron_unmarked"]


@pytest.mark.parametrize("changes", [(), MARKS[0]], ids=["no marks", "others"])
@pytest.mark.parametrize("mark", ["こわい", "", "弁償\n読み聞かせ"])
def test_no_other_word_is_written_down_about_anybody(policy, town, clock, mark):
    answer = patrons.put_mark(policy, town.patrons["sato"], mark, clock(), CLERK)

    assert answer.reasons == (Reason.UNKNOWN_MARK,)
    assert Patron.get_by_id(town.patrons["sato"]).marks == "" and kinds() == []


def test_a_mark_that_no_rule_asks_for_any_more_can_be_taken_off(town, clock):
    Patron.update(marks="むかしの印").where(Patron.id == town.patrons["sato"]).execute()

    patrons.take_mark(town.patrons["sato"], "むかしの印", clock(), CLERK)

    assert Patron.get_by_id(town.patrons["sato"]).marks == ""


# -- deleting ----------------------------------------------------------------------------------------------


def test_with_something_out_nobody_is_deleted(policy, town, clock):
    sato = town.patrons["sato"]
    for title in ("こころ", "門"):
        town.lend(town.title(title), "sato")
    town.hold(town.title("草枕"), "sato")

    answer = patrons.delete(policy, sato, clock(), CLERK)

    assert answer.decision.reasons == (Reason.OPEN_LOANS,)
    assert answer.decision.refusals[0].facts == {"count": 2}
    assert Patron.get_or_none(Patron.id == sato) and Hold.get().patron_id == sato and kinds() == []


def test_everything_of_a_patron_goes_and_the_counts_stay(policy, town, clock):
    sato, kokoro, mon = town.patrons["sato"], town.title("こころ"), town.title("門")
    code = Item.get(Item.bib == kokoro).barcode
    lending.check_out(policy, sato, code, "main", clock(), CLERK)
    lending.take_back(policy, code, "main", clock(), CLERK)
    ready, waiting = town.ready(mon, "sato"), town.hold(kokoro, "sato")
    circulation.put_in_cart(sato, [town.title("草枕")], clock())
    mail.queue("hold_ready", sato, [ready], clock())
    Login.insert(token_hash="x", patron=sato, started_at=clock()).execute()
    counts = list(Tally.select().order_by(Tally.kind).tuples())
    assert patrons.belongings(sato) == patrons.Belongings(
        loans=0, holds=2, kept=1, cart=1, messages=1, logins=1
    )
    others = Patron.select().count() - 1
    Event.delete().execute()

    answer = patrons.delete(policy, sato, clock(), CLERK)

    [released] = answer.released
    assert (released.item, released.branch, released.state) == (
        Item.get(Item.bib == mon).id,
        "main",
        HoldState.READY,
    )
    for hold in map(Hold.get_by_id, (ready, waiting)):
        assert hold.state is HoldState.CANCELLED and hold.closed_at == clock()
        assert (hold.patron_id, hold.bib_id, hold.item_id) == (None, None, None)
    assert [table.select().count() for table in (CartEntry, Outbox, Login)] == [0, 0, 0]
    assert Patron.select().count() == others and Loan.select().count() == 1
    assert list(Tally.select().order_by(Tally.kind).tuples()) == counts
    assert kinds() == ["hold_cancelled", "hold_cancelled", "patron_deleted"]
    assert db.execute_sql("PRAGMA foreign_key_check").fetchall() == []


def test_a_released_piece_goes_to_whoever_waits_next_when_it_is_scanned(policy, town, clock):
    mon = town.title("門")
    town.ready(mon, "sato")
    next_one = town.hold(mon, "tanaka")

    patrons.delete(policy, town.patrons["sato"], clock(), CLERK)
    answer = lending.take_back(policy, Item.get(Item.bib == mon).barcode, "main", clock(), CLERK)

    assert answer.hold == next_one and Hold.get_by_id(next_one).state is HoldState.READY


def test_deleted_means_gone_from_the_bytes_of_the_file_and_its_log(database, policy, clock, town, register):
    entry = PatronEntry("ジャコウジカ ムササビ", "resident", phone="0987654321", mail="musasabi@example.jp")
    patron = register(entry=entry).patron
    traces = [fact.encode() for fact in (entry.kana_name, entry.phone, entry.mail, NEW)]

    def there() -> list[bytes]:
        files = [database, database.with_name(database.name + "-wal")]
        content = b"".join(file.read_bytes() for file in files if file.exists())
        return [trace for trace in traces if trace in content]

    assert there() == traces  # so far in the log
    db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert there() == traces  # in the file
    patrons.change(policy, patron, replace(entry, category="commuter"), clock(), CLERK)
    assert db.execute_sql("PRAGMA secure_delete").fetchone() == (1,)

    patrons.delete(policy, patron, clock(), CLERK)

    assert there() == []


def test_what_is_not_there_cannot_be_changed(policy, clock, town):
    for verb in (
        lambda: patrons.change(policy, 9999, OKADA, clock(), CLERK),
        lambda: patrons.renew_card(policy, 9999, clock(), CLERK),
        lambda: patrons.replace_card(policy, 9999, NEW, clock(), CLERK),
        lambda: patrons.put_mark(policy, 9999, "弁償", clock(), CLERK),
        lambda: patrons.take_mark(9999, "弁償", clock(), CLERK),
        lambda: patrons.delete(policy, 9999, clock(), CLERK),
        lambda: patrons.belongings(9999),
    ):
        with pytest.raises(NotThere):
            verb()
    assert kinds() == []


# -- finding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        *("オカダ ミサキ", "おかだみさき", "ｵｶﾀﾞ", "　みさき", "オカダ　ミサキ", "ミサ"),
        *(NEW, "A100000099A", "１００-０００-０９９", "0099"),
        *("0312345678", "03-1234-5678", "５６７８"),
    ],
)
def test_a_patron_is_found_in_any_kana_width_and_with_any_blanks(okada, typed):
    found, more = patrons.find(typed)

    assert [one.id for one in found] == [okada] and not more


@pytest.mark.parametrize("typed", ["", "  ", "%", "_", "ー", "'", "カラス", "99999999999", "岡田"])
def test_what_nobody_has_finds_nobody(okada, typed):
    assert patrons.find(typed) == ([], False)


def test_at_most_fifty_are_shown_in_the_order_of_their_names(town):
    for n in range(60):
        Patron.insert(
            card_number=f"5000{n:05}",
            kana_name=f"カワ{chr(ord('ア') + n)}",
            category="resident",
            added_on=town.today,
        ).execute()

    found, more = patrons.find("かわ")

    assert len(found) == patrons.MOST_FOUND and more
    assert [one.kana_name for one in found] == sorted(one.kana_name for one in found)


def test_a_search_asks_the_database_no_more_than_three_things(town, okada):
    with count_queries() as counter:
        patrons.find("おかだ")

    assert counter.count <= 3
