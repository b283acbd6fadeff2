"""Reads a body under its bounds and keeps the bytes as they came, for a failure is evidence too."""

from __future__ import annotations

from collections.abc import Iterable

import httpcore

from watcher.errors import FetchError
from watcher.fetch.coding import GZIP_NAMES, BadGzipError, Inflater, UnusableBodyError
from watcher.fetch.wire import Budget
from watcher.model.capture import Outcome, Truncation

ERROR_PAGE_BYTES = 65536
_SMALL_PIECE_BYTES = 4096
_BLOCK_BYTES = 65536

FAILURES = (FetchError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


class Collected:
    """Bytes gathered piece by piece, at most `limit` of them. Small pieces are joined: each alone costs 40 bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.length = 0
        self._pieces: list[bytes] = []
        self._tail = bytearray()

    def add(self, piece: bytes) -> bool:
        """Keep a piece; False when the limit is passed, and what is over it is left out."""
        room = self.limit - self.length
        fits = len(piece) <= room
        kept = piece if fits else piece[:room]
        self.length += len(kept)
        if len(kept) >= _SMALL_PIECE_BYTES and not self._tail:
            self._pieces.append(kept)
            return fits
        self._tail += kept
        if len(self._tail) >= _BLOCK_BYTES:
            self._pieces.append(bytes(self._tail))
            self._tail = bytearray()
        return fits

    def whole(self) -> bytes:
        """All that was kept."""
        return b"".join((*self._pieces, self._tail))


def read_payload(chunks: Iterable[bytes], wire: Collected, *, coding: str, url: str) -> bytes:
    """The body with its content-coding removed; `wire` gathers it as it came.

    FetchError TOO_LARGE over the limit of `wire`, which holds before and after decoding, BROKEN_RESPONSE when a gzip
    ends early. UnusableBodyError for a coding that was not offered, for what is no gzip and for an empty body; these
    are read to their end.
    """
    name = coding.strip().lower()
    if name in GZIP_NAMES:
        payload = _inflated(chunks, wire, url)
    else:
        _gather(chunks, wire, url)
        if name not in ("", "identity"):
            message = f"{url} sent the content-coding {coding!r}, which was not offered"
            raise UnusableBodyError(message, transient=False)
        payload = wire.whole()
    if not payload:
        raise UnusableBodyError(f"{url} answered 200 with an empty body")
    return payload


def _gather(chunks: Iterable[bytes], wire: Collected, url: str) -> None:
    for chunk in chunks:
        if not wire.add(chunk):
            raise _too_large(url, wire.limit, "")


def _inflated(chunks: Iterable[bytes], wire: Collected, url: str) -> bytes:
    inflater, body = Inflater(url), Collected(wire.limit)
    source = iter(chunks)
    for chunk in source:
        if not wire.add(chunk):
            raise _too_large(url, wire.limit, "")
        try:
            for piece in inflater.pieces(chunk):
                if not body.add(piece):
                    raise _too_large(url, wire.limit, " after decoding")
        except BadGzipError:
            _gather(source, wire, url)
            raise
    if wire.length:
        inflater.finish()
    return body.whole()


def read_error_page(chunks: Iterable[bytes], page: Collected, budget: Budget) -> Truncation:
    """Gather the body of an answer that is an error; why it is not whole. Its status is the news: nothing is raised."""
    try:
        for chunk in chunks:
            if not page.add(chunk):
                return Truncation.LENGTH
    except FAILURES as error:
        return truncation_of(error, budget)
    return Truncation.NONE


def truncation_of(error: Exception, budget: Budget) -> Truncation:
    """Why a body that ended with this error is not whole; NONE when all of it came and could not be used."""
    if isinstance(error, UnusableBodyError):
        return Truncation.NONE
    if isinstance(error, FetchError) and error.outcome == Outcome.TIMED_OUT:
        return Truncation.TIME
    if isinstance(error, FetchError) and error.outcome == Outcome.TOO_LARGE:
        return Truncation.LENGTH
    return Truncation.DISCONNECT if budget.disconnected else Truncation.UNSPECIFIED


def _too_large(url: str, limit: int, when: str) -> FetchError:
    message = f"the body of {url} is over the limit of {limit} bytes{when}: raise fetch.maximum_bytes to take it"
    return FetchError(message, outcome=Outcome.TOO_LARGE, transient=False)
