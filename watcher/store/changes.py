"""Changes with their Diffs, judgements and Position changes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from watcher.errors import NotFoundError
from watcher.model.capture import Trigger
from watcher.model.change import Change, ChangeKind
from watcher.store.schema import changes, position_changes
from watcher.store.types import from_json, to_json


def add_change(connection: Connection, change: Change) -> None:
    """Record a Change. Recording the same pair again changes nothing."""
    if connection.execute(select(changes.c.change_id).where(changes.c.change_id == change.change_id)).first():
        return
    connection.execute(
        insert(changes).values(
            change_id=change.change_id,
            ordinal=last_ordinal(connection) + 1,
            source_id=change.source_id,
            from_version_id=change.from_version_id,
            to_version_id=change.to_version_id,
            captured_at=change.captured_at,
            recorded_at=change.recorded_at,
            trigger=change.trigger,
            kind=change.kind,
            alert=change.alert,
            severity=change.judgement.severity,
            significance=change.judgement.significance,
            body=to_json(Change, change),
        )
    )
    _add_position_changes(connection, change)


def replace_judgement(connection: Connection, change: Change) -> None:
    """Let a recorded Change be judged otherwise than before, as `change` has it; whom it was told stays as it was."""
    connection.execute(
        update(changes)
        .where(changes.c.change_id == change.change_id)
        .values(
            severity=change.judgement.severity,
            significance=change.judgement.significance,
            body=to_json(Change, change),
        )
    )
    connection.execute(delete(position_changes).where(position_changes.c.change_id == change.change_id))
    _add_position_changes(connection, change)


def _add_position_changes(connection: Connection, change: Change) -> None:
    for ordinal, moved in enumerate(change.judgement.position_changes):
        connection.execute(
            insert(position_changes).values(
                change_id=change.change_id,
                ordinal=ordinal,
                subject=moved.subject,
                indicator=moved.indicator,
                old=moved.old,
                new=moved.new,
                severity=moved.severity,
            )
        )


def last_ordinal(connection: Connection) -> int:
    """How many Changes have been recorded: the ordinal of the newest."""
    newest: int = connection.execute(select(func.coalesce(func.max(changes.c.ordinal), 0))).scalar_one()
    return newest


def get_change(connection: Connection, change_id: str) -> Change:
    """One Change by its id "from..to"."""
    body = connection.execute(select(changes.c.body).where(changes.c.change_id == change_id)).scalar()
    if body is None:
        raise NotFoundError(f"there is no Change {change_id!r}")
    return from_json(Change, body)


def list_changes(connection: Connection, *, source_id: str | None = None, limit: int = 100) -> list[Change]:
    """Changes by capture time, newest first, of one Source or of all."""
    query = select(changes.c.body)
    if source_id is not None:
        query = query.where(changes.c.source_id == source_id)
    rows = connection.execute(query.order_by(changes.c.captured_at.desc(), changes.c.recorded_at.desc()).limit(limit))
    return [from_json(Change, row.body) for row in rows]


def change_ids(connection: Connection, *, since: datetime | None = None) -> list[str]:
    """All Changes, or those whose later side was captured at a moment or after it, oldest first."""
    query = select(changes.c.change_id)
    if since is not None:
        query = query.where(changes.c.captured_at >= since)
    return list(connection.execute(query.order_by(changes.c.captured_at, changes.c.ordinal)).scalars())


def newest_change(connection: Connection, source_id: str) -> Change | None:
    """The Change of a Source that was captured last, technical upgrades left out; None before the first."""
    body = connection.execute(
        select(changes.c.body)
        .where(changes.c.source_id == source_id, changes.c.kind != ChangeKind.TECHNICAL)
        .order_by(changes.c.captured_at.desc(), changes.c.ordinal.desc())
        .limit(1)
    ).scalar()
    return None if body is None else from_json(Change, body)


def kind_before(connection: Connection, change: Change) -> ChangeKind | None:
    """The kind of the Change of the same Source that was captured before one, technical upgrades left out."""
    kind = connection.execute(
        select(changes.c.kind)
        .where(
            changes.c.source_id == change.source_id,
            changes.c.kind != ChangeKind.TECHNICAL,
            changes.c.captured_at < change.captured_at,
        )
        .order_by(changes.c.captured_at.desc(), changes.c.ordinal.desc())
        .limit(1)
    ).scalar()
    return None if kind is None else ChangeKind(kind)


def last_told_version(connection: Connection, source_id: str) -> str | None:
    """The Version that the last Change which was told led to; None when none was."""
    return connection.execute(
        select(changes.c.to_version_id)
        .where(changes.c.source_id == source_id, changes.c.alert)
        .order_by(changes.c.captured_at.desc(), changes.c.ordinal.desc())
        .limit(1)
    ).scalar()


def changes_between(
    connection: Connection, source_id: str, *, after: datetime, until: datetime, limit: int
) -> list[Change]:
    """Changes of a Source that were captured after a moment and not after another one, oldest first."""
    rows = connection.execute(
        select(changes.c.body)
        .where(changes.c.source_id == source_id, changes.c.captured_at > after, changes.c.captured_at <= until)
        .order_by(changes.c.captured_at, changes.c.ordinal)
        .limit(limit)
    )
    return [from_json(Change, row.body) for row in rows]


def changes_recorded_after(connection: Connection, ordinal: int) -> list[Change]:
    """Changes that checks (not imports) recorded after the one with that ordinal, oldest first."""
    rows = connection.execute(
        select(changes.c.body)
        .where(changes.c.ordinal > ordinal, changes.c.trigger != Trigger.IMPORT)
        .order_by(changes.c.ordinal)
    )
    return [from_json(Change, row.body) for row in rows]


def count_noise(connection: Connection, source_ids: Collection[str], *, after: datetime, until: datetime) -> int:
    """How many Changes of Sources that checks captured in (after, until] were told to nobody; technical ones apart."""
    number: int = connection.execute(
        select(func.count()).where(
            changes.c.source_id.in_(source_ids),
            changes.c.captured_at > after,
            changes.c.captured_at <= until,
            changes.c.trigger != Trigger.IMPORT,
            changes.c.kind != ChangeKind.TECHNICAL,
            changes.c.alert.is_(False),
        )
    ).scalar_one()
    return number
