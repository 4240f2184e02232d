"""Sentences: the message files, the library's own words, and how a date or a list is written.

``translations/<language>.json`` holds one sentence a key.  Nothing else in the program holds a sentence.
"""

import json
from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum
from functools import cache

import resources
from rules import NEWEST_ISSUE, Channel, Mistake, Period, Refusal, Words

LANGUAGES = ("ja",)


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
        """The sentence of a key, with its facts written out.  A key without a sentence is a KeyError."""
        return self.messages[key].format(
            **self.words, **{name: self.write(fact) for name, fact in facts.items()}
        )

    def say(self, refusal: Refusal) -> str:
        """Why not, and what can be done: the library's own sentence where its policy has one."""
        return refusal.say or self.t(self._variant(refusal), **refusal.facts)

    def _variant(self, refusal: Refusal) -> str:
        """Some reasons have a second sentence for a fact that is missing: nobody wants to read 'None'."""
        empty = [name for name, fact in sorted(refusal.facts.items()) if fact in (None, [], "", False)]
        key = f"{refusal.reason.value}.no_{empty[0]}" if empty else refusal.reason.value
        return key if key in self.messages else refusal.reason.value

    def mistake(self, mistake: Mistake) -> str:
        """A mistake in a policy: where, and what is expected there."""
        sentence = self.t(mistake.problem, **mistake.facts)
        if mistake.facts.get("nearest"):
            sentence += self.t("policy.nearest", nearest=mistake.facts["nearest"])
        return f"{mistake.path}: {sentence}" if mistake.path else sentence

    def write(self, fact) -> str:
        if isinstance(fact, date):
            return self.day(fact)
        if isinstance(fact, list | tuple):
            # Ways are alternatives; everything else that comes in lists is meant together.
            joint = "list.or" if fact and isinstance(fact[0], Channel) else "list.and"
            return self.t(joint).join(self.write(part) for part in fact)
        if isinstance(fact, Period):
            key = f"period.{fact.unit}" + (".count_first" if fact.count_first else "")
            return self.t(key, n=fact.n)
        if fact == NEWEST_ISSUE:
            return self.t("set.newest_issue")
        if isinstance(fact, StrEnum):
            key = f"{type(fact).__name__.lower()}.{fact.value}"
            return self.t(key) if key in self.messages else fact.value
        if isinstance(fact, time):
            return f"{fact.hour}:{fact.minute:02}"
        return str(fact)

    def day(self, day: date) -> str:
        """2026年4月1日(水)"""
        return self.t("date.long", year=day.year, month=day.month, day=day.day, weekday=self.weekday(day))

    def short_day(self, day: date) -> str:
        """4/1(水), where the year is plain"""
        return self.t("date.short", month=day.month, day=day.day, weekday=self.weekday(day))

    def weekday(self, day: date) -> str:
        return self.t("date.weekdays").split()[day.weekday()]
