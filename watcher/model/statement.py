"""What Sources state of a Subject's policy: each Position with its Version, dates and notes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from watcher.model.change import ROLL_CALL, About, Position
from watcher.model.document import Block, BlockKind
from watcher.model.memento import plain_address
from watcher.model.notes import marks_meant
from watcher.model.source import Source
from watcher.model.stated import StatedDate, heading_dates, stated_dates

_MARK = re.compile(r"\[([0-9]{1,3}|[*†‡]{1,3})\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class CitedNote:
    """A note that a passage rests on: its mark, its text, and the text of the note that it means ("Ibid."), or "".

    `later` says that the mark stands after a later sentence of the passage's Block.
    """

    mark: str
    text: str
    meant: str = ""
    later: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A Position as a Source states it in Version `version_id`, read from Capture `sequence`.

    `dates` are those that the passage names, or the one from which the row of a status table counts. `current` says
    that the Source's newest Version as of the day still states it, `until` when the first Version was captured that
    does not. `brought_in` says that `captured_at` is the date that a person gave the document. `heading` is the nearest
    heading above the passage.
    """

    source: Source
    version_id: str
    sequence: int
    payload_sha256: str
    captured_at: datetime
    position: Position
    dates: tuple[StatedDate, ...] = ()
    notes: tuple[CitedNote, ...] = ()
    heading: str = ""
    current: bool = True
    until: datetime | None = None
    brought_in: bool = False

    @property
    def address(self) -> str:
        """Where the document lies: Sources of one address are one witness. An Upload is its own."""
        definition = self.source.definition
        if not definition.url:
            return f"upload:{self.source.source_id}"
        return plain_address(definition.url).partition("://")[2].rstrip("/")

    def rests_on(self, addresses: Iterable[str]) -> bool:
        """Whether a note of the passage names one of some addresses, as `address` gives them."""
        named = [f"{note.text} {note.meant}" for note in self.notes]
        return any(address in text for address in addresses for text in named)

    @property
    def order(self) -> tuple[tuple[int, int, int], tuple[int, int, int], bool]:
        """Newest last: by the date of the document, then by the newest past date that the passage names; the row of a
        status table holds as of its document, and goes before prose of the same day."""
        day = self.captured_at.astimezone(UTC)
        stood = (day.year, day.month, day.day)
        past = [date.order for date in self.dates if date.order <= stood and not self.position.date]
        return stood, max(past, default=stood), bool(self.position.date)

    @property
    def strength(self) -> tuple[bool, bool, bool]:
        """How strongly and exactly it speaks: what the Subject says of itself first, then what a cue takes as it stands
        (see the language of cues), then what names a date."""
        _, _, cue = self.position.rule.partition(": ")
        return self.position.about is About.OWN and not cue.startswith("?"), cue.startswith("!"), bool(self.dates)

    @property
    def key(self) -> tuple[str, str]:
        """(indicator, stance): what contradictions are told by."""
        return self.position.indicator, self.position.stance


def read_statements(
    found: Sequence[tuple[Position, datetime | None]],
    blocks: Sequence[Block],
    *,
    source: Source,
    version_id: str,
    sequence: int,
    payload_sha256: str,
    captured_at: datetime,
    clause_of: Callable[[Position], str] = lambda position: position.passage,
    brought_in: bool = False,
) -> list[Statement]:
    """Statements of one Version's Positions, each with when the first Version was captured that does not state it,
    None while it stands; `blocks` are those of its Document.

    What stands in a footnote names a source and states nothing. `clause_of` gives the part of a passage whose dates are
    the statement's.
    """
    places = _Places(blocks)
    statements = []
    for position, until in found:
        at = places.block_at(position.start)
        if at is not None and blocks[at].kind is BlockKind.FOOTNOTE:
            continue
        statements.append(
            Statement(
                source=source,
                version_id=version_id,
                sequence=sequence,
                payload_sha256=payload_sha256,
                captured_at=captured_at,
                position=position,
                dates=_day(position.date) or places.dates(clause_of(position), position, at),
                notes=places.notes(position),
                heading=places.heading(at),
                current=until is None,
                until=until,
                brought_in=brought_in,
            )
        )
    return statements


def _day(iso: str) -> tuple[StatedDate, ...]:
    """The date of a Position that bears one."""
    if not iso:
        return ()
    year, month, day = (int(part) for part in iso.split("-"))
    return (StatedDate(year=year, month=month, day=day),)


class _Places:
    """Where a Document's characters lie: `Document.text` is its Blocks, one per line."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self._starts = []
        start = 0
        for block in blocks:
            self._starts.append(start)
            start += len(block.text) + 1
        self._footnotes: dict[str, Block] = {}
        for block in blocks:
            if block.kind is BlockKind.FOOTNOTE and block.anchor:
                self._footnotes.setdefault(block.anchor, block)
        self._meant = {blocks[at].anchor: mark for at, mark in marks_meant(blocks).items()}

    def block_at(self, offset: int) -> int | None:
        return next((at for at in reversed(range(len(self._starts))) if self._starts[at] <= offset), None)

    def heading(self, at: int | None) -> str:
        if at is None:
            return ""
        above = (self._blocks[place] for place in range(at, -1, -1))
        return next((block.text for block in above if block.kind is BlockKind.HEADING), "")

    def dates(self, clause: str, position: Position, at: int | None) -> tuple[StatedDate, ...]:
        """Those that the clause names; of a row or a recorded vote else those of its column, then of its heading."""
        if (found := stated_dates(clause)) or at is None:
            return found
        block = self._blocks[at]
        if block.cells or ROLL_CALL in position.rule:
            column = _column(block, position.end - self._starts[at])
            return heading_dates(column) or heading_dates(self.heading(at))
        return ()

    def notes(self, position: Position) -> tuple[CitedNote, ...]:
        """Those whose marks stand in the passage; else those at the next mark of its Block."""
        marks = [mark for mark in _MARK.findall(position.passage) if mark in self._footnotes]
        at, later = self.block_at(position.start), False
        if not marks and at is not None:
            rest = self._blocks[at].text[position.end - self._starts[at] :]
            marks = [mark for mark in _MARK.findall(rest)[:1] if mark in self._footnotes]
            later = True
        return tuple(self._note(mark, later=later) for mark in dict.fromkeys(marks))

    def _note(self, mark: str, *, later: bool) -> CitedNote:
        meant = self._footnotes.get(self._meant.get(mark, ""))
        return CitedNote(
            mark=mark, text=self._footnotes[mark].text, meant=meant.text if meant is not None else "", later=later
        )


def _column(block: Block, end: int) -> str:
    """The heading of the column of the cell that ends at a place in its row's text, "" where none does."""
    at = 0
    for cell, heading in zip(block.cells, block.columns, strict=False):
        at = block.text.find(cell, at) + len(cell)
        if cell and at == end:
            return heading
    return ""
