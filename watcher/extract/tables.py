"""Rows of cells from CSV files and spreadsheets -> TABLE_ROW Blocks under the headings of their first row."""

from __future__ import annotations

import re
from collections.abc import Iterable

from watcher.extract.limits import MAX_CELLS, MAX_PADDED_CELLS, refuse
from watcher.extract.reading import fold, paragraph, row
from watcher.model.document import Block

_VALUE = re.compile(r"[-+$€£]?[\d.,\s/:%-]+(?:T[\d:.Z+-]+)?")
_HEADING_LENGTH = 200


def rows_as_blocks(rows: Iterable[Iterable[str]]) -> list[Block]:
    """Blocks of one table. Lines of a single cell above a wider table are paragraphs; empty rows go.

    The first row of the table itself gives the column headings when each of its cells is a distinct short text that
    is no number or date; it is a TABLE_ROW too, without headings of its own. ExtractError `too_large` at the limit.
    """
    folded = list(_folded(rows))
    width = max((len(cells) for cells in folded), default=0)
    blocks: list[Block | None] = []
    place = 0
    while width > 1 and place < len(folded) and sum(map(bool, folded[place])) == 1 and folded[place][0]:
        blocks.append(paragraph(folded[place][0]))
        place += 1
    if place == len(folded):
        return [block for block in blocks if block is not None]
    columns: list[str] = []
    if len(folded) - place > 1 and _is_heading(folded[place]):
        columns = folded[place] + [""] * (width - len(folded[place]))
        blocks.append(row(folded[place]))
        place += 1
        if len(columns) * (len(folded) - place) > MAX_PADDED_CELLS:
            found = f"{len(folded) - place} rows under {len(columns)} columns, over {MAX_PADDED_CELLS}"
            refuse("the table", found=found, limit=MAX_PADDED_CELLS, unit="cells")
    blocks.extend(row(cells + [""] * (len(columns) - len(cells)), columns) for cells in folded[place:])
    return [block for block in blocks if block is not None]


def _folded(rows: Iterable[Iterable[str]]) -> Iterable[list[str]]:
    """Folded cells of each row that is not empty, without empty cells at its end."""
    count = 0
    for each in rows:
        cells = [fold(cell) for cell in each]
        while cells and not cells[-1]:
            cells.pop()
        count += len(cells)
        if count > MAX_CELLS:
            refuse("the table", found=f"over {MAX_CELLS}", limit=MAX_CELLS, unit="cells")
        if cells:
            yield cells


def _is_heading(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return (
        len(filled) > 1
        and len(set(filled)) == len(filled)
        and not any(_VALUE.fullmatch(cell) or len(cell) > _HEADING_LENGTH for cell in filled)
    )
