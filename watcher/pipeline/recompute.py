"""Recorded Changes judged again by the present pack: a technical upgrade, nobody is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from watcher.model.change import Change, Judgement
from watcher.pipeline.backtest import judge_again, judged_changes
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import record_act
from watcher.store import changes

RECOMPUTE = "change.recompute"


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedAgain:
    """A Change that the present pack judges otherwise: the judgement that it had, and has."""

    change_id: str
    source_id: str
    before: Judgement
    after: Judgement


def recompute_scores(rooms: Rooms, *, user: str, dry_run: bool = False) -> Iterator[JudgedAgain]:
    """Judge every recorded Change of content again by the present pack. Whom it was told, its kind and its Diff stay.

    What it was told as is kept in the audit trail, one act for each Change that is judged otherwise.
    """
    for change, source, old, new in judged_changes(rooms):
        found = judge_again(rooms, change, source, old, new, rooms.pack)
        if found is None or found.judgement == change.judgement:
            continue
        if not dry_run:
            _record(rooms, change, found.judgement, user)
        yield JudgedAgain(
            change_id=change.change_id, source_id=change.source_id, before=change.judgement, after=found.judgement
        )


def _record(rooms: Rooms, change: Change, judgement: Judgement, user: str) -> None:
    pack = rooms.pack.pack
    with rooms.database.writing() as connection:
        again = replace(change, judgement=judgement, pack=pack.name, pack_version=pack.version)
        changes.replace_judgement(connection, again)
        before = {"pack": change.pack, "pack_version": change.pack_version, **_facts(change.judgement)}
        after = {"pack": pack.name, "pack_version": pack.version, **_facts(judgement)}
        record_act(rooms, connection, user=user, action=RECOMPUTE, target=change.change_id, before=before, after=after)


def _facts(judgement: Judgement) -> dict[str, object]:
    return {
        "severity": judgement.severity.value,
        "significance": judgement.significance,
        "parts": [part.name for part in judgement.parts],
    }
