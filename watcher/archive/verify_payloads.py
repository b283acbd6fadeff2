"""Reads Payloads back and says which are missing, damaged, unreadable or named by nobody."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from watcher.archive.archive import open_archive
from watcher.archive.findings import Finding, FindingCode, Findings
from watcher.archive.payloads import Payloads, payload_path
from watcher.archive.places import digest_at
from watcher.errors import ArchiveError, NotFoundError

UNDER_WAY = timedelta(minutes=15)  # a Payload is written before the record that names it
Read = Callable[[str], bytes]


def payload_reader(root: Path) -> Read:
    """How Payloads of an archive are read, also when its ledger is damaged."""
    try:
        return open_archive(root).get_payload
    except ArchiveError:
        return Payloads(root).get


def check_payload(read: Read, payload_sha256: str) -> Finding | None:
    """None when the bytes have their digest, else what is wrong."""
    try:
        found = hashlib.sha256(read(payload_sha256)).hexdigest()
    except (ArchiveError, NotFoundError, OSError, MemoryError) as error:
        cause = error.__cause__ if isinstance(error, ArchiveError) else error
        if isinstance(cause, FileNotFoundError):
            code = FindingCode.PAYLOAD_MISSING
        else:
            code = FindingCode.PAYLOAD_UNREADABLE if isinstance(cause, OSError) else FindingCode.PAYLOAD_DAMAGED
        return Finding(code=code, target=f"payload {payload_sha256}", message=str(error))
    if found != payload_sha256:
        message = f"payload {payload_sha256} is damaged: its bytes have the digest {found}"
        return Finding(code=FindingCode.PAYLOAD_DAMAGED, target=f"payload {payload_sha256}", message=message)
    return None


def is_there(root: Path, read: Read, payload_sha256: str) -> Finding | None:
    """As `check_payload`, but a Payload that is stored whole is only looked for, not read."""
    if payload_path(root, payload_sha256).is_file():
        return None
    return check_payload(read, payload_sha256)


def in_sample(payload_sha256: str, *, seed: str, share: float) -> bool:
    """Whether a Payload belongs to the sample of a seed: the same on every machine, unknown before the seed is."""
    drawn = int.from_bytes(hashlib.sha256(f"{seed}\n{payload_sha256}".encode()).digest()[:8])
    return drawn < share * 2**64


def find_extra(root: Path, named: Collection[bytes], findings: Findings, *, now: datetime) -> int:
    """Files among the Payloads that no record names are findings; returns how many files there are.

    One that was written in the last minutes may still get its record, and is left out.
    """
    files = 0
    for path in _files(root / "payloads"):
        files += 1
        digest = _digest_of(path, root)
        if digest is not None and digest in named:
            continue
        try:
            written_at = datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo)
        except (OSError, ValueError, OverflowError):
            continue
        if digest is None or not now - UNDER_WAY < written_at <= now:
            target = f"file {path.relative_to(root)}"
            findings.add(FindingCode.PAYLOAD_EXTRA, target, "is named by no record")
    return files


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _digest_of(path: Path, root: Path) -> bytes | None:
    digest = digest_at(path.relative_to(root).as_posix())
    return bytes.fromhex(digest) if digest is not None else None
