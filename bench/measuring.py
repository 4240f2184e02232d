"""What the benches of the catalogue measure with: the time of a call, the program on a ready catalogue."""

import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, render_template

import resources
from app import create_app, read_ahead
from policy_file import read_policy
from settings import Settings

ROUNDS = 5


def best(call: Callable[[], object]) -> float:
    """Milliseconds of this thread, the best of some rounds, since everything else only adds."""
    spent = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        call()
        spent.append(time.thread_time() - began)
    return min(spent) * 1000


def library(database: Path, folder: Path) -> Flask:
    """The program on this catalogue, with a page more: its layout with nothing in it."""
    policy = read_policy(resources.text("policies/source-1.toml"))
    (folder / "shiori.db").symlink_to(database)
    app = create_app(Settings(folder, "source-1", "127.0.0.1", 8000), policy)
    app.add_url_rule("/empty", view_func=lambda: render_template("layout.html"))
    read_ahead(app)
    return app
