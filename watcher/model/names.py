"""Which States a short text names: a link, a table row, a file name. Whole names and aliases, never a guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from watcher.model.subjects import NOT_SUBJECTS, SUBJECTS, normal_name, subject_of

LONGEST_TEXT = 2000
_LONGEST_ACRONYM = 6
_MARKS = re.compile(r"['’‘ʼ`´]|(?<=\b[A-Z])\.(?=[A-Z]\b)")
_WORD = re.compile(r"[^\W_]+")
_JOINER = "\u02bc"  # counts as a letter, so that words with an apostrophe stay whole and places stay the same
_NOT_NAMES = (*NOT_SUBJECTS, "Northern Ireland", "South Georgia", "Inner Mongolia", "Netherlands Antilles")

_Name = tuple[tuple[str, ...], str, bool]


@cache
def _names() -> dict[str, tuple[_Name, ...]]:
    """By first word: (words, alpha-3 or "", whether it counts in capitals only), the longest first."""
    table: dict[str, list[_Name]] = {}
    phrases = [(name, subject.alpha3) for subject in SUBJECTS for name in subject.names]
    for phrase, alpha3 in [*phrases, *((name, "") for name in _NOT_NAMES)]:
        words = tuple(normal_name(phrase).split())
        acronym = phrase.isupper() and len(phrase) <= _LONGEST_ACRONYM
        table.setdefault(words[0], []).append((words, alpha3, acronym))
    return {first: tuple(sorted(names, key=lambda name: -len(name[0]))) for first, names in table.items()}


def subjects_in(text: str) -> tuple[str, ...]:
    """The alpha-3 codes of the Subjects whose names or aliases a text holds, each once, in order.

    The longest name counts: "Republic of Korea" and "Papua New Guinea" are one each. Acronyms (UK, USA) count in
    capitals only, adjectives and codes not at all.
    """
    return tuple(dict.fromkeys(alpha3 for alpha3, _, _ in _found(text[:LONGEST_TEXT]) if alpha3))


def one_subject_in(text: str) -> str:
    """The one Subject that a text is or names; "" when it names none or several."""
    whole = subject_of(text)
    if whole is not None:
        return whole
    found = subjects_in(text)
    return found[0] if len(found) == 1 else ""


def without_names(text: str) -> str:
    """A text without the names of Subjects."""
    left, end = [], 0
    for _, start, stop in _found(text[:LONGEST_TEXT]):
        left.append(text[end:start])
        end = stop
    return "".join((*left, text[end:]))


def _found(text: str) -> Iterator[tuple[str, int, int]]:
    """(alpha-3, start, end) of each name in a text, "" for names of something else."""
    words = [(match, _plain(match[0])) for match in _WORD.finditer(_MARKS.sub(_JOINER, text))]
    at = 0
    while at < len(words):
        for name, alpha3, acronym in _names().get(words[at][1], ()):
            part = words[at : at + len(name)]
            written = "".join(match[0] for match, _ in part)
            if tuple(plain for _, plain in part) == name and (not acronym or written.isupper()):
                yield alpha3, part[0][0].start(), part[-1][0].end()
                at += len(name)
                break
        else:
            at += 1


def _plain(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word.replace(_JOINER, "").casefold())
    return "".join(char for char in folded if not unicodedata.combining(char))
