"""The ledger in a bucket: each append is one new object, put with `If-None-Match: *`, named after its first record.

Two processes that append at the same time put the same name: the storage takes one, the other reads what came before
it and takes the next number. No lock is held, so none can be left behind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from watcher.archive.ledger import LedgerRecord, canonical_json, parse_record
from watcher.archive.ledger_files import (
    RECORDS_PER_FILE,
    first_of,
    list_blocks,
    part_name,
    read_block,
    read_parts,
    whole_name,
)
from watcher.archive.merkle import Frontier, leaf_hash
from watcher.archive.storage import Storage
from watcher.errors import ArchiveError


class BucketLedger:
    """Appends to and reads the ledger of one archive. Safe for threads and for any number of processes and hosts."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._turn = threading.Lock()
        self._frontier = Frontier()
        self._block: list[bytes] = []  # the records of the block that is not complete yet
        with self._turn:
            self._read_all()

    def append(self, record_type: str, body: Mapping[str, object]) -> LedgerRecord:
        """Write one record durably and return it."""
        return self.append_all(record_type, [body])[0]

    def append_all(self, record_type: str, bodies: Sequence[Mapping[str, object]]) -> list[LedgerRecord]:
        """Write records of one type durably, in order; one object a block of 4096."""
        written: list[LedgerRecord] = []
        with self._turn:
            while len(written) < len(bodies):
                room = RECORDS_PER_FILE - len(self._block)
                written += self._try(record_type, bodies[len(written) : len(written) + room])
        return written

    def append_at(self, size: int, record_type: str, body: Mapping[str, object]) -> LedgerRecord | None:
        """Write one record as number `size`; None when that place is taken."""
        with self._turn:
            self._catch_up()
            return next(iter(self._try(record_type, [body])), None) if self._frontier.size == size else None

    def head(self) -> tuple[int, str]:
        """(size, root in hex) of the tree as it is stored now."""
        with self._turn:
            self._catch_up()
            return self._frontier.size, self._frontier.root().hex()

    def records(self, start: int = 0) -> Iterator[LedgerRecord]:
        """Records in order from sequence `start`."""
        for sequence, line in enumerate(self.lines(start), start=start):
            yield parse_record(line, sequence)

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """Records as they are stored, without their line feed, from sequence `start`."""
        with self._turn:
            self._catch_up()
            begun, newest = self._frontier.size - len(self._block), list(self._block)
        for first in range(start - start % RECORDS_PER_FILE, begun, RECORDS_PER_FILE):
            lines = self._read_whole(first)
            yield from lines[max(0, start - first) :]
        yield from newest[max(0, start - begun) :]

    def _try(self, record_type: str, bodies: Sequence[Mapping[str, object]]) -> list[LedgerRecord]:
        """Put records at the end as it is known. Empty when somebody else was faster: the end is then read again."""
        first = self._frontier.size
        lines = [
            canonical_json({"sequence": first + place, "type": record_type, **body})
            for place, body in enumerate(bodies)
        ]
        if not self._storage.put_once(part_name(first), b"".join(line + b"\n" for line in lines)):
            self._catch_up()
            if self._frontier.size == first:
                raise ArchiveError(
                    f"{self._storage.where(part_name(first))} is taken and cannot be read. Look at it, and restore "
                    "the ledger from a backup if it was damaged."
                )
            return []
        self._take(lines)
        return [
            LedgerRecord(sequence=first + place, type=record_type, body=dict(body), leaf_sha256=leaf_hash(line).hex())
            for place, (body, line) in enumerate(zip(bodies, lines, strict=True))
        ]

    def _read_all(self) -> None:
        """Read what is listed; what a list leaves out, because it lags, is read by its name."""
        for block in list_blocks(self._storage)[0]:
            for name, content in zip(block.names, read_parts(self._storage, block), strict=True):
                first = first_of(name)
                if first > self._frontier.size:
                    self._catch_up()
                if first > self._frontier.size:
                    raise ArchiveError(
                        f"{self._storage.where(name)} does not follow what lies before it: records "
                        f"{self._frontier.size} to {first - 1} of the ledger are missing. Restore them from a backup."
                    )
                if first == self._frontier.size:
                    self._take(_lines(content, self._storage.where(name)), is_whole=bool(block.repeated))
        self._catch_up()

    def _catch_up(self) -> None:
        while True:
            name = part_name(self._frontier.size)
            try:
                content = self._storage.read(name)
            except FileNotFoundError:
                return
            self._take(_lines(content, self._storage.where(name)))

    def _take(self, lines: Sequence[bytes], *, is_whole: bool = False) -> None:
        """Take records that are stored. A block that they complete is repeated as one object."""
        for line in lines:
            self._frontier.append(bytes.fromhex(parse_record(line, self._frontier.size).leaf_sha256))
            self._block.append(line)
            if len(self._block) == RECORDS_PER_FILE:
                if not is_whole:
                    self._repeat_block()
                self._block = []

    def _repeat_block(self) -> None:
        """Put a complete block together for readers. That it cannot be done harms nobody: a later start tries again."""
        first = self._frontier.size - RECORDS_PER_FILE
        with suppress(ArchiveError):
            self._storage.put_once(whole_name(first), b"".join(line + b"\n" for line in self._block))

    def _read_whole(self, first: int) -> list[bytes]:
        name = whole_name(first)
        try:
            content = self._storage.read(name)
        except FileNotFoundError:
            blocks = {block.first: block for block in list_blocks(self._storage)[0]}
            if first not in blocks:
                raise ArchiveError(
                    f"records {first} to {first + RECORDS_PER_FILE - 1} of the ledger are gone from "
                    f"{self._storage.where()}. Restore them from a backup."
                ) from None
            name, content = part_name(first), read_block(self._storage, blocks[first])
        lines = _lines(content, self._storage.where(name))
        if len(lines) != RECORDS_PER_FILE:
            raise ArchiveError(
                f"{self._storage.where(name)} holds {len(lines)} records, not {RECORDS_PER_FILE}. "
                "Restore the ledger from a backup."
            )
        return lines


def _lines(content: bytes, where: str) -> list[bytes]:
    *lines, rest = content.split(b"\n")
    if rest or not lines:
        raise ArchiveError(f"{where} is cut: it does not end with a whole record. Restore the ledger from a backup.")
    return lines
