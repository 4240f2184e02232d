"""What a renewal decision costs, as a multiple of an empty call of the same shape, measured in one run.

Prints a line a policy and ends with 1 where one of a real library costs more than ``MOST`` empty calls.  The
invented library that uses every word of the language is measured too, but has no bound.
"""

import sys
import time
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
EVERYTHING = ROOT / "tests/policies/everything.toml"
POLICIES = sorted({*ROOT.glob("policies/*.toml"), *ROOT.glob("tests/policies/*.toml")} - {EVERYTHING})


def nothing(policy, patron, loan, occasion, opening):
    """A call of the same shape that decides nothing: the floor."""


def cost(function, *arguments) -> float:
    """Seconds for one call: the best of some rounds, since everything else only adds."""
    rounds = timeit.repeat(lambda: function(*arguments), timer=time.process_time, number=CALLS, repeat=ROUNDS)
    return min(rounds) / CALLS


def measure(path: Path) -> float:
    """The dearer of a renewal on the last day and of one that several things stand against."""
    policy = read_policy(path.read_text("utf-8"))
    item = ItemFacts(policy.materials[0].id, call_number="913 ナ")
    due_on = LENT + timedelta(days=14)
    loans = tuple(LoanFacts(n, n, item, policy.main_branch.id, LENT, due_on) for n in range(10))
    patron = PatronFacts(policy.patron_categories[0].id, LENT + timedelta(days=400), True, loans)
    occasion = Occasion(Channel.WEB, datetime(2026, 4, 15, 3, tzinfo=UTC))
    opening = OpeningDays(policy.main_branch.closures, on_holidays=policy.main_branch.holidays)
    floor = cost(nothing, policy, patron, loans[0], occasion, opening)
    return max(
        cost(decide_renewal, policy, patron, loan, occasion, opening) / floor
        for loan in (loans[0], replace(loans[0], renewals=9, waiting=3))
    )


def main() -> int:
    over = False
    for path in [*POLICIES, EVERYTHING]:
        times = measure(path)
        over |= times > MOST and path != EVERYTHING
        bound = "" if path == EVERYTHING else f" (at most {MOST})"
        print(f"{path.relative_to(ROOT).as_posix()}: {times:.0f} empty calls{bound}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
