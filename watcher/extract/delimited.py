"""CSV and TSV files: one row, one TABLE_ROW."""

from __future__ import annotations

import csv
from collections import Counter

from watcher.errors import ExtractError
from watcher.extract.charset import decode
from watcher.extract.reading import Payload, Reading
from watcher.extract.tables import rows_as_blocks

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50


def read_delimited(payload: Payload) -> Reading:
    """Rows with their cells; the delimiter is told from the text. ExtractError `no_text`, `damaged` or `too_large`."""
    text, charset = decode(payload.data, declared=payload.charset, media_type=payload.media_type)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").split("\n")
    try:
        blocks = rows_as_blocks(csv.reader((line + "\n" for line in lines), delimiter=_delimiter(lines)))
    except csv.Error as error:
        raise ExtractError(f"the table cannot be read as delimited text: {error}", code="damaged") from error
    if not blocks:
        raise ExtractError("the table has no cell with text", code="no_text")
    return Reading(title="", blocks=tuple(blocks), charset=charset)


def _delimiter(lines: list[str]) -> str:
    """The sign that splits most lines into the same number of cells, at least two; a comma when none does."""
    sample = [line for line in lines if line.strip()][:_SAMPLE_LINES]
    best, best_score = ",", 0.0
    for sign in _DELIMITERS:
        widths = Counter(len(cells) for cells in csv.reader((line + "\n" for line in sample), delimiter=sign))
        width, agreeing = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        if width > 1 and agreeing + width / 1000 > best_score:
            best, best_score = sign, agreeing + width / 1000
    return best
