"""What a new document states, in words: for messages and for the page of the Change that announces it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from watcher.model.announced import Announced
from watcher.model.board import Cell
from watcher.model.permalinks import source_url, version_url
from watcher.render.board import dates_words
from watcher.render.words import counted, folded, said, subject_name

MOST_OF_ONE = 4  # Positions that are told of a document by itself
OF_SEVERAL = 10  # of so many documents that are told together one Position each, of the others the number


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldStatement:
    """A Position with its passage; `line` is "Chad, vote: yes (2025)", with other stances of its Indicator."""

    line: str
    passage: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldDocument:
    """A new document in words. `note` is said in place of Positions or after them, and belongs to `url`."""

    title: str
    host: str
    statements: tuple[ToldStatement, ...]
    note: str
    url: str


def told_documents(announced: Sequence[Announced], *, base_url: str) -> tuple[ToldDocument, ...]:
    """New documents in words: a few Positions of one that is told by itself, fewer of many that are told together."""
    if len(announced) == 1:
        return (_told(announced[0], MOST_OF_ONE, base_url),)
    return tuple(_told(one, 1 if place < OF_SEVERAL else 0, base_url) for place, one in enumerate(announced))


def _told(announced: Announced, most: int, base_url: str) -> ToldDocument:
    document, cells = announced.document, announced.cells
    left = len(cells) - most
    if announced.unread:
        note = folded(announced.unread).rstrip(".")
        note = f"{note[:1].upper()}{note[1:]}. What it states will be on the page of its Source"
    elif not cells:
        whom = " and ".join(map(subject_name, announced.subjects)) if len(announced.subjects) < 3 else "its Subjects"
        note = f"Read, and no Position{f' of {whom}' if whom else ''} found in it; its text"
    else:
        note = f"{'and ' if most else ''}{counted(left, 'more Position' if most else 'Position')}" if left > 0 else ""
        note = note or "Its text"
    to = (
        version_url(base_url, announced.version_id) if announced.version_id else source_url(base_url, document.child_id)
    )
    return ToldDocument(
        title=folded(document.title),
        host=urlsplit(document.address).hostname or "",
        statements=tuple(
            ToldStatement(line=_line(cell), passage=cell.leading.position.passage) for cell in cells[:most]
        ),
        note=note,
        url=to,
    )


def _line(cell: Cell) -> str:
    leading = cell.leading
    dates = dates_words(leading.dates)
    line = (
        f"{subject_name(cell.subject) or 'No Subject named'}, {said(cell.indicator)}: {said(leading.position.stance)}"
    )
    line += f" ({dates})" if dates else ""
    return line + (f"; also {', '.join(said(stance) for stance in cell.also)}" if cell.also else "")
