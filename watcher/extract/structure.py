"""Structure that plain blocks show by their words alone: notes at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from watcher.model.document import Block, BlockKind

_BRACKETED_NOTE = re.compile(r"\[(\d{1,3})\]\s*\S")
_NUMBERED_NOTE = re.compile(r"(?:\((\d{1,3})\)|(\d{1,3})[.)]?)\s+\S")
_NOTES_HEADING = re.compile(
    r"(?:foot|end)?notes?|references|sources|notas(?: (?:al pie|finales))?|notes de bas de page|r[eé]f[eé]rences|"
    r"referencias|fuentes|примечани[ея]|сноски|источники",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_=*\u2014\u2500]{3,}")
_PROSE = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)


def with_structure(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The same Blocks in the same order, with FOOTNOTE named where the text shows it."""
    return tuple(_with_notes(list(blocks)))


def _with_notes(blocks: list[Block]) -> list[Block]:
    """Name the numbered notes of the last run: "[1] ..." that the text refers to, or "1. ..." under a notes heading."""
    last = len(blocks) - 1
    while last >= 0 and (blocks[last].boilerplate or blocks[last].kind is BlockKind.TABLE_ROW):
        last -= 1
    if last < 1:
        return blocks
    start = _start_of_notes(blocks, last, _BRACKETED_NOTE)
    bracketed = start is not None
    if start is None:
        start = _start_of_notes(blocks, last, _NUMBERED_NOTE)
    if start is None or start == 0:
        return blocks
    if not _is_announced(blocks, start, first="[1]" if bracketed else ""):
        return blocks
    pattern = _BRACKETED_NOTE if bracketed else _NUMBERED_NOTE
    mark = ""
    named = list(blocks)
    for place in range(start, last + 1):
        if blocks[place].kind in _PROSE and not blocks[place].boilerplate:
            match = pattern.match(blocks[place].text)
            mark = next(group for group in match.groups() if group) if match else mark
            named[place] = replace(blocks[place], kind=BlockKind.FOOTNOTE, level=0, anchor=mark)
    return named


def _start_of_notes(blocks: list[Block], last: int, pattern: re.Pattern[str]) -> int | None:
    """Where a run of notes begins that counts up to the last content Block: the place of note 1, None without one.

    Going up from the end, numbers must fall, with at most one left out at a time; a note may have up to three further
    paragraphs.
    """
    wanted: int | None = None
    unnumbered = 0
    for place in range(last, -1, -1):
        block = blocks[place]
        if block.kind not in _PROSE:
            return None
        match = pattern.match(block.text)
        number = int(next(group for group in match.groups() if group)) if match else None
        if number is not None and (wanted is None or number == wanted or number == wanted - 1 > 0):
            if number == 1:
                return place
            wanted, unnumbered = number - 1, 0
        else:
            unnumbered += 1
            if unnumbered > 3:
                return None
    return None


def _is_announced(blocks: list[Block], start: int, *, first: str) -> bool:
    """True when the text above refers to the first note, or a heading or a rule sets the notes apart."""
    if first and any(first in block.text for block in blocks[:start]):
        return True
    above = blocks[start - 1].text.strip(" :.")
    return _NOTES_HEADING.fullmatch(above) is not None or _RULE.fullmatch(above) is not None
