"""Digests as they were composed, and the Deliveries of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, Select, insert, or_, select, update

from watcher.errors import NotFoundError
from watcher.model.subscription import Delivery, DeliveryState, Digest, Message
from watcher.store.schema import changes, deliveries, digest_changes, digests


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredDigest:
    """A Digest as it was rendered and kept, with the Changes it told."""

    digest_id: str
    subscription_id: str
    period_from: datetime
    period_to: datetime
    composed_at: datetime
    message: Message
    checkpoint: str
    change_ids: tuple[str, ...]


def add_digest(connection: Connection, digest: Digest, message: Message) -> None:
    """Record a Digest with its rendered message and the Changes in it."""
    connection.execute(
        insert(digests).values(
            digest_id=digest.digest_id,
            subscription_id=digest.subscription.subscription_id,
            period_from=digest.period_from,
            period_to=digest.period_to,
            composed_at=digest.composed_at,
            subject=message.subject,
            text=message.text,
            html=message.html,
            checkpoint=digest.checkpoint,
        )
    )
    for entry in (one for told in digest.entries for one in told.told):
        connection.execute(insert(digest_changes).values(digest_id=digest.digest_id, change_id=entry.change.change_id))


def get_digest(connection: Connection, digest_id: str) -> StoredDigest:
    """One Digest by id."""
    row = connection.execute(select(digests).where(digests.c.digest_id == digest_id)).first()
    if row is None:
        raise NotFoundError(f"there is no Digest {digest_id!r}")
    return _digest(connection, row)


def list_digests(connection: Connection, *, limit: int = 50) -> list[StoredDigest]:
    """Digests, newest first."""
    rows = connection.execute(select(digests).order_by(digests.c.composed_at.desc()).limit(limit)).all()
    return [_digest(connection, row) for row in rows]


def digests_telling(connection: Connection, change_id: str) -> list[StoredDigest]:
    """The Digests that told a Change, oldest first."""
    rows = connection.execute(
        select(digests)
        .join(digest_changes, digest_changes.c.digest_id == digests.c.digest_id)
        .where(digest_changes.c.change_id == change_id)
        .order_by(digests.c.composed_at)
    ).all()
    return [_digest(connection, row) for row in rows]


def digests_about_source(connection: Connection, source_id: str, *, limit: int = 20) -> list[StoredDigest]:
    """The newest Digests that told a Change of a Source."""
    telling = (
        select(digest_changes.c.digest_id)
        .join(changes, changes.c.change_id == digest_changes.c.change_id)
        .where(changes.c.source_id == source_id)
    )
    rows = connection.execute(
        select(digests).where(digests.c.digest_id.in_(telling)).order_by(digests.c.composed_at.desc()).limit(limit)
    ).all()
    return [_digest(connection, row) for row in rows]


def add_delivery(connection: Connection, delivery: Delivery) -> None:
    """Owe a message to a recipient."""
    connection.execute(
        insert(deliveries).values(
            delivery_id=delivery.delivery_id,
            digest_id=delivery.digest_id,
            recipient=delivery.recipient,
            message_id=delivery.message_id,
            state=delivery.state,
            attempts=delivery.attempts,
            next_attempt_at=delivery.next_attempt_at,
            created_at=delivery.created_at,
            sent_at=delivery.sent_at,
            last_error=delivery.last_error,
        )
    )


def claim_deliveries(connection: Connection, *, now: datetime, lease_seconds: int, limit: int) -> list[Delivery]:
    """Take Deliveries that are due. One that was being sent when its sender died comes back in state UNKNOWN."""
    rows = connection.execute(
        _selected()
        .where(
            or_(
                deliveries.c.state.in_([DeliveryState.PENDING, DeliveryState.UNKNOWN])
                & (deliveries.c.next_attempt_at <= now),
                (deliveries.c.state == DeliveryState.SENDING) & (deliveries.c.lease_until <= now),
            )
        )
        .order_by(deliveries.c.created_at, deliveries.c.delivery_id)
        .limit(limit)
    ).all()
    claimed: list[Delivery] = []
    for row in rows:
        won = connection.execute(
            update(deliveries)
            .where(
                deliveries.c.delivery_id == row.delivery_id,
                deliveries.c.state == row.state,
                deliveries.c.attempts == row.attempts,
            )
            .values(
                state=DeliveryState.SENDING,
                attempts=row.attempts + 1,
                lease_until=now + timedelta(seconds=lease_seconds),
            )
        )
        if won.rowcount == 1:
            before = DeliveryState.UNKNOWN if row.state == DeliveryState.SENDING else DeliveryState(row.state)
            claimed.append(_delivery(row, state=before, attempts=row.attempts + 1))
    return claimed


def finish_delivery(
    connection: Connection,
    delivery: Delivery,
    *,
    state: DeliveryState,
    next_attempt_at: datetime | None = None,
    sent_at: datetime | None = None,
    error: str = "",
) -> None:
    """Record how an attempt ended. Nothing is written over the result of a later attempt."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id == delivery.delivery_id, deliveries.c.attempts == delivery.attempts)
        .values(state=state, next_attempt_at=next_attempt_at, sent_at=sent_at, last_error=error, lease_until=None)
    )


def deliveries_of_digest(connection: Connection, digest_id: str) -> list[Delivery]:
    """The Deliveries of one Digest."""
    rows = connection.execute(_selected().where(deliveries.c.digest_id == digest_id)).all()
    return [_delivery(row, state=DeliveryState(row.state), attempts=row.attempts) for row in rows]


def count_unsent(connection: Connection) -> int:
    """How many Deliveries are still owed or have failed for good."""
    rows = connection.execute(select(deliveries.c.delivery_id).where(deliveries.c.state != DeliveryState.SENT))
    return len(rows.all())


def _selected() -> Select[tuple[object, ...]]:
    return select(deliveries, digests.c.subscription_id, digests.c.subject, digests.c.text, digests.c.html).join(
        digests, digests.c.digest_id == deliveries.c.digest_id
    )


def _digest(connection: Connection, row: Row[tuple[object, ...]]) -> StoredDigest:
    told = connection.execute(
        select(digest_changes.c.change_id).where(digest_changes.c.digest_id == row.digest_id)
    ).scalars()
    return StoredDigest(
        digest_id=row.digest_id,
        subscription_id=row.subscription_id,
        period_from=row.period_from,
        period_to=row.period_to,
        composed_at=row.composed_at,
        message=Message(subject=row.subject, text=row.text, html=row.html),
        checkpoint=row.checkpoint,
        change_ids=tuple(told),
    )


def _delivery(row: Row[tuple[object, ...]], *, state: DeliveryState, attempts: int) -> Delivery:
    return Delivery(
        delivery_id=row.delivery_id,
        subscription_id=row.subscription_id,
        digest_id=row.digest_id,
        recipient=row.recipient,
        message_id=row.message_id,
        message=Message(subject=row.subject, text=row.text, html=row.html),
        state=state,
        attempts=attempts,
        next_attempt_at=row.next_attempt_at,
        created_at=row.created_at,
        sent_at=row.sent_at,
        last_error=row.last_error,
    )
