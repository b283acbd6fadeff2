"""Any two Versions of any Sources compared, named as a person names them. Nothing is recorded and nobody is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any

from watcher.errors import NotFoundError, RefusedError
from watcher.model.capture import Version
from watcher.model.change import Change, ChangeKind
from watcher.model.document import Document
from watcher.model.source import Source
from watcher.pipeline.alike import read_alike
from watcher.pipeline.answer import comparison_facts
from watcher.pipeline.compare import Comparison, compare_documents
from watcher.pipeline.ports import Rooms
from watcher.store import captures, changes, sources, versions
from watcher.store.database import Connection

CHANGES_COUNTED = 500
_AFTER_ALL = 2**31 - 1  # no Capture of a moment stands behind this place in the ledger
_DIGEST = re.compile(r"[0-9a-f]{64}")
_BACK = re.compile(r"(.+)~(\d{1,5})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One of the two texts: its Source, the Version that is compared, and how it was named."""

    name: str
    source: Source
    version: Version
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Between:
    """Two Versions and what lies between them.

    `changes` are the Changes that were recorded from the one to the other, oldest first, of one Source only, technical
    ones left out; at most 500. `notes` say what a reader should know of the comparison.
    """

    old: Side
    new: Side
    comparison: Comparison
    changes: tuple[Change, ...]
    notes: tuple[str, ...]

    @property
    def same_source(self) -> bool:
        """Whether both are states of one document; else silence in the later one is no withdrawal."""
        return self.old.source.source_id == self.new.source.source_id


def between(rooms: Rooms, old_name: str, new_name: str) -> Between:
    """Compare two Versions, each named by a Version ("v…"), a Capture ("7"), a Snapshot (SHA-256) or a Source.

    SOURCE is its newest Version, SOURCE~1 the one before, SOURCE@2026-01-31 the one that stood at the end of that day
    (UTC), SOURCE@2026-01-31T12:00 at that minute. NotFoundError says what there is instead.
    """
    with rooms.database.reading() as connection:
        old, new = (resolve(connection, name) for name in (old_name, new_name))
    return _compared(rooms, (old_name, old), (new_name, new), notes=())


def since(rooms: Rooms, source_id: str, moment: datetime, *, said: str = "") -> Between:
    """A Source's newest Version against the one that stood at a moment: what changed since, taken together.

    A Source that was first read later is compared from its first Version on, and that is noted.
    """
    with rooms.database.reading() as connection:
        new = resolve(connection, source_id)
        old = versions.version_before(connection, source_id, moment, _AFTER_ALL)
        notes: tuple[str, ...] = ()
        if old is None:
            old = versions.version_after(connection, source_id, moment, -1)
            notes = (f"Nothing was read of this Source before {_day(moment)}; this is from its first Version on.",)
    if old is None:
        raise NotFoundError(f"no text was read of Source {source_id!r} yet; check it with: watcher check {source_id}")
    return _compared(rooms, (said or f"{source_id}@{moment.isoformat()}", old), (source_id, new), notes=notes)


def resolve(connection: Connection, name: str) -> Version:
    """The Version that a name means; see `between`. It has a Document."""
    found = _version_named(connection, name.strip())
    if found.document is None:
        why = found.error or "its bytes gave no text"
        raise RefusedError(f"{name!r} cannot be compared: {why} (Version {found.version_id})")
    return found


def moment_of(text: str) -> datetime:
    """A moment from "2026-01-31" (the end of that day, UTC) or "2026-01-31T12:00". RefusedError for anything else."""
    try:
        if len(text) == len("2026-01-31"):
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            return datetime.combine(day.date(), time.max, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(f"{text[:40]!r} is no date: write 2026-01-31, or 2026-01-31T12:00 (UTC)") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def facts(found: Between) -> dict[str, Any]:
    """A comparison as plain values, for programs: both sides, the Changes between, and what `watcher compare` gives."""
    return {
        "from": _side_facts(found.old),
        "to": _side_facts(found.new),
        "same_source": found.same_source,
        "changes": [change.change_id for change in found.changes],
        "notes": list(found.notes),
        **comparison_facts(found.comparison),
    }


def _side_facts(side: Side) -> dict[str, str]:
    return {
        "name": side.name,
        "source_id": side.source.source_id,
        "version_id": side.version.version_id,
        "capture": str(side.version.sequence),
        "payload_sha256": side.version.payload_sha256,
        "captured_at": side.version.captured_at.isoformat(),
        "extractor": f"{side.version.extractor} {side.version.extractor_version}",
    }


def _version_named(connection: Connection, name: str) -> Version:
    if name.isascii() and name.isdigit():
        capture = captures.get_capture(connection, int(name[:10]))
        version_id = captures.version_of_capture(connection, capture.sequence)
        if version_id is None:
            raise NotFoundError(f"Capture {name} brought no text: {capture.error or capture.outcome.replace('_', ' ')}")
        return versions.get_version(connection, version_id)
    if _DIGEST.fullmatch(name):
        return versions.version_of_payload(connection, name)
    source_id, at, date = name.partition("@")
    if at:
        sources.get_source(connection, source_id)
        moment = moment_of(date)
        found = versions.version_before(connection, source_id, moment, _AFTER_ALL)
        if found is None:
            first = versions.version_after(connection, source_id, moment, -1)
            there = f"its first Version is of {_day(first.captured_at)}" if first else "no text was read of it yet"
            raise NotFoundError(f"there is no Version of {source_id!r} from {date} or before: {there}")
        return found
    back = _BACK.fullmatch(name)
    if back is None and not sources.exists(connection, name):
        try:
            return versions.get_version(connection, name)
        except NotFoundError as error:
            raise NotFoundError(
                f"{name[:80]!r} names nothing that can be compared. Give a Version (v…), a Capture (7), a Snapshot "
                "(its SHA-256), a Source, SOURCE~1 or SOURCE@2026-01-31"
            ) from error
    source_id, steps = (back[1], int(back[2])) if back else (name, 0)
    sources.get_source(connection, source_id)
    found = versions.version_back(connection, source_id, steps)
    if found is None:
        held = versions.count_readable(connection, source_id)
        raise NotFoundError(f"{source_id!r} has {held} Version{'' if held == 1 else 's'}; {name!r} asks for more")
    return found


def _compared(rooms: Rooms, old: tuple[str, Version], new: tuple[str, Version], *, notes: tuple[str, ...]) -> Between:
    left, right = (_side(rooms, name, version) for name, version in (old, new))
    same = left.source.source_id == right.source.source_id
    if left.version.extractor != right.version.extractor:
        kinds = f"{left.version.extractor}, the other by {right.version.extractor}"
        notes = (*notes, f"One text was read by {kinds}: how they are broken into passages may differ for that alone.")
    if same and left.version.captured_at > right.version.captured_at:
        notes = (*notes, "The later text stands first: added here means removed since.")
    definition = right.source.definition
    comparison = rooms.children.run(
        compare_documents,
        left.document,
        right.document,
        subjects=definition.subjects,
        instruments=definition.instruments,
        same_document=same,
        pack_text=rooms.pack.text,
        key_columns=definition.key_columns,
    )
    found: list[Change] = []
    if same:
        ends = sorted((left.version.captured_at, right.version.captured_at))
        with rooms.database.reading() as connection:
            found = changes.changes_between(
                connection, left.source.source_id, after=ends[0], until=ends[1], limit=CHANGES_COUNTED
            )
    told = tuple(change for change in found if change.kind is not ChangeKind.TECHNICAL)
    return Between(old=left, new=right, comparison=comparison, changes=told, notes=notes)


def _side(rooms: Rooms, name: str, version: Version) -> Side:
    """A Version as today's rules and extractor read it: like is compared with like."""
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, version.source_id)
    alike = read_alike(rooms, source, version).version
    document = alike.document or version.document
    if document is None:
        raise RefusedError(f"{name!r} cannot be compared: {version.error}")
    # the recorded Version is what a reader can look up; today's reading of it is not kept
    shown = replace(version, extractor=alike.extractor, extractor_version=alike.extractor_version)
    return Side(name=name, source=source, version=shown, document=document)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%-d %B %Y}"
