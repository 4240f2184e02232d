"""Every rule of the library, and nothing else: the policy that a library writes, and what follows from it.

Facts come in (plain values, dates, counts), decisions go out.  Nothing here sees a table, a request, a clock
or a translation; a test reads this file and keeps it so.  The sections follow a printed sheet of rules:
words · policy · days · cards, passwords and addresses · loans and renewal · holds · cart · hold shelf; the
last reads a ``library.toml`` and is for those who change the language of policies.

A decision lists *all* its reasons.  Each is a ``Refusal``: a ``Reason``, whose value is the key of its
sentence in the message files, with the facts that the sentence needs.
"""

import calendar
import difflib
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

# ---------------------------------------------------------------------------------------------------------
# Words
# ---------------------------------------------------------------------------------------------------------


class Channel(StrEnum):
    """By which way somebody asks."""

    WEB = "web"
    DESK = "desk"
    PHONE = "phone"
    KIOSK = "kiosk"


class HoldState(StrEnum):
    APPLIED = "applied"
    WAITING = "waiting"
    IN_TRANSIT = "in_transit"
    READY = "ready"
    COLLECTED = "collected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


ALL_CHANNELS = frozenset(Channel)
QUEUED_HOLD_STATES = (HoldState.APPLIED, HoldState.WAITING)
OPEN_HOLD_STATES = (*QUEUED_HOLD_STATES, HoldState.IN_TRANSIT, HoldState.READY)
CLOSED_HOLD_STATES = (HoldState.COLLECTED, HoldState.EXPIRED, HoldState.CANCELLED)


class ItemState(StrEnum):
    """What the library knows of a piece, apart from loans and holds."""

    IN_STOCK = "in_stock"
    MISSING = "missing"
    WITHDRAWN = "withdrawn"


class Availability(StrEnum):
    """What a visitor wants to know of a piece."""

    AVAILABLE = "available"
    ON_LOAN = "on_loan"
    SET_ASIDE = "set_aside"
    IN_LIBRARY_ONLY = "in_library_only"
    NOT_THERE = "not_there"


class Reason(StrEnum):
    """Why something is refused.  The value is the key of the sentence."""

    # the patron
    BARRED_CARD = "reason.barred_card"
    CARD_EXPIRED = "reason.card_expired"
    CATEGORY_MAY_NOT_HOLD = "reason.category_may_not_hold"
    NO_MAIL = "reason.no_mail"
    OVERDUE_BLOCK = "reason.overdue_block"
    # the title
    NO_ITEM = "reason.no_item"
    NOT_HOLDABLE = "reason.not_holdable"
    NOT_HOLDABLE_HERE = "reason.not_holdable_here"
    ON_SHELF = "reason.on_shelf"
    ALREADY_HELD = "reason.already_held"
    ALREADY_ON_LOAN = "reason.already_on_loan"
    HOLD_LIMIT = "reason.hold_limit"
    NO_HOLD_RULE = "reason.no_hold_rule"
    CART_FULL = "reason.cart_full"
    # the form
    UNKNOWN_PICKUP = "reason.unknown_pickup"
    UNKNOWN_CONTACT = "reason.unknown_contact"
    # renewal
    OVERDUE = "reason.overdue"
    RENEWED = "reason.renewed"
    HELD = "reason.held"
    INTERLIBRARY = "reason.interlibrary"
    NOT_RENEWABLE = "reason.not_renewable"
    NOT_RENEWABLE_HERE = "reason.not_renewable_here"
    TOO_SOON = "reason.too_soon"
    NO_RENEWAL_RULE = "reason.no_renewal_rule"
    NO_DAY_GAINED = "reason.no_day_gained"
    NO_OPEN_DAY = "reason.no_open_day"
    # a hold that is there
    NOT_CANCELLABLE = "reason.not_cancellable"
    PICKUP_FIXED = "reason.pickup_fixed"
    # passwords and addresses
    PASSWORD_SHORT = "reason.password_short"  # noqa: S105 - a message key
    PASSWORD_UNPRINTABLE = "reason.password_unprintable"  # noqa: S105 - a message key
    MAIL_FORM = "reason.mail_form"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason, the facts of its sentence, and the library's own sentence where it wrote one."""

    reason: Reason
    facts: Mapping[str, object] = field(default_factory=dict)
    say: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed where nothing refuses."""

    refusals: tuple[Refusal, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.refusals

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(refusal.reason for refusal in self.refusals)


@dataclass(frozen=True, slots=True)
class RenewalDecision(Decision):
    """With the new due date where it is allowed."""

    due_on: date | None = None


# ---------------------------------------------------------------------------------------------------------
# Policy: what a library may decide.  These classes are the language of library.toml: a table of the file
# is a class, a key is a field (``written`` where the key is a word that Python or plurals claim), and a
# field without a default must be there.  Blank, 0 and absent are three things; no bound is "unlimited".
# ---------------------------------------------------------------------------------------------------------

NEWEST_ISSUE = "newest issue"


def written(key: str, **default) -> Any:
    """A field whose key in the file has another name."""
    return field(metadata={"key": key}, **default)


class Unit(StrEnum):
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"
    OPEN_DAYS = "open_days"


class OnClosed(StrEnum):
    """What becomes of a last day on which the branch is closed."""

    KEEP = "keep"
    NEXT = "next open day"
    PREVIOUS = "previous open day"


class OnHolidays(StrEnum):
    """What national holidays change in the week of a branch."""

    OPEN = "open"  # open on a holiday that falls on a closing day
    CLOSED = "closed"
    MADE_UP = "open, then closed the next weekday"


class RenewFrom(StrEnum):
    DUE_DATE = "due date"
    REQUEST = "day of request"


class Left(StrEnum):
    """How much of a loan must be used up."""

    HALF = "half"


class Obstacle(StrEnum):
    """What can stand against one renewal."""

    OVERDUE = "overdue"
    HELD = "held"
    RENEWED = "renewed"
    INTERLIBRARY = "interlibrary"


class OnShelf(StrEnum):
    """Whether a title may be held while a copy stands on the shelf."""

    YES = "yes"
    NO = "no"
    NONE_ON_SHELF = "when none is on the shelf"


class Stop(StrEnum):
    """What a block stops."""

    LOAN = "loan"
    HOLD = "hold"
    RENEWAL = "renewal"


class Contact(StrEnum):
    MAIL = "mail"
    PHONE = "phone"
    NONE = "none"


class CardState(StrEnum):
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time, never a bare number: ``{ days = 15, count_first = true }``.

    With ``count_first`` the day it starts on is its first day.
    """

    n: int
    unit: Unit
    count_first: bool = False


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which a branch is closed every week, month or year: monday · last thursday · 12-28..01-04.

    ``weekday`` counts from Monday = 0; ``nth`` is 1 to 5, -1 for the last of the month, None for each week.
    ``first`` and ``last`` are (month, day) of a yearly closure, which may run over New Year.
    """

    weekday: int | None = None
    nth: int | None = None
    first: tuple[int, int] | None = None
    last: tuple[int, int] | None = None

    def covers(self, day: date) -> bool:
        if self.weekday is None:
            here = (day.month, day.day)
            if self.first <= self.last:
                return self.first <= here <= self.last
            return here >= self.first or here <= self.last
        if day.weekday() != self.weekday:
            return False
        if self.nth == -1:
            return (day + timedelta(days=7)).month != day.month
        return self.nth is None or (day.day - 1) // 7 + 1 == self.nth


@dataclass(frozen=True, slots=True)
class Hours:
    """``10:00-18:00``."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Most:
    """A number, or None for the word "unlimited"."""

    n: int | None

    def reached(self, count: int) -> bool:
        return self.n is not None and count >= self.n


@dataclass(frozen=True, slots=True)
class Library:
    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """This library's own words, on every page and in every mail."""

    card: str
    renewal: str
    renew: str


@dataclass(frozen=True, slots=True)
class Branch:
    id: str
    name: str
    hours: Hours
    main: bool = False
    closures: tuple[Closure, ...] = written("closed", default=())
    holidays: OnHolidays | None = None


@dataclass(frozen=True, slots=True)
class BarredCards:
    prefix: str
    say: str


@dataclass(frozen=True, slots=True)
class CardNumber:
    digits: int
    starts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cards:
    number: CardNumber | None = None
    barred: tuple[BarredCards, ...] = ()


@dataclass(frozen=True, slots=True)
class Passwords:
    at_least: int


@dataclass(frozen=True, slots=True)
class PatronCategory:
    """利用者区分."""

    id: str
    name: str
    holds: bool
    say: str | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """資料種別, with how long it is lent."""

    id: str
    name: str
    loan: Period


@dataclass(frozen=True, slots=True)
class When:
    """Every condition that is named must fit.  ``call_number`` names the letters that one opens with."""

    material: str | None = None
    call_number: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """A name for a set of items, used by the rules."""

    id: str
    name: str
    when: When


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many of these, whichever of them they are."""

    of: tuple[str, ...]
    most: Most


@dataclass(frozen=True, slots=True)
class PeriodOf:
    """How long for these; for all where ``of`` is empty."""

    of: tuple[str, ...]
    period: Period


@dataclass(frozen=True, slots=True)
class Excluded:
    """Items that something is refused for, by these ways: on the web, say, but not at the desk."""

    of: tuple[str, ...]
    at: frozenset[Channel] = ALL_CHANNELS
    say: str | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """So many days after the due date, or more."""

    days: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Every condition that is named must fit."""

    overdue: Overdue | None = None
    card: CardState | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A cause with the patron, and what it stops."""

    when: Cause
    stops: frozenset[Stop]
    at: frozenset[Channel] = ALL_CHANNELS
    say: str | None = None


@dataclass(frozen=True, slots=True)
class LoanPolicy:
    on_closed: OnClosed
    limits: tuple[Limit, ...] = written("limit")


@dataclass(frozen=True, slots=True)
class Opens:
    """From which day on a loan may be renewed: one of these."""

    days_before_due: int | None = None
    days_after_loan: int | None = None
    left: Left | None = None

    def first_day(self, lent_on: date, due_on: date) -> date:
        if self.days_before_due is not None:
            return due_on - timedelta(days=self.days_before_due)
        if self.days_after_loan is not None:
            return lent_on + timedelta(days=self.days_after_loan)
        return due_on - timedelta(days=(due_on - lent_on).days // 2)


@dataclass(frozen=True, slots=True)
class Until:
    """No renewal goes past this, counted from the day of the loan: ``{ weeks = 4, from = "loan date" }``."""

    period: Period


@dataclass(frozen=True, slots=True)
class Late:
    """How an overdue loan is renewed; what is left out is as for one in time."""

    within: Period | None = None
    base: RenewFrom | None = written("from", default=None)  # noqa: RUF009 - as dataclasses.field
    by: tuple[PeriodOf, ...] | None = None
    until: Until | None = None


@dataclass(frozen=True, slots=True)
class RenewalPolicy:
    times: int
    base: RenewFrom = written("from")  # noqa: RUF009 - as dataclasses.field
    by: tuple[PeriodOf, ...]
    refused: frozenset[Obstacle]
    opens: Opens | None = None
    until: Until | None = None
    late: Late | None = None
    excluded: tuple[Excluded, ...] = written("not", default=())


@dataclass(frozen=True, slots=True)
class ShelfPolicy:
    keep: Period
    on_closed: OnClosed


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    contact: tuple[Contact, ...]
    needs_mail: bool
    on_shelf: OnShelf
    cancel: Mapping[Channel, frozenset[HoldState]]
    change: Mapping[Channel, frozenset[HoldState]]
    limits: tuple[Limit, ...] = written("limit")
    shelf: ShelfPolicy
    refused: tuple[Excluded, ...] = written("not", default=())


@dataclass(frozen=True, slots=True)
class Policy:
    """One library's rules, from top to bottom of its sheet."""

    library: Library
    words: Words
    branches: tuple[Branch, ...] = written("branch")
    password: Passwords
    patron_categories: tuple[PatronCategory, ...] = written("patron")
    materials: tuple[Material, ...] = written("material")
    loan: LoanPolicy
    renewal: RenewalPolicy
    hold: HoldPolicy
    card: Cards = Cards()
    categories: tuple[Category, ...] = written("category", default=())
    blocks: tuple[Block, ...] = written("block", default=())

    def branch(self, id_: str) -> Branch | None:
        return _by_id(self.branches, id_)

    def material(self, id_: str) -> Material | None:
        return _by_id(self.materials, id_)

    def category(self, id_: str) -> Category | None:
        return _by_id(self.categories, id_)

    def patron_category(self, id_: str) -> PatronCategory | None:
        return _by_id(self.patron_categories, id_)

    def names(self, of: Iterable[str]) -> list[str]:
        """The display names of materials and categories; the built-in words stay as they are."""
        named = [self.material(id_) or self.category(id_) for id_ in of]
        return [entry.name if entry else id_ for entry, id_ in zip(named, of, strict=True)]


def _by_id(entries: Iterable, id_: str):
    return next((entry for entry in entries if entry.id == id_), None)


# ---------------------------------------------------------------------------------------------------------
# Days
# ---------------------------------------------------------------------------------------------------------

JAPAN = timezone(timedelta(hours=9))
_FARTHEST_OPEN_DAY = 400  # a library that is closed for longer than a year has no next open day


def library_day(now: datetime) -> date:
    """The day it is in the library, in Asia/Tokyo, whatever the server's clock is set to."""
    return now.astimezone(JAPAN).date()


@dataclass(frozen=True, slots=True)
class OpeningDays:
    """On which days one branch is open: its yearly rules, national holidays, single days that differ."""

    closures: tuple[Closure, ...] = ()
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()
    on_holidays: OnHolidays | None = None
    holidays: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Single days decide first, then the closures of the year, then holidays, then those of the week."""
        if day in self.opened or day in self.closed:
            return day in self.opened
        if any(closure.weekday is None and closure.covers(day) for closure in self.closures):
            return False
        if self.on_holidays and day in self.holidays:
            return self.on_holidays is not OnHolidays.CLOSED
        return not self._closes_weekly(day) and not self._makes_up_for_a_holiday(day)

    def _closes_weekly(self, day: date) -> bool:
        return any(closure.weekday is not None and closure.covers(day) for closure in self.closures)

    def _makes_up_for_a_holiday(self, day: date) -> bool:
        """Whether this is the first weekday after a holiday that kept a closing day open."""
        if self.on_holidays is not OnHolidays.MADE_UP or _is_weekend(day):
            return False
        before = day - timedelta(days=1)
        while before in self.holidays or _is_weekend(before):
            if before in self.holidays and self._closes_weekly(before):
                return True
            before -= timedelta(days=1)
        return False

    def next_open(self, day: date) -> date | None:
        """The day itself if it is open, else the next that is, or None if there is none within a year."""
        return next(filter(self.is_open, (day + timedelta(n) for n in range(_FARTHEST_OPEN_DAY))), None)

    def previous_open(self, day: date) -> date | None:
        """The day itself if it is open, else the last one before it that was."""
        return next(filter(self.is_open, (day - timedelta(n) for n in range(_FARTHEST_OPEN_DAY))), None)


ALWAYS_OPEN = OpeningDays()


def _is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def end_of(period: Period, start: date, opening: OpeningDays = ALWAYS_OPEN) -> date:
    """The last day of a period.

    n days end n days after the start, or n - 1 where the first day counts.  A month ends on the same day of
    the month, or on the month's last.  Open days are those of the branch.
    """
    first = 1 if period.count_first else 0
    match period.unit:
        case Unit.DAYS:
            return start + timedelta(days=period.n - first)
        case Unit.WEEKS:
            return start + timedelta(days=7 * period.n - first)
        case Unit.OPEN_DAYS:
            day, left = start, period.n - (first if opening.is_open(start) else 0)
            for _ in range(_FARTHEST_OPEN_DAY):
                if left <= 0:
                    break
                day += timedelta(days=1)
                left -= opening.is_open(day)
            return day
        case Unit.MONTHS | Unit.YEARS:
            months = start.month - 1 + period.n * (12 if period.unit is Unit.YEARS else 1)
            year, month = start.year + months // 12, months % 12 + 1
            last = calendar.monthrange(year, month)[1]
            return date(year, month, min(start.day, last)) - timedelta(days=first)


def settle(day: date, on_closed: OnClosed, opening: OpeningDays, card_expires_on: date | None) -> date | None:
    """The day on which a loan really ends: never after the card's last day, then never on a closed day.

    Where the next open day would be after the card's last, it is the open day before.  None: no open day.
    """
    if card_expires_on is not None and card_expires_on < day:
        day = card_expires_on
    if on_closed is OnClosed.KEEP:
        return day
    if on_closed is OnClosed.PREVIOUS:
        return opening.previous_open(day)
    later = opening.next_open(day)
    if later is None or (card_expires_on is not None and later > card_expires_on):
        return opening.previous_open(day) if card_expires_on is not None else None
    return later


# ---------------------------------------------------------------------------------------------------------
# Cards, passwords, addresses
# ---------------------------------------------------------------------------------------------------------

_CARD_FRAME = re.compile(r"[A-D](\d+)[A-D]")
_BLANKS_AND_HYPHENS = re.compile(r"[\s\-‐-―−ー]+")
_MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
)


def card_number(typed: str) -> str:
    """A card number as the library keeps it, from what was typed or scanned.

    Full-width digits, blanks and hyphens are forgiven, and so are the start and stop letters that an NW-7
    barcode carries (printed between A and A).
    """
    number = _BLANKS_AND_HYPHENS.sub("", unicodedata.normalize("NFKC", typed)).upper()
    framed = _CARD_FRAME.fullmatch(number)
    return framed[1] if framed else number


def card_has_expired(expires_on: date | None, today: date) -> bool:
    """A card is good until the end of its last day; one without a last day always is."""
    return expires_on is not None and expires_on < today


def decide_login(policy: Policy, number: str) -> Decision:
    """Cards of some series must be renewed at the library first (source document 1, 利用できる方)."""
    return Decision(
        tuple(
            Refusal(Reason.BARRED_CARD, {"prefix": barred.prefix}, barred.say)
            for barred in policy.card.barred
            if number.startswith(barred.prefix)
        )
    )


def login_lasts(started_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """A login ends half an hour after the last page, and half a day after it began at the latest."""
    return now - seen_at <= timedelta(minutes=30) and now - started_at <= LONGEST_LOGIN


LONGEST_LOGIN = timedelta(hours=12)


def decide_password(policy: Policy, password: str) -> Decision:
    """Letters and digits, so many or more; other printable characters are welcome too (document 1, 利用方法).

    Blanks at either end do not count, since nobody sees them.
    """
    refusals = []
    if len(password.strip()) < policy.password.at_least:
        refusals.append(Refusal(Reason.PASSWORD_SHORT, {"least": policy.password.at_least}))
    if not password.replace("\u3000", " ").isprintable():  # an IME writes such a blank
        refusals.append(Refusal(Reason.PASSWORD_UNPRINTABLE))
    return Decision(tuple(refusals))


def decide_mail_address(address: str) -> Decision:
    """Whether a mail address has a form that can be delivered to at all."""
    fits = len(address) <= 254 and _MAIL.fullmatch(address) is not None
    return Decision() if fits else Decision((Refusal(Reason.MAIL_FORM),))


# ---------------------------------------------------------------------------------------------------------
# The facts that rules ask for
# ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A piece, as far as rules care."""

    material: str
    branch: str = ""
    call_number: str = ""
    tags: frozenset[str] = frozenset()
    newest_issue: bool = False
    interlibrary: bool = False
    state: ItemState = ItemState.IN_STOCK
    not_for_loan: bool = False
    due_on: date | None = None  # it is out until then
    set_aside: bool = False  # for a hold, on the shelf or on its way there

    @property
    def availability(self) -> Availability:
        if self.state is not ItemState.IN_STOCK:
            return Availability.NOT_THERE
        if self.due_on is not None:
            return Availability.ON_LOAN
        if self.set_aside:
            return Availability.SET_ASIDE
        return Availability.IN_LIBRARY_ONLY if self.not_for_loan else Availability.AVAILABLE

    @property
    def lendable(self) -> bool:
        return self.state is ItemState.IN_STOCK and not self.not_for_loan


@dataclass(frozen=True, slots=True)
class BibFacts:
    number: int
    material: str
    items: tuple[ItemFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class LoanFacts:
    """An open loan; ``waiting`` counts the holds of others who wait for its title."""

    number: int
    bib: int
    item: ItemFacts
    branch: str
    lent_on: date
    due_on: date
    renewals: int = 0
    waiting: int = 0

    def days_overdue(self, today: date) -> int:
        return days_overdue(self.due_on, today)


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """An open hold."""

    bib: BibFacts
    state: HoldState


@dataclass(frozen=True, slots=True)
class PatronFacts:
    category: str
    card_expires_on: date | None = None
    has_mail: bool = False
    loans: tuple[LoanFacts, ...] = ()
    holds: tuple[HoldFacts, ...] = ()


def item_is(policy: Policy, item: ItemFacts, name: str) -> bool:
    """Whether an item belongs to what a policy line names: a material, a category, or the newest issue."""
    if name == NEWEST_ISSUE:
        return item.newest_issue
    category = policy.category(name)
    if category is None:
        return item.material == name
    when = category.when
    return (
        (when.material is None or item.material == when.material)
        and (when.call_number is None or location_prefix(item.call_number) == _plain(when.call_number))
        and (when.tag is None or when.tag in item.tags)
    )


def location_prefix(call_number: str) -> str:
    """別置記号: the letters or kana that a call number opens with, R of 「R 813 コ」, none of 「913 ナ」."""
    opening = re.match(r"[A-Z]+|[ァ-ヶー]+", _plain(call_number))
    return opening[0] if opening else ""


def _plain(letters: str) -> str:
    return unicodedata.normalize("NFKC", letters).strip().upper()


def _stopped_by(
    policy: Policy, patron: PatronFacts, stop: Stop, channel: Channel, today: date
) -> list[Refusal]:
    """The blocks that hold for this patron.  All are tried; a cause that has ended stops nothing."""
    refusals = []
    days_overdue = [loan.days_overdue(today) for loan in patron.loans]
    expired_on = patron.card_expires_on
    late = max(days_overdue, default=0)
    for block in policy.blocks:
        cause = block.when
        if stop not in block.stops or channel not in block.at:
            continue
        if cause.overdue and not (late and late >= cause.overdue.days):
            continue
        if cause.card is CardState.EXPIRED and not card_has_expired(expired_on, today):
            continue
        if cause.overdue:
            count = sum(days > 0 for days in days_overdue)
            refusals.append(Refusal(Reason.OVERDUE_BLOCK, {"count": count, "stop": stop}, block.say))
        if cause.card is CardState.EXPIRED:
            refusals.append(Refusal(Reason.CARD_EXPIRED, {"day": expired_on}, block.say))
    return refusals


# ---------------------------------------------------------------------------------------------------------
# Loans and renewal
# ---------------------------------------------------------------------------------------------------------


def days_overdue(due_on: date, today: date) -> int:
    """How many days late; a loan is due until the end of its last day."""
    return max(0, (today - due_on).days)


def is_due_soon(due_on: date, today: date) -> bool:
    """Whether the first page reminds of a loan: on its last day and on the three days before."""
    return 0 <= (due_on - today).days <= 3


def due_date(
    policy: Policy, item: ItemFacts, lent_on: date, opening: OpeningDays, card_expires_on: date | None = None
) -> date | None:
    """The last day of a loan: the material's period, on an open day, within the card's life."""
    period = policy.material(item.material).loan
    return settle(end_of(period, lent_on, opening), policy.loan.on_closed, opening, card_expires_on)


def renewed_due_date(
    policy: Policy, loan: LoanFacts, today: date, opening: OpeningDays, card_expires_on: date | None
) -> date | None:
    """Where a renewal on this day would move the due date, or None where no line of the policy fits.

    Source document 1: two weeks from the due date.  Source document 2: from the day of the procedure, that
    day included, books 15 days, magazines and audio-visual items 8.
    """
    late = policy.renewal.late if loan.days_overdue(today) else None
    period = renewal_period(policy, loan.item, late)
    if period is None:
        return None
    base = (late and late.base) or policy.renewal.base
    end = end_of(period, loan.due_on if base is RenewFrom.DUE_DATE else today, opening)
    until = (late and late.until) or policy.renewal.until
    if until is not None:
        end = min(end, end_of(until.period, loan.lent_on, opening))
    return settle(end, policy.loan.on_closed, opening, card_expires_on)


def decide_renewal(
    policy: Policy,
    patron: PatronFacts,
    loan: LoanFacts,
    channel: Channel,
    today: date,
    opening: OpeningDays = ALWAYS_OPEN,
) -> RenewalDecision:
    """Whether a loan may be renewed today, and until when.

    Refused: an overdue loan, unless the policy says how late it may be; one renewed as often as the policy
    allows; a title that somebody waits for; an item borrowed from another library or excluded by a line; a
    patron whom a block stops; a renewal before its time; and one that would gain no day.
    """
    refusals = _stopped_by(policy, patron, Stop.RENEWAL, channel, today)
    if loan.days_overdue(today) and not _may_be_this_late(policy, loan, today):
        refusals.append(Refusal(Reason.OVERDUE, {"days": loan.days_overdue(today)}))
    if loan.renewals >= policy.renewal.times:
        refusals.append(Refusal(Reason.RENEWED, {"times": policy.renewal.times}))
    if Obstacle.HELD in policy.renewal.refused and loan.waiting:
        refusals.append(Refusal(Reason.HELD, {"count": loan.waiting}))
    if Obstacle.INTERLIBRARY in policy.renewal.refused and loan.item.interlibrary:
        refusals.append(Refusal(Reason.INTERLIBRARY))
    lines = policy.renewal.excluded
    refusals += _excluded(policy, lines, loan.item, channel, Reason.NOT_RENEWABLE, Reason.NOT_RENEWABLE_HERE)
    if renewal_period(policy, loan.item) is None:
        refusals.append(Refusal(Reason.NO_RENEWAL_RULE, {"what": policy.names([loan.item.material])[0]}))
    expires_on = patron.card_expires_on
    if card_has_expired(expires_on, today):
        expires_on = None  # no block stops the expired card, so it cuts nothing short either
    opens = policy.renewal.opens
    if opens is not None and today < (first := opens.first_day(loan.lent_on, loan.due_on)):
        from_on = _first_day_that_gains(policy, loan, first - timedelta(days=1), opening, expires_on)
        refusals.append(Refusal(Reason.TOO_SOON, {"from_on": from_on or first}))
    if refusals:
        return RenewalDecision(tuple(refusals))

    due_on = renewed_due_date(policy, loan, today, opening, expires_on)
    if due_on is None:
        return RenewalDecision((Refusal(Reason.NO_OPEN_DAY),))
    if due_on <= loan.due_on or due_on < today:
        from_on = _first_day_that_gains(policy, loan, today, opening, expires_on)
        return RenewalDecision((Refusal(Reason.NO_DAY_GAINED, {"from_on": from_on}),))
    return RenewalDecision((), due_on)


def _first_day_that_gains(
    policy: Policy, loan: LoanFacts, today: date, opening: OpeningDays, card_expires_on: date | None
) -> date | None:
    """From which day until the due date a renewal is worth while; None if from none of them."""
    for n in range(1, (loan.due_on - today).days + 1):
        day = today + timedelta(days=n)
        due_on = renewed_due_date(policy, loan, day, opening, card_expires_on)
        if due_on is not None and due_on > loan.due_on:
            return day
    return None


def _may_be_this_late(policy: Policy, loan: LoanFacts, today: date) -> bool:
    """An overdue loan can be renewed only where the policy has a line for it, and within its time."""
    late = policy.renewal.late
    return late is not None and (late.within is None or today <= end_of(late.within, loan.due_on))


def renewal_period(policy: Policy, item: ItemFacts, late: Late | None = None) -> Period | None:
    """How long a renewal of this item lasts, or None where no line fits.

    A category's line goes before its material's, that before one for all; of equals the shorter.
    """
    fitting = [
        (name == "", policy.category(name) is None, end_of(line.period, date(2001, 1, 1)), n, line.period)
        for n, line in enumerate((late and late.by) or policy.renewal.by)
        for name in line.of or ("",)
        if name == "" or item_is(policy, item, name)
    ]
    return min(fitting)[-1] if fitting else None


# ---------------------------------------------------------------------------------------------------------
# Holds
# ---------------------------------------------------------------------------------------------------------


def decide_title_hold(policy: Policy, bib: BibFacts, channel: Channel) -> Decision:
    """Whether a title can be held at all, whoever asks: what a visitor sees who has not logged in.

    A title can be held if one of its items can.  Where none can, every reason of every item is given once.
    """
    in_stock = [item for item in bib.items if item.state is ItemState.IN_STOCK]
    lendable = [item for item in in_stock if item.lendable]
    refusals = [] if lendable else [Refusal(Reason.NO_ITEM, {"in_library": bool(in_stock)})]
    lines, reasons = policy.hold.refused, (Reason.NOT_HOLDABLE, Reason.NOT_HOLDABLE_HERE)
    by_item = [_excluded(policy, lines, item, channel, *reasons) for item in lendable or in_stock]
    if all(by_item):
        refusals += _once(refusal for refused in by_item for refusal in refused)

    on_shelf = [item.availability is Availability.AVAILABLE for item in lendable]
    mode = policy.hold.on_shelf
    if lendable and (
        (mode is OnShelf.NO and all(on_shelf)) or (mode is OnShelf.NONE_ON_SHELF and any(on_shelf))
    ):
        refusals.append(Refusal(Reason.ON_SHELF))
    if not refusals and not _limits_for(policy, bib):
        refusals.append(Refusal(Reason.NO_HOLD_RULE, {"what": policy.names([bib.material])[0]}))
    return Decision(tuple(refusals))


def decide_patron_hold(policy: Policy, patron: PatronFacts, channel: Channel, today: date) -> Decision:
    """Whether this patron may hold anything at all; source document 1 knows cards that may not."""
    refusals = _stopped_by(policy, patron, Stop.HOLD, channel, today)
    category = policy.patron_category(patron.category)
    if category is None or not category.holds:
        name = category.name if category else ""
        refusals.append(Refusal(Reason.CATEGORY_MAY_NOT_HOLD, {"what": name}, category and category.say))
    return Decision(tuple(refusals))


def decide_hold(
    policy: Policy, patron: PatronFacts, bib: BibFacts, channel: Channel, today: date
) -> Decision:
    """Whether this patron may hold this title now, with everything that stands against it."""
    refusals = list(decide_patron_hold(policy, patron, channel, today).refusals)
    if policy.hold.needs_mail and not patron.has_mail:
        refusals.append(Refusal(Reason.NO_MAIL))
    refusals += decide_title_hold(policy, bib, channel).refusals
    if any(hold.bib.number == bib.number for hold in patron.holds):
        refusals.append(Refusal(Reason.ALREADY_HELD))
    if any(loan.bib == bib.number for loan in patron.loans):
        refusals.append(Refusal(Reason.ALREADY_ON_LOAN))
    for limit in _limits_for(policy, bib):
        held = _count_held(policy, patron, limit)
        if limit.most.reached(held):
            facts = {"what": policy.names(limit.of), "most": limit.most.n, "held": held}
            refusals.append(Refusal(Reason.HOLD_LIMIT, facts))
    return Decision(tuple(refusals))


def decide_pickup(policy: Policy, pickup: str | None, contact: str | None) -> Decision:
    """Whether the place and the way of telling that were chosen are ones that the library offers."""
    refusals = []
    if policy.branch(pickup or "") is None:
        refusals.append(Refusal(Reason.UNKNOWN_PICKUP))
    if contact not in policy.hold.contact:
        refusals.append(Refusal(Reason.UNKNOWN_CONTACT))
    return Decision(tuple(refusals))


def decide_cancel(policy: Policy, state: HoldState, channel: Channel) -> Decision:
    """A hold may be cancelled in the states that the policy names for this way.

    Source document 1: what is ready cannot be cancelled on the web, but at the desk.
    """
    if state in policy.hold.cancel.get(channel, ()):
        return Decision()
    return Decision(
        (Refusal(Reason.NOT_CANCELLABLE, {"state": state, "at": _ways(policy.hold.cancel, state)}),)
    )


def decide_pickup_change(policy: Policy, state: HoldState, channel: Channel) -> Decision:
    """The pick-up branch may be changed in the states that the policy names for this way."""
    if state in policy.hold.change.get(channel, ()):
        return Decision()
    return Decision((Refusal(Reason.PICKUP_FIXED, {"state": state, "at": _ways(policy.hold.change, state)}),))


def _ways(allowed: Mapping[Channel, frozenset[HoldState]], state: HoldState) -> list[Channel]:
    return [channel for channel, states in allowed.items() if state in states]


def _excluded(
    policy: Policy,
    lines: Iterable[Excluded],
    item: ItemFacts,
    channel: Channel,
    nowhere: Reason,
    elsewhere: Reason,
) -> list[Refusal]:
    """The lines that exclude an item by this way, with one reason or the other.

    Where another way is open to this item, each says which; nobody is sent to a desk that would refuse.
    """
    fitting = [
        (line, named)
        for line in lines
        if (named := [name for name in line.of if item_is(policy, item, name)])
    ]
    closed = {way for line, _ in fitting for way in line.at}
    open_ways = [way for way in (Channel.DESK, Channel.PHONE) if way not in closed]
    return [
        Refusal(
            elsewhere if open_ways else nowhere,
            {"what": policy.names(named), "at": open_ways},
            line.say if open_ways or line.at == ALL_CHANNELS else None,
        )
        for line, named in fitting
        if channel in line.at
    ]


def _once(refusals: Iterable[Refusal]) -> list[Refusal]:
    """Each refusal once, in the order in which they came."""
    distinct = []
    for refusal in refusals:
        if refusal not in distinct:
            distinct.append(refusal)
    return distinct


def _limits_for(policy: Policy, bib: BibFacts) -> list[Limit]:
    return [limit for limit in policy.hold.limits if _bib_is_any(policy, bib, limit.of)]


def _bib_is_any(policy: Policy, bib: BibFacts, names: Iterable[str]) -> bool:
    """A title belongs to a set if one of its items does; to its material even without items."""
    return any(
        name == bib.material or any(item_is(policy, item, name) for item in bib.items) for name in names
    )


def _count_held(policy: Policy, patron: PatronFacts, limit: Limit) -> int:
    """Open holds that a limit counts, whichever way they were placed (counter and web together)."""
    return sum(_bib_is_any(policy, hold.bib, limit.of) for hold in patron.holds)


# ---------------------------------------------------------------------------------------------------------
# The hold cart
# ---------------------------------------------------------------------------------------------------------

# A full limit or a missing address does not keep a title out of the cart: both can change meanwhile.
MENDABLE_IN_CART = frozenset({Reason.HOLD_LIMIT, Reason.NO_MAIL})
CART_AT_MOST = 50  # titles; before login the cart travels in a cookie, which holds no more


@dataclass(frozen=True, slots=True)
class Room:
    """One limit, and how much of it is used."""

    names: tuple[str, ...]
    most: int | None
    held: int

    @property
    def left(self) -> int | None:
        return None if self.most is None else max(0, self.most - self.held)


def decide_cart(
    policy: Policy, patron: PatronFacts | None, bib: BibFacts, channel: Channel, today: date, in_cart: int = 0
) -> Decision:
    """Whether a title may be put into a cart of so many.  Before login only the title itself is asked."""
    refusals = (
        decide_title_hold(policy, bib, channel)
        if patron is None
        else decide_hold(policy, patron, bib, channel, today)
    ).refusals
    refusals = tuple(refusal for refusal in refusals if refusal.reason not in MENDABLE_IN_CART)
    if in_cart >= CART_AT_MOST:
        refusals += (Refusal(Reason.CART_FULL, {"most": CART_AT_MOST}),)
    return Decision(refusals)


def plan_cart(
    policy: Policy, patron: PatronFacts, bibs: Sequence[BibFacts], channel: Channel, today: date
) -> list[Decision]:
    """The answer for each title in the order of the list, as if those before it had been registered.

    What fits under a limit is taken in this order; what comes after stays in the cart with its reason.
    """
    answers = []
    for bib in bibs:
        answer = decide_hold(policy, patron, bib, channel, today)
        answers.append(answer)
        if answer.allowed:
            patron = replace(patron, holds=(*patron.holds, HoldFacts(bib, HoldState.WAITING)))
    return answers


def room_for_holds(policy: Policy, patron: PatronFacts) -> list[Room]:
    """Every limit on holds with what is used of it, to be seen before anything is pressed."""
    return [
        Room(tuple(policy.names(limit.of)), limit.most.n, _count_held(policy, patron, limit))
        for limit in policy.hold.limits
    ]


# ---------------------------------------------------------------------------------------------------------
# The hold shelf
# ---------------------------------------------------------------------------------------------------------


def collect_by(policy: Policy, told_on: date, opening: OpeningDays) -> date | None:
    """The last day on which a ready hold can be collected, counted from the day the patron was told.

    Source document 1: within one week of the mail.  It never ends on a closed day of the pick-up branch.
    """
    shelf = policy.hold.shelf
    return settle(end_of(shelf.keep, told_on, opening), shelf.on_closed, opening, None)


# ---------------------------------------------------------------------------------------------------------
# Reading a library.toml into the classes above
# ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something in a policy that cannot be meant: where it stands, and the key of a sentence about it."""

    path: str
    problem: str
    facts: Mapping[str, object] = field(default_factory=dict)


class PolicyMistakes(Exception):
    """A policy that cannot be obeyed, with every mistake that was found and the text it was found in."""

    def __init__(self, mistakes: Sequence[Mistake], source: str):
        super().__init__("; ".join(f"{mistake.path}: {mistake.problem}" for mistake in mistakes))
        self.mistakes, self.source = tuple(mistakes), source


def read_policy(source: str) -> Policy:
    """A ``library.toml`` as a Policy.  Raises PolicyMistakes with every mistake, each with its key's path."""
    try:
        tables = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise PolicyMistakes([Mistake("", "policy.syntax", {"detail": str(error)})], source) from error
    mistakes: list[Mistake] = []
    policy = _read(Policy, tables, "", mistakes)
    mistakes += _contradictions(tables)
    if mistakes:
        raise PolicyMistakes(mistakes, source)
    return policy


def _read(kind, value, path: str, mistakes: list[Mistake]):
    """A value of the file as the type that a field asks for.  A mistake is noted, and reading goes on."""
    if get_origin(kind) in (Union, UnionType):  # X | None: absence is the default's business
        kind = next(part for part in get_args(kind) if part is not type(None))
    if kind in _OWN_FORMS:
        form, expected = _OWN_FORMS[kind]
        try:
            return form(value)
        except (ValueError, TypeError, AttributeError):
            return _note(mistakes, path, f"policy.not_{expected}", given=value)
    if get_origin(kind) is Mapping:
        return _read_mapping(kind, value, path, mistakes)
    if get_origin(kind) in (tuple, frozenset):
        if kind == tuple[PeriodOf, ...] and isinstance(value, dict):
            value = [value]  # one period for all, without a list
        return _read_list(kind, value, path, mistakes)
    if is_dataclass(kind):
        return _read_table(kind, value, path, mistakes)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        fitting = [member for member in kind if value in (member.value, member.value.replace("_", " "))]
        allowed = [member.value for member in kind]  # as they are written in the file, not as pages say them
        return fitting[0] if fitting else _note(mistakes, path, "policy.not_one_of", allowed=allowed)
    if type(value) is not kind:  # a bool is no number here
        return _note(mistakes, path, f"policy.not_{kind.__name__}")
    if value == "" or (kind is str and not value.strip()):
        return _note(mistakes, path, "policy.blank")
    if kind is int and value < 0:
        return _note(mistakes, path, "policy.negative")
    return value


def _read_table(kind, table, path: str, mistakes: list[Mistake]):
    if not isinstance(table, dict):
        return _note(mistakes, path, "policy.not_table")
    kinds, values, keys = get_type_hints(kind), {}, []
    for entry in fields(kind):
        key = entry.metadata.get("key", entry.name)
        keys.append(key)
        if key in table:
            values[entry.name] = _read(kinds[entry.name], table[key], _join(path, key), mistakes)
        elif entry.default is MISSING:
            _note(mistakes, _join(path, key), "policy.missing")
    for key in sorted(table.keys() - set(keys)):
        nearest = difflib.get_close_matches(key, keys, n=1)
        _note(mistakes, _join(path, key), "policy.unknown_key", nearest=nearest[0] if nearest else None)
    if not table and kind in (When, Cause):  # a condition that names nothing would fit everything
        _note(mistakes, path, "policy.blank")
    return None if mistakes else kind(**values)


def _read_list(kind, entries, path: str, mistakes: list[Mistake]):
    if not isinstance(entries, list):
        return _note(mistakes, path, "policy.not_list")
    if not entries and get_args(kind)[0] is not Obstacle:
        return _note(mistakes, path, "policy.blank")
    inner = get_args(kind)[0]
    read = [_read(inner, entry, f"{path}[{n}]", mistakes) for n, entry in enumerate(entries, start=1)]
    return get_origin(kind)(read)


def _read_mapping(kind, table, path: str, mistakes: list[Mistake]):
    if not isinstance(table, dict):
        return _note(mistakes, path, "policy.not_table")
    key_kind, value_kind = get_args(kind)
    return {
        _read(key_kind, key, _join(path, key), mistakes): _read(value_kind, value, _join(path, key), mistakes)
        for key, value in table.items()
    }


def _note(mistakes: list[Mistake], path: str, problem: str, **facts) -> None:
    mistakes.append(Mistake(path, problem, facts))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _period(table: dict) -> Period:
    units = [unit for unit in Unit if unit.value in table]
    if len(units) != 1 or table.keys() - {units[0].value, "count_first"}:
        raise ValueError
    n, count_first = table[units[0].value], table.get("count_first", False)
    if type(n) is not int or not 1 <= n <= 9999 or type(count_first) is not bool:
        raise ValueError
    return Period(n, units[0], count_first)


def _period_of(table: dict) -> PeriodOf:
    of = table.get("of")  # absent means all, and blank is a mistake
    if of is not None and not (isinstance(of, list) and of and all(isinstance(name, str) for name in of)):
        raise ValueError
    return PeriodOf(tuple(of or ()), _period({key: value for key, value in table.items() if key != "of"}))


def _opens(table: dict) -> Opens:
    (key, value), *others = table.items()
    if others or (key == "left") != (value == Left.HALF.value):
        raise ValueError
    if key != "left" and (type(value) is not int or value < 0):
        raise ValueError
    return Opens(**{key: Left.HALF if key == "left" else value})


def _until(table: dict) -> Until:
    if table.get("from") != "loan date":
        raise ValueError
    return Until(_period({key: value for key, value in table.items() if key != "from"}))


def _most(value) -> Most:
    if value == "unlimited":
        return Most(None)
    if type(value) is not int or value < 0:
        raise ValueError
    return Most(value)


def _hours(value: str) -> Hours:
    opens, closes = (time.fromisoformat(part.strip().zfill(5)) for part in value.split("-"))
    if opens >= closes:
        raise ValueError
    return Hours(opens, closes)


def _closure(value: str) -> Closure:
    *nth, weekday = value.lower().split()
    if weekday in _WEEKDAYS and len(nth) <= 1:
        return Closure(_WEEKDAYS.index(weekday), _NTH.index(nth[0]) or -1 if nth else None)
    first, last = (value.split("..") * 2)[:2] if value.count("..") == 0 else value.split("..")
    return Closure(first=_month_and_day(first), last=_month_and_day(last))


def _month_and_day(value: str) -> tuple[int, int]:
    day = date.fromisoformat(f"2000-{value.strip()}")  # a leap year, so that 02-29 can be named
    return day.month, day.day


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NTH = ("last", "1st", "2nd", "3rd", "4th", "5th")
# Kinds of value with a form of their own, and how a sentence names the form.
_OWN_FORMS = {
    Period: (_period, "period"),
    PeriodOf: (_period_of, "period"),
    Opens: (_opens, "opens"),
    Until: (_until, "until"),
    Most: (_most, "most"),
    Hours: (_hours, "hours"),
    Closure: (_closure, "closure"),
}


def _contradictions(tables: dict) -> list[Mistake]:
    """What each line may say, but not beside the others: ids given twice, ids never given, no main branch.

    Asks the file as it stands, so that a mistake in one line does not hide one in another.
    """
    mistakes: list[Mistake] = []
    ids = {
        path: [line["id"] for line in _lines(tables, path) if isinstance(line.get("id"), str)]
        for path in ("branch", "patron", "material", "category")
    }
    for path, given in ids.items():
        taken = given + ids["material"] if path == "category" else given  # both are what lines are "of"
        for id_ in sorted({id_ for id_ in given if taken.count(id_) > 1}):
            _note(mistakes, path, "policy.duplicate_id", given=id_)
    branches = _lines(tables, "branch")
    if branches and sum(line.get("main") is True for line in branches) != 1:
        _note(mistakes, "branch", "policy.one_main_branch")

    sets = [*ids["material"], *ids["category"], NEWEST_ISSUE]
    for path in ("loan.limit", "renewal.by", "renewal.late.by", "renewal.not", "hold.not", "hold.limit"):
        for n, line in enumerate(_lines(tables, path), start=1):
            mistakes += _unknown(f"{path}[{n}].of", line.get("of"), sets)
    for n, line in enumerate(_lines(tables, "category"), start=1):
        when = line.get("when")
        asked = [when["material"]] if isinstance(when, dict) and "material" in when else []
        mistakes += _unknown(f"category[{n}].when.material", asked, ids["material"])
    renewal = _at(tables, "renewal", {})
    if "late" in renewal and Obstacle.OVERDUE.value in _at(tables, "renewal.refused", []):
        _note(mistakes, "renewal.late", "policy.late_and_overdue")
    ended = {state.value for state in CLOSED_HOLD_STATES}
    for path in ("hold.cancel", "hold.change"):
        for channel, states in _at(tables, path, {}).items():
            if isinstance(states, list) and ended & {state for state in states if isinstance(state, str)}:
                _note(mistakes, f"{path}.{channel}", "policy.closed_state")
    return mistakes


def _at(tables: dict, path: str, otherwise):
    """What stands at a path of the file, if it is of the same kind as ``otherwise``."""
    found = tables
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, type(otherwise)) else otherwise


def _lines(tables: dict, path: str) -> list[dict]:
    """The lines of a list; a single table in its place is a list of one."""
    single = _at(tables, path, {})
    return [line for line in _at(tables, path, [single] if single else []) if isinstance(line, dict)]


def _unknown(path: str, given, known: Sequence[str]) -> list[Mistake]:
    """A mistake for each id that nothing bears."""
    mistakes: list[Mistake] = []
    for id_ in given if isinstance(given, list) else ():
        if isinstance(id_, str) and id_ not in known:
            nearest = difflib.get_close_matches(id_, known, n=1)
            _note(mistakes, path, "policy.unknown_id", given=id_, nearest=nearest[0] if nearest else None)
    return mistakes
