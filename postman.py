"""Sends what is owed by SMTP: each message is tried once, and what became of it is kept with its address.

A message is claimed before it is tried, so that two processes, or one that was stopped in the middle, never
send it twice.  As long as the server cannot be reached at all nothing has been tried.
"""

import hashlib
import logging
import smtplib
import ssl
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import contact
from messages import KINDS, Message, Writer
from models import Outbox, Patron, db
from settings import Smtp

TIMEOUT = 20  # seconds that the server may be silent
KEPT = timedelta(days=2)  # what could not be tried for so long would only confuse
_log = logging.getLogger("shiori.mail")


class Postman:
    """Carries the messages of one library to its mail server."""

    def __init__(self, smtp: Smtp, writer: Writer):
        self.smtp, self.writer = smtp, writer
        self.sender = writer.policy.contact.sender

    def deliver(self, now: datetime) -> int:
        """Try everything that is owed and has not been tried.  Returns how many messages the server took.

        Raises OSError or SMTPException where there is no talking to the server.
        """
        owed = list(
            Outbox.select(Outbox, Patron)
            .join(Patron)
            .where(Outbox.tried_at.is_null(), Outbox.kind.in_(KINDS), Outbox.queued_at > now - KEPT)
            .order_by(Outbox.id)
        )
        if not owed:
            return 0
        with self._server() as server:
            # A server that hung up takes nothing any more; what is left is tried the next time.
            return sum(self._try(server, one, now) for one in owed if server.sock is not None)

    def _try(self, server: smtplib.SMTP, owed: Outbox, now: datetime) -> bool:
        to = owed.address or owed.patron.mail
        message = self.writer.write(owed, to, now) if to else None
        if not _claim(owed, now):
            return False
        if message is None:
            owed.delete_instance()
            return False
        delivery = self._hand_over(server, message, owed)
        with db.atomic():
            contact.note_delivery(owed.patron_id, to, delivery, now)
            if delivery == "sent":
                owed.delete_instance()
        return delivery == "sent"

    def _hand_over(self, server: smtplib.SMTP, message: Message, owed: Outbox) -> str:
        """What became of a message: sent; refused, for good; failed, for this time."""
        try:
            server.send_message(self._letter(message, owed), self.sender, [message.to])
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
        except (smtplib.SMTPException, OSError, ValueError):
            code = 0
        else:
            return "sent"
        # The code only: what a server says beside it may repeat the address.
        _log.warning("message %s (%s) was not taken: %s", owed.id, owed.kind, code)
        return "refused" if 500 <= code < 600 else "failed"

    def _letter(self, message: Message, owed: Outbox) -> EmailMessage:
        letter = EmailMessage(policy=SMTP)
        letter["From"] = Address(self.writer.library, addr_spec=self.sender)
        letter["To"] = message.to
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(owed.tried_at)
        event = hashlib.sha256(f"{owed.id} {owed.key}".encode()).hexdigest()[:32]
        letter["Message-ID"] = f"<{event}@{self.sender.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter["Content-Language"] = "ja"
        letter.set_content(message.text)
        return letter

    @contextmanager
    def _server(self):
        """A conversation with the server, encrypted where it can be; a password never goes out open."""
        smtp, secure = self.smtp, ssl.create_default_context()
        if smtp.tls:
            server = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIMEOUT, context=secure)
        else:
            server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)
        with server:
            server.ehlo_or_helo_if_needed()
            if not smtp.tls and server.has_extn("starttls"):
                server.starttls(context=secure)
            elif not smtp.tls and smtp.user:
                raise smtplib.SMTPNotSupportedError("no TLS, so no password")
            if smtp.user:
                server.login(smtp.user, smtp.password or "")
            yield server


def _claim(owed: Outbox, now: datetime) -> bool:
    """Whether it is ours to try: of two who want to, one finds it taken."""
    owed.tried_at = now
    return bool(Outbox.update(tried_at=now).where(Outbox.id == owed.id, Outbox.tried_at.is_null()).execute())
