"""What those who are told at once are told a little later: the same edit on many Sources, documents not read yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher.alert import Alike, alike_key, waits
from watcher.model.change import Change
from watcher.model.source import Source
from watcher.model.subscription import Cadence, Subscription
from watcher.store import gathered
from watcher.store.database import Connection

_NOTHING_UNREAD: Mapping[str, datetime] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathering:
    """What an immediate Subscription is told now and what waits.

    `told_before` are the Sources of which each edit was told lately; `released` the Changes that waited and are told.
    """

    now: tuple[Change, ...]
    waiting: tuple[tuple[Change, datetime], ...] = ()
    released: tuple[str, ...] = ()
    told_before: Mapping[Alike, Sequence[Source]] = field(default_factory=dict)


def gather(
    connection: Connection,
    subscription: Subscription,
    wanted: Sequence[Change],
    every_source: Mapping[str, Source],
    *,
    now: datetime,
    seconds: int,
    unread: Mapping[str, datetime] = _NOTHING_UNREAD,
) -> Gathering:
    """Part the Changes that a Subscription wants: a new edit is told at once, a repetition waits for the others.

    `unread` says by change_id until when a Change waits for the documents that it announces to be read.

    A repetition is the same edit on another Source of a host of which this Subscription was told it within `seconds`.
    It is told with all others `seconds` after that message. A critical Change never waits, nor one that moves a
    Position or is a treaty action. Digests of other cadences take whatever still waits.
    """
    held = gathered.waiting_for(connection, subscription.subscription_id)
    gathers = subscription.cadence is Cadence.IMMEDIATE and seconds > 0
    released = [change for change, _ in held] if not gathers or any(at <= now for _, at in held) else []
    released_ids = tuple(change.change_id for change in released)
    if not gathers or not (released or unread or any(waits(change) for change in wanted)):
        return Gathering(now=(*released, *wanted), released=released_ids)
    window = timedelta(seconds=seconds)
    told: dict[Alike, tuple[Source, ...]] = {}
    until: dict[Alike, datetime] = {}
    for change, told_at in gathered.changes_told_since(connection, subscription.subscription_id, now - 2 * window):
        source = every_source[change.source_id]
        if key := alike_key(change, source):
            told[key] = (*told.get(key, ()), source)
            until[key] = told_at + window
    waiting: list[tuple[Change, datetime]] = []
    for change in wanted:
        key = alike_key(change, every_source[change.source_id])
        if unread.get(change.change_id, now) > now:
            waiting.append((change, unread[change.change_id]))
        elif key and waits(change) and not released and until.get(key, now) > now:
            waiting.append((change, until[key]))
    later = {change.change_id for change, _ in waiting}
    at_once = (change for change in wanted if change.change_id not in later)
    return Gathering(now=(*released, *at_once), waiting=tuple(waiting), released=released_ids, told_before=told)


def record_gathering(connection: Connection, subscription: Subscription, found: Gathering) -> None:
    """Let wait what waits, and no more what is told."""
    for change, tell_at in found.waiting:
        gathered.add_gathered(connection, subscription.subscription_id, change.change_id, tell_at=tell_at)
    gathered.remove_gathered(connection, subscription.subscription_id, found.released)
