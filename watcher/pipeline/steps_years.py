"""A new year's document against that of the year before: a Change between Versions of two child Sources."""

from __future__ import annotations

from dataclasses import replace

from watcher.errors import ExtractError
from watcher.model.capture import Trigger, Version
from watcher.model.change import Change, ChangeKind, Judgement, Severity
from watcher.model.collection import CollectionItem
from watcher.model.source import Source
from watcher.model.subjects import name_of
from watcher.pipeline.compare import Comparison, compare_documents
from watcher.pipeline.listings import year_before
from watcher.pipeline.ports import Rooms
from watcher.pipeline.steps import NO_DIFF, change_of
from watcher.store import collections, sources, versions


def year_change(rooms: Rooms, source: Source, version: Version, trigger: Trigger) -> Change | None:
    """The first Version of a document that its Collection came to list, against the newest earlier year's text.

    None for other Sources, for documents that the Collection listed from the start, and where no earlier text is known.
    """
    if not source.definition.collection_id or version.document is None:
        return None
    with rooms.database.reading() as connection:
        item = collections.item_of_child(connection, source.source_id)
        if item is None or not item.is_news:
            return None
        earlier = year_before(collections.list_items(connection, item.collection_id), item.document)
        found = None
        for one in earlier:
            baseline_id = sources.get_baseline_id(connection, one.child_id)
            if baseline_id is not None and one.child_id != source.source_id:
                found = one, versions.get_version(connection, baseline_id)
                break
    if found is None:
        return None
    was, old = found
    comparison = _compared(rooms, source, old, version)
    between = replace(comparison, reason=f"{_between(item, was)}: {comparison.reason}")
    return replace(change_of(rooms, source, old, version, trigger, between), from_source_id=was.child_id)


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
