"""HTML tables: telling data from layout, and reading data as rows of cells under column headings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborNode

from watcher.extract.html_tags import INVISIBLE, is_hidden
from watcher.extract.limits import MAX_CELLS, MAX_NODES, MAX_TABLE_SPAN, refuse
from watcher.extract.reading import row
from watcher.model.document import Block, Link

_LONG_CELL = 1500
_LAYOUT_CONTENT = frozenset({"h1", "h2", "h3", "h4", "form", "hr", "article", "main", "nav", "header", "footer"})

ReadCell = Callable[[LexborNode], tuple[str, tuple[Link, ...]]]


@dataclass(kw_only=True, slots=True)
class _Row:
    cells: list[LexborNode] = field(default_factory=list)
    in_head: bool = False
    all_headings: bool = True


@dataclass(kw_only=True, slots=True)
class TableShape:
    """The visible rows of one table that holds no other table."""

    rows: list[_Row] = field(default_factory=list)
    captions: list[LexborNode] = field(default_factory=list)
    has_headings: bool = False
    has_layout_content: bool = False


def data_table(table: LexborNode) -> TableShape | None:
    """The shape of a table that holds data, None for one that only places things on the page.

    A table with another one inside, with a single row or column, with a presentation role, or whose cells are
    long texts without column headings is layout: its content is read as paragraphs.
    """
    if table.attributes.get("role") in ("presentation", "none"):
        return None
    shape = _shape(table)
    if shape is None:
        return None
    rows = [each for each in shape.rows if each.cells]
    columns = max((len(each.cells) for each in rows), default=0)
    if columns < 2 or (len(rows) < 2 and not shape.has_headings):
        return None
    if shape.has_headings:
        return shape
    return None if shape.has_layout_content or _reads_as_layout(rows) else shape


def _reads_as_layout(rows: list[_Row]) -> bool:
    filled_rows = 0
    for each in rows:
        lengths = [len(cell.text(deep=True).strip()) for cell in each.cells]
        if max(lengths) > _LONG_CELL:
            return True
        filled_rows += sum(length > 0 for length in lengths) >= 2
    return filled_rows < 2 or filled_rows * 2 < len(rows)


def _shape(table: LexborNode) -> TableShape | None:
    """Rows and cells by one walk without recursion that ends at the first table inside."""
    shape = TableShape()
    in_head = False
    nodes = 0
    stack: list[LexborNode] = []
    node = table.first_child
    while node is not None or stack:
        nodes += node is not None
        if nodes > MAX_NODES:
            refuse("the table", found=f"over {MAX_NODES}", limit=MAX_NODES, unit="nodes")
        if node is None:
            left = stack.pop()
            in_head = in_head and left.tag != "thead"
            node = left.next
            continue
        tag = node.tag or ""
        if tag == "table":
            return None
        inside = tag != "-text" and tag not in INVISIBLE
        if inside:
            attributes = node.attributes
            inside = not (attributes or tag == "dialog") or not is_hidden(tag, attributes)
        if inside:
            in_head = in_head or tag == "thead"
            _note_element(shape, tag, node, in_head=in_head)
        child = node.first_child if inside else None
        if child is not None and child.next is None and child.tag == "-text":
            nodes += 1
            child = None
        if child is not None:
            stack.append(node)
            node = child
        else:
            node = node.next
    return shape


def _note_element(shape: TableShape, tag: str, node: LexborNode, *, in_head: bool) -> None:
    if tag == "tr":
        shape.rows.append(_Row(in_head=in_head))
    elif tag in ("td", "th") and shape.rows:
        shape.rows[-1].cells.append(node)
        if tag == "th":
            shape.has_headings = True
        else:
            shape.rows[-1].all_headings = False
    elif tag == "caption":
        shape.captions.append(node)
        shape.has_headings = True
    elif tag in _LAYOUT_CONTENT:
        shape.has_layout_content = True


def table_blocks(shape: TableShape, read_cell: ReadCell) -> Iterator[Block]:
    """TABLE_ROW Blocks in order, heading rows first as rows of their own.

    A cell that spans rows is repeated in each, so that every row can be read alone; one that spans columns fills
    the first and leaves the others empty. Headings over several rows are joined with " / ".
    """
    headings: list[str] = []
    carried: dict[int, tuple[int, str]] = {}
    columns: tuple[str, ...] = ()
    still_heading = True
    count = 0
    for place, each in enumerate(shape.rows):
        cells, links, spans = _expand(each, carried, read_cell)
        still_heading = still_heading and bool(each.cells) and _is_heading_row(each, first=place == 0, shape=shape)
        if still_heading:
            headings = _join_headings(headings, _spread(cells, spans))
            columns = tuple(headings) if any(headings) else ()
            block = row(cells)
        else:
            width = max(len(cells), len(headings))
            block = row(_padded(cells, width), columns if len(columns) in (0, width) else _padded(headings, width))
        count += len(cells) if block is None else len(block.cells)
        if count > MAX_CELLS:
            refuse("the table", found=f"over {MAX_CELLS}", limit=MAX_CELLS, unit="cells")
        if block is not None:
            yield replace(block, links=links) if links else block


def _is_heading_row(each: _Row, *, first: bool, shape: TableShape) -> bool:
    if each.in_head or (each.all_headings and len(each.cells) > 1):
        return True
    return first and not shape.has_headings and len(shape.rows) > 1 and all(_is_bold(cell) for cell in each.cells)


def _is_bold(cell: LexborNode) -> bool:
    """True when the whole text of a cell is one bold element."""
    node, wanted = cell, cell.text(deep=True).split()
    for _ in range(6):
        inner = next((child for child in node.iter() if child.text(deep=True).split() == wanted), None)
        if inner is None:
            return False
        if inner.tag in ("b", "strong"):
            return bool(wanted)
        node = inner
    return False


def _expand(
    each: _Row, carried: dict[int, tuple[int, str]], read_cell: ReadCell
) -> tuple[list[str], tuple[Link, ...], list[int]]:
    """Cell texts by column, their links, and how many columns each text covers (0 for the covered ones)."""
    cells: list[str] = []
    links: list[Link] = []
    spans: list[int] = []

    def take_carried() -> None:
        while len(cells) in carried:
            column = len(cells)
            left, text = carried.pop(column)
            if left > 1:
                carried[column] = (left - 1, text)
            cells.append(text)
            spans.append(1)

    for node in each.cells:
        if carried:
            take_carried()
        attributes = node.attributes
        text, found = read_cell(node)
        links.extend(found)
        if not attributes:
            cells.append(text)
            spans.append(1)
            continue
        columns, rows = _span(attributes.get("colspan")), _span(attributes.get("rowspan"))
        for offset in range(columns):
            if rows > 1:
                carried[len(cells)] = (rows - 1, text if offset == 0 else "")
            cells.append(text if offset == 0 else "")
            spans.append(columns if offset == 0 else 0)
    take_carried()
    return cells, tuple(links), spans


def _span(value: str | None) -> int:
    value = (value or "").strip()
    return min(MAX_TABLE_SPAN, max(1, int(value))) if value.isascii() and value.isdigit() and len(value) < 9 else 1


def _spread(cells: list[str], spans: list[int]) -> list[str]:
    """Heading texts with those that cover several columns repeated over each."""
    spread: list[str] = []
    for text, span in zip(cells, spans, strict=True):
        spread.append(text if span or not spread else spread[-1])
    return spread


def _join_headings(upper: list[str], lower: list[str]) -> list[str]:
    width = max(len(upper), len(lower))
    pairs = zip(_padded(upper, width), _padded(lower, width), strict=True)
    return [a if not b or a == b else (f"{a} / {b}" if a else b) for a, b in pairs]


def _padded(cells: list[str], width: int) -> list[str]:
    return cells + [""] * (width - len(cells))
