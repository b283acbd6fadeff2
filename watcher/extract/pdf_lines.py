"""The text layer of a PDF page as lines with their places, read by PDFium."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

CUT_WORD = "\ufffe"
"""What PDFium puts in place of a hyphen at a line's end together with the line break."""

_LINE_END = re.compile(rf"\r?\n|{CUT_WORD}|\Z")
_DIGITS_AFTER_WORD = re.compile(r"(?<=[^\s\[(/])\d+")
_BLANKS = re.compile(r"\s+")
_RAISED_SHARE = 0.85
_RAISED_BY = 0.1
_WIDE_GAP = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Words of a line without a wide gap between them; edges in points."""

    text: str
    left: float
    right: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of text on page `page` (from 0). The box, font `size` and page height are in points, y upwards.

    `pieces` are its parts between gaps wider than a letter is high, empty when there is no such gap.
    """

    text: str
    page: int
    left: float
    right: float
    bottom: float
    top: float
    size: float
    page_height: float
    pieces: tuple[Piece, ...] = ()

    @property
    def parts(self) -> tuple[Piece, ...]:
        """The pieces; the whole line as one where it has no wide gap."""
        return self.pieces or (Piece(text=self.text, left=self.left, right=self.right),)


class _Box(NamedTuple):
    """A character's box in points, as high as its font; all zero when PDFium knows none."""

    left: float
    bottom: float
    right: float
    top: float


def page_lines(page: Any, number: int) -> list[Line]:
    """The lines of one page in the order in which they are drawn, in points from the page's lower left corner."""
    height = page.get_height()
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_range()
        lines = []
        start = 0
        for match in _LINE_END.finditer(text):
            content = text[start : match.start()]
            line = _line(text_page, content, start, number, height)
            if line is not None:
                cut = match[0] == CUT_WORD
                lines.append(_hyphened(line) if cut else line)
            start = match.end()
        return lines
    finally:
        text_page.close()


def _hyphened(line: Line) -> Line:
    last = tuple(replace(piece, text=piece.text + "-") for piece in line.pieces[-1:])
    return replace(line, text=line.text + "-", pieces=line.pieces[:-1] + last)


def _line(text_page: Any, content: str, start: int, page: int, page_height: float) -> Line | None:
    """One line with its box and font size; `start` counts characters in the page's text."""
    seen = [place for place, char in enumerate(content) if not char.isspace()]
    if not seen:
        return None
    left = _box(text_page, start + seen[0])
    right = _box(text_page, start + seen[-1])
    bottom, top = min(left.bottom, right.bottom), max(left.top, right.top)
    size = round(max(left.top - left.bottom, right.top - right.bottom), 1)
    pieces = _pieces(text_page, content, start, seen[-1], bottom, size)
    text = " ".join(piece.text for piece in pieces)
    return Line(
        text=text,
        page=page,
        left=min(left.left, right.left),
        right=max(left.right, right.right),
        bottom=bottom,
        top=top,
        size=size,
        page_height=page_height,
        pieces=tuple(pieces) if len(pieces) > 1 else (),
    )


def _pieces(text_page: Any, content: str, start: int, last: int, bottom: float, size: float) -> Sequence[Piece]:
    """The parts of a line between its wide gaps."""
    cuts: list[tuple[int, int]] = []
    for blank in _BLANKS.finditer(content, 0, last):
        if blank.start() == 0:
            continue
        before, after = _box(text_page, start + blank.start() - 1), _box(text_page, start + blank.end())
        if after.left - before.right > _WIDE_GAP * size > 0:
            cuts.append(blank.span())
    ends = [*(first for first, _ in cuts), last + 1]
    begins = [len(content) - len(content.lstrip()), *(second for _, second in cuts)]
    pieces = []
    for begin, end in zip(begins, ends, strict=True):
        first, final = _box(text_page, start + begin), _box(text_page, start + end - 1)
        text = _with_references(text_page, content[begin:end], start + begin, bottom, size)
        pieces.append(Piece(text=text, left=min(first.left, final.left), right=max(first.right, final.right)))
    return pieces


def _with_references(text_page: Any, content: str, start: int, bottom: float, size: float) -> str:
    """The words with raised small numbers after one, which refer to notes, set in brackets."""
    pieces: list[str] = []
    done = 0
    for match in _DIGITS_AFTER_WORD.finditer(content):
        boxes = [_box(text_page, start + place) for place in range(*match.span())]
        raised = [
            box.top - box.bottom < size * _RAISED_SHARE and box.bottom > bottom + size * _RAISED_BY for box in boxes
        ]
        if True not in raised:
            continue
        first = match.start() + raised.index(True)
        if all(raised[first - match.start() :]) and match.end() - first <= 3:
            pieces += [content[done:first], "[", content[first : match.end()], "]"]
            done = match.end()
    return "".join([*pieces, content[done:]])


def _box(text_page: Any, text_index: int) -> _Box:
    import pypdfium2.raw as pdfium

    rectangle = pdfium.FS_RECTF()
    index = pdfium.FPDFText_GetCharIndexFromTextIndex(text_page, text_index)
    if not pdfium.FPDFText_GetLooseCharBox(text_page, index, rectangle):
        return _Box(0.0, 0.0, 0.0, 0.0)
    low, high = sorted((float(rectangle.bottom), float(rectangle.top)))
    return _Box(float(rectangle.left), low, float(rectangle.right), high)
