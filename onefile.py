"""Builds the one file that a library runs: a zip archive that Python starts as it is.

Started by `dev.py dist`, with the Python of .venv.  It needs no network: the packages are in .wheels by then.
The same sources, packages and Python give the same bytes: anyone can build a release and compare.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent

# What goes in: every module beside this one but those for developers, the licence, and these folders.
DEVELOPERS_MODULES = {"dev.py", "onefile.py", "shots.py", "audit_site.py"}
FILES = ("LICENSE", "CREDITS.md")
FOLDERS = ("views", "templates", "static", "translations", "policies", "reference", "samples")
# What an editor or a Python leaves between the sources.
LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "*~", "*.bak", "*.orig", "*.swp")

# What packages bring and the program never reads.  Compiled modules cannot be loaded from an archive.
UNREAD_FILES = ("*.so", "*.pyd", "*.c", "*.pyi", "py.typed")
UNREAD_FOLDERS = ("bin", "Scripts", "peewee-stubs")
# These record how a package came here, and differ by machine.  METADATA and the licences stay in.
INSTALL_RECORDS = {"INSTALLER", "RECORD", "REQUESTED", "WHEEL", "direct_url.json", "top_level.txt"}

MAIN = """\
import sys

if sys.version_info < (3, 11):
    sys.exit("Shiori needs Python 3.11 or newer. This is Python %d.%d." % sys.version_info[:2])

from cli import main

sys.exit(main())
"""


class CannotBuild(Exception):
    """What is missing or wrong, as a sentence."""


def build(out, source=ROOT, wheels=ROOT / ".wheels"):
    """Write the one file to the path `out`.

    `source` is the repository, with its requirements.txt; `wheels` a folder of the packages pinned there.
    Raises CannotBuild, and then leaves a file that is already at `out` as it was.
    """
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "shiori"
        install_packages(tree, source / "requirements.txt", wheels)
        drop_unread(tree)
        copy_program(tree, source)
        compile_modules(tree)
        write_archive(tree, Path(out))


def install_packages(tree, requirements, wheels):
    """Unpack the pinned packages into `tree`; pip compares each with its hash."""
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile", "--target", tree]
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "-q"]
    command = [*pip, "--no-index", "--find-links", wheels, *options, "-r", requirements]
    if subprocess.call(command, stdin=subprocess.DEVNULL):
        raise CannotBuild("Not all packages are in .wheels. `python3 dev.py dist` fetches them.")


def drop_unread(tree):
    for pattern in UNREAD_FILES:
        for file in list(tree.rglob(pattern)):
            file.unlink()
    tests = [folder for folder in tree.rglob("tests") if folder.is_dir()]
    for folder in [*tests, *(tree / name for name in UNREAD_FOLDERS)]:
        shutil.rmtree(folder, ignore_errors=True)
    for folder in tree.glob("*.dist-info"):
        for name in INSTALL_RECORDS:
            (folder / name).unlink(missing_ok=True)


def copy_program(tree, source):
    """Copy the program's own modules and folders; a name that a package has already taken is an error."""
    files = [path for path in source.glob("*.py") if path.name not in DEVELOPERS_MODULES]
    files += [source / name for name in FILES]
    folders = [source / name for name in FOLDERS]
    for path in [*files, *folders]:
        if not path.exists():
            raise CannotBuild(f"{path.name} is missing; the one file needs it.")
        if (tree / path.name).exists():
            raise CannotBuild(f"{path.name} has the name of a package. Rename it.")
    for path in files:
        shutil.copyfile(path, tree / path.name)
    for path in folders:
        shutil.copytree(path, tree / path.name, ignore=LEFTOVERS)
    (tree / "__main__.py").write_text(MAIN, encoding="utf-8", newline="\n")


def compile_modules(tree):
    """Put the compiled form beside each module: the program then starts four times as fast.

    Another Python version passes over it and reads the .py.  It is never compared with its source, since the
    archive has no true file times.  A process of its own, without site and with a fixed hash seed, gives the
    same bytes whatever else this one has loaded.
    """
    how = ["-q", "-b", "--invalidation-mode", "unchecked-hash", "-s", tree]
    command = [sys.executable, "-s", "-S", "-P", "-m", "compileall", *how, tree]
    if subprocess.call(command, env={**os.environ, "PYTHONHASHSEED": "0"}, stdin=subprocess.DEVNULL):
        raise CannotBuild("A module does not compile.")


def write_archive(tree, out):
    """Zip `tree` by name, with one date and one mode for all, behind the line that Unix starts it by."""
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_suffix(".part")
    with open(unfinished, "wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path in sorted(tree.rglob("*"), key=lambda path: path.relative_to(tree).as_posix()):
                add(archive, path, path.relative_to(tree).as_posix())
    unfinished.chmod(0o755)
    unfinished.replace(out)


def add(archive, path, name):
    """Add a file, or the entry of a folder: without it a package that has no __init__.py is not found."""
    folder = path.is_dir()
    entry = zipfile.ZipInfo(name + "/" if folder else name, (2020, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = (0o40755 << 16 | 0x10) if folder else 0o100644 << 16
    entry.compress_type = zipfile.ZIP_STORED if folder else zipfile.ZIP_DEFLATED
    archive.writestr(entry, b"" if folder else path.read_bytes())


if __name__ == "__main__":
    target = Path(sys.argv[1])
    try:
        build(target)
    except CannotBuild as reason:
        sys.exit(str(reason))
    print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB")
