"""What is asked before bytes are deleted: who names them, and which bytes are only parts of old attempts."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, or_, select, union

from watcher.model.capture import Capture
from watcher.store.schema import captures, changes, versions
from watcher.store.types import from_json


def captures_naming(connection: Connection, payload_sha256: str) -> list[Capture]:
    """The Captures that name bytes by their SHA-256: as their Payload, partial bytes or screenshot; oldest first."""
    rows = connection.execute(
        select(captures.c.body)
        .where(captures.c.body.contains(payload_sha256, autoescape=True))
        .order_by(captures.c.sequence)
    )
    found = [from_json(Capture, row.body) for row in rows]
    return [one for one in found if payload_sha256 in (one.payload_sha256, one.partial_sha256, one.screenshot_sha256)]


def count_derived(connection: Connection, payload_sha256: str) -> tuple[int, int]:
    """How many Versions were read from a Payload, and how many Changes have one of them on a side."""
    read = set(
        connection.execute(select(versions.c.version_id).where(versions.c.payload_sha256 == payload_sha256)).scalars()
    )
    told = connection.execute(
        select(changes.c.change_id).where(or_(changes.c.from_version_id.in_(read), changes.c.to_version_id.in_(read)))
    ).all()
    return len(read), len(told)


def captures_with_parts(connection: Connection) -> Iterator[Capture]:
    """Captures that have partial bytes or a screenshot, oldest first."""
    rows = connection.execute(
        select(captures.c.body)
        .where(
            or_(captures.c.body.like('%"partial_sha256":"%'), captures.c.body.like('%"screenshot_sha256":"%')),
        )
        .order_by(captures.c.sequence)
    )
    for row in rows:
        yield from_json(Capture, row.body)


def payload_digests(connection: Connection) -> set[str]:
    """The SHA-256 of everything that some Capture has as its Payload."""
    rows = connection.execute(select(captures.c.payload_sha256).where(captures.c.payload_sha256.is_not(None)))
    return {row.payload_sha256 for row in rows}


def sequences_with_changes(connection: Connection) -> set[int]:
    """The Captures whose Version is a side of some Change."""
    sides = union(select(changes.c.from_version_id), select(changes.c.to_version_id)).subquery()
    return set(
        connection.execute(select(versions.c.sequence).where(versions.c.version_id.in_(select(sides.c[0])))).scalars()
    )
