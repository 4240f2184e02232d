"""Labels: which pieces, what stands on them, and a new book's way from its ISBN to its first reader."""

import pytest

import nw7
from models import Item, Loan
from tests.cast import CARDS
from tests.reader import said

SHEET = "/desk/labels/sheet"


def printed(page) -> list[str]:
    """What stands on each label, in words."""
    return [
        "/".join(part.text for part in label.select("b, small, span")) for label in page.select(".labels li")
    ]


def test_a_scanned_piece_gets_its_barcode_and_its_spine(town, desk):
    town.title("全集", volume="2")

    page = desk.get(f"{SHEET}?of=codes&codes=A300000001A&kind=both")

    assert printed(page) == ["しおり町立図書館/300000001", "913.6/ナ/2"]
    [svg] = page.select(".labels svg")
    bars = [(int(bar["x"]), int(bar["width"])) for bar in svg.select("rect")]
    assert tuple(bars) == nw7.bars("300000001").bars
    assert svg["viewbox"] == f"0 0 {nw7.bars('300000001').width} 50"


@pytest.mark.parametrize(("kind", "labels"), [("both", 4), ("barcode", 2), ("spine", 2)])
def test_barcodes_and_spines_can_be_printed_apart(town, desk, kind, labels):
    town.title("門", copies=2)

    page = desk.get(f"{SHEET}?of=range&first=300000001&last=300000002&kind={kind}")

    assert len(printed(page)) == labels and len(page.select("svg")) == (0 if kind == "spine" else 2)


def test_a_range_takes_barcodes_of_its_own_length_and_no_withdrawn_ones(town, desk):
    bib = town.title("門", copies=4)
    Item.update(barcode="30000000").where(Item.barcode == "300000002").execute()
    Item.update(state="withdrawn").where(Item.barcode == "300000003").execute()

    page = desk.get(f"{SHEET}?of=range&first=300000001&last=300000004&kind=barcode")
    alone = desk.get(f"{SHEET}?of=range&first=300000004&last=&kind=barcode")

    assert [label.split("/")[1] for label in printed(page)] == ["300000001", "300000004"]
    assert len(printed(alone)) == 1 and bib


def test_what_this_branch_got_today_is_chosen_by_one_click(town, desk, clock):
    bib = town.title("門")
    clock.forward(days=1)
    reader = desk.log_in_staff("ishida")
    town.copy(bib, branch="east")
    town.copy(bib)

    assert [label.split("/")[1] for label in printed(reader.get(f"{SHEET}?of=today&kind=barcode"))] == [
        "300000003"
    ]


def test_a_used_sheet_is_filled_from_its_first_free_place(town, desk):
    town.title("門", copies=3)

    page = desk.get(f"{SHEET}?of=range&first=300000001&last=300000003&kind=barcode&skip=28")

    first, second = page.select(".labels")
    assert [bool(label.text.strip()) for label in first.select("li")] == [False] * 28 + [True] * 2
    assert len(second.select("li")) == 1
    assert "ラベル 3枚(用紙 2枚)" in said(page)


def test_what_is_not_known_or_cannot_be_drawn_is_said(town, desk):
    town.title("門", copies=2)
    Item.update(barcode="K1").where(Item.barcode == "300000002").execute()

    page = desk.get(f"{SHEET}?of=codes&codes=300000001%0D%0AK1%0D%0A999&kind=barcode")

    assert "登録されていない資料番号があります: 999" in said(page)
    assert "番号だけを印刷します: K1" in said(page)
    assert [len(label.select("svg")) for label in page.select(".labels li")] == [1, 0]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("of=codes&codes=999", "その資料は見つかりませんでした。"),
        ("of=codes&codes=", "その資料は見つかりませんでした。"),
        ("of=range&first=1&last=9", "その資料は見つかりませんでした。"),
        ("of=today", "その資料は見つかりませんでした。"),
        ("of=moon&kind=moon", "その資料は見つかりませんでした。"),
        ("of=codes&codes=300000001&skip=30", "0から29までの数字で入れてください。"),
        ("of=codes&codes=300000001&skip=-1", "0から29までの数字で入れてください。"),
        ("of=codes&codes=300000001&skip=x", "0から29までの数字で入れてください。"),
    ],
)
def test_what_makes_no_sheet_is_said_with_the_form_as_it_was(town, desk, clock, query, sentence):
    town.title("門")
    clock.forward(days=1)
    desk.log_in_staff("ishida")

    page = desk.get(f"{SHEET}?{query}", status=422)

    assert sentence in said(page)
    if "codes=300000001" in query:
        assert page.select_one("#codes").text.strip() == "300000001"


def test_so_many_at_once_and_no_more(town, desk):
    town.title("門", copies=301)

    page = desk.get(f"{SHEET}?of=range&first=300000001&last=300000301", status=422)

    assert "一度に印刷できるのは300点までです。" in said(page)


def test_a_piece_without_a_call_number_says_so_on_its_spine(town, desk):
    town.title("門", call_number="")

    assert printed(desk.get(f"{SHEET}?codes=300000001&kind=spine")) == ["請求記号なし 300000001"]


def test_a_volunteer_takes_a_new_book_in_and_lends_it(town, desk):
    """From the ISBN on its cover to its first reader."""
    page = desk.get("/desk/titles/new")
    assert page.select_one("#isbn").has_attr("autofocus")
    page = desk.get("/desk/titles/new?isbn=9784101010014")
    desk.post(
        "/desk/titles/new",
        material="book",
        title="こころ",
        title_kana="こころ",
        creators__0__name="夏目 漱石",
        creators__0__reading="なつめ そうせき",
        isbn=page.select_one("#isbn")["value"],
        pub_year="R8",
        ndc="913.6",
    )
    page = desk.get(desk.went_to)
    form = page.select("form.stacked")[-1]
    call_number = form.select_one("#call_number")["value"]
    desk.post(form["action"], barcode="400000001", branch="main", call_number=call_number, volumes="1")
    page = desk.get(desk.went_to)
    page = desk.get(page.find("a", string="ラベルを印刷する")["href"])
    assert page.select_one("#codes").text.strip() == "400000001"
    assert printed(desk.get(f"{SHEET}?of=codes&codes=400000001&kind=both&skip=0")) == [
        "しおり町立図書館/400000001",
        "913.6/ナ",
    ]
    assert len(desk.get("/search?q=なつめそうせき").select(".bibs > li")) == 1

    desk.post("/desk/scan", code=CARDS["sato"][0])
    desk.post("/desk/scan", code="A400000001A")

    loan = Loan.get()
    assert (loan.patron_id, loan.item.bib.title) == (town.patrons["sato"], "こころ")
    assert "貸出 2026年4月29日(水)まで" in said(desk.get("/desk"))
