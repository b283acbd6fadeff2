"""Compose the Digests that are due and deliver the messages that are owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.alert import compose, longest_gap, matches, sources_of
from watcher.errors import DeliveryError
from watcher.model.capture import Capture
from watcher.model.change import Change, ChangeKind
from watcher.model.digest_time import following_digest_at
from watcher.model.source import Source
from watcher.model.subscription import (
    Cadence,
    Delivery,
    DeliveryState,
    Digest,
    DigestEntry,
    Message,
    SourceReach,
    Subscription,
)
from watcher.pipeline.announce import announced_by, waits_for_reading
from watcher.pipeline.ports import MailChannel, PackText, Rooms
from watcher.pipeline.standing import message_id
from watcher.pipeline.waiting import Gathering, gather, record_gathering
from watcher.render import render_digest
from watcher.store import captures, changes, digests, gathered, sources, subscriptions, versions
from watcher.store.database import Connection

DELIVERY_LEASE_SECONDS = 600
READING_TIME = timedelta(minutes=10)  # within which a new document is read, unless its site does not answer
ALERT_LOOKS_BACK = timedelta(days=1)  # an Alert follows the last one by minutes: who was reached in them says nothing
FIRST_PAUSE_SECONDS = 60
MAXIMUM_PAUSE_SECONDS = 3600
MAXIMUM_ATTEMPTS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Composed:
    """A Digest with its rendered message and the Delivery that it owes."""

    digest: Digest
    message: Message
    delivery: Delivery


def compose_due(rooms: Rooms) -> list[Composed]:
    """Compose every Digest that is due. An immediate Subscription gets one only when there is a Change to tell."""
    now = rooms.clock()
    with rooms.database.reading() as connection:
        newest = changes.last_ordinal(connection)
        due = [
            subscription
            for subscription in subscriptions.due_subscriptions(connection, now=now)
            if subscription.cadence is not Cadence.IMMEDIATE
            or subscription.covered_ordinal < newest
            or gathered.is_due(connection, subscription.subscription_id, now=now)
        ]
    composed = [compose_digest(rooms, subscription) for subscription in due]
    return [one for one in composed if one is not None]


def compose_digest(rooms: Rooms, subscription: Subscription, *, whole: bool = False) -> Composed | None:
    """Compose the Digest of a Subscription for the time since its last one, and owe its message.

    `whole` takes in what waits for further Sources with the same edit. None when there is nothing to tell an immediate
    Subscription, or another process composed it first.
    """
    checkpoint = rooms.checkpoint()
    with rooms.database.writing() as connection:
        now = rooms.clock()
        digest, gathering = _digest(
            connection,
            subscription,
            now,
            checkpoint,
            pack=rooms.pack,
            gather_seconds=0 if whole else rooms.gather_seconds,
        )
        advanced = subscriptions.advance_subscription(
            connection,
            subscription,
            covered_until=now,
            covered_ordinal=changes.last_ordinal(connection),
            next_digest_at=following_digest_at(
                subscription.cadence,
                subscription.next_digest_at,
                now,
                hour=subscription.digest_hour,
                zone=subscription.time_zone,
            ),
        )
        if not advanced:
            return None
        record_gathering(connection, subscription, gathering)
        if subscription.cadence is Cadence.IMMEDIATE and not (digest.entries or digest.flipping):
            return None
        message = render_digest(digest, base_url=rooms.base_url)
        delivery = _delivery(digest, message, base_url=rooms.base_url)
        digests.add_digest(connection, digest, message)
        digests.add_delivery(connection, delivery)
    return Composed(digest=digest, message=message, delivery=delivery)


def preview_digest(rooms: Rooms, subscription: Subscription) -> Message:
    """The message that a Subscription would get now, with all that waits; nothing is recorded or owed."""
    with rooms.database.reading() as connection:
        digest, _ = _digest(
            connection, subscription, rooms.clock(), rooms.newest_checkpoint(), pack=rooms.pack, gather_seconds=0
        )
    return render_digest(digest, base_url=rooms.base_url)


def deliver_owed(rooms: Rooms, channel: MailChannel, *, limit: int = 50) -> list[tuple[Delivery, str]]:
    """Send messages that are owed; returns each Delivery with "" or the error of its attempt."""
    with rooms.database.writing() as connection:
        owed = digests.claim_deliveries(
            connection, now=rooms.clock(), lease_seconds=DELIVERY_LEASE_SECONDS, limit=limit
        )
    return [(delivery, _deliver(rooms, channel, delivery)) for delivery in owed]


def _deliver(rooms: Rooms, channel: MailChannel, delivery: Delivery) -> str:
    problem = ""
    try:
        state = channel.send(delivery, possible_duplicate=delivery.state is DeliveryState.UNKNOWN)
    except DeliveryError as error:
        problem = str(error)
        gives_up = error.permanent or delivery.attempts >= MAXIMUM_ATTEMPTS
        state = DeliveryState.FAILED if gives_up else DeliveryState.PENDING
    now = rooms.clock()
    if state is DeliveryState.UNKNOWN:
        problem = "the mail server's answer was lost; the message is sent again with the same Message-ID"
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(delivery.attempts - 1, 10), MAXIMUM_PAUSE_SECONDS)
    waits = state in (DeliveryState.PENDING, DeliveryState.UNKNOWN)
    if state is DeliveryState.SENT:
        _record_sent(rooms, delivery, now)
    with rooms.database.writing() as connection:
        digests.finish_delivery(
            connection,
            delivery,
            state=state,
            next_attempt_at=now + timedelta(seconds=pause) if waits else None,
            sent_at=now if state is DeliveryState.SENT else None,
            error=problem,
        )
    return problem


def _record_sent(rooms: Rooms, delivery: Delivery, now: datetime) -> None:
    rooms.archive.append(
        "delivery",
        {
            "recorded_at": now.isoformat(),
            "delivery_id": delivery.delivery_id,
            "digest_id": delivery.digest_id,
            "message_id": delivery.message_id,
        },
    )


def _digest(
    connection: Connection,
    subscription: Subscription,
    now: datetime,
    checkpoint: str,
    *,
    pack: PackText,
    gather_seconds: int,
) -> tuple[Digest, Gathering]:
    """The Digest of what is told now, and what waits."""
    after = subscription.covered_until
    every_source = {source.source_id: source for source in sources.list_sources(connection)}
    recorded = changes.changes_recorded_after(connection, subscription.covered_ordinal)
    relevant = sources_of(subscription.filter, every_source.values())
    wanted = [one for one in recorded if matches(subscription.filter, one, every_source[one.source_id])]
    unread = {one.change_id: one.captured_at + READING_TIME for one in wanted if waits_for_reading(connection, one)}
    gathering = gather(connection, subscription, wanted, every_source, now=now, seconds=gather_seconds, unread=unread)
    asked_for = subscription.filter.subjects
    entries = [_entry(connection, pack, change, every_source, asked_for) for change in gathering.now]
    looked_at = {source.source_id for source in relevant}
    is_alert = subscription.cadence is Cadence.IMMEDIATE
    looked_from = min(after, now - ALERT_LOOKS_BACK) if is_alert else after
    noise_count = (
        changes.count_noise(connection, looked_at, after=looked_from, until=now)
        if is_alert
        else sum(_is_noise(change) for change in recorded if change.source_id in looked_at)
    )
    held = {version.source_id: version for version in versions.held_versions(connection)}
    flips = _begun_flips(connection, subscription, recorded, every_source)
    attempts = captures.attempts_in_period(connection, sorted(looked_at), after=looked_from, until=now)
    before = captures.last_attempts(connection, sorted(looked_at), until=looked_from)
    digest = compose(
        digest_id=f"{subscription.subscription_id}-{now:%Y%m%dT%H%M%S%f}",
        subscription=subscription,
        period_to=now,
        composed_at=now,
        entries=entries,
        noise_count=noise_count,
        reaches=[
            replace(
                _reach(connection, source, attempts.get(source.source_id, []), after=after),
                held=held[source.source_id].error if source.source_id in held else "",
                held_at=versions.held_since(connection, source.source_id) if source.source_id in held else None,
                flips=flips.get(source.source_id, ""),
                gap=_gap(source, before.get(source.source_id), attempts.get(source.source_id, [])),
            )
            for source in relevant
        ],
        checkpoint=checkpoint,
        told_before=gathering.told_before,
        looked_from=looked_from,
    )
    return digest, gathering


def _is_noise(change: Change) -> bool:
    return not change.alert and change.kind is not ChangeKind.TECHNICAL


def _begun_flips(
    connection: Connection, subscription: Subscription, recorded: Iterable[Change], every_source: Mapping[str, Source]
) -> dict[str, str]:
    """What is said of Sources that began to go back and forth: by the first such Change of each, if it is wanted."""
    return {
        change.source_id: change.reason
        for change in recorded
        if change.kind is ChangeKind.FLAPPING
        and changes.kind_before(connection, change) is not ChangeKind.FLAPPING
        and matches(subscription.filter, replace(change, alert=True), every_source[change.source_id])
    }


def _entry(
    connection: Connection,
    pack: PackText,
    change: Change,
    every_source: Mapping[str, Source],
    subjects: tuple[str, ...],
) -> DigestEntry:
    old = versions.get_version(connection, change.from_version_id)
    new = versions.get_version(connection, change.to_version_id)
    return DigestEntry(
        change=change,
        source=every_source[change.source_id],
        old_source=every_source.get(change.from_source_id),
        old_sequence=old.sequence,
        new_sequence=new.sequence if change.sequence is None else change.sequence,
        old_payload_sha256=old.payload_sha256,
        new_payload_sha256=new.payload_sha256,
        announced=announced_by(connection, pack, change, wanted=subjects),
    )


def _gap(source: Source, before: datetime | None, attempts: Iterable[Capture]) -> tuple[datetime, datetime] | None:
    moments = [moment for moment in (before, *(capture.started_at for capture in attempts)) if moment is not None]
    return longest_gap(moments, source.definition.every_seconds)


def _reach(connection: Connection, source: Source, attempts: Iterable[Capture], *, after: datetime) -> SourceReach:
    """What the attempts on a Source came to; what was noted of it before `after` was told then."""
    made = list(attempts)
    failed = [capture for capture in made if not capture.outcome.reached]
    return SourceReach(
        source=source,
        attempts=len(made),
        reached=len(made) - len(failed),
        last_outcome=made[-1].outcome if made else "",
        last_error=failed[-1].error if failed else "",
        last_attempt_at=made[-1].captured_at if made else None,
        last_reached_at=captures.last_reached_at(connection, source.source_id),
        notes=tuple(dict.fromkeys(note for capture in made if capture.captured_at > after for note in capture.notes)),
    )


def _delivery(digest: Digest, message: Message, *, base_url: str) -> Delivery:
    recipient = digest.subscription.recipient
    delivery_id = f"{digest.digest_id}-mail"
    return Delivery(
        delivery_id=delivery_id,
        subscription_id=digest.subscription.subscription_id,
        digest_id=digest.digest_id,
        recipient=recipient,
        message_id=message_id(delivery_id, base_url=base_url),
        message=message,
        state=DeliveryState.PENDING,
        attempts=0,
        next_attempt_at=digest.composed_at,
        created_at=digest.composed_at,
    )
