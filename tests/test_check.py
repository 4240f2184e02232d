"""`shiori check`: what is wrong with the library's own texts of mails, each with its file and line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import call_numbers
import check
import resources
from letters import names
from models import Item, db
from settings import Settings
from wording import Wording

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def told(tmp_path, policy):
    """What is found when the library has put this text under this name."""

    def told(name: str, text: str | bytes) -> list[str]:
        path = tmp_path / "mail" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        settings = Settings(tmp_path, "source-1", "127.0.0.1", 8000)
        found = [Wording().t(finding.key, **finding.facts) for finding in check.findings(settings, policy)]
        return [sentence.removeprefix(str(tmp_path / "mail")).lstrip("/\\") for sentence in found]

    return told


@pytest.mark.parametrize("name", names())
def test_the_texts_of_the_program_are_right(told, name):
    assert told(name, resources.text(f"templates/mail/{name}")) == []


def test_a_folder_that_is_not_there_is_right(policy, tmp_path):
    assert list(check.findings(Settings(tmp_path, "source-1", "127.0.0.1", 8000), policy)) == []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(
            "ja/hold_redy.txt",
            "件名\n\n本文\n",
            "ja/hold_redy.txt: この名前の文面は使われません。ja/hold_ready.txt ではありませんか。",
            id="a misspelt name",
        ),
        pytest.param(
            "deutsch.md",
            "件名\n\n本文\n",
            "deutsch.md: この名前の文面は使われません。名前を確かめてください。",
            id="a name like no other",
        ),
        pytest.param(
            "ja/trial.txt",
            "件名\n\n本文\n".encode("cp932"),
            "ja/trial.txt: 文字コードを UTF-8 にして保存してください。",
            id="another encoding",
        ),
        pytest.param(
            "ja/hold_ready.txt",
            "件名\n\n{{ library }\n",
            "ja/hold_ready.txt 3行目: 記号の書き方が正しくありません(unexpected '}')。",
            id="a bracket that is not closed",
        ),
        pytest.param(
            "ja/hold_ready.txt",
            "件名\n\n本文\n{{ library|shout }}\n",
            "ja/hold_ready.txt 4行目: 記号の書き方が正しくありません(No filter named 'shout'.)。",
            id="a filter that is none",
        ),
        pytest.param(
            "ja/trial.txt",
            "件名\n\n{% if library == 'x' %}\n{{ librry }}\n{% endif %}\n",
            "ja/trial.txt 4行目: librry は使えません。ここで使えるのは at、card、library、url です。",
            id="a misspelt fact where the example does not come by",
        ),
        pytest.param(
            "en/hold_ready.txt",
            "Subject\n\n{{ link }}\n",
            "en/hold_ready.txt 3行目: link は使えません。ここで使えるのは at、branches、card、holds、",
            id="a fact of another kind",
        ),
        pytest.param(
            "ja/_foot.txt",
            "--\n{{ n }}\n",
            "ja/_foot.txt 2行目: n は使えません。ここで使えるのは at、card、library、url です。",
            id="a fact that not every letter has",
        ),
        pytest.param(
            "ja/hold_expired.txt",
            "件名\n\n本文\n{% for hold in holds %}\n{{ hold.titel }}\n{% endfor %}\n",
            "ja/hold_expired.txt 5行目: ここでメールを作れません(",
            id="a part of a hold that is none",
        ),
        pytest.param(
            "ja/hold_expired.txt",
            "件名\n\n本文\n\n{{ holds[0].title }}\n",
            "ja/hold_expired.txt 5行目: ここでメールを作れません(",
            id="what only some letters have",
        ),
        pytest.param(
            "ja/trial.txt",
            "件名\n\n{% include 'mail/ja/_food.txt' %}\n",
            "ja/trial.txt 3行目: ここでメールを作れません(",
            id="a part that is none",
        ),
        pytest.param(
            "ja/trial.txt",
            "件名\n\n{{ library.__class__.__mro__ }}\n",
            "ja/trial.txt 3行目: ここでメールを作れません(",
            id="a way out of the text",
        ),
        pytest.param(
            "ja/trial.txt",
            "\n件名\n\n本文\n",
            "ja/trial.txt: 1行目に件名を書いてください。",
            id="no subject",
        ),
        pytest.param(
            "ja/trial.txt",
            "件名\n\n{% include 'mail/ja/_foot.txt' %}\n",
            "ja/trial.txt: 件名の下に、1行あけて本文を書いてください。",
            id="nothing but the foot",
        ),
        pytest.param(
            "ja-easy/password_link.txt",
            "件名\n\nここ: {{ link }}\n",
            "ja-easy/password_link.txt: このお知らせには、ご本人だけが使えるアドレスが要ります。",
            id="a link that nobody can press",
        ),
        pytest.param(
            "frame.html",
            "<h1>{{ subject }}</h1>\n",
            "frame.html: 本文が出ません。",
            id="a frame around nothing",
        ),
        pytest.param(
            "frame.html",
            "<h1>{{ subject }}</h1>\n{{ body }}\n",
            "frame.html 2行目: body は使えません。ここで使えるのは foot、lang、paragraphs、subject です。",
            id="a frame that asks for what is not there",
        ),
    ],
)
def test_what_is_wrong_is_told_once_with_file_and_line_and_what_to_do(told, name, text, expected):
    [sentence] = told(name, text)

    assert sentence.startswith(expected) and sentence.endswith("。")


def test_a_broken_foot_is_not_told_again_for_each_text_that_has_it(told):
    told("ja/trial.txt", resources.text("templates/mail/ja/trial.txt"))

    [sentence] = told("ja/_foot.txt", "--\n{% if %}\n")
    assert sentence.startswith("ja/_foot.txt 2行目: ")


def test_what_an_editor_leaves_there_is_let_be(told):
    assert told("ja/.hold_ready.txt.swp", b"\x00\xff") == []


@pytest.mark.parametrize("changes", [(('name = "しおり町立図書館"', "name = \"<しおり> & 'ねこ'\""),)])
def test_a_frame_escapes_what_it_shows_and_that_is_right(told):
    assert told("frame.html", resources.text("templates/mail/frame.html")) == []


# -- the command -------------------------------------------------------------------------------------------


def run(folder: Path, **settings: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIORI_")}
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "check"],
        env={**kept, "SHIORI_DATA": str(folder), "PYTHONUTF8": "1", **settings},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def test_the_command_says_that_all_is_right_and_makes_nothing(tmp_path):
    done = run(tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "source-1: 直すところはありません(しおり町立図書館)。",
        "直すところはありません。",
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_command_counts_what_it_found(tmp_path):
    (tmp_path / "mail/ja").mkdir(parents=True)
    (tmp_path / "mail/ja/trial.txt").write_text("件名\n\n{{ librry }}\n", encoding="utf-8")
    (tmp_path / "mail/ja/password_set.txt").write_text("\n", encoding="utf-8")

    done = run(tmp_path)

    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert len(done.stdout.splitlines()) == 4 and done.stdout.endswith("直すところが 2か所あります。\n")


def test_a_policy_with_a_mistake_is_told_first(tmp_path):
    text = resources.text("policies/source-1.toml").replace("times = 1", "tims = 1")
    (tmp_path / "library.toml").write_text(text, encoding="utf-8")

    done = run(tmp_path)

    assert done.returncode == 2 and "renewal.tims" in done.stderr


def test_a_piece_that_stands_where_its_call_number_does_not_say_is_told_of(town, database, policy):
    settings = Settings(database.parent, "source-1", "127.0.0.1", 8000)
    town.title("こころ", copies=2)
    assert list(check.findings(settings, policy)) == []

    Item.update(shelf_key="elsewhere").where(Item.id == 1).execute()
    assert [(finding.key, finding.facts["n"]) for finding in check.findings(settings, policy)] == [
        ("check.shelf_order", 1)
    ]
    call_numbers.arrange(db)

    assert list(check.findings(settings, policy)) == []
