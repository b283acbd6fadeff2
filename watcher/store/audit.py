"""The audit trail: who did what, with the state before and after. Each row has its ledger record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from watcher.store.schema import audit


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    """One act. `before` and `after` are JSON texts or None; `sequence` is the place in the ledger."""

    sequence: int
    recorded_at: datetime
    user: str
    action: str
    target: str
    before: str | None = None
    after: str | None = None


def add_audit(connection: Connection, entry: AuditEntry) -> None:
    """Record one act; rows are never changed."""
    connection.execute(
        insert(audit).values(
            sequence=entry.sequence,
            recorded_at=entry.recorded_at,
            user=entry.user,
            action=entry.action,
            target=entry.target,
            before=entry.before,
            after=entry.after,
        )
    )


def recorded_acts(connection: Connection) -> set[int]:
    """The ledger sequences of all acts that have their row."""
    return set(connection.execute(select(audit.c.sequence)).scalars())


def list_audit(connection: Connection, *, target: str | None = None, limit: int = 200) -> list[AuditEntry]:
    """Acts, newest first, all or on one target."""
    query = select(audit)
    if target is not None:
        query = query.where(audit.c.target == target)
    rows = connection.execute(query.order_by(audit.c.sequence.desc()).limit(limit))
    return [AuditEntry(**row._mapping) for row in rows]
