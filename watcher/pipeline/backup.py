"""A copy of an instance while it works: database, archive and configuration, with a manifest of digests.

The order makes it consistent: a checkpoint while nobody writes, then the database as of one moment, then the
ledger up to the last record that the copied database names, then every Payload that those records name.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from watcher.archive.copies import ArchiveFile, files_of, payloads_in, root_of
from watcher.archive.places import payload_place
from watcher.errors import ArchiveError, DeletedError, RefusedError
from watcher.pipeline.ports import Rooms
from watcher.store.copies import SCHEMA, copy_database
from watcher.store.database import open_database
from watcher.store.rebuild import last_recorded

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "data/watcher.db"
CONFIG_ENDINGS = (".yaml", ".yml", ".json", ".j2")
CHUNK = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupPlan:
    """What is copied beside database and archive: the configuration folder, and the private key if it is wanted."""

    database_url: str
    config: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BackedUp:
    """A finished backup. `problems` name Payloads that the archive itself could not give."""

    place: Path
    files: int
    bytes: int
    ledger_size: int
    checkpoint: str
    problems: tuple[str, ...]


class Copies(Protocol):
    """Takes the files of a backup one by one."""

    def put(self, place: str, length: int, content: BinaryIO) -> str:
        """Store exactly `length` bytes at a place; returns their SHA-256 in hex."""
        ...


def back_up(rooms: Rooms, plan: BackupPlan, out: Path) -> BackedUp:
    """Write a backup to `out`: a folder, or a file that ends with .tar or .tar.zst. It appears only when it is whole.

    RefusedError when something is at `out`. What a stopped backup left beside it is removed.
    """
    if out.exists() or out.is_symlink():
        raise RefusedError(f"{out} exists already: name another place, a backup is never written over another one")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    database = out.with_name(out.name + ".partial-database")
    _remove(partial)
    try:
        done = _copy(rooms, plan, out, partial, database)
        database.unlink()
        os.sync()
        partial.rename(out)
    except OSError as error:
        raise ArchiveError(f"the backup to {out} was not finished: {error.strerror or error}") from error
    return done


def _copy(rooms: Rooms, plan: BackupPlan, out: Path, partial: Path, database: Path) -> BackedUp:
    with rooms.database.writing():  # no act is between its record and its row now
        checkpoint, known = rooms.archive.checkpoint(), rooms.archive.size()
    copy_database(plan.database_url, database)
    size = max(known, _named_records(database))
    with _opened(out, partial) as copies:
        listed = _Listed(copies)
        listed.put(DATABASE, database)
        problems = _put_archive(rooms, listed, size)
        for path in _config_files(plan.config):
            listed.put(f"config/{path.relative_to(plan.config or path).as_posix()}", path)
        if plan.key is not None:
            listed.put(f"data/{plan.key.name}", plan.key)
        manifest = {
            "format": FORMAT,
            "made_at": rooms.clock().isoformat(),
            "made_by": rooms.fetcher_name,
            "schema": SCHEMA,
            "checkpoint": checkpoint,
            "ledger": {"size": size, "root": root_of(rooms.archive.storage, size=size)},
            "problems": problems,
            "files": listed.files,
        }
        content = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        copies.put(MANIFEST, len(content), _reader(content))
    return BackedUp(
        place=out,
        files=len(listed.files),
        bytes=sum(int(str(one["bytes"])) for one in listed.files),
        ledger_size=size,
        checkpoint=checkpoint,
        problems=tuple(problems),
    )


def _named_records(database: Path) -> int:
    copy = open_database(f"sqlite:///{database}")
    try:
        with copy.reading() as connection:
            return last_recorded(connection) + 1
    finally:
        copy.close()


class _Listed:
    """Files as they are copied, for the manifest."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies
        self.files: list[dict[str, object]] = []

    def put(self, place: str, source: Path) -> None:
        with source.open("rb") as file:
            self.put_stream(place, source.stat().st_size, file)

    def put_stream(self, place: str, length: int, content: BinaryIO) -> None:
        digest = self._copies.put(place, length, content)
        self.files.append({"path": place, "bytes": length, "sha256": digest})


def _put_archive(rooms: Rooms, listed: _Listed, size: int) -> list[str]:
    """Copy the archive; what was moved while it was copied is added by its digest at the end."""
    copied: set[str] = set()
    for file in files_of(rooms.archive.storage, size=size):
        if _put_file(listed, file):
            copied |= payloads_in(rooms.archive.storage, file)
    problems = []
    for digest in sorted(_named_payloads(rooms, size) - copied):
        try:
            frame = zstd.compress(rooms.archive.get_payload(digest), level=9)
        except DeletedError as error:
            tombstone = rooms.archive.tombstone(digest)
            if tombstone is None or tombstone.sequence >= size:
                problems.append(f"{error}. That was while the backup was made: make another one")
            continue
        except ArchiveError as error:
            problems.append(str(error))
            continue
        place = f"snapshots/{payload_place(digest)}"
        listed.put_stream(place, len(frame), _reader(frame))
    return problems


def _put_file(listed: _Listed, file: ArchiveFile) -> bool:
    """Copy one file; False when it went away since it was listed, which only a moved or deleted Payload does."""
    try:
        with file.open() as content:
            listed.put_stream(f"snapshots/{file.place}", file.length, content)
    except FileNotFoundError:
        return False
    return True


def _named_payloads(rooms: Rooms, size: int) -> set[str]:
    names = ("payload_sha256", "partial_sha256", "screenshot_sha256")
    found: set[str] = set()
    for record in rooms.archive.records():
        if record.sequence >= size:
            break
        if record.type == "capture":
            found |= {str(record.body[name]) for name in names if record.body.get(name)}
    return found


def _config_files(config: Path | None) -> Iterator[Path]:
    """The configuration, without what may hold a secret: only files of the kinds that watcher reads."""
    for path in sorted(config.rglob("*")) if config is not None else ():
        parts = path.relative_to(config or path).parts
        if path.is_file() and path.suffix in CONFIG_ENDINGS and all(is_plain_name(part) for part in parts):
            yield path


def is_plain_name(part: str) -> bool:
    """Whether a part of a path is an ordinary name: printable, not hidden, without separators."""
    return bool(part) and part.isprintable() and part[0] != "." and not {"/", "\\", ":"} & set(part)


@contextmanager
def _opened(out: Path, partial: Path) -> Iterator[Copies]:
    if not out.name.endswith((".tar", ".tar.zst")):
        partial.mkdir()
        yield _Folder(partial)
        return
    with partial.open("xb") as file:
        if out.name.endswith(".tar"):
            yield from _as_tar(file)
        else:
            with zstd.open(file, "wb", level=3) as compressed:
                yield from _as_tar(compressed)
        file.flush()
        os.fsync(file.fileno())


def _as_tar(file: object) -> Iterator[Copies]:
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.GNU_FORMAT) as tar:  # type: ignore[call-overload]
        yield _Tar(tar)


class _Folder:
    """A backup as a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, place: str, length: int, content: BinaryIO) -> str:
        target = self._root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            return copy_exactly(content, length, file.write)


class _Tar:
    """A backup as one file."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def put(self, place: str, length: int, content: BinaryIO) -> str:
        described = tarfile.TarInfo(place)
        described.size = length
        reader = _Hashing(content, length)
        self._tar.addfile(described, reader)
        return reader.digest.hexdigest()


class _Hashing:
    """Reads at most `length` bytes and hashes them."""

    def __init__(self, content: BinaryIO, length: int) -> None:
        self._content = content
        self._left = length
        self.digest = hashlib.sha256()

    def read(self, count: int = -1) -> bytes:
        chunk = self._content.read(self._left if count < 0 else min(count, self._left))
        self._left -= len(chunk)
        self.digest.update(chunk)
        return chunk


def copy_exactly(content: BinaryIO, length: int, write: Callable[[bytes], object]) -> str:
    """Copy `length` bytes and return their SHA-256 in hex; ArchiveError when there are fewer."""
    reader = _Hashing(content, length)
    copied = 0
    while chunk := reader.read(CHUNK):
        write(chunk)
        copied += len(chunk)
    if copied != length:
        raise ArchiveError(f"a file ended after {copied} of {length} bytes")
    return reader.digest.hexdigest()


def _reader(content: bytes) -> BinaryIO:
    return io.BytesIO(content)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
