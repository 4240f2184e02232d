"""The hold cart: filled before login, kept over it, registered in its order."""

import pytest

import circulation
from models import Hold


def in_cart(reader) -> list[str]:
    return [heading.get_text(strip=True) for heading in reader.get("/cart").select("ol.cart .row-title")]


def count(soup) -> str:
    badge = soup.select_one("#cart-count")
    return "0" if badge.has_attr("hidden") else badge.get_text().split()[-1]


def test_a_title_goes_into_the_cart_before_login_and_the_count_follows(town, reader):
    kokoro = town.title("こころ")

    reader.post("/cart/add", bib=kokoro, back="/search?q=こころ")

    assert reader.went_to.startswith("/search?q=")
    page = reader.get("/search?q=こころ")
    assert count(page) == "1" and "カートに入っています" in page.text
    assert in_cart(reader) == ["こころ"]


def test_as_a_part_the_button_changes_in_place_and_the_count_with_it(town, reader):
    kokoro = town.title("こころ")

    part = reader.post("/cart/add", status=200, part=True, bib=kokoro)

    assert part.select_one(f"#cart-{kokoro} .in-cart")
    assert part.select_one("hx-partial")["hx-target"] == "#cart-count"
    assert count(part) == "1"


def test_putting_in_twice_is_no_mistake(town, reader):
    kokoro = town.title("こころ")
    reader.post("/cart/add", bib=kokoro)

    reader.post("/cart/add", bib=kokoro)

    assert in_cart(reader) == ["こころ"]


@pytest.mark.parametrize("part", [False, True])
def test_what_cannot_be_held_does_not_go_in_and_says_why(town, reader, part):
    atlas = town.title("地図", call_number="R 290")

    answer = reader.post("/cart/add", status=409, part=part, bib=atlas)

    assert "予約できません(参考資料)。" in answer.text
    assert in_cart(reader) == []


@pytest.mark.parametrize("bib", ["", "abc", "-1", "99999", "9" * 40, "１"])
def test_a_number_of_no_title_is_not_found(town, reader, bib):
    reader.post("/cart/add", status=404, bib=bib)


def test_only_a_page_of_ours_is_gone_back_to(town, reader):
    kokoro = town.title("こころ")

    elsewhere = (
        "https://example.com/",
        "//example.com",
        "/\\example.com",
        "javascript:alert(1)",
        "/\nx",
        "cart",
    )
    for back in elsewhere:
        reader.post("/cart/add", bib=kokoro, back=back)
        assert reader.went_to == f"/bibs/{kokoro}"


def test_the_cart_survives_login_without_doubles_and_in_its_order(town, reader, clock):
    one, two, three = town.title("一"), town.title("二"), town.title("三")
    circulation.put_in_cart(town.patrons["sato"], [two], clock())
    for bib in (one, two, three):
        reader.post("/cart/add", bib=bib)

    reader.log_in("sato", next="/cart")

    assert reader.went_to == "/cart"
    assert in_cart(reader) == ["二", "一", "三"]


def test_the_cart_is_on_the_server_after_login_and_comes_back_with_the_next_one(town, reader, app):
    from tests.reader import Reader

    reader.post("/cart/add", bib=town.title("こころ"))
    reader.log_in("sato")
    reader.log_out()
    assert in_cart(reader) == [], "the next one at this terminal sees nothing of it"

    assert in_cart(Reader(app).log_in("sato")) == ["こころ"]


def test_taking_out_works_from_the_list_and_from_the_cart(town, reader):
    one, two = town.title("一"), town.title("二")
    for bib in (one, two):
        reader.post("/cart/add", bib=bib)

    reader.post("/cart/remove", bib=one, **{"from": "cart"})
    assert reader.went_to == "/cart"
    part = reader.post("/cart/remove", status=200, part=True, bib=two)

    assert part.find("button") and count(part) == "0"
    assert in_cart(reader) == []


def test_the_cart_page_tells_what_is_left_under_each_limit_before_anything_is_pressed(town, reader):
    town.hold(town.title("もう予約した本"), "sato")
    reader.log_in("sato")
    reader.post("/cart/add", bib=town.title("こころ"))

    page = reader.get("/cart")

    assert page.select_one(".room li").text == "図書 あと4点予約できます(上限5点)"
    assert "1点を登録する" in page.select_one("form[action='/cart/register'] button").text
    assert page.select_one("input[name=pickup][checked]")["value"] == "main"
    assert page.select_one("input[name=contact][checked]")["value"] == "mail"


def test_registered_titles_are_told_with_their_place_and_the_sixth_book_stays_with_its_reason(town, reader):
    titles = [town.title(f"本 {n}") for n in range(1, 7)]
    town.hold(titles[0], "tanaka")
    reader.log_in("sato")
    for bib in titles:
        reader.post("/cart/add", bib=bib)

    reader.post("/cart/register", pickup="east", contact="mail")
    page = reader.get("/cart")

    assert "5点を予約しました" in page.text and "2番目、受取館 東分館" in page.text
    assert [heading.text.strip() for heading in page.select("ol.cart .row-title")] == ["本 6"]
    assert "図書の予約は5点までです(予約中 5点)" in page.select_one(".reason").text
    assert Hold.select().where(Hold.patron == town.patrons["sato"]).count() == 5


def test_a_reload_registers_nothing_and_tells_nothing_twice(town, reader):
    reader.log_in("sato")
    reader.post("/cart/add", bib=town.title("こころ"))
    reader.post("/cart/register", pickup="main", contact="mail")
    reader.get("/cart")

    assert "予約しました" not in reader.get("/cart").text
    reader.post("/cart/register", pickup="main", contact="mail")
    assert reader.went_to == "/my/holds", "sent again: what was registered is there"
    assert Hold.select().count() == 1


def test_as_a_part_the_result_comes_in_place(town, reader):
    reader.log_in("sato")
    reader.post("/cart/add", bib=town.title("こころ"))

    part = reader.post("/cart/register", status=200, part=True, pickup="main", contact="mail")

    assert "1点を予約しました" in part.select_one("#cart").text and count(part) == "0"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("mori", "広域利用者(青色のカード)の方は、予約はご利用いただけません。"),
        ("ito", "利用券の有効期限(2026年4月14日(火))が過ぎています。"),
        ("kato", "メールアドレスの登録が必要です。"),
    ],
)
def test_who_may_not_hold_keeps_the_cart_and_reads_why(town, reader, name, reason):
    reader.post("/cart/add", bib=town.title("こころ"))
    reader.log_in(name)

    page = reader.get("/cart")
    assert reason in page.select_one("ol.cart").text
    assert not page.select("form[action='/cart/register']"), "no button that the server would refuse"

    reader.post("/cart/register", status=409, pickup="main", contact="mail")
    assert in_cart(reader) == ["こころ"] and Hold.select().count() == 0


def test_without_a_mail_address_the_cart_leads_to_where_one_is_entered_and_back(town, reader):
    reader.post("/cart/add", bib=town.title("こころ"))
    reader.log_in("kato")

    link = reader.get("/cart").select_one(".problem a")["href"]
    page = reader.get(link)
    reader.post("/my/contact", mail="kato@example.jp", next=page.select_one("input[name=next]")["value"])
    saved = reader.get(reader.went_to)

    assert saved.select_one(".done a")["href"] == "/cart"
    assert reader.get("/cart").select("form[action='/cart/register']")


@pytest.mark.parametrize(
    "fields", [{"pickup": "moon", "contact": "mail"}, {"contact": "mail"}, {"pickup": "main"}, {}]
)
def test_a_form_without_a_known_branch_and_contact_comes_back_with_the_error_at_its_field(
    town, reader, fields
):
    reader.log_in("sato")
    reader.post("/cart/add", bib=town.title("こころ"))

    page = reader.post("/cart/register", status=422, **fields)

    assert page.select_one(".field-error").text in (
        "受取希望館を選んでください。",
        "連絡方法を選んでください。",
    )
    assert Hold.select().count() == 0


def test_what_a_form_adds_of_its_own_is_ignored(town, reader):
    reader.log_in("sato")
    reader.post("/cart/add", bib=town.title("こころ"))
    reader.post(
        "/cart/register",
        pickup="main",
        contact="mail",
        patron=town.patrons["tanaka"],
        card="100000012",
        state="ready",
        collect_by="2099-01-01",
        requested_at="2000-01-01",
    )

    hold = Hold.get()
    assert (hold.patron_id, str(hold.state), hold.collect_by) == (town.patrons["sato"], "waiting", None)
    assert hold.requested_at.year == 2026


def test_who_must_log_in_first_comes_back_to_the_filled_form(town, reader, clock):
    reader.log_in("sato")
    reader.post("/cart/add", bib=town.title("こころ"))
    reader.get("/cart")
    clock.forward(minutes=31)

    reader.post("/cart/register", pickup="west", contact="mail")
    assert reader.went_to == "/login?next=/cart"
    reader.log_in("sato", next="/cart")

    assert reader.get("/cart").select_one("input[name=pickup][checked]")["value"] == "west"
    assert Hold.select().count() == 0


def test_the_cart_takes_fifty_titles_and_says_so_at_the_next(town, reader):
    titles = [town.title(f"本 {n}") for n in range(51)]
    for bib in titles[:50]:
        reader.post("/cart/add", bib=bib)

    part = reader.post("/cart/add", status=409, part=True, bib=titles[50])

    assert "予約カートには50点まで入ります" in part.text
    assert len(in_cart(reader)) == 50
