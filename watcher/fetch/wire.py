"""The network under httpcore: addresses are judged and pinned as they are connected to, and every byte is budgeted.

One lookup a connection; all its answers are judged before any is used. The deadline and the limits hold in
each read and write, so that no slow name server, handshake, header or body can outlast them.
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
from dataclasses import dataclass
from typing import Any

import httpcore

from watcher.errors import FetchError
from watcher.fetch.egress import Address, Egress
from watcher.model.capture import Outcome

RESOLVER_THREADS = 2
MAXIMUM_HEADER_BYTES = 128 * 1024
LONGEST_CONNECT_SECONDS = 15.0
SMALLEST_WAIT_SECONDS = 0.001


@dataclass(kw_only=True, slots=True)
class Budget:
    """What one fetch may still use. `phase` names what is being done, for the error that ends it."""

    deadline_seconds: float
    ends_at: float
    maximum_wire_bytes: int
    phase: str = "connecting"
    received: int = 0
    received_in_phase: int = 0

    def enter(self, phase: str) -> None:
        """Another part of the fetch begins."""
        self.phase = phase
        self.received_in_phase = 0

    def remaining(self) -> float:
        """Seconds left; FetchError when there are none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise self.exceeded()
        return left

    def exceeded(self) -> FetchError:
        """The error of a fetch that took too long."""
        part = f"{self.phase}, {self.received_in_phase} bytes read" if self.received_in_phase else self.phase
        message = f"deadline of {self.deadline_seconds:g} s exceeded ({part})"
        return FetchError(message, outcome=Outcome.TIMED_OUT, transient=True)

    def take(self, count: int) -> None:
        """Count bytes that came in; FetchError when they are too many."""
        self.received += count
        self.received_in_phase += count
        if self.phase == "headers" and self.received_in_phase > MAXIMUM_HEADER_BYTES:
            message = f"headers too long: more than {MAXIMUM_HEADER_BYTES} bytes before the body"
            raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=False)
        if self.received > self.maximum_wire_bytes:
            message = f"more than {self.maximum_wire_bytes} bytes on the wire"
            raise FetchError(message, outcome=Outcome.TOO_LARGE, transient=False)


class Wire(httpcore.NetworkBackend):
    """Connects for one fetcher. `budget` is that of the fetch under way."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
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
        self.budget.enter("looking up the host")
        addresses = self._lookup(host, port)
        for address in addresses:
            refusal = self._egress.refusal(address, port)
            if refusal:
                message = f"{host} is refused: {refusal}. Is it of your house? Then list its network in fetch.intranet"
                raise FetchError(message, outcome=Outcome.DENIED, transient=False)
        self.budget.enter("connecting")
        problem: OSError | None = None
        for address in addresses:
            try:
                return _Stream(self._connect(address, port), self)
            except OSError as error:
                problem = error
                self.budget.remaining()
        raise httpcore.ConnectError(str(problem)) from problem

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> Any:
        """Never: pages are not served there."""
        raise FetchError(f"{path} is no address", outcome=Outcome.DENIED, transient=False)

    def sleep(self, seconds: float) -> None:
        """Wait, for httpcore's own retries (there are none)."""
        time.sleep(min(seconds, self.budget.remaining()))

    def _lookup(self, host: str, port: int) -> list[Address]:
        answer = self._resolvers.submit(socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            found = answer.result(self.budget.remaining())
        except FutureTimeout as error:
            answer.cancel()
            message = f"no name server answered for {host} within {self.budget.deadline_seconds:g} s"
            raise FetchError(message, outcome=Outcome.DNS_ERROR, transient=True) from error
        except (socket.gaierror, UnicodeError) as error:
            reason = error.strerror if isinstance(error, socket.gaierror) else "it is no host name"
            message = f"the host {host} is not known: {reason}"
            raise FetchError(message, outcome=Outcome.DNS_ERROR, transient=True) from error
        addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        return list(dict.fromkeys(addresses))

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
    """A socket whose reads and writes end at the deadline and count against the budget of the fetch under way."""

    def __init__(self, connected: socket.socket, wire: Wire) -> None:
        self._socket = connected
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._wire.budget.phase not in ("headers", "body"):
            self._wire.budget.enter("headers")
        try:
            self._socket.settimeout(max(self._wire.budget.remaining(), SMALLEST_WAIT_SECONDS))
            received = self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise self._wire.budget.exceeded() from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        self._wire.budget.take(len(received))
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        self._wire.budget.enter("sending the request")
        try:
            self._socket.settimeout(max(self._wire.budget.remaining(), SMALLEST_WAIT_SECONDS))
            self._socket.sendall(buffer)
        except TimeoutError as error:
            raise self._wire.budget.exceeded() from error
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
            self._socket = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except TimeoutError as error:
            self.close()
            raise self._wire.budget.exceeded() from error
        except ssl.SSLError as error:
            self.close()
            raise FetchError(_tls_problem(error), outcome=Outcome.TLS_ERROR, transient=True) from error
        except OSError as error:
            self.close()
            raise httpcore.ConnectError(str(error)) from error
        return self

    def get_extra_info(self, info: str) -> Any:
        """What httpcore and the evidence ask of a connection."""
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        if info == "server_addr":
            return self._socket.getpeername()
        if info == "socket":
            return self._socket
        if info == "is_readable":
            return _is_readable(self._socket)
        return None


def _is_readable(connected: socket.socket) -> bool:
    """Whether an idle connection has something to read, which means that the server closed it."""
    try:
        return bool(select.select([connected], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _tls_problem(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {error.verify_message}"
    return f"no TLS connection: {error.reason or error}"
