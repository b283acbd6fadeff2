"""Lines that change by themselves, learnt from a Source's own history: dates, counters and tokens that no rule names.

Nothing is stored: a line counts as learnt while three of the Source's last 24 Captures brought it with nothing but
other values. What a person forgets or allows again is an act in the audit trail.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from watcher.classify import find_positions, speaks_of_field
from watcher.diff import value_shape
from watcher.errors import NotFoundError
from watcher.model.change import Change, ChangeKind, Hunk, HunkOp, Judgement, Severity
from watcher.pipeline.compare import Comparison
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import record_act
from watcher.store import audit, captures, changes, sources
from watcher.store.database import Connection

LEARNT_AFTER = 3
LOOKED_AT = 24  # Captures: six days of checks every six hours
FORGET, ALLOW = "source.volatile.forget", "source.volatile.allow"
_LETTERS = 3  # a line of bare numbers does not say what it counts


@dataclass(frozen=True, kw_only=True, slots=True)
class LearntLine:
    """A line of a Source that changes by itself: its shape, an example, and in how many of the last Captures.

    `forgotten` says that a person wants to be told of it all the same.
    """

    shape: str
    example: str
    times: int
    forgotten: bool

    @property
    def is_learnt(self) -> bool:
        """Whether a Change of nothing else is volatile."""
        return self.times >= LEARNT_AFTER and not self.forgotten


def without_learnt(rooms: Rooms, source_id: str, comparison: Comparison, *, until: datetime) -> Comparison:
    """A Comparison as volatile when nothing changed but lines that are learnt; else as it was.

    Never where a Position or a treaty action moved, nor in a line that might speak of the pack's field.
    """
    judgement = comparison.judgement
    if comparison.kind is not ChangeKind.CONTENT or judgement.position_changes or judgement.depositary_events:
        return comparison
    shapes = shapes_of(rooms, comparison.diff.hunks)
    if not shapes:
        return comparison
    with rooms.database.reading() as connection:
        known = {line.shape: line for line in learnt_lines(rooms, connection, source_id, until=until)}
    wanted = list(dict.fromkeys(shapes))
    lines = [known[shape] for shape in wanted if shape in known and known[shape].is_learnt]
    if len(lines) < len(wanted):
        return comparison
    first = lines[0]
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    reason = (
        f"only lines changed that change by themselves: “{first.shape}”{more}, {first.times} times in the last "
        f"{LOOKED_AT} Captures. To be told again: watcher source volatile {source_id}"
    )
    quiet = Judgement(severity=Severity.NOISE, significance=0.0)
    return replace(comparison, kind=ChangeKind.VOLATILE, reason=reason, judgement=quiet)


def learnt_lines(
    rooms: Rooms, connection: Connection, source_id: str, *, until: datetime | None = None
) -> list[LearntLine]:
    """The lines of a Source that changed in nothing but values in its last 24 Captures, the most frequent first."""
    end = until or rooms.clock()
    start = captures.moment_back(connection, source_id, until=end, steps=LOOKED_AT)
    found = changes.changes_between(connection, source_id, after=start, until=end, limit=2 * LOOKED_AT)
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for change in found:
        shown = _shown(rooms, change)
        counts.update(shown.keys())
        examples |= shown
    forgotten = _forgotten(connection, source_id)
    return [
        LearntLine(shape=shape, example=examples[shape], times=times, forgotten=shape in forgotten)
        for shape, times in counts.most_common()
    ]


def shapes_of(rooms: Rooms, hunks: Sequence[Hunk]) -> list[str]:
    """The shapes of all Hunks that are no boilerplate; empty when one of them is more than a change of values."""
    telling = [hunk for hunk in hunks if hunk.op is not HunkOp.MOVED and not hunk.boilerplate]
    shapes = [_shape(rooms, hunk) for hunk in telling]
    return shapes if all(shapes) else []


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


def _shown(rooms: Rooms, change: Change) -> dict[str, str]:
    """The shapes that a Change shows with other values, each with its newest text."""
    if change.kind not in (ChangeKind.CONTENT, ChangeKind.VOLATILE) or change.judgement.position_changes:
        return {}
    return {shape: hunk.new for hunk in change.diff.hunks if (shape := _shape(rooms, hunk))}


def _shape(rooms: Rooms, hunk: Hunk) -> str:
    """The shape of a Hunk in which nothing but values changed, "" for another one, and for what may be policy."""
    if hunk.op is not HunkOp.EDITED or hunk.boilerplate or hunk.row_key:
        return ""
    shape = value_shape(hunk.old)
    if not shape or shape != value_shape(hunk.new) or sum(char.isalpha() for char in _words(shape)) < _LETTERS:
        return ""
    pack = rooms.pack.pack
    both = f"{hunk.old}\n{hunk.new}"
    return "" if speaks_of_field(both, pack=pack) or find_positions(both, subject="", pack=pack) else shape


def _words(shape: str) -> str:
    return "".join(part.partition("⟧")[2] for part in f"⟧{shape}".split("⟦"))


def _forgotten(connection: Connection, source_id: str) -> set[str]:
    told: dict[str, bool] = {}
    for act in audit.acts_on(connection, source_id, (FORGET, ALLOW)):
        body = json.loads(act.after or "{}")
        told[str(body.get("shape", ""))] = bool(body.get("told"))
    return {shape for shape, again in told.items() if again}
