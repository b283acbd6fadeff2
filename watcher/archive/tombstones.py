"""Bytes that were deleted on purpose: the record of it in the ledger, and a marker where the bytes lay.

`payloads/ab/<hex>.deleted` repeats the record, so that a read need not search the ledger. The record
counts: a marker without it is damage.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from watcher.archive.durable import storage_error, write_once
from watcher.archive.ledger import LedgerRecord, canonical_json
from watcher.archive.places import MARKER, payload_place
from watcher.errors import ArchiveError, DeletedError


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
        write_once(marker, canonical_json(described) + b"\n", temporary=root / "temporary")
    except OSError as error:
        raise storage_error(marker, error) from error


def _marker(root: Path, payload_sha256: str) -> Path:
    return root / payload_place(payload_sha256, MARKER)
