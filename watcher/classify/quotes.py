"""Whose words a sentence quotes: "we" within quotation marks is who is said to have spoken them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_CLOSING = '”»"'
_QUOTE = re.compile(r"“[^”]*(?:”|$)|\"[^\"]*(?:\"|$)|«[^»]*(?:»|$)|„[^“”]*(?:[“”]|$)")
_MARKS = frozenset("“«„" + _CLOSING)
SPEAKS_FOR = frozenset({"of", "by", "from", "de", "du", "por", "par", "от"})  # "the delegate of Chile" speaks for it
Span = tuple[int, int]


def quoted(text: str, *, goes_on: bool = False) -> list[Span]:
    """Where a sentence quotes, as (start, end) in its text; `goes_on`: a quotation of the sentence before it does."""
    if _MARKS.isdisjoint(text):
        return [(0, len(text))] if goes_on else []
    begin = 0
    spans = []
    if goes_on:
        ends = [at for at in map(text.find, _CLOSING) if at >= 0]
        begin = min(ends, default=len(text))
        spans.append((0, begin))
    return spans + [match.span() for match in _QUOTE.finditer(text, begin + 1 if goes_on else 0)]


def stays_open(text: str, spans: Sequence[Span]) -> bool:
    """Whether the last quotation of a sentence goes on in the next one."""
    return bool(spans) and spans[-1][1] == len(text) and (spans[-1][1] - spans[-1][0] < 2 or text[-1] not in _CLOSING)


def speaker_of(
    words: Sequence[str], places: Sequence[Span], start: int, *, voice: str, prepositions: frozenset[str]
) -> str:
    """The State that speaks the quotation that begins at a place of the text: `voice` where it goes on from the
    sentence before, else the last actor named before it, unless a preposition says that it is where or to whom somebody
    spoke; "" where it is the Document's Subject or nobody."""
    if voice and not start:
        return voice
    for at in range(sum(end <= start for _, end in places) - 1, -1, -1):
        word = words[at]
        if word == "@own":
            return ""
        if word.startswith("@st_") and not (at and words[at - 1] in prepositions - SPEAKS_FOR):
            return word
    return ""
