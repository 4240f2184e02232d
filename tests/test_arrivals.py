"""Which titles are new, and which of them fit: words are compared as a search compares them."""

import random

import pytest

import arrivals
import search_index
from models import Bib, Creator, Item, db
from rules import AlertTerms, ItemState
from tests.facts import row


@pytest.fixture
def came(town):
    """Titles as a catalogue holds them; gives what is found among them, by an index and without."""
    soseki = town.title(
        "吾輩は猫である", title_kana="ワガハイハネコデアル", ndc="913.6", series="岩波文庫", branch="east"
    )
    Creator.insert(
        bib=soseki, place=0, name="夏目 漱石", reading="ナツメ ソウセキ", roman="Natsume, Sōseki"
    ).execute()
    takamura = town.title("智恵子抄", ndc="911.56", subjects="詩", by="高村 光太郎")
    poe = town.title("黒猫", ndc="K933", by="ポー, エドガー・アラン", original_title="The Black Cat")
    Creator.insert(bib=poe, place=1, name="Poe, Edgar Allan", role="原著").execute()
    python = town.title("入門Python 3", ndc="007.64", subtitle="計算機と遊ぶ", subjects="プログラミング")
    mori = town.title("雁", by="森 鷗外", ndc="913.6", series="新潮文庫")
    morita = town.title("草土記", by="森田 たま", ndc="914.6")
    party = town.title("The party", ndc="933")
    for bib in (soseki, takamura, poe, python, mori, morita, party):
        search_index.reindex(db, bib)

    def found(**terms) -> list[str]:
        titles = arrivals.between(0, arrivals.last_piece())
        fit = arrivals.fitting(AlertTerms(**terms), titles)
        assert arrivals.Index(titles).fitting(AlertTerms(**terms)) == fit, "the index finds the same"
        names = {bib.id: bib.title for bib in Bib.select()}
        return sorted(names[title.id] for title in fit)

    return found


CAT = ["吾輩は猫である"]


@pytest.mark.parametrize(
    ("author", "titles"),
    [
        row("as it stands", "夏目 漱石", CAT),
        row("without a blank", "夏目漱石", CAT),
        row("the given name first", "漱石 夏目", CAT),
        row("the family name alone", "夏目", CAT),
        row("the given name alone", "漱石", CAT),
        row("in hiragana", "なつめそうせき", CAT),
        row("in katakana of half width", "ﾅﾂﾒ ｿｳｾｷ", CAT),
        row("in Latin letters, either order", "soseki natsume", CAT),
        row("with its long vowel", "Natsume Sōseki", CAT),
        row("an old character", "髙村光太郎", ["智恵子抄"]),
        row("a new one for the old", "森鴎外", ["雁"]),
        row("a foreign name by its family name", "Poe", ["黒猫"]),
        row("the family name last", "Edgar Allan Poe", ["黒猫"]),
        row("the same in kana", "エドガー・アラン・ポー", ["黒猫"]),
        row("the beginning of a Latin word", "Po", []),
        row("a family name with which another begins", "森", ["草土記", "雁"]),
        row("somewhere inside a name", "目漱", []),
        row("a title, which is no author", "黒猫", []),
        row("signs alone", "・・", []),
    ],
)
def test_an_author_is_found_by_name_in_either_order_and_by_reading(came, author, titles):
    assert came(author=author) == titles


@pytest.mark.parametrize(
    ("ndc", "titles"),
    [
        row("a main class", "9", ["The party", "吾輩は猫である", "智恵子抄", "草土記", "雁", "黒猫"]),
        row("a division", "91", ["吾輩は猫である", "智恵子抄", "草土記", "雁"]),
        row("a section", "913", ["吾輩は猫である", "雁"]),
        row("a number behind a letter", "933", ["The party", "黒猫"]),
        row("figures in the middle of others", "13", []),
    ],
)
def test_a_genre_is_how_the_class_number_begins(came, ndc, titles):
    assert came(ndc=ndc) == titles


@pytest.mark.parametrize(
    ("keyword", "titles"),
    [
        row("in a title", "猫", ["吾輩は猫である", "黒猫"]),
        row("in its reading", "ねこ", CAT),
        row("in a reading that is written as it is spoken", "わがはいわねこである", CAT),
        row("the same in words, of which only the whole shows it", "はいわ ねこ", CAT),
        row("in a subtitle", "計算機", ["入門Python 3"]),
        row("in the subjects", "ぷろぐらみんぐ", ["入門Python 3"]),
        row("in the original title", "black cat", ["黒猫"]),
        row("two words that stand apart", "プログラミング　入門", ["入門Python 3"]),
        row("two words of which one does not stand there", "猫 詩", []),
        row("a Latin word in another", "art", []),
        row("a figure", "3", ["入門Python 3"]),
        row("across subtitle and subjects", "遊ぶプログラミング", []),
        row("an author, who is no keyword", "漱石", []),
        row("signs alone", "!!", []),
    ],
)
def test_a_keyword_stands_in_title_subtitle_or_subjects(came, keyword, titles):
    assert came(keyword=keyword) == titles


@pytest.mark.parametrize(
    ("terms", "titles"),
    [
        row("a part of a series", {"series": "文庫"}, ["吾輩は猫である", "雁"]),
        row("the whole of one", {"series": "岩波文庫"}, CAT),
        row("all that is filled in", {"series": "文庫", "author": "森", "ndc": "9"}, ["雁"]),
        row("one thing that does not fit", {"series": "文庫", "author": "森", "ndc": "8"}, []),
        row("a branch where it is", {"keyword": "猫", "branch": "east"}, CAT),
        row("a branch where nothing of it is", {"keyword": "詩", "branch": "east"}, []),
    ],
)
def test_all_that_is_filled_in_has_to_fit(came, terms, titles):
    assert came(**terms) == titles


def test_an_index_finds_what_reading_every_title_finds(sample):
    """Over the whole sample catalogue, with words that occur in it and words that do not."""
    rows = sample.execute_sql("SELECT id, ndc FROM bib ORDER BY id").fetchall()
    words = search_index.folded(sample, [number for number, _ in rows])
    today = arrivals.date(2026, 4, 15)
    titles = [
        arrivals.Arrival(number, arrivals._figures(ndc), today, frozenset({"main"}), words[number])
        for number, ndc in rows
    ]
    index, draw = arrivals.Index(titles), random.Random(4)  # noqa: S311 - the same words each time
    some = [draw.choice(titles) for _ in range(60)]
    asked = [AlertTerms(author=draw.choice(one.folded.persons or ("ん",))) for one in some]
    for one in some:
        start = draw.randrange(len(one.folded.words))
        asked.append(AlertTerms(keyword=one.folded.words[start : start + draw.randint(1, 4)]))
    asked += [AlertTerms(ndc=one.ndc[: draw.randint(1, 3)], keyword="の") for one in some]

    hits = 0
    for terms in asked:
        found = index.fitting(terms)
        assert found == arrivals.fitting(terms, titles), terms
        hits += bool(found)
    assert hits > 100


# -- what is new -------------------------------------------------------------------------------------------


def new_since(after: int) -> list[int]:
    return sorted(title.id for title in arrivals.between(after, arrivals.last_piece()))


def test_new_is_what_has_its_first_piece_now(town):
    old = town.title("こころ")
    after = arrivals.last_piece()
    town.copy(old)
    kokoro, bare = town.title("門"), town.title("野分", copies=0)

    assert new_since(after) == [kokoro] and new_since(0) == [old, kokoro] and bare not in new_since(0)


def test_a_title_that_was_there_without_a_piece_is_new_with_its_first(town):
    bare = town.title("野分", copies=0, requested=True)
    after = arrivals.last_piece()
    assert new_since(after) == []

    town.copy(bare, interlibrary=True)
    assert new_since(after) == [], "another library's piece is not ours"

    town.copy(bare)
    assert new_since(after) == [bare]


@pytest.mark.parametrize("state", [ItemState.MISSING, ItemState.WITHDRAWN])
def test_what_is_not_there_is_not_new(town, state):
    town.title("門", state=state)

    assert new_since(0) == []


def test_what_takes_the_place_of_a_withdrawn_piece_is_not_new(town):
    kokoro = town.title("こころ")
    after = arrivals.last_piece()
    Item.update(state=ItemState.WITHDRAWN).execute()
    town.copy(kokoro)

    assert new_since(after) == []


def test_a_hidden_title_is_not_new(town):
    town.title("門", hidden=True)

    assert new_since(0) == []


def test_numbers_of_pieces_are_never_used_again(town):
    """Else what came in after a deletion would be taken for old."""
    kokoro = town.title("こころ")
    last = arrivals.last_piece()
    Item.delete().execute()

    assert town.copy(kokoro) > last
