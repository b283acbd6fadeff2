"""Evidence rows exactly as they lie there, for comparison with their records: nothing is converted or believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from watcher.errors import StoreError

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "captures": ("source_id", "slot_at", "captured_at", "outcome", "payload_sha256", "trigger", "body"),
    "definitions": ("source_id", "valid_from", "definition_sha256", "body"),
    "audit": ("recorded_at", "user", "action", "target", "before", "after"),
}
Row = Mapping[str, Any]


def evidence_rows(connection: Connection, table: str, *, first: int, last: int) -> list[tuple[int, Row]]:
    """(sequence, columns) of the rows with first <= sequence < last. StoreError when they cannot be read."""
    query = text(
        f"SELECT sequence, {_names(table)} FROM {table} WHERE sequence >= :first AND sequence < :last ORDER BY sequence"  # noqa: S608
    )
    return list(_rows(connection, query, {"first": first, "last": last}))


def rows_from(connection: Connection, table: str, *, first: int) -> list[int]:
    """Sequences at and after `first`, and those below 0."""
    query = text(f"SELECT sequence FROM {table} WHERE sequence >= :first OR sequence < 0 ORDER BY sequence")  # noqa: S608
    return [sequence for sequence, _ in _rows(connection, query, {"first": first})]


def count_without_record(connection: Connection) -> int:
    """How many Definitions have no record."""
    query = text("SELECT count(*) AS sequence FROM definitions WHERE sequence IS NULL")
    return next((number for number, _ in _rows(connection, query, {})), 0)


def digest_checkpoints(connection: Connection) -> list[tuple[str, str]]:
    """(digest_id, checkpoint) of all Digests, as they were composed."""
    query = text("SELECT 0 AS sequence, digest_id, checkpoint FROM digests ORDER BY composed_at")
    return [(str(row["digest_id"]), str(row["checkpoint"])) for _, row in _rows(connection, query, {})]


def _names(table: str) -> str:
    return ", ".join(f'"{name}"' for name in COLUMNS[table])


def _rows(connection: Connection, query: Any, values: dict[str, Any]) -> Iterator[tuple[int, Row]]:
    try:
        with _lenient_text(connection):
            for row in connection.execute(query, values):
                columns = dict(row._mapping)
                yield columns.pop("sequence"), columns
    except DBAPIError as error:
        raise StoreError(f"rows cannot be read: {error.orig}") from error


@contextmanager
def _lenient_text(connection: Connection) -> Iterator[None]:
    """SQLite hands out text that is no UTF-8 as well, with the bytes that are none marked."""
    driver = connection.connection.driver_connection
    if driver is None or connection.dialect.name != "sqlite":
        yield
        return
    before = driver.text_factory
    driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = before
