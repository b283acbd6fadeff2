"""Bytes → Snapshot and back, verified: payloads by SHA-256 and an append-only ledger of what happened."""

from watcher.archive.archive import Archive, capture_of, create_archive, has_records, open_archive
from watcher.archive.ledger import LedgerRecord
from watcher.archive.tombstones import Tombstone, tombstone_of

__all__ = [
    "Archive",
    "LedgerRecord",
    "Tombstone",
    "capture_of",
    "create_archive",
    "has_records",
    "open_archive",
    "tombstone_of",
]
