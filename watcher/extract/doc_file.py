"""The parts of an old Word file ([MS-DOC], Word 97 to 2003): its pieces of text and what holds for each character."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag
from itertools import pairwise
from typing import NamedTuple

from watcher.errors import ExtractError
from watcher.extract.compound import CompoundFile

_WHAT = "the old Word document"
_STREAM = "WordDocument"
_MAGIC = 0xA5EC
_WORD_97 = 0x00C1
_IS_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_LENGTHS = 0x4C
_OFFSETS = 0x9A
_FOOTNOTE_REFERENCES, _FOOTNOTE_TEXTS, _CHARACTERS, _PARAGRAPHS, _PIECES = 2, 3, 12, 13, 33
_ENDNOTE_REFERENCES, _ENDNOTE_TEXTS = 46, 47
"""Places in the list of offsets and lengths (FibRgFcLcb97, 2.5.6)."""

_PAGE_BYTES = 512
_PAGE_NUMBER = 0x3FFFFF
_TABLE_DEFINITION, _TABS = 0xD608, 0xC615
_OPERAND_BYTES = (1, 1, 2, 4, 2, 2, 0, 3)
"""Length of an operand by the upper three bits of its property (2.6), 0 where the operand begins with it."""


class Look(IntFlag):
    """What is said of a run of characters."""

    PLAIN = 0
    DELETED = 1
    INSERTED = 2
    HIDDEN = 4


_LOOKS = {0x0800: Look.DELETED, 0x0801: Look.INSERTED, 0x083C: Look.HIDDEN}


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """What is said of a paragraph: heading level 1..9, list level 1..9 (0 for none), its place in a table."""

    heading: int = 0
    item: int = 0
    in_table: bool = False
    ends_row: bool = False


class Lengths(NamedTuple):
    """Characters of each part of the text, in the order in which they are stored."""

    main: int
    footnotes: int
    headers: int
    macros: int
    annotations: int
    endnotes: int
    boxes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DocFile:
    """The whole text with one `Look` for each character; UTF-16 units stand for themselves.

    `footnotes` and `endnotes` give the place of each reference in the main text, and where its text begins and ends
    in the part of the notes.
    """

    text: str
    looks: bytes
    lengths: Lengths
    footnotes: tuple[tuple[int, int, int], ...]
    endnotes: tuple[tuple[int, int, int], ...]
    _pieces: tuple[tuple[int, int, int, int], ...]
    _manners: tuple[tuple[int, int, Manner], ...]

    def manner(self, place: int) -> Manner:
        """What holds for the paragraph that ends with the character at `place`."""
        at = bisect_right(self._pieces, place, key=lambda piece: piece[0]) - 1
        if at < 0:
            return Manner()
        first, _, offset, width = self._pieces[at]
        byte = offset + (place - first) * width
        run = bisect_right(self._manners, byte, key=lambda each: each[0]) - 1
        if run < 0 or byte >= self._manners[run][1]:
            return Manner()
        return self._manners[run][2]


def open_doc(file: CompoundFile) -> DocFile:
    """The text of an old Word file. ExtractError `encrypted`, `unsupported` (older than Word 97) or `damaged`."""
    try:
        return _open(file)
    except (struct.error, IndexError, ValueError) as error:
        raise ExtractError(f"{_WHAT} is damaged: {error}", code="damaged") from error


def _open(file: CompoundFile) -> DocFile:
    data = file.read(_STREAM)
    magic, version = struct.unpack_from("<HH", data)
    flags = struct.unpack_from("<H", data, 0x0A)[0]
    if magic != _MAGIC:
        raise ValueError("its header is not that of a Word document")
    if version < _WORD_97:
        raise ExtractError(f"{_WHAT} is older than Word 97, which no extractor reads", code="unsupported")
    if flags & _IS_ENCRYPTED:
        raise ExtractError(f"{_WHAT} is encrypted and needs a password", code="encrypted")
    table = file.read("1Table" if flags & _SECOND_TABLE else "0Table")

    def part(place: int) -> bytes:
        start, size = struct.unpack_from("<II", data, _OFFSETS + 8 * place)
        if start + size > len(table):
            raise ValueError("a table lies beyond its end")
        return table[start : start + size]

    lengths = Lengths(*struct.unpack_from("<7i", data, _LENGTHS))
    if min(lengths) < 0:
        raise ValueError("a length is negative")
    pieces = _piece_table(part(_PIECES), len(data))
    runs = [run for page in _pages(data, part(_CHARACTERS)) for run in _character_runs(page)]
    manners = [run for page in _pages(data, part(_PARAGRAPHS)) for run in _paragraph_runs(page)]
    text, looks = _text(data, pieces, sorted(runs))
    return DocFile(
        text=text,
        looks=looks,
        lengths=lengths,
        footnotes=_notes(part(_FOOTNOTE_REFERENCES), part(_FOOTNOTE_TEXTS)),
        endnotes=_notes(part(_ENDNOTE_REFERENCES), part(_ENDNOTE_TEXTS)),
        _pieces=pieces,
        _manners=tuple(sorted(manners, key=lambda run: run[:2])),
    )


def _piece_table(clx: bytes, size: int) -> tuple[tuple[int, int, int, int], ...]:
    """(first character, characters, offset in bytes, bytes a character) of each piece (2.9.38, 2.8.35)."""
    at = 0
    while clx[at] == 1:
        at += 3 + int(struct.unpack_from("<H", clx, at + 1)[0])
    if clx[at] != 2:
        raise ValueError("its piece table cannot be found")
    length = struct.unpack_from("<I", clx, at + 1)[0]
    table = clx[at + 5 : at + 5 + length]
    count = (len(table) - 4) // 12
    places = struct.unpack_from(f"<{count + 1}I", table)
    pieces = []
    for number, (first, following) in enumerate(pairwise(places)):
        offset = struct.unpack_from("<I", table, 4 * (count + 1) + 8 * number + 2)[0]
        is_narrow = bool(offset & 0x40000000)
        start = (offset & 0x3FFFFFFF) // 2 if is_narrow else offset & 0x3FFFFFFF
        width = 1 if is_narrow else 2
        if following <= first or start + (following - first) * width > size or following > size:
            raise ValueError("a piece of its text lies beyond its end")
        pieces.append((first, following - first, start, width))
    return tuple(pieces)


def _text(
    data: bytes, pieces: tuple[tuple[int, int, int, int], ...], runs: list[tuple[int, int, Look]]
) -> tuple[str, bytes]:
    parts: list[str] = []
    looks = bytearray()
    for _, count, start, width in pieces:
        raw = data[start : start + count * width]
        if width == 1:
            parts.append(raw.decode("cp1252", "replace"))
        else:
            parts.append("".join(map(chr, struct.unpack(f"<{count}H", raw))))
        piece = bytearray(count)
        at = max(0, bisect_right(runs, start, key=lambda run: run[0]) - 1)
        while at < len(runs) and runs[at][0] < start + count * width:
            first, last = ((min(max(edge, start), start + count * width) - start) // width for edge in runs[at][:2])
            piece[first:last] = bytes([runs[at][2]]) * max(0, last - first)
            at += 1
        looks += piece[:count]
    return "".join(parts), bytes(looks)


def _notes(references: bytes, texts: bytes) -> tuple[tuple[int, int, int], ...]:
    """Place of the reference, begin and end of the text of each note."""
    count = (len(references) - 4) // 6
    if count < 1:
        return ()
    places = struct.unpack_from(f"<{count}I", references)
    edges = struct.unpack_from(f"<{count + 1}I", texts)
    if any(last < first for first, last in pairwise(edges)):
        raise ValueError("its notes are not in order")
    return tuple((place, first, last) for place, (first, last) in zip(places, pairwise(edges), strict=True))


def _pages(data: bytes, table: bytes) -> Iterator[bytes]:
    """The pages of formatting that a table lists by their number (2.8.5, 2.8.6)."""
    count = (len(table) - 4) // 8
    for number in struct.unpack_from(f"<{count}I", table, 4 * (count + 1)) if count > 0 else ():
        start = (number & _PAGE_NUMBER) * _PAGE_BYTES
        page = data[start : start + _PAGE_BYTES]
        if len(page) < _PAGE_BYTES:
            raise ValueError("a page of its formatting lies beyond its end")
        yield page


def _character_runs(page: bytes) -> Iterator[tuple[int, int, Look]]:
    """Runs of characters, by their bytes, of which something is said (2.9.33)."""
    count = page[-1]
    edges = struct.unpack_from(f"<{count + 1}I", page)
    for number, (first, last) in enumerate(pairwise(edges)):
        at = page[4 * (count + 1) + number] * 2
        if at:
            properties = page[at + 1 : at + 1 + page[at]]
            look = Look.PLAIN
            for name, operand in _properties(properties):
                if name in _LOOKS:
                    look = look | _LOOKS[name] if operand[:1] != b"\x00" else look & ~_LOOKS[name]
            if look:
                yield first, last, look


def _paragraph_runs(page: bytes) -> Iterator[tuple[int, int, Manner]]:
    """Paragraphs, by their bytes (2.9.175, 2.9.174)."""
    count = page[-1]
    edges = struct.unpack_from(f"<{count + 1}I", page)
    for number, (first, last) in enumerate(pairwise(edges)):
        at = page[4 * (count + 1) + 13 * number] * 2
        if at:
            size = page[at]
            start, length = (at + 1, 2 * size - 1) if size else (at + 2, 2 * page[at + 1])
            yield first, last, _manner(page[start : start + length])


def _manner(data: bytes) -> Manner:
    """The paragraph's style and properties; styles 1 to 9 are the headings in every file (2.9.271)."""
    style = struct.unpack_from("<H", data)[0] if len(data) > 1 else 0
    heading = style if 1 <= style <= 9 else 0
    level = listed = 0
    in_table = ends_row = False
    for name, operand in _properties(data[2:]):
        value = int.from_bytes(operand, "little")
        if name == 0x2416:
            in_table = value != 0
        elif name == 0x2417:
            ends_row = value != 0
        elif name == 0x2640:
            heading = value + 1 if value < 9 else heading
        elif name == 0x260A:
            level = min(value, 8)
        elif name == 0x460B:
            listed = value
    return Manner(heading=heading, item=level + 1 if listed else 0, in_table=in_table, ends_row=ends_row)


def _properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Property and operand, as far as they can be told apart (2.6.1, 2.6.2)."""
    at = 0
    while at + 2 < len(data):
        name = int(struct.unpack_from("<H", data, at)[0])
        at += 2
        length = _OPERAND_BYTES[name >> 13]
        if name == _TABLE_DEFINITION:
            length = 1 + int.from_bytes(data[at : at + 2], "little")
        elif not length:
            if name == _TABS and data[at] == 255:
                return
            length = 1 + data[at]
        yield name, data[at : at + length]
        at += length
