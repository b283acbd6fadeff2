"""After a crash: give every Capture that the ledger holds its row, and remove bytes whose tombstone it holds."""

from __future__ import annotations

from watcher.archive import capture_of
from watcher.model.capture import Trigger
from watcher.pipeline.ports import Rooms
from watcher.pipeline.record import Attempt, record_attempt, record_import
from watcher.pipeline.tombstone import finish_deletion
from watcher.store import captures


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
        if capture.trigger is Trigger.IMPORT:
            record_import(rooms, capture)
        else:
            record_attempt(rooms, Attempt(capture=capture))
    return len(missing)
