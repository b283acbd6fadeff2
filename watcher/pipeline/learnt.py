"""Lines that change by themselves, learnt from a Source's own history: dates, counters and tokens that no rule names.

Nothing is stored: a line counts as learnt while three of the Source's last 24 Captures brought it with nothing but
other values. What a person forgets or allows again is an act in the audit trail.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from watcher.errors import NotFoundError
from watcher.pipeline.compare import Comparison
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import record_act
from watcher.pipeline.shapes import LOOKED_AT, LearntLine, counted_lines, may_be_learnt, quietened
from watcher.store import audit, captures, changes, sources
from watcher.store.database import Connection

FORGET, ALLOW = "source.volatile.forget", "source.volatile.allow"


def without_learnt(rooms: Rooms, source_id: str, comparison: Comparison, *, until: datetime) -> Comparison:
    """A Comparison as volatile when nothing changed but lines that are learnt; else as it was. See `quietened`."""
    if not may_be_learnt(comparison):
        return comparison
    with rooms.database.reading() as connection:
        lines = learnt_lines(rooms, connection, source_id, until=until)
    return quietened(comparison, lines, pack=rooms.pack.pack, undo=f"watcher source volatile {source_id}")


def learnt_lines(
    rooms: Rooms, connection: Connection, source_id: str, *, until: datetime | None = None
) -> list[LearntLine]:
    """The lines of a Source that changed in nothing but values in its last 24 Captures, the most frequent first."""
    end = until or rooms.clock()
    start = captures.moment_back(connection, source_id, until=end, steps=LOOKED_AT)
    found = changes.changes_between(connection, source_id, after=start, until=end, limit=2 * LOOKED_AT)
    return counted_lines(found, pack=rooms.pack.pack, forgotten=_forgotten(connection, source_id))


def judge_line(rooms: Rooms, source_id: str, line: str, *, user: str, forget: bool) -> LearntLine:
    """Have a Source told of a line again (`forget`), or not any more; recorded in the audit trail.

    `line` is its place in `learnt_lines`, from 1, or its shape.
    """
    with rooms.database.writing() as connection:
        sources.get_source(connection, source_id)
        lines = learnt_lines(rooms, connection, source_id)
        chosen = next(
            (one for place, one in enumerate(lines, start=1) if line in (str(place), one.shape)),
            None,
        )
        if chosen is None:
            raise NotFoundError(
                f"{source_id!r} has no such line: {line[:80]!r}; watcher source volatile {source_id} lists them"
            )
        record_act(
            rooms,
            connection,
            user=user,
            action=FORGET if forget else ALLOW,
            target=source_id,
            before={"shape": chosen.shape, "told": chosen.forgotten},
            after={"shape": chosen.shape, "told": forget},
        )
    return replace(chosen, forgotten=forget)


def _forgotten(connection: Connection, source_id: str) -> set[str]:
    told: dict[str, bool] = {}
    for act in audit.acts_on(connection, source_id, (FORGET, ALLOW)):
        body = json.loads(act.after or "{}")
        told[str(body.get("shape", ""))] = bool(body.get("told"))
    return {shape for shape, again in told.items() if again}
