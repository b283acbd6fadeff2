"""The Changes that a Collection tells: its documents, and what else its page says otherwise than before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from watcher.errors import ExtractError
from watcher.model.capture import Capture, Version
from watcher.model.change import (
    Change,
    ChangeKind,
    Diff,
    Hunk,
    HunkOp,
    Judgement,
    Severity,
    SignificancePart,
    WordOp,
)
from watcher.model.collection import DocumentEvent, DocumentStep, Listing, folded_title
from watcher.model.document import Document
from watcher.model.source import Source
from watcher.model.subjects import name_of
from watcher.pipeline.collect import Gathered, listing_of
from watcher.pipeline.compare import Comparison, compare_documents
from watcher.pipeline.history import NO_DIFF
from watcher.pipeline.ports import Rooms
from watcher.pipeline.steps import change_of

TOLD_ONE_BY_ONE = 20
LONGEST_BESIDE = 120  # characters beside a title: a longer passage says something of its own
KINDS = {
    DocumentStep.ADDED: (ChangeKind.DOCUMENT_ADDED, Severity.MAJOR, 0.5),
    DocumentStep.WITHDRAWN: (ChangeKind.DOCUMENT_WITHDRAWN, Severity.MAJOR, 0.5),
    DocumentStep.BACK: (ChangeKind.STATUS, Severity.MINOR, 0.2),
    DocumentStep.MOVED: (ChangeKind.DOCUMENT_MOVED, Severity.MINOR, 0.2),
    DocumentStep.REPLACED: (ChangeKind.DOCUMENT_REPLACED, Severity.MINOR, 0.2),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shares:
    """The Hunks that each document explains, by its address, and the Blocks that they take from either side."""

    hunks: dict[str, tuple[Hunk, ...]]
    old_blocks: frozenset[int]
    new_blocks: frozenset[int]


def list_changes(
    rooms: Rooms, source: Source, capture: Capture, old: Version, new: Version, page: Change | None, gathered: Gathered
) -> tuple[Change, ...]:
    """What is told of a list: first its documents, then what else changed on its page.

    `page` is the Change of the whole page. What the documents explain of it is not told again. A page that goes back
    and forth between texts tells nobody of documents that do the same.
    """
    alert = page is None or page.kind is not ChangeKind.FLAPPING
    told = _told(rooms, source, capture, old, new, gathered, alert=alert)
    if page is None or not gathered.events or old.document is None or new.document is None:
        return (*told, page) if page is not None else told
    if page.kind is ChangeKind.LINK_TARGET:
        return told
    listing, before = listing_of(rooms, source, capture, new), listing_of(rooms, source, capture, old)
    shares = _shares(page.diff, gathered.events, before, listing, old.document, new.document)
    told = tuple(_with_hunks(change, page.diff, shares) for change in told)
    if not shares.hunks:
        return (*told, page)
    left = _remaining(rooms, source, capture, old, new, page, shares)
    return told if left is None else (*told, left)


def _told(
    rooms: Rooms, source: Source, capture: Capture, old: Version, new: Version, gathered: Gathered, *, alert: bool
) -> tuple[Change, ...]:
    changes: list[Change] = []
    for step in DocumentStep:
        events = [event for event in gathered.events if event.step is step]
        groups = [events] if len(events) > TOLD_ONE_BY_ONE else [[event] for event in events]
        changes += [_documents_change(rooms, source, capture, old, new, group) for group in groups if group]
    if gathered.news:
        news = Comparison(
            kind=ChangeKind.STATUS,
            reason=gathered.news,
            diff=NO_DIFF,
            judgement=_judgement("list", Severity.MAJOR, 0.5, ""),
        )
        change = change_of(rooms, source, old, new, capture.trigger, news)
        changes.append(replace(change, change_id=f"{new.version_id}..list-{capture.sequence}"))
    return tuple(changes if alert else [replace(change, alert=False) for change in changes])


def _documents_change(
    rooms: Rooms, source: Source, capture: Capture, old: Version, new: Version, events: Sequence[DocumentEvent]
) -> Change:
    first = events[0]
    kind, severity, points = KINDS[first.step]
    comparison = Comparison(
        kind=kind,
        reason="; ".join(_reason(event) for event in events),
        diff=NO_DIFF,
        judgement=_judgement(f"document_{first.step}", severity, points, first.title),
    )
    change = change_of(rooms, source, old, new, capture.trigger, comparison)
    mark = first.child_id if len(events) == 1 else "many"
    return replace(
        change,
        change_id=f"{new.version_id}..{first.step}-{capture.sequence}-{_short(mark)}",
        documents=tuple(events),
    )


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _judgement(name: str, severity: Severity, points: float, passage: str) -> Judgement:
    part = SignificancePart(name=name, points=points, passage=passage)
    return Judgement(severity=severity, significance=points, parts=(part,))


def _reason(event: DocumentEvent) -> str:
    about = ", ".join(part for part in (event.subject and name_of(event.subject), str(event.year or "")) if part)
    named = f"“{event.title}”" + (f" ({about})" if about else "")
    match event.step:
        case DocumentStep.ADDED:
            return f"the list shows a new document, {named}, at {event.address}; it is watched as {event.child_id}"
        case DocumentStep.WITHDRAWN:
            return (
                f"the list no longer shows {named}, {event.address}. What was archived of it is kept, and "
                f"{event.child_id} goes on being checked at a slower pace"
            )
        case DocumentStep.BACK:
            return f"the list shows {named} again, {event.address}"
        case DocumentStep.MOVED:
            return (
                f"the list shows {named} at another address: {event.address}, until now {event.old_address}. "
                f"{event.child_id} is checked there from now on"
            )
        case DocumentStep.REPLACED:
            was = f": until now “{event.old_title}”" if event.old_title else ": its date is another one"
            return f"the list describes {named} otherwise{was}; its address stays {event.address}"


def _shares(
    diff: Diff,
    events: Iterable[DocumentEvent],
    before: Listing | None,
    now: Listing | None,
    old: Document,
    new: Document,
) -> _Shares:
    """Which Hunks are nothing but the listing of documents that came, went, moved or were replaced."""
    told = {event.address: event for event in events} | {e.old_address: e for e in events if e.old_address}
    olds = {one.block: one for one in (before.documents if before else ()) if one.address in told}
    news = {one.block: one for one in (now.documents if now else ()) if one.address in told}
    hunks: dict[str, tuple[Hunk, ...]] = {}
    old_blocks, new_blocks = set(), set()
    for hunk in diff.hunks:
        was = olds.get(hunk.old_index) if hunk.old_index is not None else None
        is_ = news.get(hunk.new_index) if hunk.new_index is not None else None
        shown = is_ or was
        if shown is None or not _explains(hunk, old, new, events, shown.title):
            continue
        address = told[shown.address].address
        hunks[address] = (*hunks.get(address, ()), hunk)
        old_blocks |= {hunk.old_index} - {None}
        new_blocks |= {hunk.new_index} - {None}
    return _Shares(
        hunks=hunks,
        old_blocks=frozenset(index for index in old_blocks if index is not None),
        new_blocks=frozenset(index for index in new_blocks if index is not None),
    )


def _explains(hunk: Hunk, old: Document, new: Document, events: Iterable[DocumentEvent], title: str) -> bool:
    if hunk.op is HunkOp.INSERTED and hunk.new_index is not None:
        return len(new.blocks[hunk.new_index].text) <= len(title) + LONGEST_BESIDE
    if hunk.op is HunkOp.DELETED and hunk.old_index is not None:
        return len(old.blocks[hunk.old_index].text) <= len(title) + LONGEST_BESIDE
    if hunk.op is HunkOp.LINKED:
        return True
    if hunk.op is not HunkOp.EDITED or not hunk.words:
        return False
    known = {word for event in events for word in folded_title(f"{event.title} {event.old_title}").split()}
    other = " ".join(edit.text for edit in hunk.words if edit.op is not WordOp.KEPT)
    return set(folded_title(other).split()) <= known


def _with_hunks(change: Change, diff: Diff, shares: _Shares) -> Change:
    own = tuple(dict.fromkeys(hunk for event in change.documents for hunk in shares.hunks.get(event.address, ())))
    if not own:
        return change
    return replace(change, diff=Diff(differ=diff.differ, differ_version=diff.differ_version, hunks=own))


def _remaining(
    rooms: Rooms, source: Source, capture: Capture, old: Version, new: Version, page: Change, shares: _Shares
) -> Change | None:
    """The Change of the page without the passages that list documents; None when nothing else changed."""
    if old.document is None or new.document is None:
        return page
    rest_old, old_places = _without(old.document, shares.old_blocks)
    rest_new, new_places = _without(new.document, shares.new_blocks)
    try:
        comparison = rooms.children.run(
            compare_documents,
            rest_old,
            rest_new,
            subjects=source.definition.subjects,
            instruments=source.definition.instruments,
            same_document=True,
            pack_text=rooms.pack.text,
            key_columns=source.definition.key_columns,
        )
    except ExtractError:
        return page
    if comparison.kind in (ChangeKind.NONE, ChangeKind.LINK_TARGET):
        return None
    hunks = tuple(
        replace(
            hunk,
            old_index=None if hunk.old_index is None else old_places[hunk.old_index],
            new_index=None if hunk.new_index is None else new_places[hunk.new_index],
        )
        for hunk in comparison.diff.hunks
    )
    whole = replace(comparison, diff=replace(comparison.diff, hunks=hunks))
    rest = change_of(rooms, source, old, new, capture.trigger, whole)
    return replace(rest, alert=rest.alert and page.alert)


def _without(document: Document, left_out: frozenset[int]) -> tuple[Document, list[int]]:
    """A Document without some Blocks, and the place that each of the others had."""
    places = [place for place in range(len(document.blocks)) if place not in left_out]
    return replace(document, blocks=tuple(document.blocks[place] for place in places)), places
