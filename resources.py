"""Files that travel with the program, read alike from a folder and from inside the one file.

In a zip archive there are no paths, so templates, static files, messages, policies and samples are all
read here and nowhere by `open`.  No rule and no request lives here.
"""

import hashlib
import mimetypes
import pkgutil
import zipfile
from functools import cache
from pathlib import Path

TEXT_TYPES = {"text/css", "text/javascript", "application/javascript", "image/svg+xml", "text/plain"}

# Windows reads these from its registry, where other programs may have changed them.
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}


def read(path: str) -> bytes:
    """The bytes of a file named from the top of the tree, such as ``templates/layout.html``.

    Raises FileNotFoundError for what is not there and for any path that would leave the tree.
    """
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ".." in parts or "" in parts:
        raise FileNotFoundError(path)
    try:
        found = pkgutil.get_data(__name__, path)
    except OSError as missing:
        raise FileNotFoundError(path) from missing
    if found is None:
        raise FileNotFoundError(path)
    return found


def text(path: str) -> str:
    """The same, as text.  Files of the project are UTF-8."""
    return read(path).decode("utf-8")


@cache
def template(name: str) -> str:
    """The source of a page or of a part of one, kept as static files are."""
    return text(f"templates/{name}")


def names(folder: str) -> list[str]:
    """The names of all files below a folder of the tree, with slashes, as ``read`` takes them."""
    archive = getattr(__loader__, "archive", None)
    if archive:
        with zipfile.ZipFile(archive) as packed:
            return [name for name in packed.namelist() if name.startswith(f"{folder}/") and name[-1] != "/"]
    top = Path(__file__).parent
    return [path.relative_to(top).as_posix() for path in (top / folder).rglob("*") if path.is_file()]


@cache
def static_file(name: str) -> tuple[bytes, str, str]:
    """Bytes, media type and fingerprint of a file under ``static/``, kept: they never change as we run."""
    content = read(f"static/{name}")
    ending = name[name.rfind(".") :].lower()
    media_type = _MEDIA_TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return content, media_type, hashlib.sha256(content).hexdigest()[:16]
