"""Serving pages: waitress, set for a small machine, stopping only when the answers under way are out."""

import logging
import select
import signal
import sqlite3
import sys
from pathlib import Path

from flask import Flask
from waitress.server import create_server

# With poll, many slow or silent connections do no harm; select() ends at about a thousand of them.
_POLL = hasattr(select, "poll")
_THREADS = 8
# A list of titles; app.py takes no more than a form from anybody but an administrator who puts one in.
LARGEST_BODY = 51 * 1024 * 1024


def listen(app: Flask, host: str, port: int, proxies: int = 0):
    """A server on an open port.  Raises OSError where the address or port cannot be had.

    Of so many proxies in front the word is taken about the browser's address and whether it came by TLS, and
    nobody else's.
    """
    trust = {
        "trusted_proxy": "*",
        "trusted_proxy_count": proxies,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
    }
    return create_server(
        app,
        host=host,
        port=port,
        threads=_THREADS,
        ident=None,
        connection_limit=1000 if _POLL else 400,
        channel_timeout=30,
        cleanup_interval=10,
        max_request_body_size=LARGEST_BODY,
        asyncore_use_poll=_POLL,
        **(trust if proxies else {}),
    )


def log_to_stderr() -> None:
    """What is logged goes where the service manager keeps it, each line with its time."""
    logging.basicConfig(format="%(asctime)s %(name)s %(message)s")


def serve(app: Flask, host: str, port: int, database: Path, ready=lambda: None, proxies: int = 0) -> None:
    """Answer requests until the process is told to stop.  ``ready`` is called once the port is open.

    Raises OSError where the address or port cannot be had.
    """
    log_to_stderr()
    # It would tell of each moment in which more requests came than threads were free.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # Open as long as the process lives: the write-ahead log then stays, and a full disk stops writing only.
    keeper = sqlite3.connect(database, check_same_thread=False)
    keeper.execute("SELECT count(*) FROM meta").fetchone()
    server = listen(app, host, port, proxies)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ready()
    try:
        server.run()
    except (SystemExit, KeyboardInterrupt):
        pass
    finally:
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=10)
        server.close()
        keeper.close()
