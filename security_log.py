"""What happened at the doors of the library, one line each, for whoever keeps it safe (``docs/operate.md``).

A line tells what, by which route, and from which network.  It never holds a card number, a name, a password,
a token, nor what somebody searched for: the route is its pattern, and of an address only the network is left.
A number of one of the staff is the one that the record of changes has.
"""

import logging
from contextvars import ContextVar
from ipaddress import ip_address, ip_network

_log = logging.getLogger("shiori.security")
_log.setLevel(logging.INFO)

_FAMILY_BITS = {4: 24, 6: 48}  # so much of an address names a provider's customers, and no single one
# Verbs do not know the request, so what a line says of it is noted when it comes.
_request: ContextVar[tuple[str, str | None] | None] = ContextVar("request", default=None)


def begin(route: str, address: str | None) -> None:
    """From now on this thread answers a request; ``route`` is its method and the pattern of its address."""
    _request.set((route, address))


def note(what: str, staff: int | None = None) -> None:
    """One line.  Without a request it is somebody at this machine, with a command."""
    words = [what]
    if staff is not None:
        words.append(f"staff {staff}")
    if asked := _request.get():
        route, address = asked
        words += [f"by {route}", f"from {network_of(address)}"]
    _log.info("%s", " ".join(words))


def network_of(address: str | None) -> str:
    """The network of an address; a dash for what is no address."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "-"
    if found.version == 6 and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ip_network((int(found), _FAMILY_BITS[found.version]), strict=False))
