"""The outbox: what the library owes its patrons to tell.

A message is queued inside the transaction that causes it, so that neither exists without the other.  Only
the numbers of the holds, loans or tickets are kept; the text is made from them when it is sent.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from models import Outbox


def queue(
    kind: str,
    patron_id: int,
    numbers: Sequence[int],
    now: datetime,
    each_time: bool = False,
    each_patron: bool = False,
    address: str | None = None,
    not_before: datetime | None = None,
) -> None:
    """Owe a patron one message of this kind about these holds, loans or tickets, in the caller's transaction.

    The same event never owes two: kind and numbers are the key, and a second call changes nothing.  What can
    happen more than once, such as that a hold is ready, is owed ``each_time``; what is told to many is owed
    to ``each_patron``.  It goes to ``address``, else to where the patron's messages go.
    """
    listed = ",".join(str(number) for number in numbers)
    key = f"{kind}:{listed}" + (f":{now.isoformat()}" if each_time else "")
    key += f":{patron_id}" if each_patron else ""
    Outbox.insert(
        kind=kind,
        patron=patron_id,
        key=key,
        numbers=listed,
        queued_at=now,
        address=address,
        next_at=not_before,
    ).on_conflict_ignore().execute()


def take_back(kinds: Collection[str], patron_id: int, number: int) -> None:
    """Owe a patron no word any more, of these kinds, of a hold or a loan that is over, in the caller's
    transaction.

    A message about more of them is still owed about the others; its row may not say that this one was theirs.
    """
    _strike(number, Outbox.patron == patron_id, Outbox.kind.in_(list(kinds)))


def told_otherwise(patron_id: int, hold_id: int) -> None:
    """A patron knows that a hold is ready, which no mail could tell, in the caller's transaction."""
    _strike(hold_id, Outbox.patron == patron_id, Outbox.kind == "hold_ready", Outbox.reason != "")


def _strike(number: int, *of_these) -> None:
    for message in Outbox.select().where(*of_these):
        numbers = message.numbers.split(",")
        if str(number) not in numbers:
            continue
        numbers.remove(str(number))
        if not numbers:
            message.delete_instance()
            continue
        listed = ",".join(numbers)
        message.key = message.key.replace(message.numbers, listed, 1)
        message.numbers = listed
        message.save(only=[Outbox.key, Outbox.numbers])
