"""Like with like: the Version that is compared with, as the extractor and the rules of today read its Snapshot.

That is a technical upgrade. It is recorded as a Version of its own in the place of the old one, and nobody is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from watcher.extract import current_number
from watcher.model.capture import Version
from watcher.model.change import Change
from watcher.model.source import Definition, ReadBy, Source
from watcher.pipeline.ports import Rooms
from watcher.pipeline.reading import Reading, read_capture
from watcher.pipeline.steps import technical_change
from watcher.store import captures, changes, sources, versions
from watcher.store.database import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Alike:
    """A Version as it was recorded (`before`) and as it reads today.

    `reading` is None when it needs no reading, or cannot be read so today: `problem` then says why, and what is
    compared with it is not alike.
    """

    before: Version
    reading: Reading | None = None
    technical: Change | None = None
    problem: str = ""

    @property
    def version(self) -> Version:
        """What is compared with."""
        return self.reading.version if self.reading is not None else self.before


def is_outdated(read_by: ReadBy, definition: Definition) -> bool:
    """Whether a Definition or the extractor of today would read its Snapshot by other rules or another number."""
    number = current_number(read_by.extractor)
    return read_by.rules != definition.rules or (number is not None and number != read_by.extractor_version)


def read_alike(rooms: Rooms, source: Source, version: Version) -> Alike:
    """A Version of a Source as it reads today; its Snapshot is read again when its rules or extractor are old.

    Of the Snapshots that read as that Version the newest is taken: they may differ in what the old rules left out.
    """
    with rooms.database.reading() as connection:
        if not is_outdated(read_by(connection, version), source.definition):
            return Alike(before=version)
        capture = captures.newest_described_by(connection, version.version_id)
        capture = capture or captures.get_capture(connection, version.sequence)
    reading = read_capture(rooms, capture, source.definition)
    if reading.version.document is None:
        return Alike(before=version, problem=reading.version.error)
    return Alike(before=version, reading=reading, technical=technical_change(rooms, source, version, reading.version))


def read_by(connection: Connection, version: Version) -> ReadBy:
    """What a recorded Version was read by."""
    definition = sources.get_definition(connection, version.source_id, version.definition_sha256)
    return ReadBy(extractor=version.extractor, extractor_version=version.extractor_version, rules=definition.rules)


def record_alike(connection: Connection, alike: Alike) -> None:
    """Record a technical upgrade: the new Version of the Snapshot in the place of the old one, and their Change."""
    if alike.reading is not None:
        versions.add_version(connection, alike.reading.version, alike.reading.positions)
        versions.supersede(connection, alike.before.version_id, alike.reading.version.version_id)
    if alike.technical is not None:
        changes.add_change(connection, alike.technical)


def without_lost_selectors(rooms: Rooms, source: Source, old: Version, new: Version) -> tuple[Version, tuple[str, ...]]:
    """The old Version without what only those select rules kept that match nothing now, and these rules.

    What they kept may still stand on the page, in another shape: its absence from the new Version says nothing.
    When no rule matches in both, the rules are ways to find the same text, and all of it is compared.
    """
    lost = _matching(old, source.definition) - _matching(new, source.definition)
    kept = tuple(one for one in source.definition.select if one not in lost)
    common = [one for one in kept if one in _matching(old, source.definition)]
    if not lost or not common:
        return old, ()
    with rooms.database.reading() as connection:
        capture = captures.get_capture(connection, old.sequence)
    reading = read_capture(rooms, capture, replace(source.definition, select=kept))
    if reading.version.document is None:
        return old, ()
    return (
        replace(old, document=reading.version.document, text_sha256=reading.version.text_sha256),
        tuple(one for one in source.definition.select if one in lost),
    )


def _matching(version: Version, definition: Definition) -> frozenset[str]:
    """The select rules that matched; all of them for a Version from before this was written down."""
    found = version.document.rules if version.document is not None else ()
    counted = {match.pattern: match.matches for match in found if match.rule == "select"}
    return frozenset(one for one in definition.select if counted.get(one, 1))
