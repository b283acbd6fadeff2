"""Change a Subscription, and bring a stopped one back; every act has its ledger record and audit row."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

from watcher.model.digest_time import first_digest_at
from watcher.model.subscription import Subscription
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import one_address, plain, record_act
from watcher.store import changes, sources, subscriptions


def edit_subscription(rooms: Rooms, wanted: Subscription, *, user: str) -> Subscription:
    """Put a Subscription's recipient, filter, cadence and hour in the place of what it had; how far it was told stays.

    Another cadence or hour counts from now. NotFoundError for a Source that does not exist, RefusedError for what is
    not one address. No act is recorded where nothing differs.
    """
    now = rooms.clock()
    with rooms.database.writing() as connection:
        before = subscriptions.get_subscription(connection, wanted.subscription_id)
        for source_id in wanted.filter.sources:
            sources.get_source(connection, source_id)
        after = replace(
            before,
            recipient=one_address(wanted.recipient),
            filter=wanted.filter,
            cadence=wanted.cadence,
            digest_hour=wanted.digest_hour,
            time_zone=wanted.time_zone,
        )
        if after == before:
            return before
        if _rhythm(after) != _rhythm(before):
            after = replace(after, next_digest_at=_first(after, rooms))
        subscriptions.change_subscription(connection, after)
        record_act(
            rooms,
            connection,
            user=user,
            action="subscription.edit",
            target=after.subscription_id,
            before=plain(asdict(before)),
            after=plain(asdict(after)),
            at=now,
        )
    return after


def resume_subscription(rooms: Rooms, subscription_id: str, *, user: str) -> Subscription:
    """Tell a stopped Subscription again, of what is recorded from now on. An active one stays as it is."""
    now = rooms.clock()
    with rooms.database.writing() as connection:
        before = subscriptions.get_subscription(connection, subscription_id)
        if before.active:
            return before
        after = replace(
            before,
            active=True,
            covered_until=now,
            covered_ordinal=changes.last_ordinal(connection),
            next_digest_at=_first(before, rooms),
        )
        subscriptions.change_subscription(connection, after)
        record_act(
            rooms,
            connection,
            user=user,
            action="subscription.resume",
            target=subscription_id,
            before=plain(asdict(before)),
            after=plain(asdict(after)),
            at=now,
        )
    return after


def _rhythm(one: Subscription) -> tuple[str, str, str]:
    return one.cadence, one.digest_hour, one.time_zone


def _first(one: Subscription, rooms: Rooms) -> datetime:
    return first_digest_at(one.cadence, rooms.clock(), hour=one.digest_hour, zone=one.time_zone)
