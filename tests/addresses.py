"""Reads ``addresses.txt``: every address of the program, and who is answered what there."""

import re
from dataclasses import dataclass
from pathlib import Path

PEOPLE = ("stranger", "other", "owner", "clerk", "administrator")
STAFF = ("clerk", "administrator")

LOGINS = {"login": "/login", "desk": "/desk/login"}
# The answers after which nothing may have changed.
REFUSALS = {"login", "desk", 400, 401, 403, 404, 405, 409, 422, 429}
# What is done there is not done in the database: a search that is sent, what only this browser holds, and the
# way back to the beginning for who has proved nothing.
CHANGE_NOTHING_STORED = {
    "POST /desk/patrons",
    "POST /my/alerts/preview",
    "POST /desk/finish",
    "POST /desk/terminal/end",
    "POST /my/reading/setting",
    "POST /my/stay",
    "POST /register/password",
}


@dataclass(frozen=True)
class Line:
    """One route and method, what each of PEOPLE is answered, and what fills the address and the form."""

    method: str
    rule: str
    answers: dict[str, str | int]
    filled: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    def address(self, known: dict) -> str:
        """The address with the numbers of what is there."""
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: self.filled[found[1]].format_map(known), self.rule)

    def fields(self, known: dict) -> dict[str, str]:
        """What the form holds, or what the question mark is followed by."""
        in_address = set(re.findall(r"<(?:\w+:)?(\w+)>", self.rule))
        return {name: text.format_map(known) for name, text in self.filled.items() if name not in in_address}

    @property
    def those_who_may(self) -> list[str]:
        return [who for who in PEOPLE if self.answers[who] not in REFUSALS]


def _line(text: str) -> Line:
    method, rule, *rest = text.split()
    cells, filled = rest[: len(PEOPLE)], rest[len(PEOPLE) :]
    answers = [cell if cell in LOGINS else int(cell) for cell in cells]
    return Line(
        method,
        rule,
        dict(zip(PEOPLE, answers, strict=True)),
        dict(field.split("=", 1) for field in filled),
    )


TABLE = (Path(__file__).parent / "addresses.txt").read_text("utf-8")
LINES = [_line(text) for text in TABLE.splitlines() if text.startswith(("GET", "POST"))]
GETS = [line for line in LINES if line.method == "GET"]
POSTS = [line for line in LINES if line.method == "POST"]
