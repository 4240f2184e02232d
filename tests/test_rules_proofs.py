"""By what somebody proves to be a patron, and which addresses and passwords the library takes."""

from datetime import UTC, date, datetime, timedelta

import pytest

import passwords
from rules import (
    Decision,
    Fact,
    PatronEntry,
    ProvenBy,
    Reason,
    TicketKind,
    birth_date,
    decide_address_removal,
    decide_code,
    decide_mail_address,
    decide_new_address,
    decide_password,
    decide_phone,
    facts_asked,
    has_odd_dots,
    name_letters,
    proves,
    retry_after,
    ticket_expires_at,
)
from tests.facts import SOURCE_1, SOURCE_1_TEXT, SOURCE_2, policy, row, said

HANA = PatronEntry("サトウ ハナ", "resident", born_on=date(1948, 5, 3), phone="0312345678")
TYPED = {"kana_name": "サトウハナ", "birth_date": "19480503", "phone": "0312345678"}
REFUSING = policy(SOURCE_1_TEXT, ('dotted_addresses = "warn"', 'dotted_addresses = "refuse"'))
CODE_ONLY = policy(SOURCE_1_TEXT, ('["facts", "code from the desk"]', '["code from the desk"]'))
FACTS_ONLY = policy(SOURCE_1_TEXT, ('["facts", "code from the desk"]', '["facts"]'))
NAME_ONLY = policy(SOURCE_1_TEXT, ('["card", "kana name", "birth date", "phone"]', '["card", "kana name"]'))


@pytest.mark.parametrize(
    "typed",
    [
        row("as document 2 asks for it: full-width kana, no blank", "サトウハナ"),
        row("with a blank", "サトウ ハナ"),
        row("with a wide blank", "サトウ　ハナ"),
        row("half-width", "ｻﾄｳ ﾊﾅ"),
        row("in hiragana", "さとう はな"),
        row("with a middle dot", "サトウ・ハナ"),
    ],
)
def test_a_name_is_forgiven_its_form(typed):
    assert proves(SOURCE_2, ProvenBy(**{**TYPED, "kana_name": typed}), HANA)


def test_a_long_vowel_is_one_however_it_is_typed_and_voiced_kana_are_others():
    assert {name_letters(typed) for typed in ("モーリ", "ﾓｰﾘ", "モ-リ", "もーり", "モ−リ")} == {"モーリ"}
    assert name_letters("ガハラ") != name_letters("カハラ") and name_letters("ｶﾞﾊﾗ") == "ガハラ"
    assert name_letters("ぁぃゔゕゖ") == "ァィヴヵヶ" and name_letters("ミヤZ子゠") == "ミヤZ子"


@pytest.mark.parametrize(
    "typed",
    [
        "19480503",
        "１９４８０５０３",
        "1948-05-03",
        "1948/5/3",
        "1948.5.3",
        "1948年5月3日",
        "昭和23年5月3日",
        "S23.5.3",
    ],
)
def test_a_birth_date_is_read_however_it_is_written(typed):
    assert birth_date(typed) == date(1948, 5, 3)


@pytest.mark.parametrize(
    "typed",
    ["", "480503", "1948053", "19480532", "19481303", "19480230", "昭和99年5月3日", "五月三日", "0", "1948"],
)
def test_what_is_no_day_is_none(typed):
    assert birth_date(typed) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kana_name": "サトウハルナ"},
        {"kana_name": ""},
        {"birth_date": "19480504"},
        {"birth_date": ""},
        {"phone": "0312345679"},
        {"phone": ""},
    ],
)
def test_one_wrong_fact_proves_nothing(wrong):
    assert proves(SOURCE_2, ProvenBy(**TYPED), HANA)
    assert not proves(SOURCE_2, ProvenBy(**{**TYPED, **wrong}), HANA)


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        (PatronEntry("サトウ ハナ", "resident", phone="0312345678"), {"birth_date": ""}),
        (PatronEntry("サトウ ハナ", "resident", born_on=date(1948, 5, 3)), {"phone": ""}),
        (PatronEntry("", "resident", date(1948, 5, 3), "0312345678"), {"kana_name": ""}),
        (PatronEntry("", ""), {"kana_name": "", "birth_date": "", "phone": ""}),
    ],
)
def test_a_fact_that_the_library_does_not_know_proves_nothing(known, typed):
    assert not proves(SOURCE_2, ProvenBy(**{**TYPED, **typed}), known)


def test_only_what_the_sheet_asks_for_is_compared():
    assert facts_asked(SOURCE_2) == (Fact.KANA_NAME, Fact.BIRTH_DATE, Fact.PHONE)
    assert facts_asked(NAME_ONLY) == (Fact.KANA_NAME,) and facts_asked(CODE_ONLY) == ()
    assert proves(NAME_ONLY, ProvenBy("サトウハナ"), HANA)


def test_the_desk_gives_codes_only_where_the_sheet_knows_them():
    assert decide_code(SOURCE_1, "100000011").allowed and decide_code(CODE_ONLY, "100000011").allowed
    refused = decide_code(FACTS_ONLY, "100000011")
    assert refused.reasons == (Reason.NO_CODES,)
    assert refused.refusals[0].place == "registration.first_password"
    assert decide_code(SOURCE_1, "070000017").reasons == (Reason.BARRED_CARD,)


@pytest.mark.parametrize(
    ("address", "reasons"),
    [
        row("no at sign", "hana.example.jp", (Reason.MAIL_AT,)),
        row("nothing before it", "@example.jp", (Reason.MAIL_AT,)),
        row("nothing after it", "hana@", (Reason.MAIL_AT,)),
        row("two of them", "hana@sato@example.jp", (Reason.MAIL_AT,)),
        row("full-width letters", "ｈａｎａ@example.jp", (Reason.MAIL_SIGNS,)),
        row("a blank", "hana sato@example.jp", (Reason.MAIL_SIGNS,)),
        row("full-width and no at sign", "ｈａｎａ＠example.jp", (Reason.MAIL_AT, Reason.MAIL_SIGNS)),
        row("a domain without a dot", "hana@docomo", (Reason.MAIL_DOMAIN,)),
        row("a comma in the domain", "hana@example,jp", (Reason.MAIL_DOMAIN,)),
        row("a sign that no name has", "ha(na@example.jp", (Reason.MAIL_FORM,)),
        row("dots side by side", "ha..na@example.jp", ()),
    ],
)
def test_an_address_is_refused_with_its_own_reason(address, reasons):
    assert decide_mail_address(SOURCE_1, address).reasons == reasons


@pytest.mark.parametrize("address", ["ha..na@example.jp", "hana.@example.jp", ".hana@example.jp"])
def test_dots_that_mail_does_not_reach_are_warned_of_or_refused_as_the_sheet_says(address):
    assert has_odd_dots(address) and decide_mail_address(SOURCE_1, address).allowed
    assert decide_mail_address(REFUSING, address).reasons == (Reason.MAIL_DOTS,)
    assert has_odd_dots("ha@na.@example.jp")
    assert not has_odd_dots("ha.na@example.jp") and decide_mail_address(REFUSING, "ha.na@example.jp").allowed


def test_three_addresses_and_none_twice():
    two = {"a@example.jp", "b@example.jp"}
    assert decide_new_address(SOURCE_1, "c@example.jp", two).allowed
    assert decide_new_address(SOURCE_1, "B@Example.jp", two).reasons == (Reason.MAIL_KNOWN,)
    full = decide_new_address(SOURCE_1, "d@example.jp", {*two, "c@example.jp"})
    assert said(SOURCE_1, full) == [
        "メールアドレスは3つまで登録できます。追加するときは、どれかを削除してください。"
    ]
    assert full.refusals[0].place == "contact.mail_addresses"
    assert decide_new_address(SOURCE_1, "hana", {"hana"}).reasons == (Reason.MAIL_AT, Reason.MAIL_KNOWN)
    assert decide_new_address(SOURCE_1, "d", {*two, "c@example.jp"}).reasons == (
        Reason.MAIL_AT,
        Reason.MAIL_MANY,
    )


def test_the_last_address_stays_while_holds_wait_for_a_message_to_it():
    no_need = policy(SOURCE_1_TEXT, ("needs_mail = true", "needs_mail = false"))
    assert said(SOURCE_1, decide_address_removal(SOURCE_1, others=0, open_holds=2)) == [
        "予約が2件あるため、最後のメールアドレスは削除できません。先に、ほかのアドレスを登録してください。"
    ]
    assert decide_address_removal(SOURCE_1, others=1, open_holds=2) == Decision()
    assert decide_address_removal(SOURCE_1, others=0, open_holds=0) == Decision()
    assert decide_address_removal(no_need, others=0, open_holds=2) == Decision()


@pytest.mark.parametrize(
    ("phone", "allowed"),
    [
        ("0312345678", True),
        ("09012345678", True),
        ("312345678", False),
        ("031234567", False),
        ("1312345678", False),
    ],
)
def test_a_phone_number_has_ten_or_eleven_figures_and_begins_with_0(phone, allowed):
    assert decide_phone(phone).allowed is allowed


@pytest.mark.parametrize(
    "password",
    ["12345678", "password", "password1", "qwertyui", "abcd1234", "aaaaaaaaaaaa", "1q2w3e4r", "sakura12"],
)
def test_a_common_password_is_refused(password):
    assert passwords.decide(SOURCE_1, password).reasons == (Reason.PASSWORD_COMMON,)


@pytest.mark.parametrize(
    "password",
    [
        "ひまわりの丘 2026",
        "himawari no oka",
        "i8Kp2x7q",
        "あさがお と すいか",
        "a" * 60 + "bcq7",
        "%' OR ''='",
    ],
)
def test_a_password_of_ones_own_is_welcome(password):
    assert passwords.decide(SOURCE_1, password).allowed


def test_a_million_guesses_are_enough():
    assert decide_password(SOURCE_1, "k2m9x7q4", guesses=1_000_000).allowed
    assert decide_password(SOURCE_1, "k2m9x7q4", guesses=999_999).reasons == (Reason.PASSWORD_COMMON,)


def test_a_password_of_200_characters_is_judged_at_once_and_a_short_one_only_for_its_length():
    assert passwords.guesses("1234567" * 28) < 1e6
    assert passwords.decide(SOURCE_1, "1234567").reasons == (Reason.PASSWORD_SHORT,)
    assert passwords.guesses("") == 0


def test_a_message_is_tried_again_after_6_hours_at_the_most():
    assert [retry_after(n) for n in (1, 2, 7, 8, 1000)] == [
        timedelta(minutes=5),
        timedelta(minutes=10),
        timedelta(minutes=320),
        timedelta(hours=6),
        timedelta(hours=6),
    ]


def test_a_proof_is_good_for_half_an_hour_and_a_link_for_a_day():
    given = datetime(2026, 4, 15, 12, 0, tzinfo=UTC)
    assert ticket_expires_at(TicketKind.PROVEN, given) == given + timedelta(minutes=30)
    for kind in (TicketKind.PASSWORD, TicketKind.ADDRESS):
        assert ticket_expires_at(kind, given) == given + timedelta(hours=24)
