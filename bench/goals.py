"""What a search, its page and its index may cost, by size of the catalogue."""

from catalogues import SIZES


class Goal:
    """At most so much, by size of the catalogue."""

    def __init__(self, name: str, small: float, middle: float, large: float):
        self.name, self.most = name, dict(zip(SIZES, (small, middle, large), strict=True))


GOALS = {
    "ratio": Goal("search / F, median of all questions", 2.0, 1.6, 1.5),
    "worst": Goal("search / F, p95 of the worst class", 5, 5, 5),
    "p95": Goal("search, p95 of all questions, ms of processor time", 50, 50, 50),
    "page": Goal("page of one and two characters / empty page, median", 3, 4, 6),
    "detail": Goal("page of a title / empty page, median", 3, 3, 3),
    "size": Goal("index / folded text, bytes", 5, 2.6, 2.6),
    "edit": Goal("a title changed and indexed / changed only, median", 4, 4, 4),
    "wrong": Goal("titles found wrongly or not found", 0, 0, 0),
    "statements": Goal("statements of a page of a search, most", 10, 10, 10),
}
