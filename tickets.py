"""What somebody may do once, until some moment: a row, whose number, signed, is the link in a mail.

No secret is stored: whoever reads the database without the key beside it can make no link.  The row goes when
it is used, so a link works once, and a second of one kind takes the first one's place.
"""

from datetime import datetime

from itsdangerous import BadSignature, URLSafeSerializer

from models import Ticket
from rules import TicketKind, ticket_expires_at


def issue(kind: TicketKind, patron_id: int, now: datetime, address: str = "", **choices: bool) -> int:
    """A ticket for a patron, in the caller's transaction; returns its number, which no other ever has."""
    same = (Ticket.patron == patron_id) & (Ticket.kind == kind) & (Ticket.address == address)
    Ticket.delete().where(same | (Ticket.expires_at <= now)).execute()
    expires_at = ticket_expires_at(kind, now)
    return Ticket.insert(
        kind=kind, patron=patron_id, address=address, expires_at=expires_at, **choices
    ).execute()


def find(kind: TicketKind, number: int | None, now: datetime) -> Ticket | None:
    """The ticket with this number, while it is good."""
    return Ticket.get_or_none(Ticket.id == number, Ticket.kind == kind, Ticket.expires_at > now)


def token(secret: bytes, number: int) -> str:
    """What a link says instead of the number, so that nobody makes one up."""
    return _signer(secret).dumps(number)


def number(secret: bytes, token: str) -> int | None:
    """The number in a link; None for one that is not ours."""
    try:
        read = _signer(secret).loads(token)
    except BadSignature:
        return None
    return read if type(read) is int else None


def _signer(secret: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="ticket")
