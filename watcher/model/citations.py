"""The notes of a report: which works they cite, and which sentences of the report rest on them. Pure.

A work is named in full by one note and in short by later ones: "Ibid.", "op. cit.", or a few of its own words
("Response to OSCE, 3 February 2000"). A note may cite several works, parted by semicolons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from watcher.model.document import Block, BlockKind
from watcher.model.notes import resolve_notes

_MARK = re.compile(r"\[([0-9]{1,3})\]")
_LEADING_MARK = re.compile(r"\s*\[?[0-9*†‡]{1,3}[\].)]?\s+")
_PARTS = re.compile(r";\s+")
_WORD = re.compile(r"[^\W_]+")
_PINPOINT = re.compile(r"\b(?:pp?|pages?|paras?|§+)\.?\s*[0-9]+(?:\s*[-–]\s*[0-9]+)?\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?”\"»)])(?:\[[0-9]{1,3}\])*\s+(?=[“\"«(]?[A-ZÀ-ÞА-Я])")
_ABBREVIATION = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|No|St|Res|Art|vs|U\.S|U\.N))\.$")
_QUOTED = re.compile('[“"«]([^“”"«»]{12,})[”"»]')
_CITING = re.compile(r"note(?:\b[^“]* of “.*” cites|s\b[^“]* of “.*” cite) this page", re.DOTALL)
_SAME_WORDS = 0.8
_SHORTEST_QUOTE = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A numbered note. `works` are the marks of the notes that first name what it cites, its own where it is the first.

    `sentence` is the passage of the report that rests on the note, `quotes` what it quotes, "" and none where no mark
    stands in the text.
    """

    mark: str
    text: str
    works: tuple[str, ...]
    sentence: str
    quotes: tuple[str, ...] = ()


class Rests(StrEnum):
    """How a report's sentence uses the passage of a Source."""

    QUOTES = "quotes"
    PARAPHRASES = "paraphrases"
    CITES = "cites"


@dataclass(frozen=True, kw_only=True, slots=True)
class TextAnchor:
    """A passage as the Web Annotation Data Model selects it: TextQuoteSelector and TextPositionSelector together.

    `start` and `end` count characters of the Document's text; `prefix` and `suffix` stand around it.
    """

    exact: str
    prefix: str
    suffix: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BoundNote:
    """A note that cites a Source, and the passages of it that its sentence rests on."""

    mark: str
    text: str
    sentence: str
    rests: Rests
    anchors: tuple[TextAnchor, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """The work that note `mark` of a report names first is a Source; `notes` are all that cite it."""

    report_id: str
    report_title: str
    mark: str
    source_id: str
    notes: tuple[BoundNote, ...]


def read_notes(blocks: Sequence[Block]) -> tuple[Note, ...]:
    """The numbered notes of a Document, in order."""
    footnotes: dict[str, list[Block]] = {}
    for block in blocks:
        if block.kind is BlockKind.FOOTNOTE and block.anchor:
            footnotes.setdefault(block.anchor, []).append(block)
    firsts = [parts[0] for parts in footnotes.values()]
    pointing = {firsts[each.place].anchor: each for each in resolve_notes(firsts)}
    named: dict[str, frozenset[str]] = {}
    works: dict[str, tuple[str, ...]] = {}
    notes = []
    for mark, parts in footnotes.items():
        text = " ".join(part.text for part in parts)
        reference = pointing.get(mark)
        if reference is not None:
            meant = firsts[reference.meant].anchor if reference.meant is not None else ""
            works[mark] = works.get(meant, ())
        else:
            works[mark] = _works(mark, text, named)
        sentence, quotes = _resting(mark, blocks)
        notes.append(Note(mark=mark, text=text, works=works[mark], sentence=sentence, quotes=quotes))
    return tuple(notes)


def _works(mark: str, text: str, named: dict[str, frozenset[str]]) -> tuple[str, ...]:
    """The works of a note that names them; what no earlier note names is a work of its own."""
    found: list[str] = []
    for part in _PARTS.split(_LEADING_MARK.sub("", text, count=1)):
        words = frozenset(_WORD.findall(_PINPOINT.sub("", part).casefold()))
        if not words:
            continue
        work = _named_before(words, named)
        if not work:
            work = mark if mark not in named else f"{mark}.{len(found) + 1}"
            named[work] = words
        found.append(work)
    return tuple(dict.fromkeys(found))


def _named_before(words: frozenset[str], named: Mapping[str, frozenset[str]]) -> str:
    """The earlier work that has nearly all of these words; "" when there is none, or two have as many."""
    shares = sorted(((len(words & known) / len(words), work) for work, known in named.items()), reverse=True)
    if len(words) < 2 or not shares or shares[0][0] < _SAME_WORDS:
        return ""
    return "" if len(shares) > 1 and shares[1][0] == shares[0][0] else shares[0][1]


def _resting(mark: str, blocks: Sequence[Block]) -> tuple[str, tuple[str, ...]]:
    """The sentence before a note's mark in the text, and what is quoted since the mark before it."""
    sign = f"[{mark}]"
    for block in blocks:
        if block.kind is BlockKind.FOOTNOTE or sign not in block.text:
            continue
        at = block.text.index(sign)
        before = [each.end() for each in _MARK.finditer(block.text[:at])]
        since = before[-1] if before else 0
        start = max(end for end in _sentence_starts(block.text[:at]) if end < at or end == 0)
        quotes = tuple(each for each in _QUOTED.findall(block.text[since:at]) if len(each) >= _SHORTEST_QUOTE)
        return _MARK.sub("", block.text[start:at]).strip(), quotes
    return "", ()


def _sentence_starts(text: str) -> list[int]:
    """Where sentences begin, the first one at 0."""
    ends = [each for each in _SENTENCE_END.finditer(text) if not _ABBREVIATION.search(text[: each.start()])]
    return [0, *(each.end() for each in ends)]


def sentences_of(text: str) -> list[tuple[int, int]]:
    """(start, end) of the sentences of a text, lines apart."""
    found = []
    offset = 0
    for line in text.split("\n"):
        starts = [*_sentence_starts(line), len(line)]
        for start, end in pairwise(starts):
            if line[start:end].strip():
                found.append((offset + start, offset + start + len(line[start:end].rstrip())))
        offset += len(line) + 1
    return found


def citing_words(marks: Sequence[str], report_title: str) -> str:
    """How the notes of a report that cite a page are named: "note 2 of “…” cites this page"."""
    if len(marks) == 1:
        return f"note {marks[0]} of “{report_title}” cites this page"
    return f"notes {', '.join(marks[:-1])} and {marks[-1]} of “{report_title}” cite this page"


def is_citing(name: str) -> bool:
    """Whether the name of a part of a judgement begins as `citing_words` says it."""
    return _CITING.match(name) is not None


def address_in(text: str) -> str:
    """The http address that a note gives, without what ends the sentence; "" when none."""
    found = re.search(r"https?://[^\s<>\"”]+", text)
    return found[0].rstrip(".,;)") if found else ""
