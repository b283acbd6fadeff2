"""Verify the evidence of an instance: ledger, checkpoints, rows and Payloads, whatever state they are in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from watcher.archive import open_archive
from watcher.archive.archive import Archive
from watcher.archive.findings import Finding, FindingCode, Findings
from watcher.archive.keys import public_key_name, read_private_key
from watcher.archive.notes import NoteError, PublicKey, find_checkpoint_note
from watcher.archive.storage import Storage, storage_at
from watcher.archive.verify import (
    Claimed,
    LedgerScan,
    claimed_note,
    compare_checkpoints,
    count_records,
    scan_ledger,
    stored_checkpoints,
)
from watcher.archive.verify_payloads import (
    UNDER_WAY,
    PayloadReader,
    check_payload,
    find_extra,
    in_sample,
    is_there,
    payload_reader,
)
from watcher.errors import ArchiveError, RefusedError, StoreError
from watcher.pipeline.verify_rows import RowCheck
from watcher.store import claims, evidence
from watcher.store.database import Database

SECOND_LOOK_SECONDS = 2.0
PROOF = {
    "ledger": "against bit rot, and against anybody without the private key who edits, removes, inserts or retypes "
    "records that a checkpoint covers; not against a cut end or a rewrite by someone with the key",
    "rows": "against bit rot, and against anybody who edits, adds or removes rows of Captures, Definitions and acts "
    "but leaves the ledger as it is",
    "payloads": "against bit rot and against anybody who changes, exchanges or removes bytes but not their records",
    "against": "against everybody, the operator and thieves of the key included, for the records that the note "
    "covers; nothing proves what a server sent when a Capture was made",
}


class Level(StrEnum):
    """QUICK reads ledger and rows and looks whether Payloads are there; FULL reads each Payload too."""

    QUICK = "quick"
    FULL = "full"


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyTarget:
    """What is verified: the archive with its origin, the database (or why it cannot be read), the key's file."""

    root: Storage | Path
    origin: str
    key_path: Path
    database: Database | None
    database_problem: str = ""

    @property
    def storage(self) -> Storage:
        """Where the archive's files are."""
        return storage_at(self.root)


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyPlan:
    """How it is verified. `share` of the Payloads are read, drawn by `seed`; `after` is "keyframe/Payload" of the last
    one that was read before, `found` what was found in Payloads then. `against` is a text that holds a checkpoint
    from elsewhere, `key` a public key from elsewhere."""

    level: Level
    seed: str
    share: float = 1.0
    maximum_seconds: float | None = None
    against: str = ""
    key: PublicKey | None = None
    after: str = ""
    found: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyReport:
    """What was found. `after` is "keyframe/Payload" of the last one when time ran out, "" when all of it is done."""

    level: Level
    seed: str
    share: float
    complete: bool
    after: str
    size: int
    root_sha256: str
    covered: int
    rows: int
    payloads: int
    payloads_named: int
    files: int
    against_size: int | None
    counts: dict[str, int]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    not_checked: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings, 2 when a part could not be checked."""
        return 2 if self.not_checked else int(bool(self.findings))


@dataclass(kw_only=True, slots=True)
class _Run:
    target: VerifyTarget
    plan: VerifyPlan
    now: datetime
    ends_at: float | None
    progress: Callable[[str, int, int], None]
    findings: Findings = field(default_factory=Findings)
    notes: list[str] = field(default_factory=list)


def verify(
    target: VerifyTarget,
    plan: VerifyPlan,
    *,
    now: datetime,
    progress: Callable[[str, int, int], None] = lambda _part, _done, _all: None,
    pause: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> VerifyReport:
    """Read everything that the plan asks for. RefusedError when `against` holds no checkpoint of this archive.

    A service may write meanwhile: what it added since the ledger was read is left out.
    """
    against = _against(plan.against, target.origin) if plan.against else None
    ends_at = monotonic() + plan.maximum_seconds if plan.maximum_seconds is not None else None
    run = _Run(target=target, plan=plan, now=now, ends_at=ends_at, progress=progress)
    rows = RowCheck(database=target.database, findings=run.findings) if target.database is not None else None
    claimed = stored_checkpoints(target.storage, origin=target.origin, findings=run.findings)
    claimed += _sent_checkpoints(run, target.origin)
    claimed += [against] if against is not None else []
    scan = scan_ledger(
        target.storage,
        origin=target.origin,
        sizes={one.checkpoint.size for one in claimed},
        findings=run.findings,
        chunk=rows.chunk if rows is not None else lambda _first, _records: None,
        progress=lambda done: progress("ledger", done, done),
    )
    covered = compare_checkpoints(sorted(claimed, key=lambda one: one.checkpoint.size), scan, run.findings)
    _check_keys(run, scan)
    if rows is not None:
        _finish_rows(run, rows, scan, pause)
    read, after, files = _check_payloads(run, scan, monotonic)
    if replaced := sum(1 for _ in target.storage.files("damaged/")):
        run.notes.append(
            f"damaged/ keeps {replaced} Payloads that had lost their digest when the same bytes came again"
        )
    if covered < scan.size:
        run.notes.append(f"records {covered} to {scan.size - 1} are under no checkpoint yet")
    return VerifyReport(
        level=plan.level,
        seed=plan.seed,
        share=plan.share,
        complete=not after and target.database is not None,
        after=after,
        size=scan.size,
        root_sha256=scan.root.hex(),
        covered=covered,
        rows=rows.rows if rows is not None else 0,
        payloads=read,
        payloads_named=len(scan.payloads),
        files=files,
        against_size=against.checkpoint.size if against is not None else None,
        counts={code.value: number for code, number in sorted(run.findings.counts.items())},
        findings=tuple(run.findings.kept),
        notes=(*run.notes, *scan.notes),
        not_checked=(f"rows: {target.database_problem}",) if target.database is None else (),
    )


def record_verification(archive: Archive, report: VerifyReport, *, now: datetime) -> None:
    """The record that a complete verification leaves in the ledger."""
    archive.append(
        "verification",
        {
            "recorded_at": now.isoformat(),
            "level": report.level.value,
            "seed": report.seed,
            "share": report.share,
            "size": report.size,
            "root_sha256": report.root_sha256,
            "rows": report.rows,
            "payloads": report.payloads,
            "against_size": report.against_size,
            "findings": report.counts,
        },
    )


def report_facts(report: VerifyReport) -> dict[str, Any]:
    """The report as plain values, for programs."""
    parts = [part for part in PROOF if part != "against" or report.against_size is not None]
    return {**asdict(report), "exit_code": report.exit_code, "proof": {part: PROOF[part] for part in parts}}


def _against(text: str, origin: str) -> Claimed:
    note = find_checkpoint_note(text, origin=origin)
    if note is None:
        message = f"the file of --against holds no signed checkpoint of {origin}: give a .note file or a Digest's text"
        raise RefusedError(message)
    try:
        return claimed_note(note, "the note of --against")
    except NoteError as error:
        raise RefusedError(f"the checkpoint in the file of --against {error}") from error


def _sent_checkpoints(run: _Run, origin: str) -> list[Claimed]:
    """The checkpoints that Digests carried; those from before there was a key are not signed and prove nothing."""
    claimed: list[Claimed] = []
    if run.target.database is None:
        return claimed
    try:
        with run.target.database.reading() as connection:
            sent = evidence.digest_checkpoints(connection)
    except StoreError as error:
        run.findings.add(FindingCode.ROW_UNREADABLE, "digests", str(error))
        return claimed
    for digest_id, text in sent:
        if "\n\n" not in text:
            continue
        where = f"the checkpoint of Digest {digest_id[:60]}"
        try:
            one = claimed_note(text, where)
        except NoteError as error:
            run.findings.add(FindingCode.CHECKPOINT_UNREADABLE, where, str(error))
            continue
        if one.checkpoint.origin == origin:
            claimed.append(one)
    return claimed


def _check_keys(run: _Run, scan: LedgerScan) -> None:
    trusted = run.plan.key
    if not scan.keys:
        run.notes.append("the ledger names no key: nothing is signed yet")
        if trusted is not None:
            run.findings.add(FindingCode.KEY_MISMATCH, "the ledger", "names no key, and --key gives one")
        return
    newest = scan.keys[-1].public
    for one in scan.keys:
        if one.problem and one.public != trusted:
            run.findings.add(
                FindingCode.KEY_RECORD, f"record {one.sequence}", f"key {one.public.key_id}: {one.problem}"
            )
    if trusted is not None and trusted not in [one.public for one in scan.keys]:
        message = f"its keys do not include {trusted.key_id}, which --key gives"
        run.findings.add(FindingCode.KEY_MISMATCH, "the ledger", message)
    for one in scan.keys:
        name = public_key_name(one.public)
        if not _says(run.target.storage, name, one.public.vkey):
            run.findings.add(FindingCode.KEY_MISMATCH, name, "is missing or not the ledger's key")
    try:
        own = read_private_key(run.target.key_path).public if run.target.key_path.exists() else None
    except ArchiveError as error:
        run.notes.append(str(error))
        return
    if own is None:
        run.notes.append(f"the private key is not at {run.target.key_path}: the ledger's key was not compared with it")
    elif own != newest:
        message = f"its newest key is {newest.key_id}, the private key at hand is {own.key_id}"
        run.findings.add(FindingCode.KEY_MISMATCH, "the ledger", message)


def _finish_rows(run: _Run, rows: RowCheck, scan: LedgerScan, pause: Callable[[float], None]) -> None:
    rows.beyond(lambda: count_records(run.target.storage), read=scan.size)
    if rows.missing:
        pause(SECOND_LOOK_SECONDS)
    missing = rows.still_missing()
    with rows.database.reading() as connection:
        at_work = claims.leased_sources(connection, now=run.now)
    for one in missing:
        if one.source_id in at_work and one.at is not None and abs(run.now - one.at) < UNDER_WAY:
            run.notes.append(f"record {one.sequence} has no row yet: its Source is being checked at this moment")
        else:
            run.findings.add(FindingCode.ROW_MISSING, f"record {one.sequence}", f"has no row in {one.table}")
    with rows.database.reading() as connection:
        loose = evidence.count_without_record(connection)
    if loose:
        run.notes.append(f"{loose} Definitions have no record yet: they get theirs at the next start")


def _check_payloads(run: _Run, scan: LedgerScan, monotonic: Callable[[], float]) -> tuple[int, str, int]:
    """(Payloads read or looked for, the last one when time ran out, files seen)."""
    plan, storage = run.plan, run.target.storage
    for before in plan.found:
        run.findings.add(before.code, before.target, before.message)
    reader = payload_reader(storage)
    look = check_payload if plan.level is Level.FULL else (lambda read, digest: is_there(storage, read, digest))
    chosen = _chosen(scan, plan, reader)
    done, last = 0, plan.after
    for keyframe, digest in chosen:
        if run.ends_at is not None and monotonic() > run.ends_at and done:
            return done, last, 0
        finding = look(reader.read, digest)
        is_deleted = bytes.fromhex(digest) in scan.deleted
        if finding is not None and not (is_deleted and finding.code is FindingCode.PAYLOAD_MISSING):
            message = f"{finding.message} Named by record {scan.payloads[bytes.fromhex(digest)]}."
            run.findings.add(finding.code, finding.target, message)
        done, last = done + 1, f"{keyframe}/{digest}"
        run.progress("payloads", done, len(chosen))
    return done, "", find_extra(storage, scan.payloads.keys(), run.findings, now=run.now)


def _chosen(scan: LedgerScan, plan: VerifyPlan, reader: PayloadReader) -> list[tuple[str, str]]:
    """(keyframe, Payload) of those that are left to be read. What moved since a run was stopped was read as it did."""
    digests: Iterable[str] = (digest.hex() for digest in scan.payloads)
    drawn = reader.order(digest for digest in digests if in_sample(digest, seed=plan.seed, share=plan.share))
    keyframe, _, last = plan.after.partition("/")
    reached = (keyframe, keyframe != last, last)
    return [one for one in drawn if not plan.after or (one[0], one[0] != one[1], one[1]) > reached]


def _says(storage: Storage, name: str, text: str) -> bool:
    try:
        return storage.read(name).strip() == text.encode()
    except (FileNotFoundError, ArchiveError):
        return False


def reopen(root: Storage | Path) -> Archive | None:
    """The archive for the record of the verification, None when it is too damaged to be written."""
    try:
        return open_archive(root)
    except ArchiveError:
        return None
