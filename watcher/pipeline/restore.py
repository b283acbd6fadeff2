"""A backup becomes an instance in a new folder: all of it, checked, or nothing.

A backup may have been changed by somebody else, so nothing in it is believed before it was checked: names, kinds,
sizes, digests, the tree head of its ledger, the schema of its database.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from watcher.archive import open_archive
from watcher.archive.places import WHOLE
from watcher.errors import RefusedError, WatcherError
from watcher.pipeline.backup import CHUNK, DATABASE, FORMAT, MANIFEST, is_plain_name
from watcher.store.copies import SCHEMA, hold_outbox
from watcher.store.database import open_database

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK = 512
LARGEST_MANIFEST = 512 * 1024 * 1024
TOP_FOLDERS = ("data", "snapshots", "config")
LEFT_FREE = 64 * 1024 * 1024
# Payloads are compressed already; a database and a ledger give 20 : 1 at most.
MOST_OUT_OF_ONE_BYTE = 200
ALWAYS_ALLOWED = 64 * 1024 * 1024
_REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """A restored instance: its folder, the size of its ledger, the checkpoint that its backup was begun with,

    and how many messages that were owed then wait for a person.
    """

    place: Path
    ledger_size: int
    checkpoint: str
    held_messages: int


class Readable(Protocol):
    """Bytes that come one after the other."""

    def read(self, count: int, /) -> bytes:
        """At most `count` bytes, none at the end."""
        ...


@dataclass(kw_only=True)
class _Received:
    """What came out of a backup so far: digests by place."""

    staging: Path
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)


def restore(backup: Path, to: Path) -> Restored:
    """Make the instance in `backup` (a folder, .tar or .tar.zst) anew in the folder `to`, which must not be there.

    Messages that were owed are not sent: they may have been sent since. RefusedError says what is wrong with the
    backup; nothing is left of it then. A restore that was stopped can be repeated.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise RefusedError(f"{to} is not empty: name a new folder, nothing is restored over what is there")
    if not backup.exists():
        raise RefusedError(f"there is no backup {backup}")
    to.parent.mkdir(parents=True, exist_ok=True)
    staging = to.with_name(f".{to.name}.restoring")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        restored = _restore(backup, staging, to)
        os.sync()
        staging.rename(to)
    except OSError as error:
        raise RefusedError(f"{backup} was not restored: {error.strerror or error}. Nothing was left behind.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return restored


def _restore(backup: Path, staging: Path, to: Path) -> Restored:
    received = _Received(staging=staging)
    with _entries(backup) as entries:
        for place, size, content in entries:
            _receive(received, place, size, content)
    manifest = _manifest(received, backup)
    _require_listed(received, manifest)
    _require_schema(manifest)
    size, held = _require_whole(staging, manifest)
    (staging / MANIFEST).unlink()
    return Restored(place=to, ledger_size=size, checkpoint=str(manifest.get("checkpoint", "")), held_messages=held)


def _receive(received: _Received, place: str, size: int, content: Readable) -> None:
    parts = place.split("/")
    allowed = place == MANIFEST or (len(parts) > 1 and parts[0] in TOP_FOLDERS)
    if not allowed or not all(is_plain_name(part) for part in parts):
        raise RefusedError(f"the backup holds a file at {place[:200]!r}, where none belongs. Nothing was restored.")
    if place.casefold() in received.folded:
        raise RefusedError(f"the backup holds {place!r} twice. Nothing was restored.")
    if place == MANIFEST and size > LARGEST_MANIFEST:
        raise RefusedError("the manifest of the backup is too large to be one. Nothing was restored.")
    if shutil.disk_usage(received.staging).free < size + LEFT_FREE:
        raise RefusedError(f"there is no room for {place!r} ({size} bytes). Free some space; nothing was restored.")
    target = received.staging / place
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    left = size
    with target.open("xb") as file:
        while left:
            chunk = content.read(min(CHUNK, left))
            if not chunk:
                raise RefusedError(f"the backup ends in the middle of {place!r}. Nothing was restored.")
            file.write(chunk)
            digest.update(chunk)
            left -= len(chunk)
    if place.startswith("snapshots/") and place.endswith(WHOLE):
        target.chmod(0o444)
    if parts[0] == "data":
        target.chmod(0o600)
    received.folded.add(place.casefold())
    received.files[place] = (size, digest.hexdigest())


def _manifest(received: _Received, backup: Path) -> dict[str, Any]:
    if received.files.pop(MANIFEST, None) is None:
        raise RefusedError(f"{backup} is no whole backup: its manifest is missing. Nothing was restored.")
    try:
        manifest = json.loads((received.staging / MANIFEST).read_bytes())
        number = manifest["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RefusedError(f"the manifest of {backup} cannot be read: {error}. Nothing was restored.") from error
    if number != FORMAT:
        raise RefusedError(f"{backup} has the format {number}; this watcher restores format {FORMAT}.")
    return dict(manifest)


def _require_listed(received: _Received, manifest: dict[str, Any]) -> None:
    try:
        listed = {str(one["path"]): (int(one["bytes"]), str(one["sha256"])) for one in manifest["files"]}
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(f"the manifest's list of files cannot be read: {error!r}. Nothing was restored.") from error
    for place in sorted(listed.keys() | received.files.keys()):
        if place not in received.files:
            raise RefusedError(f"{place!r} is missing in the backup. Nothing was restored.")
        if place not in listed:
            raise RefusedError(f"{place!r} is in the backup, but not in its manifest. Nothing was restored.")
        if listed[place] != received.files[place]:
            raise RefusedError(
                f"{place!r} is not what was backed up: its SHA-256 or length is another one. Nothing was restored."
            )


def _require_schema(manifest: dict[str, Any]) -> None:
    schema = manifest.get("schema")
    if schema != SCHEMA:
        age = "older" if str(schema) < SCHEMA else "newer"
        raise RefusedError(
            f"the backup has the {age} schema {schema}, this watcher has {SCHEMA}: restore it with the watcher that "
            f"made it ({manifest.get('made_by')}), then bring it up to date with `watcher migrate`."
        )


def _require_whole(staging: Path, manifest: dict[str, Any]) -> tuple[int, int]:
    """Open both halves as a start would; returns the size of the ledger and the number of messages held back."""
    try:
        archive = open_archive(staging / "snapshots")
        _, size, root = archive.checkpoint().split("\n")[:3]
        url = f"sqlite:///{staging / DATABASE}"
        open_database(url).close()
        sent = {
            str(record.body["delivery_id"]): str(record.body["recorded_at"])
            for record in archive.records()
            if record.type == "delivery"
        }
        held = hold_outbox(url, sent)
    except (WatcherError, KeyError) as error:
        raise RefusedError(f"what the backup holds is not whole: {error}. Nothing was restored.") from error
    said = manifest.get("ledger", {})
    if (int(size), root) != (said.get("size"), said.get("root")):
        raise RefusedError(
            "the ledger in the backup has not the tree head that its manifest says. Nothing was restored."
        )
    return int(size), held


@contextmanager
def _entries(backup: Path) -> Iterator[Iterator[tuple[str, int, Readable]]]:
    if backup.is_dir():
        yield _in_folder(backup)
        return
    with backup.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic == b"\x28\xb5\x2f\xfd":
            with zstd.open(file, "rb") as content:
                yield _in_tar(_Bounded(content, backup.stat().st_size))
        else:
            yield _in_tar(file)


def _in_folder(backup: Path) -> Iterator[tuple[str, int, Readable]]:
    for folder, folders, names in os.walk(backup, followlinks=False):
        for name in (*folders, *names):
            if (Path(folder) / name).is_symlink():
                raise RefusedError(
                    f"{Path(folder) / name} is a symbolic link: no backup holds one. Nothing was restored."
                )
        for name in sorted(names):
            path = Path(folder) / name
            if not path.is_file():
                raise RefusedError(f"{path} is no regular file: no backup holds one. Nothing was restored.")
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                yield path.relative_to(backup).as_posix(), os.fstat(file.fileno()).st_size, file


def _in_tar(content: Readable) -> Iterator[tuple[str, int, Readable]]:
    """The members of a tar file: plain files with short names, as a backup has them; anything else is refused."""
    while True:
        block = _exactly(content, BLOCK)
        if block == bytes(BLOCK):
            return
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError, ValueError) as error:
            raise RefusedError(
                f"the backup is no tar file of watcher, or is damaged: {error}. Nothing was restored."
            ) from error
        if member.type not in _REGULAR or member.size < 0:
            raise RefusedError(
                f"the backup holds {member.name[:200]!r}, which is no plain file (a link, a folder or something "
                "special): no backup holds one. Nothing was restored."
            )
        part = _Part(content, member.size)
        yield member.name, member.size, part
        if part.left:
            raise RefusedError("the backup was not read to its end. Nothing was restored.")
        _exactly(content, -member.size % BLOCK)


def _exactly(content: Readable, count: int) -> bytes:
    found = b""
    while len(found) < count:
        chunk = _read(content, count - len(found))
        if not chunk:
            raise RefusedError("the backup is cut short. Nothing was restored.")
        found += chunk
    return found


def _read(content: Readable, count: int) -> bytes:
    try:
        return content.read(count)
    except (zstd.ZstdError, EOFError) as error:
        raise RefusedError(f"the backup is damaged: {error}. Nothing was restored.") from error


class _Part:
    """The bytes of one member."""

    def __init__(self, content: Readable, size: int) -> None:
        self._content = content
        self.left = size

    def read(self, count: int) -> bytes:
        chunk = _read(self._content, min(count, self.left))
        self.left -= len(chunk)
        return chunk


class _Bounded:
    """Decompressed bytes, as many as an honest backup of this size can hold."""

    def __init__(self, content: Readable, compressed: int) -> None:
        self._content = content
        self._left = ALWAYS_ALLOWED + compressed * MOST_OUT_OF_ONE_BYTE

    def read(self, count: int) -> bytes:
        chunk = self._content.read(count)
        self._left -= len(chunk)
        if self._left < 0:
            raise RefusedError(
                f"the backup unpacks to more than {MOST_OUT_OF_ONE_BYTE} times its size: no backup does. "
                "Nothing was restored."
            )
        return chunk
