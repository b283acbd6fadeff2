"""For tests in a real browser: where Chromium is, how it is started, and a served instance."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watcher.pipeline.ports import Rooms
from watcher.web.server import listen, page_server

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def serving(rooms: Rooms) -> Iterator[str]:
    """The address at which an instance's pages are served meanwhile."""
    listening = listen("127.0.0.1", 0)
    server = page_server(rooms)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()
