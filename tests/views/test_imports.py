"""An administrator puts in a list, sees how it was understood, corrects it, and imports it."""

import io

import pytest

import importing
import jobs
import models
from models import Bib, Event, ImportRun, Item
from tests.reader import said

PAGE = "/desk/admin/import"
LIST = "資料番号,書名,著者,ISBN,所蔵館,備考\n0001,坊っちゃん,夏目漱石著,9784003101032,東分館,寄贈\n"


@pytest.fixture
def admin(reader):
    return reader.log_in_staff("murakami")


@pytest.fixture(autouse=True)
def alone():
    """No import of another test is still at work."""
    yield
    importing.wait()


def put_in(admin, content: str | bytes, name="蔵書.csv", status=303):
    content = content.encode() if isinstance(content, str) else content
    return admin.post(PAGE, status=status, list=(io.BytesIO(content), name))


def press(admin, button: str, status=303, **fields):
    """Press the button that the page shows, with what stands in its form."""
    page = admin.get(PAGE)
    [form] = [form for form in page.select("main form") if form.button.get_text(strip=True) == button]
    filled = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
    for select in form.select("select"):
        chosen = select.select_one("option[selected]")
        filled[select["name"]] = chosen["value"] if chosen else ""
    return admin.post(form["action"], status=status, **{**filled, **fields})


def number_of(page, name: str) -> str:
    [found] = [row.dd.text for row in page.select("dl.about > div") if row.dt.text == name]
    return found


def test_a_list_is_looked_at_first_and_then_imported(admin, town, app):
    put_in(admin, LIST)
    page = admin.get(PAGE)

    assert Bib.select().count() == 0, "looking at a list changes nothing"
    assert "坊っちゃん 夏目漱石(著者) 9784003101032 0001 東分館" in said(page)
    assert "取り込まない列: 備考" in said(page)
    assert number_of(page, "新しく登録する資料") == "1件"
    press(admin, "取り込む")
    importing.wait()

    [item] = Item.select()
    assert (item.barcode, item.branch, item.bib.title) == ("0001", "east", "坊っちゃん")
    page = admin.get(PAGE)
    assert "取り込みが終わりました" in said(page) and number_of(page, "新しく登録した所蔵") == "1点"
    assert [event.kind for event in Event.select()] == ["list_imported"]
    assert list((app.config["SETTINGS"].folder / "import").iterdir()) == [], "the file is kept no longer"
    press(admin, "片付ける")
    assert ImportRun.select().count() == 0 and "資料の一覧" in said(admin.get(PAGE))


def test_a_column_that_was_not_understood_is_chosen_on_the_page(admin, town):
    put_in(admin, "本の題,書名,ばんごう\n門,,7\n")
    assert "書名がありません" in said(admin.get(PAGE))
    press(
        admin,
        "読み取りなおす",
        **{"column-0": "title", "column-1": "", "column-2": "barcode", "branch": "west", "digits": "５"},
    )
    assert "00007" in said(admin.get(PAGE))
    press(admin, "取り込む")
    importing.wait()

    [item] = Item.select()
    assert (item.bib.title, item.barcode, item.branch) == ("門", "00007", "west")


def test_rows_that_are_refused_come_back_with_their_reason_to_be_mended(admin, town):
    put_in(admin, LIST + "0002,門,夏目漱石著,9784003101039,東分館,\n0003,=1+1,,,どこか,\n")
    press(admin, "取り込む")
    importing.wait()
    page = admin.get(PAGE)
    assert number_of(page, "取り込めなかった行") == "2行"
    admin.get(f"{PAGE}/refused")
    mended = admin.response.get_data().decode("utf-8-sig")

    assert "3,ISBN「9784003101039」が正しくありません" in mended
    assert "4,所蔵館「どこか」がありません" in mended and "'=1+1" in mended
    put_in(admin, mended.replace("9784003101039", "").replace("どこか", "東分館"))
    press(admin, "取り込む")
    importing.wait()
    assert {bib.title for bib in Bib.select()} == {"坊っちゃん", "門", "=1+1"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "ファイルに何も入っていません"),
        (b"a,b\n1,2\n", "書名の列が見つかりません。ファイルの始めは「a, b」でした"),
        (b"PK\x03\x04 broken", "こわれているか、途中で切れています"),
        (b"\x1f\x8b broken", "こわれているか、途中で切れています"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "古い形のExcelファイル"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_leaves_what_was_there(admin, town, content, reason):
    put_in(admin, LIST)
    page = put_in(admin, content, status=422)

    assert reason in said(page)
    assert "坊っちゃん" in said(admin.get(PAGE))
    press(admin, "取り込む")
    importing.wait()
    assert Bib.select().count() == 1


def test_without_a_file_the_page_asks_for_one(admin):
    page = admin.post(PAGE, status=422)
    assert "取り込むファイルを選んでください。" in said(page)


def test_choices_that_make_no_sense_are_told_at_their_fields(admin, town):
    put_in(admin, LIST)
    page = press(admin, "読み取りなおす", status=422, branch="nowhere", digits="99")
    assert "所蔵館を選んでください。" in said(page) and "1から20まで" in said(page)


def test_a_file_may_be_large_for_an_administrator_and_for_nobody_else(admin, app, town):
    big = LIST + "".join(f"{number:06},題{number},,,,{'あ' * 200}\n" for number in range(500))
    assert len(big.encode()) > app.config["MAX_CONTENT_LENGTH"]
    put_in(admin, big)
    assert "501行" in said(admin.get(PAGE))
    admin.log_out_staff()
    admin.log_in_staff("ishida")
    put_in(admin, big, status=413)


def test_while_one_runs_another_administrator_sees_how_far_it_is_and_cannot_put_in_another(
    admin, town, clock
):
    put_in(admin, LIST)
    # By another process, which was heard of just now.
    told = ImportRun.get().told.replace('{"file"', '{"by": "another", "file"')
    ImportRun.update(state="running", done=1, total=3, told=told, at=clock()).execute()
    page = admin.get(PAGE)
    assert "3行のうち 1行が済みました。" in said(page)
    assert page.select_one("a[hx-trigger='every 1s']")
    assert "every 1s" in str(admin.get(PAGE, part=True))
    assert "取り込みが進んでいます" in said(put_in(admin, LIST, status=409))
    mark = {"mark": importing.current(clock()).told["mark"]}
    admin.post(f"{PAGE}/close", status=409, **mark)


def test_after_a_restart_the_page_says_where_it_stopped_and_offers_to_run_it_again(admin, town, clock):
    put_in(admin, LIST)
    told = ImportRun.get().told.replace('{"file"', '{"by": "another", "file"')
    ImportRun.update(state="running", done=1, total=3, told=told, at=clock()).execute()
    clock.forward(minutes=5)

    assert "3行のうち 1行まで済みました" in said(admin.get(PAGE))
    press(admin, "もう一度取り込む")
    importing.wait()
    assert Bib.get().title == "坊っちゃん" and "終わりました" in said(admin.get(PAGE))


def test_the_button_pressed_twice_imports_once_and_one_of_an_older_page_not_at_all(admin, town, clock):
    put_in(admin, LIST)
    mark = importing.current(clock()).told["mark"]
    put_in(admin, LIST.replace("坊っちゃん", "草枕"))
    assert "ほかの方が一覧を変えた" in said(admin.post(f"{PAGE}/start", status=409, mark=mark))
    assert Bib.select().count() == 0
    mark = importing.current(clock()).told["mark"]
    for _ in range(2):
        admin.post(f"{PAGE}/start", mark=mark)
        importing.wait()
    assert [bib.title for bib in Bib.select()] == ["草枕"]
    assert Event.select().count() == 1


def test_what_a_list_calls_itself_and_says_is_only_shown(admin, town):
    put_in(admin, "書名,<b>列</b>\n<script>alert(1)</script>,1\n", name="../../<b>x</b>.csv")
    text = str(admin.get(PAGE))
    assert "<script>alert" not in text and "<b>列" not in text and "<b>x" not in text
    assert models.ImportRun.get().name == "b>.csv" or "x" in models.ImportRun.get().name


def test_an_import_that_fails_says_so_and_can_be_run_again(admin, town, caplog):
    put_in(admin, LIST)
    models.db.execute_sql("CREATE TRIGGER broken BEFORE INSERT ON bib BEGIN SELECT raise(ABORT, 'x'); END")
    press(admin, "取り込む")
    importing.wait()
    assert "途中で止まっています" in said(admin.get(PAGE))
    models.db.execute_sql("DROP TRIGGER broken")
    press(admin, "もう一度取り込む")
    importing.wait()
    assert Bib.select().count() == 1


def test_of_a_long_list_the_beginning_is_weighed_and_all_of_it_imported(admin, town, monkeypatch):
    monkeypatch.setattr(importing, "_WEIGHED", 2)
    put_in(admin, "書名\n甲\n乙\n丙\n")
    page = admin.get(PAGE)
    assert "始めの2行だけで数えました" in said(page) and "3行を取り込みます" in said(page)
    press(admin, "取り込む")
    importing.wait()
    assert Bib.select().count() == 3


def test_what_nobody_puts_away_goes_after_a_week(admin, town, app, clock):
    folder = app.config["SETTINGS"].folder / "import"
    put_in(admin, LIST + "0003,門,,9,どこか,寄贈 太郎\n")
    press(admin, "取り込む")
    importing.wait()
    assert "寄贈 太郎" in (folder / "refused.csv").read_text("utf-8-sig")
    clock.forward(days=6)
    assert jobs.run(town.policy, clock())["lists_forgotten"] == 0 and (folder / "refused.csv").is_file()
    clock.forward(days=2)
    assert jobs.run(town.policy, clock())["lists_forgotten"] == 1
    assert list(folder.iterdir()) == [] and ImportRun.select().count() == 0
    assert jobs.run(town.policy, clock())["lists_forgotten"] == 0
