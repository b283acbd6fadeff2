"""`watcher source test URL`: what an administrator reads before an address is registered."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from watcher.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
HTML = {"Content-Type": "text/html; charset=utf-8"}
Reply = tuple[int, dict[str, str], str | bytes]
Page = Callable[[int, dict[str, str]], Reply]

PROSE = "".join(
    f"<p>Paragraph {number}: Kazakhstan has not joined the Mine Ban Treaty and reports on its stockpile of "
    f"anti-personnel mines in its voluntary report, page {number}.</p>"
    for number in range(12)
)
FURNITURE = "<nav><ul>" + "".join(f"<li><a href=/{n}>Section number {n}</a></li>" for n in range(9)) + "</ul></nav>"


def document(inside: str = "", *, title: str = "Country page: Kazakhstan", prose: str = PROSE) -> str:
    """A page with navigation, a main part and what a test puts below it."""
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title></head><body>{FURNITURE}'
        f'<main id="content"><h1>Kazakhstan</h1>{prose}</main>{inside}<footer>Ministry of Tests</footer></body></html>'
    )


def always(body: str | bytes, status: int = 200, **headers: str) -> Page:
    """The same answer each time. Header names are written with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _count, _asked: (status, {**HTML, **named}, body)


class Host:
    """A server whose pages are functions of how often they were asked and of the request's headers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def put(self, path: str, page: Page) -> str:
        """Set a page; its address."""
        self.pages[path] = page
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def host() -> Iterator[Host]:
    """A host on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = {name.lower(): value for name, value in self.headers.items()}
            count = sum(path == self.path for path, _ in described.asked)
            described.asked.append((self.path, asked))
            page = described.pages.get(self.path, always("not here", 404))
            status, headers, body = page(count, asked)
            content = body.encode() if isinstance(body, str) else body
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if status != 304:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    described = Host(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield described
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """`watcher source test …` in an empty folder, before any instance was made: (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHER_CONFIG", str(ROOT / "config"))
    monkeypatch.setenv("WATCHER_FETCH__INTRANET", "127.0.0.0/8")
    monkeypatch.setenv("WATCHER_FETCH__GAP_SECONDS", "0")
    monkeypatch.setenv("WATCHER_FETCH__DEADLINE_SECONDS", "20")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["watcher", "source", "test", "--pause", "0.05", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return call


@pytest.fixture
def find(ask: Any) -> Any:
    """The same as JSON: (exit code, what was found)."""

    def call(*arguments: str) -> tuple[int, dict[str, Any]]:
        code, out, err = ask("--json", *arguments)
        assert err == ""
        return code, json.loads(out)

    return call
