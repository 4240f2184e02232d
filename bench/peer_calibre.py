"""Runs in calibre-web's own environment: makes its library of the books in a file of JSON lines."""

import json
import sys
from pathlib import Path


def main() -> None:
    books, folder = Path(sys.argv[1]), Path(sys.argv[2])
    sys.argv[1:] = []  # it reads the command line for itself
    from calibreweb.cps import db
    from sqlalchemy import create_engine, text

    engine = create_engine(f"sqlite:///{folder / 'metadata.db'}")
    engine = engine.execution_options(schema_translate_map={"calibre": None})
    db.Base.metadata.create_all(engine)
    authors: dict[str, int] = {}
    made, written, links = [], [], []
    with open(books, encoding="utf-8") as lines:
        for line in lines:
            number, title, names = json.loads(line)
            made.append({"id": number, "title": title, "by": names[0]})
            for name in names:
                known = authors.setdefault(name, len(authors) + 1)
                written.append({"id": known, "name": name})
                links.append({"book": number, "author": known})
    with engine.begin() as connection:
        run = connection.execute
        run(text("INSERT INTO library_id (uuid) VALUES ('00000000-0000-4000-8000-000000000000')"))
        run(text(_BOOK_SQL), made)
        run(
            text("INSERT OR IGNORE INTO authors (id, name, sort, link) VALUES (:id, :name, :name, '')"),
            written,
        )
        run(text("INSERT OR IGNORE INTO books_authors_link (book, author) VALUES (:book, :author)"), links)


_NOW = "'2026-04-15 00:00:00+00:00'"
_BOOK_SQL = f"""
INSERT INTO books (id, title, sort, author_sort, timestamp, pubdate, series_index, last_modified, path,
  has_cover, uuid)
VALUES (:id, :title, :title, :by, {_NOW}, {_NOW}, '1.0', {_NOW}, '', 0, 'book-' || :id)
"""  # noqa: S608 - of a constant


if __name__ == "__main__":
    main()
