"""The proxy under the browser: what it serves, whom, and how far a page may reach. No browser is needed."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from watcher.errors import FetchError
from watcher.fetch import Egress, networks
from watcher.fetch.browser_proxy import BrowserProxy, confined, parse_head
from watcher.fetch.wire import Budget, Wire
from watcher.model.capture import Outcome


def test_a_request_in_absolute_form_is_sent_on_in_origin_form_without_what_is_for_the_proxy() -> None:
    head = (
        b"POST http://Example.org:8080/a%20b?c=d HTTP/1.1\r\nHost: example.org:8080\r\nProxy-Authorization: Basic x\r\n"
        b"Proxy-Connection: keep-alive\r\nContent-Length: 5\r\nX-Own: kept\r\n\r\n"
    )
    request = parse_head(head)
    assert request is not None
    assert (request.target, request.authorization, request.body_bytes) == (("example.org", 8080), "Basic x", 5)
    assert request.onward == (
        b"POST /a%20b?c=d HTTP/1.1\r\nHost: example.org:8080\r\nContent-Length: 5\r\nX-Own: kept\r\n"
        b"Connection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("line", "target"),
    [("CONNECT example.org:443", ("example.org", 443)), ("CONNECT [2001:db8::1]:8443", ("2001:db8::1", 8443))],
)
def test_a_tunnel_names_its_host_and_port(line: str, target: tuple[str, int]) -> None:
    request = parse_head(f"{line} HTTP/1.1\r\n\r\n".encode())
    assert request is not None
    assert (request.target, request.is_tunnel) == (target, True)


@pytest.mark.parametrize(
    "head",
    [
        "GET /relative HTTP/1.1",
        "GET https://example.org/ HTTP/1.1",
        "GET ftp://example.org/ HTTP/1.1",
        "GET http://example.org/ HTTP/1.0",
        "CONNECT example.org HTTP/1.1",
        "CONNECT :443 HTTP/1.1",
        "GET http://example.org:port/ HTTP/1.1",
        "GET http://[::1/ HTTP/1.1",
        "POST http://example.org/ HTTP/1.1\r\nTransfer-Encoding: chunked",
        "POST http://example.org/ HTTP/1.1\r\nContent-Length: -5",
        "",
    ],
)
def test_other_forms_are_not_served(head: str) -> None:
    assert parse_head(f"{head}\r\n\r\n".encode()) is None


def test_a_page_from_outside_may_not_reach_into_the_house_and_a_page_of_the_house_may() -> None:
    egress = Egress(intranet=networks(["10.1.0.0/16"]))
    inside = ipaddress.ip_address("10.1.2.3")
    assert confined(egress, ipaddress.ip_address("10.1.9.9"), 8123).refusal(inside, 80) == ""
    assert "10.1.2.3 is private" in confined(egress, ipaddress.ip_address("8.8.8.8"), 443).refusal(inside, 80)


def _with_proxy(
    steps: Callable[[BrowserProxy, int, list[FetchError]], Coroutine[Any, Any, None]], *, maximum_bytes: int = 1_000_000
) -> None:
    """Run steps against a proxy that allows 127.0.0.1; they get it, its port and the errors that it raised."""

    async def run() -> None:
        raised: list[FetchError] = []
        budget = Budget(deadline_seconds=5, ends_at=time.monotonic() + 5, maximum_wire_bytes=maximum_bytes)
        house = Egress(intranet=networks(["127.0.0.1"]))
        proxy = BrowserProxy(egress=house, wire=Wire, budget=budget, on_overrun=raised.append)
        address = await proxy.start()
        try:
            async with asyncio.timeout(10):
                await steps(proxy, int(address.rpartition(":")[2]), raised)
        finally:
            await proxy.close()

    asyncio.run(run())


def _login(proxy: BrowserProxy, password: str | None = None) -> str:
    return base64.b64encode(f"{proxy.user}:{password or proxy.password}".encode()).decode()


async def _ask(port: int, request: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    return answer


def test_nobody_is_served_without_the_credentials_of_the_fetch(site: Any) -> None:
    page = site.put("/page", "words")

    async def steps(proxy: BrowserProxy, port: int, _: list[FetchError]) -> None:
        ask = f"GET {page} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        assert (await _ask(port, ask + "\r\n")).startswith(b"HTTP/1.1 407")
        wrong = f"{ask}Proxy-Authorization: Basic {_login(proxy, 'guess')}\r\n\r\n"
        assert (await _ask(port, wrong)).startswith(b"HTTP/1.1 407")
        assert site.requests == []
        right = f"{ask}Proxy-Authorization: Basic {_login(proxy)}\r\n\r\n"
        assert (await _ask(port, right)).endswith(b"words")
        assert proxy.addresses == {("127.0.0.1", site.port): f"127.0.0.1:{site.port}"}

    _with_proxy(steps)


def test_a_second_request_on_a_connection_never_reaches_the_first_server() -> None:
    got: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(4096):
            got.append(piece)
        writer.close()

    async def steps(proxy: BrowserProxy, port: int, _: list[FetchError]) -> None:
        server = await asyncio.start_server(listen, "127.0.0.1", 0)
        page = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/first"
        login = f"Host: x\r\nProxy-Authorization: Basic {_login(proxy)}\r\n\r\n"
        await _ask(port, f"GET {page} HTTP/1.1\r\n{login}GET http://127.0.0.2/second HTTP/1.1\r\n{login}")
        server.close()
        assert b"/first" in b"".join(got)
        assert b"/second" not in b"".join(got)

    _with_proxy(steps)


def test_what_is_refused_is_listed_and_gets_no_answer_and_no_tunnel() -> None:
    async def steps(proxy: BrowserProxy, port: int, _: list[FetchError]) -> None:
        login = f"Proxy-Authorization: Basic {_login(proxy)}\r\n\r\n"
        assert await _ask(port, f"GET http://127.0.0.2/ HTTP/1.1\r\n{login}") == b""
        assert (await _ask(port, f"CONNECT 10.0.0.1:443 HTTP/1.1\r\n{login}")).startswith(b"HTTP/1.1 502")
        assert [error.outcome for error in proxy.refusals] == [Outcome.DENIED, Outcome.DENIED]
        assert set(proxy.failures) == {("127.0.0.2", 80), ("10.0.0.1", 443)}

    _with_proxy(steps)


def test_bytes_over_the_budget_are_reported(site: Any) -> None:
    page = site.put("/page", b"x" * 300_000)

    async def steps(proxy: BrowserProxy, port: int, raised: list[FetchError]) -> None:
        login = f"Proxy-Authorization: Basic {_login(proxy)}\r\n\r\n"
        await _ask(port, f"GET {page} HTTP/1.1\r\n{login}")
        assert [error.outcome for error in raised] == [Outcome.TOO_LARGE]

    _with_proxy(steps, maximum_bytes=200_000)
