"""Words for invented catalogues: nouns, places and names with their readings, the frequent ones first.

They come from the dictionary IPADIC as the package janome carries it, which is fetched once into ``.data``
and is no part of the program.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from zlib import crc32

HERE = Path(__file__).resolve().parent
DATA = HERE / ".data"
_PINS = HERE.parent / "requirements-bench.txt"
_KINDS = {
    "noun": ("名詞,一般", "名詞,サ変接続", "名詞,形容動詞語幹"),
    "place": ("名詞,固有名詞,地域,一般",),
    "surname": ("名詞,固有名詞,人名,姓",),
    "given": ("名詞,固有名詞,人名,名",),
}
_MOST = {"noun": 40_000, "place": 8_000, "surname": 8_000, "given": 6_000}

Word = tuple[str, str]  # as it is written, and its reading in katakana


def words() -> dict[str, list[Word]]:
    """The words of each kind, the most frequent first."""
    kept = DATA / "words.json"
    if not kept.exists():
        found = _of_dictionary(_dictionary())
        kept.write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    return {kind: [tuple(word) for word in of] for kind, of in json.loads(kept.read_text("utf-8")).items()}


def _dictionary() -> Path:
    folder = DATA / "janome"
    if not (folder / "janome").exists():
        folder.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "--target", folder]
        if subprocess.call([*pip, "-r", _PINS]):
            sys.exit("The words could not be fetched. Is there a connection? Start the same command again.")
    return folder


def _of_dictionary(folder: Path) -> dict[str, list[Word]]:
    sys.path.append(str(folder))
    from janome import sysdic

    found: dict[str, dict[Word, int]] = {kind: {} for kind in _KINDS}
    for surface, _, _, cost, part, _, _, _, reading, _ in sysdic.entries().values():
        for kind, parts in _KINDS.items():
            if part.startswith(parts) and re.fullmatch("[一-鿿々ァ-ヴー]{1,8}", surface):
                known = found[kind]
                known[surface, reading] = min(cost, known.get((surface, reading), cost))
    return {
        kind: [
            word for word, _ in sorted(known.items(), key=lambda of: (of[1], crc32(of[0][0].encode()), of[0]))
        ][: _MOST[kind]]
        for kind, known in found.items()
    }
