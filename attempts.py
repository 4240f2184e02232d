"""Slowing down who guesses: failed logins are counted, and the next try waits (``rules.seconds_to_wait``).

Counted are a card with an address, an address alone, and a card over all addresses; whether there is such a
card makes no difference.  The table holds keyed hashes only: whoever reads it finds neither card nor address.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address

import security_log
from models import Attempt, db
from rules import (
    FAILURES_KEPT,
    PATIENCE_WITH_ADDRESS,
    PATIENCE_WITH_CARD,
    PATIENCE_WITH_CARD_AND_ADDRESS,
    Patience,
    failures_left,
    seconds_to_wait,
)

Keys = Mapping[str, Patience]

_NETWORK_BITS = 64  # what a household is given of IPv6


def keys(secret: bytes, door: str, address: str | None, card: str | None = None) -> Keys:
    """Under which keys a try at one of the doors is counted; without a card only by its address."""
    here = network_of(address or "")
    counted = {("address", here): PATIENCE_WITH_ADDRESS}
    if card is not None:
        counted["card and address", card, here] = PATIENCE_WITH_CARD_AND_ADDRESS
        counted["card", card] = PATIENCE_WITH_CARD
    return {_hash(secret, door, *words): patience for words, patience in counted.items()}


def network_of(address: str) -> str:
    """An address as it is counted: of IPv6 the network, since everybody there has addresses without end."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return f"{int(found) >> _NETWORK_BITS:x}/{_NETWORK_BITS}"


def wait(keys: Keys, now: datetime) -> int:
    """How many seconds the next try has to wait; 0: it may come."""
    return _longest(keys, _rows(keys), now)


def failed(keys: Keys, now: datetime) -> int:
    """Count a failure, and log it; or, where others failed too often meanwhile, only say how long to wait.

    So whoever sends many guesses at once is told no more than who sends them one by one.
    """
    seconds = tried(keys, now)
    if not seconds:
        security_log.note("login_failed")
    return seconds


def tried(keys: Keys, now: datetime) -> int:
    """Count what succeeded and still is to wait when it is done too often, such as asking for mails."""
    with db.atomic():
        forget(now)
        rows = _rows(keys)
        seconds = _longest(keys, rows, now)
        for key, patience in keys.items() if not seconds else ():
            row = rows.get(key)
            before = failures_left(patience, row.failures, row.last_at, now) if row else 0
            Attempt.replace(key_hash=key, failures=before + 1, last_at=now).execute()
        return seconds


def succeeded(keys: Keys) -> None:
    """Forget the failures of this card at this address.

    Those of the address stay, else a guesser with a card of their own could begin anew at any time.
    """
    pair = [key for key, patience in keys.items() if patience is PATIENCE_WITH_CARD_AND_ADDRESS]
    if pair:
        Attempt.delete().where(Attempt.key_hash.in_(pair)).execute()


def forget(now: datetime) -> None:
    """Delete what happened a day ago."""
    Attempt.delete().where(Attempt.last_at <= now - FAILURES_KEPT).execute()


def _rows(keys: Keys) -> dict[str, Attempt]:
    return {row.key_hash: row for row in Attempt.select().where(Attempt.key_hash.in_(list(keys)))}


def _longest(keys: Keys, rows: Mapping[str, Attempt], now: datetime) -> int:
    waits = (seconds_to_wait(keys[key], row.failures, row.last_at, now) for key, row in rows.items())
    return max(waits, default=0)


def _hash(secret: bytes, *words: str) -> str:
    return hmac.new(secret, json.dumps(words).encode(), hashlib.sha256).hexdigest()
