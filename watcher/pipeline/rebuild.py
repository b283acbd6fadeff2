"""The database again, from the archive alone: every record in turn, through the same pipe as on its day.

Sources, Definitions, Captures, Snapshots and the audit trail are what the ledger says. Versions, Positions and
Changes are derived again by today's extractors and pack. Nothing is written to the archive and nobody is told:
Subscriptions and Digests are no evidence, are in no archive, and stay empty.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from watcher.archive import LedgerRecord, capture_of
from watcher.errors import ArchiveError, NotFoundError, StoreError
from watcher.model.capture import Capture
from watcher.model.source import Definition, Source, SourceKind, SourceState
from watcher.pipeline.ports import Rooms
from watcher.pipeline.record import (
    Attempt,
    is_of_former_address,
    record_attempt,
    record_import,
    record_unchanged,
)
from watcher.pipeline.release import release_recorded_by
from watcher.pipeline.upgrade import UpgradeEnd, upgrade_recorded_by
from watcher.pipeline.watch import attempt_again, needs_reading
from watcher.store import audit, captures, claims, rebuild, sources
from watcher.store.database import Connection
from watcher.store.types import from_json

TOGETHER = 500
REGISTERED = ("source.add", "source.change", "source.move")
STATES = {
    "source.pause": SourceState.PAUSED,
    "source.resume": SourceState.ACTIVE,
    "source.retire": SourceState.RETIRED,
    "source.quarantine": SourceState.QUARANTINED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a rebuild is: records read of all, and what could not be read again, one sentence each."""

    done: int
    of: int
    problems: tuple[str, ...] = ()


@dataclass(kw_only=True)
class _Waiting:
    """Attempts from which nothing follows but their rows: written together, at most one of each Source.

    `definitions` are (valid_from, sequence) of the Definitions whose act has not been read yet, by Source.
    """

    attempts: list[Attempt] = field(default_factory=list)
    definitions: dict[str, tuple[datetime, int]] = field(default_factory=dict)

    def holds(self, source_id: str) -> bool:
        return any(attempt.capture.source_id == source_id for attempt in self.attempts)


def rebuild_database(rooms: Rooms) -> Iterator[Progress]:
    """Fill the rooms' database, which is empty or was begun by a rebuild that was stopped; yields as it goes on.

    Each record is one transaction at most, in the order of the ledger, so that a stopped rebuild goes on where it
    was. StoreError when the database is that of another archive.
    """
    size = rooms.archive.size()
    with rooms.database.reading() as connection:
        start = rebuild.last_recorded(connection) + 1
    if start > size:
        raise StoreError(
            f"the rebuild that was begun has {start} records and the archive {size}: it is that of another archive. "
            "Remove the file that ends with .rebuild and start again."
        )
    problems: list[str] = []
    waiting = _Waiting()
    for record in rooms.archive.records(start):
        problems += _replay(rooms, record, waiting)
        if record.sequence % TOGETHER == TOGETHER - 1:
            yield Progress(done=record.sequence + 1, of=size, problems=tuple(problems))
    _write(rooms, waiting)
    yield Progress(done=size, of=size, problems=tuple(problems))


def _replay(rooms: Rooms, record: LedgerRecord, waiting: _Waiting) -> list[str]:
    if record.type == "capture":
        return _replay_capture(rooms, capture_of(record), waiting)
    if record.type == "definition":
        _write(rooms, waiting)
        _replay_definition(rooms, record, waiting)
    if record.type == "audit":
        _write(rooms, waiting)
        return _replay_act(rooms, record, waiting)
    return []


def _write(rooms: Rooms, waiting: _Waiting) -> None:
    record_unchanged(rooms, waiting.attempts)
    waiting.attempts.clear()


def _replay_capture(rooms: Rooms, capture: Capture, waiting: _Waiting) -> list[str]:
    if waiting.holds(capture.source_id) or len(waiting.attempts) >= TOGETHER:
        _write(rooms, waiting)
    then = replace(rooms, clock=lambda: capture.ended_at)
    if capture.trigger.is_brought_in:
        _write(rooms, waiting)
        return _or_alone(then, Attempt(capture=capture), lambda: record_import(then, capture))
    try:
        with rooms.database.reading() as connection:
            claim = claims.unclaimed(connection, capture.source_id, slot_at=capture.slot_at)
    except NotFoundError as error:
        raise ArchiveError(
            f"ledger record {capture.sequence} is a Capture of {capture.source_id!r}, and no record before it "
            "registers that Source. The ledger is not whole: restore it from a backup."
        ) from error
    if is_of_former_address(claim.source.definition, capture):
        _write(rooms, waiting)
        with rooms.database.writing() as connection:
            captures.add_capture(connection, capture)
        return []
    attempt = attempt_again(claim, capture)
    if not needs_reading(attempt):
        waiting.attempts.append(attempt)
        return []
    _write(rooms, waiting)
    return _or_alone(then, attempt, lambda: record_attempt(then, attempt))


def _or_alone(rooms: Rooms, attempt: Attempt, record: Callable[[], object]) -> list[str]:
    """Record with all that follows; a Capture whose bytes cannot be read is recorded alone, and said."""
    try:
        record()
    except ArchiveError as error:
        with rooms.database.writing() as connection:
            captures.add_capture(connection, attempt.capture)
            if attempt.finished is not None:
                claims.finish_claims(connection, [attempt.finished])
        return [f"Capture {attempt.capture.sequence} has its row, and no Version: {error}"]
    return []


def _replay_act(rooms: Rooms, record: LedgerRecord, waiting: _Waiting) -> list[str]:
    try:
        entry = audit.entry_of(record.sequence, record.body)
    except (KeyError, TypeError, ValueError) as error:
        raise ArchiveError(f"ledger record {record.sequence} is no readable act: {error}") from error
    if entry.action == "version.release" and _release_again(rooms, entry):
        return []
    if entry.action == "version.upgrade" and _upgrade_again(rooms, entry):
        return []
    with rooms.database.writing() as connection:
        _apply(connection, entry, record.body.get("after"), waiting)
        audit.add_audit(connection, entry)
    if entry.action == "version.release":
        return [f"the release in record {entry.sequence} had nothing to release: its page reads otherwise today"]
    return []


def _release_again(rooms: Rooms, entry: audit.AuditEntry) -> bool:
    then = replace(rooms, clock=lambda: entry.recorded_at)
    try:
        release_recorded_by(then, entry.target, lambda connection, _: audit.add_audit(connection, entry))
    except NotFoundError:
        return False
    return True


def _upgrade_again(rooms: Rooms, entry: audit.AuditEntry) -> bool:
    then = replace(rooms, clock=lambda: entry.recorded_at)
    done = upgrade_recorded_by(then, entry.target, lambda connection, *_: audit.add_audit(connection, entry))
    return done.end is UpgradeEnd.UPGRADED


def _apply(connection: Connection, entry: audit.AuditEntry, after: Any, waiting: _Waiting) -> None:
    """What an act did to the registry; acts on other things leave their row alone."""
    at, sequence = waiting.definitions.pop(entry.target, (entry.recorded_at, None))
    if entry.action == "source.quarantine":
        claims.quarantine(connection, [entry.target])
    elif entry.action in STATES:
        source = sources.get_source(connection, entry.target)
        _set_state(connection, source, STATES[entry.action], entry.recorded_at)
    elif entry.action in REGISTERED:
        _register(connection, entry.target, _definition(after["definition"]), SourceState(after["state"]), at)
        if sequence is not None:
            rebuild.tie_definition(connection, entry.target, at, sequence)


def _register(connection: Connection, source_id: str, definition: Definition, state: SourceState, at: datetime) -> None:
    try:
        known = sources.get_source(connection, source_id)
    except NotFoundError:
        watched = definition.kind is not SourceKind.UPLOAD and state is SourceState.ACTIVE
        source = Source(
            source_id=source_id,
            state=state,
            definition=definition,
            registered_at=at,
            next_check_at=at if watched else None,
        )
        sources.add_source(connection, source)
        return
    if known.definition != definition:
        sources.replace_definition(connection, source_id, definition, now=at)
    if state is not known.state or state is not SourceState.ACTIVE:
        _set_state(connection, replace(known, definition=definition), state, at)


def _set_state(connection: Connection, source: Source, state: SourceState, at: datetime) -> None:
    watched = state is SourceState.ACTIVE and source.definition.url
    sources.set_state(connection, source.source_id, state, next_check_at=at if watched else None)


def _replay_definition(rooms: Rooms, record: LedgerRecord, waiting: _Waiting) -> None:
    """A Definition's own record comes before the act that brings it into force, or long after its row was made."""
    source_id = str(record.body["source_id"])
    valid_from = datetime.fromisoformat(str(record.body["valid_from"]))
    with rooms.database.writing() as connection:
        if not rebuild.tie_definition(connection, source_id, valid_from, record.sequence):
            waiting.definitions[source_id] = (valid_from, record.sequence)


def _definition(plain: object) -> Definition:
    return from_json(Definition, json.dumps(plain))
