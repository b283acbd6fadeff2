"""A small local site in several dated states, served on loopback from the folder `pages`.

`pages/<number>/<name>` is a page from state <number> on, until a later state replaces it. A file
`<name>.status` holds an HTTP status to answer with instead, in that state only.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, Self

PAGES = Path(__file__).parent / "pages"
MEDIA_TYPES = {".html": "text/html; charset=utf-8", ".txt": "text/plain; charset=utf-8"}


class Site:
    """Serves the state that `show` chose, on a free port of 127.0.0.1."""

    def __init__(self, port: int = 0) -> None:
        self._state = 1
        site = self

        class Handler(_Handler):
            def state(self) -> int:
                return site._state

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="demo site", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def address(self, name: str) -> str:
        """The URL of a page."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}"

    def show(self, state: int) -> None:
        """Serve this state from now on."""
        self._state = state


def states() -> int:
    """How many states the site has."""
    return max(int(folder.name) for folder in PAGES.iterdir() if folder.name.isdecimal())


def page(name: str, state: int) -> tuple[int, bytes]:
    """Status and body of a page in a state."""
    refusal = PAGES / str(state) / f"{name}.status"
    if refusal.exists():
        return int(refusal.read_text()), b"The server is being repaired.\n"
    for number in range(state, 0, -1):
        file = PAGES / str(number) / name
        if file.exists():
            return 200, file.read_bytes()
    return 404, b"There is no such page.\n"


class _Handler(BaseHTTPRequestHandler):
    names: ClassVar[frozenset[str]] = frozenset(file.name for file in PAGES.glob("*/*") if file.suffix != ".status")

    def state(self) -> int:
        """The state to serve."""
        return 1

    def do_GET(self) -> None:
        """Answer with the page as it stands."""
        name = self.path.lstrip("/").partition("?")[0]
        status, body = page(name, self.state()) if name in self.names else (404, b"There is no such page.\n")
        self.send_response(status)
        self.send_header("Content-Type", MEDIA_TYPES.get(Path(name).suffix, "text/plain"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """The demonstration prints what the service does, not what the site hears."""
