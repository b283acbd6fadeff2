"""Sources with their dated Definitions: the registry."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, Select, and_, insert, select, update

from watcher.errors import ConflictError, NotFoundError
from watcher.model.source import Definition, Health, Source, SourceState
from watcher.store.schema import definitions, sources
from watcher.store.types import from_json, to_json


def add_source(connection: Connection, source: Source, *, sequence: int | None = None) -> None:
    """A new Source with its first Definition, which has the record `sequence`. ConflictError when the id is taken."""
    require_free(connection, source.source_id)
    connection.execute(
        insert(sources).values(
            source_id=source.source_id,
            state=source.state,
            definition_sha256=source.definition.digest_sha256,
            host=host_of(source.definition),
            registered_at=source.registered_at,
            next_check_at=source.next_check_at,
            failures_in_a_row=0,
            crashes_in_a_row=0,
            fencing_token=0,
        )
    )
    _add_definition(connection, source.source_id, source.definition, source.registered_at, sequence)


def exists(connection: Connection, source_id: str) -> bool:
    """Whether a Source of that name was ever registered."""
    found = connection.execute(select(sources.c.source_id).where(sources.c.source_id == source_id))
    return found.first() is not None


def require_free(connection: Connection, source_id: str) -> None:
    """ConflictError when a Source of that name exists."""
    if exists(connection, source_id):
        raise ConflictError(f"a Source named {source_id!r} exists already")


def replace_definition(
    connection: Connection, source_id: str, definition: Definition, *, now: datetime, sequence: int | None = None
) -> None:
    """Put a new Definition in force; the old one stays with its end date. The next check is made at once.

    A check that runs under the old one loses its claim: what its server said of the old page is not kept.
    """
    connection.execute(
        update(definitions)
        .where(definitions.c.source_id == source_id, definitions.c.valid_until.is_(None))
        .values(valid_until=now)
    )
    _add_definition(connection, source_id, definition, now, sequence)
    connection.execute(
        update(sources)
        .where(sources.c.source_id == source_id)
        .values(
            definition_sha256=definition.digest_sha256,
            host=host_of(definition),
            next_check_at=now if definition.url else None,
            etag=None,
            last_modified=None,
            health=None,
            lease_owner=None,
            lease_until=None,
            fencing_token=sources.c.fencing_token + 1,
        )
    )


def set_state(connection: Connection, source_id: str, state: SourceState, *, next_check_at: datetime | None) -> None:
    """Activate, pause or retire a Source. Everything recorded of it stays."""
    connection.execute(
        update(sources)
        .where(sources.c.source_id == source_id)
        .values(state=state, next_check_at=next_check_at, crashes_in_a_row=0)
    )


def get_source(connection: Connection, source_id: str) -> Source:
    """One Source with the Definition in force. NotFoundError names a Source that does not exist."""
    return source_of(get_source_row(connection, source_id))


def get_source_row(connection: Connection, source_id: str) -> Row[tuple[object, ...]]:
    """The row of one Source. NotFoundError names a Source that does not exist."""
    row = connection.execute(selected().where(sources.c.source_id == source_id)).first()
    if row is None:
        raise NotFoundError(f"no Source is named {source_id!r}; `watcher source list` shows them all")
    return row


def list_sources(connection: Connection) -> list[Source]:
    """All Sources by id, retired ones included."""
    return [source_of(row) for row in connection.execute(selected().order_by(sources.c.source_id))]


def get_definition(connection: Connection, source_id: str, definition_sha256: str) -> Definition:
    """A Definition that is or was in force for a Source."""
    body = connection.execute(
        select(definitions.c.body).where(
            definitions.c.source_id == source_id, definitions.c.definition_sha256 == definition_sha256
        )
    ).scalar()
    if body is None:
        raise NotFoundError(f"Source {source_id!r} never had the Definition {definition_sha256[:12]}")
    return from_json(Definition, body)


def list_definitions(connection: Connection, source_id: str) -> list[tuple[datetime, datetime | None, Definition]]:
    """(valid_from, valid_until, Definition) of a Source, newest first."""
    rows = connection.execute(
        select(definitions.c.valid_from, definitions.c.valid_until, definitions.c.body)
        .where(definitions.c.source_id == source_id)
        .order_by(definitions.c.valid_from.desc())
    )
    return [(row.valid_from, row.valid_until, from_json(Definition, row.body)) for row in rows]


def set_baseline(connection: Connection, source_id: str, version_id: str) -> None:
    """Make a Version the one that the next Version is compared with."""
    connection.execute(update(sources).where(sources.c.source_id == source_id).values(baseline_version_id=version_id))


def get_baseline_id(connection: Connection, source_id: str) -> str | None:
    """The Version that the next Version of a Source is compared with, None before the first."""
    return connection.execute(select(sources.c.baseline_version_id).where(sources.c.source_id == source_id)).scalar()


def selected() -> Select[tuple[object, ...]]:
    """Rows of Sources with the body of the Definition in force, as `source_of` reads them."""
    return select(
        sources,
        definitions.c.body.label("definition"),
    ).join(definitions, and_(definitions.c.source_id == sources.c.source_id, definitions.c.valid_until.is_(None)))


def source_of(row: Row[tuple[object, ...]]) -> Source:
    """The Source of a row of `selected`."""
    return Source(
        source_id=row.source_id,
        state=SourceState(row.state),
        definition=from_json(Definition, row.definition),
        registered_at=row.registered_at,
        next_check_at=row.next_check_at,
        last_capture_at=row.last_capture_at,
        last_outcome=row.last_outcome,
        failures_in_a_row=row.failures_in_a_row,
        crashes_in_a_row=row.crashes_in_a_row,
        health=from_json(Health, row.health) if row.health else Health(),
    )


def _add_definition(
    connection: Connection, source_id: str, definition: Definition, now: datetime, sequence: int | None
) -> None:
    connection.execute(
        insert(definitions).values(
            source_id=source_id,
            valid_from=now,
            valid_until=None,
            definition_sha256=definition.digest_sha256,
            body=to_json(Definition, definition),
            sequence=sequence,
        )
    )


def definitions_without_record(connection: Connection) -> list[tuple[str, datetime, Definition]]:
    """(source_id, valid_from, Definition) of rows from before Definitions had records, oldest first."""
    rows = connection.execute(
        select(definitions.c.source_id, definitions.c.valid_from, definitions.c.body)
        .where(definitions.c.sequence.is_(None))
        .order_by(definitions.c.valid_from, definitions.c.source_id)
    )
    return [(row.source_id, row.valid_from, from_json(Definition, row.body)) for row in rows]


def recorded_definitions(connection: Connection) -> set[int]:
    """The ledger sequences of all Definitions that have their row."""
    return set(connection.execute(select(definitions.c.sequence).where(definitions.c.sequence.is_not(None))).scalars())


def last_valid_from(connection: Connection, source_id: str) -> datetime | None:
    """Since when the Definition in force is; None for a Source that does not exist."""
    return connection.execute(
        select(definitions.c.valid_from).where(
            definitions.c.source_id == source_id, definitions.c.valid_until.is_(None)
        )
    ).scalar()


def set_definition_record(connection: Connection, source_id: str, valid_from: datetime, *, sequence: int) -> None:
    """Tie the row of a Definition to its record."""
    connection.execute(
        update(definitions)
        .where(definitions.c.source_id == source_id, definitions.c.valid_from == valid_from)
        .values(sequence=sequence)
    )


def host_of(definition: Definition) -> str:
    """The host that is asked politely for a Definition, "" for an Upload."""
    return urlsplit(definition.url).hostname or ""
