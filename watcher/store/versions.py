"""Versions with their Documents and Positions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from watcher.errors import NotFoundError
from watcher.model.capture import Version
from watcher.model.change import Position
from watcher.model.document import Document
from watcher.store.captures import last_payload_sha256, run_began_at
from watcher.store.schema import positions, versions
from watcher.store.types import from_json, to_json


def add_version(connection: Connection, version: Version, found_positions: tuple[Position, ...] = ()) -> None:
    """Record a Version and the Positions found in it. Recording it again changes nothing."""
    known = connection.execute(select(versions.c.version_id).where(versions.c.version_id == version.version_id)).first()
    if known is not None:
        return
    connection.execute(
        insert(versions).values(
            version_id=version.version_id,
            source_id=version.source_id,
            sequence=version.sequence,
            payload_sha256=version.payload_sha256,
            captured_at=version.captured_at,
            extractor=version.extractor,
            extractor_version=version.extractor_version,
            definition_sha256=version.definition_sha256,
            text_sha256=version.text_sha256,
            error_code=version.error_code,
            error=version.error,
            document=to_json(Document, version.document) if version.document is not None else None,
        )
    )
    _add_positions(connection, version, found_positions)


def supersede(connection: Connection, old_id: str, new_id: str) -> None:
    """Let a Version stand in the place of another one of the same Snapshot; both stay, and may change places again."""
    connection.execute(update(versions).where(versions.c.version_id == old_id).values(superseded_by=new_id))
    connection.execute(update(versions).where(versions.c.version_id == new_id).values(superseded_by=None))


def standing_ids(connection: Connection) -> list[str]:
    """The readable Versions that nothing superseded, by Source and time."""
    rows = connection.execute(
        select(versions.c.version_id)
        .where(versions.c.error_code == "", versions.c.document.is_not(None), _stands())
        .order_by(versions.c.source_id, versions.c.captured_at, versions.c.sequence)
    )
    return list(rows.scalars())


def replace_positions(connection: Connection, version: Version, found_positions: tuple[Position, ...]) -> None:
    """Let a Version assert other Positions than before: what a newer pack reads in it."""
    connection.execute(delete(positions).where(positions.c.version_id == version.version_id))
    _add_positions(connection, version, found_positions)


def _add_positions(connection: Connection, version: Version, found_positions: tuple[Position, ...]) -> None:
    for ordinal, position in enumerate(found_positions):
        connection.execute(
            insert(positions).values(
                version_id=version.version_id,
                ordinal=ordinal,
                source_id=version.source_id,
                subject=position.subject,
                indicator=position.indicator,
                stance=position.stance,
                captured_at=version.captured_at,
                body=to_json(Position, position),
            )
        )


def get_version(connection: Connection, version_id: str) -> Version:
    """One Version with its Document."""
    row = connection.execute(select(versions).where(versions.c.version_id == version_id)).first()
    if row is None:
        raise NotFoundError(f"there is no Version {version_id!r}")
    return _version(row)


def newest_version(connection: Connection, source_id: str) -> Version | None:
    """The Version of a Source that was recorded last, held and unreadable ones included, without its Document.

    None before the first.
    """
    columns = [column for column in versions.c if column.name != "document"]
    row = connection.execute(
        select(*columns)
        .where(versions.c.source_id == source_id, _stands())
        .order_by(versions.c.sequence.desc())
        .limit(1)
    ).first()
    return None if row is None else _version(row)


def held_version(connection: Connection, source_id: str) -> Version | None:
    """The Version of a Source that is held, if its bytes are those that the Source gave last; else None.

    Without its Document.
    """
    newest = newest_version(connection, source_id)
    if newest is None or not newest.is_held:
        return None
    return newest if last_payload_sha256(connection, source_id) == newest.payload_sha256 else None


def held_versions(connection: Connection) -> list[Version]:
    """What is held now, by Source."""
    newest = select(func.max(versions.c.sequence)).group_by(versions.c.source_id)
    sources = connection.execute(
        select(versions.c.source_id)
        .where(versions.c.sequence.in_(newest), versions.c.error_code.startswith("held_"))
        .order_by(versions.c.source_id)
        .distinct()
    ).scalars()
    found = [held_version(connection, source_id) for source_id in sources]
    return [version for version in found if version is not None]


def held_payloads(connection: Connection, source_id: str) -> dict[str, str]:
    """The Payloads of a Source that were held and never taken as its document, each with the newest reason."""
    of_source = versions.c.source_id == source_id
    rows = connection.execute(
        select(versions.c.payload_sha256, versions.c.error)
        .where(of_source, versions.c.error_code.startswith("held_"))
        .order_by(versions.c.sequence)
    )
    held: dict[str, str] = {row.payload_sha256: row.error for row in rows}
    taken = select(versions.c.payload_sha256).where(of_source, versions.c.error_code == "")
    for payload_sha256 in connection.execute(taken.where(versions.c.payload_sha256.in_(held))).scalars():
        held.pop(payload_sha256, None)
    return held


def held_since(connection: Connection, source_id: str) -> datetime | None:
    """Since when a Source gives nothing but pages that are held, whatever their bytes; None when it does not."""
    return run_began_at(connection, source_id, held_payloads(connection, source_id))


def release_version(connection: Connection, version: Version, found_positions: tuple[Position, ...]) -> None:
    """Take a held Version as read."""
    connection.execute(
        update(versions).where(versions.c.version_id == version.version_id).values(error_code="", error="")
    )
    _add_positions(connection, version, found_positions)


def list_versions(connection: Connection, source_id: str, *, limit: int = 200) -> list[Version]:
    """Versions of a Source by capture time, newest first, without their Documents."""
    columns = [column for column in versions.c if column.name != "document"]
    rows = connection.execute(
        select(*columns)
        .where(versions.c.source_id == source_id)
        .order_by(versions.c.captured_at.desc(), versions.c.sequence.desc(), versions.c.version_id)
        .limit(limit)
    )
    return [_version(row) for row in rows]


def newest_readable(connection: Connection, *, until: datetime | None = None) -> list[tuple[str, str, bool]]:
    """(source_id, version_id, whether its Document has questions) of the newest readable Version of each Source.

    `until` leaves out what was captured later. By Source.
    """
    newest_first = (
        versions.c.captured_at.desc(),
        versions.c.sequence.desc(),
        versions.c.extractor_version.desc(),
        versions.c.version_id,
    )
    place = func.row_number().over(partition_by=versions.c.source_id, order_by=newest_first)
    asks = versions.c.document.contains('"kind":"question"')
    readable = select(versions.c.source_id, versions.c.version_id, asks.label("asks"), place.label("place")).where(
        versions.c.error_code == "", versions.c.document.is_not(None)
    )
    if until is not None:
        readable = readable.where(versions.c.captured_at <= until)
    ranked = readable.subquery()
    rows = connection.execute(select(ranked).where(ranked.c.place == 1).order_by(ranked.c.source_id))
    return [(row.source_id, row.version_id, bool(row.asks)) for row in rows]


def readable_in_order(connection: Connection, *, until: datetime) -> dict[str, list[tuple[str, datetime]]]:
    """(version_id, captured_at) of the standing readable Versions up to a moment, oldest first, by Source."""
    rows = connection.execute(
        select(versions.c.source_id, versions.c.version_id, versions.c.captured_at)
        .where(versions.c.error_code == "", _stands(), versions.c.captured_at <= until)
        .order_by(versions.c.captured_at, versions.c.sequence, versions.c.extractor_version, versions.c.version_id)
    )
    found: dict[str, list[tuple[str, datetime]]] = {}
    for row in rows:
        found.setdefault(row.source_id, []).append((row.version_id, row.captured_at))
    return found


def version_before(connection: Connection, source_id: str, captured_at: datetime, sequence: int) -> Version | None:
    """The newest readable Version of a Source that stood before a moment, None when there is none."""
    row = connection.execute(
        select(versions)
        .where(
            versions.c.source_id == source_id,
            versions.c.error_code == "",
            _stands(),
            (versions.c.captured_at < captured_at)
            | ((versions.c.captured_at == captured_at) & (versions.c.sequence < sequence)),
        )
        .order_by(versions.c.captured_at.desc(), versions.c.sequence.desc())
        .limit(1)
    ).first()
    return None if row is None else _version(row)


def version_after(connection: Connection, source_id: str, captured_at: datetime, sequence: int) -> Version | None:
    """The oldest readable Version of a Source that stood after a moment, None when there is none."""
    row = connection.execute(
        select(versions)
        .where(
            versions.c.source_id == source_id,
            versions.c.error_code == "",
            _stands(),
            (versions.c.captured_at > captured_at)
            | ((versions.c.captured_at == captured_at) & (versions.c.sequence > sequence)),
        )
        .order_by(versions.c.captured_at, versions.c.sequence)
        .limit(1)
    ).first()
    return None if row is None else _version(row)


def version_back(connection: Connection, source_id: str, steps: int) -> Version | None:
    """The readable Version of a Source that stands `steps` before its newest; None when it has not so many."""
    row = connection.execute(
        select(versions)
        .where(versions.c.source_id == source_id, versions.c.error_code == "", _stands())
        .order_by(versions.c.captured_at.desc(), versions.c.sequence.desc())
        .limit(1)
        .offset(steps)
    ).first()
    return None if row is None else _version(row)


def count_readable(connection: Connection, source_id: str) -> int:
    """How many readable Versions a Source has."""
    count: int = connection.execute(
        select(func.count()).where(versions.c.source_id == source_id, versions.c.error_code == "", _stands())
    ).scalar_one()
    return count


def version_of_payload(connection: Connection, payload_sha256: str) -> Version:
    """The Version that was last recorded of a Snapshot, by the digest of its bytes."""
    row = connection.execute(
        select(versions)
        .where(versions.c.payload_sha256 == payload_sha256, _stands())
        .order_by(versions.c.sequence.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFoundError(f"no Version was read from a Snapshot {payload_sha256}")
    return _version(row)


def earlier_texts(
    connection: Connection, source_id: str, *, until: datetime, limit: int = 50
) -> list[tuple[str, datetime]]:
    """(text_sha256, captured_at) of the readable Versions up to a moment, oldest first: what reverts are told by."""
    rows = connection.execute(
        select(versions.c.text_sha256, versions.c.captured_at)
        .where(
            versions.c.source_id == source_id,
            versions.c.error_code == "",
            _stands(),
            versions.c.captured_at <= until,
        )
        .order_by(versions.c.captured_at.desc(), versions.c.sequence.desc())
        .limit(limit)
    ).all()
    return [(row.text_sha256, row.captured_at) for row in reversed(rows)]


def positions_of_version(connection: Connection, version_id: str) -> list[Position]:
    """The Positions that a Version asserts, in reading order."""
    rows = connection.execute(
        select(positions.c.body).where(positions.c.version_id == version_id).order_by(positions.c.ordinal)
    )
    return [from_json(Position, row.body) for row in rows]


def subjects_with_positions(connection: Connection) -> set[str]:
    """The Subjects that some Version speaks of."""
    found = connection.execute(select(positions.c.subject).distinct()).scalars()
    return {subject for subject in found if subject}


def positions_of_subject(connection: Connection, subject: str) -> list[tuple[str, str, datetime, Position]]:
    """(source_id, version_id, captured_at, Position) of every Version that speaks of a Subject, newest first.

    Those that a technical upgrade superseded are left out: the Version in their place says what it says.
    """
    rows = connection.execute(
        select(positions)
        .join(versions, versions.c.version_id == positions.c.version_id)
        .where(positions.c.subject == subject, _stands())
        .order_by(positions.c.captured_at.desc(), positions.c.source_id, positions.c.ordinal)
    )
    return [(row.source_id, row.version_id, row.captured_at, from_json(Position, row.body)) for row in rows]


def positions_as_of(
    connection: Connection, *, until: datetime, subject: str = "", every_version: bool = False
) -> list[tuple[str, str, Position]]:
    """(source_id, version_id, Position) of what Sources stated of Subjects until a moment, in reading order.

    Of each Source, Subject and indicator the newest Version that speaks of it, or with `every_version` all of them.
    Positions of nobody and of superseded Versions are left out.
    """
    newest_first = (
        positions.c.captured_at.desc(),
        versions.c.sequence.desc(),
        versions.c.extractor_version.desc(),
        positions.c.version_id,
    )
    group = (positions.c.source_id, positions.c.subject, positions.c.indicator)
    place = func.dense_rank().over(partition_by=group, order_by=newest_first).label("place")
    query = (
        select(positions.c.source_id, positions.c.version_id, positions.c.ordinal, positions.c.body, place)
        .join(versions, versions.c.version_id == positions.c.version_id)
        .where(positions.c.captured_at <= until, positions.c.subject != "", _stands())
    )
    if subject:
        query = query.where(positions.c.subject == subject)
    ranked = query.subquery()
    wanted = select(ranked) if every_version else select(ranked).where(ranked.c.place == 1)
    rows = connection.execute(wanted.order_by(ranked.c.source_id, ranked.c.version_id, ranked.c.ordinal))
    return [(row.source_id, row.version_id, from_json(Position, row.body)) for row in rows]


def _stands() -> ColumnElement[bool]:
    return versions.c.superseded_by.is_(None)


def _version(row: Row[tuple[object, ...]]) -> Version:
    document = row._mapping.get("document")
    return Version(
        version_id=row.version_id,
        source_id=row.source_id,
        sequence=row.sequence,
        payload_sha256=row.payload_sha256,
        captured_at=row.captured_at,
        extractor=row.extractor,
        extractor_version=row.extractor_version,
        definition_sha256=row.definition_sha256,
        document=from_json(Document, document) if document else None,
        text_sha256=row.text_sha256,
        error_code=row.error_code,
        error=row.error,
        superseded_by=row.superseded_by or "",
    )
