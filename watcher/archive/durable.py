"""File writes that survive a crash, and what happens when the disk refuses.

A new file: temporary file, fsync, rename, fsync of the folder. An addition to a file: lock, write, fsync.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from watcher.errors import ArchiveError

SYNC_FAILED_EXIT_CODE = 74  # EX_IOERR of sysexits.h


def failpoint(name: str) -> None:
    """A named moment of a write: "file write", "file fsync", "file rename", "folder fsync", "ledger write" and so on.

    Nothing happens here. A test puts a function in its place that raises OSError or ends the process.
    """


def write_once(path: Path, content: bytes, *, mode: int = 0o444, temporary: Path | None = None) -> None:
    """Put `content` at `path` so that a reader sees all of it or nothing. An existing file is left as it is.

    `temporary` is the folder for the unfinished file, on the same file system; the folder of `path` when None.
    """
    try:
        if path.exists():
            sync_directory(path.parent)  # another process may have put it there a moment ago
            return
        make_directories(path.parent)
    except OSError as error:
        raise storage_error(path, error) from error
    replace_file(path, content, mode=mode, temporary=temporary)


def replace_file(path: Path, content: bytes, *, mode: int = 0o644, temporary: Path | None = None) -> None:
    """Put `content` at `path` in place of what was there; a reader sees all of the one or all of the other."""
    try:
        if temporary is not None:
            make_directories(temporary)
        with _unfinished(temporary or path.parent, path.name, mode) as (unfinished, descriptor):
            failpoint("file write")
            write_all(descriptor, content)
            sync(descriptor, path, "file")
            failpoint("file rename")
            unfinished.rename(path)
        sync_directory(path.parent)
    except OSError as error:
        raise storage_error(path, error) from error


def append(descriptor: int, path: Path, content: bytes, *, at: int, name: str) -> None:
    """Write `content` at byte `at` of an open file, where its whole part ends, and wait for the disk.

    What lies beyond `at` is the rest of a crash and goes. An error takes back what was written; a failed fsync
    ends the process. `name` is "ledger" or "pack", for the failpoints.
    """
    try:
        os.ftruncate(descriptor, at)
        os.lseek(descriptor, at, os.SEEK_SET)
        failpoint(f"{name} write")
        write_all(descriptor, content)
    except OSError as error:
        with suppress(OSError):
            os.ftruncate(descriptor, at)
        raise storage_error(path, error) from error
    sync(descriptor, path, name)


@contextmanager
def locked(path: Path, flags: int) -> Iterator[int]:
    """The descriptor of a file, made if it is missing, that no other thread or process holds at the same time.

    A file that was replaced or removed while this one waited is opened again.
    """
    while True:
        descriptor = os.open(path, flags | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_still(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def make_directories(path: Path) -> None:
    """Make a folder and those above it, each with its name durable."""
    if path.is_dir():
        return
    make_directories(path.parent)
    path.mkdir(exist_ok=True)
    sync_directory(path.parent)


def sync(descriptor: int, path: Path, name: str) -> None:
    """Wait until the bytes of an open file are on the disk. When they cannot be, the process ends.

    A second fsync may report success although the first one dropped the bytes, so there is no second one.
    """
    try:
        failpoint(f"{name} fsync")
        os.fsync(descriptor)
    except OSError as error:
        _end_process(path, error)


def sync_file(path: Path) -> None:
    """Make the bytes of a file durable, whoever wrote them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        sync(descriptor, path, "file")
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync(descriptor, path, "folder")
    finally:
        os.close(descriptor)


def remove_unfinished(folder: Path) -> int:
    """Remove the temporary files in a folder that nobody writes any more; returns how many there were."""
    removed = 0
    for path in folder.glob(".*.tmp"):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                removed += 1
            finally:
                os.close(descriptor)
    return removed


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


@contextmanager
def _unfinished(folder: Path, name: str, mode: int) -> Iterator[tuple[Path, int]]:
    """A new temporary file, gone at the end unless it was renamed. Its lock says that it is being written."""
    while True:
        path = folder / f".{name}.{os.urandom(8).hex()}.tmp"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_still(descriptor, path):
                yield path, descriptor
                return
        finally:
            os.close(descriptor)
            path.unlink(missing_ok=True)


def _is_still(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it, however often the system takes a part."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _end_process(path: Path, error: OSError) -> NoReturn:
    message = (
        f"watcher ends: the disk did not confirm {path} ({error.strerror or error}). What was written last may be "
        "gone. Nothing of it was acknowledged. Check the disk and its free space, then start again.\n"
    )
    with suppress(OSError):
        os.write(2, message.encode())
    os._exit(SYNC_FAILED_EXIT_CODE)
