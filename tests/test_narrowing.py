"""A list of titles narrowed, sorted and counted: by branch, material, class, year, what is on the shelf."""

import random
from datetime import date

import pytest

import facets
import hits
import queries
import search
import search_index
import stock
from folding import forms
from models import Bib, Item, db
from pairs import pattern
from rules import ItemEntry
from tests.test_search import book, shelve, vocabulary


@pytest.fixture
def find(town):
    def find(limit=100, **asked):
        found = search.find(db, queries.understood(asked), limit)
        titles = dict(Bib.select(Bib.id, Bib.title).tuples())
        return [titles[number] for number in found.ids]

    return find


def test_a_list_is_narrowed_by_what_a_title_is_and_where_it_is(town, find):
    town.title("猫の本", ndc="645.7", pub_year=1999)
    town.title("猫の声", "av", ndc="645", pub_year=2001)
    cat = town.title("猫の家", ndc="913.6", pub_year=2001, pub_month=12)
    town.copy(cat, branch="east")

    assert find(q="猫", type="av") == ["猫の声"]
    assert find(q="猫", branch="east") == ["猫の家"]
    assert set(find(q="猫", ndc="645")) == {"猫の本", "猫の声"}
    assert find(q="猫", ndc="645.7") == ["猫の本"]
    assert find(q="猫", year_from="2001") == find(q="猫", year_from="2001", year_to="2001")
    assert set(find(q="猫", year_from="2001")) == {"猫の声", "猫の家"}
    assert find(q="猫", year_to="2000") == ["猫の本"]
    assert find(ndc="913") == ["猫の家"]
    assert find(year_from="1999", year_to="1999") == ["猫の本"]


def test_december_belongs_to_its_year(town, find):
    town.title("師走", pub_year=1999, pub_month=12)
    town.title("いつか", pub_year=2000)

    assert find(year_from="2000", year_to="2000") == ["いつか"]
    assert find(year_to="1999") == ["師走"]


def test_only_what_is_on_the_shelf_may_be_asked_for(town, find):
    town.title("猫 一")
    lent = town.title("猫 二")
    town.lend(lent, "sato")
    kept = town.title("猫 三")
    town.ready(kept, "tanaka")
    town.title("猫 四", not_for_loan=True)
    town.title("猫 五", state="missing")
    elsewhere = town.title("猫 六", copies=0)
    town.copy(elsewhere, branch="east")

    assert set(find(q="猫", available="1")) == {"猫 一", "猫 六"}
    assert find(q="猫", available="1", branch="east") == ["猫 六"]


def test_the_number_of_what_is_on_the_shelf_is_counted_to_a_thousand(town, monkeypatch):
    monkeypatch.setattr(hits, "COUNTED_UP_TO", 3)
    for n in range(5):
        town.title(f"猫 {n}")

    found = search.find(db, queries.understood({"q": "猫", "available": "1"}), 20)
    assert (found.total, found.exact, len(found.ids)) == (3, False, 5)
    found = search.find(db, queries.understood({"q": "猫"}), 20)
    assert (found.total, found.exact) == (5, True)


def test_what_is_excluded_stands_nowhere(town, find):
    town.title("猫と犬")
    town.title("猫と鳥", by="犬養 薫")
    town.title("猫と魚")

    assert find(q="猫 -犬") == ["猫と魚"]
    assert set(find(q="猫", title="-犬")) == {"猫と鳥", "猫と魚"}
    assert find(q="-犬") == ["猫と魚"]


def test_words_of_a_field_are_looked_for_there_alone(town, find):
    town.title("夏目漱石の旅", by="佐藤 薫")
    town.title("こころ", by="夏目 漱石", publisher="岩波書店")

    assert find(author="夏目漱石") == find(author="漱石 夏目") == ["こころ"]
    assert find(title="夏目漱石") == ["夏目漱石の旅"]
    assert find(title="こころ", author="夏目", publisher="岩波") == ["こころ"]
    assert find(title="こころ", author="佐藤") == []


def test_what_the_library_has_comes_before_what_it_has_not(town, find):
    town.title("猫の本", pub_year=1990)
    town.title("猫の森", copies=0, pub_year=2020)

    assert find(q="猫") == ["猫の本", "猫の森"]


def test_a_piece_that_comes_or_goes_is_known_to_the_list_at_once(town, find, policy, clock):
    bib = town.title("猫の本", copies=0)
    entry = ItemEntry("300999999", "east")
    item = stock.add_item(policy, bib, entry, clock(), "desk").item
    assert find(q="猫", branch="east") == ["猫の本"]
    stock.change_item(policy, item, ItemEntry("300999999", "main"), clock(), "desk")
    assert (find(q="猫", branch="east"), find(q="猫", branch="main")) == ([], ["猫の本"])
    stock.withdraw(item, clock(), "desk")
    assert find(q="猫", branch="main") == []
    stock.restore(item, clock(), "desk")
    assert find(q="猫", branch="main") == ["猫の本"]
    assert search_index.stale(db, bib) == []


def test_names_of_branches_and_materials_are_whole_and_know_capitals(town, find):
    for branch in ("Main", "main-2", "mai"):
        bib = town.title(f"猫 {branch}", copies=0)
        town.copy(bib, branch=branch)

    assert find(branch="mai") == ["猫 mai"]
    assert find(branch="Main") == ["猫 Main"]
    assert find(branch="main-2") == ["猫 main-2"]
    assert find(branch="main") == find(q="mai", branch="x") == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("new", ["い猫", "あ猫", "う猫", "え猫"]),
        ("old", ["う猫", "あ猫", "い猫", "え猫"]),
        ("title", ["あ猫", "い猫", "う猫", "え猫"]),
        ("author", ["う猫", "い猫", "あ猫", "え猫"]),
        ("added", ["え猫", "い猫", "う猫", "あ猫"]),
    ],
)
def test_a_list_stands_in_the_order_that_was_asked_for(town, find, sort, expected):
    for title, kana, year, by, day in (
        ("あ猫", "アネコ", 2000, "ん", 1),
        ("い猫", "いねこ", 2010, "さ", 3),
        ("う猫", "ウネコ", 1990, "あ", 2),
        ("え猫", "えねこ", None, "", 4),
    ):
        town.title(title, title_kana=kana, pub_year=year, by=by, added_on=date(2026, 1, day))

    assert find(q="猫", sort=sort) == expected


def test_volumes_stand_in_the_order_of_their_numbers(town, find):
    for volume in ("10", "2", "1"):
        town.title("猫", title_kana="ねこ", volume=volume, by=volume)

    found = search.find(db, queries.understood({"q": "猫", "sort": "title"}), 10).ids
    assert [Bib.get_by_id(number).volume for number in found] == ["1", "2", "10"]


def test_too_long_a_list_is_not_sorted_and_says_so(town, monkeypatch):
    monkeypatch.setattr(search, "SORTED_UP_TO", 2)
    for year in (1990, 2010, 2000):
        town.title("猫", pub_year=year)

    found = search.find(db, queries.understood({"q": "猫", "sort": "title"}), 10)
    assert found.sort is queries.Sort.NEWEST
    assert [Bib.get_by_id(number).pub_year for number in found.ids] == [2010, 2000, 1990]


# ---- against brute force

ASKED = [
    {"q": "の"},
    {"q": "し -の"},
    {"q": "日 -本"},
    {"q": "人", "ndc": "9"},
    {"q": "の", "year_from": "1990", "year_to": "1999"},
    {"title": "の", "author": "宮沢"},
    {"author": "夏目漱石"},
    {"ndc": "913", "year_from": "1950"},
    {"q": "こ と", "sort": "title"},
    {"q": "ん", "type": "book"},
    {"q": "a", "publisher": "岩波"},
    {"q": "-の"},
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_pages_of_a_narrowed_list_neither_repeat_nor_lose_a_title(sample, asked):
    query = queries.understood(asked)
    everything = search.find(sample, query, 10_000)
    assert len(set(everything.ids)) == len(everything.ids) == everything.total > 0
    size = max(7, everything.total // 9)
    pages = [search.find(sample, query, size, at).ids for at in range(0, everything.total, size)]
    assert [number for page in pages for number in page] == everything.ids


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_a_narrowed_list_is_what_a_reading_of_the_records_gives(sample, asked):
    query = queries.understood(asked)
    columns = dict(zip("tasprf", range(6), strict=True))
    expected = set()
    for number, *texts, material, year, ndc in sample.execute_sql(
        "SELECT k.id, t, a, s, p, r, '', material, pub_year, ndc FROM bib_key AS k JOIN bib USING (id)"
    ):
        flat = [text.replace("\ue001", "") for text in texts]

        def stands(word, flat=flat):
            where = [flat[columns[word.column]]] if word.column else flat
            return any(pattern(forms(word.typed)).search(text) for text in where)

        if (
            all(map(stands, query.words))
            and not any(map(stands, query.without))
            and (not query.year_from or (year and query.year_from <= year <= (query.year_to or 9999)))
            and query.material in ("", material)
            and ndc.replace(".", "").startswith(query.ndc)
        ):
            expected.add(number)
    assert set(search.find(sample, query, 10_000).ids) == expected


def test_an_index_that_grew_with_its_pieces_is_as_if_built_anew(town):
    draw = random.Random(7)  # noqa: S311 - nothing secret
    bibs = [town.title(f"本{n}", copies=0, ndc=str(100 + n), pub_year=1990 + n) for n in range(12)]
    for _ in range(40):
        bib = draw.choice(bibs)
        if draw.random() < 0.6:
            town.copy(bib, branch=draw.choice(("main", "east")))
        else:
            with db.atomic():
                Item.update(state=draw.choice(("withdrawn", "in_stock"))).where(Item.bib == bib).execute()
                search_index.reindex(db, bib)
    grown = vocabulary(db)
    assert search_index.stale(db, *bibs) == []
    search_index.reindex_all(db)
    assert vocabulary(db) == grown


# ---- what a list can be narrowed by


def test_facets_count_what_narrowing_finds(sample):
    asked = {"q": "の"}
    counted = facets.counted(sample, queries.understood(asked))
    assert counted.complete
    for figures, n in counted.classes:
        assert search.find(sample, queries.understood(asked | {"ndc": figures}), 0).total == n
    for year, n in counted.years:
        narrowed = asked | {"year_from": str(year), "year_to": str(year + 9)}
        assert search.find(sample, queries.understood(narrowed), 0).total == n
    for material, n in counted.materials:
        assert search.find(sample, queries.understood(asked | {"type": material}), 0).total == n
    author, n = counted.authors[0]
    assert search.find(sample, queries.understood(asked | {"author": author}), 0).total >= n


def test_within_a_class_and_a_decade_the_next_level_is_counted(sample):
    counted = facets.counted(sample, queries.understood({"ndc": "9", "year_from": "1990", "year_to": "1999"}))
    assert {len(figures) for figures, _ in counted.classes} == {2}
    assert counted.years_together == 1 and all(1990 <= year <= 1999 for year, _ in counted.years)


def test_branches_are_counted_by_titles_and_not_by_copies(town):
    bib = town.title("猫", copies=3)
    town.copy(bib, branch="east")

    counted = facets.counted(db, queries.understood({"q": "猫"}))
    assert sorted(counted.branches) == [("east", 1), ("main", 1)]


def test_of_a_long_list_the_newest_are_counted(town, monkeypatch):
    monkeypatch.setattr(facets, "LOOKED_AT", 2)
    for year in (1990, 2000, 2010):
        town.title("猫", pub_year=year)

    counted = facets.counted(db, queries.understood({"q": "猫"}))
    assert not counted.complete
    assert counted.years == [(2010, 1), (2000, 1)]


def test_a_shelf_of_many_alike_begins_with_the_title_itself(catalogue_of_beginnings):
    db, exact, begins = catalogue_of_beginnings
    found = search.find(db, "花", 3000).ids
    assert found[0] == exact
    assert set(found[1 : 1 + len(begins)]) == set(begins)
    found = search.find(db, queries.understood({"q": "花", "ndc": "4"}), 3000).ids
    assert found[0] == exact and set(found[1 : 1 + len(begins)]) == set(begins)


@pytest.fixture
def catalogue_of_beginnings(database):
    """More titles begin alike than are read one by one."""
    exact, *others = shelve(
        db,
        book("花", pub_year=1900, ndc="470"),
        *(book(f"花{n}", pub_year=1950, ndc="470") for n in range(1100)),
        *(book(f"の花{n}", pub_year=2000, ndc="470") for n in range(300)),
    )
    return db, exact, others[:1100]
