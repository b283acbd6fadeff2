"""Content-coding: gzip, or none at all, inflated under a bound."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from watcher.errors import FetchError
from watcher.model.capture import Outcome

INFLATE_STEP_BYTES = 65536


def decoded(chunks: Iterable[bytes], coding: str, url: str) -> Iterator[bytes]:
    """The body with its content-coding removed, in pieces of bounded size. FetchError for a coding not offered."""
    name = coding.strip().lower()
    if name in ("", "identity"):
        yield from chunks
    elif name in ("gzip", "x-gzip"):
        yield from _inflated(chunks, url)
    else:
        raise _broken(f"{url} sent the content-coding {coding!r}, which was not offered")


def _inflated(chunks: Iterable[bytes], url: str) -> Iterator[bytes]:
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if inflater.eof:
                    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
                piece = inflater.decompress(rest, INFLATE_STEP_BYTES)
                rest = inflater.unconsumed_tail or inflater.unused_data
                if piece:
                    yield piece
    except zlib.error as error:
        raise _broken(f"the body of {url} is no readable gzip: {error}") from error
    if not inflater.eof:
        raise _broken(f"the gzip body of {url} ends in the middle")


def _broken(message: str) -> FetchError:
    return FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=True)
