"""The schedule: which Source is due, who checks it, and what a check leaves behind. A slot is checked once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from watcher.errors import ConflictError, NotFoundError
from watcher.model.capture import Outcome
from watcher.model.change import ChangeKind
from watcher.model.source import Claim, Health, ReadBy, RobotsAnswer, Source, SourceState, origin_of
from watcher.store.robots import robots_of
from watcher.store.schema import captures, changes, collections, hosts, sources, versions
from watcher.store.sources import get_definition, get_source_row, host_of, selected, source_of
from watcher.store.types import to_json

CRASHES_TO_QUARANTINE = 3
REACHED = (Outcome.NEW, Outcome.SAME, Outcome.NOT_MODIFIED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """What a claimed check leaves behind for the next one. `baseline_id` is None when the baseline stays.

    No other Source on the host is claimed before `host_ready_at`, by any process.
    """

    claim: Claim
    captured_at: datetime
    outcome: Outcome
    next_check_at: datetime | None
    host_ready_at: datetime
    etag: str | None
    last_modified: str | None
    health: Health
    crashes_in_a_row: int = 0
    baseline_id: str | None = None


def claim_due(connection: Connection, *, now: datetime, owner: str, lease_seconds: int, limit: int) -> list[Claim]:
    """Claim up to `limit` Sources whose slot has come, the longest due first, at most one a host at a time.

    Needs a write transaction. Of the Sources whose last check was never finished one is tried at a time, so that
    the one which ends its worker is found.
    """
    due = _waiting(now).subquery()
    turn = func.row_number().over(partition_by=due.c.host, order_by=(due.c.next_check_at, due.c.source_id))
    ranked = select(due, turn.label("turn")).subquery()
    rows = connection.execute(
        select(ranked.c.source_id, ranked.c.crashes_in_a_row)
        .where(ranked.c.turn == 1)
        .order_by(ranked.c.next_check_at, ranked.c.source_id)
        .limit(limit)
    ).all()
    suspects = [row.source_id for row in rows if row.crashes_in_a_row]
    chosen = [row.source_id for row in rows if row.source_id not in suspects[1:]]
    return _claim(connection, chosen, now=now, owner=owner, lease_seconds=lease_seconds, is_slot=True)


def claim_now(connection: Connection, source_id: str, *, now: datetime, owner: str, lease_seconds: int) -> Claim:
    """Claim one Source for a manual check. ConflictError when it is being checked at this moment."""
    row = get_source_row(connection, source_id)
    if row.lease_until is not None and row.lease_until > now:
        raise ConflictError(
            f"Source {source_id!r} is being checked at this moment by {row.lease_owner}; try again shortly"
        )
    claims = _claim(connection, [source_id], now=now, owner=owner, lease_seconds=lease_seconds, is_slot=False)
    if not claims:
        raise ConflictError(f"Source {source_id!r} was claimed by another worker; try again shortly")
    return claims[0]


def unclaimed(connection: Connection, source_id: str, *, slot_at: datetime | None) -> Claim:
    """What a claim on a Source would say now, without taking it: for attempts that were made long ago."""
    row = connection.execute(_ONE_WITH_MEMORY, {"of": source_id}).first()
    if row is None:
        raise NotFoundError(f"no Source is named {source_id!r}")
    source = source_of(row)
    return Claim(
        source=source,
        slot_at=slot_at,
        fencing_token=row.fencing_token,
        lease_until=source.registered_at,
        etag=row.etag,
        last_modified=row.last_modified,
        payload_sha256=row.payload_sha256,
        holds=bool(row.newest_error) or _is_behind(row, source),
        read_by=_read_by(connection, row),
        flaps=row.newest_kind == ChangeKind.FLAPPING,
    )


def ready_at(connection: Connection, *, now: datetime) -> datetime | None:
    """When the first of the hosts that now rest may be asked again for a Source that is due; None when none waits."""
    waiting = select(sources.c.host).where(_is_due(now))
    return connection.execute(
        select(func.min(hosts.c.ready_at)).where(hosts.c.ready_at > now, hosts.c.host.in_(waiting))
    ).scalar()


def give_up_lost(connection: Connection, *, now: datetime) -> list[str]:
    """Take the leases of workers that never came back; returns the Sources that are quarantined for it.

    A Source that was in work three times in a row when its worker ended is not tried again by itself.
    """
    lost = connection.execute(
        update(sources)
        .where(sources.c.lease_owner.is_not(None), sources.c.lease_until <= now)
        .values(lease_owner=None, lease_until=None, crashes_in_a_row=sources.c.crashes_in_a_row + 1)
        .returning(sources.c.source_id, sources.c.crashes_in_a_row, sources.c.state)
    ).all()
    killers = [row.source_id for row in lost if row.crashes_in_a_row >= CRASHES_TO_QUARANTINE and row.state == "active"]
    quarantine(connection, killers)
    return killers


def quarantine(connection: Connection, source_ids: Collection[str]) -> None:
    """Take Sources out of the schedule until somebody resumes them."""
    if source_ids:
        connection.execute(
            update(sources)
            .where(sources.c.source_id.in_(source_ids))
            .values(state=SourceState.QUARANTINED, next_check_at=None)
        )


def overdue(connection: Connection, *, before: datetime) -> list[tuple[str, int]]:
    """(source_id, cadence in seconds) of the active Sources whose slot was due before a moment, longest due first."""
    rows = connection.execute(
        selected()
        .where(sources.c.state == SourceState.ACTIVE, sources.c.next_check_at < before)
        .order_by(sources.c.next_check_at)
    )
    return [(row.source_id, source_of(row).definition.every_seconds) for row in rows]


def move_slots(connection: Connection, slots: Iterable[tuple[str, datetime]]) -> None:
    """Give Sources another time for their next check."""
    rows = [{"of": source_id, "at": moment} for source_id, moment in slots]
    if rows:
        connection.execute(
            update(sources).where(sources.c.source_id == bindparam("of")).values(next_check_at=bindparam("at")), rows
        )


def finish_claims(connection: Connection, finished: Sequence[Finished]) -> set[str]:
    """Write the results of claimed checks and give the leases back; returns the Sources whose claim still held.

    A late result of a worker that lost its lease changes nothing.
    """
    tokens = {one.claim.source.source_id: one.claim.fencing_token for one in finished}
    held = {
        row.source_id
        for row in connection.execute(
            select(sources.c.source_id, sources.c.fencing_token)
            .where(sources.c.source_id.in_(tokens))
            .with_for_update()
        )
        if row.fencing_token == tokens[row.source_id]
    }
    _rest_hosts(connection, {host_of(one.claim.source.definition): one.host_ready_at for one in finished})
    rows = [_finished_row(one) for one in finished if one.claim.source.source_id in held]
    if rows:
        connection.execute(_FINISH, rows)
    for one in finished:
        if one.baseline_id is not None and one.claim.source.source_id in held:
            connection.execute(
                update(sources)
                .where(sources.c.source_id == one.claim.source.source_id)
                .values(baseline_version_id=one.baseline_id)
            )
    return held


def release_claims(connection: Connection, claims: Iterable[Claim]) -> None:
    """Give leases back without a result, so that another worker can take the slots at once."""
    for claim in claims:
        connection.execute(
            update(sources)
            .where(sources.c.source_id == claim.source.source_id, sources.c.fencing_token == claim.fencing_token)
            .values(lease_owner=None, lease_until=None)
        )


_FINISH = (
    update(sources)
    .where(sources.c.source_id == bindparam("of"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in (
                "next_check_at",
                "last_capture_at",
                "last_outcome",
                "failures_in_a_row",
                "crashes_in_a_row",
                "etag",
                "last_modified",
                "health",
            )
        }
        | {"lease_owner": None, "lease_until": None}
    )
)


def leased_sources(connection: Connection, *, now: datetime) -> set[str]:
    """The Sources that are being checked at this moment."""
    return set(connection.execute(select(sources.c.source_id).where(sources.c.lease_until > now)).scalars())


def _finished_row(one: Finished) -> dict[str, object]:
    return {
        "of": one.claim.source.source_id,
        "new_next_check_at": one.next_check_at,
        "new_last_capture_at": one.captured_at,
        "new_last_outcome": one.outcome,
        "new_failures_in_a_row": 0 if one.outcome.reached else one.claim.source.failures_in_a_row + 1,
        "new_crashes_in_a_row": one.crashes_in_a_row,
        "new_etag": one.etag,
        "new_last_modified": one.last_modified,
        "new_health": to_json(Health, one.health),
    }


def _rest_hosts(connection: Connection, moments: dict[str, datetime]) -> None:
    known = set(connection.execute(select(hosts.c.host).where(hosts.c.host.in_(moments))).scalars())
    again = [{"of": host, "at": moment} for host, moment in moments.items() if host in known]
    first = [{"host": host, "ready_at": moment} for host, moment in moments.items() if host not in known]
    if again:
        connection.execute(update(hosts).where(hosts.c.host == bindparam("of")).values(ready_at=bindparam("at")), again)
    if first:
        connection.execute(insert(hosts), first)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        sources.c.state == SourceState.ACTIVE,
        sources.c.next_check_at <= now,
        or_(sources.c.lease_until.is_(None), sources.c.lease_until <= now),
    )


def _waiting(now: datetime) -> Select[tuple[str, str, datetime, int]]:
    """Sources that may be claimed, their hosts at rest or in work left out."""
    other = sources.alias()
    leased = select(sources.c.host).where(sources.c.host != "", sources.c.lease_until > now)
    resting = select(hosts.c.host).where(hosts.c.ready_at > now)
    suspect_in_work = exists().where(other.c.crashes_in_a_row > 0, other.c.lease_until > now)
    return select(sources.c.source_id, sources.c.host, sources.c.next_check_at, sources.c.crashes_in_a_row).where(
        _is_due(now),
        sources.c.host.not_in(leased.union(resting)),
        or_(sources.c.crashes_in_a_row == 0, ~suspect_in_work),
    )


def _claim(
    connection: Connection, source_ids: list[str], *, now: datetime, owner: str, lease_seconds: int, is_slot: bool
) -> list[Claim]:
    """Win claims by setting a lease where there is none: what another process took meanwhile is left to it."""
    if not source_ids:
        return []
    lease_until = now + timedelta(seconds=lease_seconds)
    won = connection.execute(
        update(sources)
        .where(sources.c.source_id.in_(source_ids), or_(sources.c.lease_until.is_(None), sources.c.lease_until <= now))
        .values(lease_owner=owner, lease_until=lease_until, fencing_token=sources.c.fencing_token + 1)
        .returning(sources.c.source_id)
    ).scalars()
    rows = {row.source_id: row for row in connection.execute(_with_memory().where(sources.c.source_id.in_(list(won))))}
    origins = {source_id: origin_of(source_of(row).definition.url) for source_id, row in rows.items()}
    answers = robots_of(connection, set(origins.values()))
    return [
        _claim_of(
            rows[source_id],
            is_slot=is_slot,
            robots=answers.get(origins[source_id]),
            read_by=_read_by(connection, rows[source_id]),
        )
        for source_id in source_ids
        if source_id in rows
    ]


def _with_memory() -> Select[tuple[object, ...]]:
    """Rows of Sources with the payload that they had last, the error of their newest Version and the kind of
    their newest Change.

    A payload whose claim was lost before it was read does not count: it is still to be read.
    """
    payload_sha256 = (
        select(captures.c.payload_sha256)
        .where(
            captures.c.source_id == sources.c.source_id,
            captures.c.outcome.in_(REACHED),
            captures.c.payload_sha256.is_not(None),
            or_(captures.c.outcome != Outcome.NEW, captures.c.version_id.is_not(None)),
        )
        .order_by(captures.c.captured_at.desc(), captures.c.sequence.desc())
        .limit(1)
        .scalar_subquery()
    )
    newest_error = (
        select(versions.c.error_code)
        .where(versions.c.source_id == sources.c.source_id, versions.c.superseded_by.is_(None))
        .order_by(versions.c.sequence.desc())
        .limit(1)
        .scalar_subquery()
    )
    newest_kind = (
        select(changes.c.kind)
        .where(changes.c.source_id == sources.c.source_id, changes.c.kind != ChangeKind.TECHNICAL)
        .order_by(changes.c.captured_at.desc(), changes.c.ordinal.desc())
        .limit(1)
        .scalar_subquery()
    )
    baseline = versions.alias()
    listed = collections.c.collection_id == sources.c.source_id
    return (
        selected()
        .outerjoin(baseline, baseline.c.version_id == sources.c.baseline_version_id)
        .add_columns(
            payload_sha256.label("payload_sha256"),
            newest_error.label("newest_error"),
            newest_kind.label("newest_kind"),
            baseline.c.extractor.label("baseline_extractor"),
            baseline.c.extractor_version.label("baseline_extractor_version"),
            baseline.c.definition_sha256.label("baseline_definition_sha256"),
            sources.c.baseline_version_id.label("baseline_id"),
            select(collections.c.version_id).where(listed).scalar_subquery().label("listed_version_id"),
            select(collections.c.definition_sha256).where(listed).scalar_subquery().label("listed_under"),
        )
    )


def _is_behind(row: Row[tuple[object, ...]], source: Source) -> bool:
    """Whether a Collection's list was last read from another text, or by other rules, than those of now."""
    if source.definition.collection is None or row.baseline_id is None:
        return False
    return (row.listed_version_id, row.listed_under) != (row.baseline_id, source.definition.digest_sha256)


_ONE_WITH_MEMORY = _with_memory().where(sources.c.source_id == bindparam("of"))


def _read_by(connection: Connection, row: Row[tuple[object, ...]]) -> ReadBy | None:
    """What read the baseline of a row of `_with_memory`."""
    if row.baseline_extractor is None:
        return None
    digest = row.baseline_definition_sha256
    same = digest == row.definition_sha256
    definition = source_of(row).definition if same else get_definition(connection, row.source_id, digest)
    return ReadBy(
        extractor=row.baseline_extractor, extractor_version=row.baseline_extractor_version, rules=definition.rules
    )


def _claim_of(
    row: Row[tuple[object, ...]], *, is_slot: bool, robots: RobotsAnswer | None, read_by: ReadBy | None
) -> Claim:
    source = source_of(row)
    return Claim(
        source=source,
        slot_at=row.next_check_at if is_slot else None,
        fencing_token=row.fencing_token,
        lease_until=row.lease_until,
        etag=row.etag,
        last_modified=row.last_modified,
        payload_sha256=row.payload_sha256,
        robots=robots,
        holds=bool(row.newest_error) or _is_behind(row, source),
        read_by=read_by,
        flaps=row.newest_kind == ChangeKind.FLAPPING,
    )
