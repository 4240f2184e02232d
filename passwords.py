"""Whether a password may be set: what the rules say of it, once it is known how soon it would be guessed."""

import rules
from rules import Decision, OwnNumbers, Policy

_NOTHING = OwnNumbers()
_READ = 72  # characters; zxcvbn reads no more, and whatever follows them makes a password only better


def decide(policy: Policy, password: str, own: OwnNumbers = _NOTHING, before: str | None = None) -> Decision:
    """What the rules have against a password; ``own`` and ``before`` as in ``rules.decide_password``."""
    return rules.decide_password(policy, password, own, before, guesses(password))


def guesses(password: str) -> float:
    """After how many tries somebody finds a password who knows which ones are common (zxcvbn's estimate)."""
    from zxcvbn import zxcvbn  # its lists of words take a while to read, and few requests need them

    tried = password.strip()[:_READ]
    return float(zxcvbn(tried)["guesses"]) if tried else 0.0
