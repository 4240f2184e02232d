"""rules.py sees plain values only, and every reason it can give has a sentence in every language."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import rules
from rules import (
    Channel,
    Decision,
    HoldState,
    ItemState,
    Reason,
    Refusal,
    decide_cancel,
    decide_cart,
    decide_hold,
    decide_login,
    decide_mail_address,
    decide_password,
    decide_pickup,
    decide_pickup_change,
    decide_renewal,
)
from tests.facts import (
    ALL_TITLES,
    CAST,
    KOKORO,
    NEVER_OPEN,
    SATO,
    SOURCE_1,
    SOURCE_1_TEXT,
    SOURCE_2,
    SUZUKI,
    TODAY,
    loan,
    policy,
    title,
    with_loans,
)
from wording import LANGUAGES, Wording

# ---- Purity --------------------------------------------------------------------------------------------

ALLOWED_MODULES = {
    "calendar",
    "collections",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
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
        decide_renewal(SOURCE_2, patron, borrowed, Channel.WEB, TODAY),
        *(decide_hold(SOURCE_1, patron, bib, Channel.WEB, TODAY) for bib in ALL_TITLES),
    ]
    second = [
        decide_renewal(SOURCE_2, patron, borrowed, Channel.WEB, TODAY),
        *(decide_hold(SOURCE_1, patron, bib, Channel.WEB, TODAY) for bib in ALL_TITLES),
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
        for patron in (*CAST.values(), replace(SATO, category="visitor")):
            for bib in (*ALL_TITLES, *more_titles):
                for channel in Channel:
                    yield decide_hold(library, patron, bib, channel, TODAY)
                    yield decide_cart(library, patron, bib, channel, TODAY, in_cart=50)
            for bib in ALL_TITLES:
                for lateness, facts in enumerate(({}, {"renewals": 1, "waiting": 2})):
                    borrowed = loan(bib, TODAY - timedelta(days=lateness), **facts)
                    patron_then = with_loans(patron, borrowed)
                    yield decide_renewal(library, patron_then, borrowed, Channel.WEB, TODAY)
        for borrowed, opening in (
            (loan(title(203, interlibrary=True)), rules.ALWAYS_OPEN),
            (loan(KOKORO, TODAY + timedelta(days=14)), rules.ALWAYS_OPEN),
            (loan(KOKORO, TODAY + timedelta(days=500)), rules.ALWAYS_OPEN),
            (loan(KOKORO), NEVER_OPEN),
        ):
            for expires_on in (None, SATO.card_expires_on):
                patron = replace(SATO, card_expires_on=expires_on, loans=(borrowed,))
                yield decide_renewal(library, patron, borrowed, Channel.WEB, TODAY, opening)
        for channel in Channel:
            for state in HoldState:
                yield decide_cancel(library, state, channel)
                yield decide_pickup_change(library, state, channel)
        yield decide_pickup(library, None, None)
        yield decide_login(library, "070000001")
        yield decide_password(library, "\x00")
    yield decide_mail_address("hana")


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
    assert sorted(LANGUAGES) == TRANSLATIONS


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
