"""The index against a small made-up shelf, and against a brute-force reading of the sample catalogue."""

import dataclasses
import re
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from peewee import IntegrityError

import intake
import migrations
import models
import search
import search_index
from folding import fold, forms
from title_records import CreatorRecord, TitleRecord

TODAY = date(2026, 4, 1)


@pytest.fixture
def catalogue(database):
    """An empty catalogue with its index, in a file."""
    return models.db


def shelve(db, *records):
    """Store records, or titles alone, and give their numbers."""
    records = [
        record if isinstance(record, TitleRecord) else TitleRecord(0, f"test:{record}", record)
        for record in records
    ]
    records = [
        dataclasses.replace(record, source=f"test:{place}:{record}") for place, record in enumerate(records)
    ]
    intake.store(db, records, TODAY)
    ids = dict(db.execute_sql("SELECT source, id FROM bib").fetchall())
    return [ids[record.source] for record in records]


def book(title, **fields):
    if isinstance(fields.get("creators"), str):
        fields["creators"] = (CreatorRecord(fields["creators"]),)
    return TitleRecord(line=0, source="", title=title, **fields)


def ids(db, words, limit=10_000, offset=0):
    return search.find(db, words, limit, offset).ids


def vocabulary(db):
    """Every indexed word with the number of titles and places: what FTS5 itself believes it holds."""
    db.execute_sql("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab(main, bib_fts, 'col')")
    return db.execute_sql("SELECT * FROM temp.words ORDER BY term, col").fetchall()


# ---- what is found


@pytest.mark.parametrize(
    "words",
    [
        "猫",
        "輩",
        "吾輩",
        "輩は",
        "吾輩は猫である",
        "ねこ",
        "ﾜｶﾞﾊｲ",
        "わがはい　ねこ",
        "猫 吾輩",
        "上巻",
        "漱石",
        "夏目 漱石",
    ],
)
def test_a_title_is_found_by(catalogue, words):
    [cat] = shelve(
        catalogue,
        book("吾輩は猫である", title_kana="わがはいはねこである", volume="上巻", creators="夏目 漱石"),
    )
    shelve(catalogue, "門")
    found = search.find(catalogue, words, 20)
    assert (found.ids, found.total) == ([cat], 1)
    assert found.terms == words.split()


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("subtitle", "ある少年の日々", "少年の日"),
        ("subtitle_kana", "あるしょうねんのひび", "ショウネン"),
        ("original_title", "ALICE'S ADVENTURES IN WONDERLAND", "wonderland"),
        ("publisher", "岩波書店", "岩波"),
        ("series", "新潮文庫", "新潮文庫"),
        ("series_kana", "シンチョウ ブンコ", "しんちょうぶんこ"),
        ("subjects", "児童書、絵本", "絵本"),
    ],
)
def test_every_field_is_searched(catalogue, column, value, words):
    [wanted] = shelve(catalogue, book("題", **{column: value}))
    assert ids(catalogue, words) == [wanted]


@pytest.mark.parametrize(
    "words", ["夏目漱石", "漱石夏目", "なつめそうせき", "Natsume Soseki", "soseki natsume", "SOSEKI"]
)
def test_a_person_is_found_in_either_order_by_name_reading_and_roman_letters(catalogue, words):
    soseki = CreatorRecord("夏目 漱石", "なつめ そうせき", "Natsume, Soseki", "著者")
    [wanted] = shelve(catalogue, book("門", creators=(soseki,)))
    assert ids(catalogue, words) == [wanted]


@pytest.mark.parametrize(
    "words", ["エドガー・アラン・ポー", "ポー エドガー・アラン", "ポーエドガーアラン", "アラン ポー"]
)
def test_a_foreign_name_is_found_turned_round(catalogue, words):
    [wanted] = shelve(catalogue, book("黒猫", creators="エドガー・アラン・ポー"))
    assert ids(catalogue, words) == [wanted]


def test_a_magazine_issue_is_found_by_the_name_of_the_magazine(catalogue):
    serial = models.Serial.create(title="暮しの手帖", title_kana="くらしのてちょう")
    issue = models.Bib.create(
        material="magazine", title="5月号", serial=serial, issued_on=date(2026, 5, 1), added_on=TODAY
    )
    with catalogue.atomic():
        search_index.reindex(catalogue, issue.id)
    assert ids(catalogue, "くらしのてちょう 5月") == [issue.id]


def test_words_may_stand_in_different_fields_and_all_must(catalogue):
    wanted, _, _ = shelve(
        catalogue,
        book("こころ", creators="夏目 漱石"),
        book("こころ", creators="小泉 八雲"),
        book("門", creators="夏目 漱石"),
    )
    assert ids(catalogue, "こころ　漱石") == [wanted]


def test_title_and_volume_may_be_typed_in_one(catalogue):
    [wanted] = shelve(catalogue, book("夜明け前", subtitle="第二部下", volume=""))
    [other] = shelve(catalogue, book("1Q84", volume="BOOK2"))
    assert ids(catalogue, "夜明け前第二部下") == [wanted]
    assert ids(catalogue, "1q84 book2") == [other]


@pytest.mark.parametrize(
    "words", ["ワガハイ ワ ネコ デ アル", "わがはいわねこである", "ワガハイハネコデアル"]
)
@pytest.mark.parametrize("kana", ["わがはいはねこである", "ワガハイ ワ ネコ デ アル"])
def test_particles_are_found_as_spelled_and_as_spoken(catalogue, words, kana):
    [wanted] = shelve(catalogue, book("吾輩は猫である", title_kana=kana))
    assert ids(catalogue, words) == [wanted]


def test_a_short_word_does_not_find_its_sound(catalogue):
    flower, snare = shelve(catalogue, book("花", title_kana="はな"), book("罠", title_kana="わな"))
    assert ids(catalogue, "はな") == [flower]
    assert ids(catalogue, "わな") == [snare]


def test_latin_words_are_found_by_their_beginning_and_figures_whole(catalogue):
    python, thirty = shelve(catalogue, "Python 3年生", "30分でわかる")
    assert ids(catalogue, "py") == ids(catalogue, "PYTHON") == ids(catalogue, "python 3年") == [python]
    assert ids(catalogue, "ython") == []
    assert ids(catalogue, "3") == [python]
    assert ids(catalogue, "30") == [thirty]


def test_saitama_is_not_a_cape(catalogue):
    saitama, cape = shelve(catalogue, "埼玉の自然", "長崎の自然")
    assert ids(catalogue, "埼玉") == [saitama]
    assert ids(catalogue, "崎") == [cape]
    assert ids(catalogue, "埼") == [saitama]


def test_no_word_is_found_across_two_fields(catalogue):
    shelve(catalogue, book("山", title_kana="やま", original_title="川", publisher="谷", series="峰"))
    for words in ("山や", "ま川", "川谷", "谷峰"):
        assert ids(catalogue, words) == []


# ---- ISBN


@pytest.mark.parametrize(
    "words", ["9784003101018", "978-4-00-310101-8", "4003101014", "４-００-３１０１０１-４"]
)
def test_an_isbn_finds_its_title(catalogue, words):
    wanted, _ = shelve(catalogue, book("坊っちゃん", isbn="9784003101018"), "9784003101018を読む")
    assert search.find(catalogue, words, 20) == search.Found([wanted], 1, ["9784003101018"], [])


def test_an_isbn_that_no_title_has_is_searched_as_text(catalogue):
    [wanted] = shelve(catalogue, "9784003101018を読む")
    assert ids(catalogue, "9784003101018") == [wanted]


# ---- what was typed


@pytest.mark.parametrize(
    "nothing", ["", " ", "\u3000\u3000", "\t\n", "!?", "・・・", "\x00", '"', "*", "%", "_", "々"]
)
def test_blanks_and_signs_find_nothing_and_are_no_terms(catalogue, nothing):
    shelve(catalogue, "百%の_本*")
    assert search.find(catalogue, nothing, 20) == search.Found([], 0, [], [])


@pytest.mark.parametrize(
    "words", ["百%の", "百_の", '"百の"', "百*の", "百 OR 本", "百\x00の", "NOT 百", "百^", "(百"]
)
def test_signs_and_operators_mean_nothing(catalogue, words):
    [wanted] = shelve(catalogue, book("百の本 or not t"))
    shelve(catalogue, "千の花")
    assert ids(catalogue, words) == [wanted]


def test_words_beyond_the_eighth_are_ignored_and_named(catalogue):
    [wanted] = shelve(catalogue, "いろはにほへとちりぬるを")
    found = search.find(catalogue, "い ろ は に ほ へ と ち 無 い", 20)
    assert found.ids == [wanted]
    assert (len(found.terms), found.ignored) == (8, ["無", "い"])


def test_two_kilobytes_are_cut_to_a_sane_length(catalogue):
    [wanted] = shelve(catalogue, "長" * 2000)
    assert ids(catalogue, "長" * 2048) == [wanted]
    assert ids(catalogue, "無" * 2048) == []


@settings(max_examples=150, deadline=None)
@given(st.text() | st.text(alphabet="あ漢a1 　\"*%_'():^-+{}\x00\ud800ヴヶが々・"), st.integers(-3, 10**20))
@example("\ud800", 0)
@example('"' * 3000, 0)
@example("a AND", 0)
@example("ABCDEFGH" * 100 + "　ん" * 100, 0)
def test_no_string_whatever_makes_a_search_fail(sample, words, offset):
    found = search.find(sample, words, 20, offset)
    assert len(found.ids) <= 20
    assert found.total >= len(found.ids)


# ---- order and pages


def test_titles_come_in_the_order_of_relevance(catalogue):
    wanted = shelve(
        catalogue,
        book("雪", pub_year=1950),
        book("ゆき", title_kana="雪", pub_year=1960),
        book("冬", creators="雪", pub_year=1970),
        book("雪国", pub_year=1930),
        book("山", subtitle="雪の章", pub_year=1980),
        book("白", title_kana="雪の", pub_year=1981),
        book("大雪", pub_year=1982),
        book("月", subtitle="大雪", pub_year=1983),
        book("花", creators="大雪 太郎", pub_year=1984),
        book("星", original_title="大雪", pub_year=1985),
        book("夜", title_kana="大雪", pub_year=1986),
        book("朝", title_kana="大雪の", pub_year=1987),
        book("昼", publisher="雪の社", pub_year=1988),
    )
    assert ids(catalogue, "雪") == wanted


def test_equals_come_newest_first_by_year_then_month_then_number(catalogue):
    oldest, undated, march, may, newest = shelve(
        catalogue,
        book("夢", pub_year=1999),
        book("夢", series="甲"),
        book("夢", pub_year=2020, pub_month=3),
        book("夢", pub_year=2020, pub_month=5),
        book("夢", pub_year=2021),
    )
    assert ids(catalogue, "夢") == [newest, may, march, oldest, undated]


@pytest.mark.parametrize("words", ["ポー", "エドガー・アラン", "夏目", "なつめ", "漱石"])
@pytest.mark.parametrize("others", [0, 150], ids=["in a short list", "in a long list"])
def test_a_family_or_given_name_comes_before_titles_that_begin_so(catalogue, words, others):
    soseki = CreatorRecord("夏目 漱石", "なつめ そうせき")
    wanted = shelve(
        catalogue,
        book("黒猫", creators="エドガー・アラン・ポー", pub_year=1900),
        book("門", creators=(soseki,), pub_year=1900),
        *(
            book(f"{start}{n}")
            for n in range(1 + others)
            for start in ("ポーランド", "夏目坂", "なつめ", "漱石", "エドガー・アラン")
        ),
    )[:2]
    assert ids(catalogue, words)[0] in wanted


def test_one_character_is_a_word_before_it_is_a_name(catalogue):
    forest, _ = shelve(catalogue, book("森の道", pub_year=1900), book("舞姫", creators="森 鴎外"))
    assert ids(catalogue, "森")[0] == forest


def test_the_whole_query_as_a_title_comes_before_its_words(catalogue):
    apart, whole = shelve(catalogue, book("宮本 と 武蔵", pub_year=2020), book("宮本武蔵", pub_year=1950))
    assert ids(catalogue, "宮本　武蔵") == [whole, apart]


LONG = ["の", "し", "日", "人", "ん", "岩波", "こ と", "ぽ"]


@pytest.mark.parametrize("words", [*LONG, "夏目漱石", "集", "a", "猫", "こころ"])
def test_pages_neither_repeat_nor_lose_a_title(sample, words):
    everything = search.find(sample, words, 10_000)
    pages = [ids(sample, words, 37, offset) for offset in range(0, everything.total + 37, 37)]
    paged = [number for page in pages for number in page]
    assert len(everything.ids) == len(set(everything.ids)) == everything.total
    assert paged == everything.ids


@pytest.mark.parametrize("words", LONG)
def test_a_long_list_begins_with_what_is_or_begins_like_the_query(sample, words):
    found = ids(sample, words)
    assert len(found) > search._CANDIDATES
    key = fold(words)
    sql = "SELECT kind, rid & 16777215 FROM heading WHERE key = ? AND kind <> 1"
    exact = {number for _, number in sample.execute_sql(sql, (key,))}
    sql = "SELECT rid & 16777215 FROM heading WHERE key >= ? AND key < ? || char(0x10FFFF)"
    headings = sample.execute_sql(sql, (key, key)).fetchall()
    begun = {number for (number,) in headings}
    person = {
        number for (number,) in sample.execute_sql("SELECT bib_id FROM creator WHERE name = ?", (words,))
    }
    assert set(found[: len(exact)]) == exact
    if len(headings) <= search._HEADINGS:
        assert set(found[: len(exact | person | begun)]) == exact | person | begun


# ---- against brute force


@pytest.fixture(scope="module")
def folded(sample):
    """Every folded value of the index by title, as plain lists; title and subtitle read on."""
    rows = sample.execute_sql("SELECT * FROM bib_key").fetchall()
    columns = {row[0]: "\ue000".join(row[2:7]) for row in rows}
    columns = {
        number: re.sub("(?<=[a-z0-9])\ue001+(?=[a-z0-9])", " ", text) for number, text in columns.items()
    }
    return {number: text.replace("\ue001", "").split("\ue000") for number, text in columns.items()}


@pytest.fixture(scope="module")
def titles(sample):
    return sample.execute_sql("SELECT id, title FROM bib").fetchall()


JAPANESE = "[ぁ-ゖァ-ヺー一-鿿々〇ゝゞヽヾ]"


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_one_to_four_characters_find_what_brute_force_finds(sample, folded, data):
    texts = folded[data.draw(st.sampled_from(sorted(folded)))]
    texts = [run for text in texts for run in re.findall("[^ -~]+", text)]
    if not texts:
        return
    text = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(text) - 1))
    word = text[start : start + data.draw(st.integers(1, 4))]
    wanted = forms(word)
    expected = {
        number for number, known in folded.items() if any(form in text for form in wanted for text in known)
    }
    found = search.find(sample, word, 10_000)
    assert set(found.ids) == expected
    assert found.total == len(expected)


@pytest.fixture(scope="module")
def latin_beginnings(folded):
    words = re.findall("[a-z]{2,}", " ".join(text for known in folded.values() for text in known))
    return sorted({word[:length] for word in words for length in range(2, len(word) + 1)})


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_latin_letters_find_what_brute_force_finds_at_the_beginnings_of_words(
    sample, folded, latin_beginnings, data
):
    begun = data.draw(st.sampled_from(latin_beginnings))
    at_start = re.compile(f"(?<![a-z0-9]){begun}")
    expected = {number for number, known in folded.items() if any(map(at_start.search, known))}
    assert set(ids(sample, begun)) == expected


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_every_part_of_a_title_finds_the_title(sample, titles, data):
    number, title = data.draw(st.sampled_from(titles))
    runs = [run for run in re.findall(f"{JAPANESE}+", title) if fold(run)]
    if not runs:
        return
    run = data.draw(st.sampled_from(runs))
    start = data.draw(st.integers(0, len(run) - 1))
    part = run[start : data.draw(st.integers(start + 1, len(run)))]
    if fold(part):
        assert number in ids(sample, part)


# ---- keeping the index


def test_a_changed_title_is_found_by_its_new_name_only(catalogue):
    [bib] = shelve(catalogue, "旧題")
    with catalogue.atomic():
        models.Bib.update(title="新題").where(models.Bib.id == bib).execute()
        search_index.reindex(catalogue, bib)
    assert ids(catalogue, "旧題") == []
    assert ids(catalogue, "新題") == [bib]


def test_a_hidden_title_is_not_found_until_it_is_shown_again(catalogue):
    [bib] = shelve(catalogue, book("密書", isbn="9784003101018"))
    for hidden, expected in ((True, []), (False, [bib])):
        with catalogue.atomic():
            models.Bib.update(hidden=hidden).where(models.Bib.id == bib).execute()
            search_index.reindex(catalogue, bib)
        assert ids(catalogue, "密書") == expected
        assert ids(catalogue, "9784003101018") == expected


def test_a_deleted_title_leaves_nothing_behind(catalogue):
    [bib] = shelve(catalogue, book("消える本", creators="誰か"))
    with catalogue.atomic():
        models.Bib.delete().where(models.Bib.id == bib).execute()
        search_index.reindex(catalogue, bib)
    assert vocabulary(catalogue) == []
    assert catalogue.execute_sql("SELECT count(*) FROM heading").fetchone() == (0,)


def test_a_title_cannot_be_deleted_behind_the_back_of_the_index(catalogue):
    [bib] = shelve(catalogue, "残る本")
    with pytest.raises(IntegrityError), catalogue.atomic():
        models.Bib.delete().where(models.Bib.id == bib).execute()
    assert ids(catalogue, "残る本") == [bib]


def test_a_transaction_that_is_rolled_back_leaves_the_index_as_it_was(catalogue):
    [bib] = shelve(catalogue, "元の題")
    with catalogue.atomic() as transaction:
        models.Bib.update(title="別の題").where(models.Bib.id == bib).execute()
        search_index.reindex(catalogue, bib)
        transaction.rollback()
    assert ids(catalogue, "元の題") == [bib]
    assert ids(catalogue, "別の題") == []


@settings(max_examples=15, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(1, 60), st.text("春夏秋冬はるAb1 ヶが々", max_size=6), st.booleans()),
        max_size=12,
    )
)
def test_after_any_edits_the_index_is_as_if_built_anew(tmp_path_factory, edits):
    db = models.open_database(tmp_path_factory.mktemp("edits") / "shiori.db")
    db.execute_sql("PRAGMA synchronous = off")
    migrations.migrate(db)
    search_index.create(db)
    shelve(db, *(f"{season}の本 {place}" for place in range(15) for season in "春夏秋冬"))
    for bib, title, hidden in edits:
        with db.atomic():
            models.Bib.update(title=title or "無題", subtitle=title, hidden=hidden).where(
                models.Bib.id == bib
            ).execute()
            search_index.reindex(db, bib)
    edited = vocabulary(db)
    search_index.reindex_all(db)
    assert vocabulary(db) == edited
    db.close()


def test_an_index_folded_by_other_rules_is_made_anew(catalogue):
    [bib] = shelve(catalogue, "猫")
    catalogue.execute_sql("UPDATE meta SET value = 'older' WHERE key = 'fold_version'")
    catalogue.execute_sql("INSERT INTO bib_fts (bib_fts) VALUES ('delete-all')")
    assert ids(catalogue, "猫") == []
    search_index.create(catalogue)
    assert ids(catalogue, "猫") == [bib]
    assert models.Meta.get_by_id("fold_version").value == search_index.FOLD_VERSION


def test_an_index_of_this_version_is_left_alone(catalogue):
    shelve(catalogue, "猫")
    before = catalogue.connection().total_changes
    search_index.create(catalogue)
    assert catalogue.connection().total_changes == before


def test_a_rebuild_tells_how_far_it_is(catalogue):
    shelve(catalogue, *(f"題{number}" for number in range(1100)))
    told = []
    search_index.reindex_all(catalogue, told.append)
    assert told == [1000, 1100]
