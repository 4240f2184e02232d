"""Names of the classes of the Nippon Decimal Classification, ninth edition: ten, a hundred, a thousand."""

import json
import re
from functools import lru_cache

import resources


def label(number: str) -> str | None:
    """The name of the nearest class above a number: 913.6 gives that of 913; None where there is none.

    Catalogues hold numbers that the table has not, so the longest prefix answers.
    """
    digits = re.match(r"\D*(\d{0,3})", number)[1]
    names = _names()
    return next((names[digits[:length]] for length in (3, 2, 1) if digits[:length] in names), None)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return json.loads(resources.text("reference/ndc9.json"))
