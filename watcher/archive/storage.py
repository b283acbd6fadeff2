"""Where the files of an archive lie: in a folder, or in a bucket (bucket.py). Each has a name below the root.

What both promise: a name is written once and whole, and what was written stays readable by its name at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from watcher.archive.durable import locked, make_directories, storage_error, sync_directory, write_once
from watcher.errors import ArchiveError


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A stored file: its name, its length in bytes, and when it was written."""

    name: str
    length: int
    written_at: datetime


class Storage(Protocol):
    """The files of one archive. ArchiveError says where something could not be read or written, and what to do."""

    @property
    def folder(self) -> Path | None:
        """The folder, None when the archive is elsewhere."""
        ...

    def where(self, name: str = "") -> str:
        """How a person finds a file, or the archive."""
        ...

    def read(self, name: str) -> bytes:
        """A whole file. FileNotFoundError when there is none."""
        ...

    def put_once(self, name: str, content: bytes) -> bool:
        """Store a file durably unless the name is taken; False when it was, whatever lies there."""
        ...

    def exists(self, name: str) -> bool:
        """Whether a name is taken."""
        ...

    def files(self, prefix: str) -> Iterator[Stored]:
        """What lies below `prefix` ("ledger/"), by name; hidden files are left out."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file durably; nothing happens when there is none."""
        ...

    def turn(self, local: Path) -> AbstractContextManager[None]:
        """One process at a time uses the private key, which lies at `local`."""
        ...


class FolderStorage:
    """An archive in a folder of a file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def folder(self) -> Path | None:
        """The folder."""
        return self.root

    def where(self, name: str = "") -> str:
        """The path of a file, or of the archive."""
        return str(self.root / name)

    def read(self, name: str) -> bytes:
        """A whole file. FileNotFoundError when there is none."""
        path = self.root / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise storage_error(path, error) from error

    def put_once(self, name: str, content: bytes) -> bool:
        """Store a file durably unless the name is taken."""
        path = self.root / name
        is_new = not path.exists()
        write_once(path, content, temporary=self.root / "temporary")
        return is_new

    def exists(self, name: str) -> bool:
        """Whether a name is taken."""
        return (self.root / name).exists()

    def files(self, prefix: str) -> Iterator[Stored]:
        """What lies below a folder, by name. Hidden files, such as unfinished ones, and locks are left out."""
        for place, folders, names in os.walk(self.root / prefix):
            folders.sort()
            for name in sorted(names):
                path = Path(place, name)
                if name.startswith(".") or name == "lock":
                    continue
                try:
                    status = path.stat()
                    written_at = datetime.fromtimestamp(status.st_mtime, UTC)
                except (FileNotFoundError, OverflowError, ValueError):
                    continue
                below = path.relative_to(self.root).as_posix()
                yield Stored(name=below, length=status.st_size, written_at=written_at)

    def remove(self, name: str) -> None:
        """Remove a file durably."""
        path = self.root / name
        try:
            if path.exists():
                path.unlink()
                sync_directory(path.parent)
        except OSError as error:
            raise storage_error(path, error) from error

    def turn(self, local: Path) -> AbstractContextManager[None]:  # noqa: ARG002 - the lock lies in the archive
        """One process at a time, whichever hosts share the folder."""
        return file_turn(self.root / "keys" / "lock")


@contextmanager
def file_turn(path: Path) -> Iterator[None]:
    """One process at a time; the lock goes with the process that holds it."""
    with ExitStack() as held:
        try:
            make_directories(path.parent)
            held.enter_context(locked(path, os.O_RDWR))
        except OSError as error:
            raise storage_error(path, error) from error
        yield


def storage_at(place: Storage | Path) -> Storage:
    """The storage of an archive; a folder may be given by its path."""
    return FolderStorage(place) if isinstance(place, Path) else place


def read_or_fail(storage: Storage, name: str) -> bytes:
    """A file that should be there. ArchiveError when it is not."""
    try:
        return storage.read(name)
    except FileNotFoundError as error:
        raise ArchiveError(f"{storage.where(name)} is missing. Restore it from a backup.") from error
