"""Nothing is taken from a form that it does not ask for: with more fields it does the same as without."""

import re

import pytest

from tests.addresses import POSTS
from tests.one_of_each import dump

# Names of columns, of what the rules decide, and of what other programs take from a form.
EXTRA = {
    "id": "1",
    "role": "administrator",
    "is_admin": "1",
    "staff": "2",
    "actor": "2",
    "state": "ready",
    "status": "ready",
    "channel": "desk",
    "priority": "0",
    "place": "0",
    "requested_at": "2000-01-01T00:00:00.000000+00:00",
    "ready_on": "2026-04-15",
    "collect_by": "2030-01-01",
    "extended": "0",
    "lent_on": "2030-01-01",
    "due_on": "2030-01-01",
    "due_date": "2030-01-01",
    "due_by": "23:59",
    "renewals": "0",
    "returned_at": "2026-04-15T03:00:00.000000+00:00",
    "closed_at": "2026-04-15T03:00:00.000000+00:00",
    "owner": "1",
    "user": "1",
    "patron": "1",
    "patron_id": "1",
    "hold_id": "1",
    "loan_id": "1",
    "bib_id": "1",
    "item": "1",
    "item_id": "1",
    "card_number": "100000077",
    "card_expires_on": "2099-01-01",
    "card_issued_on": "2026-04-15",
    "expires_on": "2099-01-01",
    "category": "commuter",
    "marks": "弁償",
    "penalty_until": "2030-01-01",
    "stopped_for": "弁償",
    "stopped_until": "2030-01-01",
    "password_hash": "known",
    "pickup_branch": "west",
    "started_at": "2030-01-01T00:00:00.000000+00:00",
    "added_on": "2000-01-01",
    "lent": "99",
    "hidden": "1",
    "requested": "1",
    "source": "elsewhere",
    "to_shelve_at": "west",
    "borrowed_from": "となり町",
    "overruled": "stopped",
}
_BY_CHANCE = re.compile(r"[0-9a-f]{64}|scrypt:.*")  # of a token, of a password


def stored() -> dict[str, list[tuple]]:
    """All that stands in the database, without what would differ anyhow."""
    return {table: [tuple(map(_as_it_is, row)) for row in rows] for table, rows in dump().items()}


def _as_it_is(cell):
    return "by chance" if isinstance(cell, str) and _BY_CHANCE.fullmatch(cell) else cell


def kept(square, answer) -> dict:
    """What the browser keeps, without the token of a login and a code."""
    serializer = square.app.session_interface.get_signing_serializer(square.app)
    session = serializer.loads(answer.cookie) if answer.cookie else {}
    return {name: value for name, value in session.items() if name not in ("_user_id", "desk_code")}


@pytest.mark.parametrize("line", POSTS, ids=str)
def test_with_more_fields_a_form_does_the_same_as_without(square, line):
    more = {name: value for name, value in EXTRA.items() if name not in line.filled}

    for who in line.those_who_may:
        plain = square.ask(line, who)
        without = (plain.status_code, plain.headers.get("Location"), kept(square, plain), stored())
        extended = square.ask(line, who, more=more)

        assert extended.status_code == without[0] and extended.headers.get("Location") == without[1], who
        assert kept(square, extended) == without[2], who
        assert stored() == without[3], who
