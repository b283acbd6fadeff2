"""From a freshly read list to what follows from it: items, child Sources, and the Changes that tell of documents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from watcher.errors import ArchiveError, DeletedError, ExtractError
from watcher.extract.listing import list_documents
from watcher.extract.reading import Payload
from watcher.model.capture import Capture, Version
from watcher.model.collection import (
    CollectionItem,
    CollectionRead,
    DocumentEvent,
    DocumentStep,
    ItemPart,
    ItemState,
    ListedDocument,
    Listing,
    item_id,
)
from watcher.model.source import Source
from watcher.pipeline.children import ChildAct, act_on, carry_out, child_id, rules_in
from watcher.pipeline.listings import Comparison, Match, compare_listings
from watcher.pipeline.ports import Rooms
from watcher.store import captures, collections
from watcher.store.database import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """What a reading of a list leads to: rows, acts on children, and what is told.

    `rolls` says that it is a feed, whose own text comes and goes and is told by its documents alone.
    """

    read: CollectionRead
    items: tuple[CollectionItem, ...] = ()
    acts: tuple[ChildAct, ...] = ()
    events: tuple[DocumentEvent, ...] = ()
    rolls: bool = False
    news: str = ""

    @property
    def registered(self) -> int:
        """How many child Sources are new."""
        return sum(act.before is None for act in self.acts)


def is_behind(connection: Connection, source: Source, baseline_id: str | None) -> bool:
    """Whether a Collection's list has to be read again: its rules or its baseline are others than last time."""
    if source.definition.collection is None or baseline_id is None:
        return False
    read = collections.get_read(connection, source.source_id)
    known = (read.version_id, read.definition_sha256) if read is not None else None
    return known != (baseline_id, source.definition.digest_sha256)


def gather(rooms: Rooms, source: Source, capture: Capture, version: Version, *, baseline_id: str) -> Gathered | None:
    """Read the list in a Version and compare it with what the Collection listed before.

    `baseline_id` is the Version that the next one will be compared with. None when the Version cannot be read as a
    list, which then stays as it was.
    """
    listing = listing_of(rooms, source, capture, version)
    if listing is None:
        return None
    with rooms.database.reading() as connection:
        before = collections.get_read(connection, source.source_id)
        known = collections.list_items(connection, source.source_id)
        seen_at = captures.last_reached_at(connection, source.source_id) or capture.captured_at
        same_rules = before is not None and before.definition_sha256 == source.definition.digest_sha256
        found = compare_listings(known, listing, rules_in(source), same_rules=same_rules)
        items, acts = _items(connection, source, capture, found, is_news=same_rules, seen_at=seen_at)
    read = CollectionRead(
        collection_id=source.source_id,
        version_id=baseline_id,
        definition_sha256=source.definition.digest_sha256,
        read_at=capture.captured_at,
        listed=len(listing.documents),
        refused=found.refused,
        unnamed=_unnamed(source, listing),
        problem=found.problem,
    )
    return Gathered(
        read=read,
        items=tuple(item for _, item in items),
        acts=tuple(acts),
        events=tuple(_event(match, item) for match, item in items if match.step is not None),
        rolls=listing.rolls,
        news=_news(source, before, read),
    )


def listing_of(rooms: Rooms, source: Source, capture: Capture, version: Version) -> Listing | None:
    """The documents that a Version lists, None when its Document or its bytes cannot be read."""
    if version.document is None:
        return None
    url = capture.hops[-1].url if capture.hops else capture.requested_url
    try:
        payload = Payload(
            data=rooms.archive.get_payload(version.payload_sha256),
            media_type=version.document.media_type,
            charset=version.document.charset,
        )
        return rooms.children.run(list_documents, version.document, payload, url, rules_in(source))
    except (ArchiveError, DeletedError, ExtractError):
        return None


def write_gathered(
    rooms: Rooms, connection: Connection, gathered: Gathered, capture: Capture, *, replayed: bool
) -> None:
    """Rows of a reading, then the acts on children. `replayed`: the ledger holds the acts already."""
    collections.put_read(connection, gathered.read)
    collections.put_items(connection, gathered.items)
    if not replayed:
        carry_out(rooms, connection, list(gathered.acts), collection_id=gathered.read.collection_id, capture=capture)


def _items(
    connection: Connection,
    source: Source,
    capture: Capture,
    found: Comparison,
    *,
    is_news: bool,
    seen_at: datetime,
) -> tuple[list[tuple[Match, CollectionItem]], list[ChildAct]]:
    """The items that change, with their matches, and what is done to their children."""
    changed: list[tuple[Match, CollectionItem]] = []
    acts: list[ChildAct] = []
    ids = {match.item.item_id for match in found.matches if match.item is not None}
    names: set[str] = set()
    for match in found.matches:
        if match.item is None:
            item = _new_item(connection, source, capture, match, ids, names, is_news=is_news)
        else:
            item = _changed_item(match.item, match, capture, seen_at)
        ids.add(item.item_id)
        names.add(item.child_id)
        if item == match.item:
            continue
        changed.append((match, item))
        act = act_on(connection, source, item, was=match.item)
        if act is not None:
            acts.append(act)
    return changed, acts


def _new_item(
    connection: Connection,
    source: Source,
    capture: Capture,
    match: Match,
    ids: set[str],
    names: set[str],
    *,
    is_news: bool,
) -> CollectionItem:
    document = _found(match)
    name, number = item_id(document.address), 2
    while name in ids:  # its address was once that of a document which moved away
        name, number = item_id(f"{document.address}#{number}"), number + 1
    return CollectionItem(
        collection_id=source.source_id,
        item_id=name,
        document=document,
        child_id=child_id(connection, source.source_id, document, names),
        state=ItemState.LISTED,
        first_seen_at=capture.captured_at,
        last_seen_at=capture.captured_at,
        is_news=is_news,
    )


def _changed_item(item: CollectionItem, match: Match, capture: Capture, seen_at: datetime) -> CollectionItem:
    if match.found is not None:
        document = replace(match.found, block=item.document.block)  # a place that shifts is no change
        if document == item.document and match.state is item.state:
            return item
        return replace(item, document=match.found, state=match.state, last_seen_at=capture.captured_at)
    if match.state is item.state:
        return item
    return replace(item, state=match.state, last_seen_at=max(item.last_seen_at, min(seen_at, capture.captured_at)))


def _found(match: Match) -> ListedDocument:
    if match.found is None:
        raise ValueError("a new document is listed by definition")
    return match.found


def _event(match: Match, item: CollectionItem) -> DocumentEvent:
    document, was = item.document, match.item.document if match.item is not None else item.document
    return DocumentEvent(
        step=match.step or DocumentStep.ADDED,
        title=document.title,
        address=document.address,
        subject=document.subject,
        year=document.year,
        child_id=item.child_id,
        old_address=was.address if was.address != document.address else "",
        old_title=was.title if was.title != document.title else "",
    )


def _unnamed(source: Source, listing: Listing) -> int:
    if rules_in(source).subject_from is ItemPart.NONE:
        return 0
    return sum(not document.subject for document in listing.documents)


def _news(source: Source, before: CollectionRead | None, read: CollectionRead) -> str:
    """What is new about the list as a whole and has to be told: it is not believed, or shows more than is taken."""
    if read.problem and (before is None or before.problem != read.problem):
        return read.problem
    if read.refused and before is not None and not before.refused:
        return refusal_words(source, read)
    return ""


def refusal_words(source: Source, read: CollectionRead) -> str:
    """Why some documents are not watched, and what to do."""
    limit = rules_in(source).most_documents
    is_ = "is" if read.refused == 1 else "are"
    return (
        f"the list shows {read.listed} documents and the limit is {limit}: {read.refused} {is_} not watched. "
        "Narrow link_pattern or raise most_documents"
    )
