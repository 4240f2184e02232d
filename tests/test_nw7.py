"""The bars of a number, as the published table of NW-7 (JIS X 0506) draws them."""

import pytest

from nw7 import bars

# Seven elements, bar and gap in turn: n is narrow, W a wide bar, w a wide gap.
A, THREE, ZERO, ONE = "nnWwnwn", "Wwnnnnn", "nnnnnwW", "nnnnWwn"


def elements(drawn) -> str:
    """The widths back as letters, bars and gaps in turn, the wide ones large."""
    letters, end = "", 0
    for number, (place, width) in enumerate(drawn.bars):
        if number:
            letters += {2: "n", 5: "w"}[place - end]
        letters += {2: "n", 5: "W"}[width]
        end = place + width
    assert end == drawn.width
    return letters


def test_a_number_is_drawn_between_a_and_a_as_in_the_table():
    assert elements(bars("301")) == "n".join((A, THREE, ZERO, ONE, A))


@pytest.mark.parametrize(
    ("sign", "drawn"),
    [
        ("2", "nnnwnnW"),
        ("4", "nnWnnwn"),
        ("5", "Wnnnnwn"),
        ("6", "nwnnnnW"),
        ("7", "nwnnWnn"),
        ("8", "nwWnnnn"),
        ("9", "Wnnwnnn"),
        ("-", "nnnwWnn"),
        ("$", "nnWwnnn"),
        (":", "WnnnWnW"),
        ("/", "WnWnnnW"),
        (".", "WnWnWnn"),
        ("+", "nnWnWnW"),
    ],
)
def test_every_sign_is_drawn_as_in_the_table(sign, drawn):
    assert elements(bars(sign)) == "n".join((A, drawn, A))


@pytest.mark.parametrize("number", ["", "12A", "K1", "１２", "1 2"])
def test_what_nw7_has_no_sign_for_is_not_drawn(number):
    assert bars(number) is None
