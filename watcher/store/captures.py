"""Captures and Snapshots: evidence rows, one for each ledger record of type "capture"."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select

from watcher.errors import NotFoundError
from watcher.model.capture import Capture, Outcome, Snapshot, Trigger
from watcher.store.schema import captures, snapshots
from watcher.store.types import from_json, to_json

BROUGHT_IN = tuple(trigger for trigger in Trigger if trigger.is_brought_in)
LARGEST_INTEGER = 2**63 - 1  # of a database's integer column


def add_capture(connection: Connection, capture: Capture, *, version_id: str | None = None) -> None:
    """Record a Capture, and a Snapshot when its payload is the first of its kind for the Source.

    `version_id` is the Version whose Document its payload has. Recording a Capture again changes nothing.
    A slot that some other Capture took first stays that one's.
    """
    if add_captures(connection, [capture], version_id=version_id) and capture.outcome is Outcome.NEW:
        _add_snapshot(connection, capture)


def add_captures(connection: Connection, recorded: Sequence[Capture], *, version_id: str | None = None) -> bool:
    """Record Captures that brought no new payload in one statement; True when there was one to record."""
    sequences = [capture.sequence for capture in recorded]
    known = set(connection.execute(select(captures.c.sequence).where(captures.c.sequence.in_(sequences))).scalars())
    fresh = [capture for capture in recorded if capture.sequence not in known]
    taken = _taken_slots(connection, fresh)
    rows = [
        {
            "sequence": capture.sequence,
            "source_id": capture.source_id,
            "slot_at": None if (capture.source_id, capture.slot_at) in taken else capture.slot_at,
            "version_id": version_id,
            "captured_at": capture.captured_at,
            "outcome": capture.outcome,
            "payload_sha256": capture.payload_sha256,
            "trigger": capture.trigger,
            "body": to_json(Capture, capture),
        }
        for capture in fresh
    ]
    if rows:
        connection.execute(insert(captures), rows)
    return bool(rows)


def _taken_slots(connection: Connection, recorded: Sequence[Capture]) -> set[tuple[str, datetime]]:
    slots = [(capture.source_id, capture.slot_at) for capture in recorded if capture.slot_at is not None]
    if not slots:
        return set()
    found = connection.execute(
        select(captures.c.source_id, captures.c.slot_at).where(
            captures.c.source_id.in_({source_id for source_id, _ in slots}),
            captures.c.slot_at.in_({moment for _, moment in slots}),
        )
    )
    return {(row.source_id, row.slot_at) for row in found}


def _add_snapshot(connection: Connection, capture: Capture) -> None:
    if capture.payload_sha256 is None:
        return
    known = connection.execute(
        select(snapshots.c.first_sequence).where(
            snapshots.c.source_id == capture.source_id, snapshots.c.payload_sha256 == capture.payload_sha256
        )
    ).first()
    if known is None:
        connection.execute(
            insert(snapshots).values(
                source_id=capture.source_id,
                payload_sha256=capture.payload_sha256,
                first_sequence=capture.sequence,
                first_captured_at=capture.captured_at,
                media_type=capture.media_type,
                length=capture.payload_length or 0,
            )
        )


def get_capture(connection: Connection, sequence: int) -> Capture:
    """One Capture by its ledger sequence."""
    known = 0 <= sequence <= LARGEST_INTEGER
    body = (
        connection.execute(select(captures.c.body).where(captures.c.sequence == sequence)).scalar() if known else None
    )
    if body is None:
        raise NotFoundError(f"there is no Capture {sequence}")
    return from_json(Capture, body)


def recorded_sequences(connection: Connection) -> set[int]:
    """The ledger sequences of all Captures that have their row."""
    return set(connection.execute(select(captures.c.sequence)).scalars())


def list_captures(
    connection: Connection, source_id: str, *, limit: int = 100, before: int | None = None
) -> list[Capture]:
    """Captures of a Source by capture time, newest first; `before` continues after a given sequence was shown."""
    query = select(captures.c.body).where(captures.c.source_id == source_id)
    if before is not None:
        query = query.where(captures.c.sequence < before)
    rows = connection.execute(query.order_by(captures.c.captured_at.desc(), captures.c.sequence.desc()).limit(limit))
    return [from_json(Capture, row.body) for row in rows]


def last_payload_sha256(connection: Connection, source_id: str, *, until: datetime | None = None) -> str | None:
    """The payload that a Source had at a moment (by default: has now), None when it had none yet."""
    query = select(captures.c.payload_sha256).where(
        captures.c.source_id == source_id,
        captures.c.outcome.in_([Outcome.NEW, Outcome.SAME, Outcome.NOT_MODIFIED]),
        captures.c.payload_sha256.is_not(None),
    )
    if until is not None:
        query = query.where(captures.c.captured_at <= until)
    newest_first = query.order_by(captures.c.captured_at.desc(), captures.c.sequence.desc())
    return connection.execute(newest_first.limit(1)).scalar()


def run_began_at(connection: Connection, source_id: str, payloads: Collection[str]) -> datetime | None:
    """Since when every Capture of a Source that reached it brought one of some payloads; None when the last did not."""
    reached = (
        captures.c.source_id == source_id,
        captures.c.outcome.in_([Outcome.NEW, Outcome.SAME, Outcome.NOT_MODIFIED]),
        captures.c.payload_sha256.is_not(None),
    )
    others = select(func.max(captures.c.captured_at)).where(*reached, captures.c.payload_sha256.not_in(payloads))
    last_other = connection.execute(others).scalar()
    run = select(func.min(captures.c.captured_at)).where(*reached, captures.c.payload_sha256.in_(payloads))
    return connection.execute(run if last_other is None else run.where(captures.c.captured_at > last_other)).scalar()


def is_imported(connection: Connection, source_id: str, payload_sha256: str, captured_at: datetime) -> bool:
    """Whether this payload has been recorded for this moment already."""
    found = connection.execute(
        select(captures.c.sequence).where(
            captures.c.source_id == source_id,
            captures.c.payload_sha256 == payload_sha256,
            captures.c.captured_at == captured_at,
        )
    )
    return found.first() is not None


def version_of_captures(connection: Connection, source_id: str) -> dict[int, str]:
    """Which Version describes each Capture of a Source that brought a new payload, by sequence."""
    rows = connection.execute(
        select(captures.c.sequence, captures.c.version_id).where(
            captures.c.source_id == source_id, captures.c.version_id.is_not(None)
        )
    )
    return {row[0]: row[1] for row in rows}


def version_of_capture(connection: Connection, sequence: int) -> str | None:
    """The Version that describes one Capture, None when there is none."""
    return connection.execute(select(captures.c.version_id).where(captures.c.sequence == sequence)).scalar()


def newest_described_by(connection: Connection, version_id: str) -> Capture | None:
    """The newest Capture that brought bytes which read as a Version says; None when there is none."""
    body = connection.execute(
        select(captures.c.body)
        .where(captures.c.version_id == version_id, captures.c.payload_sha256.is_not(None))
        .order_by(captures.c.captured_at.desc(), captures.c.sequence.desc())
        .limit(1)
    ).scalar()
    return None if body is None else from_json(Capture, body)


def payload_is_known(connection: Connection, payload_sha256: str) -> bool:
    """Whether some Capture brought this payload."""
    found = connection.execute(select(captures.c.sequence).where(captures.c.payload_sha256 == payload_sha256).limit(1))
    return found.first() is not None


def first_with_payload(connection: Connection, payload_sha256: str, source_ids: Iterable[str]) -> int | None:
    """The first Capture of some Sources that has a payload."""
    return connection.execute(
        select(func.min(captures.c.sequence)).where(
            captures.c.payload_sha256 == payload_sha256, captures.c.source_id.in_(list(source_ids))
        )
    ).scalar()


def sources_with_payload(connection: Connection, payload_sha256: str) -> set[str]:
    """The Sources that some Capture with this payload is of."""
    rows = connection.execute(select(captures.c.source_id).where(captures.c.payload_sha256 == payload_sha256))
    return set(rows.scalars())


def first_brought(connection: Connection, capture: Capture) -> int | None:
    """The Capture that first brought the payload of a revisit to its Source."""
    return connection.execute(
        select(snapshots.c.first_sequence).where(
            snapshots.c.source_id == capture.source_id, snapshots.c.payload_sha256 == capture.payload_sha256
        )
    ).scalar()


def list_snapshots(connection: Connection, source_id: str) -> list[Snapshot]:
    """Distinct payloads of a Source, newest first."""
    rows = connection.execute(
        select(snapshots).where(snapshots.c.source_id == source_id).order_by(snapshots.c.first_captured_at.desc())
    )
    return [Snapshot(**row._mapping) for row in rows]


def count_captures(connection: Connection) -> dict[str, int]:
    """How many Captures each Source has."""
    rows = connection.execute(select(captures.c.source_id, func.count()).group_by(captures.c.source_id))
    return {row[0]: row[1] for row in rows}


def moment_back(connection: Connection, source_id: str, *, until: datetime, steps: int) -> datetime:
    """When the Capture of a Source was made that stands `steps` before a moment; the first, when there are fewer.

    Just before it, so that "after" takes it in; the moment itself for a Source without Captures.
    """
    moments = select(captures.c.captured_at).where(captures.c.source_id == source_id, captures.c.captured_at <= until)
    newest = moments.order_by(captures.c.captured_at.desc()).limit(steps)
    first = min(connection.execute(newest).scalars(), default=until)
    return first - timedelta(microseconds=1)


def count_reached_after(connection: Connection, source_id: str, after: datetime) -> int:
    """How many Captures of a Source brought an answer after a moment."""
    count: int = connection.execute(
        select(func.count()).where(
            captures.c.source_id == source_id,
            captures.c.captured_at > after,
            captures.c.outcome.in_([outcome for outcome in Outcome if outcome.reached]),
        )
    ).scalar_one()
    return count


def attempts_in_period(
    connection: Connection, source_ids: list[str], *, after: datetime, until: datetime
) -> dict[str, list[Capture]]:
    """The fetch attempts of each Source that ended in (after, until], oldest first; imports and Uploads are none."""
    rows = connection.execute(
        select(captures.c.source_id, captures.c.body)
        .where(
            captures.c.source_id.in_(source_ids),
            captures.c.captured_at > after,
            captures.c.captured_at <= until,
            captures.c.trigger.not_in(BROUGHT_IN),
        )
        .order_by(captures.c.captured_at)
    )
    found: dict[str, list[Capture]] = {}
    for row in rows:
        found.setdefault(row.source_id, []).append(from_json(Capture, row.body))
    return found


def last_attempts(connection: Connection, source_ids: list[str], *, until: datetime) -> dict[str, datetime]:
    """When each Source was last tried up to a moment; what was brought in is no attempt."""
    rows = connection.execute(
        select(captures.c.source_id, func.max(captures.c.captured_at))
        .where(
            captures.c.source_id.in_(source_ids), captures.c.captured_at <= until, captures.c.trigger.not_in(BROUGHT_IN)
        )
        .group_by(captures.c.source_id)
    )
    return {row[0]: row[1] for row in rows}


def brought_in(connection: Connection) -> frozenset[int]:
    """The sequences of the Captures that a person brought: their dates are those of documents."""
    found = connection.execute(select(captures.c.sequence).where(captures.c.trigger.in_(BROUGHT_IN)))
    return frozenset(found.scalars())


def last_reached_at(connection: Connection, source_id: str) -> datetime | None:
    """When a fetch of the Source last brought its content."""
    return connection.execute(
        select(func.max(captures.c.captured_at)).where(
            captures.c.source_id == source_id,
            captures.c.outcome.in_([Outcome.NEW, Outcome.SAME, Outcome.NOT_MODIFIED]),
            captures.c.trigger.not_in(BROUGHT_IN),
        )
    ).scalar()
