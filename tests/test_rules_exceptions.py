"""Exceptions at the desk: what a sheet lets be overruled, by whom, with which remark, and until when."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from policy_advice import advice
from policy_file import PolicyMistakes, read_policy
from rules import (
    ALWAYS_OPEN,
    LONGEST_REMARK,
    Act,
    Decision,
    ItemState,
    Overrulable,
    Overruling,
    Reason,
    Refusal,
    Role,
    decide_hold,
    decide_loan,
    decide_overruling,
    decide_remark,
    decide_renewal,
    due,
    overruled_as,
    what_is_overruled,
)
from tests.facts import (
    DESK,
    KOKORO,
    MON,
    NEVER_OPEN,
    SATO,
    SOURCE_1,
    SOURCE_1_TEXT,
    TODAY,
    WEB,
    edited,
    item,
    loan,
    on,
    policy,
    row,
    title,
    with_holds,
    with_loans,
)

SHELF = "[hold.shelf]                              # 取り置き"
UNLIMITED = 'most = "unlimited"                        # きまりに点数の定めがないため'
ALL = ", ".join(f'"{word}"' for word in Overrulable)
SINCE = Overruling(Role.ADMINISTRATOR, "夏休みの調べもののため")


def sheet(reasons: str, by: str = "administrator", *changes):
    exceptions = f'[overrule]\nreasons = [{reasons}]\nby = "{by}"\n\n{SHELF}'
    return policy(SOURCE_1_TEXT, (SHELF, exceptions), *changes)


EVERY_WORD = sheet(ALL, "administrator", (UNLIMITED, "most = 1"))
NO_WORD = policy(SOURCE_1_TEXT, (UNLIMITED, "most = 1"))
HERE = on(DESK, branch="main")


def lend(library, patron=SATO, opening=None, **facts):
    facts = {"branch": "main", **facts}
    opening = {"opening": opening} if opening else {}
    return decide_loan(library, patron, KOKORO, item(**facts), HERE, **opening)


FULL = with_loans(SATO, loan(MON))


def test_a_limit_that_the_sheet_names_is_overruled_and_the_loan_lasts_as_any_other():
    refused = lend(EVERY_WORD, FULL)

    assert refused.reasons == (Reason.LOAN_LIMIT,) and refused.due is None
    assert refused.overrulable
    assert refused.despite == due(EVERY_WORD, item(branch="main"), HERE, ALWAYS_OPEN, SATO)
    assert decide_overruling(EVERY_WORD, refused, SINCE).allowed
    assert what_is_overruled(refused) == (Overrulable.LOAN_LIMIT,)


def test_a_sheet_without_exceptions_has_none():
    refused = lend(NO_WORD, FULL)

    assert not refused.overrulable and refused.despite is None
    assert decide_overruling(NO_WORD, refused, SINCE) == Decision(refused.refusals)


def test_one_reason_that_is_not_named_is_enough():
    late = with_loans(SATO, loan(MON, TODAY - timedelta(days=1)))
    blocked = (
        'of = ["av"]\nmost = 2',
        'of = ["av"]\nmost = 2\n\n[[block]]\nwhen = { overdue = { days = 1 } }\nstops = ["loan"]',
    )
    only_limits = sheet('"loan limit"', "administrator", (UNLIMITED, "most = 1"), blocked)
    both = sheet('"loan limit", "overdue"', "administrator", (UNLIMITED, "most = 1"), blocked)

    assert set(lend(both, late).reasons) == {Reason.LOAN_LIMIT, Reason.OVERDUE_BLOCK}
    assert not lend(only_limits, late).overrulable
    assert lend(both, late).overrulable
    assert what_is_overruled(lend(both, late)) == (Overrulable.LOAN_LIMIT, Overrulable.OVERDUE)


@pytest.mark.parametrize(
    "facts",
    [
        row("what is out", {"due_on": TODAY}),
        row("what is gone", {"state": ItemState.MISSING}),
        row("what is withdrawn", {"state": ItemState.WITHDRAWN}),
        row("what is kept for another", {"set_aside": True}),
    ],
)
def test_no_word_lends(facts):
    assert not lend(EVERY_WORD, **facts).overrulable
    assert not lend(EVERY_WORD, FULL, **facts).overrulable


def test_a_piece_that_stays_in_the_library_is_lent_where_the_sheet_says_so_but_never_held():
    in_library = title(501, not_for_loan=True)

    assert lend(EVERY_WORD, not_for_loan=True).overrulable
    assert not lend(sheet('"loan limit"'), not_for_loan=True).overrulable
    assert not decide_hold(EVERY_WORD, SATO, in_library, HERE).overrulable


def test_without_a_last_day_or_a_line_that_lends_there_is_no_exception():
    nothing_lends = replace(EVERY_WORD, loan=replace(EVERY_WORD.loan, limits=()))
    without_period = replace(
        EVERY_WORD, materials=tuple(replace(material, loan=None) for material in EVERY_WORD.materials)
    )

    assert lend(EVERY_WORD, not_for_loan=True).overrulable
    assert not lend(EVERY_WORD, not_for_loan=True, opening=NEVER_OPEN).overrulable
    assert not lend(nothing_lends, not_for_loan=True).overrulable
    assert not lend(without_period, not_for_loan=True).overrulable


def test_a_full_limit_of_holds_is_overruled_and_a_hold_that_is_there_is_not():
    five = with_holds(SATO, *(title(n) for n in range(601, 606)))
    held = with_holds(SATO, KOKORO)

    assert decide_hold(EVERY_WORD, five, KOKORO, HERE).overrulable
    assert not decide_hold(SOURCE_1, five, KOKORO, HERE).overrulable
    assert not decide_hold(EVERY_WORD, held, KOKORO, HERE).overrulable
    assert not decide_hold(EVERY_WORD, replace(SATO, has_mail=False), KOKORO, HERE).overrulable
    assert decide_hold(EVERY_WORD, SATO, KOKORO, HERE) == Decision()
    assert not decide_hold(EVERY_WORD, SATO, KOKORO, HERE).overrulable  # nothing refuses


def renew(library, **facts):
    borrowed = loan(KOKORO, **{"due_on": TODAY + timedelta(days=2), **facts})
    return decide_renewal(library, with_loans(SATO, borrowed), borrowed, on(DESK))


def test_a_renewal_too_many_has_the_date_that_any_other_would_have():
    decision = renew(EVERY_WORD, renewals=1)

    assert decision.reasons == (Reason.RENEWED,) and decision.due_on is None
    assert decision.despite == TODAY + timedelta(days=16)
    assert decide_overruling(EVERY_WORD, decision, SINCE).allowed


def test_a_renewal_that_would_gain_no_day_or_that_somebody_waits_for_is_no_exception():
    assert not renew(EVERY_WORD, renewals=1, waiting=1).overrulable
    assert not renew(EVERY_WORD, due_on=TODAY - timedelta(days=40)).overrulable
    assert renew(EVERY_WORD, due_on=TODAY - timedelta(days=4)).despite == TODAY + timedelta(days=10)
    in_two_weeks = sheet(ALL, "administrator", ('from = "due date"  ', 'from = "day of request"  '))
    assert not renew(in_two_weeks, renewals=1, due_on=TODAY + timedelta(days=20)).overrulable


def test_where_the_desk_lends_again_what_stays_in_the_library_is_lent_again_unless_somebody_waits():
    again = sheet(ALL, "administrator", ("times = 1\n", 'times = 1\ndesk = "return and lend again"\n'))
    stays = item(branch="main", not_for_loan=True)

    decision = renew(again, item=stays)
    assert decision.overrulable and decision.despite == TODAY + timedelta(days=14)
    assert not renew(again, item=stays, waiting=1).overrulable
    assert not renew(again, item=stays, due_on=TODAY + timedelta(days=14)).overrulable


@pytest.mark.parametrize(
    ("by", "role", "allowed"),
    [
        ("administrator", Role.CLERK, False),
        ("administrator", Role.ADMINISTRATOR, True),
        ("clerk", Role.CLERK, True),
        ("clerk", Role.ADMINISTRATOR, True),
    ],
)
def test_who_may_make_exceptions(by, role, allowed):
    library = sheet(ALL, by, (UNLIMITED, "most = 1"))

    decision = decide_overruling(library, lend(library, FULL), Overruling(role, "展示の準備のため"))

    assert decision.allowed is allowed
    if not allowed:
        assert decision.reasons == (Reason.LOAN_LIMIT, Reason.NO_RIGHT_TO_OVERRULE)


@pytest.mark.parametrize(
    ("remark", "reasons"),
    [
        ("夏休みの調べもののため", ()),
        ("あ" * 100, ()),
        ("2点まで認めた", ()),
        ("", (Reason.REMARK_MISSING,)),
        ("あ" * 101, (Reason.REMARK_LONG,)),
        ("300000001", (Reason.REMARK_NUMBER,)),
        ("100-000-011 の方", (Reason.REMARK_NUMBER,)),
        ("12", (Reason.REMARK_NUMBER,)),
    ],
)
def test_a_remark_is_words_on_one_line(remark, reasons):
    assert decide_remark(remark).reasons == reasons
    overruled = decide_overruling(EVERY_WORD, lend(EVERY_WORD, FULL), replace(SINCE, remark=remark))
    assert overruled.reasons == reasons


def test_where_nothing_refuses_nothing_is_overruled_and_nothing_asked():
    assert decide_overruling(EVERY_WORD, lend(EVERY_WORD), Overruling(Role.CLERK, "")).allowed
    assert what_is_overruled(lend(EVERY_WORD)) == ()


def test_without_anybody_who_overrules_a_refusal_stands():
    assert decide_overruling(EVERY_WORD, lend(EVERY_WORD, FULL), None).reasons == (Reason.LOAN_LIMIT,)


NEVER = {
    Reason.BARRED_CARD,
    Reason.OUT,
    Reason.GONE,
    Reason.KEPT_FOR_ANOTHER,
    Reason.UNKNOWN_PICKUP,
    Reason.UNKNOWN_CONTACT,
    Reason.ALREADY_HELD,
    Reason.ALREADY_ON_LOAN,
    Reason.NO_LAST_DAY,
    Reason.NO_DAY_GAINED,
    Reason.NO_OPEN_DAY,
    Reason.NO_LOAN_RULE,
    Reason.NO_HOLD_RULE,
    Reason.NO_RENEWAL_RULE,
    Reason.HELD,
    Reason.NOT_HOLDABLE,
}


@pytest.mark.parametrize("act", [None, *Act])
@pytest.mark.parametrize("reason", sorted(NEVER))
def test_some_reasons_have_no_word_whatever_is_asked(reason, act):
    assert overruled_as(Refusal(reason, {"act": act})) is None


@pytest.mark.parametrize(
    "reason", [Reason.NOT_FOR, Reason.ONLY_FOR, Reason.NOT_AT_BRANCH, Reason.ONLY_AT_BRANCH]
)
def test_a_line_about_patrons_or_branches_is_overruled_for_what_it_refuses(reason):
    assert overruled_as(Refusal(reason, {"act": Act.LOAN})) is Overrulable.NOT_LENDABLE
    assert overruled_as(Refusal(reason, {"act": Act.RENEWAL})) is Overrulable.NOT_RENEWABLE
    assert overruled_as(Refusal(reason, {"act": Act.HOLD})) is None


def test_every_word_overrules_something():
    words = {overruled_as(Refusal(reason, {"act": act})) for reason in Reason for act in Act}

    assert words - {None} == set(Overrulable)


@pytest.mark.parametrize(
    ("reasons", "by", "expected"),
    [
        row("a word that is none", '"loan limits"', '"clerk"', ["overrule.reasons[1]: policy.not_one_of"]),
        row("a role that is none", '"mark"', '"director"', ["overrule.by: policy.not_one_of"]),
        row("no word at all", "", '"clerk"', ["overrule.reasons: policy.blank"]),
        row(
            "what is out, which nobody can lend",
            '"out"',
            '"clerk"',
            ["overrule.reasons[1]: policy.not_one_of"],
        ),
    ],
)
def test_a_mistake_is_told_at_its_place(reasons, by, expected):
    with pytest.raises(PolicyMistakes) as raised:
        read_policy(
            edited(SOURCE_1_TEXT, (SHELF, f"[overrule]\nreasons = [{reasons}]\nby = {by}\n\n{SHELF}"))
        )

    assert [f"{mistake.path}: {mistake.problem}" for mistake in raised.value.mistakes] == expected


def test_who_may_is_written_out():
    with pytest.raises(PolicyMistakes) as raised:
        read_policy(edited(SOURCE_1_TEXT, (SHELF, f'[overrule]\nreasons = ["mark"]\n\n{SHELF}')))

    assert [mistake.path for mistake in raised.value.mistakes] == ["overrule.by"]


def test_a_word_for_which_the_sheet_never_refuses_anything_is_worth_a_second_look():
    told = [
        one.facts["given"]
        for one in advice(sheet(ALL), date(2026, 4, 15))
        if one.problem == "advice.overrules_nothing"
    ]

    assert told == ["loan limit", "not renewable", "too soon", "returned late", "lost", "mark"]


def test_on_the_web_an_exception_changes_no_sentence():
    five = with_holds(SATO, *(title(n) for n in range(601, 606)))

    for patron in (SATO, five, FULL):
        for bib in (KOKORO, title(501, not_for_loan=True)):
            assert decide_hold(EVERY_WORD, patron, bib, on(WEB)) == decide_hold(
                SOURCE_1, patron, bib, on(WEB)
            )


def test_a_refused_exception_says_who_may_and_how_long_a_remark_may_be():
    library = sheet(ALL, "administrator", (UNLIMITED, "most = 1"))
    refused = decide_overruling(library, lend(library, FULL), Overruling(Role.CLERK, "展示の準備のため"))

    assert refused.refusals[-1].facts == {"role": Role.ADMINISTRATOR}
    assert refused.refusals[-1].place == "overrule.by"
    assert decide_remark("あ" * 101).refusals == (Refusal(Reason.REMARK_LONG, {"most": LONGEST_REMARK}),)
