"""What verification can find: stable codes, each with what it means and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

KEPT_PER_CODE = 500


class FindingCode(StrEnum):
    """Stable names, for programs and reports; never reused for something else."""

    LEDGER_FILE = "ledger_file"
    RECORD_UNREADABLE = "record_unreadable"
    RECORD_SEQUENCE = "record_sequence"
    RECORD_FORM = "record_form"
    RECORD_FIELDS = "record_fields"
    KEY_RECORD = "key_record"
    KEY_MISMATCH = "key_mismatch"
    CHECKPOINT_UNREADABLE = "checkpoint_unreadable"
    CHECKPOINT_SIGNATURE = "checkpoint_signature"
    CHECKPOINT_ROOT = "checkpoint_root"
    CHECKPOINT_AHEAD = "checkpoint_ahead"
    ROW_MISSING = "row_missing"
    ROW_WITHOUT_RECORD = "row_without_record"
    ROW_DIFFERS = "row_differs"
    ROW_UNREADABLE = "row_unreadable"
    PAYLOAD_MISSING = "payload_missing"
    PAYLOAD_DAMAGED = "payload_damaged"
    PAYLOAD_UNREADABLE = "payload_unreadable"
    PAYLOAD_EXTRA = "payload_extra"


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """What a code means and what to do about it, a line each."""

    meaning: str
    remedy: str


_RESTORE_LEDGER = "keep what is there as it is, compare the ledger with a backup and restore it from there"

EXPLAINED: Mapping[FindingCode, Explained] = MappingProxyType(
    {
        FindingCode.LEDGER_FILE: Explained(
            meaning="a file of the ledger is missing, cannot be read or has another number of records than it should",
            remedy=_RESTORE_LEDGER,
        ),
        FindingCode.RECORD_UNREADABLE: Explained(
            meaning="a line of the ledger is no record: damaged or overwritten", remedy=_RESTORE_LEDGER
        ),
        FindingCode.RECORD_SEQUENCE: Explained(
            meaning="a record is not at its place: one was removed, inserted or moved", remedy=_RESTORE_LEDGER
        ),
        FindingCode.RECORD_FORM: Explained(
            meaning="a record is not written in the one canonical form: it was edited by hand", remedy=_RESTORE_LEDGER
        ),
        FindingCode.RECORD_FIELDS: Explained(
            meaning="a record does not have the fields of its type: edited, or its type was changed",
            remedy=_RESTORE_LEDGER,
        ),
        FindingCode.KEY_RECORD: Explained(
            meaning="a key of the ledger is not vouched for: its record is broken, or the key before did not sign it",
            remedy="compare the key with the vkey that was kept elsewhere; if it is yours, give it with --key",
        ),
        FindingCode.KEY_MISMATCH: Explained(
            meaning="the ledger's key is not the one that is trusted: the private key's, or that of --key",
            remedy="set archive.key to this archive's key; if that is so already, the ledger was written anew",
        ),
        FindingCode.CHECKPOINT_UNREADABLE: Explained(
            meaning="a file in checkpoints/ is no checkpoint of this archive",
            remedy="restore it from a backup, or take it away if somebody put it there",
        ),
        FindingCode.CHECKPOINT_SIGNATURE: Explained(
            meaning="a checkpoint is not signed by the key that was in force: it was forged or damaged",
            remedy="restore it from a backup, or look the same size up in a Digest that was sent",
        ),
        FindingCode.CHECKPOINT_ROOT: Explained(
            meaning="the records that a checkpoint covers are no longer those that were signed",
            remedy="records up to its size were changed: " + _RESTORE_LEDGER,
        ),
        FindingCode.CHECKPOINT_AHEAD: Explained(
            meaning="a checkpoint covers more records than the ledger has: its end was cut off",
            remedy=_RESTORE_LEDGER,
        ),
        FindingCode.ROW_MISSING: Explained(
            meaning="a record has no row in the database: deleted, or a process ended between record and row",
            remedy="the next start gives Captures, Definitions and acts their rows again; else restore the database",
        ),
        FindingCode.ROW_WITHOUT_RECORD: Explained(
            meaning="a row has no record in the ledger: put in by hand, or the ledger lost its end",
            remedy="do not rely on the row; compare database and ledger with a backup",
        ),
        FindingCode.ROW_DIFFERS: Explained(
            meaning="a row of the database does not say what its record says: it was edited",
            remedy="the record is the evidence: restore the database from a backup or rebuild it from the archive",
        ),
        FindingCode.ROW_UNREADABLE: Explained(
            meaning="rows of the database cannot be read: damaged",
            remedy="restore the database from a backup or rebuild it from the archive",
        ),
        FindingCode.PAYLOAD_MISSING: Explained(
            meaning="a Payload that a record names is not there", remedy="restore the file from a backup"
        ),
        FindingCode.PAYLOAD_DAMAGED: Explained(
            meaning="a Payload no longer has its digest: flipped bits, cut or exchanged",
            remedy="restore the file from a backup; several at once: check the disk",
        ),
        FindingCode.PAYLOAD_UNREADABLE: Explained(
            meaning="the disk did not give a Payload back, or this user may not read it",
            remedy="look at the rights of the file and at the disk's own log; restore the file from a backup",
        ),
        FindingCode.PAYLOAD_EXTRA: Explained(
            meaning="a file or an entry of a pack that no record names: left by a crash, or put there by somebody",
            remedy="no evidence rests on it; look at it and move it away",
        ),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding: its code, what it is about ("record 12", "payload ab…") and what was seen."""

    code: FindingCode
    target: str
    message: str


class Findings:
    """Collects findings: all are counted, at most 500 of a code are kept."""

    def __init__(self, kept: Iterable[Finding] = ()) -> None:
        self.counts: Counter[FindingCode] = Counter()
        self.kept: list[Finding] = []
        for finding in kept:
            self.add(finding.code, finding.target, finding.message)

    def add(self, code: FindingCode, target: str, message: str) -> None:
        """One more."""
        self.counts[code] += 1
        if self.counts[code] <= KEPT_PER_CODE:
            self.kept.append(Finding(code=code, target=target, message=message))
