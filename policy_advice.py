"""Lines of a policy that can be obeyed but cannot be meant: they never decide anything, or say a thing twice.

A mistake stops the start; these do not.  ``policy check`` tells them, each with its place.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from policy_tables import Mistake
from rules import (
    ALL_CHANNELS,
    JAPAN,
    Block,
    Channel,
    ItemFacts,
    Limit,
    Line,
    LoanFacts,
    Occasion,
    OpeningDays,
    Overrulable,
    PatronFacts,
    Per,
    Policy,
    Reason,
    decide_renewal,
    due,
)


def advice(policy: Policy, today: date) -> list[Mistake]:
    """What a clerk should look at again; ``today`` tells which seasons are over."""
    found = [
        *_branches_that_never_open(policy, today),
        *_names_that_nothing_uses(policy),
        *_same_questions(policy),
        *_loans_that_materials_decide(policy),
        *_lines_that_refuse_all(policy),
        *_limits_that_never_bind(policy),
        *_renewals_that_never_gain(policy),
        *_blocks_behind_others(policy),
        *_exceptions_to_nothing(policy),
    ]
    if not any(category.holds for category in policy.patron_categories):
        found.append(Mistake("patron", "advice.nobody_may_hold"))
    for n, season in enumerate(policy.seasons, start=1):
        if isinstance(season.last, date) and season.last < today:
            found.append(Mistake(f"season[{n}]", "advice.season_over", {"day": season.last}))
    return found


def _branches_that_never_open(policy: Policy, today: date) -> Iterator[Mistake]:
    for n, branch in enumerate(policy.branches, start=1):
        if OpeningDays(branch.closures).next_open(today) is None:
            yield Mistake(f"branch[{n}].closed", "advice.never_open", {"what": branch.name})


def _names_that_nothing_uses(policy: Policy) -> Iterator[Mistake]:
    sheets = [policy, *policy.in_season.values()]
    lines = [line for sheet in sheets for line in _all_lines(sheet)]
    of = {name for line in lines for name in line.of}
    of |= {name for sheet in sheets for block in sheet.blocks for name in block.when.of}
    who = {name for line in lines for name in line.who}
    for path, entries, used in (("category", policy.categories, of), ("people", policy.people, who)):
        for n, entry in enumerate(entries, start=1):
            if entry.id not in used:
                yield Mistake(f"{path}[{n}]", "advice.unused", {"given": entry.id})


def _all_lines(policy: Policy) -> list[Line]:
    loan, renewal, hold = policy.loan, policy.renewal, policy.hold
    late = (renewal.late and renewal.late.by) or ()
    return [
        *(*loan.by, *loan.never, *loan.only, *loan.limits),
        *(*renewal.by, *late, *renewal.never, *renewal.only),
        *(*hold.never, *hold.only, *hold.limits),
        *(*policy.card.valid, *policy.blocks),
    ]


def _same_questions(policy: Policy) -> Iterator[Mistake]:
    """Two lines that ask the same: the smaller number or the shorter period decides, the other never."""
    for limits in (policy.loan.limits, policy.hold.limits):
        yield from _asked_twice(limits, lambda limit: (*limit.question, limit.who))
    late = (policy.renewal.late and policy.renewal.late.by) or ()
    for lines in (policy.loan.by, policy.renewal.by, late, policy.card.valid):
        yield from _asked_twice(lines, lambda line: (frozenset(line.of), line.who, line.at, line.branch))


def _asked_twice(lines: Iterable[Line], question) -> Iterator[Mistake]:
    seen: dict[tuple, str] = {}
    for line in lines:
        asked = (*question(line), getattr(line, "lent_from", None))
        if asked in seen:
            yield Mistake(line.place, "advice.same_question", {"other": seen[asked]})
        seen.setdefault(asked, line.place)


def _loans_that_materials_decide(policy: Policy) -> Iterator[Mistake]:
    """How long everything is lent here or by this way, where each material says how long it is lent."""
    if all(material.loan is not None for material in policy.materials):
        for line in policy.loan.by:
            if not line.of and not line.who:
                yield Mistake(line.place, "advice.material_decides")


def _lines_that_refuse_all(policy: Policy) -> Iterator[Mistake]:
    for line in (*policy.loan.never, *policy.renewal.never, *policy.hold.never):
        if not line.of and _bars_all(line):
            yield Mistake(line.place, "advice.refuses_all")


def _limits_that_never_bind(policy: Policy) -> Iterator[Mistake]:
    """A limit inside a smaller one, and a limit for what is refused anyway."""
    for limits, never in ((policy.loan.limits, policy.loan.never), (policy.hold.limits, policy.hold.never)):
        barred = {name for line in never if _bars_all(line) for name in line.of}
        for limit in limits:
            if limit.of and set(limit.of) <= barred:
                yield Mistake(limit.place, "advice.refused_anyway", {"what": policy.names(limit.of)})
            for wider in limits:
                if wider is not limit and _reached_first(policy, wider, limit):
                    facts = {"other": wider.place, "most": wider.most.n}
                    yield Mistake(limit.place, "advice.limit_inside", facts)
                    break


def _bars_all(line: Line) -> bool:
    return not line.who and not line.branch and line.at == ALL_CHANNELS


def _reached_first(policy: Policy, wider: Limit, limit: Limit) -> bool:
    """Whether the one limit is always reached before the other can be."""
    return (
        limit.most.n is not None
        and wider.most.n is not None
        and wider.most.n < limit.most.n
        and not (wider.alone or limit.alone)
        and wider.question != limit.question
        and not wider.who
        and wider.per is limit.per is Per.PATRON
        and wider.count is limit.count
        and (not wider.branch or wider.branch == limit.branch)
        and limit.at <= wider.at
        and _is_within(policy, limit.of, wider.of)
    )


def _is_within(policy: Policy, inner: Sequence[str], outer: Sequence[str]) -> bool:
    """Whether everything in these sets is in those, as far as their definitions tell."""
    if not outer:
        return True
    return bool(inner) and all(name in outer or _materials(policy, name) <= set(outer) for name in inner)


def _materials(policy: Policy, name: str) -> set[str | None]:
    """The materials to which a category is bound; {None} where it is bound to none."""
    category = policy.category(name)
    return {when.material for when in category.when} if category else {None}


def _renewals_that_never_gain(policy: Policy) -> Iterator[Mistake]:
    """A material for which no day of the loan lets a renewal gain a day, tried out day by day."""
    patron = PatronFacts(policy.patron_categories[0].id)
    lent_at = datetime.combine(date(2001, 1, 8), time(12), JAPAN)
    useless = {Reason.TOO_SOON, Reason.NO_DAY_GAINED, Reason.OVERDUE}
    plain = policy.in_season.get(frozenset(), policy)
    for n, material in enumerate(policy.materials, start=1):
        item = ItemFacts(material.id)
        at_the_desk = Occasion(Channel.DESK, lent_at, policy.main_branch.id)
        ends = due(plain, item, at_the_desk, OpeningDays(), patron)
        if ends is None:
            continue
        loan = LoanFacts(1, 1, item, policy.main_branch.id, at_the_desk.day, ends.on)
        answers = [
            decide_renewal(plain, patron, loan, Occasion(Channel.WEB, lent_at + timedelta(days=day)))
            for day in range((ends.on - at_the_desk.day).days + 30)
        ]
        if all(answer.reasons and set(answer.reasons) <= useless for answer in answers):
            yield Mistake(f"material[{n}]", "advice.renewal_gains_nothing", {"what": material.name})


def _blocks_behind_others(policy: Policy) -> Iterator[Mistake]:
    """A block that fires only where another has fired and stopped the same."""
    for block in policy.blocks:
        for other in policy.blocks:
            if other is not block and _fires_before(other, block):
                yield Mistake(block.place, "advice.block_behind", {"other": other.place})
                break


def _fires_before(other: Block, block: Block) -> bool:
    mine, theirs = block.when, other.when
    return (
        mine.overdue is not None
        and theirs.overdue is not None
        and mine.overdue.unit is theirs.overdue.unit
        and theirs.overdue.n < mine.overdue.n
        and (mine.of, mine.family, mine.lost, mine.card, mine.mark)
        == (theirs.of, theirs.family, theirs.lost, theirs.card, theirs.mark)
        and block.stops <= other.stops
        and block.at <= other.at
        and (not other.who and not other.branch and not other.of)
    )


def _exceptions_to_nothing(policy: Policy) -> Iterator[Mistake]:
    """A word under ``overrule`` for which the sheet refuses nothing, in no season either."""
    sheets = [policy, *policy.in_season.values()]
    causes = [block.when for sheet in sheets for block in sheet.blocks]
    renewals = [sheet.renewal for sheet in sheets]
    refuses = {
        Overrulable.LOAN_LIMIT: any(
            limit.most.n is not None for sheet in sheets for limit in sheet.loan.limits
        ),
        Overrulable.HOLD_LIMIT: any(
            limit.most.n is not None for sheet in sheets for limit in sheet.hold.limits
        ),
        Overrulable.NOT_RENEWABLE: any(rule.never or rule.only for rule in renewals),
        Overrulable.TOO_SOON: any(rule.opens for rule in renewals),
        Overrulable.RETURNED_LATE: any(cause.returned_late for cause in causes),
        Overrulable.LOST: any(cause.lost for cause in causes),
        Overrulable.MARK: any(cause.mark is not None for cause in causes),
        Overrulable.CARD_EXPIRED: any(cause.card for cause in causes),
    }
    named = policy.overrule.reasons if policy.overrule else ()
    for word in Overrulable:
        if word in named and not refuses.get(word, True):
            yield Mistake("overrule.reasons", "advice.overrules_nothing", {"given": word.value})
