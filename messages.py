"""The text of a message that is owed, made at the moment when it is sent."""

from dataclasses import dataclass
from datetime import date, datetime

from jinja2 import Environment, FunctionLoader, StrictUndefined

import hold_shelf
import resources
import tickets
from models import Hold, Outbox, Ticket
from rules import JAPAN, QUEUED_HOLD_STATES, Contact, HoldState, Policy, library_day, one_line
from wording import LANGUAGES, Wording

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
}


class NoAddress(Exception):
    """There is something to say, and no address to say it to."""


KINDS = (*_LINKS, "password_set", "address_changed", *_ABOUT_HOLDS)


@dataclass(frozen=True, slots=True)
class Message:
    to: str
    subject: str
    text: str


class Writer:
    """Writes for one library.  ``url`` is where patrons find it, ``secret`` signs the links."""

    def __init__(self, policy: Policy, url: str, secret: bytes):
        self.policy, self.url, self.secret = policy, url, secret
        self.library = one_line(policy.library.name)  # it stands in headers
        # Plain text: what would be markup elsewhere is shown as it stands.
        self.templates = Environment(  # noqa: S701
            loader=FunctionLoader(resources.template),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def write(self, owed: Outbox, now: datetime) -> Message | None:
        """The message, and to whom it goes; None where there is nothing to say any more.  Raises NoAddress
        where a hold was to be told of by mail, and the patron has no address any more.

        Of a hold neither title nor patron is said: who reads the mail may be somebody else.
        """
        wording, to = Wording(words=self.policy.words), owed.address or owed.patron.mail
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
            facts |= self._of_holds(holds, wording, library_day(now))
        if not to and owed.kind in _ABOUT_HOLDS:
            raise NoAddress
        if not to:
            return None
        return self._message(owed.kind, to, facts)

    def trial(self, to: str, now: datetime) -> Message:
        """A message to whoever wants to know whether any arrives."""
        return self._message("trial", to, self._facts(Wording(words=self.policy.words), now))

    def _message(self, kind: str, to: str, facts: dict[str, object]) -> Message:
        template = self.templates.get_template(f"mail/{LANGUAGES[0]}/{kind}.txt")
        subject, _, text = template.render(facts).partition("\n")
        return Message(to, subject.strip(), text.strip() + "\n")

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

    def _of_holds(self, holds: list[Hold], wording: Wording, today: date) -> dict[str, object]:
        branches = [self.policy.branch(hold.pickup_branch) for hold in holds]
        last = hold_shelf.last_day_told(self.policy, holds[0], today) if holds[0].ready_on else None
        return {
            "n": len(holds),
            "branches": list(dict.fromkeys(branch.name for branch in branches if branch)) or [self.library],
            "until": wording.day(last) if last else "",
            "was_ready": holds[0].ready_on is not None,
        }
