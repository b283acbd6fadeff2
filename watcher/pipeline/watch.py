"""Check a Source: fetch, archive, record, and set the time of the next check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.fetch import FetchRequest
from watcher.model.capture import Capture, FetchResult, Outcome, Trigger
from watcher.model.source import Claim, Source, SourceState, share_of
from watcher.pipeline.permission import ask_robots
from watcher.pipeline.ports import FetchDoor, Rooms
from watcher.pipeline.record import Recorded, record_capture
from watcher.store import captures, sources

FIRST_RETRY_SECONDS = 300
UNCONDITIONAL_EVERY = 10
ROBOTS_PAUSE = timedelta(days=1)
SPREAD = 0.1  # of the cadence: Sources that were registered together do not stay together


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """One check as it went: what was recorded, and when the Source is due again."""

    claim: Claim
    recorded: Recorded
    next_check_at: datetime | None


def claim_due(rooms: Rooms, *, limit: int) -> list[Claim]:
    """Claim Sources whose slot has come. Two processes on one database never claim the same slot."""
    with rooms.database.writing() as connection:
        return sources.claim_due(
            connection, now=rooms.clock(), owner=rooms.name, lease_seconds=rooms.lease_seconds, limit=limit
        )


def claim_now(rooms: Rooms, source_id: str) -> Claim:
    """Claim one Source for a check at once, due or not. ConflictError while another check of it runs."""
    with rooms.database.writing() as connection:
        return sources.claim_now(
            connection, source_id, now=rooms.clock(), owner=rooms.name, lease_seconds=rooms.lease_seconds
        )


def check(rooms: Rooms, door: FetchDoor, claim: Claim, *, trigger: Trigger, user: str = "") -> Checked:
    """One check of a claimed Source. A failed fetch is a recorded Capture; only archive and database errors raise."""
    try:
        permission = ask_robots(rooms, door, claim.source)
        result = permission.refusal or door.fetch(_request(claim))
        capture = archive_result(rooms, claim, result, trigger=trigger, user=user)
        next_check_at = next_check(claim, result, rooms.clock())
        gap = timedelta(seconds=max(rooms.gap_seconds, permission.crawl_delay_seconds))
        recorded = record_capture(rooms, capture, claim=claim, next_check_at=next_check_at, host_gap=gap)
    except BaseException:
        with rooms.database.writing() as connection:
            sources.release_claim(connection, claim)
        raise
    return Checked(claim=claim, recorded=recorded, next_check_at=next_check_at)


def _request(claim: Claim) -> FetchRequest:
    """A conditional request, and in full every tenth time: some servers say 304 whatever happened."""
    url = claim.source.definition.url
    if claim.fencing_token % UNCONDITIONAL_EVERY == 0:
        return FetchRequest(url=url)
    return FetchRequest(url=url, etag=claim.etag, last_modified=claim.last_modified)


def archive_result(rooms: Rooms, claim: Claim, result: FetchResult, *, trigger: Trigger, user: str) -> Capture:
    """Store the payload and write the Capture to the ledger; after this the attempt cannot be lost."""
    source = claim.source
    payload_sha256 = rooms.archive.put_payload(result.payload) if result.payload is not None else None
    outcome = result.outcome
    with rooms.database.reading() as connection:
        last = captures.last_payload_sha256(connection, source.source_id)
    if outcome is Outcome.NEW and payload_sha256 == last:
        outcome = Outcome.SAME
    if outcome is Outcome.NOT_MODIFIED:
        payload_sha256 = last
    return rooms.archive.append_capture(
        Capture(
            sequence=-1,
            source_id=source.source_id,
            definition_sha256=source.definition.digest_sha256,
            trigger=trigger,
            slot_at=claim.slot_at,
            started_at=result.started_at,
            ended_at=result.ended_at,
            captured_at=result.ended_at,
            requested_url=result.requested_url,
            hops=result.hops,
            outcome=outcome,
            status=result.status,
            headers=result.headers,
            payload_sha256=payload_sha256,
            payload_length=len(result.payload) if result.payload is not None else None,
            media_type=result.media_type,
            charset=result.charset,
            error=result.error,
            fetcher=rooms.fetcher_name,
            user=user,
        )
    )


def next_check(claim: Claim, result: FetchResult, now: datetime) -> datetime | None:
    """When the Source is due again: on its own grid of slots after success, sooner with growing pauses after failure.

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
        pause = max(pause, timedelta(seconds=result.retry_after_seconds))
    return now + (min(pause, every) if result.retry_after_seconds is None else pause)


def _next_slot(source: Source, every: timedelta, now: datetime) -> datetime:
    """The Source's first slot that is at least half a cadence away; the grid is shifted by the Source's own share."""
    first = source.registered_at + every * (SPREAD * share_of(source.source_id))
    passed = max(0, (now + every / 2 - first) // every)
    return first + every * (passed + 1)
