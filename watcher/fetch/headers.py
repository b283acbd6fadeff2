"""What the headers of an answer say: type, framing, when to come again. Pure."""

from __future__ import annotations

import email.utils
from collections.abc import Iterable
from datetime import UTC, datetime

Headers = tuple[tuple[str, str], ...]

MAXIMUM_RETRY_AFTER_SECONDS = 86400.0
SHOWN_CHARACTERS = 60


def values_of(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    """All values of a header, in order; `name` in lower case."""
    return [value for key, value in headers if key.lower() == name]


def content_type(headers: Headers) -> tuple[str | None, str | None]:
    """Media type and charset of the last Content-Type that is one (RFC 9110, 8.3), None where it does not say."""
    for value in reversed(values_of(headers, "content-type")):
        media_type, *parameters = value.split(";")
        kind, slash, detail = media_type.strip().lower().partition("/")
        if not slash or not kind or not detail or not f"{kind}{detail}".isascii() or " " in f"{kind}{detail}":
            continue
        for parameter in parameters:
            name, _, charset = parameter.partition("=")
            if name.strip().lower() == "charset":
                return f"{kind}/{detail}", charset.strip().strip("\"'").strip() or None
        return f"{kind}/{detail}", None
    return None, None


def retry_after_seconds(headers: Headers, now: datetime) -> float | None:
    """Seconds until a Retry-After (RFC 9110, 10.2.3), from 0 to a day; None without one that can be read."""
    for value in values_of(headers, "retry-after"):
        text = value.strip()
        if text.isascii() and text.isdigit():
            return min(float(text[:9]), MAXIMUM_RETRY_AFTER_SECONDS)
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max((moment - now).total_seconds(), 0.0), MAXIMUM_RETRY_AFTER_SECONDS)
    return None


def is_framed(headers: Headers) -> bool:
    """Whether the headers say where the body ends; else only the end of the connection does."""
    return any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers)


def declared_length(headers: Headers) -> int | None:
    """The Content-Length, None without one."""
    lengths = values_of(headers, "content-length")
    return int(lengths[0]) if lengths and lengths[0].isdigit() else None


def is_chunked(headers: Headers) -> bool:
    """Whether the body comes in chunks."""
    return bool(values_of(headers, "transfer-encoding"))


def split_start(start: bytes) -> tuple[bytes, bytes]:
    """The head of the final answer and what came after it, from the first bytes of a connection's answer."""
    head, _, rest = start.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.") and head[9:10] == b"1" and rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
    return head, rest


def conflicting_lengths(start: bytes) -> tuple[str, ...]:
    """The different Content-Lengths in the first bytes of an answer, as sent; () when there are not two."""
    head, _ = split_start(start)
    found: dict[str, None] = {}
    for line in head.split(b"\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            found.update(dict.fromkeys(part.strip() for part in value.decode("latin-1").split(",")))
    return tuple(found) if len(found) > 1 else ()


def opening_words(start: bytes) -> str:
    """How an answer begins that is not HTTP, quoted; "" when it looks like HTTP."""
    if not start or start.startswith(b"HTTP/1."):
        return ""
    return repr(start.split(b"\n", 1)[0].strip()[:SHOWN_CHARACTERS].decode("latin-1"))


def notes_on_not_modified(headers: Headers, *, etag: str | None, last_modified: str | None) -> tuple[str, ...]:
    """What makes a 304 doubtful: another ETag or a later date than was asked about."""
    notes = []
    answered = values_of(headers, "etag")
    if etag and answered and _tag(answered[-1]) != _tag(etag):
        notes.append(f"The answer 304 carries the ETag {answered[-1]}, but {etag} was asked about.")
    dates = values_of(headers, "last-modified")
    if last_modified and dates and _is_later(dates[-1], last_modified):
        notes.append(f"The answer 304 says that the page changed on {dates[-1]}, after {last_modified}, the date sent.")
    return tuple(notes)


def _tag(etag: str) -> str:
    """An entity tag for weak comparison (RFC 9110, 8.8.3.2). Servers add the coding to it and drop it in a 304."""
    opaque = etag.strip().removeprefix("W/").strip('"')
    return opaque.removesuffix("-gzip").removesuffix(";gzip").removesuffix("--gzip")


def _is_later(date: str, other: str) -> bool:
    try:
        return email.utils.parsedate_to_datetime(date) > email.utils.parsedate_to_datetime(other)
    except (ValueError, TypeError, OverflowError):
        return False
