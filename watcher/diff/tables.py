"""Tables: which rows are the same row, told by a key cell, and what changed cell by cell.

A table is a run of TABLE_ROW Blocks. Its key column is one that the caller names by its heading, else the first
column whose non-empty values are nearly unique in both Documents. Rows are paired by key, a State by any of its names,
then a row whose key alone was rewritten by its other cells.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from watcher.diff.effort import Effort
from watcher.diff.words import bounded_word_edits
from watcher.model.change import WordEdit, WordOp
from watcher.model.document import LEAF_COLUMNS, Block, BlockKind
from watcher.model.subjects import subject_of

SEPARATOR = " | "
UNIQUE_SHARE = 0.9
FILLED_SHARE = 0.5
# Rows whose other cells tell nothing apart are paired only when their keys look alike (0..100).
KEY_LIKENESS = 60.0
MAX_TWINS = 32
# A table with more unpaired rows than this does not list States.
MAX_STATE_ROWS = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A run of rows, Blocks `start` to `end` (half-open), with the column that names them (-1: none does)."""

    start: int
    end: int
    key_column: int


def runs(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Half-open index ranges of neighbouring rows under the same column headings."""
    found: list[tuple[int, int]] = []
    start = -1
    for index, block in enumerate(blocks):
        row = block.kind is BlockKind.TABLE_ROW
        if start >= 0 and (not row or not _same_table(blocks[index - 1], block)):
            found.append((start, index))
            start = -1
        if row and start < 0:
            start = index
    if start >= 0:
        found.append((start, len(blocks)))
    return found


def _same_table(above: Block, row: Block) -> bool:
    """The heading row of a table has no columns itself; the rows below it have its cells."""
    return above.columns == row.columns or not above.columns


def paired_tables(
    old: Sequence[Block], new: Sequence[Block], matched: Iterable[tuple[int, int]], key_columns: Collection[str] = ()
) -> tuple[list[tuple[Table, Table]], list[Table], list[Table]]:
    """Tables that face each other, then the old and the new tables left alone.

    Two tables are one when they share most matched rows; the rest is paired in order by equal column headings.
    `key_columns` are headings of columns that name rows.
    """
    old_runs, new_runs = runs(old), runs(new)
    old_table = {index: place for place, run in enumerate(old_runs) for index in range(*run)}
    new_table = {index: place for place, run in enumerate(new_runs) for index in range(*run)}
    votes = Counter((old_table[i], new_table[j]) for i, j in matched if i in old_table and j in new_table)
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for (left, right), _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0])):
        if left not in partner and right not in taken:
            partner[left] = right
            taken.add(right)
    lone = len(old_runs) == len(new_runs) == 1
    for left, run in enumerate(old_runs):
        for right in () if left in partner else range(len(new_runs)):
            if right not in taken and _alike_heads(old[run[1] - 1], new[new_runs[right][1] - 1], lone):
                partner[left] = right
                taken.add(right)
                break
    pairs = []
    for left, right in sorted(partner.items()):
        column = key_column([old[slice(*old_runs[left])], new[slice(*new_runs[right])]], key_columns)
        pairs.append((_table(old_runs[left], column), _table(new_runs[right], column)))
    lone_old = [run for i, run in enumerate(old_runs) if i not in partner]
    lone_new = [run for i, run in enumerate(new_runs) if i not in taken]
    return (
        pairs,
        [_table(run, key_column([old[slice(*run)]], key_columns)) for run in lone_old],
        [_table(run, key_column([new[slice(*run)]], key_columns)) for run in lone_new],
    )


def _table(run: tuple[int, int], column: int) -> Table:
    return Table(start=run[0], end=run[1], key_column=column)


def _alike_heads(old: Block, new: Block, lone: bool) -> bool:
    """Whether two rows may be of one table: they have the same first heading and width, or there is no other table."""
    same = bool(old.columns) and old.columns[:1] == new.columns[:1] and len(old.columns) == len(new.columns)
    return same or lone


def key_column(tables: Sequence[Sequence[Block]], headings: Collection[str] = ()) -> int:
    """The column that names the rows of `tables`, or -1: one under a heading of `headings`, of the leaves of a JSON
    document their path, else the first one whose non-empty values are nearly unique in every table.
    """
    wanted = {_plain(heading) for heading in headings}
    for rows in tables if wanted else ():
        for column, heading in enumerate(_headings(rows)):
            if _plain(heading) in wanted:
                return column
    if all(rows[-1].columns == LEAF_COLUMNS for rows in tables):
        return LEAF_COLUMNS.index("path")
    width = min((max((len(row.cells) for row in rows), default=0) for rows in tables), default=0)
    for column in range(width):
        if all(_names_rows([_cell(row, column) for row in rows]) for rows in tables):
            return column
    return -1


def table_headings(blocks: Sequence[Block]) -> list[tuple[str, ...]]:
    """The column headings of each table, those of its first row where it has no others."""
    return [_headings(blocks[slice(*run)]) for run in runs(blocks)]


def _headings(rows: Sequence[Block]) -> tuple[str, ...]:
    return rows[-1].columns or rows[0].cells


def _plain(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _names_rows(values: Sequence[str]) -> bool:
    filled = [value for value in values if value]
    return bool(filled) and len(filled) >= FILLED_SHARE * len(values) and len(set(filled)) >= UNIQUE_SHARE * len(filled)


def _cell(row: Block, column: int) -> str:
    return row.cells[column] if 0 <= column < len(row.cells) else ""


def row_key(row: Block, column: int) -> str:
    """The text that names the row: its cell in the key column, "" when the table has no such column."""
    return _cell(row, column)


def pair_rows(
    old: Sequence[Block],
    new: Sequence[Block],
    tables: tuple[Table, Table],
    free_old: Collection[int],
    free_new: Collection[int],
) -> list[tuple[int, int]]:
    """Pairs of unmatched rows (as Block indexes) that are the same row: by key, by State, by all cells but the key."""
    left, right = tables
    old_rows = [index for index in range(left.start, left.end) if index in free_old]
    new_rows = [index for index in range(right.start, right.end) if index in free_new]
    column = left.key_column
    pairs: list[tuple[int, int]] = []
    both_changed = old_rows[:1] == [left.start] and new_rows[:1] == [right.start]
    if both_changed and _has_heading_row(old, left) and _has_heading_row(new, right):
        pairs.append((old_rows.pop(0), new_rows.pop(0)))
    if column < 0:
        return pairs
    place = _once((row_key(new[index], column), index) for index in new_rows)
    named = _once((row_key(old[index], column), index) for index in old_rows)
    by_key = [(index, place[key]) for key, index in named.items() if key and key in place]
    by_key += _by_state(
        old, new, column, set(old_rows) - {i for i, _ in by_key}, set(new_rows) - {j for _, j in by_key}
    )
    pairs += by_key
    used_old, used_new = {i for i, _ in by_key}, {j for _, j in by_key}
    return pairs + _renamed(
        old, new, column, [i for i in old_rows if i not in used_old], [j for j in new_rows if j not in used_new]
    )


def _by_state(
    old: Sequence[Block], new: Sequence[Block], column: int, old_rows: Collection[int], new_rows: Collection[int]
) -> list[tuple[int, int]]:
    """Rows whose keys are two names of one State that stands once on both sides."""
    if max(len(old_rows), len(new_rows)) > MAX_STATE_ROWS:
        return []
    left = _once((subject_of(row_key(old[index], column)) or "", index) for index in sorted(old_rows))
    right = _once((subject_of(row_key(new[index], column)) or "", index) for index in sorted(new_rows))
    return [(index, right[state]) for state, index in left.items() if state and state in right]


def _has_heading_row(blocks: Sequence[Block], table: Table) -> bool:
    first = blocks[table.start]
    return not first.columns and table.end - table.start > 1 and blocks[table.start + 1].columns == first.cells


def _once(entries: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The entries whose key stands once."""
    found: dict[str, list[int]] = {}
    for key, index in entries:
        found.setdefault(key, []).append(index)
    return {key: indexes[0] for key, indexes in found.items() if len(indexes) == 1}


def _renamed(
    old: Sequence[Block], new: Sequence[Block], column: int, old_rows: Sequence[int], new_rows: Sequence[int]
) -> list[tuple[int, int]]:
    """Rows with another key and the same other cells. Several candidates: the most alike keys, and only alike ones."""
    old_twins: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    new_twins: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for index in old_rows:
        old_twins[_others(old[index], column)].append(index)
    for index in new_rows:
        new_twins[_others(new[index], column)].append(index)
    pairs: list[tuple[int, int]] = []
    for others, lefts in old_twins.items():
        rights = new_twins.get(others, [])
        if not rights:
            continue
        certain = any(others) and len(lefts) == len(rights) == 1
        scored = sorted(
            (-fuzz.ratio(row_key(old[i], column), row_key(new[j], column)), i, j)
            for i in lefts[:MAX_TWINS]
            for j in rights[:MAX_TWINS]
        )
        used: set[tuple[str, int]] = set()
        for score, i, j in scored:
            if (certain or -score >= KEY_LIKENESS) and ("old", i) not in used and ("new", j) not in used:
                used |= {("old", i), ("new", j)}
                pairs.append((i, j))
    return pairs


def _others(row: Block, column: int) -> tuple[str, ...]:
    cells = [cell for place, cell in enumerate(row.cells) if place != column]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def row_words(old: Block, new: Block, effort: Effort) -> tuple[WordEdit, ...]:
    """Word edits of a row, cell by cell, so that a value that changed its column is told even if the text is equal.

    Rows of another width, or whose text is not their cells joined, are compared as texts.
    """
    if len(old.cells) != len(new.cells) or not (_is_joined(old) and _is_joined(new)):
        return bounded_word_edits(old.text, new.text, effort)
    edits: list[WordEdit] = []
    old_begun = new_begun = False
    for old_cell, new_cell in zip(old.cells, new.cells, strict=True):
        before_old = SEPARATOR if old_cell and old_begun else ""
        before_new = SEPARATOR if new_cell and new_begun else ""
        if before_old and before_new:
            edits.append(WordEdit(op=WordOp.KEPT, text=SEPARATOR))
            before_old = before_new = ""
        if old_cell == new_cell and not before_old and not before_new:
            edits += [WordEdit(op=WordOp.KEPT, text=old_cell)] if old_cell else []
        elif old_cell and new_cell and not before_old and not before_new:
            edits += bounded_word_edits(old_cell, new_cell, effort)
        else:
            edits += [WordEdit(op=WordOp.DELETED, text=before_old + old_cell)] if old_cell else []
            edits += [WordEdit(op=WordOp.INSERTED, text=before_new + new_cell)] if new_cell else []
        old_begun, new_begun = old_begun or bool(old_cell), new_begun or bool(new_cell)
    return _joined(edits)


def _is_joined(row: Block) -> bool:
    return row.text == SEPARATOR.join(cell for cell in row.cells if cell)


def _joined(edits: Sequence[WordEdit]) -> tuple[WordEdit, ...]:
    """Neighbours of one kind as one edit."""
    found: list[WordEdit] = []
    for edit in edits:
        if found and found[-1].op is edit.op:
            found[-1] = WordEdit(op=edit.op, text=found[-1].text + edit.text)
        else:
            found.append(edit)
    return tuple(found)
