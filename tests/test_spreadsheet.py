"""A file for a spreadsheet says what was put into it and runs nothing."""

import csv
import io

import pytest

from spreadsheet import csv_file


def read(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_a_cell_that_would_be_a_formula_is_text(sign):
    assert read(csv_file([[f"{sign}1+1"]])) == [[f"'{sign}1+1"]]


@pytest.mark.parametrize("cell", ["", "本館", "1-2", "a=b", 'え"ほん", 1', "二\r\n行", "ー", "～"])
def test_every_other_cell_stays_as_it_is(cell):
    assert read(csv_file([[cell, 3], [-4, cell]])) == [[cell, "3"], ["-4", cell]]
