"""Sends one body to a service that the settings name and returns its answer, under the rules of every connection.

No redirect is followed, nothing is tried twice, and the answer is at most `limits.maximum_bytes` long.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from typing import cast

import httpx

from watcher.errors import FetchError, RefusedError
from watcher.fetch import failures
from watcher.fetch.body import Collected, read_payload
from watcher.fetch.coding import UnusableBodyError
from watcher.fetch.egress import Egress
from watcher.fetch.fetcher import HEADER_ALLOWANCE_BYTES, FetchLimits
from watcher.fetch.headers import content_type
from watcher.fetch.proxy import Proxy
from watcher.fetch.tls import tls_context
from watcher.fetch.transport import WireTransport
from watcher.fetch.wire import Budget, Wire
from watcher.model.capture import Outcome
from watcher.model.source import require_http_url


def post(
    url: str,
    body: bytes,
    *,
    media_type: str,
    accept: str,
    user_agent: str,
    limits: FetchLimits,
    egress: Egress | None = None,
    tls: ssl.SSLContext | None = None,
    proxy: Proxy | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The body of a 200 answer of type `accept` to `body`, which is of `media_type`. FetchError for anything else.

    `headers` are sent beside the usual ones: a secret belongs here, never into the address.
    """
    try:
        target = httpx.URL(require_http_url(url))
    except (RefusedError, httpx.InvalidURL) as error:
        raise FetchError(str(error), outcome=Outcome.DENIED, transient=False) from error
    sent = {
        **(headers or {}),
        "User-Agent": user_agent,
        "Content-Type": media_type,
        "Accept": accept,
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    request = httpx.Request("POST", target, headers=sent, content=body)
    wire = Wire(egress or Egress(), proxy=proxy)
    wire.budget = Budget(
        deadline_seconds=limits.deadline_seconds,
        ends_at=time.monotonic() + limits.deadline_seconds,
        maximum_wire_bytes=limits.maximum_bytes + HEADER_ALLOWANCE_BYTES,
    )
    transport = WireTransport(wire, tls=tls or tls_context())
    try:
        return _answer(transport, request, url, accept=accept, limits=limits, budget=wire.budget)
    except failures.FAILURES as error:
        start = b"".join(wire.budget.start)
        raise failures.named_failure(error, url, start=start, proxy=proxy.url if proxy is not None else "") from None
    finally:
        transport.close()
        wire.close()


def _answer(
    transport: WireTransport,
    request: httpx.Request,
    url: str,
    *,
    accept: str,
    limits: FetchLimits,
    budget: Budget,
) -> bytes:
    response = transport.handle_request(request)
    try:
        budget.enter("body")
        response.request = request
        if response.status_code != 200:
            raise failures.status_failure(
                url, response.status_code, response.reason_phrase, retry_after_seconds=None, secrets_sent=False
            )
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        given, _ = content_type(headers)
        if given != accept:
            raise UnusableBodyError(f"{url} answered with {given or 'no type'}, not with {accept}", transient=False)
        stream = cast("httpx.SyncByteStream", response.stream)
        coding = response.headers.get("content-encoding", "")
        return read_payload(stream, Collected(limits.maximum_bytes), coding=coding, url=url)
    finally:
        response.close()
