"""The ledger: an append-only sequence of records, each a leaf of one RFC 6962 tree.

A record is one line of canonical JSON (sorted keys, no blanks, UTF-8) in `ledger/<first sequence>.jsonl`,
4096 records a file. Several processes may append: a file lock makes them take turns.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from watcher.archive.durable import append, locked, storage_error, sync_directory
from watcher.archive.ledger_files import RECORDS_PER_FILE
from watcher.archive.merkle import Frontier, leaf_hash
from watcher.errors import ArchiveError


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerRecord:
    """One record: its place from 0, its type (capture, definition, audit, delivery) and its fields."""

    sequence: int
    type: str
    body: Mapping[str, object]
    leaf_sha256: str


class Ledger:
    """Appends to and reads the ledger of one archive. Safe for threads and for several processes on one host."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = threading.Lock()
        self._frontier = Frontier()
        self._read_bytes = 0  # of the file that holds the next record
        with self._turn, self._locked():
            self._catch_up()

    def append(self, record_type: str, body: Mapping[str, object]) -> LedgerRecord:
        """Write one record durably and return it. When this returns, the record survives a crash."""
        return self.append_all(record_type, [body])[0]

    def append_all(self, record_type: str, bodies: Sequence[Mapping[str, object]]) -> list[LedgerRecord]:
        """Write records of one type durably, in order; one wait for the disk a file, not one a record."""
        written: list[LedgerRecord] = []
        with self._turn, self._locked():
            self._catch_up()
            while len(written) < len(bodies):
                room = RECORDS_PER_FILE - self._frontier.size % RECORDS_PER_FILE
                written += self._append_to_file(record_type, bodies[len(written) : len(written) + room])
        return written

    def append_at(self, size: int, record_type: str, body: Mapping[str, object]) -> LedgerRecord | None:
        """Write one record as number `size`; None when that place is taken."""
        with self._turn, self._locked():
            self._catch_up()
            return self._append_to_file(record_type, [body])[0] if self._frontier.size == size else None

    def _append_to_file(self, record_type: str, bodies: Sequence[Mapping[str, object]]) -> list[LedgerRecord]:
        first = self._frontier.size
        lines = [
            canonical_json({"sequence": first + place, "type": record_type, **body})
            for place, body in enumerate(bodies)
        ]
        path = self._file_of(first)
        is_new = not path.exists()
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                content = b"".join(line + b"\n" for line in lines)
                append(descriptor, path, content, at=self._read_bytes, name="ledger")
            finally:
                os.close(descriptor)
            if is_new:
                sync_directory(self._folder)
        except OSError as error:
            raise storage_error(path, error) from error
        for line in lines:
            self._take(line)
        return [
            LedgerRecord(sequence=first + place, type=record_type, body=dict(body), leaf_sha256=leaf_hash(line).hex())
            for place, (body, line) in enumerate(zip(bodies, lines, strict=True))
        ]

    def head(self) -> tuple[int, str]:
        """(size, root in hex) of the tree as it stands on disk now."""
        with self._turn, self._locked():
            self._catch_up()
            return self._frontier.size, self._frontier.root().hex()

    def records(self, start: int = 0) -> Iterator[LedgerRecord]:
        """Records in order from sequence `start`."""
        for sequence, line in enumerate(self.lines(start), start=start):
            yield parse_record(line, sequence)

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """Records as they stand in their files, byte for byte and without their line feed, from sequence `start`."""
        size, _ = self.head()
        sequence = start
        while sequence < size:
            first = sequence - sequence % RECORDS_PER_FILE
            lines = self._file_of(sequence).read_bytes().split(b"\n")
            for line in lines[sequence - first : min(size - first, RECORDS_PER_FILE)]:
                yield line
                sequence += 1

    def _catch_up(self) -> None:
        while True:
            path = self._file_of(self._frontier.size)
            if not path.exists():
                return
            try:
                with path.open("rb") as file:
                    length = file.seek(0, os.SEEK_END)
                    file.seek(self._read_bytes)
                    fresh = file.read()
            except OSError as error:
                raise storage_error(path, error) from error
            if length < self._read_bytes:
                raise ArchiveError(f"{path} became shorter than it was: records are gone. Restore it from a backup.")
            whole = fresh[: fresh.rfind(b"\n") + 1]
            for line in whole.split(b"\n")[:-1]:
                self._take(line)
            if self._read_bytes != 0 or not whole:
                return

    def _take(self, line: bytes) -> None:
        record = parse_record(line, self._frontier.size)
        self._frontier.append(bytes.fromhex(record.leaf_sha256))
        self._read_bytes += len(line) + 1
        if self._frontier.size % RECORDS_PER_FILE == 0:
            self._read_bytes = 0

    def _file_of(self, sequence: int) -> Path:
        return self._folder / f"{sequence - sequence % RECORDS_PER_FILE:010d}.jsonl"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self._folder / "lock"
        with ExitStack() as held:
            try:
                held.enter_context(locked(path, os.O_RDONLY))  # a read-only disk can still be read
            except OSError as error:
                raise storage_error(path, error) from error
            yield


def canonical_json(value: Mapping[str, object]) -> bytes:
    """Sorted keys, no blanks, UTF-8: one value has one form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def parse_record(line: bytes, sequence: int) -> LedgerRecord:
    """The record of a line that stands at place `sequence`. ArchiveError when it is none or another one."""
    try:
        body = json.loads(line)
        found = body.pop("sequence")
        record_type = body.pop("type")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ArchiveError(
            f"ledger record {sequence} is damaged: it cannot be read. Restore the ledger from a backup."
        ) from error
    if found != sequence:
        raise ArchiveError(
            f"ledger record {sequence} is damaged: it calls itself {found}. Restore the ledger from a backup."
        )
    return LedgerRecord(sequence=sequence, type=record_type, body=body, leaf_sha256=leaf_hash(line).hex())
