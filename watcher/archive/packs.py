"""Packs: Payloads stored as zstd patches against another Payload, their keyframe, that is stored whole.

The patches against a keyframe lie one behind the other in a file beside it, `<keyframe>.pack`: a line with
the SHA-256 in hex, a blank and a number n, and then n bytes, a zstd frame made with the keyframe as its prefix
(RFC 8878, as `zstd --patch-from` makes and reads it).
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from watcher.archive.durable import (
    append,
    locked,
    make_directories,
    replace_file,
    storage_error,
    sync,
    sync_directory,
    sync_file,
)
from watcher.archive.places import PACK, digest_at, payload_place

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAXIMUM_PATCHES = 128
FOLDER_BYTES = 4096  # a keyframe usually has a folder of its own, which takes a block
LEVEL = 9
LARGEST_WINDOW_LOG = 27  # what decompressors accept unasked: 128 MiB
_LINE = re.compile(rb"([0-9a-f]{64}) (\d{1,18})\n")
_LONGEST_LINE = 84
SETTLED_NANOSECONDS = 2_000_000_000  # two changes of a folder nearer to each other may leave one time


@dataclass(frozen=True, kw_only=True, slots=True)
class Patch:
    """One entry of a pack: its line of `line_size` bytes begins at `offset`, its frame has `size` bytes."""

    keyframe_sha256: str
    payload_sha256: str
    offset: int
    line_size: int
    size: int

    @property
    def end(self) -> int:
        """Where the next entry begins."""
        return self.offset + self.line_size + self.size


@dataclass(kw_only=True, slots=True)
class PackContent:
    """What a pack holds up to byte `end`. `torn`: the rest of a crash follows. `damaged`: numbers of lost entries."""

    patches: list[Patch] = field(default_factory=list)
    end: int = 0
    torn: bool = False
    damaged: list[int] = field(default_factory=list)


class Packs:
    """All packs of one archive, known by their lines. Safe for threads and for several processes on one host."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._turn = threading.Lock()
        self._places: dict[bytes, tuple[bytes, int]] = {}  # payload → keyframe, offset; digests as bytes
        self._known: dict[str, tuple[int, int]] = {}  # pack → its inode, the bytes of it that were read
        self._unreadable: dict[str, str] = {}
        self._listed: dict[str, tuple[int, list[str]]] = {}  # folder → when it was changed last, the packs in it

    def path_of(self, keyframe_sha256: str) -> Path:
        """Where the patches against a keyframe lie."""
        return self._root / payload_place(keyframe_sha256, PACK)

    def keyframe_of(self, payload_sha256: str) -> str | None:
        """The keyframe of a Payload that is stored as a patch, None for any other."""
        place = self._place(payload_sha256)
        return place[0].hex() if place else None

    def is_known(self, payload_sha256: str) -> bool:
        """Whether a pack that was read so far holds a Payload: other processes may have added it since."""
        return bytes.fromhex(payload_sha256) in self._places

    def find(self, payload_sha256: str) -> tuple[Patch, bytes] | None:
        """The patch of a Payload and its frame; None when no pack holds it. OSError when the pack cannot be read."""
        for _ in range(2):
            place = self._place(payload_sha256)
            if place is None:
                return None
            keyframe_sha256, offset = place[0].hex(), place[1]
            found = read_entry(self.path_of(keyframe_sha256), keyframe_sha256, offset)
            if found is not None and found[0].payload_sha256 == payload_sha256:
                return found
            self._read_again(keyframe_sha256)
        return None

    def patches_against(self, keyframe_sha256: str) -> list[Patch]:
        """The patches against a Payload, in the order in which they came."""
        return read_pack(self.path_of(keyframe_sha256), keyframe_sha256).patches

    def digests(self) -> list[str]:
        """The SHA-256 of every Payload that lies in a pack now, in no order."""
        with self._turn:
            self._refresh()
            return [digest.hex() for digest in self._places]

    def keyframes_of(self, digests: Iterable[str]) -> list[tuple[str, str]]:
        """(keyframe, Payload) of each; a Payload that lies in no pack is its own keyframe."""
        with self._turn:
            self._refresh()
            places = ((self._places.get(bytes.fromhex(digest)), digest) for digest in digests)
            return [(place[0].hex() if place else digest, digest) for place, digest in places]

    def problems(self) -> list[str]:
        """Packs that could not be read in whole, each with the numbers of the entries that are lost."""
        with self._turn:
            self._refresh()
            return [self._unreadable[name] for name in sorted(self._unreadable)]

    def confirm(self, keyframe_sha256: str) -> None:
        """Make a pack durable that somebody else may have written a moment ago."""
        path = self.path_of(keyframe_sha256)
        sync_file(path)
        sync_directory(path.parent)

    def add(self, keyframe_path: Path, keyframe: bytes, payload_sha256: str, patch: bytes) -> bool:
        """Append a patch against the keyframe that lies whole at a path, durably. False: nothing was written, because

        the pack is full or damaged, the keyframe is gone, or the patch costs more than a Payload costs on average in
        this pack with its keyframe and folder, so that a new keyframe is cheaper in the long run.
        """
        keyframe_sha256 = keyframe_path.stem
        path = self.path_of(keyframe_sha256)
        try:
            make_directories(path.parent)
            with locked(path, os.O_RDWR) as descriptor:
                content = read_pack(path, keyframe_sha256)
                for known in content.patches:
                    if known.payload_sha256 == payload_sha256:
                        sync(descriptor, path, "pack")
                        return _reads_back(path, known, keyframe)
                number = len(content.patches)
                entry = entry_of(payload_sha256, patch)
                if content.damaged or number >= MAXIMUM_PATCHES or not keyframe_path.exists():
                    return False
                if len(entry) * (number + 1) > keyframe_path.stat().st_size + FOLDER_BYTES + content.end:
                    return False
                if number and not _reads_back(path, content.patches[-1], keyframe):
                    return False
                append(descriptor, path, entry, at=content.end, name="pack")
            if not number:
                sync_directory(path.parent)
        except OSError as error:
            raise storage_error(path, error) from error
        with self._turn:
            self._places[bytes.fromhex(payload_sha256)] = bytes.fromhex(keyframe_sha256), content.end
        return True

    @contextmanager
    def frozen(self, keyframe_sha256: str) -> Iterator[None]:
        """Nobody appends to a pack meanwhile."""
        path = self.path_of(keyframe_sha256)
        make_directories(path.parent)
        with locked(path, os.O_RDWR):
            yield

    def remove_pack(self, keyframe_sha256: str) -> None:
        """Delete a pack whose Payloads are all stored whole; the caller holds it frozen."""
        path = self.path_of(keyframe_sha256)
        path.unlink(missing_ok=True)
        sync_directory(path.parent)
        with self._turn:
            self._forget(keyframe_sha256)

    def remove_patches(self, payload_sha256: str) -> None:
        """Delete a Payload from the packs: each is written anew without it."""
        while (keyframe_sha256 := self.keyframe_of(payload_sha256)) is not None:
            path = self.path_of(keyframe_sha256)
            with self.frozen(keyframe_sha256):
                content = path.read_bytes()
                for patch in reversed(read_pack(path, keyframe_sha256).patches):
                    if patch.payload_sha256 == payload_sha256:
                        content = content[: patch.offset] + content[patch.end :]
                replace_file(path, content, temporary=self._root / "temporary")
            self._read_again(keyframe_sha256)

    def _place(self, payload_sha256: str) -> tuple[bytes, int] | None:
        digest = bytes.fromhex(payload_sha256)
        place = self._places.get(digest)
        if place is None:
            with self._turn:
                self._refresh()
                place = self._places.get(digest)
        return place

    def _read_again(self, keyframe_sha256: str) -> None:
        with self._turn:
            self._forget(keyframe_sha256)
            self._refresh()

    def _forget(self, keyframe_sha256: str) -> None:
        self._known.pop(keyframe_sha256, None)
        self._unreadable.pop(keyframe_sha256, None)
        keyframe = bytes.fromhex(keyframe_sha256)
        self._places = {digest: place for digest, place in self._places.items() if place[0] != keyframe}

    def _refresh(self) -> None:
        for path, inode, size in list_packs(self._root, self._listed):
            known = self._known.get(path.stem)
            if known is not None and known[0] != inode:
                self._forget(path.stem)
                known = None
            if known is None or size > known[1]:
                self._take(path, inode, known[1] if known else 0)

    def _take(self, path: Path, inode: int, start: int) -> None:
        keyframe_sha256 = path.stem
        try:
            content = read_pack(path, keyframe_sha256, start)
        except OSError as error:
            self._unreadable[keyframe_sha256] = f"{path} cannot be read: {error.strerror or error}"
            return
        if content.damaged:
            numbers = ", ".join(map(str, content.damaged))
            self._unreadable[keyframe_sha256] = f"{path} is damaged: entry {numbers} cannot be read"
        keyframe = bytes.fromhex(keyframe_sha256)
        for patch in content.patches:
            self._places[bytes.fromhex(patch.payload_sha256)] = keyframe, patch.offset
        self._known[keyframe_sha256] = inode, content.end


def make_patch(payload: bytes, keyframe: bytes) -> bytes:
    """A zstd frame with a content checksum that gives `payload` with `keyframe` as its prefix."""
    window_log = max(10, min(LARGEST_WINDOW_LOG, max(len(payload), len(keyframe)).bit_length()))
    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: LEVEL,
        zstd.CompressionParameter.window_log: window_log,
        zstd.CompressionParameter.enable_long_distance_matching: 1,
        zstd.CompressionParameter.checksum_flag: 1,
    }
    return zstd.compress(payload, options=options, zstd_dict=_prefix(keyframe))


def apply_patch(patch: bytes, keyframe: bytes) -> bytes:
    """The Payload that a patch gives; zstd.ZstdError when patch or keyframe is not what it was."""
    return zstd.decompress(patch, zstd_dict=_prefix(keyframe))


def entry_of(payload_sha256: str, patch: bytes) -> bytes:
    """An entry as it lies in a pack."""
    return b"%s %d\n" % (payload_sha256.encode(), len(patch)) + patch


def list_packs(root: Path, listed: dict[str, tuple[int, list[str]]] | None = None) -> list[tuple[Path, int, int]]:
    """Every pack of an archive with its inode and its size in bytes.

    `listed` remembers the names for the next time: a folder that was not changed since is not read again.
    """
    found: list[tuple[Path, int, int]] = []
    listed = {} if listed is None else listed
    settled = time.time_ns() - SETTLED_NANOSECONDS
    for letters in _entries(root / "payloads"):
        if not letters.is_dir():
            continue
        changed_at, names = letters.stat().st_mtime_ns, listed.get(letters.name, (0, []))[1]
        if listed.get(letters.name, (0, []))[0] != changed_at:
            names = [
                entry.name
                for entry in _entries(letters)
                if entry.name.endswith(PACK) and digest_at(f"payloads/{letters.name}/{entry.name}")
            ]
            if changed_at < settled:
                listed[letters.name] = changed_at, names
        for name in names:
            path = Path(letters.path, name)
            with suppress(FileNotFoundError):
                status = path.stat()
                found.append((path, status.st_ino, status.st_size))
    return found


def read_pack(path: Path, keyframe_sha256: str, start: int = 0) -> PackContent:
    """The entries of a pack from byte `start`; empty when there is no pack. OSError when it cannot be read.

    A line that cannot be read costs its own entry and no other.
    """
    content = PackContent(end=start)
    try:
        with path.open("rb") as file:
            total = file.seek(0, os.SEEK_END)
            while content.end < total:
                file.seek(content.end)
                patch = _patch_of(_LINE.match(file.read(_LONGEST_LINE)), keyframe_sha256, content.end)
                if patch is not None and patch.end <= total:
                    content.patches.append(patch)
                    content.end = patch.end
                    continue
                file.seek(content.end)
                if _is_rest_of_a_crash(file.read(total - content.end)):
                    content.torn = True
                    return content
                _skip_damage(file, content, total)
    except FileNotFoundError:
        return content
    return content


def _skip_damage(file: BinaryIO, content: PackContent, total: int) -> None:
    """Go on at the next line that can be read. Where it lies inside the entry before, that one's size is wrong."""
    before = content.patches[-1] if content.patches and content.patches[-1].end == content.end else None
    start = before.offset + before.line_size if before else content.end
    file.seek(start)
    lines = (start + line.start() for line in _LINE.finditer(file.read(total - start)))
    following = next((offset for offset in lines if offset != content.end), total)
    if before is not None and following < content.end:
        content.patches.pop()
    content.damaged.append(len(content.patches) + len(content.damaged))
    content.end = following


def read_entry(path: Path, keyframe_sha256: str, offset: int) -> tuple[Patch, bytes] | None:
    """The entry whose line begins at `offset`, with its frame; None when no entry begins there."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            patch = _patch_of(_LINE.match(file.read(_LONGEST_LINE)), keyframe_sha256, offset)
            if patch is None:
                return None
            file.seek(offset + patch.line_size)
            return patch, file.read(patch.size)
    except FileNotFoundError:
        return None


def _patch_of(line: re.Match[bytes] | None, keyframe_sha256: str, offset: int) -> Patch | None:
    if line is None:
        return None
    return Patch(
        keyframe_sha256=keyframe_sha256,
        payload_sha256=line[1].decode(),
        offset=offset,
        line_size=line.end(),
        size=int(line[2]),
    )


def _is_rest_of_a_crash(tail: bytes) -> bool:
    """Whether a tail is the beginning of one entry, perhaps with zeros where its bytes should follow.

    A line that was damaged later looks otherwise: its entry is complete, or other entries follow it.
    """
    if _LINE.match(tail):
        return _LINE.search(tail, 1) is None
    return len(tail.rstrip(b"\0")) < _LONGEST_LINE and b"\n" not in tail


def _reads_back(path: Path, patch: Patch, keyframe: bytes) -> bool:
    """Whether an entry gives its Payload: a crash can leave one of the right size without its bytes."""
    found = read_entry(path, patch.keyframe_sha256, patch.offset)
    try:
        return found is not None and hashlib.sha256(apply_patch(found[1], keyframe)).hexdigest() == patch.payload_sha256
    except zstd.ZstdError:
        return False


def _prefix(keyframe: bytes) -> tuple[zstd.ZstdDict, int]:
    return zstd.ZstdDict(keyframe, is_raw=True).as_prefix


def _entries(folder: Path | os.DirEntry[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
