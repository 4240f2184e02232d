"""Asks services outside what they know of an ISBN; only the number leaves the library, and nothing is stored.

Nobody at the desk waits long: each service has some seconds, and all together have a few more.  One is asked
at a time, and none twice within a second, as the national library wishes.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import lookup_answers
from settings import LookupSource
from title_records import TitleRecord

log = logging.getLogger("shiori")

_LONGEST = 1 << 20  # bytes of an answer
_BLOCK = 1 << 14


def _ndl(address: str, isbn: str) -> str:
    return f"{address}?" + urlencode(
        {
            "operation": "searchRetrieve",
            "version": "1.2",
            "recordSchema": "dcndl",
            "maximumRecords": 5,
            "query": f'isbn="{isbn}"',
        }
    )


def _openbd(address: str, isbn: str) -> str:
    return f"{address}?" + urlencode({"isbn": isbn})


_SERVICES = {"ndl": (_ndl, lookup_answers.of_ndl), "openbd": (_openbd, lookup_answers.of_openbd)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known and who said so; else who did not know (``unknown``), who did not answer (``silent``)."""

    title: TitleRecord | None = None
    source: str = ""
    unknown: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


class _SameHost(HTTPRedirectHandler):
    """Goes where it is sent only within the service that was asked."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            fp.close()
            raise URLError("another host")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Lookup:
    """``each`` and ``whole`` are the seconds that one service and all of them have, ``pause`` those between
    two questions to the same one."""

    def __init__(
        self,
        sources: Sequence[LookupSource],
        each: float = 3,
        whole: float = 5,
        pause: float = 1,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.sources = tuple(sources)
        self._each, self._whole, self._pause = each, whole, pause
        self._clock, self._sleep = clock, sleep
        self._turn = threading.Lock()
        self._asked_at: dict[str, float] = {}

    def find(self, isbn: str) -> Answer:
        """What the services know of an ISBN of thirteen digits; the first that knows it is taken."""
        until = self._clock() + self._whole
        unknown, silent = [], []
        for source in self.sources:
            try:
                title = self._ask(source, isbn, until)
            except (OSError, HTTPException, ValueError, RecursionError) as error:
                log.warning("look-up: %s gave %s", source.name, type(error).__name__)
                silent.append(source.name)
                continue
            if title:
                return Answer(title, source.name)
            unknown.append(source.name)
        return Answer(None, "", tuple(unknown), tuple(silent))

    def _ask(self, source: LookupSource, isbn: str, until: float) -> TitleRecord | None:
        """Ask in a thread of its own: to find a host can take long, and cannot be given up."""
        if not self._turn.acquire(timeout=max(0, min(self._each, until - self._clock()))):
            raise TimeoutError
        answers: queue.SimpleQueue = queue.SimpleQueue()
        try:
            self._wait_for_pause(source, until)
            seconds = min(self._each, until - self._clock())
            if seconds <= 0:
                raise TimeoutError
            threading.Thread(
                target=self._fetch_into, args=(answers, source, isbn, seconds), daemon=True
            ).start()
        except BaseException:
            self._turn.release()
            raise
        try:
            found = answers.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(found, BaseException):
            raise found
        return _SERVICES[source.name][1](found, isbn)

    def _wait_for_pause(self, source: LookupSource, until: float) -> None:
        wait = self._asked_at.get(source.name, -self._pause) + self._pause - self._clock()
        if self._clock() + wait > until:
            raise TimeoutError
        if wait > 0:
            self._sleep(wait)

    def _fetch_into(
        self, answers: queue.SimpleQueue, source: LookupSource, isbn: str, seconds: float
    ) -> None:
        """The thread has the turn until its connection is closed, also when nobody waits for it any more."""
        try:
            answers.put(_fetch(_SERVICES[source.name][0](source.address, isbn), seconds))
        except Exception as error:
            answers.put(error)
        finally:
            self._asked_at[source.name] = self._clock()
            self._turn.release()


def _fetch(address: str, seconds: float) -> bytes:
    """The answer from an address.  Raises OSError, HTTPException or ValueError for what is none."""
    until = time.monotonic() + seconds
    on_this_machine = urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")
    opener = build_opener(_SameHost, *([ProxyHandler({})] if on_this_machine else []))
    request = Request(address, headers={"User-Agent": "Shiori", "Accept": "*/*"})  # noqa: S310 - from the settings
    content = b""
    try:
        response = opener.open(request, timeout=seconds)
    except HTTPError as refusal:
        refusal.close()
        raise
    with response:
        while block := response.read1(_BLOCK):
            content += block
            if len(content) > _LONGEST:
                raise ValueError("too long")
            if time.monotonic() > until:
                raise TimeoutError
    return content
