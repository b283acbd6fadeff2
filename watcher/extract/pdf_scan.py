"""Pages of a PDF that are pictures of text: rendered grey and read by OCR."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

from watcher.extract.ocr import MAX_OCR_PAGES, Engine, Picture, Reader
from watcher.extract.pdf_lines import Line

if TYPE_CHECKING:
    import pypdfium2

_DOTS_PER_POINT = 200 / 72
_MAXIMUM_DOTS = 8_000_000
_WHITE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Scans:
    """Lines by page (from 0) that OCR found, pages that are blank, and pages that were too many to be read."""

    lines: dict[int, list[Line]]
    blank: tuple[int, ...]
    left: tuple[int, ...]


def read_scans(document: pypdfium2.PdfDocument, pages: Sequence[int], engine: Engine, *, size: float) -> Scans:
    """What OCR reads on the given pages. All lines get one type `size`; the usual one where it is 0.

    ExtractError `timed_out` or `damaged` as `Reader` raises them.
    """
    import pypdfium2

    reader = Reader(engine)
    found: dict[int, list[Line]] = {}
    blank: list[int] = []
    left: list[int] = []
    for number in pages:
        if len(found) == MAX_OCR_PAGES:
            left.append(number)
            continue
        try:
            page = document[number]
            try:
                picture = _picture(page, number)
            finally:
                page.close()
        except pypdfium2.PdfiumError:
            picture = None
        if picture is None:
            blank.append(number)
            continue
        found[number] = reader.read(picture)
    sizes = [line.size for lines in found.values() for line in lines]
    size = size or (median(sizes) if sizes else 0.0)
    sized = {number: [replace(line, size=size) for line in lines] for number, lines in found.items()}
    return Scans(lines=sized, blank=tuple(blank), left=tuple(left))


def _picture(page: Any, number: int) -> Picture | None:
    """A page as a picture, None when nothing dark is on it."""
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        return None
    scale = min(_DOTS_PER_POINT, math.sqrt(_MAXIMUM_DOTS / (width * height)))
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        dots = bytes(bitmap.buffer)
        rows = [dots[at * bitmap.stride : at * bitmap.stride + bitmap.width] for at in range(bitmap.height)]
        head = f"P5 {bitmap.width} {bitmap.height} 255\n".encode()
    finally:
        bitmap.close()
    grey = b"".join(rows)
    if not grey or min(grey) > _WHITE:
        return None
    return Picture(data=head + grey, page=number, scale=scale)
