"""Fetches one URL with httpx: own redirect loop, one deadline for the whole fetch, a bound on the body."""

from __future__ import annotations

import email.message
import email.utils
import hashlib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin

import httpcore
import httpx

from watcher.errors import FetchError, RefusedError
from watcher.fetch.coding import decoded
from watcher.fetch.egress import Egress
from watcher.fetch.transport import WireTransport
from watcher.fetch.wire import Budget, Wire
from watcher.model.capture import FetchResult, Hop, Outcome
from watcher.model.source import require_http_url

REDIRECTS = frozenset({301, 302, 303, 307, 308})
RETRIED = frozenset({Outcome.NETWORK_ERROR, Outcome.BROKEN_RESPONSE})
MAXIMUM_RETRY_AFTER_SECONDS = 86400.0
HEADER_ALLOWANCE_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchLimits:
    """Bounds of one fetch: seconds for all of it, bytes of body after decoding, requests in a redirect chain."""

    deadline_seconds: float = 60.0
    maximum_bytes: int = 50_000_000
    maximum_hops: int = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchRequest:
    """What to fetch. `etag` and `last_modified` make the request conditional.

    `secret_headers` (name, value) are sent to `secret_origin` alone. `browser` asks for the page after its scripts ran.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    secret_origin: str = ""
    secret_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    browser: bool = False


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
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._wire = Wire(egress or Egress())
        self._client = httpx.Client(
            transport=WireTransport(self._wire, tls=tls or tls_context()),
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "gzip"},
        )

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()
        self._wire.close()

    def fetch(self, request: FetchRequest) -> FetchResult:
        """One attempt, redirects included. `outcome` NEW means that content came; the archive says if it is new."""
        self._client.cookies.clear()  # what one Source set is none of another's business
        attempt = _Attempt(request=request, started_at=self._clock())
        self._wire.budget = Budget(
            deadline_seconds=self._limits.deadline_seconds,
            ends_at=time.monotonic() + self._limits.deadline_seconds,
            maximum_wire_bytes=self._limits.maximum_bytes + HEADER_ALLOWANCE_BYTES,
        )
        try:
            self._follow(attempt)
        except FetchError as error:
            attempt.outcome, attempt.transient = Outcome(error.outcome), error.transient
            attempt.error, attempt.payload = str(error), None
            attempt.retry_after_seconds = error.retry_after_seconds
        return attempt.result(self._clock())

    def _follow(self, attempt: _Attempt) -> None:
        url = attempt.request.url
        for _ in range(self._limits.maximum_hops):
            try:
                url = require_http_url(url)
            except RefusedError as error:
                raise FetchError(str(error), outcome=Outcome.DENIED, transient=False) from error
            location = self._one_hop(attempt, url)
            if location is None:
                return
            url = _redirected(url, location)
        last = " → ".join(hop.url for hop in attempt.hops[-3:])
        message = f"more than {self._limits.maximum_hops} redirects, the last ones {last}"
        raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=False)

    def _one_hop(self, attempt: _Attempt, url: str) -> str | None:
        """Ask once, and once more when a connection breaks before anything was answered."""
        answered = len(attempt.hops)
        try:
            return self._ask(attempt, url)
        except FetchError as error:
            may_retry = error.transient and error.outcome in RETRIED and len(attempt.hops) == answered
            if not may_retry or attempt.retried:
                raise
            attempt.retried = True
            return self._ask(attempt, url)

    def _ask(self, attempt: _Attempt, url: str) -> str | None:
        headers = {}
        if attempt.request.etag:
            headers["If-None-Match"] = attempt.request.etag
        if attempt.request.last_modified:
            headers["If-Modified-Since"] = attempt.request.last_modified
        with _named_failures(url), self._client.stream("GET", url, headers=headers) as response:
            self._wire.budget.enter("body")
            attempt.status = response.status_code
            attempt.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
            )
            location: str = response.headers.get("location", "")
            attempt.hops.append(_hop(url, response, location))
            if response.status_code in REDIRECTS:
                if not location:
                    message = f"{url} answered {response.status_code} without saying where to go"
                    raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=False)
                return location
            self._take(attempt, url, response)
            return None

    def _take(self, attempt: _Attempt, url: str, response: httpx.Response) -> None:
        status = response.status_code
        conditional = bool(attempt.request.etag or attempt.request.last_modified)
        if status == 304 and conditional:
            for _ in response.iter_raw():
                break  # nothing follows a 304; reading to its end keeps the connection
            attempt.outcome = Outcome.NOT_MODIFIED
            return
        if status != 200:
            reason = response.reason_phrase
            message = f"{url} answered {status}{' ' + reason if reason else ''}"
            retry_after = _retry_after(response.headers.get("retry-after"), self._clock())
            transient = status in (408, 425, 429) or status >= 500
            raise FetchError(message, outcome=Outcome.HTTP_ERROR, transient=transient, retry_after_seconds=retry_after)
        attempt.payload = self._body(url, response)
        attempt.outcome = Outcome.NEW
        attempt.media_type, attempt.charset = _content_type(response.headers.get("content-type", ""))

    def _body(self, url: str, response: httpx.Response) -> bytes:
        received = bytearray()
        for piece in decoded(response.iter_raw(), response.headers.get("content-encoding", ""), url):
            received += piece
            if len(received) > self._limits.maximum_bytes:
                message = f"the body of {url} is over the limit of {self._limits.maximum_bytes} bytes"
                raise FetchError(message, outcome=Outcome.TOO_LARGE, transient=False)
        if not received:
            raise FetchError(f"{url} answered 200 with an empty body", outcome=Outcome.BROKEN_RESPONSE, transient=True)
        return bytes(received)


class _Attempt:
    """What is known so far of one fetch."""

    def __init__(self, *, request: FetchRequest, started_at: datetime) -> None:
        self.request = request
        self.started_at = started_at
        self.retried = False
        self.hops: list[Hop] = []
        self.outcome = Outcome.NETWORK_ERROR
        self.status: int | None = None
        self.headers: tuple[tuple[str, str], ...] = ()
        self.payload: bytes | None = None
        self.media_type: str | None = None
        self.charset: str | None = None
        self.error = ""
        self.transient = False
        self.retry_after_seconds: float | None = None

    def result(self, ended_at: datetime) -> FetchResult:
        return FetchResult(
            outcome=self.outcome,
            requested_url=self.request.url,
            hops=tuple(self.hops),
            started_at=self.started_at,
            ended_at=ended_at,
            status=self.status,
            headers=self.headers,
            payload=self.payload,
            media_type=self.media_type,
            charset=self.charset,
            error=self.error,
            transient=self.transient,
            retry_after_seconds=self.retry_after_seconds,
        )


def tls_context() -> ssl.SSLContext:
    """Certificates are verified against the bundle that comes with httpx; the environment is not asked."""
    return httpx.create_ssl_context(trust_env=False)


def _redirected(url: str, location: str) -> str:
    target = urljoin(url, location)
    if url.startswith("https:") and target.startswith("http:"):
        message = f"{url} leads to {target}: from a protected to an unprotected address is not followed"
        raise FetchError(message, outcome=Outcome.DENIED, transient=False)
    return target


def _hop(url: str, response: httpx.Response, location: str) -> Hop:
    stream = response.extensions["network_stream"]
    host, port = stream.get_extra_info("server_addr")[:2]
    protected = stream.get_extra_info("ssl_object")
    certificate = protected.getpeercert(binary_form=True) if protected is not None else None
    return Hop(
        url=url,
        status=response.status_code,
        location=location,
        address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        tls_version=(protected.version() or "") if protected is not None else "",
        certificate_sha256=hashlib.sha256(certificate).hexdigest() if certificate else "",
    )


@contextmanager
def _named_failures(url: str) -> Iterator[None]:
    """Every failure becomes a FetchError whose message begins with the URL."""
    try:
        yield
    except FetchError as error:
        if url in str(error):
            raise
        raise FetchError(
            f"{url}: {error}",
            outcome=error.outcome,
            transient=error.transient,
            retry_after_seconds=error.retry_after_seconds,
        ) from error
    except httpcore.RemoteProtocolError as error:
        message = f"{url} sent a broken response: {error}"
        raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=True) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpcore.LocalProtocolError, UnicodeError) as error:
        message = f"{url} is no address that can be fetched: {error}"
        raise FetchError(message, outcome=Outcome.DENIED, transient=False) from error
    except (httpcore.NetworkError, httpcore.TimeoutException) as error:
        message = f"{url} could not be reached: {error}"
        raise FetchError(message, outcome=Outcome.NETWORK_ERROR, transient=True) from error


def _content_type(header: str) -> tuple[str | None, str | None]:
    if not header.strip():
        return None, None
    message = email.message.Message()
    message["Content-Type"] = header
    charset = message.get_param("charset")
    return message.get_content_type(), charset if isinstance(charset, str) and charset else None


def _retry_after(value: str | None, now: datetime) -> float | None:
    if value is None:
        return None
    text = value.strip()
    if text.isdecimal():
        seconds = float(text[:9])
    else:
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return min(max(seconds, 0.0), MAXIMUM_RETRY_AFTER_SECONDS)
