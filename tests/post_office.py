"""A real mail server on this machine, for the length of a test: what it takes lies in ``letters``."""

import email
import email.policy
import re
import socket
import threading
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from bs4 import BeautifulSoup

from messages import Writer
from postman import Postman
from settings import Smtp

URL = "https://lib.example.jp"
SECRET = b"a key of the tests"


class Letter(EmailMessage):
    """A letter as it came: its text, and beside it HTML that has to say the same."""

    def get_content(self, *arguments, **more) -> str:
        """The text, with the ends of lines as everywhere here."""
        text = self.get_body(("plain",)) if self.is_multipart() else super()
        return text.get_content(*arguments, **more).replace("\r\n", "\n")

    @property
    def html(self) -> BeautifulSoup:
        return BeautifulSoup(self.get_body(("html",)).get_content(), "html.parser")

    def check(self) -> None:
        """What is true of every letter, so that nobody has to remember it."""
        assert self.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in self.iter_parts()] == ["text/plain", "text/html"]
        said = [line.strip() for line in self.get_content().splitlines() if line.strip() not in ("", "--")]
        page = self.html
        assert [line.strip() for line in page.body.get_text("\n").splitlines() if line.strip()] == said
        assert (page.html["lang"], page.title.get_text()) == (self["Content-Language"], self["Subject"])
        assert not page.find_all(["img", "script", "link", "iframe", "object", "form", "base"])
        assert not page.find_all(src=True) and "url(" not in str(page), "nothing is fetched"
        links = [line for line in said if re.fullmatch(r"https?://\S+", line)]
        assert [link["href"] for link in page.find_all("a")] == links


class PostOffice:
    """Takes every letter but those to the addresses in ``answers``, which it answers as is written there."""

    def __init__(self, **server):
        self.letters: list[Letter] = []
        self.every: list[Letter] = []  # those too that a test has put away
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
        self.controller = Controller(self, hostname=self.smtp.host, port=self.smtp.port, **server)

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
        letter = email.message_from_bytes(envelope.content, _class=Letter, policy=email.policy.default)
        self.letters.append(letter)
        self.every.append(letter)
        self.recipients += envelope.rcpt_tos
        self.came.set()
        if self.texts == self.silent_after:
            server.transport.close()
        return "250 OK"

    def postman(self, policy, secret: bytes = SECRET, own=None) -> Postman:
        return Postman(self.smtp, Writer(policy, URL, secret, own))

    def link(self, n: int = -1) -> str:
        """The path that a letter links to."""
        [line] = [line for line in self.letters[n].get_content().splitlines() if line.startswith(f"{URL}/")]
        return line.removeprefix(URL)
