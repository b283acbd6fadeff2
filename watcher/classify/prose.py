"""Two wordings of one passage as edits between normal words, with all that is mere writing laid aside.

Markup, addresses, emphasis, list marks, struck-out text and punctuation say nothing of policy: what is left after
`plain` is what a reader would read aloud.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz.distance import Indel, Levenshtein

from watcher.classify.stems import stem
from watcher.classify.words import Words, split_words

MAX_WORDS = 4000
NEXT_WORDS = 1
LAST_WORDS = 2
ROOT_LETTERS = 4
SHORT_WORD = 5
MENDED_SHARE = 0.25

_COMMENT = re.compile(r"<!--.*?(?:(?P<whole>-->)|\Z)", re.DOTALL)
_STRUCK = re.compile(r"<(s|del|strike)>.{0,2000}?</\1>|~~[^~]{1,2000}~~|\[deleted: [^\[\]]{0,2000}\]", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,400}>")
_NOTE = re.compile(r"(</(?:s|del|strike)>|(?<=\S)~~)\s*\\?\[[^\[\]]{0,200}\]\*{0,3}")
_STRIKES = re.compile(r"</?(?:s|del|strike)>|~~")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)")
_ADDRESS = re.compile(
    r"(?:https?://|www\.|mailto:)[^\s<>()\"]+"
    r"|(?<![@\w.])(?:[A-Za-z][\w-]*\.)+(?:com|edu|eu|gov|info|int|mil|net|org)\b(?:/[^\s<>()\[\]\"]*)?"
)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~-])")
_EMPHASIS = re.compile(r"\*+|(?<!\w)_+|_+(?!\w)|`+")
_LEADING = re.compile(r"(?m)^[ \t]*(?:(?:[#>|-]+|\d{1,3}(?:\.\d{1,3}){0,4}[.)]|\(?[a-z]{1,4}\)|[-+•·–—])[ \t]+)+")
_ESCAPED_MARK = re.compile(r"(?<!\S)\d{1,3}\\[.)](?=\s)")
_LINK_ONLY = re.compile(r"(?m)^[\s*_>|-]*+(?P<whole>!?\[[^\[\]\n]*\]\([^()\s]*\)[\s*_.]*$)?")
_LINK_SENTENCE = re.compile(r"(?<=[.!?:])\s+[*_]*\[[^\[\]\n]{15,}\]\([^()\s]*\)[*_.\s]*(?=$|[\\#\n])")
_PREFIXES = ("in", "ex", "im", "em", "con", "de", "re", "pre", "pro", "post", "sub", "over", "under", "inter", "intra")
_WHITE = re.compile(r"\s+")


def _blank_when_whole(match: re.Match[str]) -> str:
    """A blank for a match with its end; a beginning without one is matched so that it is read once, and stays."""
    return " " if match["whole"] else match[0]


def plain(text: str) -> str:
    """The text without markup, link targets, addresses, struck-out passages, list marks and heading marks.

    Lines and sentences that are one link and nothing else are left out too.
    """
    kept = _LINK_ONLY.sub(_blank_when_whole, _STRUCK.sub(" ", _COMMENT.sub(_blank_when_whole, text)))
    kept = _LINK_SENTENCE.sub(" ", kept)
    kept = _LINK.sub(r"\1", _ESCAPE.sub(r"\1", _ESCAPED_MARK.sub(" ", kept)))
    kept = _ADDRESS.sub(" ", _TAG.sub("", kept))
    return _WHITE.sub(" ", _LEADING.sub("", _EMPHASIS.sub("", kept))).strip()


def uncorrected(text: str) -> str:
    """The plain text as it stood before passages were struck out and mended in brackets; "" where none is struck."""
    if not _STRUCK.search(text):
        return ""
    escaped = text.replace("\\[", "[").replace("\\]", "]").replace("\\*", "*")
    return plain(_STRIKES.sub("", _NOTE.sub(r"\1", escaped)))


@dataclass(frozen=True, slots=True)
class Run:
    """Some neighbouring words: normal, as written, with what stands between; `first`: they begin a sentence."""

    words: tuple[str, ...]
    shapes: tuple[str, ...]
    text: str
    first: bool


@dataclass(frozen=True, slots=True)
class Edit:
    """Words taken out and words put in at one place; either may be empty.

    `before` and `after` are the words around it, `kept` is how many words stand unchanged since the edit before.
    """

    old: Run
    new: Run
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    kept: int = 0


def _run(words: Words, text: str, start: int, end: int) -> Run:
    places = words.places
    first = start == 0 or (start < len(places) and text[: places[start][0]].rstrip()[-1:] in ".!?:;“\"'([")
    span = text[places[start][0] : places[end - 1][1]] if end > start else ""
    return Run(tuple(words.words[start:end]), tuple(words.shapes[start:end]), span, first)


def edits(old: str, new: str) -> list[Edit]:
    """The edits between two plain texts, in order. Inputs beyond the word limit count as one edit of everything."""
    return edits_between(split_words(old, stops=False), split_words(new, stops=False), old, new)


def edits_between(a: Words, b: Words, old: str, new: str) -> list[Edit]:
    """The edits between the words of two plain texts."""
    if a.words == b.words:
        return []
    if max(len(a.words), len(b.words)) > MAX_WORDS:
        return [Edit(_run(a, old, 0, len(a.words)), _run(b, new, 0, len(b.words)))]
    found: list[Edit] = []
    i = j = kept = 0
    for code in Indel.opcodes(a.words, b.words):
        if code.tag != "equal":
            continue
        if (i, j) != (code.src_start, code.dest_start):
            before = tuple(b.words[max(0, j - LAST_WORDS) : j])
            after = tuple(b.words[code.dest_start : code.dest_start + NEXT_WORDS])
            found.append(Edit(_run(a, old, i, code.src_start), _run(b, new, j, code.dest_start), before, after, kept))
            kept = 0
        kept += code.src_end - code.src_start
        i, j = code.src_end, code.dest_end
    if (i, j) != (len(a.words), len(b.words)):
        before = tuple(b.words[max(0, j - LAST_WORDS) : j])
        found.append(Edit(_run(a, old, i, len(a.words)), _run(b, new, j, len(b.words)), before, (), kept))
    return found


def alike(old: str, new: str) -> bool:
    """True when one spelling is a correction of the other: letters added, left out, swapped or split.

    Words of one root behind other prefixes are two words: "inclusion" and "exclusion".
    """
    if old == new:
        return True
    longest = max(len(old), len(new))
    distance = Levenshtein.distance(old, new)
    if distance <= 1:
        return True
    if _bare(old) & _bare(new):
        return False
    return distance <= (1 if longest <= SHORT_WORD else 2) or distance / longest <= MENDED_SHARE


def _bare(word: str) -> set[str]:
    """What is left of a word behind each prefix that it may have."""
    return {
        word[len(prefix) :]
        for prefix in _PREFIXES
        if word.startswith(prefix) and len(word) >= len(prefix) + ROOT_LETTERS
    }


def is_respaced(edit: Edit) -> bool:
    """True when an edit only parts or joins words: the same letters in the same order."""
    return "".join(edit.old.words) == "".join(edit.new.words)


def is_correction(edit: Edit) -> bool:
    """True when an edit only mends spelling, inflection, a doubled word or what was glued to one."""
    old, new = edit.old.words, edit.new.words
    if not (old and new):
        return bool(old or new) and _is_doubled(edit)
    if len(old) != len(new):
        return alike("".join(old), "".join(new)) and abs(len(old) - len(new)) <= 1
    shapes = zip(edit.old.shapes, edit.new.shapes, strict=True)
    return all(
        alike(a, b) or stem(a) == stem(b) or _unglued(*pair) for a, b, pair in zip(old, new, shapes, strict=True)
    )


def _is_doubled(edit: Edit) -> bool:
    """True when the word that came or went stands beside its place too: "the the"."""
    words = edit.old.words or edit.new.words
    return words in (edit.before[-1:], edit.after[:1])


def _unglued(one: str, other: str) -> bool:
    """True when one word is the other with letters glued to its front, as its inner capital shows: "asWe" and "We"."""
    short, long = sorted((one, other), key=len)
    return short[0].isupper() and long.endswith(short) and long[-len(short) - 1 :][:1].islower()
