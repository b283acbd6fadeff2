"""After a crash: give every record that the ledger holds its row, and remove bytes whose tombstone it holds."""

from __future__ import annotations

import json
from datetime import datetime

from watcher.archive import LedgerRecord, capture_of
from watcher.model.capture import Capture
from watcher.model.source import Definition, Source, SourceKind, SourceState
from watcher.pipeline.ports import Rooms
from watcher.pipeline.record import Attempt, is_of_former_address, record_attempt, record_import
from watcher.pipeline.register import record_definition
from watcher.pipeline.tombstone import finish_deletion
from watcher.store import audit, captures, evidence, sources
from watcher.store.database import Connection
from watcher.store.types import from_json


def record_missing(rooms: Rooms) -> int:
    """Record Captures whose process ended between ledger and database; returns how many there were.

    Safe while other processes record theirs: recording a Capture twice changes nothing.
    """
    with rooms.database.reading() as connection:
        known = captures.recorded_sequences(connection)
    missing = []
    for record in rooms.archive.records():
        if record.type == "capture" and record.sequence not in known:
            missing.append(capture_of(record))
        elif record.type == "tombstone":
            finish_deletion(rooms, record)
    for capture in missing:
        if capture.trigger.is_brought_in:
            record_import(rooms, capture)
        else:
            _record(rooms, capture)
    return len(missing)


def _record(rooms: Rooms, capture: Capture) -> None:
    with rooms.database.reading() as connection:
        definition = sources.get_source(connection, capture.source_id).definition
    if is_of_former_address(definition, capture):
        with rooms.database.writing() as connection:
            captures.add_capture(connection, capture)
    else:
        record_attempt(rooms, Attempt(capture=capture))


def record_acts(rooms: Rooms) -> int:
    """Finish registrations whose process ended between ledger and database; returns how many rows that gave.

    A Definition that would have to be put before one that is there is left to `watcher verify`.
    """
    with rooms.database.reading() as connection:
        acts, defined = audit.recorded_acts(connection), sources.recorded_definitions(connection)
    missing = [
        record
        for record in rooms.archive.records()
        if (record.type == "audit" and record.sequence not in acts)
        or (record.type == "definition" and record.sequence not in defined)
    ]
    given = 0
    for record in missing:
        with rooms.database.writing() as connection:
            given += _define(connection, record) if record.type == "definition" else _act(connection, record)
    return given


def seal_definitions(rooms: Rooms) -> int:
    """Give the Definitions of a database from before they had records one each; returns how many."""
    with rooms.database.reading() as connection:
        number = evidence.count_without_record(connection)
    if not number or any(record.type == "definition" for record in rooms.archive.records()):
        return 0
    with rooms.database.reading() as connection:
        loose = sources.definitions_without_record(connection)
    for source_id, valid_from, definition in loose:
        sequence = record_definition(rooms, source_id, definition, valid_from=valid_from)
        with rooms.database.writing() as connection:
            sources.set_definition_record(connection, source_id, valid_from, sequence=sequence)
    return len(loose)


def _define(connection: Connection, record: LedgerRecord) -> int:
    body = record.body
    source_id, definition = str(body["source_id"]), from_json(Definition, json.dumps(body["definition"]))
    valid_from = datetime.fromisoformat(str(body["valid_from"]))
    last = sources.last_valid_from(connection, source_id)
    if last is None and not sources.exists(connection, source_id):
        watched = definition.kind is not SourceKind.UPLOAD
        source = Source(
            source_id=source_id,
            state=SourceState.ACTIVE,
            definition=definition,
            registered_at=valid_from,
            next_check_at=valid_from if watched else None,
        )
        sources.add_source(connection, source, sequence=record.sequence)
        return 1
    if last is None or last >= valid_from or record.sequence in sources.recorded_definitions(connection):
        return 0
    sources.replace_definition(connection, source_id, definition, now=valid_from, sequence=record.sequence)
    return 1


def _act(connection: Connection, record: LedgerRecord) -> int:
    if record.sequence in audit.recorded_acts(connection):
        return 0
    body = record.body
    before, after = body.get("before"), body.get("after")
    entry = audit.AuditEntry(
        sequence=record.sequence,
        recorded_at=datetime.fromisoformat(str(body["recorded_at"])),
        user=str(body["user"]),
        action=str(body["action"]),
        target=str(body["target"]),
        before=json.dumps(before, ensure_ascii=False) if before is not None else None,
        after=json.dumps(after, ensure_ascii=False) if after is not None else None,
    )
    audit.add_audit(connection, entry)
    return 1
