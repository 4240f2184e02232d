"""The policy as a sheet of rules in plain words: what 利用のきまり shows and ``policy diff`` compares.

Every line of a policy has its sentence here, in the order of a printed sheet, so that the printed rules and
the program cannot drift apart.  Examples (「きょう借りると」) come from the rules themselves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from rules import (
    ALERTS_AT_MOST,
    ALL_CHANNELS,
    Act,
    Block,
    Channel,
    Contact,
    Count,
    DottedAddresses,
    FirstPassword,
    Heading,
    HoldState,
    ItemFacts,
    Lasting,
    Limit,
    Line,
    Obstacle,
    Occasion,
    OpeningDays,
    Overrulable,
    Per,
    Policy,
    Reason,
    Refusal,
    RenewFrom,
    Shown,
    SlipShows,
    due,
    facts_asked,
    optional_reminders,
    renewal_line,
    shown_by,
    stay_of_patron,
    title_choices,
)
from wording import Wording


@dataclass(frozen=True, slots=True)
class LoanRow:
    """How long a material is lent, and until when if it is borrowed today."""

    material: str
    period: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Part:
    title: str | None
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    parts: list[Part]
    loans: list[LoanRow] = field(default_factory=list)


def sections(policy: Policy, wording: Wording, occasion: Occasion, opening: OpeningDays) -> list[Section]:
    """The sheet as it stands on this occasion, and what its seasons change.  Empty parts are left out."""
    sheet = _Sheet(policy.on(occasion.day), wording, occasion)
    seasons = [_season(policy, n, wording, occasion) for n in range(len(policy.seasons))]
    whole = [*sheet.sections(opening), Section(wording.t("rules.seasons"), seasons)]
    for section in whole:
        section.parts[:] = [part for part in section.parts if part.sentences]
    return [section for section in whole if section.parts or section.loans]


def sentences(policy: Policy, wording: Wording, occasion: Occasion) -> list[tuple[str, str]]:
    """Every sentence of one sheet under its heading, whatever the day, without the examples."""
    return [
        (part.title or title, sentence)
        for title, part in _Sheet(policy, wording, occasion).parts()
        for sentence in part.sentences
    ]


def _season(policy: Policy, number: int, wording: Wording, occasion: Occasion) -> Part:
    """What a season says that the sheet does not say otherwise."""
    season = policy.seasons[number]
    usual = set(sentences(policy.in_season[frozenset()], wording, occasion))
    in_season = sentences(policy.in_season[frozenset({number})], wording, occasion)
    changed = [sentence for title, sentence in in_season if (title, sentence) not in usual]
    days = {"first": wording.season_day(season.first), "last": wording.season_day(season.last)}
    return Part(wording.t("rules.season", name=season.name, **days), changed)


def because_of_lateness(policy: Policy, wording: Wording, occasion: Occasion) -> list[str]:
    """What the sheet says of who has something that is late, as a letter says it to them."""
    sheet = _Sheet(policy, wording, occasion)
    said = [sheet.block(block) for block in policy.blocks if block.when.overdue or block.when.returned_late]
    if Obstacle.OVERDUE in policy.renewal.refused:
        said.append(wording.t(f"rules.not_renewed.{Obstacle.OVERDUE}"))
    return said


class _Sheet:
    """One policy in one language."""

    def __init__(self, policy: Policy, wording: Wording, occasion: Occasion):
        self.policy, self.wording, self.occasion = policy, wording, occasion
        self.t, self.length = wording.t, wording.length

    def parts(self) -> list[tuple[str, Part]]:
        """Every part under the heading of its section."""
        return [
            (self.t("rules.card"), self.card()),
            (self.t("rules.registration"), self.registration()),
            (self.t("rules.loans"), self.lent_by_material()),
            (self.t("rules.loans"), self.loan()),
            (self.t("rules.renewal"), self.renewal()),
            (self.t("rules.holds"), self.who_may_hold()),
            (self.t("rules.holds"), self.how_many()),
            (self.t("rules.holds"), self.not_holdable()),
            (self.t("rules.shelf"), self.shelf()),
            (self.t("rules.shelf"), self.tellings()),
            (self.t("rules.blocks"), self.blocks()),
            (self.t("rules.reminders"), self.reminders()),
            (self.t("rules.alerts"), self.alerts()),
            (self.t("rules.privacy"), self.privacy()),
        ]

    def sections(self, opening: OpeningDays) -> list[Section]:
        """The same as a page shows it: how long each material is lent stands in a table."""
        by_title: dict[str, Section] = {}
        for title, part in self.parts():
            by_title.setdefault(title, Section(title, [])).parts.append(part)
        loans = self.t("rules.loans")
        by_title[loans] = Section(loans, by_title[loans].parts[1:], self.loan_rows(opening))
        return list(by_title.values())

    # ---- the card

    def card(self) -> Part:
        card = self.policy.card
        said = []
        if card.number:
            said.append(
                self.t("rules.card_number", digits=card.number.digits, starts=list(card.number.starts))
            )
        said += [barred.say for barred in card.barred]
        for line in card.valid:
            said.append(
                self.asked(line) + self.t(f"rules.valid.{line.start}", length=self.length(line.period))
            )
            if line.renew:
                said.append(self.asked(line) + self.t("rules.renew_card", n=line.renew.days_before))
        if card.forget_after:
            key = "rules.forget_after.expired" if card.valid else "rules.forget_after"
            said.append(self.t(key, length=self.length(card.forget_after)))
        return Part(None, said + self.notes(Heading.CARD))

    # ---- passwords, logins and addresses

    def registration(self) -> Part:
        policy, said = self.policy, [self.t("rules.password", least=self.policy.password.at_least)]
        if facts_asked(policy):
            said.append(self.t("rules.first_password.facts", facts=list(facts_asked(policy))))
        if FirstPassword.CODE in policy.registration.first_password:
            said.append(self.t("rules.first_password.code"))
        said += [self.login(at) for at in (Channel.WEB, Channel.KIOSK)]
        said.append(self.t("rules.addresses", n=policy.contact.mail_addresses))
        if policy.contact.dotted_addresses is DottedAddresses.REFUSE:
            said.append(self.t("rules.dotted_addresses"))
        if policy.contact.sender:
            said.append(self.t("rules.sender", sender=policy.contact.sender))
        return Part(None, said)

    def login(self, at: Channel) -> str:
        stay = stay_of_patron(self.policy, at)
        idle, warning = (
            self.wording.wait(int(time.total_seconds())) for time in (stay.idle, stay.warned_before)
        )
        return self.t(f"rules.login.{at}", idle=idle, warning=warning)

    # ---- loans

    def lent_by_material(self) -> Part:
        lines = [self.policy.material_line(material.id) for material in self.policy.materials]
        return Part(None, [self.lent(line) for line in lines if line is not None])

    def loan_rows(self, opening: OpeningDays) -> list[LoanRow]:
        rows = []
        for material in self.policy.materials:
            item = ItemFacts(material.id)
            line = self.policy.material_line(material.id)
            if line is not None:
                ends = due(self.policy, item, self.occasion, opening)
                rows.append(LoanRow(material.name, self.wording.write(line.period), ends and ends.on))
        return rows

    def loan(self) -> Part:
        loan = self.policy.loan
        said = [self.lent(line) for line in loan.by]
        for line in loan.by:
            if line.lent_from:
                said.append(
                    self.asked(line) + self.t("rules.lent_from", what=self.of(line), at=line.lent_from)
                )
            if line.back_by:
                said.append(self.asked(line) + self.t("rules.back_by", what=self.of(line), at=line.back_by))
        said += [self.limit(limit, Act.LOAN) for limit in loan.limits]
        said += self.excluded(Act.LOAN, loan.never, loan.only)
        said.append(self.t(f"rules.on_closed.{loan.on_closed}"))
        return Part(None, said + self.notes(Heading.LOAN))

    def lent(self, line: Lasting) -> str:
        return line.say or self.asked(line) + self.t(
            "rules.lent" if line.of else "rules.lent.all", what=self.of(line), period=line.period
        )

    # ---- renewal

    def renewal(self) -> Part:
        rule = self.policy.renewal
        if rule.times.n == 0:
            return Part(None, [self.t("rules.no_renewal"), *self.notes(Heading.RENEWAL)])
        unlimited = rule.times.n is None
        said = [self.t("rules.times_unlimited") if unlimited else self.t("rules.times", n=rule.times.n)]
        if not rule.by:
            said.append(self.t(f"rules.renewed_as_lent.{rule.base}"))
        for line in rule.by:
            said.append(self.renewed(line, rule.base))
            if line.times is not None and line.times.n is not None:
                said.append(self.asked(line) + self.t("rules.times_of", what=self.of(line), n=line.times.n))
        if rule.at != ALL_CHANNELS:
            said.append(self.t("rules.renewal_at", at=self.ways(rule.at)))
        said += self.hours(rule.hours, Act.RENEWAL)
        if rule.desk:
            said.append(self.t("rules.lend_again"))
        said += self.opens()
        if rule.until:
            said.append(self.t("rules.until", period=rule.until.period))
        said += self.late()
        said += self.excluded(Act.RENEWAL, rule.never, rule.only)
        at_the_desk = replace(self.occasion, at=Channel.DESK)
        never = [
            material.name
            for material in self.policy.materials
            if renewal_line(self.policy, ItemFacts(material.id), None, at_the_desk) is None
        ]
        if never and rule.by:
            said.append(self.t("rules.never_renewed", what=never))
        said += [self.t(f"rules.not_renewed.{obstacle}") for obstacle in sorted(rule.refused)]
        return Part(None, said + self.notes(Heading.RENEWAL))

    def renewed(self, line: Lasting, base: RenewFrom, late: str = "") -> str:
        key = f"rules.renewed_by.{base}" + ("" if line.of else ".all")
        return line.say or self.asked(line) + late + self.t(key, what=self.of(line), period=line.period)

    def opens(self) -> list[str]:
        opens = self.policy.renewal.opens
        if opens is None:
            return []
        if opens.left:
            return [self.t("rules.opens.left")]
        if opens.days_before_due is not None:
            return [self.t("rules.opens.days_before_due", n=opens.days_before_due)]
        return [self.t("rules.opens.days_after_loan", n=opens.days_after_loan)]

    def late(self) -> list[str]:
        rule, late = self.policy.renewal, self.policy.renewal.late
        if late is None:
            return []
        said = [
            self.t("rules.late_within", length=self.length(late.within))
            if late.within
            else self.t("rules.late")
        ]
        if late.by or late.base:
            when_late = self.t("rules.when_late")
            lines = late.by or rule.by
            said += [self.renewed(line, late.base or rule.base, when_late) for line in lines]
        if late.until:
            said.append(self.t("rules.late_until", period=late.until.period))
        return said

    # ---- holds

    def who_may_hold(self) -> Part:
        rule, said = self.policy.hold, []
        for category in self.policy.patron_categories:
            key = "rules.may_hold" if category.holds else "rules.may_not_hold"
            said.append(self.t(key, who=[category.name]))
        if rule.needs_mail:
            said.append(self.t("rules.needs_mail"))
        by = [self.t(f"contact.{contact}") for contact in rule.contact if contact is not Contact.NONE]
        if by:
            said.append(self.t("rules.contact", what=by))
        if Contact.NONE in rule.contact:
            said.append(self.t("rules.contact.none"))
        said += self.registered_at()
        said += self.hours(rule.hours, Act.HOLD)
        if rule.timing:
            length = self.length(rule.timing.later)
            said.append(self.t("rules.timing", at=self.ways(rule.timing.at), length=length))
        return Part(self.t("rules.who"), said + self.notes(Heading.HOLD))

    def registered_at(self) -> list[str]:
        batches = self.policy.hold.registered_at
        if batches is None:
            return []
        weekdays = self.t("date.weekdays").split()
        days: dict[tuple, list[str]] = {}
        for weekday, times in zip(weekdays, batches.by_weekday, strict=True):
            days.setdefault(times, []).append(weekday)
        said = []
        for times, on in days.items():
            at = [self.t("rules.opening") if isinstance(time, str) else time for time in times]
            if at and len(days) == 1:
                said.append(self.t("rules.registered_daily", at=at))
            elif at:
                said.append(self.t("rules.registered_on", on=self.t("list.weekdays").join(on), at=at))
        return said

    def how_many(self) -> Part:
        limits = self.policy.hold.limits
        said = [self.limit(limit, Act.HOLD) for limit in limits]
        if any(limit.most.n for limit in limits if limit.at == ALL_CHANNELS):
            said.append(self.t("rules.all_ways"))
        return Part(self.t("rules.how_many"), said)

    def not_holdable(self) -> Part:
        rule, said = self.policy.hold, []
        for line in rule.never:
            if line.of and not (line.say or line.who or line.branch) and line.at == ALL_CHANNELS:
                said += [self.wording.write(name) for name in self.of(line)]
            else:
                said += self.excluded(Act.HOLD, [line], [])
        said += self.excluded(Act.HOLD, [], rule.only)
        said.append(self.t(f"rules.on_shelf.{rule.on_shelf}"))
        return Part(self.t("rules.not_holdable"), said)

    # ---- the hold shelf

    def shelf(self) -> Part:
        shelf = self.policy.hold.shelf
        said = [self.t(f"rules.keep.{shelf.start}", period=shelf.keep)]
        for line in shelf.by:
            where = self.told(line.contact) + self.at_branches(line.branch)
            if line.keep or line.start:
                start, keep = line.start or shelf.start, line.keep or shelf.keep
                said.append(where + self.t(f"rules.keep.{start}", period=keep))
            if line.plus:
                said.append(where + self.t("rules.plus", length=self.length(line.plus)))
        said.append(self.t(f"rules.shelf_on_closed.{shelf.on_closed}"))
        if shelf.extend:
            extend = shelf.extend
            said.append(
                self.t("rules.extend", n=extend.times, length=self.length(extend.by), at=self.ways(extend.at))
            )
            if not extend.even_if_held:
                said.append(self.t("rules.extend_unless_held"))
        if shelf.unreached:
            said.append(self.t("rules.unreached", length=self.length(shelf.unreached)))
        if shelf.slip is SlipShows.NAME:
            said.append(self.t("rules.slip_shows_name"))
        if HoldState.READY not in self.policy.hold.cancel.get(Channel.WEB, ()):
            said.append(self.t("rules.ready_not_cancelled"))
        return Part(None, said + self.notes(Heading.SHELF))

    def tellings(self) -> Part:
        """What is said by mail and by phone, where the sheet says it."""
        said = []
        for line in self.policy.tellings:
            shows = shown_by(self.policy, line.by)
            what = [word for word in Shown if word in shows]
            said.append(self.t(f"rules.told_by.{line.by}", what=what))
            if line.by is Contact.MAIL and len(title_choices(self.policy)) > 1:
                said.append(self.t("rules.title_by_choice"))
        return Part(None, said)

    # ---- blocks

    def blocks(self) -> Part:
        said = [*map(self.block, self.policy.blocks), *self.exceptions(), *self.notes(Heading.BLOCK)]
        return Part(None, said)

    def exceptions(self) -> list[str]:
        overrule = self.policy.overrule
        if overrule is None:
            return []
        return [self.t("rules.overrule", what=[word for word in Overrulable if word in overrule.reasons])]

    def block(self, block: Block) -> str:
        if block.say:
            return block.say
        when, causes = block.when, []
        if when.overdue:
            whose, which = "family" if when.family else "own", "some" if when.of else "any"
            key = f"rules.overdue.{whose}.{which}"
            what = [self.set_name(name) for name in when.of]
            causes.append(self.t(key, length=self.length(when.overdue), what=what))
        if when.lost:
            causes.append(self.t("rules.cause.lost"))
        if when.returned_late:
            causes.append(self.t("rules.cause.returned_late", length=self.length(when.returned_late)))
        if when.card:
            causes.append(self.t("rules.cause.card_expired"))
        if when.mark is not None:
            causes.append(self.t("rules.cause.mark", mark=when.mark))
        stops = [act for act in Act if act in block.stops]
        what = self.of(block)
        said = self.t("rules.stops" if what else "rules.stops.all", stops=stops, what=what)
        lasts = block.lasts
        if lasts and lasts.period:
            said = self.t("rules.lasts", length=self.length(lasts.period)) + said
        elif lasts:
            said = self.t("rules.lasts_per_day", length=self.length(lasts.per_day_late)) + said
            if lasts.most:
                said += self.t("rules.lasts_at_most", length=self.length(lasts.most))
        return self.asked(block) + self.t("rules.cause.and").join(causes) + said

    # ---- reminders

    def reminders(self) -> Part:
        said = [
            self.t(f"rules.reminder.{kind}", length=self.length(period))
            for kind, period in optional_reminders(self.policy).items()
        ]
        chosen = [self.t("rules.reminders_chosen")] if said else []
        overdue = self.policy.reminder.overdue
        if overdue:
            length = self.length(overdue.every)
            said.append(self.t("rules.reminder.overdue", length=length, n=overdue.times))
        return Part(None, said + chosen)

    # ---- new-arrival alerts

    def alerts(self) -> Part:
        if not self.policy.alerts.offered:
            return Part(None, [])
        offered = self.t("rules.alerts_offered", most=ALERTS_AT_MOST)
        return Part(None, [offered, self.t("rules.alerts_address")])

    # ---- what is kept

    def privacy(self) -> Part:
        kept = self.policy.privacy
        said = [
            self.t("rules.ended_holds", length=self.length(kept.ended_holds)),
            self.t("rules.events_kept", length=self.length(kept.events)),
        ]
        if kept.backups:
            said.append(self.t("rules.backups", length=self.length(kept.backups)))
        return Part(None, said)

    # ---- what many lines say

    def of(self, line: Line) -> list[str]:
        return [self.set_name(name) for name in line.of]

    def set_name(self, id_: str) -> str:
        [name] = self.policy.names([id_])
        return self.wording.write(name)

    def ways(self, at: Iterable[Channel]) -> list[Channel]:
        return [channel for channel in Channel if channel in at]

    def told(self, contacts: Sequence[Contact]) -> str:
        """For which ways of telling something holds, as the beginning of its sentence."""
        by = [self.t(f"contact.{contact}") for contact in contacts if contact is not Contact.NONE]
        said = self.t("rules.for_contact", what=by) if by else ""
        return said + (self.t("rules.for_contact.none") if Contact.NONE in contacts else "")

    def at_branches(self, branches: Sequence[str]) -> str:
        return self.t("rules.for_branch", branch=self.policy.branch_names(branches)) if branches else ""

    def asked(self, line: Line) -> str:
        """For whom, where and by which way a line holds, as the beginning of its sentence."""
        said = ""
        if line.who:
            said += self.t("rules.for_who", who=self.policy.who_names(line.who))
        said += self.at_branches(line.branch)
        if line.at != ALL_CHANNELS:
            said += self.t("rules.for_way", at=self.ways(line.at))
        return said

    def limit(self, limit: Limit, act: Act) -> str:
        if limit.say:
            return limit.say
        what = self.of(limit)
        kind = "one" if len(what) == 1 else "together" if what else "all"
        if limit.most.n is None:
            said = self.t(f"rules.unlimited.{kind}", what=what)
        elif limit.most.n == 0:
            said = self.t(f"rules.none.{act}.{kind}", what=what)
        else:
            unit = Count.ITEMS if act is Act.HOLD and limit.count is Count.TITLES else limit.count
            count = self.t(f"rules.count.{unit}", n=limit.most.n)
            per = "" if limit.per is Per.PATRON else self.t(f"rules.per.{limit.per}")
            said = self.t(f"rules.limit.{kind}", what=what, count=per + count)
        return self.asked(limit) + said + (self.t("rules.alone") if limit.alone else "")

    def excluded(self, act: Act, never: Sequence[Line], only: Sequence[Line]) -> list[str]:
        """The lines under ``not`` and ``only``; their refusals say the same to whom they stop."""
        said = [line.say or self.asked(line) + self.not_at_all(act, self.of(line)) for line in never]
        for line in only:
            facts = {"what": self.of(line), "act": act}
            if line.say:
                said.append(line.say)
                continue
            if line.who:
                who = {"who": self.policy.who_names(line.who)}
                said.append(self.wording.say(Refusal(Reason.ONLY_FOR, {**facts, **who})))
            if line.branch:
                where = {"branch": self.policy.branch_names(line.branch)}
                said.append(self.wording.say(Refusal(Reason.ONLY_AT_BRANCH, {**facts, **where})))
            if line.at != ALL_CHANNELS:
                key = "rules.only_at" if line.of else "rules.only_at.all"
                said.append(self.t(key, **facts, at=self.ways(line.at)))
        return said

    def not_at_all(self, act: Act, what: list[str]) -> str:
        return self.t(f"rules.not.{act}" + ("" if what else ".all"), what=what)

    def hours(self, hours, act: Act) -> list[str]:
        return [
            self.t("rules.hours", act=act, at=[channel], opens=open_hours.opens, closes=open_hours.closes)
            for channel, open_hours in hours.items()
        ]

    def notes(self, heading: Heading) -> list[str]:
        return [note.text for note in self.policy.notes if note.under is heading]
