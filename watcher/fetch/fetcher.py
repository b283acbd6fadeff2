"""Fetches one URL with httpx: own redirect loop, one deadline for the whole fetch, a bound on the body."""

from __future__ import annotations

import email.message
import email.utils
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin

import httpx

from watcher.errors import FetchError, RefusedError
from watcher.fetch.coding import decoded
from watcher.model.capture import FetchResult, Hop, Outcome
from watcher.model.source import require_http_url

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAXIMUM_RETRY_AFTER_SECONDS = 86400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchLimits:
    """Bounds of one fetch: seconds for all of it, bytes of body after decoding, requests in a redirect chain."""

    deadline_seconds: float = 60.0
    maximum_bytes: int = 50_000_000
    maximum_hops: int = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchRequest:
    """What to fetch. `etag` and `last_modified` make the request conditional."""

    url: str
    etag: str | None = None
    last_modified: str | None = None


class Fetcher:
    """Fetches for one worker: one client, one TLS context. Failures come back as FetchResults, not as exceptions."""

    def __init__(self, *, user_agent: str, limits: FetchLimits, clock: Callable[[], datetime]) -> None:
        self._limits = limits
        self._clock = clock
        self._client = httpx.Client(
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "gzip"},
            limits=httpx.Limits(max_keepalive_connections=4, keepalive_expiry=30),
        )

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def fetch(self, request: FetchRequest) -> FetchResult:
        """One attempt, redirects included. `outcome` NEW means that content came; the archive says if it is new."""
        attempt = _Attempt(
            request=request, started_at=self._clock(), deadline=time.monotonic() + self._limits.deadline_seconds
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
            url = urljoin(url, location)
        last = " → ".join(hop.url for hop in attempt.hops[-3:])
        message = f"more than {self._limits.maximum_hops} redirects, the last ones {last}"
        raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=False)

    def _one_hop(self, attempt: _Attempt, url: str) -> str | None:
        headers = {}
        if attempt.request.etag:
            headers["If-None-Match"] = attempt.request.etag
        if attempt.request.last_modified:
            headers["If-Modified-Since"] = attempt.request.last_modified
        with (
            _named_failures(url, self._limits),
            self._client.stream("GET", url, headers=headers, timeout=attempt.remaining(self._limits)) as response,
        ):
            attempt.status = response.status_code
            attempt.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
            )
            location: str = response.headers.get("location", "")
            attempt.hops.append(Hop(url=url, status=response.status_code, location=location))
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
            attempt.outcome = Outcome.NOT_MODIFIED
            return
        if status != 200:
            reason = response.reason_phrase
            message = f"{url} answered {status}{' ' + reason if reason else ''}"
            retry_after = _retry_after(response.headers.get("retry-after"), self._clock())
            transient = status in (408, 425, 429) or status >= 500
            raise FetchError(message, outcome=Outcome.HTTP_ERROR, transient=transient, retry_after_seconds=retry_after)
        attempt.payload = self._body(attempt, url, response)
        attempt.outcome = Outcome.NEW
        attempt.media_type, attempt.charset = _content_type(response.headers.get("content-type", ""))

    def _body(self, attempt: _Attempt, url: str, response: httpx.Response) -> bytes:
        received = bytearray()
        for piece in decoded(
            _within_deadline(response.iter_raw(), attempt, url, self._limits),
            response.headers.get("content-encoding", ""),
            url,
        ):
            received += piece
            if len(received) > self._limits.maximum_bytes:
                message = f"the body of {url} is over the limit of {self._limits.maximum_bytes} bytes"
                raise FetchError(message, outcome=Outcome.TOO_LARGE, transient=False)
        if not received:
            raise FetchError(f"{url} answered 200 with an empty body", outcome=Outcome.BROKEN_RESPONSE, transient=True)
        return bytes(received)


class _Attempt:
    """What is known so far of one fetch."""

    def __init__(self, *, request: FetchRequest, started_at: datetime, deadline: float) -> None:
        self.request = request
        self.started_at = started_at
        self.deadline = deadline
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

    def remaining(self, limits: FetchLimits) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise timed_out(self.request.url, limits)
        return left

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


def timed_out(url: str, limits: FetchLimits, *, received: int | None = None) -> FetchError:
    """The error of a fetch that took longer than its deadline."""
    part = "" if received is None else f" (body, {received} bytes read)"
    message = f"{url} did not answer in full within {limits.deadline_seconds:g} s{part}"
    return FetchError(message, outcome=Outcome.TIMED_OUT, transient=True)


def _within_deadline(chunks: Iterator[bytes], attempt: _Attempt, url: str, limits: FetchLimits) -> Iterator[bytes]:
    received = 0
    for chunk in chunks:
        received += len(chunk)
        if time.monotonic() > attempt.deadline:
            raise timed_out(url, limits, received=received)
        yield chunk


@contextmanager
def _named_failures(url: str, limits: FetchLimits) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise timed_out(url, limits) from error
    except httpx.RemoteProtocolError as error:
        raise FetchError(
            f"{url} sent a broken response: {error}", outcome=Outcome.BROKEN_RESPONSE, transient=True
        ) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise FetchError(
            f"{url} is no address that can be fetched: {error}", outcome=Outcome.DENIED, transient=False
        ) from error
    except httpx.TransportError as error:
        raise _transport_failure(url, error) from error


def _transport_failure(url: str, error: httpx.TransportError) -> FetchError:
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return FetchError(
                f"the host of {url} is not known: {cause.strerror}", outcome=Outcome.DNS_ERROR, transient=True
            )
        if isinstance(cause, ssl.SSLError):
            return FetchError(f"{url} could not be trusted: {cause}", outcome=Outcome.TLS_ERROR, transient=True)
    return FetchError(f"{url} could not be reached: {error}", outcome=Outcome.NETWORK_ERROR, transient=True)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


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
