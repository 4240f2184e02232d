"""How a message becomes a letter: by a text in the patron's language, as text and as HTML that says the same.

A library may put texts of its own beside the database, under the names that they have in ``templates/mail``;
they come first.  One of them that is of no use keeps no letter back: the text that travels with the program
is sent instead.
"""

import logging
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    FunctionLoader,
    PrefixLoader,
    StrictUndefined,
    meta,
)
from jinja2.sandbox import SandboxedEnvironment

import resources
from rules import MailLanguage, one_line

FRAME = "mail/frame.html"
FOOT = "--"  # on a line of its own: what is below it stands at the end of every letter
_ADDRESS = re.compile(r"https?://\S+")
_log = logging.getLogger("shiori.mail")


class Unusable(Exception):
    """A text from which no letter can be made; says what is missing: subject, text or link."""


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a letter; ``link`` where it is nothing but an address."""

    text: str
    link: bool


class Letters:
    """Sets letters.  Texts in ``own``, a folder that need not be there, come before those of the program."""

    def __init__(self, own: Path | None = None):
        built_in = FunctionLoader(_source)
        self.built_in = _environment(built_in)
        self.folder, self.own = own, None
        if own is not None:
            files = FileSystemLoader(own, encoding="utf-8-sig")
            self.own = _environment(ChoiceLoader([PrefixLoader({"mail": files}), built_in]))

    def write(self, language: MailLanguage, kind: str, facts: Mapping[str, object]) -> Letter:
        """The letter of a kind.  Raises what is wrong with the text that travels with the program."""
        if self.own is not None:
            try:
                return self.try_own(language, kind, facts)
            except Exception as error:  # whatever it is, the letter goes out
                where = f"{self.folder.name}/{language}/{kind}.txt"
                _log.error("%s is not used (%s): run `shiori check`", where, type(error).__name__)
        return _write(self.built_in, language, kind, facts)

    def try_own(self, language: MailLanguage, kind: str, facts: Mapping[str, object]) -> Letter:
        """The same, by the library's own texts as they are.  Raises what is wrong with them."""
        return _write(self.own, language, kind, facts)


def names() -> list[str]:
    """The names that a text may have, as they stand in the library's own folder: ja/hold_ready.txt."""
    return sorted(name.removeprefix("templates/mail/") for name in resources.names("templates/mail"))


def line_of(error: Exception, file: Path) -> int | None:
    """On which line of a text something went wrong; None where it was in another text."""
    frames = traceback.extract_tb(error.__traceback__)
    of_texts = [frame for frame in frames if frame.filename.endswith((".txt", ".html"))]
    return of_texts[-1].lineno if of_texts and Path(of_texts[-1].filename) == file else None


def parts_of(language: MailLanguage, kind: str) -> set[str]:
    """The texts that stand in a letter of this kind beside its own, by their names."""
    tree = SandboxedEnvironment().parse(_source(f"mail/{language}/{kind}.txt"))
    return {str(part).removeprefix("mail/") for part in meta.find_referenced_templates(tree)}


def _write(
    texts: SandboxedEnvironment, language: MailLanguage, kind: str, facts: Mapping[str, object]
) -> Letter:
    """The first line is the subject, the rest the text; in the frame it has a paragraph at each blank line,
    and what is nothing but an address is a link."""
    written = texts.get_template(f"mail/{language}/{kind}.txt").render(facts)
    subject, _, text = written.partition("\n")
    subject, text = one_line(subject), re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", text).strip()
    if not subject:
        raise Unusable("subject")
    body, _, foot = f"\n{text}".partition(f"\n{FOOT}\n")
    paragraphs = [_lines(paragraph) for paragraph in re.split(r"\n[ \t]*\n", body) if paragraph.strip()]
    if not paragraphs:
        raise Unusable("text")
    link = Line(str(facts.get("link")), link=True)
    if "link" in facts and not any(link in paragraph for paragraph in paragraphs):
        raise Unusable("link")
    in_frame = {"lang": language.tag, "subject": subject, "paragraphs": paragraphs, "foot": _lines(foot)}
    return Letter(subject, text + "\n", texts.get_template(FRAME).render(in_frame))


def _lines(text: str) -> list[Line]:
    return [Line(line, bool(_ADDRESS.fullmatch(line))) for line in map(str.strip, text.split("\n")) if line]


def _source(name: str) -> str | None:
    try:
        return resources.template(name)
    except FileNotFoundError:
        return None


def _environment(loader: BaseLoader) -> SandboxedEnvironment:
    """Texts are plain: what would be markup elsewhere is shown as it stands, and the frame escapes it."""
    return SandboxedEnvironment(
        loader=loader,
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
