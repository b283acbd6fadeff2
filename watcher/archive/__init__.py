"""Bytes → Snapshot and back, verified: payloads by SHA-256 and an append-only ledger of what happened."""

from watcher.archive.archive import Archive, capture_of, create_archive, has_records, open_archive, read_origin
from watcher.archive.checkpoints import Seal, is_unused, open_seal
from watcher.archive.ledger import LedgerRecord
from watcher.archive.tombstones import Tombstone, tombstone_of

__all__ = [
    "Archive",
    "LedgerRecord",
    "Seal",
    "Tombstone",
    "capture_of",
    "create_archive",
    "has_records",
    "is_unused",
    "open_archive",
    "open_seal",
    "read_origin",
    "tombstone_of",
]
