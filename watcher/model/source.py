"""Sources and their dated Definitions."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from watcher.errors import ConfigError, RefusedError
from watcher.model.collection import CollectionRules
from watcher.model.document import ExtractRules

MINIMUM_CADENCE_SECONDS = 60
_INTRODUCED_LATER = (
    "browser",
    "credentials",
    "ca_file",
    "follow_to_http",
    "author",
    "reference",
    "addressee",
    "language",
    "provenance",
    "keep_blocks",
    "remove_blocks",
    "remove_text",
    "collection",
    "collection_id",
    "key_columns",
)


class SourceKind(StrEnum):
    PAGE = "page"
    UPLOAD = "upload"
    COLLECTION = "collection"


class SourceState(StrEnum):
    """QUARANTINED is a Source whose checks ended their worker three times in a row: nobody tries it until resumed."""

    ACTIVE = "active"
    PAUSED = "paused"
    QUARANTINED = "quarantined"
    RETIRED = "retired"


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Secrets that a Source is fetched with, by reference: "env:NAME" or "file:NAME", never the secret itself.

    They are sent to `origin` ("https://example.org") and nowhere else, whatever the Source's address becomes.
    `basic_auth` refers to "user:password"; `headers` are (name, reference).
    """

    origin: str
    basic_auth: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """The dated rules of a Source. A new one supersedes the old one, which stays.

    `every_seconds` is the cadence; `url` is "" for an Upload. `title`, `publisher`, `author` and `reference`
    (a document's number or symbol) and `addressee` (to whom it was written) are what a citation prints. `language` is
    a BCP 47 tag ("en", "pt-BR"); `provenance` says how a document came into the house.
    `subjects` are ISO 3166-1 alpha-3, `instruments` short names (MBT, CCW, APII, CCM). `fetch_despite_robots` is
    the reason why robots.txt is not obeyed, "" when it is. `browser` says that the page is read after its scripts ran.
    `ca_file` names a PEM file of authorities that this Source's site may be signed by beside those of the usual bundle;
    `follow_to_http` allows redirects from https to http. `select` and `remove` are CSS selectors or XPath;
    `keep_blocks`, `remove_blocks` and `remove_text` are RE2 patterns, see `ExtractRules`. `key_columns` are headings of
    table columns whose cells name their rows, for tables whose key column is not the one that is found. `collection`
    are the rules of a Collection, `collection_id` names the Collection that a child Source was listed by.
    """

    url: str
    kind: SourceKind = SourceKind.PAGE
    title: str = ""
    publisher: str = ""
    subjects: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    every_seconds: int = 6 * 3600
    select: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    fetch_despite_robots: str = ""
    browser: bool = False
    credentials: Credentials | None = None
    ca_file: str = ""
    follow_to_http: bool = False
    author: str = ""
    reference: str = ""
    addressee: str = ""
    language: str = ""
    provenance: str = ""
    keep_blocks: tuple[str, ...] = ()
    remove_blocks: tuple[str, ...] = ()
    remove_text: tuple[str, ...] = ()
    key_columns: tuple[str, ...] = ()
    collection: CollectionRules | None = None
    collection_id: str = ""

    @property
    def rules(self) -> ExtractRules:
        """The part that decides what is read out of a Snapshot."""
        return ExtractRules(
            select=self.select,
            remove=self.remove,
            keep_blocks=self.keep_blocks,
            remove_blocks=self.remove_blocks,
            remove_text=self.remove_text,
        )

    @property
    def digest_sha256(self) -> str:
        """SHA-256 of the canonical JSON form; two Definitions with one digest are the same rules.

        Rules that were introduced later count only where they are used, so that older digests stay.
        """
        rules = asdict(self)
        for name in _INTRODUCED_LATER:
            if not rules[name]:
                del rules[name]
        canonical = json.dumps(rules, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """What the checks of a Source so far say of its address.

    `moved_to` is where the last `moved_in_a_row` reached checks were sent for good. `gone_at` are the times of the
    last checks that found no document there (404, 410), at most three; `gone_told` says that this was told.
    `issuer` signed the certificate that was seen last. `validators_lie` says that the server once gave the same
    ETag or Last-Modified to other bytes, so that conditional requests would hide changes.
    """

    moved_to: str = ""
    moved_in_a_row: int = 0
    gone_at: tuple[datetime, ...] = ()
    gone_told: bool = False
    issuer: str = ""
    validators_lie: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RobotsAnswer:
    """An origin's robots.txt as it was answered; `text` is "" unless the status was 200."""

    origin: str
    fetched_at: datetime
    status: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A registered thing to watch. It outlives its URL; `definition` is the one in force."""

    source_id: str
    state: SourceState
    definition: Definition
    registered_at: datetime
    next_check_at: datetime | None
    last_capture_at: datetime | None = None
    last_outcome: str | None = None
    failures_in_a_row: int = 0
    crashes_in_a_row: int = 0
    health: Health = Health()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadBy:
    """What a Version was read by: an extractor with its number, and the rules of a Definition."""

    extractor: str
    extractor_version: int
    rules: ExtractRules


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The right to check one Source once, held until `lease_until`.

    `slot_at` is the time that was due, None for a manual check. `fencing_token` must still be the
    Source's when the result is recorded: a late result of a worker that lost its lease is refused.
    `etag` and `last_modified` are what the server last gave, for a conditional request; `payload_sha256` is the
    payload that the Source had last, `robots` what its origin's robots.txt last said. `holds` says that the newest
    Version is held or could not be read, or that a Collection's list was not read by the rules in force, so that the
    same bytes again may lead to another end. `read_by` is what read the baseline, None before the first. `flaps` says
    that the last Change was one of a page that goes back and forth.
    """

    source: Source
    slot_at: datetime | None
    fencing_token: int
    lease_until: datetime
    etag: str | None = None
    last_modified: str | None = None
    payload_sha256: str | None = None
    robots: RobotsAnswer | None = None
    holds: bool = False
    read_by: ReadBy | None = None
    flaps: bool = False


def require_http_url(url: str) -> str:
    """The URL, if it is an absolute http or https URL with a host; RefusedError names what is wrong otherwise."""
    cleaned = url.strip()
    if not cleaned or any(ord(char) < 0x21 for char in cleaned) or "\\" in cleaned:
        raise RefusedError(
            f"{url!r} is not an http or https address: it has a blank, a control character or a backslash"
        )
    try:
        parts = urlsplit(cleaned)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError as error:
        raise RefusedError(f"{url!r} is not an http or https address: {error}") from error
    if parts.scheme not in ("http", "https"):
        if not parts.scheme:
            raise RefusedError(f"{url!r} is no address of a page: it should begin with https:// (or http://)")
        scheme = parts.scheme
        raise RefusedError(f"{url!r} is refused: only http and https addresses are watched, its scheme is {scheme!r}")
    if not parts.hostname or not port_is_valid:
        raise RefusedError(f"{url!r} is refused: it names no host")
    return cleaned


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as robots.txt is kept for them: "https://example.org:8443"."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{parts.port}" if parts.port else "")


def share_of(source_id: str) -> float:
    """A number from 0 to below 1 that is always the same for a Source: it spreads Sources over time."""
    return int(hashlib.sha256(source_id.encode()).hexdigest()[:8], 16) / 2**32


def slug(text: str) -> str:
    """A short readable identifier from a title or URL: lower-case ASCII words joined with hyphens."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return "-".join(words)[:64].strip("-") or "source"


_DURATION = re.compile(r"\s*(\d+)\s*(s|m|min|h|d|w|seconds?|minutes?|hours?|days?|weeks?)\s*")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_cadence(text: str) -> int:
    """Seconds from "15m", "6h", "2 days". ConfigError when it is no duration or under the floor of one minute."""
    match = _DURATION.fullmatch(text.lower())
    if match is None:
        raise ConfigError(f"{text!r} is not a cadence: write a number and a unit, such as 30m, 6h, 1d", key="every")
    seconds = int(match[1]) * _UNIT_SECONDS[match[2][0]]
    if not MINIMUM_CADENCE_SECONDS <= seconds <= 366 * 86400:
        raise ConfigError(f"{text!r} is outside the allowed cadence: at least 1 minute, at most 366 days", key="every")
    return seconds


def format_cadence(seconds: int) -> str:
    """The shortest exact form that `parse_cadence` reads back."""
    for unit in ("w", "d", "h", "m"):
        if seconds % _UNIT_SECONDS[unit] == 0:
            return f"{seconds // _UNIT_SECONDS[unit]}{unit}"
    return f"{seconds}s"
