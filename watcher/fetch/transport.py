"""httpx over our own wire: httpcore's connection pool with its network replaced."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore
import httpx

from watcher.fetch.tls import authorities_in, tls_context
from watcher.fetch.wire import Wire

IDLE_SECONDS = 30.0
MAXIMUM_POOLS = 4


class WireTransport(httpx.BaseTransport):
    """Sends requests through a pool whose connections are all made by one Wire.

    The pool's key, the Host header, SNI and the certificate's name stay the name in the URL; only the
    connection itself goes to the address that was judged.
    """

    def __init__(self, wire: Wire, *, tls: ssl.SSLContext, idle_connections: int = 4) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=idle_connections,
            max_keepalive_connections=idle_connections,
            keepalive_expiry=IDLE_SECONDS,
            http1=True,
            http2=False,
            network_backend=wire,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request; httpcore's exceptions and FetchErrors of the wire come through."""
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class Transports:
    """The pools of one Wire: one that trusts what `tls` does, and one for each of the last few files of authorities.

    A file's pool is known by the certificates in the file: one that was changed is never trusted as it was before.
    No pool ever uses a connection of another.
    """

    def __init__(self, wire: Wire, *, tls: ssl.SSLContext) -> None:
        self._wire = wire
        self._usual = WireTransport(wire, tls=tls)
        self._by_authorities: dict[str, WireTransport] = {}

    def trusting(self, ca_file: Path | None) -> WireTransport:
        """The pool that trusts the usual bundle and a file's authorities. FetchError when the file cannot be used."""
        if ca_file is None:
            return self._usual
        authorities = authorities_in(ca_file)
        found = self._by_authorities.pop(authorities, None)
        if found is None:
            found = WireTransport(self._wire, tls=tls_context(authorities))
        self._by_authorities[authorities] = found
        if len(self._by_authorities) > MAXIMUM_POOLS:
            self._by_authorities.pop(next(iter(self._by_authorities))).close()
        return found

    def close(self) -> None:
        """Close all connections."""
        for transport in (self._usual, *self._by_authorities.values()):
            transport.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()
