"""Every rule of the library, and nothing else: what a rule sheet may say, and what follows from it.

Facts come in (plain values, dates, counts), decisions go out.  Nothing here sees a table, a request, a clock
or a translation; a test reads this file and keeps it so.  The sections follow a printed sheet:

  words · days · what a line asks · the library and its cards · titles and pieces · blocks · limits · loans ·
  renewal · holds · other libraries · cart · hold shelf · exceptions at the desk · what is kept · the whole
  sheet

Each begins with what a library may write there: a class is a table of ``library.toml``, a field is a key
(``written`` where the key is a word that Python or plurals claim), a field without a default must be there.
Then come the rules.  ``policy_file.py`` reads the file into these classes; ``docs/rules.md`` teaches it.

A decision lists *all* its reasons.  Each is a ``Refusal``: a ``Reason``, whose value is the key of its
sentence in the message files, with the facts that the sentence needs and the line of the sheet that said so.
"""

from __future__ import annotations

import calendar
import heapq
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

# ---------------------------------------------------------------------------------------------------------
# Words
# ---------------------------------------------------------------------------------------------------------


class Channel(StrEnum):
    """By which way somebody asks."""

    WEB = "web"
    DESK = "desk"
    PHONE = "phone"
    KIOSK = "kiosk"


class Act(StrEnum):
    """What somebody asks for; also what a block stops."""

    LOAN = "loan"
    HOLD = "hold"
    RENEWAL = "renewal"


class Role(StrEnum):
    """What somebody at the desk may do: lend and take back, or everything."""

    CLERK = "clerk"
    ADMINISTRATOR = "administrator"


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


class Contact(StrEnum):
    """How a patron is told."""

    MAIL = "mail"
    PHONE = "phone"
    NONE = "none"


class Reason(StrEnum):
    """Why something is refused.  The value is the key of the sentence."""

    # the patron
    BARRED_CARD = "reason.barred_card"
    CARD_EXPIRED = "reason.card_expired"
    STOPPED = "reason.stopped"
    CATEGORY_MAY_NOT_HOLD = "reason.category_may_not_hold"
    NO_MAIL = "reason.no_mail"
    OVERDUE_BLOCK = "reason.overdue_block"
    FAMILY_OVERDUE_BLOCK = "reason.family_overdue_block"
    LOST_BLOCK = "reason.lost_block"
    MARK_BLOCK = "reason.mark_block"
    PENALTY = "reason.penalty"
    # who, where and when, for whatever is asked
    NOT_FOR = "reason.not_for"
    NOT_FOR_HERE = "reason.not_for_here"
    ONLY_FOR = "reason.only_for"
    NOT_AT_BRANCH = "reason.not_at_branch"
    ONLY_AT_BRANCH = "reason.only_at_branch"
    OUTSIDE_HOURS = "reason.outside_hours"
    # the piece that is to be lent
    NOT_LENDABLE = "reason.not_lendable"
    NOT_LENDABLE_HERE = "reason.not_lendable_here"
    GONE = "reason.gone"
    OUT = "reason.out"
    KEPT_FOR_ANOTHER = "reason.kept_for_another"
    LOAN_LIMIT = "reason.loan_limit"
    NO_LOAN_RULE = "reason.no_loan_rule"
    TO_BE_SENT_BACK = "reason.to_be_sent_back"
    # the title that is to be held
    NO_ITEM = "reason.no_item"
    NOT_HOLDABLE = "reason.not_holdable"
    NOT_HOLDABLE_HERE = "reason.not_holdable_here"
    NOT_HOLDABLE_YET = "reason.not_holdable_yet"
    ON_SHELF = "reason.on_shelf"
    ALREADY_HELD = "reason.already_held"
    ALREADY_ON_LOAN = "reason.already_on_loan"
    HOLD_LIMIT = "reason.hold_limit"
    NO_HOLD_RULE = "reason.no_hold_rule"
    CART_FULL = "reason.cart_full"
    OWN_SHELF_FULL = "reason.own_shelf_full"
    NOTE_LONG = "reason.note_long"
    NO_READING_RECORD = "reason.no_reading_record"
    NOT_AT_A_TERMINAL = "reason.not_at_a_terminal"
    GOAL_OUT_OF_RANGE = "reason.goal_out_of_range"
    GOAL_YEAR_OVER = "reason.goal_year_over"
    ALERTS_FULL = "reason.alerts_full"
    ALERT_NEEDS_ADDRESS = "reason.alert_needs_address"
    ALERT_EMPTY = "reason.alert_empty"
    ALERT_WORD_LONG = "reason.alert_word_long"
    ALERT_TWICE = "reason.alert_twice"
    OWNED = "reason.owned"
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
    NO_LAST_DAY = "reason.no_last_day"
    # a hold that is there
    NOT_CANCELLABLE = "reason.not_cancellable"
    PICKUP_FIXED = "reason.pickup_fixed"
    NOT_EXTENDABLE = "reason.not_extendable"
    EXTENDED = "reason.extended"
    OTHERS_WAIT = "reason.others_wait"
    SHELF_OVER = "reason.shelf_over"
    NOT_SET_ASIDE = "reason.not_set_aside"
    TIMING_FIXED = "reason.timing_fixed"
    NOT_WAITING = "reason.not_waiting"
    DAY_PAST = "reason.day_past"
    PAUSED_TOO_LONG = "reason.paused_too_long"
    NEVER_WANTED = "reason.never_wanted"
    # passwords and addresses
    PASSWORD_SHORT = "reason.password_short"  # noqa: S105 - a message key
    PASSWORD_UNPRINTABLE = "reason.password_unprintable"  # noqa: S105 - a message key
    PASSWORD_IS_CARD = "reason.password_is_card"  # noqa: S105 - a message key
    PASSWORD_IS_BIRTH_DATE = "reason.password_is_birth_date"  # noqa: S105 - a message key
    PASSWORD_IS_PHONE = "reason.password_is_phone"  # noqa: S105 - a message key
    PASSWORD_AS_BEFORE = "reason.password_as_before"  # noqa: S105 - a message key
    PASSWORD_COMMON = "reason.password_common"  # noqa: S105 - a message key
    NO_CODES = "reason.no_codes"
    MAIL_FORM = "reason.mail_form"
    MAIL_AT = "reason.mail_at"
    MAIL_SIGNS = "reason.mail_signs"
    MAIL_DOMAIN = "reason.mail_domain"
    MAIL_DOTS = "reason.mail_dots"
    MAIL_KNOWN = "reason.mail_known"
    MAIL_MANY = "reason.mail_many"
    MAIL_NEEDED = "reason.mail_needed"
    # what the desk writes down of a patron
    CARD_FORM = "reason.card_form"
    CARD_DIGITS = "reason.card_digits"
    CARD_STARTS = "reason.card_starts"
    CARD_TAKEN = "reason.card_taken"
    CARD_IS_A_PIECE = "reason.card_is_a_piece"
    NAME_FORM = "reason.name_form"
    UNKNOWN_CATEGORY = "reason.unknown_category"
    BIRTH_DATE = "reason.birth_date"
    PHONE_FORM = "reason.phone_form"
    POSTAL_ADDRESS_LONG = "reason.postal_address_long"
    CARD_WITHOUT_END = "reason.card_without_end"
    CARD_RENEWABLE_FROM = "reason.card_renewable_from"
    CARD_NO_DAY_GAINED = "reason.card_no_day_gained"
    UNKNOWN_MARK = "reason.unknown_mark"
    STOP_WITHOUT_CAUSE = "reason.stop_without_cause"
    STOP_OVER = "reason.stop_over"
    OPEN_LOANS = "reason.open_loans"
    # what is borrowed from other libraries
    SEND_BACK_PAST = "reason.send_back_past"
    BORROWED_FOR_THEM = "reason.borrowed_for_them"
    # what the desk writes into the calendar
    DAYS_REVERSED = "reason.days_reversed"
    TOO_MANY_DAYS = "reason.too_many_days"
    DAYS_PAST = "reason.days_past"
    DAYS_FAR_OFF = "reason.days_far_off"
    EVENT_UNNAMED = "reason.event_unnamed"
    CLOSED_ALREADY = "reason.closed_already"
    OPEN_ALREADY = "reason.open_already"
    OPENED_ON_PURPOSE = "reason.opened_on_purpose"
    EVENT_ALREADY = "reason.event_already"
    # what the desk writes down of titles and pieces
    UNKNOWN_MATERIAL = "reason.unknown_material"
    NDC_FORM = "reason.ndc_form"
    PUB_YEAR = "reason.pub_year"
    ISBN_TAKEN = "reason.isbn_taken"
    ISSUE_IN_PART = "reason.issue_in_part"
    TITLE_OUT = "reason.title_out"
    TITLE_HELD = "reason.title_held"
    BARCODE_FORM = "reason.barcode_form"
    BARCODE_OF_TRADE = "reason.barcode_of_trade"
    BARCODE_IS_A_CARD = "reason.barcode_is_a_card"
    BARCODE_TAKEN = "reason.barcode_taken"
    UNKNOWN_BRANCH = "reason.unknown_branch"
    VOLUMES = "reason.volumes"
    PIECE_OUT = "reason.piece_out"
    PIECE_KEPT = "reason.piece_kept"
    PIECE_WITHDRAWN = "reason.piece_withdrawn"
    # an exception at the desk
    NO_RIGHT_TO_OVERRULE = "reason.no_right_to_overrule"
    REMARK_MISSING = "reason.remark_missing"
    REMARK_LONG = "reason.remark_long"
    REMARK_NUMBER = "reason.remark_number"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason, the facts of its sentence, the library's own sentence where it wrote one, and the place in
    ``library.toml`` of the line that decided (``hold.limit[2]``)."""

    reason: Reason
    facts: Mapping[str, object] = field(default_factory=dict)
    say: str | None = None
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed where nothing refuses.  ``overrulable``: where the desk may overrule all that does."""

    refusals: tuple[Refusal, ...] = ()
    overrulable: bool = field(default=False, kw_only=True, compare=False)

    @property
    def allowed(self) -> bool:
        return not self.refusals

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(refusal.reason for refusal in self.refusals)


@dataclass(frozen=True, slots=True)
class LoanDecision(Decision):
    """With the end of the loan where it is allowed; ``despite``: where it can be overruled."""

    due: Due | None = None
    despite: Due | None = field(default=None, kw_only=True, compare=False)


@dataclass(frozen=True, slots=True)
class RenewalDecision(Decision):
    """With the new due date where it is allowed; ``despite``: where it can be overruled."""

    due_on: date | None = None
    despite: date | None = field(default=None, kw_only=True, compare=False)


@dataclass(frozen=True, slots=True)
class ExtensionDecision(Decision):
    """With the new last day of the hold shelf where it is allowed."""

    collect_by: date | None = None


@dataclass(frozen=True, slots=True)
class CardDecision(Decision):
    """With the new last day of a card where it is allowed; None: without an end."""

    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class CalendarDecision(Decision):
    """``days`` are those that really change: the others are already as they shall be."""

    days: tuple[date, ...] = ()


def written(key: str, **default) -> Any:
    """A field whose key in the file has another name."""
    return field(metadata={"key": key}, **default)


# ---------------------------------------------------------------------------------------------------------
# Days
# ---------------------------------------------------------------------------------------------------------

JAPAN = timezone(timedelta(hours=9))
_FARTHEST_OPEN_DAY = 400  # a library that is closed for longer than a year has no next open day


def library_day(now: datetime) -> date:
    """The day it is in the library, in Asia/Tokyo, whatever the server's clock is set to."""
    return now.astimezone(JAPAN).date()


def fiscal_year(day: date) -> int:
    """The year in which the 年度 of a day began: from April to March (地方自治法208条)."""
    return day.year - (day.month < 4)


class Unit(StrEnum):
    HOURS = "hours"
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
    """Days on which a branch is closed: monday · last thursday · 12-28..01-04 · 2027-02-01..2027-02-10.

    ``weekday`` counts from Monday = 0; ``nth`` is 1 to 5, -1 for the last of the month, None for each week.
    ``first`` and ``last`` are (month, day) of a yearly closure, which may run over New Year, or two dates.
    """

    weekday: int | None = None
    nth: int | None = None
    first: tuple[int, int] | date | None = None
    last: tuple[int, int] | date | None = None

    def covers(self, day: date) -> bool:
        if self.weekday is None:
            return _within(self.first, self.last, day)
        if day.weekday() != self.weekday:
            return False
        if self.nth == -1:
            return (day + timedelta(days=7)).month != day.month
        return self.nth is None or (day.day - 1) // 7 + 1 == self.nth


def _within(first: tuple[int, int] | date, last: tuple[int, int] | date, day: date) -> bool:
    """Whether a day lies between two dates, or between two days of every year; both ends included."""
    if isinstance(first, date):
        return first <= day <= last
    here = (day.month, day.day)
    if first <= last:
        return first <= here <= last
    return here >= first or here <= last  # over New Year


@dataclass(frozen=True, slots=True)
class Hours:
    """``10:00-18:00``: the first minute in, the last one out."""

    opens: time
    closes: time

    def include(self, clock: time) -> bool:
        return self.opens <= clock < self.closes


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
    """The last day of a period; one of hours ends on the day it starts.

    n days end n days after the start, or n - 1 where the first day counts.  A month ends on the same day of
    the month, or on the month's last.  Open days are those of the branch.
    """
    first = 1 if period.count_first else 0
    match period.unit:
        case Unit.HOURS:
            return start
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
        case _:  # months and years
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


class DayKind(StrEnum):
    """What the desk may write into the calendar."""

    CLOSED = "closed"
    OPEN = "open"
    EVENT = "event"


MOST_DAYS_AT_ONCE = 60
FARTHEST_YEARS = 5  # each way; a day beyond is a slip of the hand


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """What is to be written into the calendar for some days, for one branch or (None) for all."""

    kind: DayKind
    first: date
    last: date
    branch: str | None = None
    label: str = ""

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def decide_plan(plan: CalendarPlan, today: date) -> Decision:
    """Whether a plan can be meant: what was open or closed is history, and an event has a name."""
    refusals = []
    if plan.last < plan.first:
        refusals.append(Refusal(Reason.DAYS_REVERSED))
    if (plan.last - plan.first).days >= MOST_DAYS_AT_ONCE:
        refusals.append(Refusal(Reason.TOO_MANY_DAYS))
    if any(abs(day.year - today.year) > FARTHEST_YEARS for day in (plan.first, plan.last)):
        refusals.append(Refusal(Reason.DAYS_FAR_OFF))
    if plan.kind is not DayKind.EVENT and plan.first < today:
        refusals.append(Refusal(Reason.DAYS_PAST))
    if plan.kind is DayKind.EVENT and not plan.label:
        refusals.append(Refusal(Reason.EVENT_UNNAMED))
    return Decision(tuple(refusals))


def decide_days(
    plan: CalendarPlan, openings: Sequence[OpeningDays], with_event: Iterable[date] = ()
) -> CalendarDecision:
    """Which days of a plan change, by the opening days of the branches it is for.

    Days that are so already are left out; where all are, that is said.  An exceptional opening goes before a
    closure, so it has to be taken back first.  ``with_event`` are the days that have the same event.
    """
    match plan.kind:
        case DayKind.CLOSED:
            already = Reason.CLOSED_ALREADY
            days = [day for day in plan.days if any(opening.is_open(day) for opening in openings)]
        case DayKind.OPEN:
            already = Reason.OPEN_ALREADY
            days = [day for day in plan.days if not all(opening.is_open(day) for opening in openings)]
        case _:
            already = Reason.EVENT_ALREADY
            days = [day for day in plan.days if day not in with_event]
    if not days:
        last = plan.last if plan.last > plan.first else None
        return CalendarDecision((Refusal(already, {"first": plan.first, "last": last}),))
    opened = [day for day in days if any(day in opening.opened for opening in openings)]
    if opened and plan.kind is DayKind.CLOSED:
        return CalendarDecision((Refusal(Reason.OPENED_ON_PURPOSE, {"on": opened}),))
    return CalendarDecision(days=tuple(days))


# ---------------------------------------------------------------------------------------------------------
# What a line asks: which items, which patrons, by which way, where
# ---------------------------------------------------------------------------------------------------------

NEWEST_ISSUE, INTERLIBRARY, HELD, REQUEST = "newest issue", "interlibrary", "held", "request"
BUILT_IN_SETS = (NEWEST_ISSUE, INTERLIBRARY, HELD, REQUEST)  # beside a library's materials and categories


class School(StrEnum):
    """In order.  A year of school begins on 1 April."""

    BEFORE = "before school"
    ELEMENTARY = "elementary"
    JUNIOR_HIGH = "junior high"
    HIGH = "high school"
    AFTER = "after school"


@dataclass(frozen=True, slots=True)
class When:
    """What an item must be; every condition that is named must fit.

    ``call_number`` names the letters that one opens with (R), or with figures its beginning (291, R 8).
    With ``request`` it is a title that the library does not own.
    """

    material: str | None = None
    call_number: str | None = None
    tag: str | None = None
    branch: str | None = None
    added_within: Period | None = None
    request: bool = False


@dataclass(frozen=True, slots=True)
class Category:
    """A name for a set of items: those that any ``when`` fits.  Without a name the id is the name."""

    id: str
    when: tuple[When, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class WhoWhen:
    """What a patron must be; every condition that is named must fit.  Ages and years of school include both
    ends; ``mark`` is a word that the desk has put on the patron."""

    patron: str | None = None
    age_from: int | None = None
    age_to: int | None = None
    school_from: School | None = None
    school_to: School | None = None
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class People:
    """A name for a set of patrons, as a category names a set of items."""

    id: str
    when: tuple[WhoWhen, ...]
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a list asks up to four questions; what it does not ask holds for all.

    Values in one list: any fits.  Different words: all must fit.  ``place`` is where it stands in the file.
    """

    of: tuple[str, ...] = ()  # materials, categories, built-in sets
    who: tuple[str, ...] = ()  # patron categories, people
    at: frozenset[Channel] = ALL_CHANNELS
    branch: tuple[str, ...] = ()  # where it is lent, or picked up
    say: str | None = None
    place: str = field(default="", compare=False)


@dataclass(frozen=True)
class Occasion:
    """By which way, when and where somebody asks.  ``branch`` lends, or is where a hold will be collected;
    None while nobody has chosen."""

    at: Channel
    moment: datetime
    branch: str | None = None

    @cached_property
    def day(self) -> date:
        return library_day(self.moment)

    @cached_property
    def clock(self) -> time:
        return self.moment.astimezone(JAPAN).time()


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A piece, as far as rules care.  ``volumes`` is how many one barcode counts for; ``send_back_by``, of a
    piece of another library, the last day on which it may be here."""

    material: str
    branch: str = ""
    call_number: str = ""
    tags: frozenset[str] = frozenset()
    newest_issue: bool = False
    interlibrary: bool = False
    state: ItemState = ItemState.IN_STOCK
    not_for_loan: bool = False
    volumes: int = 1
    added_on: date | None = None
    due_on: date | None = None  # it is out until then
    set_aside: bool = False  # for a hold, on the shelf or on its way there
    send_back_by: date | None = None

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
    """A title with its items.  ``request``: the library does not own it, somebody asked for it."""

    number: int
    material: str
    items: tuple[ItemFacts, ...] = ()
    holdable_from: datetime | None = None
    request: bool = False


@dataclass(frozen=True, slots=True)
class LoanFacts:
    """An open loan; ``waiting`` counts the holds of others who wait for its title, ``free`` its copies that
    stand on a shelf and could serve them."""

    number: int
    bib: int
    item: ItemFacts
    branch: str
    lent_on: date
    due_on: date
    renewals: int = 0
    waiting: int = 0
    free: int = 0

    def days_overdue(self, today: date) -> int:
        return days_overdue(self.due_on, today)


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """An open hold, and how it was placed."""

    bib: BibFacts
    state: HoldState
    at: Channel = Channel.WEB
    placed_on: date | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class PatronFacts:
    """A patron, as far as rules care.  ``family_loans`` are open loans of others of the household, which only
    a policy that blocks whole families asks for; ``penalty_until`` ends what late returns have cost;
    ``stopped_for`` is why the desk stops the patron, and ``stopped_until`` the last day of that."""

    category: str
    card_expires_on: date | None = None
    has_mail: bool = False
    loans: tuple[LoanFacts, ...] = ()
    holds: tuple[HoldFacts, ...] = ()
    born_on: date | None = None
    marks: frozenset[str] = frozenset()
    family_loans: tuple[LoanFacts, ...] = ()
    penalty_until: date | None = None
    stopped_for: str = ""
    stopped_until: date | None = None


def item_is(policy: Policy, item: ItemFacts, name: str, day: date) -> bool:
    """Whether an item belongs to what a line names: a material, a category, or a built-in set."""
    if item.material == name:
        return True
    category = policy.category(name)
    if category is not None:
        return any(_item_fits(item, when, day) for when in category.when)
    return (name == NEWEST_ISSUE and item.newest_issue) or (name == INTERLIBRARY and item.interlibrary)


def _item_fits(item: ItemFacts, when: When, day: date) -> bool:
    return (
        not when.request
        and (when.material is None or item.material == when.material)
        and (when.call_number is None or _call_number_fits(item.call_number, when.call_number))
        and (when.tag is None or when.tag in item.tags)
        and (when.branch is None or item.branch == when.branch)
        and (
            when.added_within is None
            or (item.added_on is not None and day <= end_of(when.added_within, item.added_on))
        )
    )


@lru_cache(maxsize=4096)
def _call_number_fits(call_number: str, wanted: str) -> bool:
    wanted = _plain(wanted)
    if location_prefix(wanted) == wanted:
        return location_prefix(call_number) == wanted
    return _plain(call_number).startswith(wanted)


def location_prefix(call_number: str) -> str:
    """別置記号: the letters or kana that a call number opens with, R of 「R 813 コ」, none of 「913 ナ」."""
    opening = re.match(r"[A-Z]+|[ァ-ヶー]+", _plain(call_number))
    return opening[0] if opening else ""


def _plain(letters: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", letters)).strip().upper()


def bib_is(policy: Policy, bib: BibFacts, name: str, day: date) -> bool:
    """A title belongs to a set if one of its items does; to its material even without items.

    A request for a title that the library does not own belongs to the requests, and to no set but theirs.
    """
    if bib.request:
        category = policy.category(name)
        asked = [when for when in category.when if when.request] if category else []
        return name == REQUEST or any(when.material in (None, bib.material) for when in asked)
    return bib.material == name or any(item_is(policy, item, name, day) for item in bib.items)


def _is(policy: Policy, thing: ItemFacts | BibFacts, day: date) -> Callable[[str], bool]:
    """Whether an item or a title belongs to a set, as a question to be asked later."""
    if isinstance(thing, BibFacts):
        return lambda name: bib_is(policy, thing, name, day)
    return lambda name: item_is(policy, thing, name, day)


def loan_is(policy: Policy, loan: LoanFacts, name: str, day: date) -> bool:
    """As its item, and "held" while others wait for its title."""
    return loan.waiting > 0 if name == HELD else item_is(policy, loan.item, name, day)


def age(born_on: date, day: date) -> int:
    """Years that are full on this day; whoever was born on 29 February completes one on 1 March."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def school(born_on: date, day: date) -> School:
    """Which school a child of this birthday goes to.  School begins on the 1 April after the sixth birthday,
    where whoever was born on 1 April is one of the older (学校教育法17条, 年齢計算ニ関する法律)."""
    school_year = day.year - (day.month < 4)
    class_of = born_on.year - ((born_on.month, born_on.day) < (4, 2))
    grade = school_year - class_of - 6
    if grade < 1:
        return School.BEFORE
    if grade > 12:
        return School.AFTER
    return (School.ELEMENTARY, School.JUNIOR_HIGH, School.HIGH)[0 if grade <= 6 else 1 if grade <= 9 else 2]


def patron_is(policy: Policy, patron: PatronFacts, name: str, day: date) -> bool | None:
    """Whether a patron belongs to what a line names: a patron category or a set of people.

    None: it hangs on the age, and the birth date is not known.
    """
    people = policy.people_called(name)
    if people is None:
        return patron.category == name
    return _any([_patron_fits(patron, when, day) for when in people.when])


def _patron_fits(patron: PatronFacts, when: WhoWhen, day: date) -> bool | None:
    if (when.patron is not None and when.patron != patron.category) or (
        when.mark is not None and when.mark not in patron.marks
    ):
        return False
    by_age = (when.age_from, when.age_to, when.school_from, when.school_to)
    if by_age == (None, None, None, None):
        return True
    if patron.born_on is None:
        return None
    years, schools = age(patron.born_on, day), list(School)
    stage = schools.index(school(patron.born_on, day))
    return (
        (when.age_from is None or when.age_from <= years)
        and (when.age_to is None or years <= when.age_to)
        and (when.school_from is None or schools.index(when.school_from) <= stage)
        and (when.school_to is None or stage <= schools.index(when.school_to))
    )


def _any(answers: Iterable[bool | None]) -> bool | None:
    """True if one is; else None if one may be."""
    answers = list(answers)
    return True if True in answers else None if None in answers else False


def _asks_for(policy: Policy, line: Line, patron: PatronFacts | None, day: date, unknown: bool) -> bool:
    """Whether the line's ``who`` takes this patron in; ``unknown`` where nobody has logged in, or where it
    hangs on a birth date that is not known."""
    if not line.who:
        return True
    if patron is None:
        return unknown
    answer = _any(patron_is(policy, patron, name, day) for name in line.who)
    return unknown if answer is None else answer


def _asks_where(line: Line, occasion: Occasion) -> bool:
    return not line.branch or occasion.branch in line.branch


def _closeness(policy: Policy, line: Line, item: ItemFacts, day: date) -> tuple[bool, int, bool, bool]:
    """Of several lines that fit, the closer decides: one that names the patron before one that does not,
    then by category before material before all, then by branch, then by way."""
    named = [name for name in line.of if item_is(policy, item, name, day)]
    nearness = 2 if any(policy.material(name) is None for name in named) else 1 if named else 0
    return bool(line.who), nearness, bool(line.branch), line.at != ALL_CHANNELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting(Line):
    """How long, for what the line asks for."""

    period: Period = field(metadata={"spread": True})  # its keys stand in the line itself: weeks = 2


def _closest(
    policy: Policy, lines: Iterable[Lasting], item: ItemFacts, patron: PatronFacts | None, occasion: Occasion
) -> Lasting | None:
    """The closest line that fits; of equally close ones the shorter period.  None where no line fits."""
    day = occasion.day
    fitting = [
        line
        for line in lines
        if occasion.at in line.at
        and _asks_where(line, occasion)
        and (not line.of or any(item_is(policy, item, name, day) for name in line.of))
        and _asks_for(policy, line, patron, day, unknown=False)
    ]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    closest = max(_closeness(policy, line, item, day) for line in fitting)
    return min(
        (line for line in fitting if _closeness(policy, line, item, day) == closest),
        key=lambda line: end_of(line.period, date(2001, 1, 1)),
    )


_NOWHERE = {
    Act.LOAN: Reason.NOT_LENDABLE,
    Act.HOLD: Reason.NOT_HOLDABLE,
    Act.RENEWAL: Reason.NOT_RENEWABLE,
}
_ELSEWHERE = {
    Act.LOAN: Reason.NOT_LENDABLE_HERE,
    Act.HOLD: Reason.NOT_HOLDABLE_HERE,
    Act.RENEWAL: Reason.NOT_RENEWABLE_HERE,
}


def _excluded(
    policy: Policy,
    act: Act,
    never: Iterable[Line],
    only: Iterable[Line],
    is_: Callable[[str], bool] | None,
    patron: PatronFacts | None,
    occasion: Occasion,
) -> list[Refusal]:
    """What the lines under ``not`` and ``only`` refuse; all are obeyed, and beat every permission.

    ``is_`` says whether the thing belongs to a set; without a thing only lines that ask for none are tried.
    Where another way is open to it, each refusal says which; nobody is sent to a desk that would refuse.  An
    ``only`` by age lets pass whoever's birth date is not known.
    """
    day = occasion.day

    def named(line: Line) -> list[str] | None:
        """What of the line the thing is; None where the line is not about it."""
        if is_ is None or not line.of:
            return [] if (is_ is None) == (not line.of) else None
        return [name for name in line.of if is_(name)] or None

    barring = [
        (line, of)
        for line in never
        if (of := named(line)) is not None
        and _asks_for(policy, line, patron, day, unknown=False)
        and _asks_where(line, occasion)
    ]
    barred = {way for line, _ in barring for way in line.at}
    open_ways = [way for way in (Channel.DESK, Channel.PHONE) if way not in barred]
    refusals = []
    for line, of in barring:
        if occasion.at not in line.at:
            continue
        facts: dict[str, object] = {"what": policy.names(of)}
        if line.who:
            reason, facts = Reason.NOT_FOR, {**facts, "act": act, "who": policy.who_names(line.who)}
            if open_ways:
                reason, facts = Reason.NOT_FOR_HERE, {**facts, "here": occasion.at, "at": open_ways}
        elif line.branch and not open_ways:
            branches = policy.branch_names(line.branch)
            reason, facts = Reason.NOT_AT_BRANCH, {**facts, "act": act, "branch": branches}
        elif open_ways:
            reason, facts = _ELSEWHERE[act], {**facts, "here": occasion.at, "at": open_ways}
        else:
            reason = _NOWHERE[act]
        say = line.say if open_ways or line.at == ALL_CHANNELS else None
        refusals.append(Refusal(reason, facts, say, line.place))

    for line in only:
        if (of := named(line)) is None:
            continue
        facts = {"what": policy.names(of), "act": act}
        if not _asks_for(policy, line, patron, day, unknown=True):
            facts_for = {**facts, "who": policy.who_names(line.who)}
            refusals.append(Refusal(Reason.ONLY_FOR, facts_for, line.say, line.place))
        if occasion.branch is not None and not _asks_where(line, occasion):
            facts_at = {**facts, "branch": policy.branch_names(line.branch)}
            refusals.append(Refusal(Reason.ONLY_AT_BRANCH, facts_at, line.say, line.place))
        if occasion.at not in line.at:
            ways = [way for way in Channel if way in line.at]
            facts_here = {"what": policy.names(of), "here": occasion.at, "at": ways}
            refusals.append(Refusal(_ELSEWHERE[act], facts_here, line.say, line.place))
    return refusals


def _once(refusals: Iterable[Refusal]) -> list[Refusal]:
    """Each refusal once, in the order in which they came."""
    distinct = []
    for refusal in refusals:
        if refusal not in distinct:
            distinct.append(refusal)
    return distinct


def _outside_hours(hours: Mapping[Channel, Hours], occasion: Occasion, act: Act, place: str) -> list[Refusal]:
    """Some ways are open for a part of the day only (宇都宮: renewal on the web from 8:30 to 20:00)."""
    open_hours = hours.get(occasion.at)
    if open_hours is None or open_hours.include(occasion.clock):
        return []
    facts = {"act": act, "opens": open_hours.opens, "closes": open_hours.closes}
    return [Refusal(Reason.OUTSIDE_HOURS, facts, place=f"{place}.{occasion.at}")]


# ---------------------------------------------------------------------------------------------------------
# The library, its cards and its patrons
# ---------------------------------------------------------------------------------------------------------


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


class ValidFrom(StrEnum):
    """From when the life of a card is counted; from a birthday, its last day is one."""

    ISSUE = "issue"
    LAST_USE = "last use"
    BIRTHDAY = "birthday"


@dataclass(frozen=True, slots=True)
class RenewCard:
    """How long before its last day a card may be renewed."""

    days_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid(Lasting):
    """How long a card is good."""

    start: ValidFrom = written("from", default=ValidFrom.ISSUE)
    renew: RenewCard | None = None


@dataclass(frozen=True, slots=True)
class Cards:
    number: CardNumber | None = None
    barred: tuple[BarredCards, ...] = ()
    valid: tuple[Valid, ...] = ()
    forget_after: Period | None = None


@dataclass(frozen=True, slots=True)
class Passwords:
    at_least: int


class FirstPassword(StrEnum):
    """How a patron comes by a password: with facts about themselves, or with a code from the desk."""

    FACTS = "facts"
    CODE = "code from the desk"


class Fact(StrEnum):
    """What a patron is asked for to prove who they are; the card's number is always asked."""

    CARD = "card"
    KANA_NAME = "kana name"
    BIRTH_DATE = "birth date"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Registration:
    """パスワード登録 (document 2, 4. 利用者登録の流れ)."""

    first_password: tuple[FirstPassword, ...] = (FirstPassword.CODE,)
    facts: tuple[Fact, ...] = tuple(Fact)

    @property
    def asked(self) -> tuple[Fact, ...]:
        """The facts beside the card's number, in the order in which a form asks for them."""
        return tuple(fact for fact in Fact if fact in self.facts and fact is not Fact.CARD)


class DottedAddresses(StrEnum):
    """What becomes of an address with dots side by side, to which many mails never come (document 2)."""

    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class ContactPolicy:
    """Where the library writes to, and from which address it does."""

    mail_addresses: int = 3
    dotted_addresses: DottedAddresses = DottedAddresses.WARN
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """For how long nobody need touch what is logged in, before it ends."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Logins:
    """When a patron's login ends by itself: on a device of one's own, and at a terminal in the library, where
    the next patron may be waiting already."""

    stays: Idle = Idle(30)
    kiosk: Idle = Idle(3)


@dataclass(frozen=True, slots=True)
class PatronCategory:
    """利用者区分."""

    id: str
    name: str
    holds: bool
    say: str | None = None


_CARD_FRAME = re.compile(r"[A-D](\d+)[A-D]")
_BLANKS_AND_HYPHENS = re.compile(r"[\s\-‐-―−ー]+")
_MAIL_NAME = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")  # before the @
_MAIL_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")


def card_number(typed: str) -> str:
    """A card number as the library keeps it, from what was typed or scanned.

    Full-width digits, blanks and hyphens are forgiven, and so are the start and stop letters that an NW-7
    barcode carries (printed between A and A).
    """
    number = _BLANKS_AND_HYPHENS.sub("", unicodedata.normalize("NFKC", typed)).upper()
    framed = _CARD_FRAME.fullmatch(number)
    return framed[1] if framed else number


def item_barcode(scanned: str) -> str:
    """資料番号 as the library keeps it, from what was typed or scanned; forgiven is what a card's is."""
    return card_number(scanned)


def is_book_trade_barcode(code: str) -> bool:
    """Whether this is what a publisher prints: an ISBN, the second row with class and price, or a magazine's
    491, which some scanners read with the five figures of its price."""
    return re.fullmatch(r"(?:(?:97[89]|19[12])\d{10}|491\d{10}(?:\d{5})?)", code) is not None


def card_has_expired(expires_on: date | None, today: date) -> bool:
    """A card is good until the end of its last day; one without a last day always is."""
    return expires_on is not None and expires_on < today


def card_valid(policy: Policy, patron: PatronFacts, day: date) -> Valid | None:
    """The line that says how long this patron's card is good; None: without an end."""
    fitting = [line for line in policy.card.valid if _asks_for(policy, line, patron, day, unknown=False)]
    return min(fitting, key=lambda line: (not line.who, end_of(line.period, date(2001, 1, 1))), default=None)


def card_expires_on(
    policy: Policy, patron: PatronFacts, issued_on: date, last_used_on: date | None = None
) -> date | None:
    """The last day of a card; None for one without an end.

    太宰府: three years for residents, one for others.  Counted from the issue, from the last use, or to the
    last birthday within the period where the sheet ties cards to birthdays.
    """
    line = card_valid(policy, patron, issued_on)
    if line is None:
        return None
    if line.start is ValidFrom.LAST_USE:
        return end_of(line.period, last_used_on or issued_on)
    end = end_of(line.period, issued_on)
    if line.start is ValidFrom.BIRTHDAY and patron.born_on is not None:
        birthday = _birthday_in(end.year, patron.born_on)
        if birthday > end:
            birthday = _birthday_in(end.year - 1, patron.born_on)
        return birthday if birthday > issued_on else end
    return end


def _birthday_in(year: int, born_on: date) -> date:
    leap = (born_on.month, born_on.day) == (2, 29) and not calendar.isleap(year)
    return date(year, 3, 1) if leap else born_on.replace(year=year)


def card_renewable_from(policy: Policy, patron: PatronFacts) -> date | None:
    """From which day on a card may be renewed; None where the sheet does not say, or the card has no end."""
    if patron.card_expires_on is None:
        return None
    line = card_valid(policy, patron, patron.card_expires_on)
    if line is None or line.renew is None:
        return None
    return patron.card_expires_on - timedelta(days=line.renew.days_before)


def decide_login(policy: Policy, number: str) -> Decision:
    """Cards of some series must be renewed at the library first (source document 1, 利用できる方)."""
    return Decision(
        tuple(
            Refusal(Reason.BARRED_CARD, {"prefix": barred.prefix}, barred.say, f"card.barred[{n}]")
            for n, barred in enumerate(policy.card.barred, start=1)
            if number.startswith(barred.prefix)
        )
    )


LONGEST_LOGIN = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)  # how often a login that is in use is noted as seen
_TURNS_AT_TERMINAL = 11  # the first, and ten more: as often a patron can have time added (WCAG 2.2.1)


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a login lasts: so long after the last page, and so long after it began at the latest."""

    idle: timedelta
    longest: timedelta = LONGEST_LOGIN

    @property
    def warned_before(self) -> timedelta:
        """How long before its end the patron is told: a minute, or half of what is shorter than two."""
        return min(timedelta(minutes=1), self.idle / 2)


STAY_AT_DESK = Stay(timedelta(minutes=30))


def stay_of_patron(policy: Policy, at: Channel) -> Stay:
    """How long a patron's login lasts at home, or at a terminal in the library, where it is kept short."""
    if at is not Channel.KIOSK:
        return Stay(timedelta(minutes=policy.login.stays.minutes))
    idle = timedelta(minutes=policy.login.kiosk.minutes)
    return Stay(idle, _TURNS_AT_TERMINAL * idle)


def login_ends_at(stay: Stay, started_at: datetime, seen_at: datetime) -> datetime:
    """The last moment of a login, if nothing more is done with it."""
    return min(seen_at + stay.idle, started_at + stay.longest)


def login_lasts(stay: Stay, started_at: datetime, seen_at: datetime, now: datetime) -> bool:
    return now <= login_ends_at(stay, started_at, seen_at)


def login_may_last(stay: Stay, started_at: datetime, noted_at: datetime, now: datetime) -> bool:
    """Whether a login can last that was noted as seen then: its last page may have come a little later."""
    return login_lasts(stay, started_at, noted_at + SEEN_EVERY, now)


@dataclass(frozen=True, slots=True)
class OwnNumbers:
    """Numbers of a patron that others come by easily, so that none of them is a password."""

    card_number: str = ""
    born_on: date | None = None
    phone: str | None = None


GUESSES_AT_LEAST = 1_000_000  # so many tries a password withstands: a stranger's guesses wait for one another


def decide_password(
    policy: Policy,
    password: str,
    own: OwnNumbers = OwnNumbers(),
    before: str | None = None,
    guesses: float = math.inf,
) -> Decision:
    """Letters and digits, so many or more; other printable characters are welcome too (document 1, 利用方法).

    Blanks at either end do not count, since nobody sees them.  Birth date and phone number are none (document
    2), nor is the card's number, however they are written; nor the password of ``before``, nor one that is
    found within so many ``guesses`` of those who know which passwords are common.
    """
    refusals = []
    if len(password.strip()) < policy.password.at_least:
        refusals.append(Refusal(Reason.PASSWORD_SHORT, {"least": policy.password.at_least}))
    if not password.replace("\u3000", " ").isprintable():  # an IME writes such a blank
        refusals.append(Refusal(Reason.PASSWORD_UNPRINTABLE))
    bare = _BETWEEN_FIGURES.sub("", unicodedata.normalize("NFKC", password))
    if own.card_number and own.card_number in (bare, card_number(password)):
        refusals.append(Refusal(Reason.PASSWORD_IS_CARD))
    if own.born_on and bare in _as_figures(own.born_on):
        refusals.append(Refusal(Reason.PASSWORD_IS_BIRTH_DATE))
    if own.phone and bare == own.phone:
        refusals.append(Refusal(Reason.PASSWORD_IS_PHONE))
    if before is not None and password.strip() == before.strip():
        refusals.append(Refusal(Reason.PASSWORD_AS_BEFORE))
    if not refusals and guesses < GUESSES_AT_LEAST:
        refusals.append(Refusal(Reason.PASSWORD_COMMON))
    return Decision(tuple(refusals))


_BETWEEN_FIGURES = re.compile(r"[\s\-‐-―−ー./,・()年月日]+")


def _as_figures(day: date) -> set[str]:
    """The ways in which people write a day with figures alone."""
    return {
        f"{day:%Y%m%d}",
        f"{day:%y%m%d}",
        f"{day:%m%d}",
        f"{day:%m%d%Y}",
        f"{day.year}{day.month}{day.day}",
    }


CODE_CHARACTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another: no I, L, O, 0, 1
CODE_LENGTH = 10
CODE_DAYS = 14


def password_code(typed: str) -> str:
    """A code from the desk however it was typed: wide or small letters, blanks and hyphens are forgiven."""
    return _BLANKS_AND_HYPHENS.sub("", unicodedata.normalize("NFKC", typed)).upper()


def code_expires_at(given_at: datetime) -> datetime:
    """A code that lets a patron set a password is good for two weeks, to the end of that day."""
    return datetime.combine(library_day(given_at) + timedelta(days=CODE_DAYS + 1), time(), JAPAN)


def code_last_day(expires_at: datetime) -> date:
    """The last day on which a code with this end can be used."""
    return library_day(expires_at) - timedelta(days=1)


def code_is_good(expires_at: datetime, now: datetime) -> bool:
    return now < expires_at


def decide_code(policy: Policy, number: str) -> Decision:
    """Whether the desk gives the holder of this card a code to set a password with."""
    if FirstPassword.CODE not in policy.registration.first_password:
        return Decision((Refusal(Reason.NO_CODES, place="registration.first_password"),))
    return decide_login(policy, number)


@dataclass(frozen=True, slots=True)
class ProvenBy:
    """What somebody types to prove who they are, in whatever form they type it."""

    kana_name: str = ""
    birth_date: str = ""
    phone: str = ""


def proves(policy: Policy, typed: ProvenBy, known: PatronEntry) -> bool:
    """Whether these are the facts that the library knows of a patron, all that the policy asks for.

    A fact that the library has never written down proves nothing.  Of a name (全角カナ, document 2) blanks,
    half-width and hiragana are forgiven; of a date and a phone number what stands between the figures.
    """
    fits = {
        Fact.KANA_NAME: name_letters(typed.kana_name) == name_letters(known.kana_name) != "",
        Fact.BIRTH_DATE: birth_date(typed.birth_date) == known.born_on is not None,
        Fact.PHONE: phone_number(typed.phone) == known.phone is not None,
    }
    return all(fits[fact] for fact in policy.registration.asked)


def name_letters(name: str) -> str:
    """The kana of a name, however it was typed: サトウハナ."""
    plain = _LONG_VOWELS.sub("ー", unicodedata.normalize("NFKC", name))
    katakana = (chr(ord(letter) + 0x60) if "ぁ" <= letter <= "ゖ" else letter for letter in plain)
    return "".join(letter for letter in katakana if letter.isalnum())  # ー is one of them


def birth_date(typed: str) -> date | None:
    """The day of 19750408, 1975年4月8日, 1975/4/8 or 昭和50年4月8日; None for what names none."""
    plain = unicodedata.normalize("NFKC", typed).strip()
    parts = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", plain) or re.fullmatch(
        r"(.+?)\s*[-/.年\s]\s*(\d{1,2})\s*[-/.月\s]\s*(\d{1,2})\s*日?", plain
    )
    year = year_of(parts[1]) if parts else None
    try:
        return date(year, int(parts[2]), int(parts[3])) if year else None
    except ValueError:
        return None


_LONG_VOWELS = re.compile(r"[-‐-―−ｰ]")

PROOF_GOOD_FOR = timedelta(minutes=30)  # so long somebody who has proved who they are may set a password
LINK_GOOD_FOR = timedelta(hours=24)  # so long a link in a mail can be used, once


class TicketKind(StrEnum):
    """What may be done once: set a password, having proved who one is or by a link; confirm an address."""

    PROVEN = "proven"
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    ADDRESS = "address"


def ticket_expires_at(kind: TicketKind, now: datetime) -> datetime:
    return now + (PROOF_GOOD_FOR if kind is TicketKind.PROVEN else LINK_GOOD_FOR)


@dataclass(frozen=True, slots=True)
class Patience:
    """From ``free`` failures on the next try waits ``first`` seconds; each further one doubles them."""

    free: int
    first: int
    most: int
    fades: timedelta | None = None  # in this time one failure is forgotten


PATIENCE_WITH_CARD_AND_ADDRESS = Patience(free=5, first=10, most=15 * 60)
# Families, and the terminals of a library, share an address.
PATIENCE_WITH_ADDRESS = Patience(free=30, first=10, most=60, fades=timedelta(minutes=1))
# Wherever they come from: only so long that no stranger can lock somebody out.
PATIENCE_WITH_CARD = Patience(free=5, first=1, most=3)
FAILURES_KEPT = timedelta(hours=24)


def failures_left(patience: Patience, failures: int, last_at: datetime, now: datetime) -> int:
    """How many of these failures, the last of them at ``last_at``, still count.

    One fades in each minute where only the address is the same; a day after the last one none is left.
    """
    since = max(now - last_at, timedelta(0))
    if since >= FAILURES_KEPT:
        return 0
    return max(0, failures - since // patience.fades) if patience.fades else failures


def seconds_to_wait(patience: Patience, failures: int, last_at: datetime, now: datetime) -> int:
    """How long the next try has to wait: 0, it may come now.

    After so many failures     4    5    6    7    8  ...   11   12   30   31   32   33 and more
    one card, one address      0   10   20   40   80  ...  640  900  900  900  900  900
    one address                0    0    0    0    0  ...    0    0   10   20   40   60
    one card, all addresses    0    1    2    3    3  ...    3    3    3    3    3    3
    """
    if failures < patience.free:
        return 0
    delay = min(patience.first * 2 ** min(failures - patience.free, 10), patience.most)
    # Either way: a clock that has been put back keeps nobody out for longer.
    return max(0, math.ceil(delay - abs(now - last_at).total_seconds()))


def is_mail_address(address: str) -> bool:
    """Whether a mail address has a form that can be delivered to at all."""
    return not _against_address(address)


def decide_mail_address(policy: Policy, address: str) -> Decision:
    """Whether a patron may give this address, and everything that speaks against it."""
    reasons = _against_address(address)
    if policy.contact.dotted_addresses is DottedAddresses.REFUSE and has_odd_dots(address):
        reasons.append(Reason.MAIL_DOTS)
    return Decision(tuple(Refusal(reason) for reason in reasons))


def _against_address(address: str) -> list[Reason]:
    reasons = []
    name, at, domain = address.rpartition("@")
    if not at or "@" in name or not name or not domain:
        reasons.append(Reason.MAIL_AT)
    if not (address.isascii() and address.isprintable()) or " " in address:
        reasons.append(Reason.MAIL_SIGNS)
    if not reasons and not _MAIL_DOMAIN.fullmatch(domain):
        reasons.append(Reason.MAIL_DOMAIN)
    if not reasons and (len(address) > 254 or not _MAIL_NAME.fullmatch(name)):
        reasons.append(Reason.MAIL_FORM)
    return reasons


def has_odd_dots(address: str) -> bool:
    """Whether dots stand side by side, or first or last before the @: many mails never come there (document
    2, 登録時の注意事項)."""
    name = address.rpartition("@")[0]
    return ".." in name or name.startswith(".") or name.endswith(".")


def decide_new_address(policy: Policy, address: str, known: Collection[str]) -> Decision:
    """Whether a patron with these addresses gets one more."""
    refusals = decide_mail_address(policy, address).refusals
    if address.lower() in {one.lower() for one in known}:
        return Decision((*refusals, Refusal(Reason.MAIL_KNOWN)))
    return Decision(refusals + decide_one_more_address(policy, len(known)).refusals)


def decide_one_more_address(policy: Policy, known: int) -> Decision:
    """Whether there is room for one more, whichever it is."""
    most = policy.contact.mail_addresses
    full = Refusal(Reason.MAIL_MANY, {"most": most}, place="contact.mail_addresses")
    return Decision((full,) if known >= most else ())


def decide_address_removal(policy: Policy, others: int, open_holds: int) -> Decision:
    """The last address goes only while no hold waits for a message to it, where holds need one."""
    needed = policy.hold.needs_mail and open_holds and not others
    return Decision((Refusal(Reason.MAIL_NEEDED, {"count": open_holds}),) if needed else ())


def decide_phone(phone: str) -> Decision:
    """Whether this can be a telephone number in Japan, in the form in which it is kept."""
    return Decision() if re.fullmatch("0[0-9]{9,10}", phone) else Decision((Refusal(Reason.PHONE_FORM),))


@dataclass(frozen=True, slots=True)
class PatronEntry:
    """What the desk writes down of a patron beside the card's number."""

    kana_name: str
    category: str
    born_on: date | None = None
    phone: str | None = None
    mail: str | None = None
    household: str | None = None
    postal_address: str | None = None


_KANA_NAME = re.compile("[ァ-ヺー・ ]*[ァ-ヺ][ァ-ヺー・ ]*")
_ANY_CARD = re.compile("[0-9A-Z]{1,20}")
LONGEST_KANA_NAME = 60
LONGEST_POSTAL_ADDRESS = 120
_OLDEST = 130  # years


def plain_line(typed: str) -> str:
    """A line however it was typed: one kind of letter, single blanks, and nothing that nobody sees."""
    plain = unicodedata.normalize("NFKC", typed)
    return " ".join("".join(character for character in plain if character.isprintable()).split())


def phone_number(typed: str) -> str:
    """A telephone number as it is kept: without blanks, hyphens and brackets."""
    return re.sub("[()]", "", _BLANKS_AND_HYPHENS.sub("", unicodedata.normalize("NFKC", typed)))


def as_kept(policy: Policy, entry: PatronEntry) -> PatronEntry:
    """What was typed in the form in which it is kept; the household only where a rule asks for it."""
    return PatronEntry(
        kana_name=plain_line(entry.kana_name),
        category=entry.category,
        born_on=entry.born_on,
        phone=phone_number(entry.phone or "") or None,
        mail=(entry.mail or "").strip() or None,
        household=plain_line(entry.household or "") or None if asks_for_households(policy) else None,
        postal_address=one_line(entry.postal_address or "") or None,
    )


def facts_asked(policy: Policy) -> tuple[Fact, ...]:
    """What a patron proves to set a password; nothing where the sheet knows only the code from the desk."""
    by_facts = FirstPassword.FACTS in policy.registration.first_password
    return policy.registration.asked if by_facts else ()


def asks_for_households(policy: Policy) -> bool:
    """Whether some block asks for the loans of a patron's family."""
    return any(block.when.family for block in policy.blocks)


def asks_for_birth_dates(policy: Policy) -> bool:
    """Whether something in the sheet hangs on a patron's age or school, or ends a card on a birthday."""
    return any(line.start is ValidFrom.BIRTHDAY for line in policy.card.valid) or any(
        asked is not None
        for people in policy.people
        for when in people.when
        for asked in (when.age_from, when.age_to, when.school_from, when.school_to)
    )


def marks_of(policy: Policy) -> list[str]:
    """The words that the desk may put on a patron: those that a block or a set of people asks for."""
    asked = [block.when.mark for block in policy.blocks]
    asked += [when.mark for people in policy.people for when in people.when]
    return list(dict.fromkeys(mark for mark in asked if mark is not None))


def decide_entry(policy: Policy, entry: PatronEntry, today: date) -> Decision:
    """Whether what was written down of a patron, in the form in which it is kept, can be right."""
    refusals = []
    if len(entry.kana_name) > LONGEST_KANA_NAME or not _KANA_NAME.fullmatch(entry.kana_name):
        refusals.append(Refusal(Reason.NAME_FORM))
    if policy.patron_category(entry.category) is None:
        refusals.append(Refusal(Reason.UNKNOWN_CATEGORY))
    if entry.born_on is not None and not 0 <= age(entry.born_on, today) <= _OLDEST:
        refusals.append(Refusal(Reason.BIRTH_DATE))
    if entry.phone is not None:
        refusals += decide_phone(entry.phone).refusals
    if entry.mail is not None:
        refusals += decide_mail_address(policy, entry.mail).refusals
    if len(entry.postal_address or "") > LONGEST_POSTAL_ADDRESS:
        refusals.append(Refusal(Reason.POSTAL_ADDRESS_LONG, {"most": LONGEST_POSTAL_ADDRESS}))
    return Decision(tuple(refusals))


def decide_card(policy: Policy, number: str, taken: bool = False, is_a_piece: bool = False) -> Decision:
    """Whether a card may be given this number.  ``taken``: somebody has it; ``is_a_piece``: it is the barcode
    of a piece, so that the desk could not tell the two apart."""
    rule, refusals = policy.card.number, []
    if rule is None:
        if not _ANY_CARD.fullmatch(number):
            refusals.append(Refusal(Reason.CARD_FORM))
    else:
        if not re.fullmatch(f"[0-9]{{{rule.digits}}}", number):
            refusals.append(Refusal(Reason.CARD_DIGITS, {"digits": rule.digits}, place="card.number"))
        if rule.starts and not number.startswith(rule.starts):
            starts = list(rule.starts)
            refusals.append(Refusal(Reason.CARD_STARTS, {"starts": starts}, place="card.number"))
    refusals += decide_login(policy, number).refusals
    if taken:
        refusals.append(Refusal(Reason.CARD_TAKEN))
    if is_a_piece or is_book_trade_barcode(number):
        refusals.append(Refusal(Reason.CARD_IS_A_PIECE))
    return Decision(tuple(refusals))


def decide_registration(
    policy: Policy,
    number: str,
    entry: PatronEntry,
    today: date,
    taken: bool = False,
    is_a_piece: bool = False,
) -> CardDecision:
    """Whether somebody becomes a patron with this card, and until when it is good."""
    policy = policy.on(today)
    refusals = decide_card(policy, number, taken, is_a_piece).refusals
    refusals += decide_entry(policy, entry, today).refusals
    if refusals:
        return CardDecision(refusals)
    patron = PatronFacts(entry.category, born_on=entry.born_on)
    return CardDecision((), card_expires_on(policy, patron, today))


def decide_card_renewal(policy: Policy, patron: PatronFacts, today: date) -> CardDecision:
    """Whether a card is renewed today, and until when it is good then: counted from today.

    A card with a last day in a library whose cards have none becomes one without an end.
    """
    policy = policy.on(today)
    end = card_expires_on(policy, patron, today)
    if patron.card_expires_on is None:
        return CardDecision(() if end else (Refusal(Reason.CARD_WITHOUT_END),), end)
    refusals = []
    renewable_from = card_renewable_from(policy, patron)
    if renewable_from is not None and today < renewable_from:
        refusals.append(Refusal(Reason.CARD_RENEWABLE_FROM, {"day": renewable_from}, place="card.valid"))
    if end is not None and end <= patron.card_expires_on:
        refusals.append(Refusal(Reason.CARD_NO_DAY_GAINED, {"day": patron.card_expires_on}))
    return CardDecision(tuple(refusals), None if refusals else end)


def decide_mark(policy: Policy, mark: str) -> Decision:
    """Only words that some rule asks for are put on a patron; nothing else is written down about anybody."""
    return Decision() if mark in marks_of(policy) else Decision((Refusal(Reason.UNKNOWN_MARK),))


LONGEST_CAUSE = 60  # characters of why somebody is stopped


def decide_stop(why: str, until: date | None, today: date) -> Decision:
    """The desk stops a patron for a reason that can be told, until a day that is not over, or until further
    notice."""
    refusals = []
    if not 0 < len(why) <= LONGEST_CAUSE:
        refusals.append(Refusal(Reason.STOP_WITHOUT_CAUSE, {"most": LONGEST_CAUSE}))
    if until is not None and until < today:
        refusals.append(Refusal(Reason.STOP_OVER))
    return Decision(tuple(refusals))


def decide_deletion(open_loans: int) -> Decision:
    """A patron can be deleted once everything has come back."""
    return Decision((Refusal(Reason.OPEN_LOANS, {"count": open_loans}),) if open_loans else ())


# ---------------------------------------------------------------------------------------------------------
# What the desk writes down of titles and pieces
# ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreatorEntry:
    """A person or body of the title page; the reading in kana."""

    name: str
    reading: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class TitleEntry:
    """What the desk writes down of a title.  An issue names its magazine, by number or as a new one, and the
    day on which it came out; which issue is the newest follows from that."""

    material: str
    title: str
    title_kana: str = ""
    subtitle: str = ""
    volume: str = ""
    creators: tuple[CreatorEntry, ...] = ()
    publisher: str = ""
    pub_year: int | None = None
    isbn: str | None = None
    ndc: str = ""
    series: str = ""
    subjects: str = ""
    extent: str = ""
    serial: int | None = None
    new_serial: str = ""
    issued_on: date | None = None
    holdable_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemEntry:
    """What the desk writes down of a piece; the barcode in the form in which it is kept."""

    barcode: str
    branch: str
    call_number: str = ""
    tags: tuple[str, ...] = ()
    not_for_loan: bool = False
    interlibrary: bool = False
    volumes: int = 1


_NDC = re.compile(r"[0-9]{1,2}|[0-9]{3}(?:\.[0-9]{1,6})?")
_ANY_BARCODE = re.compile("[0-9A-Z]{1,20}")
_OLDEST_PRINT = 1400
_MOST_VOLUMES = 999
# The letter and the name of an era, the year before its first, and its last year where it has one.
_ERAS = (
    ("M明治", 1867, 45),
    ("T大正", 1911, 15),
    ("S昭和", 1925, 64),
    ("H平成", 1988, 31),
    ("R令和", 2018, 99),
)


def one_line(typed: str) -> str:
    """A line as it was written, with single blanks and nothing that nobody sees; full-width signs stay."""
    return " ".join("".join(sign for sign in typed if sign.isprintable() or sign.isspace()).split())


def year_of(typed: str) -> int | None:
    """The western year of 2013, 2013年, H25, 平成25年 or 令和元年; None for what names none."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", typed)).upper().removesuffix("年")
    if re.fullmatch("[0-9]{4}", plain):
        return int(plain)
    for names, before, last in _ERAS:
        if era := re.fullmatch(f"(?:{names[0]}|{names[1:]})\\.?(元|[0-9]{{1,2}})", plain):
            year = 1 if era[1] == "元" else int(era[1])
            return before + year if 1 <= year <= last else None
    return None


def decide_title(policy: Policy, entry: TitleEntry, today: date, isbn_taken: bool = False) -> Decision:
    """Whether what was written down of a title can be right.  ``isbn_taken``: the same volume is there."""
    refusals = []
    if policy.material(entry.material) is None:
        refusals.append(Refusal(Reason.UNKNOWN_MATERIAL))
    if entry.ndc and not _NDC.fullmatch(entry.ndc):
        refusals.append(Refusal(Reason.NDC_FORM))
    if entry.pub_year is not None and not _OLDEST_PRINT <= entry.pub_year <= today.year + 1:
        last = today.year + 1
        refusals.append(Refusal(Reason.PUB_YEAR, {"first": _OLDEST_PRINT, "last": last}))
    serial = entry.serial is not None or bool(entry.new_serial)
    if serial is not (entry.issued_on is not None):
        refusals.append(Refusal(Reason.ISSUE_IN_PART, {"serial": serial}))
    if isbn_taken:
        refusals.append(Refusal(Reason.ISBN_TAKEN))
    return Decision(tuple(refusals))


def decide_title_deletion(open_loans: int, open_holds: int) -> Decision:
    """A title can be deleted while nobody has it out and nobody waits for it."""
    refusals = []
    if open_loans:
        refusals.append(Refusal(Reason.TITLE_OUT, {"count": open_loans}))
    if open_holds:
        refusals.append(Refusal(Reason.TITLE_HELD, {"count": open_holds}))
    return Decision(tuple(refusals))


def decide_barcode(policy: Policy, barcode: str, taken: bool = False, is_a_card: bool = False) -> Decision:
    """Whether a piece may get this barcode.  ``taken``: another piece has it; ``is_a_card``: somebody has it
    on a card.  What cards will begin with is refused too, or the desk could not tell the two apart."""
    refusals = []
    rule = policy.card.number
    if not _ANY_BARCODE.fullmatch(barcode):
        refusals.append(Refusal(Reason.BARCODE_FORM))
    if is_book_trade_barcode(barcode):
        refusals.append(Refusal(Reason.BARCODE_OF_TRADE))
    if is_a_card or (
        rule and rule.starts and len(barcode) == rule.digits and barcode.startswith(rule.starts)
    ):
        refusals.append(Refusal(Reason.BARCODE_IS_A_CARD))
    if taken:
        refusals.append(Refusal(Reason.BARCODE_TAKEN))
    return Decision(tuple(refusals))


def decide_item(policy: Policy, entry: ItemEntry) -> Decision:
    """Whether what was written down of a piece beside its barcode can be right."""
    refusals = []
    if policy.branch(entry.branch) is None:
        refusals.append(Refusal(Reason.UNKNOWN_BRANCH))
    if not 1 <= entry.volumes <= _MOST_VOLUMES:
        refusals.append(Refusal(Reason.VOLUMES, {"most": _MOST_VOLUMES}))
    return Decision(tuple(refusals))


def decide_withdrawal(item: ItemFacts) -> Decision:
    """除籍: a piece leaves the stock once nobody has it out and it is kept for nobody."""
    refusals = []
    if item.due_on is not None:
        refusals.append(Refusal(Reason.PIECE_OUT, {"day": item.due_on}))
    if item.set_aside:
        refusals.append(Refusal(Reason.PIECE_KEPT))
    return Decision(tuple(refusals))


def decide_missing(item: ItemFacts) -> Decision:
    """Whether a piece may be called missing, or found: one that is out or kept too, but none withdrawn."""
    withdrawn = item.state is ItemState.WITHDRAWN
    return Decision((Refusal(Reason.PIECE_WITHDRAWN),) if withdrawn else ())


def tags_of(policy: Policy) -> list[str]:
    """The tags that some category asks for, in any season."""
    sheets = (policy, *policy.in_season.values())
    asked = (when.tag for sheet in sheets for category in sheet.categories for when in category.when)
    return list(dict.fromkeys(tag for tag in asked if tag is not None))


def book_mark(reading: str) -> str:
    """図書記号: the first kana of a reading, in katakana."""
    first = next((sign for sign in unicodedata.normalize("NFKC", reading) if sign.isalpha()), "")
    return chr(ord(first) + 0x60) if "ぁ" <= first <= "ゖ" else first


def suggested_call_number(ndc: str, reading: str) -> str:
    """請求記号 as small libraries write it: class and first kana; nothing for a title without a class."""
    return f"{ndc} {book_mark(reading)}".strip() if ndc else ""


def spine_rows(call_number: str, volume: str = "") -> list[str]:
    """The rows of a spine label: 別置 and 分類, 図書記号, 巻.  「R 813 コ」 is R 813 above コ."""
    parts = call_number.split()
    if len(parts) > 1 and location_prefix(parts[0]) and parts[1][0].isdecimal():
        parts[:2] = [" ".join(parts[:2])]
    if parts and volume and volume not in parts[1:]:
        parts.append(volume)
    return parts if len(parts) < 4 else [*parts[:2], " ".join(parts[2:])]


# ---------------------------------------------------------------------------------------------------------
# Blocks: what stops a patron
# ---------------------------------------------------------------------------------------------------------


class CardState(StrEnum):
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Cause:
    """Every condition that is named must fit.

    ``overdue``: so long after the due date, or more, with one loan of these; ``family``: of the household.
    ``lost``: a loan whose piece is missing.  ``returned_late``: a loan that came back so late, or later.
    ``mark``: the desk has put this word on the patron.
    """

    overdue: Period | None = None
    of: tuple[str, ...] = ()
    family: bool = False
    lost: bool = False
    returned_late: Period | None = None
    card: CardState | None = None
    mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """How long a late return stops, counted from the day after: a fixed time, or so many days for each day
    that it was late, ``most`` at the most."""

    period: Period | None = field(default=None, metadata={"spread": True})
    per_day_late: Period | None = None
    most: Period | None = None

    def ends_on(self, returned_on: date, days_late: int) -> date:
        if self.period is not None:
            return end_of(self.period, returned_on)
        end = returned_on + timedelta(days=self.per_day_late.n * days_late)
        return end if self.most is None else min(end, end_of(self.most, returned_on))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Line):
    """A cause with the patron, and what it stops: as long as the cause, or as long as it ``lasts``."""

    when: Cause
    stops: frozenset[Act]
    lasts: Penalty | None = None


def is_stopped(stopped_for: str, stopped_until: date | None, day: date) -> bool:
    """Whether the desk stops a patron on this day, which may be the last one of it."""
    return bool(stopped_for) and (stopped_until is None or day <= stopped_until)


def days_overdue(due_on: date, today: date) -> int:
    """How many days late; a loan is due until the end of its last day."""
    return max(0, (today - due_on).days)


def _stopped_by(
    policy: Policy,
    patron: PatronFacts,
    act: Act,
    occasion: Occasion,
    is_: Callable[[str], bool] | None = None,
) -> list[Refusal]:
    """What the desk has said of this patron, in every library, and the blocks that hold for them.  All are
    tried; a cause that has ended stops nothing.

    ``is_`` says whether the thing belongs to a set; without it only blocks that stop everything are tried.
    """
    refusals: list[Refusal] = []
    day = occasion.day
    if is_stopped(patron.stopped_for, patron.stopped_until, day):
        facts = {"why": patron.stopped_for, "until": patron.stopped_until, "stop": act}
        refusals.append(Refusal(Reason.STOPPED, facts))
    for block in policy.blocks:
        if (
            act in block.stops
            and occasion.at in block.at
            and _asks_where(block, occasion)
            and _asks_for(policy, block, patron, day, unknown=False)
            and (not block.of or (is_ is not None and any(is_(name) for name in block.of)))
        ):
            causes = _causes(policy, block.when, patron, act, day)
            if all(causes):
                refusals += [
                    Refusal(cause.reason, cause.facts, block.say, block.place) for cause in causes if cause
                ]
    return _once(refusals)


def _causes(policy: Policy, when: Cause, patron: PatronFacts, act: Act, day: date) -> list[Refusal | None]:
    """For each condition that is named what it finds with the patron, or None where it does not fit."""
    causes: list[Refusal | None] = []
    if when.overdue is not None:
        late = [loan for loan in patron.loans if loan.due_on < day and _counts(policy, when, loan, day)]
        if any(_is_late_by(loan, when.overdue, day) for loan in late):
            causes.append(Refusal(Reason.OVERDUE_BLOCK, {"count": len(late), "stop": act}))
        elif when.family and any(
            _is_late_by(loan, when.overdue, day) and _counts(policy, when, loan, day)
            for loan in patron.family_loans
        ):
            # Not how many and not whose: that is the other's business.
            causes.append(Refusal(Reason.FAMILY_OVERDUE_BLOCK, {"stop": act}))
        else:
            causes.append(None)
    if when.lost:
        lost = sum(loan.item.state is ItemState.MISSING for loan in patron.loans)
        causes.append(Refusal(Reason.LOST_BLOCK, {"count": lost, "stop": act}) if lost else None)
    if when.returned_late:
        until = patron.penalty_until
        stopped = until is not None and day <= until
        causes.append(Refusal(Reason.PENALTY, {"until": until, "stop": act}) if stopped else None)
    if when.card is CardState.EXPIRED:
        expired_on = patron.card_expires_on
        expired = card_has_expired(expired_on, day)
        causes.append(Refusal(Reason.CARD_EXPIRED, {"day": expired_on}) if expired else None)
    if when.mark is not None:
        marked = when.mark in patron.marks
        causes.append(Refusal(Reason.MARK_BLOCK, {"mark": when.mark, "stop": act}) if marked else None)
    return causes


def _is_late_by(loan: LoanFacts, period: Period, day: date) -> bool:
    """From n days after the due date on; "more than four weeks" is 29 days."""
    return loan.due_on < day and day >= end_of(period, loan.due_on)


def _counts(policy: Policy, when: Cause, loan: LoanFacts, day: date) -> bool:
    return not when.of or any(loan_is(policy, loan, name, day) for name in when.of)


def penalty_ends_on(policy: Policy, patron: PatronFacts, loan: LoanFacts, returned_on: date) -> date | None:
    """Until when a late return stops this patron, that day included; None where nothing comes of it.

    Of several lines the latest end, not the sum, and never earlier than a penalty that runs already.
    """
    policy = policy.on(returned_on)
    ends = [patron.penalty_until] if patron.penalty_until else []
    for block in policy.blocks:
        if (
            block.lasts is not None
            and _is_late_by(loan, block.when.returned_late, returned_on)
            and _asks_for(policy, block, patron, returned_on, unknown=False)
            and _counts(policy, block.when, loan, returned_on)
        ):
            ends.append(block.lasts.ends_on(returned_on, loan.days_overdue(returned_on)))
    return max(ends, default=None)


# ---------------------------------------------------------------------------------------------------------
# Limits: how many
# ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Most:
    """A number, or None for the word "unlimited"."""

    n: int | None

    def reached(self, count: int) -> bool:
        return self.n is not None and count >= self.n


class Count(StrEnum):
    """What counts as one: a barcode, a title, or each volume behind a barcode."""

    ITEMS = "items"
    TITLES = "titles"
    VOLUMES = "volumes"


class Per(StrEnum):
    """Within what a limit counts."""

    PATRON = "patron"
    BRANCH = "branch"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Line):
    """At most so many of these, whichever of them they are.

    ``alone``: what it is about counts in this limit and in no other.  A limit that asks ``branch`` counts
    only what is there; one on holds that asks ``at`` only what came that way.
    """

    most: Most
    count: Count = Count.ITEMS
    per: Per = Per.PATRON
    alone: bool = False

    @property
    def question(self) -> tuple:
        """Lines with the same question are one limit, of which the line closer to the patron decides."""
        return frozenset(self.of), self.at, frozenset(self.branch), self.count, self.per


class Counted(NamedTuple):
    """A loan or a hold, as a limit counts it."""

    bib: int
    volumes: int
    at: Channel | None
    branch: str | None
    on: date | None
    is_: Callable[[str], bool]  # whether it belongs to a set


@dataclass(frozen=True, slots=True)
class Room:
    """One limit, and how much of it is used."""

    names: tuple[str, ...]
    most: int | None
    held: int
    place: str = field(default="", compare=False)

    @property
    def left(self) -> int | None:
        return None if self.most is None else max(0, self.most - self.held)


def _binding(
    policy: Policy, limits: Iterable[Limit], patron: PatronFacts | None, occasion: Occasion, is_=None
) -> list[Limit]:
    """The limits that bind a patron by this way and here: of lines with the same question the one that names
    the patron, even if it is looser, else the smaller.  With ``is_``, only those about that thing."""
    deciding: dict[tuple, Limit] = {}
    for limit in limits:
        if (
            occasion.at in limit.at
            and (occasion.branch is None or _asks_where(limit, occasion))
            and _asks_for(policy, limit, patron, occasion.day, unknown=patron is None)
            and (is_ is None or _is_any(is_, limit.of))
        ):
            other = deciding.setdefault(limit.question, limit)
            if _decides_over(limit, other):
                deciding[limit.question] = limit
    return list(deciding.values())


def _decides_over(limit: Limit, other: Limit) -> bool:
    if bool(limit.who) != bool(other.who):
        return bool(limit.who)
    return limit.most.n is not None and (other.most.n is None or limit.most.n < other.most.n)


def _is_any(is_, of: Sequence[str]) -> bool:
    """Whether something belongs to any of these sets; to all, where none is named, unless it is a request."""
    return any(is_(name) for name in of) if of else not is_(REQUEST)


def _alone(policy: Policy, limits: Iterable[Limit], patron: PatronFacts, occasion: Occasion) -> list[Limit]:
    """The limits that take what they are about out of all others, for this patron."""
    return [limit for limit in _binding(policy, limits, patron, occasion) if limit.alone]


def _used(alone: Sequence[Limit], limit: Limit, counted: Iterable[Counted], occasion: Occasion) -> int:
    """How much of a limit is used."""
    others = () if limit.alone else alone
    fitting = [
        one
        for one in counted
        if _is_any(one.is_, limit.of)
        and not any(_is_any(one.is_, other.of) for other in others)
        and (one.at is None or one.at in limit.at)
        and (not limit.branch or one.branch in limit.branch)
        and (limit.per is not Per.BRANCH or one.branch == occasion.branch)
        and (limit.per is not Per.DAY or one.on == occasion.day)
    ]
    if limit.count is Count.TITLES:
        return len({one.bib for one in fitting})
    return sum(one.volumes if limit.count is Count.VOLUMES else 1 for one in fitting)


def _over(
    policy: Policy,
    alone: Sequence[Limit],
    binding: Iterable[Limit],
    counted: Sequence[Counted],
    asked: Counted,
    occasion: Occasion,
    reason: Reason,
) -> list[Refusal]:
    """The limits that one more of these would pass."""
    refusals = []
    for limit in binding:
        held = _used(alone, limit, counted, occasion)
        if _used(alone, limit, [*counted, asked], occasion) > held:
            more = asked.volumes - 1 if limit.count is Count.VOLUMES else 0
            if limit.most.reached(held + more):
                facts = {"what": policy.names(limit.of), "most": limit.most.n, "held": held}
                refusals.append(Refusal(reason, facts, limit.say, limit.place))
    return refusals


# ---------------------------------------------------------------------------------------------------------
# Loans
# ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Material:
    """資料種別, with how long it is lent where no line under ``loan.by`` says it closer."""

    id: str
    name: str
    loan: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanBy(Lasting):
    """How long these are lent.  An overnight loan: ``lent_from`` what time on, ``back_by`` what time."""

    lent_from: time | None = None
    back_by: time | None = None


@dataclass(frozen=True, slots=True)
class LoanPolicy:
    on_closed: OnClosed
    limits: tuple[Limit, ...] = written("limit")
    by: tuple[LoanBy, ...] = ()
    never: tuple[Line, ...] = written("not", default=())
    only: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """The last day of a loan, and the time of that day where it ends within the day."""

    on: date
    by: time | None = None


def is_due_soon(due_on: date, today: date) -> bool:
    """Whether the first page reminds of a loan: on its last day and on the three days before."""
    return 0 <= (due_on - today).days <= 3


def loan_line(
    policy: Policy,
    item: ItemFacts,
    patron: PatronFacts | None,
    occasion: Occasion,
    at_any_hour: bool = False,
) -> LoanBy | None:
    """The line that says how long an item is lent: the closest of ``loan.by``, else its material's.

    A line that names neither the patron, nor the item's category or material, is farther than its material's.
    """
    lines = [
        line
        for line in policy.loan.by
        if at_any_hour or line.lent_from is None or line.lent_from <= occasion.clock
    ]
    line = _closest(policy, lines, item, patron, occasion)
    of_material = policy.material_line(item.material)
    if line is None or (of_material is not None and not line.who and not line.of):
        return of_material or line
    return line


def due(
    policy: Policy,
    item: ItemFacts,
    occasion: Occasion,
    opening: OpeningDays,
    patron: PatronFacts | None = None,
) -> Due | None:
    """When a loan made on this occasion ends: the closest line's period, on an open day, within the card's
    life, and before a piece of another library has to be sent back.  None: no line lends it, or there is no
    open day from this one on.  A loan of hours ends with the branch's day."""
    policy = policy.on(occasion.day)
    line = loan_line(policy, item, patron, occasion)
    if line is None:
        return None
    if line.period.unit is Unit.HOURS:
        branch = policy.branch(occasion.branch or "") or policy.main_branch
        ends = occasion.moment.astimezone(JAPAN) + timedelta(hours=line.period.n)
        late = ends.date() > occasion.day or ends.time() > branch.hours.closes
        return Due(occasion.day, branch.hours.closes if late else ends.time())
    expires_on = patron.card_expires_on if patron else None
    if card_has_expired(expires_on, occasion.day):
        expires_on = None  # no block stops the expired card, so it cuts nothing short either
    end = end_of(line.period, occasion.day, opening)
    last = settle(end, policy.loan.on_closed, opening, _first_of(expires_on, item.send_back_by))
    return None if last is None or last < occasion.day else Due(last, line.back_by)


def _first_of(*days: date | None) -> date | None:
    """The earliest of these days; None where there is none."""
    return min((day for day in days if day is not None), default=None)


def decide_patron_loan(policy: Policy, patron: PatronFacts, occasion: Occasion) -> Decision:
    """Whether this patron may take anything home at all: what the desk sees when the card is scanned."""
    policy = policy.on(occasion.day)
    refusals = _stopped_by(policy, patron, Act.LOAN, occasion)
    refusals += _excluded(policy, Act.LOAN, policy.loan.never, policy.loan.only, None, patron, occasion)
    return Decision(tuple(refusals))


def decide_loan(
    policy: Policy,
    patron: PatronFacts,
    bib: BibFacts,
    item: ItemFacts,
    occasion: Occasion,
    opening: OpeningDays = ALWAYS_OPEN,
    kept_for_patron: bool | None = None,
) -> LoanDecision:
    """Whether this patron may take this item home now, and until when.

    Refused: a patron whom a block stops; an item that stays in the library, is out, is set aside for somebody
    else, or ought to be on its way back to the library that lent it; what a line excludes; more than a limit
    allows; and what no limit or period speaks of.
    ``kept_for_patron``: whether a piece that is set aside is so for this patron; where it is not known, a
    hold of the title that is ready for this patron counts.
    """
    policy = policy.on(occasion.day)
    day = occasion.day
    is_ = _is(policy, item, day)
    refusals = list(decide_patron_loan(policy, patron, occasion).refusals)
    stopped = _stopped_by(policy, patron, Act.LOAN, occasion, is_)
    refusals += [refusal for refusal in stopped if refusal not in refusals]
    if item.state is not ItemState.IN_STOCK:
        refusals.append(Refusal(Reason.GONE))
    elif item.not_for_loan:
        refusals.append(Refusal(Reason.NO_ITEM, {"in_library": True, "act": Act.LOAN}))
    if item.due_on is not None:
        refusals.append(Refusal(Reason.OUT))
    if not may_stay(item.send_back_by, day):
        refusals.append(Refusal(Reason.TO_BE_SENT_BACK, {"day": item.send_back_by}))
    if kept_for_patron is None:
        kept_for_patron = any(
            hold.bib.number == bib.number and hold.state is HoldState.READY for hold in patron.holds
        )
    if item.set_aside and not kept_for_patron:
        refusals.append(Refusal(Reason.KEPT_FOR_ANOTHER))
    refusals += _excluded(policy, Act.LOAN, policy.loan.never, policy.loan.only, is_, patron, occasion)

    asked_loan = Counted(bib.number, item.volumes, occasion.at, occasion.branch, day, is_)
    limits = policy.loan.limits
    binding = _binding(policy, limits, patron, occasion, asked_loan.is_)
    alone = _alone(policy, limits, patron, occasion)
    counted = _counted_loans(policy, patron, day)
    refusals += _over(policy, alone, binding, counted, asked_loan, occasion, Reason.LOAN_LIMIT)
    is_lent = bool(binding) and loan_line(policy, item, patron, occasion) is not None
    if not refusals and not is_lent:
        refusals.append(Refusal(Reason.NO_LOAN_RULE, {"what": policy.names([item.material])[0]}))
    if refusals and not (is_lent and _may_be_overruled(policy, refusals)):
        return LoanDecision(tuple(refusals))
    ends = due(policy, item, occasion, opening, patron)
    if refusals:
        return LoanDecision(tuple(refusals), despite=ends, overrulable=ends is not None)
    return LoanDecision((), ends) if ends else LoanDecision((Refusal(Reason.NO_LAST_DAY),))


def may_stay(send_back_by: date | None, day: date) -> bool:
    """Whether a piece may still be here on this day; only those of other libraries ever have to go."""
    return send_back_by is None or day <= send_back_by


def _counted_loans(policy: Policy, patron: PatronFacts, day: date) -> list[Counted]:
    return [
        Counted(loan.bib, loan.item.volumes, None, loan.branch, loan.lent_on, _is(policy, loan.item, day))
        for loan in patron.loans
    ]


def room_for_loans(policy: Policy, patron: PatronFacts, occasion: Occasion) -> list[Room]:
    """Every limit on loans that binds this patron, with what is used of it."""
    policy = policy.on(occasion.day)
    return _rooms(policy, policy.loan.limits, patron, occasion, _counted_loans(policy, patron, occasion.day))


def _rooms(policy, limits, patron, occasion, counted) -> list[Room]:
    alone = _alone(policy, limits, patron, occasion)
    return [
        Room(tuple(policy.names(limit.of)), limit.most.n, _used(alone, limit, counted, occasion), limit.place)
        for limit in _binding(policy, limits, patron, occasion)
    ]


# ---------------------------------------------------------------------------------------------------------
# Renewal
# ---------------------------------------------------------------------------------------------------------


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
    HELD_NO_COPY_FREE = "held, no copy free"
    RENEWED = "renewed"
    INTERLIBRARY = "interlibrary"


class DeskRenewal(StrEnum):
    LEND_AGAIN = "return and lend again"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewBy(Lasting):
    """How long these are renewed, and how often where it differs."""

    times: Most | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """How an overdue loan is renewed; what is left out is as for one in time."""

    within: Period | None = None
    base: RenewFrom | None = written("from", default=None)
    by: tuple[RenewBy, ...] | None = None
    until: Until | None = None


@dataclass(frozen=True, slots=True)
class RenewalPolicy:
    """``by`` left out, or "as lent": as long as the loan was."""

    times: Most
    base: RenewFrom = written("from")
    refused: frozenset[Obstacle]
    by: tuple[RenewBy, ...] = ()
    at: frozenset[Channel] = ALL_CHANNELS
    hours: Mapping[Channel, Hours] = field(default_factory=dict)
    desk: DeskRenewal | None = None
    opens: Opens | None = None
    until: Until | None = None
    late: Late | None = None
    never: tuple[Line, ...] = written("not", default=())
    only: tuple[Line, ...] = ()


def renewal_line(
    policy: Policy,
    item: ItemFacts,
    patron: PatronFacts | None,
    occasion: Occasion,
    late: Late | None = None,
    lent_on: date | None = None,
) -> Lasting | None:
    """The line that says how long a renewal of this item lasts, or None where no line fits.

    Where no line says it for any item, it lasts as long as the loan: by the rules of the day it was lent.
    """
    lines = policy.renewal.by if late is None or late.by is None else late.by
    if lines:
        return _closest(policy, lines, item, patron, occasion)
    at_the_desk = replace(occasion, at=Channel.DESK)  # where it was lent
    return loan_line(policy.on(lent_on or occasion.day), item, patron, at_the_desk, at_any_hour=True)


def renewed_due_date(
    policy: Policy,
    loan: LoanFacts,
    occasion: Occasion,
    opening: OpeningDays,
    card_expires_on: date | None = None,
    patron: PatronFacts | None = None,
) -> date | None:
    """Where a renewal on this day would move the due date, or None where no line of the policy fits.

    Source document 1: two weeks from the due date.  Source document 2: from the day of the procedure, that
    day included, books 15 days, magazines and audio-visual items 8.
    """
    late = policy.renewal.late if loan.days_overdue(occasion.day) else None
    line = renewal_line(policy, loan.item, patron, occasion, late, loan.lent_on)
    return line and _renewal_end(policy, loan, line, late, occasion.day, opening, card_expires_on)


def _renewal_end(
    policy: Policy,
    loan: LoanFacts,
    line: Lasting,
    late: Late | None,
    today: date,
    opening: OpeningDays,
    card_expires_on: date | None,
) -> date | None:
    base = (late and late.base) or policy.renewal.base
    end = end_of(line.period, loan.due_on if base is RenewFrom.DUE_DATE else today, opening)
    until = (late and late.until) or policy.renewal.until
    if until is not None:
        end = min(end, end_of(until.period, loan.lent_on, opening))
    last = _first_of(card_expires_on, loan.item.send_back_by)
    return settle(end, policy.loan.on_closed, opening, last)


def decide_renewal(
    policy: Policy,
    patron: PatronFacts,
    loan: LoanFacts,
    occasion: Occasion,
    opening: OpeningDays = ALWAYS_OPEN,
) -> RenewalDecision:
    """Whether a loan may be renewed today, and until when.

    Refused: by a way or at an hour that is not open; an overdue loan, unless the policy says how late it may
    be; one renewed as often as the policy allows; a title that somebody waits for; an item borrowed from
    another library or excluded by a line; a patron whom a block stops; a renewal before its time; and one
    that would gain no day.
    """
    occasion = replace(occasion, branch=loan.branch)
    today = occasion.day
    policy = policy.on(today)
    if policy.renewal.desk is DeskRenewal.LEND_AGAIN and occasion.at is Channel.DESK:
        return _lend_again(policy, patron, loan, occasion, opening)
    is_ = _is(policy, loan.item, today)
    refusals = _stopped_by(policy, patron, Act.RENEWAL, occasion, is_)
    refusals += _not_by_this_way(policy, occasion)
    if loan.days_overdue(today) and not _may_be_this_late(policy, loan, today):
        refusals.append(
            Refusal(Reason.OVERDUE, {"days": loan.days_overdue(today)}, place=_late_place(policy))
        )
    late = policy.renewal.late if loan.days_overdue(today) else None
    line = renewal_line(policy, loan.item, patron, occasion, late, loan.lent_on)
    times = line.times if isinstance(line, RenewBy) and line.times is not None else policy.renewal.times
    if times.reached(loan.renewals):
        refusals.append(Refusal(Reason.RENEWED, {"times": times.n}, place="renewal.times"))
    refusals += _obstacles(policy, loan)
    refusals += _renewal_excluded(policy, patron, loan, occasion)
    if line is None:
        what = policy.names([loan.item.material])[0]
        refusals.append(Refusal(Reason.NO_RENEWAL_RULE, {"what": what}, place="renewal.by"))
    expires_on = patron.card_expires_on
    if card_has_expired(expires_on, today):
        expires_on = None  # no block stops the expired card, so it cuts nothing short either

    def ends_on(later: Occasion) -> date | None:
        return renewed_due_date(policy, loan, later, opening, expires_on, patron)

    opens = policy.renewal.opens
    if opens is not None and today < (first := opens.first_day(loan.lent_on, loan.due_on)):
        before = replace(occasion, moment=occasion.moment + (first - timedelta(days=1) - today))
        from_on = _first_day_that_gains(loan, before, ends_on)
        refusals.append(Refusal(Reason.TOO_SOON, {"from_on": from_on or first}, place="renewal.opens"))
    if refusals and not _may_be_overruled(policy, refusals):
        return RenewalDecision(tuple(refusals))

    due_on = _renewal_end(policy, loan, line, late, today, opening, expires_on)
    gains = due_on is not None and due_on > loan.due_on and due_on >= today
    if refusals:
        return RenewalDecision(tuple(refusals), despite=due_on if gains else None, overrulable=gains)
    if due_on is None:
        return RenewalDecision((Refusal(Reason.NO_OPEN_DAY),))
    if not gains:
        from_on = _first_day_that_gains(loan, occasion, ends_on)
        return RenewalDecision((Refusal(Reason.NO_DAY_GAINED, {"from_on": from_on}),))
    return RenewalDecision((), due_on)


def _not_by_this_way(policy: Policy, occasion: Occasion) -> list[Refusal]:
    if occasion.at not in policy.renewal.at:
        ways = [way for way in Channel if way in policy.renewal.at]
        facts = {"what": [], "here": occasion.at, "at": ways}
        return [Refusal(Reason.NOT_RENEWABLE_HERE, facts, place="renewal.at")]
    return _outside_hours(policy.renewal.hours, occasion, Act.RENEWAL, "renewal.hours")


def _obstacles(policy: Policy, loan: LoanFacts) -> list[Refusal]:
    """Somebody waits (where the sheet counts them, only if no free copy would serve); it is not ours."""
    refused = policy.renewal.refused
    refusals = []
    unserved = loan.waiting - loan.free if Obstacle.HELD_NO_COPY_FREE in refused else 0
    if unserved > 0 or (Obstacle.HELD in refused and loan.waiting):
        refusals.append(Refusal(Reason.HELD, {"count": loan.waiting}, place="renewal.refused"))
    if Obstacle.INTERLIBRARY in refused and loan.item.interlibrary:
        refusals.append(Refusal(Reason.INTERLIBRARY, place="renewal.refused"))
    return refusals


def _renewal_excluded(
    policy: Policy, patron: PatronFacts, loan: LoanFacts, occasion: Occasion
) -> list[Refusal]:
    rule = policy.renewal
    if not rule.never and not rule.only:
        return []
    return [
        refusal
        for thing in (_is(policy, loan.item, occasion.day), None)
        for refusal in _excluded(policy, Act.RENEWAL, rule.never, rule.only, thing, patron, occasion)
    ]


def _lend_again(
    policy: Policy, patron: PatronFacts, loan: LoanFacts, occasion: Occasion, opening: OpeningDays
) -> RenewalDecision:
    """At the desk of some libraries the piece is taken back and lent once more, as often as one likes, unless
    somebody waits for it.  Nobody gives a piece back to have it for a shorter time."""
    others = replace(patron, loans=tuple(other for other in patron.loans if other.number != loan.number))
    bib = BibFacts(loan.bib, loan.item.material, (loan.item,))
    back = replace(loan.item, due_on=None)
    again = decide_loan(policy, others, bib, back, occasion, opening)
    obstacles = _obstacles(policy, loan)
    refusals = (*obstacles, *again.refusals)
    if refusals:
        gains = not obstacles and again.overrulable and again.despite.on > loan.due_on
        return RenewalDecision(refusals, despite=again.despite.on if gains else None, overrulable=gains)
    if again.due.on > loan.due_on:
        return RenewalDecision((), again.due.on)

    def ends_on(later: Occasion) -> date | None:
        ends = due(policy, back, later, opening, patron)
        return ends and ends.on

    from_on = _first_day_that_gains(loan, occasion, ends_on)
    return RenewalDecision((Refusal(Reason.NO_DAY_GAINED, {"from_on": from_on}),))


def _first_day_that_gains(
    loan: LoanFacts, occasion: Occasion, ends_on: Callable[[Occasion], date | None]
) -> date | None:
    """From which later day until the due date a renewal is worth while; None if from none of them."""
    for n in range(1, (loan.due_on - occasion.day).days + 1):
        later = replace(occasion, moment=occasion.moment + timedelta(days=n))
        due_on = ends_on(later)
        if due_on is not None and due_on > loan.due_on:
            return later.day
    return None


def _may_be_this_late(policy: Policy, loan: LoanFacts, today: date) -> bool:
    """An overdue loan can be renewed only where the policy has a line for it, and within its time."""
    late = policy.renewal.late
    return late is not None and (late.within is None or today <= end_of(late.within, loan.due_on))


def _late_place(policy: Policy) -> str:
    return "renewal.refused" if policy.renewal.late is None else "renewal.late"


# ---------------------------------------------------------------------------------------------------------
# Holds
# ---------------------------------------------------------------------------------------------------------


class OnShelf(StrEnum):
    """Whether a title may be held while a copy stands on the shelf."""

    YES = "yes"
    NO = "no"
    NONE_ON_SHELF = "when none is on the shelf"


OPENING = "opening"  # of the library, as a time at which holds are registered


@dataclass(frozen=True, slots=True)
class Batches:
    """When holds from the web are registered: a list of times by weekday (Monday = 0), "opening" among them
    for the next morning on which the library opens."""

    by_weekday: tuple[tuple[time | str, ...], ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """受け取りの時期: by which ways a patron may have a hold passed over for a while, so far on at the most,
    and name the last day on which it is wanted."""

    later: Period
    at: frozenset[Channel] = ALL_CHANNELS


@dataclass(frozen=True, slots=True)
class HoldTiming:
    """When a hold is wanted: not before the day after ``paused_until``, not after ``needed_by``."""

    paused_until: date | None = None
    needed_by: date | None = None

    def is_paused(self, day: date) -> bool:
        """Whether the queue passes the hold over on this day; the queries for the next in it ask the same."""
        return self.paused_until is not None and day <= self.paused_until


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    contact: tuple[Contact, ...]
    needs_mail: bool
    on_shelf: OnShelf
    cancel: Mapping[Channel, frozenset[HoldState]]
    change: Mapping[Channel, frozenset[HoldState]]
    limits: tuple[Limit, ...] = written("limit")
    shelf: ShelfPolicy
    hours: Mapping[Channel, Hours] = field(default_factory=dict)
    registered_at: Batches | None = None
    timing: Timing | None = None
    never: tuple[Line, ...] = written("not", default=())
    only: tuple[Line, ...] = ()


def decide_title_hold(
    policy: Policy, bib: BibFacts, occasion: Occasion, patron: PatronFacts | None = None
) -> Decision:
    """Whether a title can be held at all, whoever asks: what a visitor sees who has not logged in.

    A title can be held if one of its items can.  Where none can, every reason of every item is given once.
    """
    policy = policy.on(occasion.day)
    in_stock = [item for item in bib.items if item.state is ItemState.IN_STOCK]
    lendable = [item for item in in_stock if item.lendable]
    refusals = []
    if not lendable and not bib.request:
        refusals.append(Refusal(Reason.NO_ITEM, {"in_library": bool(in_stock)}))
    rule = policy.hold
    day = occasion.day
    things = (
        [_is(policy, bib, day)] if bib.request else [_is(policy, item, day) for item in lendable or in_stock]
    )
    by_item = [_excluded(policy, Act.HOLD, rule.never, rule.only, is_, patron, occasion) for is_ in things]
    if all(by_item):
        refusals += _once(refusal for refused in by_item for refusal in refused)
    if bib.holdable_from is not None and occasion.moment < bib.holdable_from:
        refusals.append(Refusal(Reason.NOT_HOLDABLE_YET, {"from_at": bib.holdable_from.astimezone(JAPAN)}))

    on_shelf = [item.availability is Availability.AVAILABLE for item in lendable]
    mode = rule.on_shelf
    if lendable and (
        (mode is OnShelf.NO and all(on_shelf)) or (mode is OnShelf.NONE_ON_SHELF and any(on_shelf))
    ):
        refusals.append(Refusal(Reason.ON_SHELF, place="hold.on_shelf"))
    if not refusals and not _limits_on_hold(policy, bib, patron, occasion):
        of_material = {"what": policy.names([bib.material])[0]}
        facts = {"what": REQUEST, "owned": False} if bib.request else of_material
        refusals.append(Refusal(Reason.NO_HOLD_RULE, facts))
    return Decision(tuple(refusals))


def decide_patron_hold(policy: Policy, patron: PatronFacts, occasion: Occasion) -> Decision:
    """Whether this patron may hold anything at all; source document 1 knows cards that may not."""
    policy = policy.on(occasion.day)
    refusals = _stopped_by(policy, patron, Act.HOLD, occasion)
    category = policy.patron_category(patron.category)
    if category is None or not category.holds:
        name = category.name if category else ""
        refusals.append(
            Refusal(Reason.CATEGORY_MAY_NOT_HOLD, {"what": name}, category and category.say, "patron")
        )
    rule = policy.hold
    refusals += _excluded(policy, Act.HOLD, rule.never, rule.only, None, patron, occasion)
    refusals += _outside_hours(rule.hours, occasion, Act.HOLD, "hold.hours")
    return Decision(tuple(refusals))


def decide_hold(policy: Policy, patron: PatronFacts, bib: BibFacts, occasion: Occasion) -> Decision:
    """Whether this patron may hold this title now, with everything that stands against it."""
    policy = policy.on(occasion.day)
    refusals = list(decide_patron_hold(policy, patron, occasion).refusals)
    stopped = _stopped_by(policy, patron, Act.HOLD, occasion, _is(policy, bib, occasion.day))
    refusals += [refusal for refusal in stopped if refusal not in refusals]
    if policy.hold.needs_mail and not patron.has_mail:
        refusals.append(Refusal(Reason.NO_MAIL, place="hold.needs_mail"))
    refusals += decide_title_hold(policy, bib, occasion, patron).refusals
    if any(hold.bib.number == bib.number for hold in patron.holds):
        refusals.append(Refusal(Reason.ALREADY_HELD))
    if any(loan.bib == bib.number for loan in patron.loans):
        refusals.append(Refusal(Reason.ALREADY_ON_LOAN))
    refusals += _over(
        policy,
        _alone(policy, policy.hold.limits, patron, occasion),
        _limits_on_hold(policy, bib, patron, occasion),
        [_counted_hold(policy, hold, occasion.day) for hold in patron.holds],
        _asked_hold(policy, bib, occasion),
        occasion,
        Reason.HOLD_LIMIT,
    )
    return Decision(tuple(refusals), overrulable=bool(refusals) and _may_be_overruled(policy, refusals))


def decide_request(
    policy: Policy, patron: PatronFacts, bib: BibFacts, occasion: Occasion, owned: bool = False
) -> Decision:
    """Whether this patron may ask for a title that the library does not own: answered as a hold of it would
    be, by the lines that speak of requests.  What the library has is held instead."""
    if owned:
        return Decision((Refusal(Reason.OWNED),))
    return decide_hold(policy, patron, replace(bib, request=True), occasion)


def _limits_on_hold(
    policy: Policy, bib: BibFacts, patron: PatronFacts | None, occasion: Occasion
) -> list[Limit]:
    asked = _asked_hold(policy, bib, occasion)
    return _binding(policy, policy.hold.limits, patron, occasion, asked.is_)


def _asked_hold(policy: Policy, bib: BibFacts, occasion: Occasion) -> Counted:
    hold = HoldFacts(bib, HoldState.WAITING, occasion.at, occasion.day, occasion.branch)
    return _counted_hold(policy, hold, occasion.day)


def _counted_hold(policy: Policy, hold: HoldFacts, day: date) -> Counted:
    """A hold counts in every open state, ready ones too; its volumes are those of a piece of the title."""
    bib = hold.bib
    volumes = min((item.volumes for item in bib.items), default=1)
    return Counted(bib.number, volumes, hold.at, hold.branch, hold.placed_on, _is(policy, bib, day))


def serves_holds(policy: Policy, item: ItemFacts, day: date) -> bool:
    """Whether a piece that comes in may go to somebody who waits: it is lent, need not go back to another
    library first, and can be held at the desk."""
    policy = policy.on(day)
    at_the_desk = Occasion(Channel.DESK, datetime.combine(day, time(12), JAPAN))
    rule = policy.hold
    return (
        item.lendable
        and may_stay(item.send_back_by, day)
        and not _excluded(policy, Act.HOLD, rule.never, rule.only, _is(policy, item, day), None, at_the_desk)
    )


def room_for_holds(policy: Policy, patron: PatronFacts, occasion: Occasion) -> list[Room]:
    """Every limit on holds with what is used of it, to be seen before anything is pressed."""
    policy = policy.on(occasion.day)
    counted = [_counted_hold(policy, hold, occasion.day) for hold in patron.holds]
    return _rooms(policy, policy.hold.limits, patron, occasion, counted)


def decide_pickup(policy: Policy, pickup: str | None, contact: str | None, occasion: Occasion) -> Decision:
    """Whether the place and the way of telling that were chosen are ones that the library offers."""
    policy = policy.on(occasion.day)
    refusals = []
    if policy.branch(pickup or "") is None:
        refusals.append(Refusal(Reason.UNKNOWN_PICKUP))
    if contact not in policy.hold.contact:
        refusals.append(Refusal(Reason.UNKNOWN_CONTACT, place="hold.contact"))
    return Decision(tuple(refusals))


def first_state(policy: Policy, occasion: Occasion) -> HoldState:
    """A hold from the web is an application where the sheet registers them at set times, else it waits."""
    rule = policy.on(occasion.day).hold
    applies = rule.registered_at is not None and occasion.at is Channel.WEB
    return HoldState.APPLIED if applies else HoldState.WAITING


def registration_at(policy: Policy, applied_at: datetime, opening: OpeningDays) -> datetime | None:
    """When a hold that was applied for is registered: at the first set time after it (宇都宮: twice a day;
    昭和町: when the library opens next).  ``opening`` is that of the main library.  None: at no time."""
    local = applied_at.astimezone(JAPAN)
    batches = policy.on(local.date()).hold.registered_at
    if batches is None:
        return None
    for n in range(_FARTHEST_OPEN_DAY):
        day = local.date() + timedelta(days=n)
        times = []
        for at in batches.by_weekday[day.weekday()]:
            if isinstance(at, time):
                times.append(at)
            elif opening.is_open(day):
                times.append(policy.main_branch.hours.opens)
        for at in sorted(times):
            run = datetime.combine(day, at, JAPAN)
            if run > local:
                return run
    return None


def decide_cancel(policy: Policy, state: HoldState, occasion: Occasion) -> Decision:
    """A hold may be cancelled in the states that the policy names for this way.

    Source document 1: what is ready cannot be cancelled on the web, but at the desk.
    """
    allowed = policy.on(occasion.day).hold.cancel
    if state in allowed.get(occasion.at, ()):
        return Decision()
    facts = {"state": state, "here": occasion.at, "at": _ways(allowed, state)}
    return Decision((Refusal(Reason.NOT_CANCELLABLE, facts, place=f"hold.cancel.{occasion.at}"),))


def decide_pickup_change(policy: Policy, state: HoldState, occasion: Occasion) -> Decision:
    """The pick-up branch may be changed in the states that the policy names for this way."""
    allowed = policy.on(occasion.day).hold.change
    if state in allowed.get(occasion.at, ()):
        return Decision()
    facts = {"state": state, "here": occasion.at, "at": _ways(allowed, state)}
    return Decision((Refusal(Reason.PICKUP_FIXED, facts, place=f"hold.change.{occasion.at}"),))


def decide_timing(
    policy: Policy, state: HoldState, asked: HoldTiming, before: HoldTiming, occasion: Occasion
) -> Decision:
    """Whether a hold that waits may be passed over until the day that is asked for, and end on the other.

    Only what differs from ``before`` is looked at; to take a day back is always possible.  The place in the
    queue stays.
    """
    rule, place = policy.on(occasion.day).hold.timing, "hold.timing"
    if rule is None or occasion.at not in rule.at:
        ways = [way for way in Channel if rule is not None and way in rule.at]
        return Decision((Refusal(Reason.TIMING_FIXED, {"here": occasion.at, "at": ways}, place=place),))
    if state not in QUEUED_HOLD_STATES:
        return Decision((Refusal(Reason.NOT_WAITING, {"state": state}),))
    refusals = []
    new = [
        day
        for day, was in (
            (asked.paused_until, before.paused_until),
            (asked.needed_by, before.needed_by),
        )
        if day is not None and day != was
    ]
    if any(day < occasion.day for day in new):
        refusals.append(Refusal(Reason.DAY_PAST))
    farthest = end_of(rule.later, occasion.day)
    if asked.paused_until in new and asked.paused_until > farthest:
        refusals.append(Refusal(Reason.PAUSED_TOO_LONG, {"day": farthest}, place=place))
    if asked.paused_until and asked.needed_by and asked.needed_by <= asked.paused_until:
        refusals.append(Refusal(Reason.NEVER_WANTED))
    return Decision(tuple(refusals))


def _ways(allowed: Mapping[Channel, frozenset[HoldState]], state: HoldState) -> list[Channel]:
    return [channel for channel, states in allowed.items() if state in states]


# ---------------------------------------------------------------------------------------------------------
# What is borrowed from other libraries (相互貸借)
# ---------------------------------------------------------------------------------------------------------


def decide_borrowing(
    policy: Policy,
    number: str,
    send_back_by: date,
    today: date,
    taken: bool = False,
    is_a_card: bool = False,
) -> Decision:
    """Whether a piece of another library is taken in under this number (as ``decide_barcode``) until this
    day."""
    refusals = decide_barcode(policy, number, taken, is_a_card).refusals
    if send_back_by < today:
        refusals += (Refusal(Reason.SEND_BACK_PAST),)
    return Decision(refusals)


def decide_sending_back(out: bool, set_aside: bool) -> Decision:
    """Whether a piece goes back to its library: not while a patron has it, or it is kept for one."""
    refusals = [Refusal(Reason.OUT)] if out else []
    if set_aside:
        refusals.append(Refusal(Reason.KEPT_FOR_ANOTHER))
    return Decision(tuple(refusals))


def decide_declining(borrowed: int) -> Decision:
    """Whether those who asked for a title are told that it cannot be got: not while pieces of it are here."""
    return Decision((Refusal(Reason.BORROWED_FOR_THEM, {"count": borrowed}),) if borrowed else ())


# ---------------------------------------------------------------------------------------------------------
# The hold cart
# ---------------------------------------------------------------------------------------------------------

# A full limit, a missing address or the hour do not keep a title out of the cart: they can change meanwhile.
MENDABLE_IN_CART = frozenset({Reason.HOLD_LIMIT, Reason.NO_MAIL, Reason.OUTSIDE_HOURS})
CART_AT_MOST = 50  # titles; before login the cart travels in a cookie, which holds no more


def decide_cart(
    policy: Policy, patron: PatronFacts | None, bib: BibFacts, occasion: Occasion, in_cart: int = 0
) -> Decision:
    """Whether a title may be put into a cart of so many.  Before login only the title itself is asked."""
    refusals = (
        decide_title_hold(policy, bib, occasion)
        if patron is None
        else decide_hold(policy, patron, bib, occasion)
    ).refusals
    refusals = tuple(refusal for refusal in refusals if refusal.reason not in MENDABLE_IN_CART)
    if in_cart >= CART_AT_MOST:
        refusals += (Refusal(Reason.CART_FULL, {"most": CART_AT_MOST}),)
    return Decision(refusals)


def plan_cart(
    policy: Policy, patron: PatronFacts, bibs: Sequence[BibFacts], occasion: Occasion
) -> list[Decision]:
    """The answer for each title in the order of the list, as if those before it had been registered.

    What fits under a limit is taken in this order; what comes after stays in the cart with its reason.
    """
    answers = []
    for bib in bibs:
        answer = decide_hold(policy, patron, bib, occasion)
        answers.append(answer)
        if answer.allowed:
            placed = HoldFacts(bib, HoldState.WAITING, occasion.at, occasion.day, occasion.branch)
            patron = replace(patron, holds=(*patron.holds, placed))
    return answers


def plan_filling(
    policy: Policy, patron: PatronFacts, bibs: Sequence[BibFacts], occasion: Occasion, in_cart: int
) -> list[Decision]:
    """The answer for each title that is to go into a cart of so many, as if those before it had gone in."""
    answers = []
    for bib in bibs:
        answers.append(decide_cart(policy, patron, bib, occasion, in_cart))
        in_cart += answers[-1].allowed
    return answers


# ---------------------------------------------------------------------------------------------------------
# 今度読みたい本: what a patron wants to read some day (source document 1)
# ---------------------------------------------------------------------------------------------------------

OWN_SHELF_AT_MOST = 200  # titles; one page shows them all
SHELF_NOTE_AT_MOST = 200  # characters


def decide_own_shelf(on_it: int) -> Decision:
    """Whether one more title may be noted by a patron who has noted so many.  No title is refused for what
    it is: what cannot be held today may be read some day."""
    full = on_it >= OWN_SHELF_AT_MOST
    return Decision((Refusal(Reason.OWN_SHELF_FULL, {"most": OWN_SHELF_AT_MOST}),) if full else ())


def decide_shelf_note(note: str) -> Decision:
    """Whether a patron's note on such a title is short enough to be kept."""
    return _decide_note(note, SHELF_NOTE_AT_MOST)


def _decide_note(note: str, most: int) -> Decision:
    facts = {"most": most, "length": len(note)}
    return Decision((Refusal(Reason.NOTE_LONG, facts),) if len(note) > most else ())


# ---------------------------------------------------------------------------------------------------------
# 読書記録: what a patron has read, for that patron alone (source document 1)
# ---------------------------------------------------------------------------------------------------------

GOAL_AT_MOST = 9999  # loans a year
READING_NOTE_AT_MOST = 500  # characters


class CountsFrom(StrEnum):
    """Which loans a record begins with: those made from the setting on (source document 1), or those that
    are open at that moment, too (目黒)."""

    SETTING = "setting"
    OPEN_LOANS = "open loans"


class GoalYear(StrEnum):
    """The month in which the year of a goal begins."""

    APRIL = "april"
    JANUARY = "january"


@dataclass(frozen=True, slots=True)
class ReadingPolicy:
    """Whether patrons may have their loans recorded for themselves.  Nobody's are without being asked for."""

    offered: bool = True
    counts_from: CountsFrom = CountsFrom.SETTING
    goal_year: GoalYear = GoalYear.APRIL


def decide_record(policy: Policy, kept: bool, at: Channel) -> Decision:
    """Whether a patron may see the reading record, or begin one.  ``kept``: it is kept already; then it can
    be seen and ended also where the library offers none any more.  A terminal in the library shows none:
    the next one there might see it."""
    if at is Channel.KIOSK:
        return Decision((Refusal(Reason.NOT_AT_A_TERMINAL),))
    if not policy.reading_record.offered and not kept:
        return Decision((Refusal(Reason.NO_READING_RECORD),))
    return Decision()


def is_recorded(policy: Policy) -> bool:
    """Whether a loan that is made now goes into the record of a patron who keeps one.  Each loan is one
    entry, the same title lent again is another; a renewal is none."""
    return policy.reading_record.offered


def begins_with_open_loans(policy: Policy) -> bool:
    """Whether a record begins with what is out when it is turned on."""
    return policy.reading_record.counts_from is CountsFrom.OPEN_LOANS


def reading_year(policy: Policy, day: date) -> int:
    """The year whose goal a loan of this day counts for, by the year in which it begins."""
    return fiscal_year(day) if policy.reading_record.goal_year is GoalYear.APRIL else day.year


def reading_months(policy: Policy, year: int) -> list[date]:
    """The first days of the twelve months of such a year."""
    first = 4 if policy.reading_record.goal_year is GoalYear.APRIL else 1
    return [date(year + n // 12, n % 12 + 1, 1) for n in range(first - 1, first + 11)]


def decide_goal(policy: Policy, year: int, goal: int | None, today: date) -> Decision:
    """Whether a patron may want to read so many in a year, or, with None, have no goal: for this year and
    the next.  What was wanted in a year that is over stays as it was."""
    refusals = []
    if year not in goal_years(policy, today):
        refusals.append(Refusal(Reason.GOAL_YEAR_OVER))
    if goal is not None and not 1 <= goal <= GOAL_AT_MOST:
        refusals.append(Refusal(Reason.GOAL_OUT_OF_RANGE, {"most": GOAL_AT_MOST}))
    return Decision(tuple(refusals))


def goal_years(policy: Policy, today: date) -> tuple[int, int]:
    """The years for which a goal can be set."""
    this = reading_year(policy, today)
    return this, this + 1


def decide_reading_note(note: str) -> Decision:
    """Whether a patron's note on something that was read is short enough to be kept."""
    return _decide_note(note, READING_NOTE_AT_MOST)


# ---------------------------------------------------------------------------------------------------------
# 新着資料案内: new-arrival alerts, what a patron is told of by mail when it comes in (source document 1)
# ---------------------------------------------------------------------------------------------------------

ALERTS_AT_MOST = 30  # a patron; one page shows them all
ALERT_WORD_AT_MOST = 100  # characters of the author, the keyword and the series each
ALERT_LOOKS_BACK = timedelta(days=90)  # over which a patron sees what an alert would have found
ARRIVALS_TOLD_AT_MOST = 50  # titles in one mail; of more it says how many


@dataclass(frozen=True, slots=True)
class Alerts:
    """Whether the library tells its patrons by mail of what comes in."""

    offered: bool = True


@dataclass(frozen=True, slots=True)
class AlertTerms:
    """What a new title has to be for a patron to be told of it: all that is filled in has to fit.

    ``ndc`` is how its class number begins; ``branch`` is where a piece of it has to be.
    """

    author: str = ""
    ndc: str = ""
    keyword: str = ""
    series: str = ""
    branch: str = ""


def decide_alerts(registered: int, mail: str | None) -> Decision:
    """Whether one more alert may be registered by a patron who has so many.  The address comes first:
    「まず初めに…メールアドレスの登録を行ってください」 (document 1, 新着資料案内)."""
    refusals = []
    if not mail:
        refusals.append(Refusal(Reason.ALERT_NEEDS_ADDRESS))
    if registered >= ALERTS_AT_MOST:
        refusals.append(Refusal(Reason.ALERTS_FULL, {"most": ALERTS_AT_MOST}))
    return Decision(tuple(refusals))


def decide_alert(terms: AlertTerms) -> Decision:
    """Whether these terms say something; a branch alone would be all that it buys."""
    says = terms.author or terms.ndc or terms.keyword or terms.series
    return Decision(() if says else (Refusal(Reason.ALERT_EMPTY),))


def decide_alert_word(word: str) -> Decision:
    """Whether an author, a keyword or a series is short enough to be kept."""
    long = len(word) > ALERT_WORD_AT_MOST
    facts = {"most": ALERT_WORD_AT_MOST, "length": len(word)}
    return Decision((Refusal(Reason.ALERT_WORD_LONG, facts),) if long else ())


def decide_alert_change(same_as_another: bool) -> Decision:
    """Whether an alert may be changed to this: two that are alike would tell of everything twice."""
    return Decision((Refusal(Reason.ALERT_TWICE),) if same_as_another else ())


def is_told_of_arrivals(policy: Policy, mail: str | None, card_expires_on: date | None, today: date) -> bool:
    """Whether new arrivals are told to a patron today: by mail only, and while the card is good."""
    expired = card_expires_on is not None and card_expires_on < today
    return policy.alerts.offered and bool(mail) and not expired


# ---------------------------------------------------------------------------------------------------------
# The hold shelf
# ---------------------------------------------------------------------------------------------------------


class ShelfFrom(StrEnum):
    """When the clock of the hold shelf starts: when the patron was told, when the piece was set aside, or
    when the patron saw it on the page."""

    CONTACT = "contact"
    READY = "ready"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class ShelfBy:
    """What differs for a way of telling or for a branch; ``plus`` is added (the van comes a day later)."""

    contact: tuple[Contact, ...] = ()
    branch: tuple[str, ...] = ()
    keep: Period | None = None
    start: ShelfFrom | None = written("from", default=None)
    plus: Period | None = None
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Extension:
    """How often and how far the patron may put the last day off, counted from that day."""

    times: int
    by: Period
    at: frozenset[Channel] = ALL_CHANNELS
    even_if_held: bool = False


class SlipShows(StrEnum):
    """What the slip in a piece on the hold shelf shows of its patron, where everybody can read it."""

    CARD_END = "card end"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class ShelfPolicy:
    """``unreached``: so long after it was set aside it is cancelled, if nobody could be told."""

    keep: Period
    on_closed: OnClosed
    start: ShelfFrom = written("from", default=ShelfFrom.CONTACT)
    by: tuple[ShelfBy, ...] = ()
    extend: Extension | None = None
    unreached: Period | None = None
    slip: SlipShows = SlipShows.CARD_END


@dataclass(frozen=True, slots=True)
class ShelfFacts:
    """A hold that is ready at a branch.  ``told_on``: the library day on which the mail went out, or the call
    was answered; ``seen_on``: on which the patron opened it on the page."""

    contact: Contact
    branch: str
    ready_on: date
    told_on: date | None = None
    seen_on: date | None = None
    collect_by: date | None = None
    extended: int = 0
    waiting: int = 0  # others who wait for the title
    needed_by: date | None = None  # the last day on which the patron wants it


@dataclass(frozen=True, slots=True)
class ShelfTerms:
    """From when and for how long a hold is kept at a branch for somebody who is told in this way."""

    start: ShelfFrom
    keep: Period
    plus: Period | None


def shelf_terms(policy: Policy, contact: Contact, branch: str) -> ShelfTerms:
    """Of several lines that differ for this way of telling and this branch, the first that says a thing."""
    shelf = policy.hold.shelf
    lines = [
        line
        for line in shelf.by
        if (not line.contact or contact in line.contact) and (not line.branch or branch in line.branch)
    ]
    return ShelfTerms(
        start=next((line.start for line in lines if line.start), shelf.start),
        keep=next((line.keep for line in lines if line.keep), shelf.keep),
        plus=next((line.plus for line in lines if line.plus), None),
    )


def collect_by(policy: Policy, hold: ShelfFacts, opening: OpeningDays) -> date | None:
    """The last day on which a ready hold can be collected; None while the clock has not started.

    Source document 1: within one week of the mail.  It never ends on a closed day of the pick-up branch,
    unless the patron wanted it no longer than to that day.
    """
    policy = policy.on(hold.ready_on)
    terms = shelf_terms(policy, hold.contact, hold.branch)
    told_on = hold.ready_on if hold.contact is Contact.NONE else hold.told_on  # nobody is to be told
    started = {
        ShelfFrom.CONTACT: told_on,
        ShelfFrom.READY: hold.ready_on,
        ShelfFrom.SEEN: hold.seen_on,
    }
    started_on = started[terms.start]
    if started_on is None:
        return None
    end = end_of(terms.keep, started_on, opening)
    if terms.plus is not None:
        end = end_of(terms.plus, end, opening)
    last = settle(end, policy.hold.shelf.on_closed, opening, None)
    if hold.needed_by is None:
        return last
    return max(hold.needed_by, hold.ready_on) if last is None else min(last, hold.needed_by)


def shelf_is_over(collect_by: date | None, today: date) -> bool:
    """Whether a ready hold has not been collected in time; one whose clock has not started never has."""
    return collect_by is not None and collect_by < today


def unreached_on(policy: Policy, hold: ShelfFacts) -> date | None:
    """The last day that a ready hold is kept for somebody who could not be told; None: none is named."""
    unreached = policy.on(hold.ready_on).hold.shelf.unreached
    return None if unreached is None else end_of(unreached, hold.ready_on)


def ends_uncollected(policy: Policy, hold: ShelfFacts, today: date, opening: OpeningDays) -> bool:
    """Whether a ready hold ends today by itself: it was not collected in time, or nobody could be told for
    too long.  On a day on which its branch is closed nothing ends (source document 1: 自動的に取り消し)."""
    last = hold.collect_by or unreached_on(policy, hold)
    return shelf_is_over(last, today) and opening.is_open(today)


def ends_unserved(needed_by: date | None, today: date) -> bool:
    """Whether a hold that waits is not wanted any more."""
    return needed_by is not None and needed_by < today


def decide_putting_back(state: HoldState) -> Decision:
    """Whether a hold can wait again: one that has a piece, or waits already."""
    if state in (HoldState.READY, HoldState.IN_TRANSIT, HoldState.WAITING):
        return Decision()
    return Decision((Refusal(Reason.NOT_SET_ASIDE),))


def decide_extension(
    policy: Policy, hold: ShelfFacts, occasion: Occasion, opening: OpeningDays
) -> ExtensionDecision:
    """Whether the last day of a ready hold may be put off, and to when (長く取り置く)."""
    extend = policy.on(occasion.day).hold.shelf.extend
    place = "hold.shelf.extend"
    if extend is None or hold.collect_by is None or occasion.at not in extend.at:
        ways = [way for way in Channel if extend and hold.collect_by and way in extend.at]
        facts = {"here": occasion.at, "at": ways}
        return ExtensionDecision((Refusal(Reason.NOT_EXTENDABLE, facts, place=place),))
    refusals = []
    if shelf_is_over(hold.collect_by, occasion.day):
        refusals.append(Refusal(Reason.SHELF_OVER, {"day": hold.collect_by}, place=place))
    if hold.extended >= extend.times:
        refusals.append(Refusal(Reason.EXTENDED, {"times": extend.times}, place=place))
    if hold.waiting and not extend.even_if_held:
        refusals.append(Refusal(Reason.OTHERS_WAIT, {"count": hold.waiting}, place=place))
    end = settle(end_of(extend.by, hold.collect_by, opening), OnClosed.NEXT, opening, None)
    if end is None:
        refusals.append(Refusal(Reason.NO_LAST_DAY, place=place))
    return ExtensionDecision(tuple(refusals)) if refusals else ExtensionDecision((), end)


# ---------------------------------------------------------------------------------------------------------
# How long one waits
# ---------------------------------------------------------------------------------------------------------

_HANDLING_DAYS = 2  # from a return until somebody is told: the shelf, the slip, the van
_LATE_DAYS = 7  # when a piece that is late already will come back, nobody knows
_WEEKS_TO = 7 * 7  # days; beyond that an estimate speaks of months
_MONTHS_TO = 11 * 30  # days; beyond that of a year or more


@dataclass(frozen=True, slots=True)
class Wait:
    """How long somebody in this place will wait, and all that it was reckoned with, so that it can be said.

    ``copies`` are those that serve holds; ``loan_days`` how long one of them is out, ``shelf_days`` how long
    it stands on the hold shelf on average, ``handling_days`` how long each hand takes between.
    """

    days: int
    place: int
    copies: int
    loan_days: int
    shelf_days: int
    handling_days: int = _HANDLING_DAYS

    @property
    def about(self) -> Period:
        """In coarse words, rounded up: weeks, from two months on months, and a year for that or more."""
        if self.days <= _WEEKS_TO:
            return Period(max(1, math.ceil(self.days / 7)), Unit.WEEKS)
        if self.days <= _MONTHS_TO:
            return Period(math.ceil(self.days / 30), Unit.MONTHS)
        return Period(1, Unit.YEARS)


def waiting_time(policy: Policy, items: Iterable[ItemFacts], place: int, today: date) -> Wait | None:
    """An honest estimate for this place of the queue, 1 the first; None where nothing can be said.

    Each copy that serves holds goes to the next in the queue when it is free: one on the shelf now, one that
    is out on its due date, one set aside when its patron has collected and read it.  Each patron before has
    it for half the days of the hold shelf and the whole loan: who is waited for cannot renew.  Whoever
    cancels or is quicker makes the wait shorter; whoever is late makes it longer.
    """
    policy = policy.on(today)
    shelf_days = math.ceil((end_of(policy.hold.shelf.keep, today) - today).days / 2)
    # Of each copy: in how many days it is free, and how long a patron has it.
    turns = [
        (_free_in(item, shelf_days + loan_days, today), loan_days)
        for item in items
        if serves_holds(policy, item, today) and policy.branch(item.branch)
        for loan_days in [_typical_loan_days(policy, item, today)]
        if loan_days
    ]
    if place < 1 or not turns:
        return None
    heapq.heapify(turns)
    longest = max(loan_days for _, loan_days in turns)
    for _ in range(min(place - 1, _MONTHS_TO * len(turns))):  # further on it stays a year or more
        free, loan_days = turns[0]
        heapq.heapreplace(turns, (free + _HANDLING_DAYS + shelf_days + loan_days, loan_days))
    return Wait(turns[0][0] + _HANDLING_DAYS, place, len(turns), longest, shelf_days)


def _free_in(item: ItemFacts, with_its_patron: int, today: date) -> int:
    """In how many days the next one can have a copy."""
    if item.due_on is not None:
        return (item.due_on - today).days if item.due_on >= today else _LATE_DAYS
    return with_its_patron if item.set_aside else 0


def _typical_loan_days(policy: Policy, item: ItemFacts, today: date) -> int | None:
    """How long a piece is lent to anybody; where a sheet speaks of named patrons only, to the first of them
    who is lent it."""
    at_the_desk = Occasion(Channel.DESK, datetime.combine(today, time(12), JAPAN))
    somebody = (PatronFacts(category.id) for category in policy.patron_categories)
    lines = (loan_line(policy, item, who, at_the_desk, at_any_hour=True) for who in (None, *somebody))
    line = next((line for line in lines if line is not None), None)
    return None if line is None else max(1, (end_of(line.period, today) - today).days)


# ---------------------------------------------------------------------------------------------------------
# Exceptions at the desk
# ---------------------------------------------------------------------------------------------------------


class Overrulable(StrEnum):
    """What a sheet may let the desk overrule, by the words for it in the file.

    Nothing else: a piece that is out, gone or kept for another cannot be lent whatever anybody says, and a
    title that cannot be held would wait for a piece that is never set aside.
    """

    LOAN_LIMIT = "loan limit"
    HOLD_LIMIT = "hold limit"
    NOT_LENDABLE = "not lendable"
    NOT_RENEWABLE = "not renewable"
    RENEWED = "renewed"
    TOO_SOON = "too soon"
    OVERDUE = "overdue"
    RETURNED_LATE = "returned late"
    LOST = "lost"
    MARK = "mark"
    CARD_EXPIRED = "card expired"


@dataclass(frozen=True, slots=True)
class Overrule:
    """What may be overruled, and who of the staff may."""

    reasons: frozenset[Overrulable]
    by: Role


@dataclass(frozen=True, slots=True)
class Overruling:
    """Somebody of the staff makes an exception: with which rights, and why, in their words."""

    by: Role
    remark: str


LONGEST_REMARK = 100

_OVERRULED_AS = {
    Reason.LOAN_LIMIT: Overrulable.LOAN_LIMIT,
    Reason.HOLD_LIMIT: Overrulable.HOLD_LIMIT,
    Reason.NOT_LENDABLE: Overrulable.NOT_LENDABLE,
    Reason.NOT_LENDABLE_HERE: Overrulable.NOT_LENDABLE,
    Reason.NOT_RENEWABLE: Overrulable.NOT_RENEWABLE,
    Reason.NOT_RENEWABLE_HERE: Overrulable.NOT_RENEWABLE,
    Reason.RENEWED: Overrulable.RENEWED,
    Reason.TOO_SOON: Overrulable.TOO_SOON,
    Reason.OVERDUE: Overrulable.OVERDUE,
    Reason.OVERDUE_BLOCK: Overrulable.OVERDUE,
    Reason.FAMILY_OVERDUE_BLOCK: Overrulable.OVERDUE,
    Reason.PENALTY: Overrulable.RETURNED_LATE,
    Reason.LOST_BLOCK: Overrulable.LOST,
    Reason.MARK_BLOCK: Overrulable.MARK,
    Reason.CARD_EXPIRED: Overrulable.CARD_EXPIRED,
}
# Reasons that speak of whatever is asked: the act in their facts decides.
_OF_ANY_ACT = {
    Reason.NOT_FOR,
    Reason.NOT_FOR_HERE,
    Reason.ONLY_FOR,
    Reason.NOT_AT_BRANCH,
    Reason.ONLY_AT_BRANCH,
    Reason.NO_ITEM,
}
_EXCLUDED_FROM = {Act.LOAN: Overrulable.NOT_LENDABLE, Act.RENEWAL: Overrulable.NOT_RENEWABLE}


def overruled_as(refusal: Refusal) -> Overrulable | None:
    """By which word a sheet would let this be overruled; None: by none."""
    if refusal.reason in _OF_ANY_ACT:
        return _EXCLUDED_FROM.get(refusal.facts.get("act"))
    return _OVERRULED_AS.get(refusal.reason)


def _may_be_overruled(policy: Policy, refusals: Sequence[Refusal]) -> bool:
    """Whether the sheet lets the desk overrule all of these."""
    named = policy.overrule.reasons if policy.overrule else frozenset()
    return all(overruled_as(refusal) in named for refusal in refusals)


def what_is_overruled(decision: Decision) -> tuple[Overrulable, ...]:
    """The words for what an exception overrules, each once, as the record keeps them."""
    words = {overruled_as(refusal) for refusal in decision.refusals}
    return tuple(word for word in Overrulable if word in words)


def may_overrule(policy: Policy, role: Role) -> bool:
    """Whether somebody with this role may make exceptions; an administrator may where anybody may."""
    return policy.overrule is not None and role in (policy.overrule.by, Role.ADMINISTRATOR)


def decide_remark(remark: str) -> Decision:
    """Why an exception is made: something in words, on one line.

    A number so long is a card, a piece or a telephone: scanned into the wrong field, or somebody's.
    """
    if not remark:
        return Decision((Refusal(Reason.REMARK_MISSING),))
    if len(remark) > LONGEST_REMARK:
        return Decision((Refusal(Reason.REMARK_LONG, {"most": LONGEST_REMARK}),))
    if re.search("[0-9]{6}", _BLANKS_AND_HYPHENS.sub("", remark)) or remark.isdecimal():
        return Decision((Refusal(Reason.REMARK_NUMBER),))
    return Decision()


def decide_overruling(policy: Policy, decision: Decision, overruling: Overruling | None) -> Decision:
    """What still stands against something when somebody of the staff makes an exception.

    Allowed where the sheet names every reason that refuses it, the role has the right, and a remark says why.
    Where nothing refuses, nothing is overruled, and nothing is asked.
    """
    if decision.allowed or overruling is None or not decision.overrulable:
        return Decision(decision.refusals)
    if not may_overrule(policy, overruling.by):
        facts = {"role": policy.overrule.by}
        return Decision(
            (*decision.refusals, Refusal(Reason.NO_RIGHT_TO_OVERRULE, facts, place="overrule.by"))
        )
    return decide_remark(overruling.remark)


# ---------------------------------------------------------------------------------------------------------
# What a message says
# ---------------------------------------------------------------------------------------------------------


class MailLanguage(StrEnum):
    """In which language a patron is written to.  Each has its folder of texts."""

    JAPANESE = "ja"
    PLAIN = "ja-easy"  # やさしい日本語
    ENGLISH = "en"

    @property
    def tag(self) -> str:
        """As a browser or a reader of screens knows the language."""
        return self.value.partition("-")[0]


class Shown(StrEnum):
    """What a message about a hold may say of it, in the order of a sentence."""

    TITLE = "title"
    START_OF_TITLE = "start of title"
    HOLD_NUMBER = "hold number"
    HOW_MANY = "how many"
    BRANCH = "branch"


class TitlesInMail(StrEnum):
    """How much of a title a patron wants to find in a mail, from nothing on."""

    NONE = "none"
    START = "start"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Telling:
    """What may be said of a hold by mail, or by phone: who reads the mail of a family, or takes the call, may
    be somebody else."""

    by: Contact
    shows: frozenset[Shown]


_TOLD = frozenset({Shown.HOW_MANY, Shown.BRANCH})  # by mail, where a policy says nothing else
_START_OF_TITLE = 5  # characters


def shown_by(policy: Policy, by: Contact) -> frozenset[Shown] | None:
    """What the policy lets be said by this way; None where it says nothing of a call."""
    line = next((line for line in policy.tellings if line.by is by), None)
    if line is not None:
        return line.shows
    return _TOLD if by is Contact.MAIL else None


def title_choices(policy: Policy) -> tuple[TitlesInMail, ...]:
    """How much of a title a patron may ask for: nothing, and no more than the policy lets be said."""
    allowed = shown_by(policy, Contact.MAIL) or frozenset()
    choices = [TitlesInMail.NONE]
    if allowed & {Shown.START_OF_TITLE, Shown.TITLE}:
        choices.append(TitlesInMail.START)
    if Shown.TITLE in allowed:
        choices.append(TitlesInMail.WHOLE)
    return tuple(choices)


def title_choice(policy: Policy, chosen: TitlesInMail) -> TitlesInMail:
    """What a patron's choice comes to: of what may be asked for, the most that is no more than was chosen."""
    wider = tuple(TitlesInMail)
    return [one for one in title_choices(policy) if wider.index(one) <= wider.index(chosen)][-1]


def shown_in_mail(policy: Policy, chosen: TitlesInMail) -> frozenset[Shown]:
    """What a mail about holds says to a patron who has chosen so much of a title."""
    allowed = shown_by(policy, Contact.MAIL) or frozenset()
    of_title = {TitlesInMail.START: {Shown.START_OF_TITLE}, TitlesInMail.WHOLE: {Shown.TITLE}}
    return allowed - {Shown.TITLE, Shown.START_OF_TITLE} | of_title.get(title_choice(policy, chosen), set())


def start_of_title(title: str) -> str:
    """The first characters of a title: five, and half of it at most, so that a short one is not all there."""
    return title[: min(_START_OF_TITLE, len(title) // 2)] + "…"


# ---------------------------------------------------------------------------------------------------------
# What is kept, and for how long
# ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Privacy:
    """How long what is over is kept: a hold that was cancelled or not collected, for its patron to see
    (1 month in 宇都宮, 60 days in 長崎); the record of what was done."""

    ended_holds: Period = Period(14, Unit.DAYS)
    events: Period = Period(1, Unit.YEARS)
    backups: Period | None = (
        None  # how long the library keeps copies of the database; it says so, and does so
    )


# A place in the queue and a piece set aside are told of while they last: their messages go with the hold, all
# others after as many days as the hold itself.
MAIL_KEPT_FOR = timedelta(days=2)  # what could not go out for so long would only confuse


def retry_after(failures: int) -> timedelta:
    """How long a message waits that was not taken so often: 5, 10, 20 … minutes, and 6 hours at most."""
    return min(timedelta(minutes=5) * 2 ** min(failures - 1, 10), timedelta(hours=6))


TOLD_WHILE_OPEN = frozenset({"hold_registered", "hold_ready", "pickup_changed", "hold_last_day"})
TOLD_WHILE_OUT = frozenset({"due_soon", "overdue"})  # a returned loan is nobody's, in a message too


def first_kept_day(period: Period, today: date) -> date:
    """The first day of which something is still kept today, where it is kept for a period."""
    first, one = today, timedelta(days=1)
    while first > date.min and _kept_until(period, first - one) >= today:
        first -= one
    return first


def _kept_until(period: Period, day: date) -> date:
    try:
        return end_of(period, day)
    except (ValueError, OverflowError):  # longer than there are days
        return date.max


def month_of(day: date) -> str:
    """All that is kept of when a card was used: a day could tell which loan it was for."""
    return f"{day:%Y-%m}"


def last_known_day(card_expires_on: date | None, last_used_in: str | None, added_on: date) -> date:
    """From when on a patron is not needed any more: the card's last day, the end of the month in which it was
    used last, or the day of the registration, whichever is latest."""
    known = [added_on] if card_expires_on is None else [added_on, card_expires_on]
    if last_used_in:
        year, month = map(int, last_used_in.split("-"))
        known.append(date(year, month, calendar.monthrange(year, month)[1]))
    return max(known)


def is_forgotten(policy: Policy, patron: PatronFacts, last_known: date, today: date) -> bool:
    """Whether a patron is deleted because the card has been neither good nor used for as long as the policy
    says (三郷 10 years, 目黒 2 years after the card's last day).

    Not with something out or set aside, and not while something stops the patron that the library wants
    to remember.
    """
    period = policy.card.forget_after
    if period is None or _kept_until(period, last_known) >= today:
        return False
    has_a_piece = any(hold.state in (HoldState.READY, HoldState.IN_TRANSIT) for hold in patron.holds)
    stopped = is_stopped(patron.stopped_for, patron.stopped_until, today)
    penalty = patron.penalty_until is not None and patron.penalty_until >= today
    return not (patron.loans or has_a_piece or stopped or penalty)


# ---------------------------------------------------------------------------------------------------------
# Reminders
# ---------------------------------------------------------------------------------------------------------


class Reminder(StrEnum):
    """What patrons are reminded of by mail."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    HOLD_LAST_DAY = "hold_last_day"
    CARD_EXPIRES = "card_expires"


# A patron may do without these; that something is late is the library's to say (督促).
OPTIONAL_REMINDERS = (Reminder.DUE_SOON, Reminder.HOLD_LAST_DAY, Reminder.CARD_EXPIRES)
REMINDERS_LEAVE_AT = time(8)  # found at midnight, but a phone that rings then reminds nobody well


@dataclass(frozen=True, slots=True)
class OverdueReminders:
    """So long after the last day, and again after as long, so many times in all."""

    every: Period
    times: int


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """How long before a day its patron is reminded of it.

    What is not written is not sent: no library's patrons get mail that its sheet does not speak of.
    """

    before_due: Period | None = None
    overdue: OverdueReminders | None = None
    last_day_of_hold: Period | None = None
    card_expires: Period | None = None


def reminded_until(period: Period | None, today: date) -> date | None:
    """The farthest day that patrons are reminded of today; None: of none."""
    return None if period is None else _kept_until(period, today)


def is_reminded_of(period: Period | None, day: date, reminded_for: date | None, today: date) -> bool:
    """Whether today is the day to remind of one that comes, or a later one on which nobody has yet.

    Of one day it is reminded once; where it was put off, of the new one again.
    """
    until = reminded_until(period, today)
    return until is not None and today <= day <= until and day != reminded_for


def is_reminded_of_loan(
    policy: Policy, lent_on: date, due_on: date, reminded_for: date | None, today: date
) -> bool:
    """Whether it is said today that a loan will be due; not on the day on which the desk has just said so."""
    return lent_on < today and is_reminded_of(policy.reminder.before_due, due_on, reminded_for, today)


def overdue_reminders(policy: Policy, due_on: date, today: date) -> int:
    """How often it should have been said until today that a loan is late.  Who missed some says it once."""
    overdue, said = policy.reminder.overdue, 0
    if overdue is None:
        return 0
    while said < overdue.times:
        longer = replace(overdue.every, n=overdue.every.n * (said + 1))
        if _kept_until(longer, due_on) > today:
            break
        said += 1
    return said


def optional_reminders(policy: Policy) -> dict[Reminder, Period]:
    """What a patron may do without, of all that this library sends, and how long before it is sent."""
    periods = (policy.reminder.before_due, policy.reminder.last_day_of_hold, policy.reminder.card_expires)
    return {kind: period for kind, period in zip(OPTIONAL_REMINDERS, periods, strict=True) if period}


def reminders_leave_at(now: datetime) -> datetime:
    """When the reminders of a library day go out: in the morning, or now where it is later."""
    return max(now, datetime.combine(library_day(now), REMINDERS_LEAVE_AT, JAPAN))


def renews_on_the_web(policy: Policy) -> bool:
    """Whether there is anything that patrons may renew by themselves at home."""
    return policy.renewal.times.n != 0 and Channel.WEB in policy.renewal.at


# ---------------------------------------------------------------------------------------------------------
# What happens by itself
# ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Jobs:
    """From which time on what is done once a day is begun; the mails that come of it go out then."""

    at: time = time(0, 5)


@dataclass(frozen=True, slots=True)
class LastRun:
    """A job as it was done last: for which day, from when to when, and whether it failed."""

    day: date | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    failed: bool = False


FAILED_JOB_AGAIN = timedelta(minutes=30)
STOPPED_JOB_AGAIN = timedelta(hours=2)  # longer than any takes: whoever began it was stopped in the middle
_CLOCKS_APART = timedelta(hours=1)  # what lies further ahead was written while a clock was wrong


def job_day(policy: Policy, now: datetime) -> date:
    """The day whose jobs may have been begun at this moment: yesterday, before the time of day."""
    day = library_day(now)
    return day if now.astimezone(JAPAN).time() >= policy.jobs.at else day - timedelta(days=1)


def job_is_running(last: LastRun, now: datetime) -> bool:
    """Whether somebody is at a job: it was begun, not so long ago that they must have been stopped."""
    started = last.started_at
    if started is None or last.finished_at is not None:
        return False
    return now - STOPPED_JOB_AGAIN < started <= now + _CLOCKS_APART


def next_run(policy: Policy, last: LastRun, now: datetime) -> datetime:
    """From when on a job of once a day is due; one that is due already was so at the time that is given.

    Days on which nothing could be done are not made up for one by one: each job finds all that is due on the
    day on which it is done.
    """
    today = _begins(policy, job_day(policy, now))
    known = [moment for moment in (last.started_at, last.finished_at) if moment is not None]
    late = now + _CLOCKS_APART
    if last.day is None or last.day > library_day(late) or any(moment > late for moment in known):
        return today
    if last.started_at is not None and last.finished_at is None:
        return last.started_at + STOPPED_JOB_AGAIN
    if last.failed and last.finished_at is not None:
        return last.finished_at + FAILED_JOB_AGAIN
    return _begins(policy, last.day + timedelta(days=1))


def job_is_due(policy: Policy, last: LastRun, now: datetime) -> bool:
    """Whether a job of once a day is to be done now: where nobody could at its time of day, as soon as
    somebody can."""
    return next_run(policy, last, now) <= now


def _begins(policy: Policy, day: date) -> datetime:
    return datetime.combine(day, policy.jobs.at, JAPAN)


# ---------------------------------------------------------------------------------------------------------
# The whole sheet
# ---------------------------------------------------------------------------------------------------------


class Heading(StrEnum):
    """The headings of the page of rules."""

    CARD = "card"
    LOAN = "loan"
    RENEWAL = "renewal"
    HOLD = "hold"
    SHELF = "shelf"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the page of rules says and nobody enforces, under one of its headings."""

    under: Heading
    text: str


@dataclass(frozen=True, slots=True)
class Season:
    """Days on which other lines stand in for some of the sheet's: a summer's reading list, a campaign, the
    stock-taking.  The day of the act decides; what was lent stays as lent.  ``first`` and ``last`` are dates,
    or (month, day) of every year."""

    name: str
    first: tuple[int, int] | date = written("from")
    last: tuple[int, int] | date = written("to")

    def covers(self, day: date) -> bool:
        return _within(self.first, self.last, day)


@dataclass(frozen=True)
class Policy:
    """One library's rules, from top to bottom of its sheet.

    ``in_season`` has the sheet as it stands in each set of seasons (by their numbers) that can meet.
    """

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
    registration: Registration = Registration()
    contact: ContactPolicy = ContactPolicy()
    privacy: Privacy = Privacy()
    reading_record: ReadingPolicy = ReadingPolicy()
    reminder: ReminderPolicy = ReminderPolicy()
    jobs: Jobs = Jobs()
    login: Logins = Logins()
    alerts: Alerts = Alerts()
    people: tuple[People, ...] = ()
    categories: tuple[Category, ...] = written("category", default=())
    blocks: tuple[Block, ...] = written("block", default=())
    overrule: Overrule | None = None
    tellings: tuple[Telling, ...] = written("notice", default=())
    notes: tuple[Note, ...] = written("note", default=())
    seasons: tuple[Season, ...] = written("season", default=())
    in_season: Mapping[frozenset[int], Policy] = field(
        default_factory=dict, compare=False, repr=False, metadata={"key": None}
    )

    def on(self, day: date) -> Policy:
        """The sheet as it stands on this day."""
        if not self.seasons:
            return self
        running = frozenset(n for n, season in enumerate(self.seasons) if season.covers(day))
        return self.in_season.get(running, self)

    @cached_property
    def main_branch(self) -> Branch:
        return next(branch for branch in self.branches if branch.main)

    @cached_property
    def _named(self) -> Mapping[str, Mapping[str, Any]]:
        lists = {
            "branch": self.branches,
            "patron": self.patron_categories,
            "people": self.people,
            "material": self.materials,
            "category": self.categories,
        }
        return {kind: {entry.id: entry for entry in entries} for kind, entries in lists.items()}

    @cached_property
    def _material_lines(self) -> Mapping[str, LoanBy]:
        return {
            material.id: LoanBy(of=(material.id,), period=material.loan, place=f"material[{n}].loan")
            for n, material in enumerate(self.materials, start=1)
            if material.loan is not None
        }

    def branch(self, id_: str) -> Branch | None:
        return self._named["branch"].get(id_)

    def material(self, id_: str) -> Material | None:
        return self._named["material"].get(id_)

    def material_line(self, id_: str) -> LoanBy | None:
        """How long a material is lent, as a line."""
        return self._material_lines.get(id_)

    def category(self, id_: str) -> Category | None:
        return self._named["category"].get(id_)

    def patron_category(self, id_: str) -> PatronCategory | None:
        return self._named["patron"].get(id_)

    def people_called(self, id_: str) -> People | None:
        return self._named["people"].get(id_)

    def names(self, of: Iterable[str]) -> list[str]:
        """The display names of materials and categories; the built-in words stay as they are."""
        return [_name(self.material(id_) or self.category(id_), id_) for id_ in of]

    def who_names(self, who: Iterable[str]) -> list[str]:
        """The display names of patron categories and people."""
        return [_name(self.patron_category(id_) or self.people_called(id_), id_) for id_ in who]

    def branch_names(self, branches: Iterable[str]) -> list[str]:
        return [_name(self.branch(id_), id_) for id_ in branches]


def _name(entry, id_: str) -> str:
    return (entry and entry.name) or id_
