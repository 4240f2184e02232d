"""The rows of the search index that answer a query: counted, or read from the newest on.

``search.py`` puts them in order, ``facets.py`` counts what they have.
"""

from collections.abc import Iterator

from folding import forms
from pairs import any_of
from queries import Query
from search_index import EVERY, at_branch, in_class, of_material

COUNTED_UP_TO = 1000  # titles, where each must be looked at to be counted

# A copy that a visitor can take from the shelf, as ``rules.ItemFacts.availability`` says it of one.
_AVAILABLE_SQL = """ AND EXISTS (
  SELECT 1 FROM item WHERE item.bib_id = bib_fts.rowid & 16777215
    AND item.state = 'in_stock' AND NOT item.not_for_loan AND NOT item.interlibrary
    AND (:branch = '' OR item.branch = :branch)
    AND NOT EXISTS (SELECT 1 FROM loan WHERE loan.item_id = item.id AND loan.returned_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.item_id = item.id AND hold.closed_at IS NULL))"""
_YEARS_SQL = " AND (bib_fts.rowid >> 24 & 131071) / 13 BETWEEN :year_from AND :year_to"
_THIS_ISBN_SQL = " AND bib_fts.rowid & 16777215 IN (SELECT id FROM bib WHERE isbn = :isbn)"


class Hits:
    """The rows of the index that answer a query, newest first; nothing is read before it is asked for."""

    def __init__(self, db, query: Query):
        self.query, self._db = query, db
        words = {*query.words, *query.without, *query.texts}
        self.forms = {word: forms(word.typed) for word in words}
        # Each of them must be looked at, since what is out today stands in no index.
        self.looks_at_items = query.available
        self._narrowed = (
            _AVAILABLE_SQL * query.available
            + _YEARS_SQL * bool(query.year_from or query.year_to)
            + _THIS_ISBN_SQL * bool(query.isbn)
        )
        self._values = {
            "branch": query.branch,
            "year_from": query.year_from or 1,
            "year_to": query.year_to or 9999,
            "isbn": query.isbn,
        }
        # Every title that is, or begins with, what was typed is a hit then.
        self.is_plain = len(query.texts) == 1 and not (query.without or query.narrowed or query.isbn)
        self.match = self.expression()

    def expression(self, columns: str = "", first: str = "") -> str:
        """The query for FTS5.  Words that may stand anywhere are looked for in these ``columns`` alone, and
        ``first`` may take the place of what was typed in the first field."""
        wanted = self._words(columns)
        if first:
            wanted[0] = first
        narrowing = [f'f : "{word}"' for word in self._narrowing()] or [f'f : "{EVERY}"'] * (not wanted)
        match = " AND ".join([*wanted, *narrowing])
        for word in self.query.without:
            match = f"({match}) NOT {in_columns(word.column, any_of(self.forms[word]))}"
        return match

    def _words(self, columns: str) -> list[str]:
        parts = []
        for text in self.query.texts:
            words = [word for word in self.query.words if word.column == text.column]
            match = " AND ".join(any_of(self.forms[word]) for word in words)
            # A reading may be written in words with its particles as they sound, which only the whole shows.
            if len(words) > 1:
                match = f"({match}) OR {any_of(self.forms[text])}"
            parts += [in_columns(text.column or columns, f"({match})")] * bool(words)
        return parts

    def _narrowing(self) -> Iterator[str]:
        if self.query.material:
            yield of_material(self.query.material)
        if self.query.branch:
            yield at_branch(self.query.branch)
        if self.query.ndc:
            yield in_class(self.query.ndc)

    def count(self) -> tuple[int, bool]:
        """How many there are, and whether that is all of them."""
        where = f"FROM bib_fts WHERE bib_fts MATCH :match{self._narrowed}"
        if self.looks_at_items:
            sql = f"SELECT count(*) FROM (SELECT 1 {where} LIMIT {COUNTED_UP_TO + 1})"  # noqa: S608
        else:
            sql = f"SELECT count(*) {where}"
        found = self._run(sql, self.match)[0][0]
        most = COUNTED_UP_TO if self.looks_at_items else found
        return min(found, most), found <= most

    def newest(self, limit: int, offset: int = 0, match: str | None = None) -> list[int]:
        """Titles from the newest on, of all or of those that ``match``, too."""
        sql = f"""SELECT bib_fts.rowid & 16777215 FROM bib_fts WHERE bib_fts MATCH :match{self._narrowed}
          ORDER BY bib_fts.rowid DESC LIMIT :limit OFFSET :offset"""  # noqa: S608 - of constants
        return [row[0] for row in self._run(sql, match or self.match, limit=limit, offset=offset)]

    def with_rows(self, columns: str, tables: str, limit: int) -> list[tuple]:
        """Columns of tables that are joined by ``number``, from the newest title on."""
        sql = f"""WITH hit (number, age) AS MATERIALIZED (
            SELECT bib_fts.rowid & 16777215, -bib_fts.rowid FROM bib_fts
            WHERE bib_fts MATCH :match{self._narrowed} ORDER BY bib_fts.rowid DESC LIMIT :limit)
          SELECT {columns} FROM hit CROSS JOIN {tables} ORDER BY age"""  # noqa: S608 - of constants
        return self._run(sql, self.match, limit=limit)

    def headings(self, sql: str, **values) -> list[tuple]:
        """What a statement on headings gives, whose first column is the row's number: of hits alone."""
        if self.is_plain:
            return self._run(sql, self.match, **values)
        among = f"""SELECT * FROM ({sql}) WHERE EXISTS (
            SELECT 1 FROM bib_fts WHERE bib_fts MATCH :match AND bib_fts.rowid = rid{self._narrowed})"""  # noqa: S608
        return self._run(among, self.match, **values)

    def _run(self, sql: str, match: str, **values) -> list[tuple]:
        return self._db.execute_sql(sql, {**self._values, "match": match, **values}).fetchall()


def in_columns(columns: str, match: str) -> str:
    return f"{{{columns}}} : {match}" if columns else match
