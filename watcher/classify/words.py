"""From text to sentences and from a sentence to normal words, each with its place in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

MAX_SENTENCE_CHARACTERS = 2000
REMEMBERED_WORDS = 16_384
YEAR_DIGITS = 4

_ABBREVIATED = (
    "mr mrs ms dr prof gen col lt sgt st no nos art arts para paras p pp vol vs etc res doc fig ed eds inc ltd "
    "cf al hon rev sen rep gov approx jan feb mar apr jun jul aug sep sept oct nov dec e.g i.e u.s u.n u.k u.s.a a.m "
    "p.m sra sr ud uds n° г гг т.е т.д ст"
)
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
_PARAGRAPH = re.compile(r"\n[^\S\n]*(?:\n\s*)+|\n")
_STOP = re.compile(
    r"[.!?…](?:(?<![.!?…].)[.!?…]*+[\"'”’»)\]]*+(?:\[\d{1,3}\])*+\s++(?=\S)|(?<=[a-z]{3}\.)(?=[A-Z][a-z]))",
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
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_POINTS = re.compile(r"[.,]")
_MARK = re.compile(r"\d{1,2}\)")
_NOT = ("n't", "n’t")
_POSSESSIVE = ("'s", "’s")
_STOPS = (";", ":")
_NORMAL_WORDS = itemgetter(0)  # of what _between_blanks gives
_CONTRACTED = {"wo": "will", "ca": "can", "sha": "shall"}


class Sentence(NamedTuple):
    """One sentence as `text[start:end]`; `paragraph` counts from 0."""

    start: int
    end: int
    paragraph: int


class Words:
    """The normal words of a sentence. `shapes` are the words as written, `starts` and `ends` their places in the text.

    A number is "#" and its digits, a year "~" and the year; all else is case-folded without accents. Shapes and places
    are looked for when they are first asked for: most readers want the words only.
    """

    __slots__ = ("_find_places", "_find_shapes", "_places", "_shapes", "words")

    def __init__(
        self, words: list[str], find_shapes: Callable[[], list[str]], find_places: Callable[[], list[tuple[int, int]]]
    ) -> None:
        self.words = words
        self._find_shapes = find_shapes
        self._find_places = find_places
        self._shapes: list[str] | None = None
        self._places: list[tuple[int, int]] | None = None

    @property
    def shapes(self) -> list[str]:
        """Each word as written."""
        if self._shapes is None:
            self._shapes = self._find_shapes()
        return self._shapes

    @property
    def places(self) -> list[tuple[int, int]]:
        """Where each word begins and ends."""
        if self._places is None:
            self._places = self._find_places()
        return self._places

    @property
    def starts(self) -> list[int]:
        """Where each word begins."""
        return [start for start, _ in self.places]

    @property
    def ends(self) -> list[int]:
        """Where each word ends."""
        return [end for _, end in self.places]


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
    window = max(start, stop.start() - _WINDOW)
    word = text[window : stop.start()].rpartition(" ")[2].lower()
    if not word.isalnum():
        before = _LAST_WORD.search(text, window, stop.start())
        word = before[1].lower() if before else ""
    return not (word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i"))


def sentences(text: str) -> list[Sentence]:
    """Sentences in order, trimmed of blanks; no sentence crosses a paragraph or is longer than the limit."""
    found: list[Sentence] = []
    for number, (start, end) in enumerate(_paragraphs(text)):
        at = start
        for stop in _STOP.finditer(text, start, end):
            if _ends_sentence(text, at, stop):
                after = stop.end()
                _add_pieces(found, text, at, after, number)
                at = after
        _add_pieces(found, text, at, end, number)
    return found


def _add_pieces(found: list[Sentence], text: str, start: int, end: int, paragraph: int) -> None:
    for piece in range(start, end, MAX_SENTENCE_CHARACTERS):
        raw = text[piece : min(end, piece + MAX_SENTENCE_CHARACTERS)]
        if trimmed := raw.strip():
            begin = piece + len(raw) - len(raw.lstrip())
            found.append(Sentence(begin, begin + len(trimmed), paragraph))


def fold(text: str) -> str:
    """A text without case, accents and characters that nobody sees."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return _COMBINING.sub("", unicodedata.normalize("NFKD", _UNSEEN.sub("", folded)))


def _number(raw: str) -> str:
    if raw.isdigit():
        return f"~{raw}" if len(raw) == YEAR_DIGITS and _YEAR.fullmatch(raw) else f"#{raw}"
    return "#" + (_POINTS.sub("", raw) if _THOUSANDS.fullmatch(raw) else raw.replace(",", "."))


def _normal(raw: str) -> str:
    """The normal form of a token; "" for one that is no word."""
    if raw.isalpha():
        return fold(raw)
    if raw[0] == "[" or raw[-1] == ")" or raw in _POSSESSIVE:
        return ""
    if raw[0].isdigit() and raw[-1].isdigit():
        return _number(raw)
    return "not" if raw in _NOT else fold(raw)


@lru_cache(maxsize=REMEMBERED_WORDS)
def _between_blanks(written: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The normal words of what stands between two blanks, and the words as written."""
    if written.isalpha():
        return (fold(written),), (written,)
    if written.isdecimal():
        return (_number(written),), (written,)
    kept = [(normal, raw) for raw in _TOKEN.findall(f"{written} ") if (normal := _normal(raw))]
    return tuple(normal for normal, _ in kept), tuple(raw for _, raw in kept)


def split_words(text: str, *, stops: bool = True) -> Words:
    """The words of a text; hyphens part words, possessive 's and marks ("2)") are left out, "n't" is "not".

    `stops` keeps ";" and ":" as words, since they end the reach of what stands before them. Characters that nobody sees
    part no word.
    """
    if not text.isascii() and _UNSEEN.search(text):
        return _split_seen(text, stops=stops)
    written = text.split()
    if text.endswith(")") and _MARK.fullmatch(written[-1]):
        written[-1] = written[-1][:-1]  # at the end of a text it marks nothing that follows
    pairs = [*map(_between_blanks, written)]
    words = [*chain.from_iterable(map(_NORMAL_WORDS, pairs))]
    if not stops:
        words = [word for word in words if word not in _STOPS]
    if "n't" in text or "n’t" in text:
        _spell_out(words, _shapes(pairs, stops=stops))
    return Words(words, lambda: _shapes(pairs, stops=stops), lambda: _places(text, stops=stops))


def _shapes(pairs: list[tuple[tuple[str, ...], tuple[str, ...]]], *, stops: bool) -> list[str]:
    return [raw for _, shapes in pairs for raw in shapes if stops or raw not in _STOPS]


def _places(text: str, *, stops: bool) -> list[tuple[int, int]]:
    matches = (match for match in _TOKEN.finditer(text) if _normal(match[0]))
    return [match.span() for match in matches if stops or match[0] not in _STOPS]


def _spell_out(words: list[str], shapes: list[str]) -> None:
    """Write "will not" for what is left of "won't", and its like."""
    for at in range(1, len(words)):
        if shapes[at] in _NOT and words[at - 1] in _CONTRACTED:
            words[at - 1] = _CONTRACTED[words[at - 1]]


def _split_seen(text: str, *, stops: bool) -> Words:
    at_all = [at for at, char in enumerate(text) if not _UNSEEN.match(char)]
    seen = split_words("".join(text[at] for at in at_all), stops=stops)
    places = [(at_all[start], at_all[end - 1] + 1) for start, end in seen.places]
    return Words(seen.words, lambda: [text[start:end] for start, end in places], lambda: places)
