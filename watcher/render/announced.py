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


def told_documents(announced: Sequence[Announced], *, base_url: str, change_url: str = "") -> tuple[ToldDocument, ...]:
    """New documents in words: a few Positions of one that is told by itself, fewer of many that are told together.

    `change_url` is where the reader of a message finds later what was not read yet; "" on that page itself.
    """
    alone = len(announced) == 1
    told = []
    for place, one in enumerate(announced):
        most = MOST_OF_ONE if alone else 1 if place < OF_SEVERAL else 0
        url = change_url or source_url(base_url, one.document.child_id)
        told.append(
            ToldDocument(
                title=folded(one.document.title),
                host=urlsplit(one.document.address).hostname or "",
                statements=tuple(
                    ToldStatement(line=_line(cell), passage=cell.leading.position.passage) for cell in one.cells[:most]
                ),
                note=_unread_note(one, bool(change_url)) if one.unread else _note(one, most),
                url=url if one.unread else version_url(base_url, one.version_id),
            )
        )
    return tuple(told)


def _unread_note(announced: Announced, in_message: bool) -> str:
    why = folded(announced.unread).rstrip(".")
    later = "What it states will be on the page of this Change" if in_message else "Its Source"
    return f"{why[:1].upper()}{why[1:]}. {later}"


def _note(announced: Announced, most: int) -> str:
    """How many Positions there are beyond those that are told, or what the link leads to."""
    left = len(announced.cells) - most
    if not announced.cells:
        whom = " and ".join(map(subject_name, announced.subjects)) if len(announced.subjects) < 3 else "its Subjects"
        return f"Read, and no Position{f' of {whom}' if whom else ''} found in it; its text"
    if left <= 0:
        return "Its text"
    return f"and {counted(left, 'more Position')}" if most else counted(left, "Position")


def _line(cell: Cell) -> str:
    leading = cell.leading
    dates = dates_words(leading.dates)
    line = (
        f"{subject_name(cell.subject) or 'No Subject named'}, {said(cell.indicator)}: {said(leading.position.stance)}"
    )
    line += f" ({dates})" if dates else ""
    return line + (f"; also {', '.join(said(stance) for stance in cell.also)}" if cell.also else "")
