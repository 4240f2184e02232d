"""What the lines of a ``library.toml`` may each say, but not beside the others.

Asks the file as it stands, so that a mistake in one line does not hide one in another.
"""

import difflib
from collections.abc import Iterator, Sequence

from policy_tables import PERIOD_KEYS, PLACE, Mistake, lines_at, note, value_at
from rules import BUILT_IN_SETS, CLOSED_HOLD_STATES, HELD, Contact, Fact, Obstacle, School, is_mail_address

_LISTS_OF = ("limit", "by", "not", "only")  # under loan, renewal, hold and their seasons
_MOST_ADDRESSES = 9
_UNKNOWN = {"of": "policy.unknown_id", "who": "policy.unknown_who", "branch": "policy.unknown_branch"}


def contradictions(tables: dict) -> list[Mistake]:
    """What each line may say, but not beside the others: ids given twice, ids never given, no main branch.

    Asks the file as it stands, so that a mistake in one line does not hide one in another.
    """
    mistakes: list[Mistake] = []
    ids = {
        path: [line["id"] for line in lines_at(tables, path) if isinstance(line.get("id"), str)]
        for path in ("branch", "patron", "people", "material", "category")
    }
    for check in (
        _ids_twice,
        _main_branch,
        _passwords_and_addresses,
        _reminders,
        _lines_that_ask,
        _block_lines,
        _conditions,
        _renewal_and_holds,
        _tellings,
    ):
        check(tables, ids, mistakes)
    return mistakes


def _ids_twice(tables: dict, ids: dict[str, list[str]], mistakes: list[Mistake]) -> None:
    """Materials and categories are what lines are "of"; patron categories and people are "who"."""
    for path, given in ids.items():
        beside = {"category": ids["material"], "people": ids["patron"]}.get(path, [])
        for id_ in sorted({id_ for id_ in given if (given + beside).count(id_) > 1 or id_ in BUILT_IN_SETS}):
            note(mistakes, path, "policy.duplicate_id", given=id_)


def _main_branch(tables: dict, ids: dict[str, list[str]], mistakes: list[Mistake]) -> None:
    branches = lines_at(tables, "branch")
    if branches and sum(line.get("main") is True for line in branches) != 1:
        note(mistakes, "branch", "policy.one_main_branch")


def _passwords_and_addresses(tables: dict, ids: dict[str, list[str]], mistakes: list[Mistake]) -> None:
    """The number of a card proves nothing by itself; and an address is where mail can come from."""
    if value_at(tables, "registration.facts", []) == [Fact.CARD]:
        note(mistakes, "registration.facts", "policy.no_proof")
    most = value_at(tables, "contact.mail_addresses", 1)
    if type(most) is int and not 1 <= most <= _MOST_ADDRESSES:
        note(mistakes, "contact.mail_addresses", "policy.addresses")
    sender = value_at(tables, "contact.sender", "")
    if sender.strip() and not is_mail_address(sender):
        note(mistakes, "contact.sender", "policy.not_an_address")


def _reminders(tables: dict, ids: dict[str, list[str]], mistakes: list[Mistake]) -> None:
    """A reminder that is never sent is not written at all."""
    times = value_at(tables, "reminder.overdue.times", 1)
    if type(times) is int and times == 0:
        note(mistakes, "reminder.overdue.times", "policy.no_reminders")


def _lines_that_ask(tables: dict, ids: dict[str, list[str]], mistakes: list[Mistake]) -> None:
    """What lines ask of, who and branch must be there, and an ``only`` must ask something."""
    sets = _sets(ids)
    people = [*ids["patron"], *ids["people"]]
    for line in _question_lines(tables):
        place = line[PLACE]
        _unknown(mistakes, f"{place}.of", line.get("of"), sets)
        _unknown(mistakes, f"{place}.who", line.get("who"), people, "who")
        _unknown(mistakes, f"{place}.branch", line.get("branch"), ids["branch"], "branch")
        if ".only[" in place and not line.keys() & {"who", "at", "branch"}:
            note(mistakes, place, "policy.only_asks_nothing")
    for line in lines_at(tables, "card.valid"):
        for key in sorted(line.keys() & {"of", "at", "branch", "say"}):
            note(mistakes, f"{line[PLACE]}.{key}", "policy.unknown_key")


def _sets(ids: dict[str, list[str]]) -> list[str]:
    """What a line may be "of"; that others wait is known only of what somebody has out."""
    return [*ids["material"], *ids["category"], *(word for word in BUILT_IN_SETS if word != HELD)]


def _block_lines(tables: dict, ids: dict[str, list[str]], mistakes: list[Mistake]) -> None:
    """A block has a cause, and one for late returns says how long it lasts, in one way."""
    for line in [*lines_at(tables, "block"), *_of_seasons(tables, "block")]:
        place, when, lasts = line[PLACE], line.get("when"), line.get("lasts")
        if isinstance(when, dict):
            _unknown(mistakes, f"{place}.when.of", when.get("of"), [*_sets(ids), HELD])
            if ("returned_late" in when) != ("lasts" in line):
                note(mistakes, place, "policy.late_return_lasts")
            causes = when.keys() & {"overdue", "returned_late", "card", "mark"}
            if when and not causes and when.get("lost") is not True:
                note(mistakes, f"{place}.when", "policy.no_cause")
        if isinstance(lasts, dict):
            per_day = lasts.get("per_day_late")
            if ("per_day_late" in lasts) == bool(lasts.keys() & PERIOD_KEYS):
                note(mistakes, f"{place}.lasts", "policy.one_length")
            elif isinstance(per_day, dict) and per_day.keys() != {"days"}:
                note(mistakes, f"{place}.lasts.per_day_late", "policy.days_only")


def _conditions(tables: dict, ids: dict[str, list[str]], mistakes: list[Mistake]) -> None:
    """What categories and people are made of."""
    for path, known in (
        ("category", {"material": ("of", ids["material"]), "branch": ("branch", ids["branch"])}),
        ("people", {"patron": ("who", ids["patron"])}),
    ):
        for line in lines_at(tables, path):
            place, when = f"{line[PLACE]}.when", line.get("when")
            for condition in when if isinstance(when, list) else [when]:
                if not isinstance(condition, dict):
                    continue
                for key, (kind, given) in known.items():
                    if key in condition:
                        _unknown(mistakes, f"{place}.{key}", [condition[key]], given, kind)
                _empty_range(mistakes, place, condition)
                more = condition.keys() - {"request", "material", PLACE}
                if condition.get("request") is True and more:
                    note(mistakes, place, "policy.request_knows_material")


def _renewal_and_holds(tables: dict, ids: dict[str, list[str]], mistakes: list[Mistake]) -> None:
    """Words that exclude one another, and states in which nothing can be done any more."""
    refused = {word for word in value_at(tables, "renewal.refused", []) if isinstance(word, str)}
    if "late" in value_at(tables, "renewal", {}) and Obstacle.OVERDUE in refused:
        note(mistakes, "renewal.late", "policy.late_and_overdue")
    if {Obstacle.HELD, Obstacle.HELD_NO_COPY_FREE} <= refused:
        note(mistakes, "renewal.refused", "policy.held_twice")
    ended = {state.value for state in CLOSED_HOLD_STATES}
    for path in ("hold.cancel", "hold.change"):
        for channel, states in value_at(tables, path, {}).items():
            if isinstance(states, list) and ended & {state for state in states if isinstance(state, str)}:
                note(mistakes, f"{path}.{channel}", "policy.closed_state")


def _tellings(tables: dict, ids: dict[str, list[str]], mistakes: list[Mistake]) -> None:
    """Each way of telling has one line; where nobody is told, nothing is said."""
    seen = set()
    for line in lines_at(tables, "notice"):
        by = line.get("by")
        if by == Contact.NONE:
            note(mistakes, f"{line[PLACE]}.by", "policy.told_by_no_way")
        elif isinstance(by, str) and by in seen:
            note(mistakes, f"{line[PLACE]}.by", "policy.told_twice", given=by)
        seen.add(by if isinstance(by, str) else None)


def _empty_range(mistakes: list[Mistake], path: str, condition: dict) -> None:
    """A range of ages or schools that ends before it begins."""
    schools = [stage.value for stage in School]
    for kind, order in (("age", lambda age: age), ("school", schools.index)):
        try:
            empty = order(condition[f"{kind}_from"]) > order(condition[f"{kind}_to"])
        except (KeyError, ValueError, TypeError):
            continue
        if empty:
            note(mistakes, path, "policy.empty_range")


def _question_lines(tables: dict) -> Iterator[dict]:
    """Every line of the file that asks of, who, at or branch."""
    paths = [f"{act}.{kind}" for act in ("loan", "renewal", "hold") for kind in _LISTS_OF]
    for path in [*paths, "renewal.late.by", "hold.shelf.by", "card.valid", "block"]:
        yield from lines_at(tables, path)
        yield from _of_seasons(tables, path)


def _of_seasons(tables: dict, path: str) -> Iterator[dict]:
    for season in value_at(tables, "season", []):
        yield from lines_at(season, path)


def _unknown(mistakes: list[Mistake], path: str, given, known: Sequence[str], kind: str = "of") -> None:
    """A mistake for each id that nothing bears."""
    problem = _UNKNOWN[kind]
    for id_ in given if isinstance(given, list) else ():
        if isinstance(id_, str) and id_.strip() and id_ not in known:
            nearest = difflib.get_close_matches(id_, known, n=1)
            note(mistakes, path, problem, given=id_, nearest=nearest[0] if nearest else None)
