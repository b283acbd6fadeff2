"""Rows of the database against the records of the ledger: each must say what its record says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from watcher.archive import LedgerRecord, capture_of
from watcher.archive.findings import FindingCode, Findings
from watcher.archive.ledger_files import RECORDS_PER_FILE
from watcher.errors import ArchiveError, StoreError
from watcher.model.capture import Capture
from watcher.store import evidence
from watcher.store.captures import LARGEST_INTEGER
from watcher.store.database import Database
from watcher.store.types import to_json

TABLES = {"capture": "captures", "definition": "definitions", "audit": "audit"}
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rowless:
    """A record without a row in `table`: of which Source, written when, where its type says so."""

    sequence: int
    table: str
    source_id: str
    at: datetime | None


@dataclass(kw_only=True, slots=True)
class RowCheck:
    """Compares a chunk at a time. `missing` are records without a row so far."""

    database: Database
    findings: Findings
    rows: int = 0
    missing: list[Rowless] = field(default_factory=list)

    def chunk(self, first: int, records: Mapping[int, LedgerRecord]) -> None:
        """Rows of the places of one ledger file against its records."""
        for record_type, table in TABLES.items():
            try:
                with self.database.reading() as connection:
                    rows = evidence.evidence_rows(connection, table, first=first, last=first + RECORDS_PER_FILE)
            except StoreError as error:
                target = f"{table} {first} to {first + RECORDS_PER_FILE - 1}"
                self.findings.add(FindingCode.ROW_UNREADABLE, target, str(error))
                continue
            self._compare(record_type, table, rows, records, is_open=len(records) < RECORDS_PER_FILE)

    def _compare(
        self,
        record_type: str,
        table: str,
        rows: list[tuple[int, Row]],
        records: Mapping[int, LedgerRecord],
        *,
        is_open: bool,
    ) -> None:
        newest = max(records, default=-1)
        there = set()
        for sequence, row in rows:
            there.add(sequence)
            record = records.get(sequence)
            if record is None and is_open and sequence > newest:
                continue  # written since the ledger was read, or cut off: `beyond` tells which
            self.rows += 1
            target = f"{table} {sequence}"
            if record is None or record.type != record_type:
                found = "there is none" if record is None else f"that record is of type {record.type[:40]}"
                self.findings.add(FindingCode.ROW_WITHOUT_RECORD, target, f"has no record: {found}")
            elif wrong := differing(record, row):
                message = f"does not say what its record says: {', '.join(wrong)}"
                self.findings.add(FindingCode.ROW_DIFFERS, target, message)
        for sequence, record in records.items():
            if record.type == record_type and sequence not in there:
                source_id, ended_at = (str(record.body.get(name, "")) for name in ("source_id", "ended_at"))
                self.missing.append(
                    Rowless(sequence=sequence, table=table, source_id=source_id, at=moment_of(ended_at))
                )

    def beyond(self, size: Callable[[], int], *, read: int) -> None:
        """Rows at or after the end of the ledger as it was read: fine when the ledger has grown since."""
        for table in TABLES.values():
            try:
                with self.database.reading() as connection:
                    sequences = evidence.rows_from(connection, table, first=read)
            except StoreError as error:
                self.findings.add(FindingCode.ROW_UNREADABLE, table, str(error))
                continue
            known = size() if sequences else read
            for sequence in sequences:
                if not isinstance(sequence, int) or not 0 <= sequence < known:
                    message = f"has no record: the ledger has {known}"
                    self.findings.add(FindingCode.ROW_WITHOUT_RECORD, f"{table} {str(sequence)[:40]}", message)

    def still_missing(self) -> list[Rowless]:
        """Records that have no row when looked at again."""
        return [one for one in self.missing if not self._has_row(one.table, one.sequence)]

    def _has_row(self, table: str, sequence: int) -> bool:
        if not 0 <= sequence < LARGEST_INTEGER:
            return False
        with suppress(StoreError), self.database.reading() as connection:
            return bool(evidence.evidence_rows(connection, table, first=sequence, last=sequence + 1))
        return False


def differing(record: LedgerRecord, row: Row) -> list[str]:
    """The columns in which a row does not say what its record says."""
    try:
        expected = _EXPECTED[record.type](record)
    except (ArchiveError, KeyError, TypeError, ValueError, RecursionError):
        return ["the record itself is not readable"]
    return [name for name, value in expected.items() if not _says(row.get(name), value)]


def _capture_columns(record: LedgerRecord) -> dict[str, Any]:
    capture = capture_of(record)
    columns = {
        "source_id": capture.source_id,
        "captured_at": capture.captured_at,
        "outcome": capture.outcome.value,
        "payload_sha256": capture.payload_sha256,
        "trigger": capture.trigger.value,
        "body": _Json(json.loads(to_json(Capture, capture))),
    }
    return columns | {"slot_at": _Either((None, capture.slot_at))}


def _definition_columns(record: LedgerRecord) -> dict[str, Any]:
    body = record.body
    return {
        "source_id": body["source_id"],
        "valid_from": datetime.fromisoformat(str(body["valid_from"])),
        "definition_sha256": body["definition_sha256"],
        "body": _Json(body["definition"]),
    }


def _audit_columns(record: LedgerRecord) -> dict[str, Any]:
    body = record.body
    return {
        "recorded_at": datetime.fromisoformat(str(body["recorded_at"])),
        "user": body["user"],
        "action": body["action"],
        "target": body["target"],
        "before": _Json(body["before"]),
        "after": _Json(body["after"]),
    }


_EXPECTED: Mapping[str, Callable[[LedgerRecord], dict[str, Any]]] = {
    "capture": _capture_columns,
    "definition": _definition_columns,
    "audit": _audit_columns,
}


@dataclass(frozen=True, slots=True)
class _Json:
    """A value that the row holds as JSON text; None may be NULL."""

    value: Any


@dataclass(frozen=True, slots=True)
class _Either:
    """One of several values."""

    values: tuple[Any, ...]


def _says(found: Any, expected: Any) -> bool:
    if isinstance(expected, _Either):
        return any(_says(found, value) for value in expected.values)
    if isinstance(expected, _Json):
        return (found is None and expected.value is None) or _is_json(found, expected.value)
    if isinstance(expected, datetime):
        return moment_of(found) == expected.astimezone(UTC)
    return type(found) is type(expected) and found == expected


def _is_json(found: Any, expected: Any) -> bool:
    try:
        return isinstance(found, str) and bool(json.loads(found) == expected)
    except (ValueError, RecursionError):
        return False


def moment_of(found: Any) -> datetime | None:
    """A moment as a row or record holds it, None when it holds none; without a zone it is UTC."""
    try:
        moment = found if isinstance(found, datetime) else datetime.fromisoformat(found)
    except (ValueError, TypeError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
