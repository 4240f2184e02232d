"""`shiori staff add, list, password, close`: how a library's desk gets its people."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import staffing
from models import Staff, StaffLogin
from rules import Role
from tests.cast import PASSWORD

ROOT = Path(__file__).resolve().parent.parent
LONG = "みどりの窓 2026"


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIORI_")}
    return {**kept, "SHIORI_DATA": str(folder), "PYTHONUTF8": "1"}


@pytest.fixture
def staff(database):
    """The command, with a password as the one line of its input."""

    def staff(*arguments: str, password: str | bytes = "") -> subprocess.CompletedProcess:
        typed = password if isinstance(password, bytes) else password.encode()
        done = subprocess.run(
            [sys.executable, str(ROOT / "cli.py"), "staff", *arguments],
            env=environment(database.parent),
            input=typed + b"\n",
            capture_output=True,
            timeout=60,
        )
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return staff


def test_the_first_administrator_is_added_and_logs_in(town, reader, staff):
    done = staff("add", "大野", "--role", "administrator", password=LONG)

    assert (done.returncode, done.stdout) == (0, "「大野」を管理者として登録しました。\n")
    reader.post("/desk/login", name="大野", password=LONG, branch="main")
    assert reader.get("/desk/admin/audit").h1.text == "操作の記録"


def test_neither_the_password_nor_its_like_is_said_or_stored(town, staff, database):
    done = staff("add", "大野", "--role", "clerk", password=LONG)

    assert LONG not in done.stdout + done.stderr
    assert Staff.get(Staff.name == "大野").password_hash.startswith("scrypt:")
    assert LONG.encode() not in b"".join(path.read_bytes() for path in database.parent.glob("shiori.db*"))


def test_a_name_is_kept_as_it_will_be_understood_at_the_login(town, staff):
    staff("add", " 大野　花子 ", "--role", "clerk", password=LONG)

    assert staffing.find("大野 花子").role is Role.CLERK


@pytest.mark.parametrize(
    ("arguments", "password", "status", "sentence"),
    [
        (("add", "石田", "--role", "clerk"), LONG, 1, "「石田」という職員は、もう登録されています。"),
        (("add", "　石田 ", "--role", "clerk"), LONG, 1, "「石田」という職員は、もう登録されています。"),
        (("add", "　 ", "--role", "clerk"), LONG, 2, "1文字から40文字まで"),
        (("add", "長" * 41, "--role", "clerk"), LONG, 2, "1文字から40文字まで"),
        (("add", "大野", "--role", "clerk"), "short", 2, "パスワードは8文字以上にしてください。"),
        (("add", "大野", "--role", "clerk"), "", 2, "パスワードは8文字以上にしてください。"),
        (("add", "大野", "--role", "clerk"), "x" * 201, 2, "パスワードが長すぎます。"),
        (("add", "大野", "--role", "clerk"), b"\xff\xfe12345678", 2, "使えない文字が入っています。"),
        (("add", "大野", "--role", "boss"), LONG, 2, "boss"),
        (("add", "大野"), LONG, 2, "--role"),
        (("password", "大野"), LONG, 1, "「大野」という職員は登録されていません。"),
        (("password", "石田"), "short", 2, "パスワードは8文字以上にしてください。"),
        (("close", "大野"), "", 1, "「大野」という職員は登録されていません。"),
        ((), "", 2, "COMMAND"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(town, staff, arguments, password, status, sentence):
    before = list(Staff.select().tuples())

    done = staff(*arguments, password=password)

    assert done.returncode == status and sentence in done.stderr and done.stdout == ""
    assert list(Staff.select().tuples()) == before


def test_a_new_password_is_the_only_one_that_works_and_ends_what_was_begun_with_the_old(town, reader, staff):
    reader.log_in_staff("ishida")

    done = staff("password", "石田", password=LONG)

    assert (done.returncode, done.stdout) == (0, "「石田」に新しいパスワードを付けました。\n")
    assert StaffLogin.select().count() == 0
    reader.log_in_staff("ishida", status=401)
    reader.log_in_staff("ishida", password=LONG)


def test_a_closed_account_stays_in_the_list_and_lets_nobody_in(town, reader, staff):
    reader.log_in_staff("ishida")

    assert staff("close", "石田").stdout == "「石田」の登録を終えました。\n"

    reader.get("/desk", status=303)
    reader.log_in_staff("ishida", status=401)
    clerk, administrator = staff("list").stdout.splitlines()
    assert clerk.startswith("石田  窓口担当  2026年4月15日(水)から ") and clerk.endswith("まで")
    assert administrator == "村上  管理者  2026年4月15日(水)から"
    assert staff("password", "石田", password=LONG).returncode == 1
    closed_on = Staff.get(Staff.name == "石田").closed_on
    assert staff("close", "石田").returncode == 0
    assert Staff.get(Staff.name == "石田").closed_on == closed_on, "the first day stays"


def test_a_new_library_has_nobody_at_its_desk(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "staff", "list"],
        env=environment(tmp_path / "new"),
        capture_output=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout.decode()) == (0, "職員は、まだ登録されていません。\n")


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ([LONG, LONG], 0, "「大野」を窓口担当として登録しました。"),
        ([LONG, PASSWORD], 1, "2回のパスワードが同じではありません。"),
    ],
)
def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(town, database, typed, status, sentence):
    ours, theirs = pytest.importorskip("pty").openpty()
    command = subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), "staff", "add", "大野", "--role", "clerk"],
        env=environment(database.parent),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    for question, answer in zip(("パスワード: ", "もう一度: "), typed, strict=True):
        while question.encode() not in shown:
            shown += os.read(ours, 1024)
        os.write(ours, f"{answer}\n".encode())
    while chunk := _read(ours):
        shown += chunk

    assert command.wait(60) == status
    assert sentence in shown.decode() and LONG not in shown.decode()
    assert Staff.select().where(Staff.name == "大野").count() == (status == 0)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1024)
    except OSError:  # how Linux says that nobody is there any more
        return b""
