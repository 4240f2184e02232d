"""Facts for the rule tables, without a database: the cast, the titles, and policies with a line changed."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

import resources
import rules
from policy_file import read_policy
from rules import (
    ALWAYS_OPEN,
    JAPAN,
    BibFacts,
    Channel,
    Closure,
    Contact,
    Decision,
    HoldFacts,
    HoldState,
    ItemFacts,
    LoanFacts,
    Occasion,
    OpeningDays,
    PatronFacts,
    Policy,
    ShelfFacts,
)
from wording import Wording

WEB, DESK, PHONE, KIOSK = Channel.WEB, Channel.DESK, Channel.PHONE, Channel.KIOSK

TODAY = date(2026, 4, 1)  # a Wednesday
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
MONDAYS_CLOSED = OpeningDays((Closure(weekday=0),))
NEVER_OPEN = OpeningDays(tuple(Closure(weekday=day) for day in range(7)))


def on(at: Channel, day: date = TODAY, clock: str = "12:00", branch: str | None = None) -> Occasion:
    """Somebody asks by this way, at noon unless the hour matters."""
    return Occasion(at, datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=JAPAN), branch)


def row(sentence: str, *values):
    """One row of a table, under the sentence that it stands for."""
    return pytest.param(*values, id=sentence)


# ---- Policies ------------------------------------------------------------------------------------------

SOURCE_1_TEXT = resources.text("policies/source-1.toml")
SOURCE_2_TEXT = resources.text("policies/source-2.toml")
SOURCE_1 = read_policy(SOURCE_1_TEXT)
SOURCE_2 = read_policy(SOURCE_2_TEXT)
# An invented library whose sheet says everything that a sheet can say.
EVERYTHING_TEXT = (Path(__file__).parent / "policies/everything.toml").read_text("utf-8")
EVERYTHING = read_policy(EVERYTHING_TEXT)


def edited(text: str, *changes: tuple[str, str]) -> str:
    """A policy file with some places rewritten, as a clerk would; each place must be there exactly once."""
    for old, new in changes:
        if text.count(old) != 1:
            raise ValueError(f"{text.count(old)} times in the file: {old}")
        text = text.replace(old, new)
    return text


def policy(text: str, *changes: tuple[str, str]) -> Policy:
    return read_policy(edited(text, *changes))


def said(policy: Policy, decision: Decision) -> list[str]:
    """The Japanese sentences of a decision, in this library's own words."""
    wording = Wording("ja", policy.words)
    return [wording.say(refusal) for refusal in decision.refusals]


def due_date(
    policy: Policy, item: ItemFacts, lent_on: date, opening: OpeningDays, card_expires_on: date | None = None
) -> date | None:
    """The last day of a loan made at the desk, for a resident whose card ends then."""
    patron = PatronFacts("resident", card_expires_on)
    due = rules.due(policy, item, on(DESK, lent_on), opening, patron)
    return due and due.on


def renewed_due_date(policy: Policy, loan: LoanFacts, day: date) -> date | None:
    return rules.renewed_due_date(policy, loan, on(WEB, day), ALWAYS_OPEN)


def collect_by(policy: Policy, told_on: date, opening: OpeningDays) -> date | None:
    """The last day on the hold shelf of the main library for somebody who was told on this day by mail."""
    return rules.collect_by(policy, ShelfFacts(Contact.MAIL, "main", told_on, told_on), opening)


# ---- Titles --------------------------------------------------------------------------------------------


def item(material: str = "book", **facts) -> ItemFacts:
    return ItemFacts(material, **{"branch": "main", "call_number": "913 ナ", **facts})


def title(number: int, material: str = "book", **facts) -> BibFacts:
    """A title with one copy, which the facts describe."""
    return BibFacts(number, material, (item(material, **facts),))


KOKORO, BOTCHAN, SANSHIRO, SOREKARA, MON, RASHOMON = BOOKS = tuple(title(n) for n in range(1, 7))
DICTIONARY = title(7, call_number="R 813 コ")
TOWN_HISTORY = title(8, call_number="A 213 シ")
MANGA = title(9, call_number="M シ")
BIG_PICTURE_BOOK = title(10, call_number="E オ", tags=frozenset({"団体貸出用"}))

JANUARY_ISSUE, FEBRUARY_ISSUE, MARCH_ISSUE = MAGAZINES = tuple(title(n, "magazine") for n in range(21, 24))
APRIL_ISSUE = title(24, "magazine", newest_issue=True)
WEEKLY = title(25, "magazine", tags=frozenset({"週刊誌"}))

SONGS, WALTZES, SONATAS = DISCS = tuple(title(n, "av", call_number="CD ク") for n in range(31, 34))
IN_LIBRARY_DVD = title(34, "av", call_number="778 シ", tags=frozenset({"館内用"}))

KASAJIZO, MOMOTARO, SARUKANI = KAMISHIBAI = tuple(
    title(n, "kamishibai", call_number="紙 カ") for n in range(41, 44)
)
BIG_KAMISHIBAI = title(44, "kamishibai", call_number="紙 オ", tags=frozenset({"団体貸出用"}))

ALL_TITLES = (
    *BOOKS,
    DICTIONARY,
    TOWN_HISTORY,
    MANGA,
    BIG_PICTURE_BOOK,
    *MAGAZINES,
    APRIL_ISSUE,
    WEEKLY,
    *DISCS,
    IN_LIBRARY_DVD,
    *KAMISHIBAI,
    BIG_KAMISHIBAI,
)


# ---- Loans, holds and patrons --------------------------------------------------------------------------


def loan(bib: BibFacts, due_on: date = TODAY + timedelta(days=7), **facts) -> LoanFacts:
    """The title's copy is out; lent two weeks before it is due unless the facts say otherwise."""
    ordinary = {
        "number": bib.number + 100,
        "item": bib.items[0],
        "branch": "main",
        "lent_on": due_on - timedelta(days=14),
    }
    return LoanFacts(bib=bib.number, due_on=due_on, **{**ordinary, **facts})


def with_loans(patron: PatronFacts, *loans: LoanFacts) -> PatronFacts:
    return replace(patron, loans=(*patron.loans, *loans))


def with_holds(patron: PatronFacts, *bibs: BibFacts, state: HoldState = HoldState.WAITING) -> PatronFacts:
    return replace(patron, holds=(*patron.holds, *(HoldFacts(bib, state) for bib in bibs)))


# 佐藤, a resident in good standing
SATO = PatronFacts("resident", card_expires_on=TODAY + timedelta(days=400), has_mail=True)
# 田中, a commuter in good standing
TANAKA = replace(SATO, category="commuter")
# 森, a reciprocal borrower with a blue card
MORI = replace(SATO, category="reciprocal")
# 鈴木, a resident with one disc that should have been back three days ago
SUZUKI = with_loans(SATO, loan(SONATAS, TODAY - timedelta(days=3)))
# 伊藤, a resident whose card expired yesterday
ITO = replace(SATO, card_expires_on=YESTERDAY)
# 渡辺, a resident who holds as many books as source document 1 allows, in every open state
WATANABE = replace(
    SATO,
    holds=(
        HoldFacts(BOTCHAN, HoldState.APPLIED),
        HoldFacts(SANSHIRO, HoldState.WAITING),
        HoldFacts(SOREKARA, HoldState.WAITING),
        HoldFacts(MON, HoldState.IN_TRANSIT),
        HoldFacts(RASHOMON, HoldState.READY),
    ),
)
# 加藤, a resident without a mail address
KATO = replace(SATO, has_mail=False)

CAST = {
    "Sato": SATO,
    "Tanaka": TANAKA,
    "Mori": MORI,
    "Suzuki": SUZUKI,
    "Ito": ITO,
    "Watanabe": WATANABE,
    "Kato": KATO,
}
