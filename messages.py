"""The text of a message that is owed, made at the moment when it is sent."""

from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, FunctionLoader, StrictUndefined

import resources
import tickets
from models import Outbox, Ticket
from rules import JAPAN, Policy, one_line
from wording import Wording

# Where the link of a message leads, by kind; the others have none that only one patron may use.
_LINKS = {
    "address_link": "/contact/{token}",
    "registration_link": "/contact/{token}",
    "password_link": "/register/{token}",
}
KINDS = (*_LINKS, "password_set", "address_changed")


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
            loader=FunctionLoader(resources.template), undefined=StrictUndefined, keep_trailing_newline=True
        )

    def write(self, owed: Outbox, to: str, now: datetime) -> Message | None:
        """The message to an address; None where there is nothing to say any more."""
        wording = Wording(words=self.policy.words)
        facts = {
            "library": self.library,
            "card": self.policy.words.card,
            "sender": self.policy.contact.sender,
            "url": self.url,
            "at": wording.write(owed.queued_at.astimezone(JAPAN)),
        }
        if owed.kind in _LINKS:
            ticket = Ticket.get_or_none(Ticket.id == int(owed.numbers), Ticket.expires_at > now)
            if ticket is None:
                return None
            token = tickets.token(self.secret, ticket.id)
            facts["link"] = self.url + _LINKS[owed.kind].format(token=token)
            facts["until"] = wording.write(ticket.expires_at.astimezone(JAPAN))
        template = self.templates.get_template(f"mail/{wording.language}/{owed.kind}.txt")
        subject, _, text = template.render(facts).partition("\n")
        return Message(to, subject.strip(), text.strip() + "\n")
