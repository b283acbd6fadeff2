"""Lines on pages -> Blocks: running heads labelled, hyphenated words joined, lines gathered into paragraphs. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from watcher.extract.reading import fold
from watcher.model.document import Block, BlockKind

_EDGE = 0.17
_EDGE_LINES = 3
_HEADINGS_SHARE = 0.4
_HYPHENS = ("-", "\u2010", "\u00ad")
_PAGE_NUMBER = re.compile(
    r"(?:(?:page|página|стр\.?|p\.)\s*+)?[-\u2013\u2014\[(|/]?\s*+(?:\d{1,4}|[ivxlc]{1,7})\s*+[-\u2013\u2014\])|]?"
    r"(?:\s*+(?:/|of|de|sur|из)\s*+\d{1,4})?",
    re.IGNORECASE,
)
_LIST_START = re.compile(
    r"[\u2022\u2023\u25aa\u25cf\u25e6\u25a0\u2219\uf0b7\u00b7*]\s|[\u2013\u2014-]\s|"
    r"\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]\s",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[\u2022\u2023\u25aa\u25cf\u25e6\u25a0\u2219\uf0b7]\s*")
_NOTE_START = re.compile(r"\[?(\d{1,3})\]?\s*(?=[^\s\d.,)])")
_SENTENCE_END = (".", "!", "?", ":", ";", "\u201d", '"', ")", "\u00bb", "\u3002", "\u061f")
_SHORT_LINE = 0.75
_HEADING_LENGTH = 160
_LONGEST_WORD = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of text on page `page` (from 0). The box, font `size` and page height are in points, y upwards."""

    text: str
    page: int
    left: float
    right: float
    bottom: float
    top: float
    size: float
    page_height: float


def lay_out(pages: Sequence[Sequence[Line]]) -> list[Block]:
    """Blocks of all pages in reading order. A paragraph that a page break cuts is one Block."""
    running = _running_lines(pages)
    lines = [line for page in pages for line in page]
    body = _body_size(line for line in lines if line not in running)
    words = {word for line in lines for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", line.text.lower())}
    blocks: list[Block] = []
    open_lines: list[Line] = []
    width = _column_width(lines)
    held: list[Block] = []

    def close() -> None:
        if open_lines:
            block = _block(open_lines, body, words)
            if block is not None:
                blocks.append(block)
            open_lines.clear()
        blocks.extend(held)
        held.clear()

    for line in lines:
        if line in running:
            text = fold(_clean(line.text))
            if text:
                held.append(Block(kind=BlockKind.PARAGRAPH, text=text, boilerplate=True))
            continue
        if open_lines and _starts_paragraph(open_lines, line, width, body):
            close()
        open_lines.append(line)
    close()
    in_headings = sum(len(block.text) for block in blocks if block.kind is BlockKind.HEADING)
    if in_headings > _HEADINGS_SHARE * sum(len(block.text) for block in blocks):
        return [replace(block, kind=BlockKind.PARAGRAPH, level=0) for block in blocks]
    return blocks


def _running_lines(pages: Sequence[Sequence[Line]]) -> frozenset[Line]:
    """Lines at the top or bottom edge that are page numbers, or that come back on other pages but for their digits."""
    edges = [line for page in pages for line in _edge_lines(page)]
    pages_with = Counter(shape for _, shape in {(line.page, _shape(line)) for line in edges})
    wanted = 2 if len(pages) < 6 else 3
    return frozenset(
        line for line in edges if pages_with[_shape(line)] >= wanted or _PAGE_NUMBER.fullmatch(fold(line.text))
    )


def _edge_lines(page: Sequence[Line]) -> list[Line]:
    """The uppermost and lowest lines of a page that lie near its edges."""
    by_height = sorted(page, key=lambda line: -line.top)
    upper = [line for line in by_height[:_EDGE_LINES] if line.top > line.page_height * (1 - _EDGE)]
    lower = [line for line in by_height[-_EDGE_LINES:] if line.bottom < line.page_height * _EDGE]
    return upper + lower


def _shape(line: Line) -> str:
    return re.sub(r"\d+", "#", fold(line.text).lower())


def _body_size(lines: Iterable[Line]) -> float:
    """The font size that most characters have."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _column_width(lines: Sequence[Line]) -> float:
    """The width of a full line: the median of the wider half of them."""
    widths = sorted(line.right - line.left for line in lines)
    return median(widths[len(widths) // 2 :]) if widths else 0.0


def _starts_paragraph(open_lines: Sequence[Line], line: Line, width: float, body: float) -> bool:
    previous = open_lines[-1]
    if _continues_row(previous, line):
        return False
    if abs(previous.size - line.size) > 0.15 * max(previous.size, line.size):
        return True
    text, before = line.text.strip(), previous.text.rstrip()
    if _LIST_START.match(text) or (_is_note_size(line, body) and _NOTE_START.match(text)):
        return True
    if line.page != previous.page:
        return before.endswith(_SENTENCE_END) or not (text[:1].islower() or before.endswith(_HYPHENS))
    if line.bottom > previous.bottom - 0.4 * line.size:
        return before.endswith(_SENTENCE_END) or not text[:1].islower()
    height = max(previous.top - previous.bottom, 1.0)
    pitch = open_lines[-2].bottom - previous.bottom if len(open_lines) > 1 else 0.0
    if previous.bottom - line.bottom > (max(pitch, height) * 1.25 if pitch > 0 else height * 1.6):
        return True
    if len(open_lines) > 1 and line.left > open_lines[-1].left + line.size * 0.8 and before.endswith(_SENTENCE_END):
        return True
    ends_early = previous.right - previous.left < _SHORT_LINE * width
    return ends_early and not text[:1].islower()


def _continues_row(previous: Line, line: Line) -> bool:
    """True for a piece of text just right of the last one, such as a raised sign or a change of font."""
    if line.page != previous.page:
        return False
    overlap = min(previous.top, line.top) - max(previous.bottom, line.bottom)
    gap = line.left - previous.right
    return overlap > 0.4 * min(previous.size, line.size) and -1.0 <= gap < 1.5 * max(previous.size, line.size)


def _is_note_size(line: Line, body: float) -> bool:
    return 0 < line.size < body * 0.93


def _block(lines: Sequence[Line], body: float, words: set[str]) -> Block | None:
    text = fold(_joined([_clean(line.text) for line in lines], words))
    if not text:
        return None
    first = lines[0]
    note = _NOTE_START.match(text) if _is_note_size(first, body) else None
    if note and first.bottom < first.page_height * 0.6:
        return Block(kind=BlockKind.FOOTNOTE, text=f"[{note[1]}] {text[note.end() :]}", anchor=note[1])
    is_large = body > 0 and first.size >= body * 1.12
    if is_large and len(text) <= _HEADING_LENGTH and re.search(r"[^\W\d_]", text):
        return Block(kind=BlockKind.HEADING, text=text, level=_level(first.size / body))
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
    text = ""
    for line in lines:
        part = line.strip()
        cut = re.search(r"(?<![^\W\d_])([^\W\d_]++)[-\u2010\u00ad]$", text[-_LONGEST_WORD:])
        rest = re.match(r"[^\W\d_]+", part)
        if cut and rest:
            whole, hyphened = (cut[1] + rest[0]).lower(), f"{cut[1]}-{rest[0]}".lower()
            keeps = not part[0].islower() or (hyphened in words and whole not in words)
            text = text + part if keeps else text[:-1] + part
        else:
            text = f"{text} {part}" if text else part
    return text
