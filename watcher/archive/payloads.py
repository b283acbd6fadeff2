"""Payloads, stored once under the SHA-256 of their bytes, compressed with zstd."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from watcher.archive.durable import storage_error, write_once
from watcher.errors import ArchiveError, NotFoundError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_HEX = frozenset("0123456789abcdef")


def payload_path(root: Path, payload_sha256: str) -> Path:
    """Where a payload lies: `payloads/sha256/ab/cd/<hex>.zst`. The name comes from the digest and from nothing else."""
    if len(payload_sha256) != 64 or not _HEX.issuperset(payload_sha256):
        raise NotFoundError(f"{payload_sha256[:80]!r} is not a SHA-256 digest")
    return root / "payloads" / "sha256" / payload_sha256[:2] / payload_sha256[2:4] / f"{payload_sha256}.zst"


def put_payload(root: Path, payload: bytes) -> str:
    """Store a payload and return its SHA-256 in hex. Storing the same bytes again changes nothing."""
    payload_sha256 = hashlib.sha256(payload).hexdigest()
    path = payload_path(root, payload_sha256)
    if not path.exists():
        write_once(path, zstd.compress(payload, level=9))
    return payload_sha256


def get_payload(root: Path, payload_sha256: str) -> bytes:
    """The payload's bytes, hashed again on every read. ArchiveError names a payload that is missing or damaged."""
    path = payload_path(root, payload_sha256)
    try:
        payload = zstd.decompress(path.read_bytes())
    except FileNotFoundError as error:
        raise ArchiveError(f"payload {payload_sha256} is missing: {path}. Restore it from a backup.") from error
    except zstd.ZstdError as error:
        raise ArchiveError(
            f"payload {payload_sha256} is damaged: {path} ({error}). Restore it from a backup."
        ) from error
    except OSError as error:
        raise storage_error(path, error) from error
    if hashlib.sha256(payload).hexdigest() != payload_sha256:
        raise ArchiveError(
            f"payload {payload_sha256} is damaged: {path} no longer has its digest. Restore it from a backup."
        )
    return payload
