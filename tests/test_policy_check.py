"""`shiori policy check FILE`: every mistake at once, each with its line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from policy_lines import line_of

ROOT = Path(__file__).resolve().parent.parent
RIGHT = (ROOT / "policies/source-1.toml").read_text("utf-8")


def check(*arguments) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIORI_")}
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "policy", "check", *map(str, arguments)],
        env={**kept, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def test_a_file_without_mistakes_says_so_and_touches_nothing(tmp_path):
    file = tmp_path / "library.toml"
    file.write_text(RIGHT, "utf-8")

    told = check(file)

    assert told.returncode == 0 and "直すところはありません" in told.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["library.toml"]


def test_mistakes_of_every_kind_are_told_together_in_the_order_of_the_file(tmp_path):
    wrong = RIGHT
    for right, mistaken in (
        ('hours = "10:00-18:00"', 'hours = "10-18"'),
        ('{ prefix = "07", say', '{ prefx = "07", say'),
        ("times = 1", "tims = 1"),
        ('of = ["av"]\nmost = 2', 'of = ["ab"]\nmost = 2'),
        ("most = 5", 'most = "five"'),
    ):
        assert right in wrong
        wrong = wrong.replace(right, mistaken)
    file = tmp_path / "library.toml"
    file.write_text(wrong, "utf-8")

    told = check(file)

    def line(text: str) -> str:
        return f"{wrong[: wrong.index(text)].count(chr(10)) + 1}行目"

    assert told.returncode == 2 and "Traceback" not in told.stderr
    assert [row.split()[:2] for row in told.stderr.splitlines()[1:]] == [
        [line('hours = "10-18"'), "branch[1].hours:"],
        [line("prefx"), "card.barred[1].prefix:"],
        [line("prefx"), "card.barred[1].prefx:"],
        [line("[renewal]"), "renewal.times:"],
        [line("tims"), "renewal.tims:"],
        [line('"five"'), "hold.limit[1].most:"],
        [line('"ab"'), "hold.limit[3].of:"],
    ]


def test_what_is_no_toml_names_the_line_that_the_reader_stumbled_at(tmp_path):
    file = tmp_path / "library.toml"
    file.write_text('[library]\nname = "しおり\n', "utf-8")

    told = check(file)

    assert told.returncode == 2 and "2行目 TOMLとして読めません" in told.stderr


def test_a_file_that_is_not_there_is_told(tmp_path):
    told = check(tmp_path / "nowhere.toml")

    assert told.returncode == 2 and "を読めません" in told.stderr and "Traceback" not in told.stderr


def test_a_mistake_is_told_in_english_with_its_line(tmp_path):
    wrong = RIGHT.replace("times = 1", "tims = 1").replace("most = 5", 'most = "five"')
    file = tmp_path / "library.toml"
    file.write_text(wrong, "utf-8")

    told = check(file, "--language", "en")

    def line(text: str) -> str:
        return f"  line {wrong[: wrong.index(text)].count(chr(10)) + 1}: "

    assert told.returncode == 2 and told.stdout == ""
    assert told.stderr.splitlines() == [
        f"The policy file {file} has mistakes.",
        f"{line('[renewal]')}renewal.times: A value is needed here.",
        f"{line('tims')}renewal.tims: There is no such key. Did you mean “times”?",
        line('"five"')
        + 'hold.limit[1].most: Please write a number that is 0 or more, or "unlimited" if there is no limit.',
    ]


def test_what_is_worth_a_second_look_is_told_in_english(tmp_path):
    file = tmp_path / "library.toml"
    file.write_text(
        RIGHT + '\n[[category]]\nid = "extra"\nname = "おまけ"\nwhen = { tag = "おまけ" }\n', "utf-8"
    )

    told = check(file, "--language", "en")

    assert told.returncode == 0 and told.stderr == ""
    assert told.stdout.splitlines()[:2] == [
        f"{file}: no mistakes (しおり町立図書館).",
        "It can be used, but please look at 1 place again.",
    ]
    assert "No rule uses “extra”." in told.stdout


def test_a_file_that_is_not_there_is_told_in_english(tmp_path):
    told = check(tmp_path / "nowhere.toml", "--language", "en")

    assert told.returncode == 2 and "cannot be read" in told.stderr and "Traceback" not in told.stderr


SOURCE = '''\
top = 1
[library]
name = """
times = 3
"""
[[branch]]
id = "main"   # first
[[branch]]
  id  = "east"
hold.cancel.web = ["waiting"]
[hold]
"contact" = ["mail"]
[[hold.limit]]
most = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("top", 1),
        ("library.name", 3),
        ("library.times", 2),
        ("branch[1].id", 7),
        ("branch[2].id", 9),
        ("branch[2].name", 8),
        ("branch[2].hold.cancel.web[1]", 10),
        ("hold.contact[1]", 12),
        ("hold.limit[1].most", 14),
        ("hold.limit[1].of", 13),
        ("hold.limit", 13),
        ("nowhere.at.all", None),
    ],
)
def test_a_key_is_found_at_its_line_and_a_missing_one_at_its_table(path, line):
    assert line_of(SOURCE, path) == line
