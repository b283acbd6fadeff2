"""Two Documents into a Diff: Blocks are paired, then every pair that differs becomes a Hunk."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence

from watcher.diff.details import cell_edits, link_edits, running_columns
from watcher.diff.effort import Effort
from watcher.diff.pairing import Pairing, pair_blocks
from watcher.diff.sequence import rising
from watcher.diff.tables import row_words
from watcher.diff.words import TOTAL_CELLS, bounded_word_edits
from watcher.model.change import CellEdit, Diff, Hunk, HunkOp, WordEdit
from watcher.model.document import Block, BlockKind, Document
from watcher.model.questionnaire import question_names

DIFFER = "blocks"
DIFFER_VERSION = 4
# Edited Blocks beyond this many are told without their words, table rows without their cells.
MAX_WORD_HUNKS = 10_000
# A text of this many characters that is told as deleted while another one is inserted makes the Diff coarse.
LONG_CHARACTERS = 20_000


def compare(old: Document, new: Document, *, key_columns: Collection[str] = ()) -> Diff:
    """What changed from one Document to the other, Block by Block, in the reading order of the new Document.

    Exact: `apply` gives the Block texts of `new` back. Only texts, cells and where links lead are compared, so Blocks
    whose kind, level or anchor alone differ give no Hunk; one in which a link alone differs is LINKED. A Block that
    was split gives one Hunk for each part with the same `old_index` and the part of its text as `old`; merged Blocks
    likewise with `new`, reflowed ones with both. `key_columns` are headings of table columns whose cells name their
    rows; a table that has none of them is read by the first column with nearly unique cells.
    `coarse` is set when a limit on the size of the work left words or pairs uncompared; the limits count characters
    and words, never seconds.
    """
    pairing, cut = pair_blocks(old.blocks, new.blocks, key_columns)
    maker = _HunkMaker(old.blocks, new.blocks, pairing)
    hunks = [maker.changed(HunkOp.MOVED, i, j, old.blocks[i].text, new.blocks[j].text) for i, j in pairing.moved]
    hunks += [maker.changed(HunkOp.EDITED, i, j, old.blocks[i].text, new.blocks[j].text) for i, j in pairing.edited]
    for piece in pairing.pieces:
        op = HunkOp.MOVED if piece.old == piece.new else HunkOp.EDITED
        hunks.append(maker.changed(op, piece.old_index, piece.new_index, piece.old, piece.new))
    hunks += maker.linked()
    hunks += [maker.deleted(i) for i in pairing.deleted]
    hunks += [maker.inserted(j) for j in pairing.inserted]
    ordered = _in_reading_order(hunks, pairing)
    coarse = cut or maker.effort.cut or _replaces_long_text(hunks)
    return Diff(differ=DIFFER, differ_version=DIFFER_VERSION, hunks=tuple(ordered), coarse=coarse)


def _replaces_long_text(hunks: Sequence[Hunk]) -> bool:
    """True when one long text was told as replaced by another without a look at its words."""
    deleted = any(hunk.op is HunkOp.DELETED and len(hunk.old) >= LONG_CHARACTERS for hunk in hunks)
    return deleted and any(hunk.op is HunkOp.INSERTED and len(hunk.new) >= LONG_CHARACTERS for hunk in hunks)


class _HunkMaker:
    """Makes the Hunks of one comparison; holds what they all need."""

    def __init__(self, old: Sequence[Block], new: Sequence[Block], pairing: Pairing) -> None:
        self.old = old
        self.new = new
        self.pairing = pairing
        self.effort = Effort(TOTAL_CELLS)
        self.old_headings = headings(old)
        self.new_headings = headings(new)
        self.compared = self.rows = 0
        self.counting: tuple[dict[int, frozenset[str]], dict[int, frozenset[str]]] | None = None
        self.in_order = True

    def changed(self, op: HunkOp, i: int, j: int, old_text: str, new_text: str) -> Hunk:
        """A Block that stands on both sides."""
        left, right = self.old[i], self.new[j]
        whole = left.text == old_text and right.text == new_text
        cells = self._cells(left, right) if whole and op is HunkOp.EDITED else ()
        return Hunk(
            op=op,
            old=old_text,
            new=new_text,
            heading=self.new_headings[j],
            old_index=i,
            new_index=j,
            words=self._words(i, j, old_text, new_text) if op is HunkOp.EDITED else (),
            row_key=self.pairing.new_keys.get(j, "") or self.pairing.old_keys.get(i, ""),
            boilerplate=left.boilerplate and right.boilerplate,
            cells=cells,
            links=link_edits(left.links, right.links) if whole else (),
            renumbered=self._is_renumbered(i, j, cells),
        )

    def _is_renumbered(self, i: int, j: int, cells: Sequence[CellEdit]) -> bool:
        """Whether a row only moved up or down because others came or went. Rows that pass each other are a ranking."""
        if len(cells) != 1 or not (cells[0].old[:1].isdigit() and cells[0].new[:1].isdigit()):
            return False
        if self.counting is None:
            self.counting = running_columns(self.old), running_columns(self.new)
            rows = sorted((*self.pairing.kept, *self.pairing.edited, *self.pairing.moved))
            places = [right for left, right in rows if left in self.counting[0]]
            self.in_order = places == sorted(places)
        sides = zip(self.counting, (i, j), strict=True)
        return self.in_order and all(cells[0].column in side.get(place, ()) for side, place in sides)

    def linked(self) -> list[Hunk]:
        """Blocks with the same words in which a link leads elsewhere."""
        pairs = [(i, j) for i, j in self.pairing.kept if self.old[i].links != self.new[j].links]
        hunks = [self.changed(HunkOp.LINKED, i, j, self.old[i].text, self.new[j].text) for i, j in pairs]
        return [hunk for hunk in hunks if hunk.links]

    def deleted(self, i: int) -> Hunk:
        """A Block that is gone."""
        return Hunk(
            op=HunkOp.DELETED,
            old=self.old[i].text,
            new="",
            heading=self.old_headings[i],
            old_index=i,
            new_index=None,
            row_key=self.pairing.old_keys.get(i, ""),
            boilerplate=self.old[i].boilerplate,
            cells=self._cells(self.old[i], None),
        )

    def inserted(self, j: int) -> Hunk:
        """A Block that is new."""
        return Hunk(
            op=HunkOp.INSERTED,
            old="",
            new=self.new[j].text,
            heading=self.new_headings[j],
            old_index=None,
            new_index=j,
            row_key=self.pairing.new_keys.get(j, ""),
            boilerplate=self.new[j].boilerplate,
            cells=self._cells(None, self.new[j]),
        )

    def _cells(self, old: Block | None, new: Block | None) -> tuple[CellEdit, ...]:
        cells = cell_edits(old, new) if self.rows < MAX_WORD_HUNKS else ()
        self.rows += bool(cells)
        return cells

    def _words(self, i: int, j: int, old_text: str, new_text: str) -> tuple[WordEdit, ...]:
        self.compared += 1
        if self.compared > MAX_WORD_HUNKS:
            self.effort.cut = True
            return ()
        left, right = self.old[i], self.new[j]
        if left.kind is BlockKind.TABLE_ROW and right.kind is BlockKind.TABLE_ROW:
            return row_words(left, right, self.effort)
        return bounded_word_edits(old_text, new_text, self.effort)


def headings(blocks: Sequence[Block]) -> list[str]:
    """For each Block the text of the nearest HEADING above it; a boilerplate heading only counts for boilerplate.

    For a Block of an answer it is the question: "Question 3: Does your country ...".
    """
    found: list[str] = []
    own = any_heading = ""
    questions = question_names(blocks)
    for place, block in enumerate(blocks):
        found.append(any_heading if block.boilerplate else questions.get(place, own))
        if block.kind is BlockKind.HEADING:
            any_heading = block.text
            own = own if block.boilerplate else block.text
    return found


def _in_reading_order(hunks: Sequence[Hunk], pairing: Pairing) -> list[Hunk]:
    """Hunks by place in the new Document; a deleted Block stands where its old neighbours stand now."""
    skeleton = rising(sorted([*pairing.kept, *pairing.edited, *((p.old_index, p.new_index) for p in pairing.pieces)]))
    old_places = [i for i, _ in skeleton]

    def place(hunk: Hunk) -> tuple[int, int]:
        old_index = -1 if hunk.old_index is None else hunk.old_index
        if hunk.new_index is not None:
            return 2 * hunk.new_index, old_index
        above = bisect_left(old_places, old_index)
        return (2 * skeleton[above - 1][1] + 1 if above else -1), old_index

    return sorted(hunks, key=place)
