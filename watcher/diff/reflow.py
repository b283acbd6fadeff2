"""The same words broken into other Blocks, any number into any number: lines that were wrapped anew, a page that was
one paragraph and now has headings.

Both runs of Blocks are read as one text each and laid side by side. Where a Block ends on one side, the text of the
other side is cut as well, so that each part stands beside its own words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rapidfuzz.distance import Indel

from watcher.diff.effort import Effort
from watcher.diff.splits import Piece, Side
from watcher.diff.words import TOTAL_CELLS, bounded_word_edits
from watcher.model.change import WordEdit, WordOp
from watcher.model.document import Block, BlockKind

MIN_BLOCKS = 3
MAX_BLOCKS = 400
MAX_WORDS = 20_000
# Read as one text, the two runs must be this alike, and must leave at most this share of the words that would be told.
WHOLE_LIKENESS = 0.5
SAVED_SHARE = 0.6
MIN_SAVED_WORDS = 6
# Where every Block has its partner, so many words must have crossed from one Block to the next.
MIN_CROSSED_WORDS = 3
MAX_CROSSED_CHARACTERS = 400


_APART = frozenset({BlockKind.TABLE_ROW, BlockKind.QUESTION})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cut:
    """Places of a blank in both texts; `own_old` says that a Block ends there in the old one, `own_new` in the new."""

    old: int
    new: int
    own_old: bool = False
    own_new: bool = False


def find_reflow(old: Side, new: Side, effort: Effort) -> list[Piece]:
    """Pieces that lay the old Blocks of a gap beside the new ones, [] when Block by Block tells as little.

    A Block that has no counterpart at all is in no Piece: it stays deleted or inserted.
    """
    paired = not _has_free(old) and not _has_free(new)
    if paired and _crossed(old, new) + _crossed(new, old) < MIN_CROSSED_WORDS:
        return []
    if not _may_be_one_text(old, new):
        return []
    left, right = _all_words(old), _all_words(new)
    if not left or not right or max(len(left), len(right)) > MAX_WORDS:
        return []
    if not effort.take(4 + len(left) * (len(right) // 64 + 1) // 500):
        return []
    together = int(Indel.distance(left, right))
    told = _told(old, new)
    alike = 1 - together / (len(left) + len(right)) >= WHOLE_LIKENESS
    if not alike or together > SAVED_SHARE * told or told - together < MIN_SAVED_WORDS:
        return []
    return _pieces(
        [old.blocks[i].text for i in range(*old.span)], [new.blocks[j].text for j in range(*new.span)], old, new
    )


def _may_be_one_text(old: Side, new: Side) -> bool:
    """True for a bounded number of Blocks of prose, at least three, all of which are free or paired in the gap."""
    height, width = old.span[1] - old.span[0], new.span[1] - new.span[0]
    if min(height, width) < 1 or height + width < MIN_BLOCKS or max(height, width) > MAX_BLOCKS:
        return False
    first = old.blocks[old.span[0]].boilerplate
    return _whole(old, new.span, first) and _whole(new, old.span, first)


def _whole(side: Side, other: tuple[int, int], boilerplate: bool) -> bool:
    for index in range(*side.span):
        block = side.blocks[index]
        if block.kind in _APART or block.boilerplate is not boilerplate or not _is_plain(block.text):
            return False
        if index not in side.free and not other[0] <= side.partner.get(index, -1) < other[1]:
            return False
    return True


def _is_plain(text: str) -> bool:
    """True when the text can be joined with others by a blank and cut there again."""
    return bool(text) and text[0] != " " and text[-1] != " " and "  " not in text


def _all_words(side: Side) -> str:
    return "".join(side.words(index) for index in range(*side.span))


def _has_free(side: Side) -> bool:
    return any(index in side.free for index in range(*side.span))


def _crossed(one: Side, other: Side) -> int:
    """Words at the end of Blocks that open the Block behind their partner on the other side."""
    crossed = 0
    for index in range(*one.span):
        behind = one.partner.get(index, other.span[1]) + 1
        if behind < other.span[1]:
            crossed += _overlap(one.blocks[index].text, other.blocks[behind].text[:MAX_CROSSED_CHARACTERS])
    return crossed


def _overlap(text: str, start: str) -> int:
    """How many words at the end of `text` are the first ones of `start`."""
    last_word = text[text.rfind(" ") + 1 :]
    at = start.find(last_word)
    while at >= 0:
        if text.endswith(start[: at + len(last_word)]):
            return start.count(" ", 0, at) + 1
        at = start.find(last_word, at + 1)
    return 0


def _told(old: Side, new: Side) -> int:
    """Words that are told as deleted and inserted Block by Block."""
    told = sum(len(old.words(i)) for i in range(*old.span) if i in old.free)
    told += sum(len(new.words(j)) for j in range(*new.span) if j in new.free)
    pairs = ((i, old.partner[i]) for i in range(*old.span) if i in old.partner)
    return told + sum(int(Indel.distance(old.words(i), new.words(j))) for i, j in pairs)


def _pieces(old_texts: Sequence[str], new_texts: Sequence[str], old: Side, new: Side) -> list[Piece]:
    whole_old, whole_new = " ".join(old_texts), " ".join(new_texts)
    edits = bounded_word_edits(whole_old, whole_new, Effort(TOTAL_CELLS // 10))
    old_ends, new_ends = _ends(old_texts), _ends(new_texts)
    cuts = _cuts(edits, whole_old, whole_new, old_ends, new_ends)
    found: list[Piece] = []
    for before, after in pairwise(_without_lone_parts(cuts, len(whole_old), len(whole_new))):
        part_old = whole_old[before.old + 1 : max(after.old, 0)]
        part_new = whole_new[before.new + 1 : max(after.new, 0)]
        if part_old and part_new:
            i = old.span[0] + bisect_right(old_ends, before.old)
            j = new.span[0] + bisect_right(new_ends, before.new)
            found.append(Piece(old_index=i, new_index=j, old=part_old, new=part_new))
    exact = _is_exact(found, old.blocks, lambda piece: (piece.old_index, piece.old))
    return found if exact and _is_exact(found, new.blocks, lambda piece: (piece.new_index, piece.new)) else []


def _ends(texts: Sequence[str]) -> list[int]:
    """Where the blanks stand that join the texts."""
    return [end - 1 for end in accumulate(len(text) + 1 for text in texts)][:-1]


def _cuts(
    edits: Sequence[WordEdit], whole_old: str, whole_new: str, old_ends: Sequence[int], new_ends: Sequence[int]
) -> list[_Cut]:
    """A cut for each Block end of either side, at the end itself on its own side and at the nearest blank beyond."""
    there = _Facing(edits)
    cuts = [_Cut(old=end, new=_nearest_end(whole_new, there.in_new(end)), own_old=True) for end in old_ends]
    cuts += [_Cut(old=_nearest_end(whole_old, there.in_old(end)), new=end, own_new=True) for end in new_ends]
    cuts.sort(key=lambda cut: (cut.old + cut.new, cut.old))
    return cuts


def _nearest_end(text: str, at: int) -> int:
    """Where a word ends that is nearest to a place: a blank, -1 before the text, its length behind it."""
    before, after = text.rfind(" ", 0, at + 1), text.find(" ", at)
    after = len(text) if after < 0 else after
    return before if at - before <= after - at else after


class _Facing:
    """Which place of one text faces a place of the other, by the edits between them."""

    def __init__(self, edits: Sequence[WordEdit]) -> None:
        self._spans: list[tuple[int, int, WordOp]] = []
        old_at = new_at = 0
        for edit in edits:
            self._spans.append((old_at, new_at, edit.op))
            old_at += len(edit.text) if edit.op is not WordOp.INSERTED else 0
            new_at += len(edit.text) if edit.op is not WordOp.DELETED else 0
        self._old = [span[0] for span in self._spans]
        self._new = [span[1] for span in self._spans]

    def in_new(self, place: int) -> int:
        """The place of the new text that faces a place of the old one."""
        old_at, new_at, op = self._spans[max(bisect_right(self._old, place) - 1, 0)]
        return new_at + place - old_at if op is WordOp.KEPT else new_at

    def in_old(self, place: int) -> int:
        """The place of the old text that faces a place of the new one."""
        old_at, new_at, op = self._spans[max(bisect_right(self._new, place) - 1, 0)]
        return old_at + place - new_at if op is WordOp.KEPT else old_at


def _without_lone_parts(cuts: Sequence[_Cut], old_length: int, new_length: int) -> list[_Cut]:
    """The cuts with both ends, rising on both sides; a part of a Block that has no counterpart joins its neighbour."""
    found = [_Cut(old=-1, new=-1, own_old=True, own_new=True)]
    for cut in [*cuts, _Cut(old=old_length, new=new_length, own_old=True, own_new=True)]:
        last = found[-1]
        if cut.old <= last.old and not cut.own_old:
            cut = _Cut(old=last.old, new=cut.new, own_old=last.own_old, own_new=cut.own_new)
        if cut.new <= last.new and not cut.own_new:
            cut = _Cut(old=cut.old, new=last.new, own_old=cut.own_old, own_new=last.own_new)
        lone_old = cut.new == last.new and cut.old > last.old
        lone_new = cut.old == last.old and cut.new > last.new
        if (lone_old and not last.own_old) or (lone_new and not last.own_new):
            found[-1] = cut
        elif (lone_old and not cut.own_old) or (lone_new and not cut.own_new):
            continue
        elif (cut.old, cut.new) != (last.old, last.new):
            found.append(cut)
    return found


def _is_exact(pieces: Sequence[Piece], blocks: Sequence[Block], part: Callable[[Piece], tuple[int, str]]) -> bool:
    """True when the parts of each Block, joined with blanks, are its text."""
    texts: dict[int, list[str]] = {}
    for piece in pieces:
        index, text = part(piece)
        texts.setdefault(index, []).append(text)
    return all(" ".join(parts) == blocks[index].text for index, parts in texts.items())
