"""What is known so far of one fetch."""

from __future__ import annotations

from datetime import datetime

import httpx

from watcher.errors import FetchError
from watcher.fetch.request import FetchRequest
from watcher.model.capture import FetchResult, Hop, Outcome, Truncation

ASKED_PLAIN = "What was said to be gzip was none, so the page was asked for once more without compression."


class Attempt:
    """One fetch under way. Cookies live in it alone: what one Source set is none of another's business."""

    def __init__(self, *, request: FetchRequest, started_at: datetime) -> None:
        self.request = request
        self.started_at = started_at
        self.cookies = httpx.Cookies()
        self.retried = False
        self.asked_plain = False
        self.hops: list[Hop] = []
        self.outcome = Outcome.NETWORK_ERROR
        self.status: int | None = None
        self.headers: tuple[tuple[str, str], ...] = ()
        self.request_headers: tuple[tuple[str, str], ...] = ()
        self.payload: bytes | None = None
        self.partial: bytes | None = None
        self.truncated = Truncation.NONE
        self.framed = True
        self.media_type: str | None = None
        self.charset: str | None = None
        self.error = ""
        self.transient = False
        self.retry_after_seconds: float | None = None
        self.notes: tuple[str, ...] = ()

    def keep_partial(self, received: bytes, truncated: Truncation) -> None:
        """Remember what came of a body that is no payload, as it came: its content-coding is not removed."""
        self.partial = received or None
        self.truncated = truncated

    def ask_plain(self) -> None:
        """From now on ask without compression; what came so far does not count."""
        self.asked_plain = True
        self.partial, self.truncated = None, Truncation.NONE
        self.notes += (ASKED_PLAIN,)

    def fail(self, error: FetchError) -> None:
        """End as a failure."""
        self.outcome, self.transient = Outcome(error.outcome), error.transient
        self.error, self.payload = str(error), None
        self.retry_after_seconds = error.retry_after_seconds

    def result(self, ended_at: datetime) -> FetchResult:
        """The attempt as a value."""
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
            request_headers=self.request_headers,
            partial=self.partial,
            truncated=self.truncated,
            framed=self.framed,
            notes=self.notes,
        )


def hop_of(url: str, response: httpx.Response, location: str) -> Hop:
    """What is recorded of one answer and of the connection that it came over."""
    connection = response.extensions["network_stream"]
    certificate = connection.get_extra_info("certificate")
    return Hop(
        url=url,
        status=response.status_code,
        location=location,
        address=connection.get_extra_info("address"),
        tls_version=certificate.tls_version,
        certificate_sha256=certificate.sha256,
        issuer=certificate.issuer,
        proxy=connection.get_extra_info("proxy"),
    )
