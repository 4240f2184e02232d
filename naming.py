"""What a mail calls one thing by, a hold or a loan; nothing of it that the mail may not say."""

from dataclasses import dataclass

from models import Bib
from rules import Shown, one_line, start_of_title


@dataclass(frozen=True, slots=True)
class Named:
    """A title or the start of it, and the number of a hold; at least one of them."""

    title: str
    number: int | None


# For whoever tries a text.
EXAMPLES = [Named(title="こころ", number=1), Named(title="三四郎", number=2)]


def named(bib: Bib | None, hold: int | None, shown: frozenset[Shown]) -> list[Named]:
    """The one name, or none; of a title that the library has deleted there is nothing left."""
    title = one_line(f"{bib.title} {bib.volume}") if bib else ""
    if Shown.TITLE not in shown:
        title = start_of_title(title) if title and Shown.START_OF_TITLE in shown else ""
    number = hold if Shown.HOLD_NUMBER in shown else None
    return [Named(title, number)] if title or number else []
