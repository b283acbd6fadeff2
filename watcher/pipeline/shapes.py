"""Lines in which nothing but values changed, and when they count as changing by themselves. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from watcher.classify import Pack, find_positions, speaks_of_field
from watcher.diff import value_shape
from watcher.model.change import Change, ChangeKind, Hunk, HunkOp, Judgement, Severity
from watcher.pipeline.compare import Comparison, told_links

LEARNT_AFTER = 3
LOOKED_AT = 24  # Captures: six days of checks every six hours
_TARGETS = (attrgetter("old"), attrgetter("new"))
_LETTERS = 3  # a line of bare numbers does not say what it counts


@dataclass(frozen=True, kw_only=True, slots=True)
class LearntLine:
    """A line of a Source that changes by itself: its shape, an example, and in how many of the last Captures.

    `forgotten` says that a person wants to be told of it all the same.
    """

    shape: str
    example: str
    times: int
    forgotten: bool

    @property
    def is_learnt(self) -> bool:
        """Whether a Change of nothing else is volatile."""
        return self.times >= LEARNT_AFTER and not self.forgotten


def quietened(comparison: Comparison, lines: Sequence[LearntLine], *, pack: Pack, undo: str) -> Comparison:
    """A Comparison as volatile when nothing changed but `lines` that are learnt; else as it was. Pure.

    Never where a Position or a treaty action moved, nor in a line that might speak of the pack's field. `undo` is the
    command that has them told again.
    """
    wanted = list(dict.fromkeys(_shapes_of(comparison, pack))) if may_be_learnt(comparison) else []
    known = {line.shape: line for line in lines if line.is_learnt}
    if not wanted or not all(shape in known for shape in wanted):
        return comparison
    first = known[wanted[0]]
    more = f" and {len(wanted) - 1} more" if len(wanted) > 1 else ""
    reason = (
        f"only lines changed that change by themselves: “{first.shape}”{more}, {first.times} times in the last "
        f"{LOOKED_AT} Captures. To be told again: {undo}"
    )
    quiet = Judgement(severity=Severity.NOISE, significance=0.0)
    return replace(comparison, kind=ChangeKind.VOLATILE, reason=reason, judgement=quiet)


def counted_lines(
    found: Iterable[Comparison | Change], *, pack: Pack, forgotten: Collection[str] = ()
) -> list[LearntLine]:
    """The lines that `found`, oldest first, show with other values and nothing else, the most frequent first. Pure."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for one in found:
        shown = _shown(one, pack)
        counts.update(shown.keys())
        examples |= shown
    return [
        LearntLine(shape=shape, example=examples[shape], times=times, forgotten=shape in forgotten)
        for shape, times in counts.most_common()
    ]


def may_be_learnt(comparison: Comparison) -> bool:
    """Whether a Comparison could be one of values alone: never where a Position or a treaty action moved."""
    judgement = comparison.judgement
    moved = judgement.position_changes or judgement.depositary_events
    return comparison.kind in (ChangeKind.CONTENT, ChangeKind.LINK_TARGET) and not moved


def _shapes_of(comparison: Comparison, pack: Pack) -> list[str]:
    """The shapes of all Hunks that say something; empty when one of them is more than a change of values."""
    telling = [hunk for hunk in comparison.diff.hunks if hunk.tells or told_links((hunk,))]
    shapes = [_shape(hunk, pack) for hunk in telling]
    return shapes if all(shapes) else []


def _shown(one: Comparison | Change, pack: Pack) -> dict[str, str]:
    """The shapes that a Change shows with other values, each with its newest text."""
    kinds = (ChangeKind.CONTENT, ChangeKind.LINK_TARGET, ChangeKind.VOLATILE)
    if one.kind not in kinds or one.judgement.position_changes:
        return {}
    return {shape: _sides(hunk)[1] for hunk in one.diff.hunks if (shape := _shape(hunk, pack))}


def _shape(hunk: Hunk, pack: Pack) -> str:
    """The shape of a Hunk in which nothing but values changed, "" for another one, and for what may be policy."""
    if hunk.op not in (HunkOp.EDITED, HunkOp.LINKED) or hunk.boilerplate or hunk.row_key:
        return ""
    old, new = _sides(hunk)
    shape = value_shape(old)
    if not shape or shape != value_shape(new) or sum(char.isalpha() for char in _words(shape)) < _LETTERS:
        return ""
    both = f"{hunk.old}\n{hunk.new}"
    return "" if speaks_of_field(both, pack=pack) or find_positions(both, subject="", pack=pack) else shape


def _sides(hunk: Hunk) -> tuple[str, str]:
    """What may be values of a Hunk: its text, or where its links lead."""
    if hunk.op is not HunkOp.LINKED:
        return hunk.old, hunk.new
    before, after = (" ".join(f"{link.text} → {side(link)}" for link in hunk.links) for side in _TARGETS)
    return before, after


def _words(shape: str) -> str:
    return "".join(part.partition("⟧")[2] for part in f"⟧{shape}".split("⟦"))
