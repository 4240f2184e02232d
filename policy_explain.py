"""Why does it refuse?  What the rules answer to one patron about one title, and which line decided."""

from collections.abc import Callable
from dataclasses import dataclass

import standing
from catalogue import Title, title
from models import Patron
from opening import Calendar
from rules import (
    JAPAN,
    Act,
    Decision,
    Occasion,
    PatronFacts,
    Policy,
    Room,
    decide_hold,
    decide_loan,
    decide_renewal,
    loan_line,
    renewal_line,
    room_for_holds,
    room_for_loans,
)
from wording import Wording


class NothingThere(Exception):
    """No such card or no such title: the key of a sentence."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``where`` gives for a place in the policy what to print of it: its line in the file and its path."""

    policy: Policy
    wording: Wording
    occasion: Occasion
    where: Callable[[str], str]

    def lines(self, card: str, bib: int) -> list[str]:
        """What would be answered, act by act, in lines to be printed.  Nobody's name, no other title.

        Raises NothingThere.
        """
        patron = Patron.get_or_none(Patron.card_number == card)
        if patron is None:
            raise NothingThere("explain.no_card")
        asked = title(bib)
        if asked is None:
            raise NothingThere("explain.no_title")
        facts = standing.patron_facts(patron)
        t = self.wording.t
        when = self.occasion.moment.astimezone(JAPAN)
        told = [t("explain.asked", title=asked.title, at=[self.occasion.at], when=when)]
        told += self._loan(facts, asked)
        told += self._hold(facts, asked)
        told += self._renewal(facts, asked)
        return told

    def _loan(self, patron: PatronFacts, asked: Title) -> list[str]:
        told = []
        for item in asked.facts.items:
            where = Occasion(self.occasion.at, self.occasion.moment, self.occasion.branch or item.branch)
            opening = Calendar(self.policy, where.day).of(where.branch)
            decision = decide_loan(self.policy, patron, asked.facts, item, where, opening)
            told += self._answer(Act.LOAN, decision, decision.due and decision.due.on, item.call_number)
            told += self._period(loan_line(self.policy.on(where.day), item, patron, where))
            told += self._rooms(room_for_loans(self.policy, patron, where))
        return told

    def _hold(self, patron: PatronFacts, asked: Title) -> list[str]:
        decision = decide_hold(self.policy, patron, asked.facts, self.occasion)
        return self._answer(Act.HOLD, decision) + self._rooms(
            room_for_holds(self.policy, patron, self.occasion)
        )

    def _renewal(self, patron: PatronFacts, asked: Title) -> list[str]:
        loan = next((loan for loan in patron.loans if loan.bib == asked.id), None)
        if loan is None:
            return [self.wording.t("explain.not_on_loan", act=Act.RENEWAL)]
        opening = Calendar(self.policy, self.occasion.day).of(loan.branch)
        decision = decide_renewal(self.policy, patron, loan, self.occasion, opening)
        line = renewal_line(self.policy.on(self.occasion.day), loan.item, patron, self.occasion)
        return self._answer(Act.RENEWAL, decision, decision.due_on) + self._period(line)

    def _answer(self, act: Act, decision: Decision, until=None, item: str = "") -> list[str]:
        key = "explain.refused" if not decision.allowed else "explain.until" if until else "explain.allowed"
        told = [self.wording.t(key, act=act, until=until, item=f" {item}" if item else "")]
        return told + [f"  {self.wording.say(one)}{self._decided(one.place)}" for one in decision.refusals]

    def _period(self, line) -> list[str]:
        if line is None:
            return []
        return ["  " + self.wording.t("explain.period", period=line.period) + self._decided(line.place)]

    def _rooms(self, rooms: list[Room]) -> list[str]:
        told = []
        for room in rooms:
            key = "explain.unlimited" if room.most is None else "explain.limit"
            what = room.names or [self.wording.t("explain.everything")]
            used = self.wording.t(key, what=what, n=room.held, most=room.most)
            told.append(f"  {used}{self._decided(room.place)}")
        return told

    def _decided(self, place: str) -> str:
        return f"  ← {self.where(place)}" if place else "  ← " + self.wording.t("explain.always")
