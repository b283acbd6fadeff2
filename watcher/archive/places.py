"""Where a Payload lies in an archive: the one place that knows it, for folders and for buckets."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from watcher.errors import NotFoundError

WHOLE = ".zst"
PACK = ".pack"
MARKER = ".deleted"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ENDINGS = frozenset({WHOLE, PACK, MARKER})


def payload_place(payload_sha256: str, ending: str = WHOLE) -> str:
    """`payloads/ab/<hex>.zst`: the bytes of a Payload, the pack of patches against it (.pack), or its marker.

    The name comes from the digest alone. NotFoundError when it is none.
    """
    if not _DIGEST.fullmatch(payload_sha256):
        raise NotFoundError(f"{payload_sha256[:80]!r} is not a SHA-256 digest")
    return f"payloads/{payload_sha256[:2]}/{payload_sha256}{ending}"


def digest_at(place: str) -> str | None:
    """The digest of the Payload that a place belongs to; None when nothing of a Payload belongs there."""
    name = PurePosixPath(place)
    if name.suffix not in _ENDINGS or not _DIGEST.fullmatch(name.stem):
        return None
    return name.stem if place == payload_place(name.stem, name.suffix) else None
