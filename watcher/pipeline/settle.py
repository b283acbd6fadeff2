"""A page that went back and forth and now stays as it is: told once, against what was told of it last."""

from __future__ import annotations

from dataclasses import replace

from watcher.model.capture import Capture, Version
from watcher.model.change import Change, ChangeKind
from watcher.model.source import Source
from watcher.pipeline.compare import Comparison
from watcher.pipeline.history import has_settled, settled, stays_of
from watcher.pipeline.ports import Rooms
from watcher.pipeline.steps import change_between, change_of
from watcher.store import captures, changes, sources, versions

PAST_TEXTS = 50


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
        stays = stays_of([moment for _, moment in texts], newest.captured_at)
        if not has_settled(stays, capture.captured_at - newest.captured_at, checks):
            return None
        source = sources.get_source(connection, capture.source_id)
        baseline = versions.get_version(connection, baseline_id)
        told_id = changes.last_told_version(connection, capture.source_id)
        told = versions.get_version(connection, told_id or newest.from_version_id)
    change = _told(rooms, source, told, baseline, capture, checks)
    # its moment stays that of the Version, which a citation names; the pair itself may be a Change already
    return replace(change, change_id=f"{told.version_id}..settled-{capture.sequence}")


def _told(rooms: Rooms, source: Source, told: Version, baseline: Version, capture: Capture, checks: int) -> Change:
    change = change_between(rooms, source, told, baseline, capture.trigger, [])
    if change is not None and change.alert:
        found = Comparison(kind=change.kind, reason=change.reason, diff=change.diff, judgement=change.judgement)
        words = settled(found, since=baseline.captured_at, checks=checks)
        return replace(change, kind=words.kind, reason=words.reason)
    comparison = settled(None, since=baseline.captured_at, checks=checks)
    return change_of(rooms, source, told, baseline, capture.trigger, comparison)
