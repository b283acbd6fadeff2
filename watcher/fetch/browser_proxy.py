"""The forward proxy through which a browser reaches the network, and by which alone.

It listens on 127.0.0.1 for one fetch and asks for credentials that were drawn for that fetch. Host names are
looked up, judged and connected to by a Wire, so that the policy for a browser's connections is that of any fetch.
CONNECT (RFC 9110, 9.3.6) carries https and WebSockets; requests in absolute form (RFC 9112, 3.2.2) carry http,
one a connection.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import hmac
import ipaddress
import secrets
import socket
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore

from watcher.errors import FetchError
from watcher.fetch.egress import Address, Egress
from watcher.fetch.wire import Budget, Wire
from watcher.model.capture import Outcome

Target = tuple[str, int]
CONNECTING_THREADS = 16
PIECE_BYTES = 65536
MAXIMUM_HEAD_BYTES = 128 * 1024
HOP_BY_HOP = frozenset({"proxy-authorization", "proxy-connection", "connection", "keep-alive", "upgrade"})
ASKS_FOR_LOGIN = (
    b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="watcher"\r\n'
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
NOT_CONNECTED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyRequest:
    """The head of one request to the proxy. `onward` is what the server is sent, b"" for a tunnel."""

    target: Target
    authorization: str
    onward: bytes
    body_bytes: int

    @property
    def is_tunnel(self) -> bool:
        """Whether CONNECT was asked for."""
        return not self.onward


def parse_head(head: bytes) -> ProxyRequest | None:
    """The head of a request to a proxy; None when it is not one of the two forms that are served."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, _, rest = first.partition(" ")
    address, _, version = rest.partition(" ")
    fields = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    values = dict(fields)
    length = values.get("content-length", "0")
    if version != "HTTP/1.1" or not length.isdecimal() or "transfer-encoding" in values:
        return None
    try:
        parts = urlsplit(f"//{address}" if method == "CONNECT" else address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or (method == "CONNECT" and not port) or (method != "CONNECT" and parts.scheme != "http"):
        return None
    authorization = values.get("proxy-authorization", "")
    if method == "CONNECT":
        return ProxyRequest(target=(host, port or 443), authorization=authorization, onward=b"", body_bytes=0)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = [line for line, (name, _) in zip(lines, fields, strict=True) if name not in HOP_BY_HOP]
    onward = "\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""]).encode("latin-1")
    return ProxyRequest(target=(host, port or 80), authorization=authorization, onward=onward, body_bytes=int(length))


def confined(egress: Egress, address: Address, port: int) -> Egress:
    """The policy for the rest of a page whose first document came from `address`.

    A page of the house may use what the house has; a page from outside may not reach into the house, although
    the operator allows its networks to Sources of the house.
    """
    outside = dataclasses.replace(egress, intranet=())
    return egress if outside.refusal(address, port) else outside


class BrowserProxy:
    """The proxy of one fetch. Lives on one event loop; `on_overrun` is called once the budget is used up.

    `addresses` says which address answered for a host and port, `failures` why none could be connected to, and
    `refusals` lists every attempt that the policy refused.
    """

    def __init__(
        self,
        *,
        egress: Egress,
        wire: Callable[[Egress], Wire],
        budget: Budget,
        on_overrun: Callable[[FetchError], None],
    ) -> None:
        self.addresses: dict[Target, str] = {}
        self.failures: dict[Target, FetchError] = {}
        self.refusals: list[FetchError] = []
        self.user = "page"
        self.password = secrets.token_urlsafe(24)
        self._egress = egress
        self._make_wire = wire
        self._budget = budget
        self._on_overrun = on_overrun
        self._wires = [self._new_wire(egress)]
        self._connectors = ThreadPoolExecutor(CONNECTING_THREADS, thread_name_prefix="browser-connect")
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen on a free port of 127.0.0.1; returns the proxy's address."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=MAXIMUM_HEAD_BYTES)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """End every connection and stop listening."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._connectors.shutdown(wait=False, cancel_futures=True)
        for wire in self._wires:
            wire.close()

    def _new_wire(self, egress: Egress) -> Wire:
        wire = self._make_wire(egress)
        wire.budget = self._budget
        return wire

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            request = parse_head(head)
            if request is None:
                return
            if not self._knows(request.authorization):
                writer.write(ASKS_FOR_LOGIN)
                return
            await self._forward(request, reader, writer)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            return
        except FetchError as error:
            self._on_overrun(error)
        finally:
            self._writers.discard(writer)
            writer.close()

    def _knows(self, authorization: str) -> bool:
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return hmac.compare_digest(authorization.encode(), f"Basic {login}".encode())

    async def _forward(self, request: ProxyRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected = await self._connect(request.target)
        if connected is None:
            if request.is_tunnel:
                writer.write(NOT_CONNECTED)
            return
        server_reader, server_writer = await asyncio.open_connection(sock=connected)
        self._writers.add(server_writer)
        try:
            if request.is_tunnel:
                writer.write(CONNECTED)
                upwards = self._pump(reader, server_writer)
            else:
                server_writer.write(request.onward)
                upwards = self._send_body(reader, server_writer, request.body_bytes)
            await _first_of(upwards, self._pump(server_reader, writer))
        finally:
            self._writers.discard(server_writer)
            server_writer.close()

    async def _connect(self, target: Target) -> socket.socket | None:
        loop = asyncio.get_running_loop()
        host, port = target
        try:
            stream = await loop.run_in_executor(self._connectors, self._wires[-1].connect_tcp, host, port)
        except FetchError as error:
            self.failures[target] = error
            if error.outcome == Outcome.DENIED:
                self.refusals.append(error)
            return None
        except httpcore.ConnectError as error:
            message = f"{host} could not be reached: {error}"
            self.failures[target] = FetchError(message, outcome=Outcome.NETWORK_ERROR, transient=True)
            return None
        address: str = stream.get_extra_info("address")
        if not self.addresses:
            judged = ipaddress.ip_address(address.rpartition(":")[0].strip("[]"))
            self._wires.append(self._new_wire(confined(self._egress, judged, port)))
        self.addresses[target] = address
        self.failures.pop(target, None)
        connected: socket.socket = stream.get_extra_info("socket")
        connected.setblocking(False)
        return connected

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE_BYTES):
            self._count(piece)
            writer.write(piece)
            await writer.drain()

    def _count(self, piece: bytes) -> None:
        if self._budget.phase == "headers":  # of a forward proxy's answer, which is over by now
            self._budget.enter("body")
        self._budget.take(piece)

    async def _send_body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int) -> None:
        """The body of one request; a second request on the connection ends it instead of reaching this server."""
        while length:
            piece = await reader.read(min(PIECE_BYTES, length))
            if not piece:
                return
            length -= len(piece)
            self._count(piece)
            writer.write(piece)
            await writer.drain()
        await reader.read(1)


async def _first_of(*works: Coroutine[None, None, None]) -> None:
    """Run all until one of them ends; its exception is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
