"""Catalogue 17 to 19: a forward proxy is told judged addresses alone, and its failures are named as its own."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from watcher.fetch import Egress, Fetcher, FetchLimits, FetchRequest, Proxy
from watcher.model.capture import Outcome, Truncation

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nwords"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
PUBLIC = "93.184.216.34"


def sends(*pieces: bytes, pause: float = 0.0, then_wait: float = 0.0) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        time.sleep(then_wait)

    return behave


def tunnels_to(port: int) -> Callable[[socket.socket], None]:
    """A proxy whose every tunnel leads to one local server, whatever address it was asked for."""

    def behave(client: socket.socket) -> None:
        with socket.socket() as server:
            server.connect(("127.0.0.1", port))
            client.sendall(ESTABLISHED)
            back = threading.Thread(target=_pipe, args=(server, client), daemon=True)
            back.start()
            _pipe(client, server)
            back.join(2)

    return behave


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)


def at(server: Any, login: str = "") -> Proxy:
    return Proxy(host="127.0.0.1", port=server.port, login=login)


def answers_twice(connection: socket.socket) -> None:
    connection.sendall(OK)
    connection.recv(65536)
    connection.sendall(OK)


def test_catalogue_019_connect_carries_the_address_and_the_page_is_asked_for_by_name(
    misbehave: Any, fetch: Any, names: Any
) -> None:
    origin = misbehave(sends(OK))
    proxy = misbehave(tunnels_to(origin.port))
    names(ministry_example=[PUBLIC])
    result = fetch("http://ministry.example/statement", house="", proxy=at(proxy))
    assert result.payload == b"words", result.error
    assert proxy.asked[0] == f"CONNECT {PUBLIC}:80 HTTP/1.1\r\nHost: {PUBLIC}:80\r\n\r\n".encode()
    assert origin.asked[0].startswith(b"GET /statement HTTP/1.1\r\nHost: ministry.example\r\n")
    (hop,) = result.hops
    assert (hop.address, hop.proxy) == (f"{PUBLIC}:80", f"http://127.0.0.1:{proxy.port}")


def test_catalogue_019_sni_and_certificate_are_those_of_the_name(
    misbehave: Any, fetch: Any, names: Any, certificates: Any
) -> None:
    certificate = certificates("ministry.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    named: list[str | None] = []
    context.sni_callback = lambda _, name, __: named.append(name)
    origin = misbehave(sends(OK), tls=context)
    proxy = misbehave(tunnels_to(origin.port))
    names(ministry_example=[PUBLIC], other_example=[PUBLIC])
    trusting = ssl.create_default_context(cafile=str(certificate.authority))
    result = fetch("https://ministry.example/", house="", proxy=at(proxy), tls=trusting)
    assert result.payload == b"words", result.error
    assert named == ["ministry.example"]
    assert proxy.asked[0].startswith(f"CONNECT {PUBLIC}:443 HTTP/1.1\r\n".encode())
    assert b"ministry" not in proxy.asked[0]
    assert result.hops[0].issuer == "CN=Test authority"
    other = fetch("https://other.example/", house="", proxy=at(proxy), tls=trusting)
    assert other.outcome is Outcome.TLS_ERROR
    assert "it is for other names" in other.error


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("169.254.169.254", "link-local"),
        ("2130706433", "loopback"),
        ("inside.example", "10.0.0.7 is private"),
        ("mixed.example", "10.0.0.7 is private"),
    ],
)
def test_catalogue_019_a_private_target_is_denied_before_the_proxy_is_asked(
    misbehave: Any, fetch: Any, monkeypatch: pytest.MonkeyPatch, host: str, reason: str
) -> None:
    known = {"inside.example": ["10.0.0.7"], "mixed.example": [PUBLIC, "10.0.0.7"]}
    looked_up = socket.getaddrinfo

    def lookup(name: str, port: int, *more: Any) -> list[Any]:
        if name not in known:
            return list(looked_up(name, port, *more))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[name]]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    proxy = misbehave(sends(ESTABLISHED))
    result = fetch(f"http://{host}/", house="", proxy=at(proxy))
    assert result.outcome is Outcome.DENIED
    assert reason in result.error
    assert proxy.asked == []


def test_catalogue_019_a_redirect_to_a_private_target_never_reaches_the_proxy(
    misbehave: Any, fetch: Any, names: Any
) -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.7/\r\nContent-Length: 0\r\n\r\n"
    proxy = misbehave(tunnels_to(misbehave(sends(away)).port))
    names(ministry_example=[PUBLIC])
    result = fetch("http://ministry.example/", house="", proxy=at(proxy))
    assert result.outcome is Outcome.DENIED
    assert [asked.split(b"\r\n")[0] for asked in proxy.asked] == [f"CONNECT {PUBLIC}:80 HTTP/1.1".encode()]


def test_a_tunnel_is_used_again_for_its_host_and_never_for_another_at_the_same_address(
    misbehave: Any, names: Any, clock: Any
) -> None:
    origin = misbehave(answers_twice)
    proxy = misbehave(tunnels_to(origin.port))
    names(one_example=[PUBLIC], two_example=[PUBLIC])
    fetcher = Fetcher(
        user_agent="watcher/test", limits=FetchLimits(deadline_seconds=2), clock=clock, egress=Egress(), proxy=at(proxy)
    )
    results = [fetcher.fetch(FetchRequest(url=f"http://{host}.example/")) for host in ("one", "one", "two")]
    fetcher.close()
    assert [result.payload for result in results] == [b"words"] * 3
    assert len(proxy.asked) == 2
    assert b"Host: two.example\r\n" in origin.asked[1]


REFUSALS = {
    "asks for a login": (sends(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), "WATCHER_FETCH__PROXY_LOGIN"),
    "forbids": (sends(b"HTTP/1.1 403 Forbidden\r\n\r\n"), "403 Forbidden. It must allow CONNECT"),
    "cannot reach it": (sends(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), f"could not reach {PUBLIC}:80"),
    "babbles": (sends(b"x" * 9216), "does not answer in HTTP: it sent 'xxx"),
    "babbles headers": (sends(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9216, then_wait=3), "more than 8192 bytes"),
    "speaks otherwise": (sends(b"HTTP/1.1 yes\r\n\r\n"), "does not answer in HTTP"),
    "is silent": (sends(then_wait=8), "deadline of 1 s exceeded (asking the proxy)"),
    "drips": (sends(*[b"H", b"T", b"T", b"P"] * 20, pause=0.05), "does not answer in HTTP"),
    "drips a header": (sends(b"HTTP/1.1 200", *[b"x"] * 30, pause=0.1), "(asking the proxy, "),
    "closes": (sends(), "closed the connection without an answer"),
    "speaks for the site": (sends(ESTABLISHED + OK), "sent bytes before anything was asked of ministry.example"),
}


@pytest.mark.parametrize("fault", REFUSALS)
def test_catalogue_018_a_proxy_that_fails_is_named_with_what_to_do(
    misbehave: Any, fetch: Any, names: Any, fault: str
) -> None:
    behaviour, told = REFUSALS[fault]
    proxy = misbehave(behaviour)
    names(ministry_example=[PUBLIC])
    begun = time.monotonic()
    result = fetch("http://ministry.example/page", house="", proxy=at(proxy))
    assert time.monotonic() - begun < 3.0
    assert result.outcome is Outcome.PROXY_ERROR, result.error
    assert result.error.startswith(f"http://ministry.example/page: the proxy http://127.0.0.1:{proxy.port} ")
    assert told in result.error
    assert (result.payload, result.hops) == (None, ())


def test_catalogue_018_a_proxy_that_is_down_is_named_and_may_come_back(fetch: Any, names: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    names(ministry_example=[PUBLIC])
    result = fetch("http://ministry.example/", house="", proxy=Proxy(host="127.0.0.1", port=port))
    assert (result.outcome, result.transient) == (Outcome.PROXY_ERROR, True)
    assert f"the proxy http://127.0.0.1:{port} cannot be used: [Errno 111]" in result.error
    assert "fetch.proxy" in result.error


def test_catalogue_018_a_proxy_whose_name_is_unknown_is_named(fetch: Any, names: Any) -> None:
    names(ministry_example=[PUBLIC])
    result = fetch("http://ministry.example/", house="", proxy=Proxy(host="proxy.invalid", port=3128))
    assert result.outcome is Outcome.PROXY_ERROR
    assert "the host proxy.invalid is not known" in result.error


def test_a_refused_login_is_told_as_such_and_never_shown(misbehave: Any, fetch: Any, names: Any) -> None:
    proxy = misbehave(sends(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"))
    names(ministry_example=[PUBLIC])
    result = fetch("http://ministry.example/", house="", proxy=at(proxy, "clerk:hunter2"))
    assert b"Proxy-Authorization: Basic Y2xlcms6aHVudGVyMg==\r\n" in proxy.asked[0]
    assert "refused the login" in result.error
    assert not result.transient
    for shown in (result.error, repr(result), repr(at(proxy, "clerk:hunter2"))):
        assert "hunter2" not in shown
        assert "Y2xlcms6aHVudGVyMg" not in shown


def test_the_login_of_the_proxy_is_told_to_the_proxy_alone(misbehave: Any, fetch: Any, names: Any) -> None:
    origin = misbehave(sends(OK))
    proxy = misbehave(tunnels_to(origin.port))
    names(ministry_example=[PUBLIC])
    result = fetch("http://ministry.example/", house="", proxy=at(proxy, "clerk:hunter2"))
    assert result.payload == b"words"
    assert b"Authorization" not in origin.asked[0]
    assert "Proxy-Authorization" not in dict(result.request_headers)


def test_an_address_that_the_proxy_cannot_reach_gives_way_to_the_next(misbehave: Any, fetch: Any, names: Any) -> None:
    origin = misbehave(sends(OK))
    through = tunnels_to(origin.port)

    def reaches_the_second(connection: socket.socket) -> None:
        if b"1.1.1.1" in proxy.asked[-1]:
            connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
        else:
            through(connection)

    proxy = misbehave(reaches_the_second)
    names(ministry_example=["1.1.1.1", PUBLIC])
    result = fetch("http://ministry.example/", house="", proxy=at(proxy))
    assert result.payload == b"words", result.error
    assert result.hops[0].address == f"{PUBLIC}:80"


def test_the_limits_hold_behind_a_proxy(misbehave: Any, fetch: Any, names: Any) -> None:
    names(ministry_example=[PUBLIC])
    big = misbehave(sends(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000))
    result = fetch("http://ministry.example/", house="", proxy=at(misbehave(tunnels_to(big.port))))
    assert (result.outcome, result.truncated) == (Outcome.TOO_LARGE, Truncation.LENGTH)
    slow = misbehave(sends(b"HTTP/1.1 200 OK\r\n\r\nbegun", then_wait=3))
    result = fetch("http://ministry.example/", house="", proxy=at(misbehave(tunnels_to(slow.port))))
    assert (result.outcome, result.truncated) == (Outcome.TIMED_OUT, Truncation.TIME)
    assert result.partial == b"begun"
    cut = misbehave(sends())
    proxy = at(misbehave(tunnels_to(cut.port)))
    result = fetch("http://ministry.example/", house="", proxy=proxy)
    assert result.outcome is Outcome.BROKEN_RESPONSE
