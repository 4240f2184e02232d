"""A town in which every word that somebody could write is an attack: it is shown, and never carried out.

Every page is fetched, as a page and as a part, by everybody who may; every form is sent with such words.
"""

import csv
import json
import re
import sqlite3
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from peewee import Value, fn

import models
import search_index
from models import db
from tests.addresses import GETS, POSTS
from tests.reader import _well_formed, check_page

# A formula, a script, the end of an attribute, words that a template would work out, a line of a header.
HOSTILE = "=<script>alert(1)</script>\"'{{1234*5678}}{% raise %}&\r\nBcc: x@y"
WORKED_OUT = "7006652"
WRITTEN = {
    models.Serial: ("title", "title_kana", "publisher"),
    models.Bib: (
        *("title", "title_kana", "subtitle", "subtitle_kana", "original_title", "volume", "publisher"),
        *("series", "series_kana", "subjects", "extent", "ndc"),
    ),
    models.Creator: ("name", "reading", "roman", "role"),
    models.Item: ("call_number", "tags", "borrowed_from"),
    models.Patron: ("kana_name", "phone", "postal_address", "household", "marks", "stopped_for"),
    models.MailAddress: ("address",),
    models.Ticket: ("address",),
    models.ShelfEntry: ("note",),
    models.ReadingEntry: ("title", "volume", "creators", "publisher", "note"),
    models.Alert: ("author", "ndc", "keyword", "series", "branch"),
    models.Staff: ("name",),
    models.Event: ("remark",),
    models.ImportRun: ("name",),
    models.Notice: ("title", "body"),
    models.CalendarEntry: ("label",),
}
# Where what was written has to be seen; so that this does not pass because nothing is shown.
SHOWN_ON = (
    *("/", "/search", "/new", "/calendar", "/bibs/<number:bib_id>", "/cart", "/my", "/my/loans", "/my/holds"),
    *("/my/shelf", "/my/reading", "/my/reading/notebook"),
    *("/my/shelf", "/my/alerts", "/my/alerts/<number:alert_id>", "/alerts/stop/<token>"),
    *(
        "/desk",
        "/desk/admin/audit",
        "/desk/admin/import",
        "/desk/calendar",
        "/desk/notices",
        "/desk/patrons/<number:patron_id>",
    ),
    *("/desk/pull", "/desk/requests", "/desk/shelf", "/desk/titles", "/desk/transfers"),
)


@pytest.fixture(scope="module")
def hostile(one_of_each):
    """The town with one of everything, in such words; put back as it was afterwards."""
    models.open_database(one_of_each.app.config["SETTINGS"].database)
    one_of_each.put_back()
    innocent = one_of_each.first
    for table, columns in WRITTEN.items():
        for column in columns:
            field = getattr(table, column)
            # Where it must differ from row to row it does.
            differs = field.unique or table in (models.MailAddress, models.Ticket)
            words = Value(HOSTILE).concat(table.id) if differs else HOSTILE
            table.update({field: words}).where(field.is_null(False)).execute()
    # Messages go to one of the patron's own addresses, whatever it is.
    own = models.MailAddress.select(fn.min(models.MailAddress.address))
    models.Patron.update(mail=own.where(models.MailAddress.patron == models.Patron.id)).execute()
    models.Bib.update(ndc="").execute()
    models.Event.update(overruled="loan limit").execute()
    search_index.reindex_all(db)
    one_of_each.first = sqlite3.connect(":memory:")
    db.connection().backup(one_of_each.first)
    yield one_of_each
    one_of_each.first = innocent
    models.db.close()


def check(answer) -> str:
    """Nothing of it is carried out; gives what a reader reads."""
    for name, value in answer.headers.items():
        assert not re.search(r"[\r\n]|bcc:|script>", f"{name}: {value}", re.IGNORECASE), name
    text = answer.get_data(as_text=True)
    assert answer.status_code < 500 and WORKED_OUT not in text
    if answer.status_code == 303:
        assert answer.headers["Location"].startswith("/") and "script" not in answer.headers["Location"]
    elif answer.mimetype == "text/html":
        assert "<script>" not in text and "alert(1)</script>" not in text
        _well_formed(text)
        soup = BeautifulSoup(text, "html.parser")
        for element in soup.find_all():
            assert not [name for name in element.attrs if not re.fullmatch(r"[a-z][a-z0-9-]*", name)], element
        assert [one["src"] for one in soup.find_all("script") if not one["src"].startswith("/static/")] == []
        assert not [
            one for one in soup.find_all(href=True) if re.match(r"\s*(javascript|data):", one["href"])
        ]
        if soup.html:
            check_page(soup)
        return soup.get_text()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if answer.mimetype == "application/json":
        json.loads(text)
    elif answer.mimetype.endswith("xml") and answer.mimetype != "image/svg+xml":
        return " ".join(ElementTree.fromstring(text).itertext())  # noqa: S314 - our own
    elif answer.mimetype == "text/csv":  # read as a spreadsheet does, which runs what begins as a formula
        cells = [cell for row in csv.reader(text.splitlines()) for cell in row]
        assert not [cell for cell in cells if re.match(r"[=+@]|-(?!\d+$)", cell)]
    return text


@pytest.mark.parametrize("line", GETS, ids=str)
def test_on_every_page_hostile_words_are_words(hostile, line):
    words = {"q": HOSTILE} if "q" in line.filled else {}

    said = [check(hostile.ask(line, who, more=words)) for who in line.those_who_may]
    said.append(check(hostile.ask(line, line.those_who_may[-1], part=True, more=words)))

    if line.rule in SHOWN_ON:
        assert any("<script>alert(1)</script>" in text for text in said)


@pytest.mark.parametrize("line", POSTS, ids=str)
def test_in_every_form_hostile_words_are_words(hostile, line):
    """In all fields at once, and in one at a time where the others are understood."""
    names = list(line.fields(hostile.known))

    for who in line.those_who_may[:1] + line.those_who_may[-1:]:
        for those in [names, *([name] for name in names)]:
            answer = hostile.ask(line, who, more=dict.fromkeys(those, HOSTILE))
            check(answer)
            if answer.status_code == 303:
                assert (
                    answer.headers["Location"].startswith("/") and "script" not in answer.headers["Location"]
                )
