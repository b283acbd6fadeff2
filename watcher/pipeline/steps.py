"""The Change between two Versions of one Source, of whatever kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from watcher.errors import ExtractError
from watcher.model.capture import Capture, Trigger, Version
from watcher.model.change import Change, ChangeKind, Judgement, Severity, SignificancePart
from watcher.model.source import Source
from watcher.pipeline.citations import with_citations
from watcher.pipeline.compare import Comparison, compare_documents, told_links
from watcher.pipeline.health import Presence, move_command
from watcher.pipeline.history import FLAPPING_WINDOW, NO_DIFF, PastLinks, PastText, place_in_history, place_links
from watcher.pipeline.learnt import without_learnt
from watcher.pipeline.ports import Rooms
from watcher.store import changes

CHANGES_LOOKED_AT = 500


def change_between(
    rooms: Rooms, source: Source, old: Version, new: Version, trigger: Trigger, past: list[PastText]
) -> Change | None:
    """The Change between two Versions; texts of two extractors are not compared, only told apart."""
    if old.extractor != new.extractor:
        return _format_change(rooms, source, old, new, trigger)
    return make_change(rooms, source, old, new, trigger, past)


def make_change(
    rooms: Rooms, source: Source, old: Version, new: Version, trigger: Trigger, past: list[PastText]
) -> Change | None:
    """The Change between two Versions of a Source; None when their Documents are the same."""
    if old.document is None or new.document is None or old.document == new.document:
        return None
    try:
        comparison = rooms.children.run(
            compare_documents,
            old.document,
            new.document,
            subjects=source.definition.subjects,
            instruments=source.definition.instruments,
            same_document=True,
            pack_text=rooms.pack.text,
            key_columns=source.definition.key_columns,
        )
    except ExtractError as error:
        return change_of(rooms, source, old, new, trigger, _not_compared(str(error)))
    if comparison.kind is ChangeKind.NONE:
        return None
    if trigger is not Trigger.IMPORT:
        comparison = without_learnt(rooms, source.source_id, comparison, until=new.captured_at)
    placed = place_in_history(comparison, past=past, new_text_sha256=new.text_sha256, captured_at=new.captured_at)
    if placed.kind is ChangeKind.LINK_TARGET and past:
        earlier = _past_links(rooms, source.source_id, new.captured_at)
        placed = place_links(placed, past=earlier, captured_at=new.captured_at)
    return change_of(rooms, source, old, new, trigger, placed)


def _past_links(rooms: Rooms, source_id: str, until: datetime) -> list[PastLinks]:
    """What the Changes said of links that a Source had in the time in which a repetition is flapping."""
    with rooms.database.reading() as connection:
        found = changes.changes_between(
            connection, source_id, after=until - FLAPPING_WINDOW, until=until, limit=CHANGES_LOOKED_AT
        )
    return [
        PastLinks(links=frozenset(links), captured_at=change.captured_at)
        for change in found
        if (links := told_links(change.diff.hunks))
    ]


def technical_change(rooms: Rooms, source: Source, old: Version, new: Version) -> Change | None:
    """What the same bytes read otherwise than before; None for a Version without a text."""
    if old.document is None or new.document is None:
        return None
    by = (
        f"by {new.extractor} {new.extractor_version} in place of {old.extractor} {old.extractor_version}"
        if (old.extractor, old.extractor_version) != (new.extractor, new.extractor_version)
        else "under newer rules of its Definition"
    )
    same = old.document.blocks == new.document.blocks
    blocks = "they read the same" if same else f"{len(old.document.blocks)} Blocks became {len(new.document.blocks)}"
    comparison = Comparison(
        kind=ChangeKind.TECHNICAL,
        reason=f"read again {by}: {blocks}",
        diff=NO_DIFF,
        judgement=Judgement(severity=Severity.NOISE, significance=0.0),
    )
    return change_of(rooms, source, old, new, Trigger.MANUAL, comparison)


def structure_change(
    rooms: Rooms,
    source: Source,
    old: Version,
    new: Version,
    trigger: Trigger,
    change: Change | None,
    lost: tuple[str, ...],
) -> Change:
    """The Change of a page on which some of the select rules match nothing any more: said, without any removal."""
    rules = "the select rule" if len(lost) == 1 else "the select rules"
    said = (
        f"structure changed: {rules} {', '.join(map(repr, lost))} matched nothing any more, so what stood there is "
        f"not compared. Try other rules with: watcher source preview {source.source_id}"
    )
    if change is not None and change.alert:
        return replace(change, reason=f"{change.reason}; {said}" if change.reason else said)
    comparison = Comparison(
        kind=ChangeKind.STATUS,
        reason=said,
        diff=NO_DIFF,
        judgement=Judgement(
            severity=Severity.MINOR,
            significance=0.2,
            parts=(SignificancePart(name="structure_changed", points=0.2, passage=""),),
        ),
    )
    return change_of(rooms, source, old, new, trigger, comparison)


def presence_change(rooms: Rooms, source: Source, baseline: Version, capture: Capture, presence: Presence) -> Change:
    """A document that is gone from its address, found again, or sent on. Both sides are its last known text."""
    if presence is Presence.WITHDRAWN:
        kind, severity, points = ChangeKind.DOCUMENT_WITHDRAWN, Severity.MAJOR, 0.5
        reason = (
            f"withdrawn? Three checks in a row found no document there, the last one in Capture {capture.sequence}: "
            f"{capture.error}. The text that it had is kept"
        )
    elif presence is Presence.REDIRECTED:
        kind, severity, points = ChangeKind.STATUS, Severity.MINOR, 0.2
        target = capture.hops[-1].url if capture.hops else ""
        reason = (
            f"redirected for good: three checks in a row were sent on to {target}. If that is the same page: "
            f"{move_command(source.source_id, target)}"
        )
    else:
        kind, severity, points = ChangeKind.STATUS, Severity.MINOR, 0.2
        reason = f"the document is back: Capture {capture.sequence} found one at its address again"
    comparison = Comparison(
        kind=kind,
        reason=reason,
        diff=NO_DIFF,
        judgement=Judgement(
            severity=severity,
            significance=points,
            parts=(SignificancePart(name=f"document_{presence}", points=points, passage=""),),
        ),
    )
    change = change_of(rooms, source, baseline, baseline, capture.trigger, comparison)
    return replace(
        change,
        change_id=f"{baseline.version_id}..{presence}-{capture.sequence}",
        captured_at=capture.captured_at,
        sequence=capture.sequence,
    )


def _not_compared(problem: str) -> Comparison:
    """Two texts that differ and could not be compared: said, because the difference may matter."""
    return Comparison(
        kind=ChangeKind.STATUS,
        reason=f"the text is another one, but the two could not be compared: {problem}",
        diff=NO_DIFF,
        judgement=Judgement(severity=Severity.MAJOR, significance=0.5),
    )


def _format_change(rooms: Rooms, source: Source, old: Version, new: Version, trigger: Trigger) -> Change:
    comparison = Comparison(
        kind=ChangeKind.STATUS,
        reason=f"was {old.extractor}, is now {new.extractor}: the texts are not compared",
        diff=NO_DIFF,
        judgement=Judgement(severity=Severity.MINOR, significance=0.2),
    )
    return change_of(rooms, source, old, new, trigger, comparison)


def change_of(
    rooms: Rooms, source: Source, old: Version, new: Version, trigger: Trigger, comparison: Comparison
) -> Change:
    """A Comparison of two Versions as the Change of a Source, with what notes of reports have to do with it."""
    comparison = with_citations(rooms, source, old, new, comparison)
    return Change(
        change_id=f"{old.version_id}..{new.version_id}",
        source_id=source.source_id,
        from_version_id=old.version_id,
        to_version_id=new.version_id,
        captured_from_at=old.captured_at,
        captured_at=new.captured_at,
        recorded_at=rooms.clock(),
        trigger=trigger,
        kind=comparison.kind,
        alert=comparison.alert,
        reason=comparison.reason,
        pack=rooms.pack.pack.name,
        pack_version=rooms.pack.pack.version,
        diff=comparison.diff,
        judgement=comparison.judgement,
    )
