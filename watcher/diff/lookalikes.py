"""Words that were replaced by words that look the same: letters of Cyrillic or Greek in place of Latin ones.

Nobody sees such a Change, and a search for the word no longer finds it. The letters are those of Unicode Technical
Standard 39 (confusables) that are one Latin letter to the eye.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from watcher.model.change import Hunk, WordOp

_CYRILLIC = dict(zip("аеорсухіјѕԁһԛԝӏАВЕКМНОРСТХУІЈЅ", "aeopcyxijsdhqwlABEKMHOPCTXYIJS", strict=True))
_GREEK = dict(zip("αοντυρικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aovtupikABEZHIKMNOPTYX", strict=True))
_LATIN_OF = str.maketrans(_CYRILLIC | _GREEK)
_WORD = re.compile(r"[^\W\d_]{2,}")
_LATIN_LETTER = re.compile("[A-Za-z]")
_OTHER_LETTER = re.compile("[\u0370-\u052f]")
_SAMPLE = 100_000
MOST_NAMED = 3


def lookalikes(hunks: Sequence[Hunk], new_text: str) -> list[str]:
    """A remark for each word of a Latin text that was replaced by one that looks the same, at most MOST_NAMED."""
    come = [word for word in _words(hunks, WordOp.INSERTED) if _OTHER_LETTER.search(word)]
    if not come or not _is_latin(new_text[:_SAMPLE]):
        return []
    gone = frozenset(_words(hunks, WordOp.DELETED))
    named = {word: latin for word in come if (latin := word.translate(_LATIN_OF)).isascii() and latin in gone}
    return [
        f"“{word}” is written with letters of {_alphabets(word)} that look like “{latin}”"
        for word, latin in list(named.items())[:MOST_NAMED]
    ]


def _words(hunks: Iterable[Hunk], op: WordOp) -> Iterable[str]:
    """The words that Hunks delete or insert, in order."""
    for hunk in hunks:
        if hunk.words:
            for edit in hunk.words:
                yield from _WORD.findall(edit.text) if edit.op is op else ()
        elif hunk.old != hunk.new:
            yield from _WORD.findall(hunk.old if op is WordOp.DELETED else hunk.new)


def _is_latin(text: str) -> bool:
    return len(_LATIN_LETTER.findall(text)) > len(_OTHER_LETTER.findall(text))


def _alphabets(word: str) -> str:
    found = [
        name for name, letters in (("Cyrillic", _CYRILLIC), ("Greek", _GREEK)) if not letters.keys().isdisjoint(word)
    ]
    return " and ".join(found)
