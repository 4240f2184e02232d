"""Sets up, runs, tests and builds Shiori.  Needs nothing but Python 3.11 or newer.

This file keeps to the syntax of Python 3.6, so that an old one says the sentence below and no SyntaxError.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("Shiori needs Python 3.11 or newer. This is Python %d.%d." % sys.version_info[:2])  # noqa: UP031

import contextlib
import hashlib
import os
import shutil
import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
WHEELS = ROOT / ".wheels"
AUDIT = ROOT / ".audit"
# What each kind of environment installs.  "test" holds all of "run".
REQUIREMENTS = {"run": ROOT / "requirements.txt", "test": ROOT / "requirements-dev.txt"}

REQUIREMENTS_AUDIT = ROOT / "requirements-audit.txt"

EVERY_TEST = ["-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"]

# Those that need neither much time nor programs of others; the rest of bench/ is asked for by name.
EVERY_BENCH = ("accounts", "alerts", "desk", "renewal", "year", "search", "intake")

NO_BROWSER = """\
ブラウザのテストは実行されません。Chromium が見つかりません。
BROWSER TESTS ARE SKIPPED. No Chromium was found.
Debian: sudo apt install chromium    Other: CHROMIUM=/path/of/chrome"""


# ---- the commands


def run(arguments):
    """Serve the demo library on http://127.0.0.1:8000/"""
    set_up("run")
    os.environ.setdefault("SHIORI_DATA", str(ROOT / ".demo"))
    hand_over([ROOT / "cli.py", "demo", "--serve", *arguments])


def test(arguments):
    """Run every test; pytest gets what follows, as in: test -k renew"""
    os.chdir(ROOT)
    set_up("test")
    fetch_wheels()
    os.environ["CHROMIUM"] = chromium_for_tests() or ""
    # All of them take minutes, so they share the processors; a few named ones start sooner by themselves.
    hand_over(["-m", "pytest", *(arguments or EVERY_TEST)])


def lint(arguments):
    """Check the code's faults and its layout with ruff; changes nothing"""
    os.chdir(ROOT)
    set_up("test")
    faults = call("-m", "ruff", "check", *arguments)
    layout = call("-m", "ruff", "format", "--check", *arguments)
    if faults or layout:
        sys.exit(1)


def bench(arguments):
    """Measure what must stay cheap, or one thing: bench search --size 200k"""
    os.chdir(ROOT)
    set_up("test")
    names, options = (arguments[:1], arguments[1:]) if arguments else (EVERY_BENCH, [])
    if sum(call(ROOT / "bench" / f"{name}.py", *options) != 0 for name in names):
        sys.exit("Something costs more than it may: see the lines above.")


def dist(arguments):
    """Build the one file, dist/shiori.pyz"""
    set_up("run")
    fetch_wheels()
    hand_over([ROOT / "onefile.py", ROOT / "dist" / "shiori.pyz", *arguments])


def shots(arguments):
    """Take a picture of every page and state on a phone, into shots/"""
    set_up("test")
    os.environ["CHROMIUM"] = find_chromium() or sys.exit("No Chromium was found. Set CHROMIUM to its path.")
    hand_over([ROOT / "shots.py", *arguments])


def audit(arguments):
    """Attack the running demo library with a scanner, and ask for known faults of the packages"""
    set_up("run")
    set_up_audit()
    hand_over([ROOT / "audit_site.py", *arguments])


def ci(arguments):
    """Do what must pass before a change is taken in: lint, then test with a browser"""
    lint([])
    os.environ["BROWSER_TESTS"] = "required"
    test(arguments)


COMMANDS = {command.__name__: command for command in (run, test, lint, bench, dist, shots, audit, ci)}


# ---- the environment


def set_up(kind):
    """Make sure that .venv holds the packages for `kind`, "run" or "test".

    A stamp file, written last, says that everything is in: an interrupted set-up starts again.
    """
    wanted = fingerprint(*REQUIREMENTS.values())
    stamps = {name: VENV / f".stamp-{name}" for name in REQUIREMENTS}
    ready = {name for name, stamp in stamps.items() if PYTHON.exists() and is_stamped(stamp, wanted)}
    if kind in ready or "test" in ready:
        return
    if not ready:
        create_venv(VENV)
    print(f"Installing the packages of {REQUIREMENTS[kind].name} …", flush=True)
    if call("-m", "pip", "install", "-q", "--require-hashes", "-r", REQUIREMENTS[kind]):
        sys.exit("The packages could not be installed. Is there a connection? Start the same command again.")
    stamps[kind].write_text(wanted)


def set_up_audit():
    """Make sure that .audit holds the scanner; its packages are many, and no part of the program's."""
    wanted, stamp = fingerprint(REQUIREMENTS_AUDIT), AUDIT / ".stamp"
    if is_stamped(stamp, wanted):
        return
    create_venv(AUDIT)
    print(f"Installing the packages of {REQUIREMENTS_AUDIT.name} …", flush=True)
    python = AUDIT / PYTHON.relative_to(VENV)
    options = ["-m", "pip", "install", "-q", "--require-hashes", "-r", REQUIREMENTS_AUDIT]
    if subprocess.call([python, *options], env=utf8(), stdin=subprocess.DEVNULL):
        sys.exit("The packages could not be installed. Is there a connection? Start the same command again.")
    stamp.write_text(wanted)


def create_venv(folder):
    """Make an empty environment with pip in it; whatever is there is thrown away."""
    if Path(sys.prefix).resolve() == folder:
        sys.exit(f"The folder {folder.name} is out of date. Start dev.py with the Python that is outside it.")
    print(f"Making the folder {folder.name} …", flush=True)
    try:
        venv.create(folder, clear=True, with_pip=True)
    except (subprocess.CalledProcessError, SystemExit):
        # Debian keeps pip's installer in a package of its own, and its venv ends the program without it.
        shutil.rmtree(folder, ignore_errors=True)
        sys.exit(
            "This Python cannot make a virtual environment with pip.\n"
            "On Debian, Ubuntu and Raspberry Pi OS: sudo apt install python3-venv\n"
            "Then start the same command again."
        )


def fetch_wheels():
    """Make sure that .wheels holds what goes into the one file, so that building it needs no network."""
    wanted = fingerprint(REQUIREMENTS["run"])
    stamp = WHEELS / ".stamp"
    if is_stamped(stamp, wanted):
        return
    shutil.rmtree(WHEELS, ignore_errors=True)
    print("Fetching the packages for the one file …", flush=True)
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--dest", WHEELS]
    if call("-m", "pip", "download", "-q", *options, "-r", REQUIREMENTS["run"]):
        sys.exit("The packages could not be fetched. Is there a connection? Start the same command again.")
    stamp.write_text(wanted)


def fingerprint(*files):
    """Hash this Python's version and the files' contents: another value means, install anew."""
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_stamped(stamp, wanted):
    return stamp.is_file() and stamp.read_text() == wanted


# ---- the browser


def chromium_for_tests():
    """Give the path of a browser, or None after saying so loudly; end where BROWSER_TESTS=required."""
    chromium = find_chromium()
    if chromium is None and os.environ.get("BROWSER_TESTS") == "required":
        sys.exit("BROWSER_TESTS=required, but no Chromium was found. Nothing was tested.")
    if chromium is None:
        print(framed(NO_BROWSER))
    return chromium


def find_chromium():
    """Give the path of a Chromium, Chrome or Edge, or None.

    The variable CHROMIUM, where it is set, decides alone.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    names = ["chromium", "chromium-browser", "google-chrome", "chrome"]
    return next(filter(None, map(shutil.which, [*names, *usual_places()])), None) or playwright_chromium()


def usual_places():
    """Where macOS and Windows put browsers, which are not in PATH there."""
    if sys.platform == "darwin":
        folders = [Path("/Applications"), Path.home() / "Applications"]
        programs = [f"{name}.app/Contents/MacOS/{name}" for name in ("Chromium", "Google Chrome")]
    elif os.name == "nt":
        variables = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        folders = [Path(os.environ[name]) for name in variables if os.environ.get(name)]
        programs = [rf"{name}\Application\chrome.exe" for name in ("Chromium", r"Google\Chrome")]
        # Edge is a Chromium too, and every Windows has it.
        programs.append(r"Microsoft\Edge\Application\msedge.exe")
    else:
        return []
    return [str(folder / program) for program in programs for folder in folders]


def playwright_chromium():
    """Give the path of playwright's own Chromium, or None; download it if that was not tried before.

    It is started once, because on Linux it may lack libraries that playwright does not bring.
    """
    start = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p:\n"
        "    path = p.chromium.executable_path\n"
        "    p.chromium.launch(executable_path=path, args=['--no-sandbox']).close()\n"
        "    print(path)"
    )
    tried = VENV / ".chromium-tried"
    while True:
        found = subprocess.run([PYTHON, "-c", start], capture_output=True, encoding="utf-8", env=utf8())
        if found.returncode == 0:
            return found.stdout.strip()
        if tried.exists():
            return None
        print("No Chromium here: playwright downloads one …", flush=True)
        tried.touch()
        call("-m", "playwright", "install", "chromium")


def framed(text):
    """Put a frame around the lines, so that nobody overlooks them between the dots of the tests."""
    lines = text.splitlines()
    bar = "#" * 78
    return "\n".join(["", bar, *(f"##  {line}" for line in lines), bar, ""])


# ---- starting other programs


def utf8():
    """The environment for a child: UTF-8 for files and pipes, on Windows too."""
    return {**os.environ, "PYTHONUTF8": "1"}


def call(*arguments):
    """Run .venv's Python, wait, and give its exit status."""
    return subprocess.call([PYTHON, *arguments], env=utf8(), stdin=subprocess.DEVNULL)


def hand_over(arguments):
    """Become .venv's Python with these arguments; its exit status is ours."""
    command = [str(PYTHON), *map(str, arguments)]
    sys.stdout.flush()
    if os.name != "nt":
        os.execve(command[0], command, utf8())
    # Windows has no exec that keeps the console.  Ctrl-C reaches the child as well: wait until it ends.
    child = subprocess.Popen(command, env=utf8())
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            sys.exit(child.wait())


def usage():
    return "\n".join(
        [
            "usage: python3 dev.py COMMAND    (Windows: py dev.py COMMAND)",
            "",
            *(f"  {name:<7}{command.__doc__}" for name, command in COMMANDS.items()),
        ]
    )


def main(arguments):
    # A console of another encoding shows "?" where it lacks a sign, and does not end the program.
    sys.stdout.reconfigure(errors="replace")
    sys.stderr.reconfigure(errors="replace")
    if arguments[:1] in ([], ["-h"], ["--help"]):
        print(usage())
    elif arguments[0] in COMMANDS:
        COMMANDS[arguments[0]](arguments[1:])
    else:
        print(usage(), file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
