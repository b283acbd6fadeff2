"""The Position board and time lines of an instance, read from what is recorded."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from watcher.classify import Pack, clause_of
from watcher.errors import RefusedError
from watcher.model.board import Board, Moment, make_board, time_line
from watcher.model.capture import Version
from watcher.model.change import Position
from watcher.model.source import Source
from watcher.model.statement import Statement, read_statements
from watcher.pipeline.ports import Rooms
from watcher.store import captures, sources, versions
from watcher.store.database import Connection


def end_of_day(text: str) -> datetime:
    """The last moment of a day given as "2026-12-31" (UTC). RefusedError when it is no day."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1, microseconds=-1)
    except ValueError as error:
        raise RefusedError(f"{text[:40]!r} is not a date: write 2026-12-31") from error


def read_board(rooms: Rooms, *, as_of: datetime | None = None, subject: str = "") -> Board:
    """The board as of a moment (now by default), of all Subjects or of one (alpha-3)."""
    moment = as_of or rooms.clock()
    with rooms.database.reading() as connection:
        statements = _statements(connection, rooms.pack.pack, until=moment, subject=subject, every_version=False)
    pack = rooms.pack.pack
    return make_board(
        statements,
        as_of=moment,
        pack=pack.name,
        pack_version=pack.version,
        stances={name: one.stances for name, one in pack.indicators.items()},
        contradictions=pack.contradictions,
    )


def read_time_line(rooms: Rooms, subject: str, indicator: str = "", *, as_of: datetime | None = None) -> list[Moment]:
    """Every stance that any Version states of a Subject, by date, of all Indicators or of one; a statement that stays
    the same over several Versions of a Source is told once, at its first."""
    with rooms.database.reading() as connection:
        until = as_of or rooms.clock()
        statements = _statements(connection, rooms.pack.pack, until=until, subject=subject, every_version=True)
    first: dict[tuple[str, str, str, str], Statement] = {}
    for each in sorted(statements, key=lambda each: (each.captured_at, each.sequence)):
        position = each.position
        if not indicator or position.indicator == indicator:
            key = (each.source.source_id, position.indicator, position.stance, position.passage)
            first[key] = replace(first.get(key, each), until=each.until, current=each.current)
    return time_line(first.values())


def _statements(
    connection: Connection, pack: Pack, *, until: datetime, subject: str, every_version: bool
) -> list[Statement]:
    known = {source.source_id: source for source in sources.list_sources(connection)}
    stated = versions.positions_as_of(connection, until=until, subject=subject, every_version=every_version)
    following = _following(versions.readable_in_order(connection, until=until))
    brought_in = captures.brought_in(connection)
    by_version: dict[tuple[str, str], list[Position]] = {}
    for source_id, version_id, position in stated:
        by_version.setdefault((source_id, version_id), []).append(position)
    found: list[Statement] = []
    for (source_id, version_id), positions in by_version.items():
        version = versions.get_version(connection, version_id)
        found += statements_in(
            pack,
            known[source_id],
            version,
            positions,
            replaced_at=following.get(version_id),
            brought_in=version.sequence in brought_in,
        )
    return found


def statements_in(
    pack: Pack,
    source: Source,
    version: Version,
    positions: Sequence[Position],
    *,
    replaced_at: datetime | None = None,
    brought_in: bool = False,
) -> list[Statement]:
    """The statements of one Version's Positions, which stood until `replaced_at`, None for one that stands."""
    return read_statements(
        [(position, replaced_at) for position in _each_once(positions)],
        version.document.blocks if version.document is not None else (),
        source=source,
        version_id=version.version_id,
        sequence=version.sequence,
        payload_sha256=version.payload_sha256,
        captured_at=version.captured_at,
        clause_of=functools.partial(clause_of, pack=pack),
        brought_in=brought_in,
    )


def _following(ordered: Mapping[str, Sequence[tuple[str, datetime]]]) -> dict[str, datetime]:
    """When the next Version of the same Source was captured, of each Version that has one."""
    return {
        version_id: captured_at for listed in ordered.values() for (version_id, _), (_, captured_at) in pairwise(listed)
    }


def _each_once(positions: Sequence[Position]) -> list[Position]:
    said = {(each.subject, each.indicator, each.stance, each.passage): each for each in reversed(positions)}
    return sorted(said.values(), key=lambda each: (each.start, each.indicator, each.stance))
