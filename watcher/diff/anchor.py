"""Finding a cited passage in a text, and again in a later state of it.

Anchors are those of the Web Annotation Data Model (TextQuoteSelector, TextPositionSelector). Exact text is looked for
first; then the share of words that stayed decides, near the place where diff-match-patch's fuzzy match finds it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from diff_match_patch import diff_match_patch

from watcher.model.citations import TextAnchor, sentences_of

AROUND = 32
_PATTERN = 32  # characters: the most that diff-match-patch matches at once
_NEAR = 5000
_LONGEST = 4000
_QUOTED_SHARE = 0.75
_PARAPHRASED_SHARE = 0.6
_REWORDED_SHARE = 0.6
_WORD = re.compile(r"[^\W_]{3,}")
_TELLING_WORDS = 3
_ELLIPSIS = re.compile(r"\s*(?:\.\.\.+|…|\[…\]|\[\.\.\.\])\s*")
_COMMON = frozenset(
    {"the", "and", "that", "this", "with", "from", "for", "was", "were", "has", "have", "had", "not", "are", "its"}
    | {"their", "which", "will", "would", "been"}
)


class Stands(StrEnum):
    """What became of an anchored passage."""

    EXACT = "exact"
    REWORDED = "reworded"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Where a passage is now, and how. `anchor` is None when it is GONE."""

    stands: Stands
    anchor: TextAnchor | None


def anchors_of(text: str, wanted: str, *, quoted: bool) -> tuple[TextAnchor, ...]:
    """The sentences of a text that a quotation comes from, or that a sentence paraphrases; none when too unlike.

    A quotation is looked for piece by piece between its ellipses, or whole when no piece is long enough to tell.
    """
    listed = [(start, end, _words(text[start:end])) for start, end in sentences_of(text)]
    pieces = [each for each in _ELLIPSIS.split(wanted) if len(_words(each)) >= _TELLING_WORDS] if quoted else []
    pieces = pieces or [_ELLIPSIS.sub(" ", wanted)]
    found: dict[int, TextAnchor] = {}
    for piece in pieces:
        words = _words(piece)
        share, start, end = max(
            ((_share(words, have), -start, end) for start, end, have in listed), default=(0.0, 0, 0)
        )
        if words and share >= (_QUOTED_SHARE if quoted else _PARAPHRASED_SHARE):
            found[-start] = anchor_at(text, -start, end)
    return tuple(found[start] for start in sorted(found))


def anchor_at(text: str, start: int, end: int) -> TextAnchor:
    """The anchor of a stretch of a text."""
    return TextAnchor(
        exact=text[start:end],
        prefix=text[max(0, start - AROUND) : start],
        suffix=text[end : end + AROUND],
        start=start,
        end=end,
    )


def find_again(text: str, anchor: TextAnchor) -> Found:
    """Where the passage of an anchor stands in another state of the text."""
    places = [each.start() for each in re.finditer(re.escape(anchor.exact), text)]
    if places:
        start = min(places, key=lambda place: (-_context(text, place, anchor), abs(place - anchor.start)))
        return Found(stands=Stands.EXACT, anchor=anchor_at(text, start, start + len(anchor.exact)))
    wanted = _words(anchor.exact)
    near = _fuzzy_place(text, anchor)
    best: tuple[float, int, TextAnchor] | None = None
    for start, end in sentences_of(text):
        share = _alike(wanted, _words(text[start:end]))
        candidate = (share, -abs(start - near), anchor_at(text, start, end))
        if share >= _REWORDED_SHARE and (best is None or candidate[:2] > best[:2]):
            best = candidate
    return Found(stands=Stands.GONE, anchor=None) if best is None else Found(stands=Stands.REWORDED, anchor=best[2])


def _fuzzy_place(text: str, anchor: TextAnchor) -> int:
    """Where the beginning of the passage is now, as diff-match-patch guesses; the old place when it cannot tell."""
    first = max(0, anchor.start - _NEAR)
    window = text[first : anchor.start + _NEAR]
    matcher = diff_match_patch()
    matcher.Match_Distance = _NEAR
    found: int = matcher.match_main(window, anchor.exact[:_PATTERN], min(anchor.start - first, len(window)))
    return first + found if found >= 0 else anchor.start


def _context(text: str, place: int, anchor: TextAnchor) -> int:
    """How many of the two sides of a place are as they were."""
    end = place + len(anchor.exact)
    before = text[max(0, place - len(anchor.prefix)) : place] == anchor.prefix
    return before + (text[end : end + len(anchor.suffix)] == anchor.suffix)


def _words(text: str) -> Counter[str]:
    return Counter(word for word in _WORD.findall(text[:_LONGEST].casefold()) if word not in _COMMON)


def _share(wanted: Counter[str], have: Counter[str]) -> float:
    """How much of what is wanted is there."""
    return (wanted & have).total() / wanted.total() if wanted else 0.0


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """The share of words in common, 1 for the same words."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
