"""English words without their endings, so that forms of one word meet: "approves", "approved" and "approving".

A light stemmer in the manner of Harman's S-stemmer with the endings of verbs added; words of other languages pass
through nearly as they are.
"""

from __future__ import annotations

from functools import lru_cache

SHORTEST_STEM = 3
_VOWELS = frozenset("aeiouy")
_NEGATIVE = ("un", "in", "im", "il", "ir", "non", "dis")


def _undoubled(word: str) -> str:
    return word[:-1] if len(word) > SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in _VOWELS else word


def _without_ending(word: str) -> str:
    if len(word) > SHORTEST_STEM + 1 and word.endswith(("ies", "ied")):
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s"):
        left = word[: -len(ending)]
        if not word.endswith(ending) or len(left) < SHORTEST_STEM or not _VOWELS.intersection(left):
            continue
        if ending == "s" and left[-1] in "su":
            break
        return left
    return word


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """The stem of a folded word; "-ise" and "-ize" are one, a final "e" and a doubled consonant are dropped."""
    if not word.isalpha() or not word.isascii():
        return word
    cut = _undoubled(_without_ending(word))
    if len(cut) > SHORTEST_STEM and cut.endswith("e"):
        cut = cut[:-1]
    return cut[:-2] + "is" if cut.endswith(("iz", "yz")) else cut


def is_denied(word: str, other: str) -> bool:
    """True when one word is the other with a negative prefix, in any form: "lawful" and "unlawful"."""
    return _is_prefixed(word, other) or _is_prefixed(stem(word), stem(other))


def _is_prefixed(word: str, other: str) -> bool:
    short, long = sorted((word, other), key=len)
    return len(short) > SHORTEST_STEM and any(long == prefix + short for prefix in _NEGATIVE)
