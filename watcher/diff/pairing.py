"""Which old Block is which new Block: equal ones first, then moved ones, then edited ones.

Every step only looks at Blocks that the steps before left free. The result names each Block at most once, except
that the Pieces of one split or merged Block share its index.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field

from watcher.diff.charsets import byte_forms
from watcher.diff.phrases import pair_by_phrases
from watcher.diff.questions import Section, paired_sections
from watcher.diff.reflow import MIN_BLOCKS, find_reflow
from watcher.diff.sequence import Gap, gaps, match, rising
from watcher.diff.similarity import PAIR_LIKENESS, Likeness, by_rare_words, pair_in_order
from watcher.diff.splits import Piece, Side, find_pieces
from watcher.diff.tables import pair_rows, paired_tables, row_key
from watcher.model.document import Block, BlockKind

MOVED_AND_EDITED_LIKENESS = 0.75
MOVED_AND_EDITED_WORDS = 8
MAX_CHARSET_BLOCKS = 4_000
# A shorter answer that stands elsewhere as well ("No.") says nothing there of the question it is missing from.
OWN_WORDS_OF_ANSWER = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairing:
    """Index pairs (old, new). `kept` rises on both sides and changes no text. `keys` are row keys by Block index."""

    kept: tuple[tuple[int, int], ...]
    moved: tuple[tuple[int, int], ...]
    edited: tuple[tuple[int, int], ...]
    pieces: tuple[Piece, ...]
    deleted: tuple[int, ...]
    inserted: tuple[int, ...]
    old_keys: dict[int, str]
    new_keys: dict[int, str]


@dataclass(kw_only=True, slots=True)
class _Work:
    """The state of one pairing while it is made."""

    old: Sequence[Block]
    new: Sequence[Block]
    alike: Likeness
    free_old: set[int] = field(default_factory=set)
    free_new: set[int] = field(default_factory=set)
    kept: list[tuple[int, int]] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)
    edited: list[tuple[int, int]] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    come: set[int] = field(default_factory=set)

    def book(self, pairs: Sequence[tuple[int, int]], to: list[tuple[int, int]]) -> None:
        """Record pairs and take their Blocks out of the free ones."""
        to.extend(pairs)
        self.free_old.difference_update(i for i, _ in pairs)
        self.free_new.difference_update(j for _, j in pairs)

    def open_gaps(self) -> list[Gap]:
        """The ranges between kept Blocks that have Blocks on both sides."""
        return gaps(self.kept, (0, len(self.old), 0, len(self.new)))

    def free_in(self, gap: Gap) -> tuple[list[int], list[int]]:
        """The free Blocks of a gap."""
        old = [index for index in range(gap[0], gap[1]) if index in self.free_old]
        return old, [index for index in range(gap[2], gap[3]) if index in self.free_new]


def pair_blocks(old: Sequence[Block], new: Sequence[Block], key_columns: Collection[str] = ()) -> tuple[Pairing, bool]:
    """The Pairing of two sequences of Blocks, and whether a limit cut the search for edited Blocks short.

    `key_columns` are headings of table columns that name rows.
    """
    work = _Work(old=old, new=new, alike=Likeness(old, new))
    work.free_old, work.free_new = set(range(len(old))), set(range(len(new)))
    for section in paired_sections(old, new):
        _pair_section(work, section)
    _keep(work, _same)
    _keep(work, _shown)
    _move(work, _same)
    _move(work, _shown)
    _pair_tables(work, key_columns)
    if work.free_old and work.free_new:
        _pair_by_bytes(work)
        _pair_by_anchor(work)
        for gap in work.open_gaps():
            free_old, free_new = work.free_in(gap)
            pairs = pair_in_order(free_old, free_new, work.alike)
            work.book(pairs, work.edited)
    pieces = _find_pieces(work)
    if work.free_old and work.free_new:
        _pair_far(work)
        _pair_left_over(work, pieces)
    return _result(work, pieces), work.alike.effort.cut


def _result(work: _Work, pieces: tuple[Piece, ...]) -> Pairing:
    return Pairing(
        kept=tuple(work.kept),
        moved=tuple(sorted(work.moved)),
        edited=tuple(sorted(work.edited)),
        pieces=pieces,
        deleted=tuple(sorted(work.free_old | work.gone)),
        inserted=tuple(sorted(work.free_new | work.come)),
        old_keys=work.alike.old_keys,
        new_keys=work.alike.new_keys,
    )


def _same(block: Block) -> Hashable:
    return (block.kind, block.text, _filled(block.cells))


def _shown(block: Block) -> Hashable:
    return (block.text, _filled(block.cells))


def _filled(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The cells without the empty ones at the end."""
    length = len(cells)
    while length and not cells[length - 1]:
        length -= 1
    return cells[:length]


def _pair_section(work: _Work, section: Section) -> None:
    """A question and its answer are paired with themselves, whatever stands under other questions."""
    kept = work.kept if section.straight else work.moved
    old, new = list(section.old), list(section.new)
    if old and new:
        asked = (old[0], new[0])
        work.book([asked], kept if _same(work.old[asked[0]]) == _same(work.new[asked[1]]) else work.edited)
        old, new = old[1:], new[1:]
        work.book(_matched(work, old, new, _same), kept)
        old, new = _free_answers(work, old, new)
        if len(old) == len(new) == 1:
            work.book([(old[0], new[0])], work.edited)
        else:
            work.book(pair_in_order(old, new, work.alike), work.edited)
    old, new = _free_answers(work, section.old, section.new)
    work.gone.update(i for i in old if len(work.alike.old_words(i)) < OWN_WORDS_OF_ANSWER)
    work.come.update(j for j in new if len(work.alike.new_words(j)) < OWN_WORDS_OF_ANSWER)
    work.free_old -= work.gone
    work.free_new -= work.come


def _free_answers(work: _Work, old: Sequence[int], new: Sequence[int]) -> tuple[list[int], list[int]]:
    left = [i for i in old if i in work.free_old and work.old[i].kind is BlockKind.ANSWER]
    return left, [j for j in new if j in work.free_new and work.new[j].kind is BlockKind.ANSWER]


def _matched(
    work: _Work, old: Sequence[int], new: Sequence[int], key: Callable[[Block], Hashable]
) -> list[tuple[int, int]]:
    found = match([key(work.old[i]) for i in old], [key(work.new[j]) for j in new])
    return [(old[i], new[j]) for i, j in found]


def _keep(work: _Work, key: Callable[[Block], Hashable]) -> None:
    """Blocks that are equal by `key`, in order: a heading that became a paragraph reads the same."""
    work.kept.sort()
    for gap in work.open_gaps():
        work.book(_matched(work, *work.free_in(gap), key), work.kept)
    work.kept.sort()


def _move(work: _Work, key: Callable[[Block], Hashable]) -> None:
    """The same Block elsewhere; equal ones are taken in order."""
    if not work.free_old or not work.free_new:
        return
    places: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index in sorted(work.free_new, reverse=True):
        places[key(work.new[index])].append(index)
    pairs = [(i, there.pop()) for i in sorted(work.free_old) if (there := places.get(key(work.old[i])))]
    work.book(pairs, work.moved)


def _pair_tables(work: _Work, key_columns: Collection[str]) -> None:
    if not any(block.kind is BlockKind.TABLE_ROW for block in (*work.old, *work.new)):
        return
    pairs, lone_old, lone_new = paired_tables(work.old, work.new, [*work.kept, *work.moved], key_columns)
    for table in (*(left for left, _ in pairs), *lone_old):
        for index in range(table.start, table.end):
            work.alike.old_keys[index] = row_key(work.old[index], table.key_column)
    for table in (*(right for _, right in pairs), *lone_new):
        for index in range(table.start, table.end):
            work.alike.new_keys[index] = row_key(work.new[index], table.key_column)
    for tables in pairs:
        work.book(pair_rows(work.old, work.new, tables, work.free_old, work.free_new), work.edited)


def _pair_by_bytes(work: _Work) -> None:
    """Blocks that are the same bytes under another charset: they share no word, so likeness would not find them."""
    left = [index for index in sorted(work.free_old) if not work.old[index].text.isascii()]
    right = [index for index in sorted(work.free_new) if not work.new[index].text.isascii()]
    if not left or not right or max(len(left), len(right)) > MAX_CHARSET_BLOCKS:
        return
    places = {form: index for index in reversed(right) for form in byte_forms(work.new[index].text)}
    pairs: list[tuple[int, int]] = []
    taken: set[int] = set()
    for index in left:
        there = sorted({places[form] for form in byte_forms(work.old[index].text) if form in places} - taken)
        if there and work.old[index].text != work.new[there[0]].text:
            taken.add(there[0])
            pairs.append((index, there[0]))
    work.book(pairs, work.edited)


def _pair_by_anchor(work: _Work) -> None:
    """Blocks to which the source itself gives the same id, when their texts are alike."""
    old_once = _once(work.old)
    new_once = _once(work.new)
    pairs = []
    for anchor, i in sorted(old_once.items()):
        j = new_once.get(anchor, -1)
        if i in work.free_old and j in work.free_new and work.alike(i, j) >= PAIR_LIKENESS:
            pairs.append((i, j))
    work.book(pairs, work.edited)


def _once(blocks: Sequence[Block]) -> dict[str, int]:
    counts = Counter(block.anchor for block in blocks)
    return {block.anchor: i for i, block in enumerate(blocks) if block.anchor and counts[block.anchor] == 1}


def _find_pieces(work: _Work) -> tuple[Piece, ...]:
    """Split, merged and reflowed Blocks, gap by gap; beside an edited pair one side of a gap may have no free Block."""
    partner_of_old = dict(work.edited)
    partner_of_new = {j: i for i, j in work.edited}
    found: list[Piece] = []
    for gap in work.open_gaps():
        if not work.free_old and not work.free_new and gap[1] - gap[0] + gap[3] - gap[2] < MIN_BLOCKS:
            continue
        old = Side(
            blocks=work.old,
            words=work.alike.old_words,
            free=work.free_old,
            partner=partner_of_old,
            span=(gap[0], gap[1]),
        )
        new = Side(
            blocks=work.new,
            words=work.alike.new_words,
            free=work.free_new,
            partner=partner_of_new,
            span=(gap[2], gap[3]),
        )
        pieces = find_pieces(old, new, work.alike.effort) or find_reflow(old, new, work.alike.effort)
        for piece in pieces:
            partner_of_old.pop(piece.old_index, None)
            partner_of_new.pop(piece.new_index, None)
            work.free_old.discard(piece.old_index)
            work.free_new.discard(piece.new_index)
        found += pieces
    in_pieces_old = {piece.old_index for piece in found}
    in_pieces_new = {piece.new_index for piece in found}
    parted = {(i, j) for i, j in work.edited if i in in_pieces_old or j in in_pieces_new}
    work.edited = [pair for pair in work.edited if pair not in parted]
    work.free_old.update(i for i, _ in parted if i not in in_pieces_old)
    work.free_new.update(j for _, j in parted if j not in in_pieces_new)
    return tuple(found)


def _pair_far(work: _Work) -> None:
    """Long Blocks that were moved and edited at once: otherwise the edit would hide in a deletion and an insertion."""
    left = [i for i in sorted(work.free_old) if len(work.alike.old_words(i)) >= MOVED_AND_EDITED_WORDS]
    right = [j for j in sorted(work.free_new) if len(work.alike.new_words(j)) >= MOVED_AND_EDITED_WORDS]
    if left and right:
        found = by_rare_words(left, right, work.alike)
        work.book([(i, j) for i, j, score in found if score >= MOVED_AND_EDITED_LIKENESS], work.edited)


def _pair_left_over(work: _Work, pieces: Sequence[Piece]) -> None:
    """Blocks that nothing else claimed, between the Blocks that stand on both sides."""
    paired = [*work.kept, *work.edited, *((piece.old_index, piece.new_index) for piece in pieces)]
    for gap in gaps(rising(sorted(paired)), (0, len(work.old), 0, len(work.new))):
        work.book(pair_by_phrases(*work.free_in(gap), work.alike), work.edited)
