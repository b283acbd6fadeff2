"""One archive folder: its format file, payloads and ledger."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from watcher.archive.durable import write_once
from watcher.archive.ledger import Ledger, LedgerRecord, canonical_json
from watcher.archive.payloads import Payloads
from watcher.archive.sweep import sweep
from watcher.archive.tombstones import Tombstone, is_kept_out, marked_sequence, put_marker, tombstone_of
from watcher.errors import ArchiveError, DeletedError
from watcher.model.capture import Capture

FORMAT = 1
FAILED_READS_KEPT = 1000
_CAPTURE: TypeAdapter[Capture] = TypeAdapter(Capture)


class Archive:
    """Stores payloads and records, and gives both back verified."""

    def __init__(self, root: Path, *, origin: str) -> None:
        self.root = root
        self.origin = origin
        self._ledger = Ledger(root / "ledger")
        self.payloads = Payloads(root)
        self._failed_reads: dict[str, None] = {}

    def put_payload(self, payload: bytes, *, like: str | None = None) -> str:
        """Store bytes durably; returns their SHA-256 in hex. `like` is the SHA-256 of a payload that resembles them.

        Bytes whose tombstone keeps them out are not stored.
        """
        if is_kept_out(self.root, kept_out := hashlib.sha256(payload).hexdigest()):
            return kept_out
        return self.payloads.put(payload, like=like)

    def get_payload(self, payload_sha256: str) -> bytes:
        """The bytes, hashed again; ArchiveError when missing or damaged, DeletedError when deleted on purpose."""
        try:
            return self.payloads.get(payload_sha256)
        except ArchiveError as error:
            tombstone = self.tombstone(payload_sha256)
            if tombstone is not None:
                raise tombstone.error() from error
            if len(self._failed_reads) < FAILED_READS_KEPT:
                self._failed_reads[payload_sha256] = None
            raise

    def take_failed_reads(self) -> list[str]:
        """The Payloads that could not be read since this was last asked."""
        failed = list(self._failed_reads)
        for payload_sha256 in failed:
            self._failed_reads.pop(payload_sha256, None)
        return failed

    def has_bytes(self, payload_sha256: str) -> bool:
        """Whether the bytes can be read."""
        try:
            self.get_payload(payload_sha256)
        except (ArchiveError, DeletedError):
            return False
        return True

    def tombstone(self, payload_sha256: str) -> Tombstone | None:
        """The newest deletion of a Payload that was carried out. ArchiveError when its record is another one."""
        sequence = marked_sequence(self.root, payload_sha256)
        if sequence is None:
            return None
        record = next(self.records(sequence), None) if sequence < self.size() else None
        if record is None or record.type != "tombstone" or record.body.get("payload_sha256") != payload_sha256:
            raise ArchiveError(
                f"payload {payload_sha256} is marked as deleted, and ledger record {sequence} does not say so. "
                "Restore it from a backup."
            )
        return tombstone_of(record)

    def remove_payload(self, tombstone: Tombstone) -> None:
        """Remove the bytes whose tombstone is in the ledger; Payloads that are read with them stay readable."""
        self.payloads.remove(tombstone.payload_sha256)
        put_marker(self.root, tombstone)

    def append_capture(self, capture: Capture) -> Capture:
        """Write a Capture to the ledger; returns it with the sequence that the ledger gave it."""
        return self.append_captures([capture])[0]

    def append_captures(self, captures: Sequence[Capture]) -> list[Capture]:
        """Write Captures to the ledger in order; returns them with their sequences."""
        bodies = [_CAPTURE.dump_python(capture, mode="json", exclude={"sequence"}) for capture in captures]
        records = self._ledger.append_all("capture", bodies)
        return [replace(capture, sequence=record.sequence) for capture, record in zip(captures, records, strict=True)]

    def append(self, record_type: str, body: Mapping[str, object]) -> LedgerRecord:
        """Write any other record (definition, audit, delivery) to the ledger."""
        return self._ledger.append(record_type, body)

    def records(self, start: int = 0) -> Iterator[LedgerRecord]:
        """Ledger records in order from sequence `start`."""
        return self._ledger.records(start)

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """Ledger records byte for byte, without their line feed, in order from sequence `start`."""
        return self._ledger.lines(start)

    def size(self) -> int:
        """How many records the ledger holds."""
        return self._ledger.head()[0]

    def checkpoint(self) -> str:
        """Origin, size and root, one a line: the body of a C2SP tlog-checkpoint."""
        size, root = self._ledger.head()
        return f"{self.origin}\n{size}\n{base64.b64encode(bytes.fromhex(root)).decode()}\n"


def capture_of(record: LedgerRecord) -> Capture:
    """The Capture that a ledger record of type "capture" holds."""
    try:
        return _CAPTURE.validate_python({**record.body, "sequence": record.sequence})
    except ValidationError as error:
        raise ArchiveError(
            f"ledger record {record.sequence} is no readable Capture: {error.errors()[0]['msg']}"
        ) from error


def create_archive(root: Path, *, origin: str) -> Archive:
    """Make an empty archive. Refuses a folder that already holds one."""
    if (root / "format.json").exists() or has_records(root):
        raise ArchiveError(f"{root} already holds an archive")
    (root / "ledger").mkdir(parents=True, exist_ok=True)
    (root / "payloads").mkdir(exist_ok=True)
    write_once(root / "format.json", canonical_json({"format": FORMAT, "origin": origin}) + b"\n")
    return Archive(root, origin=origin)


def open_archive(root: Path) -> Archive:
    """Open an existing archive. An unreadable one is named and left as it is."""
    origin = read_origin(root)
    sweep(root)
    return Archive(root, origin=origin)


def read_origin(root: Path) -> str:
    """The origin that an archive's format file names. ArchiveError when that cannot be read."""
    path = root / "format.json"
    try:
        described = json.loads(path.read_bytes())
        number, origin = described["format"], described["origin"]
    except FileNotFoundError as error:
        raise ArchiveError(
            f"{root} is no archive: {path.name} is missing. Restore the folder from a backup."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArchiveError(
            f"{path} cannot be read ({error}). It was left as it is: restore it from a backup."
        ) from error
    if number != FORMAT:
        raise ArchiveError(
            f"{path} says format {number}; this watcher reads format {FORMAT}. Use the watcher that wrote it."
        )
    if not isinstance(origin, str):
        raise ArchiveError(f"{path} names no origin. It was left as it is: restore it from a backup.")
    return origin


def has_records(root: Path) -> bool:
    """Whether a folder holds ledger records or payloads, readable or not."""
    return any((root / "ledger").glob("*.jsonl")) or any((root / "payloads").glob("*/*.zst"))
