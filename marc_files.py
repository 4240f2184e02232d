"""Files of MARC records as records of pymarc: ISO 2709 in whatever characters, and MARCXML.

Record by record: one that cannot be read costs nothing but itself.
"""

import codecs
import re
import xml.sax
from collections.abc import Iterator
from typing import BinaryIO
from xml.sax.handler import (
    feature_external_ges,
    feature_external_pes,
    feature_namespaces,
    property_lexical_handler,
)

from pymarc import Field, Indicators, Leader, Record, Subfield
from pymarc.exceptions import PymarcException, RecordLeaderInvalid
from pymarc.marc8 import marc8_to_unicode
from pymarc.marcxml import XmlHandler
from pymarc.record import normalize_subfield_code

END_OF_RECORD, _END_OF_FIELD, _SUBFIELD = b"\x1d", b"\x1e", b"\x1f"
_LEADER, _ENTRY = 24, 12  # bytes
_BLOCK = 1 << 16
_LONGEST = 1 << 24  # bytes; what is longer has no records in it
_LOOKED_AT = 1 << 22  # bytes from which the characters of a file are told
_BETWEEN = b"\r\n\t\0\x1a"  # what editors and old systems leave between records
_MARC8, _EACC = "marc-8", 3  # bytes of one of its kanji


class Unreadable(Exception):
    """A record that cannot be read: the key of the reason."""


class Marc(Record):
    """A record, with the tags of the fields whose characters cannot be read, and which it is without."""

    def __init__(self):
        super().__init__()
        self.damaged: list[str] = []


def looks_like_marc(start: bytes) -> bool:
    """Whether a file begins like ISO 2709: the leader, then the directory, in figures."""
    start = start.removeprefix(codecs.BOM_UTF8).lstrip(_BETWEEN)
    return re.match(rb"[0-9 ]{5}.{7}[0-9 ]{5}", start[:_LEADER]) is not None and _END_OF_FIELD in start


def looks_like_xml(start: bytes) -> bool:
    """Whether a file begins like XML, in UTF-8 or UTF-16."""
    return start.replace(b"\0", b"").lstrip(codecs.BOM_UTF8 + b"\xff\xfe \r\n\t").startswith(b"<")


# ---- ISO 2709


def records(file: BinaryIO) -> Iterator[Marc | str]:
    """Each record of a file of ISO 2709, or the key of the reason why it cannot be read.

    Records are told by the sign at their end and fields by the sign at theirs: lengths are wrong in many
    files, and of several records behind a wrong one none is lost.
    """
    legacy = _legacy_characters(file.read(_LOOKED_AT))
    file.seek(0)
    for chunk in _chunks(file):
        try:
            yield _record(chunk, legacy)
        except Unreadable as reason:
            yield str(reason)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    waiting = b""
    while block := file.read(_BLOCK):
        *whole, waiting = (waiting + block).split(END_OF_RECORD)
        yield from filter(None, (chunk.strip(_BETWEEN) for chunk in whole))
        if len(waiting) > _LONGEST:
            break
    if waiting.strip(_BETWEEN).removeprefix(codecs.BOM_UTF8):
        yield waiting + END_OF_RECORD  # cut off; the mark says so to _record


def _record(chunk: bytes, legacy: str) -> Marc:
    if chunk.endswith(END_OF_RECORD):
        raise Unreadable("import.marc_cut")
    chunk = chunk.removeprefix(codecs.BOM_UTF8)
    head, *parts = chunk.split(_END_OF_FIELD)
    directory = head[_LEADER:]
    if not parts or len(directory) < _ENTRY or not head[:_LEADER].isascii():
        raise Unreadable("import.marc_broken")
    charset = _characters(chunk, legacy)
    record = Marc()
    record.leader = Leader(head[:_LEADER].decode("ascii"))
    for tag, content in _fields(chunk, directory, parts):
        try:
            record.add_field(_field(tag, content, charset))
        except UnicodeError:
            record.damaged.append(tag)
    return record


_WHOLE_ENTRY = re.compile(rb"[0-9A-Za-z]{3}[0-9]{9}")


def _fields(chunk: bytes, directory: bytes, parts: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """Tag and bytes of each field: where the directory says, else in the order of the directory."""
    entries = [directory[at : at + _ENTRY] for at in range(0, len(directory) - _ENTRY + 1, _ENTRY)]
    begin = _LEADER + len(directory) + 1
    tags = [entry[:3].decode("ascii", "replace") for entry in entries]
    places = []
    for entry in entries:
        if not _WHOLE_ENTRY.fullmatch(entry):
            break
        start, length = begin + int(entry[7:]), int(entry[3:7])
        if not length or chunk[start - 1 : start] != _END_OF_FIELD:
            break
        if chunk[start + length - 1 : start + length] != _END_OF_FIELD:
            break
        places.append(chunk[start : start + length - 1])
    if len(places) == len(entries):
        yield from zip(tags, places, strict=True)
        return
    if parts and not parts[-1]:
        parts = parts[:-1]
    if len(parts) != len(entries) or not all(re.fullmatch("[0-9A-Za-z]{3}", tag) for tag in tags):
        raise Unreadable("import.marc_broken")
    yield from zip(tags, parts, strict=True)


def _field(tag: str, content: bytes, charset: str) -> Field:
    if tag.startswith("00"):
        return Field(tag, data=_text(content, charset))
    indicators, *subfields = content.split(_SUBFIELD)
    first, second = (_text(indicators, charset) + "  ")[:2]
    return Field(
        tag,
        Indicators(first, second),
        [_subfield(part, charset) for part in subfields if part],
    )


def _subfield(content: bytes, charset: str) -> Subfield:
    """A subfield.  Its code may have an accent that it should not have; what is no code is a blank."""
    code, length = chr(content[0]), 1
    if content[0] >= 0x80:
        try:
            code, length = normalize_subfield_code(content)
        except IndexError:
            code = " "
    return Subfield(code, _text(content[length:], charset))


def _text(content: bytes, charset: str) -> str:
    if charset != _MARC8:
        return content.decode(charset)
    for kanji in re.findall(rb"\x1b[$(,],?1([^\x1b]*)", content):
        if len(kanji) % _EACC:
            raise UnicodeError
    return marc8_to_unicode(content, True)


def _characters(chunk: bytes, legacy: str) -> str:
    """In which characters a record is written.  Its leader says so, and is often wrong."""
    if b"\x1b" in chunk:
        return legacy
    try:
        chunk.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "utf-8" if legacy == _MARC8 and chunk[9:10] == b"a" else legacy


def _legacy_characters(content: bytes) -> str:
    """What a file is written in where a record is not in UTF-8: one of the Japanese codes, or MARC-8.

    Japanese without kana is rare, and the bytes of MARC-8 make none in the other codes.
    """
    if b"\x1b$B" in content or b"\x1b$@" in content:
        return "iso2022_jp_ext"
    text = content.decode("utf-8", "replace")
    if 0 < text.count("\ufffd") * 10 < sum(1 for sign in text if sign > "\x7f"):
        return "utf-8"  # with some damage
    found = {}
    for charset in ("cp932", "euc_jp"):
        text = content.decode(charset, "replace")
        foreign = sum(1 for sign in text if sign > "\x7f")
        kana = len(re.findall("[ぁ-んァ-ヶ]", text))
        if kana * 10 > foreign:
            found[charset] = kana - text.count("\ufffd")
    return max(found, key=found.get) if found else _MARC8


# ---- MARCXML


class _Records(XmlHandler):
    """Gathers records; one that makes no sense is told as such."""

    def __init__(self):
        super().__init__()
        self.ready: list[Marc | str] = []
        self._broken = False

    def startElementNS(self, name, qname, attrs):
        try:
            super().startElementNS(name, qname, attrs)
        except (KeyError, ValueError, PymarcException):
            self._broken = True
        if name[1] == "record":
            self._record, self._broken = Marc(), False

    def endElementNS(self, name, qname):
        try:
            super().endElementNS(name, qname)
        except RecordLeaderInvalid:  # too short or too long; most of it is not needed
            self._record.leader = Leader("".join(self._text)[:_LEADER].ljust(_LEADER))
        except (KeyError, ValueError, PymarcException):
            self._broken = True

    def process_record(self, record):
        self.ready.append("import.marc_broken" if self._broken else record)

    # A document type can hold entities, which can name files and grow without end.
    def startDTD(self, name, public, system):
        raise Unreadable("import.xml_document_type")

    def endDTD(self):
        pass

    def startCDATA(self):
        pass

    def endCDATA(self):
        pass

    def comment(self, text):
        pass


def xml_records(file: BinaryIO) -> Iterator[Marc | str]:
    """Each record of a MARCXML file, as it is read; where the file breaks, the reason ends the list."""
    handler = _Records()
    parser = xml.sax.make_parser(["xml.sax.expatreader"])  # noqa: S317 - document types are refused
    parser.setContentHandler(handler)
    parser.setProperty(property_lexical_handler, handler)
    for feature, wanted in ((feature_namespaces, 1), (feature_external_ges, 0), (feature_external_pes, 0)):
        parser.setFeature(feature, wanted)
    try:
        while block := file.read(_BLOCK):
            parser.feed(block)
            yield from handler.ready
            handler.ready.clear()
        parser.close()
    except (
        xml.sax.SAXException,
        LookupError,
        ValueError,
    ):  # the latter two: characters that expat does not know
        yield from handler.ready
        yield "import.xml_broken"
        return
    except Unreadable as reason:
        yield str(reason)
        return
    yield from handler.ready
