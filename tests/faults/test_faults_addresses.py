"""The host that is judged is the host that httpx understood, whatever another parser would make of the URL."""

from __future__ import annotations

import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from watcher.model.capture import Outcome
from watcher.model.source import origin_of

DISPUTED = [
    "http://169.254.169.254\\@ministry.example/",
    "http://ministry.example\\@169.254.169.254/",
    "http://169.254.169.254#@ministry.example/",
    "http://ministry.example#@169.254.169.254/",
    "http://169.254.169.254?@ministry.example/",
    "http://clerk@ministry.example:80@169.254.169.254/",
    "http://ministry.example:80:80/",
    "http://ministry.example:@169.254.169.254/",
    "http://169.254.169.254/@ministry.example/",
    "http://169.254.169.254%2f@ministry.example/",
    "http://ministry.example%2f@169.254.169.254/",
    "http://ministry.example%00.evil.example/",
    "http://ministry.example%23.evil.example/",
    "http://ministry.example\t.evil.example/",
    "http://ministry.example\n.evil.example/",
    "http:// 169.254.169.254/",
    "http:///169.254.169.254/",
    "http:/169.254.169.254/",
    "http:169.254.169.254/",
    "http://[::1]ministry.example/",
    "http://[ministry.example]/",
    "http://[169.254.169.254]/",
    "http://ministry.example;evil.example/",
    "http://ministry.example,evil.example/",
    "http://MINISTRY.example/",
    "http://ministry.example./",
    "http://mińistry.example/",
    "http://ｍinistry.example/",
    "http://ministry。example/",
    "http://xn--minstry-dwa.example/",
    "HTTP://ministry.example/",
    "https:\\\\ministry.example/",
    "//ministry.example/",
    "http://ministry.example:0080/",
    "http://ministry.example:8O/",
    "http://0x7f.1/",
    "http://ministry.example:١٢/",
]


@pytest.mark.parametrize("url", DISPUTED)
def test_row_5_the_host_that_is_judged_is_the_one_that_would_be_asked(
    fetch: Any, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    judged: list[tuple[str, int]] = []

    def lookup(host: str, port: int, *_: object) -> list[Any]:
        judged.append((host, port))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    result = fetch(url, house="")
    assert result.outcome in (Outcome.DENIED, Outcome.DNS_ERROR), result.error
    assert result.hops == ()
    if not judged:
        return
    understood = httpx.URL(url)
    assert judged == [(understood.raw_host.decode(), understood.port or 80)]
    assert b"\r\nHost: " + judged[0][0].encode() in b"\r\nHost: " + understood.netloc
    other = urlsplit(url).hostname or ""
    if other.isascii():
        assert judged[0][0] == other
        assert httpx.URL(origin_of(url)).raw_host.decode() == judged[0][0]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "[fe80::1%25lo]"])
def test_an_address_needs_no_name_server_and_no_thread(fetch: Any, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    asked_in: list[threading.Thread] = []
    lookup = socket.getaddrinfo

    def noted(*arguments: Any) -> list[Any]:
        asked_in.append(threading.current_thread())
        assert arguments[5] == socket.AI_NUMERICHOST
        return list(lookup(*arguments))

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    assert fetch(f"http://{host}/", house="").outcome is Outcome.DENIED
    assert all(thread is threading.current_thread() for thread in asked_in)
