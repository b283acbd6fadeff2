"""What a copy of an archive holds: its files up to a number of records, in an order that misses nothing.

Payloads come before packs: one that is moved into a pack while the copy is made is found there.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from watcher.archive.ledger import RECORDS_PER_FILE
from watcher.archive.merkle import Frontier, leaf_hash
from watcher.archive.packs import read_pack
from watcher.archive.places import MARKER, PACK, WHOLE
from watcher.archive.tombstones import marked_sequence
from watcher.errors import ArchiveError

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
    for folder in ("payloads", "keys"):
        for path in sorted(_files_below(root / folder), key=_packs_last):
            if path.suffix != MARKER or (marked_sequence(root, path.stem) or 0) < size:
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
    if file.place.endswith(WHOLE):
        return {file.source.stem}
    if file.place.endswith(PACK):
        patches = read_pack(file.source, file.source.stem).patches
        return {patch.payload_sha256 for patch in patches if patch.end <= file.length}
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


def _packs_last(path: Path) -> bool:
    return path.suffix == PACK


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path
