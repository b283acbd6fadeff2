"""Lines on pages -> Blocks that do not depend on where the pages end. Pure.

Page numbers are left out, running heads come once and labelled as boilerplate at the end, notes at the foot of a page
come after the text, words cut at a line's end are joined, and paragraphs and tables go on over page breaks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from watcher.extract.pdf_edges import NOTE_START, find_edges, note_number, split_notes
from watcher.extract.pdf_lines import Line
from watcher.extract.pdf_tables import Table, arrange
from watcher.extract.reading import fold
from watcher.extract.tables import rows_as_blocks
from watcher.model.document import Block, BlockKind

__all__ = ["Layout", "Line", "body_size", "lay_out"]

_HEADINGS_SHARE = 0.4
_HYPHENS = ("-", "\u2010", "\u00ad")
_LIST_START = re.compile(
    r"[\u2022\u2023\u25aa\u25cf\u25e6\u25a0\u2219\uf0b7\u00b7*]\s|[\u2013\u2014-]\s|"
    r"\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]\s",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[\u2022\u2023\u25aa\u25cf\u25e6\u25a0\u2219\uf0b7]\s*")
_CUT_WORD = re.compile(r"(?<![^\W\d_])([^\W\d_]++)[-\u2010\u00ad]$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_LEADER_END = re.compile(r"(?:\.\s?){4}\s*\d{1,4}$")
_SENTENCE_END = (".", "!", "?", ":", ";", "\u201d", '"', ")", "\u00bb", "\u3002", "\u061f")
_HEADING_LENGTH = 160
_LONGEST_WORD = 60
_GUTTER_POINTS = 8
_COLUMN_LINES = 5
_FULL_SHARE = 0.98
_SHORT_LINE = 0.85
_SHORTEST_FULL_LINE = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The Blocks of a document, the number of pages whose number was left out, and the number of tables."""

    blocks: tuple[Block, ...]
    page_numbers: int
    tables: int


@dataclass(frozen=True, slots=True)
class _Measures:
    """What is usual in a document: type size and line distance in points, and its words with those hyphened."""

    body: float
    pitch: float
    words: set[str]


def lay_out(pages: Sequence[Sequence[Line]]) -> Layout:
    """Blocks of all pages in reading order: the text, the notes at the feet of pages, the running heads."""
    edges = find_edges(pages)
    taken = edges.numbers | edges.running
    kept = [
        [line for at, line in enumerate(page) if (number, at) not in taken]
        for number, page in ((page[0].page if page else 0, page) for page in pages)
    ]
    body = body_size(line for page in kept for line in page)
    texts, notes = _without_notes(kept, body)
    items = [item for page in texts for item in arrange(page)]
    lines = [item for item in items if isinstance(item, Line)]
    rooms = _rooms(lines)
    measures = _Measures(body, _pitch(lines, rooms, body), _words(pages))
    blocks: list[Block] = []
    open_lines: list[Line] = []
    tables = 0
    for place, item in enumerate(items):
        before = items[place - 1] if place else None
        if isinstance(item, Table):
            _close(open_lines, blocks, measures)
            if not isinstance(before, Table) or len(before.rows[0]) != len(item.rows[0]):
                tables += 1
                blocks.extend(rows_as_blocks(_joined_rows(items, place)))
            continue
        if open_lines and _starts_paragraph(open_lines, item, rooms, measures):
            _close(open_lines, blocks, measures)
        open_lines.append(item)
    _close(open_lines, blocks, measures)
    blocks = _with_sound_headings(blocks)
    blocks += _note_blocks(notes, measures)
    blocks += [Block(kind=BlockKind.PARAGRAPH, text=_clean(head), boilerplate=True) for head in edges.heads]
    numbered = len({page for page, _ in edges.numbers})
    return Layout(blocks=tuple(block for block in blocks if block.text), page_numbers=numbered, tables=tables)


def _close(open_lines: list[Line], blocks: list[Block], measures: _Measures) -> None:
    block = _block(open_lines, measures) if open_lines else None
    if block is not None:
        blocks.append(block)
    open_lines.clear()


def _with_sound_headings(blocks: list[Block]) -> list[Block]:
    """Headings become paragraphs where they would be much of the text."""
    in_headings = sum(len(block.text) for block in blocks if block.kind is BlockKind.HEADING)
    if in_headings <= _HEADINGS_SHARE * sum(len(block.text) for block in blocks):
        return blocks
    return [
        replace(block, kind=BlockKind.PARAGRAPH, level=0) if block.kind is BlockKind.HEADING else block
        for block in blocks
    ]


def _without_notes(pages: Sequence[list[Line]], body: float) -> tuple[list[list[Line]], list[list[Line]]]:
    """The pages without the notes at their feet, and the lines of each note, put together over page breaks."""
    texts: list[list[Line]] = []
    notes: list[list[Line]] = []
    for page in pages:
        last = note_number(notes[-1][0].text) if notes else 0
        text, found = split_notes(page, body, last=last)
        texts.append(text)
        for note in found:
            if notes and not NOTE_START.match(note[0].text.strip()):
                notes[-1].extend(note)
            else:
                notes.append(note)
    return texts, notes


def _note_blocks(notes: Iterable[Sequence[Line]], measures: _Measures) -> list[Block]:
    blocks = []
    for lines in notes:
        text = fold(_joined([_clean(line.text) for line in lines], measures.words))
        match = NOTE_START.match(text)
        mark = match[1] if match else ""
        rest = text[match.end() :] if match else text
        blocks.append(Block(kind=BlockKind.FOOTNOTE, text=f"[{mark}] {rest}" if mark else rest, anchor=mark))
    return blocks


def _joined_rows(items: Sequence[Line | Table], place: int) -> list[tuple[str, ...]]:
    """The rows of a table and of its parts on the next pages, whose repeated first row is left out."""
    first = items[place]
    rows: list[tuple[str, ...]] = []
    while place < len(items):
        part = items[place]
        if not isinstance(part, Table) or not isinstance(first, Table) or len(part.rows[0]) != len(first.rows[0]):
            break
        repeats = part is not first and part.rows[0] == first.rows[0]
        rows.extend(part.rows[1:] if repeats else part.rows)
        place += 1
    return [tuple(_clean(cell) for cell in row) for row in rows]


def body_size(lines: Iterable[Line]) -> float:
    """The font size that most characters have."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _words(pages: Sequence[Sequence[Line]]) -> set[str]:
    return {
        word for page in pages for line in page for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", line.text.lower())
    }


def _rooms(lines: Sequence[Line]) -> dict[int, float]:
    """How far right each line could have gone, by `id`: the edge of its column on its page."""
    by_page: dict[int, list[Line]] = {}
    for line in lines:
        by_page.setdefault(line.page, []).append(line)
    rooms: dict[int, float] = {}
    for page in by_page.values():
        gutter = _gutter(page)
        left = [line for line in page if line.right <= gutter]
        other = [line for line in page if line.right > gutter]
        for column in (left, other):
            edge = sorted(line.right for line in column)[int(len(column) * _FULL_SHARE)] if column else 0.0
            rooms.update((id(line), edge) for line in column)
    return rooms


def _gutter(page: Sequence[Line]) -> float:
    """The middle of the empty strip between two columns of lines, 0 when the page has one column."""
    first, last = min(line.left for line in page), max(line.right for line in page)
    width = last - first
    if not 0 < width < 20_000:
        return 0.0
    narrow = [line for line in page if line.right - line.left < 0.6 * width]
    covered = [0] * (int(width) + 2)
    for line in narrow:
        covered[int(line.left - first)] += 1
        covered[int(line.right - first) + 1] -= 1
    total, strip, best, at = 0, 0, 0, 0
    for place in range(int(width) + 1):
        total += covered[place]
        strip = strip + 1 if total == 0 else 0
        if strip > best and 0.3 * width < place - strip / 2 < 0.7 * width:
            best, at = strip, place
    gutter = first + at - best / 2
    sides = sum(line.right <= gutter for line in narrow), sum(line.left >= gutter for line in narrow)
    return gutter if best >= _GUTTER_POINTS and min(sides) >= _COLUMN_LINES else 0.0


def _pitch(lines: Sequence[Line], rooms: dict[int, float], body: float) -> float:
    """The distance between the lines of a paragraph that is found most, 0 when none is."""
    found: Counter[float] = Counter()
    for above, below in pairwise(lines):
        if above.page == below.page and above.size == below.size == body and _is_full(above, below, rooms):
            distance = round((above.bottom - below.bottom) * 2) / 2
            if 0.6 * body < distance < 4 * body:
                found[distance] += 1
    return found.most_common(1)[0][0] if found else 0.0


def _is_full(line: Line, following: Line, rooms: dict[int, float]) -> bool:
    """True when the first word of the next line had no room left on this one, which is a long one."""
    if len(line.text) < _SHORTEST_FULL_LINE:
        return False
    text = following.text.strip()
    per_letter = (following.right - following.left) / max(1, len(text))
    word = per_letter * len(text.split(None, 1)[0]) if text else 0.0
    return line.right + word + 0.8 * line.size > rooms[id(line)]


def _starts_paragraph(open_lines: Sequence[Line], line: Line, rooms: dict[int, float], measures: _Measures) -> bool:
    previous = open_lines[-1]
    if _continues_row(previous, line):
        return False
    if abs(previous.size - line.size) > 0.15 * max(previous.size, line.size):
        return True
    text, before = line.text.strip(), previous.text.rstrip()
    if _LIST_START.match(text) or _LEADER_END.search(before[-40:]):
        return True
    is_full = _is_full(previous, line, rooms)
    if line.page != previous.page or line.bottom > previous.bottom - 0.4 * line.size:
        if text[:1].islower() or before.endswith(_HYPHENS):
            return False
        ends = before.endswith(_SENTENCE_END)
        return not is_full or (ends and _is_indented(open_lines, line))
    pitch = open_lines[-2].bottom - previous.bottom if len(open_lines) > 1 else 0.0
    if not 0.6 * line.size < pitch < 4 * line.size:
        pitch = measures.pitch * line.size / measures.body if measures.body else 0.0
    height = max(previous.top - previous.bottom, 1.0)
    if previous.bottom - line.bottom > (max(pitch, height) * 1.25 if pitch > 0 else height * 1.6):
        return True
    if len(open_lines) > 1 and before.endswith(_SENTENCE_END) and _is_indented(open_lines, line):
        return True
    if is_full or text[:1].islower():
        return False
    return before.endswith(_SENTENCE_END) or previous.right - previous.left < _SHORT_LINE * (
        rooms[id(previous)] - previous.left
    )


def _is_indented(open_lines: Sequence[Line], line: Line) -> bool:
    """True for a line further right than the one above it in the same column or, over a break, than its paragraph."""
    previous = open_lines[-1]
    if line.page == previous.page and line.bottom > previous.bottom:
        return False
    return line.left > previous.left + line.size * 0.8


def _continues_row(previous: Line, line: Line) -> bool:
    """True for a piece of text just right of the last one, such as a raised sign or a change of font."""
    if line.page != previous.page:
        return False
    overlap = min(previous.top, line.top) - max(previous.bottom, line.bottom)
    gap = line.left - previous.right
    return overlap > 0.4 * min(previous.size, line.size) and -1.0 <= gap < 1.5 * max(previous.size, line.size)


def _block(lines: Sequence[Line], measures: _Measures) -> Block | None:
    text = fold(_joined([_clean(line.text) for line in lines], measures.words))
    if not text:
        return None
    body, size = measures.body, lines[0].size
    if body > 0 and size >= body * 1.12 and len(text) <= _HEADING_LENGTH and re.search(r"[^\W\d_]", text):
        return Block(kind=BlockKind.HEADING, text=text, level=_level(size / body))
    if _BULLET.match(text):
        return Block(kind=BlockKind.LIST_ITEM, text=text, level=1)
    return Block(kind=BlockKind.PARAGRAPH, text=text)


def _level(ratio: float) -> int:
    return 1 if ratio >= 1.6 else 2 if ratio >= 1.3 else 3


def _clean(text: str) -> str:
    """Text without the control characters that fonts without a mapping leave."""
    return "".join(char for char in text if char.isprintable() or char.isspace())


def _joined(lines: Sequence[str], words: set[str]) -> str:
    """Lines joined with blanks; a word cut by a hyphen is joined unless the document writes it with one elsewhere."""
    pieces: list[str] = []
    for line in lines:
        part = line.strip()
        cut = _CUT_WORD.search(pieces[-1][-_LONGEST_WORD:]) if pieces else None
        rest = _FIRST_WORD.match(part)
        if cut and rest:
            whole, hyphened = (cut[1] + rest[0]).lower(), f"{cut[1]}-{rest[0]}".lower()
            keeps = not part[0].islower() or (hyphened in words and whole not in words)
            pieces[-1] = pieces[-1] + part if keeps else pieces[-1][:-1] + part
        elif part:
            pieces.append(part)
    return " ".join(pieces)
