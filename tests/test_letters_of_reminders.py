"""What the letters of reminders say: in each language, under each sheet, and of a title what may be said."""

import re

import pytest

import mail
from messages import Writer
from models import Bib, Hold, Loan, Outbox, Patron
from rules import MailLanguage, Reminder, TitlesInMail
from tests.facts import EVERYTHING, SOURCE_1, SOURCE_2
from tests.post_office import SECRET, URL
from tests.test_letters import JAPANESE, shows

ENGLISH, PLAIN, WHOLE = MailLanguage.ENGLISH, MailLanguage.PLAIN, TitlesInMail.WHOLE
ALL = shows("title", "how many", "branch", "hold number")


@pytest.fixture
def remind(town, policy, clock):
    """Sato is written to of these loans or holds; gives the letter as it would go out."""

    def remind(kind: str, *numbers: int, library=policy, **choices):
        sato = town.patrons["sato"]
        Patron.update(choices | {"card_reminded_for": Patron.card_expires_on}).execute()
        Loan.update(reminded_for=Loan.due_on).execute()
        Hold.update(reminded_for=Hold.collect_by).execute()
        mail.queue(kind, sato, numbers or [1], clock(), each_time=True)
        owed = Outbox.select().order_by(Outbox.id.desc()).get()
        return Writer(library, URL, SECRET).write(owed, clock())

    return remind


@pytest.fixture
def lent(town):
    def lent(title: str, due_in: int = 3, branch: str = "main") -> int:
        return town.lend(town.title(title), "sato", due_in=due_in, branch=branch)

    return lent


@pytest.fixture
def ready(town):
    return lambda title: town.ready(town.title(title), "sato")


def lines(letter) -> str:
    """What a letter lists of days, without what stands above and below."""
    paragraphs = letter.text.split("\n\n")
    return "\n\n".join(one for one in paragraphs if re.match(r"(Last day: )?\d{4}[年-]", one))


# -- in each language, under each sheet --------------------------------------------------------------------


@pytest.mark.parametrize("titles", TitlesInMail)
@pytest.mark.parametrize("language", MailLanguage)
@pytest.mark.parametrize("library", [SOURCE_1, SOURCE_2, EVERYTHING], ids=lambda one: one.library.name)
def test_every_reminder_can_be_written_in_every_language_under_every_sheet(
    remind, lent, ready, library, language, titles
):
    about = {
        Reminder.DUE_SOON: [lent("こころ"), lent("門", 2, "east")],
        Reminder.OVERDUE: [lent("草枕", -7), lent("明暗", -8)],
        Reminder.HOLD_LAST_DAY: [ready("三四郎"), ready("それから")],
        Reminder.CARD_EXPIRES: [1],
    }
    for kind in Reminder:
        letter = remind(kind, *about[kind], library=library, mail_language=language, mail_titles=titles)
        assert library.library.name in letter.text and letter.language == language
        assert not re.search(r"None|False|\n\n\n|\{", letter.text), kind


@pytest.mark.parametrize("source", ["source-1", "source-2"])
def test_what_the_sheet_says_of_lateness_is_said_in_the_language_of_the_letter(remind, lent, policy):
    english = remind("overdue", lent("こころ", -7), mail_language=ENGLISH)
    plain = remind("overdue", lent("門", -7), mail_language=PLAIN)

    assert "\n- Overdue items cannot be renewed.\n" in english.text
    places = [policy.library.name, *(branch.name for branch in policy.branches)]
    assert not JAPANESE.search(re.sub("|".join(places), "", english.text + english.subject))
    assert re.search(r"^・返却期限日を過ぎた資料は、(更新|延長)できません。$", plain.text, re.MULTILINE)


@pytest.mark.parametrize("changes", [(('refused = ["overdue", "held"]', 'refused = ["held"]'),)])
@pytest.mark.parametrize("language", MailLanguage)
def test_where_the_sheet_says_nothing_of_lateness_no_list_of_it_begins(remind, lent, language):
    text = remind("overdue", lent("こころ", -7), mail_language=language).text

    assert not re.search("きまり|rules", text)


@pytest.mark.parametrize("language", MailLanguage)
@pytest.mark.parametrize("changes", [(), (("[renewal]  ", '[renewal]\nat = ["desk"]\n#'),)])
def test_renewing_is_spoken_of_where_patrons_can_do_it(remind, lent, language, changes):
    text = remind("due_soon", lent("こころ"), mail_language=language).text

    assert bool(re.search("更新|renew|もっと 長", text)) is not bool(changes)


def test_one_is_one_item_and_two_are_two_items(remind, lent, ready):
    for kind, thing in (("due_soon", lent), ("hold_last_day", ready)):
        one, other = thing("こころ"), thing("門")
        single = remind(kind, one, mail_language=ENGLISH).text
        both = remind(kind, one, other, mail_language=ENGLISH).text

        assert re.search(r"\b1 item that .* is ", single) and ", 1 item\nBranch: 本館\n" in single
        assert re.search(r"\b2 items that .* are ", both) and ", 2 items\nBranch: 本館\n" in both
    late = [lent("草枕", -7), lent("明暗", -7)]
    assert (
        "\n1 item that you have borrowed is overdue.\n"
        in remind("overdue", late[0], mail_language=ENGLISH).text
    )
    assert (
        "\n2 items that you have borrowed are overdue.\n"
        in remind("overdue", *late, mail_language=ENGLISH).text
    )


# -- how much of a title -----------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [ALL])
def test_each_title_stands_under_its_day_and_branch_and_of_a_loan_no_number_does(remind, lent):
    loans = [lent("こころ"), lent("門", 2, "east"), lent("草枕")]

    assert lines(remind("due_soon", *loans, mail_titles=WHOLE)) == (
        "2026年4月17日(金)まで: 1点(東分館)\n・門\n\n2026年4月18日(土)まで: 2点(本館)\n・こころ\n・草枕"
    )
    assert lines(remind("due_soon", *loans, mail_titles=WHOLE, mail_language=ENGLISH)) == (
        "Last day: 2026-04-17 (Fri), 1 item\nBranch: 東分館\n- 門\n\n"
        "Last day: 2026-04-18 (Sat), 2 items\nBranch: 本館\n- こころ\n- 草枕"
    )
    assert lines(remind("due_soon", *loans, mail_titles=WHOLE, mail_language=PLAIN)) == (
        "2026年4月17日(金)まで\n数(かず): 1\n図書館(としょかん): 東分館\n・門\n\n"
        "2026年4月18日(土)まで\n数(かず): 2\n図書館(としょかん): 本館\n・こころ\n・草枕"
    )


@pytest.mark.parametrize("changes", [ALL])
def test_a_hold_has_its_number_with_its_title(remind, ready):
    number = ready("こころ")

    said = lines(remind("hold_last_day", number, mail_titles=WHOLE))
    assert said == f"2026年4月21日(火)まで: 1点(本館)\n・こころ\n予約の番号: {number}"


@pytest.mark.parametrize("changes", [(), shows("how many", "branch"), shows("hold number")])
def test_where_the_sheet_allows_no_title_no_reminder_has_one_whoever_asks(remind, lent, ready):
    soon, late = lent("こころ"), lent("門", -7)
    for kind, number in (("due_soon", soon), ("overdue", late), ("hold_last_day", ready("草枕"))):
        letter = remind(kind, number, mail_titles=WHOLE)
        assert not re.search("こころ|門|草枕", letter.subject + letter.text + letter.html), kind


@pytest.mark.parametrize("changes", [shows("start of title", "how many")])
def test_where_the_sheet_allows_the_start_of_a_title_more_is_never_said(remind, lent):
    said = remind("due_soon", lent("吾輩は猫である"), mail_titles=WHOLE).text

    assert "\n・吾輩は…\n" in said and "吾輩は猫" not in said


@pytest.mark.parametrize("changes", [shows("how many")])
def test_without_branches_what_ends_on_one_day_is_counted_together(remind, lent):
    letter = remind("due_soon", lent("こころ"), lent("門", 3, "east"))

    assert lines(letter) == "2026年4月18日(土)まで: 2点" and "館)" not in letter.text.split("\n--\n")[0]


@pytest.mark.parametrize("changes", [shows("branch")])
@pytest.mark.parametrize("language", MailLanguage)
def test_where_how_many_is_not_said_the_letter_has_no_number(remind, lent, language):
    loans = [lent("こころ", -7), lent("門", -7)]
    late = remind("overdue", *loans, mail_language=language).text
    Loan.update(due_on=Patron.get().added_on.replace(year=2027)).execute()
    soon = remind("due_soon", *loans, mail_language=language).text

    for text in (late, soon):
        assert "本館" in text and not re.search(r"\d点|数|\bitem\b|items,|\d items", text)


@pytest.mark.parametrize("changes", [shows("hold number")])
def test_where_only_numbers_are_said_a_reminder_says_the_day_and_the_numbers_of_holds(remind, lent, ready):
    number = ready("こころ")

    assert lines(remind("hold_last_day", number)) == f"2026年4月21日(火)まで\n予約の番号: {number}"
    assert lines(remind("due_soon", lent("門"))) == "2026年4月18日(土)まで"


@pytest.mark.parametrize("changes", [ALL])
def test_a_hostile_title_of_a_loan_is_words(remind, lent):
    loan = lent("こころ")
    Bib.update(title="{{ 7 * 7 }}<b>\r\n\r\nhttps://evil.example.jp/\r\n--").execute()

    letter = remind("due_soon", loan, mail_titles=WHOLE)
    assert "\n・{{ 7 * 7 }}<b> https://evil.example.jp/ --\n" in letter.text
    assert "&lt;b&gt; https://evil.example.jp/" in letter.html and 'href="https://evil' not in letter.html


def test_days_without_titles_follow_each_other_without_a_gap(remind, lent):
    letter = remind("due_soon", lent("こころ"), lent("門", 2, "east"))

    assert lines(letter) == "2026年4月17日(金)まで: 1点(東分館)\n2026年4月18日(土)まで: 1点(本館)"
