"""The network under httpcore: addresses are judged and pinned as they are connected to, and every byte is budgeted.

One lookup a connection; all its answers are judged before any is used, or before a proxy is told of one. The
deadline and the limits hold in each read and write, so that no slow name server, proxy, handshake, header or body
can outlast them.
"""

from __future__ import annotations

import ipaddress
import select
import socket
import ssl
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Any

import httpcore

from watcher.errors import FetchError
from watcher.fetch.egress import Address, Egress
from watcher.fetch.headers import split_start
from watcher.fetch.proxy import (
    MAXIMUM_ANSWER_BYTES,
    Proxy,
    answer_is_whole,
    connect_request,
    refusal_of,
    shown_address,
    unreachable,
)
from watcher.fetch.tls import PeerCertificate, peer_certificate, tls_failure
from watcher.model.capture import Outcome

RESOLVER_THREADS = 2
MAXIMUM_HEADER_BYTES = 128 * 1024
LONGEST_CONNECT_SECONDS = 15.0
SMALLEST_WAIT_SECONDS = 0.001
_NUMERIC = socket.AI_NUMERICHOST


@dataclass(kw_only=True, slots=True)
class Budget:
    """What one fetch may still use. `phase` names what is being done, for the error that ends it.

    `start` holds the first bytes of the answer under way, `disconnected` says that the other side ended it,
    `connections` counts those that were made.
    """

    deadline_seconds: float
    ends_at: float
    maximum_wire_bytes: int
    phase: str = "connecting"
    received: int = 0
    received_in_phase: int = 0
    connections: int = 0
    disconnected: bool = False
    start: list[bytes] = field(default_factory=list)

    def enter(self, phase: str) -> None:
        """Another part of the fetch begins."""
        self.phase = phase
        self.received_in_phase = 0
        if phase == "headers":
            self.start.clear()
            self.disconnected = False

    def remaining(self) -> float:
        """Seconds left; FetchError when there are none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise self.exceeded()
        return left

    def exceeded(self) -> FetchError:
        """The error of a fetch that took too long."""
        count = self.received_in_phase
        if self.phase == "body":
            count += len(split_start(b"".join(self.start))[1])
        part = f"{self.phase}, {count} bytes read" if count else self.phase
        message = f"deadline of {self.deadline_seconds:g} s exceeded ({part})"
        return FetchError(message, outcome=Outcome.TIMED_OUT, transient=True)

    def take(self, received: bytes) -> None:
        """Count bytes that came in; FetchError when they are too many."""
        count = len(received)
        self.received += count
        self.received_in_phase += count
        if not count:
            self.disconnected = True
        if self.phase == "headers":
            self.start.append(received)
            if self.received_in_phase > MAXIMUM_HEADER_BYTES:
                message = f"headers too long: more than {MAXIMUM_HEADER_BYTES} bytes before the body"
                raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=False)
        if self.received > self.maximum_wire_bytes:
            message = f"more than {self.maximum_wire_bytes} bytes on the wire"
            raise FetchError(message, outcome=Outcome.TOO_LARGE, transient=False)


class Wire(httpcore.NetworkBackend):
    """Connects for one fetcher, through `proxy` if there is one. `budget` is that of the fetch under way."""

    def __init__(self, egress: Egress, *, proxy: Proxy | None = None) -> None:
        self._egress = egress
        self._proxy = proxy
        self._resolvers = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")
        self.budget = Budget(deadline_seconds=0, ends_at=0, maximum_wire_bytes=0)

    def close(self) -> None:
        """Let the resolver threads end."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to an address of `host` that the policy allows."""
        self.budget.connections += 1
        self.budget.enter("looking up the host")
        addresses = self._lookup(host, port)
        for address in addresses:
            refusal = self._egress.refusal(address, port)
            if refusal:
                message = f"{host} is refused: {refusal}. Is it of your house? Then list its network in fetch.intranet"
                raise FetchError(message, outcome=Outcome.DENIED, transient=False)
        if self._proxy is not None:
            return self._tunnel(self._proxy, host, port, addresses)
        self.budget.enter("connecting")
        problem: OSError | None = None
        for address in addresses:
            try:
                connected = self._connect(address, port)
            except OSError as error:
                problem = error
                self.budget.remaining()
            else:
                return _Stream(connected, self, host=host, port=port, address=address)
        raise httpcore.ConnectError(str(problem)) from problem

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> Any:
        """Never: pages are not served there."""
        raise FetchError(f"{path} is no address", outcome=Outcome.DENIED, transient=False)

    def sleep(self, seconds: float) -> None:
        """Wait, for httpcore's own retries (there are none)."""
        time.sleep(min(seconds, self.budget.remaining()))

    def _tunnel(self, proxy: Proxy, host: str, port: int, addresses: list[Address]) -> httpcore.NetworkStream:
        """A connection through the proxy to the first of the judged addresses that it can reach.

        Every failure on the way is PROXY_ERROR, that of a deadline too.
        """
        refused: FetchError | None = None
        try:
            for address in addresses:
                connected = self._to_proxy(proxy)
                refused = self._ask_proxy(connected, proxy, host, shown_address(str(address), port))
                if refused is None:
                    return _Stream(connected, self, host=host, port=port, address=address, proxy=proxy)
                connected.close()
                if not refused.transient:
                    break
        except FetchError as error:
            if error.outcome == Outcome.PROXY_ERROR:
                raise
            raise unreachable(proxy, error) from error
        raise refused or unreachable(proxy, f"{host} has no address")

    def _to_proxy(self, proxy: Proxy) -> socket.socket:
        self.budget.enter("connecting to the proxy")
        problem: object = "it has no address"
        for address in self._lookup(proxy.host, proxy.port):
            try:
                return self._connect(address, proxy.port)
            except OSError as error:
                problem = error
                self.budget.remaining()
        raise unreachable(proxy, problem)

    def _ask_proxy(self, connected: socket.socket, proxy: Proxy, host: str, target: str) -> FetchError | None:
        """None when the tunnel stands; the error of a refusal. The socket is closed when the asking itself fails."""
        self.budget.enter("asking the proxy")
        received = b""
        try:
            connected.settimeout(self.budget.remaining())
            connected.sendall(connect_request(proxy, target))
            while not answer_is_whole(received, proxy):
                connected.settimeout(max(self.budget.remaining(), SMALLEST_WAIT_SECONDS))
                piece = connected.recv(MAXIMUM_ANSWER_BYTES)
                if not piece:
                    raise unreachable(proxy, "it closed the connection without an answer")
                self.budget.take(piece)
                received += piece
        except TimeoutError as error:
            connected.close()
            raise self.budget.exceeded() from error
        except OSError as error:
            connected.close()
            raise unreachable(proxy, error) from error
        except FetchError:
            connected.close()
            raise
        return refusal_of(received, proxy, host=host, target=target)

    def _lookup(self, host: str, port: int) -> list[Address]:
        try:
            return [ipaddress.ip_address(host)]
        except ValueError:
            pass
        try:
            if _ends_in_a_number(host):
                found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, socket.IPPROTO_TCP, _NUMERIC)
            else:
                found = self._resolved(host, port)
        except (socket.gaierror, UnicodeError) as error:
            reason = error.strerror if isinstance(error, socket.gaierror) else "it is no host name"
            message = f"the host {host} is not known: {reason}"
            raise FetchError(message, outcome=Outcome.DNS_ERROR, transient=True) from error
        addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        return list(dict.fromkeys(addresses))

    def _resolved(self, host: str, port: int) -> list[Any]:
        """What the name servers say, asked in a thread of their own: the system's resolver knows no deadline."""
        answer = self._resolvers.submit(socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            return answer.result(self.budget.remaining())
        except FutureTimeout as error:
            answer.cancel()
            message = f"no name server answered for {host} within {self.budget.deadline_seconds:g} s"
            raise FetchError(message, outcome=Outcome.DNS_ERROR, transient=True) from error

    def _connect(self, address: Address, port: int) -> socket.socket:
        wait = min(self.budget.remaining(), LONGEST_CONNECT_SECONDS)
        connected = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        try:
            connected.settimeout(wait)
            connected.connect((str(address), port))
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            connected.close()
            raise
        return connected


class _Stream(httpcore.NetworkStream):
    """A socket whose reads and writes end at the deadline and count against the budget of the fetch under way.

    `host` is the name that was asked for, `address` the judged address that it leads to.
    """

    def __init__(
        self,
        connected: socket.socket,
        wire: Wire,
        *,
        host: str,
        port: int,
        address: Address,
        proxy: Proxy | None = None,
    ) -> None:
        self._socket = connected
        self._wire = wire
        self._host = host
        self._port = port
        self._agreed = False
        self._info = {
            "address": shown_address(str(address), port),
            "proxy": proxy.url if proxy is not None else "",
            "certificate": PeerCertificate(),
        }

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        budget = self._wire.budget
        if budget.phase not in ("headers", "body"):
            budget.enter("headers")
        try:
            self._socket.settimeout(max(budget.remaining(), SMALLEST_WAIT_SECONDS))
            received = self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise budget.exceeded() from error
        except ssl.SSLError as error:
            raise self._tls_failure(error) from error
        except OSError as error:
            budget.disconnected = True
            raise httpcore.ReadError(str(error)) from error
        budget.take(received)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        budget = self._wire.budget
        budget.enter("sending the request")
        try:
            self._socket.settimeout(max(budget.remaining(), SMALLEST_WAIT_SECONDS))
            self._socket.sendall(buffer)
        except TimeoutError as error:
            raise budget.exceeded() from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._wire.budget.enter("TLS handshake")
        try:
            self._socket.settimeout(max(self._wire.budget.remaining(), SMALLEST_WAIT_SECONDS))
            protected = ssl_context.wrap_socket(
                self._socket, server_hostname=server_hostname, do_handshake_on_connect=False
            )
            self._socket = protected
            protected.do_handshake()
        except TimeoutError as error:
            self.close()
            raise self._wire.budget.exceeded() from error
        except ssl.SSLError as error:
            failure = self._tls_failure(error)
            self.close()
            raise failure from error
        except OSError as error:
            self.close()
            raise httpcore.ConnectError(str(error)) from error
        self._info["certificate"] = peer_certificate(protected)
        return self

    def _tls_failure(self, error: ssl.SSLError) -> FetchError:
        agreed = isinstance(self._socket, ssl.SSLSocket) and self._socket.cipher() is not None
        return tls_failure(error, host=self._host, port=self._port, agreed=agreed)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore and the evidence ask of a connection: "address", "proxy" and "certificate" are our own."""
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        if info == "socket":
            return self._socket
        if info == "is_readable":
            return _is_readable(self._socket)
        return self._info.get(info)


def _ends_in_a_number(host: str) -> bool:
    """Whether a host is an IPv4 address in some spelling, which no name server needs to be asked about."""
    return host.rstrip(".").rpartition(".")[2][:1].isdigit()


def _is_readable(connected: socket.socket) -> bool:
    """Whether an idle connection has something to read, which means that the server closed it."""
    try:
        asked = select.poll()
        asked.register(connected, select.POLLIN)
        return bool(asked.poll(0))
    except (OSError, ValueError):
        return True
