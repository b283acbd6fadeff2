"""What a copy of an archive holds: its files up to a number of records, in an order that misses nothing.

A copy is a folder, also of an archive that lies in a bucket. Whole Payloads come before packs: one that is moved into
a pack while the copy is made is found there.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import PurePosixPath
from typing import BinaryIO

from watcher.archive.ledger_files import RECORDS_PER_FILE, list_blocks, part_name, read_block
from watcher.archive.merkle import Frontier, leaf_hash
from watcher.archive.packs import read_pack
from watcher.archive.places import MARKER, PACK, WHOLE
from watcher.archive.storage import Storage, Stored, read_or_fail
from watcher.archive.tombstones import marked_sequence
from watcher.errors import ArchiveError

_NUMBERED = ("checkpoints/", "timestamps/")


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveFile:
    """One file of a copy: its place below the root, how many bytes it has there, and how they are read.

    `open` raises FileNotFoundError when it went away since.
    """

    place: str
    length: int
    open: Callable[[], BinaryIO]


def files_of(storage: Storage, *, size: int) -> Iterator[ArchiveFile]:
    """The files that hold the first `size` records and all that they name. Temporary files and locks are left out."""
    described = read_or_fail(storage, "format.json")
    yield ArchiveFile(place="format.json", length=len(described), open=partial(io.BytesIO, described))
    for stored in chain(_payload_files(storage), _payload_files(storage, packs=True), storage.files("keys/")):
        name = PurePosixPath(stored.name)
        if name.suffix != MARKER or (marked_sequence(storage, name.stem) or 0) < size:
            yield _as_it_is(storage, stored)
    for prefix in _NUMBERED:
        for stored in storage.files(prefix):
            number = PurePosixPath(stored.name).name.split(".")[0]
            if not number.isdigit() or int(number) <= size:
                yield _as_it_is(storage, stored)
    for first, records in _records(storage, size):
        yield ArchiveFile(place=part_name(first), length=len(records), open=partial(io.BytesIO, records))


def root_of(storage: Storage, *, size: int) -> str:
    """The tree head over the first `size` records in base64, as a checkpoint writes it."""
    frontier = Frontier()
    for _, records in _records(storage, size):
        for line in records.split(b"\n")[:-1]:
            frontier.append(leaf_hash(line))
    return base64.b64encode(frontier.root()).decode()


def payloads_in(storage: Storage, file: ArchiveFile) -> set[str]:
    """The digests of the Payloads that a file of an archive holds, up to its length."""
    stem = PurePosixPath(file.place).stem
    if file.place.endswith(WHOLE):
        return {stem}
    if file.place.endswith(PACK) and storage.folder is not None:
        patches = read_pack(storage.folder / file.place, stem).patches
        return {patch.payload_sha256 for patch in patches if patch.end <= file.length}
    return set()


def _records(storage: Storage, size: int) -> Iterator[tuple[int, bytes]]:
    """(first sequence, the bytes of its records) of each 4096, up to record `size`."""
    blocks = {block.first: block for block in list_blocks(storage)[0]}
    for first in range(0, size, RECORDS_PER_FILE):
        content = read_block(storage, blocks[first]) if first in blocks else b""
        end = 0
        for _ in range(min(size - first, RECORDS_PER_FILE)):
            end = content.find(b"\n", end) + 1
            if end == 0:
                raise ArchiveError(
                    f"{storage.where(part_name(first))} holds fewer records than it did: records are gone. "
                    "Restore it from a backup."
                )
        yield first, content[:end]


def _payload_files(storage: Storage, *, packs: bool = False) -> Iterator[Stored]:
    return (stored for stored in storage.files("payloads/") if stored.name.endswith(PACK) is packs)


def _as_it_is(storage: Storage, stored: Stored) -> ArchiveFile:
    return ArchiveFile(place=stored.name, length=stored.length, open=partial(_opened, storage, stored.name))


def _opened(storage: Storage, name: str) -> BinaryIO:
    folder = storage.folder
    return io.BytesIO(storage.read(name)) if folder is None else (folder / name).open("rb")
