"""Let a time stamp authority attest the newest checkpoint, and check the stamps that there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath

from watcher.archive import timestamps
from watcher.archive.storage import Storage, read_or_fail, storage_at
from watcher.archive.timestamps import Stamp
from watcher.errors import ConfigError, WatcherError
from watcher.pipeline.ports import Rooms

Post = Callable[[str, bytes], bytes]
BETWEEN_STAMPS = timedelta(days=1)
MAXIMUM_ANSWER_BYTES = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Authority:
    """A time stamp authority: where it answers, and the PEM file of the certificates that it is trusted by."""

    url: str
    certificates: Path

    def trusted(self) -> bytes:
        """The certificates. ConfigError when the file cannot be read."""
        try:
            return self.certificates.read_bytes()
        except OSError as error:
            message = (
                f"archive.timestamp_certificates names {self.certificates}, which cannot be read: {error.strerror}"
            )
            raise ConfigError(message, key="archive.timestamp_certificates") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamped:
    """A stamp and where its file is; `asked` is False when it was there already."""

    stamp: Stamp
    path: str
    asked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedStamp:
    """A stored stamp with what it says, or why it does not hold."""

    path: str
    stamp: Stamp | None
    problem: str = ""


def stamp_now(rooms: Rooms, authority: Authority, post: Post) -> Stamped:
    """Sign the ledger as it stands, and have that checkpoint stamped."""
    if rooms.seal is not None:
        rooms.seal.checkpoint()
    return stamp_newest(rooms.archive.storage, authority, post)


def stamp_daily(rooms: Rooms, authority: Authority, post: Post) -> Stamped | None:
    """As `stamp_now`, when the newest stamp is a day old or none is there, and records were added since; else None."""
    newest = max(rooms.archive.storage.files("timestamps/"), key=lambda stored: stored.name, default=None)
    if newest is not None:
        is_late = not rooms.clock() - BETWEEN_STAMPS < newest.written_at <= rooms.clock()
        if not is_late or PurePosixPath(newest.name).stem == f"{rooms.archive.size():010d}":
            return None
    return stamp_now(rooms, authority, post)


def stamp_newest(place: Storage | Path, authority: Authority, post: Post) -> Stamped:
    """Have the newest checkpoint of an archive stamped, once; the answer is verified before it is stored.

    FetchError when the authority cannot be reached or its answer does not hold; nothing has changed then.
    """
    trusted = authority.trusted()
    storage = storage_at(place)
    note = timestamps.note_to_stamp(storage)
    content, size, name = read_or_fail(storage, note), _size_of(note), timestamps.stamp_name(note)
    path = storage.where(name)
    if storage.exists(name):
        stored = read_or_fail(storage, name)
        stamp = timestamps.verify_stamp(stored, content, size=size, certificates=trusted, authority=path)
        return Stamped(stamp=stamp, path=path, asked=False)
    request = timestamps.stamp_request(content)
    answer = post(authority.url, request.der)
    stamp = timestamps.verify_stamp(
        answer, content, size=size, certificates=trusted, authority=authority.url, nonce=request.nonce
    )
    storage.put_once(name, answer)
    return Stamped(stamp=stamp, path=path, asked=True)


def check_stamps(place: Storage | Path, authority: Authority) -> list[CheckedStamp]:
    """Every stored stamp against its checkpoint and the trusted certificates; nobody is asked."""
    trusted = authority.trusted()
    storage = storage_at(place)
    checked = []
    for name in timestamps.stamp_names(storage):
        path = storage.where(name)
        try:
            note = read_or_fail(storage, f"checkpoints/{PurePosixPath(name).stem}.note")
            stamp = timestamps.verify_stamp(
                read_or_fail(storage, name), note, size=_size_of(name), certificates=trusted, authority=path
            )
            checked.append(CheckedStamp(path=path, stamp=stamp))
        except ConfigError:
            raise
        except WatcherError as error:
            checked.append(CheckedStamp(path=path, stamp=None, problem=str(error)))
    return checked


def _size_of(name: str) -> int:
    return int(PurePosixPath(name).stem)
