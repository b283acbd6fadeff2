"""Checkpoints: signed heads of the ledger, one a file in `checkpoints/<size>.note`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher.archive.archive import Archive
from watcher.archive.durable import storage_error, write_once
from watcher.archive.keys import current_key, ensure_key, key_for_size, key_turn, ledger_keys, read_key_record
from watcher.archive.ledger import canonical_json
from watcher.archive.notes import Checkpoint, NoteError, PublicKey, parse_checkpoint, parse_note, sign_note
from watcher.errors import ArchiveError

BETWEEN_CHECKPOINTS = timedelta(hours=1)


class Seal:
    """Signs the ledger of one archive with the private key at `key_path`."""

    def __init__(self, archive: Archive, key_path: Path) -> None:
        self.archive = archive
        self.key_path = key_path
        self._read_size = archive.size()
        self._known = ledger_keys(archive.root, origin=archive.origin)

    def checkpoint(self) -> str:
        """The signed note over the ledger as it stands now; stored once.

        ArchiveError when the key is missing or another one, or the ledger no longer has a root that was signed.
        """
        with key_turn(self.archive):
            checkpoint = parse_checkpoint(self.archive.checkpoint())
            path = checkpoint_path(self.archive.root, checkpoint.size)
            if path.exists():
                return _same_head(path, checkpoint)
            note = sign_note(checkpoint.text, [current_key(self.key_path, self._newest_key(checkpoint.size))])
            write_once(path, note.encode())
            return note

    def hourly(self, now: datetime) -> str | None:
        """The new checkpoint when records were added and the newest one is an hour old, else None."""
        newest = newest_checkpoint_path(self.archive.root)
        if newest is not None:
            made_at = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
            if now - BETWEEN_CHECKPOINTS < made_at <= now or _size_of(newest) == self.archive.size():
                return None
        return self.checkpoint()

    def newest(self) -> str:
        """The newest signed note, "" before the first; nothing is signed."""
        path = newest_checkpoint_path(self.archive.root)
        return read_checkpoint_file(path) if path is not None else ""

    def _newest_key(self, size: int) -> PublicKey:
        """The key of the ledger's newest `key` record; only records that were added since are read."""
        for record in self.archive.records(self._read_size):
            if record.type == "key":
                line = canonical_json({**record.body, "type": record.type, "sequence": record.sequence})
                self._known += read_key_record(line, self._known, origin=self.archive.origin)
        self._read_size = max(self._read_size, size)
        known = key_for_size(self._known, size)
        if known is None:
            raise ArchiveError("this archive has no key yet: any command that opens it makes one")
        return known.public


def open_seal(archive: Archive, key_path: Path, *, now: datetime) -> Seal:
    """The seal of an archive; an archive that never had a key gets one.

    ArchiveError when its key is missing or another one, or the ledger is shorter than a checkpoint says.
    """
    newest = newest_checkpoint_path(archive.root)
    if newest is not None and _size_of(newest) > archive.size():
        raise ArchiveError(
            f"the ledger ends after {archive.size()} records, but {newest} covers {_size_of(newest)}: "
            "records are gone. Restore the ledger from a backup; `watcher verify` says what else is wrong."
        )
    ensure_key(archive, key_path, now=now)
    return Seal(archive, key_path)


def checkpoint_path(root: Path, size: int) -> Path:
    """Where the checkpoint over `size` records lies."""
    return root / "checkpoints" / f"{size:010d}.note"


def checkpoint_paths(root: Path) -> Iterator[Path]:
    """All stored checkpoints, smallest first."""
    return iter(sorted((root / "checkpoints").glob("[0-9]*.note")))


def newest_checkpoint_path(root: Path) -> Path | None:
    """The stored checkpoint over most records, None before the first."""
    named = [path for path in checkpoint_paths(root) if path.stem.isascii() and path.stem.isdigit()]
    return max(named, key=_size_of, default=None)


def read_checkpoint_file(path: Path) -> str:
    """The note in a file as it is; what is no UTF-8 comes back as characters that no note has."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise storage_error(path, error) from error


def _size_of(path: Path) -> int:
    return int(path.stem)


def _same_head(path: Path, expected: Checkpoint) -> str:
    note = read_checkpoint_file(path)
    try:
        found = parse_checkpoint(parse_note(note).text)
    except NoteError as error:
        raise ArchiveError(f"{path} {error}. Restore it from a backup; `watcher verify` says more.") from error
    if (found.origin, found.size, found.root) != (expected.origin, expected.size, expected.root):
        raise ArchiveError(
            f"the ledger no longer has the root that {path} was signed for: records were changed. "
            "Keep everything as it is; `watcher verify` says more."
        )
    return note
