"""What a Hunk says beyond its words: which cells of a table row changed, and which links lead elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from watcher.diff.links import leads_to, places
from watcher.diff.tables import runs
from watcher.model.change import CellEdit, LinkEdit
from watcher.model.document import Block, BlockKind, Link

# A Block with more links than this is a list of links; what else changed in it is told by its words.
MAX_LINKS = 50
FEWEST_COUNTED = 3


def cell_edits(old: Block | None, new: Block | None) -> tuple[CellEdit, ...]:
    """The cells in which two states of a table row differ, in the order of its columns; None is no row.

    Cells are told apart by the headings of their columns, or by place where these do not name them. () for Blocks
    that are no rows, and for rows of another width without headings.
    """
    rows = [row for row in (old, new) if row is not None]
    if not rows or any(row.kind is not BlockKind.TABLE_ROW for row in rows):
        return ()
    if old is None or new is None:
        return tuple(
            CellEdit(column=column, old=cell if new is None else "", new=cell if old is None else "")
            for column, cell in _named(rows[0])
            if cell
        )
    if old.columns != new.columns and _has_plain_columns(old) and _has_plain_columns(new):
        before, after = dict(_named(old)), dict(_named(new))
        columns: Iterable[str] = dict.fromkeys((*new.columns, *old.columns))
        pairs = [(column, before.get(column, ""), after.get(column, "")) for column in columns]
    elif len(old.cells) == len(new.cells):
        pairs = [(column, was, cell) for was, (column, cell) in zip(old.cells, _named(new), strict=True)]
    else:
        return ()
    return tuple(CellEdit(column=column, old=was, new=now) for column, was, now in pairs if was != now)


def running_columns(blocks: Sequence[Block]) -> dict[int, frozenset[str]]:
    """For each table row the headings (or numbers) of its columns that count the rows: 1, 2, 3 … down the table."""
    found: dict[int, frozenset[str]] = {}
    for start, end in runs(blocks):
        headed = any(block.columns for block in blocks[start:end])
        rows = [place for place in range(start, end) if blocks[place].columns or not headed]
        begun = [_named(blocks[place]) for place in rows[:FEWEST_COUNTED]]
        columns = _counting(begun, range(min(map(len, begun), default=0)))
        if columns:
            named = [_named(blocks[place]) for place in rows]
            columns = _counting(named, [column for column in columns if column < min(map(len, named))])
        counting = frozenset(begun[0][column][0] for column in columns)
        if counting:
            found |= dict.fromkeys(rows, counting)
    return found


def _counting(rows: Sequence[Sequence[tuple[str, str]]], columns: Iterable[int]) -> list[int]:
    return [column for column in columns if _counts([row[column][1] for row in rows])]


def _counts(cells: Sequence[str]) -> bool:
    """Whether cells are the numbers from 0 or 1 on, in order, with or without a full stop."""
    numbers = [cell.strip().rstrip(".") for cell in cells]
    if len(numbers) < FEWEST_COUNTED or not all(number.isascii() and number.isdigit() for number in numbers):
        return False
    first = int(numbers[0][:9])
    return first in (0, 1) and numbers == [str(first + place) for place in range(len(numbers))]


def link_edits(old: Sequence[Link], new: Sequence[Link]) -> tuple[LinkEdit, ...]:
    """The links of one Block that lead elsewhere, come or go; those with the same words are paired, then in order.

    () when all lead where they led, whatever their order and however their addresses are written. At most
    MAX_LINKS a side.
    """
    if old == new or Counter(places(old)) == Counter(places(new)):
        return ()
    gone, come = _beyond(old, new)[:MAX_LINKS], _beyond(new, old)[:MAX_LINKS]
    found: list[LinkEdit] = []
    for text, target in gone.copy():
        same = next((link for link in come if link[0] == text), None)
        if same is not None:
            gone.remove((text, target))
            come.remove(same)
            found.append(LinkEdit(text=text, old=target, new=same[1]))
    for before, after in zip_longest(gone, come, fillvalue=("", "")):
        found.append(LinkEdit(text=after[0] or before[0], old=before[1], new=after[1]))
    return tuple(found)


def _beyond(links: Iterable[Link], others: Iterable[Link]) -> list[tuple[str, str]]:
    """(words, place) of the links that lead where not so many of `others` lead."""
    left = Counter(places(others))
    found = []
    for link in links:
        place = leads_to(link.target)
        if left[place]:
            left[place] -= 1
        else:
            found.append((link.text, place))
    return found


def _named(row: Block) -> list[tuple[str, str]]:
    """(heading or number of its column, cell) of a row."""
    columns = row.columns if len(row.columns) == len(row.cells) else ()
    return [
        (columns[place] if columns and columns[place] else str(place + 1), cell) for place, cell in enumerate(row.cells)
    ]


def _has_plain_columns(row: Block) -> bool:
    return len(row.columns) == len(row.cells) == len(set(row.columns))
