"""Letters: in the patron's language, as text and as HTML, with a library's own texts before the program's."""

import re

import pytest

import alerts
import letters
import mail
import resources
import tickets
from messages import KINDS, Writer
from models import Bib, Hold, Item, Loan, Outbox, Patron
from rules import AlertTerms, HoldState, MailLanguage, TicketKind, TitlesInMail
from tests.post_office import SECRET, URL

NEW = "hana.sato@example.jp"
JAPANESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
KANJI = re.compile(r"[\u3400-\u9fff々]++(?!\([\u3041-\u3096]+\))")
ABOUT_HOLDS = [
    kind for kind in KINDS if kind.startswith("hold_") or kind in ("pickup_changed", "request_declined")
]
ABOUT_LOANS = ["due_soon", "overdue"]
ENDED = {"hold_expired": HoldState.EXPIRED, "request_declined": HoldState.CANCELLED}
ALLOWED = (("[password]", '[[notice]]\nby = "mail"\nshows = {}\n\n[password]'),)


def shows(*words: str):
    """What a clerk has added to the sheet: what mails may say."""
    return ((ALLOWED[0][0], ALLOWED[0][1].format(list(words))),)


@pytest.fixture
def own(tmp_path):
    """The folder of the library's own texts."""
    return tmp_path / "own"


@pytest.fixture
def put(own):
    """A text of the library's own."""

    def put(name: str, text: str) -> None:
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(text, encoding="utf-8")

    return put


@pytest.fixture
def send(town, policy, clock, post_office, own):
    """Sato is told of something; gives the letter that came."""

    def send(kind: str, *holds: int, **choices):
        sato = town.patrons["sato"]
        if choices:
            Patron.update(choices).where(Patron.id == sato).execute()
        numbers = list(holds)
        if kind.endswith("_link"):
            numbers = [tickets.issue(TicketKind.ADDRESS, sato, clock(), NEW)]
        mail.queue(kind, sato, numbers or [1], clock(), address=NEW)
        assert post_office.postman(policy, own=own).deliver(clock()) == 1
        return post_office.letters[-1]

    return send


@pytest.fixture
def hold(town, clock):
    """Something of Sato's, of which a message of this kind speaks."""

    def hold(kind: str, title: str = "こころ", **columns) -> int:
        bib = town.title(title, **columns)
        if kind in ENDED:
            return town.hold(bib, "sato", ENDED[kind], closed_at=clock())
        return town.ready(bib, "sato")

    return hold


@pytest.fixture
def about(town, hold, clock):
    """What a message of this kind speaks of, whatever it is: its numbers."""

    def about(kind: str, title: str = "こころ", **columns) -> list[int]:
        sato = town.patrons["sato"]
        if kind in ABOUT_HOLDS:
            number = hold(kind, title, **columns)
            Hold.update(reminded_for=Hold.collect_by).where(Hold.id == number).execute()
            return [number]
        if kind in ABOUT_LOANS:
            loan = town.lend(town.title(title, **columns), "sato", due_in=-7 if kind == "overdue" else 3)
            Loan.update(reminded_for=Loan.due_on).where(Loan.id == loan).execute()
            return [loan]
        if kind == alerts.KIND:
            assert alerts.register(sato, AlertTerms(keyword=title), clock()).allowed
            town.title(title, **columns)
            return [0, Item.select().order_by(Item.id.desc()).get().id]
        Patron.update(card_reminded_for=Patron.card_expires_on).where(Patron.id == sato).execute()
        return [1]

    return about


# -- the languages -----------------------------------------------------------------------------------------


def texts(language: str) -> dict[str, str]:
    """The texts of a language without what stands between braces, by their names."""
    names = [name for name in letters.names() if name.startswith(f"{language}/")]
    sources = {name.split("/")[1]: resources.template(f"mail/{name}") for name in names}
    return {name: re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source) for name, source in sources.items()}


@pytest.mark.parametrize("language", MailLanguage)
def test_every_language_has_every_text(language):
    assert set(texts(language)) == {
        *(f"{kind}.txt" for kind in (*KINDS, "trial")),
        *("_foot.txt", "_holds.txt", "_ends.txt"),
    }


def test_no_folder_is_of_a_language_that_nobody_can_choose():
    assert {name.split("/")[0] for name in letters.names() if "/" in name} == set(MailLanguage)


def test_english_is_english_but_for_the_names_of_buttons():
    for name, text in texts("en").items():
        assert not JAPANESE.search(re.sub("「.*?」", "", text)), name


def test_plain_japanese_says_how_each_kanji_is_read():
    for name, text in texts("ja-easy").items():
        assert KANJI.findall(re.sub("「.*?」", "", text)) == [], name


def test_plain_japanese_is_of_short_sentences():
    for name, text in texts("ja-easy").items():
        read = re.sub(r"\([ぁ-ん]+\)", "", text)
        assert [one for one in re.split(r"[。\n]", read) if len(one.replace(" ", "")) > 50] == [], name


@pytest.mark.parametrize("language", MailLanguage)
@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_comes_in_the_language_that_its_patron_has_chosen(send, about, kind, language):
    letter = send(kind, *about(kind), mail_language=language)

    assert letter["Content-Language"] == language.tag
    own = {
        MailLanguage.JAPANESE: "しおり町立図書館です。",
        MailLanguage.PLAIN: "しおり町立図書館から お知(し)らせです。",
        MailLanguage.ENGLISH: "This is a message from しおり町立図書館.",
    }
    assert letter.get_content().startswith(own[language])


def test_days_are_written_in_the_language_of_the_letter(send, hold):
    said = send("hold_ready", hold("hold_ready"), mail_language=MailLanguage.ENGLISH).get_content()

    assert "Please pick it up by: 2026-04-21 (Tue)" in said and "Pick-up branch: 本館" in said


def test_who_has_chosen_nothing_is_written_to_in_japanese(send):
    assert send("password_set")["Content-Language"] == "ja"


@pytest.mark.parametrize("changes", [(('card = "利用券"', 'card = "図書館カード"'),)])
def test_the_librarys_own_word_for_its_card_stands_in_the_japanese(send, hold):
    ready = hold("hold_ready")

    assert "窓口に図書館カードを" in send("hold_ready", ready).get_content()
    Outbox.delete().execute()
    english = send("hold_ready", ready, mail_language=MailLanguage.ENGLISH)
    assert "bring your library card" in english.get_content()


# -- as HTML -----------------------------------------------------------------------------------------------


def test_the_link_is_a_button_and_the_library_at_the_foot_is_none(send):
    page = send("address_link").html

    button, library = page.find_all("a")
    assert button["href"].startswith(f"{URL}/contact/") and button["class"] == ["button"]
    assert library["href"] == URL and not library.has_attr("class")
    assert page.find(attrs={"name": "color-scheme"})["content"] == "light dark"


def test_a_paragraph_is_where_the_text_has_a_blank_line_and_its_lines_stay_lines(send):
    letter = send("address_changed")

    body, foot = letter.get_content().split("\n--\n")
    paragraphs = [
        [line for line in paragraph.get_text("\n").split("\n") if line]
        for paragraph in letter.html.find_all("p")
    ]
    assert paragraphs == [part.split("\n") for part in body.strip().split("\n\n")] + [
        foot.strip().split("\n")
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("changes", [shows("title", "hold number")])
def test_no_letter_has_a_hole_where_something_is_not_said(send, about, kind):
    said = send(kind, *about(kind)).get_content()

    assert "\n\n\n" not in said and "None" not in said and "0点" not in said


# -- how much of a title -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ABOUT_HOLDS + ABOUT_LOANS)
@pytest.mark.parametrize("language", MailLanguage)
@pytest.mark.parametrize("changes", [shows("title", "how many", "branch")])
def test_a_title_stands_in_the_mail_of_who_asked_for_it(send, about, kind, language):
    numbers = about(kind, "吾輩は猫である", volume="上")

    whole = send(kind, *numbers, mail_language=language, mail_titles=TitlesInMail.WHOLE).get_content()
    start = send(kind, *numbers, mail_titles=TitlesInMail.START).get_content()
    silent = send(kind, *numbers, mail_titles=TitlesInMail.NONE).get_content()

    assert re.search(r"^[・-] ?吾輩は猫である 上$", whole, re.MULTILINE)
    assert re.search(r"^[・-] ?吾輩は猫…$", start, re.MULTILINE)
    assert "吾輩" not in silent


@pytest.mark.parametrize("changes", [(), shows("how many", "branch"), shows("hold number")])
def test_where_the_sheet_allows_no_title_none_stands_there_whoever_asks(send, hold):
    letter = send("hold_ready", hold("hold_ready"), mail_titles=TitlesInMail.WHOLE)

    assert "こころ" not in letter.as_string() + letter.get_content() + str(letter.html)


@pytest.mark.parametrize("changes", [shows("hold number")])
def test_where_only_numbers_are_said_neither_how_many_nor_the_branch_are(send, hold):
    ready = [hold("hold_ready"), hold("hold_ready", "門")]

    said = send("hold_ready", *ready).get_content()

    assert [f"予約の番号: {number}" in said for number in ready] == [True, True]
    assert "点" not in said.split("受け取りの期限")[0] and "本館" not in said
    assert "予約された資料がしおり町立図書館でお受け取りいただけます。" in said


@pytest.mark.parametrize("changes", [shows("title", "hold number", "how many", "branch")])
def test_more_titles_are_a_list_in_the_order_of_their_holds(send, hold):
    first, second = hold("hold_ready"), hold("hold_ready", "門")

    said = send("hold_ready", first, second, mail_titles=TitlesInMail.WHOLE).get_content()

    assert "資料が2点、本館で" in said
    assert f"\n\n・こころ\n予約の番号: {first}\n・門\n予約の番号: {second}\n\n" in said


@pytest.mark.parametrize("changes", [shows("title", "how many", "branch")])
def test_a_title_that_is_gone_by_then_is_left_out(send, hold):
    number = hold("hold_expired")
    Hold.update(bib=None).where(Hold.id == number).execute()

    said = send("hold_expired", number, mail_titles=TitlesInMail.WHOLE).get_content()

    assert "予約1点が" in said and "・" not in said


@pytest.mark.parametrize("changes", [shows("title", "how many", "branch")])
def test_a_hostile_title_is_words(send, hold, put, post_office):
    hostile = "{{ 7 * 7 }}<b>\"'\r\n\r\nhttps://evil.example.jp/\r\nBcc: x@example.jp"
    number = hold("hold_ready")
    Bib.update(title=hostile).execute()
    put("ja/hold_ready.txt", "{{ holds[0].title }}\n\n{{ holds[0].title }}\n\n{{ url }}\n")

    letter = send("hold_ready", number, mail_titles=TitlesInMail.WHOLE)

    words = "{{ 7 * 7 }}<b>\"' https://evil.example.jp/ Bcc: x@example.jp"
    assert letter["Subject"] == words and letter["Bcc"] is None and post_office.recipients == [NEW]
    assert letter.get_content().startswith(f"{words}\n") and letter.html.p.get_text() == words
    assert [link["href"] for link in letter.html.find_all("a")] == [URL]


# -- the library's own texts -------------------------------------------------------------------------------


def test_a_text_of_the_librarys_own_comes_first_and_the_others_stay(send, put):
    put("ja/password_set.txt", "変わりました\n\n{{ at }}から新しいパスワードです。\n")

    letter = send("password_set")
    assert letter["Subject"] == "変わりました"
    assert letter.get_content() == "2026年4月15日(水) 12:00から新しいパスワードです。\n"
    assert send("password_set", mail_language=MailLanguage.ENGLISH)["Subject"].startswith("Your password")


def test_a_part_of_the_librarys_own_stands_in_every_letter_of_its_language(send, put):
    put("ja/_foot.txt", "--\n月曜日はお休みです。\n")

    assert send("password_set").get_content().endswith("--\n月曜日はお休みです。\n")
    assert "月曜日" not in send("address_changed", mail_language=MailLanguage.ENGLISH).get_content()


def test_a_frame_of_the_librarys_own_is_around_every_letter(send, put):
    frame = resources.text("templates/mail/frame.html").replace("<body", '<body class="town"')
    put("frame.html", frame)

    assert send("password_set").html.body["class"] == ["town"]


def test_a_text_that_is_put_there_while_the_program_runs_is_used(town, policy, clock, post_office, own, put):
    postman = post_office.postman(policy, own=own)
    for n, text in enumerate(["一つ目\n\nあ\n", "二つ目\n\nあ\n"]):
        put("ja/password_set.txt", text)
        mail.queue("password_set", town.patrons["sato"], [n], clock(), address=NEW)
        postman.deliver(clock())
        assert post_office.letters[-1]["Subject"] == text[:3]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("件名\n\n{% if library %}\n", id="a sign that is not closed"),
        pytest.param("件名\n\n{{ librry }}\n{{ link }}\n", id="a name that is none"),
        pytest.param("\n\n本文\n{{ link }}\n", id="no subject"),
        pytest.param("件名\n\n--\n{{ library }}\n", id="no text"),
        pytest.param("件名\n\n{{ library }}\n", id="no link"),
        pytest.param("件名\n\n({{ link }})\n", id="a link that nobody can press"),
        pytest.param("件名\n\n{{ link }}\n{{ library.__class__ }}\n", id="a way out"),
        pytest.param("件名\n\n{{ link }}\n{% include 'mail/../secret.key' %}\n", id="another way out"),
        pytest.param("件名\n\n{{ link }}\n{{ 1 // 0 }}\n", id="a sum that has no answer"),
    ],
)
def test_a_text_of_no_use_keeps_no_letter_back_and_the_log_says_which_it_was(send, put, own, text, caplog):
    put("ja/address_link.txt", text)
    (own.parent / "secret.key").write_text("himitsu", encoding="utf-8")

    letter = send("address_link")

    assert letter["Subject"] == "メールアドレスの確認(しおり町立図書館)" and letter.html.a
    [line] = [record.getMessage() for record in caplog.records if record.name == "shiori.mail"]
    assert "own/ja/address_link.txt is not used" in line and "sato" not in line
    assert "himitsu" not in letter.get_content()


def test_a_frame_of_no_use_keeps_no_letter_back(send, put):
    put("frame.html", "<p>{{ subjct }}</p>")

    assert send("password_set").html.body


def test_a_text_that_is_not_utf8_keeps_no_letter_back(send, own):
    (own / "ja").mkdir(parents=True)
    (own / "ja/password_set.txt").write_bytes("件名\n\n本文\n".encode("cp932"))

    assert send("password_set")["Subject"].startswith("パスワードを登録しました")


def test_notepad_and_its_mark_at_the_beginning_do_no_harm(send, own):
    (own / "ja").mkdir(parents=True)
    (own / "ja/password_set.txt").write_bytes("\ufeff件名\r\n\r\n本文\r\n".encode())

    letter = send("password_set")
    assert letter["Subject"] == "件名" and letter.get_content() == "本文\n"


@pytest.mark.parametrize("language", MailLanguage)
@pytest.mark.parametrize("kind", KINDS)
def test_an_example_has_the_facts_of_a_real_message(send, about, policy, own, kind, language, monkeypatch):
    seen = []
    write = letters.Letters.write

    def noted(self, language, kind, facts):
        seen.append(facts)
        return write(self, language, kind, facts)

    monkeypatch.setattr(letters.Letters, "write", noted)
    send(kind, *about(kind), mail_language=language)

    writer = Writer(policy, URL, SECRET)
    for example in writer.examples(language, kind):
        assert {name: type(fact) for name, fact in example.items()} == {
            name: type(fact) for name, fact in seen[0].items()
        }
        for told, real in zip(example.get("alerts", ()), seen[0].get("alerts", ()), strict=True):
            assert told.keys() == real.keys() and told["titles"][0].keys() == real["titles"][0].keys()
