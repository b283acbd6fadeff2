"""What a copy of an archive holds: its files up to a number of records, in an order that misses nothing.

Payloads come before packs: one that is moved into a pack while the copy is made is found there.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from watcher.archive.ledger import RECORDS_PER_FILE
from watcher.archive.merkle import Frontier, leaf_hash
from watcher.archive.tombstones import marked_sequence
from watcher.errors import ArchiveError

_PACK_ENTRY = re.compile(rb'^\{"bytes":\d+,"length":\d+,"payload_sha256":"([0-9a-f]{64})"\}$', re.MULTILINE)
_NUMBERED = ("checkpoints", "timestamps")


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveFile:
    """One file of an archive: its place below the root, where it lies, and how many of its bytes count."""

    place: str
    source: Path
    length: int


def files_of(root: Path, *, size: int) -> Iterator[ArchiveFile]:
    """The files that hold the first `size` records and all that they name. Temporary files and locks are left out."""
    yield _whole(root, root / "format.json")
    for folder in ("payloads", "packs", "keys"):
        for path in _files_below(root / folder):
            if path.suffix != ".deleted" or (marked_sequence(root, path.stem) or 0) < size:
                yield _whole(root, path)
    for folder in _NUMBERED:
        for path in _files_below(root / folder):
            number = path.stem.split(".")[0]
            if not number.isdigit() or int(number) <= size:
                yield _whole(root, path)
    for first in range(0, size, RECORDS_PER_FILE):
        path = root / "ledger" / f"{first:010d}.jsonl"
        yield ArchiveFile(place=_place(root, path), source=path, length=len(_records(path, size - first)))


def root_of(root: Path, *, size: int) -> str:
    """The tree head over the first `size` records in base64, as a checkpoint writes it."""
    frontier = Frontier()
    for first in range(0, size, RECORDS_PER_FILE):
        for line in _records(root / "ledger" / f"{first:010d}.jsonl", size - first).split(b"\n")[:-1]:
            frontier.append(leaf_hash(line))
    return base64.b64encode(frontier.root()).decode()


def payloads_in(file: ArchiveFile) -> set[str]:
    """The digests of the Payloads that a file of an archive holds, up to its length."""
    if file.place.startswith("payloads/") and file.place.endswith(".zst"):
        return {file.source.stem}
    if file.place.startswith("packs/"):
        with file.source.open("rb") as pack:
            return {digest.decode() for digest in _PACK_ENTRY.findall(pack.read(file.length))}
    return set()


def _records(path: Path, count: int) -> bytes:
    """The bytes of the first `count` records of a ledger file, at most all that it can hold."""
    content = path.read_bytes()
    wanted = min(count, RECORDS_PER_FILE)
    end = 0
    for _ in range(wanted):
        end = content.find(b"\n", end) + 1
        if end == 0:
            raise ArchiveError(f"{path} holds fewer records than it did: records are gone. Restore it from a backup.")
    return content[:end]


def _whole(root: Path, path: Path) -> ArchiveFile:
    return ArchiveFile(place=_place(root, path), source=path, length=path.stat().st_size)


def _place(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path
