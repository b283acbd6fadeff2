"""From two Documents, and the Source's own history, to what a monitor is told. Pure.

`compare_documents` runs in a child process; `place_in_history` decides what only the past can tell.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.classify import Pack, document_positions, judge, parse_pack
from watcher.diff import compare, is_address, kind_of, leads_elsewhere, shown_addresses
from watcher.model.change import (
    ChangeKind,
    Diff,
    Judgement,
    LinkEdit,
    Position,
    Severity,
    SignificancePart,
)
from watcher.model.document import Document

TOLD_KINDS = frozenset(
    {
        ChangeKind.CONTENT,
        ChangeKind.REVERTED,
        ChangeKind.LINK_TARGET,
        ChangeKind.STATUS,
        ChangeKind.DOCUMENT_ADDED,
        ChangeKind.DOCUMENT_WITHDRAWN,
        ChangeKind.DOCUMENT_MOVED,
        ChangeKind.DOCUMENT_REPLACED,
    }
)
FLAPPING_WINDOW = timedelta(days=90)
_CONTACT = re.compile(r"mailto:[^@]+@|tel:", re.IGNORECASE)
PASSAGE_CHARACTERS = 400
DECIMALS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Kind with its reason, Diff and judgement of two Documents. `alert` says if a monitor is told."""

    kind: ChangeKind
    reason: str
    diff: Diff
    judgement: Judgement

    @property
    def alert(self) -> bool:
        """Told are content, links, returns to an earlier state, and status, when they are more than noise."""
        return self.kind in TOLD_KINDS and self.judgement.severity is not Severity.NOISE


@dataclass(frozen=True, kw_only=True, slots=True)
class PastText:
    """A text that a Source once had: the digest of its Document's text, and when it was captured."""

    text_sha256: str
    captured_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PastLinks:
    """A Change of links alone that a Source once had, and when."""

    links: frozenset[LinkEdit]
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
    key_columns: tuple[str, ...] = (),
) -> Comparison:
    """Diff, kind and judgement of two Documents, without regard to their history.

    `key_columns` are headings of table columns that name their rows. A contact or an address that changes in the body
    is told, whatever else is noise.
    """
    diff = compare(old, new, key_columns=key_columns)
    kind, reason = kind_of(old, new, diff)
    if same_document and kind is not ChangeKind.CONTENT:
        noise = Judgement(severity=Severity.NOISE, significance=0.0)
        comparison = Comparison(kind=kind, reason=reason, diff=diff, judgement=noise)
        return _with_addresses(comparison, old, new, pack_of(pack_text))
    judgement = judge(
        old=old,
        new=new,
        diff=diff,
        subject=subjects[0] if len(subjects) == 1 else "",
        instruments=instruments,
        same_document=same_document,
        pack=pack_of(pack_text),
    )
    comparison = Comparison(kind=kind, reason=reason, diff=diff, judgement=judgement)
    return _with_addresses(comparison, old, new, pack_of(pack_text)) if same_document else comparison


def told_links(diff: Diff) -> list[LinkEdit]:
    """The links outside boilerplate that a monitor is told of.

    A contact address or one that is written out, when it came, went or is another one; and words that led somewhere
    and lead nowhere any more. That unchanged words lead to a page of the web as well, or to another one, is recorded
    and shown: where people judged edits of government pages, it never was of meaning.
    """
    hunks = [hunk for hunk in diff.hunks if not hunk.boilerplate]
    changed = [link for hunk in hunks for link in hunk.links if leads_elsewhere(link.old, link.new)]
    return [
        link
        for link in changed
        if not link.new or is_address(link.text) or _CONTACT.match(link.old) or _CONTACT.match(link.new)
    ]


def told_addresses(old: Document, new: Document, diff: Diff) -> list[tuple[str, str]]:
    """Addresses in the words of a passage, outside boilerplate and links, that stand where others stood."""
    found = []
    for hunk in diff.hunks:
        if hunk.tells and hunk.old_index is not None and hunk.new_index is not None:
            before, after = shown_addresses(old.blocks[hunk.old_index]), shown_addresses(new.blocks[hunk.new_index])
            if before - after and after - before:
                found.append((", ".join(sorted(before - after)), ", ".join(sorted(after - before))))
    return found


def _with_addresses(comparison: Comparison, old: Document, new: Document, pack: Pack) -> Comparison:
    """A Comparison with what its links and addresses say: as much as other words would, and no less than minor."""
    judgement = comparison.judgement
    steps = [
        ("link_target", f"{link.text}: {link.old or 'no link'} → {link.new or 'no link'}")
        for link in told_links(comparison.diff)
    ]
    if judgement.severity is Severity.NOISE and not steps:
        steps = [("address", f"{before} → {after}") for before, after in told_addresses(old, new, comparison.diff)]
    if not steps:
        return comparison
    name, passage = steps[0]
    part = SignificancePart(name=name, points=pack.scale.points["wording"], passage=passage[:PASSAGE_CHARACTERS])
    return replace(
        comparison,
        judgement=replace(
            judgement,
            severity=max(judgement.severity, Severity.MINOR, key=lambda severity: severity.rank),
            significance=round(min(1.0, judgement.significance + part.points), DECIMALS),
            parts=(*judgement.parts, part),
        ),
    )


def positions_in(document: Document, *, subjects: tuple[str, ...], pack_text: str) -> tuple[Position, ...]:
    """The Positions that a Document asserts; offsets count in its `text`."""
    subject = subjects[0] if len(subjects) == 1 else ""
    return document_positions(document, subject=subject, pack=pack_of(pack_text))


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


def place_links(comparison: Comparison, *, past: Sequence[PastLinks], captured_at: datetime) -> Comparison:
    """The same for a Change of links alone: undone is `reverted`, made again within 90 days is `flapping`.

    `past` are the Changes of links before it, in any order.
    """
    links = frozenset(told_links(comparison.diff))
    if comparison.kind is not ChangeKind.LINK_TARGET or not links:
        return comparison
    recent = [one for one in past if captured_at - one.captured_at <= FLAPPING_WINDOW]
    if any(one.links == links for one in recent):
        since = min(one.captured_at for one in recent)
        reason = f"links flip between two addresses since {since:%-d %B %Y}: quiet until they settle"
        return replace(comparison, kind=ChangeKind.FLAPPING, reason=reason)
    undone = frozenset(LinkEdit(text=link.text, old=link.new, new=link.old) for link in links)
    for one in recent:
        if one.links == undone:
            reason = f"links lead again where they led before {one.captured_at:%-d %B %Y}"
            return replace(comparison, kind=ChangeKind.REVERTED, reason=reason)
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
    return replace(comparison, kind=kind, reason=reason)
