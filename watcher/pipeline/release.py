"""A person takes a held Version as the Source's new state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from watcher.errors import NotFoundError
from watcher.model.capture import Version
from watcher.model.change import Change
from watcher.pipeline.compare import positions_in
from watcher.pipeline.history import PastText
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import record_act
from watcher.pipeline.steps import change_between
from watcher.store import captures, changes, sources, versions
from watcher.store.database import Connection


def release_held(rooms: Rooms, source_id: str, *, user: str) -> Change | None:
    """Make the newest held Version of a Source its baseline; returns the Change from the baseline before, if any.

    NotFoundError when nothing is held. The act is audited.
    """

    def audited(connection: Connection, held: Version) -> None:
        before = {"version_id": held.version_id, "held": held.error_code, "reason": held.error}
        record_act(rooms, connection, user=user, action="version.release", target=source_id, before=before)

    return release_recorded_by(rooms, source_id, audited)


def release_recorded_by(rooms: Rooms, source_id: str, record: Callable[[Connection, Version], None]) -> Change | None:
    """`release_held` whose act is recorded by `record`, last in its transaction."""
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, source_id)
        known = versions.held_version(connection, source_id)
        if known is None:
            raise NotFoundError(f"nothing is held of Source {source_id!r}")
        held = versions.get_version(connection, known.version_id)
        capture = captures.get_capture(connection, held.sequence)
        baseline_id = sources.get_baseline_id(connection, source_id)
        baseline = versions.get_version(connection, baseline_id) if baseline_id else None
        texts = versions.earlier_texts(connection, source_id, until=held.captured_at)
    past = [PastText(text_sha256=digest, captured_at=moment) for digest, moment in texts]
    released = replace(held, error_code="", error="")
    if held.document is None:
        raise NotFoundError(f"what is held of Source {source_id!r} has no text to release: {held.error}")
    found = rooms.children.run(
        positions_in,
        held.document,
        subjects=source.definition.subjects,
        instruments=source.definition.instruments,
        pack_text=rooms.pack.text,
    )
    change = change_between(rooms, source, baseline, released, capture.trigger, past) if baseline else None
    with rooms.database.writing() as connection:
        versions.release_version(connection, released, found)
        sources.set_baseline(connection, source_id, released.version_id)
        if change is not None:
            changes.add_change(connection, change)
        record(connection, held)
    return change
