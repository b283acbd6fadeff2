"""Check a Source: fetch, archive, record, and set the time of the next check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.fetch import FetchRequest
from watcher.model.capture import Capture, FetchResult, Outcome, Trigger, leads_elsewhere
from watcher.model.source import Claim
from watcher.pipeline.alike import is_outdated
from watcher.pipeline.health import Finding, Presence, find
from watcher.pipeline.permission import ask_robots
from watcher.pipeline.ports import FetchDoor, Rooms
from watcher.pipeline.record import Attempt, Recorded, record_attempt, record_unchanged
from watcher.pipeline.schedule import next_check, release
from watcher.pipeline.secrets import EntrustedSecrets, credentials_of
from watcher.pipeline.trust import request_of
from watcher.store.claims import Finished

UNCONDITIONAL_EVERY = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """One attempt as it came from the network, its payload stored; the ledger does not know it yet."""

    claim: Claim
    result: FetchResult
    trigger: Trigger
    user: str
    payload_sha256: str | None
    partial_sha256: str | None
    screenshot_sha256: str | None
    host_ready_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """One check as it went: what was recorded, and when the Source is due again."""

    claim: Claim
    recorded: Recorded
    next_check_at: datetime | None


def check(rooms: Rooms, door: FetchDoor, claim: Claim, *, trigger: Trigger, user: str = "") -> Checked:
    """One check of a claimed Source. A failed fetch is a recorded Capture; only archive and database errors raise."""
    try:
        (attempt,) = archive(rooms, [fetch(rooms, door, claim, trigger=trigger, user=user)])
        return record(rooms, [attempt])[0]
    except BaseException:
        release(rooms, claim)
        raise


def fetch(rooms: Rooms, door: FetchDoor, claim: Claim, *, trigger: Trigger, user: str = "") -> Fetched:
    """Ask robots.txt, then the page, and store what came."""
    permission = ask_robots(rooms, door, claim.source.definition, claim.robots)
    secrets = credentials_of(rooms, claim.source.definition)
    result = permission.refusal or secrets.refusal or door.fetch(_request(rooms, claim, secrets))
    gap = timedelta(seconds=max(rooms.gap_seconds, permission.crawl_delay_seconds))
    return Fetched(
        claim=claim,
        result=result,
        trigger=trigger,
        user=user,
        payload_sha256=_stored(rooms, result.payload, like=claim.payload_sha256),
        partial_sha256=_stored(rooms, result.partial),
        screenshot_sha256=_stored(rooms, result.screenshot),
        host_ready_at=result.ended_at + gap,
    )


def archive(rooms: Rooms, fetched: Sequence[Fetched]) -> list[Attempt]:
    """Write attempts to the ledger in one go; after this they cannot be lost."""
    findings = [find(one.claim, one.result, payload_sha256=one.payload_sha256) for one in fetched]
    captures = rooms.archive.append_captures(
        [_capture(rooms, one, finding) for one, finding in zip(fetched, findings, strict=True)]
    )
    now = rooms.clock()
    return [
        Attempt(
            capture=capture,
            finished=_finished(one, capture, finding, now),
            presence=finding.presence,
        )
        for one, capture, finding in zip(fetched, captures, findings, strict=True)
    ]


def attempt_again(claim: Claim, capture: Capture) -> Attempt:
    """The attempt whose Capture the ledger holds, with what it says of its Source's health and next check.

    `claim` is the Source as it stood before. What the Capture does not hold (Retry-After as it was read) is left out.
    """
    brought = None if capture.outcome is Outcome.NOT_MODIFIED else capture.payload_sha256
    result = FetchResult(
        outcome=capture.outcome,
        requested_url=capture.requested_url,
        hops=capture.hops,
        started_at=capture.started_at,
        ended_at=capture.ended_at,
        status=capture.status,
        headers=capture.headers,
        error=capture.error,
    )
    fetched = Fetched(
        claim=claim,
        result=result,
        trigger=capture.trigger,
        user=capture.user,
        payload_sha256=brought,
        partial_sha256=capture.partial_sha256,
        screenshot_sha256=capture.screenshot_sha256,
        host_ready_at=capture.ended_at,
    )
    finding = find(claim, result, payload_sha256=brought)
    finished = _finished(fetched, capture, finding, capture.ended_at)
    return Attempt(capture=capture, finished=finished, presence=finding.presence, replayed=True)


def needs_reading(attempt: Attempt) -> bool:
    """Whether more than a row follows from an attempt: a text to read and compare, or a document that went or came."""
    if attempt.capture.outcome is Outcome.NEW or attempt.presence is not Presence.AS_BEFORE:
        return True
    claim = attempt.finished.claim if attempt.finished is not None else None
    if claim is None:
        return False
    outdated = claim.read_by is not None and is_outdated(claim.read_by, claim.source.definition)
    return claim.holds or ((outdated or claim.flaps) and attempt.capture.outcome.reached)


def record(rooms: Rooms, attempts: Sequence[Attempt]) -> list[Checked]:
    """Write archived attempts to the database: those that brought nothing new together, the others one by one."""
    unchanged = [attempt for attempt in attempts if not needs_reading(attempt)]
    changed = [attempt for attempt in attempts if needs_reading(attempt)]
    recorded = [*record_unchanged(rooms, unchanged), *(record_attempt(rooms, attempt) for attempt in changed)]
    return [
        Checked(claim=attempt.finished.claim, recorded=one, next_check_at=attempt.finished.next_check_at)
        for attempt, one in zip([*unchanged, *changed], recorded, strict=True)
        if attempt.finished is not None
    ]


def _stored(rooms: Rooms, content: bytes | None, *, like: str | None = None) -> str | None:
    return rooms.archive.put_payload(content, like=like) if content else None


def _request(rooms: Rooms, claim: Claim, secrets: EntrustedSecrets) -> FetchRequest:
    """A conditional request, and in full every tenth time: some servers say 304 whatever happened."""
    definition = claim.source.definition
    whole = claim.fencing_token % UNCONDITIONAL_EVERY == 0 or claim.source.health.validators_lie
    return replace(
        request_of(rooms, definition, definition.url),
        etag=None if whole else claim.etag,
        last_modified=None if whole else claim.last_modified,
        secret_origin=secrets.origin,
        secret_headers=secrets.headers,
        browser=definition.browser,
    )


def _capture(rooms: Rooms, fetched: Fetched, finding: Finding) -> Capture:
    claim, result = fetched.claim, fetched.result
    payload_sha256, outcome = fetched.payload_sha256, result.outcome
    if outcome is Outcome.NEW and payload_sha256 == claim.payload_sha256:
        outcome = Outcome.SAME
    if outcome is Outcome.NOT_MODIFIED:
        payload_sha256 = claim.payload_sha256
    return Capture(
        sequence=-1,
        source_id=claim.source.source_id,
        definition_sha256=claim.source.definition.digest_sha256,
        trigger=fetched.trigger,
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
        user=fetched.user,
        request_headers=result.request_headers,
        partial_sha256=fetched.partial_sha256,
        truncated=result.truncated,
        framed=result.framed,
        screenshot_sha256=fetched.screenshot_sha256,
        notes=(*result.notes, *finding.notes),
    )


def _finished(fetched: Fetched, capture: Capture, finding: Finding, now: datetime) -> Finished:
    claim, result = fetched.claim, fetched.result
    return Finished(
        claim=claim,
        captured_at=capture.captured_at,
        outcome=capture.outcome,
        next_check_at=next_check(claim, result, now),
        host_ready_at=fetched.host_ready_at,
        etag=_validator(capture, "etag", claim.etag),
        last_modified=_validator(capture, "last-modified", claim.last_modified),
        health=finding.health,
    )


def _validator(capture: Capture, name: str, known: str | None) -> str | None:
    """What the next request is conditional on: a full answer's own validator, or the known one while it still holds.

    A validator speaks of one address (RFC 9110, 8.8): an answer that came after a redirect to another one leaves none.
    """
    if capture.outcome.reached and leads_elsewhere(capture.hops):
        return None
    given = next((value for key, value in capture.headers if key.lower() == name), None)
    if capture.outcome in (Outcome.NEW, Outcome.SAME):
        return given
    return given or known if capture.outcome is Outcome.NOT_MODIFIED else known
