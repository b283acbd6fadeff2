"""After a crash: give every record that the ledger holds its row, and remove bytes whose tombstone it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from watcher.archive import LedgerRecord, capture_of
from watcher.errors import NotFoundError
from watcher.model.capture import Capture
from watcher.model.source import Definition, Source, SourceKind, SourceState
from watcher.pipeline.ports import Rooms
from watcher.pipeline.record import Attempt, is_of_former_address, record_attempt, record_import
from watcher.pipeline.register import record_definition
from watcher.pipeline.tombstone import finish_deletion
from watcher.store import audit, captures, evidence, sources
from watcher.store.database import Connection
from watcher.store.types import from_json


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """How many Captures, acts and Definitions got their row, and how many old Definitions their record."""

    captures: int
    acts: int
    sealed: int


def recover(rooms: Rooms) -> Recovered:
    """Finish what processes left that ended between ledger and database; the ledger is read once.

    Safe while other processes record theirs: recording something twice changes nothing. A Definition that would
    have to be put before one that is there is left to `watcher verify`.
    """
    with rooms.database.reading() as connection:
        known = captures.recorded_sequences(connection)
        acts, defined = audit.recorded_acts(connection), sources.recorded_definitions(connection)
        loose = evidence.count_without_record(connection)
    missing: list[LedgerRecord] = []
    attempts: list[Capture] = []
    has_definitions = False
    for record in rooms.archive.records():
        if record.type == "capture" and record.sequence not in known:
            attempts.append(capture_of(record))
        elif record.type == "tombstone":
            finish_deletion(rooms, record)
        elif record.type == "audit" and record.sequence not in acts:
            missing.append(record)
        elif record.type == "definition":
            has_definitions = True
            if record.sequence not in defined:
                missing.append(record)
    given = 0
    for record in missing:
        with rooms.database.writing() as connection:
            given += _define(connection, record) if record.type == "definition" else _act(connection, record)
    for capture in attempts:
        if capture.trigger.is_brought_in:
            record_import(rooms, capture)
        else:
            _record(rooms, capture)
    sealed = _seal_definitions(rooms) if loose and not has_definitions else 0
    return Recovered(captures=len(attempts), acts=given, sealed=sealed)


def _record(rooms: Rooms, capture: Capture) -> None:
    """A Capture with what follows from it; alone when it asked a former address, or its Source has no Definition."""
    try:
        with rooms.database.reading() as connection:
            definition = sources.get_source(connection, capture.source_id).definition
    except NotFoundError:
        definition = None
    if definition is None or is_of_former_address(definition, capture):
        with rooms.database.writing() as connection:
            captures.add_capture(connection, capture)
    else:
        record_attempt(rooms, Attempt(capture=capture))


def _seal_definitions(rooms: Rooms) -> int:
    """Give the Definitions of a database from before they had records one each; returns how many."""
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
