"""Bytes that were deleted on purpose: the record of it in the ledger, and a marker where the bytes lay.

`payloads/ab/<hex>.deleted` repeats the record, so that a read need not search the ledger. The record
counts: a marker without it is damage.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from watcher.archive.ledger import LedgerRecord, canonical_json
from watcher.archive.places import MARKER, payload_place
from watcher.archive.storage import Storage
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


def marked_sequence(storage: Storage, payload_sha256: str) -> int | None:
    """The ledger sequence that the marker of a deleted Payload names; None when there is no marker."""
    name = payload_place(payload_sha256, MARKER)
    try:
        return int(json.loads(storage.read(name))["sequence"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"{storage.where(name)} cannot be read ({error}). Restore it from a backup.") from error


def is_kept_out(storage: Storage, payload_sha256: str) -> bool:
    """Whether a Payload was deleted so that it is not stored again."""
    try:
        return bool(json.loads(storage.read(payload_place(payload_sha256, MARKER)))["keep_out"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def put_marker(storage: Storage, tombstone: Tombstone) -> None:
    """Say where the bytes lay that they are gone; in place of the marker of an earlier deletion."""
    name = payload_place(tombstone.payload_sha256, MARKER)
    described = {
        "deleted_at": tombstone.deleted_at.isoformat(),
        "keep_out": tombstone.keep_out,
        "reason": tombstone.reason,
        "sequence": tombstone.sequence,
        "user": tombstone.user,
    }
    if storage.exists(name) and marked_sequence(storage, tombstone.payload_sha256) != tombstone.sequence:
        storage.remove(name)
    storage.put_once(name, canonical_json(described) + b"\n")
