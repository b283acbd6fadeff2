"""A Hunk as mail and page show it: a run of kept, deleted and inserted pieces, shortened where it is long."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.model.change import Hunk, HunkOp, WordEdit, WordOp
from watcher.model.details import Detail, details_of

_LABELS = {
    HunkOp.EDITED: "edited",
    HunkOp.INSERTED: "added",
    HunkOp.DELETED: "removed",
    HunkOp.MOVED: "moved",
    HunkOp.LINKED: "link changed",
}
MOST_DETAILS = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A run of text. `hidden` counts characters that were left out in its place; its text is then ""."""

    op: WordOp
    text: str
    hidden: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class HunkView:
    """What is shown of one Hunk. `hidden` counts all characters left out; `where` is its heading and table row.

    `place` says of a moved passage which it was and which it is now, counted from 1; of a part what became of the
    whole. `details` are its cells and links,
    `more` how many of them are not shown.
    """

    label: str
    where: str
    pieces: tuple[Piece, ...]
    hidden: int
    boilerplate: bool
    place: str = ""
    details: tuple[Detail, ...] = ()
    more: int = 0

    @property
    def old(self) -> tuple[Piece, ...]:
        """The pieces of the earlier text."""
        return tuple(piece for piece in self.pieces if piece.op is not WordOp.INSERTED)

    @property
    def new(self) -> tuple[Piece, ...]:
        """The pieces of the later text."""
        return tuple(piece for piece in self.pieces if piece.op is not WordOp.DELETED)


def view_hunk(hunk: Hunk, *, around: int, longest: int) -> HunkView:
    """Shorten a Hunk for reading.

    `around` is how many kept characters stay beside an edit; `longest` how many of one deleted or inserted run.
    """
    words = hunk.words or _whole(hunk)
    last = len(words) - 1
    pieces: list[Piece] = []
    for place, word in enumerate(words):
        if word.op is WordOp.KEPT and hunk.op not in (HunkOp.MOVED, HunkOp.LINKED):
            pieces.extend(_kept(word, before=place > 0, after=place < last, around=around))
        else:
            pieces.extend(_cut(word, longest))
    where = " › ".join(part for part in (hunk.over, hunk.row_key) if part.strip())
    details = details_of(hunk)
    return HunkView(
        label=hunk.label if hunk.is_same_part else _LABELS[hunk.op],
        where=where,
        pieces=tuple(pieces),
        hidden=sum(piece.hidden for piece in pieces),
        boilerplate=hunk.boilerplate,
        place=_place(hunk),
        details=tuple(details[:MOST_DETAILS]),
        more=max(0, len(details) - MOST_DETAILS),
    )


def _place(hunk: Hunk) -> str:
    if hunk.part:
        return "words unchanged" if hunk.op is HunkOp.MOVED else f"in a paragraph that was {hunk.part}"
    if hunk.op is not HunkOp.MOVED or hunk.old_index is None or hunk.new_index is None:
        return ""
    return f"was passage {hunk.old_index + 1}, is now {hunk.new_index + 1}"


def _whole(hunk: Hunk) -> tuple[WordEdit, ...]:
    if hunk.op in (HunkOp.MOVED, HunkOp.LINKED) and (not hunk.old or not hunk.new or hunk.old == hunk.new):
        return (WordEdit(op=WordOp.KEPT, text=hunk.new or hunk.old),)
    sides = ((WordOp.DELETED, hunk.old), (WordOp.INSERTED, hunk.new))
    return tuple(WordEdit(op=op, text=text) for op, text in sides if text)


def _kept(word: WordEdit, *, before: bool, after: bool, around: int) -> list[Piece]:
    """A kept run with its middle (or, at an end of the Hunk, its far end) left out."""
    head = around if before else 0
    tail = around if after else 0
    text = word.text
    if len(text) <= head + tail + around // 4:
        return [Piece(op=word.op, text=text)]
    start = text[: _word_end(text, head)]
    end = text[_word_start(text, len(text) - tail) :]
    hidden = Piece(op=word.op, text="", hidden=len(text) - len(start) - len(end))
    found = (Piece(op=word.op, text=start), hidden, Piece(op=word.op, text=end))
    return [piece for piece in found if piece.text or piece.hidden]


def _cut(word: WordEdit, longest: int) -> list[Piece]:
    if len(word.text) <= longest + longest // 8:
        return [Piece(op=word.op, text=word.text)]
    start = word.text[: _word_end(word.text, longest)]
    return [Piece(op=word.op, text=start), Piece(op=word.op, text="", hidden=len(word.text) - len(start))]


def _word_end(text: str, place: int) -> int:
    blank = text.rfind(" ", place - 24, place) if place > 24 else -1
    return blank + 1 if blank > 0 else place


def _word_start(text: str, place: int) -> int:
    blank = text.find(" ", place, place + 24)
    return blank if 0 <= blank < len(text) - 1 else place
