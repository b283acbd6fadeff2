"""Sources with their Definitions, and the claims by which each slot is checked once."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, Select, and_, insert, or_, select, update

from watcher.errors import ConflictError, NotFoundError
from watcher.model.source import Claim, Definition, Source, SourceState
from watcher.store.schema import definitions, hosts, sources
from watcher.store.types import from_json, to_json


def add_source(connection: Connection, source: Source) -> None:
    """A new Source with its first Definition. ConflictError when the id is taken."""
    if connection.execute(select(sources.c.source_id).where(sources.c.source_id == source.source_id)).first():
        raise ConflictError(f"a Source named {source.source_id!r} exists already")
    connection.execute(
        insert(sources).values(
            source_id=source.source_id,
            state=source.state,
            definition_sha256=source.definition.digest_sha256,
            host=_host(source.definition),
            registered_at=source.registered_at,
            next_check_at=source.next_check_at,
            failures_in_a_row=0,
            fencing_token=0,
        )
    )
    _add_definition(connection, source.source_id, source.definition, source.registered_at)


def replace_definition(connection: Connection, source_id: str, definition: Definition, *, now: datetime) -> None:
    """Put a new Definition in force; the old one stays with its end date. The next check is made at once."""
    connection.execute(
        update(definitions)
        .where(definitions.c.source_id == source_id, definitions.c.valid_until.is_(None))
        .values(valid_until=now)
    )
    _add_definition(connection, source_id, definition, now)
    connection.execute(
        update(sources)
        .where(sources.c.source_id == source_id)
        .values(
            definition_sha256=definition.digest_sha256,
            host=_host(definition),
            next_check_at=now if definition.url else None,
            etag=None,
            last_modified=None,
        )
    )


def set_state(connection: Connection, source_id: str, state: SourceState, *, next_check_at: datetime | None) -> None:
    """Activate, pause or retire a Source. Everything recorded of it stays."""
    connection.execute(
        update(sources).where(sources.c.source_id == source_id).values(state=state, next_check_at=next_check_at)
    )


def get_source(connection: Connection, source_id: str) -> Source:
    """One Source with the Definition in force. NotFoundError names a Source that does not exist."""
    row = connection.execute(_selected().where(sources.c.source_id == source_id)).first()
    if row is None:
        raise NotFoundError(f"no Source is named {source_id!r}; `watcher source list` shows them all")
    return _source(row)


def list_sources(connection: Connection) -> list[Source]:
    """All Sources by id, retired ones included."""
    return [_source(row) for row in connection.execute(_selected().order_by(sources.c.source_id))]


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


def claim_due(connection: Connection, *, now: datetime, owner: str, lease_seconds: int, limit: int) -> list[Claim]:
    """Claim up to `limit` Sources whose slot has come, at most one a host at a time.

    Needs a write transaction. A claim is won by changing the fencing token that was read: a slot is won once.
    """
    leased = select(sources.c.host).where(sources.c.host != "", sources.c.lease_until > now)
    resting = select(hosts.c.host).where(hosts.c.ready_at > now)
    unavailable = leased.union(resting)
    busy_hosts: set[str] = set()
    due = connection.execute(
        _selected()
        .where(
            sources.c.state == SourceState.ACTIVE,
            sources.c.next_check_at <= now,
            or_(sources.c.lease_until.is_(None), sources.c.lease_until <= now),
            sources.c.host.not_in(unavailable),
        )
        .order_by(sources.c.next_check_at, sources.c.source_id)
        .limit(limit * 20)
    ).all()
    claims: list[Claim] = []
    for row in due:
        if row.host in busy_hosts:
            continue
        claim = _claim(connection, row, row.next_check_at, now=now, owner=owner, lease_seconds=lease_seconds)
        if claim is not None:
            claims.append(claim)
            busy_hosts.add(row.host)
        if len(claims) == limit:
            break
    return claims


def claim_now(connection: Connection, source_id: str, *, now: datetime, owner: str, lease_seconds: int) -> Claim:
    """Claim one Source for a manual check. ConflictError when it is being checked at this moment."""
    row = connection.execute(_selected().where(sources.c.source_id == source_id)).first()
    if row is None:
        raise NotFoundError(f"no Source is named {source_id!r}; `watcher source list` shows them all")
    if row.lease_until is not None and row.lease_until > now:
        raise ConflictError(
            f"Source {source_id!r} is being checked at this moment by {row.lease_owner}; try again shortly"
        )
    claim = _claim(connection, row, None, now=now, owner=owner, lease_seconds=lease_seconds)
    if claim is None:
        raise ConflictError(f"Source {source_id!r} was claimed by another worker; try again shortly")
    return claim


def finish_claim(
    connection: Connection,
    claim: Claim,
    *,
    next_check_at: datetime | None,
    captured_at: datetime,
    outcome: str,
    failures_in_a_row: int,
    etag: str | None,
    last_modified: str | None,
    baseline_version_id: str | None,
    host_ready_at: datetime,
) -> bool:
    """Write the result of a claimed check and give the lease back. False when the claim was lost meanwhile.

    No other Source on the host is claimed before `host_ready_at`, by any process.
    """
    _rest_host(connection, _host(claim.source.definition), host_ready_at)
    finished = connection.execute(
        update(sources)
        .where(sources.c.source_id == claim.source.source_id, sources.c.fencing_token == claim.fencing_token)
        .values(
            next_check_at=next_check_at,
            last_capture_at=captured_at,
            last_outcome=outcome,
            failures_in_a_row=failures_in_a_row,
            etag=etag,
            last_modified=last_modified,
            baseline_version_id=baseline_version_id,
            lease_owner=None,
            lease_until=None,
        )
    )
    return finished.rowcount == 1


def _rest_host(connection: Connection, host: str, ready_at: datetime) -> None:
    known = connection.execute(update(hosts).where(hosts.c.host == host).values(ready_at=ready_at))
    if known.rowcount == 0:
        connection.execute(insert(hosts).values(host=host, ready_at=ready_at))


def release_claim(connection: Connection, claim: Claim) -> None:
    """Give a lease back without a result, so that another worker can take the slot at once."""
    connection.execute(
        update(sources)
        .where(sources.c.source_id == claim.source.source_id, sources.c.fencing_token == claim.fencing_token)
        .values(lease_owner=None, lease_until=None)
    )


def set_baseline(connection: Connection, source_id: str, version_id: str) -> None:
    """Make a Version the one that the next Version is compared with."""
    connection.execute(update(sources).where(sources.c.source_id == source_id).values(baseline_version_id=version_id))


def get_baseline_id(connection: Connection, source_id: str) -> str | None:
    """The Version that the next Version of a Source is compared with, None before the first."""
    return connection.execute(select(sources.c.baseline_version_id).where(sources.c.source_id == source_id)).scalar()


def _selected() -> Select[tuple[object, ...]]:
    return select(
        sources,
        definitions.c.body.label("definition"),
    ).join(definitions, and_(definitions.c.source_id == sources.c.source_id, definitions.c.valid_until.is_(None)))


def _source(row: Row[tuple[object, ...]]) -> Source:
    return Source(
        source_id=row.source_id,
        state=SourceState(row.state),
        definition=from_json(Definition, row.definition),
        registered_at=row.registered_at,
        next_check_at=row.next_check_at,
        last_capture_at=row.last_capture_at,
        last_outcome=row.last_outcome,
        failures_in_a_row=row.failures_in_a_row,
    )


def _claim(
    connection: Connection,
    row: Row[tuple[object, ...]],
    slot_at: datetime | None,
    *,
    now: datetime,
    owner: str,
    lease_seconds: int,
) -> Claim | None:
    lease_until = now + timedelta(seconds=lease_seconds)
    won = connection.execute(
        update(sources)
        .where(sources.c.source_id == row.source_id, sources.c.fencing_token == row.fencing_token)
        .values(lease_owner=owner, lease_until=lease_until, fencing_token=row.fencing_token + 1)
    )
    if won.rowcount != 1:
        return None
    return Claim(
        source=_source(row),
        slot_at=slot_at,
        fencing_token=row.fencing_token + 1,
        lease_until=lease_until,
        etag=row.etag,
        last_modified=row.last_modified,
        baseline_version_id=row.baseline_version_id,
    )


def _add_definition(connection: Connection, source_id: str, definition: Definition, now: datetime) -> None:
    connection.execute(
        insert(definitions).values(
            source_id=source_id,
            valid_from=now,
            valid_until=None,
            definition_sha256=definition.digest_sha256,
            body=to_json(Definition, definition),
        )
    )


def _host(definition: Definition) -> str:
    return urlsplit(definition.url).hostname or ""
