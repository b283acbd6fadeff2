"""Catalogue 24: secrets go to one origin, and to nobody's eyes."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from watcher.fetch import FetchRequest
from watcher.fetch.request import sends_secrets
from watcher.model.capture import Outcome

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
OK = HEAD + b"Content-Length: 5\r\n\r\nwords"
TOKEN = "hunter2-secret"
BASIC = "Basic " + base64.b64encode(b"clerk:hunter2-secret").decode()
SECRETS = (("Authorization", BASIC), ("X-Api-Key", TOKEN))


def sends(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


def leads_to(url: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode()


def asks(server: Any) -> dict[str, Any]:
    return {"secret_origin": server.url("").rstrip("/"), "secret_headers": SECRETS}


def test_secrets_are_sent_to_their_origin_and_recorded_as_stars(misbehave: Any, fetch: Any) -> None:
    server = misbehave(sends(OK))
    result = fetch(server.url("/page"), ask={**asks(server), "etag": '"a"'})
    assert result.payload == b"words"
    assert f"Authorization: {BASIC}\r\nX-Api-Key: {TOKEN}\r\n".encode() in server.asked[0]
    assert result.request_headers == (
        ("Host", f"127.0.0.1:{server.port}"),
        ("User-Agent", "watcher/test"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip"),
        ("If-None-Match", '"a"'),
        ("Authorization", "***"),
        ("X-Api-Key", "***"),
    )


def test_what_is_recorded_as_sent_is_what_was_sent(misbehave: Any, fetch: Any) -> None:
    server = misbehave(sends(OK))
    result = fetch(server.url("/page"))
    lines = [f"{name}: {value}" for name, value in result.request_headers]
    assert server.asked[0].decode() == "\r\n".join(["GET /page HTTP/1.1", *lines]) + "\r\n\r\n"


def test_catalogue_024_secrets_do_not_follow_a_redirect_to_another_port(misbehave: Any, fetch: Any) -> None:
    other = misbehave(sends(OK))
    server = misbehave(sends(leads_to(other.url("/elsewhere"))))
    result = fetch(server.url(), ask=asks(server))
    assert result.payload == b"words"
    assert TOKEN.encode() in server.asked[0]
    assert TOKEN.encode() not in other.asked[0]
    assert b"Authorization" not in other.asked[0]
    assert "Authorization" not in dict(result.request_headers)


def test_catalogue_024_secrets_do_not_follow_a_redirect_to_another_host_on_the_same_address(
    misbehave: Any, fetch: Any, names: Any
) -> None:
    names(ministry_example=["127.0.0.1"], evil_example=["127.0.0.1"])

    def leads_away_once(connection: socket.socket) -> None:
        away = f"http://evil.example:{server.port}/"
        connection.sendall(leads_to(away) if len(server.asked) == 1 else OK)

    server = misbehave(leads_away_once)
    origin = server.url("", host="ministry.example")
    result = fetch(origin + "/", ask={"secret_origin": origin, "secret_headers": SECRETS})
    assert result.payload == b"words"
    assert [TOKEN.encode() in asked for asked in server.asked] == [True, False]


def test_catalogue_024_secrets_are_sent_again_where_a_redirect_comes_back(misbehave: Any, fetch: Any) -> None:
    def there_and_back(connection: socket.socket) -> None:
        connection.sendall(OK if b"GET /back" in server.asked[-1] else leads_to(other.url()))

    server = misbehave(there_and_back)
    other = misbehave(lambda connection: connection.sendall(leads_to(server.url("/back"))))
    result = fetch(server.url("/out"), ask=asks(server))
    assert result.payload == b"words"
    assert [TOKEN.encode() in asked for asked in server.asked] == [True, True]
    assert TOKEN.encode() not in other.asked[0]


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://ministry.example/page", True),
        ("https://ministry.example:443/page", True),
        ("https://MINISTRY.example/page", True),
        ("http://ministry.example/page", False),
        ("http://ministry.example:443/page", False),
        ("https://ministry.example:8443/page", False),
        ("https://www.ministry.example/page", False),
        ("https://ministry.example.evil.example/page", False),
        ("https://evil.example/?https://ministry.example", False),
        ("https://ministry.example@evil.example/", False),
    ],
)
def test_catalogue_024_an_origin_is_scheme_host_and_port(url: str, sent: bool) -> None:
    request = FetchRequest(url=url, secret_origin="https://ministry.example", secret_headers=SECRETS)
    assert sends_secrets(request, httpx.URL(url)) is sent


def test_no_origin_means_that_no_secret_is_sent(misbehave: Any, fetch: Any) -> None:
    server = misbehave(sends(OK))
    assert fetch(server.url(), ask={"secret_headers": SECRETS}).payload == b"words"
    assert TOKEN.encode() not in server.asked[0]


@pytest.mark.parametrize(
    "header",
    [("X-Api-Key", TOKEN + "\r\nX-Other: 1"), ("X-Api-Key", TOKEN + "€"), ("X Api Key", TOKEN), ("X-Api-Key", "")],
)
def test_a_secret_that_no_header_can_hold_is_refused_without_being_shown(
    misbehave: Any, fetch: Any, header: tuple[str, str]
) -> None:
    server = misbehave(sends(OK))
    ask = {"secret_origin": server.url(""), "secret_headers": (header,)}
    result = fetch(server.url(), ask=ask)
    assert result.outcome is Outcome.DENIED
    assert "secret header" in result.error
    assert TOKEN not in repr(result)
    assert server.asked == []


FAILS = {
    "broken": b"nonsense\r\n\r\n",
    "refused": b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    "cut": HEAD + b"Content-Length: 50\r\n\r\nwords",
    "conflicting": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nwords",
}


@pytest.mark.parametrize("fault", FAILS)
def test_no_failure_shows_a_secret(misbehave: Any, fetch: Any, fault: str) -> None:
    server = misbehave(sends(FAILS[fault]))
    result = fetch(server.url(), ask=asks(server))
    assert result.error
    for secret in (TOKEN, BASIC):
        assert secret not in repr(result)
        assert secret not in repr(FetchRequest(url=server.url(), **asks(server)))


def test_a_login_that_was_refused_is_told_apart_from_one_that_is_missing(misbehave: Any, fetch: Any) -> None:
    server = misbehave(sends(FAILS["refused"]))
    assert "the credentials that were sent are not accepted" in fetch(server.url(), ask=asks(server)).error
    assert "Credentials can be set for this Source" in fetch(server.url()).error


def test_a_cookie_that_a_secret_may_have_brought_is_masked_too(misbehave: Any, fetch: Any) -> None:
    def logs_in(connection: socket.socket) -> None:
        head = b"HTTP/1.1 302 Found\r\nLocation: /in\r\nSet-Cookie: session=abc\r\nContent-Length: 0\r\n"
        connection.sendall(OK if b"GET /in" in server.asked[-1] else head + b"Connection: close\r\n\r\n")

    server = misbehave(logs_in)
    assert dict(fetch(server.url(), ask=asks(server)).request_headers)["Cookie"] == "***"
    assert dict(fetch(server.url()).request_headers)["Cookie"] == "session=abc"


@pytest.mark.parametrize("through_redirect", [False, True])
def test_a_login_inside_an_address_is_refused_and_its_password_not_repeated(
    misbehave: Any, fetch: Any, through_redirect: bool
) -> None:
    server = misbehave(sends(OK))
    url = f"http://clerk:{TOKEN}@127.0.0.1:{server.port}/"
    first = misbehave(sends(leads_to(url))).url() if through_redirect else url
    result = fetch(first)
    assert result.outcome is Outcome.DENIED
    assert "has a login inside" in result.error
    assert TOKEN not in result.error
    assert server.asked == []
