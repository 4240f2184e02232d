"""Makes titles.csv from the public lists that README.md names: python3 -m samples.make_titles --help

Only real titles.  The same lists give the same file, byte for byte.
"""

import argparse
import csv
import gzip
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import title_list
from folding import isbn13
from intake import open_titles
from title_records import CreatorRecord, TitleRecord

HERE = Path(__file__).resolve().parent


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--aozora", required=True, help="作家別作品一覧拡充版: the works to take (.csv, .csv.gz)"
    )
    arguments.add_argument(
        "--wakayama", required=True, help="和歌山県立図書館 貸出ベスト, cells parted (.csv)"
    )
    arguments.add_argument("--ndl", required=True, help="answers of NDL OpenSearch as a list (.csv, .csv.gz)")
    arguments.add_argument("--japanmarc", required=True, help="JAPAN/MARC as a list (.csv)")
    arguments.add_argument("--out", default=HERE / "titles.csv")
    chosen = arguments.parse_args()

    titles: dict[str, TitleRecord] = {}
    isbns = set()
    for title in (
        *open_titles(chosen.aozora),
        *wakayama(rows(chosen.wakayama)),
        *ndl_books(rows(chosen.ndl)),
        *japanmarc(rows(chosen.japanmarc)),
        *ndl_music(rows(chosen.ndl)),
    ):
        if title.isbn is None or title.isbn not in isbns:
            titles.setdefault(title.source, title)
            isbns |= {title.isbn} - {None}
    with open(chosen.out, "w", encoding="utf-8", newline="") as file:
        write(titles.values(), file)
    print(f"{len(titles)} titles, {Path(chosen.out).stat().st_size:,} bytes")


COLUMNS = (
    *("source", "title", "material", "title_kana", "subtitle", "subtitle_kana", "original_title", "volume"),
    *("publisher", "pub_year", "pub_month", "isbn", "ndc", "series", "series_kana", "subjects", "extent"),
    "creators",
)


def write(titles: Iterable[TitleRecord], stream) -> None:
    """The columns of our own list that these titles have."""
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    for title in titles:
        cells = dict(zip(title_list.TITLE_COLUMNS, next(title_list.rows(title)), strict=False))
        table.writerow([cells[name] for name in COLUMNS])


def rows(path: str) -> list[dict[str, str]]:
    content = Path(path).read_bytes()
    text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


ROLES = {"著": "著者", "編": "編者", "訳": "翻訳者", "原作": "原作者"}

# ---- 和歌山県立図書館 貸出ベスト

VOLUME = re.compile(r"\[?(?:[0-9]+|BOOK[0-9]|NO,[0-9]+|[上中下]|[前後]編|続|[0-9]+[上下]巻)\]?")
# Characters that the original spreadsheet has lost: 任?病院, ?出版社.
LOST = re.compile(r"[一-鿿]\?[一-鿿]|^\?")


def wakayama(lent: list[dict[str, str]]) -> Iterator[TitleRecord]:
    for row in lent:
        isbn = isbn13(row["isbn13"])
        if row["parsed"] != "1" or not isbn or LOST.search(row["title"]) or LOST.search(row["publisher"]):
            continue
        title, _, last = row["title"].rpartition("\u3000")
        if not (title and VOLUME.fullmatch(last)):
            title, last = row["title"].replace("\u3000", " "), ""
        names, _, role = row["responsibility"].rpartition("／")
        role = role.strip("[]")
        # The spreadsheet has also taken leading zeros: 7.6 is 007.6, 19.5 is 019.5.
        whole, point, rest = row["分類"].partition(".")
        year, _, month = row["pubdate"].partition(".")
        yield TitleRecord(
            line=0,
            source=f"isbn:{isbn}",
            title=title,
            title_kana=title if re.fullmatch("[ぁ-ゖァ-ヺー・!? ]+", title) else "",
            volume=last.strip("[]").replace("NO,", "No."),
            publisher=row["publisher"],
            pub_year=int(year),
            pub_month=int(month) if month else None,
            isbn=isbn,
            ndc=whole.zfill(3) + point + rest if whole.isdigit() else "",
            series=row["series"],
            subjects="、".join(["児童書"] * (row["種別"] == "児童書") + ["絵本"] * (whole == "E")),
            extent=" ; ".join(filter(None, (row["extent"], row["size"].replace("?", "cm")))),
            creators=(CreatorRecord(names, role=ROLES.get(role, role)),) if names else (),
        )


# ---- 国立国会図書館


def ndl_books(found: list[dict[str, str]]) -> Iterator[TitleRecord]:
    """Printed books with ISBN and readings."""
    for row in found:
        isbn = isbn13(row["isbn"].split(" // ")[0])
        if row["category"] != "図書 // 紙" or not isbn or not isbn.startswith("9784"):
            continue
        if not (row["title_kana"] and row["creator_kana"] and row["ndlbibid"] and row["ndc"]):
            continue
        number = re.search("NDC[0-9]*:([0-9.]+)", row["ndc"])
        month = re.fullmatch("[0-9]{4}\\.([0-9]{1,2})", row["issued"])
        title, subtitle = parts_of(row["title"])
        kana, subtitle_kana = parts_of(row["title_kana"])
        juvenile = ["児童書"] * bool(re.fullmatch("Y([1-9]|1[0-8])", row["ndlc"]))
        subjects = [person_of(subject) for subject in row["subject"].split(" // ") if subject]
        yield TitleRecord(
            line=0,
            source=f"ndl:{row['ndlbibid']}",
            title=title,
            title_kana=kana,
            subtitle=subtitle,
            subtitle_kana=subtitle_kana,
            volume=re.sub("[][]", "", row["volume"]),
            publisher=publisher_of(row["publisher"].replace(" // ", " ; ")),
            pub_year=int(row["date"][:4]),
            pub_month=int(month[1]) if month else None,
            isbn=isbn,
            ndc=number[1] if number else "",
            series=row["series"],
            series_kana=row["series_kana"],
            subjects="、".join(juvenile + subjects),
            extent=row["extent"],
            creators=creators_of(row["creator"], row["creator_kana"], ""),
        )


def japanmarc(records: list[dict[str, str]]) -> Iterator[TitleRecord]:
    """Books with ISBN, class and readings; of one class a few only, since most of these are on e-books."""
    taken = Counter()
    for row in records:
        isbn = isbn13(row["isbn_020a"].split(":")[0])
        ndc = row["ndc9"] or row["ndc10"]
        year = re.match(r"([0-9]{4})\.([0-9]{1,2})\.", row["date_260c"])
        if not (isbn and ndc and year and row["title_kana"]) or taken[ndc[:3]] == 3:
            continue
        taken[ndc[:3]] += 1
        title, volume = volume_of(row["title_245ab_n_p"])
        kana, _ = volume_of(row["title_kana"])
        title, subtitle = parts_of(title)
        kana, subtitle_kana = parts_of(kana)
        subjects = [subject for subject in row["subject_650"].split(" // ") if subject]
        yield TitleRecord(
            line=0,
            source=f"ndl:{row['001']}",
            title=title,
            title_kana=kana,
            subtitle=subtitle,
            subtitle_kana=subtitle_kana,
            volume=volume,
            publisher=publisher_of(row["publisher_260b"]),
            pub_year=int(year[1]),
            pub_month=int(year[2]),
            isbn=isbn,
            ndc=ndc.split(" // ")[0],
            series=row["series_490"],
            series_kana=row["series_kana"].strip(" ."),
            subjects="、".join(subjects),
            extent=row["extent_300"].strip(" .+"),
            creators=creators_of(row["author_100_700"], row["author_kana"], row["responsibility_245c"]),
        )


# The CDs of the demo library, by NDL number: songs for children, music for school days, films, church.
CDS = """
    000010991775 023779282 000008976485 029029910 031747732 029106992 000010904086 029773839 031499732
    027814579 031499686 024927464 000009009784 023764032 032416781 030179427 023251653 024133191
    000010469085 000008974626 023764035
"""


def ndl_music(found: list[dict[str, str]]) -> Iterator[TitleRecord]:
    for row in found:
        if row["category"] != "録音資料 // 記録メディア" or row["ndlbibid"] not in CDS.split():
            continue
        title, subtitle = parts_of(row["title"])
        kana, subtitle_kana = parts_of(row["title_kana"])
        yield TitleRecord(
            line=0,
            source=f"ndl:{row['ndlbibid']}",
            material="av",
            title=title,
            title_kana=kana,
            subtitle=subtitle,
            subtitle_kana=subtitle_kana,
            volume=row["volume"],
            publisher=publisher_of(row["publisher"]),
            pub_year=int(row["date"][:4]),
            ndc="760",
            series=row["series"],
            series_kana=row["series_kana"],
            extent=row["extent"],
        )


def parts_of(title: str) -> tuple[str, str]:
    """Title and subtitle, without the title in another language behind =."""
    title = re.sub(" = [^:]+(?= : |$)", "", title.strip(" /."))
    first, _, rest = title.partition(" : ")
    return first.strip(), rest.strip()


def volume_of(title: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.+)\. ([^.]*[0-9][^.]*)", title.strip(" /."))
    return (found[1], found[2]) if found and len(found[2]) <= 12 else (title, "")


def publisher_of(cell: str) -> str:
    """The publisher without the distributor and without brackets of the cataloguer."""
    return re.split(" [;:] ", cell)[0].strip(" ,[]").removesuffix(" (発売)").rstrip("]")


def creators_of(names: str, readings: str, statement: str) -> tuple[CreatorRecord, ...]:
    """People with readings, which foreign names have not; roles as far as the statement shows them."""
    people = [person_of(name) for name in names.split(" // ") if name]
    kana = [person_of(reading) for reading in readings.split(" // ") if reading]
    japanese = [name for name in people if not name.isascii()]
    known = dict(zip(japanese, kana, strict=True)) if len(japanese) == len(kana) else {}
    if not people:
        people = [part.rpartition(" ")[0] for part in statement.strip(" .").split(" ; ") if " " in part]
    return tuple(
        CreatorRecord(name, known.get(name, ""), role=role_in(statement, name))
        for name in dict.fromkeys(people)
    )


def person_of(heading: str) -> str:
    """夏目 漱石 of 夏目, 漱石, 1867-1916; foreign names keep their comma."""
    name = unicodedata.normalize("NFKC", re.sub("[ ,]*[0-9]{3,4}-[0-9]*", "", heading)).strip(" ,")
    return name if name.isascii() else re.sub(", *", " ", name)


def role_in(statement: str, name: str) -> str:
    for part in statement.strip(" .").split(" ; "):
        credited, _, role = part.rpartition(" ")
        if name.replace(" ", "") in credited.replace(" ", ""):
            role = role.strip("[]")
            return ROLES.get(role, role)
    return ""


if __name__ == "__main__":
    main()
