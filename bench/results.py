"""What a bench found, kept as JSON in ``.data/results``; ``benchmarks.py`` makes the document of it."""

import json
import os
import platform
import sqlite3
import time

from words import DATA

FOLDER = DATA / "results"


def keep(name: str, found: dict) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    when = time.strftime("%Y-%m-%d", time.gmtime())
    text = json.dumps({"machine": machine(), "on": when, **found}, ensure_ascii=False, indent=1)
    (FOLDER / f"{name}.json").write_text(text, "utf-8")


def kept(name: str) -> dict | None:
    file = FOLDER / f"{name}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else None


def machine() -> str:
    """In a few words, without a name."""
    model = ""
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    return (
        f"{os.cpu_count()} × {model or platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def quantile(values: list[float], of: float) -> float:
    """The value below which this part of them lies; of no values 0."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(of * len(ordered)))] if ordered else 0.0
