"""Subscriptions: who is told of what, and until when each has been told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from watcher.errors import ConflictError, NotFoundError
from watcher.model.subscription import Cadence, Subscription, SubscriptionFilter
from watcher.store.schema import subscriptions
from watcher.store.types import from_json, to_json


def add_subscription(connection: Connection, subscription: Subscription) -> None:
    """A new Subscription. ConflictError when the id is taken says how to change or bring back the one that has it."""
    name = subscription.subscription_id
    taken = connection.execute(select(subscriptions.c.active).where(subscriptions.c.subscription_id == name)).first()
    if taken is not None:
        way = (
            f"change it with `watcher subscription edit {name}`"
            if taken.active
            else f"it is stopped: bring it back with `watcher subscription resume {name}`"
        )
        raise ConflictError(
            f"a Subscription named {name!r} exists already; {way}, or give this one another name with --id"
        )
    connection.execute(
        insert(subscriptions).values(subscription_id=subscription.subscription_id, **_columns(subscription))
    )


def get_subscription(connection: Connection, subscription_id: str) -> Subscription:
    """One Subscription by id."""
    row = connection.execute(select(subscriptions).where(subscriptions.c.subscription_id == subscription_id)).first()
    if row is None:
        raise NotFoundError(f"no Subscription is named {subscription_id!r}; `watcher subscription list` shows them all")
    return _subscription(row)


def list_subscriptions(connection: Connection) -> list[Subscription]:
    """All Subscriptions by id."""
    rows = connection.execute(select(subscriptions).order_by(subscriptions.c.subscription_id))
    return [_subscription(row) for row in rows]


def due_subscriptions(connection: Connection, *, now: datetime) -> list[Subscription]:
    """Active Subscriptions whose next Digest is due."""
    rows = connection.execute(
        select(subscriptions)
        .where(subscriptions.c.active, subscriptions.c.next_digest_at <= now)
        .order_by(subscriptions.c.next_digest_at, subscriptions.c.subscription_id)
    )
    return [_subscription(row) for row in rows]


def advance_subscription(
    connection: Connection,
    subscription: Subscription,
    *,
    covered_until: datetime,
    covered_ordinal: int,
    next_digest_at: datetime,
) -> bool:
    """Move the told-until mark. False when another process composed this Digest first."""
    moved = connection.execute(
        update(subscriptions)
        .where(
            subscriptions.c.subscription_id == subscription.subscription_id,
            subscriptions.c.covered_until == subscription.covered_until,
            subscriptions.c.covered_ordinal == subscription.covered_ordinal,
        )
        .values(covered_until=covered_until, covered_ordinal=covered_ordinal, next_digest_at=next_digest_at)
    )
    return moved.rowcount == 1


def _columns(subscription: Subscription) -> dict[str, Any]:
    """What is kept of a Subscription beside its name."""
    return {
        "recipient": subscription.recipient,
        "filter": to_json(SubscriptionFilter, subscription.filter),
        "cadence": subscription.cadence,
        "covered_until": subscription.covered_until,
        "covered_ordinal": subscription.covered_ordinal,
        "next_digest_at": subscription.next_digest_at,
        "active": subscription.active,
        "digest_hour": subscription.digest_hour,
        "time_zone": subscription.time_zone,
    }


def change_subscription(connection: Connection, subscription: Subscription) -> None:
    """Put a Subscription's recipient, filter, cadence, state and next Digest in the place of what was there."""
    connection.execute(
        update(subscriptions)
        .where(subscriptions.c.subscription_id == subscription.subscription_id)
        .values(**_columns(subscription))
    )


def deactivate_subscription(connection: Connection, subscription_id: str) -> None:
    """Stop a Subscription; its Digests stay."""
    connection.execute(
        update(subscriptions).where(subscriptions.c.subscription_id == subscription_id).values(active=False)
    )


def _subscription(row: Row[tuple[object, ...]]) -> Subscription:
    return Subscription(
        subscription_id=row.subscription_id,
        recipient=row.recipient,
        filter=from_json(SubscriptionFilter, row.filter),
        cadence=Cadence(row.cadence),
        covered_until=row.covered_until,
        covered_ordinal=row.covered_ordinal,
        next_digest_at=row.next_digest_at,
        active=row.active,
        digest_hour=row.digest_hour,
        time_zone=row.time_zone,
    )
