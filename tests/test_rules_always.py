"""What holds under every sheet: the two ready ones, the twelve libraries', and one that says everything."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policy_file import read_policy
from rules import (
    JAPAN,
    Act,
    BibFacts,
    Channel,
    Contact,
    HoldFacts,
    HoldState,
    ItemFacts,
    ItemState,
    Limit,
    Line,
    LoanFacts,
    Most,
    Occasion,
    OnClosed,
    PatronFacts,
    Per,
    Policy,
    Reason,
    ShelfFacts,
    Unit,
    card_expires_on,
    collect_by,
    decide_cart,
    decide_extension,
    decide_hold,
    decide_loan,
    decide_renewal,
    due,
    first_state,
    loan_line,
    plan_cart,
    registration_at,
    room_for_holds,
    room_for_loans,
    school,
)
from tests.facts import SATO, SOURCE_1, SOURCE_2, TODAY, WEB, on, title, with_loans
from tests.test_rules_days import OPENINGS, SANE_OPENINGS
from wording import Wording

FILES = sorted((Path(__file__).parent / "policies").glob("*.toml"))
LIBRARIES = [SOURCE_1, SOURCE_2, *(read_policy(path.read_text("utf-8")) for path in FILES)]
unhurried = settings(deadline=None)  # the machine may be busy with other things

DAYS = st.dates(date(2025, 1, 1), date(2028, 12, 31))
MOMENTS = st.builds(
    lambda day, hour, minute: datetime.combine(day, time(hour, minute), JAPAN),
    DAYS,
    st.integers(0, 23),
    st.integers(0, 59),
)
CHANNELS = st.sampled_from(list(Channel))


def marks_of(library: Policy) -> list[str]:
    marks = {when.mark for people in library.people for when in people.when}
    return sorted((marks | {block.when.mark for block in library.blocks}) - {None}) or ["注意"]


def tags_of(library: Policy) -> list[str]:
    return sorted({when.tag for category in library.categories for when in category.when} - {None}) or [
        "新刊"
    ]


@st.composite
def items(draw, library: Policy) -> ItemFacts:
    call_numbers = {when.call_number for category in library.categories for when in category.when} - {None}
    return ItemFacts(
        material=draw(st.sampled_from([material.id for material in library.materials])),
        branch=draw(st.sampled_from([branch.id for branch in library.branches])),
        call_number=draw(st.sampled_from(["", "913 ナ", *sorted(call_numbers)])),
        tags=draw(st.frozensets(st.sampled_from(tags_of(library)), max_size=2)),
        newest_issue=draw(st.booleans()),
        interlibrary=draw(st.booleans()),
        state=draw(st.sampled_from([*[ItemState.IN_STOCK] * 4, *ItemState])),
        not_for_loan=draw(st.sampled_from([False, False, False, True])),
        volumes=draw(st.sampled_from([1, 1, 1, 10])),
        added_on=draw(st.none() | DAYS),
    )


@st.composite
def bibs(draw, library: Policy, number: int) -> BibFacts:
    pieces = tuple(draw(st.lists(items(library), max_size=2)))
    material = pieces[0].material if pieces else draw(st.sampled_from([m.id for m in library.materials]))
    request = not pieces and draw(st.booleans())
    return BibFacts(number, material, pieces, draw(st.none() | MOMENTS), request)


@st.composite
def loans(draw, library: Policy, number: int, around: date) -> LoanFacts:
    lent_on = around - timedelta(days=draw(st.integers(0, 90)))
    return LoanFacts(
        number,
        number,
        draw(items(library)),
        draw(st.sampled_from([branch.id for branch in library.branches])),
        lent_on,
        lent_on + timedelta(days=draw(st.integers(0, 40))),
        renewals=draw(st.integers(0, 4)),
        waiting=draw(st.integers(0, 3)),
        free=draw(st.integers(0, 2)),
    )


@st.composite
def patrons(draw, library: Policy, around: date) -> PatronFacts:
    holds = [
        HoldFacts(
            draw(bibs(library, 100 + n)),
            draw(st.sampled_from([HoldState.APPLIED, HoldState.WAITING, HoldState.READY])),
            draw(CHANNELS),
            draw(st.sampled_from([None, around])),
            draw(st.sampled_from([branch.id for branch in library.branches])),
        )
        for n in range(draw(st.integers(0, 3)))
    ]
    return PatronFacts(
        category=draw(st.sampled_from([category.id for category in library.patron_categories])),
        card_expires_on=draw(st.none() | st.dates(around - timedelta(days=5), around + timedelta(days=60))),
        has_mail=draw(st.booleans()),
        loans=tuple(draw(loans(library, n, around)) for n in range(1, 1 + draw(st.integers(0, 3)))),
        holds=tuple(holds),
        born_on=draw(st.none() | st.dates(date(1940, 1, 1), around)),
        marks=draw(st.frozensets(st.sampled_from(marks_of(library)), max_size=2)),
        family_loans=tuple(draw(loans(library, 50 + n, around)) for n in range(draw(st.integers(0, 1)))),
        penalty_until=draw(st.none() | st.dates(around - timedelta(days=3), around + timedelta(days=30))),
        stopped_for=draw(st.sampled_from(["", "", "", "連絡がつかないため"])),
        stopped_until=draw(st.none() | st.dates(around - timedelta(days=2), around + timedelta(days=2))),
    )


@st.composite
def cases(draw):
    """A library, an occasion, a patron, and a title with the piece that is asked for."""
    library = draw(st.sampled_from(LIBRARIES))
    moment = draw(MOMENTS)
    branch = draw(st.sampled_from([branch.id for branch in library.branches]))
    occasion = Occasion(draw(CHANNELS), moment, branch)
    patron = draw(patrons(library, occasion.day))
    bib = draw(bibs(library, 999))
    item = bib.items[0] if bib.items else draw(items(library))
    return library, occasion, patron, bib, item


def check_sentences(library: Policy, decision) -> None:
    """A refusal says why; an allowed answer says nothing.  Every place is one that the file has."""
    wording = Wording("ja", library.words)
    assert decision.allowed == (decision.refusals == ())
    for refusal in decision.refusals:
        for one in (refusal, replace(refusal, say=None)):
            assert len(wording.say(one)) > 5
            assert not re.search(r"None|True|False|\[\]|[{}]|reason\.", wording.say(one)), wording.say(one)
    assert len(set(map(repr, decision.refusals))) == len(decision.refusals), "the same is said twice"


@unhurried
@given(cases(), OPENINGS)
def test_a_loan_that_is_allowed_has_an_end_on_an_open_day_within_the_card_and_a_refusal_says_why(
    case, opening
):
    library, occasion, patron, bib, item = case

    decision = decide_loan(library, patron, bib, item, occasion, opening)

    check_sentences(library, decision)
    assert decision.allowed is (decision.due is not None)
    if decision.allowed:
        sheet = library.on(occasion.day)
        line = loan_line(sheet, item, patron, occasion)
        assert decision.due == due(library, item, occasion, opening, patron)
        if line.period.unit is Unit.HOURS:
            assert decision.due.on == occasion.day and decision.due.by is not None
        else:
            assert sheet.loan.on_closed is OnClosed.KEEP or opening.is_open(decision.due.on)
            expires_on = patron.card_expires_on
            assert expires_on is None or expires_on < occasion.day or decision.due.on <= expires_on
        assert decision.due.on >= occasion.day


@unhurried
@given(cases(), OPENINGS)
def test_a_renewal_that_is_allowed_gains_a_day_and_a_refusal_says_why(case, opening):
    library, occasion, patron, _, _ = case
    assume(patron.loans)
    loan = patron.loans[0]

    decision = decide_renewal(library, patron, loan, occasion, opening)

    check_sentences(library, decision)
    assert decision.allowed is (decision.due_on is not None)
    if decision.allowed and library.on(occasion.day).renewal.desk is None:
        assert decision.due_on > loan.due_on and decision.due_on >= occasion.day
    if decision.allowed:
        assert library.on(occasion.day).loan.on_closed is OnClosed.KEEP or opening.is_open(decision.due_on)


@unhurried
@given(cases())
def test_what_may_be_held_may_be_put_into_the_cart_and_a_refusal_says_why(case):
    library, occasion, patron, bib, _ = case

    hold, into_cart = decide_hold(library, patron, bib, occasion), decide_cart(library, patron, bib, occasion)

    check_sentences(library, hold)
    assert into_cart.allowed or not hold.allowed
    assert set(into_cart.reasons) <= set(hold.reasons)
    assert plan_cart(library, patron, [bib], occasion) == [hold]


@unhurried
@given(cases(), st.sampled_from(["never", "only"]), st.data())
def test_one_more_line_under_not_or_only_never_allows_more(case, kind, data):
    library, occasion, patron, bib, item = case
    names = [*(material.id for material in library.materials), *(entry.id for entry in library.categories)]
    who = [*(category.id for category in library.patron_categories), *(entry.id for entry in library.people)]
    line = Line(
        of=tuple(data.draw(st.lists(st.sampled_from(names), max_size=2, unique=True))),
        who=tuple(data.draw(st.lists(st.sampled_from(who), max_size=2, unique=True))),
        at=data.draw(st.frozensets(CHANNELS, min_size=1)),
        branch=tuple(data.draw(st.lists(st.sampled_from([b.id for b in library.branches]), max_size=1))),
    )
    plain = library.on(occasion.day)

    def stricter(rule):
        return replace(rule, **{kind: (*getattr(rule, kind), line)})

    strict = replace(
        plain,
        seasons=(),
        loan=stricter(plain.loan),
        hold=stricter(plain.hold),
        renewal=stricter(plain.renewal),
    )

    for before, after in (
        (decide_loan(plain, patron, bib, item, occasion), decide_loan(strict, patron, bib, item, occasion)),
        (decide_hold(plain, patron, bib, occasion), decide_hold(strict, patron, bib, occasion)),
        *(
            (
                decide_renewal(plain, patron, loan, occasion),
                decide_renewal(strict, patron, loan, occasion),
            )
            for loan in patron.loans[:1]
        ),
    ):
        assert before.allowed or not after.allowed


@unhurried
@given(cases(), st.sampled_from(list(Act)))
def test_what_the_page_says_of_room_is_what_the_limit_says(case, act):
    library, occasion, patron, bib, item = case
    assume(act is not Act.RENEWAL)

    if act is Act.LOAN:
        rooms = room_for_loans(library, patron, occasion)
        full = [
            refusal
            for refusal in decide_loan(library, patron, bib, item, occasion).refusals
            if refusal.reason is Reason.LOAN_LIMIT
        ]
    else:
        rooms = room_for_holds(library, patron, occasion)
        full = [
            refusal
            for refusal in decide_hold(library, patron, bib, occasion).refusals
            if refusal.reason is Reason.HOLD_LIMIT
        ]

    for refusal in full:
        [room] = [room for room in rooms if room.place == refusal.place]
        assert (room.held, room.most) == (refusal.facts["held"], refusal.facts["most"])
        assert room.left == 0 or refusal.facts["held"] < room.most  # a set counts more than what is left


@unhurried
@given(st.integers(0, 6), st.integers(0, 3), st.sampled_from([Per.PATRON, Per.BRANCH, Per.DAY]))
def test_a_limit_on_loans_of_n_admits_exactly_n(most, more, per):
    limit = Limit(of=("book",), most=Most(most), per=per)
    library = replace(SOURCE_1, loan=replace(SOURCE_1.loan, limits=(limit,)))
    patron, answers = SATO, []

    for n in range(most + more):
        bib = title(700 + n)
        decision = decide_loan(library, patron, bib, bib.items[0], on(Channel.DESK, branch="main"))
        answers.append(decision.reasons)
        if decision.allowed:
            lent = LoanFacts(n, bib.number, bib.items[0], "main", TODAY, decision.due.on)
            patron = with_loans(patron, lent)

    assert answers == [()] * most + [(Reason.LOAN_LIMIT,)] * more


@unhurried
@given(st.sampled_from(LIBRARIES), DAYS)
def test_a_sheet_of_a_day_is_the_sheet_of_that_day_whoever_asks(library, day):
    sheet = library.on(day)

    assert sheet.on(day) is sheet
    running = [season.name for season in library.seasons if season.covers(day)]
    assert (sheet == library.in_season[frozenset()]) or running


@unhurried
@given(st.sampled_from(LIBRARIES), MOMENTS, SANE_OPENINGS)
def test_an_application_is_registered_later_and_within_a_fortnight_or_waits_at_once(library, moment, opening):
    runs_at = registration_at(library, moment, opening)

    applied = first_state(library, Occasion(WEB, moment)) is HoldState.APPLIED
    assert applied is (runs_at is not None)
    if applied:
        assert moment < runs_at
        assert runs_at.date() >= moment.date()


@unhurried
@given(
    st.sampled_from(LIBRARIES),
    DAYS,
    st.sampled_from(list(Contact)),
    SANE_OPENINGS,
    st.integers(0, 3),
    st.data(),
)
def test_a_shelf_never_ends_on_a_closed_day_nor_before_it_began_and_an_extension_gains(
    library, ready_on, contact, opening, waiting, data
):
    branch = data.draw(st.sampled_from([branch.id for branch in library.branches]))
    hold = ShelfFacts(contact, branch, ready_on, ready_on, ready_on, waiting=waiting)

    last = collect_by(library, hold, opening)

    assert last is not None and last >= ready_on
    assert opening.is_open(last) or library.hold.shelf.on_closed is OnClosed.KEEP
    for channel in Channel:
        asked = Occasion(channel, datetime.combine(last, time(12), JAPAN))
        longer = decide_extension(library, replace(hold, collect_by=last), asked, opening)
        check_sentences(library, longer)
        assert longer.allowed is (longer.collect_by is not None)
        if longer.allowed:
            assert longer.collect_by > last and opening.is_open(longer.collect_by)


@unhurried
@given(st.sampled_from(LIBRARIES), DAYS, DAYS, st.none() | st.dates(date(1940, 1, 1), date(2024, 1, 1)))
def test_a_card_is_good_at_least_until_it_was_used_last(library, issued_on, used_on, born_on):
    used_on = max(issued_on, used_on)
    for category in library.patron_categories:
        ends_on = card_expires_on(library, PatronFacts(category.id, born_on=born_on), issued_on, used_on)

        assert ends_on is None or ends_on >= issued_on


@unhurried
@given(st.dates(date(1990, 1, 1), date(2025, 12, 31)), st.integers(0, 30 * 365))
def test_nobody_goes_back_to_an_earlier_school(born_on, days):
    day = born_on + timedelta(days=days)
    stages = list(type(school(born_on, day)))

    today, tomorrow = school(born_on, day), school(born_on, day + timedelta(days=1))

    assert stages.index(today) <= stages.index(tomorrow) <= stages.index(today) + 1
    assert today is tomorrow or (day + timedelta(days=1)).strftime("%m-%d") == "04-01"


def test_there_are_twelve_libraries_and_one_that_says_everything():
    assert len(FILES) == 11  # ten of the twelve; the ready policies are the other two
