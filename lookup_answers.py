"""What the services that know books answer, as title records: the national library (DC-NDL) and openBD.

Whatever comes is doubted: an answer that is not what it should be raises ValueError.
"""

import json
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import isbd
from folding import isbn13
from title_records import CreatorRecord, TitleRecord

_NS = {
    "srw": "http://www.loc.gov/zing/srw/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "dcndl": "http://ndl.go.jp/dcndl/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
}
_RDF = f"{{{_NS['rdf']}}}"
_CLASSES = ("ndc9", "ndc10", "ndc8")  # the 9th edition first, as its names are known
# Codes of ONIX list 17, as far as a title page names the part.
_PARTS = {
    "A01": "著者",
    "A38": "原作者",
    "B01": "編者",
    "B06": "翻訳者",
    "A12": "絵",
    "A13": "写真",
    "B20": "監修",
}


def of_ndl(content: bytes, isbn: str) -> TitleRecord | None:
    """The title with this ISBN of an answer by SRU, whose records are DC-NDL, as XML or as text."""
    answer = _xml(content.decode())
    if answer.find("srw:numberOfRecords", _NS) is None:
        raise ValueError
    for data in answer.iterfind(".//srw:recordData", _NS):
        record = data if len(data) else _xml(data.text or "")
        for resource in record.iter(f"{{{_NS['dcndl']}}}BibResource"):
            if isbn in {isbn13(text) for text in _texts(resource, "dcterms:identifier")}:
                return _of_resource(resource, isbn)
    return None


def _xml(text: str) -> Element:
    # A document type could hold entities without end; in text that has been decoded it cannot hide.
    if "<!DOCTYPE" in text:
        raise ValueError
    try:
        return ElementTree.fromstring(text.strip())  # noqa: S314 - document types are refused
    except ElementTree.ParseError as error:
        raise ValueError from error


def _of_resource(resource: Element, isbn: str) -> TitleRecord | None:
    whole, kana = _with_reading(resource, "dc:title")
    whole = whole or _first(resource, "dcterms:title")
    title, subtitle, parallel = isbd.title_parts(whole.partition(" / ")[0])
    if not title:
        return None
    title_kana, subtitle_kana, _ = isbd.title_parts(kana)
    volumes = [_with_reading(resource, name)[0] for name in ("dcndl:volume", "dcndl:volumeTitle")]
    series, series_kana = _with_reading(resource, "dcndl:seriesTitle")
    year, month = isbd.published(_first(resource, "dcterms:date") or _first(resource, "dcterms:issued"))
    return TitleRecord(
        line=1,
        source=f"isbn:{isbn}",
        title=title,
        title_kana=title_kana,
        subtitle=subtitle,
        subtitle_kana=subtitle_kana,
        original_title=parallel,
        volume=" ".join(filter(None, volumes)),
        publisher=isbd.publisher(_first(resource, "dcterms:publisher//foaf:name")),
        pub_year=year,
        pub_month=month,
        isbn=isbn,
        ndc=_class(resource),
        series=series,
        series_kana=series_kana,
        subjects="、".join(dict.fromkeys(map(isbd.person, _texts(resource, "dcterms:subject//rdf:value")))),
        extent=_first(resource, "dcterms:extent"),
        language=_first(resource, "dcterms:language"),
        creators=tuple(_people(resource)),
    )


def _people(resource: Element) -> Iterator[CreatorRecord]:
    statement = " ; ".join(_texts(resource, "dc:creator"))
    agents = resource.findall("dcterms:creator/foaf:Agent", _NS)
    for agent in agents:
        name = isbd.person(_first(agent, "foaf:name"))
        reading = isbd.person(_first(agent, "dcndl:transcription"))
        if name:
            yield CreatorRecord(name, reading, role=isbd.role_of(statement, name))
    if not agents:
        for name, role in isbd.named(statement):
            yield CreatorRecord(name, role=role)


def _class(resource: Element) -> str:
    found = {}
    for subject in resource.iterfind("dcterms:subject", _NS):
        *_, scheme, number = ["", "", *subject.get(f"{_RDF}resource", "").split("/")]
        found.setdefault(scheme, number)
    return next((found[scheme] for scheme in _CLASSES if scheme in found), "")


def _with_reading(resource: Element, name: str) -> tuple[str, str]:
    return (
        _first(resource, f"{name}/rdf:Description/rdf:value"),
        _first(resource, f"{name}/rdf:Description/dcndl:transcription"),
    )


def _first(element: Element, path: str) -> str:
    return next(iter(_texts(element, path)), "")


def _texts(element: Element, path: str) -> list[str]:
    found = (" ".join((one.text or "").split()) for one in element.iterfind(path, _NS))
    return [text for text in found if text]


def of_openbd(content: bytes, isbn: str) -> TitleRecord | None:
    """The book with this ISBN of an answer of openBD: a list of one entry, null for what is unknown."""
    answer = json.loads(content)
    if not isinstance(answer, list) or len(answer) != 1:
        raise ValueError
    if answer[0] is None:
        return None
    summary, onix = _within(answer[0], "summary"), _within(answer[0], "onix")
    if isbn13(_text(summary, "isbn")) != isbn:
        raise ValueError
    detail = _within(onix, "DescriptiveDetail")
    element = _within(detail, "TitleDetail", "TitleElement")
    title, subtitle, parallel = isbd.title_parts(_text(summary, "title"))
    if not title:
        return None
    below = _within(element, "Subtitle")
    year, month = _date(_text(summary, "pubdate"))
    return TitleRecord(
        line=1,
        source=f"isbn:{isbn}",
        title=title,
        title_kana=_text(_within(element, "TitleText"), "collationkey"),
        subtitle=subtitle or _text(below, "content"),
        subtitle_kana=_text(below, "collationkey"),
        original_title=parallel,
        volume=_text(summary, "volume"),
        publisher=_text(summary, "publisher"),
        pub_year=year,
        pub_month=month,
        isbn=isbn,
        series=_text(summary, "series"),
        creators=tuple(_contributors(detail)) or tuple(_authors(_text(summary, "author"))),
    )


def _within(value, *names: str) -> dict:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _text(value: dict, name: str) -> str:
    text = value.get(name)
    return " ".join(text.split()) if isinstance(text, str) else ""


def _date(text: str) -> tuple[int | None, int | None]:
    """Of 20190201, 201902, 2019-02 or 2019."""
    return isbd.published(f"{text[:4]}.{text[4:6]}" if text.isdigit() and len(text) >= 6 else text)


def _contributors(detail: dict) -> Iterator[CreatorRecord]:
    people = detail.get("Contributor")
    for one in people if isinstance(people, list) else ():
        name = _within(one, "PersonName")
        codes = one.get("ContributorRole") if isinstance(one, dict) else None
        parts = [_PARTS[code] for code in codes if code in _PARTS] if isinstance(codes, list) else []
        if content := _text(name, "content"):
            yield CreatorRecord(
                isbd.person(content), isbd.person(_text(name, "collationkey")), role="・".join(parts)
            )


def _authors(text: str) -> Iterator[CreatorRecord]:
    """Of 萩野正昭／著 何某／訳."""
    for credit in text.split(" ") if "／" in text else [text]:
        names, _, role = credit.partition("／")
        if names:
            yield CreatorRecord(names, role=isbd.ROLES.get(role, role))
