"""Mementos (RFC 7089): Captures as prior states of an address, the addresses that are one, and HTTP dates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_KEPT = "/%:@!$&'()*+,;=~-._"
_HTTP_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4})"
    r" (\d\d):(\d\d):(\d\d) GMT"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, kw_only=True, slots=True)
class Memento:
    """A Capture that brought content or found it unchanged: how a Source stood at `captured_at`."""

    sequence: int
    source_id: str
    captured_at: datetime
    payload_sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbours:
    """Where a Memento stands among those of its Source. `previous` and `following` are None at the ends."""

    first: Memento
    last: Memento
    previous: Memento | None
    following: Memento | None


def plain_address(url: str) -> str:
    """The form in which two spellings of one address are equal (RFC 3986, 6.2.2 and 6.2.3), without its fragment.

    Scheme and host in lower case, no default port, "/" for an empty path, non-ASCII characters percent-encoded.
    Text that is no URL is given back as it is.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").lower(), parts.port
    except ValueError:
        return url
    shown = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS.get(scheme):
        shown += f":{port}"
    path = quote(parts.path, safe=_KEPT) or "/"
    query = f"?{quote(parts.query, safe=_KEPT + '?')}" if parts.query else ""
    return f"{scheme}://{shown}{path}{query}"


def parse_http_date(text: str) -> datetime | None:
    """The moment of an RFC 1123 date ("Sun, 03 May 2026 09:00:00 GMT", RFC 7089 2.1.1.1); None when it is none."""
    found = _HTTP_DATE.fullmatch(text.strip())
    if found is None:
        return None
    day, month, year, hour, minute, second = found.groups()
    try:
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None


def http_date(moment: datetime) -> str:
    """A moment as RFC 1123 date, to the second."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
