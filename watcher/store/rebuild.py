"""What a rebuild asks of the database: whether it is empty, how far it came, and where it is made."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select, update

from watcher.errors import StoreError
from watcher.store.database import create_database, open_database, sqlite_path
from watcher.store.schema import (
    audit,
    captures,
    changes,
    definitions,
    digests,
    metadata,
    sources,
    subscriptions,
    versions,
)

_OWN = frozenset({"hosts", "robots"})  # what a service writes before it has anything to keep


def is_empty(connection: Connection) -> bool:
    """Whether no table holds anything that a rebuild would put there or leave out."""
    kept = [table for name, table in metadata.tables.items() if name not in _OWN]
    return not any(connection.execute(select(table).limit(1)).first() for table in kept)


def last_recorded(connection: Connection) -> int:
    """The ledger sequence of the newest Capture or act that has its row; -1 when there is none."""
    newest = [connection.execute(select(func.max(table.c.sequence))).scalar() for table in (captures, audit)]
    return max((sequence for sequence in newest if sequence is not None), default=-1)


def tie_definition(connection: Connection, source_id: str, valid_from: datetime, sequence: int) -> bool:
    """Tie the row of a Definition to its ledger record; False when there is no such row."""
    ours = (definitions.c.source_id == source_id, definitions.c.valid_from == valid_from)
    if "sequence" in definitions.c:
        return connection.execute(update(definitions).where(*ours).values(sequence=sequence)).rowcount > 0
    return connection.execute(select(definitions.c.source_id).where(*ours)).first() is not None


def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows the tables hold that people ask for."""
    tables = (sources, captures, versions, changes, audit, subscriptions, digests)
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def begin_rebuild(url: str) -> str:
    """The address of the database that a rebuild fills: a new one beside `url`, or the one that was begun before.

    StoreError when there is a database at `url` that holds something. Databases other than SQLite are not rebuilt.
    """
    place = _place(url)
    if place.exists():
        _require_empty(url, place)
    begun = f"sqlite:///{_beside(place)}"
    if not _beside(place).exists():
        create_database(begun)
    return begun


def finish_rebuild(url: str) -> None:
    """Put the database that a rebuild filled in its place; it appears there only now, and whole."""
    place = _place(url)
    begun = _beside(place)
    with closing(sqlite3.connect(begun)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if place.exists():
        _require_empty(url, place)
    for ending in ("-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)
    begun.rename(place)


def _place(url: str) -> Path:
    place = sqlite_path(url)
    if place is None:
        raise StoreError(
            "only an SQLite database is rebuilt: set store.url to one, rebuild, and move the rows with your own tools"
        )
    return place


def _beside(place: Path) -> Path:
    return place.with_name(place.name + ".rebuild")


def _require_empty(url: str, place: Path) -> None:
    database = open_database(url)
    try:
        with database.reading() as connection:
            empty = is_empty(connection)
    finally:
        database.close()
    if not empty:
        raise StoreError(
            f"the database {place} is not empty, so nothing was rebuilt. Move it away first, with its -wal file; "
            "what it holds beside the evidence (Subscriptions, Digests) is in no archive."
        )
