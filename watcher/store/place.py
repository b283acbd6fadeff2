"""What an SQLite file stands on: its file system, the right to write, the log beside it, and who holds it open."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# Locks of SQLite do not hold there, or not reliably (sqlite.org, "How To Corrupt An SQLite Database File", 2.1).
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs", "fuse.sshfs"}
    | {"fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "virtiofs"}
)
PROCESSES_READ = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A file system: where it is mounted and its type, as the kernel names it."""

    path: Path
    type: str

    @property
    def is_network(self) -> bool:
        """Whether another machine keeps the files."""
        return self.type in NETWORK_FILE_SYSTEMS


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A process that holds a file open."""

    pid: int
    command: str


def mount_of(path: Path, *, mounts: Path = Path("/proc/self/mounts")) -> Mount | None:
    """The file system that a path lies on, None where the kernel does not say. Format: proc_mounts(5)."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    place = path.absolute()
    found: Mount | None = None
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mounted = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[1]))
        is_nearer = found is None or len(mounted.parts) >= len(found.path.parts)
        if place.is_relative_to(mounted) and is_nearer:
            found = Mount(path=mounted, type=fields[2])
    return found


def holders_of(path: Path, *, processes: Path = Path("/proc")) -> list[Holder]:
    """The processes of this machine that hold a file open, as far as this user may see them."""
    numbered = sorted(int(one.name) for one in processes.glob("[0-9]*") if one.name.isdigit())
    return [
        Holder(pid=pid, command=_command(processes / str(pid)))
        for pid in numbered[:PROCESSES_READ]
        if _holds(processes / str(pid), path)
    ]


def log_length(path: Path) -> int:
    """Bytes of the write-ahead log beside an SQLite file."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size
    except OSError:
        return 0


def obstacle(folder: Path) -> str:
    """What keeps this user from writing into a folder, or into the nearest one above it that is there; "" if nothing.

    A file is written there and removed at once.
    """
    try:
        place = folder
        while not place.exists():
            place = place.parent
        with tempfile.TemporaryFile(dir=place):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def unwritable(paths: Iterable[Path]) -> tuple[Path, str] | None:
    """The first of the paths that is there and that this user may not write, with the reason; None when all may be."""
    for path in paths:
        problem = obstacle(path) if path.is_dir() else _file_obstacle(path)
        if problem:
            return path, problem
    return None


def _file_obstacle(path: Path) -> str:
    """Opening for writing changes nothing."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NOFOLLOW))
    except FileNotFoundError:
        return ""
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _holds(process: Path, path: Path) -> bool:
    try:
        return any(descriptor.resolve() == path.resolve() for descriptor in (process / "fd").iterdir())
    except OSError:
        return False


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode("utf-8", "replace").strip()[:200]
