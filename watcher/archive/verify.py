"""Reads a ledger that may be damaged or forged: every line, the tree, the keys and all checkpoints.

Nothing here trusts what it reads, and nothing stops at the first finding.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from watcher.archive.archive import capture_of
from watcher.archive.checkpoints import checkpoint_name, read_checkpoint_file, stored_notes
from watcher.archive.findings import FindingCode, Findings
from watcher.archive.keys import KnownKey, key_for_size, read_key_record
from watcher.archive.ledger import LedgerRecord, canonical_json
from watcher.archive.ledger_files import RECORDS_PER_FILE, Block, list_blocks, part_name, read_block
from watcher.archive.merkle import Frontier, leaf_hash
from watcher.archive.notes import Checkpoint, Note, NoteError, is_signed_by, parse_checkpoint, parse_note
from watcher.archive.storage import Storage
from watcher.errors import ArchiveError

BACKWARDS = timedelta(minutes=15)  # workers finish in another order than they began; more is a clock set back
DIGEST_FIELDS = ("payload_sha256", "partial_sha256", "screenshot_sha256")
MOMENT_FIELDS = ("recorded_at", "ended_at")
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A checkpoint with where it was found ("checkpoint 0000000042.note", "Digest x", "the note of --against")."""

    where: str
    note: Note
    checkpoint: Checkpoint


@dataclass(kw_only=True, slots=True)
class LedgerScan:
    """What reading the whole ledger gave. `heads` are roots at the sizes that were asked for."""

    size: int = 0
    root: bytes = b""
    heads: dict[int, bytes] = field(default_factory=dict)
    keys: list[KnownKey] = field(default_factory=list)
    payloads: dict[bytes, int] = field(default_factory=dict)
    deleted: set[bytes] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    latest: datetime | None = None


Chunk = Callable[[int, Mapping[int, LedgerRecord]], None]


def scan_ledger(
    storage: Storage,
    *,
    origin: str,
    sizes: Iterable[int],
    findings: Findings,
    chunk: Chunk,
    progress: Callable[[int], None],
) -> LedgerScan:
    """Read every line. `chunk` gets, a file at a time, its first sequence and the records by their own sequence."""
    scan = LedgerScan()
    wanted = set(sizes)
    frontier = Frontier()
    if 0 in wanted:
        scan.heads[0] = frontier.root()
    shift = 0
    for first, lines in _files(storage, findings, scan):
        records: dict[int, LedgerRecord] = {}
        for line in lines:
            record = read_record(line, frontier.size, findings)
            frontier.append(leaf_hash(line))
            if frontier.size in wanted:
                scan.heads[frontier.size] = frontier.root()
            if record is None:
                continue
            if record.sequence - (frontier.size - 1) != shift:
                shift = record.sequence - (frontier.size - 1)
                message = f"line {frontier.size - 1} calls itself record {record.sequence}"
                findings.add(FindingCode.RECORD_SEQUENCE, f"record {frontier.size - 1}", message)
            if record.sequence in records:
                findings.add(FindingCode.RECORD_SEQUENCE, f"record {record.sequence}", "stands there twice")
            records[record.sequence] = record
            _take(record, line, scan, findings, origin)
        chunk(first, records)
        progress(frontier.size)
    scan.size, scan.root = frontier.size, frontier.root()
    return scan


def count_records(storage: Storage) -> int:
    """How many lines the ledger has now, readable or not."""
    number = 0
    for block in list_blocks(storage)[0]:
        with suppress(OSError, ArchiveError):
            number += read_block(storage, block).count(b"\n")
    return number


def read_record(line: bytes, place: int, findings: Findings) -> LedgerRecord | None:
    """The record of a line, None when it is none; deviations are findings."""
    target = f"record {place}"
    try:
        value = json.loads(line)
        sequence, record_type = value.pop("sequence"), value.pop("type")
        is_canonical = canonical_json({"sequence": sequence, "type": record_type, **value}) == line
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        findings.add(FindingCode.RECORD_UNREADABLE, target, f"is no record ({type(error).__name__})")
        return None
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not isinstance(record_type, str):
        findings.add(FindingCode.RECORD_UNREADABLE, target, "its sequence is no number or its type no text")
        return None
    if not is_canonical:
        findings.add(FindingCode.RECORD_FORM, target, "is not in the canonical form: edited by hand")
    return LedgerRecord(sequence=sequence, type=record_type, body=value, leaf_sha256=leaf_hash(line).hex())


def stored_checkpoints(storage: Storage, *, origin: str, findings: Findings) -> list[Claimed]:
    """All checkpoints in `checkpoints/` that can be read as such."""
    claimed = []
    for stored in stored_notes(storage):
        where = f"checkpoint {PurePosixPath(stored.name).name}"
        try:
            one = claimed_note(read_checkpoint_file(storage, stored.name), where)
        except (NoteError, ArchiveError) as error:
            findings.add(FindingCode.CHECKPOINT_UNREADABLE, where, str(error))
            continue
        if one.checkpoint.origin != origin or stored.name != checkpoint_name(one.checkpoint.size):
            message = f"is a checkpoint of {one.checkpoint.origin[:80]} over {one.checkpoint.size} records"
            findings.add(FindingCode.CHECKPOINT_UNREADABLE, where, message)
            continue
        claimed.append(one)
    return claimed


def claimed_note(text: str, where: str) -> Claimed:
    """A signed note as a checkpoint. NoteError when it is none."""
    note = parse_note(text)
    return Claimed(where=where, note=note, checkpoint=parse_checkpoint(note.text))


def compare_checkpoints(claimed: Iterable[Claimed], scan: LedgerScan, findings: Findings) -> int:
    """Signature and root of each checkpoint against the ledger; returns the largest size that was found good."""
    good = 0
    for one in claimed:
        size = one.checkpoint.size
        key = key_for_size(scan.keys, size)
        if key is None or not is_signed_by(one.note, key.public):
            signer = f"key {key.public.key_id}" if key is not None else "any key of this ledger"
            findings.add(FindingCode.CHECKPOINT_SIGNATURE, one.where, f"is not signed by {signer}")
        if size > scan.size:
            message = f"covers {size} records, the ledger has {scan.size}: its end was cut off"
            findings.add(FindingCode.CHECKPOINT_AHEAD, one.where, message)
        elif scan.heads.get(size) != one.checkpoint.root:
            message = f"records {good} to {size - 1} are not all those that were signed"
            findings.add(FindingCode.CHECKPOINT_ROOT, one.where, message)
        else:
            good = max(good, size)
    return good


def _files(storage: Storage, findings: Findings, scan: LedgerScan) -> Iterator[tuple[int, list[bytes]]]:
    """(first sequence, lines) of each block in order. Gaps, strange files and cut lines are findings or notes."""
    found, strange = list_blocks(storage)
    for name in strange:
        findings.add(FindingCode.LEDGER_FILE, name, "is no file of the ledger")
    blocks = {block.first: block for block in found}
    last = max(blocks, default=0)
    for first in range(0, last + 1, RECORDS_PER_FILE):
        block = blocks.get(first)
        if block is None:
            if blocks:
                findings.add(FindingCode.LEDGER_FILE, part_name(first), "cannot be read: No such file or directory")
            continue
        try:
            content = read_block(storage, block)
        except (OSError, ArchiveError) as error:
            findings.add(FindingCode.LEDGER_FILE, block.names[0], f"cannot be read: {error}")
            continue
        _check_repetition(block, findings)
        *lines, rest = content.split(b"\n")
        if rest and first == last:
            scan.notes.append(f"{block.names[-1]} ends in the middle of a line: a write that was never acknowledged")
        elif rest:
            findings.add(FindingCode.LEDGER_FILE, block.names[-1], "ends in the middle of a record")
        if len(lines) != RECORDS_PER_FILE and (first != last or len(lines) > RECORDS_PER_FILE):
            findings.add(FindingCode.LEDGER_FILE, block.names[0], f"has {len(lines)} records, not {RECORDS_PER_FILE}")
        yield first, lines


def _check_repetition(block: Block, findings: Findings) -> None:
    """A block that is read whole has as many bytes as the objects that it repeats."""
    parts = sum(block.lengths[name] for name in block.repeated)
    if block.repeated and parts != block.lengths[block.names[0]]:
        message = f"has {block.lengths[block.names[0]]} bytes, the objects that it repeats have {parts}"
        findings.add(FindingCode.LEDGER_FILE, block.names[0], message)


def _take(record: LedgerRecord, line: bytes, scan: LedgerScan, findings: Findings, origin: str) -> None:
    target = f"record {record.sequence}"
    if record.type == "key":
        found = read_key_record(line, scan.keys, origin=origin)
        if not found:
            findings.add(FindingCode.KEY_RECORD, target, "holds no readable key")
        scan.keys += found
    elif record.type == "capture":
        try:
            capture_of(record)
        except (ArchiveError, TypeError, RecursionError) as error:
            findings.add(FindingCode.RECORD_FIELDS, target, f"is no Capture: {str(error)[:200]}")
        for name in DIGEST_FIELDS:
            if (digest := _digest(record.body.get(name))) is not None:
                scan.payloads.setdefault(digest, record.sequence)
    elif record.type == "tombstone" and (digest := _digest(record.body.get("payload_sha256"))) is not None:
        scan.deleted.add(digest)
    _note_clock(record, scan)


def _digest(value: Any) -> bytes | None:
    is_digest = isinstance(value, str) and len(value) == 64 and _HEX.issuperset(value)
    return bytes.fromhex(value) if is_digest else None


def _note_clock(record: LedgerRecord, scan: LedgerScan) -> None:
    moment = next((found for name in MOMENT_FIELDS if (found := _moment(record.body.get(name))) is not None), None)
    if moment is None:
        return
    if scan.latest is not None and scan.latest - moment > BACKWARDS and len(scan.notes) < 100:
        scan.notes.append(
            f"record {record.sequence} was written at {moment.isoformat()}, one before it at {scan.latest.isoformat()}:"
            " the clock was set back; the order of the records holds"
        )
        scan.latest = moment
    scan.latest = max(scan.latest, moment) if scan.latest is not None else moment


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo is not None else None
