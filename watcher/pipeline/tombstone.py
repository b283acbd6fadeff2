"""Deletion of bytes, only ever with a tombstone: record first, then the bytes, and every read says so afterwards.

What was read from the bytes before (Versions, Changes, Digests) stays in the database; a rebuild cannot read it
again.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.archive import LedgerRecord, Tombstone, tombstone_of
from watcher.errors import NotFoundError
from watcher.pipeline.holds import active_holds, require_not_held, require_reason
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import record_act
from watcher.store.database import Connection
from watcher.store.keep import captures_naming, count_derived


@dataclass(frozen=True, kw_only=True, slots=True)
class Uses:
    """Who names bytes: Captures by number, their Sources, and what was read from them and stays."""

    captures: tuple[int, ...]
    sources: tuple[str, ...]
    versions: int
    changes: int


def uses_of(rooms: Rooms, payload_sha256: str) -> Uses:
    """What a person should know before deleting bytes. NotFoundError when no Capture names them."""
    with rooms.database.reading() as connection:
        naming = captures_naming(connection, payload_sha256)
        versions, changes = count_derived(connection, payload_sha256)
    if not naming:
        raise NotFoundError(f"no Capture names bytes with the SHA-256 {payload_sha256[:80]!r}")
    return Uses(
        captures=tuple(capture.sequence for capture in naming),
        sources=tuple(sorted({capture.source_id for capture in naming})),
        versions=versions,
        changes=changes,
    )


def delete_payload(rooms: Rooms, payload_sha256: str, *, user: str, reason: str) -> Tombstone:
    """Delete the bytes of a Payload, partial read or screenshot from the archive; the act is audited.

    The same bytes are not stored when they come again. RefusedError under legal hold, DeletedError when they are
    deleted already. Repeated after a crash, it ends what was begun.
    """
    require_reason(reason)
    uses_of(rooms, payload_sha256)
    with rooms.database.writing() as connection:
        require_not_held(active_holds(rooms), captures_naming(connection, payload_sha256), payload_sha256)
        known = rooms.archive.tombstone(payload_sha256)
        if known is not None and not rooms.archive.has_bytes(payload_sha256):
            raise known.error()
        tombstone = entomb(rooms, connection, payload_sha256, user=user, reason=reason, keep_out=True)
    rooms.archive.remove_payload(tombstone)
    return tombstone


def entomb(
    rooms: Rooms, connection: Connection, payload_sha256: str, *, user: str, reason: str, keep_out: bool
) -> Tombstone:
    """Record a deletion that nothing forbids, and audit it. The bytes are removed after the transaction."""
    now = rooms.clock()
    body = {
        "recorded_at": now.isoformat(),
        "payload_sha256": payload_sha256,
        "user": user,
        "reason": reason,
        "keep_out": keep_out,
    }
    record = rooms.archive.append("tombstone", body)
    after = {"reason": reason, "record": record.sequence}
    record_act(rooms, connection, user=user, action="payload.delete", target=payload_sha256, after=after, at=now)
    return tombstone_of(record)


def finish_deletion(rooms: Rooms, record: LedgerRecord) -> bool:
    """Remove the bytes of a tombstone whose process ended before it could; True when there was something to do."""
    tombstone = tombstone_of(record)
    known = rooms.archive.tombstone(tombstone.payload_sha256)
    if known is not None and known.sequence >= tombstone.sequence:
        return False
    rooms.archive.remove_payload(tombstone)
    return True
