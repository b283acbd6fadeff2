"""Matching two sequences in order: patience anchors first, exact matching in what they leave.

Patience diff (Bram Cohen, 2005): elements that stand exactly once in both sequences are matched along the
longest increasing subsequence, then the gaps between them are treated the same way. It follows what a person
sees as "the same line" better than the shortest edit script, and its time is near linear.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from rapidfuzz.distance import LCSseq

# The exact matcher is bit-parallel and keeps one bit per cell of the gap: this bounds it to about 4 MB.
EXACT_CELLS = 32_000_000
MAX_DEPTH = 24

Gap = tuple[int, int, int, int]
"""Half-open ranges that face each other: (old start, old end, new start, new end)."""


def rising(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of `pairs` (sorted by old index) whose new indexes rise strictly."""
    tails: list[int] = []
    chain: list[tuple[int, int, int]] = []
    at_tail: list[int] = []
    for old, new in pairs:
        place = bisect_left(tails, new)
        before = at_tail[place - 1] if place else -1
        chain.append((old, new, before))
        if place == len(tails):
            tails.append(new)
            at_tail.append(len(chain) - 1)
        else:
            tails[place] = new
            at_tail[place] = len(chain) - 1
    found: list[tuple[int, int]] = []
    at = at_tail[-1] if at_tail else -1
    while at >= 0:
        old, new, at = chain[at]
        found.append((old, new))
    found.reverse()
    return found


def anchors(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Patience anchors: index pairs of elements unique in both sequences, rising on both sides."""
    once_new = {value for value, count in Counter(new).items() if count == 1}
    once = {value for value, count in Counter(old).items() if count == 1 and value in once_new}
    if not once:
        return []
    place = {value: index for index, value in enumerate(new) if value in once}
    return rising((index, place[value]) for index, value in enumerate(old) if value in once)


def match(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Index pairs of equal elements, rising on both sides.

    Patience first, then the longest common subsequence in what it leaves.
    A gap without unique common elements and larger than EXACT_CELLS is left unmatched.
    """
    found: list[tuple[int, int]] = []
    open_gaps: list[tuple[Gap, int]] = [((0, len(old), 0, len(new)), 0)]
    while open_gaps:
        (old_start, old_end, new_start, new_end), depth = open_gaps.pop()
        while old_start < old_end and new_start < new_end and old[old_start] == new[new_start]:
            found.append((old_start, new_start))
            old_start, new_start = old_start + 1, new_start + 1
        while old_start < old_end and new_start < new_end and old[old_end - 1] == new[new_end - 1]:
            old_end, new_end = old_end - 1, new_end - 1
            found.append((old_end, new_end))
        if old_start == old_end or new_start == new_end:
            continue
        old_part, new_part = old[old_start:old_end], new[new_start:new_end]
        pairs = anchors(old_part, new_part) if depth < MAX_DEPTH else []
        if not pairs:
            found.extend((old_start + i, new_start + j) for i, j in _exact(old_part, new_part))
            continue
        pairs = [(old_start + i, new_start + j) for i, j in pairs]
        found.extend(pairs)
        open_gaps.extend((gap, depth + 1) for gap in gaps(pairs, (old_start, old_end, new_start, new_end)))
    found.sort()
    return found


def _exact(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    if len(old) * len(new) > EXACT_CELLS:
        return []
    found: list[tuple[int, int]] = []
    for step in LCSseq.opcodes(old, new):
        if step.tag == "equal":
            found.extend(zip(range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True))
    return found


def gaps(pairs: Iterable[tuple[int, int]], within: Gap) -> list[Gap]:
    """What `pairs` (rising) leave open of `within`: only ranges that have elements on both sides."""
    old_at, old_end, new_at, new_end = within
    left: list[Gap] = []
    for old, new in pairs:
        if old > old_at and new > new_at:
            left.append((old_at, old, new_at, new))
        old_at, new_at = old + 1, new + 1
    if old_end > old_at and new_end > new_at:
        left.append((old_at, old_end, new_at, new_end))
    return left
