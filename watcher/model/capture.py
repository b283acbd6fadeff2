"""Captures, Snapshots and Versions: what was fetched, what was kept, what was read out of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watcher.model.document import Document


class Outcome(StrEnum):
    """How a fetch attempt ended. NEW, SAME and NOT_MODIFIED are successes; the rest are failures of some class."""

    NEW = "new"
    SAME = "same"
    NOT_MODIFIED = "not_modified"
    HTTP_ERROR = "http_error"
    NETWORK_ERROR = "network_error"
    DNS_ERROR = "dns_error"
    TLS_ERROR = "tls_error"
    DENIED = "denied"
    PROXY_ERROR = "proxy_error"
    ACCESS_DENIED = "access_denied"
    BLOCKED = "blocked"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    BROKEN_RESPONSE = "broken_response"
    ROBOTS_DISALLOWED = "robots_disallowed"

    @property
    def reached(self) -> bool:
        """True when the source answered with its content, changed or not."""
        return self in (Outcome.NEW, Outcome.SAME, Outcome.NOT_MODIFIED)


class Trigger(StrEnum):
    SLOT = "slot"
    MANUAL = "manual"
    IMPORT = "import"
    UPLOAD = "upload"

    @property
    def is_brought_in(self) -> bool:
        """Whether a person brought the bytes: nothing was fetched, and their date is a claim."""
        return self in (Trigger.IMPORT, Trigger.UPLOAD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hop:
    """One request of a redirect chain: where it went, to which address, and what the server said.

    `address` is the IP address and port that answered, or that `proxy` was asked to connect to;
    `certificate_sha256` is the digest of the server's own certificate and `issuer` who signed it.
    """

    url: str
    status: int
    location: str = ""
    address: str = ""
    tls_version: str = ""
    certificate_sha256: str = ""
    issuer: str = ""
    proxy: str = ""


class Truncation(StrEnum):
    """Why a body ended early, in the words of WARC-Truncated (WARC 1.1, 5.13)."""

    NONE = ""
    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"
    UNSPECIFIED = "unspecified"


def leads_elsewhere(hops: tuple[Hop, ...]) -> bool:
    """Whether an answer came from another address than was asked: its validators say nothing of that one."""
    return bool(hops) and hops[-1].url != hops[0].url


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchResult:
    """What one fetch brought, in memory. `payload` is None when nothing usable came; `error` then tells a person why.

    `headers` are the response headers in order, names as sent; `request_headers` those that were sent with the last
    request, values of secrets as "***". `charset` comes from Content-Type. `transient` says whether a failure may go
    away by itself. `partial` are the bytes that came before a failure, `truncated` why no more came. `framed` is
    False when only the end of the connection said where the body ends. `screenshot` is a PNG of a browser.
    `notes` are remarks for the custody of the evidence, each one sentence.
    """

    outcome: Outcome
    requested_url: str
    hops: tuple[Hop, ...]
    started_at: datetime
    ended_at: datetime
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    payload: bytes | None = None
    media_type: str | None = None
    charset: str | None = None
    error: str = ""
    transient: bool = False
    retry_after_seconds: float | None = None
    request_headers: tuple[tuple[str, str], ...] = ()
    partial: bytes | None = None
    truncated: Truncation = Truncation.NONE
    framed: bool = True
    screenshot: bytes | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """One fetch attempt as recorded, failures included. `sequence` is its place in the ledger and its id.

    `started_at` and `ended_at` frame the attempt itself. `captured_at` is when the content stood so: the end of a
    fetch, or the date that an import or a hand-in claims for it. `partial_sha256` names the archived bytes of a
    failed attempt, which are never a Snapshot; `notes` are its custody notes.
    """

    sequence: int
    source_id: str
    definition_sha256: str
    trigger: Trigger
    slot_at: datetime | None
    started_at: datetime
    ended_at: datetime
    captured_at: datetime
    requested_url: str
    hops: tuple[Hop, ...]
    outcome: Outcome
    status: int | None
    headers: tuple[tuple[str, str], ...]
    payload_sha256: str | None
    payload_length: int | None
    media_type: str | None
    charset: str | None
    error: str
    fetcher: str
    user: str = ""
    request_headers: tuple[tuple[str, str], ...] = ()
    partial_sha256: str | None = None
    truncated: Truncation = Truncation.NONE
    framed: bool = True
    screenshot_sha256: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_revisit(self) -> bool:
        """Whether it found the payload that the Source had before: a `revisit` in the words of WARC 1.1."""
        return self.outcome in (Outcome.SAME, Outcome.NOT_MODIFIED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """One distinct stored payload of a Source: first seen in Capture `first_sequence`."""

    source_id: str
    payload_sha256: str
    first_sequence: int
    first_captured_at: datetime
    media_type: str | None
    length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """The Document that an extractor made from a Snapshot as it was captured at `captured_at`.

    `document` is None when the extractor failed; `error_code` and `error` then say why. A Version that the
    quality gate holds back has an `error_code` that begins with "held_", and a Document unless no text was found.
    `superseded_by` is the Version that a technical upgrade made of the same Snapshot, "" when this one stands.
    """

    version_id: str
    source_id: str
    sequence: int
    payload_sha256: str
    captured_at: datetime
    extractor: str
    extractor_version: int
    definition_sha256: str
    document: Document | None
    text_sha256: str
    error_code: str = ""
    error: str = ""
    superseded_by: str = ""

    @property
    def is_held(self) -> bool:
        """Whether what was read is not believed to be the document: a person may release it if there is a text."""
        return self.error_code.startswith("held_")


def version_id(*, source_id: str, sequence: int, extractor: str, extractor_version: int, definition_sha256: str) -> str:
    """A stable id: one Capture read by one extractor under one Definition has the same id on any machine."""
    key = f"{source_id}\n{sequence}\n{extractor}\n{extractor_version}\n{definition_sha256}"
    return "v" + hashlib.sha256(key.encode()).hexdigest()[:15]
