"""How long a card is good and when it is renewed, who may log in, and how long a login lasts."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta

import pytest

from rules import (
    JAPAN,
    MENDABLE_IN_CART,
    STAY_AT_DESK,
    Channel,
    Decision,
    OwnNumbers,
    Passwords,
    Reason,
    Refusal,
    card_expires_on,
    card_renewable_from,
    card_valid,
    decide_login,
    decide_password,
    login_ends_at,
    login_lasts,
    login_may_last,
    stay_of_patron,
    written,
)
from tests.facts import EVERYTHING, EVERYTHING_TEXT, SATO, SOURCE_1, TODAY, policy, row

CITY = replace(SATO, category="city", card_expires_on=None)
OUTSIDE = replace(CITY, category="outside")


def child(born_on: date, category: str = "outside"):
    """ナツメ, who goes to elementary school or not yet."""
    return replace(CITY, category=category, born_on=born_on)


ISSUED = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("patron", "issued_on", "last_used_on", "expires_on"),
    [
        row("for whom no line is written, one year from the issue", OUTSIDE, ISSUED, None, date(2027, 4, 1)),
        row("the last use does not lengthen that", OUTSIDE, ISSUED, date(2026, 9, 1), date(2027, 4, 1)),
        row("a resident, three years from the last use", CITY, ISSUED, date(2026, 9, 1), date(2029, 9, 1)),
        row("a resident who never used it, from the issue", CITY, ISSUED, None, date(2029, 4, 1)),
        row(
            "a child, to the last birthday within four years",
            child(date(2018, 6, 15)),
            ISSUED,
            None,
            date(2029, 6, 15),
        ),
        row("a birthday in the last year counts", child(date(2018, 3, 15)), ISSUED, None, date(2030, 3, 15)),
        row("so does one on the last day", child(date(2018, 4, 1)), ISSUED, None, date(2030, 4, 1)),
        row("one on the day after does not", child(date(2018, 4, 2)), ISSUED, None, date(2029, 4, 2)),
        row(
            "born on 29 February, to 1 March of a common year",
            child(date(2016, 2, 29)),
            ISSUED,
            None,
            date(2030, 3, 1),
        ),
        row(
            "and to 29 February of a leap year",
            child(date(2020, 2, 29)),
            date(2028, 4, 1),
            None,
            date(2032, 2, 29),
        ),
        row("born on 29 January", child(date(2018, 1, 29)), ISSUED, None, date(2030, 1, 29)),
        row("born on 28 February", child(date(2018, 2, 28)), ISSUED, None, date(2030, 2, 28)),
        row(
            "a child who is a resident has two lines, of which the shorter decides",
            child(date(2018, 3, 15), "city"),
            ISSUED,
            date(2026, 9, 1),
            date(2029, 9, 1),
        ),
        row("a pupil of another school is no child", child(date(2012, 4, 1)), ISSUED, None, date(2027, 4, 1)),
        row("whose birth date is not known is no child", OUTSIDE, ISSUED, None, date(2027, 4, 1)),
    ],
)
def test_a_card_is_good_until(patron, issued_on, last_used_on, expires_on):
    assert card_expires_on(EVERYTHING, patron, issued_on, last_used_on) == expires_on


def test_a_card_of_a_sheet_that_says_nothing_of_it_has_no_end():
    assert card_valid(SOURCE_1, SATO, TODAY) is None
    assert card_expires_on(SOURCE_1, SATO, ISSUED) is None


@pytest.mark.parametrize("born_on", [date(1988, 3, 2), date(1988, 4, 1), date(1988, 12, 2)])
def test_a_card_that_is_tied_to_birthdays_never_ends_by_the_day_of_its_issue(born_on):
    library = policy(
        EVERYTHING_TEXT, ("[[card.valid]]\nyears = 1\n", '[[card.valid]]\nmonths = 6\nfrom = "birthday"\n')
    )

    assert card_expires_on(library, replace(OUTSIDE, born_on=born_on), ISSUED) == date(2026, 10, 1)


def test_a_card_that_is_tied_to_birthdays_ends_like_others_where_the_birthday_is_not_known():
    library = policy(
        EVERYTHING_TEXT, ("[[card.valid]]\nyears = 1\n", '[[card.valid]]\nyears = 1\nfrom = "birthday"\n')
    )

    assert card_expires_on(library, OUTSIDE, ISSUED) == date(2027, 4, 1)
    assert card_expires_on(library, replace(OUTSIDE, born_on=date(1980, 7, 1)), ISSUED) == date(2026, 7, 1)


def test_the_line_that_names_the_patron_decides_even_if_another_is_shorter():
    everybody, residents, children = EVERYTHING.card.valid

    assert card_valid(EVERYTHING, OUTSIDE, TODAY) is everybody
    assert card_valid(EVERYTHING, CITY, TODAY) is residents
    assert card_valid(EVERYTHING, child(date(2018, 3, 15)), TODAY) is children


def test_thirty_days_are_shorter_than_a_month():
    library = policy(
        EVERYTHING_TEXT,
        ("[[card.valid]]\nyears = 1\n", "[[card.valid]]\nmonths = 1\n\n[[card.valid]]\ndays = 30\n"),
    )

    assert card_valid(library, OUTSIDE, TODAY).period.n == 30


@pytest.mark.parametrize(
    ("patron", "renewable_from"),
    [
        row(
            "a resident, 45 days before the last",
            replace(CITY, card_expires_on=date(2029, 4, 1)),
            date(2029, 2, 15),
        ),
        row("others, for whom the sheet names no day", replace(OUTSIDE, card_expires_on=TODAY), None),
        row("a card without an end", CITY, None),
    ],
)
def test_a_card_may_be_renewed_from(patron, renewable_from):
    assert card_renewable_from(EVERYTHING, patron) == renewable_from


def test_a_sheet_without_cards_names_no_day_to_renew_one():
    assert card_renewable_from(SOURCE_1, replace(SATO, card_expires_on=TODAY)) is None


def test_the_age_of_a_card_s_last_day_says_when_it_may_be_renewed():
    library = policy(
        EVERYTHING_TEXT,
        ('years = 4\nfrom = "birthday"\n', 'years = 4\nfrom = "birthday"\nrenew = { days_before = 10 }\n'),
    )
    natsume = child(date(2014, 4, 1))  # leaves elementary school on 31 March 2026

    for last_day, renewable_from in ((date(2026, 3, 31), date(2026, 3, 21)), (date(2026, 4, 1), None)):
        patron = replace(natsume, card_expires_on=last_day)
        assert card_renewable_from(library, patron) == renewable_from


def test_every_barred_series_is_asked_and_the_refusal_names_its_line():
    say = 'say = "「P」で始まる貸出券は、窓口でお取り替えください。"'
    library = policy(
        EVERYTHING_TEXT,
        (
            f'barred = [{{ prefix = "P", {say} }}]',
            f'barred = [{{ prefix = "PX", say = "二" }}, {{ prefix = "P", {say} }}]',
        ),
    )

    both, one = decide_login(library, "PX1"), decide_login(library, "P1")

    assert [refusal.place for refusal in both.refusals] == ["card.barred[1]", "card.barred[2]"]
    assert one.refusals == (Refusal(Reason.BARRED_CARD, {"prefix": "P"}, library.card.barred[1].say),)
    assert one.refusals[0].place == "card.barred[2]"


def test_a_short_password_is_told_how_many_characters_are_asked_for():
    assert decide_password(EVERYTHING, "123456789").refusals == (
        Refusal(Reason.PASSWORD_SHORT, {"least": 10}),
    )


def test_a_blank_of_a_japanese_keyboard_is_welcome_inside_a_password():
    assert decide_password(EVERYTHING, "ひまわり　の　おかの道") == Decision()


BEGAN = datetime(2026, 4, 1, 9, 0, tzinfo=JAPAN)


@pytest.mark.parametrize(
    ("seen_at", "now", "lasts"),
    [
        row("half an hour after the last page", timedelta(0), timedelta(minutes=30), True),
        row("a second more", timedelta(0), timedelta(minutes=30, seconds=1), False),
        row("half a day after it began", timedelta(hours=11, minutes=50), timedelta(hours=12), True),
        row("a second more", timedelta(hours=11, minutes=50), timedelta(hours=12, seconds=1), False),
    ],
)
def test_a_login_lasts_half_an_hour_after_the_last_page_and_half_a_day_at_most(seen_at, now, lasts):
    assert login_lasts(stay_of_patron(SOURCE_1, Channel.WEB), BEGAN, BEGAN + seen_at, BEGAN + now) is lasts


@pytest.mark.parametrize(
    ("policy", "at", "idle", "longest", "warned_before"),
    [
        row("where the sheet says nothing", SOURCE_1, Channel.WEB, 30, 720, 60),
        row("nor of a terminal", SOURCE_1, Channel.KIOSK, 3, 33, 60),
        row("as the sheet says", EVERYTHING, Channel.WEB, 20, 720, 60),
        row("and of a terminal, whose minute is halved", EVERYTHING, Channel.KIOSK, 1, 11, 30),
    ],
)
def test_a_patron_is_told_before_a_login_ends_and_can_have_time_added_ten_times(
    policy, at, idle, longest, warned_before
):
    stay = stay_of_patron(policy, at)

    assert stay.idle == timedelta(minutes=idle) and stay.longest == timedelta(minutes=longest)
    assert stay.warned_before == timedelta(seconds=warned_before)
    seen_at = BEGAN
    for _ in range(10):
        assert login_ends_at(stay, BEGAN, seen_at) == seen_at + stay.idle
        seen_at += stay.idle
    assert login_lasts(stay, BEGAN, seen_at, seen_at + stay.idle)
    assert login_ends_at(stay, BEGAN, BEGAN + stay.longest) == BEGAN + stay.longest


def test_what_keeps_a_title_out_of_the_cart_is_what_cannot_change_meanwhile():
    assert {Reason.HOLD_LIMIT, Reason.NO_MAIL, Reason.OUTSIDE_HOURS} == MENDABLE_IN_CART


def test_a_key_of_the_file_may_have_another_name_than_its_field():
    @dataclass(frozen=True)
    class Table:
        start: int = written("from", default=3)

    (field,) = fields(Table)

    assert (field.metadata["key"], field.default) == ("from", 3)


OWN = OwnNumbers("100000011", date(1985, 4, 5), "09000000011")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("100000011", Reason.PASSWORD_IS_CARD),
        ("１００-000 011", Reason.PASSWORD_IS_CARD),
        ("A100000011A", Reason.PASSWORD_IS_CARD),
        ("1985/04/05", Reason.PASSWORD_IS_BIRTH_DATE),
        ("1985年4月5日", Reason.PASSWORD_IS_BIRTH_DATE),
        ("85-04-05", Reason.PASSWORD_IS_BIRTH_DATE),
        ("04. .05 ", Reason.PASSWORD_IS_BIRTH_DATE),
        ("04051985", Reason.PASSWORD_IS_BIRTH_DATE),
        ("（０９０）00000011", Reason.PASSWORD_IS_PHONE),
    ],
)
def test_a_number_that_others_come_by_is_no_password_however_it_is_written(password, reason):
    short = replace(EVERYTHING, password=Passwords(at_least=4))

    assert decide_password(short, password, OWN).reasons == (reason,)
    assert decide_password(short, password).allowed, "of somebody else it may be one"
    assert decide_password(short, f"{password} は", OWN).allowed, "only where it is all of it"


def test_a_password_of_before_is_no_new_one_and_blanks_at_its_ends_make_none():
    assert decide_password(EVERYTHING, " ひまわり の おかの道", before="ひまわり の おかの道 ").reasons == (
        Reason.PASSWORD_AS_BEFORE,
    )
    assert decide_password(EVERYTHING, "----------", OwnNumbers()).allowed


def test_a_login_may_last_some_minutes_longer_than_it_was_noted_as_seen():
    began = datetime(2026, 4, 15, 12, tzinfo=JAPAN)
    for minutes, may in ((35, True), (36, False)):
        assert login_may_last(STAY_AT_DESK, began, began, began + timedelta(minutes=minutes)) is may
    late = began + timedelta(hours=12)
    assert login_may_last(STAY_AT_DESK, began, late, late)
    assert not login_may_last(STAY_AT_DESK, began, late, late + timedelta(minutes=1))
