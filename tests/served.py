"""A real server for the length of a test."""

import threading
from contextlib import contextmanager, suppress


@contextmanager
def served(server):
    """Lets a server of waitress answer until the block ends; gives its port."""

    def run() -> None:
        with suppress(OSError):  # it may be waiting at the very socket that is closed
            server.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.close()
        thread.join(5)
