"""From two Documents, and the Source's own history, to what a monitor is told. Pure.

`compare_documents` runs in a child process; `place_in_history` decides what only the past can tell.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.classify import Pack, document_positions, judge, parse_pack, table_positions
from watcher.diff import compare, kind_of
from watcher.model.change import ChangeKind, Diff, Judgement, Position, Severity
from watcher.model.document import Document

TOLD_KINDS = frozenset(
    {
        ChangeKind.CONTENT,
        ChangeKind.REVERTED,
        ChangeKind.STATUS,
        ChangeKind.DOCUMENT_ADDED,
        ChangeKind.DOCUMENT_WITHDRAWN,
        ChangeKind.DOCUMENT_MOVED,
        ChangeKind.DOCUMENT_REPLACED,
    }
)
FIRST_EDIT = "; first "  # what `kind_of` names the first edit with
QUOTE_CHARACTERS = 80
FLAPPING_WINDOW = timedelta(days=90)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Kind with its reason, Diff and judgement of two Documents. `alert` says if a monitor is told."""

    kind: ChangeKind
    reason: str
    diff: Diff
    judgement: Judgement

    @property
    def alert(self) -> bool:
        """Told are content, returns to an earlier state, and status, when they are more than noise."""
        return self.kind in TOLD_KINDS and self.judgement.severity is not Severity.NOISE


@dataclass(frozen=True, kw_only=True, slots=True)
class PastText:
    """A text that a Source once had: the digest of its Document's text, and when it was captured."""

    text_sha256: str
    captured_at: datetime


def text_sha256(document: Document) -> str:
    """The digest by which a return to an earlier text is recognised."""
    return hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()


@functools.lru_cache(maxsize=4)
def pack_of(text: str) -> Pack:
    """The pack of its JSON text; parsed once a process."""
    return parse_pack(json.loads(text), file="pack")


def compare_documents(
    old: Document,
    new: Document,
    *,
    subjects: tuple[str, ...],
    instruments: tuple[str, ...],
    same_document: bool,
    pack_text: str,
) -> Comparison:
    """Diff, kind and judgement of two Documents, without regard to their history."""
    diff = compare(old, new)
    kind, reason = kind_of(old, new, diff)
    if same_document and kind is not ChangeKind.CONTENT:
        return Comparison(
            kind=kind, reason=reason, diff=diff, judgement=Judgement(severity=Severity.NOISE, significance=0.0)
        )
    judgement = judge(
        old=old,
        new=new,
        diff=diff,
        subject=subjects[0] if len(subjects) == 1 else "",
        instruments=instruments,
        same_document=same_document,
        pack=pack_of(pack_text),
    )
    return Comparison(kind=kind, reason=_with_weightiest(reason, judgement), diff=diff, judgement=judgement)


def _with_weightiest(reason: str, judgement: Judgement) -> str:
    """A reason that names the passage with most points in place of the first in the text."""
    parts = [part for part in judgement.parts if part.passage.strip()]
    counts, first, _ = reason.partition(FIRST_EDIT)
    if not parts or not first:
        return reason
    passage = " ".join(max(parts, key=lambda part: part.points).passage.split())
    cut = passage if len(passage) <= QUOTE_CHARACTERS else f"{passage[: QUOTE_CHARACTERS - 1].rstrip()}…"
    return f"{counts}; above all “{cut}”"


def positions_in(
    document: Document, *, subjects: tuple[str, ...], instruments: tuple[str, ...], pack_text: str
) -> tuple[Position, ...]:
    """The Positions that a Document asserts, in prose and in status tables; offsets count in its `text`."""
    subject, pack = subjects[0] if len(subjects) == 1 else "", pack_of(pack_text)
    found = (
        *document_positions(document, subject=subject, pack=pack),
        *table_positions(document, subject=subject, instruments=instruments, pack=pack),
    )
    return tuple(sorted(found, key=lambda one: (one.start, one.end)))


def place_in_history(
    comparison: Comparison, *, past: Sequence[PastText], new_text_sha256: str, captured_at: datetime
) -> Comparison:
    """A return to an earlier text is `reverted`, told once; the same step seen again within 90 days is `flapping`.

    `past` is oldest first and ends with the text that the Document is compared with.
    """
    if comparison.kind is not ChangeKind.CONTENT or not past:
        return comparison
    before = past[-1].text_sha256
    for place in range(len(past) - 2, -1, -1):
        earlier, later = past[place], past[place + 1]
        same_step = (earlier.text_sha256, later.text_sha256) == (before, new_text_sha256)
        if same_step and captured_at - later.captured_at <= FLAPPING_WINDOW:
            return _as(comparison, ChangeKind.FLAPPING, _flips(past, place))
    for state in reversed(past[:-1]):
        if state.text_sha256 == new_text_sha256:
            reason = f"is again as it was on {state.captured_at:%-d %B %Y}"
            return _as(comparison, ChangeKind.REVERTED, reason)
    return comparison


def _flips(past: Sequence[PastText], step: int) -> str:
    """How many texts a Source goes back and forth between, and since when it showed no others.

    `step` is the place in `past` from which the same step was taken before.
    """
    cycle = {state.text_sha256 for state in past[step:]}
    start = step
    while start and past[start - 1].text_sha256 in cycle:
        start -= 1
    return (
        f"flips between {len(cycle)} texts since {past[start].captured_at:%-d %B %Y}: quiet until it settles or shows "
        "another text; every state is archived"
    )


def _as(comparison: Comparison, kind: ChangeKind, reason: str) -> Comparison:
    return Comparison(kind=kind, reason=reason, diff=comparison.diff, judgement=comparison.judgement)
