"""The rows of tables as text: each is read by itself under its own headings and leans on no row above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from watcher.classify.folding import Recall
from watcher.classify.mentions import fold_mentions
from watcher.classify.pack import Pack
from watcher.classify.positions import END_MARKS, HEADING_CHARACTERS, find_positions_apart
from watcher.classify.words import fold, split_words
from watcher.model.change import Position
from watcher.model.document import LEAF_COLUMNS, Block, BlockKind, Document

_NO_WORDS = "no none nil null false n/a na - – — 0 unknown aucun non ninguno нет"
_NOTHING = frozenset(_NO_WORDS.split())
_CAPTION = 9  # below every heading
_NOT_HERE = "."  # a sentence of no words: what stands around it is as far apart as before


def read_apart(
    document: Document, starts: Sequence[int], *, subject: str, pack: Pack
) -> tuple[str, tuple[Position, ...]]:
    """The text of a Document without the rows of its tables, offsets kept, and what these rows assert.

    Rows are those of tables with column headings; a table without them may be a page's layout, and is prose but for
    labels with a bare no.
    `starts` are the places of the Blocks in `document.text`.
    """
    pieces: list[str] = []
    found: list[Position] = []
    headings: dict[int, str] = {}
    known: dict[tuple[str, ...], bool] = {}
    for start, block in zip(starts, document.blocks, strict=True):
        if block.kind is BlockKind.HEADING:
            headings = {level: text for level, text in headings.items() if level < block.level}
            headings[block.level] = block.text
        elif block.kind is BlockKind.PARAGRAPH and block.text:
            headings.pop(_CAPTION, None)
            if len(block.text) <= HEADING_CHARACTERS and block.text[-1] not in END_MARKS:
                headings[_CAPTION] = block.text
        is_denied = says_that_there_is_none(block)
        if not is_row(block) and not is_denied:
            pieces.append(block.text)
            continue
        pieces.append((_NOT_HERE + "\n" * len(block.text))[: len(block.text)])
        above = (*headings.values(), *block.columns)
        if above not in known:
            known[above] = any(_is_topic(text, pack) for text in above)
        if is_denied:
            continue
        found += [
            replace(one, start=one.start + start, end=one.end + start)
            for one in find_positions_apart(block.text, subject=subject, pack=pack, is_headed=known[above])
        ]
    return "\n".join(pieces), tuple(found)


def is_row(block: Block) -> bool:
    """Whether a Block is the row of a table with column headings, and no paragraph of a nested document."""
    if block.kind is not BlockKind.TABLE_ROW or not block.columns or not block.cells:
        return False
    return block.columns != LEAF_COLUMNS or len(block.text) <= HEADING_CHARACTERS or block.text[-1] not in END_MARKS


def _is_topic(text: str, pack: Pack) -> bool:
    _, after = fold_mentions(split_words(text), subject="", pack=pack, recall=Recall())
    return after.topic_age == 0


def says_that_there_is_none(block: Block) -> bool:
    """Whether a row is a label with a bare no: "stocks | none"."""
    filled = [cell for cell in block.cells if cell.strip()]
    is_labelled = len(filled) == 2 and (block.columns == LEAF_COLUMNS or len(block.cells) == 2)
    return is_labelled and fold(filled[1]).strip(" .()[]") in _NOTHING
