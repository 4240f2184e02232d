"""What the person who runs Shiori may set, read once from the environment at start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import resources
from policy_file import read_policy
from rules import Policy

READY_POLICIES = ("source-1", "source-2")
DATABASE = "shiori.db"
NAMES = ("SHIORI_DATA", "SHIORI_POLICY", "SHIORI_HOST", "SHIORI_PORT", "SHIORI_PROXY")
_MOST_PROXIES = 9


class BadSetting(Exception):
    """A setting that cannot be used: the key of a sentence, with its facts."""

    def __init__(self, key: str, **facts):
        super().__init__(key)
        self.key, self.facts = key, facts


@dataclass(frozen=True, slots=True)
class Settings:
    """``folder`` holds the database; ``policy`` is a ready policy's name or the path of a library.toml.

    ``proxies`` are those in front of the program, whose word about the browser's address is taken.
    """

    folder: Path
    policy: str
    host: str
    port: int
    proxies: int = 0

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    def read_policy(self) -> Policy:
        """The library's rules.  Raises BadSetting for a file that cannot be read, else PolicyMistakes."""
        return read_policy(policy_text(self.policy))


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
    return Settings(folder, policy, host, int(port), int(proxies))
