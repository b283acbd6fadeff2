"""Rules that let bytes go after a while: parts of attempts only, never a Snapshot, never what is held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.model.capture import Capture
from watcher.pipeline.holds import Hold, active_holds
from watcher.pipeline.ports import Rooms
from watcher.pipeline.tombstone import entomb
from watcher.store.captures import get_capture
from watcher.store.database import Connection
from watcher.store.keep import captures_with_parts, payload_digests, sequences_with_changes

TOGETHER = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class RetentionRules:
    """After how many days bytes go; 0 keeps them for good.

    `partial_days` is for the bytes of failed attempts, `screenshot_days` for a browser's pictures of Captures that
    no Change rests on.
    """

    partial_days: int = 0
    screenshot_days: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Expired:
    """Bytes that a rule lets go. `last_captured_at` is the newest Capture that names them."""

    payload_sha256: str
    part: str
    rule: str
    last_captured_at: datetime
    captures: tuple[int, ...]


def find_expired(rooms: Rooms, rules: RetentionRules) -> list[Expired]:
    """What the rules let go now, longest known first. Bytes that are a Payload anywhere, or held, are never in it."""
    now = rooms.clock()
    days = {"partial": rules.partial_days, "screenshot": rules.screenshot_days}
    holds = active_holds(rooms)
    with rooms.database.reading() as connection:
        payloads = payload_digests(connection)
        told = sequences_with_changes(connection)
        named: dict[str, list[tuple[str, Capture]]] = {}
        for capture in captures_with_parts(connection):
            for part, digest in _parts(capture):
                named.setdefault(digest, []).append((part, capture))
    expired = []
    for digest, uses in named.items():
        newest = max(capture.captured_at for _, capture in uses)
        oldest_kept = [days[part] and now - timedelta(days=days[part]) for part, _ in uses]
        is_old = all(limit and newest < limit for limit in oldest_kept)
        is_evidence = digest in payloads or any(
            (part == "screenshot" and capture.sequence in told) or any(hold.covers(capture) for hold in holds)
            for part, capture in uses
        )
        if is_old and not is_evidence and _is_there(rooms, digest):
            part = uses[0][0]
            expired.append(
                Expired(
                    payload_sha256=digest,
                    part=part,
                    rule=f"{part} bytes are kept for {days[part]} days",
                    last_captured_at=newest,
                    captures=tuple(capture.sequence for _, capture in uses),
                )
            )
    return sorted(expired, key=lambda one: (one.last_captured_at, one.payload_sha256))


def _is_there(rooms: Rooms, digest: str) -> bool:
    return rooms.archive.tombstone(digest) is None or rooms.archive.has_bytes(digest)


def let_go(rooms: Rooms, rules: RetentionRules, *, user: str) -> Iterator[Expired]:
    """Delete what the rules let go, each with its tombstone; yields each that is gone.

    It looks again first: what was named anew or held since a plan was shown stays. The same bytes are stored again
    when they come again.
    """
    expired = find_expired(rooms, rules)
    for first in range(0, len(expired), TOGETHER):
        group = expired[first : first + TOGETHER]
        with rooms.database.writing() as connection:
            holds = active_holds(rooms)
            free = [one for one in group if not _held(connection, holds, one)]
            tombstones = [
                entomb(
                    rooms,
                    connection,
                    one.payload_sha256,
                    user=user,
                    reason=f"retention: {one.rule}",
                    keep_out=False,
                )
                for one in free
            ]
        for one, tombstone in zip(free, tombstones, strict=True):
            rooms.archive.remove_payload(tombstone)
            yield one


def _held(connection: Connection, holds: list[Hold], expired: Expired) -> bool:
    named = [get_capture(connection, sequence) for sequence in expired.captures]
    return any(hold.covers(capture) for hold in holds for capture in named)


def _parts(capture: Capture) -> Iterator[tuple[str, str]]:
    if capture.partial_sha256 is not None:
        yield "partial", capture.partial_sha256
    if capture.screenshot_sha256 is not None:
        yield "screenshot", capture.screenshot_sha256
