"""The audit trail: who did what, with the state before and after. Each row has its ledger record."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


def entry_of(sequence: int, body: Mapping[str, Any]) -> AuditEntry:
    """The act that a ledger record of type "audit" holds."""
    return AuditEntry(
        sequence=sequence,
        recorded_at=datetime.fromisoformat(body["recorded_at"]),
        user=body["user"],
        action=body["action"],
        target=body["target"],
        before=_text(body.get("before")),
        after=_text(body.get("after")),
    )


def _text(state: object) -> str | None:
    return None if state is None else json.dumps(state, ensure_ascii=False, sort_keys=True)


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


def acts_on(connection: Connection, target: str, actions: Collection[str]) -> list[AuditEntry]:
    """The acts of some sorts on one target, oldest first."""
    query = select(audit).where(audit.c.target == target, audit.c.action.in_(actions)).order_by(audit.c.sequence)
    return [AuditEntry(**row._mapping) for row in connection.execute(query)]


def list_audit(connection: Connection, *, target: str | None = None, limit: int = 200) -> list[AuditEntry]:
    """Acts, newest first, all or on one target."""
    query = select(audit)
    if target is not None:
        query = query.where(audit.c.target == target)
    rows = connection.execute(query.order_by(audit.c.sequence.desc()).limit(limit))
    return [AuditEntry(**row._mapping) for row in rows]


def list_acts(connection: Connection, actions: Collection[str], *, target: str | None = None) -> list[AuditEntry]:
    """All acts of some kinds, oldest first, all or on one target."""
    query = select(audit).where(audit.c.action.in_(sorted(actions)))
    if target is not None:
        query = query.where(audit.c.target == target)
    rows = connection.execute(query.order_by(audit.c.sequence))
    return [AuditEntry(**row._mapping) for row in rows]
