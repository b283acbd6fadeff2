"""Reads Payloads back and says which are missing, damaged, unreadable or named by nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from watcher.archive.archive import open_archive
from watcher.archive.bucket_payloads import BucketPayloads
from watcher.archive.findings import Finding, FindingCode, Findings
from watcher.archive.packs import read_pack
from watcher.archive.payloads import Payloads
from watcher.archive.places import PACK, digest_at, payload_place
from watcher.archive.storage import Storage
from watcher.errors import ArchiveError, DeletedError, NotFoundError

UNDER_WAY = timedelta(minutes=15)  # a Payload is written before the record that names it
Read = Callable[[str], bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class PayloadReader:
    """Reads many Payloads: `order` gives (keyframe, Payload) so that each keyframe is read once."""

    read: Read
    order: Callable[[Iterable[str]], list[tuple[str, str]]]


def payload_reader(storage: Storage) -> PayloadReader:
    """The reader of an archive, also when its ledger is damaged."""
    try:
        archive = open_archive(storage)
    except ArchiveError:
        payloads = BucketPayloads(storage) if storage.folder is None else Payloads(storage.folder)
        return PayloadReader(read=payloads.get, order=payloads.reading_order)
    archive.payloads.keep_keyframe = True
    return PayloadReader(read=archive.get_payload, order=archive.payloads.reading_order)


def check_payload(read: Read, payload_sha256: str) -> Finding | None:
    """None when the bytes have their digest, else what is wrong."""
    try:
        found = hashlib.sha256(read(payload_sha256)).hexdigest()
    except (ArchiveError, NotFoundError, OSError, MemoryError) as error:
        cause = error.__cause__ if isinstance(error, ArchiveError) else error
        if isinstance(cause, FileNotFoundError | DeletedError):
            code = FindingCode.PAYLOAD_MISSING
        else:
            code = FindingCode.PAYLOAD_UNREADABLE if isinstance(cause, OSError) else FindingCode.PAYLOAD_DAMAGED
        return Finding(code=code, target=f"payload {payload_sha256}", message=str(error))
    if found != payload_sha256:
        message = f"payload {payload_sha256} is damaged: its bytes have the digest {found}"
        return Finding(code=FindingCode.PAYLOAD_DAMAGED, target=f"payload {payload_sha256}", message=message)
    return None


def is_there(storage: Storage, read: Read, payload_sha256: str) -> Finding | None:
    """As `check_payload`, but a Payload that is stored whole is only looked for, not read."""
    if storage.exists(payload_place(payload_sha256)):
        return None
    return check_payload(read, payload_sha256)


def in_sample(payload_sha256: str, *, seed: str, share: float) -> bool:
    """Whether a Payload belongs to the sample of a seed: the same on every machine, unknown before the seed is."""
    drawn = int.from_bytes(hashlib.sha256(f"{seed}\n{payload_sha256}".encode()).digest()[:8])
    return drawn < share * 2**64


def find_extra(storage: Storage, named: Collection[bytes], findings: Findings, *, now: datetime) -> int:
    """What lies among the Payloads and is named by no record is a finding; returns how many files there are.

    What was written in the last minutes may still get its record, and is left out.
    """
    files = 0
    for stored in storage.files("payloads/"):
        files += 1
        is_under_way = now - UNDER_WAY < stored.written_at <= now
        digest = digest_at(stored.name)
        if digest is None or (bytes.fromhex(digest) not in named and not is_under_way):
            findings.add(FindingCode.PAYLOAD_EXTRA, f"file {stored.name}", "is named by no record")
        elif stored.name.endswith(PACK) and storage.folder is not None and not is_under_way:
            _find_extra_entries(storage.folder / stored.name, digest, named, findings)
    return files


def _find_extra_entries(path: Path, keyframe_sha256: str, named: Collection[bytes], findings: Findings) -> None:
    try:
        patches = read_pack(path, keyframe_sha256).patches
    except OSError:  # its Payloads are findings already
        return
    for number, patch in enumerate(patches):
        if bytes.fromhex(patch.payload_sha256) not in named:
            target = f"entry {number} of {payload_place(keyframe_sha256, PACK)}"
            findings.add(FindingCode.PAYLOAD_EXTRA, target, f"payload {patch.payload_sha256} is named by no record")
