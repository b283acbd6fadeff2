"""A child's first text against its siblings: the document of the year before, or the one that was listed elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from watcher.errors import ExtractError
from watcher.model.capture import Trigger, Version
from watcher.model.change import Change, ChangeKind, Judgement, Severity, SignificancePart
from watcher.model.collection import CollectionItem, ItemState
from watcher.model.source import Source
from watcher.model.subjects import name_of
from watcher.pipeline.compare import Comparison, compare_documents
from watcher.pipeline.history import NO_DIFF
from watcher.pipeline.listings import year_before
from watcher.pipeline.ports import Rooms
from watcher.pipeline.steps import change_of
from watcher.store import captures, collections, sources, versions
from watcher.store.database import Connection


def sibling_change(rooms: Rooms, source: Source, version: Version, trigger: Trigger) -> Change | None:
    """What the first Version of a document that a Collection came to list says beside its siblings.

    The bytes of a document that the list no longer shows: it moved. Else the newest earlier year's text is compared.
    None for other Sources, for documents that the Collection listed from the start, and where no sibling is known.
    """
    if not source.definition.collection_id or version.document is None:
        return None
    with rooms.database.reading() as connection:
        item = collections.item_of_child(connection, source.source_id)
        if item is None or not item.is_news:
            return None
        items = [
            one for one in collections.list_items(connection, item.collection_id) if one.child_id != source.source_id
        ]
        was = _of_same_bytes(connection, items, version)
        known = [was] if was is not None else year_before(items, item.document)
        found = _newest_read(connection, known)
    if found is None:
        return None
    sibling, old = found
    if was is not None:
        comparison = _moved(item, sibling)
    else:
        compared = _compared(rooms, source, old, version)
        comparison = replace(compared, reason=f"{_between(item, sibling)}: {compared.reason}")
    change = change_of(rooms, source, old, version, trigger, comparison)
    return replace(change, from_source_id=sibling.child_id)


def _of_same_bytes(connection: Connection, items: Iterable[CollectionItem], version: Version) -> CollectionItem | None:
    """A document that the list no longer shows and whose last bytes are those of a Version."""
    for one in items:
        last = captures.last_payload_sha256(connection, one.child_id) if one.state is ItemState.WITHDRAWN else None
        if last == version.payload_sha256:
            return one
    return None


def _newest_read(connection: Connection, items: Iterable[CollectionItem]) -> tuple[CollectionItem, Version] | None:
    """The first of some documents that has a text, with it."""
    for one in items:
        baseline_id = sources.get_baseline_id(connection, one.child_id)
        if baseline_id is not None:
            return one, versions.get_version(connection, baseline_id)
    return None


def _moved(item: CollectionItem, was: CollectionItem) -> Comparison:
    reason = (
        f"the same bytes as “{was.document.title}”, which the list no longer shows: it moved from "
        f"{was.document.address} to {item.document.address} ({was.child_id} keeps its history)"
    )
    part = SignificancePart(name="document_moved", points=0.2, passage=was.document.title)
    return Comparison(
        kind=ChangeKind.DOCUMENT_MOVED,
        reason=reason,
        diff=NO_DIFF,
        judgement=Judgement(severity=Severity.MINOR, significance=0.2, parts=(part,)),
    )


def _compared(rooms: Rooms, source: Source, old: Version, new: Version) -> Comparison:
    if old.document is None or new.document is None or old.extractor != new.extractor:
        return _told_apart(f"one is {old.extractor}, the other {new.extractor}, so the texts are not compared")
    try:
        return rooms.children.run(
            compare_documents,
            old.document,
            new.document,
            subjects=source.definition.subjects,
            instruments=source.definition.instruments,
            same_document=False,
            pack_text=rooms.pack.text,
            key_columns=source.definition.key_columns,
        )
    except ExtractError as error:
        return _told_apart(f"the two could not be compared: {error}")


def _told_apart(reason: str) -> Comparison:
    return Comparison(
        kind=ChangeKind.STATUS,
        reason=reason,
        diff=NO_DIFF,
        judgement=Judgement(severity=Severity.MINOR, significance=0.2),
    )


def _between(item: CollectionItem, was: CollectionItem) -> str:
    document, old = item.document, was.document
    return f"{name_of(document.subject)}, the document of {document.year} against that of {old.year}, “{old.title}”"
