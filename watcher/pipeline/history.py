"""What only a Source's own history tells of a Change: that it is undone, goes back and forth, or has settled. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from watcher.model.change import ChangeKind, Diff, Judgement, LinkEdit, Severity, SignificancePart
from watcher.pipeline.compare import Comparison, told_links

FLAPPING_WINDOW = timedelta(days=90)
SETTLED_CHECKS = 10
NO_DIFF = Diff(differ="none", differ_version=1, hunks=())


@dataclass(frozen=True, kw_only=True, slots=True)
class PastText:
    """A text that a Source once had: the digest of its Document's text, and when it was captured."""

    text_sha256: str
    captured_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PastLinks:
    """What a Change said of links, and when."""

    links: frozenset[LinkEdit]
    captured_at: datetime


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
            return replace(comparison, kind=ChangeKind.FLAPPING, reason=_flips(past, place))
    for state in reversed(past[:-1]):
        if state.text_sha256 == new_text_sha256:
            reason = f"is again as it was on {state.captured_at:%-d %B %Y}"
            return replace(comparison, kind=ChangeKind.REVERTED, reason=reason)
    return comparison


def place_links(comparison: Comparison, *, past: Sequence[PastLinks], captured_at: datetime) -> Comparison:
    """The same for a Change of links alone: undone is `reverted`, made again within 90 days is `flapping`.

    `past` are the Changes of links before it, in any order.
    """
    links = frozenset(told_links(comparison.diff.hunks))
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


def has_settled(stays: Sequence[timedelta], stayed: timedelta, checks: int) -> bool:
    """Whether a text that stayed for a time and so many checks in a row stays for good.

    `stays` is how long the texts before it stayed. Ten checks, and twice the longest of those stays: a page that
    flips every week has not settled after three days.
    """
    return checks >= SETTLED_CHECKS and stayed > 2 * max(stays, default=timedelta())


def stays_of(moments: Sequence[datetime], until: datetime) -> list[timedelta]:
    """How long each text stayed that came within the last 90 days; `moments` are when texts came, oldest first."""
    recent = [moment for moment in moments if until - moment <= FLAPPING_WINDOW]
    return [later - earlier for earlier, later in pairwise(recent)]


def settled(found: Comparison | None, *, since: datetime, checks: int) -> Comparison:
    """What is told of a page that settled: against the text that was told last, `found`, where that was another one."""
    stays = f"settled: the same text in {checks} checks since {since:%-d %B %Y}"
    if found is not None and found.alert:
        kind = ChangeKind.REVERTED if found.kind in (ChangeKind.CONTENT, ChangeKind.LINK_TARGET) else found.kind
        return replace(found, kind=kind, reason=f"{stays}, otherwise than was last told: {found.reason}")
    part = SignificancePart(name="settled", points=0.2, passage="")
    return Comparison(
        kind=ChangeKind.STATUS,
        reason=f"{stays}, the one that was last told",
        diff=NO_DIFF,
        judgement=Judgement(severity=Severity.MINOR, significance=part.points, parts=(part,)),
    )
