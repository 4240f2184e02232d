"""Sends what is owed by SMTP; what became of it is kept with its address.

A message is claimed before it is tried, so that two processes, or one that was stopped in the middle, never
send it twice.  One that the server does not take for the time being is tried again, more and more seldom, for
two days.  As long as the server cannot be reached at all nothing has been tried.
"""

import hashlib
import logging
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum

import contact
import hold_shelf
import undelivered
from circulation import NotThere
from events import JOBS
from messages import KINDS, Message, NoAddress, Writer
from models import Outbox, Patron, db
from rules import MAIL_KEPT_FOR, retry_after
from settings import Smtp
from undelivered import Why

TIMEOUT = 20  # seconds that the server may be silent
_log = logging.getLogger("shiori.mail")


OK, TAKES_RECIPIENT = 250, (250, 251)


class Delivery(StrEnum):
    """What became of a message."""

    SENT = "sent"
    REFUSED = "refused"  # for good
    LATER = "later"  # not now
    UNSURE = "unsure"  # the server fell silent when it had the text: never again, or it might come twice


_SHOWN_AS = {
    Delivery.SENT: "sent",
    Delivery.REFUSED: "refused",
    Delivery.LATER: "failed",
    Delivery.UNSURE: "failed",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What a server answered at one step of a trial; ``trouble`` in one word, where it went no further."""

    step: str
    said: str = ""
    trouble: str = ""


class Postman:
    """Carries the messages of one library to its mail server."""

    def __init__(self, smtp: Smtp, writer: Writer):
        self.smtp, self.writer = smtp, writer
        self.sender = writer.policy.contact.sender

    def deliver(self, now: datetime) -> int:
        """Try everything that is owed and has not been tried.  Returns how many messages the server took.

        Raises OSError or SMTPException where there is no talking to the server.
        """
        undelivered.give_up(KINDS, now)
        owed = list(
            Outbox.select(Outbox, Patron)
            .join(Patron)
            .where(Outbox.kind.in_(KINDS), _is_due(now), Outbox.queued_at > now - MAIL_KEPT_FOR)
            .order_by(Outbox.id)
        )
        if not owed:
            return 0
        with ExitStack() as conversation:
            try:
                server = conversation.enter_context(self._server())
            except OSError as error:  # what smtplib raises is one too
                undelivered.note_away(now, _trouble(error))
                raise
            undelivered.note_reached(now)
            # A server that hung up takes nothing any more; what is left is tried the next time.
            return sum(self._try(server, one, now) for one in owed if server.sock is not None)

    def _try(self, server: smtplib.SMTP, owed: Outbox, now: datetime) -> bool:
        try:
            message = self.writer.write(owed, now)
        except NoAddress:
            _claim(owed, now, Why.NOWHERE)
            return False
        except Exception as error:  # one that cannot be written keeps no other back
            _log.error("message %s (%s) cannot be written: %s", owed.id, owed.kind, type(error).__name__)
            _claim(owed, now, Why.UNWRITTEN)
            return False
        if not _claim(owed, now):
            return False
        if message is None:
            owed.delete_instance()
            return False
        delivery, why = self._hand_over(server, message, owed)
        with db.atomic():
            contact.note_delivery(owed.patron_id, message.to, _SHOWN_AS[delivery], now)
            if delivery is Delivery.SENT:
                owed.delete_instance()
                if owed.kind == "hold_ready":
                    self._start_the_shelf(owed, now)
            elif delivery is Delivery.LATER:
                again = {"tried_at": None, "failures": owed.failures + 1}
                again["next_at"] = now + retry_after(again["failures"])
                Outbox.update(again).where(Outbox.id == owed.id).execute()
            else:
                Outbox.update(reason=why).where(Outbox.id == owed.id).execute()
        return delivery is Delivery.SENT

    def _start_the_shelf(self, owed: Outbox, now: datetime) -> None:
        """The days of the hold shelf count from the mail (document 1, 利用上の注意)."""
        for number in owed.numbers.split(","):
            with suppress(NotThere):  # put back, collected or cancelled meanwhile
                hold_shelf.mark_told(self.writer.policy, int(number), now, JOBS, JOBS)

    def _hand_over(self, server: smtplib.SMTP, message: Message, owed: Outbox) -> tuple[Delivery, str]:
        """Hand one message over, step by step: where the server falls silent says whether it may have it.

        What became of it, and why it will never be taken, where it will not.
        """
        code, said, delivery, why = 0, b"", Delivery.LATER, ""
        try:
            code, _ = server.mail(self.sender)
            if code == OK:
                code, said = server.rcpt(message.to)
                if code in TAKES_RECIPIENT:
                    delivery, why = Delivery.UNSURE, Why.UNSURE
                    letter = self._letter(message, f"{owed.id} {owed.key}", owed.tried_at)
                    code, said = server.data(letter.as_bytes())
                delivery = _became(code)
            # Else it does not like the library's own address, which somebody has to mend: no patron's fault.
            if delivery is not Delivery.SENT:
                server.rset()
        except smtplib.SMTPResponseException as error:  # it did not want to hear the text
            code, said = error.smtp_code, error.smtp_error
            delivery = _became(code)
        except (smtplib.SMTPException, OSError):
            server.close()
        if delivery is Delivery.REFUSED:
            why = undelivered.refused(code, said if isinstance(said, bytes) else said.encode())
        if delivery is not Delivery.SENT:
            # The code only: what a server says beside it may repeat the address.
            _log.warning("message %s (%s) was not taken: %s", owed.id, owed.kind, code or delivery)
        return delivery, why

    def trial(self, to: str, now: datetime) -> Iterator[Heard]:
        """Send one message for a trial; gives what the server answers step by step, to the first trouble."""
        step = "connect"
        try:
            with self._connected() as server:
                yield Heard(step)
                for step, act in (("encrypt", self._encrypt), ("login", self._log_in)):
                    act(server)
                    yield Heard(step)
                letter = self._letter(self.writer.trial(to, now), f"trial {now}", now)
                for step, say in (
                    ("sender", lambda: server.mail(self.sender)),
                    ("recipient", lambda: server.rcpt(to)),
                    ("text", lambda: server.data(letter.as_bytes())),
                ):
                    code, said = say()
                    delivery = _became(code)
                    trouble = "" if delivery is Delivery.SENT else str(delivery)
                    yield Heard(step, f"{code} {said.decode(errors='replace')}", trouble)
                    if trouble:
                        return
        except OSError as error:  # what smtplib raises is one too
            yield Heard(step, _said(error), _trouble(error))

    def _letter(self, message: Message, event: str, now: datetime) -> EmailMessage:
        letter = EmailMessage(policy=SMTP)
        letter["From"] = Address(self.writer.library, addr_spec=self.sender)
        letter["To"] = message.to
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(now)
        letter["Message-ID"] = (
            f"<{hashlib.sha256(event.encode()).hexdigest()[:32]}@{self.sender.rpartition('@')[2]}>"
        )
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text)
        letter.add_alternative(message.html, subtype="html")
        letter["Content-Language"] = message.language.tag  # earlier, it would be of the text alone
        return letter

    @contextmanager
    def _server(self):
        """A conversation with the server, encrypted where it can be."""
        with self._connected() as server:
            self._encrypt(server)
            self._log_in(server)
            yield server

    def _connected(self) -> smtplib.SMTP:
        smtp = self.smtp
        if smtp.tls:
            return smtplib.SMTP_SSL(
                smtp.host, smtp.port, timeout=TIMEOUT, context=ssl.create_default_context()
            )
        return smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)

    def _encrypt(self, server: smtplib.SMTP) -> None:
        """As soon as the server offers it; without it no password goes out."""
        server.ehlo_or_helo_if_needed()
        if not self.smtp.tls and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        elif not self.smtp.tls and self.smtp.user:
            raise smtplib.SMTPNotSupportedError("STARTTLS")

    def _log_in(self, server: smtplib.SMTP) -> None:
        if self.smtp.user:
            server.login(self.smtp.user, self.smtp.password or "")


def _claim(owed: Outbox, now: datetime, given_up: str = "") -> bool:
    """Whether it is ours to try: of two who want to, one finds it taken.  Or it is ``given_up`` untried."""
    owed.tried_at = now
    ours = Outbox.update(tried_at=now, reason=given_up).where(Outbox.id == owed.id, _is_due(now))
    return bool(ours.execute())


def _is_due(now: datetime):
    untried = Outbox.tried_at.is_null() & (Outbox.reason == "")
    return untried & (Outbox.next_at.is_null() | (Outbox.next_at <= now))


def _became(code: int) -> Delivery:
    """What a server's answer means: it took the message, never will, or not now."""
    if 200 <= code < 300:
        return Delivery.SENT
    return Delivery.REFUSED if 500 <= code < 600 else Delivery.LATER


def _trouble(error: OSError) -> str:
    """What an error means to the person who set the server down, in one word."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "password"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "open"
    if isinstance(error, ssl.SSLError):
        return "certificate"
    if isinstance(error, socket.gaierror):
        return "no_such_host"
    return "answer" if isinstance(error, smtplib.SMTPException) else "unreachable"


def _said(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return error.strerror or str(error)
