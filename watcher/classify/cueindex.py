"""Many cues looked for together, word by word and not letter by letter.

Each word that some cue knows has a character of its own, a sentence is written as a short string of these, and a cue is
a regular expression over that string: its matches are spans of words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from functools import reduce
from itertools import groupby
from operator import or_
from typing import Any, TypeVar

from watcher.classify.cues import AHEAD, KEYS, MENTION, NO_STOP, PREFIX, STOP, Cue, compile_re2, headed, needs_of, weigh

T = TypeVar("T")
MAX_REMEMBERED = 50_000
MAX_NEEDS = 4  # of a cue that are looked at, the rarest
MAX_WAYS = 8000  # a cue whose gaps can be filled in more ways is left to RE2, which does not try them one by one
_OTHER, _STOPPED, _MENTIONED, _FIRST_KNOWN = "\ue000", "\ue001", "\ue002", 0xE003  # of Unicode's private use area


class _OfWords(dict[str, T]):
    """What a function says of each word, worked out once for a word; forgotten when there are too many words."""

    def __init__(self, say: Callable[[str], T]) -> None:
        super().__init__()
        self._say = say

    def __missing__(self, word: str) -> T:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        said = self[word] = self._say(word)
        return said


class _Alphabet:
    """A character for each key. A word is written as that of the key that fits it best: the word itself, else its
    longest beginning; ";" and what no key fits have characters of their own.

    Characters follow the order of the keys, so that those of all keys that begin alike are neighbours.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = sorted({*keys}, key=lambda key: (key.removesuffix(PREFIX), key))
        self._stems = [key.removesuffix(PREFIX) for key in self._keys]
        known = {key: chr(_FIRST_KNOWN + place) for place, key in enumerate(self._keys)}
        self._characters = known | {STOP: _STOPPED, MENTION: _MENTIONED}
        lengths: dict[str, set[int]] = {}
        for stem, key in zip(self._stems, self._keys, strict=True):
            if stem != key:
                lengths.setdefault(stem[0], set()).add(len(stem))
        self._beginnings = {first: sorted(found, reverse=True) for first, found in lengths.items()}
        self.characters = frozenset((_OTHER, *self._characters.values()))
        mentions = (character for key, character in self._characters.items() if key[0] == MENTION)
        self.mentions = re.compile(f"[{''.join(mentions)}]")

    def of_word(self, word: str) -> str:
        """The character of a word."""
        if character := self._characters.get(word):
            return character
        for length in self._beginnings.get(word[0], ()):
            if length <= len(word) and (character := self._characters.get(word[:length] + PREFIX)):
                return character
        return _MENTIONED if word[0] == MENTION else _OTHER

    def of_key(self, key: str) -> list[str]:
        """The characters of all words that a key fits."""
        if key == NO_STOP:
            return [*self.characters - {_STOPPED}]
        if not key.endswith(PREFIX):
            return [self._characters[key]]
        stem = key.removesuffix(PREFIX)
        first = last = bisect_left(self._stems, stem)
        while last < len(self._stems) and self._stems[last].startswith(stem):
            last += 1
        return [self._characters[one] for one in self._keys[first:last]]

    def expression(self, pattern: str, *, ahead: bool = True) -> str:
        """A Part's pattern as a regular expression over characters, without looks ahead if these are not to be had."""
        looking = AHEAD.sub(lambda found: f"(?={self.one_of(found[1].split())})" if ahead else "", pattern)
        return KEYS.sub(self._class, looking)

    def _class(self, word: re.Match[str]) -> str:
        return f"[^{_STOPPED}]" if word[0] == NO_STOP else self.one_of(word[1].split())

    def one_of(self, keys: Iterable[str]) -> str:
        """An expression for one word that one of the keys fits."""
        characters = sorted({character for key in keys for character in self.of_key(key)})
        runs = groupby(enumerate(characters), lambda placed: ord(placed[1]) - placed[0])
        return "[" + "".join(_range([character for _, character in run]) for _, run in runs) + "]"


def _range(characters: list[str]) -> str:
    return characters[0] if len(characters) == 1 else f"{characters[0]}-{characters[-1]}"


class CueIndex:
    """Which of many cues can match a sentence at all, and where one does.

    `others` are cues that are looked for one by one. A wording of a cue has as many needs as words that it cannot do
    without; each word meets some needs of some wordings. What words meet is kept as the bits of one number: bit
    `n + k * width` says that need `k` of wording `n` is met, so that a few operations on numbers look at all at once.
    """

    def __init__(self, cues: Iterable[Cue], others: Iterable[Cue] = ()) -> None:
        self.cues = tuple(cues)
        self._listed = (*self.cues, *others)
        bodies = {body for cue in self._listed for body in KEYS.findall(cue.part.pattern)} - {NO_STOP[1:-1]}
        self._alphabet = _Alphabet({key for body in bodies for key in body.split()} - {STOP})
        self._written = _OfWords(self._alphabet.of_word)
        self._met = _OfWords(self._met_by)
        self._patterns: dict[int, Any] = {}
        self._longer: dict[int, set[str]] = {}  # of cues whose longest match counts, with what one of many words begins
        self._searches: dict[int, tuple[int, Any]] = {}
        wordings = [(cue, needs_of(cue)) for cue in self.cues]
        wordings += [(cue, needs) for cue in self._listed[len(self.cues) :] for needs in cue.wordings]
        self._width = len(wordings)
        self.bits: dict[int, int] = {}
        for number, (cue, _) in enumerate(wordings):
            self.bits[id(cue)] = self.bits.get(id(cue), 0) | 1 << number
        self._weak = sum(1 << number for number, cue in enumerate(self.cues) if cue.weak)
        self._strong = sum(1 << number for number, cue in enumerate(self.cues) if not cue.weak)
        needs = [sorted(dict.fromkeys(needed), key=weigh)[:MAX_NEEDS] for _, needed in wordings]
        most = (max(map(len, needs), default=1) - 1).bit_length()
        self._shifts = [self._width << power for power in reversed(range(most))]
        self._all = (1 << self._width) - 1
        self._met_always = 0
        self._met_by_character = dict.fromkeys(self._alphabet.characters, 0)
        for number, needed in enumerate(needs):
            for place in range(1 << most):
                bit = 1 << (number + place * self._width)
                if place >= len(needed):
                    self._met_always |= bit
                    continue
                for character in {one for key in needed[place] for one in self._alphabet.of_key(key)}:
                    self._met_by_character[character] |= bit

    def write(self, words: Iterable[str]) -> str:
        """Words as cues read them: a character each."""
        return "".join(map(self._written.__getitem__, words))

    def present(self, words: Iterable[str]) -> int:
        """The needs that some of the words meets."""
        return reduce(or_, map(self._met.__getitem__, words), 0)

    def mentions(self, written: str) -> list[int]:
        """Numbers of the words that are mentions, ascending."""
        return [match.start() for match in self._alphabet.mentions.finditer(written)]

    def _met_by(self, word: str) -> int:
        return self._met_by_character[self._written[word]]

    def possible(self, present: int) -> int:
        """The cues all of whose needs are met, as bits by number."""
        met = present | self._met_always
        for shift in self._shifts:
            met &= met >> shift
        return met & self._all

    def found(self, possible: int, written: str, *, weak: bool = False) -> list[tuple[int, int, int]]:
        """(number, first word, after the last) of all matches of the weak cues, or of the other ones, that are
        `possible`, in the order of the cues; no `others`."""
        found: list[tuple[int, int, int]] = []
        bits = possible & (self._weak if weak else self._strong)
        end = len(written)
        while bits:
            lowest = bits & -bits
            bits ^= lowest
            number, search = self._searches.get(lowest) or self._search(lowest)
            match = search(written)
            while match:
                first, last = match.span()
                found.append((number, first, last))
                match = search(written, last) if last < end else None
        return found

    def _search(self, bit: int) -> tuple[int, Any]:
        number = bit.bit_length() - 1
        found = self._searches[bit] = (number, self._compile(self.cues[number]).search)
        return found

    def spans(self, cue: Cue, written: str) -> list[tuple[int, int]]:
        """Spans (first word, after the last) of all matches of a cue of the index in words as `write` gives them."""
        pattern = self._patterns.get(id(cue)) or self._compile(cue)
        longer = self._longer.get(id(cue), ())
        found: list[tuple[int, int]] = []
        match = pattern.search(written)
        while match:
            first, last = match.span()
            if written[first] in longer:
                last = self._longest(pattern, written, first, last, cue.part.words)
            found.append((first, last))
            match = pattern.search(written, last)
        return found

    @staticmethod
    def _longest(pattern: Any, written: str, first: int, last: int, words: int) -> int:
        """The end of the longest match that begins at a word, where one of them ends at `last`."""
        for end in range(min(first + words, len(written)), last, -1):
            if pattern.fullmatch(written, first, end):
                return end
        return last

    def matches(self, cue: Cue, written: str) -> bool:
        """True when a cue of the index matches somewhere."""
        pattern = self._patterns.get(id(cue)) or self._compile(cue)
        return pattern.search(written) is not None

    def _compile(self, cue: Cue) -> Any:
        """A cue's regular expression, made when it is first looked for: many never are."""
        if cue.part.ways > MAX_WAYS:
            pattern = compile_re2(self._alphabet.expression(cue.part.pattern, ahead=False))
        else:
            pattern = re.compile(self._alphabet.expression(headed(cue.part)))
        self._patterns[id(cue)] = pattern
        if cue.longest:
            self._longer[id(cue)] = {one for key in cue.part.longer for one in self._alphabet.of_key(key)}
        return pattern
