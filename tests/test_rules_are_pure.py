"""rules.py sees plain values only, and every reason it can give has a sentence in every language."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

import policy_file
import rules
from rules import (
    AlertTerms,
    Channel,
    Contact,
    Decision,
    HoldState,
    HoldTiming,
    ItemEntry,
    ItemState,
    Overruling,
    PatronEntry,
    PatronFacts,
    ReadingPolicy,
    Reason,
    Refusal,
    Role,
    ShelfFacts,
    TitleEntry,
    decide_address_removal,
    decide_alert,
    decide_alert_change,
    decide_alert_word,
    decide_alerts,
    decide_barcode,
    decide_cancel,
    decide_card_renewal,
    decide_cart,
    decide_code,
    decide_deletion,
    decide_extension,
    decide_goal,
    decide_hold,
    decide_item,
    decide_loan,
    decide_login,
    decide_mail_address,
    decide_mark,
    decide_missing,
    decide_new_address,
    decide_overruling,
    decide_own_shelf,
    decide_password,
    decide_phone,
    decide_pickup,
    decide_pickup_change,
    decide_putting_back,
    decide_reading_note,
    decide_record,
    decide_registration,
    decide_remark,
    decide_renewal,
    decide_shelf_note,
    decide_stop,
    decide_timing,
    decide_title,
    decide_title_deletion,
    decide_withdrawal,
)
from tests.facts import (
    ALL_TITLES,
    CAST,
    EVERYTHING,
    KOKORO,
    MON,
    NEVER_OPEN,
    SATO,
    SOURCE_1,
    SOURCE_1_TEXT,
    SOURCE_2,
    SUZUKI,
    TODAY,
    item,
    loan,
    on,
    policy,
    title,
    with_holds,
    with_loans,
)
from wording import POLICY_LANGUAGES, Wording

# ---- Purity --------------------------------------------------------------------------------------------

ALLOWED_MODULES = {
    "__future__",
    "calendar",
    "collections",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "functools",
    "heapq",
    "math",
    "json",
    "re",
    "tomllib",
    "types",
    "typing",
    "unicodedata",
}
CLOCKS = {"today", "now", "utcnow", "fromtimestamp", "utcfromtimestamp", "monotonic", "perf_counter"}
DOORS = {"open", "print", "input", "exec", "eval", "compile", "__import__", "globals", "breakpoint"}


def impurities(source: str) -> list[str]:
    """What in a module would let it see more than its arguments."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
            found += [f"imports {name}" for name in names if name not in ALLOWED_MODULES]
        elif isinstance(node, ast.ImportFrom):
            name = "." if node.level else node.module.split(".")[0]
            found += [f"imports {name}"] if name not in ALLOWED_MODULES else []
        elif (isinstance(node, ast.Attribute) and node.attr in CLOCKS) or (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLOCKS
        ):
            found.append(f"reads the clock: {ast.unparse(node)}")
        elif isinstance(node, ast.Name) and node.id in DOORS:
            found.append(f"uses {node.id}")
        elif isinstance(node, ast.Global):
            found.append("keeps something between two calls")
    return found


def test_rules_see_no_clock_no_file_no_chance_and_no_model():
    assert impurities(Path(rules.__file__).read_text(encoding="utf-8")) == []


READING = ("policy_file", "policy_tables", "policy_seasons", "policy_contradictions")


@pytest.mark.parametrize("module", READING)
def test_the_reader_of_policies_adds_nothing_to_what_rules_see(module):
    source = (Path(policy_file.__file__).parent / f"{module}.py").read_text(encoding="utf-8")

    assert set(impurities(source)) <= {f"imports {name}" for name in ("rules", *READING)}


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import random", "imports random"),
        ("import models", "imports models"),
        ("import os.path", "imports os"),
        ("from time import monotonic", "imports time"),
        ("from models import db", "imports models"),
        ("from . import models", "imports ."),
        ("def f():\n    import flask", "imports flask"),
        ("date.today()", "reads the clock: date.today"),
        ("datetime.now(JAPAN)", "reads the clock: datetime.now"),
        ("datetime.datetime.utcnow()", "reads the clock: datetime.datetime.utcnow"),
        ("clock = datetime.now", "reads the clock: datetime.now"),
        ("def f(today):\n    return today()", "reads the clock: today()"),
        ("open('library.toml')", "uses open"),
        ("print('here')", "uses print"),
        ("read = open", "uses open"),
        ("def f():\n    global count", "keeps something between two calls"),
    ],
)
def test_the_guard_itself_notices(source, complaint):
    assert impurities(source) == [complaint]


@pytest.mark.parametrize(
    "source",
    [
        "import re",
        "from collections.abc import Mapping",
        "def f(today, now):\n    return today, now.astimezone(JAPAN)",
    ],
)
def test_the_guard_lets_plain_values_pass(source):
    assert impurities(source) == []


def test_rules_give_the_same_answer_twice_and_leave_their_facts_as_they_were():
    borrowed = loan(KOKORO)
    patron = with_loans(SUZUKI, borrowed)
    before = repr(patron)

    first = [
        decide_renewal(SOURCE_2, patron, borrowed, on(Channel.WEB, TODAY)),
        *(decide_hold(SOURCE_1, patron, bib, on(Channel.WEB, TODAY)) for bib in ALL_TITLES),
    ]
    second = [
        decide_renewal(SOURCE_2, patron, borrowed, on(Channel.WEB, TODAY)),
        *(decide_hold(SOURCE_1, patron, bib, on(Channel.WEB, TODAY)) for bib in ALL_TITLES),
    ]

    assert first == second
    assert repr(patron) == before


# ---- A sentence for every reason -----------------------------------------------------------------------

TRANSLATIONS = sorted(path.stem for path in (Path(rules.__file__).parent / "translations").glob("*.json"))


def decisions() -> Iterator[Decision]:
    """Decisions of both libraries and some neighbours, until every reason has been given."""
    block = 'when = { card = "expired" }\nstops = ["loan", "hold", "renewal"]'
    stricter = policy(
        SOURCE_1_TEXT,
        ('on_shelf = "yes"', 'on_shelf = "no"'),
        ('of = ["kamishibai"]\nmost = 2', 'of = ["weekly"]\nmost = 0'),
        (
            "[hold]  ",
            "opens = { days_before_due = 3 }\n"
            '[[renewal.not]]\nof = ["manga"]\n[[renewal.not]]\nof = ["av"]\nat = ["web"]\n[hold]  ',
        ),
        (block, f'when = {{ overdue = {{ days = 1 }} }}\nstops = ["hold", "renewal"]\n[[block]]\n{block}'),
    )
    more_titles = (
        title(201, not_for_loan=True),
        title(202, state=ItemState.MISSING),
        title(204, "kamishibai", due_on=TODAY),
    )
    for library in (SOURCE_1, SOURCE_2, stricter):
        stopped = (replace(SATO, stopped_for="弁償のため", stopped_until=until) for until in (None, TODAY))
        for patron in (*CAST.values(), replace(SATO, category="visitor"), *stopped):
            for bib in (*ALL_TITLES, *more_titles):
                for channel in Channel:
                    yield decide_hold(library, patron, bib, on(channel, TODAY))
                    yield decide_cart(library, patron, bib, on(channel, TODAY), in_cart=50)
            for bib in ALL_TITLES:
                for lateness, facts in enumerate(({}, {"renewals": 1, "waiting": 2})):
                    borrowed = loan(bib, TODAY - timedelta(days=lateness), **facts)
                    patron_then = with_loans(patron, borrowed)
                    yield decide_renewal(library, patron_then, borrowed, on(Channel.WEB, TODAY))
        for borrowed, opening in (
            (loan(title(203, interlibrary=True)), rules.ALWAYS_OPEN),
            (loan(KOKORO, TODAY + timedelta(days=14)), rules.ALWAYS_OPEN),
            (loan(KOKORO, TODAY + timedelta(days=500)), rules.ALWAYS_OPEN),
            (loan(KOKORO), NEVER_OPEN),
        ):
            for expires_on in (None, SATO.card_expires_on):
                patron = replace(SATO, card_expires_on=expires_on, loans=(borrowed,))
                yield decide_renewal(library, patron, borrowed, on(Channel.WEB, TODAY), opening)
        for channel in Channel:
            for state in HoldState:
                yield decide_cancel(library, state, on(channel))
                yield decide_pickup_change(library, state, on(channel))
        yield decide_pickup(library, None, None, on(Channel.WEB))
        yield decide_login(library, "070000001")
        yield decide_password(library, "\x00")
        own = rules.OwnNumbers("100000011", date(1985, 4, 5), "0900000011")
        for password in ("100000011", "19850405", "0900000011"):
            yield decide_password(library, password, own)
        yield decide_password(library, "ひまわりの丘", before="ひまわりの丘")
        yield from decisions_about_patrons(library)
        yield from decisions_about_titles(library)
        yield decide_password(library, "password1", guesses=100)
        yield from decisions_about_addresses(library)
    yield from decisions_about_what_is_not_owned()
    for remark in ("", "あ" * 101, "100000011"):
        yield decide_remark(remark)
    limited = with_loans(PatronFacts("city"), *(loan(title(n)) for n in range(401, 411)))
    refused = decide_loan(EVERYTHING, limited, KOKORO, item(), on(Channel.DESK, branch="central"))
    yield decide_overruling(EVERYTHING, refused, Overruling(Role.CLERK, "夏休みの調べもののため"))
    yield from decisions_about_patrons(EVERYTHING)
    yield from decisions_of_a_town_with_every_rule()
    yield from decisions_about_days()


def decisions_about_days() -> Iterator[Decision]:
    """What the desk is answered that writes something into the calendar."""
    opened = replace(rules.ALWAYS_OPEN, opened=frozenset({TODAY}))
    for kind in rules.DayKind:
        for first in (-1, 0, 5000):
            for last in (first, first + 1, first + 99, first - 1):
                plan = rules.CalendarPlan(kind, *(TODAY + timedelta(days=n) for n in (first, last)))
                yield rules.decide_plan(plan, TODAY)
                for opening in (rules.ALWAYS_OPEN, NEVER_OPEN, opened):
                    yield rules.decide_days(plan, [opening], plan.days)


def decisions_about_addresses(library):
    """What is told of mail addresses, the phone and the code from the desk."""
    by_facts = replace(library.registration, first_password=(rules.FirstPassword.FACTS,))
    refusing = replace(library.contact, dotted_addresses=rules.DottedAddresses.REFUSE)
    strict = replace(library, registration=by_facts, contact=refusing)
    for address in ("hana", "h a@example.jp", "hana@docomo", "ha(na@example.jp", "ha..na@example.jp"):
        yield decide_mail_address(strict, address)
    yield decide_new_address(library, "a@example.jp", {"a@example.jp"})
    yield decide_new_address(library, "e@example.jp", {f"{name}@example.jp" for name in "abcd"})
    yield decide_address_removal(replace(library, hold=replace(library.hold, needs_mail=True)), 0, 1)
    yield decide_phone("12")
    yield rules.decide_entry(
        library, rules.PatronEntry("サトウ", "resident", postal_address="町" * 121), TODAY
    )
    yield decide_code(strict, "100000011")


def decisions_about_patrons(library: rules.Policy) -> Iterator[Decision]:
    """What the desk is answered that writes down whoever there is, renews cards, marks and deletes."""
    for category in (library.patron_categories[0].id, "nobody"):
        for entry in (
            PatronEntry("サトウ ハナ", category),
            PatronEntry("佐藤", category, TODAY + timedelta(days=1), "1", "hana"),
        ):
            for number in ("9", "070000001", "12345678", "*"):
                yield decide_registration(library, number, entry, TODAY, taken=True, is_a_piece=True)
    for category in ("resident", "city", "outside"):
        for ends_in in (None, 0, 700, 2000):
            expires_on = None if ends_in is None else TODAY + timedelta(days=ends_in)
            yield decide_card_renewal(library, PatronFacts(category, expires_on), TODAY)
    yield decide_mark(library, "丁寧")
    yield decide_stop("", TODAY - timedelta(days=1), TODAY)
    for loans in (0, 1, 2):
        yield decide_deletion(loans)


def decisions_about_what_is_not_owned() -> Iterator[Decision]:
    """Requests, and pieces of other libraries."""
    gone_by = item(interlibrary=True, send_back_by=TODAY - timedelta(days=1))
    for owned in (True, False):
        yield rules.decide_request(SOURCE_1, SATO, rules.BibFacts(0, "book"), on(Channel.DESK), owned)
    yield decide_loan(SOURCE_1, SATO, KOKORO, gone_by, on(Channel.DESK))
    yield rules.decide_borrowing(SOURCE_1, "*", TODAY - timedelta(days=1), TODAY, taken=True, is_a_card=True)
    yield rules.decide_sending_back(out=True, set_aside=True)
    for borrowed in (1, 2):
        yield rules.decide_declining(borrowed)


def decisions_about_titles(library: rules.Policy) -> Iterator[Decision]:
    """What the desk is answered that writes down whatever there is, and lets it go."""
    for wrong in ({}, {"new_serial": "月刊 朝"}, {"issued_on": TODAY}):
        entry = TitleEntry("stone", "こころ", pub_year=99, ndc="小説", **wrong)
        yield decide_title(library, entry, TODAY, isbn_taken=True)
    for code in ("*", "9784101010014"):
        yield decide_barcode(library, code, taken=True, is_a_card=True)
    yield decide_item(library, ItemEntry("1", "moon", volumes=0))
    yield decide_withdrawal(item(due_on=TODAY, set_aside=True))
    yield decide_missing(item(state=ItemState.WITHDRAWN))
    yield decide_title_deletion(2, 1)


LINES_ABOUT_NO_THING = (
    "[[ACT.not]]",
    '[[ACT.not]]\nat = ["web", "kiosk"]',
    '[[ACT.not]]\nbranch = ["main"]',
    '[[ACT.not]]\nwho = ["resident"]',
    '[[ACT.only]]\nwho = ["commuter"]',
    '[[ACT.only]]\nbranch = ["west"]',
    "[[ACT.limit]]\nmost = 1",
    '[[ACT.limit]]\nof = ["book"]\nwho = ["resident"]\nmost = 0',
)


def decisions_of_a_town_with_every_rule() -> Iterator[Decision]:
    """What the invented library of tests/policies/everything.toml answers to those it has a line for."""
    lent = loan(KOKORO, TODAY - timedelta(days=70))
    child = PatronFacts("city", born_on=TODAY.replace(year=TODAY.year - 8), has_mail=True)
    cast = (
        child,
        PatronFacts("city", marks=frozenset({"弁償", "読み聞かせ"}), penalty_until=TODAY),
        PatronFacts("outside", loans=(replace(lent, item=item(state=ItemState.MISSING)),)),
        PatronFacts("outside", family_loans=(lent,)),
        PatronFacts("guest", card_expires_on=TODAY - timedelta(days=1)),
    )
    titles = (
        title(301),
        title(302, set_aside=True),
        title(303, due_on=TODAY),
        title(304, tags=frozenset({"課題図書"})),
        title(305, "magazine", newest_issue=True),
        title(306, "av"),
        title(307, call_number="291 チ"),
        title(308, call_number="R 291"),
        title(309, "kit"),
        title(310, "tool"),
        title(312, state=ItemState.MISSING),
        title(313, not_for_loan=True),
        replace(title(311), holdable_from=on(Channel.WEB, TODAY, "13:00").moment),
    )
    for patron in cast:
        for bib in titles:
            for channel in Channel:
                for branch in ("central", "station"):
                    occasion = on(channel, TODAY, "21:00", branch)
                    yield decide_loan(EVERYTHING, patron, bib, bib.items[0], occasion)
                    yield decide_hold(EVERYTHING, patron, bib, occasion)
                borrowed = loan(bib, TODAY + timedelta(days=3))
                yield decide_renewal(EVERYTHING, patron, borrowed, on(channel, TODAY, "21:00"))
    occasion = on(Channel.DESK, branch="central")
    with_many = with_loans(child, *(loan(title(n)) for n in range(401, 421)))
    yield decide_loan(EVERYTHING, with_many, KOKORO, item(), occasion)
    yield decide_loan(EVERYTHING, child, KOKORO, item(), occasion, NEVER_OPEN)
    yield decide_hold(EVERYTHING, child, titles[-1], occasion)
    for lines in LINES_ABOUT_NO_THING:
        for act in ("loan", "hold", "renewal") if "limit" not in lines else ("loan", "hold"):
            library = policy(SOURCE_1_TEXT, ("[password]", lines.replace("ACT", act) + "\n\n[password]"))
            for channel in Channel:
                occasion = on(channel, branch="main")
                yield decide_loan(library, with_loans(SATO, loan(MON)), KOKORO, item(), occasion)
                yield decide_hold(library, with_holds(SATO, MON), KOKORO, occasion)
                yield decide_renewal(library, SATO, loan(KOKORO), occasion)
    ready = ShelfFacts(Contact.MAIL, "central", TODAY, TODAY, None, TODAY)
    over = {"collect_by": TODAY - timedelta(days=1)}
    for facts in ({}, {"extended": 1}, {"waiting": 2}, {"collect_by": None}, over):
        for channel in Channel:
            for opening in (rules.ALWAYS_OPEN, NEVER_OPEN):
                yield decide_extension(EVERYTHING, replace(ready, **facts), on(channel), opening)
    yield from (decide_putting_back(state) for state in HoldState)
    yield from (decide_own_shelf(200), decide_shelf_note("あ" * 201))
    not_offered = replace(SOURCE_1, reading_record=ReadingPolicy(offered=False))
    yield from (decide_record(not_offered, False, channel) for channel in Channel)
    yield from (decide_goal(SOURCE_1, 2000, 0, TODAY), decide_reading_note("あ" * 501))
    yield from (decide_alerts(30, None), decide_alert(AlertTerms(branch="main")))
    yield from (decide_alert_word("あ" * 101), decide_alert_change(same_as_another=True))
    yesterday, far = TODAY - timedelta(days=1), TODAY + timedelta(days=100)
    for library in (EVERYTHING, SOURCE_1):
        for state in HoldState:
            for asked in (HoldTiming(yesterday), HoldTiming(far), HoldTiming(TODAY, TODAY)):
                for channel in Channel:
                    yield decide_timing(library, state, asked, HoldTiming(), on(channel))


@pytest.fixture(scope="module")
def refusals() -> list[Refusal]:
    """Every refusal that was given, each once, the library's own sentence and the built-in one."""
    given = []
    for decision in decisions():
        for refusal in decision.refusals:
            given += [one for one in (refusal, replace(refusal, say=None)) if one not in given]
    return given


def test_there_is_a_decision_here_for_every_reason(refusals):
    # A new reason must be made to happen above, or nobody knows whether its sentence can be said.
    assert {refusal.reason for refusal in refusals} == set(Reason)


def test_the_languages_are_those_that_have_a_file():
    assert sorted(POLICY_LANGUAGES) == TRANSLATIONS


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize("reason", Reason)
def test_a_reason_has_a_sentence_that_its_facts_fill(reason, language, refusals):
    spoken = [
        Wording(language, library.words).say(refusal)
        for library in (SOURCE_1, SOURCE_2)
        for refusal in refusals
        if refusal.reason is reason
    ]

    assert spoken
    for sentence in spoken:
        assert len(sentence) > 5
        assert not re.search(r"None|True|False|\[\]|[{}]|<|reason\.", sentence), sentence


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_sentence_for_a_missing_fact_belongs_to_a_fact_that_can_be_missing(language, refusals):
    variants = {key for key in Wording(language).messages if re.fullmatch(r"reason\.\w+\.no_\w+", key)}

    used = {
        f"{refusal.reason.value}.no_{name}"
        for refusal in refusals
        for name, fact in refusal.facts.items()
        if not fact
    }

    assert variants
    assert variants <= used
