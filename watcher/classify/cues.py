"""A small language for cues: word patterns that a policy researcher can read, compiled to RE2.

    ratif*               a word by its beginning             {mine}      a named set of the pack, or a mention
    (ratified|joined)    one of several                      #           a number that is no year; ~ is a year;
                                                             #42 ~1997   this number, this year
    [very]               may be there or not                 ...  ...3   up to 6 words, up to 3 words
    ! not a party to     a leading "!": the cue is taken as it stands, negation and tense are in its words
    ? ban ... mines      a leading "?": a weak cue, heard only in a sentence where no other cue of the pack speaks

Mentions are written by their kind, {own} {state} {world} {group} {treaty} {among_first}, or by an Instrument's code,
{MBT}; {resolution_MBT} is the number of a resolution on it.
Words are compared without case and accents; hyphens part words. Matching time is linear in the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
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
MENTION_KINDS = ("own", "state", "world", "group", "treaty", "among_first")
_RESOLUTION = "resolution_"
_CODES = frozenset(instrument.code for instrument in INSTRUMENTS)
_ACTOR = re.compile(r"\{(?:own|state|group|world)\}")
_PIECE = re.compile(r"\.\.\.(\d*)|\{(\w+)\}|([(\[])|([)\]])|(\|)|([#~]\d+|#|~)|([^\W_]+\*?)|([;:])|(\s+)")
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
    `literals` are its plain words.

    `as_it_stands` says that operators such as negation are not applied to what it finds, `weak` that it is heard only
    where no other cue speaks, `names_actor` that the cue itself says where the actor stands ({own}, {state}, {group},
    {world}).
    """

    source: str
    pattern: Any = field(compare=False, repr=False)
    keys: frozenset[str]
    needs: tuple[frozenset[str], ...] = field(compare=False, repr=False)
    literals: frozenset[str]
    as_it_stands: bool
    weak: bool
    names_actor: bool

    def may_match(self, present: AbstractSet[str]) -> bool:
        """False when some key that any match must hold is not present."""
        return all(not need.isdisjoint(present) for need in self.needs)

    def spans(self, joined: bytes) -> list[tuple[int, int]]:
        """Byte spans of all matches in a sentence that was joined by `join_words`."""
        return [match.span() for match in self.pattern.finditer(joined)]


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
        if len(piece[6] or "") > 1:
            return Part(f"<{piece[6]}>", frozenset({piece[6]}), False, frozenset())
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
        if name.removeprefix(_RESOLUTION) in _CODES:
            mention = "@r_" + name.removeprefix(_RESOLUTION)
            return Part(f"<{mention}>", frozenset({mention}), False, frozenset())
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
        pattern,
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
    """Which of many cues can match a sentence at all, by the keys that each must hold.

    `others` are cues that are looked for one by one: their keys are known to `present` too.
    """

    def __init__(self, cues: Iterable[Cue], others: Iterable[Cue] = ()) -> None:
        self.cues = tuple(cues)
        self._by_key: dict[str, list[int]] = {}
        for number, cue in enumerate(self.cues):
            for key in cue.keys:
                self._by_key.setdefault(key, []).append(number)
        known = {key for cue in (*self.cues, *others) for need in (cue.keys, *cue.needs) for key in need}
        self._known = frozenset(known)
        self._prefix_lengths = sorted({len(key) - 1 for key in known if key.endswith(PREFIX)})
        self._keys_of: dict[str, tuple[str, ...]] = {}

    def _keys(self, word: str) -> tuple[str, ...]:
        keys = [word] if word in self._known else []
        for length in self._prefix_lengths:
            if length > len(word):
                break
            if (key := word[:length] + PREFIX) in self._known:
                keys.append(key)
        return tuple(keys)

    def present(self, words: Iterable[str]) -> set[str]:
        """The keys that some word meets."""
        found: set[str] = set()
        for word in words:
            keys = self._keys_of.get(word)
            if keys is None:
                if len(self._keys_of) >= MAX_REMEMBERED:
                    self._keys_of.clear()
                keys = self._keys_of[word] = self._keys(word)
            found.update(keys)
        return found

    def candidates(self, present: AbstractSet[str]) -> list[int]:
        """Numbers of the cues each of whose needs some present key meets, ascending."""
        found = {number for key in present for number in self._by_key.get(key, ())}
        return sorted(number for number in found if self.cues[number].may_match(present))
