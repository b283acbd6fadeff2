"""A small language for cues: word patterns that a policy researcher can read, compiled to RE2.

    ratif*               a word by its beginning             {mine}      a named set of the pack, or a mention
    (ratified|joined)    one of several                      #           a number that is no year; ~ is a year
    [very]               may be there or not                 ...  ...3   up to 6 words, up to 3 words
    ! not a party to     a leading "!": the cue is taken as it stands, negation and tense are in its words
    ? ban ... mines      a leading "?": a weak cue, heard only in a sentence where no other cue of the pack speaks

Mentions are written by their kind, {own} {state} {world} {group} {treaty} {among_first}, or by an Instrument's code,
{MBT}.
Words are compared without case and accents; hyphens part words. Matching time is linear in the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import or_
from typing import Any

import re2

from watcher.classify.words import fold
from watcher.errors import ConfigError
from watcher.model.instruments import INSTRUMENTS

DEFAULT_GAP = 6
MAX_GAP = 20
MAX_REMEMBERED = 50_000
PATTERN_BYTES = 64 << 20  # at the default of 8 MB the automata of long cues are thrown away and built again and again
PREFIX = "*"
_ANYWHERE = re2._re2.RE2.Anchor.UNANCHORED
MENTION_KINDS = ("own", "state", "world", "group", "treaty", "among_first")
_CODES = frozenset(instrument.code for instrument in INSTRUMENTS)
_ACTOR = re.compile(r"\{(?:own|state|group|world)\}")
_PIECE = re.compile(r"\.\.\.(\d*)|\{(\w+)\}|([(\[])|([)\]])|(\|)|(#|~)|([^\W_]+\*?)|([;:])|(\s+)")
_COMMON_WORDS = (
    "a an and are as at be been by for from had has have i in is it its of on or that the their there they this to "
    "was we were which with will not no our my all any de la le les el los las que и в на с не"
)
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class Part:
    """A compiled piece: its pattern, the keys one of which must be there, if it may be absent.

    A key is a word, or its beginning and "*". `needs` are the same for each of its pieces that must be there.
    """

    pattern: str
    keys: frozenset[str]
    optional: bool
    literals: frozenset[str]
    needs: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Cue:
    """One compiled cue. `keys` are words one of which any match must hold, `needs` are all such choices of words;
    `literals` are its plain words. `search` is RE2's own, without the objects that the library makes of each match:
    they take twice as long as the match.

    `as_it_stands` says that operators such as negation are not applied to what it finds, `weak` that it is heard only
    where no other cue speaks, `names_actor` that the cue itself says where the actor stands ({own}, {state}, {group},
    {world}).
    """

    source: str
    search: Any = field(compare=False, repr=False)
    keys: frozenset[str]
    needs: tuple[frozenset[str], ...] = field(compare=False, repr=False)
    literals: frozenset[str]
    as_it_stands: bool
    weak: bool
    names_actor: bool

    def spans(self, joined: bytes) -> list[tuple[int, int]]:
        """Word spans (first, after the last) of all matches in a sentence that was joined by `join_words`."""
        count, end = joined.count, len(joined)
        found: list[tuple[int, int]] = []
        first, last = self.search(_ANYWHERE, joined, 0, end)[0]
        while first >= 0:
            found.append((count(b"<", 0, first), count(b"<", 0, last)))
            first, last = self.search(_ANYWHERE, joined, last, end)[0]
        return found

    def is_in(self, joined: bytes) -> bool:
        """True when it matches somewhere in a joined sentence."""
        return bool(self.search(_ANYWHERE, joined, 0, len(joined))[0][0] >= 0)


def join_words(words: Iterable[str]) -> bytes:
    """Words in the form that compiled cues read: each between angle brackets, in UTF-8 as RE2 reads it."""
    return f"<{'><'.join(words)}>".encode()


def _weigh(part: Part) -> float:
    if not part.keys:
        return float("inf")
    return sum(50.0 if key in _COMMON or key[0] in "#~" else 1.0 for key in part.keys)


def _sequence(parts: list[Part]) -> Part:
    needed = [part for part in parts if not part.optional and part.keys]
    best = min(needed, key=_weigh).keys if needed else frozenset()
    return Part(
        "".join(part.pattern for part in parts),
        best,
        all(part.optional for part in parts),
        frozenset().union(*(part.literals for part in parts)),
        tuple(need for part in needed for need in (part.needs or (part.keys,))),
    )


def _alternatives(choices: list[Part], *, optional: bool) -> Part:
    keys = frozenset().union(*(choice.keys for choice in choices))
    keyless = any(not choice.keys for choice in choices)
    pattern = "(?:" + "|".join(choice.pattern for choice in choices) + ")" + ("?" if optional else "")
    literals = frozenset().union(*(choice.literals for choice in choices))
    return Part(
        pattern, frozenset() if keyless else keys, optional or any(choice.optional for choice in choices), literals
    )


class _Parser:
    """Recursive descent over one cue."""

    def __init__(self, source: str, sets: Mapping[str, Part]) -> None:
        self.source = source
        self.sets = sets
        self.pieces = self._scan()
        self.at = 0

    def _fail(self, why: str) -> ConfigError:
        return ConfigError(f"cue {self.source!r}: {why}", key=self.source)

    def _scan(self) -> list[re.Match[str]]:
        pieces, at = [], 0
        while at < len(self.source):
            match = _PIECE.match(self.source, at)
            if match is None:
                raise self._fail(f"{self.source[at]!r} has no meaning in a cue")
            if match[9] is None:
                pieces.append(match)
            at = match.end()
        return pieces

    def parse(self) -> Part:
        part = self._choices(closing=None)
        if self.at < len(self.pieces):
            raise self._fail("a bracket closes that was not opened")
        return part

    def _choices(self, *, closing: str | None) -> Part:
        choices, run = [], list[Part]()
        while self.at < len(self.pieces) and self.pieces[self.at][4] is None:
            if self.pieces[self.at][5]:
                choices.append(run)
                run = []
                self.at += 1
            else:
                run.append(self._element())
        choices.append(run)
        if closing is not None:
            if self.at >= len(self.pieces) or self.pieces[self.at][4] != closing:
                raise self._fail(f"a bracket is not closed with {closing!r}")
            self.at += 1
        if not all(choices):
            raise self._fail("an empty cue or alternative")
        sequences = [_sequence(choice) for choice in choices]
        return sequences[0] if len(sequences) == 1 else _alternatives(sequences, optional=False)

    def _element(self) -> Part:
        piece = self.pieces[self.at]
        self.at += 1
        if piece[0].startswith("..."):
            return self._gap(piece[1])
        if piece[2]:
            return self._named(piece[2])
        if piece[3]:
            inner = self._choices(closing=")" if piece[3] == "(" else "]")
            return _alternatives([inner], optional=piece[3] == "[")
        if piece[6]:
            return Part(f"<{piece[6]}[^<>]*>", frozenset({piece[6] + PREFIX}), False, frozenset())
        return self._word(piece[7] or piece[8])

    def _gap(self, size: str) -> Part:
        words = int(size or DEFAULT_GAP)
        if not 1 <= words <= MAX_GAP:
            raise self._fail(f"a gap is 1 to {MAX_GAP} words, not {words}")
        return Part(f"(?:<[^<>;]*>){{0,{words}}}", frozenset(), True, frozenset())

    def _named(self, name: str) -> Part:
        if name in self.sets:
            return self.sets[name]
        if name == "treaty":
            return Part("<@i_[^<>]*>", frozenset({"@i_" + PREFIX}), False, frozenset())
        if name == "state":
            return Part("<@st_[^<>]*>", frozenset({"@st_" + PREFIX}), False, frozenset())
        if name in MENTION_KINDS:
            return Part(f"<@{name}>", frozenset({"@" + name}), False, frozenset())
        if name in _CODES:
            return Part(f"<@i_{name}>", frozenset({"@i_" + name}), False, frozenset())
        raise self._fail(f"{{{name}}} is no set of this pack and no mention")

    def _word(self, word: str) -> Part:
        if word.endswith("*"):
            stem = fold(word[:-1])
            return Part(f"<{re.escape(stem)}[^<>]*>", frozenset({stem + PREFIX}), False, frozenset())
        plain = fold(word)
        return Part(f"<{re.escape(plain)}>", frozenset({plain}), False, frozenset({plain}))


def compile_part(source: str, sets: Mapping[str, Part]) -> Part:
    """The compiled form of a set's or cue's text. ConfigError says what is wrong with it."""
    return _Parser(source, sets).parse()


def compile_sets(raw: Mapping[str, Iterable[str]]) -> dict[str, Part]:
    """Named sets in the order given; a set may use the sets above it."""
    sets: dict[str, Part] = {}
    for name, phrases in raw.items():
        sets[name] = _alternatives([compile_part(phrase, sets) for phrase in phrases], optional=False)
    return sets


def compile_re2(pattern: str, *, longest: bool = False) -> Any:
    """An RE2 pattern that reports its errors by raising only."""
    options = re2.Options()
    options.longest_match = longest
    options.log_errors = False
    options.max_mem = PATTERN_BYTES
    return re2.compile(pattern, options)


def _cue(source: str, part: Part, *, longest: bool, mark: str = "") -> Cue:
    if part.optional or not part.keys:
        raise ConfigError(f"cue {source!r}: it has no word that must be there", key=source)
    try:
        pattern = compile_re2(part.pattern, longest=longest)
    except re2.error as error:
        raise ConfigError(f"cue {source!r}: too large to compile ({error})", key=source) from error
    return Cue(
        source,
        pattern._regexp.Match,
        part.keys,
        part.needs or (part.keys,),
        part.literals,
        mark == "!",
        mark == "?",
        _ACTOR.search(source) is not None,
    )


def compile_cue(source: str, sets: Mapping[str, Part]) -> Cue:
    """A ready cue. ConfigError for a cue that cannot be read or that could match anywhere."""
    mark = source[0] if source.startswith(("!", "?")) else ""
    part = compile_part(source[len(mark) :].strip(), sets)
    return _cue(source, part, longest=False, mark=mark)


def one_of(sources: Iterable[str], sets: Mapping[str, Part]) -> Cue:
    """One cue that matches where any of several does, the longest match where they start alike."""
    listed = list(sources)
    part = _alternatives([compile_part(source, sets) for source in listed], optional=False)
    return _cue(" | ".join(listed), part, longest=True)


class CueIndex:
    """Which of many cues can match a sentence at all, by the words that each must hold.

    `others` are cues that are looked for one by one. A cue has as many needs as words that it cannot do without; each
    word meets some needs of some cues. What words meet is kept as the bits of one number: bit `n + k * width` says that
    need `k` of cue `n` is met, so that a few operations on numbers look at all cues at once.
    """

    def __init__(self, cues: Iterable[Cue], others: Iterable[Cue] = ()) -> None:
        self.cues = tuple(cues)
        self._looked_for = (*self.cues, *others)
        self._bits = {id(cue): 1 << number for number, cue in enumerate(self._looked_for)}
        self._width = len(self._looked_for) + 1
        self._unknown = 1 << len(self._looked_for)
        needs = [tuple(dict.fromkeys((*cue.needs, cue.keys))) for cue in self._looked_for]
        self._needs = 1 << (max(map(len, needs), default=1) - 1).bit_length()
        self._met_always = 0
        self._meets: dict[str, int] = {}
        for number, needed in enumerate((*needs, ())):
            for place in range(self._needs):
                bit = 1 << (number + place * self._width)
                if place >= len(needed):
                    self._met_always |= bit
                    continue
                for key in needed[place]:
                    self._meets[key] = self._meets.get(key, 0) | bit
        self._prefix_lengths = sorted({len(key) - 1 for key in self._meets if key.endswith(PREFIX)})
        self._met_by = lru_cache(maxsize=MAX_REMEMBERED)(self._met_by_word)

    def _met_by_word(self, word: str) -> int:
        met = self._meets.get(word, 0)
        for length in self._prefix_lengths:
            if length > len(word):
                break
            met |= self._meets.get(word[:length] + PREFIX, 0)
        return met

    def present(self, words: Iterable[str]) -> int:
        """The needs that some word meets."""
        return reduce(or_, map(self._met_by, words), 0)

    def possible(self, present: int) -> int:
        """The cues all of whose needs are met, as bits by number; the bit beyond all numbers is always set."""
        met = present | self._met_always
        needs = self._needs
        while needs > 1:
            needs //= 2
            met &= met >> (needs * self._width)
        return met & ((1 << self._width) - 1)

    def bit(self, cue: Cue) -> int:
        """The bit of a cue in what is possible; of a cue that the index does not know, the one that is always set."""
        return self._bits.get(id(cue), self._unknown)

    def candidates(self, present: int) -> list[int]:
        """Numbers of the cues, `others` not among them, all of whose needs are met, ascending."""
        bits = self.possible(present) & ((1 << len(self.cues)) - 1)
        found: list[int] = []
        while bits:
            lowest = bits & -bits
            found.append(lowest.bit_length() - 1)
            bits ^= lowest
        return found
