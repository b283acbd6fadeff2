"""The judgement of a Change: markers, Position changes and depositary events, summed to significance and severity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from watcher.classify.answers import document_positions
from watcher.classify.changes import between_documents, within_document
from watcher.classify.depositary import depositary_events
from watcher.classify.markers import markers, weigh
from watcher.classify.noise import still_stands, without_notices
from watcher.classify.pack import Pack, Scale
from watcher.classify.status import indicators_of, worded_positions
from watcher.model.change import (
    About,
    DepositaryEvent,
    Diff,
    Hunk,
    Judgement,
    Position,
    PositionChange,
    Severity,
    SignificancePart,
)
from watcher.model.document import Document

DECIMALS = 4


def _own(document: Document, *, subject: str, instruments: tuple[str, ...], pack: Pack) -> list[Position]:
    """Positions that a Subject's document asserts of that Subject; of whoever is named where it has no Subject."""
    found = [
        *document_positions(document, subject=subject, pack=pack, instruments=instruments),
        *worded_positions(document, subject=subject, instruments=instruments, pack=pack),
    ]
    return [one for one in found if one.about is About.OWN or (not subject and one.subject)]


def _offsets(document: Document) -> list[tuple[int, int]]:
    spans, at = [], 0
    for block in document.blocks:
        spans.append((at, at + len(block.text)))
        at += len(block.text) + 1
    return spans


def _touched(positions: Sequence[Position], document: Document, indexes: Iterable[int], other: str) -> list[Position]:
    """The Positions whose passage lies in a changed Block and does not stand word for word in the other text."""
    offsets = _offsets(document)
    spans = sorted({offsets[index] for index in indexes if 0 <= index < len(offsets)})
    found = []
    for position in positions:
        inside = any(start < position.end and position.start < end for start, end in spans)
        if inside and position.passage not in other:
            found.append(position)
    return found


def _position_changes(
    old: Document,
    new: Document,
    hunks: Sequence[Hunk],
    *,
    subject: str,
    instruments: tuple[str, ...],
    same_document: bool,
    pack: Pack,
) -> list[PositionChange]:
    old_text, new_text = old.text, new.text
    before = _own(old, subject=subject, instruments=instruments, pack=pack)
    now = _own(new, subject=subject, instruments=instruments, pack=pack)
    if not same_document:
        return between_documents(before, now, pack=pack)
    old_indexes = [hunk.old_index for hunk in hunks if hunk.old_index is not None]
    new_indexes = [hunk.new_index for hunk in hunks if hunk.new_index is not None]
    return within_document(
        before,
        now,
        _touched(before, old, old_indexes, new_text),
        _touched(now, new, new_indexes, old_text),
        pack=pack,
    )


def _marked(old: Document, new: Document, hunks: Sequence[Hunk], *, subject: str, pack: Pack) -> list[tuple[str, str]]:
    """(marker, passage) of the Hunks that say something which the page did not say before, or says no more."""
    told, notices = without_notices(hunks, pack.lexicon)
    sides = {block.text for block in old.blocks}, {block.text for block in new.blocks}
    said = [hunk for hunk in told if not still_stands(hunk, *sides)]
    marked = [(name, hunk.new or hunk.old) for hunk in said for name in markers(hunk, subject=subject, pack=pack)]
    return [*(("notice", notice) for notice in notices), *marked]


def _position_parts(changes: Sequence[PositionChange], scale: Scale) -> Iterator[SignificancePart]:
    for change in changes:
        points = scale.position_points[change.severity]
        if points > 0:
            name = f"position_{change.change.value}: {change.indicator}"
            yield SignificancePart(name=name, points=points, passage=change.new_passage or change.old_passage)


def _counted(events: Iterable[DepositaryEvent], instruments: Sequence[str], pack: Pack) -> tuple[DepositaryEvent, ...]:
    """Treaty actions with the Indicators that they count for."""
    return tuple(replace(event, indicators=indicators_of(event, instruments, pack.treaties)) for event in events)


def _event_parts(events: Sequence[DepositaryEvent], scale: Scale) -> Iterator[SignificancePart]:
    for event in events:
        name = f"depositary_event: {event.event}"
        yield SignificancePart(name=name, points=scale.points["depositary_event"], passage=event.passage)


def _graded(significance: float, scale: Scale) -> Severity:
    for severity in (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR):
        if significance >= scale.thresholds[severity]:
            return severity
    return Severity.NOISE


def judge(
    *,
    old: Document,
    new: Document,
    diff: Diff,
    subject: str,
    instruments: tuple[str, ...],
    same_document: bool,
    pack: Pack,
) -> Judgement:
    """What a pack says of a Diff.

    `same_document` True: two Versions of one page; what an edited passage no longer says is withdrawn. False: two
    documents of one Subject compared as wholes; silence is no change and wording that differs is none either.
    Significance is the sum of the parts clamped to 0..1; severity by the pack's thresholds, and never below that of
    a Position change. Boilerplate, moved Blocks and sentences that stand elsewhere on the page too weigh nothing; a
    notice that the page could not be shown is told as such, and not the words whose place it took. Pure and
    deterministic.
    """
    hunks = [hunk for hunk in diff.hunks if hunk.tells]
    if not hunks:
        return Judgement(severity=Severity.NOISE, significance=0.0)
    changes = _position_changes(
        old, new, hunks, subject=subject, instruments=instruments, same_document=same_document, pack=pack
    )
    events: tuple[DepositaryEvent, ...] = ()
    changes = [replace(change, rank=pack.treaties.rank(change.indicator)) for change in changes]
    parts = [*_position_parts(changes, pack.scale)]
    if same_document:
        found = depositary_events(diff, instruments=instruments, old=old, new=new, subject=subject)
        events = _counted(found, instruments, pack)
        marked = _marked(old, new, hunks, subject=subject, pack=pack)
        parts += [*_event_parts(events, pack.scale), *weigh(marked, pack)]
    significance = round(min(1.0, max(0.0, sum(part.points for part in parts))), DECIMALS)
    severities = [change.severity for change in changes] + ([Severity.CRITICAL] if events else [])
    if same_document or not changes:
        severities.append(_graded(significance, pack.scale))
    return Judgement(
        severity=max(severities, key=lambda severity: severity.rank),
        significance=significance,
        parts=tuple(parts),
        position_changes=tuple(changes),
        depositary_events=events,
    )
