"""A real S3 server on loopback, and a door in front of it that misbehaves when it is told to."""

from __future__ import annotations

import http.client
import importlib.util
import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from watcher.archive.bucket import BucketPlace, BucketStorage
from watcher.archive.storage import FolderStorage, Storage

NUMBERS = itertools.count(1)
REFUSALS = {
    "slow_down": (503, "SlowDown"),
    "skewed": (403, "RequestTimeTooSkewed"),
    "gone": (404, "NoSuchBucket"),
    "conflict": (409, "ConditionalRequestConflict"),
}


@dataclass(kw_only=True)
class Fault:
    """What the door does with the next `times` requests of a method whose path holds `part`."""

    method: str
    part: str
    kind: str
    times: int = 1


@dataclass(kw_only=True)
class Door:
    """In front of the server: `faults` are done once each, `seen` are (method, path, headers) as they came."""

    port: int
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def next(self, kind: str, *, method: str = "PUT", part: str = "", times: int = 1) -> None:
        """Have a fault happen."""
        self.faults.append(Fault(method=method, part=part, kind=kind, times=times))

    def fault_of(self, method: str, path: str) -> str:
        """The fault that a request meets, "" for none."""
        with self.turn:
            for fault in self.faults:
                if fault.times and fault.method == method and fault.part in path:
                    fault.times -= 1
                    self.met.append(fault.kind)
                    return fault.kind
        return ""


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """moto's server in a process of its own."""
    if not importlib.util.find_spec("moto") or not importlib.util.find_spec("obstore"):
        pytest.skip("moto[server] and obstore are not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        else:
            raise AssertionError("the S3 server did not come up")
        yield port
    finally:
        server.terminate()
        server.wait(20)


def ask(port: int, method: str, path: str, body: bytes = b"", headers: Any = ()) -> tuple[int, Any, bytes]:
    """One request to the server as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body=body or None, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def spoiled(content: bytes, kind: str) -> bytes:
    """An answer that arrives whole and is not what was stored."""
    if kind == "wrong" and content:
        return content[:-1] + bytes([content[-1] ^ 1])
    return content[: len(content) // 2] if kind == "shorter" else content


@pytest.fixture
def door(s3_port: int) -> Iterator[Door]:
    """The door, which lets everything pass until it is told otherwise."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            described.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            kind = described.fault_of(self.command, self.path)
            if kind in REFUSALS:
                status, code = REFUSALS[kind]
                self.reply(status, [], f"<Error><Code>{code}</Code><Message>says the door</Message></Error>".encode())
                return
            if kind == "dropped":
                self.close_connection = True
                return
            if kind == "unconditional":
                del self.headers["If-None-Match"]
            status, headers, content = ask(s3_port, self.command, self.path, body, self.headers.items())
            if kind == "unanswered":  # it was done, and nobody is told
                self.close_connection = True
                return
            if kind == "slow":
                time.sleep(1.5)
            content = spoiled(content, kind)
            kept = [(n, v) for n, v in headers.items() if n.lower() not in ("content-length", "connection", "date")]
            length = int(headers["Content-Length"]) if self.command == "HEAD" else len(content)
            if kind == "cut":
                content, self.close_connection = content[: len(content) // 2], True
            self.reply(status, kept, content, length=length)

        def reply(self, status: int, headers: Any, content: bytes, *, length: int | None = None) -> None:
            with suppress(OSError):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content) if length is None else length))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815 - names of the base class

        def log_message(self, *_: object) -> None:
            return

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    described = Door(port=server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield described
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def bucket(s3_port: int) -> BucketPlace:
    """A new bucket, reached without the door."""
    name = f"evidence-{os.getpid()}-{next(NUMBERS)}"
    assert ask(s3_port, "PUT", f"/{name}")[0] == 200
    return BucketPlace(
        bucket=name,
        prefix="desk/one",
        endpoint=f"http://127.0.0.1:{s3_port}",
        region="us-east-1",
        access_key_id="key",
        secret_access_key="secret",
    )


@pytest.fixture
def behind(bucket: BucketPlace, door: Door) -> BucketStorage:
    """The bucket as it is seen through the door: three tries, a second each."""
    place = replace(bucket, endpoint=f"http://127.0.0.1:{door.port}", timeout_seconds=1.0)
    return BucketStorage(place, waits=(0.0, 0.01, 0.02))


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """A place for an archive of either kind: what is claimed holds for both."""
    if request.param == "folder":
        return FolderStorage(tmp_path / "snapshots")
    return BucketStorage(request.getfixturevalue("bucket"))
