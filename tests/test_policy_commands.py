"""`shiori policy check, explain, diff`: what a volunteer asks who wonders why, or what would change."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from models import Patron
from policy_advice import advice
from policy_diff import differences
from policy_file import read_policy
from tests.facts import EVERYTHING, SOURCE_1, SOURCE_1_TEXT, SOURCE_2, SOURCE_2_TEXT, WEB, edited, on, row

ROOT = Path(__file__).resolve().parent.parent
TODAY = date(2026, 4, 15)


def shiori(*arguments, **environment) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIORI_")}
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "policy", *map(str, arguments)],
        env={**kept, **environment, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


# -- explain -----------------------------------------------------------------------------------------------


@pytest.fixture
def explain(town, database):
    def explain(name, bib, *more, policy="source-1"):
        card = Patron.get_by_id(town.patrons[name]).card_number
        asked = ("explain", policy, "--card", card, "--bib", bib, "--on", "2026-04-15", *more)
        return shiori(*asked, SHIORI_DATA=str(database.parent))

    return explain


def line_of(text: str) -> str:
    return f"{SOURCE_1_TEXT[: SOURCE_1_TEXT.index(text)].count(chr(10)) + 1}行目 "


def test_a_full_limit_is_explained_with_its_line(town, explain):
    for name in "あいうえお":
        town.hold(town.title(name), "sato")

    told = explain("sato", town.title("こころ"))

    assert told.returncode == 0, told.stderr
    limit = line_of("[[hold.limit]]                            # 予約できる点数")
    assert "予約: できません" in told.stdout
    [refusal] = [line for line in told.stdout.splitlines() if "図書の予約は5点までです" in line]
    assert refusal.endswith(f"  ← {limit}hold.limit[1]")
    assert "図書は、5点のうち5点" in told.stdout


def test_a_renewal_is_explained_with_its_new_date_and_the_line_that_gave_it(town, explain):
    kokoro = town.title("こころ")
    town.lend(kokoro, "sato")

    told = explain("sato", kokoro)

    assert "貸出更新: できます(2026年5月6日(水)まで)" in told.stdout
    assert f"期間は、2週間  ← {line_of('by = { weeks = 2 }')}renewal.by" in told.stdout
    assert (
        "すでに借りている資料" in told.stdout or "いま借りている資料です。  ← どの図書館でも" in told.stdout
    )


def test_a_block_is_explained_by_every_way_with_its_line(town, explain):
    kokoro = town.title("こころ")
    town.lend(kokoro, "ito")

    on_the_web, at_the_desk = explain("ito", kokoro), explain("ito", kokoro, "--at", "desk")

    for told in (on_the_web, at_the_desk):
        assert told.stdout.count("利用券の有効期限(2026年4月14日(火))が過ぎています。") == 3
        assert f"← {line_of('[[block]]')}block[1]" in told.stdout


def test_another_day_gives_another_answer(town, explain):
    kokoro = town.title("こころ")
    town.lend(kokoro, "sato", due_in=7)

    late = explain("sato", kokoro, "--on", "2026-04-30")

    assert "更新できません。返却期限を8日過ぎています。図書館へお返しください。" in late.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        row("a day that is none", ("--on", "yesterday"), 2, "日付は 2026-12-01 のように書いてください"),
        row("a branch that is none", ("--branch", "moon"), 2, "「moon」という館はありません。"),
        row("a card that is none", ("--card", "999"), 1, "その番号の利用券はありません。"),
        row("a title that is none", ("--bib", "9999"), 1, "その番号の書誌はありません。"),
    ],
)
def test_what_is_not_there_gets_a_sentence(town, explain, arguments, status, sentence):
    told = explain("sato", town.title("こころ"), *arguments)

    assert told.returncode == status
    assert sentence in told.stderr and "Traceback" not in told.stderr and told.stdout == ""


def test_without_a_database_nothing_is_made(tmp_path):
    told = shiori("explain", "source-1", "--card", "1", "--bib", "1", SHIORI_DATA=str(tmp_path))

    assert told.returncode == 1 and "がありません" in told.stderr
    assert list(tmp_path.iterdir()) == []


# -- diff --------------------------------------------------------------------------------------------------


def changed(*changes: tuple[str, str], language: str = "ja") -> list[str]:
    return differences(SOURCE_1_TEXT, edited(SOURCE_1_TEXT, *changes), on(WEB), language)


def test_the_same_file_is_no_difference_and_neither_are_comments_and_order():
    assert differences(SOURCE_1_TEXT, SOURCE_1_TEXT, on(WEB), "ja") == []
    reordered = edited(
        SOURCE_1_TEXT,
        ('[[hold.limit]]\nof = ["av"]\nmost = 2\n', ""),
        ("[hold.shelf]", '[[hold.limit]]\nof = ["av"]\nmost = 2\n\n[hold.shelf]'),
        ("# 利用のきまり。", "# きまり。"),
    )
    assert differences(SOURCE_1_TEXT, reordered, on(WEB), "ja") == []


def test_a_changed_number_is_told_as_patrons_read_it_and_as_it_is_written():
    assert changed(('of = ["book"]\nmost = 5', 'of = ["book"]\nmost = 8')) == [
        "利用のきまりの文(- なくなる、+ 加わる)",
        "  - 予約できる点数: 図書は、5点までです。",
        "  + 予約できる点数: 図書は、8点までです。",
        "ファイルの行",
        '  hold.limit[of = ["book"]].most: 5 → 8',
    ]


def test_another_name_for_the_card_changes_no_rule():
    assert changed(('card = "利用券"', 'card = "図書カード"')) == [
        "ファイルの行",
        '  words.card: "利用券" → "図書カード"',
    ]


def test_a_new_line_is_shown_whole():
    told = changed(("[hold.shelf]", '[[hold.not]]\nof = ["manga"]\nwho = ["commuter"]\n\n[hold.shelf]'))

    assert '  + hold.not = { of = ["manga"], who = ["commuter"] }' in told
    assert "  + 予約できない資料: 在勤・在学の方は、マンガは、予約できません。" in told


def test_one_period_for_all_that_becomes_lines_is_one_difference():
    told = changed(("by = { weeks = 2 }", 'by = [{ of = ["book"], weeks = 3 }]'))

    assert told[-2:] == ["  - renewal.by = { weeks = 2 }", '  + renewal.by = { of = ["book"], weeks = 3 }']


def test_the_command_compares_two_files_and_tells_the_mistakes_of_either(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text(SOURCE_2_TEXT.replace("times = 1", "tims = 1"), "utf-8")

    alike, different = shiori("diff", "source-1", "source-1"), shiori("diff", "source-1", "source-2")
    first_broken, second_broken = shiori("diff", broken, "source-1"), shiori("diff", "source-1", broken)

    assert (alike.returncode, alike.stdout) == (0, "ちがいはありません。\n")
    assert different.returncode == 0 and 'renewal.from: "due date" → "day of request"' in different.stdout
    for told in (first_broken, second_broken):
        assert told.returncode == 2 and "renewal.tims" in told.stderr and "broken.toml" in told.stderr


# -- advice ------------------------------------------------------------------------------------------------


def advised(*changes: tuple[str, str], text: str = SOURCE_1_TEXT) -> list[tuple[str, str]]:
    return [(one.path, one.problem) for one in advice(read_policy(edited(text, *changes)), TODAY)]


@pytest.mark.parametrize(
    "library", [SOURCE_1, SOURCE_2, EVERYTHING], ids=lambda library: library.library.name
)
def test_a_sheet_that_is_meant_gets_no_advice(library):
    assert advice(library, TODAY) == []


END = "[password]"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        row(
            "a branch that is closed on every day of the week",
            'name = "本館"\nmain = true\nclosed = ["monday", "12-28..01-04"]',
            'name = "本館"\nmain = true\nclosed = ["01-01..12-31"]',
            ("branch[1].closed", "advice.never_open"),
        ),
        row(
            "a category that no line uses",
            END,
            f'[[category]]\nid = "絵本"\nwhen = {{ call_number = "E" }}\n\n{END}',
            ("category[1]", "advice.unused"),
        ),
        row(
            "people whom no line names",
            END,
            f'[[people]]\nid = "子ども"\nwhen = {{ age_to = 12 }}\n\n{END}',
            ("people[1]", "advice.unused"),
        ),
        row(
            "two limits for the same",
            "[hold.shelf]",
            '[[hold.limit]]\nof = ["book"]\nmost = 7\n\n[hold.shelf]',
            ("hold.limit[5]", "advice.same_question"),
        ),
        row(
            "two periods for the same",
            "by = { weeks = 2 }",
            'by = [{ of = ["book"], weeks = 2 }, { of = ["book"], weeks = 3 }]',
            ("renewal.by[2]", "advice.same_question"),
        ),
        row(
            "a limit for what cannot be held anyway",
            "[hold.shelf]",
            '[[hold.limit]]\nof = ["manga"]\nmost = 1\n\n[hold.shelf]',
            ("hold.limit[5]", "advice.refused_anyway"),
        ),
        row(
            "a limit inside a smaller one",
            "[hold.shelf]",
            '[[hold.limit]]\nof = ["book", "magazine"]\nmost = 3\n\n[hold.shelf]',
            ("hold.limit[1]", "advice.limit_inside"),
        ),
        row(
            "a limit on a category of a material that has a smaller one",
            "[hold.shelf]",
            '[[category]]\nid = "絵本"\nwhen = { material = "book", call_number = "E" }\n'
            '[[hold.limit]]\nof = ["絵本"]\nmost = 6\n\n[hold.shelf]',
            ("hold.limit[5]", "advice.limit_inside"),
        ),
        row(
            "how long everything is lent beside what each material says",
            "[[loan.limit]]",
            '[[loan.by]]\nbranch = ["west"]\nweeks = 1\n\n[[loan.limit]]',
            ("loan.by[1]", "advice.material_decides"),
        ),
        row("a line that refuses all", END, f"[[hold.not]]\n\n{END}", ("hold.not[1]", "advice.refuses_all")),
        row(
            "a block behind a stricter one",
            "[[block]]",
            '[[block]]\nwhen = { overdue = { days = 1 } }\nstops = ["hold"]\n'
            '[[block]]\nwhen = { overdue = { days = 14 } }\nstops = ["hold"]\n[[block]]',
            ("block[2]", "advice.block_behind"),
        ),
        row(
            "a season that is over",
            END,
            '[[season]]\nname = "冬"\nfrom = "2025-12-01"\nto = "2025-12-27"\n'
            "renewal.times = 2\n\n[password]",
            ("season[1]", "advice.season_over"),
        ),
    ],
)
def test_a_line_that_cannot_be_meant_is_told_with_its_place(old, new, expected):
    assert advised((old, new)) == [expected]


def test_a_renewal_that_never_gains_a_day_is_told_for_each_material():
    late_and_short = 'opens = { days_before_due = 2 }\nuntil = { days = 14, from = "loan date" }\nrefused ='
    found = advised(
        ('from = "due date"', 'from = "day of request"'),
        ("by = { weeks = 2 }", "by = { days = 3 }"),
        ("refused =", late_and_short),
    )

    assert found == [(f"material[{n}]", "advice.renewal_gains_nothing") for n in (1, 2, 4)]


def test_a_library_where_nobody_may_hold_is_told_so():
    text = SOURCE_1_TEXT.replace("holds = true", "holds = false")

    assert [(one.path, one.problem) for one in advice(read_policy(text), TODAY)] == [
        ("patron", "advice.nobody_may_hold")
    ]


def test_check_tells_its_advice_with_lines_and_still_says_that_the_file_is_right(tmp_path):
    file = tmp_path / "library.toml"
    text = SOURCE_1_TEXT + '\n[[category]]\nid = "絵本"\nwhen = { call_number = "E" }\n'
    file.write_text(text, "utf-8")

    told = shiori("check", file)

    assert told.returncode == 0
    assert "直すところはありません" in told.stdout and "見なおしたいところが 1か所" in told.stdout
    line = text[: text.index('id = "絵本"') - 1].count("\n") + 1
    assert f"{line}行目 category[7]: 「絵本」は、どのきまりにも使われていません。" in told.stdout
