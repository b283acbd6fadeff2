"""The plain-text part of a Digest. Every line of foreign text begins with "  | ", which no foreign text can undo."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from watcher.model.change import DepositaryEvent, Hunk, PositionChange, Severity, WordOp
from watcher.model.source import Source
from watcher.model.subscription import SourceReach
from watcher.render.announced import ToldDocument
from watcher.render.headline import event_words, step
from watcher.render.hunks import Piece, view_hunk
from watcher.render.told import ToldDigest, ToldEntry, held_since
from watcher.render.words import (
    clipped,
    counted,
    defanged,
    folded,
    grouped,
    host_of,
    said,
    said_beside,
    said_period,
    said_time,
    subject_name,
    title_of,
    why_no_diff,
    why_unchecked,
)

WIDTH = 76
PASSAGE_LIMIT = 600
_MARKS = {WordOp.KEPT: ("", ""), WordOp.DELETED: ("[-", "-]"), WordOp.INSERTED: ("{+", "+}")}


def digest_text(told: ToldDigest, *, hunks_in_full: int) -> str:
    """The whole text part, lines ended with a line feed."""
    return "\n".join(_lines(told, hunks_in_full)).rstrip() + "\n"


def _lines(told: ToldDigest, hunks_in_full: int) -> Iterator[str]:
    digest = told.digest
    yield from _wrapped(defanged(told.headline))
    yield from _contents(told)
    if told.full:
        yield ""
        period = said_period(digest.period_from, digest.period_to)
        yield from _wrapped(f"{told.summary} {period}.")
    else:
        yield from _wrapped(told.summary)
    for number, entry in enumerate(told.full, start=1):
        yield ""
        yield from _entry_lines(number, entry, hunks_in_full)
    if told.brief:
        yield from ("", "", "ALSO CHANGED", "")
        for number, entry in enumerate(told.brief, start=len(told.full) + 1):
            yield from _wrapped(f"{number}. {_severity(entry)}  {defanged(entry.headline)}")
            yield f"   {entry.change_url}"
            for words, _ in entry.notes:
                yield from _wrapped(defanged(words), first="   - ", rest="     ")
    if told.full:
        yield from ("", "", "TO CITE")
        for number, entry in enumerate(told.full, start=1):
            yield from _cited(number, entry)
    yield from ("", "")
    yield from _looked_lines(told)


def _contents(told: ToldDigest) -> Iterator[str]:
    """What each Change says, one a line; nothing where the first line of the message said it already."""
    entries = (*told.full, *told.brief)
    several = len(entries) > 1
    if several:
        yield ""
    for number, entry in enumerate(entries, start=1):
        if several:
            yield f"{number}. {_severity(entry)}  {defanged(entry.headline)}"
        for line in entry.also:
            yield f"   - {defanged(folded(line))}"


def _cited(number: int, told: ToldEntry) -> Iterator[str]:
    yield from _wrapped(f"Now:    {told.new_citation}", first=f"{number}. ", rest="          ")
    yield from _wrapped(f"Before: {told.old_citation}", first="   ", rest="          ")


def _entry_lines(number: int, told: ToldEntry, hunks_in_full: int) -> Iterator[str]:
    entry = told.entry
    change = entry.change
    host = defanged(folded(host_of(entry.source.definition)))
    yield "=" * WIDTH
    yield from _wrapped(f"{number}. {_severity(told)}  {defanged(told.headline)}")
    yield "=" * WIDTH
    yield from _field("Source", _named(entry.source))
    yield from _field("Captured", said_beside(change.captured_at, change.captured_from_at))
    yield from _field("Before", said_beside(change.captured_from_at, change.captured_at))
    if entry.old_source is not None:
        yield from _field("Against", _named(entry.old_source))
    for document in change.documents:
        yield from _field("Document", defanged(folded(f"{document.title}, {document.address}")))
    yield from _field("Page", told.change_url)
    if told.events:
        yield from ("", "TREATY ACTIONS")
        for event in told.events:
            yield from _event_lines(event, host)
    if told.positions:
        yield from ("", "POSITIONS")
        for moved in told.positions:
            yield from _position_lines(moved, host)
    yield from _note_lines(told, host)
    if told.documents:
        yield from ("", "WHAT IT STATES" if len(told.documents) == 1 else "WHAT THEY STATE")
        for one in told.documents:
            yield from _document_lines(one, named=len(told.documents) > 1)
    yield from ("", "WHY YOU ARE TOLD THIS")
    for reason in (*told.reasons, told.note):
        yield from _wrapped(defanged(reason), first="  - ", rest="    ")
    yield from _wrapped(
        f"{change.judgement.severity.capitalize()}; all reasons with their points: {told.change_url}",
        first="  ",
        rest="  ",
    )
    yield from _alike_lines(told)
    if told.before:
        yield ""
        yield from _wrapped(f"The same edit was told before of: {defanged('; '.join(told.before))}.")
    yield from ("", f"WHAT CHANGED (text from {host}; [-removed-] {{+added+}})")
    yield from _hunk_lines(told, hunks_in_full)


def _alike_lines(told: ToldEntry) -> Iterator[str]:
    if told.alike:
        yield from (
            "",
            f"THE SAME EDIT ON {counted(len(told.alike), 'MORE SOURCE', 'MORE SOURCES')} OF THIS HOST, TOLD ONCE",
        )
        for title, address, notes in told.alike:
            yield from _wrapped(f"{defanged(title)}", first="  - ", rest="    ")
            yield f"    {address}"
            for note in notes:
                yield from _wrapped(defanged(note), first="    ", rest="    ")


def _position_lines(moved: PositionChange, host: str) -> Iterator[str]:
    who = subject_name(moved.subject) or "No Subject named"
    yield from _wrapped(
        f"{who}, {said(moved.indicator)}: {step(moved)} ({said(moved.change)}, {moved.severity})",
        first="  ",
        rest="    ",
    )
    for side, passage in (("Before", moved.old_passage), ("Now", moved.new_passage)):
        if passage.strip():
            yield f"  {side}, text from {host}:"
            yield from _quoted(passage)
        else:
            yield f"  {side}: no passage."


def _note_lines(told: ToldEntry, host: str) -> Iterator[str]:
    if told.notes:
        yield from ("", "REPORTS THAT CITE THIS PAGE")
    for words, passage in told.notes:
        yield from _wrapped(defanged(f"{words}:" if passage else words), first="  ", rest="    ")
        if passage:
            yield f"  Text from {host}:"
            yield from _quoted(passage)


def _document_lines(document: ToldDocument, *, named: bool) -> Iterator[str]:
    if named:
        yield from _wrapped(defanged(document.title), first="  - ", rest="    ")
    for statement in document.statements:
        yield from _wrapped(defanged(statement.line), first="  ", rest="    ")
        yield f"  Text from {defanged(document.host)}:"
        yield from _quoted(statement.passage)
    yield from _wrapped(f"{defanged(document.note)}: {document.url}", first="  ", rest="    ")


def _event_lines(event: DepositaryEvent, host: str) -> Iterator[str]:
    who = subject_name(event.subject) or defanged(folded(event.participant)) or "Participant not read"
    yield from _wrapped(f"{who}: {defanged(event_words(event))}", first="  ", rest="    ")
    if event.passage.strip():
        yield f"  Text from {host}:"
        yield from _quoted(event.passage)


def _hunk_lines(told: ToldEntry, hunks_in_full: int) -> Iterator[str]:
    diff = told.entry.change.diff
    if not diff.hunks:
        yield from _wrapped(why_no_diff(told.entry.change), first="  ", rest="  ")
    for hunk in told.telling[:hunks_in_full]:
        yield from _one_hunk(hunk)
    left = len(told.telling) - hunks_in_full
    if left > 0:
        yield f"  {counted(left, 'more changed passage')}: {told.change_url}"
    for sentence in told.others:
        yield f"  {sentence}"
    if diff.coarse:
        yield "  The texts were too large to compare word by word."


def _one_hunk(hunk: Hunk) -> Iterator[str]:
    view = view_hunk(hunk, around=140, longest=700)
    yield f"  {view.label.capitalize()}:"
    if view.where:
        yield from _wrapped(f"under “{clipped(defanged(folded(view.where)), 120)}”", first="  | ", rest="  | ")
    for detail in view.details:
        yield from _prefixed(defanged(folded(f"{detail.what}: {detail.steps}")))
    if view.more:
        yield f"  | and {grouped(view.more)} more"
    yield from _prefixed(defanged("".join(_piece(piece) for piece in view.pieces)))


def _piece(piece: Piece) -> str:
    start, end = _MARKS[piece.op]
    text = f"[… {grouped(piece.hidden)} characters …]" if piece.hidden else _flat(piece.text)
    return f"{start}{text}{end}" if text.strip() or piece.op is not WordOp.KEPT else text


def _flat(text: str) -> str:
    lead = " " if text[:1].isspace() else ""
    trail = " " if text[-1:].isspace() and text.strip() else ""
    return f"{lead}{folded(text)}{trail}"


def _looked_lines(told: ToldDigest) -> Iterator[str]:
    digest = told.digest
    yield from ("WHAT WE LOOKED AT", "-" * 17)
    yield from _wrapped(told.looked)
    yield from _wrapped(told.missed)
    if digest.unreached:
        yield from ("", "Could not be reached:")
        for reach in digest.unreached:
            yield from _wrapped(_reach(reach) + _still_held(told, reach.source), first="  - ", rest="    ")
    if digest.held:
        yield from ("", "Answered, but not with their document (held until a person looks):")
        for reach in digest.held:
            why = clipped(defanged(folded(reach.held)), 300)
            before = reach.held_at is not None and reach.held_at <= digest.period_from
            since = held_since(reach, digest.period_to) if before else ""
            yield from _wrapped(f"{_named(reach.source)}{since}: {why}", first="  - ", rest="    ")
    if digest.unchecked:
        yield from ("", "Not tried in this period:")
        for source in digest.unchecked:
            yield from _wrapped(
                _named(source) + why_unchecked(source) + _still_held(told, source), first="  - ", rest="    "
            )
    if digest.flipping:
        yield from ("", "Go back and forth (said once):")
        for reach in digest.flipping:
            yield from _wrapped(f"{_named(reach.source)}: {folded(reach.flips)}", first="  - ", rest="    ")
    if digest.noted:
        yield from ("", "Custody notes:")
        for reach in digest.noted:
            for note in reach.notes:
                text = clipped(defanged(folded(note)), 400)
                yield from _wrapped(f"{_named(reach.source)}: {text}", first="  - ", rest="    ")
    yield ""
    yield from _wrapped(told.noise)
    yield from ("", "Checkpoint of the archive when this was composed: origin, size, root, signature.")
    yield "Keep it: it proves later that no record up to here was changed or taken away."
    yield from (f"  {folded(line)}" if line else "" for line in digest.checkpoint.splitlines())
    yield ""
    yield from _wrapped(f"You asked for: {told.asked_for}.")
    yield from _wrapped(f"This message as a page: {told.digest_url}")
    yield from _wrapped(
        "In text taken from Sources, addresses are written with [.] and [:] so that nothing in them can be clicked."
    )


def _still_held(told: ToldDigest, source: Source) -> str:
    held = next((reach for reach in told.digest.still_held if reach.source.source_id == source.source_id), None)
    return held_since(held, told.digest.period_to) if held is not None else ""


def _reach(reach: SourceReach) -> str:
    since = f"last reached {said_time(reach.last_reached_at)}" if reach.last_reached_at else "never reached yet"
    error = f" ({clipped(defanged(folded(reach.last_error)), 200)})" if reach.last_error.strip() else ""
    outcome = said(reach.last_outcome) or "no answer"
    return f"{_named(reach.source)}: {outcome}{error}; {counted(reach.attempts, 'attempt')}; {since}"


def _named(source: Source) -> str:
    publisher = folded(source.definition.publisher)
    return f"{title_of(source)}, {publisher}" if publisher else title_of(source)


def _severity(told: ToldEntry) -> str:
    severity: Severity = told.entry.change.judgement.severity
    return severity.upper()


def _field(name: str, value: str) -> Iterator[str]:
    yield from _wrapped(value, first=f"{name:<10}", rest=" " * 10)


def _quoted(passage: str) -> Iterator[str]:
    text = folded(passage)
    short = clipped(text, PASSAGE_LIMIT)
    left = len(text) - len(short)
    yield from _prefixed(defanged(short) + (f" [{grouped(left)} more characters]" if left > 0 else ""))


def _prefixed(text: str) -> Iterator[str]:
    yield from _wrapped(folded(text) or " ", first="  | ", rest="  | ")


def _wrapped(text: str, *, first: str = "", rest: str = "") -> Iterator[str]:
    if text:
        yield from textwrap.wrap(
            text,
            width=WIDTH,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [first.rstrip()]
