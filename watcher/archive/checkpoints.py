"""Checkpoints: signed heads of the ledger, one a file in `checkpoints/<size>.note`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from watcher.archive.archive import Archive
from watcher.archive.keys import current_key, ensure_key, key_for_size, ledger_keys, read_key_record
from watcher.archive.ledger import canonical_json
from watcher.archive.notes import Checkpoint, NoteError, PublicKey, parse_checkpoint, parse_note, sign_note
from watcher.archive.storage import Storage, Stored, read_or_fail, storage_at
from watcher.errors import ArchiveError

BETWEEN_CHECKPOINTS = timedelta(hours=1)


class Seal:
    """Signs the ledger of one archive with the private key at `key_path`."""

    def __init__(self, archive: Archive, key_path: Path) -> None:
        self.archive = archive
        self.key_path = key_path
        self._read_size = archive.size()
        self._known = ledger_keys(archive.storage, origin=archive.origin)

    def checkpoint(self) -> str:
        """The signed note over the ledger as it stands now; stored once.

        ArchiveError when the key is missing or another one, or the ledger no longer has a root that was signed.
        """
        storage = self.archive.storage
        with storage.turn(self.key_path):
            checkpoint = parse_checkpoint(self.archive.checkpoint())
            name = checkpoint_name(checkpoint.size)
            if storage.exists(name):
                return _same_head(storage, name, checkpoint)
            note = sign_note(checkpoint.text, [current_key(self.key_path, self._newest_key(checkpoint.size))])
            if not storage.put_once(name, note.encode()):
                return _same_head(storage, name, checkpoint)
            return note

    def hourly(self, now: datetime) -> str | None:
        """The new checkpoint when records were added and the newest one is an hour old, else None."""
        newest = newest_checkpoint(self.archive.storage)
        if newest is not None:
            made_at = newest.written_at
            if now - BETWEEN_CHECKPOINTS < made_at <= now or _size_of(newest.name) == self.archive.size():
                return None
        return self.checkpoint()

    def newest(self) -> str:
        """The newest signed note, "" before the first; nothing is signed."""
        newest = newest_checkpoint(self.archive.storage)
        return read_checkpoint_file(self.archive.storage, newest.name) if newest is not None else ""

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
    newest = newest_checkpoint(archive.storage)
    if newest is not None and _size_of(newest.name) > archive.size():
        where = archive.storage.where(newest.name)
        raise ArchiveError(
            f"the ledger ends after {archive.size()} records, but {where} covers {_size_of(newest.name)}: "
            "records are gone. Restore the ledger from a backup; `watcher verify` says what else is wrong."
        )
    ensure_key(archive, key_path, now=now)
    return Seal(archive, key_path)


def checkpoint_name(size: int) -> str:
    """Where the checkpoint over `size` records lies."""
    return f"checkpoints/{size:010d}.note"


def stored_notes(place: Storage | Path) -> Iterator[Stored]:
    """All stored checkpoints, smallest first."""
    for stored in storage_at(place).files("checkpoints/"):
        name = PurePosixPath(stored.name)
        if name.suffix == ".note" and name.name[0].isdigit() and len(name.parts) == 2:
            yield stored


def newest_checkpoint(place: Storage | Path) -> Stored | None:
    """The stored checkpoint over most records, None before the first."""
    named = [stored for stored in stored_notes(place) if _is_number(PurePosixPath(stored.name).stem)]
    return max(named, key=lambda stored: _size_of(stored.name), default=None)


def is_unused(archive: Archive) -> bool:
    """Whether an archive holds nothing but its key: no Payload, no record of an act, no checkpoint over lost ones."""
    storage = archive.storage
    if any(True for prefix in ("payloads/", "packs/") for _ in storage.files(prefix)):
        return False
    newest = newest_checkpoint(storage)
    if newest is not None and _size_of(newest.name) > archive.size():
        return False
    return all(record.type == "key" for record in archive.records())


def read_checkpoint_file(storage: Storage, name: str) -> str:
    """The note in a file as it is; what is no UTF-8 comes back as characters that no note has."""
    return read_or_fail(storage, name).decode("utf-8", "surrogateescape")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _size_of(name: str) -> int:
    return int(PurePosixPath(name).stem)


def _same_head(storage: Storage, name: str, expected: Checkpoint) -> str:
    note, where = read_checkpoint_file(storage, name), storage.where(name)
    try:
        found = parse_checkpoint(parse_note(note).text)
    except NoteError as error:
        raise ArchiveError(f"{where} {error}. Restore it from a backup; `watcher verify` says more.") from error
    if (found.origin, found.size, found.root) != (expected.origin, expected.size, expected.root):
        raise ArchiveError(
            f"the ledger no longer has the root that {where} was signed for: records were changed. "
            "Keep everything as it is; `watcher verify` says more."
        )
    return note
