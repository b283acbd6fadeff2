"""The key that signs checkpoints: its private file outside the archive, its public history in the ledger.

The ledger's `key` records are the history: the first names the archive's first key, each later one the next key, in
a statement that both the new key and the one before it signed. A key signs the checkpoints that cover its record, up
to the next key's record. `keys/<key id>.vkey` repeats the public keys for people.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from watcher.archive.archive import Archive
from watcher.archive.durable import storage_error, sync_directory, write_once
from watcher.archive.ledger_files import read_blocks
from watcher.archive.notes import (
    NoteError,
    PrivateKey,
    PublicKey,
    is_signed_by,
    key_name,
    parse_note,
    parse_skey,
    parse_vkey,
    sign_note,
)
from watcher.archive.storage import Storage, storage_at
from watcher.errors import ArchiveError

STATEMENT = "watcher key"
SEED_BYTES = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownKey:
    """A public key of the ledger and the sequence of its `key` record. `problem` says why it is not vouched for."""

    sequence: int
    public: PublicKey
    problem: str = ""


def ledger_keys(place: Storage | Path, *, origin: str) -> list[KnownKey]:
    """The keys that the ledger's `key` records name, in order; records that cannot be read are left out."""
    known: list[KnownKey] = []
    for _, content in read_blocks(storage_at(place)):
        if b'"type":"key"' in content:
            for line in content.split(b"\n")[:-1]:
                if b'"type":"key"' in line:
                    known += read_key_record(line, known, origin=origin)
    return known


def read_key_record(line: bytes, known: Sequence[KnownKey], *, origin: str) -> list[KnownKey]:
    """The key of one ledger line as a list of one; empty when the line is no readable `key` record."""
    try:
        record = json.loads(line)
        if record["type"] != "key":
            return []
        sequence, public, statement = record["sequence"], parse_vkey(record["vkey"]), parse_note(record["statement"])
    except (NoteError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    if not isinstance(sequence, int):
        return []
    problem = ""
    if statement.text != _statement(origin, public) or not is_signed_by(statement, public):
        problem = "its statement is not signed by the key itself"
    elif known and not is_signed_by(statement, known[-1].public):
        problem = f"its statement is not signed by the key before it, {known[-1].public.key_id}"
    return [KnownKey(sequence=sequence, public=public, problem=problem)]


def key_for_size(known: Sequence[KnownKey], size: int) -> KnownKey | None:
    """The key that signs the checkpoint over the first `size` records."""
    return next((key for key in reversed(known) if key.sequence < size), None)


def ensure_key(archive: Archive, path: Path, *, now: datetime) -> PrivateKey:
    """The archive's private key; made, with its record, for an archive that never had one.

    ArchiveError, with the remedy, when the ledger names a key and the file at `path` is missing or another one.
    """
    with archive.storage.turn(path):
        size, known = archive.size(), ledger_keys(archive.storage, origin=archive.origin)
        if not known:
            key = _read_or_make(path, archive.origin)
            if _record(archive, key, signers=[key], now=now, size=size):
                return key
            known = ledger_keys(archive.storage, origin=archive.origin)
        key = current_key(path, known[-1].public)
        for one in known:
            write_public_key(archive.storage, one.public)
        return key


def rotate_key(archive: Archive, path: Path, *, now: datetime, lost: bool = False) -> PublicKey:
    """Make a new key, record it with the old key's signature and put it in the old one's place.

    With `lost` the old key's signature is left out: `verify` says so until it is told to trust the new key.
    """
    with archive.storage.turn(path):
        size, known = archive.size(), ledger_keys(archive.storage, origin=archive.origin)
        if not known:
            raise ArchiveError("this archive has no key yet: any command that opens it makes one")
        old = [] if lost else [current_key(path, known[-1].public)]
        new = PrivateKey(name=key_name(archive.origin), seed=os.urandom(SEED_BYTES))
        following = _following(path)
        following.unlink(missing_ok=True)
        _write_private(following, new)
        if not _record(archive, new, signers=[new, *old], now=now, size=size):
            raise ArchiveError(
                "another process gave this archive a new key at the same moment: this one was not taken. Look at "
                "`watcher key show`, and put that key's file at " + str(path)
            )
        _take_following(path)
        return new.public


def current_key(path: Path, expected: PublicKey) -> PrivateKey:
    """The private key at `path`, if it belongs to `expected`. A rotation that was interrupted is finished."""
    following = _following(path)
    if following.exists() and read_private_key(following).public == expected:
        _take_following(path)
    remedy = (
        f"The newest checkpoints are signed with key {expected.key_id}: put its file back there, or set archive.key "
        "to where it is. If it is lost for good, `watcher key rotate --lost` goes on with a new one."
    )
    if not path.exists():
        raise ArchiveError(f"the archive's private key {path} is missing. {remedy}")
    key = read_private_key(path)
    if key.public != expected:
        raise ArchiveError(f"{path} holds key {key.public.key_id}, which is not this archive's. {remedy}")
    return key


def read_private_key(path: Path) -> PrivateKey:
    """The private key of a file. ArchiveError when it cannot be read; the message holds nothing of it."""
    try:
        return parse_skey(path.read_text("utf-8").strip())
    except OSError as error:
        raise storage_error(path, error) from error
    except ValueError as error:
        reason = error if isinstance(error, NoteError) else "is no text"
        raise ArchiveError(f"{path} {reason}. Put the archive's private key back there from its backup.") from error


def public_key_name(public: PublicKey) -> str:
    """Where a public key is repeated."""
    return f"keys/{public.key_id}.vkey"


def write_public_key(storage: Storage, public: PublicKey) -> None:
    """Repeat a public key as `keys/<key id>.vkey`."""
    if not storage.exists(public_key_name(public)):
        storage.put_once(public_key_name(public), public.vkey.encode() + b"\n")


def _read_or_make(path: Path, origin: str) -> PrivateKey:
    name = key_name(origin)
    if path.exists():
        key = read_private_key(path)
        if key.name != name:
            raise ArchiveError(
                f"{path} holds the key of {key.name}, not of {name}. Set archive.key to another place, or put "
                "this archive's own key there."
            )
        return key
    key = PrivateKey(name=name, seed=os.urandom(SEED_BYTES))
    _write_private(path, key)
    return key


def _write_private(path: Path, key: PrivateKey) -> None:
    write_once(path, key.skey.encode() + b"\n", mode=0o600)


def _record(archive: Archive, key: PrivateKey, *, signers: Sequence[PrivateKey], now: datetime, size: int) -> bool:
    """Record a key, unless another process recorded one since the ledger had `size` records: then False."""
    statement = sign_note(_statement(archive.origin, key.public), signers)
    body = {"recorded_at": now.isoformat(), "vkey": key.public.vkey, "statement": statement}
    while archive.append_at(size, "key", body) is None:
        grown = archive.size()
        if any(record.type == "key" for record in archive.records(size)):
            return False
        size = grown
    write_public_key(archive.storage, key.public)
    return True


def _statement(origin: str, public: PublicKey) -> str:
    return f"{STATEMENT}\n{origin}\n{public.vkey}\n"


def _following(path: Path) -> Path:
    return path.with_name(path.name + ".next")


def _take_following(path: Path) -> None:
    try:
        _following(path).replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise storage_error(path, error) from error
