"""Which files hold the ledger, for those who read it as it lies there, sound or not.

In a folder a file has up to 4096 records. In a bucket each append is an object of its own, named after its first
record, and a block of 4096 records that is complete is repeated as one object in `ledger/whole/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from watcher.archive.storage import Storage

RECORDS_PER_FILE = 4096
READ_AT_ONCE = 8
_PART = re.compile(r"ledger/(\d{10})\.jsonl")
_WHOLE = re.compile(r"ledger/whole/(\d{10})\.jsonl")


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Up to 4096 records from `first`, and the names of the files that hold them one behind the other.

    `repeated` are the parts of a block that is read whole; `lengths` are in bytes, of all those names.
    """

    first: int
    names: tuple[str, ...]
    repeated: tuple[str, ...]
    lengths: dict[str, int]


def part_name(first: int) -> str:
    """The file of the records from `first`."""
    return f"ledger/{first:010d}.jsonl"


def whole_name(first: int) -> str:
    """The object that repeats the complete block from `first`."""
    return f"ledger/whole/{first:010d}.jsonl"


def first_of(name: str) -> int:
    """The number that a file of the ledger is named after; -1 for any other file."""
    found = _PART.fullmatch(name) or _WHOLE.fullmatch(name)
    return int(found[1]) if found else -1


def list_blocks(storage: Storage) -> tuple[list[Block], list[str]]:
    """The blocks of the ledger in order, and the names of files that are none of it."""
    parts: dict[int, list[str]] = {}
    wholes: dict[int, str] = {}
    lengths: dict[str, int] = {}
    strange: list[str] = []
    for stored in storage.files("ledger/"):
        lengths[stored.name] = stored.length
        number = first_of(stored.name)
        is_start = number % RECORDS_PER_FILE == 0
        if number < 0 or (not is_start and (storage.folder is not None or _WHOLE.fullmatch(stored.name))):
            strange.append(stored.name)
        elif _WHOLE.fullmatch(stored.name) and storage.folder is None:
            wholes[number] = stored.name
        elif _PART.fullmatch(stored.name):
            parts.setdefault(number - number % RECORDS_PER_FILE, []).append(stored.name)
        else:
            strange.append(stored.name)
    blocks = []
    for first in sorted(parts.keys() | wholes.keys()):
        own = tuple(parts.get(first, ()))
        names = (wholes[first],) if first in wholes else own
        known = {name: lengths[name] for name in (*names, *own)}
        blocks.append(Block(first=first, names=names, repeated=own if first in wholes else (), lengths=known))
    return blocks, strange


def read_parts(storage: Storage, block: Block) -> list[bytes]:
    """What is in each file of a block. FileNotFoundError when one went away meanwhile."""
    if len(block.names) == 1:
        return [storage.read(block.names[0])]
    with ThreadPoolExecutor(READ_AT_ONCE) as readers:
        return list(readers.map(storage.read, block.names))


def read_block(storage: Storage, block: Block) -> bytes:
    """The records of a block as they lie there."""
    return b"".join(read_parts(storage, block))


def read_blocks(storage: Storage) -> Iterator[tuple[int, bytes]]:
    """(first sequence, records) of each block in order."""
    for block in list_blocks(storage)[0]:
        yield block.first, read_block(storage, block)
