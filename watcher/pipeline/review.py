"""People judge Changes; verdicts are acts in the audit trail. What they say of each rule and Source."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from watcher.errors import ConfigError
from watcher.model.change import Change
from watcher.model.review import Annotation, Earned, Verdict, current_annotations, earned, merged_verdict
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import record_act
from watcher.store import audit, changes, versions
from watcher.store.database import Connection

REVIEW = "change.review"
LONGEST_NAME = 100
LONGEST_NOTE = 2000
_NUMBERED = re.compile(r"^notes? .* cites? this page")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewReport:
    """Precision by cue, by part of the significance, and by Source."""

    cues: tuple[Earned, ...]
    parts: tuple[Earned, ...]
    sources: tuple[Earned, ...]
    changes: int
    reviewed: int


def review_change(
    rooms: Rooms, change_id: str, verdict: str, *, author: str, note: str = "", checked_name: bool
) -> Annotation:
    """Record a verdict on a Change. `checked_name` says that the operating system vouches for `author`.

    ConfigError names a wrong field in `key`.
    """
    name = _one_line(author)
    if not name or len(name) > LONGEST_NAME:
        raise ConfigError(f"who judges? Give a name of at most {LONGEST_NAME} characters", key="reviewer")
    if verdict not in tuple(Verdict):
        raise ConfigError(f"{verdict[:40]!r} is no verdict; there are {', '.join(Verdict)}", key="verdict")
    if len(note) > LONGEST_NOTE:
        raise ConfigError(f"the note is longer than {LONGEST_NOTE} characters", key="note")
    with rooms.database.writing() as connection:
        changes.get_change(connection, change_id)
        after = {"verdict": verdict, "note": note.strip(), "name_checked": checked_name}
        record_act(rooms, connection, user=name, action=REVIEW, target=change_id, after=after)
        return annotations_of(connection, change_id)[-1]


def annotations_of(connection: Connection, change_id: str) -> list[Annotation]:
    """The newest Annotation of each author on a Change, oldest first."""
    return current_annotations(map(_annotation, audit.list_acts(connection, (REVIEW,), target=change_id)))


def verdicts(connection: Connection) -> dict[str, Verdict]:
    """What each judged Change is taken as."""
    by_change: dict[str, list[Annotation]] = {}
    for entry in audit.list_acts(connection, (REVIEW,)):
        by_change.setdefault(entry.target, []).append(_annotation(entry))
    found = {change_id: merged_verdict(given) for change_id, given in by_change.items()}
    return {change_id: verdict for change_id, verdict in found.items() if verdict is not None}


def review_report(rooms: Rooms) -> ReviewReport:
    """How each cue, part and Source did, over the Changes that people were told or judged."""
    cues: list[tuple[str, Verdict | None]] = []
    parts: list[tuple[str, Verdict | None]] = []
    by_source: list[tuple[str, Verdict | None]] = []
    count = 0
    with rooms.database.reading() as connection:
        given = verdicts(connection)
        for change_id in changes.change_ids(connection):
            change = changes.get_change(connection, change_id)
            verdict = given.get(change_id)
            if not change.alert and verdict is None:
                continue
            count += 1
            by_source.append((change.source_id, verdict))
            parts += [(name, verdict) for name in _part_names(change)]
            cues += [(rule, verdict) for rule in cues_of(connection, change)]
    return ReviewReport(
        cues=tuple(earned(cues)),
        parts=tuple(earned(parts)),
        sources=tuple(earned(by_source)),
        changes=count,
        reviewed=len(given),
    )


def cues_of(connection: Connection, change: Change) -> list[str]:
    """The cues that read the Positions of a Change, in either of its Versions, each once."""
    stated = {
        (position.indicator, position.stance, position.passage): position.rule
        for version_id in (change.from_version_id, change.to_version_id)
        for position in versions.positions_of_version(connection, version_id)
    }
    found = []
    for moved in change.judgement.position_changes:
        for stance, passage in ((moved.old, moved.old_passage), (moved.new, moved.new_passage)):
            rule = stated.get((moved.indicator, stance, passage))
            found += [rule] if rule else []
    return list(dict.fromkeys(found))


def _part_names(change: Change) -> Iterable[str]:
    names = (part.name for part in change.judgement.parts)
    return dict.fromkeys("cited by a note" if _NUMBERED.match(name) else name for name in names)


def _annotation(entry: audit.AuditEntry) -> Annotation:
    after = json.loads(entry.after or "{}")
    return Annotation(
        sequence=entry.sequence,
        change_id=entry.target,
        author=entry.user,
        recorded_at=entry.recorded_at,
        verdict=Verdict(after["verdict"]),
        note=after.get("note", ""),
    )


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
