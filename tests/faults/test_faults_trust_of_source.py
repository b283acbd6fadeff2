"""Catalogue 12 and 23 through a whole check: robots.txt and page, trusted for one Source and recorded."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from watcher.cli.trial import snippet
from watcher.model.capture import Outcome
from watcher.pipeline.trial import Tools, try_source
from watcher.pipeline.trial_robots import RobotsVerdict

PAGE = (
    "<!doctype html><title>Kaz</title><h1>Kazakhstan</h1>" + "<p>Kazakhstan reports on its stockpile of mines.</p>" * 9
)


def answering(server: dict[str, Any], pages: dict[str, bytes]) -> Callable[[socket.socket], None]:
    """Answer by path; the request that came last is the one that is answered."""

    def behave(connection: socket.socket) -> None:
        path = server["is"].asked[-1].split(b" ")[1].decode()
        connection.sendall(pages.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))

    return behave


def page(text: str = PAGE) -> bytes:
    body = text.encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture
def ministry(misbehave: Any, names: Any, certificates: Any) -> Callable[..., Any]:
    """Start a site of ministry.example, protected by a certificate of the test authority or not at all."""

    def start(pages: dict[str, bytes], *, protected: bool = True) -> Any:
        names(ministry_example=["127.0.0.1"])
        certificate = certificates("ministry.example")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.file, certificate.key)
        server: dict[str, Any] = {}
        server["is"] = misbehave(answering(server, pages), tls=context if protected else None)
        return server["is"]

    return start


@pytest.fixture
def trusting(bench: Any, certificates: Any, tmp_path: Path) -> Any:
    """A bench whose folder of certificates holds the test authority as ministry.pem."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "ministry.pem").write_bytes(certificates("ministry.example").authority.read_bytes())
    bench.rooms = replace(bench.rooms, certificates=folder)
    return bench


def test_catalogue_012_robots_and_page_of_a_source_are_read_with_its_ca_file_alone(
    trusting: Any, ministry: Any
) -> None:
    server = ministry({"/page": page()})
    url = server.url("/page", scheme="https", host="ministry.example")
    trusting.register("kaz", url, ca_file="ministry.pem")
    trusting.register("other", url)
    checked = trusting.check("kaz")
    assert checked.recorded.capture.outcome is Outcome.NEW, checked.recorded.capture.error
    assert [asked.split(b" ")[1] for asked in server.asked] == [b"/robots.txt", b"/page"]
    refused = trusting.check("other").recorded.capture
    assert refused.outcome is Outcome.TLS_ERROR
    assert refused.error.endswith("If the authority is one that you trust, name its file in ca_file")


def test_catalogue_012_a_check_whose_ca_file_is_missing_is_recorded_with_its_name(trusting: Any, ministry: Any) -> None:
    server = ministry({"/page": page()})
    trusting.register("kaz", server.url("/page", scheme="https", host="ministry.example"), ca_file="none.pem")
    capture = trusting.check("kaz").recorded.capture
    assert capture.outcome is Outcome.TLS_ERROR
    assert str(trusting.rooms.certificates / "none.pem") in capture.error
    assert server.asked == []


def test_catalogue_023_a_check_that_was_led_to_http_carries_the_note(trusting: Any, ministry: Any) -> None:
    plain = ministry({"/robots.txt": page(""), "/page": page()}, protected=False)
    target = plain.url("{}", host="ministry.example")
    moved = "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n"
    answers = {path: moved.format(target.format(path)).encode() for path in ("/robots.txt", "/page")}
    url = ministry(answers).url("/page", scheme="https", host="ministry.example")
    trusting.register("strict", url, ca_file="ministry.pem")
    assert trusting.check("strict").recorded.capture.outcome is Outcome.DENIED
    assert plain.asked == []
    trusting.register("kaz", url, ca_file="ministry.pem", follow_to_http=True)
    capture = trusting.check("kaz").recorded.capture
    assert capture.outcome is Outcome.NEW, capture.error
    where = target.format("/page")
    assert f"Redirected from a protected to an unprotected address ({where}), as this Source allows." in capture.notes


def test_catalogue_012_a_trial_reads_with_the_ca_file_too(trusting: Any, ministry: Any) -> None:
    server = ministry({"/page": page().replace(b"\r\n\r\n", b'\r\nETag: "1"\r\n\r\n', 1)})
    source = trusting.register("kaz", server.url("/page", scheme="https", host="ministry.example"))
    tools = Tools(rooms=trusting.rooms, door=trusting.fetcher, wait=lambda _: None, progress=lambda _: None)
    definition = replace(source.definition, ca_file="ministry.pem", follow_to_http=True)
    tried = try_source(tools, definition, pause_seconds=0)
    assert tried.robots.verdict is RobotsVerdict.ALLOWED
    assert tried.obstacle == ""
    assert tried.conditional is not None
    assert "does not answer to it" in tried.conditional.reason
    assert snippet(tried).endswith('    ca_file: "ministry.pem"\n    follow_to_http: true')
    assert "is not trusted" in try_source(tools, source.definition, pause_seconds=0).obstacle
