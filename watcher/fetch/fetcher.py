"""Fetches one URL with httpx: own redirect loop, one deadline for the whole fetch, a bound on the body."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urljoin, urlsplit

import httpx

from watcher.errors import FetchError, RefusedError
from watcher.fetch import failures
from watcher.fetch.attempt import Attempt, hop_of
from watcher.fetch.body import ERROR_PAGE_BYTES, Collected, read_error_page, read_payload, truncation_of
from watcher.fetch.coding import BadGzipError
from watcher.fetch.egress import Egress
from watcher.fetch.headers import (
    conflicting_lengths,
    content_type,
    declared_length,
    is_chunked,
    is_framed,
    notes_on_not_modified,
    retry_after_seconds,
    split_start,
)
from watcher.fetch.protection import leaves_protection, protection_denial, protection_note
from watcher.fetch.proxy import Proxy
from watcher.fetch.request import FetchRequest, composed, sends_secrets, shown_headers
from watcher.fetch.tls import tls_context
from watcher.fetch.transport import Transports, WireTransport
from watcher.fetch.wire import Budget, Wire
from watcher.model.capture import FetchResult, Outcome
from watcher.model.source import require_http_url

REDIRECTS = frozenset({301, 302, 303, 307, 308})
RETRIED = frozenset({Outcome.NETWORK_ERROR, Outcome.BROKEN_RESPONSE})
HEADER_ALLOWANCE_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchLimits:
    """Bounds of one fetch: seconds for all of it, bytes of body after decoding, requests in a redirect chain."""

    deadline_seconds: float = 60.0
    maximum_bytes: int = 50_000_000
    maximum_hops: int = 8


class Fetcher:
    """Fetches for one worker over one Wire. Failures come back as FetchResults, not as exceptions."""

    def __init__(
        self,
        *,
        user_agent: str,
        limits: FetchLimits,
        clock: Callable[[], datetime],
        egress: Egress | None = None,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._limits = limits
        self._clock = clock
        self._proxy = proxy.url if proxy is not None else ""
        self._wire = Wire(egress or Egress(), proxy=proxy)
        self._transports = Transports(self._wire, tls=tls or tls_context())

    def close(self) -> None:
        """Close idle connections."""
        self._transports.close()
        self._wire.close()

    def fetch(self, request: FetchRequest) -> FetchResult:
        """One attempt, redirects included. `outcome` NEW means that content came; the archive says if it is new."""
        attempt = Attempt(request=request, started_at=self._clock())
        self._wire.budget = Budget(
            deadline_seconds=self._limits.deadline_seconds,
            ends_at=time.monotonic() + self._limits.deadline_seconds,
            maximum_wire_bytes=self._limits.maximum_bytes + HEADER_ALLOWANCE_BYTES,
        )
        try:
            self._follow(attempt)
        except FetchError as error:
            attempt.fail(error)
        return attempt.result(self._clock())

    def _follow(self, attempt: Attempt) -> None:
        url = attempt.request.url
        transport = self._transport_for(attempt.request)
        for _ in range(self._limits.maximum_hops):
            try:
                url = require_http_url(url)
            except RefusedError as error:
                raise FetchError(str(error), outcome=Outcome.DENIED, transient=False) from error
            location = self._one_hop(attempt, url, transport)
            if location is None:
                return
            target = _redirected(url, location)
            if leaves_protection(url, target):
                _leave_protection(attempt, url, target)
            url = target
        last = " → ".join(hop.url for hop in attempt.hops[-3:])
        message = f"more than {self._limits.maximum_hops} redirects, the last ones {last}"
        raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=False)

    def _transport_for(self, request: FetchRequest) -> WireTransport:
        try:
            return self._transports.trusting(request.ca_file)
        except FetchError as error:
            raise failures.named_failure(error, request.url, start=b"", proxy="") from error

    def _one_hop(self, attempt: Attempt, url: str, transport: WireTransport) -> str | None:
        """Ask, and once more in a fetch when a connection breaks before an answer, or when a gzip is none.

        A kept connection that the server has closed meanwhile does not count (RFC 9112, 9.3.1).
        """
        budget = self._wire.budget
        answered, connections = len(attempt.hops), budget.connections
        try:
            return self._ask(attempt, url, transport)
        except BadGzipError:
            if attempt.asked_plain:
                raise
            attempt.ask_plain()
            return self._one_hop(attempt, url, transport)
        except FetchError as error:
            was_kept = budget.connections == connections and not any(budget.start)
            may_retry = error.transient and error.outcome in RETRIED and len(attempt.hops) == answered
            if not may_retry or (attempt.retried and not was_kept):
                raise
            attempt.retried = attempt.retried or not was_kept
            return self._one_hop(attempt, url, transport)

    def _ask(self, attempt: Attempt, url: str, transport: WireTransport) -> str | None:
        """The Location of a redirect; None when the answer is the last one, which is then in the attempt."""
        budget = self._wire.budget
        budget.start.clear()
        try:
            request = composed(attempt, url, self._user_agent)
            attempt.request_headers = shown_headers(request, attempt.request)
            response = transport.handle_request(request)
            try:
                budget.enter("body")
                response.request = request
                return self._answer(attempt, url, response)
            finally:
                response.close()
        except failures.FAILURES as error:
            start = b"".join(budget.start)
            if conflicting_lengths(start):
                attempt.keep_partial(split_start(start)[1][: self._limits.maximum_bytes], truncation_of(error, budget))
            raise failures.named_failure(error, url, start=start, proxy=self._proxy) from None

    def _answer(self, attempt: Attempt, url: str, response: httpx.Response) -> str | None:
        status = response.status_code
        attempt.status = status
        attempt.headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
        )
        location: str = response.headers.get("location", "") if status in REDIRECTS else ""
        attempt.hops.append(hop_of(url, response, location))
        if location:
            attempt.cookies.extract_cookies(response)
            if declared_length(attempt.headers) == 0:
                self._drain(response)
            return location
        if status in REDIRECTS:
            message = f"{url} answered {status} without saying where to go"
            raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=False)
        if status == 304 and attempt.request.is_conditional_at(url):
            self._drain(response)
            self._not_modified(attempt)
        elif status == 200:
            self._take(attempt, url, response)
        else:
            self._take_error(attempt, url, response)
        return None

    def _drain(self, response: httpx.Response) -> None:
        """Read the end of a body that is empty: the connection can then be used again."""
        for _ in _body(response):
            return

    def _not_modified(self, attempt: Attempt) -> None:
        attempt.outcome = Outcome.NOT_MODIFIED
        attempt.notes += notes_on_not_modified(
            attempt.headers,
            etag=attempt.request.etag,
            last_modified=attempt.request.last_modified,
        )

    def _take(self, attempt: Attempt, url: str, response: httpx.Response) -> None:
        wire = Collected(self._limits.maximum_bytes)
        attempt.framed = is_framed(attempt.headers)
        coding = response.headers.get("content-encoding", "")
        try:
            payload = read_payload(_body(response), wire, coding=coding, url=url)
            _check_length(attempt, url, wire.length)
        except failures.FAILURES as error:
            attempt.keep_partial(wire.whole(), truncation_of(error, self._wire.budget))
            raise
        attempt.payload = payload
        attempt.outcome = Outcome.NEW
        attempt.media_type, attempt.charset = content_type(attempt.headers)

    def _take_error(self, attempt: Attempt, url: str, response: httpx.Response) -> None:
        page = Collected(min(ERROR_PAGE_BYTES, self._limits.maximum_bytes))
        truncated = read_error_page(_body(response), page, self._wire.budget)
        attempt.keep_partial(page.whole(), truncated)
        attempt.framed = is_framed(attempt.headers)
        raise failures.status_failure(
            url,
            response.status_code,
            response.reason_phrase,
            retry_after_seconds=retry_after_seconds(attempt.headers, self._clock()),
            secrets_sent=sends_secrets(attempt.request, httpx.URL(url)),
        )


def _body(response: httpx.Response) -> httpx.SyncByteStream:
    """The body as it comes: httpx's own decoding has no bound."""
    return cast("httpx.SyncByteStream", response.stream)


def _check_length(attempt: Attempt, url: str, length: int) -> None:
    """A Content-Length beside chunks must agree with them (RFC 9112, 6.3): where it does not, two readers differ."""
    declared = declared_length(attempt.headers)
    if is_chunked(attempt.headers) and declared is not None and declared != length:
        message = f"{url} sent a broken response: chunks of {length} bytes in all beside a Content-Length of {declared}"
        raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=True)


def _redirected(url: str, location: str) -> str:
    """Where a redirect leads. Blanks inside are written as %20, as browsers do."""
    try:
        target = urljoin(url, location.strip().replace(" ", "%20"))
        urlsplit(target)
    except ValueError as error:
        message = f"{url} leads to {location!r}, which is no address: {error}"
        raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=False) from error
    return target


def _leave_protection(attempt: Attempt, url: str, target: str) -> None:
    """From https to http only where the Source allows it, and then without cookies that secrets may have brought."""
    if not attempt.request.follow_to_http:
        raise protection_denial(url, target)
    if attempt.request.secret_headers:
        attempt.cookies.clear()
    attempt.notes = tuple(dict.fromkeys((*attempt.notes, protection_note(target))))
