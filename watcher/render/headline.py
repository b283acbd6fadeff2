"""What a Change says in one line: the position that moved, or the treaty action, or else what sort of edit it was."""

from __future__ import annotations

from collections import Counter

from watcher.model.change import (
    Change,
    ChangeKind,
    DepositaryEvent,
    HunkOp,
    PositionChange,
    PositionChangeKind,
)
from watcher.model.collection import DocumentStep
from watcher.model.details import details_of
from watcher.model.source import Source
from watcher.render.words import clipped, counted, folded, said, said_iso_date, subject_name, title_of

HEADLINE_LIMIT = 120
DETAIL_LIMIT = 80

_MOST_TELLING = (
    PositionChangeKind.CHANGED,
    PositionChangeKind.CONTRADICTED,
    PositionChangeKind.WITHDRAWN,
    PositionChangeKind.NEW_INFO,
    PositionChangeKind.REWORDED,
)
_KIND_LINES = {
    ChangeKind.NONE: "nothing changed",
    ChangeKind.MOVED: "text moved, words unchanged",
    ChangeKind.REVERTED: "went back to an earlier text",
    ChangeKind.FLAPPING: "flips between texts seen before",
    ChangeKind.TECHNICAL: "read again by a newer extractor or Definition",
    ChangeKind.ENCODING: "characters repaired or garbled, words unchanged",
    ChangeKind.TYPOGRAPHY: "typography changed, words unchanged",
    ChangeKind.WHITESPACE: "white space changed, words unchanged",
    ChangeKind.LINK_TARGET: "a link points elsewhere, words unchanged",
    ChangeKind.BOILERPLATE: "only navigation or boilerplate changed",
    ChangeKind.VOLATILE: "only counters or dates of the page changed",
    ChangeKind.STATUS: "the page answers otherwise than before",
    ChangeKind.DOCUMENT_ADDED: "a document was added",
    ChangeKind.DOCUMENT_WITHDRAWN: "withdrawn? Three checks found no document at its address",
    ChangeKind.DOCUMENT_MOVED: "a document has another address",
    ChangeKind.DOCUMENT_REPLACED: "a document is described otherwise",
}


_STEP_WORDS = {
    DocumentStep.ADDED: "new document",
    DocumentStep.WITHDRAWN: "document no longer listed",
    DocumentStep.BACK: "document listed again",
    DocumentStep.MOVED: "document at another address",
    DocumentStep.REPLACED: "document described otherwise",
}


def ranked_positions(change: Change) -> tuple[PositionChange, ...]:
    """The Position changes of a Change, the gravest first, then by how telling their kind is."""
    return tuple(
        sorted(
            change.judgement.position_changes,
            key=lambda moved: (-moved.severity.rank, _MOST_TELLING.index(moved.change)),
        )
    )


def headline(change: Change, source: Source) -> str:
    """One line on what changed most, such as "Kazakhstan: vote abstain → yes", with a count of what else did."""
    if change.documents:
        return clipped(_documents_line(change, source), HEADLINE_LIMIT)
    judgement = change.judgement
    moved = ranked_positions(change)
    lines = [_position_line(position, source) for position in moved]
    events = [_event_line(event, source) for event in judgement.depositary_events]
    first_is_grave = bool(moved) and moved[0].change is PositionChangeKind.CHANGED
    told = list(dict.fromkeys([*lines, *events] if first_is_grave else [*events, *lines]))
    if not told:
        return clipped(f"{title_of(source)}: {_edit_line(change)}", HEADLINE_LIMIT)
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    more += " (against the year before)" if change.from_source_id else ""
    return clipped(told[0], HEADLINE_LIMIT - len(more)) + more


def _documents_line(change: Change, source: Source) -> str:
    """One document by its State and title, or how many there are."""
    first = change.documents[0]
    what = _STEP_WORDS[first.step]
    if len(change.documents) > 1:
        counts = counted(len(change.documents), what, what.replace("document", "documents"))
        return f"{title_of(source)}: {counts}"
    who = subject_name(first.subject)
    if not who:
        return f"{title_of(source)}: {what}, {folded(first.title)}"
    return f"{who}: {what}, {folded(first.title).removeprefix(f'{who}: ')} ({title_of(source)})"


def step(moved: PositionChange) -> str:
    """The stance before and after: "abstain → yes"; a stance that stayed is said once."""
    if moved.change is PositionChangeKind.REWORDED or moved.old == moved.new:
        return f"{said(moved.new or moved.old)}, as before, with other words or numbers"
    return f"{said(moved.old) or 'not stated'} → {said(moved.new) or 'not stated'}"


def _position_line(moved: PositionChange, source: Source) -> str:
    who = subject_name(moved.subject) or title_of(source)
    indicator, old, new = said(moved.indicator), said(moved.old), said(moved.new)
    match moved.change:
        case PositionChangeKind.CHANGED:
            return f"{who}: {indicator} {old or 'not stated'} → {new or 'not stated'}"
        case PositionChangeKind.CONTRADICTED:
            return f"{who}: {indicator} {old or 'not stated'} contradicted by {new or 'silence'}"
        case PositionChangeKind.WITHDRAWN:
            return f"{who}: {indicator} {old} no longer stated"
        case PositionChangeKind.NEW_INFO:
            return f"{who}: {indicator} {new} newly stated"
        case PositionChangeKind.REWORDED:
            return f"{who}: {indicator} {new or old} reworded"


def _event_line(event: DepositaryEvent, source: Source) -> str:
    who = subject_name(event.subject) or folded(event.participant) or title_of(source)
    instrument = f" to {event.instrument}" if event.instrument and event.event in ("accession", "succession") else ""
    if event.instrument and not instrument:
        instrument = f" of {event.instrument}"
    date = f", {said_iso_date(folded(event.date))}" if event.date.strip() else ""
    return f"{who}: {said(event.event)}{instrument}{date}"


def _edit_line(change: Change) -> str:
    if any(part.name == "document_redirected" for part in change.judgement.parts):
        return "its address leads to another one for good"
    if change.sequence is not None and change.kind is ChangeKind.STATUS:
        return "the document is back at its address"
    if change.kind is ChangeKind.STATUS and any(part.name == "structure_changed" for part in change.judgement.parts):
        return "structure changed, a rule finds its part no more"
    if any(part.name == "settled" for part in change.judgement.parts):
        return "has settled in the text that was last told"
    if change.from_source_id:
        return folded(change.reason)
    if change.kind in (ChangeKind.CONTENT, ChangeKind.LINK_TARGET) and (detail := _only_detail(change)):
        return detail
    if change.kind is not ChangeKind.CONTENT:
        return _KIND_LINES[change.kind]
    parts = sorted(change.judgement.parts, key=lambda part: -part.points)
    if parts and parts[0].points > 0:
        return said(folded(parts[0].name))
    return edit_counts(change)


def _only_detail(change: Change) -> str:
    """The one cell or link that changed, "" where more did or its words are long."""
    telling = [hunk for hunk in change.diff.hunks if hunk.tells or (hunk.op is HunkOp.LINKED and not hunk.boilerplate)]
    details = details_of(telling[0]) if len(telling) == 1 and telling[0].op in (HunkOp.EDITED, HunkOp.LINKED) else []
    if len(details) != 1 or len(details[0].steps) > DETAIL_LIMIT:
        return ""
    return folded(f"{details[0].what}: {details[0].steps}")


def edit_counts(change: Change) -> str:
    """How many passages were edited, added, removed and moved, in words."""
    counts = Counter(hunk.op for hunk in change.diff.hunks)
    verbs = (
        (HunkOp.EDITED, "edited"),
        (HunkOp.INSERTED, "added"),
        (HunkOp.DELETED, "removed"),
        (HunkOp.MOVED, "moved"),
        (HunkOp.LINKED, "with another link"),
    )
    told = [f"{counted(counts[op], 'passage')} {verb}" for op, verb in verbs if counts[op]]
    return ", ".join(told) or "the texts were not compared"
