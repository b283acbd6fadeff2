"""What the documents that a Collection announces state, as far as they have been read."""

from __future__ import annotations

from collections.abc import Collection

from watcher.errors import NotFoundError
from watcher.model.announced import Announced
from watcher.model.board import make_board
from watcher.model.capture import Version
from watcher.model.change import Change
from watcher.model.collection import DocumentEvent, DocumentStep
from watcher.model.source import Source
from watcher.pipeline.board import statements_in
from watcher.pipeline.ports import PackText
from watcher.store import captures, sources, versions
from watcher.store.database import Connection

NOT_READ = "not read yet"


def announced_by(
    connection: Connection, pack: PackText, change: Change, *, wanted: Collection[str] = ()
) -> tuple[Announced, ...]:
    """What each new and watched document of a Change states; of the Subjects that are `wanted` first.

    () for a Change that announces none. The pack is asked for only where a document was read.
    """
    return tuple(_announced(connection, pack, change, event, wanted) for event in _new_documents(change))


def _new_documents(change: Change) -> list[DocumentEvent]:
    return [event for event in change.documents if event.step is DocumentStep.ADDED and event.child_id]


def waits_for_reading(connection: Connection, change: Change) -> bool:
    """Whether a Change announces a document whose first check is still to come, and says nothing else of weight."""
    if change.judgement.position_changes or change.judgement.depositary_events:
        return False
    return any(not captures.list_captures(connection, new.child_id, limit=1) for new in _new_documents(change))


def _announced(
    connection: Connection, pack: PackText, change: Change, document: DocumentEvent, wanted: Collection[str]
) -> Announced:
    try:
        source = sources.get_source(connection, document.child_id)
    except NotFoundError:
        return Announced(document=document, unread=NOT_READ)
    subjects = source.definition.subjects
    version = _first_version(connection, source, change)
    if version is None:
        return Announced(document=document, subjects=subjects, unread=_why_unread(connection, source))
    found = [
        position
        for position in versions.positions_of_version(connection, version.version_id)
        if not subjects or position.subject in subjects
    ]
    read = pack.pack
    statements = statements_in(read, source, version, found)
    board = make_board(
        statements,
        as_of=version.captured_at,
        pack=read.name,
        pack_version=read.version,
        stances={name: one.stances for name, one in read.indicators.items()},
        contradictions=read.contradictions,
    )
    cells = sorted(board.cells, key=lambda cell: (cell.subject not in wanted, read.treaties.rank(cell.indicator)))
    return Announced(document=document, subjects=subjects, version_id=version.version_id, cells=tuple(cells))


def _first_version(connection: Connection, source: Source, change: Change) -> Version | None:
    """The first text that followed the list; the one that is known of a document that was watched before."""
    first = versions.version_after(connection, source.source_id, change.captured_at, 0)
    if first is not None:
        return first
    baseline_id = sources.get_baseline_id(connection, source.source_id)
    return versions.get_version(connection, baseline_id) if baseline_id is not None else None


def _why_unread(connection: Connection, source: Source) -> str:
    newest = versions.newest_version(connection, source.source_id)
    if newest is not None and newest.is_held:
        return f"{NOT_READ}: what came is held until a person looks ({newest.error})"
    if newest is not None:
        return f"{NOT_READ}: {newest.error}"
    last = next(iter(captures.list_captures(connection, source.source_id, limit=1)), None)
    return f"{NOT_READ}: {last.error}" if last is not None and last.error else NOT_READ
