"""A page that went back and forth and now stays as it is: told once, against what was told of it last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from watcher.model.capture import Capture, Version
from watcher.model.change import Change, ChangeKind, Judgement, Severity, SignificancePart
from watcher.model.source import Source
from watcher.pipeline.compare import FLAPPING_WINDOW, Comparison
from watcher.pipeline.ports import Rooms
from watcher.pipeline.steps import NO_DIFF, change_between, change_of
from watcher.store import captures, changes, sources, versions

SETTLED_CHECKS = 10
PAST_TEXTS = 50


def has_settled(stays: Sequence[timedelta], stayed: timedelta, checks: int) -> bool:
    """Whether a text that stayed for a time and so many checks in a row stays for good.

    `stays` is how long the texts before it stayed. Ten checks, and twice the longest of those stays: a page that
    flips every week has not settled after three days.
    """
    return checks >= SETTLED_CHECKS and stayed > 2 * max(stays, default=timedelta())


def settled_change(rooms: Rooms, capture: Capture, baseline_id: str) -> Change | None:
    """The Change that tells where a flapping Source settled, when `capture` is the check that shows it; else None.

    Its text against the one that was told last. When they are the same, that is said and there is no Diff.
    """
    with rooms.database.reading() as connection:
        newest = changes.newest_change(connection, capture.source_id)
        if newest is None or newest.kind is not ChangeKind.FLAPPING:
            return None
        # this Capture is not recorded yet
        checks = 1 + captures.count_reached_after(connection, capture.source_id, newest.captured_at)
        texts = versions.earlier_texts(connection, capture.source_id, until=newest.captured_at, limit=PAST_TEXTS)
        if not has_settled(_stays(texts, newest.captured_at), capture.captured_at - newest.captured_at, checks):
            return None
        source = sources.get_source(connection, capture.source_id)
        baseline = versions.get_version(connection, baseline_id)
        told_id = changes.last_told_version(connection, capture.source_id)
        told = versions.get_version(connection, told_id or newest.from_version_id)
    change = _told(rooms, source, told, baseline, capture, f"settled: the same text in {checks} checks")
    # its moment stays that of the Version, which a citation names; the pair itself may be a Change already
    return replace(change, change_id=f"{told.version_id}..settled-{capture.sequence}")


def _stays(texts: Sequence[tuple[str, datetime]], until: datetime) -> list[timedelta]:
    moments = [moment for _, moment in texts if until - moment <= FLAPPING_WINDOW]
    return [later - earlier for earlier, later in pairwise(moments)]


def _told(rooms: Rooms, source: Source, told: Version, baseline: Version, capture: Capture, settled: str) -> Change:
    stays = f"{settled} since {baseline.captured_at:%-d %B %Y}"
    change = change_between(rooms, source, told, baseline, capture.trigger, [])
    if change is not None and change.alert:
        reason = f"{stays}, otherwise than was last told: {change.reason}"
        kind = ChangeKind.REVERTED if change.kind in (ChangeKind.CONTENT, ChangeKind.LINK_TARGET) else change.kind
        return replace(change, kind=kind, reason=reason)
    comparison = Comparison(
        kind=ChangeKind.STATUS,
        reason=f"{stays}, the one that was last told",
        diff=NO_DIFF,
        judgement=Judgement(
            severity=Severity.MINOR,
            significance=0.2,
            parts=(SignificancePart(name="settled", points=0.2, passage=""),),
        ),
    )
    return change_of(rooms, source, told, baseline, capture.trigger, comparison)
