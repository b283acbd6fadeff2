"""Bytes that were deleted on purpose: the record of it in the ledger, and a marker where the bytes lay.

`payloads/sha256/ab/cd/<hex>.deleted` repeats the record, so that a read need not search the ledger. The record
counts: a marker without it is damage.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from watcher.archive.durable import storage_error, sync_directory, write_once
from watcher.archive.ledger import LedgerRecord, canonical_json
from watcher.archive.payloads import payload_path
from watcher.errors import ArchiveError, DeletedError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_ENTRY = re.compile(rb'\{"bytes":(\d{1,18}),"length":\d{1,18},"payload_sha256":"([0-9a-f]{64})"\}\n')
ReadPayload = Callable[[str], bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """The deletion of one Payload. `keep_out`: the same bytes are not stored again when they come again."""

    sequence: int
    payload_sha256: str
    deleted_at: datetime
    user: str
    reason: str
    keep_out: bool

    def error(self) -> DeletedError:
        """What every read of the Payload says."""
        return DeletedError(
            f"payload {self.payload_sha256} was deleted on {self.deleted_at:%-d %B %Y, %H:%M} UTC by {self.user} "
            f"because: {self.reason} (ledger record {self.sequence})",
            payload_sha256=self.payload_sha256,
        )


def tombstone_of(record: LedgerRecord) -> Tombstone:
    """The tombstone that a ledger record of that type holds."""
    body = record.body
    try:
        return Tombstone(
            sequence=record.sequence,
            payload_sha256=str(body["payload_sha256"]),
            deleted_at=datetime.fromisoformat(str(body["recorded_at"])),
            user=str(body["user"]),
            reason=str(body["reason"]),
            keep_out=bool(body.get("keep_out", True)),
        )
    except (KeyError, ValueError) as error:
        raise ArchiveError(f"ledger record {record.sequence} is no readable tombstone: {error}") from error


def marked_sequence(root: Path, payload_sha256: str) -> int | None:
    """The ledger sequence that the marker of a deleted Payload names; None when there is no marker."""
    path = _marker(root, payload_sha256)
    try:
        return int(json.loads(path.read_bytes())["sequence"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"{path} cannot be read ({error}). Restore it from a backup.") from error


def is_kept_out(root: Path, payload_sha256: str) -> bool:
    """Whether a Payload was deleted so that it is not stored again."""
    try:
        return bool(json.loads(_marker(root, payload_sha256).read_bytes())["keep_out"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def remove_bytes(root: Path, payload_sha256: str, *, read: ReadPayload) -> None:
    """Remove the bytes of a Payload wherever they lie. Its tombstone is in the ledger before this.

    Payloads that were patches against it are stored whole first. Done again after a crash, it goes on.
    """
    path = payload_path(root, payload_sha256)
    try:
        _store_dependents(root, payload_sha256, read)
        if path.exists():
            path.unlink()
            sync_directory(path.parent)
        _remove_pack(root, payload_sha256)
        for pack in sorted((root / "packs").glob("*/*.pack")):
            _cut_from_pack(pack, payload_sha256)
    except OSError as error:
        raise storage_error(path, error) from error


def put_marker(root: Path, tombstone: Tombstone) -> None:
    """Say where the bytes lay that they are gone; in place of the marker of an earlier deletion."""
    marker = _marker(root, tombstone.payload_sha256)
    described = {
        "deleted_at": tombstone.deleted_at.isoformat(),
        "keep_out": tombstone.keep_out,
        "reason": tombstone.reason,
        "sequence": tombstone.sequence,
        "user": tombstone.user,
    }
    try:
        if marker.exists() and marked_sequence(root, tombstone.payload_sha256) != tombstone.sequence:
            marker.unlink()
        write_once(marker, canonical_json(described) + b"\n")
    except OSError as error:
        raise storage_error(marker, error) from error


def _marker(root: Path, payload_sha256: str) -> Path:
    return payload_path(root, payload_sha256).with_suffix(".deleted")


def _pack_of(root: Path, keyframe_sha256: str) -> Path:
    return root / "packs" / keyframe_sha256[:2] / f"{keyframe_sha256}.pack"


def _store_dependents(root: Path, keyframe_sha256: str, read: ReadPayload) -> None:
    pack = _pack_of(root, keyframe_sha256)
    if not pack.exists():
        return
    for digest, _, _ in _entries(pack.read_bytes()):
        whole = payload_path(root, digest)
        if whole.exists() or marked_sequence(root, digest) is not None:
            continue
        payload = read(digest)
        if hashlib.sha256(payload).hexdigest() != digest:
            raise ArchiveError(f"payload {digest} is damaged, so its keyframe {keyframe_sha256} is not deleted")
        write_once(whole, zstd.compress(payload, level=9))


def _remove_pack(root: Path, keyframe_sha256: str) -> None:
    pack = _pack_of(root, keyframe_sha256)
    if pack.exists():
        with _locked(pack):
            pack.unlink()
        sync_directory(pack.parent)


def _cut_from_pack(pack: Path, payload_sha256: str) -> None:
    """Replace a pack by one without the patch of a Payload; the others stay as they are."""
    if payload_sha256.encode() not in pack.read_bytes():
        return
    with _locked(pack):
        content = pack.read_bytes()
        places = [(start, end) for digest, start, end in _entries(content) if digest == payload_sha256]
        for start, end in reversed(places):
            content = content[:start] + content[end:]
        fresh = pack.with_name(f".{pack.name}.{os.urandom(8).hex()}.tmp")
        with suppress(FileNotFoundError), fresh.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(pack)
    sync_directory(pack.parent)


def _entries(content: bytes) -> Iterator[tuple[str, int, int]]:
    """(digest, where its line begins, where the next one begins) of each whole entry of a pack."""
    start = 0
    while (line := _ENTRY.match(content, start)) is not None:
        end = line.end() + int(line[1])
        if end > len(content):
            return
        yield line[2].decode(), start, end
        start = end


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
