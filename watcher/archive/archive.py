"""One archive, in a folder or in a bucket: its format file, payloads and ledger."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from watcher.archive.bucket_ledger import BucketLedger
from watcher.archive.bucket_payloads import BucketPayloads
from watcher.archive.ledger import Ledger, LedgerRecord, canonical_json
from watcher.archive.payloads import Payloads
from watcher.archive.places import WHOLE
from watcher.archive.storage import Storage, storage_at
from watcher.archive.sweep import sweep
from watcher.archive.tombstones import Tombstone, is_kept_out, marked_sequence, put_marker, tombstone_of
from watcher.errors import ArchiveError, DeletedError
from watcher.model.capture import Capture

FORMAT = 1
FAILED_READS_KEPT = 1000
_CAPTURE: TypeAdapter[Capture] = TypeAdapter(Capture)


class Archive:
    """Stores payloads and records, and gives both back verified."""

    def __init__(self, place: Storage | Path, *, origin: str) -> None:
        self.storage = storage_at(place)
        self.origin = origin
        folder = self.storage.folder
        self._ledger = BucketLedger(self.storage) if folder is None else Ledger(folder / "ledger")
        self.payloads = BucketPayloads(self.storage) if folder is None else Payloads(folder)
        self._failed_reads: dict[str, None] = {}

    @property
    def root(self) -> Path:
        """The folder. ArchiveError for an archive that lies in a bucket."""
        if self.storage.folder is None:
            raise ArchiveError(f"{self.storage.where()} is no folder")
        return self.storage.folder

    def put_payload(self, payload: bytes, *, like: str | None = None) -> str:
        """Store bytes durably; returns their SHA-256 in hex. `like` is the SHA-256 of a payload that resembles them.

        Bytes whose tombstone keeps them out are not stored.
        """
        if is_kept_out(self.storage, kept_out := hashlib.sha256(payload).hexdigest()):
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

    def take_healed(self) -> dict[str, str]:
        """The Payloads whose damaged file was replaced since this was last asked, each with what was wrong."""
        return {digest: self.payloads.healed.pop(digest) for digest in list(self.payloads.healed)}

    def has_bytes(self, payload_sha256: str) -> bool:
        """Whether the bytes can be read."""
        try:
            self.get_payload(payload_sha256)
        except (ArchiveError, DeletedError):
            return False
        return True

    def tombstone(self, payload_sha256: str) -> Tombstone | None:
        """The newest deletion of a Payload that was carried out. ArchiveError when its record is another one."""
        sequence = marked_sequence(self.storage, payload_sha256)
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
        put_marker(self.storage, tombstone)

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

    def append_many(self, record_type: str, bodies: Sequence[Mapping[str, object]]) -> list[LedgerRecord]:
        """Write several other records of one type in order, with one wait for the disk."""
        return self._ledger.append_all(record_type, bodies)

    def append_at(self, size: int, record_type: str, body: Mapping[str, object]) -> LedgerRecord | None:
        """Write a record that holds only while the ledger has `size` records; None when it has more by now."""
        return self._ledger.append_at(size, record_type, body)

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


def create_archive(place: Storage | Path, *, origin: str) -> Archive:
    """Make an empty archive. Refuses a place that already holds one."""
    storage = storage_at(place)
    if storage.exists("format.json") or has_records(storage):
        raise ArchiveError(f"{storage.where()} already holds an archive")
    if storage.folder is not None:
        for name in ("ledger", "payloads"):
            (storage.folder / name).mkdir(parents=True, exist_ok=True)
    content = canonical_json({"format": FORMAT, "origin": origin}) + b"\n"
    if not storage.put_once("format.json", content):
        raise ArchiveError(f"{storage.where()} already holds an archive: another process has just made it")
    if storage.put_once("format.json", content):
        storage.remove("format.json")
        raise ArchiveError(
            f"{storage.where()} takes the same name twice: this storage does not honour If-None-Match, so two "
            "processes could write over each other's records. No archive was made; use another storage."
        )
    return Archive(storage, origin=origin)


def open_archive(place: Storage | Path) -> Archive:
    """Open an existing archive. An unreadable one is named and left as it is."""
    storage = storage_at(place)
    origin = read_origin(storage)
    if storage.folder is not None:
        sweep(storage.folder)
    return Archive(storage, origin=origin)


def read_origin(place: Storage | Path) -> str:
    """The origin that an archive's format file names. ArchiveError when that cannot be read."""
    storage = storage_at(place)
    where = storage.where("format.json")
    try:
        described = json.loads(storage.read("format.json"))
        number, origin = described["format"], described["origin"]
    except FileNotFoundError as error:
        raise ArchiveError(
            f"{storage.where()} is no archive: format.json is missing. Restore it from a backup."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError(
            f"{where} cannot be read ({error}). It was left as it is: restore it from a backup."
        ) from error
    if number != FORMAT:
        raise ArchiveError(
            f"{where} says format {number}; this watcher reads format {FORMAT}. Use the watcher that wrote it."
        )
    if not isinstance(origin, str):
        raise ArchiveError(f"{where} names no origin. It was left as it is: restore it from a backup.")
    return origin


def has_records(place: Storage | Path) -> bool:
    """Whether a place holds ledger records or payloads, readable or not."""
    storage = storage_at(place)
    folder = storage.folder
    if folder is None:
        return any(True for prefix in ("ledger/", "payloads/") for _ in storage.files(prefix))
    return any((folder / "ledger").glob("*.jsonl")) or any((folder / "payloads").glob(f"*/*{WHOLE}"))
