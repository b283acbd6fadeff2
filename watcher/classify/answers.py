"""Bare answers to questions: "Is your country a State Party to the Convention?" "No." says "is not a State Party".

The statement that question and answer make together is read like any sentence; its passage is the question with its
answer as they stand in the Document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from watcher.classify.pack import Pack
from watcher.classify.positions import find_positions
from watcher.classify.rollcalls import roll_call_positions
from watcher.classify.rows import read_apart
from watcher.model.change import Position
from watcher.model.document import Block, BlockKind, Document

_ANSWER = re.compile(r"\W{0,3}(?:(?P<yes>yes|oui|sí|si|да)|(?P<no>no|non|нет))(?!\w)", re.IGNORECASE)
_YOU = r"(?:your\s+(?:country|state|government)|the\s+(?:country|state|government)|you)"
_ENGLISH = re.compile(
    rf"(?:^|[.:?!)]\s+)(?P<verb>is|are|was|were|has|have|does|do|did|will)\s+{_YOU}\s+(?P<rest>[^?]{{3,400}})\?",
    re.IGNORECASE,
)
_FRENCH = re.compile(
    r"(?:^|[.:?!)]\s+)votre\s+(?:pays|état|gouvernement)\s+(?P<verb>est|a)-t?-?il\s+(?P<rest>[^?]{3,400})\?",
    re.IGNORECASE,
)
_SPANISH = re.compile(
    r"¿\s*(?P<verb>es|ha|tiene|está)\s+su\s+(?:país|estado|gobierno)\s+(?P<rest>[^?]{3,400})\?", re.IGNORECASE
)
_RUSSIAN = re.compile(
    r"(?:^|[.:?!)]\s+)(?P<verb>\w+)\s+ли\s+ваш[ае]\s+(?:страна|государство|правительство)\s+(?P<rest>[^?]{3,400})\?",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What a question and a yes or no say together, and where both stand in the text of their Document."""

    text: str
    start: int
    end: int


def document_positions(
    document: Document, *, subject: str, pack: Pack, instruments: tuple[str, ...] = ()
) -> tuple[Position, ...]:
    """Every Position that a Document asserts, in reading order; a question alone asserts none. `instruments` are those
    of its Source: what a table of votes is about that names nothing."""
    text = document.text
    starts = _starts(document)
    asked = [
        (start, start + len(block.text))
        for start, block in zip(starts, document.blocks, strict=True)
        if block.kind is BlockKind.QUESTION
    ]
    prose, in_rows = read_apart(document, starts, subject=subject, pack=pack)
    found = [
        one
        for one in find_positions(prose, subject=subject, pack=pack)
        if not any(start <= one.start and one.end <= end for start, end in asked)
    ]
    found += in_rows
    recorded, blocks = roll_call_positions(document, starts, subject=subject, pack=pack, instruments=instruments)
    found = [one for one in found if not _is_recorded(one, blocks, pack)] + recorded
    for statement in statements(document):
        passage = text[statement.start : statement.end]
        found += [
            replace(one, start=statement.start, end=statement.end, passage=passage)
            for one in find_positions(statement.text, subject=subject, pack=pack)
        ]
    return tuple(sorted(found, key=lambda one: (one.start, one.end)))


def _is_recorded(position: Position, blocks: Sequence[tuple[int, int]], pack: Pack) -> bool:
    """True for a sentence within a record of votes that was read as one."""
    if pack.roll_calls is None or position.indicator != pack.roll_calls.indicator:
        return False
    return any(start <= position.start < end for start, end in blocks)


def statements(document: Document) -> Iterator[Statement]:
    """The statements that questions and their bare answers make, in reading order."""
    starts = _starts(document)
    for place, (block, below) in enumerate(zip(document.blocks, document.blocks[1:], strict=False)):
        if block.kind is not BlockKind.QUESTION or not _answers(block, below):
            continue
        said = _ANSWER.match(below.text)
        if said is not None and (statement := declared(block.text, is_so=said["yes"] is not None)):
            end = starts[place + 1] + len(below.text)
            yield Statement(text=statement, start=starts[place], end=end)


def declared(question: str, *, is_so: bool) -> str:
    """The sentence that answers a question with yes or no; "" for a question of another form."""
    if match := _ENGLISH.search(question):
        return f"Our country {match['verb'].lower()} {'' if is_so else 'not '}{match['rest'].strip()}."
    if match := _FRENCH.search(question):
        verb = match["verb"].lower()
        said = verb if is_so else f"n'{verb} pas"
        return f"Notre pays {said} {match['rest'].strip()}."
    if match := _SPANISH.search(question):
        return f"Nuestro país {'' if is_so else 'no '}{match['verb'].lower()} {match['rest'].strip()}."
    if match := _RUSSIAN.search(question):
        return f"Наша страна {'' if is_so else 'не '}{match['verb'].lower()} {match['rest'].strip()}."
    return ""


def _answers(question: Block, answer: Block) -> bool:
    return answer.kind is BlockKind.ANSWER and answer.anchor == question.anchor


def _starts(document: Document) -> list[int]:
    """Where each Block begins in the text of its Document."""
    return list(accumulate((len(block.text) + 1 for block in document.blocks), initial=0))[: len(document.blocks)]
