"""When Sources are checked: claims on what is due, the next slot after a check, and time that was missed."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.model.capture import FetchResult, Outcome
from watcher.model.source import Claim, Source, SourceState, share_of
from watcher.pipeline.health import GONE, IN_A_ROW
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import record_act
from watcher.store import claims

FIRST_RETRY_SECONDS = 300
ROBOTS_PAUSE = timedelta(days=1)
SPREAD = 0.1  # of the cadence: Sources that were registered together do not stay together
LATE = timedelta(minutes=10)
LONGEST_CATCH_UP = timedelta(hours=1)
CATCH_UP_PER_SOURCE = timedelta(seconds=10)


def claim_due(rooms: Rooms, *, limit: int) -> list[Claim]:
    """Claim Sources whose slot has come. Two processes on one database never claim the same slot.

    A Source that was in work three times in a row when its worker ended is quarantined, and the act is audited.
    """
    now = rooms.clock()
    with rooms.database.writing() as connection:
        for source_id in claims.give_up_lost(connection, now=now):
            record_act(
                rooms,
                connection,
                user=rooms.name,
                action="source.quarantine",
                target=source_id,
                after={"reason": f"{claims.CRASHES_TO_QUARANTINE} checks in a row ended their worker"},
            )
        return claims.claim_due(connection, now=now, owner=rooms.name, lease_seconds=rooms.lease_seconds, limit=limit)


def claim_now(rooms: Rooms, source_id: str) -> Claim:
    """Claim one Source for a check at once, due or not. ConflictError while another check of it runs."""
    with rooms.database.writing() as connection:
        return claims.claim_now(
            connection, source_id, now=rooms.clock(), owner=rooms.name, lease_seconds=rooms.lease_seconds
        )


def release(rooms: Rooms, *claimed: Claim) -> None:
    """Give leases back without a result."""
    with rooms.database.writing() as connection:
        claims.release_claims(connection, claimed)


def ready_at(rooms: Rooms) -> datetime | None:
    """When a due Source can be claimed whose host rests now; None when none waits for its host."""
    with rooms.database.reading() as connection:
        return claims.ready_at(connection, now=rooms.clock())


def spread_missed(rooms: Rooms) -> int:
    """After time in which nobody looked: spread the checks that were missed; returns how many Sources were overdue.

    Ten seconds are allowed a Source, an hour for all. Each is checked once, not once a slot.
    """
    now = rooms.clock()
    with rooms.database.writing() as connection:
        late = claims.overdue(connection, before=now - LATE)
        window = min(LONGEST_CATCH_UP, CATCH_UP_PER_SOURCE * len(late))
        claims.move_slots(
            connection,
            (
                (source_id, now + min(window, timedelta(seconds=every_seconds)) * share_of(source_id))
                for source_id, every_seconds in late
            ),
        )
    return len(late)


def next_check(claim: Claim, result: FetchResult, now: datetime) -> datetime | None:
    """When the Source is due again: on its own grid of slots after success, by the class of a failure otherwise.

    What may go away by itself is tried again after 5, 10, 20 … minutes, at most the cadence, or when the server says.
    A document that was not found is looked for twice more so, before it is called withdrawn. Other failures will be
    the same in five minutes and wait for the next slot; a page that robots.txt disallows for a day at least.
    A manual check leaves the slot that was planned. Time that was missed gives one check, not many.
    """
    source = claim.source
    if source.state is not SourceState.ACTIVE:
        return None
    every = timedelta(seconds=source.definition.every_seconds)
    recovered = result.outcome.reached and source.failures_in_a_row > 0
    planned = source.next_check_at
    if claim.slot_at is None and planned is not None and planned > now and not recovered:
        return planned
    if result.outcome.reached:
        return _next_slot(source, every, now)
    if result.outcome is Outcome.ROBOTS_DISALLOWED:
        return now + max(every, ROBOTS_PAUSE)
    pause = timedelta(seconds=FIRST_RETRY_SECONDS * 2 ** min(source.failures_in_a_row, 12))
    if result.retry_after_seconds is not None:
        return now + max(pause, timedelta(seconds=result.retry_after_seconds))
    is_missing = result.status in GONE and len(source.health.gone_at) < IN_A_ROW - 1
    if result.transient or is_missing:
        return now + min(pause, every)
    return _next_slot(source, every, now)


def _next_slot(source: Source, every: timedelta, now: datetime) -> datetime:
    """The Source's first slot that is at least half a cadence away; the grid is shifted by the Source's own share."""
    first = source.registered_at + every * (SPREAD * share_of(source.source_id))
    passed = max(0, (now + every / 2 - first) // every)
    return first + every * (passed + 1)
