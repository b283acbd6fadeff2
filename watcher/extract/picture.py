"""Pictures of documents (PNG, JPEG, TIFF ...), such as photographs of letters: read by OCR where it is installed."""

from __future__ import annotations

from itertools import groupby

from watcher.errors import ExtractError
from watcher.extract.ocr import Picture, Reader, find_engine
from watcher.extract.pdf_layout import lay_out
from watcher.extract.reading import Payload, Reading
from watcher.extract.structure import with_structure

_DOTS_PER_POINT = 200 / 72
"""Taken for granted: what pictures say of their own resolution is often wrong."""


def read_picture(payload: Payload) -> Reading:
    """Blocks of all pages of a picture. ExtractError `no_text`, `damaged` or `timed_out`."""
    engine = find_engine()
    if engine is None:
        message = f"the payload is a picture ({payload.media_type}); OCR was not done"
        raise ExtractError(message, code="no_text")
    lines = Reader(engine).read(Picture(data=payload.data, page=0, scale=_DOTS_PER_POINT))
    blocks = with_structure(lay_out([list(page) for _, page in groupby(lines, key=lambda line: line.page)]).blocks)
    if not blocks:
        message = f"the payload is a picture ({payload.media_type}) in which OCR found no text"
        raise ExtractError(message, code="no_text")
    return Reading(title="", blocks=blocks, notes=(engine.note,))
