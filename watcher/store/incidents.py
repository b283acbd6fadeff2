"""Incidents: what was found wrong with the evidence, until it is found right again; and when Payloads were read."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, or_, select, update

from watcher.model.capture import Capture, Outcome
from watcher.store.schema import captures, fixity, incidents
from watcher.store.types import from_json

TOLD_AGAIN_AFTER = timedelta(days=1)  # one mail a day for what goes on being found under one code
TARGET_LENGTH = 200
CAPTURES_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """One finding that is open until `resolved_at`; `told_at` is when the operator was written to."""

    incident_id: int
    code: str
    target: str
    message: str
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None = None
    told_at: datetime | None = None


def open_incident(connection: Connection, *, code: str, target: str, message: str, now: datetime) -> bool:
    """Record a finding; True when it was not open before."""
    found = connection.execute(
        update(incidents)
        .where(
            incidents.c.code == code, incidents.c.target == target[:TARGET_LENGTH], incidents.c.resolved_at.is_(None)
        )
        .values(last_seen_at=now, message=message)
    )
    if found.rowcount:
        return False
    connection.execute(
        insert(incidents).values(
            code=code, target=target[:TARGET_LENGTH], message=message, first_seen_at=now, last_seen_at=now
        )
    )
    return True


def resolve_incidents(connection: Connection, targets: Collection[str], *, now: datetime) -> int:
    """Close what was open about targets that were found right; returns how many that were."""
    return connection.execute(
        update(incidents)
        .where(incidents.c.target.in_(targets), incidents.c.resolved_at.is_(None))
        .values(resolved_at=now)
    ).rowcount


def open_incidents(connection: Connection, *, limit: int = 100) -> list[Incident]:
    """What is wrong now, newest first."""
    rows = connection.execute(
        select(incidents).where(incidents.c.resolved_at.is_(None)).order_by(incidents.c.incident_id.desc()).limit(limit)
    )
    return [_incident(row._mapping) for row in rows]


def claim_untold(connection: Connection, *, now: datetime, lease_seconds: int) -> list[Incident]:
    """Claim the open incidents that the operator has not been told, but for codes that were told within a day."""
    told_lately = select(incidents.c.code).where(incidents.c.told_at > now - TOLD_AGAIN_AFTER)
    chosen = [
        row._mapping
        for row in connection.execute(
            select(incidents)
            .where(
                incidents.c.resolved_at.is_(None),
                incidents.c.told_at.is_(None),
                or_(incidents.c.lease_until.is_(None), incidents.c.lease_until <= now),
                incidents.c.code.not_in(told_lately),
            )
            .order_by(incidents.c.incident_id)
        )
    ]
    connection.execute(
        update(incidents)
        .where(incidents.c.incident_id.in_([row["incident_id"] for row in chosen]))
        .values(lease_until=now + timedelta(seconds=lease_seconds))
    )
    return [_incident(row) for row in chosen]


def set_told(connection: Connection, told: Collection[Incident], *, now: datetime) -> None:
    """The operator's mail server took the message."""
    connection.execute(
        update(incidents)
        .where(incidents.c.incident_id.in_([one.incident_id for one in told]))
        .values(told_at=now, lease_until=None)
    )


def add_named_payloads(connection: Connection, *, after: int | None = None) -> int | None:
    """Take up the Payloads that the next 1000 Captures named; returns the last sequence, None when there are no more.

    Without `after` it begins where the newest known Payload was first named.
    """
    if after is None:
        newest = connection.execute(select(func.max(fixity.c.first_sequence))).scalar()
        after = -1 if newest is None else newest
    rows = connection.execute(
        select(captures.c.sequence, captures.c.body)
        .where(
            captures.c.sequence > after,
            or_(
                captures.c.outcome == Outcome.NEW,
                captures.c.body.not_like('%"partial_sha256":null%'),
                captures.c.body.not_like('%"screenshot_sha256":null%'),
            ),
        )
        .order_by(captures.c.sequence)
        .limit(CAPTURES_AT_ONCE)
    ).all()
    named: dict[str, int] = {}
    for row in rows:
        with suppress(ValueError):  # an edited row is the matter of `watcher verify`
            capture = from_json(Capture, row.body)
            for digest in (capture.payload_sha256, capture.partial_sha256, capture.screenshot_sha256):
                if digest is not None:
                    named.setdefault(digest, row.sequence)
    known = set(connection.execute(select(fixity.c.payload_sha256).where(fixity.c.payload_sha256.in_(named))).scalars())
    fresh = [
        {"payload_sha256": digest, "first_sequence": sequence}
        for digest, sequence in named.items()
        if digest not in known
    ]
    if fresh:
        connection.execute(insert(fixity), fresh)
    return rows[-1].sequence if rows else None


def count_known(connection: Connection) -> int:
    """How many Payloads are read back in turn."""
    return connection.execute(select(func.count()).select_from(fixity)).scalar() or 0


def count_unread_since(connection: Connection, moment: datetime) -> int:
    """How many Payloads were read before a moment, and not since; those that were never read do not count."""
    return (
        connection.execute(select(func.count()).select_from(fixity).where(fixity.c.verified_at < moment)).scalar() or 0
    )


def least_recently_read(connection: Connection, *, limit: int) -> list[str]:
    """The Payloads that were read the longest time ago, those that never were first."""
    return list(
        connection.execute(
            select(fixity.c.payload_sha256)
            .order_by(fixity.c.verified_at.is_not(None), fixity.c.verified_at, fixity.c.first_sequence)
            .limit(limit)
        ).scalars()
    )


def set_read(connection: Connection, digests: Collection[str], *, now: datetime) -> None:
    """Payloads were read back, whatever was found."""
    connection.execute(update(fixity).where(fixity.c.payload_sha256.in_(digests)).values(verified_at=now))


def _incident(row: object) -> Incident:
    values = dict(row)  # type: ignore[call-overload]
    values.pop("lease_until")
    return Incident(**values)
