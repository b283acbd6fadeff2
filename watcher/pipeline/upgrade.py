"""Technical upgrades at once: the newest good Snapshot of each Source as the rules and extractor of today read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from watcher.errors import ArchiveError, ExtractError
from watcher.model.capture import Version
from watcher.pipeline.alike import is_outdated, read_alike, read_by, record_alike
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import record_act
from watcher.store import sources, versions
from watcher.store.database import Connection


class UpgradeEnd(StrEnum):
    """CURRENT needed none; MOVED was changed by somebody else meanwhile, and is left to the next time."""

    UPGRADED = "upgraded"
    CURRENT = "current"
    FAILED = "failed"
    MOVED = "moved"


@dataclass(frozen=True, kw_only=True, slots=True)
class Upgraded:
    """What came of one Source. `reason` is for a person; the baseline of a Source that FAILED stays as it was."""

    source_id: str
    end: UpgradeEnd
    reason: str
    version_id: str = ""


def outdated_sources(rooms: Rooms, source_ids: Iterable[str] = ()) -> list[str]:
    """The Sources whose baseline was read by other rules or another extractor number than today's; all by default.

    NotFoundError for a name that no Source has.
    """
    with rooms.database.reading() as connection:
        wanted = [sources.get_source(connection, source_id) for source_id in source_ids]
        found = []
        for source in wanted or sources.list_sources(connection):
            baseline_id = sources.get_baseline_id(connection, source.source_id)
            if baseline_id is None:
                continue
            baseline = versions.get_version(connection, baseline_id)
            if is_outdated(read_by(connection, baseline), source.definition):
                found.append(source.source_id)
    return found


def upgrade_sources(rooms: Rooms, source_ids: Iterable[str], *, user: str) -> Iterator[Upgraded]:
    """Upgrade one Source after the other, each in a transaction of its own: what is stopped goes on where it was."""
    for source_id in source_ids:
        yield upgrade_source(rooms, source_id, user=user)


def upgrade_source(rooms: Rooms, source_id: str, *, user: str) -> Upgraded:
    """Read the baseline of a Source again, if its rules or extractor are old, and put the result in its place.

    Nobody is told. The act is audited.
    """

    def audited(connection: Connection, before: Version, after: Version) -> None:
        record_act(
            rooms,
            connection,
            user=user,
            action="version.upgrade",
            target=source_id,
            before={"version_id": before.version_id, "definition_sha256": before.definition_sha256},
            after={"version_id": after.version_id, "definition_sha256": after.definition_sha256},
        )

    return upgrade_recorded_by(rooms, source_id, audited)


def upgrade_recorded_by(
    rooms: Rooms, source_id: str, record: Callable[[Connection, Version, Version], None]
) -> Upgraded:
    """`upgrade_source` whose act is recorded by `record`, last in its transaction, if there is one."""
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, source_id)
        baseline_id = sources.get_baseline_id(connection, source_id)
        baseline = versions.get_version(connection, baseline_id) if baseline_id else None
    if baseline is None:
        return Upgraded(source_id=source_id, end=UpgradeEnd.CURRENT, reason="there is no Version of it yet")
    try:
        alike = read_alike(rooms, source, baseline)
    except (ArchiveError, ExtractError) as error:
        return Upgraded(source_id=source_id, end=UpgradeEnd.FAILED, reason=_kept(str(error)))
    if alike.problem:
        return Upgraded(source_id=source_id, end=UpgradeEnd.FAILED, reason=_kept(alike.problem))
    if alike.reading is None:
        return Upgraded(source_id=source_id, end=UpgradeEnd.CURRENT, reason="it is read by the rules of today")
    new = alike.version
    with rooms.database.writing() as connection:
        now = sources.get_source(connection, source_id).definition
        if sources.get_baseline_id(connection, source_id) != baseline.version_id or now != source.definition:
            return Upgraded(
                source_id=source_id, end=UpgradeEnd.MOVED, reason="it was checked or changed meanwhile; try it again"
            )
        record_alike(connection, alike)
        sources.set_baseline(connection, source_id, new.version_id)
        record(connection, baseline, new)
    reason = alike.technical.reason if alike.technical is not None else ""
    return Upgraded(source_id=source_id, end=UpgradeEnd.UPGRADED, reason=reason, version_id=new.version_id)


def _kept(problem: str) -> str:
    return f"its newest good Snapshot cannot be read by today's rules, so the old reading stays: {problem}"
