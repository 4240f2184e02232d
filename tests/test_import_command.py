"""``shiori import``: what it says first, what it does, and by which status it ends."""

import sys

import pytest

import cli
from models import Bib, Item

LIST = "資料番号,書名,ＩＳＢＮ,備考\n1,坊っちゃん,9784003101032,よい本\n2,門,9.78E+12,\n3,明暗,,\n"


@pytest.fixture
def shiori(tmp_path, monkeypatch, database, capsys):
    """Runs the command on a list; gives its exit status and what it said."""
    monkeypatch.setenv("SHIORI_DATA", str(database.parent))
    monkeypatch.setenv("SHIORI_POLICY", "source-1")
    monkeypatch.setattr(sys.stdout, "reconfigure", lambda **_: None, raising=False)
    monkeypatch.setattr(sys.stderr, "reconfigure", lambda **_: None, raising=False)

    def shiori(*arguments, content=LIST, encoding="cp932"):
        path = tmp_path / "蔵書.csv"
        path.write_bytes(content.encode(encoding))
        status = cli.main(["import", str(path), *arguments])
        told = capsys.readouterr()
        return status, told.out + told.err

    shiori.folder = tmp_path
    return shiori


def test_a_dry_run_tells_what_was_understood_and_changes_nothing(shiori):
    status, told = shiori("--dry-run")

    assert status == 1, "a row would be refused"
    for words in (
        "文字コード: cp932",
        "カンマ区切り",
        "ＩＳＢＮ → ISBN (isbn)",
        "備考 → 取り込まない",
        "2行目: 書名 坊っちゃん / ISBN 9784003101032 / 資料番号 1",
        "3行目: ISBNがExcelで「9.78E+12」に変わっています。",
        "所蔵館の列がありません。",
        "新しく 2件、書きかえ 0件、そのまま 0件。所蔵: 新しく 2点",
        "取り込めない行: 1行。何も変えていません。",
    ):
        assert words in told, words
    assert Bib.select().count() == 0 and list(shiori.folder.glob("*refused*")) == []


def test_refused_rows_are_written_beside_the_list_or_where_it_is_said(shiori):
    status, told = shiori()
    beside = shiori.folder / "蔵書.csv.refused.csv"

    assert status == 1 and str(beside) in told and Bib.select().count() == 2
    assert beside.read_text("utf-8-sig").splitlines()[1].endswith("2,門,9.78E+12,")
    status, told = shiori("--refused", str(shiori.folder / "x.csv"))
    assert status == 1 and (shiori.folder / "x.csv").is_file()
    assert "新しく 0件、書きかえ 0件、そのまま 2件" in told


def test_what_the_list_leaves_open_is_said_on_the_command_line(shiori):
    content = "ばんごう,なまえ,書名\n7,門,x\n"
    chosen = ("--column", "ばんごう=barcode", "--column", "なまえ=title", "--column", "書名=")
    more = ("--branch", "west", "--material", "av", "--barcode-length", "5", "--encoding", "euc_jp")
    status, _ = shiori(*chosen, *more, content=content, encoding="euc_jp")

    [item] = Item.select()
    assert status == 0
    assert (item.barcode, item.branch, item.bib.title, item.bib.material) == ("00007", "west", "門", "av")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--column", "書名"), "--column 書名 が分かりません"),
        (("--column", "書名=name"), "--column 書名=name が分かりません"),
        (("--column", "ない列=title"), "「ない列」という列がありません"),
        (("--branch", "north"), "所蔵館 north がありません。次のどれかにしてください: main、east、west"),
        (("--material", "scroll"), "資料種別 scroll がありません"),
        (("--barcode-length", "99"), "1から20まで"),
        (("--encoding", "klingon"), "文字コード klingon が分かりません"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_changes_nothing(shiori, arguments, reason):
    status, told = shiori(*arguments)
    assert status == 2 and reason in told and Bib.select().count() == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a,b\n1,2\n", "の形が分かりません。ファイルの始めは a, b でした"),
        ("PK\x03\x04", "こわれているか、途中で切れています"),
    ],
)
def test_what_cannot_be_read_ends_with_1_and_changes_nothing(shiori, content, reason):
    status, told = shiori(content=content)
    assert status == 1 and reason in told and Bib.select().count() == 0


def test_a_bar_grows_where_somebody_is_looking(shiori, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    _, told = shiori()
    assert "\r[##############################] 3 / 3行" in told
