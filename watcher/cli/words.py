"""What happened, in words a person would use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from watcher.model.capture import Capture, Outcome, Version
from watcher.model.change import Change, DepositaryEvent, Hunk, HunkOp, Judgement, PositionChangeKind, WordOp
from watcher.model.details import details_of
from watcher.model.subjects import name_of
from watcher.pipeline.compare import Comparison

if TYPE_CHECKING:  # comparing two files must not wait for the database's library
    from watcher.pipeline.collect import Gathered
    from watcher.pipeline.watch import Checked
# What may bring the real page again, by why another one is held.
_INSTEAD = {
    "held_login": "If it asks for a login: name password or key in `credentials` of the Source (docs/operations.md)",
    "held_bot_wall": "If it keeps programs out: ask its keeper to let this one in; fetch.contact says who you are",
    "held_consent": "If it asks for consent first: watch the address of the document behind it (`watcher source move`)",
    "held_soft_404": "If the page is elsewhere now: `watcher source move` gives the Source its address",
    "held_maintenance": "If the site is down for a while: nothing is to be done, each check tries again",
    "held_server_error": "If the site is down for a while: nothing is to be done, each check tries again",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class StillHeld:
    """A held Version of a Source that gave nothing else since a moment before its newest check."""

    version: Version
    since: datetime


_MARKS = {WordOp.KEPT: "{}", WordOp.DELETED: "[-{}-]", WordOp.INSERTED: "{{+{}+}}"}


def check_words(checked: Checked, still: StillHeld | None = None) -> list[str]:
    """The lines that `watcher check` prints; `still` is what was held of the Source before and is now."""
    recorded = checked.recorded
    capture = recorded.capture
    source = checked.claim.source
    lines = [f"{source.definition.title or source.source_id}  <{capture.requested_url}>", _outcome_words(capture)]
    version = recorded.version
    if still is not None:
        lines.extend(still_held_words(still))
    elif version is not None and version.is_held:
        lines.append(f"Held, not taken as the new state of the page: {version.error}.")
        lines.extend(held_remedy(version))
    elif version is not None and version.error:
        lines.append(f"The bytes are archived, but no text could be read from them: {version.error}")
    elif recorded.first and capture.outcome is Outcome.NEW and version is not None and version.document is not None:
        words = len(version.document.text.split())
        lines.append(f"This is the first Version: {len(version.document.blocks)} blocks, {words} words.")
        if recorded.change is not None:
            lines.extend(change_words(recorded.change))
    elif recorded.change is not None:
        for change in (recorded.change, *recorded.more):
            lines.extend(change_words(change))
    elif capture.outcome is Outcome.NEW:
        lines.append("The bytes are new, but nothing that a reader sees has changed.")
    if recorded.gathered is not None:
        lines.extend(gathered_words(recorded.gathered))
    if recorded.technical is not None:
        lines.append("The earlier Version was read again under the new rules (technical upgrade; nobody is alerted).")
    lines.extend(f"Note: {note}" for note in capture.notes)
    lines.append(f"Recorded as Capture {capture.sequence}.{_next_words(checked)}")
    return lines


def still_held_words(still: StillHeld) -> list[str]:
    """That a Source goes on giving what is not its document, since when, and what to do."""
    version = still.version
    since = f"{still.since:%-d %B %Y, %H:%M} UTC"
    return [
        f"Still held since {since}, so nobody is told of a Change of this page: {version.error}.",
        *held_remedy(version),
    ]


def held_remedy(version: Version) -> list[str]:
    """What to do about a held Version, where its reason does not say it: take it, or mend what keeps the page away."""
    lines = [_INSTEAD[version.error_code]] if version.error_code in _INSTEAD else []
    if version.text_sha256:
        return [f"If it is the real page: watcher source release {version.source_id}", *lines]
    command = f"watcher source preview {version.source_id}"
    if command not in version.error:
        lines.insert(0, f"There is no text to take; what came and what is read of it: {command}")
    return lines


def gathered_words(gathered: Gathered) -> list[str]:
    """What the list of a Collection shows, and how many Sources came of it."""
    read = gathered.read
    new = gathered.registered
    registered = f"{new or 'no'} new Source{' was' if new == 1 else 's were'} registered"
    lines = [f"The list shows {read.listed} document{'' if read.listed == 1 else 's'}; {registered}."]
    if read.problem:
        lines.append(f"Its documents stay as they were: {read.problem}.")
    if read.refused:
        lines.append(
            f"{read.refused} documents are beyond most_documents and are not watched: raise it, or narrow link_pattern."
        )
    if read.unnamed:
        lines.append(f"{read.unnamed} documents name no State, or several: their Sources have no Subject of their own.")
    return lines


def change_words(change: Change) -> list[str]:
    """A Change in a few lines: kind and severity, Position changes, depositary events."""
    judgement = change.judgement
    kind = str(change.kind).replace("_", " ")
    reason = f": {change.reason}" if change.reason else ""
    return [f"Change ({kind}, {judgement.severity}){reason}", *(f"  {line}" for line in judgement_words(judgement))]


def judgement_words(judgement: Judgement) -> list[str]:
    """Position changes and depositary events, one a line."""
    lines = []
    for moved in judgement.position_changes:
        step = f"{moved.old or 'nothing said'} → {moved.new or 'nothing said'}".replace("_", " ")
        if moved.change is PositionChangeKind.REWORDED:
            step = f"{moved.new or moved.old}, reworded".replace("_", " ")
        lines.append(f"{_state(moved.subject)}: {moved.indicator.replace('_', ' ')} {step} ({moved.severity})")
    severity = judgement.severity
    events = [f"{one.participant}: {_event_words(one)} ({severity})" for one in judgement.depositary_events]
    return [*lines, *events]


def _event_words(event: DepositaryEvent) -> str:
    from watcher.render.headline import event_words

    return event_words(event)


def comparison_words(comparison: Comparison) -> list[str]:
    """A comparison of two documents, as `watcher compare` prints it: `[-removed-]{+added+}`."""
    judgement = comparison.judgement
    lines = [f"{comparison.kind}, {judgement.severity}: {comparison.reason}".replace("_", " ")]
    lines += judgement_words(judgement)
    lines += [
        f"  {part.points:+.2f}  {part.name.replace('_', ' ')}: {_one_line(part.passage)}" for part in judgement.parts
    ]
    for hunk in comparison.diff.hunks:
        where = f" under “{_one_line(hunk.over)}”" if hunk.over else ""
        lines.append(f"{hunk.label}{where}")
        lines += [f"  {detail.what}: {detail.steps}" for detail in details_of(hunk)]
        lines.append(f"  {_hunk_text(hunk)}")
    return lines


def _hunk_text(hunk: Hunk) -> str:
    if hunk.words:
        return "".join(_MARKS[edit.op].format(edit.text) for edit in hunk.words)
    if hunk.op in (HunkOp.MOVED, HunkOp.LINKED):
        return hunk.new or hunk.old
    sides = ((WordOp.DELETED, hunk.old), (WordOp.INSERTED, hunk.new))
    return "".join(_MARKS[op].format(text) for op, text in sides if text)


def position_words(position: dict[str, Any]) -> list[str]:
    """A Position with its passage."""
    about = "" if position["about"] == "own" else f" (about {position['about']})"
    stance = f"{position['indicator']} {position['stance']}".replace("_", " ")
    return [f"{_state(position['subject'])}{about}: {stance}", f"  {_one_line(position['passage'])}"]


def _state(alpha3: str) -> str:
    return name_of(alpha3) if alpha3 else "unnamed State"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _outcome_words(capture: Capture) -> str:
    took = (capture.ended_at - capture.started_at).total_seconds()
    if capture.outcome is Outcome.NEW:
        return f"Fetched {capture.payload_length} bytes in {took:.1f} s; archived as SHA-256 {capture.payload_sha256}."
    if capture.outcome is Outcome.SAME:
        return f"Fetched {capture.payload_length} bytes in {took:.1f} s: the same bytes as last time."
    if capture.outcome is Outcome.NOT_MODIFIED:
        return f"The server says that nothing changed since last time (304, {took:.1f} s)."
    if capture.outcome is Outcome.HTTP_ERROR:
        return f"The server was reached, but did not give the page: {capture.error}"
    return f"Could not be reached ({capture.outcome.replace('_', ' ')}): {capture.error}"


def _next_words(checked: Checked) -> str:
    return f" Next check {checked.next_check_at:%-d %B %Y, %H:%M} UTC." if checked.next_check_at else ""
