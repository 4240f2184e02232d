"""On which line of a policy file a mistake stands; the TOML reader of Python does not say."""

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\-\"' ]+?)\s*=")
_LINE_IN_DETAIL = re.compile(r"line (\d+)")


def line_of(source: str, path: str, detail: str = "") -> int | None:
    """The line, counted from 1, of a key such as ``hold.limit[2].most``, or of the nearest table around it.

    For a file that is no TOML at all there is no path, but the reader's ``detail`` names the line.
    """
    if not path:
        named = _LINE_IN_DETAIL.search(detail)
        return int(named[1]) if named else None
    lines = _lines(source)
    while path and path not in lines:
        # hold.limit[2].of[1] → hold.limit[2].of → hold.limit[2] → hold.limit → hold
        path = path[: max(path.rfind("."), path.rfind("[") if path.endswith("]") else -1, 0)]
    return lines.get(path)


def _lines(source: str) -> dict[str, int]:
    """Where each table and each key of the file begins."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table, inside_text = "", False
    for n, line in enumerate(source.splitlines(), start=1):
        if not inside_text:
            if header := _HEADER.fullmatch(line):
                table = header[2]
                if header[1] == "[[":
                    counts[table] = counts.get(table, 0) + 1
                    lines.setdefault(table, n)
                    table = f"{table}[{counts[table]}]"
                lines.setdefault(table, n)
            elif key := _KEY.match(line):
                name = re.sub(r"[\"' ]", "", key[1])
                lines.setdefault(f"{table}.{name}" if table else name, n)
        if line.count('"""') % 2:
            inside_text = not inside_text
    return lines
