"""What a Change says in one line: the position that moved, or the treaty action, or else what sort of edit it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

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
from watcher.model.telling import CORRECTION, REMOVED, News, news_in, news_of
from watcher.render.words import (
    clipped,
    counted,
    folded,
    grouped,
    said,
    said_iso_date,
    said_step,
    subject_name,
    title_of,
)

HEADLINE_LIMIT = 120
DETAIL_LIMIT = 80

NAMED = 2  # how much of what is new a line names; the rest is counted
_FROM = frozenset({"withdrawal"})
_TO = frozenset({"accession", "succession"})
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What one piece of news says of whom. `times` is how many Changes say it."""

    news: News
    who: str
    text: str
    times: int = 1

    @property
    def whole(self) -> str:
        """Both: "Kazakhstan: vote abstain → yes"."""
        return f"{self.who}: {self.text}"


def ranked_positions(change: Change, subjects: Collection[str] = ()) -> tuple[PositionChange, ...]:
    """The Position changes of a Change in the order in which they are told."""
    news = news_in(replace(change.judgement, depositary_events=()), subjects=subjects)
    return tuple(one.what for one in news if isinstance(one.what, PositionChange))


def ranked_events(change: Change, subjects: Collection[str] = ()) -> tuple[DepositaryEvent, ...]:
    """The treaty actions of a Change in the order in which they are told."""
    return tuple(
        one.what for one in news_in(change.judgement, subjects=subjects) if isinstance(one.what, DepositaryEvent)
    )


def lines_of(change: Change, source: Source, subjects: Collection[str] = ()) -> tuple[Line, ...]:
    """What a Change says, one line for each piece of news, each once; `subjects` are those that a reader asked for."""
    found: dict[str, Line] = {}
    for news in news_of(change, subjects=subjects, about=source.definition.subjects):
        line = _line(news, change, source)
        found.setdefault(line.whole, line)
    return tuple(found.values())


def headline(change: Change, source: Source, subjects: Collection[str] = ()) -> str:
    """One line on what changed most, such as "Kazakhstan: vote abstain → yes", with a count of what else did."""
    if change.documents:
        return clipped(_documents_line(change, source), HEADLINE_LIMIT)
    return named(
        lines_of(change, source, subjects), after=" (against the year before)" if change.from_source_id else ""
    )


def named(lines: Sequence[Line], *, after: str = "", limit: int = HEADLINE_LIMIT) -> str:
    """The first two of some lines, as far as they fit, and how many more there are; who is named once.

    The same stance in other words is named only where there is nothing else, and never counted.
    """
    counting = [line for line in lines if line.news.counts] or list(lines[:1])
    told = sum(line.times for line in counting)
    for count in range(min(NAMED, len(counting)), 0, -1):
        first = counting[:count]
        text = "; ".join(
            line.text if place and line.who == first[place - 1].who else line.whole for place, line in enumerate(first)
        )
        more = told - sum(line.times for line in first)
        tail = (f" (and {grouped(more)} more)" if more else "") + after
        if len(text) + len(tail) <= limit or count == 1:
            return clipped(text, limit - len(tail)) + tail
    return ""


def _line(news: News, change: Change, source: Source) -> Line:
    what = news.what
    who = subject_name(news.subject) or title_of(source)
    if isinstance(what, DepositaryEvent):
        who = subject_name(what.subject) or folded(what.participant) or title_of(source)
        return Line(news=news, who=who, text=event_words(what, short=True))
    if isinstance(what, PositionChange):
        return Line(news=news, who=who, text=_position_words(what))
    if change.documents:
        who, _, text = _documents_line(change, source).partition(": ")
        return Line(news=news, who=who, text=text)
    return Line(news=news, who=title_of(source), text=_edit_line(change))


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


def _position_words(moved: PositionChange) -> str:
    indicator, old, new = said(moved.indicator), said(moved.old), said(moved.new)
    match moved.change:
        case PositionChangeKind.CHANGED:
            if old == new:
                return f"{indicator} {new}, with another number or date"
            return f"{indicator} {old or 'not stated'} → {new or 'not stated'}"
        case PositionChangeKind.CONTRADICTED:
            return f"{indicator} {old or 'not stated'} contradicted by {new or 'silence'}"
        case PositionChangeKind.WITHDRAWN:
            return f"{indicator} {old} no longer stated"
        case PositionChangeKind.NEW_INFO:
            return f"{indicator} {new} newly stated"
        case PositionChangeKind.REWORDED:
            return f"{indicator} {new or old} reworded"


def event_words(event: DepositaryEvent, *, short: bool = False) -> str:
    """A treaty action in words, months in three letters if `short`: "accession to MBT, 18 Nov 2026"."""
    date = said_iso_date(folded(event.date), short=short)
    if event.event == CORRECTION:
        of = f" of {said(folded(event.action))}" if event.action.strip() else ""
        treaty = f" ({event.instrument})" if event.instrument else ""
        return f"date{of} corrected, {said_step(folded(event.old_date), folded(event.date), short=short)}{treaty}"
    if event.event == REMOVED:
        of = f" of {date}" if date else ""
        return f"{said(folded(event.action)) or 'treaty action'}{_treaty(event, event.action)}{of} no longer listed"
    return f"{said(folded(event.event))}{_treaty(event, event.event)}" + (f", {date}" if date else "")


def _treaty(event: DepositaryEvent, action: str) -> str:
    if not event.instrument:
        return ""
    return f" {'to' if action in _TO else 'from' if action in _FROM else 'of'} {event.instrument}"


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
    telling = [hunk for hunk in change.diff.hunks if hunk.is_shown]
    details = details_of(telling[0]) if len(telling) == 1 and telling[0].op in (HunkOp.EDITED, HunkOp.LINKED) else []
    if len(details) != 1 or len(details[0].steps) > DETAIL_LIMIT:
        return ""
    return folded(f"{details[0].what}: {details[0].steps}")


def edit_counts(change: Change) -> str:
    """How many passages were edited, added, removed and moved, in words."""
    counts = Counter(hunk.op for hunk in change.diff.hunks if not hunk.is_same_part)
    parts = sum(hunk.is_same_part for hunk in change.diff.hunks)
    verbs = (
        (HunkOp.EDITED, "edited"),
        (HunkOp.INSERTED, "added"),
        (HunkOp.DELETED, "removed"),
        (HunkOp.MOVED, "moved"),
        (HunkOp.LINKED, "with another link"),
    )
    told = [f"{counted(counts[op], 'passage')} {verb}" for op, verb in verbs if counts[op]]
    told += [f"{counted(parts, 'part')} of split or joined paragraphs"] if parts else []
    return ", ".join(told) or "the texts were not compared"
