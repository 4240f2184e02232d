"""What is counted when something is done at the desk or on the web: once, by month and by day, of nobody."""

from datetime import UTC, datetime

import pytest

from models import DayCount, Hold, Item, Patron, Tally
from rules import JAPAN
from tests.cast import CARDS

NEW = {"card": "100000099", "kana_name": "オカダ ミサキ", "category": "resident"}


def by_day() -> set[tuple[str, str, str, int]]:
    rows = DayCount.select(DayCount.day, DayCount.kind, DayCount.branch, DayCount.n)
    return {(str(day), *rest) for day, *rest in rows.tuples()}


def by_month() -> set[tuple[str, str, str, str, str, int]]:
    return set(Tally.select().tuples())


def japan(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=JAPAN).astimezone(UTC)


@pytest.fixture
def desk(reader):
    return reader.log_in_staff("ishida")


@pytest.fixture
def scan(desk):
    def scan(what, address="/desk/scan", status=303):
        code = CARDS[what][0] if what in CARDS else Item.get(Item.bib == what).barcode
        return desk.post(address, code=code, status=status)

    return scan


def test_a_loan_and_a_return_are_counted_once_however_often_the_piece_is_scanned(town, scan):
    kokoro = town.title("こころ", ndc="913.6")

    scan("sato")
    for address in ("/desk/scan", "/desk/scan", "/desk/return/scan", "/desk/return/scan"):
        scan(kokoro, address)

    assert by_month() == {
        ("2026-04", "loan", "main", "book", "9", 1),
        ("2026-04", "return", "main", "book", "9", 1),
    }
    assert by_day() == {("2026-04-15", "loan", "main", 1), ("2026-04-15", "return", "main", 1)}


def test_the_second_of_a_kind_makes_it_two(town, scan):
    scan("sato")
    for title in ("こころ", "三四郎"):
        scan(town.title(title, ndc="913.6"))

    assert by_month() == {("2026-04", "loan", "main", "book", "9", 2)}
    assert by_day() == {("2026-04-15", "loan", "main", 2)}


def test_what_is_refused_is_not_counted(town, scan):
    scan("ito")  # whose card has expired
    scan(town.title("こころ"), status=409)

    assert by_month() == by_day() == set()


def test_a_hold_counts_where_it_will_be_collected_and_a_second_try_does_not(town, reader):
    kokoro = town.title("こころ", ndc="913.6")
    reader.log_in("sato")

    reader.post("/cart/add", bib=kokoro)
    reader.post("/cart/register", pickup="east", contact="mail")
    reader.post("/cart/add", bib=kokoro, status=409)
    reader.post("/cart/register", pickup="east", contact="mail")

    assert Hold.select().count() == 1
    assert by_month() == {("2026-04", "hold", "east", "book", "9", 1)}
    assert by_day() == {("2026-04-15", "hold", "east", 1)}


def test_a_hold_that_is_taken_home_counts_as_collected_beside_the_loan(town, scan):
    kokoro = town.title("こころ", ndc="913.6")
    town.ready(kokoro, "sato")

    scan("sato")
    scan(kokoro)

    assert {row[1:] for row in by_month()} == {
        ("loan", "main", "book", "9", 1),
        ("hold_collected", "main", "book", "9", 1),
    }
    assert {kind for _, kind, _, _ in by_day()} == {"loan", "hold_collected"}


def test_a_hold_that_nobody_came_for_is_counted_when_its_piece_is_cleared_away(town, clock, desk, scan):
    magazine = town.title("暮らし", "magazine")
    town.ready(magazine, "sato")
    clock.forward(days=10)
    desk.log_in_staff("ishida")

    for _ in range(2):
        scan(magazine, "/desk/return/scan")

    assert by_month() == {("2026-04", "hold_expired", "main", "magazine", "", 1)}
    assert by_day() == {("2026-04-25", "hold_expired", "main", 1)}


def test_a_renewal_from_the_web_counts_once_at_the_branch_that_lent_the_piece(town, reader):
    loan = town.lend(town.title("こころ", ndc="913.6"), "sato", branch="east")
    reader.log_in("sato")

    for _ in range(2):
        reader.post(f"/my/loans/{loan}/renew", **{f"seen-{loan}": "0"})

    assert by_month() == {("2026-04", "renewal", "east", "book", "9", 1)}
    assert by_day() == {("2026-04-15", "renewal", "east", 1)}


def test_a_new_card_counts_where_it_is_given_and_has_neither_material_nor_class(town, reader):
    reader.log_in_staff("ishida", branch="west")

    reader.post("/desk/patrons/new", **NEW)
    reader.post("/desk/patrons/new", **NEW, status=409)

    assert Patron.get(Patron.card_number == NEW["card"])
    assert by_month() == {("2026-04", "card", "west", "", "", 1)}
    assert by_day() == {("2026-04-15", "card", "west", 1)}


@pytest.mark.parametrize(
    ("ndc", "figure"), [("913.6", "9"), ("007", "0"), ("", ""), ("E913", ""), ("９", "")]
)
def test_the_class_is_the_first_figure_of_the_titles_number(town, scan, ndc, figure):
    scan("sato")
    scan(town.title("こころ", ndc=ndc))

    assert [row.ndc for row in Tally.select()] == [figure]


def test_a_minute_before_midnight_in_japan_is_another_day_and_another_month(town, clock, desk, scan):
    before, after = town.title("こころ"), town.title("三四郎")
    clock.now = japan(2026, 4, 30, 23, 59)
    desk.log_in_staff("ishida")
    scan("sato")
    scan(before)
    clock.now = japan(2026, 5, 1)
    scan(after)

    assert by_day() == {("2026-04-30", "loan", "main", 1), ("2026-05-01", "loan", "main", 1)}
    assert {(month, n) for month, *_, n in by_month()} == {("2026-04", 1), ("2026-05", 1)}


def test_no_count_says_who_or_which_title(town, scan):
    scan("sato")
    scan(town.title("ひみつの本"))

    stored = str(by_day() | by_month())
    assert "ひみつの本" not in stored and CARDS["sato"][0] not in stored and "サトウ" not in stored
