"""The columns that an import knows, and the words by which lists call them.

One table: a new column of the same kind is one line here.  A list may name a column by our own name, by one
of the other words, or have it named by whoever imports it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sheets import Row

# Our own name, then what others call it; in any width, with or without blanks, brackets and hyphens.
COLUMNS: dict[str, str] = {
    "source": "資料ID 書誌番号 書誌ID 書誌コード タイトルコード 識別番号 識別子 manifestation_identifier",
    "title": "書名 タイトル 資料名 題名 本の題名 本タイトル 本の名前 本題名 図書名 誌名 書籍名",
    "title_kana": "ヨミ よみ 読み カナ かな フリガナ ふりがな 書名ヨミ 書名よみ 書名カナ 書名読み"
    " 書名フリガナ タイトルヨミ タイトルのヨミ タイトルカナ タイトルよみ 資料名ヨミ title_transcription",
    "subtitle": "副書名 副題 副タイトル サブタイトル",
    "subtitle_kana": "副書名ヨミ 副書名カナ 副題ヨミ 副題読み サブタイトルヨミ",
    "original_title": "原題 原書名 原タイトル",
    "volume": "巻次 巻 巻号 巻数 巻冊 巻冊次 巻冊記号 巻(文字列) 巻(数字) 号数"
    " vol volume_number_string volume_number",
    "material": "資料種別 資料区分 資料種類 資料の形態 種別 種類 carrier_type",
    "author": "creators 著者 著者名 編著者 著編者 著者等 著者1 著者名1 作者 作者名 著作者 作・絵 責任表示"
    " creator author authors responsibility statement_of_responsibility",
    "author_kana": "著者ヨミ 著者カナ 著者よみ 著者読み 著者フリガナ 著者のヨミ 著者名ヨミ 著者名カナ "
    " 作者ヨミ creator_transcription creator_kana",
    "translator": "訳者 翻訳者 訳",
    "editor": "編者 編集者 編",
    "illustrator": "絵 画 画家 イラスト さしえ 挿絵",
    "publisher": "出版社 出版者 出版社名 出版者名 発行所 発行者 発行元 出版元 版元",
    "pub_year": "出版年 出版年月 出版年月日 出版日 出版日(文字列) 発行年 発行年月 発行年月日 発行日"
    " 刊行年 刊年 刊行年月 pub_date date_of_publication year_of_publication date issued",
    "pub_month": "出版月 発行月",
    "isbn": "ISBN ISBN13 ISBN10 ISBNコード 国際標準図書番号",
    "ndc": "分類 分類番号 分類記号 分類(NDC9) 分類(NDC10) 分類NDC 日本十進分類 NDC NDC9 NDC10"
    " classification:ndc9 classification:ndc10",
    "series": "シリーズ シリーズ名 叢書名 叢書 シリーズタイトル series_title",
    "series_kana": "シリーズヨミ シリーズカナ 叢書名ヨミ 叢書名カナ シリーズタイトルのヨミ"
    " series_title_transcription",
    "subjects": "件名 件名(NDLSH) キーワード subject subject:ndlsh subject:bsh",
    "extent": "ページ数 頁数 ページ 頁 形態 形態事項 大きさ",
    "language": "言語 本文言語 使用言語",
    "serial": "雑誌名",
    "serial_kana": "雑誌名ヨミ 雑誌名カナ",
    "issued_on": "雑誌発行日 号の発行日",
    "statement": "書誌情報 書誌事項",
    # Of the piece.
    "barcode": "資料番号 資料コード 登録番号 バーコード バーコード番号 資料バーコード 個別資料ID 図書番号"
    " 図書コード 所蔵番号 蔵書番号 蔵書ID 管理番号 item_identifier item_barcode",
    "branch": "item_branch 所蔵館 館 館名 図書館 図書館名 所蔵図書館 所属館 所蔵場所 library",
    "shelf": "配架場所 配架 排架場所 棚 棚番号 本棚 本棚の名称 置き場所 所在 location",
    "call_number": "item_call_number 請求記号 請求番号 背ラベル ラベル",
    "class_prefix": "別置 別置記号",
    "book_mark": "図書記号 著者記号",
    "tags": "item_tags タグ",
    "state": "item_state 状態 資料状態 所蔵状態 status",
    "withdrawn": "除籍 除籍区分 除籍日 除籍年月日",
    "not_for_loan": "item_not_for_loan 禁帯出 禁帯 禁帯出区分 持出禁止 貸出禁止",
    "for_loan": "帯出区分 貸出区分 貸出可否 帯出可否 帯出 貸出可",
    "volumes": "item_volumes 冊数",
    "item_added_on": "受入日 受入年月日 登録日 登録年月日 acquired_on acquired_at",
    "skip": "インポート省略 取り込まない dummy",
}
# What makes a table a list of titles, with one more column beside it that we know.
_NAMES_A_TITLE = {"title", "statement", "isbn", "barcode", "source"}
LOOKED_AT = 10  # rows, of which one has to be the header: a title of the list may stand above it


def folded(name: str) -> str:
    """What counts as the same name of a column."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s_\-‐-―()（）\[\]・:：*※.]", "", plain)


_KNOWN = {folded(name): name for name in COLUMNS}
for _name, _words in COLUMNS.items():
    for _word in _words.split():
        _KNOWN.setdefault(folded(_word), _name)


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns as they stand in the list, on which line, and what each was taken for."""

    line: int
    names: tuple[str, ...]
    columns: tuple[str | None, ...]  # our name, for each of theirs
    rows_from: int  # the line behind the header; there may be a second one in Japanese

    @property
    def width(self) -> int:
        return len(self.names)

    @property
    def known(self) -> int:
        return sum(column is not None for column in self.columns)

    @property
    def passed_over(self) -> list[str]:
        """What is in the list and not taken."""
        pairs = zip(self.names, self.columns, strict=True)
        return [name for name, column in pairs if name and column is None]


def find_header(rows: Iterable[Row], chosen: Mapping[str, str] | None = None) -> Header | None:
    """The header among the first rows of a list: the one in which most names are known.

    ``chosen``: names of the list as somebody has said what they are; nothing: not to be taken.
    """
    own = {folded(name): column for name, column in (chosen or {}).items()}
    found = [_header(row, own) for row in rows]
    known = [header for header in found if header.known and _is_of_titles(header)]
    best = max(known, key=lambda header: header.known, default=None)
    if best is None:
        return None
    behind = found[found.index(best) + 1 :]
    # Enju's has a line of English names and one of Japanese ones.
    if behind and behind[0].width == best.width and behind[0].known * 2 > best.known and behind[0].known > 2:
        second = behind[0]
        both = tuple(first or other for first, other in zip(best.columns, second.columns, strict=True))
        return Header(best.line, best.names, _with_title(both, best.names, own), second.line + 1)
    return Header(best.line, best.names, _with_title(best.columns, best.names, own), best.line + 1)


def _header(row: Row, own: Mapping[str, str]) -> Header:
    names = tuple(cell.strip().lstrip("\ufeff") for cell in row.cells)
    return Header(row.line, names, tuple(_column(name, own) for name in names), row.line + 1)


def _column(name: str, own: Mapping[str, str]) -> str | None:
    key = folded(name)
    return (own[key] or None) if key in own else _KNOWN.get(key)


def _is_of_titles(header: Header) -> bool:
    columns = set(header.columns) - {None}
    named = columns & _NAMES_A_TITLE
    # Enju calls the title original_title.
    return bool(named & {"title", "statement"} or (named and len(columns) > 1) or "original_title" in columns)


def _with_title(
    columns: Sequence[str | None], names: Sequence[str], own: Mapping[str, str]
) -> tuple[str | None, ...]:
    """Where no column is the title, the original title is: so it is called in Enju's lists."""
    if "title" in columns or "statement" in columns:
        return tuple(columns)
    free = [folded(name) not in own for name in names]
    return tuple(
        "title" if column == "original_title" and is_free else column
        for column, is_free in zip(columns, free, strict=True)
    )
