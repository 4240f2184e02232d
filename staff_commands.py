"""``shiori staff add | list | password | close``: who works at the desk.

Each command takes what was asked, the policy and today, and gives what is said when it is done.
"""

import sys
from datetime import date
from getpass import getpass

import passwords
import staffing
from models import Staff
from rules import Policy
from wording import Wording

_wording = Wording()


class CannotDo(Exception):
    """Why not: the exit status, and the key of a sentence with its facts."""

    def __init__(self, status: int, key: str, **facts):
        super().__init__(key)
        self.status, self.key, self.facts = status, key, facts


def _add(asked, policy: Policy, today: date) -> str:
    name = staffing.staff_name(asked.name)
    if not 1 <= len(name) <= staffing.LONGEST_NAME:
        raise CannotDo(2, "cli.staff_bad_name", most=staffing.LONGEST_NAME)
    if staffing.find(name):
        raise CannotDo(1, "cli.staff_taken", name=name)
    try:
        staffing.add(name, asked.role, _new_password(policy), today)
    except staffing.NameTaken as error:
        raise CannotDo(1, "cli.staff_taken", name=name) from error
    return _wording.t("cli.staff_added", name=name, role=asked.role)


def _list(_asked, _policy: Policy, _today: date) -> str:
    return "\n".join(map(_line, staffing.everyone())) or _wording.t("cli.staff_nobody")


def _password(asked, policy: Policy, _today: date) -> str:
    found = _find(asked.name)
    if found.closed_on:
        raise CannotDo(1, "cli.staff_gone", name=found.name, day=found.closed_on)
    staffing.set_password(found.id, _new_password(policy))
    return _wording.t("cli.staff_password_set", name=found.name)


def _close(asked, _policy: Policy, today: date) -> str:
    found = _find(asked.name)
    staffing.close(found.id, today)
    return _wording.t("cli.staff_closed", name=found.name)


COMMANDS = {"add": _add, "list": _list, "password": _password, "close": _close}


def _line(one: Staff) -> str:
    key = "cli.staff_line_closed" if one.closed_on else "cli.staff_line"
    return _wording.t(key, name=one.name, role=one.role, since=one.added_on, until=one.closed_on)


def _find(typed: str) -> Staff:
    found = staffing.find(typed)
    if found is None:
        raise CannotDo(1, "cli.staff_unknown", name=staffing.staff_name(typed))
    return found


def _new_password(policy: Policy) -> str:
    """Asked for twice at a terminal, else one line of the input.  Nothing of it is shown or kept."""
    if sys.stdin.isatty():
        password = getpass(_wording.t("cli.staff_ask_password"))
        if getpass(_wording.t("cli.staff_ask_again")) != password:
            raise CannotDo(1, "cli.staff_differ")
    else:
        sys.stdin.reconfigure(errors="surrogateescape")  # what is no text is refused below
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) > staffing.LONGEST_PASSWORD:
        raise CannotDo(2, "form.password_long")
    for refusal in passwords.decide(policy, password).refusals:
        raise CannotDo(2, refusal.reason.value, **refusal.facts)
    return password
