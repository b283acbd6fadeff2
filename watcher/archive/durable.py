"""File writes that survive a crash: temporary file, fsync, rename, fsync of the directory."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from watcher.errors import ArchiveError


def write_once(path: Path, content: bytes, *, mode: int = 0o444) -> None:
    """Put `content` at `path` so that a reader sees all of it or nothing. An existing file is left as it is."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            _write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(path)
        sync_directory(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise storage_error(path, error) from error


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_error(path: Path, error: OSError) -> ArchiveError:
    """The error as a person should read it, with what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ArchiveError(
            f"disk full: {path} could not be written. Nothing was lost; free some space and check again."
        )
    if error.errno == errno.EROFS:
        return ArchiveError(
            f"{path} is on a read-only file system. Nothing was lost; mount it writable and check again."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return ArchiveError(
            f"{path} may not be written by this user: give the service's user the right to write there."
        )
    return ArchiveError(f"{path} could not be written or read: {error.strerror or error}")


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
