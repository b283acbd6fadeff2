"""Paragraphs that were split in two or more, or joined into one.

The one long Block is cut where its parts meet, so that each part is compared with its own words and nothing is
told as deleted here and inserted there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Indel, LCSseq

from watcher.diff.effort import Effort
from watcher.diff.words import TOTAL_CELLS, bounded_word_edits
from watcher.model.change import WordOp
from watcher.model.document import Block, BlockKind

MAX_SPAN = 400
MAX_PARTS = 24
MIN_PART_WORDS = 3
CONTAINED_SHARE = 0.7
WHOLE_LIKENESS = 0.75
# Each part must be this much like the stretch of the long Block that it faces.
PART_LIKENESS = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One part of a split or merge. The texts of all Pieces of one long Block, joined with blanks, are its text."""

    old_index: int
    new_index: int
    old: str
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One Document inside a gap: the half-open `span` of Blocks, which are free, and edited partners by index."""

    blocks: Sequence[Block]
    words: Callable[[int], str]
    free: AbstractSet[int]
    partner: Mapping[int, int]
    span: tuple[int, int]


def find_pieces(old: Side, new: Side, effort: Effort) -> list[Piece]:
    """Pieces of old Blocks that were split, then of new Blocks that were merged."""
    if old.span[1] - old.span[0] > MAX_SPAN or new.span[1] - new.span[0] > MAX_SPAN:
        return []
    found: list[Piece] = []
    used: set[int] = set()
    for whole, parts, texts in _cut(old, new, effort, used):
        pairs = zip(parts, texts, strict=True)
        found += [Piece(old_index=whole, new_index=j, old=text, new=new.blocks[j].text) for j, text in pairs]
    split_old = {piece.old_index for piece in found}
    split_new = {piece.new_index for piece in found}
    for whole, parts, texts in _cut(new, old, effort, split_old):
        if whole not in split_new:
            pairs = zip(parts, texts, strict=True)
            found += [Piece(old_index=i, new_index=whole, old=old.blocks[i].text, new=text) for i, text in pairs]
    return found


def _cut(wholes: Side, parts: Side, effort: Effort, used: AbstractSet[int]) -> list[tuple[int, list[int], list[str]]]:
    """(long Block, its parts, its text cut into as many) for each long Block of `wholes` that `parts` make up."""
    found = []
    taken = set(used)
    if not any(index in parts.free for index in range(*parts.span)):
        return []
    for whole in range(*wholes.span):
        if whole not in wholes.free and whole not in wholes.partner:
            continue
        if not _is_prose(wholes.blocks[whole]) or len(wholes.words(whole)) < 2 * MIN_PART_WORDS:
            continue
        run = _run(wholes, parts, whole, taken, effort)
        part_texts = [parts.blocks[index].text for index in run]
        texts = _texts(wholes.blocks[whole].text, part_texts) if run else []
        if texts and all(map(_are_alike, texts, part_texts)):
            found.append((whole, run, texts))
            taken.update(run)
    return found


def _is_prose(block: Block) -> bool:
    return block.kind not in (BlockKind.TABLE_ROW, BlockKind.HEADING)


def _run(wholes: Side, parts: Side, whole: int, taken: AbstractSet[int], effort: Effort) -> list[int]:
    """Neighbouring Blocks that together say what `whole` says, [] when there are none."""
    words = wholes.words(whole)

    def fits(index: int) -> bool:
        if index in taken or not _is_prose(parts.blocks[index]):
            return False
        if index not in parts.free and parts.partner.get(index) != whole:
            return False
        part = parts.words(index)
        if not MIN_PART_WORDS <= len(part) <= len(words) or not effort.take(
            4 + len(part) * (len(words) // 64 + 1) // 500
        ):
            return False
        return bool(LCSseq.similarity(part, words) >= CONTAINED_SHARE * len(part))

    partner = wholes.partner.get(whole)
    starts = range(*parts.span) if partner is None else [partner]
    for start in starts:
        if not fits(start):
            continue
        first = last = start
        while partner is not None and first > parts.span[0] and last - first < MAX_PARTS and fits(first - 1):
            first -= 1
        while last + 1 < parts.span[1] and last - first < MAX_PARTS and fits(last + 1):
            last += 1
        run = list(range(first, last + 1))
        joined = "".join(parts.words(index) for index in run)
        if len(run) > 1 and Indel.normalized_similarity(words, joined) >= WHOLE_LIKENESS:
            return run
    return []


def _texts(whole: str, parts: Sequence[str]) -> list[str]:
    """`whole` cut at blanks into one text for each part, [] when the parts do not meet at blanks."""
    meetings: list[int] = []
    at = -1
    for part in parts[:-1]:
        at += len(part) + 1
        meetings.append(at)
    cuts: list[int] = []
    old_at = new_at = 0
    for edit in bounded_word_edits(whole, " ".join(parts), Effort(TOTAL_CELLS // 10)):
        length = len(edit.text)
        if edit.op is not WordOp.DELETED:
            while len(cuts) < len(meetings) and meetings[len(cuts)] < new_at + length:
                ahead = meetings[len(cuts)] - new_at if edit.op is WordOp.KEPT else 0
                cuts.append(_nearest_blank(whole, old_at + ahead))
            new_at += length
        if edit.op is not WordOp.INSERTED:
            old_at += length
    bounds = [-1, *cuts, len(whole)]
    if len(bounds) != len(parts) + 1 or any(cut < 0 for cut in cuts):
        return []
    texts = [whole[start + 1 : end] for start, end in pairwise(bounds)]
    return texts if all(texts) else []


def _are_alike(one: str, other: str) -> bool:
    return Indel.normalized_similarity(one.split(), other.split()) >= PART_LIKENESS


def _nearest_blank(text: str, at: int) -> int:
    before, after = text.rfind(" ", 0, at + 1), text.find(" ", at)
    if before < 0 or after < 0:
        return max(before, after)
    return before if at - before <= after - at else after
