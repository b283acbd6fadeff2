"""Compound files ([MS-CFB]), the container of old Office formats: stream names and contents, checked before use."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from watcher.errors import ExtractError

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR = 0xFFFFFFFA
_ENTRY_BYTES = 128
_MINI_SECTOR_BYTES = 64
_HEADER_SECTORS = 109


_STORAGE, _STREAM, _ROOT = 1, 2, 5
_DEEPEST = 20


class _Entry(NamedTuple):
    """An entry of the directory, which is a tree of siblings (`beside`) and children."""

    name: str
    kind: int
    beside: tuple[int, int]
    child: int
    start: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CompoundFile:
    """`streams` maps paths ("storage/stream") to (first sector, size in bytes); storages hold streams and storages."""

    data: bytes
    sector_bytes: int
    fat: tuple[int, ...]
    mini_fat: tuple[int, ...]
    mini_stream: bytes
    mini_cutoff: int
    streams: dict[str, tuple[int, int]]

    def read(self, name: str) -> bytes:
        """Content of a stream. ExtractError `damaged` when there is none or it is broken."""
        if name not in self.streams:
            raise ExtractError(f"the compound file has no stream {name!r}", code="damaged")
        start, size = self.streams[name]
        if size < self.mini_cutoff:
            places = _chain(self.mini_fat, start)
            cuts = (slice(at * _MINI_SECTOR_BYTES, (at + 1) * _MINI_SECTOR_BYTES) for at in places)
            return b"".join(self.mini_stream[cut] for cut in cuts)[:size]
        return _sectors(self.data, self.sector_bytes, self.fat, start)[:size]


def open_compound(data: bytes) -> CompoundFile:
    """The parsed container. ExtractError `damaged` when a chain runs in a circle or a size exceeds the file."""
    try:
        return _open(data)
    except (struct.error, IndexError, ValueError) as error:
        raise ExtractError(f"the compound file is damaged: {error}", code="damaged") from error


def _open(data: bytes) -> CompoundFile:
    if not data.startswith(MAGIC):
        raise ValueError("it has no compound file header")
    major, _, shift = struct.unpack_from("<HHH", data, 26)
    if shift not in (9, 12):
        raise ValueError("its sector size is not allowed")
    sector_bytes = 1 << shift
    directory, _, cutoff, mini_start, _, more, _ = struct.unpack_from("<7I", data, 48)
    fat = _fat(data, sector_bytes, more)
    entries = _sectors(data, sector_bytes, fat, directory)
    found = [_entry(entries[at : at + _ENTRY_BYTES], major) for at in range(0, len(entries), _ENTRY_BYTES)]
    if any(entry.kind in (_STREAM, _ROOT) and entry.size > len(data) for entry in found):
        raise ValueError("a stream claims to be longer than the file")
    root = next((entry for entry in found if entry.kind == _ROOT), None)
    if root is None:
        raise ValueError("it has no root")
    mini_table = _sectors(data, sector_bytes, fat, mini_start) if mini_start < _LAST_SECTOR else b""
    return CompoundFile(
        data=data,
        sector_bytes=sector_bytes,
        fat=fat,
        mini_fat=_numbers(mini_table),
        mini_stream=_sectors(data, sector_bytes, fat, root.start)[: root.size] if root.size else b"",
        mini_cutoff=cutoff,
        streams=_streams(found, root),
    )


def _entry(data: bytes, major: int) -> _Entry:
    length, kind, _, left, right, child = struct.unpack_from("<HBBIII", data, 64)
    start, size = struct.unpack_from("<IQ", data, 116)
    name = data[: max(0, min(64, length) - 2)].decode("utf-16-le", "replace")
    return _Entry(name, kind, (left, right), child, start, size & 0xFFFFFFFF if major == 3 else size)


def _streams(entries: list[_Entry], root: _Entry) -> dict[str, tuple[int, int]]:
    """The streams by their path; each entry is visited once, whatever the tree says."""
    found: dict[str, tuple[int, int]] = {}
    seen: set[int] = set()
    waiting = [(root.child, "")]
    while waiting:
        at, folder = waiting.pop()
        if at >= len(entries) or at in seen:
            continue
        seen.add(at)
        entry = entries[at]
        waiting += [(beside, folder) for beside in entry.beside]
        path = folder + entry.name
        if entry.kind == _STREAM:
            found[path] = (entry.start, entry.size)
        elif entry.kind == _STORAGE and path.count("/") < _DEEPEST:
            waiting.append((entry.child, path + "/"))
    return found


def _fat(data: bytes, sector_bytes: int, more: int) -> tuple[int, ...]:
    """The file allocation table, whose sectors are listed in the header and in the chain that begins at `more`."""
    listed = list(struct.unpack_from(f"<{_HEADER_SECTORS}I", data, 76))
    seen: set[int] = set()
    while more < _LAST_SECTOR:
        if more in seen:
            raise ValueError("its sector table runs in a circle")
        seen.add(more)
        numbers = _numbers(_sector(data, sector_bytes, more))
        listed.extend(numbers[:-1])
        more = numbers[-1]
    return _numbers(b"".join(_sector(data, sector_bytes, number) for number in listed if number < _LAST_SECTOR))


def _sector(data: bytes, sector_bytes: int, number: int) -> bytes:
    start = (number + 1) * sector_bytes
    if start >= len(data):
        raise ValueError("a sector lies beyond its end")
    return data[start : start + sector_bytes].ljust(sector_bytes, b"\x00")


def _sectors(data: bytes, sector_bytes: int, fat: tuple[int, ...], start: int) -> bytes:
    return b"".join(_sector(data, sector_bytes, number) for number in _chain(fat, start))


def _chain(table: tuple[int, ...], start: int) -> list[int]:
    found: list[int] = []
    while start < _LAST_SECTOR:
        found.append(start)
        if len(found) > len(table):
            raise ValueError("a chain of sectors runs in a circle")
        start = table[start]
    return found


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
