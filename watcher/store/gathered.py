"""Changes that wait for a Subscription, to be told along with the same edit on further Sources."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from watcher.model.change import Change
from watcher.store.schema import changes, digest_changes, digests, gathered
from watcher.store.types import from_json


def add_gathered(connection: Connection, subscription_id: str, change_id: str, *, tell_at: datetime) -> None:
    """Let a Change wait until a moment; one that waits already keeps its own."""
    known = (gathered.c.subscription_id == subscription_id) & (gathered.c.change_id == change_id)
    if connection.execute(select(gathered.c.change_id).where(known)).first() is None:
        connection.execute(
            insert(gathered).values(subscription_id=subscription_id, change_id=change_id, tell_at=tell_at)
        )


def waiting_for(connection: Connection, subscription_id: str) -> list[tuple[Change, datetime]]:
    """The Changes that wait for a Subscription, each with until when, in the order of recording."""
    rows = connection.execute(
        select(changes.c.body, gathered.c.tell_at)
        .join(changes, changes.c.change_id == gathered.c.change_id)
        .where(gathered.c.subscription_id == subscription_id)
        .order_by(changes.c.ordinal)
    )
    return [(from_json(Change, row.body), row.tell_at) for row in rows]


def is_due(connection: Connection, subscription_id: str, *, now: datetime) -> bool:
    """Whether a Change has waited enough."""
    due = (gathered.c.subscription_id == subscription_id) & (gathered.c.tell_at <= now)
    return connection.execute(select(gathered.c.change_id).where(due).limit(1)).first() is not None


def remove_gathered(connection: Connection, subscription_id: str, change_ids: Iterable[str]) -> None:
    """Changes that wait no more: they are told."""
    told = list(change_ids)
    connection.execute(
        delete(gathered).where(gathered.c.subscription_id == subscription_id, gathered.c.change_id.in_(told))
    )


def changes_told_since(connection: Connection, subscription_id: str, since: datetime) -> list[tuple[Change, datetime]]:
    """The Changes that a Subscription was told after a moment, each with when; oldest message first."""
    rows = connection.execute(
        select(changes.c.body, digests.c.composed_at)
        .join(digest_changes, digest_changes.c.change_id == changes.c.change_id)
        .join(digests, digests.c.digest_id == digest_changes.c.digest_id)
        .where(digests.c.subscription_id == subscription_id, digests.c.composed_at > since)
        .order_by(digests.c.composed_at, changes.c.ordinal)
    )
    return [(from_json(Change, row.body), row.composed_at) for row in rows]
