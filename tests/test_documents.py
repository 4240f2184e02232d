"""The documents say what the program does: names, commands, accounts, links and examples are compared."""

import re
import tomllib
from dataclasses import fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_type_hints
from urllib.parse import unquote

import pytest

import cli
import demo
import rules
import settings
from policy_file import read_policy

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("samples/*.md")])
OPERATING = ("README.md", "README.ja.md", "docs/operate.md")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def first_cells(name: str, pattern: str) -> list[str]:
    """The code words that fit in the first column of any table."""
    return re.findall(rf"^\| `({pattern})` \|", text(name), re.MULTILINE)


@pytest.mark.parametrize("name", OPERATING)
def test_the_table_of_settings_holds_every_setting_and_no_other(name):
    assert first_cells(name, r"SHIORI_\w+") == list(settings.NAMES)


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_demo_accounts_are_those_that_the_demo_makes(name):
    assert first_cells(name, r"\d{9}") == list(demo.ACCOUNTS)
    assert f"`{demo.PASSWORD}`" in text(name)


def test_the_readme_names_every_command(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    commands = re.findall(r"^ {4}([a-z]+)\b", capsys.readouterr().out, re.MULTILINE)

    assert "serve" in commands
    named = re.findall(r"^\| `python3 shiori\.pyz ([a-z]+)", text("README.md"), re.MULTILINE)
    assert sorted(set(named)) == sorted(commands)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document):
    prose = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = [*re.findall(r"\]\(([^)\s]+)\)", prose), *re.findall(r'src="([^"]+)"', prose)]
    here = [link.split("#")[0] for link in links if not re.match(r"[a-z]+:", link)]

    assert [link for link in here if not (document.parent / unquote(link)).exists()] == []


# ---- docs/rules.md: one whole policy, marked ```toml whole, and excerpts that fit into it


def blocks() -> list[tuple[str, str]]:
    return re.findall(r"^```(toml[^\n]*)\n(.*?)^```", text("docs/rules.md"), re.MULTILINE | re.DOTALL)


WHOLE = [source for mark, source in blocks() if mark == "toml whole"]
EXCERPTS = [source for mark, source in blocks() if mark == "toml"]


def sections(source: str) -> list[tuple[str, list[str]]]:
    """The headings of a file, each with its lines."""
    before, *parts = re.split(r"^(\[.*\])(?: +#.*)?\n", source, flags=re.MULTILINE)
    assert not before.strip(), "a block of policy begins with a heading"
    return [(head, body.strip().splitlines()) for head, body in zip(parts[::2], parts[1::2], strict=True)]


def key(line: str) -> str:
    return line.split("=")[0].strip()


def with_excerpt(whole: str, excerpt: str) -> str:
    """A whole policy in which an excerpt stands: in a table its keys instead, in a list one entry more.

    A key also takes the place of the list that the whole has under its name: ``by`` that of ``renewal.by``.
    """
    merged = sections(whole)
    for head, lines in sections(excerpt):
        lists = {f"[[{head.strip('[]')}.{key(line)}]]" for line in lines}
        merged = [section for section in merged if section[0] not in lists]
        own = [body for heading, body in merged if heading == head]
        if head.startswith("[[") or not own:
            merged.append((head, lines))
        else:
            keys = {key(line) for line in lines}
            own[0][:] = [line for line in own[0] if key(line) not in keys] + lines
    merged.sort(key=lambda section: section[0].strip("[]").count("."))
    return "\n".join("\n".join([head, *lines]) for head, lines in merged)


def test_there_are_examples():
    assert len(WHOLE) >= 1
    assert len(EXCERPTS) >= 5


@pytest.mark.parametrize("source", WHOLE)
def test_a_whole_example_is_a_policy(source):
    assert read_policy(source).library.name


@pytest.mark.parametrize("excerpt", EXCERPTS, ids=lambda source: source.splitlines()[0])
def test_an_excerpt_fits_into_a_whole_policy(excerpt):
    tomllib.loads(excerpt)

    read_policy(with_excerpt(WHOLE[0], excerpt))


def language(kind, known: set) -> set:
    """Every class and enum that a policy is made of."""
    if kind not in known and (is_dataclass(kind) or (isinstance(kind, type) and issubclass(kind, StrEnum))):
        known.add(kind)
        for part in get_type_hints(kind).values() if is_dataclass(kind) else ():
            language(part, known)
    for part in get_args(kind):
        language(part, known)
    return known


# These are written in a form of their own, so their fields are no keys.
OWN_FORMS = {rules.Period, rules.Until, rules.Closure, rules.Hours, rules.Most, rules.Batches}


def keys_of(kind) -> set[str]:
    """The keys of a table, without what the reader adds and what a line takes into itself."""
    keys = {
        entry.metadata.get("key", entry.name) for entry in fields(kind) if not entry.metadata.get("spread")
    }
    return keys - {None, "place"}


def test_the_language_of_policies_is_explained_whole():
    words = {"count_first", "unlimited", "as lent", rules.OPENING, *rules.BUILT_IN_SETS}
    for kind in language(rules.Policy, set()):
        if is_dataclass(kind) and kind not in OWN_FORMS:
            words |= keys_of(kind)
        elif not is_dataclass(kind):
            words |= {member.value for member in kind}
    explained = text("docs/rules.md").replace("in transit", "in_transit")

    assert "on_closed" in words
    assert {word for word in words if not re.search(rf"\b{word}\b", explained)} == set()


def test_the_rows_of_the_ready_policies_name_what_is_there():
    """A row says `key = value` of a line that the policy has."""
    for source in settings.READY_POLICIES:
        part = text("docs/rules.md").split(f"[policies/{source}.toml]")[1].split("[policies/")[0]
        for line in re.findall(r"`([\w.]+ = [^`]+)`", part):
            assert line in text(f"policies/{source}.toml"), line
