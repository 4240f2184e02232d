"""What the person who runs Shiori may set, read once from the environment at start."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import resources
from policy_file import read_policy
from rules import Policy

READY_POLICIES = ("source-1", "source-2")
DATABASE = "shiori.db"
NAMES = (
    "SHIORI_DATA",
    "SHIORI_POLICY",
    "SHIORI_HOST",
    "SHIORI_PORT",
    "SHIORI_PROXY",
    "SHIORI_URL",
    "SHIORI_SMTP",
    "SHIORI_LOOKUP",
)
# The services that may be asked what they know of an ISBN, with their addresses.
LOOKUP_SOURCES = {
    "ndl": "https://ndlsearch.ndl.go.jp/api/sru",
    "openbd": "https://api.openbd.jp/v1/get",
}
_MOST_PROXIES = 9
_SECRET = "secret.key"  # noqa: S105 - the name of a file
_MAIL = "mail"
_SMTP_PORTS = {"smtp": 587, "smtps": 465}
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")  # a name, IPv4, or IPv6


class BadSetting(Exception):
    """A setting that cannot be used: the key of a sentence, with its facts."""

    def __init__(self, key: str, **facts):
        super().__init__(key)
        self.key, self.facts = key, facts


@dataclass(frozen=True, slots=True)
class Smtp:
    """The server that takes the library's mail.  ``tls`` from the first byte, else once it offers it."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class LookupSource:
    """A service that is asked about an ISBN: one of LOOKUP_SOURCES, at its own or another address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Settings:
    """``folder`` holds the database; ``policy`` is a ready policy's name or the path of a library.toml.

    ``proxies`` are those in front of the program, whose word about the browser is taken.  ``url`` is the
    public address, without a slash at its end.
    """

    folder: Path
    policy: str
    host: str
    port: int
    proxies: int = 0
    url: str | None = None
    smtp: Smtp | None = None
    lookup: tuple[LookupSource, ...] = ()

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def own_mail(self) -> Path:
        """The folder of the library's own texts of mails, which need not be there."""
        return self.folder / _MAIL

    def secret(self) -> bytes:
        """The key that signs cookies and links, made at the first start and kept beside the database."""
        path = self.folder / _SECRET
        try:
            with path.open("xb") as file:
                path.chmod(0o600)
                file.write(secrets.token_bytes(32))
        except FileExistsError:
            pass
        return path.read_bytes()

    @property
    def hosts(self) -> frozenset[str] | None:
        """For which hosts requests may ask, as they write them without the port; None: for any."""
        if self.url is None:
            return None
        return frozenset({_written(urlsplit(self.url).hostname), _written(self.host.lower()), *_LOOPBACK})

    def read_policy(self) -> Policy:
        """The library's rules.  Raises BadSetting for a file that cannot be read, else PolicyMistakes."""
        policy = read_policy(policy_text(self.policy))
        if self.smtp and not policy.contact.sender:
            raise BadSetting("setting.smtp_no_sender")
        return policy


def policy_text(policy: str) -> str:
    """The text of a ready policy, or of the file at a path.  Raises BadSetting where it cannot be read."""
    if policy in READY_POLICIES:
        return resources.text(f"policies/{policy}.toml")
    try:
        return Path(policy).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadSetting("setting.policy_unreadable", given=policy, detail=error.strerror) from error
    except UnicodeDecodeError as error:
        raise BadSetting("setting.policy_not_utf8", given=policy) from error


def from_environment(environ: Mapping[str, str], folder: Path) -> Settings:
    """The settings of this start.  ``folder`` is where the database lies if SHIORI_DATA does not say.

    A library.toml beside the database is the policy unless SHIORI_POLICY names another; without either the
    first ready policy is used.  Raises BadSetting for an unknown name and for a value that makes no sense.
    """
    for name in environ:
        if name.startswith("SHIORI_") and name not in NAMES:
            raise BadSetting("setting.unknown", given=name, known=list(NAMES))
    folder = Path(environ.get("SHIORI_DATA") or folder)
    if folder.exists() and not folder.is_dir():
        raise BadSetting("setting.not_a_folder", given=str(folder))
    own_policy = folder / "library.toml"
    policy = environ.get("SHIORI_POLICY") or (str(own_policy) if own_policy.exists() else READY_POLICIES[0])
    host = environ.get("SHIORI_HOST") or "127.0.0.1"
    if any(character.isspace() or character == "/" for character in host):
        raise BadSetting("setting.bad_host", given=host)
    port = environ.get("SHIORI_PORT") or "8000"
    if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
        raise BadSetting("setting.bad_port", given=port)
    proxies = environ.get("SHIORI_PROXY") or "0"
    if not (proxies.isascii() and proxies.isdecimal() and int(proxies) <= _MOST_PROXIES):
        raise BadSetting("setting.bad_proxy", given=proxies, most=_MOST_PROXIES)
    url = _url(environ.get("SHIORI_URL"))
    smtp = _smtp(environ.get("SHIORI_SMTP"))
    if smtp and not url:
        raise BadSetting("setting.smtp_no_url")
    lookup = _lookup(environ.get("SHIORI_LOOKUP"))
    return Settings(folder, policy, host, int(port), int(proxies), url, smtp, lookup)


def _url(given: str | None) -> str | None:
    """The public address in one form.  Raises BadSetting for anything but a scheme, a host and a port."""
    if not given:
        return None
    whole = given.strip().lower()
    try:
        parts = urlsplit(whole)
        name, port = parts.hostname or "", parts.port
    except ValueError as error:  # a port or an IPv6 address that is none
        raise BadSetting("setting.bad_url", given=given) from error
    plain = f"{parts.scheme}://{_written(name)}" + (f":{port}" if port is not None else "")
    if parts.scheme not in ("http", "https") or not _HOST_NAME.fullmatch(name) or port == 0:
        raise BadSetting("setting.bad_url", given=given)
    if whole.removesuffix("/") != plain:  # a path, a question, a name and password
        raise BadSetting("setting.bad_url", given=given)
    return plain


def _smtp(given: str | None) -> Smtp | None:
    """smtp://user:password@mail.example.jp:587 or smtps://…; signs in a password that mean something there
    are written as in an address (%40 for @).  Raises BadSetting, which repeats nothing of it."""
    if not given:
        return None
    try:
        parts = urlsplit(given.strip())
        port = parts.port or _SMTP_PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise BadSetting("setting.bad_smtp") from None
    if not _HOST_NAME.fullmatch(parts.hostname or "") or parts.path.strip("/") or parts.query:
        raise BadSetting("setting.bad_smtp")
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    if not f"{user}{password}".isascii():  # all that Python's smtplib can say
        raise BadSetting("setting.smtp_not_ascii")
    return Smtp(parts.hostname, port, parts.scheme == "smtps", user, password)


def _lookup(given: str | None) -> tuple[LookupSource, ...]:
    """ndl,openbd in the order in which they are asked; ndl=https://… for a service at another address."""
    found = {}
    for entry in filter(None, (part.strip() for part in (given or "").split(","))):
        name, own, address = entry.partition("=")
        address = address if own else LOOKUP_SOURCES.get(name, "")
        try:
            parts = urlsplit(address)
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise BadSetting("setting.bad_lookup", given=entry) from error
        secure = parts.scheme == "https" or (parts.scheme == "http" and _written(host) in _LOOPBACK)
        plain = _HOST_NAME.fullmatch(host) and not (parts.query or parts.fragment or parts.username)
        if name not in LOOKUP_SOURCES or name in found or not secure or not plain:
            raise BadSetting("setting.bad_lookup", given=entry)
        found[name] = LookupSource(name, address)
    return tuple(found.values())


def _written(host: str) -> str:
    """A host as addresses write it: IPv6 between brackets."""
    return f"[{host}]" if ":" in host else host
