"""From two Documents to what a monitor is told. Pure, and run in a child process; see `history` for what only the past
can tell.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from watcher.classify import Pack, document_positions, judge, parse_pack, points_beside, table_positions
from watcher.diff import compare, is_address, kind_of, leads_elsewhere, shown_addresses
from watcher.model.change import (
    ChangeKind,
    Diff,
    Hunk,
    HunkOp,
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
FIRST_EDIT = "; first "  # what `kind_of` names the first edit with
QUOTE_CHARACTERS = 80
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
    pack = pack_of(pack_text)
    if same_document and kind is not ChangeKind.CONTENT:
        noise = Judgement(severity=Severity.NOISE, significance=0.0)
        return Comparison(kind=kind, reason=reason, diff=diff, judgement=_with_addresses(noise, diff, old, new, pack))
    judgement = judge(
        old=old,
        new=new,
        diff=diff,
        subject=subjects[0] if len(subjects) == 1 else "",
        instruments=instruments,
        same_document=same_document,
        pack=pack,
    )
    if same_document:
        judgement = _with_addresses(judgement, diff, old, new, pack)
    return Comparison(kind=kind, reason=_with_weightiest(reason, judgement), diff=diff, judgement=judgement)


def told_links(hunks: Iterable[Hunk]) -> list[LinkEdit]:
    """The links outside boilerplate that a monitor is told of.

    A contact address or one that is written out, when it came, went or is another one; and words that led somewhere
    and lead nowhere any more. That unchanged words lead to a page of the web as well, or to another one, is recorded
    and shown: where people judged edits of government pages, it never was of meaning.
    """
    body = [hunk for hunk in hunks if not hunk.boilerplate]
    changed = [link for hunk in body for link in hunk.links if leads_elsewhere(link.old, link.new)]
    return [
        link
        for link in changed
        if not link.new or is_address(link.text) or _CONTACT.match(link.old) or _CONTACT.match(link.new)
    ]


def told_addresses(old: Document, new: Document, diff: Diff) -> list[tuple[str, str]]:
    """Addresses in the words of a passage, outside boilerplate and links, that stand where others stood."""
    found = []
    for hunk in diff.hunks:
        if hunk.op is HunkOp.EDITED and hunk.tells and hunk.old_index is not None and hunk.new_index is not None:
            before, after = shown_addresses(old.blocks[hunk.old_index]), shown_addresses(new.blocks[hunk.new_index])
            if before - after and after - before:
                found.append((", ".join(sorted(before - after)), ", ".join(sorted(after - before))))
    return found


def _with_addresses(judgement: Judgement, diff: Diff, old: Document, new: Document, pack: Pack) -> Judgement:
    """A Judgement with what links and addresses say: as much as other words would, and no less than minor."""
    steps = [
        ("link_target", f"{link.text}: {link.old or 'no link'} → {link.new or 'no link'}")
        for link in told_links(diff.hunks)
    ]
    if judgement.severity is Severity.NOISE and not steps:
        steps = [("address", f"{before} → {after}") for before, after in told_addresses(old, new, diff)]
    if not steps:
        return judgement
    name, passage = steps[0]
    points = points_beside(judgement.parts, "wording", pack)
    part = SignificancePart(name=name, points=points, passage=passage[:PASSAGE_CHARACTERS])
    return replace(
        judgement,
        severity=max(judgement.severity, Severity.MINOR, key=lambda severity: severity.rank),
        significance=round(min(1.0, judgement.significance + part.points), DECIMALS),
        parts=(*judgement.parts, part),
    )


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
        *document_positions(document, subject=subject, pack=pack, instruments=instruments),
        *table_positions(document, subject=subject, instruments=instruments, pack=pack),
    )
    return tuple(sorted(found, key=lambda one: (one.start, one.end)))
