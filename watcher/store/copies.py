"""A copy of the database while it is in use, and what a restored copy must not do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, update

from watcher.errors import StoreError
from watcher.model.subscription import DeliveryState
from watcher.store.database import open_database, sqlite_path
from watcher.store.schema import SCHEMA, deliveries

UNSETTLED = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN)
RESTORED = "not sent: restored from a backup; it may have been sent after that. `watcher digest resume` sends it"

__all__ = ["SCHEMA", "copy_database", "hold_outbox", "resume_outbox"]


def copy_database(url: str, target: Path) -> None:
    """Copy a database into a new file by SQLite's backup interface: one moment of it, while others go on writing."""
    path = sqlite_path(url)
    if path is None:
        raise StoreError("only an SQLite database is backed up here: use pg_dump, and copy the archive after it")
    target.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            (checked,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} could not be copied to {target}: {error}") from error
    if checked != "ok":
        raise StoreError(f"{path} is damaged ({checked}): the copy of it is no backup. Restore an older one.")


def hold_outbox(url: str, sent: dict[str, str]) -> int:
    """Take every message that was owed out of the outbox of a restored database; returns how many wait for a person.

    `sent` are the delivery ids that the ledger knows as sent, with the time: those are sent.
    """
    database = open_database(url)
    try:
        with database.writing() as connection:
            _mark_sent(connection, sent)
            held = connection.execute(
                update(deliveries)
                .where(deliveries.c.state.in_(UNSETTLED))
                .values(state=DeliveryState.FAILED, next_attempt_at=None, lease_until=None, last_error=RESTORED)
            )
            return held.rowcount
    finally:
        database.close()


def _mark_sent(connection: Connection, sent: dict[str, str]) -> None:
    """Mark Deliveries as sent whose record the ledger holds: the process ended before it could write the row."""
    for delivery_id, moment in sent.items():
        connection.execute(
            update(deliveries)
            .where(deliveries.c.delivery_id == delivery_id, deliveries.c.state.in_(UNSETTLED))
            .values(
                state=DeliveryState.SENT,
                sent_at=datetime.fromisoformat(moment),
                next_attempt_at=None,
                lease_until=None,
                last_error="",
            )
        )


def resume_outbox(connection: Connection, *, now: datetime) -> int:
    """Owe the messages again that a restore took out of the outbox; returns how many."""
    resumed = connection.execute(
        update(deliveries)
        .where(deliveries.c.state == DeliveryState.FAILED, deliveries.c.last_error == RESTORED)
        .values(state=DeliveryState.PENDING, next_attempt_at=now, last_error="")
    )
    return resumed.rowcount
