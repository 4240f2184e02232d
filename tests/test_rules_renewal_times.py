"""When a loan may be renewed, and how far: rules of libraries whose policies are not among the ready ones."""

from datetime import date

import pytest

from rules import Channel, Decision, Reason, decide_renewal
from tests.facts import (
    DISCS,
    KOKORO,
    MANGA,
    SATO,
    SOURCE_1_TEXT,
    loan,
    on,
    policy,
    renewed_due_date,
    row,
    said,
    with_loans,
)

LENT, DUE = date(2021, 1, 11), date(2021, 1, 25)


def renewal(lines: str) -> object:
    """Source document 1 with another [renewal], which times, from, by and refused of its own."""
    start = SOURCE_1_TEXT.index("times = 1")
    end = SOURCE_1_TEXT.index("\n[hold] ")
    return policy(SOURCE_1_TEXT, (SOURCE_1_TEXT[start:end], lines + "\n"))


def answer(library, day: date, bib=KOKORO, channel=Channel.WEB, **facts) -> Decision:
    borrowed = loan(bib, DUE, lent_on=LENT, **facts)
    return decide_renewal(library, with_loans(SATO, borrowed), borrowed, on(channel, day))


FROM_REQUEST = 'times = 1\nfrom = "day of request"\nby = { weeks = 2 }\nrefused = ["held"]\n'
FUNABASHI = renewal(FROM_REQUEST + "opens = { days_before_due = 6 }")
TOSHIMA = renewal(FROM_REQUEST.replace("weeks = 2", "days = 15") + "opens = { days_after_loan = 1 }")
CHITA = renewal(
    'times = 1\nfrom = "due date"\nby = { days = 15 }\nrefused = ["held"]\nopens = { left = "half" }'
)
MACHIDA = renewal(
    FROM_REQUEST
    + 'late = { from = "due date", by = { weeks = 2 }, until = { weeks = 4, from = "loan date" } }'
)
THREE_DAYS_LATE = renewal(FROM_REQUEST + "late = { within = { days = 3 }, by = { days = 5 } }")
SHOWA = renewal(FROM_REQUEST.replace("times = 1", "times = 3"))
CEILING = renewal(FROM_REQUEST + 'until = { weeks = 3, from = "loan date" }')
EXCLUDED = renewal(
    FROM_REQUEST + '[[renewal.not]]\nof = ["manga"]\n[[renewal.not]]\nof = ["av"]\nat = ["web"]'
)


@pytest.mark.parametrize(
    ("library", "day", "due_on"),
    [
        row(
            "船橋 opens on the sixth day before the due date", FUNABASHI, date(2021, 1, 19), date(2021, 2, 2)
        ),
        row("豊島 opens on the day after the loan", TOSHIMA, date(2021, 1, 12), date(2021, 1, 27)),
        row("知多 opens when half of the loan is left", CHITA, date(2021, 1, 18), date(2021, 2, 9)),
        row("町田 in time counts from the request", MACHIDA, date(2021, 1, 20), date(2021, 2, 3)),
        row("町田 late counts from the due date", MACHIDA, date(2021, 1, 28), date(2021, 2, 8)),
        row("町田 on the due date is in time", MACHIDA, DUE, date(2021, 2, 8)),
        row("three days late is renewed for five days", THREE_DAYS_LATE, date(2021, 1, 28), date(2021, 2, 2)),
        row("no renewal goes past three weeks from the loan", CEILING, date(2021, 1, 25), date(2021, 2, 1)),
        row("before the ceiling it cuts nothing", CEILING, date(2021, 1, 16), date(2021, 1, 30)),
    ],
)
def test_a_renewal_ends_on_its_day(library, day, due_on):
    decision = answer(library, day)

    assert (decision.reasons, decision.due_on) == ((), due_on)


@pytest.mark.parametrize(
    ("library", "day", "from_on"),
    [
        row("船橋 seven days before the due date", FUNABASHI, date(2021, 1, 18), date(2021, 1, 19)),
        row("豊島 on the day of the loan", TOSHIMA, LENT, date(2021, 1, 12)),
        row("知多 a day before half is used up", CHITA, date(2021, 1, 17), date(2021, 1, 18)),
    ],
)
def test_too_soon_is_told_with_the_first_day_and_on_that_day_it_works(library, day, from_on):
    decision = answer(library, day)

    assert decision.reasons == (Reason.TOO_SOON,)
    assert decision.refusals[0].facts["from_on"] == from_on
    assert answer(library, from_on).allowed


def test_the_first_day_that_is_told_is_one_that_gains():
    """It opens the day after the loan, but until the third day a renewal from the request gains nothing."""
    library = renewal(FROM_REQUEST.replace("weeks = 2", "days = 12") + "opens = { days_after_loan = 1 }")

    decision = answer(library, LENT)

    assert decision.refusals[0].facts["from_on"] == date(2021, 1, 14)
    assert answer(library, date(2021, 1, 14)).allowed
    assert answer(library, date(2021, 1, 13)).reasons == (Reason.NO_DAY_GAINED,)


def test_later_than_the_policy_allows_is_overdue():
    assert answer(THREE_DAYS_LATE, date(2021, 1, 29)).reasons == (Reason.OVERDUE,)


def test_a_policy_without_a_line_for_late_renewal_refuses_it_whether_or_not_it_says_so():
    assert answer(FUNABASHI, date(2021, 1, 26)).reasons == (Reason.OVERDUE,)


def test_a_late_renewal_that_would_be_overdue_at_once_gains_nothing():
    library = renewal(FROM_REQUEST + 'late = { from = "due date", by = { days = 3 } }')

    assert answer(library, date(2021, 1, 28)).due_on == date(2021, 1, 28)
    assert answer(library, date(2021, 1, 29)).reasons == (Reason.NO_DAY_GAINED,)
    assert said(library, answer(library, date(2021, 1, 29))) == [
        "更新できません。これより先に期限を延ばせません。窓口でおたずねください。"
    ]


def test_three_renewals_are_three_and_not_four():
    for count, reasons in ((0, ()), (2, ()), (3, (Reason.RENEWED,))):
        assert answer(SHOWA, date(2021, 1, 20), renewals=count).reasons == reasons


@pytest.mark.parametrize(
    ("bib", "channel", "reasons"),
    [
        row("what is excluded is refused on the web", MANGA, Channel.WEB, (Reason.NOT_RENEWABLE,)),
        row("and at the desk", MANGA, Channel.DESK, (Reason.NOT_RENEWABLE,)),
        row(
            "what is excluded on the web is refused there",
            DISCS[0],
            Channel.WEB,
            (Reason.NOT_RENEWABLE_HERE,),
        ),
        row("and renewed at the desk", DISCS[0], Channel.DESK, ()),
        row("a book is renewed", KOKORO, Channel.WEB, ()),
    ],
)
def test_items_that_a_line_excludes(bib, channel, reasons):
    assert answer(EXCLUDED, date(2021, 1, 20), bib, channel).reasons == reasons


def test_the_sentences_say_what_to_do():
    assert said(FUNABASHI, answer(FUNABASHI, date(2021, 1, 18))) == [
        "まだ更新できません。2021年1月19日(火)から更新できます。"
    ]
    assert said(EXCLUDED, answer(EXCLUDED, date(2021, 1, 20), DISCS[0])) == [
        "Webでは更新できません(視聴覚資料)。窓口かお電話でお申し出ください。"
    ]


def test_too_soon_stands_beside_the_other_reasons():
    assert answer(FUNABASHI, date(2021, 1, 18), waiting=1).reasons == (Reason.HELD, Reason.TOO_SOON)


def test_where_no_line_fits_there_is_no_date():
    library = renewal(
        'times = 1\nfrom = "due date"\nrefused = ["held"]\n[[renewal.by]]\nof = ["av"]\nweeks = 1\n'
    )

    assert renewed_due_date(library, loan(KOKORO, DUE, lent_on=LENT), DUE) is None
