"""What an export takes from the ledger: the records of one Source and the tree that proves them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from watcher.archive.checkpoints import read_checkpoint_file, stored_notes
from watcher.archive.merkle import leaf_hash
from watcher.archive.notes import NoteError, parse_checkpoint, parse_note
from watcher.archive.proofs import Tree
from watcher.errors import ArchiveError
from watcher.pipeline.export_papers import is_custody
from watcher.pipeline.ports import Rooms

Told = Callable[[str], None]
DIGESTS = ("payload_sha256", "partial_sha256", "screenshot_sha256")


class ExportForm(StrEnum):
    BAG = "bag"
    WACZ = "wacz"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportRequest:
    """What to export: Captures of a Source from `captured_from` to before `captured_to`, None for no bound."""

    source_id: str
    out: Path
    user: str
    captured_from: datetime | None = None
    captured_to: datetime | None = None
    form: ExportForm = ExportForm.BAG


@dataclass(kw_only=True, slots=True)
class Found:
    """What one pass over the ledger found. `lines` holds the Source's records, one a line.

    `wanted` are sequences of Captures; `acts` are other records. `tombstones` are digests of bytes that were deleted,
    with whether they must stay away; `absent` are those of them that an export did not find.
    """

    lines: Path
    tree: Tree = field(default_factory=Tree)
    wanted: set[int] = field(default_factory=set)
    earlier: set[int] = field(default_factory=set)
    acts: set[int] = field(default_factory=set)
    tombstones: dict[str, bool] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)


def read_ledger(rooms: Rooms, request: ExportRequest, checkpoint: str, lines: Path, told: Told) -> Found:
    """One pass over the records that the checkpoint covers: the tree, and what belongs to the Source."""
    _, size_text, root_text = checkpoint.split("\n")[:3]
    size, root = int(size_text), base64.b64decode(root_text)
    found = Found(lines=lines)
    brought: dict[str, int] = {}
    acts_on_bytes: list[tuple[int, str]] = []
    mentioned: set[str] = set()
    with lines.open("wb") as file:
        for line in rooms.archive.lines():
            if found.tree.size == size:
                break
            sequence = found.tree.size
            found.tree.append(leaf_hash(line))
            fields = json.loads(line)
            if fields["type"] == "capture" and fields["source_id"] == request.source_id:
                _take_capture(request, sequence, fields, brought, found)
                mentioned.update(fields[name] for name in DIGESTS if fields.get(name))
                file.write(line + b"\n")
            elif is_custody(fields, request.source_id):
                found.acts.add(sequence)
                file.write(line + b"\n")
            elif digest := _digest_of_act(fields):
                acts_on_bytes.append((sequence, digest))
                file.write(line + b"\n")
            if fields["type"] == "tombstone":
                found.tombstones[fields["payload_sha256"]] = bool(fields.get("keep_out"))
            if found.tree.size % 100_000 == 0:
                told(f"read {found.tree.size} of {size} ledger records")
    if found.tree.size < size or found.tree.root() != root:
        raise ArchiveError(
            f"the ledger no longer has the root that its checkpoint over {size} records was made for: records were "
            "changed or are gone. Nothing was exported; `watcher verify` says more."
        )
    found.acts.update(sequence for sequence, digest in acts_on_bytes if digest in mentioned)
    return found


def _digest_of_act(fields: dict[str, Any]) -> str:
    """The digest of the bytes that a record other than a Capture speaks of; "" when it speaks of none."""
    named = str(fields.get("payload_sha256") or fields.get("target") or "")
    return named if fields["type"] != "capture" and len(named) == 64 else ""


def _take_capture(
    request: ExportRequest, sequence: int, fields: dict[str, Any], brought: dict[str, int], found: Found
) -> None:
    """Want a Capture of the period, and the one that first brought the bytes it refers to."""
    digest = fields["payload_sha256"] or fields.get("partial_sha256")
    if digest and fields["outcome"] != "not_modified":
        brought.setdefault(digest, sequence)
    captured_at = datetime.fromisoformat(fields["captured_at"])
    if request.captured_from is not None and captured_at < request.captured_from:
        return
    if request.captured_to is not None and captured_at >= request.captured_to:
        return
    found.wanted.add(sequence)
    first = brought.get(digest, sequence) if digest else sequence
    if first not in found.wanted:
        found.wanted.add(first)
        found.earlier.add(first)


def earlier_checkpoints(rooms: Rooms, found: Found) -> Iterator[str]:
    """One JSON line for each stored checkpoint that covers an exported record and fewer records than the proofs.

    It holds the note and the proof that the tree of the export continues the one that the note signs.
    """
    first = min(found.wanted | found.acts, default=found.tree.size)
    storage = rooms.archive.storage
    for stored in stored_notes(storage):
        note = read_checkpoint_file(storage, stored.name)
        try:
            size = parse_checkpoint(parse_note(note).text).size
        except NoteError as error:
            where = storage.where(stored.name)
            raise ArchiveError(f"{where} {error}. Nothing was exported; `watcher verify` says more.") from error
        if first < size < found.tree.size:
            proof = [one.hex() for one in found.tree.consistency_proof(size)]
            yield json.dumps({"note": note, "path": proof}, ensure_ascii=False)


def chosen(found: Found, wanted: set[int]) -> Iterator[tuple[int, bytes]]:
    """(sequence, line) of the wanted records, in the order of the ledger."""
    with found.lines.open("rb") as file:
        for ended in file:
            line = ended[:-1]
            sequence = json.loads(line)["sequence"]
            if sequence in wanted:
                yield sequence, line
