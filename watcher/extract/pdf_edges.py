"""What a page repeats for its own sake: page numbers, running heads, and the notes at its foot. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from watcher.extract.pdf_lines import Line
from watcher.extract.reading import fold

_EDGE = 0.17
_EDGE_LINES = 3
_BIN_POINTS = 8.0
_FOLLOWING_SHARE = 0.8
_NEXT_ROW = 3.0
_FEWEST_LETTERS = 3
_PAGE_NUMBER = re.compile(
    r"(?:(?:page|página|стр\.?|p\.)\s*+)?[-\u2013\u2014\[(|/]?\s*+(\d{1,4}|[ivxlc]{1,7})\s*+[-\u2013\u2014\])|]?"
    r"(?:\s*+(?:/|of|de|sur|из)\s*+\d{1,4})?",
    re.IGNORECASE,
)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_NUMBERS = re.compile(r"\d+")
_REFERENCE = re.compile(r"\[(\d{1,3})\]")
NOTE_START = re.compile(r"\[?(\d{1,3})(?:\]?\s*(?=[^\s\d.,)\]])|[.)]\s+(?=\S))")
_NOTE_SHARE = 0.93
_NOTES_BELOW = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class Edges:
    """Which lines are page numbers, which are running heads, and how these read once for the whole document.

    Lines are named by (page, place on the page). In `heads` a "#" stands for the number of the page or of the pages.
    """

    numbers: frozenset[tuple[int, int]]
    running: frozenset[tuple[int, int]]
    heads: tuple[str, ...]


def find_edges(pages: Sequence[Sequence[Line]]) -> Edges:
    """Page numbers count with the pages. Running heads stand at one height and differ in nothing but such numbers."""
    edges = [(at, line) for page in pages for at, line in _edge_lines(page)]
    numbers = _page_numbers(edges)
    is_numbered = len({page for page, _ in numbers}) * 2 > len(pages)
    wanted = 2 if len(pages) < 6 else 3
    alike: dict[str, list[tuple[int, Line]]] = defaultdict(list)
    for at, line in edges:
        if (line.page, at) not in numbers and sum(map(str.isalpha, line.text)) >= _FEWEST_LETTERS:
            alike[_NUMBERS.sub("#", fold(line.text).lower())].append((at, line))
    running: set[tuple[int, int]] = set()
    heads: dict[str, None] = {}
    for group in alike.values():
        level = _at_one_height(group, wanted)
        texts = _once(level, len(pages), may_count=not is_numbered) if level else ()
        if texts:
            running.update((line.page, at) for at, line in level)
            heads.update(dict.fromkeys(texts))
    return Edges(numbers=frozenset(numbers), running=frozenset(running), heads=tuple(heads))


def _edge_lines(page: Sequence[Line]) -> list[tuple[int, Line]]:
    """The uppermost and lowest lines of a page that lie near its edges, with their places; no heads of tables."""
    by_height = sorted(enumerate(page), key=lambda each: -each[1].top)
    upper = [
        each
        for place, each in enumerate(by_height[:_EDGE_LINES])
        if each[1].top > each[1].page_height * (1 - _EDGE)
        and not any(_heads_columns(each[1], below) for _, below in by_height[place + 1 : place + 2])
    ]
    lower = [each for each in by_height[-_EDGE_LINES:] if each[1].bottom < each[1].page_height * _EDGE]
    return list(dict(upper + lower).items())


def _heads_columns(line: Line, below: Line) -> bool:
    """True when the parts of a line stand each above a part of the next line: the head of a table."""
    parts, others = line.parts, below.parts
    return (
        1 < len(parts) <= len(others)
        and line.bottom - below.bottom < _NEXT_ROW * line.size
        and all(any(one.left < other.right and other.left < one.right for other in others) for one in parts)
    )


def _page_numbers(edges: Sequence[tuple[int, Line]]) -> set[tuple[int, int]]:
    """Lines that hold nothing but a number which counts with the pages, or that of the page itself."""
    found: list[tuple[int, int, int]] = []
    for at, line in edges:
        match = _PAGE_NUMBER.fullmatch(fold(line.text))
        if match:
            found.append((_value(match[1]) - line.page, line.page, at))
    counts = Counter(offset for offset, _, _ in found)
    return {(page, at) for offset, page, at in found if offset == 1 or counts[offset] > 1}


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    values = [_ROMAN[letter] for letter in number.lower()]
    return sum(
        -value if following > value else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def _at_one_height(group: Sequence[tuple[int, Line]], wanted: int) -> list[tuple[int, Line]]:
    """The lines of a group that share their distance from the page's edge with those of enough other pages."""
    pages: dict[int, set[int]] = defaultdict(set)
    for _, line in group:
        pages[_bin(line)].add(line.page)
    return [
        (at, line)
        for at, line in group
        if len(pages[_bin(line)] | pages.get(_bin(line) - 1, set()) | pages.get(_bin(line) + 1, set())) >= wanted
    ]


def _bin(line: Line) -> int:
    """The distance from the nearer edge in steps, negative from the upper one."""
    from_top = line.page_height - line.top
    return int(line.bottom // _BIN_POINTS) if line.bottom < from_top else -1 - int(from_top // _BIN_POINTS)


def _once(group: Sequence[tuple[int, Line]], pages: int, *, may_count: bool) -> tuple[str, ...]:
    """The texts of lines alike but for numbers, those that count with the pages as "#"; none when others differ.

    Where pages are numbered elsewhere, `may_count` is False and no number may differ: what counts are the notes.
    """
    rows = [[int(number[:9]) for number in _NUMBERS.findall(line.text)] for _, line in group]
    counting: set[int] = set()
    for place in range(len(rows[0])):
        values = [row[place] for row in rows]
        if len(set(values)) == 1:
            continue
        offsets = Counter(value - line.page for value, (_, line) in zip(values, group, strict=True))
        if not may_count or offsets.most_common(1)[0][1] < _FOLLOWING_SHARE * len(values):
            return ()
        counting.add(place)
    if counting:
        counting |= {place for place in range(len(rows[0])) if all(row[place] == pages for row in rows)}
    return tuple(dict.fromkeys(_numbered(fold(line.text), counting) for _, line in group))


def _numbered(text: str, counting: set[int]) -> str:
    place = -1

    def shown(match: re.Match[str]) -> str:
        nonlocal place
        place += 1
        return "#" if place in counting else match[0]

    return _NUMBERS.sub(shown, text)


def split_notes(lines: Sequence[Line], body: float, *, last: int) -> tuple[list[Line], list[list[Line]]]:
    """The lines of a page without the notes at its foot, and the lines of each note.

    Notes are the lowest lines of a page, smaller than its text, and count on from `last` (0 before the first), from 1,
    or from a number that the page refers to. Small lines above the first number, where there is a note before, are
    its end: then the first list begins without a number.
    """
    by_height = sorted(range(len(lines)), key=lambda at: -lines[at].bottom)
    first = len(by_height)
    while first > 0 and is_small(lines[by_height[first - 1]], body):
        first -= 1
    foot = [at for at in by_height[first:] if lines[at].top < lines[at].page_height * _NOTES_BELOW]
    referred = {int(number) for line in lines for number in _REFERENCE.findall(line.text)}
    notes: list[list[Line]] = []
    above: list[Line] = []
    number = last
    for at in sorted(foot):
        found = note_number(lines[at].text)
        begins = found == number + 1 or (not notes and found > 0 and (found == 1 or found in referred))
        if begins:
            notes.append([lines[at]])
            number = found
        else:
            (notes[-1] if notes else above).append(lines[at])
    if not notes:
        return list(lines), []
    if above and last:
        notes.insert(0, above)
    chosen = {id(line) for note in notes for line in note}
    return [line for line in lines if id(line) not in chosen], notes


def note_number(text: str) -> int:
    """The number that a note begins with, 0 when it begins with none."""
    match = NOTE_START.match(text.strip())
    return int(match[1]) if match else 0


def is_small(line: Line, body: float) -> bool:
    """True for a line in the smaller type that notes have."""
    return 0 < line.size < body * _NOTE_SHARE
