"""Let a time stamp authority attest the newest checkpoint, and check the stamps that there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from watcher.archive import timestamps
from watcher.archive.timestamps import Stamp
from watcher.errors import ConfigError, WatcherError

Post = Callable[[str, bytes], bytes]


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
    """A stamp in its file; `asked` is False when it was there already."""

    stamp: Stamp
    path: Path
    asked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedStamp:
    """A stored stamp with what it says, or why it does not hold."""

    path: Path
    stamp: Stamp | None
    problem: str = ""


def stamp_newest(root: Path, authority: Authority, post: Post) -> Stamped:
    """Have the newest checkpoint of the archive at `root` stamped, once; the answer is verified before it is stored.

    FetchError when the authority cannot be reached or its answer does not hold; nothing has changed then.
    """
    trusted = authority.trusted()
    note = timestamps.newest_checkpoint(root)
    content, size, path = timestamps.read_file(note), int(note.stem), timestamps.stamp_path(root, note)
    if path.exists():
        stored = timestamps.read_file(path)
        stamp = timestamps.verify_stamp(stored, content, size=size, certificates=trusted, authority=str(path))
        return Stamped(stamp=stamp, path=path, asked=False)
    request = timestamps.stamp_request(content)
    answer = post(authority.url, request.der)
    stamp = timestamps.verify_stamp(
        answer, content, size=size, certificates=trusted, authority=authority.url, nonce=request.nonce
    )
    return Stamped(stamp=stamp, path=timestamps.keep_stamp(root, note, answer), asked=True)


def check_stamps(root: Path, authority: Authority) -> list[CheckedStamp]:
    """Every stored stamp against its checkpoint and the trusted certificates; nobody is asked."""
    trusted = authority.trusted()
    checked = []
    for path in timestamps.stamp_paths(root):
        try:
            note = timestamps.read_file(root / "checkpoints" / f"{path.stem}.note")
            stamp = timestamps.verify_stamp(
                timestamps.read_file(path), note, size=int(path.stem), certificates=trusted, authority=str(path)
            )
            checked.append(CheckedStamp(path=path, stamp=stamp))
        except ConfigError:
            raise
        except WatcherError as error:
            checked.append(CheckedStamp(path=path, stamp=None, problem=str(error)))
    return checked
