"""What a message that is owed says, found out at the moment when it is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import alerts
import hold_shelf
import reminders
import tickets
from letters import Letters
from models import Hold, Outbox, Patron, Ticket
from naming import EXAMPLES, named
from rules import (
    JAPAN,
    QUEUED_HOLD_STATES,
    Contact,
    HoldState,
    MailLanguage,
    Policy,
    Reminder,
    Shown,
    library_day,
    one_line,
    shown_in_mail,
)
from wording import Wording

# Where the link of a message leads, by kind; the others have none that only one patron may use.
_LINKS = {
    "address_link": "/contact/{token}",
    "registration_link": "/contact/{token}",
    "password_link": "/register/{token}",
}
# Those about holds, and in which states of a hold there is still something to say.
_ABOUT_HOLDS = {
    "hold_registered": {*QUEUED_HOLD_STATES, HoldState.IN_TRANSIT, HoldState.READY},
    "hold_ready": {HoldState.READY},
    "hold_expired": {HoldState.EXPIRED},
    "pickup_changed": {*QUEUED_HOLD_STATES, HoldState.IN_TRANSIT, HoldState.READY},
    "request_declined": {HoldState.CANCELLED},
    "hold_last_day": {HoldState.READY},
}
_REMINDERS = tuple(str(kind) for kind in Reminder)
# Those that another module finds something to say for, or nothing any more.
_TOLD_BY = {alerts.KIND: alerts.told}
KINDS = (
    *_LINKS,
    "password_set",
    "address_changed",
    *dict.fromkeys((*_ABOUT_HOLDS, *_REMINDERS)),
    *_TOLD_BY,
)


class NoAddress(Exception):
    """There is something to say, and no address to say it to."""


@dataclass(frozen=True, slots=True)
class Message:
    to: str
    subject: str
    text: str
    html: str
    language: MailLanguage


class Writer:
    """Writes for one library.  ``url`` is where patrons find it, ``secret`` signs the links, ``own`` has the
    library's own texts."""

    def __init__(self, policy: Policy, url: str, secret: bytes, own: Path | None = None):
        self.policy, self.url, self.secret = policy, url, secret
        self.library = one_line(policy.library.name)  # it stands in headers
        self.letters = Letters(own)

    def write(self, owed: Outbox, now: datetime) -> Message | None:
        """The message, and to whom it goes; None where there is nothing to say any more.  Raises NoAddress
        where a hold was to be told of by mail, and the patron has no address any more.

        Who reads the mail may be somebody else: of a patron nothing is said, and of a title only what the
        patron has asked for and the policy allows.
        """
        language, to = owed.patron.mail_language, owed.address or owed.patron.mail
        wording = self._wording(language)
        facts = self._facts(wording, owed.queued_at)
        if owed.kind in _LINKS:
            ticket = Ticket.get_or_none(Ticket.id == int(owed.numbers), Ticket.expires_at > now)
            if ticket is None:
                return None
            token = tickets.token(self.secret, ticket.id)
            facts["link"] = self.url + _LINKS[owed.kind].format(token=token)
            facts["until"] = wording.write(ticket.expires_at.astimezone(JAPAN))
        if owed.kind in _ABOUT_HOLDS:
            holds = self._holds(owed)
            if not holds:
                return None
            to = owed.address or next((hold.address.address for hold in holds if hold.address), to)
            if owed.kind not in _REMINDERS:
                facts |= self._of_holds(holds, owed.patron, wording, library_day(now))
        if owed.kind in _REMINDERS:
            reminded = reminders.facts(self.policy, owed, wording, library_day(now))
            if reminded is None:
                return None
            facts |= reminded
        if owed.kind in _TOLD_BY:
            told = _TOLD_BY[owed.kind](self.policy, self.url, self.secret, owed, library_day(now))
            if told is None:
                return None
            facts |= told
        if not to and owed.kind in _ABOUT_HOLDS:
            raise NoAddress
        if not to:
            return None
        return self._message(language, owed.kind, to, facts)

    def trial(self, to: str, now: datetime) -> Message:
        """A message to whoever wants to know whether any arrives."""
        language = MailLanguage.JAPANESE
        return self._message(language, "trial", to, self._facts(self._wording(language), now))

    def examples(self, language: MailLanguage, kind: str) -> Iterator[dict[str, object]]:
        """The facts of a message of this kind as they might be, for whoever tries another text with them:
        once all that can be said, and once as little as can be."""
        wording, day = self._wording(language), date(2026, 4, 1)
        facts = self._facts(wording, datetime(2026, 4, 1, 12, tzinfo=JAPAN))
        if kind in _LINKS:
            link = self.url + _LINKS[kind].format(token="MTIzNDU2Nzg5MA.example")  # noqa: S106 - opens nothing
            yield facts | {"link": link, "until": facts["at"]}
        elif kind in _REMINDERS:
            for reminded in reminders.examples(kind, wording, day, self.library):
                yield facts | reminded
        elif kind in _ABOUT_HOLDS:
            told = {"n": 2, "holds": EXAMPLES, "until": wording.day(day), "was_ready": True}
            silent = {"n": 0, "holds": [], "until": "", "was_ready": False}
            yield facts | told | {"branches": [branch.name for branch in self.policy.branches]}
            yield facts | silent | {"branches": [self.library]}
        elif kind == alerts.KIND:
            for told in alerts.examples(self.url, self.library):
                yield facts | told
        else:
            yield facts

    def _wording(self, language: MailLanguage) -> Wording:
        return Wording(language.tag, self.policy.words)

    def _message(self, language: MailLanguage, kind: str, to: str, facts: dict[str, object]) -> Message:
        letter = self.letters.write(language, kind, facts)
        return Message(to, letter.subject, letter.text, letter.html, language)

    def _facts(self, wording: Wording, at: datetime) -> dict[str, object]:
        """What every message may name."""
        return {
            "library": self.library,
            "card": self.policy.words.card,
            "url": self.url,
            "at": wording.write(at.astimezone(JAPAN)),
        }

    def _holds(self, owed: Outbox) -> list[Hold]:
        """The holds of a message whose patron wants to be told by mail, and of which it is still true."""
        numbers = [int(number) for number in owed.numbers.split(",")]
        asked = (Hold.id.in_(numbers), Hold.contact == Contact.MAIL, Hold.state.in_(_ABOUT_HOLDS[owed.kind]))
        return list(Hold.select().where(*asked).order_by(Hold.id))

    def _of_holds(
        self, holds: list[Hold], patron: Patron, wording: Wording, today: date
    ) -> dict[str, object]:
        """``n`` is 0 where how many is not said; where no branch is, it is the library."""
        shown = shown_in_mail(self.policy, patron.mail_titles)
        branches = [self.policy.branch(hold.pickup_branch) for hold in holds if Shown.BRANCH in shown]
        last = hold_shelf.last_day_told(self.policy, holds[0], today) if holds[0].ready_on else None
        return {
            "n": len(holds) if Shown.HOW_MANY in shown else 0,
            "branches": list(dict.fromkeys(branch.name for branch in branches if branch)) or [self.library],
            "holds": [one for hold in holds for one in named(hold.bib, hold.id, shown)],
            "until": wording.day(last) if last else "",
            "was_ready": holds[0].ready_on is not None,
        }
