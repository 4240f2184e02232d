"""A real mail server on this machine, for the length of a test: what it takes lies in ``letters``."""

import email
import email.policy
import socket
import threading
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from messages import Writer
from postman import Postman
from settings import Smtp

URL = "https://lib.example.jp"
SECRET = b"a key of the tests"


class PostOffice:
    """Takes every letter but those to the addresses in ``answers``, which it answers as is written there."""

    def __init__(self):
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}
        self.hangs_up = False
        self.dislikes_sender = ""
        self.cut_in_the_middle_of = self.silent_after = 0  # of the letters; none
        self.texts = 0
        self.came = threading.Event()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.smtp = Smtp("127.0.0.1", free.getsockname()[1])
        self.controller = Controller(self, hostname=self.smtp.host, port=self.smtp.port)

    async def handle_MAIL(self, server: SMTP, session, envelope, address, options):
        if self.dislikes_sender:
            return self.dislikes_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session, envelope, address, options):
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session, envelope):
        self.texts += 1
        if self.hangs_up or self.texts == self.cut_in_the_middle_of:
            server.transport.close()
            return "421 Closing"
        self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        self.recipients += envelope.rcpt_tos
        self.came.set()
        if self.texts == self.silent_after:
            server.transport.close()
        return "250 OK"

    def postman(self, policy, secret: bytes = SECRET) -> Postman:
        return Postman(self.smtp, Writer(policy, URL, secret))

    def link(self, n: int = -1) -> str:
        """The path that a letter links to."""
        [line] = [line for line in self.letters[n].get_content().splitlines() if line.startswith(f"{URL}/")]
        return line.removeprefix(URL)
