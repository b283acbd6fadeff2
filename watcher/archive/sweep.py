"""At the start of a process: what a crash left half done goes."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from watcher.archive.durable import remove_unfinished
from watcher.archive.packs import list_packs, read_pack

# A pack is written moments before the record that names its patch: older packs than that have no torn end.
LATE_SECONDS = 3600
FLAT_FOLDERS = ("", "temporary", "ledger", "checkpoints", "keys", "timestamps")


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """How many temporary files were removed and how many packs lost the half-written entry at their end."""

    temporary_files: int
    torn_packs: int


def sweep(root: Path) -> Swept:
    """Remove what no process writes any more. What cannot be removed, on a read-only disk, stays and does no harm."""
    removed = sum(remove_unfinished(root / name) for name in FLAT_FOLDERS)
    since = max((path.stat().st_mtime for path in (root / "ledger").glob("*.jsonl")), default=0.0) - LATE_SECONDS
    torn = 0
    for path, _, _ in list_packs(root):
        with suppress(OSError):
            torn += path.stat().st_mtime >= since and _cut_torn_end(path)
    return Swept(temporary_files=removed, torn_packs=torn)


def _cut_torn_end(path: Path) -> bool:
    """Cut the rest of a crash off a pack, unless somebody appends to it at this moment."""
    if not read_pack(path, path.stem).torn:
        return False
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        content = read_pack(path, path.stem)
        if content.torn:
            os.ftruncate(descriptor, content.end)
        return content.torn
    finally:
        os.close(descriptor)
