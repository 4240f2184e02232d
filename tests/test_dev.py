"""dev.py and the pins it installs, as far as neither a network nor a new .venv is needed."""

import ast
import base64
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).resolve().parent.parent


def start(*arguments, cwd=ROOT, **environment):
    """Run this Python and give the finished process, with its output as text."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        encoding="utf-8",
    )


def pins(name):
    """Give {package: version} of a requirements file."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def test_without_a_command_every_command_is_listed_with_its_sentence(tmp_path):
    finished = start(ROOT / "dev.py", cwd=tmp_path)

    assert finished.returncode == 0
    for name in ("run", "test", "lint", "dist", "audit", "ci"):
        assert re.search(rf"^  {name} +\w+", finished.stdout, re.MULTILINE)
    assert "None" not in finished.stdout


def test_every_bench_that_is_run_is_there():
    assert [name for name in dev.EVERY_BENCH if not (ROOT / "bench" / f"{name}.py").is_file()] == []


def test_an_unknown_command_is_an_error():
    finished = start(ROOT / "dev.py", "tset")

    assert finished.returncode == 2
    assert "usage:" in finished.stderr


def test_an_old_python_can_read_dev_py_as_far_as_its_refusal():
    tree = ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 6))

    _docstring, first, second, *_ = tree.body
    assert ast.unparse(first) == "import sys"
    assert ast.unparse(second.test) == "sys.version_info < (3, 11)"


def test_a_changed_requirement_means_that_packages_are_installed_anew(tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("flask==3.1.3\n")
    stamp = tmp_path / ".stamp-run"
    stamp.write_text(dev.fingerprint(requirements))
    assert dev.is_stamped(stamp, dev.fingerprint(requirements))

    requirements.write_text("flask==3.1.4\n")

    assert not dev.is_stamped(stamp, dev.fingerprint(requirements))


def test_a_set_up_without_its_stamp_is_unfinished(tmp_path):
    assert not dev.is_stamped(tmp_path / ".stamp-run", dev.fingerprint())


def test_chromium_names_the_browser_and_nothing_else_is_looked_for(tmp_path, monkeypatch):
    browser = tmp_path / "my browser.exe"
    browser.touch(mode=0o755)

    monkeypatch.setenv("CHROMIUM", str(browser))
    assert dev.find_chromium() == str(browser)

    monkeypatch.setenv("CHROMIUM", str(tmp_path / "absent"))
    assert dev.find_chromium() is None


def test_a_missing_browser_is_said_loudly_in_two_languages(tmp_path):
    finished = start("-c", "import dev; dev.chromium_for_tests()", CHROMIUM=str(tmp_path), BROWSER_TESTS="")

    assert finished.returncode == 0
    assert "BROWSER TESTS ARE SKIPPED" in finished.stdout
    assert "ブラウザのテストは実行されません" in finished.stdout
    assert finished.stdout.count("#" * 70) == 2


def test_a_missing_browser_is_a_failure_where_it_is_required(tmp_path):
    finished = start(
        "-c", "import dev; dev.chromium_for_tests()", CHROMIUM=str(tmp_path), BROWSER_TESTS="required"
    )

    assert finished.returncode == 1
    assert "no Chromium was found" in finished.stderr


def test_japanese_does_not_end_the_program_on_a_console_that_has_none(tmp_path):
    finished = start(
        "-c",
        "import dev; dev.main([]); dev.chromium_for_tests()",
        CHROMIUM=str(tmp_path),
        BROWSER_TESTS="",
        PYTHONIOENCODING="ascii",
    )

    assert finished.returncode == 0
    assert "BROWSER TESTS ARE SKIPPED" in finished.stdout


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-audit.txt"])
def test_every_pin_has_hashes_and_no_index_is_named(name):
    lines = (ROOT / name).read_text().splitlines()

    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert re.fullmatch(r"[\w.-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line)
        assert not line.endswith("\\") or following.startswith("    --hash=")


def test_the_tests_use_the_versions_that_the_program_uses():
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_the_one_file_takes_the_same_packages_on_every_system():
    assert ";" not in (ROOT / "requirements.txt").read_text()


def test_vendored_files_have_the_hashes_of_the_table():
    table = (ROOT / "docs" / "vendored.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(static/\S+)` .*\| `([\w+/=]{64})` \|$", table, re.MULTILINE)

    assert {path for path, _ in rows} == {f"static/{file.name}" for file in (ROOT / "static").glob("*-*.js")}
    for path, wanted in rows:
        assert base64.b64encode(hashlib.sha384((ROOT / path).read_bytes()).digest()).decode() == wanted
