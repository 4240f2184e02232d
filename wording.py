"""Sentences: the message files, the library's own words, and how a date or a list is written.

``translations/<language>.json`` holds one sentence a key.  Nothing else in the program holds a sentence.
"""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import StrEnum
from functools import cache

import resources
from policy_tables import Mistake
from rules import BUILT_IN_SETS, Channel, Period, Refusal, Unit, Words

LANGUAGES = ("ja",)
# The pages speak Japanese; the policy commands speak both, so en.json holds only what these can print.
POLICY_LANGUAGES = ("ja", "en")

_COUNTS = ("n", "count", "times", "days", "least")  # facts that a plural can hang on


@cache
def messages(language: str) -> Mapping[str, str]:
    return json.loads(resources.text(f"translations/{language}.json"))


class Wording:
    """One language with one library's own words for its card and its renewal."""

    def __init__(self, language: str = LANGUAGES[0], words: Words | None = None):
        self.language = language
        self.messages = messages(language)
        self.words = {}
        if words is not None:
            self.words = {"card": words.card, "renewal": words.renewal, "renew": words.renew}

    def t(self, key: str, **facts) -> str:
        """The sentence of a key, with its facts written out.  A key without a sentence is a KeyError.

        A language with plurals may have a second sentence, ``key.one``, for a count of 1.
        """
        if not facts:
            return self.messages[key].format_map(self.words)
        if any(facts.get(name) == 1 for name in _COUNTS) and f"{key}.one" in self.messages:
            key += ".one"
        if "who" in facts:
            facts["who"] = [self.person(name) for name in facts["who"]]
        return self.messages[key].format(
            **self.words, **{name: self.write(fact) for name, fact in facts.items()}
        )

    def say(self, refusal: Refusal) -> str:
        """Why not, and what can be done: the library's own sentence where its policy has one."""
        return refusal.say or self.t(self._variant(refusal), **refusal.facts)

    def _variant(self, refusal: Refusal) -> str:
        """Some reasons have a second sentence for a fact that is missing: nobody wants to read 'None'."""
        missing = (None, [], "", False)
        # A thing that is not named comes before a number that is 0: nobody reads "of , none".
        empty = [name for name, fact in sorted(refusal.facts.items(), reverse=True) if fact in missing]
        variants = [f"{refusal.reason.value}.no_{name}" for name in empty]
        return next((key for key in variants if key in self.messages), refusal.reason.value)

    def mistake(self, mistake: Mistake) -> str:
        """A mistake in a policy: where, and what is expected there."""
        sentence = self.t(mistake.problem, **mistake.facts)
        if mistake.facts.get("nearest"):
            sentence += self.t("policy.nearest", nearest=mistake.facts["nearest"])
        return f"{mistake.path}: {sentence}" if mistake.path else sentence

    def write(self, fact) -> str:
        if isinstance(fact, datetime):
            return self.t("date.instant", day=fact.date(), clock=fact.time())
        if isinstance(fact, date):
            return self.day(fact)
        if isinstance(fact, list | tuple):
            # Ways are alternatives; everything else that comes in lists is meant together.
            joint = "list.or" if fact and isinstance(fact[0], Channel) else "list.and"
            parts = [self.write(part) for part in fact]
            if len(parts) > 1 and f"{joint}.last" in self.messages:  # A, B and C
                parts[-2:] = [self.t(f"{joint}.last").join(parts[-2:])]
            return self.t(joint).join(parts)
        if isinstance(fact, Period):
            key = f"period.{fact.unit}" + (".count_first" if fact.count_first else "")
            return self.t(key, n=fact.n)
        if fact in BUILT_IN_SETS:
            return self.t(f"set.{fact}")
        if isinstance(fact, StrEnum):
            key = f"{type(fact).__name__.lower()}.{fact.value}"
            return self.t(key) if key in self.messages else fact.value
        if isinstance(fact, time):
            return f"{fact.hour}:{fact.minute:02}"
        return str(fact)

    def person(self, name: str) -> str:
        """A patron category or a set of people as somebody who is spoken of: 市内の方"""
        return name if name.endswith(self.t("people.already")) else self.t("people.person", name=name)

    def length(self, period: Period) -> str:
        """A period as a length, where no day is its first: 14日"""
        return self.t(f"length.{period.unit}", n=period.n)

    def about(self, wait: Period) -> str:
        """A length that is an estimate: およそ2週間, 1年以上"""
        if wait.unit is Unit.YEARS:
            return self.t("waiting.years")
        return self.t("waiting.about", length=self.length(wait))

    def wait(self, seconds: int) -> str:
        """How long to wait, in whole minutes from one minute on: 30秒, 3分"""
        if seconds < 60:
            return self.t("wait.seconds", n=seconds)
        return self.t("wait.minutes", n=math.ceil(seconds / 60))

    def season_day(self, day: tuple[int, int] | date) -> str:
        """A day of every year, or of one"""
        return self.day(day) if isinstance(day, date) else self.t("date.yearly", month=day[0], day=day[1])

    def day(self, day: date) -> str:
        """2026年4月1日(水)"""
        return self.t("date.long", year=day.year, month=day.month, day=day.day, weekday=self.weekday(day))

    def short_day(self, day: date) -> str:
        """4/1(水), where the year is plain"""
        return self.t("date.short", month=day.month, day=day.day, weekday=self.weekday(day))

    def weekday(self, day: date) -> str:
        return self.t("date.weekdays").split()[day.weekday()]
