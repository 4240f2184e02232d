"""What a renewal decision costs, as a multiple of an empty call of the same shape, measured in one run.

Prints a line a policy and ends with 1 where one costs more than ``MOST`` empty calls.
"""

import sys
import timeit
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from policy_file import read_policy  # noqa: E402
from rules import (  # noqa: E402
    Channel,
    ItemFacts,
    LoanFacts,
    Occasion,
    OpeningDays,
    PatronFacts,
    decide_renewal,
)

MOST = 500  # empty calls
ROUNDS, CALLS = 9, 2000
LENT = date(2026, 4, 1)
POLICIES = ("policies/source-1.toml", "policies/source-2.toml", "tests/policies/everything.toml")


def nothing(policy, patron, loan, occasion, opening):
    """A call of the same shape that decides nothing: the floor."""


def cost(function, *arguments) -> float:
    """Seconds for one call: the best of some rounds, since everything else only adds."""
    return min(timeit.repeat(lambda: function(*arguments), number=CALLS, repeat=ROUNDS)) / CALLS


def main() -> int:
    over = False
    for path in POLICIES:
        policy = read_policy((ROOT / path).read_text("utf-8"))
        item = ItemFacts("book", call_number="913 ナ")
        loans = tuple(
            LoanFacts(n, n, item, policy.main_branch.id, LENT, LENT + timedelta(days=14)) for n in range(10)
        )
        patron = PatronFacts(policy.patron_categories[0].id, LENT + timedelta(days=400), True, loans)
        occasion = Occasion(Channel.WEB, datetime(2026, 4, 14, 3, tzinfo=UTC))
        opening = OpeningDays(policy.main_branch.closures, on_holidays=policy.main_branch.holidays)
        allowed = decide_renewal(policy, patron, loans[0], occasion, opening)
        refused = replace(loans[0], renewals=9, waiting=3)
        if not allowed.allowed or decide_renewal(policy, patron, refused, occasion, opening).allowed:
            sys.exit(f"{path}: the bench asks for one renewal that is allowed and one that is refused")
        floor = cost(nothing, policy, patron, loans[0], occasion, opening)
        for name, loan in (("allowed", loans[0]), ("refused", refused)):
            times = cost(decide_renewal, policy, patron, loan, occasion, opening) / floor
            over |= times > MOST
            print(f"{path} {name}: {times:.0f} empty calls (at most {MOST})")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
