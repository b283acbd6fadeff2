"""Old Word documents (.doc, Word 97 to 2003): paragraphs, headings, lists, tables, notes and tracked changes.

Tracked changes are shown as in newer ones: "[inserted: ...]" and "[deleted: ...]". Nothing in the file is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from watcher.errors import ExtractError
from watcher.extract.compound import open_compound
from watcher.extract.doc_file import DocFile, Look, Manner, open_doc
from watcher.extract.limits import MAX_BLOCKS, refuse
from watcher.extract.reading import Payload, Reading, fold
from watcher.extract.structure import with_structure
from watcher.extract.tables import rows_as_blocks
from watcher.model.document import Block, BlockKind, Link

_WHAT = "the old Word document"
_PARAGRAPH, _CELL, _PAGE, _LINE = "\r", "\x07", "\x0c", "\x0b"
_ENDS = frozenset((_PARAGRAPH, _CELL, _PAGE))
_NOTE = "\x02"
_FIELD, _FIELD_RESULT, _FIELD_END = "\x13", "\x14", "\x15"
_SHOWN = {_LINE: " ", "\t": " ", "\x1e": "-", "\x1f": ""}
_ADDRESS = re.compile(r'\s*HYPERLINK\s+"([^"]{1,2000})"')
_LONGEST_CODE = 2100
_DEEPEST_FIELD = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class _Paragraph:
    text: str
    end: str
    manner: Manner
    links: tuple[Link, ...]


@dataclass(slots=True)
class _Field:
    """An open field: its code as far as read, whether its result has begun, and where in the paragraph that is."""

    code: str = ""
    has_result: bool = False
    start: int = 0


@dataclass(slots=True)
class _Text:
    """The text of a paragraph as it is put together."""

    pieces: list[tuple[int, str]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def put(self, look: int, text: str) -> None:
        if self.pieces and self.pieces[-1][0] == look:
            self.pieces[-1] = (look, self.pieces[-1][1] + text)
        else:
            self.pieces.append((look, text))

    def since(self, start: int) -> str:
        return "".join(text for _, text in self.pieces)[start:]

    @property
    def length(self) -> int:
        return sum(len(text) for _, text in self.pieces)


class _Reader:
    """Reads the parts of one file; `insertions` and `deletions` count tracked changes that hold text."""

    def __init__(self, file: DocFile) -> None:
        self.insertions = 0
        self.deletions = 0
        self._file = file
        places = [(place, "f", at) for at, (place, _, _) in enumerate(file.footnotes)]
        places += [(place, "e", at) for at, (place, _, _) in enumerate(file.endnotes)]
        self._marks = {place: str(number) for number, (place, _, _) in enumerate(sorted(places), start=1)}

    def paragraphs(self, first: int, last: int) -> Iterator[_Paragraph]:
        """The paragraphs of a part of the text."""
        text, fields = _Text(), list[_Field]()
        for place in range(first, min(last, len(self._file.text))):
            char = self._file.text[place]
            if char in _ENDS:
                yield self._paragraph(text, char, place)
                text = _Text()
                for each in fields:
                    each.start = 0
            else:
                self._take(char, place, text, fields)
        if text.pieces:
            yield self._paragraph(text, _PARAGRAPH, last - 1)

    def _take(self, char: str, place: int, text: _Text, fields: list[_Field]) -> None:
        if char == _FIELD and len(fields) < _DEEPEST_FIELD:
            fields.append(_Field())
        elif char == _FIELD_RESULT and fields:
            fields[-1].has_result, fields[-1].start = True, text.length
        elif char == _FIELD_END and fields:
            ended = fields.pop()
            address = _ADDRESS.match(ended.code)
            shown = fold(text.since(ended.start)) if address and ended.has_result else ""
            if address and shown:
                text.links.append(Link(text=shown, target=address[1]))
        elif fields and not fields[-1].has_result:
            if len(fields[-1].code) < _LONGEST_CODE:
                fields[-1].code += char
        elif all(each.has_result for each in fields):
            look = self._file.looks[place]
            if char == _NOTE and place in self._marks:
                text.put(look, f"[{self._marks[place]}]")
            elif char >= " " or char in _SHOWN:
                text.put(look, _SHOWN.get(char, char))

    def _paragraph(self, text: _Text, end: str, place: int) -> _Paragraph:
        pieces = []
        for look, part in text.pieces:
            if look & Look.HIDDEN:
                continue
            if look & (Look.DELETED | Look.INSERTED) and part.strip():
                is_deleted = bool(look & Look.DELETED)
                self.deletions += is_deleted
                self.insertions += not is_deleted
                before, after = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
                pieces.append(f"{before}[{'deleted' if is_deleted else 'inserted'}: {part.strip()}]{after}")
            else:
                pieces.append(part)
        whole = "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return _Paragraph(text=fold(whole), end=end, manner=self._file.manner(place), links=tuple(text.links))

    def notes(self) -> list[Block]:
        """Footnotes and endnotes in the order of their references."""
        lengths = self._file.lengths
        after_main = lengths.main
        after_annotations = after_main + lengths.footnotes + lengths.headers + lengths.macros + lengths.annotations
        found = [(place, after_main + a, after_main + b) for place, a, b in self._file.footnotes]
        found += [(place, after_annotations + a, after_annotations + b) for place, a, b in self._file.endnotes]
        blocks = []
        for place, first, last in sorted(found):
            text = fold(" ".join(each.text for each in self.paragraphs(first, last)))
            if text:
                mark = self._marks[place]
                blocks.append(Block(kind=BlockKind.FOOTNOTE, text=f"[{mark}] {text}", anchor=mark))
        return blocks


def read_doc(payload: Payload) -> Reading:
    """Blocks of the main text and its text boxes, then the notes, then page headers and footers as boilerplate.

    ExtractError `encrypted`, `damaged`, `too_large`, `unsupported` (older than Word 97) or `no_text`.
    """
    compound = open_compound(payload.data)
    file = open_doc(compound)
    reader = _Reader(file)
    lengths = file.lengths
    before_headers = lengths.main + lengths.footnotes
    before_boxes = sum(lengths) - lengths.boxes
    blocks = list(_blocks(reader.paragraphs(0, lengths.main)))
    blocks += _blocks(reader.paragraphs(before_boxes, before_boxes + lengths.boxes))
    blocks += reader.notes()
    heads = (each.text for each in reader.paragraphs(before_headers, before_headers + lengths.headers))
    blocks += [Block(kind=BlockKind.PARAGRAPH, text=text, boilerplate=True) for text in dict.fromkeys(heads) if text]
    if not blocks:
        raise ExtractError(f"{_WHAT} has no text", code="no_text")
    notes = []
    if reader.insertions or reader.deletions:
        notes.append(f"has tracked changes: {reader.insertions} insertion(s), {reader.deletions} deletion(s)")
    if any(block.kind is BlockKind.LIST_ITEM for block in blocks):
        notes.append("numbers that Word puts before list items are not part of the text")
    if any(path.startswith("Macros/") for path in compound.streams):
        notes.append("holds macros, never run")
    if any(path.startswith("ObjectPool/") for path in compound.streams):
        notes.append("holds embedded files, not read")
    headings = (block.text for block in blocks if block.kind is BlockKind.HEADING)
    return Reading(title=next(headings, ""), blocks=with_structure(blocks), notes=tuple(notes))


def _blocks(paragraphs: Iterator[_Paragraph]) -> Iterator[Block]:
    """Paragraphs as Blocks, those of tables gathered into rows."""
    rows: list[list[str]] = []
    cells: list[str] = []
    cell: list[str] = []
    count = 0
    for each in paragraphs:
        count += 1
        if count > MAX_BLOCKS:
            refuse(_WHAT, found=f"over {MAX_BLOCKS}", limit=MAX_BLOCKS, unit="paragraphs")
        if each.manner.in_table or each.end == _CELL:
            if each.manner.ends_row or (not each.manner.in_table and not each.text and cells):
                rows.append(cells)
                cells = []
                continue
            cell.append(each.text)
            if each.end == _CELL:
                cells.append(" ".join(filter(None, cell)))
                cell = []
            continue
        if rows or cells:
            yield from rows_as_blocks([*rows, cells])
            rows, cells, cell = [], [], []
        if each.text:
            yield _block(each)
    yield from rows_as_blocks([*rows, [*cells, *cell]])


def _block(paragraph: _Paragraph) -> Block:
    manner = paragraph.manner
    if manner.heading:
        level = min(6, manner.heading)
        return Block(kind=BlockKind.HEADING, text=paragraph.text, level=level, links=paragraph.links)
    if manner.item:
        return Block(kind=BlockKind.LIST_ITEM, text=paragraph.text, level=manner.item, links=paragraph.links)
    return Block(kind=BlockKind.PARAGRAPH, text=paragraph.text, links=paragraph.links)
