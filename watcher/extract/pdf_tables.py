"""Tables and columns of a page, told by the alignment of words alone: lines drawn around them are not looked at. Pure.

A table is at least three rows, drawn one after the other, whose words part into the same columns. Two columns of
running text that are drawn line by line look like a table of long cells and are read one column after the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from watcher.extract.pdf_lines import Line, Piece

_MINIMUM_ROWS = 3
_FIRST_ROWS = 12
_MOST_ROWS = 200
_HIGHEST_PITCH = 3.5
_PROSE_WORDS = 4
_PROSE_ROWS = 6
_LOWER_SHARE = 0.3
_MARKER = re.compile(r"\W{1,2}|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|(?:[A-Z]\.)?\d{1,3}(?:\.\d{1,3})+\.?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of cell texts, each row as long as the table is wide."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class _Row:
    """Pieces that stand on one line, from left to right as drawn."""

    pieces: list[Piece]
    lines: list[Line]

    @property
    def bottom(self) -> float:
        return min(line.bottom for line in self.lines)

    @property
    def height(self) -> float:
        return max(line.size for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows in a row that part into the columns with these edges."""

    rows: list[_Row]
    columns: list[tuple[float, float]]

    def cells(self, row: _Row) -> list[str]:
        """The words of one row by column."""
        found: list[list[str]] = [[] for _ in self.columns]
        for piece in row.pieces:
            place = next(at for at, (_, right) in enumerate(self.columns) if piece.left < right)
            found[place].append(piece.text)
        return [" ".join(each) for each in found]


def arrange(lines: Sequence[Line]) -> list[Line | Table]:
    """The lines of one page with its tables in their place, and columns that were drawn side by side put in order."""
    rows = _rows(lines)
    arranged: list[Line | Table] = []
    at = 0
    while at < len(rows):
        run = _run(rows, at)
        if run is None:
            arranged.extend(rows[at].lines)
            at += 1
            continue
        if _is_prose(run):
            arranged.extend(line for column in range(len(run.columns)) for line in _column_lines(run, column))
        else:
            arranged.append(Table(rows=tuple(tuple(cells) for cells in _wrapped(run))))
        at += len(run.rows)
    return arranged


def _rows(lines: Sequence[Line]) -> list[_Row]:
    """Lines gathered with those drawn next on the same height and further right."""
    rows: list[_Row] = []
    for line in lines:
        before = rows[-1].lines[-1] if rows else None
        if before is not None and line.left >= before.right + 0.2 * line.size and _same_height(before, line):
            rows[-1].lines.append(line)
            rows[-1].pieces.extend(line.parts)
        else:
            rows.append(_Row(pieces=list(line.parts), lines=[line]))
    return rows


def _same_height(one: Line, other: Line) -> bool:
    overlap = min(one.top, other.top) - max(one.bottom, other.bottom)
    return overlap > 0.6 * min(one.size, other.size)


def _run(rows: Sequence[_Row], start: int) -> _Run | None:
    """The longest table that begins with a row, None when that row begins none."""
    if len(rows[start].pieces) < 2:
        return None
    columns: list[tuple[float, float]] = []
    taken: list[_Row] = []
    full = 0
    for at in range(start, min(len(rows), start + _MOST_ROWS)):
        row = rows[at]
        if taken and not 0 < taken[-1].bottom - row.bottom < _HIGHEST_PITCH * max(row.height, taken[-1].height):
            break
        merged = _merged(columns, row.pieces)
        if merged is None:
            break
        columns = merged
        taken.append(row)
        full += len(row.pieces) > 1
        if len(taken) > _FIRST_ROWS and full * 2 < len(taken):
            return None
    while taken and len(taken[-1].pieces) < 2:
        taken.pop()
    if full < _MINIMUM_ROWS or full < len(taken) / 2:
        return None
    run = _Run(rows=taken, columns=_merged([], [piece for row in taken for piece in row.pieces]) or columns)
    return None if len(run.columns) < 2 or _is_list(run) else run


def _merged(columns: list[tuple[float, float]], pieces: Sequence[Piece]) -> list[tuple[float, float]] | None:
    """The columns widened by one row's pieces; None when a piece would join two columns into one."""
    edges = sorted([*columns, *((piece.left, max(piece.right, piece.left + 0.1)) for piece in pieces)])
    found: list[tuple[float, float]] = []
    for left, right in edges:
        if found and left < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], right))
        else:
            found.append((left, right))
    return None if columns and len(found) < max(2, len(columns)) else found


def _is_list(run: _Run) -> bool:
    """True when the first of two columns holds the marks of a list or the numbers of sections."""
    marks = [cells[0] for cells in map(run.cells, run.rows) if cells[0]]
    marked = sum(_MARKER.fullmatch(mark) is not None for mark in marks)
    return marked * 2 > len(marks) and (len(run.columns) == 2 or "." in "".join(marks))


def _is_prose(run: _Run) -> bool:
    """True for running text in columns: long pieces that go on in small letters on the next line."""
    if len(run.rows) < _PROSE_ROWS:
        return False
    for column in range(len(run.columns)):
        texts = [text for text in (run.cells(row)[column] for row in run.rows) if text]
        lower = sum(text[:1].islower() for text in texts)
        if median(len(text.split()) for text in texts) < _PROSE_WORDS or lower < _LOWER_SHARE * len(texts):
            return False
    return True


def _column_lines(run: _Run, column: int) -> list[Line]:
    """The lines of one column, from the top."""
    left, right = run.columns[column]
    found = []
    for row in run.rows:
        line = row.lines[0]
        inside = [piece for piece in row.pieces if left <= piece.left < right]
        if inside:
            found.append(
                Line(
                    text=" ".join(piece.text for piece in inside),
                    page=line.page,
                    left=inside[0].left,
                    right=inside[-1].right,
                    bottom=row.bottom,
                    top=line.top,
                    size=line.size,
                    page_height=line.page_height,
                )
            )
    return found


def _wrapped(run: _Run) -> list[list[str]]:
    """The rows; one whose every cell goes on in small letters, or after a comma or hyphen, belongs to that above."""
    rows: list[list[str]] = []
    for row in run.rows:
        cells = run.cells(row)
        if rows and all(_goes_on(above, below) for above, below in zip(rows[-1], cells, strict=True)):
            rows[-1] = [f"{above} {below}".strip() for above, below in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return rows


def _goes_on(above: str, below: str) -> bool:
    return not below or (bool(above) and (below[0].islower() or above.endswith((",", "-"))))
