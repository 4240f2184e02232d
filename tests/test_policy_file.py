"""library.toml: the ready policies are read, and what cannot be meant is reported at its place."""

import ast
import re
from dataclasses import fields, is_dataclass
from datetime import time
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import policy_file
import rules
from policy_file import PolicyMistakes, read_policy
from policy_tables import Mistake
from rules import (
    Channel,
    Closure,
    Contact,
    HoldState,
    Hours,
    Most,
    Obstacle,
    Period,
    Policy,
    RenewBy,
    RenewFrom,
    Unit,
)
from tests.facts import (
    SOURCE_1,
    SOURCE_1_TEXT,
    SOURCE_2,
    edited,
    policy,
    row,
)
from wording import Wording


def mistakes_in(text: str) -> tuple[Mistake, ...]:
    with pytest.raises(PolicyMistakes) as raised:
        read_policy(text)
    return raised.value.mistakes


# ---- The ready policies --------------------------------------------------------------------------------


@pytest.mark.parametrize("list_", ["branches", "patron_categories", "materials", "categories"])
def test_both_ready_policies_have_the_same_ids_so_that_one_database_runs_under_both(list_):
    ids_1, ids_2 = ([entry.id for entry in getattr(library, list_)] for library in (SOURCE_1, SOURCE_2))

    assert ids_1 == ids_2


def test_the_first_ready_policy_says_what_its_lines_say():
    assert SOURCE_1.library.name == "しおり町立図書館"
    assert (SOURCE_1.words.card, SOURCE_1.words.renewal, SOURCE_1.words.renew) == (
        "利用券",
        "貸出更新",
        "更新",
    )
    assert [branch.id for branch in SOURCE_1.branches if branch.main] == ["main"]
    assert SOURCE_1.branch("east").hours == Hours(time(10), time(17))
    assert SOURCE_1.branch("east").closures == (Closure(weekday=0), Closure(first=(12, 28), last=(1, 4)))
    assert SOURCE_1.card.number is None
    assert SOURCE_1.renewal.base is RenewFrom.DUE_DATE
    assert SOURCE_1.renewal.by == (RenewBy(period=Period(2, Unit.WEEKS)),)
    assert SOURCE_1.renewal.refused == {Obstacle.OVERDUE, Obstacle.HELD}
    assert SOURCE_1.hold.contact == (Contact.MAIL,)
    assert SOURCE_1.hold.cancel[Channel.WEB] == {HoldState.WAITING}
    assert HoldState.IN_TRANSIT in SOURCE_1.hold.cancel[Channel.DESK]  # "in transit" in the file
    assert [limit.most for limit in SOURCE_1.hold.limits] == [Most(5), Most(2), Most(2), Most(2)]


def test_the_second_ready_policy_says_what_differs():
    book, others = SOURCE_2.renewal.by

    assert SOURCE_2.card.number.digits == 9
    assert SOURCE_2.card.number.starts == ("100", "200", "300")
    assert SOURCE_2.renewal.base is RenewFrom.REQUEST
    assert book == RenewBy(of=("book",), period=Period(15, Unit.DAYS, count_first=True))
    assert others == RenewBy(of=("magazine", "av"), period=Period(8, Unit.DAYS, count_first=True))
    assert SOURCE_2.hold.limits[0].most == Most(None)


def test_an_id_that_is_not_there_has_no_entry():
    assert SOURCE_1.branch("north") is None
    assert SOURCE_1.material("weekly") is None
    assert SOURCE_1.category("book") is None
    assert SOURCE_1.patron_category("visitor") is None


def test_sets_are_called_by_their_names():
    assert SOURCE_1.names(["book", "weekly"]) == ["図書", "週刊誌"]


# ---- What may be left out, and other ways to write the same -------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        row("no cards that are barred", "[card]\nbarred = ", "# barred = "),
        row("no closed days", 'main = true\nclosed = ["monday", "12-28..01-04"]', "main = true"),
        row("hours with one figure", 'hours = "10:00-18:00"', 'hours = "9:30-18:00"'),
        row("hours with blanks", 'hours = "10:00-18:00"', 'hours = "10:00 - 18:00"'),
        row("an underscore in a state", 'cancel.web = ["waiting"]', 'cancel.web = ["in_transit"]'),
        row("no renewals at all", "times = 1", "times = 0"),
        row("nothing in refused", 'refused = ["overdue", "held"]', "refused = []"),
        row("no line for an optional sentence", 'say = "広域利用者', '# say = "広域利用者'),
        row("a category of nothing but a tag", 'when = { call_number = "M" }', 'when = { tag = "マンガ" }'),
        row("an id in Japanese", 'id = "commuter"', 'id = "在勤"'),
        row("a block by one way only", "[[block]]", "[[block]]\nat = ['web']"),
    ],
)  # fmt: skip
def test_a_clerk_may_also_write(old, new):
    assert isinstance(policy(SOURCE_1_TEXT, (old, new)), Policy)


def test_no_channel_need_be_named_for_cancelling():
    without = re.sub(r"^cancel\..*$", "", SOURCE_1_TEXT, flags=re.MULTILINE).replace(
        "[hold]", "[hold]\ncancel = {}"
    )

    assert read_policy(without).hold.cancel == {}


# ---- Mistakes ------------------------------------------------------------------------------------------

NAME = 'name = "しおり町立図書館"'
HOURS = 'hours = "10:00-18:00"'
CLOSED = 'main = true\nclosed = ["monday", "12-28..01-04"]'
BOOK_LIMIT = 'of = ["book"]\nmost = 5'
CAUSE = 'when = { card = "expired" }'
BY = "by = { weeks = 2 }"
TWO_OPENINGS = 'opens = { days_before_due = 3, left = "half" }'
STOPS = 'stops = ["loan", "hold", "renewal"]'
CONTACT = 'contact = ["mail"]'
CANCEL_WEB = 'cancel.web = ["waiting"]'
CHANGE_WEB = 'change.web = ["applied", "waiting"]'
CHANGES = SOURCE_1_TEXT[SOURCE_1_TEXT.index(CHANGE_WEB) : SOURCE_1_TEXT.index("\n\n[[hold.not]]")]
DVD = 'material = "av", tag'


def broken(sentence, old, new, *expected):
    """The first ready policy with one place rewritten, and every mistake that this makes: path, problem."""
    return row(sentence, old, new, [tuple(mistake.split(": ")) for mistake in expected])


def period(sentence, given):
    old, new = 'name = "図書"\nloan = { weeks = 2 }', f'name = "図書"\nloan = {given}'
    return broken(sentence, old, new, "material[1].loan: not_period")


def renewal_line(sentence, given, place=": not_period"):
    return broken(sentence, BY, f"by = [{given}]", f"renewal.by[1]{place}")


def more(sentence, lines, *expected):
    """A table or two more at the end of the file."""
    return broken(sentence, "[password]", f"{lines}\n\n[password]", *expected)


def reminder(sentence, key, given, problem):
    [old] = re.findall(rf"^{key} = .*$", SOURCE_1_TEXT, re.MULTILINE)
    place = problem if problem.startswith(".") else f": {problem}"
    return broken(sentence, old, f"{key} = {given}", f"reminder.{key}{place}")


def most(sentence, given):
    return broken(sentence, BOOK_LIMIT, f'of = ["book"]\nmost = {given}', "hold.limit[1].most: not_most")


def hours(sentence, given):
    return broken(sentence, HOURS, f"hours = {given}", "branch[1].hours: not_hours")


def closed(sentence, given):
    return broken(sentence, CLOSED, f"main = true\nclosed = [{given}]", "branch[1].closed[1]: not_closure")


STAYS = "[login]\nstays = { minutes = "


BROKEN = [
    # what is no TOML
    broken("a bracket that is not closed", "[library]", "[library", ": syntax"),
    broken("a word without quotes", CONTACT, "contact = [mail]", ": syntax"),
    broken("a key twice", "times = 1", "times = 1\ntimes = 2", ": syntax"),
    # keys and tables
    broken(
        "a misspelt key",
        "at_least = 8",
        "at_lest = 8",
        "password.at_least: missing",
        "password.at_lest: unknown_key",
    ),
    broken("a key of another table", "[password]", "[password]\nhours = 3", "password.hours: unknown_key"),
    broken("a misspelt table", "[password]", "[pasword]", "password: missing", "pasword: unknown_key"),
    broken("a missing table", "[password]\nat_least = 8", "", "password: missing"),
    broken("a missing key", 'name = "本館"', "", "branch[1].name: missing"),
    broken("a limit without a number", BOOK_LIMIT, 'of = ["book"]', "hold.limit[1].most: missing"),
    broken("an opening without a day", BY, f"{BY}\nopens = {{}}", "renewal.opens: not_opens"),
    broken("two openings", BY, f"{BY}\n{TWO_OPENINGS}", "renewal.opens: not_opens"),
    broken("an opening of a third", BY, f'{BY}\nopens = {{ left = "third" }}', "renewal.opens: not_opens"),
    broken("an opening below 0", BY, f"{BY}\nopens = {{ days_before_due = -1 }}", "renewal.opens: not_opens"),
    broken("an opening of its own", BY, f"{BY}\nopens = {{ weeks_before = 1 }}", "renewal.opens: not_opens"),
    broken("a ceiling from nowhere", BY, f"{BY}\nuntil = {{ weeks = 4 }}", "renewal.until: not_until"),
    broken(
        "a late renewal beside its refusal",
        BY,
        f'{BY}\nlate = {{ from = "due date" }}',
        "renewal.late: late_and_overdue",
    ),
    broken(
        "an unknown set that is not renewed",
        "\n[hold]  ",
        '\n[[renewal.not]]\nof = ["mangas"]\n[hold]  ',
        "renewal.not[1].of: unknown_id",
    ),
    broken("an empty table", "at_least = 8", "", "password.at_least: missing"),
    broken("a blank condition", 'when = { call_number = "M" }', "when = {}", "category[3].when: blank"),
    broken("a text for a table", 'when = { call_number = "M" }', 'when = "M"', "category[3].when: not_list"),
    broken("a list for a table", "[hold.shelf]", "[[hold.shelf]]", "hold.shelf: not_table"),
    broken("a text for the table of ways", CHANGES, 'change = "web"', "hold.change: not_table"),
    broken("a table for a list", CONTACT, 'contact = { by = "mail" }', "hold.contact: not_list"),
    broken("a text for a list", CONTACT, 'contact = "mail"', "hold.contact: not_list"),
    broken("a closure for a list", CLOSED, 'main = true\nclosed = "monday"', "branch[1].closed: not_list"),
    broken("a login that ends at once", "[password]", f"{STAYS}0 }}\n\n[password]", "login.stays: not_idle"),
    broken("that never ends", "[password]", f"{STAYS}600 }}\n\n[password]", "login.stays: not_idle"),
    broken("of an hour and one", "[password]", f"{STAYS}61 }}\n\n[password]", "login.stays: not_idle"),
    broken("of a fraction", "[password]", f"{STAYS}1.5 }}\n\n[password]", "login.stays: not_idle"),
    broken("of true", "[password]", f"{STAYS}true }}\n\n[password]", "login.stays: not_idle"),
    broken("of two units", "[password]", f"{STAYS}5, hours = 1 }}\n\n[password]", "login.stays: not_idle"),
    broken("only a number", "[password]", "[login]\nkiosk = 3\n\n[password]", "login.kiosk: not_idle"),
    # plain values
    broken("a blank text", NAME, 'name = ""', "library.name: blank"),
    broken("a text of blanks", NAME, 'name = " \u3000"', "library.name: blank"),
    broken("an empty list", CONTACT, "contact = []", "hold.contact: blank"),
    broken("a limit of nothing", BOOK_LIMIT, "of = []\nmost = 5", "hold.limit[1].of: blank"),
    broken("no condition", 'when = { call_number = "M" }', "when = {}", "category[3].when: blank"),
    broken("a block without a cause", CAUSE, "when = {}", "block[1].when: blank"),
    broken("a negative number", "at_least = 8", "at_least = -1", "password.at_least: negative"),
    broken("a number for a text", NAME, "name = 7", "library.name: not_str"),
    broken("a text for a number", "at_least = 8", 'at_least = "8"', "password.at_least: not_int"),
    broken("a fraction for a number", "at_least = 8", "at_least = 8.5", "password.at_least: not_int"),
    broken("true for a number", "times = 1", "times = true", "renewal.times: not_most"),
    broken("1 for true", "needs_mail = true", "needs_mail = 1", "hold.needs_mail: not_bool"),
    broken("a word for true", "needs_mail = true", 'needs_mail = "yes"', "hold.needs_mail: not_bool"),
    # words of a closed list
    broken("an unknown channel", 'at = ["web"', 'at = ["internet"', "hold.not[2].at[1]: not_one_of"),
    broken("no channel", 'at = ["web", "kiosk"]', "at = []", "hold.not[2].at: blank"),
    broken("an unknown channel as a key", "cancel.web", "cancel.app", "hold.cancel.app: not_one_of"),
    broken("an unknown state", CANCEL_WEB, 'cancel.web = ["waitng"]', "hold.cancel.web[1]: not_one_of"),
    broken("an unknown base", 'from = "due date"', 'from = "today"', "renewal.from: not_one_of"),
    broken("an unknown obstacle", '"held"]', '"hold"]', "renewal.refused[2]: not_one_of"),
    broken("an unknown thing to stop", STOPS, 'stops = ["loans"]', "block[1].stops[1]: not_one_of"),
    broken("an unknown contact", CONTACT, 'contact = ["fax"]', "hold.contact[1]: not_one_of"),
    broken("an unknown card", CAUSE, 'when = { card = "old" }', "block[1].when.card: not_one_of"),
    broken("a list for a word", 'on_shelf = "yes"', 'on_shelf = ["yes"]', "hold.on_shelf: not_one_of"),
    broken(
        "an unknown rule for closed days",
        "[loan]\non_closed = ",
        "[loan]\non_closed = 'tomorrow' #",
        "loan.on_closed: not_one_of",
    ),
    # periods
    period("a bare number as a period", "14"),
    period("a text as a period", '"2 weeks"'),
    period("two units", "{ weeks = 2, days = 1 }"),
    period("no unit", "{ count_first = true }"),
    period("an unknown unit", "{ fortnights = 1 }"),
    period("a unit and a word that is none", "{ days = 1, open = 1 }"),
    period("a period of 0", "{ days = 0 }"),
    period("a negative period", "{ days = -1 }"),
    period("true as a number of days", "{ days = true }"),
    period("a number for count_first", "{ days = 1, count_first = 1 }"),
    renewal_line("a bare number to renew by", "14", ": not_table"),
    renewal_line("a renewal line without a period", '{ of = ["book"] }'),
    renewal_line("a text for the sets of a renewal line", '{ weeks = 2, of = "book" }', ".of: not_list"),
    renewal_line("a number for a set of a renewal line", "{ weeks = 2, of = [1] }", ".of[1]: not_str"),
    renewal_line("no set in a renewal line, which is not all", "{ weeks = 2, of = [] }", ".of: blank"),
    # limits
    most("a blank limit", '""'),
    most("a misspelt unlimited", '"unlimitd"'),
    most("a number in quotes", '"5"'),
    most("a negative limit", "-1"),
    most("true as a limit", "true"),
    # hours and closed days
    hours("hours that end before they begin", '"18:00-10:00"'),
    hours("hours that end as they begin", '"10:00-10:00"'),
    hours("hours without an end", '"10:00"'),
    hours("hours without minutes", '"10-18"'),
    hours("an hour that no day has", '"10:00-25:00"'),
    hours("a number as hours", "10"),
    closed("a misspelt weekday", '"mondy"'),
    closed("a sixth week", '"6th monday"'),
    closed("two numbers of a week", '"1st 3rd monday"'),
    closed("a day that no month has", '"02-30"'),
    closed("three days of a closure", '"01-01..01-02..01-03"'),
    closed("a blank closure", '""'),
    closed("a number as a closure", "1"),
    # what contradicts the rest of the file
    broken("two main branches", 'name = "東分館"', 'name = "東分館"\nmain = true', "branch: one_main_branch"),
    broken("no main branch", "main = true", "main = false", "branch: one_main_branch"),
    broken(
        "the card's number as the only proof",
        'facts = ["card", "kana name", "birth date", "phone"]',
        'facts = ["card"]',
        "registration.facts: no_proof",
    ),
    broken("no address", "mail_addresses = 3", "mail_addresses = 0", "contact.mail_addresses: addresses"),
    broken("ten addresses", "mail_addresses = 3", "mail_addresses = 10", "contact.mail_addresses: addresses"),
    broken(
        "a sender that is no address",
        'sender = "library@city.example.jp"',
        'sender = "library"',
        "contact.sender: not_an_address",
    ),
    broken("a branch twice", 'id = "west"', 'id = "east"', "branch: duplicate_id"),
    broken("a patron category twice", 'id = "commuter"', 'id = "resident"', "patron: duplicate_id"),
    broken(
        "a category twice",
        'id = "local"',
        'id = "reference"',
        "category: duplicate_id",
        "hold.not[1].of: unknown_id",
    ),
    broken(
        "a category with a material's id",
        'id = "local"',
        'id = "av"',
        "category: duplicate_id",
        "hold.not[1].of: unknown_id",
    ),
    broken("a misspelt id in a limit", BOOK_LIMIT, 'of = ["bok"]\nmost = 5', "hold.limit[1].of: unknown_id"),
    broken("a misspelt built-in word", '"newest issue"', '"newest isue"', "hold.not[2].of: unknown_id"),
    broken("a misspelt id of loans", '"av", "kami', '"va", "kami', "loan.limit[1].of: unknown_id"),
    broken("a misspelt id to renew", BY, 'by = { weeks = 2, of = ["boks"] }', "renewal.by.of: unknown_id"),
    broken("a blank id to renew", BY, 'by = { weeks = 2, of = [""] }', "renewal.by.of[1]: blank"),
    broken("an unknown material", DVD, 'material = "dvd", tag', "category[6].when.material: unknown_id"),
    broken("a category as material", DVD, 'material = "manga", tag', "category[6].when.material: unknown_id"),
    broken("to cancel what is over", CANCEL_WEB, 'cancel.web = ["expired"]', "hold.cancel.web: closed_state"),
    broken("to change what is over", CHANGE_WEB, 'change.web = ["expired"]', "hold.change.web: closed_state"),
    # who, where and when
    more("nobody of that name", '[[loan.not]]\nwho = ["residents"]', "loan.not[1].who: unknown_who"),
    more("no branch of that name", '[[loan.not]]\nbranch = ["north"]', "loan.not[1].branch: unknown_branch"),
    more("only for everybody", '[[loan.only]]\nof = ["av"]', "loan.only[1]: only_asks_nothing"),
    more(
        "a set of patrons with a patron category of its own",
        '[[people]]\nid = "a"\nwhen = { patron = "child" }',
        "people[1].when.patron: unknown_who",
    ),
    more("a call about nothing", '[[notice]]\nby = "phone"\nshows = []', "notice[1].shows: blank"),
    more(
        "who is told by no way",
        '[[notice]]\nby = "none"\nshows = ["branch"]',
        "notice[1].by: told_by_no_way",
    ),
    more(
        "mails that say this, and mails that say that",
        '[[notice]]\nby = "mail"\nshows = ["title"]\n[[notice]]\nby = "mail"\nshows = ["branch"]',
        "notice[2].by: told_twice",
    ),
    more(
        "a part of a title that nobody has heard of",
        '[[notice]]\nby = "mail"\nshows = ["title", "author"]',
        "notice[1].shows[2]: not_one_of",
    ),
    more("a set of all patrons", '[[people]]\nid = "a"\nwhen = {}', "people[1].when: blank"),
    more(
        "a set of patrons called as a patron category",
        '[[people]]\nid = "resident"\nwhen = { mark = "a" }',
        "people: duplicate_id",
    ),
    more(
        "a category called as a built-in set",
        '[[category]]\nid = "held"\nwhen = { tag = "a" }',
        "category: duplicate_id",
    ),
    more(
        "late returns that cost nothing",
        '[[block]]\nwhen = { returned_late = { days = 1 } }\nstops = ["loan"]',
        "block[1]: late_return_lasts",
    ),
    broken(
        "a penalty for nothing",
        STOPS,
        f"{STOPS}\nlasts = {{ per_day_late = {{ days = 1 }} }}",
        "block[1]: late_return_lasts",
    ),
    broken(
        "a penalty of two lengths",
        STOPS,
        f"{STOPS}\nlasts = {{ months = 1, per_day_late = {{ days = 1 }} }}",
        "block[1]: late_return_lasts",
        "block[1].lasts: one_length",
    ),
    more(
        "a penalty of weeks for each day",
        '[[block]]\nwhen = { returned_late = { days = 1 } }\nstops = ["loan"]\n'
        "lasts = { per_day_late = { weeks = 1 } }",
        "block[1].lasts.per_day_late: days_only",
    ),
    broken("a block without a cause", CAUSE, "when = { family = true }", "block[1].when: no_cause"),
    broken("a loss that is none", CAUSE, "when = { lost = false }", "block[1].when: no_cause"),
    more(
        "people who are older than they are young",
        '[[people]]\nid = "a"\nwhen = { age_from = 20, age_to = 10 }',
        "people[1].when: empty_range",
    ),
    more(
        "people who leave school before they go there",
        '[[people]]\nid = "a"\nwhen = { school_from = "high school", school_to = "elementary" }',
        "people[1].when: empty_range",
    ),
    broken(
        "a card that is good for books",
        "[card]",
        '[card]\nvalid = [{ years = 1, of = ["book"] }]',
        "card.valid[1].of: unknown_key",
    ),
    reminder("a first day of three", "before_due", "{ days = 3, count_first = true }", "no_first_day"),
    reminder("a reminder no days before", "last_day_of_hold", "{ days = 0 }", "not_period"),
    reminder("a reminder open days before", "before_due", "{ open_days = 3 }", "no_branch_for_open_days"),
    reminder("a reminder hours before", "before_due", "{ hours = 3 }", "hours_lend_only"),
    reminder("a reminder that is left blank", "card_expires", '""', "not_period"),
    reminder("a reminder after a bare number", "overdue", "7", "not_table"),
    reminder("no times", "overdue", "{ every = { days = 7 }, times = 0 }", ".times: no_reminders"),
    reminder("reminders that never end", "overdue", "{ every = { days = 7 } }", ".times: missing"),
    reminder("reminders or not", "overdue", "{ every = { days = 7 }, times = false }", ".times: not_int"),
    more(
        "a block of open days",
        '[[block]]\nwhen = { overdue = { open_days = 3 } }\nstops = ["loan"]',
        "block[1].when.overdue: no_branch_for_open_days",
    ),
    more(
        "a request with a tag",
        '[[category]]\nid = "a"\nwhen = { request = true, tag = "コミック" }',
        "category[1].when: request_knows_material",
    ),
    broken(
        "held in two ways",
        'refused = ["overdue", "held"]',
        'refused = ["held", "held, no copy free"]',
        "renewal.refused: held_twice",
    ),
    broken("a renewal of hours", BY, "by = { hours = 2 }", "renewal.by: hours_lend_only"),
    broken("an hour that is none", BY, f'{BY}\nhours.web = "8-9h"', "renewal.hours.web: not_hours"),
    more(
        "a time of day that is none",
        '[[loan.by]]\ndays = 1\nback_by = "morning"',
        "loan.by[1].back_by: not_time",
    ),
    broken(
        "a batch at noon",
        CONTACT,
        f'{CONTACT}\nregistered_at = "noon"',
        "hold.registered_at: not_batches",
    ),
    broken(
        "a batch on another day",
        CONTACT,
        f'{CONTACT}\nregistered_at = {{ someday = ["8:30"] }}',
        "hold.registered_at: not_batches",
    ),
    # seasons
    more(
        "a season without a day",
        '[[season]]\nname = "夏"\nfrom = "summer"\nto = "08-31"\nrenewal.times = 2',
        "season[1].from: not_day",
    ),
    more(
        "a season of this year and of every year",
        '[[season]]\nname = "冬"\nfrom = "12-12"\nto = "2026-12-27"\nrenewal.times = 2',
        "season[1]: season_days",
    ),
    more(
        "a season that ends before it begins",
        '[[season]]\nname = "冬"\nfrom = "2026-12-27"\nto = "2026-12-12"\nrenewal.times = 2',
        "season[1]: season_days",
    ),
    more(
        "two seasons of which one renews as lent and one by a line",
        '[[season]]\nname = "夏"\nfrom = "07-01"\nto = "08-31"\nrenewal.by = "as lent"\n'
        '[[season]]\nname = "お盆"\nfrom = "08-13"\nto = "08-15"\n'
        'renewal.by = [{ of = ["book"], weeks = 3 }]',
        "season[2].renewal.by[1]: seasons_collide",
    ),
    more(
        "a season that changes nothing",
        '[[season]]\nname = "夏"\nfrom = "07-01"\nto = "08-31"',
        "season[1]: season_changes_nothing",
    ),
    more(
        "a season with a misspelt table",
        '[[season]]\nname = "夏"\nfrom = "07-01"\nto = "08-31"\nrenewel.times = 2',
        "season[1].renewel: unknown_key",
    ),
    more(
        "a season with a misspelt line",
        '[[season]]\nname = "夏"\nfrom = "07-01"\nto = "08-31"\n'
        'hold.limit = [{ of = ["boks"], most = "two" }]',
        "season[1].hold.limit[1].most: not_most",
        "season[1].hold.limit[1].of: unknown_id",
    ),
    more(
        "two seasons that say one thing on one day",
        '[[season]]\nname = "夏"\nfrom = "07-01"\nto = "08-31"\nrenewal.times = 2\n'
        '[[season]]\nname = "お盆"\nfrom = "08-13"\nto = "08-15"\nrenewal.times = 3',
        "season[2].renewal.times: seasons_collide",
    ),
    more(
        "a season in a season that leaves nothing to stand on",
        '[[season]]\nname = "夏"\nfrom = "07-01"\nto = "08-31"\n'
        'renewal.late = { within = { days = 3 } }',
        "renewal.late: late_and_overdue",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), BROKEN)
def test_a_mistake_is_reported_at_its_place_and_nothing_else_is(old, new, expected):
    mistakes = mistakes_in(edited(SOURCE_1_TEXT, (old, new)))

    assert [(mistake.path, mistake.problem) for mistake in mistakes] == [
        (path, f"policy.{problem}") for path, problem in expected
    ]


def test_mistakes_in_several_places_are_all_reported_at_once():
    text = edited(
        SOURCE_1_TEXT,
        ("at_least = 8", 'at_least = "8"'),
        (HOURS, 'hours = "18:00-10:00"'),
        (BOOK_LIMIT, 'of = ["book"]\nmost = ""'),
        ("times = 1", "time = 1\nfines = 2"),
        ('name = "雑誌"', ""),
    )

    mistakes = mistakes_in(text)

    # The places of the file one below the other; inside a table what is missing before what is too much.
    assert [(mistake.path, mistake.problem) for mistake in mistakes] == [
        ("branch[1].hours", "policy.not_hours"),
        ("password.at_least", "policy.not_int"),
        ("material[2].name", "policy.missing"),
        ("renewal.times", "policy.missing"),
        ("renewal.fines", "policy.unknown_key"),
        ("renewal.time", "policy.unknown_key"),
        ("hold.limit[1].most", "policy.not_most"),
    ]


def test_contradictions_in_several_places_are_all_reported_at_once():
    text = edited(
        SOURCE_1_TEXT,
        ('id = "west"', 'id = "east"\nmain = true'),
        ('of = ["magazine"]', 'of = ["magasin", "weekli"]'),
        (CANCEL_WEB, 'cancel.web = ["collected"]'),
    )

    mistakes = mistakes_in(text)

    assert [(mistake.path, mistake.problem) for mistake in mistakes] == [
        ("branch", "policy.duplicate_id"),
        ("branch", "policy.one_main_branch"),
        ("hold.limit[2].of", "policy.unknown_id"),
        ("hold.limit[2].of", "policy.unknown_id"),
        ("hold.cancel.web", "policy.closed_state"),
    ]


def test_the_exception_itself_names_every_place_for_whoever_reads_a_log():
    with pytest.raises(PolicyMistakes, match=r"^password: policy\.missing; pasword: policy\.unknown_key$"):
        policy(SOURCE_1_TEXT, ("[password]", "[pasword]"))


# ---- The sentences of mistakes -------------------------------------------------------------------------


TRANSLATIONS = sorted(path.stem for path in (Path(rules.__file__).parent / "translations").glob("*.json"))


def sentences(text: str, language: str = "ja") -> list[str]:
    return [Wording(language).mistake(mistake) for mistake in mistakes_in(text)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        row("a misspelt key", "times = 1", "times = 1\ntims = 1",
            "renewal.tims: この項目はありません。「times」のことでしょうか。"),
        row("a key like no other", "times = 1", 'times = 1\n"罰金" = 1',
            "renewal.罰金: この項目はありません。"),
        row("a misspelt id", BOOK_LIMIT, 'of = ["bok"]\nmost = 5',
            "hold.limit[1].of: 「bok」という種別やまとまりはありません。「book」のことでしょうか。"),
        row("an id like no other", BOOK_LIMIT, 'of = ["絵本"]\nmost = 5',
            "hold.limit[1].of: 「絵本」という種別やまとまりはありません。"),
        row("two ids that are one", 'id = "west"', 'id = "east"', "branch: id「east」が2回使われています。"),
        row("a list where a table belongs", "[hold.shelf]", "[[hold.shelf]]",
            "hold.shelf: { } で囲むか、[見出し] の下に書いてください。"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_place_and_the_nearest_known_word(old, new, expected):
    assert sentences(edited(SOURCE_1_TEXT, (old, new))) == [expected]


def test_a_word_of_a_closed_list_is_answered_with_the_words_that_the_file_takes():
    # Not with what pages call them: whoever wrote "窓口" on this advice would be refused again.
    ways = sentences(edited(SOURCE_1_TEXT, ('at = ["web", "kiosk"]', 'at = ["internet"]')))
    stops = sentences(edited(SOURCE_1_TEXT, (STOPS, 'stops = ["loans"]')))
    closed_days = sentences(edited(SOURCE_1_TEXT, ("[loan]\non_closed = ", "[loan]\non_closed = '' #")))

    assert ways == ["hold.not[2].at[1]: web、desk、phone、kiosk のどれかを書いてください。"]
    assert stops == ["block[1].stops[1]: loan、hold、renewal のどれかを書いてください。"]
    assert closed_days == [
        "loan.on_closed: keep、next open day、previous open day のどれかを書いてください。"
    ]


def test_a_file_that_is_no_toml_is_answered_with_the_line():
    [sentence] = sentences(edited(SOURCE_1_TEXT, ("times = 1", "times = ")))

    line = SOURCE_1_TEXT[: SOURCE_1_TEXT.index("times = 1")].count("\n") + 1
    assert sentence.startswith("TOMLとして読めません(")
    assert f"line {line}" in sentence


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize(("old", "new", "expected"), BROKEN)
def test_every_mistake_has_a_sentence_without_holes(old, new, expected, language):
    for sentence in sentences(edited(SOURCE_1_TEXT, (old, new)), language):
        assert sentence.endswith(("。", ".", "?"))
        assert "None" not in sentence
        assert "policy." not in sentence


def plain_kinds(kind=Policy) -> set[str]:
    """The plain types that a policy file may hold anywhere: str, int, bool."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        written = [entry.name for entry in fields(kind) if entry.metadata.get("key", "") is not None]
        return set().union(*(plain_kinds(hints[name]) for name in written))
    inner = set().union(*map(plain_kinds, get_args(kind)))
    return inner | ({kind.__name__} if kind in (str, int, bool, float) else set())


def problems_in_the_source() -> set[str]:
    """Every key of a mistake's sentence that the reader can give, those put together from parts too."""
    parts = {name for _, name in policy_file._OWN_FORMS.values()} | plain_kinds()
    problems = set()
    folder = Path(policy_file.__file__).parent
    reading = ("policy_file", "policy_tables", "policy_seasons", "policy_contradictions")
    source = "\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in reading)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr) and ast.unparse(node).startswith("f'policy."):
            assert node.values[0].value == "policy.not_", ast.unparse(node)
            problems |= {f"policy.not_{part}" for part in parts}
        elif isinstance(node, ast.Constant) and str(node.value).startswith("policy."):
            problems.add(node.value)
    return problems - {"policy.not_"}


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_problem_that_rules_can_find_has_a_sentence(language):
    problems = problems_in_the_source()

    assert {"policy.syntax", "policy.not_period", "policy.not_bool", "policy.closed_state"} <= problems
    assert problems <= set(Wording(language).messages)


def test_the_table_above_makes_every_mistake_that_there_is():
    made = {f"policy.{problem}" for broken_file in BROKEN for _, problem in broken_file.values[2]}

    assert made == problems_in_the_source()
