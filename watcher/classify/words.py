"""From text to sentences and from a sentence to normal words, each with its place in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_SENTENCE_CHARACTERS = 2000

_ABBREVIATED = (
    "mr mrs ms dr prof gen col lt sgt st no nos art arts para paras p pp vol vs etc res doc fig ed eds inc ltd "
    "cf al hon rev sen rep gov approx jan feb mar apr jun jul aug sep sept oct nov dec e.g i.e u.s u.n u.k u.s.a a.m "
    "p.m sra sr ud uds n° г гг т.е т.д ст"
)
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
_PARAGRAPH = re.compile(r"\n[^\S\n]*(?:\n\s*)+|\n")
_STOP = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?:\[\d{1,3}\])*+\s++(?=\S)|(?<=[a-z]{3})\.(?=[A-Z][a-z])",
)
_WINDOW = 24  # characters before a stop that hold the word and its marks; no repeat in _LAST_WORD need be longer
_LAST_WORD = re.compile(
    r"([\w.°]{1,24}+)[.!?…]{0,24}+[\"'”’»)\]]{0,24}+(?:\[\d{1,3}\]){0,8}+\s{0,24}+$",
)
_TOKEN = re.compile(
    r"[^\W\d_]++(?!['’][Tt])|\[\d{1,3}\]|(?<!\S)\d{1,2}\)(?=\s)|\d+(?:st|nd|rd|th|[A-Z])\b|\d[\d.,]*\d|\d|[^\W\d_]+?(?=n['’]t\b)|n['’]t\b|['’]s\b|[^\W\d_]+|[;:]",
    re.UNICODE,
)
_COMBINING = re.compile("[\u0300-\u036f]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as `text[start:end]`; `paragraph` counts from 0."""

    start: int
    end: int
    paragraph: int


@dataclass(slots=True)
class Words:
    """The normal words of a sentence. `starts` and `ends` are places in the whole text; `shapes` the words as written.

    A number is "#" and its digits, a year "~" and the year; all else is case-folded without accents.
    """

    words: list[str]
    starts: list[int]
    ends: list[int]
    shapes: list[str]


def _soft_break(text: str, line_start: int, at: int) -> bool:
    """True when the line break at `at` only wraps prose: a long line that goes on in lower case."""
    following = text[at : at + 40].lstrip()
    return at - line_start >= 50 and following[:1].islower()


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = line_start = 0
    for match in _PARAGRAPH.finditer(text):
        single = match.end() - match.start() == 1
        if single and _soft_break(text, line_start, match.start()):
            line_start = match.end()
            continue
        yield start, match.start()
        start = line_start = match.end()
    yield start, len(text)


def _ends_sentence(text: str, start: int, stop: re.Match[str]) -> bool:
    following = text[stop.end() : stop.end() + 1]
    if following.islower():
        return False
    if text[stop.start()] != ".":
        return True
    before = _LAST_WORD.search(text, max(start, stop.start() - _WINDOW), stop.start())
    word = before[1].lower() if before else ""
    return not (word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i"))


def sentences(text: str) -> list[Sentence]:
    """Sentences in order, trimmed of blanks; no sentence crosses a paragraph or is longer than the limit."""
    found: list[Sentence] = []

    def add(start: int, end: int, paragraph: int) -> None:
        for piece in range(start, end, MAX_SENTENCE_CHARACTERS):
            piece_end = min(end, piece + MAX_SENTENCE_CHARACTERS)
            raw = text[piece:piece_end]
            trimmed = raw.strip()
            if trimmed:
                begin = piece + len(raw) - len(raw.lstrip())
                found.append(Sentence(begin, begin + len(trimmed), paragraph))

    for number, (start, end) in enumerate(_paragraphs(text)):
        at = start
        for stop in _STOP.finditer(text, start, end):
            if _ends_sentence(text, at, stop):
                add(at, stop.end(), number)
                at = stop.end()
        add(at, end, number)
    return found


def fold(text: str) -> str:
    """A text without case, accents and characters that nobody sees."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return _COMBINING.sub("", unicodedata.normalize("NFKD", _UNSEEN.sub("", folded)))


_fold_word = lru_cache(maxsize=8192)(fold)


def _number(raw: str) -> str:
    if _YEAR.fullmatch(raw):
        return "~" + raw
    whole = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", raw)
    return "#" + (re.sub(r"[.,]", "", raw) if whole else raw.replace(",", "."))


_CONTRACTED = {"wo": "will", "ca": "can", "sha": "shall"}


def split_words(text: str, start: int = 0, end: int | None = None, *, stops: bool = True) -> Words:
    """The words of `text[start:end]`; hyphens part words, possessive 's and marks ("2)") are left out, "n't" is "not".

    `stops` keeps ";" and ":" as words, since they end the reach of what stands before them. Characters that nobody sees
    part no word.
    """
    if not text.isascii() and _UNSEEN.search(text, start, len(text) if end is None else end):
        return _split_seen(text, start, end, stops=stops)
    result = Words([], [], [], [])
    for match in _TOKEN.finditer(text, start, len(text) if end is None else end):
        raw = match[0]
        if raw.isalpha():
            result.words.append(_fold_word(raw))
            result.starts.append(match.start())
            result.ends.append(match.end())
            result.shapes.append(raw)
            continue
        first = raw[0]
        if first == "[" or raw[-1] == ")" or raw in ("'s", "’s") or (not stops and raw in ";:"):
            continue
        if first.isdigit() and raw[-1].isdigit():
            word = _number(raw)
        elif raw in ("n't", "n’t"):
            word = "not"
            if result.words and result.words[-1] in _CONTRACTED:
                result.words[-1] = _CONTRACTED[result.words[-1]]
        else:
            word = _fold_word(raw)
        result.words.append(word)
        result.starts.append(match.start())
        result.ends.append(match.end())
        result.shapes.append(raw)
    return result


def _split_seen(text: str, start: int, end: int | None, *, stops: bool) -> Words:
    places = [at for at, char in enumerate(text[start:end], start) if not _UNSEEN.match(char)]
    seen = split_words("".join(text[at] for at in places), stops=stops)
    seen.starts = [places[at] for at in seen.starts]
    seen.ends = [places[at - 1] + 1 for at in seen.ends]
    seen.shapes = [text[first:last] for first, last in zip(seen.starts, seen.ends, strict=True)]
    return seen
