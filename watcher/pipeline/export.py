"""Everything that the archive holds of one Source as one file that others can check: a bag or a WACZ."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from watcher.archive import LedgerRecord, bag, capture_of, offline_verifier, wacz, warc
from watcher.archive.merkle import leaf_hash
from watcher.errors import ArchiveError, NotFoundError
from watcher.model.capture import Capture, Version
from watcher.model.source import Source
from watcher.pipeline import export_papers as papers
from watcher.pipeline.export_ledger import (
    ExportForm,
    ExportRequest,
    Found,
    Told,
    chosen,
    earlier_checkpoints,
    read_ledger,
)
from watcher.pipeline.export_letter import Contents, letter
from watcher.pipeline.export_warc import CaptureWriter, target_of
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import record_act
from watcher.store import changes, sources, versions

ALL = 2**31 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """The file that was made."""

    path: Path
    sha256: str
    length: int
    captures: int
    signed: bool
    sequence: int


@dataclass(kw_only=True, slots=True)
class _Tally:
    held: dict[str, str]
    captures: int = 0
    reached: int = 0
    walled: int = 0
    versions: int = 0
    changes: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    newest: Capture | None = None
    payloads: set[str] = field(default_factory=set)
    pages: list[Capture] = field(default_factory=list)


def export_source(rooms: Rooms, request: ExportRequest, *, checkpoint: str, told: Told) -> Exported:
    """Write the file, record that it was made, and give it its name.

    `checkpoint` is the note that proofs lead to: records after it are left out. RefusedError when the file is there
    already, NotFoundError when the Source is not, ArchiveError when the ledger or a payload is damaged.
    """
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, request.source_id)
    if request.out.exists():
        raise bag.refuse_to_overwrite(request.out)
    request.out.parent.mkdir(parents=True, exist_ok=True)
    now = rooms.clock()
    with TemporaryDirectory(prefix=".watcher-export-", dir=request.out.parent) as scratch:
        folder = Path(scratch) / "content"
        folder.mkdir()
        found = read_ledger(rooms, request, checkpoint, Path(scratch) / "lines.jsonl", told)
        if request.form is ExportForm.BAG:
            tally = _fill_bag(rooms, request, source, found, checkpoint, folder, now, told)
        else:
            tally = _fill_wacz(rooms, source, found, folder, now, told)
        made = Path(scratch) / "made.zip"
        top = request.out.stem if request.form is ExportForm.BAG else ""
        bag.zip_folder(folder, made, top=top, told=told)
        digest, length = bag.sha256_of(made), made.stat().st_size
        sequence = _record_export(rooms, request, found, digest, length, tally.captures)
        bag.publish(made, request.out)
    return Exported(
        path=request.out,
        sha256=digest,
        length=length,
        captures=tally.captures,
        signed=_is_signed(checkpoint),
        sequence=sequence,
    )


def _fill_bag(
    rooms: Rooms,
    request: ExportRequest,
    source: Source,
    found: Found,
    checkpoint: str,
    folder: Path,
    now: datetime,
    told: Told,
) -> _Tally:
    data = folder / "data"
    for name in ("warc", "proofs", "texts", "changes", "keys"):
        (data / name).mkdir(parents=True)
    _write_records(found, data)
    (data / "checkpoint.note").write_bytes(checkpoint.encode())
    with (data / "earlier.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in earlier_checkpoints(rooms, found))
    for key in rooms.archive.storage.files("keys/"):
        if key.name.endswith(".vkey"):
            (data / key.name).write_bytes(rooms.archive.storage.read(key.name))
    with (data / "citations.txt").open("w", encoding="utf-8", errors="replace") as citations:

        def cited(capture: Capture, held: Mapping[str, str]) -> None:
            citations.write(papers.cite(source, capture, rooms.base_url, held=held) + "\n\n")

        tally, _ = _write_captures(rooms, source, found, data / "warc", now, told, texts=data / "texts", cited=cited)
    _write_changes(rooms, source, found, data / "changes", tally)
    verifier = Path(offline_verifier.__file__)
    shutil.copyfile(verifier, data / "verify_offline.py")
    contents = _contents(rooms, request, source, found, checkpoint, now, tally, bag.sha256_of(verifier))
    (data / "README.txt").write_text(letter(contents), encoding="utf-8", errors="replace")
    bag.complete_bag(folder, _bag_info(contents))
    return tally


def _write_records(found: Found, data: Path) -> None:
    """records.jsonl, a proof for each of them, and the custody log."""
    acts = []
    with (data / "records.jsonl").open("wb") as file:
        for sequence, line in chosen(found, found.wanted | found.acts):
            file.write(line + b"\n")
            proof = {
                "leaf_sha256": leaf_hash(line).hex(),
                "index": sequence,
                "size": found.tree.size,
                "path": [one.hex() for one in found.tree.inclusion_proof(sequence)],
            }
            (data / "proofs" / f"{sequence}.json").write_text(json.dumps(proof, indent=1) + "\n")
            fields = json.loads(line)
            if sequence in found.acts or fields.get("user"):
                acts.append(fields)
    (data / "custody.csv").write_bytes(papers.custody_csv(acts).encode("utf-8", "replace"))


def _write_captures(
    rooms: Rooms,
    source: Source,
    found: Found,
    folder: Path,
    now: datetime,
    told: Told,
    *,
    texts: Path | None = None,
    cited: Callable[[Capture, Mapping[str, str]], None] = lambda *_: None,
) -> tuple[_Tally, list[str]]:
    """The WARC files, with a text for each Version; returns what was written and the lines of its index."""
    with rooms.database.reading() as connection:
        tally = _Tally(held=versions.held_payloads(connection, source.source_id))
    of_capture = _versions_by_capture(rooms, source.source_id)
    info = _warc_info(rooms, source)
    writer = warc.WarcWriter(folder, source.source_id, info=info, made_at=now)

    with closing(writer):
        records = CaptureWriter(writer, origin=rooms.archive.origin, get_payload=partial(_payload, rooms, found))
        for sequence, line in chosen(found, found.wanted):
            capture = _capture(sequence, line)
            records.write(capture, line)
            if _count(tally, capture):
                cited(capture, tally.held)
            for version_id in of_capture.get(sequence, ()):
                version = _version(rooms, version_id)
                tally.versions += version.document is not None
                records.write_text(capture, version)
                if texts is not None:
                    papers.write_text(texts, version)
            if tally.captures % 1000 == 0:
                told(f"wrote {tally.captures} of {len(found.wanted)} Captures")
    return tally, records.index


def _payload(rooms: Rooms, found: Found, digest: str) -> bytes | None:
    """Archived bytes; None for those that were deleted and did not come again."""
    if not found.tombstones.get(digest, False):
        try:
            return rooms.archive.get_payload(digest)
        except (ArchiveError, NotFoundError):
            if digest not in found.tombstones:
                raise
    found.absent.add(digest)
    return None


def _count(tally: _Tally, capture: Capture) -> bool:
    """Count a Capture; True when it brought bytes that no earlier one of the export brought."""
    tally.captures += 1
    is_held = capture.outcome.reached and capture.payload_sha256 in tally.held
    tally.reached += capture.outcome.reached and not is_held
    tally.walled += is_held
    tally.first_at = min(tally.first_at or capture.captured_at, capture.captured_at)
    tally.last_at = max(tally.last_at or capture.captured_at, capture.captured_at)
    digest = capture.payload_sha256 if capture.outcome.reached else None
    if digest is None:
        return False
    if tally.newest is None or _is_better(tally, capture, tally.newest):
        tally.newest = capture
    if digest in tally.payloads:
        return False
    tally.payloads.add(digest)
    tally.pages.append(capture)
    return True


def _is_better(tally: _Tally, capture: Capture, other: Capture) -> bool:
    """Whether a Capture is rather cited than another: the document before what is held, then the newer."""
    ranks = [(one.payload_sha256 not in tally.held, one.captured_at) for one in (capture, other)]
    return ranks[0] >= ranks[1]


def _write_changes(rooms: Rooms, source: Source, found: Found, folder: Path, tally: _Tally) -> None:
    """The Changes whose newer Version is of a Capture that is exported."""
    with rooms.database.reading() as connection:
        known = {
            one.version_id: one.sequence for one in versions.list_versions(connection, source.source_id, limit=ALL)
        }
        made = changes.list_changes(connection, source_id=source.source_id, limit=ALL)
    for change in made:
        if known.get(change.to_version_id) in found.wanted:
            papers.write_change(folder, change, source)
            tally.changes += 1


def _fill_wacz(rooms: Rooms, source: Source, found: Found, folder: Path, now: datetime, told: Told) -> _Tally:
    (folder / "archive").mkdir()
    tally, index = _write_captures(rooms, source, found, folder / "archive", now, told)
    wacz.write_index(folder, index)
    title = source.definition.title or source.source_id
    pages = [
        wacz.Page(url=target_of(capture), captured_at=capture.captured_at, title=title)
        for capture in sorted(tally.pages, key=lambda capture: capture.captured_at)
        if target_of(capture).startswith(("http://", "https://"))
    ]
    wacz.complete_wacz(
        folder,
        title=title,
        description=f"{tally.captures} Captures of {source.definition.url or title}, archive {rooms.archive.origin}",
        software=rooms.fetcher_name,
        made_at=now,
        pages=pages,
    )
    return tally


def _record_export(rooms: Rooms, request: ExportRequest, found: Found, digest: str, length: int, captures: int) -> int:
    """The ledger's record of the export, and its line in the audit trail."""
    facts = {
        "form": request.form.value,
        "captured_from": request.captured_from.isoformat() if request.captured_from else None,
        "captured_to": request.captured_to.isoformat() if request.captured_to else None,
        "captures": captures,
        "tree_size": found.tree.size,
        "file_sha256": digest,
        "file_length": length,
    }
    who = {"recorded_at": rooms.clock().isoformat(), "user": request.user, "source_id": request.source_id}
    record = rooms.archive.append("export", {**who, **facts})
    with rooms.database.writing() as connection:
        after = {"export": record.sequence, "file_sha256": digest}
        record_act(rooms, connection, user=request.user, action="source.export", target=request.source_id, after=after)
    return record.sequence


def _contents(
    rooms: Rooms,
    request: ExportRequest,
    source: Source,
    found: Found,
    checkpoint: str,
    now: datetime,
    tally: _Tally,
    verifier_sha256: str,
) -> Contents:
    return Contents(
        source=source,
        made_at=now,
        made_by=request.user,
        origin=rooms.archive.origin,
        captured_from=request.captured_from,
        captured_to=request.captured_to,
        first_at=tally.first_at,
        last_at=tally.last_at,
        captures=tally.captures,
        reached=tally.reached,
        held=tally.walled,
        earlier=len(found.earlier),
        snapshots=len(tally.payloads),
        versions=tally.versions,
        changes=tally.changes,
        tree_size=found.tree.size,
        root_hex=found.tree.root().hex(),
        unsealed=not _is_signed(checkpoint),
        deleted=tuple(sorted(found.absent)),
        citation=papers.cite(source, tally.newest, rooms.base_url, held=tally.held) if tally.newest else "",
        verifier_sha256=verifier_sha256,
        software=rooms.fetcher_name,
    )


def _bag_info(contents: Contents) -> list[tuple[str, str]]:
    return [
        ("Bag-Software-Agent", contents.software),
        ("Bagging-Date", f"{contents.made_at:%Y-%m-%d}"),
        ("External-Identifier", f"{contents.origin} {contents.source.source_id}"),
        ("External-Description", f"{contents.captures} captures of {contents.source.definition.title}"),
        ("Internal-Sender-Description", f"ledger checkpoint over {contents.tree_size} records, {contents.root_hex}"),
    ]


def _warc_info(rooms: Rooms, source: Source) -> list[tuple[str, str]]:
    return [
        ("software", rooms.fetcher_name),
        ("format", "WARC File Format 1.1"),
        ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
        ("isPartOf", rooms.archive.origin),
        ("description", f"Captures of {source.source_id}: {source.definition.title}"),
    ]


def _capture(sequence: int, line: bytes) -> Capture:
    body = json.loads(line)
    return capture_of(LedgerRecord(sequence=sequence, type="capture", body=body, leaf_sha256=""))


def _versions_by_capture(rooms: Rooms, source_id: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    with rooms.database.reading() as connection:
        for version in versions.list_versions(connection, source_id, limit=ALL):
            found.setdefault(version.sequence, []).append(version.version_id)
    return found


def _version(rooms: Rooms, version_id: str) -> Version:
    with rooms.database.reading() as connection:
        return versions.get_version(connection, version_id)


def _is_signed(checkpoint: str) -> bool:
    return "\n\n" in checkpoint.rstrip("\n")
