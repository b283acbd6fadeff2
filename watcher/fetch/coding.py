"""Content-coding: gzip, or none at all, inflated under a bound."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from watcher.errors import FetchError
from watcher.model.capture import Outcome

INFLATE_STEP_BYTES = 65536
GZIP_NAMES = frozenset({"gzip", "x-gzip"})


class UnusableBodyError(FetchError):
    """All of a body came, and nothing can be made of it."""

    def __init__(self, message: str, *, transient: bool = True) -> None:
        super().__init__(message, outcome=Outcome.BROKEN_RESPONSE, transient=transient)


class BadGzipError(UnusableBodyError):
    """A body that is said to be gzip and is not."""


class Inflater:
    """Inflates a gzip body, also of several members (RFC 1952, 2.2), in pieces of bounded size."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stream = zlib.decompressobj(16 + zlib.MAX_WBITS)

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What a chunk inflates to. BadGzipError when it is no gzip."""
        rest = chunk
        try:
            while rest:
                if self._stream.eof:
                    self._stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
                piece = self._stream.decompress(rest, INFLATE_STEP_BYTES)
                rest = self._stream.unconsumed_tail or self._stream.unused_data
                if piece:
                    yield piece
        except zlib.error as error:
            message = f"bad gzip: the body of {self._url} is said to be gzip and is not readable as such: {error}"
            raise BadGzipError(message) from error

    def finish(self) -> None:
        """FetchError when the body ended before the gzip did."""
        if not self._stream.eof:
            message = f"bad gzip: the gzip body of {self._url} ends in the middle"
            raise FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=True)
